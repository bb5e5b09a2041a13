/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Bytes of a direction that wait: for those before them, or for more. A list of chunks in order of
 * their sequence numbers, without overlaps. What is in order stays, whatever comes again. Behind a
 * hole, of two segments with other bytes for the same place, the one that begins first has it; of
 * those that begin together the longer one. So does Linux (tcp_data_queue_ofo): a sensor that sees
 * it otherwise than the receiver can be told another name than the receiver.
 */

#include "sense/net/flow_priv.h"

static int32_t apart(uint32_t a, uint32_t b)
{
	return (int32_t)(a - b);
}

static uint32_t end_of(const struct chunk *k)
{
	return k->seq + k->n;
}

static void chunk_free(struct flows *f, uint32_t i)
{
	f->chunk[i].next = f->chunks.free;
	f->chunks.free = i;
	f->chunks_left++;
}

/* 0: none is left. */
static uint32_t chunk_any(struct flows *f)
{
	uint32_t i = f->chunks.free;

	if (!f->chunks_left)
		return 0;
	f->chunks_left--;
	if (!i)
		return f->chunks.top++;
	f->chunks.free = f->chunk[i].next;
	return i;
}

/* The last chunk that begins at or before seq; 0: none does. */
static uint32_t before(const struct flows *f, const struct tcp_half *h, uint32_t seq)
{
	uint32_t at = 0;

	if (h->tail && apart(f->chunk[h->tail].seq, seq) <= 0)
		return h->tail;
	if (h->edge && apart(f->chunk[h->edge].seq, seq) <= 0)
		at = h->edge;
	for (uint32_t i = at ? f->chunk[at].next : h->head; i && apart(f->chunk[i].seq, seq) <= 0;
	    i = f->chunk[i].next)
		at = i;
	return at;
}

/* How far the bytes at base go without a hole. */
static void measure(const struct flows *f, struct tcp_half *h)
{
	uint32_t i = h->edge ? f->chunk[h->edge].next : h->head;

	for (; h->edge; i = f->chunk[i].next) {
		h->avail = end_of(&f->chunk[h->edge]) - h->base;
		if (!i || f->chunk[i].seq != h->base + h->avail)
			return;
		h->edge = i;
	}
	if (i && f->chunk[i].seq == h->base) {
		h->edge = i;
		measure(f, h);
	}
}

/* A segment on its way into the list. */
struct coming {
	uint32_t first, end; /* its sequence numbers */
	uint32_t mark;	     /* chunk.first of what is new of it */
	bool start;
};

static uint32_t insert(
    struct flows *f, struct tcp_half *h, uint32_t prev, uint32_t seq, const struct coming *c)
{
	uint32_t i = h->chunks < FLOW_CHUNKS_MAX ? chunk_any(f) : 0;

	if (!i)
		return 0;
	h->chunks++;
	struct chunk *k = &f->chunk[i];
	uint32_t *link = prev ? &f->chunk[prev].next : &h->head;
	k->next = *link;
	k->seq = seq;
	k->n = 0;
	k->first = c->mark;
	k->start = c->start;
	*link = i;
	if (h->tail == prev)
		h->tail = i;
	return i;
}

/* As much of d as fits behind chunk *at or into a new one. */
static uint32_t put(struct flows *f, struct tcp_half *h, uint32_t *at, uint32_t seq, struct span d,
    const struct coming *c)
{
	struct chunk *k = *at ? &f->chunk[*at] : NULL;

	if (!k || c->start || end_of(k) != seq || k->first != c->mark || k->n == CHUNK_DATA) {
		uint32_t i = insert(f, h, *at, seq, c);
		if (!i)
			return 0;
		*at = i;
		k = &f->chunk[i];
	}
	uint32_t n = CHUNK_DATA - k->n < d.n ? CHUNK_DATA - k->n : (uint32_t)d.n;
	memcpy(k->p + k->n, d.p, n);
	k->n = (uint16_t)(k->n + n);
	return n;
}

/* The end of the segment that chunk i begins, as far as it is held. */
static uint32_t segment_end(const struct flows *f, uint32_t i)
{
	const struct chunk *k = &f->chunk[i];

	while (k->next && f->chunk[k->next].first == k->first && f->chunk[k->next].seq == end_of(k))
		k = &f->chunk[k->next];
	return end_of(k);
}

static bool wins(const struct flows *f, const struct coming *c, uint32_t i)
{
	uint32_t first = f->chunk[i].first;

	return apart(first, c->first) > 0 ||
	       (first == c->first && apart(c->end, segment_end(f, i)) > 0);
}

/* The first n bytes of chunk i, which is behind prev, go. */
static void cut_front(struct flows *f, struct tcp_half *h, uint32_t prev, uint32_t i, uint32_t n)
{
	struct chunk *k = &f->chunk[i];

	if (n < k->n) {
		memmove(k->p, k->p + n, k->n - n);
		k->n = (uint16_t)(k->n - n);
		k->seq += n;
		k->start = false;
		return;
	}
	*(prev ? &f->chunk[prev].next : &h->head) = k->next;
	if (h->tail == i)
		h->tail = prev;
	h->chunks--;
	chunk_free(f, i);
}

/* Chunk i, behind prev, begins where d does. True: it made room for d. */
static bool yields(struct flows *f, struct tcp_half *h, uint32_t prev, uint32_t i, struct span d,
    const struct coming *c)
{
	struct chunk *k = &f->chunk[i];
	uint32_t n = d.n < k->n ? (uint32_t)d.n : k->n;

	if (k->seq - h->base < h->avail || !wins(f, c, i))
		return false;
	if (n == k->n && memcmp(k->p, d.p, n) == 0) {
		k->first = c->mark; /* sent again in larger pieces */
		return false;
	}
	cut_front(f, h, prev, i, n);
	return true;
}

void hold_bytes(struct flows *f, struct tcp_half *h, uint32_t seq, struct span d, bool start)
{
	uint32_t at = before(f, h, seq);
	struct coming c = { seq, seq + (uint32_t)d.n, !start && at ? f->chunk[at].first : seq,
		start };

	if (at && f->chunk[at].seq == seq) /* they begin together */
		at = before(f, h, seq - 1);
	while (d.n) {
		uint32_t next = at ? f->chunk[at].next : h->head, n = 0;
		if (at && apart(end_of(&f->chunk[at]), seq) > 0) { /* there already */
			n = end_of(&f->chunk[at]) - seq;
		} else if (next && f->chunk[next].seq == seq) {
			at = yields(f, h, at, next, d, &c) ? at : next;
			continue;
		} else {
			size_t room = next ? f->chunk[next].seq - seq : d.n;
			n = put(f, h, &at, seq, span_cut(d, 0, room), &c);
			if (!n) {
				f->w->stat[NET_LOSS_MEMORY]++;
				break;
			}
		}
		seq += n;
		d = span_from(d, n);
		c.start = false;
	}
	measure(f, h);
}

struct span hold_gather(struct flows *f, const struct tcp_half *h, bool *ret_start)
{
	uint32_t n = 0;

	*ret_start = f->chunk[h->head].start;
	for (uint32_t i = h->head; n < h->avail; i = f->chunk[i].next) {
		const struct chunk *k = &f->chunk[i];
		if (n >= h->want && n && k->start)
			break;
		if (k->n > FLOW_HELD_MAX - n)
			break;
		memcpy(f->gather + n, k->p, k->n);
		n += k->n;
	}
	return span_of(f->gather, n);
}

static void drop_head(struct flows *f, struct tcp_half *h)
{
	uint32_t i = h->head;

	h->head = f->chunk[i].next;
	if (h->tail == i)
		h->tail = 0;
	if (h->edge == i)
		h->edge = 0;
	h->chunks--;
	chunk_free(f, i);
}

void hold_take(struct flows *f, struct tcp_half *h, uint32_t n)
{
	h->base += n;
	while (h->head && apart(end_of(&f->chunk[h->head]), h->base) <= 0)
		drop_head(f, h);
	h->avail -= n < h->avail ? n : h->avail;
	struct chunk *k = h->head ? &f->chunk[h->head] : NULL;
	if (k && apart(k->seq, h->base) < 0) {
		uint32_t gone = h->base - k->seq;
		memmove(k->p, k->p + gone, k->n - gone);
		k->n = (uint16_t)(k->n - gone);
		k->seq = h->base;
		k->start = false;
	}
	measure(f, h);
}

void hold_drop(struct flows *f, struct tcp_half *h)
{
	while (h->head)
		drop_head(f, h);
	h->avail = 0;
}

bool hold_skip(struct flows *f, struct tcp_half *h)
{
	while (h->edge)
		drop_head(f, h);
	h->avail = 0;
	if (!h->head)
		return false;
	h->base = f->chunk[h->head].seq;
	measure(f, h);
	return true;
}
