/* SPDX-License-Identifier: Apache-2.0 */

/* intel audit: how far each feed can be trusted. */

#include "base/buf.h"
#include "cli/commands.h"
#include "cli/intel_shelf.h"
#include "cli/print.h"
#include "cli/share.h"
#include "intel/audit.h"
#include "intel/audit_advice.h"

#include <errno.h>
#include <stdio.h>

#define LIMIT_DEFAULT 50
#define OVERLAPS_SHOWN 5

static double percent(uint64_t part, uint64_t whole)
{
	return whole ? 100.0 * (double)part / (double)whole : 0;
}

/* "0 %", "<0.1 %", "12.3 %", ">99.9 %": nothing and all are never said of nearly so. */
#define SHARE_TEXT 16
static char *share_text(uint64_t part, uint64_t whole, char out[static SHARE_TEXT])
{
	double p = percent(part, whole);

	if (part && p < 0.05)
		snprintf(out, SHARE_TEXT, "<0.1 %%");
	else if (part < whole && p >= 99.95)
		snprintf(out, SHARE_TEXT, ">99.9 %%");
	else
		snprintf(out, SHARE_TEXT, "%.1f %%", p);
	return out;
}
#define SHARE(part, whole) share_text((part), (whole), (char[SHARE_TEXT]){ 0 })

static int on_benign(void *ctx, const struct indicator *i)
{
	return audit_benign(ctx, i);
}

static int on_bad(void *ctx, const struct indicator *i)
{
	return audit_bad(ctx, i);
}

static int count_all(struct audit *a, const struct shelf *s)
{
	int rc = shelf_each(s, INDICATOR_BENIGN, INDICATOR_NONE, on_benign, a);

	if (rc == 0)
		rc = shelf_each(s, INDICATOR_BAD, INDICATOR_NONE, on_bad, a);
	return rc == 0 ? audit_end(a) : rc;
}

static uint64_t addresses(const struct audit_feed *f)
{
	return f->kinds[INDICATOR_IPV4] + f->kinds[INDICATOR_IPV6] + f->kinds[INDICATOR_IP_PORT];
}

/* --- JSON --- */

static void cover_json(struct jw *w, const char *key, const struct audit_cover *of,
    const struct audit_cover *any, uint64_t whole)
{
	jw_key(w, key);
	jw_obj(w);
	for (enum benign_category c = BENIGN_NONE; c < BENIGN_CATEGORIES; c++) {
		const struct audit_cover *x = c == BENIGN_NONE ? any : &of[c];
		if (!x->on && !x->below && c != BENIGN_NONE)
			continue;
		jw_key(w, c == BENIGN_NONE ? "any" : benign_category_name(c));
		jw_obj(w);
		jw_kint(w, "below", (int64_t)x->below);
		jw_kint(w, "on", (int64_t)x->on);
		/* In hundredths of a percent: JSON numbers here are integers. */
		jw_kint(w, "per_10000", (int64_t)(100 * percent(x->on + x->below, whole) + 0.5));
		jw_end(w);
	}
	jw_end(w);
}

static void seen_json(struct jw *w, const struct audit_feed *f)
{
	char text[TS_TEXT_MAX];

	jw_key(w, "seen");
	jw_obj(w);
	jw_key(w, "ages");
	jw_obj(w);
	for (enum audit_age g = AUDIT_WEEK; g < AUDIT_AGES; g++)
		jw_kint(w, audit_age_name(g), (int64_t)f->ages[g]);
	jw_end(w);
	if (f->newest != TS_NONE) {
		jw_kcstr(w, "newest", ts_format(f->newest, text));
		jw_kcstr(w, "oldest", ts_format(f->oldest, text));
	}
	jw_end(w);
}

static void feed_json(struct jw *w, const struct audit *a, const struct audit_feed *f)
{
	struct audit_advice advice;

	jw_obj(w);
	cover_json(w, "addresses", f->addresses, &f->any_address, addresses(f));
	jw_kint(w, "entries", (int64_t)f->entries);
	jw_kint(w, "expired", (int64_t)f->expired);
	jw_kint(w, "faded", (int64_t)f->faded);
	jw_key(w, "held");
	jw_obj(w);
	jw_kint(w, "own", (int64_t)f->held_own);
	jw_kint(w, "poison", (int64_t)f->held_poison);
	jw_kint(w, "private", (int64_t)f->held_private);
	jw_end(w);
	jw_key(w, "kinds");
	jw_obj(w);
	for (enum indicator_type t = INDICATOR_MD5; t < INDICATOR_TYPES; t++)
		if (f->kinds[t])
			jw_kint(w, indicator_type_name(t), (int64_t)f->kinds[t]);
	jw_end(w);
	cover_json(w, "names", f->names, &f->any_name, f->kinds[INDICATOR_DOMAIN]);
	jw_kint(w, "only", (int64_t)f->only);
	cover_json(w, "others", f->others, &f->any_other,
	    f->entries - addresses(f) - f->kinds[INDICATOR_DOMAIN]);
	jw_key(w, "overlap");
	jw_arr(w);
	for (size_t k = 0; k < audit_feeds(a); k++) {
		uint64_t n = audit_shared(a, f, audit_feed(a, k));
		if (!n || audit_feed(a, k) == f)
			continue;
		jw_obj(w);
		jw_kint(w, "entries", (int64_t)n);
		jw_kcstr(w, "source", audit_feed(a, k)->source);
		jw_end(w);
	}
	jw_end(w);
	seen_json(w, f);
	jw_kcstr(w, "source", f->source);
	audit_advise(a, f, &advice);
	jw_key(w, "suggestions");
	jw_arr(w);
	for (size_t k = 0; k < advice.n; k++)
		jw_cstr(w, advice.text[k]);
	jw_end(w);
	jw_kint(w, "tenants", (int64_t)f->tenants);
	jw_end(w);
}

static bool is_wanted(const struct cli *c, const struct audit_feed *f)
{
	const char *source = cli_opt(c, "source");
	return !source || strcmp(source, f->source) == 0;
}

static void all_json(struct cli *c, const struct audit *a)
{
	struct jw w = jw_of(&c->out);

	jw_obj(&w);
	jw_key(&w, "benign");
	jw_obj(&w);
	for (enum benign_category k = BENIGN_SINKHOLE; k < BENIGN_CATEGORIES; k++)
		jw_kint(&w, benign_category_name(k), (int64_t)audit_listed(a, k));
	jw_end(&w);
	jw_kint(&w, "entries", (int64_t)audit_entries(a));
	jw_key(&w, "feeds");
	jw_arr(&w);
	for (size_t i = 0; i < audit_feeds(a); i++)
		if (is_wanted(c, audit_feed(a, i)))
			feed_json(&w, a, audit_feed(a, i));
	jw_end(&w);
	jw_kint(&w, "single_source", (int64_t)audit_single(a));
	jw_end(&w);
}

/* --- text --- */

static void kinds_text(const struct audit_feed *f)
{
	const char *comma = "";

	printf("  kinds      ");
	for (enum indicator_type t = INDICATOR_MD5; t < INDICATOR_TYPES; t++) {
		if (!f->kinds[t])
			continue;
		printf("%s%llu %s", comma, (unsigned long long)f->kinds[t], indicator_type_name(t));
		comma = ", ";
	}
	printf("\n");
}

static void cover_text(const char *head, const char *inside, const struct audit_cover *of,
    const struct audit_cover *any, uint64_t whole)
{
	bool any_house = of[BENIGN_HOSTING].on || of[BENIGN_HOSTING].below || of[BENIGN_SUFFIX].on;

	if (!whole || (!any->on && !any->below && !any_house))
		return;
	printf("  %-10s %s of %llu on benign lists or %s", head, SHARE(any->on + any->below, whole),
	    (unsigned long long)whole, inside);
	const char *mark = ": ";
	for (enum benign_category c = BENIGN_OWN; c > BENIGN_NONE; c--) {
		if (!of[c].on && !of[c].below)
			continue;
		printf("%s%s %s", mark, benign_category_name(c), SHARE(of[c].on + of[c].below, whole));
		if (of[c].on && of[c].below)
			printf(" (%llu on, %llu %s)", (unsigned long long)of[c].on,
			    (unsigned long long)of[c].below, inside);
		mark = ", ";
	}
	printf("\n");
}

static void seen_text(struct cli *c, const struct audit_feed *f)
{
	const char *mark = ": ";

	if (f->newest == TS_NONE)
		return;
	printf("  last seen  %s to %s", cli_when(c, f->oldest), cli_when(c, f->newest));
	for (enum audit_age g = AUDIT_WEEK; g < AUDIT_AGES; g++) {
		if (!f->ages[g])
			continue;
		printf("%s%llu %s%s", mark, (unsigned long long)f->ages[g],
		    g < AUDIT_OLDER ? "within " : "", audit_age_name(g));
		mark = ", ";
	}
	printf("\n");
}

/* The feeds that hold most of this one. */
static void overlap_text(const struct audit *a, const struct audit_feed *f)
{
	uint64_t last = UINT64_MAX;
	size_t last_at = 0, shown = 0;
	const char *mark = "";

	printf("  only here  %s (%llu)", SHARE(f->only, f->entries), (unsigned long long)f->only);
	for (; shown < OVERLAPS_SHOWN; shown++) {
		uint64_t best = 0;
		size_t at = 0;
		for (size_t k = 0; k < audit_feeds(a); k++) {
			uint64_t n = audit_feed(a, k) == f ? 0 : audit_shared(a, f, audit_feed(a, k));
			bool after = n < last || (n == last && k > last_at);
			if (after && n > best) {
				best = n;
				at = k;
			}
		}
		if (!best)
			break;
		printf("%s%llu (%s) with %s", mark[0] ? mark : "; ", (unsigned long long)best,
		    SHARE(best, f->entries), QUOTE(span_str(audit_feed(a, at)->source)));
		mark = ", ";
		last = best;
		last_at = at;
	}
	printf("\n");
}

static void trouble_text(const struct audit_feed *f)
{
	if (f->held_own || f->held_poison || f->held_private)
		printf("  held       %llu one's own, %llu poisoned, %llu of private use\n",
		    (unsigned long long)f->held_own, (unsigned long long)f->held_poison,
		    (unsigned long long)f->held_private);
	if (f->tenants)
		printf("  shared     %llu names that many share, matched exactly\n",
		    (unsigned long long)f->tenants);
	if (f->expired || f->faded)
		printf("  worn out   %llu expired, %llu too old to block\n",
		    (unsigned long long)f->expired, (unsigned long long)f->faded);
}

static void feed_text(struct cli *c, const struct audit *a, const struct audit_feed *f)
{
	struct audit_advice advice;

	printf("\n%s%s%s: %llu value%s\n", cli_bold(c), QUOTE(span_str(f->source)), cli_reset(c),
	    (unsigned long long)f->entries, f->entries == 1 ? "" : "s");
	kinds_text(f);
	seen_text(c, f);
	overlap_text(a, f);
	cover_text("names", "below them", f->names, &f->any_name, f->kinds[INDICATOR_DOMAIN]);
	cover_text("addresses", "inside", f->addresses, &f->any_address, addresses(f));
	if (f->any_other.on)
		cover_text("others", "below them", f->others, &f->any_other,
		    f->entries - addresses(f) - f->kinds[INDICATOR_DOMAIN]);
	trouble_text(f);
	audit_advise(a, f, &advice);
	for (size_t k = 0; k < advice.n; k++)
		cli_wrap(c, "  -> ", advice.text[k]);
}

static void all_text(struct cli *c, const struct audit *a, uint64_t limit)
{
	uint64_t shown = 0, listed = 0;

	for (enum benign_category k = BENIGN_SINKHOLE; k < BENIGN_CATEGORIES; k++)
		listed += audit_listed(a, k);
	printf("%llu values from %zu feed%s; %s have one source; %llu benign claims\n",
	    (unsigned long long)audit_entries(a), audit_feeds(a), audit_feeds(a) == 1 ? "" : "s",
	    SHARE(audit_single(a), audit_entries(a)), (unsigned long long)listed);
	for (size_t i = 0; i < audit_feeds(a) && (!limit || shown < limit); i++) {
		if (!is_wanted(c, audit_feed(a, i)))
			continue;
		feed_text(c, a, audit_feed(a, i));
		shown++;
	}
	if (limit && shown == limit && shown < audit_feeds(a) && !cli_opt(c, "source"))
		printf("\n… the %llu largest; --limit 0 shows all\n", (unsigned long long)limit);
	if (!listed)
		printf("\nNo benign lists: import some (firebreak intel import --format warninglist).\n");
}

static bool knows(const struct cli *c, const struct audit *a)
{
	for (size_t i = 0; i < audit_feeds(a); i++)
		if (is_wanted(c, audit_feed(a, i)))
			return true;
	return !cli_opt(c, "source");
}

static int get_rules(struct cli *c, struct weigh_rules *rules)
{
	struct fault f = FAULT_INIT;
	const char *path = cli_share(c, "intel/ageing.yaml", &f);
	int rc = path ? weigh_rules_load(rules, path, &f) : 0;

	if (!path)
		*rules = weigh_rules_default;
	return rc < 0 ? cli_errno(c, rc, &f) : -1;
}

static int run_audit(struct cli *c)
{
	AUTO_STORE struct store *store = NULL;
	AUTO_SHELF struct shelf *s = NULL;
	AUTO_AUDIT struct audit *a = NULL;
	struct weigh_rules rules;
	struct fault f = FAULT_INIT;
	const char *limit = cli_opt(c, "limit");
	uint64_t n = LIMIT_DEFAULT;
	int code = get_rules(c, &rules);

	if (code >= 0)
		return code;
	if (limit && !cli_count(limit, &n))
		return cli_failf(c, CLI_USAGE, "--limit %s: not a number (0: no limit)",
		    QUOTE(span_str(limit)));
	if (intel_shelf_open(c, &store, &s, &code) < 0)
		return code;
	if (!s)
		return cli_failf(c, CLI_REFUSED, "%s holds no indicators: firebreak intel import",
		    QUOTE(span_str(c->state)));
	int rc = audit_new(&a, &rules, clock_now(&c->clock));
	if (rc == 0)
		rc = count_all(a, s);
	if (rc < 0)
		return cli_errno(c, rc, &f);
	if (!knows(c, a))
		return cli_failf(c, CLI_REFUSED, "no feed is called %s (firebreak intel list --sources)",
		    QUOTE(span_str(cli_opt(c, "source"))));
	if (c->json)
		all_json(c, a);
	else
		all_text(c, a, n);
	return CLI_OK;
}

static const struct cli_opt audit_opts[] = {
	{ "source", "NAME", "only this feed", false },
	{ "limit", "N", "at most so many feeds, the largest first (default 50; 0: all)", false },
	{ NULL, NULL, NULL, false },
};

const struct cli_cmd cmd_intel_audit = {
	.name = "intel audit",
	.args = "",
	.summary = "Show how far each feed can be trusted",
	.help = "For every feed: what it holds and how old it is; how much of it benign lists hold, by\n"
		"category; what it shares with each other feed, and what it alone says; what is held\n"
		"since it is your own or would match everywhere; what has expired or faded; and what to\n"
		"do about it. docs/intel-weigh.md says what each number counts.\n\n"
		"  firebreak intel audit\n"
		"  firebreak intel audit --source ipsum --json\n\n"
		"Exit: 0 done, 3 usage, 5 the database is damaged, 6 there are no indicators.\n",
	.opts = audit_opts,
	.min_args = 0,
	.max_args = 0,
	.run = run_audit,
};
