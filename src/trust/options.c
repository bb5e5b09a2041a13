/* SPDX-License-Identifier: Apache-2.0 */

#include "trust/options.h"

#include "trust/regexp.h"

#include <errno.h>

#define GITHUB "https://github.com/"
#define GITHUB_ISSUER "https://token.actions.githubusercontent.com"
#define RUNNER "https://github.com/actions/runner"
#define WORKFLOWS "/.github/workflows/"
#define SIGNERS_MAX 64

struct making {
	struct policy *p;
	const struct demands *d;
	struct arena *a;
	struct fault *f;
};

static int read_require(struct making *m)
{
	struct span rest = span_str(m->d->require);

	while (m->d->require) {
		size_t comma = span_find(rest, ',');
		struct span name = span_trim(span_cut(rest, 0, comma));
		enum policy_need need = policy_need_of(name);
		if (!need)
			return fault_set(m->f, -EINVAL, "--require %s: knows " POLICY_NEEDS_WORDS,
			    QUOTE(name));
		m->p->require |= need;
		if (comma == SIZE_MAX)
			break;
		rest = span_from(rest, comma + 1);
	}
	return 0;
}

static int copy(struct making *m, struct policy_list *to, const struct demand *from,
    const char *option)
{
	to->item = arena_array(m->a, from->n + 1, sizeof(*to->item));
	if (!to->item)
		return -ENOMEM;
	for (size_t i = 0; i < from->n; i++) {
		if (!from->item[i][0])
			return fault_set(m->f, -EINVAL, "--%s: is empty", option);
		to->item[to->n++] = from->item[i];
	}
	if (to->n)
		m->p->require |= POLICY_PROVENANCE;
	return 0;
}

static int one(struct making *m, struct policy_list *to, const char *text, const char *option)
{
	const struct demand d = { &text, text ? 1 : 0 };

	return copy(m, to, &d, option);
}

/* "github.com/o/r", "git+https://github.com/o/r" -> "https://github.com/o/r". */
static int read_source(struct making *m)
{
	const char *s = m->d->source_uri;

	if (!s)
		return 0;
	if (strncmp(s, "git+", 4) == 0)
		s += 4;
	if (!strstr(s, "://"))
		s = arena_printf(m->a, "https://%s", s);
	if (s && (strchr(s, '*') || strstr(s, "@refs/")))
		return fault_set(m->f, -EINVAL,
		    "--source-uri %s: a repository without \"*\" and without \"@ref\"", QUOTE(span_str(s)));
	return s ? one(m, &m->p->sources, s, "source-uri") : -ENOMEM;
}

static int read_builders(struct making *m)
{
	struct policy_list *to = &m->p->builders;

	int rc = copy(m, to, &m->d->builders, "builder-id");
	for (size_t i = 0; rc == 0 && i < to->n; i++) {
		/* As slsa-verifier has it: a workflow without version means any of its tags. */
		if (strstr(to->item[i], WORKFLOWS) && !strchr(to->item[i], '@'))
			to->item[i] = arena_printf(m->a, "%s@*", to->item[i]);
		if (!to->item[i])
			return -ENOMEM;
		const char *wrong = policy_builder_fault(to->item[i]);
		if (wrong)
			return fault_set(m->f, -EINVAL, "--builder-id %s: %s",
			    QUOTE(span_str(to->item[i])), wrong);
	}
	return rc;
}

static int read_refs(struct making *m)
{
	const struct demands *d = m->d;

	int rc = copy(m, &m->p->branches, &d->branches, "source-branch");
	if (rc == 0)
		rc = copy(m, &m->p->tags, &d->tags, "source-tag");
	if (rc == 0)
		rc = copy(m, &m->p->versioned_tags, &d->versioned_tags, "source-versioned-tag");
	for (size_t i = 0; rc == 0 && i < d->versioned_tags.n; i++)
		if (!policy_version_ok(d->versioned_tags.item[i]))
			rc = fault_set(m->f, -EINVAL,
			    "--source-versioned-tag %s: a version such as v1, v1.2 or v1.2.3",
			    QUOTE(span_str(d->versioned_tags.item[i])));
	return rc;
}

static int read_inputs(struct making *m)
{
	const struct demand *in = &m->d->inputs;
	struct policy_values *to = &m->p->inputs;

	to->item = arena_array(m->a, in->n + 1, sizeof(*to->item));
	if (!to->item)
		return -ENOMEM;
	for (size_t i = 0; i < in->n; i++) {
		const char *eq = strchr(in->item[i], '=');
		struct policy_value *v = &to->item[to->n++];
		if (!eq || eq == in->item[i])
			return fault_set(m->f, -EINVAL, "--build-workflow-input %s: NAME=VALUE",
			    QUOTE(span_str(in->item[i])));
		v->path = arena_str(m->a, span_of(in->item[i], (size_t)(eq - in->item[i])));
		v->values.item = arena_array(m->a, 1, sizeof(*v->values.item));
		if (!v->path || !v->values.item)
			return -ENOMEM;
		v->values.item[v->values.n++] = eq + 1;
		m->p->require |= POLICY_PROVENANCE;
	}
	return 0;
}

static int read_package(struct making *m)
{
	const struct demands *d = m->d;

	if (d->package_version && !d->package_name)
		return fault_set(m->f, -EINVAL, "--package-version needs --package-name");
	if (!d->package_name)
		return 0;
	m->p->package_name = d->package_name;
	m->p->package_version = d->package_version;
	m->p->require |= POLICY_PROVENANCE;
	return 0;
}

static int read_vsa(struct making *m)
{
	const struct demands *d = m->d;
	struct policy_vsa *v = &m->p->vsa;
	unsigned keep = m->p->require;

	int rc = one(m, &v->verifiers, d->verifier_id, "verifier-id");
	if (rc == 0 && d->verifier_id)
		rc = one(m, &v->resources, d->resource_uri, "resource-uri");
	if (rc == 0)
		rc = copy(m, &v->levels, &d->levels, "verified-level");
	m->p->require = keep | (d->verifier_id ? POLICY_VSA : 0);
	if (rc == 0 && !d->verifier_id && (d->levels.n || keep & POLICY_VSA))
		rc = fault_set(m->f, -EINVAL,
		    "a verification summary counts only from somebody: name who with --verifier-id");
	return rc;
}

/* ---- signers */

static struct policy_signer *add_signer(struct making *m)
{
	struct policy_signer *s =
	    m->p->nsigners < SIGNERS_MAX ? &m->p->signer[m->p->nsigners++] : NULL;

	if (s)
		*s = (struct policy_signer){ .kind = POLICY_SIGNER_IDENTITY };
	return s;
}

/* Compiled again where it is used; here a mistake is still one of the command line. */
static int check_regexp(struct making *m, const char *option, const char *pattern)
{
	struct regexp *r = NULL;

	int rc = pattern ? regexp_new(&r, pattern, m->f) : 0;
	regexp_free(r);
	return rc < 0 ? fault_wrap(m->f, rc, "%s", option) : 0;
}

static int read_identity(struct making *m)
{
	const struct demands *d = m->d;
	bool who = d->identity || d->identity_regexp, issuer = d->issuer || d->issuer_regexp;

	if (who != issuer)
		return fault_set(m->f, -EINVAL,
		    who ? "an identity means nothing without who vouches for it: add "
			  "--certificate-oidc-issuer URL"
			: "--certificate-oidc-issuer needs --certificate-identity: the issuer "
			  "vouches for everybody who has an account there");
	if (d->identity && d->identity_regexp)
		return fault_set(m->f, -EINVAL,
		    "--certificate-identity and --certificate-identity-regexp: give one of them");
	if (d->issuer && d->issuer_regexp)
		return fault_set(m->f, -EINVAL,
		    "--certificate-oidc-issuer and --certificate-oidc-issuer-regexp: give one of them");
	if (!who)
		return 0;
	int rc = check_regexp(m, "--certificate-identity-regexp", d->identity_regexp);
	if (rc == 0)
		rc = check_regexp(m, "--certificate-oidc-issuer-regexp", d->issuer_regexp);
	if (rc < 0)
		return rc;
	struct policy_signer *s = add_signer(m);
	s->identity = d->identity;
	s->identity_regexp = d->identity_regexp;
	s->issuer = d->issuer;
	s->issuer_regexp = d->issuer_regexp;
	s->text = d->identity ? d->identity : d->identity_regexp;
	return 0;
}

/* text with everything that means something in a regular expression escaped. */
static const char *literal(struct making *m, const char *text)
{
	AUTO_BUF struct buf b = BUF_INIT(4096);

	for (; *text; text++) {
		if (strchr("\\^$.[]|()*+?{}", *text))
			buf_putc(&b, '\\');
		buf_putc(&b, *text);
	}
	return buf_err(&b) < 0 ? NULL : arena_str(m->a, buf_span(&b));
}

/* A workflow of GitHub, certified by GitHub. regexp: "PREFIX" and what may follow it. */
static int add_workflow(struct making *m, const char *prefix, const char *regexp)
{
	struct policy_signer *s = add_signer(m);
	const char *quoted = literal(m, prefix);

	if (!s)
		return fault_set(m->f, -EINVAL, "--builder-id: more than %d signers", SIGNERS_MAX / 2);
	s->identity_regexp = quoted ? arena_printf(m->a, "%s%s", quoted, regexp) : NULL;
	s->issuer = GITHUB_ISSUER;
	s->text = s->identity_regexp;
	return s->text ? 0 : -ENOMEM;
}

static int imply(struct making *m, const char *builder)
{
	const char *at = strrchr(builder, '@');

	if (strncmp(builder, RUNNER, sizeof(RUNNER) - 1) == 0) {
		if (!m->p->sources.n)
			return fault_set(m->f, -EINVAL,
			    "--builder-id %s: the runner builds for everybody; say whose workflow may "
			    "have signed: --source-uri", QUOTE(span_str(builder)));
		const char *repo = arena_printf(m->a, "%s" WORKFLOWS, m->p->sources.item[0]);
		return repo ? add_workflow(m, repo, "[^/@]+@.+") : -ENOMEM;
	}
	if (strncmp(builder, GITHUB, sizeof(GITHUB) - 1) != 0 || !strstr(builder, WORKFLOWS) || !at)
		return 0;
	const char *prefix = arena_str(m->a, span_of(builder, (size_t)(at + 1 - builder)));
	if (!prefix)
		return -ENOMEM;
	/* Which version, the builder id itself is held against. */
	int rc = add_workflow(m, prefix, "[^@]+");
	return rc < 0 ? rc
		      : add_workflow(m,
			    GITHUB "slsa-framework/slsa-github-generator" WORKFLOWS "delegator_",
			    "(generic|lowperms-generic)_slsa3\\.yml@refs/tags/v[0-9]+\\.[0-9]+\\.[0-9]+");
}

static int read_signers(struct making *m)
{
	const struct demands *d = m->d;

	m->p->signer = arena_array(m->a, SIGNERS_MAX, sizeof(*m->p->signer));
	if (!m->p->signer)
		return -ENOMEM;
	int rc = read_identity(m);
	if (m->p->nsigners || d->has_keys)
		return rc;
	for (size_t i = 0; rc == 0 && i < m->p->builders.n; i++)
		rc = imply(m, m->p->builders.item[i]);
	return rc;
}

int options_policy(struct policy *ret_p, bool *ret_any, const struct demands *d, struct arena *a,
    struct fault *f)
{
	struct policy p = { .name = "options", .path = "options" };
	struct making m = { &p, d, a, f };

	int rc = read_require(&m);
	if (rc == 0)
		rc = read_source(&m);
	if (rc == 0)
		rc = read_builders(&m);
	if (rc == 0)
		rc = read_refs(&m);
	if (rc == 0)
		rc = read_inputs(&m);
	if (rc == 0)
		rc = read_package(&m);
	if (rc == 0)
		rc = read_vsa(&m);
	if (rc == 0)
		rc = read_signers(&m);
	if (rc < 0)
		return rc;
	*ret_p = p;
	*ret_any = p.require || p.nsigners;
	return 0;
}
