/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * loop: a single-threaded epoll loop: descriptors, one-shot timers, signals.
 *
 * Guarantees: callbacks run one after the other; a callback may add and remove anything, itself
 * included; a removed watch is never called again, even if its event was already fetched.
 * Timers run in order of their deadline. A callback must not free the loop or run it again.
 */

#include "base/clock.h"
#include "base/util.h"

struct loop;
struct loop_watch;
struct loop_timer;

FB_MUST int loop_new(struct loop **ret_loop);
/* Frees the loop with every watch and timer in it. */
struct loop *loop_free(struct loop *l);

/* events are EPOLLIN | EPOLLOUT …; the fd stays the caller's, who removes the watch before closing
 * it. */
FB_MUST int loop_watch_add(struct loop *l, int fd, uint32_t events,
    void (*cb)(void *ctx, uint32_t events), void *ctx, struct loop_watch **ret_w);
FB_MUST int loop_watch_set(struct loop_watch *w, uint32_t events);
void loop_watch_del(struct loop_watch *w);

/* Fires once, delay nanoseconds from now (monotonic); the handle is gone when cb returns. */
FB_MUST int loop_timer_add(struct loop *l, ts delay, void (*cb)(void *ctx), void *ctx,
    struct loop_timer **ret_t);
void loop_timer_del(struct loop_timer *t);

/* Calls cb for each of these signals, which are blocked until loop_free. One call per loop. */
FB_MUST int loop_signals(struct loop *l, const int *sigs, size_t n,
    void (*cb)(void *ctx, int sig), void *ctx);

/* Runs until loop_stop (gives its code; also if it was called before) or nothing is left to wait
 * for (0); -errno on failure. Signals count as something to wait for. */
FB_MUST int loop_run(struct loop *l);
void loop_stop(struct loop *l, int code);
