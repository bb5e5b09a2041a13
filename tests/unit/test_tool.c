/* SPDX-License-Identifier: Apache-2.0 */

/* sandbox/tool.h runs this very program again, which then tries what it may not. */

#include "sandbox/tool.h"
#include "sandbox/worker.h"
#include "tap.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static char self[4096];
static char secret[] = "/tmp/firebreak-tool-XXXXXX";

/* --- what the tool does; exit 0: it got away with it ------------------------------------------ */

static int read_secret(void)
{
	return open(getenv("SECRET") ? getenv("SECRET") : "/etc/passwd", O_RDONLY) < 0;
}

static int make_file(void)
{
	return open("/tmp/firebreak-tool-made", O_WRONLY | O_CREAT, 0600) < 0;
}

static int make_dir(void)
{
	return mkdir("/tmp/firebreak-tool-made", 0700) < 0;
}

static int write_given(void) /* 3 is given for reading and writing */
{
	return write(3, "x", 1) != 1;
}

static int net(void)
{
	return socket(AF_INET, SOCK_STREAM, 0) < 0;
}

static int unix_net(void)
{
	return socket(AF_UNIX, SOCK_STREAM, 0) < 0;
}

static int fork_it(void)
{
	pid_t p = fork();

	if (p == 0)
		_exit(0);
	return p < 0 || waitpid(p, NULL, 0) != p;
}

static int run_shell(void)
{
	char *argv[] = { (char[]){ "true" }, NULL }, *env[] = { NULL };

	execve("/usr/bin/true", argv, env);
	return 1;
}

static int kill_parent(void)
{
	return kill(getppid(), 0) < 0;
}

static int trace(void)
{
	return syscall(SYS_ptrace, 0, 0, 0, 0) < 0;
}

static int more_files(void)
{
	struct rlimit l = { 4096, 4096 };

	return setrlimit(RLIMIT_NOFILE, &l) < 0;
}

static int other_fds(void)
{
	for (int fd = 4; fd < 64; fd++)
		if (fcntl(fd, F_GETFD) >= 0)
			return 0;
	return 1;
}

static int environment(void)
{
	return !(environ[0] && !environ[1] && strcmp(environ[0], "LC_ALL=C") == 0);
}

static int big(void)
{
	return mmap(NULL, (size_t)1 << 30, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) ==
	       MAP_FAILED;
}

static int talk(void)
{
	char part[16];
	ssize_t n = read(3, part, sizeof(part));

	return n < 0 || write(1, part, (size_t)n) != n || write(2, "err", 3) != 3 ? 9 : 7;
}

static int flood(void)
{
	char part[4096] = { 0 };

	while (write(1, part, sizeof(part)) > 0)
		;
	return 0;
}

__attribute__((noreturn)) static int wait_long(void)
{
	close(1);
	close(2);
	for (;;)
		sleep(10);
}

__attribute__((noreturn)) static int die(void)
{
	abort();
}

static const struct {
	const char *name;
	int (*fn)(void);
	int want; /* 1: refused; 0: allowed */
} attempts[] = {
	{ "read another file", read_secret, 1 },
	{ "make a file", make_file, 1 },
	{ "make a folder", make_dir, 1 },
	{ "write to a descriptor that was given for reading", write_given, 1 },
	{ "open an internet socket", net, 1 },
	{ "open a local socket", unix_net, 1 },
	{ "make a process", fork_it, 1 },
	{ "run another program", run_shell, 1 },
	{ "signal its parent", kill_parent, 1 },
	{ "be traced or trace", trace, 1 },
	{ "raise a limit", more_files, 1 },
	{ "hold other descriptors", other_fds, 1 },
	{ "map a gigabyte", big, 1 },
	{ "have LC_ALL=C and nothing else", environment, 0 },
};

static const struct {
	const char *name;
	int (*fn)(void);
} acts[] = { { "talk", talk }, { "flood", flood }, { "wait", wait_long }, { "die", die } };

static int be_tool(const char *what)
{
	for (size_t i = 0; i < ARRAY_LEN(attempts); i++)
		if (strcmp(what, attempts[i].name) == 0)
			return attempts[i].fn();
	for (size_t i = 0; i < ARRAY_LEN(acts); i++)
		if (strcmp(what, acts[i].name) == 0)
			return acts[i].fn();
	return 99;
}

/* --- the test --------------------------------------------------------------------------------- */

static struct buf out, err;
static struct fault fault;

static int run(const char *what, int fd, ts timeout, int *code)
{
	const char *argv[] = { "tool", what, NULL };
	struct tool_opts o = { .program = self, .argv = argv, .fds = &fd, .nfds = 1,
		.timeout = timeout };

	buf_reset(&out);
	buf_reset(&err);
	fault = FAULT_INIT;
	*code = -1;
	return tool_run(&o, &out, &err, code, &fault);
}

static void test_attempts(void)
{
	struct sandbox_support can = sandbox_probe();
	int code;

	AUTO_FD int fd = open(secret, O_RDONLY | O_CLOEXEC);
	for (size_t i = 0; i < ARRAY_LEN(attempts); i++) {
		bool landlock = attempts[i].fn == read_secret || attempts[i].fn == run_shell;
		if ((landlock && !can.landlock_abi) || (SANDBOX_SANITIZED && attempts[i].fn == big)) {
			ok(true, "%s # SKIP not here", attempts[i].name);
			continue;
		}
		int rc = run(attempts[i].name, fd, 0, &code);
		if (!ok(rc == TOOL_EXITED && code == attempts[i].want,
			attempts[i].want ? "a tool cannot %s" : "it does %s", attempts[i].name))
			diag("rc %d, exit %d: %s %s", rc, code, fault.text, buf_str(&err));
	}
	/* The same without the tool's confinement, to show that the attempts are real. */
	is_int(read_secret() + make_dir() + rmdir("/tmp/firebreak-tool-made") + net() + fork_it(), 0,
	    "outside, they succeed");
}

static void test_talk(void)
{
	int code;

	AUTO_FD int fd = open(secret, O_RDONLY | O_CLOEXEC);
	is_int(run("talk", fd, 0, &code), TOOL_EXITED, "a tool that reads and answers");
	is_int(code, 7, "its exit status");
	is_str(buf_str(&out), "secret", "what it was given comes back on 1");
	is_str(buf_str(&err), "err", "and words on 2");
}

static void test_limits(void)
{
	int code;

	AUTO_FD int fd = open(secret, O_RDONLY | O_CLOEXEC);
	is_int(run("flood", fd, 0, &code), TOOL_OUTPUT, "too much output ends it");
	ts t = clock_mono();
	is_int(run("wait", fd, TS_SECOND / 5, &code), TOOL_TIMEOUT, "a tool that closes its pipes and stays");
	ok(clock_mono() - t < 20 * TS_SECOND, "is ended in time");
	is_int(run("die", fd, 0, &code), TOOL_SIGNAL, "a tool that crashes");
	is_int(code, SIGABRT, "with its signal");
	ok(waitpid(-1, NULL, WNOHANG) < 0 && errno == ECHILD, "no child is left");
}

static void test_absent(void)
{
	const char *argv[] = { "x", NULL };
	struct tool_opts o = { .program = "/nonexistent/gpgv", .argv = argv };
	struct fault f = FAULT_INIT;
	int code;

	is_int(tool_run(&o, &out, &err, &code, &f), TOOL_ABSENT, "a program that is not there");
	ok(strstr(f.text, "/nonexistent/gpgv"), "is named");
	o.program = secret;
	is_int(tool_run(&o, &out, &err, &code, &f), TOOL_ABSENT, "a file that is no program");
}

int main(int argc, char **argv)
{
	if (argc == 2)
		return (int)syscall(SYS_exit_group, be_tool(argv[1])); /* not through a sanitizer */
	ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);
	int fd = mkstemp(secret);
	if (n < 0 || fd < 0 || write(fd, "secret", 6) != 6)
		return 1;
	close(fd);
	out = BUF_INIT(1u << 20);
	err = BUF_INIT(1u << 20);
	test_attempts();
	test_talk();
	test_limits();
	test_absent();
	unlink(secret);
	buf_free(&out);
	buf_free(&err);
	return tap_done();
}
