/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* verdict: a verdict's reasons on the terminal, the gravest first. */

#include "cli/cli.h"
#include "model/verdict.h"

const char *cli_verdict_color(const struct cli *c, enum verdict_status s);
void cli_print_reasons(struct cli *c, const struct verdict *v);
