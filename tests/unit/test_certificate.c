/* SPDX-License-Identifier: Apache-2.0 */

/* Certificates as a sensor tells them: a real one, every prefix, every byte changed, odd encodings.
 */

#include "bytes.h"
#include "tap.h"
#include "wire/certificate.h"
#include "wire/dn_text.h"

#include <errno.h>

/* Made by: openssl req -x509 … -set_serial 0x0a1b2c3d4e5f60718293 -subj '/C=DE/O=Ex\+ample, "Ü"/OU=
 * lead /CN=…' */
static const char der[] =
    "3082022b308201d1a003020102020a0a1b2c3d4e5f60718293300a06082a8648ce3d0403023051310b300906"
    "035504061302444531173015060355040a0c0e45782b616d706c652c2022c39c22310f300d060355040b0c06"
    "206c656164203118301606035504030c0f7777772e6578616d706c652e636f6d301e170d3236313132323137"
    "343030385a170d3236313232323137343030385a3051310b300906035504061302444531173015060355040a"
    "0c0e45782b616d706c652c2022c39c22310f300d060355040b0c06206c656164203118301606035504030c0f"
    "7777772e6578616d706c652e636f6d3059301306072a8648ce3d020106082a8648ce3d03010703420004a417"
    "63aeae24fadc2d7647069694e4030976681a5343f59e03c7d27fb765ad33de1ec5ebe12cfcfd55539be9f2c3"
    "aba6a289ff31b13389382b2c661fb4fbe31fa3819030818d301d0603551d0e041604141eeffe0d1c593655b7"
    "0e0713cf66f6928011165e301f0603551d230418301680141eeffe0d1c593655b70e0713cf66f6928011165e"
    "300f0603551d130101ff040530030101ff303a0603551d1104333031820f7777772e6578616d706c652e636f"
    "6d820d2a2e4578616d706c652e6e65748704c00002018209782e6578616d706c65300a06082a8648ce3d0403"
    "020348003045022100c13937f88e366e6e2857d33ecfa5b1857470187701463d10f30dc27704e853e702202e"
    "94ce3b9749ee4122a24ba2521f548dc3bf2e784500614366f8e770afe8cced";

static struct certificate c;

static int parse(struct span s)
{
	memset(&c, 0xff, sizeof(c));
	return certificate_parse(s, &c);
}

static void test_real(void)
{
	AUTO_BUF struct buf b = BUF_INIT(4096);
	char t[TS_TEXT_MAX];

	put_hex(&b, der);
	is_int(parse(buf_span(&b)), 0, "a certificate by openssl");
	is_str(c.subject, "CN=www.example.com,OU=\\ lead\\ ,O=Ex\\+ample\\, \\\"Ü\\\",C=DE",
	    "subject");
	is_str(c.issuer, c.subject, "issuer");
	ok(c.self_issued && !c.bad, "self-issued, all of it read");
	ok(c.serial.n == 10 && c.serial.p[0] == 0x0a && c.serial.p[9] == 0x93, "serial");
	is_str(ts_format(c.not_before, t), "2026-11-22T17:40:08Z", "valid from");
	is_str(ts_format(c.not_after, t), "2026-12-22T17:40:08Z", "valid to");
	ok(span_eq_str(c.common_name, "www.example.com"), "common name");
	is_int(c.nsan, 3, "names");
	ok(span_eq_str(c.san_dns[0], "www.example.com") &&
		span_eq_str(c.san_dns[1], "*.Example.net") &&
		span_eq_str(c.san_dns[2], "x.example"),
	    "as they stand");
	ok(c.nsan_ip == 1 && span_eq(c.san_ip[0], SPAN_LIT("\xc0\x00\x02\x01")), "and an address");
}

static void test_mutations(void)
{
	AUTO_BUF struct buf b = BUF_INIT(4096);
	static const struct certificate none;
	int bad = 0, whole = 0;

	put_hex(&b, der);
	for (size_t n = 0; n < b.n; n++) {
		uint8_t *copy = exact_copy(span_of(b.p, n));
		bad += parse(span_of(copy, n)) != -EBADMSG || memcmp(&c, &none, sizeof(c)) != 0;
		free(copy);
	}
	is_int(bad, 0, "every prefix is refused");
	for (size_t i = 0; i < b.n; i++)
		for (unsigned d = 1; d < 256; d += 2) {
			b.p[i] ^= (uint8_t)d;
			int rc = parse(buf_span(&b));
			bad +=
			    rc ? memcmp(&c, &none, sizeof(c)) != 0 : c.nsan > CERTIFICATE_SANS_MAX;
			whole += rc == 0;
			b.p[i] ^= (uint8_t)d;
		}
	is_int(bad, 0, "no changed byte leaves half a result (%d still parsed)", whole);
}

/* tbsCertificate of these times, nothing else of interest. */
static void dated(struct buf *b, const char *tag, const char *from, const char *to)
{
	AUTO_BUF struct buf v = BUF_INIT(256), t = BUF_INIT(512);
	unsigned type = tag[0] == 'u' ? 0x17 : 0x18;

	buf_putc(&v, (char)type);
	buf_putc(&v, (char)strlen(from));
	buf_puts(&v, from);
	buf_putc(&v, (char)type);
	buf_putc(&v, (char)strlen(to));
	buf_puts(&v, to);
	put_hex(&t, "020101 3000 3000 30");
	buf_putc(&t, (char)v.n);
	buf_put_span(&t, buf_span(&v));
	put_hex(&t, "3000 3000");
	put_hex(b, "3081");
	buf_putc(b, (char)(t.n + 2 + 5));
	put_hex(b, "30");
	buf_putc(b, (char)t.n);
	buf_put_span(b, buf_span(&t));
	put_hex(b, "3000 030100");
}

static void test_times(void)
{
	static const struct {
		const char *tag, *in, *want;
	} t[] = {
		{ "utc", "491231235959Z", "2049-12-31T23:59:59Z" },
		{ "utc", "990101000000Z", "1999-01-01T00:00:00Z" },
		{ "utc", "2601020304Z", "2026-01-02T03:04:00Z" },
		{ "utc", "260102030405+0130", "2026-01-02T01:34:05Z" },
		{ "gen", "20500102030405Z", "2050-01-02T03:04:05Z" },
		{ "gen", "20260102030405.5Z", "2026-01-02T03:04:05Z" },
		{ "gen", "99991231235959Z", "" },
		{ "utc", "261302030405Z", "" },
		{ "utc", "26010203040Z", "" },
		{ "utc", "260102030405", "" },
		{ "utc", "260102030405+01", "" },
	};

	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		AUTO_BUF struct buf b = BUF_INIT(512);
		char text[TS_TEXT_MAX];
		dated(&b, t[i].tag, t[i].in, t[i].in);
		is_int(parse(buf_span(&b)), 0, "%s %s", t[i].tag, t[i].in);
		is_str(ts_format(c.not_before, text), t[i].want, "reads as %s", t[i].want);
		ok(c.bad == (c.not_before == TS_NONE), "bad when it cannot be read");
	}
}

static void test_names(void)
{
	static const struct {
		const char *hex, *want;
		bool good;
	} t[] = {
		{ "", "", true },
		{ "310b 3009 0603 550403 1e02 00fc", "CN=ü", true },
		{ "310b 3009 0603 550403 1402 fc41", "CN=\\FCA", true },
		{ "310b 3009 0603 550403 0c02 0a23", "CN=\\0A#", true },
		{ "310b 3009 0603 550403 0c02 2323", "CN=\\##", true },
		{ "310c 300a 0603 550403 0c03 e280ae", "CN=\\E2\\80\\AE", true },
		{ "310a 3008 0603 2a0304 0401 41", "1.2.3.4=#040141", true },
		{ "3116 3009 0603 550403 0c02 6161 3009 0603 55040b 0c02 6262", "CN=aa+OU=bb",
		    true },
		{ "310b 3009 0603 550403 0c02 61", "", false },
		{ "3009 0603 550403 0c02 6161", "", false },
	};
	char out[64];
	AUTO_BUF struct buf many = BUF_INIT(8192);

	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		AUTO_BUF struct buf b = BUF_INIT(256);
		put_hex(&b, t[i].hex);
		ok(dn_text(buf_span(&b), out, sizeof(out), NULL) == t[i].good, "name %zu", i);
		is_str(out, t[i].want, "its text");
	}
	for (int i = 0; i < DN_RDNS_MAX; i++)
		put_hex(&many, "310b 3009 0603 550403 0c02 6161");
	ok(dn_text(buf_span(&many), out, sizeof(out), NULL), "%d parts", DN_RDNS_MAX);
	ok(strlen(out) < sizeof(out) && strcmp(out + strlen(out) - 3, "…") == 0, "cut: %s", out);
	put_hex(&many, "310b 3009 0603 550403 0c02 6161");
	ok(!dn_text(buf_span(&many), out, sizeof(out), NULL), "one more is said");
}

int main(void)
{
	test_real();
	test_mutations();
	test_times();
	test_names();
	return tap_done();
}
