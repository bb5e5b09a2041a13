/* SPDX-License-Identifier: Apache-2.0 */

/*
 * bench_sbom [ARCHIVE]: a CycloneDX SBOM of 50,000 files is read (jansson reads the same text in the
 * same run) and compared with as many shipped files, in CPU time. With an archive: what unpacking and
 * hashing it takes by the clock; tests/bench/sbom.sh sets tar, unzip and sha256sum beside it.
 */

#include "base/file.h"
#include "bench.h"
#include "peer.h"
#include "trust/sbom/compare.h"

#include <time.h>

#define FILES 50000

struct input {
	struct span text;
	struct sbom s;
	struct delivery d;
};

static struct digest digest_no(int i)
{
	return sha256_of(span_of(&i, sizeof(i)));
}

static void name_no(char *out, size_t size, int i)
{
	snprintf(out, size, "resources/app/node_modules/lib-%d/dist/file-%d.js", i / 50, i);
}

static void component(struct jw *w, int i)
{
	char name[96];
	struct digest d = digest_no(i);

	name_no(name, sizeof(name), i);
	jw_obj(w);
	jw_kcstr(w, "type", "file");
	jw_kcstr(w, "bom-ref", name);
	jw_kcstr(w, "name", name);
	jw_key(w, "hashes");
	jw_arr(w);
	jw_obj(w);
	jw_kcstr(w, "alg", "SHA-256");
	jw_kcstr(w, "content", DIGEST_HEX(&d));
	jw_end(w);
	jw_end(w);
	jw_end(w);
}

static void make_text(struct buf *out)
{
	struct jw w = jw_pretty(out);

	jw_obj(&w);
	jw_kcstr(&w, "bomFormat", "CycloneDX");
	jw_kcstr(&w, "specVersion", "1.6");
	jw_key(&w, "components");
	jw_arr(&w);
	for (int i = 0; i < FILES; i++)
		component(&w, i);
	jw_end(&w);
	jw_end(&w);
	if (buf_err(out))
		bench_die("no memory");
}

static void make_delivery(struct delivery *d, struct arena *a)
{
	delivery_init(d, DELIVERY_TREE, "d", HASH_SET(DIGEST_SHA256), a);
	for (int i = 0; i < FILES; i++) {
		struct digest all[DIGEST_ALGS] = { [DIGEST_SHA256] = digest_no(i) };
		char name[96];
		name_no(name, sizeof(name), i);
		if (delivery_add(d, name, 1, all) < 0)
			bench_die("no memory");
	}
}

static void read_it(const void *arg)
{
	const struct input *in = arg;
	AUTO_ARENA struct arena a = ARENA_INIT(SBOM_ARENA_MAX);
	struct fault f = FAULT_INIT;
	struct sbom s;

	if (sbom_parse(&s, in->text, &a, &f) < 0 || s.nfiles != FILES)
		bench_die("%s", f.text);
}

static void peer_reads_it(const void *arg)
{
	const struct input *in = arg;

	if (!peer_json_accepts(in->text, NULL))
		bench_die("jansson does not read it");
}

static void compare_it(const void *arg)
{
	const struct input *in = arg;
	AUTO_ARENA struct arena a = ARENA_INIT(64u << 20);
	struct verdict v;

	verdict_init(&v, &a);
	if (sbom_compare(&in->s, &in->d, NULL, &v, NULL) < 0 || verdict_conclude(&v) != VERDICT_PASS)
		bench_die("it must pass");
}

static int on_entry(void *ctx, const struct unpack_entry *e)
{
	uint64_t *bytes = ctx;

	*bytes += e->size;
	return 0;
}

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void archive(const char *path)
{
	struct fault f = FAULT_INIT;
	struct unpack_stats st;
	uint64_t bytes = 0;

	AUTO_FD int fd = file_open_user(path, &f);
	double start = now();
	if (fd < 0 || unpack_archive(fd, path, NULL, on_entry, NULL, &bytes, &st, &f))
		bench_die("%s", f.text);
	double took = now() - start;
	printf("unpack and hash %s: %.1f MB in %.3f s, %.0f MB/s\n", path, (double)bytes / 1e6, took,
	    (double)bytes / 1e6 / took);
}

int main(int argc, char **argv)
{
	AUTO_BUF struct buf text = BUF_INIT(64u << 20);
	AUTO_ARENA struct arena a = ARENA_INIT(SBOM_ARENA_MAX), b = ARENA_INIT(256u << 20);
	struct fault f = FAULT_INIT;
	struct input in;

	if (argc == 2) {
		archive(argv[1]);
		return 0;
	}
	make_text(&text);
	in.text = buf_span(&text);
	make_delivery(&in.d, &b);
	if (sbom_parse(&in.s, in.text, &a, &f) < 0)
		bench_die("%s", f.text);
	double ours = bench_seconds(read_it, &in), peer = bench_seconds(peer_reads_it, &in);
	double compare = bench_seconds(compare_it, &in);
	printf("SBOM of %d files, %.1f MB, %.1f MB kept\n", FILES, (double)in.text.n / 1e6,
	    (double)a.used / 1e6);
	printf("read: %.0f MB/s, jansson (JSON only) %.0f MB/s, ratio %.2f\n",
	    (double)in.text.n / 1e6 / ours, (double)in.text.n / 1e6 / peer, peer / ours);
	printf("compare: %.1f ms, %.0f files/s\n", compare * 1e3, FILES / compare);
	delivery_free(&in.d);
	return 0;
}
