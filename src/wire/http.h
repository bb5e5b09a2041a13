/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * http: the head of one HTTP/1 request (RFC 9110, 9112): enough to know what was asked of whom.
 *
 * Guarantees: pure; linear; no allocation. The spans are raw bytes of the request. Lenient where
 * servers are (RFC 9112 sections 2.2, 3, 5): lines may end with LF alone, empty lines may come
 * first, spaces around; a folded line belongs to the one before it. HTTP/0.9 and HTTP/2 are not
 * requests.
 */

#include "base/span.h"
#include "base/util.h"

#define HTTP_HEAD_MAX (16u << 10)
#define HTTP_METHOD_MAX 20
#define HTTP_CHUNK_LINE_MAX 4096 /* a chunk's size with its extensions; one line of a trailer */

enum http_err {
	HTTP_OK = 0,
	HTTP_MORE, /* a request so far; it goes on: what is there is given */
	HTTP_NOT,  /* not a request of HTTP/1; zeroed */
	HTTP_BAD,  /* begins like one, and breaks off into something else: what came before is given
		    */
	HTTP_LONG, /* longer than HTTP_HEAD_MAX: what is there is given */
};

struct http_request {
	/* target: as sent (origin, absolute, authority form; empty in "GET  HTTP/1.1"). HTTP_MORE
	 * inside the first line: no target, and a method only when it is one that everybody knows.
	 */
	struct span method, target;
	/* One digit each, as sent: who asks with HTTP/2.0 is understood, too; 0 and 0: none, which
	 * is HTTP/0.9 (a head of one line, unless headers follow all the same). */
	uint8_t major, minor;
	/* Host, or what the target says (section 3.2.2 of RFC 9112; CONNECT), without user, port
	 * and the brackets of an IPv6 address. */
	struct span host;
	uint16_t port; /* from there; 0: not given */
	struct span user_agent, referer;
	uint32_t hosts; /* Host headers: more than one is a sign */
	size_t head;	/* bytes of the head */
	/* How its body ends (section 6.3): chunked goes before length. */
	bool chunked, has_length;
	uint64_t length;
};

/* Can these bytes begin a request? As far as they go. */
bool http_request_starts(struct span s);
FB_MUST int http_request_parse(struct span s, struct http_request *ret_r);

/* The line before a chunk (section 7.1): HTTP_OK, its bytes and the chunk's; HTTP_MORE, HTTP_BAD.
 */
FB_MUST int http_chunk_line(struct span s, size_t *ret_line, uint64_t *ret_size);
