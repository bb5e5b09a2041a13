/* SPDX-License-Identifier: Apache-2.0 */

#include "intel/url.h"

#include <stdio.h>

struct parts {
	struct arena *a;
	struct url_part *out;
	size_t n;
};

static void add(struct parts *p, enum indicator_type type, struct span raw)
{
	const char *value;

	if (p->n == URL_PARTS_MAX ||
	    indicator_normalise(&type, raw, p->a, &value, NULL) < 0)
		return;
	for (size_t i = 0; i < p->n; i++)
		if (p->out[i].type == type && strcmp(p->out[i].value, value) == 0)
			return;
	p->out[p->n++] = (struct url_part){ type, value };
}

/* "/x?id=7&y=8" -> "/x?id=&y=" */
static void add_without_values(struct parts *p, struct span path)
{
	char *out = arena_alloc(p->a, path.n);
	size_t n = 0;
	bool query = false, value = false;

	for (size_t i = 0; out && i < path.n; i++) {
		char c = (char)path.p[i];
		if (c == '?' || (query && c == '&')) {
			query = true;
			value = false;
		}
		if (!value)
			out[n++] = c;
		value |= query && c == '=';
	}
	if (query && out)
		add(p, INDICATOR_URL_PATH, span_of(out, n));
}

static void add_paths(struct parts *p, struct span path)
{
	struct span plain = span_cut(path, 0, span_find(path, '?'));

	add(p, INDICATOR_URL_PATH, path);
	add_without_values(p, path);
	add(p, INDICATOR_URL_PATH, plain);
	while (plain.n > 1 && plain.p[plain.n - 1] == '/')
		plain.n--;
	const uint8_t *slash = plain.n ? memrchr(plain.p, '/', plain.n) : NULL;
	if (!slash || slash == plain.p)
		return;
	add(p, INDICATOR_URL_PATH, span_cut(plain, 0, (size_t)(slash - plain.p)));
	add(p, INDICATOR_URL_PATH, span_from(plain, (size_t)(slash - plain.p)));
}

/* host[:port], with the port that the scheme has when there is none, if it is an address. */
static void add_host(struct parts *p, struct span scheme, struct span host)
{
	const uint8_t *at = host.n ? memrchr(host.p, '@', host.n) : NULL;
	char text[INDICATOR_VALUE_MAX];
	enum indicator_type t = INDICATOR_NONE;
	const char *value;

	if (at)
		host = span_from(host, (size_t)(at - host.p) + 1);
	size_t from = host.n && host.p[0] == '[' ? span_find(host, ']') : 0;
	size_t colon = from == SIZE_MAX ? SIZE_MAX : span_find(span_from(host, from), ':');
	struct span name = colon == SIZE_MAX ? host : span_cut(host, 0, from + colon);
	const char *port = span_eq_str(scheme, "https") ? ":443" :
	    span_eq_str(scheme, "http")			? ":80" :
							  "";

	if (!name.n || host.n + 8 > sizeof(text))
		return;
	if (indicator_normalise(&t, name, p->a, &value, NULL) < 0)
		return;
	if (t == INDICATOR_IPV4 || t == INDICATOR_IPV6) {
		int n = snprintf(text, sizeof(text), "%.*s%s", SPAN_ARG(host),
		    colon == SIZE_MAX ? port : "");
		if (colon != SIZE_MAX || *port) /* the address is looked up with it, too */
			add(p, INDICATOR_IP_PORT, span_of(text, (size_t)n));
		else
			add(p, t, name);
	} else {
		add(p, INDICATOR_DOMAIN, name);
	}
}

size_t url_parts(const char *url, struct arena *a, struct url_part out[static URL_PARTS_MAX])
{
	struct parts p = { .a = a, .out = out };
	const char *mark = strstr(url, "://");
	struct span scheme = span_of(url, mark ? (size_t)(mark - url) : 0);
	struct span rest = span_str(mark ? mark + 3 : url);
	size_t host = 0;

	while (host < rest.n && !memchr("/?#", rest.p[host], 3))
		host++;
	struct span path = span_from(rest, host);
	path = span_cut(path, 0, span_find(path, '#'));
	add(&p, INDICATOR_URL, span_str(url));
	add(&p, INDICATOR_URL, span_of(url, strcspn(url, "?#")));
	if (path.n && path.p[0] == '/')
		add_paths(&p, path);
	p.n -= p.n == URL_PARTS_MAX; /* room for the host, always */
	add_host(&p, scheme, span_cut(rest, 0, host));
	return p.n;
}
