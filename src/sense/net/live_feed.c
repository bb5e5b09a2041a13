/* SPDX-License-Identifier: Apache-2.0 */

#include "sense/net/feed.h"
#include "sense/net/live.h"

#include <errno.h>
#include <grp.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#define RING_MOST (16u << 20)
#define MARK_EVERY (50 * TS_SECOND / 1000)
/* Once stopped, packets that were on their way into the ring are waited for at least and at most:
 */
#define DRAIN_LEAST (2 * LIVE_HOLD_MS * TS_SECOND / 1000)
#define DRAIN_MOST TS_SECOND
/* How old a packet's time may be when it is given: one that waits in its block, any other. */
#define AGE_WAITING ((LIVE_HOLD_MS + 100) * TS_SECOND / 1000)
#define AGE_OTHER (5 * TS_SECOND / 1000)
#define NOBODY 65534

struct live_feed {
	struct live *l;
	unsigned workers;
	int *stopped; /* shared with the workers */
	struct live_packet taken[DECODER_BATCH];
	/* in a worker: */
	uint64_t number;      /* of the next packet */
	uint64_t key;	      /* the least that it may have */
	ts latest;	      /* time of the capture */
	ts marked, stop_seen; /* monotone */
};

static size_t feed_fds(void *ctx, unsigned k, int ret_fd[static FEED_FDS_MAX])
{
	struct live_feed *e = ctx;

	ret_fd[0] = live_fd(e->l, k);
	return 1;
}

static int feed_enter(void *ctx, unsigned k)
{
	struct live_feed *e = ctx;
	int rc = live_worker(e->l, k, NULL);

	e->number = k + 1;
	e->stop_seen = TS_NONE;
	/* Root only has to be root to open. One who is not may not change, and need not. */
	if (rc == 0 && geteuid() == 0 &&
	    (setgroups(0, NULL) < 0 || setresgid(NOBODY, NOBODY, NOBODY) < 0 ||
		setresuid(NOBODY, NOBODY, NOBODY) < 0) &&
	    errno != EPERM && errno != EINVAL)
		rc = -errno;
	return rc;
}

static void fill(struct live_feed *e, struct feed_batch *b)
{
	for (size_t i = 0; i < b->n; i++) {
		const struct live_packet *p = &e->taken[i];

		b->p[i] = (struct in_packet){
			.frame = p->frame,
			.time = p->time,
			.number = e->number,
			.link = p->link,
			.sent = p->sent,
		};
		e->number += e->workers;
		if ((uint64_t)p->time > e->key) /* several CPUs put them in */
			e->key = (uint64_t)p->time;
		b->p[i].key = e->key;
	}
}

/* Packets that come later than this have later times, or are taken for as late. */
static int mark(struct live_feed *e, struct feed_batch *b, ts mono)
{
	struct clock c = clock_system();
	ts now = clock_now(&c), upto = now - (live_pending(e->l) ? AGE_WAITING : AGE_OTHER);

	if (upto > 0 && (uint64_t)upto > e->key)
		e->key = (uint64_t)upto;
	if (now > e->latest) /* it may be set back */
		e->latest = now;
	e->marked = mono;
	b->n = 0;
	b->upto = e->key++;
	b->number = e->number;
	b->now = e->latest;
	return FEED_MARK;
}

static bool drained(struct live_feed *e)
{
	if (!__atomic_load_n(e->stopped, __ATOMIC_ACQUIRE))
		return false;
	ts now = clock_mono();
	if (e->stop_seen == TS_NONE)
		e->stop_seen = now;
	ts since = now - e->stop_seen;
	return since >= DRAIN_MOST || (since >= DRAIN_LEAST && !live_pending(e->l));
}

static int feed_next(void *ctx, unsigned k, struct feed_batch *ret_b, struct fault *f)
{
	struct live_feed *e = ctx;
	ts now = clock_mono();

	if (now - e->marked >= MARK_EVERY)
		return mark(e, ret_b, now);
	ret_b->n = live_take(e->l, e->taken, DECODER_BATCH);
	if (ret_b->n == 0) {
		if (drained(e))
			return FEED_OVER;
		int rc = live_wait(e->l, (int)((e->marked + MARK_EVERY - now) / 1000000) + 1);
		if (rc < 0)
			return fault_set(f, rc, "cannot wait for packets: %s", strerror(-rc));
		ret_b->n = live_take(e->l, e->taken, DECODER_BATCH);
	}
	if (ret_b->n == 0)
		return mark(e, ret_b, clock_mono());
	fill(e, ret_b);
	return FEED_PACKETS;
}

static void feed_count(void *ctx, unsigned k, uint64_t stat[static NET_STATS])
{
	struct live_feed *e = ctx;

	stat[NET_LOSS_KERNEL] += live_counts(e->l).dropped;
}

static int feed_start(void *ctx, struct fault *f)
{
	struct live_feed *e = ctx;
	return live_start(e->l, f);
}

static bool feed_news(void *ctx, struct fault *ret_line)
{
	struct live_feed *e = ctx;
	return live_news(e->l, ret_line);
}

static void feed_stop(void *ctx)
{
	struct live_feed *e = ctx;

	live_stop(e->l);
	__atomic_store_n(e->stopped, 1, __ATOMIC_RELEASE);
}

static void feed_free(void *ctx)
{
	struct live_feed *e = ctx;

	if (e->stopped != MAP_FAILED)
		munmap(e->stopped, sizeof(*e->stopped));
	live_free(e->l);
	free(e);
}

/* A quarter of the memory is for rings, until they are large enough. */
static uint64_t ring_bytes(uint64_t memory, unsigned workers)
{
	uint64_t each = memory / 4 / workers;
	return each > RING_MOST ? RING_MOST : each < LIVE_RING_MIN ? LIVE_RING_MIN : each;
}

int net_live(struct net **ret_n, const struct net_source *src, size_t n, const struct net_opts *o,
    struct fault *f)
{
	struct net_opts rest = *o;
	struct live_feed *e = calloc(1, sizeof(*e));

	if (!e)
		return fault_set(f, -ENOMEM, "no memory");
	rest.workers = net_workers(o->workers, &rest.memory);
	struct live_opts lo = { rest.workers, ring_bytes(rest.memory, rest.workers),
		o->promiscuous };
	rest.memory -= lo.ring * rest.workers;
	e->workers = rest.workers;
	e->stopped = mmap(
	    NULL, sizeof(*e->stopped), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	int rc = e->stopped == MAP_FAILED ? -errno : live_open(&e->l, src, n, &lo, f);
	if (rc < 0) {
		feed_free(e);
		return rc;
	}
	struct feed feed = {
		.live = true,
		.fds = feed_fds,
		.enter = feed_enter,
		.next = feed_next,
		.count = feed_count,
		.start = feed_start,
		.news = feed_news,
		.stop = feed_stop,
		.free = feed_free,
		.ctx = e,
	};
	return net_new(ret_n, &feed, &rest, f);
}
