/* SPDX-License-Identifier: Apache-2.0 */

/* hunt_events: names, addresses, fingerprints, certificates and URLs of what the sensor saw. */

#include "cli/hunt_wire.h"
#include "cli/net_text.h"

#include "base/hex.h"

static int name(struct hunt_look *l, enum hunt_kind kind, const char *how, struct span s)
{
	if (!s.n)
		return 0;
	int rc = hunt_record_value(l->h, INDICATOR_DOMAIN, s, l->path, l->e->time);
	if (rc < 0)
		return rc;
	return hunt_wire_hits(l, kind, how, s, hunt_match_name(l->h, s, l->e->time, l->h->match));
}

static int address(struct hunt_look *l, const char *how, const struct sense_addr *a)
{
	char text[SENSE_ADDR_TEXT_MAX];

	if (!a->family)
		return 0;
	struct span s = span_str(sense_addr_text(a, text));
	int rc = hunt_record_value(
	    l->h, a->family == 4 ? INDICATOR_IPV4 : INDICATOR_IPV6, s, l->path, l->e->time);
	if (rc < 0)
		return rc;
	return hunt_wire_hits(
	    l, HUNT_ADDRESS, how, s, hunt_match_ip(l->h, a, a->port, l->e->time, l->h->match));
}

/* Of a flow, or of a datagram that has none. */
static int ends(struct hunt_look *l)
{
	int rc = address(l, "server", &l->e->server);
	return rc < 0 ? rc : address(l, "client", &l->e->client);
}

static int text(
    struct hunt_look *l, enum hunt_kind kind, const char *how, enum indicator_type t, struct span s)
{
	if (!hunt_looks_for(l->h, t))
		return 0;
	return hunt_wire_hits(
	    l, kind, how, s, hunt_match_text(l->h, t, s, l->e->time, l->h->match));
}

static int digest(struct hunt_look *l, enum hunt_kind kind, const char *how, enum indicator_type t,
    struct span bytes)
{
	char hex[65];

	if (!hunt_looks_for(l->h, t))
		return 0;
	hex_encode(hex, bytes);
	return hunt_wire_hits(
	    l, kind, how, span_str(hex), hunt_match_bytes(l->h, t, bytes, l->e->time, l->h->match));
}

/* A host as it was written: a name, or an address. */
static int host(
    struct hunt_look *l, enum hunt_kind kind, const char *how, struct span s, uint16_t port)
{
	struct sense_addr a;
	char room[NET_HOST_MAX];

	if (!net_text_host(s, port, &a, room))
		return 0;
	return a.family ? address(l, how, &a) : name(l, kind, how, span_str(room));
}

/* --- DNS --- */

static int record(struct hunt_look *l, const struct dns_rr *rr, bool response)
{
	bool question = rr->section == DNS_QUESTION;
	const char *how = question && !response			    ? "query"
			  : question || span_eq(rr->name, l->query) ? "answer"
								    : "chain";
	struct sense_addr a = { .family = rr->family };
	int rc = name(l, HUNT_DNS, how, rr->name);

	if (rc == 0)
		rc = name(l, HUNT_DNS, "target", rr->target);
	if (rc == 0 && rr->family) {
		memcpy(a.b, rr->addr, rr->family == 4 ? 4 : 16);
		rc = address(l, "answered", &a);
	}
	return rc;
}

static int dns(struct hunt_look *l)
{
	const struct dns_message *m = l->e->dns;
	int rc = l->e->transport == NET_UDP ? ends(l) : 0; /* it has no flow */

	if (m->n && m->rr[0].section == DNS_QUESTION)
		l->query = m->rr[0].name;
	for (uint32_t i = 0; i < m->n && rc == 0; i++)
		rc = record(l, &m->rr[i], m->response);
	return rc;
}

/* --- TLS --- */

static int client_hello(struct hunt_look *l)
{
	const struct net_client_hello *x = l->e->client_hello;
	const char *how = x->tls.ech			? "public-sni"
			  : l->e->transport == NET_QUIC ? "quic-sni"
							: "sni";
	int rc = 0;

	if (x->tls.has_sni)
		rc = host(l, HUNT_TLS, how, span_str(x->tls.sni), l->e->server.port);
	if (rc == 0 && x->has_ja3)
		rc = digest(
		    l, HUNT_FINGERPRINT, "ja3", INDICATOR_JA3, span_of(x->ja3, sizeof(x->ja3)));
	if (rc == 0 && x->ja4[0])
		rc = text(l, HUNT_FINGERPRINT, "ja4", INDICATOR_JA4, span_str(x->ja4));
	return rc;
}

static int server_hello(struct hunt_look *l)
{
	const struct net_server_hello *x = l->e->server_hello;

	return x->has_ja3s ? digest(l, HUNT_FINGERPRINT, "ja3s", INDICATOR_JA3,
				 span_of(x->ja3s, sizeof(x->ja3s)))
			   : 0;
}

static int certificate_name(struct hunt_look *l, struct span s)
{
	char room[NET_HOST_MAX];

	if (!net_text_certificate(s, room))
		return 0;
	struct span n = span_str(room);
	return hunt_wire_hits(l, HUNT_CERTIFICATE, "certificate-name", n,
	    hunt_match_name(l->h, n, l->e->time, l->h->match));
}

static int certificate(struct hunt_look *l)
{
	const struct net_certificate *x = l->e->certificate;
	char serial[2 * CERTIFICATE_SERIAL_MAX + 1];
	int rc = digest(l, HUNT_CERTIFICATE, "certificate", INDICATOR_CERT,
	    span_of(x->sha256, sizeof(x->sha256)));

	if (rc == 0)
		rc = digest(l, HUNT_CERTIFICATE, "certificate", INDICATOR_CERT,
		    span_of(x->sha1, sizeof(x->sha1)));
	if (rc == 0 && net_text_serial(&x->cert, serial))
		rc = text(l, HUNT_CERTIFICATE, "certificate-serial", INDICATOR_CERT_SERIAL,
		    span_str(serial));
	if (rc == 0)
		rc = certificate_name(l, x->cert.common_name);
	for (uint16_t i = 0; i < x->cert.nsan && rc == 0; i++)
		if (!span_eq_nocase(x->cert.san_dns[i], x->cert.common_name))
			rc = certificate_name(l, x->cert.san_dns[i]);
	for (uint16_t i = 0; i < x->cert.nsan_ip && rc == 0; i++) {
		struct sense_addr a = sense_addr_of(x->cert.san_ip[i]);
		rc = address(l, "certificate", &a);
	}
	return rc;
}

/* --- HTTP --- */

static int http(struct hunt_look *l)
{
	const struct http_request *r = l->e->http;
	char url[INTEL_TEXT_MAX];
	int rc = host(l, HUNT_HTTP, "host", r->host, r->port ? r->port : l->e->server.port);

	if (rc < 0 || span_eq_str(r->method, "CONNECT") ||
	    (!hunt_looks_for(l->h, INDICATOR_URL) && !hunt_looks_for(l->h, INDICATOR_URL_PATH)) ||
	    !net_text_url(r, url))
		return rc;
	return hunt_wire_hits(
	    l, HUNT_HTTP, "url", span_str(url), hunt_match_url(l->h, url, l->e->time, l->h->match));
}

int hunt_wire_event(struct hunt_look *l)
{
	switch (l->e->kind) {
	case NET_FLOW_BEGIN:
		return ends(l);
	case NET_DNS:
		return dns(l);
	case NET_TLS_CLIENT:
		return client_hello(l);
	case NET_TLS_SERVER:
		return server_hello(l);
	case NET_CERTIFICATE:
		return certificate(l);
	case NET_HTTP:
		return http(l);
	default:
		return 0;
	}
}
