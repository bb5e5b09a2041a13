/* SPDX-License-Identifier: Apache-2.0 */

/*
 * bundle: the first byte says what the rest is.
 *   'b'  a bundle, read and verified against a fixed trusted root of a forged instance. Its keys are
 *        new in every process, so that nothing from a file is ever GOOD
 *   'e'  the body of a log entry, as each kind
 *   's'  two bytes of offset, then bytes that replace those of a good bundle from there on
 * An error means zeroed output, and reading twice is the same; what is GOOD is complete and is not
 * also about another artifact.
 */

#include "forge.h"
#include "sig_case.h"
#include "trust/sigstore/rekor.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct forge_made good;
static struct sigstore_root *root;

static void check(bool yes)
{
	if (!yes)
		abort();
}

static void set_up(void)
{
	struct forge f = forge_default();

	f.nstamps = 1;
	good = forge_make(&f);
	check(sigstore_root_parse(&root, buf_span(&good.root), NULL) == 0);
}

static enum sigstore_state as_bundle(struct span text)
{
	static const struct sigstore_bundle none;
	AUTO_ARENA struct arena a = ARENA_INIT(64u << 20);
	AUTO_SIGSTORE_RESULT struct sigstore_result r = { 0 };
	struct sigstore_trust trust = { .root = root };
	struct fault f = FAULT_INIT;
	struct sigstore_bundle b;

	int rc = sigstore_bundle_parse(&b, text, &a, &f);
	if (rc) {
		check(f.text[0] && memcmp(&b, &none, sizeof(b)) == 0);
		return SIGSTORE_BAD;
	}
	check(b.version && b.signature.n && (b.ncerts || b.hint));
	check(sigstore_verify(&r, &b, &trust, &a) == 0);
	check((r.state == SIGSTORE_GOOD) == (r.reason == SIGSTORE_NONE));
	check((r.state == SIGSTORE_GOOD) == !r.words.text[0]);
	check(r.state == SIGSTORE_GOOD || (!r.payload.p && !r.key && !r.signer.identity));
	if (r.state == SIGSTORE_GOOD) {
		struct artifact other;
		check(r.ntimes && r.nlogs && r.signer.kind == SIGNER_IDENTITY);
		check(artifact_of_span(&other, "x", SPAN_LIT("other"), sigstore_needs(&r)) == 0);
		check(sigstore_artifact(&r, &other, &f) != 0);
	}
	return r.state;
}

static void as_body(struct span text)
{
	static const struct rekor_body none;
	static const char *const kinds[][2] = { { "hashedrekord", "0.0.1" },
		{ "hashedrekord", "0.0.2" }, { "dsse", "0.0.1" }, { "dsse", "0.0.2" },
		{ "intoto", "0.0.2" } };

	for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
		AUTO_ARENA struct arena a = ARENA_INIT(64u << 20);
		struct sigstore_entry e = { .kind = span_str(kinds[i][0]),
			.version = span_str(kinds[i][1]), .body = text };
		struct fault f = FAULT_INIT;
		struct rekor_body b;
		int rc = rekor_body_read(&b, &e, &a, &f);
		check(rc == 0 || memcmp(&b, &none, sizeof(b)) == 0);
		check(rc != 0 || (b.signature.n && !!b.cert.n != !!b.key.n && b.content.alg));
	}
}

static void as_splice(struct span text)
{
	static uint8_t copy[64u << 10];
	size_t n = good.bundle.n;

	if (text.n < 2 || n > sizeof(copy))
		return;
	size_t at = ((size_t)text.p[0] << 8 | text.p[1]) % n;
	struct span with = span_cut(text, 2, n - at);
	memcpy(copy, good.bundle.p, n);
	if (with.n)
		memcpy(copy + at, with.p, with.n);
	as_bundle(span_of(copy, n));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (!root)
		set_up();
	if (!size)
		return 0;
	struct span rest = span_of(data + 1, size - 1);
	if (data[0] == 'b')
		check(as_bundle(rest) != SIGSTORE_GOOD);
	else if (data[0] == 'e')
		as_body(rest);
	else if (data[0] == 's')
		as_splice(rest);
	return 0;
}
