/* SPDX-License-Identifier: Apache-2.0 */

/* format: what the first and last bytes say, and that shorter ones say nothing wrong. */

#include "tap.h"
#include "anatomy/format.h"
#include "base/buf.h"
#include "bytes.h"
#include "pe_make.h"

#include <stdlib.h>

static const struct {
	const char *name, *hex;
	enum format format;
} table[] = {
	{ "elf", "7f454c46 020101", FORMAT_ELF },
	{ "cfb", "d0cf11e0a1b11ae1 00", FORMAT_CFB },
	{ "cab", "4d534346 00000000 10", FORMAT_CAB },
	{ "zip", "504b0304 14", FORMAT_ZIP },
	{ "empty zip", "504b0506 0000000000000000 00000000 00000000 0000", FORMAT_ZIP },
	{ "split zip", "504b0708504b0304 14", FORMAT_ZIP },
	{ "deb", "213c617263683e0a 64656269616e2d62696e617279", FORMAT_DEB },
	{ "ar", "213c617263683e0a 2f202020", FORMAT_AR },
	{ "rpm", "edabeedb 03", FORMAT_RPM },
	{ "7z", "377abcaf271c 00", FORMAT_7Z },
	{ "gzip", "1f8b08 00", FORMAT_GZIP },
	{ "bzip2", "425a6839 314159265359", FORMAT_BZIP2 },
	{ "empty bzip2", "425a6831 177245385090", FORMAT_BZIP2 },
	{ "no bzip2 without a block", "425a6839 00000000", FORMAT_DATA },
	{ "no bzip2 of level 0", "425a6830 314159265359", FORMAT_DATA },
	{ "xz", "fd377a585a00 00", FORMAT_XZ },
	{ "zstd", "28b52ffd 00", FORMAT_ZSTD },
	{ "lz4", "04224d18 00", FORMAT_LZ4 },
	{ "lzma", "5d 00008000 ffffffffffffffff 00", FORMAT_LZMA },
	{ "lzma of a known size", "5d 00000c00 0000010000000000 00", FORMAT_LZMA },
	{ "no lzma with an odd dictionary", "5d 01008000 ffffffffffffffff 00", FORMAT_DATA },
	{ "no lzma of an absurd size", "5d 00008000 fffffffffffffff0 00", FORMAT_DATA },
	{ "macho 64", "cffaedfe 07000001", FORMAT_MACHO },
	{ "macho 32 big endian", "feedface 00000012", FORMAT_MACHO },
	{ "fat macho", "cafebabe 00000002", FORMAT_MACHO },
	{ "a Java class is none", "cafebabe 00000034", FORMAT_DATA },
	{ "fat of nothing is none", "cafebabe 00000000", FORMAT_DATA },
	{ "asar", "04000000 10000000 0c000000 05000000 7b22666971", FORMAT_ASAR },
	{ "no asar with sizes that do not fit", "04000000 10000000 0d000000 05000000 7b", FORMAT_DATA },
	{ "MZ alone", "4d5a0000", FORMAT_DATA },
	{ "text", "68656c6c6f", FORMAT_DATA },
};

static enum format of(struct span head, struct span tail)
{
	return format_of(head, tail, head.n);
}

static void test_table(void)
{
	for (size_t i = 0; i < ARRAY_LEN(table); i++) {
		AUTO_BUF struct buf b = BUF_INIT(4096);
		put_hex(&b, table[i].hex);
		is_int(of(buf_span(&b), SPAN_NONE), table[i].format, "%s", table[i].name);
	}
}

/* Every prefix in memory of its own: data, or the format itself, never another. */
static void test_prefixes(void)
{
	bool fine = true;

	for (size_t i = 0; i < ARRAY_LEN(table); i++) {
		AUTO_BUF struct buf b = BUF_INIT(4096);
		put_hex(&b, table[i].hex);
		for (size_t n = 0; n < b.n; n++) {
			uint8_t *p = exact_copy(span_of(b.p, n));
			enum format f = of(span_of(p, n), span_of(p, n));
			/* "ar" is what a deb begins with */
			fine &= f == FORMAT_DATA || f == table[i].format ||
			    (f == FORMAT_AR && table[i].format == FORMAT_DEB) ||
			    (f == FORMAT_DATA && table[i].format == FORMAT_ZIP);
			free(p);
		}
	}
	ok(fine, "prefixes are data or what they are a prefix of");
}

static void put_tar(uint8_t h[static 512], const char *name)
{
	unsigned sum = 0;

	memset(h, 0, 512);
	memcpy(h, name, strlen(name));
	memset(h + 148, ' ', 8);
	for (size_t i = 0; i < 512; i++)
		sum += h[i];
	snprintf((char *)h + 148, 8, "%06o", sum);
	h[155] = ' ';
}

static void test_tar(void)
{
	uint8_t h[512];

	put_tar(h, "a.txt");
	is_int(of(span_of(h, 512), SPAN_NONE), FORMAT_TAR, "an old tar, by its checksum");
	is_int(of(span_of(h, 511), SPAN_NONE), FORMAT_DATA, "not when it is cut");
	h[1] ^= 1;
	is_int(of(span_of(h, 512), SPAN_NONE), FORMAT_DATA, "not when a bit of it is wrong");
	put_tar(h, "\xe4.txt");
	is_int(of(span_of(h, 512), SPAN_NONE), FORMAT_TAR, "bytes over 127 in the sum");
	snprintf((char *)h + 148, 8, "%06o", (unsigned)strtoul((char *)h + 148, NULL, 8) - 256);
	h[155] = ' ';
	is_int(of(span_of(h, 512), SPAN_NONE), FORMAT_TAR, "as signed ones");
}

/* More slices than a Java class's version can be small. */
static void test_slices(void)
{
	for (int wide = 0; wide < 2; wide++) {
		size_t entry = wide ? 32 : 20, last = 8 + 51 * entry;
		uint8_t h[8 + 52 * 32] = { 0xca, 0xfe, 0xba, (uint8_t)(0xbe + wide), 0, 0, 0, 52 };
		is_int(format_of(span_of(h, sizeof(h)), SPAN_NONE, 1 << 20), wide ? FORMAT_MACHO : FORMAT_DATA,
		    "no slice in it");
		h[last] = 1;
		h[last + 3] = 12;
		h[last + (wide ? 14 : 10)] = 0x10; /* offset 4096 */
		h[last + (wide ? 22 : 14)] = 0x10;
		is_int(format_of(span_of(h, sizeof(h)), SPAN_NONE, 1 << 20), FORMAT_MACHO,
		    "the last of 52 slices is arm64");
		is_int(format_of(span_of(h, sizeof(h)), SPAN_NONE, 8191), wide ? FORMAT_MACHO : FORMAT_DATA,
		    "not when it is not in the file");
		h[6] = 1;
		is_int(format_of(span_of(h, sizeof(h)), SPAN_NONE, 1 << 20), FORMAT_MACHO,
		    "more slices than Java has versions");
		h[4] = 0xff;
		is_int(format_of(span_of(h, sizeof(h)), SPAN_NONE, 1 << 20), FORMAT_DATA,
		    "more than fit into a page");
	}
}

static void test_cpio(void)
{
	char h[128];

	memset(h, '0', sizeof(h));
	memcpy(h, "070701", 6);
	is_int(of(span_of(h, 110), SPAN_NONE), FORMAT_CPIO, "newc");
	h[20] = 'g';
	is_int(of(span_of(h, 110), SPAN_NONE), FORMAT_DATA, "not with what is no hex digit");
	memset(h, '0', sizeof(h));
	memcpy(h, "070707", 6);
	is_int(of(span_of(h, 76), SPAN_NONE), FORMAT_CPIO, "odc");
	h[20] = '8';
	is_int(of(span_of(h, 76), SPAN_NONE), FORMAT_DATA, "not with what is no octal digit");
}

static void test_pe(void)
{
	struct pe_make m = pe_make(1, 0, NULL, 0, 0);

	is_int(of(span_of(m.p, m.n), SPAN_NONE), FORMAT_PE, "a PE file");
	put32(m.p + 0x3c, 0x10000);
	is_int(of(span_of(m.p, m.n), SPAN_NONE), FORMAT_DATA, "not with a header beyond its end");
	is_int(format_of(span_of(m.p, m.n), SPAN_NONE, 1 << 20), FORMAT_PE,
	    "a header beyond the head that is at hand: for the reader to decide");
	free(m.p);
}

static void test_tails(void)
{
	static const uint8_t junk[64] = "#!/bin/sh";
	uint8_t tail[512] = { 0 };
	AUTO_BUF struct buf end = BUF_INIT(4096);

	memcpy(tail, "koly\0\0\0\4\0\0\2\0", 12);
	is_int(format_of(span_of(junk, 64), span_of(tail, 512), 5000), FORMAT_DMG, "a DMG, by its trailer");
	is_int(format_of(span_of(junk, 64), span_of(tail, 511), 5000), FORMAT_DATA, "not by half of it");
	put_hex(&end, "00000000 504b0506 00000000 0100 0100 2e000000 20000000 0300 414243");
	is_int(format_of(span_of(junk, 64), buf_span(&end), 5000), FORMAT_ZIP,
	    "a zip behind a script, by its end record");
	ok(format_also_zip(buf_span(&end)), "format_also_zip says so");
	end.n--;
	ok(!format_also_zip(buf_span(&end)), "not when the comment is cut");
	ok(!format_also_zip(SPAN_NONE), "nothing is no zip");
}

static void test_names(void)
{
	bool fine = true;

	for (unsigned i = 0; i < FORMATS; i++)
		for (unsigned j = 0; j < i; j++)
			fine &= strcmp(format_name((enum format)i), format_name((enum format)j)) != 0;
	ok(fine, "every format has a name of its own");
	is_str(format_name((enum format)9999), "data", "what is none is data");
	ok(format_is_container(FORMAT_GZIP) && format_is_container(FORMAT_DEB) &&
	        !format_is_container(FORMAT_AR) && !format_is_container(FORMAT_PE),
	    "containers");
}

int main(void)
{
	test_table();
	test_prefixes();
	test_tar();
	test_slices();
	test_cpio();
	test_pe();
	test_tails();
	test_names();
	return tap_done();
}
