/* SPDX-License-Identifier: Apache-2.0 */

#include "fetch/http.h"

#include <arpa/inet.h>
#include <curl/curl.h>
#include <dlfcn.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

#define LIBCURL "libcurl.so.4"
#define ERROR_PAGE_MAX (64u << 10) /* read and dropped, so that the connection can be used again */

/* What is called of libcurl, by its own types. */
static struct {
	void *so;
	__typeof__(&curl_global_init) global_init;
	__typeof__(&curl_easy_init) easy_init;
	__typeof__(&curl_easy_cleanup) easy_cleanup;
	__typeof__(&curl_easy_reset) easy_reset;
	__typeof__(&curl_easy_setopt) easy_setopt;
	__typeof__(&curl_easy_perform) easy_perform;
	__typeof__(&curl_easy_getinfo) easy_getinfo;
	__typeof__(&curl_easy_strerror) easy_strerror;
	__typeof__(&curl_slist_append) slist_append;
	__typeof__(&curl_slist_free_all) slist_free_all;
} lib;

struct http {
	CURL *curl;
	struct http_options o;
};

/* One transfer as its callbacks see it. */
struct transfer {
	CURL *curl;
	struct buf *out;
	size_t start, max, ignored;
	bool oversize;
	const struct http_request *ask;
	struct http_answer *answer;
};

static int load_library(struct fault *f)
{
	const struct {
		const char *name;
		void *slot;
	} want[] = {
		{ "curl_global_init", &lib.global_init },
		{ "curl_easy_init", &lib.easy_init },
		{ "curl_easy_cleanup", &lib.easy_cleanup },
		{ "curl_easy_reset", &lib.easy_reset },
		{ "curl_easy_setopt", &lib.easy_setopt },
		{ "curl_easy_perform", &lib.easy_perform },
		{ "curl_easy_getinfo", &lib.easy_getinfo },
		{ "curl_easy_strerror", &lib.easy_strerror },
		{ "curl_slist_append", &lib.slist_append },
		{ "curl_slist_free_all", &lib.slist_free_all },
	};

	if (lib.so)
		return 0;
	void *so = dlopen(LIBCURL, RTLD_NOW | RTLD_LOCAL);
	if (!so)
		return fault_set(f, -ENOTSUP, LIBCURL " is not installed (Debian: apt install libcurl4)");
	for (size_t i = 0; i < ARRAY_LEN(want); i++) {
		void *sym = dlsym(so, want[i].name);
		if (!sym) {
			dlclose(so);
			return fault_set(f, -ENOTSUP, LIBCURL " lacks %s", want[i].name);
		}
		memcpy(want[i].slot, &sym, sizeof(sym));
	}
	if (lib.global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
		return fault_set(f, -EIO, LIBCURL " cannot be used");
	lib.so = so;
	return 0;
}

int http_open(struct http **ret_h, const struct http_options *o, struct fault *f)
{
	int rc = load_library(f);

	if (rc < 0)
		return rc;
	AUTO_HTTP struct http *h = calloc(1, sizeof(*h));
	if (!h || !(h->curl = lib.easy_init()))
		return -ENOMEM;
	h->o = *o;
	*ret_h = TAKE_PTR(h);
	return 0;
}

struct http *http_close(struct http *h)
{
	if (h && h->curl)
		lib.easy_cleanup(h->curl);
	free(h);
	return NULL;
}

void http_close_p(struct http **h)
{
	http_close(*h);
}

/* --- URLs --- */

/* "127.1.2.3", "[::1]" or "localhost" (which libcurl does not look up), perhaps with a port. */
static bool is_loopback(struct span authority)
{
	char host[INET6_ADDRSTRLEN];
	struct in_addr v4;

	if (span_starts(authority, SPAN_LIT("[::1]")))
		return authority.n == 5 || authority.p[5] == ':';
	struct span name = span_cut(authority, 0, span_find(authority, ':'));
	if (span_eq_nocase(name, SPAN_LIT("localhost")))
		return true;
	if (!name.n || name.n >= sizeof(host))
		return false;
	memcpy(host, name.p, name.n);
	host[name.n] = 0;
	return inet_pton(AF_INET, host, &v4) == 1 && ntohl(v4.s_addr) >> 24 == 127;
}

/* Of a URL that starts with https:// or http://. */
static struct span authority_of(const char *url, bool https)
{
	struct span s = span_from(span_str(url), https ? 8 : 7);
	size_t i = 0;

	while (i < s.n && !strchr("/?#\\", s.p[i]))
		i++;
	return span_cut(s, 0, i);
}

int http_url_check(const char *url, struct fault *f)
{
	struct span s = span_str(url);
	bool https = strncasecmp(url, "https://", 8) == 0;

	if (s.n > HTTP_URL_MAX)
		return fault_set(f, -EINVAL, "a URL longer than %d bytes", HTTP_URL_MAX);
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] <= ' ' || s.p[i] >= 0x7f)
			return fault_set(f, -EINVAL, "%s: not a URL: it has blanks, control "
			    "characters or bytes that are not ASCII", QUOTE(s));
	if (!https && strncasecmp(url, "http://", 7) != 0)
		return fault_set(f, -EINVAL, "%s: not an https:// URL", QUOTE(s));
	struct span authority = authority_of(url, https);
	if (!authority.n)
		return fault_set(f, -EINVAL, "%s: no host in this URL", QUOTE(s));
	if (span_find(authority, '@') != SIZE_MAX)
		return fault_set(f, -EINVAL, "a URL with a user name or password is not taken");
	if (!https && !is_loopback(authority))
		return fault_set(f, -EINVAL, "%s: plain http is taken for loopback addresses "
		    "(127.0.0.1, [::1], localhost) only; use https://", QUOTE(s));
	return 0;
}

/* --- transfer --- */

static size_t on_body(char *p, size_t size, size_t n, void *ctx)
{
	struct transfer *t = ctx;
	size_t len = size * n;
	long status = 0;

	lib.easy_getinfo(t->curl, CURLINFO_RESPONSE_CODE, &status);
	if (status != 200) {
		t->ignored += len;
		if (t->ignored <= ERROR_PAGE_MAX && t->ask->error)
			buf_put(t->ask->error, p, len);
		return t->ignored > ERROR_PAGE_MAX ? 0 : len;
	}
	if (len > t->max - (t->out->n - t->start)) {
		t->oversize = true;
		return 0;
	}
	buf_put(t->out, p, len);
	return t->out->err ? 0 : len;
}

/* The value of the header, when the line is one of this name and it fits. */
static void take_header(struct span line, const char *name, char *out, size_t room)
{
	size_t n = strlen(name);

	if (line.n <= n || line.p[n] != ':' || !span_eq_nocase(span_cut(line, 0, n), span_str(name)))
		return;
	struct span v = span_trim(span_from(line, n + 1));
	if (v.n >= room || memchr(v.p, 0, v.n))
		return;
	memcpy(out, v.p, v.n);
	out[v.n] = 0;
}

static size_t on_header(char *p, size_t size, size_t n, void *ctx)
{
	struct transfer *t = ctx;
	struct span line = span_of(p, size * n);

	if (span_starts(line, SPAN_LIT("HTTP/")))
		*t->answer = (struct http_answer){ 0 }; /* of the answer before a redirect */
	take_header(line, "etag", t->answer->etag, sizeof(t->answer->etag));
	take_header(line, "content-type", t->answer->type, sizeof(t->answer->type));
	if (t->ask->want)
		take_header(line, t->ask->want, t->answer->wanted, sizeof(t->answer->wanted));
	return size * n;
}

static int errno_of(CURLcode code)
{
	switch (code) {
	case CURLE_OPERATION_TIMEDOUT:
		return -ETIMEDOUT;
	case CURLE_COULDNT_RESOLVE_HOST:
	case CURLE_COULDNT_RESOLVE_PROXY:
	case CURLE_COULDNT_CONNECT:
		return -EHOSTUNREACH;
	case CURLE_FILESIZE_EXCEEDED:
		return -EMSGSIZE;
	case CURLE_OUT_OF_MEMORY:
		return -ENOMEM;
	default:
		return -EPROTO;
	}
}

/* Every option; 0 or -ENOTSUP if this libcurl does not know one. */
static int set_options(struct http *h, const char *url, struct transfer *t, struct curl_slist *head,
    char *error)
{
	CURL *c = h->curl;
	unsigned slow = h->o.slow_s ? h->o.slow_s : HTTP_SLOW_SECONDS;
	unsigned whole = h->o.timeout_s ? h->o.timeout_s : HTTP_TIMEOUT_SECONDS;
	bool https = strncasecmp(url, "https:", 6) == 0;
	int bad = 0;

	lib.easy_reset(c);
	bad |= lib.easy_setopt(c, CURLOPT_URL, url);
	bad |= lib.easy_setopt(c, CURLOPT_PROTOCOLS_STR, https ? "https" : "http");
	bad |= lib.easy_setopt(c, CURLOPT_REDIR_PROTOCOLS_STR, "https");
	bad |= lib.easy_setopt(c, CURLOPT_FOLLOWLOCATION, https && !t->ask->stay ? 1L : 0L);
	bad |= lib.easy_setopt(c, CURLOPT_MAXREDIRS, (long)HTTP_REDIRECTS_MAX);
	bad |= lib.easy_setopt(c, CURLOPT_SSL_VERIFYPEER, 1L);
	bad |= lib.easy_setopt(c, CURLOPT_SSL_VERIFYHOST, 2L);
	bad |= lib.easy_setopt(c, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
	bad |= lib.easy_setopt(c, CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
	bad |= lib.easy_setopt(c, CURLOPT_NOSIGNAL, 1L);
	bad |= lib.easy_setopt(c, CURLOPT_CONNECTTIMEOUT, (long)HTTP_CONNECT_SECONDS);
	bad |= lib.easy_setopt(c, CURLOPT_TIMEOUT, (long)whole);
	bad |= lib.easy_setopt(c, CURLOPT_LOW_SPEED_TIME, (long)slow);
	bad |= lib.easy_setopt(c, CURLOPT_LOW_SPEED_LIMIT, (long)HTTP_SLOW_BYTES);
	bad |= lib.easy_setopt(c, CURLOPT_MAXFILESIZE_LARGE, (curl_off_t)(t->max ? t->max : 1));
	bad |= lib.easy_setopt(c, CURLOPT_USERAGENT, "firebreak/" FB_VERSION);
	bad |= lib.easy_setopt(c, CURLOPT_ERRORBUFFER, error);
	bad |= lib.easy_setopt(c, CURLOPT_WRITEFUNCTION, on_body);
	bad |= lib.easy_setopt(c, CURLOPT_WRITEDATA, t);
	bad |= lib.easy_setopt(c, CURLOPT_HEADERFUNCTION, on_header);
	bad |= lib.easy_setopt(c, CURLOPT_HEADERDATA, t);
	bad |= lib.easy_setopt(c, CURLOPT_HTTPHEADER, head);
	if (is_loopback(authority_of(url, https)))
		bad |= lib.easy_setopt(c, CURLOPT_PROXY, "");
	if (h->o.ca_file) {
		bad |= lib.easy_setopt(c, CURLOPT_CAINFO, h->o.ca_file);
		bad |= lib.easy_setopt(c, CURLOPT_CAPATH, NULL);
	}
	return bad ? -ENOTSUP : 0;
}

static int perform(struct http *h, const char *url, struct transfer *t, struct curl_slist *head,
    long *ret_status, struct fault *f)
{
	char error[CURL_ERROR_SIZE] = "";

	int rc = set_options(h, url, t, head, error);
	if (rc < 0)
		return fault_set(f, rc, LIBCURL " is too old");
	CURLcode code = lib.easy_perform(h->curl);
	/* its error text lives on our stack */
	lib.easy_setopt(h->curl, CURLOPT_ERRORBUFFER, NULL);
	lib.easy_getinfo(h->curl, CURLINFO_RESPONSE_CODE, ret_status);
	if (*ret_status && *ret_status != 200 &&
	    (code == CURLE_WRITE_ERROR || code == CURLE_FILESIZE_EXCEEDED))
		return 0; /* too long a page of an answer that is no file */
	if (t->oversize || code == CURLE_FILESIZE_EXCEEDED)
		return fault_set(f, -EMSGSIZE, "%s: more than %zu bytes", QUOTE(span_str(url)), t->max);
	if (t->out->err)
		return t->out->err;
	if (code != CURLE_OK)
		return fault_set(f, errno_of(code), "%s: %s", QUOTE(span_str(url)),
		    QUOTE(span_str(error[0] ? error : lib.easy_strerror(code))));
	return 0;
}

/* What the status means, when it is not an error. */
static int result_of(long status, const char *url, struct fault *f)
{
	if (status == 200)
		return HTTP_OK;
	if (status == 304)
		return HTTP_UNCHANGED;
	if (status == 403 || status == 404 || status == 410)
		return HTTP_ABSENT;
	return fault_set(f, -EPROTO, "%s: the server answers with status %ld", QUOTE(span_str(url)),
	    status);
}

static int with_headers(struct http *h, struct transfer *t, struct curl_slist *head,
    struct fault *f)
{
	const char *url = t->ask->url;
	int rc = perform(h, url, t, head, &t->answer->status, f);

	if (rc == 0)
		rc = result_of(t->answer->status, url, f);
	if (rc != HTTP_OK) {
		t->out->n = t->start;
		if (t->out->p)
			t->out->p[t->start] = 0;
	}
	return rc;
}

static int add_header(struct curl_slist **list, const char *name, const char *value)
{
	AUTO_BUF struct buf line = BUF_INIT(HTTP_SECRET_MAX + 64);

	if (!value || !value[0])
		return 0;
	buf_printf(&line, "%s: %s", name, value);
	struct curl_slist *more = buf_err(&line) ? NULL : lib.slist_append(*list, buf_str(&line));
	if (line.p)
		explicit_bzero(line.p, line.n);
	if (!more)
		return -ENOMEM;
	*list = more;
	return 0;
}

int http_ask(struct http *h, const struct http_request *ask, struct buf *out,
    struct http_answer *ret_a, struct fault *f)
{
	struct http_answer answer = { 0 };
	struct transfer t = { .curl = h->curl, .out = out, .start = out->n, .max = ask->max, .ask = ask,
		.answer = &answer };
	struct curl_slist *head = NULL;

	int rc = http_url_check(ask->url, f);
	if (rc < 0)
		return rc;
	if (ask->authorization && !ask->stay)
		return fault_set(f, -EINVAL, "credentials do not follow redirects");
	rc = add_header(&head, "If-None-Match", ask->etag);
	if (rc == 0)
		rc = add_header(&head, "Accept", ask->accept);
	if (rc == 0)
		rc = add_header(&head, "Authorization", ask->authorization);
	if (rc == 0)
		rc = with_headers(h, &t, head, f);
	for (struct curl_slist *l = head; l && ask->authorization; l = l->next)
		explicit_bzero(l->data, strlen(l->data));
	lib.slist_free_all(head);
	*ret_a = answer;
	return rc;
}

int http_get(
    struct http *h, const char *url, size_t max, char *etag, struct buf *out, struct fault *f)
{
	struct http_request ask = { .url = url, .max = max, .etag = etag };
	struct http_answer answer;
	int rc = http_ask(h, &ask, out, &answer, f);

	if (rc == HTTP_OK && etag)
		memcpy(etag, answer.etag, sizeof(answer.etag));
	return rc;
}
