/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * lockdown: the layers that worker.c puts around the child, private to this room. Each is called
 * in the child, irrevocable, and 0 or -errno; -ENOSYS and -EOPNOTSUPP say that the kernel lacks it.
 */

#include "base/util.h"

#include <stdint.h>

/* Landlock's ABI version, 0 when there is none. */
int lockdown_landlock_abi(void);
/* Handles every right of this kernel's ABI and grants none. Needs no_new_privs. */
FB_MUST int lockdown_landlock(void);

/* Where the SIGSYS handler leaves the number of the refused call; shared with the parent. */
FB_MUST int lockdown_seccomp(size_t nfds, volatile int32_t *refused);
/* Its name into out, or its number. */
void lockdown_call_name(int32_t nr, char *out, size_t size);
