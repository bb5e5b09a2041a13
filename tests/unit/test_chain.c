/* SPDX-License-Identifier: Apache-2.0 */

#include "base/buf.h"
#include "ca.h"
#include "crypto/chain.h"
#include "crypto/hash.h"
#include "tap.h"

#include <errno.h>
#include <openssl/err.h>
#include <openssl/pem.h>

static struct chain_roots *roots_of(const struct ca_cert *const *ca, size_t n)
{
	struct chain_roots *r = NULL;
	struct span der[CHAIN_DEPTH_MAX];
	struct fault f = FAULT_INIT;

	for (size_t i = 0; i < n; i++)
		der[i] = ca[i]->der;
	ca_check(chain_roots_new(&r) == 0, "roots");
	int rc = chain_roots_add_chain(r, der, n, &f);
	if (rc != CHAIN_OK)
		diag("roots: %d %s", rc, f.text);
	ca_check(rc == CHAIN_OK, "chain");
	return r;
}

/* The result for a leaf under roots, with other certificates beside it. */
static int verify(const struct chain_roots *r, struct span leaf, const struct ca_cert *const *extra,
    size_t n, ts t, enum chain_purpose purpose, struct fault *f)
{
	struct cert *c = NULL, *x[CHAIN_DEPTH_MAX * 2] = { 0 };
	const struct cert *borrowed[CHAIN_DEPTH_MAX * 2];
	struct chain_path p = { 0 };

	*f = FAULT_INIT;
	int rc = x509_open(&c, leaf, f);
	for (size_t i = 0; i < n; i++) {
		ca_check(x509_open(&x[i], extra[i]->der, f) == 0, "extra");
		borrowed[i] = x[i];
	}
	if (rc == 0)
		rc = chain_verify(&p, r, c, borrowed, n, t, purpose, f);
	if (rc == CHAIN_OK && (p.n < 2 || p.cert[0] != c))
		rc = -1;
	if (rc != CHAIN_OK && p.n)
		rc = -2; /* written on failure */
	if (rc > 0 && !f->text[0])
		rc = -3; /* no words */
	x509_close(c);
	for (size_t i = 0; i < n; i++)
		x509_close(x[i]);
	return rc;
}

/* root → intermediate, as in a Sigstore trusted root */
static struct ca_cert root, inter;
static struct chain_roots *pki;

static void make_pki(void)
{
	root = ca_make(&(struct ca_req){ .subject = "root",
	    .curve = "P-384",
	    .md = "SHA384",
	    .ext = { CA_EXT_CA, { "subjectKeyIdentifier", "hash" } } });
	inter = ca_make(&(struct ca_req){ .subject = "intermediate",
	    .curve = "P-384",
	    .issuer = &root,
	    .md = "SHA384",
	    .ext = { { "basicConstraints", "critical,CA:TRUE,pathlen:0" },
		{ "keyUsage", "critical,keyCertSign" }, { "extendedKeyUsage", "codeSigning" },
		{ "subjectKeyIdentifier", "hash" }, { "authorityKeyIdentifier", "keyid" } } });
	pki = roots_of((const struct ca_cert *const[]){ &inter, &root }, 2);
}

static struct ca_cert leaf_of(const struct ca_cert *issuer)
{
	return ca_make(&(struct ca_req){ .subject = "leaf",
	    .issuer = issuer,
	    .md = "SHA384",
	    .ext = { CA_EXT_SIGNER, { "subjectAltName", "critical,URI:https://example.com/w" } } });
}

static void test_good(void)
{
	CA_AUTO struct ca_cert leaf = leaf_of(&inter);
	struct fault f;

	is_int(verify(pki, leaf.der, NULL, 0, CA_NOW, CHAIN_CODE_SIGNING, &f), CHAIN_OK,
	    "a leaf under a prepared chain %s", f.text);
	is_int(verify(pki, leaf.der, NULL, 0, CA_NOW, CHAIN_ANY, &f), CHAIN_OK, "for anything");
	is_int(verify(pki, leaf.der, NULL, 0, CA_NOW, CHAIN_TIME_STAMPING, &f), CHAIN_WRONG_USAGE,
	    "not for time stamping: %s", f.text);
	is_int(verify(pki, leaf.der, NULL, 0, TS_NONE, CHAIN_ANY, &f), -EINVAL, "no time");
	struct chain_roots *top = roots_of((const struct ca_cert *const[]){ &root }, 1);
	is_int(verify(top, leaf.der, NULL, 0, CA_NOW, CHAIN_CODE_SIGNING, &f), CHAIN_NO_ISSUER,
	    "the root alone does not reach it: %s", f.text);
	is_int(verify(top, leaf.der, (const struct ca_cert *const[]){ &inter }, 1, CA_NOW,
		   CHAIN_CODE_SIGNING, &f),
	    CHAIN_OK, "but does with the intermediate from the message %s", f.text);
	chain_roots_free(top);
	struct chain_roots *low = roots_of((const struct ca_cert *const[]){ &inter }, 1);
	is_int(verify(low, leaf.der, NULL, 0, CA_NOW, CHAIN_CODE_SIGNING, &f), CHAIN_OK,
	    "an intermediate can be the anchor %s", f.text);
	chain_roots_free(low);
}

static void test_times(void)
{
	struct fault f;
	const ts from = CA_FROM * TS_SECOND, to = CA_TO * TS_SECOND;
	CA_AUTO struct ca_cert leaf = leaf_of(&inter);
	CA_AUTO struct ca_cert longer = ca_make(&(struct ca_req){ .subject = "longer",
	    .issuer = &inter,
	    .from = CA_FROM - 100,
	    .to = CA_TO + 100,
	    .ext = { CA_EXT_SIGNER } });

	is_int(verify(pki, leaf.der, NULL, 0, from, CHAIN_ANY, &f), CHAIN_OK, "at notBefore");
	is_int(verify(pki, leaf.der, NULL, 0, to, CHAIN_ANY, &f), CHAIN_OK, "at notAfter");
	is_int(verify(pki, leaf.der, NULL, 0, from - 1, CHAIN_ANY, &f), CHAIN_NOT_YET_VALID,
	    "before: %s", f.text);
	is_int(verify(pki, leaf.der, NULL, 0, to + 1, CHAIN_ANY, &f), CHAIN_EXPIRED, "after: %s",
	    f.text);
	is_int(verify(pki, longer.der, NULL, 0, from - 1, CHAIN_ANY, &f), CHAIN_NOT_YET_VALID,
	    "the CA's own dates count, too: %s", f.text);
	is_int(verify(pki, longer.der, NULL, 0, to + 1, CHAIN_ANY, &f), CHAIN_EXPIRED,
	    "the CA expired: %s", f.text);
}

/* One leaf a rule. */
static void test_leaves(void)
{
	static const struct {
		const char *name;
		struct ca_req req;
		enum chain_purpose purpose;
		int want;
	} v[] = {
		{ "no extended key usage", { .ext = { { "keyUsage", "digitalSignature" } } },
		    CHAIN_CODE_SIGNING, CHAIN_WRONG_USAGE },
		{ "any usage is not code signing",
		    { .ext = { { "extendedKeyUsage", "anyExtendedKeyUsage" } } },
		    CHAIN_CODE_SIGNING, CHAIN_WRONG_USAGE },
		{ "serverAuth", { .ext = { { "extendedKeyUsage", "serverAuth" } } },
		    CHAIN_CODE_SIGNING, CHAIN_WRONG_USAGE },
		{ "code signing among others",
		    { .ext = { { "extendedKeyUsage", "serverAuth,codeSigning" } } },
		    CHAIN_CODE_SIGNING, CHAIN_OK },
		{ "keyUsage without digitalSignature",
		    { .ext = { { "keyUsage", "keyEncipherment" },
			  { "extendedKeyUsage", "codeSigning" } } },
		    CHAIN_CODE_SIGNING, CHAIN_WRONG_USAGE },
		{ "keyUsage for encryption", { .ext = { { "keyUsage", "keyEncipherment" } } },
		    CHAIN_ANY, CHAIN_WRONG_USAGE },
		{ "no extension at all", { .version = 3 }, CHAIN_ANY, CHAIN_OK },
		{ "a CA as leaf", { .ext = { CA_EXT_CA, { "extendedKeyUsage", "codeSigning" } } },
		    CHAIN_CODE_SIGNING, CHAIN_LEAF_IS_CA },
		{ "a CA as leaf for anything", { .ext = { CA_EXT_CA } }, CHAIN_ANY,
		    CHAIN_LEAF_IS_CA },
		{ "keyCertSign on a leaf",
		    { .ext = { { "keyUsage", "digitalSignature,keyCertSign" },
			  { "extendedKeyUsage", "codeSigning" } } },
		    CHAIN_CODE_SIGNING, CHAIN_LEAF_IS_CA },
		{ "an unknown critical extension",
		    { .ext = { CA_EXT_SIGNER, { "1.2.3.4", "critical,DER:0500" } } },
		    CHAIN_CODE_SIGNING, CHAIN_CRITICAL },
		{ "an unknown extension that is not critical",
		    { .ext = { CA_EXT_SIGNER, { "1.2.3.4", "DER:0500" } } }, CHAIN_CODE_SIGNING,
		    CHAIN_OK },
		{ "a precertificate (critical poison)",
		    { .ext = { CA_EXT_SIGNER,
			  { "1.3.6.1.4.1.11129.2.4.3", "critical,DER:0500" } } },
		    CHAIN_CODE_SIGNING, CHAIN_CRITICAL },
		{ "malformed basicConstraints",
		    { .ext = { CA_EXT_SIGNER, { "2.5.29.19", "DER:300101" } } }, CHAIN_CODE_SIGNING,
		    CHAIN_MALFORMED },
		{ "malformed keyUsage",
		    { .ext = { { "2.5.29.15", "DER:0302" },
			  { "extendedKeyUsage", "codeSigning" } } },
		    CHAIN_CODE_SIGNING, CHAIN_MALFORMED },
		{ "malformed extendedKeyUsage", { .ext = { { "2.5.29.37", "DER:3000" } } },
		    CHAIN_CODE_SIGNING, CHAIN_MALFORMED },
		{ "a path length without CA",
		    { .ext = { CA_EXT_SIGNER, { "2.5.29.19", "DER:3003020100" } } },
		    CHAIN_CODE_SIGNING, CHAIN_MALFORMED },
		{ "signed with SHA-1", { .md = "SHA1", .ext = { CA_EXT_SIGNER } },
		    CHAIN_CODE_SIGNING, CHAIN_ALGORITHM },
		{ "signed with SHA-512", { .md = "SHA512", .ext = { CA_EXT_SIGNER } },
		    CHAIN_CODE_SIGNING, CHAIN_OK },
		{ "a key on secp256k1", { .curve = "secp256k1", .ext = { CA_EXT_SIGNER } },
		    CHAIN_CODE_SIGNING, CHAIN_ALGORITHM },
		{ "a P-521 key", { .curve = "P-521", .ext = { CA_EXT_SIGNER } }, CHAIN_CODE_SIGNING,
		    CHAIN_OK },
		{ "an issuer nobody knows", { .issuer_name = "nobody", .ext = { CA_EXT_SIGNER } },
		    CHAIN_CODE_SIGNING, CHAIN_NO_ISSUER },
		{ "another key identifier",
		    { .ext = { CA_EXT_SIGNER, { "2.5.29.35", "DER:3006800401020304" } } },
		    CHAIN_CODE_SIGNING, CHAIN_NO_ISSUER },
		{ "an empty subject", { .subject = NULL, .ext = { CA_EXT_SIGNER } },
		    CHAIN_CODE_SIGNING, CHAIN_OK },
	};
	for (size_t i = 0; i < ARRAY_LEN(v); i++) {
		struct ca_req req = v[i].req;
		struct fault f;
		req.issuer = &inter;
		if (i + 1 < ARRAY_LEN(v))
			req.subject = "leaf";
		CA_AUTO struct ca_cert leaf = ca_make(&req);
		is_int(verify(pki, leaf.der, NULL, 0, CA_NOW, v[i].purpose, &f), v[i].want,
		    "%s: %s", v[i].name, f.text);
	}
}

static void test_stamp_leaves(void)
{
	static const struct {
		const char *eku, *ku;
		int want;
	} v[] = {
		{ "critical,timeStamping", "digitalSignature", CHAIN_OK },
		{ "critical,timeStamping", "nonRepudiation", CHAIN_OK },
		{ "critical,timeStamping", "digitalSignature,nonRepudiation", CHAIN_OK },
		{ "critical,timeStamping", "digitalSignature,keyEncipherment", CHAIN_WRONG_USAGE },
		{ "critical,timeStamping", "keyAgreement", CHAIN_WRONG_USAGE },
		{ "timeStamping", "digitalSignature", CHAIN_WRONG_USAGE },
		{ "critical,timeStamping,codeSigning", "digitalSignature", CHAIN_WRONG_USAGE },
		{ "critical,codeSigning", "digitalSignature", CHAIN_WRONG_USAGE },
		{ "critical,anyExtendedKeyUsage", "digitalSignature", CHAIN_WRONG_USAGE },
	};
	struct chain_roots *r = roots_of((const struct ca_cert *const[]){ &root }, 1);

	for (size_t i = 0; i < ARRAY_LEN(v); i++) {
		struct fault f;
		CA_AUTO struct ca_cert leaf = ca_make(&(struct ca_req){ .subject = "tsa",
		    .issuer = &root,
		    .ext = { { "extendedKeyUsage", v[i].eku }, { "keyUsage", v[i].ku } } });
		is_int(verify(r, leaf.der, NULL, 0, CA_NOW, CHAIN_TIME_STAMPING, &f), v[i].want,
		    "time stamping: %s / %s: %s", v[i].eku, v[i].ku, f.text);
	}
	chain_roots_free(r);
}

/* One intermediate a rule, from the message, under the root; an honest leaf under it. */
static void test_intermediates(void)
{
	static const struct {
		const char *name;
		struct ca_req req;
		int want;
	} v[] = {
		{ "good", { .ext = { CA_EXT_CA } }, CHAIN_OK },
		{ "no basicConstraints", { .ext = { { "keyUsage", "keyCertSign" } } },
		    CHAIN_NOT_CA },
		{ "CA:FALSE", { .ext = { { "basicConstraints", "CA:FALSE" } } }, CHAIN_NOT_CA },
		{ "keyUsage without keyCertSign",
		    { .ext = { { "basicConstraints", "CA:TRUE" },
			  { "keyUsage", "digitalSignature" } } },
		    CHAIN_NOT_CA },
		{ "no keyUsage", { .ext = { { "basicConstraints", "CA:TRUE" } } }, CHAIN_OK },
		{ "version 1", { .version = 1 }, CHAIN_NOT_CA },
		{ "for time stamping only",
		    { .ext = { CA_EXT_CA, { "extendedKeyUsage", "timeStamping" } } },
		    CHAIN_WRONG_USAGE },
		{ "for any usage",
		    { .ext = { CA_EXT_CA, { "extendedKeyUsage", "anyExtendedKeyUsage" } } },
		    CHAIN_OK },
		{ "an unknown critical extension",
		    { .ext = { CA_EXT_CA, { "1.2.3.4", "critical,DER:0500" } } }, CHAIN_CRITICAL },
		{ "expired", { .to = CA_FROM + 400, .ext = { CA_EXT_CA } }, CHAIN_EXPIRED },
		{ "not yet valid", { .from = CA_FROM + 600, .ext = { CA_EXT_CA } },
		    CHAIN_NOT_YET_VALID },
		{ "signed with SHA-1", { .md = "SHA1", .ext = { CA_EXT_CA } }, CHAIN_ALGORITHM },
		{ "names: permitted URI",
		    { .ext = { CA_EXT_CA,
			  { "nameConstraints", "critical,permitted;URI:example.com" } } },
		    CHAIN_OK },
		{ "names: another URI permitted",
		    { .ext = { CA_EXT_CA,
			  { "nameConstraints", "critical,permitted;URI:example.org" } } },
		    CHAIN_NAMES },
		{ "names: excluded URI",
		    { .ext = { CA_EXT_CA,
			  { "nameConstraints", "critical,excluded;URI:example.com" } } },
		    CHAIN_NAMES },
		{ "names: a kind that the leaf has not",
		    { .ext = { CA_EXT_CA,
			  { "nameConstraints", "critical,permitted;email:example.org" } } },
		    CHAIN_OK },
		{ "names: malformed",
		    { .ext = { CA_EXT_CA, { "2.5.29.30", "critical,DER:0500" } } },
		    CHAIN_MALFORMED },
		{ "policy: an explicit one is demanded",
		    { .ext = { CA_EXT_CA, { "2.5.29.32", "DER:3006300406022a03" },
			  { "policyConstraints", "critical,requireExplicitPolicy:0" } } },
		    CHAIN_POLICY },
		{ "policy: demanded later than the path is long",
		    { .ext = { CA_EXT_CA, { "2.5.29.32", "DER:3006300406022a03" },
			  { "policyConstraints", "critical,requireExplicitPolicy:5" } } },
		    CHAIN_OK },
	};
	struct chain_roots *r = roots_of((const struct ca_cert *const[]){ &root }, 1);

	for (size_t i = 0; i < ARRAY_LEN(v); i++) {
		struct ca_req req = v[i].req;
		struct fault f;
		req.subject = "middle";
		req.issuer = &root;
		CA_AUTO struct ca_cert mid = ca_make(&req);
		CA_AUTO struct ca_cert leaf = ca_make(&(struct ca_req){ .subject = "leaf",
		    .issuer = &mid,
		    .ext = { CA_EXT_SIGNER, { "subjectAltName", "URI:https://example.com/w" } } });
		is_int(verify(r, leaf.der, (const struct ca_cert *const[]){ &mid }, 1, CA_NOW,
			   CHAIN_CODE_SIGNING, &f),
		    v[i].want, "intermediate, %s: %s", v[i].name, f.text);
	}
	/* the leaf has the policy */
	CA_AUTO struct ca_cert mid = ca_make(&(struct ca_req){ .subject = "middle",
	    .issuer = &root,
	    .ext = { CA_EXT_CA, { "2.5.29.32", "DER:3006300406022a03" },
		{ "policyConstraints", "critical,requireExplicitPolicy:0" } } });
	CA_AUTO struct ca_cert leaf = ca_make(&(struct ca_req){ .subject = "leaf",
	    .issuer = &mid,
	    .ext = { CA_EXT_SIGNER, { "2.5.29.32", "DER:3006300406022a03" } } });
	struct fault f;
	is_int(verify(r, leaf.der, (const struct ca_cert *const[]){ &mid }, 1, CA_NOW,
		   CHAIN_CODE_SIGNING, &f),
	    CHAIN_OK, "policy: the leaf has it %s", f.text);
	chain_roots_free(r);
}

/* root → a (pathlen as given) → b → c → leaf, and self-issued ones that do not count */
static void test_lengths(void)
{
	static const struct {
		const char *constraints;
		int want;
	} v[] = {
		{ "critical,CA:TRUE", CHAIN_OK },
		{ "critical,CA:TRUE,pathlen:2", CHAIN_OK },
		{ "critical,CA:TRUE,pathlen:1", CHAIN_PATH_LENGTH },
		{ "critical,CA:TRUE,pathlen:0", CHAIN_PATH_LENGTH },
	};
	struct chain_roots *r = roots_of((const struct ca_cert *const[]){ &root }, 1);
	struct fault f;

	for (size_t i = 0; i < ARRAY_LEN(v); i++) {
		CA_AUTO struct ca_cert a = ca_make(&(struct ca_req){ .subject = "a",
		    .issuer = &root,
		    .ext = { { "basicConstraints", v[i].constraints } } });
		CA_AUTO struct ca_cert b =
		    ca_make(&(struct ca_req){ .subject = "b", .issuer = &a, .ext = { CA_EXT_CA } });
		CA_AUTO struct ca_cert c =
		    ca_make(&(struct ca_req){ .subject = "c", .issuer = &b, .ext = { CA_EXT_CA } });
		CA_AUTO struct ca_cert leaf = leaf_of(&c);
		const struct ca_cert *extra[] = { &c, &a, &b };
		is_int(verify(r, leaf.der, extra, 3, CA_NOW, CHAIN_ANY, &f), v[i].want,
		    "%s above two CAs: %s", v[i].constraints, f.text);
	}
	CA_AUTO struct ca_cert a = ca_make(&(struct ca_req){ .subject = "a",
	    .issuer = &root,
	    .ext = { { "basicConstraints", "critical,CA:TRUE,pathlen:0" } } });
	CA_AUTO struct ca_cert again =
	    ca_make(&(struct ca_req){ .subject = "a", .issuer = &a, .ext = { CA_EXT_CA } });
	CA_AUTO struct ca_cert leaf = leaf_of(&again);
	const struct ca_cert *extra[] = { &again, &a };
	is_int(verify(r, leaf.der, extra, 2, CA_NOW, CHAIN_ANY, &f), CHAIN_OK,
	    "a self-issued CA does not count %s", f.text);

	struct ca_cert deep[CHAIN_DEPTH_MAX + 1];
	const struct ca_cert *list[CHAIN_DEPTH_MAX + 1];
	for (size_t i = 0; i < ARRAY_LEN(deep); i++) {
		char name[8];
		snprintf(name, sizeof(name), "d%zu", i);
		deep[i] = ca_make(&(struct ca_req){
		    .subject = name, .issuer = i ? &deep[i - 1] : &root, .ext = { CA_EXT_CA } });
		list[i] = &deep[i];
		CA_AUTO struct ca_cert end = leaf_of(&deep[i]);
		is_int(verify(r, end.der, list, i + 1, CA_NOW, CHAIN_ANY, &f),
		    i + 3 <= CHAIN_DEPTH_MAX ? CHAIN_OK : CHAIN_PATH_LENGTH,
		    "a path of %zu certificates %s", i + 3, f.text);
	}
	for (size_t i = 0; i < ARRAY_LEN(deep); i++)
		ca_free(&deep[i]);
	chain_roots_free(r);
}

/* A root of each kind of key, and one leaf a way of signing with it. */
static void test_algorithms(void)
{
	static const struct {
		const char *type, *md;
		size_t bits;
		bool pss;
		int want;
	} v[] = {
		{ "RSA", "SHA256", 2048, false, CHAIN_OK },
		{ "RSA", "SHA512", 2048, false, CHAIN_OK },
		{ "RSA", "SHA1", 2048, false, CHAIN_ALGORITHM },
		{ "RSA", "MD5", 2048, false, CHAIN_ALGORITHM },
		{ "RSA", "SHA256", 2048, true, CHAIN_OK },
		{ "RSA", "SHA384", 2048, true, CHAIN_OK },
		{ "RSA", "SHA1", 2048, true, CHAIN_ALGORITHM },
		{ "ED25519", "", 0, false, CHAIN_OK },
		{ "ED448", "", 0, false, CHAIN_ALGORITHM },
		{ "RSA", "SHA256", 1024, false, CHAIN_ALGORITHM },
	};
	for (size_t i = 0; i < ARRAY_LEN(v); i++) {
		struct fault f = FAULT_INIT;
		AUTO_ROOTS struct chain_roots *r = NULL;
		EVP_PKEY *key = v[i].bits ? EVP_PKEY_Q_keygen(NULL, NULL, v[i].type, v[i].bits)
					  : EVP_PKEY_Q_keygen(NULL, NULL, v[i].type);
		CA_AUTO struct ca_cert ca = ca_make(&(struct ca_req){ .subject = "ca",
		    .key = key,
		    .md = v[i].bits ? NULL : "",
		    .ext = { CA_EXT_CA } });
		CA_AUTO struct ca_cert leaf = ca_make(&(struct ca_req){ .subject = "leaf",
		    .issuer = &ca,
		    .md = v[i].md,
		    .pss = v[i].pss,
		    .ext = { CA_EXT_SIGNER } });
		ca_check(chain_roots_new(&r) == 0, "roots");
		int rc = chain_roots_add_chain(r, &ca.der, 1, &f);
		if (rc == CHAIN_OK)
			rc = verify(r, leaf.der, NULL, 0, CA_NOW, CHAIN_CODE_SIGNING, &f);
		is_int(rc, v[i].want, "%s-%zu %s%s: %s", v[i].type, v[i].bits, v[i].md,
		    v[i].pss ? " PSS" : "", f.text);
		EVP_PKEY_free(key);
	}
}

static void test_forged(void)
{
	struct fault f;
	EVP_PKEY *mallory = EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-384");
	CA_AUTO struct ca_cert leaf = ca_make(&(struct ca_req){
	    .subject = "leaf", .issuer = &inter, .sign_with = mallory, .ext = { CA_EXT_SIGNER } });
	is_int(verify(pki, leaf.der, NULL, 0, CA_NOW, CHAIN_CODE_SIGNING, &f), CHAIN_BAD_SIGNATURE,
	    "signed by another key: %s", f.text);
	/* a CA of the same name, which comes along */
	CA_AUTO struct ca_cert fake = ca_make(
	    &(struct ca_req){ .subject = "intermediate", .key = mallory, .ext = { CA_EXT_CA } });
	CA_AUTO struct ca_cert fake2 = ca_make(&(struct ca_req){ .subject = "intermediate",
	    .key = mallory,
	    .issuer = &root,
	    .sign_with = mallory,
	    .ext = { CA_EXT_CA } });
	const struct ca_cert *extra[] = { &fake, &fake2 };
	is_int(verify(pki, leaf.der, extra, 2, CA_NOW, CHAIN_CODE_SIGNING, &f), CHAIN_BAD_SIGNATURE,
	    "nor with its own CA beside it: %s", f.text);
	is_int(verify(pki, inter.der, NULL, 0, CA_NOW, CHAIN_ANY, &f), CHAIN_LEAF_IS_ANCHOR,
	    "an intermediate as leaf: %s", f.text);
	is_int(verify(pki, root.der, NULL, 0, CA_NOW, CHAIN_ANY, &f), CHAIN_LEAF_IS_ANCHOR,
	    "the root as leaf: %s", f.text);
	/* an honest leaf acts as CA */
	CA_AUTO struct ca_cert honest = leaf_of(&inter);
	CA_AUTO struct ca_cert under = leaf_of(&honest);
	const struct ca_cert *beside[] = { &honest };
	is_int(verify(pki, under.der, beside, 1, CA_NOW, CHAIN_CODE_SIGNING, &f), CHAIN_NOT_CA,
	    "a leaf under a leaf: %s", f.text);
	/* itself beside itself, and a self-signed leaf */
	CA_AUTO struct ca_cert self =
	    ca_make(&(struct ca_req){ .subject = "me", .ext = { CA_EXT_SIGNER } });
	const struct ca_cert *me[] = { &self, &self };
	is_int(verify(pki, self.der, me, 2, CA_NOW, CHAIN_CODE_SIGNING, &f), CHAIN_NO_ISSUER,
	    "a self-signed leaf: %s", f.text);
	EVP_PKEY_free(mallory);
}

/* Two CAs of one name, one expired: the other is found, whatever the order. */
static void test_choice(void)
{
	struct fault f;
	CA_AUTO struct ca_cert old = ca_make(&(struct ca_req){
	    .subject = "middle", .issuer = &root, .to = CA_FROM + 10, .ext = { CA_EXT_CA } });
	CA_AUTO struct ca_cert new = ca_make(&(struct ca_req){
	    .subject = "middle", .issuer = &root, .key = old.key, .ext = { CA_EXT_CA } });
	CA_AUTO struct ca_cert rekeyed =
	    ca_make(&(struct ca_req){ .subject = "middle", .issuer = &root, .ext = { CA_EXT_CA } });
	CA_AUTO struct ca_cert leaf = leaf_of(&new);
	struct chain_roots *r = roots_of((const struct ca_cert *const[]){ &root }, 1);
	const struct ca_cert *a[] = { &old, &rekeyed, &new }, *b[] = { &new, &rekeyed, &old };

	is_int(verify(r, leaf.der, a, 3, CA_NOW, CHAIN_ANY, &f), CHAIN_OK, "the third fits %s",
	    f.text);
	is_int(verify(r, leaf.der, b, 3, CA_NOW, CHAIN_ANY, &f), CHAIN_OK, "the first fits %s",
	    f.text);
	is_int(verify(r, leaf.der, a, 2, CA_NOW, CHAIN_ANY, &f), CHAIN_BAD_SIGNATURE,
	    "neither fits: %s", f.text);
	chain_roots_free(r);
}

/* Many cross-certificates of a few names must not take forever. */
static void test_maze(void)
{
	struct ca_cert ca[15];
	const struct ca_cert *list[15];
	struct fault f;

	for (size_t i = 0; i < ARRAY_LEN(ca); i++) {
		char name[8], issuer[8];
		snprintf(name, sizeof(name), "m%zu", i % 3);
		snprintf(issuer, sizeof(issuer), "m%zu", (i + 1) % 3);
		ca[i] = ca_make(&(struct ca_req){ .subject = name,
		    .issuer_name = i == 14 ? "root" : issuer,
		    .issuer = &root,
		    .ext = { CA_EXT_CA } });
		list[i] = &ca[i];
	}
	CA_AUTO struct ca_cert leaf = ca_make(&(struct ca_req){
	    .subject = "leaf", .issuer_name = "m0", .issuer = &root, .ext = { CA_EXT_SIGNER } });
	struct chain_roots *r = roots_of((const struct ca_cert *const[]){ &root }, 1);
	int rc = verify(r, leaf.der, list, 15, CA_NOW, CHAIN_ANY, &f);
	ok(rc == CHAIN_BAD_SIGNATURE || rc == CHAIN_TOO_MANY, "a maze ends: %s", f.text);
	chain_roots_free(r);
	for (size_t i = 0; i < ARRAY_LEN(ca); i++)
		ca_free(&ca[i]);
}

static void test_flips(void)
{
	CA_AUTO struct ca_cert leaf = leaf_of(&inter);
	uint8_t *p = malloc(leaf.der.n);
	unsigned accepted = 0;
	struct fault f;

	memcpy(p, leaf.der.p, leaf.der.n);
	for (size_t i = 0; i < 8 * leaf.der.n; i++) {
		p[i / 8] ^= (uint8_t)(1u << (i % 8));
		accepted += verify(pki, span_of(p, leaf.der.n), NULL, 0, CA_NOW, CHAIN_CODE_SIGNING,
				&f) == CHAIN_OK;
		p[i / 8] ^= (uint8_t)(1u << (i % 8));
	}
	is_int(accepted, 0, "each of %zu flips of a leaf is refused", 8 * leaf.der.n);
	for (size_t i = 0; i < leaf.der.n; i++)
		accepted +=
		    verify(pki, span_of(p, i), NULL, 0, CA_NOW, CHAIN_CODE_SIGNING, &f) != -EBADMSG;
	is_int(accepted, 0, "and each prefix");
	free(p);
}

static void put_pem(struct buf *out, const struct ca_cert *c)
{
	BIO *bio = BIO_new(BIO_s_mem());
	char *text;
	PEM_write_bio_X509(bio, c->x);
	long n = BIO_get_mem_data(bio, &text);
	buf_put(out, text, (size_t)n);
	BIO_free(bio);
}

static int add_file(struct chain_roots *r, const struct buf *text, struct fault *f)
{
	*f = FAULT_INIT;
	return chain_roots_add_file(r, buf_span(text), f);
}

static void test_files(void)
{
	AUTO_ROOTS struct chain_roots *r = NULL;
	AUTO_BUF struct buf text = BUF_INIT(1 << 20);
	CA_AUTO struct ca_cert leaf = leaf_of(&inter);
	CA_AUTO struct ca_cert v1 = ca_make(&(struct ca_req){ .subject = "old", .version = 1 });
	CA_AUTO struct ca_cert under =
	    ca_make(&(struct ca_req){ .subject = "leaf", .issuer = &v1, .ext = { CA_EXT_SIGNER } });
	struct fault f;

	ca_check(chain_roots_new(&r) == 0, "roots");
	is_int(add_file(r, &text, &f), -EBADMSG, "an empty file: %s", f.text);
	buf_puts(&text, "# roots of somebody\n\n");
	put_pem(&text, &root);
	buf_puts(&text, "\nand an old one\n");
	put_pem(&text, &v1);
	put_pem(&text, &root);
	is_int(add_file(r, &text, &f), 0, "text between the blocks is fine %s", f.text);
	is_int(chain_roots_count(r), 2, "a double counts once");
	is_int(verify(r, under.der, NULL, 0, CA_NOW, CHAIN_CODE_SIGNING, &f), CHAIN_OK,
	    "an anchor of version 1 %s", f.text);
	const struct ca_cert *extra[] = { &inter };
	is_int(verify(r, leaf.der, extra, 1, CA_NOW, CHAIN_CODE_SIGNING, &f), CHAIN_OK,
	    "an anchor of the file %s", f.text);
	size_t whole = text.n;
	put_pem(&text, &leaf);
	is_int(add_file(r, &text, &f), -EBADMSG, "a certificate that is no CA: %s", f.text);
	text.n = whole - 40;
	is_int(add_file(r, &text, &f), -EBADMSG, "a cut file: %s", f.text);
	text.n = whole;
	buf_puts(&text, "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n");
	is_int(add_file(r, &text, &f), -EBADMSG, "another block: %s", f.text);
	is_int(chain_roots_count(r), 2, "nothing was added");
	is_int(chain_roots_add_file(r, inter.der, &f), 0, "one certificate in DER");
	is_int(chain_roots_count(r), 3, "is one more");
	is_int(
	    chain_roots_add_file(r, span_from(inter.der, 1), &f), -EBADMSG, "not DER: %s", f.text);
}

static void test_bad_chains(void)
{
	AUTO_ROOTS struct chain_roots *r = NULL;
	CA_AUTO struct ca_cert leaf = leaf_of(&inter);
	CA_AUTO struct ca_cert other =
	    ca_make(&(struct ca_req){ .subject = "root", .ext = { CA_EXT_CA } });
	CA_AUTO struct ca_cert child =
	    ca_make(&(struct ca_req){ .subject = "child", .issuer = &other, .ext = { CA_EXT_CA } });
	struct fault f = FAULT_INIT;

	ca_check(chain_roots_new(&r) == 0, "roots");
	is_int(chain_roots_add_chain(r, NULL, 0, &f), -EBADMSG, "no chain: %s", f.text);
	is_int(chain_roots_add_chain(r, (struct span[]){ root.der, inter.der }, 2, &f),
	    CHAIN_NO_ISSUER, "out of order: %s", f.text);
	is_int(chain_roots_add_chain(r, (struct span[]){ child.der, root.der }, 2, &f),
	    CHAIN_BAD_SIGNATURE, "a root of the same name: %s", f.text);
	is_int(chain_roots_add_chain(r, (struct span[]){ leaf.der, inter.der }, 2, &f),
	    CHAIN_NOT_CA, "a leaf: %s", f.text);
	is_int(chain_roots_add_chain(r, (struct span[]){ inter.der, SPAN_LIT("x") }, 2, &f),
	    -EBADMSG, "no certificate: %s", f.text);
	is_int(chain_roots_count(r), 0, "nothing was added");
}

static int verify_by(const struct chain_roots *r, struct span leaf, enum chain_purpose purpose,
    bool sha1, size_t *ret_n)
{
	AUTO_CERT struct cert *c = NULL;
	const struct chain_rules rules = { CA_NOW, purpose, sha1 };
	struct chain_path p = { 0 };
	struct fault f = FAULT_INIT;

	ca_check(x509_open(&c, leaf, &f) == 0, "open");
	int rc = chain_verify_by(&p, r, c, NULL, 0, &rules, &f);
	*ret_n = p.n;
	return rc;
}

/* Countersigning, as Windows has it: the usage need not be critical, nor alone. */
static void test_countersigning(void)
{
	static const struct {
		const char *eku, *ku;
		int want;
	} v[] = {
		{ "critical,timeStamping", "digitalSignature", CHAIN_OK },
		{ "timeStamping", "digitalSignature,nonRepudiation", CHAIN_OK },
		{ "timeStamping,codeSigning", "nonRepudiation", CHAIN_OK },
		{ "codeSigning", "digitalSignature", CHAIN_WRONG_USAGE },
		{ "anyExtendedKeyUsage", "digitalSignature", CHAIN_WRONG_USAGE },
		{ "timeStamping", "keyAgreement", CHAIN_WRONG_USAGE },
	};
	struct chain_roots *r = roots_of((const struct ca_cert *const[]){ &root }, 1);
	size_t n;

	for (size_t i = 0; i < ARRAY_LEN(v); i++) {
		CA_AUTO struct ca_cert leaf = ca_make(&(struct ca_req){ .subject = "tsa",
		    .issuer = &root,
		    .ext = { { "extendedKeyUsage", v[i].eku }, { "keyUsage", v[i].ku } } });
		is_int(verify_by(r, leaf.der, CHAIN_COUNTERSIGNING, false, &n), v[i].want,
		    "countersigning: %s / %s", v[i].eku, v[i].ku);
	}
	CA_AUTO struct ca_cert old = ca_make(
	    &(struct ca_req){ .subject = "old", .issuer = &root, .md = "SHA1", .ext = { CA_EXT_SIGNER } });
	is_int(verify_by(r, old.der, CHAIN_CODE_SIGNING, false, &n), CHAIN_ALGORITHM, "SHA-1");
	is_int(verify_by(r, old.der, CHAIN_CODE_SIGNING, true, &n), CHAIN_OK, "where it counts");
	EVP_PKEY *rsa = EVP_RSA_gen(2048);
	CA_AUTO struct ca_cert ca =
	    ca_make(&(struct ca_req){ .subject = "rsa", .key = rsa, .ext = { CA_EXT_CA } });
	CA_AUTO struct ca_cert md5 = ca_make(
	    &(struct ca_req){ .subject = "older", .issuer = &ca, .md = "MD5", .ext = { CA_EXT_SIGNER } });
	struct chain_roots *m = roots_of((const struct ca_cert *const[]){ &ca }, 1);
	is_int(verify_by(m, md5.der, CHAIN_CODE_SIGNING, true, &n), CHAIN_ALGORITHM, "MD5 never does");
	chain_roots_free(m);
	EVP_PKEY_free(rsa);
	chain_roots_free(r);
}

/* Netscape's certificate type, critical as in Debian's Secure Boot CA. */
static void test_netscape(void)
{
	static const struct {
		const char *ca, *leaf;
		int want;
	} v[] = {
		{ "critical,objCA", "critical,objsign", CHAIN_OK },
		{ "critical,sslCA", "critical,objsign", CHAIN_WRONG_USAGE },
		{ "critical,objCA", "critical,server", CHAIN_WRONG_USAGE },
	};
	size_t n;

	for (size_t i = 0; i < ARRAY_LEN(v); i++) {
		CA_AUTO struct ca_cert ca = ca_make(&(struct ca_req){
		    .subject = "ns", .ext = { CA_EXT_CA, { "nsCertType", v[i].ca } } });
		CA_AUTO struct ca_cert leaf = ca_make(&(struct ca_req){ .subject = "leaf",
		    .issuer = &ca,
		    .ext = { CA_EXT_SIGNER, { "nsCertType", v[i].leaf } } });
		struct chain_roots *r = roots_of((const struct ca_cert *const[]){ &ca }, 1);
		is_int(verify_by(r, leaf.der, CHAIN_CODE_SIGNING, false, &n), v[i].want,
		    "Netscape: %s above %s", v[i].ca, v[i].leaf);
		chain_roots_free(r);
	}
}

/* Signers' own certificates that are trusted: by file, by digest of the certificate or its key. */
static void test_trusted(void)
{
	CA_AUTO struct ca_cert leaf = leaf_of(&inter), self = leaf_of(NULL), late = ca_make(
	    &(struct ca_req){ .subject = "late", .from = CA_FROM + 900, .ext = { CA_EXT_SIGNER } });
	CA_AUTO struct ca_cert both = ca_make(&(struct ca_req){ .subject = "both",
	    .ext = { { "basicConstraints", "CA:TRUE" }, { "extendedKeyUsage", "codeSigning" } } });
	const struct ca_cert *const each[] = { &leaf, &self, &both };
	struct fault f = FAULT_INIT;
	AUTO_ROOTS struct chain_roots *r = NULL;
	size_t n = 0;

	ca_check(chain_roots_new(&r) == 0, "roots");
	is_int(chain_roots_add_file(r, leaf.der, &f), -EBADMSG, "no CA: %s", f.text);
	for (size_t i = 0; i < ARRAY_LEN(each); i++) {
		is_int(verify_by(r, each[i]->der, CHAIN_CODE_SIGNING, false, &n) == CHAIN_OK, false,
		    "not trusted yet");
		is_int(chain_roots_add_trusted(r, each[i]->der, &f), 0, "is added %s", f.text);
		is_int(verify_by(r, each[i]->der, CHAIN_CODE_SIGNING, false, &n), CHAIN_OK, "is trusted");
		is_int(n, 1, "it is the whole path");
	}
	is_int(verify_by(r, leaf.der, CHAIN_COUNTERSIGNING, false, &n), CHAIN_WRONG_USAGE,
	    "but not for stamps");
	is_int(chain_roots_add_trusted(r, late.der, &f), 0, "one that is not valid yet");
	is_int(verify_by(r, late.der, CHAIN_CODE_SIGNING, false, &n), CHAIN_NOT_YET_VALID, "dates count");
	is_int(chain_roots_count(r), 5, "one of them is an anchor, too");
	AUTO_CERT struct cert *c = NULL;
	ca_check(x509_open(&c, leaf.der, &f) == 0, "open");
	const struct digest id[] = { sha256_of(leaf.der), sha256_of(x509_spki(c)), sha256_of(self.der) };
	const int want[] = { CHAIN_OK, CHAIN_OK, CHAIN_NO_ISSUER };
	for (size_t i = 0; i < ARRAY_LEN(id); i++) {
		AUTO_ROOTS struct chain_roots *d = NULL;
		ca_check(chain_roots_new(&d) == 0 && chain_roots_add_digest(d, &id[i], &f) == 0, "digest");
		is_int(verify_by(d, leaf.der, CHAIN_CODE_SIGNING, false, &n), want[i], "digest %zu", i);
	}
	ok(chain_roots_find(r, c) && span_eq(x509_der(chain_roots_find(r, c)), leaf.der), "is found");
	ok(!chain_roots_find(pki, c), "or not");
}

int main(void)
{
	make_pki();
	test_good();
	test_times();
	test_leaves();
	test_stamp_leaves();
	test_intermediates();
	test_lengths();
	test_algorithms();
	test_forged();
	test_choice();
	test_maze();
	test_flips();
	test_files();
	test_bad_chains();
	test_countersigning();
	test_netscape();
	test_trusted();
	for (int i = 0; i < CHAIN_RESULTS; i++)
		ok(chain_result_name(i) && chain_result_name(i)[0], "%s", chain_result_name(i));
	chain_roots_free(pki);
	ca_free(&inter);
	ca_free(&root);
	ok(ERR_peek_error() == 0, "nothing is left in OpenSSL's error queue");
	return tap_done();
}
