/* SPDX-License-Identifier: Apache-2.0 */

#include "trust/verify.h"

#include "base/file.h"
#include "conf/yaml.h"
#include "trust/anatomy.h"
#include "trust/judge.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define SESSION_MAX (512u << 20)
#define BLOCK (256u << 10)
#define PROGRESS_STEP (64u << 20)

static const enum digest_alg algs[] = { DIGEST_SHA1, DIGEST_SHA256, DIGEST_SHA512 };

struct verify_session {
	struct arena arena;
	struct keyring keys;
	struct evidence evidence;
	struct policy policy;
	bool has_policy;
	struct digest expect;
	ts now;
	void (*progress)(void *ctx, uint64_t done, uint64_t total);
	void *progress_ctx;
	struct hasher *hasher;
	uint8_t *block;
};

static int add_key(
    struct verify_session *v, const char *path, const char *name, bool may_sign, struct fault *f)
{
	AUTO_BUF struct buf text = BUF_INIT(KEY_TEXT_MAX + 1);
	struct key *key;

	int rc = file_read(path, &text, KEY_TEXT_MAX, f);
	if (rc < 0)
		return rc;
	rc = key_public(&key, buf_span(&text), f);
	if (rc < 0)
		return fault_wrap(f, rc, "key %s", QUOTE(span_str(path)));
	const char *keep = arena_str(&v->arena, span_str(name));
	if (!keep) {
		key_free(key);
		return -ENOMEM;
	}
	rc = keyring_add(&v->keys, key, keep, may_sign);
	return rc == -ENOSPC ? fault_set(f, -EINVAL, "more than %d keys", VERIFY_KEYS_MAX) : rc;
}

static bool listed_by_id(const struct policy *p, const struct digest *id)
{
	for (size_t i = 0; i < p->nsigners; i++)
		if (digest_eq(&p->signer[i].id, id))
			return true;
	return false;
}

/* Where a key file is that the policy lists. */
static const char *signer_path(const struct verify_request *r, const struct policy_signer *s)
{
	if (!r->signers)
		return s->path;
	for (size_t i = 0; i < r->nsigners; i++)
		if (strcmp(r->signers[i].name, s->text) == 0)
			return r->signers[i].path;
	return NULL;
}

static int add_signer(struct verify_session *v, const struct verify_request *r,
    const struct policy_signer *s, struct fault *f)
{
	const char *path = signer_path(r, s);
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

static int load_evidence(struct verify_session *v, const struct verify_request *r, struct fault *f)
{
	v->evidence.keep = &v->arena;
	for (size_t i = 0; i < r->nevidence; i++) {
		int rc = evidence_load(
		    &v->evidence, r->evidence[i].path, r->evidence[i].name, &v->keys, f);
		if (rc < 0)
			return rc;
	}
	return 0;
}

static int check_request(const struct verify_request *r, struct fault *f)
{
	enum digest_alg alg = r->expect.alg;

	if (r->nevidence > VERIFY_EVIDENCE_FILES_MAX)
		return fault_set(
		    f, -EINVAL, "more than %d evidence files", VERIFY_EVIDENCE_FILES_MAX);
	if (r->nkeys > VERIFY_KEYS_MAX)
		return fault_set(f, -EINVAL, "more than %d keys", VERIFY_KEYS_MAX);
	if (alg != DIGEST_NONE && alg != DIGEST_SHA256 && alg != DIGEST_SHA512)
		return fault_set(f, -EINVAL,
		    "an expected digest must be sha256 or sha512: %s does not prove which file "
		    "this is",
		    digest_name(alg));
	return 0;
}

static int load_policy(struct verify_session *v, const struct verify_request *r, struct fault *f)
{
	AUTO_BUF struct buf text = BUF_INIT(YAML_TEXT_MAX + 1);

	if (!r->policy_name)
		return policy_load(&v->policy, r->policy_path, &v->arena, f);
	const char *name = arena_str(&v->arena, span_str(r->policy_name));
	int rc = name ? file_read(r->policy_path, &text, YAML_TEXT_MAX, f) : -ENOMEM;
	return rc < 0 ? rc : policy_parse(&v->policy, name, buf_span(&text), &v->arena, f);
}

static int begin(struct verify_session *v, const struct verify_request *r, struct fault *f)
{
	unsigned set = 0;

	v->arena = ARENA_INIT(SESSION_MAX);
	v->expect = r->expect;
	v->now = r->now;
	v->progress = r->progress;
	v->progress_ctx = r->progress_ctx;
	for (size_t i = 0; i < ARRAY_LEN(algs); i++)
		set |= HASH_SET(algs[i]);
	v->block = malloc(BLOCK);
	if (!v->block)
		return -ENOMEM;
	int rc = hasher_new(&v->hasher, set);
	if (rc == 0 && r->policy_path) {
		rc = load_policy(v, r, f);
		v->has_policy = rc == 0;
	}
	if (rc == 0)
		rc = load_keys(v, r, f);
	return rc < 0 ? rc : load_evidence(v, r, f);
}

int verify_begin(struct verify_session **ret_v, const struct verify_request *r, struct fault *f)
{
	int rc = check_request(r, f);
	if (rc < 0)
		return rc;
	struct verify_session *v = calloc(1, sizeof(*v));
	if (!v)
		return -ENOMEM;
	rc = begin(v, r, f);
	if (rc < 0) {
		verify_end(v);
		return f && f->text[0] ? rc : fault_set(f, rc, "%s", strerror(-rc));
	}
	*ret_v = v;
	return 0;
}

struct verify_session *verify_end(struct verify_session *v)
{
	if (!v)
		return NULL;
	keyring_free(&v->keys);
	hasher_free(v->hasher);
	free(v->block);
	arena_free(&v->arena);
	free(v);
	return NULL;
}

const char *verify_policy(const struct verify_session *v, struct digest *ret_d)
{
	*ret_d = v->policy.digest;
	return v->has_policy ? v->policy.name : NULL;
}

/* The whole file once through the digests and the anatomy. */
static int stream(struct verify_session *v, int fd, uint64_t size, struct anatomy *an)
{
	uint64_t told = 0;

	for (uint64_t off = 0; off < size;) {
		size_t want = size - off < BLOCK ? (size_t)(size - off) : BLOCK, have = 0;
		while (have < want) {
			ssize_t n = pread(fd, v->block + have, want - have, (off_t)(off + have));
			if (n < 0 && errno == EINTR)
				continue;
			if (n < 0)
				return -errno;
			if (n == 0)
				return -EAGAIN;
			have += (size_t)n;
		}
		int rc = hasher_update(v->hasher, v->block, want);
		if (rc == 0)
			rc = anatomy_update(an, v->block, want);
		if (rc < 0)
			return rc;
		off += want;
		if (v->progress && off - told >= PROGRESS_STEP) {
			v->progress(v->progress_ctx, off, size);
			told = off;
		}
	}
	return 0;
}

static bool same_file(const struct stat *a, const struct stat *b)
{
	return a->st_size == b->st_size && a->st_mtim.tv_sec == b->st_mtim.tv_sec &&
	       a->st_mtim.tv_nsec == b->st_mtim.tv_nsec && a->st_ctim.tv_sec == b->st_ctim.tv_sec &&
	       a->st_ctim.tv_nsec == b->st_ctim.tv_nsec;
}

static int examine(struct verify_session *v, int fd, struct verify_artifact *art)
{
	struct stat before, after;
	struct anatomy *an = ARENA_NEW(&v->arena, struct anatomy);
	struct digest got[DIGEST_ALGS];

	if (!an)
		return -ENOMEM;
	if (fstat(fd, &before) < 0)
		return -errno;
	art->size = (uint64_t)before.st_size;
	int rc = anatomy_begin(an, fd, art->size, &art->anatomy, &v->arena);
	if (rc == 0)
		rc = stream(v, fd, art->size, an);
	/* Also on an error, so that the hasher starts anew with the next file. */
	int final = hasher_final(v->hasher, got);
	if (rc == 0)
		rc = final;
	if (rc == 0)
		rc = anatomy_finish(an);
	if (rc == 0 && (fstat(fd, &after) < 0 || !same_file(&before, &after)))
		rc = -EAGAIN;
	for (size_t i = 0; rc == 0 && i < ARRAY_LEN(algs); i++)
		art->digest[algs[i]] = got[algs[i]];
	art->format = an->format;
	art->has_authenticode = an->nsigs != 0;
	art->authenticode = an->authenticode;
	anatomy_free(an);
	return rc;
}

int verify_path(
    struct verify_session *v, const char *path, struct verify_artifact *ret_a, struct fault *f)
{
	return verify_named(v, path, path, ret_a, f);
}

int verify_named(struct verify_session *v, const char *path, const char *name,
    struct verify_artifact *ret_a, struct fault *f)
{
	struct verify_artifact art = { .name = arena_str(&v->arena, span_str(name)) };
	struct judge j = { &v->evidence, &v->keys, v->has_policy ? &v->policy : NULL, &v->expect,
		v->now, &v->arena };

	AUTO_FD int fd = file_open_user(path, f);
	if (fd < 0)
		return fd;
	(void)posix_fadvise(fd, 0, 0, POSIX_FADV_SEQUENTIAL);
	int rc = art.name ? examine(v, fd, &art) : -ENOMEM;
	if (rc == -EAGAIN)
		return fault_set(f, rc, "%s: changed while it was read", QUOTE(span_str(path)));
	if (rc < 0)
		return fault_set(f, rc, "%s: %s", QUOTE(span_str(path)), strerror(-rc));
	judge_artifact(&j, &art);
	*ret_a = art;
	return 0;
}

static void anatomy_json(struct jw *w, const struct verify_artifact *a)
{
	jw_key(w, "anatomy");
	jw_obj(w);
	if (a->has_authenticode)
		jw_kcstr(w, "authenticode", DIGEST_TEXT(&a->authenticode));
	jw_kcstr(w, "format", a->format);
	verdict_json(w, &a->anatomy);
	jw_end(w);
}

static void provenance_json(struct jw *w, const struct verify_artifact *a)
{
	if (!a->builder_id)
		return;
	jw_key(w, "provenance");
	jw_obj(w);
	jw_kcstr(w, "build_type", a->build_type);
	jw_kcstr(w, "builder_id", a->builder_id);
	jw_kcstr(w, "evidence", DIGEST_TEXT(&a->provenance));
	jw_kcstr(w, "signer", a->signer);
	jw_kcstr(w, "source", a->source_uri);
	jw_kcstr(w, "source_digest", a->source_digest);
	jw_kcstr(w, "source_ref", a->source_ref);
	jw_end(w);
}

void verify_json(struct jw *w, const struct verify_artifact *a)
{
	jw_obj(w);
	anatomy_json(w, a);
	jw_kcstr(w, "artifact", a->name);
	jw_key(w, "digests");
	jw_obj(w);
	for (size_t i = 0; i < ARRAY_LEN(algs); i++)
		jw_kcstr(w, digest_name(algs[i]), DIGEST_HEX(&a->digest[algs[i]]));
	jw_end(w);
	provenance_json(w, a);
	jw_kint(w, "size", (int64_t)a->size);
	verdict_json(w, &a->verdict);
	jw_end(w);
}
