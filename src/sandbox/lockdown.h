/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * lockdown: the layers that worker.c, crew.c and tool.c put around a child, private to this room. Each is
 * called in the child, irrevocable, and 0 or -errno; -ENOSYS and -EOPNOTSUPP say that the kernel
 * lacks it.
 */

#include "base/util.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/resource.h>
#include <sys/types.h>

/* All signals to their defaults and unblocked. */
void lockdown_reset_signals(void);
/* The environment's strings are overwritten. */
void lockdown_forget_environment(void);
/* Dies when parent does. -ESRCH: it did already. */
FB_MUST int lockdown_die_with(pid_t parent);
/* No new privileges, not dumpable (until an exec), no capabilities. */
FB_MUST int lockdown_no_privileges(void);
/* The same, but for the capabilities to read any file and to leave its access time alone. */
FB_MUST int lockdown_only_reading(void);
/* A limit never becomes more than the parent was given. which: RLIMIT_… */
FB_MUST int lockdown_limit(int which, rlim_t soft, rlim_t hard);

/* What the heap and other private writable memory may grow to: as much as there is, and heap. */
FB_MUST int lockdown_limit_heap(uint64_t heap);

/* Landlock's ABI version, 0 when there is none. */
int lockdown_landlock_abi(void);
/* Handles every right of this kernel's ABI and grants none. Needs no_new_privs. */
FB_MUST int lockdown_landlock(void);
/* The same, but files below path[0..n) may be read and executed; what is not there is left out. */
FB_MUST int lockdown_landlock_read(const char *const *path, size_t n);

/* The same for one directory, or a file, that is open. */
FB_MUST int lockdown_landlock_below(int root);

/* What a child may call beyond computing, memory that is not executable, time and its own end. */
struct lockdown_calls {
	const int *fds; /* descriptors to read */
	size_t nfds;
	int out;    /* a descriptor to write, or -1 */
	bool waits; /* futex, poll, and options of sockets among fds */
};
/* refused: where the SIGSYS handler leaves the number of the refused call; shared with the parent. */
FB_MUST int lockdown_seccomp(const struct lockdown_calls *calls, volatile int32_t *refused);
/* Its name into out, or its number. */
void lockdown_call_name(int32_t nr, char *out, size_t size);
/* For a program that is about to be executed (tool.h): load, read, compute. Else: ENOSYS. */
FB_MUST int lockdown_seccomp_tool(void);
