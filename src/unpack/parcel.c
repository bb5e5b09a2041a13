/* SPDX-License-Identifier: Apache-2.0 */

#include "unpack/parcel.h"

#include "base/cur.h"

#include <errno.h>

static void put_text(struct buf *b, const char *s, size_t max)
{
	size_t n = strnlen(s, max - 1);

	buf_put_be16(b, (uint16_t)n);
	buf_put(b, s, n);
}

static size_t open_parcel(struct buf *b, enum parcel_type type)
{
	buf_putc(b, (char)type);
	buf_put_be32(b, 0);
	return b->n;
}

/* Writes the length, known now. */
static void close_parcel(struct buf *b, size_t at)
{
	if (buf_err(b))
		return;
	uint32_t n = (uint32_t)(b->n - at);
	for (int i = 0; i < 4; i++)
		b->p[at - 4 + (size_t)i] = (uint8_t)(n >> (24 - 8 * i));
}

/* A SHA-256, or none. */
static void put_digest(struct buf *b, const struct digest *d)
{
	buf_putc(b, digest_is_set(d) ? 1 : 0);
	if (digest_is_set(d))
		buf_put(b, d->b, digest_len(DIGEST_SHA256));
}

void parcel_put_begin(struct buf *b, const struct parcel_begin *e)
{
	size_t at = open_parcel(b, PARCEL_BEGIN);

	buf_putc(b, (char)e->type);
	buf_putc(b, e->opened);
	buf_put_be32(b, e->mode);
	buf_put_be64(b, e->owner.uid);
	buf_put_be64(b, e->owner.gid);
	put_digest(b, &e->owner.attributes);
	put_text(b, e->path, UNPACK_PATH_MAX);
	put_text(b, e->target, UNPACK_PATH_MAX);
	close_parcel(b, at);
}

void parcel_put_data_head(struct buf *b, size_t n)
{
	FB_ASSERT(n && n <= PARCEL_DATA_MAX);
	buf_putc(b, PARCEL_DATA);
	buf_put_be32(b, (uint32_t)n);
}

void parcel_put_end(struct buf *b, const struct parcel_end *e)
{
	size_t at = open_parcel(b, PARCEL_END);

	buf_put_be64(b, e->size);
	buf_putc(b, (char)e->content);
	put_digest(b, &e->claim);
	for (int a = DIGEST_NONE + 1; a < DIGEST_ALGS; a++) {
		if (!digest_is_set(&e->digest[a]))
			continue;
		buf_putc(b, (char)a);
		buf_put(b, e->digest[a].b, digest_len((enum digest_alg)a));
	}
	close_parcel(b, at);
}

void parcel_put_note(struct buf *b, const struct unpack_note *n)
{
	size_t at = open_parcel(b, PARCEL_NOTE);

	buf_putc(b, (char)n->kind);
	buf_put_be64(b, n->off);
	buf_put_be64(b, n->len);
	put_digest(b, &n->digest);
	put_text(b, n->text, UNPACK_PATH_MAX);
	close_parcel(b, at);
}

void parcel_put_last(struct buf *b, const struct parcel_last *e)
{
	size_t at = open_parcel(b, PARCEL_LAST);

	buf_putc(b, (char)e->how);
	buf_putc(b, e->deb ? 1 : 0);
	buf_putc(b, (char)e->kind);
	put_text(b, e->format, PARCEL_TEXT_MAX);
	put_text(b, e->why, PARCEL_TEXT_MAX);
	close_parcel(b, at);
}

/* Text without NUL, of less than max bytes. */
static const char *get_text(struct cur *c, char *out, size_t max)
{
	size_t n = cur_be16(c);
	struct span s = n < max ? cur_take(c, n) : SPAN_NONE;

	if (s.n != n || (n && memchr(s.p, 0, n)))
		cur_fail(c, -EBADMSG);
	if (c->err)
		n = 0;
	if (n)
		memcpy(out, s.p, n);
	out[n] = 0;
	return out;
}

/* A SHA-256, or none. */
static struct digest get_digest(struct cur *c)
{
	uint8_t is = cur_u8(c);
	const uint8_t *p = is == 1 ? cur_need(c, digest_len(DIGEST_SHA256)) : NULL;

	if (is > 1)
		cur_fail(c, -EBADMSG);
	return p ? digest_of(DIGEST_SHA256, p) : (struct digest){ 0 };
}

static int read_begin(struct parcel_reader *r, struct cur c)
{
	struct parcel_begin e;

	uint8_t type = cur_u8(&c), opened = cur_u8(&c);
	e.type = (enum unpack_type)type;
	e.opened = opened;
	e.mode = cur_be32(&c);
	e.owner.uid = cur_be64(&c);
	e.owner.gid = cur_be64(&c);
	e.owner.attributes = get_digest(&c);
	e.path = get_text(&c, r->text[0], UNPACK_PATH_MAX);
	e.target = get_text(&c, r->text[1], UNPACK_PATH_MAX);
	bool link = type == UNPACK_SYMLINK || type == UNPACK_HARDLINK;
	if (c.err || cur_left(&c) || type < UNPACK_FILE || type > UNPACK_SPECIAL || e.mode > 07777 || opened > 1 ||
	    link != (e.target[0] != 0))
		return -EBADMSG;
	return r->sink->begin(r->ctx, &e);
}

/* Digests in the order of the algorithms, each once. */
static int read_end(struct parcel_reader *r, struct cur c)
{
	struct parcel_end e = { .size = cur_be64(&c) };
	uint8_t before = DIGEST_NONE, content = cur_u8(&c);

	e.claim = get_digest(&c);
	e.content = (enum unpack_content)content;
	if (c.err || content > UNPACK_LOCKED)
		return -EBADMSG;
	while (cur_left(&c)) {
		uint8_t alg = cur_u8(&c);
		const uint8_t *p = alg > before && alg < DIGEST_ALGS ?
		    cur_need(&c, digest_len((enum digest_alg)alg)) :
		    NULL;
		if (!p)
			return -EBADMSG;
		e.digest[alg] = digest_of((enum digest_alg)alg, p);
		before = alg;
	}
	return c.err ? -EBADMSG : r->sink->end(r->ctx, &e);
}

static int read_note(struct parcel_reader *r, struct cur c)
{
	uint8_t kind = cur_u8(&c);
	struct unpack_note n = { .kind = (enum unpack_note_kind)kind };

	n.off = cur_be64(&c);
	n.len = cur_be64(&c);
	n.digest = get_digest(&c);
	n.text = get_text(&c, r->text[0], UNPACK_PATH_MAX);
	if (c.err || cur_left(&c) || !kind || kind >= UNPACK_NOTE_KINDS || !r->sink->note)
		return -EBADMSG;
	return r->sink->note(r->ctx, &n);
}

static int read_last(struct parcel_reader *r, struct cur c)
{
	uint8_t how = cur_u8(&c), deb = cur_u8(&c), kind = cur_u8(&c);
	struct parcel_last e = { .how = (enum unpack_result)how, .deb = deb,
		.kind = (enum unpack_format)kind };

	e.format = get_text(&c, r->text[0], PARCEL_TEXT_MAX);
	e.why = get_text(&c, r->text[1], PARCEL_TEXT_MAX);
	if (c.err || cur_left(&c) || how > UNPACK_CLOSED || how == UNPACK_NO_SANDBOX || deb > 1 ||
	    kind >= UNPACK_FORMATS ||
	    (how == UNPACK_DONE) != (e.why[0] == 0))
		return -EBADMSG;
	r->ended = true;
	return r->sink->last(r->ctx, &e);
}

static int read_body(struct parcel_reader *r)
{
	struct cur c = cur_of(span_of(r->body, r->nbody));

	switch (r->head[0]) {
	case PARCEL_BEGIN:
		return read_begin(r, c);
	case PARCEL_END:
		return read_end(r, c);
	case PARCEL_NOTE:
		return read_note(r, c);
	case PARCEL_LAST:
		return read_last(r, c);
	}
	return -EBADMSG;
}

static int read_head(struct parcel_reader *r, struct span *bytes)
{
	while (r->nhead < PARCEL_HEAD && bytes->n) {
		r->head[r->nhead++] = bytes->p[0];
		*bytes = span_from(*bytes, 1);
	}
	if (r->nhead < PARCEL_HEAD)
		return 0;
	struct cur c = cur_of(span_of(r->head + 1, PARCEL_HEAD - 1));
	r->left = cur_be32(&c);
	r->nbody = 0;
	return !r->left || r->left > (r->head[0] == PARCEL_DATA ? PARCEL_DATA_MAX : PARCEL_BODY_MAX) ?
	    -EBADMSG :
	    0;
}

/* The rest of a parcel, as far as it is there. The content of entries is handed on as it comes. */
static int read_rest(struct parcel_reader *r, struct span *bytes)
{
	struct span part = span_cut(*bytes, 0, r->left);
	int rc = 0;

	*bytes = span_from(*bytes, part.n);
	r->left -= (uint32_t)part.n;
	if (!r->left)
		r->nhead = 0;
	if (r->head[0] == PARCEL_DATA)
		return r->sink->data(r->ctx, part);
	memcpy(r->body + r->nbody, part.p, part.n);
	r->nbody += part.n;
	if (!r->left)
		rc = read_body(r);
	return rc;
}

int parcel_read(struct parcel_reader *r, struct span bytes)
{
	int rc = 0;

	while (rc == 0 && bytes.n) {
		if (r->ended)
			return -EBADMSG;
		if (r->nhead < PARCEL_HEAD)
			rc = read_head(r, &bytes);
		if (rc == 0 && r->nhead == PARCEL_HEAD && bytes.n)
			rc = read_rest(r, &bytes);
	}
	return rc;
}

bool parcel_complete(const struct parcel_reader *r)
{
	return r->ended && r->nhead == 0;
}
