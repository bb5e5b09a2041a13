/* SPDX-License-Identifier: Apache-2.0 */

#include "intel/dir.h"

#include "base/file.h"
#include "wire/json.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define MANIFEST_MAX (256u << 20)
#define UUID_LEN 36
#define DEPTH_MAX 32

struct list {
	const char *dir;
	int fd;
	int depth;
	struct arena *a;
	struct intel_dir *d;
	size_t cap;
	struct fault *f;
};

static int add(struct list *l, const char *name)
{
	struct intel_dir *d = l->d;

	if (d->n == INTEL_DIR_MAX)
		return fault_set(l->f, -EMFILE, "%s: more than %d files",
		    QUOTE(span_str(l->dir)), INTEL_DIR_MAX);
	if (d->n == l->cap) {
		size_t cap = l->cap ? 2 * l->cap : 64;
		const char **more = arena_grow(
		    l->a, d->path, l->cap * sizeof(*more), cap * sizeof(*more));
		if (!more)
			return -ENOMEM;
		d->path = more;
		l->cap = cap;
	}
	d->path[d->n] = arena_printf(l->a, "%s/%s", l->dir, name);
	return d->path[d->n++] ? 0 : -ENOMEM;
}

/* A regular file, and no link to one. */
static bool is_file(const struct list *l, const char *name)
{
	struct stat st;
	int fd = file_open_beneath(l->fd, name, O_PATH, 0);

	if (fd < 0)
		return false;
	bool good = fstat(fd, &st) == 0 && S_ISREG(st.st_mode);
	close(fd);
	return good;
}

/* --- a MISP feed --- */

static bool is_uuid(struct span s)
{
	for (size_t i = 0; i < s.n; i++) {
		bool dash = i == 8 || i == 13 || i == 18 || i == 23;
		if (dash ? s.p[i] != '-' : !memchr("0123456789abcdefABCDEF", s.p[i], 22))
			return false;
	}
	return s.n == UUID_LEN;
}

static int manifest_entry(struct list *l, struct json_val key)
{
	struct span uuid = json_str(key, l->a);
	char name[UUID_LEN + 6];

	if (!is_uuid(uuid))
		return fault_set(l->f, -EBADMSG, "%s/manifest.json: \"%s\" is not the UUID of an event",
		    QUOTE(span_str(l->dir)), QUOTE(uuid));
	memcpy(name, uuid.p, UUID_LEN);
	memcpy(name + UUID_LEN, ".json", 6);
	if (is_file(l, name))
		return add(l, name);
	if (!l->d->missing++)
		l->d->absent = arena_str(l->a, span_str(name));
	return l->d->absent ? 0 : -ENOMEM;
}

static int manifest(struct list *l)
{
	AUTO_BUF struct buf text = BUF_INIT(MANIFEST_MAX);
	AUTO_ARENA struct arena a = ARENA_INIT((size_t)MANIFEST_MAX * 8);
	struct json_doc d;
	int fd = file_open_beneath(l->fd, "manifest.json", O_RDONLY | O_NONBLOCK, 0);
	int rc = fd < 0 ? fd : file_read_fd(fd, &text, MANIFEST_MAX);

	if (fd >= 0)
		close(fd);
	if (rc < 0)
		return fault_set(l->f, rc, "%s/manifest.json: %s", QUOTE(span_str(l->dir)),
		    strerror(-rc));
	rc = json_parse(&d, buf_span(&text), &a, l->f);
	if (rc < 0)
		return fault_wrap(l->f, rc, "%s/manifest.json", QUOTE(span_str(l->dir)));
	if (json_type_of(json_root(&d)) != JSON_OBJ)
		return fault_set(l->f, -EBADMSG, "%s/manifest.json: not a MISP manifest: no object",
		    QUOTE(span_str(l->dir)));
	JSON_EACH(key, json_root(&d)) {
		rc = manifest_entry(l, key);
		if (rc < 0)
			return rc;
	}
	return 0;
}

/* --- folders --- */

static int skip_hidden(const struct dirent *e)
{
	return e->d_name[0] != '.';
}

static bool starts_nocase(const char *s, const char *head)
{
	return strncasecmp(s, head, strlen(head)) == 0;
}

static bool is_about(const char *name)
{
	size_t n = strlen(name);

	return starts_nocase(name, "licen") || starts_nocase(name, "readme") ||
	    starts_nocase(name, "copying") || (n > 3 && strcasecmp(name + n - 3, ".md") == 0);
}

static int one_folder(struct list *l);

static int below(struct list *l, const char *name)
{
	AUTO_FD int fd = file_open_beneath(l->fd, name, O_RDONLY | O_DIRECTORY, 0);
	struct list b = *l;

	if (fd == -ENOTDIR || fd == -ELOOP) /* no file and no folder; a link */
		return 0;
	b.dir = arena_printf(l->a, "%s/%s", l->dir, name);
	if (!b.dir)
		return -ENOMEM;
	if (fd < 0)
		return fault_set(l->f, fd, "%s: %s", QUOTE(span_str(b.dir)), strerror(-fd));
	if (++b.depth > DEPTH_MAX)
		return fault_set(l->f, -ELOOP, "%s: more than %d folders deep", QUOTE(span_str(b.dir)),
		    DEPTH_MAX);
	b.fd = fd;
	int rc = one_folder(&b);
	l->cap = b.cap;
	return rc;
}

static int entry(struct list *l, const char *name, bool lists)
{
	char inner[NAME_MAX + 16];

	if (!lists && is_file(l, name))
		return is_about(name) ? 0 : add(l, name);
	if (!lists)
		return below(l, name);
	snprintf(inner, sizeof(inner), "%s/list.json", name);
	return is_file(l, inner) ? add(l, inner) : 0;
}

static int folder(struct list *l)
{
	struct dirent **e;
	int n = scandirat(l->fd, ".", &e, skip_hidden, alphasort), rc = 0;
	size_t before = l->d->n;

	if (n < 0)
		return fault_set(l->f, -errno, "%s: %s", QUOTE(span_str(l->dir)), strerror(errno));
	for (int pass = 0; pass < 2 && l->d->n == before; pass++)
		for (int i = 0; i < n && rc == 0; i++)
			rc = entry(l, e[i]->d_name, pass == 0);
	for (int i = 0; i < n; i++)
		free(e[i]);
	free(e);
	return rc;
}

static int one_folder(struct list *l)
{
	return is_file(l, "manifest.json") ? manifest(l) : folder(l);
}

int intel_dir_list(const char *dir, struct arena *a, struct intel_dir *ret_d, struct fault *f)
{
	AUTO_FD int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct intel_dir d = { 0 };
	struct list l = { .dir = dir, .fd = fd, .a = a, .d = &d, .f = f };

	if (fd < 0)
		return fault_set(f, -errno, "%s: %s", QUOTE(span_str(dir)), strerror(errno));
	int rc = one_folder(&l);
	if (rc == 0)
		*ret_d = d;
	return rc;
}
