/* SPDX-License-Identifier: Apache-2.0 */

#include "drill/spawn.h"

#include "base/clock.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

static int start(const char *const *argv, int out, int err, pid_t *ret_pid)
{
	posix_spawn_file_actions_t fa;

	int rc = posix_spawn_file_actions_init(&fa);
	if (rc)
		return -rc;
	if ((rc = posix_spawn_file_actions_addopen(&fa, 0, "/dev/null", O_RDONLY, 0)) == 0 &&
	    (rc = posix_spawn_file_actions_adddup2(&fa, out, 1)) == 0 &&
	    (rc = posix_spawn_file_actions_adddup2(&fa, err, 2)) == 0)
		rc = posix_spawn(
		    ret_pid, argv[0], &fa, NULL, (char *const *)(uintptr_t)argv, environ);
	posix_spawn_file_actions_destroy(&fa);
	return -rc;
}

/* Reads what is there; false at the end of the pipe. */
static bool drain(int fd, struct buf *b)
{
	uint8_t part[16384];
	ssize_t n = read(fd, part, sizeof(part));

	if (n > 0 && b->n + (size_t)n <= b->max)
		buf_put(b, part, (size_t)n);
	return n > 0 || (n < 0 && errno == EINTR);
}

/* Until both pipes are closed or the time is up; true in time. */
static bool pump(int out_fd, int err_fd, ts deadline, struct buf *out, struct buf *err)
{
	struct pollfd p[2] = { { .fd = out_fd, .events = POLLIN },
		{ .fd = err_fd, .events = POLLIN } };

	while (p[0].fd >= 0 || p[1].fd >= 0) {
		ts left = deadline - clock_mono();
		if (left <= 0)
			return false;
		if (poll(p, 2, (int)(left / 1000000) + 1) < 0 && errno != EINTR)
			return false;
		if (p[0].fd >= 0 && p[0].revents && !drain(p[0].fd, out))
			p[0].fd = -1;
		if (p[1].fd >= 0 && p[1].revents && !drain(p[1].fd, err))
			p[1].fd = -1;
	}
	return true;
}

int spawn_run(const char *const *argv, int seconds, struct buf *out, struct buf *err, int *ret_code)
{
	int o[2], e[2], status;
	pid_t pid;

	if (pipe2(o, O_CLOEXEC) < 0)
		return -errno;
	AUTO_FD int out_r = o[0];
	AUTO_FD int out_w = o[1];
	if (pipe2(e, O_CLOEXEC) < 0)
		return -errno;
	AUTO_FD int err_r = e[0];
	AUTO_FD int err_w = e[1];
	int rc = start(argv, out_w, err_w, &pid);
	if (rc < 0)
		return rc;
	fd_close_p(&out_w);
	fd_close_p(&err_w);
	out_w = err_w = -1;
	bool in_time = pump(out_r, err_r, clock_mono() + seconds * TS_SECOND, out, err);
	if (!in_time)
		kill(pid, SIGKILL);
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return -errno;
	if (!in_time)
		return SPAWN_TIMEOUT;
	*ret_code = WIFEXITED(status) ? WEXITSTATUS(status) : WTERMSIG(status);
	return WIFEXITED(status) ? SPAWN_EXITED : SPAWN_SIGNAL;
}
