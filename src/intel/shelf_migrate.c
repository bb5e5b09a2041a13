/* SPDX-License-Identifier: Apache-2.0 */

#include "intel/shelf_migrate.h"

#include "intel/shelf_edit.h"
#include "store/ledger.h"
#include "store/moving.h"

#include <errno.h>
#include <stdlib.h>

/* When each import was: the table knows only its entry. */
struct imported {
	uint32_t entry; /* 1 + seq */
	ts at;
};

struct migration {
	struct store *s;
	struct shelf_edit *e;
	struct fault *f;
	struct imported *at;
	size_t n, cap;
};

static int on_import(void *ctx, const struct ledger_entry *e)
{
	struct migration *m = ctx;

	if (m->n == m->cap) {
		size_t cap = m->cap ? 2 * m->cap : 64;
		struct imported *p = reallocarray(m->at, cap, sizeof(*p));
		if (!p)
			return -ENOMEM;
		m->at = p;
		m->cap = cap;
	}
	m->at[m->n++] = (struct imported){ (uint32_t)e->seq + 1, e->at };
	return 0;
}

static int by_entry(const void *pa, const void *pb)
{
	const struct imported *a = pa, *b = pb;
	return (a->entry > b->entry) - (a->entry < b->entry);
}

static ts when(const struct migration *m, uint32_t entry)
{
	struct imported key = { .entry = entry };
	const struct imported *x = m->n ?
	    bsearch(&key, m->at, m->n, sizeof(*m->at), by_entry) :
	    NULL;

	return x ? x->at : TS_NONE;
}

static int on_row(void *ctx, const struct indicator *row)
{
	struct migration *m = ctx;
	struct indicator i = *row;

	i.first_seen = when(m, i.first_import);
	i.last_seen = when(m, i.last_import);
	return shelf_edit_add(m->e, &i, m->f);
}

static int record(struct migration *m, const struct shelf_migrate_opts *o,
    const struct shelf_staged *st)
{
	AUTO_BUF struct buf b = BUF_INIT(4096);
	struct jw w = jw_of(&b);
	uint64_t seq;

	jw_obj(&w);
	jw_kint(&w, "added", (int64_t)st->stats.added);
	jw_kcstr(&w, "content", DIGEST_HEX(&st->content));
	jw_kint(&w, "generation", (int64_t)st->generation);
	jw_end(&w);
	int rc = buf_err(&b);
	if (rc < 0)
		return rc;
	struct ledger_new e = { .kind = SHELF_KIND "migrate", .subject = SHELF_SUBJECT,
		.actor = o->actor, .at = o->now, .clock_injected = o->clock_injected,
		.data = buf_span(&b) };
	return ledger_append(m->s, &e, &seq, m->f);
}

static int move(struct migration *m, const struct shelf_migrate_opts *o)
{
	struct shelf_edit_opts eo = { .now = o->now, .moving = true };
	struct ledger_query q = { .kind_prefix = SHELF_KIND, .subject = SHELF_SUBJECT };
	struct shelf_staged st;
	int rc = ledger_each(m->s, &q, on_import, m, m->f);

	if (rc == 0)
		rc = shelf_edit_begin(&m->e, m->s, &eo, m->f);
	if (rc == 0)
		rc = moving_each(m->s, on_row, m, m->f);
	if (rc == 0)
		rc = shelf_edit_build(m->e, &st, m->f);
	return rc < 0 ? rc : record(m, o, &st);
}

int shelf_migrate(struct store *s, const struct shelf_migrate_opts *o, uint64_t *ret_n,
    struct fault *f)
{
	struct migration m = { .s = s, .f = f };
	int rc = moving_count(s, ret_n, f);

	if (rc < 0 || !*ret_n)
		return rc;
	rc = store_begin(s, f);
	if (rc < 0)
		return rc;
	rc = moving_count(s, ret_n, f); /* again: now nobody else moves them */
	if (rc < 0 || !*ret_n) {
		store_abort(s);
		return rc;
	}
	rc = move(&m, o);
	if (rc == 0)
		rc = moving_done(s, f);
	if (rc == 0)
		rc = store_commit(s, f);
	else
		store_abort(s);
	if (rc == 0)
		rc = shelf_edit_install(m.e, f);
	shelf_edit_end(m.e);
	free(m.at);
	return rc;
}
