/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * http: GET of one bounded file over HTTPS. The only user of libcurl.
 *
 * libcurl is loaded (dlopen) by http_open and not linked: it brings thirty libraries along, which
 * would cost every other command some 6 ms at its start. Without it -ENOTSUP says what to install.
 *
 * Rules: https only; plain http only when the host is a loopback address written as one (127.x.y.z,
 * [::1]) or localhost, which libcurl never looks up: for tests and mirrors on the same machine. Redirects are followed only from https to
 * https, HTTP_REDIRECTS_MAX of them. TLS 1.2 at least; certificate and name are verified against
 * the system's authorities, or the file given instead. No cookies, no credentials but those that
 * http_ask is given (neither in the URL nor from ~/.netrc), and those only without redirects. Proxies are those of the environment (https_proxy, all_proxy, no_proxy),
 * as the administrator set them: content is verified by whoever asked for it, and not by TLS alone;
 * loopback never goes through one. Bodies come as they are (no transfer compression), so that max
 * bounds what is received. A transfer that is slower than HTTP_SLOW_BYTES a second for
 * HTTP_SLOW_SECONDS, or longer than the timeout, is given up.
 *
 * Guarantees: nothing is written anywhere, and nothing is fetched but what was asked for. One
 * struct http is used by one thread at a time and keeps connections open between calls.
 *
 * Result codes: enum http_result, or -errno with fault: -EINVAL a URL that is refused, -EMSGSIZE
 * more than max bytes, -ETIMEDOUT, -EHOSTUNREACH (no name, no connection), -EPROTO (TLS, HTTP, an
 * unexpected status), -ENOTSUP, -ENOMEM, -EIO.
 */

#include "base/buf.h"
#include "base/fault.h"
#include "base/span.h"

#define HTTP_URL_MAX 8192
#define HTTP_ETAG_MAX 256
#define HTTP_REDIRECTS_MAX 5
#define HTTP_CONNECT_SECONDS 15
#define HTTP_SLOW_SECONDS 20
#define HTTP_SLOW_BYTES 64
#define HTTP_TIMEOUT_SECONDS 120

enum http_result {
	HTTP_OK = 0,
	HTTP_ABSENT,    /* 403, 404, 410: object stores say 403 for what is not there */
	HTTP_UNCHANGED, /* 304: it is still what the ETag names */
};

struct http_options {
	const char *ca_file;  /* PEM file of authorities instead of the system's; NULL */
	unsigned timeout_s;   /* of one transfer; 0: HTTP_TIMEOUT_SECONDS */
	unsigned slow_s;      /* 0: HTTP_SLOW_SECONDS */
};

struct http;

FB_MUST int http_open(struct http **ret_h, const struct http_options *o, struct fault *f);
struct http *http_close(struct http *h);
void http_close_p(struct http **h);
#define AUTO_HTTP FB_CLEANUP(http_close_p)

/* Would this URL be fetched, as far as its text says? 0, -EINVAL with fault. */
FB_MUST int http_url_check(const char *url, struct fault *f);

/*
 * Appends the body to out (on any result but HTTP_OK out holds what it held). etag, if not NULL,
 * holds the one of the copy that the caller has ("" for none); on HTTP_OK it becomes the new one.
 */
FB_MUST int http_get(struct http *h, const char *url, size_t max, char *etag, struct buf *out,
    struct fault *f);

#define HTTP_HEADER_MAX 256
#define HTTP_SECRET_MAX 8192

/* A GET with more to it. What is NULL is not sent or not wanted. */
struct http_request {
	const char *url;
	size_t max;		   /* bytes of the body */
	const char *etag;	   /* of the copy that the caller has */
	const char *accept;
	const char *authorization; /* the header's value; needs stay; wiped from memory after use */
	bool stay;		   /* no redirects: a status of 3xx is an error */
	const char *want;	   /* name of a header of the answer */
	struct buf *error;	   /* gets the body of an answer that is none, its first 64 KiB */
};

struct http_answer {
	long status; /* 0: there was none */
	char etag[HTTP_ETAG_MAX], type[HTTP_HEADER_MAX];
	char wanted[HTTP_HEADER_MAX]; /* "" when it did not come, or is longer */
};

/* As http_get; *ret_a is written on errors, too. */
FB_MUST int http_ask(struct http *h, const struct http_request *ask, struct buf *out,
    struct http_answer *ret_a, struct fault *f);
