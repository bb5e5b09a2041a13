/* SPDX-License-Identifier: Apache-2.0 */

#include "intel/weigh.h"

#include "intel/poison.h"

#include <stdio.h>

static const struct {
	const char *name;
	unsigned factor;
} categories[BENIGN_CATEGORIES] = {
	[BENIGN_NONE] = { "", 100 },
	[BENIGN_SINKHOLE] = { "sinkhole", 100 },
	[BENIGN_SUFFIX] = { "suffix", 70 },
	[BENIGN_HOSTING] = { "hosting", 70 },
	[BENIGN_CDN] = { "cdn", 60 },
	[BENIGN_SCANNER] = { "scanner", 50 },
	[BENIGN_TOP_SITE] = { "top-site", 40 },
	[BENIGN_VENDOR] = { "vendor", 30 },
	[BENIGN_RESOLVER] = { "resolver", 30 },
	[BENIGN_INVALID] = { "invalid", 10 },
	[BENIGN_OWN] = { "own", 0 },
};

const char *benign_category_name(enum benign_category c)
{
	return c < BENIGN_CATEGORIES ? categories[c].name : "";
}

enum benign_category benign_category_of(struct span s)
{
	for (enum benign_category c = BENIGN_SINKHOLE; c < BENIGN_CATEGORIES; c++)
		if (span_eq_nocase(s, span_str(categories[c].name)))
			return c;
	return BENIGN_NONE;
}

unsigned benign_factor(enum benign_category c)
{
	return c < BENIGN_CATEGORIES ? categories[c].factor : 0;
}

bool benign_is_house(enum benign_category c)
{
	return c == BENIGN_SUFFIX || c == BENIGN_HOSTING;
}

const char *weigh_verdict_name(enum weigh_verdict v)
{
	static const char *const names[] = { "", "held", "tenant", "expired", "match" };
	return v < ARRAY_LEN(names) ? names[v] : "";
}

/* HELD comes before TENANT. */
static void set(struct weigh *w, enum weigh_verdict v, const char *why)
{
	if (w->out.verdict != WEIGH_NONE && w->out.verdict <= v)
		return;
	w->out.verdict = v;
	w->out.why = why;
}

static const char tenant_why[] =
    "a name that many share: the claim speaks for exactly this name, not for those below it";

void weigh_begin(struct weigh *w, const struct weigh_rules *rules, enum indicator_type type,
    const char *value, enum intel_how how, struct span seen, ts at)
{
	*w = (struct weigh){ .rules = rules ? rules : &weigh_rules_default, .type = type,
		.value = value, .how = how, .at = at };
	if (!seen.n)
		seen = span_str(value);
	if (seen.n && seen.p[seen.n - 1] == '.')
		seen = span_cut(seen, 0, seen.n - 1);
	if (type == INDICATOR_DOMAIN)
		w->edge = poison_hosting(span_from(seen, span_find(seen, '.') + 1)).n;
	const char *why = NULL;
	enum poison p = poison_of(type, value, &why);
	if (p == POISON_HELD || (p == POISON_PRIVATE && !w->rules->deliberate))
		set(w, WEIGH_HELD, why);
}

void weigh_claim(struct weigh *w, const struct indicator *i)
{
	bool in_force = i->valid_until > w->at;
	int now = weigh_aged(w->rules, i, w->at);

	w->out.sources++;
	/* A claim that is over counts only while no other is in force. */
	if (in_force && !w->force++)
		w->out.confidence = w->out.claimed = 0;
	if (!in_force && w->force)
		return;
	if (now > w->out.confidence) {
		w->out.confidence = now;
		w->out.claimed = i->confidence;
	}
}

void weigh_benign(struct weigh *w, const char *value, enum intel_how how, const struct indicator *i)
{
	enum benign_category c = benign_of(i);
	size_t n = strlen(value);

	if (i->valid_until <= w->at)
		return;
	if (benign_is_house(c) && how == INTEL_PARENT) {
		w->edge = n > w->edge ? n : w->edge;
		return;
	}
	w->out.benign_lists++;
	if (n > w->cover[c].n) {
		w->cover[c].n = n;
		snprintf(w->cover[c].list, sizeof(w->cover[c].list), "%s", i->source ? i->source : "");
	}
	if (c == BENIGN_OWN)
		set(w, WEIGH_HELD, "the organisation's own");
}

/* The strongest category that says something of what was observed, not of the house it is in. */
static void cover(struct weigh *w)
{
	for (enum benign_category c = BENIGN_OWN; c > BENIGN_NONE; c--) {
		if (w->cover[c].n <= (c == BENIGN_OWN ? 0 : w->edge))
			continue;
		w->out.benign = c;
		memcpy(w->out.benign_list, w->cover[c].list, sizeof(w->out.benign_list));
		return;
	}
}

void weigh_end(struct weigh *w, struct weighing *ret_w)
{
	struct weighing *o = &w->out;

	if (!o->sources) {
		*ret_w = (struct weighing){ .verdict = WEIGH_NONE };
		return;
	}
	if (w->how == INTEL_PARENT && w->edge >= strlen(w->value))
		set(w, WEIGH_TENANT, tenant_why);
	cover(w);
	o->confidence = (int)((unsigned)o->confidence * benign_factor(o->benign) / 100);
	if (o->verdict == WEIGH_NONE)
		o->verdict = w->force ? WEIGH_MATCH : WEIGH_EXPIRED;
	o->block = o->verdict == WEIGH_MATCH && o->confidence >= WEIGH_BLOCK_MIN &&
	    o->benign == BENIGN_NONE;
	*ret_w = *o;
}
