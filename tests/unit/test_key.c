/* SPDX-License-Identifier: Apache-2.0 */

/* Vectors: RFC 8032 7.1 (Ed25519), RFC 6979 A.2.5 and A.2.6 (ECDSA P-256, P-384). */

#include "base/hex.h"
#include "crypto/key.h"
#include "tap.h"

#include <errno.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

static struct buf hex(const char *s)
{
	struct buf b = BUF_INIT(4096);
	size_t n = strlen(s) / 2;
	if (buf_reserve(&b, n) < 0 || hex_decode(b.p, span_str(s)) < 0)
		abort();
	b.n = n;
	return b;
}

static void test_ed25519(void)
{
	static const struct {
		const char *pub, *msg, *sig;
	} v[] = {
		{ "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "",
		    "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33b"
		    "ac"
		    "c61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b" },
		{ "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", "72",
		    "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e1599"
		    "6e"
		    "458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00" },
		{ "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025", "af82",
		    "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f2"
		    "90"
		    "ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a" },
	};
	for (size_t i = 0; i < ARRAY_LEN(v); i++) {
		AUTO_BUF struct buf pub = hex(v[i].pub), msg = hex(v[i].msg), sig = hex(v[i].sig);
		AUTO_KEY struct key *k = NULL;
		bool good = key_from_raw_ed25519(&k, pub.p) == 0;
		ok(good && key_verify(k, buf_span(&msg), buf_span(&sig)) == KEY_GOOD,
		    "RFC 8032 7.1 test %zu", i + 1);
		/* S + L is the same signature to a careless verifier (RFC 8032 5.1.7) */
		static const uint8_t order[32] = { 0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58,
			0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14, [31] = 0x10 };
		unsigned carry = 0;
		for (int j = 0; j < 32; j++) {
			carry += (unsigned)sig.p[32 + j] + order[j];
			sig.p[32 + j] = (uint8_t)carry;
			carry >>= 8;
		}
		ok(good && key_verify(k, buf_span(&msg), buf_span(&sig)) == KEY_BAD_SIGNATURE,
		    "S + L is refused");
	}
}

/* The uncompressed point's hex, put behind the SPKI header for its curve. */
static void test_ecdsa(void)
{
	static const struct {
		const char *name, *spki, *sig;
	} v[] = {
		{ "P-256, SHA-256",
		    "3059301306072a8648ce3d020106082a8648ce3d030107034200"
		    "0460fed4ba255a9d31c961eb74c6356d68c049b8923b61fa6ce669622e60f29fb6"
		    "7903fe1008b8bc99a41ae9e95628bc64f2f1b20c2d7e9f5177a3c294d4462299",
		    "3046022100efd48b2aacb6a8fd1140dd9cd45e81d69d2c877b56aaf991c34d0ea84eaf3716"
		    "022100f7cb1c942d657c41d436c7a1b6e29f65f3e900dbb9aff4064dc4ab2f843acda8" },
		{ "P-384, SHA-384",
		    "3076301006072a8648ce3d020106052b81040022036200"
		    "04ec3a4e415b4e19a4568618029f427fa5da9a8bc4ae92e02e06aae5286b300c64"
		    "def8f0ea9055866064a254515480bc138015d9b72d7d57244ea8ef9ac0c621896708a59367f9df"
		    "b9"
		    "f54ca84b3f1c9db1288b231c3ae0d4fe7344fd2533264720",
		    "306602310094edbb92a5ecb8aad4736e56c691916b3f88140666ce9fa73d64c4ea95ad133c81a6"
		    "48152e44acf96e36dd1e80fabe46"
		    "02310099ef4aeb15f178cea1fe40db2603138f130e740a19624526203b6351d0a3a94fa329c145"
		    "786e679e7b82c71a38628ac8" },
		{ "P-384, SHA-256",
		    "3076301006072a8648ce3d020106052b81040022036200"
		    "04ec3a4e415b4e19a4568618029f427fa5da9a8bc4ae92e02e06aae5286b300c64"
		    "def8f0ea9055866064a254515480bc138015d9b72d7d57244ea8ef9ac0c621896708a59367f9df"
		    "b9"
		    "f54ca84b3f1c9db1288b231c3ae0d4fe7344fd2533264720",
		    "306502302"
		    "1b13d1e013c7fa1392d03c5f99af8b30c570c6f98d4ea8e354b63a21d3daa33bde1e888e63355d"
		    "9"
		    "2fa2b3c36d8fb2cd"
		    "023100f3aa443fb107745bf4bd77cb3891674632068a10ca67e3d45db2266fa7d1feebefdc63ec"
		    "cd"
		    "1ac42ec0cb8668a4fa0ab0" },
	};
	for (size_t i = 0; i < ARRAY_LEN(v); i++) {
		AUTO_BUF struct buf spki = hex(v[i].spki), sig = hex(v[i].sig);
		AUTO_KEY struct key *k = NULL;
		struct fault f = FAULT_INIT;
		int rc = key_public(&k, buf_span(&spki), &f);
		is_int(rc, 0, "the key of RFC 6979 %s is read from DER %s", v[i].name, f.text);
		ok(rc == 0 && key_verify(k, SPAN_LIT("sample"), buf_span(&sig)) == KEY_GOOD,
		    "RFC 6979 \"sample\" with %s", v[i].name);
		ok(rc == 0 &&
			key_verify(k, SPAN_LIT("samplf"), buf_span(&sig)) == KEY_BAD_SIGNATURE,
		    "another message is refused");
	}
}

/* Every 1-bit flip, every prefix, one byte more: how many were accepted. */
static unsigned spoil(const struct key *k, struct span msg, struct buf *sig)
{
	unsigned accepted = 0;

	for (size_t i = 0; i < sig->n * 8; i++) {
		sig->p[i / 8] ^= (uint8_t)(1u << (i % 8));
		accepted += key_verify(k, msg, buf_span(sig)) != KEY_BAD_SIGNATURE;
		sig->p[i / 8] ^= (uint8_t)(1u << (i % 8));
	}
	for (size_t i = 0; i < sig->n; i++)
		accepted += key_verify(k, msg, span_of(sig->p, i)) != KEY_BAD_SIGNATURE;
	buf_putc(sig, 0);
	accepted += key_verify(k, msg, buf_span(sig)) != KEY_BAD_SIGNATURE;
	sig->n--;
	return accepted;
}

static void test_kind(enum key_kind kind)
{
	AUTO_KEY struct key *k = NULL, *pub = NULL, *priv = NULL;
	AUTO_BUF struct buf pem = BUF_INIT(65536), sec = BUF_INIT(65536), sig = BUF_INIT(65536);
	struct fault f = FAULT_INIT;
	const char *name = key_kind_name(kind);
	struct span msg = SPAN_LIT("the message");

	ok(key_generate(&k, kind) == 0 && key_kind_of(k) == kind, "%s is generated", name);
	ok(key_write_public(k, &pem) == 0 && key_write_private(k, &sec) == 0, "%s is written",
	    name);
	ok(key_public(&pub, buf_span(&pem), &f) == 0 && key_private(&priv, buf_span(&sec), &f) == 0,
	    "%s is read again %s", name, f.text);
	struct digest a = key_id(k), b = key_id(pub), c = key_id(priv);
	ok(digest_eq(&a, &b) && digest_eq(&a, &c), "%s: one id for all three", name);
	ok(key_is_private(k) && key_is_private(priv) && !key_is_private(pub), "%s: halves", name);
	ok(key_sign(priv, msg, &sig) == 0 && key_verify(pub, msg, buf_span(&sig)) == KEY_GOOD,
	    "%s signs and verifies", name);
	is_int(spoil(pub, msg, &sig), 0, "%s: no flipped, cut or longer signature verifies", name);
	is_int(key_verify(pub, SPAN_NONE, buf_span(&sig)), KEY_BAD_SIGNATURE,
	    "%s: not for the empty message", name);
	is_int(key_verify(pub, msg, SPAN_NONE), KEY_BAD_SIGNATURE, "%s: no signature", name);
	buf_reset(&sig);
	ok(key_sign(priv, SPAN_NONE, &sig) == 0 &&
		key_verify(pub, SPAN_NONE, buf_span(&sig)) == KEY_GOOD,
	    "%s: the empty message", name);
	is_int(key_sign(pub, msg, &sig), -EINVAL, "%s: a public half does not sign", name);
	is_int(key_write_private(pub, &sec), -EINVAL, "%s: a public half has no private one", name);

	AUTO_KEY struct key *other = NULL;
	ok(key_generate(&other, kind) == 0 &&
		key_verify(other, SPAN_NONE, buf_span(&sig)) == KEY_BAD_SIGNATURE,
	    "%s: another key's signature is refused", name);

	/* every prefix and every added block of the texts is refused */
	unsigned accepted = 0;
	struct key *x = NULL;
	for (size_t i = 0; i + 1 < pem.n; i++)
		accepted += key_public(&x, span_of(pem.p, i), NULL) == 0;
	for (size_t i = 0; i + 1 < sec.n; i++)
		accepted += key_private(&x, span_of(sec.p, i), NULL) == 0;
	is_int(accepted, 0, "%s: no prefix of the PEM text is a key", name);
	buf_put_span(&pem, SPAN_LIT("  \r\n\n"));
	ok(key_public(&x, buf_span(&pem), &f) == 0, "%s: white space around it is fine", name);
	x = key_free(x);
	buf_reset(&pem);
	ok(key_write_public(k, &pem) == 0 && key_write_public(k, &pem) == 0, "%s: twice", name);
	is_int(key_public(&x, buf_span(&pem), &f), -EBADMSG, "%s: two blocks are refused", name);
	is_str(f.text, "more than one PEM block: give a file with one key", "and it says so");
	ok(x == NULL, "nothing was written");
}

static void test_padding(void)
{
	AUTO_KEY struct key *k = NULL;
	AUTO_BUF struct buf sec = BUF_INIT(65536);
	struct fault f = FAULT_INIT;
	static const int salts[] = { 0, 20, 32, -3 /* max */ };
	uint8_t sig[8192 / 8];
	EVP_PKEY *pkey = EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t)2048);
	BIO *bio = BIO_new(BIO_s_mem());
	char *text;

	PEM_write_bio_PUBKEY(bio, pkey);
	long len = BIO_get_mem_data(bio, &text);
	ok(key_public(&k, span_of(text, (size_t)len), &f) == 0, "an RSA-2048 key %s", f.text);
	for (size_t i = 0; i < ARRAY_LEN(salts); i++) {
		EVP_MD_CTX *ctx = EVP_MD_CTX_new();
		EVP_PKEY_CTX *pctx;
		size_t n = sizeof(sig);
		EVP_DigestSignInit_ex(ctx, &pctx, "SHA256", NULL, NULL, pkey, NULL);
		EVP_PKEY_CTX_set_rsa_padding(pctx, RSA_PKCS1_PSS_PADDING);
		EVP_PKEY_CTX_set_rsa_pss_saltlen(pctx, salts[i]);
		EVP_DigestSign(ctx, sig, &n, (const uint8_t *)"m", 1);
		is_int(key_verify(k, SPAN_LIT("m"), span_of(sig, n)), KEY_GOOD,
		    "RSA-PSS with salt length %d", salts[i]);
		EVP_MD_CTX_free(ctx);
	}
	static const char *const mds[] = { "SHA1", "SHA384", "SHA512" };
	for (size_t i = 0; i < ARRAY_LEN(mds); i++) {
		EVP_MD_CTX *ctx = EVP_MD_CTX_new();
		size_t n = sizeof(sig);
		EVP_DigestSignInit_ex(ctx, NULL, mds[i], NULL, NULL, pkey, NULL);
		EVP_DigestSign(ctx, sig, &n, (const uint8_t *)"m", 1);
		is_int(key_verify(k, SPAN_LIT("m"), span_of(sig, n)), KEY_BAD_SIGNATURE,
		    "RSA with %s is refused", mds[i]);
		EVP_MD_CTX_free(ctx);
	}
	BIO_free(bio);
	EVP_PKEY_free(pkey);
}

/* A key of ours in PEM, whatever it is; the caller frees the BIO. */
static BIO *public_pem(EVP_PKEY *pkey, struct span *ret_s)
{
	BIO *bio = BIO_new(BIO_s_mem());
	char *text;
	PEM_write_bio_PUBKEY(bio, pkey);
	long len = BIO_get_mem_data(bio, &text);
	*ret_s = span_of(text, (size_t)len);
	return bio;
}

static void refuse(EVP_PKEY *pkey, const char *want)
{
	struct key *k = NULL;
	struct fault f = FAULT_INIT;
	struct span pem;
	BIO *bio = public_pem(pkey, &pem);

	is_int(key_public(&k, pem, &f), -EBADMSG, "refused: %s", want);
	ok(strstr(f.text, want) && k == NULL, "by name: %s", f.text);
	BIO_free(bio);
	bio = BIO_new(BIO_s_mem());
	char *text;
	f = FAULT_INIT;
	PEM_write_bio_PKCS8PrivateKey(bio, pkey, NULL, NULL, 0, NULL, NULL);
	long len = BIO_get_mem_data(bio, &text);
	is_int(key_private(&k, span_of(text, (size_t)len), &f), -EBADMSG, "its private half too");
	ok(strstr(f.text, want) && k == NULL, "by name: %s", f.text);
	BIO_free(bio);
	EVP_PKEY_free(pkey);
}

static void test_kinds_refused(void)
{
	refuse(EVP_PKEY_Q_keygen(NULL, NULL, "EC", "secp256k1"), "secp256k1");
	refuse(EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-224"), "secp224r1");
	refuse(EVP_PKEY_Q_keygen(NULL, NULL, "ED448"), "ED448");
	refuse(EVP_PKEY_Q_keygen(NULL, NULL, "X25519"), "X25519");
	refuse(EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t)1024), "RSA key of 1024 bits");
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, "RSA-PSS", NULL);
	EVP_PKEY *pss = NULL;
	EVP_PKEY_keygen_init(ctx);
	EVP_PKEY_generate(ctx, &pss);
	EVP_PKEY_CTX_free(ctx);
	refuse(pss, "RSA-PSS");
}

#define B64_ED "MCowBQYDK2VwAyEA11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="

static void test_small_order(void)
{
	static const char *const hexes[] = {
		"0000000000000000000000000000000000000000000000000000000000000080",
		"0100000000000000000000000000000000000000000000000000000000000000",
		"26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
		"c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
		"ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
		"edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
		"eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
	};
	for (size_t i = 0; i < ARRAY_LEN(hexes); i++) {
		AUTO_BUF struct buf b = hex(hexes[i]);
		struct key *k = NULL;
		is_int(
		    key_from_raw_ed25519(&k, b.p), -EBADMSG, "Ed25519 point of small order %zu", i);
	}
}

static void test_texts_refused(void)
{
	static const struct {
		const char *text, *want;
	} v[] = {
		{ "", "empty" },
		{ "hello", "not a public key or certificate" },
		{ "-----BEGIN PUBLIC KEY-----\n" B64_ED "\n-----END PUBLIC KEY-----\nx",
		    "text after" },
		{ "x\n-----BEGIN PUBLIC KEY-----\n" B64_ED "\n-----END PUBLIC KEY-----\n",
		    "not a" },
		{ "-----BEGIN PUBLIC KEY-----\n" B64_ED "\n-----END CERTIFICATE-----\n",
		    "otherwise" },
		{ "-----BEGIN PUBLIC KEY-----\n" B64_ED "\n", "no END line" },
		{ "-----BEGIN PUBLIC KEY----\n" B64_ED "\n-----END PUBLIC KEY-----\n",
		    "BEGIN line" },
		{ "-----BEGIN public key-----\n" B64_ED "\n-----END public key-----\n",
		    "BEGIN line" },
		{ "-----BEGIN PUBLIC KEY-----\nA: b\n\n" B64_ED "\n-----END PUBLIC KEY-----\n",
		    "headers" },
		{ "-----BEGIN PUBLIC KEY-----\n!" B64_ED "\n-----END PUBLIC KEY-----\n", "base64" },
		{ "-----BEGIN PUBLIC KEY-----\n\n-----END PUBLIC KEY-----\n",
		    "SubjectPublicKeyInfo" },
		{ "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n",
		    "SubjectPublicKeyInfo" },
		/* the same with one zero byte behind the DER */
		{ "-----BEGIN PUBLIC KEY-----\n"
		  "MCowBQYDK2VwAyEA11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURoA"
		  "\n-----END PUBLIC KEY-----\n",
		    "1 bytes after" },
		/* the same with a long-form length (30 81 2a): BER, not DER */
		{ "-----BEGIN PUBLIC KEY-----\n"
		  "MIEqMAUGAytlcAMhANdamAGCsQq31Uv+08lkBzoO4XLz2qYjJa8CGmj3B1Ea"
		  "\n-----END PUBLIC KEY-----\n",
		    "canonical" },
		{ "-----BEGIN RSA PUBLIC KEY-----\nAAAA\n-----END RSA PUBLIC KEY-----\n",
		    "-pubout" },
		{ "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n", "private key" },
		{ "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", "X.509" },
		{ "-----BEGIN CERTIFICATE REQUEST-----\nAAAA\n-----END CERTIFICATE REQUEST-----\n",
		    "CERTIFICATE REQUEST" },
	};
	static const struct {
		const char *text, *want;
	} priv[] = {
		{ "", "PEM" },
		{ "-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE "
		  "KEY-----\n",
		    "encrypted" },
		{ "-----BEGIN ENCRYPTED SIGSTORE PRIVATE KEY-----\nAAAA\n"
		  "-----END ENCRYPTED SIGSTORE PRIVATE KEY-----\n",
		    "encrypted" },
		{ "-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\n"
		  "DEK-Info: AES-128-CBC,00\n\nAAAA\n-----END RSA PRIVATE KEY-----\n",
		    "encrypted" },
		{ "-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA\n-----END OPENSSH PRIVATE KEY-----\n",
		    "OpenSSH" },
		{ "-----BEGIN PUBLIC KEY-----\n" B64_ED "\n-----END PUBLIC KEY-----\n", "public" },
		{ "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n", "usable" },
		{ "-----BEGIN EC PARAMETERS-----\nAAAA\n-----END EC PARAMETERS-----\n",
		    "EC PARAMETERS" },
	};
	for (size_t i = 0; i < ARRAY_LEN(v); i++) {
		struct key *k = NULL;
		struct fault f = FAULT_INIT;
		int rc = key_public(&k, span_str(v[i].text), &f);
		ok(rc == -EBADMSG && !k && strstr(f.text, v[i].want), "public %zu: %s", i, f.text);
	}
	for (size_t i = 0; i < ARRAY_LEN(priv); i++) {
		struct key *k = NULL;
		struct fault f = FAULT_INIT;
		int rc = key_private(&k, span_str(priv[i].text), &f);
		ok(rc == -EBADMSG && !k && strstr(f.text, priv[i].want), "private %zu: %s", i,
		    f.text);
	}
}

int main(void)
{
	test_ed25519();
	test_ecdsa();
	test_kind(KEY_P256);
	test_kind(KEY_P384);
	test_kind(KEY_P521);
	test_kind(KEY_ED25519);
	test_kind(KEY_RSA);
	test_padding();
	test_kinds_refused();
	test_small_order();
	test_texts_refused();
	struct key *k = NULL;
	is_int(key_generate(&k, KEY_NONE), -EINVAL, "no kind, no key");
	ok(ERR_peek_error() == 0, "nothing is left in OpenSSL's error queue");
	return tap_done();
}
