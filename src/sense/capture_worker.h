/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * capture_worker: the half of capture.h that runs in the sandbox and sees the file, private to this
 * room. It reads SANDBOX_IN and writes frames (frame.h) to SANDBOX_OUT.
 */

#include "sense/capture.h"

/* ctx is a struct sense_capture_opts. A sandbox_fn: 0, -ENOMEM or another error. */
FB_MUST int capture_worker(void *ctx);
