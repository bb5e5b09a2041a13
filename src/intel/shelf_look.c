/* SPDX-License-Identifier: Apache-2.0 */

/* shelf_look: lookups with the overlay applied. */

#include "base/hex.h"
#include "intel/shelf_priv.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>

/* --- claims --- */

int shelf_entry(const struct shelf *s, const struct shelf_hit *h, char room[static INTEL_TEXT_MAX],
    struct intel_entry *ret_e)
{
	if (h->entry != SHELF_NO_ENTRY)
		return intel_db_entry(s->db, h->entry, room, ret_e);
	return intel_db_entry(s->over, h->over, room, ret_e);
}

/* What the overlay makes of a claim of the database: false when it takes it away. */
static bool overlaid(const struct shelf *s, uint32_t over, struct indicator *i)
{
	struct indicator x;
	uint32_t pos = 0;
	ts end;

	while (intel_db_claim(s->over, over, &pos, &x)) {
		if (!shelf_is_tomb(&x)) {
			if (strcmp(x.source, i->source) == 0)
				return false; /* the overlay's own claim counts */
		} else if (shelf_tomb_covers(&x, i->source, &end)) {
			if (end == TS_NONE)
				return false;
			if (end < i->valid_until)
				i->valid_until = end;
		}
	}
	return true;
}

static bool applies(const struct shelf *s, const struct shelf_hit *h, const struct indicator *i)
{
	return !(h->how == INTEL_PARENT && i->exact) && i->valid_from <= s->now;
}

bool shelf_claim(const struct shelf *s, const struct shelf_hit *h, uint32_t *pos,
    struct indicator *ret_i)
{
	struct indicator i;
	bool found = false;

	while (!found && *pos < SHELF_POS_OVER) {
		if (h->entry == SHELF_NO_ENTRY || !intel_db_claim(s->db, h->entry, pos, &i)) {
			*pos = SHELF_POS_OVER;
			break;
		}
		found = (h->over == SHELF_NO_ENTRY || overlaid(s, h->over, &i)) &&
		    applies(s, h, &i);
	}
	while (!found) {
		uint32_t at = *pos - SHELF_POS_OVER;
		if (h->over == SHELF_NO_ENTRY || !intel_db_claim(s->over, h->over, &at, &i))
			return false;
		*pos = at + SHELF_POS_OVER;
		found = !shelf_is_tomb(&i) && applies(s, h, &i);
	}
	i.side = h->side;
	i.type = h->type;
	i.value = NULL;
	*ret_i = i;
	return true;
}

/* --- hits --- */

static uint16_t specific(const struct intel_entry *e)
{
	const char *slash = strchr(e->value, '/');

	if (e->type == INDICATOR_IPV4 || e->type == INDICATOR_IPV6)
		return slash ? (uint16_t)atoi(slash + 1) : UINT16_MAX;
	return (uint16_t)strlen(e->value);
}

/* Sets the type and whether all claims had expired; false when no claim is left. */
static bool judge(const struct shelf *s, struct shelf_hit *h)
{
	char room[INTEL_TEXT_MAX];
	struct intel_entry e;
	struct indicator i;
	uint32_t pos = 0;

	if (shelf_entry(s, h, room, &e) < 0)
		return false;
	h->type = e.type;
	h->specific = specific(&e);
	h->expired = true;
	bool any = false;
	while (shelf_claim(s, h, &pos, &i)) {
		any = true;
		if (i.valid_until > h->at)
			h->expired = false;
	}
	return any;
}

/* The hit on the same value in the database; NULL. */
static struct shelf_hit *same_value(const struct shelf *s, uint32_t over, struct shelf_hit *h,
    size_t n)
{
	char room[INTEL_TEXT_MAX];
	struct intel_entry e;
	uint32_t entry;

	if (intel_db_entry(s->over, over, room, &e) < 0 ||
	    !intel_db_find(s->db, e.side, e.type, span_str(e.value), &entry))
		return NULL;
	for (size_t i = 0; i < n; i++)
		if (h[i].entry == entry)
			return &h[i];
	return NULL;
}

/* More specific first: the value itself, with its port, its parents and networks, patterns. */
static int by_how(const void *pa, const void *pb)
{
	const struct shelf_hit *a = pa, *b = pb;
	if (a->how != b->how)
		return a->how < b->how ? -1 : 1;
	return (a->specific < b->specific) - (a->specific > b->specific);
}

static size_t gather(const struct shelf *s, const struct shelf_question *q,
    const struct intel_found *found, size_t n, const struct intel_found *over, size_t nover,
    struct shelf_hit *out)
{
	struct shelf_hit blank = { .side = q->side, .at = q->at, .entry = SHELF_NO_ENTRY,
		.over = SHELF_NO_ENTRY };
	size_t all = 0, kept = 0;
	bool mixed = false;

	for (size_t i = 0; i < n; i++) {
		out[all] = blank;
		out[all].how = found[i].how;
		out[all++].entry = found[i].entry;
	}
	for (size_t i = 0; i < nover; i++) {
		struct shelf_hit *h = same_value(s, over[i].entry, out, n);
		if (!h) {
			h = &out[all++];
			*h = blank;
			h->how = over[i].how;
			mixed = n > 0;
		}
		h->over = over[i].entry;
	}
	for (size_t i = 0; i < all; i++) {
		if (judge(s, &out[i]))
			out[kept++] = out[i];
	}
	if (mixed)
		qsort(out, kept, sizeof(*out), by_how);
	return kept;
}

/* Weighs bad hits; those that are none go, unless they are asked for. */
static size_t weigh_hits(const struct shelf *s, const struct shelf_question *q, struct shelf_hit *h,
    size_t n)
{
	struct weighing w;
	size_t kept = 0;

	for (size_t i = 0; i < n; i++) {
		shelf_weigh_asked(s, q, &h[i], &w);
		h[i].verdict = w.verdict;
		h[i].confidence = (int8_t)w.confidence;
		h[i].block = w.block;
		if (s->held || (w.verdict != WEIGH_HELD && w.verdict != WEIGH_TENANT))
			h[kept++] = h[i];
	}
	return kept;
}

static size_t ask_db(const struct intel_db *db, const struct shelf_question *q,
    struct intel_found out[static INTEL_FOUND_MAX])
{
	switch (q->ask) {
	case SHELF_ASK_NAME:
		return intel_db_name(db, q->side, q->text, out);
	case SHELF_ASK_IP:
		return intel_db_ip(db, q->side, q->family, q->b, q->port, out);
	case SHELF_ASK_DIGEST:
		return intel_db_digest(db, q->side, q->type, q->text, out);
	default:
		return intel_db_text(db, q->side, q->type, q->text, out);
	}
}

size_t shelf_asked(const struct shelf *s, const struct shelf_question *q,
    struct shelf_hit out[static SHELF_HITS_MAX])
{
	__attribute__((uninitialized)) struct intel_found db[INTEL_FOUND_MAX], over[INTEL_FOUND_MAX];
	size_t n = ask_db(s->db, q, db), m = s->over ? ask_db(s->over, q, over) : 0;

	if (!(n + m))
		return 0;
	n = gather(s, q, db, n, over, m, out);
	return q->side == INDICATOR_BAD ? weigh_hits(s, q, out, n) : n;
}

size_t shelf_name(const struct shelf *s, enum indicator_side side, struct span name, ts at,
    struct shelf_hit out[static SHELF_HITS_MAX])
{
	struct shelf_question q = { .ask = SHELF_ASK_NAME, .side = side, .text = name, .at = at };
	return shelf_asked(s, &q, out);
}

size_t shelf_ip(const struct shelf *s, enum indicator_side side, int family, const uint8_t *b,
    uint16_t port, ts at, struct shelf_hit out[static SHELF_HITS_MAX])
{
	struct shelf_question q = { .ask = SHELF_ASK_IP, .side = side, .family = family, .b = b,
		.port = port, .at = at };
	return shelf_asked(s, &q, out);
}

size_t shelf_digest(const struct shelf *s, enum indicator_side side, enum indicator_type t,
    struct span bytes, ts at, struct shelf_hit out[static SHELF_HITS_MAX])
{
	struct shelf_question q = { .ask = SHELF_ASK_DIGEST, .side = side, .type = t,
		.text = bytes, .at = at };
	return shelf_asked(s, &q, out);
}

void shelf_digest_soon(const struct shelf *s, enum indicator_side side, enum indicator_type t,
    struct span bytes)
{
	intel_db_digest_soon(s->db, side, t, bytes);
}

size_t shelf_text(const struct shelf *s, enum indicator_side side, enum indicator_type t,
    struct span value, ts at, struct shelf_hit out[static SHELF_HITS_MAX])
{
	struct shelf_question q = { .ask = SHELF_ASK_TEXT, .side = side, .type = t, .text = value,
		.at = at };
	return shelf_asked(s, &q, out);
}

/* --- by a normalised value --- */

struct address {
	int family;
	uint8_t b[16];
	uint16_t port;
	int prefix; /* -1: none */
};

/* "192.0.2.1", "192.0.2.0/24", "192.0.2.1:443", "[2001:db8::1]:443" */
static bool read_address(const char *text, struct address *a)
{
	char host[INET6_ADDRSTRLEN + 2];
	const char *end = text + strcspn(text, text[0] == '[' ? "]" : "/"), *colon = NULL;

	*a = (struct address){ .family = 4, .prefix = -1 };
	if (text[0] == '[') {
		colon = *end ? end + 1 : NULL;
		text++;
	} else if (*end == '/') {
		a->prefix = atoi(end + 1);
	} else if (strchr(text, '.') && strchr(text, ':') && !strstr(text, "::")) {
		end = colon = strrchr(text, ':');
	}
	if (end - text >= (ptrdiff_t)sizeof(host))
		return false;
	memcpy(host, text, (size_t)(end - text));
	host[end - text] = 0;
	if (colon && *colon == ':')
		a->port = (uint16_t)atoi(colon + 1);
	if (inet_pton(AF_INET, host, a->b) == 1)
		return true;
	a->family = 6;
	return inet_pton(AF_INET6, host, a->b) == 1;
}

/* Of the hits on a network's first address, those that hold all of it. */
static size_t only_wider(const struct shelf *s, int prefix, struct shelf_hit *h, size_t n)
{
	char room[INTEL_TEXT_MAX];
	struct intel_entry e;
	struct address a;
	size_t kept = 0;

	for (size_t i = 0; i < n; i++) {
		if (shelf_entry(s, &h[i], room, &e) < 0 || !read_address(e.value, &a) ||
		    a.prefix < 0 || a.prefix > prefix)
			continue;
		h[kept] = h[i];
		if (a.prefix == prefix)
			h[kept].how = INTEL_SAME;
		kept++;
	}
	return kept;
}

static size_t ask_address(const struct shelf *s, enum indicator_side side, const char *value, ts at,
    struct shelf_hit out[static SHELF_HITS_MAX])
{
	struct address a;

	if (!read_address(value, &a))
		return 0;
	size_t n = shelf_ip(s, side, a.family, a.b, a.port, at, out);
	return a.prefix < 0 ? n : only_wider(s, a.prefix, out, n);
}

static size_t ask_digest(const struct shelf *s, enum indicator_side side, enum indicator_type t,
    const char *value, ts at, struct shelf_hit out[static SHELF_HITS_MAX])
{
	uint8_t b[64];
	struct span hex = span_str(value);

	if (hex.n > 2 * sizeof(b) || hex_decode(b, hex) < 0)
		return 0;
	return shelf_digest(s, side, t, span_of(b, hex.n / 2), at, out);
}

size_t shelf_value(const struct shelf *s, enum indicator_side side, enum indicator_type t,
    const char *value, ts at, struct shelf_hit out[static SHELF_HITS_MAX])
{
	switch (t) {
	case INDICATOR_DOMAIN:
		return shelf_name(s, side, span_str(value), at, out);
	case INDICATOR_IPV4:
	case INDICATOR_IPV6:
	case INDICATOR_IP_PORT:
		return ask_address(s, side, value, at, out);
	case INDICATOR_MD5:
	case INDICATOR_SHA1:
	case INDICATOR_SHA256:
	case INDICATOR_SHA512:
	case INDICATOR_AUTHENTIHASH:
	case INDICATOR_IMPHASH:
	case INDICATOR_JA3:
	case INDICATOR_CERT:
		return ask_digest(s, side, t, value, at, out);
	default:
		return shelf_text(s, side, t, span_str(value), at, out);
	}
}

/* --- all of them --- */

struct walk {
	const struct shelf *s;
	int (*cb)(void *ctx, const struct indicator *i);
	void *ctx;
	bool over; /* the overlay's own entries, those of the database having been told */
};

static int each_claim(const struct walk *w, const struct shelf_hit *h, const char *value)
{
	struct indicator i;
	uint32_t pos = 0;
	int rc = 0;

	while (rc == 0 && shelf_claim(w->s, h, &pos, &i)) {
		i.value = value;
		rc = w->cb(w->ctx, &i);
	}
	return rc;
}

static int each_entry(void *ctx, uint32_t entry, const struct intel_entry *e)
{
	const struct walk *w = ctx;
	const struct shelf *s = w->s;
	struct shelf_hit h = { .side = e->side, .type = e->type, .entry = entry,
		.over = SHELF_NO_ENTRY, .at = TS_NONE };
	uint32_t other;

	if (w->over) {
		if (intel_db_find(s->db, e->side, e->type, span_str(e->value), &other))
			return 0;
		h.entry = SHELF_NO_ENTRY;
		h.over = entry;
	} else if (s->over &&
	    intel_db_find(s->over, e->side, e->type, span_str(e->value), &other)) {
		h.over = other;
	}
	return each_claim(w, &h, e->value);
}

int shelf_each(const struct shelf *s, enum indicator_side side, enum indicator_type t,
    int (*cb)(void *ctx, const struct indicator *i), void *ctx)
{
	struct walk w = { .s = s, .cb = cb, .ctx = ctx };
	int rc = intel_db_each(s->db, side, t, each_entry, &w);

	w.over = true;
	return rc || !s->over ? rc : intel_db_each(s->over, side, t, each_entry, &w);
}
