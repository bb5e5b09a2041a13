/* SPDX-License-Identifier: Apache-2.0 */

/* Hellos taken apart, and the texts of their fingerprints. */

#include "tap.h"
#include "tls_make.h"
#include "wire/tls_hello.h"

static struct tls_client c;
static struct tls_server s;

static int client_bytes(struct span body, bool dtls)
{
	uint8_t *copy = exact_copy(body);
	int rc;

	memset(&c, 0xff, sizeof(c));
	rc = tls_client_parse(span_of(copy, body.n), dtls, &c);
	free(copy); /* what is looked at below is not in the body, but for spans of AUTO_BUFs */
	if (rc == TLS_HELLO_OK)
		rc = tls_client_parse(body, dtls, &c);
	return rc;
}

static bool zero_client(void)
{
	static const struct tls_client none;
	return memcmp(&c, &none, sizeof(none)) == 0;
}

#define SNI_A "0000 0006 0004 00 0001 61" /* server_name "a" */

static void test_names(void)
{
	static const struct {
		const char *what, *ext, *sni;
		bool has, bad, odd, ip;
	} t[] = {
		{ "a name", SNI_A, "a", true, false, false, false },
		{ "upper case", "0000 0006 0004 00 0001 41", "a", true, false, false, false },
		{ "a final dot", "0000 0007 0005 00 0002 612e", "a", true, false, false, false },
		{ "octets that no host name has", "0000 000a 0008 00 0005 61005c20ff",
		    "a\\000\\092\\032\\255", true, false, false, false },
		{ "no extensions field", NULL, "", false, false, false, false },
		{ "an empty extensions field", "", "", false, false, false, false },
		{ "other extensions around it", "002b 0003 020304" SNI_A "ff01 0001 00", "a", true,
		    false, false, false },
		{ "another name type before it", "0000 000a 0008 07 0001 62 00 0001 61", "a", true,
		    false, false, false },
		{ "only another name type", "0000 0006 0004 07 0001 62", "", true, false, true,
		    false },
		{ "two names: the first", "0000 000a 0008 00 0001 61 00 0001 62", "a", true, false,
		    true, false },
		{ "two server_name extensions: the first", SNI_A "0000 0006 0004 00 0001 62", "a",
		    true, false, true, false },
		{ "an empty server_name", "0000 0000", "", true, false, true, false },
		{ "an empty name", "0000 0005 0003 00 0000", "", true, false, true, false },
		{ "a list shorter than its extension", "0000 0007 0004 00 0001 61 00", "", true,
		    true, true, false },
		{ "a list longer than its extension", "0000 0006 0005 00 0001 61", "", true, true,
		    true, false },
		{ "a name longer than its list", "0000 0006 0004 00 0002 61", "", true, true, true,
		    false },
		{ "an IPv4 address", "0000 000e 000c 00 0009 3139322e302e322e31", "192.0.2.1", true,
		    false, false, true },
		{ "digits that are no address", "0000 0008 0006 00 0003 312e32", "1.2", true, false,
		    false, false },
		{ "an IPv6 address", "0000 0010 000e 00 000b 323030313a6462383a3a31", "2001:db8::1",
		    true, false, false, true },
		{ "one in brackets", "0000 000a 0008 00 0005 5b3a3a315d", "[::1]", true, false,
		    false, true },
	};

	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		AUTO_BUF struct buf b = BUF_INIT(4096);
		tls_put_client(&b, "0303", "1301", t[i].ext);
		is_int(client_bytes(buf_span(&b), false), TLS_HELLO_OK, "%s", t[i].what);
		is_str(c.sni, t[i].sni, "%s: its text", t[i].what);
		ok(c.has_sni == t[i].has && c.bad_sni == t[i].bad && c.odd == t[i].odd &&
			c.sni_ip == t[i].ip,
		    "%s: there %d, bad %d, odd %d, address %d", t[i].what, c.has_sni, c.bad_sni,
		    c.odd, c.sni_ip);
	}
}

static void test_long_names(void)
{
	for (size_t n = TLS_SNI_MAX; n <= TLS_SNI_MAX + 1; n++) {
		AUTO_BUF struct buf b = BUF_INIT(4096), e = BUF_INIT(4096);
		buf_puts(&e, "0000");
		buf_printf(&e, "%04zx %04zx 00 %04zx", n + 5, n + 3, n);
		for (size_t i = 0; i < n; i++)
			buf_puts(&e, "ff");
		buf_putc(&e, 0);
		tls_put_client(&b, "0303", "1301", (const char *)e.p);
		is_int(client_bytes(buf_span(&b), false), TLS_HELLO_OK, "a name of %zu bytes", n);
		is_int(strlen(c.sni), n <= TLS_SNI_MAX ? 4 * n : 0, "all of them, or none");
		ok(c.bad_sni == (n > TLS_SNI_MAX), "longer ones are bad");
	}
}

static void test_fields(void)
{
	AUTO_BUF struct buf b = BUF_INIT(4096);

	tls_put_client(&b, "0303", "1a1a 1301 c02b",
	    "2a2a 0000 | 000a 0006 0004 3a3a 001d | 000b 0003 02 0001 | 000d 0006 0004 0403 0804 |"
	    "0010 000e 000c 02 6832 08 687474702f312e31 | 002b 0007 06 4a4a 0304 0303 |"
	    "fe0d 0001 00 | 002a 0000 | 0029 0001 00");
	is_int(client_bytes(buf_span(&b), false), TLS_HELLO_OK, "a hello with everything");
	is_int(c.version, 0x0304, "the highest version, not GREASE");
	is_int(c.legacy_version, 0x0303, "the version field");
	ok(c.grease && c.ech && !c.ech_inner && c.early_data && !c.odd && !c.has_sni, "flags");
	ok(c.ciphers.n == 6 && c.groups.n == 4 && c.point_formats.n == 2 && c.sigalgs.n == 4 &&
		c.versions.n == 6 && c.alpn.n == 12 && c.random.n == 32,
	    "lists");
	buf_reset(&b);
	tls_put_client(&b, "0303", "1301", "fe0d 0001 01 | ffce 0000");
	is_int(client_bytes(buf_span(&b), false), TLS_HELLO_OK, "inner ECH and ESNI");
	ok(c.ech && c.ech_inner, "are told");
	buf_reset(&b);
	tls_put_client(&b, "fefd", "1301", "002b 0005 04 fefd fefc | 0036 0003 02 abcd");
	is_int(client_bytes(buf_span(&b), true), TLS_HELLO_OK, "DTLS");
	ok(c.dtls && c.version == 0xfefc && c.cookie.n == 2 && c.has_cid && c.cid.n == 2,
	    "1.3 is the higher version, cookie, connection id");
	buf_reset(&b);
	tls_put_client(&b, "0300", "000a", NULL);
	is_int(client_bytes(buf_span(&b), false), TLS_HELLO_OK, "SSL 3.0");
	ok(c.version == 0x0300 && !c.extensions.n, "without extensions");
}

/* The rest of a hello stands when one extension contradicts itself. */
static void test_odd(void)
{
	static const struct {
		const char *what, *ext;
	} t[] = {
		{ "half a group", "000a 0005 0003 001d 00" },
		{ "groups shorter than their extension", "000a 0006 0002 001d 0017" },
		{ "an ALPN name beyond its list", "0010 0005 0003 03 6832" },
		{ "versions of odd length", "002b 0004 03 030403" },
		{ "pre_shared_key in the middle", "0029 0001 00 002d 0000" },
		{ "the same extension twice", "0017 0000 0017 0000" },
	};

	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		AUTO_BUF struct buf b = BUF_INIT(4096), e = BUF_INIT(256);
		buf_printf(&e, "%s %s", SNI_A, t[i].ext);
		buf_putc(&e, 0);
		tls_put_client(&b, "0303", "1301", (const char *)e.p);
		is_int(client_bytes(buf_span(&b), false), TLS_HELLO_OK, "%s", t[i].what);
		ok(c.odd && strcmp(c.sni, "a") == 0, "%s: odd, and the name stands", t[i].what);
	}
}

static void test_bad(void)
{
	static const struct {
		const char *what, *hex;
		int want;
	} t[] = {
		{ "nothing", "", TLS_HELLO_SHORT },
		{ "a session id of 33", "0303" TLS_RANDOM "21" TLS_RANDOM "00 0002 1301 0100",
		    TLS_HELLO_BAD },
		{ "half a cipher suite", "0303" TLS_RANDOM "00 0003 130113 0100", TLS_HELLO_BAD },
		{ "extensions beyond the end", "0303" TLS_RANDOM "00 0002 1301 0100 0001",
		    TLS_HELLO_SHORT },
		{ "an extension beyond the extensions",
		    "0303" TLS_RANDOM "00 0002 1301 0100 0005 0017 0002 00", TLS_HELLO_SHORT },
		{ "half an extension's header", "0303" TLS_RANDOM "00 0002 1301 0100 0002 0017",
		    TLS_HELLO_SHORT },
	};

	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		AUTO_BUF struct buf b = BUF_INIT(4096);
		put_hex(&b, t[i].hex);
		is_int(client_bytes(buf_span(&b), false), t[i].want, "%s", t[i].what);
		ok(zero_client(), "%s: zeroed", t[i].what);
	}
}

/* A prefix is an error, unless it ends before the extensions field; a changed length never leaves
 * half a result. */
static void test_mutations(void)
{
	AUTO_BUF struct buf b = BUF_INIT(4096);
	int bad = 0;

	tls_put_client(&b, "0303", "1301 1302",
	    SNI_A "000a 0004 0002 001d | 000d 0004 0002 0403 | 0010 0005 0003 02 6832 |"
		  "002b 0003 02 0304");
	size_t before = 2 + 32 + 1 + 2 + 4 + 2;
	for (size_t n = 0; n < b.n; n++) {
		int rc = client_bytes(span_of(b.p, n), false);
		if (n == before ? rc != TLS_HELLO_OK : rc == TLS_HELLO_OK || !zero_client())
			bad++;
	}
	is_int(bad, 0, "prefixes of %zu bytes", b.n);
	for (size_t i = 0; i < b.n; i++)
		for (unsigned d = 1; d < 256; d++) {
			b.p[i] ^= (uint8_t)d;
			if (client_bytes(buf_span(&b), false) != TLS_HELLO_OK && !zero_client())
				bad++;
			b.p[i] ^= (uint8_t)d;
		}
	is_int(bad, 0, "every byte with every other value");
}

static void test_sslv2(void)
{
	AUTO_BUF struct buf b = BUF_INIT(4096);
	int bad = 0;

	put_hex(&b, "802e 01 0301 0009 0000 0010 | 000004 00000a 0100 80");
	put_hex(&b, "00112233445566778899aabbccddeeff");
	b.p[1] = (uint8_t)(b.n - 2);
	is_int(tls_client_parse_sslv2(buf_span(&b), &c), TLS_HELLO_OK, "a hello of version 2");
	ok(c.sslv2 && c.version == 0x0301 && c.ciphers.n == 9 && c.random.n == 16 && !c.sni[0],
	    "its fields");
	for (size_t n = 0; n < b.n; n++)
		bad +=
		    tls_client_parse_sslv2(span_of(b.p, n), &c) == TLS_HELLO_OK || !zero_client();
	for (size_t i = 0; i < 11; i++) {
		b.p[i] ^= 0x40;
		bad += tls_client_parse_sslv2(buf_span(&b), &c) == TLS_HELLO_OK || !zero_client();
		b.p[i] ^= 0x40;
	}
	is_int(bad, 0, "its prefixes, and other lengths");
	buf_reset(&b);
	put_hex(&b, "8012 04 00 01 0002 0003 0003 0001 308000 010080 77");
	is_int(tls_server_parse_sslv2(buf_span(&b), &s), TLS_HELLO_OK, "a server's");
	ok(s.sslv2 && s.version == 2 && s.certificate.n == 3, "with its certificate");
}

static void test_server(void)
{
	static const struct tls_server none;
	AUTO_BUF struct buf b = BUF_INIT(4096);
	int bad = 0;

	tls_put_server(&b, "0303", TLS_RANDOM, "c02f", "0010 0005 0003 02 6832 | 0014 0001 02");
	is_int(tls_server_parse(buf_span(&b), false, &s), TLS_HELLO_OK, "TLS 1.2");
	ok(s.version == 0x0303 && s.cipher == 0xc02f && !s.retry && s.raw_keys &&
		span_eq_str(s.alpn, "h2"),
	    "its fields");
	size_t before = 2 + 32 + 1 + 2 + 1;
	for (size_t n = 0; n < b.n; n++)
		if (n != before)
			bad += tls_server_parse(span_of(b.p, n), false, &s) == TLS_HELLO_OK ||
			       memcmp(&s, &none, sizeof(s)) != 0;
	is_int(bad, 0, "prefixes");
	buf_reset(&b);
	tls_put_server(&b, "0303", TLS_RETRY_RANDOM, "1301", "002b 0002 0304");
	is_int(tls_server_parse(buf_span(&b), false, &s), TLS_HELLO_OK, "HelloRetryRequest");
	ok(s.version == 0x0304 && s.retry, "its fields");
	buf_reset(&b);
	put_hex(&b, "7f12" TLS_RANDOM "1301 0000");
	is_int(tls_server_parse(buf_span(&b), false, &s), TLS_HELLO_OK, "draft 18 of TLS 1.3");
	ok(s.version == 0x7f12 && s.cipher == 0x1301, "its fields");
}

/* --- fingerprints --- */

static char text[TLS_JA_MAX];
static struct tls_ja4 j;

static void ja4_is(const char *what, const char *a, const char *b, const char *cc)
{
	ok(strcmp(j.a, a) == 0 && span_eq_str(span_of(j.b, j.nb), b) &&
		span_eq_str(span_of(j.c, j.nc), cc),
	    "%s: %s_%.*s_%.*s", what, j.a, (int)j.nb, j.b, (int)j.nc, j.c);
}

/* The example in technical_details/JA4.md. */
static void test_ja4_example(void)
{
	AUTO_BUF struct buf b = BUF_INIT(4096);

	tls_put_client(&b, "0303",
	    "0a0a 1301 1302 1303 c02b c02f c02c c030 cca9 cca8 c013 c014 009c 009d 002f 0035",
	    "1a1a 0000 | 001b 0000 | " SNI_A " | 0033 0000 | 0010 0005 0003 02 6832 | 4469 0000 |"
	    "0017 0000 | 002d 0000 | 000d 0012 0010 0403 0804 0401 0503 0805 0501 0806 0601 |"
	    "0005 0000 | 0023 0000 | 0012 0000 | 002b 0007 06 2a2a 0304 0303 | ff01 0000 |"
	    "000b 0002 01 00 | 000a 0004 0002 001d | 0015 0000 | 3a3a 0001 00");
	is_int(client_bytes(buf_span(&b), false), TLS_HELLO_OK, "the example of JA4's authors");
	ok(tls_ja4_text(&c, 't', &j), "has a JA4");
	ja4_is("it", "t13d1516h2",
	    "002f,0035,009c,009d,1301,1302,1303,c013,c014,c02b,c02c,c02f,c030,cca8,cca9",
	    "0005,000a,000b,000d,0012,0015,0017,001b,0023,002b,002d,0033,4469,ff01_"
	    "0403,0804,0401,0503,0805,0501,0806,0601");
	size_t n = tls_ja3_text(&c, text);
	ok(span_eq_str(span_of(text, n),
	       "771,4865-4866-4867-49195-49199-49196-49200-52393-52392-49171-49172-156-157-47-53,"
	       "27-0-51-16-17513-23-45-13-5-35-18-43-65281-11-10-21,29,0"),
	    "its JA3: %.*s", (int)n, text);
}

static void test_ja4_parts(void)
{
	static const struct {
		const char *what, *version, *ext, *a, *c;
		char transport;
	} t[] = {
		{ "no extensions", "0301", NULL, "t10i010000", "", 't' },
		{ "SSL 3.0", "0300", NULL, "ts3i010000", "", 't' },
		{ "SSL 2.0", "0002", NULL, "ts2i010000", "", 't' },
		{ "another version", "0305", NULL, "t00i010000", "", 't' },
		{ "TLS 1.1", "0302", NULL, "t11i010000", "", 't' },
		{ "DTLS 1.0", "feff", NULL, "dd1i010000", "", 'd' },
		{ "DTLS 1.2", "fefd", NULL, "dd2i010000", "", 'd' },
		{ "DTLS 1.3", "fefd", "002b 0005 04 fefd fefc", "dd3i010100", "002b", 'd' },
		{ "QUIC", "0303", "002b 0003 02 0304", "q13i010100", "002b", 'q' },
		{ "no signature algorithms", "0303", "0017 0000", "t12i010100", "0017", 't' },
		{ "only SNI and ALPN", "0303", SNI_A "0010 0005 0003 02 6832", "t12d0102h2", "",
		    't' },
		{ "ALPN of one character", "0303", "0010 0004 0002 01 78", "t12i0101xx", "", 't' },
		{ "ALPN AB", "0303", "0010 0004 0002 01 ab", "t12i0101ab", "", 't' },
		{ "ALPN AB CD", "0303", "0010 0005 0003 02 abcd", "t12i0101ad", "", 't' },
		{ "ALPN 30 AB", "0303", "0010 0005 0003 02 30ab", "t12i01013b", "", 't' },
		{ "ALPN 30 31 AB CD", "0303", "0010 0007 0005 04 3031abcd", "t12i01013d", "", 't' },
		{ "ALPN 30 AB CD 31", "0303", "0010 0007 0005 04 30abcd31", "t12i010101", "", 't' },
		{ "an empty ALPN name", "0303", "0010 0003 0001 00", "t12i010100", "", 't' },
		{ "no ALPN name", "0303", "0010 0002 0000", "t12i010100", "", 't' },
		{ "an extension twice", "0303", "0017 0000 0017 0000", "t12i010200", "0017,0017",
		    't' },
	};

	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		AUTO_BUF struct buf b = BUF_INIT(4096);
		tls_put_client(&b, t[i].version, "002f", t[i].ext);
		bool good = client_bytes(buf_span(&b), t[i].transport == 'd') == TLS_HELLO_OK &&
			    tls_ja4_text(&c, t[i].transport, &j);
		ok(good, "%s", t[i].what);
		ja4_is(t[i].what, t[i].a, "002f", t[i].c);
	}
}

static void test_ja4_many(void)
{
	AUTO_BUF struct buf b = BUF_INIT(1 << 17), list = BUF_INIT(1 << 17);

	for (unsigned n = 99; n <= 2000; n += 1901 / 2) {
		buf_reset(&b);
		buf_reset(&list);
		for (unsigned i = 0; i < n; i++)
			buf_printf(&list, "%04x", 0x8000 - i);
		buf_putc(&list, 0);
		tls_put_client(&b, "0303", (const char *)list.p, NULL);
		is_int(client_bytes(buf_span(&b), false), TLS_HELLO_OK, "%u ciphers", n);
		bool has = tls_ja4_text(&c, 't', &j);
		ok(has == (n <= TLS_JA_MAX / 5), "have a JA4, or are too many");
		bool sorted = true;
		for (size_t i = 5; has && i < j.nb; i += 5)
			sorted &= memcmp(j.b + i - 5, j.b + i, 4) < 0;
		ok(!has || (sorted && strcmp(j.a, "t12i990000") == 0), "99 is the most; sorted");
	}
}

static void test_ja3(void)
{
	AUTO_BUF struct buf b = BUF_INIT(4096);

	tls_put_client(&b, "0301", "0004 0005", NULL);
	is_int(client_bytes(buf_span(&b), false), TLS_HELLO_OK, "an old hello");
	ok(span_eq_str(span_of(text, tls_ja3_text(&c, text)), "769,4-5,,,"), "its JA3");
	buf_reset(&b);
	tls_put_server(&b, "0303", TLS_RANDOM, "1301", "002b 0002 0304 | 0033 0000");
	is_int(tls_server_parse(buf_span(&b), false, &s), TLS_HELLO_OK, "a server's hello");
	ok(span_eq_str(span_of(text, tls_ja3s_text(&s, text)), "771,4865,43-51"), "its JA3S");
}

int main(void)
{
	test_names();
	test_long_names();
	test_fields();
	test_odd();
	test_bad();
	test_mutations();
	test_sslv2();
	test_server();
	test_ja4_example();
	test_ja4_parts();
	test_ja4_many();
	test_ja3();
	return tap_done();
}
