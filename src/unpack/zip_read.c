/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The back end for zips in which all is stored or deflated, which is most of them: several times as
 * fast as libarchive. Any other (an encrypted entry, another method, a name that is neither ASCII nor
 * UTF-8, a program in front) is libarchive's; the rules are the same (zip_check.h).
 */

#include "unpack/inflate_lib.h"
#include "unpack/zip_check.h"

#include "base/utf8.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#define BLOCK (128u << 10)
#define OUT (512u << 10)
#define WHOLE_MAX (6u << 20) /* packed and unpacked together; larger ones in pieces */
#define STORED 0
#define DEFLATED 8
#define HOST_UNIX 3
#define HOST_MACOS 19
#define DOS_READ_ONLY 1u

struct run {
	struct unpack_work *w;
	uint8_t *whole; /* WHOLE_MAX */
	uint8_t *in;	/* INFLATE_BACK + BLOCK */
	uint8_t *out; /* OUT */
	uint32_t crc;
	char path[UNPACK_PATH_MAX], target[UNPACK_PATH_MAX];
};

static bool probe(struct span head, struct span tail, uint64_t size)
{
	(void)tail;
	(void)size;
	return span_starts(head, SPAN_LIT("PK\3\4")) || span_starts(head, SPAN_LIT("PK\5\6"));
}

/* --- what kind of entry ---------------------------------------------------------------------- */

static enum unpack_type type_of(const struct zip_entry *e)
{
	bool unix_mode = e->host == HOST_UNIX || e->host == HOST_MACOS;
	uint32_t format = unix_mode ? e->attributes >> 16 & S_IFMT : 0;

	if (format == S_IFLNK)
		return UNPACK_SYMLINK;
	if (format == S_IFDIR || e->name.p[e->name.n - 1] == '/')
		return UNPACK_DIR;
	return format && format != S_IFREG ? UNPACK_SPECIAL : UNPACK_FILE;
}

static uint32_t mode_of(const struct zip_entry *e, enum unpack_type type)
{
	uint32_t mode = e->attributes >> 16 & 07777;

	if ((e->host == HOST_UNIX || e->host == HOST_MACOS) && mode)
		return mode;
	mode = type == UNPACK_DIR ? 0775 : 0664;
	return e->host == 0 && (e->attributes & DOS_READ_ONLY) ? mode & 0555 : mode;
}

static bool is_plain_name(const struct zip_entry *e)
{
	if (!e->name.n || e->name.n >= UNPACK_PATH_MAX || memchr(e->name.p, '\\', e->name.n))
		return false;
	for (size_t i = 0; i < e->name.n; i++)
		if (e->name.p[i] >= 0x80)
			return (e->flags & ZIP_UTF8) && utf8_check(e->name) == e->name.n;
	return true;
}

/* One that is read here? */
static bool is_plain(const struct zip_entry *e)
{
	if (!is_plain_name(e) || (e->flags & ZIP_ENCRYPTED) ||
	    (e->method != DEFLATED && (e->method != STORED || e->packed != e->size)))
		return false;
	switch (type_of(e)) {
	case UNPACK_FILE:
		return true;
	case UNPACK_SYMLINK:
		return e->method == STORED && e->size && e->size < UNPACK_PATH_MAX;
	default:
		return e->method == STORED && !e->size;
	}
}

/* --- bytes ----------------------------------------------------------------------------------- */

static int damaged(struct run *r, const char *what)
{
	return unpack_stop(r->w, UNPACK_DAMAGED, "%s: %s", r->path, what);
}

static int take(struct run *r, struct span s)
{
	r->crc = inflate_crc32(r->crc, s);
	return unpack_data(r->w, s);
}

static int read_stored(struct run *r, const struct zip_entry *e)
{
	int rc = 0;

	for (uint64_t at = 0; rc == 0 && at < e->size;) {
		size_t n = e->size - at < BLOCK ? (size_t)(e->size - at) : BLOCK;
		rc = unpack_pread(r->w, e->data + at, r->in, n);
		if (rc == 0)
			rc = take(r, span_of(r->in, n));
		at += n;
	}
	return rc;
}

static int read_whole(struct run *r, const struct zip_entry *e)
{
	size_t packed = (size_t)e->packed, size = (size_t)e->size;

	int rc = unpack_pread(r->w, e->data, r->whole, packed);
	if (rc == 0)
		rc = inflate_whole(r->whole + packed, size, span_of(r->whole, packed));
	if (rc == -EBADMSG)
		return damaged(r, "its compressed bytes make no sense, or not as many as were announced");
	return rc ? rc : take(r, span_of(r->whole + packed, size));
}

static int inflate_all(struct run *r, const struct zip_entry *e, struct inflate_stream *s)
{
	struct span in = SPAN_NONE;
	uint64_t left = e->packed, at = e->data, got = 0;
	size_t have = 0;
	int rc = 0;

	while (rc == 0 && !s->ended) {
		size_t n = left < BLOCK ? (size_t)left : BLOCK, out;
		if (!in.n && n) {
			memmove(r->in, r->in + have, INFLATE_BACK);
			rc = unpack_pread(r->w, at, r->in + INFLATE_BACK, n);
			in = span_of(r->in + INFLATE_BACK, have = n);
			at += n;
			left -= n;
		}
		if (rc == 0)
			rc = inflate_more(s, &in, r->out, OUT, &out);
		if (rc)
			break;
		got += out;
		if (got > e->size || (!out && !in.n && !left && !s->ended))
			return -EBADMSG;
		rc = take(r, span_of(r->out, out));
	}
	return rc || (got == e->size && !in.n && !left) ? rc : -EBADMSG;
}

static int read_in_pieces(struct run *r, const struct zip_entry *e)
{
	struct inflate_stream s = { 0 };

	int rc = inflate_start(&s, INFLATE_BY_FASTEST);
	if (rc == 0)
		rc = inflate_all(r, e, &s);
	inflate_stop(&s);
	return rc == -EBADMSG ?
	    damaged(r, "its compressed bytes make no sense, or not as many as were announced") :
	    rc;
}

static int read_bytes(struct run *r, const struct zip_entry *e)
{
	int rc = -ENOTSUP;

	r->crc = 0;
	if (e->method == STORED)
		rc = read_stored(r, e);
	else if (e->packed <= WHOLE_MAX && e->size <= WHOLE_MAX - e->packed)
		rc = read_whole(r, e);
	if (rc == -ENOTSUP)
		rc = read_in_pieces(r, e);
	return rc == 0 && r->crc != e->crc ? damaged(r, "its CRC is another") : rc;
}

/* --- entries --------------------------------------------------------------------------------- */

static int read_target(struct run *r, const struct zip_entry *e)
{
	size_t n = (size_t)e->size;

	int rc = unpack_pread(r->w, e->data, r->target, n);
	if (rc)
		return rc;
	r->target[n] = 0;
	return memchr(r->target, 0, n) || inflate_crc32(0, span_of(r->target, n)) != e->crc ?
	    damaged(r, "a symbolic link whose target makes no sense") :
	    0;
}

static int read_entry(struct run *r, const struct zip_entry *e)
{
	enum unpack_type type = type_of(e);
	int rc = 0;

	memcpy(r->path, e->name.p, e->name.n);
	r->path[e->name.n] = r->target[0] = 0;
	if (type == UNPACK_SYMLINK)
		rc = read_target(r, e);
	if (rc == 0)
		rc = unpack_begin(r->w, &(struct parcel_begin){ .type = type, .path = r->path,
		                          .target = r->target, .mode = mode_of(e, type) });
	if (rc == 0 && type == UNPACK_FILE)
		rc = read_bytes(r, e);
	return rc ? rc : unpack_end(r->w);
}

static int run(struct unpack_work *w)
{
	struct run *r = calloc(1, sizeof(*r));
	struct zip_list l;

	if (!r)
		return -ENOMEM;
	int rc = unpack_zip_list(w, &l);
	if (rc)
		return rc;
	for (size_t i = 0; i < l.n; i++)
		if (!is_plain(&l.v[i])) {
			w->zip_entries = l.n;
			zip_list_free(&l);
			return unpack_backend_libarchive.run(w);
		}
	r->w = w;
	r->whole = malloc(WHOLE_MAX);
	r->in = calloc(1, INFLATE_BACK + BLOCK);
	r->out = malloc(OUT);
	if (!r->whole || !r->in || !r->out)
		return -ENOMEM;
	snprintf(w->format, sizeof(w->format), "ZIP");
	for (size_t i = 0; rc == 0 && i < l.n; i++)
		rc = read_entry(r, &l.v[i]);
	return rc;
}

const struct unpack_backend unpack_backend_zip = { UNPACK_FORMAT_ZIP, probe, run };
