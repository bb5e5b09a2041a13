/* SPDX-License-Identifier: Apache-2.0 */

#include "sense/tree_pool.h"

#include "crypto/hash.h"
#include "sense/tree_chunk.h"

#include <errno.h>
#include <poll.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define STOP_EVERY 500 /* ms in which a signal that came just before waiting is seen */
#define SLOTS 128      /* files at one worker, those in its socket included */

struct worker {
	pid_t pid; /* 0: there is none */
	int sock;
	unsigned busy;
	uint64_t bytes; /* of the files that it has */
	struct tree_want *want[SLOTS];
};

struct tree_pool {
	const struct sense_tree_opts *opts;
	struct tree_pool_sink sink;
	struct tree_reader *reader; /* in this process; NULL with workers */
	struct tree_want *here[TREE_CHUNK_JOBS];
	unsigned jobs;
	int root;
	struct worker worker[SENSE_JOBS_MAX];
	volatile uint32_t *probing; /* of each worker, shared */
	struct tree_chunk chunk;
	struct tree_want *chosen[TREE_CHUNK_JOBS]; /* files of the chunk */
	uint64_t chunk_bytes;
	uint8_t *in;
};

static bool stopped(const struct tree_pool *p)
{
	return p->opts->stop && *p->opts->stop;
}

/* --- in this process --- */

static int done_here(void *ctx, const struct tree_record *r)
{
	struct tree_pool *p = ctx;
	struct tree_want *w = p->here[r->slot];

	p->here[r->slot] = NULL;
	return p->sink.done(p->sink.ctx, w, r);
}

static int read_here(struct tree_pool *p, struct tree_want *w, int dirfd, const char *dir,
    size_t dir_len, const char *name)
{
	struct tree_job job = { 0, w->set, w->probe, name, dir, dir_len };

	while (p->here[job.slot])
		job.slot++;
	p->here[job.slot] = w;
	return tree_reader_add(p->reader, dirfd, &job);
}

/* --- workers --- */

static unsigned cpus(void)
{
	cpu_set_t set;
	int n = sched_getaffinity(0, sizeof(set), &set) == 0 ? CPU_COUNT(&set) : 1;

	return n < 1 ? 1 : (unsigned)n;
}

static int worker_start(struct tree_pool *p, struct worker *w)
{
	pid_t parent = getpid();
	int pair[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		return -errno;
	p->probing[w - p->worker] = 0;
	pid_t pid = fork();
	if (pid == 0)
		tree_chunk_serve(pair[1], parent, p->opts, p->root, &p->probing[w - p->worker]);
	int err = errno;
	close(pair[1]);
	if (pid < 0) {
		close(pair[0]);
		return -err;
	}
	w->pid = pid;
	w->sock = pair[0];
	return 0;
}

/* The signal that ended it, or 0. */
static int worker_end(struct worker *w, bool now)
{
	int status = 0;

	if (!w->pid)
		return 0;
	close(w->sock);
	if (now)
		kill(w->pid, SIGKILL);
	while (waitpid(w->pid, &status, 0) < 0 && errno == EINTR)
		;
	w->pid = 0;
	return WIFSIGNALED(status) ? WTERMSIG(status) : 0;
}

static struct tree_want *take_slot(struct worker *w, unsigned slot)
{
	struct tree_want *x = w->want[slot];

	w->want[slot] = NULL;
	w->busy--;
	w->bytes -= x->size;
	return x;
}

/* It is gone, or talks nonsense. The file that its probe looked at is the one to blame. */
static int worker_lost(struct tree_pool *p, struct worker *w)
{
	struct tree_record died = { .why = SENSE_WHY_DIED, .opened = true };
	uint32_t guilty = p->probing[w - p->worker];
	bool blame = guilty && guilty <= SLOTS && w->want[guilty - 1];
	int rc = 0;

	died.err = worker_end(w, true);
	for (unsigned i = 0; i < SLOTS && rc >= 0; i++) {
		if (!w->want[i])
			continue;
		struct tree_want *x = take_slot(w, i);
		rc = guilty == i + 1 ? p->sink.done(p->sink.ctx, x, &died)
				     : p->sink.lost(p->sink.ctx, x, blame);
	}
	return rc;
}

static bool record_ok(const struct worker *w, const struct tree_record *r, size_t n)
{
	return n >= sizeof(*r) && r->slot < SLOTS && w->want[r->slot] && r->why >= 0 &&
	       r->why <= SENSE_WHY_LAST && r->set == (r->why ? 0 : w->want[r->slot]->set) &&
	       r->found <= SENSE_FOUND_MAX && r->err >= 0 && r->probe_rc <= 0 &&
	       n - sizeof(*r) >= tree_record_tail(r);
}

/* One message of this worker: records, each at a multiple of 8. */
static int worker_take(struct tree_pool *p, struct worker *w, int flags)
{
	ssize_t n = recv(w->sock, p->in, TREE_ANSWER_MAX, flags);

	/* It ended with work in its socket; what it had sent before comes after the error. */
	if (n < 0 && errno == ECONNRESET)
		n = recv(w->sock, p->in, TREE_ANSWER_MAX, flags);
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return 0;
	if (n <= 0)
		return worker_lost(p, w);
	for (size_t at = 0; at < (size_t)n;) {
		const struct tree_record *r = (const void *)(p->in + at);
		if ((size_t)n - at >= sizeof(*r) && r->slot == TREE_SLOT_FATAL && r->err > 0)
			return -r->err;
		if (!record_ok(w, r, (size_t)n - at))
			return worker_lost(p, w);
		at += TREE_ALIGN(sizeof(*r) + tree_record_tail(r));
		int rc = p->sink.done(p->sink.ctx, take_slot(w, r->slot), r);
		if (rc < 0)
			return rc;
	}
	return 1;
}

/* 1 when something was taken, 0 when not (or a signal came). */
static int take_some(struct tree_pool *p, int timeout)
{
	struct pollfd f[SENSE_JOBS_MAX];
	int some = 0;

	for (unsigned i = 0; i < p->jobs; i++)
		f[i] = (struct pollfd){ p->worker[i].busy ? p->worker[i].sock : -1, POLLIN, 0 };
	if (poll(f, p->jobs, timeout) < 0)
		return errno == EINTR ? 0 : -errno;
	for (unsigned i = 0; i < p->jobs; i++) {
		int rc = f[i].revents ? worker_take(p, &p->worker[i], MSG_DONTWAIT) : 0;
		if (rc < 0)
			return rc;
		some |= rc;
	}
	return some;
}

/* It cannot be written to. Its last words are heard; they may be why. */
static int worker_broken(struct tree_pool *p, struct worker *w)
{
	int rc;

	while ((rc = worker_take(p, w, MSG_DONTWAIT)) > 0 && w->pid)
		;
	return rc < 0 || !w->pid ? rc : worker_lost(p, w);
}

/* The worker with the least to do that has room for the chunk, or a new one while the others have
 * something to do; NULL: all are full. */
static struct worker *choose(struct tree_pool *p)
{
	struct worker *best = NULL, *none = NULL;

	for (unsigned i = 0; i < p->jobs; i++) {
		struct worker *w = &p->worker[i];
		if (!w->pid)
			none = none ? none : w;
		else if (w->busy + p->chunk.n <= SLOTS && (!best || w->bytes < best->bytes))
			best = w;
	}
	return none && (!best || best->busy) ? none : best;
}

static void give_slots(struct tree_pool *p, struct worker *w)
{
	unsigned slot = 0;

	for (unsigned i = 0; i < p->chunk.n; i++) {
		while (w->want[slot])
			slot++;
		w->want[slot] = p->chosen[i];
		tree_chunk_slot(&p->chunk, i, slot);
	}
	w->busy += p->chunk.n;
	w->bytes += p->chunk_bytes;
}

static int send_chunk(struct tree_pool *p)
{
	struct worker *w;
	int rc = 0;

	if (!p->chunk.n)
		return 0;
	while (rc >= 0 && !stopped(p) && !(w = choose(p)))
		rc = take_some(p, STOP_EVERY);
	if (rc < 0 || stopped(p))
		return rc < 0 ? rc : -ECANCELED;
	if (!w->pid)
		rc = worker_start(p, w);
	if (rc < 0)
		return rc;
	give_slots(p, w);
	/* A full socket empties when the worker goes on, and that may need its answers taken. */
	while ((rc = tree_chunk_send(&p->chunk, w->sock)) == -EAGAIN || rc == -ETOOMANYREFS) {
		rc = take_some(p, 10);
		if (rc < 0 || stopped(p))
			return rc < 0 ? rc : -ECANCELED;
		if (!w->pid) /* died meanwhile, and all that it had was given back */
			break;
	}
	tree_chunk_clear(&p->chunk);
	p->chunk_bytes = 0;
	return rc == -EPIPE || rc == -ECONNRESET ? worker_broken(p, w) : rc < 0 ? rc : 0;
}

static int read_there(struct tree_pool *p, struct tree_want *w, int dirfd, const char *dir,
    size_t dir_len, const char *name)
{
	struct tree_job job = { 0, w->set, w->probe, name, dir, dir_len };
	int rc = 0;

	if (!tree_chunk_fits(&p->chunk, dirfd, &job))
		rc = send_chunk(p);
	if (rc >= 0)
		rc = tree_chunk_add(&p->chunk, dirfd, &job);
	if (rc < 0)
		return rc;
	p->chosen[p->chunk.n - 1] = w;
	p->chunk_bytes += w->size;
	return p->chunk_bytes >= TREE_CHUNK_BYTES || p->chunk.n == TREE_CHUNK_JOBS ? send_chunk(p)
										   : 0;
}

/* --- both --- */

int tree_pool_read(struct tree_pool *p, struct tree_want *w, int dirfd, const char *dir,
    size_t dir_len, const char *name)
{
	if (stopped(p))
		return -ECANCELED;
	return p->reader ? read_here(p, w, dirfd, dir, dir_len, name)
			 : read_there(p, w, dirfd, dir, dir_len, name);
}

void tree_pool_root(struct tree_pool *p, int fd)
{
	p->root = fd;
}

void tree_pool_leave(struct tree_pool *p)
{
	tree_chunk_leave(&p->chunk);
}

int tree_pool_wait(struct tree_pool *p)
{
	if (stopped(p))
		return -ECANCELED;
	if (p->reader)
		return tree_reader_step(p->reader);
	int rc = send_chunk(p);
	bool busy = false;
	for (unsigned i = 0; i < p->jobs; i++)
		busy |= p->worker[i].busy > 0;
	if (rc >= 0 && busy)
		rc = take_some(p, STOP_EVERY);
	return rc < 0 ? rc : busy;
}

int tree_pool_take(struct tree_pool *p)
{
	int rc = 0;

	while (!p->reader && (rc = take_some(p, 0)) > 0)
		;
	return rc;
}

int tree_pool_new(
    struct tree_pool **ret_p, const struct sense_tree_opts *opts, const struct tree_pool_sink *sink)
{
	struct tree_pool *p = calloc(1, sizeof(*p));
	int rc = 0;

	if (!p)
		return -ENOMEM;
	p->opts = opts;
	p->sink = *sink;
	p->root = -1;
	p->jobs = opts->jobs ? opts->jobs : cpus();
	if (p->jobs > SENSE_JOBS_MAX)
		p->jobs = SENSE_JOBS_MAX;
	/* A probe is not run here unless that is asked for. */
	if (p->jobs == 1 && (opts->jobs || !opts->probe)) {
		rc = tree_reader_new(&p->reader, opts, done_here, p, NULL);
	} else {
		p->in = malloc(TREE_ANSWER_MAX);
		p->probing = mmap(NULL, SENSE_JOBS_MAX * sizeof(uint32_t), PROT_READ | PROT_WRITE,
		    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
		if (p->probing == MAP_FAILED)
			p->probing = NULL;
		rc = p->in && p->probing ? 0 : -ENOMEM;
	}
	if (rc < 0)
		tree_pool_free(p);
	else
		*ret_p = p;
	return rc;
}

struct tree_pool *tree_pool_free(struct tree_pool *p)
{
	if (!p)
		return NULL;
	for (unsigned i = 0; i < p->jobs; i++)
		(void)worker_end(&p->worker[i], p->worker[i].busy > 0);
	tree_chunk_clear(&p->chunk);
	tree_reader_free(p->reader);
	if (p->probing)
		munmap((void *)(uintptr_t)p->probing, SENSE_JOBS_MAX * sizeof(uint32_t));
	free(p->in);
	free(p);
	return NULL;
}
