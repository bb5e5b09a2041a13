/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * codesign: Apple's embedded code signature: a SuperBlob with CodeDirectories, requirements,
 * entitlements and a CMS wrapper (Apple Security, cscdefs.h, codedirectory.h, sigblob.h; the
 * kernel's bsd/sys/codesign.h). Everything is big endian.
 *
 * Guarantees: pure: no allocation, no I/O; spans borrow from the input; linear in it. On a positive
 * result the output is zeroed. Nothing is judged: digests are the caller's matter.
 *
 * Every byte of the room that a file sets aside for the signature is in the index, in exactly one
 * blob, in a gap, or behind the SuperBlob (rest): blobs that share bytes or that run out of the
 * SuperBlob are refused.
 */

#include "base/cur.h"
#include "base/util.h"

#define CODESIGN_BLOBS_MAX 32
#define CODESIGN_ROOM_MAX (64u << 20)
#define CODESIGN_IDENT_MAX 1024 /* longest identifier or team id */

enum codesign_result {
	CODESIGN_OK = 0,
	CODESIGN_NOT,	    /* no SuperBlob of an embedded signature */
	CODESIGN_TRUNCATED, /* it, or a blob, runs past its end */
	CODESIGN_COUNT,	    /* over a cap of this header */
	CODESIGN_OVERLAP,   /* blobs share bytes */
	CODESIGN_TWICE,	    /* one slot twice */
	CODESIGN_VERSION,   /* a CodeDirectory of a version, or with a table, that is not known */
	CODESIGN_ALGORITHM, /* … with a digest that is not known, or of the wrong size */
	CODESIGN_FIELD,	    /* … whose fields contradict each other or point out of it */
};
const char *codesign_strerror(int result);

enum codesign_magic {
	CODESIGN_M_REQUIREMENT = 0xfade0c00,
	CODESIGN_M_REQUIREMENTS = 0xfade0c01,
	CODESIGN_M_DIRECTORY = 0xfade0c02,
	CODESIGN_M_EMBEDDED = 0xfade0cc0,
	CODESIGN_M_WRAPPER = 0xfade0b01,
	CODESIGN_M_ENTITLEMENTS = 0xfade7171,
	CODESIGN_M_ENTITLEMENTS_DER = 0xfade7172,
	CODESIGN_M_CONSTRAINT = 0xfade8181,
};

enum codesign_slot {
	CODESIGN_DIRECTORY = 0,
	CODESIGN_INFO = 1, /* Info.plist; special slots, whose digests are in the CodeDirectory … */
	CODESIGN_REQUIREMENTS = 2,
	CODESIGN_RESOURCES = 3, /* _CodeSignature/CodeResources */
	CODESIGN_APPLICATION = 4,
	CODESIGN_ENTITLEMENTS = 5,
	CODESIGN_SPECIFIC = 6, /* of a disk image: its trailer */
	CODESIGN_ENTITLEMENTS_DER = 7,
	CODESIGN_SPECIAL_LAST = 11, /* … up to the launch constraints */
	CODESIGN_ALTERNATE = 0x1000, /* … 0x1005: CodeDirectories with other digests */
	CODESIGN_ALTERNATE_LAST = 0x1005,
	CODESIGN_CMS = 0x10000,
	CODESIGN_IDENTIFICATION = 0x10001,
	CODESIGN_TICKET = 0x10002, /* notarization, stapled */
};
/* "requirements", "entitlements" …; "slot N" made in out. */
const char *codesign_slot_name(uint32_t slot, char out[static 24]);

struct codesign_blob {
	uint32_t slot, magic;
	size_t off;	   /* in the room */
	struct span bytes; /* with its 8 bytes of head */
};
struct codesign_range {
	size_t off, len;
};
struct codesign {
	struct span bytes; /* the SuperBlob */
	struct span rest;  /* behind it in the room */
	uint32_t n;
	struct codesign_blob blob[CODESIGN_BLOBS_MAX]; /* in the index's order */
	uint32_t ngaps;
	struct codesign_range gap[CODESIGN_BLOBS_MAX + 1];
};
/* room: what the file sets aside; it begins with the SuperBlob. CODESIGN_OK, _NOT, _TRUNCATED,
 * _COUNT, _OVERLAP, _TWICE. */
FB_MUST int codesign_read(struct codesign *ret_s, struct span room);
/* NULL: not there. */
const struct codesign_blob *codesign_find(const struct codesign *s, uint32_t slot);
static inline bool codesign_is_directory(uint32_t slot)
{
	return slot == CODESIGN_DIRECTORY ||
	       (slot >= CODESIGN_ALTERNATE && slot <= CODESIGN_ALTERNATE_LAST);
}

enum codesign_flags {
	CODESIGN_F_ADHOC = 0x2,
	CODESIGN_F_HARD = 0x100,
	CODESIGN_F_KILL = 0x200,
	CODESIGN_F_RESTRICT = 0x800,
	CODESIGN_F_LIBRARY_VALIDATION = 0x2000,
	CODESIGN_F_RUNTIME = 0x10000, /* hardened runtime */
	CODESIGN_F_LINKER = 0x20000,
};

enum codesign_hash {
	CODESIGN_H_SHA1 = 1,
	CODESIGN_H_SHA256 = 2,
	CODESIGN_H_SHA256_CUT = 3,
	CODESIGN_H_SHA384 = 4,
	CODESIGN_H_SHA512 = 5,
};

struct codesign_directory {
	struct span bytes;
	uint32_t version, flags;
	uint8_t hash;	  /* enum codesign_hash */
	uint8_t hash_len; /* 20 for a truncated SHA-256 */
	uint8_t platform;
	uint32_t nspecial, ncode;
	uint64_t limit;	     /* bytes of the file that the code slots cover */
	uint64_t page;	     /* bytes of a page; 0: everything in one */
	struct span special; /* slot i is at the end minus i hash_len */
	struct span code;    /* ncode hash_len bytes */
	struct span ident, team; /* outside text; team n == 0: none */
	uint64_t exec_base, exec_limit, exec_flags;
	uint32_t runtime;
};
/* One CodeDirectory blob. CODESIGN_OK, _TRUNCATED, _VERSION, _ALGORITHM, _FIELD. */
FB_MUST int codesign_directory_read(struct codesign_directory *ret_d, struct span blob);
/* The digest of a special slot (1 …): empty when the directory has no such slot. */
struct span codesign_special(const struct codesign_directory *d, uint32_t slot);
