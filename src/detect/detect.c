/* SPDX-License-Identifier: Apache-2.0 */

#include "detect/detect.h"

#include "base/map.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>

#define NAME_MAX_TEXT 1024
#define DOMAIN_MAX 253

/* What one source says, apart from the value; most claims of a feed are equal and kept once. */
struct claim {
	uint32_t source, category, campaign, note; /* in text; 0 = NULL */
	ts from, until;
	int32_t confidence;
	uint32_t exact;
};

struct entry {
	uint32_t value; /* in text */
	uint32_t first; /* of its claims: index into ref + 1 */
	uint8_t type;
};

struct ref {
	uint32_t claim, next; /* next: index + 1 */
};

/* The tag spares looking at the entry and its text for almost everything that is not there. */
struct slot {
	uint32_t at; /* 0 empty, else index of the entry + 1 */
	uint32_t tag;
};

struct detect {
	ts now;
	uint64_t seed[2];
	char *text; /* all strings, NUL-terminated; offset 0 is not used */
	size_t ntext, captext;
	struct entry *entry;
	size_t n, cap;
	struct slot *slot;
	size_t slots;
	struct ref *ref;
	size_t nref, capref;
	struct claim *claim;
	size_t nclaim, capclaim;
	struct map claims, labels; /* index + 1, or offset, as a pointer */
	struct arena keys;         /* of the two maps */
	uint64_t by_type[INDICATOR_TYPES], early;
	uint64_t prefix[2][3];     /* network sizes that are there: IPv4, IPv6 */
};

int detect_new(struct detect **ret_d, ts now)
{
	struct detect *d = calloc(1, sizeof(*d));

	if (!d)
		return -ENOMEM;
	d->now = now;
	d->ntext = 1;
	d->keys = ARENA_INIT(SIZE_MAX);
	map_init(&d->claims, UINT32_MAX);
	map_init(&d->labels, UINT32_MAX);
	if (getrandom(d->seed, sizeof(d->seed), 0) != sizeof(d->seed))
		abort(); /* as in base/map.c */
	*ret_d = d;
	return 0;
}

struct detect *detect_free(struct detect *d)
{
	if (!d)
		return NULL;
	map_free(&d->claims);
	map_free(&d->labels);
	arena_free(&d->keys);
	free(d->text);
	free(d->entry);
	free(d->slot);
	free(d->ref);
	free(d->claim);
	free(d);
	return NULL;
}

void detect_free_p(struct detect **d)
{
	*d = detect_free(*d);
}

bool detect_looks_for(enum indicator_type t)
{
	return t != INDICATOR_NONE && t != INDICATOR_URL && t != INDICATOR_EMAIL &&
	    t < INDICATOR_TYPES;
}

/* Room for one more element of an array that grows by half. */
static int room(void *pp, size_t n, size_t *cap, size_t size)
{
	void *p;

	if (n < *cap)
		return 0;
	size_t more = *cap ? *cap + *cap / 2 : 1024;
	memcpy(&p, pp, sizeof(p));
	p = reallocarray(p, more, size);
	if (!p)
		return -ENOMEM;
	memcpy(pp, &p, sizeof(p));
	*cap = more;
	return 0;
}

static int add_text(struct detect *d, struct span s, uint32_t *ret_at)
{
	if (s.n >= UINT32_MAX - d->ntext)
		return -ENOSPC;
	while (d->captext < d->ntext + s.n + 1) {
		int rc = room(&d->text, d->captext, &d->captext, 1);
		if (rc < 0)
			return rc;
	}
	memcpy(d->text + d->ntext, s.p, s.n);
	d->text[d->ntext + s.n] = 0;
	*ret_at = (uint32_t)d->ntext;
	d->ntext += s.n + 1;
	return 0;
}

/* A text that repeats, kept once. */
static int add_label(struct detect *d, const char *s, uint32_t *ret_at)
{
	struct span key = span_str(s);
	int rc = 0;

	*ret_at = 0;
	if (!s)
		return 0;
	void *old = map_get(&d->labels, key);
	if (old) {
		*ret_at = (uint32_t)(uintptr_t)old;
		return 0;
	}
	key = arena_dup(&d->keys, key, &rc);
	if (rc == 0)
		rc = add_text(d, key, ret_at);
	return rc < 0 ? rc : map_add(&d->labels, key, (void *)(uintptr_t)*ret_at, NULL);
}

static int add_claim(struct detect *d, const struct indicator *i, uint32_t *ret_at)
{
	struct claim c = { .from = i->valid_from, .until = i->valid_until,
		.confidence = i->confidence, .exact = i->exact };
	int rc = add_label(d, i->source, &c.source);

	if (rc == 0)
		rc = add_label(d, i->category, &c.category);
	if (rc == 0)
		rc = add_label(d, i->campaign, &c.campaign);
	if (rc == 0)
		rc = add_label(d, i->note, &c.note);
	if (rc < 0)
		return rc;
	void *old = map_get(&d->claims, span_of(&c, sizeof(c)));
	if (old) {
		*ret_at = (uint32_t)((uintptr_t)old - 1);
		return 0;
	}
	struct span key = arena_dup(&d->keys, span_of(&c, sizeof(c)), &rc);
	if (rc == 0)
		rc = room(&d->claim, d->nclaim, &d->capclaim, sizeof(c));
	if (rc < 0)
		return rc;
	*ret_at = (uint32_t)d->nclaim;
	d->claim[d->nclaim++] = c;
	return map_add(&d->claims, key, (void *)(uintptr_t)d->nclaim, NULL);
}

static bool is_entry(const struct detect *d, uint32_t at, enum indicator_type type, struct span v)
{
	const struct entry *e = &d->entry[at];
	const char *have = d->text + e->value;
	return e->type == type && strncmp(have, (const char *)v.p, v.n) == 0 && have[v.n] == 0;
}

/* The slot that has it, or the empty one where it belongs, with its tag set in *ret_tag.
 * slots > 0. v holds no NUL. */
static size_t find_slot(const struct detect *d, enum indicator_type type, struct span v,
    uint32_t *ret_tag)
{
	uint64_t seed[2] = { d->seed[0] ^ (uint64_t)type, d->seed[1] };
	uint64_t hash = siphash13(seed, v.p, v.n);
	uint32_t tag = (uint32_t)(hash >> 32);
	size_t i = hash & (d->slots - 1);

	while (d->slot[i].at &&
	    (d->slot[i].tag != tag || !is_entry(d, d->slot[i].at - 1, type, v)))
		i = (i + 1) & (d->slots - 1);
	*ret_tag = tag;
	return i;
}

/* Twice as many slots, at 5/8 full. */
static int grow_slots(struct detect *d)
{
	if (d->n < d->slots / 8 * 5)
		return 0;
	size_t slots = d->slots ? d->slots * 2 : 1024;
	uint32_t tag;
	struct slot *slot = calloc(slots, sizeof(*slot));
	if (!slot)
		return -ENOMEM;
	free(d->slot);
	d->slot = slot;
	d->slots = slots;
	for (size_t i = 0; i < d->n; i++) {
		struct span v = span_str(d->text + d->entry[i].value);
		size_t s = find_slot(d, d->entry[i].type, v, &tag);
		d->slot[s] = (struct slot){ (uint32_t)(i + 1), tag };
	}
	return 0;
}

static int add_entry(struct detect *d, const struct indicator *i, struct entry **ret_e)
{
	struct span v = span_str(i->value);
	uint32_t at = 0, tag;

	if (d->n >= DETECT_MAX)
		return -ENOSPC;
	int rc = grow_slots(d);
	if (rc < 0)
		return rc;
	size_t s = find_slot(d, i->type, v, &tag);
	if (!d->slot[s].at) {
		rc = room(&d->entry, d->n, &d->cap, sizeof(*d->entry));
		if (rc == 0)
			rc = add_text(d, v, &at);
		if (rc < 0)
			return rc;
		d->entry[d->n++] = (struct entry){ .value = at, .type = (uint8_t)i->type };
		d->slot[s] = (struct slot){ (uint32_t)d->n, tag };
		d->by_type[i->type]++;
	}
	*ret_e = &d->entry[d->slot[s].at - 1];
	return 0;
}

/* At the end of the entry's claims, unless it is there. */
static int link_claim(struct detect *d, struct entry *e, uint32_t claim)
{
	uint32_t *end = &e->first;

	int rc = room(&d->ref, d->nref, &d->capref, sizeof(*d->ref));
	if (rc < 0)
		return rc;
	for (; *end; end = &d->ref[*end - 1].next)
		if (d->ref[*end - 1].claim == claim)
			return 0;
	d->ref[d->nref++] = (struct ref){ .claim = claim };
	*end = (uint32_t)d->nref;
	return 0;
}

static void note_network(struct detect *d, const struct indicator *i)
{
	const char *slash = strchr(i->value, '/');

	if (slash && (i->type == INDICATOR_IPV4 || i->type == INDICATOR_IPV6)) {
		unsigned bits = (unsigned)atoi(slash + 1);
		d->prefix[i->type == INDICATOR_IPV6][bits / 64] |= 1ull << bits % 64;
	}
}

int detect_add(struct detect *d, const struct indicator *i)
{
	struct entry *e;
	uint32_t claim;

	if (i->valid_from > d->now) {
		d->early++;
		return 0;
	}
	if (!detect_looks_for(i->type)) {
		d->by_type[i->type]++;
		return 0;
	}
	int rc = add_claim(d, i, &claim);
	if (rc == 0)
		rc = add_entry(d, i, &e);
	if (rc == 0)
		rc = link_claim(d, e, claim);
	if (rc == 0)
		note_network(d, i);
	return rc;
}

void detect_stats(const struct detect *d, struct detect_stats *ret_st)
{
	struct detect_stats st = { .indicators = d->n, .claims = d->nref, .early = d->early };

	memcpy(st.n, d->by_type, sizeof(st.n));
	st.memory = d->captext + d->cap * sizeof(*d->entry) + d->slots * sizeof(*d->slot) +
	    d->capref * sizeof(*d->ref) + d->capclaim * sizeof(*d->claim) + d->keys.used;
	*ret_st = st;
}

static bool applies(const struct detect *d, const struct detect_match *m, uint32_t ref)
{
	return !m->parent || !d->claim[d->ref[ref].claim].exact;
}

/* Adds the match of one value, if there is one that applies. */
static size_t probe(const struct detect *d, enum indicator_type type, struct span v, bool parent,
    ts at, struct detect_match *out, size_t n)
{
	if (!d->slots || n == DETECT_MATCHES_MAX)
		return n;
	uint32_t tag, s = d->slot[find_slot(d, type, v, &tag)].at;
	if (!s)
		return n;
	struct detect_match m = { .entry = s - 1, .parent = parent, .expired = true, .at = at };
	bool any = false;
	for (uint32_t r = d->entry[m.entry].first; r; r = d->ref[r - 1].next) {
		if (!applies(d, &m, r - 1))
			continue;
		any = true;
		m.expired &= d->claim[d->ref[r - 1].claim].until <= at;
	}
	if (any)
		out[n++] = m;
	return n;
}

size_t detect_digest(const struct detect *d, const struct digest *x, ts at,
    struct detect_match out[static DETECT_MATCHES_MAX])
{
	enum indicator_type type = indicator_of_digest(x->alg);

	return type ? probe(d, type, span_str(DIGEST_HEX(x)), false, at, out, 0) : 0;
}

/* ASCII letters in lower case; SIZE_MAX when it is longer than max or holds NUL. */
static size_t lower(char *to, size_t max, struct span s)
{
	if (s.n > max)
		return SIZE_MAX;
	for (size_t i = 0; i < s.n; i++) {
		if (!s.p[i])
			return SIZE_MAX;
		to[i] = (char)(s.p[i] >= 'A' && s.p[i] <= 'Z' ? s.p[i] | 0x20 : s.p[i]);
	}
	return s.n;
}

size_t detect_file_name(const struct detect *d, struct span name, ts at,
    struct detect_match out[static DETECT_MATCHES_MAX])
{
	char text[INDICATOR_FILE_NAME_MAX];
	size_t n = lower(text, sizeof(text), name);

	return n == SIZE_MAX ? 0 :
			       probe(d, INDICATOR_FILE_NAME, span_of(text, n), false, at, out, 0);
}

/* Behind the next dot that ends a label (one behind a backslash is part of it), or SIZE_MAX. */
static size_t next_label(const char *s, size_t n, size_t i)
{
	for (; i < n; i++) {
		if (s[i] == '\\')
			i++;
		else if (s[i] == '.')
			return i + 1;
	}
	return SIZE_MAX;
}

size_t detect_name(const struct detect *d, struct span name, ts at,
    struct detect_match out[static DETECT_MATCHES_MAX])
{
	char text[NAME_MAX_TEXT];
	size_t len = lower(text, sizeof(text), name), n = 0;

	if (len == SIZE_MAX || !d->by_type[INDICATOR_DOMAIN])
		return 0;
	if (len && text[len - 1] == '.')
		len--;
	for (size_t i = 0; i != SIZE_MAX;) {
		size_t next = next_label(text, len, i);
		if (next != SIZE_MAX && len - i <= DOMAIN_MAX)
			n = probe(d, INDICATOR_DOMAIN, span_of(text + i, len - i), i > 0, at, out, n);
		i = next;
	}
	return n;
}

/* The network of that size that holds the address, as the text of an indicator. */
static size_t network_text(char *text, size_t cap, int af, const uint8_t *b, unsigned bits)
{
	uint8_t net[16] = { 0 };
	char ip[INET6_ADDRSTRLEN];

	memcpy(net, b, bits / 8);
	if (bits % 8)
		net[bits / 8] = (uint8_t)(b[bits / 8] & (0xff00 >> bits % 8));
	inet_ntop(af, net, ip, sizeof(ip));
	return (size_t)snprintf(text, cap, "%s/%u", ip, bits);
}

static size_t networks(const struct detect *d, int af, const uint8_t *b, ts at,
    struct detect_match *out, size_t n)
{
	const uint64_t *have = d->prefix[af == AF_INET6];
	char text[INET6_ADDRSTRLEN + 8];

	for (unsigned bits = af == AF_INET6 ? 127 : 31; bits > 0; bits--) {
		if (!(have[bits / 64] & 1ull << bits % 64))
			continue;
		size_t len = network_text(text, sizeof(text), af, b, bits);
		n = probe(d, af == AF_INET6 ? INDICATOR_IPV6 : INDICATOR_IPV4, span_of(text, len),
		    true, at, out, n);
	}
	return n;
}

size_t detect_ip(const struct detect *d, int family, const uint8_t *b, uint16_t port, ts at,
    struct detect_match out[static DETECT_MATCHES_MAX])
{
	static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };
	char ip[INET6_ADDRSTRLEN], text[INET6_ADDRSTRLEN + 16];
	size_t n = 0;

	if (family == 6 && memcmp(b, mapped, sizeof(mapped)) == 0) {
		family = 4;
		b += sizeof(mapped);
	}
	if (family != 4 && family != 6)
		return 0;
	int af = family == 6 ? AF_INET6 : AF_INET;
	inet_ntop(af, b, ip, sizeof(ip));
	if (port) {
		int len = snprintf(text, sizeof(text), family == 6 ? "[%s]:%u" : "%s:%u", ip, port);
		n = probe(d, INDICATOR_IP_PORT, span_of(text, (size_t)len), false, at, out, n);
	}
	n = probe(d, family == 6 ? INDICATOR_IPV6 : INDICATOR_IPV4, span_str(ip), false, at, out, n);
	return networks(d, af, b, at, out, n);
}

enum indicator_type detect_type(const struct detect *d, const struct detect_match *m)
{
	return d->entry[m->entry].type;
}

const char *detect_value(const struct detect *d, const struct detect_match *m)
{
	return d->text + d->entry[m->entry].value;
}

static const char *label(const struct detect *d, uint32_t at)
{
	return at ? d->text + at : NULL;
}

bool detect_claim(const struct detect *d, const struct detect_match *m, uint32_t *pos,
    struct indicator *ret_i)
{
	uint32_t r = *pos ? d->ref[*pos - 1].next : d->entry[m->entry].first;

	while (r && !applies(d, m, r - 1))
		r = d->ref[r - 1].next;
	if (!r)
		return false;
	const struct claim *c = &d->claim[d->ref[r - 1].claim];
	*pos = r;
	*ret_i = (struct indicator){ .type = detect_type(d, m), .value = detect_value(d, m),
		.exact = c->exact, .source = label(d, c->source), .category = label(d, c->category),
		.campaign = label(d, c->campaign), .note = label(d, c->note),
		.confidence = c->confidence, .valid_from = c->from, .valid_until = c->until };
	return true;
}
