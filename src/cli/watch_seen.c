/* SPDX-License-Identifier: Apache-2.0 */

#include "cli/watch_seen.h"

#include "base/buf.h"
#include "base/hex.h"
#include "base/map.h"
#include "seen/seen.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#define ROWS (1u << 16)
#define ROWS_FULL (ROWS / 4 * 3)
#define FACTS (WATCH_SEEN_MEMORY - ROWS * (uint32_t)sizeof(struct row))
#define FACTS_EVENT (4 * (sizeof(struct fact) + 2 * DNS_TEXT_MAX)) /* of one event, or record */
#define WHERE_MAX 8192
#define TOKEN (TS_SECOND / WATCH_SEEN_RATE)
#define TOKENS (WATCH_SEEN_BURST * TOKEN)
#define DIGESTS (20 + 32) /* of a certificate: SHA-1, SHA-256 */

enum kind { ASKED = 1, ALIAS, ANSWER, CONNECTED, HELLO, JA3, CERT, REQUEST };

/* What was seen, as bytes that are the same when it is the same. */
struct fact {
	uint8_t kind, client_family, family, zero;
	uint16_t name, more; /* lengths of what follows */
	uint8_t client[16], address[16];
	uint8_t bytes[];
};

struct row {
	uint64_t hash; /* 0: free. Keyed and of 64 bits: equal ones are taken for the same */
	uint32_t first, last, count;
	uint32_t fact; /* offset */
};

struct watch_seen {
	const char *state_dir, *place;
	struct row row[ROWS];
	uint8_t *facts;
	uint32_t nrow, nfacts;
	uint64_t left_out;
	ts filled;	 /* TS_NONE: not yet */
	ts tokens;	 /* new observations that may come, each TOKEN */
	ts wrote;	 /* by the clock of watch_seen_flush; TS_NONE: not asked yet */
	struct buf where; /* room */
};

int watch_seen_new(struct watch_seen **ret_w, const char *state_dir, const char *place)
{
	struct watch_seen *w = calloc(1, sizeof(*w));

	if (!w)
		return -ENOMEM;
	w->state_dir = state_dir;
	w->place = place;
	w->wrote = w->filled = TS_NONE;
	w->tokens = TOKENS;
	w->where = BUF_INIT(WHERE_MAX + SEEN_PATH_MAX);
	w->facts = malloc(FACTS);
	if (!w->facts) {
		watch_seen_free(w);
		return -ENOMEM;
	}
	*ret_w = w;
	return 0;
}

struct watch_seen *watch_seen_free(struct watch_seen *w)
{
	if (w) {
		free(w->facts);
		buf_free(&w->where);
		free(w);
	}
	return NULL;
}

uint64_t watch_seen_left_out(const struct watch_seen *w)
{
	return w->left_out;
}

/* --- gathering --- */

/* Was that seen since the last writing? Else where it goes. */
static struct row *find_row(struct watch_seen *w, uint64_t hash)
{
	uint32_t at = (uint32_t)hash % ROWS;

	while (w->row[at].hash && w->row[at].hash != hash)
		at = (at + 1) % ROWS;
	return &w->row[at];
}

/* As time passes, more may come. A clock that went back far was set. */
static void refill(struct watch_seen *w, ts at)
{
	if (w->filled == TS_NONE || at < w->filled - TS_HOUR)
		w->filled = at;
	if (at <= w->filled)
		return;
	ts more = at - w->filled;
	w->tokens = more < TOKENS - w->tokens ? w->tokens + more : TOKENS;
	w->filled = at;
}

static bool too_many(struct watch_seen *w, enum kind kind)
{
	bool dns = kind == ASKED || kind == ALIAS || kind == ANSWER;

	if (w->tokens < (dns ? TOKENS / 4 : TOKEN))
		return true;
	w->tokens -= TOKEN;
	return false;
}

static void copy(uint8_t *to, struct span s)
{
	if (s.n)
		memcpy(to, s.p, s.n);
}

static uint8_t set_address(uint8_t to[16], const struct sense_addr *a)
{
	memset(to, 0, 16);
	if (!a)
		return 0;
	memcpy(to, a->b, a->family == 4 ? 4 : 16);
	return a->family;
}

static void note(struct watch_seen *w, const struct net_event *e, enum kind kind,
    const struct sense_addr *address, struct span name, struct span more)
{
	uint32_t seconds = e->time > 0 ? (uint32_t)(e->time / TS_SECOND) : 0;

	if (name.n >= DNS_TEXT_MAX || more.n >= DNS_TEXT_MAX || !e->client.family)
		return;
	/* made in its place; it counts when it turns out to be new */
	struct fact *x = (struct fact *)(w->facts + w->nfacts);
	size_t n = (sizeof(*x) + name.n + more.n + 7) / 8 * 8;
	x->kind = (uint8_t)kind;
	x->zero = 0;
	x->client_family = set_address(x->client, &e->client);
	x->family = set_address(x->address, address);
	x->name = (uint16_t)name.n;
	x->more = (uint16_t)more.n;
	copy(x->bytes, name);
	copy(x->bytes + name.n, more);
	uint64_t hash = siphash13(siphash_seed(), x, sizeof(*x) + name.n + more.n) | 1;
	struct row *r = find_row(w, hash);
	if (r->hash) {
		r->first = seconds < r->first ? seconds : r->first;
		r->last = seconds > r->last ? seconds : r->last;
		r->count++;
	} else if (too_many(w, kind)) {
		w->left_out++;
	} else {
		*r = (struct row){ hash, seconds, seconds, 1, w->nfacts };
		w->nfacts += (uint32_t)n;
		w->nrow++;
	}
}

/* Is there room for another? */
static bool is_full(const struct watch_seen *w)
{
	return w->nrow >= ROWS_FULL || w->nfacts + FACTS_EVENT > FACTS;
}

static int make_room(struct watch_seen *w, struct fault *f)
{
	return is_full(w) ? watch_seen_flush(w, true, w->wrote, f) : 0;
}

static bool is_group(const struct sense_addr *a)
{
	return a->family == 4 ? a->b[0] >= 224 : a->b[0] == 0xff;
}

static bool is_alias(const struct dns_rr *r)
{
	switch (r->type) {
	case DNS_CNAME:
	case DNS_DNAME:
	case DNS_SRV:
	case DNS_SVCB:
	case DNS_HTTPS:
		return r->target.n && !span_eq_str(r->target, ".");
	default:
		return false;
	}
}

static void dns_record(struct watch_seen *w, const struct net_event *e, const struct dns_rr *r)
{
	const struct dns_rr *q = &e->dns->rr[0];
	struct span asked = q->section == DNS_QUESTION ? q->name : r->name;
	struct sense_addr a = { .family = r->family };

	memcpy(a.b, r->addr, sizeof(a.b));
	if (r->class == DNS_CLASS_IN && r->family)
		note(w, e, ANSWER, &a, asked, SPAN_NONE);
	else if (r->class == DNS_CLASS_IN && is_alias(r) && !r->extra)
		note(w, e, ALIAS, NULL, r->target, asked);
}

static int dns(struct watch_seen *w, const struct net_event *e, struct fault *f)
{
	const struct dns_message *m = e->dns;
	enum dns_section want = m->response ? DNS_ANSWER : DNS_QUESTION;
	int rc = 0;

	if (m->opcode != DNS_OP_QUERY || (m->response && is_group(&e->client)))
		return 0;
	for (uint32_t i = 0; i < m->n && rc == 0; i++) {
		const struct dns_rr *r = &m->rr[i];
		if (r->section != want || (want == DNS_QUESTION && r->extra) || span_eq_str(r->name, "."))
			continue;
		if (want == DNS_QUESTION)
			note(w, e, ASKED, NULL, r->name, SPAN_NONE);
		else
			dns_record(w, e, r);
		rc = make_room(w, f);
	}
	return rc;
}

static void hello(struct watch_seen *w, const struct net_event *e, struct span joined)
{
	const struct net_client_hello *h = e->client_hello;
	struct span sni = h->tls.sni_ip ? SPAN_NONE : span_str(h->tls.sni);

	if (h->tls.ech && sni.n) /* a public name: it was said, but not meant */
		note(w, e, ASKED, NULL, sni, SPAN_NONE);
	if (h->tls.ech || !sni.n)
		sni = joined;
	note(w, e, HELLO, &e->server, sni, span_str(h->ja4));
	if (h->has_ja3)
		note(w, e, JA3, &e->server, sni, span_of(h->ja3, sizeof(h->ja3)));
}

static void certificate(struct watch_seen *w, const struct net_event *e, struct span joined)
{
	const struct net_certificate *c = e->certificate;
	uint8_t both[DIGESTS];

	memcpy(both, c->sha1, sizeof(c->sha1));
	memcpy(both + sizeof(c->sha1), c->sha256, sizeof(c->sha256));
	note(w, e, CERT, &e->server, joined, span_of(both, sizeof(both)));
}

/* A Host that is a name, as names are here; anything else is left to what is known of the flow. */
static void request(struct watch_seen *w, const struct net_event *e)
{
	struct span host = e->http->host;
	uint8_t low[256];
	bool letters = false;

	if (host.n && host.p[host.n - 1] == '.')
		host.n--;
	if (!host.n || host.n > sizeof(low))
		return;
	for (size_t i = 0; i < host.n; i++) {
		uint8_t c = host.p[i];
		low[i] = c >= 'A' && c <= 'Z' ? c | 0x20 : c;
		bool letter = low[i] >= 'a' && low[i] <= 'z';
		letters |= letter;
		if (!letter && !(c >= '0' && c <= '9') && c != '.' && c != '-' && c != '_')
			return;
	}
	if (letters)
		note(w, e, REQUEST, &e->server, span_of(low, host.n), SPAN_NONE);
}

int watch_seen_event(struct watch_seen *w, const struct net_event *e, struct span joined,
    struct fault *f)
{
	if (e->time >= 0 && e->time < TS_FOREVER - TS_HOUR)
		refill(w, e->time);
	switch (e->kind) {
	case NET_FLOW_BEGIN:
		note(w, e, CONNECTED, &e->server, SPAN_NONE, SPAN_NONE);
		break;
	case NET_DNS:
		return dns(w, e, f);
	case NET_TLS_CLIENT:
		hello(w, e, joined);
		break;
	case NET_CERTIFICATE:
		certificate(w, e, joined);
		break;
	case NET_HTTP:
		request(w, e);
		break;
	default:
		return 0;
	}
	return make_room(w, f);
}

/* --- writing --- */

/* One row as it goes into the record. */
struct put {
	struct watch_seen *w;
	struct seen *seen;
	const struct row *row;
	struct fault *f;
	int rc; /* latched */
};

/* "network: client 10.0.0.5", and what more is said; "" is left out. */
static const char *where(struct watch_seen *w, const struct fact *x, const char *address,
    const char *what, struct span more)
{
	char client[SENSE_ADDR_TEXT_MAX], server[SENSE_ADDR_TEXT_MAX];
	struct sense_addr c = { .family = x->client_family }, a = { .family = x->family };

	memcpy(c.b, x->client, sizeof(c.b));
	memcpy(a.b, x->address, sizeof(a.b));
	buf_reset(&w->where);
	buf_printf(&w->where, "%s: client %s", w->place, sense_addr_text(&c, client));
	if (address && x->family)
		buf_printf(&w->where, ", %s %s", address, sense_addr_text(&a, server));
	if (what && (more.n || !strcmp(what, "http")))
		buf_printf(&w->where, ", %s%s%.*s", what, more.n ? " " : "", SPAN_ARG(more));
	return buf_str(&w->where);
}

static void put(struct put *p, enum indicator_type t, struct span value, const char *place)
{
	const struct row *r = p->row;

	if (p->rc == 0 && value.n)
		p->rc = seen_put_values(p->seen, t, value, place, r->first * TS_SECOND, r->last * TS_SECOND,
		    r->count, p->f);
}

static void put_address(struct put *p, const struct fact *x, const char *what, struct span name)
{
	struct sense_addr a = { .family = x->family };
	char text[SENSE_ADDR_TEXT_MAX];

	memcpy(a.b, x->address, sizeof(a.b));
	put(p, a.family == 4 ? INDICATOR_IPV4 : INDICATOR_IPV6, span_str(sense_addr_text(&a, text)),
	    where(p->w, x, NULL, what, name));
}

static void put_hex(struct put *p, enum indicator_type t, struct span bytes, const char *place)
{
	char hex[2 * 32 + 1];

	hex_encode(hex, bytes);
	put(p, t, span_str(hex), place);
}

static void put_fact(struct put *p, const struct fact *x)
{
	struct watch_seen *w = p->w;
	struct span name = span_of(x->bytes, x->name), more = span_of(x->bytes + x->name, x->more);
	const char *place;

	switch ((enum kind)x->kind) {
	case ASKED:
		put(p, INDICATOR_DOMAIN, name, where(w, x, NULL, NULL, SPAN_NONE));
		break;
	case ALIAS:
		put(p, INDICATOR_DOMAIN, name, where(w, x, NULL, "asked for", more));
		break;
	case ANSWER:
		put(p, INDICATOR_DOMAIN, name, where(w, x, "answer", NULL, SPAN_NONE));
		put_address(p, x, "answer for", name);
		break;
	case CONNECTED:
		put_address(p, x, NULL, SPAN_NONE);
		break;
	case HELLO:
		put(p, INDICATOR_DOMAIN, name, where(w, x, "address", "ja4", more));
		put(p, INDICATOR_JA4, more, where(w, x, "address", "name", name));
		if (name.n)
			put_address(p, x, "name", name);
		break;
	case JA3:
		put_hex(p, INDICATOR_JA3, more, where(w, x, "address", "name", name));
		break;
	case CERT:
		place = where(w, x, "address", "name", name);
		put_hex(p, INDICATOR_CERT, span_cut(more, 0, 20), place);
		put_hex(p, INDICATOR_CERT, span_from(more, 20), place);
		break;
	case REQUEST:
		put(p, INDICATOR_DOMAIN, name, where(w, x, "address", "http", SPAN_NONE));
		put_address(p, x, "name", name);
		break;
	}
}

static int write_all(struct watch_seen *w, struct fault *f)
{
	AUTO_SEEN struct seen *s = NULL;
	int rc = seen_open(&s, w->state_dir, SEEN_WRITE, f);
	struct put p = { .w = w, .seen = s, .f = f, .rc = rc };

	for (uint32_t i = 0; i < ROWS && p.rc == 0; i++) {
		p.row = &w->row[i];
		if (p.row->hash)
			put_fact(&p, (const struct fact *)(w->facts + p.row->fact));
	}
	if (p.rc == 0)
		p.rc = seen_flush(s, true, f);
	return p.rc;
}

int watch_seen_flush(struct watch_seen *w, bool force, ts now, struct fault *f)
{
	int rc = 0;

	if (w->wrote == TS_NONE)
		w->wrote = now;
	if (!force && now - w->wrote < WATCH_SEEN_EVERY)
		return 0;
	w->wrote = now;
	if (w->nrow)
		rc = write_all(w, f);
	if (rc < 0)
		w->left_out += w->nrow;
	memset(w->row, 0, sizeof(w->row));
	w->nrow = w->nfacts = 0;
	return rc;
}
