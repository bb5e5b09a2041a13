/* SPDX-License-Identifier: Apache-2.0 */

#include "trust/intoto/command.h"

#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* A running command: its process and the reading ends of its pipes, -1 when there is none. */
struct running {
	pid_t pid;
	int pidfd;
	int out[2], err[2]; /* pipes; [0] is ours */
	int start[2];	    /* errno of a failed execvp */
};

static void close_fd(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

static void close_all(struct running *r)
{
	int *fds[] = { r->out, r->err, r->start };

	for (size_t i = 0; i < ARRAY_LEN(fds); i++) {
		close_fd(&fds[i][0]);
		close_fd(&fds[i][1]);
	}
	close_fd(&r->pidfd);
}

static void free_argv(char **argv)
{
	for (size_t i = 0; argv && argv[i]; i++)
		free(argv[i]);
	free(argv);
}

static char **argv_of(const struct words *w)
{
	char **argv = calloc(w->n + 1, sizeof(*argv));

	for (size_t i = 0; argv && i < w->n; i++) {
		argv[i] = strndup((const char *)w->item[i].p, w->item[i].n);
		if (!argv[i]) {
			free_argv(argv);
			return NULL;
		}
	}
	return argv;
}

/* Ends the child, telling the parent why on fd. */
__attribute__((noreturn)) static void give_up(int fd)
{
	int err = errno;

	while (write(fd, &err, sizeof(err)) < 0 && errno == EINTR)
		;
	_exit(127);
}

#define START_FD 3

__attribute__((noreturn)) static void child(const struct command *c, struct running *r, char **argv)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	sigset_t none;

	if (c->apart)
		setpgid(0, 0);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	signal(SIGPIPE, SIG_DFL);
	if (null < 0 ||
	    (c->apart && (dup2(null, 0) < 0 || dup2(null, 1) < 0 || dup2(null, 2) < 0)) ||
	    (r->out[1] >= 0 && dup2(r->out[1], 1) < 0) ||
	    (r->err[1] >= 0 && dup2(r->err[1], 2) < 0) ||
	    (c->dirfd != AT_FDCWD && fchdir(c->dirfd) < 0) ||
	    dup3(r->start[1], START_FD, O_CLOEXEC) < 0)
		give_up(r->start[1]);
	syscall(SYS_close_range, START_FD + 1u, ~0u, 0u);
	if (c->env)
		environ = c->env; /* so that its PATH is where the program is looked for */
	execvp(argv[0], argv);
	give_up(START_FD);
}

static int start(const struct command *c, struct running *r, char **argv)
{
	if (pipe2(r->start, O_CLOEXEC) < 0 || (c->out && pipe2(r->out, O_CLOEXEC) < 0) ||
	    (c->err && pipe2(r->err, O_CLOEXEC) < 0))
		return -errno;
	/* In the child it becomes START_FD, and nothing may be said over what is there until then.
	 */
	int moved = fcntl(r->start[1], F_DUPFD_CLOEXEC, START_FD + 1);
	if (moved < 0)
		return -errno;
	close(r->start[1]);
	r->start[1] = moved;
	r->pid = fork();
	if (r->pid < 0)
		return -errno;
	if (r->pid == 0)
		child(c, r, argv);
	if (c->apart)
		setpgid(r->pid, r->pid);
	close_fd(&r->start[1]);
	close_fd(&r->out[1]);
	close_fd(&r->err[1]);
	r->pidfd = (int)syscall(SYS_pidfd_open, r->pid, 0);
	return r->pidfd < 0 ? -errno : 0;
}

/* What is there now goes to b and, as in-toto-run shows it, to the terminal. */
static int drain(int *fd, struct buf *b, int copy_to)
{
	uint8_t text[16384];
	ssize_t n = read(*fd, text, sizeof(text));

	if (n < 0)
		return errno == EINTR ? 0 : -errno;
	if (n == 0) {
		close_fd(fd);
		return 0;
	}
	buf_put(b, text, (size_t)n);
	int rc = file_write_all(copy_to, span_of(text, (size_t)n));
	return rc < 0 ? rc : buf_err(b);
}

/* Until the process is gone and nothing is left to read of what it wrote. */
static int wait_for(const struct command *c, struct running *r)
{
	ts end = c->timeout ? clock_mono() + c->timeout : TS_FOREVER;
	bool gone = false;

	while (!gone || r->out[0] >= 0 || r->err[0] >= 0) {
		struct pollfd p[3] = { { .fd = gone ? -1 : r->pidfd, .events = POLLIN },
			{ .fd = r->out[0], .events = POLLIN },
			{ .fd = r->err[0], .events = POLLIN } };
		ts left = end == TS_FOREVER ? 0 : end - clock_mono();
		if (end != TS_FOREVER && left <= 0)
			return -ETIMEDOUT;
		/* A process that it left behind may hold a pipe open: once it is gone, only what is
		 * there. */
		int ms = gone ? 0 : end == TS_FOREVER ? -1 : (int)(left / 1000000 + 1);
		int n = poll(p, 3, ms);
		if (n < 0 && errno != EINTR)
			return -errno;
		if (n == 0 && gone)
			return 0;
		if (n <= 0)
			continue;
		int rc = p[1].revents ? drain(&r->out[0], c->out, c->out_to) : 0;
		if (rc == 0 && p[2].revents)
			rc = drain(&r->err[0], c->err, 2);
		if (rc < 0)
			return rc;
		gone |= p[0].revents != 0;
	}
	return 0;
}

static int exec_error(struct running *r)
{
	int err = 0;
	ssize_t n;

	while ((n = read(r->start[0], &err, sizeof(err))) < 0 && errno == EINTR)
		;
	return n == (ssize_t)sizeof(err) && err > 0 ? -err : 0;
}

static int reap(struct running *r, int *ret_status)
{
	int st = 0;

	while (waitpid(r->pid, &st, 0) < 0)
		if (errno != EINTR)
			return -errno;
	*ret_status = WIFEXITED(st) ? WEXITSTATUS(st) : 128 + WTERMSIG(st);
	return 0;
}

int command_run(const struct command *c, int *ret_status, struct fault *f)
{
	struct running r = { 0, -1, { -1, -1 }, { -1, -1 }, { -1, -1 } };
	char **argv = argv_of(c->argv);
	int status = 0;

	int rc = argv ? start(c, &r, argv) : -ENOMEM;
	if (rc == 0)
		rc = exec_error(&r);
	if (rc == 0)
		rc = wait_for(c, &r);
	if (r.pid > 0) {
		if (rc < 0 || c->apart) /* with what it left behind, which could go on writing */
			kill(c->apart ? -r.pid : r.pid, SIGKILL);
		int rc2 = reap(&r, &status);
		if (rc == 0)
			rc = rc2;
	}
	if (rc == -ETIMEDOUT)
		fault_set(f, rc, "%s: ended after %lld seconds", QUOTE(c->argv->item[0]),
		    (long long)(c->timeout / TS_SECOND));
	else if (rc < 0)
		fault_set(f, rc, "%s: %s", QUOTE(c->argv->item[0]), strerror(-rc));
	else
		*ret_status = status;
	close_all(&r);
	free_argv(argv);
	return rc;
}
