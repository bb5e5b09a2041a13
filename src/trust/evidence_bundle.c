/* SPDX-License-Identifier: Apache-2.0 */

/* evidence_bundle: Sigstore bundles. Whether one verifies is trust/sigstore's work; here it becomes
 * an attestation, and a bundle that is signed with a key finds its key. */

#include "base/hex.h"
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

/* The key that a log entry of Rekor v1 says the signature is by (base64 of PEM). */
static int logged_key(struct key **ret_k, const struct sigstore_entry *e, struct arena *a)
{
	AUTO_BUF struct buf pem = BUF_INIT(KEY_TEXT_MAX), twice = BUF_INIT(KEY_TEXT_MAX);
	struct json_doc doc;

	if (json_doc_parse(&doc, e->body, a) != 0)
		return -EBADMSG;
	struct json_val spec = json_get(json_root(&doc), "spec");
	struct json_val list = json_path(spec, "content", "envelope", "signatures", NULL);
	if (!json_ok(list))
		list = json_get(spec, "signatures");
	struct json_val first = json_first(list);
	const struct json_val at[] = { json_get(first, "publicKey"), json_get(first, "verifier"),
		json_path(spec, "signature", "publicKey", "content", NULL) };
	for (size_t i = 0; i < ARRAY_LEN(at); i++) {
		struct span b64 = json_str(at[i], a);
		if (b64.p && b64_decode(&pem, b64, B64_STD) == 0)
			break;
	}
	return key_public(ret_k, buf_span(&pem), NULL);
}

/*
 * A bundle by a key that was not given proves nothing, but one that does not even verify under the
 * key that was logged with it was changed, and that is not passed over.
 */
static int check_stranger(struct evidence_reader *r, const struct sigstore_bundle *b,
    struct sigstore_result *res)
{
	AUTO_KEY struct key *k = NULL;

	if (!evidence_root(r->t->root) || !b->nentries ||
	    logged_key(&k, &b->entry[0], &r->scratch) < 0)
		return 0;
	const struct sigstore_trust t = {
		.root = evidence_root(r->t->root), .key = k, .key_name = "", .now = r->t->now
	};
	sigstore_result_free(res);
	int rc = sigstore_verify(res, b, &t, r->e->keep);
	bool changed = rc == 0 && res->state == SIGSTORE_BAD;
	if (!changed)
		sigstore_result_free(res);
	return rc < 0 ? rc : changed;
}

static int no_key(struct evidence_reader *r, struct attestation *a, const struct sigstore_bundle *b,
    struct sigstore_result *res)
{
	struct fault f = FAULT_INIT;

	int rc = check_stranger(r, b, res);
	if (rc < 0)
		return rc;
	if (rc > 0)
		return tell(r, a, res->reason, res->words.text);
	fault_set(&f, 0, "a bundle that is signed with a key that was not given; it names %s",
	    b->hint[0] ? QUOTE(span_str(b->hint)) : "no key");
	return evidence_say(r, a, ATTESTATION_STRANGER, f.text);
}

/* A key with a time of its own must have signed in it. */
static void check_window(const struct trust_key *k, struct sigstore_result *res, ts now)
{
	ts at = res->signer.time != TS_NONE ? res->signer.time : now;
	char text[TS_TEXT_MAX];

	if (res->state != SIGSTORE_GOOD || keyring_valid_at(k, at))
		return;
	res->state = SIGSTORE_BAD;
	res->reason = SIGSTORE_R_KEY;
	fault_set(&res->words, 0, "signed at %s, when its key was not valid (%s)",
	    ts_format(at, text), QUOTE(span_str(k->name)));
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
			.root = r->t->ignore_log ? NULL : evidence_root(r->t->root),
			.key = k->key,
			.key_name = k->name,
			.now = r->t->now,
		};
		if (!k->general || (named && !names(b, k)))
			continue;
		sigstore_result_free(res);
		int rc = sigstore_verify(res, b, &t, r->e->keep);
		if (rc < 0)
			return rc;
		check_window(k, res, r->t->now);
		if (res->state == SIGSTORE_GOOD || named)
			return 0;
	}
	return no_key(r, a, b, res);
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
	a->log_ignored = r->t->ignore_log && !res->log_checked;
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
