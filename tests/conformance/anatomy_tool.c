/* SPDX-License-Identifier: Apache-2.0 */

/*
 * anatomy_tool: for the tests of anatomies. Judges files, and changed copies of one.
 *
 *   anatomy_tool show FILE...         "FAIL msi FILE", then the reasons, one a line
 *   anatomy_tool flip FILE [BITS]     each byte with its bits (all of them, or one that changes from
 *                                     byte to byte) flipped: "free OFF LEN: CODES" for those that
 *                                     still pass, "flips N refused N"
 *   anatomy_tool cut FILE             each proper prefix: "free LEN", "cuts N refused N"
 */

#include "anatomy/anatomy.h"
#include "base/buf.h"
#include "base/file.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define ARENA_MAX (64u << 20)

/* Judges what is open at fd: the reasons are in the arena. */
static int judge(int fd, uint64_t size, struct arena *arena, struct verdict *v, const char **format)
{
	static uint8_t block[256 << 10];
	struct anatomy a;

	int rc = anatomy_begin(&a, fd, size, NULL, v, arena);
	for (uint64_t at = 0; rc == 0 && at < size;) {
		ssize_t n = pread(fd, block, sizeof(block), (off_t)at);
		if (n <= 0)
			rc = -1;
		else
			rc = anatomy_update(&a, block, (size_t)n);
		at += (uint64_t)(n > 0 ? n : 0);
	}
	if (rc == 0)
		rc = anatomy_finish(&a);
	*format = a.format;
	anatomy_free(&a);
	return rc;
}

static int show(const char *path)
{
	AUTO_ARENA struct arena arena = ARENA_INIT(ARENA_MAX);
	AUTO_FD int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct verdict v;
	struct stat st;
	const char *format;

	if (fd < 0 || fstat(fd, &st) < 0 || judge(fd, (uint64_t)st.st_size, &arena, &v, &format)) {
		printf("ERROR %s\n", path);
		return 1;
	}
	printf("%s %s %s\n", verdict_name(v.status), format, path);
	for (size_t i = 0; i < v.n; i++)
		printf("  %s %s: %s\n", reason_name(v.reason[i].kind), v.reason[i].code,
		    v.reason[i].text);
	return 0;
}

/* --- changed copies -------------------------------------------------------------------------- */

struct copy {
	uint8_t *p;
	size_t n;
	int fd;
};

static int copy_of(const char *path, struct copy *c)
{
	AUTO_BUF struct buf b = BUF_INIT(64u << 20);
	struct fault f = FAULT_INIT;

	if (file_read(path, &b, b.max, &f) < 0)
		return 1;
	c->n = b.n;
	c->p = malloc(b.n + 1);
	c->fd = memfd_create("copy", MFD_CLOEXEC);
	if (!c->p || c->fd < 0)
		return 1;
	memcpy(c->p, b.p, b.n);
	return write(c->fd, c->p, c->n) != (ssize_t)c->n;
}

static void copy_done(struct copy *c)
{
	free(c->p);
	if (c->fd > 0)
		close(c->fd);
}

/* Is the copy, as it is now, not refused? codes: of its warnings. */
static bool passes(const struct copy *c, size_t n, char codes[static 128])
{
	AUTO_ARENA struct arena arena = ARENA_INIT(ARENA_MAX);
	struct verdict v;
	const char *format;

	codes[0] = 0;
	if (judge(c->fd, n, &arena, &v, &format) || v.status != VERDICT_PASS)
		return false;
	for (size_t i = 0; i < v.n; i++)
		if (v.reason[i].kind == REASON_WARN)
			snprintf(codes + strlen(codes), 128 - strlen(codes), " %s", v.reason[i].code);
	return true;
}

static int flip(const char *path, bool one)
{
	unsigned long flips = 0, refused = 0;
	size_t from = 0, len = 0;
	char codes[128], last[128] = "";
	FB_CLEANUP(copy_done) struct copy c = { 0 };

	if (copy_of(path, &c))
		return 1;
	for (size_t i = 0; i <= c.n; i++) {
		bool free_byte = false;
		for (unsigned bit = 0; i < c.n && bit < 8; bit++) {
			uint8_t changed = (uint8_t)(c.p[i] ^ 1u << (one ? i % 8 : bit));
			if (pwrite(c.fd, &changed, 1, (off_t)i) != 1)
				return 1;
			flips++;
			if (passes(&c, c.n, codes))
				free_byte = true;
			else
				refused++;
			if (one)
				break;
		}
		if (i < c.n && pwrite(c.fd, c.p + i, 1, (off_t)i) != 1)
			return 1;
		if (len && (!free_byte || strcmp(codes, last) != 0)) {
			printf("free %zu %zu:%s\n", from, len, last);
			len = 0;
		}
		if (free_byte && !len++)
			from = i;
		if (free_byte)
			snprintf(last, sizeof(last), "%s", codes);
	}
	printf("flips %lu refused %lu\n", flips, refused);
	return 0;
}

static int cut(const char *path)
{
	unsigned long cuts = 0, refused = 0;
	char codes[128];
	FB_CLEANUP(copy_done) struct copy c = { 0 };

	if (copy_of(path, &c))
		return 1;
	for (size_t n = c.n; n-- > 0;) {
		if (ftruncate(c.fd, (off_t)n) < 0)
			return 1;
		cuts++;
		if (passes(&c, n, codes))
			printf("free %zu\n", n);
		else
			refused++;
	}
	printf("cuts %lu refused %lu\n", cuts, refused);
	return 0;
}

int main(int argc, char **argv)
{
	int rc = 0;

	if (argc >= 3 && strcmp(argv[1], "flip") == 0)
		return flip(argv[2], argc > 3);
	if (argc == 3 && strcmp(argv[1], "cut") == 0)
		return cut(argv[2]);
	for (int i = 2; i < argc; i++)
		rc |= show(argv[i]);
	return rc;
}
