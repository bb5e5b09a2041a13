/* SPDX-License-Identifier: Apache-2.0 */

/* Bytes of a direction that wait: for those before them, or for more. A list of chunks in order of
 * their sequence numbers, without overlaps: what came first stays. */

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

static uint32_t insert(struct flows *f, struct tcp_half *h, uint32_t prev, uint32_t seq, bool start)
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
	k->start = start;
	*link = i;
	if (h->tail == prev)
		h->tail = i;
	return i;
}

/* As much of d as fits behind chunk *at or into a new one; room: up to the next chunk. */
static uint32_t put(
    struct flows *f, struct tcp_half *h, uint32_t *at, uint32_t seq, struct span d, bool start)
{
	struct chunk *k = *at ? &f->chunk[*at] : NULL;

	if (!k || start || end_of(k) != seq || k->n == CHUNK_DATA) {
		uint32_t i = insert(f, h, *at, seq, start);
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

void hold_bytes(struct flows *f, struct tcp_half *h, uint32_t seq, struct span d, bool start)
{
	uint32_t at = before(f, h, seq);

	while (d.n) {
		uint32_t next = at ? f->chunk[at].next : h->head, n = 0;
		if (at && apart(end_of(&f->chunk[at]), seq) > 0) { /* there already */
			n = end_of(&f->chunk[at]) - seq;
		} else if (next && f->chunk[next].seq == seq) {
			at = next;
			continue;
		} else {
			size_t room = next ? f->chunk[next].seq - seq : d.n;
			n = put(f, h, &at, seq, span_cut(d, 0, room), start);
			if (!n) {
				f->w->stat[NET_LOSS_MEMORY]++;
				break;
			}
		}
		seq += n;
		d = span_from(d, n);
		start = false;
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
