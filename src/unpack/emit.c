/* SPDX-License-Identifier: Apache-2.0 */

/* What a back end says, on its way to the parent. */

#include "unpack/backend.h"

#include "base/file.h"

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#define FLUSH_AT (48u << 10)
#define COPY_BLOCK (64u << 10)

int unpack_stop(struct unpack_work *w, enum unpack_result how, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(w->why, sizeof(w->why), fmt, ap);
	va_end(ap);
	if (!w->why[0])
		snprintf(w->why, sizeof(w->why), "unreadable");
	return (int)how;
}

void unpack_lock(struct unpack_work *w, const char *fmt, ...)
{
	va_list ap;

	if (w->locked)
		return;
	w->locked = true;
	va_start(ap, fmt);
	vsnprintf(w->why, sizeof(w->why), fmt, ap);
	va_end(ap);
}

int unpack_count(struct unpack_work *w, uint64_t n)
{
	if (n <= w->limit - w->total) {
		w->total += n;
		return 0;
	}
	if (w->limit == w->opts.bytes)
		return unpack_stop(w, UNPACK_REFUSED, "it unpacks to more than %llu bytes",
		    (unsigned long long)w->limit);
	return unpack_stop(w, UNPACK_REFUSED,
	    "it unpacks to more than %u bytes for each of its own: a decompression bomb",
	    w->opts.ratio);
}

int unpack_flush(struct unpack_work *w, size_t at_least)
{
	int rc = buf_err(&w->out);

	if (rc == 0 && w->out.n >= at_least) {
		rc = file_write_all(SANDBOX_OUT, buf_span(&w->out));
		buf_reset(&w->out);
	}
	return rc;
}

int unpack_send(struct unpack_work *w, struct span s)
{
	int rc = 0;

	while (rc == 0 && s.n) {
		struct span part = span_cut(s, 0, PARCEL_DATA_MAX);
		parcel_put_data_head(&w->out, part.n);
		if (part.n < FLUSH_AT) {
			buf_put_span(&w->out, part);
			rc = unpack_flush(w, FLUSH_AT);
		} else {
			rc = unpack_flush(w, 0);
			if (rc == 0)
				rc = file_write_all(SANDBOX_OUT, part);
		}
		s = span_from(s, part.n);
	}
	return rc;
}

int unpack_pread(struct unpack_work *w, uint64_t off, void *p, size_t n)
{
	uint8_t *to = p;

	while (n) {
		ssize_t got = off <= INT64_MAX ? pread(SANDBOX_IN, to, n, (off_t)off) : 0;
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return -errno;
		if (got == 0)
			return unpack_stop(w, UNPACK_DAMAGED, "a record beyond the end of the file");
		to += got;
		off += (uint64_t)got;
		n -= (size_t)got;
	}
	return 0;
}

static bool has_content(enum unpack_type t)
{
	return t == UNPACK_FILE || t == UNPACK_HARDLINK;
}

int unpack_begin(struct unpack_work *w, const struct parcel_begin *b)
{
	FB_ASSERT(w->depth < w->opts.depth);
	if (++w->entries > w->opts.entries)
		return unpack_stop(w, UNPACK_REFUSED, "more than %u entries", w->opts.entries);
	struct unpack_item *i = &w->item[w->depth++];
	i->type = b->type;
	i->path = b->path;
	i->size = 0;
	i->undecided = w->content && !b->opened && has_content(b->type) && w->opts.want;
	i->send = w->content && !b->opened && !i->undecided;
	w->nhead = 0;
	parcel_put_begin(&w->out, b);
	return buf_err(&w->out);
}

/* The head is there: is the rest wanted? */
static int decide(struct unpack_work *w, struct unpack_item *i, struct span head)
{
	i->undecided = false;
	i->send = w->opts.want(w->opts.want_ctx, i->path, span_cut(head, 0, UNPACK_HEAD));
	return i->send ? unpack_send(w, head) : 0;
}

static int hand_on(struct unpack_work *w, struct unpack_item *i, struct span s)
{
	if (!i->undecided)
		return i->send ? unpack_send(w, s) : 0;
	if (!w->nhead && s.n >= UNPACK_HEAD)
		return decide(w, i, s);
	struct span part = span_cut(s, 0, UNPACK_HEAD - w->nhead);
	if (part.n)
		memcpy(w->head + w->nhead, part.p, part.n);
	w->nhead += part.n;
	if (w->nhead < UNPACK_HEAD)
		return 0;
	int rc = decide(w, i, span_of(w->head, w->nhead));
	return rc ? rc : hand_on(w, i, span_from(s, part.n));
}

int unpack_data_at(struct unpack_work *w, unsigned depth, struct span s)
{
	FB_ASSERT(depth && depth <= w->depth);
	struct unpack_item *i = &w->item[depth - 1];

	int rc = unpack_count(w, s.n);
	if (rc == 0)
		rc = hasher_update(i->hasher, s.p, s.n);
	if (rc == 0)
		rc = hand_on(w, i, s);
	i->size += s.n;
	return rc;
}

int unpack_data(struct unpack_work *w, struct span s)
{
	return unpack_data_at(w, w->depth, s);
}

int unpack_zeros(struct unpack_work *w, uint64_t n)
{
	static const uint8_t zeros[COPY_BLOCK];
	int rc = 0;

	while (rc == 0 && n) {
		size_t part = n < sizeof(zeros) ? (size_t)n : sizeof(zeros);
		rc = unpack_data(w, span_of(zeros, part));
		n -= part;
	}
	return rc;
}

int unpack_copy(struct unpack_work *w, uint64_t off, uint64_t n)
{
	static uint8_t block[COPY_BLOCK];
	int rc = 0;

	while (rc == 0 && n) {
		size_t part = n < sizeof(block) ? (size_t)n : sizeof(block);
		rc = unpack_pread(w, off, block, part);
		if (rc == 0)
			rc = unpack_data(w, span_of(block, part));
		off += part;
		n -= part;
	}
	return rc;
}

uint64_t unpack_size(const struct unpack_work *w)
{
	return w->depth ? w->item[w->depth - 1].size : 0;
}

static int end_as(struct unpack_work *w, const struct digest *want)
{
	FB_ASSERT(w->depth);
	struct unpack_item *i = &w->item[w->depth - 1];
	struct parcel_end end = { .size = i->size };

	int rc = i->undecided ? decide(w, i, span_of(w->head, w->nhead)) : 0;
	if (rc == 0)
		rc = hasher_final(i->hasher, end.digest);
	if (rc)
		return rc;
	if (want && !digest_eq(want, &end.digest[DIGEST_SHA256]))
		return unpack_stop(w, UNPACK_REFUSED,
		    "%s is not what the archive says that it is: its SHA-256 differs", i->path);
	if (i->type != UNPACK_FILE && !i->size)
		memset(end.digest, 0, sizeof(end.digest));
	w->depth--;
	parcel_put_end(&w->out, &end);
	return unpack_flush(w, FLUSH_AT);
}

int unpack_end(struct unpack_work *w)
{
	return end_as(w, NULL);
}

int unpack_end_as(struct unpack_work *w, const struct digest *want)
{
	return end_as(w, want);
}

int unpack_end_without(
    struct unpack_work *w, enum unpack_content how, uint64_t size, const struct digest *claim)
{
	FB_ASSERT(w->depth && how != UNPACK_HERE);
	struct parcel_end end = { .size = size, .content = how };

	if (claim)
		end.claim = *claim;
	w->depth--;
	parcel_put_end(&w->out, &end);
	return unpack_flush(w, FLUSH_AT);
}

static const char *loose_words(enum unpack_note_kind k)
{
	return k == UNPACK_NOTE_FRONT ? "in front of the first entry" :
	    k == UNPACK_NOTE_GAP      ? "between two entries" :
					"behind the last";
}

int unpack_note(struct unpack_work *w, const struct unpack_note *n)
{
	if (!w->opts.on_note && unpack_note_loose(n->kind))
		return unpack_stop(w, UNPACK_REFUSED, "%llu bytes at offset %llu, %s, belong to no entry",
		    (unsigned long long)n->len, (unsigned long long)n->off, loose_words(n->kind));
	parcel_put_note(&w->out, n);
	return unpack_flush(w, FLUSH_AT);
}
