/* SPDX-License-Identifier: Apache-2.0 */

#include "model/digest.h"

#include "base/hex.h"

#include <errno.h>
#include <stdio.h>

static const struct {
	const char *name, *alias;
	uint8_t len;
} algs[DIGEST_ALGS] = {
	[DIGEST_NONE] = { "", "", 0 },
	[DIGEST_MD5] = { "md5", "MD5", 16 },
	[DIGEST_SHA1] = { "sha1", "SHA-1", 20 },
	[DIGEST_SHA256] = { "sha256", "SHA-256", 32 },
	[DIGEST_SHA384] = { "sha384", "SHA-384", 48 },
	[DIGEST_SHA512] = { "sha512", "SHA-512", 64 },
	[DIGEST_BLAKE2B] = { "blake2b", "BLAKE2b", 64 },
	[DIGEST_SHA224] = { "sha224", "SHA-224", 28 },
	[DIGEST_SHA3_224] = { "sha3_224", "SHA3-224", 28 },
	[DIGEST_SHA3_256] = { "sha3_256", "SHA3-256", 32 },
	[DIGEST_SHA3_384] = { "sha3_384", "SHA3-384", 48 },
	[DIGEST_SHA3_512] = { "sha3_512", "SHA3-512", 64 },
};

size_t digest_len(enum digest_alg alg)
{
	return alg < DIGEST_ALGS ? algs[alg].len : 0;
}

const char *digest_name(enum digest_alg alg)
{
	return alg < DIGEST_ALGS ? algs[alg].name : "";
}

enum digest_alg digest_alg_of(struct span name)
{
	for (enum digest_alg a = DIGEST_MD5; a < DIGEST_ALGS; a++)
		if (span_eq_nocase(name, span_str(algs[a].name)) ||
		    span_eq_nocase(name, span_str(algs[a].alias)))
			return a;
	return DIGEST_NONE;
}

bool digest_eq(const struct digest *a, const struct digest *b)
{
	return a->alg != DIGEST_NONE && a->alg == b->alg && a->len == b->len &&
	    memcmp(a->b, b->b, a->len) == 0;
}

struct digest digest_of(enum digest_alg alg, const uint8_t *b)
{
	struct digest d = { .alg = (uint8_t)alg, .len = (uint8_t)digest_len(alg) };

	memcpy(d.b, b, d.len);
	return d;
}

int digest_parse_hex(enum digest_alg alg, struct span hex, struct digest *ret_d)
{
	uint8_t b[DIGEST_LEN_MAX];

	if (!digest_len(alg) || hex.n != 2 * digest_len(alg) || hex_decode(b, hex) < 0)
		return -EINVAL;
	*ret_d = digest_of(alg, b);
	return 0;
}

int digest_parse(struct span s, struct digest *ret_d)
{
	size_t colon = span_find(s, ':');

	if (colon != SIZE_MAX)
		return digest_parse_hex(
		    digest_alg_of(span_cut(s, 0, colon)), span_from(s, colon + 1), ret_d);
	for (enum digest_alg a = DIGEST_MD5; a <= DIGEST_SHA512; a++)
		if (s.n == 2 * digest_len(a))
			return digest_parse_hex(a, s, ret_d);
	return -EINVAL;
}

char *digest_hex(const struct digest *d, char out[static DIGEST_TEXT_MAX])
{
	hex_encode(out, span_of(d->b, d->len));
	return out;
}

char *digest_text(const struct digest *d, char out[static DIGEST_TEXT_MAX])
{
	out[0] = 0;
	if (digest_is_set(d)) {
		int n = snprintf(out, DIGEST_TEXT_MAX, "%s:", digest_name(d->alg));
		hex_encode(out + n, span_of(d->b, d->len));
	}
	return out;
}
