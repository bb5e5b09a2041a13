/* SPDX-License-Identifier: Apache-2.0 */

#include "trust/sbom/compare_parts.h"

#include "trust/sbom/build.h"
#include "trust/sbom/glob.h"

#include <errno.h>
#include <stdlib.h>

/* --- named files ----------------------------------------------------------------------------- */

static void take_fit(struct compare *c, const struct fit *fit, const struct sbom_item *it,
    const struct delivered_file *f)
{
	uint8_t *state = &c->state[compare_index(c, f)];

	*state |= NAMED;
	if (fit->strong)
		*state |= COVERED;
	else if (fit->weak)
		*state |= WEAK;
	else
		*state |= it->nhash ? UNKNOWN : BARE;
}

static void judge_named(struct compare *c, struct lists *l, size_t i)
{
	const struct sbom_item *it = &c->s->item[i];
	const struct delivered_file *f = compare_find(c, it);

	c->tally.named++;
	if (!f) {
		c->missing[i] = 1;
		return;
	}
	c->tally.found++;
	struct fit fit = compare_fit(c, it, f);
	if (fit.differs) {
		c->state[compare_index(c, f)] |= NAMED | DIFFERS;
		compare_tell_mismatch(c, &l->mismatch, it, f, fit.differs);
	} else {
		take_fit(c, &fit, it, f);
	}
}

/* --- components ------------------------------------------------------------------------------ */

static bool was_matched(const struct compare *c, const struct sbom_item *it)
{
	for (uint32_t k = 0; k < it->nhash; k++) {
		uintptr_t i = (uintptr_t)map_get(
		    &c->components, span_of(&it->hash[k].digest, sizeof(struct digest)));
		if (i && c->matched[i - 1])
			return true;
	}
	return false;
}

/* A shipped file of the component's name that nothing else accounts for. */
static const struct delivered_file *namesake(const struct compare *c, const struct sbom_item *it)
{
	const char *name = compare_own_file(it);
	uintptr_t i = name ? (uintptr_t)map_get(&c->by_base, span_str(name)) : 0;

	return i && !(c->state[i - 1] & (COVERED | DIFFERS)) ? &c->d->file[i - 1] : NULL;
}

static void judge_component(struct compare *c, struct lists *l, const struct sbom_item *it)
{
	const struct delivered_file *f = namesake(c, it);
	struct fit own = compare_fit_own(c, it);
	const char *name = compare_own_file(it);

	if (own.strong && !own.differs) {
		c->whole = true;
	} else if (own.differs && name && strcmp(name, compare_base(c->d->name)) == 0) {
		compare_tell(c, &l->subject, "%s has other bytes than the one that the SBOM (offset %llu) is about",
		    QUOTE(span_str(c->d->name)), (unsigned long long)it->off);
	} else if (f) {
		struct fit fit = compare_fit(c, it, f);
		uint8_t *state = &c->state[compare_index(c, f)];
		*state |= fit.differs ? DIFFERS : fit.weak ? WEAK : UNKNOWN;
		if (fit.differs)
			compare_tell_mismatch(c, &l->mismatch, it, f, fit.differs);
	} else {
		compare_tell(c, &l->component, "the bytes of %s %s are in nothing that is shipped",
		    QUOTE(span_str(it->name)), it->version ? QUOTE(span_str(it->version)) : "");
	}
}

/* --- shipped files --------------------------------------------------------------------------- */

/* A component's bytes may be anywhere; those of a file that is missing should not be elsewhere. */
static void judge_bytes(struct compare *c, struct lists *l, const struct delivered_file *f)
{
	uint8_t *state = &c->state[compare_index(c, f)];
	long comp = compare_item_with(c, &c->components, f), gone = compare_item_with(c, &c->gone, f);
	struct fit fit = comp >= 0 ? compare_fit(c, &c->s->item[comp], f) : (struct fit){ 0 };

	if (comp >= 0)
		c->matched[comp] = 1;
	if (fit.differs) {
		*state |= DIFFERS;
		compare_tell_mismatch(c, &l->mismatch, &c->s->item[comp], f, fit.differs);
	} else if (comp >= 0 && !(*state & DIFFERS)) {
		*state |= COVERED;
	} else if (gone >= 0 && !(*state & (NAMED | DIFFERS))) {
		*state |= DIFFERS;
		c->missing[gone] = 2;
		compare_tell(c, &l->renamed, "%s has the bytes of %s, which is not shipped under its name",
		    QUOTE(span_str(f->path)), QUOTE(span_str(c->s->item[gone].path)));
	}
}

static void judge_absent(struct compare *c, struct lists *l, const struct sbom_item *it)
{
	if (sbom_glob_any(c->rules->absent, c->rules->nabsent, it->path))
		c->tally.allowed_absent++;
	else
		compare_tell(c, &l->absent, "%s is named (offset %llu) and not shipped",
		    QUOTE(span_str(it->path)), (unsigned long long)it->off);
}

static bool allowed(struct compare *c, const char *path)
{
	bool is = sbom_glob_any(c->rules->unlisted, c->rules->nunlisted, path);

	c->tally.allowed += is;
	return is;
}

/* The SBOM cannot name itself by digest; that it is the same is known without. */
static bool is_sbom(struct compare *c, const struct delivered_file *f)
{
	bool is = digest_eq(
	    delivery_digest(c->d, f, DIGEST_SHA256), &c->rules->sbom_digest);

	c->tally.allowed += is;
	return is;
}

/* What nothing in the SBOM speaks for. */
void compare_unlisted(struct compare *c, struct lists *l)
{
	for (size_t i = 0; i < c->d->n; i++) {
		const struct delivered_file *f = &c->d->file[i];
		if (c->state[i] || is_sbom(c, f) || allowed(c, f->path))
			continue;
		compare_tell(c, &l->unlisted, "%s (%llu bytes, %s) is in no line of the SBOM",
		    QUOTE(span_str(f->path)), (unsigned long long)f->size,
		    DIGEST_TEXT(delivery_digest(c->d, f, DIGEST_SHA256)));
	}
	for (size_t i = 0; i < c->d->nspecial; i++)
		if (!allowed(c, c->d->special[i]))
			compare_tell(c, &l->unlisted, "%s is a device, FIFO or socket",
			    QUOTE(span_str(c->d->special[i])));
	for (size_t i = 0; i < c->d->nlinks; i++)
		if (c->d->link[i].leads_out && !allowed(c, c->d->link[i].path))
			compare_tell(c, &l->link, "the link %s leads out, to %s: what is there was not looked at",
			    QUOTE(span_str(c->d->link[i].path)),
			    QUOTE(span_str(c->d->link[i].target)));
}

static void judge_codes(struct compare *c, struct lists *l)
{
	for (size_t i = 0; i < c->s->ncodes; i++) {
		const struct sbom_code *code = &c->s->code[i];
		if (code->state == SBOM_CODE_WRONG)
			compare_tell(c, &l->code,
			    "the verification code of %s (offset %llu) is not the one of the files that the "
			    "SBOM lists for it",
			    QUOTE(span_str(c->s->item[code->package].name)),
			    (unsigned long long)code->off);
	}
}

/* --- all of it ------------------------------------------------------------------------------- */

/* Nothing in the SBOM is about files: that is one gap, not one for each file. */
static bool speaks_of_files(const struct compare *c)
{
	const char *one;

	return c->tally.named || compare_count(c, 0xff, 0, &one);
}

static void judge_set(struct compare *c, struct lists *l)
{
	for (size_t i = 0; i < c->d->n; i++)
		judge_bytes(c, l, &c->d->file[i]);
	for (size_t i = 0; i < c->s->n; i++) {
		const struct sbom_item *it = &c->s->item[i];
		if (c->missing[i] == 1)
			judge_absent(c, l, it);
		if (it->kind != SBOM_FILE && it->nhash && !was_matched(c, it))
			judge_component(c, l, it);
	}
	if (c->whole && !c->s->nfiles)
		return;
	if (speaks_of_files(c))
		compare_unlisted(c, l);
	else
		compare_stamp(c, verdict_add(c->v, REASON_MISSING, "sbom.no-files",
		             "the SBOM names no file and no digest of one: %zu shipped files cannot be "
		             "compared",
		             c->d->n));
}

static int index_all(struct compare *c)
{
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < c->s->n; i++)
		if (c->s->item[i].kind != SBOM_FILE)
			rc = compare_note_item(c, &c->components, i);
	for (size_t i = 0; rc >= 0 && i < c->d->n; i++)
		rc = map_add(&c->by_base, span_str(compare_base(c->d->file[i].path)), (void *)(i + 1), NULL);
	return rc < 0 ? rc : 0;
}

static int index_gone(struct compare *c)
{
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < c->s->n; i++)
		if (c->missing[i])
			rc = compare_note_item(c, &c->gone, i);
	return rc;
}

static int compare_set(struct compare *c, struct lists *l)
{
	int rc = index_all(c);

	if (rc < 0)
		return rc;
	compare_align(c);
	for (size_t i = 0; i < c->s->n; i++)
		if (compare_in_scope(c, &c->s->item[i]))
			judge_named(c, l, i);
	rc = index_gone(c);
	if (rc == 0)
		judge_set(c, l);
	return rc;
}

static int prepare(struct compare *c)
{
	c->state = calloc(c->d->n + 1, 1);
	c->missing = calloc(c->s->n + 1, 1);
	c->matched = calloc(c->s->n + 1, 1);
	map_init(&c->components, (size_t)SBOM_ITEMS_MAX * SBOM_HASHES_MAX);
	map_init(&c->gone, (size_t)SBOM_ITEMS_MAX * SBOM_HASHES_MAX);
	map_init(&c->by_base, SIZE_MAX / 64);
	return c->state && c->missing && c->matched ? 0 : -ENOMEM;
}

static void finish(struct compare *c)
{
	free(c->state);
	free(c->missing);
	free(c->matched);
	map_free(&c->components);
	map_free(&c->gone);
	map_free(&c->by_base);
}

/* "a/b/" of the folder that was given. */
static int set_root(struct compare *c)
{
	if (!c->rules->root || sbom_clean_path(c->root, c->rules->root))
		return 0;
	size_t n = strlen(c->root);
	c->root[n] = '/';
	c->root[n + 1] = 0;
	return 0;
}

int sbom_compare(const struct sbom *s, const struct delivery *what, const struct sbom_rules *rules,
    struct verdict *v, struct sbom_tally *ret_t)
{
	static const struct sbom_rules no_rules;
	struct compare *c = calloc(1, sizeof(*c));
	struct lists l = {
		.mismatch = { REASON_FAIL, "sbom.mismatch", 0 },
		.unlisted = { REASON_FAIL, "sbom.unlisted", 0 },
		.absent = { REASON_FAIL, "sbom.absent", 0 },
		.renamed = { REASON_FAIL, "sbom.renamed", 0 },
		.code = { REASON_FAIL, "sbom.code", 0 },
		.link = { REASON_MISSING, "sbom.link", 0 },
		.component = { REASON_WARN, "sbom.component", 0 },
		.subject = { REASON_FAIL, "sbom.subject", 0 },
	};

	if (!c)
		return -ENOMEM;
	*c = (struct compare){ .s = s, .d = what, .rules = rules ? rules : &no_rules, .v = v };
	int rc = prepare(c);
	if (rc == 0)
		rc = set_root(c);
	if (rc == 0)
		judge_codes(c, &l);
	if (rc == 0 && what->form == DELIVERY_FILE)
		compare_single(c, &l);
	else if (rc == 0)
		rc = compare_set(c, &l);
	if (rc == 0)
		compare_tell_all(c, &l);
	if (rc == 0 && ret_t)
		*ret_t = c->tally;
	finish(c);
	free(c);
	return rc;
}
