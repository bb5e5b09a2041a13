/* SPDX-License-Identifier: Apache-2.0 */

#include "sandbox/crew.h"

#include "sandbox/lockdown.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

enum layer {
	L_ENTER,
	L_SIGNALS,
	L_FDS,
	L_PRIVILEGES,
	L_HEAP,
	L_LANDLOCK,
	L_LIMITS,
	L_SECCOMP,
	LAYERS
};

static const char *const layer_name[LAYERS] = {
	"start",
	"parent-death signal",
	"descriptors",
	"privileges",
	"memory limit",
	"Landlock",
	"resource limits",
	"seccomp",
};

/* Shared with the parent; from `locked` on it is the child's word and good for messages only. */
struct crew_note {
	volatile int layer, err;
	volatile bool locked, returned;
	volatile int code;
	volatile int32_t refused;
};

/* --- in the child ------------------------------------------------------------------------------
 */

static int by_number(const void *a, const void *b)
{
	return *(const int *)a - *(const int *)b;
}

/* 0, 1, 2 = /dev/null; the descriptors given; nothing else. */
static int keep_fds(const struct crew_opts *o)
{
	int fd[SANDBOX_FDS_MAX];
	unsigned next = 3;

	int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	for (int k = 0; k < 3; k++)
		if (null < 0 || dup2(null, k) < 0)
			return -errno;
	if (o->nfds)
		memcpy(fd, o->fds, o->nfds * sizeof(*fd));
	qsort(fd, o->nfds, sizeof(*fd), by_number);
	for (size_t i = 0; i < o->nfds; i++) {
		if ((unsigned)fd[i] > next && close_range(next, (unsigned)fd[i] - 1, 0) < 0)
			return -errno;
		next = (unsigned)fd[i] + 1;
	}
	return close_range(next, ~0u, 0) < 0 ? -errno : 0;
}

static int limit_all(const struct crew_opts *o)
{
	static const int none[] = { RLIMIT_FSIZE, RLIMIT_NPROC, RLIMIT_CORE, RLIMIT_MSGQUEUE };
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < ARRAY_LEN(none); i++)
		rc = lockdown_limit(none[i], 0, 0);
	if (rc < 0)
		return rc;
	/* poll(2) refuses more descriptors than this. */
	rlim_t fds = 3;
	for (size_t i = 0; i < o->nfds; i++)
		fds = (rlim_t)o->fds[i] >= fds ? (rlim_t)o->fds[i] + 1 : fds;
	return lockdown_limit(RLIMIT_NOFILE, fds, fds);
}

static int put_layer(const struct crew_opts *o, struct crew_note *note, enum layer l, pid_t parent,
    sandbox_fn *enter, void *ctx)
{
	struct lockdown_calls calls = { .fds = o->fds, .nfds = o->nfds, .out = -1, .waits = true };

	switch (l) {
	case L_ENTER:
		return enter ? enter(ctx) : 0;
	case L_SIGNALS: /* again: a change of user undid it */
		lockdown_reset_signals();
		/* A terminal sends these to all: they are the parent's business. */
		signal(SIGINT, SIG_IGN);
		signal(SIGTERM, SIG_IGN);
		signal(SIGHUP, SIG_IGN);
		return lockdown_die_with(parent);
	case L_FDS:
		return keep_fds(o);
	case L_PRIVILEGES:
		lockdown_forget_environment();
		return lockdown_no_privileges();
	case L_HEAP: /* early: it reads /proc */
		return o->without & SANDBOX_WITHOUT_LIMITS || SANDBOX_SANITIZED
			   ? 0
			   : lockdown_limit_heap(o->heap);
	case L_LANDLOCK:
		return o->without & SANDBOX_WITHOUT_LANDLOCK ? 0 : lockdown_landlock();
	case L_LIMITS: /* late: a ruleset takes a descriptor */
		return o->without & SANDBOX_WITHOUT_LIMITS ? 0 : limit_all(o);
	case L_SECCOMP:
		return o->without & SANDBOX_WITHOUT_SECCOMP
			   ? 0
			   : lockdown_seccomp(&calls, &note->refused);
	case LAYERS:
		break;
	}
	return -EINVAL;
}

__attribute__((noreturn)) static void child(const struct crew_opts *o, struct crew_note *note,
    pid_t parent, sandbox_fn *enter, sandbox_fn *fn, void *ctx)
{
	int rc = lockdown_die_with(parent);

	for (int l = 0; rc == 0 && l < LAYERS; l++) {
		note->layer = l;
		rc = put_layer(o, note, (enum layer)l, parent, enter, ctx);
	}
	if (rc != 0) {
		note->err = rc < 0 ? -rc : rc;
		_exit(1);
	}
	note->locked = true;
	note->code = fn(ctx);
	note->returned = true;
	_exit(0);
}

/* --- in the parent -----------------------------------------------------------------------------
 */

int crew_start(struct crew *ret_c, const struct crew_opts *o, sandbox_fn *enter, sandbox_fn *fn,
    void *ctx, struct fault *f)
{
	FB_ASSERT(o->nfds <= SANDBOX_FDS_MAX);
	struct crew_note *note =
	    mmap(NULL, sizeof(*note), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (note == MAP_FAILED)
		return fault_set(f, -errno, "no memory for a worker process");
	note->refused = -1;
	pid_t parent = getpid(), pid = fork();
	if (pid == 0)
		child(o, note, parent, enter, fn, ctx);
	if (pid < 0) {
		int rc = -errno;
		munmap(note, sizeof(*note));
		return fault_set(f, rc, "cannot start a worker process: %s", strerror(-rc));
	}
	*ret_c = (struct crew){ pid, note };
	return 0;
}

static void judge(const struct crew_note *note, int status, struct sandbox_end *end)
{
	int32_t refused = note->refused;

	*end = (struct sandbox_end){ .result = SANDBOX_CRASHED };
	if (WIFSIGNALED(status))
		end->signal = WTERMSIG(status);
	if (end->signal == SIGSYS) {
		end->result = SANDBOX_CALL;
		if (refused >= 0)
			lockdown_call_name(refused, end->call, sizeof(end->call));
		else
			snprintf(end->call, sizeof(end->call), "a foreign call");
	} else if (end->signal == 0 && !note->locked && note->layer == L_ENTER) {
		end->result = note->err == ENOMEM ? SANDBOX_MEMORY : SANDBOX_FAILED;
		end->code = -note->err;
	} else if (end->signal == 0 && !note->locked) {
		end->result = SANDBOX_UNAVAILABLE;
		end->code = note->err;
	} else if (end->signal == 0 && note->returned) {
		end->code = note->code;
		end->result = end->code == 0	     ? SANDBOX_DONE
			      : end->code == -ENOMEM ? SANDBOX_MEMORY
						     : SANDBOX_FAILED;
	}
}

static void explain(const struct crew_note *note, const struct sandbox_end *end, struct fault *f)
{
	int layer = note->layer;

	switch (end->result) {
	case SANDBOX_CALL:
		fault_set(f, 0,
		    "a worker was stopped: it made the system call \"%s\", which it may not; the "
		    "input may be an attack on the parser",
		    end->call);
		return;
	case SANDBOX_UNAVAILABLE:
		fault_set(f, 0, "this system cannot confine the workers (%s: %s)",
		    layer >= 0 && layer < LAYERS ? layer_name[layer] : "start",
		    strerror(end->code));
		return;
	case SANDBOX_MEMORY:
		fault_set(f, 0, "a worker ran out of memory");
		return;
	case SANDBOX_FAILED:
		fault_set(
		    f, 0, "a worker gave up (%s)", end->code < 0 ? strerror(-end->code) : "failed");
		return;
	case SANDBOX_CRASHED:
		fault_set(f, 0,
		    "a worker ended early (%s); the input may be an attack on the parser",
		    end->signal ? strsignal(end->signal) : "exit");
		return;
	default:
		return;
	}
}

bool crew_ended(struct crew *c, struct sandbox_end *ret_end, struct fault *f)
{
	int status = 0;

	*ret_end = (struct sandbox_end){ .result = SANDBOX_DONE };
	if (!c->pid)
		return true;
	pid_t got = waitpid(c->pid, &status, WNOHANG);
	if (got == 0 || (got < 0 && errno == EINTR))
		return false;
	if (got < 0) /* somebody else took its status */
		*ret_end = (struct sandbox_end){ .result = SANDBOX_CRASHED };
	else
		judge(c->note, status, ret_end);
	explain(c->note, ret_end, f);
	munmap(c->note, sizeof(*c->note));
	*c = (struct crew){ 0 };
	return true;
}

void crew_kill(struct crew *c)
{
	if (!c->pid)
		return;
	kill(c->pid, SIGKILL);
	while (waitpid(c->pid, NULL, 0) < 0 && errno == EINTR)
		;
	munmap(c->note, sizeof(*c->note));
	*c = (struct crew){ 0 };
}
