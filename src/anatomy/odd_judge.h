/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* odd_judge: turns the oddities that a parser found (wire/odd.h) into reasons. Private to anatomy/. */

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
