/* SPDX-License-Identifier: Apache-2.0 */

#include "sense/host/process.h"

#include "base/arena.h"
#include "base/file.h"
#include "base/map.h"
#include "crypto/hash.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/magic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>
#include <unistd.h>

#define ARENA_MAX (1u << 30)
#define BTRFS_MAGIC 0x9123683eu
#define OPEN_FLAGS (O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)

/* A file that somebody has mapped, found by device and inode as maps tells them. */
struct object {
	uint64_t dev, ino;
	bool exec;    /* some part is executable somewhere */
	bool deleted; /* maps says so */
	const char *path;
	struct use *first, **last;
	uint32_t nuses;
};

/* One process that maps it: any of its mappings. */
struct use {
	struct use *next;
	const struct process *process;
	uint64_t start, end; /* first mapping */
	bool exe;
};

struct scan {
	const struct process_opts *o;
	struct process_stats *st;
	struct fault *f;
	const char *proc;
	int procfd;
	struct arena arena;
	struct map objects; /* dev, ino -> struct object */
	uint64_t nuses;
	ts boot;
	long ticks;
	struct hasher *hasher;
	const struct process **list; /* of the object at hand */
	bool *exe;
	size_t cap;
};

const char *process_state_name(enum process_state s)
{
	static const char *const names[] = { "same", "deleted", "replaced", "memfd", "unsure" };
	return s <= PROCESS_UNSURE ? names[s] : "";
}

/* --- reading proc --- */

/* proc/PID/what, which may be gone at any moment. */
static int read_file(const struct scan *s, uint32_t pid, const char *what, struct buf *out, size_t max)
{
	char path[64];

	buf_reset(out);
	snprintf(path, sizeof(path), "%u/%s", pid, what);
	AUTO_FD int fd = openat(s->procfd, path, O_RDONLY | O_CLOEXEC);
	return fd < 0 ? -errno : file_read_fd(fd, out, max);
}

static bool vanished(int rc)
{
	return rc == -ENOENT || rc == -ESRCH;
}

/* When the system was started, from proc/stat. */
static ts boot_time(const struct scan *s)
{
	AUTO_BUF struct buf b = BUF_INIT(16u << 20);
	AUTO_FD int fd = openat(s->procfd, "stat", O_RDONLY | O_CLOEXEC);
	struct span rest, line;

	if (fd < 0 || file_read_fd(fd, &b, 16u << 20) < 0)
		return TS_NONE;
	rest = buf_span(&b);
	while (span_next_line(&rest, &line))
		if (span_starts(line, SPAN_LIT("btime ")))
			return (ts)strtoll((const char *)line.p + 6, NULL, 10) * TS_SECOND;
	return TS_NONE;
}

/* What was told, with spaces for the NULs between arguments. */
static const char *arguments(struct scan *s, uint32_t pid)
{
	AUTO_BUF struct buf b = BUF_INIT(PROCESS_CMDLINE_MAX + 1);
	char path[64];

	snprintf(path, sizeof(path), "%u/cmdline", pid);
	AUTO_FD int fd = openat(s->procfd, path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || buf_reserve(&b, PROCESS_CMDLINE_MAX) < 0)
		return "";
	ssize_t n = read(fd, b.p, PROCESS_CMDLINE_MAX);
	for (ssize_t i = 0; i + 1 < n; i++)
		if (!b.p[i])
			b.p[i] = ' ';
	return n > 0 ? arena_str(&s->arena, span_of(b.p, strnlen((char *)b.p, (size_t)n))) : "";
}

/* NULL with *ret_rc: gone, no memory, or 0: a thread of the kernel, which is counted. */
static struct process *describe(struct scan *s, uint32_t pid, int *ret_rc)
{
	AUTO_BUF struct buf b = BUF_INIT(1u << 16);
	struct process_stat ps;
	struct stat st;
	char path[32];

	*ret_rc = read_file(s, pid, "stat", &b, 1u << 16);
	if (*ret_rc < 0)
		return NULL;
	if (!process_stat(&ps, buf_span(&b))) {
		*ret_rc = -EIO;
		return NULL;
	}
	if (ps.kernel) {
		s->st->kernel++;
		*ret_rc = 0;
		return NULL;
	}
	snprintf(path, sizeof(path), "%u", pid);
	struct process *p = ARENA_NEW(&s->arena, struct process);
	*ret_rc = -ENOMEM;
	if (!p)
		return NULL;
	*p = (struct process){ .pid = pid, .start = TS_NONE, .comm = arena_str(&s->arena, ps.comm),
		.cmdline = arguments(s, pid),
		.uid = fstatat(s->procfd, path, &st, 0) == 0 ? st.st_uid : UINT32_MAX };
	if (s->boot != TS_NONE && ps.start < (uint64_t)(INT64_MAX / TS_SECOND / 2))
		p->start = s->boot + (ts)(ps.start / (uint64_t)s->ticks) * TS_SECOND +
		    (ts)(ps.start % (uint64_t)s->ticks) * (TS_SECOND / s->ticks);
	return p->comm && p->cmdline ? p : NULL;
}

static int problem(const struct scan *s, const struct process *p, const char *text)
{
	return s->o->on_problem ? s->o->on_problem(s->o->ctx, p, text) : 0;
}

/* --- mappings --- */

static int add_use(struct scan *s, struct object *o, const struct process *p, const struct process_map *m)
{
	struct use *last = o->nuses ? (struct use *)((char *)o->last - offsetof(struct use, next)) : NULL;

	if (last && last->process == p)
		return 0;
	if (s->nuses++ == PROCESS_USES_MAX)
		return -E2BIG;
	struct use *u = ARENA_NEW(&s->arena, struct use);
	if (!u)
		return -ENOMEM;
	*u = (struct use){ .process = p, .start = m->start, .end = m->end };
	*o->last = u;
	o->last = &u->next;
	o->nuses++;
	return 0;
}

/* maps writes a newline in a path as "\012". */
static const char *plain_path(struct scan *s, struct span path)
{
	AUTO_BUF struct buf b = BUF_INIT(1u << 16);

	for (size_t i = 0; i < path.n; i++) {
		bool newline = span_starts(span_from(path, i), SPAN_LIT("\\012"));
		buf_putc(&b, newline ? '\n' : (char)path.p[i]);
		i += newline ? 3 : 0;
	}
	return buf_err(&b) ? NULL : arena_str(&s->arena, buf_span(&b));
}

static int add_mapping(struct scan *s, const struct process *p, const struct process_map *m)
{
	uint64_t id[2] = { makedev(m->major, m->minor), m->ino };
	struct object *o = map_get(&s->objects, span_of(id, sizeof(id)));

	if (!o) {
		uint64_t *key = arena_array(&s->arena, 2, sizeof(*key));
		o = ARENA_NEW(&s->arena, struct object);
		if (!key || !o)
			return -ENOMEM;
		memcpy(key, id, sizeof(id));
		*o = (struct object){ .dev = id[0], .ino = id[1], .path = plain_path(s, m->path) };
		o->last = &o->first;
		int rc = o->path ? map_add(&s->objects, span_of(key, sizeof(id)), o, NULL) : -ENOMEM;
		if (rc < 0)
			return rc;
	}
	o->exec |= m->exec;
	o->deleted |= m->deleted;
	return add_use(s, o, p, m);
}

/* Executable memory that is nobody's file; the kernel's own pages ([vdso] …) are not. */
static void add_memory(struct process_memory *mem, char first[static 64], const struct process_map *m)
{
	if (!m->exec || (m->path.n && m->path.p[0] == '[' && !span_eq_str(m->path, "[heap]") &&
			    !span_starts(m->path, SPAN_LIT("[stack")) && !span_starts(m->path, SPAN_LIT("[anon"))))
		return;
	if (!mem->regions++)
		snprintf(first, 64, "%llx-%llx %c%c%c%c", (unsigned long long)m->start,
		    (unsigned long long)m->end, m->read ? 'r' : '-', m->write ? 'w' : '-', 'x',
		    m->shared ? 's' : 'p');
	mem->bytes += m->end - m->start;
	mem->writable += m->write;
}

static int read_maps(struct scan *s, const struct process *p, struct span text)
{
	struct span line;
	char first[64] = "";
	struct process_memory mem = { .process = p, .first = first };
	struct process_map m;
	int rc = 0;

	while (rc == 0 && span_next_line(&text, &line)) {
		if (!process_map_line(&m, line))
			rc = problem(s, p, "a line of its maps makes no sense");
		else if (m.ino)
			rc = add_mapping(s, p, &m);
		if (rc == 0 && (!m.ino || (m.write && m.exec)))
			add_memory(&mem, first, &m);
	}
	if (rc || !mem.regions)
		return rc;
	s->st->memory++;
	return s->o->on_memory ? s->o->on_memory(s->o->ctx, &mem) : 0;
}

/* Marks which of the objects is the program: /proc/PID/exe. */
static int mark_exe(struct scan *s, const struct process *p)
{
	char path[32];
	struct stat st;

	snprintf(path, sizeof(path), "%u/exe", p->pid);
	if (fstatat(s->procfd, path, &st, 0) < 0)
		return 0;
	for (size_t i = s->objects.n; i > 0; i--) {
		struct object *o = s->objects.e[i - 1].val;
		if (o->ino != st.st_ino || !o->nuses)
			continue;
		for (struct use *u = o->first; u; u = u->next)
			if (u->process == p)
				u->exe = true;
	}
	return 0;
}

static int closed(struct scan *s, const struct process *p, int rc)
{
	s->st->closed++;
	return problem(s, p, rc == -EACCES || rc == -EPERM ? "its memory map: permission denied" :
							     "its memory map cannot be read");
}

static int read_process(struct scan *s, uint32_t pid)
{
	AUTO_BUF struct buf maps = BUF_INIT(PROCESS_MAPS_MAX);
	char path[32], link[16];
	int rc;
	const struct process *p = describe(s, pid, &rc);

	if (!p) {
		s->st->vanished += vanished(rc);
		return rc == 0 || vanished(rc) ? 0 : rc == -ENOMEM ? rc : problem(s, NULL, "a process' stat makes no sense");
	}
	rc = read_file(s, pid, "maps", &maps, PROCESS_MAPS_MAX);
	if (vanished(rc)) {
		s->st->vanished++;
		return 0;
	}
	if (rc < 0 && rc != -ENOMEM) {
		s->st->processes++;
		return closed(s, p, rc);
	}
	if (rc < 0)
		return rc;
	snprintf(path, sizeof(path), "%u/exe", pid);
	if (!maps.n && readlinkat(s->procfd, path, link, sizeof(link)) < 0 && errno != EACCES) {
		s->st->kernel++; /* threads of the kernel, and zombies: no memory */
		return 0;
	}
	s->st->processes++;
	if (!maps.n)
		return closed(s, p, -EACCES);
	rc = read_maps(s, p, buf_span(&maps));
	return rc ? rc : mark_exe(s, p);
}

static int by_number(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
	return x < y ? -1 : x > y;
}

static int list_pids(const struct scan *s, uint32_t **ret_pid, size_t *ret_n)
{
	int fd = openat(s->procfd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	uint32_t *pid = NULL;
	size_t n = 0, cap = 0;
	int rc = dir ? 0 : -errno;

	for (const struct dirent *d; rc == 0 && (d = readdir(dir));) {
		char *end;
		unsigned long v = strtoul(d->d_name, &end, 10);
		if (*end || end == d->d_name || !v || v > INT_MAX)
			continue;
		if (n == cap) {
			cap = cap ? 2 * cap : 512;
			uint32_t *more = reallocarray(pid, cap, sizeof(*pid));
			if (!more) {
				rc = -ENOMEM;
				break;
			}
			pid = more;
		}
		pid[n++] = (uint32_t)v;
	}
	if (dir)
		closedir(dir);
	if (rc == 0 && n)
		qsort(pid, n, sizeof(*pid), by_number);
	*ret_pid = pid;
	*ret_n = n;
	return rc;
}

static uint32_t parent_of(const struct scan *s, uint32_t pid)
{
	AUTO_BUF struct buf b = BUF_INIT(1u << 16);
	char state;
	unsigned ppid = 0;

	if (read_file(s, pid, "stat", &b, 1u << 16) < 0)
		return 0;
	const char *close = strrchr(buf_str(&b), ')');
	return close && sscanf(close, ") %c %u", &state, &ppid) == 2 ? ppid : 0;
}

static int read_processes(struct scan *s)
{
	AUTO_FREE uint32_t *pid = NULL;
	size_t n;
	int rc = list_pids(s, &pid, &n);

	for (size_t i = 0; i < n && rc == 0; i++)
		if (!s->o->self || (pid[i] != s->o->self && parent_of(s, pid[i]) != s->o->self))
			rc = read_process(s, pid[i]);
	return rc;
}

/* --- the files --- */

static bool device_differs_here(int fd)
{
	struct statfs fs;

	return fstatfs(fd, &fs) == 0 &&
	    ((uint32_t)fs.f_type == BTRFS_MAGIC || (uint32_t)fs.f_type == OVERLAYFS_SUPER_MAGIC);
}

static bool still(const struct object *o, int fd)
{
	struct stat st;

	return fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_ino == o->ino &&
	    (st.st_dev == o->dev || device_differs_here(fd));
}

static bool alive(const struct scan *s, const struct object *o)
{
	char path[32];

	for (const struct use *u = o->first; u; u = u->next) {
		snprintf(path, sizeof(path), "%u", u->process->pid);
		if (faccessat(s->procfd, path, F_OK, 0) == 0)
			return true;
	}
	return false;
}

/* The file that is mapped: from the mapping, the program link, or its path. -errno: why not. */
static int open_mapped(const struct scan *s, const struct object *o)
{
	char path[PATH_MAX + 64];
	int why = -ENOENT;

	for (const struct use *u = o->first; u; u = u->next) {
		unsigned pid = u->process->pid;
		snprintf(path, sizeof(path), "%u/map_files/%llx-%llx", pid, (unsigned long long)u->start,
		    (unsigned long long)u->end);
		int fd = openat(s->procfd, path, OPEN_FLAGS);
		if (fd < 0 && errno != ENOENT)
			why = -errno;
		if (fd < 0 && u->exe) {
			snprintf(path, sizeof(path), "%u/exe", pid);
			fd = openat(s->procfd, path, OPEN_FLAGS);
		}
		if (fd < 0 && !o->deleted &&
		    snprintf(path, sizeof(path), "%u/root%s", pid, o->path) < (int)sizeof(path))
			fd = openat(s->procfd, path, OPEN_FLAGS);
		if (fd >= 0 && still(o, fd))
			return fd;
		if (fd >= 0)
			close(fd);
	}
	/* All of them may have ended since; most files are still where they were. */
	int fd = o->deleted ? -1 : open(o->path, OPEN_FLAGS);
	if (fd < 0 || still(o, fd))
		return fd < 0 ? why : fd;
	close(fd);
	return why;
}

/* What is at its path now, seen by a process that maps it? */
static enum process_state state_of(const struct scan *s, const struct object *o, int fd)
{
	char path[PATH_MAX + 64];
	struct stat now, mapped;

	if (strncmp(o->path, "/memfd:", 7) == 0 && o->deleted)
		return PROCESS_MEMFD;
	for (const struct use *u = o->first; u; u = u->next) {
		if (snprintf(path, sizeof(path), "%u/root%s", u->process->pid, o->path) >= (int)sizeof(path))
			return PROCESS_UNSURE;
		if (fstatat(s->procfd, path, &now, 0) < 0) {
			if (errno == EACCES || errno == EPERM)
				continue;
			snprintf(path, sizeof(path), "%u/root", u->process->pid);
			if (faccessat(s->procfd, path, F_OK, 0) < 0)
				break; /* it is the process that is gone */
			return PROCESS_DELETED;
		}
		if (fd < 0)
			return now.st_ino == o->ino ? (o->deleted ? PROCESS_DELETED : PROCESS_SAME) :
						      PROCESS_REPLACED;
		if (fstat(fd, &mapped) < 0)
			return PROCESS_UNSURE;
		return now.st_ino == mapped.st_ino && now.st_dev == mapped.st_dev ? PROCESS_SAME :
										    PROCESS_REPLACED;
	}
	if (!o->deleted && fd >= 0 && stat(o->path, &now) == 0 && fstat(fd, &mapped) == 0 &&
	    now.st_ino == mapped.st_ino && now.st_dev == mapped.st_dev)
		return PROCESS_SAME;
	return o->deleted ? PROCESS_DELETED : PROCESS_UNSURE;
}

static int list_uses(struct scan *s, const struct object *o, struct process_object *x)
{
	if (o->nuses > s->cap) {
		s->list = arena_array(&s->arena, o->nuses, sizeof(*s->list));
		s->exe = arena_array(&s->arena, o->nuses, sizeof(*s->exe));
		if (!s->list || !s->exe)
			return -ENOMEM;
		s->cap = o->nuses;
	}
	for (const struct use *u = o->first; u; u = u->next) {
		s->list[x->nprocesses] = u->process;
		s->exe[x->nprocesses++] = u->exe;
	}
	x->process = s->list;
	x->exe = s->exe;
	return 0;
}

static void count(struct process_stats *st, const struct process_object *x)
{
	st->objects++;
	st->unread += x->why[0] && !x->gone;
	st->gone += x->gone;
	st->deleted += x->state == PROCESS_DELETED;
	st->replaced += x->state == PROCESS_REPLACED;
	st->memfds += x->state == PROCESS_MEMFD;
}

static int read_object(struct scan *s, const struct object *o)
{
	struct digest digest[DIGEST_ALGS] = { { 0 } };
	AUTO_FD int fd = open_mapped(s, o);
	struct process_object x = { .path = o->path, .dev = o->dev, .ino = o->ino, .mtime = TS_NONE,
		.digest = digest, .why = fd < 0 ? strerror(-fd) : "", .state = state_of(s, o, fd) };
	struct stat st;
	int rc = list_uses(s, o, &x);

	if (rc < 0)
		return rc;
	x.gone = fd < 0 && !alive(s, o);
	if (fd >= 0 && fstat(fd, &st) == 0) {
		x.dev = st.st_dev;
		x.size = (uint64_t)st.st_size;
		if (st.st_mtim.tv_sec > 0 && st.st_mtim.tv_sec < INT64_MAX / TS_SECOND)
			x.mtime = st.st_mtim.tv_sec * TS_SECOND + st.st_mtim.tv_nsec;
	}
	if (fd >= 0 && s->o->set) {
		rc = s->hasher ? 0 : hasher_new(&s->hasher, s->o->set);
		if (rc == 0)
			rc = hash_file_of_others(s->hasher, fd, digest, NULL);
		if (rc < 0) {
			memset(digest, 0, sizeof(digest));
			x.why = strerror(-rc);
			s->hasher = hasher_free(s->hasher);
		} else {
			s->st->bytes += x.size;
		}
		if (rc == -ENOMEM)
			return rc;
	}
	count(s->st, &x);
	return s->o->on_object ? s->o->on_object(s->o->ctx, &x) : 0;
}

int processes_read(const struct process_opts *o, struct process_stats *ret_st, struct fault *f)
{
	struct scan s = { .o = o, .st = ret_st, .f = f, .proc = o->proc ? o->proc : "/proc",
		.arena = ARENA_INIT(ARENA_MAX), .ticks = sysconf(_SC_CLK_TCK) };

	*ret_st = (struct process_stats){ 0 };
	if (s.ticks <= 0)
		s.ticks = 100;
	s.procfd = open(s.proc, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (s.procfd < 0) {
		int e = errno;
		return fault_set(f, -e, "%s: %s", QUOTE(span_str(s.proc)), strerror(e));
	}
	map_init(&s.objects, PROCESS_OBJECTS_MAX);
	s.boot = boot_time(&s);
	int rc = read_processes(&s);
	for (size_t i = 0; i < s.objects.n && rc >= 0; i++) {
		const struct object *x = s.objects.e[i].val;
		if (x->exec)
			rc = read_object(&s, x);
	}
	map_free(&s.objects);
	hasher_free(s.hasher);
	arena_free(&s.arena);
	close(s.procfd);
	return rc < 0 ? rc : 0;
}
