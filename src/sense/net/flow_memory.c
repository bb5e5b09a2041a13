/* SPDX-License-Identifier: Apache-2.0 */

/* What the table is made of: one mapping, cut into arrays by the memory that is allowed. */

#include "sense/net/flow_priv.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/mman.h>

#define QUIC_PART 32 /* of the memory */
#define CHUNK_PART 6
#define HUGE (2u << 20)
#define TCP_FLOWS 2 /* flows for each that can be looked at at one time */

static size_t up(size_t n)
{
	return (n + 63) & ~(size_t)63;
}

struct sizes {
	uint32_t flows, tcps, chunks, buckets;
};

static size_t need(const struct sizes *z)
{
	return up(z->flows * sizeof(struct flow)) + up(z->flows * sizeof(struct flow_cold)) +
	       up(z->flows * sizeof(struct ended)) + up(z->tcps * sizeof(struct tcp)) +
	       up(z->chunks * sizeof(struct chunk)) + up(z->buckets * sizeof(uint32_t)) +
	       up(FLOW_HELD_MAX);
}

static struct sizes divide(size_t bytes)
{
	struct sizes z = { .chunks = (uint32_t)(bytes / CHUNK_PART / sizeof(struct chunk)) };
	size_t one = sizeof(struct flow) + sizeof(struct flow_cold) + sizeof(struct ended) +
		     sizeof(struct tcp) / TCP_FLOWS + 2 * sizeof(uint32_t);

	if (z.chunks > 1u << 20)
		z.chunks = 1u << 20;
	size_t left = bytes - z.chunks * sizeof(struct chunk) - FLOW_HELD_MAX - 1024;
	size_t flows = left / one;
	z.flows = flows < 1u << 26 ? (uint32_t)flows : 1u << 26;
	z.tcps = z.flows / TCP_FLOWS;
	/* The power of two below: two entries a bucket at most, on average. */
	for (z.buckets = 64; z.buckets <= z.flows; z.buckets *= 2)
		;
	while (need(&z) > bytes) {
		z.flows -= z.flows / 64 + 1;
		z.tcps = z.flows / TCP_FLOWS;
	}
	return z;
}

static void *carve(char **at, size_t bytes)
{
	void *p = *at;

	*at += up(bytes);
	return p;
}

static int lay_out(struct flows *f, size_t bytes)
{
	struct sizes z = divide(bytes);

	f->mapped = need(&z) + HUGE;
	void *m = mmap(NULL, f->mapped, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (m == MAP_FAILED)
		return -errno;
	f->map = m;
	char *at = m, *begin = at += HUGE - (uintptr_t)m % HUGE;
	f->flow = carve(&at, z.flows * sizeof(*f->flow));
	f->bucket = carve(&at, z.buckets * sizeof(*f->bucket));
	/* These two are touched all over: fewer page table walks. Without them it works as well. */
	(void)madvise(begin, (size_t)(at - begin), MADV_HUGEPAGE);
	f->cold = carve(&at, z.flows * sizeof(*f->cold));
	f->ended = carve(&at, z.flows * sizeof(*f->ended));
	f->tcp = carve(&at, z.tcps * sizeof(*f->tcp));
	f->chunk = carve(&at, z.chunks * sizeof(*f->chunk));
	f->gather = carve(&at, FLOW_HELD_MAX);
	f->mask = z.buckets - 1;
	f->flows = (struct pool){ 0, 1, z.flows };
	f->tcps = (struct pool){ 0, 1, z.tcps };
	f->chunks = (struct pool){ 0, 1, z.chunks };
	f->chunks_left = z.chunks - 1;
	return 0;
}

int flows_new(struct flows **ret_f, struct net_worker *worker, size_t bytes, bool no_flow_events)
{
	size_t quic = bytes / QUIC_PART < 256u << 10 ? 256u << 10 : bytes / QUIC_PART;

	if (bytes < FLOW_MEMORY_MIN)
		return -EINVAL;
	struct flows *f = calloc(1, sizeof(*f));
	if (!f)
		return -ENOMEM;
	f->w = worker;
	f->quiet = no_flow_events;
	f->scanned = INT64_MIN;
	int rc = flow_key_init(f);
	if (!rc)
		rc = quic_table_new(&f->quic, quic);
	if (!rc)
		rc = lay_out(f, bytes - quic);
	if (rc) {
		flows_free(f);
		return rc;
	}
	*ret_f = f;
	return 0;
}

struct flows *flows_free(struct flows *f)
{
	if (!f)
		return NULL;
	quic_table_free(f->quic);
	if (f->map)
		munmap(f->map, f->mapped);
	free(f);
	return NULL;
}
