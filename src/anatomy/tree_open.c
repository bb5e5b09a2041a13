/* SPDX-License-Identifier: Apache-2.0 */

/* taker_open: a container's entries become components, and those that are containers are opened. */

#include "anatomy/oci.h"
#include "anatomy/taker.h"

#include "unpack/unpack.h"

#include <errno.h>
#include <stdio.h>
#include <strings.h>
#include <unistd.h>

#define FACTS_MAX 128 /* reasons of a container beyond which its facts are not told */

/* One container that is open. */
struct level {
	struct taker *k;
	uint32_t container, last;
	int fd; /* of the container */
	/* In a Debian package, the tar whose entries come at depth 2, before it does itself. */
	uint32_t inner, inner_last;
	struct spool spool;
	bool busy; /* the spool holds bytes of the entry at hand */
	const char *path;
	struct hasher *hasher; /* of a compressed single file: the worker gives no digests of those */
};

static const uint8_t type_of[] = {
	[UNPACK_FILE] = COMPONENT_FILE,
	[UNPACK_DIR] = COMPONENT_DIR,
	[UNPACK_SYMLINK] = COMPONENT_SYMLINK,
	[UNPACK_HARDLINK] = COMPONENT_HARDLINK,
	[UNPACK_SPECIAL] = COMPONENT_SPECIAL,
};

/* Names of what may only be told by its end, and is large. */
static bool named_container(const char *path)
{
	static const char *const ends[] = { ".dmg", ".zip", ".jar", ".whl", ".apk", ".nupkg",
		".pyz", ".vsix", ".xpi", ".ipa", ".aar", ".war" };

	for (size_t i = 0; i < ARRAY_LEN(ends); i++) {
		size_t n = strlen(path), e = strlen(ends[i]);
		if (n > e && strcasecmp(path + n - e, ends[i]) == 0)
			return true;
	}
	return false;
}

/* Runs in the worker: everything but text, whatever its name; what that is, is told by its end, too. */
static bool want(void *ctx, const char *path, struct span head)
{
	const struct level *l = ctx;
	enum format f = format_of(head, SPAN_NONE, UINT64_MAX);

	return f != FORMAT_DATA || named_container(path) || taker_is_info_plist(path) || oci_wants(path) ||
	    taker_is_code_resources(path) || span_starts(head, SPAN_LIT("#!")) ||
	    span_find(head, 0) != SIZE_MAX ||
	    (l->k->o.want && l->k->o.want(l->k->o.ctx, l->k->t, l->container, path, f));
}

/* It does not fit memory: is it worth a file? */
static bool keep(void *ctx, struct span head)
{
	const struct level *l = ctx;
	enum format f = format_of(head, SPAN_NONE, UINT64_MAX);

	return taker_wants(l->k, f) || named_container(l->path) ||
	    (l->k->o.want && l->k->o.want(l->k->o.ctx, l->k->t, l->container, l->path, f));
}

static int take_bytes(struct level *l, const char *path, struct span bytes)
{
	struct taker *k = l->k;

	k->bytes += bytes.n;
	if (k->bytes > k->bytes_max)
		return taker_stop(k, l->container, "archive.bytes",
		    "more than %llu bytes come out of it and what is in it: a bomb, or raise --bytes",
		    (unsigned long long)k->bytes_max);
	if (!l->busy) {
		int rc = spool_reset(&l->spool);
		if (rc < 0)
			return fault_set(k->f, rc, "memory for one file: %s", strerror(-rc));
		l->busy = true;
	}
	l->path = path;
	return spool_put(&l->spool, bytes, keep, l, k->f);
}

static int on_data(void *ctx, const struct unpack_entry *e, struct span bytes)
{
	return take_bytes(ctx, e->path, bytes);
}

/* Every entry is counted once, here. */
static int add(struct level *l, uint32_t parent, uint32_t *last, const char *path,
    const char *target, uint32_t *ret_i)
{
	struct taker *k = l->k;

	if (++k->entries > k->o.entries)
		return taker_stop(k, l->container, "archive.entries",
		    "more than %u entries in it and what is in it", k->o.entries);
	return component_add(k->t, parent, last, span_str(path), span_str(target), ret_i);
}

/* Its end says that it is a container, its name and its beginning did not. */
static int look_away(struct level *l, uint32_t i)
{
	struct component *c = &l->k->t->c[i];

	if (!format_is_container(c->format))
		return 0;
	c->state = COMPONENT_CLOSED;
	return taker_say(l->k, i, REASON_MISSING, "archive.closed",
	    "a %s under another name: inspect it by itself", format_name(c->format));
}

static int look_inside(struct level *l, uint32_t i)
{
	struct taker *k = l->k;
	struct component *c = &k->t->c[i];

	c->format = format_of(spool_head(&l->spool), spool_tail(&l->spool), l->spool.n);
	if (!spool_whole(&l->spool))
		return look_away(l, i);
	if (!taker_wants(k, c->format) && !taker_is_info_plist(c->path) && !oci_wants(c->path) &&
	    !taker_is_code_resources(c->path) && !k->o.on_bytes)
		return 0;
	int fd = spool_fd(&l->spool);
	if (fd < 0)
		return fault_set(k->f, fd, "a temporary file: %s", strerror(-fd));
	return taker_file(k, i, fd, l->spool.n, false);
}

/* Its bytes lie in ARCHIVE.unpacked/PATH, and the archive may say which they are. */
static int elsewhere(struct level *l, uint32_t i, const struct unpack_entry *e)
{
	char path[2 * UNPACK_PATH_MAX];

	if (!digest_is_set(&e->claim))
		return 0;
	snprintf(path, sizeof(path), "%s.unpacked/%s", l->k->t->c[l->container].path, e->path);
	return taker_claim(l->k, CLAIM_BESIDE, i, path, &e->claim);
}

static int fill(struct level *l, uint32_t i, const struct unpack_entry *e)
{
	struct component *c = &l->k->t->c[i];

	c->type = type_of[e->type];
	c->mode = e->mode;
	c->uid = e->owner.uid;
	c->gid = e->owner.gid;
	if (digest_is_set(&e->owner.attributes)) {
		struct digest *d = ARENA_NEW(&l->k->t->arena, struct digest);
		if (!d)
			return -ENOMEM;
		*d = e->owner.attributes;
		c->attributes = d;
	}
	c->size = e->size;
	c->leads_out = e->leads_out;
	c->sha256 = e->digest[DIGEST_SHA256];
	c->sha1 = e->digest[DIGEST_SHA1];
	if (e->opened) {
		c->state = COMPONENT_OPENED;
		c->format = l->k->t->c[c->parent].format == FORMAT_CFB ? FORMAT_CAB : FORMAT_TAR;
	}
	if (e->content == UNPACK_LOCKED)
		c->state = COMPONENT_CLOSED;
	int rc = taker_md5(l->k, i, &e->digest[DIGEST_MD5]);
	if (rc < 0)
		return rc;
	if (e->content == UNPACK_ELSEWHERE)
		return elsewhere(l, i, e);
	return l->busy ? look_inside(l, i) : 0;
}

/* What an archive says of itself, as far as a person would read it. */
static int note_fact(struct level *l, const char *text)
{
	const struct verdict *v = l->k->t->c[l->container].verdict;

	if (v && v->n >= FACTS_MAX)
		return 0;
	return taker_say(
	    l->k, l->container, REASON_NOTE, "archive.fact", "%s", QUOTE(span_str(text)));
}

/* The digest of what stands there, so that it can be compared with another release's. */
static int digest_of_range(int fd, uint64_t off, uint64_t len, struct digest out[DIGEST_ALGS])
{
	AUTO_HASHER struct hasher *h = NULL;
	uint8_t block[16u << 10];

	int rc = hasher_new(&h, HASH_SET(DIGEST_SHA256));
	while (rc == 0 && len) {
		ssize_t n = pread(fd, block, len < sizeof(block) ? (size_t)len : sizeof(block), (off_t)off);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n < 0 ? -errno : -EIO;
		rc = hasher_update(h, block, (size_t)n);
		off += (uint64_t)n;
		len -= (uint64_t)n;
	}
	return rc ? rc : hasher_final(h, out);
}

/* Nothing of it is in a component: the digest is all that tells one from another. */
static int note_front(struct level *l, const struct unpack_note *n)
{
	struct digest d[DIGEST_ALGS];

	int rc = digest_of_range(l->fd, n->off, n->len, d);
	if (rc < 0)
		return fault_set(l->k->f, rc, "reading the bytes in front of an archive: %s", strerror(-rc));
	return taker_say_at(l->k, l->container, REASON_WARN, "archive.front", n->off, n->len,
	    "%llu bytes at offset %llu: bytes in front of the archive, which are in no entry (%s)",
	    (unsigned long long)n->len, (unsigned long long)n->off, DIGEST_HEX(&d[DIGEST_SHA256]));
}

/* Bytes of the archive that belong to no entry. */
static int on_note(void *ctx, const struct unpack_note *n)
{
	struct level *l = ctx;
	static const struct {
		enum reason_kind kind;
		const char *code, *text;
	} says[UNPACK_NOTE_KINDS] = {
		[UNPACK_NOTE_GAP] = { REASON_FAIL, "archive.gap",
		    "bytes between the entries, which belong to none" },
		[UNPACK_NOTE_BEHIND] = { REASON_FAIL, "archive.behind",
		    "bytes behind the end of the archive" },
	};

	if (n->kind == UNPACK_NOTE_FRONT)
		return note_front(l, n);
	if (n->kind == UNPACK_NOTE_HEADER)
		return taker_claim(l->k, CLAIM_HEADER, l->container, "", &n->digest);
	if (n->kind == UNPACK_NOTE_FACT)
		return note_fact(l, n->text);
	if ((unsigned)n->kind >= UNPACK_NOTE_KINDS || !says[n->kind].code)
		return 0;
	return taker_say_at(l->k, l->container, says[n->kind].kind, says[n->kind].code, n->off,
	    n->len, "%llu bytes at offset %llu: %s", (unsigned long long)n->len,
	    (unsigned long long)n->off, says[n->kind].text);
}

static int on_entry(void *ctx, const struct unpack_entry *e)
{
	struct level *l = ctx;
	struct taker *k = l->k;
	uint32_t i;
	int rc = 0;

	if (e->depth > 1 && l->inner == COMPONENT_NONE) {
		rc = add(l, l->container, &l->last, e->container, "", &l->inner);
		l->inner_last = COMPONENT_NONE;
	}
	if (rc == 0 && e->depth > 1)
		rc = add(l, l->inner, &l->inner_last, e->path, e->target, &i);
	else if (rc == 0 && e->opened && l->inner != COMPONENT_NONE)
		i = l->inner;
	else if (rc == 0)
		rc = add(l, l->container, &l->last, e->path, e->target, &i);
	if (rc < 0)
		return rc;
	if (e->depth == 1)
		l->inner = COMPONENT_NONE;
	rc = fill(l, i, e);
	l->busy = false;
	if (rc == 0 && k->o.progress)
		k->o.progress(k->o.ctx, k->t, k->bytes);
	if (rc == 0 && clock_mono() > k->deadline)
		return taker_stop(k, l->container, "archive.time",
		    "not taken apart in the time given (--timeout)");
	return rc;
}

static int on_bytes(void *ctx, struct span bytes)
{
	struct level *l = ctx;

	int rc = hasher_update(l->hasher, bytes.p, bytes.n);
	return rc < 0 ? rc : take_bytes(l, l->path, bytes);
}

/* "x.txt.gz" holds "x.txt"; ".tgz", which holds no tar, "x.tar". */
static const char *name_inside(struct taker *k, const char *path)
{
	const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
	const char *dot = strrchr(name, '.');

	if (!dot || dot == name)
		return "data";
	if (dot[1] == 't')
		return arena_printf(&k->t->arena, "%.*s.tar", (int)(dot - name), name);
	return arena_str(&k->t->arena, span_of(name, (size_t)(dot - name)));
}

static int end_stream(struct level *l)
{
	struct taker *k = l->k;
	struct digest digest[DIGEST_ALGS];
	uint32_t i;

	int rc = hasher_final(l->hasher, digest);
	if (rc == 0)
		rc = add(l, l->container, &l->last, l->path, "", &i);
	if (rc < 0)
		return rc;
	struct component *c = &k->t->c[i];
	c->type = COMPONENT_FILE;
	c->size = l->busy ? l->spool.n : 0;
	c->sha256 = digest[DIGEST_SHA256];
	c->sha1 = digest[DIGEST_SHA1];
	rc = taker_md5(k, i, &digest[DIGEST_MD5]);
	if (rc < 0)
		return rc;
	return l->busy ? look_inside(l, i) : 0;
}

/* A compressed single file: a container of one entry. */
static int open_stream(struct level *l, int fd, const struct unpack_opts *uo)
{
	struct taker *k = l->k;

	l->path = name_inside(k, k->t->c[l->container].path);
	if (!l->path)
		return -ENOMEM;
	int rc = hasher_new(&l->hasher, uo->set);
	if (rc == 0)
		rc = unpack_stream(fd, "", uo, on_bytes, l, k->f);
	if (rc == 0)
		rc = end_stream(l);
	l->hasher = hasher_free(l->hasher);
	return rc;
}

/* The fault without the label in front, which was empty. */
static const char *said(const struct fault *f)
{
	const char *s = f->text;

	return s[0] == ':' && s[1] == ' ' ? s + 2 : s;
}

static int conclude_as(struct taker *k, uint32_t i, int rc)
{
	struct component *c = &k->t->c[i];
	enum format f = c->format;

	if (rc < 0)
		return rc;
	switch (rc) {
	case UNPACK_DONE:
		c->state = COMPONENT_OPENED;
		return 0;
	case UNPACK_NOT_ARCHIVE:
		/* LZMA has no magic: the guess was wrong. Programs may end as they like. */
		if (f == FORMAT_LZMA || !format_is_container(f))
			return 0;
		if (f == FORMAT_ZIP || f == FORMAT_7Z || f == FORMAT_RPM) {
			c->state = COMPONENT_DAMAGED;
			return taker_say(k, i, REASON_FAIL, "archive.damaged",
			    "it starts like a %s and is none: cut off?", format_name(f));
		}
		c->state = COMPONENT_CLOSED;
		return taker_say(k, i, REASON_MISSING, "archive.closed",
		    "what is in this %s is not known: %s", format_name(f), said(k->f));
	case UNPACK_REFUSED:
		c->state = COMPONENT_REFUSED;
		return taker_say(k, i, REASON_FAIL, "archive.refused", "%s", said(k->f));
	case UNPACK_CLOSED:
		c->state = COMPONENT_CLOSED;
		return taker_say(k, i, REASON_MISSING, "archive.closed", "%s", said(k->f));
	case UNPACK_NO_SANDBOX: {
		struct fault why = *k->f;
		k->f->text[0] = 0;
		return fault_set(k->f, -EPERM, "%s: %s", QUOTE(span_str(c->path)), said(&why));
	}
	default:
		c->state = COMPONENT_DAMAGED;
		return taker_say(k, i, REASON_FAIL, "archive.damaged", "%s", said(k->f));
	}
}

/* An outcome is told in the verdict, not in the fault. */
static int conclude(struct taker *k, uint32_t i, int rc)
{
	rc = conclude_as(k, i, rc);
	if (rc == 0)
		k->f->text[0] = 0;
	return rc;
}

static int open_level(struct level *l, int fd)
{
	struct taker *k = l->k;
	struct unpack_stats stats;
	struct unpack_opts uo = {
		.set = taker_digests(k),
		.entries = k->o.entries,
		.bytes = k->o.bytes,
		.memory = k->o.memory,
		.timeout = k->deadline - clock_mono(),
		.no_sandbox = k->o.no_sandbox,
		.image = k->t->c[l->container].format == FORMAT_IMAGE,
		.on_note = on_note,
		.want = want,
		.want_ctx = l,
	};

	if (uo.timeout < TS_SECOND)
		uo.timeout = TS_SECOND;
	int rc = unpack_archive(fd, "", &uo, on_entry, on_data, l, &stats, k->f);
	if (rc == UNPACK_NOT_ARCHIVE && format_is_compressed(k->t->c[l->container].format) &&
	    !l->busy && l->last == COMPONENT_NONE)
		rc = open_stream(l, fd, &uo);
	return conclude(k, l->container, rc);
}

int taker_open(struct taker *k, uint32_t i, int fd)
{
	struct level l = {
		.k = k,
		.container = i,
		.fd = fd,
		.last = COMPONENT_NONE,
		.inner = COMPONENT_NONE,
		.spool = SPOOL_INIT,
	};

	if (k->t->c[i].depth >= k->o.depth) {
		k->t->c[i].state = COMPONENT_REFUSED;
		return taker_say(k, i, REASON_FAIL, "archive.depth",
		    "containers inside containers more than %u deep: this one is not opened",
		    k->o.depth);
	}
	int rc = open_level(&l, fd);
	spool_free(&l.spool);
	return rc;
}
