/* SPDX-License-Identifier: Apache-2.0 */

/* inspect_propose: a policy for the components of a good release, for its maker to read and keep. */

#include "cli/inspect_policy.h"

#include "trust/component_policy.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>

#define RULES_MAX 64

/* What programs that one rule is about have in common. */
struct proposal {
	const char *signer; /* YAML */
	bool known;
	struct buf paths; /* YAML list */
	uint32_t n;
};

struct proposing {
	const struct inspection *x;
	struct arena arena;
	struct proposal rule[RULES_MAX];
	size_t n;
};

/* A YAML double-quoted text is a JSON text. */
static const char *quoted(struct proposing *p, const char *s)
{
	AUTO_BUF struct buf b = BUF_INIT(64u << 10);
	struct jw w = jw_of(&b);

	jw_cstr(&w, s);
	return buf_err(&b) < 0 ? NULL : arena_str(&p->arena, buf_span(&b));
}

/* An organisation where a chain proves it, else the certificate itself. NULL: memory is short. */
static const char *one_signer(struct proposing *p, const struct component_signature *s)
{
	const char *org = component_policy_attribute(s->signer.subject, "O", &p->arena);
	const char *name = quoted(p, s->signer.common_name ? s->signer.common_name : "");

	if (s->chain == CHAIN_STATE_ANCHORED && s->team)
		return arena_printf(&p->arena, "{team: %s}", quoted(p, s->team));
	if (s->chain == CHAIN_STATE_ANCHORED && org)
		return arena_printf(&p->arena, "{organization: %s}", quoted(p, org));
	if (!name || !s->signer.common_name)
		return arena_printf(&p->arena, "{thumbprint: \"%s\"}", DIGEST_TEXT(&s->signer.id));
	return arena_printf(&p->arena, "{common-name: %s, thumbprint: \"%s\"}", name,
	    DIGEST_TEXT(&s->signer.id));
}

/* Each of those who signed it, once, in the file's order. */
static const char *signer_of(struct proposing *p, const struct component *c)
{
	const char *all = NULL;
	bool several = false;

	if (!c->nsignatures)
		return "nobody";
	for (uint32_t i = 0; i < c->nsignatures; i++) {
		const char *one = one_signer(p, &c->signature[i]);
		if (!one)
			return NULL;
		if (all && strstr(all, one))
			continue;
		several |= all != NULL;
		all = all ? arena_printf(&p->arena, "%s, %s", all, one) : one;
		if (!all)
			return NULL;
	}
	return several ? arena_printf(&p->arena, "[%s]", all) : all;
}

static int add_path(struct proposal *r, const struct component_tree *t, uint32_t i)
{
	char path[COMPONENT_PATH_MAX];
	size_t label = strlen(t->c[0].path);
	const char *s = i ? component_path(t, i, path) + label : ".";
	struct jw w = jw_of(&r->paths);

	for (char *q = path; i && *q; q++)
		if (*q == '!')
			*q = '/';
	buf_puts(&r->paths, "        - ");
	jw_cstr(&w, s);
	buf_puts(&r->paths, "\n");
	r->n++;
	return buf_err(&r->paths);
}

static int add(struct proposing *p, uint32_t i)
{
	const struct component *c = &p->x->tree.c[i];
	bool known = i < p->x->known.n && (p->x->known.c[i].state == KNOWN_LISTED ||
					      p->x->known.c[i].state == KNOWN_RESIGNED);
	const char *signer = signer_of(p, c);
	size_t n = 0;

	if (!signer)
		return -ENOMEM;
	while (n < p->n && (strcmp(p->rule[n].signer, signer) != 0 || p->rule[n].known != known))
		n++;
	if (n == RULES_MAX)
		return -E2BIG;
	if (n == p->n)
		p->rule[p->n++] = (struct proposal){ .signer = signer, .known = known,
			.paths = BUF_INIT(16u << 20) };
	return add_path(&p->rule[n], &p->x->tree, i);
}

static bool is_program(const struct component *c)
{
	return component_has_bytes(c) &&
	    (format_is_binary(c->format) || c->format == FORMAT_CFB || c->nsignatures);
}

/* What is wrong with it must not become what is right. */
static int is_good(const struct inspection *x, struct fault *f)
{
	if (verdict_has(&x->verdict, REASON_FAIL))
		return fault_set(f, -EINVAL, "%s fails: no policy is made from it", QUOTE(span_str(x->name)));
	for (uint32_t i = 0; i < x->tree.n; i++)
		if (x->tree.c[i].state > COMPONENT_OPENED)
			return fault_set(f, -EINVAL, "%s was not taken apart whole: no policy is made from it",
			    QUOTE(span_str(x->name)));
	return 0;
}

static void put_head(struct buf *out, const struct inspection *x)
{
	buf_printf(out, "# Who must have signed what, as it was in %s", QUOTE(span_str(x->name)));
	if (digest_is_set(&x->tree.c[0].sha256))
		buf_printf(out, "\n# (%s)", DIGEST_TEXT(&x->tree.c[0].sha256));
	buf_puts(out, ". Read it before you use it: names that carry a\n# version need a \"*\", and "
		      "\"authenticode\" should name the roots (docs/policy.md).\n"
		      "# \"nobody\" says nothing of the bytes: add \"must: known-good\" where lists know "
		      "them, or require provenance, too.\n"
		      "version: 1\nrequire: [components]\ncomponents:\n  default: refuse\n  rules:\n");
}

static int put_all(struct proposing *p, struct buf *out)
{
	int rc = 0;

	for (uint32_t i = 0; i < p->x->tree.n && rc == 0; i++)
		if (is_program(&p->x->tree.c[i]))
			rc = add(p, i);
	put_head(out, p->x);
	for (size_t n = 0; n < p->n && rc == 0; n++) {
		buf_puts(out, "    - path:\n");
		buf_put_span(out, buf_span(&p->rule[n].paths));
		buf_printf(out, "      signer: %s\n", p->rule[n].signer);
		if (p->rule[n].known)
			buf_puts(out, "      must: known-good\n");
	}
	return rc < 0 ? rc : buf_err(out);
}

int inspect_policy_write(struct buf *out, const struct inspection *x, struct fault *f)
{
	struct proposing *p = calloc(1, sizeof(*p));
	int rc = p ? is_good(x, f) : -ENOMEM;

	if (rc == 0) {
		p->x = x;
		p->arena = ARENA_INIT(64u << 20);
		rc = put_all(p, out);
	}
	if (rc == 0 && !p->n)
		rc = fault_set(f, -EINVAL, "%s: holds no program", QUOTE(span_str(x->name)));
	if (rc == -E2BIG)
		rc = fault_set(f, -EINVAL, "%s: more than %d signers", QUOTE(span_str(x->name)), RULES_MAX);
	for (size_t n = 0; p && n < p->n; n++)
		buf_free(&p->rule[n].paths);
	if (p)
		arena_free(&p->arena);
	free(p);
	return rc;
}
