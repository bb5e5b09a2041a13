/* SPDX-License-Identifier: Apache-2.0 */

/*
 * verify_inside: what is in an artifact that is a container, and what is wrong with it. Who judged
 * the archive as a whole has not seen that a library in it was tampered with: in 3CX 2023 the
 * installer's own signature was good.
 */

#include "anatomy/tree.h"
#include "trust/component_policy.h"
#include "trust/verify_session.h"

#include <errno.h>

/* The tree goes away, its reasons stay. 0 or -ENOMEM. */
static int keep(struct verify_session *v, struct verify_artifact *art, const struct reason *r,
    enum reason_kind kind)
{
	const char *code = arena_str(&v->results, span_str(r->code));
	const char *file = r->file ? arena_str(&v->results, span_str(r->file)) : NULL;

	if (!code || (r->file && !file))
		return -ENOMEM;
	struct reason *to = verdict_add(&art->anatomy, kind, code, "%s", r->text);
	to->file = file;
	to->has_off = r->has_off;
	to->off = r->off;
	to->len = r->len;
	return 0;
}

/*
 * What contradicts is kept, and what could not be opened: it was not looked at. So is what is damaged:
 * the bytes may be those that were signed. A link that leads out is in many an honest source archive.
 * Warnings are kept where they are about the whole.
 */
static enum reason_kind kind_of(const struct reason *r)
{
	if (r->kind != REASON_FAIL)
		return r->kind;
	return strcmp(r->code, "archive.damaged") == 0 ? REASON_MISSING :
	    strcmp(r->code, "archive.link-out") == 0   ? REASON_WARN :
							 REASON_FAIL;
}

static bool is_kept(const struct reason *r)
{
	return r->kind <= REASON_WARN || strcmp(r->code, "known-good.listed") == 0;
}

/* What holds of the components is the policy's matter: no signature covers the file by that. */
static int keep_components(
    struct verify_session *v, struct verify_artifact *art, const struct verdict *found)
{
	for (size_t i = 0; i < found->n; i++)
		if (strcmp(found->reason[i].code, COMPONENT_POLICY_PROVEN) == 0 &&
		    !(art->components = arena_str(&v->results, span_str(found->reason[i].text))))
			return -ENOMEM;
	return 0;
}

static int keep_reasons(
    struct verify_session *v, struct verify_artifact *art, const struct verdict *found)
{
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < found->n; i++)
		if (is_kept(&found->reason[i]))
			rc = keep(v, art, &found->reason[i], kind_of(&found->reason[i]));
	art->anatomy.overflow |= found->overflow;
	return rc;
}

static void count(const struct component_tree *t, struct verify_artifact *art)
{
	for (uint32_t i = 0; i < t->n; i++) {
		const struct component *c = &t->c[i];
		art->inside.files += i && c->type == COMPONENT_FILE;
		art->inside.containers += c->type == COMPONENT_FILE && c->state != COMPONENT_WHOLE;
		art->inside.closed += c->state > COMPONENT_OPENED;
	}
	if (t->c[0].state != COMPONENT_WHOLE && strcmp(art->format, "unknown") == 0)
		art->format = format_name(t->c[0].format);
}

static int conclude(struct verify_session *v, struct verify_artifact *art,
    const struct component_tree *t, const struct verdict *found)
{
	size_t before = art->anatomy.n;

	count(t, art);
	int rc = keep_reasons(v, art, found);
	if (rc == 0)
		rc = keep_components(v, art, found);
	if (rc == 0 && art->inside.containers && art->anatomy.n == before)
		verdict_add(&art->anatomy, REASON_NOTE, "anatomy.inside",
		    "%u files in %u containers were taken apart, and nothing is wrong with them",
		    art->inside.files, art->inside.containers);
	verdict_conclude(&art->anatomy);
	return rc;
}

/* Against the lists, where the user or the policy asks for it. */
static bool wants_known(const struct verify_session *v)
{
	return v->known && (v->known_always || component_policy_wants_known(&v->policy.components));
}

/* What the lists and the policy say of the components. The artifact itself was examined before. */
static int judge_components(struct verify_session *v, struct verify_artifact *art,
    struct component_tree *t, struct verdict *found, struct fault *f)
{
	struct known_result known = { .n = 0 };
	struct component *c = &t->c[0];
	int rc = 0;

	c->signature = art->signature;
	c->nsignatures = art->nsignatures;
	c->sha256 = art->digest[DIGEST_SHA256];
	c->sha1 = art->digest[DIGEST_SHA1];
	if (wants_known(v))
		rc = known_judge(&known, t, v->known, found, f);
	if (rc == 0 && v->policy.components.n)
		rc = component_policy_judge(&v->policy.components, t, &known, found);
	known_result_free(&known);
	return rc;
}

int verify_inside(struct verify_session *v, int fd, struct verify_artifact *art, struct fault *why)
{
	const struct tree_opts o = { .trust = v->signed_by,
		.inside_only = true,
		.sha1 = wants_known(v),
		.bare = wants_known(v),
		.entries = UNPACK_ENTRIES_MAX };
	struct component_tree tree;
	struct fault f = FAULT_INIT;
	struct verdict found;

	if (v->shallow)
		return 0;
	int rc = tree_read(&tree, fd, art->name, &o, &found, &f);
	if (rc == 0)
		rc = judge_components(v, art, &tree, &found, &f);
	if (rc == 0)
		rc = conclude(v, art, &tree, &found);
	component_tree_free(&tree);
	if (rc < 0 && rc != -EPERM)
		*why = f;
	if (rc != -EPERM)
		return rc;
	/* Nothing runs without a sandbox unless the user says so. */
	art->format = "unknown";
	verdict_add(&art->anatomy, REASON_MISSING, "archive.closed",
	    "not looked inside (--anatomy shallow does without): %s", f.text);
	verdict_conclude(&art->anatomy);
	return 0;
}
