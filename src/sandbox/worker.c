/* SPDX-License-Identifier: Apache-2.0 */

#include "sandbox/worker.h"

#include "base/file.h"
#include "sandbox/lockdown.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define PIPE_SIZE (1u << 20) /* wakes reader and writer more rarely; less is good, too */
#define TIMEOUT_DEFAULT (60 * TS_SECOND)
#define MEMORY_DEFAULT (256u << 20)

enum layer { L_SIGNALS, L_FDS, L_PRIVILEGES, L_LANDLOCK, L_LIMITS, L_SECCOMP, LAYERS };

static const char *const layer_name[LAYERS] = {
	"parent-death signal", "descriptors", "privileges", "Landlock", "resource limits",
	"seccomp",
};

/*
 * One page that the worker shares with its parent. Once the function runs it is the worker's word
 * and good for messages only. That the lock-down was complete is said by the first byte in the
 * pipe instead, which the worker cannot take back.
 */
struct note {
	volatile int layer; /* enum layer: what is being set up */
	volatile int err;
	volatile int32_t refused; /* number of the refused call, -1 for none */
	volatile bool returned;   /* the function came back, with code */
	volatile int code;
};

struct run {
	const struct sandbox_opts *o;
	sandbox_fn *fn;
	void *fn_ctx;
	struct note *note;
	pid_t pid;
	int pidfd;
	int out; /* the parent's end */
	ts deadline;
	uint64_t mapped; /* bytes of address space that the worker starts with */
	bool locked;    /* the lock-down is complete */
	bool timed_out;
};

/* --- in the child ---------------------------------------------------------------------------- */

static int limit_memory(const struct run *r)
{
	rlim_t max = (r->o->memory ? r->o->memory : MEMORY_DEFAULT) + r->mapped;

	return SANDBOX_SANITIZED ? 0 : lockdown_limit(RLIMIT_AS, max, max);
}

static int limit_all(const struct run *r)
{
	const struct sandbox_opts *o = r->o;
	ts timeout = o->timeout ? o->timeout : TIMEOUT_DEFAULT;
	rlim_t cpu = o->cpu ? o->cpu : (rlim_t)(timeout / TS_SECOND + 1);
	const struct {
		int which;
		rlim_t soft, hard;
	} limit[] = {
		{ RLIMIT_CPU, cpu, cpu + 1 },
		{ RLIMIT_NOFILE, SANDBOX_IN + o->nfds, SANDBOX_IN + o->nfds },
		{ RLIMIT_FSIZE, 0, 0 },
		{ RLIMIT_NPROC, 0, 0 },
		{ RLIMIT_CORE, 0, 0 },
		{ RLIMIT_MEMLOCK, 0, 0 },
		{ RLIMIT_MSGQUEUE, 0, 0 },
	};

	int rc = limit_memory(r);
	for (size_t i = 0; rc == 0 && i < ARRAY_LEN(limit); i++)
		rc = lockdown_limit(limit[i].which, limit[i].soft, limit[i].hard);
	return rc;
}

/* 0, 1, 2 = /dev/null; the pipe; the descriptors given; nothing else. */
static int keep_fds(const struct sandbox_opts *o, int out)
{
	int high[SANDBOX_FDS_MAX + 2];
	size_t n = 0;

	/* All to high numbers first, so that no target is still a source. */
	AUTO_FD int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	const int floor = SANDBOX_IN + SANDBOX_FDS_MAX;
	high[n++] = fcntl(null, F_DUPFD, floor);
	high[n++] = fcntl(out, F_DUPFD, floor);
	for (size_t i = 0; i < o->nfds; i++)
		high[n++] = fcntl(o->fds[i], F_DUPFD, floor);
	for (size_t i = 0; i < n; i++)
		if (high[i] < 0)
			return -errno;
	for (int fd = 0; fd < 3; fd++)
		if (dup2(high[0], fd) < 0)
			return -errno;
	for (size_t i = 1; i < n; i++)
		if (dup2(high[i], SANDBOX_OUT - 1 + (int)i) < 0)
			return -errno;
	TAKE_FD(null);
	return close_range((unsigned)(SANDBOX_IN + o->nfds), ~0u, 0) < 0 ? -errno : 0;
}

static int filter_calls(const struct run *r)
{
	int fd[SANDBOX_FDS_MAX];

	for (size_t i = 0; i < r->o->nfds; i++)
		fd[i] = SANDBOX_IN + (int)i;
	struct lockdown_calls calls = { .fds = fd, .nfds = r->o->nfds, .out = SANDBOX_OUT };
	return lockdown_seccomp(&calls, &r->note->refused);
}

static int put_layer(const struct run *r, enum layer l, int out, pid_t parent)
{
	switch (l) {
	case L_SIGNALS:
		lockdown_reset_signals();
		return lockdown_die_with(parent);
	case L_FDS:
		return keep_fds(r->o, out);
	case L_PRIVILEGES:
		lockdown_forget_environment();
		return lockdown_no_privileges();
	case L_LANDLOCK:
		return r->o->without & SANDBOX_WITHOUT_LANDLOCK ? 0 : lockdown_landlock();
	case L_LIMITS: /* late: a ruleset takes a descriptor */
		return r->o->without & SANDBOX_WITHOUT_LIMITS ? 0 : limit_all(r);
	case L_SECCOMP:
		return r->o->without & SANDBOX_WITHOUT_SECCOMP ? 0 : filter_calls(r);
	case LAYERS:
		break;
	}
	return -EINVAL;
}

__attribute__((noreturn)) static void child(const struct run *r, int out, pid_t parent)
{
	for (int l = 0; l < LAYERS; l++) {
		r->note->layer = l;
		int rc = put_layer(r, (enum layer)l, out, parent);
		if (rc < 0) {
			r->note->err = -rc;
			_exit(1);
		}
	}
	if (write(SANDBOX_OUT, "", 1) != 1)
		_exit(1);
	r->note->code = r->fn(r->fn_ctx);
	r->note->returned = true;
	_exit(0);
}

/* --- in the parent --------------------------------------------------------------------------- */

/* Bytes of address space in use; 0 when it cannot be told. */
static uint64_t mapped_now(void)
{
	char text[64] = { 0 };

	AUTO_FD int fd = open("/proc/self/statm", O_RDONLY | O_CLOEXEC);
	if (fd < 0 || read(fd, text, sizeof(text) - 1) < 0)
		return 0;
	return strtoull(text, NULL, 10) * (uint64_t)sysconf(_SC_PAGESIZE);
}

static int start(struct run *r)
{
	pid_t parent = getpid();
	int pipefd[2];

	if (pipe2(pipefd, O_CLOEXEC) < 0)
		return -errno;
	(void)fcntl(pipefd[1], F_SETPIPE_SZ, PIPE_SIZE);
	r->mapped = mapped_now();
	r->pid = fork();
	if (r->pid == 0)
		child(r, pipefd[1], parent);
	int err = errno;
	close(pipefd[1]);
	if (r->pid < 0) {
		close(pipefd[0]);
		return -err;
	}
	r->out = pipefd[0];
	r->pidfd = (int)syscall(SYS_pidfd_open, r->pid, 0);
	r->deadline = clock_mono() + (r->o->timeout ? r->o->timeout : TIMEOUT_DEFAULT);
	return 0;
}

/* Waits for fd until the deadline: 0, -ETIME, -errno. */
static int wait_for(struct run *r, int fd)
{
	struct pollfd p = { fd, POLLIN, 0 };

	for (;;) {
		ts left = r->deadline - clock_mono();
		if (left <= 0) {
			r->timed_out = true;
			return -ETIME;
		}
		ts ms = (left + 999999) / 1000000;
		int n = poll(&p, 1, ms > 3600000 ? 3600000 : (int)ms);
		if (n > 0)
			return 0;
		if (n < 0 && errno != EINTR)
			return -errno;
	}
}

/* Hands over what the worker writes until it closes the pipe. */
static int pump(struct run *r, sandbox_output_fn *on_output, void *ctx)
{
	AUTO_FREE uint8_t *chunk = malloc(SANDBOX_CHUNK_MAX);
	if (!chunk)
		return -ENOMEM;
	for (;;) {
		int rc = wait_for(r, r->out);
		if (rc < 0)
			return rc;
		ssize_t n = read(r->out, chunk, SANDBOX_CHUNK_MAX);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n < 0 ? -errno : 0;
		struct span got = span_from(span_of(chunk, (size_t)n), r->locked ? 0 : 1);
		r->locked = true;
		rc = got.n ? on_output(ctx, got) : 0;
		if (rc < 0)
			return rc;
	}
}

/* Waits until the worker ended by itself, then or at the deadline takes its status. */
static int reap(struct run *r, int rc, int *status)
{
	if (rc == 0)
		rc = r->pidfd < 0 ? 0 : wait_for(r, r->pidfd);
	if (rc < 0)
		kill(r->pid, SIGKILL);
	while (waitpid(r->pid, status, 0) < 0)
		if (errno != EINTR)
			return -errno;
	return rc;
}

static void judge(const struct run *r, int status, struct sandbox_end *end)
{
	const struct note *note = r->note;
	int32_t refused = note->refused;

	*end = (struct sandbox_end){ .result = SANDBOX_CRASHED };
	if (WIFSIGNALED(status))
		end->signal = WTERMSIG(status);
	if (r->timed_out) {
		end->result = SANDBOX_TIMEOUT;
	} else if (end->signal == SIGSYS) {
		end->result = SANDBOX_CALL;
		if (refused >= 0)
			lockdown_call_name(refused, end->call, sizeof(end->call));
		else
			snprintf(end->call, sizeof(end->call), "a foreign call");
	} else if (end->signal == SIGXCPU) {
		end->result = SANDBOX_CPU;
	} else if (end->signal == 0 && !r->locked) {
		end->result = SANDBOX_UNAVAILABLE;
		end->code = note->err;
	} else if (end->signal == 0 && note->returned) {
		end->code = note->code;
		end->result = end->code == 0 ? SANDBOX_DONE :
		    end->code == -ENOMEM     ? SANDBOX_MEMORY :
					       SANDBOX_FAILED;
	}
}

static int explain(const struct run *r, const struct sandbox_end *end, struct fault *f)
{
	char took[TS_TEXT_MAX];
	int rc = (int)end->result, layer = r->note->layer;

	switch (end->result) {
	case SANDBOX_DONE:
		return 0;
	case SANDBOX_FAILED:
		return fault_set(f, rc, "the sandboxed worker gave up (%d)", end->code);
	case SANDBOX_CALL:
		return fault_set(f, rc,
		    "the sandboxed worker was stopped: it made the system call \"%s\", which it "
		    "may not; the input may be an attack on the parser",
		    end->call);
	case SANDBOX_CRASHED:
		return fault_set(f, rc,
		    "the sandboxed worker ended early (%s); the input may be an attack on the "
		    "parser",
		    end->signal ? strsignal(end->signal) : "exit");
	case SANDBOX_MEMORY:
		return fault_set(f, rc, "the sandboxed worker ran out of memory");
	case SANDBOX_CPU:
		return fault_set(f, rc, "the sandboxed worker used up its CPU time");
	case SANDBOX_TIMEOUT:
		return fault_set(f, rc, "the sandboxed worker did not finish within %s",
		    ts_format_duration(r->o->timeout ? r->o->timeout : TIMEOUT_DEFAULT, took));
	case SANDBOX_UNAVAILABLE:
		return fault_set(f, rc, "this system cannot sandbox the parser (%s: %s)",
		    layer >= 0 && layer < LAYERS ? layer_name[layer] : "start",
		    strerror(end->code));
	}
	return rc;
}

int sandbox_run(const struct sandbox_opts *o, sandbox_fn *fn, void *fn_ctx,
    sandbox_output_fn *on_output, void *out_ctx, struct sandbox_end *ret_end, struct fault *f)
{
	struct run r = { .o = o, .fn = fn, .fn_ctx = fn_ctx };
	int status = 0;

	FB_ASSERT(o->nfds <= SANDBOX_FDS_MAX);
	r.note = mmap(NULL, sizeof(*r.note), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
	    -1, 0);
	if (r.note == MAP_FAILED)
		return -errno;
	r.note->refused = -1;
	int rc = start(&r);
	if (rc < 0) {
		munmap(r.note, sizeof(*r.note));
		return fault_set(f, rc, "cannot start a worker process: %s", strerror(-rc));
	}
	rc = reap(&r, pump(&r, on_output, out_ctx), &status);
	close(r.out);
	if (r.pidfd >= 0)
		close(r.pidfd);
	if (rc == 0 || r.timed_out) {
		judge(&r, status, ret_end);
		rc = explain(&r, ret_end, f);
	}
	munmap(r.note, sizeof(*r.note));
	return rc;
}

struct sandbox_support sandbox_probe(void)
{
	uint32_t action = SECCOMP_RET_TRAP;
	struct sandbox_support s = { .landlock_abi = lockdown_landlock_abi() };

	s.net = s.landlock_abi >= 4;
	s.scope = s.landlock_abi >= 6;
	s.seccomp = syscall(SYS_seccomp, SECCOMP_GET_ACTION_AVAIL, 0, &action) == 0;
	return s;
}

char *sandbox_support_text(const struct sandbox_support *s, char out[static 64])
{
	char landlock[32] = "no Landlock";

	if (s->landlock_abi)
		snprintf(landlock, sizeof(landlock), "Landlock ABI %d", s->landlock_abi);
	snprintf(out, 64, "%s, %sseccomp", landlock, s->seccomp ? "" : "no ");
	return out;
}
