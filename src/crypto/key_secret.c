/* SPDX-License-Identifier: Apache-2.0 */

#include "crypto/key_secret.h"

#include "base/hex.h"
#include "crypto/key_ssh.h"
#include "crypto/ossl.h"
#include "crypto/pem.h"
#include "wire/ssh.h"

#include <errno.h>
#include <openssl/core_names.h>
#include <openssl/param_build.h>
#include <string.h>

#define LABEL "OPENSSH PRIVATE KEY"
#define MAGIC SPAN_LIT("openssh-key-v1\0")
#define BLOCK 8
#define LINE 70

OSSL_FREE_FN(OSSL_PARAM_BLD, OSSL_PARAM_BLD_free)
OSSL_FREE_FN(OSSL_PARAM, OSSL_PARAM_free)
OSSL_FREE_FN(BIGNUM, BN_clear_free)

static void buf_wipe(struct buf *b)
{
	if (b->p)
		OPENSSL_cleanse(b->p, b->cap);
	buf_free(b);
}
#define AUTO_SECRET FB_CLEANUP(buf_wipe)

int key_from_seed_ed25519(struct key **ret_k, const uint8_t seed[static 32])
{
	OSSL_SCOPE;
	EVP_PKEY *pkey = EVP_PKEY_new_raw_private_key_ex(NULL, "ED25519", NULL, seed, 32);

	return pkey ? key_from_pkey(ret_k, pkey, true, NULL) : -ENOMEM;
}

int key_seed_ed25519(const struct key *k, uint8_t out[static 32])
{
	size_t n = 32;
	OSSL_SCOPE;

	if (k->kind != KEY_ED25519 || !k->is_private)
		return -EINVAL;
	return EVP_PKEY_get_raw_private_key(k->pkey, out, &n) && n == 32 ? 0 : -EINVAL;
}

bool key_openssh_is(struct span text)
{
	return span_starts(span_trim(text), SPAN_LIT("-----BEGIN " LABEL "-----"));
}

/* A key of numbers, by OpenSSL's names for them; group only for elliptic curves. */
struct number {
	const char *name;
	struct span value;
	bool bytes; /* an octet string (a point), not an integer */
};

static int from_numbers(
    EVP_PKEY **ret_p, const char *type, const char *group, const struct number *n, size_t count)
{
	OSSL_AUTO(OSSL_PARAM_BLD, OSSL_PARAM_BLD_free) bld = OSSL_PARAM_BLD_new();
	OSSL_AUTO(EVP_PKEY_CTX, EVP_PKEY_CTX_free)
	ctx = EVP_PKEY_CTX_new_from_name(NULL, type, NULL);
	BIGNUM *bn[8] = { NULL };
	bool good = bld && ctx && count <= ARRAY_LEN(bn);

	if (good && group)
		good = OSSL_PARAM_BLD_push_utf8_string(bld, OSSL_PKEY_PARAM_GROUP_NAME, group, 0);
	for (size_t i = 0; good && i < count; i++) {
		if (n[i].bytes) {
			good = OSSL_PARAM_BLD_push_octet_string(
			    bld, n[i].name, n[i].value.p, n[i].value.n);
			continue;
		}
		bn[i] = BN_secure_new();
		good = bn[i] && BN_bin2bn(n[i].value.p, (int)n[i].value.n, bn[i]) &&
		       OSSL_PARAM_BLD_push_BN(bld, n[i].name, bn[i]);
	}
	OSSL_AUTO(OSSL_PARAM, OSSL_PARAM_free) params = good ? OSSL_PARAM_BLD_to_param(bld) : NULL;
	good = params && EVP_PKEY_fromdata_init(ctx) == 1 &&
	       EVP_PKEY_fromdata(ctx, ret_p, EVP_PKEY_KEYPAIR, params) == 1;
	for (size_t i = 0; i < ARRAY_LEN(bn); i++)
		BN_clear_free(bn[i]);
	return good ? 0 : -EBADMSG;
}

static EVP_PKEY *read_rsa(struct cur *c)
{
	struct span n = ssh_mpint(c), e = ssh_mpint(c), d = ssh_mpint(c);
	EVP_PKEY *pkey = NULL;

	for (int i = 0; i < 3; i++) /* iqmp, p, q */
		(void)ssh_mpint(c);
	const struct number numbers[] = {
		{ OSSL_PKEY_PARAM_RSA_N, n, false },
		{ OSSL_PKEY_PARAM_RSA_E, e, false },
		{ OSSL_PKEY_PARAM_RSA_D, d, false },
	};
	if (c->err || from_numbers(&pkey, "RSA", NULL, numbers, ARRAY_LEN(numbers)) < 0)
		return NULL;
	return pkey;
}

static EVP_PKEY *read_ec(struct cur *c, struct span type)
{
	static const char *const groups[][2] = { { "nistp256", "P-256" }, { "nistp384", "P-384" },
		{ "nistp521", "P-521" } };
	struct span curve = ssh_string(c), point = ssh_string(c), d = ssh_mpint(c);
	const char *group = NULL;
	EVP_PKEY *pkey = NULL;

	for (size_t i = 0; i < ARRAY_LEN(groups); i++)
		if (span_eq_str(curve, groups[i][0]) && span_ends(type, curve))
			group = groups[i][1];
	const struct number numbers[] = {
		{ OSSL_PKEY_PARAM_PUB_KEY, point, true },
		{ OSSL_PKEY_PARAM_PRIV_KEY, d, false },
	};
	if (c->err || !group || from_numbers(&pkey, "EC", group, numbers, ARRAY_LEN(numbers)) < 0)
		return NULL;
	return pkey;
}

static EVP_PKEY *read_ed25519(struct cur *c)
{
	struct span pub = ssh_string(c), both = ssh_string(c);

	if (c->err || pub.n != 32 || both.n != 64 || !span_eq(span_from(both, 32), pub))
		return NULL;
	return EVP_PKEY_new_raw_private_key_ex(NULL, "ED25519", NULL, both.p, 32);
}

static bool halves_agree(const struct key *k)
{
	AUTO_BUF struct buf sig = BUF_INIT(4096);
	struct span msg = SPAN_LIT("do the halves of this key belong together?");

	return key_sign(k, msg, &sig) == 0 && key_verify(k, msg, buf_span(&sig)) == KEY_GOOD;
}

/* The section that would be encrypted: the number twice, the key, its comment, padding 1 2 3 … */
static int read_section(
    struct key **ret_k, struct span section, struct span public_blob, struct fault *f)
{
	AUTO_BUF struct buf blob = BUF_INIT(KEY_TEXT_MAX);
	struct cur c = cur_of(section);
	bool same = cur_be32(&c) == cur_be32(&c);
	struct span type = ssh_string(&c);
	EVP_PKEY *pkey = NULL;

	if (span_eq_str(type, "ssh-ed25519"))
		pkey = read_ed25519(&c);
	else if (span_starts(type, SPAN_LIT("ecdsa-sha2-")))
		pkey = read_ec(&c, type);
	else if (span_eq_str(type, "ssh-rsa"))
		pkey = read_rsa(&c);
	else
		return fault_set(
		    f, -EBADMSG, "OpenSSH keys of type %s cannot sign here", QUOTE(type));
	(void)ssh_string(&c);
	struct span padding = cur_rest(&c);
	for (size_t i = 0; i < padding.n; i++)
		same = same && padding.p[i] == i + 1;
	if (!pkey || !same || c.err || padding.n >= BLOCK) {
		EVP_PKEY_free(pkey);
		return fault_set(f, -EBADMSG, "a damaged OpenSSH private key");
	}
	AUTO_KEY struct key *k = NULL;
	int rc = key_from_pkey(&k, pkey, true, f);
	if (rc == 0)
		rc = key_write_ssh(k, &blob);
	if (rc == 0 && (!span_eq(buf_span(&blob), public_blob) || !halves_agree(k)))
		rc = fault_set(f, -EBADMSG, "the key's public half is not its private half's");
	if (rc == 0)
		*ret_k = TAKE_PTR(k);
	return rc;
}

static int read_file(struct key **ret_k, struct span der, struct fault *f)
{
	struct cur c = cur_of(der);
	struct span magic = cur_take(&c, MAGIC.n), cipher = ssh_string(&c), kdf = ssh_string(&c);
	struct span options = ssh_string(&c);
	uint32_t count = cur_be32(&c);
	struct span public_blob = ssh_string(&c), section = ssh_string(&c);

	if (!c.err && !span_eq_str(cipher, "none"))
		return fault_set(f, -EBADMSG,
		    "the key is encrypted: decrypt a copy first (ssh-keygen -p -N '' -f COPY)");
	if (!ssh_done(&c) || !span_eq(magic, MAGIC) || !span_eq_str(kdf, "none") || options.n ||
	    count != 1 || section.n % BLOCK)
		return fault_set(f, -EBADMSG, "a damaged OpenSSH private key");
	return read_section(ret_k, section, public_blob, f);
}

int key_openssh(struct key **ret_k, struct span text, struct fault *f)
{
	AUTO_SECRET struct buf b = BUF_INIT(PEM_TEXT_MAX);
	struct span label = SPAN_NONE;
	OSSL_SCOPE;
	int rc = buf_reserve(&b, text.n < PEM_TEXT_MAX ? text.n : PEM_TEXT_MAX);

	if (rc == 0)
		rc = pem_read(text, &label, &b, f);
	if (rc == 0 && !span_eq_str(label, LABEL))
		rc = fault_set(f, -EBADMSG, "not an OpenSSH private key");
	return rc < 0 ? rc : read_file(ret_k, buf_span(&b), f);
}

static int put_numbers(struct buf *out, const struct key *k, const char *const *name, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		uint8_t b[KEY_RSA_BITS_MAX / 8];
		BIGNUM *raw = NULL;
		if (!EVP_PKEY_get_bn_param(k->pkey, name[i], &raw))
			return -ENOMEM;
		OSSL_AUTO(BIGNUM, BN_clear_free) bn = raw;
		int len = BN_num_bytes(bn);
		if (len > (int)sizeof(b))
			return -EINVAL;
		BN_bn2bin(bn, b);
		ssh_put_mpint(out, span_of(b, (size_t)len));
		OPENSSL_cleanse(b, sizeof(b));
	}
	return 0;
}

/* The private members behind the type. */
static int put_private(struct buf *out, const struct key *k, struct span public_blob)
{
	static const char *const rsa[] = { OSSL_PKEY_PARAM_RSA_N, OSSL_PKEY_PARAM_RSA_E,
		OSSL_PKEY_PARAM_RSA_D, OSSL_PKEY_PARAM_RSA_COEFFICIENT1,
		OSSL_PKEY_PARAM_RSA_FACTOR1, OSSL_PKEY_PARAM_RSA_FACTOR2 };
	static const char *const ec[] = { OSSL_PKEY_PARAM_PRIV_KEY };
	struct cur c = cur_of(public_blob);
	uint8_t both[64];

	ssh_put_string(out, ssh_string(&c));
	if (k->kind == KEY_RSA)
		return put_numbers(out, k, rsa, ARRAY_LEN(rsa));
	buf_put_span(out, cur_rest(&c)); /* curve and point, or the Ed25519 key */
	if (k->kind != KEY_ED25519)
		return put_numbers(out, k, ec, 1);
	int rc = key_seed_ed25519(k, both);
	if (rc == 0)
		rc = key_raw_ed25519(k, both + 32);
	if (rc == 0)
		ssh_put_string(out, span_of(both, sizeof(both)));
	OPENSSL_cleanse(both, sizeof(both));
	return rc;
}

/* The check number only tells a wrong passphrase; a file without one needs no secret here. */
static int put_section(
    struct buf *out, const struct key *k, struct span public_blob, const char *comment)
{
	uint32_t check = (uint32_t)k->id.b[0] << 24 | (uint32_t)k->id.b[1] << 16 |
			 (uint32_t)k->id.b[2] << 8 | k->id.b[3];

	buf_put_be32(out, check);
	buf_put_be32(out, check);
	int rc = put_private(out, k, public_blob);
	ssh_put_string(out, span_str(comment));
	for (char i = 1; out->n % BLOCK; i++)
		buf_putc(out, i);
	return rc < 0 ? rc : buf_err(out);
}

int key_write_openssh(const struct key *k, const char *comment, struct buf *out)
{
	AUTO_SECRET struct buf file = BUF_INIT(KEY_TEXT_MAX), section = BUF_INIT(KEY_TEXT_MAX);
	AUTO_SECRET struct buf b64 = BUF_INIT(KEY_TEXT_MAX);
	AUTO_BUF struct buf blob = BUF_INIT(KEY_TEXT_MAX);
	OSSL_SCOPE;

	if (!k->is_private)
		return -EINVAL;
	/* room at once, so that no secret is left behind by growing */
	int rc = buf_reserve(&section, 16u << 10);
	if (rc == 0)
		rc = buf_reserve(&file, 24u << 10);
	if (rc == 0)
		rc = buf_reserve(&b64, 40u << 10);
	if (rc == 0)
		rc = key_write_ssh(k, &blob);
	if (rc == 0)
		rc = put_section(&section, k, buf_span(&blob), comment);
	if (rc < 0)
		return rc;
	buf_put_span(&file, MAGIC);
	ssh_put_string(&file, SPAN_LIT("none"));
	ssh_put_string(&file, SPAN_LIT("none"));
	ssh_put_string(&file, SPAN_NONE);
	buf_put_be32(&file, 1);
	ssh_put_string(&file, buf_span(&blob));
	ssh_put_string(&file, buf_span(&section));
	b64_encode(&b64, buf_span(&file), B64_STD);
	buf_puts(out, "-----BEGIN " LABEL "-----\n");
	for (size_t i = 0; i < b64.n; i += LINE) {
		buf_put_span(out, span_cut(buf_span(&b64), i, LINE));
		buf_putc(out, '\n');
	}
	buf_puts(out, "-----END " LABEL "-----\n");
	return buf_err(&b64) < 0 ? buf_err(&b64) : buf_err(out);
}
