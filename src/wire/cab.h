/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * cab: the structure of a cabinet (MS-CAB), with every byte accounted for: header, reserved areas,
 * folders, files, data blocks, the signature behind them.
 *
 * What makes the file unreadable (result codes) and what is odd about it (wire/odd.h: the caller
 * decides) are kept apart. Nothing is decompressed here.
 *
 * Guarantees: pure but for the caller's read function; folders and files are kept in the caller's
 * arena, about 300 bytes each. On a result other than CAB_OK the output is zeroed. cab_account reads
 * every data block once, in order.
 */

#include "base/arena.h"
#include "base/span.h"
#include "base/util.h"
#include "wire/odd.h"

#define CAB_BLOCK_MAX 32768u /* bytes of a block, unpacked */
#define CAB_NAME_MAX 256
#define CAB_FOLDERS_MAX 65535

enum cab_result {
	CAB_OK = 0,
	CAB_NOT,
	CAB_TRUNCATED, /* the headers run past the end of the file */
	CAB_VERSION,   /* not 1.3 */
	CAB_NAMES,     /* a name without end or longer than CAB_NAME_MAX */
	CAB_FILES,     /* a file in a folder that is not there */
};
const char *cab_strerror(int result);

enum cab_odd_kind {
	CAB_A_NONE = 0,
	CAB_A_RESERVED, /* a field that is 0 is not */
	CAB_A_FLAGS,	/* unknown flags */
	CAB_A_INDEX,	/* its number in a set, though it is in none */
	CAB_A_SIZE,	/* cbCabinet is not where the cabinet ends */
	CAB_A_RESERVE_HEADER, /* content in the header's reserved area that is no signature's place */
	CAB_A_RESERVE_FOLDER,
	CAB_A_RESERVE_DATA,
	CAB_A_SIGNATURE, /* the place of the signature is not behind the cabinet, or has no end */
	CAB_A_AFTER_END, /* bytes behind the cabinet and its signature */
	CAB_A_GAP,	 /* bytes between its parts */
	CAB_A_OVERLAP,	 /* parts that share bytes */
	CAB_A_TRUNCATED, /* blocks that run past the end */
	CAB_A_BLOCK,	 /* a block that is empty, too large, or short and not the last */
	CAB_A_CHECKSUM,
	CAB_A_NO_CHECKSUM,
	CAB_A_FILE_BEYOND, /* a file that is longer than its folder */
	CAB_A_FILE_GAP,	   /* unpacked bytes of a folder that belong to no file */
	CAB_A_FILE_OVERLAP, /* … that belong to two */
	CAB_A_SPANNED,	    /* files that begin or go on in another cabinet */
	CAB_A_METHOD,	    /* a compression that is not known */
	CAB_A_KINDS,
};
const char *cab_odd_name(enum cab_odd_kind k);

enum cab_method { CAB_STORED = 0, CAB_MSZIP, CAB_QUANTUM, CAB_LZX };
const char *cab_method_name(enum cab_method m); /* "stored" "mszip" "quantum" "lzx" "unknown" */

struct cab_folder {
	uint32_t off; /* of its first block */
	uint16_t nblocks;
	uint8_t method; /* enum cab_method, or another */
	uint8_t window; /* LZX: bits, Quantum: memory */
	uint64_t packed, size; /* all blocks, unpacked; 0 until cab_account */
};

#define CAB_FROM_PREV 1u
#define CAB_TO_NEXT 2u
#define CAB_ATTR_READONLY 0x01u
#define CAB_ATTR_EXEC 0x40u
#define CAB_ATTR_UTF8 0x80u

struct cab_file {
	const char *name; /* as it is there: "\" between parts; outside text */
	uint32_t size, at; /* unpacked, in the folder */
	uint32_t folder;
	uint8_t spans; /* CAB_FROM_PREV | CAB_TO_NEXT */
	uint16_t date, time, attributes; /* MS-DOS */
	uint64_t off; /* of its entry */
};

typedef int cab_read_fn(void *ctx, uint64_t off, void *p, size_t n);

struct cab {
	uint64_t size; /* of the file */
	uint32_t cabinet_size, files_off;
	uint16_t flags, set, index;
	uint16_t reserve_header;
	uint8_t reserve_folder, reserve_data;
	uint32_t signature_off, signature_len; /* 0, 0: not signed */
	uint64_t folders_off, files_end;
	struct cab_folder *folder;
	uint32_t nfolders;
	struct cab_file *file;
	uint32_t nfiles;
	struct odd odd[CAB_A_KINDS];
	/* private */
	cab_read_fn *fetch;
	void *ctx;
	struct arena *arena;
	uint64_t walked; /* bytes of blocks that were gone through */
};

/* Header, folders and files. CAB_OK, enum cab_result, -ENOMEM, what read returned. */
FB_MUST int cab_open(struct cab *ret_c, cab_read_fn *read, void *ctx, uint64_t size,
    struct arena *a);

/* Goes through all blocks, and adds what is odd about them and about what is between the parts to
 * c->odd. 0, -ENOMEM, what read returned. */
FB_MUST int cab_account(struct cab *c);

struct cab_range {
	uint64_t off, len;
};
#define CAB_COVERED_MAX 3
/* What a signature covers, in file order (Microsoft has not published it; osslsigncode agrees): all
 * up to the signature, but for reserved1, iCabinet, the sizes of the reserved areas, and the
 * signature's own place. 0 ranges where there is no place for one. */
size_t cab_covered(const struct cab *c, struct cab_range out[static CAB_COVERED_MAX]);
