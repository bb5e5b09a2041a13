/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * tree_read: opens and reads files, several at once, in the lanes of crypto/lanes.h, and shows them
 * to the probe. Private to this room: one reader in each worker of the tree walk, or one in the
 * calling process.
 */

#include "base/buf.h"
#include "sense/tree.h"

#include <sys/stat.h>

/* A file to read. */
struct tree_job {
	uint32_t slot; /* the caller's number for it */
	uint32_t set;  /* digests */
	bool probe;
	const char
	    *name;	 /* relative to the directory; "": the directory's descriptor is the file */
	const char *dir; /* path of that directory (or of the file), for the probe */
	size_t dir_len;
};

/* What became of it. Behind it lie the digests of set, in the order of their numbers, each as long
 * as its algorithm says, and then found bytes of the probe's report. */
struct tree_record {
	uint32_t slot, set;
	int32_t why; /* enum sense_why, 0: good */
	int32_t err, probe_rc;
	uint32_t found;
	uint64_t offset, read;
	struct sense_id id;
	bool opened, probed;
};

#define TREE_RECORD_MAX                                                                            \
	(sizeof(struct tree_record) + DIGEST_ALGS * DIGEST_LEN_MAX + SENSE_FOUND_MAX)

/* Size of what is behind r. */
size_t tree_record_tail(const struct tree_record *r);
/* openat2 beneath dirfd, through no link, without touching the access time where that is allowed.
 */
FB_MUST int tree_open(int dirfd, const char *name, int flags);

struct tree_reader;
typedef int tree_done_fn(void *ctx, const struct tree_record *r);

/* probing: NULL, or where the slot number + 1 of the file that the probe looks at is kept. */
FB_MUST int tree_reader_new(struct tree_reader **ret_r, const struct sense_tree_opts *opts,
    tree_done_fn *done, void *ctx, volatile uint32_t *probing);
struct tree_reader *tree_reader_free(struct tree_reader *r);
/* Begins to read. done is called for each file that is finished meanwhile, in any order, and a
 * negative value from it is returned. */
FB_MUST int tree_reader_add(struct tree_reader *r, int dirfd, const struct tree_job *job);
/* Works until at least one more file is finished or needs bytes; 0 when none is at hand, else 1. */
FB_MUST int tree_reader_step(struct tree_reader *r);
