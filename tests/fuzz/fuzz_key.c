/* SPDX-License-Identifier: Apache-2.0 */

/* key: an error means nothing written and words; a key that is read writes itself as the same key.
 */

#include "crypto/key.h"

#include <openssl/err.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool good)
{
	if (!good)
		abort();
}

static void same_again(const struct key *k, bool private)
{
	AUTO_BUF struct buf pem = BUF_INIT(KEY_TEXT_MAX);
	AUTO_KEY struct key *again = NULL;
	struct digest a = key_id(k), b;

	check((private ? key_write_private(k, &pem) : key_write_public(k, &pem)) == 0);
	check((private ? key_private(&again, buf_span(&pem), NULL)
		       : key_public(&again, buf_span(&pem), NULL)) == 0);
	b = key_id(again);
	check(digest_eq(&a, &b) && key_kind_of(k) == key_kind_of(again));
}

static void one(struct span s, bool private)
{
	struct fault f = FAULT_INIT;
	AUTO_KEY struct key *k = NULL;
	int rc = private ? key_private(&k, s, &f) : key_public(&k, s, &f);

	check(ERR_peek_error() == 0);
	if (rc != 0) {
		check(!k && rc < 0 && f.text[0]);
		return;
	}
	check(k && key_kind_of(k) != KEY_NONE && key_is_private(k) == private);
	same_again(k, private);
	check(key_verify(k, s, s) == KEY_BAD_SIGNATURE);
	check(ERR_peek_error() == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	one(span_of(data, size), false);
	one(span_of(data, size), true);
	return 0;
}
