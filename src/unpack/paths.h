/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * paths: the paths of one archive: made comparable, kept inside, each taken once. Private to this
 * room.
 *
 * Memory: each path once, with its parents, up to UNPACK_PATHS_MAX, or more for more entries.
 */

#include "base/arena.h"
#include "base/map.h"
#include "unpack/parcel.h"

struct paths {
	struct map map; /* path -> enum unpack_type as a pointer */
	struct map folded; /* the same in lower case (of ASCII), if that is wanted */
	bool fold, clash;  /* clash: the path taken last is one before it, but for the case */
	struct arena arena;
};

void paths_init(struct paths *p, uint32_t entries);
void paths_free(struct paths *p);

/*
 * Takes the entry: writes its path without "./", "//" and final "/" ("" for the top), and a hard
 * link's target in the same way (a symbolic link's as it is). 0; -EPROTO with fault when the entry is
 * refused; -ENOMEM. path and target hold UNPACK_PATH_MAX bytes.
 */
FB_MUST int paths_take(struct paths *p, const struct parcel_begin *b, char *path, char *target,
    struct fault *f);
