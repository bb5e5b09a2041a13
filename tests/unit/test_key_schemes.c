/* SPDX-License-Identifier: Apache-2.0 */

/* key_verify_as, key_verify_digest and key_from_spki: who knows the scheme says which. */

#include "crypto/hash.h"
#include "crypto/key.h"
#include "tap.h"

#include <errno.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#define MSG SPAN_LIT("the message")

static const enum digest_alg hashes[] = { DIGEST_SHA256, DIGEST_SHA384, DIGEST_SHA512 };

struct pair {
	EVP_PKEY *pkey;
	struct key *key;
	uint8_t der[2048];
	size_t n;
};

static struct pair make(const char *type, const char *curve)
{
	struct pair p = { 0 };
	unsigned char *der = p.der;
	struct fault f = FAULT_INIT;

	p.pkey = curve			    ? EVP_PKEY_Q_keygen(NULL, NULL, type, curve)
		 : strcmp(type, "RSA") == 0 ? EVP_PKEY_Q_keygen(NULL, NULL, type, (size_t)2048)
					    : EVP_PKEY_Q_keygen(NULL, NULL, type);
	int n = i2d_PUBKEY(p.pkey, &der);
	p.n = n > 0 ? (size_t)n : 0;
	int rc = key_from_spki(&p.key, span_of(p.der, p.n), &f);
	ok(rc == 0, "%s %s: the SPKI is read %s", type, curve ? curve : "", f.text);
	if (rc != 0)
		exit(1);
	return p;
}

static void done(struct pair *p)
{
	key_free(p->key);
	EVP_PKEY_free(p->pkey);
}

/* By OpenSSL alone; salt: of PSS. */
static struct span sign(EVP_PKEY *pkey, const char *md, int padding, uint8_t out[1024])
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	EVP_PKEY_CTX *pctx = NULL;
	size_t n = 1024;

	if (EVP_DigestSignInit_ex(ctx, &pctx, md, NULL, NULL, pkey, NULL) != 1 ||
	    (padding && EVP_PKEY_CTX_set_rsa_padding(pctx, padding) != 1) ||
	    EVP_DigestSign(ctx, out, &n, MSG.p, MSG.n) != 1)
		exit(1);
	EVP_MD_CTX_free(ctx);
	return span_of(out, n);
}

static const char *md_name(enum digest_alg a)
{
	return a == DIGEST_SHA256 ? "SHA256" : a == DIGEST_SHA384 ? "SHA384" : "SHA512";
}

/* Every scheme and hash against every other: only the one that was signed with verifies. */
static void test_matrix(const char *type, const char *curve, enum key_scheme scheme, int padding)
{
	static const enum key_scheme others[] = { KEY_ECDSA, KEY_PKCS1, KEY_PSS, KEY_EDDSA,
		KEY_ED25519PH };
	struct pair p = make(type, curve);
	uint8_t raw[1024];
	unsigned wrong = 0;

	for (size_t i = 0; i < ARRAY_LEN(hashes); i++) {
		struct span sig = sign(p.pkey, md_name(hashes[i]), padding, raw);
		for (size_t j = 0; j < ARRAY_LEN(hashes); j++) {
			struct digest d;
			int want = i == j ? KEY_GOOD : KEY_BAD_SIGNATURE;
			if (hash_span(hashes[j], MSG, &d) < 0)
				exit(1);
			wrong += key_verify_as(p.key, scheme, hashes[j], MSG, sig) != want;
			wrong += key_verify_digest(p.key, scheme, &d, sig) != want;
			wrong += key_verify_as(p.key, KEY_BY_KIND, hashes[j], MSG, sig) != want;
			for (size_t k = 0; k < ARRAY_LEN(others); k++)
				wrong += others[k] != scheme &&
					 key_verify_as(p.key, others[k], hashes[j], MSG, sig) ==
					     KEY_GOOD;
		}
		wrong += key_verify_as(p.key, scheme, hashes[i], SPAN_LIT("x"), sig) !=
			 KEY_BAD_SIGNATURE;
	}
	is_int(wrong, 0, "%s %s: only the scheme and hash that signed verify", type,
	    curve			       ? curve
	    : padding == RSA_PKCS1_PSS_PADDING ? "PSS"
					       : "PKCS#1");
	struct digest sha1;
	struct span sig = sign(p.pkey, "SHA1", padding, raw);
	ok(hash_span(DIGEST_SHA1, MSG, &sha1) == 0 &&
		key_verify_digest(p.key, scheme, &sha1, sig) == -EINVAL &&
		key_verify_as(p.key, scheme, DIGEST_SHA1, MSG, sig) == -EINVAL,
	    "SHA-1 is refused");
	is_int(key_verify_as(p.key, KEY_EDDSA, DIGEST_SHA256, MSG, sig), -EINVAL,
	    "a scheme of another kind");
	done(&p);
}

static void test_ed25519(void)
{
	struct pair p = make("ED25519", NULL);
	uint8_t raw[1024];
	struct span sig = sign(p.pkey, NULL, 0, raw);
	struct digest d = sha256_of(MSG);

	is_int(key_verify_as(p.key, KEY_EDDSA, DIGEST_NONE, MSG, sig), KEY_GOOD, "Ed25519");
	is_int(key_verify_as(p.key, KEY_BY_KIND, DIGEST_SHA512, MSG, sig), KEY_GOOD, "by kind");
	is_int(key_verify_digest(p.key, KEY_EDDSA, &d, sig), -ENOTSUP, "not over a digest");
	is_int(key_verify_as(p.key, KEY_ED25519PH, DIGEST_SHA512, MSG, sig), -ENOTSUP,
	    "Ed25519ph is not taken for Ed25519");
	is_int(key_verify_as(p.key, KEY_ECDSA, DIGEST_SHA256, MSG, sig), -EINVAL, "nor ECDSA");
	done(&p);
}

/* The quick way takes exactly what the slow one does: OpenSSL decodes and encodes again to the
 * same. */
static bool oracle(struct span der)
{
	const unsigned char *q = der.p;
	unsigned char *again = NULL;
	EVP_PKEY *pkey = d2i_PUBKEY(NULL, &q, (long)der.n);
	int n = pkey && q == der.p + der.n ? i2d_PUBKEY(pkey, &again) : 0;
	bool same = n > 0 && span_eq(span_of(again, (size_t)n), der);

	OPENSSL_free(again);
	EVP_PKEY_free(pkey);
	return same;
}

static void test_flips(const char *type, const char *curve)
{
	struct pair p = make(type, curve);
	unsigned differ = 0, taken = 0, no_words = 0;

	for (size_t i = 0; i < 8 * p.n; i++) {
		struct key *k = NULL;
		struct fault f = FAULT_INIT;
		p.der[i / 8] ^= (uint8_t)(1u << (i % 8));
		struct span der = span_of(p.der, p.n);
		bool ours = key_from_spki(&k, der, &f) == 0;
		/* what we refuse and OpenSSL knows is of a kind that key.h names as refused */
		if (ours && !oracle(der))
			differ++;
		no_words += !ours && !f.text[0];
		if (ours) {
			struct digest id = key_id(k), want = sha256_of(der);
			differ += !digest_eq(&id, &want);
			taken++;
		}
		key_free(k);
		p.der[i / 8] ^= (uint8_t)(1u << (i % 8));
	}
	is_int(differ, 0, "%s %s: every flipped key that is taken (%u) is one, under its own id",
	    type, curve ? curve : "", taken);
	is_int(no_words, 0, "and a refusal has words");
	ERR_clear_error(); /* the oracle's */
	for (size_t i = 0; i < p.n; i++) {
		struct key *k = NULL;
		no_words += key_from_spki(&k, span_of(p.der, i), NULL) != -EBADMSG;
		key_free(k);
	}
	struct key *k = NULL;
	no_words += key_from_spki(&k, span_of(p.der, p.n + 1), NULL) != -EBADMSG;
	is_int(no_words, 0, "no prefix and nothing longer is a key");
	done(&p);
}

static void test_pkcs1(void)
{
	struct pair p = make("RSA", NULL);
	struct key *k = NULL;
	/* the BIT STRING of the SPKI holds it, behind 24 fixed bytes */
	struct span der = span_from(span_of(p.der, p.n), 24);
	unsigned wrong = 0;

	ok(key_from_pkcs1(&k, der, NULL) == 0, "a PKCS#1 key is read");
	struct digest a = key_id(p.key), b = k ? key_id(k) : (struct digest){ 0 };
	ok(digest_eq(&a, &b), "and has the id of its SPKI");
	k = key_free(k);
	for (size_t i = 0; i < der.n; i++)
		wrong += key_from_pkcs1(&k, span_cut(der, 0, i), NULL) != -EBADMSG;
	wrong += key_from_pkcs1(&k, span_of(p.der, p.n), NULL) != -EBADMSG;
	is_int(wrong, 0, "no prefix, and no SPKI, is one");
	ok(!k, "nothing was written");
	done(&p);
}

int main(void)
{
	test_matrix("EC", "P-256", KEY_ECDSA, 0);
	test_matrix("EC", "P-384", KEY_ECDSA, 0);
	test_matrix("EC", "P-521", KEY_ECDSA, 0);
	test_matrix("RSA", NULL, KEY_PKCS1, RSA_PKCS1_PADDING);
	test_matrix("RSA", NULL, KEY_PSS, RSA_PKCS1_PSS_PADDING);
	test_ed25519();
	test_flips("EC", "P-256");
	test_flips("EC", "P-384");
	test_flips("EC", "P-521");
	test_flips("ED25519", NULL);
	test_flips("RSA", NULL);
	test_pkcs1();
	ok(ERR_peek_error() == 0, "nothing is left in OpenSSL's error queue");
	return tap_done();
}
