/* SPDX-License-Identifier: Apache-2.0 */

/*
 * unpack: the bytes as what a worker sends, through every check of the parent. Whatever is let
 * through is safe: paths stay inside, no path twice, sums within the limits. In one piece and in
 * small pieces is the same.
 */

#include "unpack/run.h"

#include "base/arena.h"
#include "base/map.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(int good)
{
	if (!good)
		abort();
}

struct seen {
	struct arena arena;
	struct map paths[2];
	uint64_t entries, bytes, sent, hash;
};

static void check_path(const char *p)
{
	check(p[0] && p[0] != '/' && !strstr(p, "//") && strlen(p) < UNPACK_PATH_MAX);
	check(strcmp(p, "..") != 0 && strncmp(p, "../", 3) != 0 && !strstr(p, "/../"));
	size_t n = strlen(p);
	check(n < 3 || strcmp(p + n - 3, "/..") != 0);
}

static int on_entry(void *ctx, const struct unpack_entry *e)
{
	struct seen *s = ctx;
	int err = 0;

	check_path(e->path);
	check(e->depth == 1 || (e->depth == 2 && e->container[0]));
	check(e->type == UNPACK_SYMLINK || e->type == UNPACK_HARDLINK || !e->target[0]);
	if (e->type == UNPACK_HARDLINK)
		check_path(e->target);
	check(e->type != UNPACK_FILE || e->content != UNPACK_HERE ||
	    digest_is_set(&e->digest[DIGEST_SHA256]));
	if (e->depth == 1 && e->type != UNPACK_DIR) {
		struct span copy = arena_dup(&s->arena, span_str(e->path), &err);
		check(err || map_add(&s->paths[0], copy, s, NULL) != 1);
	}
	s->entries++;
	if (e->content == UNPACK_HERE) /* elsewhere the size is a claim */
		s->bytes += e->size;
	s->hash = s->hash * 31 + strlen(e->path) + e->size + (uint64_t)e->type;
	return 0;
}

static int on_data(void *ctx, const struct unpack_entry *e, struct span bytes)
{
	struct seen *s = ctx;

	check(!e->opened && !digest_is_set(&e->digest[DIGEST_SHA256]));
	s->sent += bytes.n;
	return 0;
}

static int run(struct span s, size_t piece, bool content, struct seen *seen)
{
	struct unpack_opts o = { .entries = 64, .bytes = 1u << 20 };
	struct fault f = FAULT_INIT;
	struct unpack_stats st;

	*seen = (struct seen){ .arena = ARENA_INIT(8u << 20) };
	map_init(&seen->paths[0], 1024);
	int rc = unpack_replay(s, piece, &o, on_entry, content ? on_data : NULL, seen, &st, &f);
	check(rc == 0 || f.text[0]);
	check(st.entries <= 64 + 1 && seen->bytes <= 1u << 20);
	map_free(&seen->paths[0]);
	arena_free(&seen->arena);
	return rc;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct seen a, b;

	for (int content = 0; content < 2; content++) {
		int rc = run(span_of(data, size), size ? size : 1, content, &a);
		check(rc == run(span_of(data, size), 3, content, &b));
		check(a.entries == b.entries && a.hash == b.hash && a.sent == b.sent);
	}
	return 0;
}
