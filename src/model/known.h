/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * known: a list of files that somebody is known to have shipped: digests, each with the versions it
 * was in and, where the list has them, the paths. "In this list" means: these very bytes are in what
 * the list's maker published. It does not mean harmless.
 *
 * A list is built record by record, in any order, and sealed: sorted, without duplicates, so that the
 * same records in another order give the same list. Whoever asks, asks a struct known_source: lists in
 * memory (here) or in the state directory (store/known_good.h).
 *
 * Memory: the list's arena, at most KNOWN_ARENA_MAX; a record costs 32 bytes and its texts once.
 */

#include "base/arena.h"
#include "base/clock.h"
#include "base/fault.h"
#include "base/map.h"
#include "model/digest.h"

#define KNOWN_ARENA_MAX (384u << 20)
#define KNOWN_RECORDS_MAX (4u << 20) /* of one list */
#define KNOWN_VERSIONS_MAX 16384     /* of one list */
#define KNOWN_LISTS_MAX 256	     /* of one source */
#define KNOWN_NAME_MAX 100	     /* bytes of a list's or product's name */
#define KNOWN_VERSION_MAX 100
#define KNOWN_PATH_MAX 1024
#define KNOWN_KEY_MAX (1 + DIGEST_LEN_MAX)

struct known_info {
	uint32_t id;	  /* of the list within its source */
	const char *name; /* "electron-win32-x64" */
	const char *product; /* whose files: "electron" */
	const char *licence; /* of the list; NULL */
	const char *format; /* it was read from */
	const char *file;   /* and its file's name */
	struct digest source; /* SHA-256 of that file */
	struct digest content; /* SHA-256 over what is in the list: known_content */
	ts imported;	       /* TS_NONE: not in a store */
	uint64_t ledger;       /* entry that recorded the import */
	uint64_t digests, paths;
	unsigned algs; /* bits 1 << enum digest_alg: what the digests are */
	const char *const *version; /* in the order of known_version_cmp: the oldest first */
	uint32_t nversions;
};

/* Equal digests are equal keys: the algorithm, then the bytes. In memory order. */
struct span known_key(const struct digest *d, uint8_t out[static KNOWN_KEY_MAX]);
/* The digest of a key; -EINVAL if it is none. */
FB_MUST int known_key_digest(struct span key, struct digest *ret_d);
/* Is it the digest of no bytes at all? It says nothing about where a file comes from. */
bool known_is_empty_file(const struct digest *d);

/* "v2.0.0" before "v10.0.0", "v1.0.0-beta.1" before "v1.0.0"; ends with bytes: 0 for equal only. */
int known_version_cmp(const char *a, const char *b);

/* The last part of a path, ASCII letters in lower case, cut to the buffer. Returns its span. */
struct span known_base_name(const char *path, char out[static KNOWN_PATH_MAX + 1]);

/* --- a list in memory --- */

struct known_entry {
	struct span key;
	const uint32_t *version; /* indexes, ascending */
	uint32_t nversions;
};

struct known_path {
	struct span base;    /* as known_base_name */
	const char *path;
	uint32_t entry;
};

struct known_list {
	struct known_info info;
	struct known_entry *entry; /* by key */
	uint32_t nentries;
	struct known_path *path; /* by base name, path, key */
	uint32_t npaths;
	struct arena arena;
	/* private, until it is sealed */
	struct known_record *rec;
	uint32_t nrec, cap;
	struct map versions;
	const char **version;
	uint32_t nversion, version_cap;
	uint32_t last;
};

void known_list_init(struct known_list *l);
void known_list_free(struct known_list *l);
void known_list_free_p(struct known_list **l);
/*
 * One record; version and path may be NULL. Texts are copied; a path is neither empty nor longer than
 * KNOWN_PATH_MAX, holds no NUL and does not end in "/". 0, -ENOSPC (KNOWN_RECORDS_MAX,
 * KNOWN_VERSIONS_MAX), -ENOMEM. The digest of an empty file is taken and left out: 0.
 */
FB_MUST int known_list_add(struct known_list *l, const struct digest *d, struct span version,
    struct span path);
/* After the last record. 0, -ENOMEM. */
FB_MUST int known_list_seal(struct known_list *l);

/* --- asking --- */

/* One list that has the digest. Valid until the next question. */
struct known_hit {
	const struct known_info *list;
	const uint32_t *version; /* indexes into list->version, ascending; n 0: the list has none */
	uint32_t nversions;
};

typedef int known_hit_fn(void *ctx, const struct known_hit *h);
typedef int known_path_fn(
    void *ctx, const struct known_info *list, const char *path, const struct digest *d);

struct known_source {
	const struct known_info *const *list; /* list[i]->id == i */
	uint32_t nlists;
	void *ctx;
	/* In the order of list. What cb returns, if not 0, ends it and is returned; else 0, -errno. */
	int (*find)(void *ctx, const struct digest *d, known_hit_fn *cb, void *cb_ctx,
	    struct fault *f);
	/* What the lists have under exactly that path, by list and digest. */
	int (*named)(void *ctx, const char *path, known_path_fn *cb, void *cb_ctx, struct fault *f);
	/* Paths of a digest in list number id. */
	int (*paths)(void *ctx, uint32_t id, const struct digest *d, known_path_fn *cb, void *cb_ctx,
	    struct fault *f);
};

/* Several sealed lists in memory as one source; numbers them. They must outlive it. */
struct known_memory {
	struct known_list *list[KNOWN_LISTS_MAX];
	const struct known_info *info[KNOWN_LISTS_MAX];
	uint32_t n;
};
FB_MUST int known_memory_add(struct known_memory *m, struct known_list *l); /* -ENOSPC */
struct known_source known_memory_source(struct known_memory *m);
