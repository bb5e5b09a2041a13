/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * sct: signed certificate timestamps embedded in a certificate (RFC 6962 sections 3.2 and 3.3,
 * extension 1.3.6.1.4.1.11129.2.4.2).
 *
 * A log signed the precertificate: the certificate's TBSCertificate without the SCT extension, and
 * the hash of the issuer's key. The TBS is put together from the certificate's own bytes, so that
 * it is exactly what the log saw.
 *
 * What SCT_OK of sct_verify means: the holder of the log's key signed this very timestamp,
 * extensions and precertificate. Whether that log is trusted at that time, and how many SCTs it
 * takes, the caller knows.
 *
 * Guarantees: strict TLS encoding (every length must fit exactly, no empty list, no empty SCT);
 * only version 1, and SHA-256 with ECDSA or RSA (RFC 6962 2.1.4) as the algorithm ids; anything
 * else is malformed. A critical SCT extension is taken as well.
 *
 * Result codes: enum sct_result with fault; -ENOMEM.
 */

#include "base/buf.h"
#include "base/clock.h"
#include "base/fault.h"
#include "base/span.h"
#include "crypto/key.h"
#include "crypto/x509.h"

#define SCT_MAX 16 /* in one certificate */
#define SCT_LOG_ID_LEN 32

enum sct_result {
	SCT_OK = 0,
	SCT_ABSENT, /* the certificate has no such extension */
	SCT_MALFORMED,
	SCT_WRONG_LOG, /* sct_verify: another log's id than this key's */
	SCT_BAD_SIGNATURE,
};

struct sct {
	uint8_t log_id[SCT_LOG_ID_LEN]; /* SHA-256 of the log's SPKI, as key_id() */
	ts time;		/* of a whole millisecond; at most what ts holds (later ones are
				   malformed) */
	uint64_t timestamp;	/* the same in milliseconds since 1970 */
	struct span extensions; /* opaque, signed, borrowed from the certificate */
	uint8_t signature_alg;	/* 3 ECDSA, 1 RSA (RFC 5246 7.4.1.4.1) */
	struct span signature;
};

struct sct_list {
	size_t n; /* at least 1 */
	struct sct sct[SCT_MAX];
};

/* ret_l is borrowed from c. SCT_OK, SCT_ABSENT, SCT_MALFORMED. */
FB_MUST int sct_read(struct sct_list *ret_l, const struct cert *c, struct fault *f);

/* What the log signed apart from the SCT itself. */
struct sct_precert {
	uint8_t issuer_key_hash[32]; /* SHA-256 of the issuer's SPKI */
	struct buf tbs;
};
#define SCT_PRECERT_INIT ((struct sct_precert){ { 0 }, BUF_INIT(X509_DER_MAX) })
#define AUTO_PRECERT FB_CLEANUP(sct_precert_free)
void sct_precert_free(struct sct_precert *p);
/* From a certificate with an SCT extension and the one that issued it (of which only the key
 * counts). SCT_OK, SCT_ABSENT, SCT_MALFORMED. p's buffer is emptied first. */
FB_MUST int sct_precert(
    struct sct_precert *p, const struct cert *c, const struct cert *issuer, struct fault *f);

/* SCT_OK, SCT_WRONG_LOG, SCT_BAD_SIGNATURE. */
FB_MUST int sct_verify(
    const struct sct *s, const struct sct_precert *p, const struct key *log, struct fault *f);
