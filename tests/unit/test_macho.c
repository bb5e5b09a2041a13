/* SPDX-License-Identifier: Apache-2.0 */

/* wire/macho, wire/codesign, wire/ber, wire/udif: good input, every proper prefix, bad inputs. */

#include "wire/macho.h"

#include "wire/ber.h"
#include "wire/codesign.h"
#include "wire/udif.h"

#include "apple_make.h"
#include "tap.h"

static bool has_odd(const struct macho_odds *o, enum macho_odd_kind kind)
{
	for (uint32_t i = 0; i < o->n; i++)
		if (o->a[i].kind == kind)
			return true;
	return false;
}

static int read_file(struct macho_file *f, struct span s)
{
	return macho_file_read(f, span_cut(s, 0, MACHO_FAT_HEAD), s.n);
}

static void test_thin(const struct buf *b)
{
	struct span s = buf_span(b);
	struct macho_file f;
	struct macho m;

	is_int(read_file(&f, s), MACHO_OK, "a thin file");
	ok(!f.fat && f.nslices == 1 && f.slice[0].len == b->n && f.ngaps == 0, "is one slice");
	is_int(macho_read(&m, s, &f, 0), MACHO_OK, "its commands");
	ok(m.wide && !m.big && m.nsegments == 2 && m.ncmds == 3 && m.odd.n == 0, "nothing odd");
	ok(m.signature.off == APPLE_CODE && m.signature.len == APPLE_ROOM, "signature");
	ok(m.linkedit.off == APPLE_CODE, "__LINKEDIT");
	size_t taken = 0, odd = 0;
	for (size_t i = 0; i < b->n; i++) {
		struct span cut = span_cut(s, 0, i);
		if (read_file(&f, cut) != MACHO_OK)
			continue;
		int rc = macho_read(&m, cut, &f, 0);
		taken += rc == MACHO_OK;
		odd += rc == MACHO_OK && m.odd.n > 0;
	}
	ok(taken == odd, "each of %zu prefixes that are read at all is odd", taken);
}

static void test_fat(const struct buf *x, const struct buf *y)
{
	AUTO_BUF struct buf b = apple_fat(x, 0x1000007, y, 0x100000c);
	struct macho_file f;
	char arch[MACHO_ARCH_MAX];

	is_int(read_file(&f, buf_span(&b)), MACHO_OK, "a fat file");
	ok(f.fat && f.nslices == 2 && f.odd.n == 0, "two slices, nothing odd");
	is_str(macho_arch_name(f.slice[1].cpu, f.slice[1].subcpu, arch), "arm64", "the second's name");
	ok(f.ngaps == 2 && f.gap[0].off == 48, "alignment is told as gaps");
	b.p[7] = 1;
	is_int(read_file(&f, buf_span(&b)), MACHO_OK, "the second is not counted");
	ok(f.nslices == 2 && f.slice[1].hidden && has_odd(&f.odd, MACHO_ODD_SLICE_HIDDEN), "and is found");
	b.p[7] = 2;
	b.p[8 + 20 + 2] = 0x10; /* offset 4096: into the first */
	b.p[8 + 20 + 10] = 0x11;
	is_int(read_file(&f, buf_span(&b)), MACHO_OK, "slices that overlap");
	ok(has_odd(&f.odd, MACHO_ODD_SLICE_OVERLAP), "are told");
	b.p[6] = 0xff;
	ok(read_file(&f, buf_span(&b)) == MACHO_NOT && f.nslices == 0, "a Java class is none");
	b.p[6] = 0;
	b.p[7] = 20;
	is_int(read_file(&f, buf_span(&b)), MACHO_COUNT, "too many slices");
}

static void test_commands(const struct buf *good)
{
	static const struct {
		const char *name;
		size_t at;
		uint8_t value;
		int want;
	} bad[] = {
		{ "a command of 7 bytes", 36, 7, MACHO_TRUNCATED },
		{ "a command that is not aligned", 36, 73, MACHO_COMMAND },
		{ "a segment command that is too short", 36, 40, MACHO_COMMAND },
		{ "more commands than there is room for", 16, 9, MACHO_TRUNCATED },
		{ "commands beyond the end", 23, 1, MACHO_TRUNCATED },
		{ "far too many commands", 18, 1, MACHO_COUNT },
		{ "no magic", 0, 1, MACHO_NOT },
	};
	struct macho_file f;
	struct macho m;

	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		AUTO_BUF struct buf b = BUF_INIT(1u << 16);
		buf_put_span(&b, buf_span(good));
		b.p[bad[i].at] = bad[i].value;
		int rc = read_file(&f, buf_span(&b));
		if (rc == MACHO_OK)
			rc = macho_read(&m, buf_span(&b), &f, 0);
		is_int(rc, bad[i].want, "%s", bad[i].name);
	}
}

static void test_codesign(const struct buf *file)
{
	struct span room = span_from(buf_span(file), APPLE_CODE);
	struct codesign c;
	struct codesign_directory d;
	size_t taken = 0;

	is_int(codesign_read(&c, room), CODESIGN_OK, "a SuperBlob");
	ok(c.n == 3 && c.ngaps == 0 && c.rest.n > 0, "its blobs, no gaps, room behind");
	const struct codesign_blob *dir = codesign_find(&c, CODESIGN_DIRECTORY);
	is_int(codesign_directory_read(&d, dir->bytes), CODESIGN_OK, "the CodeDirectory");
	ok(span_eq_str(d.ident, "com.example.app") && d.limit == APPLE_CODE && d.page == APPLE_PAGE &&
		d.ncode == 4 && d.nspecial == 7,
	    "its fields");
	ok(codesign_special(&d, 2).n == 32 && codesign_special(&d, 8).n == 0, "its special slots");
	size_t len = c.bytes.n, dlen = dir->bytes.n;
	for (size_t i = 0; i < len; i++)
		taken += codesign_read(&c, span_cut(room, 0, i)) == CODESIGN_OK;
	is_int((int)taken, 0, "no proper prefix of a SuperBlob");
	for (size_t i = 0; i < dlen; i++)
		taken += codesign_directory_read(&d, span_cut(span_from(room, 36), 0, i)) == CODESIGN_OK;
	is_int((int)taken, 0, "no proper prefix of a CodeDirectory");
	AUTO_BUF struct buf b = BUF_INIT(1u << 16);
	buf_put_span(&b, room);
	memcpy(b.p + 20, b.p + 12, 4);
	is_int(codesign_read(&c, buf_span(&b)), CODESIGN_TWICE, "a slot twice");
	memcpy(b.p + 20, room.p + 20, 4);
	memcpy(b.p + 24, b.p + 16, 4);
	is_int(codesign_read(&c, buf_span(&b)), CODESIGN_OVERLAP, "two slots, one blob");
}

static void test_ber(void)
{
	static const uint8_t ber[] = { 0x30, 0x80, 0x02, 1, 5, 0xa0, 0x80, 0x04, 2, 1, 2, 0, 0, 0, 0 };
	static const uint8_t der[] = { 0x30, 9, 0x02, 1, 5, 0xa0, 4, 0x04, 2, 1, 2 };
	uint8_t out[BER_ROOM(64)];
	size_t n = 0, used = 0, taken = 0;

	ok(ber_is(span_of(ber, sizeof(ber))) && !ber_is(span_of(der, sizeof(der))), "which is which");
	is_int(ber_to_der(out, span_of(ber, sizeof(ber)), &n, &used), 0, "definite lengths");
	ok(span_eq(span_of(out, n), span_of(der, sizeof(der))) && used == sizeof(ber), "as they must be");
	for (size_t i = 0; i < sizeof(ber); i++)
		taken += ber_to_der(out, span_of(ber, i), &n, &used) == 0;
	is_int((int)taken, 0, "no proper prefix");
	uint8_t deep[2 * (BER_DEPTH_MAX + 2)];
	for (size_t i = 0; i < sizeof(deep); i += 2) {
		deep[i] = 0x30;
		deep[i + 1] = 0x80;
	}
	ok(ber_to_der(out, span_of(deep, sizeof(deep)), &n, &used) < 0, "nested too deep");
}

static void test_udif(void)
{
	uint8_t tail[UDIF_TRAILER] = "koly";
	static const uint8_t adc[] = { 0x82, 'a', 'b', 'c', 0x40 | 2, 0, 2, 0x04, 0 };
	struct udif u;
	uint8_t out[14];

	tail[7] = 4;
	tail[10] = 2;
	tail[39] = 100; /* data fork: 0 … 100 */
	tail[223] = 100;
	tail[231] = 50; /* property list: 100 … 150 */
	is_int(udif_read(&u, span_of(tail, sizeof(tail)), 152 + 512), UDIF_OK, "a trailer");
	ok(u.data.len == 100 && u.plist.off == 100 && u.ngaps == 1 && u.gap[0].len == 2, "its parts, and 2 bytes of nobody");
	is_int(udif_read(&u, span_of(tail, sizeof(tail)), 149 + 512), UDIF_RANGE, "beyond the end");
	tail[223] = 99;
	is_int(udif_read(&u, span_of(tail, sizeof(tail)), 152 + 512), UDIF_RANGE, "parts that overlap");
	tail[7] = 5;
	is_int(udif_read(&u, span_of(tail, sizeof(tail)), 152 + 512), UDIF_VERSION, "another version");
	is_int(udif_read(&u, span_of(tail, 511), 511), UDIF_NOT, "too short");
	ok(udif_adc(out, 13, span_of(adc, sizeof(adc))) && memcmp(out, "abcabcabccccc", 13) == 0, "ADC");
	ok(!udif_adc(out, 14, span_of(adc, sizeof(adc))), "ADC that ends early");
	ok(!udif_adc(out, 12, span_of(adc, sizeof(adc))), "ADC that goes on");
	ok(!udif_adc(out, 12, SPAN_LIT("\x40\x00\x05")), "ADC that copies from in front of its start");
}

int main(void)
{
	struct ca_cert leaf = ca_make(&(struct ca_req){ .subject = "Signer", .ext = { CA_EXT_SIGNER } });
	struct apple_req r = { .signer = &leaf }, arm = { .cpu = 0x100000c };
	AUTO_BUF struct buf x = apple_make(&r), y = apple_make(&arm);

	test_thin(&x);
	test_fat(&x, &y);
	test_commands(&x);
	test_codesign(&x);
	test_ber();
	test_udif();
	ca_free(&leaf);
	return tap_done();
}
