/* SPDX-License-Identifier: Apache-2.0 */

/* rebuild compare: independent builds of one source, and where they may differ. */

#include "anatomy/diff/release.h"
#include "anatomy/diff/rebuild.h"
#include "cli/commands.h"
#include "cli/compare.h"
#include "cli/print.h"

#include <inttypes.h>
#include <stdio.h>

#define TOLD_MAX 40 /* differences of a pair, without --all */

static const struct cli_opt opts[] = {
	{ "all", NULL, "every difference, those that are allowed, too", false },
	{ "no-sandbox", NULL, "take archives apart without Landlock and seccomp", false },
	{ NULL, NULL, NULL, false },
};

struct run {
	struct cli *c;
	unsigned n;
	struct diff_release build[REBUILD_BUILDS_MAX];
	struct diff_side side[REBUILD_BUILDS_MAX];
	bool agree[REBUILD_BUILDS_MAX * REBUILD_BUILDS_MAX];
	bool odd[REBUILD_BUILDS_MAX];
	unsigned nodd;
	struct jw w;
};

static void print_difference(const struct run *r, unsigned a, unsigned b,
    const struct rebuild_difference *d)
{
	AUTO_BUF struct buf text = BUF_INIT(16384);
	char path[COMPONENT_PATH_MAX], head[32];
	bool fine = rebuild_allowed(d->rule);

	compare_path(r->side[d->a != COMPONENT_NONE ? a : b].tree,
	    d->a != COMPONENT_NONE ? d->a : d->b, path);
	buf_printf(&text, "%s", cli_whole(r->c, path));
	if (d->arch)
		buf_printf(&text, " [%s]", d->arch);
	buf_printf(&text, ": %s", d->what);
	if (d->has_off)
		buf_printf(&text, " (at %" PRIu64 ", %" PRIu64 " byte%s)", d->off, d->len,
		    d->len == 1 ? "" : "s");
	buf_printf(&text, ": %s", rebuild_rule_why(d->rule));
	snprintf(head, sizeof(head), "  %-8s %-10s ", fine ? "allowed" : "FINDING",
	    rebuild_rule_name(d->rule));
	cli_wrap(r->c, head, buf_str(&text));
}

static void print_pair(const struct run *r, unsigned a, unsigned b, const struct rebuild *x)
{
	bool all = cli_has(r->c, "all");
	uint32_t told = 0, more = 0;

	printf("%s%s%s  %s\n      %s\n", x->result == REBUILD_PASS ? cli_green(r->c) : cli_red(r->c),
	    x->result == REBUILD_PASS ? "PASS" : "FAIL", cli_reset(r->c),
	    cli_whole(r->c, r->c->arg[a]), cli_whole(r->c, r->c->arg[b]));
	/* Findings first. */
	for (int fine = 0; fine < 2; fine++)
		for (uint32_t i = 0; i < x->n; i++) {
			if (rebuild_allowed(x->d[i].rule) != (fine == 1))
				continue;
			if (!all && told == TOLD_MAX) {
				more++;
				continue;
			}
			print_difference(r, a, b, &x->d[i]);
			told++;
		}
	if (more)
		printf("  %u more differences: --all shows them\n", more);
	printf("  %u component%s the same, %u difference%s, %u of them finding%s%s\n", x->same,
	    x->same == 1 ? "" : "s", x->n, x->n == 1 ? "" : "s", x->findings,
	    x->findings == 1 ? "" : "s", x->cut ? "; there are more than could be listed" : "");
}

static void tell_pair(struct run *r, unsigned a, unsigned b, const struct rebuild *x)
{
	if (!r->c->json) {
		print_pair(r, a, b, x);
		return;
	}
	jw_obj(&r->w);
	jw_kcstr(&r->w, "build_a", r->c->arg[a]);
	jw_kcstr(&r->w, "build_b", r->c->arg[b]);
	rebuild_json(&r->w, x, &r->side[a], &r->side[b]);
	jw_end(&r->w);
}

static int compare_all(struct run *r, struct fault *f)
{
	for (unsigned a = 0; a < r->n; a++)
		for (unsigned b = a + 1; b < r->n; b++) {
			struct rebuild x;
			int rc = rebuild_compare(&x, &r->side[a], &r->side[b], f);
			if (rc == 0) {
				r->agree[a * r->n + b] = x.result == REBUILD_PASS;
				r->agree[b * r->n + a] = x.result == REBUILD_PASS;
				tell_pair(r, a, b, &x);
			}
			rebuild_free(&x);
			if (rc < 0)
				return rc;
		}
	r->nodd = rebuild_vote(r->agree, r->n, r->odd);
	return 0;
}

static void print_vote(const struct run *r)
{
	if (r->n < 3)
		return;
	if (!r->nodd)
		printf("All %u builds agree.\n", r->n);
	else if (r->nodd == r->n)
		printf("No majority: no more than half of the %u builds agree.\n", r->n);
	else
		for (unsigned i = 0; i < r->n; i++)
			if (r->odd[i])
				printf("odd one out: %s\n", cli_whole(r->c, r->c->arg[i]));
}

static void end_json(struct run *r)
{
	jw_end(&r->w);
	jw_key(&r->w, "odd");
	jw_arr(&r->w);
	for (unsigned i = 0; i < r->n; i++)
		if (r->odd[i])
			jw_cstr(&r->w, r->c->arg[i]);
	jw_end(&r->w);
	jw_kbool(&r->w, "majority", r->nodd < r->n);
	jw_kcstr(&r->w, "verdict", r->nodd ? "FAIL" : "PASS");
	jw_end(&r->w);
}

static int vote(struct run *r)
{
	struct tree_opts o = { .no_sandbox = cli_has(r->c, "no-sandbox") };
	struct fault f = FAULT_INIT;
	int rc = 0;

	for (unsigned i = 0; i < r->n && rc == 0; i++) {
		/* Of two, the second one's same bytes are not needed; of more, any may be odd. */
		const struct diff_release *but = i && r->n == 2 ? &r->build[0] : NULL;
		rc = compare_read(r->c->arg[i], &o, but, true, &r->build[i], &f);
		r->side[i] = diff_release_side(&r->build[i]);
	}
	if (rc == 0)
		rc = compare_all(r, &f);
	if (rc < 0)
		return cli_errno(r->c, rc, &f);
	if (r->c->json)
		end_json(r);
	else
		print_vote(r);
	return r->nodd ? CLI_NEGATIVE : CLI_OK;
}

static int run(struct cli *c)
{
	struct run r = { .c = c, .n = (unsigned)c->nargs, .w = jw_of(&c->out) };

	for (unsigned i = 0; i < r.n; i++)
		r.build[i] = DIFF_RELEASE_INIT;
	if (c->json) {
		jw_obj(&r.w);
		jw_key(&r.w, "pairs");
		jw_arr(&r.w);
	}
	int code = vote(&r);
	for (unsigned i = r.n; i-- > 0;)
		diff_release_free(&r.build[i]);
	return code;
}

const struct cli_cmd cmd_rebuild_compare = {
	.name = "rebuild compare",
	.args = "BUILD BUILD…",
	.summary = "Compare independent builds of one source, and name the odd one out",
	.help =
	    "Two builds of the same source, made by two builders that do not trust each other, are the same\n"
	    "but for what signing writes and what says when and where it was built. This lists every\n"
	    "difference with its place and the rule that allows it; anything that no rule allows is a\n"
	    "finding. Allowed: certificate tables, code signatures and signature streams; the checksum of a\n"
	    "PE file; link times; PDB GUIDs, LC_UUIDs and build ids; times and order inside archives whose\n"
	    "components are the same. So a signed build agrees with its unsigned twin.\n"
	    "\n"
	    "With three builds or more, those that agree with each other outvote the rest, if they are more\n"
	    "than half.\n"
	    "\n"
	    "  firebreak rebuild compare ours.zip theirs.zip\n"
	    "  firebreak rebuild compare --json ci-a/ ci-b/ ci-c/ | jq .odd\n"
	    "\n"
	    "Exit codes: 0 PASS (all agree), 1 FAIL, 3 usage, 4 something could not be read, 5 a file is\n"
	    "not there or malformed.\n",
	.opts = opts,
	.min_args = 2,
	.max_args = REBUILD_BUILDS_MAX,
	.run = run,
};
