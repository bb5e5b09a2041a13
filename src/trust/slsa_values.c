/* SPDX-License-Identifier: Apache-2.0 */

/* slsa_values: parameters taken apart into leaves, and the list of dependencies. */

#include "trust/slsa.h"

#include <errno.h>

#define POINTER_MAX 4096

struct walk {
	struct slsa_values *to;
	size_t cap;
	struct arena *keep;
	struct fault *f;
	struct buf path;
};

/* RFC 6901 section 3: "~" is "~0", "/" is "~1". */
static void put_name(struct buf *out, struct span name)
{
	buf_putc(out, '/');
	for (size_t i = 0; i < name.n; i++) {
		if (name.p[i] == '~' || name.p[i] == '/')
			buf_puts(out, name.p[i] == '~' ? "~0" : "~1");
		else
			buf_putc(out, (char)name.p[i]);
	}
}

static int add_leaf(struct walk *w, struct json_val v)
{
	struct slsa_values *to = w->to;

	if (to->n == SLSA_PARAMETERS_MAX)
		return json_fault(v, w->f, "more than %d parameters", SLSA_PARAMETERS_MAX);
	if (buf_err(&w->path) < 0)
		return json_fault(v, w->f, "a parameter's path is longer than %d bytes", POINTER_MAX);
	if (to->n == w->cap) {
		size_t cap = w->cap ? 2 * w->cap : 16;
		struct slsa_value *item = arena_grow(
		    w->keep, to->item, w->cap * sizeof(*item), cap * sizeof(*item));
		if (!item)
			return -ENOMEM;
		to->item = item;
		w->cap = cap;
	}
	struct slsa_value *x = &to->item[to->n];
	x->path = arena_str(w->keep, buf_span(&w->path));
	x->value = json_type_of(v) == JSON_STR ? json_cstr(v, w->keep)
					       : arena_str(w->keep, json_text(v));
	if (!x->path || !x->value)
		return -ENOMEM;
	to->n++;
	return 0;
}

static int walk(struct walk *w, struct json_val v)
{
	bool obj = json_type_of(v) == JSON_OBJ;
	size_t at = w->path.n, i = 0;
	int rc = 0;

	if ((!obj && json_type_of(v) != JSON_ARR) || !json_count(v))
		return add_leaf(w, v);
	JSON_EACH(x, v) {
		if (obj) {
			struct span name = json_str(x, w->keep);
			if (!name.p)
				return -ENOMEM;
			put_name(&w->path, name);
		} else {
			buf_printf(&w->path, "/%zu", i++);
		}
		rc = walk(w, obj ? json_member(x) : x);
		if (rc < 0)
			break;
		w->path.n = at;
	}
	return rc;
}

int slsa_values_read(
    struct slsa_values *ret_v, struct json_val v, struct arena *keep, struct fault *f)
{
	struct slsa_values to = { 0 };
	struct walk w = { .to = &to, .keep = keep, .f = f, .path = BUF_INIT(POINTER_MAX) };
	int rc = 0;

	if (json_type_of(v) == JSON_OBJ && json_count(v))
		rc = walk(&w, v);
	buf_free(&w.path);
	if (rc == 0)
		*ret_v = to;
	return rc;
}

static int read_digests(struct slsa_dependency *d, struct json_val set, struct arena *keep)
{
	d->digest = arena_array(keep, json_count(set) + 1, sizeof(*d->digest));
	if (!d->digest)
		return -ENOMEM;
	JSON_EACH(k, set) {
		struct span name = json_str(k, keep), value = json_str(json_member(k), keep);
		if (json_type_of(json_member(k)) != JSON_STR)
			continue;
		d->digest[d->ndigests] = name.p && value.p
		    ? arena_printf(keep, "%.*s:%.*s", SPAN_ARG(name), SPAN_ARG(value))
		    : NULL;
		if (!d->digest[d->ndigests++])
			return -ENOMEM;
	}
	return 0;
}

int slsa_dependencies_read(
    struct slsa *s, struct json_val list, struct arena *keep, struct fault *f)
{
	if (json_count(list) > SLSA_DEPENDENCIES_MAX)
		return json_fault(list, f, "more than %d dependencies", SLSA_DEPENDENCIES_MAX);
	s->dependency = arena_array(keep, json_count(list) + 1, sizeof(*s->dependency));
	if (!s->dependency)
		return -ENOMEM;
	JSON_EACH(x, list) {
		struct slsa_dependency *d = &s->dependency[s->ndependencies];
		struct json_val uri = json_get(x, "uri"), set = json_get(x, "digest");
		if (json_type_of(x) != JSON_OBJ)
			return json_fault(x, f, "a dependency must be an object");
		d->uri = json_type_of(uri) == JSON_STR ? json_cstr(uri, keep) : "";
		if (!d->uri)
			return -ENOMEM;
		int rc = read_digests(d, json_type_of(set) == JSON_OBJ ? set : JSON_ABSENT, keep);
		if (rc < 0)
			return rc;
		s->ndependencies++;
	}
	return 0;
}
