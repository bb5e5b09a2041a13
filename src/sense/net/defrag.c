/* SPDX-License-Identifier: Apache-2.0 */

/*
 * defrag: one pool of cells of 1 KiB. A cell is either the head of a packet in the making or 126
 * units of eight bytes of one, with a bit for each that is there: bytes go to their place as they
 * come, so a packet takes at most 67 cells and a piece costs what its bytes cost, in whatever order
 * and however many they are.
 */

#include "sense/net/defrag.h"

#include "base/map.h"

#include <errno.h>
#include <stdlib.h>

#define UNIT 8
#define CELL_UNITS 126
#define CELL_DATA (CELL_UNITS * UNIT)
#define END_MAX 65535u
#define CELLS_PER_PACKET ((END_MAX + CELL_DATA - 1) / CELL_DATA)
#define CELLS_MIN 256
#define NONE UINT32_MAX
/* A packet that is complete swallows copies of its pieces for so long: a port that mirrors both
 * sides gives everything twice. Later the number may belong to another packet. */
#define COPIES_LATE (TS_SECOND / 10)

struct cell {
	uint64_t have[2];
	uint8_t data[CELL_DATA];
};

struct key {
	uint8_t src[16], dst[16];
	uint32_t id;
	uint8_t family, proto; /* proto: IPv4 only */
	uint16_t zero;
};

enum state { OPEN, CLOSED }; /* CLOSED: complete, or given up; it has no data any more */

struct head {
	struct key key;
	enum state state;
	uint32_t next;	       /* of the same bucket */
	uint32_t older, newer; /* of the same state */
	ts since;	       /* OPEN: the first piece; CLOSED: when it was closed */
	bool failed;
	uint32_t pieces, got, high, end; /* end: 0 is not known */
	struct packet first;		 /* the piece at 0, or any other until that comes */
	uint32_t cell[CELLS_PER_PACKET];
};

union slot {
	struct cell cell;
	struct head head;
	uint32_t free_next;
};
_Static_assert(sizeof(union slot) == 1024, "a head fits a cell");

struct queue {
	uint32_t oldest, newest;
};

struct defrag {
	uint64_t *stat;
	union slot *pool;
	uint32_t cells, fresh, free; /* fresh: never used from there on */
	struct queue queue[2];	     /* by state */
	uint32_t *bucket;
	uint32_t mask;
	ts now;
	uint8_t out[END_MAX + 1];
};

static struct head *head_at(struct defrag *d, uint32_t i)
{
	return &d->pool[i].head;
}

/* --- the pool --- */

static void cell_free(struct defrag *d, uint32_t i)
{
	d->pool[i].free_next = d->free;
	d->free = i;
}

static void enqueue(struct defrag *d, uint32_t i, enum state state)
{
	struct queue *q = &d->queue[state];
	struct head *h = head_at(d, i);

	h->state = state;
	h->since = d->now;
	h->newer = NONE;
	h->older = q->newest;
	*(q->newest == NONE ? &q->oldest : &head_at(d, q->newest)->newer) = i;
	q->newest = i;
}

static void dequeue(struct defrag *d, uint32_t i)
{
	struct head *h = head_at(d, i);
	struct queue *q = &d->queue[h->state];

	*(h->older == NONE ? &q->oldest : &head_at(d, h->older)->newer) = h->newer;
	*(h->newer == NONE ? &q->newest : &head_at(d, h->newer)->older) = h->older;
}

static uint32_t *bucket_of(struct defrag *d, const struct key *k)
{
	return &d->bucket[siphash13(siphash_seed(), k, sizeof(*k)) & d->mask];
}

static void free_data(struct defrag *d, struct head *h)
{
	for (size_t i = 0; i < CELLS_PER_PACKET; i++) {
		if (h->cell[i] != NONE)
			cell_free(d, h->cell[i]);
		h->cell[i] = NONE;
	}
}

/* Its place is for others; what was not complete is a loss. */
static void forget(struct defrag *d, uint32_t i)
{
	struct head *h = head_at(d, i);
	uint32_t *at = bucket_of(d, &h->key);

	while (*at != i)
		at = &head_at(d, *at)->next;
	*at = h->next;
	if (h->state == OPEN) {
		d->stat[NET_LOSS_FRAGMENTS] += h->pieces;
		free_data(d, h);
	}
	dequeue(d, i);
	cell_free(d, i);
}

/* It takes no more pieces. */
static void close_packet(struct defrag *d, uint32_t i, bool failed)
{
	struct head *h = head_at(d, i);

	if (failed)
		d->stat[NET_LOSS_FRAGMENTS] += h->pieces;
	h->failed = failed;
	free_data(d, h);
	dequeue(d, i);
	enqueue(d, i, CLOSED);
}

/* Never the cells of keep: one packet does not fill the pool. */
static uint32_t cell_new(struct defrag *d, uint32_t keep)
{
	if (d->free == NONE && d->fresh == d->cells) {
		uint32_t old = d->queue[CLOSED].oldest;
		if (old == NONE)
			old = d->queue[OPEN].oldest;
		forget(d, old == keep ? head_at(d, old)->newer : old);
	}
	if (d->free == NONE)
		return d->fresh++;
	uint32_t i = d->free;
	d->free = d->pool[i].free_next;
	return i;
}

/* The clock was set back, or an older file follows: ages begin anew, and what is closed may be
 * another packet of the same number. */
static void set_back(struct defrag *d, ts time)
{
	d->now = time > 0 ? time : 0;
	while (d->queue[CLOSED].oldest != NONE)
		forget(d, d->queue[CLOSED].oldest);
	for (uint32_t i = d->queue[OPEN].oldest; i != NONE; i = head_at(d, i)->newer)
		head_at(d, i)->since = d->now;
}

static void expire(struct defrag *d, ts time)
{
	if (time < d->now - DEFRAG_SECONDS * TS_SECOND)
		set_back(d, time);
	d->now = time > d->now ? time : d->now;
	for (int s = OPEN; s <= CLOSED; s++)
		while (d->queue[s].oldest != NONE &&
		       head_at(d, d->queue[s].oldest)->since < d->now - DEFRAG_SECONDS * TS_SECOND)
			forget(d, d->queue[s].oldest);
}

/* --- packets in the making --- */

static struct key key_of(const struct packet *p)
{
	struct key k = {
		.id = p->frag_id, .family = p->family, .proto = p->family == 4 ? p->proto : 0
	};

	memcpy(k.src, p->src, sizeof(k.src));
	memcpy(k.dst, p->dst, sizeof(k.dst));
	return k;
}

static uint32_t find(struct defrag *d, const struct key *k)
{
	uint32_t i = *bucket_of(d, k);

	while (i != NONE && memcmp(&head_at(d, i)->key, k, sizeof(*k)) != 0)
		i = head_at(d, i)->next;
	return i;
}

static uint32_t begin(struct defrag *d, const struct key *k)
{
	uint32_t i = cell_new(d, NONE);
	uint32_t *bucket = bucket_of(d, k);
	struct head *h = head_at(d, i);

	*h = (struct head){ .key = *k, .next = *bucket };
	memset(h->cell, 0xff, sizeof(h->cell));
	*bucket = i;
	enqueue(d, i, OPEN);
	return i;
}

/* The one that the piece belongs to: a number that was used long enough ago begins anew. */
static uint32_t packet_of(struct defrag *d, const struct packet *p)
{
	struct key k = key_of(p);
	uint32_t i = find(d, &k);

	if (i != NONE && head_at(d, i)->state == CLOSED && !head_at(d, i)->failed &&
	    d->now - head_at(d, i)->since > COPIES_LATE) {
		forget(d, i);
		i = NONE;
	}
	return i != NONE ? i : begin(d, &k);
}

/* --- bytes --- */

static bool has(const struct cell *c, uint32_t unit)
{
	return c->have[unit / 64] >> (unit % 64) & 1;
}

/* What of the piece is there already, in units, and whether it is the same. */
static bool compare(
    struct defrag *d, const struct head *h, uint32_t off, struct span s, uint32_t *ret_units)
{
	bool same = true;

	*ret_units = 0;
	for (uint32_t at = 0; at < s.n; at += UNIT) {
		uint32_t i = h->cell[(off + at) / CELL_DATA], in = (off + at) % CELL_DATA;
		if (i == NONE || !has(&d->pool[i].cell, in / UNIT))
			continue;
		size_t n = s.n - at < UNIT ? s.n - at : UNIT;
		same = same && memcmp(d->pool[i].cell.data + in, s.p + at, n) == 0;
		++*ret_units;
	}
	return same;
}

static void store(struct defrag *d, uint32_t packet, uint32_t off, struct span s)
{
	struct head *h = head_at(d, packet);

	for (uint32_t at = 0; at < s.n; at += UNIT) {
		uint32_t *i = &h->cell[(off + at) / CELL_DATA], in = (off + at) % CELL_DATA;
		if (*i == NONE) {
			*i = cell_new(d, packet);
			memset(d->pool[*i].cell.have, 0, sizeof(d->pool[*i].cell.have));
		}
		struct cell *c = &d->pool[*i].cell;
		if (has(c, in / UNIT))
			continue;
		uint32_t n = s.n - at < UNIT ? (uint32_t)(s.n - at) : UNIT;
		memcpy(c->data + in, s.p + at, n);
		c->have[in / UNIT / 64] |= 1ull << (in / UNIT % 64);
		h->got += n;
	}
}

static struct span gather(struct defrag *d, const struct head *h)
{
	for (uint32_t at = 0; at < h->end; at += CELL_DATA) {
		size_t n = h->end - at < CELL_DATA ? h->end - at : CELL_DATA;
		memcpy(d->out + at, d->pool[h->cell[at / CELL_DATA]].cell.data, n);
	}
	return span_of(d->out, h->end);
}

/* --- pieces --- */

/* RFC 791: all but the last one are whole units; Linux cuts those of IPv4 that are not, and so do
 * we; RFC 8200 section 4.5 has the others refused. False: it can be of no packet. */
static bool sound(const struct packet *p, struct span *ret_s)
{
	*ret_s = p->payload;
	if (p->frag_more && ret_s->n % UNIT) {
		if (p->family == 6)
			return false;
		ret_s->n -= ret_s->n % UNIT;
	}
	return ret_s->n && !p->cut;
}

/* Does it fit what is known of the packet? */
static bool fits(const struct head *h, const struct packet *p, size_t n)
{
	size_t end = p->frag_offset + n;

	if (end > END_MAX || (h->end && end > h->end))
		return false;
	return p->frag_more || (end >= h->high && (!h->end || h->end == end));
}

/* A piece of packet i. False: the packet is none. */
static bool add(struct defrag *d, uint32_t i, const struct packet *p, struct span s)
{
	struct head *h = head_at(d, i);
	uint32_t there;

	if (!fits(h, p, s.n) || !compare(d, h, p->frag_offset, s, &there))
		return false;
	if (p->family == 6 && there && there != (s.n + UNIT - 1) / UNIT)
		return false;
	if (h->pieces == 1 || p->frag_offset == 0) {
		h->first = *p;
		h->first.payload = SPAN_NONE;
	}
	uint32_t end = p->frag_offset + (uint32_t)s.n;
	h->high = end > h->high ? end : h->high;
	if (!p->frag_more)
		h->end = end;
	store(d, i, p->frag_offset, s);
	return true;
}

/* True: with it a packet is complete. */
static bool take(
    struct defrag *d, const struct packet *p, struct packet *ret_first, struct span *ret_body)
{
	struct span s;

	d->stat[NET_STAT_FRAGMENTS]++;
	if (!sound(p, &s)) {
		d->stat[NET_LOSS_FRAGMENTS]++;
		return false;
	}
	uint32_t i = packet_of(d, p);
	struct head *h = head_at(d, i);
	if (h->state == CLOSED) {
		d->stat[NET_LOSS_FRAGMENTS] += h->failed;
		return false;
	}
	h->pieces++;
	if (!add(d, i, p, s)) {
		close_packet(d, i, true);
		return false;
	}
	if (!h->end || h->got != h->end)
		return false;
	*ret_first = h->first;
	*ret_body = gather(d, h);
	close_packet(d, i, false);
	return true;
}

bool defrag_packet(
    struct defrag *d, const struct packet *p, ts time, struct packet *ret_p, int *ret_err)
{
	struct packet piece = *p, first;
	struct span body;

	expire(d, time);
	for (int n = 0; take(d, &piece, &first, &body); n++) {
		*ret_err = packet_decode_body(&first, body, ret_p);
		if (*ret_err != PACKET_FRAGMENT)
			return true;
		if (n == PACKET_TUNNELS_MAX) {
			*ret_p = (struct packet){ 0 };
			*ret_err = PACKET_TUNNEL;
			return true;
		}
		piece = *ret_p;
	}
	return false;
}

void defrag_finish(struct defrag *d)
{
	for (int s = OPEN; s <= CLOSED; s++)
		while (d->queue[s].oldest != NONE)
			forget(d, d->queue[s].oldest);
}

int defrag_new(struct defrag **ret_d, size_t bytes, uint64_t stat[static NET_STATS])
{
	struct defrag *d = calloc(1, sizeof(*d));
	size_t rest = bytes > sizeof(*d) ? bytes - sizeof(*d) : 0;
	size_t cells = rest / (sizeof(union slot) + sizeof(uint32_t));

	if (!d)
		return -ENOMEM;
	cells = cells < CELLS_MIN ? CELLS_MIN : cells > NONE / 2 ? NONE / 2 : cells;
	size_t buckets = 1;
	while (buckets * 2 <= cells)
		buckets *= 2;
	d->stat = stat;
	d->cells = (uint32_t)cells;
	d->mask = (uint32_t)(buckets - 1);
	d->free = NONE;
	d->queue[OPEN] = d->queue[CLOSED] = (struct queue){ NONE, NONE };
	d->now = INT64_MIN / 2;
	d->pool = malloc(cells * sizeof(union slot)); /* its pages come as they are used */
	d->bucket = malloc(buckets * sizeof(uint32_t));
	if (!d->pool || !d->bucket) {
		defrag_free(d);
		return -ENOMEM;
	}
	memset(d->bucket, 0xff, buckets * sizeof(uint32_t));
	*ret_d = d;
	return 0;
}

struct defrag *defrag_free(struct defrag *d)
{
	if (d) {
		free(d->pool);
		free(d->bucket);
	}
	free(d);
	return NULL;
}
