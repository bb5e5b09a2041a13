/* SPDX-License-Identifier: Apache-2.0 */

#include "sense/host/process.h"

#include "crypto/hash.h"
#include "tap.h"

#include <errno.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

static void test_map_line(void)
{
	static const char *const bad[] = { "", "x", "7f00", "7f00-", "7f00-7f10", "7f00-7f10 r-x",
		"7f10-7f00 r-xp 0 08:01 1 /x", "7f00-7f10 r-xp 0 08:01", "7f00-7f10 r-xp 0 0801 1 /x",
		"7f00-7f10 r-xp 0 08:01 99999999999999999999 /x", "7f00-7f10 r-xp g 08:01 1 /x",
		"11111111111111111-7 r-xp 0 08:01 1", "7F00-7F10 r-xp 0 08:01 1 /x" };
	static const char line[] = "7f0000001000-7f0000003000 r-xp 0000f000 fd:02 1234567                   /usr/lib/a b.so (deleted)";
	struct process_map m, none = { 0 };

	ok(process_map_line(&m, span_str(line)), "a line");
	ok(m.start == 0x7f0000001000 && m.end == 0x7f0000003000 && m.off == 0xf000, "addresses");
	ok(m.read && !m.write && m.exec && !m.shared, "permissions");
	ok(m.major == 0xfd && m.minor == 2 && m.ino == 1234567, "which file");
	ok(span_eq_str(m.path, "/usr/lib/a b.so") && m.deleted, "path, deleted");
	ok(process_map_line(&m, span_str("7f00-7f10 rwxs 0 00:00 0")) && m.write && m.shared && !m.path.n,
	    "memory without a file");
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		memset(&m, 1, sizeof(m));
		ok(!process_map_line(&m, span_str(bad[i])) && memcmp(&m, &none, sizeof(m)) == 0,
		    "not a line: \"%s\"", bad[i]);
	}
}

static void test_stat(void)
{
	static const char good[] = "812 (a) b (c)) S 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 4711 20\n";
	struct process_stat x;
	size_t wrong = 0;

	ok(process_stat(&x, span_str(good)) && span_eq_str(x.comm, "a) b (c)") && x.start == 4711 && !x.kernel,
	    "a name with parentheses");
	for (size_t n = 0; n + 7 < sizeof(good); n++)
		wrong += process_stat(&x, span_cut(span_str(good), 0, n)) && x.start == 4711;
	is_int(wrong, 0, "no prefix without the start time gives it");
	ok(process_stat(&x, SPAN_LIT("2 (kthreadd) S 0 0 0 0 -1 2129984 0 0 0 0 0 0 0 0 20 0 1 0 1 0")) && x.kernel,
	    "a thread of the kernel");
	ok(!process_stat(&x, SPAN_LIT("1 x 2")) && !x.comm.n && !x.start, "no name");
	ok(!process_stat(&x, SPAN_LIT("1 (x) S x")), "too few fields");
}

struct look {
	uint32_t pid;
	char path[256];
	struct digest digest;
	enum process_state state;
	unsigned found, memory;
};

static int on_object(void *ctx, const struct process_object *o)
{
	struct look *l = ctx;

	for (uint32_t i = 0; i < o->nprocesses; i++)
		if (o->process[i]->pid == l->pid && o->exe[i]) {
			l->found++;
			l->state = o->state;
			l->digest = o->digest[DIGEST_SHA256];
			snprintf(l->path, sizeof(l->path), "%s", o->path);
		}
	return 0;
}

static int on_memory(void *ctx, const struct process_memory *m)
{
	struct look *l = ctx;

	if (m->process->pid == l->pid)
		l->memory += m->writable > 0;
	return 0;
}

/* A child of ours, which is this program, with a page that is writable and executable. */
static void test_live(void)
{
	struct look l = { 0 };
	struct process_opts o = { .set = HASH_SET(DIGEST_SHA256), .on_object = on_object,
		.on_memory = on_memory, .ctx = &l };
	struct process_stats st;
	struct fault f = FAULT_INIT;
	int up[2];
	char c = 0;

	if (pipe(up) < 0 || (l.pid = (uint32_t)fork()) == (uint32_t)-1) {
		tap_skip("a process", "no pipe or fork");
		return;
	}
	if (!l.pid) {
		void *p = mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		c = p == MAP_FAILED ? 'n' : 'y';
		if (write(up[1], &c, 1) == 1)
			pause();
		_exit(0);
	}
	if (read(up[0], &c, 1) != 1)
		c = 'n';
	ok(processes_read(&o, &st, &f) == 0, "reads the processes");
	is_int(l.found, 1, "this program is among them, once");
	is_int(l.state, PROCESS_SAME, "as it is on disk");
	ok(digest_is_set(&l.digest) && strstr(l.path, "test_process"), "and was read");
	if (c == 'y')
		is_int(l.memory, 1, "executable memory is told");
	o.self = (uint32_t)getpid();
	l.found = 0;
	ok(processes_read(&o, &st, &f) == 0 && l.found == 0, "it and its children are left out on request");
	kill((pid_t)l.pid, SIGKILL);
	waitpid((pid_t)l.pid, NULL, 0);
	o.proc = "/nonexistent";
	ok(processes_read(&o, &st, &f) == -ENOENT && f.text[0], "no proc");
}

int main(void)
{
	test_map_line();
	test_stat();
	test_live();
	return tap_done();
}
