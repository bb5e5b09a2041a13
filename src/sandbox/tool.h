/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * tool: runs somebody else's program on outside bytes, with less than a shell would give it.
 * worker.h is for functions of ours; this is for verifiers that we do not want to rewrite (gpgv).
 *
 * Guarantees, before the program's first instruction:
 * - no shell and no PATH: it is started by absolute path, with the arguments given and an
 *   environment of LC_ALL=C and nothing else; its directory is /;
 * - descriptors: 0 is /dev/null (for reading and writing), 1 and 2 are pipes to the parent, from 3
 *   on the ones that were given, no other; so input needs no name and no name can be an option;
 * - no capabilities, no new privileges, no core, limits on address space, CPU and descriptors, no
 *   file can be made or grow; it dies with its parent;
 * - seccomp: what a program needs that loads its libraries, reads files and computes. No network,
 *   no processes, nothing that writes to the file system. A refused call gives ENOSYS;
 * - Landlock, if the kernel has it: read-only, and nothing but the program, the system's libraries
 *   and their data; no network. What is opened through /proc/self/fd stays open to it.
 * - wall-clock time and bytes of output are enforced by the parent, which then kills it.
 *
 * Landlock is the one layer that may be absent: the program is one that people run without any of
 * this, and what it says is judged by the caller either way.
 */

#include "base/buf.h"
#include "base/clock.h"
#include "base/fault.h"

#define TOOL_FDS_MAX 8
#define TOOL_FD 3 /* the first descriptor given is this number in the program */

enum tool_result {
	TOOL_EXITED = 0,  /* end.code is its exit status */
	TOOL_ABSENT,      /* there is no such program, or it may not be executed */
	TOOL_SIGNAL,      /* killed by a signal of its own: end.code */
	TOOL_TIMEOUT,     /* wall clock used up */
	TOOL_OUTPUT,      /* wrote more than the buffers may hold */
	TOOL_UNAVAILABLE, /* the lock-down did not succeed: it was not started */
};

struct tool_opts {
	const char *program;     /* absolute path */
	const char *const *argv; /* argv[0] first, NULL last */
	const int *fds;
	size_t nfds;
	ts timeout;      /* wall clock; 0 = one minute */
	uint64_t memory; /* bytes of address space; 0 = 512 MiB */
};

/*
 * Appends what the program writes to stdout and stderr, up to the buffers' caps. enum tool_result
 * (with fault for anything but TOOL_EXITED), or -errno when no process could be made. *ret_code:
 * exit status or signal. The program is gone when this returns, in every case.
 */
FB_MUST int tool_run(const struct tool_opts *o, struct buf *out, struct buf *err, int *ret_code,
    struct fault *f);
