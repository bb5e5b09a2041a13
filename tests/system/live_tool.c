/* SPDX-License-Identifier: Apache-2.0 */

/*
 * live_tool INTERFACE[,INTERFACE…] WORKERS RING_KIB PREFIX SLOW_US: takes packets as the sensor
 * does, and only counts them; SLOW_US after each batch, to make the kernel drop some. Worker w
 * writes the frames into PREFIX.w (pcapng), unless PREFIX is "-". Says "ready", news of interfaces,
 * and after SIGTERM one line "WORKER packets=N" each and "seen=N dropped=N".
 */

#include "base/util.h"
#include "sense/net/live.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

struct shared {
	volatile sig_atomic_t stop;
	uint64_t packets[NET_WORKERS_MAX], cut[NET_WORKERS_MAX];
};
static struct shared *shared;

static void on_term(int sig)
{
	shared->stop = 1;
}

static void put32(FILE *f, uint32_t v)
{
	fwrite(&v, 4, 1, f);
}

/* Section header, and two interfaces: Ethernet and SLL. */
static FILE *start(const char *prefix, unsigned w)
{
	char path[4096];

	if (strcmp(prefix, "-") == 0)
		return NULL;
	snprintf(path, sizeof(path), "%s.%u", prefix, w);
	FILE *f = fopen(path, "we");
	if (!f)
		return NULL;
	static const uint32_t head[] = { 0x0a0d0d0a, 28, 0x1a2b3c4d, 1, UINT32_MAX, UINT32_MAX,
		28 };
	fwrite(head, sizeof(head), 1, f);
	for (int i = 0; i < 2; i++) {
		const uint32_t itf[] = { 1, 32, i ? 113 : 1, 0, 9 | 1 << 16, 9, 0, 32 };
		fwrite(itf, sizeof(itf), 1, f);
	}
	return f;
}

static void keep(FILE *f, const struct live_packet *p)
{
	static const char zero[4];
	uint32_t n = (uint32_t)p->frame.n, pad = -n & 3, all = 32 + n + pad;

	const uint32_t head[] = { 6, all, p->link == 113, (uint32_t)((uint64_t)p->time >> 32),
		(uint32_t)p->time, n, p->sent };
	fwrite(head, sizeof(head), 1, f);
	fwrite(p->frame.p, n, 1, f);
	fwrite(zero, pad, 1, f);
	put32(f, all);
}

static int worker(struct live *l, unsigned w, const char *prefix, unsigned slow)
{
	struct live_packet p[64];
	struct fault f = FAULT_INIT;
	FILE *out = start(prefix, w);

	if (live_worker(l, w, &f) < 0) {
		fprintf(stderr, "%s\n", f.text);
		return 1;
	}
	for (;;) {
		size_t n = live_take(l, p, ARRAY_LEN(p));
		for (size_t i = 0; i < n; i++) {
			shared->packets[w]++;
			shared->cut[w] += p[i].sent > p[i].frame.n;
			if (out)
				keep(out, &p[i]);
		}
		if (n && slow)
			usleep(slow);
		if (n == 0 && shared->stop == 2 && !live_pending(l))
			break;
		if (n == 0 && live_wait(l, 20) < 0)
			return 1;
	}
	return out && fclose(out) != 0;
}

static void watch(struct live *l)
{
	struct fault news;

	while (!shared->stop) {
		while (live_news(l, &news)) {
			printf("%s\n", news.text);
			fflush(stdout);
		}
		usleep(20000);
	}
	live_stop(l);
	usleep(3 * LIVE_HOLD_MS * 1000);
	shared->stop = 2;
}

int main(int argc, char **argv)
{
	struct net_source src[LIVE_INTERFACES_MAX];
	struct fault f = FAULT_INIT;
	struct live *l = NULL;
	size_t n = 0;
	int bad = 0;

	if (argc != 6)
		return 2;
	struct live_opts o = { .workers = (unsigned)atoi(argv[2]),
		.ring = (uint64_t)atoi(argv[3]) << 10 };
	for (char *s = strtok(argv[1], ","); s && n < ARRAY_LEN(src); s = strtok(NULL, ","))
		src[n++] = (struct net_source){ .name = s, .fd = -1 };
	if (live_open(&l, src, n, &o, &f) < 0) {
		fprintf(stderr, "%s\n", f.text);
		return 3;
	}
	shared =
	    mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	signal(SIGTERM, on_term);
	for (unsigned w = 0; w < o.workers; w++)
		if (fork() == 0)
			_exit(worker(l, w, argv[4], (unsigned)atoi(argv[5])));
	if (live_start(l, &f) < 0)
		return 3;
	printf("ready\n");
	fflush(stdout);
	watch(l);
	for (unsigned w = 0; w < o.workers; w++) {
		int st;
		wait(&st);
		bad |= st;
	}
	for (unsigned w = 0; w < o.workers; w++)
		printf("%u packets=%llu cut=%llu\n", w, (unsigned long long)shared->packets[w],
		    (unsigned long long)shared->cut[w]);
	struct live_counts c = live_counts(l);
	printf(
	    "seen=%llu dropped=%llu\n", (unsigned long long)c.seen, (unsigned long long)c.dropped);
	live_free(l);
	return bad != 0;
}
