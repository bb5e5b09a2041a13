/* SPDX-License-Identifier: Apache-2.0 */

/* intel list|show: what the store holds, and what is said about one value. */

#include "cli/commands.h"
#include "cli/print.h"
#include "store/indicators.h"
#include "store/ledger.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#define LIST_DEFAULT 1000

struct output {
	struct cli *c;
	struct jw w;
	uint64_t n, claims;
};

/* --- list --- */

static const char *or_dash(const char *s)
{
	return s ? s : "-";
}

static int print_claim(void *ctx, const struct indicators_claim *x)
{
	struct output *o = ctx;
	const struct indicator *i = &x->i;
	char until[TS_TEXT_MAX];

	o->n++;
	if (o->c->json) {
		indicator_json(&o->w, i);
		return 0;
	}
	printf("%-9s %s%s  %s  %d  %s  %s%s%s\n", indicator_type_name(i->type),
	    cli_whole(o->c, i->value), i->exact ? " (exact)" : "", QUOTE(span_str(i->source)),
	    i->confidence, QUOTE(span_str(or_dash(i->category))),
	    QUOTE(span_str(or_dash(i->campaign))), i->valid_until == TS_FOREVER ? "" : "  until ",
	    i->valid_until == TS_FOREVER ? "" : ts_format(i->valid_until, until));
	return 0;
}

static int print_source(void *ctx, const struct indicators_source *x)
{
	struct output *o = ctx;

	o->n++;
	o->claims += x->claims;
	if (o->c->json) {
		jw_obj(&o->w);
		jw_kint(&o->w, "claims", (int64_t)x->claims);
		jw_kint(&o->w, "last_import", (int64_t)x->last_import);
		jw_kcstr(&o->w, "source", x->source);
		jw_kcstr(&o->w, "type", indicator_type_name(x->type));
		jw_end(&o->w);
		return 0;
	}
	printf("%10llu  %-9s  %s\n", (unsigned long long)x->claims, indicator_type_name(x->type),
	    QUOTE(span_str(x->source)));
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

static int get_query(struct cli *c, struct indicators_query *q)
{
	const char *type = cli_opt(c, "type");

	*q = (struct indicators_query){ .source = cli_opt(c, "source"),
		.category = cli_opt(c, "category"), .campaign = cli_opt(c, "campaign"),
		.contains = cli_opt(c, "contains"), .now = clock_now(&c->clock) };
	q->type = type ? indicator_type_of(span_str(type)) : INDICATOR_NONE;
	if (type && q->type == INDICATOR_NONE)
		return cli_failf(c, CLI_USAGE, "--type %s: not a type such as domain, ipv4, sha256, url, "
		    "file-name", QUOTE(span_str(type)));
	if (cli_has(c, "in-force") && cli_has(c, "expired"))
		return cli_failf(c, CLI_USAGE, "--in-force and --expired do not go together");
	q->force = cli_has(c, "in-force") ? INDICATORS_IN_FORCE :
	    cli_has(c, "expired")	  ? INDICATORS_EXPIRED :
					    INDICATORS_ANY;
	return get_limit(c, &q->limit);
}

static void end_list(struct output *o, uint64_t limit)
{
	bool sources = cli_has(o->c, "sources");

	if (o->c->json) {
		jw_end(&o->w);
		jw_kbool(&o->w, "truncated", !sources && limit && o->n == limit);
		jw_end(&o->w);
	} else if (!o->n) {
		printf("No indicators%s.\n", o->c->noptval ? " like that" : "");
	} else if (!sources && limit && o->n == limit) {
		printf("… the first %llu; --limit 0 shows all\n", (unsigned long long)limit);
	} else if (sources) {
		printf("%10llu  claims in all\n", (unsigned long long)o->claims);
	}
}

static int run_list(struct cli *c)
{
	AUTO_STORE struct store *s = NULL;
	struct output o = { .c = c, .w = jw_of(&c->out) };
	struct indicators_query q;
	struct fault f = FAULT_INIT;
	bool sources = cli_has(c, "sources");
	int code = get_query(c, &q);

	if (code >= 0)
		return code;
	if (cli_store(c, STORE_RDONLY, &s, &code) < 0)
		return code;
	if (c->json) {
		jw_obj(&o.w);
		jw_key(&o.w, sources ? "sources" : "indicators");
		jw_arr(&o.w);
	}
	int rc = sources ? indicators_sources(s, print_source, &o, &f) :
			   indicators_each(s, &q, print_claim, &o, &f);
	if (rc < 0)
		return cli_errno(c, rc, &f);
	end_list(&o, q.limit);
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
		"Exit: 0 done, 3 usage, 6 there is no state directory.\n",
	.opts = list_opts,
	.min_args = 0,
	.max_args = 0,
	.run = run_list,
};

/* --- show --- */

/* Where the claim comes from: the ledger entry of an import. */
static void import_of(struct output *o, struct store *s, const char *what, uint64_t seq)
{
	AUTO_BUF struct buf body = BUF_INIT(LEDGER_ENTRY_MAX + 1);
	AUTO_ARENA struct arena a = ARENA_INIT(16u << 20);
	struct json_doc d;

	if (ledger_get(s, seq, &body, NULL) < 0 || json_doc_parse(&d, buf_span(&body), &a))
		return;
	struct json_val e = json_root(&d), data = json_get(e, "data");
	const char *at = json_cstr(json_get(e, "at"), &a);
	const char *file = json_cstr(json_get(data, "file"), &a);
	const char *sha256 = json_cstr(json_get(data, "sha256"), &a);
	if (o->c->json) {
		jw_key(&o->w, what);
		jw_obj(&o->w);
		jw_kcstr(&o->w, "at", at);
		jw_kint(&o->w, "entry", (int64_t)seq);
		jw_kcstr(&o->w, "file", file);
		jw_kcstr(&o->w, "sha256", sha256);
		jw_end(&o->w);
	} else if (at && file && sha256) {
		printf("    %s %s from %s (sha256 %.12s…, ledger entry %llu)\n",
		    strcmp(what, "first_import") == 0 ? "imported" : "again", at,
		    QUOTE(span_str(file)), sha256, (unsigned long long)seq);
	}
}

struct shown {
	struct output o;
	struct store *s;
	bool parent;
};

static void show_text(struct shown *x, const struct indicators_claim *c)
{
	const struct indicator *i = &c->i;
	char from[TS_TEXT_MAX] = "", until[TS_TEXT_MAX] = "";
	ts now = clock_now(&x->o.c->clock);
	const char *state = i->valid_until <= now ? " (expired)" :
	    i->valid_from > now			  ? " (not yet)" :
						    "";

	if (i->valid_until != TS_FOREVER)
		ts_format(i->valid_until, until);
	printf("%s %s%s%s\n", indicator_type_name(i->type), cli_whole(x->o.c, i->value),
	    i->exact ? ", exact" : "", x->parent ? ", matches as a parent domain" : "");
	printf("    %s: confidence %d, category %s, campaign %s\n", QUOTE(span_str(i->source)),
	    i->confidence, QUOTE(span_str(or_dash(i->category))),
	    QUOTE(span_str(or_dash(i->campaign))));
	if (i->note)
		printf("    %s\n", QUOTE(span_str(i->note)));
	if (i->valid_from != TS_NONE || until[0])
		printf("    valid %s%s%s%s\n", ts_format(i->valid_from, from), until[0] ? " until " : "",
		    until, state);
}

static int show_claim(void *ctx, const struct indicators_claim *c)
{
	struct shown *x = ctx;

	if (x->parent && c->i.exact)
		return 0;
	x->o.n++;
	if (x->o.c->json) {
		jw_obj(&x->o.w);
		jw_key(&x->o.w, "claim");
		indicator_json(&x->o.w, &c->i);
		jw_kbool(&x->o.w, "parent", x->parent);
	} else {
		show_text(x, c);
	}
	import_of(&x->o, x->s, "first_import", c->first_import);
	if (c->last_import != c->first_import)
		import_of(&x->o, x->s, "last_import", c->last_import);
	if (x->o.c->json)
		jw_end(&x->o.w);
	return 0;
}

/* The value, then for a domain those above it. */
static int show_all(struct shown *x, enum indicator_type type, const char *value, struct fault *f)
{
	int rc = indicators_lookup(x->s, type, value, show_claim, x, f);

	x->parent = true;
	while (rc == 0 && type == INDICATOR_DOMAIN && (value = strchr(value, '.'))) {
		value++;
		if (strchr(value, '.'))
			rc = indicators_lookup(x->s, type, value, show_claim, x, f);
	}
	return rc;
}

static int run_show(struct cli *c)
{
	AUTO_STORE struct store *s = NULL;
	struct fault f = FAULT_INIT;
	const char *value, *name = cli_opt(c, "type");
	enum indicator_type type = name ? indicator_type_of(span_str(name)) : INDICATOR_NONE;
	int code;

	if (name && type == INDICATOR_NONE)
		return cli_failf(c, CLI_USAGE, "--type %s: not a type such as domain, ipv4, sha256, url, "
		    "file-name", QUOTE(span_str(name)));
	int rc = indicator_normalise(&type, span_str(c->arg[0]), &c->arena, &value, &f);
	if (rc < 0)
		return cli_failf(c, CLI_USAGE, "%s: %s", QUOTE(span_str(c->arg[0])), f.text);
	if (cli_store(c, STORE_RDONLY, &s, &code) < 0)
		return code;
	struct shown x = { .o = { .c = c, .w = jw_of(&c->out) }, .s = s };
	if (c->json) {
		jw_obj(&x.o.w);
		jw_key(&x.o.w, "claims");
		jw_arr(&x.o.w);
	}
	rc = show_all(&x, type, value, &f);
	if (rc < 0)
		return cli_errno(c, rc, &f);
	if (c->json) {
		jw_end(&x.o.w);
		jw_kcstr(&x.o.w, "type", indicator_type_name(type));
		jw_kcstr(&x.o.w, "value", value);
		jw_end(&x.o.w);
	} else if (!x.o.n) {
		printf("Nobody names %s %s.\n", indicator_type_name(type), QUOTE(span_str(value)));
	}
	return x.o.n ? CLI_NEGATIVE : CLI_OK;
}

static const struct cli_opt show_opts[] = {
	{ "type", "TYPE", "what the value is (default: guessed)", false },
	{ NULL, NULL, NULL, false },
};

const struct cli_cmd cmd_intel_show = {
	.name = "intel show",
	.args = "VALUE",
	.summary = "Show who says what about one value, and where that came from",
	.help = "The value may be defanged. For a domain, the domains above it that match it are\n"
		"shown, too. Each claim names the imports that brought it.\n\n"
		"  firebreak intel show 'www.akamaicontainer[.]com'\n\n"
		"Exit: 0 nobody names it, 1 somebody does, 3 usage, 6 there is no state directory.\n",
	.opts = show_opts,
	.min_args = 1,
	.max_args = 1,
	.run = run_show,
};
