/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * capture_worker: the half of capture.h that runs in the sandbox and sees the file, private to this
 * room. It reads SANDBOX_IN and writes frames (frame.h) to SANDBOX_OUT.
 */

#include "sandbox/worker.h"
#include "sense/capture.h"

/* Loads libpcap: before the worker is confined. -ENOTSUP with fault. */
FB_MUST int capture_worker_load(struct fault *f);
/* ctx is a struct sense_capture_opts. A sandbox_fn: 0, -ENOMEM or another error. */
FB_MUST int capture_worker(void *ctx);

/* sense_capture() with another worker: tests bring ones that lie. */
FB_MUST int capture_run(sandbox_fn *worker, int fd, const char *label,
    const struct sense_capture_opts *opts, sense_name_fn *on_name, void *ctx,
    struct sense_capture_stats *ret_stats, struct fault *f);
