/* SPDX-License-Identifier: Apache-2.0 */

/* diff: two releases of one artifact: what changed, and what of it looks like tampering. */

#include "anatomy/diff/release.h"
#include "cli/anchor_args.h"
#include "cli/commands.h"
#include "cli/compare.h"
#include "cli/print.h"

#include <inttypes.h>
#include <stdio.h>

#define LIMIT_DEFAULT 20

static const struct cli_opt opts[] = {
	{ "all", NULL, "every difference, those that a rebuild brings, too", false },
	{ "limit", "N", "at most this many findings (default 20; 0: no limit)", false },
	{ "fail-on", "LEVEL", "exit 1 from this level on: low, medium (default), high", false },
	ANCHOR_ARGS_OPTIONS,
	{ "weights", NULL, "the weight of each kind of finding, and nothing else", false },
	{ "no-sandbox", NULL, "take archives apart without Landlock and seccomp", false },
	{ NULL, NULL, NULL, false },
};

struct run {
	struct cli *c;
	struct diff_release old, new_;
	struct diff_side so, sn;
	struct diff diff;
	const struct signed_trust *trust; /* NULL: no anchors */
	enum diff_level fail_on, from;
	uint32_t limit;
};

static int read_options(struct run *r)
{
	struct cli *c = r->c;
	const char *level = cli_opt(c, "fail-on"), *limit = cli_opt(c, "limit");
	uint64_t n = cli_has(c, "all") ? 0 : LIMIT_DEFAULT;

	r->fail_on = DIFF_MEDIUM;
	r->from = cli_has(c, "all") ? DIFF_INFO : DIFF_LOW;
	if (level && (diff_level_of(span_str(level), &r->fail_on) < 0 || r->fail_on == DIFF_INFO))
		return cli_failf(c, CLI_USAGE, "--fail-on %s: low, medium or high",
		    QUOTE(span_str(level)));
	if (limit && (!cli_count(limit, &n) || n > DIFF_FINDINGS_MAX))
		return cli_failf(c, CLI_USAGE, "--limit %s: a number up to %u (0: no limit)",
		    QUOTE(span_str(limit)), DIFF_FINDINGS_MAX);
	r->limit = (uint32_t)n;
	return -1;
}

/* --- for people --- */

static const char *color_of(const struct cli *c, enum diff_level l)
{
	return l == DIFF_HIGH ? cli_red(c) : l == DIFF_MEDIUM ? cli_yellow(c) : "";
}

static const char *path_of(const struct run *r, const struct diff_finding *x, char *buf)
{
	return x->new_ != COMPONENT_NONE ? compare_path(r->sn.tree, x->new_, buf) :
					   compare_path(r->so.tree, x->old, buf);
}

static void print_finding(const struct run *r, const struct diff_finding *x)
{
	char head[32], where[96] = "";
	AUTO_BUF struct buf text = BUF_INIT(16384);

	if (x->arch)
		snprintf(where, sizeof(where), "[%s] ", x->arch);
	buf_printf(&text, "%s%s", where, x->what);
	if (x->has_off)
		buf_printf(&text, " (at %" PRIu64 ", %" PRIu64 " byte%s)", x->off, x->len,
		    x->len == 1 ? "" : "s");
	snprintf(head, sizeof(head), "  %3u  ", x->score);
	cli_wrap(r->c, head, buf_str(&text));
	if (diff_score_level(x->score) > DIFF_INFO)
		cli_wrap(r->c, "       ", diff_kind_of(x->kind)->why);
}

static void print_component(const struct run *r, const struct diff_finding *x)
{
	enum diff_level l = diff_score_level(x->score);
	char buf[COMPONENT_PATH_MAX];

	printf("\n%s%-6s%s %s\n", color_of(r->c, l), diff_level_name(l),
	    *color_of(r->c, l) ? cli_reset(r->c) : "", cli_whole(r->c, path_of(r, x, buf)));
}

static bool same_component(const struct diff_finding *a, const struct diff_finding *b)
{
	return a->new_ == b->new_ && (a->new_ != COMPONENT_NONE || a->old == b->old);
}

static void print_sum(const struct run *r)
{
	const struct diff_counts *n = &r->diff.count;

	printf("%s\n  against %s\n", cli_whole(r->c, r->c->arg[1]), cli_whole(r->c, r->c->arg[0]));
	printf("  %u components, before %u: %u the same, %u changed, %u new, %u gone, %u moved\n",
	    n->new_, n->old, n->same, n->changed, n->added, n->removed, n->moved);
}

static void print_text(const struct run *r)
{
	const struct diff *d = &r->diff;
	const struct diff_finding *last = NULL;
	uint32_t told = 0, more = 0, quiet = 0;

	print_sum(r);
	for (uint32_t i = 0; i < d->n; i++) {
		const struct diff_finding *x = &d->f[i];
		if (diff_score_level(x->score) < r->from) {
			quiet++;
			continue;
		}
		if (r->limit && told == r->limit) {
			more++;
			continue;
		}
		if (!last || !same_component(last, x))
			print_component(r, x);
		print_finding(r, x);
		last = x;
		told++;
	}
	printf("\n");
	if (diff_worst(d) < DIFF_LOW)
		printf("Nothing that looks like tampering.\n");
	if (more)
		printf("%u more finding%s: --limit 0 shows them.\n", more, more == 1 ? "" : "s");
	if (quiet)
		printf("%u difference%s such as every release brings: --all shows them.\n", quiet,
		    quiet == 1 ? "" : "s");
}

static void print_json(struct run *r)
{
	struct jw w = jw_of(&r->c->out);

	jw_obj(&w);
	diff_json(&w, &r->diff, &r->so, &r->sn, r->limit, r->from);
	jw_kcstr(&w, "new", r->c->arg[1]);
	jw_kcstr(&w, "old", r->c->arg[0]);
	jw_end(&w);
}

static int compare(struct run *r)
{
	struct tree_opts o = { .trust = r->trust, .no_sandbox = cli_has(r->c, "no-sandbox") };
	struct fault f = FAULT_INIT;

	int rc = compare_read(r->c->arg[0], &o, NULL, false, &r->old, &f);
	if (rc == 0)
		rc = compare_read(r->c->arg[1], &o, &r->old, false, &r->new_, &f);
	if (rc < 0)
		return cli_errno(r->c, rc, &f);
	r->so = diff_release_side(&r->old);
	r->sn = diff_release_side(&r->new_);
	rc = diff_trees(&r->diff, &r->so, &r->sn, &f);
	if (rc < 0)
		return cli_errno(r->c, rc, &f);
	if (r->c->json)
		print_json(r);
	else
		print_text(r);
	return diff_worst(&r->diff) >= r->fail_on ? CLI_NEGATIVE : CLI_OK;
}

static int weights(struct cli *c)
{
	struct jw w = jw_of(&c->out);

	if (c->json)
		jw_obj(&w);
	for (unsigned k = 0; k < DIFF_KINDS; k++) {
		const struct diff_kind_info *i = diff_kind_of(k);
		if (c->json)
			jw_kint(&w, i->code, i->weight);
		else
			printf("%-27s %3u  %s\n", i->code, i->weight, i->why);
	}
	if (c->json)
		jw_end(&w);
	return CLI_OK;
}

static int run(struct cli *c)
{
	if (cli_has(c, "weights"))
		return weights(c);
	if (c->nargs != 2)
		return cli_failf(c, CLI_USAGE, "two artifacts: OLD NEW");
	struct run r = { .c = c, .old = DIFF_RELEASE_INIT, .new_ = DIFF_RELEASE_INIT };

	struct anchors anchors = { 0 };
	int code = read_options(&r);
	if (code < 0)
		code = anchor_args_read(c, &anchors, &r.trust);
	if (code < 0)
		code = compare(&r);
	diff_free(&r.diff);
	diff_release_free(&r.new_);
	diff_release_free(&r.old);
	anchors_free(&anchors);
	return code;
}

const struct cli_cmd cmd_diff = {
	.name = "diff",
	.args = "OLD NEW",
	.summary = "Compare two releases and rank what looks like tampering",
	.help =
	    "Takes both apart (files or folders; see firebreak inspect), finds for each component of NEW the\n"
	    "one of OLD that it was (by path, by path without version numbers, by digest, by name), and looks\n"
	    "into the programs and scripts that changed: calls, libraries, code that runs when loaded,\n"
	    "sections, signers, room behind signatures, names of files beside it, servers, commands,\n"
	    "install scripts, and for each processor in a universal file apart.\n"
	    "\n"
	    "Nearly everything changes in an honest release. What most components have in common counts\n"
	    "little; what one of them has alone counts more. The finding that looks worst comes first, with\n"
	    "a score of 0 to 100: from 10 low, from 35 medium, from 65 high. docs/diff.md has the weights.\n"
	    "A difference is no proof, and no difference is none either: it says where to look.\n"
	    "\n"
	    "  firebreak diff app-1.2.zip app-1.3.zip\n"
	    "  firebreak diff --fail-on high --json old.deb new.deb | jq '.findings[0]'\n"
	    "  firebreak diff --all old/ new/\n"
	    "\n"
	    "Exit codes: 0 nothing from --fail-on on, 1 something, 3 usage, 4 something could not be read,\n"
	    "5 a file is not there or malformed.\n",
	.opts = opts,
	.min_args = 0,
	.max_args = 2,
	.run = run,
};
