/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * format: what kind of file the bytes are, by their magic and not by their name.
 *
 * A guess for choosing a reader, never a verdict: the reader decides. Where two formats are possible
 * (a zip with a program in front of it) the one that a loader would run wins, and format_also_zip
 * says that the other is there. Pure; looks at no more than it is given.
 */

#include "base/span.h"
#include "base/util.h"

enum format {
	FORMAT_DATA = 0, /* nothing known */
	FORMAT_PE,
	FORMAT_ELF,
	FORMAT_MACHO, /* thin or fat */
	FORMAT_CFB,   /* OLE compound file; MSI is one */
	FORMAT_CAB,
	FORMAT_ZIP,
	FORMAT_ASAR,
	FORMAT_TAR,
	FORMAT_AR, /* static libraries; a Debian package is FORMAT_DEB */
	FORMAT_CPIO,
	FORMAT_RPM,
	FORMAT_7Z,
	FORMAT_DMG, /* by its trailer */
	FORMAT_GZIP, /* and what is in it: a tar is opened in one go */
	FORMAT_BZIP2,
	FORMAT_XZ,
	FORMAT_LZMA,
	FORMAT_ZSTD,
	FORMAT_LZ4,
	FORMAT_DEB,
	FORMAT_IMAGE, /* of a disk: raw, or of a virtual machine (wire/disk.h) */
	FORMATS,
};

/* "pe", "elf", "macho", "cfb", …: stable, used in JSON and in policies. */
const char *format_name(enum format f);

#define FORMAT_HEAD 4096 /* first bytes that format_of wants (fewer when the file is shorter) */
#define FORMAT_TAIL 512	 /* last bytes: a DMG's trailer; n 0 when they are not at hand */

#define FORMAT_ZIP_TAIL (22 + 65535) /* a longer one shows a zip's end in front of any comment, too */

#define FORMAT_ISO_AT 32769 /* "CD001" here, beyond the head, is FORMAT_IMAGE where the head tells nothing */
enum format format_of(struct span head, struct span tail, uint64_t size);
/* Does it end as a zip does, whatever it begins with? */
bool format_also_zip(struct span tail);
/* Is it one that unpack/ opens? */
bool format_is_container(enum format f);
/* One compressed stream, of a tar or of a single file. */
bool format_is_compressed(enum format f);
/* A program or library, of which binary.h tells the facts? */
bool format_is_binary(enum format f);
