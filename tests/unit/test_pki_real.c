/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Certificates, SCTs, time stamps and checkpoints that the real Sigstore services made: those of
 * the bundles in ../shared/data/trust/sigstore, each under its own trusted root or the production
 * one.
 */

#include "base/file.h"
#include "base/hex.h"
#include "crypto/chain.h"
#include "crypto/note.h"
#include "crypto/sct.h"
#include "crypto/tsp.h"
#include "tap.h"
#include "wire/json.h"

#include <dirent.h>
#include <openssl/err.h>
#include <unistd.h>

#define DIR_ "../shared/data/trust/sigstore/"
#define LISTED_MAX 8

struct root {
	struct chain_roots *ca[LISTED_MAX];
	struct tsp_authority *tsa[LISTED_MAX];
	struct key *ct[LISTED_MAX];
	struct key *log[LISTED_MAX];
	char log_name[LISTED_MAX][256];
	size_t nca, ntsa, nct, nlog;
};

static struct span b64(struct json_val v, struct arena *a)
{
	AUTO_BUF struct buf out = BUF_INIT(1 << 20);
	int rc = b64_decode(&out, json_str(v, a), B64_STD);
	struct span s = arena_dup(a, buf_span(&out), &rc);

	return rc == 0 ? s : SPAN_NONE;
}

/* The certificates of a certChain. */
static size_t chain_of(struct json_val v, struct span out[LISTED_MAX], struct arena *a)
{
	size_t n = 0;

	JSON_EACH(c, json_path(v, "certChain", "certificates", NULL))
		if (n < LISTED_MAX)
			out[n++] = b64(json_get(c, "rawBytes"), a);
	return n;
}

static bool read_keys(struct json_val list, struct key **key, size_t *n, struct arena *a)
{
	JSON_EACH(l, list) {
		struct span der = b64(json_path(l, "publicKey", "rawBytes", NULL), a);
		struct fault f = FAULT_INIT;
		int rc = key_from_spki(&key[*n], der, &f);
		if (rc < 0 && key_from_pkcs1(&key[*n], der, NULL) < 0) {
			diag("%s", f.text);
			return false;
		}
		++*n;
	}
	return true;
}

static void host_of(struct json_val v, char out[256], struct arena *a)
{
	struct span url = json_str(v, a);
	size_t colon = span_find(url, ':');

	url = colon == SIZE_MAX ? url : span_from(url, colon + 3);
	snprintf(out, 256, "%.*s", SPAN_ARG(span_cut(url, 0, span_find(url, '/'))));
}

static bool read_root(struct root *r, struct json_val v, struct arena *a)
{
	struct span der[LISTED_MAX];
	struct fault f = FAULT_INIT;
	bool good = true;

	JSON_EACH(ca, json_get(v, "certificateAuthorities")) {
		size_t n = chain_of(ca, der, a);
		good &= chain_roots_new(&r->ca[r->nca]) == 0 &&
			chain_roots_add_chain(r->ca[r->nca], der, n, &f) == 0;
		r->nca++;
	}
	JSON_EACH(tsa, json_get(v, "timestampAuthorities")) {
		size_t n = chain_of(tsa, der, a);
		good &= tsp_authority_new(&r->tsa[r->ntsa], der, n, &f) == 0;
		r->ntsa++;
	}
	JSON_EACH(l, json_get(v, "tlogs"))
		host_of(json_get(l, "baseUrl"), r->log_name[r->nlog++], a);
	r->nlog = 0;
	good &= read_keys(json_get(v, "tlogs"), r->log, &r->nlog, a);
	good &= read_keys(json_get(v, "ctlogs"), r->ct, &r->nct, a);
	if (!good)
		diag("%s", f.text);
	return good;
}

static void free_root(struct root *r)
{
	for (size_t i = 0; i < LISTED_MAX; i++) {
		chain_roots_free(r->ca[i]);
		tsp_authority_free(r->tsa[i]);
		key_free(r->ct[i]);
		key_free(r->log[i]);
	}
}

/* What a bundle of this name is about to fail with; by default everything holds. */
struct expect {
	const char *dir;
	int chain, sct, tsp, note;
};
static const struct expect expects[] = {
	{ .dir = "bundle-from-wrong-instance_fail",
	    .chain = CHAIN_NO_ISSUER,
	    .note = KEY_BAD_SIGNATURE },
	{ .dir = "bundle-with-root-cert_fail" },
	{ .dir = "intoto-expired-certificate_fail", .chain = CHAIN_EXPIRED }, /* its CA is */
	{ .dir = "invalid-ct-key_fail", .sct = SCT_WRONG_LOG },
	{ .dir = "invalid-checkpoint-signature_fail", .note = KEY_BAD_SIGNATURE },
	{ .dir = "rekor2-checkpoint-missing-log-signature_fail", .note = KEY_BAD_SIGNATURE },
	{ .dir = "rekor2-timestamp-payload-mismatch_fail", .tsp = TSP_OTHER_BYTES },
	{ .dir = "rekor2-timestamp-untrusted-tsa-with-embedded-cert_fail", .tsp = TSP_OTHER_TSA },
};

static struct expect expect_of(const char *dir)
{
	for (size_t i = 0; i < ARRAY_LEN(expects); i++)
		if (strcmp(expects[i].dir, dir) == 0)
			return expects[i];
	return (struct expect){ .dir = dir };
}

static int check_scts(const struct root *r, const struct chain_path *p)
{
	AUTO_PRECERT struct sct_precert pre = SCT_PRECERT_INIT;
	struct sct_list l;
	struct fault f = FAULT_INIT;
	int rc = sct_read(&l, p->cert[0], &f);

	if (rc == SCT_OK)
		rc = sct_precert(&pre, p->cert[0], p->cert[1], &f);
	for (size_t i = 0; rc == SCT_OK && i < l.n; i++) {
		rc = SCT_WRONG_LOG;
		for (size_t k = 0; rc == SCT_WRONG_LOG && k < r->nct; k++)
			rc = sct_verify(&l.sct[i], &pre, r->ct[k], &f);
		if (rc == SCT_OK && (l.sct[i].time < x509_not_before(p->cert[0]) - TS_MINUTE ||
					l.sct[i].time > x509_not_after(p->cert[0])))
			rc = -1;
	}
	if (rc != SCT_OK)
		diag("SCT: %s", f.text);
	return rc;
}

static void check_leaf(const struct root *r, struct span der, const struct expect *x)
{
	AUTO_CERT struct cert *leaf = NULL;
	AUTO_ARENA struct arena a = ARENA_INIT(1 << 20);
	struct fault f = FAULT_INIT;
	struct chain_path p = { 0 };
	struct x509_names names;
	struct fulcio_claims claims;

	int rc = x509_open(&leaf, der, &f);
	is_int(rc, 0, "%s: the certificate opens %s", x->dir, f.text);
	if (rc != 0)
		return;
	bool good = x509_alt_names(&names, leaf, &a, &f) == 0 && names.n == 1 && names.critical &&
		    fulcio_read(&claims, leaf, &a, &f) == 0 && fulcio_issuer(&claims);
	ok(good, "%s: %s, says %s", x->dir, good ? names.name[0].text : "",
	    good ? fulcio_issuer(&claims) : f.text);
	rc = CHAIN_NO_ISSUER;
	for (size_t i = 0; rc == CHAIN_NO_ISSUER && i < r->nca; i++)
		rc = chain_verify(
		    &p, r->ca[i], leaf, NULL, 0, x509_not_before(leaf), CHAIN_CODE_SIGNING, &f);
	is_int(rc, x->chain, "%s: its chain", x->dir);
	if (rc == CHAIN_OK)
		is_int(check_scts(r, &p), x->sct, "%s: its SCTs", x->dir);
}

static void check_stamp(
    const struct root *r, struct span der, struct span sig, const struct expect *x)
{
	struct fault f = FAULT_INIT;
	struct tsp t;
	char text[TS_TEXT_MAX];
	int rc = tsp_read(&t, der, &f);

	ok(rc == TSP_OK, "%s: a time stamp of %s %s", x->dir,
	    rc == TSP_OK ? ts_format(t.time, text) : "-", f.text);
	if (rc != TSP_OK)
		return;
	rc = TSP_OTHER_TSA;
	for (size_t i = 0; rc == TSP_OTHER_TSA && i < r->ntsa; i++)
		rc = tsp_verify(&t, sig, r->tsa[i], &f);
	is_int(rc, x->tsp, "%s: it holds %s", x->dir, f.text);
}

static void check_note(const struct root *r, struct span note, const struct expect *x)
{
	struct note_signer s[LISTED_MAX];
	struct note_sigs sigs;
	struct checkpoint c;
	struct fault f = FAULT_INIT;

	for (size_t i = 0; i < r->nlog; i++) {
		bool ed = key_kind_of(r->log[i]) == KEY_ED25519;
		if (note_signer_init(
			&s[i], ed ? NOTE_ED25519 : NOTE_ECDSA, r->log_name[i], r->log[i]) < 0)
			exit(1);
	}
	int rc = note_verify(&sigs, note, s, r->nlog, &f);
	if (rc == 0)
		rc = checkpoint_read(&c, sigs.text, &f);
	/* some of these bundles are about checkpoints that are none */
	if (strstr(x->dir, "_fail") && strstr(x->dir, "checkpoint"))
		ok(rc != 0 || strstr(x->dir, "roothash"), "%s: checkpoint: %s", x->dir, f.text);
	else
		is_int(rc, x->note, "%s: checkpoint %s", x->dir, f.text);
}

static void check_bundle(const char *dir, const struct root *r, struct json_val b, struct arena *a)
{
	struct expect x = expect_of(dir);
	struct json_val m = json_get(b, "verificationMaterial");
	struct span cert = b64(json_path(m, "certificate", "rawBytes", NULL), a);
	struct json_val sig = json_path(b, "messageSignature", "signature", NULL);

	JSON_EACH(c, json_path(m, "x509CertificateChain", "certificates", NULL)) {
		cert = b64(json_get(c, "rawBytes"), a);
		break;
	}
	JSON_EACH(s, json_path(b, "dsseEnvelope", "signatures", NULL))
		sig = json_get(s, "sig");
	if (cert.n)
		check_leaf(r, cert, &x);
	JSON_EACH(t, json_path(m, "timestampVerificationData", "rfc3161Timestamps", NULL))
		check_stamp(r, b64(json_get(t, "signedTimestamp"), a), b64(sig, a), &x);
	JSON_EACH(e, json_get(m, "tlogEntries")) {
		struct json_val note =
		    json_path(e, "inclusionProof", "checkpoint", "envelope", NULL);
		if (json_ok(note))
			check_note(r, json_str(note, a), &x);
	}
}

static bool load(struct json_doc *d, const char *path, struct arena *a)
{
	AUTO_BUF struct buf text = BUF_INIT(4 << 20);
	struct fault f = FAULT_INIT;
	int rc = file_read(path, &text, 4 << 20, &f);
	struct span s = rc == 0 ? arena_dup(a, buf_span(&text), &rc) : SPAN_NONE;

	return rc == 0 && json_parse(d, s, a, &f) == 0;
}

static void one(const char *dir)
{
	AUTO_ARENA struct arena a = ARENA_INIT(64 << 20);
	struct json_doc bundle, root;
	struct root r = { 0 };
	char path[512], own[512];

	snprintf(path, sizeof(path), DIR_ "%s/bundle.sigstore.json", dir);
	snprintf(own, sizeof(own), DIR_ "%s/trusted_root.json", dir);
	if (!load(&bundle, path, &a))
		return; /* one is malformed on purpose */
	if (!load(&root, access(own, R_OK) == 0 ? own : DIR_ "production_trusted_root.json", &a)) {
		ok(false, "%s: its trusted root", dir);
		return;
	}
	if (read_root(&r, json_root(&root), &a))
		check_bundle(dir, &r, json_root(&bundle), &a);
	else
		ok(false, "%s: its trusted root is read", dir);
	free_root(&r);
}

static int is_dir(const struct dirent *e)
{
	return e->d_type == DT_DIR && e->d_name[0] != '.';
}

int main(void)
{
	struct dirent **list;
	int n = scandir(DIR_, &list, is_dir, alphasort);

	if (n <= 0)
		tap_skip_all("no ../shared/data/trust/sigstore");
	for (int i = 0; i < n; i++) {
		one(list[i]->d_name);
		free(list[i]);
	}
	free(list);
	ok(ERR_peek_error() == 0, "nothing is left in OpenSSL's error queue");
	return tap_done();
}
