/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * sign: makes what others verify: minisign, signify, OpenSSH, CMS, bare signatures, DSSE envelopes
 * and Sigstore bundles (v0.3, with a managed key: no certificate, no log).
 *
 * Guarantees: reads no clock and no file. Each maker appends one whole signature file to out.
 * Comments must be one line of text (-EINVAL with fault).
 *
 * Result codes: 0; -EINVAL with fault (a key of another kind than the format has, a bad comment or
 * name); -ENOMEM.
 */

#include "base/clock.h"
#include "crypto/cms.h"
#include "trust/detached/secret.h"

/* content: all bytes of the file. Ed25519 keys only. trusted NULL: "timestamp:SECONDS\tfile:NAME\t
 * hashed", as minisign writes it. Prehashed. comment NULL: the tool's own. */
struct sign_minisign {
	const char *comment, *trusted, *name;
	ts time;
};
FB_MUST int sign_minisign(const struct secret *s, struct span content,
    const struct sign_minisign *how, struct buf *out, struct fault *f);
/* embed: the content follows the signature (signify -e). */
FB_MUST int sign_signify(const struct secret *s, struct span content, const char *comment,
    bool embed, struct buf *out, struct fault *f);
/* Any kind of key. hash of the content: SHA-512, as ssh-keygen takes. */
FB_MUST int sign_ssh(const struct secret *s, struct span content, const char *space,
    struct buf *out, struct fault *f);
/* DER. ECDSA and RSA. certs: PEM or DER, the key's own certificate first, others go in with it. */
FB_MUST int sign_cms(const struct secret *s, struct span content, struct span certs, ts time,
    struct buf *out, struct fault *f);
/* As key_sign makes it. */
FB_MUST int sign_raw(const struct secret *s, struct span content, bool base64, struct buf *out,
    struct fault *f);
/* A messageSignature, P-256 and RSA only: what verifiers take other bare keys to sign with
 * differs. */
FB_MUST int sign_bundle(const struct secret *s, struct span content, struct buf *out,
    struct fault *f);
/* A DSSE envelope alone, or in a bundle (P-256, RSA, Ed25519). */
FB_MUST int sign_dsse(const struct secret *s, const char *type, struct span payload, bool bundle,
    struct buf *out, struct fault *f);

/* An in-toto Statement v1 about files, canonical but for the predicate, which stands as given
 * (one JSON object). */
struct sign_subject {
	const char *name;
	struct digest sha256;
};
FB_MUST int sign_statement(const struct sign_subject *subject, size_t n, const char *type,
    struct span predicate, struct buf *out, struct fault *f);
