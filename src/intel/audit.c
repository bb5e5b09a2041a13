/* SPDX-License-Identifier: Apache-2.0 */

#include "intel/audit.h"

#include "intel/audit_cover.h"
#include "intel/poison.h"

#include <errno.h>
#include <stdlib.h>

#define SOURCES_OF_ONE_MAX 4096 /* sources of one value that are looked at */

struct audit {
	struct weigh_rules rules;
	ts now;
	struct audit_cover_set *cover;
	bool frozen;
	struct audit_feed *feed;
	size_t nfeeds, cap;
	uint32_t *slot; /* of feeds, by name; nslots a power of two; 0: free */
	size_t nslots;
	uint64_t *shared; /* [AUDIT_COMPARED][AUDIT_COMPARED] */
	uint64_t listed[BENIGN_CATEGORIES], entries, single;
	/* The value at hand. */
	enum indicator_type type;
	char value[INDICATOR_VALUE_MAX + 1];
	struct {
		uint32_t feed;
		bool expired, faded;
		ts seen;
	} by[SOURCES_OF_ONE_MAX];
	size_t n;
};

const char *audit_age_name(enum audit_age a)
{
	static const char *const names[AUDIT_AGES] = { "7d", "30d", "90d", "365d", "older", "undated" };
	return a < AUDIT_AGES ? names[a] : "";
}

int audit_new(struct audit **ret_a, const struct weigh_rules *rules, ts now)
{
	AUTO_AUDIT struct audit *a = calloc(1, sizeof(*a));

	if (!a)
		return -ENOMEM;
	a->rules = rules ? *rules : weigh_rules_default;
	a->now = now;
	a->nslots = 256;
	a->slot = calloc(a->nslots, sizeof(*a->slot));
	a->shared = calloc((size_t)AUDIT_COMPARED * AUDIT_COMPARED, sizeof(*a->shared));
	a->cover = audit_cover_new();
	if (!a->slot || !a->shared || !a->cover)
		return -ENOMEM;
	*ret_a = TAKE_PTR(a);
	return 0;
}

struct audit *audit_free(struct audit *a)
{
	if (!a)
		return NULL;
	for (size_t i = 0; i < a->nfeeds; i++)
		free((char *)(uintptr_t)a->feed[i].source);
	free(a->feed);
	free(a->slot);
	free(a->shared);
	audit_cover_free(a->cover);
	free(a);
	return NULL;
}

void audit_free_p(struct audit **a)
{
	*a = audit_free(*a);
}

int audit_benign(struct audit *a, const struct indicator *i)
{
	enum benign_category c = benign_of(i);

	if (i->valid_until <= a->now)
		return 0;
	a->listed[c]++;
	return audit_cover_add(a->cover, i->type, i->value, c);
}

/* FNV-1a. */
static uint64_t hash(const char *s)
{
	uint64_t h = 0xcbf29ce484222325u;

	for (; *s; s++)
		h = (h ^ (uint8_t)*s) * 0x100000001b3u;
	return h ^ h >> 32;
}

static uint32_t *slot_of(struct audit *a, const char *source)
{
	size_t i = hash(source) & (a->nslots - 1);

	while (a->slot[i] && strcmp(a->feed[a->slot[i] - 1].source, source) != 0)
		i = (i + 1) & (a->nslots - 1);
	return &a->slot[i];
}

static int grow(struct audit *a)
{
	size_t cap = a->cap ? 2 * a->cap : 64;
	struct audit_feed *feed = realloc(a->feed, cap * sizeof(*feed));
	uint32_t *slot = calloc(4 * cap, sizeof(*slot));

	if (feed)
		a->feed = feed;
	if (!feed || !slot) {
		free(slot);
		return -ENOMEM;
	}
	free(a->slot);
	a->slot = slot;
	a->nslots = 4 * cap;
	a->cap = cap;
	for (size_t i = 0; i < a->nfeeds; i++)
		*slot_of(a, a->feed[i].source) = (uint32_t)i + 1;
	return 0;
}

static int feed_of(struct audit *a, const char *source, uint32_t *ret_i)
{
	uint32_t *s = slot_of(a, source);

	if (*s) {
		*ret_i = *s - 1;
		return 0;
	}
	if (a->nfeeds == AUDIT_FEEDS_MAX)
		return -ENOMEM;
	if (a->nfeeds == a->cap && grow(a) < 0)
		return -ENOMEM;
	char *name = strdup(source);
	if (!name)
		return -ENOMEM;
	a->feed[a->nfeeds] = (struct audit_feed){ .source = name, .number = a->nfeeds,
		.newest = TS_NONE, .oldest = TS_NONE };
	*ret_i = (uint32_t)a->nfeeds++;
	*slot_of(a, source) = *ret_i + 1;
	return 0;
}

static enum audit_age age_of(ts seen, ts now)
{
	static const ts limit[] = { 7 * TS_DAY, 30 * TS_DAY, 90 * TS_DAY, 365 * TS_DAY };
	enum audit_age a = AUDIT_WEEK;

	if (seen == TS_NONE)
		return AUDIT_UNDATED;
	while (a < AUDIT_OLDER && now - seen > limit[a])
		a++;
	return a;
}

static void count_age(struct audit_feed *f, ts seen, ts now)
{
	f->ages[age_of(seen, now)]++;
	if (seen == TS_NONE)
		return;
	if (f->newest == TS_NONE || seen > f->newest)
		f->newest = seen;
	if (f->oldest == TS_NONE || seen < f->oldest)
		f->oldest = seen;
}

/* Being a tenant of a house is no excuse: it does not count as being listed. */
static void count_cover(struct audit_cover *of, struct audit_cover *any, uint32_t on, uint32_t below)
{
	const uint32_t houses = 1u << BENIGN_SUFFIX | 1u << BENIGN_HOSTING;

	below &= ~(1u << BENIGN_SUFFIX);
	any->on += on != 0;
	any->below += !on && below & ~houses;
	for (enum benign_category c = BENIGN_SINKHOLE; c < BENIGN_CATEGORIES; c++) {
		of[c].on += on >> c & 1;
		of[c].below += (below & ~on) >> c & 1;
	}
}

static void count(struct audit *a, struct audit_feed *f, uint32_t on, uint32_t below)
{
	f->entries++;
	f->kinds[a->type]++;
	f->only += a->n == 1;
	switch (a->type) {
	case INDICATOR_DOMAIN:
		count_cover(f->names, &f->any_name, on, below);
		break;
	case INDICATOR_IPV4:
	case INDICATOR_IPV6:
	case INDICATOR_IP_PORT:
		count_cover(f->addresses, &f->any_address, on, below);
		break;
	default:
		count_cover(f->others, &f->any_other, on, below);
	}
}

/* Everything that is the same for each source of the value is found out once. */
static void finish(struct audit *a)
{
	uint32_t on = 0, below = 0;
	const char *why;

	if (!a->n)
		return;
	audit_cover_look(a->cover, a->type, a->value, &on, &below);
	enum poison p = poison_of(a->type, a->value, &why);
	bool own = (on | below) & 1u << BENIGN_OWN;
	bool tenant = a->type == INDICATOR_DOMAIN && p == POISON_NONE &&
	    (on & (1u << BENIGN_SUFFIX | 1u << BENIGN_HOSTING) ||
		poison_hosting(span_str(a->value)).n == strlen(a->value));
	a->entries++;
	a->single += a->n == 1;
	for (size_t i = 0; i < a->n; i++) {
		struct audit_feed *f = &a->feed[a->by[i].feed];
		count(a, f, on, below);
		count_age(f, a->by[i].seen, a->now);
		f->held_own += own;
		f->held_poison += !own && p == POISON_HELD;
		f->held_private += !own && p == POISON_PRIVATE;
		f->tenants += tenant;
		f->expired += a->by[i].expired;
		f->faded += a->by[i].faded;
		for (size_t k = 0; k < a->n; k++)
			if (k != i && a->by[i].feed < AUDIT_COMPARED && a->by[k].feed < AUDIT_COMPARED)
				a->shared[a->by[i].feed * AUDIT_COMPARED + a->by[k].feed]++;
	}
	a->n = 0;
}

static bool is_instant(ts t)
{
	return t != TS_NONE && t != TS_FOREVER && t != 0;
}

int audit_bad(struct audit *a, const struct indicator *i)
{
	uint32_t feed = 0;
	size_t k = 0;

	if (!a->frozen) {
		a->frozen = true;
		if (audit_cover_freeze(a->cover) < 0)
			return -ENOMEM;
	}
	if (a->n && (a->type != i->type || strcmp(a->value, i->value) != 0))
		finish(a);
	if (!a->n) {
		a->type = i->type;
		size_t len = strnlen(i->value, INDICATOR_VALUE_MAX);
		memcpy(a->value, i->value, len);
		a->value[len] = 0;
	}
	if (feed_of(a, i->source ? i->source : "", &feed) < 0)
		return -ENOMEM;
	while (k < a->n && a->by[k].feed != feed)
		k++;
	bool expired = i->valid_until <= a->now;
	bool faded = !expired && i->confidence >= WEIGH_BLOCK_MIN &&
	    weigh_aged(&a->rules, i, a->now) < WEIGH_BLOCK_MIN;
	if (k < a->n) {
		a->by[k].expired &= expired;
		a->by[k].faded &= faded;
		return 0;
	}
	if (a->n == SOURCES_OF_ONE_MAX)
		return 0;
	a->by[a->n].feed = feed;
	a->by[a->n].expired = expired;
	a->by[a->n].faded = faded;
	a->by[a->n++].seen = is_instant(i->last_seen) ? i->last_seen :
	    is_instant(i->first_seen)		      ? i->first_seen :
							TS_NONE;
	return 0;
}

static int by_size(const void *x, const void *y)
{
	const struct audit_feed *a = x, *b = y;

	return a->entries != b->entries ? (a->entries < b->entries) - (a->entries > b->entries) :
					  strcmp(a->source, b->source);
}

int audit_end(struct audit *a)
{
	finish(a);
	if (a->nfeeds)
		qsort(a->feed, a->nfeeds, sizeof(*a->feed), by_size);
	return 0;
}

size_t audit_feeds(const struct audit *a)
{
	return a->nfeeds;
}

const struct audit_feed *audit_feed(const struct audit *a, size_t i)
{
	return i < a->nfeeds ? &a->feed[i] : NULL;
}

uint64_t audit_shared(const struct audit *a, const struct audit_feed *x, const struct audit_feed *y)
{
	return x->number < AUDIT_COMPARED && y->number < AUDIT_COMPARED ?
	    a->shared[x->number * AUDIT_COMPARED + y->number] :
	    0;
}

uint64_t audit_entries(const struct audit *a)
{
	return a->entries;
}

uint64_t audit_single(const struct audit *a)
{
	return a->single;
}

uint64_t audit_listed(const struct audit *a, enum benign_category c)
{
	return c < BENIGN_CATEGORIES ? a->listed[c] : 0;
}
