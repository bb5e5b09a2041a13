/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * keyobj: a public key as TUF metadata and in-toto layouts write it (TUF 4.2.2; securesystemslib):
 * {"keytype": …, "scheme": …, "keyval": {"public": …}}.
 *
 *   keytype                                     scheme                public
 *   ed25519                                     ed25519               64 hex digits, or PEM
 *   ecdsa, ecdsa-sha2-nistp256                  ecdsa-sha2-nistp256   PEM, or the hex of the
 *   ecdsa, ecdsa-sha2-nistp384                  ecdsa-sha2-nistp384   uncompressed point
 *   rsa                                         rsassa-pss-sha256     PEM
 *   rsa                                         rsa-pkcs1v15-sha256   PEM
 *
 * (A hex point is how the first versions of Sigstore's root wrote keys.)
 *
 * Guarantees: a key of any other type or scheme, or whose value is no such key, is no error but
 * unusable: nothing can be signed by it. Members that are not named here are ignored.
 *
 * Result codes: enum keyobj_result, -EBADMSG with fault (not even of this shape), -ENOMEM.
 */

#include "base/arena.h"
#include "base/fault.h"
#include "crypto/key_scheme.h"
#include "wire/json.h"

enum keyobj_result { KEYOBJ_OK = 0, KEYOBJ_UNUSABLE };

/* Is it of the shape? Names and value are strings; the value is not looked at. 0, -EBADMSG. */
FB_MUST int keyobj_check(struct json_val v, struct fault *f);
/* The caller frees *ret_k. On KEYOBJ_UNUSABLE the fault says why. */
FB_MUST int keyobj_read(struct key **ret_k, enum key_method *ret_scheme, struct json_val v,
    struct arena *a, struct fault *f);
