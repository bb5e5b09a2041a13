/* SPDX-License-Identifier: Apache-2.0 */

#include "trust/intoto/layout.h"

#include "trust/intoto/gpg.h"

#include <errno.h>

#define TIME_FORM "dddd-dd-ddTdd:dd:ddZ"

struct reader {
	const struct params *params;
	struct arena *a;
	struct fault *f;
};

static int read_text(
    const char **ret_s, struct json_val v, const char *name, bool must, struct reader *r)
{
	struct json_val m = json_get(v, name);

	*ret_s = NULL;
	if (!json_ok(m) && !must)
		return 0;
	if (json_type_of(m) != JSON_STR)
		return json_fault(json_ok(m) ? m : v, r->f, "\"%s\" must be a string", name);
	*ret_s = json_cstr(m, r->a);
	return *ret_s ? 0 : -ENOMEM;
}

/* A list that has to be there, with at most max elements. */
static int want_list(struct json_val v, const char *name, uint32_t max, struct reader *r)
{
	struct json_val m = json_get(v, name);

	if (json_type_of(m) != JSON_ARR)
		return json_fault(json_ok(m) ? m : v, r->f, "\"%s\" must be an array", name);
	if (json_count(m) > max)
		return json_fault(m, r->f, "\"%s\" has more than %u elements", name, max);
	return 0;
}

static int read_words(struct words *ret_w, struct json_val list, struct reader *r)
{
	struct words w = { arena_array(r->a, json_count(list) + 1, sizeof(*w.item)), 0 };

	if (!w.item)
		return -ENOMEM;
	JSON_EACH(x, list) {
		if (json_type_of(x) != JSON_STR)
			return json_fault(x, r->f, "must be a string");
		w.item[w.n] = json_str(x, r->a);
		if (!w.item[w.n++].p)
			return -ENOMEM;
	}
	*ret_w = w;
	return 0;
}

bool param_name_ok(struct span name)
{
	for (size_t i = 0; i < name.n; i++)
		if (!(name.p[i] >= '0' && name.p[i] <= '9') && name.p[i] != '_' &&
		    name.p[i] != '-' && !((name.p[i] | 32) >= 'a' && (name.p[i] | 32) <= 'z'))
			return false;
	return name.n > 0;
}

static const struct param *find_param(const struct params *p, struct span name)
{
	for (size_t i = 0; i < p->n; i++)
		if (span_eq(p->item[i].name, name))
			return &p->item[i];
	return NULL;
}

static bool all_digits(struct span s)
{
	size_t i = 0;

	while (i < s.n && s.p[i] >= '0' && s.p[i] <= '9')
		i++;
	return i == s.n;
}

/* Puts text with its parameters replaced. Names of digits only are positions to Python's format,
 * which in-toto never fills. */
static int put_substituted(struct buf *out, struct span text, struct json_val at, struct reader *r)
{
	for (size_t i = 0; i < text.n; i++) {
		uint8_t c = text.p[i];
		if (c != '{' && c != '}') {
			buf_putc(out, (char)c);
			continue;
		}
		if (i + 1 < text.n && text.p[i + 1] == c) {
			buf_putc(out, (char)c);
			i++;
			continue;
		}
		struct span rest = span_from(text, i + 1);
		size_t end = span_find(rest, '}');
		if (c == '}' || end == SIZE_MAX)
			return json_fault(at, r->f, "a lone brace (write it twice)");
		struct span name = span_cut(rest, 0, end);
		if (!param_name_ok(name) || all_digits(name))
			return json_fault(
			    at, r->f, "{%s} is not the name of a parameter", QUOTE(name));
		const struct param *p = find_param(r->params, name);
		if (!p)
			return json_fault(at, r->f, "parameter %s is not given", QUOTE(name));
		buf_put_span(out, p->value);
		i += end + 1;
	}
	return buf_err(out);
}

static int substitute(struct words *w, struct json_val list, struct reader *r)
{
	size_t i = 0;

	if (!r->params->n)
		return 0;
	JSON_EACH(x, list) {
		AUTO_BUF struct buf b = BUF_INIT(1u << 20);
		int rc = put_substituted(&b, w->item[i], x, r);
		if (rc == 0)
			w->item[i++] = arena_dup(r->a, buf_span(&b), &rc);
		if (rc < 0)
			return rc;
	}
	return 0;
}

static int read_command(struct words *ret_w, struct json_val v, const char *name, struct reader *r)
{
	struct json_val list = json_get(v, name);

	if (!json_ok(list))
		return 0;
	int rc = want_list(v, name, LAYOUT_WORDS_MAX, r);
	if (rc == 0)
		rc = read_words(ret_w, list, r);
	return rc < 0 ? rc : substitute(ret_w, list, r);
}

/* A rule has to be one before and after its parameters are replaced. */
static int read_rule(struct rule *ret_r, struct json_val v, struct reader *r)
{
	struct words w;
	struct fault why = FAULT_INIT;

	if (json_type_of(v) != JSON_ARR || json_count(v) > 10)
		return json_fault(v, r->f, "a rule must be an array of at most ten words");
	int rc = read_words(&w, v, r);
	if (rc == 0)
		rc = rule_parse(ret_r, w.item, w.n, r->a, &why);
	if (rc == 0 && r->params->n) {
		rc = substitute(&w, v, r);
		if (rc < 0)
			return rc;
		rc = rule_parse(ret_r, w.item, w.n, r->a, &why);
	}
	return rc < 0 && why.text[0] ? json_fault(v, r->f, "%s", why.text) : rc;
}

static int read_rules(struct rules *ret_l, struct json_val v, const char *name, struct reader *r)
{
	struct json_val list = json_get(v, name);
	struct rules l = { 0 };

	if (!json_ok(list))
		return 0;
	int rc = want_list(v, name, RULES_MAX, r);
	if (rc < 0)
		return rc;
	l.item = arena_array(r->a, json_count(list) + 1, sizeof(*l.item));
	if (!l.item)
		return -ENOMEM;
	JSON_EACH(x, list) {
		rc = read_rule(&l.item[l.n], x, r);
		if (rc < 0)
			return rc;
		l.n++;
	}
	*ret_l = l;
	return 0;
}

static int read_pubkeys(struct layout_item *s, struct json_val v, struct reader *r)
{
	struct json_val list = json_get(v, "pubkeys");

	int rc = want_list(v, "pubkeys", LAYOUT_KEYS_MAX, r);
	if (rc < 0)
		return rc;
	s->keyid = arena_array(r->a, json_count(list) + 1, sizeof(*s->keyid));
	if (!s->keyid)
		return -ENOMEM;
	JSON_EACH(x, list) {
		rc = pubkey_id_check(x, &s->keyid[s->nkeyids], r->a, r->f);
		if (rc < 0)
			return rc;
		s->nkeyids++;
	}
	return 0;
}

static int read_name(const char **ret_name, struct json_val v, struct reader *r)
{
	int rc = read_text(ret_name, v, "name", true, r);
	if (rc < 0)
		return rc;
	const char *s = *ret_name;
	if (!s[0] || strlen(s) > LAYOUT_NAME_MAX || strchr(s, '/') || strcmp(s, ".") == 0 ||
	    strcmp(s, "..") == 0)
		return json_fault(json_get(v, "name"), r->f,
		    "the name \"%s\" cannot be part of a file name", QUOTE(span_str(s)));
	return 0;
}

static int read_threshold(struct layout_item *s, struct json_val v, struct reader *r)
{
	struct json_val m = json_get(v, "threshold");

	s->threshold = 1;
	if (!json_ok(m))
		return 0;
	if (json_int(m, &s->threshold) < 0 || s->threshold < 1)
		return json_fault(m, r->f, "\"threshold\" must be an integer of at least 1");
	return 0;
}

static const char *const step_names[] = { "_type", "name", "expected_materials",
	"expected_products", "expected_command", "pubkeys", "threshold", NULL };
static const char *const inspection_names[] = { "_type", "name", "expected_materials",
	"expected_products", "run", NULL };

static int read_item(struct layout_item *s, struct json_val v, struct reader *r)
{
	int rc = json_only(v, s->inspection ? inspection_names : step_names, r->f);
	if (rc < 0)
		return rc;
	if (!json_is(json_get(v, "_type"), s->inspection ? "inspection" : "step"))
		return json_fault(
		    v, r->f, "\"_type\" must be \"%s\"", s->inspection ? "inspection" : "step");
	rc = read_name(&s->name, v, r);
	if (rc == 0)
		rc = read_rules(&s->materials, v, "expected_materials", r);
	if (rc == 0)
		rc = read_rules(&s->products, v, "expected_products", r);
	if (rc == 0)
		rc = read_command(&s->command, v, s->inspection ? "run" : "expected_command", r);
	if (rc < 0)
		return rc;
	if (s->inspection)
		return s->command.n ? 0 : json_fault(v, r->f, "an inspection without a command");
	rc = read_threshold(s, v, r);
	return rc < 0 ? rc : read_pubkeys(s, v, r);
}

static bool name_taken(const struct layout *l, const char *name)
{
	for (size_t i = 0; i < l->nsteps; i++)
		if (strcmp(l->step[i].name, name) == 0)
			return true;
	for (size_t i = 0; i < l->ninspections; i++)
		if (strcmp(l->inspection[i].name, name) == 0)
			return true;
	return false;
}

static int read_items(struct layout *l, struct json_val v, bool inspections, struct reader *r)
{
	const char *name = inspections ? "inspect" : "steps";
	struct json_val list = json_get(v, name);
	struct layout_item **items = inspections ? &l->inspection : &l->step;
	size_t *n = inspections ? &l->ninspections : &l->nsteps;

	int rc = want_list(v, name, LAYOUT_STEPS_MAX, r);
	if (rc < 0)
		return rc;
	*items = arena_array(r->a, json_count(list) + 1, sizeof(**items));
	if (!*items)
		return -ENOMEM;
	JSON_EACH(x, list) {
		struct layout_item s = { .inspection = inspections };
		rc = read_item(&s, x, r);
		if (rc < 0)
			return rc;
		if (name_taken(l, s.name))
			return json_fault(
			    x, r->f, "the name \"%s\" is used twice", QUOTE(span_str(s.name)));
		(*items)[(*n)++] = s;
	}
	return 0;
}

static int read_keys(struct layout *l, struct json_val v, struct reader *r)
{
	struct json_val keys = json_get(v, "keys");

	if (!json_ok(keys))
		return 0;
	if (json_type_of(keys) != JSON_OBJ || json_count(keys) > LAYOUT_KEYS_MAX)
		return json_fault(
		    keys, r->f, "\"keys\" must be an object of at most %d keys", LAYOUT_KEYS_MAX);
	l->key = arena_array(r->a, json_count(keys) + 1, sizeof(*l->key));
	if (!l->key)
		return -ENOMEM;
	JSON_EACH(name, keys) {
		int rc = pubkey_of_layout(&l->key[l->nkeys], name, r->a, r->f);
		if (rc < 0)
			return rc;
		l->nkeys++;
	}
	return 0;
}

static bool has_time_form(struct span s)
{
	struct span form = SPAN_LIT(TIME_FORM);

	for (size_t i = 0; i < s.n && s.n == form.n; i++)
		if (form.p[i] == 'd' ? s.p[i] < '0' || s.p[i] > '9' : s.p[i] != form.p[i])
			return false;
	return s.n == form.n;
}

/* A ts ends in 2262, the format in 9999: such a year is put where its February is as long. */
static bool is_far_date(struct span s)
{
	char text[sizeof(TIME_FORM)];
	int year = 0;

	memcpy(text, s.p, s.n);
	for (int i = 0; i < 4; i++)
		year = year * 10 + text[i] - '0';
	bool leap = year % 4 == 0 && (year % 100 || year % 400 == 0);
	memcpy(text, leap ? "2004" : "2005", 4);
	ts t;
	return year > 2200 && ts_parse(span_of(text, s.n), &t) == 0;
}

static int read_expires(struct layout *l, struct json_val v, struct reader *r)
{
	int rc = read_text(&l->expires_text, v, "expires", true, r);
	if (rc < 0)
		return rc;
	struct span s = span_str(l->expires_text);
	if (has_time_form(s) && ts_parse(s, &l->expires) == 0)
		return 0;
	if (has_time_form(s) && is_far_date(s)) {
		l->expires = TS_FOREVER;
		return 0;
	}
	return json_fault(json_get(v, "expires"), r->f,
	    "\"expires\" must be a time as "
	    "2030-01-31T00:00:00Z");
}

static int read_layout(struct layout *l, struct json_val v, struct reader *r)
{
	static const char *const names[] = { "_type", "expires", "readme", "keys", "steps",
		"inspect", NULL };

	int rc = json_only(v, names, r->f);
	if (rc == 0 && !json_is(json_get(v, "_type"), "layout"))
		rc = json_fault(v, r->f, "not a layout");
	if (rc == 0)
		rc = read_expires(l, v, r);
	if (rc == 0)
		rc = read_text(&l->readme, v, "readme", false, r);
	if (rc == 0)
		rc = read_keys(l, v, r);
	if (rc == 0)
		rc = read_items(l, v, false, r);
	return rc < 0 ? rc : read_items(l, v, true, r);
}

int layout_read(struct layout *ret_l, struct json_val body, const struct params *params,
    struct arena *a, struct fault *f)
{
	struct reader r = { params, a, f };
	struct layout l = { 0 };

	*ret_l = l;
	int rc = read_layout(&l, body, &r);
	if (rc < 0)
		layout_free(&l);
	else
		*ret_l = l;
	return rc;
}

void layout_free(struct layout *l)
{
	for (size_t i = 0; i < l->nkeys; i++)
		pubkey_free(&l->key[i]);
	*l = (struct layout){ 0 };
}

const struct pubkey *layout_key(const struct layout *l, const char *keyid)
{
	const struct pubkey *by;

	for (size_t i = 0; i < l->nkeys; i++)
		if (pubkey_named(&l->key[i], keyid, &by))
			return &l->key[i];
	return NULL;
}

static int read_byproducts(struct link *l, struct json_val v, struct reader *r)
{
	struct json_val by = json_get(v, "byproducts"), env = json_get(v, "environment");

	if (json_ok(by) && json_type_of(by) != JSON_OBJ)
		return json_fault(by, r->f, "\"byproducts\" must be an object");
	if (json_ok(env) && json_type_of(env) != JSON_OBJ)
		return json_fault(env, r->f, "\"environment\" must be an object");
	l->has_return = json_int(json_get(by, "return-value"), &l->return_value) == 0;
	return 0;
}

static int read_link(struct link *l, struct json_val v, struct reader *r)
{
	static const char *const names[] = { "_type", "name", "materials", "products", "byproducts",
		"command", "environment", NULL };
	struct json_val command = json_get(v, "command");

	int rc = json_only(v, names, r->f);
	if (rc == 0 && !json_is(json_get(v, "_type"), "link"))
		rc = json_fault(v, r->f, "not a link");
	if (rc == 0)
		rc = read_text(&l->name, v, "name", true, r);
	if (rc == 0)
		rc = artifacts_read(&l->materials, json_get(v, "materials"), r->a, r->f);
	if (rc == 0)
		rc = artifacts_read(&l->products, json_get(v, "products"), r->a, r->f);
	if (rc == 0 && json_ok(command))
		rc = want_list(v, "command", LAYOUT_WORDS_MAX, r);
	if (rc == 0 && json_ok(command))
		rc = read_words(&l->command, command, r);
	return rc < 0 ? rc : read_byproducts(l, v, r);
}

int link_read(struct link *ret_l, struct json_val body, struct arena *a, struct fault *f)
{
	struct reader r = { NULL, a, f };

	*ret_l = (struct link){ 0 };
	int rc = read_link(ret_l, body, &r);
	if (rc < 0)
		*ret_l = (struct link){ 0 };
	return rc;
}
