/* SPDX-License-Identifier: Apache-2.0 */

#include "base/buf.h"
#include "ca.h"
#include "crypto/hash.h"
#include "crypto/sct.h"
#include "tap.h"

#include <errno.h>
#include <openssl/err.h>

#define WHEN 1700000100123ull /* ms */

struct log {
	struct key *key;
};

static struct key *log_key(enum key_kind kind)
{
	struct key *k = NULL;

	ca_check(key_generate(&k, kind) == 0, "log key");
	return k;
}

struct want {
	const struct key *log;
	uint64_t time;
	struct span ext;
	uint8_t version, hash, sig; /* added to the right value */
};

/* The octets that RFC 6962 3.2 has signed, from OpenSSL's own TBSCertificate. */
static void put_signed(struct buf *b, const struct want *w, X509 *pre, const struct ca_cert *ca)
{
	unsigned char *tbs = NULL, *spki = NULL;
	int n = i2d_re_X509_tbs(pre, &tbs), m = i2d_PUBKEY(ca->key, &spki);
	struct digest id = sha256_of(span_of(spki, (size_t)m));

	buf_put_be16(b, 0);
	buf_put_be32(b, (uint32_t)(w->time >> 32));
	buf_put_be32(b, (uint32_t)w->time);
	buf_put_be16(b, 1);
	buf_put(b, id.b, 32);
	buf_putc(b, (char)(n >> 16));
	buf_put_be16(b, (uint16_t)n);
	buf_put(b, tbs, (size_t)n);
	buf_put_be16(b, (uint16_t)w->ext.n);
	buf_put_span(b, w->ext);
	OPENSSL_free(tbs);
	OPENSSL_free(spki);
}

static void put_sct(struct buf *out, const struct want *w, X509 *pre, const struct ca_cert *ca)
{
	AUTO_BUF struct buf msg = BUF_INIT(1 << 20), sig = BUF_INIT(1 << 16),
			    one = BUF_INIT(1 << 16);
	struct digest id = key_id(w->log);
	bool rsa = key_kind_of(w->log) == KEY_RSA;

	put_signed(&msg, w, pre, ca);
	ca_check(key_sign(w->log, buf_span(&msg), &sig) == 0, "sign");
	buf_putc(&one, (char)w->version);
	buf_put(&one, id.b, 32);
	buf_put_be32(&one, (uint32_t)(w->time >> 32));
	buf_put_be32(&one, (uint32_t)w->time);
	buf_put_be16(&one, (uint16_t)w->ext.n);
	buf_put_span(&one, w->ext);
	buf_putc(&one, (char)(4 + w->hash));
	buf_putc(&one, (char)((rsa ? 1 : 3) + w->sig));
	buf_put_be16(&one, (uint16_t)sig.n);
	buf_put_span(&one, buf_span(&sig));
	buf_put_be16(out, (uint16_t)one.n);
	buf_put_span(out, buf_span(&one));
}

/* Adds the extension with this list (its length in front) at a place and signs the certificate. */
static void embed(struct ca_cert *c, const struct ca_cert *ca, struct span list, int where)
{
	ASN1_OCTET_STRING *inner = ASN1_OCTET_STRING_new(), *outer = ASN1_OCTET_STRING_new();
	unsigned char *der = NULL;
	ASN1_OCTET_STRING_set(inner, list.p, (int)list.n);
	int n = i2d_ASN1_OCTET_STRING(inner, &der);
	ASN1_OCTET_STRING_set(outer, der, n);
	X509_EXTENSION *e = X509_EXTENSION_create_by_NID(NULL, NID_ct_precert_scts, 0, outer);
	ca_check(X509_add_ext(c->x, e, where), "SCT extension");
	ca_sign(c, ca->key, NULL);
	X509_EXTENSION_free(e);
	ASN1_OCTET_STRING_free(inner);
	ASN1_OCTET_STRING_free(outer);
	OPENSSL_free(der);
}

static struct ca_cert with_scts(
    const struct ca_cert *ca, const struct want *w, size_t n, int where, bool bare)
{
	AUTO_BUF struct buf scts = BUF_INIT(1 << 16), list = BUF_INIT(1 << 16);
	struct ca_req req = { .subject = "leaf", .issuer = ca };
	struct ca_cert c;

	if (!bare) {
		req.ext[0].name = "keyUsage";
		req.ext[0].value = "critical,digitalSignature";
		req.ext[1].name = "extendedKeyUsage";
		req.ext[1].value = "codeSigning";
		req.ext[2].name = "subjectAltName";
		req.ext[2].value = "critical,URI:https://example.com/w";
	}
	c = ca_make(&req);
	for (size_t i = 0; i < n; i++)
		put_sct(&scts, &w[i], c.x, ca);
	buf_put_be16(&list, (uint16_t)scts.n);
	buf_put_span(&list, buf_span(&scts));
	embed(&c, ca, buf_span(&list), where);
	return c;
}

/* All SCTs of der under these logs: SCT_OK when each verifies under its log. */
static int verify(struct span der, struct span issuer, const struct want *w, size_t n)
{
	AUTO_CERT struct cert *c = NULL, *ca = NULL;
	AUTO_PRECERT struct sct_precert pre = SCT_PRECERT_INIT;
	static const struct sct_list zero;
	struct sct_list l = { 0 };
	struct fault f = FAULT_INIT;

	if (x509_open(&c, der, NULL) < 0 || x509_open(&ca, issuer, NULL) < 0)
		return -EBADMSG;
	int rc = sct_read(&l, c, &f);
	if (rc != SCT_OK)
		return memcmp(&l, &zero, sizeof(l)) || !f.text[0] ? -1 : rc;
	rc = sct_precert(&pre, c, ca, &f);
	if (rc == SCT_OK && l.n != n)
		return -2;
	for (size_t i = 0; rc == SCT_OK && i < n; i++) {
		rc = sct_verify(&l.sct[i], &pre, w[i].log, &f);
		if (rc == SCT_OK &&
		    (l.sct[i].timestamp != w[i].time || l.sct[i].time != (ts)w[i].time * 1000000))
			rc = -3;
		if (rc > 0 && !f.text[0])
			rc = -4;
	}
	return rc;
}

static void test_good(const struct ca_cert *ca)
{
	static const enum key_kind kinds[] = { KEY_P256, KEY_P384, KEY_RSA };
	AUTO_KEY struct key *other = log_key(KEY_P256);

	for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
		AUTO_KEY struct key *k = log_key(kinds[i]);
		const struct want w = { .log = k, .time = WHEN };
		CA_AUTO struct ca_cert c = with_scts(ca, &w, 1, -1, false);
		/* P-384 logs sign with SHA-384 through key_sign: RFC 6962 knows SHA-256 only */
		is_int(verify(c.der, ca->der, &w, 1),
		    kinds[i] == KEY_P384 ? SCT_BAD_SIGNATURE : SCT_OK, "a log with %s",
		    key_kind_name(kinds[i]));
	}
	AUTO_KEY struct key *k = log_key(KEY_P256), *k2 = log_key(KEY_P256);
	const struct want w[] = {
		{ .log = k, .time = WHEN, .ext = SPAN_LIT("\0\0\5leafi") },
		{ .log = k2, .time = 1 },
	};
	for (int where = -1; where < 3; where++) {
		CA_AUTO struct ca_cert c = with_scts(ca, w, 2, where, false);
		is_int(verify(c.der, ca->der, w, 2), SCT_OK,
		    "two SCTs, one with extensions, at place %d", where);
	}
	CA_AUTO struct ca_cert bare = with_scts(ca, w, 1, -1, true);
	is_int(verify(bare.der, ca->der, w, 1), SCT_OK, "as the only extension");
	const struct want stranger = { .log = other, .time = WHEN };
	is_int(verify(bare.der, ca->der, &stranger, 1), SCT_WRONG_LOG, "another log");
	CA_AUTO struct ca_cert ca2 =
	    ca_make(&(struct ca_req){ .subject = "ca", .ext = { CA_EXT_CA } });
	is_int(verify(bare.der, ca2.der, w, 1), SCT_BAD_SIGNATURE, "another issuer's key");
	CA_AUTO struct ca_cert none = ca_make(&(struct ca_req){ .subject = "leaf", .issuer = ca });
	is_int(verify(none.der, ca->der, w, 0), SCT_ABSENT, "no SCT");
}

static void test_fields(const struct ca_cert *ca)
{
	AUTO_KEY struct key *k = log_key(KEY_P256);
	const struct want bad[] = {
		{ .log = k, .time = WHEN, .version = 1 },
		{ .log = k, .time = WHEN, .hash = 1 },
		{ .log = k, .time = WHEN, .hash = 255 },
		{ .log = k, .time = WHEN, .sig = 1 },
		{ .log = k, .time = UINT64_MAX },
		{ .log = k, .time = 9223372036855ull },
	};
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		CA_AUTO struct ca_cert c = with_scts(ca, &bad[i], 1, -1, false);
		is_int(verify(c.der, ca->der, &bad[i], 1), SCT_MALFORMED, "field %zu", i);
	}
	const struct want rsa = { .log = k, .time = WHEN, .sig = 254 }; /* says RSA */
	CA_AUTO struct ca_cert c = with_scts(ca, &rsa, 1, -1, false);
	is_int(verify(c.der, ca->der, &rsa, 1), SCT_BAD_SIGNATURE, "an ECDSA log's SCT says RSA");
	const struct want last = { .log = k, .time = 9223372036853ull };
	CA_AUTO struct ca_cert d = with_scts(ca, &last, 1, -1, false);
	is_int(verify(d.der, ca->der, &last, 1), SCT_OK, "the last time that ts holds");
}

/* Lists that are none, and each prefix of a good one with its length put right. */
static void test_lists(const struct ca_cert *ca)
{
	static const struct {
		const char *name;
		struct span list;
	} v[] = {
		{ "nothing", SPAN_LIT("") },
		{ "an empty list", SPAN_LIT("\0\0") },
		{ "an empty SCT", SPAN_LIT("\0\2\0\0") },
		{ "a list that is too long", SPAN_LIT("\0\5\0\1x") },
		{ "bytes behind the list", SPAN_LIT("\0\3\0\1xy") },
	};
	AUTO_KEY struct key *k = log_key(KEY_P256);
	const struct want w = { .log = k, .time = WHEN, .ext = SPAN_LIT("e") };
	unsigned accepted = 0;

	for (size_t i = 0; i < ARRAY_LEN(v); i++) {
		CA_AUTO struct ca_cert c =
		    ca_make(&(struct ca_req){ .subject = "leaf", .issuer = ca });
		embed(&c, ca, v[i].list, -1);
		is_int(verify(c.der, ca->der, &w, 1), SCT_MALFORMED, "%s", v[i].name);
	}
	AUTO_BUF struct buf one = BUF_INIT(1 << 16), list = BUF_INIT(1 << 20);
	CA_AUTO struct ca_cert pre = ca_make(&(struct ca_req){ .subject = "leaf", .issuer = ca });
	put_sct(&one, &w, pre.x, ca);
	for (size_t n = 0; n < one.n; n++) {
		CA_AUTO struct ca_cert c =
		    ca_make(&(struct ca_req){ .subject = "leaf", .issuer = ca });
		buf_reset(&list);
		buf_put_be16(&list, (uint16_t)n);
		buf_put(&list, one.p, n);
		embed(&c, ca, buf_span(&list), -1);
		accepted += verify(c.der, ca->der, &w, 1) != SCT_MALFORMED;
		if (n < 2)
			continue;
		/* the SCT's own length is right, too */
		list.p[2] = (uint8_t)((n - 2) >> 8);
		list.p[3] = (uint8_t)(n - 2);
		X509_EXTENSION_free(X509_delete_ext(c.x, 0));
		embed(&c, ca, buf_span(&list), -1);
		accepted += verify(c.der, ca->der, &w, 1) != SCT_MALFORMED;
	}
	is_int(accepted, 0, "each prefix of a list of %zu bytes is malformed", one.n);
	for (int n = SCT_MAX; n <= SCT_MAX + 1; n++) {
		CA_AUTO struct ca_cert c =
		    ca_make(&(struct ca_req){ .subject = "leaf", .issuer = ca });
		buf_reset(&list);
		buf_put_be16(&list, (uint16_t)((size_t)n * one.n));
		for (int i = 0; i < n; i++)
			buf_put_span(&list, buf_span(&one));
		embed(&c, ca, buf_span(&list), -1);
		AUTO_CERT struct cert *x = NULL;
		struct sct_list l;
		ca_check(x509_open(&x, c.der, NULL) == 0, "open");
		is_int(sct_read(&l, x, NULL), n == SCT_MAX ? SCT_OK : SCT_MALFORMED, "%d SCTs", n);
	}
}

static void test_flips(const struct ca_cert *ca)
{
	AUTO_KEY struct key *k = log_key(KEY_P256);
	const struct want w = { .log = k, .time = WHEN, .ext = SPAN_LIT("ext") };
	CA_AUTO struct ca_cert c = with_scts(ca, &w, 1, 1, false);
	size_t n = c.der.n;
	uint8_t *p = malloc(n);
	size_t wrong = 0, outside = 0;
	/* the certificate's own signature is not the SCT's matter, nor is the SCT extension's frame
	 */
	AUTO_CERT struct cert *x = NULL;
	struct sct_list l;
	ca_check(x509_open(&x, c.der, NULL) == 0 && sct_read(&l, x, NULL) == SCT_OK, "open");
	size_t sig_end = (size_t)(l.sct[0].signature.p - x509_der(x).p) + l.sct[0].signature.n;
	size_t sct_at = sig_end - (1 + 32 + 8 + 2 + w.ext.n + 4 + l.sct[0].signature.n);

	memcpy(p, c.der.p, n);
	for (size_t i = 0; i < 8 * n; i++) {
		p[i / 8] ^= (uint8_t)(1u << (i % 8));
		bool good = verify(span_of(p, n), ca->der, &w, 1) == SCT_OK;
		bool in_sct = i / 8 >= sct_at && i / 8 < sig_end;
		bool in_tbs = i / 8 < sct_at - 40 || (i / 8 >= sig_end && i / 8 < n - 90);
		wrong += good && (in_sct || in_tbs);
		outside += good && !in_sct && !in_tbs;
		p[i / 8] ^= (uint8_t)(1u << (i % 8));
	}
	is_int(wrong, 0, "each flip of the SCT and of the rest of the TBSCertificate is refused");
	diag("%zu flips of the certificate's signature and the extension's frame do not matter",
	    outside);
	for (size_t i = 0; i < n; i++)
		wrong += verify(span_of(p, i), ca->der, &w, 1) != -EBADMSG;
	is_int(wrong, 0, "and each prefix");
	free(p);
}

int main(void)
{
	CA_AUTO struct ca_cert ca =
	    ca_make(&(struct ca_req){ .subject = "ca", .ext = { CA_EXT_CA } });

	test_good(&ca);
	test_fields(&ca);
	test_lists(&ca);
	test_flips(&ca);
	ok(ERR_peek_error() == 0, "nothing is left in OpenSSL's error queue");
	return tap_done();
}
