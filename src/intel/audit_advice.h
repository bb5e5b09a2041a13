/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* audit_advice: what to do about a feed, from its numbers: a fixed list of questions. Pure. */

#include "intel/audit.h"

#define AUDIT_ADVICE_MAX 8
#define AUDIT_ADVICE_TEXT 240

struct audit_advice {
	size_t n;
	char text[AUDIT_ADVICE_MAX][AUDIT_ADVICE_TEXT];
};

void audit_advise(const struct audit *a, const struct audit_feed *f, struct audit_advice *ret_v);
