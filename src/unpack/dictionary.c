/* SPDX-License-Identifier: Apache-2.0 */

#include "unpack/dictionary.h"

#include "base/cur.h"

#include <unistd.h>

#define HEAD 64
#define AR_MEMBERS 8
#define AR_HEAD 60
#define RPM_LEAD 96
#define RPM_HEAD 16
#define LZMA2 0x21

static uint64_t vli(struct cur *c)
{
	uint64_t v = 0;

	for (unsigned i = 0; i < 9; i++) {
		uint8_t b = cur_u8(c);
		v |= (uint64_t)(b & 0x7f) << (7 * i);
		if (!(b & 0x80))
			break;
	}
	return v;
}

/* Of the first block's LZMA2 filter. */
static uint64_t of_xz(struct cur c)
{
	uint64_t size = 0;

	cur_skip(&c, 6 + 1); /* stream header, then the block header's size */
	uint8_t flags = cur_u8(&c);
	if (flags & 0x40)
		(void)vli(&c);
	if (flags & 0x80)
		(void)vli(&c);
	for (unsigned i = 0; i <= (flags & 3u); i++) {
		uint64_t id = vli(&c);
		struct span props = cur_take(&c, (size_t)vli(&c));
		if (id != LZMA2 || !props.n)
			continue;
		unsigned bits = props.p[0] & 0x3f;
		size = bits >= 40 ? UINT32_MAX : (2ull | (bits & 1)) << (bits / 2 + 11);
	}
	return c.err ? 0 : size;
}

static uint64_t of_zstd(struct cur c)
{
	static const uint8_t id_len[] = { 0, 1, 2, 4 };
	uint8_t flags = cur_u8(&c);
	bool single = flags & 0x20;
	unsigned size_len = flags >> 6;

	if (!single) {
		uint8_t b = cur_u8(&c);
		uint64_t base = 1ull << (10 + (b >> 3));
		return c.err ? 0 : base + base / 8 * (b & 7);
	}
	cur_skip(&c, id_len[flags & 3]);
	uint64_t v = size_len == 0 ? cur_u8(&c) :
	    size_len == 1              ? cur_le16(&c) + 256ull :
	    size_len == 2              ? cur_le32(&c) :
	                                 cur_le64(&c);
	return c.err ? 0 : v;
}

static uint64_t of_stream(struct span head)
{
	struct cur c = cur_of(head);

	if (span_starts(head, SPAN_LIT("\xfd" "7zXZ\0"))) {
		cur_skip(&c, 6);
		return of_xz(c);
	}
	if (span_starts(head, SPAN_LIT("\x28\xb5\x2f\xfd"))) {
		cur_skip(&c, 4);
		return of_zstd(c);
	}
	cur_skip(&c, 1);
	uint32_t lzma = cur_le32(&c);
	return head.n > 13 && head.p[0] == 0x5d && !(lzma & 0xfff) ? lzma : 0;
}

static struct span read_head(int fd, uint64_t at, uint8_t head[static HEAD])
{
	ssize_t n = at <= INT64_MAX ? pread(fd, head, HEAD, (off_t)at) : 0;

	return n > 0 ? span_of(head, (size_t)n) : SPAN_NONE;
}

static uint64_t of_ar(int fd, uint64_t file_size)
{
	uint64_t most = 0, at = 8;
	uint8_t head[HEAD];

	for (unsigned i = 0; i < AR_MEMBERS && at + AR_HEAD < file_size; i++) {
		struct span s = read_head(fd, at, head);
		uint64_t size = 0;
		for (size_t k = 48; k < 58 && k < s.n && s.p[k] >= '0' && s.p[k] <= '9'; k++)
			size = size * 10 + (s.p[k] - (uint64_t)'0');
		uint64_t want = of_stream(read_head(fd, at + AR_HEAD, head));
		most = want > most ? want : most;
		at += AR_HEAD + size + size % 2;
	}
	return most;
}

/* Where the header at `at` ends; 0 when it is none. */
static uint64_t rpm_header_end(int fd, uint64_t at)
{
	uint8_t head[HEAD];
	struct span s = read_head(fd, at, head);
	struct cur c = cur_of(s);

	if (!span_starts(s, SPAN_LIT("\x8e\xad\xe8\x01")))
		return 0;
	cur_skip(&c, 8);
	uint64_t n = cur_be32(&c), bytes = cur_be32(&c);
	return c.err ? 0 : at + RPM_HEAD + 16 * n + bytes;
}

static uint64_t of_rpm(int fd)
{
	uint8_t head[HEAD];
	uint64_t end = rpm_header_end(fd, RPM_LEAD);

	end = end ? rpm_header_end(fd, (end + 7) / 8 * 8) : 0;
	return end ? of_stream(read_head(fd, end, head)) : 0;
}

uint64_t dictionary_of(int fd, uint64_t file_size)
{
	uint8_t head[HEAD];
	struct span s = read_head(fd, 0, head);

	if (span_starts(s, SPAN_LIT("!<arch>\n")))
		return of_ar(fd, file_size);
	if (span_starts(s, SPAN_LIT("\xed\xab\xee\xdb")))
		return of_rpm(fd);
	return of_stream(s);
}
