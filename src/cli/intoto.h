/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* intoto: what the intoto commands share. */

#include "cli/cli.h"
#include "crypto/key.h"

/* The private key of --key. -1 to go on (the caller frees *ret_k), else the exit code of an error
 * that was told. */
int cli_intoto_key(struct cli *c, struct key **ret_k);
