/* SPDX-License-Identifier: Apache-2.0 */

/*
 * yara_tool RULES… -- PATH…: scans every regular file below the paths in this process, as
 * `yara -r -f` does, and prints "NAMESPACE:RULE PATH" for each match on stdout and what it took on
 * stderr. tests/bench/yara.sh and tests/conformance/yara.t compare it with yara.
 */

#include "base/file.h"
#include "detect/yara.h"

#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

static struct yara *rules;
static uint64_t files, bytes, hits, unfinished;

static void warn(void *ctx, const char *text)
{
	(void)ctx;
	fprintf(stderr, "%s\n", text);
}

static void print(const char *path, struct span report)
{
	static struct yara_found found;

	if (yara_report(rules, report, &found) < 0)
		abort();
	for (size_t i = 0; i < found.n; i++)
		printf("%s:%s %s\n", found.match[i].space, found.match[i].rule, path);
	hits += found.n + found.more;
	if (found.end != YARA_WHOLE) {
		unfinished++;
		fprintf(stderr, "%s: %s (%d)\n", path, yara_end_name(found.end), found.code);
	}
}

static int visit(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	AUTO_BUF struct buf content = BUF_INIT(1u << 30);
	AUTO_BUF struct buf out = BUF_INIT(YARA_REPORT_MAX);

	(void)ftw;
	if (type != FTW_F || !S_ISREG(st->st_mode))
		return 0;
	AUTO_FD int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || (st->st_size && buf_reserve(&content, (size_t)st->st_size) < 0) ||
	    file_read_fd(fd, &content, 1u << 30) < 0)
		return 0;
	files++;
	bytes += content.n;
	if (yara_look(rules, path, buf_span(&content), &out) < 0)
		abort();
	print(path, buf_span(&out));
	return 0;
}

static double cpu(void)
{
	struct rusage u;

	getrusage(RUSAGE_SELF, &u);
	return (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) +
	       (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec) / 1e6;
}

static void tell(double compiled)
{
	struct yara_stats s;
	struct rusage u;

	yara_stats(rules, &s);
	getrusage(RUSAGE_SELF, &u);
	fprintf(stderr,
	    "rules %llu (%llu left out) in %llu groups, %llu need literals of %llu; %llu KiB; "
	    "compiled in %.2f CPU-s\nfiles %llu, %.1f MB, matches %llu, unfinished %llu; scanned in "
	    "%.2f CPU-s; RSS %ld KiB\n",
	    (unsigned long long)s.rules, (unsigned long long)s.bad, (unsigned long long)s.groups,
	    (unsigned long long)s.gated, (unsigned long long)s.literals,
	    (unsigned long long)s.memory >> 10, compiled, (unsigned long long)files,
	    (double)bytes / 1e6, (unsigned long long)hits, (unsigned long long)unfinished,
	    cpu() - compiled, u.ru_maxrss);
}

int main(int argc, char **argv)
{
	struct fault f = FAULT_INIT;
	int n = 1;

	while (n < argc && strcmp(argv[n], "--") != 0)
		n++;
	const struct yara_opts o = { .paths = (const char *const *)argv + 1,
		.npaths = (size_t)n - 1,
		.skip_bad = getenv("SKIP_BAD") != NULL,
		.warn = getenv("SKIP_BAD") ? warn : NULL };
	int rc = yara_new(&rules, &o, &f);
	if (rc == 0)
		rc = yara_start(rules);
	if (rc) {
		fprintf(stderr, "%d: %s\n", rc, f.text);
		return 1;
	}
	double compiled = cpu();
	for (int i = n + 1; i < argc; i++)
		nftw(argv[i], visit, 64, FTW_PHYS);
	tell(compiled);
	yara_free(rules);
	return 0;
}
