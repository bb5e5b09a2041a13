/* SPDX-License-Identifier: Apache-2.0 */

/* package_check: looks at the files that packages brought, in several processes. */

#include "base/file.h"
#include "crypto/hash.h"
#include "sense/host/package_priv.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#define TAKE 64 /* files that a process takes at once */
#define READ (O_RDONLY | O_NONBLOCK | O_NOCTTY)

struct look {
	struct packages *p;
	struct hasher *hasher[DIGEST_ALGS]; /* made when needed */
	bool stat_only;
};

/* --- one file --- */

/* The access time is for the owner and root to keep. */
static int open_file(const struct packages *p, const char *path, int flags)
{
	/* openat2(2) refuses O_NOATIME where nothing is read. */
	int fd = file_open_in_root(p->root, path, flags & O_PATH ? flags : flags | O_NOATIME);
	return fd == -EPERM ? file_open_in_root(p->root, path, flags) : fd;
}

static int digest_of_fd(struct look *l, enum digest_alg alg, int fd, struct found *x)
{
	struct digest out[DIGEST_ALGS] = { { 0 } };
	int rc = l->hasher[alg] ? 0 : hasher_new(&l->hasher[alg], HASH_SET(alg));

	if (rc == 0)
		rc = hash_file_of_others(l->hasher[alg], fd, out, &x->bytes);
	if (rc < 0)
		l->hasher[alg] = hasher_free(l->hasher[alg]);
	memcpy(x->have, out[alg].b, out[alg].len);
	return rc;
}

/* A regular file is open: is it what it has to be? */
static int compare(struct look *l, const struct entry *e, int fd, struct found *x)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return -errno;
	x->now = IFTODT(st.st_mode);
	x->dev = st.st_dev;
	x->ino = st.st_ino;
	if (!S_ISREG(st.st_mode)) {
		x->what = PACKAGE_TYPE_NOW;
		return 0;
	}
	int rc = l->stat_only ? 0 : digest_of_fd(l, e->alg, fd, x);
	if (rc == 0)
		x->what = l->stat_only || memcmp(x->have, e->want, digest_len(e->alg)) == 0 ?
			PACKAGE_SAME :
			PACKAGE_CHANGED;
	return rc;
}

static int look_file(struct look *l, const struct entry *e, struct found *x)
{
	int how = l->stat_only ? O_PATH : READ;

	AUTO_FD int fd = open_file(l->p, e->path, how | O_NOFOLLOW);
	if (fd >= 0 && l->stat_only) {
		struct stat st;
		if (fstat(fd, &st) == 0 && S_ISLNK(st.st_mode)) {
			fd_close_p(&fd);
			fd = -ELOOP;
		}
	}
	if (fd >= 0)
		return compare(l, e, fd, x);
	if (fd != -ELOOP)
		return fd;
	/* A link now: fine if what it leads to has the same content. */
	fd = open_file(l->p, e->path, how);
	int rc = fd < 0 ? 0 : compare(l, e, fd, x);
	if (fd < 0 || x->what != PACKAGE_SAME) {
		x->what = PACKAGE_TYPE_NOW;
		x->now = DT_LNK;
	}
	return rc;
}

/* What has no digest only has to be there; of links it may be known where they lead. */
static int look_other(struct look *l, const struct entry *e, struct found *x)
{
	char target[4096];
	struct stat st;

	AUTO_FD int fd = file_open_in_root(l->p->root, e->path, O_PATH | O_NOFOLLOW);
	if (fd < 0 || fstat(fd, &st) < 0)
		return fd < 0 ? fd : -errno;
	x->now = IFTODT(st.st_mode);
	x->dev = st.st_dev;
	x->ino = st.st_ino;
	x->what = S_ISREG(st.st_mode) ? PACKAGE_UNKNOWN : PACKAGE_SAME;
	if (e->type == PACKAGE_LINK && !S_ISLNK(st.st_mode))
		x->what = PACKAGE_TYPE_NOW;
	if (e->type == PACKAGE_DIR && !S_ISDIR(st.st_mode) && !S_ISLNK(st.st_mode))
		x->what = PACKAGE_TYPE_NOW;
	if (e->type == PACKAGE_LINK && S_ISLNK(st.st_mode) && e->target) {
		ssize_t n = readlinkat(fd, "", target, sizeof(target));
		if (n < 0)
			return -errno;
		if (!span_eq_str(span_of(target, (size_t)n), e->target))
			x->what = PACKAGE_CHANGED;
	}
	return 0;
}

/* dpkg: the last pattern that matches decides. */
static bool excluded(const struct packages *p, const char *path)
{
	bool out = false;

	for (size_t i = 0; i < p->nexcludes; i++)
		if (fnmatch(p->excludes[i] + 1, path, 0) == 0)
			out = p->excludes[i][0] == '-';
	return out;
}

static void look_at(struct look *l, size_t i)
{
	const struct entry *e = &l->p->entry[i];
	struct found x = { .what = FOUND_PENDING };
	int rc = e->want ? look_file(l, e, &x) : look_other(l, e, &x);

	if (rc == -ENOENT || rc == -ENOTDIR)
		x.what = excluded(l->p, e->path)  ? PACKAGE_EXCLUDED :
		    e->flags & ENTRY_OPTIONAL ? PACKAGE_SAME :
						PACKAGE_MISSING;
	else if (rc < 0) {
		x.what = PACKAGE_UNREAD;
		x.err = (uint16_t)-rc;
	}
	l->p->found[i] = x;
}

static void look_at_some(struct packages *p, bool stat_only)
{
	struct look l = { .p = p, .stat_only = stat_only };
	size_t i;

	while ((i = __atomic_fetch_add(p->next, TAKE, __ATOMIC_RELAXED)) < p->n)
		for (size_t k = i; k < p->n && k < i + TAKE; k++)
			look_at(&l, k);
	for (size_t a = 0; a < DIGEST_ALGS; a++)
		hasher_free(l.hasher[a]);
}

/* --- all of them --- */

static int share(struct packages *p)
{
	if (p->found)
		munmap(p->next, p->shared_size);
	p->found = NULL;
	p->shared_size = sizeof(struct found) * (p->n + 1);
	p->next = mmap(NULL, p->shared_size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (p->next == MAP_FAILED) {
		p->next = NULL;
		return -errno;
	}
	p->found = (struct found *)p->next + 1;
	for (size_t i = 0; i < p->n; i++)
		p->found[i].what = FOUND_PENDING;
	return 0;
}

static int with_processes(struct packages *p, unsigned jobs, bool stat_only)
{
	pid_t pid[PACKAGE_JOBS_MAX], self = getpid();
	unsigned n = 0;

	for (; n < jobs; n++) {
		pid[n] = fork();
		if (pid[n] == 0) {
			prctl(PR_SET_PDEATHSIG, SIGKILL);
			if (getppid() == self)
				look_at_some(p, stat_only);
			_exit(0);
		}
		if (pid[n] < 0)
			break;
	}
	int rc = n ? 0 : -errno;
	for (unsigned i = 0; i < n; i++)
		while (waitpid(pid[i], NULL, 0) < 0 && errno == EINTR)
			;
	return rc;
}

/* Device and inode -> entry. */
static int index_ids(struct packages *p)
{
	size_t slots = 64;

	while (slots < 2 * p->n)
		slots *= 2;
	free(p->slot);
	p->slot = calloc(slots, sizeof(*p->slot));
	p->nslots = p->slot ? slots : 0;
	if (!p->slot)
		return -ENOMEM;
	for (size_t i = 0; i < p->n; i++) {
		const struct found *x = &p->found[i];
		if (!p->entry[i].want || (x->what != PACKAGE_SAME && x->what != PACKAGE_CHANGED) || !x->ino)
			continue;
		uint64_t id[2] = { x->dev, x->ino };
		size_t s = siphash13(siphash_seed(), id, sizeof(id)) & (slots - 1);
		while (p->slot[s])
			s = (s + 1) & (slots - 1);
		p->slot[s] = (uint32_t)i + 1;
	}
	return 0;
}

static int look_at_all(struct packages *p, unsigned jobs, bool stat_only)
{
	int rc = share(p);

	if (jobs > PACKAGE_JOBS_MAX)
		jobs = PACKAGE_JOBS_MAX;
	if (rc == 0 && jobs < 2)
		look_at_some(p, stat_only);
	else if (rc == 0)
		rc = with_processes(p, jobs, stat_only);
	return rc ? rc : index_ids(p);
}

static struct package_file file_of(const struct packages *p, const struct entry *e)
{
	struct package_file x = { .path = e->path, .package = &p->package[e->package],
		.type = (enum package_type)e->type, .target = e->target,
		.proven = e->flags & ENTRY_PROVEN, .config = e->flags & ENTRY_CONFIG, .optional = e->flags & ENTRY_OPTIONAL };

	if (e->want)
		x.want = digest_of((enum digest_alg)e->alg, e->want);
	return x;
}

static const char *type_name(uint8_t dt)
{
	switch (dt) {
	case DT_REG:
		return "regular file";
	case DT_DIR:
		return "directory";
	case DT_LNK:
		return "symbolic link";
	default:
		return "device, FIFO or socket";
	}
}

static struct package_finding finding_of(const struct packages *p, size_t i)
{
	const struct entry *e = &p->entry[i];
	const struct found *x = &p->found[i];
	struct package_finding y = { .what = (enum package_what)x->what, .file = file_of(p, e),
		.err = x->err, .now = "" };

	if (x->what == FOUND_PENDING) { /* the process that took it did not come back */
		y.what = PACKAGE_UNREAD;
		y.err = EIO;
	}
	if (y.what == PACKAGE_TYPE_NOW)
		y.now = type_name(x->now);
	if (y.what == PACKAGE_CHANGED && e->want)
		y.have = digest_of((enum digest_alg)e->alg, x->have);
	return y;
}

static bool worth_telling(enum package_what w)
{
	return w != PACKAGE_SAME && w != PACKAGE_UNKNOWN && w != PACKAGE_EXCLUDED;
}

int packages_check(struct packages *p, unsigned jobs, package_finding_fn *fn, void *ctx,
    struct packages_stats *ret_st, struct fault *f)
{
	int rc = look_at_all(p, jobs, false);

	*ret_st = (struct packages_stats){ .packages = p->npackages };
	if (rc < 0)
		return fault_set(f, rc, "packages: %s", strerror(-rc));
	for (size_t i = 0; i < p->npackages; i++)
		ret_st->no_digests += p->package[i].no_digests;
	for (size_t i = 0; i < p->n && rc >= 0; i++) {
		struct package_finding x = finding_of(p, i);
		bool other = x.what == PACKAGE_CHANGED || x.what == PACKAGE_TYPE_NOW;
		ret_st->files += p->entry[i].want != NULL;
		ret_st->proven += x.file.proven;
		ret_st->same += p->entry[i].want && x.what == PACKAGE_SAME;
		ret_st->changed += other && !x.file.config;
		ret_st->config_changed += other && x.file.config;
		ret_st->bytes += p->found[i].bytes;
		ret_st->what[x.what]++;
		rc = worth_telling(x.what) && fn ? fn(ctx, &x) : 0;
	}
	return rc < 0 ? rc : 0;
}

int packages_locate(struct packages *p, struct fault *f)
{
	int rc = look_at_all(p, 1, true);
	return rc < 0 ? fault_set(f, rc, "packages: %s", strerror(-rc)) : 0;
}

bool packages_of(const struct packages *p, uint64_t dev, uint64_t ino, struct package_file *ret_file)
{
	uint64_t id[2] = { dev, ino };
	size_t s = siphash13(siphash_seed(), id, sizeof(id));

	for (s &= p->nslots - 1; p->nslots && p->slot[s]; s = (s + 1) & (p->nslots - 1)) {
		const struct found *x = &p->found[p->slot[s] - 1];
		if (x->dev != dev || x->ino != ino)
			continue;
		*ret_file = file_of(p, &p->entry[p->slot[s] - 1]);
		return true;
	}
	return false;
}
