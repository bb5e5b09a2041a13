/* SPDX-License-Identifier: Apache-2.0 */

#include "intel/audit_cover.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

typedef unsigned __int128 address; /* IPv4 as mapped into IPv6 */

struct edge {
	address at;
	enum benign_category c;
	int step; /* +1 starts, -1 is over */
};

struct segment {
	address from;
	uint32_t set;
};

struct audit_cover_set {
	/* Values other than addresses, by a hash of type and text: these are counts, not verdicts. */
	struct {
		uint64_t hash;
		uint32_t set;
	} *slot;
	size_t nslots, used;
	struct edge *edge;
	size_t nedges, cap;
	struct segment *segment; /* sorted; each ends where the next one starts */
	size_t nsegments;
};

#define SLOTS_FIRST 4096

struct audit_cover_set *audit_cover_new(void)
{
	struct audit_cover_set *s = calloc(1, sizeof(*s));

	if (!s)
		return NULL;
	s->nslots = SLOTS_FIRST;
	s->slot = calloc(s->nslots, sizeof(*s->slot));
	if (s->slot)
		return s;
	free(s);
	return NULL;
}

void audit_cover_free(struct audit_cover_set *s)
{
	if (!s)
		return;
	free(s->slot);
	free(s->edge);
	free(s->segment);
	free(s);
}

/* Never 0, which marks a free slot. */
static uint64_t hash(enum indicator_type t, struct span s)
{
	uint64_t h = 0x9e3779b97f4a7c15u * (unsigned)(t + 1);

	for (size_t i = 0; i < s.n; i++)
		h = (h ^ s.p[i]) * 0xff51afd7ed558ccdu + (h >> 47);
	h ^= h >> 32;
	return h ? h : 1;
}

static size_t find(const struct audit_cover_set *s, uint64_t h)
{
	size_t i = h & (s->nslots - 1);

	while (s->slot[i].hash && s->slot[i].hash != h)
		i = (i + 1) & (s->nslots - 1);
	return i;
}

static int grow(struct audit_cover_set *s)
{
	struct audit_cover_set old = *s;

	s->slot = calloc(2 * old.nslots, sizeof(*s->slot));
	if (!s->slot) {
		s->slot = old.slot;
		return -ENOMEM;
	}
	s->nslots = 2 * old.nslots;
	for (size_t i = 0; i < old.nslots; i++)
		if (old.slot[i].hash)
			s->slot[find(s, old.slot[i].hash)] = old.slot[i];
	free(old.slot);
	return 0;
}

static int add_value(struct audit_cover_set *s, enum indicator_type t, const char *value,
    enum benign_category c)
{
	uint64_t h = hash(t, span_str(value));

	if (s->used >= s->nslots / 2 && grow(s) < 0)
		return -ENOMEM;
	size_t i = find(s, h);
	s->used += !s->slot[i].hash;
	s->slot[i].hash = h;
	s->slot[i].set |= 1u << c;
	return 0;
}

static bool is_address(enum indicator_type t)
{
	return t == INDICATOR_IPV4 || t == INDICATOR_IPV6 || t == INDICATOR_IP_PORT;
}

/* The first and last address of "192.0.2.0/24", "192.0.2.1:80", "[2001:db8::1]:80" … */
static bool range_of(const char *value, address *ret_lo, address *ret_hi)
{
	const char *from = value + (value[0] == '['), *colon = strchr(from, ':');
	bool six = colon && strchr(colon + 1, ':');
	size_t n = strcspn(from, six ? "/]" : "/:");
	char text[INET6_ADDRSTRLEN];
	uint8_t b[16] = { [10] = 0xff, [11] = 0xff };
	int prefix = 128;

	if (n >= sizeof(text))
		return false;
	memcpy(text, from, n);
	text[n] = 0;
	if (inet_pton(six ? AF_INET6 : AF_INET, text, six ? b : b + 12) != 1)
		return false;
	if (from[n] == '/')
		prefix = atoi(from + n + 1) + (six ? 0 : 96);
	if (prefix < 0 || prefix > 128)
		return false;
	address a = 0;
	for (size_t i = 0; i < sizeof(b); i++)
		a = a << 8 | b[i];
	address host = prefix == 128 ? 0 : ~(address)0 >> prefix;
	*ret_lo = a & ~host;
	*ret_hi = a | host;
	return true;
}

static int add_range(struct audit_cover_set *s, const char *value, enum benign_category c)
{
	address lo, hi;

	if (!range_of(value, &lo, &hi))
		return 0;
	if (s->nedges + 2 > s->cap) {
		size_t cap = s->cap ? 2 * s->cap : 1024;
		struct edge *e = realloc(s->edge, cap * sizeof(*e));
		if (!e)
			return -ENOMEM;
		s->edge = e;
		s->cap = cap;
	}
	s->edge[s->nedges++] = (struct edge){ lo, c, +1 };
	if (hi != ~(address)0)
		s->edge[s->nedges++] = (struct edge){ hi + 1, c, -1 };
	return 0;
}

int audit_cover_add(struct audit_cover_set *s, enum indicator_type t, const char *value,
    enum benign_category c)
{
	return is_address(t) ? add_range(s, value, c) : add_value(s, t, value, c);
}

static int by_place(const void *x, const void *y)
{
	const struct edge *a = x, *b = y;
	return (a->at > b->at) - (a->at < b->at);
}

int audit_cover_freeze(struct audit_cover_set *s)
{
	int open[BENIGN_CATEGORIES] = { 0 };

	s->segment = calloc(s->nedges + 1, sizeof(*s->segment));
	if (!s->segment)
		return -ENOMEM;
	if (s->nedges)
		qsort(s->edge, s->nedges, sizeof(*s->edge), by_place);
	for (size_t i = 0; i < s->nedges;) {
		address at = s->edge[i].at;
		uint32_t set = 0;
		for (; i < s->nedges && s->edge[i].at == at; i++)
			open[s->edge[i].c] += s->edge[i].step;
		for (enum benign_category c = 0; c < BENIGN_CATEGORIES; c++)
			set |= (uint32_t)(open[c] > 0) << c;
		s->segment[s->nsegments++] = (struct segment){ at, set };
	}
	return 0;
}

static size_t segment_of(const struct audit_cover_set *s, address a)
{
	size_t lo = 0, hi = s->nsegments;

	while (lo < hi) {
		size_t mid = (lo + hi) / 2;
		if (s->segment[mid].from <= a)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo; /* one behind it; 0: before the first */
}

static void look_address(const struct audit_cover_set *s, const char *value, uint32_t *ret_below)
{
	address lo, hi;
	uint32_t set = UINT32_MAX;

	if (!range_of(value, &lo, &hi))
		return;
	for (size_t i = segment_of(s, lo), end = segment_of(s, hi); i <= end; i++)
		set &= i ? s->segment[i - 1].set : 0;
	*ret_below = set;
}

void audit_cover_look(const struct audit_cover_set *s, enum indicator_type t, const char *value,
    uint32_t *ret_on, uint32_t *ret_below)
{
	struct span name = span_str(value);

	*ret_on = *ret_below = 0;
	if (is_address(t)) {
		look_address(s, value, ret_below);
		return;
	}
	size_t i = find(s, hash(t, name));
	*ret_on = s->slot[i].hash ? s->slot[i].set : 0;
	for (size_t dot; t == INDICATOR_DOMAIN && (dot = span_find(name, '.')) != SIZE_MAX;) {
		name = span_from(name, dot + 1);
		i = find(s, hash(t, name));
		*ret_below |= s->slot[i].hash ? s->slot[i].set : 0;
	}
}
