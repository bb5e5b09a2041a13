/* SPDX-License-Identifier: Apache-2.0 */

#include "wire/http.h"

static bool is_token(uint8_t c)
{
	return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
	       (c && strchr("!#$%&'*+-.^_`|~", c));
}

static bool is_space(uint8_t c)
{
	return c == ' ' || c == '\t';
}

static struct span trim(struct span s)
{
	while (s.n && (is_space(s.p[0]) || s.p[0] == '\r' || s.p[0] == '\n'))
		s = span_from(s, 1);
	while (s.n && (is_space(s.p[s.n - 1]) || s.p[s.n - 1] == '\r' || s.p[s.n - 1] == '\n'))
		s.n--;
	return s;
}

/* How many bytes are before the first LF, SIZE_MAX when there is none. */
static size_t line_end(struct span s)
{
	const uint8_t *p = s.n ? memchr(s.p, '\n', s.n) : NULL;
	return p ? (size_t)(p - s.p) : SIZE_MAX;
}

static struct span line_of(struct span s, size_t end)
{
	struct span l = span_of(s.p, end);

	if (l.n && l.p[l.n - 1] == '\r')
		l.n--;
	return l;
}

/* --- the first line -------------------------------------------------------------------------- */

/* Bytes of the method, 0 when there is none, or it is too long; as far as s goes. */
static size_t method_length(struct span s)
{
	size_t n = 0;

	while (n < s.n && n <= HTTP_METHOD_MAX && is_token(s.p[n]))
		n++;
	bool letter = n && ((s.p[0] >= 'A' && s.p[0] <= 'Z') || (s.p[0] >= 'a' && s.p[0] <= 'z'));
	return letter && n <= HTTP_METHOD_MAX && (n == s.n || is_space(s.p[n])) ? n : 0;
}

#define VERSION 8 /* bytes of "HTTP/1.1" */

/* s, of at most VERSION bytes, begins a version. Any: servers answer HTTP/1.2 and many HTTP/2.0. */
static bool is_version(struct span s)
{
	static const struct span name = SPAN_LIT("HTTP/");
	bool good = span_eq_nocase(span_cut(s, 0, name.n), span_cut(name, 0, s.n));

	for (size_t i = name.n; i < s.n; i++)
		good &= i == name.n + 1 ? s.p[i] == '.' : s.p[i] >= '0' && s.p[i] <= '9';
	return good;
}

/* The version at the end of the line; SPAN_NONE: not there. */
static struct span version_of(struct span l)
{
	l = trim(l);
	if (l.n < VERSION + 1 || !is_space(l.p[l.n - VERSION - 1]))
		return SPAN_NONE;
	struct span v = span_from(l, l.n - VERSION);
	return is_version(v) ? v : SPAN_NONE;
}

static size_t empty_lines(struct span s)
{
	size_t n = 0;

	while (n < s.n && n < 8 && (s.p[n] == '\r' || s.p[n] == '\n'))
		n++;
	return n;
}

/* Methods whose targets may have spaces in them, as servers put up with (RFC 9112 section 3). */
static bool is_common(struct span m)
{
	static const struct span common[] = { SPAN_LIT("GET"), SPAN_LIT("POST"), SPAN_LIT("HEAD"),
		SPAN_LIT("PUT"), SPAN_LIT("DELETE"), SPAN_LIT("OPTIONS"), SPAN_LIT("CONNECT") };

	for (size_t i = 0; i < ARRAY_LEN(common); i++)
		if (span_eq(m, common[i]))
			return true;
	return false;
}

/* "GET /target" without a version, as before HTTP/1.0; only with the method that there was then. */
static bool is_old(struct span l, size_t m)
{
	struct span target = trim(span_from(l, m));

	for (size_t i = 0; i < target.n; i++)
		if (target.p[i] <= 0x20 || target.p[i] == 0x7f)
			return false;
	return span_eq_str(span_cut(l, 0, m), "GET") && target.n && target.p[0] == '/';
}

/* An empty target ("GET  HTTP/1.1") hides no host: it is given with the methods of everybody. */
static bool first_line(struct span l, struct http_request *r)
{
	size_t m = method_length(l);
	struct span version = version_of(l);

	l = trim(l);
	if (!m || m == l.n || (!version.n && !is_old(l, m)))
		return false;
	struct span target = trim(span_cut(l, m, l.n - version.n - m));
	if (!target.n && !is_common(span_cut(l, 0, m)))
		return false;
	r->method = span_cut(l, 0, m);
	r->target = target;
	r->major = version.n ? (uint8_t)(version.p[5] - '0') : 0;
	r->minor = version.n ? (uint8_t)(version.p[7] - '0') : 0;
	return true;
}

static struct span skip_spaces(struct span s)
{
	while (s.n && is_space(s.p[0]))
		s = span_from(s, 1);
	return s;
}

static struct span skip_word(struct span s)
{
	while (s.n && !is_space(s.p[0]) && s.p[0] != '\r')
		s = span_from(s, 1);
	return s;
}

/* Method, target and nothing but (the beginning of) a version, as far as l goes. */
static bool three_words(struct span l, size_t m)
{
	struct span rest = skip_spaces(skip_word(skip_spaces(span_from(l, m))));

	return is_version(span_cut(rest, 0, VERSION)) && skip_word(rest).n <= 2;
}

/* Begun, and its end is not there yet. */
static bool may_go_on(struct span s, size_t m)
{
	for (size_t i = m; i < s.n && i < 256; i++)
		if ((s.p[i] < 0x20 && s.p[i] != '\t' && s.p[i] != '\r') || s.p[i] == 0x7f)
			return false;
	return s.n <= HTTP_HEAD_MAX;
}

bool http_request_starts(struct span s)
{
	size_t m = method_length(s), end = line_end(s);

	if (!m || span_eq_str(span_cut(s, 0, m), "PRI")) /* HTTP/2 only (RFC 9113 section 11.6) */
		return false;
	struct span line = end == SIZE_MAX ? s : line_of(s, end);
	if (!is_common(span_cut(s, 0, m)) && !three_words(line, m))
		return false;
	return end == SIZE_MAX ? may_go_on(s, m) : version_of(line).n || is_old(line, m);
}

/* --- whom it is for -------------------------------------------------------------------------- */

static uint16_t port_of(struct span s)
{
	uint32_t v = 0;

	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] < '0' || s.p[i] > '9' || v > 65535)
			return 0;
		v = v * 10 + (uint32_t)(s.p[i] - '0');
	}
	return v <= 65535 ? (uint16_t)v : 0;
}

/* [user@]host[:port] */
static void authority(struct http_request *r, struct span a)
{
	size_t at;

	while ((at = span_find(a, '@')) != SIZE_MAX)
		a = span_from(a, at + 1);
	r->port = 0;
	if (a.n && a.p[0] == '[') {
		size_t close = span_find(a, ']');
		r->host = close == SIZE_MAX ? span_from(a, 1) : span_cut(a, 1, close - 1);
		a = close == SIZE_MAX ? SPAN_NONE : span_from(a, close + 1);
		if (a.n && a.p[0] == ':')
			r->port = port_of(span_from(a, 1));
		return;
	}
	size_t colon = span_find(a, ':');
	r->host = span_cut(a, 0, colon);
	if (colon == SIZE_MAX)
		return;
	struct span port = span_from(a, colon + 1);
	if (span_find(port, ':') != SIZE_MAX) /* an IPv6 address without its brackets */
		r->host = a;
	else
		r->port = port_of(port);
}

/* The authority of "http://authority/path"; false: the target is of another form. */
static bool absolute(struct span t, struct span *ret_a)
{
	size_t colon = span_find(span_cut(t, 0, 16), ':');

	if (!t.n || t.p[0] == '/' || colon == SIZE_MAX || colon + 3 > t.n ||
	    memcmp(t.p + colon, "://", 3) != 0)
		return false;
	struct span a = span_from(t, colon + 3);
	size_t n = 0;
	while (n < a.n && a.p[n] != '/' && a.p[n] != '?' && a.p[n] != '#')
		n++;
	*ret_a = span_cut(a, 0, n);
	return true;
}

/* The target goes before Host. */
static void whom(struct http_request *r, struct span host)
{
	struct span a;

	if (span_eq_str(r->method, "CONNECT")) /* some say "host:port /" */
		authority(r, span_cut(r->target, 0, r->target.n - skip_word(r->target).n));
	else if (absolute(r->target, &a) && a.n)
		authority(r, a);
	else if (host.n)
		authority(r, host);
}

/* --- headers --------------------------------------------------------------------------------- */

/* Digits; several equal ones, with commas between, are one (section 6.3). */
static void content_length(struct http_request *r, struct span v, bool *ret_bad)
{
	while (v.n && !*ret_bad) {
		size_t comma = span_find(v, ',');
		struct span d = trim(span_cut(v, 0, comma));
		uint64_t n = 0;
		*ret_bad |= !d.n || d.n > 18;
		for (size_t i = 0; i < d.n && !*ret_bad; i++) {
			*ret_bad |= d.p[i] < '0' || d.p[i] > '9';
			n = n * 10 + (uint64_t)(d.p[i] - '0');
		}
		*ret_bad |= r->has_length && n != r->length;
		r->has_length = true;
		r->length = n;
		v = comma == SIZE_MAX ? SPAN_NONE : span_from(v, comma + 1);
	}
}

/* The last coding counts. */
static bool ends_chunked(struct span v)
{
	static const struct span chunked = SPAN_LIT("chunked");

	v = trim(v);
	return v.n >= chunked.n && span_eq_nocase(span_from(v, v.n - chunked.n), chunked);
}

struct fields {
	struct span host;
	bool bad_length;
};

static void field(struct http_request *r, struct fields *f, struct span name, struct span value)
{
	static const struct span known[] = { SPAN_LIT("host"), SPAN_LIT("user-agent"),
		SPAN_LIT("referer"), SPAN_LIT("content-length"), SPAN_LIT("transfer-encoding") };
	size_t k = 0;

	while (k < ARRAY_LEN(known) && !span_eq_nocase(name, known[k]))
		k++;
	value = trim(value);
	switch (k) {
	case 0:
		if (!r->hosts++)
			f->host = value;
		break;
	case 1:
		if (!r->user_agent.n)
			r->user_agent = value;
		break;
	case 2:
		if (!r->referer.n)
			r->referer = value;
		break;
	case 3:
		content_length(r, value, &f->bad_length);
		break;
	case 4:
		r->chunked |= ends_chunked(value);
		break;
	default:
		break;
	}
}

/* Does a header begin here? */
static bool is_field(struct span s)
{
	size_t n = 0;

	while (n < s.n && is_token(s.p[n]))
		n++;
	return n && n < s.n && s.p[n] == ':';
}

/* A header line is text: anything else is not HTTP any more. In a value servers put up with every
 * control character but NUL. */
static bool is_text(struct span l)
{
	if (is_field(l))
		return span_find(l, 0) == SIZE_MAX;
	for (size_t i = 0; i < l.n; i++)
		if (l.p[i] < 0x20 && l.p[i] != '\t' && l.p[i] != '\r' && l.p[i] != '\n')
			return false;
	return true;
}

/* The line at the start of s with those folded into it; SIZE_MAX: its end is not there yet. */
static size_t folded(struct span s)
{
	size_t n = 0;

	for (;;) {
		size_t end = line_end(span_from(s, n));
		if (end == SIZE_MAX)
			return SIZE_MAX;
		n += end + 1;
		if (end == 0 || (end == 1 && s.p[n - 2] == '\r'))
			return n; /* the empty line */
		if (n == s.n)
			return SIZE_MAX; /* the next line may be folded into it */
		if (!is_space(s.p[n]))
			return n;
	}
}

static bool is_empty(struct span line)
{
	return line.n == 1 || (line.n == 2 && line.p[0] == '\r');
}

static int headers(struct span s, size_t at, struct http_request *r, struct fields *f)
{
	for (;;) {
		struct span rest = span_from(s, at);
		size_t n = folded(rest);
		bool part = n == SIZE_MAX;
		struct span line = part ? rest : span_cut(rest, 0, n);
		if (part && s.n >= HTTP_HEAD_MAX)
			return HTTP_LONG;
		if (!is_text(line))
			return HTTP_BAD;
		if (!part && is_empty(line)) {
			r->head = at + n;
			return r->head <= HTTP_HEAD_MAX ? HTTP_OK : HTTP_LONG;
		}
		/* Of a part of a line, only what is whole: a value that ends with its line. */
		if (part && line_end(line) == SIZE_MAX)
			return HTTP_MORE;
		size_t colon = span_find(line, ':');
		if (colon != SIZE_MAX)
			field(r, f, trim(span_cut(line, 0, colon)), span_from(line, colon + 1));
		if (part)
			return HTTP_MORE;
		at += n;
		if (at > HTTP_HEAD_MAX)
			return HTTP_LONG;
	}
}

int http_request_parse(struct span s, struct http_request *ret_r)
{
	struct fields f = { 0 };
	size_t at = empty_lines(s), end;

	*ret_r = (struct http_request){ 0 };
	struct span rest = span_from(s, at);
	if (!rest.n)
		return HTTP_MORE;
	if (!http_request_starts(rest))
		return HTTP_NOT;
	end = line_end(rest);
	if (end == SIZE_MAX) {
		size_t m = method_length(rest);
		if (m < rest.n && is_common(span_cut(rest, 0, m)))
			ret_r->method = span_cut(rest, 0, m);
		return rest.n >= HTTP_HEAD_MAX ? HTTP_LONG : HTTP_MORE;
	}
	if (!first_line(line_of(rest, end), ret_r)) {
		*ret_r = (struct http_request){ 0 };
		return HTTP_NOT;
	}
	at += end + 1;
	if (!ret_r->major && !ret_r->minor && !is_field(span_from(s, at))) {
		ret_r->head = at;
		whom(ret_r, SPAN_NONE);
		return HTTP_OK;
	}
	int rc = headers(s, at, ret_r, &f);
	if (f.bad_length) {
		ret_r->has_length = false;
		ret_r->length = 0;
	}
	whom(ret_r, f.host);
	return rc;
}

/* --- bodies ---------------------------------------------------------------------------------- */

static int digit(uint8_t c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

int http_chunk_line(struct span s, size_t *ret_line, uint64_t *ret_size)
{
	size_t end = line_end(span_cut(s, 0, HTTP_CHUNK_LINE_MAX)), i = 0;
	uint64_t n = 0;

	while (i < s.n && i < 16 && digit(s.p[i]) >= 0)
		n = n << 4 | (uint64_t)digit(s.p[i++]);
	if (s.n && (!i || i == 16))
		return HTTP_BAD;
	if (i < s.n && !is_space(s.p[i]) && s.p[i] != ';' && s.p[i] != '\r' && s.p[i] != '\n')
		return HTTP_BAD;
	if (end == SIZE_MAX)
		return s.n < HTTP_CHUNK_LINE_MAX ? HTTP_MORE : HTTP_BAD;
	*ret_line = end + 1;
	*ret_size = n;
	return HTTP_OK;
}
