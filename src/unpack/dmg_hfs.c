/* SPDX-License-Identifier: Apache-2.0 */

/* dmg: the files of an HFS+ volume (wire/hfsplus.h). */

#include "unpack/dmg.h"

#include "base/cur.h"
#include "unpack/inflate_lib.h"
#include "wire/hfsplus.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#define BLOCK (64u << 10)
#define DEPTH_MAX 256
#define FOLDERS_MAX (1u << 18)
#define NAMES_MAX (16u << 20)
#define FOUR(a, b, c, d) ((uint32_t)(a) << 24 | (uint32_t)(b) << 16 | (uint32_t)(c) << 8 | (d))
#define PRIVATE_FILES "\xe2\x90\x80\xe2\x90\x80\xe2\x90\x80\xe2\x90\x80HFS+ Private Data"

/* Where a file's bytes are, compressed by the file system or not. */
struct content {
	uint32_t id;
	uint8_t owner_flags;
	uint16_t mode;
	struct hfs_fork data, resource;
};
struct folder {
	uint32_t id, parent;
	uint32_t name; /* in names */
};
/* What hard links lead to. */
struct inode {
	uint32_t number;
	struct content content;
	char *path; /* of the first link, once it was told */
};
struct volume {
	struct dmg *d;
	uint64_t off;
	const char *prefix;
	struct hfs *h;
	struct folder *folder; /* by id */
	uint32_t nfolders, folder_cap;
	char *names;
	size_t nnames, names_cap;
	struct inode *inode; /* by number */
	uint32_t ninodes, inode_cap;
	uint32_t private; /* id of the folder with the inodes; 0: none */
};

static int volume_read(void *ctx, uint64_t off, void *p, size_t n)
{
	struct volume *v = ctx;
	return dmg_read(v->d, v->off + off, p, n);
}

static int bad(struct volume *v, int rc)
{
	if (rc < HFS_END)
		return rc;
	return unpack_stop(v->d->w, UNPACK_DAMAGED, "the HFS+ volume inside is damaged");
}

/* Room for one more element of size; NULL when memory ran out. */
static void *grow(void *p, uint32_t n, uint32_t *cap, size_t size)
{
	if (n < *cap)
		return p;
	uint32_t to = *cap ? 2 * *cap : 64;
	void *q = realloc(p, to * size);
	if (q)
		*cap = to;
	return q;
}

/* ---- folders ---- */

static int keep_name(struct volume *v, const char *name, uint32_t *ret_at)
{
	size_t n = strlen(name) + 1;

	if (v->nnames + n > v->names_cap) {
		size_t cap = v->names_cap ? 2 * v->names_cap : 64u << 10;
		char *p = cap <= NAMES_MAX ? realloc(v->names, cap) : NULL;
		if (!p)
			return unpack_stop(v->d->w, UNPACK_REFUSED,
			    "the names of its folders take more than %u MiB", NAMES_MAX >> 20);
		v->names = p;
		v->names_cap = cap;
	}
	memcpy(v->names + v->nnames, name, n);
	*ret_at = (uint32_t)v->nnames;
	v->nnames += n;
	return 0;
}

static int keep_folder(struct volume *v, const struct hfs_entry *e)
{
	uint32_t name;

	if (v->nfolders == FOLDERS_MAX)
		return unpack_stop(v->d->w, UNPACK_REFUSED, "more than %u folders", FOLDERS_MAX);
	int rc = keep_name(v, e->name, &name);
	if (rc)
		return rc;
	struct folder *p = grow(v->folder, v->nfolders, &v->folder_cap, sizeof(*p));
	if (!p)
		return -ENOMEM;
	v->folder = p;
	v->folder[v->nfolders++] = (struct folder){ e->id, e->parent, name };
	if (e->parent == HFS_ROOT && strcmp(e->name, PRIVATE_FILES) == 0)
		v->private = e->id;
	return 0;
}

static int by_id(const void *a, const void *b)
{
	const struct folder *x = a, *y = b;
	return x->id < y->id ? -1 : x->id > y->id;
}

static const struct folder *find_folder(const struct volume *v, uint32_t id)
{
	struct folder want = { .id = id };
	return bsearch(&want, v->folder, v->nfolders, sizeof(want), by_id);
}

/* The path of a name in a folder. */
static int path_of(struct volume *v, uint32_t parent, const char *name, char out[static UNPACK_PATH_MAX])
{
	const char *part[DEPTH_MAX];
	size_t n = 0, at = 0;

	while (parent != HFS_ROOT) {
		const struct folder *f = find_folder(v, parent);
		if (!f || n == DEPTH_MAX)
			return unpack_stop(v->d->w, UNPACK_DAMAGED,
			    "the HFS+ volume inside has a file in no folder, or folders in a circle");
		part[n++] = v->names + f->name;
		parent = f->parent;
	}
	at = (size_t)snprintf(out, UNPACK_PATH_MAX, "%s", v->prefix);
	while (n && at < UNPACK_PATH_MAX)
		at += (size_t)snprintf(out + at, UNPACK_PATH_MAX - at, "%s/", part[--n]);
	if (at < UNPACK_PATH_MAX)
		at += (size_t)snprintf(out + at, UNPACK_PATH_MAX - at, "%s", name);
	return at < UNPACK_PATH_MAX ? 0 :
				      unpack_stop(v->d->w, UNPACK_REFUSED,
					  "a path of more than %d bytes", UNPACK_PATH_MAX - 1);
}

/* ---- first walk: folders and inodes ---- */

static struct content content_of(const struct hfs_entry *e)
{
	return (struct content){ e->id, e->owner_flags, e->mode, e->data, e->resource };
}

/* "iNode123" in the private folder, whose id is known only at the end: all that look like it. */
static int keep_inode(struct volume *v, const struct hfs_entry *e)
{
	char *end;
	unsigned long number = strtoul(e->name + 5, &end, 10);

	if (*end || !e->name[5] || number > UINT32_MAX)
		return 0;
	struct inode *p = grow(v->inode, v->ninodes, &v->inode_cap, sizeof(*p));
	if (!p)
		return -ENOMEM;
	v->inode = p;
	v->inode[v->ninodes++] = (struct inode){ (uint32_t)number, content_of(e), NULL };
	return 0;
}

static int by_number(const void *a, const void *b)
{
	const struct inode *x = a, *y = b;
	return x->number < y->number ? -1 : x->number > y->number;
}

static struct inode *find_inode(struct volume *v, uint32_t number)
{
	struct inode want = { .number = number };
	return v->ninodes ? bsearch(&want, v->inode, v->ninodes, sizeof(want), by_number) : NULL;
}

static int walk_folders(struct volume *v)
{
	struct hfs_walk w = { 0 };
	struct hfs_entry e;
	int rc;

	/* Records are in the order of their folder's id: the private folder, which is in the top
	 * one (2), is met before what is in it. */
	while ((rc = hfs_next(v->h, &w, &e)) == HFS_OK) {
		if (e.type == HFS_FOLDER && e.parent != 1)
			rc = keep_folder(v, &e);
		else if (e.type == HFS_FILE && v->private && e.parent == v->private &&
			 strncmp(e.name, "iNode", 5) == 0)
			rc = keep_inode(v, &e);
		if (rc)
			return rc;
	}
	if (rc != HFS_END)
		return bad(v, rc);
	if (v->nfolders)
		qsort(v->folder, v->nfolders, sizeof(*v->folder), by_id);
	if (v->ninodes)
		qsort(v->inode, v->ninodes, sizeof(*v->inode), by_number);
	return 0;
}

/* ---- content ---- */

static int send_fork(struct volume *v, const struct hfs_fork *f)
{
	static uint8_t block[BLOCK];
	uint64_t at = 0;

	while (at < f->size) {
		size_t n = f->size - at < BLOCK ? (size_t)(f->size - at) : BLOCK;
		int rc = hfs_fork_read(v->h, f, at, block, n);
		if (rc == 0)
			rc = unpack_data(v->d->w, span_of(block, n));
		if (rc)
			return bad(v, rc);
		at += n;
	}
	return 0;
}

/* One block of at most 64 KiB as zlib, or as it is behind a byte 0xf in the low half. */
static int send_packed(struct volume *v, struct span in, size_t want)
{
	static uint8_t out[BLOCK];
	size_t got = 0;

	if (want > BLOCK || !in.n)
		return bad(v, HFS_DAMAGED);
	if ((in.p[0] & 0x0f) == 0x0f) {
		in = span_from(in, 1);
		return in.n == want ? unpack_data(v->d->w, in) : bad(v, HFS_DAMAGED);
	}
	int rc = inflate_zlib(out, want, in, &got);
	if (rc == -EBADMSG || (rc == 0 && got != want))
		return bad(v, HFS_DAMAGED);
	return rc ? rc : unpack_data(v->d->w, span_of(out, want));
}

/*
 * decmpfs type 4: zlib blocks in the resource fork: its header says where the one resource is (big
 * endian), which begins with its length, then a count and offsets with lengths (little endian).
 */
static int send_blocks(struct volume *v, const struct hfs_fork *f, uint64_t size)
{
	static uint8_t packed[BLOCK + 1024];
	uint8_t head[16], entry[8];
	uint64_t nblocks = size / BLOCK + (size % BLOCK ? 1 : 0);

	int rc = hfs_fork_read(v->h, f, 0, head, 4);
	struct cur c = cur_of(span_of(head, 4));
	uint64_t base = (uint64_t)cur_be32(&c) + 4;
	if (rc == 0)
		rc = hfs_fork_read(v->h, f, base, head, 4);
	c = cur_of(span_of(head, 4));
	if (rc == 0 && cur_le32(&c) != nblocks)
		rc = HFS_DAMAGED;
	for (uint64_t i = 0; rc == 0 && i < nblocks; i++) {
		rc = hfs_fork_read(v->h, f, base + 4 + 8 * i, entry, 8);
		c = cur_of(span_of(entry, 8));
		uint64_t off = cur_le32(&c), len = cur_le32(&c);
		if (rc == 0 && len > sizeof(packed))
			rc = HFS_DAMAGED;
		if (rc == 0)
			rc = hfs_fork_read(v->h, f, base + off, packed, (size_t)len);
		uint64_t left = size - i * BLOCK;
		if (rc == 0)
			rc = send_packed(v, span_of(packed, (size_t)len),
			    left < BLOCK ? (size_t)left : BLOCK);
	}
	return bad(v, rc);
}

enum { DECMPFS_RAW = 1, DECMPFS_ZLIB = 3, DECMPFS_ZLIB_FORK = 4, DECMPFS_PLAIN = 9 };

struct decmpfs {
	uint32_t type;
	uint64_t size;
	struct span rest;
};

/* The header in the attribute; HFS_ABSENT when the file is not compressed. */
static int read_decmpfs(struct volume *v, const struct content *x, struct decmpfs *ret_d)
{
	static uint8_t bytes[4096];
	size_t n = 0;

	if (!(x->owner_flags & HFS_COMPRESSED))
		return HFS_ABSENT;
	int rc = hfs_attribute(v->h, x->id, "com.apple.decmpfs", bytes, sizeof(bytes), &n);
	if (rc)
		return rc == HFS_ABSENT ? HFS_DAMAGED : rc;
	struct cur c = cur_of(span_of(bytes, n));
	if (cur_le32(&c) != 0x636d7066)
		return HFS_DAMAGED;
	ret_d->type = cur_le32(&c);
	ret_d->size = cur_le64(&c);
	ret_d->rest = cur_rest(&c);
	return c.err ? HFS_DAMAGED : 0;
}

static int send_decmpfs(struct volume *v, const struct content *x, const struct decmpfs *d)
{
	switch (d->type) {
	case DECMPFS_RAW:
		return d->rest.n == d->size ? unpack_data(v->d->w, d->rest) : bad(v, HFS_DAMAGED);
	case DECMPFS_PLAIN:
		return d->rest.n == d->size + 1 ? unpack_data(v->d->w, span_from(d->rest, 1)) :
						  bad(v, HFS_DAMAGED);
	case DECMPFS_ZLIB:
		if (!d->size)
			return 0;
		return d->size > BLOCK ? bad(v, HFS_DAMAGED) :
					 send_packed(v, d->rest, (size_t)d->size);
	default:
		return send_blocks(v, &x->resource, d->size);
	}
}

static bool is_readable(uint32_t type)
{
	return type == DECMPFS_RAW || type == DECMPFS_PLAIN || type == DECMPFS_ZLIB ||
	       type == DECMPFS_ZLIB_FORK;
}

/* The bytes of a file that was begun, and its end. */
static int send_content(struct volume *v, const struct content *x)
{
	struct unpack_work *w = v->d->w;
	struct decmpfs d;

	int rc = read_decmpfs(v, x, &d);
	if (rc == HFS_ABSENT)
		rc = send_fork(v, &x->data);
	else if (rc == 0 && !is_readable(d.type)) {
		unpack_lock(w, "files compressed by the file system with LZVN or LZFSE, which is not read");
		return unpack_end_without(w, UNPACK_LOCKED, d.size, NULL);
	} else if (rc == 0)
		rc = send_decmpfs(v, x, &d);
	return rc ? bad(v, rc) : unpack_end(w);
}

/* The resource fork as a file of its own, unless it is where the file system keeps the content. */
static int tell_resources(struct volume *v, const struct content *x, const char *path)
{
	static char name[UNPACK_PATH_MAX];

	if (!x->resource.size || x->owner_flags & HFS_COMPRESSED)
		return 0;
	if (snprintf(name, sizeof(name), "%s:rsrc", path) >= (int)sizeof(name))
		return unpack_stop(v->d->w, UNPACK_REFUSED, "a path of more than %d bytes",
		    UNPACK_PATH_MAX - 1);
	struct parcel_begin b = { .type = UNPACK_FILE, .path = name, .target = "", .mode = x->mode & 0777 };
	int rc = unpack_begin(v->d->w, &b);
	if (rc == 0)
		rc = send_fork(v, &x->resource);
	return rc ? rc : unpack_end(v->d->w);
}

/* ---- second walk: entries ---- */

static int tell_file(struct volume *v, const struct content *x, const char *path)
{
	struct parcel_begin b = { .type = UNPACK_FILE, .path = path, .target = "",
		.mode = x->mode ? x->mode & 07777 : 0644 };

	int rc = unpack_begin(v->d->w, &b);
	if (rc == 0)
		rc = send_content(v, x);
	return rc ? rc : tell_resources(v, x, path);
}

static int tell_plain(struct volume *v, enum unpack_type type, uint16_t mode, const char *path, const char *target)
{
	struct parcel_begin b = { .type = type, .path = path, .target = target, .mode = mode & 07777 };
	int rc = unpack_begin(v->d->w, &b);

	return rc ? rc : unpack_end(v->d->w);
}

static int tell_symlink(struct volume *v, const struct hfs_entry *e, const char *path)
{
	static char target[UNPACK_PATH_MAX];

	if (!e->data.size || e->data.size >= sizeof(target))
		return bad(v, HFS_DAMAGED);
	int rc = hfs_fork_read(v->h, &e->data, 0, target, (size_t)e->data.size);
	target[e->data.size] = 0;
	if (rc || strlen(target) != e->data.size)
		return bad(v, rc ? rc : HFS_DAMAGED);
	return tell_plain(v, UNPACK_SYMLINK, e->mode, path, target);
}

static int tell_hard_link(struct volume *v, const struct hfs_entry *e, const char *path)
{
	struct inode *i = find_inode(v, e->special);

	if (!i)
		return unpack_stop(v->d->w, UNPACK_DAMAGED,
		    "the HFS+ volume inside has a hard link that leads nowhere");
	if (i->path)
		return tell_plain(v, UNPACK_HARDLINK, i->content.mode, path, i->path);
	i->path = strdup(path);
	return i->path ? tell_file(v, &i->content, path) : -ENOMEM;
}

static int tell_entry(struct volume *v, const struct hfs_entry *e)
{
	static char path[UNPACK_PATH_MAX];
	unsigned kind = e->mode & 0xf000;

	int rc = path_of(v, e->parent, e->name, path);
	if (rc)
		return rc;
	if (e->type == HFS_FOLDER)
		return tell_plain(v, UNPACK_DIR, e->mode ? e->mode : 0755, path, "");
	if (e->kind == FOUR('h', 'l', 'n', 'k') && e->creator == FOUR('h', 'f', 's', '+'))
		return tell_hard_link(v, e, path);
	if (kind == 0xa000)
		return tell_symlink(v, e, path);
	/* Devices, FIFOs, sockets, and links to folders (Time Machine). */
	if ((kind && kind != 0x8000) ||
	    (e->kind == FOUR('f', 'd', 'r', 'p') && e->creator == FOUR('M', 'A', 'C', 'S')))
		return tell_plain(v, UNPACK_SPECIAL, e->mode, path, "");
	struct content x = content_of(e);
	return tell_file(v, &x, path);
}

/* What is in the private folder and no link leads to is in the image all the same. */
static int tell_orphans(struct volume *v)
{
	char path[64];
	int rc = 0;

	for (uint32_t i = 0; rc == 0 && i < v->ninodes; i++) {
		if (v->inode[i].path)
			continue;
		snprintf(path, sizeof(path), PRIVATE_FILES "/iNode%" PRIu32, v->inode[i].number);
		rc = tell_file(v, &v->inode[i].content, path);
	}
	return rc;
}

static bool is_hidden_inode(const struct volume *v, const struct hfs_entry *e)
{
	return v->private && e->type == HFS_FILE && e->parent == v->private &&
	       strncmp(e->name, "iNode", 5) == 0 && e->name[5] >= '0' && e->name[5] <= '9';
}

static int walk_entries(struct volume *v)
{
	struct hfs_walk w = { 0 };
	static struct hfs_entry e;
	int rc;

	while ((rc = hfs_next(v->h, &w, &e)) == HFS_OK) {
		if (e.type > HFS_FILE || e.parent == 1 || is_hidden_inode(v, &e) ||
		    (v->private && e.type == HFS_FOLDER && e.id == v->private))
			continue;
		rc = tell_entry(v, &e);
		if (rc)
			return rc;
	}
	return rc == HFS_END ? tell_orphans(v) : bad(v, rc);
}

int dmg_list_hfs(struct dmg *d, uint64_t off, uint64_t size, const char *prefix)
{
	struct volume *v = calloc(1, sizeof(*v));
	struct hfs *h = malloc(sizeof(*h));

	if (!v || !h)
		return -ENOMEM;
	v->d = d;
	v->off = off;
	v->prefix = prefix;
	v->h = h;
	int rc = hfs_open(h, volume_read, v, size);
	if (rc == HFS_WRAPPED || rc == HFS_NOT)
		return unpack_stop(d->w, UNPACK_CLOSED, "an HFS volume, which is not read");
	if (rc)
		return bad(v, rc);
	rc = walk_folders(v);
	return rc ? rc : walk_entries(v);
}
