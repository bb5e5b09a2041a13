/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* tls_make: hello messages for tests, put together from hex. */

#include "bytes.h"

#define TLS_RANDOM "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"
#define TLS_RETRY_RANDOM "cf21ad74e59a6111be1d8c021e65b891c2a211167abb8c5e079e09e2c8a8339c"

/* A list with its length in 2 bytes before it. */
static inline void tls_put_list(struct buf *b, const char *hex)
{
	AUTO_BUF struct buf list = BUF_INIT(1 << 17);

	put_hex(&list, hex);
	buf_put_be16(b, (uint16_t)list.n);
	buf_put_span(b, buf_span(&list));
}

/* The body of a ClientHello; extensions NULL: none at all. */
static inline void tls_put_client(
    struct buf *b, const char *version, const char *ciphers, const char *extensions)
{
	put_hex(b, version);
	put_hex(b, TLS_RANDOM "00");
	if (strncmp(version, "fe", 2) == 0)
		put_hex(b, "02 c00c"); /* a cookie */
	tls_put_list(b, ciphers);
	put_hex(b, "0100");
	if (extensions)
		tls_put_list(b, extensions);
}

static inline void tls_put_server(struct buf *b, const char *version, const char *random,
    const char *cipher, const char *extensions)
{
	put_hex(b, version);
	put_hex(b, random);
	put_hex(b, "00");
	put_hex(b, cipher);
	put_hex(b, "00");
	if (extensions)
		tls_put_list(b, extensions);
}

/* A handshake message around a body. */
static inline void tls_put_message(struct buf *b, uint8_t type, struct span body)
{
	buf_putc(b, (char)type);
	buf_putc(b, (char)(body.n >> 16));
	buf_put_be16(b, (uint16_t)body.n);
	buf_put_span(b, body);
}

/* Records of at most `size` bytes each around a message. */
static inline void tls_put_records(struct buf *b, struct span message, size_t size)
{
	for (size_t off = 0; off < message.n; off += size) {
		struct span frag = span_cut(message, off, size);
		put_hex(b, "16 0303");
		buf_put_be16(b, (uint16_t)frag.n);
		buf_put_span(b, frag);
	}
}
