/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * delegate: is a target path one that a delegation is for (4.5)?
 *
 * "paths": shell patterns as in glob(7), by segments: "*" any bytes, "?" one character, "[abc]",
 * "[a-z]", "[!…]" one of a set; none of them matches a "/". A backslash is an ordinary character,
 * and so is "[" without its "]". "path_hash_prefixes": beginnings of the hex SHA-256 of the path. Succinct
 * delegations (TAP 15) are for every path.
 *
 * Guarantees: pure; time is at most the product of the lengths.
 */

#include "trust/tuf/meta.h"

bool tuf_pattern_matches(struct span pattern, struct span path);
bool tuf_delegates(const struct tuf_role *r, struct span path);
/* The one of r's succinct roles that is for the path, in the arena; NULL when that is full. */
const struct tuf_role *tuf_bin_of(const struct tuf_role *r, struct span path, struct arena *a);
