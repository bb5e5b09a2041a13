/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* print: prose on the terminal: escaped, wrapped at word ends, with a hanging indent. */

#include "cli/cli.h"

#define PRINT_WIDTH 96

/* Bytes from outside, escaped as QUOTE does but not cut; line feeds stay. In c->arena. */
const char *cli_escape(struct cli *c, const char *s);
/* head, then text wrapped; every line after the first starts with as many blanks as head has
 * columns. Text is escaped. */
void cli_wrap(struct cli *c, const char *head, const char *text);
