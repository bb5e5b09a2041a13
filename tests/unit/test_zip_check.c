/* SPDX-License-Identifier: Apache-2.0 */

/* zip_check by itself: one small zip, every bit of it, every prefix, and what can be put into it. */

#include "tap.h"
#include "unpack/zip_check.h"

#include "base/file.h"

#include <sys/mman.h>
#include <unistd.h>

/* Where the parts of the good zip are: "a" with "hello" and "b" with "x", both stored. */
#define FIRST 0
#define SECOND 36
#define DIRECTORY 68
#define CENTRAL_SIZE 47
#define END 162
#define SIZE 184

#define FLAG_DESCRIPTOR 8
#define FLAGS_THAT_MATTER (0x0001 | 0x0008 | 0x0040 | 0x0800 | 0x2000)

static struct unpack_work work;

struct entry {
	const char *name, *content;
	uint32_t offset;
	uint16_t flags;
	uint32_t crc;
};

static void put16(struct buf *b, uint16_t v)
{
	buf_putc(b, (char)(v & 0xff));
	buf_putc(b, (char)(v >> 8));
}

static void put32(struct buf *b, uint32_t v)
{
	put16(b, (uint16_t)v);
	put16(b, (uint16_t)(v >> 16));
}

static void put64(struct buf *b, uint64_t v)
{
	put32(b, (uint32_t)v);
	put32(b, (uint32_t)(v >> 32));
}

static void put_common(struct buf *b, const struct entry *e, bool sums)
{
	uint32_t size = sums ? (uint32_t)strlen(e->content) : 0;

	put16(b, 20);
	put16(b, e->flags);
	put16(b, 0);
	put32(b, 0x58210000);
	put32(b, sums ? e->crc : 0);
	put32(b, size);
	put32(b, size);
	put16(b, (uint16_t)strlen(e->name));
	put16(b, 0);
}

static void put_local(struct buf *b, struct entry *e)
{
	e->offset = (uint32_t)b->n;
	put32(b, 0x04034b50);
	put_common(b, e, !(e->flags & FLAG_DESCRIPTOR));
	buf_puts(b, e->name);
	buf_puts(b, e->content);
}

static void put_central(struct buf *b, const struct entry *e)
{
	put32(b, 0x02014b50);
	put16(b, 20);
	put_common(b, e, true);
	put16(b, 0);
	put16(b, 0);
	put16(b, 0);
	put32(b, 0);
	put32(b, e->offset);
	buf_puts(b, e->name);
}

static void put_end(struct buf *b, uint16_t n, uint32_t size, uint32_t offset, const char *comment)
{
	put32(b, 0x06054b50);
	put32(b, 0);
	put16(b, n);
	put16(b, n);
	put32(b, size);
	put32(b, offset);
	put16(b, (uint16_t)strlen(comment));
	buf_puts(b, comment);
}

/* What stands where in a zip of two entries; NULL is "". */
struct extra {
	const char *front, *between, *behind, *comment;
	size_t behind_n, between_n; /* they may hold zeros */
	uint16_t flags;
	bool zip64;
};

static void put_end64(struct buf *b, uint64_t size, uint64_t offset)
{
	uint64_t at = b->n;

	put32(b, 0x06064b50);
	put64(b, 44);
	put16(b, 45);
	put16(b, 45);
	put64(b, 0);
	put64(b, 2);
	put64(b, 2);
	put64(b, size);
	put64(b, offset);
	put32(b, 0x07064b50);
	put32(b, 0);
	put64(b, at);
	put32(b, 1);
}

static void make(struct buf *b, const struct extra *x)
{
	struct entry e[] = { { .name = "a", .content = "hello", .crc = 0x3610a686, .flags = x->flags },
		{ .name = "b", .content = "x", .crc = 0x8cdc1683, .flags = x->flags } };

	buf_reset(b);
	buf_puts(b, x->front ? x->front : "");
	put_local(b, &e[0]);
	buf_put(b, x->between ? x->between : "",
	    x->between_n ? x->between_n : strlen(x->between ? x->between : ""));
	put_local(b, &e[1]);
	buf_put(b, x->behind ? x->behind : "", x->behind_n);
	uint32_t at = (uint32_t)b->n;
	put_central(b, &e[0]);
	put_central(b, &e[1]);
	uint32_t size = (uint32_t)b->n - at;
	if (x->zip64)
		put_end64(b, size, at);
	put_end(b, x->zip64 ? 0xffff : 2, x->zip64 ? UINT32_MAX : size, x->zip64 ? UINT32_MAX : at,
	    x->comment ? x->comment : "");
}

/* The check reads the descriptor that a worker has its file on. */
static int check(struct span s, uint64_t entries)
{
	AUTO_FD int fd = memfd_create("zip", MFD_CLOEXEC);

	if (fd < 0 || file_write_all(fd, s) < 0 || dup2(fd, SANDBOX_IN) < 0)
		abort();
	uint64_t n = 0;
	buf_free(&work.out);
	work = (struct unpack_work){ .file_size = s.n, .out = BUF_INIT(1u << 16),
		.opts = { .entries = 1000 } };
	int rc = unpack_zip_check(&work, &n);
	if (rc == 0 && n != entries)
		rc = unpack_stop(&work, UNPACK_REFUSED, "%llu entries", (unsigned long long)n);
	return rc;
}

/* Versions, attributes, and the flags that say nothing about what is inside. */
static bool is_free_common(size_t at, int bit)
{
	size_t flags = 2;

	if (at == flags || at == flags + 1)
		return !(FLAGS_THAT_MATTER & 1 << (bit + (at == flags ? 0 : 8)));
	return at < 2;
}

static bool is_free(size_t at, int bit)
{
	if (at >= END)
		return false;
	if (at >= DIRECTORY) {
		at = (at - DIRECTORY) % CENTRAL_SIZE;
		return (at >= 4 && at < 6) || (at >= 6 && is_free_common(at - 6, bit)) ||
		       (at >= 36 && at < 42);
	}
	at -= at >= SECOND ? SECOND : FIRST;
	return (at >= 4 && is_free_common(at - 4, bit)) || at > 30;
}

static void test_bits(struct span good)
{
	uint8_t copy[SIZE];
	size_t wrong = 0, kept = 0;

	for (size_t i = 0; i < good.n * 8; i++) {
		memcpy(copy, good.p, good.n);
		copy[i / 8] ^= (uint8_t)(1u << i % 8);
		int rc = check(span_of(copy, good.n), 2);
		bool fits = is_free(i / 8, (int)(i % 8)) ? rc == 0 : rc > 0 && work.why[0];
		if (!fits && !wrong++)
			diag("bit %zu of byte %zu: %d %s", i % 8, i / 8, rc, work.why);
		kept += rc == 0;
	}
	ok(!wrong, "each bit flipped is found, but for versions, attributes, data (%zu)", kept);
}

static void test_prefixes(struct span good)
{
	bool found = true;

	for (size_t n = 0; n < good.n; n++)
		found &= check(span_of(good.p, n), 2) > 0 && work.why[0];
	ok(found, "no proper prefix is a zip");
}

static void test_table(void)
{
	static const char apk[] = "\x24\0\0\0\0\0\0\0block of sig\x24\0\0\0\0\0\0\0APK Sig Block 42";
	static const char no_apk[] = "\x24\0\0\0\0\0\0\0block of sig\x25\0\0\0\0\0\0\0APK Sig Block 42";
	static const char hello[] = "\x86\xa6\x10\x36\5\0\0\0\5\0\0\0\0";
	static const char x[] = "PK\7\x08\x83\x16\xdc\x8c\1\0\0\0\1\0\0\0";
	static const struct {
		const char *name;
		struct extra x;
		int want;
	} t[] = {
		{ "a comment", { .comment = "hello" }, UNPACK_DONE },
		{ "zip64", { .zip64 = true }, UNPACK_DONE },
		{ "a program in front", { .front = "#!/bin/sh\n" }, UNPACK_REFUSED },
		{ "bytes between two entries", { .between = "hidden" }, UNPACK_REFUSED },
		{ "bytes behind the last", { .behind = "hidden", .behind_n = 6 }, UNPACK_REFUSED },
		{ "a block of APK signatures", { .behind = apk, .behind_n = sizeof(apk) - 1 },
		    UNPACK_DONE },
		{ "one whose sizes differ", { .behind = no_apk, .behind_n = sizeof(no_apk) - 1 },
		    UNPACK_REFUSED },
		{ "one that is too short", { .behind = apk + sizeof(apk) - 17, .behind_n = 16 },
		    UNPACK_REFUSED },
		{ "sums behind the data",
		    { .flags = FLAG_DESCRIPTOR, .between = hello, .between_n = 12, .behind = x, .behind_n = 16 },
		    UNPACK_DONE },
		{ "other sums behind the data",
		    { .flags = FLAG_DESCRIPTOR, .between = "123456789012", .behind = x, .behind_n = 16 },
		    UNPACK_REFUSED },
		{ "sums of another length",
		    { .flags = FLAG_DESCRIPTOR, .between = hello, .between_n = 13, .behind = x, .behind_n = 16 },
		    UNPACK_REFUSED },
		{ "sums that nothing announces", { .between = "123456789012" }, UNPACK_REFUSED },
		{ "encrypted entries", { .flags = 1 }, UNPACK_DONE },
		{ "masked headers", { .flags = 0x2000 }, UNPACK_REFUSED },
		{ "an end's mark in the comment", { .comment = "PK\5\6 hello" }, UNPACK_REFUSED },
	};
	AUTO_BUF struct buf b = BUF_INIT(1u << 16);

	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		make(&b, &t[i].x);
		int rc = check(buf_span(&b), 2);
		ok(rc == t[i].want && (rc == 0 || work.why[0]), "%s: %d %s", t[i].name, rc, work.why);
	}
}

static void test_ends(struct span good)
{
	AUTO_BUF struct buf b = BUF_INIT(1u << 16);

	is_int(check(good, 1), UNPACK_REFUSED, "libarchive saw fewer entries: %s", work.why);
	is_int(check(good, 3), UNPACK_REFUSED, "or more: %s", work.why);
	buf_put_span(&b, good);
	buf_putc(&b, 0);
	is_int(check(buf_span(&b), 2), UNPACK_REFUSED, "a byte behind the end: %s", work.why);
	buf_reset(&b);
	buf_put_span(&b, good);
	b.p[END + 20] = 22; /* the first end's comment is a second end */
	put_end(&b, 0, 0, SIZE, "");
	is_int(check(buf_span(&b), 2), UNPACK_REFUSED, "two ends: %s", work.why);
	buf_reset(&b);
	put_end(&b, 0, 0, 0, "");
	is_int(check(buf_span(&b), 0), UNPACK_DONE, "an empty zip");
	is_int(check(buf_span(&b), 1), UNPACK_REFUSED, "of which entries were seen: %s", work.why);
}

/* Both directory entries speak of the first one's bytes. */
static void test_overlap(struct span good)
{
	uint8_t copy[SIZE];

	memcpy(copy, good.p, good.n);
	memcpy(copy + DIRECTORY + CENTRAL_SIZE, copy + DIRECTORY, CENTRAL_SIZE);
	is_int(check(span_of(copy, good.n), 2), UNPACK_REFUSED, "one entry twice: %s", work.why);
	ok(strstr(work.why, "overlap"), "which is an overlap");
}

int main(void)
{
	AUTO_BUF struct buf b = BUF_INIT(1u << 16);

	make(&b, &(struct extra){ 0 });
	is_int((long long)b.n, SIZE, "the zip is as long as its parts");
	is_int(check(buf_span(&b), 2), UNPACK_DONE, "a good zip");
	test_bits(buf_span(&b));
	test_prefixes(buf_span(&b));
	test_table();
	test_ends(buf_span(&b));
	test_overlap(buf_span(&b));
	return tap_done();
}
