/* SPDX-License-Identifier: Apache-2.0 */

/*
 * detached: a signature file of any kind is read or refused with words; what was read verifies under
 * no key (the signatures in the corpus are by keys that are not here), and twice the same. Key files
 * and private key files are read the same way: all of a file's keys or none.
 */

#include "crypto/hash.h"
#include "trust/detached/detached.h"
#include "trust/detached/secret.h"

#include <errno.h>
#include <openssl/err.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool good)
{
	if (!good)
		abort();
}

static struct keyring *ring(struct arena *a)
{
	static const uint8_t raw[32] = { 0x8a, 0x88, 0xe3, 0xdd, 0x74, 0x09, 0xf1, 0x95, 0xfd, 0x52, 0xdb,
		0x2d, 0x3c, 0xba, 0x5d, 0x72, 0xca, 0x67, 0x09, 0xbf, 0x1d, 0x94, 0x12, 0x1b, 0xf3, 0x74,
		0x88, 0x01, 0xb4, 0x0f, 0x6f, 0x5c };
	struct keyring *r = ARENA_NEW(a, struct keyring);
	struct key *k;

	check(r != NULL);
	if (key_from_raw_ed25519(&k, raw) == 0)
		check(keyring_add(r, k, "k", true) == 0);
	return r;
}

static void verify(const struct detached *d, struct arena *a)
{
	static const struct span content = { (const uint8_t *)"content", 7 };
	struct keyring *keys = ring(a);
	struct detached_trust t = { .keys = keys, .now = 1767225600 * TS_SECOND };
	struct detached_check c[2];
	struct artifact art;
	int rc[2];

	check(artifact_of_span(
		  &art, "a/b", content, detached_needs(d) & ~ARTIFACT_NEEDS_BYTES) == 0);
	for (int i = 0; i < 2; i++) {
		rc[i] = detached_verify(&c[i], d, &art, &t, a);
		check(rc[i] == DETACHED_STRANGER || rc[i] == DETACHED_BAD);
		check(c[i].why && !c[i].good && c[i].signer.kind == SIGNER_NONE && !c[i].comment);
	}
	check(rc[0] == rc[1]);
	keyring_free(keys);
}

static void signature(struct span s)
{
	AUTO_ARENA struct arena a = ARENA_INIT(64u << 20);
	struct detached *d = NULL;
	struct fault f = FAULT_INIT;
	enum detached_kind kind = detached_kind_of(s);
	int rc = detached_read(&d, s, &a, &f);

	check(kind != DETACHED_NONE || rc == -EBADMSG);
	if (rc < 0) {
		check(!d && f.text[0]);
		return;
	}
	check(rc == 0 && detached_kind(d) == kind && (detached_needs(d) || kind == DETACHED_SIGNIFY_LIST));
	verify(d, &a);
}

static void key_file(struct span s)
{
	AUTO_ARENA struct arena a = ARENA_INIT(16u << 20);
	struct keyring *r = ARENA_NEW(&a, struct keyring), *again = ARENA_NEW(&a, struct keyring);
	struct fault f = FAULT_INIT;

	check(r && again);
	int rc = keyring_read(r, s, "k", true, &a, &f);
	check(rc == keyring_read(again, s, "k", true, &a, NULL) && r->n == again->n);
	check(rc == 0 || (rc < 0 && r->n == 0 && f.text[0]));
	for (size_t i = 0; i < r->n; i++)
		check(digest_eq(&r->key[i].id, &again->key[i].id) && digest_is_set(&r->key[i].ssh));
	keyring_free(r);
	keyring_free(again);
}

static void secret_file(struct span s)
{
	struct secret k = { 0 };
	struct fault f = FAULT_INIT;

	int rc = secret_read(&k, s, &f);
	check(rc == 0 ? key_is_private(k.key) : rc < 0 && !k.key && f.text[0]);
	secret_free(&k);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span s = span_of(data, size);

	signature(s);
	key_file(s);
	secret_file(s);
	check(ERR_peek_error() == 0);
	return 0;
}
