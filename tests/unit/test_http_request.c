/* SPDX-License-Identifier: Apache-2.0 */

#include "wire/http.h"

#include "tap.h"

static const char *text(struct span s)
{
	static char room[4][512];
	static unsigned k;
	char *out = room[k++ % 4];

	snprintf(out, sizeof(room[0]), "%.*s", SPAN_ARG(s));
	return out;
}

/* --- what is in a head --- */

static void test_whole(void)
{
	static const char head[] =
	    "GET /a/b?c=d HTTP/1.1\r\nHost: Example.COM:8080\r\n"
	    "User-Agent: curl/8.1\r\nReferer: http://r.test/\r\nAccept: */*\r\n\r\n";
	struct http_request r;

	is_int(http_request_parse(SPAN_LIT("GET / HTTP/1.0\r\n\r\n"), &r), HTTP_OK,
	    "HTTP/1.0 without Host");
	is_int(r.major * 10 + r.minor, 10, "its version");
	is_int(r.host.n, 0, "no host");
	is_int(r.hosts, 0, "no Host header");
	is_int(http_request_parse(span_str(head), &r), HTTP_OK, "a head");
	is_str(text(r.method), "GET", "method");
	is_str(text(r.target), "/a/b?c=d", "target");
	is_str(text(r.host), "Example.COM", "host, as it was sent");
	is_int(r.port, 8080, "port");
	is_int(r.hosts, 1, "one Host");
	is_int(r.major * 10 + r.minor, 11, "version");
	is_str(text(r.user_agent), "curl/8.1", "agent");
	is_str(text(r.referer), "http://r.test/", "referer");
	is_int(r.head, sizeof(head) - 1, "its length");
	ok(!r.chunked && !r.has_length, "no body");
}

/* Of every proper prefix: more to come, and what is given is what will be. */
static void test_prefixes(void)
{
	static const char head[] = "\r\nPOST http://a.test:81/x HTTP/1.1\r\nHost: b.test\r\n"
				   "Content-Length: 5\r\nUser-Agent: a\r\n b\r\n\r\n";
	struct span s = span_str(head);
	struct http_request all, r;
	unsigned bad = http_request_parse(s, &all) != HTTP_OK;

	for (size_t n = 0; n < s.n; n++) {
		struct span part = span_cut(s, 0, n);
		bad += http_request_parse(part, &r) != HTTP_MORE;
		bad += n > 2 && !http_request_starts(span_from(part, 2));
		bad += r.target.n && !span_eq(r.target, all.target);
		bad += r.host.n && !span_eq(r.host, all.host);
		bad += r.has_length && r.length != 5;
	}
	is_int(bad, 0, "every proper prefix of %zu bytes wants more", s.n);
	is_str(text(all.host), "a.test", "the target goes before Host");
	is_int(all.port, 81, "… its port too");
	is_str(text(all.user_agent), "a\r\n b", "a folded line belongs to the one before");
}

struct host_case {
	const char *head, *host;
	uint16_t port;
	uint32_t hosts;
};

static void test_hosts(void)
{
	static const struct host_case cases[] = {
		{ "GET / HTTP/1.1\r\nHost: a.test", "a.test", 0, 1 },
		{ "GET / HTTP/1.1\nhost:a.test:80", "a.test", 80, 1 },
		{ "GET / HTTP/1.1\r\nHOST \t: \t a.test:65535\t", "a.test", 65535, 1 },
		{ "GET / HTTP/1.1\r\nHost: a.test:65536", "a.test", 0, 1 },
		{ "GET / HTTP/1.1\r\nHost: a.test:", "a.test", 0, 1 },
		{ "GET / HTTP/1.1\r\nHost: a.test:8x", "a.test", 0, 1 },
		{ "GET / HTTP/1.1\r\nHost: [2001:db8::1]:8080", "2001:db8::1", 8080, 1 },
		{ "GET / HTTP/1.1\r\nHost: [2001:db8::1]", "2001:db8::1", 0, 1 },
		{ "GET / HTTP/1.1\r\nHost: [2001:db8::1", "2001:db8::1", 0, 1 },
		{ "GET / HTTP/1.1\r\nHost: 2001:db8::1", "2001:db8::1", 0, 1 },
		{ "GET / HTTP/1.1\r\nHost:\r\n a.test", "a.test", 0, 1 },
		{ "GET / HTTP/1.1\r\nHost: a.test\r\nHost: b.test", "a.test", 0, 2 },
		{ "GET / HTTP/1.1\r\nHost:", "", 0, 1 },
		{ "GET / HTTP/1.1\r\nX: y", "", 0, 0 },
		{ "GET http://u:p@c.test:8/ HTTP/1.1\r\nHost: a.test", "c.test", 8, 1 },
		{ "GET HTTPS://c.test?x HTTP/1.1\r\nHost: a.test", "c.test", 0, 1 },
		{ "GET http:///x HTTP/1.1\r\nHost: a.test", "a.test", 0, 1 },
		{ "GET /?u=http://c.test/ HTTP/1.1\r\nHost: a.test", "a.test", 0, 1 },
		{ "CONNECT c.test:443 HTTP/1.1\r\nHost: a.test:1", "c.test", 443, 1 },
		{ "CONNECT [::1]:443 HTTP/1.1\r\n", "::1", 443, 0 },
		{ "CONNECT c.test:25 / HTTP/1.0\r\n", "c.test", 25, 0 },
		{ "GET  HTTP/1.1\r\nHost: a.test", "a.test", 0, 1 },
		{ "GET HTTP/1.1\r\nHost: a.test", "a.test", 0, 1 },
		{ "GET /x\r\nHost: a.test", "a.test", 0, 1 },
		{ "OPTIONS * HTTP/1.1\r\nHost: a.test", "a.test", 0, 1 },
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		char head[512];
		struct http_request r;
		snprintf(head, sizeof(head), "%s\r\n\r\n", cases[i].head);
		int rc = http_request_parse(span_str(head), &r);
		ok(rc == HTTP_OK && span_eq_str(r.host, cases[i].host) && r.port == cases[i].port &&
			r.hosts == cases[i].hosts,
		    "host of case %zu: %d %s %u %u", i, rc, text(r.host), r.port, r.hosts);
	}
}

/* --- what is one and what not --- */

static void test_starts(void)
{
	static const char *const yes[] = { "G", "GET", "GET ", "GET /", "GET / HT",
		"GET / HTTP/1.1\r", "POST /a b HTTP/1.1\r\n", "PROPFIND /dav HTTP/1.1\r\n",
		"M-SEARCH * HTTP/1.1\r\n", "SUBSCRIBE /x HTTP/1.1\n",
		"VERSION-CONTROL / HTTP/1.1\r\n", "RPC_IN_DATA /rpc HTTP/1.1\r\n",
		"BREW /pot HTTP/1.1\r\n", "get / HTTP/1.1\r\n", "GET\t/\tHTTP/1.1\r\n",
		"GET / HTTP/2.0\r\n", "GET / HTTP/1.9\r\n", "PURGE / http/1.1\r\n", "GET /\r\n",
		"GET /HTTP/1.1\n", "GET HTTP/1.1\r\n", "CONNECT a.test:25 / HTTP/1.0\r\n" };
	static const char *const no[] = { "", " GET / HTTP/1.1\r\n", "\x16\x03\x01", "GET\r\n",
		"GET x\r\n", "POST /\r\n", "GET / HTTP/2\r\n", "GET / HTTP/x.1\r\n",
		"GET / HTTP/1:1\r\n", "GET / HTTP/1.1x\r\n", "GET / HTTP/1.10\r\n", "PURGE x\r\n",
		"HTTP/1.1 200 OK\r\n", "EHLO me\r\n", "USER anonymous\r\n",
		"INVITE sip:a@b SIP/2.0\r\n", "DESCRIBE rtsp://a RTSP/1.0\r\n",
		"EHLO one two three", "ABCDEFGHIJKLMNOPQRSTUVWXYZ / HTTP/1.1\r\n", "GET /\x01",
		"G\xffT / HTTP/1.1\r\n", "PRI * HTTP/2.0\r\n", "1GET / HTTP/1.1\r\n",
		"something in HTTP HTTP/1.1\r\n" };

	for (size_t i = 0; i < ARRAY_LEN(yes); i++)
		ok(http_request_starts(span_str(yes[i])), "may be a request: %zu", i);
	for (size_t i = 0; i < ARRAY_LEN(no); i++)
		ok(!http_request_starts(span_str(no[i])), "is none: %zu", i);
}

static void test_bad(void)
{
	static char big[HTTP_HEAD_MAX + 100];
	struct http_request r, zero = { 0 };

	is_int(http_request_parse(SPAN_LIT("nothing of the kind\r\n\r\n"), &r), HTTP_NOT,
	    "not a request");
	is_int(memcmp(&r, &zero, sizeof(r)), 0, "… zeroed");
	is_int(http_request_parse(SPAN_LIT("GET / HTTP/1.1\r\nHost: a\r\n\x01\x02: x\r\n"), &r),
	    HTTP_BAD, "breaks off into something else");
	is_str(text(r.host), "a", "… what came before is given");
	is_int(http_request_parse(SPAN_LIT("GET / HTTP/1.1\r\nX: \x01\r\nHost: a\r\n\r\n"), &r),
	    HTTP_OK, "control characters in a value hide nothing");
	is_str(text(r.host), "a", "… nor the host behind it");
	is_int(http_request_parse(SPAN_LIT("GET / HTTP/1.1\r\nX: \0\r\nHost: a\r\n\r\n"), &r),
	    HTTP_BAD, "but NUL");
	is_int(http_request_parse(SPAN_LIT("GET / HTTP/2.0\r\nHost: a\r\n\r\n"), &r), HTTP_OK,
	    "a request of another version");
	is_int(r.major * 10 + r.minor, 20, "the version, as it was sent");
	is_int(http_request_parse(SPAN_LIT("GET /old?x\r\nGET /new HTTP/1.1\r\n\r\n"), &r), HTTP_OK,
	    "a request without a version");
	is_str(text(r.target), "/old?x", "its target");
	is_int(r.head, 12, "has one line");
	int n = snprintf(big, sizeof(big), "GET / HTTP/1.1\r\nHost: a\r\nX: ");
	memset(big + n, 'x', sizeof(big) - (size_t)n);
	is_int(
	    http_request_parse(span_of(big, sizeof(big)), &r), HTTP_LONG, "a head without an end");
	is_str(text(r.host), "a", "… what is there is given");
	is_int(
	    http_request_parse(span_of(big, HTTP_HEAD_MAX - 1), &r), HTTP_MORE, "not yet too long");
	is_int(http_request_parse(SPAN_LIT("GET / HTTP/1.1\r\nHost: a\r\nno colon\r\n\r\n"), &r),
	    HTTP_OK, "a line without a colon is passed over");
}

/* --- bodies --- */

struct body_case {
	const char *fields;
	bool chunked, has_length;
	uint64_t length;
};

static void test_bodies(void)
{
	static const struct body_case cases[] = {
		{ "Content-Length: 5", false, true, 5 },
		{ "content-length:005", false, true, 5 },
		{ "Content-Length: 5, 5", false, true, 5 },
		{ "Content-Length: 5\r\nContent-Length: 5", false, true, 5 },
		{ "Content-Length: 5\r\nContent-Length: 6", false, false, 0 },
		{ "Content-Length: 5, 6", false, false, 0 },
		{ "Content-Length: -5", false, false, 0 },
		{ "Content-Length: 5x", false, false, 0 },
		{ "Content-Length: 99999999999999999999", false, false, 0 },
		{ "Content-Length:", false, false, 0 },
		{ "Transfer-Encoding: chunked", true, false, 0 },
		{ "Transfer-Encoding: gzip, Chunked", true, false, 0 },
		{ "Transfer-Encoding: chunked, gzip", false, false, 0 },
		{ "Transfer-Encoding: chunked\r\nContent-Length: 5", true, true, 5 },
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		char head[512];
		struct http_request r;
		snprintf(head, sizeof(head), "POST / HTTP/1.1\r\n%s\r\n\r\n", cases[i].fields);
		int rc = http_request_parse(span_str(head), &r);
		ok(rc == HTTP_OK && r.chunked == cases[i].chunked &&
			r.has_length == cases[i].has_length && r.length == cases[i].length,
		    "body of case %zu", i);
	}
}

struct chunk_case {
	const char *line;
	int rc;
	size_t n;
	uint64_t size;
};

static void test_chunks(void)
{
	static const struct chunk_case cases[] = {
		{ "0\r\n", HTTP_OK, 3, 0 },
		{ "1f\r\nrest", HTTP_OK, 4, 31 },
		{ "1F ; a=b\nrest", HTTP_OK, 9, 31 },
		{ "", HTTP_MORE, 0, 0 },
		{ "1", HTTP_MORE, 0, 0 },
		{ "1\r", HTTP_MORE, 0, 0 },
		{ "1;x", HTTP_MORE, 0, 0 },
		{ "x\r\n", HTTP_BAD, 0, 0 },
		{ "\r\n", HTTP_BAD, 0, 0 },
		{ "1x\r\n", HTTP_BAD, 0, 0 },
		{ "-1\r\n", HTTP_BAD, 0, 0 },
		{ "0123456789abcdef0\r\n", HTTP_BAD, 0, 0 },
	};
	static char big[HTTP_CHUNK_LINE_MAX + 1];

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		size_t n = 0;
		uint64_t size = 0;
		int rc = http_chunk_line(span_str(cases[i].line), &n, &size);
		ok(rc == cases[i].rc && n == cases[i].n && size == cases[i].size,
		    "chunk line %zu: %d", i, rc);
	}
	memset(big, ' ', sizeof(big));
	big[0] = '1';
	size_t n;
	uint64_t size;
	is_int(http_chunk_line(span_of(big, sizeof(big)), &n, &size), HTTP_BAD,
	    "a line without an end");
}

int main(void)
{
	test_whole();
	test_prefixes();
	test_hosts();
	test_starts();
	test_bad();
	test_bodies();
	test_chunks();
	return tap_done();
}
