/* SPDX-License-Identifier: Apache-2.0 */

#include "tap.h"
#include "base/file.h"
#include "model/indicator.h"
#include "wire/csv.h"

#include <stdio.h>
#include <unistd.h>

#define H16 "0123456789abcdef"
#define MD5 H16 H16
#define SHA1 MD5 "01234567"
#define SHA256 MD5 MD5
#define SHA512 SHA256 SHA256

static struct arena arena = ARENA_INIT(16u << 20);

/* "type value", or the reason. */
static const char *normal(enum indicator_type t, struct span raw)
{
	static char out[INDICATOR_VALUE_MAX + 64];
	struct fault f = FAULT_INIT;
	const char *v;

	if (indicator_normalise(&t, raw, &arena, &v, &f) < 0)
		snprintf(out, sizeof(out), "! %s", f.text);
	else
		snprintf(out, sizeof(out), "%s %s", indicator_type_name(t), v);
	return out;
}

struct want {
	enum indicator_type type;
	const char *in, *out;
};

static void check(const struct want *t, size_t n)
{
	for (size_t i = 0; i < n; i++)
		is_str(normal(t[i].type, span_str(t[i].in)), t[i].out, "%s",
		    t[i].in[0] ? t[i].in : "(empty)");
}

static void guesses(void)
{
	static const struct want t[] = {
		{ INDICATOR_NONE, MD5, "md5 " MD5 },
		{ INDICATOR_NONE, SHA1, "sha1 " SHA1 },
		{ INDICATOR_NONE, " " SHA256 "\r\n", "sha256 " SHA256 },
		{ INDICATOR_NONE, SHA512, "sha512 " SHA512 },
		{ INDICATOR_NONE, "SHA-256:" SHA256, "sha256 " SHA256 },
		{ INDICATOR_NONE, "192.0.2.7", "ipv4 192.0.2.7" },
		{ INDICATOR_NONE, "192[.]0[.]2[.]7", "ipv4 192.0.2.7" },
		{ INDICATOR_NONE, "192.0.2.0/24", "ipv4 192.0.2.0/24" },
		{ INDICATOR_NONE, "2001:DB8:0:0::1", "ipv6 2001:db8::1" },
		{ INDICATOR_NONE, "2001[:]db8::1", "ipv6 2001:db8::1" },
		{ INDICATOR_NONE, "192.0.2.7:443", "ip-port 192.0.2.7:443" },
		{ INDICATOR_NONE, "[2001:db8::1]:443", "ip-port [2001:db8::1]:443" },
		{ INDICATOR_NONE, "hxxps://Evil[.]example[.]com/Path", "url https://evil.example.com/Path" },
		{ INDICATOR_NONE, "raw.githubusercontent.com/IconStorages/x",
		    "url raw.githubusercontent.com/IconStorages/x" },
		{ INDICATOR_NONE, "tcp://192.0.2.7", "url tcp://192.0.2.7" },
		{ INDICATOR_NONE, "Some.One[at]example[dot]com", "email some.one@example.com" },
		{ INDICATOR_NONE, "evil.example.com", "domain evil.example.com" },
		{ INDICATOR_NONE, "D3dcompiler_47.DLL", "file-name d3dcompiler_47.dll" },
		{ INDICATOR_NONE, "deadbeef", "! hex digits of a length that no digest hunted here has" },
		{ INDICATOR_NONE, "", "! an empty value" },
		{ INDICATOR_NONE, " \t", "! an empty value" },
		{ INDICATOR_NONE, "/public/hydra.php", "! a URL path without a host" },
	};
	check(t, ARRAY_LEN(t));
}

static void domains(void)
{
	static const struct want t[] = {
		{ INDICATOR_DOMAIN, "Example.COM.", "domain example.com" },
		{ INDICATOR_DOMAIN, "*.example.com", "domain example.com" },
		{ INDICATOR_DOMAIN, ".example.com", "domain example.com" },
		{ INDICATOR_DOMAIN, "evil(.)example{.}com", "domain evil.example.com" },
		{ INDICATOR_DOMAIN, "_dmarc.a-b.example", "domain _dmarc.a-b.example" },
		{ INDICATOR_DOMAIN, "xn--mnchen-3ya.example", "domain xn--mnchen-3ya.example" },
		{ INDICATOR_DOMAIN, "m\xc3\xbcnchen.example", "domain xn--mnchen-3ya.example" },
		{ INDICATOR_DOMAIN, "com", "! a single label is no domain that can be hunted" },
		{ INDICATOR_DOMAIN, "localhost.", "! a single label is no domain that can be hunted" },
		{ INDICATOR_DOMAIN, "a..b.example", "! a domain with an empty label" },
		{ INDICATOR_DOMAIN, "example.com..", "! a domain with an empty label" },
		{ INDICATOR_DOMAIN, ".", "! a domain with an empty label" },
		{ INDICATOR_DOMAIN, "domain autuo.xicp.net",
		    "! not a domain: labels hold letters, digits, hyphen and underscore" },
		{ INDICATOR_DOMAIN, "192.0.2.7",
		    "! not a domain: the last label is all digits (an address?)" },
		{ INDICATOR_DOMAIN, "example.com:80", "! a domain has no port and no path" },
		{ INDICATOR_DOMAIN, "http://example.com/", "! a domain has no port and no path" },
		{ INDICATOR_DOMAIN, "user@example.com",
		    "! not a domain: labels hold letters, digits, hyphen and underscore" },
	};
	check(t, ARRAY_LEN(t));

	char label[64 + 5], whole[300];
	memset(label, 'a', 64);
	strcpy(label + 64, ".com");
	is_str(normal(INDICATOR_DOMAIN, span_str(label)), "! a domain label is longer than 63 bytes",
	    "64 bytes in a label");
	ok(strncmp(normal(INDICATOR_DOMAIN, span_str(label + 1)), "domain ", 7) == 0,
	    "63 bytes in a label");
	for (size_t i = 0; i < 254; i++)
		whole[i] = i % 50 == 49 ? '.' : 'b';
	is_str(normal(INDICATOR_DOMAIN, span_of(whole, 254)), "! a domain is longer than 253 bytes",
	    "254 bytes in all");
	ok(strncmp(normal(INDICATOR_DOMAIN, span_of(whole, 253)), "domain ", 7) == 0,
	    "253 bytes in all");
}

static void addresses(void)
{
	static const struct want t[] = {
		{ INDICATOR_IPV4, "10.0.0.0/8", "ipv4 10.0.0.0/8" },
		{ INDICATOR_IPV4, "192.0.2.7/32", "ipv4 192.0.2.7" },
		{ INDICATOR_IPV4, "2001:db8::1", "ipv6 2001:db8::1" },
		{ INDICATOR_IPV6, "::ffff:192.0.2.7", "ipv4 192.0.2.7" },
		{ INDICATOR_IPV6, "::ffff:192.0.2.0/120", "ipv4 192.0.2.0/24" },
		{ INDICATOR_IPV6, "2001:db8::/32", "ipv6 2001:db8::/32" },
		{ INDICATOR_IPV6, "[2001:db8::1]", "ipv6 2001:db8::1" },
		{ INDICATOR_IPV6, "2001:db8::1/128", "ipv6 2001:db8::1" },
		{ INDICATOR_IPV4, "192.0.2.7:80", "ip-port 192.0.2.7:80" },
		{ INDICATOR_IP_PORT, "192.0.2.7|80", "ip-port 192.0.2.7:80" },
		{ INDICATOR_IP_PORT, "192.0.2.7", "! an address without a port" },
		{ INDICATOR_IP_PORT, "192.0.2.7:0", "! not a port number" },
		{ INDICATOR_IP_PORT, "192.0.2.7:65536", "! not a port number" },
		{ INDICATOR_IP_PORT, "192.0.2.7:080", "! not a port number" },
		{ INDICATOR_IP_PORT, "192.0.2.0/24:80", "! a port of a whole network" },
		{ INDICATOR_IPV4, "192.0.2.7/24",
		    "! host bits are set behind the prefix: give the network or one address" },
		{ INDICATOR_IPV4, "0.0.0.0/0", "! the network is too large to be an indicator" },
		{ INDICATOR_IPV6, "2000::/3", "! the network is too large to be an indicator" },
		{ INDICATOR_IPV4, "192.0.2.0/33", "! not a prefix length" },
		{ INDICATOR_IPV4, "192.0.2.0/+8", "! not a prefix length" },
		{ INDICATOR_IPV4, "192.0.2.0/", "! not a prefix length" },
		{ INDICATOR_IPV4, "192.0.2.07", "! not an IP address" },
		{ INDICATOR_IPV4, "192.0.2", "! not an IP address" },
		{ INDICATOR_IPV4, "192.0.2.256", "! not an IP address" },
		{ INDICATOR_IPV6, "fe80::1%eth0", "! an address with a zone id" },
		{ INDICATOR_IPV4, "0.0.0.0",
		    "! an unspecified, loopback or broadcast address names no host" },
		{ INDICATOR_IPV4, "127.1.2.3",
		    "! an unspecified, loopback or broadcast address names no host" },
		{ INDICATOR_IPV6, "::1",
		    "! an unspecified, loopback or broadcast address names no host" },
	};
	check(t, ARRAY_LEN(t));
}

static void urls(void)
{
	static const struct want t[] = {
		{ INDICATOR_URL, "HTTP://Example.COM", "url http://example.com/" },
		{ INDICATOR_URL, "http://example.com?q", "url http://example.com/?q" },
		{ INDICATOR_URL, "http://example.com:80/A", "url http://example.com/A" },
		{ INDICATOR_URL, "https://example.com:443", "url https://example.com/" },
		{ INDICATOR_URL, "https://example.com:80/", "url https://example.com:80/" },
		{ INDICATOR_URL, "hxxp[://]example[.]com/x", "url http://example.com/x" },
		{ INDICATOR_URL, "http://User@Example.com/", "url http://User@example.com/" },
		{ INDICATOR_URL, "http://[2001:DB8:0::1]:8080/", "url http://[2001:db8::1]:8080/" },
		{ INDICATOR_URL, "http://[::1:2]/", "url http://[::0.1.0.2]/" },
		{ INDICATOR_URL, "ftp://192.0.2.7/x", "url ftp://192.0.2.7/x" },
		{ INDICATOR_URL, "example.com/A/b", "url example.com/A/b" },
		{ INDICATOR_URL, "example.com",
		    "! a URL needs a scheme or a path; is this a domain?" },
		{ INDICATOR_URL, "/just/a/path", "! a URL path without a host" },
		{ INDICATOR_URL, "http:///x", "! a domain with an empty label" },
		{ INDICATOR_URL, "http://.example.com/x", "! a domain with an empty label" },
		{ INDICATOR_URL, ".hxxp.example/x", "! a domain with an empty label" },
		{ INDICATOR_URL, "hxxp.example/x", "url hxxp.example/x" },
		{ INDICATOR_URL, "HXXPS[:]//example.com/x", "url https://example.com/x" },
		{ INDICATOR_URL, "http://intranet/x",
		    "! a single label is no domain that can be hunted" },
		{ INDICATOR_URL, "http://example.com:99999/", "! not a port number" },
		{ INDICATOR_URL, "http://example.com:/", "! not a port number" },
		{ INDICATOR_URL, "http://2130706433/", "! not an IP address" },
		{ INDICATOR_URL, "http://evil.example\\@good.example/",
		    "! a backslash before a URL's path: browsers end the host there, others do not" },
		{ INDICATOR_URL, "http://8.8.0x808/",
		    "! not a domain: the last label is all digits (an address?)" },
		{ INDICATOR_DOMAIN, "1.2.3.0x4", "! not a domain: the last label is all digits (an address?)" },
		{ INDICATOR_NONE, "1.2.3.0xg", "domain 1.2.3.0xg" },
		{ INDICATOR_URL, "http://example.com/a b", "! a character that no URL holds" },
		{ INDICATOR_URL, "http://example.com/\xc3\xbc", "url http://example.com/%C3%BC" },
	};
	check(t, ARRAY_LEN(t));
}

static void others(void)
{
	static const struct want t[] = {
		{ INDICATOR_SHA256, "SHA256:" SHA256, "sha256 " SHA256 },
		{ INDICATOR_SHA256, SHA1, "! a SHA-256 digest is 64 hex digits" },
		{ INDICATOR_SHA256, "sha1:" SHA256, "! a SHA-256 digest is 64 hex digits" },
		{ INDICATOR_MD5, "0123456789abcdef0123456789abcdeg",
		    "! an MD5 digest is 32 hex digits" },
		{ INDICATOR_MD5, "D41D8CD98F00B204E9800998ECF8427E",
		    "! the digest of an empty file matches every empty file" },
		{ INDICATOR_SHA1, "da39a3ee5e6b4b0d3255bfef95601890afd80709",
		    "! the digest of an empty file matches every empty file" },
		{ INDICATOR_FILE_NAME, "ffmpeg.DLL", "file-name ffmpeg.dll" },
		{ INDICATOR_FILE_NAME, "a[.]txt", "file-name a[.]txt" },
		{ INDICATOR_FILE_NAME, "caf\xc3\xa9", "file-name caf\xc3\xa9" },
		{ INDICATOR_FILE_NAME, "C:\\x\\y.dll", "path c:/x/y.dll" },
		{ INDICATOR_FILE_NAME, "*.dll", "! the pattern matches nearly every file" },
		{ INDICATOR_FILE_NAME, "..", "! not a file name" },
		{ INDICATOR_EMAIL, "A.B+c@Example.com", "email a.b+c@example.com" },
		{ INDICATOR_EMAIL, "a..b@example.com",
		    "! an e-mail address with a dot in the wrong place" },
		{ INDICATOR_EMAIL, "@example.com",
		    "! an e-mail address needs 1 to 64 bytes before the @" },
		{ INDICATOR_EMAIL, "example.com", "! an e-mail address needs an @" },
		{ INDICATOR_EMAIL, "a@.example.com", "! a domain with an empty label" },
		{ INDICATOR_EMAIL, "a b@example.com",
		    "! a character that no e-mail address holds unquoted" },
		{ INDICATOR_DOMAIN, "a\tb.com", "! a control character in a value" },
		{ INDICATOR_DOMAIN, "a\xff.com", "! a value that is not UTF-8" },
	};
	check(t, ARRAY_LEN(t));
	is_str(normal(INDICATOR_NONE, SPAN_LIT("a\0b.com")), "! a control character in a value",
	    "NUL inside");
	char *big = malloc(INDICATOR_VALUE_MAX + 1);
	if (!big)
		abort();
	memset(big, 'a', INDICATOR_VALUE_MAX + 1);
	memcpy(big, "http://example.com/", 19);
	is_str(normal(INDICATOR_NONE, span_of(big, INDICATOR_VALUE_MAX + 1)),
	    "! a value is longer than 2048 bytes", "one byte too long");
	ok(strncmp(normal(INDICATOR_NONE, span_of(big, INDICATOR_VALUE_MAX)), "url ", 4) == 0,
	    "as long as allowed");
	memset(big + 7, 'a', INDICATOR_VALUE_MAX - 7);
	memcpy(big + INDICATOR_VALUE_MAX - 8, "@[::1:1]", 8);
	is_str(normal(INDICATOR_URL, span_of(big, INDICATOR_VALUE_MAX)),
	    "! a value is longer than 2048 bytes", "a host that grows beyond the cap");
	free(big);
}

static void names(void)
{
	static const struct {
		const char *name;
		enum indicator_type type;
	} t[] = { { "SHA-256", INDICATOR_SHA256 }, { "hostname", INDICATOR_DOMAIN },
		{ "IPv4-Addr", INDICATOR_IPV4 }, { "ip:port", INDICATOR_IP_PORT },
		{ "filename", INDICATOR_FILE_NAME }, { "uri", INDICATOR_URL },
		{ "email-addr", INDICATOR_EMAIL }, { "", INDICATOR_NONE },
		{ "mutex", INDICATOR_MUTEX }, { "regkey", INDICATOR_REGISTRY },
		{ "x509-fingerprint-sha1", INDICATOR_CERT }, { "nonsense", INDICATOR_NONE } };
	int wrong = 0;

	for (size_t i = 0; i < ARRAY_LEN(t); i++)
		is_int(indicator_type_of(span_str(t[i].name)), t[i].type, "type \"%s\"", t[i].name);
	for (enum indicator_type i = INDICATOR_MD5; i < INDICATOR_TYPES; i++)
		wrong += indicator_type_of(span_str(indicator_type_name(i))) != i;
	is_int(wrong, 0, "every type has a name that leads back to it");
	is_int(indicator_of_digest(DIGEST_SHA1), INDICATOR_SHA1, "digest to type");
	is_int(indicator_of_digest(DIGEST_SHA384), INDICATOR_NONE, "SHA-384 is not hunted");
	is_int(indicator_of_digest(DIGEST_NONE), INDICATOR_NONE, "none is none");
}

static void json(void)
{
	AUTO_BUF struct buf b = BUF_INIT(4096);
	struct jw w = jw_canonical(&b);
	struct indicator i = { .type = INDICATOR_DOMAIN, .value = "evil.example", .source = "s",
		.confidence = 80, .valid_from = 0, .valid_until = TS_FOREVER };

	indicator_json(&w, &i);
	is_str(buf_str(&b),
	    "{\"confidence\":80,\"exact\":false,\"source\":\"s\",\"type\":\"domain\","
	    "\"valid_from\":\"1970-01-01T00:00:00Z\",\"value\":\"evil.example\"}", "as JSON");
}

/* The real list: what is refused, what is not, and that normalising twice changes nothing. */
static void real(void)
{
	const char *dir = getenv("SHARED") ? getenv("SHARED") : "../shared/data";
	char path[512];
	AUTO_BUF struct buf b = BUF_INIT(1u << 20);
	struct csv c;
	struct csv_field f[8];
	size_t n, rows = 0, refused = 0;
	int moved = 0;

	snprintf(path, sizeof(path), "%s/cases/3cx-2023/indicators.csv", dir);
	if (access(path, R_OK) < 0 || file_read(path, &b, 1u << 20, NULL) < 0) {
		tap_skip("the public 3CX indicators", "../shared/data is not there");
		return;
	}
	csv_open(&c, buf_span(&b), ',', false);
	if (!csv_next(&c, f, ARRAY_LEN(f), &n))
		abort();
	while (csv_next(&c, f, ARRAY_LEN(f), &n)) {
		enum indicator_type t = indicator_type_of(f[0].raw), again;
		const char *v, *v2;
		struct fault why = FAULT_INIT;
		rows++;
		if (t == INDICATOR_NONE)
			moved++;
		if (indicator_normalise(&t, f[1].raw, &arena, &v, &why) < 0) {
			refused++;
			diag("%.*s: %s", SPAN_ARG(f[1].raw), why.text);
			continue;
		}
		again = t;
		if (indicator_normalise(&again, span_str(v), &arena, &v2, NULL) < 0 ||
		    again != t || strcmp(v, v2) != 0)
			moved++;
	}
	is_int(c.err, 0, "the real list is CSV");
	is_int(rows, 152, "all its rows");
	is_int(refused, 0, "none of them refused");
	is_int(moved, 0, "each is of a known type and stays what it is when normalised again");
}

int main(void)
{
	guesses();
	domains();
	addresses();
	urls();
	others();
	names();
	json();
	real();
	arena_free(&arena);
	return tap_done();
}
