/* SPDX-License-Identifier: Apache-2.0 */

/* stix: bundles, read object by object. */

#include "intel/priv.h"

#include "wire/json.h"

#include <errno.h>
#include <stdio.h>

#define KEYS 4096 /* members open at once while a bundle is walked */

struct bundle {
	struct reader *r;
	struct json_keys *keys;
	struct arena names; /* identities, for as long as the file is read */
	struct map_of_identities {
		const char *id, *name;
	} *identity;
	size_t nidentity, cap;
	const char *id;
	uint64_t line;
	size_t line_off; /* where line was counted up to */
};

static int malformed(struct bundle *b, size_t off, const char *text)
{
	return fault_set(b->r->f, -EBADMSG, "%s: offset %zu: %s", QUOTE(span_str(b->r->name)), off,
	    text);
}

/* Offsets come in ascending order within one walk. */
static uint64_t line_at(struct bundle *b, size_t off)
{
	if (off < b->line_off) {
		b->line = 1;
		b->line_off = 0;
	}
	for (; b->line_off < off; b->line_off++)
		b->line += b->r->text.p[b->line_off] == '\n';
	return b->line;
}

/* From a value's first token to its end. */
static struct span value_text(struct json *j, struct json_tok t)
{
	json_skip(j, &t);
	return j->err ? SPAN_NONE : span_of(j->text.p + t.off, j->off - t.off);
}

typedef int object_fn(struct bundle *b, struct span text, size_t off);

static int each_in_array(struct bundle *b, struct json *j, object_fn *fn)
{
	int rc = 0;

	for (;;) {
		struct json_tok t = json_next(j);
		if (t.type == JSON_NONE || t.type == JSON_ARR_END)
			return 0;
		if (t.type != JSON_OBJ)
			return malformed(b, t.off, "\"objects\" holds something that is no object");
		struct span text = value_text(j, t);
		rc = text.p ? fn(b, text, t.off) : 0;
		if (rc)
			return rc;
	}
}

/* Walks the whole text (so that all of it is checked), calling fn for each member of "objects". */
static int walk(struct bundle *b, object_fn *fn)
{
	struct json j;
	struct json_tok t;
	int rc = 0;

	json_open(&j, b->r->text, b->keys);
	t = json_next(&j);
	if (t.type != JSON_OBJ && !j.err)
		return malformed(b, t.off, "not a STIX bundle: no object");
	while (rc == 0 && (t = json_next(&j)).type == JSON_KEY) {
		bool objects = json_str_eq(t.raw, t.escaped, SPAN_LIT("objects"));
		t = json_next(&j);
		if (objects && t.type == JSON_ARR)
			rc = each_in_array(b, &j, fn);
		else
			json_skip(&j, &t);
	}
	if (rc == 0)
		(void)json_next(&j); /* nothing may follow */
	return rc == 0 && j.err ? malformed(b, j.err_off, json_strerror(j.err)) : rc;
}

/* The object's document in r->arena, with what is not allowed inside it as a malformed file. */
static int parse(struct bundle *b, struct span text, size_t off, struct json_doc *d)
{
	int rc = json_doc_parse(d, text, &b->r->arena);

	if (rc == -ENOMEM)
		return malformed(b, off, "one object needs more memory than is allowed");
	return rc ? malformed(b, off + d->err_off, json_strerror(rc)) : 0;
}

static int identity(struct bundle *b, struct span text, size_t off)
{
	struct json_doc d;
	int rc;

	arena_free(&b->r->arena);
	rc = parse(b, text, off, &d);
	struct json_val o = json_root(&d);
	if (rc < 0 || !json_is(json_get(o, "type"), "identity"))
		return rc;
	if (b->nidentity == b->cap) {
		size_t cap = b->cap ? 2 * b->cap : 16;
		struct map_of_identities *more = arena_array(&b->names, cap, sizeof(*more));
		if (!more)
			return -ENOMEM;
		if (b->nidentity)
			memcpy(more, b->identity, b->nidentity * sizeof(*more));
		b->identity = more;
		b->cap = cap;
	}
	struct map_of_identities *i = &b->identity[b->nidentity];
	const char *name = NULL;
	rc = reader_label(b->r, json_str(json_get(o, "name"), &b->r->arena), &name);
	i->id = json_cstr(json_get(o, "id"), &b->names);
	i->name = name ? arena_str(&b->names, span_str(name)) : NULL;
	b->nidentity += i->id && i->name;
	return rc == -EINVAL ? 0 : rc;
}

static const char *identity_name(const struct bundle *b, struct json_val ref)
{
	for (size_t i = 0; i < b->nidentity; i++)
		if (json_is(ref, b->identity[i].id))
			return b->identity[i].name;
	return NULL;
}

/* An optional time member: 0, or -EINVAL. */
static int get_time(struct json_val o, const char *key, struct arena *a, ts *ret)
{
	struct json_val v = json_get(o, key);
	return json_ok(v) ? ts_parse(json_str(v, a), ret) : 0;
}

static struct json_val first_of(struct json_val o, const char *key)
{
	return json_first(json_get(o, key));
}

/* What the object says about itself; NULL, or the reason why it cannot be taken. */
static const char *fill(struct bundle *b, struct json_val o, struct indicator *i)
{
	struct arena *a = &b->r->arena;
	struct json_val type = json_get(o, "pattern_type");
	bool old = !json_ok(json_get(o, "spec_version")); /* 2.0 has neither */
	int64_t confidence = i->confidence;
	ts modified = TS_NONE;

	if (!json_is(type, "stix") && !(old && !json_ok(type)))
		return json_ok(type) ? "pattern_type is not stix" : "pattern_type is missing";
	if (!json_ok(json_get(o, "valid_from")) || get_time(o, "valid_from", a, &i->valid_from) < 0)
		return "valid_from is missing or no RFC 3339 time";
	if (get_time(o, "valid_until", a, &i->valid_until) < 0)
		return "valid_until is no RFC 3339 time";
	if (json_ok(json_get(o, "confidence")) &&
	    (json_int(json_get(o, "confidence"), &confidence) < 0 || confidence < 0 ||
		confidence > 100))
		return "confidence is not a number from 0 to 100";
	i->confidence = (int)confidence;
	if (json_is_true(json_get(o, "revoked"))) {
		if (get_time(o, "modified", a, &modified) < 0 || modified == TS_NONE)
			return "revoked, but modified is missing or no RFC 3339 time";
		i->valid_until = modified > i->valid_from ? modified : i->valid_from + 1;
	}
	return NULL;
}

/* Source, category and note: texts that may be missing. */
static int fill_texts(struct bundle *b, struct json_val o, struct indicator *i)
{
	struct arena *a = &b->r->arena;
	struct json_val category = first_of(o, "indicator_types");
	struct json_val name = json_get(o, "name");
	const char *source = identity_name(b, json_get(o, "created_by_ref"));
	int rc;

	i->source = source ? source : b->r->o->source ? b->r->o->source : b->id;
	if (!json_ok(category))
		category = first_of(o, "labels");
	rc = json_ok(category) ? reader_label(b->r, json_str(category, a), &i->category) : 0;
	if (rc == -ENOMEM)
		return rc;
	if (!json_ok(name))
		name = json_get(o, "description");
	return json_ok(name) ? reader_note(b->r, json_str(name, a), &i->note) : 0;
}

static int indicator(struct bundle *b, struct json_val o, size_t off)
{
	struct reader *r = b->r;
	struct indicator i = reader_default(r);
	struct span pattern = json_str(json_get(o, "pattern"), &r->arena);
	const char *why;

	r->off = off;
	r->id = json_cstr(json_get(o, "id"), &r->arena);
	if (!r->id || strncmp(r->id, "indicator--", 11) != 0)
		return reader_reject(r, pattern, "id is missing or not that of an indicator", NULL);
	if (!pattern.p)
		return reader_reject(r, SPAN_NONE, "pattern is missing", NULL);
	why = fill(b, o, &i);
	if (why)
		return reader_reject(r, pattern, why, NULL);
	int rc = fill_texts(b, o, &i);
	return rc < 0 ? rc : stix_pattern(r, &i, pattern);
}

static int object(struct bundle *b, struct span text, size_t off)
{
	struct json_doc d;
	int rc;

	arena_free(&b->r->arena);
	rc = parse(b, text, off, &d);
	struct json_val o = json_root(&d);
	if (rc < 0)
		return rc;
	if (!json_is(json_get(o, "type"), "indicator")) {
		b->r->r->others++;
		return 0;
	}
	b->r->line = line_at(b, off);
	b->r->r->records++;
	return indicator(b, o, off);
}

/* Type and id of the outermost object. Members may come in any order, so this is a walk too. */
static int outermost(struct bundle *b, bool *ret_single)
{
	struct json j;
	struct json_tok t;
	bool bundle = false, single = false, objects = false;

	json_open(&j, b->r->text, b->keys);
	(void)json_next(&j);
	while ((t = json_next(&j)).type == JSON_KEY) {
		struct json_tok v = json_next(&j);
		bool str = v.type == JSON_STR;
		if (str && json_str_eq(t.raw, t.escaped, SPAN_LIT("type"))) {
			bundle = json_str_eq(v.raw, v.escaped, SPAN_LIT("bundle"));
			single = json_str_eq(v.raw, v.escaped, SPAN_LIT("indicator"));
		} else if (str && json_str_eq(t.raw, t.escaped, SPAN_LIT("id")) && !v.escaped) {
			int rc = reader_label(b->r, v.raw, &b->id);
			if (rc == -ENOMEM)
				return rc;
		} else if (json_str_eq(t.raw, t.escaped, SPAN_LIT("objects"))) {
			if (v.type != JSON_ARR)
				return malformed(b, v.off, "\"objects\" is not an array");
			objects = true;
		}
		json_skip(&j, &v);
	}
	if (!bundle && !single)
		return malformed(b, 0, "JSON, but neither a STIX bundle nor a STIX indicator");
	if (bundle && (!b->id || (objects && strncmp(b->id, "bundle--", 8) != 0)))
		return malformed(b, 0, "a STIX bundle without its id");
	*ret_single = single;
	return 0;
}

static int nothing(struct bundle *b, struct span text, size_t off)
{
	(void)b;
	(void)text;
	(void)off;
	return 0;
}

static int read_all(struct bundle *b)
{
	bool single = false;
	int rc = walk(b, nothing); /* all of it is JSON, before anything is believed */

	if (rc == 0)
		rc = outermost(b, &single);
	if (rc < 0)
		return rc;
	b->id = single ? b->r->source : arena_str(&b->names, span_str(b->id));
	if (!b->id)
		return -ENOMEM;
	if (single)
		return object(b, b->r->text, 0);
	rc = walk(b, identity);
	return rc < 0 ? rc : walk(b, object);
}

int read_stix(struct reader *r)
{
	struct bundle b = { .r = r, .keys = JSON_KEYS(KEYS), .line = 1,
		.names = ARENA_INIT(INTEL_OBJECT_MAX) };
	int rc = read_all(&b);
	arena_free(&b.names);
	return rc;
}
