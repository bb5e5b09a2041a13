/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * binary: the facts of a program or library (PE, ELF, Mach-O) that a reader of a diff wants: per
 * architecture slice its sections, imports, exports, initialisers and libraries; for the file its
 * overlay, certificate table and telling strings.
 *
 * Facts, not judgements, all of them from untrusted bytes: texts are outside text (QUOTE them).
 * Lists are sorted (strcmp) and without duplicates, so that two of them are compared by one merge.
 * A list that met its cap is cut and `cut` is set: an incomplete list is never equal to another.
 *
 * The bytes are mapped or in memory and are read in place (wire/pe_facts.h, wire/elf.h,
 * wire/macho.h); memory comes from the arena, at most BINARY_ARENA_MAX for one file.
 */

#include "anatomy/format.h"
#include "base/arena.h"
#include "base/clock.h"
#include "base/fault.h"
#include "base/span.h"
#include "model/digest.h"

#define BINARY_ARENA_MAX (32u << 20)
#define BINARY_SLICES_MAX 16
#define BINARY_SECTIONS_MAX 512
#define BINARY_NAMES_MAX 131072 /* imports or exports of a slice; node exports 74,485 */
#define BINARY_LIST_MAX 16384	/* entries of any other list */
#define BINARY_STRINGS_MAX 4096 /* telling strings of one file */
#define BINARY_TEXT_MAX 4096 /* a longer name is cut, and so is its list */
#define BINARY_HASHED_MAX 3 /* times the file's size: sections that overlap more are not digested */

struct text_list {
	const char *const *v; /* sorted, unique */
	uint32_t n;
	bool cut;
};

enum section_flags {
	SECTION_READ = 1,
	SECTION_WRITE = 2,
	SECTION_EXEC = 4,
	SECTION_BSS = 8, /* no bytes in the file */
};

struct binary_section {
	const char *name; /* "__TEXT,__text" in Mach-O */
	uint64_t off, len; /* in the file */
	uint64_t addr, vsize;
	uint32_t flags;
	uint16_t entropy; /* thousandths of a bit per byte, 0 … 8000; 0 for BSS */
	struct digest digest; /* SHA-256 of its bytes; unset: none, or beyond BINARY_HASHED_MAX */
};

struct binary_slice {
	const char *arch; /* "x86_64", "i386", "arm64", "aarch64", "riscv64", … as the format's own field says */
	uint64_t off, len; /* in the file; a thin file's slice is the file */
	struct digest digest; /* SHA-256 of the slice's bytes */
	bool library;	      /* DLL, ET_DYN without interpreter, MH_DYLIB/MH_BUNDLE */
	struct text_list libraries; /* DLL names, DT_NEEDED, LC_LOAD_DYLIB (delay-loaded: "delay:X"; bound at link time: "bound:X", too) */
	struct text_list imports;   /* "KERNEL32.dll!VirtualProtect", "printf@GLIBC_2.2.5", "_popen" */
	struct text_list exports;
	struct text_list init; /* TLS callbacks, .init_array, .preinit_array, DT_INIT, __mod_init_func: "tls:0x1000", "init_array:0x4010 (name)" */
	struct text_list search; /* RPATH, RUNPATH, LC_RPATH, interpreter */
	const struct binary_section *section;
	uint32_t nsections;
	bool sections_cut; /* there are more (object files) */
	/* What else the format says of itself, "kind:value": "pdb:C:\\b\\x.pdb", "resource:RCDATA/101/1033",
	 * "clr:v4.0.30319", "guard-cf", "interpreter", "debuglink:x.debug", "ifunc": docs/binary.md */
	struct text_list traits;
	uint32_t nresources;	   /* PE: leaves of the resource tree, and their bytes */
	uint64_t resource_bytes;
	uint32_t nunwind; /* PE: entries of the exception directory */
	uint64_t entry;	      /* address; 0: none */
	const char *build_id; /* GNU build id, LC_UUID, PDB GUID; NULL */
	struct digest imphash; /* MD5, PE only; else unset */
};

struct binary {
	enum format format;
	const struct binary_slice *slice;
	uint32_t nslices;
	const char *integrity; /* Electron's ElectronAsarIntegrity resource: JSON text; NULL */
	/* PE version resource, Mach-O LC_SOURCE_VERSION …; NULL where there is none */
	const char *version, *product, *company, *original_name;
	ts stamp; /* link time as claimed; TS_NONE */
	uint64_t table_len;	  /* of a certificate table or code signature */
	uint64_t overlay_off, overlay_len; /* behind what the headers know, signature aside */
	uint16_t overlay_entropy;
	struct text_list strings; /* URLs, host names behind "http", file names of libraries and
				   * programs, key-like and long base64/hex texts: binary_string_kind */
	struct text_list odd; /* structure that loaders disagree on, in words: "section .text runs past the end" */
};

enum string_kind { STRING_NONE = 0, STRING_URL, STRING_FILE, STRING_KEY, STRING_COMMAND };
/* What kind of telling string is it? (Decides what goes into `strings`, and how a diff names it.) */
enum string_kind binary_string_kind(const char *s);
const char *string_kind_name(enum string_kind k); /* "url" "file" "key" "command" */

/*
 * The whole file. 0; -EBADMSG with fault when it is not the format that it starts as (a truncated
 * header …); -ENOMEM.
 */
FB_MUST int binary_read(struct binary *ret_b, struct span file, struct arena *a, struct fault *f);
/* The same, with the file's SHA-256 where it is known already: it is not computed again. NULL: not. */
FB_MUST int binary_read_known(struct binary *ret_b, struct span file, const struct digest *sha256,
    struct arena *a, struct fault *f);

/* The imphash of a PE file and nothing else; unset where it has none, or is no PE. 0 or -errno. */
FB_MUST int binary_imphash(struct digest *ret_d, struct span file);
