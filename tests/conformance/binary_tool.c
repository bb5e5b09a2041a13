/* SPDX-License-Identifier: Apache-2.0 */

/* binary_tool facts FILE…: the facts of each as one line of JSON. binary_tool bench FILE…: MB/s. */

#include "anatomy/binary_json.h"

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
	if (!print)
		printf("%.0f MB/s of CPU time, %d files, %d not read\n",
		    (double)bytes / 1e6 / (now() - from), argc - 2, bad);
	return 0;
}
