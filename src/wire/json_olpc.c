/* SPDX-License-Identifier: Apache-2.0 */

#include "wire/json_olpc.h"

#include <errno.h>
#include <stdlib.h>

struct member {
	struct span key;
	struct json_val val;
};

/* UTF-8 keeps the order of code points. */
static int by_key(const void *a, const void *b)
{
	return span_cmp(((const struct member *)a)->key, ((const struct member *)b)->key);
}

static void put_string(struct buf *out, struct span s)
{
	size_t from = 0;

	buf_putc(out, '"');
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] != '"' && s.p[i] != '\\')
			continue;
		buf_put(out, s.p + from, i - from);
		buf_putc(out, '\\');
		from = i;
	}
	buf_put_span(out, span_from(s, from));
	buf_putc(out, '"');
}

static int put_number(struct buf *out, struct json_val v, struct fault *f)
{
	struct span text = json_text(v);

	for (size_t i = 0; i < text.n; i++)
		if (text.p[i] != '-' && (text.p[i] < '0' || text.p[i] > '9'))
			return json_fault(
			    v, f, "%s: canonical JSON has integers only", QUOTE(text));
	buf_put_span(out, span_eq_str(text, "-0") ? SPAN_LIT("0") : text);
	return 0;
}

static int put(struct buf *out, struct json_val v, struct arena *a, struct fault *f);

static int put_object(struct buf *out, struct json_val v, struct arena *a, struct fault *f)
{
	uint32_t n = json_count(v), i = 0;
	struct member *m = arena_array(a, n, sizeof(*m));

	if (!m)
		return -ENOMEM;
	JSON_EACH(k, v) {
		m[i] = (struct member){ json_str(k, a), json_member(k) };
		if (!m[i++].key.p)
			return -ENOMEM;
	}
	if (n)
		qsort(m, n, sizeof(*m), by_key);
	buf_putc(out, '{');
	for (i = 0; i < n; i++) {
		if (i)
			buf_putc(out, ',');
		put_string(out, m[i].key);
		buf_putc(out, ':');
		int rc = put(out, m[i].val, a, f);
		if (rc < 0)
			return rc;
	}
	buf_putc(out, '}');
	return 0;
}

static int put_array(struct buf *out, struct json_val v, struct arena *a, struct fault *f)
{
	bool first = true;

	buf_putc(out, '[');
	JSON_EACH(x, v) {
		if (!first)
			buf_putc(out, ',');
		first = false;
		int rc = put(out, x, a, f);
		if (rc < 0)
			return rc;
	}
	buf_putc(out, ']');
	return 0;
}

static int put(struct buf *out, struct json_val v, struct arena *a, struct fault *f)
{
	struct span s;

	switch (json_type_of(v)) {
	case JSON_OBJ:
		return put_object(out, v, a, f);
	case JSON_ARR:
		return put_array(out, v, a, f);
	case JSON_STR:
		s = json_str(v, a);
		if (!s.p)
			return -ENOMEM;
		put_string(out, s);
		return 0;
	case JSON_NUM:
		return put_number(out, v, f);
	case JSON_TRUE:
	case JSON_FALSE:
	case JSON_NULL:
		buf_put_span(out, json_text(v));
		return 0;
	default:
		return fault_set(f, -EBADMSG, "there is no value to write");
	}
}

int json_olpc(struct buf *out, struct json_val v, struct arena *a, struct fault *f)
{
	int rc = put(out, v, a, f);

	return rc < 0 ? rc : buf_err(out);
}
