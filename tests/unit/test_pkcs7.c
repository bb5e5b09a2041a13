/* SPDX-License-Identifier: Apache-2.0 */

/* The outline only; what it is used for is tested in test_authenticode.c. */

#include "bytes.h"
#include "tap.h"
#include "wire/pkcs7.h"

/* ContentInfo { signedData, [0] { 1, {alg 1.2.3}, {1.2.4, [0] 04 01 61}, [0] cert, [1] crl, {} } }
 */
#define GOOD                                                                                       \
	"30 36 | 06 09 2a864886f70d010702 | a0 29 | 30 27 | 02 01 01 | 31 06 30 04 06 02 2a03"     \
	"| 30 09 06 02 2a04 a0 03 04 01 61 | a0 02 05 00 | a1 02 05 00 | 31 08 30 06 02 01 01 02"  \
	"01 02"

static void test_outline(void)
{
	AUTO_BUF struct buf b = BUF_INIT(1 << 12);
	struct pkcs7 p, untouched;
	size_t off = 0, accepted = 0;

	put_hex(&b, GOOD);
	b.p[1] = (uint8_t)(b.n - 2); /* the lengths that depend on everything inside */
	b.p[14] = (uint8_t)(b.n - 15);
	b.p[16] = (uint8_t)(b.n - 17);
	is_int(pkcs7_read(&p, buf_span(&b), &off), PKCS7_OK, "a SignedData (offset %zu)", off);
	ok(p.len == b.n && p.version == 1, "length and version");
	ok(span_eq(p.content_oid, SPAN_LIT("\x2a\x04")), "content type");
	ok(p.content.tag == DER_OCTETS && span_eq_str(p.content.body, "a"), "content");
	ok(span_eq(p.digest_algs, SPAN_LIT("\x30\x04\x06\x02\x2a\x03")), "digest algorithms");
	ok(p.certs.n == 2 && p.crls.n == 2 && p.signers.n == 8, "certificates, crls, signers");
	memset(&p, 0x5a, sizeof(p));
	untouched = p;
	for (size_t i = 0; i < b.n; i++)
		accepted += pkcs7_read(&p, span_of(b.p, i), NULL) != PKCS7_BAD_DER;
	is_int(accepted, 0, "no prefix");
	b.p[12] ^= 1; /* signedData -> another */
	is_int(pkcs7_read(&p, buf_span(&b), NULL), PKCS7_NOT_SIGNED_DATA, "another type");
	b.p[12] ^= 1;
	ok(memcmp(&p, &untouched, sizeof(p)) == 0, "nothing was written");
	buf_putc(&b, 'x');
	ok(pkcs7_read(&p, buf_span(&b), NULL) == PKCS7_OK && p.len == b.n - 1, "bytes behind it");
}

static void test_signer(void)
{
	static const char *const ids[2] = {
		"30 0f | 30 0a 31 08 30 06 06 01 2a 0c 01 78 | 02 01 05",
		"80 02 aabb",
	};
	for (int i = 0; i < 2; i++) {
		AUTO_BUF struct buf b = BUF_INIT(1 << 12);
		struct pkcs7_signer s, untouched;
		size_t accepted = 0;

		put_hex(&b, "30 00 | 02 01 03 |");
		put_hex(&b, ids[i]);
		put_hex(&b, "30 04 06 02 2a03 | a0 02 05 00 | 30 06 06 02 2a04 05 00 | 04 01 73"
			    "| a1 02 05 00");
		b.p[1] = (uint8_t)(b.n - 2);
		is_int(pkcs7_signer_read(&s, buf_span(&b), NULL), PKCS7_OK, "a SignerInfo");
		ok(s.version == 3 && s.signature.n == 1 && s.attrs.n == 4 &&
			s.unsigned_attrs.n == 2,
		    "its parts");
		ok(i ? s.key_id.n == 2 && !s.issuer.n : s.issuer.n == 12 && s.serial.n == 1,
		    "its name");
		ok(s.sig_oid.n == 2 && s.digest_oid.n == 2 && !s.sig_params.n, "its algorithms");
		memset(&s, 0x5a, sizeof(s));
		untouched = s;
		for (size_t n = 0; n < b.n; n++)
			accepted += pkcs7_signer_read(&s, span_of(b.p, n), NULL) != PKCS7_BAD_DER;
		buf_putc(&b, 0);
		accepted += pkcs7_signer_read(&s, buf_span(&b), NULL) != PKCS7_BAD_DER;
		is_int(accepted, 0, "no prefix, nothing longer");
		ok(memcmp(&s, &untouched, sizeof(s)) == 0, "nothing was written");
	}
}

static void test_attributes(void)
{
	static const struct {
		const char *what, *hex;
		int want;
	} v[] = {
		{ "none", "", PKCS7_ABSENT },
		{ "another", "30 08 06 02 2a04 31 02 05 00", PKCS7_ABSENT },
		{ "one", "30 08 06 02 2a04 31 02 05 00 | 30 08 06 02 2a03 31 02 05 00", PKCS7_OK },
		{ "two", "30 08 06 02 2a03 31 02 05 00 | 30 08 06 02 2a03 31 02 05 00",
		    PKCS7_DOUBLED },
		{ "two values", "30 0a 06 02 2a03 31 04 05 00 05 00", PKCS7_DOUBLED },
		{ "no value", "30 06 06 02 2a03 31 00", PKCS7_DOUBLED },
		{ "no set", "30 06 06 02 2a03 05 00", PKCS7_BAD_DER },
		{ "a third member", "30 0a 06 02 2a03 31 02 05 00 05 00", PKCS7_BAD_DER },
		{ "one, and then not DER", "30 08 06 02 2a03 31 02 05 00 | 30 80", PKCS7_BAD_DER },
	};
	for (size_t i = 0; i < ARRAY_LEN(v); i++) {
		AUTO_BUF struct buf b = BUF_INIT(1 << 12);
		struct der d = { .tag = 0x5a };

		put_hex(&b, v[i].hex);
		int rc = pkcs7_attr_find(buf_span(&b), SPAN_LIT("\x2a\x03"), &d);
		is_int(rc, v[i].want, "%s", v[i].what);
		ok(d.tag == (rc == PKCS7_OK ? DER_NULL : 0x5a), "%s: what was written", v[i].what);
	}
}

int main(void)
{
	test_outline();
	test_signer();
	test_attributes();
	return tap_done();
}
