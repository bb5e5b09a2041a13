/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * spawn: one command of this program in a child process, its output taken.
 *
 * Guarantees: both pipes are drained at once (no deadlock), at most DRILL_OUTPUT_MAX bytes of each
 * are kept (the rest is read and dropped), and the child is killed after the given seconds.
 */

#include "base/buf.h"
#include "base/util.h"

enum spawn_result { SPAWN_EXITED = 0, SPAWN_TIMEOUT = 1, SPAWN_SIGNAL = 2 };

/* argv[0] is the program's path. *ret_code: exit code, or the signal. 0.., -errno. */
FB_MUST int spawn_run(
    const char *const *argv, int seconds, struct buf *out, struct buf *err, int *ret_code);
