/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* commands: every command, one file each (cmd_NAME.c; a group such as release shares a file). */

#include "cli/cli.h"

/* Ended by NULL, in the order in which --help lists them (commands.c). */
extern const struct cli_cmd *const cli_commands[];

extern const struct cli_cmd cmd_verify;
