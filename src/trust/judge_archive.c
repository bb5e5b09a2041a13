/* SPDX-License-Identifier: Apache-2.0 */

/* judge_archive: OpenPGP signatures over the file, and Debian archives that list it. */

#include "trust/judge_parts.h"

/* What counts is told as other evidence is: by an attestation. */
static void counts(const struct judge *j, struct verify_artifact *art, struct tally *t,
    const struct debian_file *x, const struct signer *by, const char *what)
{
	struct attestation *a = ARENA_NEW(j->arena, struct attestation);

	if (!a)
		return;
	*a = (struct attestation){ .state = ATTESTATION_GOOD,
		.kind = ATTESTATION_DETACHED,
		.file = x->name,
		.digest = x->digest,
		.signer = *by };
	t->files++;
	t->about++;
	if (!t->signature || t->signature->kind == ATTESTATION_STATEMENT)
		t->signature = a;
	judge_counts(j, art, a, by, what);
}

static void put_package(struct verify_artifact *art, const struct debian_proof *p)
{
	const struct deb_release *r = &p->root->release;

	art->package = (struct verify_package){
		.name = p->package.name,
		.version = p->package.version,
		.arch = p->package.arch,
		.path = p->package.path,
		.origin = r->origin,
		.suite = r->suite,
		.codename = r->codename,
		.date = p->root->kind == DEBIAN_RELEASE ? r->date : TS_NONE,
	};
}

static int judge_one(const struct judge *j, const struct debian *d, struct verify_artifact *art,
    struct tally *t)
{
	struct artifact view = ARTIFACT_INIT;
	struct debian_proof proof;

	view.name = art->name;
	view.size = art->size;
	view.fd = art->is_file ? art->fd : -1;
	memcpy(view.digest, art->digest, sizeof(view.digest));
	if (!artifact_digest(&view, DIGEST_SHA256)) {
		verdict_add(&art->verdict, REASON_NOTE, "evidence.needs-file",
		    "archives know files by their SHA-256; give it, or the file");
		return 0;
	}
	int rc = debian_judge(d, &view, &art->verdict, &proof);
	artifact_done(&view);
	if (rc < 0)
		return rc;
	if (proof.signature)
		counts(j, art, t, proof.signature, &proof.signature_by, "signature");
	if (proof.root) {
		counts(j, art, t, proof.root, proof.signer, "archive");
		put_package(art, &proof);
	}
	return 0;
}

int judge_archives(const struct judge *j, struct verify_artifact *art, struct tally *t)
{
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < ARRAY_LEN(j->evidence); i++)
		if (j->evidence[i] && j->evidence[i]->archive)
			rc = judge_one(j, j->evidence[i]->archive, art, t);
	return rc;
}
