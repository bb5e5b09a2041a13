/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The back end for asar. Where the header has an entry's integrity, whole file and blocks are
 * compared. Files that are not packed are told with what the header says of them.
 */

#include "unpack/ranges.h"
#include "wire/asar.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#define BLOCK (64u << 10)
#define FOLDERS 4096 /* names of open folders besides the entries allowed */

struct run {
	struct unpack_work *w;
	uint64_t data; /* where offset 0 is */
	char *json;
	uint32_t njson;
	struct asar asar;
	struct ranges ranges;
	uint8_t block[BLOCK];
	char target[ASAR_PATH_MAX * 2];
};

static bool probe(struct span head, struct span tail, uint64_t size)
{
	uint64_t data;
	uint32_t json;

	(void)tail;
	return head.n > ASAR_HEAD && head.p[ASAR_HEAD] == '{' &&
	    asar_head(span_cut(head, 0, ASAR_HEAD), size, &data, &json) == ASAR_OK;
}

/* --- the bytes of a file --------------------------------------------------------------------- */

/* The sum of one block is there: is it the next of the list? */
static int check_block(struct run *r, struct asar_entry *e)
{
	struct digest is[DIGEST_ALGS], want = { 0 };
	uint8_t hash[ASAR_HASH];

	int rc = hasher_final(r->w->sum, is);
	if (rc)
		return rc;
	if (asar_block(&e->blocks, hash))
		want = digest_of(DIGEST_SHA256, hash);
	return digest_eq(&want, &is[DIGEST_SHA256]) ? 0 :
		unpack_stop(r->w, UNPACK_REFUSED, "a block of %s is not what the header says", e->path);
}

/* The next bytes of the file, which end at `at`, never across the end of a block. */
static int take(struct run *r, struct asar_entry *e, size_t n, uint64_t at)
{
	int rc = unpack_data(r->w, span_of(r->block, n));

	if (rc || !e->nblocks)
		return rc;
	rc = hasher_update(r->w->sum, r->block, n);
	if (rc == 0 && (at % e->block_size == 0 || at == e->size))
		rc = check_block(r, e);
	return rc;
}

static int read_content(struct run *r, struct asar_entry *e)
{
	int rc = 0;

	for (uint64_t at = 0; rc == 0 && at < e->size;) {
		uint64_t n = e->size - at < BLOCK ? e->size - at : BLOCK;
		if (e->nblocks && n > e->block_size - at % e->block_size)
			n = e->block_size - at % e->block_size;
		rc = unpack_pread(r->w, r->data + e->offset + at, r->block, (size_t)n);
		at += n;
		if (rc == 0)
			rc = take(r, e, (size_t)n, at);
	}
	return rc;
}

/* As many blocks as the file has. @electron/asar adds the sum of nothing where a block ends with the
 * file. */
static bool blocks_fit(const struct asar_entry *e)
{
	uint64_t full = e->size / e->block_size, part = e->size % e->block_size != 0;

	return e->nblocks == full + part || (!part && e->nblocks == full + 1);
}

/* One block is the file: its sum is taken once. */
static int settle_blocks(struct run *r, struct asar_entry *e)
{
	uint8_t hash[ASAR_HASH];

	if (!e->has_integrity)
		return 0;
	if (!blocks_fit(e))
		return unpack_stop(r->w, UNPACK_REFUSED,
		    "%s has another number of blocks than its size makes", e->path);
	if (e->nblocks != 1)
		return 0;
	e->nblocks = 0;
	return asar_block(&e->blocks, hash) && memcmp(hash, e->hash, sizeof(hash)) == 0 ? 0 :
		unpack_stop(r->w, UNPACK_REFUSED, "the sums of %s contradict each other", e->path);
}

static int read_file(struct run *r, struct asar_entry *e)
{
	struct digest want = digest_of(DIGEST_SHA256, e->hash);
	uint64_t room = r->w->file_size - r->data;

	if (e->unpacked)
		return unpack_end_without(
		    r->w, UNPACK_ELSEWHERE, e->size, e->has_integrity ? &want : NULL);
	if (e->offset > room || e->size > room - e->offset)
		return unpack_stop(r->w, UNPACK_DAMAGED, "%s runs past the end of the file", e->path);
	int rc = ranges_add(&r->ranges, r->data + e->offset, r->data + e->offset + e->size);
	if (rc == 0)
		rc = settle_blocks(r, e);
	if (rc == 0)
		rc = read_content(r, e);
	if (rc)
		return rc;
	return e->has_integrity ? unpack_end_as(r->w, &want) : unpack_end(r->w);
}

/* --- entries --------------------------------------------------------------------------------- */

/* A link's target as the one who unpacks it writes it: from where the link stands. */
static const char *relative(struct run *r, const struct asar_entry *e)
{
	size_t n = 0, common = 0;
	const char *p = e->path, *t = e->link;

	for (size_t i = 0; p[i] && p[i] == t[i]; i++)
		if (p[i] == '/')
			common = i + 1;
	for (const char *c = p + common; *c; c++)
		if (*c == '/' && n + 3 < sizeof(r->target) - ASAR_PATH_MAX) {
			memcpy(r->target + n, "../", 3);
			n += 3;
		}
	snprintf(r->target + n, sizeof(r->target) - n, "%s", t + common);
	return r->target;
}

static int read_entry(struct run *r, struct asar_entry *e)
{
	static const enum unpack_type type[] = { [ASAR_FILE] = UNPACK_FILE,
		[ASAR_DIR] = UNPACK_DIR, [ASAR_SYMLINK] = UNPACK_SYMLINK };
	bool bits = e->executable || e->type != ASAR_FILE;

	int rc = unpack_begin(r->w, &(struct parcel_begin){ .type = type[e->type], .path = e->path,
	                              .target = e->type == ASAR_SYMLINK ? relative(r, e) : "",
	                              .mode = bits ? 0755 : 0644 });
	if (rc)
		return rc;
	return e->type == ASAR_FILE ? read_file(r, e) : unpack_end(r->w);
}

static int complain(struct run *r, int rc)
{
	size_t off;
	int err = asar_json_error(&r->asar, &off);

	return unpack_stop(r->w, rc == ASAR_DEPTH || rc == ASAR_PATH || rc == ASAR_NAME ||
	            rc == ASAR_LINK || err == JSON_E_DUPKEY || err == JSON_E_DEPTH ?
	        UNPACK_REFUSED : UNPACK_DAMAGED,
	    "at offset %zu of the asar's header: %s%s%s", off, asar_strerror(rc), err ? ": " : "",
	    err ? json_strerror(err) : "");
}

static int read_entries(struct run *r)
{
	struct asar_entry e;
	int rc;

	do {
		rc = asar_next(&r->asar, &e);
		if (rc)
			return complain(r, rc);
		if (e.type != ASAR_END)
			rc = read_entry(r, &e);
	} while (rc == 0 && e.type != ASAR_END);
	return rc;
}

/* --- the header ------------------------------------------------------------------------------ */

/* Electron compares the sum of the header's text with one that is in the program. */
static int tell_header(struct run *r)
{
	struct unpack_note n = { .kind = UNPACK_NOTE_HEADER, .off = ASAR_HEAD, .len = r->njson, .text = "" };
	struct digest sum[DIGEST_ALGS];

	int rc = hasher_update(r->w->sum, r->json, r->njson);
	if (rc == 0)
		rc = hasher_final(r->w->sum, sum);
	n.digest = sum[DIGEST_SHA256];
	return rc ? rc : unpack_note(r->w, &n);
}

static int read_header(struct run *r)
{
	uint8_t head[ASAR_HEAD], pad[4] = { 0 };

	int rc = unpack_pread(r->w, 0, head, sizeof(head));
	if (rc)
		return rc;
	if (asar_head(span_of(head, sizeof(head)), r->w->file_size, &r->data, &r->njson))
		return unpack_stop(r->w, UNPACK_DAMAGED, "the head of the asar does not fit the file");
	r->json = malloc(r->njson);
	if (!r->json)
		return -ENOMEM;
	rc = unpack_pread(r->w, ASAR_HEAD, r->json, r->njson);
	uint64_t end = ASAR_HEAD + (uint64_t)r->njson;
	if (rc == 0)
		rc = unpack_pread(r->w, end, pad, (size_t)(r->data - end));
	if (rc == 0 && (pad[0] | pad[1] | pad[2]))
		rc = unpack_stop(r->w, UNPACK_REFUSED, "bytes behind the asar's header that are not zero");
	return rc ? rc : tell_header(r);
}

/* Room for as many names as there may be entries. */
static struct json_keys *new_keys(const struct unpack_work *w)
{
	struct json_keys *k = calloc(1, sizeof(*k));
	uint32_t cap = JSON_KEYS_SMALL;

	while (cap / 4 * 3 < w->opts.entries + FOLDERS)
		cap *= 2;
	if (!k)
		return NULL;
	k->key = calloc(cap, sizeof(*k->key));
	k->slot = calloc(cap, sizeof(*k->slot));
	k->cap = cap;
	return k->key && k->slot ? k : NULL;
}

static int run(struct unpack_work *w)
{
	struct run *r = calloc(1, sizeof(*r));

	if (!r)
		return -ENOMEM;
	r->w = w;
	int rc = read_header(r);
	struct json_keys *keys = rc ? NULL : new_keys(w);
	if (rc || !keys)
		return rc ? rc : -ENOMEM;
	asar_open(&r->asar, span_of(r->json, r->njson), keys);
	rc = read_entries(r);
	if (rc == 0 && r->asar.unknown)
		rc = unpack_note(w, &(struct unpack_note){ .kind = UNPACK_NOTE_FACT,
		                       .text = "the header has members that are not known" });
	return rc ? rc : ranges_judge(&r->ranges, w, r->data, w->file_size);
}

const struct unpack_backend unpack_backend_asar = { UNPACK_FORMAT_ASAR, probe, run };
