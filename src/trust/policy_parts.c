/* SPDX-License-Identifier: Apache-2.0 */

/* policy_parts: the members of a policy that are more than a list of texts. */

#include "trust/policy_read.h"

#include <errno.h>

int policy_get_scalar(
    const char **ret_s, struct json_val v, const char *name, struct arena *a, struct fault *f)
{
	switch (json_type_of(v)) {
	case JSON_STR:
		*ret_s = json_cstr(v, a);
		break;
	case JSON_NUM:
	case JSON_TRUE:
	case JSON_FALSE:
		*ret_s = arena_str(a, json_text(v));
		break;
	default:
		return json_fault(v, f, "a value of \"%s\" must be a text, a number, true or false",
		    name);
	}
	return *ret_s ? 0 : -ENOMEM;
}

/* One value, or a list of them. */
static int read_values(
    struct policy_list *l, struct json_val v, const char *name, struct arena *a, struct fault *f)
{
	bool list = json_type_of(v) == JSON_ARR;

	if (list && (!json_count(v) || json_count(v) > POLICY_ITEMS_MAX))
		return json_fault(v, f, "1 to %d values", POLICY_ITEMS_MAX);
	l->item = arena_array(a, list ? json_count(v) : 1, sizeof(*l->item));
	if (!l->item)
		return -ENOMEM;
	if (!list)
		return policy_get_scalar(&l->item[l->n++], v, name, a, f);
	JSON_EACH(x, v) {
		int rc = policy_get_scalar(&l->item[l->n++], x, name, a, f);
		if (rc < 0)
			return rc;
	}
	return 0;
}

/* "workflow" -> "/workflow"; what starts with "/" is a JSON pointer already. */
static int read_path(const char **ret_s, struct json_val v, const char *name, bool pointer,
    struct arena *a, struct fault *f)
{
	const char *text;
	AUTO_BUF struct buf b = BUF_INIT(8192);

	int rc = policy_get_text(&text, v, name, a, f);
	if (rc < 0)
		return rc;
	if (pointer && text[0] == '/') {
		*ret_s = text;
		return 0;
	}
	if (strchr(text, '*'))
		return json_fault(v, f, "\"*\" is not allowed here");
	buf_putc(&b, '/');
	for (const char *s = text; *s; s++) {
		if (*s == '~' || *s == '/')
			buf_puts(&b, *s == '~' ? "~0" : "~1");
		else
			buf_putc(&b, *s);
	}
	if (buf_err(&b) < 0)
		return json_fault(v, f, "a name of \"%s\" is too long", name);
	*ret_s = arena_str(a, buf_span(&b));
	return *ret_s ? 0 : -ENOMEM;
}

static int read_parameter(
    struct policy_value *x, struct json_val v, struct arena *a, struct fault *f)
{
	static const char *const names[] = { "name", "value", NULL };

	if (json_type_of(v) != JSON_OBJ)
		return read_path(&x->path, v, "parameters", true, a, f);
	int rc = json_only(v, names, f);
	if (rc < 0)
		return rc;
	if (!json_ok(json_get(v, "name")) || !json_ok(json_get(v, "value")))
		return json_fault(v, f, "a parameter is a name, or {name: …, value: …}");
	rc = read_path(&x->path, json_get(v, "name"), "parameters", true, a, f);
	return rc < 0 ? rc : read_values(&x->values, json_get(v, "value"), "parameters", a, f);
}

static int read_inputs(struct policy_values *to, struct json_val v, struct arena *a, struct fault *f)
{
	if (!json_ok(v))
		return 0;
	if (json_type_of(v) != JSON_OBJ || !json_count(v) || json_count(v) > POLICY_ITEMS_MAX)
		return json_fault(v, f, "\"inputs\" is a mapping from names to values, not empty");
	to->item = arena_array(a, json_count(v), sizeof(*to->item));
	if (!to->item)
		return -ENOMEM;
	JSON_EACH(k, v) {
		struct policy_value *x = &to->item[to->n++];
		struct span name = json_str(k, a);
		if (!name.p)
			return -ENOMEM;
		x->path = arena_str(a, name);
		if (!x->path)
			return -ENOMEM;
		int rc = read_values(&x->values, json_member(k), "inputs", a, f);
		if (rc < 0)
			return rc;
	}
	return 0;
}

int policy_read_values(struct policy *p, struct json_val doc, struct arena *a, struct fault *f)
{
	struct json_val list;

	int rc = policy_get_list(&list, doc, "parameters", true, f);
	if (rc < 0)
		return rc;
	p->has_parameters = json_ok(list);
	p->parameters.item = arena_array(a, json_count(list) + 1, sizeof(*p->parameters.item));
	if (!p->parameters.item)
		return -ENOMEM;
	JSON_EACH(x, list) {
		rc = read_parameter(&p->parameters.item[p->parameters.n++], x, a, f);
		if (rc < 0)
			return rc;
	}
	return read_inputs(&p->inputs, json_get(doc, "inputs"), a, f);
}

/* NAME:VALUE; of an algorithm that is known here with a value of its length. */
static bool is_digest(struct span s)
{
	size_t colon = span_find(s, ':');
	struct digest d;

	if (colon == SIZE_MAX || !colon || colon + 1 == s.n)
		return false;
	return !digest_alg_of(span_cut(s, 0, colon)) || digest_parse(s, &d) == 0;
}

static int read_dependency(
    struct policy_dependency *d, struct json_val v, struct arena *a, struct fault *f)
{
	static const char *const names[] = { "uri", "digest", NULL };
	struct json_val uri = json_get(v, "uri"), digest = json_get(v, "digest");
	int rc = 0;

	if (json_type_of(v) != JSON_OBJ)
		return policy_get_text(&d->uri, v, "contain", a, f);
	rc = json_only(v, names, f);
	if (rc == 0 && !json_ok(uri) && !json_ok(digest))
		rc = json_fault(v, f, "a dependency needs a \"uri\" or a \"digest\"");
	if (rc == 0 && json_ok(uri))
		rc = policy_get_text(&d->uri, uri, "uri", a, f);
	if (rc == 0 && json_ok(digest))
		rc = policy_get_text(&d->digest, digest, "digest", a, f);
	if (rc == 0 && d->digest && !is_digest(span_str(d->digest)))
		rc = json_fault(digest, f, "a digest such as sha256:<64 hex digits> or gitCommit:…");
	return rc;
}

int policy_read_dependencies(
    struct policy *p, struct json_val doc, struct arena *a, struct fault *f)
{
	static const char *const names[] = { "contain", "only-from", NULL };
	struct json_val deps = json_get(doc, "dependencies"), list;

	if (!json_ok(deps))
		return 0;
	if (json_type_of(deps) != JSON_OBJ || !json_count(deps))
		return json_fault(deps, f, "\"dependencies\" has \"contain\", \"only-from\" or both");
	int rc = json_only(deps, names, f);
	if (rc == 0)
		rc = policy_read_list(&p->only_from, deps, "only-from", NULL, a, f);
	if (rc == 0)
		rc = policy_get_list(&list, deps, "contain", false, f);
	if (rc < 0)
		return rc;
	p->dependency = arena_array(a, json_count(list) + 1, sizeof(*p->dependency));
	if (!p->dependency)
		return -ENOMEM;
	JSON_EACH(x, list) {
		rc = read_dependency(&p->dependency[p->ndependencies++], x, a, f);
		if (rc < 0)
			return rc;
	}
	return 0;
}

int policy_read_package(struct policy *p, struct json_val doc, struct arena *a, struct fault *f)
{
	static const char *const names[] = { "name", "version", NULL };
	struct json_val v = json_get(doc, "package");

	if (!json_ok(v))
		return 0;
	if (json_type_of(v) != JSON_OBJ || !json_ok(json_get(v, "name")))
		return json_fault(v, f, "\"package\" needs a \"name\", and may have a \"version\"");
	int rc = json_only(v, names, f);
	if (rc == 0)
		rc = policy_get_text(&p->package_name, json_get(v, "name"), "package", a, f);
	if (rc == 0 && json_ok(json_get(v, "version")))
		rc = policy_get_text(&p->package_version, json_get(v, "version"), "package", a, f);
	return rc;
}

int policy_read_vsa(struct policy *p, struct json_val doc, struct arena *a, struct fault *f)
{
	static const char *const names[] = { "verifiers", "resources", "levels", "policies",
		"max-age", NULL };
	struct json_val v = json_get(doc, "vsa");

	if (!json_ok(v))
		return p->require & POLICY_VSA
		    ? json_fault(json_get(doc, "require"), f,
			  "vsa is required: \"vsa\" must say from which \"verifiers\"")
		    : 0;
	if (json_type_of(v) != JSON_OBJ || !json_ok(json_get(v, "verifiers")))
		return json_fault(v, f, "\"vsa\" needs \"verifiers\": whose summary counts");
	int rc = json_only(v, names, f);
	if (rc == 0)
		rc = policy_read_list(&p->vsa.verifiers, v, "verifiers", NULL, a, f);
	if (rc == 0)
		rc = policy_read_list(&p->vsa.resources, v, "resources", NULL, a, f);
	if (rc == 0)
		rc = policy_read_list(&p->vsa.levels, v, "levels", NULL, a, f);
	if (rc == 0)
		rc = policy_read_list(&p->vsa.policies, v, "policies", NULL, a, f);
	return rc < 0 ? rc : policy_read_age(&p->vsa.max_age, v, "max-age", a, f);
}

static int read_level(enum diff_level *ret_l, struct json_val doc, const char *name, struct arena *a,
    struct fault *f)
{
	struct json_val v = json_get(doc, name);

	if (!json_ok(v))
		return 0;
	if (json_is(v, "never")) {
		*ret_l = DIFF_LEVELS;
		return 0;
	}
	if (diff_level_of(json_str(v, a), ret_l) < 0 || *ret_l == DIFF_INFO)
		return json_fault(v, f, "\"%s\" is low, medium, high or never", name);
	return 0;
}

int policy_read_diff(struct policy *p, struct json_val doc, struct arena *a, struct fault *f)
{
	static const char *const names[] = { "fail-on", "warn-on", NULL };
	struct json_val v = json_get(doc, "diff");

	p->diff = (struct policy_diff){ false, DIFF_HIGH, DIFF_MEDIUM };
	if (!json_ok(v))
		return 0;
	if (json_type_of(v) != JSON_OBJ)
		return json_fault(v, f, "\"diff\" says what may be found: fail-on, warn-on");
	p->diff.given = true;
	int rc = json_only(v, names, f);
	if (rc == 0)
		rc = read_level(&p->diff.fail_on, v, "fail-on", a, f);
	return rc < 0 ? rc : read_level(&p->diff.warn_on, v, "warn-on", a, f);
}
