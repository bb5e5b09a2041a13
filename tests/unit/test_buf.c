/* SPDX-License-Identifier: Apache-2.0 */

#include "base/buf.h"
#include "tap.h"

#include <errno.h>

/* Asking for too much is what is tested: ASan shall say NULL, as libc does. */
const char *__asan_default_options(void);
const char *__asan_default_options(void)
{
	return "allocator_may_return_null=1";
}

static void test_puts(void)
{
	AUTO_BUF struct buf b = BUF_INIT(1 << 20);

	is_str(buf_str(&b), "", "empty is a string");
	buf_puts(&b, "ab");
	buf_putc(&b, 'c');
	buf_printf(&b, "-%d-", 42);
	buf_put_span(&b, SPAN_NONE);
	buf_put(&b, NULL, 0);
	is_str(buf_str(&b), "abc-42-", "puts, putc, printf");
	ok(buf_err(&b) == 0 && buf_span(&b).n == 7 && b.p[7] == 0, "NUL behind, not counted");
	buf_reset(&b);
	is_str(buf_str(&b), "", "reset");
	buf_put_be16(&b, 0x0102);
	buf_put_be32(&b, 0x03040506);
	buf_put_le16(&b, 0x0807);
	buf_put_le32(&b, 0x0c0b0a09);
	ok(b.n == 12 && memcmp(b.p, "\1\2\3\4\5\6\7\10\11\12\13\14", 12) == 0, "byte orders");
	for (int i = 0; i < 100000; i++)
		buf_putc(&b, (char)i);
	int bad = 0;
	for (int i = 0; i < 100000; i++)
		bad += b.p[12 + i] != (uint8_t)i;
	ok(!bad && b.n == 100012, "growing keeps the content");
}

static void test_cap(void)
{
	AUTO_BUF struct buf b = BUF_INIT(4);

	buf_puts(&b, "abcd");
	is_int(buf_err(&b), 0, "filled to the cap");
	buf_putc(&b, 'e');
	is_int(buf_err(&b), -EMSGSIZE, "one more latches");
	is_str(buf_str(&b), "abcd", "and puts nothing");
	buf_reset(&b);
	buf_puts(&b, "abcde");
	buf_puts(&b, "a");
	ok(buf_err(&b) == -EMSGSIZE && b.n == 0, "after an error nothing is put");
	is_int(buf_reserve(&b, 1), -EMSGSIZE, "reserve forwards the latched error");
	buf_reset(&b);
	buf_printf(&b, "%s", "abcd");
	is_str(buf_str(&b), "abcd", "printf to the cap");
	buf_printf(&b, "%s", "");
	is_int(buf_err(&b), 0, "printf of nothing at the cap");
	buf_printf(&b, "%d", 1);
	is_int(buf_err(&b), -EMSGSIZE, "printf past it");
	buf_free(&b);
	ok(!b.p && !b.err && b.max == 4, "free keeps the cap");
}

static void test_overflow(void)
{
	static const size_t n[] = { SIZE_MAX, SIZE_MAX - 1, SIZE_MAX / 2, SIZE_MAX / 2 - 1 };

	for (size_t i = 0; i < ARRAY_LEN(n); i++) {
		AUTO_BUF struct buf b = BUF_INIT(SIZE_MAX);
		buf_putc(&b, 'x');
		int rc = buf_reserve(&b, n[i]);
		ok(rc == -EMSGSIZE || rc == -ENOMEM, "reserve %zu without a cap: %d", n[i], rc);
		is_str(buf_str(&b), "x", "content stands");
	}
}

int main(void)
{
	test_puts();
	test_cap();
	test_overflow();
	return tap_done();
}
