/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * disk: what a disk image, or a part of one, begins with. Pure; a guess by magic numbers and by
 * values that have to fit each other, for choosing who reads it.
 *
 * Sources: ext4 on-disk format (kernel docs), FAT (ECMA-107, Microsoft fatgen103), exFAT, NTFS and HFS+
 * (TN1150) boot structures, ECMA-119 (ISO 9660), UEFI 5.3 (GPT); magics of the others as their
 * specifications have them.
 */

#include "base/span.h"

#define DISK_ISO_AT 32769 /* "CD001" */
#define DISK_HEAD 69632 /* bytes that tell everything; with 4096, all but ISO and btrfs */

enum disk_kind {
	DISK_NONE = 0,
	/* that can be read */
	DISK_MBR, /* partitions */
	DISK_GPT,
	DISK_EXT,
	DISK_FAT, /* exFAT, too */
	DISK_NTFS,
	DISK_HFS,
	DISK_ISO,
	/* that are known and cannot */
	DISK_XFS,
	DISK_BTRFS,
	DISK_APFS,
	DISK_SQUASHFS,
	DISK_LUKS,
	DISK_BITLOCKER,
	DISK_QCOW,
	DISK_VMDK,
	DISK_VDI,
	DISK_VHD,
	DISK_VHDX,
	DISK_EWF,
	/* archives of which the same is true: told, so that nobody takes them for looked at */
	DISK_RAR,
	DISK_XAR,
	DISK_LHA,
	DISK_ARJ,
	DISK_ACE,
	DISK_CHM,
	DISK_WIM,
	DISK_LZIP,
	DISK_LZOP,
	DISK_COMPRESS,
	DISK_KINDS,
};

/* "MBR partitions", "ext file system", "qcow2 image" … */
const char *disk_kind_name(enum disk_kind k);
/* Is it one of the first group? */
bool disk_is_open(enum disk_kind k);

/* head: the first bytes of size in all; UINT64_MAX when it is not known. */
enum disk_kind disk_kind(struct span head, uint64_t size);
