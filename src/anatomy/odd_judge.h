/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* odd_judge: what the judges of MSI and CAB share: the oddities that a parser found (wire/odd.h) as
 * reasons, the room behind a signature, reading. Private to anatomy/. */

#include "anatomy/anatomy_format.h"
#include "wire/odd.h"

/* What one kind means in a file that is signed, and in one that is not. */
struct odd_meaning {
	enum reason_kind with, without;
	const char *text;
};

/* Adds "FORMAT.WORD" for each place that is kept, and how many more there are. item: what to call
 * the place's item, "" for nothing; outside text. */
void odd_judge(struct anatomy *a, const struct odd *o, const struct odd_meaning *m, bool is_signed,
    const char *format, const char *word, const char *(*item)(void *ctx, uint32_t item), void *ctx);

/* What follows the DER of a signature in its place: at most 7 bytes, all zero, or FAIL with
 * "FORMAT.signature-slack". off: where they are in the file. */
void odd_judge_slack(struct anatomy *a, const char *format, struct span slack, uint64_t off);

/* The parsers' read function over a struct anatomy: n bytes at off of a->fd. 0, -EAGAIN (the file is
 * shorter than it was), -errno. */
FB_MUST int odd_fetch(void *anatomy, uint64_t off, void *p, size_t n);
