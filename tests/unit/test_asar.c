/* SPDX-License-Identifier: Apache-2.0 */

/* asar: the header by itself, then archives through the sandboxed worker. */

#include "tap.h"
#include "unpack/run.h"
#include "wire/asar.h"

#include "base/buf.h"
#include "base/file.h"

#include <sys/mman.h>
#include <unistd.h>

#define HEX_HELLO "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824"
#define HEX_NOTHING "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
#define HEX_HE "372f7e2fd2d01ce2a1d71dc072acbba4c6fd25a1087cd7f153f4ec0ce37e1ede"
#define HEX_LL "f9e012396be65db022bd11de9308a9b40e04e492cc4ee8636c09fb83df4aa27b"
#define HEX_O "65c74c15a686187bb6bbf9958f494fc6b80068034a659a9ad44991b08c58f2d2"
#define SUMS(hash, size, blocks)                                                                   \
	"\"integrity\":{\"algorithm\":\"SHA256\",\"hash\":\"" hash "\",\"blockSize\":" size       \
	",\"blocks\":[" blocks "]}"
#define GOOD                                                                                       \
	"{\"files\":{\"a\":{\"size\":5,\"offset\":\"0\"," SUMS(HEX_HELLO, "4", "\"" HEX_HELLO "\"") \
	"},\"d\":{\"files\":{\"e\\u0066\":{\"offset\":\"5\",\"size\":1,\"executable\":true},"      \
	"\"g\":{\"files\":{}}},\"unpacked\":true},\"l\":{\"link\":\"d/ef\"},"                      \
	"\"n\":{\"size\":9,\"unpacked\":true}}}"

static char seen[4096];

static int walk(struct span json)
{
	static struct asar a;
	struct asar_entry e;
	int rc;

	seen[0] = 0;
	asar_open(&a, json, JSON_KEYS(256));
	while ((rc = asar_next(&a, &e)) == 0 && e.type != ASAR_END) {
		size_t n = strlen(seen);
		snprintf(seen + n, sizeof(seen) - n, "%c%s %s%s%llu@%llu/%u%s%s;", "?fdl"[e.type],
		    e.executable ? "x" : "", e.path, e.link[0] ? ">" : " ", (unsigned long long)e.size,
		    (unsigned long long)e.offset, e.nblocks, e.unpacked ? "!" : "", e.link);
	}
	if (rc == 0) /* it stays at its end */
		rc = asar_next(&a, &e) || e.type != ASAR_END;
	return rc;
}

static void test_header(void)
{
	struct span good = SPAN_LIT(GOOD);
	bool fine = true;

	is_int(walk(good), ASAR_OK, "a header is read");
	is_str(seen, "f a 5@0/1;d d 0@0/0;fx d/ef 1@5/0;d d/g 0@0/0;l l>0@0/0d/ef;f n 9@0/0!;",
	    "entry by entry");
	for (size_t i = 0; i < good.n; i++)
		fine &= walk(span_of(good.p, i)) == ASAR_JSON || i == 0;
	ok(fine, "no proper prefix of it is (%zu)", good.n);
}

static void test_bad(void)
{
	static const struct {
		const char *json;
		int want;
	} t[] = {
		{ "[]", ASAR_NODE },
		{ "{}", ASAR_NODE },
		{ "{\"files\":[]}", ASAR_NODE },
		{ "{\"files\":{}} ", ASAR_OK },
		{ "{\"files\":{}}x", ASAR_JSON },
		{ "{\"files\":{\"a\":1}}", ASAR_NODE },
		{ "{\"files\":{\"a\":{}}}", ASAR_NODE },
		{ "{\"files\":{\"a\":{\"size\":1}}}", ASAR_NODE },
		{ "{\"files\":{\"a\":{\"size\":1,\"offset\":\"0\",\"unpacked\":true}}}", ASAR_NODE },
		{ "{\"files\":{\"a\":{\"size\":1,\"offset\":\"0\",\"link\":\"b\"}}}", ASAR_NODE },
		{ "{\"files\":{\"a\":{\"size\":1,\"offset\":\"0\",\"files\":{}}}}", ASAR_NODE },
		{ "{\"files\":{\"a\":{\"files\":{},\"size\":1,\"offset\":\"0\"}}}", ASAR_NODE },
		{ "{\"files\":{\"a\":{\"files\":{},\"files\":{}}}}", ASAR_JSON },
		{ "{\"files\":{\"a\":{\"files\":{}},\"a\":{\"files\":{}}}}", ASAR_JSON },
		{ "{\"files\":{\"a\":{\"size\":1,\"offset\":0}}}", ASAR_NUMBER },
		{ "{\"files\":{\"a\":{\"size\":1,\"offset\":\"\"}}}", ASAR_NUMBER },
		{ "{\"files\":{\"a\":{\"size\":1,\"offset\":\"01\"}}}", ASAR_NUMBER },
		{ "{\"files\":{\"a\":{\"size\":1,\"offset\":\"1a\"}}}", ASAR_NUMBER },
		{ "{\"files\":{\"a\":{\"size\":1,\"offset\":\"-1\"}}}", ASAR_NUMBER },
		{ "{\"files\":{\"a\":{\"size\":1,\"offset\":\"1234567890123456789\"}}}", ASAR_NUMBER },
		{ "{\"files\":{\"a\":{\"size\":-1,\"offset\":\"1\"}}}", ASAR_NUMBER },
		{ "{\"files\":{\"a\":{\"size\":1e3,\"offset\":\"1\"}}}", ASAR_NUMBER },
		{ "{\"files\":{\"\":{\"size\":1,\"offset\":\"1\"}}}", ASAR_NAME },
		{ "{\"files\":{\".\":{\"size\":1,\"offset\":\"1\"}}}", ASAR_NAME },
		{ "{\"files\":{\"..\":{\"files\":{}}}}", ASAR_NAME },
		{ "{\"files\":{\"a/b\":{\"files\":{}}}}", ASAR_NAME },
		{ "{\"files\":{\"a\\u002fb\":{\"files\":{}}}}", ASAR_NAME },
		{ "{\"files\":{\"a\":{\"link\":\"../b\"}}}", ASAR_LINK },
		{ "{\"files\":{\"a\":{\"link\":\"/b\"}}}", ASAR_LINK },
		{ "{\"files\":{\"a\":{\"link\":\"\"}}}", ASAR_LINK },
		{ "{\"files\":{\"a\":{\"link\":\"b\\\\..\\\\..\\\\c\"}}}", ASAR_LINK },
		{ "{\"files\":{\"a\":{\"size\":1,\"offset\":\"0\",\"integrity\":{}}}}", ASAR_INTEGRITY },
		{ "{\"files\":{\"a\":{" SUMS("00", "4", "") "}}}", ASAR_INTEGRITY },
		{ "{\"files\":{\"a\":{" SUMS(HEX_HELLO, "0", "") "}}}", ASAR_INTEGRITY },
		{ "{\"files\":{\"a\":{" SUMS(HEX_HELLO, "4", "1") "}}}", ASAR_INTEGRITY },
		{ "{\"files\":{\"a\":{\"executable\":1,\"files\":{}}}}", ASAR_NODE },
	};

	for (size_t i = 0; i < ARRAY_LEN(t); i++)
		is_int(walk(span_str(t[i].json)), t[i].want, "%s", t[i].json);
	AUTO_BUF struct buf deep = BUF_INIT(1u << 16);
	for (int i = 0; i < ASAR_DEPTH_MAX + 1; i++)
		buf_puts(&deep, "{\"files\":{\"a\":");
	is_int(walk(buf_span(&deep)), ASAR_DEPTH, "folders without end");
}

/* --- through the worker ---------------------------------------------------------------------- */

static struct fault fault;

static int on_entry(void *ctx, const struct unpack_entry *e)
{
	size_t n = strlen(seen);

	(void)ctx;
	snprintf(seen + n, sizeof(seen) - n, "%s%s%s %llu%s;", e->path, e->target[0] ? ">" : "",
	    e->target, (unsigned long long)e->size, e->content == UNPACK_ELSEWHERE ? "!" : "");
	return 0;
}

static int on_note(void *ctx, const struct unpack_note *n)
{
	size_t at = strlen(seen);

	(void)ctx;
	snprintf(seen + at, sizeof(seen) - at, "<%d %llu+%llu>", n->kind, (unsigned long long)n->off,
	    (unsigned long long)n->len);
	return 0;
}

static void put32(struct buf *b, uint32_t v)
{
	for (int i = 0; i < 4; i++)
		buf_putc(b, (char)(v >> (8 * i)));
}

static void make(struct buf *b, const char *json, const char *data)
{
	uint32_t n = (uint32_t)strlen(json), padded = (n + 3) / 4 * 4;

	buf_reset(b);
	put32(b, 4);
	put32(b, padded + 8);
	put32(b, padded + 4);
	put32(b, n);
	buf_puts(b, json);
	while (b->n % 4)
		buf_putc(b, 0);
	buf_puts(b, data);
}

static int list(struct span s, bool notes)
{
	struct unpack_opts o = { .on_note = notes ? on_note : NULL };
	struct unpack_stats stats;

	AUTO_FD int fd = memfd_create("asar", MFD_CLOEXEC);
	if (fd < 0 || file_write_all(fd, s) < 0)
		abort();
	seen[0] = 0;
	fault = FAULT_INIT;
	int rc = unpack_archive(fd, "t", &o, on_entry, NULL, NULL, &stats, &fault);
	if (rc == 0 && stats.kind != UNPACK_FORMAT_ASAR)
		abort();
	return rc;
}

#define ONE(n, off, sums) "{\"files\":{\"a\":{\"size\":" n ",\"offset\":\"" off "\"" sums "}}}"
#define TWO(n1, off1, n2, off2)                                                                    \
	"{\"files\":{\"a\":{\"size\":" n1 ",\"offset\":\"" off1 "\"},\"b\":{\"size\":" n2         \
	",\"offset\":\"" off2 "\"}}}"

static void test_archives(void)
{
	static const struct {
		const char *name, *json, *data;
		int strict, loose;
	} t[] = {
		{ "nothing", "{\"files\":{}}", "", 0, 0 },
		{ "one block and its sum",
		    ONE("5", "0", "," SUMS(HEX_HELLO, "5", "\"" HEX_HELLO "\"")), "hello", 0, 0 },
		{ "the sum of nothing behind a full block",
		    ONE("5", "0", "," SUMS(HEX_HELLO, "5", "\"" HEX_HELLO "\",\"" HEX_NOTHING "\"")),
		    "hello", 0, 0 },
		{ "several blocks", ONE("5", "0", "," SUMS(HEX_HELLO, "2", "\"" HEX_HE
		        "\",\"" HEX_LL "\",\"" HEX_O "\"")), "hello", 0, 0 },
		{ "one of several that differs", ONE("5", "0", "," SUMS(HEX_HELLO, "2", "\"" HEX_HE
		        "\",\"" HEX_LL "\",\"" HEX_HE "\"")), "hello", UNPACK_REFUSED, UNPACK_REFUSED },
		{ "an empty file with the sum of nothing",
		    ONE("0", "0", "," SUMS(HEX_NOTHING, "4", "\"" HEX_NOTHING "\"")), "", 0, 0 },
		{ "another sum", ONE("5", "0", "," SUMS(HEX_HE, "5", "\"" HEX_HE "\"")), "hello",
		    UNPACK_REFUSED, UNPACK_REFUSED },
		{ "sums that contradict each other",
		    ONE("5", "0", "," SUMS(HEX_HELLO, "5", "\"" HEX_HE "\"")), "hello", UNPACK_REFUSED,
		    UNPACK_REFUSED },
		{ "too few blocks", ONE("5", "0", "," SUMS(HEX_HELLO, "2", "\"" HEX_HELLO "\"")),
		    "hello", UNPACK_REFUSED, UNPACK_REFUSED },
		{ "two files", TWO("2", "0", "3", "2"), "hello", 0, 0 },
		{ "in another order", TWO("3", "2", "2", "0"), "hello", 0, 0 },
		{ "one stored for two names", TWO("5", "0", "5", "0"), "hello", 0, 0 },
		{ "overlapping ones", TWO("3", "0", "3", "2"), "hello", UNPACK_REFUSED,
		    UNPACK_REFUSED },
		{ "a gap", TWO("1", "0", "3", "2"), "hello", UNPACK_REFUSED, 0 },
		{ "bytes in front", ONE("4", "1", ""), "hello", UNPACK_REFUSED, 0 },
		{ "bytes behind", ONE("4", "0", ""), "hello", UNPACK_REFUSED, 0 },
		{ "a file beyond the end", ONE("6", "0", ""), "hello", UNPACK_DAMAGED,
		    UNPACK_DAMAGED },
		{ "one far beyond it", ONE("9007199254740991", "999999999999999999", ""), "hello",
		    UNPACK_DAMAGED, UNPACK_DAMAGED },
		{ "a link that climbs",
		    "{\"files\":{\"a\":{\"size\":0,\"offset\":\"0\"},\"b\":{\"link\":\"a/../../x\"}}}", "",
		    UNPACK_REFUSED, UNPACK_REFUSED },
		{ "a drive", "{\"files\":{\"C:\\\\x\":{\"size\":0,\"offset\":\"0\"}}}", "", UNPACK_REFUSED,
		    UNPACK_REFUSED },
		{ "a name twice", "{\"files\":{\"a\":{\"files\":{}},\"\\u0061\":{\"files\":{}}}}", "",
		    UNPACK_REFUSED, UNPACK_REFUSED },
	};
	AUTO_BUF struct buf b = BUF_INIT(1u << 16);

	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		make(&b, t[i].json, t[i].data);
		int strict = list(buf_span(&b), false);
		int loose = list(buf_span(&b), true);
		ok(strict == t[i].strict && loose == t[i].loose, "%s: %d %d%s", t[i].name, strict,
		    loose, fault.text);
	}
	make(&b, TWO("1", "0", "2", "2"), "hello");
	is_int(list(buf_span(&b), true), 0, "what belongs to no file is told");
	unsigned long long data = b.n - 5;
	char want[128];
	snprintf(want, sizeof(want), ">a 1;b 2;<2 %llu+1><3 %llu+1>", data + 1, data + 4);
	ok(strncmp(seen, "<6 16+", 6) == 0 && strstr(seen, want), "with its place: %s", seen);
}

/* No bit of a file can change, and of the header none without being seen in what is listed. */
static void test_flips(void)
{
	AUTO_BUF struct buf b = BUF_INIT(1u << 16);
	bool good = true;

	make(&b, "{\"files\":{\"a\":{\"size\":5,\"offset\":\"0\"," SUMS(HEX_HELLO, "5",
	             "\"" HEX_HELLO "\"") "}}}",
	    "hello");
	is_int(list(buf_span(&b), false), 0, "an archive with integrity");
	for (size_t i = b.n - 5; i < b.n; i++)
		for (int bit = 0; bit < 8; bit++) {
			b.p[i] ^= (uint8_t)(1u << bit);
			good &= list(buf_span(&b), true) == UNPACK_REFUSED;
			b.p[i] ^= (uint8_t)(1u << bit);
		}
	ok(good, "each bit of its files counts");
	for (size_t i = 0; i < 16; i++) {
		b.p[i] ^= 1u << 3;
		good &= list(buf_span(&b), true) != 0;
		b.p[i] ^= 1u << 3;
	}
	ok(good, "each size in front of its header counts");
	for (size_t n = 0; n < b.n; n += n < 20 || n + 20 > b.n ? 1 : 17)
		good &= list(span_of(b.p, n), true) != 0;
	ok(good, "cut short it is damaged");
}

int main(void)
{
	struct sandbox_support can = sandbox_probe();

	test_header();
	test_bad();
	if (!can.landlock_abi || !can.seccomp) {
		tap_skip("the worker", "this kernel cannot sandbox it");
		return tap_done();
	}
	test_archives();
	test_flips();
	return tap_done();
}
