/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * page: an immutable, mapped file of sections, with a checksum for each page of SEEN_PAGE bytes.
 * Private to this room.
 *
 *   header      SEEN_HEAD bytes: who it is, its sections, the checksum of the page table, its own
 *   sections    8-aligned; holes between them are zero and cost no disk
 *   page table  one 64-bit checksum for each page behind the header
 *
 * Guarantees: opening reads header and page table; every other byte is verified with its page when
 * it is first used, once. What lies outside a section, or in a page that is damaged, is never given
 * out: the call returns NULL and f->bad is set for good. Numbers are in the byte order of the
 * machine; a file of the other order is refused.
 *
 * Result codes: 0; -EBADMSG (not such a file, cut off, damaged; fault says what);
 * -EPROTONOSUPPORT (another version); -errno.
 */

#include "base/fault.h"

#define SEEN_PAGE 16384u
#define SEEN_HEAD 4096u
#define SEEN_SECTIONS 24
#define SEEN_REPLACES 16
#define SEEN_VERSION 1u

struct seen_head {
	char magic[8];
	uint32_t order, version;
	uint64_t size, id, table, pages, table_sum;
	int64_t made; /* ns since 1970 */
	uint64_t n;   /* records */
	uint64_t of;  /* times: the id of the run they belong to */
	uint64_t nreplaces, replaces[SEEN_REPLACES]; /* ids of runs that are contained in this one */
	struct {
		uint64_t off, len;
	} section[SEEN_SECTIONS];
	uint64_t sum; /* of all that is before */
};

struct seen_file {
	const uint8_t *p;
	size_t size;
	const struct seen_head *h;
	uint64_t *good; /* a bit a page: verified */
	bool bad;
	char name[32];
};

/* Takes fd, also on error. */
FB_MUST int seen_file_open(struct seen_file *f, int fd, const char *name, const char magic[static 8],
    struct fault *fault);
void seen_file_close(struct seen_file *f);
/* len bytes at off of a section, or NULL. */
const void *seen_file_at(struct seen_file *f, unsigned section, uint64_t off, uint64_t len);
/* The whole section is about to be read in order. */
void seen_file_ahead(const struct seen_file *f, unsigned section);
/* Verifies all of it: 0 or -EBADMSG. */
FB_MUST int seen_file_check(struct seen_file *f);

static inline uint64_t seen_section_len(const struct seen_file *f, unsigned section)
{
	return f->h->section[section].len;
}

/* The checksum: any change within one 8-byte word shows for certain. */
uint64_t seen_sum(const void *p, size_t n);

/* --- writing --- */

#define SEEN_OUT_BUF (64u << 10)

struct seen_out {
	int dirfd, fd;
	char tmp[32];
	struct seen_head h;
	struct seen_part {
		uint8_t *buf;
		size_t n;
		uint64_t len, bound;
	} put[SEEN_SECTIONS];
	int err; /* latched */
};

/* bound[i]: the most bytes that section i will get; the last one that is not 0 may be UINT64_MAX. */
FB_MUST int seen_out_new(struct seen_out *o, int dirfd, const char magic[static 8],
    const uint64_t bound[static SEEN_SECTIONS]);
void seen_out_put(struct seen_out *o, unsigned section, const void *p, size_t n);
/* Bytes put into the section so far. */
static inline uint64_t seen_out_len(const struct seen_out *o, unsigned section)
{
	return o->put[section].len;
}
/* Seals it, syncs it, gives it its name. On an error nothing is left. */
FB_MUST int seen_out_commit(struct seen_out *o, const char *name, struct fault *f);
/* Harmless after commit. */
void seen_out_drop(struct seen_out *o);
/* Fills in what commit does to a file in memory of n bytes: for tests and the fuzzer. */
void seen_seal(uint8_t *p, size_t n);
