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

#define WANTED_MAX 64 /* names and addresses of an event that are asked for together */
#define NOT_CLEARED __attribute__((uninitialized))

/* A name (family 0) or an address. */
struct wanted {
	const char *where;
	struct span name;
	struct sense_addr addr;
	uint64_t hash;
};

struct look {
	struct watch *w;
	const struct net_event *e;
	const struct watch_more *more;
	const char *where;
	bool public;	   /* what is asked for now is the outer name of an encrypted hello */
	struct span query; /* the name that was asked for */
	struct wanted want[WANTED_MAX];
	size_t nwant;
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

/* 0 never stands for a value. */
static uint64_t hash_of(const struct watch *w, struct span s)
{
	return siphash13(w->misses->key, s.p, s.n) | 1;
}

static uint64_t *slot_of(const struct watch *w, uint64_t hash)
{
	return &w->misses->slot[hash >> (64 - MISSES_BITS)];
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

/* --- names and addresses ---
 * What an event holds is gathered first, so that the memory for all of it is fetched at once. */

static void ask_name(struct look *l, const struct wanted *x)
{
	size_t k = shelf_name(l->w->h.shelf, INDICATOR_BAD, x->name, l->e->time, l->w->h.match);

	if (!k)
		*slot_of(l->w, x->hash) = x->hash;
	tell(l, k, "Intel::DOMAIN", x->name, span_eq(l->query, x->name) ? SPAN_NONE : l->query);
}

static void ask_address(struct look *l, const struct wanted *x)
{
	const struct sense_addr *a = &x->addr;
	char text[SENSE_ADDR_TEXT_MAX];
	size_t k = shelf_ip(
	    l->w->h.shelf, INDICATOR_BAD, a->family, a->b, a->port, l->e->time, l->w->h.match);

	if (!k)
		*slot_of(l->w, x->hash) = x->hash;
	else
		tell(l, k, "Intel::ADDR", span_str(sense_addr_text(a, text)), l->query);
}

/* Of the names that are not known to miss: which may match? */
static uint64_t may_match(const struct look *l, const uint32_t *at, size_t n)
{
	const struct intel_db *over = shelf_overlay(l->w->h.shelf);
	NOT_CLEARED struct span name[WANTED_MAX];
	uint64_t hit = 0, too = 0;

	for (size_t i = 0; i < n; i++)
		name[i] = l->want[at[i]].name;
	intel_db_names(shelf_db(l->w->h.shelf), INDICATOR_BAD, name, n, &hit);
	if (over)
		intel_db_names(over, INDICATOR_BAD, name, n, &too);
	return hit | too;
}

/* Asks for what was gathered. */
static void settle(struct look *l)
{
	NOT_CLEARED uint32_t name[WANTED_MAX];
	const char *where = l->where;
	size_t n = 0;

	for (uint32_t i = 0; i < l->nwant; i++)
		if (!l->want[i].addr.family && *slot_of(l->w, l->want[i].hash) != l->want[i].hash)
			name[n++] = i;
	uint64_t hit = n ? may_match(l, name, n) : 0;
	for (size_t i = 0; i < n; i++)
		if (!(hit >> i & 1))
			*slot_of(l->w, l->want[name[i]].hash) = l->want[name[i]].hash;
	for (size_t i = 0; i < l->nwant && l->rc == 0; i++) {
		const struct wanted *x = &l->want[i];
		if (*slot_of(l->w, x->hash) == x->hash)
			continue;
		l->where = x->where;
		if (x->addr.family)
			ask_address(l, x);
		else
			ask_name(l, x);
	}
	l->where = where;
	l->nwant = 0;
}

static struct wanted *want(struct look *l, uint64_t hash)
{
	if (l->nwant == WANTED_MAX)
		settle(l);
	struct wanted *x = &l->want[l->nwant++];
	x->where = l->where;
	x->hash = hash;
	__builtin_prefetch(slot_of(l->w, x->hash));
	return x;
}

/* s stays until settle. */
static void name(struct look *l, struct span s)
{
	if (s.n < 3)
		return;
	for (size_t i = 0; i < l->nwant; i++)
		if (!l->want[i].addr.family &&
		    (l->want[i].name.p == s.p || span_eq(l->want[i].name, s)))
			return;
	struct wanted *x = want(l, hash_of(l->w, s));
	x->addr.family = 0;
	x->name = s;
}

static void address(struct look *l, const struct sense_addr *a)
{
	uint8_t key[1 + 16 + 2] = { a->family };

	if (!a->family)
		return;
	memcpy(key + 1, a->b, 16);
	if (l->w->ports) {
		key[17] = (uint8_t)(a->port >> 8);
		key[18] = (uint8_t)a->port;
	}
	uint64_t hash = hash_of(l->w, span_of(key, sizeof(key)));
	for (size_t i = 0; i < l->nwant; i++)
		if (l->want[i].hash == hash && l->want[i].where == l->where)
			return;
	want(l, hash)->addr = *a;
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
	settle(l);
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

/* "*.x.example" and "x.example" say the same. host: room for WANTED_MAX. */
static void certificate_name(struct look *l, struct span s, char (*host)[NET_HOST_MAX])
{
	if (l->nwant == WANTED_MAX)
		settle(l);
	if (net_text_certificate(s, host[l->nwant]))
		name(l, span_str(host[l->nwant]));
}

static void certificate(struct look *l)
{
	const struct net_certificate *n = l->e->certificate;
	char serial[2 * CERTIFICATE_SERIAL_MAX + 1];
	NOT_CLEARED char host[WANTED_MAX][NET_HOST_MAX];

	l->where = "X509::IN_CERT";
	digest(l, INDICATOR_CERT, "Intel::CERT_HASH", n->sha1, sizeof(n->sha1));
	digest(l, INDICATOR_CERT, "Intel::CERT_HASH", n->sha256, sizeof(n->sha256));
	if (net_text_serial(&n->cert, serial))
		text(l, INDICATOR_CERT_SERIAL, "Intel::CERT_SERIAL", span_str(serial));
	if (n->cert.common_name.n)
		certificate_name(l, n->cert.common_name, host);
	for (uint16_t i = 0; i < n->cert.nsan && l->rc == 0; i++)
		certificate_name(l, n->cert.san_dns[i], host);
	for (uint16_t i = 0; i < n->cert.nsan_ip; i++) {
		struct sense_addr a = sense_addr_of(n->cert.san_ip[i]);
		address(l, &a);
	}
	settle(l); /* host goes */
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
	settle(l); /* text goes */
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
	NOT_CLEARED struct look l;

	l.w = w;
	l.e = e;
	l.more = m;
	l.public = false;
	l.query = SPAN_NONE;
	l.nwant = 0;
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
	settle(&l);
	return l.rc;
}
