/* SPDX-License-Identifier: Apache-2.0 */

/* Each attempt is really made, inside a worker; without the layers it succeeds. */

#include "sandbox/worker.h"
#include "tap.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <netinet/in.h>
#include <poll.h>
#include <sched.h>
#include <seccomp.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#define NOTHING (SANDBOX_WITHOUT_LANDLOCK | SANDBOX_WITHOUT_SECCOMP | SANDBOX_WITHOUT_LIMITS)

static char dir[] = "/tmp/firebreak-sandbox-XXXXXX";
static char secret_path[64], new_path[64], sock_name[64];
static int stray_fd; /* open in the parent, not given to the worker */
static pid_t parent;

static int collect(void *ctx, struct span s)
{
	char *text = ctx;
	size_t n = strlen(text);

	if (n + s.n < 256) {
		memcpy(text + n, s.p, s.n);
		text[n + s.n] = 0;
	}
	return 0;
}

static struct sandbox_end run(sandbox_fn *fn, void *ctx, unsigned without, char text[256])
{
	struct sandbox_opts o = { .timeout = 20 * TS_SECOND, .without = without };
	struct sandbox_end end = { .result = SANDBOX_UNAVAILABLE };

	text[0] = 0;
	int rc = sandbox_run(&o, fn, ctx, collect, text, &end, NULL);
	if (rc != (int)end.result)
		ok(false, "sandbox_run returns its result (%d, %d)", rc, (int)end.result);
	return end;
}

/* --- attempts: 0 = it worked, else errno ----------------------------------------------------- */

static int result(long rc)
{
	return rc < 0 ? errno : 0;
}

static int try_open(void *ctx)
{
	(void)ctx;
	return result(open(secret_path, O_RDONLY));
}

static int try_create(void *ctx)
{
	(void)ctx;
	return result(open(new_path, O_WRONLY | O_CREAT, 0600));
}

static int try_list(void *ctx)
{
	(void)ctx;
	return result(open("/", O_RDONLY | O_DIRECTORY));
}

static int try_unlink(void *ctx)
{
	(void)ctx;
	return result(unlink(secret_path));
}

static int try_tcp(void *ctx)
{
	struct sockaddr_in a = { .sin_family = AF_INET,
		.sin_port = htons(9),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	(void)ctx;
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	if (fd < 0)
		return errno;
	if (connect(fd, (struct sockaddr *)&a, sizeof(a)) == 0 || errno == ECONNREFUSED)
		return 0; /* it reached the network */
	return errno;
}

static int try_socket(void *ctx)
{
	(void)ctx;
	return result(socket(AF_UNIX, SOCK_DGRAM, 0));
}

static int try_abstract(void *ctx)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	(void)ctx;
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);
	if (fd < 0)
		return errno;
	memcpy(a.sun_path + 1, sock_name, strlen(sock_name));
	return result(connect(fd, (struct sockaddr *)&a,
	    (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + strlen(sock_name))));
}

static int try_fork(void *ctx)
{
	(void)ctx;
	long pid = syscall(SYS_clone, SIGCHLD, NULL, NULL, NULL, NULL);
	if (pid == 0)
		_exit(0);
	return result(pid);
}

static int try_clone3(void *ctx)
{
	uint64_t args[11] = { [4] = SIGCHLD };
	(void)ctx;
	long pid = syscall(SYS_clone3, args, sizeof(args));
	if (pid == 0)
		_exit(0);
	return result(pid);
}

static int try_exec(void *ctx)
{
	char *const argv[] = { (char[]){ "true" }, NULL };
	(void)ctx;
	execv("/bin/true", argv);
	return errno;
}

static int try_kill(void *ctx)
{
	(void)ctx;
	return result(kill(parent, 0));
}

static int try_tgkill(void *ctx)
{
	(void)ctx;
	return result(syscall(SYS_tgkill, parent, parent, 0));
}

static int try_ptrace(void *ctx)
{
	(void)ctx;
	return result(ptrace(PTRACE_SEIZE, parent, NULL, NULL));
}

static int try_peek(void *ctx)
{
	char here[8];
	struct iovec to = { here, sizeof(here) }, from = { dir, sizeof(here) };
	(void)ctx;
	return result(process_vm_readv(parent, &to, 1, &from, 1, 0));
}

static int try_stray_write(void *ctx)
{
	(void)ctx;
	return result(write(stray_fd, "x", 1));
}

static int try_stray_read(void *ctx)
{
	char c;
	(void)ctx;
	return result(pread(stray_fd, &c, 1, 0));
}

static int try_read_out(void *ctx)
{
	char c;
	(void)ctx;
	return result(read(SANDBOX_OUT, &c, 1));
}

static int try_wx(void *ctx)
{
	void *p = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	(void)ctx;
	return result(mprotect(p, 4096, PROT_READ | PROT_EXEC));
}

static int try_map_exec(void *ctx)
{
	(void)ctx;
	void *p = mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	return p == MAP_FAILED ? errno : 0;
}

static int try_shared(void *ctx)
{
	(void)ctx;
	void *p = mmap(NULL, 4096, PROT_READ, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	return p == MAP_FAILED ? errno : 0;
}

static int try_prctl(void *ctx)
{
	(void)ctx;
	return result(prctl(PR_SET_DUMPABLE, 1));
}

static int try_ioctl(void *ctx)
{
	int n;
	(void)ctx;
	return result(ioctl(SANDBOX_OUT, FIONREAD, &n));
}

static int try_limit(void *ctx)
{
	struct rlimit l;
	(void)ctx;
	return result(getrlimit(RLIMIT_AS, &l));
}

static int try_unshare(void *ctx)
{
	(void)ctx;
	return result(unshare(CLONE_NEWUSER));
}

static int try_uring(void *ctx)
{
	char params[256] = { 0 };
	(void)ctx;
	return result(syscall(SYS_io_uring_setup, 1, params));
}

static int try_dup(void *ctx)
{
	(void)ctx;
	return result(dup(SANDBOX_OUT));
}

static int try_handler(void *ctx)
{
	struct sigaction sa = { .sa_handler = SIG_IGN };
	(void)ctx;
	return result(sigaction(SIGSYS, &sa, NULL));
}

/* --- tests ----------------------------------------------------------------------------------- */

static const struct attempt {
	const char *what;
	sandbox_fn *fn;
	const char *call;
	int err;      /* what it gets without seccomp; 0 = only seccomp minds */
	int abi;      /* when that is Landlock's work: from this ABI on */
	bool control; /* works in an ordinary process, which is shown as well */
} attempts[] = {
	{ "open a file", try_open, "openat", EACCES, 1, true },
	{ "create a file", try_create, "openat", EACCES, 1, true },
	{ "list a directory", try_list, "openat", EACCES, 1, true },
	{ "delete a file", try_unlink, "unlink", EACCES, 1, false },
	{ "connect to a TCP port", try_tcp, "socket", EACCES, 4, true },
	{ "make a socket", try_socket, "socket", 0, 0, true },
	{ "connect to an abstract socket", try_abstract, "socket", EPERM, 6, true },
	{ "fork", try_fork, "clone", 0, 0, true },
	{ "fork with clone3", try_clone3, "clone3", 0, 0, false },
	{ "run a program", try_exec, "execve", EACCES, 1, false },
	{ "signal its parent", try_kill, "kill", EPERM, 6, true },
	{ "signal its parent's thread", try_tgkill, "tgkill", EPERM, 6, true },
	{ "trace its parent", try_ptrace, "ptrace", EPERM, 1, false },
	{ "read its parent's memory", try_peek, "process_vm_readv", EPERM, 1, false },
	{ "write to a descriptor it was not given", try_stray_write, "write", EBADF, 0, false },
	{ "read a descriptor it was not given", try_stray_read, "pread64", EBADF, 0, false },
	{ "read from the pipe to its parent", try_read_out, "read", EBADF, 0, false },
	{ "make written memory executable", try_wx, "mprotect", 0, 0, true },
	{ "map executable memory", try_map_exec, "mmap", 0, 0, true },
	{ "map shared memory", try_shared, "mmap", 0, 0, true },
	{ "undo its dumpable flag", try_prctl, "prctl", 0, 0, true },
	{ "use ioctl", try_ioctl, "ioctl", 0, 0, true },
	{ "look at its limits", try_limit, "prlimit64", 0, 0, true },
	{ "make a user namespace", try_unshare, "unshare", 0, 0, false },
	{ "set up io_uring", try_uring, "io_uring_setup", 0, 0, false },
	{ "copy a descriptor", try_dup, "dup", EMFILE, 0, true },
	{ "ignore the seccomp signal", try_handler, "rt_sigaction", 0, 0, true },
};

static void test_attempts(const struct sandbox_support *has)
{
	char text[256];

	for (size_t i = 0; i < ARRAY_LEN(attempts); i++) {
		const struct attempt *a = &attempts[i];
		struct sandbox_end end = run(a->fn, NULL, 0, text);
		is_int(end.result, SANDBOX_CALL, "full: cannot %s", a->what);
		is_str(end.call, a->call, "full: cannot %s: the call is named", a->what);
		end = run(a->fn, NULL, SANDBOX_WITHOUT_LANDLOCK, text);
		ok(end.result == SANDBOX_CALL && strcmp(end.call, a->call) == 0,
		    "seccomp alone: cannot %s", a->what);
		if (a->err && has->landlock_abi >= a->abi) {
			/* Without the limits too where they would refuse first. */
			unsigned without = SANDBOX_WITHOUT_SECCOMP;
			if (a->err != EMFILE)
				without |= SANDBOX_WITHOUT_LIMITS;
			end = run(a->fn, NULL, without, text);
			ok(end.result == SANDBOX_FAILED && end.code == a->err,
			    "without seccomp: cannot %s (%s)", a->what, strerror(end.code));
		}
		if (a->control) {
			end = run(a->fn, NULL, NOTHING, text);
			ok(end.result == SANDBOX_DONE, "without the layers it could: %s (%s)",
			    a->what, strerror(end.code));
			unlink(new_path);
		}
	}
	ok(access(secret_path, F_OK) == 0 && access(new_path, F_OK) < 0, "nothing was changed");
}

#ifdef __x86_64__
static int x32_fn(void *ctx)
{
	(void)ctx;
	return result(syscall(0x40000000 + SYS_getpid));
}

static void test_foreign(void)
{
	char text[256];
	struct sandbox_end end = run(x32_fn, NULL, 0, text);

	ok(end.result == SANDBOX_CALL && strcmp(end.call, "a foreign call") == 0,
	    "even an allowed call ends it through another ABI");
}
#else
static void test_foreign(void)
{
}
#endif

static int stat_fn(void *ctx)
{
	struct stat st;
	(void)ctx;
	return result(stat(secret_path, &st));
}

static int env_fn(void *ctx)
{
	const char *copy = ctx;
	return getenv("FIREBREAK_TEST_SECRET") || environ || copy[0];
}

static int talk_fn(void *ctx)
{
	char c[4] = { 0 };
	int *want = ctx;

	if (pread(SANDBOX_IN, c, 4, 2) != 4 || memcmp(c, "cret", 4) != 0)
		return 1;
	struct stat st;
	if (fstat(SANDBOX_IN, &st) == 0 || errno != EACCES)
		return 2;
	char *heap = malloc(8 << 20);
	if (!heap)
		return 3;
	memset(heap, 1, 8 << 20);
	free(heap);
	if (write(SANDBOX_OUT, "said ", 5) != 5 || write(SANDBOX_OUT, "this", 4) != 4)
		return 4;
	return *want;
}

static void test_good(void)
{
	int fd = open(secret_path, O_RDONLY | O_CLOEXEC), want = 0;
	struct sandbox_opts o = { .fds = &fd, .nfds = 1, .timeout = 20 * TS_SECOND };
	struct sandbox_end end;
	struct fault f = FAULT_INIT;
	char text[256] = "";

	int rc = sandbox_run(&o, talk_fn, &want, collect, text, &end, &f);
	is_int(rc, SANDBOX_DONE, "a worker reads what it was given and writes its pipe (%d)",
	    end.code);
	is_str(text, "said this", "and the parent hears it");
	is_str(f.text, "", "a clean end says nothing");
	want = 77;
	rc = sandbox_run(&o, talk_fn, &want, collect, text, &end, &f);
	ok(rc == SANDBOX_FAILED && end.code == 77, "the function's own code comes back");
	close(fd);

	end = run(stat_fn, NULL, 0, text);
	ok(end.result == SANDBOX_FAILED && end.code == EACCES, "stat of a path is refused, alive");
	/* The string as the parent's environment block holds it: the worker's copy is blank. */
	setenv("FIREBREAK_TEST_SECRET", "tell nobody", 1);
	end = run(env_fn, getenv("FIREBREAK_TEST_SECRET"), 0, text);
	is_int(end.result, SANDBOX_DONE, "the environment is not there");
	is_str(getenv("FIREBREAK_TEST_SECRET"), "tell nobody", "the parent still has its own");
}

static int eat_fn(void *ctx)
{
	(void)ctx;
	for (;;) {
		char *p = malloc(1 << 20);
		if (!p)
			return -ENOMEM;
		memset(p, 1, 1 << 20);
	}
}

static int spin_fn(void *ctx)
{
	volatile unsigned n = 0;
	(void)ctx;
	for (;;)
		n++;
	return 0;
}

static int block_fn(void *ctx)
{
	char c;
	(void)ctx;
	return read(SANDBOX_IN, &c, 1) == 1; /* a pipe that nobody writes */
}

static int crash_fn(void *ctx)
{
	*(volatile int *)ctx = 1;
	return 0;
}

static int abort_fn(void *ctx)
{
	(void)ctx;
	abort();
}

static int exit_fn(void *ctx)
{
	(void)ctx;
	_exit(0);
}

static int flood_fn(void *ctx)
{
	char block[4096] = { 0 };
	(void)ctx;
	while (write(SANDBOX_OUT, block, sizeof(block)) > 0)
		;
	return 5;
}

static int refuse(void *ctx, struct span s)
{
	(void)ctx;
	(void)s;
	return -EPROTO;
}

static void test_limits(void)
{
	struct sandbox_opts o = { .timeout = 10 * TS_SECOND, .memory = 32 << 20 };
	struct sandbox_end end;
	struct fault f = FAULT_INIT;
	char text[256] = "";
	int pipefd[2];

	if (SANDBOX_SANITIZED)
		tap_skip("the memory limit bites", "sanitizers need more than any limit");
	else
		ok(sandbox_run(&o, eat_fn, NULL, collect, text, &end, &f) == SANDBOX_MEMORY,
		    "the memory limit bites: %s", f.text);
	o.cpu = 1;
	ts start = clock_mono();
	ok(sandbox_run(&o, spin_fn, NULL, collect, text, &end, &f) == SANDBOX_CPU,
	    "the CPU limit bites: %s", f.text);
	ok(clock_mono() - start < 8 * TS_SECOND, "long before the wall clock");

	ok(pipe2(pipefd, O_CLOEXEC) == 0, "a pipe that nobody writes");
	o = (struct sandbox_opts){ .fds = pipefd, .nfds = 1, .timeout = TS_SECOND / 5 };
	start = clock_mono();
	ok(sandbox_run(&o, block_fn, NULL, collect, text, &end, &f) == SANDBOX_TIMEOUT,
	    "the wall clock bites: %s", f.text);
	ok(clock_mono() - start < 5 * TS_SECOND, "soon");
	o.timeout = TS_SECOND / 5;
	ok(sandbox_run(&o, spin_fn, NULL, collect, text, &end, &f) == SANDBOX_TIMEOUT,
	    "also for a worker that never sleeps");
	close(pipefd[0]);
	close(pipefd[1]);

	o = (struct sandbox_opts){ .timeout = 10 * TS_SECOND };
	is_int(sandbox_run(&o, flood_fn, NULL, refuse, NULL, &end, &f), -EPROTO,
	    "the parent may end it");
}

static void test_ends(void)
{
	struct sandbox_opts o = { .timeout = 10 * TS_SECOND };
	struct sandbox_end end;
	struct fault f = FAULT_INIT;
	char text[256] = "";

	ok(sandbox_run(&o, crash_fn, NULL, collect, text, &end, &f) == SANDBOX_CRASHED &&
		end.signal == SIGSEGV,
	    "a crash is told: %s", f.text);
	ok(sandbox_run(&o, abort_fn, NULL, collect, text, &end, &f) == SANDBOX_CRASHED &&
		end.signal == SIGABRT,
	    "abort is told as such: %s", f.text);
	ok(sandbox_run(&o, exit_fn, NULL, collect, text, &end, &f) == SANDBOX_CRASHED,
	    "leaving without returning is no success: %s", f.text);
	is_int(waitpid(-1, NULL, WNOHANG), -1, "no worker is left behind");
}

/* A middle process starts a worker and is killed: the worker must not live on. */
static void test_parent_death(void)
{
	int life[2], byte;
	struct sandbox_end end;

	if (pipe(life) < 0)
		abort();
	pid_t middle = fork();
	if (middle == 0) {
		/* The worker holds life[1] as its input; it is closed when the worker dies. */
		struct sandbox_opts o = { .fds = life, .nfds = 2, .timeout = 60 * TS_SECOND };
		close(0);
		_exit(sandbox_run(&o, block_fn, NULL, collect, NULL, &end, NULL));
	}
	close(life[1]);
	usleep(200000);
	kill(middle, SIGKILL);
	waitpid(middle, NULL, 0);
	struct pollfd p = { life[0], POLLIN, 0 };
	ok(poll(&p, 1, 5000) == 1 && read(life[0], &byte, 1) == 0, "it dies with its parent");
	close(life[0]);
}

static int noop_fn(void *ctx)
{
	(void)ctx;
	return 0;
}

/* In a child that a filter makes believe that its kernel has no such call. 0 when all is well. */
static int without(int call, const char *layer, unsigned leave_out)
{
	struct sandbox_opts o = { .timeout = 10 * TS_SECOND };
	struct sandbox_end end;
	struct fault f = FAULT_INIT;
	char text[256] = "";

	scmp_filter_ctx c = seccomp_init(SCMP_ACT_ALLOW);
	if (!c || seccomp_rule_add(c, SCMP_ACT_ERRNO(ENOSYS), call, 0) < 0)
		return 1;
	/* The old way to the same thing. */
	if (call == SCMP_SYS(seccomp) &&
	    seccomp_rule_add(c, SCMP_ACT_ERRNO(EINVAL), SCMP_SYS(prctl), 1,
		SCMP_A0(SCMP_CMP_EQ, PR_SET_SECCOMP)) < 0)
		return 1;
	if (seccomp_load(c) < 0)
		return 1;
	seccomp_release(c);
	struct sandbox_support has = sandbox_probe();
	if (call == SCMP_SYS(seccomp) ? has.seccomp : has.landlock_abi)
		return 2;
	if (sandbox_run(&o, crash_fn, NULL, collect, text, &end, &f) != SANDBOX_UNAVAILABLE)
		return 3;
	if (!strstr(f.text, "cannot sandbox") || !strstr(f.text, layer))
		return 4;
	o.without = leave_out;
	return sandbox_run(&o, noop_fn, NULL, collect, text, &end, &f) == SANDBOX_DONE ? 0 : 5;
}

static void test_unavailable(void)
{
	static const struct {
		int call;
		const char *layer;
		unsigned leave_out;
	} t[] = {
		{ SCMP_SYS(landlock_create_ruleset), "Landlock", SANDBOX_WITHOUT_LANDLOCK },
		{ SCMP_SYS(seccomp), "seccomp", SANDBOX_WITHOUT_SECCOMP },
	};
	int status;

	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		pid_t pid = fork();
		if (pid == 0)
			_exit(without(t[i].call, t[i].layer, t[i].leave_out));
		waitpid(pid, &status, 0);
		is_int(WEXITSTATUS(status), 0, "a kernel without %s: nothing runs unless asked to",
		    t[i].layer);
	}
}

/* With no room for a descriptor the lock-down cannot be completed: nothing may run. */
static void test_incomplete(void)
{
	struct sandbox_opts o = { .timeout = 10 * TS_SECOND };
	struct sandbox_end end;
	struct fault f = FAULT_INIT;
	struct rlimit tight = { 10, 10 };
	char text[256] = "";

	pid_t pid = fork();
	if (pid == 0) {
		setrlimit(RLIMIT_NOFILE, &tight);
		int rc = sandbox_run(&o, noop_fn, NULL, collect, text, &end, &f);
		_exit(rc == SANDBOX_UNAVAILABLE && strstr(f.text, "descriptors") ? 0 : 1);
	}
	int status;
	waitpid(pid, &status, 0);
	ok(WIFEXITED(status) && WEXITSTATUS(status) == 0, "a lock-down that fails runs nothing");
}

static void make_world(void)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };

	parent = getpid();
	if (!mkdtemp(dir))
		abort();
	snprintf(secret_path, sizeof(secret_path), "%s/secret", dir);
	snprintf(new_path, sizeof(new_path), "%s/new", dir);
	stray_fd = open(secret_path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (stray_fd < 0 || write(stray_fd, "secret", 6) != 6)
		abort();
	stray_fd = fcntl(stray_fd, F_DUPFD_CLOEXEC, 20);
	snprintf(sock_name, sizeof(sock_name), "firebreak-test-%d", (int)parent);
	memcpy(a.sun_path + 1, sock_name, strlen(sock_name));
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (bind(fd, (struct sockaddr *)&a,
		(socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + strlen(sock_name))) < 0 ||
	    listen(fd, 64) < 0)
		abort();
}

int main(void)
{
	char text[64];
	struct sandbox_support has = sandbox_probe();

	printf("# this kernel: %s\n", sandbox_support_text(&has, text));
	if (!has.landlock_abi || !has.seccomp)
		tap_skip_all("this kernel has no Landlock or no seccomp");
	make_world();
	test_good();
	test_attempts(&has);
	test_foreign();
	test_limits();
	test_ends();
	test_parent_death();
	test_incomplete();
	test_unavailable();
	unlink(secret_path);
	rmdir(dir);
	return tap_done();
}
