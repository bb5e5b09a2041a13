/* SPDX-License-Identifier: Apache-2.0 */

#include "drill/run.h"

#include "base/file.h"
#include "base/map.h"
#include "drill/expect.h"
#include "drill/spawn.h"
#include "drill/stage.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>

#define ARGV_MAX 256

struct play {
	const struct drill_env *env;
	struct arena *a;
	struct fault *f;
	struct map words; /* saved name -> text */
	const char *work;
	const char *argv[ARGV_MAX];
	size_t argc;
	ts alert; /* monotonic; TS_NONE before it */
};

static int by_name(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

static int push(struct play *p, const char *arg)
{
	if (!arg)
		return -ENOMEM;
	if (p->argc + 1 >= ARGV_MAX)
		return fault_set(p->f, -E2BIG, "more than %d arguments", ARGV_MAX - 1);
	p->argv[p->argc++] = arg;
	p->argv[p->argc] = NULL;
	return 0;
}

/* {files:NAME}: one argument for each file of a staged package, in order of name. */
static int push_files(struct play *p, const char *name)
{
	struct dirent **list;
	int rc = 0;

	const char *dir = arena_printf(p->a, "%s/%s", p->work, name);
	if (!dir)
		return -ENOMEM;
	int n = scandir(dir, &list, NULL, by_name);
	if (n < 0)
		return fault_set(p->f, -errno, "no staged package \"%s\"", name);
	for (int i = 0; i < n; i++) {
		if (list[i]->d_name[0] != '.' && rc == 0)
			rc = push(p, arena_printf(p->a, "%s/%s", dir, list[i]->d_name));
		free(list[i]);
	}
	free(list);
	return rc;
}

static const char *word(struct play *p, struct span name)
{
	if (span_eq_str(name, "work"))
		return p->work;
	if (span_eq_str(name, "state"))
		return arena_printf(p->a, "%s/state", p->work);
	if (span_eq_str(name, "data"))
		return p->env->data;
	return map_get(&p->words, name);
}

/* One argument with its words replaced: 0, 1 when a word is not known (named in the fault). */
static int expand(struct play *p, const char *arg)
{
	AUTO_BUF struct buf b = BUF_INIT(64u << 10);

	if (strncmp(arg, "{files:", 7) == 0 && strchr(arg, '}'))
		return push_files(
		    p, arena_printf(p->a, "%.*s", (int)strcspn(arg + 7, "}"), arg + 7));
	for (const char *s = arg; *s;) {
		size_t plain = strcspn(s, "{");
		buf_put(&b, s, plain);
		s += plain;
		if (!*s)
			break;
		size_t n = strcspn(s, "}");
		const char *w = word(p, span_of(s + 1, n - 1));
		if (!s[n] || !w) {
			fault_set(p->f, 0, "needs %.*s, which no earlier step gave", (int)n + 1, s);
			return 1;
		}
		buf_puts(&b, w);
		s += n + 1;
	}
	int rc = buf_err(&b);
	return rc < 0 ? rc : push(p, arena_str(p->a, buf_span(&b)));
}

static int expand_all(struct play *p, const struct scn_step *st)
{
	p->argc = 0;
	int rc = st->inject ? 0 : push(p, p->env->self);
	for (size_t i = 0; i < st->nargs && rc == 0; i++)
		rc = expand(p, st->arg[i]);
	if (rc == 0 && !st->inject) {
		rc = push(p, "--json");
		rc = rc ? rc : push(p, "--state");
		rc = rc ? rc : push(p, arena_printf(p->a, "%s/state", p->work));
		if (rc == 0 && p->env->clock) {
			rc = push(p, "--clock");
			rc = rc ? rc : push(p, p->env->clock);
		}
	}
	return rc;
}

/* As one would type it: "firebreak release publish …", words with spaces quoted. */
static const char *command_line(struct play *p, const struct scn_step *st)
{
	AUTO_BUF struct buf b = BUF_INIT(256u << 10);

	buf_puts(&b, st->inject ? "inject:" : "firebreak");
	for (size_t i = st->inject ? 0 : 1; i < p->argc; i++) {
		bool quoted = p->argv[i][strcspn(p->argv[i], " \t'\"")] || !p->argv[i][0];
		buf_printf(&b, quoted ? " '%s'" : " %s", p->argv[i]);
	}
	return arena_str(p->a, buf_span(&b));
}

static const char *last_line(struct play *p, const struct buf *err)
{
	struct span rest = buf_span(err), line, last = SPAN_NONE;

	while (span_next_line(&rest, &line))
		if (line.n)
			last = line;
	return arena_str(p->a, span_str(QUOTE(last)));
}

/* Compares every wanted path; says the first that differs. */
static bool judge_json(struct play *p, struct drill_step *r, struct json_val root)
{
	JSON_EACH(k, r->step->want) {
		const char *path = json_cstr(k, p->a);
		struct json_val want = json_member(k),
				have = path ? expect_at(root, path) : JSON_ABSENT;
		if (expect_met(have, want, p->a))
			continue;
		r->actual = arena_printf(p->a, "%s is %s, wanted %s", path,
		    expect_words(have, p->a), expect_words(want, p->a));
		return false;
	}
	return true;
}

static int save_words(struct play *p, const struct scn_step *st, struct json_val root)
{
	JSON_EACH(k, st->save) {
		const char *path = json_cstr(json_member(k), p->a);
		struct json_val v = path ? expect_at(root, path) : JSON_ABSENT;
		if (!json_ok(v))
			continue;
		const char *text = expect_words(v, p->a);
		if (!text)
			return -ENOMEM;
		int rc = map_add(&p->words, json_str(k, p->a), (void *)(uintptr_t)text, NULL);
		if (rc < 0)
			return rc;
	}
	return 0;
}

static const char *met_words(struct play *p, const struct drill_step *r, struct json_val root)
{
	AUTO_BUF struct buf b = BUF_INIT(4096);

	buf_printf(&b, "exit %d", r->step->want_exit);
	JSON_EACH(k, r->step->want) {
		const char *path = json_cstr(k, p->a);
		buf_printf(&b, ", %s %s", path,
		    QUOTE(span_str(expect_words(expect_at(root, path), p->a))));
	}
	return arena_str(p->a, buf_span(&b));
}

static int run_command(struct play *p, struct drill_step *r)
{
	AUTO_BUF struct buf out = BUF_INIT(DRILL_OUTPUT_MAX), err = BUF_INIT(DRILL_OUTPUT_MAX);
	struct json_doc doc;
	int code = -1;

	int rc = spawn_run(p->argv, DRILL_STEP_SECONDS, &out, &err, &code);
	if (rc < 0)
		return fault_set(p->f, rc, "cannot run %s: %s", p->argv[0], strerror(-rc));
	const char *output = arena_str(p->a, buf_span(&out));
	if (!output)
		return -ENOMEM;
	r->output = output;
	if (rc != SPAWN_EXITED) {
		r->actual = rc == SPAWN_TIMEOUT ? "killed: it took too long"
						: arena_printf(p->a, "died of signal %d", code);
		return 0;
	}
	struct json_val root = json_parse(&doc, span_trim(span_str(output)), p->a, NULL) == 0
				   ? json_root(&doc)
				   : JSON_ABSENT;
	if (code != r->step->want_exit) {
		r->actual = arena_printf(p->a, "exit %d, wanted %d%s%s", code, r->step->want_exit,
		    err.n ? ": " : "", last_line(p, &err));
		return save_words(p, r->step, root);
	}
	if (judge_json(p, r, root)) {
		r->status = DRILL_MET;
		r->actual = met_words(p, r, root);
	}
	return save_words(p, r->step, root);
}

static int run_inject(struct play *p, struct drill_step *r)
{
	int rc = stage_do(p->work, p->argv, p->argc, p->a, p->f);
	if (rc < 0)
		return fault_wrap(p->f, rc, "inject \"%s\"", r->step->id);
	r->status = DRILL_MET;
	r->actual = "done";
	return 0;
}

static int run_step(struct play *p, struct drill_step *r)
{
	r->status = DRILL_MISSED;
	r->actual = "";
	r->output = "";
	r->since_alert = TS_NONE;
	int rc = expand_all(p, r->step);
	if (rc < 0)
		return rc;
	if (rc > 0) {
		r->status = DRILL_NOT_RUN;
		r->actual = arena_str(p->a, span_str(p->f->text));
		r->command = "";
		return 0;
	}
	r->command = command_line(p, r->step);
	ts start = clock_mono();
	/* The alert is the moment the outside world speaks up, before our answer to it. */
	if (p->alert == TS_NONE && r->step->milestone && strcmp(r->step->milestone, "alert") == 0)
		p->alert = start;
	rc = r->step->inject ? run_inject(p, r) : run_command(p, r);
	ts end = clock_mono();
	r->took = end - start;
	if (p->alert != TS_NONE)
		r->since_alert = end - p->alert;
	if (rc == 0 && r->status == DRILL_MET && r->step->target != TS_NONE &&
	    (r->since_alert != TS_NONE ? r->since_alert : r->took) > r->step->target) {
		r->status = DRILL_MISSED;
		r->actual = "came too late for its target";
	}
	return rc;
}

int drill_run_variant(struct drill_variant *ret_v, const struct scenario *s, const char *variant,
    const struct drill_env *env, struct arena *a, struct fault *f)
{
	struct drill_variant v = { .variant = scenario_variant(s, variant) };
	struct play p = { .env = env, .a = a, .f = f, .alert = TS_NONE };

	v.work = p.work = arena_printf(a, "%s/%s", env->work, variant);
	v.step = arena_array(a, s->nsteps, sizeof(*v.step));
	if (!v.work || !v.step)
		return -ENOMEM;
	int rc = file_mkdirs(v.work, 0700);
	if (rc < 0)
		return fault_set(f, rc, "%s: %s", v.work, strerror(-rc));
	map_init(&p.words, 256);
	for (size_t i = 0; i < s->nsteps && rc == 0; i++) {
		if (!scn_step_in(&s->step[i], variant))
			continue;
		struct drill_step *r = &v.step[v.nsteps++];
		*r = (struct drill_step){ .step = &s->step[i] };
		rc = run_step(&p, r);
		v.met += r->status == DRILL_MET;
		v.missed += r->status != DRILL_MET;
		if (rc == 0 && env->progress)
			env->progress(env->ctx, r);
	}
	map_free(&p.words);
	if (rc == 0)
		*ret_v = v;
	return rc;
}

const struct drill_step *drill_milestone(const struct drill_variant *v, const char *milestone)
{
	for (size_t i = 0; i < v->nsteps; i++) {
		const struct drill_step *r = &v->step[i];
		if (r->step->milestone && strcmp(r->step->milestone, milestone) == 0 &&
		    r->status == DRILL_MET)
			return r;
	}
	return NULL;
}
