/* SPDX-License-Identifier: Apache-2.0 */

/* intel own list: what intel own add said (cmd_intel_edit.c). */

#include "cli/commands.h"
#include "cli/intel_shelf.h"
#include "intel/weigh.h"

#include <stdio.h>

struct output {
	struct cli *c;
	struct jw w;
	size_t n;
};

static int on_claim(void *ctx, const struct indicator *i)
{
	struct output *o = ctx;

	if (benign_of(i) != BENIGN_OWN)
		return 0;
	o->n++;
	if (o->c->json)
		indicator_json(&o->w, i);
	else
		printf("%-9s %s%s%s%s\n", indicator_type_name(i->type), intel_value(o->c, i->value),
		    i->exact ? " (exact)" : "", i->note ? "  " : "",
		    i->note ? QUOTE(span_str(i->note)) : "");
	return 0;
}

static int run_own_list(struct cli *c)
{
	AUTO_STORE struct store *store = NULL;
	AUTO_SHELF struct shelf *s = NULL;
	struct output o = { .c = c, .w = jw_of(&c->out) };
	int code, rc;

	if (intel_shelf_open(c, &store, &s, &code) < 0)
		return code;
	if (c->json) {
		jw_obj(&o.w);
		jw_key(&o.w, "own");
		jw_arr(&o.w);
	}
	rc = s ? shelf_each(s, INDICATOR_BENIGN, INDICATOR_NONE, on_claim, &o) : 0;
	if (rc < 0)
		return cli_errno(c, rc, NULL);
	if (c->json) {
		jw_end(&o.w);
		jw_end(&o.w);
	} else if (!o.n) {
		printf("Nothing is said to be one's own (firebreak intel own add).\n");
	}
	return CLI_OK;
}

static const struct cli_opt no_opts[] = { { NULL, NULL, NULL, false } };

const struct cli_cmd cmd_intel_own_list = {
	.name = "intel own list",
	.args = "",
	.summary = "List the organisation's own names and networks",
	.help = "What intel own add said, and benign lists imported with --category own.\n\n"
		"  firebreak intel own list --json\n\n"
		"Exit: 0 done, 3 usage, 6 there is no state directory.\n",
	.opts = no_opts,
	.min_args = 0,
	.max_args = 0,
	.run = run_own_list,
};
