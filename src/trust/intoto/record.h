/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * record: which files are there, and their SHA-256, as in-toto-run records them.
 *
 * A path that is a folder stands for all files below it; one that is not there for none. Names are
 * as in-toto writes them: the path normalised ("./a//b" is "a/b"), "\" turned into "/". Left out,
 * at any depth: *.link*, .git, *.pyc and *~. Symbolic links are followed; broken ones left out.
 *
 * Stricter than in-toto-run: a name that is not UTF-8 is an error (it could not be signed), and so
 * is a folder that contains itself through a link. With inside set, a link that leads out of the
 * folder recorded is an error, too.
 *
 * Result codes: 0; -EBADMSG with fault (a name, a loop, a link that leads out); -errno; -ENOMEM.
 */

#include "trust/intoto/rule.h"

#define RECORD_DEPTH_MAX 256

/* dirfd: what relative paths start from. Memory from a. */
FB_MUST int record_paths(struct artifacts *ret_l, int dirfd, const char *const *path, size_t n,
    bool inside, struct arena *a, struct fault *f);
