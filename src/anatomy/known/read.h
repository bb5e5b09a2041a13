/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* known_read: what the readers of list formats share. Private to anatomy/known/. */

#include "anatomy/known/format.h"

struct known_reading {
	struct known_read *r;
	struct known_list *l;
	const char *name;
	struct span text;
	uint64_t line;
	struct fault *f;
};

FB_MUST int known_put(struct known_reading *x, const struct digest *d, struct span version,
    struct span path);
FB_MUST int known_refuse(struct known_reading *x, struct span value, const char *reason);
/* Hex whose length tells the algorithm; false when it is none that lists may hold. */
bool known_hex(struct span hex, struct digest *ret_d);
bool known_hex_of(enum digest_alg alg, struct span hex, struct digest *ret_d);

FB_MUST int known_read_json(struct known_reading *x);
FB_MUST int known_read_sums(struct known_reading *x);
FB_MUST int known_read_hashdeep(struct known_reading *x);
FB_MUST int known_read_csv(struct known_reading *x);
