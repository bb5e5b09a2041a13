/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * inflate_lib: zlib, libbz2 and liblzma, which libarchive brings along, called directly for what is
 * compressed in pieces; and libdeflate where it is installed, which is twice as fast. Loaded before the worker is confined (base/dlib.h says why). Private to unpack/.
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

/* Raw deflate in pieces, through zlib. */
struct inflate_stream {
	void *z;
	bool ended;
};
FB_MUST int inflate_start(struct inflate_stream *s);
/* Takes from *in, which is moved on, writes to out: 0 with *ret_n, -EBADMSG. */
FB_MUST int inflate_more(
    struct inflate_stream *s, struct span *in, uint8_t *out, size_t n, size_t *ret_n);
void inflate_stop(struct inflate_stream *s);

/* As zlib's crc32. */
uint32_t inflate_crc32(uint32_t crc, struct span s);
