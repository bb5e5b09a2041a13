/* SPDX-License-Identifier: Apache-2.0 */

#include "drill/result.h"

#include "drill/expect.h"

static void put_ts(struct jw *w, const char *key, ts t)
{
	char text[TS_TEXT_MAX];

	jw_kcstr(w, key, ts_format(t, text));
}

static const char *status_name(enum drill_status s)
{
	return s == DRILL_MET ? "met" : s == DRILL_MISSED ? "missed" : "not-run";
}

/* What the scenario wants, in words. */
static const char *expected(const struct scn_step *st, struct arena *a)
{
	AUTO_BUF struct buf b = BUF_INIT(8192);

	if (st->inject)
		return "done";
	buf_printf(&b, "exit %d", st->want_exit);
	JSON_EACH(k, st->want) {
		const char *path = json_cstr(k, a), *words = expect_words(json_member(k), a);
		buf_printf(&b, ", %s %s", path ? path : "", words ? words : "");
	}
	return arena_str(a, buf_span(&b));
}

static void step_json(struct jw *w, const struct drill_step *r, struct arena *a)
{
	const struct scn_step *st = r->step;

	jw_obj(w);
	jw_kcstr(w, "id", st->id);
	jw_kcstr(w, "title", st->title);
	jw_kcstr(w, "who", st->who);
	jw_kcstr(w, "kind", st->inject ? "inject" : "command");
	jw_kcstr(w, "phase", st->phase);
	jw_kcstr(w, "milestone", st->milestone);
	jw_kcstr(w, "command", r->command);
	jw_kcstr(w, "expected", expected(st, a));
	jw_kcstr(w, "actual", r->actual);
	jw_kcstr(w, "status", status_name(r->status));
	jw_kint(w, "took_ns", r->took);
	if (r->since_alert != TS_NONE)
		jw_kint(w, "since_alert_ns", r->since_alert);
	if (st->target != TS_NONE)
		jw_kint(w, "target_ns", st->target);
	if (r->output && *r->output)
		jw_kstr(
		    w, "output", span_cut(span_trim(span_str(r->output)), 0, RESULT_OUTPUT_MAX));
	jw_end(w);
}

static void variant_json(struct jw *w, const struct drill_variant *v, struct arena *a)
{
	jw_obj(w);
	jw_kcstr(w, "id", v->variant->id);
	jw_kcstr(w, "title", v->variant->title);
	jw_kcstr(w, "like", v->variant->like);
	jw_kint(w, "met", (int64_t)v->met);
	jw_kint(w, "missed", (int64_t)v->missed);
	jw_kcstr(w, "work", v->work);
	jw_key(w, "steps");
	jw_arr(w);
	for (size_t i = 0; i < v->nsteps; i++)
		step_json(w, &v->step[i], a);
	jw_end(w);
	jw_end(w);
}

static void finding_json(
    struct jw *w, const struct drill_variant *v, const struct drill_step *r, struct arena *a)
{
	const struct scn_step *st = r->step;

	jw_obj(w);
	jw_kcstr(w, "id", arena_printf(a, "%s-%s", v->variant->id, st->id));
	jw_kcstr(w, "variant", v->variant->id);
	jw_kcstr(w, "step", st->id);
	jw_kcstr(w, "finding",
	    arena_printf(a, "%s: expected %s; got %s", st->title, expected(st, a), r->actual));
	jw_kcstr(w, "control", st->control);
	jw_kcstr(w, "runbook", st->runbook);
	jw_kcstr(w, "owner", st->owner);
	jw_kcstr(w, "tripwire", st->tripwire);
	jw_end(w);
}

static void findings_json(struct jw *w, const struct drill_result *r, struct arena *a)
{
	jw_key(w, "findings");
	jw_arr(w);
	for (size_t i = 0; i < r->nvariants; i++)
		for (size_t j = 0; j < r->variant[i].nsteps; j++)
			if (r->variant[i].step[j].status != DRILL_MET)
				finding_json(w, &r->variant[i], &r->variant[i].step[j], a);
	jw_end(w);
}

static void milestones_json(struct jw *w, const struct drill_result *r)
{
	jw_key(w, "milestones");
	jw_arr(w);
	for (size_t i = 0; i < r->nyards; i++) {
		jw_obj(w);
		jw_kcstr(w, "id", r->yard[i].id);
		jw_kcstr(w, "title", r->yard[i].title);
		jw_kint(w, "published_ns", r->yard[i].published);
		jw_kcstr(w, "source", r->yard[i].source);
		jw_end(w);
	}
	jw_end(w);
}

void result_json(struct jw *w, const struct drill_result *r, struct arena *a)
{
	jw_obj(w);
	jw_kcstr(w, "scenario", r->scenario->id);
	jw_kcstr(w, "title", r->scenario->title);
	jw_kcstr(w, "about", r->scenario->about);
	jw_kcstr(w, "case", r->scenario->case_id);
	jw_kcstr(w, "program", "firebreak " FB_VERSION);
	put_ts(w, "started", r->started);
	put_ts(w, "finished", r->finished);
	if (r->clock_injected)
		jw_kcstr(w, "clock", "injected");
	jw_kint(w, "met", (int64_t)r->met);
	jw_kint(w, "missed", (int64_t)r->missed);
	milestones_json(w, r);
	jw_key(w, "variants");
	jw_arr(w);
	for (size_t i = 0; i < r->nvariants; i++)
		variant_json(w, &r->variant[i], a);
	jw_end(w);
	findings_json(w, r, a);
	jw_key(w, "files");
	jw_arr(w);
	for (size_t i = 0; i < r->nfiles; i++) {
		jw_obj(w);
		jw_kcstr(w, "title", r->file[i].title);
		jw_kcstr(w, "path", r->file[i].path);
		jw_end(w);
	}
	jw_end(w);
	jw_end(w);
}
