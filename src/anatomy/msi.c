/* SPDX-License-Identifier: Apache-2.0 */

/* msi: the anatomy of Windows Installer files (wire/cfb.h): layout, signature streams, what the
 * signatures cover. */

#include "anatomy/anatomy_format.h"
#include "anatomy/msi_digest.h"
#include "anatomy/msi_layout.h"
#include "anatomy/msi_names.h"
#include "anatomy/odd_judge.h"
#include "anatomy/signed_judge.h"

#include "wire/msi_base.h"

#include <errno.h>

#define SIGNATURE_MAX (16u << 20)
#define TABLES_MAX (160u << 20) /* what honest tables take is 1/64 of the file */

struct msi_state {
	struct arena arena;
	struct cfb cfb; /* size 0: malformed */
	struct signed_judge sigs;
	uint32_t signature, signature_ex; /* CFB_NONE */
};

/* --- the signature streams ------------------------------------------------------------------- */

/* Where the byte at this place of a stream is in the file. */
static uint64_t file_off(const struct cfb *c, uint32_t entry, uint64_t at)
{
	struct cfb_walk w = cfb_walk(c, entry);
	struct cfb_range r;

	while (cfb_next(c, &w, &r)) {
		if (at < r.len)
			return r.off + at;
		at -= r.len;
	}
	return 0;
}

static int read_signature(struct anatomy *a)
{
	struct msi_state *s = a->state;
	struct fault f = FAULT_INIT;
	struct span bytes;
	size_t der_len;

	int rc = msi_stream_read(&s->cfb, s->signature, SIGNATURE_MAX, &s->arena, &bytes, &f);
	if (rc == MSI_DB_BAD) {
		verdict_add(a->verdict, REASON_FAIL, "msi.signature.bad-der",
		    "the signature cannot be read: %s", f.text);
		return 0;
	}
	if (rc)
		return rc;
	rc = signed_add(&s->sigs, bytes, file_off(&s->cfb, s->signature, 0), &der_len);
	if (rc == 0 && der_len)
		odd_judge_slack(a, "msi", span_from(bytes, der_len),
		    file_off(&s->cfb, s->signature, der_len));
	return rc;
}

static int judge_signatures(struct anatomy *a)
{
	struct msi_state *s = a->state;

	if (s->signature != CFB_NONE)
		return read_signature(a);
	if (s->signature_ex != CFB_NONE)
		verdict_add(a->verdict, REASON_FAIL, "msi.signature.half",
		    "it has a stream MsiDigitalSignatureEx and no signature: somebody took it away");
	else if (!verdict_has(a->verdict, REASON_FAIL))
		verdict_add(a->verdict, REASON_NOTE, "msi.unsigned",
		    "an MSI without a signature: nothing inside it vouches for it");
	return 0;
}

/* --- digests --------------------------------------------------------------------------------- */

/* What the stream MsiDigitalSignatureEx holds must be the digest of the metadata. */
static int judge_metadata(struct anatomy *a, struct span claimed)
{
	struct msi_state *s = a->state;
	enum digest_alg alg = s->sigs.sig[0].digest.alg;
	AUTO_HASHER struct hasher *h = NULL;
	struct digest got[DIGEST_ALGS];

	int rc = hasher_new(&h, HASH_SET(alg));
	if (rc == 0)
		rc = msi_hash_metadata(&s->cfb, &s->arena, h);
	if (rc == 0)
		rc = hasher_final(h, got);
	if (rc)
		return rc;
	if (span_eq(claimed, span_of(got[alg].b, got[alg].len)))
		verdict_add(a->verdict, REASON_PROVEN, "msi.metadata",
		    "names, sizes and times of the streams are those that were signed");
	else
		verdict_add(a->verdict, REASON_FAIL, "msi.metadata",
		    "names, sizes or times of the streams are not those that were signed "
		    "(MsiDigitalSignatureEx): digest is %s",
		    DIGEST_TEXT(&got[alg]));
	return 0;
}

static int hash_metadata_claim(struct anatomy *a, struct hasher *h)
{
	struct msi_state *s = a->state;
	struct fault f = FAULT_INIT;
	struct span claimed;

	int rc = msi_stream_read(&s->cfb, s->signature_ex, DIGEST_LEN_MAX, &s->arena, &claimed, &f);
	if (rc == MSI_DB_BAD) {
		verdict_add(a->verdict, REASON_FAIL, "msi.metadata", "%s", f.text);
		return 0;
	}
	if (rc == 0)
		rc = hasher_update(h, claimed.p, claimed.n);
	return rc ? rc : judge_metadata(a, claimed);
}

static int compare(struct anatomy *a)
{
	struct msi_state *s = a->state;
	AUTO_HASHER struct hasher *h = NULL;

	int rc = hasher_new(&h, signed_algs(&s->sigs));
	if (rc == 0 && s->signature_ex != CFB_NONE)
		rc = hash_metadata_claim(a, h);
	if (rc == 0)
		rc = msi_hash_content(&s->cfb, &s->arena, h);
	if (rc == 0)
		rc = anatomy_signed(a, &s->sigs, h);
	if (rc)
		return rc;
	if (s->signature_ex == CFB_NONE)
		verdict_add(a->verdict, REASON_NOTE, "msi.metadata-uncovered",
		    "signed without MsiDigitalSignatureEx: the names, sizes and times of its streams "
		    "are not covered, only their content in the order of the names");
	return 0;
}

static int finish(struct anatomy *a)
{
	struct msi_state *s = a->state;

	if (!s->cfb.size)
		return 0;
	return signed_algs(&s->sigs) ? compare(a) : 0;
}

/* --- begin and end --------------------------------------------------------------------------- */

static int judge(struct anatomy *a)
{
	struct msi_state *s = a->state;

	s->signature = cfb_find(&s->cfb, 0, MSI_SIGNATURE);
	s->signature_ex = cfb_find(&s->cfb, 0, MSI_SIGNATURE_EX);
	int rc = cfb_account(&s->cfb);
	if (rc)
		return rc;
	msi_judge_layout(a, &s->cfb, s->signature != CFB_NONE);
	rc = msi_judge_names(a, &s->cfb, &s->arena, s->signature != CFB_NONE);
	if (rc == 0)
		rc = signed_begin(
		    &s->sigs, "msi", AC_SUBJECT_SIP, a->trust, a->verdict, a->arena, &a->own);
	return rc ? rc : judge_signatures(a);
}

static int begin(struct anatomy *a, struct span head)
{
	static const uint8_t magic[] = { 0xd0, 0xcf, 0x11, 0xe0, 0xa1, 0xb1, 0x1a, 0xe1 };

	if (!span_starts(head, span_of(magic, sizeof(magic))))
		return ANATOMY_OTHER;
	struct msi_state *s = ARENA_NEW(&a->own, struct msi_state);
	if (!s)
		return -ENOMEM;
	a->state = s;
	s->arena = ARENA_INIT(TABLES_MAX);
	int rc = cfb_open(&s->cfb, odd_fetch, a, a->size, &s->arena);
	if (rc == 0)
		rc = judge(a);
	if (rc <= 0 && rc != -ENOMEM)
		return rc;
	s->cfb.size = 0;
	verdict_add(a->verdict, REASON_FAIL, "msi.malformed", "%s",
	    rc > 0 ? cfb_strerror(rc) : "its tables are larger than what is read of them");
	return 0;
}

static void done(struct anatomy *a)
{
	struct msi_state *s = a->state;

	if (s)
		arena_free(&s->arena);
}

const struct anatomy_format anatomy_msi = {
	.name = "msi",
	.begin = begin,
	.finish = finish,
	.done = done,
};
