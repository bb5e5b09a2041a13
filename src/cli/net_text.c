/* SPDX-License-Identifier: Apache-2.0 */

#include "cli/net_text.h"

#include "base/hex.h"

#include <arpa/inet.h>
#include <stdio.h>

/* Printable, with room for a NUL; in lower case. */
static bool lowered(struct span s, char out[static NET_HOST_MAX])
{
	if (!s.n || s.n >= NET_HOST_MAX || !quote_plain(s))
		return false;
	for (size_t i = 0; i < s.n; i++)
		out[i] = (char)(s.p[i] >= 'A' && s.p[i] <= 'Z' ? s.p[i] | 0x20 : s.p[i]);
	out[s.n] = 0;
	return true;
}

bool net_text_host(
    struct span host, uint16_t port, struct sense_addr *ret_a, char name[static NET_HOST_MAX])
{
	struct sense_addr a = { .port = port };

	if (host.n >= 2 && host.p[0] == '[' && host.p[host.n - 1] == ']')
		host = span_cut(host, 1, host.n - 2);
	if (!lowered(host, name))
		return false;
	if (inet_pton(AF_INET, name, a.b) == 1)
		a.family = 4;
	else if (inet_pton(AF_INET6, name, a.b) == 1)
		a.family = 6;
	if (a.family)
		name[0] = 0;
	*ret_a = a;
	return true;
}

bool net_text_certificate(struct span s, char name[static NET_HOST_MAX])
{
	if (span_starts(s, SPAN_LIT("*.")))
		s = span_from(s, 2);
	return span_find(s, '.') != SIZE_MAX && lowered(s, name);
}

bool net_text_serial(const struct certificate *c, char out[static 2 * CERTIFICATE_SERIAL_MAX + 1])
{
	struct span s = c->serial;

	while (s.n && !s.p[0])
		s = span_from(s, 1);
	if (!s.n || s.n > CERTIFICATE_SERIAL_MAX)
		return false;
	hex_encode(out, s);
	return true;
}

static void lower(char *s)
{
	for (; *s; s++)
		if (*s >= 'A' && *s <= 'Z')
			*s |= 0x20;
}

/* "http://host:port/path", as indicators have it. False: it cannot be one. */
bool net_text_url(const struct http_request *r, char out[static INTEL_TEXT_MAX])
{
	static const char digit[] = "0123456789ABCDEF";
	struct span path = r->target;
	size_t n;

	if (path.n && path.p[0] != '/') { /* the absolute form */
		size_t slash = 0;
		for (int left = 3; slash < path.n; slash++)
			if (path.p[slash] == '/' && --left == 0)
				break;
		path = span_from(path, slash);
	}
	if (!r->host.n || r->host.n > 255 || !quote_plain(r->host))
		return false;
	n = (size_t)snprintf(out, INTEL_TEXT_MAX, "http://%.*s", SPAN_ARG(r->host));
	lower(out);
	if (r->port && r->port != 80)
		n += (size_t)snprintf(out + n, INTEL_TEXT_MAX - n, ":%u", r->port);
	if (!path.n)
		path = SPAN_LIT("/");
	for (size_t i = 0; i < path.n; i++) {
		uint8_t c = path.p[i];
		if (n + 4 > INDICATOR_VALUE_MAX)
			break; /* no indicator is longer: what is there is compared */
		if (c > ' ' && c < 0x7f) {
			out[n++] = (char)c;
		} else {
			out[n++] = '%';
			out[n++] = digit[c >> 4];
			out[n++] = digit[c & 15];
		}
	}
	out[n] = 0;
	return true;
}
