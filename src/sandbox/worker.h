/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * worker: runs one function in a locked-down child process, for everything that takes apart
 * containers that somebody else made. The threat model is docs/sandbox.md.
 *
 * Guarantees, before the function sees a byte:
 * - it holds the descriptors it was given, one pipe to write to, /dev/null as 0, 1, 2, and no other
 *   (close_range); the environment's strings are overwritten; capabilities are dropped; it cannot
 *   gain privileges, be traced or leave a core; it dies with its parent;
 * - Landlock: every right that the running kernel knows is handled and none is granted (files,
 *   TCP, abstract sockets and signals out of the domain, by ABI);
 * - seccomp: only the calls in filter.c, with their arguments checked: reading the descriptors
 *   given, writing the pipe, memory that is not executable, time, exit. Anything else never runs:
 *   it ends the process, and the parent learns its name;
 * - limits: address space, CPU seconds, no new descriptors, no processes, no file growth;
 * - wall-clock time, enforced by the parent.
 * A lock-down that does not succeed completely ends the worker before the function is called.
 *
 * What the worker writes is untrusted: the parent must check it like any other outside bytes.
 * The worker starts as a copy of the parent's memory: do not start one while secrets are loaded
 * that it must not be able to put into its output.
 */

#include "base/clock.h"
#include "base/fault.h"
#include "base/span.h"

/*
 * Sanitizers need shadow memory beyond any address-space limit, and sigaltstack: in their builds
 * there is no memory limit and that one call is allowed. Everything else is as in the product.
 */
#if defined(__SANITIZE_ADDRESS__)
#define SANDBOX_SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define SANDBOX_SANITIZED 1
#endif
#endif
#ifndef SANDBOX_SANITIZED
#define SANDBOX_SANITIZED 0
#endif

#define SANDBOX_FDS_MAX 8
#define SANDBOX_IN 4  /* the first descriptor given is this number in the worker */
#define SANDBOX_OUT 3 /* the pipe to the parent */

enum sandbox_result {
	SANDBOX_DONE = 0,    /* the function returned 0 */
	SANDBOX_FAILED,      /* it returned something else: end.code */
	SANDBOX_CALL,        /* it made a system call that it may not: end.call */
	SANDBOX_CRASHED,     /* a signal (end.signal), or the process ended by itself */
	SANDBOX_MEMORY,      /* it returned -ENOMEM */
	SANDBOX_CPU,         /* CPU seconds used up */
	SANDBOX_TIMEOUT,     /* wall clock used up */
	SANDBOX_UNAVAILABLE, /* this kernel cannot do it; the function was not called */
};

struct sandbox_end {
	enum sandbox_result result;
	int code;
	int signal;
	char call[32]; /* "openat", or "call 425" when the library does not know its name */
};

/* Layers to leave out: for tests that show what each is good for, and the first two where the user
 * said --no-sandbox. 0 is the full sandbox. */
#define SANDBOX_WITHOUT_LANDLOCK 1u
#define SANDBOX_WITHOUT_SECCOMP 2u
#define SANDBOX_WITHOUT_LIMITS 4u

struct sandbox_opts {
	const int *fds; /* given to the worker as SANDBOX_IN, SANDBOX_IN + 1, … */
	size_t nfds;
	ts timeout;       /* wall clock; 0 = one minute */
	unsigned cpu;     /* seconds; 0 = as timeout */
	uint64_t memory;  /* bytes beyond what the parent has mapped; 0 = 256 MiB */
	unsigned without; /* SANDBOX_WITHOUT_… */
};

/* Runs in the worker, with a copy of the parent's memory and nothing else of it. 0 or an error. */
typedef int sandbox_fn(void *ctx);
#define SANDBOX_CHUNK_MAX (256u << 10)
/* Runs in the parent with what the worker wrote, in chunks as they come, of at most
 * SANDBOX_CHUNK_MAX bytes. Negative: end it. */
typedef int sandbox_output_fn(void *ctx, struct span bytes);

/*
 * Result: enum sandbox_result (also in ret_end), with fault for anything but SANDBOX_DONE; what
 * on_output returned when that was negative (the worker is killed); -errno when no process could
 * be made. The worker is gone when this returns, in every case.
 */
FB_MUST int sandbox_run(const struct sandbox_opts *o, sandbox_fn *fn, void *fn_ctx,
    sandbox_output_fn *on_output, void *out_ctx, struct sandbox_end *ret_end, struct fault *f);

/* What the running kernel offers. */
struct sandbox_support {
	int landlock_abi; /* 0 = none */
	bool net;         /* Landlock refuses TCP bind and connect (ABI 4) */
	bool scope;       /* Landlock refuses signals and abstract sockets (ABI 6) */
	bool seccomp;
};

struct sandbox_support sandbox_probe(void);
/* "Landlock ABI 7, seccomp"; "no Landlock, seccomp". Returns out. */
char *sandbox_support_text(const struct sandbox_support *s, char out[static 64]);
