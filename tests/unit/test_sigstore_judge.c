/* SPDX-License-Identifier: Apache-2.0 */

/* Bundles of a Sigstore instance of our own, judged as evidence. */

#include "crypto/x509.h"
#include "forge.h"
#include "tap.h"
#include "trust/judge.h"
#include "trust/sigstore/sigstore.h"

#define PROVENANCE                                                                                 \
	"{\"buildDefinition\":{\"buildType\":\"https://b/t\",\"externalParameters\":{\"a\":\"b\"}},"    \
	"\"runDetails\":{\"builder\":{\"id\":\"https://b/hosted\"}}}"

/* The key of the bundle's certificate. */
static struct key *leaf_key(const struct buf *bundle, struct arena *a)
{
	AUTO_CERT struct cert *c = NULL;
	struct sigstore_bundle b;
	struct key *k;

	if (sigstore_bundle_parse(&b, buf_span(bundle), a, NULL) != 0 ||
	    x509_open(&c, b.cert[0], NULL) < 0 || x509_key(&k, c, NULL) < 0)
		abort();
	return k;
}

/* Judges the forged bundle where the key of its certificate may sign, and nobody is named. */
static enum verdict_status judge(const struct forge *f)
{
	AUTO_ARENA struct arena mem = ARENA_INIT(64u << 20);
	struct keyring keys = { 0 };
	struct forge_made m = forge_make(f);
	struct evidence_root root = { .text = buf_span(&m.root) };
	const struct accept accept = { .keys = &keys };
	const struct evidence_trust trust = { .keys = &keys, .accept = &accept, .root = &root };
	struct evidence ev = { .keep = &mem };
	const struct digest none = { 0 };
	struct verify_artifact art = { .name = "artifact", .format = "unknown", .fd = -1 };
	const struct judge j = { .evidence = { &ev }, .trust = &trust, .expect = &none,
		.arena = &mem, .only = true, .now = (FORGE_T0 + 1000) * TS_SECOND };

	art.digest[DIGEST_SHA256] = sha256_of(SPAN_LIT(FORGE_ARTIFACT));
	verdict_init(&art.anatomy, &mem);
	if (keyring_add(&keys, leaf_key(&m.bundle, &mem), "leaf.pem", true) < 0 ||
	    evidence_add(&ev, buf_span(&m.bundle), "bundle.json", &trust) < 0 ||
	    judge_artifact(&j, &art) < 0)
		abort();
	enum verdict_status status = art.verdict.status;
	for (size_t i = 0; i < art.verdict.n; i++)
		diag("%s: %s", art.verdict.reason[i].code, art.verdict.reason[i].text);
	evidence_done(&ev);
	keyring_free(&keys);
	sigstore_root_free(root.root);
	forge_made_free(&m);
	return status;
}

/* A private CA may leave the issuer out; who trusts the key itself does not ask for it. */
static void no_issuer(void)
{
	struct forge f = forge_default();

	f.issuer_v1 = f.issuer_v2 = NULL;
	is_int(judge(&f), VERDICT_PASS, "no issuer: a signature by a given key");
	f.dsse = true;
	f.kind = "dsse";
	is_int(judge(&f), VERDICT_UNKNOWN, "no issuer: a statement that is not provenance");
	f.predicate_type = SLSA_V1;
	f.predicate = PROVENANCE;
	is_int(judge(&f), VERDICT_PASS, "no issuer: provenance by a given key");
}

int main(void)
{
	no_issuer();
	return tap_done();
}
