/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * result: what a drill run gave, as one JSON document: the terminal's scoreboard and the HTML
 * report are both drawn from it, and its digest is what the ledger records.
 *
 * Members: scenario, title, about, case, program, started, finished, clock ("injected" or absent),
 * milestones[] {id, title, published_ns, source}, variants[] {id, title, like, met, missed, steps[]
 * {id, title, who, phase, milestone, kind, command, expected, actual, status, took_ns,
 * since_alert_ns, target_ns, output}}, findings[] {id, variant, step, finding, control, runbook,
 * owner, tripwire}, met, missed, files[] {title, path}.
 */

#include "drill/run.h"
#include "drill/yard.h"

#define RESULT_OUTPUT_MAX 6000 /* bytes of one command's output that are kept */

struct drill_file {
	const char *title, *path;
};

struct drill_result {
	const struct scenario *scenario;
	const struct drill_variant *variant;
	size_t nvariants;
	const struct yard *yard;
	size_t nyards;
	const struct drill_file *file;
	size_t nfiles;
	ts started, finished;
	bool clock_injected;
	size_t met, missed; /* over all variants */
};

void result_json(struct jw *w, const struct drill_result *r, struct arena *a);
