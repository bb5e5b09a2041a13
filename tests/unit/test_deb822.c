/* SPDX-License-Identifier: Apache-2.0 */

/* Debian's control data, Release files, indices. */

#include "trust/debian/archive.h"

#include "base/hex.h"
#include "tap.h"

#include <errno.h>

#define H1 "3a2118df47bf3f04285649f0455c2fc6fe2dc7f0b237073038aa00af41f0d5f2"
#define H2 "4a2118df47bf3f04285649f0455c2fc6fe2dc7f0b237073038aa00af41f0d5f2"

static struct deb822 d;
static struct arena mem;
static struct fault f;

static int parse(const char *text)
{
	f = FAULT_INIT;
	return deb822_parse(&d, span_str(text), &f);
}

static void test_stanza(void)
{
	struct span v, line;

	is_int(parse("\nA: 1\nb:  two words \nC:\n x\n .\n\ty y\nD:\n\n"), 0, "a stanza");
	is_int(d.n, 4, "its fields");
	ok(span_eq_str(deb822_line(&d, "B"), "two words"), "a value, by a name in another case");
	ok(deb822_line(&d, "C").n == 0 && deb822_get(&d, "C"), "a list is no line");
	v = deb822_get(&d, "c")->value;
	ok(deb822_next_line(&v, &line) && span_eq_str(line, "x"), "its first line");
	ok(deb822_next_line(&v, &line) && span_eq_str(line, "."), "its second");
	ok(deb822_next_line(&v, &line) && span_eq_str(line, "y y") && !deb822_next_line(&v, &line),
	    "its last");
	ok(deb822_get(&d, "D") && !deb822_get(&d, "E"), "an empty field is there");
}

static void test_bad_stanzas(void)
{
	static const struct {
		const char *text, *says;
	} t[] = {
		{ "", "no field" },
		{ "\n\n", "no field" },
		{ "A: 1", "cut off" },
		{ "A: 1\nA: 2\n", "second time" },
		{ "SHA256:\n x\nsha256:\n y\n", "second time" },
		{ " x\n", "without a field" },
		{ "A: 1\n \nB: 2\n", "white space only" },
		{ "A: 1\n\t\n", "white space only" },
		{ "A: 1\n\nB: 2\n", "second stanza" },
		{ "A: 1\nB\n", "neither" },
		{ "# c\nA: 1\n", "neither" },
		{ "#c: x\nA: 1\n", "not a field name" },
		{ "-A: 1\n", "not a field name" },
		{ ": 1\n", "not a field name" },
		{ "A B: 1\n", "not a field name" },
		{ "A: 1\r\n", "CR" },
		{ "-----BEGIN PGP SIGNED MESSAGE-----\n", "neither" },
	};
	const char text[] = "A: 1\nB: 2\n c\nLast: x\n";
	size_t wrong = 0;

	for (size_t i = 0; i < ARRAY_LEN(t); i++)
		if (!ok(parse(t[i].text) == -EBADMSG && d.n == 0 && strstr(f.text, t[i].says),
			"stanza %zu: %s", i, t[i].says))
			diag("%s", f.text);
	is_int(deb822_parse(&d, span_of("A: \0\n", 5), &f), -EBADMSG, "a NUL");
	for (size_t n = 0; n < sizeof(text) - 1; n++) {
		int rc = deb822_parse(&d, span_of(text, n), &f);
		wrong += (rc == 0) != (n && text[n - 1] == '\n');
	}
	is_int(wrong, 0, "a cut inside a line is refused");
}

static void test_paths(void)
{
	static const char *const bad[] = { "", "/x", "../x", "a/../b", "a/..", "a//b", "a/", "a b",
		"a\nb", "a\\b", "\x7f", "a\x80" };
	static const char *const good[] = { "a", "main/binary-all/Packages.xz", "a/.b", "..a", "a..",
		"x_1%3a2+b~c.deb" };

	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		ok(!deb822_path_ok(span_str(bad[i])), "path %zu is refused", i);
	for (size_t i = 0; i < ARRAY_LEN(good); i++)
		ok(deb822_path_ok(span_str(good[i])), "%s is a path", good[i]);
}

static void test_dates(void)
{
	static const char *const bad[] = { "", "Sat, 11 Jul 2026 10:16:37", "2026-07-11T10:16:37Z",
		"Sat, 11 Jul 2026 10:16:37 CET", "Sat, 11 Jul 2026 10:16:37 +0200",
		"Sat, 31 Feb 2026 10:16:37 UTC", "Sat, 11 Jul 26 10:16:37 UTC",
		"Sat, 11 Xyz 2026 10:16:37 UTC", "Sat, 11 Jul 2026 25:16:37 UTC",
		"Sat, 11 Jul 2026 10:16:37 UTC x", "Sat, 0 Jul 2026 10:16:37 UTC" };
	ts a, b;

	ok(deb_date_parse(&a, SPAN_LIT("Sat, 11 Jul 2026 10:16:37 UTC")) == 0 &&
		ts_parse(SPAN_LIT("2026-07-11T10:16:37Z"), &b) == 0 && a == b, "a date");
	is_int(deb_date_parse(&a, SPAN_LIT("Sat,  1 Aug 2026 10:16:37 +0000")), 0, "a short day");
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		is_int(deb_date_parse(&a, span_str(bad[i])), -EBADMSG, "date %zu is refused", i);
}

#define DATE "Date: Sat, 11 Jul 2026 10:16:37 UTC\n"

static void test_release(void)
{
	static const struct {
		const char *text, *says;
	} bad[] = {
		{ "Suite: s\n" DATE "MD5Sum:\n d41d8cd98f00b204e9800998ecf8427e 0 x\n", "no SHA256" },
		{ "Suite: s\n" DATE "SHA1:\n da39a3ee5e6b4b0d3255bfef95601890afd80709 0 x\n", "no SHA256" },
		{ "Suite: s\nSHA256:\n " H1 " 1 x\n", "no Date" },
		{ "Suite: s\nDate: today\nSHA256:\n " H1 " 1 x\n", "no date" },
		{ "Suite: s\n" DATE "Valid-Until: x\nSHA256:\n " H1 " 1 x\n", "no date" },
		{ "Suite: s\n" DATE "SHA256:\n " H1 " 1\n", "not \"SHA-256 size name\"" },
		{ "Suite: s\n" DATE "SHA256:\n " H1 " 1 x y\n", "not \"SHA-256 size name\"" },
		{ "Suite: s\n" DATE "SHA256:\n " H1 "0 1 x\n", "not \"SHA-256 size name\"" },
		{ "Suite: s\n" DATE "SHA256:\n " H1 " -1 x\n", "not \"SHA-256 size name\"" },
		{ "Suite: s\n" DATE "SHA256:\n " H1 " 99999999999999999999 x\n", "not \"SHA" },
		{ "Suite: s\n" DATE "SHA256:\n " H1 " 1 ../../etc/passwd\n", "leads elsewhere" },
		{ "Suite: s\n" DATE "SHA256:\n " H1 " 1 /x\n", "leads elsewhere" },
		{ "Suite: s\n" DATE "SHA256:\n " H1 " 1 x\n " H2 " 1 x\n", "twice" },
		{ "Suite: s\n" DATE "SHA256:\n " H1 " 1 x\n " H1 " 2 x\n", "twice" },
	};
	struct deb_release r;

	is_int(parse("Origin: O\nSuite: stable\nCodename: c\n" DATE
		     "Valid-Until: Sat, 18 Jul 2026 10:16:37 UTC\nAcquire-By-Hash: yes\nSHA256:\n " H2
		     " 7 main/Release\n " H1 " 1 main/binary-all/Packages.xz\n " H2
		     " 7 main/source/Sources\n"),
	    0, "a Release");
	ok(deb_release_is(&d), "is one");
	is_int(deb_release_read(&r, &d, &mem, &f), 0, "is read");
	is_str(r.suite, "stable", "suite");
	ok(r.by_hash && r.valid_until - r.date == 7 * TS_DAY && r.n == 3, "flags, dates, files");
	uint8_t h1[32], h2[32];
	is_int(hex_decode(h1, SPAN_LIT(H1)) + hex_decode(h2, SPAN_LIT(H2)), 0, "digests");
	ok(deb_release_find(&r, h1, 1, true), "an index");
	ok(!deb_release_find(&r, h1, 2, true), "not with another size");
	const struct deb_listed *l = deb_release_find(&r, h2, 7, true);
	is_str(l ? l->path : "", "main/source/Sources", "only Packages and Sources are indices");
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		int rc = parse(bad[i].text);
		if (rc == 0)
			rc = deb_release_read(&r, &d, &mem, &f);
		if (!ok(rc == -EBADMSG && !r.n && !r.suite && strstr(f.text, bad[i].says),
			"Release %zu: %s", i, bad[i].says))
			diag("%d %s", rc, f.text);
	}
}

#define PKG(name, rest) "Package: " name "\nVersion: 1:2-3\nArchitecture: all\n" rest

static int index_of(struct deb_index *x, const char *text, size_t part)
{
	struct span s = span_str(text);
	int rc = 0;

	f = FAULT_INIT;
	deb_index_init(x);
	for (size_t at = 0; rc == 0 && at < s.n; at += part)
		rc = deb_index_feed(x, span_cut(s, at, part), &f);
	return rc == 0 ? deb_index_done(x, &f) : rc;
}

static void test_index(void)
{
	static const char text[] =
	    PKG("a", "Filename: pool/a_2-3_all.deb\nSize: 12\nSHA256: " H2 "\n\n") "\n\n"
	    PKG("b", "Filename: ./b.deb\nSize: 3\nSHA256: " H1 "\nDescription: x\n y\n\n")
	    PKG("c", "Filename: c.deb\nSize: 3\nMD5sum: 0\n\n")
	    "Package: s\nVersion: 4\nDirectory: pool/s\nChecksums-Sha256:\n " H1 " 5 s.dsc\n " H2
	    " 6 s.tar.xz\n";
	struct deb_index x;
	size_t wrong = 0;

	for (size_t part = 1; part < sizeof(text); part++) {
		wrong += index_of(&x, text, part) != 0 || x.n != 4 || x.stanzas != 4 || x.weak != 1;
		if (part < sizeof(text) - 1)
			deb_index_free(&x);
	}
	is_int(wrong, 0, "an index, in parts of every length");
	const struct deb_item *i = deb_index_find_name(&x, "a_2-3_all.deb");
	struct deb_package p = i ? deb_index_package(&x, i) : (struct deb_package){ 0 };
	ok(i && strcmp(p.name, "a") == 0 && strcmp(p.version, "1:2-3") == 0 &&
		strcmp(p.arch, "all") == 0 && p.size == 12, "a package by its file's name");
	i = deb_index_find_name(&x, "s.tar.xz");
	p = i ? deb_index_package(&x, i) : p;
	ok(i && strcmp(p.path, "pool/s/s.tar.xz") == 0 && strcmp(p.arch, "source") == 0, "a source file");
	ok(deb_index_find(&x, i->sha256) && deb_index_find(&x, i->sha256)[1].sha256[0] == 0x4a,
	    "two files with the same bytes stand together");
	ok(!deb_index_find(&x, (const uint8_t[32]){ 0 }), "no such file");
	deb_index_free(&x);
}

static void test_bad_indices(void)
{
	static const char *const bad[] = {
		"Version: 1\nArchitecture: all\nFilename: x\nSize: 1\nSHA256: " H1 "\n",
		"Package: a\nArchitecture: all\nFilename: x\nSize: 1\nSHA256: " H1 "\n",
		PKG("a", "Size: 1\nSHA256: " H1 "\n"),
		PKG("a", "Filename: x\nSHA256: " H1 "\n"),
		PKG("a", "Filename: ../x\nSize: 1\nSHA256: " H1 "\n"),
		PKG("a", "Filename: x\nSize: 1\nSHA256: 00\n"),
		PKG("a", "Filename: x\nSize: 0x1\nSHA256: " H1 "\n"),
		PKG("a", "Filename: x\nSize: 1\nSHA256: " H1 "\nSHA256: " H2 "\n"),
		PKG("a", "Filename: x\nSize: 1\nSize: 2\nSHA256: " H1 "\n"),
		PKG("a", "Filename: x\nSize: 1\nSHA256:\n " H1 "\n " H2 "\n"),
		PKG("a", "Filename: x\nSize: 1\nSHA256: " H1),
		"Package: s\nVersion: 4\nDirectory: /pool\nChecksums-Sha256:\n " H1 " 5 s.dsc\n",
		"Package: s\nVersion: 4\nDirectory: pool\nChecksums-Sha256:\n " H1 " 5 ../s.dsc\n",
		"nonsense\n",
	};
	struct deb_index x;

	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		if (!ok(index_of(&x, bad[i], 7) == -EBADMSG, "index %zu is refused", i))
			diag("%s", f.text);
		deb_index_free(&x);
	}
	AUTO_BUF struct buf big = BUF_INIT(4u << 20);
	buf_puts(&big, "Package: a\nDescription: ");
	while (big.n < (2u << 20))
		buf_puts(&big, "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx");
	is_int(index_of(&x, buf_str(&big), 4096), -EBADMSG, "a stanza without an end");
	deb_index_free(&x);
}

static void test_kinds(void)
{
	static const struct {
		struct span head;
		enum debian_kind want;
	} t[] = {
		{ SPAN_LIT("-----BEGIN PGP SIGNED MESSAGE-----\n"), DEBIAN_CLEAR },
		{ SPAN_LIT("-----BEGIN PGP SIGNATURE-----\n"), DEBIAN_SIGNATURE },
		{ SPAN_LIT("Origin: Debian\n"), DEBIAN_RELEASE },
		{ SPAN_LIT("Package: a\n"), DEBIAN_INDEX },
		{ SPAN_LIT("\xfd" "7zXZ\0..."), DEBIAN_PACKED },
		{ SPAN_LIT("\x1f\x8b\x08\0"), DEBIAN_PACKED },
		{ SPAN_LIT("{\"payload\":"), DEBIAN_NONE },
		{ SPAN_LIT("untrusted comment: x\n"), DEBIAN_NONE },
		{ SPAN_LIT("-----BEGIN SSH SIGNATURE-----\n"), DEBIAN_NONE },
		{ SPAN_LIT("-----BEGIN PGP PUBLIC KEY BLOCK-----\n"), DEBIAN_NONE },
		{ SPAN_LIT(""), DEBIAN_NONE },
	};

	for (size_t i = 0; i < ARRAY_LEN(t); i++)
		is_int(debian_kind_of(t[i].head), t[i].want, "kind %zu", i);
}

int main(void)
{
	mem = ARENA_INIT(16u << 20);
	test_stanza();
	test_bad_stanzas();
	test_paths();
	test_dates();
	test_release();
	test_index();
	test_bad_indices();
	test_kinds();
	arena_free(&mem);
	return tap_done();
}
