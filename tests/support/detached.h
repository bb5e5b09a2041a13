/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* detached: keys and signatures for the tests of trust/detached. */

#include "base/hex.h"
#include "crypto/hash.h"
#include "crypto/x509.h"
#include "trust/detached/detached.h"
#include "trust/detached/sign.h"

#include <stdio.h>
#include <stdlib.h>

#define DT_NOW (1767225600 * TS_SECOND) /* 2026-01-01 */

static struct arena dt_arena = ARENA_INIT(256u << 20);

static inline struct span dt_keep(struct buf *b)
{
	int rc = 0;
	struct span s = arena_dup(&dt_arena, buf_span(b), &rc);

	if (rc < 0 || buf_err(b) < 0)
		abort();
	buf_free(b);
	return s;
}

static inline struct secret dt_secret(enum secret_form form, enum key_kind kind)
{
	struct secret s;

	if (secret_generate(&s, form, kind, NULL) < 0)
		abort();
	return s;
}

/* The public key file of a secret key. */
static inline struct span dt_public(const struct secret *s, enum secret_form form)
{
	struct buf b = BUF_INIT(KEY_TEXT_MAX);

	if (secret_write_public(s->key, s->number, form, "a@b", &b, NULL) < 0)
		abort();
	return dt_keep(&b);
}

/* A ring with one key file. */
static inline struct keyring *dt_ring(struct span file)
{
	struct keyring *r = ARENA_NEW(&dt_arena, struct keyring);
	struct fault f = FAULT_INIT;

	if (keyring_read(r, file, "k.pub", true, &dt_arena, &f) < 0) {
		fprintf(stderr, "%s\n", f.text);
		abort();
	}
	return r;
}

static inline struct span dt_cert(const struct secret *s)
{
	struct buf b = BUF_INIT(X509_DER_MAX);
	struct x509_self req = { "signer", NULL, DT_NOW - TS_DAY, DT_NOW + 365 * TS_DAY };

	if (x509_self_signed(s->key, &req, &b) < 0)
		abort();
	return dt_keep(&b);
}

static inline struct span dt_pem(struct span der, const char *label)
{
	struct buf b = BUF_INIT(1u << 20), b64 = BUF_INIT(1u << 20);

	b64_encode(&b64, der, B64_STD);
	buf_printf(&b, "-----BEGIN %s-----\n", label);
	for (size_t i = 0; i < b64.n; i += 64)
		buf_printf(&b, "%.*s\n", SPAN_ARG(span_cut(buf_span(&b64), i, 64)));
	buf_printf(&b, "-----END %s-----\n", label);
	buf_free(&b64);
	return dt_keep(&b);
}

/* detached_read and detached_verify of a file's content in memory. -EBADMSG: not read. */
static inline int dt_verify_named(struct span sig, struct span content, const char *name,
    const struct detached_trust *t, struct arena *a, struct detached_check *ret_c)
{
	struct detached *d;
	struct artifact art;
	struct fault f = FAULT_INIT;

	int rc = detached_read(&d, sig, a, &f);
	if (rc < 0) {
		ret_c->why = arena_str(a, span_str(f.text));
		return rc;
	}
	if (artifact_of_span(&art, name, content, detached_needs(d) & ~ARTIFACT_NEEDS_BYTES) < 0)
		abort();
	rc = detached_verify(ret_c, d, &art, t, a);
	artifact_done(&art);
	return rc;
}

static inline int dt_verify(struct span sig, struct span content, const struct keyring *keys)
{
	struct detached_trust t = { .keys = keys, .now = DT_NOW };
	struct detached_check c;
	struct arena a = ARENA_INIT(16u << 20);
	int rc = dt_verify_named(sig, content, "dist/file", &t, &a, &c);

	arena_free(&a);
	return rc;
}
