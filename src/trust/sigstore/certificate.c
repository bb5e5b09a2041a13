/* SPDX-License-Identifier: Apache-2.0 */

#include "trust/sigstore/certificate.h"

#include "crypto/hash.h"
#include "crypto/sct.h"

#include <errno.h>

static int reason_of(int chain)
{
	switch (chain) {
	case CHAIN_EXPIRED:
	case CHAIN_NOT_YET_VALID:
		return SIGSTORE_R_CHAIN_WINDOW;
	case CHAIN_WRONG_USAGE:
	case CHAIN_LEAF_IS_CA:
		return SIGSTORE_R_USAGE;
	case CHAIN_MALFORMED:
	case CHAIN_CRITICAL:
		return SIGSTORE_R_CERTIFICATE;
	default:
		return SIGSTORE_R_CHAIN;
	}
}

/* The certificates behind the leaf, opened: a private CA may send its intermediates. */
struct extra {
	struct cert *cert[SIGSTORE_CERTS_MAX];
	size_t n;
};

static void extra_free(struct extra *x)
{
	for (size_t i = 0; i < x->n; i++)
		x509_close(x->cert[i]);
}

static int extra_open(struct extra *x, const struct sigstore_bundle *b, struct fault *f)
{
	while (x->n + 1 < b->ncerts) {
		int rc = x509_open(&x->cert[x->n], b->cert[x->n + 1], f);
		if (rc < 0)
			return rc == -EBADMSG ? SIGSTORE_R_CERTIFICATE : rc;
		x->n++;
	}
	return 0;
}

static int outside(const char *what, ts t, struct fault *f)
{
	char at[TS_TEXT_MAX];

	fault_set(f, 0, "%s was not valid at %s, when it was signed", what, ts_format(t, at));
	return SIGSTORE_R_CHAIN_WINDOW;
}

/* At the other times nothing but dates can be different. */
static int check_times(const struct chain_path *p, const struct root_ca *ca,
    const struct sigstore_result *r, struct fault *f)
{
	for (size_t i = 0; i < r->ntimes; i++) {
		ts t = r->time[i].at;
		if (!root_within(&ca->window, t))
			return outside("the certificate authority", t, f);
		for (size_t k = 0; k < p->n; k++)
			if (t < x509_not_before(p->cert[k]) || t > x509_not_after(p->cert[k]))
				return outside(k ? "a certificate of the chain" :
						   "the signer's certificate", t, f);
	}
	return 0;
}

static int check_ca(struct chain_path *p, const struct root_ca *ca, const struct cert *leaf,
    const struct sigstore_result *r, struct fault *f)
{
	struct extra x FB_CLEANUP(extra_free) = { { NULL }, 0 };
	ts t = r->time[0].at;

	int rc = chain_verify(p, ca->roots, leaf, NULL, 0, t, CHAIN_CODE_SIGNING, f);
	if (rc == CHAIN_NO_ISSUER && r->bundle->ncerts > 1) {
		rc = extra_open(&x, r->bundle, f);
		if (rc)
			return rc;
		rc = chain_verify(p, ca->roots, leaf, (const struct cert *const *)x.cert, x.n, t,
		    CHAIN_CODE_SIGNING, f);
	}
	if (rc)
		return rc < 0 ? rc : reason_of(rc);
	return check_times(p, ca, r, f);
}

/*
 * The CA that the chain leads to. Of several that fail, one whose window holds the time, or that
 * knows the issuer, says more than one that does not.
 */
static int check_chain(struct chain_path *ret_p, const struct cert *leaf, struct sigstore_result *r,
    const struct sigstore_root *root)
{
	int worst = SIGSTORE_R_CHAIN;
	struct fault why = FAULT_INIT;

	fault_set(&r->words, 0, "the trusted root has no certificate authority");
	for (size_t i = 0; i < root->ncas; i++) {
		int rc = check_ca(ret_p, &root->ca[i], leaf, r, &why);
		if (rc <= 0) {
			r->words = FAULT_INIT;
			return rc;
		}
		if (i == 0 || worst == SIGSTORE_R_CHAIN) {
			worst = rc;
			fault_set(&r->words, 0, "certificate: %s", why.text);
		}
	}
	return worst;
}

/* Is the SCT by a CT log of the trusted root? SCT_OK; SCT_ABSENT: by a log that it does not have. */
static int check_sct(const struct sct *s, const struct sct_precert *pre,
    const struct sigstore_root *root, struct fault *f)
{
	int found = SCT_ABSENT;

	for (size_t i = 0; i < root->nctlogs; i++) {
		const struct root_log *log = &root->ctlog[i];
		struct digest id = log->key ? key_id(log->key) : (struct digest){ 0 };
		if (memcmp(id.b, s->log_id, SCT_LOG_ID_LEN) != 0)
			continue;
		found = SCT_BAD_SIGNATURE;
		if (!root_within(&log->window, s->time)) {
			fault_set(f, 0, "its log was not valid at that time by the trusted root");
			continue;
		}
		int rc = sct_verify(s, pre, log->key, f);
		if (rc <= 0)
			return rc;
	}
	return found;
}

static int check_scts(struct sigstore_result *r, const struct chain_path *p,
    const struct sigstore_root *root)
{
	struct sct_precert pre FB_CLEANUP(sct_precert_free) = SCT_PRECERT_INIT;
	struct sct_list list;
	size_t good = 0;

	int rc = sct_read(&list, p->cert[0], &r->words);
	if (rc == SCT_OK)
		rc = sct_precert(&pre, p->cert[0], p->cert[1], &r->words);
	if (rc)
		return rc < 0 ? rc : rc == SCT_ABSENT ? SIGSTORE_R_NO_SCT : SIGSTORE_R_SCT;
	for (size_t i = 0; i < list.n; i++) {
		struct fault why = FAULT_INIT;
		rc = check_sct(&list.sct[i], &pre, root, &why);
		if (rc < 0)
			return rc;
		if (rc == SCT_OK)
			good++;
		else if (rc != SCT_ABSENT) {
			fault_set(&r->words, 0, "certificate timestamp %zu: %s", i + 1, why.text);
			return SIGSTORE_R_SCT;
		}
	}
	if (good >= SIGSTORE_SCTS_MIN)
		return 0;
	fault_set(&r->words, 0,
	    "no certificate timestamp of the certificate is by a CT log of the trusted root");
	return SIGSTORE_R_SCT;
}

/* The one name that Fulcio gives to a certificate. */
static int read_identity(struct sigstore_result *r, const struct cert *leaf, struct arena *a)
{
	struct x509_names names;

	int rc = x509_alt_names(&names, leaf, a, &r->words);
	if (rc == X509_ABSENT)
		fault_set(&r->words, 0, "the certificate names nobody (no subjectAltName)");
	if (rc)
		return rc == -ENOMEM ? rc : SIGSTORE_R_SAN;
	if (names.n != 1 || !names.name[0].text) {
		fault_set(&r->words, 0,
		    "the certificate has %zu names, or one of a kind that is not understood",
		    names.n);
		return SIGSTORE_R_SAN;
	}
	r->signer.identity = names.name[0].text;
	return 0;
}

static int read_claims(struct sigstore_result *r, const struct cert *leaf, struct arena *a)
{
	struct fulcio_claims x;

	int rc = fulcio_read(&x, leaf, a, &r->words);
	if (rc < 0)
		return rc == -EBADMSG ? SIGSTORE_R_CERTIFICATE : rc;
	const char *v1 = x.claim[FULCIO_ISSUER_V1], *v2 = x.claim[FULCIO_ISSUER];
	if (v1 && v2 && strcmp(v1, v2) != 0) {
		fault_set(&r->words, 0, "the certificate names two different issuers");
		return SIGSTORE_R_CERTIFICATE;
	}
	for (size_t i = 0; i < SIGNER_CLAIMS; i++)
		r->signer.claim[i] = x.claim[i];
	r->signer.issuer = fulcio_issuer(&x);
	return 0;
}

static int read_leaf(struct sigstore_result *r, const struct cert *leaf, struct arena *a)
{
	int rc = read_identity(r, leaf, a);
	if (rc == 0)
		rc = read_claims(r, leaf, a);
	if (rc)
		return rc;
	rc = key_from_spki(&r->own_key, x509_spki(leaf), &r->words);
	if (rc < 0)
		return rc == -EBADMSG ? SIGSTORE_R_KEY : rc;
	r->key = r->own_key;
	r->signer.kind = SIGNER_IDENTITY;
	r->signer.key = key_id(r->own_key);
	r->certificate = sha256_of(x509_der(leaf));
	return 0;
}

int certificate_check(struct sigstore_result *r, const struct sigstore_root *root,
    struct arena *a)
{
	AUTO_CERT struct cert *leaf = NULL;
	struct chain_path path;

	int rc = x509_open(&leaf, r->bundle->cert[0], &r->words);
	if (rc < 0)
		return rc == -EBADMSG ? SIGSTORE_R_CERTIFICATE : rc;
	rc = check_chain(&path, leaf, r, root);
	if (rc == 0)
		rc = check_scts(r, &path, root);
	return rc ? rc : read_leaf(r, leaf, a);
}
