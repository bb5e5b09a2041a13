/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * yara_sieve: many literals looked for at once, in one pass over the bytes.
 *
 * Of each literal the rarest four bytes are kept in a bit map, letters folded; each position of the
 * bytes asks the map, and what it lets through is compared in full. So the cost is one load a
 * position, however many literals there are. (Where all literals are long enough, two windows are kept
 * of each, one at either parity, and only every second position asks.)
 *
 * Guarantees: exact: on_hit is called for every literal that is in the bytes, at least once, and
 * for no other. No allocation while it looks. Result codes: 0; -ENOMEM.
 */

#include "base/span.h"
#include "base/util.h"

#include "detect/yara_literal.h"

struct yara_sieve;

FB_MUST int yara_sieve_new(struct yara_sieve **ret_s);
struct yara_sieve *yara_sieve_free(struct yara_sieve *s);

/* One literal and what on_hit is told for it; the same one may be added for several tags. */
FB_MUST int yara_sieve_add(struct yara_sieve *s, const struct yara_literal *l, uint32_t tag);
/* When all are added. */
FB_MUST int yara_sieve_finish(struct yara_sieve *s);
size_t yara_sieve_count(const struct yara_sieve *s);

/* Return false when this literal is of no more interest in these bytes. */
typedef bool yara_hit_fn(void *ctx, uint32_t tag, size_t offset);
void yara_sieve_look(struct yara_sieve *s, struct span bytes, yara_hit_fn *on_hit, void *ctx);
