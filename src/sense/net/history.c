/* SPDX-License-Identifier: Apache-2.0 */

#include "sense/net/history.h"

#define ALIGN 8u

struct kept {
	uint64_t before; /* of the same chain, plus 1; 0: none */
	uint64_t flow, packet;
	ts time;
	uint32_t link, sent, captured, zero;
};

void history_init(struct history *y, struct history_head *h, void *data, uint64_t size)
{
	FB_ASSERT(size >= HISTORY_MIN && (size & (size - 1)) == 0);
	*y = (struct history){ .h = h, .data = data, .size = size };
}

static size_t chain_of(uint64_t flow)
{
	return (size_t)((flow * 0x9e3779b97f4a7c15ull) >> 32) % HISTORY_FLOWS;
}

static uint64_t length(uint32_t captured)
{
	return (sizeof(struct kept) + captured + ALIGN - 1) & ~(uint64_t)(ALIGN - 1);
}

void history_keep(struct history *y, const struct history_packet *p)
{
	uint64_t need = length((uint32_t)p->bytes.n), at = y->put & (y->size - 1);
	_Atomic uint64_t *last = &y->h->last[chain_of(p->flow)];

	if (p->bytes.n > y->size / 8)
		return;
	if (at + need > y->size) {
		y->put += y->size - at;
		at = 0;
	}
	struct kept k = {
		.before = atomic_load_explicit(last, memory_order_relaxed),
		.flow = p->flow,
		.packet = p->packet,
		.time = p->time,
		.link = p->link,
		.sent = p->sent,
		.captured = (uint32_t)p->bytes.n,
	};
	/* Said before it is done: who copies meanwhile finds out afterwards. */
	atomic_store(&y->h->taken, y->put + need);
	atomic_thread_fence(memory_order_seq_cst);
	memcpy(y->data + at, &k, sizeof(k));
	if (p->bytes.n)
		memcpy(y->data + at + sizeof(k), p->bytes.p, p->bytes.n);
	atomic_store_explicit(last, y->put + 1, memory_order_release);
	y->put += need;
}

/* Copies the packet at pos. False: it is not there any more, or never was. */
static bool copy(const struct history *y, uint64_t pos, struct kept *k, uint8_t *buf, size_t size,
    struct span *ret)
{
	uint64_t at = pos & (y->size - 1);

	if (pos % ALIGN || at + sizeof(*k) > y->size)
		return false;
	memcpy(k, y->data + at, sizeof(*k));
	bool whole = k->captured <= y->size / 8 && at + length(k->captured) <= y->size &&
		     k->captured <= size;
	if (whole && k->captured)
		memcpy(buf, y->data + at + sizeof(*k), k->captured);
	*ret = span_of(buf, whole ? k->captured : 0);
	atomic_thread_fence(memory_order_seq_cst);
	uint64_t taken = atomic_load(&y->h->taken);
	return whole && pos < taken && taken - pos <= y->size;
}

size_t history_find(const struct history *y, uint64_t flow, uint8_t *buf, size_t size,
    struct history_packet *ret_p, size_t max)
{
	uint64_t pos = atomic_load(&y->h->last[chain_of(flow)]);
	size_t n = 0, used = 0;
	struct span bytes;
	struct kept k;

	for (unsigned i = 0; i < HISTORY_CHAIN && pos && n < max; i++) {
		if (!copy(y, pos - 1, &k, buf + used, size - used, &bytes))
			break;
		if (k.flow == flow) {
			ret_p[n++] = (struct history_packet){ k.flow, k.packet, k.time, k.link,
				k.sent, bytes };
			used += bytes.n;
		}
		if (k.before >= pos)
			break;
		pos = k.before;
	}
	return n;
}
