/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * pe_facts: what a PE32/PE32+ image (Microsoft "PE Format") says that it does: imports, exports,
 * TLS callbacks, resources, debug directory, load configuration, CLR header, Rich header.
 *
 * Guarantees: pure: no allocation, no I/O; reads only the image's bytes, all of which are in memory
 * (mapped). Everything is from outside: spans are borrowed from the file, names may hold any byte
 * but NUL. A walk ends where the structure leaves the file and says so in its `bad`; it takes at
 * most as many steps as its macro says, however the structure loops.
 *
 * Addresses. An RVA is looked up as the Windows loader maps the file: headers up to SizeOfHeaders
 * as they are, sections from PointerToRawData rounded down to 512; an image whose
 * SectionAlignment is below a page is mapped flat. Bytes that only exist in memory (VirtualSize
 * beyond the raw data) are not there.
 */

#include "wire/pe.h"

#define PE_THUNKS_MAX (1u << 17) /* imported functions, per directory */
#define PE_DLLS_MAX 4096
#define PE_NAME_MAX 4096
#define PE_EXPORTS_MAX (1u << 17)
#define PE_CALLBACKS_MAX 256
#define PE_RESOURCES_MAX 65536
#define PE_DEBUG_MAX 64
#define PE_RICH_MAX 512

struct pe_image {
	struct pe pe;
	struct span file;
	uint64_t base;	/* ImageBase */
	uint32_t entry; /* AddressOfEntryPoint, an RVA; 0: none */
	uint32_t section_align, file_align;
	uint32_t image_len; /* SizeOfImage */
	uint16_t subsystem, dll_flags; /* DllCharacteristics */
	struct pe_range symbols; /* COFF symbols and their strings (MinGW leaves them); len 0: none */
	bool flat;
};

/* PE_OK or enum pe_result; then *ret_im is zeroed. */
FB_MUST int pe_image_open(struct pe_image *ret_im, struct span file);
/* Index of the section in memory at rva, or -1. */
int pe_section_at(const struct pe_image *im, uint32_t rva);
/* The bytes from rva to the end of what of its section is in the file; empty when outside. */
struct span pe_at(const struct pe_image *im, uint32_t rva);
/* n bytes at rva; empty when there are fewer. */
struct span pe_bytes(const struct pe_image *im, uint32_t rva, size_t n);
/* A NUL-terminated text without its NUL; p NULL when outside, not terminated or too long. */
struct span pe_text(const struct pe_image *im, uint32_t rva);

enum pe_more_dirs {
	PE_DIR_EXPORT = 0,
	PE_DIR_IMPORT = 1,
	PE_DIR_RESOURCE = 2,
	PE_DIR_EXCEPTION = 3,
	PE_DIR_DEBUG = 6,
	PE_DIR_TLS = 9,
	PE_DIR_LOAD_CONFIG = 10,
	PE_DIR_BOUND_IMPORT = 11,
	PE_DIR_DELAY_IMPORT = 13,
	PE_DIR_CLR = 14,
};

/* ---- imports, in the order of the directory (imphash depends on it) ---- */

struct pe_import {
	struct span dll, name; /* name p NULL: by ordinal, or a DLL without functions */
	uint16_t ordinal;
	bool first; /* of its DLL */
	bool none;  /* the DLL is named, but nothing is taken from it */
};

struct pe_imports {
	bool delay;
	const char *bad; /* what ended or left out a part of the walk, in words; NULL */
	/* private */
	const struct pe_image *im;
	uint32_t at, ndlls, nthunks;
	uint32_t thunk; /* RVA of the next one; 0: take the next DLL */
	bool started;
	struct span dll;
};

struct pe_imports pe_imports_of(const struct pe_image *im, bool delay);
bool pe_imports_next(struct pe_imports *it, struct pe_import *ret_i);

/* The name of a function that ws2_32, wsock32 or oleaut32 exports by ordinal, as pefile's table
 * has it (imphash needs it); NULL. dll in any case, with its extension. */
const char *pe_ordinal_name(struct span dll, uint16_t ordinal);

/* ---- exports ---- */

struct pe_export {
	struct span name;    /* p NULL: by ordinal only */
	struct span forward; /* "NTDLL.RtlAllocateHeap"; p NULL: code or data of this image */
	uint32_t ordinal, rva;
};

struct pe_exports {
	struct span dll; /* the name that the image gives itself */
	const char *bad;
	/* private */
	const struct pe_image *im;
	uint32_t base, nfunctions, nnames, at;
	struct span functions, names, ordinals;
	uint8_t named[65536 / 8]; /* functions that a name pointed to */
};

void pe_exports_of(struct pe_exports *ret_e, const struct pe_image *im);
/* First those with names, then the functions without. */
bool pe_exports_next(struct pe_exports *e, struct pe_export *ret_x);

/* ---- smaller directories ---- */

struct pe_tls {
	uint32_t n;
	uint32_t rva[PE_CALLBACKS_MAX];
	const char *bad;
};
void pe_tls(struct pe_tls *ret_t, const struct pe_image *im);

struct pe_debug {
	struct span pdb; /* path as the linker wrote it; p NULL */
	uint8_t guid[16];
	uint32_t age;
	bool has_guid;
	bool repro; /* IMAGE_DEBUG_TYPE_REPRO: TimeDateStamp is a hash */
	const char *bad;
};
void pe_debug(struct pe_debug *ret_d, const struct pe_image *im);

struct pe_clr {
	bool is; /* managed */
	uint32_t flags;
	struct span version; /* "v4.0.30319" */
	const char *bad;
};
void pe_clr(struct pe_clr *ret_c, const struct pe_image *im);

struct pe_load_config {
	uint32_t len; /* 0: none */
	uint32_t guard_flags;
	bool cookie;
};
void pe_load_config(struct pe_load_config *ret_l, const struct pe_image *im);

/* The i-th library that imports were bound to at link time; at the end p is NULL: stop there. */
struct span pe_bound(const struct pe_image *im, uint32_t i);

/* Entries of the exception directory (.pdata), 0: none, or a machine without. */
uint32_t pe_exceptions(const struct pe_image *im);

/* The compiler's record between DOS stub and PE header. */
struct pe_rich {
	uint64_t off;
	uint32_t len; /* 0: none */
	uint32_t key;
	bool sum_ok; /* the key is the checksum of stub and entries */
	uint32_t n;
	struct {
		uint16_t product, build;
		uint32_t count;
	} entry[PE_RICH_MAX];
};
void pe_rich(struct pe_rich *ret_r, const struct pe_image *im);

/* ---- resources ---- */

struct pe_res_name {
	struct span text; /* UTF-16LE; p NULL: id */
	uint16_t id;
};
enum pe_res_type { PE_RT_RCDATA = 10, PE_RT_VERSION = 16, PE_RT_MANIFEST = 24 };

struct pe_resource {
	struct pe_res_name type, name;
	uint16_t lang;
	uint32_t rva, len;
	struct span data; /* empty when it lies outside */
};

struct pe_resources {
	const char *bad;
	/* private: where the walk is in the three levels */
	const struct pe_image *im;
	struct span dir;
	uint32_t n, rva;
	struct {
		uint32_t at, left;
	} level[3];
	unsigned depth;
	struct pe_res_name path[3];
};
struct pe_resources pe_resources_of(const struct pe_image *im);
bool pe_resources_next(struct pe_resources *it, struct pe_resource *ret_r);

/* Strings of a VS_VERSIONINFO; UTF-16LE without NUL, p NULL when absent. */
struct pe_version {
	struct span file_version, product_version;
	struct span product, company, original_name;
	bool fixed; /* VS_FIXEDFILEINFO is there */
	uint16_t file[4];
};
void pe_version(struct pe_version *ret_v, struct span data);
