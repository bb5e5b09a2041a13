/* SPDX-License-Identifier: Apache-2.0 */

/*
 * deb_tool: debian/archive.h from a shell.
 *
 *   deb_tool [-t NOW] [-x] [-g GPGV] [-s SIGNER] [-n NEWEST] [-k KEYRING]… [-e EVIDENCE]… ARTIFACT…
 *     PASS, FAIL or UNKNOWN and the reasons for each artifact; exit 0, 1, 2 for the worst.
 *     -x: expired Releases are accepted; -s: this fingerprint may sign and no other.
 *   deb_tool index FILE       a Packages or Sources file by itself: how many files, digest of all
 */

#include "base/file.h"
#include "crypto/hash.h"
#include "trust/debian/archive.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static struct fault f;

static void die(const char *what)
{
	fprintf(stderr, "deb_tool: %s: %s\n", what, f.text);
	exit(5);
}

static bool may_sign(void *ctx, struct signer *s)
{
	return strcmp(ctx, s->fingerprint) == 0;
}

static void add_keyring(struct pgp_keys *keys, const char *path)
{
	AUTO_BUF struct buf b = BUF_INIT(PGP_KEYRING_MAX);

	if (file_read(path, &b, b.max, &f) < 0 || pgp_keys_add(keys, buf_span(&b), path, &f) < 0)
		die(path);
}

static void add_evidence(struct debian *d, const char *path)
{
	AUTO_FD int fd = file_open_user(path, &f);

	if (fd < 0 || debian_add(d, fd, path, &f) < 0)
		die(path);
}

static enum verdict_status judge(const struct debian *d, const char *path, struct arena *a)
{
	struct artifact art = ARTIFACT_INIT;
	struct digest digest[DIGEST_ALGS];
	struct debian_proof proof;
	struct verdict v;

	AUTO_HASHER struct hasher *h = NULL;
	AUTO_FD int fd = file_open_user(path, &f);
	if (fd < 0 || hasher_new(&h, HASH_SET(DIGEST_SHA256)) < 0 ||
	    hash_fd(h, fd, digest, &art.size) < 0)
		die(path);
	art.name = path;
	art.fd = fd;
	art.digest[DIGEST_SHA256] = digest[DIGEST_SHA256];
	verdict_init(&v, a);
	if (debian_judge(d, &art, &v, &proof) < 0)
		die(path);
	enum verdict_status s = verdict_conclude(&v);
	printf("%s %s\n", verdict_name(s), path);
	for (size_t i = 0; i < v.n; i++)
		printf("  %s %s: %s%s%s\n", reason_name(v.reason[i].kind), v.reason[i].code,
		    v.reason[i].file ? v.reason[i].file : "", v.reason[i].file ? ": " : "",
		    v.reason[i].text);
	artifact_done(&art);
	return s;
}

static int index_only(const char *path)
{
	struct file_map m;
	struct deb_index x;

	deb_index_init(&x);
	if (file_map_open(&m, path, &f) < 0 || deb_index_feed(&x, m.s, &f) < 0 ||
	    deb_index_done(&x, &f) < 0)
		die(path);
	printf("%zu files, %zu bytes kept\n", x.n, x.n * sizeof(*x.item) + x.strings.n);
	deb_index_free(&x);
	file_map_close(&m);
	return 0;
}

int main(int argc, char **argv)
{
	AUTO_ARENA struct arena a = ARENA_INIT(512u << 20);
	AUTO_PGP_KEYS struct pgp_keys keys = PGP_KEYS_INIT;
	struct debian_opts o = { .keys = &keys, .now = TS_NONE, .newest = TS_NONE };
	const char *evidence[DEBIAN_FILES_MAX];
	enum verdict_status worst = VERDICT_PASS;
	struct debian d;
	size_t n = 0;
	int c;

	if (argc == 3 && strcmp(argv[1], "index") == 0)
		return index_only(argv[2]);
	struct clock clock = clock_system();
	o.now = clock_now(&clock);
	while ((c = getopt(argc, argv, "t:xg:s:n:k:e:")) != -1) {
		if (c == 't' && ts_parse(span_str(optarg), &o.now) < 0)
			die("-t");
		else if (c == 'n' && ts_parse(span_str(optarg), &o.newest) < 0)
			die("-n");
		else if (c == 'x')
			o.allow_expired = true;
		else if (c == 'g')
			o.gpgv = optarg;
		else if (c == 's') {
			o.may_sign = may_sign;
			o.ctx = optarg;
		} else if (c == 'k')
			add_keyring(&keys, optarg);
		else if (c == 'e' && n < ARRAY_LEN(evidence))
			evidence[n++] = optarg;
	}
	o.many = argc - optind > 1;
	if (debian_begin(&d, &o, &a) < 0)
		die("begin");
	for (size_t i = 0; i < n; i++)
		add_evidence(&d, evidence[i]);
	if (debian_settle(&d, &f) < 0)
		die("settle");
	for (int i = optind; i < argc; i++) {
		enum verdict_status s = judge(&d, argv[i], &a);
		worst = s < worst ? s : worst;
	}
	debian_end(&d);
	return worst == VERDICT_PASS ? 0 : worst == VERDICT_FAIL ? 1 : 2;
}
