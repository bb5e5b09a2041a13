/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * reader: locks this process down to what a child needs that goes on to open and read files below
 * one directory, by descriptors that it is sent, and to answer over a socket: the workers of a
 * hunt, in which rules and parsers look at hostile bytes.
 *
 * After it: no new privileges and no capability but those to read (CAP_DAC_READ_SEARCH) and to
 * leave access times alone (CAP_FOWNER); Landlock (where the kernel has it): files below the
 * directory can be read, nothing else can be opened, made or changed; seccomp: a list of calls,
 * others fail with EPERM: no socket, process, execution, executable memory, rename or unlink; no
 * file can grow; the heap can grow by `heap` bytes (sanitizer builds: no limit).
 *
 * 0 or -errno; after an error the process must end.
 */

#include "base/util.h"

#include <stddef.h>

/* root: the directory (or one file); -1: everything may be read. */
FB_MUST int sandbox_reader(int root, size_t heap);
