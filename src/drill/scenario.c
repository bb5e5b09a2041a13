/* SPDX-License-Identifier: Apache-2.0 */

#include "drill/scenario.h"

#include "base/file.h"
#include "conf/yaml.h"

#include <errno.h>

struct load {
	struct scenario *s;
	struct arena *a;
	struct fault *f;
};

static int text(struct load *l, struct json_val v, const char *key, bool needed, const char **out)
{
	struct json_val x = json_get(v, key);

	if (!json_ok(x) && !needed)
		return 0;
	*out = json_cstr(x, l->a);
	if (*out && **out)
		return 0;
	return json_fault(v, l->f, "\"%s\" needs a text", key);
}

/* An id is shown as it is, found in a list of words, and names a folder: never "..", never a path. */
static int get_id(struct load *l, struct json_val v, const char *key, bool needed, const char **out)
{
	static const char good[] = "abcdefghijklmnopqrstuvwxyz0123456789-.";

	int rc = text(l, v, key, needed, out);
	if (rc == 0 && *out &&
	    (strlen(*out) > SCENARIO_ID_MAX || **out == '.' || (*out)[strspn(*out, good)]))
		return json_fault(json_get(v, key), l->f,
		    "an id is at most %d small letters, digits, \"-\" and \".\", and starts with no "
		    "\".\"", SCENARIO_ID_MAX);
	return rc;
}

static int load_variant(struct load *l, struct json_val v)
{
	static const char *const names[] = { "id", "title", "like", NULL };
	struct scn_variant x = { 0 };

	int rc = json_only(v, names, l->f);
	if (rc < 0)
		return rc;
	if ((rc = get_id(l, v, "id", true, &x.id)) < 0 ||
	    (rc = text(l, v, "title", true, &x.title)) < 0 ||
	    (rc = text(l, v, "like", false, &x.like)) < 0)
		return rc;
	if (scenario_variant(l->s, x.id))
		return json_fault(v, l->f, "variant \"%s\" twice", x.id);
	if (l->s->nvariants == SCENARIO_VARIANTS_MAX)
		return json_fault(v, l->f, "more than %d variants", SCENARIO_VARIANTS_MAX);
	l->s->variant[l->s->nvariants++] = x;
	return 0;
}

static int load_step_variants(struct load *l, struct json_val v, struct scn_step *st)
{
	struct json_val list = json_get(v, "variants");

	if (!json_ok(list))
		return 0;
	if (json_type_of(list) != JSON_ARR || !json_count(list))
		return json_fault(list, l->f, "step \"%s\": variants is a list of them", st->id);
	st->variants = " ";
	JSON_EACH(x, list) {
		const char *id = json_cstr(x, l->a);
		if (!id || !scenario_variant(l->s, id))
			return json_fault(v, l->f,
			    "step \"%s\" names variant %s, which is not there", st->id,
			    QUOTE(json_text(x)));
		st->variants = arena_printf(l->a, "%s%s ", st->variants, id);
		if (!st->variants)
			return -ENOMEM;
	}
	return 0;
}

static int load_args(struct load *l, struct json_val v, struct scn_step *st)
{
	struct json_val inject = json_get(v, "inject"), run = json_get(v, "run");

	if (json_ok(inject) == json_ok(run))
		return json_fault(
		    v, l->f, "step \"%s\" needs either \"run\" or \"inject\"", st->id);
	st->inject = json_ok(inject);
	JSON_EACH(x, st->inject ? inject : run) {
		const char *arg = json_type_of(x) == JSON_NUM ? arena_str(l->a, json_text(x))
							      : json_cstr(x, l->a);
		if (!arg || st->nargs == SCENARIO_ARGS_MAX)
			return json_fault(v, l->f, "step \"%s\": arguments are at most %d texts",
			    st->id, SCENARIO_ARGS_MAX);
		st->arg[st->nargs++] = arg;
	}
	if (!st->nargs)
		return json_fault(v, l->f, "step \"%s\" does nothing", st->id);
	return 0;
}

static int load_expect(struct load *l, struct json_val v, struct scn_step *st)
{
	static const char *const names[] = { "exit", "json", NULL };
	struct json_val e = json_get(v, "expect");
	int64_t code = 0;

	if (!json_ok(e))
		return 0;
	int rc = json_only(e, names, l->f);
	if (rc < 0)
		return rc;
	if (json_ok(json_get(e, "exit")) &&
	    (json_int(json_get(e, "exit"), &code) < 0 || code < 0 || code > 255))
		return json_fault(v, l->f, "step \"%s\": exit is not 0 to 255", st->id);
	st->want_exit = (int)code;
	st->want = json_get(e, "json");
	if (json_ok(st->want) && json_type_of(st->want) != JSON_OBJ)
		return json_fault(v, l->f, "step \"%s\": json is not a mapping", st->id);
	return 0;
}

/* "if-missed" names an entry of "lessons". */
static int load_missed(struct load *l, struct json_val v, struct scn_step *st)
{
	static const char *const names[] = { "control", "runbook", "owner", "tripwire", NULL };
	const char *name = NULL;

	int rc = text(l, v, "if-missed", !st->inject, &name);
	if (rc < 0)
		return rc;
	if (!name)
		return 0;
	struct json_val m = json_get(json_get(json_root(&l->s->doc), "lessons"), name);
	if (!json_ok(m))
		return json_fault(v, l->f, "step \"%s\": there is no lesson \"%s\"", st->id,
		    QUOTE(span_str(name)));
	rc = json_only(m, names, l->f);
	if (rc < 0)
		return rc;
	if ((rc = text(l, m, "control", true, &st->control)) < 0 ||
	    (rc = text(l, m, "runbook", true, &st->runbook)) < 0 ||
	    (rc = text(l, m, "owner", true, &st->owner)) < 0 ||
	    (rc = text(l, m, "tripwire", true, &st->tripwire)) < 0)
		return rc;
	return 0;
}

static int load_step(struct load *l, struct json_val v)
{
	static const char *const names[] = { "id", "title", "who", "variants", "phase", "milestone",
		"target", "inject", "run", "expect", "save", "if-missed", NULL };
	const char *target = NULL;

	if (l->s->nsteps == SCENARIO_STEPS_MAX)
		return json_fault(v, l->f, "more than %d steps", SCENARIO_STEPS_MAX);
	struct scn_step *st = &l->s->step[l->s->nsteps];
	*st = (struct scn_step){ .target = TS_NONE };
	int rc = json_only(v, names, l->f);
	if (rc < 0)
		return rc;
	if ((rc = get_id(l, v, "id", true, &st->id)) < 0 ||
	    (rc = text(l, v, "title", true, &st->title)) < 0 ||
	    (rc = text(l, v, "who", true, &st->who)) < 0 ||
	    (rc = text(l, v, "phase", false, &st->phase)) < 0 ||
	    (rc = text(l, v, "milestone", false, &st->milestone)) < 0 ||
	    (rc = text(l, v, "target", false, &target)) < 0)
		return rc;
	for (size_t i = 0; i < l->s->nsteps; i++)
		if (strcmp(l->s->step[i].id, st->id) == 0)
			return json_fault(v, l->f, "step \"%s\" twice", st->id);
	if (target && ts_parse_duration(span_str(target), &st->target) < 0)
		return json_fault(
		    v, l->f, "step \"%s\": target is no duration such as 60s or 4h", st->id);
	if ((rc = load_step_variants(l, v, st)) < 0 || (rc = load_args(l, v, st)) < 0 ||
	    (rc = load_expect(l, v, st)) < 0 || (rc = load_missed(l, v, st)) < 0)
		return rc;
	st->save = json_get(v, "save");
	l->s->nsteps++;
	return 0;
}

static int load_all(struct load *l)
{
	static const char *const names[] = { "scenario", "title", "about", "case", "variants",
		"lessons", "steps", NULL };
	struct json_val root = json_root(&l->s->doc);

	int rc = json_only(root, names, l->f);
	if (rc < 0)
		return rc;
	if ((rc = get_id(l, root, "scenario", true, &l->s->id)) < 0 ||
	    (rc = text(l, root, "title", true, &l->s->title)) < 0 ||
	    (rc = text(l, root, "about", true, &l->s->about)) < 0 ||
	    (rc = get_id(l, root, "case", false, &l->s->case_id)) < 0)
		return rc;
	JSON_EACH(x, json_get(root, "variants")) {
		rc = load_variant(l, x);
		if (rc < 0)
			return rc;
	}
	JSON_EACH(x, json_get(root, "steps")) {
		rc = load_step(l, x);
		if (rc < 0)
			return rc;
	}
	if (!l->s->nvariants || !l->s->nsteps)
		return json_fault(root, l->f, "a scenario needs variants and steps");
	return 0;
}

int scenario_parse(struct scenario *ret_s, const char *name, struct span bytes, struct arena *a,
    struct fault *f)
{
	struct load l = { ret_s, a, f };

	*ret_s = (struct scenario){ 0 };
	int rc = yaml_parse(&ret_s->doc, name, bytes, a, f);
	if (rc == 0)
		rc = load_all(&l);
	if (rc < 0)
		*ret_s = (struct scenario){ 0 };
	return rc;
}

int scenario_load(struct scenario *ret_s, const char *path, struct arena *a, struct fault *f)
{
	AUTO_BUF struct buf bytes = BUF_INIT(YAML_TEXT_MAX + 1);

	*ret_s = (struct scenario){ 0 };
	int rc = file_read(path, &bytes, YAML_TEXT_MAX, f);
	return rc < 0 ? rc : scenario_parse(ret_s, path, buf_span(&bytes), a, f);
}

const struct scn_variant *scenario_variant(const struct scenario *s, const char *id)
{
	for (size_t i = 0; i < s->nvariants; i++)
		if (strcmp(s->variant[i].id, id) == 0)
			return &s->variant[i];
	return NULL;
}

bool scn_step_in(const struct scn_step *st, const char *variant)
{
	char word[64];
	size_t n = strlen(variant);

	if (!st->variants)
		return true;
	if (n > sizeof(word) - 3)
		return false;
	word[0] = ' ';
	memcpy(word + 1, variant, n);
	memcpy(word + 1 + n, " ", 2);
	return strstr(st->variants, word) != NULL;
}
