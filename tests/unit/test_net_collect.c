/* SPDX-License-Identifier: Apache-2.0 */

/* sense/net/collect: what a worker that was taken over can do to the collector, and to the others.
 */

#include "sense/net/collect.h"
#include "sense/net/event_wire.h"
#include "tap.h"

#include <stdlib.h>
#include <sys/mman.h>

#define RING RING_MIN

static struct shared {
	struct board board;
	uint8_t rings[2 * RING];
} *m;
static struct crew crew[2];
static unsigned given, batches;
static char news[FAULT_MAX];

static int on_event(void *ctx, const struct net_event *e)
{
	given++;
	return 0;
}

static int on_batch(void *ctx, ts now)
{
	return ++batches > 1000 ? -1 : 0;
}

static void on_news(void *ctx, const char *text)
{
	snprintf(news, sizeof(news), "%s", text);
}

static void fresh(struct ring w[static 2])
{
	memset(m, 0, sizeof(*m));
	given = batches = 0;
	news[0] = 0;
	for (int k = 0; k < 2; k++)
		ring_init(&w[k], &m->board.lane[k].ring, m->rings + k * RING, RING);
}

static void put(struct ring *w, struct record head, struct span body)
{
	ok(ring_put(w, span_of(&head, sizeof(head)), body), "there is room");
	ring_publish(w);
}

static void put_event(struct ring *w, uint64_t key)
{
	static uint8_t room[EVENT_WIRE_MAX];
	struct net_event e = { .kind = NET_FLOW_BEGIN,
		.transport = NET_TCP,
		.client.family = 4,
		.server.family = 4,
		.flow = key };
	size_t n = event_encode(&e, room, sizeof(room));

	put(w, (struct record){ .key = key, .type = RECORD_EVENT }, span_of(room, n));
}

static void put_over(struct ring *w)
{
	put(w, (struct record){ .key = UINT64_MAX, .type = RECORD_OVER }, SPAN_NONE);
}

static int says_nothing(void *ctx)
{
	for (unsigned i = 0; i < 1000; i++)
		futex_wait_shared(&m->board.bell, 0, 1000);
	return 0;
}

static int says_more(void *ctx)
{
	struct ring w;

	ring_init(&w, &m->board.lane[1].ring, m->rings + RING, RING);
	struct record h = { .type = RECORD_NOTICE };
	for (uint64_t i = 0; i < 1ull << 40; i++)
		if (ring_put(&w, span_of(&h, sizeof(h)), SPAN_LIT("\x1b[2Jagain")))
			ring_publish(&w);
	return 0;
}

static void start(unsigned k, sandbox_fn *fn)
{
	struct crew_opts o = { .heap = 1 << 24,
		.without =
		    SANDBOX_WITHOUT_LANDLOCK | SANDBOX_WITHOUT_SECCOMP | SANDBOX_WITHOUT_LIMITS };
	struct fault f = FAULT_INIT;

	ok(crew_start(&crew[k], &o, NULL, fn, NULL, &f) == 0, "a worker is there");
}

static int run(struct fault *f)
{
	static const volatile int stop;
	static const struct feed feed;
	static const struct net_sink sink = {
		.on_event = on_event, .on_batch = on_batch, .on_news = on_news
	};
	struct collect_opts o = { .board = &m->board,
		.rings = m->rings,
		.ring_size = RING,
		.crew = crew,
		.workers = 2,
		.feed = &feed,
		.stop = &stop,
		.patience = TS_SECOND / 2 };

	*f = (struct fault)FAULT_INIT;
	return collect(&o, &sink, f);
}

static void test_silent(void)
{
	sandbox_fn *const fn[] = { says_nothing, says_more };
	struct ring w[2];
	struct fault f;

	for (size_t i = 0; i < ARRAY_LEN(fn); i++) {
		fresh(w);
		put_event(&w[0], 5);
		put_over(&w[0]);
		start(1, fn[i]);
		is_int(run(&f), NET_INCOMPLETE,
		    "events wait for a worker that says nothing of use: lost");
		is_str(f.text,
		    "a worker says nothing any more (worker 2 of 2); what came before stands",
		    "… and it is told which");
		ok(!memchr(news, 0x1b, sizeof(news)), "… without what it would do to a terminal");
		crew_kill(&crew[1]);
	}
}

/* Records that go back, are of no type, or of a length that cannot be; events that cannot be. */
static void test_lies(void)
{
	static const struct record bad[] = {
		{ .key = 1, .type = RECORD_EVENT },
		{ .key = 9, .type = RECORD_EVENT, .tick = 2 },
		{ .key = 9, .type = RECORD_MARK },
		{ .key = 9, .type = 77 },
		{ .key = 9, .type = RECORD_EVENT },
	};
	struct ring w[2];
	struct fault f;

	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		fresh(w);
		put_event(&w[1], 4);
		put(&w[1], bad[i], SPAN_LIT("what is no event"));
		put_event(&w[0], 3);
		put_over(&w[0]);
		start(0, says_nothing);
		start(1, says_nothing);
		is_int(run(&f), NET_INCOMPLETE, "a worker that lies is lost: %zu", i);
		ok(given <= 2, "… with what comes behind");
		crew_kill(&crew[0]);
		crew_kill(&crew[1]);
	}
}

int main(void)
{
	m = mmap(NULL, sizeof(*m), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (m == MAP_FAILED)
		abort();
	test_silent();
	test_lies();
	return tap_done();
}
