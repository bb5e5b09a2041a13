/* SPDX-License-Identifier: Apache-2.0 */

/*
 * bench_evidence: for evidence.sh, which puts the peers beside it.
 *
 *   bench_evidence                               bundles per CPU-second of a forged instance
 *   bench_evidence bundles SECONDS BUNDLE ROOT ARTIFACT
 *                                                the same for files; the root is read once
 *   bench_evidence sha256 FILE                   MB per CPU-second through hash_fd
 *   bench_evidence runs N COMMAND...             milliseconds of one run: CPU mean, wall least
 */

#include "bench.h"
#include "forge.h"
#include "sig_case.h"

#include <fcntl.h>
#include <spawn.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

static double rate(struct span text, struct sig_want *want, double seconds)
{
	double start = bench_cpu(), used;
	long n = 0;

	do {
		for (int i = 0; i < 10; i++, n++) {
			AUTO_ARENA struct arena a = ARENA_INIT(64u << 20);
			struct sig_verdict v;
			sig_judge(&v, text, want, &a);
			if (strcmp(v.code, "good") != 0)
				bench_die("%s: %s", v.code, v.words.text);
		}
		used = bench_cpu() - start;
	} while (used < seconds);
	return (double)n / used;
}

static double rate_of(struct span bundle, struct span root, struct sig_want *want, double seconds)
{
	AUTO_SIGSTORE_ROOT struct sigstore_root *r = NULL;
	struct fault f = FAULT_INIT;

	if (sigstore_root_parse(&r, root, &f) < 0)
		bench_die("root: %s", f.text);
	want->root = r;
	return rate(bundle, want, seconds);
}

static void forged(const char *name, bool rekor2, bool dsse)
{
	struct sig_want want = { 0 };
	struct forge f = forge_default();

	if (rekor2)
		forge_rekor2(&f);
	f.dsse = dsse;
	if (dsse && !rekor2)
		f.kind = "dsse";
	struct forge_made m = forge_make(&f);
	if (artifact_of_span(&want.artifact, "artifact", SPAN_LIT(FORGE_ARTIFACT),
		HASH_SET(DIGEST_SHA256)) < 0)
		bench_die("artifact");
	printf("  %-24s %8.0f bundles per CPU-second\n", name,
	    rate_of(buf_span(&m.bundle), buf_span(&m.root), &want, 1));
	forge_made_free(&m);
}

static void read_file(struct buf *b, const char *path)
{
	struct fault f = FAULT_INIT;

	if (file_read(path, b, SIGSTORE_BUNDLE_MAX, &f) < 0)
		bench_die("%s", f.text);
}

static int bundles(char **v)
{
	AUTO_BUF struct buf bundle = BUF_INIT(SIGSTORE_BUNDLE_MAX);
	AUTO_BUF struct buf root = BUF_INIT(SIGSTORE_BUNDLE_MAX);
	AUTO_BUF struct buf artifact = BUF_INIT(SIG_ARTIFACT_MAX);
	struct sig_want want = { 0 };

	read_file(&bundle, v[1]);
	read_file(&root, v[2]);
	if (!sig_artifact(&want, v[3], &artifact))
		return 1;
	printf("%.1f\n", rate_of(buf_span(&bundle), buf_span(&root), &want, atof(v[0])));
	return 0;
}

static int sha256_rate(const char *path)
{
	AUTO_FD int fd = open(path, O_RDONLY | O_CLOEXEC);
	double best = 0;

	for (int i = 0; i < 4; i++) {
		AUTO_HASHER struct hasher *h = NULL;
		struct digest out[DIGEST_ALGS];
		uint64_t size;
		double t = bench_cpu();
		if (lseek(fd, 0, SEEK_SET) < 0 || hasher_new(&h, HASH_SET(DIGEST_SHA256)) < 0 ||
		    hash_fd(h, fd, out, &size) < 0)
			bench_die("%s", path);
		double r = (double)size / (bench_cpu() - t) / 1e6;
		best = r > best ? r : best;
	}
	printf("%.1f\n", best);
	return 0;
}

static double seconds_of(struct timeval t)
{
	return (double)t.tv_sec + (double)t.tv_usec / 1e6;
}

static double one_run(char **command, double *cpu)
{
	posix_spawn_file_actions_t quiet;
	struct timespec a, b;
	struct rusage use;
	pid_t pid;
	int status;

	posix_spawn_file_actions_init(&quiet);
	posix_spawn_file_actions_addopen(&quiet, 1, "/dev/null", O_WRONLY, 0);
	clock_gettime(CLOCK_MONOTONIC, &a);
	if (posix_spawnp(&pid, command[0], &quiet, NULL, command, environ) != 0 ||
	    wait4(pid, &status, 0, &use) < 0 || status != 0)
		bench_die("%s does not succeed", command[0]);
	clock_gettime(CLOCK_MONOTONIC, &b);
	posix_spawn_file_actions_destroy(&quiet);
	*cpu += seconds_of(use.ru_utime) + seconds_of(use.ru_stime);
	return (double)(b.tv_sec - a.tv_sec) + (double)(b.tv_nsec - a.tv_nsec) / 1e9;
}

static int runs(int n, char **command)
{
	double cpu = 0, least = 1e9;

	for (int i = 0; i < n; i++) {
		double t = one_run(command, &cpu);
		least = t < least ? t : least;
	}
	printf("%.2f %.2f\n", cpu / n * 1000, least * 1000);
	return 0;
}

int main(int argc, char **argv)
{
	const char *verb = argc > 1 ? argv[1] : "";

	if (argc == 6 && strcmp(verb, "bundles") == 0)
		return bundles(argv + 2);
	if (argc == 3 && strcmp(verb, "sha256") == 0)
		return sha256_rate(argv[2]);
	if (argc > 3 && strcmp(verb, "runs") == 0)
		return runs(atoi(argv[2]), argv + 3);
	if (argc > 1)
		bench_die("usage: see the head of bench_evidence.c");
	forged("Rekor v1, message", false, false);
	forged("Rekor v1, DSSE", false, true);
	forged("Rekor v2, message", true, false);
	forged("Rekor v2, DSSE", true, true);
	return 0;
}
