/* SPDX-License-Identifier: Apache-2.0 */

#include "cli/hunt_places.h"

#include "base/file.h"
#include "crypto/hash.h"
#include "detect/sideload.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#define LIST_BYTES_MAX (256u << 20)

static void list_init(struct hunt_list *l)
{
	l->b = BUF_INIT(LIST_BYTES_MAX);
}

struct jw *hunt_list_next(struct hunt_list *l)
{
	if (l->n++ >= HUNT_LIST_MAX)
		return NULL;
	if (l->n == 1) {
		l->w = jw_of(&l->b);
		jw_arr(&l->w);
	}
	return &l->w;
}

void hunt_list_json(struct hunt_list *l, struct jw *w, const char *key)
{
	jw_key(w, key);
	if (!l->n) {
		jw_arr(w);
		jw_end(w);
		return;
	}
	jw_end(&l->w);
	jw_raw(w, buf_span(&l->b));
}

struct hunt_places *hunt_places_of(struct hunt *h)
{
	struct hunt_places *p = h->places;

	if (p)
		return p;
	p = ARENA_NEW(&h->c->arena, struct hunt_places);
	if (!p)
		return NULL;
	p->root = cli_opt(h->c, "root");
	if (!p->root)
		p->root = "/";
	list_init(&p->package_list);
	list_init(&p->object_list);
	list_init(&p->memory_list);
	list_init(&p->autostart_list);
	h->places = p;
	return p;
}

static void end(struct hunt *h)
{
	struct hunt_places *p = h->places;

	if (!p)
		return;
	packages_free(p->packages);
	sideload_free(p->sideload);
	buf_free(&p->package_list.b);
	buf_free(&p->object_list.b);
	buf_free(&p->memory_list.b);
	buf_free(&p->autostart_list.b);
	h->places = NULL;
}

static int start(struct hunt *h)
{
	const struct cli *c = h->c;

	if (cli_has(c, "root") && !cli_has(c, "packages") && !cli_has(c, "autostart"))
		return cli_failf(h->c, CLI_USAGE, "--root goes with --packages or --autostart; to hunt "
		    "in a directory, give it without an option");
	return -1;
}

static bool asked(const struct cli *c)
{
	return cli_has(c, "packages") || cli_has(c, "processes") || cli_has(c, "autostart");
}

ts hunt_places_mtime(const struct stat *st)
{
	if (st->st_mtim.tv_sec <= 0 || st->st_mtim.tv_sec >= INT64_MAX / TS_SECOND)
		return TS_NONE;
	return st->st_mtim.tv_sec * TS_SECOND + st->st_mtim.tv_nsec;
}

int hunt_places_digest(struct hunt *h, const char *path, struct digest out[static DIGEST_ALGS],
    struct stat *ret_st)
{
	AUTO_HASHER struct hasher *hs = NULL;
	AUTO_FD int root = open(h->places->root, O_PATH | O_DIRECTORY | O_CLOEXEC);

	if (root < 0)
		return -errno;
	AUTO_FD int fd = file_open_in_root(root, path, O_RDONLY | O_NONBLOCK | O_NOCTTY);
	if (fd < 0)
		return fd;
	if (fstat(fd, ret_st) < 0)
		return -errno;
	if (!S_ISREG(ret_st->st_mode))
		return -EINVAL;
	int rc = hasher_new(&hs, hunt_digests(h));
	return rc ? rc : hash_file_of_others(hs, fd, out, NULL);
}

const struct hunt_source hunt_places_shared = {
	.name = "places",
	.start = start,
	.asked = asked,
	.end = end,
};
