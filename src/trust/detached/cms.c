/* SPDX-License-Identifier: Apache-2.0 */

/* cms: whose a CMS signature is, by the keys and certificates that were given. */

#include "trust/detached/ca.h"
#include "trust/detached/priv.h"

#include <errno.h>

int cms_text_read(struct detached *d, struct span text, struct arena *a, struct fault *f)
{
	int rc = cms_read(&d->cms, text, a, f);

	for (size_t i = 0; rc == 0 && i < cms_signers(d->cms); i++)
		d->needs |= cms_has_attributes(d->cms, i) ? HASH_SET(cms_digest(d->cms, i))
							  : ARTIFACT_NEEDS_BYTES;
	return rc;
}

static int bad(struct checking *c, size_t i, const struct trust_key *k, const struct fault *f)
{
	c->out.named = k;
	return checking_say(
	    c, DETACHED_BAD, "signer %zu names %s: %s", i + 1, QUOTE(span_str(k->name)), f->text);
}

#define NO_CERT SIZE_MAX

/* The one embedded certificate that the signer names; NO_CERT if none or several. */
static size_t embedded(const struct cms *m, size_t signer)
{
	size_t found = NO_CERT;

	for (size_t i = 0; i < cms_certs(m); i++) {
		if (!cms_names(m, signer, cms_cert(m, i)))
			continue;
		if (found != NO_CERT)
			return NO_CERT;
		found = i;
	}
	return found;
}

static bool is_key_of(const struct trust_key *k, struct span cert)
{
	AUTO_KEY struct key *key = NULL;

	if (key_public(&key, cert, NULL) < 0)
		return false;
	struct digest id = key_id(key);
	return digest_eq(&id, &k->id);
}

/* How a signer points at a given key. */
enum points {
	POINTS_ELSEWHERE,
	POINTS_BY_CERT, /* names the certificate that was given, or one that holds the given key */
	POINTS_NOWHERE, /* to no certificate that is here: any bare key may be meant */
};

static enum points points_at(const struct cms *m, size_t signer, const struct trust_key *k)
{
	size_t cert = embedded(m, signer);

	if (k->cert.n)
		return cms_names(m, signer, k->cert) ? POINTS_BY_CERT : POINTS_ELSEWHERE;
	if (cert != NO_CERT)
		return is_key_of(k, cms_cert(m, cert)) ? POINTS_BY_CERT : POINTS_ELSEWHERE;
	return cms_certs(m) ? POINTS_ELSEWHERE : POINTS_NOWHERE;
}

/*
 * The certificate that the signer's key is in: the one given, or the one inside. Where there are
 * certificates inside, the signer's own must be among them, and as it was. 0 or 1 with fault.
 */
static int signers_cert(const struct cms *m, size_t signer, const struct trust_key *k,
    struct span *ret_cert, struct fault *f)
{
	size_t i = embedded(m, signer);

	*ret_cert = k->cert;
	if (!cms_certs(m))
		return 0;
	if (i == NO_CERT)
		return fault_set(f, 1, "the signer's certificate is not among those inside");
	if (k->cert.n && !span_eq(cms_cert(m, i), k->cert))
		return fault_set(
		    f, 1, "the certificate inside is another of the same name and number");
	if (!k->cert.n && !cms_cert_holds(m, i))
		return fault_set(f, 1, "the certificate inside is not signed by its issuer");
	*ret_cert = cms_cert(m, i);
	return 0;
}

/* CMS_OK …: one signer under one key. */
static int verify_signer(
    struct checking *c, size_t signer, const struct key *k, struct span cert, struct fault *f)
{
	struct cms_content content = { .digest = c->art->digest };

	if (!cms_has_attributes(c->d->cms, signer)) {
		int rc = artifact_bytes(c->art, &content.bytes);
		if (rc < 0)
			return rc;
	}
	return cms_verify(c->d->cms, signer, k, cert, &content, f);
}

static void note_time(struct checking *c, size_t signer)
{
	if (c->out.claimed == TS_NONE)
		c->out.claimed = cms_signing_time(c->d->cms, signer);
}

/* DETACHED_GOOD, _STRANGER, _BAD, -errno. */
static int check_key(struct checking *c, size_t signer, size_t i)
{
	const struct trust_key *k = &c->t->keys->key[i];
	struct fault f = FAULT_INIT;
	struct span cert;
	enum points points = k->general ? points_at(c->d->cms, signer, k) : POINTS_ELSEWHERE;

	if (points == POINTS_ELSEWHERE)
		return DETACHED_STRANGER;
	if (signers_cert(c->d->cms, signer, k, &cert, &f) != 0)
		return bad(c, signer, k, &f);
	int rc = verify_signer(c, signer, k->key, cert, &f);
	if (rc < 0)
		return rc;
	if (rc != CMS_OK)
		return points == POINTS_NOWHERE ? DETACHED_STRANGER : bad(c, signer, k, &f);
	checking_good(c, i);
	note_time(c, signer);
	return DETACHED_GOOD;
}

/* A signer whose certificate no given key is in, but a given root may be above. */
static int check_under_roots(struct checking *c, size_t signer)
{
	const struct cms *m = c->d->cms;
	AUTO_CERT struct cert *leaf = NULL;
	AUTO_KEY struct key *key = NULL;
	size_t i = embedded(m, signer);
	struct span der = i == NO_CERT ? SPAN_NONE : cms_cert(m, i);
	struct fault f = FAULT_INIT;
	ts proven;

	int rc = ca_time(c->t->ca, m, signer, &proven);
	if (rc < 0 || !der.n || x509_open(&leaf, der, NULL) < 0)
		return rc < 0 ? rc : DETACHED_STRANGER;
	rc = ca_check(c->t->ca, m, leaf, proven == TS_NONE ? c->t->now : proven, &f);
	if (rc == CHAIN_OK)
		rc = x509_key(&key, leaf, &f);
	if (rc < 0 && rc != -EBADMSG)
		return rc;
	if (rc != 0)
		return checking_say(c, DETACHED_STRANGER,
		    "signer %zu is not under the given roots: %s", signer + 1, f.text);
	rc = verify_signer(c, signer, key, der, &f);
	if (rc > 0)
		return checking_say(c, DETACHED_BAD,
		    "signer %zu names a certificate under the given roots: %s", signer + 1, f.text);
	if (rc < 0 || c->rooted || c->out.good)
		return rc;
	c->rooted = true;
	note_time(c, signer);
	rc = ca_signer(&c->out.signer, leaf, c->a);
	c->out.signer.time = proven;
	return rc;
}

static int check_signer(struct checking *c, size_t signer)
{
	uint32_t before = c->out.good;
	int worst = DETACHED_STRANGER;

	for (size_t i = 0; i < c->t->keys->n; i++) {
		int rc = check_key(c, signer, i);
		if (rc < 0)
			return rc;
		if (rc == DETACHED_BAD)
			worst = rc;
	}
	if (worst == DETACHED_STRANGER && c->out.good == before && c->t->ca)
		return check_under_roots(c, signer);
	return worst;
}

int cms_check(struct checking *c)
{
	const struct cms *m = c->d->cms;
	struct span bytes;
	int rc = c->d->needs & ARTIFACT_NEEDS_BYTES ? checking_bytes(c, &bytes) : 0;

	for (size_t i = 0; rc == 0 && i < cms_signers(m); i++) {
		rc = check_signer(c, i);
		if (rc < 0 || rc == DETACHED_BAD)
			return rc;
		rc = 0;
	}
	if (rc != 0 || c->out.good || c->rooted)
		return rc;
	if (c->out.why)
		return DETACHED_STRANGER;
	return checking_say(c, DETACHED_STRANGER,
	    "%zu signer%s, by none of the keys and certificates that were given", cms_signers(m),
	    cms_signers(m) == 1 ? "" : "s");
}
