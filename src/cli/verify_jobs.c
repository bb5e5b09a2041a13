/* SPDX-License-Identifier: Apache-2.0 */

/*
 * verify_jobs: judging many artifacts with several processes.
 *
 * The workers are copies of this process after policy, keys and evidence were read. Each takes the
 * next argument that nobody took (one shared counter) and writes what became of it to its pipe; the
 * parent puts the answers in the order of the arguments. A worker that ends early leaves arguments
 * without an answer: those count as not judged.
 */

#include "base/file.h"
#include "cli/verify.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#define OUTCOME_MAX (256u << 20)

static void outcome_free(struct verify_outcome *o)
{
	buf_free(&o->text);
	for (size_t k = 0; k < VERIFY_REPORTS; k++)
		buf_free(&o->report[k]);
	o->done = false;
}

static struct verify_outcome outcome_new(void)
{
	struct verify_outcome o = { .text = BUF_INIT(OUTCOME_MAX) };

	for (size_t k = 0; k < VERIFY_REPORTS; k++)
		o.report[k] = BUF_INIT(OUTCOME_MAX);
	return o;
}

static void judge_one(struct verify_run *r, size_t i, struct verify_outcome *o)
{
	const char *arg = r->args->item[i];
	struct verify_artifact a;
	struct fault f = FAULT_INIT;

	*o = outcome_new();
	o->done = true;
	bool digest = verify_is_digest(arg) && access(arg, F_OK) < 0;
	o->rc = digest ? verify_digest(r->session, arg, &a, &f)
		       : verify_path(r->session, arg, &a, &f);
	if (o->rc == 0 && r->c->json) {
		struct jw w = jw_of(&o->text);
		verify_json(&w, &a);
	} else if (o->rc == 0) {
		verify_print(r->c, &o->text, &a, r->root);
	}
	if (o->rc == 0 && r->report)
		o->rc = verify_report_make(r->report, &a, o->report);
	if (o->rc == 0)
		o->rc = buf_err(&o->text);
	if (o->rc == 0) {
		o->status = a.verdict.status;
		verify_forget(r->session);
		return;
	}
	buf_reset(&o->text);
	buf_puts(&o->text, f.text[0] ? f.text : strerror(-o->rc));
	if (o->rc == -EISDIR)
		buf_puts(&o->text, " (--recursive judges the files in it)");
	verify_forget(r->session);
}

static int run_here(struct verify_run *r)
{
	for (size_t i = 0; i < r->args->n; i++) {
		struct verify_outcome o;
		judge_one(r, i, &o);
		r->emit(r, i, &o);
		outcome_free(&o);
	}
	return 0;
}

/* ---- workers */

struct frame {
	size_t i;
	int rc;
	enum verdict_status status;
	size_t text, report[VERIFY_REPORTS];
};

/* In the worker; never returns. */
__attribute__((noreturn)) static void work(struct verify_run *r, atomic_size_t *next, int fd)
{
	for (;;) {
		struct verify_outcome o;
		size_t i = atomic_fetch_add(next, 1);
		if (i >= r->args->n)
			_exit(0);
		judge_one(r, i, &o);
		struct frame x = { i, o.rc, o.status, o.text.n, { o.report[0].n, o.report[1].n } };
		if (file_write_all(fd, span_of(&x, sizeof(x))) < 0 ||
		    file_write_all(fd, buf_span(&o.text)) < 0 ||
		    file_write_all(fd, buf_span(&o.report[0])) < 0 ||
		    file_write_all(fd, buf_span(&o.report[1])) < 0)
			_exit(1);
		outcome_free(&o);
	}
}

struct crew {
	struct verify_run *r;
	atomic_size_t *next;
	struct pollfd fd[VERIFY_JOBS_MAX];
	pid_t pid[VERIFY_JOBS_MAX];
	unsigned n;
	struct verify_outcome *outcome;
	size_t emitted, done;
};

static int start(struct crew *w)
{
	int p[2];

	if (pipe2(p, O_CLOEXEC) < 0)
		return -errno;
	pid_t parent = getpid(), pid = fork();
	if (pid == 0) {
		close(p[0]);
		if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 || getppid() != parent)
			_exit(1);
		work(w->r, w->next, p[1]);
	}
	int e = errno;
	close(p[1]);
	if (pid < 0) {
		close(p[0]);
		return -e;
	}
	w->fd[w->n] = (struct pollfd){ .fd = p[0], .events = POLLIN };
	w->pid[w->n++] = pid;
	return 0;
}

/* Exactly n bytes. 0, -EIO at the end. */
static int read_exactly(int fd, void *p, size_t n)
{
	for (size_t have = 0; have < n;) {
		ssize_t got = read(fd, (uint8_t *)p + have, n - have);
		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return -EIO;
		have += (size_t)got;
	}
	return 0;
}

static int read_buf(int fd, struct buf *b, size_t n)
{
	int rc = buf_reserve(b, n);

	if (rc == 0)
		rc = read_exactly(fd, b->p + b->n, n);
	if (rc == 0)
		b->n += n;
	return rc;
}

static int take(struct crew *w, int fd)
{
	struct frame x;

	int rc = read_exactly(fd, &x, sizeof(x));
	if (rc < 0 || x.i >= w->r->args->n)
		return -EIO;
	struct verify_outcome *o = &w->outcome[x.i];
	*o = outcome_new();
	o->rc = x.rc;
	o->status = x.status;
	rc = read_buf(fd, &o->text, x.text);
	for (size_t k = 0; k < VERIFY_REPORTS && rc == 0; k++)
		rc = read_buf(fd, &o->report[k], x.report[k]);
	o->done = rc == 0;
	w->done++;
	return rc;
}

static void emit_ready(struct crew *w, bool all)
{
	static const char lost[] = "the process that judged it ended early";

	for (; w->emitted < w->r->args->n; w->emitted++) {
		struct verify_outcome *o = &w->outcome[w->emitted];
		if (!o->done && !all)
			return;
		if (!o->done) {
			outcome_free(o);
			*o = outcome_new();
			o->rc = -EIO;
			buf_printf(&o->text, "%s: %s",
			    QUOTE(span_str(w->r->args->item[w->emitted])), lost);
		}
		w->r->emit(w->r, w->emitted, o);
		outcome_free(o);
	}
}

static void collect(struct crew *w)
{
	for (unsigned open = w->n; open;) {
		if (poll(w->fd, w->n, -1) < 0 && errno != EINTR)
			break;
		for (unsigned k = 0; k < w->n; k++) {
			if (!w->fd[k].revents || w->fd[k].fd < 0)
				continue;
			if (take(w, w->fd[k].fd) == 0)
				continue;
			close(w->fd[k].fd);
			w->fd[k].fd = -1;
			open--;
		}
		emit_ready(w, false);
		if (w->r->progress)
			w->r->progress(w->r, w->done);
	}
	emit_ready(w, true);
}

static int run_crew(struct crew *w)
{
	int rc = 0;

	while (w->n < w->r->jobs && (rc = start(w)) == 0)
		;
	if (w->n)
		collect(w);
	for (unsigned k = 0; k < w->n; k++) {
		if (w->fd[k].fd >= 0)
			close(w->fd[k].fd);
		while (waitpid(w->pid[k], NULL, 0) < 0 && errno == EINTR)
			;
	}
	return w->n ? 0 : rc;
}

int verify_run(struct verify_run *r)
{
	if (r->jobs < 2 || r->args->n < 2)
		return run_here(r);
	struct crew *w = calloc(1, sizeof(*w));
	void *shared = mmap(
	    NULL, sizeof(atomic_size_t), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	int rc = -ENOMEM;
	if (w && shared != MAP_FAILED) {
		*w = (struct crew){ .r = r, .next = shared,
			.outcome = calloc(r->args->n, sizeof(*w->outcome)) };
		if (w->outcome)
			rc = run_crew(w);
		free(w->outcome);
	}
	if (shared != MAP_FAILED)
		munmap(shared, sizeof(atomic_size_t));
	free(w);
	return rc;
}
