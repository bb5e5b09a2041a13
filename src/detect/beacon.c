/* SPDX-License-Identifier: Apache-2.0 */

#include "detect/beacon.h"

#include "base/map.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

#define SET 8
#define INTERVALS 48
#define SIZES 32
#define ADMIT 2 /* times seen before it gets a place */
#define HOURS_FULL 12
#define BACK TS_HOUR /* a clock that goes back further was set */
#define BYTES_MIN (256u << 10)
#define JITTER_MAX 10.
#define CLOSE .1 /* of the median */

/* Samples are numbers with 11 bits behind the leading one: within 0.05 %. */
struct pair {
	ts first, last; /* last: the occasion at hand began */
	ts sum;		/* of the intervals, until it is BEACON_WHILE */
	uint32_t connections, intervals, sizes;
	uint32_t hour, run, longest;  /* the last hour with a connection, hours in a row */
	uint16_t interval[INTERVALS]; /* ms */
	uint16_t size[SIZES];
	uint8_t nclient, ndest;
	bool cut;
	uint8_t client[BEACON_CLIENT_MAX];
	uint8_t dest[BEACON_DEST_MAX];
};
_Static_assert(sizeof(struct pair) + sizeof(uint64_t) <= BEACON_PAIR, "as it says");

struct beacons {
	uint64_t salt[2];
	uint64_t *hash; /* 0: free */
	struct pair *pair;
	size_t sets;
	uint8_t *filter; /* how often hashes were seen: two cells each, the smaller counts */
	size_t cells, seen;
	ts now;
	struct beacons_stats stats;
};

int beacons_new(struct beacons **ret_b, size_t bytes, const uint64_t salt[static 2])
{
	struct beacons *b = calloc(1, sizeof(*b));

	if (!b)
		return -ENOMEM;
	if (bytes < BYTES_MIN)
		bytes = BYTES_MIN;
	for (b->cells = 1; b->cells * 2 <= bytes / 16;)
		b->cells *= 2;
	b->sets = (bytes - b->cells) / (SET * BEACON_PAIR);
	b->hash = calloc(b->sets * SET, sizeof(*b->hash));
	b->pair = calloc(b->sets * SET, sizeof(*b->pair));
	b->filter = calloc(b->cells, 1);
	b->now = TS_NONE;
	memcpy(b->salt, salt, sizeof(b->salt));
	b->stats.bytes = bytes;
	if (!b->hash || !b->pair || !b->filter) {
		beacons_free(b);
		return -ENOMEM;
	}
	*ret_b = b;
	return 0;
}

struct beacons *beacons_free(struct beacons *b)
{
	if (b) {
		free(b->hash);
		free(b->pair);
		free(b->filter);
		free(b);
	}
	return NULL;
}

void beacons_free_p(struct beacons **b)
{
	*b = beacons_free(*b);
}

void beacons_stats(const struct beacons *b, struct beacons_stats *ret_s)
{
	*ret_s = b->stats;
}

/* --- samples --- */

static uint16_t pack(uint64_t v)
{
	if (v < 2048)
		return (uint16_t)v;
	unsigned e = 63 - (unsigned)__builtin_clzll(v) - 11;
	return e > 30 ? UINT16_MAX : (uint16_t)((e + 1) << 11 | ((v >> e) & 2047));
}

static uint64_t unpack(uint16_t x)
{
	unsigned e = x >> 11;
	return e ? (uint64_t)(2048 | (x & 2047)) << (e - 1) : x;
}

static uint64_t mix(uint64_t x)
{
	x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9ull;
	x = (x ^ x >> 27) * 0x94d049bb133111ebull;
	return x ^ x >> 31;
}

/* The n-th value (from 0) into the sample of max: each has the same chance to be in it. */
static void sample(uint16_t *s, uint32_t max, uint32_t n, uint64_t v, uint64_t salt)
{
	uint64_t at = n < max ? n : mix(salt + n) % (n + 1ull);

	if (at < max)
		s[at] = pack(v);
}

/* --- pairs --- */

static uint64_t hash_of(const struct beacons *b, struct span client, struct span dest)
{
	const uint64_t own[2] = { b->salt[0] ^ siphash13(b->salt, client.p, client.n), b->salt[1] };
	uint64_t h = siphash13(own, dest.p, dest.n);
	return h ? h : 1;
}

/* Seen often enough to get a place? All counts fade as others come: the filter stays mostly empty.
 */
static bool admitted(struct beacons *b, uint64_t hash)
{
	uint8_t *one = &b->filter[hash % b->cells], *two = &b->filter[(hash >> 32) % b->cells];

	if (*one >= ADMIT && *two >= ADMIT)
		return true;
	*one += *one < ADMIT;
	*two += *two < ADMIT && two != one;
	if (++b->seen >= b->cells / 4) {
		b->seen = 0;
		for (size_t i = 0; i < b->cells; i++)
			b->filter[i] /= 2;
	}
	return false;
}

/* Who makes room: a pair that has no score yet or was silent for a day before one that has, of
 * these the one that was silent longest. */
static bool goes_first(const struct beacons *b, const struct pair *x, const struct pair *y)
{
	bool keep_x = x->intervals >= BEACON_MIN && b->now - x->last < TS_DAY;
	bool keep_y = y->intervals >= BEACON_MIN && b->now - y->last < TS_DAY;
	return keep_x != keep_y ? !keep_x : x->last < y->last;
}

static struct pair *find_pair(struct beacons *b, uint64_t hash, uint64_t **ret_slot)
{
	size_t set = (hash >> 16) % b->sets * SET, take = set;

	for (size_t i = set; i < set + SET; i++) {
		if (b->hash[i] == hash) {
			*ret_slot = NULL;
			return &b->pair[i];
		}
		if (!b->hash[take])
			continue;
		if (!b->hash[i] || goes_first(b, &b->pair[i], &b->pair[take]))
			take = i;
	}
	*ret_slot = &b->hash[take];
	return &b->pair[take];
}

static void begin(struct pair *p, struct span client, struct span dest, ts at)
{
	*p = (struct pair){ .first = at, .last = TS_NONE };
	p->nclient = (uint8_t)client.n;
	p->cut = dest.n > sizeof(p->dest);
	p->ndest = (uint8_t)(p->cut ? sizeof(p->dest) : dest.n);
	if (p->nclient)
		memcpy(p->client, client.p, p->nclient);
	if (p->ndest)
		memcpy(p->dest, dest.p, p->ndest);
}

static void see_hour(struct pair *p, ts at)
{
	uint32_t hour = at > 0 ? (uint32_t)(at / TS_HOUR) : 0;

	if (p->run && hour == p->hour)
		return;
	p->run = p->run && hour == p->hour + 1 ? p->run + 1 : 1;
	p->hour = hour;
	if (p->run > p->longest)
		p->longest = p->run;
}

static void see_time(struct pair *p, ts at, uint64_t salt)
{
	bool again = p->last != TS_NONE;

	if (again && at < p->last + BEACON_APART && at > p->last - BACK)
		return;
	if (again && at > p->last) {
		ts interval = at - p->last;
		if (p->sum < BEACON_WHILE)
			p->sum += interval;
		sample(p->interval, INTERVALS, p->intervals++, (uint64_t)interval / 1000000, salt);
	}
	p->last = at;
	see_hour(p, at);
}

void beacons_see(
    struct beacons *b, struct span client, struct span destination, ts at, uint64_t bytes)
{
	uint64_t hash, *slot;

	if (client.n > BEACON_CLIENT_MAX || at < 0 || at > TS_FOREVER - TS_DAY)
		return;
	hash = hash_of(b, client, destination);
	if (at > b->now)
		b->now = at;
	struct pair *p = find_pair(b, hash, &slot);
	if (slot) {
		if (!admitted(b, hash))
			return;
		b->stats.evicted += *slot != 0;
		b->stats.pairs += *slot == 0;
		*slot = hash;
		begin(p, client, destination, at);
	}
	p->connections += p->connections < UINT32_MAX;
	if (p->intervals < UINT32_MAX)
		see_time(p, at, hash);
	if (bytes && p->sizes < UINT32_MAX)
		sample(p->size, SIZES, p->sizes++, bytes, ~hash);
}

/* --- scores --- */

struct quartiles {
	double q1, q2, q3, mad;
};

static int cmp(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;
	return (x > y) - (x < y);
}

/* Between the two nearest of n sorted values. */
static double quantile(const double *v, uint32_t n, double q)
{
	double at = q * (n - 1);
	uint32_t i = (uint32_t)at;
	return i + 1 < n ? v[i] + (at - i) * (v[i + 1] - v[i]) : v[n - 1];
}

static struct quartiles quartiles_of(const uint16_t *s, uint32_t n)
{
	double v[INTERVALS];
	struct quartiles q;

	for (uint32_t i = 0; i < n; i++)
		v[i] = (double)unpack(s[i]);
	qsort(v, n, sizeof(*v), cmp);
	q.q1 = quantile(v, n, .25);
	q.q2 = quantile(v, n, .5);
	q.q3 = quantile(v, n, .75);
	for (uint32_t i = 0; i < n; i++)
		v[i] = v[i] > q.q2 ? v[i] - q.q2 : q.q2 - v[i];
	qsort(v, n, sizeof(*v), cmp);
	q.mad = quantile(v, n, .5);
	return q;
}

static double part(double v)
{
	return v < 0 ? 0 : v > 1 ? 1 : v;
}

static unsigned percent(double v)
{
	return (unsigned)(100 * v + .5);
}

/* 1 when the quartiles lie even around the median; how they lie says little when they are close. */
static double evenness(const struct quartiles *q)
{
	double wide = q->q3 - q->q1, skew = wide > 0 ? (q->q1 + q->q3 - 2 * q->q2) / wide : 0;
	return 1 - fabs(skew) * part(wide / q->q2 / CLOSE);
}

static void set_score(struct beacon *x, const struct pair *p, const struct quartiles *q)
{
	double rhythm = (evenness(q) + part(1 - q->mad / q->q2)) / 2;
	double narrow = part(1 - (q->q3 - q->q1) / q->q2);
	double hours = part((double)p->longest / HOURS_FULL), size = 0, weight = 80;
	double sum = 35 * rhythm + 25 * narrow + 20 * hours;
	double few = part((double)p->intervals / (2 * BEACON_MIN));
	double brief = part((double)p->sum / (double)BEACON_WHILE);

	if (p->sizes) {
		struct quartiles s = quartiles_of(p->size, p->sizes < SIZES ? p->sizes : SIZES);
		size = part(1 - s.mad / s.q2);
		sum += 20 * size;
		weight += 20;
		x->bytes = (uint64_t)s.q2;
	}
	x->score = percent(sum / weight * (1 + few) / 2 * (1 + brief) / 2);
	x->rhythm = percent(rhythm);
	x->narrow = percent(narrow);
	x->size = percent(size);
	x->hours = percent(hours);
}

static bool describe(const struct pair *p, struct beacon *ret_x)
{
	if (p->intervals < BEACON_MIN)
		return false;
	struct quartiles q =
	    quartiles_of(p->interval, p->intervals < INTERVALS ? p->intervals : INTERVALS);
	*ret_x = (struct beacon){
		.client = span_of(p->client, p->nclient),
		.destination = span_of(p->dest, p->ndest),
		.cut = p->cut,
		.connections = p->connections,
		.first = p->first,
		.last = p->last,
		.interval = (ts)(q.q2 * 1e6),
		.jitter = percent(fmin((q.q3 - q.q1) / q.q2, JITTER_MAX)),
	};
	set_score(ret_x, p, &q);
	return true;
}

int beacons_each(
    struct beacons *b, unsigned least, int (*fn)(void *ctx, const struct beacon *x), void *ctx)
{
	struct beacon x;

	for (size_t i = 0; i < b->sets * SET; i++) {
		if (!b->hash[i] || !describe(&b->pair[i], &x) || x.score < least)
			continue;
		int rc = fn(ctx, &x);
		if (rc < 0)
			return rc;
	}
	return 0;
}
