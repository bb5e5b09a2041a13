/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* plist_priv: a document under construction. Private to plist*.c. */

#include "wire/plist.h"

struct plist_maker {
	struct plist p;
	uint32_t cap;
	struct arena *arena;
	struct fault *f;
};

/* A new node: its index, or PLIST_NONE with *ret_rc. */
uint32_t plist_add(struct plist_maker *m, enum plist_type type, int *ret_rc);
/* The next member of node parent, last the one before it (PLIST_NONE: none). */
void plist_link(struct plist_maker *m, uint32_t parent, uint32_t last, uint32_t child);
/* No key twice. 0, -EBADMSG, -ENOMEM. */
FB_MUST int plist_check_keys(struct plist_maker *m, uint32_t dict);
/* -EBADMSG with fault. */
int plist_bad(struct plist_maker *m, size_t off, const char *why);

FB_MUST int plist_read_xml(struct plist_maker *m, struct span text);
FB_MUST int plist_read_binary(struct plist_maker *m, struct span text);
