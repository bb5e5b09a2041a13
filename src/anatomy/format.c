/* SPDX-License-Identifier: Apache-2.0 */

#include "anatomy/format.h"

#include "base/cur.h"
#include "wire/disk.h"
#include "wire/macho.h"

static const char *const names[FORMATS] = {
	[FORMAT_DATA] = "data",
	[FORMAT_PE] = "pe",
	[FORMAT_ELF] = "elf",
	[FORMAT_MACHO] = "macho",
	[FORMAT_CFB] = "cfb",
	[FORMAT_CAB] = "cab",
	[FORMAT_ZIP] = "zip",
	[FORMAT_ASAR] = "asar",
	[FORMAT_TAR] = "tar",
	[FORMAT_AR] = "ar",
	[FORMAT_CPIO] = "cpio",
	[FORMAT_RPM] = "rpm",
	[FORMAT_7Z] = "7z",
	[FORMAT_DMG] = "dmg",
	[FORMAT_GZIP] = "gzip",
	[FORMAT_BZIP2] = "bzip2",
	[FORMAT_XZ] = "xz",
	[FORMAT_LZMA] = "lzma",
	[FORMAT_ZSTD] = "zstd",
	[FORMAT_LZ4] = "lz4",
	[FORMAT_DEB] = "deb",
	[FORMAT_IMAGE] = "image",
};

const char *format_name(enum format f)
{
	return (unsigned)f < FORMATS ? names[f] : "data";
}

bool format_is_compressed(enum format f)
{
	return f >= FORMAT_GZIP && f <= FORMAT_LZ4;
}

bool format_is_container(enum format f)
{
	switch (f) {
	case FORMAT_CFB:
	case FORMAT_CAB:
	case FORMAT_ZIP:
	case FORMAT_ASAR:
	case FORMAT_TAR:
	case FORMAT_CPIO:
	case FORMAT_RPM:
	case FORMAT_7Z:
	case FORMAT_DMG:
	case FORMAT_DEB:
	case FORMAT_IMAGE:
		return true;
	default:
		return format_is_compressed(f);
	}
}

bool format_is_binary(enum format f)
{
	return f == FORMAT_PE || f == FORMAT_ELF || f == FORMAT_MACHO;
}

/* Magics at the start that are long enough to be believed. */
static const struct {
	enum format format;
	uint8_t n;
	const char *magic;
} magics[] = {
	{ FORMAT_ELF, 4, "\x7f" "ELF" },
	{ FORMAT_CFB, 8, "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" },
	{ FORMAT_CAB, 4, "MSCF" },
	{ FORMAT_ZIP, 4, "PK\3\4" },
	{ FORMAT_ZIP, 4, "PK\5\6" },
	{ FORMAT_ZIP, 8, "PK\7\10PK\3\4" },
	{ FORMAT_DEB, 21, "!<arch>\ndebian-binary" },
	{ FORMAT_AR, 8, "!<arch>\n" },
	{ FORMAT_RPM, 4, "\xed\xab\xee\xdb" },
	{ FORMAT_7Z, 6, "7z\xbc\xaf\x27\x1c" },
	{ FORMAT_GZIP, 3, "\x1f\x8b\x08" },
	{ FORMAT_XZ, 6, "\xfd" "7zXZ\0" },
	{ FORMAT_ZSTD, 4, "\x28\xb5\x2f\xfd" },
	{ FORMAT_LZ4, 4, "\x04\x22\x4d\x18" },
	{ FORMAT_MACHO, 4, "\xcf\xfa\xed\xfe" },
	{ FORMAT_MACHO, 4, "\xce\xfa\xed\xfe" },
	{ FORMAT_MACHO, 4, "\xfe\xed\xfa\xcf" },
	{ FORMAT_MACHO, 4, "\xfe\xed\xfa\xce" },
};

static enum format by_magic(struct span head)
{
	for (size_t i = 0; i < ARRAY_LEN(magics); i++)
		if (span_starts(head, span_of(magics[i].magic, magics[i].n)))
			return magics[i].format;
	return FORMAT_DATA;
}

/* "MZ", and "PE\0\0" where e_lfanew points; beyond the head that is for the reader to find out. */
static bool is_pe(struct span head, uint64_t size)
{
	struct cur c = cur_of(head);

	if (cur_le16(&c) != 0x5a4d || size < 64)
		return false;
	cur_seek(&c, 0x3c);
	uint32_t at = cur_le32(&c);
	if (c.err || at > size - 4)
		return false;
	if (at > head.n - 4)
		return true;
	cur_seek(&c, at);
	return cur_le32(&c) == 0x4550;
}

/* Four little-endian words of a Chromium pickle in a pickle, then the JSON of the files. */
static bool is_asar(struct span head)
{
	struct cur c = cur_of(head);
	uint32_t four = cur_le32(&c), pickle = cur_le32(&c);
	uint32_t payload = cur_le32(&c), json = cur_le32(&c);

	return !c.err && four == 4 && pickle >= 8 && payload <= pickle - 4 && json <= payload - 4 &&
	    payload >= 4 && span_starts(span_from(head, 16), SPAN_LIT("{"));
}

/* The sum of a tar header's bytes, its own field taken as blanks (POSIX ustar). Old programs took the
 * bytes for signed ones; all that read tar take either sum. */
static bool is_tar(struct span head)
{
	uint32_t sum = 0, sum_of_signed = 0, want = 0;
	size_t i;

	if (head.n < 512 || head.p[0] == 0)
		return false;
	for (i = 0; i < 512; i++) {
		uint8_t b = i >= 148 && i < 156 ? ' ' : head.p[i];
		sum += b;
		sum_of_signed += b < 128 ? b : b - 256u;
	}
	for (i = 148; i < 156 && head.p[i] == ' '; i++)
		;
	for (; i < 156 && head.p[i] >= '0' && head.p[i] <= '7'; i++)
		want = want * 8 + (head.p[i] - '0');
	return want && (want == sum || want == sum_of_signed);
}

/* "newc", with and without sums, and the old portable one: all of the header is digits. */
static bool is_cpio(struct span head)
{
	bool newc = span_starts(head, SPAN_LIT("070701")) || span_starts(head, SPAN_LIT("070702"));
	bool odc = span_starts(head, SPAN_LIT("070707"));
	size_t n = newc ? 110 : 76;

	if ((!newc && !odc) || head.n < n)
		return false;
	for (size_t i = 6; i < n; i++) {
		uint8_t c = head.p[i], lower = c | 0x20;
		if (!(c >= '0' && c <= (odc ? '7' : '9')) && !(newc && lower >= 'a' && lower <= 'f'))
			return false;
	}
	return true;
}

/* A level, then the magic of a block or, in an empty one, of the end. */
static bool is_bzip2(struct span head)
{
	struct span at = span_from(head, 4);

	return span_starts(head, SPAN_LIT("BZh")) && head.n > 4 && head.p[3] >= '1' &&
	    head.p[3] <= '9' &&
	    (span_starts(at, SPAN_LIT("1AY&SY")) ||
	        span_starts(at, SPAN_LIT("\x17\x72\x45\x38\x50\x90")));
}

/* It has no magic: the usual properties, a dictionary of 2^n or 2^n + 2^(n-1), a size or none. */
static bool is_lzma(struct span head)
{
	struct cur c = cur_of(head);
	uint8_t props = cur_u8(&c);
	uint32_t dict = cur_le32(&c);
	uint64_t size = cur_le64(&c);
	uint32_t rest = dict & (dict - 1);

	return !c.err && props == 0x5d && dict >= 4096 && (rest == 0 || rest == dict / 3 * 2) &&
	    (size == UINT64_MAX || size < 1ull << 38);
}

/* The "koly" trailer of 512 bytes (UDIF). */
static bool is_dmg(struct span tail)
{
	struct span last = tail.n >= 512 ? span_from(tail, tail.n - 512) : SPAN_NONE;

	return span_starts(last, SPAN_LIT("koly\0\0\0\4\0\0\2\0"));
}

/* An end record with its comment, up to the last byte (APPNOTE 4.3.16). */
bool format_also_zip(struct span tail)
{
	for (size_t i = tail.n; i-- > 0 && tail.n >= 22;) {
		struct span at = span_from(tail, i);
		if (at.n >= 22 && at.p[0] == 'P' && span_starts(at, SPAN_LIT("PK\5\6")) &&
		    22u + at.p[20] + 256u * at.p[21] == at.n)
			return true;
	}
	return false;
}

enum format format_of(struct span head, struct span tail, uint64_t size)
{
	enum format f = by_magic(head);

	if (f != FORMAT_DATA)
		return f;
	if (is_pe(head, size))
		return FORMAT_PE;
	if (macho_fat_is(head, size))
		return FORMAT_MACHO;
	if (is_dmg(tail)) /* the compressed blocks in front of the trailer begin as they like */
		return FORMAT_DMG;
	if (is_asar(head))
		return FORMAT_ASAR;
	if (is_cpio(head))
		return FORMAT_CPIO;
	if (is_bzip2(head))
		return FORMAT_BZIP2;
	if (is_tar(head))
		return FORMAT_TAR;
	if (format_also_zip(tail))
		return FORMAT_ZIP;
	if (is_lzma(head))
		return FORMAT_LZMA;
	return disk_kind(head, size) ? FORMAT_IMAGE : FORMAT_DATA;
}
