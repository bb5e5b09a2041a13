/* SPDX-License-Identifier: Apache-2.0 */

#include "anatomy/diff/release.h"

#include "anatomy/spool.h"
#include "base/file.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#define PAGE 4096u

/* --- what the other one has --- */

static int by_value(const void *a, const void *b)
{
	uint64_t x, y;

	memcpy(&x, a, sizeof(x));
	memcpy(&y, b, sizeof(y));
	return x < y ? -1 : x > y;
}

static uint64_t head_of(const struct digest *d)
{
	uint64_t x;

	memcpy(&x, d->b, sizeof(x));
	return x;
}

static int know(struct diff_release *r)
{
	r->known = calloc(r->tree.n ? r->tree.n : 1, sizeof(*r->known));
	if (!r->known)
		return -ENOMEM;
	for (uint32_t i = 0; i < r->tree.n; i++)
		if (digest_is_set(&r->tree.c[i].sha256))
			r->known[r->nknown++] = head_of(&r->tree.c[i].sha256);
	qsort(r->known, r->nknown, sizeof(*r->known), by_value);
	return 0;
}

static bool knows(const struct diff_release *r, const struct digest *d)
{
	uint64_t x = head_of(d);

	return bsearch(&x, r->known, r->nknown, sizeof(x), by_value) != NULL;
}

/* --- keeping --- */

static int room_for(struct diff_release *r, uint32_t i)
{
	if (i < r->nkept)
		return 0;
	uint32_t n = r->nkept ? r->nkept * 2 : 1024;
	while (n <= i)
		n *= 2;
	struct kept *k = reallocarray(r->kept, n, sizeof(*k));
	if (!k)
		return -ENOMEM;
	memset(k + r->nkept, 0, (n - r->nkept) * sizeof(*k));
	r->kept = k;
	r->nkept = n;
	return 0;
}

static int write_at(struct diff_release *r, struct span s)
{
	uint64_t off = r->end;

	while (s.n) {
		ssize_t n = pwrite(r->fd, s.p, s.n, (off_t)off);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return fault_set(r->f, n < 0 ? -errno : -ENOSPC,
			    "writing a temporary file: %s (set TMPDIR to a folder with more room)",
			    strerror(n < 0 ? errno : ENOSPC));
		s = span_from(s, (size_t)n);
		off += (uint64_t)n;
	}
	return 0;
}

/* Everything: but containers, whose components are looked at. */
static bool wanted(const struct diff_release *r, const char *path, enum format f, uint64_t size)
{
	if (r->everything && (!format_is_container(f) || format_is_binary(f)))
		return true;
	return diff_wants(path, f, size);
}

static bool want(void *ctx, const struct component_tree *t, uint32_t container, const char *path,
    enum format f)
{
	const struct diff_release *r = ctx;

	(void)t;
	(void)container;
	return wanted(r, path, f, 1);
}

static int on_bytes(void *ctx, const struct component_tree *t, uint32_t i, struct span bytes)
{
	struct diff_release *r = ctx;
	const struct component *c = &t->c[i];

	if (!bytes.n || !wanted(r, c->path, c->format, c->size))
		return 0;
	if (r->but && knows(r->but, &c->sha256))
		return 0;
	int rc = room_for(r, i);
	if (rc == 0)
		rc = write_at(r, bytes);
	if (rc < 0)
		return rc;
	r->kept[i] = (struct kept){ r->end, bytes.n };
	r->end = (r->end + bytes.n + PAGE - 1) & ~(uint64_t)(PAGE - 1);
	return 0;
}

int diff_release_read(struct diff_release *ret_r, int fd, const char *label,
    const struct tree_opts *o, const struct diff_release *but, bool everything, struct fault *f)
{
	struct tree_opts own = o ? *o : (struct tree_opts){ 0 };

	*ret_r = (struct diff_release){ .but = but, .everything = everything, .f = f };
	ret_r->fd = spool_nameless(f);
	if (ret_r->fd < 0)
		return ret_r->fd;
	own.want = want;
	own.on_bytes = on_bytes;
	own.ctx = ret_r;
	own.progress = NULL;
	own.facts = false;
	own.bare = true;
	int rc = tree_read(&ret_r->tree, fd, label, &own, &ret_r->verdict, f);
	return rc < 0 ? rc : know(ret_r);
}

static void unmap(struct diff_release *r)
{
	if (r->map_len)
		munmap((void *)(uintptr_t)r->map.p, r->map_len);
	r->map = SPAN_NONE;
	r->map_len = 0;
}

void diff_release_free(struct diff_release *r)
{
	unmap(r);
	component_tree_free(&r->tree);
	free(r->known);
	free(r->kept);
	if (r->fd >= 0)
		close(r->fd);
	*r = DIFF_RELEASE_INIT;
}

static int bytes_of(void *ctx, uint32_t i, struct span *ret_bytes)
{
	struct diff_release *r = ctx;

	if (i >= r->nkept || !r->kept[i].len)
		return -ENOENT;
	unmap(r);
	void *p = mmap(NULL, r->kept[i].len, PROT_READ, MAP_PRIVATE | MAP_POPULATE, r->fd,
	    (off_t)r->kept[i].off);
	if (p == MAP_FAILED)
		return -errno;
	r->map = span_of(p, r->kept[i].len);
	r->map_len = r->kept[i].len;
	*ret_bytes = r->map;
	return 0;
}

struct diff_side diff_release_side(struct diff_release *r)
{
	return (struct diff_side){ &r->tree, bytes_of, r };
}
