/* SPDX-License-Identifier: Apache-2.0 */

#include "unpack/gzip.h"

#include "base/cur.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define BLOCK (128u << 10)
#define OUT (512u << 10)
#define DATA (2 * INFLATE_BACK) /* of the block: where it starts */
#define TRAILER 8

enum { HEADER_CRC = 2, EXTRA = 4, NAME = 8, COMMENT = 16, RESERVED = 0xe0 };

bool gzip_probe(struct span head)
{
	return head.n >= GZIP_HEAD && head.p[0] == 0x1f && head.p[1] == 0x8b && head.p[2] == 8 &&
	    !(head.p[3] & RESERVED);
}

int gzip_open(struct gzip *g)
{
	g->block = calloc(1, DATA + BLOCK);
	g->out = malloc(OUT);
	return g->block && g->out ? inflate_start(&g->z, g->by) : -ENOMEM;
}

void gzip_close(struct gzip *g)
{
	inflate_stop(&g->z);
	free(g->block);
	free(g->out);
	g->block = g->out = NULL;
}

static int damaged(struct gzip *g, const char *why)
{
	g->why = why;
	return -EBADMSG;
}

/* At least `want` bytes (few) in g->in if the file has them, and INFLATE_BACK in front of it. When a
 * stream ended it may have gone back in front of DATA itself. */
static int fill(struct gzip *g, size_t want)
{
	size_t back = INFLATE_BACK + g->in.n, n = 1;
	int rc = 0;

	if (g->in.n >= want)
		return 0;
	memmove(g->block + DATA - INFLATE_BACK, g->block + DATA + g->have - back, back);
	g->have = g->in.n;
	while (rc == 0 && n && g->have < want) {
		rc = g->read(g->ctx, g->block + DATA + g->have, BLOCK - g->have, &n);
		if (rc == 0)
			g->have += n;
	}
	g->in = span_of(g->block + DATA, g->have);
	return rc;
}

static void take(struct gzip *g, size_t n)
{
	g->in = span_from(g->in, n);
	g->used += n;
}

/* --- the header ------------------------------------------------------------------------------ */

/* The next n bytes of the header, as a number when they are few. */
static int skip(struct gzip *g, size_t n, uint32_t *ret_v)
{
	*ret_v = 0;
	for (size_t i = 0; i < n; i++) {
		int rc = fill(g, 1);
		if (rc)
			return rc;
		if (!g->in.n)
			return damaged(g, "truncated gzip input");
		if (i < 4)
			*ret_v |= (uint32_t)g->in.p[0] << 8 * i;
		g->crc = inflate_crc32(g->crc, span_cut(g->in, 0, 1));
		take(g, 1);
	}
	return 0;
}

static int skip_text(struct gzip *g)
{
	uint32_t c;
	int rc;

	do
		rc = skip(g, 1, &c);
	while (rc == 0 && c);
	return rc;
}

static int skip_fields(struct gzip *g, uint8_t flags)
{
	uint32_t v, want;
	int rc = skip(g, GZIP_HEAD, &v);

	if (rc == 0 && (flags & EXTRA))
		rc = skip(g, 2, &v);
	if (rc == 0 && (flags & EXTRA))
		rc = skip(g, v, &v);
	if (rc == 0 && (flags & NAME))
		rc = skip_text(g);
	if (rc == 0 && (flags & COMMENT))
		rc = skip_text(g);
	want = g->crc & 0xffff;
	if (rc == 0 && (flags & HEADER_CRC))
		rc = skip(g, 2, &v);
	return rc == 0 && (flags & HEADER_CRC) && v != want ?
	    damaged(g, "the CRC of a gzip header is another") : rc;
}

/* A member starts, or what follows is none. */
static int begin(struct gzip *g)
{
	int rc = fill(g, GZIP_HEAD);

	if (rc)
		return rc;
	if (!gzip_probe(g->in)) {
		g->ended = true;
		return g->used ? 0 : damaged(g, "no gzip header");
	}
	g->crc = 0;
	rc = skip_fields(g, g->in.p[3]);
	if (rc == 0)
		rc = inflate_start(&g->z, g->by);
	g->inside = rc == 0;
	g->crc = g->size = 0;
	return rc;
}

/* --- content --------------------------------------------------------------------------------- */

static int end(struct gzip *g)
{
	int rc = fill(g, TRAILER);

	if (rc)
		return rc;
	if (g->in.n < TRAILER)
		return damaged(g, "truncated gzip input");
	struct cur c = cur_of(g->in);
	if (cur_le32(&c) != g->crc || cur_le32(&c) != g->size)
		return damaged(g, "the CRC or the size behind the gzip stream is another");
	take(g, TRAILER);
	g->inside = false;
	return 0;
}

static int more(struct gzip *g, struct span *ret_piece)
{
	size_t n = 0;

	int rc = fill(g, 1);
	if (rc)
		return rc;
	size_t before = g->in.n;
	if (inflate_more(&g->z, &g->in, g->out, OUT, &n) < 0)
		return damaged(g, "gzip decompression failed");
	g->used = g->used + before - g->in.n;
	if (!n && !before && !g->z.ended)
		return damaged(g, "truncated gzip input");
	*ret_piece = span_of(g->out, n);
	g->crc = inflate_crc32(g->crc, *ret_piece);
	g->size += (uint32_t)n;
	return g->z.ended ? end(g) : 0;
}

int gzip_next(struct gzip *g, struct span *ret_piece)
{
	struct span piece = SPAN_NONE;
	int rc = g->why ? -EBADMSG : 0;

	while (rc == 0 && !piece.n && !g->ended)
		rc = g->inside ? more(g, &piece) : begin(g);
	if (rc == 0)
		*ret_piece = piece;
	return rc;
}
