/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * plist: Apple property lists: the XML form (PropertyList-1.0.dtd: no internal subset, no entities
 * but the five of XML and numeric ones, no CDATA) and the binary form (bplist00). As a document of
 * nodes in the caller's arena.
 *
 * Guarantees: no I/O; memory from the arena only, at most about 64 bytes for each byte of the text;
 * a document is read whole or not at all: bytes behind the end, a key twice in one dictionary, text
 * that is not UTF-8, or a structure over a cap are errors. In the binary form an object that is
 * referred to several times becomes several nodes (PLIST_NODES_MAX ends the tricks with that).
 *
 * Result codes: 0; -EBADMSG with fault (offset); -ENOMEM.
 */

#include "base/arena.h"
#include "base/fault.h"
#include "base/span.h"

#define PLIST_TEXT_MAX (64u << 20)
#define PLIST_NODES_MAX (1u << 20)
#define PLIST_DEPTH_MAX 64
#define PLIST_NONE UINT32_MAX

enum plist_type {
	PLIST_DICT = 1,
	PLIST_ARRAY,
	PLIST_STRING,
	PLIST_DATA,
	PLIST_INTEGER,
	PLIST_BOOL,
	PLIST_REAL, /* only known to be one */
	PLIST_DATE, /* the same */
	PLIST_UID,
};

struct plist_node {
	uint8_t type;
	bool flag;	    /* BOOL */
	uint32_t n;	    /* members of DICT and ARRAY */
	uint32_t first, next; /* indexes of nodes; PLIST_NONE */
	struct span key;    /* in a DICT */
	struct span bytes;  /* STRING (UTF-8, may hold NULs in the binary form: no), DATA */
	int64_t number;	    /* INTEGER, UID */
};

struct plist {
	struct plist_node *node; /* 0 is the top */
	uint32_t n;
};

/* Does it begin like one? */
bool plist_is(struct span text);
FB_MUST int plist_read(struct plist *ret_p, struct span text, struct arena *a, struct fault *f);

/* The member of a dictionary with this key and this type; NULL: there is none. dict may be NULL. */
const struct plist_node *plist_get(
    const struct plist *p, const struct plist_node *dict, const char *key, enum plist_type type);
static inline const struct plist_node *plist_top(const struct plist *p)
{
	return p->n ? &p->node[0] : NULL;
}
static inline const struct plist_node *plist_at(const struct plist *p, uint32_t i)
{
	return i < p->n ? &p->node[i] : NULL;
}
/* for (m = plist_first(p, dict); m; m = plist_next(p, m)) */
static inline const struct plist_node *plist_first(
    const struct plist *p, const struct plist_node *x)
{
	return x && (x->type == PLIST_DICT || x->type == PLIST_ARRAY) ? plist_at(p, x->first) : NULL;
}
static inline const struct plist_node *plist_next(const struct plist *p, const struct plist_node *x)
{
	return plist_at(p, x->next);
}
