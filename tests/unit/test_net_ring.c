/* SPDX-License-Identifier: Apache-2.0 */

/* sense/net/ring, history: what is put is got, nothing is waited for in vain, a hostile writer is
 * found out. */

#include "sense/net/history.h"
#include "sense/net/ring.h"
#include "tap.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>

#define SIZE RING_MIN

static struct ring_head head;
static uint8_t data[SIZE];
static uint8_t got[SIZE];

static void fresh(struct ring *w, struct ring *r)
{
	memset(&head, 0, sizeof(head));
	ring_init(w, &head, data, SIZE);
	ring_init(r, &head, data, SIZE);
}

/* Byte i of record number n, which has a length of its own. */
static size_t length_of(uint32_t n)
{
	return n * 7919u % 3000;
}

static size_t make(uint32_t n, uint8_t *out)
{
	size_t len = length_of(n);

	for (size_t i = 0; i < len; i++)
		out[i] = (uint8_t)(n + i);
	return len;
}

static void test_fill(void)
{
	struct ring w, r;
	uint8_t rec[3000], want[3000];
	uint32_t put = 0, taken = 0, bad = 0;
	size_t n;

	fresh(&w, &r);
	ok(ring_empty(&r) && ring_get(&r, got, sizeof(got), &n) == 0, "a new ring is empty");
	for (int round = 0; round < 200; round++) {
		size_t len = make(put, rec);
		while (ring_put(&w, span_of(rec, len / 2), span_of(rec + len / 2, len - len / 2)))
			len = make(++put, rec);
		ring_publish(&w);
		for (int i = 0; i < 17 && ring_get(&r, got, sizeof(got), &n) == 1; i++, taken++)
			bad += n != make(taken, want) || memcmp(got, want, n) != 0;
	}
	while (ring_get(&r, got, sizeof(got), &n) == 1)
		bad += n != make(taken, want) || memcmp(got, want, n) != 0, taken++;
	ok(put > 1000 && taken == put && bad == 0, "%u records went through a ring that was full",
	    put);
}

static void test_longest(void)
{
	struct ring w, r;
	static uint8_t rec[SIZE];
	size_t n, max, bad = 0;

	for (size_t before = 0; before < SIZE; before += 1000) {
		fresh(&w, &r);
		max = ring_record_max(&w);
		for (size_t k = 0; k < before; k += 1000) {
			bad += !ring_put(&w, span_of(rec, 990), SPAN_NONE);
			ring_publish(&w);
			bad += ring_get(&r, got, sizeof(got), &n) != 1;
		}
		bad += !ring_put(&w, span_of(rec, max), SPAN_NONE);
		ring_publish(&w);
		bad += ring_get(&r, got, sizeof(got), &n) != 1 || n != max;
	}
	is_int(bad, 0, "the longest record finds room in an empty ring, wherever that stands");
}

static void *writer(void *ctx)
{
	struct ring *w = ctx;
	uint8_t rec[3000];

	for (uint32_t i = 0; i < 20000; i++) {
		size_t n = make(i, rec);
		while (!ring_put(w, span_of(rec, n), SPAN_NONE)) {
			ring_publish(w);
			ring_wait_room(w, n, 1000);
		}
		if (ring_unpublished(w) > 8192)
			ring_publish(w);
	}
	ring_publish(w);
	return NULL;
}

static void test_two(void)
{
	struct ring w, r;
	uint8_t want[3000];
	uint32_t i = 0, bad = 0;
	pthread_t t;
	size_t n;

	fresh(&w, &r);
	if (pthread_create(&t, NULL, writer, &w) != 0) {
		tap_skip("two threads", "none can be made");
		return;
	}
	while (i < 20000)
		if (ring_get(&r, got, sizeof(got), &n) == 1)
			bad += n != make(i, want) || memcmp(got, want, n) != 0, i++;
		else
			futex_wait_shared((_Atomic uint32_t *)&head.put, (uint32_t)r.got, 1);
	pthread_join(t, NULL);
	is_int(bad, 0, "20000 records from one thread to another, the writer waiting for room");
}

static void test_hostile(void)
{
	struct ring w, r;
	uint32_t seed = 1, bad = 0, refused = 0;
	size_t n;

	for (int i = 0; i < 20000; i++) {
		fresh(&w, &r);
		for (size_t k = 0; k < 256; k++) {
			seed = seed * 1664525 + 1013904223;
			data[k] = (uint8_t)(seed >> 24);
		}
		if (i % 3 == 0)
			memset(data, i % 2 ? 0xff : 0, 4);
		atomic_store(
		    &head.put, i % 5 == 0 ? (uint64_t)seed << 20 : (seed >> 16) % SIZE & ~7u);
		int rc = 1;
		for (int k = 0; k < 100000 && rc == 1; k++)
			rc = ring_get(&r, got, 4096, &n);
		bad += rc == 1 || (rc != 0 && rc != -EBADMSG);
		refused += rc == -EBADMSG;
	}
	ok(bad == 0 && refused > 10000, "rings full of nonsense are refused, or come to an end");
	fresh(&w, &r);
	atomic_store(
	    &head.got, 1ull << 60); /* a reader that claims too much stops the writer only */
	bool any = false;
	for (int i = 0; i < 100; i++)
		any = ring_put(&w, span_of(got, 3000), SPAN_NONE);
	ok(!any, "and a writer stops at a ring's end");
}

/* --- history
 * --------------------------------------------------------------------------------------- */

static void test_history(void)
{
	static struct history_head yh;
	static uint8_t ydata[HISTORY_MIN], room[1 << 16];
	struct history y;
	struct history_packet p[64];
	uint8_t frame[1000];
	size_t bad = 0;

	history_init(&y, &yh, ydata, sizeof(ydata));
	is_int(history_find(&y, 5, room, sizeof(room), p, 64), 0, "nothing is kept yet");
	for (uint64_t i = 1; i <= 5000; i++) {
		memset(frame, (int)i, sizeof(frame));
		struct history_packet k = { .flow = i % 10,
			.packet = i,
			.time = (ts)i,
			.link = 1,
			.sent = 1500,
			.bytes = { frame, i % sizeof(frame) } };
		history_keep(&y, &k);
	}
	size_t n = history_find(&y, 3, room, sizeof(room), p, 64);
	ok(n > 10 && n < 64, "of a flow, those that are still there: %zu", n);
	for (size_t i = 0; i < n; i++) {
		uint64_t want = 4993 - 10 * i;
		bad +=
		    p[i].packet != want || p[i].bytes.n != want % sizeof(frame) || p[i].flow != 3;
		for (size_t k = 0; k < p[i].bytes.n; k++)
			bad += p[i].bytes.p[k] != (uint8_t)want;
	}
	is_int(bad, 0, "the latest first, with their bytes");
	is_int(history_find(&y, 3, room, 1200, p, 64), 1, "as many as there is room for");
	is_int(history_find(&y, 77, room, sizeof(room), p, 64), 0, "no such flow");
	uint32_t seed = 1;
	for (int round = 0; round < 300; round++) { /* the worker is a liar */
		for (size_t i = 0; i < sizeof(ydata); i += 97)
			ydata[i] = (uint8_t)((seed = seed * 1664525 + 1013904223) >> 24);
		for (size_t i = 0; i < HISTORY_FLOWS; i++)
			yh.last[i] = (seed = seed * 1664525 + 1013904223) % (2 * sizeof(ydata));
		n = history_find(&y, (uint64_t)round, room, sizeof(room), p, 64);
		for (size_t i = 0; i < n; i++)
			bad += p[i].bytes.p < room ||
			       p[i].bytes.p + p[i].bytes.n > room + sizeof(room);
	}
	is_int(bad, 0, "nonsense gives nothing from elsewhere");
}

int main(void)
{
	test_fill();
	test_longest();
	test_two();
	test_hostile();
	test_history();
	return tap_done();
}
