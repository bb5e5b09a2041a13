/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * tuple: what claims say apart from their value, packed while they are sorted, and interned into
 * the TUPLES and STRINGS sections; and how many claims each source makes. Private to intel/db.
 *
 * Each different tuple and text is written once, when it first comes in canonical order. When
 * TUPLES_KNOWN tuples or texts, or TUPLE_TEXTS_MAX bytes of texts, are known, all are forgotten and
 * may be written again. So memory is bounded, and the sections depend on the claims only, not on
 * how they came.
 */

#include "base/arena.h"
#include "base/buf.h"
#include "base/map.h"
#include "intel/db/section.h"
#include "model/indicator.h"

#define TUPLES_KNOWN (1u << 20)
#define TUPLE_TEXTS_MAX (64u << 20) /* bytes of texts that are known at a time */
#define TUPLE_SOURCES_MAX (1u << 18) /* in a database */
#define TUPLE_PACKED_MAX 32768	    /* bytes of a claim's texts */

/* Appends the claim, without side, type and value. -EMSGSIZE: too long texts. */
FB_MUST int claim_pack(struct buf *out, const struct indicator *i);
/* Texts point into packed; it comes from claim_pack. */
void claim_unpack(struct span packed, struct indicator *ret_i);

struct tuples {
	struct section tuple, string;
	struct map known_tuple, known_string;
	struct arena tuple_arena, string_arena;
	uint64_t n;    /* written */
	uint32_t from; /* known are tuples from this number on */
};

FB_MUST int tuples_init(struct tuples *t, int tmp_dir);
void tuples_free(struct tuples *t);
#define AUTO_TUPLES FB_CLEANUP(tuples_free)
/* The tuple's number. memo, if not NULL, is the caller's: UINT32_MAX at first, kept here. */
FB_MUST int tuples_add(struct tuples *t, const struct indicator *i, uint32_t *memo,
    uint32_t *ret_id, struct fault *f);

struct intel_db;
/* Appends what the SOURCES section of the database must be. 0, -EBADMSG, -EMSGSIZE, -ENOMEM. */
FB_MUST int sources_make(const struct intel_db *db, struct buf *out, struct fault *f);
