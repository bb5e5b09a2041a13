/* SPDX-License-Identifier: Apache-2.0 */

#include "anatomy/known/known.h"

#include "anatomy/known/judge.h"
#include "crypto/hash.h"

#include <errno.h>

#define USABLE (HASH_SET(DIGEST_SHA256) | HASH_SET(DIGEST_SHA1))

const char *known_state_name(enum known_state s)
{
	static const char *const names[KNOWN_STATES] = { "", "listed", "resigned", "unlisted", "altered",
		"mixed" };
	return names[s];
}

void known_result_free(struct known_result *r)
{
	arena_free(&r->arena);
	*r = (struct known_result){ 0 };
}

void known_component_json(struct jw *w, const struct known_component *c)
{
	if (c->state == KNOWN_NOTHING)
		return;
	jw_key(w, "known");
	jw_obj(w);
	jw_kcstr(w, "product", c->product);
	jw_kcstr(w, "state", known_state_name(c->state));
	jw_kcstr(w, "text", c->text);
	jw_end(w);
}

static uint32_t product_at(struct known_run *k, const char *name)
{
	uint32_t i = 0;

	while (i < k->nproducts && strcmp(k->product[i].name, name) != 0)
		i++;
	if (i == k->nproducts) {
		k->product[i] = (struct known_product){ .name = name, .label = name };
		k->nproducts++;
	}
	return i;
}

/* Products: of the lists. Names of a product that no list is about are of no use. */
static int read_source(struct known_run *k)
{
	const struct known_source *s = k->o->source;
	uint32_t rel = 0;

	k->product = arena_array(k->a, s->nlists + 1u, sizeof(*k->product));
	k->list_product = arena_array(k->a, s->nlists + 1u, sizeof(*k->list_product));
	k->rel_base = arena_array(k->a, s->nlists + 1u, sizeof(*k->rel_base));
	if (!k->product || !k->list_product || !k->rel_base)
		return -ENOMEM;
	for (uint32_t i = 0; i < s->nlists; i++) {
		const struct known_info *x = s->list[i];
		struct known_product *p;
		k->rel_base[i] = rel;
		rel += x->nversions + 1;
		k->list_product[i] = product_at(k, x->product);
		p = &k->product[k->list_product[i]];
		const char *v = x->nversions ? x->version[x->nversions - 1] : NULL;
		if (v && (!p->newest || known_version_cmp(p->newest, v) < 0))
			p->newest = v;
	}
	k->rel_base[s->nlists] = rel;
	k->count = arena_array(k->a, rel + 1u, sizeof(*k->count));
	k->best = arena_array(k->a, rel + 1u, sizeof(*k->best));
	for (uint32_t n = 0; n < k->o->nnames; n++)
		for (uint32_t i = 0; i < k->nproducts; i++)
			if (strcmp(k->product[i].name, k->o->names[n].product) == 0) {
				k->product[i].names = &k->o->names[n];
				k->product[i].label = k->o->names[n].label;
			}
	return k->count && k->best ? 0 : -ENOMEM;
}

/* Lists that cannot be asked, and a tree that cannot be compared with them. */
static int check(struct known_run *k)
{
	const struct known_source *s = k->o->source;
	bool need_sha1 = false;

	for (uint32_t i = 0; i < s->nlists; i++) {
		if (!(s->list[i]->algs & USABLE))
			verdict_add(k->v, REASON_NOTE, "known-good.unused",
			    "list %s has neither SHA-256 nor SHA-1: files are not compared with it",
			    QUOTE(span_str(s->list[i]->name)));
		need_sha1 |= !(s->list[i]->algs & HASH_SET(DIGEST_SHA256));
	}
	for (uint32_t i = 0; i < k->t->n && need_sha1; i++)
		if (digest_is_set(&k->t->c[i].sha256) && !digest_is_set(&k->t->c[i].sha1))
			return fault_set(k->f, -EINVAL, "a tree without SHA-1 cannot be compared with lists "
			    "of SHA-1");
	if (!s->nlists)
		verdict_add(k->v, REASON_MISSING, "known-good.lists",
		    "there are no lists of known files; firebreak known-good import brings some");
	return 0;
}

static bool all_listed(const struct known_run *k)
{
	uint32_t files = 0;

	for (uint32_t i = 1; i < k->t->n; i++) {
		const struct component *c = &k->t->c[i];
		if (c->depth > 1 || c->type == COMPONENT_DIR || (component_has_bytes(c) && !c->size))
			continue; /* what is in a file that is known is known */
		if (!component_has_bytes(c) || k->r->c[i].state != KNOWN_LISTED)
			return false;
		files++;
	}
	return files > 0;
}

/* Does anything vouch for the artifact, and not only for something in it? */
static void whole(struct known_run *k)
{
	const struct known_component *c = &k->r->c[0];

	if (c->state == KNOWN_LISTED)
		verdict_add(k->v, REASON_PROVEN, "known-good.whole", "is %s's of %s, byte for byte",
		    c->product, c->text);
	else if (k->t->c[0].type == COMPONENT_DIR && all_listed(k))
		verdict_add(k->v, REASON_PROVEN, "known-good.whole",
		    "every file in it is in a list of known files");
}

static int open_loose(struct known_run *k)
{
	k->loose = arena_array(k->a, k->nproducts + 1u, sizeof(*k->loose));
	if (!k->loose)
		return -ENOMEM;
	for (uint32_t i = 0; i < k->nproducts; i++)
		k->loose[i] = (struct known_loose){ .known_text = BUF_INIT(8192),
			.named_text = BUF_INIT(8192) };
	return 0;
}

static void close_loose(struct known_run *k)
{
	for (uint32_t i = 0; k->loose && i < k->nproducts; i++) {
		buf_free(&k->loose[i].known_text);
		buf_free(&k->loose[i].named_text);
	}
}

static int run(struct known_run *k)
{
	int rc = check(k);

	k->r->c = arena_array(k->a, k->t->n + 1u, sizeof(*k->r->c));
	k->found = arena_array(k->a, k->t->n + 1u, sizeof(struct known_found *));
	k->by_list = arena_array(k->a, k->t->n + 1u, sizeof(*k->by_list));
	if (!k->r->c || !k->found || !k->by_list)
		return -ENOMEM;
	k->r->n = k->t->n;
	if (rc == 0)
		rc = read_source(k);
	if (rc == 0)
		rc = known_find_all(k);
	if (rc == 0)
		rc = known_claim_all(k);
	if (rc == 0)
		rc = open_loose(k);
	for (uint32_t i = 0; i < k->ngroups && rc == 0; i++)
		rc = known_group_judge(k, &k->group[i]);
	if (rc == 0)
		rc = known_group_rest(k);
	if (rc == 0)
		whole(k);
	return rc;
}

int known_judge(struct known_result *ret_r, struct component_tree *t,
    const struct known_judge_opts *o, struct verdict *v, struct fault *f)
{
	struct known_run k = { .t = t, .o = o, .r = ret_r, .v = v, .f = f, .a = &ret_r->arena };

	*ret_r = (struct known_result){ .arena = ARENA_INIT(KNOWN_JUDGE_ARENA_MAX) };
	map_init(&k.by_content, COMPONENTS_MAX);
	map_init(&k.by_place, 4 * COMPONENTS_MAX);
	int rc = run(&k);
	close_loose(&k);
	map_free(&k.by_content);
	map_free(&k.by_place);
	return rc;
}
