/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * known_use: the lists of known files that a command is to compare with, from its options:
 * --known-good (those of the state directory), --known-good-file FILE (one of its own), and
 * --known-as PRODUCT (who it is: then every claim is held against it).
 */

#include "anatomy/known/known.h"
#include "anatomy/tree.h"
#include "cli/cli.h"

#define KNOWN_USE_OPTIONS                                                                          \
	{ "known-good", NULL, "compare files with the lists of the state directory", false },      \
	    { "known-good-file", "FILE", "compare files with this list (or: SHA256SUMS …)", true }, \
	{                                                                                          \
		"known-as", "PRODUCT", "it is this product's: whatever claims to be must be listed", false \
	}

struct known_use; /* NULL: the options ask for nothing */

/* -1, or the exit code of an error that was told. */
int known_use_open(struct known_use **ret_u, struct cli *c);
/* For a gate: the lists of an open state directory, which stays open. *ret_u is NULL when it has none.
 * 0 or -errno with fault. */
FB_MUST int known_use_of_store(struct known_use **ret_u, struct cli *c, struct store *s,
    struct fault *f);
/* Brings the lists of the state directory into memory and lets go of it, before forks. */
FB_MUST int known_use_detach(struct known_use *u, struct fault *f);
/* What known_judge takes; NULL for NULL. Valid until it is closed. */
const struct known_judge_opts *known_use_judge_opts(struct known_use *u);
struct known_use *known_use_close(struct known_use *u);
void known_use_close_p(struct known_use **u);
#define AUTO_KNOWN_USE FB_CLEANUP(known_use_close_p)

/* What tree_read must bring along for it. */
void known_use_opts(const struct known_use *u, struct tree_opts *o);
/* known_judge; with u NULL an empty result. */
FB_MUST int known_use_judge(struct known_use *u, struct component_tree *t, struct known_result *ret_r,
    struct verdict *v, struct fault *f);
