/* SPDX-License-Identifier: Apache-2.0 */

#include "base/loop.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <unistd.h>

#define EVENTS 32

struct loop_watch {
	struct loop *loop;
	struct loop_watch *prev, *next;
	int fd;
	bool dead; /* removed while events are being handed out; freed after that */
	void (*cb)(void *ctx, uint32_t events);
	void *ctx;
};

struct loop_timer {
	struct loop *loop;
	struct loop_timer *prev, *next; /* sorted by when */
	ts when;
	void (*cb)(void *ctx);
	void *ctx;
};

struct loop {
	int epfd, sigfd;
	struct loop_watch *watches, *graveyard;
	struct loop_timer *timers, *firing;
	bool stop, dispatching;
	int code;
	void (*sigcb)(void *ctx, int sig);
	void *sigctx;
	sigset_t old_mask;
};

int loop_new(struct loop **ret_loop)
{
	struct loop *l = calloc(1, sizeof(*l));
	if (!l)
		return -ENOMEM;
	l->sigfd = -1;
	l->epfd = epoll_create1(EPOLL_CLOEXEC);
	if (l->epfd < 0) {
		free(l);
		return -errno;
	}
	*ret_loop = l;
	return 0;
}

static void bury(struct loop *l)
{
	while (l->graveyard) {
		struct loop_watch *w = l->graveyard;
		l->graveyard = w->next;
		free(w);
	}
}

struct loop *loop_free(struct loop *l)
{
	if (!l)
		return NULL;
	while (l->watches)
		loop_watch_del(l->watches);
	while (l->timers)
		loop_timer_del(l->timers);
	bury(l);
	if (l->sigfd >= 0) {
		close(l->sigfd);
		sigprocmask(SIG_SETMASK, &l->old_mask, NULL);
	}
	close(l->epfd);
	free(l);
	return NULL;
}

int loop_watch_add(struct loop *l, int fd, uint32_t events, void (*cb)(void *, uint32_t), void *ctx,
    struct loop_watch **ret_w)
{
	struct loop_watch *w = calloc(1, sizeof(*w));
	if (!w)
		return -ENOMEM;
	*w = (struct loop_watch){ .loop = l, .fd = fd, .cb = cb, .ctx = ctx };
	struct epoll_event ev = { .events = events, .data.ptr = w };
	if (epoll_ctl(l->epfd, EPOLL_CTL_ADD, fd, &ev) < 0) {
		int e = errno;
		free(w);
		return -e;
	}
	w->next = l->watches;
	if (w->next)
		w->next->prev = w;
	l->watches = w;
	if (ret_w)
		*ret_w = w;
	return 0;
}

int loop_watch_set(struct loop_watch *w, uint32_t events)
{
	struct epoll_event ev = { .events = events, .data.ptr = w };
	return epoll_ctl(w->loop->epfd, EPOLL_CTL_MOD, w->fd, &ev) < 0 ? -errno : 0;
}

void loop_watch_del(struct loop_watch *w)
{
	if (!w)
		return;
	struct loop *l = w->loop;
	epoll_ctl(l->epfd, EPOLL_CTL_DEL, w->fd, NULL);
	if (w->prev)
		w->prev->next = w->next;
	else
		l->watches = w->next;
	if (w->next)
		w->next->prev = w->prev;
	w->dead = true;
	w->next = l->graveyard;
	l->graveyard = w;
	if (!l->dispatching)
		bury(l);
}

int loop_timer_add(struct loop *l, ts delay, void (*cb)(void *), void *ctx,
    struct loop_timer **ret_t)
{
	struct loop_timer *t = calloc(1, sizeof(*t));
	if (!t)
		return -ENOMEM;
	*t = (struct loop_timer){ .loop = l, .cb = cb, .ctx = ctx };
	if (__builtin_add_overflow(clock_mono(), delay > 0 ? delay : 0, &t->when))
		t->when = TS_FOREVER;
	struct loop_timer **at = &l->timers, *prev = NULL;
	while (*at && (*at)->when <= t->when) {
		prev = *at;
		at = &(*at)->next;
	}
	t->prev = prev;
	t->next = *at;
	if (t->next)
		t->next->prev = t;
	*at = t;
	if (ret_t)
		*ret_t = t;
	return 0;
}

static void timer_unlink(struct loop_timer *t)
{
	if (t->prev)
		t->prev->next = t->next;
	else
		t->loop->timers = t->next;
	if (t->next)
		t->next->prev = t->prev;
}

void loop_timer_del(struct loop_timer *t)
{
	if (!t || t == t->loop->firing)
		return;
	timer_unlink(t);
	free(t);
}

static void on_signal(void *ctx, uint32_t events)
{
	struct loop *l = ctx;
	struct signalfd_siginfo si;

	(void)events;
	while (read(l->sigfd, &si, sizeof(si)) == sizeof(si))
		l->sigcb(l->sigctx, (int)si.ssi_signo);
}

int loop_signals(
    struct loop *l, const int *sigs, size_t n, void (*cb)(void *, int), void *ctx)
{
	sigset_t set;

	if (l->sigfd >= 0)
		return -EBUSY;
	sigemptyset(&set);
	for (size_t i = 0; i < n; i++)
		sigaddset(&set, sigs[i]);
	AUTO_FD int fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (fd < 0)
		return -errno;
	int rc = loop_watch_add(l, fd, EPOLLIN, on_signal, l, NULL);
	if (rc < 0)
		return rc;
	sigprocmask(SIG_BLOCK, &set, &l->old_mask);
	l->sigfd = TAKE_FD(fd);
	l->sigcb = cb;
	l->sigctx = ctx;
	return 0;
}

/* Milliseconds until the first timer, rounded up; -1 for none. */
static int timeout_of(const struct loop *l)
{
	if (!l->timers)
		return -1;
	ts left = l->timers->when - clock_mono();
	if (left <= 0)
		return 0;
	ts ms = (left + 999999) / 1000000;
	return ms > INT32_MAX ? INT32_MAX : (int)ms;
}

static void run_timers(struct loop *l)
{
	ts now = clock_mono();

	while (l->timers && l->timers->when <= now && !l->stop) {
		struct loop_timer *t = l->timers;
		timer_unlink(t);
		l->firing = t;
		t->cb(t->ctx);
		l->firing = NULL;
		free(t);
	}
}

int loop_run(struct loop *l)
{
	struct epoll_event ev[EVENTS];

	while (!l->stop && (l->watches || l->timers)) {
		int n = epoll_wait(l->epfd, ev, EVENTS, timeout_of(l));
		if (n < 0 && errno != EINTR)
			return -errno;
		l->dispatching = true;
		for (int i = 0; i < n && !l->stop; i++) {
			struct loop_watch *w = ev[i].data.ptr;
			if (!w->dead)
				w->cb(w->ctx, ev[i].events);
		}
		l->dispatching = false;
		bury(l);
		run_timers(l);
	}
	int code = l->stop ? l->code : 0;
	l->stop = false;
	return code;
}

void loop_stop(struct loop *l, int code)
{
	l->stop = true;
	l->code = code;
}
