/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Signatures here come from a maker of our own that can make each mistake by itself; those of
 * authenticode_sign are in test_authenticode_sign.c, other people's in conformance/authenticode.t.
 */

#include "crypto/authenticode.h"
#include "crypto/der_put.h"
#include "crypto/hash.h"
#include "crypto/oid.h"
#include "tap.h"
#include "wire/pkcs7.h"

#include <errno.h>
#include <openssl/err.h>

#define DAY1 1672531200ll /* 2023-01-01 */

static const uint8_t zeroes[32];
static struct key *rsa, *p256;
static struct buf rsa_cert = BUF_INIT(1 << 16), p256_cert = BUF_INIT(1 << 16);
static struct digest image;

static int self_signed(struct key *k, const char *cn, struct buf *out)
{
	struct x509_self req = { cn, "Tests", DAY1 * TS_SECOND, DAY1 * TS_SECOND + 3650 * TS_DAY };
	return x509_self_signed(k, &req, out);
}

/* ---- a maker of SignedData with knobs ---- */

struct knobs {
	struct span content_oid; /* SPC_INDIRECT */
	struct span type_attr;	 /* OID in contentType; n == 0 and not no_type: content_oid */
	struct span digest_oid;	 /* SHA256 in all places */
	struct span digest_algs; /* OID in digestAlgorithms */
	struct span sig_oid;	 /* EC */
	struct span certs;	 /* p256's */
	struct span extra_attr;	 /* one more signed attribute, encoded */
	struct span unsigned_attrs;
	struct span content; /* whole value; SpcIndirectData of image */
	unsigned version, signer_version;
	bool no_attrs, no_type, no_digest, wrong_digest, two_signers, wrong_signature, other_issuer;
	const struct key *key;
};

static void put_attr(struct buf *b, struct span oid, unsigned tag, struct span body)
{
	size_t attr = der_open(b, DER_SEQ);
	der_put(b, DER_OID, oid);
	size_t set = der_open(b, DER_SET);
	der_put(b, tag, body);
	der_close(b, set);
	der_close(b, attr);
}

/* A SignerInfo by p256 over these content octets. */
static void put_signer(struct buf *b, const struct knobs *x, struct span octets)
{
	struct buf attrs = BUF_INIT(1 << 16), set = BUF_INIT(1 << 16), sig = BUF_INIT(1 << 16);
	struct digest d = sha256_of(octets);
	struct cur c = cur_of(buf_span(&p256_cert));
	struct cur cert = der_enter(&c, DER_SEQ), tbs = der_enter(&cert, DER_SEQ);

	(void)der_any(&tbs);
	struct span serial = der_integer(&tbs);
	(void)der_any(&tbs);
	struct span issuer = der_any(&tbs).all;
	d.b[0] ^= x->wrong_digest;
	if (!x->no_type)
		put_attr(&attrs, OID_CONTENT_TYPE, DER_OID,
		    x->type_attr.n ? x->type_attr : x->content_oid);
	if (!x->no_digest)
		put_attr(&attrs, OID_MESSAGE_DIGEST, DER_OCTETS, span_of(d.b, d.len));
	buf_put_span(&attrs, x->extra_attr);
	der_put(&set, DER_SET, buf_span(&attrs));
	if (key_sign(x->key ? x->key : p256, x->no_attrs ? octets : buf_span(&set), &sig) < 0)
		abort();
	if (x->wrong_signature)
		sig.p[sig.n - 1] ^= 1;
	size_t info = der_open(b, DER_SEQ);
	der_put_small(b, x->signer_version);
	size_t id = der_open(b, DER_SEQ);
	buf_put_span(b, issuer);
	der_put(b, DER_INTEGER, x->other_issuer ? SPAN_LIT("\x05") : serial);
	der_close(b, id);
	der_put_algorithm(b, x->digest_oid, true);
	if (!x->no_attrs)
		der_put(b, DER_CTXC(0), buf_span(&attrs));
	der_put_algorithm(b, x->sig_oid, false);
	der_put(b, DER_OCTETS, buf_span(&sig));
	if (x->unsigned_attrs.n)
		der_put(b, DER_CTXC(1), x->unsigned_attrs);
	der_close(b, info);
	buf_free(&attrs);
	buf_free(&set);
	buf_free(&sig);
}

static void put_spc(struct buf *b, struct span digest_oid, struct span digest)
{
	size_t spc = der_open(b, DER_SEQ), data = der_open(b, DER_SEQ);
	der_put(b, DER_OID, OID_SPC_PE);
	der_close(b, data);
	size_t info = der_open(b, DER_SEQ);
	der_put_algorithm(b, digest_oid, true);
	der_put(b, DER_OCTETS, digest);
	der_close(b, info);
	der_close(b, spc);
}

static struct knobs knobs(void)
{
	return (struct knobs){
		.content_oid = OID_SPC_INDIRECT,
		.digest_oid = OID_SHA256,
		.digest_algs = OID_SHA256,
		.sig_oid = OID_EC,
		.certs = buf_span(&p256_cert),
		.version = 1,
		.signer_version = 1,
	};
}

static void put_signed(struct buf *b, const struct knobs *x)
{
	struct buf spc = BUF_INIT(1 << 16);

	if (!x->content.n)
		put_spc(&spc, OID_SHA256, span_of(image.b, image.len));
	struct span content = x->content.n ? x->content : buf_span(&spc);
	struct cur c = cur_of(content);
	struct span octets = der_any(&c).body;
	size_t all = der_open(b, DER_SEQ);
	der_put(b, DER_OID, OID_SIGNED_DATA);
	size_t outer = der_open(b, DER_CTXC(0)), data = der_open(b, DER_SEQ);
	der_put_small(b, x->version);
	size_t algs = der_open(b, DER_SET);
	der_put_algorithm(b, x->digest_algs, true);
	der_close(b, algs);
	size_t info = der_open(b, DER_SEQ);
	der_put(b, DER_OID, x->content_oid);
	der_put(b, DER_CTXC(0), content);
	der_close(b, info);
	if (x->certs.n)
		der_put(b, DER_CTXC(0), x->certs);
	size_t signers = der_open(b, DER_SET);
	put_signer(b, x, octets);
	if (x->two_signers)
		put_signer(b, x, octets);
	der_close(b, signers);
	der_close(b, data);
	der_close(b, outer);
	der_close(b, all);
	buf_free(&spc);
}

/* ---- reading ---- */

static struct arena arena = ARENA_INIT(64 << 20);
static struct authenticode got;

static int reads(const struct knobs *x, struct fault *f)
{
	static struct buf der = BUF_INIT(1 << 22);

	buf_reset(&der);
	put_signed(&der, x);
	if (buf_err(&der) < 0)
		abort();
	*f = FAULT_INIT;
	arena_free(&arena);
	return authenticode_read(&got, buf_span(&der), NULL, &arena, f);
}

static bool zeroed_but_len(const struct authenticode *a)
{
	struct authenticode z = { .der_len = a->der_len };
	return memcmp(a, &z, sizeof(z)) == 0;
}

static void expect(const struct knobs *x, int want, const char *what)
{
	struct fault f;
	int rc = reads(x, &f);
	ok(rc == want && (rc == AC_OK || (f.text[0] && zeroed_but_len(&got) && got.der_len)),
	    "%s: %s %s", what, ac_result_name(rc), f.text);
}

static void test_made(void)
{
	struct knobs x = knobs();
	struct fault f;

	is_int(reads(&x, &f), AC_OK, "what the maker makes is good %s", f.text);
	ok(digest_eq(&got.digest, &image), "the image digest");
	ok(got.subject == AC_SUBJECT_PE && got.digest_alg == DIGEST_SHA256, "what and how");
	is_str(got.signer.subject, "CN=p256,O=Tests", "signer's subject");
	is_str(got.signer.common_name, "p256", "its common name");
	is_str(got.signer.key, "ecdsa-p256", "its key");
	ok(got.signer.eku_code_signing && got.signer.self_issued, "its usage");
	is_int(got.signer.not_before, DAY1 * TS_SECOND, "its first day");
	struct digest id = sha256_of(buf_span(&p256_cert)), kid = key_id(p256);
	ok(digest_eq(&got.signer.id, &id) && digest_eq(&got.signer.key_id, &kid), "its ids");
	ok(got.ncerts == 1 && got.ncerts_unrelated == 0 && got.nattr == 0 && got.nstamps == 0,
	    "nothing else in it");

	static const struct {
		const char *what;
		int want;
		size_t off; /* of a bool in struct knobs */
	} flags[] = {
		{ "no signed attributes", AC_STRUCTURE, offsetof(struct knobs, no_attrs) },
		{ "no contentType", AC_STRUCTURE, offsetof(struct knobs, no_type) },
		{ "no messageDigest", AC_STRUCTURE, offsetof(struct knobs, no_digest) },
		{ "wrong messageDigest", AC_CONTENT_DIGEST, offsetof(struct knobs, wrong_digest) },
		{ "two signers", AC_STRUCTURE, offsetof(struct knobs, two_signers) },
		{ "wrong signature", AC_BAD_SIGNATURE, offsetof(struct knobs, wrong_signature) },
		{ "another issuer", AC_NO_CERTIFICATE, offsetof(struct knobs, other_issuer) },
	};
	for (size_t i = 0; i < ARRAY_LEN(flags); i++) {
		x = knobs();
		*((bool *)&x + flags[i].off) = true;
		expect(&x, flags[i].want, flags[i].what);
	}
}

static void test_values(void)
{
	static const struct {
		const char *what;
		int want;
		size_t off; /* of a span in struct knobs */
		struct span value;
	} v[] = {
		{ "content of another type", AC_NOT_AUTHENTICODE,
		    offsetof(struct knobs, content_oid), OID_DATA },
		{ "contentType that lies", AC_STRUCTURE, offsetof(struct knobs, type_attr),
		    OID_DATA },
		{ "MD5", AC_STRUCTURE, offsetof(struct knobs, digest_oid), OID_MD5 },
		{ "digests that disagree", AC_STRUCTURE, offsetof(struct knobs, digest_algs),
		    OID_SHA1 },
		{ "RSA over an EC key", AC_STRUCTURE, offsetof(struct knobs, sig_oid), OID_RSA },
		{ "ECDSA with another digest", AC_STRUCTURE, offsetof(struct knobs, sig_oid),
		    OID_ECDSA_SHA384 },
		{ "an unknown signature algorithm", AC_ALGORITHM, offsetof(struct knobs, sig_oid),
		    OID_SPC_PE },
		{ "ECDSA with SHA-256 by its own name", AC_OK, offsetof(struct knobs, sig_oid),
		    OID_ECDSA_SHA256 },
		{ "no certificate", AC_NO_CERTIFICATE, offsetof(struct knobs, certs), SPAN_NONE },
		{ "certificates that are no DER", AC_BAD_DER, offsetof(struct knobs, certs),
		    SPAN_LIT("\x30\x80") },
		{ "a certificate that is none", AC_NO_CERTIFICATE, offsetof(struct knobs, certs),
		    SPAN_LIT("\x30\x00") },
		{ "content that is not SpcIndirectData", AC_BAD_DER,
		    offsetof(struct knobs, content), SPAN_LIT("\x30\x03\x02\x01\x00") },
	};
	for (size_t i = 0; i < ARRAY_LEN(v); i++) {
		struct knobs x = knobs();
		memcpy((char *)&x + v[i].off, &v[i].value, sizeof(struct span));
		expect(&x, v[i].want, v[i].what);
	}
	struct knobs x = knobs();
	x.digest_oid = x.digest_algs = OID_MD5;
	expect(&x, AC_ALGORITHM, "MD5 throughout");
	x = knobs();
	x.version = 2;
	expect(&x, AC_STRUCTURE, "SignedData version 2");
	x = knobs();
	x.signer_version = 3;
	expect(&x, AC_STRUCTURE, "SignerInfo version 3");
	x = knobs();
	x.key = rsa;
	expect(&x, AC_BAD_SIGNATURE, "signed by another key");

	AUTO_BUF struct buf b = BUF_INIT(1 << 16);
	put_spc(&b, OID_SHA256, SPAN_LIT("short"));
	x = knobs();
	x.content = buf_span(&b);
	expect(&x, AC_STRUCTURE, "an image digest of another length");
	buf_reset(&b);
	put_spc(&b, OID_MD5, SPAN_LIT("0123456789abcdef"));
	x.content = buf_span(&b);
	expect(&x, AC_ALGORITHM, "an MD5 image digest");
	buf_reset(&b);
	put_spc(&b, OID_SHA1, SPAN_LIT("0123456789abcdefghij"));
	x.content = buf_span(&b);
	expect(&x, AC_OK, "a SHA-1 image digest is read");
	ok(got.digest.alg == DIGEST_SHA1 && got.digest_alg == DIGEST_SHA256, "and told apart");
	buf_reset(&b);
	put_attr(&b, OID_MESSAGE_DIGEST, DER_OCTETS, SPAN_LIT("x"));
	x = knobs();
	x.extra_attr = buf_span(&b);
	expect(&x, AC_STRUCTURE, "two messageDigests");
}

/* signingCertificate: alg SHA-256 (V2, default), SHA-384 (V2) or SHA-1 (the first version). */
static void put_reference(struct buf *b, enum digest_alg alg, bool right)
{
	AUTO_BUF struct buf v = BUF_INIT(1 << 12);
	struct digest d;

	if (hash_span(alg, buf_span(&p256_cert), &d) < 0)
		abort();
	d.b[0] ^= !right;
	size_t ids = der_open(&v, DER_SEQ), id = der_open(&v, DER_SEQ);
	if (alg == DIGEST_SHA384)
		der_put_algorithm(&v, OID_SHA384, false);
	der_put(&v, DER_OCTETS, span_of(d.b, d.len));
	der_put(&v, DER_SEQ, SPAN_NONE); /* issuerSerial */
	der_close(&v, id);
	der_close(&v, ids);
	buf_reset(b);
	put_attr(
	    b, alg == DIGEST_SHA1 ? OID_SIGNING_CERT : OID_SIGNING_CERT_V2, DER_SEQ, buf_span(&v));
}

static void test_references(void)
{
	static const enum digest_alg algs[] = { DIGEST_SHA1, DIGEST_SHA256, DIGEST_SHA384 };
	AUTO_BUF struct buf b = BUF_INIT(1 << 16);
	struct knobs x = knobs();

	for (size_t i = 0; i < ARRAY_LEN(algs); i++) {
		put_reference(&b, algs[i], true);
		x.extra_attr = buf_span(&b);
		expect(&x, AC_OK, "a reference to the certificate");
		put_reference(&b, algs[i], false);
		x.extra_attr = buf_span(&b);
		expect(&x, AC_NO_CERTIFICATE, "a reference to another");
	}
	buf_reset(&b);
	put_attr(&b, OID_SIGNING_CERT_V2, DER_OCTETS, span_of(zeroes, sizeof(zeroes)));
	x.extra_attr = buf_span(&b);
	expect(&x, AC_STRUCTURE, "a malformed reference");
}

static void test_certificates(void)
{
	AUTO_BUF struct buf b = BUF_INIT(1 << 20);
	struct knobs x = knobs();

	buf_put_span(&b, buf_span(&p256_cert));
	buf_put_span(&b, buf_span(&rsa_cert));
	x.certs = buf_span(&b);
	expect(&x, AC_OK, "a certificate that nobody needs");
	ok(got.ncerts == 2 && got.ncerts_unrelated == 1, "is counted");
	buf_put_span(&b, buf_span(&p256_cert));
	buf_put_span(&b, SPAN_LIT("\x30\x00"));
	x.certs = buf_span(&b);
	expect(&x, AC_OK, "a second copy and something that is no certificate");
	ok(got.ncerts == 4 && got.ncerts_unrelated == 3 && got.cert_bytes == b.n, "are counted");

	/* the same issuer and serial, another key: which one signed is not ours to guess */
	buf_reset(&b);
	buf_put_span(&b, buf_span(&p256_cert));
	buf_put_span(&b, buf_span(&p256_cert));
	b.p[b.n - 1] ^= 1;
	x.certs = buf_span(&b);
	expect(&x, AC_STRUCTURE, "two certificates for one signer");
	x.certs = span_from(buf_span(&b), p256_cert.n);
	expect(&x, AC_BAD_SIGNATURE, "a changed certificate");
	buf_reset(&b);
	for (int i = 0; i <= AC_CERTS_MAX; i++)
		buf_put_span(&b, SPAN_LIT("\x30\x00"));
	x.certs = buf_span(&b);
	expect(&x, AC_STRUCTURE, "too many certificates");
}

/* The signature octets of the one signer. */
static struct span signature_of(struct span der)
{
	struct pkcs7 p;
	struct pkcs7_signer s;
	if (pkcs7_read(&p, der, NULL) || pkcs7_signer_read(&s, p.signers, NULL))
		abort();
	return s.signature;
}

/* der again with unsigned attributes: the same SignerInfo, byte for byte, in front of them. */
static void attach(struct buf *out, struct span der, struct span attrs)
{
	struct pkcs7 p;
	struct cur c = cur_of(der);

	if (pkcs7_read(&p, der, NULL))
		abort();
	struct cur info = der_enter(&c, DER_SEQ);
	(void)der_oid(&info);
	struct cur outer = der_enter(&info, DER_CTXC(0)), data = der_enter(&outer, DER_SEQ);
	struct cur signer = cur_of(p.signers);
	size_t all = der_open(out, DER_SEQ);
	der_put(out, DER_OID, OID_SIGNED_DATA);
	size_t o = der_open(out, DER_CTXC(0)), d = der_open(out, DER_SEQ);
	for (int i = 0; i < 4; i++) /* version, algorithms, content, certificates */
		buf_put_span(out, der_any(&data).all);
	size_t signers = der_open(out, DER_SET), one = der_open(out, DER_SEQ);
	buf_put_span(out, der_any(&signer).body);
	der_put(out, DER_CTXC(1), attrs);
	der_close(out, one);
	der_close(out, signers);
	der_close(out, d);
	der_close(out, o);
	der_close(out, all);
}

static void test_unsigned(void)
{
	AUTO_BUF struct buf der = BUF_INIT(1 << 16), attrs = BUF_INIT(1 << 16),
			    all = BUF_INIT(1 << 17);
	struct knobs x = knobs();
	struct fault f = FAULT_INIT;

	put_signed(&der, &x);
	put_attr(&attrs, OID_SPC_NESTED, DER_SEQ, SPAN_LIT("\x05\x00"));
	put_attr(&attrs, SPAN_LIT("\x2a\x03"), DER_OCTETS, SPAN_LIT("stuffing"));
	attach(&all, buf_span(&der), buf_span(&attrs));
	is_int(authenticode_read(&got, buf_span(&all), NULL, &arena, &f), AC_OK, "unsigned attributes %s",
	    f.text);
	ok(got.nattr == 2 && got.attr_bytes == attrs.n, "are counted");
	is_str(got.nattr == 2 ? got.attr[0].oid : "", "1.3.6.1.4.1.311.2.4.1", "and named");
	is_str(got.nattr == 2 ? got.attr[1].oid : "", "1.2.3", "and named");
	ok(got.nnested == 1 && span_eq(got.nested[0], SPAN_LIT("\x30\x02\x05\x00")),
	    "a nested signature is handed out");
	for (int i = 0; i < AC_NESTED_MAX; i++)
		put_attr(&attrs, OID_SPC_NESTED, DER_SEQ, SPAN_NONE);
	buf_reset(&all);
	attach(&all, buf_span(&der), buf_span(&attrs));
	is_int(authenticode_read(&got, buf_span(&all), NULL, &arena, &f), AC_STRUCTURE, "too many: %s",
	    f.text);
	buf_reset(&attrs);
	for (int i = 0; i <= AC_ATTRS_MAX; i++)
		put_attr(&attrs, SPAN_LIT("\x2a\x03"), DER_NULL, SPAN_NONE);
	buf_reset(&all);
	attach(&all, buf_span(&der), buf_span(&attrs));
	is_int(authenticode_read(&got, buf_span(&all), NULL, &arena, &f), AC_STRUCTURE, "too many: %s",
	    f.text);
	buf_reset(&all);
	attach(&all, buf_span(&der), SPAN_LIT("\x30\x03\x06\x01\x2a"));
	is_int(authenticode_read(&got, buf_span(&all), NULL, &arena, &f), AC_BAD_DER, "malformed: %s",
	    f.text);
}

static void signing_time(struct buf *b)
{
	put_attr(b, OID_SIGNING_TIME, DER_UTC_TIME, SPAN_LIT("230322010203Z"));
}
#define STAMPED ((DAY1 + 80 * 86400 + 3723) * TS_SECOND)

/* What a stamp over (a changed copy of) the signature is worth. */
static struct ac_stamp stamp_with(struct knobs *x, bool change)
{
	AUTO_BUF struct buf der = BUF_INIT(1 << 16), stamp = BUF_INIT(1 << 16),
			    all = BUF_INIT(1 << 17), attrs = BUF_INIT(1 << 16),
			    octets = BUF_INIT(1 << 12);
	struct knobs plain = knobs();
	struct fault f = FAULT_INIT;

	put_signed(&der, &plain);
	buf_put_span(&octets, signature_of(buf_span(&der)));
	octets.p[0] ^= change;
	put_signer(&stamp, x, buf_span(&octets));
	struct cur c = cur_of(buf_span(&stamp));
	put_attr(&attrs, OID_COUNTER_SIGNATURE, DER_SEQ, der_any(&c).body);
	attach(&all, buf_span(&der), buf_span(&attrs));
	is_int(
	    authenticode_read(&got, buf_span(&all), NULL, &arena, &f), AC_OK, "with a stamp %s", f.text);
	return got.stamp;
}

static void test_legacy_stamp(void)
{
	AUTO_BUF struct buf time = BUF_INIT(1 << 12);
	struct knobs x = knobs();

	signing_time(&time);
	x.content_oid = OID_DATA;
	x.extra_attr = buf_span(&time);
	struct ac_stamp s = stamp_with(&x, false);
	ok(s.kind == AC_STAMP_LEGACY && s.result == AC_OK && s.time == STAMPED && got.nstamps == 1,
	    "a countersignature: %s", ac_result_name((int)s.result));
	is_str(s.signer.subject ? s.signer.subject : "", "CN=p256,O=Tests", "by whom");
	s = stamp_with(&x, true);
	ok(s.result == AC_CONTENT_DIGEST, "over another signature: %s",
	    ac_result_name((int)s.result));
	x.wrong_signature = true;
	s = stamp_with(&x, false);
	ok(s.result == AC_BAD_SIGNATURE, "itself wrong: %s", ac_result_name((int)s.result));
	x.wrong_signature = false;
	x.other_issuer = true;
	s = stamp_with(&x, false);
	ok(s.result == AC_NO_CERTIFICATE && !s.signer.subject, "by nobody embedded: %s",
	    ac_result_name((int)s.result));
	x.other_issuer = false;
	x.no_type = true;
	s = stamp_with(&x, false);
	ok(s.result == AC_OK, "without contentType (RFC 2985): %s", ac_result_name((int)s.result));
	x.no_type = false;
	x.extra_attr = SPAN_NONE;
	s = stamp_with(&x, false);
	ok(s.result == AC_STRUCTURE && s.time == TS_NONE, "without a time: %s",
	    ac_result_name((int)s.result));
	x.content_oid = OID_SPC_INDIRECT;
	s = stamp_with(&x, false);
	ok(s.result == AC_STRUCTURE, "of another contentType: %s", ac_result_name((int)s.result));
}

static struct ac_stamp token_with(struct knobs *x, struct span alg, bool change, const char *time)
{
	AUTO_BUF struct buf der = BUF_INIT(1 << 16), tst = BUF_INIT(1 << 12),
			    all = BUF_INIT(1 << 17), attrs = BUF_INIT(1 << 16),
			    token = BUF_INIT(1 << 16), wrapped = BUF_INIT(1 << 12);
	struct knobs plain = knobs();
	struct fault f = FAULT_INIT;

	put_signed(&der, &plain);
	struct digest d = sha256_of(signature_of(buf_span(&der)));
	d.b[31] ^= change;
	size_t info = der_open(&tst, DER_SEQ);
	der_put_small(&tst, 1);
	der_put(&tst, DER_OID, SPAN_LIT("\x2a\x03"));
	size_t imprint = der_open(&tst, DER_SEQ);
	der_put_algorithm(&tst, alg, true);
	der_put(&tst, DER_OCTETS, span_of(d.b, d.len));
	der_close(&tst, imprint);
	der_put_small(&tst, 77);
	der_put(&tst, DER_TIME, span_str(time));
	der_put_small(&tst, 5); /* nonce */
	der_close(&tst, info);
	der_put(&wrapped, DER_OCTETS, buf_span(&tst));
	x->content_oid = OID_TST_INFO;
	x->content = buf_span(&wrapped);
	x->version = 3;
	put_signed(&token, x);
	struct cur c = cur_of(buf_span(&token));
	put_attr(&attrs, OID_MS_STAMP, DER_SEQ, der_any(&c).body);
	attach(&all, buf_span(&der), buf_span(&attrs));
	is_int(
	    authenticode_read(&got, buf_span(&all), NULL, &arena, &f), AC_OK, "with a token %s", f.text);
	return got.stamp;
}

static void test_token(void)
{
	struct knobs x = knobs();
	struct ac_stamp s = token_with(&x, OID_SHA256, false, "20230322010203Z");

	ok(s.kind == AC_STAMP_RFC3161 && s.result == AC_OK && s.time == STAMPED, "a token: %s",
	    ac_result_name((int)s.result));
	is_str(s.signer.subject ? s.signer.subject : "", "CN=p256,O=Tests", "by whom");
	s = token_with(&x, OID_SHA256, true, "20230322010203Z");
	ok(s.result == AC_CONTENT_DIGEST, "over another signature: %s",
	    ac_result_name((int)s.result));
	s = token_with(&x, OID_MD5, false, "20230322010203Z");
	ok(s.result == AC_ALGORITHM, "with MD5: %s", ac_result_name((int)s.result));
	s = token_with(&x, OID_SHA256, false, "20230322010299Z");
	ok(s.result == AC_BAD_DER && s.time == TS_NONE, "at no time: %s",
	    ac_result_name((int)s.result));
	x.wrong_signature = true;
	s = token_with(&x, OID_SHA256, false, "20230322010203Z");
	ok(s.result == AC_BAD_SIGNATURE, "itself wrong: %s", ac_result_name((int)s.result));
	x = knobs();
	x.certs = SPAN_NONE;
	s = token_with(&x, OID_SHA256, false, "20230322010203Z");
	ok(s.result == AC_NO_CERTIFICATE, "without certificate: %s", ac_result_name((int)s.result));
	x = knobs();
	x.two_signers = true;
	s = token_with(&x, OID_SHA256, false, "20230322010203Z");
	ok(s.result == AC_STRUCTURE, "by two: %s", ac_result_name((int)s.result));
}

static void test_caps(void)
{
	AUTO_BUF struct buf der = BUF_INIT(1 << 16);
	AUTO_ARENA struct arena tiny = ARENA_INIT(100);
	struct knobs x = knobs();

	put_signed(&der, &x);
	is_int(authenticode_read(&got, buf_span(&der), NULL, &tiny, NULL), -ENOMEM, "a full arena");
	ok(zeroed_but_len(&got), "leaves nothing behind");
	is_int(authenticode_read(&got, SPAN_NONE, NULL, &arena, NULL), AC_BAD_DER, "nothing at all");
	is_int(authenticode_read(&got,
		   SPAN_LIT("\x30\x0d\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x01"
			    "\xa0\x00"),
		   NULL, &arena, NULL),
	    AC_NOT_SIGNED_DATA, "a PKCS#7 of another type");
	ok(got.der_len == 15, "has a length all the same");
	for (int i = -1; i <= AC_RESULTS; i++)
		if (!ac_result_name(i)[0])
			ok(false, "result %d has no name", i);
}

/* SpcIndirectData with this SpcPeImageData. */
static void put_image(struct buf *b, struct span value)
{
	size_t spc = der_open(b, DER_SEQ), data = der_open(b, DER_SEQ);
	der_put(b, DER_OID, OID_SPC_PE);
	buf_put_span(b, value);
	der_close(b, data);
	size_t info = der_open(b, DER_SEQ);
	der_put_algorithm(b, OID_SHA256, true);
	der_put(b, DER_OCTETS, span_of(image.b, image.len));
	der_close(b, info);
	der_close(b, spc);
}

static void image_is(struct span value, int want, enum ac_loose_kind loose, size_t pages,
    const char *what)
{
	AUTO_BUF struct buf content = BUF_INIT(1 << 16);
	struct knobs x = knobs();
	struct fault f;

	put_image(&content, value);
	x.content = buf_span(&content);
	int rc = reads(&x, &f);
	bool found = loose == AC_LOOSE_NONE;
	for (size_t i = 0; i < got.nloose; i++)
		found = loose ? found || got.loose[i].kind == loose : false;
	ok(rc == want && found && got.pages.n == pages, "%s: %s %s, %zu loose", what,
	    ac_result_name(rc), f.text, got.nloose);
}

#define MONIKER "\xa6\xb5\x86\xd5\xb4\xa1\x24\x66\xae\x05\xa2\x17\xda\x8e\x60\xd6"

/* [0] { [1] { classId, serializedData } }, with no flags. */
static void put_moniker(struct buf *b, struct span id, struct span data)
{
	size_t seq = der_open(b, DER_SEQ);
	der_put(b, DER_BITS, SPAN_LIT("\x00"));
	size_t file = der_open(b, DER_CTXC(0)), moniker = der_open(b, DER_CTXC(1));
	der_put(b, DER_OCTETS, id);
	der_put(b, DER_OCTETS, data);
	der_close(b, moniker);
	der_close(b, file);
	der_close(b, seq);
}

static void put_pages(struct buf *b, struct span oid, size_t n)
{
	static const uint8_t table[4096];
	size_t set = der_open(b, DER_SET), one = der_open(b, DER_SEQ);
	der_put(b, DER_OID, oid);
	size_t values = der_open(b, DER_SET);
	der_put(b, DER_OCTETS, span_of(table, n));
	der_close(b, values);
	der_close(b, one);
	der_close(b, set);
}

/* What SpcPeImageData may link to; the rest is data in its moniker, link or flags. */
static void test_links(void)
{
	static const struct {
		struct span oid;
		size_t n;
		int want;
		const char *what;
	} pages[] = {
		{ OID_SPC_PAGES_V2, 72, AC_OK, "page hashes, SHA-256" },
		{ OID_SPC_PAGES_V1, 48, AC_OK, "page hashes, SHA-1" },
		{ OID_SPC_PAGES_V2, 3600, AC_OK, "many page hashes" },
		{ OID_SPC_PAGES_V2, 71, AC_STRUCTURE, "page hashes of an odd length" },
		{ OID_SPC_PAGES_V2, 0, AC_STRUCTURE, "no page hashes" },
		{ OID_SPC_OPUS, 72, AC_ALGORITHM, "page hashes of another kind" },
	};
	AUTO_BUF struct buf b = BUF_INIT(1 << 16), data = BUF_INIT(1 << 16);
	static const uint8_t junk[600];

	image_is(SPAN_NONE, AC_OK, AC_LOOSE_NONE, 0, "no image data");
	image_is(SPAN_LIT("\x30\x00"), AC_OK, AC_LOOSE_NONE, 0, "empty image data");
	image_is(SPAN_LIT("\x30\x25\x03\x01\x00\xa0\x20\xa2\x1e\x80\x1c\0<\0<\0<\0O\0b\0s\0o\0l"
			  "\0e\0t\0e\0>\0>\0>"),
	    AC_OK, AC_LOOSE_NONE, 0, "an obsolete link");
	image_is(SPAN_LIT("\x30\x09\x03\x01\x00\xa0\x04\xa2\x02\x80\x00"), AC_OK, AC_LOOSE_NONE, 0,
	    "an empty link");
	image_is(SPAN_LIT("\x30\x0c\x03\x01\x00\xa0\x07\xa2\x05\x81\x03" "a:b"), AC_OK,
	    AC_LOOSE_LINK, 0, "a link to a file");
	image_is(SPAN_LIT("\x30\x0a\x03\x01\x00\xa0\x05\x80\x03" "a:b"), AC_OK, AC_LOOSE_LINK, 0,
	    "a link to an address");
	image_is(SPAN_LIT("\x30\x06\x03\x04\x00\x11\x22\x33"), AC_OK, AC_LOOSE_LINK, 0, "long flags");
	image_is(SPAN_LIT("\x04\x02xy"), AC_OK, AC_LOOSE_LINK, 0, "something else");
	put_moniker(&b, SPAN_LIT("0123456789abcdef"), SPAN_LIT("data"));
	image_is(buf_span(&b), AC_OK, AC_LOOSE_LINK, 0, "another moniker");
	buf_reset(&b);
	put_moniker(&b, SPAN_LIT("0123456789abcdef"), span_of(junk, sizeof(junk)));
	image_is(buf_span(&b), AC_OK, AC_LOOSE_ROOM, 0, "which has room");
	buf_reset(&b);
	put_moniker(&b, SPAN_LIT(MONIKER), SPAN_LIT("\x31\x00"));
	image_is(buf_span(&b), AC_BAD_DER, AC_LOOSE_NONE, 0, "the page moniker without pages");
	for (size_t i = 0; i < ARRAY_LEN(pages); i++) {
		buf_reset(&b);
		buf_reset(&data);
		put_pages(&data, pages[i].oid, pages[i].n);
		put_moniker(&b, SPAN_LIT(MONIKER), buf_span(&data));
		image_is(buf_span(&b), pages[i].want, AC_LOOSE_NONE,
		    pages[i].want == AC_OK ? pages[i].n : 0, pages[i].what);
		buf_reset(&b);
		buf_putc(&data, 0);
		put_moniker(&b, SPAN_LIT(MONIKER), buf_span(&data));
		image_is(buf_span(&b), AC_BAD_DER, AC_LOOSE_NONE, 0, "… and a byte behind them");
	}
}

int main(void)
{
	image = sha256_of(SPAN_LIT("an image"));
	if (key_generate(&rsa, KEY_RSA) < 0 || key_generate(&p256, KEY_P256) < 0 ||
	    self_signed(rsa, "rsa", &rsa_cert) < 0 || self_signed(p256, "p256", &p256_cert) < 0)
		return 1;
	test_made();
	test_values();
	test_references();
	test_certificates();
	test_unsigned();
	test_legacy_stamp();
	test_token();
	test_caps();
	test_links();
	ok(ERR_peek_error() == 0, "nothing is left in OpenSSL's error queue");
	arena_free(&arena);
	buf_free(&rsa_cert);
	buf_free(&p256_cert);
	key_free(rsa);
	key_free(p256);
	return tap_done();
}
