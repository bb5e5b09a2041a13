/* SPDX-License-Identifier: Apache-2.0 */

/* cmd_intoto: verifying a supply chain. Making links and layouts is cmd_intoto_make.c. */

#include "cli/commands.h"
#include "cli/print.h"
#include "trust/intoto/inspect.h"
#include "trust/intoto/verify.h"

#include <errno.h>
#include <stdio.h>

static const struct cli_opt opts[] = {
	{ "layout", "FILE", "the layout: what the supply chain has to look like", false },
	{ "key", "FILE", "public key of an owner of the layout; each of them must have signed",
	    true },
	{ "links", "DIR", "where the links are (default: the current directory)", false },
	{ "param", "NAME=VALUE", "put VALUE where the layout says {NAME}", true },
	{ "run-inspections", NULL, "run the layout's commands in PRODUCT-DIR", false },
	{ NULL, NULL, NULL, false },
};

static int read_params(struct cli *c, struct params *ret_p)
{
	const char *text[CLI_OPT_VALUES_MAX];
	size_t n = cli_opts(c, "param", text, ARRAY_LEN(text));
	struct param *item = arena_array(&c->arena, n + 1, sizeof(*item));

	if (!item)
		return cli_failf(c, CLI_INTERNAL, "out of memory");
	for (size_t i = 0; i < n; i++) {
		struct span s = span_str(text[i]);
		size_t eq = span_find(s, '=');
		item[i].name = span_cut(s, 0, eq);
		if (eq == SIZE_MAX || !param_name_ok(item[i].name))
			return cli_failf(c, CLI_USAGE,
			    "--param %s: the form is NAME=VALUE, the name "
			    "of letters, digits, \"-\" and \"_\"",
			    QUOTE(s));
		item[i].value = span_from(s, eq + 1);
		for (size_t k = 0; k < i; k++)
			if (span_eq(item[k].name, item[i].name))
				return cli_failf(
				    c, CLI_USAGE, "--param %s is given twice", QUOTE(item[i].name));
	}
	*ret_p = (struct params){ item, n };
	return -1;
}

static void print_steps(struct cli *c, const struct intoto_result *r)
{
	for (size_t i = 0; i < r->nsteps; i++) {
		const struct intoto_step *s = &r->step[i];
		printf("  %-10s  %s", s->inspection ? "inspection" : "step", cli_safe(c, s->name));
		if (s->done)
			printf(": %zu materials, %zu products", s->nmaterials, s->nproducts);
		if (s->signers)
			printf(", signed by %s", s->signers);
		printf("%s\n", s->done ? "" : ": not run");
	}
}

static void print_reasons(struct cli *c, const struct verdict *v)
{
	static const enum reason_kind order[] = { REASON_FAIL, REASON_MISSING, REASON_WARN };
	const char *color[] = { cli_red(c), cli_yellow(c), cli_yellow(c) };

	for (size_t k = 0; k < ARRAY_LEN(order); k++) {
		for (size_t i = 0; i < v->n; i++) {
			const struct reason *r = &v->reason[i];
			if (r->kind != order[k])
				continue;
			printf("  %s%-7s%s  %s: %s\n", color[k], reason_name(r->kind), cli_reset(c),
			    r->code, r->text);
			if (r->file)
				printf("           in %s\n", cli_whole(c, r->file));
		}
	}
}

static void print_result(
    struct cli *c, const struct intoto_request *q, const struct intoto_result *r)
{
	enum verdict_status s = r->verdict.status;

	printf("%s%s%-7s%s  %s\n", cli_bold(c),
	    s == VERDICT_PASS	? cli_green(c)
	    : s == VERDICT_FAIL ? cli_red(c)
				: cli_yellow(c),
	    verdict_name(s), cli_reset(c), cli_whole(c, q->layout));
	for (size_t i = 0; i < r->verdict.n; i++)
		if (r->verdict.reason[i].kind == REASON_PROVEN &&
		    strcmp(r->verdict.reason[i].code, "intoto.signature") == 0)
			printf("  %s\n", r->verdict.reason[i].text);
	if (r->expires)
		printf("  expires     %s\n", cli_safe(c, r->expires));
	print_steps(c, r);
	print_reasons(c, &r->verdict);
}

static int run(struct cli *c)
{
	const char *key[INTOTO_KEYS_MAX + 1];
	const char *product = c->nargs ? c->arg[0] : NULL;
	struct intoto_inspector in = { .dir = product };
	struct intoto_runner runner = { intoto_inspect, &in };
	struct intoto_request q = { .layout = cli_opt(c, "layout"),
		.key = key,
		.links = cli_opt(c, "links"),
		.now = clock_now(&c->clock) };
	struct intoto_result r;
	struct fault f = FAULT_INIT;

	q.nkeys = cli_opts(c, "key", key, ARRAY_LEN(key));
	if (!q.layout || !q.nkeys)
		return cli_failf(c, CLI_USAGE, "--layout FILE and --key FILE are needed");
	if (cli_has(c, "run-inspections") && !product)
		return cli_failf(c, CLI_USAGE,
		    "--run-inspections runs commands that may write: name "
		    "the folder, as in firebreak intoto verify … --run-inspections product");
	if (cli_has(c, "run-inspections"))
		q.runner = &runner;
	if (!q.links)
		q.links = ".";
	int code = read_params(c, &q.params);
	if (code >= 0)
		return code;
	int rc = intoto_verify(&r, &q, &c->arena, &f);
	if (rc < 0)
		return cli_errno(c, rc, &f);
	if (c->json) {
		struct jw w = jw_of(&c->out);
		intoto_json(&w, &r);
	} else {
		print_result(c, &q, &r);
	}
	return r.verdict.status == VERDICT_PASS	  ? CLI_OK
	       : r.verdict.status == VERDICT_FAIL ? CLI_NEGATIVE
						  : CLI_UNKNOWN;
}

const struct cli_cmd cmd_intoto_verify = {
	.name = "intoto verify",
	.args = "[PRODUCT-DIR]",
	.summary = "Check a supply chain's links against its in-toto layout",
	.help =
	    "A layout, signed by the owners of a project, says which steps its supply chain has, "
	    "who may\n"
	    "do each, and which files go in and come out. Each step leaves a signed link behind. "
	    "This\n"
	    "checks that every --key signed the layout, that it has not expired, that each step "
	    "has as\n"
	    "many agreeing links by its functionaries as it demands, that the artifact rules hold "
	    "from\n"
	    "step to step, and the same inside steps that were delegated with a layout of their "
	    "own.\n"
	    "\n"
	    "Inspections are commands that the layout wants run on the product. They are not run "
	    "unless\n"
	    "--run-inspections is given; without, a layout that has some is UNKNOWN, and they are "
	    "named.\n"
	    "They run in PRODUCT-DIR, without a shell, with an environment of their own, for at "
	    "most\n"
	    "five minutes each: whoever signed the layout (or a delegated one) chose the command.\n"
	    "\n"
	    "Keys: PEM, or JSON as in-toto-keygen and securesystemslib write it.\n"
	    "\n"
	    "  firebreak intoto verify --layout root.layout --key alice.pub --links links\n"
	    "  firebreak intoto verify --layout root.layout --key alice.pub --run-inspections "
	    "product\n"
	    "\n"
	    "Exit codes: 0 PASS, 1 FAIL, 2 UNKNOWN (a link is missing, an inspection was not run), "
	    "3 usage,\n"
	    "4 could not be read, 5 a key is malformed or a file is not there.\n",
	.opts = opts,
	.min_args = 0,
	.max_args = 1,
	.run = run,
};
