/* SPDX-License-Identifier: Apache-2.0 */

#include "base/loop.h"
#include "tap.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/epoll.h>
#include <unistd.h>

static struct loop *l;
static char trace[64];

static void note(char c)
{
	size_t n = strlen(trace);

	if (n + 1 < sizeof(trace)) {
		trace[n] = c;
		trace[n + 1] = 0;
	}
}

static void fresh(void)
{
	trace[0] = 0;
	l = NULL;
	if (loop_new(&l) < 0)
		abort();
}

struct timer {
	char name;
	struct loop_timer *t, *kill;
	ts again;
};

static void on_timer(void *ctx)
{
	struct timer *t = ctx;

	note(t->name);
	if (t->kill)
		loop_timer_del(t->kill);
	if (t->again) {
		static struct timer next = { 'n', NULL, NULL, 0 };
		if (loop_timer_add(l, t->again, on_timer, &next, NULL) < 0)
			abort();
	}
}

static void add_timer(struct timer *t, ts delay)
{
	if (loop_timer_add(l, delay, on_timer, t, &t->t) < 0)
		abort();
}

static void test_timers(void)
{
	struct timer a = { 'a', 0 }, b = { 'b', 0 }, c = { 'c', 0 }, d = { 'd', 0 }, e = { 'e', 0 };

	fresh();
	is_int(loop_run(l), 0, "an empty loop ends");
	add_timer(&c, 3000000);
	add_timer(&a, 1000000);
	add_timer(&b, 2000000);
	add_timer(&d, -5);
	ts start = clock_mono();
	is_int(loop_run(l), 0, "timers run out");
	is_str(trace, "dabc", "in the order of their deadlines");
	ok(clock_mono() - start >= 3000000, "not before their time");

	trace[0] = 0;
	add_timer(&a, 0);
	add_timer(&b, 0);
	add_timer(&c, 1000000);
	add_timer(&d, 2000000);
	add_timer(&e, TS_FOREVER);
	a.kill = a.t; /* itself */
	b.kill = c.t; /* the next */
	b.again = 1;
	d.kill = e.t; /* the one that would never come */
	is_int(loop_run(l), 0, "callbacks remove and add");
	is_str(trace, "abnd", "the removed are not called, the added is");
	add_timer(&e, TS_HOUR);
	loop_timer_del(NULL);
	l = loop_free(l);
	ok(!l && !loop_free(NULL), "free with a timer pending");
}

struct watch {
	char name;
	int fd[2];
	struct loop_watch *w;
	struct watch *kill[3];
	bool stop, drain;
};

static void on_event(void *ctx, uint32_t events)
{
	struct watch *w = ctx;
	char c;

	note(w->name);
	if (w->drain && read(w->fd[0], &c, 1) != 1)
		note('!');
	for (int i = 0; i < 3; i++)
		if (w->kill[i]) {
			loop_watch_del(w->kill[i]->w);
			w->kill[i]->w = NULL;
			w->kill[i] = NULL;
		}
	if (w->stop)
		loop_stop(l, 7);
}

static void add_watch(struct watch *w)
{
	if (pipe2(w->fd, O_CLOEXEC | O_NONBLOCK) < 0 || write(w->fd[1], "xx", 2) != 2 ||
	    loop_watch_add(l, w->fd[0], EPOLLIN, on_event, w, &w->w) < 0)
		abort();
}

static void close_watch(struct watch *w)
{
	close(w->fd[0]);
	close(w->fd[1]);
}

static void test_watches(void)
{
	struct watch a = { .name = 'a' }, b = { .name = 'b' }, c = { .name = 'c' };

	/* All three are ready in one batch; whichever comes first removes the others and itself. */
	fresh();
	add_watch(&a);
	add_watch(&b);
	add_watch(&c);
	struct watch *all[] = { &a, &b, &c };
	for (int i = 0; i < 3; i++)
		for (int j = 0; j < 3; j++)
			all[i]->kill[j] = all[j];
	is_int(loop_run(l), 0, "ends when the last watch is gone");
	is_int(strlen(trace), 1, "only one of the batch was called (%s)", trace);
	l = loop_free(l);
	for (int i = 0; i < 3; i++)
		close_watch(all[i]);

	fresh();
	a = (struct watch){ .name = 'a', .drain = true };
	add_watch(&a);
	b = (struct watch){ .name = 'b', .stop = true };
	is_int(loop_watch_set(a.w, 0), 0, "set to nothing");
	add_watch(&b);
	is_int(loop_run(l), 7, "stop gives its code");
	is_str(trace, "b", "a silenced watch is not called");
	is_int(loop_watch_set(a.w, EPOLLIN), 0, "set again");
	loop_watch_del(b.w);
	loop_stop(l, 3);
	is_int(loop_run(l), 3, "a stop before the run ends it at once");
	a.kill[0] = &a;
	is_int(loop_run(l), 0, "and is used up");
	is_str(trace, "ba", "called again, removed itself");
	is_int(loop_watch_add(l, -1, EPOLLIN, on_event, &a, NULL), -EBADF, "no descriptor");
	AUTO_FD int file = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	is_int(loop_watch_add(l, file, EPOLLIN, on_event, &a, NULL), -EPERM, "a regular file");
	loop_watch_del(NULL);
	l = loop_free(l);
	close_watch(&a);
	close_watch(&b);
}

static void on_signal(void *ctx, int sig)
{
	note(sig == SIGUSR1 ? '1' : sig == SIGUSR2 ? '2' : '?');
	if (sig == SIGUSR2)
		loop_stop(l, 9);
}

static void raise_1(void *ctx)
{
	raise(SIGUSR1);
}

static void raise_2(void *ctx)
{
	raise(SIGUSR2);
}

static void test_signals(void)
{
	static const int sigs[] = { SIGUSR1, SIGUSR2 };
	sigset_t mask;

	fresh();
	is_int(loop_signals(l, sigs, 2, on_signal, NULL), 0, "signals");
	is_int(loop_signals(l, sigs, 2, on_signal, NULL), -EBUSY, "once a loop");
	if (loop_timer_add(l, 0, raise_1, NULL, NULL) < 0 ||
	    loop_timer_add(l, 1000000, raise_2, NULL, NULL) < 0)
		abort();
	is_int(loop_run(l), 9, "a signal stops the loop");
	is_str(trace, "12", "both were called");
	l = loop_free(l);
	sigprocmask(SIG_BLOCK, NULL, &mask);
	ok(!sigismember(&mask, SIGUSR1) && !sigismember(&mask, SIGUSR2), "the mask is as before");
}

int main(void)
{
	test_timers();
	test_watches();
	test_signals();
	return tap_done();
}
