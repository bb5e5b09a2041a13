/* SPDX-License-Identifier: Apache-2.0 */

/* evidence_read: envelopes, and the statements in what verified. */

#include "trust/evidence_read.h"

#include <errno.h>

int evidence_say(struct evidence_reader *r, struct attestation *a, enum attestation_state state,
    const char *why)
{
	a->state = state;
	a->why = arena_str(r->e->keep, span_str(why));
	return a->why ? 0 : -ENOMEM;
}

int evidence_broken(
    struct evidence_reader *r, struct attestation *a, int rc, const struct fault *f)
{
	if (rc == -ENOMEM)
		return evidence_say(
		    r, a, ATTESTATION_BROKEN, "needs more memory to read than is allowed");
	return evidence_say(r, a, ATTESTATION_BROKEN, f->text);
}

static bool known_key(const struct evidence_reader *r, const struct signer *s)
{
	for (size_t i = 0; i < r->t->keys->n; i++)
		if (digest_eq(&r->t->keys->key[i].id, &s->key))
			return true;
	return false;
}

/* How to accept a signer whom nobody named. */
static int tell_unnamed(struct evidence_reader *r, struct attestation *a)
{
	const struct signer *s = &a->signer;
	struct fault f = FAULT_INIT;

	if (s->kind == SIGNER_IDENTITY || s->kind == SIGNER_CERTIFICATE)
		fault_set(&f, 0,
		    "verifies, but %s; to accept: "
		    "--certificate-identity %s --certificate-oidc-issuer %s",
		    r->t->accept->n ? "its signer is none of those who were named"
				    : "was signed by somebody whom nobody named",
		    QUOTE(span_str(s->identity)), QUOTE(span_str(s->issuer)));
	else
		fault_set(&f, 0, "verifies, but nobody named its signer: %s",
		    signer_text(s, &r->scratch));
	return evidence_say(r, a, ATTESTATION_UNNAMED, f.text);
}

int evidence_signed(struct evidence_reader *r, struct attestation *a)
{
	if (accept_signer(r->t->accept, &a->signer)) {
		a->state = ATTESTATION_GOOD;
		return 0;
	}
	if (known_key(r, &a->signer)) {
		a->state = ATTESTATION_REFUSED;
		return 0;
	}
	return tell_unnamed(r, a);
}

/* That there is one is evidence by itself; what is in it only counts where that is asked for. */
static int read_sbom(struct evidence_reader *r, struct attestation *a, struct fault *f)
{
	a->predicate = PREDICATE_SBOM;
	a->sbom = ARENA_NEW(r->e->keep, struct sbom);
	int rc = a->sbom ? sbom_read(a->sbom, a->st.predicate, r->e->keep, f) : -ENOMEM;
	if (rc == -ENOMEM)
		return rc;
	if (rc < 0) {
		a->sbom = NULL;
		a->sbom_why = arena_str(r->e->keep, span_str(f->text));
	}
	return rc < 0 && !a->sbom_why ? -ENOMEM : 0;
}

static int read_predicate(struct evidence_reader *r, struct attestation *a, struct fault *f)
{
	const char *type = a->st.predicate_type;
	int rc = 0;

	if (slsa_is(type)) {
		rc = slsa_read(&a->slsa, type, a->st.predicate, r->e->keep, f);
		a->predicate = PREDICATE_SLSA;
	} else if (vsa_is(type)) {
		rc = vsa_read(&a->vsa, type, a->st.predicate, r->e->keep, f);
		a->predicate = PREDICATE_VSA;
	} else if (sbom_is_predicate(type)) {
		rc = read_sbom(r, a, f);
	}
	return rc;
}

int evidence_payload(struct evidence_reader *r, struct attestation *a, struct span payload_type,
    struct span payload)
{
	struct fault f = FAULT_INIT;
	enum attestation_state state = a->state;

	if (!span_eq(payload_type, SPAN_LIT(STATEMENT_PAYLOAD_TYPE))) {
		fault_set(&f, 0, "signed, but of type %s, not an in-toto statement",
		    QUOTE(payload_type));
		return evidence_say(r, a, ATTESTATION_OTHER, f.text);
	}
	a->state = ATTESTATION_BROKEN;
	int rc = statement_read(&a->st, payload, r->e->keep, &r->scratch, &f);
	if (rc < 0) {
		fault_wrap(&f, 0, "signed statement");
		return evidence_broken(r, a, rc, &f);
	}
	rc = read_predicate(r, a, &f);
	a->st.predicate = JSON_ABSENT; /* its document ends with the scratch memory */
	if (rc == -ENOMEM)
		return evidence_broken(r, a, rc, &f);
	a->state = state;
	if (rc == 0)
		return 0;
	/* Who signed what it is about still stands; what it says does not. */
	fault_wrap(&f, 0, "signed statement");
	a->predicate = PREDICATE_BROKEN;
	a->why = arena_str(r->e->keep, span_str(f.text));
	return a->why ? 0 : -ENOMEM;
}

static int forged(
    struct evidence_reader *r, struct attestation *a, const struct envelope_check *c)
{
	const struct trust_key *k = &r->t->keys->key[c->bad_key];
	struct fault f = FAULT_INIT;

	fault_set(&f, 0, "signature %zu names key %s (%s), which did not sign this payload",
	    c->bad_sig + 1, DIGEST_TEXT(&k->id), QUOTE(span_str(k->name)));
	return evidence_say(r, a, ATTESTATION_FORGED, f.text);
}

static int stranger(struct evidence_reader *r, struct attestation *a, const struct envelope *env)
{
	struct fault f = FAULT_INIT;
	const char *keyid = env->sig[0].keyid;

	fault_set(&f, 0, "%zu signature%s, none by a key that was given; it names %s", env->nsigs,
	    env->nsigs == 1 ? "" : "s", keyid[0] ? QUOTE(span_str(keyid)) : "no key");
	return evidence_say(r, a, ATTESTATION_STRANGER, f.text);
}

/* Of the keys that signed the first that may sign, else the first that did; *ret_old: one of those
 * whose time is over, as nothing in an envelope proves when it was signed. */
static const struct trust_key *signer_of(
    const struct evidence_reader *r, uint32_t good, const struct trust_key **ret_old)
{
	const struct keyring *keys = r->t->keys;
	const struct trust_key *by = NULL;

	for (size_t i = 0; i < keys->n; i++) {
		const struct trust_key *k = &keys->key[i];
		if (!(good & 1u << i))
			continue;
		if (!keyring_valid_at(k, r->t->now))
			*ret_old = k;
		else if (!by || (!by->may_sign && k->may_sign))
			by = k;
	}
	return by;
}

static int outdated(
    struct evidence_reader *r, struct attestation *a, const struct trust_key *k)
{
	struct fault f = FAULT_INIT;

	fault_set(&f, 0, "signed by key %s (%s), which is not valid now; nothing proves when it "
	    "signed", DIGEST_TEXT(&k->id), QUOTE(span_str(k->name)));
	return evidence_say(r, a, ATTESTATION_FORGED, f.text);
}

int evidence_envelope(struct evidence_reader *r, struct attestation *a, struct json_val v)
{
	const struct keyring *keys = r->t->keys;
	struct fault f = FAULT_INIT;
	struct envelope_check c;
	struct envelope *env = ARENA_NEW(&r->scratch, struct envelope);

	int rc = env ? envelope_read(env, v, &r->scratch, &f) : -ENOMEM;
	if (rc < 0)
		return evidence_broken(r, a, rc, &f);
	rc = envelope_verify(&c, env, keys);
	if (rc < 0)
		return rc;
	if (rc == ENVELOPE_BAD)
		return forged(r, a, &c);
	if (rc == ENVELOPE_STRANGER)
		return stranger(r, a, env);
	const struct trust_key *old = NULL, *by = signer_of(r, c.good, &old);
	if (!by)
		return outdated(r, a, old);
	a->signer = (struct signer){
		.kind = SIGNER_KEY, .key = by->id, .name = by->name, .time = TS_NONE
	};
	rc = evidence_signed(r, a);
	return rc < 0 ? rc : evidence_payload(r, a, env->payload_type, env->payload);
}
