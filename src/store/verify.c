/* SPDX-License-Identifier: Apache-2.0 */

/*
 * verify: reads the whole ledger once, in order, and recomputes everything that was signed.
 *
 * The tree is grown from the entries' bytes. At each signed checkpoint its root must be the one
 * that was signed: then every entry before it is what it was. If it is not, the hashes that are
 * kept beside the entries may still be those that were signed; then they tell which entries were
 * altered, and checking goes on from them. Memory is that of one entry and one tree edge.
 */

#include "store/verify.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>

FB_PRINTF(5, 0)
static void report(struct verify *v, bool note, uint64_t seq, const char *what, const char *fmt,
    va_list ap)
{
	char text[FAULT_MAX];

	vsnprintf(text, sizeof(text), fmt, ap);
	v->found |= !note;
	v->reports++;
	v->cb(v->ctx, &(struct ledger_finding){ .seq = seq, .what = what, .text = text, .note = note });
}

void verify_find(struct verify *v, uint64_t seq, const char *what, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	report(v, false, seq, what, fmt, ap);
	va_end(ap);
}

void verify_note(struct verify *v, uint64_t seq, const char *what, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	report(v, true, seq, what, fmt, ap);
	va_end(ap);
}

/* ---- entries ---- */

static int next_row(struct verify *v)
{
	if (v->row_ready)
		return 1;
	int rc = db_row(&v->rows);
	v->row_ready = rc > 0;
	return rc;
}

/* Does the node that came to be agree with the one that is kept? Level 0 is compared as a column. */
static int same_node(void *ctx, unsigned level, uint64_t idx, const struct mhash *h)
{
	struct verify *v = ctx;
	struct mhash kept;

	if (!level)
		return 0;
	int rc = tree_get(&(struct tree_io){ v->s, NULL }, level, idx, &kept);
	if (rc < 0 && rc != -EUCLEAN)
		return rc;
	v->odd |= rc < 0 || !mhash_eq(&kept, h);
	return 0;
}

/* Times of the injected clock are anywhere; the system's should not run backwards. */
static void look_at_time(struct verify *v, const struct ledger_entry *e)
{
	if (e->clock_injected)
		return;
	if (e->at < v->last_at && !v->backwards++)
		v->backwards_first = e->seq;
	v->last_at = e->at;
}

static bool is_odd(struct verify *v, const struct entry_row *r, const struct mhash *leaf)
{
	struct ledger_entry e;
	bool odd = entry_read(&e, r->body, &v->arena, NULL) < 0;

	if (!odd) {
		look_at_time(v, &e);
		odd = entry_row_differs(r, &e) || !span_eq(r->leaf, span_of(leaf->b, MERKLE_LEN)) ||
		    (e.batch != v->start.size);
	}
	arena_free(&v->arena);
	return odd;
}

/* Grows the tree by the entries before `to`, and notices what does not fit. */
static int read_entries(struct verify *v, uint64_t to)
{
	int rc;

	while ((rc = next_row(v)) > 0) {
		struct entry_row r = entry_row(&v->rows);
		if (r.seq >= to)
			break;
		struct mhash leaf = merkle_leaf(r.body);
		v->odd |= is_odd(v, &r, &leaf);
		v->broken |= r.seq != v->edge.size;
		if (!v->broken && !v->lost)
			rc = merkle_grow(&v->edge, &leaf, same_node, v);
		if (rc < 0)
			return rc;
		v->row_ready = false;
	}
	v->broken |= v->edge.size != to;
	return rc < 0 ? rc : 0;
}

/* ---- checkpoints ---- */

/* The kept hashes at this size, if they are what was signed: 1, 0 or -errno. */
static int kept_edge(struct verify *v, const struct checkpoint *c, struct merkle_edge *ret)
{
	struct merkle_edge e;
	int rc = merkle_edge_load(&e, c->size, tree_get, &(struct tree_io){ v->s, NULL });

	if (rc < 0)
		return rc == -EUCLEAN ? 0 : rc;
	struct mhash root = merkle_edge_root(&e);
	if (!mhash_eq(&root, &c->root))
		return 0;
	*ret = e;
	return 1;
}

/* The entries up to c do not give its root: go on from the kept hashes, now or later. */
static int disagree(struct verify *v, const struct checkpoint *c)
{
	if (!v->lost) {
		v->lost = true;
		v->from = v->start.size;
		v->bad = c->size;
	}
	int rc = kept_edge(v, c, &v->edge);
	if (rc < 0)
		return rc;
	/* At a power of two the signed root is the whole edge. */
	bool alone = c->size && !(c->size & (c->size - 1));
	if (!rc && !alone)
		return 0;
	if (!rc) {
		v->edge.size = c->size;
		v->edge.edge[__builtin_ctzll(c->size)] = c->root;
	}
	v->lost = false;
	uint64_t before = v->reports;
	rc = examine_entries(v, v->from, c->size, rc ? &c->root : NULL, v->bad);
	if (rc == 0 && v->reports == before && !examine_pending(v))
		verify_find(v, v->from, "unproven", "the entries from %llu to %llu do not give the root that "
		    "was signed", (unsigned long long)v->from, (unsigned long long)(c->size - 1));
	return rc;
}

static int at_checkpoint(struct verify *v, const struct checkpoint *c)
{
	int rc = read_entries(v, c->size);

	if (rc < 0)
		return rc;
	struct mhash root = merkle_edge_root(&v->edge);
	if (v->lost || v->broken || !mhash_eq(&root, &c->root))
		rc = disagree(v, c);
	else if (v->odd)
		rc = examine_beside(v, c->size);
	v->start = v->edge;
	v->start.size = c->size;
	v->broken = v->odd = false;
	return rc;
}

/* 1 when it is one of ours, about this size; 0 when that was reported; -errno. */
static int open_checkpoint(struct verify *v, uint64_t size, struct span note, struct checkpoint *c)
{
	struct fault f = FAULT_INIT;
	int rc = ledger_checkpoint_open(v->s, note, c, &f);

	if (rc < 0 && rc != -EBADMSG)
		return rc;
	if (rc && !v->wrong_key)
		verify_find(v, size, "checkpoint", "the checkpoint at size %llu was altered or forged: %s",
		    (unsigned long long)size, f.text);
	if (rc)
		return 0;
	if (c->size != size)
		verify_find(v, size, "checkpoint", "in the place of the checkpoint at size %llu stands the "
		    "one at size %llu", (unsigned long long)size, (unsigned long long)c->size);
	return c->size == size;
}

static int read_checkpoints(struct verify *v)
{
	AUTO_Q struct db_q q = db_query(v->s, v->f, "SELECT size, note FROM checkpoint ORDER BY size");
	struct checkpoint c;
	bool any = false, zero = false;
	int rc;

	while ((rc = db_row(&q)) > 0) {
		uint64_t size = (uint64_t)db_col_int(&q, 0);
		any = true;
		zero |= !size;
		rc = open_checkpoint(v, size, db_col(&q, 1), &c);
		if (rc > 0) {
			rc = at_checkpoint(v, &c);
			v->signed_size = size;
		}
		if (rc < 0)
			return rc;
	}
	if (rc == 0 && !zero)
		verify_find(v, 0, "checkpoint", any ? "the checkpoint of the empty log is missing" :
						      "there is no signed checkpoint at all");
	return rc;
}

/* What is there behind the newest good checkpoint is not signed by anybody. */
static int read_rest(struct verify *v)
{
	uint64_t signed_size = v->signed_size;
	int rc = v->lost ? examine_entries(v, v->from, signed_size, NULL, v->bad) : 0;

	if (rc == 0)
		rc = next_row(v);
	if (rc <= 0)
		return rc;
	/* When all that follows is moved on, what stands at the end is not what was inserted. */
	bool moved = v->shift.by > 0 && v->end - signed_size == (uint64_t)v->shift.by;
	if (!v->wrong_key && !moved)
		verify_find(v, signed_size, "inserted", "entries from %llu to %llu are in no signed "
		    "checkpoint: they were inserted, or their checkpoint was taken away",
		    (unsigned long long)signed_size, (unsigned long long)(v->end - 1));
	return examine_entries(v, signed_size, v->end, NULL, signed_size);
}

/* ---- around them ---- */

static int check_keys(struct verify *v)
{
	struct fault f = FAULT_INIT;
	int rc = keys_compare(v->s, &f);

	if (rc == 1 || rc == -EBADMSG || rc == -EPERM)
		verify_find(v, 0, "key", "%s", f.text);
	else if (rc == -ENOENT || rc == -EACCES)
		verify_note(v, 0, "key", "%s", f.text);
	else if (rc < 0)
		return fault_set(v->f, rc, "%s", f.text);
	return 0;
}

/* If no checkpoint at all is by our key, it is the key that changed. */
static int check_signer(struct verify *v)
{
	AUTO_Q struct db_q q = db_query(v->s, v->f, "SELECT note FROM checkpoint ORDER BY size");
	struct checkpoint c;
	int rc, n = 0;

	for (; (rc = db_row(&q)) > 0; n++)
		if (ledger_checkpoint_open(v->s, db_col(&q, 0), &c, NULL) != KEY_BAD_SIGNATURE)
			return 0;
	if (rc == 0 && n) {
		v->wrong_key = true;
		verify_find(v, 0, "key", "the checkpoints are not signed by the key in keys/ (%s): it was "
		    "replaced, or they were forged", v->s->origin);
	}
	return rc;
}

/* The ledger begins at 0; rows before that are nobody's. */
static int check_negative(struct verify *v)
{
	AUTO_Q struct db_q q = db_query(v->s, v->f, "SELECT count(*) FROM entry WHERE seq < 0");
	int rc = db_row(&q);

	if (rc > 0 && db_col_int(&q, 0))
		verify_find(v, 0, "inserted", "%llu rows with a number below 0 were inserted",
		    (unsigned long long)db_col_int(&q, 0));
	return rc < 0 ? rc : 0;
}

static int check_nodes(struct verify *v)
{
	AUTO_Q struct db_q q = db_query(v->s, v->f, "SELECT count(*) FROM node");
	/* n leaves have n - (bits set in n) complete subtrees above them. */
	uint64_t want = v->end - (uint64_t)__builtin_popcountll(v->end);
	int rc = db_row(&q);

	if (rc <= 0)
		return rc;
	if ((uint64_t)db_col_int(&q, 0) > want)
		verify_find(v, v->end, "node", "%llu more tree hashes are kept than the entries have",
		    (unsigned long long)((uint64_t)db_col_int(&q, 0) - want));
	return 0;
}

/* Does the ledger extend this checkpoint, which somebody kept? */
static int compare(struct verify *v, const struct checkpoint *c, const char *whose)
{
	struct mhash root;

	if (c->size > v->end && v->cut)
		return 0;
	if (c->size > v->end) {
		v->cut = true;
		verify_find(v, v->end, "dropped", "entries from %llu to %llu are gone: %s has %llu entries, "
		    "this ledger %llu", (unsigned long long)v->end, (unsigned long long)(c->size - 1),
		    whose, (unsigned long long)c->size, (unsigned long long)v->end);
		return 0;
	}
	int rc = merkle_root_at(c->size, tree_get, &(struct tree_io){ v->s, NULL }, &root);
	if (rc < 0 && rc != -EUCLEAN)
		return rc;
	if (rc < 0 || !mhash_eq(&root, &c->root))
		verify_find(v, c->size, "rewritten", "the first %llu entries are not those that %s was "
		    "signed over", (unsigned long long)c->size, whose);
	return 0;
}

static int check_trusted(struct verify *v, struct span trusted)
{
	struct fault f = FAULT_INIT;
	struct checkpoint c;

	if (!trusted.n)
		return 0;
	int rc = ledger_checkpoint_open(v->s, trusted, &c, &f);
	if (rc == KEY_BAD_SIGNATURE) {
		verify_find(v, 0, "key", "the checkpoint that was kept elsewhere is not of this ledger "
		    "(%s): %s", v->s->origin, f.text);
		return 0;
	}
	if (rc < 0)
		return fault_set(v->f, rc, "the checkpoint to compare with: %s", f.text);
	return compare(v, &c, "the checkpoint that was kept elsewhere");
}

/* What was noted beside the key tells the more only when the database says less. */
static int check_head(struct verify *v)
{
	if (!v->has_head) {
		if (!v->found)
			verify_note(v, v->end, "key", "keys/ledger.head is missing or of no use; the next "
			    "commit makes it anew");
		return 0;
	}
	bool less = v->head.size > v->signed_size && v->head.size > v->end;
	return less || !v->found ? compare(v, &v->head, "the checkpoint in keys/ledger.head") : 0;
}

static int verify(struct verify *v, struct span trusted)
{
	int rc = ledger_size(v->s, &v->end, v->f);

	if (rc == 0)
		rc = check_keys(v);
	if (rc == 0)
		rc = examine_database(v);
	if (rc == 0)
		rc = check_signer(v);
	if (rc == 0)
		rc = check_negative(v);
	if (rc == 0)
		rc = read_checkpoints(v);
	if (rc == 0)
		rc = read_rest(v);
	examine_end(v);
	if (rc == 0 && !v->found)
		rc = check_nodes(v);
	if (rc == 0)
		rc = check_trusted(v, trusted);
	if (rc == 0)
		rc = check_head(v);
	if (rc == 0 && v->backwards && !v->found)
		verify_note(v, v->backwards_first, "clock", "the clock went backwards %llu times, first "
		    "before entry %llu", (unsigned long long)v->backwards,
		    (unsigned long long)v->backwards_first);
	return rc;
}

int ledger_verify(struct store *s, struct span trusted,
    void (*cb)(void *ctx, const struct ledger_finding *x), void *ctx, struct fault *f)
{
	struct verify v = { .s = s, .f = f, .cb = cb, .ctx = ctx, .last_at = TS_NONE,
		.arena = ARENA_INIT(ENTRY_ARENA_MAX) };

	bool own;

	FB_ASSERT(!s->in_tx);
	int rc = head_read(s, &v.head);
	v.has_head = rc > 0;
	if (rc >= 0)
		rc = db_look(s, &own, f);
	if (rc < 0)
		return rc;
	v.rows = db_query(s, f, "SELECT " ENTRY_COLUMNS " FROM entry WHERE seq >= 0 ORDER BY seq");
	rc = verify(&v, trusted);
	db_end(&v.rows);
	arena_free(&v.arena);
	db_look_end(s, own);
	if (rc == -EUCLEAN) { /* so damaged that it could not be read to its end */
		verify_find(&v, 0, "database", "%s", f && f->text[0] ? f->text : "cannot be read");
		rc = 0;
	}
	return rc < 0 ? rc : v.found;
}
