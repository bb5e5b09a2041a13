/* SPDX-License-Identifier: Apache-2.0 */

#include "unpack/inflate_lib.h"

#include "base/dlib.h"

#include <bzlib.h>
#include <errno.h>
#include <isa-l/igzip_lib.h>
#include <libdeflate.h>
#include <limits.h>
#include <lzma.h>
#include <stdlib.h>
#include <zlib.h>

#define XZ_MEMORY (24u << 20)

static struct {
	__typeof__(inflateInit_) *init;
	__typeof__(inflateInit2_) *init2;
	__typeof__(inflate) *run;
	__typeof__(inflateEnd) *end;
	__typeof__(crc32_z) *crc;
} z;
static struct {
	__typeof__(BZ2_bzBuffToBuffDecompress) *run;
} bz;
static struct {
	__typeof__(lzma_stream_buffer_decode) *run;
} xz;
static struct {
	__typeof__(libdeflate_alloc_decompressor) *alloc;
	__typeof__(libdeflate_deflate_decompress_ex) *run;
	__typeof__(libdeflate_crc32) *crc;
	struct libdeflate_decompressor *d;
} ld;

static struct {
	__typeof__(isal_inflate_init) *init;
	__typeof__(isal_inflate) *run;
} isal;

void inflate_lib_load(void)
{
	const struct dlib_symbol z_want[] = { { "inflateInit_", &z.init },
		{ "inflateInit2_", &z.init2 }, { "inflate", &z.run },
		{ "inflateEnd", &z.end }, { "crc32_z", &z.crc } };
	const struct dlib_symbol bz_want[] = { { "BZ2_bzBuffToBuffDecompress", &bz.run } };
	const struct dlib_symbol xz_want[] = { { "lzma_stream_buffer_decode", &xz.run } };
	const struct dlib_symbol ld_want[] = { { "libdeflate_alloc_decompressor", &ld.alloc },
		{ "libdeflate_deflate_decompress_ex", &ld.run }, { "libdeflate_crc32", &ld.crc } };
	const struct dlib_symbol isal_want[] = { { "isal_inflate_init", &isal.init },
		{ "isal_inflate", &isal.run } };
	struct fault f;
	int rc = 0;

	/* Which one is missing shows when it is needed. */
	if (!z.run)
		rc = dlib_load("libz.so.1", "zlib1g", z_want, ARRAY_LEN(z_want), &f);
	if (!bz.run)
		rc |= dlib_load("libbz2.so.1.0", "libbz2-1.0", bz_want, ARRAY_LEN(bz_want), &f);
	if (!xz.run)
		rc |= dlib_load("liblzma.so.5", "liblzma5", xz_want, ARRAY_LEN(xz_want), &f);
	if (!ld.run)
		rc |= dlib_load("libdeflate.so.0", "libdeflate0", ld_want, ARRAY_LEN(ld_want), &f);
	if (!isal.run)
		rc |= dlib_load("libisal.so.2", "libisal2", isal_want, ARRAY_LEN(isal_want), &f);
	(void)rc;
}

int inflate_whole(uint8_t *out, size_t n, struct span in)
{
	size_t used = 0, got = 0;

	if (!ld.run)
		return -ENOTSUP;
	if (!ld.d && !(ld.d = ld.alloc()))
		return -ENOMEM;
	return ld.run(ld.d, in.p, in.n, out, n, &used, &got) == LIBDEFLATE_SUCCESS && used == in.n &&
	        got == n ? 0 : -EBADMSG;
}

/* --- raw deflate in pieces ------------------------------------------------------------------- */

static int isal_start(struct inflate_stream *s)
{
	s->isal = true;
	s->z = calloc(1, sizeof(struct inflate_state));
	if (s->z)
		isal.init(s->z);
	return s->z ? 0 : -ENOMEM;
}

int inflate_start(struct inflate_stream *s, enum inflate_by by)
{
	if (s->z && s->isal) {
		isal.init(s->z);
		s->ended = false;
		return 0;
	}
	inflate_stop(s);
	if (by != INFLATE_BY_ZLIB && isal.run)
		return isal_start(s);
	if (by == INFLATE_BY_ISAL || !z.init2)
		return -ENOTSUP;
	z_stream *zs = calloc(1, sizeof(*zs));
	if (!zs)
		return -ENOMEM;
	if (z.init2(zs, -MAX_WBITS, ZLIB_VERSION, (int)sizeof(*zs)) != Z_OK) {
		free(zs);
		return -ENOMEM;
	}
	s->z = zs;
	return 0;
}

static int isal_more(struct inflate_stream *s, struct span *in, uint8_t *out, size_t n, size_t *ret_n)
{
	struct inflate_state *st = s->z;

	st->next_in = (uint8_t *)(uintptr_t)in->p;
	st->avail_in = (uint32_t)in->n;
	st->next_out = out;
	st->avail_out = (uint32_t)n;
	int rc = isal.run(st);
	*ret_n = n - st->avail_out;
	s->ended = st->block_state == ISAL_BLOCK_FINISH;
	/* It holds whole bytes that it did not need. */
	size_t back = s->ended ? (size_t)st->read_in_length / 8 : 0;
	*in = span_of(st->next_in - back, st->avail_in + back);
	return rc >= 0 ? 0 : -EBADMSG;
}

static int zlib_more(struct inflate_stream *s, struct span *in, uint8_t *out, size_t n, size_t *ret_n)
{
	z_stream *zs = s->z;

	zs->next_in = (z_const Bytef *)(uintptr_t)in->p;
	zs->avail_in = (uInt)in->n;
	zs->next_out = out;
	zs->avail_out = (uInt)n;
	int rc = z.run(zs, Z_NO_FLUSH);
	*in = span_from(*in, in->n - zs->avail_in);
	*ret_n = n - zs->avail_out;
	s->ended = rc == Z_STREAM_END;
	return rc == Z_OK || rc == Z_STREAM_END || rc == Z_BUF_ERROR ? 0 : -EBADMSG;
}

int inflate_more(struct inflate_stream *s, struct span *in, uint8_t *out, size_t n, size_t *ret_n)
{
	return (s->isal ? isal_more : zlib_more)(s, in, out, n, ret_n);
}

void inflate_stop(struct inflate_stream *s)
{
	if (s->z && !s->isal)
		z.end(s->z);
	free(s->z);
	*s = (struct inflate_stream){ 0 };
}

/* --- the others ------------------------------------------------------------------------------ */

int inflate_zlib(uint8_t *out, size_t n, struct span in, size_t *ret_n)
{
	z_stream s = { .next_in = (z_const Bytef *)(uintptr_t)in.p, .avail_in = (uInt)in.n,
		.next_out = out, .avail_out = (uInt)n };

	if (!z.run)
		return -ENOTSUP;
	if (in.n > UINT_MAX || n > UINT_MAX)
		return -EBADMSG;
	if (z.init(&s, ZLIB_VERSION, (int)sizeof(s)) != Z_OK)
		return -ENOMEM;
	int rc = z.run(&s, Z_FINISH);
	*ret_n = n - s.avail_out;
	z.end(&s);
	return rc == Z_STREAM_END ? 0 : rc == Z_MEM_ERROR ? -ENOMEM : -EBADMSG;
}

uint32_t inflate_crc32(uint32_t crc, struct span s)
{
	if (!s.n)
		return crc; /* both start anew with no pointer */
	if (ld.crc)
		return ld.crc(crc, s.p, s.n);
	return z.crc ? (uint32_t)z.crc(crc, s.p, s.n) : 0;
}

int inflate_bzip2(uint8_t *out, size_t n, struct span in, size_t *ret_n)
{
	unsigned got = (unsigned)n;

	if (!bz.run)
		return -ENOTSUP;
	if (in.n > UINT_MAX || n > UINT_MAX)
		return -EBADMSG;
	int rc = bz.run((char *)out, &got, (char *)(uintptr_t)in.p, (unsigned)in.n, 0, 0);
	*ret_n = got;
	return rc == BZ_OK ? 0 : rc == BZ_MEM_ERROR ? -ENOMEM : -EBADMSG;
}

int inflate_xz(uint8_t *out, size_t n, struct span in, size_t *ret_n)
{
	uint64_t memory = XZ_MEMORY;
	size_t in_at = 0, out_at = 0;

	if (!xz.run)
		return -ENOTSUP;
	lzma_ret rc = xz.run(&memory, 0, NULL, in.p, &in_at, in.n, out, &out_at, n);
	*ret_n = out_at;
	return rc == LZMA_OK ? 0 : rc == LZMA_MEM_ERROR || rc == LZMA_MEMLIMIT_ERROR ? -ENOMEM : -EBADMSG;
}
