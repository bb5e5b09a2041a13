/* SPDX-License-Identifier: Apache-2.0 */

#include "sense/net/net.h"

#include "sandbox/crew.h"
#include "sense/net/board.h"
#include "sense/net/collect.h"
#include "sense/net/event_wire.h"
#include "sense/net/feed.h"
#include "sense/net/worker.h"

#include <errno.h>
#include <signal.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/mman.h>

#define WORKER_MEMORY                                                                              \
	(10u << 20)		/* a worker gets at least this; with less there are fewer of them */
#define WORKER_FIXED (2u << 20) /* of it: what a worker needs before it sees a packet */
#define COLLECTOR_FIXED (2u << 20)
#define DECODER_LEAST (2u << 20)
#define RING_LEAST (512u << 10)
#define RING_MOST (4u << 20)
#define EVIDENCE_BYTES (1u << 20)
#define EVIDENCE_PACKETS 256 /* the latest of a flow */
#define HEAP (16u << 20)     /* beyond what a worker has when it is confined: a limit, not a need */

struct net {
	struct net_opts o;
	struct feed feed;
	struct board *board;
	size_t board_size; /* with the rings behind it */
	uint64_t ring_size;
	uint8_t *rings;
	uint64_t history_size; /* 0: none is kept */
	struct history history[NET_WORKERS_MAX];
	uint8_t *evidence; /* room for what net_evidence gives */
	struct worker_opts worker[NET_WORKERS_MAX];
	struct crew crew[NET_WORKERS_MAX];
	volatile int stop;
};

/* --- making and unmaking -------------------------------------------------------------------------
 */

/* The largest power of two that is not more than n. */
static uint64_t power_below(uint64_t n)
{
	return 1ull << (63 - __builtin_clzll(n));
}

static unsigned cpus(void)
{
	cpu_set_t set;
	int n = sched_getaffinity(0, sizeof(set), &set) < 0 ? 1 : CPU_COUNT(&set);

	return n < NET_WORKERS_MAX ? (unsigned)n : NET_WORKERS_MAX;
}

unsigned net_workers(unsigned wanted, uint64_t *memory)
{
	if (*memory < NET_MEMORY_MIN)
		*memory = *memory ? NET_MEMORY_MIN : NET_MEMORY_DEFAULT;
	uint64_t most = *memory / WORKER_MEMORY;
	if (most > NET_WORKERS_MAX)
		most = NET_WORKERS_MAX;
	if (wanted == 0)
		wanted = cpus();
	return wanted < most ? wanted : (unsigned)most;
}

/* How opts.memory is shared out. */
static void split(struct net *n, size_t *decoder)
{
	struct net_opts *o = &n->o;

	uint64_t ring = o->ring ? o->ring : o->memory / 32 / o->workers;
	ring = ring < RING_LEAST ? RING_LEAST : ring > RING_MOST && !o->ring ? RING_MOST : ring;
	n->ring_size = power_below(ring);
	uint64_t shared = o->memory > COLLECTOR_FIXED ? o->memory - COLLECTOR_FIXED : 0;
	uint64_t each = shared / o->workers;
	if (o->keep_packets)
		n->history_size = power_below(each / 2 > HISTORY_MIN ? each / 2 : HISTORY_MIN);
	uint64_t fixed = n->ring_size + n->history_size + WORKER_FIXED;
	uint64_t least = DECODER_LEAST + n->feed.fragments;
	*decoder = each > fixed + least ? each - fixed : least;
}

static size_t whole_pages(size_t n)
{
	return (n + 4095) & ~(size_t)4095;
}

/* The board, the rings, the histories. */
static int map_board(struct net *n)
{
	size_t head = whole_pages(sizeof(struct board));
	size_t history =
	    n->history_size ? whole_pages(sizeof(struct history_head)) + n->history_size : 0;

	n->board_size = head + (n->ring_size + history) * n->o.workers;
	void *p =
	    mmap(NULL, n->board_size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (p == MAP_FAILED)
		return -errno;
	n->board = p;
	n->rings = (uint8_t *)p + head;
	uint8_t *at = n->rings + n->ring_size * n->o.workers;
	for (unsigned k = 0; k < n->o.workers; k++, at += history) {
		n->board->lane[k].stats.first = n->board->lane[k].stats.last = TS_NONE;
		if (history)
			history_init(&n->history[k], (struct history_head *)at,
			    at + whole_pages(sizeof(struct history_head)), n->history_size);
	}
	n->evidence = history ? malloc(EVIDENCE_BYTES) : NULL;
	return history && !n->evidence ? -ENOMEM : 0;
}

static int new_net(struct net *n)
{
	size_t decoder;

	split(n, &decoder);
	int rc = map_board(n);
	for (unsigned k = 0; rc == 0 && k < n->o.workers; k++)
		n->worker[k] = (struct worker_opts){
			.board = n->board,
			.ring = n->rings + k * n->ring_size,
			.ring_size = n->ring_size,
			.ring_limit = n->o.ring && n->o.ring < n->ring_size ? n->o.ring :
									      n->ring_size,
			.feed = &n->feed,
			.k = k,
			.decoder = {
				.history = n->history_size ? &n->history[k] : NULL,
				.bytes = decoder,
				.fragments = n->feed.fragments ? n->feed.fragments : decoder / 8,
				.no_flows = n->o.no_flows,
				.shard = k,
				.shards = n->o.workers,
				.hash_key = { n->feed.hash_key[0], n->feed.hash_key[1] },
			},
		};
	return rc;
}

int net_new(struct net **ret_n, const struct feed *feed, const struct net_opts *o, struct fault *f)
{
	struct net *n = calloc(1, sizeof(*n));

	if (!n) {
		feed->free(feed->ctx);
		return fault_set(f, -ENOMEM, "no memory");
	}
	n->o = *o;
	n->feed = *feed;
	FB_ASSERT(o->workers > 0 && o->workers <= NET_WORKERS_MAX);
	int rc = new_net(n);
	if (rc < 0) {
		net_free(n);
		return fault_set(f, rc, "no memory for the rings of the workers");
	}
	*ret_n = n;
	return 0;
}

struct net *net_free(struct net *n)
{
	if (n) {
		for (unsigned k = 0; k < n->o.workers; k++)
			crew_kill(&n->crew[k]);
		if (n->board)
			munmap(n->board, n->board_size);
		n->feed.free(n->feed.ctx);
		free(n->evidence);
		free(n);
	}
	return NULL;
}

void net_free_p(struct net **n)
{
	*n = net_free(*n);
}

/* --- a run ---------------------------------------------------------------------------------------
 */

static int start_worker(struct net *n, unsigned k, struct fault *f)
{
	int fd[FEED_FDS_MAX];
	struct worker_job job = { .o = &n->worker[k] };
	struct crew_opts o = {
		.fds = fd,
		.nfds = n->feed.fds ? n->feed.fds(n->feed.ctx, k, fd) : 0,
		.heap = HEAP,
		.without = n->o.no_sandbox ? SANDBOX_WITHOUT_LANDLOCK | SANDBOX_WITHOUT_SECCOMP : 0,
	};

	return crew_start(&n->crew[k], &o, worker_enter, worker_run, &job, f);
}

static int start(struct net *n, struct fault *f)
{
	int rc = 0;

	for (unsigned k = 0; rc == 0 && k < n->o.workers; k++)
		rc = start_worker(n, k, f);
	if (rc == 0 && n->feed.start)
		rc = n->feed.start(n->feed.ctx, f);
	return rc;
}

int net_run(struct net *n, const struct net_sink *sink, struct fault *f)
{
	struct collect_opts o = {
		.board = n->board,
		.rings = n->rings,
		.ring_size = n->ring_size,
		.crew = n->crew,
		.workers = n->o.workers,
		.feed = &n->feed,
		.stop = &n->stop,
		.patience = COLLECT_PATIENCE,
	};

	int rc = start(n, f);
	if (rc == 0)
		rc = collect(&o, sink, f);
	/* They are over, or of no more use. */
	for (unsigned k = 0; k < n->o.workers; k++)
		crew_kill(&n->crew[k]);
	if (rc == NET_DONE && n->feed.verdict)
		rc = n->feed.verdict(n->feed.ctx, f);
	return rc;
}

void net_stop(struct net *n)
{
	n->stop = 1;
}

void net_stats(const struct net *n, struct net_stats *ret_s)
{
	*ret_s = (struct net_stats){ .first = TS_NONE, .last = TS_NONE };
	for (unsigned k = 0; k < n->o.workers; k++) {
		const struct net_stats *s = &n->board->lane[k].stats;
		for (int i = 0; i < NET_STATS; i++)
			ret_s->n[i] += s->n[i];
		if (s->first != TS_NONE && (ret_s->first == TS_NONE || s->first < ret_s->first))
			ret_s->first = s->first;
		if (s->last > ret_s->last) /* TS_NONE is the least */
			ret_s->last = s->last;
	}
}

/* One worker had the flow; the others' chains have nothing of it. The latest come first there. */
int net_evidence(struct net *n, const struct net_event *e,
    int (*cb)(void *ctx, const struct net_kept *k), void *ctx)
{
	struct history_packet p[EVIDENCE_PACKETS];
	int rc = 0;

	for (unsigned k = 0; n->history_size && k < n->o.workers; k++) {
		size_t got = history_find(
		    &n->history[k], e->flow, n->evidence, EVIDENCE_BYTES, p, EVIDENCE_PACKETS);
		for (size_t i = got; rc == 0 && i-- > 0;) {
			struct net_kept kept = {
				.time = p[i].time,
				.packet = p[i].packet,
				.link = p[i].link,
				.sent = p[i].sent,
				.bytes = p[i].bytes,
			};
			rc = cb(ctx, &kept);
		}
		if (got)
			break;
	}
	return rc;
}
