/* SPDX-License-Identifier: Apache-2.0 */

/* objects: JSON texts of any size, of which one object at a time becomes a document. */

#include "intel/priv.h"

#include <errno.h>

struct span reader_value(struct json *j, struct json_tok t)
{
	json_skip(j, &t);
	return j->err ? SPAN_NONE : span_of(j->text.p + t.off, j->off - t.off);
}

struct span reader_key(const struct json_tok *t, uint8_t room[static READER_KEY_ROOM])
{
	if (t->raw.n > READER_KEY_ROOM)
		return SPAN_NONE;
	return t->escaped ? span_of(room, json_unescape(room, t->raw)) : t->raw;
}

int reader_malformed_at(struct reader *r, size_t off, const char *text)
{
	return fault_set(r->f, -EBADMSG, "%s: offset %zu: %s", QUOTE(span_str(r->name)),
	    r->skipped + off, text);
}

int reader_doc(struct reader *r, struct span value, struct json_doc *ret_d)
{
	size_t off = (size_t)(value.p - r->text.p);

	reader_forget(r);
	int rc = json_doc_parse(ret_d, value, &r->arena);
	if (rc == -ENOMEM)
		return reader_malformed_at(r, off, "one object needs more memory than is allowed");
	return rc ? reader_malformed_at(r, off + ret_d->err_off, json_strerror(rc)) : 0;
}

/* The place of a token in the whole text. */
static size_t place(const struct reader *r, const struct json *j, size_t off)
{
	return (size_t)(j->text.p - r->text.p) + off;
}

int reader_each(struct reader *r, struct json *j, reader_object_fn *fn, void *ctx)
{
	for (;;) {
		struct json_tok t = json_next(j);
		if (t.type == JSON_NONE || t.type == JSON_ARR_END)
			return 0;
		if (t.type != JSON_OBJ)
			return reader_malformed_at(r, place(r, j, t.off),
			    "a list of objects holds something that is no object");
		struct span value = reader_value(j, t);
		int rc = value.p ? fn(ctx, value) : 0;
		if (rc)
			return rc;
	}
}

int reader_end(struct reader *r, struct json *j)
{
	if (!j->err)
		(void)json_next(j);
	return j->err ? reader_malformed_at(r, place(r, j, j->err_off), json_strerror(j->err)) : 0;
}

void reader_next_at(struct reader *r, size_t off)
{
	if (off < r->counted_off || !r->counted_line) {
		r->counted_line = 1;
		r->counted_off = 0;
	}
	const uint8_t *p = r->text.p + r->counted_off, *end = r->text.p + off;
	while ((p = memchr(p, '\n', (size_t)(end - p)))) {
		r->counted_line++;
		p++;
	}
	r->counted_off = off;
	r->line = r->counted_line;
	r->off = r->skipped + off;
	r->r->records++;
}

int reader_time_of(struct reader *r, struct json_val o, const char *key, ts *ret)
{
	struct json_val v = json_get(o, key);
	return json_ok(v) ? ts_parse_bound(json_str(v, &r->arena), ret) : 0;
}
