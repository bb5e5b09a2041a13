/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * verify: what ledger_verify (verify.c) and the part that puts a name to what is wrong (examine.c)
 * share.
 */

#include "store/priv.h"

/* Entries in a row, each in the place of another. */
struct shift {
	uint64_t first, last; /* places */
	int64_t by;           /* place minus the entry's own seq; 0: no run is open */
	bool duplicate;       /* the first of them is also where it belongs */
};

struct verify {
	struct store *s;
	struct fault *f;
	void (*cb)(void *ctx, const struct ledger_finding *x);
	void *ctx;
	bool found;          /* something that makes the log unsound */
	uint64_t reports;    /* findings and notes so far */
	struct arena arena;  /* for one entry */
	struct db_q rows;    /* entries by seq */
	bool row_ready;      /* rows stands on one that was not looked at yet */
	uint64_t end;        /* number of the last row + 1 */

	/* The tree over the entries' bytes, grown commit by commit. */
	struct merkle_edge edge;
	struct merkle_edge start; /* as it was where the commit began */
	bool broken;              /* an entry is missing in this commit */
	bool odd;                 /* a column, hash or number in this commit is not as it should be */
	/* Since `from` nothing agreed with the signed checkpoints; the first that did not is at `bad`. */
	bool lost;
	uint64_t from, bad;

	struct checkpoint head; /* keys/ledger.head, if it is of use */
	bool has_head;
	bool cut;               /* that the end is missing was said */
	uint64_t signed_size; /* of the newest good checkpoint */
	bool wrong_key; /* no checkpoint can be checked */
	struct shift shift;
	uint64_t gap_from, gap_to; /* entries that are missing, as far as they were looked for */
	ts last_at;
	uint64_t backwards, backwards_first;
};

/* Reports a finding; note: one that does not make the log unsound. */
void verify_find(struct verify *v, uint64_t seq, const char *what, const char *fmt, ...)
    FB_PRINTF(4, 5);
void verify_note(struct verify *v, uint64_t seq, const char *what, const char *fmt, ...)
    FB_PRINTF(4, 5);

/* The bytes of the entries [v->start.size, to) are what was signed, but something beside them is
 * not as it should be. */
FB_MUST int examine_beside(struct verify *v, uint64_t to);
/*
 * The entries [from, to) are not what was signed. With root, the kept hashes give that signed root
 * at size `to`, and tell which entries they do not fit. Without it, the first checkpoint that
 * disagrees, at size `bad`, tells in which commit it began; bad == from: only what shows.
 */
FB_MUST int examine_entries(struct verify *v, uint64_t from, uint64_t to, const struct mhash *root,
    uint64_t bad);
/* The database file: pages, indexes, and the tables being those that they should be. */
FB_MUST int examine_database(struct verify *v);
/* Is there something that examine_end will report? */
static inline bool examine_pending(const struct verify *v)
{
	return v->shift.by || v->gap_to > v->gap_from;
}
/* Reports what is still open: a run of entries out of their places, a gap. */
void examine_end(struct verify *v);
