/* SPDX-License-Identifier: Apache-2.0 */

/* ca: CMS certificates that count because a root that was given stands above them. */

#include "trust/detached/ca.h"

#include "crypto/tsp.h"
#include "wire/der.h"

#include <errno.h>
#include <stdlib.h>

struct detached_ca {
	struct chain_roots *roots;
	struct chain_roots *tsa_roots; /* NULL: none were given */
	struct tsp_authority *tsa;
};

static int read_roots(
    struct chain_roots **ret_r, struct span text, const char *what, struct fault *f)
{
	int rc = chain_roots_new(ret_r);

	if (rc == 0)
		rc = chain_roots_add_file(*ret_r, text, f);
	if (rc > 0)
		rc = -EBADMSG;
	return rc < 0 ? fault_wrap(f, rc, "%s", what) : 0;
}

int detached_ca_read(
    struct detached_ca **ret_ca, struct span roots, struct span tsa_roots, struct fault *f)
{
	struct detached_ca *ca = calloc(1, sizeof(*ca));
	int rc = ca ? read_roots(&ca->roots, roots, "roots", f) : -ENOMEM;

	if (rc == 0 && tsa_roots.n)
		rc = read_roots(&ca->tsa_roots, tsa_roots, "time-stamping roots", f);
	if (rc == 0 && tsa_roots.n)
		rc = tsp_authority_of_roots(&ca->tsa, ca->tsa_roots);
	if (rc < 0) {
		detached_ca_free(ca);
		return rc;
	}
	*ret_ca = ca;
	return 0;
}

struct detached_ca *detached_ca_free(struct detached_ca *ca)
{
	if (!ca)
		return NULL;
	tsp_authority_free(ca->tsa);
	chain_roots_free(ca->tsa_roots);
	chain_roots_free(ca->roots);
	free(ca);
	return NULL;
}

int ca_time(const struct detached_ca *ca, const struct cms *m, size_t signer, ts *ret_t)
{
	struct span token, stamped;
	struct tsp t;

	*ret_t = TS_NONE;
	if (!ca || !ca->tsa || !cms_time_stamp(m, signer, &token, &stamped))
		return 0;
	int rc = tsp_read(&t, token, NULL);
	if (rc == TSP_OK)
		rc = tsp_verify(&t, stamped, ca->tsa, NULL);
	if (rc == TSP_OK)
		*ret_t = t.time;
	return rc < 0 ? rc : 0;
}

/* Without extended usages, or with one of code signing, e-mail protection and any. */
static bool may_sign_files(const struct cert *c)
{
	struct x509_ext e;
	bool found = false;

	if (x509_extension(&e, c, CA_OID_EXT_KEY_USAGE) != X509_OK)
		return true;
	struct cur all = cur_of(e.value);
	struct cur list = der_enter(&all, DER_SEQ);
	while (cur_left(&list)) {
		struct span oid = der_oid(&list);
		found |= span_eq(oid, CA_OID_CODE_SIGNING) || span_eq(oid, CA_OID_EMAIL) ||
			 span_eq(oid, CA_OID_ANY);
	}
	return found && !list.err;
}

/* The certificates beside the signer's; those that cannot be read are left out. */
static size_t open_extra(const struct cms *m, struct cert *out[CMS_CERTS_MAX])
{
	size_t n = 0;

	for (size_t i = 0; i < cms_certs(m); i++)
		if (x509_open(&out[n], cms_cert(m, i), NULL) == 0)
			n++;
	return n;
}

int ca_check(const struct detached_ca *ca, const struct cms *m, const struct cert *leaf, ts t,
    struct fault *f)
{
	struct cert *extra[CMS_CERTS_MAX];
	size_t n = open_extra(m, extra);
	int rc = chain_verify(
	    NULL, ca->roots, leaf, (const struct cert *const *)extra, n, t, CHAIN_ANY, f);

	for (size_t i = 0; i < n; i++)
		x509_close(extra[i]);
	if (rc == CHAIN_OK && !may_sign_files(leaf))
		return fault_set(f, CHAIN_WRONG_USAGE,
		    "its extended usages are for neither code signing nor e-mail");
	return rc;
}

/* The first alternative name that is text. */
static const char *first_name(const struct cert *c, struct arena *a)
{
	struct x509_names names;

	if (x509_alt_names(&names, c, a, NULL) != X509_OK)
		return NULL;
	for (size_t i = 0; i < names.n; i++)
		if (names.name[i].text)
			return names.name[i].text;
	return NULL;
}

int ca_signer(struct signer *ret_s, const struct cert *c, struct arena *a)
{
	struct x509_facts x;
	struct signer s = SIGNER_INIT;
	int rc = x509_facts_of(&x, c, a);

	if (rc < 0)
		return rc;
	s.kind = SIGNER_CERTIFICATE;
	s.name = x.subject;
	s.issuer = x.issuer;
	s.identity = first_name(c, a);
	s.key = x.key_id;
	*ret_s = s;
	return 0;
}
