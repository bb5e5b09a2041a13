/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * ossl: what the files of this room share about OpenSSL. Private to crypto/: no other room may
 * include it (and no other room may include an OpenSSL header).
 */

#include "base/util.h"
#include "crypto/key.h"

#include <openssl/err.h>
#include <openssl/evp.h>

/* First line of every public function that calls OpenSSL: whatever it leaves in the error queue is
 * taken away again at scope end, what was there before stays. */
#define OSSL_SCOPE FB_CLEANUP(ossl_scope_end) FB_UNUSED int ossl_scope_ = ERR_set_mark()
#define FB_UNUSED __attribute__((unused))
static inline void ossl_scope_end(int *mark)
{
	(void)*mark;
	ERR_pop_to_mark();
}

/* OSSL_AUTO(EVP_PKEY, EVP_PKEY_free) pkey = NULL; */
#define OSSL_FREE_FN(type, fn)                                                                     \
	static inline void fn##_p(type **p)                                                        \
	{                                                                                          \
		fn(*p);                                                                            \
	}
OSSL_FREE_FN(EVP_PKEY, EVP_PKEY_free)
OSSL_FREE_FN(EVP_PKEY_CTX, EVP_PKEY_CTX_free)
OSSL_FREE_FN(EVP_MD_CTX, EVP_MD_CTX_free)
#define OSSL_AUTO(type, fn) FB_CLEANUP(fn##_p) type *

/* The fetched digest, the same object each time; NULL when this OpenSSL does not offer it. */
const EVP_MD *ossl_md(enum digest_alg alg);

/* What kind key.h takes it for; KEY_NONE with fault. */
enum key_kind ossl_key_kind(EVP_PKEY *pkey, struct fault *f);

/* SHA-256 of the one SPKI DER of a key, however its point was written; unset on failure. */
struct digest ossl_spki_id(EVP_PKEY *pkey);

struct key {
	EVP_PKEY *pkey;
	enum key_kind kind;
	bool is_private;
	struct digest id;
};

/* Takes over pkey (also on error): checks kind and size, computes the id. 0, -EBADMSG, -ENOMEM. */
FB_MUST int key_from_pkey(struct key **ret_k, EVP_PKEY *pkey, bool is_private, struct fault *f);
