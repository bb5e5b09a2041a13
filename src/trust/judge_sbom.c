/* SPDX-License-Identifier: Apache-2.0 */

/* judge_sbom: what is shipped against what an SBOM names, signed or not. */

#include "trust/judge_parts.h"

/* Adds the reasons of the comparison to v. 0, -errno. */
static int compare(const struct sbom *s, const struct sbom_rules *rules, struct verify_artifact *art,
    struct verdict *v)
{
	struct fault f = FAULT_INIT;

	if (art->is_file)
		return sbom_judge(
		    s, art->fd, art->name, art->digest, rules, NULL, v, NULL, &f);
	verdict_add(v, REASON_MISSING, "sbom.no-file",
	    "the file itself: its contents are to be compared with the SBOM");
	return 0;
}

int judge_signed_sbom(const struct judge *j, const struct attestation *a,
    struct verify_artifact *art, struct tally *t)
{
	struct verdict *v = &art->verdict;

	t->sbom++;
	judge_counts(j, art, a, &a->signer, "sbom");
	judge_from(verdict_add(v, REASON_PROVEN, "evidence.sbom",
		       "a signed SBOM is about this file: %s",
		       QUOTE(span_str(a->st.predicate_type))),
	    a);
	if (!(judge_demanded(j) & POLICY_SBOM_CONTENTS))
		return 0;
	if (a->sbom)
		return compare(a->sbom, NULL, art, v);
	judge_from(verdict_add(
		       v, REASON_FAIL, "evidence.malformed", "signed SBOM: %s", a->sbom_why),
	    a);
	return 0;
}

/* Anybody can write an SBOM that fits: what it agrees with is a remark. */
int judge_unsigned_sbom(const struct judge *j, struct verify_artifact *art)
{
	struct verdict found;

	if (!j->sbom)
		return 0;
	verdict_init(&found, j->arena);
	int rc = compare(&j->sbom->s, &j->sbom->rules, art, &found);
	for (size_t i = 0; i < found.n; i++) {
		struct reason *r = &found.reason[i];
		if (r->kind != REASON_PROVEN)
			continue;
		r->kind = REASON_NOTE;
		r->code = "sbom.unsigned";
		const char *text = arena_printf(j->arena,
		    "%s; nobody signed it, so that it proves nothing", r->text);
		r->text = text ? text : r->text;
	}
	verdict_append(&art->verdict, &found);
	return rc;
}
