/* SPDX-License-Identifier: Apache-2.0 */

#include "cli/verdict.h"

#include <stdio.h>

const char *cli_verdict_color(const struct cli *c, enum verdict_status s)
{
	return s == VERDICT_PASS ? cli_green(c) : s == VERDICT_FAIL ? cli_red(c) : cli_yellow(c);
}

void cli_print_reasons(struct cli *c, const struct verdict *v)
{
	static const enum reason_kind order[] = { REASON_FAIL, REASON_MISSING, REASON_WARN,
		REASON_PROVEN, REASON_NOTE };
	const char *color[] = { cli_red(c), cli_yellow(c), cli_yellow(c), cli_green(c), "" };

	for (size_t k = 0; k < ARRAY_LEN(order); k++) {
		for (size_t i = 0; i < v->n; i++) {
			const struct reason *r = &v->reason[i];
			if (r->kind == order[k])
				printf("  %s%-7s%s  %s: %s\n", color[k], reason_name(r->kind),
				    cli_reset(c), r->code, r->text);
		}
	}
}
