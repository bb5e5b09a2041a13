/* SPDX-License-Identifier: Apache-2.0 */

#include "crypto/key_ssh.h"

#include "crypto/der_put.h"
#include "crypto/oid.h"
#include "crypto/ossl.h"
#include "wire/ssh.h"

#include <errno.h>
#include <openssl/core_names.h>
#include <openssl/x509.h>

/* 1.2.840.10045.3.1.7, 1.3.132.0.34, 1.3.132.0.35 */
#define OID_P256 SPAN_LIT("\x2a\x86\x48\xce\x3d\x03\x01\x07")
#define OID_P384 SPAN_LIT("\x2b\x81\x04\x00\x22")
#define OID_P521 SPAN_LIT("\x2b\x81\x04\x00\x23")

static const struct type {
	const char *name;
	const char *curve; /* NULL: not an elliptic curve of NIST's */
	enum key_kind kind;
	bool sk;
	size_t point;
	struct span oid;
} types[] = {
	{ "ssh-ed25519", NULL, KEY_ED25519, false, 32, SPAN_NONE },
	{ "ecdsa-sha2-nistp256", "nistp256", KEY_P256, false, 65, OID_P256 },
	{ "ecdsa-sha2-nistp384", "nistp384", KEY_P384, false, 97, OID_P384 },
	{ "ecdsa-sha2-nistp521", "nistp521", KEY_P521, false, 133, OID_P521 },
	{ "ssh-rsa", NULL, KEY_RSA, false, 0, SPAN_NONE },
	{ "sk-ssh-ed25519@openssh.com", NULL, KEY_ED25519, true, 32, SPAN_NONE },
	{ "sk-ecdsa-sha2-nistp256@openssh.com", "nistp256", KEY_P256, true, 65, OID_P256 },
};

static const struct type *type_of_name(struct span name)
{
	for (size_t i = 0; i < ARRAY_LEN(types); i++)
		if (span_eq_str(name, types[i].name))
			return &types[i];
	return NULL;
}

static const struct type *type_of_kind(enum key_kind kind)
{
	for (size_t i = 0; i < ARRAY_LEN(types); i++)
		if (types[i].kind == kind && !types[i].sk)
			return &types[i];
	return NULL;
}

const char *key_ssh_type(enum key_kind kind)
{
	const struct type *t = type_of_kind(kind);

	return t ? t->name : "none";
}

static void put_bits(struct buf *b, struct span body)
{
	size_t at = der_open(b, DER_BITS);

	buf_putc(b, 0);
	buf_put_span(b, body);
	der_close(b, at);
}

/* SubjectPublicKeyInfo of a point (RFC 5480 2) or of an RSA key (RFC 3279 2.3.1). */
static void put_ec(struct buf *b, const struct type *t, struct span point)
{
	size_t spki = der_open(b, DER_SEQ), alg = der_open(b, DER_SEQ);

	der_put(b, DER_OID, OID_EC);
	der_put(b, DER_OID, t->oid);
	der_close(b, alg);
	put_bits(b, point);
	der_close(b, spki);
}

static void put_rsa(struct buf *b, struct span e, struct span n)
{
	AUTO_BUF struct buf key = BUF_INIT(KEY_TEXT_MAX);
	size_t spki = der_open(b, DER_SEQ), seq = der_open(&key, DER_SEQ);

	der_put(&key, DER_INTEGER, n);
	der_put(&key, DER_INTEGER, e);
	der_close(&key, seq);
	der_put_algorithm(b, OID_RSA, true);
	put_bits(b, buf_span(&key));
	der_close(b, spki);
}

static int from_point(struct key **ret_k, const struct type *t, struct span point, struct fault *f)
{
	AUTO_BUF struct buf spki = BUF_INIT(KEY_TEXT_MAX);

	if (point.n != t->point)
		return fault_set(f, -EBADMSG, "%s: %zu bytes of public key, must be %zu", t->name,
		    point.n, t->point);
	if (t->kind == KEY_ED25519) {
		int rc = key_from_raw_ed25519(ret_k, point.p);
		return rc == -EBADMSG ? fault_set(f, rc,
					    "an Ed25519 key of small order: anyone can sign for it")
				      : rc;
	}
	put_ec(&spki, t, point);
	return buf_err(&spki) < 0 ? -ENOMEM : key_public(ret_k, buf_span(&spki), f);
}

int key_from_ssh(
    struct key **ret_k, struct span blob, struct span *ret_application, struct fault *f)
{
	AUTO_BUF struct buf spki = BUF_INIT(KEY_TEXT_MAX);
	struct cur c = cur_of(blob);
	struct span name = ssh_string(&c), application = SPAN_NONE, point = SPAN_NONE;
	const struct type *t = type_of_name(name);

	if (c.err)
		return fault_set(f, -EBADMSG, "not an OpenSSH public key");
	if (!t)
		return fault_set(
		    f, -EBADMSG, "OpenSSH keys of type %s are not accepted", QUOTE(name));
	if (t->kind == KEY_RSA) {
		struct span e = ssh_mpint(&c), n = ssh_mpint(&c);
		put_rsa(&spki, e, n);
	} else {
		if (t->curve && !span_eq_str(ssh_string(&c), t->curve))
			cur_fail(&c, SSH_E_VALUE);
		point = ssh_string(&c);
		application = t->sk ? ssh_string(&c) : SPAN_NONE;
	}
	if (!ssh_done(&c))
		return fault_set(f, -EBADMSG, "a malformed OpenSSH key of type %s", t->name);
	if (buf_err(&spki) < 0)
		return -ENOMEM;
	int rc = t->kind == KEY_RSA ? key_public(ret_k, buf_span(&spki), f)
				    : from_point(ret_k, t, point, f);
	if (rc == 0)
		*ret_application = application;
	return rc;
}

static int put_rsa_params(const struct key *k, struct buf *out)
{
	static const char *const params[] = { OSSL_PKEY_PARAM_RSA_E, OSSL_PKEY_PARAM_RSA_N };

	for (size_t i = 0; i < ARRAY_LEN(params); i++) {
		uint8_t b[KEY_RSA_BITS_MAX / 8];
		BIGNUM *n = NULL;
		if (!EVP_PKEY_get_bn_param(k->pkey, params[i], &n))
			return -ENOMEM;
		int len = BN_num_bytes(n);
		if (len <= (int)sizeof(b))
			BN_bn2bin(n, b);
		BN_free(n);
		if (len > (int)sizeof(b))
			return -EINVAL;
		ssh_put_mpint(out, span_of(b, (size_t)len));
	}
	return 0;
}

/* The public point or key is the end of the SubjectPublicKeyInfo (RFC 5480 2.2, RFC 8410 4); the
 * key's id was made from the uncompressed form. */
static int put_point(const struct key *k, const struct type *t, struct buf *out)
{
	unsigned char *der = NULL;
	int n = i2d_PUBKEY(k->pkey, &der);
	bool good = n > 0 && (size_t)n > t->point;

	if (good)
		ssh_put_string(out, span_of(der + ((size_t)n - t->point), t->point));
	OPENSSL_free(der);
	return good ? 0 : -ENOMEM;
}

int key_write_ssh(const struct key *k, struct buf *out)
{
	const struct type *t = type_of_kind(k->kind);
	OSSL_SCOPE;

	if (!t)
		return -EINVAL;
	ssh_put_string(out, span_str(t->name));
	if (t->curve)
		ssh_put_string(out, span_str(t->curve));
	int rc = t->kind == KEY_RSA ? put_rsa_params(k, out) : put_point(k, t, out);
	return rc < 0 ? rc : buf_err(out);
}
