/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* bench: the best of several runs in CPU time, ours beside a peer's. Never a pass or fail. */

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static inline double bench_cpu(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* Seconds of the fastest of at least 5 runs and a quarter of a second. */
static inline double bench_seconds(void (*run)(const void *arg), const void *arg)
{
	double best = 1e9, start = bench_cpu();

	for (int i = 0; i < 5 || bench_cpu() - start < 0.25; i++) {
		double t = bench_cpu();
		run(arg);
		t = bench_cpu() - t;
		if (t < best)
			best = t;
	}
	return best > 1e-9 ? best : 1e-9;
}

static inline void bench_line(
    const char *what, double ours, const char *unit, const char *peer, double theirs)
{
	printf("  %-24s %10.1f %s   %s %.1f   ratio %.2f\n", what, ours, unit, peer, theirs,
	    ours / theirs);
}

__attribute__((noreturn, format(printf, 1, 2))) static inline void bench_die(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputc('\n', stderr);
	exit(1);
}
