/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * asar: the header of an Electron archive (github.com/electron/asar, README "Format"): two Chromium
 * pickles in front of the files, the second of them a JSON text that names every file.
 *
 *	u32 4, u32 H           a pickle that holds H, the size of the next one
 *	u32 H - 4, u32 N       H = 8 + N rounded up to 4
 *	N bytes of JSON, zeros to a multiple of 4; the files' bytes follow, offset 0 is here
 *
 * Guarantees: pure, no allocation, no I/O. The text is read once, front to back, and may be large;
 * entries come in its order, a folder before what is in it. Refused, with a code: JSON that is not
 * strict (duplicate keys are: some take the first, some the last), names that are empty, "." or "..",
 * or hold a slash, links that climb, numbers that are no decimal integers, a node that is two things
 * at once, integrity other than SHA-256 in hex. Members that are not known are counted.
 *
 * An error zeroes the entry and stays.
 */

#include "base/span.h"
#include "base/util.h"
#include "wire/json.h"

#define ASAR_HEAD 16
#define ASAR_JSON_MAX (64u << 20)
#define ASAR_PATH_MAX 4096
#define ASAR_DEPTH_MAX ((JSON_DEPTH_MAX - 4) / 2) /* folders in folders */
#define ASAR_HASH 32

enum asar_result {
	ASAR_OK = 0,
	ASAR_NOT,  /* not an asar */
	ASAR_HEAD_SIZES, /* its sizes do not fit each other or the file */
	ASAR_JSON, /* asar_json_error tells more */
	ASAR_NODE, /* not what a node of the header looks like */
	ASAR_NAME,
	ASAR_LINK,
	ASAR_NUMBER,
	ASAR_INTEGRITY,
	ASAR_DEPTH,
	ASAR_PATH, /* longer than ASAR_PATH_MAX */
};
const char *asar_strerror(int result);

/* Takes the first ASAR_HEAD bytes. *ret_data is where offset 0 is; the JSON's length is *ret_json, it
 * stands at ASAR_HEAD, zeros follow it up to *ret_data. */
FB_MUST int asar_head(
    struct span head, uint64_t file_size, uint64_t *ret_data, uint32_t *ret_json);

enum asar_type { ASAR_END = 0, ASAR_FILE, ASAR_DIR, ASAR_SYMLINK };

struct asar_entry {
	enum asar_type type;
	const char *path; /* valid until the next call, as is link */
	const char *link; /* from the top of the archive, else "" */
	bool unpacked;	  /* the bytes are in ARCHIVE.unpacked/PATH (of a folder: not told) */
	bool executable;
	uint64_t size, offset; /* of files; offset 0 for unpacked ones */
	bool has_integrity;
	uint8_t hash[ASAR_HASH]; /* SHA-256 of the file */
	uint64_t block_size;
	uint32_t nblocks;
	struct span blocks; /* asar_block reads them */
};

struct asar {
	uint32_t unknown; /* members that are not known, so far */
	/* private */
	struct json j;
	int err;
	bool begun;
	unsigned depth; /* folders that are open; the top is 1 */
	size_t up[ASAR_DEPTH_MAX + 1]; /* length of the path around each */
	size_t npath;
	char path[ASAR_PATH_MAX], link[ASAR_PATH_MAX];
};

/* keys as for json_open, large enough for the names of a folder and of those around it. */
void asar_open(struct asar *a, struct span json, struct json_keys *keys);
/* 0 with the next entry (type ASAR_END at the end), or enum asar_result. */
FB_MUST int asar_next(struct asar *a, struct asar_entry *ret_e);
/* Where in the JSON reading stopped, and the parser's error there (0: none). */
int asar_json_error(const struct asar *a, size_t *ret_off);
/* The next of e->blocks, which is moved on; false at the end. */
bool asar_block(struct span *blocks, uint8_t ret_hash[static ASAR_HASH]);
