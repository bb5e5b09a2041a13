/* SPDX-License-Identifier: Apache-2.0 */

/* intel list: what the state holds. */

#include "cli/commands.h"
#include "cli/intel_shelf.h"
#include "intel/poison.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#define LIST_DEFAULT 1000
#define ENOUGH 1 /* ends a walk */

enum force { ANY = 0, IN_FORCE, EXPIRED };

struct output {
	struct cli *c;
	const struct shelf *s;
	struct jw w;
	bool quarantined;
	bool own; /* something is the organisation's own */
	uint64_t n, claims, limit;
	/* What is NULL or 0 does not restrict. */
	enum indicator_side side;
	enum indicator_type type;
	const char *source, *category, *campaign, *contains;
	enum force force;
	ts now;
};

static const char *or_dash(const char *s)
{
	return s ? s : "-";
}

static bool is(const char *want, const char *have)
{
	return !want || (have && strcmp(want, have) == 0);
}

static bool wanted(const struct output *o, const struct indicator *i)
{
	bool begun = i->valid_from <= o->now, over = i->valid_until <= o->now;

	return is(o->source, i->source) && is(o->category, i->category) &&
	    is(o->campaign, i->campaign) && (!o->contains || strstr(i->value, o->contains)) &&
	    (o->force == ANY || (o->force == IN_FORCE ? begun && !over : over));
}

/* Why a value is no hit, seen by itself; NULL: it is one. Few are held, so the two reasons that there
 * are (weigh.h) are asked for before the value is weighed. */
static const char *held_why(const struct output *o, const struct indicator *i)
{
	__attribute__((uninitialized)) struct shelf_hit h[SHELF_HITS_MAX];
	const char *poison;
	struct weighing w;

	if (poison_of(i->type, i->value, &poison) == POISON_NONE &&
	    !(o->own && shelf_is_own(o->s, i->type, i->value, o->now)))
		return NULL;
	size_t n = shelf_value(o->s, INDICATOR_BAD, i->type, i->value, o->now, h);

	for (size_t k = 0; k < n; k++) {
		if (h[k].how != INTEL_SAME || h[k].verdict != WEIGH_HELD || h[k].type != i->type)
			continue;
		shelf_weigh(o->s, &h[k], INDICATOR_NONE, NULL, &w);
		return w.why;
	}
	return NULL;
}

static int find_own(void *ctx, const struct indicator *i)
{
	struct output *o = ctx;

	o->own = benign_of(i) == BENIGN_OWN;
	return o->own ? ENOUGH : 0;
}

static int list_claim(void *ctx, const struct indicator *i)
{
	struct output *o = ctx;
	const char *why = NULL;
	char until[TS_TEXT_MAX];

	if (!wanted(o, i) || (o->quarantined && !(why = held_why(o, i))))
		return 0;
	o->n++;
	if (o->c->json) {
		indicator_json(&o->w, i);
		intel_flush(o->c, "");
	} else {
		printf("%-9s %s%s  %s  %d  %s  %s%s%s%s%s\n",
		    indicator_type_name(i->type),
		    intel_value(o->c, i->value), i->exact ? " (exact)" : "",
		    QUOTE(span_str(i->source)), i->confidence, QUOTE(span_str(or_dash(i->category))),
		    QUOTE(span_str(or_dash(i->campaign))),
		    i->valid_until == TS_FOREVER ? "" : "  until ",
		    i->valid_until == TS_FOREVER ? "" : ts_format(i->valid_until, until),
		    why ? "  " : "", why ? why : "");
	}
	return o->limit && o->n == o->limit ? ENOUGH : 0;
}

static int list_source(void *ctx, const char *source, enum indicator_side side,
    enum indicator_type type, uint64_t claims)
{
	struct output *o = ctx;
	const char *benign = side == INDICATOR_BENIGN ? "  (benign)" : "";

	if (!is(o->source, source) || (o->type && o->type != type))
		return 0;
	o->n++;
	o->claims += claims;
	if (o->c->json) {
		jw_obj(&o->w);
		jw_kbool(&o->w, "benign", side == INDICATOR_BENIGN);
		jw_kint(&o->w, "claims", (int64_t)claims);
		jw_kcstr(&o->w, "source", source);
		jw_kcstr(&o->w, "type", indicator_type_name(type));
		jw_end(&o->w);
		return 0;
	}
	printf("%10llu  %-9s  %s%s\n", (unsigned long long)claims, indicator_type_name(type),
	    QUOTE(span_str(source)), benign);
	return 0;
}

static int get_limit(struct cli *c, uint64_t *ret)
{
	const char *v = cli_opt(c, "limit");
	char *end;

	*ret = LIST_DEFAULT;
	if (!v)
		return -1;
	*ret = strtoull(v, &end, 10);
	if (v[0] < '0' || v[0] > '9' || *end)
		return cli_failf(c, CLI_USAGE, "--limit %s: not a number (0: no limit)",
		    QUOTE(span_str(v)));
	return -1;
}

static int get_query(struct cli *c, struct output *o)
{
	int code = intel_type_opt(c, &o->type);

	if (code >= 0)
		return code;
	o->side = cli_has(c, "benign") ? INDICATOR_BENIGN : INDICATOR_BAD;
	o->quarantined = cli_has(c, "quarantined");
	if (o->quarantined && o->side == INDICATOR_BENIGN)
		return cli_failf(c, CLI_USAGE, "--quarantined and --benign do not go together");
	o->source = cli_opt(c, "source");
	o->category = cli_opt(c, "category");
	o->campaign = cli_opt(c, "campaign");
	o->contains = cli_opt(c, "contains");
	o->now = clock_now(&c->clock);
	if (cli_has(c, "in-force") && cli_has(c, "expired"))
		return cli_failf(c, CLI_USAGE, "--in-force and --expired do not go together");
	o->force = cli_has(c, "in-force") ? IN_FORCE : cli_has(c, "expired") ? EXPIRED : ANY;
	return get_limit(c, &o->limit);
}

static void end_list(struct output *o, const struct shelf *s)
{
	bool sources = cli_has(o->c, "sources"), cut = !sources && o->limit && o->n == o->limit;
	struct shelf_info i = { 0 };

	if (s)
		shelf_info(s, &i);
	if (o->c->json) {
		jw_end(&o->w);
		jw_kbool(&o->w, "truncated", cut);
		jw_end(&o->w);
	} else if (!o->n) {
		printf("No indicators%s.\n", o->c->noptval ? " like that" : "");
	} else if (cut) {
		printf("… the first %llu; --limit 0 shows all\n", (unsigned long long)o->limit);
	} else if (sources) {
		printf("%10llu  claims in all\n", (unsigned long long)o->claims);
		if (i.overlay)
			printf("%10llu  changes since then that count already\n",
			    (unsigned long long)i.overlay);
	}
}

static int run_list(struct cli *c)
{
	AUTO_STORE struct store *store = NULL;
	AUTO_SHELF struct shelf *s = NULL;
	struct output o = { .c = c, .w = jw_of(&c->out) };
	bool sources = cli_has(c, "sources");
	int rc = 0, code = get_query(c, &o);

	if (code >= 0)
		return code;
	if (intel_shelf_open(c, &store, &s, &code) < 0)
		return code;
	o.s = s;
	if (s)
		shelf_set_held(s, true);
	if (c->json) {
		jw_obj(&o.w);
		jw_key(&o.w, sources ? "sources" : "indicators");
		jw_arr(&o.w);
	}
	if (s && sources)
		rc = intel_db_sources(shelf_db(s), list_source, &o);
	if (s && o.quarantined)
		rc = shelf_each(s, INDICATOR_BENIGN, INDICATOR_NONE, find_own, &o);
	if (rc >= 0 && s && !sources)
		rc = shelf_each(s, o.side, o.type, list_claim, &o);
	if (rc < 0)
		return cli_failf(c, CLI_INTERNAL, "the database of indicators is damaged; firebreak intel "
		    "check says where");
	end_list(&o, s);
	return CLI_OK;
}

static const struct cli_opt list_opts[] = {
	{ "type", "TYPE", "domain, ipv4, ip-port, sha256, sha1, md5, url, file-name …", false },
	{ "source", "NAME", "only what this source says", false },
	{ "category", "TEXT", "only this category", false },
	{ "campaign", "TEXT", "only this campaign", false },
	{ "contains", "TEXT", "only values that hold this text", false },
	{ "in-force", NULL, "only what is valid now", false },
	{ "expired", NULL, "only what is not valid any more", false },
	{ "benign", NULL, "the lists of what is ordinary instead", false },
	{ "quarantined", NULL, "only what is held: one's own, or no evidence anywhere", false },
	{ "limit", "N", "at most this many (default 1000; 0: all)", false },
	{ "sources", NULL, "count claims by source and type instead", false },
	{ NULL, NULL, NULL, false },
};

const struct cli_cmd cmd_intel_list = {
	.name = "intel list",
	.args = "",
	.summary = "List indicators, or count them by source",
	.help = "One line a claim: type, value, source, confidence, category, campaign.\n\n"
		"  firebreak intel list --type domain --campaign 3cx-2023\n"
		"  firebreak intel list --sources\n\n"
		"Exit: 0 done, 3 usage, 4 the database is damaged, 6 there is no state directory.\n",
	.opts = list_opts,
	.min_args = 0,
	.max_args = 0,
	.run = run_list,
};
