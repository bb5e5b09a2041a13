/* SPDX-License-Identifier: Apache-2.0 */

/*
 * gzip: the bytes as a gzip'd file, read in one piece and in small ones, with each library that is
 * installed: in pieces it is the same; what zlib takes ISA-L takes, as the same bytes.
 */

#include "unpack/gzip.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define OUT_MAX (4u << 20)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct memory {
	struct span left;
	size_t piece;
};

struct result {
	int rc;
	uint64_t n, used, hash;
};

static void check(int good)
{
	if (!good)
		abort();
}

static int from_memory(void *ctx, uint8_t *p, size_t n, size_t *ret_n)
{
	struct memory *m = ctx;

	n = n < m->piece ? n : m->piece;
	struct span s = span_cut(m->left, 0, n);
	if (s.n)
		memcpy(p, s.p, s.n);
	m->left = span_from(m->left, s.n);
	*ret_n = s.n;
	return 0;
}

static struct result take(struct span bytes, enum inflate_by by, size_t piece)
{
	struct memory m = { bytes, piece };
	struct gzip g = { .read = from_memory, .ctx = &m, .by = by };
	struct span s = SPAN_NONE;
	struct result r = { .rc = gzip_open(&g) };

	while (r.rc == 0 && !g.ended && r.n < OUT_MAX) {
		r.rc = gzip_next(&g, &s);
		if (r.rc)
			break;
		check(s.n || g.ended);
		r.n += s.n;
		r.hash = inflate_crc32((uint32_t)r.hash, s);
	}
	r.used = g.used;
	check(r.rc != -EBADMSG || g.why);
	check(r.used <= bytes.n);
	gzip_close(&g);
	return r;
}

static int same(struct result a, struct result b)
{
	return a.rc == b.rc && (a.rc || (a.n == b.n && a.used == b.used && a.hash == b.hash));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span s = span_of(data, size);

	inflate_lib_load();
	struct result z = take(s, INFLATE_BY_ZLIB, SIZE_MAX), i = take(s, INFLATE_BY_ISAL, SIZE_MAX);
	if (z.n < OUT_MAX)
		check(same(z, take(s, INFLATE_BY_ZLIB, 3)));
	if (i.rc == -ENOTSUP || z.n >= OUT_MAX || i.n >= OUT_MAX)
		return 0;
	check(same(i, take(s, INFLATE_BY_ISAL, 3)));
	check(z.rc || same(z, i)); /* inflate_lib.h says what ISA-L takes beyond that */
	return 0;
}
