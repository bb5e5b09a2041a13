/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * set: the trusted metadata of one repository and the rules by which new files get into it: the
 * checks of sections 5.2 to 5.6, without the fetching.
 *
 * Guarantees: pure but for memory. A file that is refused changes nothing. Time is the one given
 * when the set was made (5.1).
 *
 * Result codes: enum tuf_result with the report filled (step and words), or -ENOMEM.
 */

#include "trust/tuf/meta.h"

struct tuf_set {
	ts start;
	struct tuf_meta *root;
	struct tuf_meta *timestamp;    /* the one trusted before, or the new one */
	struct tuf_meta *old_snapshot; /* trusted before: for 5.5.5 only */
	struct tuf_meta *snapshot;     /* the one that timestamp lists */
	struct tuf_meta *targets;      /* the one that snapshot lists */
};

void tuf_set_free(struct tuf_set *s);

/* 5.2: a root that is trusted as it is given; it must be signed by its own keys. */
FB_MUST int tuf_set_trust(struct tuf_set *s, struct span bytes, struct tuf_report *w);
/* 5.3.4 to 5.3.7: the next root. With keys of timestamp or snapshot taken away, *ret_rotated is
 * true: what was trusted under them must be forgotten (5.3.11). */
FB_MUST int tuf_set_root(struct tuf_set *s, struct span bytes, bool *ret_rotated,
    struct tuf_report *w);
/* 5.3.10: no more roots. */
FB_MUST int tuf_set_roots_end(struct tuf_set *s, struct tuf_report *w);

/* What was trusted in an earlier update. Kept if it is signed under today's root, else TUF_UNSIGNED
 * or TUF_MALFORMED, which is no failure of the update. */
FB_MUST int tuf_set_old_timestamp(struct tuf_set *s, struct span bytes, struct tuf_report *w);
FB_MUST int tuf_set_old_snapshot(struct tuf_set *s, struct span bytes, struct tuf_report *w);

/* 5.4.2 to 5.4.4. TUF_SAME: the old one stays, which is not expired. */
FB_MUST int tuf_set_timestamp(struct tuf_set *s, struct span bytes, struct tuf_report *w);
/* 5.5.2 to 5.5.6. */
FB_MUST int tuf_set_snapshot(struct tuf_set *s, struct span bytes, struct tuf_report *w);
/* 5.6.2 to 5.6.5 for a role that delegator delegates to (the root: "targets"); the caller frees. */
FB_MUST int tuf_set_role(struct tuf_set *s, struct tuf_meta *delegator, const struct tuf_role *role,
    struct span bytes, struct tuf_meta **ret_m, struct tuf_report *w);
/* How the snapshot lists the role: TUF_OK, TUF_UNLISTED. */
FB_MUST int tuf_set_listed(const struct tuf_set *s, const struct tuf_role *role,
    const struct tuf_file **ret_file, struct tuf_report *w);
