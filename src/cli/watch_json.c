/* SPDX-License-Identifier: Apache-2.0 */

/* watch_json: one line of JSON an event; DNS: watch_json_dns. docs/watch.md lists the keys. */

#include "cli/watch.h"
#include "cli/watch_names.h"

#include "base/cur.h"
#include "base/hex.h"
#include "wire/packet.h"

/* A bijection (Stafford's mix 13), so that different flows have different uids. */
static uint64_t mix(uint64_t x)
{
	x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9ull;
	x = (x ^ x >> 27) * 0x94d049bb133111ebull;
	return x ^ x >> 31;
}

char *watch_uid(const struct watch *w, uint64_t flow, char out[static WATCH_UID_MAX])
{
	static const char digit[] =
	    "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
	uint64_t x = mix(flow + w->salt);

	out[0] = 'C';
	for (int i = 11; i > 0; i--) {
		out[i] = digit[x % 62];
		x /= 62;
	}
	out[12] = 0;
	return out;
}

static const char *proto(const struct net_event *e)
{
	return e->transport == NET_TCP ? "tcp" : "udp";
}

static void community(const struct watch *w, struct line *l, const struct net_event *e)
{
	char id[COMMUNITY_ID_MAX];

	community_id(w->sha1, &e->client, &e->server,
	    e->transport == NET_TCP ? PACKET_TCP : PACKET_UDP, 0, id);
	if (id[0])
		LINE_KPLAIN(l, "community_id", id);
}

struct line watch_json_head(
    const struct watch *w, struct buf *b, const char *path, const struct net_event *e, ts at)
{
	struct line l = line_begin(b);
	char uid[WATCH_UID_MAX];

	LINE_LIT(&l, "{\"_path\":");
	line_plain(&l, path);
	LINE_KEY(&l, "ts");
	line_time(&l, at);
	LINE_KPLAIN(&l, "uid", watch_uid(w, e->flow, uid));
	LINE_KEY(&l, "id.orig_h");
	line_addr(&l, &e->client);
	LINE_KUINT(&l, "id.orig_p", e->client.port);
	LINE_KEY(&l, "id.resp_h");
	line_addr(&l, &e->server);
	LINE_KUINT(&l, "id.resp_p", e->server.port);
	LINE_KPLAIN(&l, "proto", proto(e));
	if (w->community)
		community(w, &l, e);
	return l;
}

bool watch_json_tail(struct line *l, const struct net_event *e, const struct watch_more *m)
{
	if (m->owner)
		watch_process_json(l, m->owner);
	if (e->vlan)
		LINE_KUINT(l, "vlan", e->vlan);
	if (e->tunnels)
		LINE_KUINT(l, "tunnel_depth", e->tunnels);
	LINE_KUINT(l, "packet", e->packet);
	return line_end(l);
}

void watch_json_more(struct line *l, const struct watch_more *m)
{
	if (!m->name.n)
		return;
	LINE_KSTRING(l, "resolved_from", m->name);
	if (!span_eq(m->name, m->last))
		LINE_KSTRING(l, "resolved_last", m->last);
	if (m->ambiguous)
		LINE_LIT(l, ",\"resolved_ambiguous\":true");
	if (m->expired)
		LINE_LIT(l, ",\"resolved_expired\":true");
}

/* --- TLS, QUIC, DTLS --- */

static void protocol_list(struct line *l, struct span alpn)
{
	struct cur c = cur_of(alpn);
	bool first = true;

	LINE_KEY(l, "tls.client.next_protocols");
	LINE_LIT(l, "[");
	while (cur_left(&c)) {
		struct span s = cur_take(&c, cur_u8(&c));
		if (c.err)
			break;
		line_comma(l, &first);
		line_string(l, s);
	}
	LINE_LIT(l, "]");
}

static void quic(struct line *l, const struct net_client_hello *h)
{
	char text[WATCH_NAME_MAX];

	LINE_KPLAIN(l, "quic.version", watch_quic_version(h->quic_version, text));
	LINE_KEY(l, "client_initial_dcid");
	line_hex(l, h->quic_dcid);
}

static const char *tls_service(const struct net_event *e)
{
	return e->transport == NET_QUIC ? "quic,ssl" : e->transport == NET_DTLS ? "dtls" : "ssl";
}

/* The outer name of an encrypted hello is a public one: said, so that nobody takes it for the host.
 */
static void server_name(struct line *l, const struct tls_client *t, const struct watch_more *m)
{
	if (t->has_sni)
		LINE_KSTRING(l, "server_name", span_str(t->sni));
	if (t->ech)
		LINE_LIT(l, ",\"ech\":true");
	if (t->ech && t->has_sni)
		LINE_LIT(l, ",\"server_name_public\":true");
	watch_json_more(l, m);
}

static void tls_client(struct line *l, const struct net_event *e, const struct watch_more *m)
{
	const struct net_client_hello *h = e->client_hello;
	char room[WATCH_NAME_MAX];

	LINE_LIT(l, ",\"event.action\":\"client_hello\"");
	LINE_KPLAIN(l, "service", tls_service(e));
	LINE_KPLAIN(l, "tls.client.version", watch_tls_version(h->tls.version, room));
	server_name(l, &h->tls, m);
	if (h->tls.alpn.n)
		protocol_list(l, h->tls.alpn);
	if (h->has_ja3) {
		LINE_KEY(l, "ja3");
		line_hex(l, span_of(h->ja3, sizeof(h->ja3)));
	}
	if (h->ja4[0])
		LINE_KSTRING(l, "ja4", span_str(h->ja4));
	if (e->transport == NET_QUIC)
		quic(l, h);
}

static void tls_server(struct line *l, const struct net_event *e)
{
	const struct net_server_hello *h = e->server_hello;
	char room[WATCH_NAME_MAX];

	if (h->tls.retry)
		LINE_LIT(l, ",\"event.action\":\"hello_retry_request\"");
	else
		LINE_LIT(l, ",\"event.action\":\"server_hello\"");
	LINE_KPLAIN(l, "service", tls_service(e));
	LINE_KPLAIN(l, "version", watch_tls_version(h->tls.version, room));
	LINE_KPLAIN(l, "cipher", watch_tls_cipher(h->tls.cipher, room));
	if (h->tls.alpn.n)
		LINE_KSTRING(l, "next_protocol", h->tls.alpn);
	if (h->has_ja3s) {
		LINE_KEY(l, "ja3s");
		line_hex(l, span_of(h->ja3s, sizeof(h->ja3s)));
	}
}

/* --- certificates --- */

/* Zeek's form: the number, without the zeros before it; negative ones with their sign. */
static void serial(struct line *l, struct span s)
{
	char text[2 * CERTIFICATE_SERIAL_MAX + 2] = "-";
	uint8_t value[CERTIFICATE_SERIAL_MAX];
	bool negative = s.n && s.p[0] & 0x80;
	size_t n = s.n;

	for (unsigned carry = negative; n--;) { /* two's complement */
		value[n] = (uint8_t)((negative ? ~s.p[n] & 0xffU : s.p[n]) + carry);
		carry &= value[n] == 0;
	}
	struct span v = span_of(value, s.n);
	while (v.n > 1 && !v.p[0])
		v = span_from(v, 1);
	hex_encode(text + negative, v);
	for (char *p = text; *p; p++)
		*p = (char)(*p >= 'a' ? *p - 0x20 : *p);
	LINE_LIT(l, "\"");
	line_text(l, span_str(text));
	LINE_LIT(l, "\"");
}

static void certificate(struct line *l, const struct net_event *e)
{
	const struct net_certificate *n = e->certificate;
	const struct certificate *x = &n->cert;
	bool first = true;

	LINE_KEY(l, "fingerprint");
	line_hex(l, span_of(n->sha256, sizeof(n->sha256)));
	LINE_KEY(l, "sha1");
	line_hex(l, span_of(n->sha1, sizeof(n->sha1)));
	LINE_KUINT(l, "chain_index", n->index);
	LINE_KBOOL(l, "client_cert", n->from_client);
	if (x->version)
		LINE_KUINT(l, "certificate.version", x->version);
	LINE_KEY(l, "certificate.serial");
	serial(l, x->serial);
	LINE_KSTRING(l, "certificate.subject", span_str(x->subject));
	LINE_KSTRING(l, "certificate.issuer", span_str(x->issuer));
	if (x->common_name.n)
		LINE_KSTRING(l, "certificate.cn", x->common_name);
	if (x->not_before != TS_NONE) {
		LINE_KEY(l, "certificate.not_valid_before");
		line_time(l, x->not_before);
	}
	if (x->not_after != TS_NONE) {
		LINE_KEY(l, "certificate.not_valid_after");
		line_time(l, x->not_after);
	}
	LINE_KBOOL(l, "certificate.self_issued", x->self_issued);
	if (x->nsan) {
		LINE_KEY(l, "san.dns");
		LINE_LIT(l, "[");
		for (uint16_t i = 0; i < x->nsan; i++) {
			line_comma(l, &first);
			line_string(l, x->san_dns[i]);
		}
		LINE_LIT(l, "]");
	}
	if (x->nsan_ip) {
		first = true;
		LINE_KEY(l, "san.ip");
		LINE_LIT(l, "[");
		for (uint16_t i = 0; i < x->nsan_ip; i++) {
			struct sense_addr a = sense_addr_of(x->san_ip[i]);
			line_comma(l, &first);
			line_addr(l, &a);
		}
		LINE_LIT(l, "]");
	}
	if (x->more_sans)
		LINE_KUINT(l, "san.more", x->more_sans);
	if (x->bad)
		LINE_LIT(l, ",\"certificate.damaged\":true");
}

/* --- HTTP --- */

static void http(struct line *l, const struct net_event *e)
{
	const struct http_request *r = e->http;

	LINE_KSTRING(l, "method", r->method);
	if (r->host.n)
		LINE_KSTRING(l, "host", r->host);
	if (r->port)
		LINE_KUINT(l, "host_port", r->port);
	LINE_KSTRING(l, "uri", r->target);
	if (r->referer.n)
		LINE_KSTRING(l, "referrer", r->referer);
	if (r->major || r->minor) {
		LINE_KEY(l, "version");
		line_put(l,
		    (char[]){ '"', (char)('0' + r->major), '.', (char)('0' + r->minor), '"' }, 5);
	}
	if (r->user_agent.n)
		LINE_KSTRING(l, "user_agent", r->user_agent);
	if (r->hosts > 1)
		LINE_KUINT(l, "host_headers", r->hosts);
}

/* --- connections --- */

#define FIN PACKET_FIN
#define SYN PACKET_SYN
#define RST PACKET_RST
#define ACK PACKET_ACK

/* Zeek's conn_state, as far as the flags that were seen tell it. */
static const char *tcp_state(const struct net_flow_facts *x)
{
	unsigned c = x->tcp_flags[0], s = x->tcp_flags[1];
	bool answered = s & SYN, asked = c & SYN;

	if (x->midstream || !(asked || answered))
		return "OTH";
	if (asked && !x->packets[1])
		return c & RST ? "RSTOS0" : c & FIN ? "SH" : "S0";
	if (!asked)
		return s & RST ? "RSTRH" : s & FIN ? "SHR" : "OTH";
	if (s & RST)
		return answered ? "RSTR" : "REJ";
	if (c & RST)
		return "RSTO";
	if (c & FIN)
		return s & FIN ? "SF" : "S2";
	return s & FIN ? "S3" : answered ? "S1" : "S0";
}

static const char *conn_state(const struct net_event *e)
{
	const struct net_flow_facts *x = &e->facts;

	if (e->transport == NET_TCP)
		return tcp_state(x);
	return x->packets[0] ? x->packets[1] ? "SF" : "S0" : "SHR";
}

/* Whether a side may have sent an ACK by itself: not when its one packet was more than that. */
static bool acked(const struct net_flow_facts *x, int side)
{
	unsigned f = x->tcp_flags[side];

	return (f & ACK) && !(x->packets[side] == 1 && (f & (SYN | FIN | RST)));
}

/* The letters of Zeek's history, in a fixed order and once each: which flags each side sent. */
static void history(struct line *l, const struct net_flow_facts *x)
{
	char h[16];
	size_t n = 0;
	unsigned c = x->tcp_flags[0], s = x->tcp_flags[1];

	if (c & SYN)
		h[n++] = 'S';
	if (s & SYN)
		h[n++] = 'h';
	if (acked(x, 0))
		h[n++] = 'A';
	if (acked(x, 1))
		h[n++] = 'a';
	if (c & FIN)
		h[n++] = 'F';
	if (s & FIN)
		h[n++] = 'f';
	if (c & RST)
		h[n++] = 'R';
	if (s & RST)
		h[n++] = 'r';
	h[n] = 0;
	LINE_KPLAIN(l, "history", h);
}

static const char *ending(enum net_ending e)
{
	static const char *const name[] = { "", "closed", "idle", "evicted", "capture" };

	return (unsigned)e < ARRAY_LEN(name) ? name[e] : "";
}

static void conn(
    const struct watch *w, struct line *l, const struct net_event *e, const struct watch_more *m)
{
	struct span said = watch_join_said(w, e->flow);
	const struct net_flow_facts *x = &e->facts;

	if (said.n)
		LINE_KSTRING(l, "destination.domain", said);
	LINE_KEY(l, "duration");
	line_duration(l, x->last > x->first ? x->last - x->first : 0);
	LINE_KPLAIN(l, "conn_state", conn_state(e));
	if (e->transport == NET_TCP)
		history(l, x);
	LINE_KUINT(l, "orig_pkts", x->packets[0]);
	LINE_KUINT(l, "orig_ip_bytes", x->bytes[0]);
	LINE_KUINT(l, "resp_pkts", x->packets[1]);
	LINE_KUINT(l, "resp_ip_bytes", x->bytes[1]);
	LINE_KPLAIN(l, "event.reason", ending(x->ending));
	if (x->midstream)
		LINE_LIT(l, ",\"midstream\":true");
	watch_json_more(l, m);
}

/* --- all --- */

static const char *path_of(enum net_kind k)
{
	static const char *const path[NET_KINDS] = { [NET_FLOW_END] = "conn",
		[NET_DNS] = "dns",
		[NET_TLS_CLIENT] = "ssl",
		[NET_TLS_SERVER] = "ssl",
		[NET_CERTIFICATE] = "x509",
		[NET_HTTP] = "http" };

	return (unsigned)k < NET_KINDS ? path[k] : NULL;
}

void watch_json_event(
    struct watch *w, struct buf *b, const struct net_event *e, const struct watch_more *m)
{
	const char *path = path_of(e->kind);

	if (!path)
		return;
	struct line l =
	    watch_json_head(w, b, path, e, e->kind == NET_FLOW_END ? e->facts.first : e->time);
	switch (e->kind) {
	case NET_DNS:
		watch_json_dns(&l, e);
		break;
	case NET_TLS_CLIENT:
		tls_client(&l, e, m);
		break;
	case NET_TLS_SERVER:
		tls_server(&l, e);
		break;
	case NET_CERTIFICATE:
		certificate(&l, e);
		break;
	case NET_HTTP:
		http(&l, e);
		break;
	default:
		conn(w, &l, e, m);
	}
	w->lines_lost += !watch_json_tail(&l, e, m);
}

void watch_json_stats(const struct watch *w, struct jw *j)
{
	const struct net_stats *st = &w->stats;

	jw_obj(j);
	jw_kcstr(j, "_path", "stats");
	for (int i = 0; i < NET_STATS; i++) {
		jw_kint(j, net_stat_name((enum net_stat)i), (int64_t)st->n[i]);
		if (i == NET_STAT_HTTP_REQUESTS)
			jw_kint(j, "hits", (int64_t)w->hits);
	}
	jw_kint(j, "losses", (int64_t)net_stats_losses(st));
	jw_kint(j, "hit_pairs", (int64_t)w->pairs.map.n);
	jw_kint(j, "hit_tables_full", (int64_t)w->pairs.forgotten);
	jw_kint(j, "signals", (int64_t)w->signals);
	jw_kint(j, "signals_left_out", (int64_t)w->left_out);
	jw_kint(j, "evidence_left_out", (int64_t)watch_evidence_left_out(w));
	watch_process_stats(w, j);
	jw_kint(j, "lines_lost", (int64_t)w->lines_lost);
	jw_kint(j, "indicators", (int64_t)w->h.set.indicators);
	jw_kint(j, "reloads", (int64_t)w->reloads);
	if (st->first != TS_NONE) {
		char text[TS_TEXT_MAX];
		jw_kcstr(j, "first", ts_format(st->first, text));
		jw_kcstr(j, "last", ts_format(st->last, text));
	}
	jw_end(j);
}

void watch_json_signal(struct watch *w, const struct signal *s, const struct wire_result *r)
{
	struct buf *b = watch_out_buf(w->out);
	size_t start = b->n;
	struct jw j = jw_of(b);

	jw_obj(&j);
	jw_kcstr(&j, "_path", "signal");
	jw_key(&j, "signal");
	signal_json(&j, s);
	wire_json(&j, r);
	jw_end(&j);
	buf_putc(b, '\n');
	if (buf_err(b)) {
		b->n = start;
		b->err = 0;
		w->lines_lost++;
	}
}
