/* SPDX-License-Identifier: Apache-2.0 */

/*
 * What we read around gpgv, and what we believe of it: this program plays gpgv, too, and tells lies.
 * Real keys and the real gpgv are in tests/conformance/openpgp.t.
 */

#include "trust/openpgp/openpgp.h"

#include "tap.h"

#include <errno.h>
#include <sys/syscall.h>
#include <unistd.h>

#define FPR "5DC1A951C07768C3445E5DD1F7DC1A8F96699428"
#define ID "F7DC1A8F96699428"
#define OTHER "AE57B03156E6722A1EDC88E3A3D9CBFB47EA7885"

#define G "[GNUPG:] "
#define NEW G "NEWSIG ed@x\n"
#define CONSIDERED G "KEY_CONSIDERED " FPR " 0\n"
#define GOODSIG G "GOODSIG " ID " Ed Test <ed@x>\n"
#define VALID(hash, type) \
	G "VALIDSIG " FPR " 2026-11-22 1795328626 0 4 0 22 " hash " " type " " FPR "\n"
#define GOOD NEW CONSIDERED GOODSIG VALID("8", "01")
#define UNKNOWN \
	NEW G "ERRSIG A3D9CBFB47EA7885 1 10 01 1795328626 9 " OTHER "\n" \
	G "NO_PUBKEY A3D9CBFB47EA7885\n"

static struct pgp_status st;

static int parse(const char *text)
{
	return pgp_status_parse(&st, span_str(text), NULL);
}

static void test_status(void)
{
	static const char text[] = G "PLAINTEXT 74 0 \n" GOOD UNKNOWN;

	is_int(parse(text), 0, "two signatures");
	is_int(st.n, 2, "are two");
	is_int(st.sig[0].state, PGP_SIG_GOOD, "a good one");
	is_str(st.sig[0].fingerprint, FPR, "its fingerprint");
	is_str(st.sig[0].primary, FPR, "its certificate");
	is_str(st.sig[0].user, "Ed Test <ed@x>", "its user id");
	is_int(st.sig[0].created, 1795328626, "its time");
	is_int(st.sig[0].hash_algo, 8, "its digest");
	is_int(st.sig[1].state, PGP_SIG_NO_KEY, "one by nobody");
	is_int(parse(NEW CONSIDERED G "KEYEXPIRED 1704931200\n" G "EXPKEYSIG " ID " Exp <e@x>\n"
			 VALID("8", "01")),
	    0, "an expired key");
	is_int(st.sig[0].state, PGP_SIG_KEY_EXPIRED, "is said");
	is_int(parse(NEW G "REVKEYSIG " ID " R <r@x>\n" VALID("8", "01")), 0, "a revoked key");
	is_int(st.sig[0].state, PGP_SIG_KEY_REVOKED, "is said");
	is_int(parse(NEW G "BADSIG " ID " Ed\n"), 0, "a wrong one");
	is_int(st.sig[0].state, PGP_SIG_BAD, "is said");
	is_int(parse(G "NODATA 1\n"), 0, "no data");
	is_str(st.trouble, "NODATA", "is said");
	is_int(parse(GOOD G "ERROR proc_pkt.plaintext 89_BAD_DATA\n"), 0, "an error behind a good one");
	is_str(st.trouble, "ERROR", "is said");
	is_int(parse(""), 0, "silence");
	is_int(st.n, 0, "is no signature");
}

static void test_bad_status(void)
{
	static const char *const bad[] = {
		"GOODSIG " ID " x\n",		     /* no prefix */
		G "GOODSIG " ID " x\n",		     /* no NEWSIG */
		NEW GOODSIG,			     /* no VALIDSIG */
		NEW VALID("8", "01"),		     /* no GOODSIG */
		GOOD VALID("8", "01"),		     /* twice */
		NEW GOODSIG GOODSIG VALID("8", "01"),
		NEW G "BADSIG " ID " x\n" VALID("8", "01"),
		NEW G "GOODSIG A3D9CBFB47EA7885 x\n" VALID("8", "01"), /* another key's */
		NEW, NEW NEW GOODSIG VALID("8", "01"),
		NEW G "NO_PUBKEY " ID "\n",
		NEW G "ERRSIG A3D9CBFB47EA7885 1 10 01 1795328626 4 -\n" G "NO_PUBKEY A3D9CBFB47EA7885\n",
		NEW G "ERRSIG A3D9CBFB47EA7885 1 10 01 1795328626 9 -\n" G "NO_PUBKEY " ID "\n",
		GOOD G "SOMETHING new\n",
		GOOD "gpgv: Good signature from nobody\n",
		GOOD G "PLAINTEXT 74 0 \n", /* a second text behind it */
		NEW GOODSIG VALID("8", "1"), NEW GOODSIG VALID("8", "10"), NEW GOODSIG VALID("x", "01"),
		NEW G "GOODSIG f7dc1a8f96699428 x\n" VALID("8", "01"),
		NEW GOODSIG G "VALIDSIG " FPR " 2026-11-22 1795328626 0 4 0 22 8 01\n",
		NEW GOODSIG G "VALIDSIG " FPR " 2026-11-22 1795328626 0 4 0 22 8 01 " FPR " more\n",
		NEW GOODSIG G "VALIDSIG " FPR " 2026-11-22 -1 0 4 0 22 8 01 " FPR "\n",
		NEW GOODSIG G "VALIDSIG " ID " 2026-11-22 1795328626 0 4 0 22 8 01 " ID "\n",
		"\n", G "\n", "x",
	};
	static const struct pgp_status zero;

	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		if (!ok(parse(bad[i]) == -EBADMSG && memcmp(&st, &zero, sizeof(st)) == 0,
			"status %zu is refused", i))
			diag("%s", bad[i]);
	const char text[] = GOOD UNKNOWN;
	size_t wrong = 0;
	for (size_t n = 1; n < sizeof(text) - 1; n++) {
		int rc = pgp_status_parse(&st, span_of(text, n), NULL);
		bool whole = n == strlen(GOOD) || n == sizeof(text) - 1;
		/* An ERRSIG without its NO_PUBKEY is an error, too: never good. */
		bool error = rc == 0 && st.n == 2 && st.sig[1].state == PGP_SIG_ERROR;
		wrong += !whole && !error && rc == 0;
	}
	is_int(wrong, 0, "every cut is refused");
}

static void test_armor(void)
{
	static const char good[] = "-----BEGIN PGP SIGNATURE-----\nVersion: x\n\niQ==\n=deO1\n"
				   "-----END PGP SIGNATURE-----\n";
	static const char *const bad[] = {
		"", "-----BEGIN PGP SIGNATURE-----\n", " -----BEGIN PGP SIGNATURE-----\n\niQ==\n",
		"-----BEGIN PGP SIGNATURE-----\n\n-----END PGP SIGNATURE-----\n",
		"-----BEGIN PGP SIGNATURE-----\n\ni*==\n-----END PGP SIGNATURE-----\n",
		"-----BEGIN PGP SIGNATURE-----\n\niQ==\n=AAAA\n-----END PGP SIGNATURE-----\n",
		"-----BEGIN PGP SIGNATURE-----\n\niQ==\n=deO1\niQ==\n-----END PGP SIGNATURE-----\n",
		"-----BEGIN PGP SIGNATURE-----\nno header\n\niQ==\n-----END PGP SIGNATURE-----\n",
		"-----BEGIN PGP MESSAGE-----\n\niQ==\n-----END PGP MESSAGE-----\n",
		"-----BEGIN PGP SIGNATURE-----\n\niQ==\n-----END PGP SIGNATURE-----\nx\n",
		"-----BEGIN PGP SIGNATURE-----\n\niQ==\n-----END PGP MESSAGE-----\n",
	};
	AUTO_BUF struct buf out = BUF_INIT(1024);
	struct fault f = FAULT_INIT;

	if (!ok(pgp_armor_read(&out, span_str(good), "SIGNATURE", false, &f) == 0, "armor"))
		diag("%s", f.text);
	ok(out.n == 1 && out.p[0] == 0x89, "its byte");
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		is_int(pgp_armor_read(&out, span_str(bad[i]), "SIGNATURE", false, &f), -EBADMSG,
		    "armor %zu is refused", i);
}

static void test_packets(void)
{
	static const uint8_t good[] = { 0x88, 2, 4, 0, 0xc2, 1, 4, 0x89, 0, 1, 4, 0xc2, 255, 0, 0, 0, 1, 4 };
	static const struct {
		uint8_t b[8];
		size_t n;
	} bad[] = { { { 0 }, 0 }, { { 0x88 }, 1 }, { { 0x88, 2, 4 }, 3 }, { { 0x8b, 4, 0 }, 3 },
		{ { 0xc2, 224, 4 }, 3 }, { { 0x08, 1, 4 }, 3 }, { { 0x80, 1, 4 }, 3 },
		{ { 0x88, 1, 4, 0xcb, 1, 'b' }, 6 }, { { 0x8a, 255, 255, 255, 255, 4 }, 6 } };

	is_int(pgp_count_signatures(span_of(good, sizeof(good)), NULL), 4, "four signatures");
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		is_int(pgp_count_signatures(span_of(bad[i].b, bad[i].n), NULL), -EBADMSG,
		    "packets %zu are refused", i);
	static const uint8_t real[] = { 0x88, 8, 4, 0, 22, 8, 0, 0, 0, 0 };
	static const uint8_t odd[][10] = { { 0x88, 9, 4, 0, 22, 8 }, { 0x88, 8, 4, 0x99, 22, 8 },
		{ 0x88, 8, 4, 0, 99, 8 }, { 0x88, 8, 4, 0, 22, 99 }, { 0x88, 8, 9, 0, 22, 8 } };
	is_int(pgp_form_of(span_of(real, sizeof(real))), PGP_FORM_SIGNATURE, "a binary signature");
	for (size_t i = 0; i < ARRAY_LEN(odd); i++)
		is_int(pgp_form_of(span_of(odd[i], sizeof(odd[i]))), PGP_FORM_NONE,
		    "other bytes that begin like one (%zu)", i);
	is_int(pgp_form_of(SPAN_LIT("Package: x\n")), PGP_FORM_NONE, "text is none");
	is_int(pgp_form_of(SPAN_NONE), PGP_FORM_NONE, "nothing is none");
	is_int(pgp_form_of(SPAN_LIT("\x1f\x8b\x08")), PGP_FORM_NONE, "gzip is none");
}

/* --- a gpgv that lies ------------------------------------------------------------------------- */

/* The public half of an Ed25519 test key made for this test, and a text signed with it. */
static const char key_text[] =
#include "openpgp_key.inc"
    ;
static const char clear_text[] =
#include "openpgp_clear.inc"
    ;

static const char body[] = "Origin: x\nSuite: s\n- dash\n\nFrom me\n";

/* Which one to tell is in the name that the program runs under. */
static const struct lie {
	const char *name, *status, *text;
	int code;
	enum pgp_result want;
} lies[] = {
	{ "the truth", GOOD, body, 0, PGP_GOOD },
	{ "good, but exit 1", GOOD, body, 1, PGP_BAD },
	{ "good, but exit 2", GOOD, body, 2, PGP_BAD },
	{ "a stranger, but exit 0", UNKNOWN, body, 0, PGP_BAD },
	{ "a stranger", UNKNOWN, body, 2, PGP_STRANGER },
	{ "nothing", "", body, 0, PGP_BAD },
	{ "nothing, exit 2", "", "", 2, PGP_BAD },
	{ "another text", GOOD, "Origin: y\n", 0, PGP_BAD },
	{ "no text", GOOD, "", 0, PGP_BAD },
	{ "a second signature that is not there", GOOD GOOD, body, 0, PGP_BAD },
	{ "a key that was not given",
	    NEW G "GOODSIG A3D9CBFB47EA7885 x\n" G "VALIDSIG " OTHER
		" 2026-11-22 1795328626 0 4 0 22 8 01 " OTHER "\n",
	    body, 0, PGP_UNUSABLE },
	{ "SHA-1", NEW GOODSIG VALID("2", "01"), body, 0, PGP_UNUSABLE },
	{ "MD5", NEW GOODSIG VALID("1", "01"), body, 0, PGP_UNUSABLE },
	{ "RIPEMD-160", NEW GOODSIG VALID("3", "01"), body, 0, PGP_UNUSABLE },
	{ "SHA-224", NEW GOODSIG VALID("11", "01"), body, 0, PGP_UNUSABLE },
	{ "SHA-384", NEW GOODSIG VALID("9", "01"), body, 0, PGP_GOOD },
	{ "SHA-512", NEW GOODSIG VALID("10", "01"), body, 0, PGP_GOOD },
	{ "another key algorithm",
	    NEW GOODSIG G "VALIDSIG " FPR " 2026-11-22 1795328626 0 4 0 1 8 01 " FPR "\n", body, 0,
	    PGP_UNUSABLE },
	{ "over bytes, not text", NEW GOODSIG VALID("8", "00"), body, 0, PGP_UNUSABLE },
	{ "from the future",
	    NEW GOODSIG G "VALIDSIG " FPR " 2030-01-01 1893456000 0 4 0 22 8 01 " FPR "\n", body, 0,
	    PGP_UNUSABLE },
	{ "expired by our clock",
	    NEW GOODSIG G "VALIDSIG " FPR " 2026-11-22 1795328626 1795328627 4 0 22 8 01 " FPR "\n",
	    body, 0, PGP_UNUSABLE },
	{ "an expired key", NEW G "EXPKEYSIG " ID " x\n" VALID("8", "01"), body, 0, PGP_UNUSABLE },
	{ "a revoked key", NEW G "REVKEYSIG " ID " x\n" VALID("8", "01"), body, 0, PGP_UNUSABLE },
	{ "an expired signature", NEW G "EXPSIG " ID " x\n" VALID("8", "01"), body, 0, PGP_UNUSABLE },
	{ "wrong", NEW G "BADSIG " ID " x\n", body, 1, PGP_BAD },
	{ "wrong, but exit 0", NEW G "BADSIG " ID " x\n", body, 0, PGP_BAD },
	{ "good and trouble", GOOD G "NODATA 1\n", body, 0, PGP_BROKEN },
	{ "words of its own", "hello\n", body, 0, PGP_BAD },
	{ "a crash", GOOD, body, -1, PGP_BAD },
};

static int be_gpgv(const struct lie *l)
{
	size_t n = strlen(l->status), m = strlen(l->text);

	if (write(2, l->status, n) != (ssize_t)n || write(1, l->text, m) != (ssize_t)m)
		return 99;
	if (l->code < 0)
		abort();
	return l->code;
}

static void test_lies(const char *self)
{
	AUTO_PGP_KEYS struct pgp_keys keys = PGP_KEYS_INIT;
	struct pgp_opts o = { .now = (INT64_C(1795328626) + 60) * TS_SECOND };
	struct fault f = FAULT_INIT;
	struct pgp_check c;
	char name[4200];

	if (!ok(pgp_keys_add(&keys, span_str(key_text), "key", &f) == 0, "the test key"))
		diag("%s", f.text);
	is_str(keys.n ? keys.key[0].fingerprint : "", FPR, "its fingerprint");
	for (size_t i = 0; i < ARRAY_LEN(lies); i++) {
		AUTO_BUF struct buf text = BUF_INIT(1u << 20);
		/* A link whose name tells the lie: arguments and environment are not ours to choose. */
		snprintf(name, sizeof(name), "%s.lie%zu", self, i);
		unlink(name);
		if (link(self, name) < 0) {
			tap_skip(lies[i].name, "no hard link here");
			continue;
		}
		o.gpgv = name;
		int rc = pgp_verify_clear(&c, span_str(clear_text), &keys, &o, &text, &f);
		if (!ok(rc == (int)lies[i].want && (rc == PGP_GOOD) == (text.n > 0),
			"gpgv says: %s", lies[i].name))
			diag("%d: %s %s", rc, c.why, f.text);
		unlink(name);
	}
	o.gpgv = "/nonexistent/gpgv";
	AUTO_BUF struct buf text = BUF_INIT(1u << 20);
	is_int(pgp_verify_clear(&c, span_str(clear_text), &keys, &o, &text, &f), PGP_NO_GPGV,
	    "no gpgv: nothing is known");
	ok(strstr(c.why, "/nonexistent/gpgv") && text.n == 0, "and it is named");
	AUTO_PGP_KEYS struct pgp_keys none = PGP_KEYS_INIT;
	is_int(pgp_verify_clear(&c, span_str(clear_text), &none, &o, &text, &f), PGP_STRANGER,
	    "without keys everybody is a stranger");
}

static void test_keys(void)
{
	AUTO_PGP_KEYS struct pgp_keys keys = PGP_KEYS_INIT;
	struct fault f = FAULT_INIT;
	static const char *const bad[] = { "", "x", "-----BEGIN PGP PUBLIC KEY BLOCK-----\n",
		"\x88\x02\x04\x01", "\x98\x03\x04\x01", "\x94\x02\x04\x01",
		"01234567KBXf------------" };

	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		is_int(pgp_keys_add(&keys, span_str(bad[i]), "k", &f), -EBADMSG,
		    "keyring %zu is refused", i);
}

int main(void)
{
	char self[4096] = { 0 };

	if (readlink("/proc/self/exe", self, sizeof(self) - 1) < 0)
		self[0] = 0;
	const char *lie = strstr(self, ".lie");
	if (lie)
		return (int)syscall( /* not through a sanitizer */
		    SYS_exit_group, be_gpgv(&lies[strtoul(lie + 4, NULL, 10)]));
	test_status();
	test_bad_status();
	test_armor();
	test_packets();
	test_keys();
	test_lies(self);
	return tap_done();
}
