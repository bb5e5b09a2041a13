/* SPDX-License-Identifier: Apache-2.0 */

#include "unpack/image.h"

#include "base/dlib.h"
#include "unpack/image_lib.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define PIECE (64u << 10)

struct image_lib image_lib;

struct image {
	TSK_IMG_INFO info; /* the first: libtsk hands it to read_image */
	struct unpack_work *w;
	TSK_FS_INFO *fs;
	char path[UNPACK_PATH_MAX];
	uint64_t above[IMAGE_DEPTH_MAX]; /* directories that are open, against loops */
	uint8_t piece[PIECE];
};

void image_prepare(enum disk_kind k)
{
#define SYMBOL(name) { #name, &image_lib.name##_ },
	const struct dlib_symbol want[] = { IMAGE_LIB(SYMBOL) };
#undef SYMBOL

	if (!disk_is_open(k) || image_lib.tsk_error_get_)
		return;
	/* What it makes once (pthread_once) wakes others: a call that the worker may not make. */
	if (dlib_load("libtsk.so.19", "libtsk19", want, ARRAY_LEN(want), NULL) == 0)
		image_lib.tsk_error_reset_();
}

static size_t read_head(int fd, uint64_t off, uint8_t *p, size_t n)
{
	size_t have = 0;
	ssize_t got;

	while (have < n && (got = pread(fd, p + have, n - have, (off_t)(off + have))) != 0) {
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return 0;
		have += (size_t)got;
	}
	return have;
}

enum disk_kind image_probe(int fd, uint64_t size)
{
	uint8_t *head = malloc(DISK_HEAD);
	size_t n = head ? read_head(fd, 0, head, DISK_HEAD) : 0;
	enum disk_kind k = disk_kind(span_of(head, n), size);

	free(head);
	return k;
}

/* What libtsk reads through. */
static ssize_t read_image(TSK_IMG_INFO *img, TSK_OFF_T off, char *p, size_t n)
{
	if (off < 0 || off > img->size)
		return -1;
	return (ssize_t)read_head(SANDBOX_IN, (uint64_t)off, (uint8_t *)p, n);
}

static void close_image(TSK_IMG_INFO *img)
{
	(void)img;
}

static void say_image(TSK_IMG_INFO *img, FILE *to)
{
	(void)img;
	(void)to;
}

/* --- files --- */

/* The bytes of one attribute, or of the file's own (attr NULL). What fails at its first byte is
 * locked; what fails later ends the run: a part of a file is no file. */
static int copy_bytes(struct image *m, TSK_FS_FILE *file, const TSK_FS_ATTR *attr, uint64_t size)
{
	int rc = 0;

	for (uint64_t at = 0; at < size && rc == 0;) {
		size_t want = size - at < PIECE ? (size_t)(size - at) : PIECE;
		ssize_t n = attr ?
			image_lib.tsk_fs_attr_read_(attr, (TSK_OFF_T)at, (char *)m->piece, want, 0) :
			image_lib.tsk_fs_file_read_(file, (TSK_OFF_T)at, (char *)m->piece, want, 0);
		if (n <= 0 && at == 0) {
			unpack_lock(m->w, "%s: cannot be read: it is damaged, encrypted or compressed in an unknown way",
			    QUOTE(span_str(m->path)));
			return unpack_end_without(m->w, UNPACK_LOCKED, size, NULL);
		}
		if (n <= 0)
			return unpack_stop(m->w, UNPACK_DAMAGED, "%s: cannot be read beyond byte %llu",
			    QUOTE(span_str(m->path)), (unsigned long long)at);
		rc = unpack_data(m->w, span_of(m->piece, (size_t)n));
		at += (uint64_t)n;
	}
	return rc ? rc : unpack_end(m->w);
}

static int put_file(struct image *m, TSK_FS_FILE *file, const TSK_FS_ATTR *attr, uint64_t size)
{
	struct parcel_begin b = { .type = UNPACK_FILE, .path = m->path, .target = "",
		.mode = file->meta->mode & 07777 };

	int rc = unpack_begin(m->w, &b);
	return rc ? rc : copy_bytes(m, file, attr, size);
}

/* Streams with a name: "x.exe:Zone.Identifier". */
static int put_streams(struct image *m, TSK_FS_FILE *file)
{
	int n = TSK_FS_TYPE_ISNTFS(m->fs->ftype) ? image_lib.tsk_fs_file_attr_getsize_(file) : 0, rc = 0;
	size_t len = strlen(m->path);

	for (int i = 0; i < n && rc == 0; i++) {
		const TSK_FS_ATTR *a = image_lib.tsk_fs_file_attr_get_idx_(file, i);
		if (!a || a->type != TSK_FS_ATTR_TYPE_NTFS_DATA || !a->name || !a->name[0])
			continue;
		if ((size_t)snprintf(m->path + len, sizeof(m->path) - len, ":%s", a->name) >=
		    sizeof(m->path) - len)
			return unpack_stop(m->w, UNPACK_REFUSED, "a path is too long");
		rc = put_file(m, file, a, (uint64_t)a->size);
		m->path[len] = 0;
	}
	return rc;
}

static int put_simple(struct image *m, TSK_FS_FILE *file, enum unpack_type type)
{
	const char *link = file->meta->link;
	struct parcel_begin b = { .type = type, .path = m->path,
		.target = type == UNPACK_SYMLINK && link ? link : "", .mode = file->meta->mode & 07777 };

	int rc = unpack_begin(m->w, &b);
	return rc ? rc : unpack_end(m->w);
}

/* What libtsk makes up, and the file system's own tables. */
static bool is_internal(const struct image *m, const TSK_FS_FILE *file, const char *name)
{
	struct span s = span_str(name);

	if (!name[0] || strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
		return true;
	if (file->meta->type == TSK_FS_META_TYPE_VIRT || file->meta->type == TSK_FS_META_TYPE_VIRT_DIR)
		return true;
	if (TSK_FS_TYPE_ISNTFS(m->fs->ftype))
		return name[0] == '$' && file->name->meta_addr < 24;
	if (TSK_FS_TYPE_ISFAT(m->fs->ftype))
		return span_ends(s, SPAN_LIT(" (Volume Label Entry)"));
	if (TSK_FS_TYPE_ISHFS(m->fs->ftype))
		return file->name->meta_addr < 16;
	return false;
}

static int list(struct image *m, uint64_t inode, size_t len, unsigned depth);

static int put_entry(struct image *m, TSK_FS_FILE *file, size_t len, unsigned depth)
{
	int rc;

	switch (file->meta->type) {
	case TSK_FS_META_TYPE_REG:
		rc = put_file(m, file, NULL, (uint64_t)file->meta->size);
		return rc ? rc : put_streams(m, file);
	case TSK_FS_META_TYPE_DIR:
		rc = put_simple(m, file, UNPACK_DIR);
		if (rc == 0)
			rc = put_streams(m, file);
		return rc ? rc : list(m, file->meta->addr, len, depth + 1);
	case TSK_FS_META_TYPE_LNK:
		return put_simple(m, file, UNPACK_SYMLINK);
	default:
		return put_simple(m, file, UNPACK_SPECIAL);
	}
}

static int entry(struct image *m, TSK_FS_FILE *file, size_t len, unsigned depth)
{
	if (!file->name || !file->name->name || (file->name->flags & TSK_FS_NAME_FLAG_UNALLOC))
		return 0;
	if (!file->meta) {
		if (file->name->type == TSK_FS_NAME_TYPE_VIRT || file->name->type == TSK_FS_NAME_TYPE_VIRT_DIR)
			return 0;
		unpack_lock(m->w, "%s: what is known of a file in it is damaged", QUOTE(span_str(m->path)));
		return 0;
	}
	if (is_internal(m, file, file->name->name))
		return 0;
	int n = snprintf(m->path + len, sizeof(m->path) - len, "%s%s", len ? "/" : "", file->name->name);
	if (n < 0 || (size_t)n >= sizeof(m->path) - len)
		return unpack_stop(m->w, UNPACK_REFUSED, "a path is too long");
	return put_entry(m, file, len + (size_t)n, depth);
}

static int list(struct image *m, uint64_t inode, size_t len, unsigned depth)
{
	int rc = 0;

	if (depth == IMAGE_DEPTH_MAX)
		return unpack_stop(m->w, UNPACK_REFUSED, "directories are nested too deep");
	for (unsigned i = 0; i < depth; i++)
		if (m->above[i] == inode)
			return unpack_stop(m->w, UNPACK_REFUSED, "a directory is inside itself");
	m->above[depth] = inode;
	TSK_FS_DIR *dir = image_lib.tsk_fs_dir_open_meta_(m->fs, inode);
	if (!dir) {
		unpack_lock(m->w, "%s: a directory cannot be read", QUOTE(span_str(len ? m->path : "/")));
		image_lib.tsk_error_reset_();
		return 0;
	}
	size_t n = image_lib.tsk_fs_dir_getsize_(dir);
	for (size_t i = 0; i < n && rc == 0; i++) {
		TSK_FS_FILE *file = image_lib.tsk_fs_dir_get_(dir, i);
		if (file) {
			rc = entry(m, file, len, depth);
			m->path[len] = 0;
			image_lib.tsk_fs_file_close_(file);
		}
		image_lib.tsk_error_reset_();
	}
	image_lib.tsk_fs_dir_close_(dir);
	return rc;
}

/* --- file systems and partitions --- */

static TSK_FS_TYPE_ENUM fs_type(enum disk_kind k)
{
	switch (k) {
	case DISK_EXT:
		return TSK_FS_TYPE_EXT_DETECT;
	case DISK_FAT:
		return TSK_FS_TYPE_FAT_DETECT;
	case DISK_NTFS:
		return TSK_FS_TYPE_NTFS_DETECT;
	case DISK_HFS:
		return TSK_FS_TYPE_HFS_DETECT;
	default:
		return TSK_FS_TYPE_ISO9660_DETECT;
	}
}

static int file_system(struct image *m, enum disk_kind k, uint64_t off)
{
	m->fs = image_lib.tsk_fs_open_img_(&m->info, (TSK_OFF_T)off, fs_type(k));
	if (!m->fs) {
		const char *why = image_lib.tsk_error_get_();
		unpack_lock(m->w, "%s%s%s: %s", m->path, m->path[0] ? ": " : "", disk_kind_name(k),
		    QUOTE(span_str(why ? why : "cannot be opened")));
		image_lib.tsk_error_reset_();
		return 0;
	}
	if (m->fs->last_block_act < m->fs->last_block)
		unpack_lock(m->w, "%s%s%s: the image ends before it does", m->path, m->path[0] ? ": " : "",
		    disk_kind_name(k));
	int rc = list(m, m->fs->root_inum, strlen(m->path), 0);
	image_lib.tsk_fs_close_(m->fs);
	return rc;
}

static int partition(struct image *m, uint64_t off, uint64_t len)
{
	static uint8_t head[DISK_HEAD];
	size_t n = read_head(SANDBOX_IN, off, head, sizeof(head));
	enum disk_kind k = disk_kind(span_of(head, n), len);
	struct parcel_begin b = { .type = UNPACK_DIR, .path = m->path, .target = "", .mode = 0755 };

	int rc = unpack_begin(m->w, &b);
	if (rc == 0)
		rc = unpack_end(m->w);
	if (rc)
		return rc;
	if (k >= DISK_EXT && k <= DISK_ISO)
		return file_system(m, k, off);
	for (size_t i = 0; i < n; i++)
		if (head[i]) { /* an empty partition is none that could not be read */
			unpack_lock(m->w, "partition %s: %s", m->path,
			    k ? disk_kind_name(k) : "no file system that is known");
			return 0;
		}
	return 0;
}

static int partitions(struct image *m, enum disk_kind k)
{
	TSK_VS_INFO *vs = image_lib.tsk_vs_open_(
	    &m->info, 0, k == DISK_GPT ? TSK_VS_TYPE_GPT : TSK_VS_TYPE_DOS);
	unsigned number = 0;
	int rc = 0;

	if (!vs)
		return unpack_stop(m->w, UNPACK_DAMAGED, "%s: %s", disk_kind_name(k),
		    QUOTE(span_str(image_lib.tsk_error_get_())));
	for (TSK_PNUM_T i = 0; i < vs->part_count && rc == 0; i++) {
		const TSK_VS_PART_INFO *p = image_lib.tsk_vs_part_get_(vs, i);
		if (!p || !(p->flags & TSK_VS_PART_FLAG_ALLOC) || (p->flags & TSK_VS_PART_FLAG_META))
			continue;
		if (++number > IMAGE_PARTS_MAX)
			return unpack_stop(m->w, UNPACK_REFUSED, "too many partitions");
		snprintf(m->path, sizeof(m->path), "p%u", number);
		rc = partition(m, p->start * vs->block_size, p->len * vs->block_size);
		m->path[0] = 0;
	}
	return rc;
}

static int run(struct unpack_work *w)
{
	enum disk_kind k = image_probe(SANDBOX_IN, w->file_size);
	struct image *m = calloc(1, sizeof(*m));

	if (!m)
		return -ENOMEM;
	m->w = w;
	snprintf(w->format, sizeof(w->format), "%s", disk_kind_name(k));
	if (!k)
		return unpack_stop(w, UNPACK_NOT_ARCHIVE, "no disk image that is known");
	if (!disk_is_open(k))
		return unpack_stop(w, UNPACK_CLOSED, "%s: not taken apart", disk_kind_name(k));
	if (!image_lib.tsk_error_get_)
		return unpack_stop(w, UNPACK_CLOSED, "%s: the library libtsk19 is not installed", disk_kind_name(k));
	if (!image_lib.tsk_img_open_external_(
		m, (TSK_OFF_T)w->file_size, 512, read_image, close_image, say_image))
		return -ENOMEM;
	return k == DISK_MBR || k == DISK_GPT ? partitions(m, k) : file_system(m, k, 0);
}

const struct unpack_backend unpack_backend_image = { UNPACK_FORMAT_IMAGE, NULL, run };
