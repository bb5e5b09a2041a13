/* SPDX-License-Identifier: Apache-2.0 */

#include "sense/tree_hash.h"

#include "crypto/hash.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define QUEUE 8 /* files that a worker has at hand: one it hashes, the others wait in its socket */

/* What became of one file; a worker sends it as it is. */
struct hashed {
	uint32_t slot;
	int why; /* enum sense_why, 0 = good */
	int err;
	struct sense_id id;
	struct digest digest[DIGEST_ALGS];
};

struct worker {
	pid_t pid;
	int sock;
	unsigned busy; /* slots in use */
	char *path[QUEUE];
};

struct sense_tree_hash {
	struct hasher *hasher;
	uint64_t max_size;
	unsigned n; /* workers */
	struct worker worker[SENSE_JOBS_MAX];
};

static const char *why_text(enum sense_why why, int err)
{
	switch (why) {
	case SENSE_WHY_ERRNO:
		return strerror(err);
	case SENSE_WHY_CHANGED:
		return "changed while it was being read";
	case SENSE_WHY_LARGE:
		return "larger than the limit";
	case SENSE_WHY_DEPTH:
		return "too deep, or too many directories at once";
	case SENSE_WHY_MOVED:
		return "moved or replaced during the walk";
	case SENSE_WHY_PSEUDO:
		return "a kernel pseudo file system, nothing in it is stored";
	case SENSE_WHY_GONE:
		return "vanished during the walk";
	case SENSE_WHY_DIED:
		return "the process that read it died";
	}
	return "unknown";
}

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');
	return slash && slash[1] ? slash + 1 : path;
}

int sense_tree_problem(struct sense_tree_sink *s, const char *path, bool is_dir, enum sense_why why,
    int err)
{
	struct sense_problem p = {
		.path = path,
		.name = base_name(path),
		.is_dir = is_dir,
		.why = why,
		.err = err,
		.text = why_text(why, err),
	};

	s->stats.problems++;
	return s->on_problem(s->ctx, &p);
}

/* Whoever owns a file sets its time; one out of range says nothing. */
static ts ts_of(struct timespec t)
{
	ts v;

	return __builtin_mul_overflow((ts)t.tv_sec, TS_SECOND, &v) ||
	    __builtin_add_overflow(v, (ts)t.tv_nsec, &v) ?
		  TS_NONE :
		  v;
}

static bool same_time(struct timespec a, struct timespec b)
{
	return a.tv_sec == b.tv_sec && a.tv_nsec == b.tv_nsec;
}

static bool same_state(const struct stat *a, const struct stat *b)
{
	return a->st_size == b->st_size && same_time(a->st_mtim, b->st_mtim) &&
	    same_time(a->st_ctim, b->st_ctim);
}

static void hash_one(struct hasher *h, int fd, struct hashed *r)
{
	struct stat before, after;

	r->why = SENSE_WHY_ERRNO;
	if (fstat(fd, &before) < 0) {
		r->err = errno;
		return;
	}
	int rc = hash_fd(h, fd, r->digest, &r->id.size);
	if (rc < 0 || fstat(fd, &after) < 0) {
		r->err = rc < 0 ? -rc : errno;
		return;
	}
	bool same = same_state(&before, &after) && r->id.size == (uint64_t)after.st_size;
	r->id = (struct sense_id){ after.st_dev, after.st_ino, r->id.size, after.st_nlink,
		ts_of(after.st_ctim), ts_of(after.st_mtim) };
	r->why = same ? 0 : SENSE_WHY_CHANGED;
}

static int give(struct sense_tree_sink *s, const char *path, const struct hashed *r)
{
	if (r->why)
		return sense_tree_problem(s, path, false, (enum sense_why)r->why, r->err);
	struct sense_file file = {
		.path = path,
		.name = base_name(path),
		.id = r->id,
		.digest = r->digest,
		.opened = true,
	};
	s->stats.files++;
	s->stats.bytes += r->id.size;
	return s->on_file(s->ctx, &file);
}

/* --- worker processes ------------------------------------------------------------------------ */

struct fd_msg {
	struct msghdr hdr;
	struct iovec iov;
	union {
		char space[CMSG_SPACE(sizeof(int))];
		struct cmsghdr align;
	} ctl;
};

static void fd_msg_init(struct fd_msg *m, uint32_t *slot)
{
	m->iov = (struct iovec){ slot, sizeof(*slot) };
	m->hdr = (struct msghdr){
		.msg_iov = &m->iov,
		.msg_iovlen = 1,
		.msg_control = m->ctl.space,
		.msg_controllen = sizeof(m->ctl.space),
	};
}

static int send_file(int sock, uint32_t slot, int fd)
{
	struct fd_msg m = { 0 };

	fd_msg_init(&m, &slot);
	struct cmsghdr *c = CMSG_FIRSTHDR(&m.hdr);
	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(c), &fd, sizeof(int));
	return sendmsg(sock, &m.hdr, MSG_NOSIGNAL) < 0 ? -errno : 0;
}

/* The next file, or -1 when the parent is done. */
static int recv_file(int sock, uint32_t *slot)
{
	struct fd_msg m = { 0 };
	int fd;

	fd_msg_init(&m, slot);
	ssize_t n = recvmsg(sock, &m.hdr, MSG_CMSG_CLOEXEC);
	struct cmsghdr *c = n == sizeof(*slot) ? CMSG_FIRSTHDR(&m.hdr) : NULL;
	if (!c || c->cmsg_type != SCM_RIGHTS || c->cmsg_len != CMSG_LEN(sizeof(int)))
		return -1;
	memcpy(&fd, CMSG_DATA(c), sizeof(int));
	return fd;
}

__attribute__((noreturn)) static void worker_main(struct hasher *h, int sock, pid_t parent)
{
	uint32_t slot;

	/* Only the socket: a sibling's end held open here would keep the sibling from ending. */
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 || getppid() != parent || dup2(sock, 0) < 0)
		_exit(1);
	close_range(1, ~0u, 0);
	for (int fd; (fd = recv_file(0, &slot)) >= 0; close(fd)) {
		struct hashed r = { .slot = slot };
		hash_one(h, fd, &r);
		if (send(0, &r, sizeof(r), MSG_NOSIGNAL) != sizeof(r))
			break;
	}
	_exit(0);
}

static int worker_start(struct sense_tree_hash *h)
{
	struct worker *w = &h->worker[h->n];
	pid_t parent = getpid();
	int pair[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		return -errno;
	pid_t pid = fork();
	if (pid == 0)
		worker_main(h->hasher, pair[1], parent);
	close(pair[1]);
	if (pid < 0) {
		int e = errno;
		close(pair[0]);
		return -e;
	}
	*w = (struct worker){ .pid = pid, .sock = pair[0] };
	h->n++;
	return 0;
}

/* One result of this worker to the sink. */
static int collect(struct worker *w, struct sense_tree_sink *s)
{
	struct hashed r;

	ssize_t n = recv(w->sock, &r, sizeof(r), 0);
	if (n != sizeof(r) || r.slot >= QUEUE || !w->path[r.slot])
		return n < 0 ? -errno : -EIO;
	AUTO_FREE char *path = TAKE_PTR(w->path[r.slot]);
	w->busy--;
	return give(s, path, &r);
}

/* Waits until some worker has a result, and takes one of each that has. */
static int collect_any(struct sense_tree_hash *h, struct sense_tree_sink *s)
{
	struct pollfd p[SENSE_JOBS_MAX];

	for (unsigned i = 0; i < h->n; i++)
		p[i] = (struct pollfd){ h->worker[i].busy ? h->worker[i].sock : -1, POLLIN, 0 };
	if (poll(p, h->n, -1) < 0)
		return errno == EINTR ? 0 : -errno;
	for (unsigned i = 0; i < h->n; i++) {
		int rc = p[i].revents ? collect(&h->worker[i], s) : 0;
		if (rc < 0)
			return rc;
	}
	return 0;
}

static struct worker *least_busy(struct sense_tree_hash *h)
{
	struct worker *best = &h->worker[0];

	for (unsigned i = 1; i < h->n; i++)
		if (h->worker[i].busy < best->busy)
			best = &h->worker[i];
	return best;
}

static int submit(struct sense_tree_hash *h, struct sense_tree_sink *s, const char *path, int fd)
{
	struct worker *w;
	uint32_t slot = 0;

	while ((w = least_busy(h))->busy == QUEUE) {
		int rc = collect_any(h, s);
		if (rc < 0)
			return rc;
	}
	while (w->path[slot])
		slot++;
	w->path[slot] = strdup(path);
	if (!w->path[slot])
		return -ENOMEM;
	w->busy++;
	return send_file(w->sock, slot, fd);
}

/* --------------------------------------------------------------------------------------------- */

int sense_tree_hash_new(const struct sense_tree_opts *opts, struct sense_tree_hash **ret_h)
{
	long cores = sysconf(_SC_NPROCESSORS_ONLN);
	unsigned jobs = opts->jobs ? opts->jobs : cores < 1 ? 1 : (unsigned)cores;

	jobs = jobs < SENSE_JOBS_MAX ? jobs : SENSE_JOBS_MAX;
	struct sense_tree_hash *h = calloc(1, sizeof(*h));
	if (!h)
		return -ENOMEM;
	h->max_size = opts->max_size;
	int rc = hasher_new(&h->hasher, opts->set ? opts->set : HASH_TRIO);
	while (rc == 0 && jobs > 1 && h->n < jobs)
		rc = worker_start(h);
	if (rc < 0) {
		sense_tree_hash_free(h);
		return rc;
	}
	*ret_h = h;
	return 0;
}

struct sense_tree_hash *sense_tree_hash_free(struct sense_tree_hash *h)
{
	if (!h)
		return NULL;
	for (unsigned i = 0; i < h->n; i++) {
		struct worker *w = &h->worker[i];
		close(w->sock);
		if (w->busy) /* the walk ended early: do not wait for a large file */
			kill(w->pid, SIGKILL);
		while (waitpid(w->pid, NULL, 0) < 0 && errno == EINTR)
			;
		for (size_t k = 0; k < QUEUE; k++)
			free(w->path[k]);
	}
	hasher_free(h->hasher);
	free(h);
	return NULL;
}

int sense_tree_hash_file(struct sense_tree_hash *h, struct sense_tree_sink *s, const char *path,
    int fd_taken, const struct stat *st)
{
	struct hashed r = { 0 };

	AUTO_FD int fd = fd_taken;
	if (h->max_size && (uint64_t)st->st_size > h->max_size)
		return sense_tree_problem(s, path, false, SENSE_WHY_LARGE, 0);
	if (h->n && st->st_size >= SENSE_TREE_SMALL)
		return submit(h, s, path, fd);
	hash_one(h->hasher, fd, &r);
	return give(s, path, &r);
}

int sense_tree_hash_finish(struct sense_tree_hash *h, struct sense_tree_sink *s)
{
	for (unsigned i = 0; i < h->n; i++) {
		while (h->worker[i].busy) {
			int rc = collect_any(h, s);
			if (rc < 0)
				return rc;
		}
	}
	return 0;
}
