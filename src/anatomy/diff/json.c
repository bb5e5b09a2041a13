/* SPDX-License-Identifier: Apache-2.0 */

/* diff_json: what diff found, for programs: docs/diff.md has the schema. And as reasons. */

#include "anatomy/diff/diff.h"

static void counts(struct jw *w, const struct diff_counts *c)
{
	jw_key(w, "counts");
	jw_obj(w);
	jw_kint(w, "added", c->added);
	jw_kint(w, "changed", c->changed);
	jw_kint(w, "moved", c->moved);
	jw_kint(w, "new", c->new_);
	jw_kint(w, "old", c->old);
	jw_kint(w, "removed", c->removed);
	jw_kint(w, "same", c->same);
	jw_kint(w, "unread", c->unread);
	jw_end(w);
}

static void path(struct jw *w, const char *key, const struct diff_side *s, uint32_t i)
{
	char buf[COMPONENT_PATH_MAX];

	if (i != COMPONENT_NONE)
		jw_kcstr(w, key, component_path(s->tree, i, buf));
}

static void finding(struct jw *w, const struct diff_finding *x, const struct diff_side *old,
    const struct diff_side *new_)
{
	const struct diff_kind_info *k = diff_kind_of(x->kind);

	jw_obj(w);
	jw_kcstr(w, "arch", x->arch);
	jw_kcstr(w, "code", k->code);
	jw_kcstr(w, "level", diff_level_name(diff_score_level(x->score)));
	if (x->has_off)
		jw_kint(w, "length", (int64_t)x->len);
	path(w, "new", new_, x->new_);
	if (x->has_off)
		jw_kint(w, "offset", (int64_t)x->off);
	path(w, "old", old, x->old);
	jw_kint(w, "score", x->score);
	jw_kcstr(w, "what", x->what);
	jw_kcstr(w, "why", k->why);
	jw_end(w);
}

void diff_json(struct jw *w, const struct diff *d, const struct diff_side *old,
    const struct diff_side *new_, uint32_t limit, enum diff_level from)
{
	uint32_t told = 0, all = 0;

	counts(w, &d->count);
	jw_kbool(w, "cut", d->cut);
	jw_key(w, "findings");
	jw_arr(w);
	for (uint32_t i = 0; i < d->n; i++) {
		if (diff_score_level(d->f[i].score) < from)
			continue;
		if (!limit || told < limit) {
			finding(w, &d->f[i], old, new_);
			told++;
		}
		all++;
	}
	jw_end(w);
	jw_kcstr(w, "level", diff_level_name(diff_worst(d)));
	jw_kint(w, "more", all - told);
}

void diff_reasons(const struct diff *d, const struct component_tree *t, enum diff_level fail,
    enum diff_level warn, struct verdict *v)
{
	for (uint32_t i = 0; i < d->n; i++) {
		const struct diff_finding *x = &d->f[i];
		const struct diff_kind_info *k = diff_kind_of(x->kind);
		enum diff_level level = diff_score_level(x->score);
		char buf[COMPONENT_PATH_MAX];
		if (level < fail && level < warn)
			continue;
		const char *where = x->new_ == COMPONENT_NONE ? "" : component_path(t, x->new_, buf);
		const char *code = arena_printf(v->arena, "diff.%s", k->code);
		struct reason *r = verdict_add(v, level >= fail ? REASON_FAIL : REASON_WARN,
		    code ? code : "diff", "%s: %s: %s", QUOTE(span_str(where)), x->what, k->why);
		r->file = arena_str(v->arena, span_str(where));
		r->has_off = x->has_off;
		r->off = x->off;
		r->len = x->len;
	}
}
