/* SPDX-License-Identifier: Apache-2.0 */

#include "trust/sigstore/material.h"

#include "trust/sigstore/pjson.h"
#include "trust/sigstore/reason.h"
#include "wire/der.h"

#include <errno.h>

static int wrong(struct json_val v, struct fault *f, const char *words)
{
	json_fault(v, f, "%s", words);
	return SIGSTORE_R_MATERIAL;
}

static int read_cert(struct sigstore_bundle *b, struct json_val v, struct arena *a, struct fault *f)
{
	static const char *const members[] = { "rawBytes", NULL };
	struct span *der = &b->cert[b->ncerts];

	int rc = pj_only(v, members, f);
	if (rc == 0)
		rc = pj_bytes(der, v, "rawBytes", a, f);
	if (rc < 0)
		return rc == -EBADMSG ? SIGSTORE_R_MALFORMED : rc;
	if (!der->n)
		return wrong(v, f, "an empty certificate");
	b->ncerts++;
	return 0;
}

struct names {
	struct span issuer, subject;
};

/* Issuer and subject of a certificate (RFC 5280 4.1), as encoded. False: not a certificate. */
static bool names_of(struct names *ret_n, struct span der)
{
	struct cur c = cur_of(der);
	struct cur cert = der_enter(&c, DER_SEQ);
	struct cur tbs = der_enter(&cert, DER_SEQ);

	if (der_is(&tbs, DER_CTXC(0)))
		der_any(&tbs); /* version */
	der_integer(&tbs); /* serial */
	der_take(&tbs, DER_SEQ); /* signature algorithm */
	ret_n->issuer = der_take(&tbs, DER_SEQ).all;
	der_take(&tbs, DER_SEQ); /* validity */
	ret_n->subject = der_take(&tbs, DER_SEQ).all;
	return !tbs.err;
}

/*
 * A bundle must not bring roots: a verifier has its own. The v0.1 format first had the root as the
 * chain's last member, and packages of that time are still about, so there it may stand in that
 * place; wherever it stands, nothing trusts it.
 */
static int check_chain(struct sigstore_bundle *b, struct json_val v, struct fault *f)
{
	struct names n[SIGSTORE_CERTS_MAX];

	for (size_t i = 0; i < b->ncerts; i++) {
		if (!names_of(&n[i], b->cert[i]))
			return wrong(v, f, "what should be a certificate is none");
		bool root = span_eq(n[i].issuer, n[i].subject);
		bool last = i > 0 && i == b->ncerts - 1;
		if (root && !(last && b->version == SIGSTORE_V01))
			return wrong(v, f, "a root certificate in the bundle's chain");
		if (i > 0 && !span_eq(n[i - 1].issuer, n[i].subject))
			return wrong(v, f, "certificates of the chain are not in issuing order");
	}
	return 0;
}

static int read_chain(struct sigstore_bundle *b, struct json_val v, struct arena *a,
    struct fault *f)
{
	static const char *const members[] = { "certificates", NULL };
	struct json_val list;

	if (b->version >= SIGSTORE_V03)
		return wrong(v, f, "a certificate chain in a v0.3 bundle: it has one certificate");
	int rc = pj_only(v, members, f);
	if (rc == 0)
		rc = pj_list(&list, v, "certificates", SIGSTORE_CERTS_MAX, f);
	if (rc < 0)
		return rc == -EBADMSG ? SIGSTORE_R_MALFORMED : rc;
	if (!json_count(list))
		return wrong(v, f, "an empty certificate chain");
	JSON_EACH (x, list) {
		rc = read_cert(b, x, a, f);
		if (rc)
			return rc;
	}
	return check_chain(b, v, f);
}

static int read_single(
    struct sigstore_bundle *b, struct json_val v, struct arena *a, struct fault *f)
{
	if (b->version < SIGSTORE_V03)
		return wrong(v, f, "\"certificate\" in a bundle before v0.3: it has a chain");
	int rc = read_cert(b, v, a, f);
	return rc ? rc : check_chain(b, v, f);
}

static int read_hint(struct sigstore_bundle *b, struct json_val v, struct arena *a, struct fault *f)
{
	static const char *const members[] = { "hint", NULL };

	int rc = pj_only(v, members, f);
	if (rc == 0)
		rc = pj_cstr(&b->hint, v, "hint", a, f);
	return rc == -EBADMSG ? SIGSTORE_R_MALFORMED : rc;
}

int sigstore_material_read(struct sigstore_bundle *b, struct json_val v, struct arena *a,
    struct fault *f)
{
	struct json_val key = pj_get(v, "publicKey");
	struct json_val chain = pj_get(v, "x509CertificateChain");
	struct json_val single = pj_get(v, "certificate");

	if (json_ok(key) + json_ok(chain) + json_ok(single) != 1)
		return wrong(v, f,
		    "a bundle has one of \"certificate\", \"x509CertificateChain\", \"publicKey\"");
	return json_ok(key)   ? read_hint(b, key, a, f) :
	       json_ok(chain) ? read_chain(b, chain, a, f) :
				read_single(b, single, a, f);
}
