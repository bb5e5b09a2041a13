/* SPDX-License-Identifier: Apache-2.0 */

#include "store/ledger.h"

#include "crypto/dsse.h"
#include "store/priv.h"

#include <errno.h>


static int insert(struct store *s, const struct ledger_new *e, struct span body,
    const struct mhash *leaf, struct fault *f)
{
	AUTO_Q struct db_q q = db_query(s, f, "INSERT INTO entry (seq, kind, subject, at, body, leaf)"
	    " VALUES (?, ?, ?, ?, ?, ?)");

	db_int(&q, (int64_t)s->head.tree.size);
	db_text(&q, span_str(e->kind));
	db_text(&q, span_str(e->subject));
	db_int(&q, e->at);
	db_blob(&q, body);
	db_blob(&q, span_of(leaf->b, MERKLE_LEN));
	return db_run(&q);
}

static int append(struct store *s, const struct ledger_new *e, uint64_t *ret_seq, struct fault *f)
{
	AUTO_BUF struct buf body = BUF_INIT(LEDGER_ENTRY_MAX + 1);
	int rc = tree_load(s, f);

	if (rc < 0)
		return rc;
	uint64_t seq = s->head.tree.size;
	if (!s->head.dirty)
		s->head.first = seq;
	rc = entry_write(&body, e, seq, s->head.first, f);
	if (rc < 0)
		return rc;
	struct mhash leaf = merkle_leaf(buf_span(&body));
	s->head.dirty = true;
	rc = insert(s, e, buf_span(&body), &leaf, f);
	if (rc == 0)
		rc = tree_add(s, &leaf, f);
	if (rc < 0)
		return rc; /* half written; a failed statement has doomed the transaction */
	*ret_seq = seq;
	return 0;
}

int ledger_append(struct store *s, const struct ledger_new *e, uint64_t *ret_seq, struct fault *f)
{
	uint64_t seq = 0;
	bool own;
	int rc = db_enter(s, &own, f);

	if (rc == 0)
		rc = db_leave(s, own, append(s, e, &seq, f), f);
	if (rc == 0)
		*ret_seq = seq;
	return rc;
}

int ledger_size(struct store *s, uint64_t *ret_n, struct fault *f)
{
	AUTO_Q struct db_q q = db_query(s, f, "SELECT coalesce(max(seq) + 1, 0) FROM entry");
	int rc = db_row(&q);

	if (rc < 0)
		return rc;
	*ret_n = (uint64_t)db_col_int(&q, 0);
	return 0;
}

struct entry_row entry_row(struct db_q *q)
{
	return (struct entry_row){ .seq = (uint64_t)db_col_int(q, 0), .kind = db_col(q, 1),
		.subject = db_col(q, 2), .at = db_col_int(q, 3), .body = db_col(q, 4),
		.leaf = db_col(q, 5) };
}

const char *entry_row_differs(const struct entry_row *r, const struct ledger_entry *e)
{
	return r->seq != e->seq			      ? "seq" :
	    !span_eq_str(r->kind, e->kind)	      ? "kind" :
	    !span_eq_str(r->subject, e->subject) ? "subject" :
	    r->at != e->at		      ? "at" :
						NULL;
}

/* One row as the callback gets it: what was signed, under the columns by which it was found. */
static int read_row(struct db_q *q, bool unproven, struct ledger_entry *e, struct arena *a,
    struct fault *f)
{
	struct entry_row r = entry_row(q);
	struct mhash leaf = merkle_leaf(r.body);
	int rc = unproven ? 0 : tree_proves(q->s, r.seq, &leaf, f);

	if (rc < 0)
		return rc;
	rc = entry_read(e, r.body, a, f);
	if (rc < 0)
		return fault_wrap(f, rc, "%s: ledger entry %llu", QUOTE(span_str(q->s->dbpath)),
		    (unsigned long long)r.seq);
	const char *column = entry_row_differs(&r, e);
	if (column && !unproven)
		return fault_set(f, -EBADMSG, "%s: ledger entry %llu: its column \"%s\" was altered; see "
		    "firebreak ledger verify", QUOTE(span_str(q->s->dbpath)), (unsigned long long)r.seq,
		    column);
	return 0;
}

/* The least string above every string that starts with prefix (which is UTF-8: no byte is 0xff). */
static struct span prefix_end(const char *prefix, char *out)
{
	size_t n = strlen(prefix);

	memcpy(out, prefix, n);
	out[n - 1]++;
	return span_of(out, n);
}

#define BY_KIND " AND seq IN (SELECT seq FROM entry WHERE kind >= ? AND kind < ?)"
#define BY_SUBJECTS " AND seq IN (SELECT seq FROM entry WHERE subject >= ? AND subject < ?)"

static void select_text(struct buf *sql, const struct ledger_query *q)
{
	buf_puts(sql, "SELECT " ENTRY_COLUMNS " FROM entry WHERE seq >= ? AND seq < ?");
	if (q->subject)
		buf_puts(sql, " AND subject = ?");
	if (q->subject_prefix && *q->subject_prefix)
		buf_puts(sql, BY_SUBJECTS);
	if (q->kind_prefix && *q->kind_prefix)
		buf_puts(sql, BY_KIND);
	buf_puts(sql, " ORDER BY seq LIMIT ?");
}

static void bind_range(struct db_q *st, const char *prefix, char *end)
{
	if (!prefix || !*prefix)
		return;
	db_text(st, span_str(prefix));
	db_text(st, prefix_end(prefix, end));
}

int ledger_each(struct store *s, const struct ledger_query *q,
    int (*cb)(void *ctx, const struct ledger_entry *e), void *ctx, struct fault *f)
{
	AUTO_BUF struct buf sql = BUF_INIT(4096);
	AUTO_ARENA struct arena a = ARENA_INIT(ENTRY_ARENA_MAX);
	char end1[LEDGER_SUBJECT_MAX + 1], end2[LEDGER_SUBJECT_MAX + 1];
	uint64_t size = 0;
	bool picks = q->subject || q->subject_prefix || q->kind_prefix;
	int rc = q->unproven ? ledger_size(s, &size, f) :
	    picks	     ? ledger_whole(s, f) :
			       tree_load(s, f);

	if (rc < 0)
		return rc;
	if (!q->unproven)
		size = s->head.tree.size;
	if ((q->kind_prefix && strlen(q->kind_prefix) > LEDGER_SUBJECT_MAX) ||
	    (q->subject_prefix && strlen(q->subject_prefix) > LEDGER_SUBJECT_MAX))
		return 0; /* longer than what they would have to start */
	select_text(&sql, q);
	AUTO_Q struct db_q st = db_query(s, f, buf_str(&sql));
	db_int(&st, q->from > INT64_MAX ? INT64_MAX : (int64_t)q->from);
	db_int(&st, (int64_t)size);
	if (q->subject)
		db_text(&st, span_str(q->subject));
	bind_range(&st, q->subject_prefix, end1);
	bind_range(&st, q->kind_prefix, end2);
	db_int(&st, q->limit && q->limit < INT64_MAX ? (int64_t)q->limit : -1);
	while ((rc = db_row(&st)) > 0) {
		struct ledger_entry e;
		rc = read_row(&st, q->unproven, &e, &a, f);
		if (rc == 0)
			rc = cb(ctx, &e);
		if (rc)
			return rc;
		arena_free(&a);
	}
	return rc;
}

int ledger_get(struct store *s, uint64_t seq, struct buf *ret_body, struct fault *f)
{
	int rc = tree_load(s, f);

	if (rc < 0)
		return rc;
	if (seq >= s->head.tree.size)
		return fault_set(f, -ENOENT, "the ledger has no entry %llu", (unsigned long long)seq);
	AUTO_Q struct db_q q = db_query(s, f, "SELECT body FROM entry WHERE seq = ?");
	db_int(&q, (int64_t)seq);
	rc = db_row(&q);
	if (rc < 0)
		return rc;
	struct span body = rc ? db_col(&q, 0) : SPAN_NONE;
	struct mhash leaf = merkle_leaf(body);
	rc = tree_proves(s, seq, &leaf, f);
	if (rc < 0)
		return rc;
	buf_put_span(ret_body, body);
	return buf_err(ret_body);
}

int ledger_checkpoint_open(struct store *s, struct span note, struct checkpoint *ret_c,
    struct fault *f)
{
	struct checkpoint c;
	int rc = checkpoint_open(&c, note, s->key, f);

	if (rc)
		return rc;
	if (strcmp(c.origin, s->origin) != 0)
		return fault_set(f, KEY_BAD_SIGNATURE, "it is of the log %s, this is %s",
		    QUOTE(span_str(c.origin)), s->origin);
	*ret_c = c;
	return 0;
}

/* The note that a query finds, when it is really ours; -ENOENT when there is none. */
static int read_note(struct db_q *q, struct buf *out, struct checkpoint *ret_c, struct fault *f)
{
	int rc = db_row(q);

	if (rc <= 0)
		return rc < 0 ? rc : -ENOENT;
	struct span note = db_col(q, 0);
	rc = ledger_checkpoint_open(q->s, note, ret_c, f);
	if (rc == KEY_BAD_SIGNATURE || rc == -EBADMSG)
		return fault_wrap(f, -EUCLEAN, "%s: a signed checkpoint was altered; see firebreak ledger "
		    "verify", QUOTE(span_str(q->s->dbpath)));
	if (rc < 0)
		return rc;
	buf_put_span(out, note);
	return buf_err(out);
}

int ledger_note_newest(struct store *s, struct buf *out, struct checkpoint *ret_c, struct fault *f)
{
	AUTO_Q struct db_q q = db_query(s, f,
	    "SELECT note FROM checkpoint ORDER BY size DESC LIMIT 1");
	int rc = read_note(&q, out, ret_c, f);

	return rc == -ENOENT ? fault_set(f, -EUCLEAN, "%s: no signed checkpoint; see firebreak ledger "
	    "verify", QUOTE(span_str(s->dbpath))) : rc;
}

int ledger_note_at(struct store *s, uint64_t size, struct buf *out, struct checkpoint *ret_c,
    struct fault *f)
{
	AUTO_Q struct db_q q = db_query(s, f, "SELECT note FROM checkpoint WHERE size = ?");

	db_int(&q, size > INT64_MAX ? -1 : (int64_t)size);
	int rc = read_note(&q, out, ret_c, f);
	return rc == -ENOENT ? fault_set(f, rc, "no checkpoint was signed at size %llu",
	    (unsigned long long)size) : rc;
}

int ledger_checkpoint(struct store *s, struct buf *out, struct fault *f)
{
	return ledger_note_newest(s, out, &(struct checkpoint){ 0 }, f);
}

int ledger_checkpoint_at(struct store *s, uint64_t size, struct buf *out, struct fault *f)
{
	return ledger_note_at(s, size, out, &(struct checkpoint){ 0 }, f);
}

int ledger_vkey(struct store *s, struct buf *out)
{
	return note_vkey(s->origin, s->key, out);
}

int ledger_sign(struct store *s, struct span type, struct span payload, struct buf *out,
    struct fault *f)
{
	if (s->flags & STORE_RDONLY)
		return fault_set(f, -EROFS, "%s: opened for reading only: nothing can be signed", s->dir);
	int rc = dsse_sign(out, type, payload, s->key);
	return rc < 0 ? fault_set(f, rc, "cannot sign with the ledger key: %s", strerror(-rc)) : 0;
}
