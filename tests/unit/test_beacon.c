/* SPDX-License-Identifier: Apache-2.0 */

#include "detect/beacon.h"
#include "tap.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>

#define T0 (1700000000 * TS_SECOND)
#define CLIENT SPAN_LIT("\x04\x0a\x00\x00\x05")

static uint64_t seed;

static double uniform(void)
{
	seed = seed * 6364136223846793005ull + 1442695040888963407ull;
	return (double)(seed >> 11) / 9007199254740992.0;
}

static double exponential(double mean)
{
	return -mean * log(1 - uniform());
}

/* Other samples each time, and the same ones in every run of this test. */
static int make(struct beacons **ret_b)
{
	static uint64_t salt[2];

	salt[0]++;
	return beacons_new(ret_b, 1u << 20, salt);
}

static struct beacon last;
static int found;

static int on_beacon(void *ctx, const struct beacon *x)
{
	const char *want = ctx;

	if (want && !span_eq_str(x->destination, want))
		return 0;
	last = *x;
	found++;
	return 0;
}

/* The score of the destination; -1 when there is none. */
static int score(struct beacons *b, const char *dest)
{
	found = 0;
	if (beacons_each(b, 0, on_beacon, (void *)(uintptr_t)dest) < 0)
		abort();
	return found ? (int)last.score : -1;
}

static void see(struct beacons *b, const char *dest, double at, uint64_t bytes)
{
	beacons_see(b, CLIENT, span_str(dest), T0 + (ts)(at * 1e9), bytes);
}

/* n calls each minute, give or take jitter (a share of it). */
static int calls(int n, double jitter, double sizes)
{
	AUTO_BEACONS struct beacons *b = NULL;
	double at = 0;

	if (make(&b) < 0)
		abort();
	for (int i = 0; i < n; i++) {
		see(b, "c2.example", at, (uint64_t)(500 * (1 + sizes * (2 * uniform() - 1))));
		at += 60 * (1 + jitter * (2 * uniform() - 1));
	}
	return score(b, "c2.example");
}

static void test_jitter(void)
{
	int before = 101, bad = 0;

	for (int jitter = 0; jitter <= 50; jitter += 5) {
		int sum = 0, least = 100;
		for (int i = 0; i < 20; i++) {
			int s = calls(1000, jitter / 100., .1);
			sum += s;
			least = s < least ? s : least;
		}
		diag("jitter %d %%: %d on average, %d at least; interval %.1f s, jitter %u %%",
		    jitter, sum / 20, least, (double)last.interval / 1e9, last.jitter);
		bad += sum / 20 >= before || sum / 20 < 78 || least < 72 ||
		       fabs((double)last.interval / 1e9 - 60) > 4;
		before = sum / 20;
	}
	is_int(bad, 0,
	    "a call each minute: the score falls with jitter and is 78 and more up to 50 %%");
	is_int(calls(1000, 0, 0), 100, "without any jitter it is 100");
	ok(last.rhythm == 100 && last.narrow == 100 && last.size == 100 && last.hours == 100 &&
		last.interval / TS_SECOND == 60 && last.jitter == 0 && last.bytes == 500 &&
		last.connections == 1000 - 2 && !last.cut,
	    "and so are its parts");
	ok(calls(60, 0, 0) > 75 && last.hours == 17, "one hour of it scores less");
}

static void test_few(void)
{
	is_int(calls(BEACON_MIN + 2, 0, 0), -1, "few connections have no score");
	int few = calls(BEACON_MIN + 3, 0, 0), more = calls(2 * BEACON_MIN + 3, 0, 0);
	ok(few > 0 && few < more, "some have a lower one: %d, %d", few, more);
}

/* Who browses: visits at random, each a handful of connections with sizes of all kinds. */
static void test_browsing(void)
{
	int most = 0;

	for (int i = 0; i < 50; i++) {
		AUTO_BEACONS struct beacons *b = NULL;
		double at = 0;
		if (make(&b) < 0)
			abort();
		for (int visit = 0; visit < 200; visit++) {
			int n = 1 + (int)(uniform() * 6);
			for (int k = 0; k < n; k++)
				see(b, "shop.example", at + k * uniform() * 3,
				    (uint64_t)exponential(2000) + 300);
			at += exponential(600);
		}
		int s = score(b, "shop.example");
		most = s > most ? s : most;
	}
	ok(most < 50, "browsing does not look like it: %d at most", most);

	AUTO_BEACONS struct beacons *b = NULL;
	if (make(&b) < 0)
		abort();
	double at = 0;
	int s;
	for (int i = 0; i < 300; i++) {
		see(b, "api.example", at, (uint64_t)exponential(3000) + 200);
		at += exponential(120);
	}
	s = score(b, "api.example");
	ok(s < 70, "nor do random times: %u", last.score);
	for (int i = 0; i < 500; i++)
		see(b, "burst.example", i * .1, 300);
	s = score(b, "burst.example");
	ok(s < 70, "nor does a burst of 50 s: %u", last.score);
	for (int i = 0; i < 500; i++)
		see(b, "time.example", i * 1024. + uniform(), 76);
	s = score(b, "time.example");
	ok(s >= 90, "NTP does, and must be known to be good: %u", last.score);
}

static void test_gaps(void)
{
	AUTO_BEACONS struct beacons *b = NULL;
	int s;

	if (make(&b) < 0)
		abort();
	double at = 0;
	for (int day = 0; day < 5; day++, at += 14 * 3600.)
		for (int i = 0; i < 120; i++, at += 300)
			see(b, "office.example", at, 400);
	s = score(b, "office.example");
	ok(s >= 90, "a laptop that sleeps at night: %u", last.score);
	for (int i = 0; i < 200; i++) {
		see(b, "pair.example", i * 60., 400);
		see(b, "pair.example", i * 60. + .3, 400);
	}
	ok(score(b, "pair.example") >= 80 && last.interval / TS_SECOND == 60,
	    "two connections each time are one occasion");
	for (int i = 0; i < 200; i++)
		see(b, "turned.example", (i ^ 1) * 60., 400);
	ok(score(b, "turned.example") > 0 && last.interval >= 60 * TS_SECOND, "times out of order");
	for (int i = 0; i < 100; i++)
		see(b, "clock.example", (i < 50 ? i : i - 3000) * 60., 400);
	ok(score(b, "clock.example") > 80 && last.interval / TS_SECOND == 60,
	    "a clock that was set back");
	for (int i = 0; i < 100; i++)
		see(b, "unknown.example", i * 600., 0);
	ok(score(b, "unknown.example") >= 95 && last.bytes == 0,
	    "sizes that are not known do not count");
	beacons_see(b, CLIENT, SPAN_LIT("x"), TS_NONE, 0);
	beacons_see(b, CLIENT, SPAN_LIT("x"), TS_FOREVER, UINT64_MAX);
	beacons_see(b, SPAN_NONE, SPAN_NONE, 0, 0);
	for (int i = 0; i < 20; i++)
		see(b, "a-name-that-is-longer-than-what-is-kept-of-it-for-telling-it-later.example",
		    i * 60., UINT64_MAX);
	ok(score(b, NULL) > 0, "odd values");
	ok(score(b, "a-name-that-is-longer-than-what-is-kept-of-it-for-telling-it-lat") > 0 &&
		last.cut,
	    "a long name is cut, and says so");
}

static int stop(void *ctx, const struct beacon *x)
{
	(void)ctx, (void)x;
	return -EPIPE;
}

static void test_flood(void)
{
	AUTO_BEACONS struct beacons *b = NULL;
	struct beacons_stats st;
	char name[32];
	double at = 0;

	if (make(&b) < 0)
		abort();
	for (int i = 0; i < 200; i++)
		see(b, "c2.example", i * 60., 400);
	for (int i = 0; i < 1000000; i++) {
		snprintf(name, sizeof(name), "n%d.example", i);
		see(b, name, 12000 + i * .001, 100);
	}
	for (int i = 0; i < 200; i++)
		see(b, "c2.example", 13000 + i * 60., 400);
	ok(score(b, "c2.example") > 90 && last.connections > 390,
	    "a million pairs do not drive out who calls");
	beacons_stats(b, &st);
	ok(st.pairs * BEACON_PAIR <= 1u << 20 && st.bytes == 1u << 20, "memory is as given");
	diag("%llu pairs, %llu evicted", (unsigned long long)st.pairs,
	    (unsigned long long)st.evicted);
	for (int k = 0; k < 4; k++) {
		at = 200000;
		for (int i = 0; i < 6000; i++) {
			snprintf(name, sizeof(name), "m%d.example", i);
			for (int j = 0; j < 12; j++)
				see(b, name, at + j * 100. + k * 5000., 100);
		}
	}
	beacons_stats(b, &st);
	ok(st.evicted > 0 && st.pairs * BEACON_PAIR <= 1u << 20,
	    "more that call than there is room for");
	is_int(beacons_each(b, 0, stop, NULL), -EPIPE, "who is told can end it");
}

int main(void)
{
	test_jitter();
	test_few();
	test_browsing();
	test_gaps();
	test_flood();
	return tap_done();
}
