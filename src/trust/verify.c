/* SPDX-License-Identifier: Apache-2.0 */

#include "trust/verify.h"

#include "base/file.h"
#include "conf/yaml.h"
#include "crypto/chain.h"
#include "trust/sigstore/sigstore.h"
#include "trust/verify_session.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

const char *const verify_suffixes[] = { "sigstore.json", "sigstore", "intoto.jsonl", "intoto.json",
	"intoto.sigstore", "intoto.build.slsa", "build.slsa", "dsse.json", "att",
	"minisig", "sig", "asc", "p7s", NULL };

#define SESSION_MAX (512u << 20)

/* Whom to believe about certificates. */
static int load_root(struct verify_session *v, const struct verify_request *r, struct fault *f)
{
	v->root.text = r->trusted_root;
	if (!r->trusted_root_name)
		return 0;
	v->root.tried = true;
	int rc = sigstore_root_parse(&v->root.root, r->trusted_root, f);
	return rc < 0 ? fault_wrap(f, rc, "trusted root %s", QUOTE(span_str(r->trusted_root_name)))
		      : 0;
}

/* Roots for the certificates of CMS signatures. */
static int load_ca(struct verify_session *v, const struct verify_request *r, struct fault *f)
{
	AUTO_BUF struct buf ca = BUF_INIT(CHAIN_PEM_MAX + 1), tsa = BUF_INIT(CHAIN_PEM_MAX + 1);

	if (!r->ca_path)
		return r->tsa_path ? fault_set(f, -EINVAL, "time-stamping roots without roots") : 0;
	int rc = file_read(r->ca_path, &ca, CHAIN_PEM_MAX, f);
	if (rc == 0 && r->tsa_path)
		rc = file_read(r->tsa_path, &tsa, CHAIN_PEM_MAX, f);
	return rc < 0 ? rc : detached_ca_read(&v->ca, buf_span(&ca), buf_span(&tsa), f);
}

static int load_sbom(struct verify_session *v, const char *path, struct fault *f)
{
	if (!path)
		return 0;
	v->sbom_arena = ARENA_INIT(SBOM_ARENA_MAX);
	v->sbom = ARENA_NEW(&v->sbom_arena, struct judge_sbom);
	if (!v->sbom)
		return -ENOMEM;
	*v->sbom = (struct judge_sbom){ .rules.sbom_name = path };
	return sbom_load(&v->sbom->s, &v->sbom->rules.sbom_digest, path, &v->sbom_arena, f);
}

static int load_evidence(struct verify_session *v, const struct verify_request *r, struct fault *f)
{
	v->evidence.keep = &v->arena;
	v->trust = (struct evidence_trust){
		.keys = &v->keys,
		.accept = &v->accept,
		.root = &v->root,
		.ignore_log = r->ignore_log,
		.detached = { .keys = &v->keys,
		    .ssh_namespace = r->ssh_namespace,
		    .ssh_principal = r->ssh_principal,
		    .ca = v->ca,
		    .now = v->now },
		.debian = { .keys = &v->pgp,
		    .now = v->now,
		    .allow_expired = r->allow_expired,
		    .many = r->nartifacts != 1,
		    .newest = TS_NONE,
		    .may_sign = verify_may_sign,
		    .ctx = v },
		.now = v->now,
	};
	for (size_t i = 0; i < r->nevidence; i++) {
		int rc = evidence_load(
		    &v->evidence, r->evidence[i].path, r->evidence[i].name, &v->trust, f);
		if (rc < 0)
			return rc;
	}
	return evidence_settle(&v->evidence, f);
}

static unsigned policy_digests(const struct policy *p)
{
	unsigned set = 0;

	for (size_t i = 0; i < p->ndigests; i++)
		set |= HASH_SET(p->digests[i].alg);
	return set;
}

/* The digests that something will be compared with. */
static unsigned needs(const struct verify_session *v)
{
	unsigned set = v->want | HASH_SET(DIGEST_SHA256) | policy_digests(&v->policy) |
		       evidence_needs(&v->evidence);

	if (v->options)
		set |= policy_digests(v->options);
	if (v->sbom)
		set |= v->sbom->s.set;
	return digest_is_set(&v->expect) ? set | HASH_SET(v->expect.alg) : set;
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
	int rc = 0;

	v->arena = ARENA_INIT(SESSION_MAX);
	v->results = ARENA_INIT(SESSION_MAX);
	v->pgp = PGP_KEYS_INIT;
	v->expect = r->expect;
	v->now = r->now;
	v->options = r->options;
	v->want = r->digests;
	v->beside = r->beside;
	v->shallow = r->shallow;
	v->previous = r->previous;
	v->known = r->known;
	v->known_always = r->known_always;
	if (r->known)
		v->want |= HASH_SET(DIGEST_SHA1);
	v->nartifacts = r->nartifacts;
	v->progress = r->progress;
	v->progress_ctx = r->progress_ctx;
	if (r->policy_path) {
		rc = load_policy(v, r, f);
		v->has_policy = rc == 0;
	}
	if (rc == 0)
		rc = verify_load_signers(v, r, f);
	if (rc == 0)
		rc = verify_load_anchors(v, r, f);
	if (rc == 0)
		rc = load_root(v, r, f);
	if (rc == 0)
		rc = load_ca(v, r, f);
	if (rc == 0)
		rc = load_sbom(v, r->sbom_path, f);
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
	evidence_done(&v->evidence);
	accept_free(&v->accept);
	sigstore_root_free(v->root.root);
	detached_ca_free(v->ca);
	anchors_free(&v->anchors);
	keyring_free(&v->keys);
	pgp_keys_free(&v->pgp);
	hasher_free(v->hasher);
	arena_free(&v->results);
	arena_free(&v->sbom_arena);
	arena_free(&v->arena);
	free(v);
	return NULL;
}

const char *verify_policy(const struct verify_session *v, struct digest *ret_d)
{
	*ret_d = v->policy.digest;
	return v->has_policy ? v->policy.name : NULL;
}

static int judge_it(
    struct verify_session *v, const struct evidence *own, struct verify_artifact *art)
{
	const struct judge j = { .evidence = { &v->evidence, own },
		.trust = &v->trust,
		.policy = { v->has_policy ? &v->policy : NULL, v->options },
		.expect = &v->expect,
		.sbom = v->sbom,
		.now = v->now,
		.arena = &v->results,
		.only = v->nartifacts == 1 };

	return judge_artifact(&j, art);
}

/* Evidence that lies beside the artifact, by the usual names. */
static int load_beside(struct verify_session *v, struct evidence *own, const char *path,
    struct fault *f)
{
	own->keep = &v->results;
	for (size_t i = 0; v->beside && verify_suffixes[i]; i++) {
		const char *file = arena_printf(&v->results, "%s.%s", path, verify_suffixes[i]);
		int rc = file ? evidence_load(own, file, file, &v->trust, f) : -ENOMEM;
		if (rc < 0 && rc != -ENOENT)
			return rc;
	}
	return evidence_settle(own, f);
}

static int verify_fd(struct verify_session *v, int fd, const struct evidence *own,
    struct verify_artifact *art, struct fault *f)
{
	struct stat before, after;

	if (fstat(fd, &before) < 0)
		return -errno;
	(void)posix_fadvise(fd, 0, 0, POSIX_FADV_SEQUENTIAL);
	art->fd = fd;
	int rc = verify_examine(v, fd, needs(v) | evidence_needs(own), art);
	if (rc == 0)
		rc = verify_inside(v, fd, art, f);
	if (rc == 0)
		rc = verify_previous(v, fd, art, f);
	if (rc == 0)
		rc = judge_it(v, own, art);
	/* What was judged is what was read, or nothing was. */
	if (rc == 0 && (fstat(fd, &after) < 0 || !verify_same_file(&before, &after)))
		rc = -EAGAIN;
	art->fd = -1;
	return rc;
}

const struct policy_list *verify_levels(const struct verify_session *v)
{
	return v->has_policy ? &v->policy.levels : NULL;
}

void verify_forget(struct verify_session *v)
{
	arena_free(&v->results);
}

int verify_path(
    struct verify_session *v, const char *path, struct verify_artifact *ret_a, struct fault *f)
{
	return verify_named(v, path, path, ret_a, f);
}

int verify_named(struct verify_session *v, const char *path, const char *name,
    struct verify_artifact *ret_a, struct fault *f)
{
	struct verify_artifact *art = ARENA_NEW(&v->results, struct verify_artifact);

	AUTO_FD int fd = file_open_user(path, f);
	if (fd < 0)
		return fd;
	if (art) {
		art->name = arena_str(&v->results, span_str(name));
		art->is_file = true;
	}
	struct evidence own = { 0 };
	struct fault why = FAULT_INIT;
	int rc = load_beside(v, &own, path, f);
	if (rc == 0)
		rc = art && art->name ? verify_fd(v, fd, &own, art, &why) : -ENOMEM;
	else if (rc != -ENOMEM) {
		evidence_done(&own);
		return rc;
	}
	evidence_done(&own);
	if (rc == -EAGAIN)
		return fault_set(f, rc, "%s: changed while it was read", QUOTE(span_str(path)));
	if (rc < 0)
		return why.text[0]
		    ? fault_set(f, rc, "%s", why.text)
		    : fault_set(f, rc, "%s: %s", QUOTE(span_str(path)), strerror(-rc));
	*ret_a = *art;
	return 0;
}

/* "NAME:" of a digest set: lower-case letters, digits, "_", as in-toto names algorithms; gitCommit,
 * gitTag and the like have capitals, too. */
static size_t digest_set_name(const char *text)
{
	size_t n = strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_");

	return n > 1 && text[n] == ':' && text[n + 1] && !strchr(text, '/') ? n : 0;
}

bool verify_is_digest(const char *text)
{
	return digest_set_name(text) != 0;
}

int verify_digest(struct verify_session *v, const char *text, struct verify_artifact *ret_a,
    struct fault *f)
{
	struct verify_artifact *art = ARENA_NEW(&v->results, struct verify_artifact);
	size_t n = digest_set_name(text);
	struct digest d;

	if (!art)
		return -ENOMEM;
	*art = (struct verify_artifact){ .format = "digest", .fd = -1 };
	enum digest_alg alg = n ? digest_alg_of(span_of(text, n)) : DIGEST_NONE;
	if (!n || (alg && digest_parse(span_str(text), &d) < 0))
		return fault_set(
		    f, -EINVAL, "%s: not a digest such as sha256:<64 hex digits>", QUOTE(span_str(text)));
	if (alg == DIGEST_MD5 || alg == DIGEST_SHA1)
		return fault_set(f, -EINVAL,
		    "%s: a %s digest does not prove which file this is; give the sha256 or sha512",
		    QUOTE(span_str(text)), digest_name(alg));
	art->name = arena_str(&v->results, span_str(text));
	if (!art->name)
		return -ENOMEM;
	if (alg)
		art->digest[alg] = d;
	else
		art->other = art->name;
	verdict_init(&art->anatomy, &v->results);
	verdict_add(&art->anatomy, REASON_NOTE, "anatomy.no-file",
	    "only a digest was given: what is inside cannot be looked at");
	verdict_conclude(&art->anatomy);
	int rc = judge_it(v, NULL, art);
	if (rc < 0)
		return fault_set(f, rc, "%s: %s", QUOTE(span_str(text)), strerror(-rc));
	*ret_a = *art;
	return 0;
}
