/* SPDX-License-Identifier: Apache-2.0 */

#include "release/timeline.h"

static const char *word(struct json_val v, struct arena *a)
{
	char *s = arena_str(a, span_str(QUOTE(json_str(v, a))));
	return s ? s : "";
}

static int64_t number(struct json_val v)
{
	int64_t i = 0;
	return json_int(v, &i) < 0 ? 0 : i;
}

/* The first reason that speaks against it. */
static const char *first_reason(struct json_val gate, struct arena *a)
{
	struct json_val r = json_first(json_get(gate, "reasons"));

	if (!json_is(json_get(r, "kind"), "fail") && !json_is(json_get(r, "kind"), "missing"))
		return "";
	return arena_printf(a, ": %s: %s%s", word(json_get(r, "artifact"), a),
	    json_is(json_get(r, "kind"), "missing") ? "missing: " : "", word(json_get(r, "text"), a));
}

static const char *gated(struct json_val d, const char *what, struct arena *a)
{
	struct json_val gate = json_get(d, "gate");
	const char *why = first_reason(gate, a);
	struct json_val ex = json_get(gate, "exception");

	return arena_printf(a, "%s %s: gate %s, %u artifact%s, %u evidence file%s%s%s%s", what,
	    word(json_get(d, "version"), a), word(json_get(gate, "verdict"), a),
	    json_count(json_get(d, "artifacts")), json_count(json_get(d, "artifacts")) == 1 ? "" : "s",
	    json_count(json_get(d, "evidence")), json_count(json_get(d, "evidence")) == 1 ? "" : "s",
	    json_type_of(ex) == JSON_OBJ ? ", by exception " : "",
	    json_type_of(ex) == JSON_OBJ ? word(json_get(ex, "id"), a) : "", why ? why : "");
}

static const char *freeze(struct json_val d, struct arena *a)
{
	struct json_val scope = json_get(d, "scope"), first = json_first(scope);
	const char *of = json_ok(first) ? word(first, a) : "every release";
	uint32_t more = json_count(scope) > 1 ? json_count(scope) - 1 : 0;

	return arena_printf(a, "frozen: %s (scope %s%s, owner %s, until %s, lifted by %s)",
	    word(json_get(d, "reason"), a), of, more ? " and others" : "",
	    word(json_get(d, "owner"), a), word(json_get(d, "expires"), a),
	    word(json_get(d, "condition"), a));
}

const char *timeline_line(const struct ledger_entry *e, struct arena *a)
{
	struct json_val d = e->data, gate = json_get(d, "gate");
	struct span kind = span_str(e->kind);

	if (span_eq_str(kind, "release.init"))
		return arena_printf(a, "channel made: owner %s, risk class %s, policy %s, %u people",
		    word(json_get(d, "owner"), a), word(json_get(d, "risk"), a),
		    word(json_path(d, "policy", "name", NULL), a), json_count(json_get(d, "people")));
	if (span_eq_str(kind, "release.policy"))
		return arena_printf(a, "policy is now %s (%s), %u keys",
		    word(json_path(d, "policy", "name", NULL), a),
		    word(json_path(d, "policy", "digest", NULL), a), json_count(json_get(d, "keys")));
	if (span_eq_str(kind, "release.publish"))
		return gated(d, "published", a);
	if (span_eq_str(kind, "release.hold"))
		return gated(d, "held", a);
	if (span_eq_str(kind, "release.freeze"))
		return freeze(d, a);
	if (span_eq_str(kind, "release.allow"))
		return arena_printf(a, "%s lets %s%s through freeze %lld until %s: %s",
		    word(json_get(d, "person"), a), word(json_first(json_get(d, "allow")), a),
		    json_count(json_get(d, "allow")) > 1 ? " and others" : "",
		    (long long)number(json_get(d, "freeze")), word(json_get(d, "expires"), a),
		    word(json_get(d, "reason"), a));
	if (span_eq_str(kind, "release.unfreeze"))
		return arena_printf(a, "freeze %lld lifted by %s (%s)",
		    (long long)number(json_get(d, "freeze")), word(json_get(d, "person"), a),
		    word(json_get(d, "met"), a));
	if (span_eq_str(kind, "release.rollback"))
		return arena_printf(a, "rolled back from %s to %s, which verifies now: %s",
		    word(json_get(d, "from"), a), word(json_get(d, "to"), a),
		    word(json_get(d, "reason"), a));
	if (span_eq_str(kind, "release.recheck"))
		return arena_printf(a, "%s verified again: %s%s", word(json_get(d, "version"), a),
		    word(json_get(gate, "verdict"), a), first_reason(gate, a));
	return arena_printf(a, "%s", QUOTE(kind));
}
