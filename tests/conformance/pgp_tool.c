/* SPDX-License-Identifier: Apache-2.0 */

/*
 * pgp_tool: openpgp.h from a shell.
 *
 *   pgp_tool [-t NOW] clear TEXT KEYRING…          result, signatures; the signed text to stdout
 *   pgp_tool [-t NOW] detached SIG FILE KEYRING…
 *   pgp_tool [-t NOW] flips STRIDE clear|detached …   every STRIDE-th bit flip and every truncation:
 *                                                  prints those that are still GOOD; for a clear
 *                                                  text also whether the signed text is the same
 */

#include "base/file.h"
#include "trust/openpgp/openpgp.h"

#include <stdio.h>
#include <stdlib.h>

static const char *const words[] = { "GOOD", "BAD", "UNUSABLE", "STRANGER", "BROKEN", "NO_GPGV" };

static struct pgp_opts opts;
static struct pgp_keys keys;
static struct buf data, signature;
static bool clear;

static void die(const char *what)
{
	fprintf(stderr, "pgp_tool: %s\n", what);
	exit(99);
}

static void load(const char *path, struct buf *out)
{
	struct fault f = FAULT_INIT;

	if (file_read(path, out, out->max, &f) < 0)
		die(f.text);
}

static int verify(struct span s, struct pgp_check *c, struct buf *text)
{
	struct fault f = FAULT_INIT;

	int rc = clear ? pgp_verify_clear(c, s, &keys, &opts, text, &f) :
			 pgp_verify_bytes(c, s, buf_span(&data), &keys, &opts, &f);
	if (rc < 0)
		die(f.text);
	return rc;
}

static void show(const struct pgp_check *c, int rc)
{
	fprintf(stderr, "%s%s%s\n", words[rc], c->why[0] ? ": " : "", c->why);
	for (size_t i = 0; i < c->status.n; i++)
		fprintf(stderr, "  %s %s\n", pgp_sig_state_name(c->status.sig[i].state),
		    c->status.sig[i].primary[0] ? c->status.sig[i].primary : c->status.sig[i].keyid);
}

/* Runs one variant; says so if it is still good. */
static bool still_good(struct span s, struct span want, const char *how, size_t at)
{
	AUTO_BUF struct buf text = BUF_INIT(64u << 20);
	struct pgp_check c;

	if (verify(s, &c, &text) != PGP_GOOD)
		return false;
	bool same = !clear || span_eq(buf_span(&text), want);
	printf("%s %zu %s\n", how, at, same ? "same" : "DIFFERENT");
	return true;
}

static void flips(struct buf *b, size_t stride)
{
	AUTO_BUF struct buf want = BUF_INIT(64u << 20);
	struct pgp_check c;
	size_t tried = 0, good = 0;

	if (verify(buf_span(b), &c, &want) != PGP_GOOD)
		die("not good to begin with");
	for (size_t i = 0; i < 8 * b->n; i += stride) {
		b->p[i / 8] ^= (uint8_t)(1u << i % 8);
		good += still_good(buf_span(b), buf_span(&want), "flip", i);
		b->p[i / 8] ^= (uint8_t)(1u << i % 8);
		tried++;
	}
	for (size_t n = 0; n < b->n; n += (stride + 7) / 8) {
		good += still_good(span_of(b->p, n), buf_span(&want), "cut", n);
		tried++;
	}
	fprintf(stderr, "%zu tried, %zu still good\n", tried, good);
}

int main(int argc, char **argv)
{
	size_t stride = 0;
	int at = 1;

	keys = PGP_KEYS_INIT;
	data = BUF_INIT(64u << 20);
	signature = BUF_INIT(1u << 20);
	opts.now = TS_SECOND * INT64_C(1900000000);
	if (argc > at + 1 && strcmp(argv[at], "-t") == 0) {
		if (ts_parse(span_str(argv[at + 1]), &opts.now) < 0)
			die("-t TIME");
		at += 2;
	}
	if (argc > at + 1 && strcmp(argv[at], "flips") == 0) {
		stride = strtoul(argv[at + 1], NULL, 10);
		at += 2;
	}
	if (argc < at + 2)
		die("see the source");
	clear = strcmp(argv[at++], "clear") == 0;
	load(argv[at++], clear ? &data : &signature);
	if (!clear && at < argc)
		load(argv[at++], &data);
	for (; at < argc; at++) {
		AUTO_BUF struct buf key = BUF_INIT(PGP_KEYRING_MAX);
		struct fault f = FAULT_INIT;
		load(argv[at], &key);
		if (pgp_keys_add(&keys, buf_span(&key), argv[at], &f) < 0)
			die(f.text);
	}
	struct buf *subject = clear ? &data : &signature;
	if (stride) {
		flips(subject, stride);
		return 0;
	}
	AUTO_BUF struct buf text = BUF_INIT(64u << 20);
	struct pgp_check c;
	int rc = verify(buf_span(subject), &c, &text);
	show(&c, rc);
	fwrite(text.p, 1, text.n, stdout);
	return rc;
}
