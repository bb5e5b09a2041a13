/* SPDX-License-Identifier: Apache-2.0 */

/*
 * maltrail: one trail a line (github.com/stamparm/maltrail, stamparm/trails). A trail is a domain, an
 * address, an address and a port, or a URL with or without its scheme.
 *
 *   http://host, with nothing behind it, is about the host: Maltrail takes the scheme off and matches
 *     any request to it
 *   /path is the path of a request to any host (url-path). It is half as sure as a host
 *   a regular expression, which Maltrail searches for in names, is kept as a STIX pattern, and told
 *     as unmatched
 */

#include "intel/priv.h"

/* Behind "://". */
static struct span without_scheme(struct span s)
{
	const uint8_t *mark = memmem(s.p, s.n, "://", 3);
	return mark ? span_from(s, (size_t)(mark - s.p) + 3) : s;
}

/* A host holds none of these, but for an IPv6 address in brackets. */
static bool is_regex(struct span trail)
{
	struct span host = without_scheme(trail);
	size_t from = 0;

	host = span_cut(host, 0, span_find(host, '/'));
	if (host.n && host.p[0] == '[' && span_find(host, ':') < span_find(host, ']'))
		from = span_find(host, ']') + 1;
	for (size_t i = from; i < host.n; i++)
		if (memchr("\\^$*+()|{}[]", host.p[i], 13))
			return true;
	return false;
}

/* [domain-name:value MATCHES '…'], quotes and backslashes escaped. */
static int regex(struct reader *r, struct indicator *i, struct span s)
{
	AUTO_BUF struct buf b = BUF_INIT(4 * INTEL_LINE_MAX);

	buf_puts(&b, "[domain-name:value MATCHES '");
	for (size_t k = 0; k < s.n; k++) {
		if (s.p[k] == '\\' || s.p[k] == '\'')
			buf_putc(&b, '\\');
		buf_putc(&b, (char)s.p[k]);
	}
	buf_puts(&b, "']");
	int rc = buf_err(&b);
	i->type = INDICATOR_PATTERN;
	if (rc == 0)
		rc = reader_unmatched(r, s, "a regular expression", NULL);
	return rc < 0 ? rc : reader_emit(r, i, buf_span(&b));
}

/* Between a name and its port; a bracketed address has its own colons. */
static size_t port_of(struct span host)
{
	return host.p[0] == '[' ? SIZE_MAX : span_find(host, ':');
}

/* What a scheme with a host alone stands for. */
static int host_of_url(struct reader *r, struct indicator *i, struct span host)
{
	bool name = false;

	for (size_t k = 0; k < host.n && host.p[k] != ':'; k++)
		name |= !memchr("0123456789.", host.p[k], 11);
	if (name && host.p[0] != '[') {
		i->type = INDICATOR_DOMAIN;
		host = span_cut(host, 0, port_of(host));
	}
	return reader_emit(r, i, host);
}

int line_maltrail(struct reader *r, struct span line)
{
	struct indicator i = reader_default(r);
	struct span rest = without_scheme(line);

	if (line.p[0] == '/')
		return reader_emit_path(r, &i, line);
	if (is_regex(line))
		return regex(r, &i, line);
	if (rest.n < line.n) {
		struct span host = rest;
		while (host.n && host.p[host.n - 1] == '/')
			host.n--;
		if (host.n && !memchr(host.p, '/', host.n))
			return host_of_url(r, &i, host);
	}
	bool name = i.type == INDICATOR_NONE && !memchr(line.p, '/', line.n) &&
	    !memchr(line.p, ':', line.n);
	/* "x.zip" is a domain here, never a file. */
	if (name && (line.p[line.n - 1] < '0' || line.p[line.n - 1] > '9'))
		i.type = INDICATOR_DOMAIN;
	return reader_emit(r, &i, line);
}
