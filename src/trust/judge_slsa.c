/* SPDX-License-Identifier: Apache-2.0 */

/* judge_slsa: one provenance against the policies, and against its signer's certificate. */

#include "trust/judge_parts.h"

#include <strings.h>

#define GITHUB_ISSUER "https://token.actions.githubusercontent.com"
#define GITHUB "https://github.com/"
#define RUNNER "https://github.com/actions/runner"
/* Reusable workflows that sign for a builder whom they call (slsa-github-generator, "BYOB"). */
#define DELEGATOR "https://github.com/slsa-framework/slsa-github-generator/.github/workflows/delegator_"

struct look {
	const struct judge *j;
	const struct attestation *a;
	const struct slsa *s;
	struct verdict *v;
	enum reason_kind kind;
	size_t bad;
};

#define BAD(l, code, ...) ((l)->bad++, PROBLEM((l)->v, (l)->kind, (l)->a, code, __VA_ARGS__))

/* ---- values */

/* Is path the leaf at, or inside of, what pointer names? */
static bool covers(const char *pointer, const char *path)
{
	size_t n = strlen(pointer);

	return strncmp(pointer, path, n) == 0 && (!path[n] || path[n] == '/');
}

static void check_unknown(struct look *l, const struct policy *p)
{
	for (size_t i = 0; p->has_parameters && i < l->s->parameters.n; i++) {
		const struct slsa_value *x = &l->s->parameters.item[i];
		bool known = false;
		for (size_t k = 0; k < p->parameters.n && !known; k++)
			known = covers(p->parameters.item[k].path, x->path);
		if (!known)
			BAD(l, "provenance.parameter",
			    "external parameter %s is not one that the policy knows",
			    QUOTE(span_str(x->path)));
	}
}

/* The leaf of exactly this path; NULL if there is none. */
static const char *leaf(const struct slsa_values *v, const char *path)
{
	for (size_t i = 0; i < v->n; i++)
		if (strcmp(v->item[i].path, path) == 0)
			return v->item[i].value;
	return NULL;
}

static bool one_of(const struct policy_list *l, const char *value)
{
	for (size_t i = 0; value && i < l->n; i++)
		if (strcmp(l->item[i], value) == 0)
			return true;
	return false;
}

static void check_values(struct look *l, const struct policy *p)
{
	check_unknown(l, p);
	for (size_t i = 0; i < p->parameters.n; i++) {
		const struct policy_value *want = &p->parameters.item[i];
		const char *is = leaf(&l->s->parameters, want->path);
		if (want->values.n && !one_of(&want->values, is))
			BAD(l, "provenance.parameter",
			    "external parameter %s is %s, not what the policy demands",
			    QUOTE(span_str(want->path)), QUOTE(span_str(judge_or_none(is))));
	}
	for (size_t i = 0; i < p->inputs.n; i++) {
		const struct policy_value *want = &p->inputs.item[i];
		const char *path = arena_printf(l->j->arena, "/%s", want->path);
		const char *is = path ? leaf(&l->s->inputs, path) : NULL;
		if (!one_of(&want->values, is))
			BAD(l, "provenance.input", "workflow input %s is %s, not what the policy demands",
			    QUOTE(span_str(want->path)), QUOTE(span_str(judge_or_none(is))));
	}
}

/* ---- dependencies */

static bool has_digest(const struct slsa_dependency *d, const char *digest)
{
	for (size_t i = 0; i < d->ndigests; i++)
		if (strcasecmp(d->digest[i], digest) == 0)
			return true;
	return false;
}

static bool is_dependency(const struct policy_dependency *want, const struct slsa_dependency *d)
{
	return (!want->uri || policy_glob(want->uri, d->uri)) &&
	       (!want->digest || has_digest(d, want->digest));
}

static void check_dependencies(struct look *l, const struct policy *p)
{
	for (size_t i = 0; i < p->ndependencies; i++) {
		const struct policy_dependency *want = &p->dependency[i];
		bool found = false;
		for (size_t k = 0; k < l->s->ndependencies && !found; k++)
			found = is_dependency(want, &l->s->dependency[k]);
		if (!found)
			BAD(l, "provenance.dependency", "was not built with %s%s%s, as the policy demands",
			    want->uri ? QUOTE(span_str(want->uri)) : "",
			    want->uri && want->digest ? " " : "",
			    want->digest ? QUOTE(span_str(want->digest)) : "");
	}
	for (size_t k = 0; p->only_from.n && k < l->s->ndependencies; k++)
		if (!policy_allows(&p->only_from, l->s->dependency[k].uri))
			BAD(l, "provenance.dependency", "was built with %s, which the policy does not allow",
			    QUOTE(span_str(l->s->dependency[k].uri)));
}

/* ---- who, from where */

static bool builder_allowed(const struct policy_list *l, const char *id)
{
	for (size_t i = 0; i < l->n; i++)
		if (policy_builder(l->item[i], id))
			return true;
	return l->n == 0;
}

static bool named_ref(const struct policy_list *l, const char *prefix, const char *ref)
{
	size_t n = strlen(prefix);

	return !l->n || (ref && strncmp(ref, prefix, n) == 0 && policy_allows(l, ref + n));
}

static bool versioned(const struct policy_list *l, const char *ref)
{
	for (size_t i = 0; i < l->n; i++)
		if (policy_versioned_tag(l->item[i], ref))
			return true;
	return l->n == 0;
}

static void check_origin(struct look *l, const struct policy *p)
{
	const struct slsa *s = l->s;
	const struct {
		bool good;
		const struct policy_list *allowed;
		const char *is, *code, *what;
	} t[] = {
		{ builder_allowed(&p->builders, s->builder_id), &p->builders, s->builder_id,
		    "provenance.builder-id", "builder" },
		{ policy_allows(&p->build_types, s->build_type), &p->build_types, s->build_type,
		    "provenance.build-type", "build type" },
		{ policy_allows(&p->sources, s->source_uri), &p->sources, s->source_uri,
		    "provenance.source", "source" },
		{ policy_allows(&p->refs, s->source_ref), &p->refs, s->source_ref,
		    "provenance.ref", "source ref" },
		{ named_ref(&p->branches, "refs/heads/", s->branch), &p->branches, s->branch,
		    "provenance.branch", "branch" },
		{ named_ref(&p->tags, "refs/tags/", s->source_ref), &p->tags, s->source_ref,
		    "provenance.tag", "tag" },
		{ versioned(&p->versioned_tags, s->source_ref), &p->versioned_tags, s->source_ref,
		    "provenance.tag", "version" },
	};
	for (size_t i = 0; i < ARRAY_LEN(t); i++)
		if (!t[i].good)
			BAD(l, t[i].code, "%s %s is not allowed (allowed: %s)", t[i].what,
			    QUOTE(span_str(judge_or_none(t[i].is))),
			    judge_allowed(t[i].allowed, l->j->arena));
	if (p->sources.n && s->source_unlisted)
		BAD(l, "provenance.source", "source %s is not among the repositories that it was built from",
		    QUOTE(span_str(s->source_uri)));
}

/* ---- the certificate: what it says about the workflow must be what the statement says */

static void contradiction(struct look *l, const char *what, const char *stated, const char *certified)
{
	BAD(l, "provenance.certificate",
	    "the provenance says that the %s is %s, the certificate that signed it %s", what,
	    QUOTE(span_str(stated)), QUOTE(span_str(certified)));
}

static void check_claim(struct look *l, const char *what, const char *stated, const char *certified)
{
	if (stated && certified && strcmp(stated, certified) != 0)
		contradiction(l, what, stated, certified);
}

static void check_builder_claim(struct look *l)
{
	const struct signer *by = &l->a->signer;
	const char *id = l->s->builder_id, *env = by->claim[CLAIM_RUNNER_ENVIRONMENT];
	const char *workflow = by->claim[CLAIM_BUILD_SIGNER_URI];
	size_t n = sizeof(RUNNER) - 1;

	if (!workflow)
		workflow = by->identity;
	if (strncmp(id, RUNNER "/", n + 1) == 0)
		check_claim(l, "runner", id + n + 1, env);
	else if (strncmp(id, GITHUB, sizeof(GITHUB) - 1) == 0 && strstr(id, "/.github/workflows/") &&
		 strncmp(workflow, DELEGATOR, sizeof(DELEGATOR) - 1) != 0)
		check_claim(l, "builder", id, workflow);
}

static void check_certificate(struct look *l)
{
	const struct signer *by = &l->a->signer;
	const struct slsa *s = l->s;
	const char *source = by->claim[CLAIM_SOURCE_URI], *digest = by->claim[CLAIM_SOURCE_DIGEST];
	const char *ref = by->claim[CLAIM_SOURCE_REF];

	if (by->kind != SIGNER_IDENTITY)
		return;
	if (by->issuer && strcmp(by->issuer, GITHUB_ISSUER) == 0)
		check_builder_claim(l);
	if (!source && by->claim[CLAIM_GITHUB_REPOSITORY])
		source = arena_printf(l->j->arena, GITHUB "%s", by->claim[CLAIM_GITHUB_REPOSITORY]);
	check_claim(l, "source", s->source_uri, source);
	check_claim(l, "source ref", s->source_ref, ref ? ref : by->claim[CLAIM_GITHUB_REF]);
	if (!digest)
		digest = by->claim[CLAIM_GITHUB_SHA];
	if (s->source_digest && digest && strcmp(strchr(s->source_digest, ':') + 1, digest) != 0)
		contradiction(l, "commit", s->source_digest, digest);
}

/* ---- */

static void check_package(struct look *l, const struct policy *p, const struct verify_artifact *art)
{
	const struct subject *subject;

	if (judge_match(l->a, art, &subject) != SUBJECT_MATCH)
		return;
	const char *wrong = judge_package(p, subject, l->j->arena);
	if (wrong)
		BAD(l, "provenance.package", "%s", wrong);
}

size_t judge_slsa(const struct judge *j, const struct verify_artifact *art,
    const struct attestation *a, struct verdict *v, enum reason_kind kind)
{
	struct look l = { j, a, &a->slsa, v, kind, 0 };

	if (a->state == ATTESTATION_REFUSED)
		BAD(&l, "provenance.signer", "signed by %s, who is not a signer that the policy lists",
		    signer_text(&a->signer, j->arena));
	check_certificate(&l);
	for (size_t i = 0; i < JUDGE_POLICIES; i++) {
		const struct policy *p = j->policy[i];
		if (!p)
			continue;
		const struct judge_age age = { a->slsa.finished, p->max_age, "provenance.time",
			"provenance.stale", "the build finished" };
		check_origin(&l, p);
		check_values(&l, p);
		check_dependencies(&l, p);
		check_package(&l, p, art);
		l.bad += judge_time(j, &age, a, v, kind);
	}
	return l.bad;
}
