/* SPDX-License-Identifier: Apache-2.0 */

/* sandbox/crew: what a confined child can do, what it cannot, and how its end is told. */

#include "sandbox/crew.h"
#include "tap.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

struct shared {
	_Atomic int seen;
	int fd, other; /* given to the child, and not */
	const char *map;
};

static int use_what_it_has(void *ctx)
{
	struct shared *s = ctx;
	struct pollfd p = { s->fd, POLLIN, 0 };
	char c;

	if (poll(&p, 1, 1000) != 1 || read(s->fd, &c, 1) != 1 || c != 'x')
		return -1;
	if (s->map[0] != 'm' || getpid() == 1)
		return -2;
	void *m = malloc(1 << 20);
	free(m);
	atomic_store(&s->seen, m ? 1 : 0);
	return 0;
}

static int opens(void *ctx)
{
	(void)ctx;
	return open("/etc/passwd", O_RDONLY | O_CLOEXEC) < 0 ? 0 : 1;
}

static int connects(void *ctx)
{
	(void)ctx;
	return socket(AF_INET, SOCK_STREAM, 0) < 0 ? 0 : 1;
}

static int reads_other(void *ctx)
{
	struct shared *s = ctx;
	char c;
	return (int)read(s->other, &c, 1);
}

static int forks(void *ctx)
{
	(void)ctx;
	return fork() < 0 ? 0 : 1;
}

static int crashes(void *ctx)
{
	(void)ctx;
	abort();
}

static int fails(void *ctx)
{
	(void)ctx;
	return -EPROTO;
}

static int no_memory(void *ctx)
{
	(void)ctx;
	return -ENOMEM;
}

static int waits(void *ctx)
{
	(void)ctx;
	while (poll(NULL, 0, 1000) == 0)
		;
	return 1;
}

/* Runs it to its end, at most ten seconds. */
static struct sandbox_end end_of(
    struct shared *s, sandbox_fn *enter, sandbox_fn *fn, struct fault *f)
{
	struct crew_opts o = { .fds = &s->fd, .nfds = 1, .heap = 16u << 20 };
	struct sandbox_end end = { .result = SANDBOX_TIMEOUT };
	struct crew c;

	*f = FAULT_INIT;
	if (crew_start(&c, &o, enter, fn, s, f) < 0)
		return end;
	for (int i = 0; i < 1000; i++) {
		if (crew_ended(&c, &end, f))
			return end;
		usleep(10000);
	}
	crew_kill(&c);
	return (struct sandbox_end){ .result = SANDBOX_TIMEOUT };
}

static void refused(struct shared *s, sandbox_fn *fn, const char *call, const char *what)
{
	struct fault f;
	struct sandbox_end end = end_of(s, NULL, fn, &f);

	is_int(end.result, SANDBOX_CALL, "%s", what);
	ok(strstr(end.call, call) && strstr(f.text, end.call), "and the call is named: %s",
	    end.call);
}

int main(void)
{
	struct sandbox_support has = sandbox_probe();
	struct shared *s =
	    mmap(NULL, sizeof(*s), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	struct sandbox_end end;
	struct fault f;
	int given[2], other[2];

	if (!has.landlock_abi || !has.seccomp)
		tap_skip_all("this kernel has no Landlock or no seccomp");
	if (s == MAP_FAILED || pipe2(given, O_CLOEXEC) < 0 || pipe2(other, O_CLOEXEC) < 0 ||
	    write(given[1], "x", 1) != 1 || write(other[1], "x", 1) != 1)
		return 1;
	s->fd = given[0];
	s->other = other[0];
	s->map = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	*(char *)(uintptr_t)s->map = 'm';
	end = end_of(s, NULL, use_what_it_has, &f);
	is_int(end.result, SANDBOX_DONE, "reads its descriptor, its maps, and has memory");
	is_int(atomic_load(&s->seen), 1, "and writes to what is shared");
	refused(s, opens, "open", "opens no file");
	refused(s, connects, "socket", "makes no socket");
	refused(s, reads_other, "read", "reads no descriptor that it was not given");
	refused(s, forks, "clone", "makes no process");
	end = end_of(s, NULL, crashes, &f);
	ok(end.result == SANDBOX_CRASHED && end.signal == SIGABRT && strstr(f.text, "Aborted"),
	    "crashed: %s", f.text);
	end = end_of(s, NULL, fails, &f);
	ok(end.result == SANDBOX_FAILED && end.code == -EPROTO, "gave up: %s", f.text);
	end = end_of(s, fails, use_what_it_has, &f);
	ok(end.result == SANDBOX_FAILED && end.code == -EPROTO, "gave up before: %s", f.text);
	end = end_of(s, no_memory, use_what_it_has, &f);
	is_int(end.result, SANDBOX_MEMORY, "no memory: %s", f.text);
	struct crew_opts o = { .fds = &s->fd, .nfds = 1, .heap = 16u << 20 };
	struct crew c = { 0 };
	ok(crew_start(&c, &o, NULL, waits, s, &f) == 0 && !crew_ended(&c, &end, &f),
	    "one that waits");
	pid_t pid = c.pid;
	crew_kill(&c);
	ok(c.pid == 0 && kill(pid, 0) < 0 && errno == ESRCH, "is gone when it is told to");
	ok(crew_ended(&c, &end, &f) && end.result == SANDBOX_DONE, "nobody has ended");
	return tap_done();
}
