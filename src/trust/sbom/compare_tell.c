/* SPDX-License-Identifier: Apache-2.0 */

/* compare_tell: what was found, as reasons. */

#include "trust/sbom/compare_parts.h"

void compare_stamp(const struct compare *c, struct reason *r)
{
	r->file = c->rules->sbom_name;
	r->evidence = c->rules->sbom_digest;
}

void compare_tell(struct compare *c, struct list *l, const char *fmt, ...)
{
	struct fault text;
	va_list ap;

	if (++l->n > SBOM_LIST_MAX)
		return;
	va_start(ap, fmt);
	(void)fault_vset(&text, 0, fmt, ap);
	va_end(ap);
	compare_stamp(c, verdict_add(c->v, l->kind, l->code, "%s", text.text));
}

static void tell_rest(struct compare *c, const struct list *l)
{
	if (l->n > SBOM_LIST_MAX)
		compare_stamp(c, verdict_add(c->v, l->kind, l->code, "and %zu more like that",
		             l->n - SBOM_LIST_MAX));
}

static const char *hex_of(const struct compare *c, const struct delivered_file *f,
    const struct sbom_hash *h, char out[static DIGEST_TEXT_MAX])
{
	return digest_text(delivery_digest(c->d, f, (enum digest_alg)h->digest.alg), out);
}

void compare_tell_mismatch(struct compare *c, struct list *l, const struct sbom_item *it,
    const struct delivered_file *f, const struct sbom_hash *h)
{
	char got[DIGEST_TEXT_MAX];

	compare_tell(c, l, "%s is shipped with other bytes: %s, the SBOM (offset %llu) says %s",
	    QUOTE(span_str(f->path)), hex_of(c, f, h, got), (unsigned long long)it->off,
	    DIGEST_TEXT(&h->digest));
}

/* How many shipped files are in the state and in none of the others; one of them in *ret_one. */
size_t compare_count(const struct compare *c, uint8_t in, uint8_t not_in, const char **ret_one)
{
	size_t n = 0;

	for (size_t i = 0; i < c->d->n; i++) {
		if (!(c->state[i] & in) || (c->state[i] & not_in))
			continue;
		if (!n++)
			*ret_one = c->d->file[i].path;
	}
	return n;
}

static void tell_gaps(struct compare *c)
{
	static const struct {
		uint8_t in, not_in;
		const char *code, *text;
	} gap[] = {
		{ WEAK, COVERED | DIFFERS, "sbom.weak",
		    "named with weak digests only (MD5, SHA-1), which can be forged" },
		{ UNKNOWN, COVERED | DIFFERS | WEAK, "sbom.algorithm",
		    "named only with digests that cannot be computed here" },
		{ BARE, COVERED | DIFFERS | WEAK | UNKNOWN, "sbom.unhashed",
		    "named without a digest" },
	};
	const char *one = "";

	for (size_t i = 0; i < ARRAY_LEN(gap); i++) {
		size_t n = compare_count(c, gap[i].in, gap[i].not_in, &one);
		if (n)
			compare_stamp(c, verdict_add(c->v, REASON_MISSING, gap[i].code, "%zu shipped file%s %s: %s%s",
			             n, n == 1 ? " is" : "s are", gap[i].text, QUOTE(span_str(one)),
			             n > 1 ? ", …" : ""));
	}
}

static void tell_notes(struct compare *c)
{
	const struct sbom *s = c->s;

	if (s->nbare)
		compare_stamp(c, verdict_add(c->v, REASON_NOTE, "sbom.no-hash",
		             "%zu of %zu components have no digest", s->nbare, s->ncomponents));
	if (s->nupper)
		compare_stamp(c, verdict_add(c->v, REASON_NOTE, "sbom.upper-case",
		             "%zu digests are written in upper case", s->nupper));
	if (c->tally.allowed || c->tally.allowed_absent)
		compare_stamp(c, verdict_add(c->v, REASON_NOTE, "sbom.allowed",
		             "%zu unlisted and %zu absent files were allowed for", c->tally.allowed,
		             c->tally.allowed_absent));
	if (c->d->nlinks)
		compare_stamp(c, verdict_add(c->v, REASON_NOTE, "sbom.links",
		             "%zu symbolic links, not followed", c->d->nlinks));
}

static void tell_covered(struct compare *c)
{
	const char *one;

	c->tally.shipped = c->d->n;
	c->tally.covered = compare_count(c, COVERED, DIFFERS, &one);
	if (c->whole)
		compare_stamp(c, verdict_add(c->v, REASON_PROVEN, "sbom.verified",
		             "the SBOM names exactly these bytes: %s",
		             DIGEST_TEXT(&c->d->own[DIGEST_SHA256])));
	else if (c->tally.covered)
		compare_stamp(c, verdict_add(c->v, REASON_PROVEN, "sbom.verified",
		             "%zu of %zu shipped files have the digest that the SBOM says",
		             c->tally.covered, c->tally.shipped));
}

void compare_tell_all(struct compare *c, const struct lists *l)
{
	const struct list *all[] = { &l->mismatch, &l->unlisted, &l->absent, &l->renamed, &l->code,
		&l->link, &l->component, &l->subject };

	for (size_t i = 0; i < ARRAY_LEN(all); i++)
		tell_rest(c, all[i]);
	tell_gaps(c);
	tell_covered(c);
	tell_notes(c);
}
