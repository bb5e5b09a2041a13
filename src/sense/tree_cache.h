/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * tree_cache: leaves the page cache as it was. Which pages of a file are there is asked before it
 * is read (mincore(2), which answers owners, and those who may write, only: for others every page
 * counts as there, and none is dropped); the others are dropped behind the reader.
 */

#include "base/util.h"

#include <stdbool.h>
#include <stdint.h>

#define TREE_CACHE_RUNS_MAX                                                                        \
	4096 /* runs of resident pages; behind the last one nothing is dropped */

struct tree_run {
	uint64_t from, to; /* bytes that were there */
};

struct tree_cache {
	bool on;
	struct tree_run *run;
	uint32_t n, next; /* runs before next are behind us */
	uint64_t done;	  /* bytes that were dropped or kept */
	uint64_t until;	  /* drop nothing from here on */
};

FB_MUST int tree_cache_note(struct tree_cache *c, int fd, uint64_t size);
/* The file was read up to off. Does something only every few MiB, and at the end. */
void tree_cache_drop(struct tree_cache *c, int fd, uint64_t off, bool end);
void tree_cache_free(struct tree_cache *c);
