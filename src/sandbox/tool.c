/* SPDX-License-Identifier: Apache-2.0 */

#include "sandbox/tool.h"

#include "sandbox/lockdown.h"
#include "sandbox/worker.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define TIMEOUT_DEFAULT (60 * TS_SECOND)
#define MEMORY_DEFAULT (512u << 20)
#define OPEN_FILES 64
#define PART (64u << 10)

/* What the child says when it cannot start the program; nothing when it could. */
struct failure {
	int err;
	bool in_exec;
};

struct child {
	const struct tool_opts *o;
	int out, err, failure; /* the child's ends of the pipes */
	pid_t parent;
};

/* --- in the child ---------------------------------------------------------------------------- */

static const char *const readable[] = {
	"/usr/lib", "/usr/lib32", "/usr/lib64", "/usr/libx32", "/lib", "/lib64",
	"/usr/share/zoneinfo", "/etc/ld.so.cache", "/etc/localtime", "/etc/gcrypt", "/dev/null",
	"/dev/urandom", "/proc/sys/crypto",
};

/* 0 null, 1 and 2 the pipes, then what was given, then the failure pipe, which closes on exec. */
static int keep_fds(struct child *c)
{
	int from[TOOL_FDS_MAX + 4];
	const struct tool_opts *o = c->o;
	const int floor = TOOL_FD + TOOL_FDS_MAX + 1;
	size_t n = 0;

	from[n++] = open("/dev/null", O_RDWR | O_CLOEXEC);
	from[n++] = c->out;
	from[n++] = c->err;
	for (size_t i = 0; i < o->nfds; i++)
		from[n++] = o->fds[i];
	from[n++] = c->failure;
	/* All to high numbers first, so that no target is still a source. */
	for (size_t i = 0; i < n; i++)
		if ((from[i] = fcntl(from[i], F_DUPFD, floor)) < 0)
			return -errno;
	for (size_t i = 0; i < n; i++)
		if (dup2(from[i], (int)i) < 0)
			return -errno;
	c->failure = (int)n - 1;
	if (fcntl(c->failure, F_SETFD, FD_CLOEXEC) < 0)
		return -errno;
	return close_range((unsigned)n, ~0u, 0) < 0 ? -errno : 0;
}

static int limit_all(const struct tool_opts *o)
{
	rlim_t cpu = (rlim_t)((o->timeout ? o->timeout : TIMEOUT_DEFAULT) / TS_SECOND + 1);
	rlim_t memory = SANDBOX_SANITIZED ? RLIM_INFINITY :
	    o->memory			  ? o->memory :
					    MEMORY_DEFAULT;
	const struct {
		int which;
		rlim_t max;
	} limit[] = {
		{ RLIMIT_AS, memory }, { RLIMIT_CPU, cpu }, { RLIMIT_NOFILE, OPEN_FILES },
		{ RLIMIT_FSIZE, 0 }, { RLIMIT_NPROC, 0 }, { RLIMIT_CORE, 0 },
		{ RLIMIT_MEMLOCK, 0 }, { RLIMIT_MSGQUEUE, 0 },
	};

	for (size_t i = 0; i < ARRAY_LEN(limit); i++) {
		int rc = lockdown_limit(limit[i].which, limit[i].max, limit[i].max);
		if (rc < 0)
			return rc;
	}
	return 0;
}

static int confine(const struct tool_opts *o)
{
	const char *path[ARRAY_LEN(readable) + 1] = { o->program };

	memcpy(path + 1, readable, sizeof(readable));
	int rc = lockdown_no_privileges();
	if (rc == 0)
		rc = lockdown_landlock_read(path, ARRAY_LEN(path));
	if (rc == -EOPNOTSUPP || rc == -ENOSYS)
		rc = 0; /* this kernel has no Landlock */
	if (rc == 0)
		rc = limit_all(o);
	return rc < 0 ? rc : lockdown_seccomp_tool();
}

__attribute__((noreturn)) static void child(struct child *c)
{
	char *env[] = { (char[]){ "LC_ALL=C" }, NULL };
	struct failure failure = { 0 };

	lockdown_reset_signals();
	int rc = lockdown_die_with(c->parent);
	if (rc == 0)
		rc = keep_fds(c);
	if (rc == 0 && chdir("/") < 0)
		rc = -errno;
	if (rc == 0)
		rc = confine(c->o);
	if (rc == 0) {
		execve(c->o->program, (char *const *)(uintptr_t)c->o->argv, env);
		rc = -errno;
		failure.in_exec = true;
	}
	failure.err = -rc;
	if (write(c->failure, &failure, sizeof(failure)) < 0)
		_exit(126);
	_exit(127);
}

/* --- in the parent --------------------------------------------------------------------------- */

struct run {
	pid_t pid;
	int out, err, failure; /* the parent's ends */
	ts deadline;
};

struct pipes {
	int out[2], err[2], failure[2];
};

#define PIPES_NONE ((struct pipes){ { -1, -1 }, { -1, -1 }, { -1, -1 } })

static void close_pipes(struct pipes *p)
{
	for (int i = 0; i < 2; i++) {
		fd_close_p(&p->out[i]);
		fd_close_p(&p->err[i]);
		fd_close_p(&p->failure[i]);
	}
}

static int start(struct run *r, const struct tool_opts *o)
{
	FB_CLEANUP(close_pipes) struct pipes p = PIPES_NONE;

	if (pipe2(p.out, O_CLOEXEC) < 0 || pipe2(p.err, O_CLOEXEC) < 0 ||
	    pipe2(p.failure, O_CLOEXEC) < 0)
		return -errno;
	struct child c = { o, p.out[1], p.err[1], p.failure[1], getpid() };
	r->pid = fork();
	if (r->pid == 0)
		child(&c);
	if (r->pid < 0)
		return -errno;
	r->out = TAKE_FD(p.out[0]);
	r->err = TAKE_FD(p.err[0]);
	r->failure = TAKE_FD(p.failure[0]);
	r->deadline = clock_mono() + (o->timeout ? o->timeout : TIMEOUT_DEFAULT);
	return 0;
}

/* Reads what is there: 1, 0 at the end of the pipe, TOOL_OUTPUT as -EMSGSIZE. */
static int drain(int fd, struct buf *b)
{
	uint8_t part[PART];
	ssize_t n = read(fd, part, sizeof(part));

	if (n < 0)
		return errno == EINTR ? 1 : -errno;
	buf_put(b, part, (size_t)n);
	int rc = buf_err(b);
	return rc < 0 ? rc : n > 0;
}

/* Until both pipes are closed: 0, -ETIME, -EMSGSIZE, -errno. */
static int pump(const struct run *r, struct buf *out, struct buf *err)
{
	struct pollfd p[2] = { { r->out, POLLIN, 0 }, { r->err, POLLIN, 0 } };
	struct buf *to[2] = { out, err };

	while (p[0].fd >= 0 || p[1].fd >= 0) {
		ts left = r->deadline - clock_mono();
		if (left <= 0)
			return -ETIME;
		if (poll(p, 2, (int)(left / 1000000) + 1) < 0 && errno != EINTR)
			return -errno;
		for (int i = 0; i < 2; i++) {
			int rc = p[i].fd >= 0 && p[i].revents ? drain(p[i].fd, to[i]) : 1;
			if (rc < 0)
				return rc;
			if (rc == 0)
				p[i].fd = -1;
		}
	}
	return 0;
}

/* A program may close its pipes and stay. */
static int wait_end(const struct run *r)
{
	AUTO_FD int pidfd = (int)syscall(SYS_pidfd_open, r->pid, 0);
	struct pollfd p = { pidfd, POLLIN, 0 };

	if (pidfd < 0)
		return -errno;
	for (;;) {
		ts left = r->deadline - clock_mono();
		if (left <= 0)
			return -ETIME;
		int n = poll(&p, 1, (int)(left / 1000000) + 1);
		if (n > 0)
			return 0;
		if (n < 0 && errno != EINTR)
			return -errno;
	}
}

static int reap(const struct run *r, int rc, int *status)
{
	if (rc == 0)
		rc = wait_end(r);
	if (rc < 0)
		kill(r->pid, SIGKILL);
	while (waitpid(r->pid, status, 0) < 0)
		if (errno != EINTR)
			return -errno;
	return rc;
}

static int not_started(const struct tool_opts *o, const struct failure *x, struct fault *f)
{
	if (x->in_exec && (x->err == ENOENT || x->err == EACCES || x->err == ENOTDIR))
		return fault_set(f, TOOL_ABSENT, "%s cannot be run: %s", o->program,
		    strerror(x->err));
	return fault_set(f, TOOL_UNAVAILABLE, "this system cannot confine %s: %s", o->program,
	    strerror(x->err));
}

static int judge(const struct tool_opts *o, int rc, int status, int *ret_code, struct fault *f)
{
	char limit[TS_TEXT_MAX];

	if (rc == -ETIME)
		return fault_set(f, TOOL_TIMEOUT, "%s did not finish within %s", o->program,
		    ts_format_duration(o->timeout ? o->timeout : TIMEOUT_DEFAULT, limit));
	if (rc == -EMSGSIZE)
		return fault_set(f, TOOL_OUTPUT, "%s wrote more than is accepted", o->program);
	if (rc < 0)
		return fault_set(f, rc, "%s: %s", o->program, strerror(-rc));
	*ret_code = WIFEXITED(status) ? WEXITSTATUS(status) : WTERMSIG(status);
	if (WIFEXITED(status))
		return TOOL_EXITED;
	return fault_set(f, TOOL_SIGNAL, "%s was killed by a signal (%s)", o->program,
	    strsignal(WTERMSIG(status)));
}

int tool_run(const struct tool_opts *o, struct buf *out, struct buf *err, int *ret_code,
    struct fault *f)
{
	struct run r = { .out = -1, .err = -1, .failure = -1 };
	struct failure failure = { 0 };
	int status = 0;

	FB_ASSERT(o->nfds <= TOOL_FDS_MAX && o->program[0] == '/');
	int rc = start(&r, o);
	if (rc < 0)
		return fault_set(f, rc, "cannot start %s: %s", o->program, strerror(-rc));
	rc = reap(&r, pump(&r, out, err), &status);
	ssize_t n = read(r.failure, &failure, sizeof(failure));
	close(r.out);
	close(r.err);
	close(r.failure);
	if (n == sizeof(failure))
		return not_started(o, &failure, f);
	return judge(o, rc, status, ret_code, f);
}
