/* SPDX-License-Identifier: Apache-2.0 */

#include "wire/disk.h"

#include "base/util.h"

#include "tap.h"

#define SIZE (1u << 20)

static uint8_t disk[DISK_HEAD];

static void put(size_t off, const void *p, size_t n)
{
	memcpy(disk + off, p, n);
}

static enum disk_kind kind(uint64_t size)
{
	return disk_kind(span_of(disk, sizeof(disk)), size);
}

static void start(void)
{
	memset(disk, 0, sizeof(disk));
}

static void boot_mark(void)
{
	put(510, "\x55\xaa", 2);
}

static void make_ext(void)
{
	start();
	put(1024, "\x10\0\0\0\x40\0\0\0", 8);
	put(1024 + 20, "\1\0\0\0\0\0\0\0", 8);
	put(1024 + 56, "\x53\xef\1\0\1\0", 6);
}

static void make_fat(void)
{
	start();
	boot_mark();
	put(0, "\xeb\x3c\x90mkfs.fat", 11);
	put(11, "\0\2\4\4\0\2\0\2\0\x40\xf8", 11);
}

static void make_mbr(void)
{
	start();
	boot_mark();
	put(446, "\x80\0\0\0\x83\0\0\0\1\0\0\0\x20\0\0\0", 16);
}

static void test_kinds(void)
{
	static const struct {
		enum disk_kind kind;
		size_t off;
		const char *magic;
		size_t n;
	} cases[] = {
		{ DISK_GPT, 512, "EFI PART", 8 }, { DISK_GPT, 4096, "EFI PART", 8 }, { DISK_ISO, 32769, "CD001", 5 },
		{ DISK_BTRFS, 65600, "_BHRfS_M", 8 }, { DISK_XFS, 0, "XFSB", 4 }, { DISK_APFS, 32, "NXSB", 4 },
		{ DISK_SQUASHFS, 0, "hsqs", 4 }, { DISK_LUKS, 0, "LUKS\xba\xbe", 6 },
		{ DISK_BITLOCKER, 3, "-FVE-FS-", 8 }, { DISK_QCOW, 0, "QFI\xfb", 4 }, { DISK_VMDK, 0, "KDMV", 4 },
		{ DISK_VDI, 64, "\x7f\x10\xda\xbe", 4 }, { DISK_VHD, 0, "conectix", 8 }, { DISK_VHDX, 0, "vhdxfile", 8 },
		{ DISK_EWF, 0, "EVF\x09\x0d\x0a\xff\0", 8 }, { DISK_NTFS, 3, "NTFS    ", 8 },
		{ DISK_FAT, 3, "EXFAT   ", 8 }, { DISK_HFS, 1024, "H+\0\4", 4 }, { DISK_HFS, 1024, "HX\0\5", 4 },
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		start();
		put(cases[i].off, cases[i].magic, cases[i].n);
		is_int(kind(SIZE), cases[i].kind, "%s at %zu", disk_kind_name(cases[i].kind), cases[i].off);
		disk[cases[i].off] ^= 1;
		is_int(kind(SIZE), DISK_NONE, "… and one bit away from it");
		ok(disk_kind(span_of(disk, cases[i].off), SIZE) == DISK_NONE, "… and cut off in front of it");
	}
	start();
	is_int(kind(SIZE), DISK_NONE, "zeros are none");
	make_ext();
	is_int(kind(SIZE), DISK_EXT, "ext");
	is_int(kind(8192), DISK_NONE, "nothing so small");
	make_fat();
	is_int(kind(SIZE), DISK_FAT, "FAT");
	make_mbr();
	is_int(kind(SIZE), DISK_MBR, "partitions");
	for (int k = DISK_MBR; k < DISK_KINDS; k++)
		ok(disk_kind_name((enum disk_kind)k)[0], "kind %d has a name", k);
	ok(disk_is_open(DISK_ISO) && !disk_is_open(DISK_XFS) && !disk_is_open(DISK_NONE), "which can be read");
}

/* Values that do not fit each other. */
static void test_bad(void)
{
	static const struct {
		void (*make)(void);
		size_t off;
		uint8_t value;
		const char *what;
	} bad[] = {
		{ make_ext, 1024 + 24, 7, "ext: blocks too large" }, { make_ext, 1024 + 20, 2, "ext: first block" },
		{ make_ext, 1024 + 58, 9, "ext: state" }, { make_ext, 1024 + 72, 9, "ext: maker" },
		{ make_ext, 1024 + 76, 9, "ext: revision" }, { make_fat, 0, 0xea, "FAT: jump" },
		{ make_fat, 11, 1, "FAT: sector size" }, { make_fat, 13, 3, "FAT: cluster size" },
		{ make_fat, 16, 3, "FAT: number of FATs" }, { make_fat, 21, 1, "FAT: medium" },
		{ make_fat, 510, 0, "FAT: mark" }, { make_mbr, 446, 1, "MBR: status" },
		{ make_mbr, 450, 0, "MBR: no partition" }, { make_mbr, 511, 0, "MBR: mark" },
		{ make_mbr, 454 + 3, 1, "MBR: beyond the end" }, { make_mbr, 454, 0, "MBR: over the table" },
	};

	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		bad[i].make();
		disk[bad[i].off] = bad[i].value;
		is_int(kind(SIZE), DISK_NONE, "%s", bad[i].what);
	}
	make_mbr();
	put(462, "\0\0\0\0\x83\0\0\0\x10\0\0\0\x20\0\0\0", 16);
	is_int(kind(SIZE), DISK_NONE, "MBR: a partition upon another");
	make_mbr();
	size_t wrong = 0;
	for (size_t n = 0; n < 512; n++)
		wrong += disk_kind(span_of(disk, n), SIZE) != DISK_NONE;
	is_int(wrong, 0, "MBR: no prefix is one");
}

static void test_archives(void)
{
	static const struct {
		enum disk_kind kind;
		size_t n;
		const char *bytes;
	} head[] = {
		{ DISK_RAR, 6, "Rar!\x1a\x07" },
		{ DISK_XAR, 6, "xar!\0\x1c" },
		{ DISK_LHA, 7, "\x20\x11-lh5-" },
		{ DISK_ARJ, 11, "\x60\xea\x28\0\x1e\x06\1\0\0\0\2" },
		{ DISK_ACE, 14, "\x11\x22\x31\0\0\0\x90**ACE**" },
		{ DISK_CHM, 8, "ITSF\3\0\0\0" },
		{ DISK_WIM, 8, "MSWIM\0\0\0" },
		{ DISK_LZIP, 5, "LZIP\1" },
		{ DISK_LZOP, 9, "\x89LZO\0\r\n\x1a\n" },
		{ DISK_COMPRESS, 3, "\x1f\x9d\x90" },
		{ DISK_NONE, 11, "\x60\xea\x28\0\x1e\x06\1\0\0\0\1" },
		{ DISK_NONE, 3, "\x1f\x9d\xf0" },
		{ DISK_NONE, 7, "\x20\x11-lx5-" },
	};

	for (size_t i = 0; i < ARRAY_LEN(head); i++) {
		start();
		put(0, head[i].bytes, head[i].n);
		is_int(disk_kind(span_of(disk, 64), 64), head[i].kind, "%s",
		    disk_kind_name(head[i].kind));
		if (head[i].kind)
			ok(!disk_is_open(head[i].kind) &&
				disk_kind(span_of(disk, head[i].n - 1), 64) == DISK_NONE,
			    "it is not read, and a beginning of it is nothing");
	}
}

int main(void)
{
	test_kinds();
	test_bad();
	test_archives();
	return tap_done();
}
