/* SPDX-License-Identifier: Apache-2.0 */

#include "forge_x509.h"

#include "crypto/der_put.h"
#include "crypto/hash.h"
#include "crypto/oid.h"
#include "crypto/pem.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define OID_ED25519 SPAN_LIT("\x2b\x65\x70")
#define SERIAL 0x2a /* of leaves; CAs have 1 */

static void must(bool good)
{
	if (!good)
		abort();
}

void forge_spki(struct buf *out, const struct key *k)
{
	AUTO_BUF struct buf pem = BUF_INIT(KEY_TEXT_MAX);
	struct span label;

	must(key_write_public(k, &pem) == 0);
	must(pem_read(buf_span(&pem), &label, out, NULL) == 0);
}

void forge_sign(struct buf *out, const struct key *k, struct span msg)
{
	must(key_sign(k, msg, out) == 0);
}

static void put_sigalg(struct buf *b, const struct key *k)
{
	switch (key_kind_of(k)) {
	case KEY_P384:
		der_put_algorithm(b, OID_ECDSA_SHA384, false);
		break;
	case KEY_P521:
		der_put_algorithm(b, OID_ECDSA_SHA512, false);
		break;
	case KEY_ED25519:
		der_put_algorithm(b, OID_ED25519, false);
		break;
	case KEY_RSA:
		der_put_algorithm(b, OID_RSA_SHA256, true);
		break;
	default:
		der_put_algorithm(b, OID_ECDSA_SHA256, false);
	}
}

static void put_name(struct buf *b, const char *cn)
{
	size_t name = der_open(b, DER_SEQ);

	if (*cn) {
		size_t rdn = der_open(b, DER_SET), attr = der_open(b, DER_SEQ);
		der_put(b, DER_OID, SPAN_LIT("\x55\x04\x03"));
		der_put(b, DER_UTF8, span_str(cn));
		der_close(b, attr);
		der_close(b, rdn);
	}
	der_close(b, name);
}

static void put_time(struct buf *b, int64_t t)
{
	char text[32];
	time_t seconds = (time_t)t;
	struct tm tm;

	must(gmtime_r(&seconds, &tm) && tm.tm_year < 150);
	strftime(text, sizeof(text), "%Y%m%d%H%M%SZ", &tm);
	der_put(b, DER_UTC_TIME, span_str(text + 2));
}

/* An extension around a value that body() wrote. */
static void put_ext(struct buf *b, struct span oid, bool critical, struct span value)
{
	size_t ext = der_open(b, DER_SEQ);

	der_put(b, DER_OID, oid);
	if (critical)
		der_put(b, DER_BOOLEAN, SPAN_LIT("\xff"));
	der_put(b, DER_OCTETS, value);
	der_close(b, ext);
}

static void put_usage(struct buf *b, const struct forge_cert *c)
{
	if (c->ca)
		put_ext(b, SPAN_LIT("\x55\x1d\x13"), true, SPAN_LIT("\x30\x03\x01\x01\xff"));
	put_ext(b, SPAN_LIT("\x55\x1d\x0f"), true,
	    c->ca ? SPAN_LIT("\x03\x02\x01\x06") : SPAN_LIT("\x03\x02\x07\x80"));
	if (c->usage == FORGE_USAGE_CODE)
		put_ext(b, SPAN_LIT("\x55\x1d\x25"), false,
		    SPAN_LIT("\x30\x0a\x06\x08\x2b\x06\x01\x05\x05\x07\x03\x03"));
	if (c->usage == FORGE_USAGE_STAMP)
		put_ext(b, SPAN_LIT("\x55\x1d\x25"), true,
		    SPAN_LIT("\x30\x0a\x06\x08\x2b\x06\x01\x05\x05\x07\x03\x08"));
}

static void put_san(struct buf *b, const struct forge_cert *c)
{
	AUTO_BUF struct buf v = BUF_INIT(1 << 16);
	size_t seq = der_open(&v, DER_SEQ);

	for (unsigned i = 0; i < c->nsans; i++) {
		if (c->san == FORGE_SAN_USER) {
			size_t other = der_open(&v, DER_CTXC(0));
			der_put(&v, DER_OID, SPAN_LIT("\x2b\x06\x01\x04\x01\x83\xbf\x30\x01\x07"));
			size_t value = der_open(&v, DER_CTXC(0));
			der_put(&v, DER_UTF8, span_str(c->san_value));
			der_close(&v, value);
			der_close(&v, other);
		} else {
			der_put(&v,
			    c->san == FORGE_SAN_EMAIL ? DER_CTX(1) :
			    c->san == FORGE_SAN_DNS   ? DER_CTX(2) :
							DER_CTX(6),
			    span_str(c->san_value));
		}
	}
	der_close(&v, seq);
	put_ext(b, SPAN_LIT("\x55\x1d\x11"), true, buf_span(&v));
}

static void put_issuers(struct buf *b, const struct forge_cert *c)
{
	AUTO_BUF struct buf v = BUF_INIT(1 << 16);

	if (c->issuer_v1)
		put_ext(b, SPAN_LIT("\x2b\x06\x01\x04\x01\x83\xbf\x30\x01\x01"), false,
		    span_str(c->issuer_v1));
	if (!c->issuer_v2)
		return;
	der_put(&v, DER_UTF8, span_str(c->issuer_v2));
	put_ext(b, SPAN_LIT("\x2b\x06\x01\x04\x01\x83\xbf\x30\x01\x08"), false, buf_span(&v));
}

static void put_scts(struct buf *b, struct span list)
{
	AUTO_BUF struct buf v = BUF_INIT(1 << 16);

	der_put(&v, DER_OCTETS, list);
	put_ext(b, SPAN_LIT("\x2b\x06\x01\x04\x01\xd6\x79\x02\x04\x02"), false, buf_span(&v));
}

/* The TBSCertificate; scts: the serialized list, SPAN_NONE for a precertificate's. */
static void put_tbs(struct buf *b, const struct forge_cert *c, struct span scts)
{
	size_t tbs = der_open(b, DER_SEQ), at = der_open(b, DER_CTXC(0));

	der_put_small(b, 2);
	der_close(b, at);
	der_put_small(b, c->ca ? 1 : SERIAL);
	put_sigalg(b, c->issuer_key);
	put_name(b, c->issuer);
	at = der_open(b, DER_SEQ);
	put_time(b, c->from);
	put_time(b, c->to);
	der_close(b, at);
	put_name(b, c->name);
	forge_spki(b, c->key);
	at = der_open(b, DER_CTXC(3));
	size_t list = der_open(b, DER_SEQ);
	put_usage(b, c);
	if (c->san)
		put_san(b, c);
	put_issuers(b, c);
	if (scts.n)
		put_scts(b, scts);
	der_close(b, list);
	der_close(b, at);
	der_close(b, tbs);
}

static void put_be(struct buf *b, uint64_t v, unsigned bytes)
{
	while (bytes--)
		buf_putc(b, (char)(v >> 8 * bytes));
}

/* One SCT (RFC 6962 3.2) over the precertificate. */
static void put_sct(struct buf *out, const struct forge_sct *s, const struct forge_cert *c)
{
	AUTO_BUF struct buf tbs = BUF_INIT(1 << 16);
	AUTO_BUF struct buf msg = BUF_INIT(1 << 16);
	AUTO_BUF struct buf sct = BUF_INIT(1 << 16);
	AUTO_BUF struct buf sig = BUF_INIT(1 << 16);
	struct digest issuer = key_id(c->issuer_key), id = key_id(s->log_id ? s->log_id : s->log);

	put_tbs(&tbs, c, SPAN_NONE);
	put_be(&msg, 0, 2);
	put_be(&msg, (uint64_t)s->ms, 8);
	put_be(&msg, 1, 2);
	buf_put(&msg, issuer.b, issuer.len);
	put_be(&msg, tbs.n, 3);
	buf_put_span(&msg, buf_span(&tbs));
	put_be(&msg, s->extensions.n, 2);
	buf_put_span(&msg, s->extensions);
	if (s->broken)
		buf_putc(&msg, 'x');
	forge_sign(&sig, s->log, buf_span(&msg));
	buf_putc(&sct, 0);
	buf_put(&sct, id.b, id.len);
	put_be(&sct, (uint64_t)s->ms, 8);
	put_be(&sct, s->extensions.n, 2);
	buf_put_span(&sct, s->extensions);
	buf_putc(&sct, 4);
	buf_putc(&sct, key_kind_of(s->log) == KEY_RSA ? 1 : 3);
	put_be(&sct, sig.n, 2);
	buf_put_span(&sct, buf_span(&sig));
	put_be(out, sct.n, 2);
	buf_put_span(out, buf_span(&sct));
}

void forge_cert(struct buf *out, const struct forge_cert *c)
{
	AUTO_BUF struct buf list = BUF_INIT(1 << 16);
	AUTO_BUF struct buf body = BUF_INIT(1 << 16);
	AUTO_BUF struct buf sig = BUF_INIT(1 << 16);

	for (size_t i = 0; i < c->nscts; i++)
		put_sct(&body, &c->sct[i], c);
	if (c->nscts) {
		put_be(&list, body.n, 2);
		buf_put_span(&list, buf_span(&body));
	}
	size_t cert = der_open(out, DER_SEQ), from = out->n;
	put_tbs(out, c, buf_span(&list));
	forge_sign(&sig, c->issuer_key, span_of(out->p + from, out->n - from));
	put_sigalg(out, c->issuer_key);
	size_t bits = der_open(out, DER_BITS);
	buf_putc(out, 0);
	buf_put_span(out, buf_span(&sig));
	der_close(out, bits);
	der_close(out, cert);
	must(buf_err(out) == 0);
}

static void put_tst(struct buf *b, const struct forge_stamp *s)
{
	struct digest d = sha256_of(s->message);
	time_t seconds = (time_t)s->time;
	char text[32];
	struct tm tm;

	size_t tst = der_open(b, DER_SEQ);
	der_put_small(b, 1);
	der_put(b, DER_OID, SPAN_LIT("\x2a\x03\x04"));
	size_t imprint = der_open(b, DER_SEQ);
	der_put_algorithm(b, OID_SHA256, true);
	der_put(b, DER_OCTETS, span_of(d.b, d.len));
	der_close(b, imprint);
	der_put_small(b, 7);
	must(gmtime_r(&seconds, &tm) != NULL);
	strftime(text, sizeof(text), "%Y%m%d%H%M%SZ", &tm);
	der_put(b, DER_TIME, span_str(text));
	der_close(b, tst);
}

static size_t open_attr(struct buf *b, struct span oid, size_t *ret_set)
{
	size_t attr = der_open(b, DER_SEQ);

	der_put(b, DER_OID, oid);
	*ret_set = der_open(b, DER_SET);
	return attr;
}

/* The digest that goes with a key's signatures. */
static enum digest_alg hash_of(const struct key *k)
{
	return key_kind_of(k) == KEY_P384 ? DIGEST_SHA384 :
	       key_kind_of(k) == KEY_P521 ? DIGEST_SHA512 :
					    DIGEST_SHA256;
}

static void put_hash(struct buf *b, const struct key *k)
{
	der_put_algorithm(b,
	    hash_of(k) == DIGEST_SHA384 ? OID_SHA384 :
	    hash_of(k) == DIGEST_SHA512 ? OID_SHA512 :
					  OID_SHA256,
	    true);
}

/* Content of the signed attributes' SET, in DER's order. */
static void put_attrs(struct buf *b, const struct key *k, struct span tst, struct span cert)
{
	struct digest d, id = sha256_of(cert);
	size_t set, attr = open_attr(b, OID_CONTENT_TYPE, &set);

	must(hash_span(hash_of(k), tst, &d) == 0);

	der_put(b, DER_OID, OID_TST_INFO);
	der_close(b, set);
	der_close(b, attr);
	attr = open_attr(b, OID_MESSAGE_DIGEST, &set);
	der_put(b, DER_OCTETS, span_of(d.b, d.len));
	der_close(b, set);
	der_close(b, attr);
	attr = open_attr(b, OID_SIGNING_CERT_V2, &set);
	size_t v2 = der_open(b, DER_SEQ), certs = der_open(b, DER_SEQ), one = der_open(b, DER_SEQ);
	der_put(b, DER_OCTETS, span_of(id.b, id.len));
	der_close(b, one);
	der_close(b, certs);
	der_close(b, v2);
	der_close(b, set);
	der_close(b, attr);
}

static void put_signer(struct buf *b, const struct forge_stamp *s, struct span tst)
{
	AUTO_BUF struct buf attrs = BUF_INIT(1 << 16);
	AUTO_BUF struct buf set = BUF_INIT(1 << 16);
	AUTO_BUF struct buf sig = BUF_INIT(1 << 16);

	put_attrs(&attrs, s->key, tst, s->cert);
	der_put(&set, DER_SET, buf_span(&attrs));
	forge_sign(&sig, s->key, buf_span(&set));
	size_t signer = der_open(b, DER_SEQ);
	der_put_small(b, 1);
	size_t sid = der_open(b, DER_SEQ);
	put_name(b, s->issuer);
	der_put_small(b, SERIAL);
	der_close(b, sid);
	put_hash(b, s->key);
	der_put(b, DER_CTXC(0), buf_span(&attrs));
	put_sigalg(b, s->key);
	der_put(b, DER_OCTETS, buf_span(&sig));
	der_close(b, signer);
}

static void put_signed_data(struct buf *b, const struct forge_stamp *s)
{
	AUTO_BUF struct buf tst = BUF_INIT(1 << 16);

	put_tst(&tst, s);
	size_t data = der_open(b, DER_SEQ);
	der_put_small(b, 3);
	size_t at = der_open(b, DER_SET);
	put_hash(b, s->key);
	der_close(b, at);
	at = der_open(b, DER_SEQ);
	der_put(b, DER_OID, OID_TST_INFO);
	size_t content = der_open(b, DER_CTXC(0));
	der_put(b, DER_OCTETS, buf_span(&tst));
	der_close(b, content);
	der_close(b, at);
	if (s->embed)
		der_put(b, DER_CTXC(0), s->cert);
	at = der_open(b, DER_SET);
	put_signer(b, s, buf_span(&tst));
	der_close(b, at);
	der_close(b, data);
}

void forge_stamp(struct buf *out, const struct forge_stamp *s)
{
	size_t resp = der_open(out, DER_SEQ), status = der_open(out, DER_SEQ);

	der_put_small(out, 0);
	der_close(out, status);
	size_t info = der_open(out, DER_SEQ);
	der_put(out, DER_OID, OID_SIGNED_DATA);
	size_t content = der_open(out, DER_CTXC(0));
	put_signed_data(out, s);
	der_close(out, content);
	der_close(out, info);
	der_close(out, resp);
	must(buf_err(out) == 0);
}
