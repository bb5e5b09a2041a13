/* SPDX-License-Identifier: Apache-2.0 */

/*
 * chain_path: what holds for a path as a whole: dates and usages of the CAs, and what they say
 * about the path below them: its length, its names, its policies. The last two are rare, and done
 * by OpenSSL on certificates that it parses again.
 */

#include "crypto/chain_facts.h"

#include <errno.h>
#include <openssl/x509v3.h>

OSSL_FREE_FN(X509, X509_free)
OSSL_FREE_FN(NAME_CONSTRAINTS, NAME_CONSTRAINTS_free)
OSSL_FREE_FN(X509_POLICY_TREE, X509_policy_tree_free)

/* With its extensions cached: NAME_CONSTRAINTS_check sees no alternative name before that. NULL
 * also when one of those that OpenSSL looks at does not parse. */
static X509 *parse(const struct cert *c)
{
	const unsigned char *p = c->der.p;
	X509 *x = d2i_X509(NULL, &p, (long)c->der.n);

	if (x && !(X509_get_extension_flags(x) & EXFLAG_INVALID))
		return x;
	X509_free(x);
	return NULL;
}

/* RFC 5280 6.1.4 (l), (m): self-issued certificates do not count. */
static int check_lengths(const struct chain_facts *const *path, size_t n, struct fault *f)
{
	int64_t below = 0;

	for (size_t i = 1; i < n; i++) {
		if (path[i]->path_len >= 0 && below > path[i]->path_len)
			return fault_set(f, CHAIN_PATH_LENGTH,
			    "a CA allows %lld CAs below it; the chain has %lld",
			    (long long)path[i]->path_len, (long long)below);
		below += !path[i]->self_issued;
	}
	return CHAIN_OK;
}

/* RFC 5280 6.1.3 (b), (c): of one CA for one certificate below it. */
static int check_names_of(const struct cert *ca, const struct cert *c, struct fault *f)
{
	OSSL_AUTO(X509, X509_free) x = parse(c);
	OSSL_AUTO(X509, X509_free) issuer = parse(ca);
	int critical = -1;

	if (!x || !issuer)
		return fault_set(f, CHAIN_MALFORMED, "a certificate's extensions do not parse");
	OSSL_AUTO(NAME_CONSTRAINTS, NAME_CONSTRAINTS_free)
	nc = X509_get_ext_d2i(issuer, NID_name_constraints, &critical, NULL);
	if (!nc)
		return fault_set(
		    f, CHAIN_MALFORMED, "a CA's extension nameConstraints does not parse");
	int rc = NAME_CONSTRAINTS_check(x, nc);
	if (rc == X509_V_ERR_OUT_OF_MEM)
		return -ENOMEM;
	if (rc != X509_V_OK)
		return fault_set(f, CHAIN_NAMES, "a name is not one that a CA above may name: %s",
		    X509_verify_cert_error_string(rc));
	return CHAIN_OK;
}

static int check_names(const struct chain_facts *const *path, size_t n, struct fault *f)
{
	for (size_t i = 1; i < n; i++) {
		if (!path[i]->names)
			continue;
		for (size_t j = 0; j < i; j++) {
			if (j && path[j]->self_issued)
				continue;
			int rc = check_names_of(path[i]->cert, path[j]->cert, f);
			if (rc != CHAIN_OK)
				return rc;
		}
	}
	return CHAIN_OK;
}

/* RFC 5280 6.1.3 (d) to (f): only a requirement of an explicit policy can make a path fail. */
static int check_policies(const struct chain_facts *const *path, size_t n, struct fault *f)
{
	OSSL_AUTO(X509_POLICY_TREE, X509_policy_tree_free) tree = NULL;
	STACK_OF(X509) *certs = sk_X509_new_null();
	STACK_OF(ASN1_OBJECT) *wanted = sk_ASN1_OBJECT_new_null();
	int explicit = 0, rc = X509_PCY_TREE_INTERNAL;
	bool good = certs && wanted && sk_ASN1_OBJECT_push(wanted, OBJ_nid2obj(NID_any_policy)) > 0;

	for (size_t i = 0; i < n && good; i++) {
		X509 *x = parse(path[i]->cert);
		good = x && sk_X509_push(certs, x) > 0;
		if (!good)
			X509_free(x);
	}
	if (good)
		rc = X509_policy_check(&tree, &explicit, certs, wanted, 0);
	sk_ASN1_OBJECT_free(wanted);
	sk_X509_pop_free(certs, X509_free);
	if (!good)
		return fault_set(f, CHAIN_MALFORMED, "a certificate's extensions do not parse");
	if (rc == X509_PCY_TREE_INTERNAL)
		return -ENOMEM;
	if (rc != X509_PCY_TREE_VALID)
		return fault_set(f, CHAIN_POLICY,
		    rc == X509_PCY_TREE_FAILURE
			? "a CA demands a certificate policy that the chain does not have"
			: "the certificate policies of the chain are malformed");
	return CHAIN_OK;
}

static int check_limits(const struct chain_facts *const *path, size_t n, struct fault *f)
{
	bool policies = false;
	OSSL_SCOPE;
	int rc = check_lengths(path, n, f);

	for (size_t i = 0; i < n; i++)
		policies |= path[i]->policies;
	if (rc == CHAIN_OK)
		rc = check_names(path, n, f);
	if (rc == CHAIN_OK && policies)
		rc = check_policies(path, n, f);
	return rc;
}

int chain_check_path(const struct chain_facts *const *path, size_t n, ts t,
    enum chain_purpose purpose, struct fault *f)
{
	int rc = chain_check_time(path[0], t, f);

	for (size_t i = 1; rc == CHAIN_OK && i < n; i++) {
		rc = chain_check_ca(path[i], f);
		if (rc == CHAIN_OK && i + 1 < n && path[i]->cert->version < 3)
			rc = fault_set(
			    f, CHAIN_NOT_CA, "an intermediate certificate is not of version 3");
		if (rc == CHAIN_OK)
			rc = chain_check_time(path[i], t, f);
		if (rc == CHAIN_OK)
			rc = chain_check_nesting(path[i], purpose, f);
	}
	return rc == CHAIN_OK ? check_limits(path, n, f) : rc;
}
