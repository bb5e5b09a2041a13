/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* compare: what "diff" and "rebuild compare" share. */

#include "anatomy/diff/release.h"
#include "cli/cli.h"

/* Opens and reads one release: a file or a folder. 0, -errno with fault. */
FB_MUST int compare_read(const char *path, const struct tree_opts *o,
    const struct diff_release *but, bool everything, struct diff_release *ret, struct fault *f);
/* The component's path inside its artifact; of the artifact itself its name. Returns out. */
const char *compare_path(
    const struct component_tree *t, uint32_t i, char out[static COMPONENT_PATH_MAX]);
