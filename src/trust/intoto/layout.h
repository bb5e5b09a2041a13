/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * layout: what a layout demands and what a link reports (in-toto specification 4.3, 4.4), read from
 * a body that was authenticated (meta.h).
 *
 * Guarantees: touches no file. A member that the specification does not name is refused: in a
 * layout it could be a demand that is not understood. Refused, too: names of steps and inspections
 * that are used twice or could not stand in a file name (empty, "/", "." and ".."), thresholds
 * below 1, dates that are not YYYY-MM-DDTHH:MM:SSZ.
 *
 * Parameters: with at least one given, "{name}" in rules, expected commands and inspections' runs
 * becomes its value, "{{" and "}}" become braces, and any other brace is an error. With none given
 * nothing is replaced.
 */

#include "trust/intoto/meta.h"
#include "trust/intoto/rule.h"

#define LAYOUT_STEPS_MAX 1024 /* and inspections */
#define LAYOUT_KEYS_MAX 1024
#define LAYOUT_WORDS_MAX 4096 /* of a command */
#define LAYOUT_NAME_MAX 200

struct words {
	struct span *item;
	size_t n;
};

struct param {
	struct span name, value;
};

struct params {
	const struct param *item;
	size_t n;
};

/* Letters, digits, "-" and "_". */
bool param_name_ok(struct span name);

struct layout_item {
	const char *name;
	bool inspection;
	struct rules materials, products;
	struct words command; /* expected; of an inspection: to run */
	/* steps: */
	int64_t threshold; /* at least 1 */
	const char **keyid;
	size_t nkeyids;
};

struct layout {
	ts expires; /* TS_FOREVER: later than a ts can say */
	const char *expires_text, *readme;
	struct pubkey *key;
	size_t nkeys;
	struct layout_item *step, *inspection;
	size_t nsteps, ninspections;
};

/* 0, -EBADMSG with fault (*ret_l zeroed), -ENOMEM. Free also after an error. */
FB_MUST int layout_read(struct layout *ret_l, struct json_val body, const struct params *params,
    struct arena *a, struct fault *f);
void layout_free(struct layout *l);
const struct pubkey *layout_key(const struct layout *l, const char *keyid);

struct link {
	const char *name;
	struct artifacts materials, products;
	struct words command;
	bool has_return;
	int64_t return_value; /* byproducts' "return-value", if it is an integer */
};

FB_MUST int link_read(struct link *ret_l, struct json_val body, struct arena *a, struct fault *f);
