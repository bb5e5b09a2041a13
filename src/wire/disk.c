/* SPDX-License-Identifier: Apache-2.0 */

#include "wire/disk.h"

#include "base/cur.h"
#include "base/util.h"

#define SECTOR 512u
#define SMALLEST 16384u /* nothing smaller holds a file system */

const char *disk_kind_name(enum disk_kind k)
{
	static const char *const names[DISK_KINDS] = { "no disk", "MBR partitions", "GPT partitions",
		"ext file system", "FAT file system", "NTFS file system", "HFS+ file system", "ISO 9660 file system",
		"XFS file system", "btrfs file system", "APFS container", "squashfs file system", "LUKS volume",
		"BitLocker volume", "qcow2 image", "VMDK image", "VDI image", "VHD image", "VHDX image",
		"EWF (EnCase) image", "RAR archive", "xar archive", "LHA archive", "ARJ archive", "ACE archive",
		"CHM (compiled help)", "WIM image", "lzip stream", "lzop stream", "compress (.Z) stream" };
	return k < DISK_KINDS ? names[k] : "";
}

bool disk_is_open(enum disk_kind k)
{
	return k >= DISK_MBR && k <= DISK_ISO;
}

static const struct {
	enum disk_kind kind;
	uint32_t off;
	uint8_t n;
	const char *magic;
} magics[] = {
	{ DISK_GPT, 512, 8, "EFI PART" },
	{ DISK_GPT, 4096, 8, "EFI PART" },
	{ DISK_ISO, DISK_ISO_AT, 5, "CD001" },
	{ DISK_BTRFS, 65600, 8, "_BHRfS_M" },
	{ DISK_XFS, 0, 4, "XFSB" },
	{ DISK_APFS, 32, 4, "NXSB" },
	{ DISK_SQUASHFS, 0, 4, "hsqs" },
	{ DISK_LUKS, 0, 6, "LUKS\xba\xbe" },
	{ DISK_BITLOCKER, 3, 8, "-FVE-FS-" },
	{ DISK_QCOW, 0, 4, "QFI\xfb" },
	{ DISK_VMDK, 0, 4, "KDMV" },
	{ DISK_VMDK, 0, 21, "# Disk DescriptorFile" },
	{ DISK_VDI, 64, 4, "\x7f\x10\xda\xbe" },
	{ DISK_VHD, 0, 8, "conectix" },
	{ DISK_VHDX, 0, 8, "vhdxfile" },
	{ DISK_EWF, 0, 8, "EVF\x09\x0d\x0a\xff\x00" },
	{ DISK_NTFS, 3, 8, "NTFS    " },
	{ DISK_FAT, 3, 8, "EXFAT   " },
	{ DISK_HFS, 1024, 4, "H+\0\4" },
	{ DISK_HFS, 1024, 4, "HX\0\5" },
};

static bool boot_mark(struct span head)
{
	return head.n >= SECTOR && head.p[510] == 0x55 && head.p[511] == 0xaa;
}

static bool power_of_two(uint32_t v)
{
	return v && (v & (v - 1)) == 0;
}

static bool is_ext(struct span head)
{
	struct cur c = cur_of(span_from(head, 1024));

	uint32_t inodes = cur_le32(&c), blocks = cur_le32(&c);
	cur_seek(&c, 20);
	uint32_t first = cur_le32(&c), log = cur_le32(&c);
	cur_seek(&c, 56);
	uint16_t magic = cur_le16(&c), state = cur_le16(&c), errors = cur_le16(&c);
	cur_seek(&c, 72);
	uint32_t maker = cur_le32(&c), revision = cur_le32(&c);
	return !c.err && magic == 0xef53 && inodes && blocks && first <= 1 && log <= 6 && state <= 7 &&
	    errors <= 3 && maker <= 4 && revision <= 1;
}

static bool is_fat(struct span head)
{
	struct cur c = cur_of(head);

	uint8_t jump = cur_u8(&c);
	cur_skip(&c, 1);
	uint8_t nop = cur_u8(&c);
	cur_seek(&c, 11);
	uint32_t sector = cur_le16(&c), cluster = cur_u8(&c), reserved = cur_le16(&c), fats = cur_u8(&c);
	cur_skip(&c, 2);
	uint32_t sectors = cur_le16(&c), media = cur_u8(&c);
	cur_seek(&c, 32);
	uint32_t many = cur_le32(&c);
	if (!sectors)
		sectors = many;
	return !c.err && boot_mark(head) && ((jump == 0xeb && nop == 0x90) || jump == 0xe9) &&
	    power_of_two(sector) && sector >= 512 && sector <= 4096 && power_of_two(cluster) && reserved &&
	    (fats == 1 || fats == 2) && (media == 0xf0 || media >= 0xf8) && sectors;
}

/* Boot code has the mark, too: at least one partition, all of them inside and none upon another. */
static bool is_mbr(struct span head, uint64_t size)
{
	struct cur c = cur_of(span_cut(head, 446, 64));
	uint64_t at[4], len[4];
	unsigned n = 0;

	if (!boot_mark(head))
		return false;
	for (int i = 0; i < 4; i++) {
		uint8_t status = cur_u8(&c);
		cur_skip(&c, 3);
		uint8_t type = cur_u8(&c);
		cur_skip(&c, 3);
		uint64_t start = cur_le32(&c), sectors = cur_le32(&c);
		if (status & 0x7f)
			return false;
		if (!type || !sectors)
			continue;
		if (start == 0 || (start + sectors / 2) * SECTOR > size)
			return false;
		for (unsigned k = 0; k < n; k++)
			if (start < at[k] + len[k] && at[k] < start + sectors)
				return false;
		at[n] = start;
		len[n++] = sectors;
	}
	return n > 0;
}

static const struct {
	enum disk_kind kind;
	uint32_t off;
	uint8_t n;
	const char *magic;
} archives[] = {
	{ DISK_RAR, 0, 6, "Rar!\x1a\x07" },
	{ DISK_XAR, 0, 6, "xar!\0\x1c" },
	{ DISK_ACE, 7, 7, "**ACE**" },
	{ DISK_CHM, 0, 8, "ITSF\3\0\0\0" },
	{ DISK_WIM, 0, 8, "MSWIM\0\0\0" },
	{ DISK_LZIP, 0, 5, "LZIP\1" },
	{ DISK_LZOP, 0, 9, "\x89LZO\0\r\n\x1a\n" },
};

/* The method of the first member, between dashes. */
static bool is_lha(struct span head)
{
	return head.n >= 21 && head.p[2] == '-' && head.p[3] == 'l' &&
	    (head.p[4] == 'h' || head.p[4] == 'z') && head.p[6] == '-';
}

/* Two sizes that fit each other, and the type of a main header. */
static bool is_arj(struct span head)
{
	struct cur c = cur_of(head);
	uint16_t id = cur_le16(&c), size = cur_le16(&c);
	uint8_t first = cur_u8(&c);

	cur_seek(&c, 10);
	uint8_t type = cur_u8(&c);
	return !c.err && id == 0xea60 && size >= 30 && size <= 2600 && first >= 30 && first <= size &&
	    type == 2;
}

/* 9 to 16 bits, and nothing in the bits that mean nothing. */
static bool is_compress(struct span head)
{
	unsigned bits = head.n > 3 ? head.p[2] & 0x1f : 0;

	return span_starts(head, SPAN_LIT("\x1f\x9d")) && bits >= 9 && bits <= 16 && !(head.p[2] & 0x60);
}

static enum disk_kind closed_archive(struct span head)
{
	for (size_t i = 0; i < ARRAY_LEN(archives); i++)
		if (span_starts(span_from(head, archives[i].off),
			span_of(archives[i].magic, archives[i].n)))
			return archives[i].kind;
	return is_lha(head)         ? DISK_LHA :
	    is_arj(head)        ? DISK_ARJ :
	    is_compress(head)   ? DISK_COMPRESS :
				  DISK_NONE;
}

enum disk_kind disk_kind(struct span head, uint64_t size)
{
	enum disk_kind archive = closed_archive(head);

	if (archive)
		return archive;
	if (size < SMALLEST && !span_starts(head, SPAN_LIT("# Disk DescriptorFile")) &&
	    !span_starts(head, SPAN_LIT("QFI\xfb")))
		return DISK_NONE;
	for (size_t i = 0; i < ARRAY_LEN(magics); i++)
		if (span_starts(span_from(head, magics[i].off), span_of(magics[i].magic, magics[i].n)))
			return magics[i].kind;
	return is_ext(head)       ? DISK_EXT :
	    is_fat(head)          ? DISK_FAT :
	    is_mbr(head, size)    ? DISK_MBR :
				    DISK_NONE;
}
