/* SPDX-License-Identifier: Apache-2.0 */

#include "base/cur.h"
#include "tap.h"

#include <errno.h>

static const uint8_t bytes[16] = { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 0xff };

static uint64_t read_all(struct cur *c)
{
	uint64_t sum = cur_u8(c);

	sum += cur_be16(c) + cur_le16(c);
	sum += cur_be24(c) + cur_be32(c);
	sum += cur_le32(c);
	return sum;
}

static void test_reads(void)
{
	struct cur c = cur_of(span_of(bytes, 16));

	ok(cur_u8(&c) == 1 && cur_be16(&c) == 0x0203 && cur_le16(&c) == 0x0504, "8, 16 bits");
	ok(cur_be24(&c) == 0x060708 && cur_be32(&c) == 0x090a0b0c, "24, 32 bits");
	ok(cur_le32(&c) == 0xff0f0e0d && cur_left(&c) == 0 && c.err == 0, "top bit, to the end");
	c = cur_of(span_of(bytes, 16));
	ok(cur_be64(&c) == 0x0102030405060708, "be64");
	ok(cur_le64(&c) == 0xff0f0e0d0c0b0a09, "le64");
	ok(cur_u8(&c) == 0 && c.err == CUR_SHORT && c.off == 16, "past the end");
	is_int(CUR_SHORT, -ENODATA, "CUR_SHORT is -ENODATA");
}

/* Whatever the length, the first read that does not fit latches and everything after it is zero. */
static void test_latch(void)
{
	int bad = 0;

	for (size_t n = 0; n < 16; n++) {
		struct cur c = cur_of(span_of(bytes, n));
		(void)read_all(&c);
		size_t off = c.off;
		bad += c.err != CUR_SHORT || off > n || cur_left(&c) != 0 || read_all(&c) != 0 ||
		    c.off != off || cur_rest(&c).p || cur_peek(&c) != 0;
	}
	is_int(bad, 0, "every prefix latches");
	struct cur c = cur_of(span_of(bytes, 4));
	cur_fail(&c, 7);
	cur_fail(&c, 8);
	(void)cur_u8(&c);
	cur_seek(&c, 1);
	cur_seek(&c, 99);
	ok(c.err == 7 && c.off == 0, "the first error wins; seek does not move after it");
}

static void test_moves(void)
{
	struct cur c = cur_of(span_of(bytes, 8));

	ok(cur_take(&c, 3).p == bytes && cur_peek(&c) == 4, "take, peek");
	cur_skip(&c, 1);
	struct cur sub = cur_sub(&c, 2);
	ok(cur_be16(&sub) == 0x0506 && sub.err == 0 && c.off == 6, "sub");
	(void)cur_u8(&sub);
	ok(sub.err == CUR_SHORT && c.err == 0, "an error inside a sub stays there");
	ok(cur_rest(&c).n == 2 && cur_rest(&c).n == 0 && c.err == 0, "rest, then an empty rest");
	cur_seek(&c, 8);
	ok(c.err == 0 && cur_left(&c) == 0, "seek to the end");
	cur_seek(&c, 9);
	is_int(c.err, CUR_SHORT, "seek beyond");
	c = cur_of(span_of(bytes, 8));
	ok(!cur_take(&c, SIZE_MAX).p && c.err == CUR_SHORT, "a huge length does not wrap");
	c = cur_of(span_of(bytes, 8));
	sub = cur_sub(&c, 9);
	ok(sub.err == CUR_SHORT && sub.n == 0, "a failed sub is failed");
	c = cur_of(SPAN_NONE);
	ok(cur_rest(&c).n == 0 && c.err == 0 && cur_peek(&c) == 0, "no bytes");
}

int main(void)
{
	test_reads();
	test_latch();
	test_moves();
	return tap_done();
}
