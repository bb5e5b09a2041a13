/* SPDX-License-Identifier: Apache-2.0 */

/* base/extsort: against a plain comparison sort, in memory and in many runs. */

#include "base/extsort.h"
#include "tap.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <unistd.h>

static uint64_t state = 88172645463325252u;

static uint64_t rnd(void)
{
	state ^= state << 13;
	state ^= state >> 7;
	return state ^= state << 17;
}

struct rec {
	uint8_t key[40];
	size_t n;
	uint32_t seq;
};

static int by_key(const void *a, const void *b)
{
	const struct rec *x = a, *y = b;
	int d = span_cmp(span_of(x->key, x->n), span_of(y->key, y->n));

	return d ? d : x->seq < y->seq ? -1 : x->seq > y->seq;
}

/* Few different bytes, zeros among them, so that keys are often equal or begin alike. */
static void make(struct rec *r, uint32_t i, unsigned kind)
{
	r->seq = i;
	r->n = kind == 0 ? 8 : rnd() % (kind == 1 ? 4 : sizeof(r->key));
	for (size_t k = 0; k < r->n; k++)
		r->key[k] = kind == 0 ? (uint8_t)rnd() : (uint8_t)(rnd() % 7 ? 0 : rnd() % 3);
}

static int temp_dir(char path[static 32])
{
	strcpy(path, "/tmp/extsort-XXXXXX");
	return mkdtemp(path) ? open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
}

static void compare(int dir, uint64_t memory, uint32_t n, unsigned kind, size_t pad,
    uint64_t min_runs)
{
	static uint8_t payload[4 + 65000];
	struct rec *r = calloc(n, sizeof(*r));
	AUTO_EXTSORT struct extsort *x = NULL;
	struct fault f = FAULT_INIT;
	struct span key, val;
	uint32_t at = 0, bad = 0;
	int rc = extsort_new(&x, dir, memory, &f);

	for (uint32_t i = 0; rc == 0 && i < n; i++) {
		make(&r[i], i, kind);
		memcpy(payload, &i, 4);
		rc = extsort_put(x, span_of(r[i].key, r[i].n), span_of(payload, 4 + pad), &f);
	}
	if (rc == 0)
		rc = extsort_sort(x, &f);
	qsort(r, n, sizeof(*r), by_key);
	while (rc == 0 && (rc = extsort_next(x, &key, &val, &f)) == 1) {
		rc = 0;
		if (at == n || !span_eq(key, span_of(r[at].key, r[at].n)) || val.n != 4 + pad ||
		    memcmp(val.p, &r[at].seq, 4))
			bad++;
		at++;
	}
	ok(rc == 0 && bad == 0 && at == n && extsort_count(x) == n && extsort_runs(x) >= min_runs &&
		extsort_next(x, &key, &val, &f) == 0,
	    "%u records of kind %u, %d pad, %llu runs: order, stability, bytes", n, kind, (int)pad,
	    (unsigned long long)extsort_runs(x));
	if (rc < 0)
		diag("%s", f.text);
	free(r);
}

static void limits(void)
{
	static uint8_t big[EXTSORT_PART_MAX + 1];
	AUTO_EXTSORT struct extsort *x = NULL;
	struct fault f = FAULT_INIT;
	struct span key, val;

	is_int(extsort_new(&x, -1, 0, &f), 0, "memory is at least the least");
	is_int(extsort_put(x, span_of(big, sizeof(big)), SPAN_NONE, &f), -EMSGSIZE, "a long key");
	is_int(extsort_put(x, SPAN_NONE, span_of(big, sizeof(big)), &f), -EMSGSIZE,
	    "a long payload");
	for (int i = 0; i < 40; i++) {
		big[EXTSORT_PART_MAX - 1] = (uint8_t)(100 - i); /* equal to the last byte */
		if (extsort_put(x, span_of(big, EXTSORT_PART_MAX), span_of(big, EXTSORT_PART_MAX),
			&f) < 0)
			break;
	}
	is_int(extsort_sort(x, &f), 0, "the longest records, over several runs");
	int last = 0, n = 0;
	while (extsort_next(x, &key, &val, &f) == 1 && key.n == EXTSORT_PART_MAX &&
	    key.p[key.n - 1] > last && memcmp(key.p, val.p, key.n) == 0) {
		last = key.p[key.n - 1];
		n++;
	}
	is_int(n, 40, "come out in order");
	ok(extsort_runs(x) >= 4, "after several runs");
}

static void empty(void)
{
	AUTO_EXTSORT struct extsort *x = NULL;
	struct fault f = FAULT_INIT;
	struct span key, val;

	ok(extsort_new(&x, -1, 1 << 20, &f) == 0 && extsort_sort(x, &f) == 0 &&
		extsort_next(x, &key, &val, &f) == 0,
	    "nothing at all");
	ok(extsort_free(NULL) == NULL, "free takes NULL");
}

/* The sorter's disk is full: an error that says so, and nothing left behind. */
static void full(void)
{
	char path[32];
	int dir = temp_dir(path);
	struct rlimit was, lim;
	struct fault f = FAULT_INIT;
	uint8_t pad[1000] = { 0 };
	int rc;

	getrlimit(RLIMIT_FSIZE, &was);
	lim = (struct rlimit){ 64 << 10, was.rlim_max };
	signal(SIGXFSZ, SIG_IGN);
	setrlimit(RLIMIT_FSIZE, &lim);
	{
		AUTO_EXTSORT struct extsort *x = NULL;
		rc = extsort_new(&x, dir, 1 << 20, &f);
		for (int i = 0; rc == 0 && i < 4000; i++)
			rc = extsort_put(x, span_of(&i, 4), span_of(pad, sizeof(pad)), &f);
	}
	setrlimit(RLIMIT_FSIZE, &was);
	is_int(rc, -EFBIG, "a file that may not grow: %s", f.text);
	is_int(rmdir(path), 0, "no temporary file is left");
	close(dir);
}

int main(void)
{
	char path[32];
	int dir = temp_dir(path);

	empty();
	limits();
	for (unsigned kind = 0; kind < 3; kind++) {
		compare(-1, 8 << 20, 1000, kind, 0, 0);
		compare(-1, 64 << 20, 100000, kind, 0, 0);
		compare(dir, 1 << 20, 100000, kind, 0, 3);
	}
	compare(dir, 1 << 20, 6000, 1, 30000, EXTSORT_RUNS + 2);
	compare(dir, 1 << 20, 1, 1, 65000, 0);
	is_int(rmdir(path), 0, "runs have no names");
	close(dir);
	full();
	return tap_done();
}
