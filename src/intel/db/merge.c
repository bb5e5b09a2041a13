/* SPDX-License-Identifier: Apache-2.0 */

#include "intel/db/merge.h"

#include <errno.h>
#include <stdlib.h>

/* A claim on the value at hand. */
struct input {
	struct indicator i;
	uint32_t *memo; /* NULL: the claim was changed, or is not known */
	uint32_t seq;
	bool old;
};

struct merge {
	struct intel_build *b;
	struct cold *c;
	/* what comes next of the sorted, and of the old */
	struct span key, claim;
	bool have;
	unsigned side, type;
	struct walk walk;
	struct span old;
	uint32_t old_entry;
	bool have_old;
	uint32_t *old_memo; /* for each of its tuples */
	/* the value at hand */
	uint8_t value[1 + KEY_MAX];
	struct span at;
	struct input *in;
	size_t n, cap;
	uint32_t *ids;
	struct arena texts; /* packed claims that are in no pool */
};

static void merge_free(struct merge *m)
{
	free(m->old_memo);
	free(m->in);
	free(m->ids);
	arena_free(&m->texts);
}

static int next_new(struct merge *m, struct fault *f)
{
	int rc = extsort_next(m->b->sort, &m->key, &m->claim, f);

	m->have = rc == 1;
	return rc < 0 ? rc : 0;
}

/* The old database's next entry, over all its columns. */
static int next_old(struct merge *m, struct fault *f)
{
	int rc = 0;

	m->have_old = false;
	while (m->b->o.old && m->side < DB_SIDES &&
	    (rc = walk_next(&m->walk, &m->old)) == 0) {
		if (++m->type == DB_TYPES) {
			m->type = 0;
			m->side++;
		}
		if (m->side < DB_SIDES)
			walk_start(&m->walk, &m->b->o.old->column[m->side][m->type]);
	}
	if (rc < 0)
		return fault_set(f, rc, "the old database is damaged at an entry of type %s",
		    indicator_type_name((enum indicator_type)m->type));
	if (rc == 1) {
		m->have_old = true;
		m->old_entry = m->walk.c->first + m->walk.i - 1;
	}
	return 0;
}

/* Which comes first: <0 the sorted, >0 the old, 0 the same value. One of them is there. */
static int compare(const struct merge *m)
{
	if (!m->have || !m->have_old)
		return m->have ? -1 : 1;
	int class = merge_class(m->side, m->type);
	if (m->key.p[0] != class)
		return m->key.p[0] < class ? -1 : 1;
	return span_cmp(span_from(m->key, 1), m->old);
}

static int put_input(struct merge *m, const struct input *in)
{
	if (m->n == m->cap) {
		size_t cap = m->cap ? m->cap * 2 : 64;
		struct input *more = reallocarray(m->in, cap, sizeof(*more));
		if (!more)
			return -ENOMEM;
		m->in = more;
		uint32_t *ids = reallocarray(m->ids, cap, sizeof(*ids));
		if (!ids)
			return -ENOMEM;
		m->ids = ids;
		m->cap = cap;
	}
	m->in[m->n] = *in;
	m->in[m->n].seq = (uint32_t)m->n;
	m->n++;
	return 0;
}

/* The claim of the sorted record. */
static int take_claim(struct merge *m)
{
	struct input in = { .old = false };
	struct span packed = m->claim;

	if (m->claim.n == 4) {
		uint32_t number;
		memcpy(&number, m->claim.p, 4);
		FB_ASSERT(number < m->b->pool_n);
		in.memo = &m->b->pool[number].memo;
		packed = m->b->pool[number].packed;
	} else {
		char *copy = arena_str(&m->texts, packed);
		if (!copy)
			return -ENOMEM;
		packed.p = (const uint8_t *)copy;
	}
	claim_unpack(packed, &in.i);
	return put_input(m, &in);
}

/* All sorted records of the first one's value. */
static int take_new(struct merge *m, struct fault *f)
{
	int rc = 0;

	memcpy(m->value, m->key.p, m->key.n);
	m->at = span_of(m->value, m->key.n);
	while (rc == 0 && m->have && span_eq(m->key, m->at)) {
		rc = take_claim(m);
		if (rc == 0)
			rc = next_new(m, f);
	}
	return rc;
}

static int take_old_claim(struct merge *m, uint32_t id, struct fault *f)
{
	struct input in = { .memo = &m->old_memo[id], .old = true };

	if (!db_tuple(m->b->o.old, id, &in.i))
		return fault_set(f, -EBADMSG, "the old database is damaged at claim %u", id);
	return put_input(m, &in);
}

static int take_old(struct merge *m, struct fault *f)
{
	const struct intel_db *old = m->b->o.old;
	const uint32_t *ids = NULL;
	uint32_t n = db_tuples(old, m->old_entry, &ids);

	if (m->at.n == 0) {
		m->value[0] = merge_class(m->side, m->type);
		memcpy(m->value + 1, m->old.p, m->old.n);
		m->at = span_of(m->value, 1 + m->old.n);
	}
	if (n == 0)
		return fault_set(f, -EBADMSG, "the old database is damaged at entry %u",
		    m->old_entry);
	for (uint32_t k = 0; k < n; k++) {
		int rc = take_old_claim(m, ids[k], f);
		if (rc < 0)
			return rc;
	}
	return next_old(m, f);
}

/* --- claims by the same source become one --- */

static int by_source(const void *a, const void *b)
{
	const struct input *x = a, *y = b;
	int d = strcmp(x->i.source, y->i.source);

	return d ? d : x->seq < y->seq ? -1 : x->seq > y->seq;
}

static ts earlier(ts a, ts b)
{
	return a == TS_NONE || (b != TS_NONE && b < a) ? b : a;
}

static void set_time(struct input *in, ts *field, ts to)
{
	if (*field != to)
		in->memo = NULL;
	*field = to;
}

static void set_text(struct input *in, const char **field, const char *to)
{
	if (!*field && to) {
		in->memo = NULL;
		*field = to;
	}
}

/* The first import that both know of. */
static void keep_first(struct input *a, const struct input *b)
{
	uint32_t first = b->i.first_import;

	set_time(a, &a->i.first_seen, earlier(a->i.first_seen, b->i.first_seen));
	if (first && (!a->i.first_import || first < a->i.first_import)) {
		a->i.first_import = first;
		a->memo = NULL;
	}
}

/* Both were added now, a first. */
static void merge_added(struct input *a, const struct input *b)
{
	if (b->i.confidence > a->i.confidence) {
		a->i.confidence = b->i.confidence;
		a->memo = NULL;
	}
	if (a->i.exact && !b->i.exact) {
		a->i.exact = false;
		a->memo = NULL;
	}
	set_time(a, &a->i.valid_from, b->i.valid_from < a->i.valid_from ? b->i.valid_from :
									  a->i.valid_from);
	set_time(a, &a->i.valid_until, b->i.valid_until > a->i.valid_until ? b->i.valid_until :
									     a->i.valid_until);
	keep_first(a, b);
	if (b->i.last_import > a->i.last_import) {
		a->i.last_import = b->i.last_import;
		a->memo = NULL;
	}
	set_time(a, &a->i.last_seen, b->i.last_seen > a->i.last_seen ? b->i.last_seen :
								      a->i.last_seen);
	set_text(a, &a->i.category, b->i.category);
	set_text(a, &a->i.campaign, b->i.campaign);
	set_text(a, &a->i.note, b->i.note);
	set_text(a, &a->i.licence, b->i.licence);
}

/* One more claim came to this; tells whoever asks. */
static int tell(struct merge *m, enum intel_outcome what, const struct indicator *i)
{
	struct intel_build_stats *st = &m->b->st;
	uint64_t *const count[] = { &st->added, &st->updated, &st->merged, &st->kept, &st->removed };

	++*count[what];
	return m->b->o.outcome ? m->b->o.outcome(m->b->o.ctx, what, i) : 0;
}

/* The claims from from on are by one source, those added first: what is left of them goes to out. */
static int merge_source(struct merge *m, size_t from, size_t to, size_t *out)
{
	const struct intel_build_opts *o = &m->b->o;
	struct input *a = &m->in[from], *last = &m->in[to - 1];
	int rc = 0;

	if (a->old) {
		bool keep = !o->keep || o->keep(o->ctx, &a->i);
		rc = tell(m, keep ? INTEL_KEPT : INTEL_REMOVED, &a->i);
		if (keep)
			m->in[(*out)++] = *a;
		return rc;
	}
	for (size_t k = from + 1; k < to && !m->in[k].old && rc == 0; k++) {
		rc = tell(m, INTEL_MERGED, &m->in[k].i);
		merge_added(a, &m->in[k]);
	}
	if (last->old)
		keep_first(a, last);
	if (rc == 0)
		rc = tell(m, last->old ? INTEL_UPDATED : INTEL_ADDED, &a->i);
	m->in[(*out)++] = *a;
	return rc;
}

static int merge_inputs(struct merge *m)
{
	const struct intel_build_opts *o = &m->b->o;
	enum indicator_type type = (enum indicator_type)(m->value[0] & 0x7f);
	DB_NOT_CLEARED char text[INTEL_TEXT_MAX];
	size_t out = 0, to;
	int rc = 0;

	text[0] = 0;
	if ((o->keep || o->outcome) && key_decode(type, span_from(m->at, 1), text) < 0)
		return -EBADMSG;
	for (size_t i = 0; i < m->n; i++) {
		m->in[i].i.side = (enum indicator_side)(m->value[0] >> 7);
		m->in[i].i.type = type;
		m->in[i].i.value = text;
	}
	if (m->n > 1)
		qsort(m->in, m->n, sizeof(*m->in), by_source);
	for (size_t from = 0; from < m->n && rc == 0; from = to) {
		for (to = from + 1; to < m->n &&
		     strcmp(m->in[to].i.source, m->in[from].i.source) == 0; to++)
			;
		rc = merge_source(m, from, to, &out);
	}
	m->n = out;
	return rc;
}

static int put_entry(struct merge *m, struct fault *f)
{
	int rc = merge_inputs(m);

	for (size_t i = 0; i < m->n && rc == 0; i++)
		rc = tuples_add(&m->c->tuples, &m->in[i].i, m->in[i].memo, &m->ids[i], f);
	if (rc || !m->n) /* all its claims were removed */
		return rc;
	return cold_put(m->c, m->value[0] >> 7, m->value[0] & 0x7f, span_from(m->at, 1), m->ids,
	    m->n, f);
}

static int merge_value(struct merge *m, struct fault *f)
{
	int which = compare(m), rc = 0;

	m->n = 0;
	m->at = SPAN_NONE;
	if (m->texts.used) {
		arena_free(&m->texts);
		m->texts = ARENA_INIT(SIZE_MAX / 2);
	}
	if (which <= 0)
		rc = take_new(m, f);
	if (rc == 0 && which >= 0)
		rc = take_old(m, f);
	return rc ? rc : put_entry(m, f);
}

static int start_old(struct merge *m)
{
	const struct intel_db *old = m->b->o.old;

	if (!old)
		return 0;
	size_t n = db_section(old, DB_TUPLES).n / sizeof(struct db_tuple);
	m->old_memo = malloc((n + 1) * sizeof(*m->old_memo));
	if (!m->old_memo)
		return -ENOMEM;
	memset(m->old_memo, 0xff, (n + 1) * sizeof(*m->old_memo));
	walk_start(&m->walk, &old->column[0][0]);
	return 0;
}

int merge_run(struct intel_build *b, struct cold *c, struct fault *f)
{
	FB_CLEANUP(merge_free) struct merge m = { .b = b, .c = c, .texts = ARENA_INIT(SIZE_MAX / 2) };
	int rc = start_old(&m);

	if (rc == 0)
		rc = next_new(&m, f);
	if (rc == 0)
		rc = next_old(&m, f);
	while (rc == 0 && (m.have || m.have_old))
		rc = merge_value(&m, f);
	return rc;
}
