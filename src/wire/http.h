/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * http: the head of one HTTP/1 request (RFC 9110, 9112): enough to know what was asked of whom.
 *
 * Guarantees: pure; linear; no allocation. The spans are raw bytes of the request.
 */

#include "base/span.h"
#include "base/util.h"

#define HTTP_HEAD_MAX (16u << 10)
#define HTTP_METHOD_MAX 20

enum http_err {
	HTTP_OK = 0,
	HTTP_MORE, /* a request so far; it goes on */
	HTTP_NOT,  /* not a request */
	HTTP_BAD,  /* begins like one, and breaks off into something else */
	HTTP_LONG, /* longer than HTTP_HEAD_MAX: what is there is given */
};

struct http_request {
	struct span method, target; /* target: as sent (origin, absolute, authority form) */
	uint8_t minor;		    /* HTTP/1.minor */
	struct span host;	    /* Host, or the authority of an absolute target (RFC 9112 section 3.2.2) */
	uint16_t port;		    /* from host; 0: not given */
	struct span user_agent, referer;
	uint32_t hosts;		    /* Host headers: more than one is a sign */
	size_t head;		    /* bytes of the head */
};

/* Can these bytes begin a request? As far as they go. */
bool http_request_starts(struct span s);
FB_MUST int http_request_parse(struct span s, struct http_request *ret_r);
