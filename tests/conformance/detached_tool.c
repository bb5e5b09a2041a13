/* SPDX-License-Identifier: Apache-2.0 */

/*
 * detached_tool SIGNATURE FILE [-k KEY]… [-n NAMESPACE] [-I PRINCIPAL] [-t RFC3339] [-c ROOTS]
 * [-T TSA-ROOTS]: detached_verify on the command line, one line of output: the result, then what it says. Exit 0 for GOOD, 1 otherwise, 5
 * when something cannot be read.
 *
 * detached_tool signature CMS: the octets of the last signer's signature, which a time stamp is over.
 * detached_tool stamp CMS TOKEN OUT: puts a time-stamp token into the last signer (RFC 3161 appendix A).
 */

#include "base/file.h"
#include "crypto/der_put.h"
#include "crypto/hash.h"
#include "trust/detached/detached.h"
#include "wire/der.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static struct arena arena = ARENA_INIT(64u << 20);
static struct fault f;

static int fail(void)
{
	printf("unreadable: %s\n", f.text);
	return 5;
}

static struct span slurp(const char *path)
{
	struct buf *b = ARENA_NEW(&arena, struct buf);

	*b = BUF_INIT(16u << 20);
	if (file_read(path, b, 16u << 20, &f) < 0)
		exit(fail());
	return buf_span(b);
}

static int hash(struct artifact *art, unsigned set)
{
	AUTO_HASHER struct hasher *h = NULL;
	int rc = set ? hasher_new(&h, set) : 0;

	return rc < 0 || !set ? rc : hash_fd(h, art->fd, art->digest, &art->size);
}

/* The last member at each level: ContentInfo, [0], SignedData, signerInfos, SignerInfo. */
#define SIGNER_DEPTH 5

static struct der last_of(struct span body, size_t *ret_before)
{
	struct cur c = cur_of(body);
	struct der v = { 0 };

	while (cur_left(&c)) {
		*ret_before = c.off;
		v = der_any(&c);
	}
	return v;
}

/* Copies v with the attribute behind the last member of the SignerInfo. */
static void put_stamped(struct buf *out, struct der v, int depth, struct span token)
{
	/* 1.2.840.113549.1.9.16.2.14 */
	static const uint8_t oid[] = { 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x09, 0x10, 0x02, 0x0e };
	size_t at = der_open(out, v.tag), before = 0;

	if (depth == SIGNER_DEPTH - 1) {
		buf_put_span(out, v.body);
		size_t attrs = der_open(out, DER_CTXC(1)), attr = der_open(out, DER_SEQ);
		der_put(out, DER_OID, span_of(oid, sizeof(oid)));
		der_put(out, DER_SET, token);
		der_close(out, attr);
		der_close(out, attrs);
	} else {
		struct der last = last_of(v.body, &before);
		buf_put_span(out, span_cut(v.body, 0, before));
		put_stamped(out, last, depth + 1, token);
	}
	der_close(out, at);
}

static int stamp(const char *cms, const char *token, const char *path)
{
	struct cur c = cur_of(slurp(cms));
	struct buf out = BUF_INIT(1u << 20);

	put_stamped(&out, der_any(&c), 0, slurp(token));
	int rc = file_replace_path(path, buf_span(&out), 0644, &f);
	buf_free(&out);
	return rc < 0 ? fail() : 0;
}

static int signature(const char *cms)
{
	struct cur c = cur_of(slurp(cms));
	struct der v = der_any(&c);
	size_t before;

	for (int i = 0; i < SIGNER_DEPTH; i++)
		v = last_of(v.body, &before);
	return fwrite(v.body.p, 1, v.body.n, stdout) == v.body.n ? 0 : 5;
}

int main(int argc, char **argv)
{
	if (argc == 3 && strcmp(argv[1], "signature") == 0)
		return signature(argv[2]);
	if (argc == 5 && strcmp(argv[1], "stamp") == 0)
		return stamp(argv[2], argv[3], argv[4]);

	static const char *const names[] = { "good", "bad", "stranger", "silent", "replaced",
		"no-file" };
	static struct keyring keys;
	struct detached_trust t = { .keys = &keys };
	struct detached_check check;
	struct detached *d;
	struct detached_ca *ca = NULL;
	struct span roots = SPAN_NONE, tsa = SPAN_NONE;
	int o;

	struct clock clock = clock_system();
	t.now = clock_now(&clock);
	while ((o = getopt(argc, argv, "k:n:I:t:c:T:")) > 0) {
		if (o == 'k' && keyring_read(&keys, slurp(optarg), optarg, true, &arena, &f) < 0)
			return fail();
		if (o == 'n')
			t.ssh_namespace = optarg;
		if (o == 'I')
			t.ssh_principal = optarg;
		if (o == 'c')
			roots = slurp(optarg);
		if (o == 'T')
			tsa = slurp(optarg);
		if (o == 't' && ts_parse(span_str(optarg), &t.now) < 0)
			return 5;
	}
	if (argc - optind != 2)
		return 3;
	if (roots.n && detached_ca_read(&ca, roots, tsa, &f) < 0)
		return fail();
	t.ca = ca;
	if (detached_read(&d, slurp(argv[optind]), &arena, &f) < 0)
		return fail();
	struct artifact art = ARTIFACT_INIT;
	art.name = argv[optind + 1];
	art.fd = open(art.name, O_RDONLY | O_CLOEXEC);
	if (art.fd < 0 || hash(&art, detached_needs(d) & ~ARTIFACT_NEEDS_BYTES) < 0)
		return 5;
	int rc = detached_verify(&check, d, &art, &t, &arena);
	artifact_done(&art);
	detached_ca_free(ca);
	if (rc < 0) {
		printf("error %d\n", rc);
		return 4;
	}
	printf("%s %s", detached_kind_name(detached_kind(d)), names[rc]);
	if (check.why)
		printf(": %s", check.why);
	if (rc == DETACHED_GOOD)
		printf(": %s", signer_text(&check.signer, &arena));
	if (check.signer.identity)
		printf(" as %s", check.signer.identity);
	if (check.signer.time != TS_NONE)
		printf(" at %s", ts_format(check.signer.time, (char[TS_TEXT_MAX]){ 0 }));
	if (check.comment)
		printf(" comment \"%s\"", QUOTE(span_str(check.comment)));
	printf("\n");
	return rc == DETACHED_GOOD ? 0 : 1;
}
