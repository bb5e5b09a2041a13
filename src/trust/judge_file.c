/* SPDX-License-Identifier: Apache-2.0 */

/*
 * judge_file: signatures over the file itself, without a statement.
 *
 * Such a signature does not say which file it belongs to. One by a signer who was named that is not
 * over this file is a FAIL when it is meant for it: it is the only artifact, the evidence was found
 * beside it, or its name is the artifact's with something behind. Otherwise it is a remark.
 */

#include "trust/judge_parts.h"

#include "trust/sigstore/sigstore.h"

#include <errno.h>

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

static bool meant_for(
    const struct judge *j, const struct attestation *a, const struct verify_artifact *art)
{
	const char *name = base_name(art->name), *file = base_name(a->file);
	const struct evidence *own = j->evidence[1];
	size_t n = strlen(name);

	return j->only || (own && a >= own->item && a < own->item + own->n) ||
	       (strncmp(file, name, n) == 0 && file[n] == '.');
}

/* minisign puts tabs into its trusted comments. */
static const char *spaced(const char *comment, struct arena *a)
{
	char *s = comment ? arena_str(a, span_str(comment)) : NULL;

	for (char *p = s; p && *p; p++)
		if (*p == '\t')
			*p = ' ';
	return s;
}

static bool is_known(const struct judge *j, const struct signer *s)
{
	for (size_t i = 0; i < j->trust->keys->n; i++)
		if (digest_eq(&j->trust->keys->key[i].id, &s->key))
			return true;
	return false;
}

/* It verifies over this file. */
static void good(const struct judge *j, const struct attestation *a, struct signer *s,
    const char *comment, struct verify_artifact *art, struct tally *t)
{
	struct verdict *v = &art->verdict;

	comment = spaced(comment, j->arena);
	if (accept_signer(j->trust->accept, s)) {
		t->files++;
		t->about++;
		if (!t->signature || t->signature->kind == ATTESTATION_STATEMENT)
			t->signature = a;
		judge_counts(j, art, a, s, "signature");
		judge_from(verdict_add(v, REASON_PROVEN, "signature.accepted", "signed by %s%s%s",
			       signer_text(s, j->arena), comment ? ", who says: " : "",
			       comment ? QUOTE(span_str(comment)) : ""),
		    a);
	} else if (is_known(j, s)) {
		judge_from(verdict_add(v, REASON_WARN, "signature.signer",
			       "signed by %s, who is not a signer that the policy lists",
			       signer_text(s, j->arena)),
		    a);
	} else {
		struct fault f = FAULT_INIT;
		fault_set(&f, 0, "a good signature by %s, whom nobody named",
		    signer_text(s, j->arena));
		judge_unnamed(j, art, a, s, a->why ? a->why : f.text, t);
	}
}

/* By somebody who was named, and not over this file. */
static void bad(const struct judge *j, const struct attestation *a, const char *why,
    struct verify_artifact *art, struct tally *t)
{
	if (meant_for(j, a, art))
		judge_from(
		    verdict_add(&art->verdict, REASON_FAIL, "artifact.signature", "%s", why), a);
	else
		judge_note(&art->verdict, t, a, "evidence.elsewhere", why);
}

static void needs_file(
    const struct attestation *a, const char *why, struct verify_artifact *art, struct tally *t)
{
	t->partial = true;
	judge_note(&art->verdict, t, a, "evidence.needs-file", why);
}

static void judge_detached(const struct judge *j, const struct attestation *a, int result,
    struct detached_check *c, struct verify_artifact *art, struct tally *t)
{
	switch ((enum detached_result)result) {
	case DETACHED_GOOD:
		good(j, a, &c->signer, c->comment, art, t);
		break;
	case DETACHED_BAD:
		bad(j, a, c->why, art, t);
		break;
	case DETACHED_STRANGER:
		t->strangers++;
		judge_note(&art->verdict, t, a, "evidence.stranger", c->why);
		break;
	case DETACHED_SILENT:
		t->others++;
		judge_note(&art->verdict, t, a, "evidence.elsewhere", c->why);
		break;
	case DETACHED_REPLACED:
		if (accept_signer(j->trust->accept, &c->signer))
			judge_from(verdict_add(&art->verdict, REASON_FAIL, "artifact.replaced", "%s",
				       c->why),
			    a);
		else
			judge_note(&art->verdict, t, a, "evidence.stranger", c->why);
		break;
	case DETACHED_NO_FILE:
		needs_file(a, c->why, art, t);
		break;
	}
}

static int judge_bundle(const struct judge *j, const struct attestation *a, struct artifact *view,
    struct verify_artifact *art, struct tally *t)
{
	struct fault words = FAULT_INIT;
	struct signer by = a->signer;

	int rc = sigstore_artifact(a->bundle, view, &words);
	if (rc < 0)
		return rc;
	if (rc == 0)
		good(j, a, &by, NULL, art, t);
	else if (sigstore_is_missing((enum sigstore_reason)rc))
		needs_file(a, words.text, art, t);
	else if (a->state == ATTESTATION_GOOD)
		bad(j, a, words.text, art, t);
	else
		judge_note(&art->verdict, t, a, "evidence.elsewhere", words.text);
	return 0;
}

int judge_file_signature(const struct judge *j, const struct attestation *a,
    struct verify_artifact *art, struct tally *t)
{
	struct artifact view = ARTIFACT_INIT;
	struct detached_check check;

	view.name = art->name;
	view.size = art->size;
	view.fd = art->is_file ? art->fd : -1;
	memcpy(view.digest, art->digest, sizeof(view.digest));
	int rc = a->kind == ATTESTATION_BUNDLE
	    ? judge_bundle(j, a, &view, art, t)
	    : detached_verify(&check, a->detached, &view, &j->trust->detached, j->arena);
	if (a->kind == ATTESTATION_DETACHED && rc >= 0)
		judge_detached(j, a, rc, &check, art, t);
	else if (rc == -EINVAL && !art->is_file)
		needs_file(a, "it needs another digest than the one given, or the file", art, t);
	artifact_done(&view);
	return rc < 0 && (rc != -EINVAL || art->is_file) ? rc : 0;
}
