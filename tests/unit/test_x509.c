/* SPDX-License-Identifier: Apache-2.0 */

#include "crypto/x509.h"
#include "tap.h"

#include <errno.h>
#include <openssl/err.h>
#include <openssl/x509.h>

#define FROM (1672531200ll * TS_SECOND)

static void test_self_signed(enum key_kind kind)
{
	AUTO_KEY struct key *k = NULL, *from_cert = NULL;
	AUTO_BUF struct buf der = BUF_INIT(1 << 16), again = BUF_INIT(1 << 16);
	AUTO_ARENA struct arena a = ARENA_INIT(1 << 20);
	struct x509_self req = { "Stand-in Publisher", "Firebreak", FROM, FROM + 365 * TS_DAY };
	struct x509_facts x = { 0 };
	struct fault f = FAULT_INIT;
	const char *name = key_kind_name(kind);

	ok(key_generate(&k, kind) == 0 && x509_self_signed(k, &req, &der) == 0, "%s: made", name);
	is_int(x509_read(&x, buf_span(&der), &a, &f), 0, "%s: read %s", name, f.text);
	is_str(x.subject, "CN=Stand-in Publisher,O=Firebreak", "%s: subject", name);
	is_str(x.issuer, x.subject, "%s: issuer", name);
	is_str(x.common_name, "Stand-in Publisher", "%s: common name", name);
	ok(x.not_before == req.not_before && x.not_after == req.not_after, "%s: validity", name);
	ok(x.self_issued && x.eku_code_signing && !x.eku_time_stamping, "%s: usage", name);
	is_int(strlen(x.serial), 32, "%s: serial of 16 octets", name);
	struct digest id = key_id(k);
	ok(digest_eq(&x.key_id, &id), "%s: the key's id", name);
	ok(key_public(&from_cert, buf_span(&der), &f) == 0, "%s: its key is read %s", name, f.text);
	id = key_id(from_cert);
	ok(digest_eq(&x.key_id, &id), "%s: and is the same", name);

	const unsigned char *p = der.p;
	X509 *cert = d2i_X509(NULL, &p, (long)der.n);
	ok(cert && X509_self_signed(cert, 1) == 1, "%s: OpenSSL verifies it", name);
	X509_free(cert);
	int rc = x509_self_signed(k, &req, &again);
	if (kind == KEY_RSA || kind == KEY_ED25519)
		ok(rc == 0 && span_eq(buf_span(&der), buf_span(&again)), "%s: the same again",
		    name);

	unsigned accepted = 0;
	struct x509_facts zero = { 0 }, y = { 0 };
	for (size_t i = 0; i < der.n; i++)
		accepted += x509_read(&y, span_of(der.p, i), &a, NULL) == 0;
	buf_putc(&der, 0);
	accepted += x509_read(&y, buf_span(&der), &a, NULL) == 0;
	is_int(accepted, 0, "%s: no prefix, and nothing longer", name);
	ok(memcmp(&y, &zero, sizeof(y)) == 0, "%s: nothing was written", name);
}

static void test_requests(void)
{
	AUTO_KEY struct key *k = NULL, *pub = NULL;
	AUTO_BUF struct buf der = BUF_INIT(1 << 16), pem = BUF_INIT(1 << 16);
	static const char long_name[] =
	    "0123456789012345678901234567890123456789012345678901234567890123x";
	const struct x509_self bad[] = {
		{ NULL, NULL, FROM, FROM },
		{ "", NULL, FROM, FROM },
		{ long_name, NULL, FROM, FROM },
		{ "x", "", FROM, FROM },
		{ "x", NULL, FROM + 1, FROM },
		{ "x", NULL, TS_NONE, FROM },
		{ "x", NULL, FROM, TS_FOREVER },
		{ "\xff", NULL, FROM, FROM },
	};

	if (key_generate(&k, KEY_ED25519) < 0)
		return;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		is_int(x509_self_signed(k, &bad[i], &der), -EINVAL, "request %zu is refused", i);
	const struct x509_self good = { "x", NULL, FROM, FROM };
	ok(key_write_public(k, &pem) == 0 && key_public(&pub, buf_span(&pem), NULL) == 0 &&
		x509_self_signed(pub, &good, &der) == -EINVAL,
	    "a public key cannot sign");
	is_int(der.n, 0, "nothing was written");
	ok(x509_self_signed(k, &good, &der) == 0, "no organisation is fine");
}

static void test_names(void)
{
	AUTO_KEY struct key *k = NULL;
	AUTO_BUF struct buf der = BUF_INIT(1 << 16);
	AUTO_ARENA struct arena a = ARENA_INIT(1 << 20), tiny = ARENA_INIT(40);
	struct x509_self req = { "Jos\xc3\xa9, \"x\"\n+", NULL, FROM, 4102444800ll * TS_SECOND };
	struct x509_facts x = { 0 };

	if (key_generate(&k, KEY_ED25519) < 0 || x509_self_signed(k, &req, &der) < 0 ||
	    x509_read(&x, buf_span(&der), &a, NULL) < 0)
		return;
	is_str(x.subject, "CN=Jos\xc3\xa9\\, \\\"x\\\"\\0A\\+", "specials are escaped");
	ok(x.common_name == NULL, "a common name with a newline is not handed out bare");
	ok(x.not_after == req.not_after, "a date after 2049 (GeneralizedTime)");
	is_int(x509_read(&x, buf_span(&der), &tiny, NULL), -ENOMEM, "a full arena");
}

int main(void)
{
	test_self_signed(KEY_P256);
	test_self_signed(KEY_P384);
	test_self_signed(KEY_P521);
	test_self_signed(KEY_ED25519);
	test_self_signed(KEY_RSA);
	test_requests();
	test_names();
	ok(ERR_peek_error() == 0, "nothing is left in OpenSSL's error queue");
	return tap_done();
}
