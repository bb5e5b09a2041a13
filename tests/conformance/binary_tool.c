/* SPDX-License-Identifier: Apache-2.0 */

/*
 * binary_tool facts FILE…: the facts of each as one line of JSON.
 * binary_tool bench FILE…: MB/s of CPU time for the facts, and for entropy and strings alone.
 */

#include "anatomy/binary/json.h"
#include "anatomy/binary/entropy.h"
#include "anatomy/binary/telling.h"
#include "wire/text_run.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static struct span map_file(const char *path)
{
	struct stat st;
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0 || fstat(fd, &st) < 0 || !st.st_size)
		return SPAN_NONE;
	void *p = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	close(fd);
	return p == MAP_FAILED ? SPAN_NONE : span_of(p, (size_t)st.st_size);
}

static void unmap(struct span s)
{
	union {
		const uint8_t *in;
		void *out;
	} p = { s.p };
	if (s.p)
		munmap(p.out, s.n);
}

static int facts(const char *path, bool print)
{
	AUTO_ARENA struct arena a = ARENA_INIT(2 * BINARY_ARENA_MAX);
	AUTO_BUF struct buf out = BUF_INIT(256u << 20);
	struct fault f = FAULT_INIT;
	struct binary b;
	struct span file = map_file(path);

	if (!file.p)
		return -1;
	int rc = binary_read(&b, file, &a, &f);
	if (print) {
		struct jw w = jw_of(&out);
		jw_obj(&w);
		jw_kcstr(&w, "path", path);
		if (rc < 0) {
			jw_kcstr(&w, "error", f.text);
		} else {
			jw_key(&w, "facts");
			binary_json(&w, &b);
		}
		jw_end(&w);
		printf("%s\n", buf_str(&out));
	}
	unmap(file);
	return rc;
}

static double now(void)
{
	struct timespec t;
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static volatile uint64_t sink; /* so that nothing is left out as unused */

static void entropy_of(struct span s)
{
	struct histogram h = { { 0 } };

	histogram_add(&h, s);
	sink += histogram_entropy(&h);
}

static void strings_of(struct span s)
{
	for (int wide = 0; wide < 2; wide++) {
		struct text_runs it = text_runs_of(s, wide);
		struct span run;
		while (text_runs_next(&it, &run)) {
			struct tellings t = tellings_of(run);
			struct telling found;
			while (!wide && tellings_next(&t, &found))
				sink++;
		}
	}
}

static void part(const char *name, char **files, void (*run)(struct span s))
{
	uint64_t bytes = 0;
	double took = 0;

	for (; *files; files++) {
		struct span s = map_file(*files);
		for (size_t i = 0; i < s.n; i += 4096)
			sink += s.p[i];
		double from = now();
		run(s);
		took += now() - from;
		bytes += s.n;
		unmap(s);
	}
	printf("%-8s %6.0f MB/s\n", name, (double)bytes / 1e6 / took);
}

int main(int argc, char **argv)
{
	uint64_t bytes = 0;
	int bad = 0;

	if (argc < 3)
		return 2;
	bool print = strcmp(argv[1], "facts") == 0;
	double from = now();
	for (int i = 2; i < argc; i++) {
		struct stat st;
		bad += facts(argv[i], print) < 0;
		if (!print && stat(argv[i], &st) == 0)
			bytes += (uint64_t)st.st_size;
	}
	if (print)
		return 0;
	printf("%-8s %6.0f MB/s  (%d files, %.0f MB, %d not read)\n", "facts",
	    (double)bytes / 1e6 / (now() - from), argc - 2, (double)bytes / 1e6, bad);
	part("entropy", argv + 2, entropy_of);
	part("strings", argv + 2, strings_of);
	return 0;
}
