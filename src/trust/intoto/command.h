/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * command: runs one program to its end. No shell.
 *
 * Its input is /dev/null. It is the leader of its own process group, which is killed when the time is
 * over. Signals are at their defaults; no descriptor but 0, 1 and 2 is open in it.
 */

#include "base/buf.h"
#include "base/clock.h"
#include "base/fault.h"
#include "trust/intoto/layout.h"

struct command {
	const struct words *argv; /* at least one */
	int dirfd;		  /* its working directory; AT_FDCWD: as it is */
	char *const *env;	  /* NULL: the caller's */
	bool quiet;		  /* its output goes nowhere; else to err's and out's descriptors */
	struct buf *out, *err;	  /* also kept here, if not NULL */
	ts timeout;		  /* 0: none */
};

/* *ret_status: its exit code, or 128 + the signal that ended it. 0; -ENOENT, -EACCES … with fault
 * when it cannot be run; -ETIMEDOUT; -EMSGSIZE (more output than the buffers take). */
FB_MUST int command_run(const struct command *c, int *ret_status, struct fault *f);
