/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * report: a drill's result document drawn for people: the scoreboard as text, and one
 * self-contained HTML file (no script, no outside resource; every outside byte escaped).
 */

#include "base/arena.h"
#include "base/buf.h"
#include "drill/record.h"
#include "wire/json.h"

/* Terminal colours, or "" for each. */
struct report_ink {
	const char *good, *bad, *dim, *bold, *off;
};

/* record may be NULL (not recorded). Errors latch in out. */
void report_board(
    struct buf *out, struct json_val result, const struct report_ink *ink, struct arena *a);
void report_html(
    struct buf *out, struct json_val result, const struct record *record, struct arena *a);

/* First time in the run that the milestone was met, after the alert: smallest since_alert over the
 * variants; TS_NONE if none. *ret_variant names where. */
ts report_milestone(
    struct json_val result, const char *milestone, struct arena *a, const char **ret_variant);
