/* SPDX-License-Identifier: Apache-2.0 */

#include "sense/net/quic_table.h"

#include <errno.h>
#include <stdlib.h>

struct quic_piece {
	uint64_t map[QUIC_SLAB / 64]; /* a bit for each byte that is there */
	uint8_t b[QUIC_SLAB];
};

/* --- memory --- */

int quic_table_new(struct quic_table **ret_q, size_t bytes)
{
	struct quic_table *q = calloc(1, sizeof(*q));
	size_t room = bytes > QUIC_TABLE_MIN ? bytes : QUIC_TABLE_MIN, left, buckets = 64;
	size_t over = 512;
	int rc;

	if (!q)
		return -ENOMEM;
	/* What is not touched costs nothing. Up to an eighth for flows, a third of the rest for
	 * connections, what is left for bytes. */
	while (2 * over * sizeof(*q->over) <= room / 8)
		over *= 2;
	left = room - sizeof(*q) - QUIC_PACKET_MAX /* crypto's own */ - over * sizeof(*q->over);
	q->conns = (uint32_t)(left / 3 / (sizeof(*q->conn) + 2 * sizeof(*q->hash)));
	q->pieces = (uint16_t)(left / 3 * 2 / sizeof(*q->piece) < UINT16_MAX - 1
				   ? left / 3 * 2 / sizeof(*q->piece)
				   : UINT16_MAX - 1);
	while (buckets < q->conns)
		buckets *= 2;
	q->hash_mask = (uint32_t)buckets - 1;
	q->over_mask = (uint32_t)over - 1;
	q->over = calloc(over, sizeof(*q->over));
	q->hash = calloc(buckets, sizeof(*q->hash));
	q->conn = calloc(q->conns + 1, sizeof(*q->conn));
	q->piece = calloc(q->pieces + 1u, sizeof(*q->piece));
	rc = q->over && q->hash && q->conn && q->piece ? quic_crypto_new(&q->crypto) : -ENOMEM;
	if (rc < 0) {
		quic_table_free(q);
		return rc;
	}
	*ret_q = q;
	return 0;
}

struct quic_table *quic_table_free(struct quic_table *q)
{
	if (!q)
		return NULL;
	quic_crypto_free(q->crypto);
	free(q->over);
	free(q->hash);
	free(q->conn);
	free(q->piece);
	free(q);
	return NULL;
}

/* --- lists --- */

static uint32_t index_of(const struct quic_table *q, const struct quic_conn *c)
{
	return (uint32_t)(c - q->conn);
}

static void unlist(struct quic_table *q, struct quic_conn *c)
{
	unsigned l = c->slabs > 0;

	if (c->older)
		q->conn[c->older].newer = c->newer;
	else
		q->list[l].oldest = c->newer;
	if (c->newer)
		q->conn[c->newer].older = c->older;
	else
		q->list[l].newest = c->older;
}

static void enlist(struct quic_table *q, struct quic_conn *c)
{
	unsigned l = c->slabs > 0;

	c->newer = 0;
	c->older = q->list[l].newest;
	if (c->older)
		q->conn[c->older].newer = index_of(q, c);
	else
		q->list[l].oldest = index_of(q, c);
	q->list[l].newest = index_of(q, c);
}

void quic_table_touch(struct quic_table *q, struct quic_conn *c)
{
	if (!c->newer)
		return;
	unlist(q, c);
	enlist(q, c);
}

static void set_slabs(struct quic_table *q, struct quic_conn *c, uint16_t n)
{
	bool moves = (n > 0) != (c->slabs > 0);

	if (moves)
		unlist(q, c);
	c->slabs = n;
	if (moves)
		enlist(q, c);
}

/* --- connections --- */

static uint32_t mix(uint64_t flow)
{
	return (uint32_t)(flow * 0x9e3779b97f4a7c15u >> 32);
}

static uint32_t *bucket(struct quic_table *q, uint64_t flow)
{
	return &q->hash[mix(flow) & q->hash_mask];
}

bool quic_table_knew(const struct quic_table *q, uint64_t flow)
{
	return q->over[mix(flow) & q->over_mask] == flow + 1;
}

struct quic_conn *quic_table_find(struct quic_table *q, uint64_t flow)
{
	for (uint32_t i = *bucket(q, flow); i; i = q->conn[i].link)
		if (q->conn[i].flow == flow)
			return &q->conn[i];
	return NULL;
}

static void give_up(struct net_worker *w, struct quic_table *q, struct quic_conn *c)
{
	uint32_t *at = bucket(q, c->flow);

	if (c->given)
		q->over[mix(c->flow) & q->over_mask] = c->flow + 1;
	quic_conn_settle(w, q, c, NET_LOSS_OPEN_EVICTED);
	while (*at != index_of(q, c))
		at = &q->conn[*at].link;
	*at = c->link;
	unlist(q, c);
	c->link = q->free_conn;
	q->free_conn = index_of(q, c);
}

struct quic_conn *quic_table_add(struct net_worker *w, struct quic_table *q, uint64_t flow)
{
	struct quic_conn *c;
	uint32_t i, *at = bucket(q, flow);

	if (!q->free_conn && q->used == q->conns) {
		i = q->list[0].oldest ? q->list[0].oldest : q->list[1].oldest;
		give_up(w, q, &q->conn[i]);
	}
	i = q->free_conn ? q->free_conn : ++q->used;
	c = &q->conn[i];
	if (q->free_conn)
		q->free_conn = c->link;
	memset(c, 0, sizeof(*c));
	c->flow = flow;
	c->link = *at;
	*at = i;
	enlist(q, c);
	return c;
}

void quic_conn_settle(
    struct net_worker *w, struct quic_table *q, struct quic_conn *c, enum net_stat loss)
{
	quic_stream_drop(q, c, QUIC_CLIENT);
	quic_stream_drop(q, c, QUIC_SERVER);
	if (c->settled)
		return;
	c->settled = true;
	if (!c->opened)
		w->stat[NET_LOSS_BAD_QUIC] += c->bad;
	else if (!c->given)
		w->stat[loss]++;
}

void quic_conn_renew(struct net_worker *w, struct quic_table *q, struct quic_conn *c)
{
	quic_conn_settle(w, q, c, NET_LOSS_GAP);
	struct quic_conn keep = *c;
	memset(c, 0, sizeof(*c));
	c->flow = keep.flow;
	c->link = keep.link;
	c->older = keep.older;
	c->newer = keep.newer;
	c->turned = keep.turned;
}

void quic_table_finish(struct net_worker *w, struct quic_table *q)
{
	for (unsigned l = 0; l < 2; l++)
		for (uint32_t i = q->list[l].oldest, next; i; i = next) {
			next = q->conn[i].newer;
			quic_conn_settle(w, q, &q->conn[i], NET_LOSS_GAP);
		}
}

/* --- bytes --- */

static uint16_t new_piece(struct net_worker *w, struct quic_table *q, const struct quic_conn *mine)
{
	uint16_t i;

	if (!q->free_piece && q->pieces_used == q->pieces) {
		struct quic_conn *c = &q->conn[q->list[1].oldest];
		if (c == mine)
			c = &q->conn[c->newer];
		if (c == q->conn)
			return 0;
		/* It stays known, so that its next packets count as no connection of their own. */
		quic_conn_settle(w, q, c, NET_LOSS_OPEN_EVICTED);
		c->done = true;
	}
	i = q->free_piece ? q->free_piece : ++q->pieces_used;
	if (q->free_piece)
		memcpy(&q->free_piece, q->piece[i].b, sizeof(q->free_piece));
	memset(q->piece[i].map, 0, sizeof(q->piece[i].map));
	return i;
}

void quic_stream_drop(struct quic_table *q, struct quic_conn *c, enum quic_side side)
{
	uint16_t *slab = c->in[side].slab, freed = 0;

	for (unsigned i = 0; i < QUIC_SLABS; i++) {
		if (!slab[i])
			continue;
		memcpy(q->piece[slab[i]].b, &q->free_piece, sizeof(q->free_piece));
		q->free_piece = slab[i];
		slab[i] = 0;
		freed++;
	}
	set_slabs(q, c, (uint16_t)(c->slabs - freed));
}

/* n bytes at `at` of a piece: those that were there stay. */
static void fill(struct quic_piece *p, size_t at, const uint8_t *from, size_t n)
{
	while (n) {
		size_t bit = at % 64, run = 64 - bit < n ? 64 - bit : n;
		uint64_t *map = &p->map[at / 64];
		uint64_t mask = (run == 64 ? ~0ull : (1ull << run) - 1) << bit;

		if (!(*map & mask))
			memcpy(p->b + at, from, run);
		else
			for (uint64_t m = mask & ~*map; m; m &= m - 1) {
				size_t i = (size_t)__builtin_ctzll(m);
				p->b[at - bit + i] = from[i - bit];
			}
		*map |= mask;
		at += run;
		from += run;
		n -= run;
	}
}

/* How far it goes on without a hole from `have` on. */
static uint32_t extend(const struct quic_table *q, const struct quic_stream *s)
{
	uint32_t at = s->have;

	while (at < QUIC_HELLO_MAX && s->slab[at / QUIC_SLAB]) {
		uint64_t map = q->piece[s->slab[at / QUIC_SLAB]].map[at % QUIC_SLAB / 64];
		uint64_t missing = ~map >> (at % 64);
		if (missing)
			return at + (uint32_t)__builtin_ctzll(missing);
		at += 64 - at % 64;
	}
	return at;
}

enum net_stat quic_stream_put(struct net_worker *w, struct quic_table *q, struct quic_conn *c,
    enum quic_side side, uint64_t offset, struct span data)
{
	struct quic_stream *s = &c->in[side];
	size_t at, run;

	if (offset > QUIC_HELLO_MAX || data.n > QUIC_HELLO_MAX - offset)
		return NET_LOSS_LONG;
	for (at = (size_t)offset; data.n; at += run, data = span_from(data, run)) {
		uint16_t *slab = &s->slab[at / QUIC_SLAB];
		size_t in = at % QUIC_SLAB;
		run = QUIC_SLAB - in < data.n ? QUIC_SLAB - in : data.n;
		if (!*slab) {
			uint16_t i = new_piece(w, q, c);
			if (!i)
				return NET_LOSS_MEMORY;
			*slab = i;
			set_slabs(q, c, (uint16_t)(c->slabs + 1));
		}
		fill(&q->piece[*slab], in, data.p, run);
	}
	s->have = extend(q, s);
	return 0;
}

struct span quic_stream_bytes(struct quic_table *q, const struct quic_conn *c, enum quic_side side)
{
	const struct quic_stream *s = &c->in[side];
	size_t n = s->have - s->from, in = s->from % QUIC_SLAB, at = 0, run;

	if (!n)
		return SPAN_NONE;
	if (n <= QUIC_SLAB - in)
		return span_of(q->piece[s->slab[s->from / QUIC_SLAB]].b + in, n);
	for (; at < n; at += run) {
		in = (s->from + at) % QUIC_SLAB;
		run = QUIC_SLAB - in < n - at ? QUIC_SLAB - in : n - at;
		memcpy(q->whole + at, q->piece[s->slab[(s->from + at) / QUIC_SLAB]].b + in, run);
	}
	return span_of(q->whole, n);
}
