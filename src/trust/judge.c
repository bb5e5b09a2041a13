/* SPDX-License-Identifier: Apache-2.0 */

#include "trust/judge_parts.h"

#include <errno.h>

#define ALLOWED_SHOWN 3 /* of what a policy allows, in a reason */
#define NOTES_MAX 64 /* remarks on evidence that proves nothing, for one artifact */

struct reason *judge_from(struct reason *r, const struct attestation *a)
{
	r->file = a->file;
	r->evidence = a->digest;
	return r;
}

void judge_note(struct verdict *v, struct tally *t, const struct attestation *a, const char *code,
    const char *text)
{
	if (t->notes++ < NOTES_MAX)
		judge_from(verdict_add(v, REASON_NOTE, code, "%s", text), a);
}

const char *judge_or_none(const char *s)
{
	return s ? s : "(none)";
}

const char *judge_allowed(const struct policy_list *l, struct arena *a)
{
	const char *text = "";

	for (size_t i = 0; i < l->n && i < ALLOWED_SHOWN && text; i++)
		text = arena_printf(
		    a, "%s%s%s", text, i ? ", " : "", QUOTE(span_str(l->item[i])));
	if (l->n > ALLOWED_SHOWN && text)
		text = arena_printf(a, "%s and %zu more", text, l->n - ALLOWED_SHOWN);
	return text ? text : "";
}

/* One more in list, if there is room. */
static void keep_evidence(const struct judge *j, struct verify_counted *list, size_t *n, size_t max,
    const struct verify_counted *e)
{
	struct signer *keep = *n < max ? ARENA_NEW(j->arena, struct signer) : NULL;

	if (!keep)
		return;
	*keep = *e->signer;
	list[*n] = *e;
	list[(*n)++].signer = keep;
}

static struct verify_counted counted(
    const struct attestation *a, const struct signer *by, const char *what)
{
	return (struct verify_counted){ .file = a->file,
		.digest = a->digest,
		.what = what,
		.predicate = a->kind == ATTESTATION_STATEMENT ? a->st.predicate_type : NULL,
		.signer = by };
}

void judge_counts(const struct judge *j, struct verify_artifact *art, const struct attestation *a,
    const struct signer *by, const char *what)
{
	struct verify_counted e = counted(a, by, what);

	keep_evidence(j, art->counted, &art->ncounted, VERIFY_COUNTED_MAX, &e);
	if (a->log_ignored)
		judge_from(verdict_add(&art->verdict, REASON_WARN, "evidence.log-ignored",
			       "what a transparency log says about this bundle was not looked at, as asked"),
		    a);
}

void judge_unnamed(const struct judge *j, struct verify_artifact *art, const struct attestation *a,
    const struct signer *by, const char *words, struct tally *t)
{
	struct verify_counted e =
	    counted(a, by, a->kind == ATTESTATION_STATEMENT ? "statement" : "signature");

	t->unnamed++;
	keep_evidence(j, art->unnamed, &art->nunnamed, VERIFY_UNNAMED_MAX, &e);
	judge_note(&art->verdict, t, a, "evidence.unnamed", words);
}

enum subject_match judge_match(
    const struct attestation *a, const struct verify_artifact *art, const struct subject **ret_s)
{
	const struct statement_target t = { art->name, art->digest, art->other };

	return statement_match(&a->st, &t, ret_s);
}

static bool is_signed(const struct attestation *a)
{
	return a->state == ATTESTATION_GOOD || a->state == ATTESTATION_REFUSED;
}

bool judge_candidate(
    const struct attestation *a, const struct verify_artifact *art, enum predicate_kind kind)
{
	const struct subject *s;

	return is_signed(a) && a->kind == ATTESTATION_STATEMENT && a->predicate == kind &&
	       judge_match(a, art, &s) == SUBJECT_MATCH;
}

size_t judge_time(const struct judge *j, const struct judge_age *x, const struct attestation *a,
    struct verdict *v, enum reason_kind kind)
{
	char age[TS_TEXT_MAX], limit[TS_TEXT_MAX];

	if (!x->max)
		return 0;
	if (x->t == TS_NONE)
		PROBLEM(v, kind, a, x->time_code,
		    "does not say when %s, and the policy limits its age", x->what);
	else if (x->t > j->now + JUDGE_CLOCK_SKEW)
		PROBLEM(v, kind, a, x->time_code, "says that %s in the future, at %s", x->what,
		    ts_format(x->t, age));
	else if (j->now - x->t > x->max)
		PROBLEM(v, kind, a, x->stale_code, "%s %s ago, the policy allows %s", x->what,
		    ts_format_duration(j->now - x->t, age), ts_format_duration(x->max, limit));
	else
		return 0;
	return 1;
}

/* What is wrong with evidence of a kind that nobody asked for is only worth a warning. */
static enum reason_kind gravity(const struct judge *j, enum policy_need need)
{
	unsigned all = judge_demanded(j);

	return !all || all & need ? REASON_FAIL : REASON_WARN;
}

const struct attestation *judge_item(const struct judge *j, size_t i)
{
	for (size_t k = 0; k < ARRAY_LEN(j->evidence); k++) {
		size_t n = j->evidence[k] ? j->evidence[k]->n : 0;
		if (i < n)
			return &j->evidence[k]->item[i];
		i -= n;
	}
	return NULL;
}

#define EACH_ITEM(a, j)                                                                            \
	const struct attestation *a;                                                               \
	for (size_t i_ = 0; (a = judge_item((j), i_)); i_++)

/* The first of a kind that the policies have nothing against; counts all of them. */
static const struct attestation *find_accepted(const struct judge *j,
    const struct verify_artifact *art, enum predicate_kind kind, judge_problems *problems,
    size_t *ret_n)
{
	const struct attestation *accepted = NULL;

	EACH_ITEM(a, j) {
		struct verdict scratch;
		if (!judge_candidate(a, art, kind))
			continue;
		++*ret_n;
		verdict_init(&scratch, j->arena);
		if (!accepted && problems(j, art, a, &scratch, REASON_FAIL) == 0)
			accepted = a;
	}
	return accepted;
}

static void check_package(
    const struct judge *j, const struct attestation *a, const struct subject *s, struct verdict *v)
{
	for (size_t i = 0; i < JUDGE_POLICIES; i++) {
		const struct policy *p = j->policy[i];
		const char *wrong = p ? judge_package(p, s, j->arena) : NULL;
		if (wrong)
			judge_from(
			    verdict_add(v, REASON_FAIL, "evidence.package", "%s", wrong), a);
	}
}

/* A statement about this file, signed by somebody who may. */
static int weigh_match(const struct judge *j, const struct attestation *a,
    const struct subject *s, struct verify_artifact *art, struct tally *t)
{
	struct verdict *v = &art->verdict;
	struct fault f;

	t->about++;
	if (!t->signature)
		t->signature = a;
	switch (a->predicate) {
	case PREDICATE_SLSA:
		break; /* judge_slsa */
	case PREDICATE_BROKEN:
		judge_from(verdict_add(v, gravity(j, POLICY_PROVENANCE | POLICY_VSA),
			       "evidence.malformed", "%s", a->why),
		    a);
		break;
	case PREDICATE_VSA:
		if (a->vsa.result != VSA_PASSED)
			judge_from(verdict_add(v, REASON_FAIL, "artifact.vsa-failed",
				       "%s verified this file at its policy %s, and it FAILED",
				       QUOTE(span_str(a->vsa.verifier)),
				       QUOTE(span_str(judge_or_none(a->vsa.policy)))),
			    a);
		break;
	case PREDICATE_SBOM:
		return judge_signed_sbom(j, a, art, t);
	case PREDICATE_OTHER:
		check_package(j, a, s, v);
		fault_set(&f, 0,
		    "a signed statement about this file of a kind that is not judged here: %s",
		    QUOTE(span_str(a->st.predicate_type)));
		judge_note(v, t, a, "evidence.predicate", f.text);
		break;
	}
	return 0;
}

static int weigh_statement(const struct judge *j, const struct attestation *a,
    struct verify_artifact *art, struct tally *t)
{
	struct verdict *v = &art->verdict;
	const struct subject *s;

	switch (judge_match(a, art, &s)) {
	case SUBJECT_CONFLICT:
		judge_from(verdict_add(v, REASON_FAIL, "artifact.digest-conflict",
			       "a signed statement agrees with this file in one digest and differs "
			       "in another"),
		    a);
		break;
	case SUBJECT_MATCH:
		return weigh_match(j, a, s, art, t);
	case SUBJECT_REPLACED:
		if (!t->replaced) {
			t->replaced = a;
			t->replaced_subject = s;
		}
		break;
	case SUBJECT_WEAK:
		judge_note(v, t, a, "evidence.weak-digest",
		    "a signed statement names this file by SHA-1 only, which is not enough");
		break;
	case SUBJECT_NONE:
		t->others++;
		break;
	}
	return 0;
}

/* Signed by somebody whom nobody named: worth a word if it is about this file. */
static void weigh_unnamed(const struct judge *j, const struct attestation *a,
    struct verify_artifact *art, struct tally *t)
{
	const struct subject *s;

	if (a->kind == ATTESTATION_STATEMENT && !j->only && judge_match(a, art, &s) == SUBJECT_NONE) {
		t->others++;
		return;
	}
	judge_unnamed(j, art, a, &a->signer, a->why, t);
}

static int weigh(const struct judge *j, const struct attestation *a, struct verify_artifact *art,
    struct tally *t)
{
	struct verdict *v = &art->verdict;
	int rc = 0;

	switch (a->state) {
	case ATTESTATION_BROKEN:
		judge_from(verdict_add(v, REASON_FAIL, a->code ? a->code : "evidence.malformed", "%s",
			       a->why),
		    a);
		break;
	case ATTESTATION_FORGED:
		judge_from(verdict_add(v, REASON_FAIL, a->code ? a->code : "evidence.signature", "%s",
			       a->why),
		    a);
		break;
	case ATTESTATION_OTHER:
		judge_note(v, t, a, "evidence.other", a->why);
		break;
	case ATTESTATION_STRANGER:
		t->strangers++;
		judge_note(v, t, a, "evidence.stranger", a->why);
		break;
	case ATTESTATION_PARTIAL:
		t->partial = true;
		judge_note(v, t, a, "evidence.partial", a->why);
		break;
	case ATTESTATION_UNNAMED:
		if (a->kind == ATTESTATION_STATEMENT) {
			weigh_unnamed(j, a, art, t);
			break;
		}
		return judge_file_signature(j, a, art, t);
	case ATTESTATION_REFUSED:
	case ATTESTATION_GOOD:
		if (a->kind != ATTESTATION_STATEMENT)
			return judge_file_signature(j, a, art, t);
		if (a->state == ATTESTATION_GOOD)
			rc = weigh_statement(j, a, art, t);
		if (judge_candidate(a, art, PREDICATE_SLSA) && a != t->accepted)
			(void)judge_slsa(j, art, a, v,
			    t->accepted ? REASON_WARN : gravity(j, POLICY_PROVENANCE));
		if (judge_candidate(a, art, PREDICATE_VSA) && a != t->vsa)
			(void)judge_vsa(
			    j, art, a, v, t->vsa ? REASON_WARN : gravity(j, POLICY_VSA));
		break;
	}
	return rc;
}

static void accept_provenance(
    const struct judge *j, struct verify_artifact *art, const struct attestation *a)
{
	const struct slsa *s = &a->slsa;

	art->builder_id = s->builder_id;
	art->build_type = s->build_type;
	art->source_uri = s->source_uri;
	art->source_ref = s->source_ref;
	art->source_digest = s->source_digest;
	art->provenance = a->digest;
	judge_counts(j, art, a, &a->signer, "provenance");
	art->signer = art->ncounted ? art->counted[art->ncounted - 1].signer : NULL;
	judge_from(verdict_add(&art->verdict, REASON_PROVEN, "provenance.accepted",
		       "built by %s from %s, signed by %s", QUOTE(span_str(s->builder_id)),
		       QUOTE(span_str(judge_or_none(s->source_uri))),
		       signer_text(&a->signer, j->arena)),
	    a);
}

/* Somebody else's verdict counts where it was asked for: only then was its verifier looked at. */
static void accept_vsa(
    const struct judge *j, struct verify_artifact *art, const struct attestation *a)
{
	if (!(judge_demanded(j) & POLICY_VSA)) {
		judge_from(verdict_add(&art->verdict, REASON_NOTE, "vsa.unasked",
			       "a verification summary by %s; it counts where a policy requires vsa",
			       QUOTE(span_str(a->vsa.verifier))),
		    a);
		return;
	}
	judge_counts(j, art, a, &a->signer, "vsa");
	judge_from(verdict_add(&art->verdict, REASON_PROVEN, "vsa.accepted",
		       "%s verified it, signed by %s", QUOTE(span_str(a->vsa.verifier)),
		       signer_text(&a->signer, j->arena)),
	    a);
}

static void tell_replaced(struct verify_artifact *art, const struct tally *t)
{
	const struct subject *s = t->replaced_subject;
	const struct digest *was[] = { &s->sha256, &s->sha512, &s->sha384, &s->sha1 };
	size_t i = 0;

	while (i + 1 < ARRAY_LEN(was) &&
	       (!digest_is_set(was[i]) || !digest_is_set(&art->digest[was[i]->alg])))
		i++;
	judge_from(verdict_add(&art->verdict, REASON_FAIL, "artifact.replaced",
		       "replaced after the build, or evidence of another build: a signed statement "
		       "says that %s is %s, this file is %s",
		       QUOTE(span_str(s->name)), DIGEST_TEXT(was[i]),
		       DIGEST_TEXT(&art->digest[was[i]->alg])),
	    t->replaced);
}

/* Something known by another digest than the one to compare with may be it, or not. */
static void miss_digest(struct verify_artifact *art, enum digest_alg alg)
{
	verdict_add(&art->verdict, REASON_MISSING, "artifact.digest-unknown",
	    "its %s, to compare with the one that was named", digest_name(alg));
}

/* A file whose digest was named beforehand. True if that was so, and it is the one. */
static bool judge_digest(const struct judge *j, struct verify_artifact *art)
{
	bool named = false, good = true;

	if (digest_is_set(j->expect)) {
		named = true;
		good = digest_eq(&art->digest[j->expect->alg], j->expect);
		if (!digest_is_set(&art->digest[j->expect->alg]))
			miss_digest(art, j->expect->alg);
		else if (!good)
			verdict_add(&art->verdict, REASON_FAIL, "artifact.digest",
			    "is %s, expected %s", DIGEST_TEXT(&art->digest[j->expect->alg]),
			    DIGEST_TEXT(j->expect));
	}
	for (size_t k = 0; k < JUDGE_POLICIES; k++) {
		const struct policy *p = j->policy[k];
		bool listed = false;
		enum digest_alg unknown = DIGEST_NONE;
		for (size_t i = 0; p && i < p->ndigests; i++) {
			listed |= digest_eq(&art->digest[p->digests[i].alg], &p->digests[i]);
			if (!digest_is_set(&art->digest[p->digests[i].alg]))
				unknown = p->digests[i].alg;
		}
		if (!p || !p->ndigests)
			continue;
		named = true;
		good &= listed;
		if (!listed && unknown)
			miss_digest(art, unknown);
		else if (!listed)
			verdict_add(&art->verdict, REASON_FAIL, "artifact.digest",
			    "%s is not one of the digests that the policy lists",
			    DIGEST_TEXT(&art->digest[digest_is_set(&art->digest[DIGEST_SHA256])
				    ? DIGEST_SHA256
				    : DIGEST_SHA512]));
	}
	if (named && good)
		verdict_add(&art->verdict, REASON_PROVEN, "artifact.expected",
		    "is the file whose digest was named beforehand");
	return named && good;
}

static int weigh_all(const struct judge *j, struct verify_artifact *art, struct tally *t)
{
	EACH_ITEM(a, j) {
		int rc = weigh(j, a, art, t);
		if (rc < 0)
			return rc;
	}
	return 0;
}

int judge_artifact(const struct judge *j, struct verify_artifact *art)
{
	struct tally t = { 0 };

	verdict_init(&art->verdict, j->arena);
	verdict_append(&art->verdict, &art->anatomy);
	bool expected = judge_digest(j, art);
	t.accepted = find_accepted(j, art, PREDICATE_SLSA, judge_slsa, &t.provenance);
	t.vsa = find_accepted(j, art, PREDICATE_VSA, judge_vsa, &t.vsas);
	int rc = weigh_all(j, art, &t);
	if (rc < 0)
		return rc;
	if (t.accepted)
		accept_provenance(j, art, t.accepted);
	if (t.vsa)
		accept_vsa(j, art, t.vsa);
	rc = judge_archives(j, art, &t);
	if (rc < 0)
		return rc;
	if (t.replaced && !t.about)
		tell_replaced(art, &t);
	judge_require(j, art, &t, expected);
	rc = judge_unsigned_sbom(j, art);
	if (rc < 0)
		return rc;
	if (t.notes > NOTES_MAX)
		verdict_add(&art->verdict, REASON_NOTE, "evidence.more",
		    "%zu more remarks on the evidence are left out", t.notes - NOTES_MAX);
	verdict_conclude(&art->verdict);
	return 0;
}
