/* SPDX-License-Identifier: Apache-2.0 */

#include "sense/host/autostart_priv.h"

#include "base/file.h"
#include "crypto/hash.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#define ARENA_MAX (512u << 20)
#define HOMES_MAX 1024

int autostart_problem(struct autostart *a, const char *path, int err)
{
	return a->o->on_problem ? a->o->on_problem(a->o->ctx, path, strerror(err)) : 0;
}

const char *autostart_join(struct autostart *a, const char *dir, const char *name)
{
	return arena_printf(&a->arena, "%s/%s", dir, name);
}

/* --- reading --- */

static int read_fd(struct autostart *a, int fd, const char *path, struct buf *out)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return -errno;
	if (!S_ISREG(st.st_mode))
		return S_ISCHR(st.st_mode) ? -ENOENT : -EINVAL; /* a masked unit is /dev/null */
	int rc = buf_reserve(out, AUTOSTART_FILE_MAX);
	if (rc < 0)
		return rc;
	ssize_t n = 0, got;
	while (n < (ssize_t)AUTOSTART_FILE_MAX &&
	    (got = read(fd, out->p + n, AUTOSTART_FILE_MAX - (size_t)n)) > 0)
		n += got;
	out->n = (size_t)n;
	out->p[n] = 0;
	return st.st_size > AUTOSTART_FILE_MAX ? autostart_problem(a, path, EFBIG) : 0;
}

int autostart_read_file(struct autostart *a, const char *path, struct buf *out)
{
	AUTO_FD int fd = file_open_in_root(a->root, path, O_RDONLY | O_NONBLOCK | O_NOCTTY);
	return fd < 0 ? fd : read_fd(a, fd, path, out);
}

/* 1: was there already. */
static int mark(struct autostart *a, struct map *m, uint64_t dev, uint64_t ino, void *val)
{
	uint64_t *key = arena_array(&a->arena, 2, sizeof(*key));

	if (!key)
		return -ENOMEM;
	key[0] = dev;
	key[1] = ino;
	return map_add(m, span_of(key, 2 * sizeof(*key)), val, NULL);
}

int autostart_read_once(struct autostart *a, const char *path, struct buf *out)
{
	struct stat st;
	AUTO_FD int fd = file_open_in_root(a->root, path, O_RDONLY | O_NONBLOCK | O_NOCTTY);

	if (fd < 0)
		return fd;
	if (fstat(fd, &st) < 0)
		return -errno;
	int rc = mark(a, &a->read, st.st_dev, st.st_ino, a);
	return rc ? rc : read_fd(a, fd, path, out);
}

static int by_type_and_name(const void *x, const void *y)
{
	const struct autostart_name *a = x, *b = y;
	int link = (a->type == DT_LNK) - (b->type == DT_LNK);

	return link ? link : strcmp(a->name, b->name);
}

int autostart_list(struct autostart *a, const char *path, struct autostart_name **ret_v, size_t *ret_n)
{
	AUTO_FD int fd = file_open_in_root(a->root, path, O_RDONLY | O_DIRECTORY);
	struct autostart_name *v = NULL;
	size_t n = 0, cap = 0;
	struct stat st;
	int rc = 0;

	*ret_v = NULL;
	*ret_n = 0;
	if (fd < 0)
		return fd == -ENOENT || fd == -ENOTDIR ? 0 : autostart_problem(a, path, -fd);
	DIR *dir = fdopendir(fd);
	if (!dir)
		return -errno;
	(void)TAKE_FD(fd);
	for (const struct dirent *d; rc == 0 && (d = readdir(dir));) {
		if (strcmp(d->d_name, ".") == 0 || strcmp(d->d_name, "..") == 0)
			continue;
		if (n == cap) {
			struct autostart_name *more = arena_array(&a->arena, cap ? 2 * cap : 64, sizeof(*v));
			if (!more) {
				rc = -ENOMEM;
				break;
			}
			if (n)
				memcpy(more, v, n * sizeof(*v));
			v = more;
			cap = cap ? 2 * cap : 64;
		}
		unsigned char type = d->d_type;
		if (type == DT_UNKNOWN && fstatat(dirfd(dir), d->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0)
			type = IFTODT(st.st_mode);
		v[n] = (struct autostart_name){ arena_str(&a->arena, span_str(d->d_name)), type };
		rc = v[n++].name ? 0 : -ENOMEM;
	}
	closedir(dir);
	if (n)
		qsort(v, n, sizeof(*v), by_type_and_name);
	a->st->places++;
	*ret_v = v;
	*ret_n = n;
	return rc;
}

/* --- programs --- */

/* Anybody may write the file, or a folder on the way (one with the sticky bit lets only the owner
 * replace what is there, and anybody make what is not). */
static bool writable(struct autostart *a, const char *path, bool missing)
{
	char part[AUTOSTART_PATH_MAX];
	size_t n = strlen(path);
	struct stat st;

	if (n >= sizeof(part))
		return false;
	memcpy(part, path, n + 1);
	for (bool file = true; n > 1; file = false) {
		AUTO_FD int fd = file_open_in_root(a->root, part, O_PATH);
		if (fd >= 0 && fstat(fd, &st) == 0 && (st.st_mode & S_IWOTH) && !S_ISLNK(st.st_mode)) {
			if (file ? S_ISREG(st.st_mode) : missing || !(st.st_mode & S_ISVTX))
				return true;
		}
		if (!file && fd >= 0)
			missing = false; /* the folder is there: the sticky bit protects it */
		while (n > 1 && part[n - 1] != '/')
			n--;
		while (n > 1 && part[n - 1] == '/')
			n--;
		part[n] = 0;
	}
	return false;
}

static int digest(struct autostart *a, int fd, const struct stat *st, struct autostart_entry *e)
{
	uint64_t key[2] = { st->st_dev, st->st_ino };
	struct digest *d = map_get(&a->digests, span_of(key, sizeof(key)));
	int rc;

	if (!d) {
		d = arena_array(&a->arena, DIGEST_ALGS, sizeof(*d));
		rc = !d ? -ENOMEM : mark(a, &a->digests, st->st_dev, st->st_ino, d);
		if (rc < 0)
			return rc;
		rc = a->hasher ? 0 : hasher_new(&a->hasher, a->o->set);
		if (rc == 0)
			rc = hash_file_of_others(a->hasher, fd, d, NULL);
		if (rc < 0) {
			memset(d, 0, DIGEST_ALGS * sizeof(*d));
			a->hasher = hasher_free(a->hasher);
		}
		if (rc == -ENOMEM)
			return rc;
	}
	if (!digest_is_set(&d[DIGEST_SHA256]))
		e->flags |= AUTOSTART_UNREAD;
	e->digest = d;
	return 0;
}

static int look_at_program(struct autostart *a, struct autostart_entry *e)
{
	struct stat st;
	AUTO_FD int fd = file_open_in_root(a->root, e->program, O_RDONLY | O_NONBLOCK | O_NOCTTY);

	if (fd == -ENOENT || fd == -ENOTDIR)
		e->flags |= AUTOSTART_MISSING;
	else if (fd < 0 || fstat(fd, &st) < 0)
		e->flags |= AUTOSTART_UNREAD;
	else if (S_ISREG(st.st_mode)) {
		e->dev = st.st_dev;
		e->ino = st.st_ino;
		e->size = (uint64_t)st.st_size;
		if (st.st_mtim.tv_sec > 0 && st.st_mtim.tv_sec < INT64_MAX / TS_SECOND)
			e->mtime = st.st_mtim.tv_sec * TS_SECOND + st.st_mtim.tv_nsec;
		int rc = a->o->set ? digest(a, fd, &st, e) : 0;
		if (rc < 0)
			return rc;
	}
	if (writable(a, e->program, e->flags & AUTOSTART_MISSING))
		e->flags |= AUTOSTART_WRITABLE;
	return 0;
}

int autostart_put(struct autostart *a, const struct autostart_draft *d, const char *program)
{
	static const struct digest none[DIGEST_ALGS];
	struct autostart_entry e = { .kind = d->kind, .line = d->line, .name = d->name ? d->name : "",
		.trigger = d->trigger ? d->trigger : "", .user = d->user ? d->user : "",
		.command = d->command ? d->command : "", .flags = d->flags, .mtime = TS_NONE, .digest = none };

	if (a->st->entries == AUTOSTART_ENTRIES_MAX)
		return -E2BIG;
	e.source = d->source[0] == '/' ? d->source : arena_printf(&a->arena, "/%s", d->source);
	e.program = !program || program[0] == '/' ? program : arena_printf(&a->arena, "/%s", program);
	if (!e.source || (program && !e.program))
		return -ENOMEM;
	if (writable(a, e.source, false))
		e.flags |= AUTOSTART_SOURCE_WRITABLE;
	int rc = e.program ? look_at_program(a, &e) : 0;
	if (!e.program)
		e.flags |= AUTOSTART_UNRESOLVED;
	a->st->entries++;
	a->st->missing += (e.flags & AUTOSTART_MISSING) != 0;
	a->st->writable += (e.flags & (AUTOSTART_WRITABLE | AUTOSTART_SOURCE_WRITABLE)) != 0;
	a->st->unresolved += (e.flags & AUTOSTART_UNRESOLVED) != 0;
	a->st->off += (e.flags & AUTOSTART_OFF) != 0;
	return rc ? rc : a->o->on_entry(a->o->ctx, &e);
}

/* Where the name of a program leads: its path as named if it has a slash, else by the search path;
 * NULL: nowhere, or it is a variable. */
static int find_program(struct autostart *a, const char *name, bool script, const char **ret_path)
{
	static const char *const dirs[] = { "/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin",
		"/sbin", "/bin" };

	*ret_path = NULL;
	if (name[0] == '/') {
		*ret_path = strpbrk(name, "$*?%`") ? NULL : name;
		return 0;
	}
	if (strpbrk(name, "/$*?%`") || script)
		return 0;
	for (size_t i = 0; i < ARRAY_LEN(dirs); i++) {
		const char *path = autostart_join(a, dirs[i], name);
		if (!path)
			return -ENOMEM;
		AUTO_FD int fd = file_open_in_root(a->root, path, O_PATH);
		if (fd >= 0) {
			*ret_path = path;
			return 0;
		}
	}
	return 0;
}

int autostart_command(struct autostart *a, const struct autostart_draft *d, bool shell)
{
	struct autostart_words w;
	size_t found = 0;
	int rc = autostart_words(&w, span_str(d->command), shell, &a->arena);

	for (size_t i = 0; i < w.n && rc == 0; i++) {
		const char *path;
		rc = find_program(a, w.program[i], w.script[i], &path);
		if (rc || !path)
			continue;
		found++;
		rc = autostart_put(a, d, path);
	}
	return rc || found ? rc : autostart_put(a, d, NULL);
}

/* --- homes --- */

static int add_home(struct autostart *a, struct span home, struct span owner)
{
	while (home.n && home.p[0] == '/')
		home = span_from(home, 1);
	if (!home.n || a->nhomes == HOMES_MAX)
		return 0;
	for (size_t i = 0; i < a->nhomes; i++)
		if (span_eq_str(home, a->home[i]))
			return 0;
	a->home[a->nhomes] = arena_str(&a->arena, home);
	a->owner[a->nhomes] = arena_str(&a->arena, owner);
	return a->home[a->nhomes] && a->owner[a->nhomes] ? (a->nhomes++, 0) : -ENOMEM;
}

static struct span passwd_field(struct span line, unsigned n)
{
	while (n-- && line.n) {
		size_t colon = span_find(line, ':');
		line = colon == SIZE_MAX ? SPAN_NONE : span_from(line, colon + 1);
	}
	return span_cut(line, 0, span_find(line, ':'));
}

static int find_homes(struct autostart *a)
{
	AUTO_BUF struct buf b = BUF_INIT(2 * AUTOSTART_FILE_MAX);
	struct autostart_name *v;
	struct span rest, line;
	size_t n;
	int rc = autostart_read_file(a, "etc/passwd", &b);

	a->home = arena_array(&a->arena, HOMES_MAX, sizeof(*a->home));
	a->owner = arena_array(&a->arena, HOMES_MAX, sizeof(*a->owner));
	if (!a->home || !a->owner)
		return -ENOMEM;
	rc = rc == -ENOMEM ? rc : 0;
	rest = buf_span(&b);
	while (rc == 0 && span_next_line(&rest, &line))
		rc = add_home(a, passwd_field(line, 5), passwd_field(line, 0));
	if (rc == 0)
		rc = add_home(a, SPAN_LIT("root"), SPAN_LIT("root"));
	if (rc == 0)
		rc = autostart_list(a, "home", &v, &n);
	for (size_t i = 0; rc == 0 && i < n; i++) {
		const char *home = v[i].type == DT_DIR ? autostart_join(a, "home", v[i].name) : "";
		rc = home ? add_home(a, span_str(home), span_str(v[i].name)) : -ENOMEM;
	}
	return rc;
}

int autostart_read(const struct autostart_opts *o, struct autostart_stats *ret_st, struct fault *f)
{
	struct autostart a = { .o = o, .st = ret_st, .arena = ARENA_INIT(ARENA_MAX) };

	*ret_st = (struct autostart_stats){ 0 };
	a.root = open(o->root, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (a.root < 0) {
		int e = errno;
		return fault_set(f, -e, "%s: %s", QUOTE(span_str(o->root)), strerror(e));
	}
	map_init(&a.read, AUTOSTART_ENTRIES_MAX);
	map_init(&a.digests, AUTOSTART_ENTRIES_MAX);
	map_init(&a.wanted, AUTOSTART_ENTRIES_MAX);
	int rc = find_homes(&a);
	if (rc == 0)
		rc = autostart_linux(&a);
	if (rc == 0)
		rc = autostart_windows(&a);
	map_free(&a.read);
	map_free(&a.digests);
	map_free(&a.wanted);
	hasher_free(a.hasher);
	close(a.root);
	arena_free(&a.arena);
	return rc;
}
