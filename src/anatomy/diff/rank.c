/* SPDX-License-Identifier: Apache-2.0 */

/*
 * rank: weighs each finding against the release that it is in.
 *
 * An honest release is a rebuild: what most of its changed components have in common says something
 * about the compiler or the certificate, and nothing about one of them. Tampering is done by hand, to
 * a few. So:
 *   - news that at least half of the changed components of that format share (and at least
 *     COMMON_FROM of them) counts a quarter if it is soft, two thirds if it is hard;
 *   - soft news counts less where the component's version changed, and more where it did not;
 *   - naming a file beside it counts more when that file looks bad itself;
 *   - a program that changed while at least OUTLIER_FROM others of its kind are there and at most
 *     one in OUTLIER_RATIO of them changed is itself news, and soft news in it counts more.
 */

#include "anatomy/diff/priv.h"
#include "base/map.h"

#include <errno.h>
#include <stdlib.h>

#define COMMON_FROM 3
#define OUTLIER_FROM 5
#define OUTLIER_RATIO 5
#define SIBLING_BONUS 30

/* Components that belong together: the same format, and the same product or folder. */
struct cohort {
	uint64_t key;
	uint32_t all, changed;
};

static bool is_changed(const struct diff_run *r, uint32_t n)
{
	uint32_t o = r->mate[1][n];

	return o != COMPONENT_NONE && diff_new(r, n)->type == COMPONENT_FILE &&
	    !digest_eq(&diff_new(r, n)->sha256, &diff_old(r, o)->sha256);
}

/* --- what is common --- */

struct count {
	uint64_t same;
	uint32_t at; /* of the finding */
	uint32_t format;
};

static int by_same(const void *a, const void *b)
{
	const struct count *x = a, *y = b;

	if (x->same != y->same)
		return x->same < y->same ? -1 : 1;
	return x->at < y->at ? -1 : x->at > y->at;
}

static uint32_t format_at(const struct diff_run *r, const struct diff_finding *x)
{
	return x->new_ != COMPONENT_NONE ? diff_new(r, x->new_)->format : diff_old(r, x->old)->format;
}

static void weigh_common(struct diff_run *r, const struct count *c, uint32_t n,
    const uint32_t changed[FORMATS])
{
	uint32_t components = 0, last = COMPONENT_NONE;

	for (uint32_t i = 0; i < n; i++) {
		uint32_t of = r->d->f[c[i].at].new_;
		components += !components || of != last;
		last = of;
	}
	if (components < COMMON_FROM || components * 2 < changed[c[0].format])
		return;
	for (uint32_t i = 0; i < n; i++) {
		struct diff_finding *x = &r->d->f[c[i].at];
		x->score = diff_kind_of(x->kind)->soft ? x->score / 4 : x->score * 2 / 3;
	}
}

static int common(struct diff_run *r)
{
	uint32_t changed[FORMATS] = { 0 }, n = r->d->n;
	struct count *c = arena_array(&r->arena, n ? n : 1, sizeof(*c));

	if (!c)
		return -ENOMEM;
	for (uint32_t i = 0; i < r->side[1].tree->n; i++)
		changed[diff_new(r, i)->format] += is_changed(r, i);
	for (uint32_t i = 0; i < n; i++) {
		uint32_t format = format_at(r, &r->d->f[i]);
		c[i] = (struct count){ r->d->f[i].same + format * 0x9e3779b97f4a7c15ull, i, format };
	}
	qsort(c, n, sizeof(*c), by_same);
	for (uint32_t i = 0, to; i < n; i = to) {
		for (to = i + 1; to < n && c[to].same == c[i].same; to++)
			;
		weigh_common(r, c + i, to - i, changed);
	}
	return 0;
}

/* --- who stands alone --- */

static uint64_t cohort_key(const struct diff_run *r, uint32_t n)
{
	const struct component *c = diff_new(r, n);
	size_t folder = (size_t)(diff_base(c->path) - c->path);
	uint64_t h = siphash13(siphash_seed(), c->path, folder);

	return (h ^ c->format) * 0x9e3779b97f4a7c15ull + c->parent;
}

static int by_cohort(const void *a, const void *b)
{
	const struct cohort *x = a, *y = b;

	return x->key < y->key ? -1 : x->key > y->key;
}

static const struct cohort *cohort_of(const struct cohort *v, uint32_t n, uint64_t key)
{
	struct cohort k = { .key = key };

	return bsearch(&k, v, n, sizeof(*v), by_cohort);
}

/* One entry for each cohort of programs. */
static uint32_t cohorts(const struct diff_run *r, struct cohort *v)
{
	uint32_t n = 0, out = 0;

	for (uint32_t i = 0; i < r->side[1].tree->n; i++)
		if (diff_is_program(diff_new(r, i)) && r->mate[1][i] != COMPONENT_NONE)
			v[n++] = (struct cohort){ cohort_key(r, i), 1, is_changed(r, i) };
	qsort(v, n, sizeof(*v), by_cohort);
	for (uint32_t i = 0; i < n; i++) {
		if (out && v[out - 1].key == v[i].key) {
			v[out - 1].all++;
			v[out - 1].changed += v[i].changed;
		} else {
			v[out++] = v[i];
		}
	}
	return out;
}

static bool stands_alone(const struct cohort *c)
{
	return c && c->all >= OUTLIER_FROM && c->changed * OUTLIER_RATIO <= c->all;
}

static int outliers(struct diff_run *r, bool *alone)
{
	uint32_t all = r->side[1].tree->n;
	struct cohort *v = arena_array(&r->arena, all, sizeof(*v));

	if (!v)
		return -ENOMEM;
	uint32_t n = cohorts(r, v);
	for (uint32_t i = 0; i < all; i++) {
		if (!diff_is_program(diff_new(r, i)) || !is_changed(r, i))
			continue;
		const struct cohort *c = cohort_of(v, n, cohort_key(r, i));
		if (!stands_alone(c))
			continue;
		alone[i] = true;
		/* What has a new version was replaced on purpose. */
		if (r->version[i] != DIFF_VERSION_CHANGED)
			diff_add(r, DIFF_OUTLIER, r->mate[1][i], i,
			    "of %u programs in its folder %u changed", c->all, c->changed);
	}
	return 0;
}

static void weigh_context(struct diff_run *r, const bool *alone)
{
	for (uint32_t i = 0; i < r->d->n; i++) {
		struct diff_finding *x = &r->d->f[i];
		if (x->new_ == COMPONENT_NONE || !diff_kind_of(x->kind)->soft || x->score < 4)
			continue;
		unsigned score = x->score * 10u;
		if (r->version[x->new_] == DIFF_VERSION_CHANGED)
			score = score * 7 / 10;
		else if (r->version[x->new_] == DIFF_VERSION_SAME)
			score = score * 13 / 10;
		if (alone[x->new_] && r->version[x->new_] != DIFF_VERSION_CHANGED)
			score = score * 13 / 10;
		x->score = (uint16_t)(score / 10);
	}
}

/* --- who names whom --- */

/* A file that is named for the first time, and looks bad itself: each makes the other worse. */
static int weigh_siblings(struct diff_run *r)
{
	uint16_t *worst = arena_array(&r->arena, r->side[1].tree->n, sizeof(*worst));

	if (!worst)
		return -ENOMEM;
	for (uint32_t i = 0; i < r->d->n; i++) {
		const struct diff_finding *x = &r->d->f[i];
		if (x->new_ != COMPONENT_NONE && x->score > worst[x->new_])
			worst[x->new_] = x->score;
	}
	for (uint32_t i = 0; i < r->d->n; i++) {
		struct diff_finding *x = &r->d->f[i];
		if (x->about != COMPONENT_NONE && worst[x->about] >= DIFF_MEDIUM_FROM)
			x->score = (uint16_t)(x->score + SIBLING_BONUS);
	}
	return 0;
}

/* --- order --- */

/* The components by their gravest finding, then by all that is said of them. */
static int by_rank(const void *a, const void *b)
{
	const struct diff_finding *x = a, *y = b;

	if (x->rank != y->rank)
		return x->rank > y->rank ? -1 : 1;
	if (x->new_ != y->new_)
		return x->new_ < y->new_ ? -1 : 1;
	if (x->old != y->old)
		return x->old < y->old ? -1 : 1;
	if (x->score != y->score)
		return x->score > y->score ? -1 : 1;
	return x->seq < y->seq ? -1 : x->seq > y->seq;
}

static int order(struct diff_run *r)
{
	uint32_t all[2] = { r->side[0].tree->n, r->side[1].tree->n };
	uint32_t *rank[2];

	for (int s = 0; s < 2; s++) {
		rank[s] = arena_array(&r->arena, all[s], sizeof(uint32_t));
		if (!rank[s])
			return -ENOMEM;
	}
#define RANK_OF(x)                                                                                 \
	((x)->new_ != COMPONENT_NONE ? &rank[1][(x)->new_] : &rank[0][(x)->old])
	for (uint32_t i = 0; i < r->d->n; i++) {
		struct diff_finding *x = &r->d->f[i];
		if (x->score > DIFF_SCORE_MAX)
			x->score = DIFF_SCORE_MAX;
		uint32_t *to = RANK_OF(x), sum = (*to & 0xffff) + x->score;
		uint32_t top = *to >> 16 > x->score ? *to >> 16 : x->score;
		*to = top << 16 | (sum < 0xffff ? sum : 0xffff);
	}
	for (uint32_t i = 0; i < r->d->n; i++)
		r->d->f[i].rank = *RANK_OF(&r->d->f[i]);
#undef RANK_OF
	if (r->d->n)
		qsort(r->d->f, r->d->n, sizeof(*r->d->f), by_rank);
	return 0;
}

int diff_rank(struct diff_run *r)
{
	bool *alone = arena_array(&r->arena, r->side[1].tree->n, sizeof(*alone));

	if (!alone)
		return -ENOMEM;
	int rc = common(r);
	if (rc == 0)
		rc = outliers(r, alone);
	if (rc < 0)
		return rc;
	weigh_context(r, alone);
	rc = weigh_siblings(r);
	return rc == 0 ? order(r) : rc;
}
