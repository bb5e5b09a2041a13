/* SPDX-License-Identifier: Apache-2.0 */

/* cms: what openssl does not make, so that the conformance test cannot show it. */

#include "crypto/cms.h"

#include "crypto/der_put.h"
#include "crypto/oid.h"
#include "detached.h"
#include "tap.h"

#include <errno.h>

#define CONTENT SPAN_LIT("content")

static struct secret ed, ec;
static struct span cert;

/* A SignedData with one signer, named by key identifier, built by hand. */
struct plan {
	const struct secret *s;
	enum digest_alg digest;
	struct span digest_oid, sig_oid;
	bool attrs, two_digests, no_type, extra_content;
	struct span signed_bytes; /* without attributes */
	struct span content_oid;
	unsigned version;
};

static void put_attr(struct buf *b, struct span oid, unsigned tag, struct span value)
{
	size_t at = der_open(b, DER_SEQ);

	der_put(b, DER_OID, oid);
	size_t set = der_open(b, DER_SET);
	der_put(b, tag, value);
	der_close(b, set);
	der_close(b, at);
}

static struct span attributes(const struct plan *p)
{
	struct buf b = BUF_INIT(4096);
	struct digest d;

	if (hash_span(p->digest, CONTENT, &d) < 0)
		abort();
	if (!p->no_type)
		put_attr(&b, OID_CONTENT_TYPE, DER_OID, OID_DATA);
	for (int i = 0; i <= p->two_digests; i++)
		put_attr(&b, OID_MESSAGE_DIGEST, DER_OCTETS, span_of(d.b, d.len));
	return dt_keep(&b);
}

static struct span as_set(struct span attrs)
{
	struct buf b = BUF_INIT(4096);

	der_put(&b, DER_SET, attrs);
	return dt_keep(&b);
}

static void put_signer(struct buf *b, const struct plan *p)
{
	AUTO_BUF struct buf sig = BUF_INIT(2048);
	struct span attrs = p->attrs ? attributes(p) : SPAN_NONE;
	size_t at = der_open(b, DER_SEQ);

	der_put_small(b, p->version ? p->version : 3);
	der_put(b, DER_CTX(0), SPAN_LIT("key id"));
	der_put_algorithm(b, p->digest_oid, false);
	if (p->attrs)
		der_put(b, DER_CTXC(0), attrs);
	der_put_algorithm(b, p->sig_oid, false);
	if (key_sign(p->s->key, p->attrs ? as_set(attrs) : p->signed_bytes, &sig) < 0)
		abort();
	der_put(b, DER_OCTETS, buf_span(&sig));
	der_close(b, at);
}

static struct span build(const struct plan *p)
{
	struct buf b = BUF_INIT(1u << 16);
	size_t info = der_open(&b, DER_SEQ);

	der_put(&b, DER_OID, OID_SIGNED_DATA);
	size_t outer = der_open(&b, DER_CTXC(0)), data = der_open(&b, DER_SEQ);
	der_put_small(&b, 3);
	size_t algs = der_open(&b, DER_SET);
	der_put_algorithm(&b, p->digest_oid, false);
	der_close(&b, algs);
	size_t content = der_open(&b, DER_SEQ);
	der_put(&b, DER_OID, p->content_oid.n ? p->content_oid : OID_DATA);
	if (p->extra_content) {
		size_t x = der_open(&b, DER_CTXC(0));
		der_put(&b, DER_OCTETS, CONTENT);
		der_close(&b, x);
	}
	der_close(&b, content);
	size_t signers = der_open(&b, DER_SET);
	put_signer(&b, p);
	der_close(&b, signers);
	der_close(&b, data);
	der_close(&b, outer);
	der_close(&b, info);
	return dt_keep(&b);
}

static int check(const struct plan *p, struct span content, const struct secret *s)
{
	return dt_verify(build(p), content, dt_ring(dt_public(s, SECRET_PEM)));
}

static struct plan plan_ed(void)
{
	return (struct plan){ .s = &ed, .digest = DIGEST_SHA512, .digest_oid = OID_SHA512,
		.sig_oid = OID_ED25519, .attrs = true };
}

static struct plan plan_ec(void)
{
	return (struct plan){ .s = &ec, .digest = DIGEST_SHA256, .digest_oid = OID_SHA256,
		.sig_oid = OID_ECDSA_SHA256, .attrs = true };
}

static void test_ed25519(void)
{
	struct plan p = plan_ed();

	is_int(check(&p, CONTENT, &ed), DETACHED_GOOD, "Ed25519 with SHA-512 (RFC 8419)");
	is_int(check(&p, SPAN_LIT("?"), &ed), DETACHED_STRANGER, "over another file");
	is_int(check(&p, CONTENT, &ec), DETACHED_STRANGER, "another key");
	p.attrs = false;
	p.signed_bytes = CONTENT;
	is_int(check(&p, CONTENT, &ed), DETACHED_GOOD, "without attributes");
	p = plan_ed();
	p.digest = DIGEST_SHA256;
	p.digest_oid = OID_SHA256;
	is_int(check(&p, CONTENT, &ed), -EBADMSG, "with SHA-256 it is refused");
}

static void test_structure(void)
{
	struct plan p = plan_ec();

	is_int(check(&p, CONTENT, &ec), DETACHED_GOOD, "ECDSA by key identifier");
	p.two_digests = true;
	is_int(check(&p, CONTENT, &ec), -EBADMSG, "two messageDigest attributes");
	p = plan_ec();
	p.no_type = true;
	is_int(check(&p, CONTENT, &ec), -EBADMSG, "no contentType");
	p = plan_ec();
	p.extra_content = true;
	is_int(check(&p, CONTENT, &ec), -EBADMSG, "content inside");
	p = plan_ec();
	p.content_oid = OID_TST_INFO;
	is_int(check(&p, CONTENT, &ec), -EBADMSG, "another content type");
	p = plan_ec();
	p.version = 1;
	is_int(check(&p, CONTENT, &ec), -EBADMSG, "version 1 with a key identifier");
	p = plan_ec();
	p.sig_oid = OID_ECDSA_SHA512;
	is_int(check(&p, CONTENT, &ec), -EBADMSG, "two digests that disagree");
	p = plan_ec();
	p.sig_oid = OID_ED25519;
	is_int(check(&p, CONTENT, &ec), -EBADMSG, "a scheme of another key");
	p = plan_ec();
	p.digest = DIGEST_SHA1;
	p.digest_oid = OID_SHA1;
	p.sig_oid = OID_ECDSA_SHA1;
	is_int(check(&p, CONTENT, &ec), -EBADMSG, "SHA-1");
}

/*
 * A signature with attributes is one over the attributes' SET as content, too: whoever takes the
 * attributes out could pass that SET off as a file. And the other way about.
 */
static void test_confusion(void)
{
	struct plan p = plan_ec();
	struct span set = as_set(attributes(&p));

	p.attrs = false;
	p.signed_bytes = set;
	is_int(check(&p, set, &ec), DETACHED_STRANGER, "attributes passed off as content are refused");
	p.signed_bytes = CONTENT;
	is_int(check(&p, CONTENT, &ec), DETACHED_GOOD, "other content without attributes is not");
	p.signed_bytes = SPAN_LIT("\x31\x00");
	is_int(check(&p, p.signed_bytes, &ec), DETACHED_GOOD, "nor an empty SET");
}

/* What cms_sign refuses to make. */
static void test_sign(void)
{
	struct buf b = BUF_INIT(1u << 16);
	struct fault f = FAULT_INIT;
	struct digest d = sha256_of(CONTENT);
	struct cms_sign how = { .key = ec.key, .cert = cert, .digest = d, .time = DT_NOW };

	is_int(cms_sign(&how, &b, &f), 0, "a signature");
	ok(cms_is(buf_span(&b)), "is one");
	struct cms *m;
	is_int(cms_read(&m, buf_span(&b), &dt_arena, &f), 0, "is read");
	ok(cms_signers(m) == 1 && cms_certs(m) == 1 && cms_signing_time(m, 0) == DT_NOW &&
	    cms_has_attributes(m, 0) && cms_names(m, 0, cert) && cms_cert_holds(m, 0), "says what it should");
	buf_reset(&b);
	how.key = ed.key;
	is_int(cms_sign(&how, &b, &f), -EINVAL, "the certificate of another key");
	how.key = ec.key;
	how.digest.alg = DIGEST_MD5;
	is_int(cms_sign(&how, &b, &f), -EINVAL, "MD5");
	how.digest = d;
	how.time = TS_NONE;
	is_int(cms_sign(&how, &b, &f), -EINVAL, "no time");
	buf_reset(&b);
	how.time = 2524608000 * TS_SECOND; /* 2050: GeneralizedTime */
	ok(cms_sign(&how, &b, &f) == 0 && cms_read(&m, buf_span(&b), &dt_arena, &f) == 0 &&
	    cms_signing_time(m, 0) == how.time, "in 2050");
	buf_free(&b);
}

int main(void)
{
	ed = dt_secret(SECRET_PEM, KEY_ED25519);
	ec = dt_secret(SECRET_PEM, KEY_P256);
	cert = dt_cert(&ec);
	test_ed25519();
	test_structure();
	test_confusion();
	test_sign();
	secret_free(&ed);
	secret_free(&ec);
	return tap_done();
}
