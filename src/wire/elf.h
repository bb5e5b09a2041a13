/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * elf: what an ELF file (System V gABI; 32 and 64 bits, both byte orders) tells the kernel, the
 * dynamic loader and the tools: segments, sections, dynamic section, symbols with GNU versions,
 * relocations, initialisers, notes.
 *
 * Guarantees: pure: no allocation, no I/O; reads only the file's bytes, all of which are in memory
 * (mapped). Tables are read through accessors by index; what lies outside of the file is all zero,
 * and texts that are not terminated have p NULL. Everything is from outside.
 *
 * Who reads what. The kernel and the loader go by program headers and PT_DYNAMIC alone; sections may
 * be stripped or lie. So the dynamic facts here come from PT_DYNAMIC (from SHT_DYNAMIC where there
 * are no program headers; a static program's arrays of initialisers from their sections), and elf_open says in `bad` where the section table does not fit.
 */

#include "base/span.h"
#include "base/util.h"

#define ELF_SEGMENTS_MAX 4096
#define ELF_SECTIONS_MAX (1u << 18)
#define ELF_LOADS_MAX 128
#define ELF_DYNAMIC_MAX 65536 /* entries */
#define ELF_SYMBOLS_MAX (1u << 21)
#define ELF_RELOCS_MAX (1u << 22) /* places that are relocated; the largest programs have 1 << 20 */
#define ELF_VERSIONS_MAX 4096
#define ELF_NAME_MAX 4096

enum elf_result {
	ELF_OK = 0,
	ELF_NOT,       /* no magic */
	ELF_TRUNCATED, /* the header, or the program headers, run past the end of the file */
	ELF_CLASS,     /* unknown class, byte order or version */
	ELF_SIZES,     /* table entries that are shorter than their fields */
	ELF_SEGMENTS,  /* more than ELF_SEGMENTS_MAX */
};
const char *elf_strerror(int result);

enum elf_type { ELF_REL = 1, ELF_EXEC = 2, ELF_DYN = 3, ELF_CORE = 4 };
enum elf_segment_type {
	ELF_PT_LOAD = 1,
	ELF_PT_DYNAMIC = 2,
	ELF_PT_INTERP = 3,
	ELF_PT_NOTE = 4,
	ELF_PT_GNU_STACK = 0x6474e551,
	ELF_PT_GNU_RELRO = 0x6474e552,
};
enum elf_segment_flags { ELF_X = 1, ELF_W = 2, ELF_R = 4 };
enum elf_section_type {
	ELF_SHT_SYMTAB = 2,
	ELF_SHT_STRTAB = 3,
	ELF_SHT_DYNAMIC = 6,
	ELF_SHT_NOTE = 7,
	ELF_SHT_NOBITS = 8,
	ELF_SHT_DYNSYM = 11,
	ELF_SHT_INIT_ARRAY = 14,
	ELF_SHT_FINI_ARRAY = 15,
	ELF_SHT_PREINIT_ARRAY = 16,
};
enum elf_section_flags { ELF_SHF_WRITE = 1, ELF_SHF_ALLOC = 2, ELF_SHF_EXEC = 4, ELF_SHF_TLS = 0x400 };

struct elf_segment {
	uint32_t type, flags;
	uint64_t off, vaddr, filesz, memsz, align;
};

struct elf_section {
	struct span name; /* p NULL: outside of the table of names */
	uint32_t type, link;
	uint64_t flags, addr, off, size, entsize;
};

/* A dynamic array or table: where in memory, how long. */
struct elf_table {
	uint64_t addr, size;
	bool is;
};

struct elf_dynamic {
	bool is;
	struct span bytes; /* of the dynamic section */
	uint32_t n;	   /* entries in front of DT_NULL */
	struct elf_table strings, hash, gnu_hash, symbols, versym, verneed, verdef;
	struct elf_table rela, rel, relr, plt;
	struct elf_table init, fini, init_array, fini_array, preinit_array;
	uint64_t flags, flags_1;
	bool plt_rela, textrel, bind_now;
	bool twice; /* a tag that is read once is there again: loaders take the last */
};

#define ELF_BAD_MAX 8

struct elf {
	struct span file;
	bool wide, big;
	uint8_t osabi;
	uint16_t type, machine;
	uint32_t flags;
	uint64_t entry, phoff, shoff;
	uint32_t nsegments, nsections, names; /* names: index of the section names' section */
	uint32_t phsize, shsize;	      /* of one entry */
	uint32_t nloads;
	struct elf_segment load[ELF_LOADS_MAX];
	struct elf_dynamic dyn;
	const char *bad[ELF_BAD_MAX]; /* what does not fit, in words */
	uint32_t nbad;
};

/* ELF_OK or enum elf_result; then *ret_e is zeroed. */
FB_MUST int elf_open(struct elf *ret_e, struct span file);

struct elf_segment elf_segment_at(const struct elf *e, uint32_t i);
struct elf_section elf_section_at(const struct elf *e, uint32_t i);
/* Its bytes in the file; empty for SHT_NOBITS and for what runs past the end. */
struct span elf_section_bytes(const struct elf *e, const struct elf_section *s);
/* The bytes from an address to the end of what of its segment is in the file; empty when outside. */
struct span elf_at(const struct elf *e, uint64_t addr);
struct span elf_table_bytes(const struct elf *e, struct elf_table t);
/* Flags of the segment at an address; 0: none. */
uint32_t elf_flags_at(const struct elf *e, uint64_t addr);

/* Integers in the file's byte order; zero when they do not fit. A word has the class's width. */
uint16_t elf_u16(const struct elf *e, struct span s, size_t off);
uint32_t elf_u32(const struct elf *e, struct span s, size_t off);
uint64_t elf_word(const struct elf *e, struct span s, size_t off);
static inline size_t elf_width(const struct elf *e)
{
	return e->wide ? 8 : 4;
}

enum elf_tag {
	ELF_DT_NEEDED = 1,
	ELF_DT_SONAME = 14,
	ELF_DT_RPATH = 15,
	ELF_DT_RUNPATH = 29,
	ELF_DT_AUXILIARY = 0x7ffffffd,
	ELF_DT_FILTER = 0x7fffffff,
};
struct elf_tag_value {
	uint64_t tag, value;
};
/* i below e->dyn.n. */
struct elf_tag_value elf_tag_at(const struct elf *e, uint32_t i);
/* A text of the dynamic string table; p NULL when outside or not terminated. */
struct span elf_dynamic_text(const struct elf *e, uint64_t off);

/* ---- symbols ---- */

struct elf_symbols {
	struct span bytes, strings;
	uint32_t n;
	bool dynamic;
};
/* What the loader can see: as many as the hash tables, relocations and the section table tell. */
struct elf_symbols elf_dynamic_symbols(const struct elf *e);
/* .symtab; n 0 when it was stripped. */
struct elf_symbols elf_static_symbols(const struct elf *e);

enum { ELF_STB_LOCAL = 0, ELF_STB_GLOBAL = 1, ELF_STB_WEAK = 2, ELF_STB_UNIQUE = 10 };
enum { ELF_STT_SECTION = 3, ELF_STT_FILE = 4, ELF_STT_IFUNC = 10 };

struct elf_symbol {
	struct span name; /* p NULL: outside of the strings */
	uint64_t value, size;
	uint8_t bind, type, visibility;
	uint16_t section; /* 0: undefined */
};
struct elf_symbol elf_symbol_at(const struct elf *e, const struct elf_symbols *t, uint32_t i);

/* GNU symbol versions, by index. */
struct elf_versions {
	struct span versym;
	struct span name[ELF_VERSIONS_MAX];
	bool needed[ELF_VERSIONS_MAX]; /* of another library */
	const char *bad;
};
void elf_versions(struct elf_versions *ret_v, const struct elf *e);
struct elf_version {
	struct span name; /* p NULL: none */
	bool hidden;	  /* not the default one of its name ("@", not "@@") */
	bool needed;	  /* another library's: of a symbol that is defined here, it is a copy */
};
/* Of the i-th dynamic symbol. */
struct elf_version elf_version_of(const struct elf *e, const struct elf_versions *v, uint32_t i);

/* ---- relocations: REL, RELA, the PLT's, then RELR ---- */

struct elf_reloc {
	uint64_t at;	 /* address */
	uint64_t addend; /* RELA; RELR: what is in the file at `at`; REL: 0, it is there, too */
	uint32_t symbol;
	enum elf_reloc_kind { ELF_RELOC_OTHER, ELF_RELOC_RELATIVE, ELF_RELOC_ABSOLUTE, ELF_RELOC_IFUNC } kind;
};
struct elf_relocs {
	/* private */
	const struct elf *e;
	unsigned table;
	struct span bytes;
	size_t off;
	bool rela;
	uint64_t base, where, bits; /* RELR */
	uint32_t n;
	bool entered;
};
struct elf_relocs elf_relocs_of(const struct elf *e);
bool elf_relocs_next(struct elf_relocs *it, struct elf_reloc *ret_r);

/* ---- notes ---- */

struct elf_note {
	struct span owner; /* without NUL */
	uint32_t type;
	struct span desc;
};
/* Takes one note off *rest (bytes of a PT_NOTE or SHT_NOTE aligned to align); false at the end. */
bool elf_note_next(const struct elf *e, struct span *rest, uint64_t align, struct elf_note *ret_n);
