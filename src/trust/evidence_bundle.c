/* SPDX-License-Identifier: Apache-2.0 */

/* evidence_bundle: Sigstore bundles. Whether one verifies is trust/sigstore's work; here it becomes
 * an attestation, and a bundle that is signed with a key finds its key. */

#include "trust/evidence_read.h"

#include "trust/sigstore/sigstore.h"

#include <errno.h>

const struct sigstore_root *evidence_root(struct evidence_root *r)
{
	if (r && r->text.n && !r->tried) {
		r->tried = true;
		if (sigstore_root_parse(&r->root, r->text, NULL) < 0)
			r->root = NULL;
	}
	return r ? r->root : NULL;
}

/* The outcome of a bundle that does not hold, or to which something is missing. */
static int tell(struct evidence_reader *r, struct attestation *a, enum sigstore_reason reason,
    const char *words)
{
	if (sigstore_is_missing(reason))
		return evidence_say(r, a, ATTESTATION_PARTIAL, words);
	a->code = sigstore_code(reason);
	return evidence_say(r, a, ATTESTATION_FORGED, words);
}

/* Does the bundle say that this key signed it? */
static bool names(const struct sigstore_bundle *b, const struct trust_key *k)
{
	return (b->hint[0] && keyring_names(b->hint, k)) ||
	       (b->is_dsse && b->keyid[0] && keyring_names(b->keyid, k));
}

static int no_key(struct evidence_reader *r, struct attestation *a, const struct sigstore_bundle *b)
{
	struct fault f = FAULT_INIT;

	fault_set(&f, 0, "a bundle that is signed with a key that was not given; it names %s",
	    b->hint[0] ? QUOTE(span_str(b->hint)) : "no key");
	return evidence_say(r, a, ATTESTATION_STRANGER, f.text);
}

/* A bundle without certificate: by the key that it names, else by whichever fits. */
static int verify_by_key(struct evidence_reader *r, struct attestation *a,
    const struct sigstore_bundle *b, struct sigstore_result *res)
{
	const struct keyring *keys = r->t->keys;
	bool named = false;

	for (size_t i = 0; i < keys->n; i++)
		named |= keys->key[i].general && names(b, &keys->key[i]);
	for (size_t i = 0; i < keys->n; i++) {
		const struct trust_key *k = &keys->key[i];
		const struct sigstore_trust t = {
			.root = evidence_root(r->t->root), .key = k->key, .key_name = k->name, .now = r->t->now
		};
		if (!k->general || (named && !names(b, k)))
			continue;
		sigstore_result_free(res);
		int rc = sigstore_verify(res, b, &t, r->e->keep);
		if (rc < 0)
			return rc;
		if (res->state == SIGSTORE_GOOD || named)
			return 0;
	}
	return no_key(r, a, b);
}

/* The part that does not depend on the artifact. */
static int verify(struct evidence_reader *r, struct attestation *a, const struct sigstore_bundle *b,
    struct sigstore_result *res)
{
	const struct sigstore_trust t = { .root = evidence_root(r->t->root), .now = r->t->now };

	if (b->ncerts)
		return sigstore_verify(res, b, &t, r->e->keep);
	return verify_by_key(r, a, b, res);
}

static int take(struct evidence_reader *r, struct attestation *a, struct sigstore_result *res)
{
	a->signer = res->signer;
	int rc = evidence_signed(r, a);
	if (rc < 0)
		return rc;
	if (res->is_dsse)
		return evidence_payload(r, a, res->payload_type, res->payload);
	a->kind = ATTESTATION_BUNDLE;
	a->bundle = res;
	return 0;
}

/* v's text stays as long as the session when the bundle's result has to. */
static struct json_val kept(struct evidence_reader *r, struct json_val v)
{
	struct json_doc *doc = ARENA_NEW(r->e->keep, struct json_doc);
	int err = 0;
	struct span text = arena_dup(r->e->keep, json_text(v), &err);

	if (!doc || err < 0 || json_doc_parse(doc, text, r->e->keep) != 0)
		return JSON_ABSENT;
	return json_root(doc);
}

int evidence_bundle(struct evidence_reader *r, struct attestation *a, struct json_val v)
{
	struct sigstore_bundle *b = ARENA_NEW(r->e->keep, struct sigstore_bundle);
	struct sigstore_result *res = ARENA_NEW(r->e->keep, struct sigstore_result);
	struct json_val stays = json_ok(json_get(v, "messageSignature")) ? kept(r, v) : v;
	struct fault f = FAULT_INIT;

	a->sigstore = true;
	if (!b || !res || !json_ok(stays))
		return -ENOMEM;
	int rc = sigstore_bundle_read(b, stays, r->e->keep, &f);
	if (rc < 0)
		return rc;
	if (rc > 0) {
		rc = tell(r, a, (enum sigstore_reason)rc, f.text);
		if (a->state == ATTESTATION_FORGED)
			a->state = ATTESTATION_BROKEN;
		return rc;
	}
	rc = verify(r, a, b, res);
	if (rc == 0 && !a->why)
		rc = res->state == SIGSTORE_GOOD ? take(r, a, res)
						 : tell(r, a, res->reason, res->words.text);
	if (a->bundle != res)
		sigstore_result_free(res);
	return rc;
}
