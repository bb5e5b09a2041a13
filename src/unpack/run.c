/* SPDX-License-Identifier: Apache-2.0 */

#include "unpack/run.h"

#include "unpack/archive_lib.h"
#include "unpack/inflate_lib.h"
#include "unpack/dictionary.h"
#include "unpack/image.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <wchar.h>

#define TIMEOUT_DEFAULT (10 * TS_MINUTE)
#define OUT_MAX (1u << 20)
#define DICTIONARY_USUAL (8ull << 20) /* xz -6, zstd -19: within the memory of every worker */

struct unpack_opts unpack_limits(const struct unpack_opts *opts)
{
	struct unpack_opts o = opts ? *opts : (struct unpack_opts){ 0 };

	o.set |= HASH_SET(DIGEST_SHA256);
	if (!o.entries)
		o.entries = UNPACK_ENTRIES_DEFAULT;
	if (o.entries > UNPACK_ENTRIES_MAX)
		o.entries = UNPACK_ENTRIES_MAX;
	if (!o.bytes)
		o.bytes = UNPACK_BYTES_DEFAULT;
	if (!o.ratio)
		o.ratio = UNPACK_RATIO_DEFAULT;
	if (!o.memory)
		o.memory = UNPACK_MEMORY_DEFAULT;
	if (!o.timeout)
		o.timeout = TIMEOUT_DEFAULT;
	if (!o.depth || o.depth > UNPACK_DEPTH_MAX)
		o.depth = UNPACK_DEPTH_MAX;
	return o;
}

uint64_t unpack_limit_of(const struct unpack_opts *o, uint64_t file_size)
{
	uint64_t by_ratio;

	if (__builtin_mul_overflow(file_size, o->ratio, &by_ratio))
		return o->bytes;
	if (by_ratio < UNPACK_RATIO_FLOOR)
		by_ratio = UNPACK_RATIO_FLOOR;
	return by_ratio < o->bytes ? by_ratio : o->bytes;
}

static int by_byte(const void *a, const void *b)
{
	return memcmp(a, b, 1);
}

/*
 * libarchive converts names through the locale and the times of zip entries through the time zone.
 * The C library reads files for both when they are first used, and asks for the machine's memory when
 * it first sorts something large; the worker may do neither. So they are used here first, and the
 * worker finds them ready: names are UTF-8 whatever the user's locale.
 */
static void warm_up(struct unpack_work *w)
{
	char unsorted[2048] = { 0 };
	wchar_t wide;
	char narrow[MB_LEN_MAX];
	mbstate_t ms = { 0 };
	const char *tz = getenv("TZ");

	/* Spelled out, these two are not looked at again on each use (glibc's tzset.c). */
	tz = !tz ? "/etc/localtime" : !tz[0] ? "Universal" : tz;
	tzset();
	snprintf(w->time_zone, sizeof(w->time_zone), "TZ=%s", tz);
	qsort(unsorted, sizeof(unsorted), 1, by_byte);
	w->locale = newlocale(LC_CTYPE_MASK, "C.UTF-8", (locale_t)0);
	if (!w->locale)
		return;
	locale_t before = uselocale(w->locale);
	bool works = mbrtowc(&wide, "\xc3\xa4", 2, &ms) == 2 && wcrtomb(narrow, wide, &ms) == 2;
	uselocale(before);
	if (!works) {
		freelocale(w->locale);
		w->locale = (locale_t)0;
	}
}

static void prepared_free(struct unpack_work *w)
{
	for (size_t i = 0; i < ARRAY_LEN(w->item); i++)
		hasher_free(w->item[i].hasher);
	hasher_free(w->sum);
	if (w->locale)
		freelocale(w->locale);
	free(w);
}

static int prepare(struct unpack_work **ret_w, const struct unpack_run *r, struct fault *f)
{
	struct stat st;

	if (fstat(r->fd, &st) < 0)
		return -errno;
	if (!S_ISREG(st.st_mode))
		return fault_set(f, -EINVAL, "%s: not a regular file", QUOTE(span_str(r->label)));
	inflate_lib_load();
	bool image = r->opts && r->opts->image;
	enum disk_kind disk = image ? image_probe(r->fd, (uint64_t)st.st_size) : DISK_NONE;
	int rc = image ? 0 : archive_lib_load(f);
	if (image)
		image_prepare(disk);
	if (rc < 0)
		return rc;
	struct unpack_work *w = calloc(1, sizeof(*w));
	if (!w)
		return -ENOMEM;
	w->opts = unpack_limits(r->opts);
	w->content = r->content;
	w->image = image;
	w->file_size = (uint64_t)st.st_size;
	w->limit = unpack_limit_of(&w->opts, w->file_size);
	w->dictionary = dictionary_of(r->fd, w->file_size);
	w->out = BUF_INIT(OUT_MAX);
	warm_up(w);
	rc = hasher_new(&w->sum, HASH_SET(DIGEST_SHA256));
	for (size_t i = 0; rc == 0 && i < ARRAY_LEN(w->item); i++)
		rc = hasher_new(&w->item[i].hasher, w->opts.set);
	if (rc < 0)
		prepared_free(w);
	else
		*ret_w = w;
	return rc;
}

/* The LAST parcel is kept here; everything else goes to the caller's sink. */
static int take_last(void *ctx, const struct parcel_last *e)
{
	struct unpack_run *r = ctx;

	r->how = e->how;
	r->deb = e->deb;
	r->kind = e->kind;
	snprintf(r->format, sizeof(r->format), "%s", e->format);
	snprintf(r->why, sizeof(r->why), "%s", e->why);
	return 0;
}

static int pass_begin(void *ctx, const struct parcel_begin *e)
{
	struct unpack_run *r = ctx;
	return r->sink->begin ? r->sink->begin(r->ctx, e) : -EBADMSG;
}

static int pass_data(void *ctx, struct span bytes)
{
	struct unpack_run *r = ctx;
	return r->content ? r->sink->data(r->ctx, bytes) : -EBADMSG;
}

static int pass_end(void *ctx, const struct parcel_end *e)
{
	struct unpack_run *r = ctx;
	return r->sink->end ? r->sink->end(r->ctx, e) : -EBADMSG;
}

static int pass_note(void *ctx, const struct unpack_note *n)
{
	struct unpack_run *r = ctx;
	return r->sink->note ? r->sink->note(r->ctx, n) : -EBADMSG;
}

static const struct parcel_sink pass = { pass_begin, pass_data, pass_end, pass_note, take_last };

static int on_output(void *ctx, struct span bytes)
{
	return parcel_read(ctx, bytes);
}

static int judge_last(const struct unpack_run *r, struct fault *f)
{
	struct span label = span_str(r->label), why = span_str(r->why);

	switch (r->how) {
	case UNPACK_DONE:
		return 0;
	case UNPACK_NOT_ARCHIVE:
		return fault_set(f, UNPACK_NOT_ARCHIVE, "%s: %s", QUOTE(label), QUOTE(why));
	case UNPACK_REFUSED:
		return fault_set(f, UNPACK_REFUSED, "%s: refused: %s", QUOTE(label), QUOTE(why));
	case UNPACK_CLOSED:
		return fault_set(f, UNPACK_CLOSED, "%s: closed: %s", QUOTE(label), QUOTE(why));
	default:
		return fault_set(f, UNPACK_DAMAGED, "%s: damaged: %s", QUOTE(label), QUOTE(why));
	}
}

static int judge(
    const struct unpack_run *r, const struct parcel_reader *reader, int rc, struct fault *f)
{
	struct span label = span_str(r->label);

	switch (rc) {
	case SANDBOX_DONE:
		if (parcel_complete(reader))
			return judge_last(r, f);
		return fault_set(f, UNPACK_DAMAGED, "%s: the sandboxed worker stopped in mid-sentence",
		    QUOTE(label));
	case SANDBOX_UNAVAILABLE:
		return fault_wrap(f, UNPACK_NO_SANDBOX, "%s", QUOTE(label));
	case SANDBOX_TIMEOUT:
	case SANDBOX_CPU:
	case SANDBOX_MEMORY:
		return fault_wrap(f, UNPACK_REFUSED, "%s: refused", QUOTE(label));
	case -EBADMSG:
		return fault_set(f, UNPACK_REFUSED,
		    "%s: refused: the sandboxed worker sent what no worker sends; the file may be an "
		    "attack on the parser",
		    QUOTE(label));
	case -EPROTO:
		return fault_wrap(f, UNPACK_REFUSED, "%s: refused", QUOTE(label));
	}
	return rc > 0 ? fault_wrap(f, UNPACK_DAMAGED, "%s", QUOTE(label)) : rc;
}

static int explain_memory(const struct unpack_work *w, struct fault *f)
{
	char why[64] = "";

	if (w->dictionary > w->opts.memory / 4)
		snprintf(why, sizeof(why), " (it names a dictionary of %llu MiB)",
		    (unsigned long long)w->dictionary >> 20);
	return fault_set(f, SANDBOX_MEMORY, "it takes more than the %llu MiB of memory allowed%s",
	    (unsigned long long)w->opts.memory >> 20, why);
}

/* Address space: a large dictionary takes its own, most of which may stay unused. */
static uint64_t address_space(struct unpack_work *w)
{
	bool large = w->dictionary > DICTIONARY_USUAL && w->dictionary <= UNPACK_DICTIONARY_MAX;
	uint64_t own = large ? w->dictionary : 0;

	if (!large && w->dictionary <= DICTIONARY_USUAL)
		w->dictionary = 0;
	return w->opts.memory + own;
}

static int run_worker(const struct unpack_run *r, struct parcel_reader *reader, struct fault *f)
{
	struct unpack_work *w;
	struct sandbox_end end;

	int rc = prepare(&w, r, f);
	if (rc < 0)
		return rc;
	struct sandbox_opts so = {
		.fds = &r->fd,
		.nfds = 1,
		.timeout = w->opts.timeout,
		.memory = address_space(w),
		.without =
		    w->opts.no_sandbox ? SANDBOX_WITHOUT_LANDLOCK | SANDBOX_WITHOUT_SECCOMP : 0,
	};
	rc = sandbox_run(&so, r->worker, w, on_output, reader, &end, f);
	if (rc == SANDBOX_MEMORY)
		rc = explain_memory(w, f);
	prepared_free(w);
	return judge(r, reader, rc, f);
}

/* What a worker is to have said, without one. */
static int run_said(const struct unpack_run *r, struct parcel_reader *reader, struct fault *f)
{
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < r->said.n; i += r->piece)
		rc = on_output(reader, span_cut(r->said, i, r->piece));
	return judge(r, reader, rc, f);
}

int unpack_run(struct unpack_run *r, struct fault *f)
{
	struct parcel_reader *reader = calloc(1, sizeof(*reader));

	if (!reader)
		return -ENOMEM;
	reader->sink = &pass;
	reader->ctx = r;
	int rc = r->worker ? run_worker(r, reader, f) : run_said(r, reader, f);
	free(reader);
	return rc;
}
