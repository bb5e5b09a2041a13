/* SPDX-License-Identifier: Apache-2.0 */

#include "trust/intoto/record.h"

#include "base/file.h"
#include "base/utf8.h"
#include "crypto/hash.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <linux/openat2.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

struct recorder {
	struct arena *a;
	struct fault *f;
	struct hasher *h;
	bool inside;
	int root; /* where inside ends */
	struct artifacts l;
	size_t cap;
	struct place {
		dev_t dev;
		ino_t ino;
	} open[RECORD_DEPTH_MAX];
	size_t depth;
};

static bool left_out(const char *name)
{
	static const char *const patterns[] = { "*.link*", ".git", "*.pyc", "*~" };

	for (size_t i = 0; i < ARRAY_LEN(patterns); i++)
		if (fnmatch(patterns[i], name, 0) == 0)
			return true;
	return false;
}

/* Any of the names in the path. */
static bool path_left_out(const char *path)
{
	char name[NAME_MAX + 1];

	while (*path) {
		size_t n = strcspn(path, "/");
		if (n && n < sizeof(name)) {
			memcpy(name, path, n);
			name[n] = 0;
			if (left_out(name))
				return true;
		}
		path += n + (path[n] == '/');
	}
	return false;
}

/* path is relative to root. */
static int open_path(const struct recorder *r, const char *path, int flags)
{
	struct open_how how = { .flags = (unsigned)flags | O_CLOEXEC,
		.resolve = r->inside ? RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS : 0 };
	long fd = syscall(SYS_openat2, r->root, path, &how, sizeof(how));

	return fd < 0 ? -errno : (int)fd;
}

static int add(struct recorder *r, const char *path, const struct digest *d)
{
	if (r->l.n == ARTIFACTS_MAX)
		return fault_set(r->f, -E2BIG, "more than %u files", ARTIFACTS_MAX);
	if (r->l.n == r->cap) {
		size_t cap = r->cap ? r->cap * 2 : 64;
		struct artifact *item =
		    arena_grow(r->a, r->l.item, r->cap * sizeof(*item), cap * sizeof(*item));
		if (!item)
			return -ENOMEM;
		r->l.item = item;
		r->cap = cap;
	}
	char *name = arena_str(r->a, span_str(path));
	char *set = arena_printf(r->a, "{\"sha256\":\"%s\"}", DIGEST_HEX(d));
	if (!name || !set)
		return -ENOMEM;
	for (char *p = name; *p; p++)
		if (*p == '\\')
			*p = '/';
	r->l.item[r->l.n++] = (struct artifact){ span_str(name), span_str(set) };
	return 0;
}

static int take_file(struct recorder *r, int fd, const char *path)
{
	struct digest d[DIGEST_ALGS];
	struct span name = span_str(path);

	if (utf8_check(name) != name.n)
		return fault_set(r->f, -EBADMSG, "%s: the name is not UTF-8", QUOTE(name));
	int rc = hash_fd(r->h, fd, d, NULL);
	if (rc < 0)
		return fault_set(r->f, rc, "%s: %s", QUOTE(name), strerror(-rc));
	return add(r, path, &d[DIGEST_SHA256]);
}

static int take(struct recorder *r, const char *path);

/* Entering a folder that is open already would never end. */
static int enter(struct recorder *r, const struct stat *st, const char *path)
{
	for (size_t i = 0; i < r->depth; i++)
		if (r->open[i].dev == st->st_dev && r->open[i].ino == st->st_ino)
			return fault_set(r->f, -EBADMSG, "%s: a link back to a folder around it",
			    QUOTE(span_str(path)));
	if (r->depth == RECORD_DEPTH_MAX)
		return fault_set(r->f, -EBADMSG, "%s: more than %d folders deep",
		    QUOTE(span_str(path)), RECORD_DEPTH_MAX);
	r->open[r->depth++] = (struct place){ st->st_dev, st->st_ino };
	return 0;
}

static void closedir_p(DIR **d)
{
	if (*d)
		closedir(*d);
}

static int take_dir(struct recorder *r, int fd, const char *path)
{
	FB_CLEANUP(closedir_p) DIR *dir = fdopendir(fd);
	struct dirent *e;

	if (!dir) {
		int err = errno;
		close(fd);
		return -err;
	}
	while ((errno = 0, e = readdir(dir))) {
		if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0 ||
		    left_out(e->d_name))
			continue;
		bool top = strcmp(path, ".") == 0;
		const char *slash = top || path[strlen(path) - 1] == '/' ? "" : "/";
		const char *sub = arena_printf(r->a, "%s%s%s", top ? "" : path, slash, e->d_name);
		if (!sub)
			return -ENOMEM;
		int rc = take(r, sub);
		if (rc < 0)
			return rc;
	}
	return -errno;
}

/* Opens a file or folder to read, looking first: opening a device may do something. -ENXIO: it is
 * neither. */
static int open_to_read(const struct recorder *r, const char *path, struct stat *st)
{
	AUTO_FD int at = open_path(r, path, O_PATH);

	if (at < 0)
		return TAKE_FD(at);
	if (fstat(at, st) < 0)
		return -errno;
	if (!S_ISREG(st->st_mode) && !S_ISDIR(st->st_mode))
		return -ENXIO;
	AUTO_FD int fd = open_path(r, path, O_RDONLY | O_NOCTTY | O_NONBLOCK);
	if (fd >= 0 && fstat(fd, st) < 0)
		return -errno;
	return TAKE_FD(fd);
}

static int take(struct recorder *r, const char *path)
{
	struct stat st;
	AUTO_FD int fd = open_to_read(r, path, &st);

	/* Not there, a broken link, a socket: nothing to record. */
	if (fd == -ENOENT || fd == -ENXIO || fd == -ENOTDIR)
		return 0;
	if (fd == -EXDEV)
		return fault_set(r->f, -EBADMSG, "%s: a link that leads out of the folder",
		    QUOTE(span_str(path)));
	if (fd < 0)
		return fault_set(r->f, fd, "%s: %s", QUOTE(span_str(path)), strerror(-fd));
	if (S_ISREG(st.st_mode))
		return take_file(r, fd, path);
	if (!S_ISDIR(st.st_mode))
		return 0;
	int rc = enter(r, &st, path);
	if (rc < 0)
		return rc;
	rc = take_dir(r, TAKE_FD(fd), path);
	r->depth--;
	return rc;
}

/* Python's os.path.normpath. */
static char *normal(const char *path, struct arena *a)
{
	size_t lead = path[0] == '/' ? (path[1] == '/' && path[2] != '/' ? 2 : 1) : 0, n = lead;
	char *out = arena_alloc(a, strlen(path) + 3);

	if (!out)
		return NULL;
	memset(out, '/', lead);
	while (*path) {
		size_t len = strcspn(path, "/");
		const char *last = memrchr(out + lead, '/', n - lead);
		last = last ? last + 1 : out + lead;
		bool up = len == 2 && path[0] == '.' && path[1] == '.';
		bool can_drop = n > lead && !(out + n - last == 2 && strncmp(last, "..", 2) == 0);
		if (up && can_drop) {
			n = (size_t)(last - out);
			if (n > lead)
				n--;
		} else if (len && !(len == 1 && path[0] == '.') && !(up && lead)) {
			if (n > lead)
				out[n++] = '/';
			memcpy(out + n, path, len);
			n += len;
		}
		path += len + (path[len] == '/');
	}
	if (!n)
		out[n++] = '.';
	out[n] = 0;
	return out;
}

static int by_path(const void *a, const void *b)
{
	return span_cmp(((const struct artifact *)a)->path, ((const struct artifact *)b)->path);
}

/* Sorted, each path once: a file may be below two of the paths given. */
static int finish(struct recorder *r, struct artifacts *ret_l)
{
	struct artifacts l = { r->l.item, 0 };

	if (r->l.n)
		qsort(r->l.item, r->l.n, sizeof(*r->l.item), by_path);
	for (size_t i = 0; i < r->l.n; i++) {
		if (!l.n || !span_eq(l.item[l.n - 1].path, r->l.item[i].path)) {
			l.item[l.n++] = r->l.item[i];
			continue;
		}
		if (!span_eq(l.item[l.n - 1].digests, r->l.item[i].digests))
			return fault_set(r->f, -EBADMSG,
			    "%s: two files of this name, or it changes while it is read",
			    QUOTE(r->l.item[i].path));
	}
	*ret_l = l;
	return 0;
}

int record_paths(struct artifacts *ret_l, int dirfd, const char *const *path, size_t n, bool inside,
    struct arena *a, struct fault *f)
{
	AUTO_HASHER struct hasher *h = NULL;

	int rc = hasher_new(&h, HASH_SET(DIGEST_SHA256));
	if (rc < 0)
		return rc;
	struct recorder *r = ARENA_NEW(a, struct recorder);
	if (!r)
		return -ENOMEM;
	*r = (struct recorder){ .a = a, .f = f, .h = h, .inside = inside, .root = dirfd };
	for (size_t i = 0; i < n; i++) {
		const char *p = normal(path[i], a);
		if (!p)
			return -ENOMEM;
		rc = path_left_out(p) ? 0 : take(r, p);
		if (rc < 0)
			return rc;
	}
	return finish(r, ret_l);
}
