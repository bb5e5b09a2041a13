/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * dir: which files of a folder are to be read.
 *
 *   a MISP feed (it has a manifest.json): the events that the manifest names, UUID.json. hashes.csv
 *             is an index of them and no list of indicators
 *   warninglists (folders with a list.json, as in misp-warninglists/lists): each list.json
 *   any other folder: its files, but for hidden ones and licences and readmes, and the folders in
 *             it by the same rules, at most 32 deep
 *
 * Guarantees: reads names and the manifest only; nothing outside the folder is named, and no symbolic
 * link followed below it; the order is that of the names.
 *
 * Result codes: 0; -ENOENT and other -errno with fault; -EBADMSG for a manifest that is none; -ENOMEM.
 */

#include "base/arena.h"
#include "base/fault.h"

#define INTEL_DIR_MAX 100000 /* files */

struct intel_dir {
	const char **path; /* with the folder's in front; in the arena */
	size_t n;
	size_t missing;     /* events that the manifest names and the folder does not have */
	const char *absent; /* the first of them; NULL */
};

FB_MUST int intel_dir_list(const char *dir, struct arena *a, struct intel_dir *ret_d,
    struct fault *f);
