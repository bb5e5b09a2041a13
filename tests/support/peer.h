/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* peer: jansson behind a wall, because its names are ours too (JSON_TRUE …). */

#include "base/span.h"

#include <stdbool.h>

/* Was it there when the tests were built? Without it the others say false and NULL. */
bool peer_json_present(void);
/* Does jansson take it (JSON_REJECT_DUPLICATES, JSON_DECODE_ANY)? why, if not NULL, gets its words,
 * at least 160 bytes. */
bool peer_json_accepts(struct span text, char *why);
/* The value in jansson's compact form with sorted keys; NULL when refused. The caller frees. */
char *peer_json_dump(struct span text);
