/* SPDX-License-Identifier: Apache-2.0 */

/* The kinds of indicators that are no names, addresses or plain digests; defanging; international
 * names; what stays the same when it is normalised again. */

#include "tap.h"
#include "base/hex.h"
#include "crypto/hash.h"
#include "model/indicator.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#define SHA1 "2ad6dc1a8a4a0d0d7e9a24d0b4b4d1a2a1c3b5d7"
#define SHA256 "aa124a4b4df12b34e74ee7f6c683b2ebec4ce9a8edcf9be345823b4fdcf5d868"

struct want {
	enum indicator_type type;
	const char *raw;
	const char *want; /* "type value", or "! reason" */
};

static struct arena arena = ARENA_INIT(1u << 20);

static const char *normal(enum indicator_type t, struct span raw)
{
	static char out[INDICATOR_VALUE_MAX + 64];
	struct fault f = FAULT_INIT;
	const char *v;
	enum indicator_type again;

	if (indicator_normalise(&t, raw, &arena, &v, &f) < 0) {
		snprintf(out, sizeof(out), "! %s", f.text);
		return out;
	}
	snprintf(out, sizeof(out), "%s %s", indicator_type_name(t), v);
	again = t;
	const char *v2 = NULL;
	if (indicator_normalise(&again, span_str(v), &arena, &v2, &f) < 0 || again != t ||
	    strcmp(v, v2) != 0)
		snprintf(out, sizeof(out), "moved: %s became %s", v, v2 ? v2 : f.text);
	return out;
}

static void check(const struct want *t, size_t n)
{
	for (size_t i = 0; i < n; i++)
		is_str(normal(t[i].type, span_str(t[i].raw)), t[i].want, "%s \"%s\"",
		    indicator_type_name(t[i].type), QUOTE(span_str(t[i].raw)));
}

static void defanged(void)
{
	static const struct want t[] = {
		{ INDICATOR_NONE, "hxxp://evil.example/x", "url http://evil.example/x" },
		{ INDICATOR_NONE, "hXXps://evil.example/x", "url https://evil.example/x" },
		{ INDICATOR_NONE, "HXXP[:]//EVIL[.]example/X", "url http://evil.example/X" },
		{ INDICATOR_NONE, "h**p://evil.example/", "url http://evil.example/" },
		{ INDICATOR_NONE, "htxp://evil.example/", "url http://evil.example/" },
		{ INDICATOR_NONE, "hxtps://evil.example/", "url https://evil.example/" },
		{ INDICATOR_NONE, "h[tt]p://evil.example/", "url http://evil.example/" },
		{ INDICATOR_NONE, "[http]://evil.example/", "url http://evil.example/" },
		{ INDICATOR_NONE, "meow://evil.example/", "url http://evil.example/" },
		{ INDICATOR_NONE, "meows://evil.example/", "url https://evil.example/" },
		{ INDICATOR_NONE, "fxp://evil.example/a", "url ftp://evil.example/a" },
		{ INDICATOR_NONE, "http[://]evil.example/", "url http://evil.example/" },
		{ INDICATOR_NONE, "http:\\\\evil.example/", "url http://evil.example/" },
		{ INDICATOR_NONE, "evil[.]example", "domain evil.example" },
		{ INDICATOR_NONE, "evil(.)example", "domain evil.example" },
		{ INDICATOR_NONE, "evil{.}example", "domain evil.example" },
		{ INDICATOR_NONE, "evil<.>example", "domain evil.example" },
		{ INDICATOR_NONE, "evil[dot]example", "domain evil.example" },
		{ INDICATOR_NONE, "evil[DOT]example", "domain evil.example" },
		{ INDICATOR_NONE, "evil(dot)example", "domain evil.example" },
		{ INDICATOR_NONE, "evil{dot}example", "domain evil.example" },
		{ INDICATOR_NONE, "evil[d]example", "domain evil.example" },
		{ INDICATOR_NONE, "evil dot example", "domain evil.example" },
		{ INDICATOR_NONE, "a dot evil [dot] example", "domain a.evil.example" },
		{ INDICATOR_NONE, "evil[.example", "domain evil.example" },
		{ INDICATOR_NONE, "evil.]example", "domain evil.example" },
		{ INDICATOR_NONE, "evil\\.example", "domain evil.example" },
		{ INDICATOR_NONE, "evil[.]example[.]", "domain evil.example" },
		{ INDICATOR_DOMAIN, "[[.]]", "! a domain with an empty label" },
		{ INDICATOR_NONE, "1.2.3[.]4", "ipv4 1.2.3.4" },
		{ INDICATOR_NONE, "1[.]2[.]3[.]4:80", "ip-port 1.2.3.4:80" },
		{ INDICATOR_NONE, "1(.)2(.)3(.)0/24", "ipv4 1.2.3.0/24" },
		{ INDICATOR_NONE, "1.2.3.4[:]80", "ip-port 1.2.3.4:80" },
		{ INDICATOR_NONE, "2001[:]db8[:]:1", "ipv6 2001:db8::1" },
		{ INDICATOR_NONE, "bad(at)evil(dot)example", "email bad@evil.example" },
		{ INDICATOR_NONE, "bad[@]evil[.]example", "email bad@evil.example" },
		{ INDICATOR_NONE, "bad [at] evil [dot] example", "email bad@evil.example" },
		{ INDICATOR_EMAIL, "mailto:Bad@Evil.example", "email bad@evil.example" },
		{ INDICATOR_NONE, "hxxp://evil[.]example/wiki/Foo_(.NET)",
		    "url http://evil.example/wiki/Foo_(.NET)" },
		{ INDICATOR_NONE, "hxxp://evil.example[/]a[.]php", "url http://evil.example/a.php" },
		{ INDICATOR_NONE, "look at evil dot example",
		    "! not a domain: labels hold letters, digits, hyphen and underscore" },
		{ INDICATOR_NONE, "evil example",
		    "! not a domain: labels hold letters, digits, hyphen and underscore" },
		{ INDICATOR_DOMAIN, "\xef\xbb\xbf" "evil.example\xc2\xa0", "domain evil.example" },
		{ INDICATOR_DOMAIN, "\xe3\x80\x80" "evil.example", "domain evil.example" },
	};
	check(t, ARRAY_LEN(t));
}

/* UTS 46, and RFC 3492 section 7.1 for Punycode. */
static void international(void)
{
	static const struct want t[] = {
		{ INDICATOR_DOMAIN, "m\xc3\xbcnchen.example", "domain xn--mnchen-3ya.example" },
		{ INDICATOR_DOMAIN, "M\xc3\x9cNCHEN.EXAMPLE", "domain xn--mnchen-3ya.example" },
		{ INDICATOR_DOMAIN, "mu\xcc\x88nchen.example", "domain xn--mnchen-3ya.example" },
		{ INDICATOR_DOMAIN, "fa\xc3\x9f.example", "domain xn--fa-hia.example" },
		{ INDICATOR_DOMAIN, "\xcf\x83\xcf\x8c\xce\xbb\xce\xbf\xcf\x82.example",
		    "domain xn--wxaijb9b.example" },
		{ INDICATOR_DOMAIN, "\xe4\xbe\x8b\xe5\xad\x90.\xe6\xb5\x8b\xe8\xaf\x95",
		    "domain xn--fsqu00a.xn--0zwm56d" },
		{ INDICATOR_DOMAIN, "evil\xe3\x80\x82" "example", "domain evil.example" },
		{ INDICATOR_DOMAIN, "evil\xef\xbd\xa1" "example\xef\xbc\x8e", "domain evil.example" },
		{ INDICATOR_DOMAIN, "\xef\xbd\x85\xef\xbd\x96\xef\xbd\x89\xef\xbd\x8c.example",
		    "domain evil.example" },
		{ INDICATOR_NONE, "\xef\xbc\x91\xef\xbc\x90.1.2.3", "ipv4 10.1.2.3" },
		{ INDICATOR_DOMAIN, "ev\xe2\x80\x8bil.ex\xc2\xad" "ample", "domain evil.example" },
		{ INDICATOR_DOMAIN, "_x.m\xc3\xbcnchen.example", "domain _x.xn--mnchen-3ya.example" },
		{ INDICATOR_DOMAIN, "XN--MNCHEN-3YA.Example", "domain xn--mnchen-3ya.example" },
		{ INDICATOR_DOMAIN, "xn--i-7iq.ws", "domain xn--i-7iq.ws" },
		{ INDICATOR_DOMAIN, "xn--fsqu00a.xn--0zwm56d", "domain xn--fsqu00a.xn--0zwm56d" },
		{ INDICATOR_DOMAIN, "xn--ihqwcrb4cv8a8dqg056pqjye.example",
		    "domain xn--ihqwcrb4cv8a8dqg056pqjye.example" },
		{ INDICATOR_DOMAIN, "xn--.example",
		    "! a label begins with xn-- but is no internationalised name" },
		{ INDICATOR_DOMAIN, "xn--evil.example", "domain xn--evil.example" },
		{ INDICATOR_DOMAIN, "xn--evil-.example",
		    "! a label begins with xn-- but is no internationalised name" },
		{ INDICATOR_DOMAIN, "xn--99999999999.example",
		    "! a label begins with xn-- but is no internationalised name" },
		{ INDICATOR_DOMAIN, "xn--mnchen-3y_.example",
		    "! a label begins with xn-- but is no internationalised name" },
		{ INDICATOR_DOMAIN, "i\xe2\x9d\xa4.ws",
		    "! a character that no internationalised name holds (IDNA 2008)" },
		{ INDICATOR_DOMAIN, "a\xe2\x80\x8c" "b.example",
		    "! an internationalised name with an invisible or context character out of place" },
		{ INDICATOR_DOMAIN, "evil.e\xe2\x80\xae" "xample",
		    "! a character that no internationalised name holds (IDNA 2008)" },
		{ INDICATOR_URL, "http://M\xc3\xbcnchen.example/Stra\xc3\x9f" "e?q=\xc3\xa4",
		    "url http://xn--mnchen-3ya.example/Stra%C3%9Fe?q=%C3%A4" },
		{ INDICATOR_URL, "http://\xc3\xbc@evil.example/", "! user information of a URL that is not "
								  "ASCII" },
		{ INDICATOR_EMAIL, "a@m\xc3\xbcnchen.example", "email a@xn--mnchen-3ya.example" },
		{ INDICATOR_EMAIL, "\xc3\xa4@evil.example",
		    "! a character that no e-mail address holds unquoted" },
	};
	check(t, ARRAY_LEN(t));
}

static void fingerprints(void)
{
	static const struct want t[] = {
		{ INDICATOR_AUTHENTIHASH, "SHA256:" SHA256, "authentihash " SHA256 },
		{ INDICATOR_AUTHENTIHASH, SHA1, "authentihash " SHA1 },
		{ INDICATOR_AUTHENTIHASH, "00", "! an Authenticode digest is 40 (SHA-1) or 64 (SHA-256) "
						"hex digits" },
		{ INDICATOR_IMPHASH, "F34D5F2D4577ED6D9CEEC516C1F5A744",
		    "imphash f34d5f2d4577ed6d9ceec516c1f5a744" },
		{ INDICATOR_IMPHASH, SHA1, "! an import hash is 32 hex digits" },
		{ INDICATOR_IMPHASH, "d41d8cd98f00b204e9800998ecf8427e",
		    "! the import hash of no imports matches every program without imports" },
		{ INDICATOR_JA3, "JA3:E7D705A3286E19EA42F587B344EE6865",
		    "ja3 e7d705a3286e19ea42f587b344ee6865" },
		{ INDICATOR_JA3, "769,47-53,0-10,23,0", "! the text that JA3 digests: give its MD5" },
		{ INDICATOR_JA3, "e7d7", "! a JA3 fingerprint is 32 hex digits" },
		{ INDICATOR_NONE, "t13d1516h2_8daaf6152771_e5627efa2ab1",
		    "ja4 t13d1516h2_8daaf6152771_e5627efa2ab1" },
		{ INDICATOR_JA4, "T13D1516H2_8DAAF6152771_E5627EFA2AB1",
		    "ja4 t13d1516h2_8daaf6152771_e5627efa2ab1" },
		{ INDICATOR_JA4, "q13i0310H3_55b375c5d22e_cd85d2d88918",
		    "ja4 q13i0310H3_55b375c5d22e_cd85d2d88918" },
		{ INDICATOR_JA4, "dd2i060500_0b479b1b5763_a373a9f83c6b",
		    "ja4 dd2i060500_0b479b1b5763_a373a9f83c6b" },
		{ INDICATOR_JA4, "ts3i000000_000000000000_000000000000",
		    "ja4 ts3i000000_000000000000_000000000000" },
		{ INDICATOR_JA4, "t14d1516h2_8daaf6152771_e5627efa2ab1",
		    "! a JA4 looks like t13d1516h2_8daaf6152771_e5627efa2ab1" },
		{ INDICATOR_JA4, "t13x1516h2_8daaf6152771_e5627efa2ab1",
		    "! a JA4 looks like t13d1516h2_8daaf6152771_e5627efa2ab1" },
		{ INDICATOR_JA4, "t13d1516h2_8daaf6152771_e5627efa2ab",
		    "! a JA4 looks like t13d1516h2_8daaf6152771_e5627efa2ab1" },
		{ INDICATOR_JA4, "t13d1516h2_002f,0035_0005,000a",
		    "! the lists that JA4 digests (JA4_r): give the JA4" },
		{ INDICATOR_CERT, "2A:D6:DC:1A:8A:4A:0D:0D:7E:9A:24:D0:B4:B4:D1:A2:A1:C3:B5:D7",
		    "cert " SHA1 },
		{ INDICATOR_CERT, "\xe2\x80\x8e" "2a d6 dc 1a 8a 4a 0d 0d 7e 9a 24 d0 b4 b4 d1 a2 a1 c3 b5 d7",
		    "cert " SHA1 },
		{ INDICATOR_CERT, "SHA256 Fingerprint=" SHA256, "cert " SHA256 },
		{ INDICATOR_CERT, "d41d8cd98f00b204e9800998ecf8427e",
		    "! a certificate's fingerprint is 40 (SHA-1) or 64 (SHA-256) hex digits" },
		{ INDICATOR_CERT_SERIAL, "0x0A:bc", "cert-serial 0abc" },
		{ INDICATOR_CERT_SERIAL, "00:00:12:34", "cert-serial 1234" },
		{ INDICATOR_CERT_SERIAL, "abc", "cert-serial 0abc" },
		{ INDICATOR_CERT_SERIAL, "12 34 AB", "cert-serial 1234ab" },
		{ INDICATOR_CERT_SERIAL, "4096 (0x1000)", "cert-serial 1000" },
		{ INDICATOR_CERT_SERIAL, "decimal:4096", "cert-serial 1000" },
		{ INDICATOR_CERT_SERIAL, "serial=1000", "cert-serial 1000" },
		{ INDICATOR_CERT_SERIAL, "decimal:1461501637330902918203684832716283019655932542975",
		    "cert-serial ffffffffffffffffffffffffffffffffffffffff" },
		{ INDICATOR_CERT_SERIAL, "1461501637330902918203684832716283019655932542975",
		    "cert-serial ffffffffffffffffffffffffffffffffffffffff" },
		{ INDICATOR_CERT_SERIAL, "1461501637330902918203684832716283019655932542976",
		    "! a serial number has at most 20 bytes" },
		{ INDICATOR_CERT_SERIAL, "ffffffffffffffffffffffffffffffffffffffff",
		    "cert-serial ffffffffffffffffffffffffffffffffffffffff" },
		{ INDICATOR_CERT_SERIAL, "1ffffffffffffffffffffffffffffffffffffffff",
		    "! a serial number has at most 20 bytes" },
		{ INDICATOR_CERT_SERIAL, "00", "! the serial number 0 names no certificate" },
		{ INDICATOR_CERT_SERIAL, "xyz", "! a serial number is hex digits (or decimal:N)" },
		{ INDICATOR_CERT_SERIAL, "-12", "cert-serial 12" },
	};
	check(t, ARRAY_LEN(t));
}

static void paths(void)
{
	static const struct want t[] = {
		{ INDICATOR_NONE, "%TEMP%\\a.exe", "path **/temp/a.exe" },
		{ INDICATOR_FILE_NAME, "%APPDATA%\\b.exe", "path **/appdata/roaming/b.exe" },
		{ INDICATOR_PATH, "%LocalAppData%\\3CXDesktopApp\\app\\ffmpeg.dll",
		    "path **/appdata/local/3cxdesktopapp/app/ffmpeg.dll" },
		{ INDICATOR_PATH, "$env:ProgramData\\x\\y.dll", "path **/programdata/x/y.dll" },
		{ INDICATOR_PATH, "${HOME}/.config/evil", "path **/.config/evil" },
		{ INDICATOR_PATH, "~/.config/evil", "path **/.config/evil" },
		{ INDICATOR_PATH, "$HOME/.x/evil", "path **/.x/evil" },
		{ INDICATOR_PATH, "%UNKNOWN%\\evil.exe", "path **/evil.exe" },
		{ INDICATOR_PATH, "%USERPROFILE%\\evil.exe", "path **/users/*/evil.exe" },
		{ INDICATOR_PATH, "C:\\Users\\%USERNAME%\\evil.exe", "path c:/users/*/evil.exe" },
		{ INDICATOR_PATH, "%ProgramFiles(x86)%\\Evil\\x.dll", "path **/program files (x86)/evil/x.dll" },
		{ INDICATOR_NONE, "C:\\Windows\\Temp\\x.dll", "path c:/windows/temp/x.dll" },
		{ INDICATOR_PATH, "\\\\?\\C:\\x\\y.dll", "path c:/x/y.dll" },
		{ INDICATOR_PATH, "\\\\\\\\?\\C:\\x\\y.dll", "path c:/x/y.dll" },
		{ INDICATOR_PATH, "\\\\?\\\\\\.\\C:\\x\\y.dll", "path c:/x/y.dll" },
		{ INDICATOR_NONE, "\\\\server\\share\\evil.exe", "path //server/share/evil.exe" },
		{ INDICATOR_PATH, "/tmp//a/./b", "path /tmp/a/b" },
		{ INDICATOR_PATH, "/Library/Caches/UpdateAgent", "path /library/caches/updateagent" },
		{ INDICATOR_PATH, "evil\\x.dll", "path **/evil/x.dll" },
		{ INDICATOR_PATH, "*\\evil\\x.dll", "path **/evil/x.dll" },
		{ INDICATOR_PATH, "/opt/***/evil/*", "path /opt/**/evil/*" },
		{ INDICATOR_PATH, "/opt/a**b/x", "path /opt/a*b/x" },
		{ INDICATOR_PATH, "/opt/evil/", "path /opt/evil/**" },
		{ INDICATOR_FILE_NAME, "evil*.exe", "path **/evil*.exe" },
		{ INDICATOR_FILE_NAME, "setup[1].exe", "file-name setup[1].exe" },
		{ INDICATOR_PATH, "/a/../b", "! a path that goes up (..)" },
		{ INDICATOR_PATH, "./c:evil.exe", "! a drive without its folder" },
		{ INDICATOR_PATH, "c:evil.exe", "! a drive without its folder" },
		{ INDICATOR_PATH, "/", "! a path without a name" },
		{ INDICATOR_PATH, "*", "! a path without a name" },
		{ INDICATOR_PATH, "**/*.exe", "! the pattern matches nearly every file" },
		{ INDICATOR_PATH, "C:\\Windows\\*", "! the pattern matches nearly every file" },
		{ INDICATOR_PATH, "%TEMP%\\*.exe", "! the pattern matches nearly every file" },
		{ INDICATOR_PATH, "/usr/bin/*", "! the pattern matches nearly every file" },
		{ INDICATOR_PATH, "/usr/bin/", "! the pattern matches nearly every file" },
		{ INDICATOR_REGISTRY, "HKEY_LOCAL_MACHINE\\SOFTWARE\\Evil", "registry hklm\\software\\evil" },
		{ INDICATOR_NONE, "HKLM:\\Software\\Evil\\", "registry hklm\\software\\evil" },
		{ INDICATOR_NONE, "hkcu\\\\Software\\\\Evil", "registry hkcu\\software\\evil" },
		{ INDICATOR_REGISTRY, "Computer\\HKEY_CURRENT_USER\\X", "registry hkcu\\x" },
		{ INDICATOR_REGISTRY, "\\REGISTRY\\MACHINE\\X", "registry hklm\\x" },
		{ INDICATOR_REGISTRY, "Registry::HKEY_USERS\\S-1-5-18\\X", "registry hku\\s-1-5-18\\x" },
		{ INDICATOR_REGISTRY, "HKLM:/Software/X", "registry hklm\\software\\x" },
		{ INDICATOR_REGISTRY, "HKCR\\a/b\\c", "registry hkcr\\a/b\\c" },
		{ INDICATOR_REGISTRY, "HKLM\\", "! a whole registry hive" },
		{ INDICATOR_REGISTRY, "Software\\Evil",
		    "! a registry key starts with its hive (HKLM, HKEY_CURRENT_USER …)" },
		{ INDICATOR_MUTEX, "Global\\Evil[.]Mutex ", "mutex Global\\Evil[.]Mutex" },
		{ INDICATOR_PATTERN, "[a:b = 'x']\n\tAND [c:d = 'y']", "pattern [a:b = 'x']  AND [c:d = 'y']" },
		{ INDICATOR_PATTERN, "a\001b", "! a control character in a value" },
	};
	check(t, ARRAY_LEN(t));
}

static void path_matching(void)
{
	static const struct {
		const char *pattern, *path;
		bool want;
	} t[] = {
		{ "c:/x/y.dll", "C:\\X\\Y.DLL", true },
		{ "c:/x/y.dll", "D:\\x\\y.dll", false },
		{ "c:/x/y.dll", "/mnt/disk/X/y.dll", true },
		{ "c:/x/y.dll", "/mnt/disk/xx/y.dll", false },
		{ "c:/x/y.dll", "/x/y.dll", true },
		{ "**/temp/a.exe", "/mnt/c/Users/b/AppData/Local/Temp/a.exe", true },
		{ "**/temp/a.exe", "C:\\Temp\\A.exe", true },
		{ "**/temp/a.exe", "temp/a.exe", true },
		{ "**/temp/a.exe", "/xtemp/a.exe", false },
		{ "**/temp/a.exe", "/temp/a.exe.txt", false },
		{ "**/temp/a.exe", "/temp/x/a.exe", false },
		{ "/tmp/a/b", "/tmp/a/b", true },
		{ "/tmp/a/b", "/x/tmp/a/b", false },
		{ "/tmp/a/b", "tmp/a/b", false },
		{ "/opt/*/evil", "/opt/x/evil", true },
		{ "/opt/*/evil", "/opt/x/y/evil", false },
		{ "/opt/*/evil", "/opt//evil", true },
		{ "/opt/**/evil", "/opt/x/y/evil", true },
		{ "/opt/**/evil", "/opt/evil", true },
		{ "/opt/**/evil", "/opt/evil/x", false },
		{ "/opt/evil/**", "/opt/evil/x", true },
		{ "/opt/evil/**", "/opt/evil/x/y", true },
		{ "/opt/evil/**", "/opt/evil", false },
		{ "/opt/a?c*.d", "/opt/abcxxx.d", true },
		{ "/opt/a?c*.d", "/opt/a/cxxx.d", false },
		{ "**/a/**/b/*.c", "/x/a/a/q/b/z/b/y.c", true },
		{ "**/a/**/b/*.c", "/x/a/a/q/b/z/y.c", false },
		{ "**/a*a*a*b", "/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", false },
		{ "**/x[1].exe", "/t/X[1].exe", true },
		{ "//server/share/e.exe", "\\\\SERVER\\share\\e.exe", true },
		{ "**/x", "", false },
	};

	for (size_t i = 0; i < ARRAY_LEN(t); i++)
		ok(indicator_path_match(t[i].pattern, span_str(t[i].path)) == t[i].want,
		    "%s %s %s", t[i].pattern, t[i].want ? "matches" : "does not match", t[i].path);
	/* Time that grows with length times length at most. */
	char *long_path = malloc(4001);
	if (!long_path)
		abort();
	for (int i = 0; i < 4000; i++)
		long_path[i] = i % 2 ? 'a' : '/';
	long_path[4000] = 0;
	ok(!indicator_path_match("**/a/**/a/**/a/**/a/*a*a*a*b", span_str(long_path)), "a hostile pattern");
	free(long_path);
}

/* The table of trivial digests says what their contents have. */
static void trivial(void)
{
	static const char zeros[4096];
	static const struct {
		const char *what;
		struct span bytes;
	} t[] = { { "no bytes", { NULL, 0 } }, { "a line feed", SPAN_LIT("\n") }, { "CR LF", SPAN_LIT("\r\n") },
		{ "a space", SPAN_LIT(" ") }, { "the digit 0", SPAN_LIT("0") }, { "the digit 1", SPAN_LIT("1") },
		{ "{}", SPAN_LIT("{}") }, { "[]", SPAN_LIT("[]") },
		{ "a UTF-8 byte order mark", SPAN_LIT("\xef\xbb\xbf") },
		{ "1 zero byte", { (const uint8_t *)zeros, 1 } },
		{ "512 zero bytes", { (const uint8_t *)zeros, 512 } },
		{ "1024 zero bytes", { (const uint8_t *)zeros, 1024 } },
		{ "4096 zero bytes", { (const uint8_t *)zeros, 4096 } } };
	static const enum indicator_type types[] = { INDICATOR_MD5, INDICATOR_SHA1, INDICATOR_SHA256,
		INDICATOR_SHA512 };

	for (size_t i = 0; i < ARRAY_LEN(t); i++)
		for (size_t k = 0; k < ARRAY_LEN(types); k++) {
			struct digest d;
			if (hash_span(indicator_digest_alg(types[k]), t[i].bytes, &d) < 0)
				abort();
			is_str(indicator_trivial(types[k], DIGEST_HEX(&d)), t[i].what, "%s of %s",
			    indicator_type_name(types[k]), t[i].what);
			ok(normal(types[k], span_str(DIGEST_HEX(&d)))[0] == '!', "is refused");
		}
	struct fault f = FAULT_INIT;
	enum indicator_type type = INDICATOR_NONE;
	const char *v;
	is_int(indicator_normalise_benign(&type, SPAN_LIT("D41D8CD98F00B204E9800998ECF8427E"), &arena, &v,
	    &f), 0, "but taken as benign");
}

static void benign(void)
{
	static const struct want t[] = { { INDICATOR_DOMAIN, "com", "domain com" },
		{ INDICATOR_IPV4, "0.0.0.0/0", "ipv4 0.0.0.0/0" }, { INDICATOR_IPV4, "127.0.0.0/8",
		    "ipv4 127.0.0.0/8" }, { INDICATOR_IPV6, "FE80::/10", "ipv6 fe80::/10" },
		{ INDICATOR_DOMAIN, "*.Google.AD", "domain google.ad" } };

	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		enum indicator_type type = t[i].type;
		const char *v = "";
		char got[FAULT_MAX + 16];
		struct fault f = FAULT_INIT;
		int rc = indicator_normalise_benign(&type, span_str(t[i].raw), &arena, &v, &f);
		snprintf(got, sizeof(got), "%s %s", rc < 0 ? "!" : indicator_type_name(type),
		    rc < 0 ? f.text : v);
		is_str(got, t[i].want, "benign %s", t[i].raw);
	}
}

static uint64_t state = 88172645463325252u;

static uint32_t dice(uint32_t n)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return (uint32_t)(state >> 33) % n;
}

/* Strings of pieces that matter, of every type: taken once or not, they stay. */
static void property(void)
{
	static const char *const piece[] = { "a", "b", "evil", ".", "..", "com", "[.]", "(.)", " dot ", "[dot]",
		"hxxp", "http", "://", "[:]", "/", "//", "\\", "\\.", ":", "80", "@", "[at]", "%", "%TEMP%",
		"%41", "*", "**", "?", "#", "1.2.3.4", "::1", "2001:db8::", "[", "]", "(", ")", "xn--", "-", "_",
		"\xc3\xbc", "\xe2\x80\x8b", "\xef\xbc\x8e", "\xe3\x80\x82", "\xef\xbc\xa1", "C:\\", "HKLM\\",
		"0", "ff", "0x", "00:", " ", ",", "|", "exe", ".dll", "~", "$", "{", "}", "sha256:", "t13d1516h2_",
		"8daaf6152771", "d41d8cd98f00b204e9800998ecf8427e", "decimal:", "\xe2\x80\x8e", "\xcc\x88", "<", ">" };
	int wrong = 0, taken = 0, rounds = getenv("SANITIZED") ? 60000 : 400000;
	char text[256];

	for (int i = 0; i < rounds; i++) {
		size_t n = 0;
		for (uint32_t k = 1 + dice(8); k; k--) {
			const char *p = piece[dice(ARRAY_LEN(piece))];
			n = (size_t)(stpcpy(text + n, p) - text);
		}
		enum indicator_type t = dice(INDICATOR_TYPES), was = t, again;
		const char *v = NULL, *v2 = NULL;
		struct fault f = FAULT_INIT;
		int rc = dice(4) ? indicator_normalise(&t, span_of(text, n), &arena, &v, &f) :
				   indicator_normalise_benign(&t, span_of(text, n), &arena, &v, &f);
		if (rc == 0) {
			again = t;
			taken++;
			rc = indicator_normalise_benign(&again, span_str(v), &arena, &v2, &f);
			if (rc < 0 || again != t || strcmp(v, v2) != 0) {
				if (wrong++ < 5)
					diag("%s: %s became %s %s", QUOTE(span_of(text, n)),
					    QUOTE(span_str(v)), v2 ? QUOTE(span_str(v2)) : "-", f.text);
			}
		} else if (v || t != was || !f.text[0]) {
			wrong++;
		}
		if (arena.used > 512u << 10)
			arena_free(&arena);
	}
	diag("%d of %d taken", taken, rounds);
	is_int(wrong, 0, "normalised twice is normalised once");
	ok(taken > rounds / 20, "and many were taken at all");
}

int main(void)
{
	defanged();
	international();
	fingerprints();
	paths();
	path_matching();
	trivial();
	benign();
	property();
	arena_free(&arena);
	return tap_done();
}
