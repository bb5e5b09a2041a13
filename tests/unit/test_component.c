/* SPDX-License-Identifier: Apache-2.0 */

/* component: the array of a tree; spool: what is kept of an entry. */

#include "tap.h"
#include "anatomy/component.h"
#include "anatomy/spool.h"

#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static uint32_t add(struct component_tree *t, uint32_t parent, uint32_t *last, const char *path)
{
	uint32_t i;

	if (component_add(t, parent, last, span_str(path), SPAN_NONE, &i) < 0)
		abort();
	return i;
}

static void test_tree(void)
{
	struct component_tree t;
	uint32_t top = COMPONENT_NONE, in = COMPONENT_NONE, deep = COMPONENT_NONE;
	char path[COMPONENT_PATH_MAX];

	component_tree_init(&t);
	uint32_t root = add(&t, COMPONENT_NONE, &top, "app.zip");
	uint32_t a = add(&t, root, &in, "dir/a.asar");
	uint32_t x = add(&t, a, &deep, "x.js");
	uint32_t b = add(&t, root, &in, "b");
	is_int(t.c[root].first, a, "the first child");
	is_int(t.c[a].next, b, "the next one, past what is inside the first");
	is_int(t.c[b].next, COMPONENT_NONE, "the last one");
	is_int(t.c[x].depth, 2, "depth counts containers");
	is_str(component_path(&t, x, path), "app.zip!dir/a.asar!x.js", "the whole path");
	is_str(component_path(&t, root, path), "app.zip", "of the artifact: its name");
	is_str(component_path(&t, 99, path), "", "of what is not there: nothing");
	for (uint32_t i = 0; i < 5000; i++)
		add(&t, root, &in, "more");
	is_int(t.n, 5004, "thousands of them");
	is_str(t.c[x].path, "x.js", "the first ones as they were");
	component_tree_free(&t);
	ok(!t.c && !t.n, "nothing is left");
	component_tree_free(&t);
}

static void test_long_path(void)
{
	struct component_tree t;
	uint32_t last = COMPONENT_NONE, parent = COMPONENT_NONE;
	char name[1000], path[COMPONENT_PATH_MAX];

	component_tree_init(&t);
	memset(name, 'n', sizeof(name) - 1);
	name[sizeof(name) - 1] = 0;
	for (int i = 0; i < 8; i++) {
		last = COMPONENT_NONE;
		name[0] = (char)('0' + i);
		parent = add(&t, parent, &last, name);
	}
	component_path(&t, parent, path);
	ok(strlen(path) < COMPONENT_PATH_MAX, "a path that does not fit is cut");
	ok(strncmp(path, "…", 3) == 0 && strstr(path, "!7n"), "at its front, and says so");
	component_tree_free(&t);
}

static int asked;
static bool yes(void *ctx, struct span head)
{
	asked += head.n == SPOOL_MEMORY;
	return true;
}
static bool no(void *ctx, struct span head)
{
	asked += head.n == SPOOL_MEMORY;
	return false;
}

static bool put(struct spool *s, size_t n, bool (*keep)(void *, struct span), uint8_t first)
{
	struct fault f = FAULT_INIT;
	uint8_t block[4000];

	for (size_t at = 0; at < n;) {
		size_t part = n - at < sizeof(block) ? n - at : sizeof(block);
		for (size_t i = 0; i < part; i++)
			block[i] = (uint8_t)(first + (at + i) * 31 + ((at + i) >> 8));
		if (spool_put(s, span_of(block, part), keep, NULL, &f) < 0)
			return false;
		at += part;
	}
	return true;
}

/* Is exactly this in the file? */
static bool holds(int fd, size_t n, uint8_t first)
{
	uint8_t *p = malloc(n + 1);
	struct stat st;
	bool good = p && fstat(fd, &st) == 0 && (size_t)st.st_size == n &&
	    pread(fd, p, n + 1, 0) == (ssize_t)n;

	for (size_t i = 0; good && i < n; i++)
		good = p[i] == (uint8_t)(first + i * 31 + (i >> 8));
	free(p);
	return good;
}

static void test_spool(void)
{
	const size_t big = SPOOL_MEMORY + 70001, bigger = 2 * SPOOL_MEMORY + 5;
	struct spool s = SPOOL_INIT;

	ok(spool_reset(&s) == 0 && put(&s, 1000, no, 1), "a small entry");
	ok(spool_whole(&s) && spool_head(&s).n == 1000 && asked == 0, "stays, unasked");
	ok(holds(spool_fd(&s), 1000, 1), "and is a file of its size");
	is_int(spool_tail(&s).n, SPOOL_TAIL, "the tail is its last bytes");
	ok(spool_tail(&s).p == spool_head(&s).p + 1000 - SPOOL_TAIL, "those");
	ok(spool_reset(&s) == 0 && put(&s, bigger, yes, 7), "a large one that is wanted");
	ok(asked == 1 && spool_whole(&s) && holds(spool_fd(&s), bigger, 7), "is asked for once, and kept");
	ok(spool_reset(&s) == 0 && put(&s, big, yes, 9) && holds(spool_fd(&s), big, 9),
	    "a shorter one behind it has nothing of it");
	ok(spool_reset(&s) == 0 && put(&s, big, no, 3), "one that is not wanted");
	ok(!spool_whole(&s) && spool_fd(&s) < 0, "is dropped");
	bool good = spool_tail(&s).n >= 512 && s.n == big;
	for (size_t i = 0; good && i < SPOOL_TAIL; i++) {
		size_t at = big - SPOOL_TAIL + i;
		good = spool_tail(&s).p[i] == (uint8_t)(3 + at * 31 + (at >> 8));
	}
	ok(good, "but for its last bytes");
	ok(spool_reset(&s) == 0 && put(&s, 0, no, 0) && spool_whole(&s) && holds(spool_fd(&s), 0, 0),
	    "an empty one");
	ok(spool_reset(&s) == 0 && put(&s, SPOOL_MEMORY, no, 5) && holds(spool_fd(&s), SPOOL_MEMORY, 5),
	    "one that just fits");
	spool_free(&s);
}

static void test_no_room(void)
{
	struct fault f = FAULT_INIT;

	setenv("TMPDIR", "/nowhere/at/all", 1);
	ok(spool_nameless(&f) < 0 && strstr(f.text, "TMPDIR"), "a folder that is not there: %s", f.text);
	unsetenv("TMPDIR");
}

int main(void)
{
	test_tree();
	test_long_path();
	test_spool();
	test_no_room();
	return tap_done();
}
