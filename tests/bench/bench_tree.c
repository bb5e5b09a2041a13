/* SPDX-License-Identifier: Apache-2.0 */

/*
 * bench_tree [DIR]: walking and hashing a tree (default /usr/lib) against find and sha256sum on the
 * same tree, files in the page cache, CPU time of all processes and wall-clock time.
 */

#include "bench.h"
#include "crypto/hash.h"
#include "sense/tree.h"

#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

static const char *dir = "/usr/lib";
static struct sense_tree_stats stats;

struct took {
	double cpu, wall;
};

static struct took now(void)
{
	struct took t = { 0, (double)clock_mono() / 1e9 };
	struct rusage u;

	for (int who = RUSAGE_CHILDREN; who <= RUSAGE_SELF; who++) {
		getrusage(who, &u);
		t.cpu += (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) +
			 (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec) / 1e6;
	}
	return t;
}

static int on_file(void *ctx, const struct sense_file *f)
{
	(void)ctx;
	(void)f;
	return 0;
}

static int on_problem(void *ctx, const struct sense_problem *p)
{
	(void)ctx;
	(void)p;
	return 0;
}

static struct took ours(unsigned set, unsigned jobs)
{
	struct sense_tree_opts o = { .set = set, .jobs = jobs };
	struct fault f = FAULT_INIT;
	struct took t = now();

	if (sense_tree(dir, &o, on_file, on_problem, NULL, &stats, &f) < 0)
		bench_die("%s", f.text);
	return (struct took){ now().cpu - t.cpu, now().wall - t.wall };
}

static struct took theirs(const char *tool)
{
	char cmd[1024];
	struct took t = now();
	pid_t pid;

	snprintf(cmd, sizeof(cmd), "find \"$0\" -type f -print0 | xargs -0 -r %s >/dev/null", tool);
	fflush(stdout); /* not twice, after a fork */
	pid = fork();
	if (pid == 0) {
		execl("/bin/sh", "sh", "-c", cmd, dir, (char *)NULL);
		_exit(127);
	}
	waitpid(pid, NULL, 0);
	return (struct took){ now().cpu - t.cpu, now().wall - t.wall };
}

static void line(const char *what, struct took t)
{
	double mb = (double)stats.bytes / 1e6;

	printf(
	    "  %-32s %7.2f CPU s  %7.2f s  %8.1f MB per CPU s\n", what, t.cpu, t.wall, mb / t.cpu);
}

/* bench_tree DIR SET JOBS: one run, for perf(1). SET: 0 or a sum of 2 MD5, 4 SHA-1, 8 SHA-256, 32
 * SHA-512. */
static int one_run(char **arg)
{
	struct took t =
	    ours((unsigned)strtoul(arg[2], NULL, 0), (unsigned)strtoul(arg[3], NULL, 0));

	printf("%.3f CPU s  %.3f s  %llu files  %llu MB\n", t.cpu, t.wall,
	    (unsigned long long)stats.files, (unsigned long long)stats.bytes / 1000000);
	return 0;
}

int main(int argc, char **argv)
{
	if (argc > 1)
		dir = argv[1];
	if (argc == 4)
		return one_run(argv);
	(void)ours(HASH_SET(DIGEST_SHA256), 1); /* fills the page cache */
	printf("tree: %s, %.1f MB in %llu files\n", dir, (double)stats.bytes / 1e6,
	    (unsigned long long)stats.files);
	line("sha256", ours(HASH_SET(DIGEST_SHA256), 1));
	line("sha256, 2 workers", ours(HASH_SET(DIGEST_SHA256), 2));
	line("md5 + sha1 + sha256", ours(HASH_TRIO, 1));
	line("md5 + sha1 + sha256, 2 workers", ours(HASH_TRIO, 2));
	line("find | xargs sha256sum", theirs("sha256sum"));
	return 0;
}
