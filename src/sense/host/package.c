/* SPDX-License-Identifier: Apache-2.0 */

#include "sense/host/package_priv.h"

#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

const char *package_what_name(enum package_what w)
{
	static const char *const names[] = { "same", "changed", "missing", "type", "excluded",
		"unread", "unknown" };
	return w < PACKAGE_WHATS ? names[w] : "";
}

int packages_new(struct packages **ret_p, const char *root, struct fault *f)
{
	AUTO_PACKAGES struct packages *p = calloc(1, sizeof(*p));

	if (!p)
		return -ENOMEM;
	p->arena = ARENA_INIT(PACKAGE_ARENA_MAX);
	map_init(&p->paths, PACKAGE_FILES_MAX);
	p->root = open(root, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (p->root < 0) {
		int e = errno;
		return fault_set(f, -e, "%s: %s", QUOTE(span_str(root)), strerror(e));
	}
	*ret_p = TAKE_PTR(p);
	return 0;
}

struct packages *packages_free(struct packages *p)
{
	if (!p)
		return NULL;
	if (p->root >= 0)
		close(p->root);
	if (p->found)
		munmap(p->next, p->shared_size);
	map_free(&p->paths);
	free(p->slot);
	free(p->entry);
	free(p->package);
	arena_free(&p->arena);
	free(p);
	return NULL;
}

void packages_free_p(struct packages **p)
{
	*p = packages_free(*p);
}

/* Room for one more. */
static int room(void *array, size_t n, size_t *cap, size_t size)
{
	void **p = array;

	if (n < *cap)
		return 0;
	size_t more = *cap ? 2 * *cap : 1024;
	void *q = reallocarray(*p, more, size);
	if (!q)
		return -ENOMEM;
	*p = q;
	*cap = more;
	return 0;
}

int packages_put_package(struct packages *p, const struct package *x, uint32_t *ret_i)
{
	int rc = room(&p->package, p->npackages, &p->cap_packages, sizeof(*p->package));

	if (rc < 0)
		return rc;
	*ret_i = (uint32_t)p->npackages;
	p->package[p->npackages++] = *x;
	return 0;
}

int packages_put(struct packages *p, const struct entry *e)
{
	if (p->n == PACKAGE_FILES_MAX)
		return -E2BIG;
	int rc = room(&p->entry, p->n, &p->cap, sizeof(*p->entry));
	if (rc == 0)
		p->entry[p->n++] = *e;
	return rc;
}

int packages_document(struct packages *p, const char *path, struct buf *out, struct fault *f)
{
	AUTO_FD int fd = file_open_in_root(p->root, path, O_RDONLY | O_NONBLOCK | O_NOCTTY);
	struct stat st;
	int rc = fd < 0 ? fd : fstat(fd, &st) < 0 ? -errno : S_ISREG(st.st_mode) ? 0 : -EINVAL;

	if (rc == 0)
		rc = file_read_fd(fd, out, PACKAGE_DOCUMENT_MAX);
	return rc < 0 ? fault_set(f, rc, "/%s: %s", QUOTE(span_str(path)), strerror(-rc)) : 0;
}

/* --- digests from signed packages --- */

const struct package *packages_find(
    const struct packages *p, const char *name, const char *version, const char *arch)
{
	size_t n = strlen(name);

	for (size_t i = 0; i < p->npackages; i++) {
		const struct package *k = &p->package[i];
		if (strncmp(k->name, name, n) == 0 && (!k->name[n] || k->name[n] == ':') &&
		    strcmp(k->version, version) == 0 && strcmp(k->arch, arch) == 0)
			return k;
	}
	return NULL;
}

/* The first of several packages that bring the same path stands. */
static int index_paths(struct packages *p)
{
	for (size_t i = p->paths.n ? p->n : 0; i < p->n; i++) {
		int rc = map_add(&p->paths, span_str(p->entry[i].path), (void *)(uintptr_t)(i + 1), NULL);
		if (rc < 0)
			return rc;
	}
	return 0;
}

static int add_entry(struct packages *p, uint32_t package, const char *path)
{
	struct entry e = { .path = arena_str(&p->arena, span_str(path)), .package = package,
		.type = PACKAGE_FILE };

	int rc = e.path ? packages_put(p, &e) : -ENOMEM;
	return rc ? rc : map_add(&p->paths, span_str(e.path), (void *)(uintptr_t)p->n, NULL);
}

int packages_prove(struct packages *p, const struct package *package, const char *path,
    const struct digest *d)
{
	uint32_t k = (uint32_t)(package - p->package);
	int rc = index_paths(p);
	uintptr_t i = rc ? 0 : (uintptr_t)map_get(&p->paths, span_str(path));

	if (rc == 0 && !i) {
		rc = add_entry(p, k, path);
		i = p->n;
	}
	if (rc < 0)
		return rc;
	struct entry *e = &p->entry[i - 1];
	if (e->package != k)
		return 0;
	uint8_t *want = arena_alloc(&p->arena, d->len);
	if (!want)
		return -ENOMEM;
	memcpy(want, d->b, d->len);
	e->want = want;
	e->alg = d->alg;
	e->type = PACKAGE_FILE;
	e->flags |= ENTRY_PROVEN;
	p->package[k].proven = true;
	return 0;
}
