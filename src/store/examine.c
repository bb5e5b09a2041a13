/* SPDX-License-Identifier: Apache-2.0 */

/* examine: where verify.c found that something is wrong, says what and in which entry. */

#include "store/verify.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

static unsigned long long ull(uint64_t n)
{
	return n;
}

static struct db_q rows(struct verify *v, uint64_t from, uint64_t to)
{
	struct db_q q = db_query(v->s, v->f, "SELECT " ENTRY_COLUMNS
	    " FROM entry WHERE seq >= ? AND seq < ? ORDER BY seq");

	db_int(&q, (int64_t)from);
	db_int(&q, (int64_t)to);
	return q;
}

static bool same_hash(struct span kept, const struct mhash *h)
{
	return span_eq(kept, span_of(h->b, MERKLE_LEN));
}

static void column_differs(struct verify *v, const struct entry_row *r,
    const struct ledger_entry *e)
{
	const char *column = entry_row_differs(r, e);

	if (column)
		verify_find(v, r->seq, "column", "entry %llu: its column \"%s\" is not what the entry says",
		    ull(r->seq), column);
}

/* ---- the entries are right, something beside them is not ---- */

static int checkpoint_kept(struct verify *v, uint64_t size)
{
	AUTO_Q struct db_q q = db_query(v->s, v->f, "SELECT 1 FROM checkpoint WHERE size = ?");

	db_int(&q, (int64_t)size);
	return db_row(&q);
}

/* Each commit made a checkpoint, and an entry says where its commit began. */
static int check_commit(struct verify *v, const struct ledger_entry *e)
{
	if (e->batch == e->seq && e->seq != v->start.size) {
		int rc = checkpoint_kept(v, e->seq);
		if (rc == 0)
			verify_find(v, e->seq, "checkpoint", "the checkpoint at size %llu is missing",
			    ull(e->seq));
		return rc < 0 ? rc : 0;
	}
	if (e->batch != e->seq && e->seq == v->start.size)
		verify_find(v, e->seq, "checkpoint", "the checkpoint at size %llu is not the end of a "
		    "commit", ull(e->seq));
	return 0;
}

static int check_node(void *ctx, unsigned level, uint64_t idx, const struct mhash *h)
{
	struct verify *v = ctx;
	struct mhash kept;

	if (!level)
		return 0;
	int rc = tree_get(&(struct tree_io){ v->s, NULL }, level, idx, &kept);
	if (rc < 0 && rc != -EUCLEAN)
		return rc;
	if (rc < 0 || !mhash_eq(&kept, h))
		verify_find(v, idx << level, "node", "the tree hash over the entries from %llu to %llu "
		    "(level %u) %s", ull(idx << level), ull(((idx + 1) << level) - 1), level,
		    rc < 0 ? "is missing" : "was altered");
	return 0;
}

int examine_beside(struct verify *v, uint64_t to)
{
	AUTO_Q struct db_q q = rows(v, v->start.size, to);
	struct merkle_edge edge = v->start;
	int rc;

	while ((rc = db_row(&q)) > 0) {
		struct entry_row r = entry_row(&q);
		struct mhash leaf = merkle_leaf(r.body);
		struct ledger_entry e;
		if (!same_hash(r.leaf, &leaf))
			verify_find(v, r.seq, "node", "entry %llu: its leaf hash was altered", ull(r.seq));
		rc = merkle_grow(&edge, &leaf, check_node, v);
		if (rc == 0 && entry_read(&e, r.body, &v->arena, NULL) == 0) {
			column_differs(v, &r, &e);
			rc = check_commit(v, &e);
		}
		arena_free(&v->arena);
		if (rc < 0)
			return rc;
	}
	return rc;
}

/* ---- entries that are missing, or in the places of others ---- */

static void end_gap(struct verify *v)
{
	uint64_t from = v->gap_from, to = v->gap_to;

	v->gap_from = v->gap_to = 0;
	if (to - from == 1)
		verify_find(v, from, "dropped", "entry %llu is missing", ull(from));
	else if (to > from)
		verify_find(v, from, "dropped", "entries from %llu to %llu are missing", ull(from),
		    ull(to - 1));
}

static void missing(struct verify *v, uint64_t from, uint64_t to)
{
	/* When what follows a dropped entry was moved up, it is not the last that is missing. */
	bool moved = v->shift.by < 0 && v->shift.last + 1 == from &&
	    to - from == (uint64_t)-v->shift.by;

	if (moved)
		return;
	if (v->gap_to != from || v->gap_from == v->gap_to) {
		end_gap(v);
		v->gap_from = from;
	}
	v->gap_to = to;
}

static void end_shift(struct verify *v)
{
	struct shift s = v->shift;
	uint64_t n = (uint64_t)llabs(s.by);

	v->shift = (struct shift){ 0 };
	if (!s.by)
		return;
	if (s.duplicate)
		verify_find(v, s.first, "duplicated", "entry %llu is in the ledger again, as entry %llu",
		    ull(s.first - n), ull(s.first));
	else if (s.last + 1 < v->end || s.first == s.last)
		verify_find(v, s.first, "reordered", "in the place of entry %llu stands entry %llu",
		    ull(s.first), ull(s.by > 0 ? s.first - n : s.first + n));
	else if (s.by > 0)
		verify_find(v, s.first - 1, "inserted", "before entry %llu, %llu that do not belong there "
		    "were inserted: what follows is moved on", ull(s.first), ull(n));
	else
		verify_find(v, s.first, "dropped", "%llu entries from %llu on are missing: what follows "
		    "is moved up", ull(n), ull(s.first));
}

void examine_end(struct verify *v)
{
	end_gap(v);
	end_shift(v);
}

/* Is the entry also in the place that it names? 1, 0, -errno. */
static int also_there(struct verify *v, uint64_t seq, const struct mhash *leaf)
{
	struct mhash kept;
	int rc = tree_get(&(struct tree_io){ v->s, NULL }, 0, seq, &kept);

	if (rc < 0)
		return rc == -EUCLEAN ? 0 : rc;
	return mhash_eq(&kept, leaf);
}

static int out_of_place(struct verify *v, uint64_t place, uint64_t seq, const struct mhash *leaf)
{
	int64_t by = (int64_t)(place - seq);
	int rc = 0;

	if (v->shift.by == by && v->shift.last + 1 == place) {
		v->shift.last = place;
		return 0;
	}
	end_shift(v);
	if (seq < place)
		rc = also_there(v, seq, leaf);
	v->shift = (struct shift){ place, place, by, rc > 0 };
	return rc < 0 ? rc : 0;
}

/* ---- the entries are not what was signed ---- */

/*
 * Entries that something was said about, and entries that look well but cannot be proven. Of the
 * latter the neighbours under the same parent hash of one that was named do not count; nor does
 * the neighbour beyond the first commit that disagrees, because the one inside that is it.
 */
struct doubt {
	uint64_t bad; /* where that commit ends */
	bool named, pending;
	uint64_t last_named, last_pending;
	uint64_t n, first, last;
};

static void settle(struct doubt *d)
{
	if (!d->pending)
		return;
	d->pending = false;
	if (!d->n++)
		d->first = d->last_pending;
	d->last = d->last_pending;
}

static void named(struct doubt *d, uint64_t seq)
{
	if (d->pending && d->last_pending == (seq ^ 1))
		d->pending = false;
	d->named = true;
	d->last_named = seq;
}

static void doubted(struct doubt *d, uint64_t seq)
{
	bool neighbour = d->pending && d->last_pending == (seq ^ 1) && seq == d->bad;

	settle(d);
	if (neighbour || (d->named && d->last_named == (seq ^ 1)))
		return;
	d->pending = true;
	d->last_pending = seq;
}

/* 1: the hash at seq is the signed one, 0: it is not, or a hash on its way was altered. */
static int is_signed(struct verify *v, uint64_t seq, const struct mhash *leaf, uint64_t size,
    const struct mhash *root)
{
	struct mhash proof[MERKLE_PROOF_MAX];
	size_t n;
	int rc = merkle_prove_inclusion(seq, size, tree_get, &(struct tree_io){ v->s, NULL }, proof, &n);

	if (rc < 0)
		return rc == -EUCLEAN ? 0 : rc;
	return merkle_verify_inclusion(seq, size, leaf, proof, n, root) == MERKLE_GOOD;
}

static int examine_row(struct verify *v, const struct entry_row *r, uint64_t size,
    const struct mhash *root, struct doubt *d)
{
	struct mhash leaf = merkle_leaf(r->body);
	struct fault why = FAULT_INIT;
	struct ledger_entry e;
	int rc = root ? is_signed(v, r->seq, &leaf, size, root) : 0;

	if (rc < 0)
		return rc;
	bool good = rc > 0, kept = same_hash(r->leaf, &leaf);
	end_gap(v);
	if (good && !kept)
		verify_find(v, r->seq, "node", "entry %llu: its leaf hash was altered", ull(r->seq));
	rc = entry_read(&e, r->body, &v->arena, &why);
	if (rc < 0) {
		named(d, r->seq);
		verify_find(v, r->seq, "flipped", "entry %llu was altered: it is no entry any more (%s)",
		    ull(r->seq), why.text);
		return 0;
	}
	if (e.seq != r->seq) {
		named(d, r->seq);
		return out_of_place(v, r->seq, e.seq, &leaf);
	}
	end_shift(v);
	column_differs(v, r, &e);
	if (!good && !kept) {
		named(d, r->seq);
		verify_find(v, r->seq, "flipped", "entry %llu was altered", ull(r->seq));
	} else if (!good) {
		doubted(d, r->seq);
	}
	return 0;
}

static void altered(struct verify *v, uint64_t first, uint64_t last)
{
	if (first == last)
		verify_find(v, first, "flipped", "entry %llu was altered, together with its hashes",
		    ull(first));
	else
		verify_find(v, first, "flipped", "one or more of the entries from %llu to %llu were "
		    "altered, together with their hashes", ull(first), ull(last));
}

int examine_entries(struct verify *v, uint64_t from, uint64_t to, const struct mhash *root,
    uint64_t bad)
{
	AUTO_Q struct db_q q = rows(v, from, to);
	struct doubt d = { .bad = bad };
	uint64_t want = from;
	int rc;

	while ((rc = db_row(&q)) > 0) {
		struct entry_row r = entry_row(&q);
		if (want < r.seq) {
			missing(v, want, r.seq);
			named(&d, want);
			named(&d, r.seq - 1);
		}
		want = r.seq + 1;
		rc = examine_row(v, &r, to, root, &d);
		arena_free(&v->arena);
		if (rc < 0)
			return rc;
	}
	if (rc < 0)
		return rc;
	if (want < to) {
		missing(v, want, to);
		named(&d, want);
	}
	settle(&d);
	if (root && d.n)
		altered(v, d.first, d.last);
	if (!root && !d.named && bad > from)
		altered(v, from, bad - 1);
	if (!root && to > bad && bad > from)
		verify_find(v, bad, "unproven", "entries from %llu to %llu cannot be checked against their "
		    "checkpoints: the hashes before them were altered too", ull(bad), ull(to - 1));
	return 0;
}

/* ---- the database around them ---- */

static int read_schema(sqlite3 *db, struct buf *out)
{
	sqlite3_stmt *st = NULL;
	int rc = sqlite3_prepare_v2(db, "SELECT type, name, tbl_name, sql FROM sqlite_schema "
	    "ORDER BY type, name", -1, &st, NULL);

	while (rc == SQLITE_OK && sqlite3_step(st) == SQLITE_ROW)
		for (int i = 0; i < 4; i++) {
			const char *s = (const char *)sqlite3_column_text(st, i);
			buf_puts(out, s ? s : "");
			buf_putc(out, '\n');
		}
	rc = rc == SQLITE_OK ? sqlite3_finalize(st) : rc;
	return rc == SQLITE_OK ? buf_err(out) : -EUCLEAN;
}

/* A trigger, a narrower index or another collation would make reading lie. */
static int check_schema(struct verify *v)
{
	AUTO_BUF struct buf want = BUF_INIT(1u << 20), got = BUF_INIT(1u << 20);
	sqlite3 *db = NULL;
	int rc = sqlite3_open(":memory:", &db) == SQLITE_OK && schema_apply(db, 0) == SQLITE_OK ?
		  read_schema(db, &want) : -ENOMEM;

	sqlite3_close(db);
	if (rc == 0)
		rc = read_schema(v->s->db, &got);
	if (rc < 0)
		return rc;
	if (!span_eq(buf_span(&want), buf_span(&got)))
		verify_find(v, 0, "database", "the tables or indexes of the database were altered");
	return 0;
}

int examine_database(struct verify *v)
{
	int rc = check_schema(v);
	AUTO_Q struct db_q q = db_query(v->s, v->f, "PRAGMA integrity_check");
	char first[QUOTE_MAX + 8] = "";
	uint64_t n = 0;

	while (rc == 0 && (rc = db_row(&q)) > 0) {
		rc = 0;
		if (!span_eq_str(db_col(&q, 0), "ok") && !n++)
			quote(db_col(&q, 0), first);
	}
	if (n == 1)
		verify_find(v, 0, "database", "the database is damaged: %s", first);
	else if (n)
		verify_find(v, 0, "database", "the database is damaged: %s, and %llu more", first,
		    ull(n - 1));
	return rc;
}
