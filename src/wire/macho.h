/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * macho: Mach-O programs and libraries, 32 and 64 bits, either byte order, thin or in a fat file
 * (Apple <mach-o/loader.h>, <mach-o/fat.h>, <mach-o/nlist.h>, <mach-o/fixup-chains.h>).
 *
 * Guarantees: pure: no allocation, no I/O; reads only the span given; time linear in it (the walks
 * of tries and opcodes are bounded by their length). On a positive result the output is zeroed.
 *
 * What is *wrong with the shape* (result codes: nothing more can be said) and what is *odd about
 * the layout* (odds, each with offset and length in the file: the caller decides) are kept apart.
 * Names are outside bytes: QUOTE them.
 *
 * A fat file whose nfat_arch leaves an arm64 slice uncounted (lipo -hideARM64) is legitimate: the
 * slice is given like the others, marked hidden, because loaders that know it take it.
 */

#include "base/cur.h"
#include "base/util.h"

#define MACHO_SLICES_MAX 16
#define MACHO_COMMANDS_MAX 4096
#define MACHO_SEGMENTS_MAX 64
#define MACHO_ODDS_MAX 32
#define MACHO_NAME_MAX 4096 /* of an exported symbol */
#define MACHO_FAT_HEAD 4096 /* first bytes that macho_file_read wants, if there are so many */

enum macho_result {
	MACHO_OK = 0,
	MACHO_NOT,	 /* another format; a Java class, too, begins like a fat file */
	MACHO_TRUNCATED, /* headers or load commands run past the end */
	MACHO_COUNT,	 /* more slices, commands or segments than this header's caps */
	MACHO_COMMAND,	 /* a load command too short for its fields, or not a multiple of 4 */
	MACHO_SLICE,	 /* a fat file in which something else than Mach-O lies */
};
const char *macho_strerror(int result);

enum macho_odd_kind {
	MACHO_ODD_NONE = 0,
	/* of the fat header */
	MACHO_ODD_SLICE_OVERLAP,
	MACHO_ODD_SLICE_BEYOND, /* runs past the end of the file; it is cut */
	MACHO_ODD_SLICE_ALIGN,	/* does not start at a multiple of its alignment */
	MACHO_ODD_SLICE_HIDDEN,
	MACHO_ODD_SLICE_TWICE, /* two slices for one architecture */
	MACHO_ODD_SLICE_ARCH,  /* fat header and slice name different architectures */
	MACHO_ODD_SLICE_NONE,  /* a fat file without slices */
	/* of a slice */
	MACHO_ODD_SEGMENT_BEYOND,
	MACHO_ODD_SEGMENT_OVERLAP,
	MACHO_ODD_SECTION_OUTSIDE, /* of its segment */
	MACHO_ODD_DATA_BEYOND,	   /* what a command points to runs past the end of the slice */
	MACHO_ODD_DATA_OUTSIDE,	   /* … is not inside __LINKEDIT */
	MACHO_ODD_COMMAND_TWICE,   /* of a kind of which loaders take one */
	MACHO_ODD_COMMAND_UNKNOWN,
	MACHO_ODD_COMMAND_TEXT, /* a name outside its command, or without end */
	MACHO_ODD_COMMANDS_REST, /* bytes between the last command and sizeofcmds */
	MACHO_ODD_SIGNATURE_PLACE, /* bytes behind the signature, or it is not at the end of __LINKEDIT */
	MACHO_ODD_TRIE,		/* an exports trie with loops, or cut off */
	MACHO_ODD_FIXUPS,	/* malformed chained fixups or bind opcodes */
	MACHO_ODD_KINDS,
};
/* "slice-overlap", "segment-beyond" …: the stable words that reason codes are made of. */
const char *macho_odd_name(enum macho_odd_kind k);
/* The same in words: "two slices share bytes". */
const char *macho_odd_text(enum macho_odd_kind k);

struct macho_odd {
	enum macho_odd_kind kind;
	uint64_t off, len; /* in the file */
};
struct macho_odds {
	struct macho_odd a[MACHO_ODDS_MAX];
	uint32_t n, more; /* kept; found but not kept */
};

struct macho_range {
	uint64_t off, len;
};

/* ---- the file ---- */

struct macho_slice {
	uint32_t cpu, subcpu; /* of the fat header; of the Mach-O header in a thin file */
	uint64_t off, len;    /* inside the file, always */
	uint32_t align;	      /* power of 2 */
	bool hidden;
};
struct macho_file {
	bool fat, wide; /* wide: fat_arch_64 */
	uint64_t size;
	uint64_t head_len; /* of the fat header and its entries; 0 in a thin file */
	uint32_t nslices;
	struct macho_slice slice[MACHO_SLICES_MAX]; /* in the header's order */
	/* What belongs to no slice, in file order: alignment, or more. The fat header is no gap. */
	uint32_t ngaps;
	struct macho_range gap[MACHO_SLICES_MAX + 1];
	struct macho_odds odd;
};
/* head: the first min(size, MACHO_FAT_HEAD) bytes. MACHO_OK, _NOT, _TRUNCATED, _COUNT. */
FB_MUST int macho_file_read(struct macho_file *ret_m, struct span head, uint64_t size);

/* "x86_64", "x86_64h", "arm64", "arm64e", "i386", "ppc" …; "cpu-N" made in out. */
#define MACHO_ARCH_MAX 32
const char *macho_arch_name(uint32_t cpu, uint32_t subcpu, char out[static MACHO_ARCH_MAX]);

/* ---- one slice ---- */

enum macho_type {
	MACHO_OBJECT = 1,
	MACHO_EXECUTE = 2,
	MACHO_CORE = 4,
	MACHO_DYLIB = 6,
	MACHO_DYLINKER = 7,
	MACHO_BUNDLE = 8,
	MACHO_DYLIB_STUB = 9,
	MACHO_DSYM = 10,
	MACHO_KEXT = 11,
	MACHO_FILESET = 12,
};

struct macho_segment {
	char name[17];
	uint64_t addr, vsize, off, len; /* off and len in the slice, as they are written */
	uint32_t max_prot, prot, flags;
	uint32_t nsections;
	uint32_t sections_at; /* in the slice; for macho_section */
};

enum macho_section_type {
	MACHO_S_ZEROFILL = 0x1,
	MACHO_S_CSTRINGS = 0x2,
	MACHO_S_MOD_INIT = 0x9,
	MACHO_S_MOD_TERM = 0xa,
	MACHO_S_GB_ZEROFILL = 0xc,
	MACHO_S_THREAD_ZEROFILL = 0x12,
	MACHO_S_THREAD_INIT = 0x15,
	MACHO_S_INIT_OFFSETS = 0x16,
};
struct macho_section {
	char name[17], segment[17];
	uint64_t addr, size;
	uint64_t off; /* in the slice */
	uint8_t type; /* enum macho_section_type and others */
	uint32_t flags;
};
static inline bool macho_section_bss(const struct macho_section *s)
{
	return s->type == MACHO_S_ZEROFILL || s->type == MACHO_S_GB_ZEROFILL ||
	       s->type == MACHO_S_THREAD_ZEROFILL;
}

struct macho {
	struct span bytes; /* the slice */
	uint64_t off;	   /* of it in the file */
	bool wide, big;	   /* 64 bits; big endian */
	uint32_t cpu, subcpu, type, flags;
	uint32_t ncmds;
	struct macho_range commands; /* in the slice, like all ranges here; len 0: not there */
	uint32_t nsegments;
	struct macho_segment segment[MACHO_SEGMENTS_MAX];
	struct macho_range linkedit;
	struct macho_range symbols, strings; /* nlist entries; their names */
	uint32_t nsymbols;
	struct macho_range rebase, bind, weak_bind, lazy_bind, exports;
	struct macho_range fixups, function_starts, data_in_code;
	struct macho_range signature;
	struct macho_range encrypted; /* with encryption: cryptid is not 0 */
	uint32_t encryption;
	bool has_uuid, has_entry, has_version, has_routine;
	uint8_t uuid[16];
	uint64_t entry;	  /* address: LC_MAIN's, or the program counter of LC_UNIXTHREAD */
	uint64_t routine; /* LC_ROUTINES: address */
	uint64_t source_version; /* A.B.C.D.E as 24.10.10.10.10 bits */
	uint32_t platform, min_os, sdk; /* LC_BUILD_VERSION or LC_VERSION_MIN_…; 16.8.8 bits */
	struct macho_odds odd;
};
/*
 * Is it a fat file and no Java class, whose magic is the same? A small count says so; macOS takes as
 * many slices as fit into a page, and then one of them that it could run shows it.
 */
bool macho_fat_is(struct span head, uint64_t size);
/* The slice s of the file. MACHO_OK, MACHO_TRUNCATED, _COUNT, _COMMAND; MACHO_SLICE (MACHO_NOT in a
 * thin file). */
FB_MUST int macho_read(
    struct macho *ret_m, struct span file, const struct macho_file *f, uint32_t slice);

/* Section i of a segment; zeroed when it lies outside the commands. */
struct macho_section macho_section(const struct macho *m, const struct macho_segment *g, uint32_t i);
/* The bytes of a range of the slice, as far as they are there. */
struct span macho_bytes(const struct macho *m, uint64_t off, uint64_t len);
/* Where an address is in the slice; false: nowhere in the file. */
bool macho_offset(const struct macho *m, uint64_t addr, uint64_t *ret_off);

struct macho_command {
	uint32_t cmd; /* without LC_REQ_DYLD */
	bool required; /* LC_REQ_DYLD */
	struct span body; /* with its 8 bytes of head */
	uint64_t off;	  /* in the slice */
};
/* Start with *at = 0. */
bool macho_command_next(const struct macho *m, uint64_t *at, struct macho_command *ret_c);

enum macho_text_kind {
	MACHO_TEXT_NONE = 0,
	MACHO_TEXT_DYLIB,
	MACHO_TEXT_WEAK,
	MACHO_TEXT_REEXPORT,
	MACHO_TEXT_LAZY,
	MACHO_TEXT_UPWARD,
	MACHO_TEXT_ID,	    /* LC_ID_DYLIB: the library's own name */
	MACHO_TEXT_RPATH,
	MACHO_TEXT_DYLINKER,
	MACHO_TEXT_ENVIRONMENT, /* LC_DYLD_ENVIRONMENT */
	MACHO_TEXT_UMBRELLA,	/* LC_SUB_FRAMEWORK and the like */
};
/* The text of a load command that has one; NONE for the others, and for a malformed one. */
enum macho_text_kind macho_text(
    const struct macho *m, const struct macho_command *c, struct span *ret_text);

/* Called for each; a negative return ends the walk and is returned. */
typedef int macho_name_fn(void *ctx, struct span name, uint64_t value);
/* Exported symbols with their addresses (0 for a re-export): the trie, else external defined symbols. */
FB_MUST int macho_exports(struct macho *m, macho_name_fn *fn, void *ctx);
/* Imported symbols with their library's ordinal (1 is the first; 0, 0xff, 0xfe … are special):
 * undefined symbols, chained fixups and bind opcodes: a name comes as often as it is written. */
FB_MUST int macho_imports(struct macho *m, macho_name_fn *fn, void *ctx);
/* Code that runs before main: name is "mod_init_func", "init_offsets", "routine", "thread_init",
 * and "mod_term_func"; value is the address. "objc_load" has a count of classes and categories. */
FB_MUST int macho_inits(struct macho *m, macho_name_fn *fn, void *ctx);
/* The name of the symbol defined at an address; empty when there is none. */
struct span macho_symbol_at(const struct macho *m, uint64_t addr);
