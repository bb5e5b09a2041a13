/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * command: runs one program to its end. No shell.
 *
 * Signals are at their defaults; no descriptor but 0, 1 and 2 is open in it. Apart, its input and
 * output are /dev/null and it leads a process group of its own, which is killed when the time is
 * over or it has ended; otherwise it has the caller's terminal.
 */

#include "base/buf.h"
#include "base/clock.h"
#include "base/fault.h"
#include "trust/intoto/layout.h"

struct command {
	const struct words *argv; /* at least one */
	int dirfd;		  /* its working directory; AT_FDCWD: as it is */
	char **env;		  /* NULL: the caller's; else its PATH is searched, too */
	bool apart;
	struct buf *out, *err; /* not apart: what it writes is also kept here, if not NULL */
	int out_to;	       /* with out: the descriptor that its output is copied to */
	ts timeout;	       /* 0: none */
};

/* *ret_status: its exit code, or 128 + the signal that ended it. 0; -ENOENT, -EACCES … with fault
 * when it cannot be run; -ETIMEDOUT; -EMSGSIZE (more output than the buffers take). */
FB_MUST int command_run(const struct command *c, int *ret_status, struct fault *f);
