/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* print: prose on the terminal, made safe (incident/prose.h) and wrapped with a hanging indent. */

#include "cli/cli.h"

#define PRINT_WIDTH 96

/* Text from outside, made safe but not cut as cli_safe does. In c->arena; never NULL. */
const char *cli_escape(struct cli *c, const char *s);
/* An instant cut to the second, as people read it; "" if t is none. JSON has all of it. */
const char *cli_when(struct cli *c, ts t);
/* head, then text wrapped; every line after the first starts with as many blanks as head has
 * columns. */
void cli_wrap(struct cli *c, const char *head, const char *text);
/* As cli_safe, but never cut: for paths and values that somebody will copy. */
const char *cli_whole(struct cli *c, const char *s);
/* The same straight to stdout, for what may be very many. */
void cli_put_whole(struct span s);
/* Member key, and "path_hex" where JSON could not hold the bytes of the path. */
void cli_json_path(struct jw *w, const char *key, const char *path);
