/* SPDX-License-Identifier: Apache-2.0 */

#include "sense/tree.h"

#include "base/buf.h"
#include "base/file.h"
#include "crypto/hash.h"
#include "sense/tree_feed.h"
#include "sense/tree_ids.h"
#include "sense/tree_read.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/vfs.h>
#include <unistd.h>

#define OPEN_DIR (O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK)
#define DENTS_SIZE (64u << 10)
#define PATH_BYTES_MAX (16u << 20) /* SENSE_DEPTH_MAX names of NAME_MAX fit in 4 MiB */

/* Directories that were entered and still have sub-directories waiting. */
struct level {
	int fd; /* -1 while more than SENSE_FDS_MAX are open below it */
	dev_t dev;
	ino_t ino;
	size_t path_len;	 /* of walk.path up to this directory */
	size_t start, next, end; /* names in walk.pending; those from next on wait */
};

struct entry {
	uint64_t ino;
	uint32_t off;  /* of the name in walk.names */
	uint16_t rank; /* among the names of the batch, when they are put in order */
	unsigned char type;
};

struct walk {
	const struct sense_tree_opts *opts;
	struct sense_tree_stats stats;
	struct tree_feed *feed;
	struct tree_ids entered; /* directories */
	struct buf path;	 /* of the entry at hand, a C string */
	struct buf pending;	 /* names with their NUL, one level's behind the other's */
	struct buf names;	 /* the batch of the directory that is being read */
	struct entry *batch;
	size_t nbatch;
	uint8_t *dents;
	struct level *level;
	size_t n, cap;
};

static int problem_at(struct walk *w, bool is_dir, enum sense_why why, int err)
{
	return tree_feed_problem(w->feed, buf_str(&w->path), is_dir, why, err);
}

/* walk.path = the directory of length len, "/", name. */
static int path_set(struct walk *w, size_t len, const char *name)
{
	w->path.n = len;
	if (len && w->path.p[len - 1] != '/')
		buf_putc(&w->path, '/');
	buf_puts(&w->path, name);
	return buf_err(&w->path);
}

static void path_cut(struct walk *w, size_t len)
{
	w->path.n = len;
	w->path.p[len] = 0;
}

static bool is_pseudo(int fd)
{
	static const long magic[] = {
		PROC_SUPER_MAGIC, SYSFS_MAGIC, CGROUP_SUPER_MAGIC, CGROUP2_SUPER_MAGIC,
		DEBUGFS_MAGIC, TRACEFS_MAGIC, SECURITYFS_MAGIC, BPF_FS_MAGIC, PSTOREFS_MAGIC,
		SELINUX_MAGIC, SMACK_MAGIC, EFIVARFS_MAGIC, BINFMTFS_MAGIC, DEVPTS_SUPER_MAGIC,
		NSFS_MAGIC, RDTGROUP_SUPER_MAGIC, 0x19800202, /* mqueue */
		0x65735543,				      /* fusectl */
		0x62656570,				      /* configfs */
		0x67596969,				      /* rpc_pipefs */
		0x6e667364,				      /* nfsd */
	};
	struct statfs fs;

	if (fstatfs(fd, &fs) < 0)
		return false;
	for (size_t i = 0; i < ARRAY_LEN(magic); i++)
		if ((long)(uint32_t)fs.f_type == magic[i])
			return true;
	return false;
}

static bool stopped(const struct walk *w)
{
	return w->opts->stop && *w->opts->stop;
}

static int do_other(struct walk *w, int dirfd, const char *name, bool is_link)
{
	char target[4096]; /* PATH_MAX: longer ones cannot be made */
	ssize_t n = 0;

	if (is_link && w->opts->on_other)
		n = readlinkat(dirfd, name, target, sizeof(target) - 1);
	if (n < 0)
		return problem_at(w, false, SENSE_WHY_ERRNO, errno);
	target[n] = 0;
	return tree_feed_other(w->feed, buf_str(&w->path), is_link ? target : NULL);
}

/* Remembers a sub-directory for later. */
static int wait_dir(struct walk *w, const char *name)
{
	size_t len = strlen(name) + 1;

	if (w->pending.n + len > SENSE_PENDING_MAX)
		return problem_at(w, true, SENSE_WHY_DEPTH, 0);
	buf_put(&w->pending, name, len);
	return buf_err(&w->pending);
}

static int do_entry(struct walk *w, int dirfd, const char *name, unsigned char type)
{
	struct stat st;

	if (type == DT_UNKNOWN || type == DT_REG) {
		if (fstatat(dirfd, name, &st, AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT) < 0)
			return problem_at(w, false,
			    errno == ENOENT ? SENSE_WHY_GONE : SENSE_WHY_ERRNO,
			    errno == ENOENT ? 0 : errno);
		type = IFTODT(st.st_mode);
	}
	switch (type) {
	case DT_REG:
		return tree_feed_file(w->feed, dirfd, buf_str(&w->path), name, &st);
	case DT_DIR:
		return wait_dir(w, name);
	default:
		return do_other(w, dirfd, name, type == DT_LNK);
	}
}

static int by_name(const void *a, const void *b, void *ctx)
{
	const struct entry *x = a, *y = b;
	const char *names = ctx;

	return strcmp(names + x->off, names + y->off);
}

static int by_inode(const void *a, const void *b)
{
	const struct entry *x = a, *y = b;

	return x->ino < y->ino ? -1 : x->ino > y->ino;
}

static const char *entry_name(const struct walk *w, const struct entry *e)
{
	return (const char *)w->names.p + e->off;
}

/* Directories wait in the order of their names, so they are put there before the rest is sorted. */
static int rank_names(struct walk *w)
{
	int rc = 0;

	qsort_r(w->batch, w->nbatch, sizeof(*w->batch), by_name, w->names.p);
	for (size_t i = 0; i < w->nbatch && rc >= 0; i++) {
		w->batch[i].rank = (uint16_t)i;
		if (w->batch[i].type == DT_DIR)
			rc = wait_dir(w, entry_name(w, &w->batch[i]));
	}
	return rc;
}

static int do_batch(struct walk *w, int dirfd, size_t path_len)
{
	int rc = buf_err(&w->names);

	if (rc < 0 || !w->nbatch)
		return rc;
	if (w->opts->ordered) {
		rc = tree_feed_batch(w->feed, w->nbatch);
		if (rc == 0)
			rc = rank_names(w);
	}
	if (rc == 0)
		qsort(w->batch, w->nbatch, sizeof(*w->batch), by_inode);
	for (size_t i = 0; i < w->nbatch && rc >= 0; i++) {
		const struct entry *e = &w->batch[i];
		const char *name = entry_name(w, e);
		rc = stopped(w) ? -ECANCELED : path_set(w, path_len, name);
		if (rc < 0 || (w->opts->ordered && e->type == DT_DIR))
			continue;
		tree_feed_at(w->feed, e->rank);
		rc = do_entry(w, dirfd, name, e->type);
	}
	w->nbatch = 0;
	buf_reset(&w->names);
	int end = tree_feed_batch_end(w->feed);
	return rc < 0 ? rc : end;
}

static void batch_add(struct walk *w, const struct dirent64 *d)
{
	if (strcmp(d->d_name, ".") == 0 || strcmp(d->d_name, "..") == 0)
		return;
	w->batch[w->nbatch++] = (struct entry){ d->d_ino, (uint32_t)w->names.n, 0, d->d_type };
	buf_put(&w->names, d->d_name, strlen(d->d_name) + 1);
}

/* Does the files of a directory and puts its sub-directories on the pending stack. */
static int read_dir(struct walk *w, int fd, size_t path_len)
{
	for (;;) {
		ssize_t n = getdents64(fd, w->dents, DENTS_SIZE);
		if (n < 0) {
			path_cut(w, path_len);
			int rc = problem_at(w, true, SENSE_WHY_ERRNO, errno);
			return rc < 0 ? rc : do_batch(w, fd, path_len);
		}
		if (n == 0)
			return do_batch(w, fd, path_len);
		for (ssize_t i = 0; i < n;) {
			const struct dirent64 *d = (const void *)(w->dents + i);
			batch_add(w, d);
			i += d->d_reclen;
			int rc = w->nbatch == SENSE_BATCH ? do_batch(w, fd, path_len) : 0;
			if (rc < 0)
				return rc;
		}
	}
}

static int level_push(struct walk *w, const struct level *l)
{
	if (w->n == w->cap) {
		size_t cap = w->cap ? w->cap * 2 : 64;
		struct level *p = reallocarray(w->level, cap, sizeof(*p));
		if (!p)
			return -ENOMEM;
		w->level = p;
		w->cap = cap;
	}
	w->level[w->n++] = *l;
	/* The first stays open always: whatever is lost below, the walk can go on from there. */
	if (w->n > SENSE_FDS_MAX) {
		struct level *far = &w->level[w->n - SENSE_FDS_MAX];
		if (far->fd >= 0)
			close(far->fd);
		far->fd = -1;
	}
	return 0;
}

/* Takes the directory's fd (also on error), lists it, and makes it the current level. */
static int enter(struct walk *w, int dirfd, const struct stat *st)
{
	AUTO_FD int fd = dirfd;
	struct level l = { .dev = st->st_dev, .ino = st->st_ino, .path_len = w->path.n };

	w->stats.dirs++;
	l.start = l.next = w->pending.n;
	int rc = tree_ids_put(&w->entered, st->st_dev, st->st_ino, w);
	if (rc == 0)
		rc = read_dir(w, fd, l.path_len);
	if (rc < 0)
		return rc;
	l.end = w->pending.n;
	l.fd = fd;
	rc = level_push(w, &l);
	if (rc == 0)
		TAKE_FD(fd);
	return rc;
}

/* Only a mount shows a directory a second time (or a kernel that does not tell, or a file system
 * that gives two the same number: those are entered). */
static bool entered_before(const struct walk *w, int fd, const struct stat *st)
{
	struct statx x;

	return tree_ids_get(&w->entered, st->st_dev, st->st_ino) &&
	       statx(fd, "", AT_EMPTY_PATH | AT_NO_AUTOMOUNT, STATX_INO, &x) == 0 &&
	       (x.stx_attributes & STATX_ATTR_MOUNT_ROOT);
}

/* Enters the sub-directory name of the current level, whose fd is open. */
static int do_dir(struct walk *w, const char *name)
{
	const struct level *up = &w->level[w->n - 1];
	struct stat st;

	int rc = path_set(w, up->path_len, name);
	if (rc < 0)
		return rc;
	if (w->n >= SENSE_DEPTH_MAX)
		return problem_at(w, true, SENSE_WHY_DEPTH, 0);
	AUTO_FD int fd = tree_open(up->fd, name, OPEN_DIR);
	if (fd == -ELOOP || fd == -ENOTDIR) /* replaced since the directory was read */
		return problem_at(w, true, SENSE_WHY_MOVED, 0);
	if (fd < 0)
		return problem_at(w, true, SENSE_WHY_ERRNO, -fd);
	if (fstat(fd, &st) < 0)
		return problem_at(w, true, SENSE_WHY_ERRNO, errno);
	if (st.st_dev != up->dev && w->opts->one_file_system) {
		w->stats.other_fs++;
		return 0;
	}
	if (st.st_dev != up->dev && is_pseudo(fd)) {
		w->stats.pseudo++;
		return 0;
	}
	if (entered_before(w, fd, &st)) {
		w->stats.loops++;
		return 0;
	}
	return enter(w, TAKE_FD(fd), &st);
}

/* The directory above fd, if it is still the one that was entered; else -1. */
static int reopen_parent(int fd, const struct level *up)
{
	struct stat st;

	AUTO_FD int parent = fd < 0 ? -1 : openat(fd, "..", OPEN_DIR);
	if (parent < 0 || fstat(parent, &st) < 0 || st.st_dev != up->dev || st.st_ino != up->ino)
		return -1;
	return TAKE_FD(parent);
}

/*
 * Leaves the current level. The one above gets its descriptor back through "..". When somebody
 * moved the tree meanwhile, what waits up there is lost (and said), instead of walking on in a
 * place that nobody named.
 */
static int leave(struct walk *w)
{
	struct level gone = w->level[--w->n];
	AUTO_FD int fd = gone.fd;

	w->pending.n = gone.start;
	if (w->n == 0)
		return 0;
	struct level *up = &w->level[w->n - 1];
	if (up->fd < 0)
		up->fd = reopen_parent(fd, up);
	if (up->fd >= 0 || up->next == up->end)
		return 0;
	up->next = up->end;
	path_cut(w, up->path_len);
	return problem_at(w, true, SENSE_WHY_MOVED, 0);
}

static int walk_levels(struct walk *w)
{
	while (w->n) {
		if (stopped(w))
			return -ECANCELED;
		struct level *l = &w->level[w->n - 1];
		int rc;
		if (l->next == l->end) {
			rc = leave(w);
		} else {
			const char *name = (const char *)w->pending.p + l->next;
			l->next += strlen(name) + 1;
			rc = do_dir(w, name);
		}
		if (rc < 0)
			return rc;
	}
	return 0;
}

static int walk_root(struct walk *w, int root, const struct stat *st)
{
	AUTO_FD int fd = root;

	w->dents = malloc(DENTS_SIZE);
	w->batch = reallocarray(NULL, SENSE_BATCH, sizeof(*w->batch));
	if (!w->dents || !w->batch)
		return -ENOMEM;
	if (is_pseudo(fd))
		return problem_at(w, true, SENSE_WHY_PSEUDO, 0);
	int rc = enter(w, TAKE_FD(fd), st);
	return rc < 0 ? rc : walk_levels(w);
}

static void walk_free(struct walk *w)
{
	for (size_t i = 0; i < w->n; i++)
		if (w->level[i].fd >= 0)
			close(w->level[i].fd);
	free(w->level);
	free(w->batch);
	free(w->dents);
	buf_free(&w->names);
	buf_free(&w->pending);
	buf_free(&w->path);
	tree_ids_free(&w->entered);
	tree_feed_free(w->feed);
}

static int open_root(struct walk *w, const char *path, struct stat *st, struct fault *f)
{
	size_t len = strlen(path);

	while (len > 1 && path[len - 1] == '/')
		len--;
	buf_put(&w->path, path, len);
	if (buf_err(&w->path))
		return buf_err(&w->path);
	/* Asked before it is opened: a device may act on being opened. */
	AUTO_FD int fd = -1;
	if (stat(path, st) < 0)
		return fault_set(f, -errno, "%s: %s", QUOTE(span_str(path)), strerror(errno));
	if (!S_ISREG(st->st_mode) && !S_ISDIR(st->st_mode))
		return fault_set(
		    f, -EINVAL, "%s: neither a file nor a directory", QUOTE(span_str(path)));
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (fd < 0 || fstat(fd, st) < 0)
		return fault_set(f, -errno, "%s: %s", QUOTE(span_str(path)), strerror(errno));
	return TAKE_FD(fd);
}

static int walk_path(
    struct walk *w, const char *path, const struct tree_feed_sink *sink, struct fault *f)
{
	struct stat st;

	AUTO_FD int fd = open_root(w, path, &st, f);
	if (fd < 0)
		return fd;
	int rc = tree_feed_new(&w->feed, w->opts, sink, &w->stats);
	if (rc < 0)
		return rc;
	rc = tree_feed_root(w->feed, fd, w->path.n);
	if (rc == 0 && S_ISDIR(st.st_mode))
		rc = walk_root(w, TAKE_FD(fd), &st);
	else if (rc == 0)
		rc = tree_feed_file(w->feed, fd, buf_str(&w->path), "", &st);
	if (rc == 0)
		rc = tree_feed_finish(w->feed);
	if (rc == -ECANCELED && stopped(w)) {
		rc = tree_feed_stop(w->feed);
		return rc < 0 ? rc : SENSE_STOPPED;
	}
	return rc;
}

int sense_tree(const char *path, const struct sense_tree_opts *opts, sense_file_fn *on_file,
    sense_problem_fn *on_problem, void *ctx, struct sense_tree_stats *ret_stats, struct fault *f)
{
	static const struct sense_tree_opts defaults = {
		.set = HASH_TRIO, .jobs = 1, .ordered = true
	};
	struct tree_feed_sink sink = { on_file, on_problem, ctx };
	struct walk w = {
		.opts = opts ? opts : &defaults,
		.path = BUF_INIT(PATH_BYTES_MAX),
		.pending = BUF_INIT(SENSE_PENDING_MAX),
		.names = BUF_INIT(SENSE_BATCH * 256),
	};

	int rc = walk_path(&w, path, &sink, f);
	if (rc == -ENOMEM)
		fault_set(f, rc, "%s: out of memory", QUOTE(span_str(path)));
	*ret_stats = w.stats;
	walk_free(&w);
	return rc != 0 ? rc : w.stats.problems ? SENSE_INCOMPLETE : SENSE_DONE;
}
