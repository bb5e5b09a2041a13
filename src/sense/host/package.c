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

static int index_paths(struct packages *p, const char *package)
{
	map_free(&p->paths);
	map_init(&p->paths, PACKAGE_FILES_MAX);
	p->paths_of = NULL;
	for (size_t i = 0; i < p->n; i++) {
		const struct package *k = &p->package[p->entry[i].package];
		if (strcmp(k->name, package) != 0)
			continue;
		p->paths_of = k->name;
		int rc = map_add(&p->paths, span_str(p->entry[i].path), (void *)(uintptr_t)(i + 1), NULL);
		if (rc < 0)
			return rc;
	}
	return 0;
}

bool packages_prove(struct packages *p, const char *package, const char *path, const struct digest *d)
{
	if ((!p->paths_of || strcmp(p->paths_of, package) != 0) && index_paths(p, package) < 0)
		return false;
	uintptr_t i = (uintptr_t)map_get(&p->paths, span_str(path));
	if (!i || p->entry[i - 1].type == PACKAGE_LINK || p->entry[i - 1].type == PACKAGE_DIR)
		return false;
	uint8_t *want = arena_alloc(&p->arena, d->len);
	if (!want)
		return false;
	memcpy(want, d->b, d->len);
	struct entry *e = &p->entry[i - 1];
	e->want = want;
	e->alg = d->alg;
	e->type = PACKAGE_FILE;
	p->package[e->package].proven = true;
	return true;
}
