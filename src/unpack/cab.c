/* SPDX-License-Identifier: Apache-2.0 */

/* The back end for cabinets. */

#include "unpack/cab.h"
#include "unpack/archive_lib.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#define BLOCK (64u << 10)
#define TABLES_MAX (32u << 20) /* 65535 files with the longest names: 24 MiB */

/* --- the cabinet's bytes --------------------------------------------------------------------- */

/* The piece that holds this byte; there is one. */
static const struct cab_piece *piece_at(const struct cab_stream *s, uint64_t at)
{
	size_t lo = 0, hi = s->n;

	while (hi - lo > 1) {
		size_t mid = lo + (hi - lo) / 2;
		if (s->piece[mid].at <= at)
			lo = mid;
		else
			hi = mid;
	}
	return &s->piece[lo];
}

static int fetch(void *ctx, uint64_t off, void *p, size_t n)
{
	struct cab_stream *s = ctx;

	for (uint8_t *to = p; n;) {
		const struct cab_piece *piece = piece_at(s, off);
		uint64_t skip = off - piece->at, left = piece->len - skip;
		size_t part = left < n ? (size_t)left : n;
		int rc = unpack_pread(s->w, piece->off + skip, to, part);
		if (rc)
			return rc > 0 ? -EBADMSG : rc;
		to += part;
		off += part;
		n -= part;
	}
	return 0;
}

static la_ssize_t on_read(struct archive *a, void *ctx, const void **ret_p)
{
	struct cab_stream *s = ctx;
	size_t n = s->size - s->at < BLOCK ? (size_t)(s->size - s->at) : BLOCK;

	if (fetch(s, s->at, s->block, n) < 0) {
		archive_set_error(a, EIO, "it cannot be read");
		return ARCHIVE_FATAL;
	}
	s->at += n;
	*ret_p = s->block;
	return (la_ssize_t)n;
}

static la_int64_t on_skip(struct archive *a, void *ctx, la_int64_t n)
{
	struct cab_stream *s = ctx;

	(void)a;
	if (n < 0 || (uint64_t)n > s->size - s->at)
		return 0;
	s->at += (uint64_t)n;
	return n;
}

/* --- what is odd ----------------------------------------------------------------------------- */

static int damaged(struct cab_stream *s, const char *why)
{
	return unpack_stop(s->w, UNPACK_DAMAGED, "%s%s%s", s->name ? s->name : "", s->name ? ": " : "",
	    why);
}

static int note(struct cab_stream *s, enum unpack_note_kind kind, const struct odd *o)
{
	int rc = 0;

	for (uint32_t i = 0; rc == 0 && i < o->count && i < ODD_EACH; i++)
		rc = unpack_note(s->w, &(struct unpack_note){ .kind = kind, .off = o->at[i].off,
		    .len = o->at[i].len, .text = s->name ? s->name : "" });
	return rc;
}

/* What two unpackers see differently is refused, what belongs to nothing is told. */
static int judge(struct cab_stream *s, const struct cab *c)
{
	static const enum cab_odd_kind bad[] = { CAB_A_OVERLAP, CAB_A_FILE_OVERLAP };
	static const enum cab_odd_kind broken[] = { CAB_A_TRUNCATED, CAB_A_BLOCK, CAB_A_CHECKSUM,
		CAB_A_FILE_BEYOND };

	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		if (c->odd[bad[i]].count)
			return unpack_stop(s->w, UNPACK_REFUSED, "parts of the cabinet share bytes (%s)",
			    cab_odd_name(bad[i]));
	for (size_t i = 0; i < ARRAY_LEN(broken); i++)
		if (c->odd[broken[i]].count)
			return unpack_stop(s->w, UNPACK_DAMAGED,
			    "the cabinet's data at offset %" PRIu64 " is not what its headers say (%s)",
			    c->odd[broken[i]].at[0].off, cab_odd_name(broken[i]));
	int rc = note(s, UNPACK_NOTE_GAP, &c->odd[CAB_A_GAP]);
	if (rc == 0)
		rc = note(s, UNPACK_NOTE_BEHIND, &c->odd[CAB_A_AFTER_END]);
	if (rc == 0 && c->signature_len)
		rc = unpack_note(s->w, &(struct unpack_note){ .kind = UNPACK_NOTE_SIGNATURE,
		    .off = c->signature_off, .len = c->signature_len, .text = "" });
	return rc;
}

/* Why the files cannot be read, or NULL. */
static const char *locked(const struct cab *c)
{
	if (c->odd[CAB_A_SPANNED].count)
		return "files begin or go on in another cabinet";
	for (uint32_t i = 0; i < c->nfolders; i++)
		if (c->folder[i].method == CAB_QUANTUM)
			return "Quantum compression is not read";
	return c->odd[CAB_A_METHOD].count ? "a compression that is not known" : NULL;
}

/* --- files ----------------------------------------------------------------------------------- */

char *unpack_cab_name(const struct cab_file *f, char out[static CAB_NAME_MAX + 1])
{
	snprintf(out, CAB_NAME_MAX + 1, "%s", f->name);
	for (char *p = out; *p; p++)
		if (*p == '\\')
			*p = '/';
	return out;
}

static int begin_file(struct cab_stream *s, const struct cab_file *f)
{
	const char *path = s->path(s->ctx, f);

	if (!path)
		return UNPACK_DAMAGED;
	if (!path[0])
		return damaged(s, "a file without a name");
	return unpack_begin(s->w, &(struct parcel_begin){ .type = UNPACK_FILE, .path = path,
	    .target = "", .mode = f->attributes & CAB_ATTR_EXEC ? 0755 : 0644 });
}

static int lock_files(struct cab_stream *s, const struct cab *c, const char *why)
{
	int rc = 0;

	unpack_lock(s->w, "%s%s%s", s->name ? s->name : "", s->name ? ": " : "", why);
	for (uint32_t i = 0; rc == 0 && i < c->nfiles; i++) {
		rc = begin_file(s, &c->file[i]);
		if (rc == 0)
			rc = unpack_end_without(s->w, UNPACK_LOCKED, c->file[i].size, NULL);
	}
	return rc;
}

static int read_content(struct cab_stream *s, struct archive *a)
{
	const void *p;
	size_t n;
	la_int64_t off;
	int r, rc = 0;

	while (rc == 0 && (r = archive_read_data_block(a, &p, &n, &off)) != ARCHIVE_EOF) {
		if (r != ARCHIVE_OK || (n && (uint64_t)off != unpack_size(s->w)))
			return damaged(s, r != ARCHIVE_OK ? archive_error_string(a) : "a hole in a file");
		rc = unpack_data(s->w, span_of(p, n));
	}
	return rc;
}

static int read_file(struct cab_stream *s, struct archive *a, const struct cab_file *f)
{
	struct archive_entry *e;
	int r = archive_read_next_header(a, &e);

	/* WARN: a name that is not text in libarchive's eyes; ours is taken as it is */
	if (r != ARCHIVE_OK && r != ARCHIVE_WARN)
		return damaged(s, r == ARCHIVE_EOF ? "fewer files than its header says" :
						     archive_error_string(a));
	if ((uint64_t)archive_entry_size(e) != f->size)
		return damaged(s, "a file of two sizes");
	int rc = begin_file(s, f);
	if (rc == 0)
		rc = read_content(s, a);
	if (rc == 0 && unpack_size(s->w) != f->size)
		rc = damaged(s, "a file is shorter than the cabinet says");
	return rc ? rc : unpack_end(s->w);
}

static int read_files(struct cab_stream *s, const struct cab *c)
{
	struct archive *a = archive_read_new();
	struct archive_entry *e;
	int rc = 0;

	s->block = malloc(BLOCK);
	s->at = 0;
	if (!a || !s->block)
		return -ENOMEM;
	if (archive_read_support_format_cab(a) != ARCHIVE_OK)
		return -ENOTSUP;
	archive_read_set_callback_data(a, s);
	archive_read_set_read_callback(a, on_read);
	archive_read_set_skip_callback(a, on_skip);
	if (archive_read_open1(a) != ARCHIVE_OK)
		return damaged(s, archive_error_string(a));
	for (uint32_t i = 0; rc == 0 && i < c->nfiles; i++)
		rc = read_file(s, a, &c->file[i]);
	if (rc == 0 && archive_read_next_header(a, &e) != ARCHIVE_EOF)
		rc = damaged(s, "more files than its header says");
	return rc;
}

int unpack_cab(struct cab_stream *s)
{
	struct arena arena = ARENA_INIT(TABLES_MAX);
	struct cab c;

	int rc = cab_open(&c, fetch, s, s->size, &arena);
	if (rc == CAB_OK)
		rc = cab_account(&c);
	if (rc == -EBADMSG)
		return UNPACK_DAMAGED; /* said by unpack_pread */
	if (rc > 0)
		return damaged(s, cab_strerror(rc));
	if (rc)
		return rc;
	rc = judge(s, &c);
	if (rc)
		return rc;
	const char *why = locked(&c);
	if (why)
		return lock_files(s, &c, why);
	return c.nfiles ? read_files(s, &c) : 0; /* libarchive cannot read one without files */
}

/* --- a cabinet by itself --------------------------------------------------------------------- */

static const char *own_path(void *ctx, const struct cab_file *f)
{
	return unpack_cab_name(f, ctx);
}

static bool probe(struct span head, struct span tail, uint64_t size)
{
	(void)tail;
	return size && span_starts(head, SPAN_LIT("MSCF"));
}

static int run(struct unpack_work *w)
{
	static char name[CAB_NAME_MAX + 1];
	struct cab_piece all = { 0, 0, w->file_size };
	struct cab_stream s = { .w = w, .piece = &all, .n = 1, .size = w->file_size,
		.path = own_path, .ctx = name };

	return unpack_cab(&s);
}

const struct unpack_backend unpack_backend_cab = { UNPACK_FORMAT_CAB, probe, run };
