/* SPDX-License-Identifier: Apache-2.0 */

/* key_read: keys from outside, and what is accepted as a key at all. */

#include "crypto/hash.h"
#include "crypto/key.h"
#include "crypto/ossl.h"
#include "crypto/pem.h"
#include "crypto/spki.h"
#include "wire/der.h"

#include <errno.h>
#include <openssl/core_names.h>
#include <openssl/decoder.h>
#include <openssl/x509.h>
#include <stdlib.h>

OSSL_FREE_FN(X509, X509_free)
OSSL_FREE_FN(X509_PUBKEY, X509_PUBKEY_free)
OSSL_FREE_FN(BIGNUM, BN_free)

#define ACCEPTED "accepted: ECDSA P-256, P-384, P-521, Ed25519, RSA of 2048 to 8192 bits"

static enum key_kind ec_kind(EVP_PKEY *pkey, struct fault *f)
{
	char group[64] = "explicit parameters";
	int explicit = 0;

	(void)EVP_PKEY_get_int_param(
	    pkey, OSSL_PKEY_PARAM_EC_DECODED_FROM_EXPLICIT_PARAMS, &explicit);
	if (!explicit)
		(void)EVP_PKEY_get_group_name(pkey, group, sizeof(group), NULL);
	if (strcmp(group, "prime256v1") == 0)
		return KEY_P256;
	if (strcmp(group, "secp384r1") == 0)
		return KEY_P384;
	if (strcmp(group, "secp521r1") == 0)
		return KEY_P521;
	fault_set(f, 0, "elliptic curve %s is not accepted; " ACCEPTED, QUOTE(span_str(group)));
	return KEY_NONE;
}

static enum key_kind rsa_kind(EVP_PKEY *pkey, struct fault *f)
{
	int bits = EVP_PKEY_get_bits(pkey);
	BIGNUM *raw = NULL;

	if (bits < KEY_RSA_BITS_MIN || bits > KEY_RSA_BITS_MAX) {
		fault_set(f, 0, "RSA key of %d bits is not accepted; " ACCEPTED, bits);
		return KEY_NONE;
	}
	if (!EVP_PKEY_get_bn_param(pkey, OSSL_PKEY_PARAM_RSA_E, &raw))
		return KEY_NONE;
	OSSL_AUTO(BIGNUM, BN_free) e = raw;
	if (!BN_is_odd(e) || BN_is_one(e) || BN_num_bits(e) > 64) {
		fault_set(f, 0, "RSA key with a public exponent that is not odd, >= 3 and < 2^64");
		return KEY_NONE;
	}
	return KEY_RSA;
}

/*
 * The y coordinates of the points whose order divides 8, in each encoding (RFC 8032 5.1.2; the sign
 * bit is not part of y). Under such a key a signature that anyone can make verifies.
 */
static const uint8_t small_order[7][32] = {
	{ 0 },
	{ 1 },
	{ 0x26, 0xe8, 0x95, 0x8f, 0xc2, 0xb2, 0x27, 0xb0, 0x45, 0xc3, 0xf4, 0x89, 0xf2, 0xef, 0x98,
	    0xf0, 0xd5, 0xdf, 0xac, 0x05, 0xd3, 0xc6, 0x33, 0x39, 0xb1, 0x38, 0x02, 0x88, 0x6d,
	    0x53, 0xfc, 0x05 },
	{ 0xc7, 0x17, 0x6a, 0x70, 0x3d, 0x4d, 0xd8, 0x4f, 0xba, 0x3c, 0x0b, 0x76, 0x0d, 0x10, 0x67,
	    0x0f, 0x2a, 0x20, 0x53, 0xfa, 0x2c, 0x39, 0xcc, 0xc6, 0x4e, 0xc7, 0xfd, 0x77, 0x92,
	    0xac, 0x03, 0x7a },
	{ 0xec, [1 ... 30] = 0xff, 0x7f },
	{ 0xed, [1 ... 30] = 0xff, 0x7f },
	{ 0xee, [1 ... 30] = 0xff, 0x7f },
};

static enum key_kind ed25519_kind(EVP_PKEY *pkey, struct fault *f)
{
	uint8_t y[32];
	size_t n = sizeof(y);

	if (!EVP_PKEY_get_raw_public_key(pkey, y, &n) || n != sizeof(y))
		return KEY_NONE;
	y[31] &= 0x7f;
	for (size_t i = 0; i < ARRAY_LEN(small_order); i++) {
		if (memcmp(y, small_order[i], sizeof(y)) == 0) {
			fault_set(f, 0, "an Ed25519 key of small order: anyone can sign for it");
			return KEY_NONE;
		}
	}
	return KEY_ED25519;
}

enum key_kind ossl_key_kind(EVP_PKEY *pkey, struct fault *f)
{
	if (EVP_PKEY_is_a(pkey, "ED25519"))
		return ed25519_kind(pkey, f);
	if (EVP_PKEY_is_a(pkey, "EC"))
		return ec_kind(pkey, f);
	if (EVP_PKEY_is_a(pkey, "RSA"))
		return rsa_kind(pkey, f);
	const char *name = EVP_PKEY_get0_type_name(pkey);
	fault_set(f, 0, "%s keys are not accepted; " ACCEPTED, name ? name : "such");
	return KEY_NONE;
}

struct digest ossl_spki_id(EVP_PKEY *pkey)
{
	struct digest id = { 0 };
	unsigned char *der = NULL;

	if (EVP_PKEY_is_a(pkey, "EC") &&
	    !EVP_PKEY_set_utf8_string_param(
		pkey, OSSL_PKEY_PARAM_EC_POINT_CONVERSION_FORMAT, "uncompressed"))
		return id;
	int n = i2d_PUBKEY(pkey, &der);
	if (n > 0)
		id = sha256_of(span_of(der, (size_t)n));
	OPENSSL_free(der);
	return id;
}

/* Takes over pkey, whose SPKI has this hash. */
static int key_make(
    struct key **ret_k, EVP_PKEY *pkey, bool is_private, struct digest id, struct fault *f)
{
	OSSL_AUTO(EVP_PKEY, EVP_PKEY_free) own = pkey;
	enum key_kind kind = ossl_key_kind(own, f);

	if (kind == KEY_NONE)
		return -EBADMSG;
	struct key *k = digest_is_set(&id) ? calloc(1, sizeof(*k)) : NULL;
	if (!k)
		return -ENOMEM;
	*k = (struct key){ TAKE_PTR(own), kind, is_private, id };
	*ret_k = k;
	return 0;
}

int key_from_pkey(struct key **ret_k, EVP_PKEY *pkey, bool is_private, struct fault *f)
{
	return key_make(ret_k, pkey, is_private, ossl_spki_id(pkey), f);
}

/* A key type OpenSSL could not load, by its OID. */
static int unknown_algorithm(X509_PUBKEY *spki, struct fault *f)
{
	ASN1_OBJECT *oid = NULL;
	char name[80] = "unknown";

	if (X509_PUBKEY_get0_param(&oid, NULL, NULL, NULL, spki))
		OBJ_obj2txt(name, sizeof(name), oid, 0);
	return fault_set(f, -EBADMSG, "not a usable %s key; " ACCEPTED, QUOTE(span_str(name)));
}

/* Says why spki_pkey did not take it; the slow decoder knows more kinds and forms. */
static int refuse_spki(struct span der, struct fault *f)
{
	const unsigned char *p = der.p;
	OSSL_AUTO(X509_PUBKEY, X509_PUBKEY_free) spki = d2i_X509_PUBKEY(NULL, &p, (long)der.n);

	if (!spki)
		return fault_set(f, -EBADMSG, "not a SubjectPublicKeyInfo");
	if ((size_t)(p - der.p) != der.n)
		return fault_set(
		    f, -EBADMSG, "%zu bytes after the end of the key", der.n - (size_t)(p - der.p));
	EVP_PKEY *pkey = X509_PUBKEY_get0(spki);
	if (!pkey)
		return unknown_algorithm(spki, f);
	if (ossl_key_kind(pkey, f) == KEY_NONE)
		return -EBADMSG;
	return fault_set(
	    f, -EBADMSG, "the key is not in its canonical form (DER, uncompressed point)");
}

/* SPKI in exactly one form: a key that had two encodings would have two ids. */
int key_from_spki(struct key **ret_k, struct span der, struct fault *f)
{
	OSSL_SCOPE;

	if (der.n > KEY_TEXT_MAX)
		return fault_set(f, -EBADMSG, "a key larger than %u bytes", KEY_TEXT_MAX);
	EVP_PKEY *pkey = spki_pkey(der);
	return pkey ? key_make(ret_k, pkey, false, sha256_of(der), f) : refuse_spki(der, f);
}

int key_from_pkcs1(struct key **ret_k, struct span der, struct fault *f)
{
	EVP_PKEY *pkey = der.n <= KEY_TEXT_MAX ? spki_pkcs1(der) : NULL;

	return pkey ? key_from_pkey(ret_k, pkey, false, f)
		    : fault_set(f, -EBADMSG, "not a PKCS#1 RSAPublicKey in DER");
}

static int from_certificate(struct key **ret_k, struct span der, struct fault *f)
{
	const unsigned char *p = der.p;
	OSSL_AUTO(X509, X509_free) cert = d2i_X509(NULL, &p, (long)der.n);

	if (!cert)
		return fault_set(f, -EBADMSG, "not an X.509 certificate");
	if ((size_t)(p - der.p) != der.n)
		return fault_set(f, -EBADMSG, "%zu bytes after the end of the certificate",
		    der.n - (size_t)(p - der.p));
	X509_PUBKEY *spki = X509_get_X509_PUBKEY(cert);
	EVP_PKEY *pkey = X509_PUBKEY_get(spki);
	return pkey ? key_from_pkey(ret_k, pkey, false, f) : unknown_algorithm(spki, f);
}

/* DER without a label: a key begins with an AlgorithmIdentifier, so with an OID; a certificate's
 * first member begins with its version or serial. */
static int from_bare_der(struct key **ret_k, struct span der, struct fault *f)
{
	struct cur c = cur_of(der);
	struct cur outer = der_enter(&c, DER_SEQ), first = der_enter(&outer, DER_SEQ);

	if (first.err)
		return fault_set(f, -EBADMSG, "not a public key or certificate (PEM or DER)");
	return der_is(&first, DER_OID) ? key_from_spki(ret_k, der, f)
				       : from_certificate(ret_k, der, f);
}

static bool label_is(struct span label, const char *s)
{
	return span_eq_str(label, s);
}

static int refuse_public(struct span label, struct fault *f)
{
	if (label_is(label, "RSA PUBLIC KEY"))
		return fault_set(f, -EBADMSG,
		    "a PKCS#1 \"RSA PUBLIC KEY\": convert it with "
		    "openssl rsa -RSAPublicKey_in -pubout");
	if (span_ends(label, SPAN_LIT("PRIVATE KEY")))
		return fault_set(f, -EBADMSG, "this is a private key where a public one belongs");
	return fault_set(
	    f, -EBADMSG, "a PEM block \"%s\" is no public key or certificate", QUOTE(label));
}

int key_public(struct key **ret_k, struct span bytes, struct fault *f)
{
	AUTO_BUF struct buf der = BUF_INIT(PEM_TEXT_MAX);
	struct span label;
	OSSL_SCOPE;

	if (bytes.n > KEY_TEXT_MAX)
		return fault_set(f, -EBADMSG, "a key larger than %u bytes", KEY_TEXT_MAX);
	if (!bytes.n)
		return fault_set(f, -EBADMSG, "an empty file is no key");
	if (!pem_is(bytes))
		return from_bare_der(ret_k, bytes, f);
	int rc = pem_read(bytes, &label, &der, f);
	if (rc < 0)
		return rc;
	if (label_is(label, "PUBLIC KEY"))
		return key_from_spki(ret_k, buf_span(&der), f);
	if (label_is(label, "CERTIFICATE"))
		return from_certificate(ret_k, buf_span(&der), f);
	return refuse_public(label, f);
}

static int refuse_private(struct span label, struct fault *f)
{
	if (span_starts(label, SPAN_LIT("ENCRYPTED ")))
		return fault_set(
		    f, -EBADMSG, "the key is encrypted: decrypt it first (openssl pkey)");
	if (label_is(label, "PUBLIC KEY") || label_is(label, "CERTIFICATE"))
		return fault_set(f, -EBADMSG, "this is public: a private key belongs here");
	if (label_is(label, "OPENSSH PRIVATE KEY"))
		return fault_set(
		    f, -EBADMSG, "an OpenSSH key: convert it with ssh-keygen -p -m PKCS8");
	return fault_set(f, -EBADMSG, "a PEM block \"%s\" is no private key", QUOTE(label));
}

/* Never ask a terminal for a passphrase, whatever the bytes turn out to be. */
static int no_passphrase(char *buf, int size, int rwflag, void *arg)
{
	return -1;
}

static int from_private_der(
    struct key **ret_k, struct span der, const char *structure, const char *type, struct fault *f)
{
	EVP_PKEY *pkey = NULL;
	const unsigned char *p = der.p;
	size_t left = der.n;
	OSSL_DECODER_CTX *ctx = OSSL_DECODER_CTX_new_for_pkey(
	    &pkey, "DER", structure, type, EVP_PKEY_KEYPAIR, NULL, NULL);

	if (!ctx || !OSSL_DECODER_CTX_set_pem_password_cb(ctx, no_passphrase, NULL)) {
		OSSL_DECODER_CTX_free(ctx);
		return -ENOMEM;
	}
	int good = OSSL_DECODER_from_data(ctx, &p, &left);
	OSSL_DECODER_CTX_free(ctx);
	if (!good) {
		EVP_PKEY_free(pkey);
		return fault_set(f, -EBADMSG, "not a usable private key; " ACCEPTED);
	}
	if (left) {
		EVP_PKEY_free(pkey);
		return fault_set(f, -EBADMSG, "%zu bytes after the end of the key", left);
	}
	return key_from_pkey(ret_k, pkey, true, f);
}

int key_private(struct key **ret_k, struct span bytes, struct fault *f)
{
	struct buf der = BUF_INIT(PEM_TEXT_MAX);
	struct span label = SPAN_NONE;
	OSSL_SCOPE;

	if (!pem_is(bytes))
		return fault_set(f, -EBADMSG, "not a private key in PEM form");
	int rc = buf_reserve(&der, bytes.n < PEM_TEXT_MAX ? bytes.n : PEM_TEXT_MAX);
	if (rc == 0)
		rc = pem_read(bytes, &label, &der, f);
	if (rc < 0)
		goto out;
	if (label_is(label, "PRIVATE KEY"))
		rc = from_private_der(ret_k, buf_span(&der), "PrivateKeyInfo", NULL, f);
	else if (label_is(label, "EC PRIVATE KEY"))
		rc = from_private_der(ret_k, buf_span(&der), "type-specific", "EC", f);
	else if (label_is(label, "RSA PRIVATE KEY"))
		rc = from_private_der(ret_k, buf_span(&der), "type-specific", "RSA", f);
	else
		rc = refuse_private(label, f);
out:
	if (der.p)
		OPENSSL_cleanse(der.p, der.cap);
	buf_free(&der);
	return rc;
}
