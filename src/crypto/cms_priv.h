/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* cms_priv: a SignedData as cms_read leaves it. Private to cms*.c. */

#include "crypto/cms.h"
#include "crypto/sigalg.h"
#include "wire/pkcs7.h"

struct cms_signer {
	struct pkcs7_signer x;
	enum digest_alg digest;
	struct sigalg alg;
	struct span attrs;          /* content of the SET; n == 0: none */
	struct span message_digest; /* of the attribute */
	ts time;                    /* of the attribute */
};

struct cms {
	struct pkcs7 p7;
	struct cms_signer signer[CMS_SIGNERS_MAX];
	size_t nsigners;
	struct span cert[CMS_CERTS_MAX];
	size_t ncerts;
};
