/* SPDX-License-Identifier: Apache-2.0 */

/* The back end over libarchive: goes through an archive, and the tars inside a deb. */

#include "unpack/archive_lib.h"
#include "unpack/backend.h"
#include "unpack/gzip.h"
#include "unpack/rpm.h"
#include "unpack/tar_check.h"
#include "unpack/zip_check.h"

#include "base/cur.h"
#include "crypto/hash.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define ATTRIBUTES_MAX (256 << 10) /* of one entry */

/* One archive being gone through. */
struct level {
	struct unpack_work *w;
	struct archive *a;
	struct unpack_source *source; /* at depth 1 */
	unsigned depth; /* from 1 */
	uint64_t entries;
	bool deb;
	uint64_t counted; /* by a zip's directory */
	bool checked;
	struct rpm_files *rpm; /* what the header lists */
	bool extended; /* a tar with more than one header to an entry */
	unsigned opened[2]; /* members of a deb that were gone into: control, data */
	/* an archive inside: where its bytes come from */
	struct level *outer;
	int outer_rc;
};

#define CANNOT_READ 1000 /* between the functions here: no bytes of this entry */

static int read_entries(struct level *l);

/* Decompressed before libarchive sees it. */
static bool is_gzip(const struct level *l)
{
	return l->source && l->source->gzip;
}

static bool is_compressed(const struct level *l)
{
	return is_gzip(l) || archive_filter_count(l->a) > 1;
}

static int complain(struct level *l)
{
	const char *words = archive_error_string(l->a);

	if (is_gzip(l) && l->source->gzip->why)
		return unpack_stop(l->w, UNPACK_DAMAGED, "%s", l->source->gzip->why);
	if (archive_errno(l->a) == ENOMEM || l->w->starved)
		return -ENOMEM;
	if (archive_format(l->a) == 0 && (!words || strstr(words, "nrecognized")))
		return unpack_stop(l->w, UNPACK_NOT_ARCHIVE, "no archive of a kind that is known");
	if (archive_read_has_encrypted_entries(l->a) > 0)
		return unpack_stop(l->w, UNPACK_CLOSED, "it is encrypted");
	return unpack_stop(l->w, UNPACK_DAMAGED, "%s", words ? words : "");
}

/* --- the bytes of one entry ------------------------------------------------------------------ */

static uint64_t size_of(const struct level *l)
{
	return l->w->item[l->depth - 1].size;
}

/* The entry cannot be read, but others can. */
static int lock(struct level *l, const char *why)
{
	unpack_lock(l->w, "entry %llu: %s", (unsigned long long)l->entries, why);
	return CANNOT_READ;
}

/* The next piece of the entry, accounted for; *ret_more is false at its end. */
static int next_block(struct level *l, struct span *ret_s, bool *ret_more)
{
	const void *p = NULL;
	size_t n = 0;
	la_int64_t off = 0;

	int r = archive_read_data_block(l->a, &p, &n, &off);
	if (r == ARCHIVE_FAILED && !size_of(l) && l->depth == 1 && archive_error_string(l->a) &&
	    strstr(archive_error_string(l->a), "nsupported"))
		return lock(l, archive_error_string(l->a));
	if (r != ARCHIVE_OK && r != ARCHIVE_EOF)
		return complain(l);
	if (off >= 0 && (uint64_t)off < size_of(l) && n)
		return unpack_stop(l->w, UNPACK_DAMAGED, "a sparse file whose pieces overlap");
	int rc = off >= 0 && (uint64_t)off > size_of(l) ?
	    unpack_zeros(l->w, (uint64_t)off - size_of(l)) : 0;
	*ret_more = r == ARCHIVE_OK;
	*ret_s = *ret_more ? span_of(p, n) : SPAN_NONE;
	return rc ? rc : unpack_data_at(l->w, l->depth, *ret_s);
}

static int read_content(struct level *l)
{
	struct span s;
	bool more = true;
	int rc = 0;

	while (rc == 0 && more)
		rc = next_block(l, &s, &more);
	return rc;
}

/* --- an archive inside ----------------------------------------------------------------------- */

static la_ssize_t on_inner_read(struct archive *a, void *ctx, const void **ret_p)
{
	struct level *in = ctx;
	struct span s = SPAN_NONE;
	bool more = true;

	while (in->outer_rc == 0 && more && !s.n)
		in->outer_rc = next_block(in->outer, &s, &more);
	if (in->outer_rc) {
		archive_set_error(a, EIO, "the archive around it");
		return ARCHIVE_FATAL;
	}
	*ret_p = s.p;
	return (la_ssize_t)s.n;
}

static int read_inner(struct level *in)
{
	int rc = archive_read_open(in->a, in, NULL, on_inner_read, NULL) == ARCHIVE_OK ?
	    read_entries(in) :
	    complain(in);

	if (in->outer_rc)
		return in->outer_rc;
	if (rc == UNPACK_NOT_ARCHIVE)
		return unpack_stop(in->w, UNPACK_DAMAGED, "the tar archive inside is none");
	uint64_t used = (uint64_t)archive_filter_bytes(in->a, -1);
	if (rc == 0)
		rc = read_content(in->outer);
	if (rc == 0 && used != size_of(in->outer))
		rc = unpack_stop(in->w, UNPACK_DAMAGED, "bytes behind the end of the archive inside");
	return rc;
}

/* The process ends soon: nothing is freed. */
static int open_inner(struct level *l)
{
	struct level in = { .w = l->w, .depth = l->depth + 1, .outer = l };

	in.a = unpack_reader(NULL);
	return in.a ? read_inner(&in) : -ENOMEM;
}

/* Is this member one of those that dpkg unpacks? Which: 0 control, 1 data; else -1. */
static int deb_member(const struct level *l, const char *path)
{
	static const char *const head[] = { "control.tar", "data.tar" };
	static const char *const tail[] = { "", ".gz", ".xz", ".zst", ".bz2", ".lzma" };

	for (size_t i = 0; l->deb && i < ARRAY_LEN(head); i++) {
		size_t n = strlen(head[i]);
		if (strncmp(path, head[i], n) != 0)
			continue;
		for (size_t k = 0; k < ARRAY_LEN(tail); k++)
			if (strcmp(path + n, tail[k]) == 0)
				return (int)i;
	}
	return -1;
}

static int go_into(struct level *l, int member)
{
	if (l->opened[member]++)
		return unpack_stop(l->w, UNPACK_REFUSED,
		    "a deb with two members of which one would be unpacked");
	return open_inner(l);
}

/* --- entries --------------------------------------------------------------------------------- */

static int describe(struct level *l, struct archive_entry *e, struct parcel_begin *ret_b)
{
	const char *path = archive_entry_pathname(e), *hard = archive_entry_hardlink(e);
	const char *soft = archive_entry_symlink(e);

	*ret_b = (struct parcel_begin){ .path = path, .mode = archive_entry_perm(e) & 07777 };
	switch (archive_entry_filetype(e)) {
	case 0:
	case AE_IFREG:
		ret_b->type = UNPACK_FILE;
		break;
	case AE_IFDIR:
		ret_b->type = UNPACK_DIR;
		break;
	case AE_IFLNK:
		ret_b->type = UNPACK_SYMLINK;
		break;
	default:
		ret_b->type = UNPACK_SPECIAL;
	}
	if (hard)
		ret_b->type = UNPACK_HARDLINK;
	ret_b->target = hard ? hard : ret_b->type == UNPACK_SYMLINK ? soft : "";
	bool link = hard || ret_b->type == UNPACK_SYMLINK;
	if (!path || !path[0] || !ret_b->target || (link && !ret_b->target[0]))
		return unpack_stop(l->w, UNPACK_DAMAGED,
		    "entry %llu has no name, or one that is not text", (unsigned long long)l->entries);
	if (strlen(path) >= UNPACK_PATH_MAX || strlen(ret_b->target) >= UNPACK_PATH_MAX)
		return unpack_stop(l->w, UNPACK_REFUSED, "entry %llu has a path of more than %d bytes",
		    (unsigned long long)l->entries, UNPACK_PATH_MAX - 1);
	return 0;
}

/* --- whose it becomes ------------------------------------------------------------------------ */

/* One attribute, so that no two lists of them are written alike. */
static void put_attribute(struct buf *b, const char *name, const void *p, size_t n)
{
	buf_put_be64(b, strlen(name));
	buf_put(b, name, strlen(name));
	buf_put_be64(b, n);
	buf_put(b, p, n);
}

static void put_attributes(struct buf *b, struct archive_entry *e, enum unpack_type type)
{
	const char *name, *flags = archive_entry_fflags_text(e);
	const void *p;
	size_t n;

	archive_entry_xattr_reset(e);
	while (archive_entry_xattr_next(e, &name, &p, &n) == ARCHIVE_OK)
		put_attribute(b, name, p, n);
	if (archive_entry_acl_types(e)) {
		AUTO_FREE char *acl = archive_entry_acl_to_text(e, NULL, ARCHIVE_ENTRY_ACL_STYLE_EXTRA_ID);
		put_attribute(b, "acl", acl ? acl : "?", acl ? strlen(acl) : 1);
	}
	if (flags)
		put_attribute(b, "flags", flags, strlen(flags));
	if (type == UNPACK_SPECIAL) {
		uint64_t device = (uint64_t)archive_entry_rdev(e);
		put_attribute(b, "device", &device, sizeof(device));
	}
}

static int describe_owner(struct level *l, struct archive_entry *e, struct parcel_begin *b)
{
	AUTO_BUF struct buf text = BUF_INIT(ATTRIBUTES_MAX);

	b->owner.uid = (uint64_t)archive_entry_uid(e);
	b->owner.gid = (uint64_t)archive_entry_gid(e);
	put_attributes(&text, e, b->type);
	if (buf_err(&text))
		return unpack_stop(l->w, UNPACK_REFUSED, "entry %llu has more than %d KiB of attributes",
		    (unsigned long long)l->entries, ATTRIBUTES_MAX >> 10);
	if (text.n)
		b->owner.attributes = sha256_of(buf_span(&text));
	return 0;
}

static bool is_format(const struct level *l, int format)
{
	return (archive_format(l->a) & ARCHIVE_FORMAT_BASE_MASK) == format;
}

static bool has_content(const struct parcel_begin *b)
{
	return b->type == UNPACK_FILE || b->type == UNPACK_HARDLINK;
}

/* libarchive sees rpm as a compression. Of the filters the last is the file itself. */
static bool is_rpm(struct level *l)
{
	return archive_filter_code(l->a, archive_filter_count(l->a) - 2) == ARCHIVE_FILTER_RPM;
}

static bool is_cpio(const struct level *l)
{
	return (archive_format(l->a) & ARCHIVE_FORMAT_BASE_MASK) == ARCHIVE_FORMAT_CPIO;
}

/* In a cpio the content of a symbolic link is its target, and libarchive counts it. */
static bool is_target(
    const struct level *l, struct archive_entry *e, const struct parcel_begin *b)
{
	return is_cpio(l) && b->type == UNPACK_SYMLINK &&
	       (uint64_t)archive_entry_size(e) == strlen(b->target);
}

static int check_entry(struct level *l, struct archive_entry *e, const struct parcel_begin *b)
{
	if (!has_content(b) && archive_entry_size_is_set(e) && archive_entry_size(e) > 0 &&
	    !is_target(l, e, b))
		return unpack_stop(l->w, UNPACK_REFUSED,
		    "entry %llu is no file and yet has content", (unsigned long long)l->entries);
	/* POSIX lets pax do it; GNU tar and others take the content for the next header. */
	if (b->type == UNPACK_HARDLINK && archive_entry_size(e) > 0 &&
	    is_format(l, ARCHIVE_FORMAT_TAR))
		return unpack_stop(l->w, UNPACK_REFUSED,
		    "entry %llu is a hard link that brings content, which not every tar reads as such",
		    (unsigned long long)l->entries);
	return 0;
}

/* A hard link of a cpio may or may not carry its bytes; a file's are as many as were announced. */
static int check_size(struct level *l, struct archive_entry *e, const struct parcel_begin *b)
{
	if (b->type == UNPACK_FILE && archive_entry_size_is_set(e) &&
	    (uint64_t)archive_entry_size(e) != size_of(l))
		return unpack_stop(l->w, UNPACK_DAMAGED,
		    "entry %llu says that it has %lld bytes and has %llu",
		    (unsigned long long)l->entries, (long long)archive_entry_size(e),
		    (unsigned long long)size_of(l));
	return 0;
}

/* Of an rpm, with what its header says of it. */
static int end_entry(struct level *l, const struct parcel_begin *b)
{
	const struct digest *want;

	if (!l->rpm)
		return unpack_end(l->w);
	int rc = rpm_expect(l->rpm, l->w, b, &want);
	return rc ? rc : want ? unpack_end_as(l->w, want) : unpack_end(l->w);
}

static int read_entry(struct level *l, struct archive_entry *e)
{
	struct parcel_begin b;

	int rc = describe(l, e, &b);
	if (rc == 0)
		rc = describe_owner(l, e, &b);
	if (rc == 0)
		rc = check_entry(l, e, &b);
	if (rc)
		return rc;
	if (l->depth == 1 && l->entries == 1)
		l->deb = archive_format(l->a) == ARCHIVE_FORMAT_AR_GNU ||
		        archive_format(l->a) == ARCHIVE_FORMAT_AR_BSD ||
		        archive_format(l->a) == ARCHIVE_FORMAT_AR ?
		    strcmp(b.path, "debian-binary") == 0 :
		    false;
	int member = b.type == UNPACK_FILE && l->depth < l->w->opts.depth ? deb_member(l, b.path) : -1;
	b.opened = member >= 0;
	rc = unpack_begin(l->w, &b);
	if (rc)
		return rc;
	if (b.opened)
		rc = go_into(l, member);
	else if (has_content(&b))
		rc = archive_entry_is_encrypted(e) ? lock(l, "it is encrypted") : read_content(l);
	if (rc == CANNOT_READ)
		return unpack_end_without(l->w, UNPACK_LOCKED, (uint64_t)archive_entry_size(e), NULL);
	if (rc == 0)
		rc = check_size(l, e, &b);
	return rc ? rc : end_entry(l, &b);
}

/* Compressed twice is a trick, but for what is in an rpm. */
static int check_filters(struct level *l)
{
	int n = archive_filter_count(l->a), rpm = n > 1 && is_rpm(l) && !is_gzip(l);

	for (int i = 0; i < n - 2; i++)
		rpm &= archive_filter_code(l->a, i) != ARCHIVE_FILTER_RPM;
	return n + is_gzip(l) > 2 + rpm ? unpack_stop(l->w, UNPACK_REFUSED, "it is compressed more than once") : 0;
}

/* What can be told before the first entry is given. */
static int check_start(struct level *l)
{
	int rc = check_filters(l);

	if (rc == 0 && l->depth == 1 && archive_filter_count(l->a) > 1 && is_rpm(l))
		rc = rpm_read(l->w, &l->rpm);
	if (rc == 0 && l->depth == 1 && is_format(l, ARCHIVE_FORMAT_ZIP)) {
		l->counted = l->w->zip_entries;
		if (!l->counted)
			rc = unpack_zip_check(l->w, &l->counted);
		l->checked = true;
	}
	return rc;
}

static int read_entries(struct level *l)
{
	struct archive_entry *e;
	int rc = 0, r;

	while ((r = archive_read_next_header(l->a, &e)) == ARCHIVE_OK && rc == 0) {
		if (++l->entries == 1)
			rc = check_start(l);
		l->extended |= archive_filter_bytes(l->a, 0) - archive_read_header_position(l->a) > 512;
		if (rc == 0)
			rc = read_entry(l, e);
		if (rc)
			return rc;
	}
	if (r == ARCHIVE_EOF)
		return l->entries ? 0 : check_start(l);
	return complain(l);
}

/* The kernel goes on with another cpio behind the first, cpio(1) and libarchive do not. */
static int check_padding(struct level *l)
{
	uint64_t at = (uint64_t)archive_filter_bytes(l->a, 0);
	uint8_t block[4096];
	ssize_t n;

	while ((n = pread(SANDBOX_IN, block, sizeof(block), (off_t)at)) > 0) {
		for (ssize_t i = 0; i < n; i++)
			if (block[i])
				return unpack_stop(l->w, UNPACK_REFUSED,
				    "bytes behind the end mark of the cpio, at offset %llu",
				    (unsigned long long)at + (unsigned long long)i);
		at += (uint64_t)n;
	}
	return n < 0 ? -errno : 0;
}

/* What follows the end of a compressed stream would be unpacked by some and not by others. */
static int check_tail(struct level *l)
{
	if (!is_compressed(l))
		return is_cpio(l) ? check_padding(l) : 0;
	if (!is_gzip(l) && is_rpm(l))
		return 0;
	if (is_cpio(l))
		return unpack_stop(l->w, UNPACK_REFUSED,
		    "a compressed cpio may have more behind its end mark: decompress it first");
	if (is_gzip(l))
		return unpack_source_end(l->source);
	if ((uint64_t)archive_filter_bytes(l->a, -1) == l->w->file_size)
		return 0;
	return unpack_stop(l->w, UNPACK_DAMAGED, "bytes behind the end of the compressed stream");
}

/* A 7z ends with its header, whose place and size its first 32 bytes name ("7zFormat.txt"). */
static int check_7z_end(struct level *l)
{
	uint8_t head[32];
	uint64_t end;

	int rc = unpack_pread(l->w, 0, head, sizeof(head));
	if (rc || memcmp(head, "7z\xbc\xaf\x27\x1c", 6) != 0)
		return rc; /* a program in front */
	struct cur c = cur_of(span_of(head + 12, sizeof(head) - 12));
	uint64_t off = cur_le64(&c), size = cur_le64(&c);
	if (__builtin_add_overflow(off, size, &end) || __builtin_add_overflow(end, sizeof(head), &end) ||
	    end > l->w->file_size)
		return unpack_stop(l->w, UNPACK_DAMAGED, "the header of the 7z is beyond its end");
	return end == l->w->file_size ? 0 :
	    unpack_note(l->w, &(struct unpack_note){ .kind = UNPACK_NOTE_BEHIND, .off = end,
				  .len = l->w->file_size - end, .text = "" });
}

static enum unpack_format kind_of(struct level *l)
{
	if (archive_filter_count(l->a) > 1 && is_rpm(l))
		return UNPACK_FORMAT_RPM;
	switch (archive_format(l->a) & ARCHIVE_FORMAT_BASE_MASK) {
	case ARCHIVE_FORMAT_TAR:
		return UNPACK_FORMAT_TAR;
	case ARCHIVE_FORMAT_ZIP:
		return UNPACK_FORMAT_ZIP;
	case ARCHIVE_FORMAT_AR:
		return l->deb ? UNPACK_FORMAT_DEB : UNPACK_FORMAT_AR;
	case ARCHIVE_FORMAT_CPIO:
		return UNPACK_FORMAT_CPIO;
	case ARCHIVE_FORMAT_7ZIP:
		return UNPACK_FORMAT_7Z;
	}
	return UNPACK_FORMAT_NONE;
}

/* As many entries as the directory has. */
static int check_count(struct level *l)
{
	int rc = l->checked ? 0 : unpack_zip_check(l->w, &l->counted); /* an empty one */

	if (rc == 0 && l->counted != l->entries)
		rc = unpack_stop(l->w, UNPACK_REFUSED,
		    "the zip directory counts %llu entries, %llu were found",
		    (unsigned long long)l->counted, (unsigned long long)l->entries);
	return rc;
}

static int read_all(struct level *l)
{
	if (archive_read_open1(l->a) != ARCHIVE_OK)
		return complain(l);
	int rc = read_entries(l);
	snprintf(l->w->format, sizeof(l->w->format), "%s%s%s", archive_format_name(l->a),
	    is_compressed(l) ? ", " : "",
	    is_gzip(l)	     ? "gzip" :
	    is_compressed(l) ? archive_filter_name(l->a, 0) :
			       "");
	l->w->last.deb = l->deb;
	l->w->last.kind = kind_of(l);
	if (rc == 0)
		rc = check_tail(l);
	if (rc == 0 && is_format(l, ARCHIVE_FORMAT_ZIP))
		rc = check_count(l);
	if (rc == 0 && is_format(l, ARCHIVE_FORMAT_7ZIP))
		rc = check_7z_end(l);
	if (rc == 0 && l->rpm)
		rc = rpm_finish(l->rpm, l->w);
	if (rc == 0 && l->extended && is_format(l, ARCHIVE_FORMAT_TAR))
		rc = is_gzip(l) ? tar_scan_end(l->source->scan, l->w) : unpack_tar_check(l->w);
	return rc;
}

static int run(struct unpack_work *w)
{
	struct unpack_source s = { .w = w };
	struct level l = { .w = w, .depth = 1, .source = &s };

	int rc = unpack_source_open(&s);
	if (rc)
		return rc;
	l.a = unpack_reader(&s);
	return l.a ? read_all(&l) : -ENOMEM;
}

static bool probe(struct span head, struct span tail, uint64_t size)
{
	(void)head;
	(void)tail;
	(void)size;
	return true;
}

const struct unpack_backend unpack_backend_libarchive = { UNPACK_FORMAT_NONE, probe, run };
