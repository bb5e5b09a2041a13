/* SPDX-License-Identifier: Apache-2.0 */

/*
 * misp: events of a MISP server or feed, read attribute by attribute.
 *
 * What an event says of all its attributes may stand behind them, so each event is walked twice:
 * for its facts, then for its attributes and objects.
 *
 * to_ids says which attributes are for detection, and authors who use it are right to: the domain of
 * a file host is not marked, the one URL on it is. Many never set it (20 of the 29 events that ESET
 * publishes do not mark one attribute). An event that marks none says nothing with it: its attributes
 * are taken, half as sure.
 */

#include "intel/misp_types.h"
#include "intel/priv.h"

#include <errno.h>

struct misp {
	struct reader *r;
	struct json_keys *keys, *inner_keys;
	struct arena names; /* what the event says of itself */
	const char *source, *info, *campaign;
	struct misp_tags tags;
	ts date;
	bool marks; /* it has an attribute with to_ids */
	/* of the object that the attribute stands in */
	bool has_digest, deleted;
	uint64_t events;
};

static struct json_keys *keys_new(struct arena *a)
{
	struct json_keys *k = ARENA_NEW(a, struct json_keys);

	if (k)
		*k = (struct json_keys){ arena_array(a, READER_KEYS, sizeof(*k->key)),
			arena_array(a, READER_KEYS, sizeof(*k->slot)), READER_KEYS, 0 };
	return k && k->key && k->slot ? k : NULL;
}

/* true, 1 and "1", as versions of MISP write it. */
static bool is_set(struct json_val v)
{
	int64_t i;

	return json_is_true(v) || json_is(v, "1") || (json_int(v, &i) == 0 && i == 1);
}

static struct span text_of(struct misp *m, struct json_val o, const char *key)
{
	return json_str(json_get(o, key), &m->r->arena);
}

/* A short text for as long as the event is read; left as it is when there is none. */
static int keep_label(struct misp *m, struct span s, const char **ret)
{
	const char *label = NULL;
	int rc = reader_label(m->r, span_cut(s, 0, INTEL_SOURCE_MAX), &label);

	if (rc == -EINVAL || (rc == 0 && !label))
		return 0;
	if (rc == 0) {
		*ret = arena_str(&m->names, span_str(label));
		rc = *ret ? 0 : -ENOMEM;
	}
	return rc;
}

static void read_tags(struct misp *m, struct json_val list, struct misp_tags *t)
{
	JSON_EACH(tag, list)
		misp_tag(t, text_of(m, tag, "name"));
}

/* --- what the event says --- */

static int event_member(struct misp *m, struct span key, struct json_val v)
{
	struct arena *a = &m->r->arena;

	if (span_eq_str(key, "Orgc") || (span_eq_str(key, "Org") && m->source == m->r->source))
		return keep_label(m, text_of(m, v, "name"), &m->source);
	if (span_eq_str(key, "info")) {
		const char *note = NULL;
		int rc = reader_note(m->r, json_str(v, a), &note);
		m->info = note ? arena_str(&m->names, span_str(note)) : NULL;
		return rc == -ENOMEM || (note && !m->info) ? -ENOMEM : 0;
	}
	if (span_eq_str(key, "date")) {
		if (reader_time(json_str(v, a), &m->date) < 0)
			m->date = TS_NONE;
	} else if (span_eq_str(key, "Tag")) {
		read_tags(m, v, &m->tags);
		return m->tags.campaign.n ? keep_label(m, m->tags.campaign, &m->campaign) : 0;
	}
	return 0;
}

static bool is_fact(struct span key)
{
	static const char *const facts[] = { "Orgc", "Org", "info", "date", "Tag" };

	for (size_t i = 0; i < ARRAY_LEN(facts); i++)
		if (span_eq_str(key, facts[i]))
			return true;
	return false;
}

/* Is there a to_ids that is set, anywhere in the value that starts with t? */
static bool marks_any(struct json *j, struct json_tok t)
{
	uint8_t depth = j->depth;
	bool found = false, key = false;

	if (t.type != JSON_ARR)
		return false;
	while (!j->err && j->depth >= depth) {
		t = json_next(j);
		found |= key && (t.type == JSON_TRUE || (t.type == JSON_NUM && t.is_int && t.i == 1) ||
				    (t.type == JSON_STR && span_eq_str(t.raw, "1")));
		key = t.type == JSON_KEY && json_str_eq(t.raw, t.escaped, SPAN_LIT("to_ids"));
	}
	return found;
}

static int event_facts(struct misp *m, struct span event)
{
	uint8_t room[READER_KEY_ROOM];
	struct json j;
	struct json_tok t;
	int rc = 0;

	json_open(&j, event, m->inner_keys);
	(void)json_next(&j);
	while (rc == 0 && (t = json_next(&j)).type == JSON_KEY) {
		struct span key = reader_key(&t, room);
		struct json_tok first = json_next(&j);
		struct json_doc d;
		if (span_eq_str(key, "Attribute") || span_eq_str(key, "Object")) {
			m->marks |= marks_any(&j, first);
			if (first.type == JSON_ARR)
				continue;
		}
		struct span value = reader_value(&j, first);
		if (!is_fact(key) || !value.p)
			continue;
		rc = reader_doc(m->r, value, &d);
		if (rc == 0)
			rc = event_member(m, key, json_root(&d));
	}
	return rc;
}

/* --- attributes --- */

static struct span before_bar(struct span s, struct span *ret_after)
{
	size_t bar = span_find(s, '|');

	*ret_after = bar == SIZE_MAX ? SPAN_NONE : span_from(s, bar + 1);
	return span_cut(s, 0, bar);
}

/* The last bar: a file name may hold one, a digest does not. */
static struct span before_last_bar(struct span s, struct span *ret_after)
{
	const uint8_t *bar = s.n ? memrchr(s.p, '|', s.n) : NULL;

	*ret_after = bar ? span_from(s, (size_t)(bar - s.p) + 1) : SPAN_NONE;
	return bar ? span_cut(s, 0, (size_t)(bar - s.p)) : s;
}

/* A comment is worth more than the other half of the value. */
static int half_note(struct misp *m, struct indicator *i, bool comment, struct span half)
{
	return comment || !half.n ? 0 : reader_note(m->r, half, &i->note);
}

static int take(struct misp *m, struct indicator *i, const struct misp_type *t, struct span value,
    bool comment)
{
	struct reader *r = m->r;
	struct span first, second;
	int rc;

	i->type = t->type;
	switch (t->form) {
	case MISP_NAMED:
		first = before_last_bar(value, &second);
		if (!second.p)
			return reader_reject(r, value,
			    "no file name and digest with | between them", NULL);
		rc = half_note(m, i, comment, first);
		return rc < 0 ? rc : reader_emit(r, i, second);
	case MISP_FIRST:
		first = before_bar(value, &second);
		rc = half_note(m, i, comment, second);
		return rc < 0 ? rc : reader_emit(r, i, first);
	case MISP_BOTH: {
		struct indicator address = *i;
		first = before_bar(value, &second);
		address.type = INDICATOR_IPV4;
		rc = reader_emit(r, i, first);
		return rc == 0 && second.n ? reader_emit(r, &address, second) : rc;
	}
	case MISP_PATTERN:
		return stix_pattern(r, i, value);
	default:
		if (i->type == INDICATOR_URL && value.n && value.p[0] == '/')
			return reader_emit_path(r, i, value);
		if (i->type == INDICATOR_URL && !memchr(value.p, '/', value.n))
			i->type = INDICATOR_NONE; /* a host alone, as some write into "url" */
		return reader_emit(r, i, value);
	}
}

/* Why the attribute is not for detection; NULL if it is. */
static const char *not_for_detection(const struct misp *m, const struct misp_type *t,
    struct json_val o)
{
	if (m->deleted || is_set(json_get(o, "deleted")))
		return "deleted";
	if (t->form == MISP_TEXT)
		return "a type that describes, and names nothing to look for";
	if (t->form == MISP_FILE && m->has_digest)
		return "a file name beside the digest of the file";
	return NULL;
}

static int seen_times(struct misp *m, struct json_val o, struct indicator *i)
{
	ts stamp = TS_NONE;

	if (reader_time_of(m->r, o, "first_seen", &i->first_seen) < 0)
		i->first_seen = TS_NONE;
	if (reader_time_of(m->r, o, "last_seen", &i->last_seen) < 0)
		i->last_seen = TS_NONE;
	if (reader_epoch(text_of(m, o, "timestamp"), &stamp) < 0 || !stamp)
		stamp = m->date;
	if (i->first_seen == TS_NONE)
		i->first_seen = m->date;
	/* The day on which its author last stood by it. */
	if (i->last_seen == TS_NONE)
		i->last_seen = stamp > i->first_seen ? stamp : i->first_seen;
	return 0;
}

static int describe(struct misp *m, struct json_val o, struct indicator *i)
{
	struct misp_tags tags = MISP_TAGS_NONE;
	struct span comment = text_of(m, o, "comment");
	const char *category = misp_category(text_of(m, o, "category"));

	read_tags(m, json_get(o, "Tag"), &tags);
	i->source = m->source;
	i->campaign = m->campaign ? m->campaign : i->campaign;
	i->note = m->info;
	if (category)
		i->category = category;
	if (tags.category || m->tags.category)
		i->category = tags.category ? tags.category : m->tags.category;
	if (tags.tlp || m->tags.tlp)
		i->tlp = tags.tlp ? tags.tlp : m->tags.tlp;
	if (tags.confidence >= 0 || m->tags.confidence >= 0)
		i->confidence = tags.confidence >= 0 ? tags.confidence : m->tags.confidence;
	int rc = tags.campaign.n ? reader_label(m->r, tags.campaign, &i->campaign) : 0;
	if (rc != -ENOMEM)
		rc = comment.n ? reader_note(m->r, comment, &i->note) : 0;
	return rc == -ENOMEM ? rc : seen_times(m, o, i);
}

static int attribute(struct misp *m, struct json_val o, size_t off)
{
	struct reader *r = m->r;
	struct indicator i = reader_default(r);

	reader_next_at(r, off);
	r->id = json_cstr(json_get(o, "uuid"), &r->arena);
	struct span type = text_of(m, o, "type"), value = text_of(m, o, "value");
	struct misp_type t = misp_type_of(type, text_of(m, o, "object_relation"));
	if (!type.n || !value.p)
		return reader_reject(r, value, "an attribute without type or value", NULL);
	const char *why = not_for_detection(m, &t, o);
	if (why)
		return reader_context(r, value, why, t.form == MISP_TEXT ? t.name : NULL);
	bool context = !is_set(json_get(o, "to_ids"));
	if (context && m->marks && !r->o->context)
		return reader_context(r, value,
		    "its source says that it is not for detection (to_ids)", NULL);
	if (t.form == MISP_NO_MATCH) {
		const char *name = arena_str(&r->arena, span_cut(type, 0, INTEL_SOURCE_MAX));
		if (!name)
			return -ENOMEM;
		return reader_unmatched(r, value, "a type of MISP that is not hunted", name);
	}
	int rc = describe(m, o, &i);
	if (context)
		i.confidence /= 2;
	return rc < 0 ? rc : take(m, &i, &t, value, text_of(m, o, "comment").n > 0);
}

static size_t offset_of(const struct misp *m, struct span value)
{
	return (size_t)(value.p - m->r->text.p);
}

static int one_attribute(void *ctx, struct span value)
{
	struct misp *m = ctx;
	struct json_doc d;
	int rc = reader_doc(m->r, value, &d);

	m->has_digest = m->deleted = false;
	return rc < 0 ? rc : attribute(m, json_root(&d), offset_of(m, value));
}

static bool is_digest(struct misp *m, struct json_val attribute)
{
	struct misp_type t = misp_type_of(text_of(m, attribute, "type"), SPAN_NONE);

	return indicator_digest_alg(t.type) != DIGEST_NONE &&
	    !is_set(json_get(attribute, "deleted"));
}

static int one_object(void *ctx, struct span value)
{
	struct misp *m = ctx;
	struct json_doc d;
	int rc = reader_doc(m->r, value, &d);

	if (rc < 0)
		return rc;
	struct json_val o = json_root(&d), list = json_get(o, "Attribute");
	m->deleted = is_set(json_get(o, "deleted"));
	m->has_digest = false;
	JSON_EACH(a, list)
		m->has_digest |= is_digest(m, a);
	JSON_EACH(a, list)
		if (rc == 0)
			rc = attribute(m, a, offset_of(m, json_text(a)));
	return rc;
}

static int one_other(void *ctx, struct span value)
{
	struct misp *m = ctx;

	(void)value;
	m->r->r->others++;
	return 0;
}

/* --- events --- */

static reader_object_fn *member_fn(struct span key)
{
	if (span_eq_str(key, "Attribute"))
		return one_attribute;
	if (span_eq_str(key, "Object"))
		return one_object;
	return span_eq_str(key, "ShadowAttribute") ? one_other : NULL;
}

/* The members of an event, or of a response, that hold attributes. j is behind its first token. */
static int members(struct misp *m, struct span event)
{
	uint8_t room[READER_KEY_ROOM];
	struct json j;
	struct json_tok t;
	int rc = 0;

	json_open(&j, event, m->inner_keys);
	(void)json_next(&j);
	while (rc == 0 && (t = json_next(&j)).type == JSON_KEY) {
		reader_object_fn *fn = member_fn(reader_key(&t, room));
		struct json_tok v = json_next(&j);
		if (fn && v.type == JSON_ARR)
			rc = reader_each(m->r, &j, fn, m);
		else
			json_skip(&j, &v);
	}
	return rc;
}

static void forget_event(struct misp *m)
{
	arena_free(&m->names);
	m->source = m->r->source;
	m->info = m->campaign = NULL;
	m->tags = MISP_TAGS_NONE;
	m->date = TS_NONE;
	m->marks = false;
}

static int event(struct misp *m, struct span text)
{
	forget_event(m);
	m->events++;
	int rc = event_facts(m, text);
	if (rc == 0)
		rc = members(m, text);
	forget_event(m);
	return rc;
}

static int value(struct misp *m, struct json *j, struct json_tok t);

/* {"Event":{…}}, {"response":…}, {"Attribute":[…]}; j is behind the brace. */
static int outer_object(struct misp *m, struct json *j)
{
	struct json_tok t;
	int rc = 0;

	while (rc == 0 && (t = json_next(j)).type == JSON_KEY) {
		struct json_tok v = json_next(j);
		bool is_event = json_str_eq(t.raw, t.escaped, SPAN_LIT("Event"));
		bool response = json_str_eq(t.raw, t.escaped, SPAN_LIT("response"));
		bool attributes = json_str_eq(t.raw, t.escaped, SPAN_LIT("Attribute"));
		if (is_event && v.type == JSON_OBJ) {
			struct span text = reader_value(j, v);
			rc = text.p ? event(m, text) : 0;
		} else if (response) {
			rc = value(m, j, v);
		} else if (attributes && v.type == JSON_ARR) {
			m->events++;
			m->marks = true;
			rc = reader_each(m->r, j, one_attribute, m);
		} else {
			json_skip(j, &v);
		}
	}
	return rc;
}

/* An object, or a list of them. Nested no deeper than JSON is (JSON_DEPTH_MAX). */
static int value(struct misp *m, struct json *j, struct json_tok t)
{
	int rc = 0;

	if (t.type == JSON_OBJ)
		return outer_object(m, j);
	if (t.type == JSON_ARR)
		while (rc == 0 && (t = json_next(j)).type != JSON_ARR_END && t.type != JSON_NONE)
			rc = value(m, j, t);
	return rc;
}

static int read_all(struct misp *m)
{
	struct json j;

	forget_event(m);
	json_open(&j, m->r->text, m->keys);
	int rc = value(m, &j, json_next(&j));
	if (rc == 0)
		rc = reader_end(m->r, &j);
	if (rc == 0 && !m->events)
		rc = reader_malformed_at(m->r, 0, "JSON, but no MISP event: no Event, response or "
		    "Attribute (of a feed, import its folder, not its manifest)");
	return rc;
}

int read_misp(struct reader *r)
{
	struct arena a = ARENA_INIT(1u << 20);
	struct misp m = { .r = r, .keys = keys_new(&a), .inner_keys = keys_new(&a),
		.names = ARENA_INIT(INTEL_OBJECT_MAX) };
	int rc = m.keys && m.inner_keys ? read_all(&m) : -ENOMEM;

	arena_free(&m.names);
	arena_free(&a);
	return rc;
}
