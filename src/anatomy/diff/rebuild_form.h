/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* rebuild_form: which bytes of a file signing and the time of building explain. Private to rebuild. */

#include "anatomy/diff/rebuild.h"

#define FORM_PARTS_MAX 16
#define FORM_REGIONS_MAX 96

struct form_region {
	uint64_t off, len; /* in the part */
	enum rebuild_rule rule;
};

/* A stretch that is compared with the same part of the other file: the whole file, or one slice up
 * to its signature. */
struct form_part {
	uint64_t off, len;
	const char *arch; /* NULL */
	uint64_t tail;	  /* bytes of signature behind it */
	uint64_t padding; /* zero bytes that signing may add in front of it */
	uint32_t nregions;
	struct form_region region[FORM_REGIONS_MAX];
};

struct form {
	uint32_t nparts;
	struct form_part part[FORM_PARTS_MAX];
};

/* A file that no format is known of is one part without regions. -ENOMEM. */
FB_MUST int form_read(struct form *ret_f, struct span file, enum format format, struct arena *a);
/* The rule for the byte at off, and where that region ends; REBUILD_CONTENT up to the next one. */
enum rebuild_rule form_rule(const struct form_part *p, uint64_t off, uint64_t *ret_end);
/* A component that is nothing but a signature: "META-INF/X.RSA" at the top of a zip, a bundle's
 * "_CodeSignature/CodeResources". Neither a program nor executable, whatever its name. */
bool form_is_signature(const struct component_tree *t, uint32_t i);
