/* SPDX-License-Identifier: Apache-2.0 */

/* scenario: an error means zeroed output and words; in a good one no step and no variant is empty,
 * and no step is left out of every variant. */

#include "drill/scenario.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(int good)
{
	if (!good)
		abort();
}

static void check_step(const struct scenario *s, const struct scn_step *st)
{
	bool somewhere = false;

	check(st->id[0] && st->title[0] && st->who[0] && st->nargs);
	check(st->nargs <= SCENARIO_ARGS_MAX && st->want_exit >= 0 && st->want_exit <= 255);
	check(st->inject || (st->control && st->runbook && st->owner && st->tripwire));
	for (size_t i = 0; i < s->nvariants; i++)
		somewhere = somewhere || scn_step_in(st, s->variant[i].id);
	check(somewhere);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct scenario zero;
	static struct scenario s, again;
	AUTO_ARENA struct arena a = ARENA_INIT(64u << 20);
	struct fault f = FAULT_INIT;

	int rc = scenario_parse(&s, "s", span_of(data, size), &a, &f);
	check(scenario_parse(&again, "s", span_of(data, size), &a, &f) == rc);
	if (rc < 0) {
		check(memcmp(&s, &zero, sizeof(s)) == 0 && (rc == -12 || f.text[0]));
		return 0;
	}
	check(s.nsteps && s.nvariants && s.nsteps == again.nsteps);
	for (size_t i = 0; i < s.nsteps; i++)
		check_step(&s, &s.step[i]);
	return 0;
}
