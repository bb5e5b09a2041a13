/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* macho_priv: numbers of <mach-o/loader.h> and readers in the slice's byte order. Private to macho*.c. */

#include "wire/macho.h"

enum {
	LC_SEGMENT = 0x1,
	LC_SYMTAB = 0x2,
	LC_UNIXTHREAD = 0x5,
	LC_DYSYMTAB = 0xb,
	LC_LOAD_DYLIB = 0xc,
	LC_ID_DYLIB = 0xd,
	LC_LOAD_DYLINKER = 0xe,
	LC_ID_DYLINKER = 0xf,
	LC_ROUTINES = 0x11,
	LC_SUB_FRAMEWORK = 0x12,
	LC_SUB_UMBRELLA = 0x13,
	LC_SUB_CLIENT = 0x14,
	LC_SUB_LIBRARY = 0x15,
	LC_LOAD_WEAK_DYLIB = 0x18,
	LC_SEGMENT_64 = 0x19,
	LC_ROUTINES_64 = 0x1a,
	LC_UUID = 0x1b,
	LC_RPATH = 0x1c,
	LC_CODE_SIGNATURE = 0x1d,
	LC_SEGMENT_SPLIT_INFO = 0x1e,
	LC_REEXPORT_DYLIB = 0x1f,
	LC_LAZY_LOAD_DYLIB = 0x20,
	LC_ENCRYPTION_INFO = 0x21,
	LC_DYLD_INFO = 0x22,
	LC_LOAD_UPWARD_DYLIB = 0x23,
	LC_VERSION_MIN_MACOSX = 0x24,
	LC_VERSION_MIN_IPHONEOS = 0x25,
	LC_FUNCTION_STARTS = 0x26,
	LC_DYLD_ENVIRONMENT = 0x27,
	LC_MAIN = 0x28,
	LC_DATA_IN_CODE = 0x29,
	LC_SOURCE_VERSION = 0x2a,
	LC_DYLIB_CODE_SIGN_DRS = 0x2b,
	LC_ENCRYPTION_INFO_64 = 0x2c,
	LC_LINKER_OPTIMIZATION_HINT = 0x2e,
	LC_VERSION_MIN_TVOS = 0x2f,
	LC_VERSION_MIN_WATCHOS = 0x30,
	LC_BUILD_VERSION = 0x32,
	LC_DYLD_EXPORTS_TRIE = 0x33,
	LC_DYLD_CHAINED_FIXUPS = 0x34,
	LC_ATOM_INFO = 0x36,
	LC_LAST = 0x39,
	LC_REQ_DYLD = (int)0x80000000,

	CPU_I386 = 7,
	CPU_ARM = 12,
	CPU_PPC = 18,
	CPU_64 = 0x01000000,
	CPU_64_32 = 0x02000000,

	N_STAB = 0xe0,
	N_PEXT = 0x10,
	N_TYPE = 0x0e,
	N_EXT = 0x01,
	N_UNDF = 0x0,
	N_ABS = 0x2,
	N_INDR = 0xa,
	N_SECT = 0xe,
};

static inline uint16_t macho_u16(const struct macho *m, struct cur *c)
{
	return m->big ? cur_be16(c) : cur_le16(c);
}

static inline uint32_t macho_u32(const struct macho *m, struct cur *c)
{
	return m->big ? cur_be32(c) : cur_le32(c);
}

static inline uint64_t macho_u64(const struct macho *m, struct cur *c)
{
	return m->big ? cur_be64(c) : cur_le64(c);
}

/* An address: 4 or 8 bytes. */
static inline uint64_t macho_word(const struct macho *m, struct cur *c)
{
	return m->wide ? macho_u64(m, c) : macho_u32(m, c);
}

static inline void macho_note(
    struct macho_odds *o, enum macho_odd_kind kind, uint64_t off, uint64_t len)
{
	if (o->n == MACHO_ODDS_MAX)
		o->more++;
	else
		o->a[o->n++] = (struct macho_odd){ kind, off, len };
}

/* At off in the slice. */
static inline void macho_odd(
    struct macho *m, enum macho_odd_kind kind, uint64_t off, uint64_t len)
{
	macho_note(&m->odd, kind, m->off + off, len);
}

/* The text of s up to its NUL; SPAN_NONE without one. */
static inline struct span macho_text_of(struct span s)
{
	size_t n = span_find(s, 0);
	return n == SIZE_MAX ? SPAN_NONE : span_cut(s, 0, n);
}
