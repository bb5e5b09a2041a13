/* SPDX-License-Identifier: Apache-2.0 */

#include "trust/evidence.h"

#include "base/file.h"
#include "crypto/hash.h"

#include <errno.h>

/* One evidence file while it is read. */
struct reader {
	struct evidence *e;
	const struct keyring *keys;
	const char *name;
	struct digest digest;
	struct arena scratch;
};

/* Room for one more, with state BROKEN. NULL when memory or the cap is reached. */
static struct attestation *add(struct reader *r, size_t line)
{
	struct evidence *e = r->e;

	if (e->n == e->cap) {
		size_t cap = e->cap ? e->cap * 2 : 8;
		struct attestation *item = arena_array(e->keep, cap, sizeof(*item));
		if (!item)
			return NULL;
		if (e->n)
			memcpy(item, e->item, e->n * sizeof(*item));
		e->item = item;
		e->cap = cap;
	}
	const char *file = line ? arena_printf(e->keep, "%s:%zu", r->name, line)
				: arena_str(e->keep, span_str(r->name));
	if (!file)
		return NULL;
	struct attestation *a = &e->item[e->n++];
	*a = (struct attestation){ .file = file, .digest = r->digest };
	return a;
}

static int say(
    struct reader *r, struct attestation *a, enum attestation_state state, const char *why)
{
	a->state = state;
	a->why = arena_str(r->e->keep, span_str(why));
	return a->why ? 0 : -ENOMEM;
}

/* Turns a parser's result into the attestation's state; 0 when there was no error. */
static int broken(struct reader *r, struct attestation *a, int rc, const struct fault *f)
{
	if (rc == -ENOMEM)
		return say(r, a, ATTESTATION_BROKEN, "needs more memory to read than is allowed");
	return say(r, a, ATTESTATION_BROKEN, f->text);
}

/* The payload of an envelope that verified. */
static int read_payload(struct reader *r, struct attestation *a, const struct envelope *env)
{
	struct fault f = FAULT_INIT;
	enum attestation_state state = a->state;

	if (!span_eq(env->payload_type, SPAN_LIT(STATEMENT_PAYLOAD_TYPE))) {
		fault_set(&f, 0, "signed, but of type %s, not an in-toto statement",
		    QUOTE(env->payload_type));
		return say(r, a, ATTESTATION_OTHER, f.text);
	}
	a->state = ATTESTATION_BROKEN;
	int rc = statement_read(&a->st, env->payload, r->e->keep, &r->scratch, &f);
	if (rc == 0 && slsa_is(a->st.predicate_type)) {
		rc = slsa_read(&a->slsa, a->st.predicate_type, a->st.predicate, r->e->keep, &f);
		a->is_slsa = rc == 0;
	}
	a->st.predicate = JSON_ABSENT; /* its document ends with the scratch memory */
	if (rc < 0) {
		fault_wrap(&f, 0, "signed statement");
		return broken(r, a, rc, &f);
	}
	a->state = state;
	return 0;
}

static int forged(struct reader *r, struct attestation *a, const struct envelope_check *c)
{
	const struct trust_key *k = &r->keys->key[c->bad_key];
	struct fault f = FAULT_INIT;

	fault_set(&f, 0, "signature %zu names key %s (%s), which did not sign this payload",
	    c->bad_sig + 1, DIGEST_TEXT(&k->id), QUOTE(span_str(k->name)));
	return say(r, a, ATTESTATION_FORGED, f.text);
}

static int stranger(struct reader *r, struct attestation *a, const struct envelope *env)
{
	struct fault f = FAULT_INIT;
	const char *keyid = env->sig[0].keyid;

	if (a->sigstore)
		return say(r, a, ATTESTATION_STRANGER,
		    "Sigstore bundle: certificate identity not verified yet; it counts for nothing "
		    "here");
	fault_set(&f, 0, "%zu signature%s, none by a key that was given; it names %s", env->nsigs,
	    env->nsigs == 1 ? "" : "s", keyid[0] ? QUOTE(span_str(keyid)) : "no key");
	return say(r, a, ATTESTATION_STRANGER, f.text);
}

static int read_envelope(struct reader *r, struct attestation *a, struct json_val v)
{
	struct fault f = FAULT_INIT;
	struct envelope_check c;
	struct envelope *env = ARENA_NEW(&r->scratch, struct envelope);

	int rc = env ? envelope_read(env, v, &r->scratch, &f) : -ENOMEM;
	if (rc < 0)
		return broken(r, a, rc, &f);
	rc = envelope_verify(&c, env, r->keys);
	if (rc < 0)
		return rc;
	if (rc == ENVELOPE_BAD)
		return forged(r, a, &c);
	if (rc == ENVELOPE_STRANGER)
		return stranger(r, a, env);
	a->state = ATTESTATION_REFUSED;
	for (size_t i = r->keys->n; i-- > 0;) {
		const struct trust_key *k = &r->keys->key[i];
		if (!(c.good & 1u << i) || (a->state == ATTESTATION_GOOD && !k->may_sign))
			continue;
		a->signer = k;
		a->state = k->may_sign ? ATTESTATION_GOOD : ATTESTATION_REFUSED;
	}
	return read_payload(r, a, env);
}

/* One JSON value: an envelope, or a bundle that holds one. */
static int read_one(struct reader *r, struct json_val v, size_t line)
{
	struct json_val inside = json_get(v, "dsseEnvelope");
	struct attestation *a = add(r, line);

	if (!a)
		return -ENOMEM;
	if (r->e->n > EVIDENCE_ENVELOPES_MAX)
		return say(r, a, ATTESTATION_BROKEN, "more envelopes than are accepted at once");
	if (envelope_is(v))
		return read_envelope(r, a, v);
	if (json_ok(inside)) {
		/* npm's registry signs with a key; then it is as good as a plain envelope. */
		a->sigstore = !json_ok(json_path(v, "verificationMaterial", "publicKey", NULL));
		return read_envelope(r, a, inside);
	}
	if (json_ok(json_get(v, "messageSignature")))
		return say(r, a, ATTESTATION_OTHER,
		    "a Sigstore bundle with a signature over the file itself, no statement");
	return say(
	    r, a, ATTESTATION_BROKEN, "neither a DSSE envelope nor a Sigstore bundle with one");
}

static int read_value(struct reader *r, struct json_val v, size_t line)
{
	struct json_val list = json_get(v, "attestations");

	if (json_type_of(list) != JSON_ARR || envelope_is(v))
		return read_one(r, v, line);
	int rc = json_count(list) ? 0 : read_one(r, list, line);
	JSON_EACH(x, list) {
		if (rc < 0 || r->e->n > EVIDENCE_ENVELOPES_MAX)
			break;
		struct json_val bundle = json_get(x, "bundle");
		rc = read_one(r, json_ok(bundle) ? bundle : x, line);
	}
	return rc;
}

static int read_lines(struct reader *r, struct span text);

/* line is 0 for a whole file: then it may also hold one value a line. */
static int read_text(struct reader *r, struct span text, size_t line)
{
	struct fault f = FAULT_INIT;
	struct json_doc doc;

	int rc = json_doc_parse(&doc, text, &r->scratch);
	if (rc == 0)
		return read_value(r, json_root(&doc), line);
	if (rc == JSON_E_TRAILING && !line)
		return read_lines(r, text);
	struct attestation *a = add(r, line);
	if (!a)
		return -ENOMEM;
	fault_set(&f, 0, "offset %zu: %s", doc.err_off, json_strerror(rc));
	return broken(r, a, rc, &f);
}

static int read_lines(struct reader *r, struct span text)
{
	struct span line;

	for (size_t n = 1; span_next_line(&text, &line); n++) {
		if (!span_trim(line).n)
			continue;
		arena_free(&r->scratch);
		int rc = read_text(r, line, n);
		if (rc < 0)
			return rc;
		if (r->e->n > EVIDENCE_ENVELOPES_MAX)
			break;
	}
	return 0;
}

int evidence_add(struct evidence *e, struct span text, const char *name, const struct keyring *keys)
{
	struct reader r = { .e = e,
		.keys = keys,
		.name = name,
		.digest = sha256_of(text),
		.scratch = ARENA_INIT(EVIDENCE_SCRATCH_MAX) };

	int rc = read_text(&r, text, 0);
	arena_free(&r.scratch);
	return rc;
}

int evidence_load(struct evidence *e, const char *path, const char *name,
    const struct keyring *keys, struct fault *f)
{
	AUTO_BUF struct buf text = BUF_INIT(BUF_MAX_DEFAULT);

	int rc = file_read(path, &text, EVIDENCE_FILE_MAX, f);
	if (rc == -EMSGSIZE) {
		struct reader r = { .e = e, .name = name };
		struct attestation *a = add(&r, 0);
		return a ? say(&r, a, ATTESTATION_BROKEN, f->text) : -ENOMEM;
	}
	if (rc < 0)
		return rc;
	rc = evidence_add(e, buf_span(&text), name, keys);
	return rc < 0 ? fault_set(f, rc, "%s: not enough memory", QUOTE(span_str(path))) : rc;
}
