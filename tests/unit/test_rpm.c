/* SPDX-License-Identifier: Apache-2.0 */

/* rpm: a header, every prefix of it, and entries that do not fit. */

#include "tap.h"
#include "wire/rpm.h"

#include "base/buf.h"

struct entry {
	uint32_t tag, type, off, count;
};

static void make(struct buf *b, const struct entry *e, uint32_t n, struct span store)
{
	buf_reset(b);
	buf_put_be32(b, 0x8eade801);
	buf_put_be32(b, 0);
	buf_put_be32(b, n);
	buf_put_be32(b, (uint32_t)store.n);
	for (uint32_t i = 0; i < n; i++) {
		buf_put_be32(b, e[i].tag);
		buf_put_be32(b, e[i].type);
		buf_put_be32(b, e[i].off);
		buf_put_be32(b, e[i].count);
	}
	buf_put_span(b, store);
}

#define STORE SPAN_LIT("demo\0a\0bc\0\0\x01\x81\xa4\0\0\0\x07")

static void test_good(void)
{
	static const struct entry e[] = { { RPM_NAME, RPM_STRING, 0, 1 },
		{ RPM_BASE_NAMES, RPM_STRINGS, 5, 2 }, { RPM_FILE_MODES, RPM_INT16, 10, 2 },
		{ RPM_FILE_SIZES, RPM_INT32, 14, 1 }, { RPM_SIG_RSA, RPM_BIN, 0, 4 } };
	AUTO_BUF struct buf b = BUF_INIT(4096);
	struct rpm_header h;
	struct rpm_value v;
	bool bad = true;

	make(&b, e, ARRAY_LEN(e), STORE);
	is_int(rpm_header(&h, buf_span(&b)), 0, "a header is read");
	ok(rpm_find(&h, RPM_NAME, RPM_STRING, &v), "a string is found");
	is_str(rpm_string(&v), "demo", "and read");
	ok(rpm_find(&h, RPM_BASE_NAMES, RPM_STRINGS, &v) && v.count == 2, "a list of strings");
	is_str(rpm_string(&v), "a", "the first");
	is_str(rpm_string(&v), "bc", "the second");
	is_str(rpm_string(&v), "", "no third");
	ok(rpm_find(&h, RPM_FILE_MODES, RPM_INT16, &v), "small integers");
	is_int(rpm_int(&v, 1), 0x81a4, "the second");
	ok(rpm_find(&h, RPM_FILE_SIZES, RPM_INT32, &v) && rpm_int(&v, 0) == 7, "larger ones");
	ok(!rpm_find(&h, RPM_NAME, RPM_STRINGS, &v) && !v.count, "not of another type");
	ok(!rpm_find(&h, RPM_ARCH, RPM_STRING, &v), "not what is not there");
	for (size_t i = 0; i < b.n; i++)
		bad &= rpm_header(&h, span_of(b.p, i)) < 0 && !h.store.n;
	ok(bad, "no prefix of it is a header");
}

static void test_bad(void)
{
	static const struct {
		const char *name;
		struct entry e;
	} t[] = {
		{ "a string behind the store", { RPM_NAME, RPM_STRING, 18, 1 } },
		{ "a string without end", { RPM_NAME, RPM_STRING, 17, 1 } },
		{ "two of what is one", { RPM_NAME, RPM_STRING, 0, 2 } },
		{ "more strings than there are", { RPM_BASE_NAMES, RPM_STRINGS, 5, 9 } },
		{ "an integer that is cut", { RPM_FILE_SIZES, RPM_INT32, 15, 1 } },
		{ "far too many", { RPM_FILE_SIZES, RPM_INT32, 0, 0x40000001 } },
		{ "none of them", { RPM_FILE_SIZES, RPM_INT32, 0, 0 } },
		{ "a type that is none", { RPM_FILE_SIZES, 10, 0, 1 } },
	};
	static const struct entry twice[] = { { RPM_NAME, RPM_STRING, 0, 1 },
		{ RPM_NAME, RPM_STRING, 5, 1 } };
	AUTO_BUF struct buf b = BUF_INIT(4096);
	struct rpm_header h;
	struct rpm_value v;

	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		make(&b, &t[i].e, 1, STORE);
		ok(rpm_header(&h, buf_span(&b)) < 0 && !h.index.n, "%s is refused", t[i].name);
	}
	make(&b, twice, 2, STORE);
	ok(rpm_header(&h, buf_span(&b)) == 0 && !rpm_find(&h, RPM_NAME, RPM_STRING, &v),
	    "a tag that is there twice is not found");
	make(&b, twice, 1, STORE);
	buf_putc(&b, 0);
	ok(rpm_header(&h, buf_span(&b)) < 0, "a byte behind it is refused");
}

int main(void)
{
	test_good();
	test_bad();
	return tap_done();
}
