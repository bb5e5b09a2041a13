/* SPDX-License-Identifier: Apache-2.0 */

/* known_group: what stands together, judged. */

#include "anatomy/known/judge.h"

#include <errno.h>
#include <stdlib.h>

#define NAMED_MAX 5 /* files that one reason names */

/* What was found out about a group. */
struct finding {
	struct known_run *k;
	struct known_group *g;
	const struct known_product *p;
	uint32_t nrel;
	uint32_t most;	     /* files that the best releases have in common */
	const char *release; /* them in words; NULL: none */
	const char *list;    /* that they are of */
};

static const struct {
	enum reason_kind kind;
	const char *code;
} tells[KNOWN_TELLS] = {
	[KNOWN_TELL_LISTED] = { REASON_NOTE, "known-good.listed" },
	[KNOWN_TELL_RESIGNED] = { REASON_NOTE, "known-good.resigned" },
	[KNOWN_TELL_ALTERED] = { REASON_NOTE, "known-good.altered" },
	[KNOWN_TELL_UNLISTED] = { REASON_FAIL, "known-good.unlisted" },
	[KNOWN_TELL_MIXED] = { REASON_FAIL, "known-good.mixed" },
	[KNOWN_TELL_UNREAD] = { REASON_MISSING, "known-good.unread" },
	[KNOWN_TELL_COVERAGE] = { REASON_MISSING, "known-good.coverage" },
};

/* May one more of this kind be told? */
static bool may_tell(struct known_run *k, enum known_told what)
{
	return k->told[what]++ < KNOWN_TOLD_MAX;
}

static void set(struct known_run *k, uint32_t i, enum known_state state, const char *product,
    const char *text)
{
	struct known_component *c = &k->r->c[i];

	/* The gravest of several groups stays. */
	if (c->state == KNOWN_NOTHING || state == KNOWN_UNLISTED || state == KNOWN_MIXED)
		*c = (struct known_component){ state, product, text };
}

/* One reason about one file. */
static int say(struct finding *x, enum known_told what, uint32_t i, const char *text)
{
	struct known_run *k = x->k;

	if (!may_tell(k, what))
		return 0;
	return component_tell(k->t, i, k->v, tells[what].kind, tells[what].code, text);
}

/* --- releases --- */

static bool counts(const struct known_member *m)
{
	return m->claims && !m->altered && m->known;
}

/* How many of the files that claim each release has; the largest of these numbers. */
static void count_releases(struct finding *x)
{
	const struct known_group *g = x->g;

	memset(x->k->count, 0, x->nrel * sizeof(*x->k->count));
	for (uint32_t n = 0; n < g->n; n++)
		for (uint32_t r = 0; counts(&g->m[n]) && r < g->m[n].known->nrel; r++)
			if (++x->k->count[g->m[n].known->rel[r]] > x->most)
				x->most = x->k->count[g->m[n].known->rel[r]];
}

static int name_release(struct finding *x)
{
	struct known_run *k = x->k;
	uint32_t n = 0;

	if (!x->most)
		return 0;
	uint32_t *best = k->best;
	for (uint32_t r = 0; r < x->nrel; r++)
		if (k->count[r] == x->most)
			best[n++] = r;
	const char *version;
	x->list = known_release(k, best[n - 1], &version)->name;
	x->release = known_releases_text(k, best, n);
	return x->release ? 0 : -ENOMEM;
}

static bool is_of_best(const struct finding *x, const struct known_hits_of *h)
{
	for (uint32_t r = 0; r < h->nrel; r++)
		if (x->k->count[h->rel[r]] == x->most)
			return true;
	return false;
}

/* --- one file --- */

static const char *who(const struct component *c)
{
	for (uint32_t i = 0; i < c->nsignatures; i++) {
		const struct component_signature *s = &c->signature[i];
		if (s->signer.common_name)
			return s->signer.common_name;
		if (s->signer.subject)
			return s->signer.subject;
	}
	return NULL;
}

static const char *signature_words(const struct component *c)
{
	if (!c->nsignatures || c->signature[0].result != SIGNED_VERIFIES)
		return "whose signature does not verify";
	return c->signature[0].chain == CHAIN_STATE_ANCHORED ? "" : "as its certificate says";
}

static int tell_resigned(struct finding *x, const struct known_member *m, const char *releases)
{
	const struct component *c = &x->k->t->c[m->i];
	const char *name = who(c), *words = signature_words(c);

	return say(x, KNOWN_TELL_RESIGNED, m->i,
	    arena_printf(x->k->a, "is %s's of %s but for a signature, by %s%s%s", x->p->label, releases,
		name ? QUOTE(span_str(name)) : "nobody that can be named", *words ? ", " : "", words));
}

static int tell_known(struct finding *x, const struct known_member *m, bool settled)
{
	struct known_run *k = x->k;
	const char *text = known_hits_text(k, m->known);
	enum known_state state = m->bare ? KNOWN_RESIGNED : KNOWN_LISTED;
	int rc = 0;

	if (!text)
		return -ENOMEM;
	k->r->listed += !m->bare;
	k->r->resigned += m->bare;
	if (m->bare)
		rc = tell_resigned(x, m, text);
	if (settled && counts(m) && !is_of_best(x, m->known)) {
		state = KNOWN_MIXED;
		k->r->mixed++;
		if (rc == 0)
			rc = say(x, KNOWN_TELL_MIXED, m->i,
			    arena_printf(k->a, "is %s's of %s, and its %u siblings are of %s: mixed "
				"origin", x->p->label, text, x->most, x->release));
	}
	set(k, m->i, state, x->p->label, text);
	return rc;
}

/* Can its bytes be compared at all? A reason why not; NULL: yes. */
static const char *incomparable(const struct component *c)
{
	if (!digest_is_set(&c->sha256))
		return "its bytes could not be read";
	if (c->format == FORMAT_MACHO && (!c->bare || !c->bare->n))
		return "it cannot be compared without its signature, which packagers write anew";
	if (c->format == FORMAT_MACHO && c->binary && c->binary->nslices > 1)
		return "it is made of several architectures, which lists have apart";
	if (c->nsignatures && !c->bare && c->format == FORMAT_PE)
		return "it is signed, and cannot be compared without its signature";
	return NULL;
}

static int tell_unlisted(struct finding *x, const struct known_member *m)
{
	struct known_run *k = x->k;
	const struct component *c = &k->t->c[m->i];
	const char *why = incomparable(c), *label = x->p->label;

	if (m->altered) {
		k->r->altered++;
		set(k, m->i, KNOWN_ALTERED, label, "altered by who packaged it, as is usual");
		return say(x, KNOWN_TELL_ALTERED, m->i,
		    arena_printf(k->a, "claims to be %s's, and is not as released: packagers alter this "
			"file, so judge it by its signer and against the release before", label));
	}
	const char *text = arena_printf(k->a, "claims to be %s's, is in no %s release", label, label);
	if (why) {
		set(k, m->i, KNOWN_UNLISTED, label, text);
		return say(x, KNOWN_TELL_UNREAD, m->i,
		    arena_printf(k->a, "claims to be %s's, and %s", label, why));
	}
	k->r->unlisted++;
	set(k, m->i, KNOWN_UNLISTED, label, text);
	if (!x->most)
		return say(x, KNOWN_TELL_UNLISTED, m->i, text);
	return say(x, KNOWN_TELL_UNLISTED, m->i,
	    arena_printf(k->a, "%s; its %u sibling%s %s of %s", text ? text : "", x->most,
		x->most == 1 ? "" : "s", x->most == 1 ? "is" : "are", x->release));
}

/* --- the group --- */

/* "a.dll, b.dll": the first few. */
static void put_name(struct finding *x, struct buf *b, uint32_t *n, uint32_t i)
{
	if ((*n)++ < NAMED_MAX)
		buf_printf(b, "%s%s", *n > 1 ? ", " : "", QUOTE(span_str(x->k->t->c[i].path)));
}

static const char *named_text(struct known_run *k, struct buf *b, uint32_t n)
{
	if (n > NAMED_MAX)
		buf_printf(b, " and %u more", n - NAMED_MAX);
	return buf_err(b) < 0 ? NULL : arena_str(k->a, span_str(buf_str(b)));
}

/* Claims, is in no list, and should be. */
static bool is_unlisted(const struct known_member *m)
{
	return !m->known && !m->altered && m->claims;
}

static void set_unlisted(struct finding *x, const char *text)
{
	for (uint32_t i = 0; i < x->g->n; i++) {
		const struct known_member *m = &x->g->m[i];
		if (is_unlisted(m))
			set(x->k, m->i, KNOWN_UNLISTED, x->p->label, text);
	}
}

/* The lists do not have this release, or everything in it was changed: who can tell? */
static int not_covered(struct finding *x)
{
	AUTO_BUF struct buf b = BUF_INIT(8192);
	const char *label = x->p->label, *newest = x->p->newest;
	uint32_t n = 0;

	for (uint32_t i = 0; i < x->g->n; i++)
		if (is_unlisted(&x->g->m[i]))
			put_name(x, &b, &n, x->g->m[i].i);
	const char *list = named_text(x->k, &b, n);
	const char *text = arena_printf(x->k->a, "claims to be %s's, is in no %s release", label, label);
	if (!list || !text)
		return -ENOMEM;
	set_unlisted(x, text);
	x->k->r->unlisted += n;
	if (may_tell(x->k, KNOWN_TELL_COVERAGE))
		verdict_add(x->k->v, REASON_MISSING, "known-good.coverage",
		    "%s: %s to be %s's, %s in no %s release; of the %u files that claim to be, %u %s. The "
		    "lists%s%s%s may lack this architecture or version, or else it was changed", list,
		    n == 1 ? "claims" : "claim", label, n == 1 ? "is" : "are", label, x->g->claims,
		    x->g->claims_known, x->g->claims_known == 1 ? "is" : "are",
		    newest ? " (up to " : "", newest ? newest : "", newest ? ")" : "");
	return 0;
}

/* Names as the product's, but nothing else says that they are. */
static int not_installed(struct finding *x)
{
	struct known_loose *l = &x->k->loose[x->g->product];
	const char *text = arena_printf(x->k->a, "has the name of a file of %s's, is in no %s release",
	    x->p->label, x->p->label);

	if (!text)
		return -ENOMEM;
	set_unlisted(x, text);
	for (uint32_t i = 0; i < x->g->n; i++) {
		const struct known_member *m = &x->g->m[i];
		if (m->known)
			put_name(x, &l->known_text, &l->known, m->i);
		else if (is_unlisted(m))
			put_name(x, &l->named_text, &l->named, m->i);
	}
	return buf_err(&l->known_text) < 0 || buf_err(&l->named_text) < 0 ? -ENOMEM : 0;
}

/* The artifact is this one file. */
static int alone(struct finding *x)
{
	const struct known_member *m = &x->g->m[0];
	const char *label = x->p->label;

	if (m->known || m->altered)
		return not_installed(x);
	set_unlisted(x, arena_printf(x->k->a, "claims to be %s's, is in no %s release", label, label));
	if (m->by_list) {
		x->k->r->unlisted++;
		return say(x, KNOWN_TELL_UNLISTED, m->i, arena_printf(x->k->a, "claims to be %s's, is in no "
		    "%s release: a list has this name with other digests", label, label));
	}
	verdict_add(x->k->v, REASON_MISSING, "known-good.alone", "claims to be %s's by its name, is in no "
	    "%s release; alone, its name is no proof either way", label, label);
	return 0;
}

static int tell_loose(struct known_run *k, const struct known_product *p, struct known_loose *l)
{
	const char *known = named_text(k, &l->known_text, l->known);
	const char *named = named_text(k, &l->named_text, l->named);

	if (!known || !named)
		return -ENOMEM;
	if (l->known)
		verdict_add(k->v, REASON_NOTE, "known-good.listed", "%s: in lists of what %s shipped",
		    known, p->label);
	if (l->named)
		verdict_add(k->v, REASON_WARN, "known-good.name",
		    "%s: named as files of %s's and in no %s release; nothing else says that %s", named,
		    p->label, p->label, l->named == 1 ? "it is one" : "they are");
	return 0;
}

int known_group_rest(struct known_run *k)
{
	int rc = 0;

	for (uint32_t i = 0; i < k->nproducts && rc == 0; i++)
		rc = tell_loose(k, &k->product[i], &k->loose[i]);
	for (int i = 0; i < KNOWN_TELLS; i++)
		if (k->told[i] > KNOWN_TOLD_MAX)
			verdict_add(k->v, tells[i].kind, tells[i].code, "%u more like these",
			    k->told[i] - KNOWN_TOLD_MAX);
	return rc;
}

static bool is_installation(const struct finding *x)
{
	const struct known_group *g = x->g;
	const char *product = x->k->o->product;

	if (product && strcmp(product, x->p->name) == 0)
		return g->claims > 0;
	if (!x->p->names)
		return g->claims_known >= 3;
	return (g->mark && g->claims) || g->claims_known >= x->p->names->several;
}

static bool is_covered(const struct finding *x)
{
	return x->g->claims_known && 2 * x->g->claims_known >= x->g->claims;
}

static void tell_whole(struct finding *x, uint32_t bare)
{
	char again[64] = "";

	if (bare)
		snprintf(again, sizeof(again), ", %u of them signed again", bare);
	if (x->most && may_tell(x->k, KNOWN_TELL_LISTED))
		verdict_add(x->k->v, REASON_NOTE, "known-good.listed",
		    "%u of %u files that claim to be %s's are, of %s (%s)%s", x->most, x->g->claims,
		    x->p->label, x->release, QUOTE(span_str(x->list)), again);
}

static int tell_members(struct finding *x, bool settled, bool claims)
{
	uint32_t bare = 0;
	int rc = 0;

	for (uint32_t i = 0; i < x->g->n && rc == 0; i++) {
		const struct known_member *m = &x->g->m[i];
		if (m->known)
			rc = tell_known(x, m, settled);
		else if (m->altered || claims)
			rc = tell_unlisted(x, m);
		bare += m->known && m->bare;
	}
	if (rc == 0 && x->g->known && claims)
		tell_whole(x, bare);
	return rc;
}

/* No release has more than half of them: there is no "siblings" to differ from. */
static bool is_scattered(const struct finding *x)
{
	return x->g->claims_known > 1 && 2 * x->most <= x->g->claims_known;
}

int known_group_judge(struct known_run *k, struct known_group *g)
{
	struct finding x = { .k = k, .g = g, .p = &k->product[g->product],
		.nrel = k->rel_base[k->o->source->nlists] };
	bool installed = is_installation(&x);
	/* Whoever says that it is the product's holds it to that. */
	bool covered = is_covered(&x) || (installed && k->o->product);

	count_releases(&x);
	int rc = name_release(&x);
	if (rc == 0 && installed && covered && is_scattered(&x) && may_tell(k, KNOWN_TELL_MIXED))
		verdict_add(k->v, REASON_FAIL, "known-good.mixed",
		    "the %u files of %s's are of different releases: no more than %u are of one",
		    g->claims_known, x.p->label, x.most);
	if (rc == 0)
		rc = tell_members(&x, installed && covered && !is_scattered(&x), installed && covered);
	if (rc == 0 && !installed)
		rc = g->container == COMPONENT_NONE ? alone(&x) : not_installed(&x);
	else if (rc == 0 && !covered)
		rc = not_covered(&x);
	return rc;
}
