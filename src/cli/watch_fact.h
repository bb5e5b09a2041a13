/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * watch_fact: what watch_seen.c gathers, as bytes: the same in memory and in journals. Private to
 * watch_seen*.c.
 *
 *   journal   DIR/seen/ID.net: blocks, each a head, the place (padded to 8 bytes), facts
 *
 * A journal is locked while it is written. What was in one that was cut or damaged stands up to the
 * first block that is not whole.
 */

#include "base/fault.h"
#include "base/span.h"
#include "base/util.h"

#include <stdint.h>

#define WATCH_FACT_TEXT 1024 /* a name or what else is known is shorter */

enum watch_fact_kind {
	FACT_ASKED = 1, /* name */
	FACT_ALIAS,	/* name; more: the name that was asked for */
	FACT_ANSWER,	/* name, address */
	FACT_CONNECTED, /* address */
	FACT_HELLO,	/* name or none, address; more: the JA4 or none */
	FACT_JA3,	/* name or none, address; more: 16 bytes */
	FACT_CERT,	/* name or none, address; more: SHA-1 and SHA-256 */
	FACT_REQUEST,	/* name, address */
	FACT_KINDS,
};

struct watch_fact {
	uint32_t len;		       /* of all, a multiple of 8 */
	uint32_t first, last, count;   /* seconds since 1970 */
	uint8_t kind, client_family, family, zero;
	uint16_t name, more;	       /* lengths of what follows */
	uint8_t client[16], address[16];
	uint8_t bytes[];
};
#define WATCH_FACT_SAME offsetof(struct watch_fact, kind) /* from here on it says what it is */
#define WATCH_FACT_MAX (sizeof(struct watch_fact) + 2 * WATCH_FACT_TEXT)

/* Is there a fact that this program can have written? */
bool watch_fact_valid(struct span s);

/* Puts facts into the record; the spans are sound. 0 or negative with fault. */
struct seen;
FB_MUST int watch_facts_put(struct seen *s, const char *place, struct span facts, struct fault *f);

/* Appends a block to the journal *fd, which is made when it is -1. */
FB_MUST int watch_journal_write(int *fd, const char *state_dir, const char *place, struct span facts,
    struct fault *f);
