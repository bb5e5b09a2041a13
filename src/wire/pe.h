/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * pe: the parts of a PE32/PE32+ image (Microsoft "PE Format") that say what an Authenticode
 * signature covers: headers, section table, data directories, and the attribute certificate table
 * entry by entry.
 *
 * Guarantees: pure: no allocation, no I/O; linear in its input; reads only the spans given. The
 * file itself need not be in memory: pe_parse takes its first PE_HEAD_MAX bytes and its size,
 * pe_certs takes the bytes of the table. On a positive result the output is zeroed.
 *
 * What is *wrong with the shape* (result codes: nothing more can be said about the file) and what
 * is *odd about the layout* (anomalies, each with offset and length in the file: the caller
 * decides) are kept apart.
 *
 * Coverage. Microsoft's "Windows Authenticode Portable Executable Signature Format" hashes the
 * headers, then the sections in order of PointerToRawData, then what follows the last section,
 * leaving out CheckSum, the Certificate Table directory entry and the table. For an image whose
 * headers and sections follow each other without gap or overlap and whose table is last, that is
 * the same as hashing the file front to back with three holes. pe_covered gives that linear form,
 * in which every byte of the file is either covered, or one of the 12 header bytes, or inside the
 * table. Where sections leave gaps or overlap the two forms differ; then only the linear one is
 * accepted here (it is the stricter: it leaves no byte out), and the anomaly says where.
 */

#include "base/span.h"
#include "base/util.h"

#define PE_HEAD_MAX (64u << 10)  /* headers and section table must lie in the first 64 KiB */
#define PE_TABLE_MAX (16u << 20) /* certificate tables are a few KiB; a larger one is refused */
#define PE_SECTIONS_MAX 96       /* the Windows loader's own limit */
#define PE_DIRS_MAX 16
#define PE_CERTS_MAX 16
#define PE_ANOMALIES_MAX 32

enum pe_result {
	PE_OK = 0,
	PE_NOT,       /* no "MZ", or no "PE\0\0" where e_lfanew points: some other format */
	PE_TRUNCATED, /* the headers run past the end of the file, or beyond PE_HEAD_MAX */
	PE_MAGIC,     /* optional header is neither PE32 nor PE32+ */
	PE_OPTIONAL,  /* SizeOfOptionalHeader too small for what it must hold */
	PE_SECTIONS,  /* more than PE_SECTIONS_MAX */
	PE_DIRS,      /* NumberOfRvaAndSizes over 16 */
};

const char *pe_strerror(int result);

enum pe_anomaly_kind {
	PE_A_NONE = 0,
	/* layout, from pe_parse */
	PE_A_SECTION_OVERLAP,  /* section data overlaps the headers or another section */
	PE_A_SECTION_GAP,      /* file bytes before a section that no section claims */
	PE_A_SECTION_BEYOND,   /* section data runs past the end of the file */
	PE_A_SECTION_IN_TABLE, /* section data and certificate table overlap */
	PE_A_OVERLAY,          /* bytes behind the last section, in front of the table */
	/* certificate table as a whole, from pe_parse */
	PE_A_TABLE_HALF,       /* directory entry with an address or a size, but not both */
	PE_A_TABLE_BEYOND,     /* runs past the end of the file */
	PE_A_TABLE_IN_HEADERS,
	PE_A_TABLE_ALIGN,      /* does not start at a multiple of 8 */
	PE_A_TABLE_TOO_BIG,    /* over PE_TABLE_MAX */
	PE_A_AFTER_TABLE,      /* bytes behind the table */
	/* entries, from pe_certs */
	PE_A_ENTRY_SHORT,      /* dwLength below its header's 8 bytes, or no room for one */
	PE_A_ENTRY_BEYOND,     /* dwLength runs past the table */
	PE_A_ENTRY_REVISION,   /* neither 0x0100 nor 0x0200 */
	PE_A_ENTRY_TYPE,       /* not 0x0002, PKCS#7 SignedData */
	PE_A_ENTRY_COUNT,      /* more than PE_CERTS_MAX */
	PE_A_ENTRY_UNPADDED,   /* the last entry ends the table off an 8-byte boundary */
	PE_A_KINDS,
};

/* "section-overlap", "after-table" … : the stable words that reason codes are made of. */
const char *pe_anomaly_name(enum pe_anomaly_kind k);

struct pe_anomaly {
	enum pe_anomaly_kind kind;
	uint64_t off, len; /* in the file */
};

struct pe_anomalies {
	struct pe_anomaly a[PE_ANOMALIES_MAX];
	uint32_t n;
	uint32_t more; /* found but not kept */
};

struct pe_section {
	char name[9]; /* raw bytes, NUL-terminated: outside bytes, escape before printing */
	uint32_t vaddr, vsize;
	uint32_t raw_off, raw_len;
	uint32_t flags;
};

struct pe_dir {
	uint32_t addr, size;
};

struct pe_range {
	uint64_t off, len;
};

enum pe_dir_index { PE_DIR_SECURITY = 4 };

struct pe {
	uint64_t file_size;
	uint32_t nt_off; /* of "PE\0\0" */
	uint16_t machine, characteristics;
	uint32_t timestamp;
	bool plus; /* PE32+ */
	uint32_t checksum, checksum_off;
	uint32_t headers_len;     /* SizeOfHeaders */
	uint32_t section_align;   /* SectionAlignment */
	uint32_t section_off;     /* of the section table */
	uint32_t ndirs;
	struct pe_dir dir[PE_DIRS_MAX];
	uint32_t security_off;    /* of the Certificate Table directory entry; 0: there is none */
	struct pe_range table;    /* the certificate table; len 0: not signed */
	uint64_t content_end;     /* where headers and sections end */
	uint32_t nsections;
	struct pe_section section[PE_SECTIONS_MAX];
	struct pe_anomalies odd;
};

/*
 * head: the first bytes of the file, min(file_size, PE_HEAD_MAX) of them. PE_OK or enum pe_result.
 * pe->table is set only when it can be read: inside the file and at most PE_TABLE_MAX long.
 */
FB_MUST int pe_parse(struct pe *ret_pe, struct span head, uint64_t file_size);

#define PE_COVERED_MAX 3
/* The ranges that a signature covers, in file order; returns how many (PE_COVERED_MAX when signed,
 * fewer when there is no directory entry to leave out). */
size_t pe_covered(const struct pe *pe, struct pe_range out[static PE_COVERED_MAX]);

#define PE_CERT_PKCS7 0x0002 /* WIN_CERT_TYPE_PKCS_SIGNED_DATA */

struct pe_cert {
	uint64_t off;      /* of the WIN_CERTIFICATE header, in the file */
	uint32_t length;   /* dwLength: header, content and any padding the signer counted in */
	uint16_t revision; /* wRevision */
	uint16_t type;     /* wCertificateType */
	struct span body;  /* bCertificate up to the next 8-byte boundary or the end of the table:
			      dwLength - 8 bytes and the alignment bytes behind them */
};

struct pe_certs {
	struct pe_cert cert[PE_CERTS_MAX];
	uint32_t n;
	struct pe_anomalies odd;
};

/*
 * Walks the table (its bytes, and where it starts in the file). Entries are given up to the first
 * that does not fit; every anomaly is listed. An entry of another type or revision is given too.
 */
void pe_certs(struct pe_certs *ret_c, struct span table, uint64_t table_off);

/*
 * The image checksum (what CheckMapFile computes): the 16-bit one's complement sum of the file
 * with the CheckSum field as zero, plus the file's length. Feed every byte of the file in order, in
 * pieces whose length is a multiple of 4 except the last.
 */
struct pe_sum {
	uint64_t acc; /* 32-bit words: 2^16 is 1 modulo 2^16 - 1, so folding once at the end does */
	uint64_t off;
	uint32_t field_off;
};
struct pe_sum pe_sum_of(const struct pe *pe);
void pe_sum_update(struct pe_sum *s, const uint8_t *p, size_t n);
uint32_t pe_sum_final(const struct pe_sum *s);
