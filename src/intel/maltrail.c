/* SPDX-License-Identifier: Apache-2.0 */

/*
 * maltrail: one trail a line (github.com/stamparm/maltrail, stamparm/trails). A trail is a domain, an
 * address, an address and a port, a URL with or without a scheme; these are values. Two more are not:
 * a path alone, which Maltrail compares with the path of any request to any host, and a regular
 * expression, which it searches for in names and URLs. No value here means "this path on every
 * host" (/login.php would be one), so both are told as unmatched.
 */

#include "intel/priv.h"

/* Where the host part of a trail ends. */
static struct span host_of(struct span s)
{
	for (size_t i = 0; i + 3 <= s.n; i++)
		if (memcmp(s.p + i, "://", 3) == 0) {
			s = span_from(s, i + 3);
			break;
		}
	return span_cut(s, 0, span_find(s, '/'));
}

/* A host holds none of these, but for an IPv6 address in brackets. */
static bool is_regex(struct span trail)
{
	struct span host = host_of(trail);
	size_t from = 0;

	if (host.n && host.p[0] == '[' && span_find(host, ':') < span_find(host, ']'))
		from = span_find(host, ']') + 1;
	for (size_t i = from; i < host.n; i++)
		if (memchr("\\^$*+()|{}[]", host.p[i], 13))
			return true;
	return false;
}

int line_maltrail(struct reader *r, struct span line)
{
	struct indicator i = reader_default(r);

	if (line.p[0] == '/')
		return reader_unmatched(r, line, "a path without a host", NULL);
	if (is_regex(line))
		return reader_unmatched(r, line, "a regular expression", NULL);
	bool name = i.type == INDICATOR_NONE && !memchr(line.p, '/', line.n) &&
	    !memchr(line.p, ':', line.n);
	/* "x.zip" is a domain here, never a file. */
	if (name && (line.p[line.n - 1] < '0' || line.p[line.n - 1] > '9'))
		i.type = INDICATOR_DOMAIN;
	return reader_emit(r, &i, line);
}
