/* SPDX-License-Identifier: Apache-2.0 */

#include "wire/json.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>

struct build {
	struct json j;
	struct json_doc *d;
	struct arena *a;
	struct json_keys keys;
	uint32_t cap;
	uint32_t parent[JSON_DEPTH_MAX]; /* node index of each open container */
	uint32_t depth;
};

static struct json_node *node_add(struct build *b)
{
	struct json_doc *d = b->d;

	if (d->n == b->cap) {
		uint32_t cap = b->cap ? b->cap * 2 : 64;
		struct json_node *node = arena_grow(
		    b->a, d->node, b->cap * sizeof(*node), cap * sizeof(*node));
		if (!node)
			return NULL;
		d->node = node;
		b->cap = cap;
	}
	return &d->node[d->n++];
}

static void count_in_parent(struct build *b, enum json_type type)
{
	if (!b->depth)
		return;
	struct json_node *p = &b->d->node[b->parent[b->depth - 1]];
	if (p->type == JSON_ARR || type == JSON_KEY)
		p->count++;
}

static int add(struct build *b, const struct json_tok *t)
{
	if (t->type == JSON_OBJ_END || t->type == JSON_ARR_END) {
		struct json_node *p = &b->d->node[b->parent[--b->depth]];
		p->len = (uint32_t)(t->off + 1 - p->off);
		p->next = b->d->n;
		return 0;
	}
	count_in_parent(b, t->type);
	struct json_node *n = node_add(b);
	if (!n)
		return -ENOMEM;
	uint32_t at = b->d->n - 1;
	size_t raw_off = t->raw.p ? (size_t)(t->raw.p - b->d->text.p) : t->off;
	*n = (struct json_node){ .off = (uint32_t)raw_off, .len = (uint32_t)t->raw.n,
		.next = at + 1, .type = (uint8_t)t->type, .escaped = t->escaped };
	if (t->type == JSON_OBJ || t->type == JSON_ARR)
		b->parent[b->depth++] = at;
	else if (!t->raw.p)
		n->len = t->type == JSON_FALSE ? 5 : 4;
	return 0;
}

static int keys_new(struct json_keys *k, uint32_t cap, struct arena *a)
{
	*k = (struct json_keys){ arena_array(a, cap, sizeof(*k->key)),
		arena_array(a, cap, sizeof(*k->slot)), cap, 0 };
	return k->key && k->slot ? 0 : -ENOMEM;
}

static int keys_grow(struct build *b)
{
	struct json_keys more;
	int rc = keys_new(&more, b->keys.cap * 4, b->a);

	if (rc == 0) {
		json_keys_move(&b->j, &more);
		b->keys = more;
		b->j.keys = &b->keys;
	}
	return rc;
}

static int build(struct build *b, struct span text)
{
	uint32_t cap = 16;

	while (cap < JSON_KEYS_SMALL && cap < text.n / 8)
		cap *= 2;
	int rc = keys_new(&b->keys, cap, b->a);
	if (rc < 0)
		return rc;
	b->d->text = text;
	json_open(&b->j, text, &b->keys);
	for (;;) {
		struct json_tok t = json_next(&b->j);
		if (t.type == JSON_NONE)
			return b->j.err;
		rc = add(b, &t);
		if (rc == 0 && json_keys_full(&b->keys))
			rc = keys_grow(b);
		if (rc < 0)
			return rc;
	}
}

int json_doc_parse(struct json_doc *d, struct span text, struct arena *a)
{
	struct build b = { .d = d, .a = a };

	*d = (struct json_doc){ 0 };
	int rc = JSON_E_SIZE;
	if (text.n <= JSON_TEXT_MAX)
		rc = build(&b, text);
	else
		b.j.err_off = JSON_TEXT_MAX;
	if (rc)
		*d = (struct json_doc){ .err = rc < 0 ? 0 : rc, .err_off = b.j.err_off };
	return rc;
}

int json_parse(struct json_doc *d, struct span text, struct arena *a, struct fault *f)
{
	int rc = json_doc_parse(d, text, a);
	if (rc == -ENOMEM)
		return fault_set(f, rc, "JSON of %zu bytes needs more memory than is allowed here",
		    text.n);
	if (rc)
		return fault_set(f, -EBADMSG, "offset %zu: %s", d->err_off, json_strerror(rc));
	return 0;
}

static const struct json_node *node_of(struct json_val v)
{
	return v.doc ? &v.doc->node[v.at] : NULL;
}

struct json_val json_root(const struct json_doc *d)
{
	return d && d->n ? (struct json_val){ d, 0 } : JSON_ABSENT;
}

enum json_type json_type_of(struct json_val v)
{
	const struct json_node *n = node_of(v);
	return n ? (enum json_type)n->type : JSON_NONE;
}

uint32_t json_count(struct json_val v)
{
	const struct json_node *n = node_of(v);
	return n ? n->count : 0;
}

struct json_val json_first(struct json_val v)
{
	const struct json_node *n = node_of(v);
	return n && n->count ? (struct json_val){ v.doc, v.at + 1 } : JSON_ABSENT;
}

struct json_val json_member(struct json_val key)
{
	return json_type_of(key) == JSON_KEY ? (struct json_val){ key.doc, key.at + 1 } : JSON_ABSENT;
}

struct json_val json_next_of(struct json_val parent, struct json_val x)
{
	if (!x.doc || !parent.doc)
		return JSON_ABSENT;
	/* A key's own subtree is one node; its value follows it. */
	uint32_t last = json_type_of(x) == JSON_KEY ? x.at + 1 : x.at;
	uint32_t next = x.doc->node[last].next;
	return next < parent.doc->node[parent.at].next ? (struct json_val){ x.doc, next } :
							 JSON_ABSENT;
}

struct json_val json_get(struct json_val v, const char *key)
{
	if (json_type_of(v) != JSON_OBJ)
		return JSON_ABSENT;
	JSON_EACH (k, v)
		if (json_is(k, key))
			return json_member(k);
	return JSON_ABSENT;
}

struct json_val json_path(struct json_val v, ...)
{
	va_list ap;
	const char *key;

	va_start(ap, v);
	while ((key = va_arg(ap, const char *)))
		v = json_get(v, key);
	va_end(ap);
	return v;
}

struct span json_text(struct json_val v)
{
	const struct json_node *n = node_of(v);
	if (!n)
		return SPAN_NONE;
	if (n->type == JSON_STR || n->type == JSON_KEY) /* with its quotes */
		return span_of(v.doc->text.p + n->off - 1, (size_t)n->len + 2);
	return span_of(v.doc->text.p + n->off, n->len);
}

static struct span raw_of(struct json_val v)
{
	const struct json_node *n = node_of(v);
	return n && (n->type == JSON_STR || n->type == JSON_KEY) ?
		  span_of(v.doc->text.p + n->off, n->len) :
		  SPAN_NONE;
}

bool json_is(struct json_val v, const char *s)
{
	struct span raw = raw_of(v);
	return raw.p && json_str_eq(raw, node_of(v)->escaped, span_str(s));
}

struct span json_str(struct json_val v, struct arena *a)
{
	struct span raw = raw_of(v);
	if (!raw.p || !node_of(v)->escaped)
		return raw;
	uint8_t *out = arena_alloc(a, raw.n + 1);
	return out ? span_of(out, json_unescape(out, raw)) : SPAN_NONE;
}

char *json_cstr(struct json_val v, struct arena *a)
{
	struct span raw = raw_of(v);
	if (!raw.p)
		return NULL;
	char *out = arena_alloc(a, raw.n + 1);
	if (out)
		out[json_unescape((uint8_t *)out, raw)] = 0;
	return out;
}

int json_int(struct json_val v, int64_t *ret_i)
{
	const struct json_node *n = node_of(v);
	return n && n->type == JSON_NUM && json_num_int(json_text(v), ret_i) ? 0 : -EINVAL;
}

bool json_is_true(struct json_val v)
{
	return json_type_of(v) == JSON_TRUE;
}

int json_fault(struct json_val v, struct fault *f, const char *fmt, ...)
{
	const struct json_node *n = node_of(v);
	char text[FAULT_MAX];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	if (!n)
		return fault_set(f, -EBADMSG, "%s", text);
	const struct json_source *src = v.doc->source;
	if (src)
		return fault_set(f, -EBADMSG, "%s:%u:%u: %s", src->name, src->place[v.at].line,
		    src->place[v.at].col, text);
	bool quoted = n->type == JSON_STR || n->type == JSON_KEY;
	return fault_set(f, -EBADMSG, "offset %u: %s", n->off - quoted, text);
}

int json_must_cstr(const char **ret_s, struct json_val parent, const char *name, struct arena *a,
    struct fault *f)
{
	struct json_val v = json_get(parent, name);

	if (json_type_of(v) != JSON_STR || json_is(v, ""))
		return json_fault(
		    json_ok(v) ? v : parent, f, "\"%s\" must be a string that is not empty", name);
	const char *s = json_cstr(v, a);
	if (!s)
		return -ENOMEM;
	*ret_s = s;
	return 0;
}

int json_only(struct json_val v, const char *const *names, struct fault *f)
{
	if (json_type_of(v) != JSON_OBJ)
		return json_fault(v, f, "not an object");
	JSON_EACH (k, v) {
		const char *const *n = names;
		while (*n && !json_is(k, *n))
			n++;
		if (!*n)
			return json_fault(k, f, "unknown member \"%s\"", QUOTE(raw_of(k)));
	}
	return 0;
}
