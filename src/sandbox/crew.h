/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * crew: locked-down child processes that work beside the parent and talk to it through memory that
 * was shared before they were forked: the workers of the network sensor.
 *
 * Before the function runs: the layers of worker.h (descriptors, privileges, Landlock, limits,
 * seccomp), with these differences: the descriptors given keep their numbers and there is no pipe;
 * futex and poll are allowed; private memory can grow by `heap` bytes; no limit on time. What was
 * mapped before stays mapped. A child dies with its parent; SIGINT, SIGTERM and SIGHUP, which a terminal
 * sends to all of them, it leaves to the parent.
 *
 * What a child leaves in shared memory is untrusted.
 */

#include "sandbox/worker.h"

#include <sys/types.h>

struct crew_opts {
	const int *fds; /* stay open in the child; not 0, 1 or 2 */
	size_t nfds;
	uint64_t heap;
	unsigned without; /* SANDBOX_WITHOUT_… */
};

struct crew_note;

struct crew {
	pid_t pid; /* 0: none */
	struct crew_note *note;
};

/* enter (may be NULL) runs before the child is confined (when it fails: SANDBOX_FAILED), fn after it. 0 or -errno with fault. */
FB_MUST int crew_start(struct crew *ret_c, const struct crew_opts *o, sandbox_fn *enter,
    sandbox_fn *fn, void *ctx, struct fault *f);
/* Never waits. True: it has ended (or was never started); ret_end and, for anything but
 * SANDBOX_DONE, the fault say how. To be called until true; then c is empty. */
FB_MUST bool crew_ended(struct crew *c, struct sandbox_end *ret_end, struct fault *f);
/* Ends it now, and waits until it is gone. */
void crew_kill(struct crew *c);
