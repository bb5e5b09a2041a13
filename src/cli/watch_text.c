/* SPDX-License-Identifier: Apache-2.0 */

/* watch_text: one calm line an event, for people. */

#include "cli/watch.h"
#include "cli/watch_names.h"

#include "base/cur.h"

#define ANSWERS_SHOWN 6

static void put(struct buf *b, struct span s)
{
	buf_puts(b, QUOTE(s));
}

/* A name or subject, which has escapes of its own already ("\\032", "\\,"): they stay as they are.
 */
static void put_spelled(struct buf *b, struct span s)
{
	const char *at = QUOTE(s), *next;

	for (; (next = strstr(at, "\\x5c")); at = next + 4) {
		buf_put(b, at, (size_t)(next - at));
		buf_putc(b, '\\');
	}
	buf_puts(b, at);
}

static void when(struct watch *w, struct buf *b, ts t)
{
	struct watch_second *s = &w->second;
	ts sec = t / TS_SECOND;
	char frac[8] = ".000000";

	if (t < 0)
		return;
	if (sec != s->at || !s->text[0]) {
		ts_format(sec * TS_SECOND, s->text);
		s->text[19] = 0; /* without the Z */
		s->at = sec;
	}
	uint32_t us = (uint32_t)(t % TS_SECOND / 1000);
	for (int i = 6; i > 0; i--, us /= 10)
		frac[i] = (char)('0' + us % 10);
	buf_puts(b, s->text);
	buf_puts(b, frac);
	buf_puts(b, "Z ");
}

static void addr(struct buf *b, const struct sense_addr *a, bool port)
{
	char text[SENSE_ADDR_TEXT_MAX];

	sense_addr_text(a, text);
	if (port && a->family == 6)
		buf_printf(b, "[%s]:%u", text, a->port);
	else if (port)
		buf_printf(b, "%s:%u", text, a->port);
	else
		buf_puts(b, text);
}

/* "2026-11-22T16:41:37.000001Z dns   10.0.0.5 -> 10.0.0.1:53  " */
static void head(struct watch *w, struct buf *b, const char *what, const struct net_event *e)
{
	when(w, b, e->time);
	buf_puts(b, what);
	for (size_t n = strlen(what); n < 6; n++)
		buf_putc(b, ' ');
	addr(b, &e->client, false);
	buf_puts(b, e->from_server ? " <- " : " -> ");
	addr(b, &e->server, true);
	buf_puts(b, "  ");
}

static void answers(struct buf *b, const struct dns_message *m)
{
	struct sense_addr a;
	unsigned n = 0;

	for (uint32_t i = 0; i < m->n; i++) {
		const struct dns_rr *rr = &m->rr[i];
		if (rr->section != DNS_ANSWER || (!rr->family && !rr->target.n))
			continue;
		if (++n > ANSWERS_SHOWN)
			continue;
		buf_puts(b, n > 1 ? ", " : ": ");
		if (rr->target.n)
			put_spelled(b, rr->target);
		a = (struct sense_addr){ .family = rr->family };
		memcpy(a.b, rr->addr, sizeof(a.b));
		if (rr->family)
			addr(b, &a, false);
	}
	if (n > ANSWERS_SHOWN)
		buf_printf(b, " and %u more", n - ANSWERS_SHOWN);
}

static void dns(struct buf *b, const struct net_event *e)
{
	const struct dns_message *m = e->dns;
	char room[WATCH_NAME_MAX];

	if (m->opcode) {
		buf_puts(b, watch_dns_opcode(m->opcode, room));
		buf_putc(b, ' ');
	}
	if (m->n && m->rr[0].section == DNS_QUESTION) {
		buf_puts(b, watch_dns_type(m->rr[0].type, room));
		buf_putc(b, ' ');
		put_spelled(b, m->rr[0].name);
	} else {
		buf_puts(b, m->response ? "answer" : "query");
	}
	answers(b, m);
	if (m->response && m->rcode) {
		buf_putc(b, ' ');
		buf_puts(b, watch_dns_rcode(m->rcode, room));
	}
}

/* What the client had the address from, and how sure that is. */
static void resolved(struct buf *b, const struct watch_more *m)
{
	if (!m->name.n)
		return;
	buf_puts(b, m->ambiguous ? ", perhaps resolved from " : ", resolved from ");
	put_spelled(b, m->name);
	buf_puts(b, m->expired ? " before" : "");
}

static void tls_client(struct buf *b, const struct net_event *e, const struct watch_more *m)
{
	const struct net_client_hello *h = e->client_hello;

	if (h->tls.has_sni)
		put_spelled(b, span_str(h->tls.sni));
	else
		buf_puts(b, "(no name)");
	if (h->tls.ech)
		buf_puts(b, " (public name; the real one is encrypted)");
	resolved(b, m);
	if (h->ja4[0]) {
		buf_putc(b, ' ');
		put(b, span_str(h->ja4));
	}
}

static void tls_server(struct buf *b, const struct net_event *e)
{
	const struct tls_server *t = &e->server_hello->tls;
	char room[WATCH_NAME_MAX];

	buf_puts(b, t->retry ? "asks again, " : "chose ");
	buf_puts(b, watch_tls_version(t->version, room));
	buf_putc(b, ' ');
	buf_puts(b, watch_tls_cipher(t->cipher, room));
	if (t->alpn.n) {
		buf_putc(b, ' ');
		put(b, t->alpn);
	}
}

static void certificate(struct buf *b, const struct net_event *e)
{
	const struct certificate *x = &e->certificate->cert;

	put_spelled(b, span_str(x->subject));
	buf_puts(b, x->self_issued ? ", by itself" : ", by ");
	if (!x->self_issued)
		put_spelled(b, span_str(x->issuer));
}

static void http(struct buf *b, const struct net_event *e)
{
	const struct http_request *r = e->http;

	put(b, r->method);
	buf_putc(b, ' ');
	if (r->host.n && r->target.n && r->target.p[0] == '/')
		put(b, r->host);
	put(b, r->target);
}

static void conn(
    const struct watch *w, struct buf *b, const struct net_event *e, const struct watch_more *m)
{
	const struct net_flow_facts *x = &e->facts;
	struct span said = watch_join_said(w, e->flow);
	char text[TS_TEXT_MAX];

	buf_printf(b, "%s, %llu bytes out, %llu in",
	    ts_format_duration(x->last > x->first ? x->last - x->first : 0, text),
	    (unsigned long long)x->bytes[0], (unsigned long long)x->bytes[1]);
	if (said.n) {
		buf_puts(b, ", ");
		put(b, said);
	} else {
		resolved(b, m);
	}
}

static const char *word(const struct net_event *e)
{
	static const char *const flavour[] = { "dns", "mdns", "llmnr", "nbns" };

	switch (e->kind) {
	case NET_DNS:
		return flavour[e->flavour];
	case NET_TLS_CLIENT:
	case NET_TLS_SERVER:
		return e->transport == NET_QUIC	  ? "quic"
		       : e->transport == NET_DTLS ? "dtls"
						  : "tls";
	case NET_CERTIFICATE:
		return "cert";
	case NET_HTTP:
		return "http";
	default:
		return e->transport == NET_TCP ? "tcp" : e->transport == NET_QUIC ? "quic" : "udp";
	}
}

void watch_text_event(
    struct watch *w, struct buf *b, const struct net_event *e, const struct watch_more *m)
{
	if (e->kind == NET_FLOW_BEGIN)
		return;
	head(w, b, word(e), e);
	switch (e->kind) {
	case NET_DNS:
		dns(b, e);
		break;
	case NET_TLS_CLIENT:
		tls_client(b, e, m);
		break;
	case NET_TLS_SERVER:
		tls_server(b, e);
		break;
	case NET_CERTIFICATE:
		certificate(b, e);
		break;
	case NET_HTTP:
		http(b, e);
		break;
	default:
		conn(w, b, e, m);
	}
	if (m->owner)
		watch_process_text(b, m->owner);
	buf_putc(b, '\n');
}

/* Whose spelling has escapes: everything but what HTTP says. */
static void put_seen(struct buf *b, const struct net_event *e, struct span s)
{
	if (e->kind == NET_HTTP)
		put(b, s);
	else
		put_spelled(b, s);
}

/* ", in tls t13d…": also when the event has no line of its own. */
static void seen_in(struct buf *b, const struct watch_sight *s)
{
	const char *ja4 = s->e->kind == NET_TLS_CLIENT ? s->e->client_hello->ja4 : "";

	if (strcmp(s->where, "Conn::IN_RESOLVED") == 0)
		buf_puts(b, ", resolved to this address");
	buf_printf(b, ", in %s", word(s->e));
	if (ja4[0])
		buf_printf(b, " %s", QUOTE(span_str(ja4)));
}

void watch_text_hit(struct watch *w, struct buf *b, const struct watch_sight *s,
    const struct hunt_hit *x, const struct intel_entry *e)
{
	struct indicator best = hunt_best_claim(&w->h, x);
	int sure = hunt_hit_confidence(&w->h, x);

	buf_puts(b, cli_red(w->c));
	head(w, b, x->expired ? "hit?" : "HIT", s->e);
	put_seen(b, s->e, s->value);
	if (s->public)
		buf_puts(b, " (public name; the real one is encrypted)");
	if (s->query.n) {
		buf_puts(b, ", asked as ");
		put_spelled(b, s->query);
	}
	if (!span_eq_str(s->value, e->value)) {
		buf_puts(b, ", matches ");
		put(b, span_str(e->value));
	}
	buf_printf(b, ": %s", best.category ? QUOTE(span_str(best.category)) : "known bad");
	buf_printf(
	    b, " by %s, confidence %d", best.source ? QUOTE(span_str(best.source)) : "?", sure);
	buf_puts(b, x->expired ? ", expired" : "");
	seen_in(b, s);
	if (s->more->owner)
		watch_process_text(b, s->more->owner);
	buf_puts(b, cli_reset(w->c));
	buf_putc(b, '\n');
}

static void counted(FILE *to, const char *before, uint64_t n, const char *what)
{
	fprintf(to, "%s%llu %s%s", before, (unsigned long long)n, what, n == 1 ? "" : "s");
}

void watch_text_summary(const struct watch *w, FILE *to)
{
	const struct net_stats *st = &w->stats;
	const uint64_t *n = st->n;
	char first[TS_TEXT_MAX], last[TS_TEXT_MAX];
	bool any = false;

	counted(to, "", n[NET_STAT_PACKETS], "packet");
	counted(to, ", ", n[NET_STAT_FLOWS], "flow");
	if (st->first != TS_NONE)
		fprintf(to, ", from %s to %s", ts_format(st->first / TS_SECOND * TS_SECOND, first),
		    ts_format(st->last / TS_SECOND * TS_SECOND, last));
	counted(to, "\n", n[NET_STAT_DNS_QUERIES] + n[NET_STAT_DNS_RESPONSES], "DNS message");
	counted(to, ", ", n[NET_STAT_TLS_CLIENT_HELLOS] + n[NET_STAT_QUIC_CLIENT_HELLOS],
	    "TLS and QUIC hello");
	counted(to, ", ", n[NET_STAT_TLS_CERTIFICATES], "certificate");
	counted(to, ", ", n[NET_STAT_HTTP_REQUESTS], "HTTP request");
	fputc('\n', to);
	for (int i = NET_LOSS_FIRST; i < NET_STATS; i++) {
		if (!n[i])
			continue;
		fprintf(to, "%s%s %llu", any ? ", " : "not seen: ", net_stat_name((enum net_stat)i),
		    (unsigned long long)n[i]);
		any = true;
	}
	if (any)
		fprintf(to, "; each may hide a name\n");
	if (w->hits)
		fprintf(to, "%llu hit%s, %zu different (client and indicator)\n",
		    (unsigned long long)w->hits, w->hits == 1 ? "" : "s", w->pairs.map.n);
	else
		fprintf(
		    to, "no hits, with %llu indicators\n", (unsigned long long)w->h.set.indicators);
	if (w->left_out)
		fprintf(to, "%llu more different hits were not handed on\n",
		    (unsigned long long)w->left_out);
}
