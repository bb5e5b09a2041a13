/* SPDX-License-Identifier: Apache-2.0 */

#include "crypto/chain_facts.h"

#include "crypto/oid.h"

#include <errno.h>

/* BasicConstraints ::= SEQUENCE { cA BOOLEAN DEFAULT FALSE, pathLenConstraint INTEGER OPTIONAL } */
static bool read_constraints(struct chain_facts *x, struct span value)
{
	struct cur c = cur_of(value), s = der_enter(&c, DER_SEQ);

	x->has_constraints = true;
	if (der_is(&s, DER_BOOLEAN)) {
		struct span b = der_any(&s).body;
		if (!s.err && (b.n != 1 || (b.p[0] != 0 && b.p[0] != 0xff)))
			cur_fail(&s, DER_E_VALUE);
		x->ca = !s.err && b.p[0];
	}
	if (cur_left(&s))
		x->path_len = (int64_t)der_uint(&s, INT32_MAX);
	der_leave(&c, &s);
	return der_done(&c) && (x->ca || x->path_len < 0);
}

/* A BIT STRING of up to nine named bits. */
static bool read_usage(struct chain_facts *x, struct span value)
{
	struct cur c = cur_of(value);
	struct span bits = der_take(&c, DER_BITS).body;

	if (!der_done(&c) || bits.n < 2 || bits.n > 3 || bits.p[0] > 7)
		return false;
	x->has_usage = true;
	x->usage = bits.p[1];
	return true;
}

static bool read_netscape(struct chain_facts *x, struct span value)
{
	struct cur c = cur_of(value);
	struct span bits = der_take(&c, DER_BITS).body;

	if (!der_done(&c) || bits.n != 2 || bits.p[0] > 7)
		return false;
	x->has_netscape = true;
	x->netscape = bits.p[1];
	return true;
}

static bool read_key_id(struct chain_facts *x, struct span value)
{
	struct cur c = cur_of(value);

	x->key_id = der_octets(&c);
	return der_done(&c);
}

/* AuthorityKeyIdentifier ::= SEQUENCE { [0] key OPTIONAL, [1] issuer OPTIONAL, [2] serial OPTIONAL
 * } */
static bool read_authority(struct chain_facts *x, struct span value)
{
	struct cur c = cur_of(value), s = der_enter(&c, DER_SEQ);

	if (der_is(&s, DER_CTX(0)))
		x->authority_key_id = der_any(&s).body;
	if (der_is(&s, DER_CTXC(1)))
		(void)der_any(&s);
	if (der_is(&s, DER_CTX(2)))
		(void)der_any(&s);
	der_leave(&c, &s);
	return der_done(&c);
}

static bool read_eku(struct chain_facts *x, struct span value)
{
	return cert_eku(&x->eku, x->cert);
}

static bool read_names(struct chain_facts *x, struct span value)
{
	return x->names = true;
}

static bool read_policies(struct chain_facts *x, struct span value)
{
	return x->policies = true;
}

/* The extensions that path validation knows; others must not be critical. NULL: known, but means
 * something to others only (names), or through policyConstraints only. */
static const struct known {
	struct span oid;
	const char *name;
	bool (*read)(struct chain_facts *x, struct span value);
} known[] = {
	{ OID_BASIC_CONSTRAINTS, "basicConstraints", read_constraints },
	{ OID_KEY_USAGE, "keyUsage", read_usage },
	{ OID_EXT_KEY_USAGE, "extendedKeyUsage", read_eku },
	{ OID_SUBJECT_KEY_ID, "subjectKeyIdentifier", read_key_id },
	{ OID_AUTHORITY_KEY_ID, "authorityKeyIdentifier", read_authority },
	{ OID_NAME_CONSTRAINTS, "nameConstraints", read_names },
	{ OID_POLICY_CONSTRAINTS, "policyConstraints", read_policies },
	{ OID_ALT_NAME, "subjectAltName", NULL },
	{ OID_POLICIES, "certificatePolicies", NULL },
	{ OID_POLICY_MAPPINGS, "policyMappings", NULL },
	{ OID_INHIBIT_ANY_POLICY, "inhibitAnyPolicy", NULL },
	{ OID_NETSCAPE_TYPE, "Netscape's certificate type", read_netscape },
	{ OID_SCT_LIST, "SCT list", NULL },
};

/* Apple marks what a leaf is for (Developer ID Application is 1.2.840.113635.100.6.1.13) by critical
 * extensions, whose value says nothing more. What it may be used for is in extendedKeyUsage, too. */
static bool is_apple_marker(struct span oid)
{
	return oid.n == OID_APPLE_LEAF.n + 1 && span_starts(oid, OID_APPLE_LEAF);
}

void chain_facts_read(struct chain_facts *ret_x, const struct cert *c)
{
	struct chain_facts x = {
		.cert = c,
		.path_len = -1,
		.self_issued = span_eq(c->issuer, c->subject),
	};
	struct cur exts = cur_of(c->exts);
	struct x509_ext e;

	while (cert_ext_next(&exts, &e)) {
		const struct known *k = NULL;
		for (size_t i = 0; i < ARRAY_LEN(known) && !k; i++)
			if (span_eq(known[i].oid, e.oid))
				k = &known[i];
		if (!k && e.critical && !x.critical.n && !is_apple_marker(e.oid))
			x.critical = e.oid;
		if (k && k->read && !k->read(&x, e.value) && !x.malformed)
			x.malformed = k->name;
	}
	*ret_x = x;
}

/* What every certificate of a path must be. */
static int check_any(const struct chain_facts *x, const char *which, struct fault *f)
{
	char oid[DER_OID_TEXT_MAX];
	struct fault why = FAULT_INIT;

	if (x->malformed)
		return fault_set(
		    f, CHAIN_MALFORMED, "%s: its extension %s does not parse", which, x->malformed);
	if (x->critical.n)
		return fault_set(f, CHAIN_CRITICAL,
		    "%s: a critical extension that is not known here: %s", which,
		    der_oid_text(x->critical, oid));
	if (!x->cert->pkey)
		return fault_set(f, CHAIN_ALGORITHM, "%s: its key cannot be used", which);
	if (ossl_key_kind(x->cert->pkey, &why) == KEY_NONE)
		return fault_set(f, CHAIN_ALGORITHM, "%s: %s", which, why.text);
	return CHAIN_OK;
}

int chain_check_ca(const struct chain_facts *x, struct fault *f)
{
	int rc = check_any(x, "a certificate of the chain", f);

	if (rc != CHAIN_OK)
		return rc;
	if (x->cert->version < 3 && x->self_issued)
		return CHAIN_OK; /* an anchor from before extensions, if it is one: chain.c looks */
	if (!x->ca)
		return fault_set(f, CHAIN_NOT_CA,
		    x->has_constraints
			? "a certificate above the leaf is no CA (basicConstraints say so)"
			: "a certificate above the leaf is no CA (it has no basicConstraints)");
	if (x->has_usage && !(x->usage & CHAIN_KU_CERT_SIGN))
		return fault_set(f, CHAIN_NOT_CA,
		    "a certificate above the leaf may not sign certificates (keyUsage)");
	return CHAIN_OK;
}

static int wrong_usage(struct fault *f, const char *why)
{
	return fault_set(f, CHAIN_WRONG_USAGE, "the certificate is not for %s", why);
}

static int check_code_signing(const struct chain_facts *x, struct fault *f)
{
	if (!x->eku.code_signing)
		return wrong_usage(f, "code signing (extendedKeyUsage)");
	if (x->has_netscape && !(x->netscape & CHAIN_NS_OBJECT_SIGNING))
		return wrong_usage(f, "code signing (Netscape's certificate type)");
	if (x->has_usage && !(x->usage & CHAIN_KU_SIGNATURE))
		return wrong_usage(f, "digital signatures (keyUsage)");
	return CHAIN_OK;
}

/* RFC 3161 2.3 */
static int check_time_stamping(const struct chain_facts *x, struct fault *f)
{
	const uint8_t good = CHAIN_KU_SIGNATURE | CHAIN_KU_NON_REPUDIATION;

	if (!x->eku.time_stamping)
		return wrong_usage(f, "time stamping (extendedKeyUsage)");
	if (x->eku.n != 1 || !x->eku.critical)
		return wrong_usage(
		    f, "time stamping alone, as RFC 3161 has it (a critical extendedKeyUsage)");
	if (x->has_usage && (!(x->usage & good) || x->usage & ~good))
		return wrong_usage(f, "time stamping (keyUsage)");
	return CHAIN_OK;
}

static int check_countersigning(const struct chain_facts *x, struct fault *f)
{
	if (!x->eku.time_stamping)
		return wrong_usage(f, "time stamping (extendedKeyUsage)");
	if (x->has_usage && !(x->usage & (CHAIN_KU_SIGNATURE | CHAIN_KU_NON_REPUDIATION)))
		return wrong_usage(f, "time stamping (keyUsage)");
	return CHAIN_OK;
}

int chain_check_leaf(const struct chain_facts *x, enum chain_purpose purpose, struct fault *f)
{
	int rc = check_any(x, "the certificate", f);

	if (rc == CHAIN_OK && x->cert->version >= 3 &&
	    (x->ca || (x->has_usage && x->usage & CHAIN_KU_CERT_SIGN)))
		return fault_set(
		    f, CHAIN_LEAF_IS_CA, "a CA's certificate stands where a signer's belongs");
	return rc == CHAIN_OK ? chain_check_trusted(x, purpose, f) : rc;
}

int chain_check_trusted(const struct chain_facts *x, enum chain_purpose purpose, struct fault *f)
{
	const uint8_t good = CHAIN_KU_SIGNATURE | CHAIN_KU_NON_REPUDIATION;
	int rc = check_any(x, "the certificate", f);

	if (rc != CHAIN_OK)
		return rc;
	if (x->cert->version < 3)
		return fault_set(f, CHAIN_MALFORMED, "the certificate is of version %u, not 3",
		    x->cert->version);
	if (purpose == CHAIN_CODE_SIGNING)
		return check_code_signing(x, f);
	if (purpose == CHAIN_TIME_STAMPING)
		return check_time_stamping(x, f);
	if (purpose == CHAIN_COUNTERSIGNING)
		return check_countersigning(x, f);
	if (x->has_usage && !(x->usage & good))
		return wrong_usage(f, "digital signatures (keyUsage)");
	return CHAIN_OK;
}

int chain_check_time(const struct chain_facts *x, ts t, struct fault *f)
{
	char text[TS_TEXT_MAX], at[TS_TEXT_MAX];

	if (t < x->cert->not_before)
		return fault_set(f, CHAIN_NOT_YET_VALID,
		    "a certificate is valid from %s only, after %s",
		    ts_format(x->cert->not_before, text), ts_format(t, at));
	if (t > x->cert->not_after)
		return fault_set(f, CHAIN_EXPIRED, "a certificate expired at %s, before %s",
		    ts_format(x->cert->not_after, text), ts_format(t, at));
	return CHAIN_OK;
}

int chain_check_nesting(const struct chain_facts *x, enum chain_purpose purpose, struct fault *f)
{
	if (purpose == CHAIN_CODE_SIGNING && x->has_netscape &&
	    !(x->netscape & CHAIN_NS_OBJECT_SIGNING_CA))
		return fault_set(f, CHAIN_WRONG_USAGE,
		    "a CA of the chain is not for code signing (Netscape's certificate type)");
	if (purpose == CHAIN_ANY || !x->eku.present || x->eku.any)
		return CHAIN_OK;
	if (purpose == CHAIN_CODE_SIGNING && !x->eku.code_signing)
		return fault_set(f, CHAIN_WRONG_USAGE,
		    "a CA of the chain is not for code signing (extendedKeyUsage)");
	if (purpose != CHAIN_CODE_SIGNING && !x->eku.time_stamping)
		return fault_set(f, CHAIN_WRONG_USAGE,
		    "a CA of the chain is not for time stamping (extendedKeyUsage)");
	return CHAIN_OK;
}

bool chain_may_issue(const struct chain_facts *issuer, const struct chain_facts *x)
{
	return span_eq(issuer->cert->subject, x->cert->issuer) &&
	       (!issuer->key_id.n || !x->authority_key_id.n ||
		   span_eq(issuer->key_id, x->authority_key_id));
}

static bool digest_counts(const struct sigalg *a, bool sha1)
{
	return a->scheme == KEY_EDDSA || a->digest == DIGEST_SHA256 || a->digest == DIGEST_SHA384 ||
	       a->digest == DIGEST_SHA512 || (sha1 && a->digest == DIGEST_SHA1);
}

int chain_check_signature(const struct chain_facts *x, const struct chain_facts *issuer, bool sha1,
    struct fault *f)
{
	struct sigalg a;
	char text[DER_OID_TEXT_MAX];
	const struct cert *c = x->cert;

	if (!sigalg_read(&a, c->sig_oid, c->sig_params) || !digest_counts(&a, sha1))
		return fault_set(f, CHAIN_ALGORITHM,
		    "a certificate is signed with %s, which is not accepted",
		    der_oid_text(c->sig_oid, text));
	if (!sigalg_verify(&a, issuer->cert->pkey, &c->tbs, 1, c->signature))
		return fault_set(f, CHAIN_BAD_SIGNATURE,
		    "a certificate's signature does not verify under its issuer's key");
	return CHAIN_OK;
}
