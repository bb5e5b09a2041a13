/* SPDX-License-Identifier: Apache-2.0 */

#include "trust/sbom/compare.h"

#include "trust/sbom/build.h"
#include "trust/sbom/glob.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#define STRONG                                                                                     \
	(HASH_SET(DIGEST_SHA224) | HASH_SET(DIGEST_SHA256) | HASH_SET(DIGEST_SHA384) |             \
	    HASH_SET(DIGEST_SHA512) | HASH_SET(DIGEST_BLAKE2B) | HASH_SET(DIGEST_SHA3_224) |       \
	    HASH_SET(DIGEST_SHA3_256) | HASH_SET(DIGEST_SHA3_384) | HASH_SET(DIGEST_SHA3_512))

/* What is known about a shipped file. */
enum {
	NAMED = 1,    /* a named file has its path */
	COVERED = 2,  /* a strong digest of it is in the SBOM */
	DIFFERS = 4,  /* told as a mismatch or a rename */
	WEAK = 8,     /* only weak digests agree */
	UNKNOWN = 16, /* only algorithms that are not computed here */
	BARE = 32,    /* named without a digest */
};

/* How the digests of one item and one shipped file get along. */
struct fit {
	bool strong, weak, unknown;
	const struct sbom_hash *differs; /* NULL: none */
};

struct compare {
	const struct sbom *s;
	const struct delivery *d;
	const struct sbom_rules *rules;
	struct verdict *v;
	struct sbom_tally tally;
	char root[SBOM_PATH_MAX + 1]; /* "a/b/", or "" */
	size_t skip_s, skip_d; /* bytes of the folders that are left out of the names */
	struct map components; /* strong digest -> 1 + index of a component that has it */
	struct map gone;       /* the same for named files that are not shipped */
	struct map by_base;    /* base name -> 1 + index of a shipped file */
	uint8_t *state;        /* of each shipped file */
	uint8_t *missing;      /* of each item: 1 a named file that is not shipped, 2 told as renamed */
	uint8_t *matched;      /* of each item: a component whose bytes are shipped */
	bool whole;            /* the archive itself is a component */
};

/* --- reasons --------------------------------------------------------------------------------- */

/* One of several of a kind: past SBOM_LIST_MAX they are only counted. */
struct list {
	enum reason_kind kind;
	const char *code;
	size_t n;
};

static void stamp(struct compare *c, struct reason *r)
{
	r->file = c->rules->sbom_name;
	r->evidence = c->rules->sbom_digest;
}

FB_PRINTF(3, 4) static void tell(struct compare *c, struct list *l, const char *fmt, ...)
{
	struct fault text;
	va_list ap;

	if (++l->n > SBOM_LIST_MAX)
		return;
	va_start(ap, fmt);
	(void)fault_vset(&text, 0, fmt, ap);
	va_end(ap);
	stamp(c, verdict_add(c->v, l->kind, l->code, "%s", text.text));
}

static void tell_rest(struct compare *c, const struct list *l)
{
	if (l->n > SBOM_LIST_MAX)
		stamp(c, verdict_add(c->v, l->kind, l->code, "and %zu more like that",
		             l->n - SBOM_LIST_MAX));
}

/* --- digests --------------------------------------------------------------------------------- */

/* got: the digest in h's algorithm of what is shipped; NULL or unset: not known. Of several that
 * differ a strong one is kept. */
static void fit_one(struct fit *fit, const struct sbom_hash *h, const struct digest *got)
{
	bool strong = STRONG & HASH_SET(h->digest.alg);

	if (!digest_is_set(&h->digest) || !got || !digest_is_set(got))
		fit->unknown = true;
	else if (!digest_eq(got, &h->digest))
		fit->differs = fit->differs && !strong ? fit->differs : h;
	else if (strong)
		fit->strong = true;
	else
		fit->weak = true;
}

static struct fit fit_of(const struct compare *c, const struct sbom_item *it,
    const struct delivered_file *f)
{
	struct fit fit = { 0 };

	for (uint32_t i = 0; i < it->nhash; i++)
		fit_one(&fit, &it->hash[i],
		    delivery_digest(c->d, f, (enum digest_alg)it->hash[i].digest.alg));
	return fit;
}

/* The item noted in m by one of its strong digests that f has; -1 if there is none. */
static long item_with(const struct compare *c, const struct map *m, const struct delivered_file *f)
{
	for (int a = DIGEST_NONE + 1; a < DIGEST_ALGS; a++) {
		const struct digest *d = STRONG & c->s->set & HASH_SET(a) ?
		    delivery_digest(c->d, f, (enum digest_alg)a) :
		    NULL;
		uintptr_t i = d ? (uintptr_t)map_get(m, span_of(d, sizeof(*d))) : 0;
		if (i)
			return (long)i - 1;
	}
	return -1;
}

/* Notes item i in m by its strong digests; the first of several with the same stays. */
static int note_item(struct compare *c, struct map *m, size_t i)
{
	const struct sbom_item *it = &c->s->item[i];

	for (uint32_t k = 0; k < it->nhash; k++) {
		const struct digest *d = &it->hash[k].digest;
		int rc = digest_is_set(d) && (STRONG & HASH_SET(d->alg)) ?
		    map_add(m, span_of(d, sizeof(*d)), (void *)(i + 1), NULL) :
		    0;
		if (rc < 0)
			return rc;
	}
	return 0;
}

static size_t index_of(const struct compare *c, const struct delivered_file *f)
{
	return (size_t)(f - c->d->file);
}

static const char *base_of(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

/* --- names ----------------------------------------------------------------------------------- */

/* Bytes of the top folder and its slash; 0 if there is none. */
static size_t top_of(const char *path)
{
	const char *slash = strchr(path, '/');

	return slash ? (size_t)(slash - path) + 1 : 0;
}

/* The same of the top folder that all paths share. */
static size_t top_of_delivery(const struct delivery *d)
{
	size_t n = d->n ? top_of(d->file[0].path) : 0;

	for (size_t i = 1; n && i < d->n; i++)
		if (strncmp(d->file[i].path, d->file[0].path, n) != 0)
			return 0;
	return n;
}

static size_t top_of_sbom(const struct sbom *s)
{
	const char *first = NULL;

	for (size_t i = 0; i < s->n; i++) {
		if (s->item[i].kind != SBOM_FILE)
			continue;
		first = first ? first : s->item[i].path;
		if (strncmp(s->item[i].path, first, top_of(first)) != 0)
			return 0;
	}
	return first ? top_of(first) : 0;
}

static bool in_scope(const struct compare *c, const struct sbom_item *it)
{
	return it->kind == SBOM_FILE &&
	    (!c->root[0] || strncmp(it->path, c->root, strlen(c->root)) == 0);
}

/* The shipped file that a named one speaks of, by the folders that are left out. */
static const struct delivered_file *find(const struct compare *c, const struct sbom_item *it)
{
	char path[2 * SBOM_PATH_MAX];
	const char *rest = it->path + c->skip_s;

	if (!c->skip_d)
		return delivery_find(c->d, span_str(rest));
	int n = snprintf(path, sizeof(path), "%.*s%s", (int)c->skip_d, c->d->file[0].path, rest);
	return n > 0 && (size_t)n < sizeof(path) ? delivery_find(c->d, span_of(path, (size_t)n)) :
	                                           NULL;
}

static size_t agreeing(const struct compare *c)
{
	size_t n = 0;

	for (size_t i = 0; i < c->s->n; i++)
		n += in_scope(c, &c->s->item[i]) && find(c, &c->s->item[i]);
	return n;
}

/*
 * The rule for folders: the top folder of what is shipped, and that of the SBOM's names, are left out
 * or kept, whichever lets most names agree; kept when it makes no difference. A root that was given
 * is left out of the names in any case.
 */
static void align(struct compare *c)
{
	size_t given = strlen(c->root), tops[2] = { given ? 0 : top_of_sbom(c->s),
		top_of_delivery(c->d) };
	size_t best = 0, best_s = given, best_d = 0;

	for (int i = 0; i < 4; i++) {
		if ((i & 1 && !tops[0]) || (i & 2 && !tops[1]))
			continue;
		c->skip_s = given + (i & 1 ? tops[0] : 0);
		c->skip_d = i & 2 ? tops[1] : 0;
		size_t n = agreeing(c);
		if (n > best) {
			best = n;
			best_s = c->skip_s;
			best_d = c->skip_d;
		}
	}
	c->skip_s = best_s;
	c->skip_d = best_d;
}

/* --- named files ----------------------------------------------------------------------------- */

struct lists {
	struct list mismatch, unlisted, absent, renamed, code, link, component, subject;
};

static const char *hex_of(const struct compare *c, const struct delivered_file *f,
    const struct sbom_hash *h, char out[static DIGEST_TEXT_MAX])
{
	return digest_text(delivery_digest(c->d, f, (enum digest_alg)h->digest.alg), out);
}

static void tell_mismatch(struct compare *c, struct list *l, const struct sbom_item *it,
    const struct delivered_file *f, const struct sbom_hash *h)
{
	char got[DIGEST_TEXT_MAX];

	tell(c, l, "%s is shipped with other bytes: %s, the SBOM (offset %llu) says %s",
	    QUOTE(span_str(f->path)), hex_of(c, f, h, got), (unsigned long long)it->off,
	    DIGEST_TEXT(&h->digest));
}

static void take_fit(struct compare *c, const struct fit *fit, const struct sbom_item *it,
    const struct delivered_file *f)
{
	uint8_t *state = &c->state[index_of(c, f)];

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
	const struct delivered_file *f = find(c, it);

	c->tally.named++;
	if (!f) {
		c->missing[i] = 1;
		return;
	}
	c->tally.found++;
	struct fit fit = fit_of(c, it, f);
	if (fit.differs) {
		c->state[index_of(c, f)] |= NAMED | DIFFERS;
		tell_mismatch(c, &l->mismatch, it, f, fit.differs);
	} else {
		take_fit(c, &fit, it, f);
	}
}

/* --- components ------------------------------------------------------------------------------ */

/* The name of the file that a component comes as; NULL when it is only the name of a package. */
static const char *own_file(const struct sbom_item *it)
{
	bool generic = !it->purl || strncmp(it->purl, "pkg:generic/", 12) == 0;

	return it->file_name ? base_of(it->file_name) : generic ? base_of(it->name) : NULL;
}

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

/* Is the archive itself what the component's digests speak of? */
static struct fit fit_own(const struct compare *c, const struct sbom_item *it)
{
	struct fit fit = { 0 };

	for (uint32_t i = 0; i < it->nhash; i++)
		fit_one(&fit, &it->hash[i], &c->d->own[it->hash[i].digest.alg]);
	return fit;
}

/* A shipped file of the component's name that nothing else accounts for. */
static const struct delivered_file *namesake(const struct compare *c, const struct sbom_item *it)
{
	const char *name = own_file(it);
	uintptr_t i = name ? (uintptr_t)map_get(&c->by_base, span_str(name)) : 0;

	return i && !(c->state[i - 1] & (COVERED | DIFFERS)) ? &c->d->file[i - 1] : NULL;
}

static void judge_component(struct compare *c, struct lists *l, const struct sbom_item *it)
{
	const struct delivered_file *f = namesake(c, it);
	struct fit own = fit_own(c, it);
	const char *name = own_file(it);

	if (own.strong && !own.differs) {
		c->whole = true;
	} else if (own.differs && name && strcmp(name, base_of(c->d->name)) == 0) {
		tell(c, &l->subject, "%s has other bytes than the one that the SBOM (offset %llu) is about",
		    QUOTE(span_str(c->d->name)), (unsigned long long)it->off);
	} else if (f) {
		struct fit fit = fit_of(c, it, f);
		uint8_t *state = &c->state[index_of(c, f)];
		*state |= fit.differs ? DIFFERS : fit.weak ? WEAK : UNKNOWN;
		if (fit.differs)
			tell_mismatch(c, &l->mismatch, it, f, fit.differs);
	} else {
		tell(c, &l->component, "the bytes of %s %s are in nothing that is shipped",
		    QUOTE(span_str(it->name)), it->version ? QUOTE(span_str(it->version)) : "");
	}
}

/* --- shipped files --------------------------------------------------------------------------- */

/* A component's bytes may be anywhere; those of a file that is missing should not be elsewhere. */
static void judge_bytes(struct compare *c, struct lists *l, const struct delivered_file *f)
{
	uint8_t *state = &c->state[index_of(c, f)];
	long comp = item_with(c, &c->components, f), gone = item_with(c, &c->gone, f);
	struct fit fit = comp >= 0 ? fit_of(c, &c->s->item[comp], f) : (struct fit){ 0 };

	if (comp >= 0)
		c->matched[comp] = 1;
	if (fit.differs) {
		*state |= DIFFERS;
		tell_mismatch(c, &l->mismatch, &c->s->item[comp], f, fit.differs);
	} else if (comp >= 0 && !(*state & DIFFERS)) {
		*state |= COVERED;
	} else if (gone >= 0 && !(*state & (NAMED | DIFFERS))) {
		*state |= DIFFERS;
		c->missing[gone] = 2;
		tell(c, &l->renamed, "%s has the bytes of %s, which is not shipped under its name",
		    QUOTE(span_str(f->path)), QUOTE(span_str(c->s->item[gone].path)));
	}
}

static void judge_absent(struct compare *c, struct lists *l, const struct sbom_item *it)
{
	if (sbom_glob_any(c->rules->absent, c->rules->nabsent, it->path))
		c->tally.allowed_absent++;
	else
		tell(c, &l->absent, "%s is named (offset %llu) and not shipped",
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
static void judge_unlisted(struct compare *c, struct lists *l)
{
	for (size_t i = 0; i < c->d->n; i++) {
		const struct delivered_file *f = &c->d->file[i];
		if (c->state[i] || is_sbom(c, f) || allowed(c, f->path))
			continue;
		tell(c, &l->unlisted, "%s (%llu bytes, %s) is in no line of the SBOM",
		    QUOTE(span_str(f->path)), (unsigned long long)f->size,
		    DIGEST_TEXT(delivery_digest(c->d, f, DIGEST_SHA256)));
	}
	for (size_t i = 0; i < c->d->nspecial; i++)
		if (!allowed(c, c->d->special[i]))
			tell(c, &l->unlisted, "%s is a device, FIFO or socket",
			    QUOTE(span_str(c->d->special[i])));
	for (size_t i = 0; i < c->d->nlinks; i++)
		if (c->d->link[i].leads_out && !allowed(c, c->d->link[i].path))
			tell(c, &l->link, "the link %s leads out, to %s: what is there was not looked at",
			    QUOTE(span_str(c->d->link[i].path)),
			    QUOTE(span_str(c->d->link[i].target)));
}

/* --- sums ------------------------------------------------------------------------------------ */

/* How many shipped files are in the state and in none of the others; one of them in *ret_one. */
static size_t count(const struct compare *c, uint8_t in, uint8_t not_in, const char **ret_one)
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
		size_t n = count(c, gap[i].in, gap[i].not_in, &one);
		if (n)
			stamp(c, verdict_add(c->v, REASON_MISSING, gap[i].code, "%zu shipped file%s %s: %s%s",
			             n, n == 1 ? " is" : "s are", gap[i].text, QUOTE(span_str(one)),
			             n > 1 ? ", …" : ""));
	}
}

static void tell_notes(struct compare *c)
{
	const struct sbom *s = c->s;

	if (s->nbare)
		stamp(c, verdict_add(c->v, REASON_NOTE, "sbom.no-hash",
		             "%zu of %zu components have no digest", s->nbare, s->ncomponents));
	if (s->nupper)
		stamp(c, verdict_add(c->v, REASON_NOTE, "sbom.upper-case",
		             "%zu digests are written in upper case", s->nupper));
	if (c->tally.allowed || c->tally.allowed_absent)
		stamp(c, verdict_add(c->v, REASON_NOTE, "sbom.allowed",
		             "%zu unlisted and %zu absent files were allowed for", c->tally.allowed,
		             c->tally.allowed_absent));
	if (c->d->nlinks)
		stamp(c, verdict_add(c->v, REASON_NOTE, "sbom.links",
		             "%zu symbolic links, not followed", c->d->nlinks));
}

static void tell_covered(struct compare *c)
{
	const char *one;

	c->tally.shipped = c->d->n;
	c->tally.covered = count(c, COVERED, DIFFERS, &one);
	if (c->whole)
		stamp(c, verdict_add(c->v, REASON_PROVEN, "sbom.verified",
		             "the SBOM names exactly these bytes: %s",
		             DIGEST_TEXT(&c->d->own[DIGEST_SHA256])));
	else if (c->tally.covered)
		stamp(c, verdict_add(c->v, REASON_PROVEN, "sbom.verified",
		             "%zu of %zu shipped files have the digest that the SBOM says",
		             c->tally.covered, c->tally.shipped));
}

static void judge_codes(struct compare *c, struct lists *l)
{
	for (size_t i = 0; i < c->s->ncodes; i++) {
		const struct sbom_code *code = &c->s->code[i];
		if (code->state == SBOM_CODE_WRONG)
			tell(c, &l->code,
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

	return c->tally.named || count(c, 0xff, 0, &one);
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
		judge_unlisted(c, l);
	else
		stamp(c, verdict_add(c->v, REASON_MISSING, "sbom.no-files",
		             "the SBOM names no file and no digest of one: %zu shipped files cannot be "
		             "compared",
		             c->d->n));
}

static int index_all(struct compare *c)
{
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < c->s->n; i++)
		if (c->s->item[i].kind != SBOM_FILE)
			rc = note_item(c, &c->components, i);
	for (size_t i = 0; rc >= 0 && i < c->d->n; i++)
		rc = map_add(&c->by_base, span_str(base_of(c->d->file[i].path)), (void *)(i + 1), NULL);
	return rc < 0 ? rc : 0;
}

static int index_gone(struct compare *c)
{
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < c->s->n; i++)
		if (c->missing[i])
			rc = note_item(c, &c->gone, i);
	return rc;
}

static int compare_set(struct compare *c, struct lists *l)
{
	int rc = index_all(c);

	if (rc < 0)
		return rc;
	align(c);
	for (size_t i = 0; i < c->s->n; i++)
		if (in_scope(c, &c->s->item[i]))
			judge_named(c, l, i);
	rc = index_gone(c);
	if (rc == 0)
		judge_set(c, l);
	return rc;
}

/* --- a single file --------------------------------------------------------------------------- */

/* Where it belongs is not known: its bytes count, and of names only the last part. */
static void compare_one(struct compare *c, struct lists *l)
{
	const struct delivered_file *f = &c->d->file[0];
	const struct sbom_item *other = NULL, *elsewhere = NULL;
	const struct sbom_hash *differs = NULL;
	uint8_t state = 0;

	for (size_t i = 0; i < c->s->n; i++) {
		const struct sbom_item *it = &c->s->item[i];
		const char *name = it->kind == SBOM_FILE ? base_of(it->path) : own_file(it);
		struct fit fit = fit_of(c, it, f);
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
		tell_mismatch(c, &l->mismatch, other, f, differs);
	} else if (elsewhere && !(state & COVERED)) {
		state |= COVERED;
		stamp(c, verdict_add(c->v, REASON_WARN, "sbom.renamed", "%s is named %s in the SBOM",
		             QUOTE(span_str(f->path)), QUOTE(span_str(elsewhere->path))));
	}
	c->state[0] = state;
	if (!state && (c->s->nfiles || c->s->set))
		judge_unlisted(c, l);
	else if (!state)
		stamp(c, verdict_add(c->v, REASON_MISSING, "sbom.no-files",
		             "the SBOM names no file and no digest: nothing to compare with"));
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

static void tell_all(struct compare *c, const struct lists *l)
{
	const struct list *all[] = { &l->mismatch, &l->unlisted, &l->absent, &l->renamed, &l->code,
		&l->link, &l->component, &l->subject };

	for (size_t i = 0; i < ARRAY_LEN(all); i++)
		tell_rest(c, all[i]);
	tell_gaps(c);
	tell_covered(c);
	tell_notes(c);
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
		compare_one(c, &l);
	else if (rc == 0)
		rc = compare_set(c, &l);
	if (rc == 0)
		tell_all(c, &l);
	if (rc == 0 && ret_t)
		*ret_t = c->tally;
	finish(c);
	free(c);
	return rc;
}
