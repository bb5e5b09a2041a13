/* SPDX-License-Identifier: Apache-2.0 */

/* compare_single: one file, without a place. */

#include "trust/sbom/compare_parts.h"

/* Where it belongs is not known: its bytes count, and of names only the last part. */
void compare_single(struct compare *c, struct lists *l)
{
	const struct delivered_file *f = &c->d->file[0];
	const struct sbom_item *other = NULL, *elsewhere = NULL;
	const struct sbom_hash *differs = NULL;
	uint8_t state = 0;

	for (size_t i = 0; i < c->s->n; i++) {
		const struct sbom_item *it = &c->s->item[i];
		const char *name = it->kind == SBOM_FILE ? compare_base(it->path) : compare_own_file(it);
		struct fit fit = compare_fit(c, it, f);
		bool named = name && strcmp(name, f->path) == 0;
		if (fit.strong && (named || it->kind != SBOM_FILE) && !fit.differs)
			state |= COVERED;
		else if (fit.strong && !fit.differs)
			elsewhere = it;
		else if ((named || fit.strong) && fit.differs && !other) {
			other = it;
			differs = fit.differs;
		} else if (named && !fit.differs)
			state |= fit.weak ? WEAK : fit.unknown ? UNKNOWN : BARE;
	}
	c->tally.named = c->tally.found = state != 0;
	if (other && !(state & COVERED)) {
		state |= DIFFERS;
		compare_tell_mismatch(c, &l->mismatch, other, f, differs);
	} else if (elsewhere && !(state & COVERED)) {
		state |= COVERED;
		compare_stamp(c, verdict_add(c->v, REASON_WARN, "sbom.renamed", "%s is named %s in the SBOM",
		             QUOTE(span_str(f->path)), QUOTE(span_str(elsewhere->path))));
	}
	c->state[0] = state;
	if (!state && (c->s->nfiles || c->s->set))
		compare_unlisted(c, l);
	else if (!state)
		compare_stamp(c, verdict_add(c->v, REASON_MISSING, "sbom.no-files",
		             "the SBOM names no file and no digest: nothing to compare with"));
}
