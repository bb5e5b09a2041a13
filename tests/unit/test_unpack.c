/* SPDX-License-Identifier: Apache-2.0 */

#include "tap.h"
#include "unpack/run.h"

#include "base/file.h"

#include <errno.h>
#include <sys/mman.h>
#include <unistd.h>

static struct fault fault;
static struct unpack_stats stats;
static char seen[8192];

static int on_entry(void *ctx, const struct unpack_entry *e)
{
	static const char type[] = "?fdlhs";
	size_t n = strlen(seen);

	(void)ctx;
	snprintf(seen + n, sizeof(seen) - n, "%c%u %s%s%s%s %llu;", type[e->type], e->depth, e->path,
	    e->target[0] ? ">" : "", e->target, e->leads_out ? "!" : "",
	    (unsigned long long)e->size);
	return 0;
}

static int on_data(void *ctx, const struct unpack_entry *e, struct span bytes)
{
	struct buf *all = ctx;

	(void)e;
	buf_put_span(all, bytes);
	return buf_err(all);
}

/* --- what a worker may say ------------------------------------------------------------------- */

static void begin(struct buf *b, enum unpack_type type, const char *path, const char *target)
{
	parcel_put_begin(b, &(struct parcel_begin){ .type = type, .mode = 0644, .path = path,
	                        .target = target });
}

static void end(struct buf *b, uint64_t size, bool content)
{
	struct parcel_end e = { .size = size };

	if (content)
		e.digest[DIGEST_SHA256] = sha256_of(SPAN_NONE);
	parcel_put_end(b, &e);
}

static void last(struct buf *b)
{
	parcel_put_last(b, &(struct parcel_last){ .format = "tar", .why = "" });
}

static void file(struct buf *b, const char *path, uint64_t size)
{
	begin(b, UNPACK_FILE, path, "");
	end(b, size, true);
}

static int replay(struct span s, size_t piece)
{
	struct unpack_opts o = { .entries = 8 };

	seen[0] = 0;
	fault = FAULT_INIT;
	return unpack_replay(s, piece, &o, on_entry, NULL, NULL, &stats, &fault);
}

static void test_said(void)
{
	AUTO_BUF struct buf b = BUF_INIT(1u << 20);
	bool good = true;

	begin(&b, UNPACK_DIR, "./", "");
	end(&b, 0, false);
	file(&b, "./a//b", 5);
	begin(&b, UNPACK_HARDLINK, "l", "./a/b");
	end(&b, 0, false);
	begin(&b, UNPACK_SYMLINK, "d/s", "../../x");
	end(&b, 0, false);
	last(&b);
	is_int(replay(buf_span(&b), b.n), UNPACK_DONE, "a run of a worker is accepted");
	is_str(seen, "f1 a/b 5;h1 l>a/b 0;l1 d/s>../../x! 0;", "and given, with clean paths");
	is_int(replay(buf_span(&b), 1), UNPACK_DONE, "also byte by byte");
	is_int(stats.files, 1, "files are counted");
	is_int(stats.links, 2, "and links");
	for (size_t i = 0; i < b.n; i++)
		good &= replay(span_of(b.p, i), 7) == UNPACK_DAMAGED && fault.text[0];
	ok(good, "no proper prefix of it is (%zu)", b.n);
}

struct lie {
	const char *name;
	void (*tell)(struct buf *b);
};

static void lie_twice(struct buf *b)
{
	file(b, "a", 1);
	file(b, "./a", 1);
}

static void lie_absolute(struct buf *b)
{
	file(b, "/a", 1);
}

static void lie_climb(struct buf *b)
{
	file(b, "a/../../b", 1);
}

static void lie_backslash(struct buf *b)
{
	file(b, "a\\..\\..\\b", 1);
}

static void lie_drive(struct buf *b)
{
	file(b, "C:\\b", 1);
}

static void lie_behind_link(struct buf *b)
{
	begin(b, UNPACK_SYMLINK, "a", "/tmp");
	end(b, 0, false);
	file(b, "a/b", 1);
}

static void lie_below_file(struct buf *b)
{
	file(b, "a", 1);
	file(b, "a/b", 1);
}

static void lie_file_over_dir(struct buf *b)
{
	file(b, "a/b", 1);
	file(b, "a", 1);
}

static void lie_link_nowhere(struct buf *b)
{
	begin(b, UNPACK_HARDLINK, "a", "nothing");
	end(b, 0, false);
}

static void lie_link_out(struct buf *b)
{
	begin(b, UNPACK_HARDLINK, "a", "../b");
	end(b, 0, false);
}

static void lie_no_name(struct buf *b)
{
	file(b, "./", 1);
}

static void lie_no_digest(struct buf *b)
{
	begin(b, UNPACK_FILE, "a", "");
	end(b, 1, false);
}

static void lie_dir_with_bytes(struct buf *b)
{
	begin(b, UNPACK_DIR, "a", "");
	end(b, 1, false);
}

static void lie_too_large(struct buf *b)
{
	file(b, "a", UNPACK_BYTES_DEFAULT + 1);
}

static void lie_too_many(struct buf *b)
{
	for (char c = 'a'; c < 'a' + 9; c++)
		file(b, (char[]){ c, 0 }, 0);
}

static void lie_end_first(struct buf *b)
{
	end(b, 1, true);
}

static void lie_nested(struct buf *b)
{
	begin(b, UNPACK_FILE, "a", "");
	file(b, "b", 1);
	end(b, 1, true);
}

static void lie_content(struct buf *b)
{
	begin(b, UNPACK_FILE, "a", "");
	parcel_put_data_head(b, 1);
	buf_putc(b, 'x');
	end(b, 1, true);
}

static void lie_after_last(struct buf *b)
{
	last(b);
	file(b, "a", 1);
}

static void lie_file_with_target(struct buf *b)
{
	begin(b, UNPACK_FILE, "a", "b");
	end(b, 1, true);
}

static void test_lies(void)
{
	static const struct lie lie[] = { { "a path twice", lie_twice },
		{ "an absolute path", lie_absolute }, { "a path that climbs", lie_climb },
		{ "one that climbs by \\", lie_backslash }, { "a drive letter", lie_drive },
		{ "an entry behind a link", lie_behind_link },
		{ "an entry below a file", lie_below_file },
		{ "a file where a folder is", lie_file_over_dir },
		{ "a hard link to nothing", lie_link_nowhere },
		{ "a hard link that leads out", lie_link_out }, { "no name", lie_no_name },
		{ "a file without its digest", lie_no_digest },
		{ "a folder with content", lie_dir_with_bytes },
		{ "more bytes than the limit", lie_too_large },
		{ "more entries than the limit", lie_too_many },
		{ "an end without a beginning", lie_end_first },
		{ "an entry in one that is not open", lie_nested },
		{ "content that nobody asked for", lie_content },
		{ "words after the last", lie_after_last },
		{ "a file with a target", lie_file_with_target } };

	for (size_t i = 0; i < ARRAY_LEN(lie); i++) {
		AUTO_BUF struct buf b = BUF_INIT(1u << 20);
		lie[i].tell(&b);
		if (lie[i].tell != lie_after_last)
			last(&b);
		int rc = replay(buf_span(&b), b.n);
		ok(rc == UNPACK_REFUSED && strstr(fault.text, "refused"), "%s is refused: %s",
		    lie[i].name, fault.text);
	}
}

static void test_leads_out(void)
{
	static const struct {
		const char *path, *target;
		bool out;
	} t[] = { { "a", "b", false }, { "a", "../b", true }, { "d/a", "../b", false },
		{ "d/a", "../../b", true }, { "a", "/etc", true }, { "a", "x/../../b", true },
		{ "a", "x/../b", true }, { "a", "./x/y", false }, { "a", "C:\\x", true }, { "a", "..\\x", true } };

	for (size_t i = 0; i < ARRAY_LEN(t); i++)
		is_int(unpack_leads_out(t[i].path, t[i].target), t[i].out, "%s -> %s", t[i].path,
		    t[i].target);
}

/* --- the worker ------------------------------------------------------------------------------ */

/* One ustar entry. */
static void tar_put(struct buf *b, char type, const char *name, const char *target,
    const char *content)
{
	char h[512] = { 0 };
	unsigned sum = 0;

	snprintf(h, 100, "%s", name);
	snprintf(h + 100, 8, "%07o", 0644);
	snprintf(h + 124, 12, "%011o", (unsigned)strlen(content) & 0777777);
	snprintf(h + 136, 12, "%011o", 0);
	memset(h + 148, ' ', 8);
	h[156] = type;
	snprintf(h + 157, 100, "%s", target);
	memcpy(h + 257, "ustar\00000", 8);
	for (size_t i = 0; i < sizeof(h); i++)
		sum += (uint8_t)h[i];
	snprintf(h + 148, 8, "%06o", sum);
	buf_put(b, h, sizeof(h));
	buf_puts(b, content);
	while (b->n % 512)
		buf_putc(b, 0);
}

static void tar_end(struct buf *b)
{
	static const char zeros[1024];

	buf_put(b, zeros, sizeof(zeros));
}

static int memory_file(struct span s)
{
	int fd = memfd_create("archive", MFD_CLOEXEC);

	if (fd < 0 || file_write_all(fd, s) < 0)
		abort();
	return fd;
}

static int list_with(sandbox_fn *worker, struct span s, unpack_data_fn *data, void *ctx)
{
	AUTO_FD int fd = memory_file(s);

	seen[0] = 0;
	fault = FAULT_INIT;
	return unpack_list(worker, fd, "t", NULL, on_entry, data, ctx, &stats, &fault);
}

static int list(struct span s)
{
	return list_with(unpack_work_archive, s, NULL, NULL);
}

static void test_tar(void)
{
	AUTO_BUF struct buf b = BUF_INIT(1u << 20), all = BUF_INIT(1u << 20);
	bool good = true;

	tar_put(&b, '5', "d/", "", "");
	tar_put(&b, '0', "d/a", "", "hello");
	tar_put(&b, '1', "d/h", "d/a", "");
	tar_put(&b, '2', "d/s", "/etc", "");
	tar_put(&b, '6', "p", "", "");
	tar_end(&b);
	is_int(list(buf_span(&b)), UNPACK_DONE, "a tar is listed%s", fault.text);
	is_str(seen, "d1 d 0;f1 d/a 5;h1 d/h>d/a 0;l1 d/s>/etc! 0;s1 p 0;", "entry by entry");
	ok(strstr(stats.format, "ustar"), "its format is told: %s", stats.format);
	is_int(list_with(unpack_work_archive, buf_span(&b), on_data, &all), 0, "with content");
	is_str(buf_str(&all), "hello", "the content is given");
	/* cut anywhere but between entries it is damaged; there an unlisted rest is what is missed */
	for (size_t i = 100; i < b.n - 1024; i += 412)
		good &= i % 512 == 0 || list(span_of(b.p, i)) != UNPACK_DONE;
	ok(good, "cut short it is not");
	tar_put(&b, '0', "behind", "", "x");
	tar_end(&b);
	ok(list(buf_span(&b)) == UNPACK_DONE && strstr(seen, "f1 behind 1;"),
	    "entries behind the end mark are listed");
	is_int(list(SPAN_LIT("hello, no archive")), UNPACK_NOT_ARCHIVE, "text is no archive");
	is_int(list(SPAN_NONE), UNPACK_NOT_ARCHIVE, "nothing is no archive");
}

static void test_limits(void)
{
	AUTO_BUF struct buf b = BUF_INIT(1u << 20);
	struct unpack_opts o = { .entries = 2 };

	tar_put(&b, '0', "a", "", "hello");
	tar_put(&b, '0', "b", "", "hello");
	tar_put(&b, '0', "c", "", "hello");
	tar_end(&b);
	AUTO_FD int fd = memory_file(buf_span(&b));
	is_int(unpack_archive(fd, "t", &o, on_entry, NULL, NULL, &stats, &fault), UNPACK_REFUSED,
	    "more entries than allowed: %s", fault.text);
	o = (struct unpack_opts){ .bytes = 12 };
	is_int(unpack_archive(fd, "t", &o, on_entry, NULL, NULL, &stats, &fault), UNPACK_REFUSED,
	    "more bytes than allowed: %s", fault.text);
	o.bytes = 15;
	is_int(unpack_archive(fd, "t", &o, on_entry, NULL, NULL, &stats, &fault), UNPACK_DONE,
	    "as many as allowed");
}

static int lying_worker(void *ctx)
{
	(void)ctx;
	return write(SANDBOX_OUT, "\x07garbage", 8) == 8 ? 0 : -EIO;
}

static int silent_worker(void *ctx)
{
	(void)ctx;
	return 0;
}

static int curious_worker(void *ctx)
{
	(void)ctx;
	return getppid() == 1;
}

static void test_workers(void)
{
	is_int(list_with(lying_worker, SPAN_LIT("x"), NULL, NULL), UNPACK_REFUSED,
	    "a worker that talks nonsense: %s", fault.text);
	is_int(list_with(silent_worker, SPAN_LIT("x"), NULL, NULL), UNPACK_DAMAGED,
	    "a worker that says nothing: %s", fault.text);
	is_int(list_with(curious_worker, SPAN_LIT("x"), NULL, NULL), UNPACK_DAMAGED,
	    "a worker that does what it may not: %s", fault.text);
}

static void test_raw(void)
{
	/* gzip of "hello\n", made by gzip -n */
	static const uint8_t gz[] = { 0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3, 0xcb, 0x48, 0xcd, 0xc9,
		0xc9, 0xe7, 2, 0, 0x20, 0x30, 0x3a, 0x36, 6, 0, 0, 0, 'x' };
	AUTO_BUF struct buf out = BUF_INIT(64);
	bool good = true;

	AUTO_FD int fd = memory_file(span_of(gz, sizeof(gz) - 1));
	buf_puts(&out, "> ");
	is_int(unpack_raw(fd, "t", NULL, &out, &fault), UNPACK_DONE, "gzip is unpacked");
	is_str(buf_str(&out), "> hello\n", "behind what was there");
	for (size_t i = 1; i < sizeof(gz); i++) {
		size_t cut = sizeof(gz) - 1 - i;
		AUTO_FD int short_fd = memory_file(span_of(gz, cut));
		good &= unpack_raw(short_fd, "t", NULL, &out, &fault) > 0 && out.n == 8;
	}
	ok(good, "cut short it is not, and nothing is left in the buffer");
	AUTO_FD int more = memory_file(span_of(gz, sizeof(gz)));
	is_int(unpack_raw(more, "t", NULL, &out, &fault), UNPACK_DAMAGED, "a byte behind it: %s",
	    fault.text);
	AUTO_BUF struct buf tiny = BUF_INIT(3);
	is_int(unpack_raw(fd, "t", NULL, &tiny, &fault), UNPACK_REFUSED, "a full buffer: %s",
	    fault.text);
	AUTO_FD int plain = memory_file(SPAN_LIT("hello"));
	is_int(unpack_raw(plain, "t", NULL, &out, &fault), UNPACK_NOT_ARCHIVE, "plain text: %s",
	    fault.text);
}

int main(void)
{
	struct sandbox_support can = sandbox_probe();

	test_said();
	test_lies();
	test_leads_out();
	if (!can.landlock_abi || !can.seccomp) {
		tap_skip("the worker", "this kernel cannot sandbox it");
		return tap_done();
	}
	test_tar();
	test_limits();
	test_workers();
	test_raw();
	return tap_done();
}
