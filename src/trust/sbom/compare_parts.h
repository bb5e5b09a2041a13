/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* compare_parts: the parts of compare; private to this folder. */

#include "trust/sbom/compare.h"

#include "base/map.h"

/* What is known about a shipped file. */
enum {
	NAMED = 1,    /* a named file has its path */
	COVERED = 2,  /* a strong digest of it is in the SBOM */
	DIFFERS = 4,  /* told as a mismatch or a rename */
	WEAK = 8,     /* only weak digests agree */
	UNKNOWN = 16, /* only algorithms that are not computed here */
	BARE = 32,    /* named without a digest */
};

/* How the digests of one item and one shipped file get along. */
struct fit {
	bool strong, weak, unknown;
	const struct sbom_hash *differs; /* NULL: none */
};

struct compare {
	const struct sbom *s;
	const struct delivery *d;
	const struct sbom_rules *rules;
	struct verdict *v;
	struct sbom_tally tally;
	char root[SBOM_PATH_MAX + 1]; /* "a/b/", or "" */
	size_t skip_s, skip_d; /* bytes of the folders that are left out of the names */
	struct map components; /* strong digest -> 1 + index of a component that has it */
	struct map gone;       /* the same for named files that are not shipped */
	struct map by_base;    /* base name -> 1 + index of a shipped file */
	uint8_t *state;        /* of each shipped file */
	uint8_t *missing;      /* of each item: 1 a named file that is not shipped, 2 told as renamed */
	uint8_t *matched;      /* of each item: a component whose bytes are shipped */
	bool whole;            /* the archive itself is a component */
};

/* One of several of a kind: past SBOM_LIST_MAX they are only counted. */
struct list {
	enum reason_kind kind;
	const char *code;
	size_t n;
};

struct lists {
	struct list mismatch, unlisted, absent, renamed, code, link, component, subject;
};

/* --- compare_fit.c: digests ------------------------------------------------------------------ */

struct fit compare_fit(const struct compare *c, const struct sbom_item *it,
    const struct delivered_file *f);
/* Is the archive itself what the component's digests speak of? */
struct fit compare_fit_own(const struct compare *c, const struct sbom_item *it);
/* The item noted in m by one of its strong digests that f has; -1 if there is none. */
long compare_item_with(const struct compare *c, const struct map *m,
    const struct delivered_file *f);
/* Notes item i in m by its strong digests; the first of several with the same stays. */
FB_MUST int compare_note_item(struct compare *c, struct map *m, size_t i);

/* --- compare_names.c: which shipped file an item speaks of ----------------------------------- */

/* The last part of a path. */
const char *compare_base(const char *path);
size_t compare_index(const struct compare *c, const struct delivered_file *f);
/* The name of the file that a component comes as; NULL when it is only the name of a package. */
const char *compare_own_file(const struct sbom_item *it);
/* Is it a named file, below the root that was given? */
bool compare_in_scope(const struct compare *c, const struct sbom_item *it);
/* Settles which top folders are left out of the names (docs/sbom.md). */
void compare_align(struct compare *c);
/* The shipped file that a named one speaks of, by the folders that are left out. */
const struct delivered_file *compare_find(const struct compare *c, const struct sbom_item *it);

/* --- compare_tell.c: the reasons ------------------------------------------------------------- */

/* Every reason says which SBOM it comes from. */
void compare_stamp(const struct compare *c, struct reason *r);
FB_PRINTF(3, 4) void compare_tell(struct compare *c, struct list *l, const char *fmt, ...);
void compare_tell_mismatch(struct compare *c, struct list *l, const struct sbom_item *it,
    const struct delivered_file *f, const struct sbom_hash *h);
/* How many shipped files are in the state and in none of the others; one of them in *ret_one. */
size_t compare_count(const struct compare *c, uint8_t in, uint8_t not_in, const char **ret_one);
/* At the end: what was left out of the lists, the gaps, what is covered, the notes. */
void compare_tell_all(struct compare *c, const struct lists *l);

/* --- compare.c, compare_single.c ------------------------------------------------------------- */

/* What nothing in the SBOM speaks for. */
void compare_unlisted(struct compare *c, struct lists *l);
/* A single file: where it belongs is not known, so its bytes count, and of names only the last
 * part. */
void compare_single(struct compare *c, struct lists *l);
