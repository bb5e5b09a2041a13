/* SPDX-License-Identifier: Apache-2.0 */

/* Alternative names, Fulcio's extensions, and what makes a certificate one. */

#include "ca.h"
#include "crypto/x509.h"
#include "tap.h"

#include <errno.h>
#include <openssl/err.h>

static struct cert *open_(const struct ca_cert *c)
{
	struct cert *x = NULL;
	struct fault f = FAULT_INIT;

	int rc = x509_open(&x, c->der, &f);
	if (rc != 0)
		diag("%s", f.text);
	ca_check(rc == 0, "open");
	return x;
}

static void test_names(void)
{
	AUTO_ARENA struct arena a = ARENA_INIT(1 << 20);
	CA_AUTO struct ca_cert c = ca_make(&(struct ca_req){ .subject = "x",
	    .ext = { { "subjectAltName",
		"critical,URI:https://example.com/a,email:a@example.com,DNS:example.com,"
		"IP:192.0.2.1,otherName:1.3.6.1.4.1.57264.1.7;UTF8:jose!example.com,"
		"otherName:1.2.3;UTF8:x,RID:1.2.3" } } });
	AUTO_CERT struct cert *x = open_(&c);
	static const struct {
		enum x509_name_kind kind;
		const char *text;
	} want[] = {
		{ X509_NAME_URI, "https://example.com/a" },
		{ X509_NAME_EMAIL, "a@example.com" },
		{ X509_NAME_DNS, "example.com" },
		{ X509_NAME_OTHER, NULL },
		{ X509_NAME_FULCIO, "jose!example.com" },
		{ X509_NAME_OTHER, NULL },
		{ X509_NAME_OTHER, NULL },
	};
	struct x509_names n = { 0 };
	struct fault f = FAULT_INIT;

	is_int(x509_alt_names(&n, x, &a, &f), X509_OK, "names are read %s", f.text);
	is_int(n.n, ARRAY_LEN(want), "all of them");
	ok(n.critical, "the extension is critical");
	for (size_t i = 0; i < n.n && i < ARRAY_LEN(want); i++)
		ok(n.name[i].kind == want[i].kind &&
			(want[i].text ? n.name[i].text && !strcmp(n.name[i].text, want[i].text)
				      : !n.name[i].text),
		    "%s %s", x509_name_kind_text(n.name[i].kind), want[i].text ? want[i].text : "");
	AUTO_ARENA struct arena tiny = ARENA_INIT(64);
	is_int(x509_alt_names(&n, x, &tiny, &f), -ENOMEM, "a full arena");
	CA_AUTO struct ca_cert none = ca_make(&(struct ca_req){ .subject = "x" });
	AUTO_CERT struct cert *y = open_(&none);
	is_int(x509_alt_names(&n, y, &a, &f), X509_ABSENT, "no names");
}

static void test_bad_names(void)
{
	static const struct {
		const char *name, *der;
	} v[] = {
		{ "empty list", "DER:3000" },
		{ "no list", "DER:0500" },
		{ "bytes behind", "DER:3003860178"
				  "00" },
		{ "NUL in a URI", "DER:30058603780079" },
		{ "an e-mail that is not ASCII", "DER:30048102c3a9" },
		{ "a newline in a DNS name", "DER:30048202610a" },
		{ "an empty URI", "DER:30028600" },
		{ "an unknown tag", "DER:3003890161" },
		{ "a cut URI", "DER:3003860261" },
		/* otherName 57264.1.7 with: IA5String, empty, NUL, not UTF-8, no value */
		{ "user name: another type", "DER:3013a011060a2b0601040183bf300107a00316 0161" },
		{ "user name: empty", "DER:3012a010060a2b0601040183bf300107a0020c00" },
		{ "user name: NUL", "DER:3014a012060a2b0601040183bf300107a0040c026100" },
		{ "user name: not UTF-8", "DER:3013a011060a2b0601040183bf300107a0030c01ff" },
		{ "user name: no value", "DER:3010a00e060a2b0601040183bf300107a000" },
	};
	for (size_t i = 0; i < ARRAY_LEN(v); i++) {
		AUTO_ARENA struct arena a = ARENA_INIT(1 << 20);
		char der[128] = "";
		for (const char *p = v[i].der; *p; p++) /* no spaces */
			if (*p != ' ')
				strncat(der, p, 1);
		CA_AUTO struct ca_cert c =
		    ca_make(&(struct ca_req){ .subject = "x", .ext = { { "2.5.29.17", der } } });
		AUTO_CERT struct cert *x = open_(&c);
		struct x509_names n = { 0 };
		struct fault f = FAULT_INIT;
		int rc = x509_alt_names(&n, x, &a, &f);
		ok(rc == -EBADMSG && !n.name && f.text[0], "%s: %s", v[i].name, f.text);
	}
	/* one name too many */
	char many[X509_NAMES_MAX * 8 + 16] = "DNS:a";
	for (int i = 1; i < X509_NAMES_MAX; i++)
		strcat(many, ",DNS:a");
	for (int more = 0; more < 2; more++) {
		AUTO_ARENA struct arena a = ARENA_INIT(1 << 20);
		CA_AUTO struct ca_cert c = ca_make(
		    &(struct ca_req){ .subject = "x", .ext = { { "subjectAltName", many } } });
		AUTO_CERT struct cert *x = open_(&c);
		struct x509_names n;
		is_int(x509_alt_names(&n, x, &a, NULL), more ? -EBADMSG : X509_OK, "%d names",
		    X509_NAMES_MAX + more);
		strcat(many, ",DNS:a");
	}
}

static void test_fulcio(void)
{
	AUTO_ARENA struct arena a = ARENA_INIT(1 << 20);
	CA_AUTO struct ca_cert c = ca_make(&(struct ca_req){ .subject = NULL,
	    .ext = { { "1.3.6.1.4.1.57264.1.1", "DER:68747470733a2f2f69" },
		{ "1.3.6.1.4.1.57264.1.4", "DER:c3a90a" },
		{ "1.3.6.1.4.1.57264.1.23", "ASN1:UTF8String:" },
		{ "1.3.6.1.4.1.57264.1.7", "DER:ff" },
		{ "1.3.6.1.4.1.57264.1.8", "ASN1:UTF8String:https://issuer" },
		{ "1.3.6.1.4.1.57264.1.24", "ASN1:UTF8String:sub" },
		{ "1.3.6.1.4.1.57264.1.25", "DER:ff" }, { "1.3.6.1.4.1.57264.2", "DER:ff" },
		{ "1.3.6.1.4.1.57264.1.8.1", "DER:ff" } } });
	AUTO_CERT struct cert *x = open_(&c);
	struct fulcio_claims y = { 0 };
	struct fault f = FAULT_INIT;
	unsigned n = 0;

	is_int(fulcio_read(&y, x, &a, &f), 0, "claims are read %s", f.text);
	for (int i = 0; i <= FULCIO_LAST; i++)
		n += y.claim[i] != NULL;
	is_int(n, 5, "five of them");
	is_str(y.claim[FULCIO_ISSUER_V1], "https://i", "the old issuer, bare");
	is_str(y.claim[FULCIO_GITHUB_NAME], "\xc3\xa9\n", "a control character is the caller's");
	is_str(y.claim[FULCIO_DEPLOYMENT_ENVIRONMENT], "", "an empty one");
	is_str(y.claim[FULCIO_TOKEN_SUBJECT], "sub", "the newest");
	is_str(fulcio_issuer(&y), "https://issuer", "the DER issuer wins");
	y.claim[FULCIO_ISSUER] = NULL;
	is_str(fulcio_issuer(&y), "https://i", "else the bare one");
	CA_AUTO struct ca_cert none = ca_make(&(struct ca_req){ .subject = "x" });
	AUTO_CERT struct cert *z = open_(&none);
	ok(fulcio_read(&y, z, &a, &f) == 0 && !fulcio_issuer(&y), "none at all");
}

static void test_bad_fulcio(void)
{
	static const struct {
		const char *name, *oid, *value;
	} v[] = {
		{ "not UTF-8, bare", "1.3.6.1.4.1.57264.1.1", "DER:ff" },
		{ "NUL, bare", "1.3.6.1.4.1.57264.1.5", "DER:610062" },
		{ "not DER", "1.3.6.1.4.1.57264.1.8", "DER:68747470" },
		{ "another type", "1.3.6.1.4.1.57264.1.8", "ASN1:IA5STRING:x" },
		{ "bytes behind", "1.3.6.1.4.1.57264.1.9", "DER:0c016100" },
		{ "cut", "1.3.6.1.4.1.57264.1.9", "DER:0c0261" },
		{ "NUL", "1.3.6.1.4.1.57264.1.23", "DER:0c03610062" },
		{ "not UTF-8", "1.3.6.1.4.1.57264.1.24", "DER:0c02c3c3" },
		{ "a length that is not DER", "1.3.6.1.4.1.57264.1.12", "DER:0c810161" },
	};
	for (size_t i = 0; i < ARRAY_LEN(v); i++) {
		static const struct fulcio_claims zero;
		AUTO_ARENA struct arena a = ARENA_INIT(1 << 20);
		CA_AUTO struct ca_cert c = ca_make(
		    &(struct ca_req){ .subject = "x", .ext = { { v[i].oid, v[i].value } } });
		AUTO_CERT struct cert *x = open_(&c);
		struct fulcio_claims y = { 0 };
		struct fault f = FAULT_INIT;
		int rc = fulcio_read(&y, x, &a, &f);
		ok(rc == -EBADMSG && f.text[0] && memcmp(&y, &zero, sizeof(y)) == 0, "%s: %s",
		    v[i].name, f.text);
	}
}

/* Whatever d2i_X509 and X509_verify make of it. */
static void test_open(void)
{
	CA_AUTO struct ca_cert c = ca_make(&(struct ca_req){ .subject = "x",
	    .ext = { CA_EXT_SIGNER, { "1.3.6.1.4.1.57264.1.8", "ASN1:UTF8String:i" } } });
	AUTO_CERT struct cert *x = open_(&c);
	AUTO_KEY struct key *k = NULL;
	unsigned char *spki = NULL;
	struct x509_ext e;
	struct fault f = FAULT_INIT;

	int n = i2d_PUBKEY(c.key, &spki);
	ok(span_eq(x509_der(x), c.der) && x509_der(x).p != c.der.p, "it holds a copy");
	ok(n > 0 && span_eq(x509_spki(x), span_of(spki, (size_t)n)), "its key as it stands");
	ok(x509_not_before(x) == CA_FROM * TS_SECOND && x509_not_after(x) == CA_TO * TS_SECOND,
	    "its dates");
	struct digest id = { 0 };
	if (x509_key(&k, x, &f) == 0)
		id = key_id(k);
	ok(key_kind_of(k) == KEY_P256 && id.alg, "its key %s", f.text);
	is_int(x509_extension(&e, x, SPAN_LIT("\x55\x1d\x0f")), X509_OK, "an extension is found");
	ok(e.critical && e.value.n == 4, "with what it says");
	is_int(x509_extension(&e, x, SPAN_LIT("\x55\x1d\x10")), X509_ABSENT, "another is not");
	OPENSSL_free(spki);
	/* an extension that is there twice */
	CA_AUTO struct ca_cert twice = ca_make(&(struct ca_req){ .subject = "x",
	    .ext = { { "1.2.3.4", "DER:0500" }, { "1.2.3.5", "DER:0500" },
		{ "1.2.3.4", "DER:0500" } } });
	struct cert *y = NULL;
	is_int(x509_open(&y, twice.der, &f), -EBADMSG, "a doubled extension: %s", f.text);
	/* the algorithm inside and outside must be the same */
	uint8_t *p = malloc(c.der.n);
	memcpy(p, c.der.p, c.der.n);
	unsigned changed = 0;
	for (size_t i = c.der.n - 90; i < c.der.n - 60; i++)
		if (memcmp(p + i, "\x2a\x86\x48\xce\x3d\x04\x03\x02", 8) == 0) {
			p[i + 7] = 3;
			changed++;
		}
	ok(changed == 1 && x509_open(&y, span_of(p, c.der.n), &f) == -EBADMSG,
	    "two signature algorithms: %s", f.text);
	free(p);
	ok(!y, "nothing was written");
}

int main(void)
{
	test_names();
	test_bad_names();
	test_fulcio();
	test_bad_fulcio();
	test_open();
	ERR_clear_error(); /* ca.h's */
	return tap_done();
}
