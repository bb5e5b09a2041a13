/* SPDX-License-Identifier: Apache-2.0 */

/* The worker's ends: the file that libarchive reads, the pipe that parcels go to, and unpack_raw. */

#include "unpack/archive_lib.h"
#include "unpack/backend.h"
#include "unpack/gzip.h"
#include "unpack/tar_check.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#define BLOCK (256u << 10)

#define PIECE 128 /* so little that what comes out of it is little, too */

static uint64_t resident(void)
{
	struct rusage ru = { 0 };

	return getrusage(RUSAGE_SELF, &ru) == 0 ? (uint64_t)ru.ru_maxrss : 0;
}

/* With a large dictionary the limit on memory is one on what is in use. */
static int watch(struct unpack_work *w)
{
	uint64_t now = resident();

	if (!w->resident)
		w->resident = now;
	w->starved = now - w->resident > w->opts.memory >> 10;
	return w->starved ? -ENOMEM : 0;
}

/* The next piece of the block that was read; 0 when there is none. */
static la_ssize_t piece(struct unpack_source *s, const void **ret_p)
{
	size_t n = s->have - s->used < PIECE ? s->have - s->used : PIECE;

	*ret_p = s->block + s->used;
	s->used += n;
	s->at += n;
	return (la_ssize_t)n;
}

static la_ssize_t on_read(struct archive *a, void *ctx, const void **ret_p)
{
	struct unpack_source *s = ctx;
	ssize_t n;

	if (s->w->dictionary && watch(s->w) < 0) {
		archive_set_error(a, ENOMEM, "more memory");
		return ARCHIVE_FATAL;
	}
	if (s->used < s->have)
		return piece(s, ret_p);
	do
		n = pread(SANDBOX_IN, s->block, BLOCK, (off_t)s->at);
	while (n < 0 && errno == EINTR);
	if (n < 0) {
		archive_set_error(a, errno, "it cannot be read: errno %d", errno);
		return ARCHIVE_FATAL;
	}
	if (s->w->dictionary) {
		s->have = (size_t)n;
		s->used = 0;
		return piece(s, ret_p);
	}
	s->at += (uint64_t)n;
	*ret_p = s->block;
	return n;
}

static int read_file(void *ctx, uint8_t *p, size_t n, size_t *ret_n)
{
	struct unpack_source *s = ctx;
	ssize_t got;

	do
		got = pread(SANDBOX_IN, p, n, (off_t)s->at);
	while (got < 0 && errno == EINTR);
	if (got < 0)
		return -errno;
	s->at += (uint64_t)got;
	*ret_n = (size_t)got;
	return 0;
}

static int open_gzip(struct unpack_source *s)
{
	s->gzip = calloc(1, sizeof(*s->gzip));
	s->scan = calloc(1, sizeof(*s->scan));
	if (!s->gzip || !s->scan)
		return -ENOMEM;
	s->gzip->read = read_file;
	s->gzip->ctx = s;
	s->scan->records = BUF_INIT(TAR_GLOBAL_MAX);
	return gzip_open(s->gzip);
}

int unpack_source_open(struct unpack_source *s)
{
	uint64_t size = s->w->file_size;
	uint8_t head[GZIP_HEAD];
	size_t n = size < sizeof(head) ? (size_t)size : sizeof(head);

	int rc = unpack_pread(s->w, 0, head, n);
	return rc == 0 && gzip_probe(span_of(head, n)) ? open_gzip(s) : rc;
}

int unpack_source_end(struct unpack_source *s)
{
	struct span piece = SPAN_NONE;

	int rc = gzip_next(s->gzip, &piece);
	if (s->gzip->why)
		return unpack_stop(s->w, UNPACK_DAMAGED, "%s", s->gzip->why);
	if (rc == 0 && (piece.n || s->gzip->used != s->w->file_size))
		return unpack_stop(
		    s->w, UNPACK_DAMAGED, "bytes behind the end of the compressed stream");
	return rc;
}

static la_ssize_t on_read_gzip(struct archive *a, void *ctx, const void **ret_p)
{
	struct unpack_source *s = ctx;
	struct span piece;

	int rc = gzip_next(s->gzip, &piece);
	if (rc < 0) {
		archive_set_error(a, rc == -ENOMEM ? ENOMEM : EIO, "%s",
		    s->gzip->why ? s->gzip->why : "it cannot be read");
		return ARCHIVE_FATAL;
	}
	tar_scan_feed(s->scan, piece);
	*ret_p = piece.p;
	return (la_ssize_t)piece.n;
}

static la_int64_t on_seek(struct archive *a, void *ctx, la_int64_t off, int whence)
{
	struct unpack_source *s = ctx;
	la_int64_t base = whence == SEEK_SET ? 0 :
	    whence == SEEK_CUR               ? (la_int64_t)s->at :
					       (la_int64_t)s->w->file_size;

	(void)a;
	if (__builtin_add_overflow(base, off, &off) || off < 0)
		return ARCHIVE_FATAL;
	s->at = (uint64_t)off;
	s->have = s->used = 0;
	return off;
}

static la_int64_t on_skip(struct archive *a, void *ctx, la_int64_t n)
{
	struct unpack_source *s = ctx;
	uint64_t left = s->at < s->w->file_size ? s->w->file_size - s->at : 0;

	(void)a;
	if (n < 0)
		return 0;
	if ((uint64_t)n > left)
		n = (la_int64_t)left;
	s->at += (uint64_t)n;
	s->have = s->used = 0;
	return n;
}

static int support_compression(struct archive *a)
{
	int (*const filter[])(struct archive *) = {
		archive_read_support_filter_gzip, archive_read_support_filter_bzip2,
		archive_read_support_filter_xz, archive_read_support_filter_lzma,
		archive_read_support_filter_zstd, archive_read_support_filter_lz4,
	};

	for (size_t i = 0; i < ARRAY_LEN(filter); i++)
		if (filter[i](a) != ARCHIVE_OK)
			return -ENOTSUP;
	return 0;
}

/* Entries behind the end mark are read like the others. */
static int support_tar(struct archive *a)
{
	int r = archive_read_support_format_tar(a);

	return r != ARCHIVE_OK ? r :
		archive_read_set_format_option(a, "tar", "read_concatenated_archives", "1");
}

static int support_archives(struct archive *a)
{
	int (*const format[])(struct archive *) = {
		archive_read_support_filter_compress, archive_read_support_filter_rpm,
		support_tar, archive_read_support_format_zip_seekable,
		archive_read_support_format_ar, archive_read_support_format_cpio,
		archive_read_support_format_7zip,
	};
	int r = ARCHIVE_OK;

	for (size_t i = 0; r == ARCHIVE_OK && i < ARRAY_LEN(format); i++)
		r = format[i](a);
	return r;
}

/* Reads the file, or whatever the caller opens it with when s is NULL. */
static struct archive *new_reader(struct unpack_source *s, int (*support)(struct archive *))
{
	struct archive *a = archive_read_new();

	if (s && !s->gzip && !(s->block = malloc(BLOCK)))
		return NULL;
	if (!a || support_compression(a) < 0 || support(a) != ARCHIVE_OK)
		return NULL;
	if (s)
		archive_read_set_callback_data(a, s);
	if (s && s->gzip)
		archive_read_set_read_callback(a, on_read_gzip);
	if (s && !s->gzip) {
		archive_read_set_read_callback(a, on_read);
		archive_read_set_seek_callback(a, on_seek);
		archive_read_set_skip_callback(a, on_skip);
	}
	return a;
}

struct archive *unpack_reader(struct unpack_source *s)
{
	return new_reader(s, s ? support_archives : support_tar);
}

struct archive *unpack_raw_reader(struct unpack_source *s)
{
	return new_reader(s, archive_read_support_format_raw);
}

int unpack_goodbye(struct unpack_work *w, int rc)
{
	if (rc < 0)
		return rc;
	w->last.how = (enum unpack_result)rc;
	w->last.why = rc ? w->why : "";
	w->last.format = w->format;
	parcel_put_last(&w->out, &w->last);
	return unpack_flush(w, 0);
}

/* --- unpack_raw ------------------------------------------------------------------------------ */

static int raw_damaged(const struct unpack_source *s, struct archive *a)
{
	return unpack_stop(s->w, UNPACK_DAMAGED, "%s",
	    s->gzip && s->gzip->why ? s->gzip->why : archive_error_string(a));
}

static int raw_open(struct unpack_source *s, struct archive *a)
{
	struct unpack_work *w = s->w;
	struct archive_entry *e;
	int rc = archive_read_open1(a);

	if (rc == ARCHIVE_OK)
		rc = archive_read_next_header(a, &e);
	int filters = archive_filter_count(a); /* the last is the file itself */
	if (!s->gzip && filters < 2)
		return unpack_stop(w, UNPACK_NOT_ARCHIVE, "no compression that is known");
	if (filters + (s->gzip != NULL) > 2)
		return unpack_stop(w, UNPACK_REFUSED, "it is compressed more than once");
	snprintf(w->format, sizeof(w->format), "%s", s->gzip ? "gzip" : archive_filter_name(a, 0));
	return rc != ARCHIVE_OK && rc != ARCHIVE_EOF ? raw_damaged(s, a) : 0;
}

static int raw_read(struct unpack_source *s, struct archive *a)
{
	struct unpack_work *w = s->w;
	const void *p;
	size_t n;
	la_int64_t off;
	int r;

	while ((r = archive_read_data_block(a, &p, &n, &off)) == ARCHIVE_OK) {
		int rc = unpack_count(w, n);
		if (rc == 0)
			rc = unpack_send(w, span_of(p, n));
		if (rc)
			return rc;
	}
	if (r != ARCHIVE_EOF)
		return raw_damaged(s, a);
	if (s->gzip)
		return unpack_source_end(s);
	if ((uint64_t)archive_filter_bytes(a, -1) != w->file_size)
		return unpack_stop(w, UNPACK_DAMAGED, "bytes behind the end of the stream");
	return 0;
}

int unpack_work_raw(void *ctx)
{
	struct unpack_work *w = ctx;
	struct unpack_source s = { .w = w };
	struct archive *a = NULL;

	int rc = unpack_source_open(&s);
	if (rc == 0)
		rc = (a = unpack_raw_reader(&s)) ? raw_open(&s, a) : -ENOMEM;
	if (rc == 0)
		rc = raw_read(&s, a);
	return unpack_goodbye(w, rc);
}
