/* SPDX-License-Identifier: Apache-2.0 */

/* watch_match: everything in an event that an indicator can name is asked for. */

#include "base/hex.h"
#include "cli/net_text.h"
#include "cli/watch.h"
#include "intel/url.h"

#include <errno.h>

/* A value of nothing known is asked for again and again: the last ones are kept, by a keyed hash of
 * 64 bits, until the set changes. Only that nothing matches is kept: it is true at any time. */
#define MISSES_BITS 16
#define MISSES (1u << MISSES_BITS)

struct watch_misses {
	uint64_t key[2];
	uint64_t slot[MISSES];
};

#define DISTINCT_MAX                                                                               \
	16 /* names of one message that are told apart; what comes then is asked for twice */

struct look {
	struct watch *w;
	const struct net_event *e;
	const struct watch_more *more;
	const char *where;
	bool public;	   /* what is asked for now is the outer name of an encrypted hello */
	struct span query; /* the name that was asked for */
	struct span asked[DISTINCT_MAX];
	size_t nasked;
	int rc;
};

int watch_match_open(struct watch *w)
{
	w->misses = ARENA_NEW(&w->c->arena, struct watch_misses);
	if (!w->misses)
		return -ENOMEM;
	memcpy(w->misses->key, siphash_seed(), sizeof(w->misses->key));
	return 0;
}

void watch_match_changed(struct watch *w)
{
	memset(w->misses->slot, 0, sizeof(w->misses->slot));
}

/* Is it known to match nothing? *ret_slot: where to note it. 0 never stands for a value. */
static bool missed(struct watch *w, struct span s, uint64_t *ret_hash)
{
	uint64_t hash = siphash13(w->misses->key, s.p, s.n) | 1;

	*ret_hash = hash;
	return w->misses->slot[hash >> (64 - MISSES_BITS)] == hash;
}

static void note_miss(struct watch *w, uint64_t hash)
{
	w->misses->slot[hash >> (64 - MISSES_BITS)] = hash;
}

static void tell(struct look *l, size_t k, const char *type, struct span value, struct span query)
{
	struct watch_sight s = { .e = l->e,
		.where = l->where,
		.type = type,
		.value = value,
		.query = query,
		.more = l->more,
		.public = l->public };

	for (size_t i = 0; i < k && l->rc == 0; i++)
		l->rc = watch_hit(l->w, &s, &l->w->h.match[i]);
}

/* --- names --- */

static bool asked_before(struct look *l, struct span name)
{
	for (size_t i = 0; i < l->nasked; i++)
		if (l->asked[i].p == name.p || span_eq(l->asked[i], name))
			return true;
	if (l->nasked < DISTINCT_MAX)
		l->asked[l->nasked++] = name;
	return false;
}

static void name(struct look *l, struct span s)
{
	uint64_t hash;

	if (s.n < 3 || asked_before(l, s) || missed(l->w, s, &hash))
		return;
	size_t k = shelf_name(l->w->h.shelf, INDICATOR_BAD, s, l->e->time, l->w->h.match);
	if (!k)
		note_miss(l->w, hash);
	else
		tell(l, k, "Intel::DOMAIN", s, span_eq(l->query, s) ? SPAN_NONE : l->query);
}

/* --- addresses --- */

static void address(struct look *l, const struct sense_addr *a)
{
	uint8_t key[1 + 16 + 2] = { a->family };
	char text[SENSE_ADDR_TEXT_MAX];
	uint64_t hash;

	if (!a->family)
		return;
	memcpy(key + 1, a->b, 16);
	if (l->w->ports) {
		key[17] = (uint8_t)(a->port >> 8);
		key[18] = (uint8_t)a->port;
	}
	if (missed(l->w, span_of(key, sizeof(key)), &hash))
		return;
	size_t k = shelf_ip(
	    l->w->h.shelf, INDICATOR_BAD, a->family, a->b, a->port, l->e->time, l->w->h.match);
	if (!k)
		note_miss(l->w, hash);
	else
		tell(l, k, "Intel::ADDR", span_str(sense_addr_text(a, text)), l->query);
}

/* An indicator with a port is somebody's server: a client's port is nobody's, unless it is a guess
 * who of the two is the client. */
static void ends(struct look *l, bool guess)
{
	struct sense_addr client = l->e->client;

	if (!guess)
		client.port = 0;
	l->where = "Conn::IN_ORIG";
	address(l, &client);
	l->where = "Conn::IN_RESP";
	address(l, &l->e->server);
}

/* A connection to what a bad name was resolved to, whatever it says in its hello. */
static void begin(struct look *l)
{
	const struct watch_more *m = l->more;

	ends(l, l->e->facts.midstream);
	if (!m->name.n || m->ambiguous || m->expired)
		return;
	l->where = "Conn::IN_RESOLVED";
	name(l, m->name);
	name(l, m->last);
}

/* --- DNS --- */

static void record(struct look *l, const struct dns_rr *rr)
{
	struct sense_addr a = { .family = rr->family };

	name(l, rr->name);
	if (rr->target.n)
		name(l, rr->target);
	if (rr->family) {
		memcpy(a.b, rr->addr, rr->family == 4 ? 4 : 16);
		address(l, &a);
	}
}

static void dns(struct look *l)
{
	const struct dns_message *m = l->e->dns;

	if (l->e->transport == NET_UDP)
		ends(l, false);
	l->where = m->response ? "DNS::IN_RESPONSE" : "DNS::IN_REQUEST";
	if (m->n && m->rr[0].section == DNS_QUESTION)
		l->query = m->rr[0].name;
	for (uint32_t i = 0; i < m->n && l->rc == 0; i++)
		record(l, &m->rr[i]);
}

/* --- TLS --- */

static void digest(
    struct look *l, enum indicator_type t, const char *type, const uint8_t *b, size_t n)
{
	struct shelf *shelf = l->w->h.shelf;
	char hex[65];

	if (!shelf_has(shelf, INDICATOR_BAD, t))
		return;
	size_t k = shelf_digest(shelf, INDICATOR_BAD, t, span_of(b, n), l->e->time, l->w->h.match);
	if (k) {
		hex_encode(hex, span_of(b, n));
		tell(l, k, type, span_str(hex), SPAN_NONE);
	}
}

static void text(struct look *l, enum indicator_type t, const char *type, struct span s)
{
	struct shelf *shelf = l->w->h.shelf;

	if (!shelf_has(shelf, INDICATOR_BAD, t))
		return;
	size_t k = shelf_text(shelf, INDICATOR_BAD, t, s, l->e->time, l->w->h.match);
	tell(l, k, type, s, SPAN_NONE);
}

static void literal(struct look *l, struct span host, uint16_t port);

static void client_hello(struct look *l)
{
	const struct net_client_hello *h = l->e->client_hello;

	l->where = "SSL::IN_SERVER_NAME";
	l->public = h->tls.ech;
	if (h->tls.sni_ip)
		literal(l, span_str(h->tls.sni), l->e->server.port);
	else if (h->tls.has_sni)
		name(l, span_str(h->tls.sni));
	l->public = false;
	l->where = "SSL::IN_CLIENT_HELLO";
	if (h->has_ja3)
		digest(l, INDICATOR_JA3, "Intel::JA3", h->ja3, sizeof(h->ja3));
	if (h->ja4[0])
		text(l, INDICATOR_JA4, "Intel::JA4", span_str(h->ja4));
}

static void server_hello(struct look *l)
{
	const struct net_server_hello *h = l->e->server_hello;

	l->where = "SSL::IN_SERVER_HELLO";
	if (h->has_ja3s)
		digest(l, INDICATOR_JA3, "Intel::JA3", h->ja3s, sizeof(h->ja3s));
}

static void certificate_name(struct look *l, struct span s)
{
	char host[NET_HOST_MAX];

	l->nasked = 0; /* host comes and goes */
	if (net_text_certificate(s, host))
		name(l, span_str(host));
}

static void certificate(struct look *l)
{
	const struct net_certificate *n = l->e->certificate;
	char serial[2 * CERTIFICATE_SERIAL_MAX + 1];

	l->where = "X509::IN_CERT";
	digest(l, INDICATOR_CERT, "Intel::CERT_HASH", n->sha1, sizeof(n->sha1));
	digest(l, INDICATOR_CERT, "Intel::CERT_HASH", n->sha256, sizeof(n->sha256));
	if (net_text_serial(&n->cert, serial))
		text(l, INDICATOR_CERT_SERIAL, "Intel::CERT_SERIAL", span_str(serial));
	if (n->cert.common_name.n)
		certificate_name(l, n->cert.common_name);
	for (uint16_t i = 0; i < n->cert.nsan && l->rc == 0; i++)
		if (!span_eq_nocase(n->cert.san_dns[i], n->cert.common_name))
			certificate_name(l, n->cert.san_dns[i]);
}

/* --- HTTP --- */

static void literal(struct look *l, struct span host, uint16_t port)
{
	struct sense_addr a;
	char text[NET_HOST_MAX];

	if (!net_text_host(host, port, &a, text))
		return;
	if (a.family)
		address(l, &a);
	else
		name(l, span_str(text));
}

static bool is_host_hit(const struct shelf_hit *m)
{
	return m->type == INDICATOR_DOMAIN || m->type == INDICATOR_IPV4 ||
	       m->type == INDICATOR_IPV6 || m->type == INDICATOR_IP_PORT;
}

static void http(struct look *l)
{
	const struct http_request *r = l->e->http;
	struct shelf *shelf = l->w->h.shelf;
	char url[INTEL_TEXT_MAX];

	l->where = "HTTP::IN_HOST_HEADER";
	literal(l, r->host, r->port ? r->port : l->e->server.port);
	if (!shelf_has(shelf, INDICATOR_BAD, INDICATOR_URL) &&
	    !shelf_has(shelf, INDICATOR_BAD, INDICATOR_URL_PATH))
		return;
	if (span_eq_str(r->method, "CONNECT") || !net_text_url(r, url))
		return;
	l->where = "HTTP::IN_URL";
	struct shelf_hit *m = l->w->h.match;
	size_t n = shelf_url(shelf, INDICATOR_BAD, url, l->e->time, m), kept = 0;
	for (size_t i = 0; i < n; i++) /* the host was told */
		if (!is_host_hit(&m[i]))
			m[kept++] = m[i];
	tell(l, kept, "Intel::URL", span_str(url), SPAN_NONE);
}

int watch_match(struct watch *w, const struct net_event *e, const struct watch_more *m)
{
	__attribute__((uninitialized)) struct look l;

	l.w = w;
	l.e = e;
	l.more = m;
	l.public = false;
	l.query = SPAN_NONE;
	l.nasked = 0;
	l.rc = 0;
	switch (e->kind) {
	case NET_FLOW_BEGIN:
		begin(&l);
		break;
	case NET_DNS:
		dns(&l);
		break;
	case NET_TLS_CLIENT:
		client_hello(&l);
		break;
	case NET_TLS_SERVER:
		server_hello(&l);
		break;
	case NET_CERTIFICATE:
		certificate(&l);
		break;
	case NET_HTTP:
		http(&l);
		break;
	default:
		break;
	}
	return l.rc;
}
