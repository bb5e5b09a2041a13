/* SPDX-License-Identifier: Apache-2.0 */

/* judge_require: what was demanded and is not there. */

#include "trust/component_policy.h"
#include "trust/judge_parts.h"

unsigned judge_demanded(const struct judge *j)
{
	unsigned need = 0;

	for (size_t i = 0; i < JUDGE_POLICIES; i++)
		need |= j->policy[i] ? j->policy[i]->require : 0;
	return need;
}

/* Why nothing that was given counts, behind what is missing. */
static const char *what_was_there(const struct judge *j, const struct tally *t)
{
	const char *text = "";

	if (!judge_item(j, 0))
		return " (--evidence FILE, or --beside)";
	if (t->unnamed && t->strangers)
		text = arena_printf(j->arena,
		    " by a signer who was named: %zu by unknown keys, %zu by identities that nobody "
		    "named",
		    t->strangers, t->unnamed);
	else if (t->unnamed || t->strangers)
		text = arena_printf(j->arena, " by a signer who was named: %zu by %s",
		    t->unnamed + t->strangers,
		    t->unnamed ? "identities that nobody named" : "unknown keys");
	else if (t->partial)
		text = " (what was given is not complete, as the notes say)";
	else if (t->others)
		text = arena_printf(
		    j->arena, ": the evidence given is about other files (%zu)", t->others);
	return text ? text : "";
}

static void miss(
    const struct judge *j, struct verify_artifact *art, const struct tally *t, unsigned missing)
{
	static const struct {
		enum policy_need need;
		const char *code, *text;
	} words[] = {
		{ POLICY_ANATOMY, "anatomy.none",
		    "a signature inside the file that covers all of it" },
		{ POLICY_COMPONENTS, "component.none",
		    "who signed the components: they were not looked at, or the policy names nobody" },
		{ POLICY_PROVENANCE, "provenance.none", "a signed SLSA provenance about this file" },
		{ POLICY_SBOM, "sbom.none",
		    "a signed SPDX or CycloneDX statement about this file" },
		{ POLICY_SBOM_CONTENTS, "sbom.none",
		    "a signed SBOM whose files can be compared with this file" },
		{ POLICY_DIGEST, "artifact.unnamed",
		    "the digest that this file should have (--expect, or \"digests\" in the policy)" },
		{ POLICY_SIGNATURE, "signature.none",
		    "a signature or signed statement over this file" },
		{ POLICY_VSA, "vsa.none", "a signed verification summary about this file" },
	};
	static const char either[] =
	    "a signature over this file, or a signed SLSA provenance about it";
	const unsigned by_evidence = ~(POLICY_ANATOMY | POLICY_COMPONENTS | POLICY_DIGEST);

	for (size_t i = 0; i < ARRAY_LEN(words); i++)
		if (missing & words[i].need)
			verdict_add(&art->verdict, REASON_MISSING, words[i].code, "%s%s",
			    judge_demanded(j) ? words[i].text : either,
			    words[i].need & by_evidence ? what_was_there(j, t) : "");
	if (missing & by_evidence && !j->trust->keys->n && !j->trust->accept->n)
		verdict_add(&art->verdict, REASON_MISSING, "signer.none",
		    "a trusted signer: the public key of the builder or vendor (--key FILE), or an "
		    "identity (--certificate-identity)");
}

/* A signature inside the file by whoever made it proves only that the file is whole. */
static void miss_anchor(const struct judge *j, struct verify_artifact *art)
{
	uint32_t anchored = 0, claims = 0;

	for (uint32_t i = 0; i < art->nsignatures; i++) {
		anchored += art->signature[i].chain == CHAIN_STATE_ANCHORED;
		claims += art->signature[i].chain == CHAIN_STATE_NONE;
	}
	if (anchored && !claims)
		return;
	verdict_add(&art->verdict, REASON_MISSING, "anatomy.unanchored",
	    "who may have signed inside the file: it is signed as %s, which anybody can write "
	    "(--authenticode-roots FILE, or \"authenticode\" in the policy)",
	    art->nsignatures && art->signature[0].signer.subject
		? QUOTE(span_str(art->signature[0].signer.subject))
		: "nobody who is named");
}

static void accept_signature(
    const struct judge *j, struct verify_artifact *art, const struct attestation *a)
{
	if (a->kind != ATTESTATION_STATEMENT)
		return; /* judge_file_signature did */
	judge_counts(j, art, a, &a->signer, "statement");
	judge_from(verdict_add(&art->verdict, REASON_PROVEN, "signature.statement",
		       "a statement about this file is signed by %s",
		       signer_text(&a->signer, j->arena)),
	    a);
}

/* Told already what is wrong with them, or missing? */
static bool components_judged(const struct verdict *v)
{
	for (size_t i = 0; i < v->n; i++)
		if (strncmp(v->reason[i].code, "component.", 10) == 0)
			return true;
	return false;
}

void judge_require(
    const struct judge *j, struct verify_artifact *art, const struct tally *t, bool expected)
{
	unsigned need = judge_demanded(j), missing = 0;
	bool named = digest_is_set(j->expect);

	for (size_t i = 0; i < JUDGE_POLICIES; i++)
		named |= j->policy[i] && j->policy[i]->ndigests;
	/* Nothing is demanded: then provenance, or a signature over the file by a named signer. Not
	 * said of a file that is contradicted, nor where an archive's proof lacks a part. */
	if (!need && !expected && !t->files && !verdict_has(&art->verdict, REASON_FAIL) &&
	    !verdict_has(&art->verdict, REASON_MISSING))
		need = POLICY_PROVENANCE;
	if (need & POLICY_SIGNATURE && t->signature)
		accept_signature(j, art, t->signature);
	if (art->components && need & POLICY_COMPONENTS)
		verdict_add(&art->verdict, REASON_PROVEN, COMPONENT_POLICY_PROVEN, "%s",
		    art->components);
	missing |= art->components || components_judged(&art->anatomy) ? 0 : POLICY_COMPONENTS;
	if (need == POLICY_COMPONENTS && !expected && !named &&
	    verdict_find(&art->anatomy, COMPONENT_POLICY_OPEN))
		verdict_add(&art->verdict, REASON_MISSING, COMPONENT_POLICY_UNVOUCHED,
		    COMPONENT_POLICY_UNVOUCHED_TEXT);
	if (!verdict_has(&art->anatomy, REASON_PROVEN) && !verdict_has(&art->anatomy, REASON_FAIL))
		missing |= POLICY_ANATOMY;
	else if (need & POLICY_ANATOMY && !verdict_has(&art->anatomy, REASON_FAIL))
		miss_anchor(j, art);
	missing |= t->provenance ? 0 : POLICY_PROVENANCE;
	missing |= t->sbom ? 0 : POLICY_SBOM | POLICY_SBOM_CONTENTS;
	missing |= expected || named ? 0 : POLICY_DIGEST;
	missing |= t->signature ? 0 : POLICY_SIGNATURE;
	missing |= t->vsas ? 0 : POLICY_VSA;
	miss(j, art, t, need & missing);
}
