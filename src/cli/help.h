/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* help: everything that is drawn from the table of commands for people and for the shell. The
 * manual pages are made from it (tools/man-page). Private to the frame. */

#include "cli/cli.h"

#include <stdio.h>

void cli_help_main(FILE *to);
int cli_help_command(const struct cli_cmd *cmd);
/* The commands that start with word[0..used). */
int cli_help_group(char *const *word, int used);
/* For the completion script: the commands, or the options of the one that is named. */
int cli_complete(const char *name);
