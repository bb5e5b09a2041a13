/* SPDX-License-Identifier: Apache-2.0 */

#include "trust/judge.h"

#define CLOCK_SKEW (5 * TS_MINUTE) /* a builder's clock may be this much ahead */
#define NOTES_MAX 64		   /* remarks on evidence that proves nothing, for one artifact */

/* What the evidence came to, over all attestations, for one artifact. */
struct tally {
	const struct attestation *accepted; /* provenance without any problem */
	size_t provenance;		    /* provenance about these bytes, accepted or not */
	size_t about;			    /* signed statements about these bytes, of any kind */
	size_t sbom, strangers, sigstore, others;
	size_t notes;
	const struct attestation *replaced;
	const struct subject *replaced_subject;
};

static struct reason *from(struct reason *r, const struct attestation *a)
{
	r->file = a->file;
	r->evidence = a->digest;
	return r;
}

/* A remark that changes nothing; so many of them are kept that they never crowd out a reason. */
static void note(struct verdict *v, struct tally *t, const struct attestation *a, const char *code,
    const char *text)
{
	if (t->notes++ < NOTES_MAX)
		from(verdict_add(v, REASON_NOTE, code, "%s", text), a);
}

static bool is_sbom(const char *type)
{
	static const char *const types[] = { "https://spdx.dev/Document", "https://cyclonedx.org/bom" };

	for (size_t i = 0; i < ARRAY_LEN(types); i++) {
		size_t n = strlen(types[i]);
		/* A version may follow: "/v2.3". */
		if (strncmp(type, types[i], n) == 0 && (!type[n] || type[n] == '/'))
			return true;
	}
	return false;
}

static const char *or_none(const char *s)
{
	return s ? s : "(none)";
}

/* One problem of a provenance: FAIL, or WARN when another provenance is accepted. */
#define PROBLEM(v, kind, a, code, ...) from(verdict_add((v), (kind), (code), __VA_ARGS__), (a))

static size_t check_time(
    const struct judge *j, const struct attestation *a, struct verdict *v, enum reason_kind kind)
{
	ts max = j->policy->max_age, t = a->slsa.finished;
	char age[TS_TEXT_MAX], limit[TS_TEXT_MAX];

	if (!max)
		return 0;
	if (t == TS_NONE) {
		PROBLEM(v, kind, a, "provenance.time",
		    "does not say when the build finished, and the policy limits its age");
		return 1;
	}
	if (t > j->now + CLOCK_SKEW) {
		PROBLEM(v, kind, a, "provenance.time",
		    "says that the build finished in the future, at %s",
		    ts_format(t, age));
		return 1;
	}
	if (j->now - t <= max)
		return 0;
	PROBLEM(v, kind, a, "provenance.stale", "the build finished %s ago, the policy allows %s",
	    ts_format_duration(j->now - t, age), ts_format_duration(max, limit));
	return 1;
}

static size_t check_parameters(
    const struct judge *j, const struct attestation *a, struct verdict *v, enum reason_kind kind)
{
	const struct policy_list *allowed = &j->policy->parameters;
	size_t bad = 0;

	for (size_t i = 0; j->policy->has_parameters && i < a->slsa.nparameters; i++) {
		if (allowed->n && policy_allows(allowed, a->slsa.parameter[i]))
			continue;
		PROBLEM(v, kind, a, "provenance.parameter",
		    "external parameter %s is not one that the policy knows",
		    QUOTE(span_str(a->slsa.parameter[i])));
		bad++;
	}
	return bad;
}

/* Adds every problem of one provenance as a reason of this kind; returns how many. */
static size_t problems(
    const struct judge *j, const struct attestation *a, struct verdict *v, enum reason_kind kind)
{
	const struct policy *p = j->policy;
	const struct slsa *s = &a->slsa;
	size_t bad = 0;

	if (a->state == ATTESTATION_REFUSED) {
		PROBLEM(v, kind, a, "provenance.signer",
		    "signed by %s (%s), who is not a signer that the policy lists",
		    DIGEST_TEXT(&a->signer->id), QUOTE(span_str(a->signer->name)));
		bad++;
	}
	if (!p)
		return bad;
	const struct {
		const struct policy_list *allowed;
		const char *is, *code, *what;
	} t[] = {
		{ &p->builders, s->builder_id, "provenance.builder-id", "builder" },
		{ &p->build_types, s->build_type, "provenance.build-type", "build type" },
		{ &p->sources, s->source_uri, "provenance.source", "source" },
		{ &p->refs, s->source_ref, "provenance.ref", "source ref" },
	};
	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		if (policy_allows(t[i].allowed, t[i].is))
			continue;
		PROBLEM(v, kind, a, t[i].code, "%s %s is not one that the policy allows", t[i].what,
		    QUOTE(span_str(or_none(t[i].is))));
		bad++;
	}
	bad += check_parameters(j, a, v, kind);
	return bad + check_time(j, a, v, kind);
}

static bool is_candidate(const struct attestation *a, const struct verify_artifact *art)
{
	const struct subject *s;

	return (a->state == ATTESTATION_GOOD || a->state == ATTESTATION_REFUSED) && a->is_slsa &&
	       statement_match(&a->st, art->digest, art->name, &s) == SUBJECT_MATCH;
}

/* The first provenance that the policy has nothing against. */
static void find_accepted(const struct judge *j, const struct verify_artifact *art, struct tally *t)
{
	for (size_t i = 0; i < j->evidence->n; i++) {
		const struct attestation *a = &j->evidence->item[i];
		struct verdict scratch;
		if (!is_candidate(a, art))
			continue;
		t->provenance++;
		verdict_init(&scratch, j->arena);
		if (!t->accepted && problems(j, a, &scratch, REASON_FAIL) == 0)
			t->accepted = a;
	}
}

/* A statement that is signed by somebody who may. */
static void weigh_statement(
    const struct attestation *a, struct verify_artifact *art, struct tally *t)
{
	struct verdict *v = &art->verdict;
	const struct subject *s;

	switch (statement_match(&a->st, art->digest, art->name, &s)) {
	case SUBJECT_CONFLICT:
		from(verdict_add(v, REASON_FAIL, "artifact.digest-conflict",
			 "a signed statement agrees with this file in one digest and differs in "
			 "another"),
		    a);
		break;
	case SUBJECT_MATCH:
		t->about++;
		if (is_sbom(a->st.predicate_type)) {
			t->sbom++;
			from(verdict_add(v, REASON_PROVEN, "evidence.sbom",
				 "a signed SBOM is about this file: %s",
				 QUOTE(span_str(a->st.predicate_type))),
			    a);
		} else if (!a->is_slsa) {
			struct fault f;
			fault_set(&f, 0,
			    "a signed statement about this file of a kind that is not judged here: "
			    "%s",
			    QUOTE(span_str(a->st.predicate_type)));
			note(v, t, a, "evidence.predicate", f.text);
		}
		break;
	case SUBJECT_REPLACED:
		if (!t->replaced) {
			t->replaced = a;
			t->replaced_subject = s;
		}
		break;
	case SUBJECT_WEAK:
		note(v, t, a, "evidence.weak-digest",
		    "a signed statement names this file by SHA-1 only, which is not enough");
		break;
	case SUBJECT_NONE:
		t->others++;
		break;
	}
}

static void weigh(const struct judge *j, const struct attestation *a, struct verify_artifact *art,
    struct tally *t)
{
	struct verdict *v = &art->verdict;

	switch (a->state) {
	case ATTESTATION_BROKEN:
		from(verdict_add(v, REASON_FAIL, "evidence.malformed", "%s", a->why), a);
		break;
	case ATTESTATION_FORGED:
		from(verdict_add(v, REASON_FAIL, "evidence.signature", "%s", a->why), a);
		break;
	case ATTESTATION_OTHER:
		note(v, t, a, "evidence.other", a->why);
		break;
	case ATTESTATION_STRANGER:
		t->strangers++;
		t->sigstore += a->sigstore;
		note(v, t, a, a->sigstore ? "evidence.sigstore" : "evidence.stranger", a->why);
		break;
	case ATTESTATION_REFUSED:
	case ATTESTATION_GOOD:
		if (a->state == ATTESTATION_GOOD)
			weigh_statement(a, art, t);
		if (is_candidate(a, art) && a != t->accepted)
			(void)problems(j, a, v, t->accepted ? REASON_WARN : REASON_FAIL);
		break;
	}
}

static void accept(struct verify_artifact *art, const struct attestation *a)
{
	const struct slsa *s = &a->slsa;

	art->builder_id = s->builder_id;
	art->build_type = s->build_type;
	art->source_uri = s->source_uri;
	art->source_ref = s->source_ref;
	art->source_digest = s->source_digest;
	art->provenance = a->digest;
	art->signer = arena_str(art->verdict.arena, span_str(DIGEST_TEXT(&a->signer->id)));
	from(verdict_add(&art->verdict, REASON_PROVEN, "provenance.accepted",
		 "built by %s from %s, signed by %s (%s)",
		 QUOTE(span_str(s->builder_id)), QUOTE(span_str(or_none(s->source_uri))),
		 DIGEST_TEXT(&a->signer->id), QUOTE(span_str(a->signer->name))),
	    a);
}

static void tell_replaced(struct verify_artifact *art, const struct tally *t)
{
	const struct subject *s = t->replaced_subject;
	const struct digest *was = digest_is_set(&s->sha256)   ? &s->sha256
				   : digest_is_set(&s->sha512) ? &s->sha512
							       : &s->sha1;

	from(
	    verdict_add(&art->verdict, REASON_FAIL, "artifact.replaced",
		"replaced after the build, or evidence of another build: a signed statement says "
		"that %s is %s, this file is %s",
		QUOTE(span_str(s->name)), DIGEST_TEXT(was), DIGEST_TEXT(&art->digest[was->alg])),
	    t->replaced);
}

static void miss_provenance(
    const struct judge *j, struct verify_artifact *art, const struct tally *t)
{
	struct verdict *v = &art->verdict;

	if (!j->evidence->n)
		verdict_add(v, REASON_MISSING, "provenance.none",
		    "a signed SLSA provenance about this file (--evidence FILE)");
	else if (t->strangers)
		verdict_add(v, REASON_MISSING, "provenance.none",
		    "a SLSA provenance about this file signed by a key that is trusted (--key "
		    "FILE): %zu envelope%s by unknown signers%s",
		    t->strangers, t->strangers == 1 ? "" : "s",
		    t->sigstore ? ", Sigstore certificates among them" : "");
	else
		verdict_add(v, REASON_MISSING, "provenance.none",
		    "a signed SLSA provenance about this file: the evidence given is about other "
		    "files (%zu) or of other kinds",
		    t->others);
	if (!j->keys->n)
		verdict_add(v, REASON_MISSING, "signer.none",
		    "a trusted signer: the public key of the builder or vendor (--key FILE)");
}

/* A file whose digest was named beforehand. True if that was so, and it is the one. */
static bool judge_digest(const struct judge *j, struct verify_artifact *art)
{
	const struct policy *p = j->policy;
	bool listed = false, named = false, good = true;

	if (digest_is_set(j->expect)) {
		named = true;
		good = digest_eq(&art->digest[j->expect->alg], j->expect);
		if (!good)
			verdict_add(&art->verdict, REASON_FAIL, "artifact.digest",
			    "is %s, expected %s", DIGEST_TEXT(&art->digest[j->expect->alg]),
			    DIGEST_TEXT(j->expect));
	}
	for (size_t i = 0; p && i < p->ndigests; i++)
		listed |= digest_eq(&art->digest[p->digests[i].alg], &p->digests[i]);
	if (p && p->ndigests) {
		named = true;
		good &= listed;
		if (!listed)
			verdict_add(&art->verdict, REASON_FAIL, "artifact.digest",
			    "%s is not one of the digests that the policy lists",
			    DIGEST_TEXT(&art->digest[DIGEST_SHA256]));
	}
	if (named && good)
		verdict_add(&art->verdict, REASON_PROVEN, "artifact.expected",
		    "is the file whose digest was named beforehand");
	return named && good;
}

static void require(
    const struct judge *j, struct verify_artifact *art, const struct tally *t, bool expected)
{
	struct verdict *v = &art->verdict;
	unsigned need = j->policy ? j->policy->require : expected ? 0 : POLICY_PROVENANCE;

	if (need & POLICY_PROVENANCE && !t->provenance)
		miss_provenance(j, art, t);
	if (need & POLICY_ANATOMY && !verdict_has(&art->anatomy, REASON_PROVEN) &&
	    !verdict_has(&art->anatomy, REASON_FAIL))
		verdict_add(v, REASON_MISSING, "anatomy.none",
		    "a signature inside the file that covers all of it");
	if (need & POLICY_SBOM && !t->sbom)
		verdict_add(v, REASON_MISSING, "sbom.none",
		    "a signed SPDX or CycloneDX statement about this file (--evidence FILE)");
	if (need & POLICY_DIGEST && !expected && !digest_is_set(j->expect) && !j->policy->ndigests)
		verdict_add(v, REASON_MISSING, "artifact.unnamed",
		    "the digest that this file should have (--expect, or \"digests\" in the "
		    "policy)");
}

void judge_artifact(const struct judge *j, struct verify_artifact *art)
{
	struct tally t = { 0 };

	verdict_init(&art->verdict, j->arena);
	verdict_append(&art->verdict, &art->anatomy);
	bool expected = judge_digest(j, art);
	find_accepted(j, art, &t);
	for (size_t i = 0; i < j->evidence->n; i++)
		weigh(j, &j->evidence->item[i], art, &t);
	if (t.accepted)
		accept(art, t.accepted);
	if (t.replaced && !t.about)
		tell_replaced(art, &t);
	require(j, art, &t, expected);
	if (t.notes > NOTES_MAX)
		verdict_add(&art->verdict, REASON_NOTE, "evidence.more",
		    "%zu more remarks on the evidence are left out", t.notes - NOTES_MAX);
	verdict_conclude(&art->verdict);
}
