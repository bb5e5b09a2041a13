/* SPDX-License-Identifier: Apache-2.0 */

#include "cli/commands.h"

const struct cli_cmd *const cli_commands[] = {
	&cmd_verify,
	NULL,
};
