/* SPDX-License-Identifier: Apache-2.0 */

#include "intel/stix_refs.h"

#include <errno.h>

#define TLP2 "extension-definition--60a3c5c5-0d10-413e-aab3-9e08dde9e88d"
#define REFS_MAX (1u << 28)

/* What is known under one id. */
struct ref {
	const char *name;      /* identity, campaign, intrusion-set, threat-actor */
	const char *statement; /* marking-definition */
	enum tlp tlp;
	struct stix_seen seen;
	struct indicates {
		struct indicates *next;
		struct span target;
	} *indicates;
};

void stix_refs_open(struct stix_refs *s)
{
	map_init(&s->by_id, REFS_MAX);
	s->a = ARENA_INIT(INTEL_NAMES_MAX);
}

void stix_refs_close(struct stix_refs *s)
{
	map_free(&s->by_id);
	arena_free(&s->a);
}

static const struct ref *find(const struct stix_refs *s, struct span id)
{
	return id.n ? map_get(&s->by_id, id) : NULL;
}

/* The entry of an id, made if it is not there; NULL when memory is at its end. */
static struct ref *entry(struct stix_refs *s, struct span id)
{
	struct ref *r = map_get(&s->by_id, id);
	int rc = 0;

	if (r)
		return r;
	struct span key = arena_dup(&s->a, id, &rc);
	r = ARENA_NEW(&s->a, struct ref);
	if (rc < 0 || !r || map_add(&s->by_id, key, r, NULL) != 0)
		return NULL;
	r->seen = (struct stix_seen){ TS_NONE, TS_NONE };
	return r;
}

/* A printable text of a bounded length; NULL in *ret when it is none. */
static int keep(struct stix_refs *s, struct span text, const char **ret)
{
	*ret = NULL;
	text = span_trim(text);
	if (!text.n || text.n > INTEL_SOURCE_MAX || !text_is_label(text))
		return 0;
	*ret = arena_str(&s->a, text);
	return *ret ? 0 : -ENOSPC;
}

static int add_named(struct stix_refs *s, struct json_val o, struct span id, struct arena *a)
{
	struct ref *r = entry(s, id);
	return r ? keep(s, json_str(json_get(o, "name"), a), &r->name) : -ENOSPC;
}

static int add_marking(struct stix_refs *s, struct json_val o, struct span id, struct arena *a)
{
	struct ref *r = entry(s, id);
	struct json_val d = json_get(o, "definition");
	struct json_val two = json_path(o, "extensions", TLP2, "tlp_2_0", NULL);

	if (!r)
		return -ENOSPC;
	enum tlp t = tlp_of(json_str(json_ok(two) ? two : json_get(d, "tlp"), a));
	r->tlp = t == TLPS ? TLP_NONE : t;
	return keep(s, json_str(json_get(d, "statement"), a), &r->statement);
}

static int add_relationship(struct stix_refs *s, struct json_val o, struct arena *a)
{
	struct span from = json_str(json_get(o, "source_ref"), a);
	struct span to = json_str(json_get(o, "target_ref"), a);
	int rc = 0;

	if (!json_is(json_get(o, "relationship_type"), "indicates") ||
	    !span_starts(from, SPAN_LIT("indicator--")) ||
	    !(span_starts(to, SPAN_LIT("campaign--")) ||
		span_starts(to, SPAN_LIT("intrusion-set--")) ||
		span_starts(to, SPAN_LIT("threat-actor--"))))
		return 0;
	struct ref *r = entry(s, from);
	struct indicates *i = ARENA_NEW(&s->a, struct indicates);
	if (!r || !i)
		return -ENOSPC;
	*i = (struct indicates){ r->indicates, arena_dup(&s->a, to, &rc) };
	r->indicates = i;
	return rc < 0 ? -ENOSPC : 0;
}

static ts time_of(struct json_val o, const char *key, struct arena *a)
{
	ts t;
	return ts_parse(json_str(json_get(o, key), a), &t) == 0 ? t : TS_NONE;
}

static int add_sighting(struct stix_refs *s, struct json_val o, struct arena *a)
{
	struct span of = json_str(json_get(o, "sighting_of_ref"), a);
	ts first = time_of(o, "first_seen", a), last = time_of(o, "last_seen", a);
	int64_t count = 1;

	/* A count of 0 says that it was looked for and not seen (STIX 2.1 section 5.2). */
	if (json_int(json_get(o, "count"), &count) == 0 && count == 0)
		return 0;
	if (!span_starts(of, SPAN_LIT("indicator--")) || (first == TS_NONE && last == TS_NONE))
		return 0;
	struct ref *r = entry(s, of);
	if (!r)
		return -ENOSPC;
	if (first == TS_NONE)
		first = last;
	if (last < first)
		last = first;
	if (r->seen.first == TS_NONE || first < r->seen.first)
		r->seen.first = first;
	if (last > r->seen.last)
		r->seen.last = last;
	return 0;
}

int stix_refs_add(struct stix_refs *s, struct json_val o, struct arena *scratch)
{
	static const char *const named[] = { "identity", "campaign", "intrusion-set", "threat-actor" };
	struct json_val type = json_get(o, "type");
	struct span id = json_str(json_get(o, "id"), scratch);

	if (!id.n || json_is_true(json_get(o, "revoked")))
		return 0;
	for (size_t i = 0; i < ARRAY_LEN(named); i++)
		if (json_is(type, named[i]))
			return add_named(s, o, id, scratch);
	if (json_is(type, "marking-definition"))
		return add_marking(s, o, id, scratch);
	if (json_is(type, "relationship"))
		return add_relationship(s, o, scratch);
	return json_is(type, "sighting") ? add_sighting(s, o, scratch) : 0;
}

const char *stix_refs_identity(const struct stix_refs *s, struct span id)
{
	const struct ref *r = find(s, id);
	return r && span_starts(id, SPAN_LIT("identity--")) ? r->name : NULL;
}

const char *stix_refs_campaign(const struct stix_refs *s, struct span indicator)
{
	static const char *const kinds[] = { "campaign--", "intrusion-set--", "threat-actor--" };
	const struct ref *r = find(s, indicator);

	for (size_t k = 0; r && k < ARRAY_LEN(kinds); k++)
		for (const struct indicates *i = r->indicates; i; i = i->next) {
			const struct ref *to = find(s, i->target);
			if (to && to->name && span_starts(i->target, span_str(kinds[k])))
				return to->name;
		}
	return NULL;
}

struct stix_seen stix_refs_seen(const struct stix_refs *s, struct span indicator)
{
	const struct ref *r = find(s, indicator);
	return r ? r->seen : (struct stix_seen){ TS_NONE, TS_NONE };
}

enum tlp stix_refs_tlp(const struct stix_refs *s, struct span marking)
{
	static const struct {
		const char *uuid;
		enum tlp tlp;
	} known[] = {
		{ "613f2e26-407d-48c7-9eca-b8e91df99dc9", TLP_CLEAR },
		{ "34098fce-860f-48ae-8e50-ebd3cc5e41da", TLP_GREEN },
		{ "f88d31f6-486f-44da-b317-01333bde0b82", TLP_AMBER },
		{ "5e57c739-391a-4eb3-b6be-7d15ca92d5ed", TLP_RED },
		{ "94868c89-83c2-464b-929b-a1a8aa3c8487", TLP_CLEAR },
		{ "bab4a63c-aed9-4cf5-a766-dfca5abac2bb", TLP_GREEN },
		{ "55d920b0-5e8b-4f79-9ee9-91f868d9b421", TLP_AMBER },
		{ "939a9414-2ddd-4d32-a0cd-375ea402b003", TLP_AMBER_STRICT },
		{ "e828b379-4e03-4974-9ac4-e53a884c97c1", TLP_RED },
	};
	struct span head = SPAN_LIT("marking-definition--");
	const struct ref *r = find(s, marking);

	for (size_t i = 0; i < ARRAY_LEN(known); i++)
		if (span_starts(marking, head) &&
		    span_eq_nocase(span_from(marking, head.n), span_str(known[i].uuid)))
			return known[i].tlp;
	return r ? r->tlp : TLP_NONE;
}

const char *stix_refs_statement(const struct stix_refs *s, struct span marking)
{
	const struct ref *r = find(s, marking);
	return r ? r->statement : NULL;
}
