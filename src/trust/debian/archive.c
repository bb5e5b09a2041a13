/* SPDX-License-Identifier: Apache-2.0 */

#include "trust/debian/archive.h"

#include "base/file.h"
#include "crypto/hash.h"
#include "unpack/unpack.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#define SKEW PGP_SKEW

int debian_begin(struct debian *d, const struct debian_opts *o, struct arena *keep)
{
	*d = (struct debian){ .opts = *o, .keep = keep };
	d->file = arena_array(keep, DEBIAN_FILES_MAX, sizeof(*d->file));
	return d->file ? 0 : -ENOMEM;
}

void debian_end(struct debian *d)
{
	for (size_t i = 0; i < d->n; i++) {
		fd_close_p(&d->file[i].fd);
		deb_index_free(&d->file[i].index);
	}
	d->n = 0;
}

/* --- what kind of file ----------------------------------------------------------------------- */

static bool is_packed(struct span head)
{
	static const struct {
		const char *magic;
		size_t n;
	} t[] = { { "\xfd" "7zXZ\0", 6 }, { "\x1f\x8b\x08", 3 }, { "BZh", 3 },
		{ "\x28\xb5\x2f\xfd", 4 }, { "\x04\x22\x4d\x18", 4 } };

	for (size_t i = 0; i < ARRAY_LEN(t); i++)
		if (span_starts(head, span_of(t[i].magic, t[i].n)))
			return true;
	return false;
}

/* By the name of its first field, which must be one that archives put first. */
static enum debian_kind control_kind(struct span head)
{
	static const char *const release[] = { "Origin", "Label", "Archive", "Suite", "Codename",
		"Date", "Version", "Architectures" };
	size_t colon = span_find(span_cut(head, 0, 32), ':');
	struct span name = span_cut(head, 0, colon);

	if (colon == SIZE_MAX)
		return DEBIAN_NONE;
	if (span_eq_nocase(name, SPAN_LIT("Package")))
		return DEBIAN_INDEX;
	for (size_t i = 0; i < ARRAY_LEN(release); i++)
		if (span_eq_nocase(name, span_str(release[i])))
			return DEBIAN_RELEASE;
	return DEBIAN_NONE;
}

enum debian_kind debian_kind_of(struct span head)
{
	switch (pgp_form_of(head)) {
	case PGP_FORM_CLEAR:
		return DEBIAN_CLEAR;
	case PGP_FORM_SIGNATURE:
		return DEBIAN_SIGNATURE;
	default:
		return is_packed(head) ? DEBIAN_PACKED : control_kind(head);
	}
}

/* --- remarks --------------------------------------------------------------------------------- */

static FB_PRINTF(5, 6) void remark(struct debian *d, const struct debian_file *x,
    enum reason_kind kind, const char *code, const char *fmt, ...)
{
	struct fault f = FAULT_INIT;
	va_list ap;

	va_start(ap, fmt);
	fault_vset(&f, 0, fmt, ap);
	va_end(ap);
	if (d->nremarks == DEBIAN_REMARKS_MAX - 1) { /* the last one stands for all that follow */
		kind = REASON_FAIL;
		code = "evidence.malformed";
		fault_set(&f, 0, "more is wrong with the evidence than is shown");
	} else if (d->nremarks == DEBIAN_REMARKS_MAX) {
		return;
	}
	const char *text = arena_str(d->keep, span_str(f.text));
	d->remark[d->nremarks++] =
	    (struct debian_remark){ kind, code, text ? text : "not enough memory", x };
}

/* What a signature that is not GOOD means. */
static void remark_signature(struct debian *d, const struct debian_file *x, int result,
    const char *why)
{
	switch (result) {
	case PGP_NO_GPGV:
		remark(d, x, REASON_MISSING, "openpgp.no-gpgv",
		    "OpenPGP signatures are checked by gpgv: install gpgv (%s)", why);
		break;
	case PGP_STRANGER:
		if (d->opts.keys->n == 0)
			remark(d, x, REASON_MISSING, "signer.none", "%s", why);
		else
			remark(d, x, REASON_MISSING, "openpgp.stranger", "%s", why);
		break;
	case PGP_BROKEN:
		remark(d, x, REASON_FAIL, "evidence.malformed", "%s", why);
		break;
	case PGP_UNUSABLE:
		remark(d, x, REASON_FAIL, "evidence.key", "%s", why);
		break;
	default:
		remark(d, x, REASON_FAIL, "evidence.signature", "%s", why);
	}
}

/* Keeps the signers of a good check, those who may sign first; false when none of them may. */
static int keep_signers(struct debian *d, struct debian_file *x, const struct pgp_check *c,
    bool *ret_may)
{
	bool may = false;

	x->signer = arena_array(d->keep, c->status.n, sizeof(*x->signer));
	if (!x->signer)
		return -ENOMEM;
	for (size_t i = 0; i < c->status.n; i++) {
		struct signer s;
		if (c->status.sig[i].state != PGP_SIG_GOOD)
			continue;
		int rc = pgp_signer(&s, &c->status.sig[i], d->keep);
		if (rc < 0)
			return rc;
		s.may_sign = !d->opts.may_sign || d->opts.may_sign(d->opts.ctx, &s);
		struct signer *at = &x->signer[x->nsigners++];
		if (s.may_sign && !may) {
			*at = x->signer[0];
			at = &x->signer[0];
			may = true;
		}
		*at = s;
	}
	*ret_may = may;
	return 0;
}

/* --- signed texts ---------------------------------------------------------------------------- */

static void check_dates(struct debian *d, struct debian_file *x)
{
	char at[TS_TEXT_MAX], until[TS_TEXT_MAX];
	const struct deb_release *r = &x->release;

	if (r->date > d->opts.now + SKEW) {
		remark(d, x, REASON_FAIL, "evidence.time", "dated in the future, %s",
		    ts_format(r->date, at));
		x->good = false;
	}
	if (r->valid_until != TS_NONE && r->valid_until < d->opts.now) {
		remark(d, x, d->opts.allow_expired ? REASON_WARN : REASON_FAIL, "evidence.expired",
		    "was valid until %s: a newer one should be there",
		    ts_format(r->valid_until, until));
		x->good = x->good && d->opts.allow_expired;
	}
	if (d->opts.newest != TS_NONE && r->date < d->opts.newest)
		remark(d, x, REASON_NOTE, "evidence.older", "dated %s, older than %s which was seen "
		    "before", ts_format(r->date, at), ts_format(d->opts.newest, until));
}

/* The text of x is authentic: what does it say? */
static int read_signed(struct debian *d, struct debian_file *x, struct span text)
{
	struct fault f = FAULT_INIT;
	struct deb822 *stanza = ARENA_NEW(d->keep, struct deb822);

	int rc = stanza ? deb822_parse(stanza, text, &f) : -ENOMEM;
	if (rc == 0 && deb_release_is(stanza)) {
		x->kind = DEBIAN_RELEASE;
		rc = deb_release_read(&x->release, stanza, d->keep, &f);
		if (rc == 0)
			check_dates(d, x);
	} else if (rc == 0 && deb822_get(stanza, "Source")) {
		x->kind = DEBIAN_LIST;
		deb_index_init(&x->index);
		rc = deb_index_of_list(&x->index, stanza, &f);
	} else if (rc == 0) {
		remark(d, x, REASON_NOTE, "evidence.other",
		    "signed, but neither a Release nor a list of a package's files");
		x->good = false;
	}
	if (rc == -EBADMSG) {
		remark(d, x, REASON_FAIL, "evidence.malformed", "%s", f.text);
		x->good = false;
		return 0;
	}
	return rc;
}

static int accept(struct debian *d, struct debian_file *x, const struct pgp_check *c,
    struct span text)
{
	int rc = keep_signers(d, x, c, &x->good);
	if (rc < 0)
		return rc;
	if (!x->good)
		remark(d, x, REASON_FAIL, "evidence.signer", "signed by %s, who is not a signer that "
		    "the policy lists", signer_text(&x->signer[0], d->keep));
	return read_signed(d, x, text);
}

static struct pgp_opts pgp_opts_of(const struct debian *d)
{
	return (struct pgp_opts){ .now = d->opts.now, .gpgv = d->opts.gpgv };
}

static int add_clear(struct debian *d, struct debian_file *x, struct span text, struct fault *f)
{
	AUTO_BUF struct buf is_signed = BUF_INIT(PGP_TEXT_MAX);
	struct pgp_opts o = pgp_opts_of(d);
	struct pgp_check *c = ARENA_NEW(d->keep, struct pgp_check);

	int rc = c ? pgp_verify_clear(c, text, d->opts.keys, &o, &is_signed, f) : -ENOMEM;
	if (rc < 0)
		return rc;
	if (rc == PGP_GOOD)
		return accept(d, x, c, buf_span(&is_signed));
	remark_signature(d, x, rc, c->why);
	return 0;
}

/* --- adding ---------------------------------------------------------------------------------- */

static int keep_text(struct debian *d, struct debian_file *x, struct span text)
{
	int rc = 0;

	x->text = arena_dup(d->keep, text, &rc);
	return rc;
}

static int read_text(struct debian *d, struct debian_file *x, int fd, struct fault *f)
{
	AUTO_BUF struct buf text = BUF_INIT(PGP_TEXT_MAX);

	int rc = lseek(fd, 0, SEEK_SET) < 0 ? -errno : file_read_fd(fd, &text, PGP_TEXT_MAX);
	if (rc == -EMSGSIZE) {
		remark(d, x, REASON_FAIL, "evidence.malformed", "larger than %u MiB",
		    PGP_TEXT_MAX >> 20);
		x->kind = DEBIAN_NONE;
		return 0;
	}
	if (rc < 0)
		return fault_set(f, rc, "%s: cannot be read", QUOTE(span_str(x->name)));
	x->digest = sha256_of(buf_span(&text));
	x->size = text.n;
	return x->kind == DEBIAN_CLEAR ? add_clear(d, x, buf_span(&text), f) :
					 keep_text(d, x, buf_span(&text));
}

/* A private copy, so that what is hashed is what is unpacked. */
static int copy_packed(int from, uint64_t *ret_size, struct digest *ret_d)
{
	AUTO_FREE uint8_t *part = malloc(HASH_BLOCK);
	AUTO_FD int fd = memfd_create("index", MFD_CLOEXEC);
	AUTO_HASHER struct hasher *h = NULL;
	struct digest out[DIGEST_ALGS];
	uint64_t at = 0;
	ssize_t n;

	if (!part || fd < 0)
		return -ENOMEM;
	int rc = hasher_new(&h, HASH_SET(DIGEST_SHA256));
	while (rc == 0 && (n = pread(from, part, HASH_BLOCK, (off_t)at)) != 0) {
		if (n < 0)
			return -errno;
		at += (uint64_t)n;
		if (at > DEBIAN_PACKED_MAX)
			return -EMSGSIZE;
		rc = hasher_update(h, part, (size_t)n);
		if (rc == 0)
			rc = file_write_all(fd, span_of(part, (size_t)n));
	}
	if (rc == 0)
		rc = hasher_final(h, out);
	if (rc < 0)
		return rc;
	*ret_size = at;
	*ret_d = out[DIGEST_SHA256];
	return TAKE_FD(fd);
}

static int add_index(struct debian *d, struct debian_file *x, int fd, struct fault *f)
{
	if (x->kind == DEBIAN_PACKED)
		x->fd = copy_packed(fd, &x->size, &x->digest);
	else
		x->fd = fcntl(fd, F_DUPFD_CLOEXEC, 0);
	if (x->fd == -EMSGSIZE) {
		remark(d, x, REASON_FAIL, "evidence.malformed", "larger than %u MiB",
		    DEBIAN_PACKED_MAX >> 20);
		x->kind = DEBIAN_NONE;
		return 0;
	}
	return x->fd >= 0 ? 0 : fault_set(f, x->fd == -1 ? -errno : x->fd, "%s: cannot be read",
				    QUOTE(span_str(x->name)));
}

int debian_add(struct debian *d, int fd, const char *name, struct fault *f)
{
	uint8_t head[DEBIAN_HEAD];
	ssize_t n = pread(fd, head, sizeof(head), 0);

	if (n < 0)
		return fault_set(f, -errno, "%s: cannot be read", QUOTE(span_str(name)));
	if (d->n == DEBIAN_FILES_MAX)
		return fault_set(f, -EINVAL, "more than %d files of Debian's and OpenPGP's kind",
		    DEBIAN_FILES_MAX);
	struct debian_file *x = &d->file[d->n];
	*x = (struct debian_file){ .fd = -1, .kind = debian_kind_of(span_of(head, (size_t)n)) };
	x->name = arena_str(d->keep, span_str(name));
	if (!x->name)
		return -ENOMEM;
	d->n++;
	if (x->kind == DEBIAN_INDEX || x->kind == DEBIAN_PACKED)
		return add_index(d, x, fd, f);
	return x->kind == DEBIAN_NONE ? -EINVAL : read_text(d, x, fd, f);
}

/* --- settling: Release + Release.gpg --------------------------------------------------------- */

/* A Release without signature is nothing until a detached signature is over exactly its bytes. */
static int find_signature(struct debian *d, struct debian_file *x, struct fault *f)
{
	struct pgp_opts o = pgp_opts_of(d);
	struct pgp_check *c = ARENA_NEW(d->keep, struct pgp_check);
	struct debian_file *only = NULL;
	const char *why = NULL;
	int result = -1;

	if (!c)
		return -ENOMEM;
	for (size_t i = 0; i < d->n; i++) {
		struct debian_file *s = &d->file[i];
		if (s->kind != DEBIAN_SIGNATURE || s->used)
			continue;
		int rc = pgp_verify_bytes(c, s->text, x->text, d->opts.keys, &o, f);
		if (rc < 0)
			return rc;
		if (rc == PGP_GOOD) {
			s->used = true;
			return accept(d, x, c, x->text);
		}
		if (rc != PGP_BAD || !d->opts.many) {
			only = s;
			result = rc;
			why = arena_str(d->keep, span_str(c->why));
			if (!why)
				return -ENOMEM;
		}
	}
	if (!only) {
		remark(d, x, REASON_MISSING, "debian.release",
		    "a Release without its signature: give Release.gpg, or InRelease");
		return 0;
	}
	/* It was meant for this file, since nothing else is there that it could be about. */
	only->used = true;
	remark_signature(d, only, result, why);
	return 0;
}

/* --- settling: indices ----------------------------------------------------------------------- */

/* The good Release that lists these bytes as an index. */
static bool find_above(const struct debian *d, struct debian_file *x, const struct digest *sha256,
    uint64_t size)
{
	for (size_t i = 0; i < d->n; i++) {
		const struct debian_file *r = &d->file[i];
		const struct deb_listed *l = r->kind == DEBIAN_RELEASE && r->good ?
		    deb_release_find(&r->release, sha256->b, size, true) :
		    NULL;
		if (!l)
			continue;
		x->above = r;
		x->listed_as = l->path;
		return true;
	}
	return false;
}

struct reading {
	struct deb_index *index;
	struct hasher *h;
	uint64_t size;
	int rc; /* what the index said about its bytes */
	struct fault f;
};

static int on_bytes(void *ctx, struct span part)
{
	struct reading *r = ctx;

	r->rc = hasher_update(r->h, part.p, part.n);
	r->size += part.n;
	if (r->rc == 0 && r->size > DEBIAN_INDEX_MAX)
		r->rc = fault_set(&r->f, -EBADMSG, "larger than an index may be");
	if (r->rc == 0)
		r->rc = deb_index_feed(r->index, part, &r->f);
	return r->rc;
}

static int read_plain(struct reading *r, int fd)
{
	AUTO_FREE uint8_t *part = malloc(HASH_BLOCK);
	int rc = part ? 0 : -ENOMEM;
	ssize_t n;

	while (rc == 0 && (n = pread(fd, part, HASH_BLOCK, (off_t)r->size)) != 0)
		rc = n < 0 ? -errno : on_bytes(r, span_of(part, (size_t)n));
	return rc;
}

static int read_packed(struct reading *r, const struct debian_file *x)
{
	struct unpack_opts o = { .bytes = DEBIAN_INDEX_MAX };
	struct fault f = FAULT_INIT;

	int rc = unpack_stream(x->fd, x->name, &o, on_bytes, r, &f);
	if (r->rc < 0)
		return r->rc;
	if (rc > 0 || rc == -EBADMSG)
		return fault_set(&r->f, -EBADMSG, "%s", f.text);
	return rc;
}

/* Reads x's index and tells the digest of what was read, unpacked. */
static int read_index(struct debian_file *x, struct reading *r, struct digest *ret_d)
{
	struct digest out[DIGEST_ALGS];

	int rc = hasher_new(&r->h, HASH_SET(DIGEST_SHA256));
	if (rc == 0)
		rc = x->kind == DEBIAN_PACKED ? read_packed(r, x) : read_plain(r, x->fd);
	if (rc == 0)
		rc = deb_index_done(&x->index, &r->f);
	if (rc == 0)
		rc = hasher_final(r->h, out);
	r->h = hasher_free(r->h);
	if (rc == 0)
		*ret_d = out[DIGEST_SHA256];
	return rc;
}

static bool any_release(const struct debian *d)
{
	for (size_t i = 0; i < d->n; i++)
		if (d->file[i].kind == DEBIAN_RELEASE && d->file[i].good)
			return true;
	return false;
}

static void count_index(struct debian *d, struct debian_file *x)
{
	x->good = true;
	if (x->index.weak)
		remark(d, x, REASON_NOTE, "evidence.weak-digest",
		    "%" PRIu64 " of %" PRIu64 " stanzas have no SHA-256 and vouch for nothing",
		    x->index.weak, x->index.stanzas);
}

static int settle_index(struct debian *d, struct debian_file *x)
{
	struct reading r = { .index = &x->index };
	struct digest plain = { 0 };

	if (!any_release(d)) {
		remark(d, x, REASON_MISSING, "debian.release",
		    "an index that nothing vouches for: give the InRelease of its suite and the "
		    "keyring");
		return 0;
	}
	bool listed = x->kind == DEBIAN_PACKED && find_above(d, x, &x->digest, x->size);
	deb_index_init(&x->index);
	int rc = read_index(x, &r, &plain);
	if (rc == 0 && x->kind == DEBIAN_INDEX)
		x->digest = plain;
	if (rc == 0 && (listed || find_above(d, x, &plain, r.size))) {
		count_index(d, x);
		return 0;
	}
	deb_index_free(&x->index);
	if (rc == -EBADMSG)
		remark(d, x, REASON_FAIL, "evidence.malformed", "%s", r.f.text);
	else if (rc == 0)
		remark(d, x, REASON_FAIL, "evidence.index",
		    "not among the files that the signed Release lists: of another suite or date, or "
		    "changed");
	return rc == -EBADMSG ? 0 : rc;
}

int debian_settle(struct debian *d, struct fault *f)
{
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < d->n; i++)
		if (d->file[i].kind == DEBIAN_RELEASE && d->file[i].text.p)
			rc = find_signature(d, &d->file[i], f);
	for (size_t i = 0; rc == 0 && i < d->n; i++) {
		struct debian_file *x = &d->file[i];
		if (x->kind != DEBIAN_INDEX && x->kind != DEBIAN_PACKED)
			continue;
		rc = settle_index(d, x);
		fd_close_p(&x->fd);
		x->fd = -1;
		if (rc < 0)
			return fault_set(f, rc, "%s: cannot be read", QUOTE(span_str(x->name)));
	}
	return rc;
}
