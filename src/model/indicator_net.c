/* SPDX-License-Identifier: Apache-2.0 */

#include "model/indicator_net.h"

#include "model/indicator_idn.h"
#include "model/indicator_text.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>

#define DOMAIN_MAX 253
#define LABEL_MAX 63
#define LOCAL_PART_MAX 64

static bool is_digits(const char *s, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (s[i] < '0' || s[i] > '9')
			return false;
	return n > 0;
}

static bool label_char(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
}

static const char *label_char_fault(char c)
{
	if (c == ':' || c == '/')
		return "a domain has no port and no path";
	return "not a domain: labels hold letters, digits, hyphen and underscore";
}

static bool is_ascii(const char *s)
{
	while (*s && !(*s & 0x80))
		s++;
	return !*s;
}

static const char *label_fault(const char *s, size_t n)
{
	if (!n)
		return "a domain with an empty label";
	if (n > LABEL_MAX)
		return "a domain label is longer than 63 bytes";
	if (n > 3 && memcmp(s, "xn--", 4) == 0 && !idn_is_a_label(s, n))
		return "a label begins with xn-- but is no internationalised name";
	return NULL;
}

/* "7", "0x7f": browsers take a host that ends so for an address (WHATWG URL, ends in a number). */
static bool is_number(const char *s, size_t n)
{
	if (n < 2 || s[0] != '0' || s[1] != 'x')
		return is_digits(s, n);
	for (size_t i = 2; i < n; i++)
		if (!is_hex_digit(s[i]))
			return false;
	return true;
}

/* ASCII without a final dot, lower case. */
static const char *name_fault(const char *s, size_t n, bool benign)
{
	size_t at = 0, labels = 0, len;

	for (size_t i = 0; i < n; i++)
		if (s[i] != '.' && !label_char(s[i]))
			return label_char_fault(s[i]);
	for (bool more = true; more; at += len + 1, labels++) {
		const char *dot = memchr(s + at, '.', n - at);
		len = dot ? (size_t)(dot - s) - at : n - at;
		const char *why = label_fault(s + at, len);
		if (why)
			return why;
		more = dot;
	}
	if (n > DOMAIN_MAX)
		return "a domain is longer than 253 bytes";
	if (labels < 2 && !benign)
		return "a single label is no domain that can be hunted";
	if (is_number(s + at - len - 1, len))
		return "not a domain: the last label is all digits (an address?)";
	return NULL;
}

/* One host name: what a URL or an e-mail address names. In place; may grow to DOMAIN_MAX. */
static const char *host_name(char *s, bool benign)
{
	if (!is_ascii(s)) {
		const char *why = idn_to_ascii(s, DOMAIN_MAX + 2);
		if (why)
			return why;
	}
	size_t n = strlen(s);
	if (n && s[n - 1] == '.')
		s[--n] = 0;
	text_lower(s, n);
	return name_fault(s, n, benign);
}

const char *net_domain(char *s, bool benign)
{
	char *from = s + (strncmp(s, "*.", 2) == 0 ? 2 : s[0] == '.');

	memmove(s, from, strlen(from) + 1);
	return host_name(s, benign);
}

/* A number without leading zeros at *at; SIZE_MAX: none, or above max. */
static size_t plain_number(struct span s, size_t *at, size_t max)
{
	size_t from = *at, v = 0;

	for (; *at < s.n && s.p[*at] >= '0' && s.p[*at] <= '9' && *at < from + 5; ++*at)
		v = 10 * v + (s.p[*at] - '0');
	return *at == from || v > max || (*at > from + 1 && s.p[from] == '0') ? SIZE_MAX : v;
}

enum indicator_type net_plain_ipv4(struct span s)
{
	size_t at = 0, b[4];

	for (size_t i = 0; i < 4; i++) {
		b[i] = plain_number(s, &at, 255);
		if (b[i] == SIZE_MAX || (i < 3 && (at >= s.n || s.p[at++] != '.')))
			return INDICATOR_NONE;
	}
	if (b[0] == 0 || b[0] == 127 || b[0] == 255)
		return INDICATOR_NONE;
	if (at == s.n)
		return INDICATOR_IPV4;
	if (s.p[at++] != ':')
		return INDICATOR_NONE;
	size_t port = plain_number(s, &at, 65535);
	return at == s.n && port && port != SIZE_MAX ? INDICATOR_IP_PORT : INDICATOR_NONE;
}

bool net_is_plain_domain(struct span s, size_t *ret_last)
{
	/* 1: of a label, 2: the dot; 0: neither, or upper case. */
	static const uint8_t kind[256] = { ['a' ... 'z'] = 1, ['0' ... '9'] = 1, ['-'] = 1,
		['_'] = 1, ['.'] = 2 };
	size_t label = 0, last = 0;
	bool letter = false;

	if (s.n > DOMAIN_MAX)
		return false;
	for (size_t i = 0; i < s.n; i++) {
		uint8_t k = kind[s.p[i]];
		if (k == 1) {
			label++;
			letter |= s.p[i] > '9' || s.p[i] == '-';
			continue;
		}
		if (!k || !label || label > LABEL_MAX ||
		    (label > 3 && memcmp(s.p + last, "xn--", 4) == 0))
			return false;
		label = 0;
		last = i + 1;
		letter = false;
	}
	*ret_last = last;
	return last && label && label <= LABEL_MAX && letter &&
	    !is_number((const char *)s.p + last, label) &&
	    !(label > 3 && memcmp(s.p + last, "xn--", 4) == 0);
}

struct net {
	int family; /* AF_INET, AF_INET6 */
	int bits;   /* of the family */
	int prefix;
	uint8_t b[16];
};

/* "0".."128" without leading zeros; -1 if it is none. */
static long decimal(const char *s, long max)
{
	size_t n = strlen(s);
	if (!is_digits(s, n) || n > 5 || (n > 1 && s[0] == '0'))
		return -1;
	long v = strtol(s, NULL, 10);
	return v <= max ? v : -1;
}

static void unmap_v4(struct net *net)
{
	static const uint8_t head[12] = { [10] = 0xff, [11] = 0xff };

	if (net->family != AF_INET6 || memcmp(net->b, head, 12) != 0 || net->prefix < 96)
		return;
	memmove(net->b, net->b + 12, 4);
	net->family = AF_INET;
	net->bits = 32;
	net->prefix -= 96;
}

static bool host_bits(const struct net *net)
{
	for (int i = net->prefix; i < net->bits; i++)
		if (net->b[i / 8] & (0x80 >> i % 8))
			return true;
	return false;
}

/* Unspecified or "this network" (RFC 1122 section 3.2.1.3), loopback, broadcast. */
static bool names_no_host(const struct net *net)
{
	static const uint8_t none[16], loop6[16] = { [15] = 1 }, all[4] = { 255, 255, 255, 255 };

	if (net->family == AF_INET)
		return net->b[0] == 127 || net->b[0] == 0 || memcmp(net->b, all, 4) == 0;
	return memcmp(net->b, none, 16) == 0 || memcmp(net->b, loop6, 16) == 0;
}

static const char *parse_net(char *s, struct net *net)
{
	char *slash = strchr(s, '/');

	if (slash)
		*slash++ = 0;
	size_t n = strlen(s);
	if (n && s[0] == '[' && s[n - 1] == ']') {
		s[n - 1] = 0;
		s++;
	}
	net->family = strchr(s, ':') ? AF_INET6 : AF_INET;
	net->bits = net->prefix = net->family == AF_INET ? 32 : 128;
	if (strchr(s, '%'))
		return "an address with a zone id";
	if (inet_pton(net->family, s, net->b) != 1)
		return "not an IP address";
	if (slash) {
		long prefix = decimal(slash, net->bits);
		if (prefix < 0)
			return "not a prefix length";
		net->prefix = (int)prefix;
	}
	unmap_v4(net);
	return NULL;
}

static const char *check_net(const struct net *net, bool benign)
{
	int min = net->family == AF_INET ? INDICATOR_IPV4_PREFIX_MIN : INDICATOR_IPV6_PREFIX_MIN;

	if (net->prefix < min && !benign)
		return "the network is too large to be an indicator";
	if (host_bits(net))
		return "host bits are set behind the prefix: give the network or one address";
	if (names_no_host(net) && !benign)
		return "an unspecified, loopback or broadcast address names no host";
	return NULL;
}

/* The colon or bar before a port, or NULL: "192.0.2.1:80", "192.0.2.1|80", "[2001:db8::1]:80". */
static char *port_mark(char *s)
{
	char *bar = strchr(s, '|');
	char *colon = strchr(s, ':');
	char *bracket = s[0] == '[' ? strchr(s, ']') : NULL;

	if (bar)
		return bar;
	if (bracket)
		return bracket[1] == ':' ? bracket + 1 : NULL;
	return colon && !strchr(colon + 1, ':') ? colon : NULL;
}

const char *net_address(char *s, enum indicator_type *type, bool benign)
{
	char ip[INET6_ADDRSTRLEN], text[INET6_ADDRSTRLEN + 16];
	struct net net;
	long port = 0;
	char *mark = port_mark(s);

	if (mark) {
		port = decimal(mark + 1, 65535);
		if (port < 1)
			return "not a port number";
		*mark = 0;
	}
	const char *why = parse_net(s, &net);
	if (!why)
		why = check_net(&net, benign);
	if (!why && mark && net.prefix < net.bits)
		why = "a port of a whole network";
	if (!why && !mark && *type == INDICATOR_IP_PORT)
		why = "an address without a port";
	if (why)
		return why;
	inet_ntop(net.family, net.b, ip, sizeof(ip));
	bool six = net.family == AF_INET6;
	if (mark)
		snprintf(text, sizeof(text), six ? "[%s]:%ld" : "%s:%ld", ip, port);
	else if (net.prefix < net.bits)
		snprintf(text, sizeof(text), "%s/%d", ip, net.prefix);
	else
		snprintf(text, sizeof(text), "%s", ip);
	strcpy(s, text);
	*type = mark ? INDICATOR_IP_PORT : six ? INDICATOR_IPV6 : INDICATOR_IPV4;
	return NULL;
}

static bool url_char(char c)
{
	return c > 0x20 && c < 0x7f && c != '"' && c != '<' && c != '>';
}

/* Length of "scheme" when s starts with "scheme://", else 0 (RFC 3986 section 3.1). */
static size_t scheme_len(const char *s)
{
	size_t n = 0;

	if (!isalpha((unsigned char)s[0]))
		return 0;
	while (isalnum((unsigned char)s[n]) || s[n] == '+' || s[n] == '-' || s[n] == '.')
		n++;
	return strncmp(s + n, "://", 3) == 0 ? n : 0;
}

/* Where the port's colon is in "host:port" (NUL-terminated), or NULL. */
static char *host_port(char *host)
{
	char *bracket = host[0] == '[' ? strchr(host, ']') : NULL;
	return strchr(bracket ? bracket : host, ':');
}

static const char *default_port(struct span scheme)
{
	return span_eq_str(scheme, "http") ? "80" : span_eq_str(scheme, "https") ? "443" : "";
}

/* host[:port] in place, NUL-terminated; the default port of the scheme is taken off. */
static const char *url_host(char *host, struct span scheme)
{
	char *colon = host_port(host);
	char port[6] = "";

	if (colon) {
		if (decimal(colon + 1, 65535) < 1)
			return "not a port number";
		if (strcmp(colon + 1, default_port(scheme)) != 0)
			snprintf(port, sizeof(port), "%s", colon + 1);
		*colon = 0;
	}
	size_t n = strlen(host);
	enum indicator_type type = INDICATOR_IPV4;
	bool six = host[0] == '[';
	bool address = six || (n && is_digits(host + n - 1, 1) && strspn(host, "0123456789.") == n);
	const char *why = address ? net_address(host, &type, false) : host_name(host, false);
	if (why)
		return why;
	if (type == INDICATOR_IPV6) {
		memmove(host + 1, host, strlen(host) + 1);
		host[0] = '[';
		strcat(host, "]");
	}
	if (port[0]) {
		strcat(host, ":");
		strcat(host, port);
	}
	return NULL;
}

/* Bytes that are not ASCII are sent percent-encoded (RFC 3987 section 3.1). Returns the end. */
static char *put_encoded(char *out, const char *s)
{
	for (; *s; s++) {
		if (!(*s & 0x80))
			*out++ = *s;
		else
			out += sprintf(out, "%%%02X", (unsigned char)*s);
	}
	*out = 0;
	return out;
}

static const char *url_chars(const char *s)
{
	for (; *s; s++)
		if (!(*s & 0x80) && !url_char(*s))
			return "a character that no URL holds";
	return NULL;
}

const char *net_url(char *s)
{
	char in[NET_TEXT_MAX], host[NET_TEXT_MAX];
	size_t scheme = scheme_len(s);

	if (s[0] == '/')
		return "a URL path without a host";
	const char *why = url_chars(s);
	if (why)
		return why;
	if (!scheme && !strchr(s, '/'))
		return "a URL needs a scheme or a path; is this a domain?";
	text_lower(s, scheme);
	snprintf(in, sizeof(in), "%s", s);
	char *auth = in + (scheme ? scheme + 3 : 0);
	char *rest = auth + strcspn(auth, "/?#");
	snprintf(host, sizeof(host), "%.*s", (int)(rest - auth), auth);
	char *at = strrchr(host, '@');
	char *name = at ? at + 1 : host;
	if (strchr(host, '\\'))
		return "a backslash before a URL's path: browsers end the host there, others do not";
	why = url_host(name, span_of(s, scheme));
	if (why)
		return why;
	if (!is_ascii(host))
		return "user information of a URL that is not ASCII";
	bool web = span_eq_str(span_of(s, scheme), "http") ||
	    span_eq_str(span_of(s, scheme), "https");
	/* The scheme stands in s already; NET_TEXT_MAX has room for what the rest may have grown. */
	char *out = stpcpy(s + (auth - in), host);
	if (web && *rest != '/')
		out = stpcpy(out, "/");
	put_encoded(out, rest);
	return NULL;
}

/* What nearly every web site has, or is asked for. */
static bool is_common_path(const char *s)
{
	static const char *const paths[] = { "/index.html", "/index.htm", "/index.php", "/index.asp",
		"/index.aspx", "/index.jsp", "/default.asp", "/default.aspx", "/home", "/robots.txt",
		"/favicon.ico", "/sitemap.xml", "/login", "/login.php", "/admin", "/admin.php",
		"/search", "/api", "/api/v1", "/wp-login.php", "/wp-admin", "/wp-content",
		"/wp-includes", "/wp-admin/admin-ajax.php", "/wp-cron.php", "/xmlrpc.php",
		"/.well-known", "/style.css", "/jquery.js", "/jquery.min.js", "/logo.png" };

	for (size_t i = 0; i < ARRAY_LEN(paths); i++)
		if (span_eq_nocase(span_str(s), span_str(paths[i])))
			return true;
	return strlen(s) < 3;
}

const char *net_url_path(char *s, bool benign)
{
	char in[NET_TEXT_MAX];

	if (s[0] != '/')
		return "a URL path begins with a slash";
	const char *why = url_chars(s);
	if (why)
		return why;
	size_t n = strcspn(s, "#");
	while (n > 1 && (s[n - 1] == '/' || s[n - 1] == '?'))
		n--;
	s[n] = 0;
	if (!benign && is_common_path(s))
		return "a path that nearly every web site has";
	snprintf(in, sizeof(in), "%s", s);
	put_encoded(s, in);
	return NULL;
}

const char *net_email(char *s)
{
	static const char other[] = ".!#$%&'*+/=?^_`{|}~-";
	text_drop(s, "mailto:");
	char *at = strrchr(s, '@');
	size_t n = at ? (size_t)(at - s) : 0;

	if (!n || n > LOCAL_PART_MAX)
		return at ? "an e-mail address needs 1 to 64 bytes before the @" :
			    "an e-mail address needs an @";
	text_lower(s, n);
	for (size_t i = 0; i < n; i++) {
		bool plain = (s[i] >= 'a' && s[i] <= 'z') || is_digits(&s[i], 1);
		if (!plain && !strchr(other, s[i]))
			return "a character that no e-mail address holds unquoted";
		if (s[i] == '.' && (i == 0 || i + 1 == n || s[i + 1] == '.'))
			return "an e-mail address with a dot in the wrong place";
	}
	return host_name(at + 1, false);
}
