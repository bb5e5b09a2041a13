/* SPDX-License-Identifier: Apache-2.0 */

/* verify_keys: who may sign: keys that were given, the policy's list, identities. */

#include "base/file.h"
#include "trust/verify_session.h"

#include <errno.h>

static int add_key(
    struct verify_session *v, const char *path, const char *name, bool may_sign, struct fault *f)
{
	AUTO_BUF struct buf text = BUF_INIT(KEY_TEXT_MAX + 1);

	int rc = file_read(path, &text, KEY_TEXT_MAX, f);
	if (rc < 0)
		return rc;
	const char *keep = arena_str(&v->arena, span_str(name));
	if (!keep)
		return -ENOMEM;
	rc = keyring_read(&v->keys, buf_span(&text), keep, may_sign, &v->arena, f);
	if (rc == -ENOSPC)
		return fault_set(f, -EINVAL, "more than %d keys", KEYRING_MAX);
	return rc < 0 ? fault_wrap(f, rc, "key %s", QUOTE(span_str(path))) : rc;
}

/* Who may sign: the policy's list is closed; without one it is whom the options name. */
static int load_accept(struct verify_session *v, struct fault *f)
{
	const struct policy *p = &v->policy, *o = v->options;

	v->accept.keys = &v->keys;
	if (v->has_policy && p->nsigners) {
		if (o && o->nsigners)
			return fault_set(f, -EINVAL,
			    "%s lists who may sign: an identity cannot be added to it from outside",
			    QUOTE(span_str(p->path)));
		int rc = accept_add(&v->accept, p->signer, p->nsigners, f);
		return rc == -EINVAL ? fault_wrap(f, -EBADMSG, "%s: signers", QUOTE(span_str(p->path)))
				     : rc;
	}
	return o ? accept_add(&v->accept, o->signer, o->nsigners, f) : 0;
}

static bool listed_by_id(const struct policy *p, const struct digest *id)
{
	for (size_t i = 0; i < p->nsigners; i++)
		if (p->signer[i].kind == POLICY_SIGNER_KEY && digest_eq(&p->signer[i].id, id))
			return true;
	return false;
}

/* Where a file is that the policy names. */
static const char *kept_path(const struct verify_request *r, const char *text, const char *path)
{
	if (!r->signers)
		return path;
	for (size_t i = 0; i < r->nsigners; i++)
		if (strcmp(r->signers[i].name, text) == 0)
			return r->signers[i].path;
	return NULL;
}

static int add_signer(struct verify_session *v, const struct verify_request *r,
    const struct policy_signer *s, struct fault *f)
{
	const char *path = kept_path(r, s->text, s->path);
	int rc = path ? add_key(v, path, r->signers ? s->text : s->path, true, f)
		      : fault_set(f, -ENOENT, "%s was not kept with it", QUOTE(span_str(s->text)));

	return rc < 0 ? fault_wrap(f, rc, "%s: signers", QUOTE(span_str(v->policy.path))) : 0;
}

/* A policy that lists signers says who may sign; without one every key given may. */
static int load_keys(struct verify_session *v, const struct verify_request *r, struct fault *f)
{
	const struct policy *p = &v->policy;
	bool open_list = !v->has_policy || !p->nsigners;

	for (size_t i = 0; i < r->nkeys; i++) {
		int rc = add_key(v, r->keys[i].path, r->keys[i].name, open_list, f);
		if (rc < 0)
			return rc;
	}
	for (size_t i = 0; v->has_policy && i < p->nsigners; i++) {
		int rc = p->signer[i].path ? add_signer(v, r, &p->signer[i], f) : 0;
		if (rc < 0)
			return rc;
	}
	for (size_t i = 0; v->has_policy && i < v->keys.n; i++)
		v->keys.key[i].may_sign |= listed_by_id(p, &v->keys.key[i].id);
	return 0;
}

/* OpenPGP certificates; who of them may sign is asked when they did. */
static int load_keyrings(struct verify_session *v, const struct verify_request *r, struct fault *f)
{
	for (size_t i = 0; i < r->nkeyrings; i++) {
		AUTO_BUF struct buf text = BUF_INIT(PGP_KEYRING_MAX);
		int rc = file_read(r->keyrings[i].path, &text, PGP_KEYRING_MAX, f);
		if (rc == 0)
			rc = pgp_keys_add(&v->pgp, buf_span(&text), r->keyrings[i].name, f);
		if (rc < 0)
			return rc;
	}
	return 0;
}

static int add_anchors(struct verify_session *v, const struct verify_request *r,
    enum anchors_for what, const struct policy_files *files, struct fault *f)
{
	int rc = 0;

	for (size_t i = 0; i < files->n && rc == 0; i++) {
		const struct policy_file *x = &files->item[i];
		const char *path = x->path ? kept_path(r, x->text, x->path) : NULL;
		if (path)
			rc = anchors_add_file(&v->anchors, what, path, f);
		else if (x->path)
			rc = fault_set(
			    f, -ENOENT, "%s was not kept with it", QUOTE(span_str(x->text)));
		else
			rc = anchors_add_digest(&v->anchors, what, &x->digest, f);
	}
	return rc < 0 ? fault_wrap(f, rc, "%s: authenticode", QUOTE(span_str(v->policy.path))) : 0;
}

int verify_load_anchors(
    struct verify_session *v, const struct verify_request *r, struct fault *f)
{
	const struct policy_authenticode *p = &v->policy.authenticode;
	bool closed = v->has_policy && p->roots.n;
	int rc = 0;

	if (closed && (r->nroots || r->nstamp_roots || r->allow_sha1))
		return fault_set(f, -EINVAL,
		    "%s names the roots of signatures inside files: nothing can be added from outside",
		    QUOTE(span_str(v->policy.path)));
	if (closed) {
		rc = add_anchors(v, r, ANCHORS_CODE, &p->roots, f);
		if (rc == 0)
			rc = add_anchors(v, r, ANCHORS_STAMP, &p->stamp_roots, f);
	}
	for (size_t i = 0; i < r->nroots && rc == 0; i++)
		rc = anchors_add_file(&v->anchors, ANCHORS_CODE, r->roots[i].path, f);
	for (size_t i = 0; i < r->nstamp_roots && rc == 0; i++)
		rc = anchors_add_file(&v->anchors, ANCHORS_STAMP, r->stamp_roots[i].path, f);
	v->signed_by =
	    anchors_trust(&v->anchors, v->now, closed ? p->allow_sha1 : r->allow_sha1);
	return rc;
}

bool verify_may_sign(void *session, struct signer *s)
{
	struct verify_session *v = session;
	bool closed = v->has_policy && v->policy.nsigners;

	return closed ? accept_signer(&v->accept, s) : true;
}

int verify_load_signers(
    struct verify_session *v, const struct verify_request *r, struct fault *f)
{
	int rc = load_keys(v, r, f);

	if (rc == 0)
		rc = load_keyrings(v, r, f);
	return rc < 0 ? rc : load_accept(v, f);
}
