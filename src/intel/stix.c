/* SPDX-License-Identifier: Apache-2.0 */

/*
 * stix: bundles, read object by object. Twice: all of it is checked, and what objects say of others
 * is noted, before the first indicator is given out.
 *
 * Observables (STIX 2.1 section 6) are what somebody saw, and alone say nothing about good or bad:
 * they are counted among the other objects.
 */

#include "intel/priv.h"

#include "intel/stix_refs.h"

#include <errno.h>

struct bundle {
	struct reader *r;
	struct json_keys *keys;
	struct stix_refs refs;
	struct arena names;
	const char *id;
	/* of the outermost object */
	bool type_bundle, type_indicator, has_type, objects, other;
};

/* Walks the whole text (so that all of it is checked), calling fn for each object of "objects". */
static int walk(struct bundle *b, reader_object_fn *fn,
    int (*member)(struct bundle *b, struct span key, const struct json_tok *v))
{
	uint8_t room[READER_KEY_ROOM];
	struct json j;
	struct json_tok t;
	int rc = 0;

	json_open(&j, b->r->text, b->keys);
	t = json_next(&j);
	if (t.type == JSON_ARR) {
		rc = reader_each(b->r, &j, fn, b);
		return rc == 0 ? reader_end(b->r, &j) : rc;
	}
	if (t.type != JSON_OBJ && !j.err)
		return reader_malformed_at(b->r, t.off, "not a STIX bundle: no object");
	while (rc == 0 && (t = json_next(&j)).type == JSON_KEY) {
		struct span key = reader_key(&t, room);
		t = json_next(&j);
		rc = member ? member(b, key, &t) : 0;
		if (rc == 0 && span_eq_str(key, "objects") && t.type == JSON_ARR)
			rc = reader_each(b->r, &j, fn, b);
		else
			json_skip(&j, &t);
	}
	return rc == 0 ? reader_end(b->r, &j) : rc;
}

/* --- first: who is who --- */

static int note_refs(void *ctx, struct span value)
{
	struct bundle *b = ctx;
	struct json_doc d;
	int rc = reader_doc(b->r, value, &d);

	if (rc == 0)
		rc = stix_refs_add(&b->refs, json_root(&d), &b->r->arena);
	return rc == -ENOSPC ? reader_malformed_at(b->r, (size_t)(value.p - b->r->text.p),
				   "more identities and relationships than there is memory for") :
			       rc;
}

static int outer_member(struct bundle *b, struct span key, const struct json_tok *v)
{
	bool str = v->type == JSON_STR;

	if (span_eq_str(key, "type") && str) {
		b->has_type = true;
		b->type_bundle = json_str_eq(v->raw, v->escaped, SPAN_LIT("bundle"));
		b->type_indicator = json_str_eq(v->raw, v->escaped, SPAN_LIT("indicator"));
	} else if (span_eq_str(key, "id") && str && !v->escaped) {
		const char *id = NULL;
		int rc = reader_label(b->r, v->raw, &id);
		if (rc == 0 && id)
			b->id = arena_str(&b->names, span_str(id));
		return rc == -ENOMEM || (id && !b->id) ? -ENOMEM : 0;
	} else if (span_eq_str(key, "objects")) {
		if (v->type != JSON_ARR)
			return reader_malformed_at(b->r, v->off, "\"objects\" is not an array");
		b->objects = true;
	} else if (!span_eq_str(key, "more") && !span_eq_str(key, "next")) {
		b->other = true;
	}
	return 0;
}

/* A list of objects, or a TAXII envelope (TAXII 2.1 section 3.7); one that is empty is "{}", which
 * says too little to be taken for one unasked. */
static bool is_envelope(const struct bundle *b, bool array)
{
	if (array || b->has_type)
		return array;
	return b->objects || (b->r->o->format == INTEL_STIX && !b->other);
}

/* --- then: the indicators --- */

/* What the object says about itself; NULL, or the reason why it cannot be taken. */
static const char *fill(struct bundle *b, struct json_val o, struct indicator *i)
{
	struct reader *r = b->r;
	int64_t confidence = i->confidence;
	ts modified = TS_NONE;

	if (!json_ok(json_get(o, "valid_from")) ||
	    reader_time_of(r, o, "valid_from", &i->valid_from) < 0)
		return "valid_from is missing or no RFC 3339 time";
	if (reader_time_of(r, o, "valid_until", &i->valid_until) < 0)
		return "valid_until is no RFC 3339 time";
	if (json_ok(json_get(o, "confidence")) &&
	    (json_int(json_get(o, "confidence"), &confidence) < 0 || confidence < 0 ||
		confidence > 100))
		return "confidence is not a number from 0 to 100";
	i->confidence = (int)confidence;
	if (reader_time_of(r, o, "modified", &modified) < 0)
		modified = TS_NONE;
	if (json_is_true(json_get(o, "revoked"))) {
		if (modified == TS_NONE)
			return "revoked, but modified is missing or no RFC 3339 time";
		bool after = modified > i->valid_from && modified != TS_FOREVER;
		i->valid_until = after			 ? modified :
		    i->valid_from == TS_FOREVER ? TS_FOREVER : /* never begins: emit rejects it */
						  i->valid_from + 1;
	} else {
		i->last_seen = modified;
	}
	if (reader_time_of(r, o, "created", &i->first_seen) < 0)
		i->first_seen = TS_NONE;
	return NULL;
}

static void fill_markings(struct bundle *b, struct json_val o, struct indicator *i)
{
	enum tlp strictest = TLP_NONE;

	JSON_EACH(ref, json_get(o, "object_marking_refs")) {
		struct span id = json_str(ref, &b->r->arena);
		enum tlp t = stix_refs_tlp(&b->refs, id);
		const char *statement = stix_refs_statement(&b->refs, id);
		if (t > strictest)
			strictest = t;
		if (statement && !i->licence)
			i->licence = statement;
	}
	if (strictest != TLP_NONE)
		i->tlp = strictest;
}

/* Where the kill chain says command and control, in the words of those that are in use. */
static bool is_c2(struct json_val o)
{
	JSON_EACH(phase, json_get(o, "kill_chain_phases")) {
		struct json_val name = json_get(phase, "phase_name");
		if (json_is(name, "command-and-control") || json_is(name, "c2") ||
		    json_is(name, "command-and-control-c2"))
			return true;
	}
	return false;
}

static int fill_category(struct bundle *b, struct json_val o, struct indicator *i)
{
	struct json_val types = json_get(o, "indicator_types");
	struct json_val list = json_ok(types) ? types : json_get(o, "labels");
	struct json_val first = json_first(list);
	int rc = json_ok(first) ?
		       reader_label(b->r, json_str(first, &b->r->arena), &i->category) :
		       0;

	/* "Not suspicious or malicious in and of itself" (section 10.11). */
	if (json_count(list) == 1 && json_is(first, "benign"))
		i->side = INDICATOR_BENIGN;
	if (is_c2(o))
		i->category = "c2";
	return rc == -ENOMEM ? rc : 0;
}

/* Source, campaign and note: texts that may be missing. */
static int fill_texts(struct bundle *b, struct json_val o, struct indicator *i)
{
	struct arena *a = &b->r->arena;
	struct json_val name = json_get(o, "name");
	const char *source = stix_refs_identity(&b->refs, json_str(json_get(o, "created_by_ref"), a));
	const char *campaign = stix_refs_campaign(&b->refs, json_str(json_get(o, "id"), a));

	i->source = source ? source : b->r->o->source ? b->r->o->source : b->id;
	if (campaign)
		i->campaign = campaign;
	if (!json_ok(name))
		name = json_get(o, "description");
	return json_ok(name) ? reader_note(b->r, json_str(name, a), &i->note) : 0;
}

static int fill_all(struct bundle *b, struct json_val o, struct indicator *i)
{
	struct stix_seen seen = stix_refs_seen(&b->refs, span_str(b->r->id));
	int rc = fill_category(b, o, i);

	fill_markings(b, o, i);
	if (seen.first != TS_NONE && (i->first_seen == TS_NONE || seen.first < i->first_seen))
		i->first_seen = seen.first;
	if (seen.last > i->last_seen)
		i->last_seen = seen.last;
	return rc < 0 ? rc : fill_texts(b, o, i);
}

static int indicator(struct bundle *b, struct json_val o)
{
	struct reader *r = b->r;
	struct indicator i = reader_default(r);
	struct json_val type = json_get(o, "pattern_type");
	struct span pattern = json_str(json_get(o, "pattern"), &r->arena);
	bool old = !json_ok(json_get(o, "spec_version")); /* 2.0 has no types of patterns */

	r->id = json_cstr(json_get(o, "id"), &r->arena);
	if (!r->id || strncmp(r->id, "indicator--", 11) != 0)
		return reader_reject(r, pattern, "id is missing or not that of an indicator", NULL);
	if (!pattern.p)
		return reader_reject(r, SPAN_NONE, "pattern is missing", NULL);
	if (!json_ok(type) && !old)
		return reader_reject(r, pattern, "pattern_type is missing", NULL);
	if (json_ok(type) && !json_is(type, "stix"))
		return reader_unmatched(r, pattern, "pattern_type is not stix",
		    json_cstr(type, &r->arena));
	const char *why = fill(b, o, &i);
	if (why)
		return reader_reject(r, pattern, why, NULL);
	int rc = fill_all(b, o, &i);
	return rc < 0 ? rc : stix_pattern(r, &i, pattern);
}

static int object(void *ctx, struct span value)
{
	struct bundle *b = ctx;
	struct json_doc d;
	int rc = reader_doc(b->r, value, &d);

	if (rc < 0)
		return rc;
	if (!json_is(json_get(json_root(&d), "type"), "indicator")) {
		b->r->r->others++;
		return 0;
	}
	reader_next_at(b->r, (size_t)(value.p - b->r->text.p));
	return indicator(b, json_root(&d));
}

static bool is_array(const struct reader *r)
{
	struct span s = r->text;

	while (s.n && memchr(" \t\r\n", s.p[0], 4))
		s = span_from(s, 1);
	return s.n && s.p[0] == '[';
}

static int read_all(struct bundle *b)
{
	struct reader *r = b->r;
	bool array = is_array(r);
	int rc = walk(b, note_refs, outer_member);

	if (rc < 0)
		return rc;
	if (!is_envelope(b, array) && !b->type_bundle && !b->type_indicator)
		return reader_malformed_at(r, 0,
		    "JSON, but neither a STIX bundle nor a STIX indicator");
	if (b->type_bundle &&
	    (!b->id || (b->objects && strncmp(b->id, "bundle--", 8) != 0)))
		return reader_malformed_at(r, 0, "a STIX bundle without its id");
	if (!b->type_bundle)
		b->id = r->source;
	return b->type_indicator ? object(b, span_trim(r->text)) : walk(b, object, NULL);
}

int read_stix(struct reader *r)
{
	struct bundle b = { .r = r, .keys = JSON_KEYS(READER_KEYS),
		.names = ARENA_INIT(INTEL_OBJECT_MAX) };

	stix_refs_open(&b.refs);
	int rc = read_all(&b);
	stix_refs_close(&b.refs);
	arena_free(&b.names);
	return rc;
}
