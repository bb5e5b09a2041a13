/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Raw deflate and gzip, ISA-L against zlib: many streams of all kinds, whole, cut, damaged and with
 * bytes behind them, in pieces of all sizes: both take or refuse each, give the same bytes, and see
 * the same end. gzip, which is taken member by member here, against zlib's own.
 */

#include "tap.h"
#include "unpack/gzip.h"

#include "base/dlib.h"

#include <errno.h>
#include <zlib.h>

#define PLAIN_MAX (192u << 10)
#define PACKED_MAX (256u << 10)
#define OUT_MAX (512u << 10)

static struct {
	__typeof__(deflateInit2_) *init;
	__typeof__(deflate) *run;
	__typeof__(deflateEnd) *end;
	__typeof__(inflateInit2_) *in_init;
	__typeof__(inflate) *in_run;
	__typeof__(inflateEnd) *in_end;
} lib;

static uint64_t seed = 88172645463325252u;

static uint32_t any(uint32_t below)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return below ? (uint32_t)(seed >> 32) % below : 0;
}

/* --- making streams --------------------------------------------------------------------------- */

static uint8_t plain[PLAIN_MAX], packed[PACKED_MAX];

static size_t make_plain(size_t most)
{
	size_t n = any((uint32_t)most + 1);
	uint32_t kind = any(5), letters = 1 + any(40);

	for (size_t i = 0; i < n; i++) {
		plain[i] = (uint8_t)(kind == 0 ? any(256) : 'A' + any(letters));
		size_t far = kind == 2 ? 1 + any(32768) : 1 + any(9), run = any(300);
		if (kind > 1 && i >= far && any(4) == 0)
			for (; run && i + 1 < n; run--, i++)
				plain[i + 1] = plain[i + 1 - far];
	}
	return n;
}

/* wbits as zlib has it: -15 raw, 31 gzip. */
static size_t pack(size_t n, int wbits, uint8_t *to, size_t room)
{
	z_stream s = { .next_in = plain, .next_out = to, .avail_out = (uInt)room };
	size_t left = n;
	int rc;

	if (lib.init(&s, (int)any(10), Z_DEFLATED, wbits, 1 + (int)any(9), (int)any(5), ZLIB_VERSION,
	        (int)sizeof(s)) != Z_OK)
		abort();
	do {
		size_t part = any(3) ? left : any((uint32_t)left + 1);
		s.avail_in = (uInt)part;
		rc = lib.run(&s, part == left ? Z_FINISH : (int)any(5) % 4);
		left -= part - s.avail_in;
	} while (rc == Z_OK);
	lib.end(&s);
	return room - s.avail_out;
}

/* Damages what is packed; its new length. */
static size_t mutate(uint8_t *p, size_t n)
{
	size_t head = n < 120 ? n : 120;

	switch (any(8)) {
	case 0:
		return any((uint32_t)n + 1);
	case 1:
		for (uint32_t k = any(20); k; k--)
			p[n++] = (uint8_t)any(256);
		return n;
	case 2:
	case 3:
		p[any((uint32_t)n)] ^= (uint8_t)(1u << any(8));
		return n;
	case 4:
	case 5:
		p[any((uint32_t)head)] ^= (uint8_t)(1u << any(8));
		return n;
	case 6:
		for (uint32_t k = 1 + any(4); k; k--)
			p[any((uint32_t)n)] = (uint8_t)any(256);
		return n;
	default:
		return n;
	}
}

/* --- reading them ---------------------------------------------------------------------------- */

struct result {
	bool took;
	size_t n, used;
	uint8_t out[OUT_MAX];
	char why[64];
};
static struct result one, two;

/* As zip_read does: the bytes in front of each piece stay there. */
static void run_raw(struct result *r, enum inflate_by by, size_t n, size_t in_piece, size_t out_piece)
{
	static uint8_t copy[INFLATE_BACK + PACKED_MAX + 64];
	struct inflate_stream s = { 0 };
	struct span in = span_of(copy + INFLATE_BACK, 0);
	size_t given = 0, got = 0;
	int rc = inflate_start(&s, by);

	memcpy(copy + INFLATE_BACK, packed, n);
	r->n = 0;
	r->why[0] = 0;
	while (rc == 0 && !s.ended) {
		size_t before = in.n;
		if (!in.n && given < n) {
			before = n - given < in_piece ? n - given : in_piece;
			in = span_of(copy + INFLATE_BACK + given, before);
			given += before;
		}
		size_t room = OUT_MAX - r->n < out_piece ? OUT_MAX - r->n : out_piece;
		rc = inflate_more(&s, &in, r->out + r->n, room, &got);
		r->n += got;
		if (rc == 0 && !got && !before && !s.ended)
			break;
	}
	if (rc && by == INFLATE_BY_ZLIB && ((z_stream *)s.z)->msg)
		snprintf(r->why, sizeof(r->why), "%s", ((z_stream *)s.z)->msg);
	r->took = rc == 0 && s.ended;
	r->used = given - in.n;
	inflate_stop(&s);
}

/* A set of codes that leaves some unused: zlib alone refuses it before one of them comes up. */
static bool is_incomplete(const struct result *zlib)
{
	return strcmp(zlib->why, "invalid literal/lengths set") == 0 ||
	    strcmp(zlib->why, "invalid distances set") == 0 ||
	    strcmp(zlib->why, "invalid code lengths set") == 0;
}

static bool is_same(const struct result *zlib, const struct result *other)
{
	size_t n = zlib->n < other->n ? zlib->n : other->n;

	if (memcmp(zlib->out, other->out, n) != 0)
		return false;
	if (zlib->took && other->took)
		return zlib->n == other->n && zlib->used == other->used;
	return zlib->took == other->took || (!zlib->took && is_incomplete(zlib));
}

static size_t piece(void)
{
	return any(3) == 0 ? 1 + any(9) : any(2) ? 1 + any(4000) : PACKED_MAX;
}

static void raw_case(size_t most, unsigned *bad, unsigned *took, unsigned *odd)
{
	size_t n = any(50) ? pack(make_plain(most), -15, packed, PACKED_MAX - 64) : 1 + any(200);

	if (n <= 200 && any(20) == 0)
		for (size_t i = 0; i < n; i++)
			packed[i] = (uint8_t)any(256);
	for (unsigned k = 0; n && k < 3; k++) {
		n = mutate(packed, n);
		run_raw(&one, INFLATE_BY_ZLIB, n, piece(), piece());
		run_raw(&two, INFLATE_BY_ISAL, n, piece(), piece());
		*took += one.took;
		*odd += one.took != two.took;
		if (is_same(&one, &two))
			continue;
		diag("n %zu: zlib %d %zu used %zu (%s), ISA-L %d %zu used %zu", n, one.took, one.n,
		    one.used, one.why, two.took, two.n, two.used);
		++*bad;
	}
}

static void test_raw(void)
{
	unsigned bad = 0, took = 0, odd = 0;

	for (unsigned i = 0; i < 6000; i++)
		raw_case(i % 100 ? 1500 : PLAIN_MAX, &bad, &took, &odd);
	is_int(bad, 0, "raw deflate: what zlib takes and refuses ISA-L takes and refuses");
	ok(took > 4000 && took < 16000, "both happen (taken: %u)", took);
	ok(odd < 200, "incomplete sets of codes are few (%u)", odd);
}

/* --- by hand: what a fuzzer would not find soon ------------------------------------------------ */

static uint64_t bits;
static unsigned nbits;
static size_t npacked;

static void put(uint32_t v, unsigned n)
{
	bits |= (uint64_t)v << nbits;
	for (nbits += n; nbits >= 8; nbits -= 8, bits >>= 8)
		packed[npacked++] = (uint8_t)bits;
}

/* A Huffman code starts with its highest bit. */
static void put_code(uint32_t v, unsigned n)
{
	while (n--)
		put(v >> n & 1, 1);
}

static void fixed_start(void)
{
	bits = nbits = 0;
	npacked = 0;
	put(1, 1);
	put(1, 2);
}

static void fixed_case(const char *what, bool want)
{
	put_code(0, 7);
	put(0, (8 - nbits) & 7);
	for (size_t by = 1; by < 20; by += 6) {
		run_raw(&one, INFLATE_BY_ZLIB, npacked, by, 1000);
		run_raw(&two, INFLATE_BY_ISAL, npacked, 20 - by, 100);
		ok(one.took == want && two.took == want && is_same(&one, &two), "%s, pieces of %zu",
		    what, by);
	}
}

static void literals(unsigned n)
{
	while (n--)
		put_code(0x30 + 'a', 8);
}

/* length 3, then this distance symbol with extra bits */
static void match(uint32_t symbol, uint32_t extra, unsigned n)
{
	put_code(1, 7);
	put_code(symbol, 5);
	put(extra, n);
}

static void test_fixed(void)
{
	for (unsigned n = 0; n < 6; n++) {
		fixed_start();
		literals(n);
		match(3, 0, 0);
		fixed_case("distance 4", n >= 4);
	}
	fixed_start();
	literals(32766);
	match(29, 8191, 13);
	fixed_case("distance 32768 behind 32766 bytes", false);
	fixed_start();
	literals(32768);
	match(29, 8191, 13);
	fixed_case("distance 32768 behind as many bytes", true);
	for (uint32_t symbol = 30; symbol < 32; symbol++) {
		fixed_start();
		literals(9);
		match(symbol, 0, 0);
		fixed_case("a distance symbol that there is not", false);
	}
	for (uint32_t symbol = 198; symbol < 200; symbol++) {
		fixed_start();
		literals(9);
		put_code(symbol, 8);
		put_code(0, 5);
		fixed_case("a length symbol that there is not", false);
	}
	fixed_start();
	npacked = 0;
	bits = nbits = 0;
	put(7, 3);
	fixed_case("block type 3", false);
}

/* --- gzip -------------------------------------------------------------------------------------- */

struct memory {
	size_t n, at, piece;
};

static int from_memory(void *ctx, uint8_t *p, size_t n, size_t *ret_n)
{
	struct memory *m = ctx;

	n = n < m->piece ? n : m->piece;
	n = n < m->n - m->at ? n : m->n - m->at;
	memcpy(p, packed + m->at, n);
	m->at += n;
	*ret_n = n;
	return 0;
}

static void run_gzip(struct result *r, enum inflate_by by, size_t n)
{
	struct memory m = { .n = n, .piece = piece() };
	struct gzip g = { .read = from_memory, .ctx = &m, .by = by };
	struct span s = SPAN_NONE;
	int rc = gzip_open(&g);

	r->n = 0;
	r->why[0] = 0;
	while (rc == 0 && !g.ended) {
		rc = gzip_next(&g, &s);
		if (rc == 0 && s.n)
			memcpy(r->out + r->n, s.p, s.n);
		r->n += rc == 0 ? s.n : 0;
	}
	r->took = rc == 0;
	r->used = (size_t)g.used;
	if (g.z.z && by == INFLATE_BY_ZLIB && ((z_stream *)g.z.z)->msg)
		snprintf(r->why, sizeof(r->why), "%s", ((z_stream *)g.z.z)->msg);
	if (rc && (!g.why || gzip_next(&g, &s) != -EBADMSG))
		abort();
	gzip_close(&g);
}

/* zlib's own reading of header and trailer. */
static void run_zlib(struct result *r, size_t n)
{
	z_stream s = { .next_out = r->out, .avail_out = OUT_MAX };

	r->n = r->used = 0;
	r->took = true;
	while (r->took && (!r->used || gzip_probe(span_of(packed + r->used, n - r->used)))) {
		s.next_in = packed + r->used;
		s.avail_in = (uInt)(n - r->used);
		if (lib.in_init(&s, 31, ZLIB_VERSION, (int)sizeof(s)) != Z_OK)
			abort();
		r->took = lib.in_run(&s, Z_FINISH) == Z_STREAM_END;
		r->used = n - s.avail_in;
		lib.in_end(&s);
	}
	r->n = OUT_MAX - s.avail_out;
}

/* Extra field, name, comment, a sum over the header: what a header may have. */
static size_t dress(uint8_t *p, size_t n)
{
	uint8_t head[64], flags = (uint8_t)any(32), *h = head + 10;

	memcpy(head, p, 10);
	head[3] = flags;
	if (flags & 4) {
		*h++ = 3;
		*h++ = 0;
		memcpy(h, "abc", 3);
		h += 3;
	}
	for (unsigned k = 8; k <= 16; k *= 2)
		if (flags & k) {
			memcpy(h, "name", 5);
			h += 5;
		}
	if (flags & 2) {
		uint32_t crc = inflate_crc32(0, span_of(head, (size_t)(h - head)));
		*h++ = (uint8_t)crc;
		*h++ = (uint8_t)(crc >> 8);
	}
	memmove(p + (h - head), p + 10, n - 10);
	memcpy(p, head, (size_t)(h - head));
	return n - 10 + (size_t)(h - head);
}

static void gzip_case(size_t most, unsigned *bad, unsigned *took)
{
	size_t n = 0;

	for (unsigned k = any(4) + 1; k; k--) {
		size_t got = pack(make_plain(most), 31, packed + n, PACKED_MAX - 256 - n);
		n += dress(packed + n, got);
	}
	for (unsigned k = 0; n && k < 3; k++) {
		n = mutate(packed, n);
		run_zlib(&one, n);
		run_gzip(&two, INFLATE_BY_ZLIB, n);
		bool good = one.took == two.took && (!one.took || is_same(&one, &two));
		if (!good)
			diag("n %zu: zlib %d %zu used %zu, gzip %d %zu used %zu", n, one.took, one.n,
			    one.used, two.took, two.n, two.used);
		*bad += !good;
		*took += one.took;
		run_gzip(&one, INFLATE_BY_ISAL, n);
		good = is_same(&two, &one);
		if (!good)
			diag("n %zu: gzip by zlib %d %zu used %zu, by ISA-L %d %zu used %zu", n,
			    two.took, two.n, two.used, one.took, one.n, one.used);
		*bad += !good;
	}
}

static void test_gzip(bool isal)
{
	unsigned bad = 0, took = 0;

	if (!isal)
		tap_skip("gzip by ISA-L", "no libisal2");
	for (unsigned i = 0; isal && i < 3000; i++)
		gzip_case(i % 100 ? 800 : PLAIN_MAX / 4, &bad, &took);
	if (isal) {
		is_int(bad, 0, "gzip: as zlib reads it, with both libraries");
		ok(took > 1000 && took < 6000, "both happen (taken: %u)", took);
	}
	size_t n = pack(make_plain(900), 31, packed, PACKED_MAX);
	run_gzip(&one, INFLATE_BY_FASTEST, n);
	ok(one.took && one.used == n, "what gzip wrote is taken");
	for (size_t bit = 0; bit < 64; bit++) {
		packed[n - 8 + bit / 8] ^= (uint8_t)(1u << bit % 8);
		run_gzip(&two, INFLATE_BY_FASTEST, n);
		if (two.took)
			bad++;
		packed[n - 8 + bit / 8] ^= (uint8_t)(1u << bit % 8);
	}
	is_int(bad, 0, "no bit of the trailer is free");
	for (size_t cut = 0; cut < n; cut++) {
		run_gzip(&two, INFLATE_BY_FASTEST, cut);
		bad += two.took;
	}
	is_int(bad, 0, "no prefix is taken");
}

int main(void)
{
	const struct dlib_symbol want[] = { { "deflateInit2_", &lib.init }, { "deflate", &lib.run },
		{ "deflateEnd", &lib.end }, { "inflateInit2_", &lib.in_init },
		{ "inflate", &lib.in_run }, { "inflateEnd", &lib.in_end } };
	struct inflate_stream s = { 0 };
	struct fault f = FAULT_INIT;

	if (dlib_load("libz.so.1", "zlib1g", want, ARRAY_LEN(want), &f) < 0)
		tap_skip_all("no zlib");
	inflate_lib_load();
	bool isal = inflate_start(&s, INFLATE_BY_ISAL) == 0;
	inflate_stop(&s);
	if (isal) {
		test_raw();
		test_fixed();
	} else {
		tap_skip("ISA-L against zlib", "no libisal2");
	}
	test_gzip(isal);
	return tap_done();
}
