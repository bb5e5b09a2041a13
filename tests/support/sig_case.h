/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * sigstore: one conformance case from end to end with the library's functions: bundle text, trusted
 * root, expected signer, artifact -> the stable name of what is wrong. For programs of tests/.
 */

#include "base/file.h"
#include "crypto/hash.h"
#include "trust/sigstore/sigstore.h"
#include "trust/statement.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

struct sig_want {
	const struct sigstore_root *root;
	const struct key *key;              /* or */
	const char *identity, *issuer;      /* NULL: any */
	struct artifact artifact;
	ts now;
};

/* In which step it ended, with words. */
struct sig_verdict {
	const char *code; /* "good", or sigstore_code(), or "artifact.subject" */
	struct fault words;
	struct sigstore_result result; /* freed by sig_judge; names of logs and times stay */
};

static inline const char *sig_subject(
    const struct sigstore_result *r, const struct sig_want *w, struct arena *a, struct fault *f)
{
	struct statement_target t = { .name = "", .digest = w->artifact.digest };
	const struct subject *s;
	struct statement st;

	if (!span_eq_str(r->payload_type, STATEMENT_PAYLOAD_TYPE))
		return "provenance.payload-type";
	if (statement_read(&st, r->payload, a, a, f) < 0)
		return "provenance.statement";
	if (statement_match(&st, &t, &s) != SUBJECT_MATCH) {
		fault_set(f, 0, "no subject of the statement is this artifact");
		return "artifact.subject";
	}
	return "good";
}

static inline const char *sig_content(
    const struct sigstore_result *r, struct sig_want *w, struct arena *a, struct fault *f)
{
	if (r->is_dsse)
		return sig_subject(r, w, a, f);
	int rc = sigstore_artifact(r, &w->artifact, f);
	return rc == 0 ? "good" : rc < 0 ? "error" : sigstore_code((enum sigstore_reason)rc);
}

static inline const char *sig_signer(
    const struct sigstore_result *r, const struct sig_want *w, struct fault *f)
{
	if (w->key)
		return "good";
	if (w->identity && (!r->signer.identity || strcmp(r->signer.identity, w->identity) != 0)) {
		fault_set(f, 0, "the signer is \"%s\"", QUOTE(span_str(r->signer.identity)));
		return sigstore_code(SIGSTORE_R_IDENTITY);
	}
	if (w->issuer && (!r->signer.issuer || strcmp(r->signer.issuer, w->issuer) != 0)) {
		fault_set(f, 0, "the issuer is \"%s\"", QUOTE(span_str(r->signer.issuer)));
		return sigstore_code(SIGSTORE_R_ISSUER);
	}
	return "good";
}

/* The caller's arena holds what v points to. */
static inline void sig_judge(
    struct sig_verdict *v, struct span text, struct sig_want *w, struct arena *a)
{
	struct sigstore_trust trust = { .root = w->root, .key = w->key, .now = w->now };
	struct sigstore_result *r = &v->result;
	struct sigstore_bundle b;

	*v = (struct sig_verdict){ .code = "error" };
	int rc = sigstore_bundle_parse(&b, text, a, &v->words);
	if (rc > 0)
		v->code = sigstore_code((enum sigstore_reason)rc);
	if (rc || sigstore_verify(r, &b, &trust, a) < 0)
		return;
	if (r->state != SIGSTORE_GOOD) {
		v->words = r->words;
		v->code = sigstore_code(r->reason);
	} else {
		v->code = sig_signer(r, w, &v->words);
		if (strcmp(v->code, "good") == 0)
			v->code = sig_content(r, w, a, &v->words);
	}
	sigstore_result_free(r);
}

#define SIG_ARTIFACT_MAX (64u << 20)

/* A path or "sha256:HEX". text keeps the bytes. False: said on stderr. */
static inline bool sig_artifact(struct sig_want *w, const char *name, struct buf *text)
{
	struct fault f = FAULT_INIT;
	struct digest d;

	w->artifact = ARTIFACT_INIT;
	if (digest_parse(span_str(name), &d) == 0 && strchr(name, ':')) {
		w->artifact.digest[d.alg] = d;
		return true;
	}
	if (file_read(name, text, SIG_ARTIFACT_MAX, &f) < 0 ||
	    artifact_of_span(&w->artifact, name, buf_span(text),
		HASH_SET(DIGEST_SHA256) | HASH_SET(DIGEST_SHA384) | HASH_SET(DIGEST_SHA512)) < 0) {
		fprintf(stderr, "%s: %s\n", name, f.text);
		return false;
	}
	return true;
}
