/* SPDX-License-Identifier: Apache-2.0 */

/* The requests of a connection, one after the other. HTTP/2 is recognised by its preface and left.
 */

#include "sense/net/handler.h"
#include "wire/http.h"

enum state { HEAD = 0, CHUNK, TRAILER };

#define HOST_MAX 1024

static const struct span preface = SPAN_LIT("PRI * HTTP/2.0\r\n");

static bool is_preface(struct span s)
{
	return s.n && span_starts(preface, span_cut(s, 0, preface.n));
}

bool http_starts(struct span s)
{
	return http_request_starts(s) || is_preface(s);
}

/* As names are given (event.h): lower case, without the final dot, nothing that is not printable.
 */
static struct span name_of(struct span s, char out[static HOST_MAX])
{
	size_t n = 0;

	if (s.n && s.p[s.n - 1] == '.')
		s.n--;
	for (size_t i = 0; i < s.n && n + 4 <= HOST_MAX; i++) {
		uint8_t c = s.p[i];
		if (c > 0x20 && c < 0x7f && c != '\\') {
			out[n++] = (char)(c >= 'A' && c <= 'Z' ? c | 0x20 : c);
			continue;
		}
		out[n++] = '\\';
		out[n++] = (char)('0' + c / 100);
		out[n++] = (char)('0' + c / 10 % 10);
		out[n++] = (char)('0' + c % 10);
	}
	return span_of(out, n);
}

static void give(struct net_worker *w, const struct net_stream *s, struct http_request *r)
{
	char host[HOST_MAX];
	struct net_event e = s->at;

	r->host = name_of(r->host, host);
	e.kind = NET_HTTP;
	e.http = r;
	w->stat[NET_STAT_HTTP_REQUESTS]++;
	int rc = w->failed ? 0 : w->give(w, &e);
	if (rc < 0)
		w->failed = rc;
}

/* It is a request no more: what was understood is given, the rest of the segment goes by. */
static enum net_need broken(struct net_worker *w, const struct net_stream *s, enum net_stat why,
    struct http_request *r, struct net_step *step)
{
	w->stat[why]++;
	if (r->target.n)
		give(w, s, r);
	step->took = s->bytes.n;
	return NET_NOT;
}

static enum net_need wait_for(const struct net_stream *s, struct net_step *step)
{
	step->want = s->bytes.n - step->took + 1;
	return s->over ? NET_ENOUGH : NET_MORE;
}

/* Is the first line all there? */
static bool has_line(struct span s)
{
	while (s.n && (s.p[0] == '\r' || s.p[0] == '\n'))
		s = span_from(s, 1);
	return span_find(s, '\n') != SIZE_MAX;
}

/* Is there still no end of the head? Only what is new is looked at: in small segments it would take
 * a time that goes with the square of its length. */
static bool goes_on(struct http_session *h, struct span s)
{
	if (!h->seen || h->seen > s.n || s.n >= HTTP_HEAD_MAX)
		return false;
	for (size_t i = h->seen; i < s.n; i++) {
		const uint8_t *p = s.p + i;
		bool empty = *p == '\n' && (p[-1] == '\n' || (p[-1] == '\r' && p[-2] == '\n'));
		if (empty || !*p)
			return false;
	}
	h->seen = (uint16_t)s.n;
	return true;
}

/* Where a request may begin. NET_MORE with took moved on: go on. */
static enum net_need head(
    struct net_worker *w, struct http_session *h, const struct net_stream *s, struct net_step *step)
{
	struct span rest = span_from(s->bytes, step->took);
	struct http_request r;

	if (is_preface(rest))
		return rest.n >= preface.n ? NET_ENOUGH : wait_for(s, step);
	if (!s->over && goes_on(h, rest))
		return wait_for(s, step);
	h->seen = 0;
	switch (http_request_parse(rest, &r)) {
	case HTTP_OK:
		give(w, s, &r);
		step->took += r.head;
		if (r.chunked)
			h->state = CHUNK;
		else if (r.has_length)
			step->took += r.length;
		return NET_MORE;
	case HTTP_MORE:
		if (!s->over) {
			h->seen = has_line(rest) ? (uint16_t)rest.n : 0;
			return wait_for(s, step);
		}
		w->stat[NET_LOSS_GAP] += r.method.n > 0;
		if (r.target.n)
			give(w, s, &r);
		return NET_ENOUGH;
	case HTTP_BAD:
		return broken(w, s, NET_LOSS_BAD_HTTP, &r, step);
	case HTTP_LONG:
		return broken(w, s, NET_LOSS_LONG, &r, step);
	default:
		return NET_NOT;
	}
}

/* RFC 9112 section 7.1: size, CRLF, so many bytes, CRLF; the last one is empty. */
static enum net_need chunk(
    struct net_worker *w, struct http_session *h, const struct net_stream *s, struct net_step *step)
{
	size_t line;
	uint64_t size;

	switch (http_chunk_line(span_from(s->bytes, step->took), &line, &size)) {
	case HTTP_OK:
		step->took += line;
		if (size)
			step->took += size + 2;
		else
			h->state = TRAILER;
		return NET_MORE;
	case HTTP_MORE:
		return wait_for(s, step);
	default:
		w->stat[NET_LOSS_BAD_HTTP]++;
		h->state = HEAD;
		return NET_NOT;
	}
}

/* Lines, until an empty one. */
static enum net_need trailer(
    struct net_worker *w, struct http_session *h, const struct net_stream *s, struct net_step *step)
{
	struct span rest = span_from(s->bytes, step->took);
	size_t end = span_find(span_cut(rest, 0, HTTP_CHUNK_LINE_MAX), '\n');

	if (end == SIZE_MAX && rest.n < HTTP_CHUNK_LINE_MAX)
		return wait_for(s, step);
	if (end == SIZE_MAX) {
		w->stat[NET_LOSS_BAD_HTTP]++;
		h->state = HEAD;
		return NET_NOT;
	}
	step->took += end + 1;
	if (end == 0 || (end == 1 && rest.p[0] == '\r'))
		h->state = HEAD;
	return NET_MORE;
}

enum net_need http_stream(struct net_worker *w, struct http_session *h, const struct net_stream *s,
    struct net_step *ret_step)
{
	*ret_step = (struct net_step){ 0, 1 };
	while (ret_step->took < s->bytes.n) {
		size_t before = ret_step->took;
		enum net_need need = h->state == HEAD	 ? head(w, h, s, ret_step)
				     : h->state == CHUNK ? chunk(w, h, s, ret_step)
							 : trailer(w, h, s, ret_step);
		if (need != NET_MORE || ret_step->took == before)
			return need;
		ret_step->want = 1;
	}
	return s->over ? NET_ENOUGH : NET_MORE;
}
