/* SPDX-License-Identifier: Apache-2.0 */

#include "trust/sbom/delivery.h"

#include <errno.h>
#include <stdio.h>

void delivery_init(struct delivery *d, enum delivery_form form, const char *name, unsigned set,
    struct arena *a)
{
	*d = (struct delivery){ .form = form, .name = name, .set = set | HASH_SET(DIGEST_SHA256),
		.arena = a };
	map_init(&d->paths, (size_t)UNPACK_ENTRIES_MAX * 4);
}

void delivery_free(struct delivery *d)
{
	map_free(&d->paths);
}

/* Room for one more element in an array of the arena. */
static int grow(struct arena *a, void **p, size_t n, size_t *cap, size_t size)
{
	if (n < *cap)
		return 0;
	size_t more = *cap ? 2 * *cap : 256;
	void *q = arena_grow(a, *p, *cap * size, more * size);
	if (!q)
		return -ENOMEM;
	*p = q;
	*cap = more;
	return 0;
}

static size_t algs_of(const struct delivery *d)
{
	return (size_t)__builtin_popcount(d->set);
}

/* The digests of a content: one for each algorithm of the set, in order. */
static int put_content(struct delivery *d, uint32_t content, const struct digest *digest)
{
	struct digest *to = d->digest + (size_t)content * algs_of(d);

	for (int a = DIGEST_NONE + 1; a < DIGEST_ALGS; a++) {
		if (!(d->set & HASH_SET(a)))
			continue;
		if (!digest_is_set(&digest[a]))
			return -EINVAL;
		*to++ = digest[a];
	}
	return 0;
}

static int new_content(struct delivery *d, const struct digest *digest, uint32_t *ret_c)
{
	void *p = d->digest;

	int rc = grow(d->arena, &p, d->contents, &d->contents_cap, algs_of(d) * sizeof(*d->digest));
	if (rc < 0)
		return rc;
	d->digest = p;
	rc = put_content(d, (uint32_t)d->contents, digest);
	if (rc == 0)
		*ret_c = (uint32_t)d->contents++;
	return rc;
}

static int put_path(struct delivery *d, const char *path, uint64_t size, uint32_t content)
{
	void *p = d->file;

	int rc = grow(d->arena, &p, d->n, &d->cap, sizeof(*d->file));
	if (rc < 0)
		return rc;
	d->file = p;
	const char *copy = arena_str(d->arena, span_str(path));
	if (!copy)
		return -ENOMEM;
	rc = map_add(&d->paths, span_str(copy), (void *)((uintptr_t)d->n + 1), NULL);
	if (rc)
		return rc > 0 ? -EEXIST : rc;
	d->file[d->n++] = (struct delivered_file){ copy, size, content };
	return 0;
}

int delivery_add(struct delivery *d, const char *path, uint64_t size, const struct digest *digest)
{
	uint32_t content = 0;

	int rc = new_content(d, digest, &content);
	return rc == 0 ? put_path(d, path, size, content) : rc;
}

int delivery_add_link(struct delivery *d, const char *path, const char *target, bool leads_out)
{
	void *p = d->link;

	int rc = grow(d->arena, &p, d->nlinks, &d->links_cap, sizeof(*d->link));
	if (rc < 0)
		return rc;
	d->link = p;
	const char *a = arena_str(d->arena, span_str(path));
	const char *b = arena_str(d->arena, span_str(target));
	if (!a || !b)
		return -ENOMEM;
	d->link[d->nlinks++] = (struct delivered_link){ a, b, leads_out };
	return 0;
}

int delivery_add_special(struct delivery *d, const char *path)
{
	void *p = d->special;

	int rc = grow(d->arena, &p, d->nspecial, &d->special_cap, sizeof(*d->special));
	if (rc < 0)
		return rc;
	d->special = p;
	const char *copy = arena_str(d->arena, span_str(path));
	if (!copy)
		return -ENOMEM;
	d->special[d->nspecial++] = copy;
	return 0;
}

const struct delivered_file *delivery_find(const struct delivery *d, struct span path)
{
	uintptr_t i = (uintptr_t)map_get(&d->paths, path);

	return i ? &d->file[i - 1] : NULL;
}

const struct digest *delivery_digest(const struct delivery *d, const struct delivered_file *f,
    enum digest_alg alg)
{
	const struct digest *at = d->digest + (size_t)f->content * algs_of(d);

	return d->set & HASH_SET(alg) ?
	    at + __builtin_popcount(d->set & (HASH_SET(alg) - 1)) :
	    NULL;
}

/* --- from an archive ------------------------------------------------------------------------- */

/* A hard link has the content of its target; in a cpio the last one, or each, brings it for all. */
static int add_hard_link(struct delivery *d, const char *path, const char *target,
    const struct unpack_entry *e, struct fault *why)
{
	const struct delivered_file *f = delivery_find(d, span_str(target));

	if (!f)
		return -EBADMSG;
	if (e->size && f->size &&
	    !digest_eq(delivery_digest(d, f, DIGEST_SHA256), &e->digest[DIGEST_SHA256]))
		return fault_set(why, -EPROTO, "%s: a hard link with other content than %s",
		    QUOTE(span_str(path)), QUOTE(span_str(target)));
	uint32_t content = f->content;
	uint64_t size = e->size ? e->size : f->size;
	int rc = e->size ? put_content(d, content, e->digest) : 0;
	return rc == 0 ? put_path(d, path, size, content) : rc;
}

struct filling {
	struct delivery *d;
	struct fault *f;
	char path[2][UNPACK_PATH_MAX + 8];
};

/* Where a deb's member goes when it is unpacked; NULL: nowhere. */
static const char *place(struct filling *fill, int k, const struct unpack_entry *e,
    const char *path)
{
	if (e->depth == 1)
		return path;
	if (strncmp(e->container, "control.tar", strlen("control.tar")) != 0)
		return path;
	snprintf(fill->path[k], sizeof(fill->path[k]), "DEBIAN/%s", path);
	return fill->path[k];
}

/* What only holds a deb together: the version of the format, and the members that were gone into. */
static bool is_frame(const struct unpack_entry *e)
{
	struct digest version = sha256_of(SPAN_LIT("2.0\n"));

	return e->opened ||
	    (e->depth == 1 && strcmp(e->path, "debian-binary") == 0 &&
	        digest_eq(&e->digest[DIGEST_SHA256], &version));
}

static int on_entry(void *ctx, const struct unpack_entry *e)
{
	struct filling *fill = ctx;
	struct delivery *d = fill->d;
	const char *path = place(fill, 0, e, e->path);

	if (is_frame(e) || e->content != UNPACK_HERE) /* elsewhere, or the archive is closed */
		return 0;
	switch (e->type) {
	case UNPACK_FILE:
		return delivery_add(d, path, e->size, e->digest);
	case UNPACK_HARDLINK:
		return add_hard_link(d, path, place(fill, 1, e, e->target), e, fill->f);
	case UNPACK_SYMLINK:
		return delivery_add_link(d, path, e->target, e->leads_out);
	case UNPACK_SPECIAL:
		return delivery_add_special(d, path);
	case UNPACK_DIR:
		break;
	}
	return 0;
}

int delivery_add_archive(struct delivery *d, int fd, const struct unpack_opts *opts,
    struct fault *f)
{
	struct unpack_opts o = opts ? *opts : (struct unpack_opts){ 0 };
	struct filling fill = { .d = d, .f = f };
	struct unpack_stats stats;

	o.set = d->set;
	return unpack_archive(fd, d->name, &o, on_entry, NULL, &fill, &stats, f);
}
