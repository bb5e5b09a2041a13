/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * inflate_lib: zlib, libbz2 and liblzma, which libarchive brings along, called directly for what is
 * compressed in pieces; and where they are installed libdeflate for what is in memory as a whole (twice
 * as fast) and ISA-L's igzip for raw deflate in pieces (three times). Loaded before the worker is
 * confined (base/dlib.h says why). Private to unpack/.
 *
 * ISA-L takes what zlib takes, and one thing more: a set of Huffman codes that leaves codes unused,
 * which no compressor writes, and no other can read another content from. zlib refuses it at once,
 * ISA-L if an unused one comes up (tests/unit/test_inflate.c).
 */

#include "base/fault.h"
#include "base/span.h"
#include "base/util.h"

/* Before the worker is confined; a library that is missing is one that inflate_… says no for. */
void inflate_lib_load(void);

/*
 * Each unpacks one whole stream into out, which holds n bytes. 0 with *ret_n the bytes it gave;
 * -EBADMSG: damaged, or more than n bytes; -ENOTSUP: the library is not there; -ENOMEM.
 */
FB_MUST int inflate_zlib(uint8_t *out, size_t n, struct span in, size_t *ret_n);
FB_MUST int inflate_bzip2(uint8_t *out, size_t n, struct span in, size_t *ret_n);
FB_MUST int inflate_xz(uint8_t *out, size_t n, struct span in, size_t *ret_n);
/* The same for raw deflate, all of it: -EBADMSG when in has more bytes, or the output fewer than n.
 * Through libdeflate: -ENOTSUP without it. */
FB_MUST int inflate_whole(uint8_t *out, size_t n, struct span in);

/* Raw deflate in pieces. */
enum inflate_by { INFLATE_BY_FASTEST, INFLATE_BY_ZLIB, INFLATE_BY_ISAL };
struct inflate_stream {
	void *z;
	bool isal;
	bool ended;
};
/* Starts, or starts anew. 0, -ENOTSUP, -ENOMEM; to be stopped in every case. */
FB_MUST int inflate_start(struct inflate_stream *s, enum inflate_by by);
/*
 * Takes from *in, which is moved on, writes to out: 0 with *ret_n, -EBADMSG. At the end of the stream
 * *in is what follows it, and may start up to INFLATE_BACK bytes earlier than it did: in front of each
 * piece the last INFLATE_BACK bytes of the one before have to lie (any, in front of the first).
 */
#define INFLATE_BACK 8
FB_MUST int inflate_more(
    struct inflate_stream *s, struct span *in, uint8_t *out, size_t n, size_t *ret_n);
void inflate_stop(struct inflate_stream *s);

/* As zlib's crc32. */
uint32_t inflate_crc32(uint32_t crc, struct span s);
