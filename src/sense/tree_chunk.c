/* SPDX-License-Identifier: Apache-2.0 */

#include "sense/tree_chunk.h"

#include "sandbox/reader.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#define DIR_PATH_MAX 4096 /* what the probe hears of the path of a directory: its end */
#define ANSWER_SOON (16u << 10)

/* A directory (its path behind it) or a file in the directory before (its name); then a NUL, and up
 * to the next multiple of 4. */
struct part {
	uint32_t slot, set, len;
	uint8_t is_dir, probe;
};

struct fds_msg {
	struct msghdr hdr;
	struct iovec iov;
	union {
		char space[CMSG_SPACE(TREE_CHUNK_DIRS * sizeof(int))];
		struct cmsghdr align;
	} ctl;
};

/* --- the sender --- */

static size_t part_size(size_t len)
{
	return (sizeof(struct part) + len + 1 + 3) & ~(size_t)3;
}

static size_t dir_len(const struct tree_job *job)
{
	return !job->probe ? 0 : job->dir_len < DIR_PATH_MAX ? job->dir_len : DIR_PATH_MAX;
}

bool tree_chunk_fits(const struct tree_chunk *c, int dirfd, const struct tree_job *job)
{
	size_t need = part_size(strlen(job->name)) + part_size(dir_len(job));

	return c->n < TREE_CHUNK_JOBS && need <= sizeof(c->b) - c->used &&
	       (c->ndirs < TREE_CHUNK_DIRS || (c->ndirs && dirfd == c->current));
}

static void put_part(struct tree_chunk *c, const struct part *p, const char *text)
{
	memcpy(c->b + c->used, p, sizeof(*p));
	memcpy(c->b + c->used + sizeof(*p), text, p->len);
	c->b[c->used + sizeof(*p) + p->len] = 0;
	c->used += part_size(p->len);
}

static int add_dir(struct tree_chunk *c, int dirfd, const struct tree_job *job)
{
	struct part p = { .is_dir = 1, .len = (uint32_t)dir_len(job) };
	int fd = fcntl(dirfd, F_DUPFD_CLOEXEC, 0);

	if (fd < 0)
		return -errno;
	c->fd[c->ndirs++] = fd;
	c->current = dirfd;
	put_part(c, &p, p.len ? job->dir + job->dir_len - p.len : "");
	return 0;
}

int tree_chunk_add(struct tree_chunk *c, int dirfd, const struct tree_job *job)
{
	struct part p = {
		.set = job->set, .probe = job->probe, .len = (uint32_t)strlen(job->name)
	};
	int rc = c->ndirs && dirfd == c->current ? 0 : add_dir(c, dirfd, job);

	if (rc < 0)
		return rc;
	c->slot_at[c->n++] = c->used + offsetof(struct part, slot);
	put_part(c, &p, job->name);
	return 0;
}

void tree_chunk_leave(struct tree_chunk *c)
{
	c->current = -1;
}

void tree_chunk_slot(struct tree_chunk *c, unsigned i, uint32_t slot)
{
	memcpy(c->b + c->slot_at[i], &slot, sizeof(slot));
}

void tree_chunk_clear(struct tree_chunk *c)
{
	for (unsigned i = 0; i < c->ndirs; i++)
		close(c->fd[i]);
	c->n = c->ndirs = 0;
	c->used = 0;
	c->current = -1;
}

static void fds_msg_init(struct fds_msg *m, const void *p, size_t n)
{
	m->iov = (struct iovec){ (void *)(uintptr_t)p, n };
	m->hdr = (struct msghdr){
		.msg_iov = &m->iov,
		.msg_iovlen = 1,
		.msg_control = m->ctl.space,
		.msg_controllen = sizeof(m->ctl.space),
	};
}

int tree_chunk_send(const struct tree_chunk *c, int sock)
{
	struct fds_msg m = { 0 };
	size_t bytes = c->ndirs * sizeof(int);

	fds_msg_init(&m, c->b, c->used);
	m.hdr.msg_controllen = CMSG_SPACE(bytes);
	struct cmsghdr *h = CMSG_FIRSTHDR(&m.hdr);
	h->cmsg_level = SOL_SOCKET;
	h->cmsg_type = SCM_RIGHTS;
	h->cmsg_len = CMSG_LEN(bytes);
	memcpy(CMSG_DATA(h), c->fd, bytes);
	return sendmsg(sock, &m.hdr, MSG_NOSIGNAL | MSG_DONTWAIT) < 0 ? -errno : 0;
}

/* --- the worker --- */

struct server {
	int sock;
	struct tree_reader *reader;
	bool busy; /* files are in lanes */
	size_t n;  /* bytes in out */
	_Alignas(8) uint8_t out[TREE_ANSWER_MAX], in[TREE_CHUNK_SIZE];
};

static int flush(struct server *s)
{
	ssize_t n = s->n ? send(s->sock, s->out, s->n, MSG_NOSIGNAL) : 0;

	if (n < 0)
		return -errno;
	s->n = 0;
	return 0;
}

static int answer(void *ctx, const struct tree_record *r)
{
	struct server *s = ctx;
	size_t n = sizeof(*r) + tree_record_tail(r);
	int rc = s->n + TREE_ALIGN(n) > sizeof(s->out) ? flush(s) : 0;

	if (rc < 0)
		return rc;
	memset(s->out + s->n + n, 0, TREE_ALIGN(n) - n);
	memcpy(s->out + s->n, r, n);
	s->n += TREE_ALIGN(n);
	return s->n >= ANSWER_SOON ? flush(s) : 0;
}

/* Bytes of the message; *fd gets TREE_CHUNK_DIRS descriptors at most. */
static ssize_t receive(struct server *s, int *fd, unsigned *ret_n)
{
	struct fds_msg m = { 0 };
	ssize_t n;

	fds_msg_init(&m, s->in, sizeof(s->in));
	do {
		n = recvmsg(s->sock, &m.hdr, MSG_CMSG_CLOEXEC | (s->busy ? MSG_DONTWAIT : 0));
	} while (n < 0 && errno == EINTR);
	if (n <= 0)
		return n < 0 ? -errno : 0;
	struct cmsghdr *c = CMSG_FIRSTHDR(&m.hdr);
	if (!c || c->cmsg_type != SCM_RIGHTS || (m.hdr.msg_flags & (MSG_TRUNC | MSG_CTRUNC)))
		return -EMFILE; /* too few descriptors are free here */
	*ret_n = (unsigned)((c->cmsg_len - CMSG_LEN(0)) / sizeof(int));
	memcpy(fd, CMSG_DATA(c), *ret_n * sizeof(int));
	return n;
}

static int serve_chunk(struct server *s, size_t n, const int *fd)
{
	struct part p;
	const char *dir = "";
	int at = -1, rc = 0;

	for (size_t i = 0; i < n && rc >= 0; i += part_size(p.len)) {
		memcpy(&p, s->in + i, sizeof(p));
		const char *text = (const char *)s->in + i + sizeof(p);
		if (p.is_dir) {
			at++;
			dir = text;
			continue;
		}
		struct tree_job job = { p.slot, p.set, p.probe, text, dir, strlen(dir) };
		rc = tree_reader_add(s->reader, fd[at], &job);
	}
	return rc;
}

/* One chunk, or one step with what is at hand. 0 when the parent has closed its end. */
static int serve(struct server *s)
{
	int fd[TREE_CHUNK_DIRS];
	unsigned nfd = 0;

	int rc = s->busy ? 0 : flush(s);
	ssize_t n = rc < 0 ? rc : receive(s, fd, &nfd);
	if (n == -EAGAIN) {
		rc = tree_reader_step(s->reader);
		s->busy = rc > 0;
		return rc < 0 ? rc : 1;
	}
	if (n <= 0)
		return (int)n;
	rc = serve_chunk(s, (size_t)n, fd);
	for (unsigned i = 0; i < nfd; i++)
		close(fd[i]);
	s->busy = true;
	return rc < 0 ? rc : 1;
}

void tree_chunk_serve(int sock, pid_t parent, const struct sense_tree_opts *opts, int root,
    volatile uint32_t *probing)
{
	static struct server s;
	int rc;

	/* Where they stay; sock and root may be in each other's place. */
	sock = fcntl(sock, F_DUPFD_CLOEXEC, 10);
	root = root < 0 ? root : fcntl(root, F_DUPFD_CLOEXEC, 10);

	/* Only the socket: a sibling's end held open here would keep the sibling from ending. An
	 * interrupt from the terminal is the parent's to handle. */
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 || getppid() != parent || dup2(sock, 3) < 0 ||
	    (root >= 0 && dup2(root, 4) < 0) || signal(SIGINT, SIG_IGN) == SIG_ERR)
		_exit(1);
	close_range(root < 0 ? 4 : 5, ~0u, 0);
	s.sock = 3;
	rc = tree_reader_new(&s.reader, opts, answer, &s, probing);
	if (rc == 0 && opts->probe && opts->probe->start)
		rc = opts->probe->start(opts->probe->ctx);
	if (rc == 0 && opts->probe)
		rc = sandbox_reader(root < 0 ? -1 : 4, SENSE_PROBE_HEAP);
	if (root >= 0)
		close(4);
	while (rc >= 0 && (rc = serve(&s)) > 0)
		;
	if (rc < 0) {
		struct tree_record r = { .slot = TREE_SLOT_FATAL, .err = -rc };
		(void)flush(&s);
		(void)send(s.sock, &r, sizeof(r), MSG_NOSIGNAL);
	}
	_exit(rc < 0);
}
