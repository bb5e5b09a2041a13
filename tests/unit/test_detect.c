/* SPDX-License-Identifier: Apache-2.0 */

#include "tap.h"
#include "detect/detect.h"

#include <stdio.h>

#define NOW (1700000000ll * TS_SECOND)

static struct detect *d;

static void add(enum indicator_type t, const char *value, const char *source, bool exact, ts from,
    ts until)
{
	struct indicator i = { .type = t, .value = value, .source = source, .exact = exact,
		.confidence = 70, .category = "c2", .valid_from = from, .valid_until = until };
	if (detect_add(d, &i) < 0)
		abort();
}

/* "value<source,source!" with ! for expired claims, ^ in front for a parent; matches by spaces. */
static const char *show(const struct detect_match *m, size_t n)
{
	static char out[2048];
	size_t at = 0;

	out[0] = 0;
	for (size_t k = 0; k < n; k++) {
		struct indicator i;
		uint32_t pos = 0;
		const char *sep = "<";
		at += (size_t)snprintf(out + at, sizeof(out) - at, "%s%s%s%s", k ? " " : "",
		    m[k].parent ? "^" : "", m[k].expired ? "!" : "", detect_value(d, &m[k]));
		while (detect_claim(d, &m[k], &pos, &i)) {
			at += (size_t)snprintf(out + at, sizeof(out) - at, "%s%s%s", sep, i.source,
			    i.valid_until <= m[k].at ? "!" : "");
			sep = ",";
		}
	}
	return out;
}

static const char *name(const char *s)
{
	struct detect_match m[DETECT_MATCHES_MAX];
	return show(m, detect_name(d, span_str(s), NOW, m));
}

static const char *ip(int family, const char *bytes, uint16_t port)
{
	struct detect_match m[DETECT_MATCHES_MAX];
	return show(m, detect_ip(d, family, (const uint8_t *)bytes, port, NOW, m));
}

static void domains(void)
{
	add(INDICATOR_DOMAIN, "evil.example", "a", false, TS_NONE, TS_FOREVER);
	add(INDICATOR_DOMAIN, "evil.example", "b", true, TS_NONE, TS_FOREVER);
	add(INDICATOR_DOMAIN, "deep.evil.example", "c", false, TS_NONE, TS_FOREVER);
	add(INDICATOR_DOMAIN, "only.example", "a", true, TS_NONE, TS_FOREVER);
	add(INDICATOR_DOMAIN, "co.uk", "a", false, TS_NONE, TS_FOREVER);

	is_str(name("evil.example"), "evil.example<a,b", "the name itself, all its sources");
	is_str(name("EVIL.Example."), "evil.example<a,b", "case and final dot do not matter");
	is_str(name("www.evil.example"), "^evil.example<a", "a sub-domain, not for exact claims");
	is_str(name("x.deep.evil.example"), "^deep.evil.example<c ^evil.example<a",
	    "the most specific first");
	is_str(name("only.example"), "only.example<a", "exact matches itself");
	is_str(name("www.only.example"), "", "and nothing below it");
	is_str(name("notevil.example"), "", "the same letters at the end are not a label");
	is_str(name("evil.example.com"), "", "nor is the beginning");
	is_str(name("example"), "", "a parent never matches what is below it");
	is_str(name("evil.exampl"), "", "a cut name");
	is_str(name("x\\.evil.example"), "", "an escaped dot does not end a label");
	is_str(name("x\\\\.evil.example"), "^evil.example<a", "an escaped backslash does");
	is_str(name(""), "", "the empty name");
	is_str(name("."), "", "the root");
	is_str(name("..."), "", "dots only");
	char longest[1100];
	memset(longest, 'a', sizeof(longest));
	for (size_t i = 60; i < sizeof(longest); i += 60)
		longest[i] = '.';
	strcpy(longest + 900, ".evil.example");
	is_str(name(longest), "^evil.example<a", "a name longer than DNS allows");
	struct detect_match m[DETECT_MATCHES_MAX];
	is_int(detect_name(d, span_of(longest, sizeof(longest)), NOW, m), 0, "beyond the cap");
	is_int(detect_name(d, SPAN_LIT("x\0.evil.example"), NOW, m), 0, "NUL inside");
	char many[2 * 127 + 16] = "";
	for (int i = 0; i < 120; i++)
		strcat(many, "a.");
	strcat(many, "co.uk");
	is_str(name(many), "^co.uk<a", "a hundred labels");
}

static void times(void)
{
	struct detect_match m[DETECT_MATCHES_MAX];
	struct detect_stats st;

	add(INDICATOR_DOMAIN, "old.example", "a", false, TS_NONE, NOW - 1);
	add(INDICATOR_DOMAIN, "half.example", "a", false, TS_NONE, NOW - 1);
	add(INDICATOR_DOMAIN, "half.example", "b", false, TS_NONE, TS_FOREVER);
	add(INDICATOR_DOMAIN, "soon.example", "a", false, NOW + 1, TS_FOREVER);
	add(INDICATOR_DOMAIN, "fresh.example", "a", false, NOW, TS_FOREVER);

	is_str(name("old.example"), "!old.example<a!", "expired only");
	is_str(name("half.example"), "half.example<a!,b", "expired for one source");
	is_str(name("soon.example"), "", "not yet begun");
	is_str(name("fresh.example"), "fresh.example<a", "begins now");
	is_int(detect_name(d, SPAN_LIT("old.example"), NOW - 2, m), 1, "at the time observed");
	ok(!m[0].expired, "it was in force then");
	is_int(detect_name(d, SPAN_LIT("fresh.example"), 0, m), 1,
	    "what was observed before the claim began");
	ok(!m[0].expired, "is what hunting back is for");
	detect_stats(d, &st);
	is_int(st.early, 1, "claims that begin later are counted");
}

static void addresses(void)
{
	static const char v6[16] = { 0x20, 0x01, 0x0d, (char)0xb8, [15] = 1 };
	static const char mapped[16] = { [10] = (char)0xff, (char)0xff, (char)198, 51, 100, 7 };

	add(INDICATOR_IPV4, "198.51.100.7", "a", false, TS_NONE, TS_FOREVER);
	add(INDICATOR_IPV4, "198.51.100.0/25", "b", false, TS_NONE, TS_FOREVER);
	add(INDICATOR_IPV4, "198.48.0.0/13", "c", false, TS_NONE, TS_FOREVER);
	add(INDICATOR_IP_PORT, "198.51.100.7:443", "d", false, TS_NONE, TS_FOREVER);
	add(INDICATOR_IPV6, "2001:db8::1", "a", false, TS_NONE, TS_FOREVER);
	add(INDICATOR_IPV6, "2001:db8::/33", "b", false, TS_NONE, TS_FOREVER);
	add(INDICATOR_IP_PORT, "[2001:db8::1]:53", "d", false, TS_NONE, TS_FOREVER);

	is_str(ip(4, "\xc6\x33\x64\x07", 0), "198.51.100.7<a ^198.51.100.0/25<b ^198.48.0.0/13<c",
	    "address, then its networks, the smallest first");
	is_str(ip(4, "\xc6\x33\x64\x07", 443),
	    "198.51.100.7:443<d 198.51.100.7<a ^198.51.100.0/25<b ^198.48.0.0/13<c",
	    "with its port");
	is_str(ip(4, "\xc6\x33\x64\x07", 80), "198.51.100.7<a ^198.51.100.0/25<b ^198.48.0.0/13<c",
	    "another port");
	is_str(ip(4, "\xc6\x33\x64\x80", 443), "^198.48.0.0/13<c", "outside the small network");
	is_str(ip(4, "\xc6\x38\x00\x00", 0), "", "outside both");
	is_str(ip(6, v6, 53), "[2001:db8::1]:53<d 2001:db8::1<a ^2001:db8::/33<b", "IPv6");
	is_str(ip(6, mapped, 0), "198.51.100.7<a ^198.51.100.0/25<b ^198.48.0.0/13<c",
	    "IPv4 inside IPv6");
	is_str(ip(0, mapped, 0), "", "no family");
}

static void files(void)
{
	struct detect_match m[DETECT_MATCHES_MAX];
	struct digest x;
	static const char sha256[] = "7986bbaee8940da11ce089383521ab420c443ab7b15ed42aed91fd31ce833896";

	add(INDICATOR_SHA256, sha256, "a", false, TS_NONE, TS_FOREVER);
	add(INDICATOR_FILE_NAME, "d3dcompiler_47.dll", "a", false, TS_NONE, TS_FOREVER);
	if (digest_parse(span_str(sha256), &x) < 0)
		abort();
	is_int(detect_digest(d, &x, NOW, m), 1, "a digest");
	is_int(detect_type(d, &m[0]), INDICATOR_SHA256, "its type");
	x.b[31] ^= 1;
	is_int(detect_digest(d, &x, NOW, m), 0, "one bit off");
	is_int(detect_digest(d, &(struct digest){ 0 }, NOW, m), 0, "no digest");
	is_str(show(m, detect_file_name(d, SPAN_LIT("D3DCompiler_47.DLL"), NOW, m)),
	    "d3dcompiler_47.dll<a", "a file name in another case");
	is_int(detect_file_name(d, SPAN_LIT("xd3dcompiler_47.dll"), NOW, m), 0, "not a part of one");
	is_str(name("d3dcompiler_47.dll"), "", "types do not mix");
}

static void counts(void)
{
	struct detect_stats before, after;

	detect_stats(d, &before);
	add(INDICATOR_DOMAIN, "evil.example", "a", false, TS_NONE, TS_FOREVER);
	add(INDICATOR_URL, "http://evil.example/", "a", false, TS_NONE, TS_FOREVER);
	detect_stats(d, &after);
	is_int(after.claims, before.claims, "the same claim again changes nothing");
	is_int(after.n[INDICATOR_URL], 1, "what is not looked for is counted");
	is_int(after.indicators, before.indicators, "and not kept");
}

/* Against the plain definition, over many made-up names. */
static void model(void)
{
	AUTO_DETECT struct detect *x = NULL;
	struct detect_match m[DETECT_MATCHES_MAX];
	static char have[4000][32];
	size_t n = 0;
	unsigned r = 1;
	int wrong = 0;

	if (detect_new(&x, NOW) < 0)
		abort();
	for (; n < ARRAY_LEN(have); n++) {
		r = r * 1103515245u + 12345u;
		snprintf(have[n], sizeof(have[n]), "%c%u.%u.test", 'a' + (char)(n % 3), r >> 26,
		    n % 50 ? r >> 8 & 255 : (unsigned)n);
		if (n % 3 == 0)
			snprintf(have[n], sizeof(have[n]), "%u.test", r >> 8 & 127);
		struct indicator i = { .type = INDICATOR_DOMAIN, .value = have[n], .source = "s",
			.valid_from = TS_NONE, .valid_until = TS_FOREVER };
		if (detect_add(x, &i) < 0)
			abort();
	}
	for (int k = 0; k < 2000; k++) {
		char q[64];
		r = r * 1103515245u + 12345u;
		snprintf(q, sizeof(q), "%c%u.%u.test", 'a' + (char)(r >> 5 & 3), r >> 26,
		    r >> 8 & 255);
		size_t want = 0, len = strlen(q);
		for (const char *p = q; p; p = strchr(p, '.') ? strchr(p, '.') + 1 : NULL)
			for (size_t i = 0; i < n; i++)
				if (strchr(p, '.') && strcmp(p, have[i]) == 0) {
					want++;
					break;
				}
		wrong += detect_name(x, span_of(q, len), NOW, m) != want;
	}
	is_int(wrong, 0, "2000 names against the definition");
}

int main(void)
{
	struct detect_match m[DETECT_MATCHES_MAX];

	if (detect_new(&d, NOW) < 0)
		abort();
	is_int(detect_name(d, SPAN_LIT("a.example"), NOW, m), 0, "an empty set matches nothing");
	domains();
	times();
	addresses();
	files();
	counts();
	model();
	d = detect_free(d);
	return tap_done();
}
