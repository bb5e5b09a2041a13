/* SPDX-License-Identifier: Apache-2.0 */

/* load: channels out of the ledger, and which of them ship a digest. */

#include "crypto/merkle.h"
#include "release/fold.h"
#include "release/text.h"

#include <errno.h>
#include <stdio.h>

#define SUBJECT "channel:"
#define LOAD_ARENA_MAX (256u << 20)

struct loading {
	struct release_channel *c;
	struct arena *a;
	struct fault *f;
};

static struct digest leaf_of(struct span body)
{
	struct mhash h = merkle_leaf(body);
	return digest_of(DIGEST_SHA256, h.b);
}

static int load_one(void *ctx, const struct ledger_entry *e)
{
	struct loading *l = ctx;
	struct release_step step = { .seq = e->seq, .at = e->at,
		.clock_injected = e->clock_injected, .kind = e->kind, .actor = e->actor,
		.data = e->data };

	if (strcmp(e->kind, "release.freeze") == 0)
		step.entry = leaf_of(e->body);
	int rc = fold_apply(l->c, &step, l->a, l->f);
	if (rc == 0 || rc == -ENOMEM)
		return rc;
	return fault_wrap(l->f, -EBADMSG, "ledger entry %llu (%s) of channel %s makes no sense",
	    (unsigned long long)e->seq, QUOTE(span_str(e->kind)), l->c->name);
}

int release_load(struct store *s, const char *channel, struct arena *a,
    struct release_channel *ret_c, struct fault *f)
{
	char subject[sizeof(SUBJECT) + RELEASE_NAME_MAX];
	struct release_channel c = { 0 };
	struct loading l = { &c, a, f };

	int rc = text_channel(span_str(channel), f);
	if (rc < 0)
		return rc;
	c.name = arena_str(a, span_str(channel));
	if (!c.name)
		return -ENOMEM;
	snprintf(subject, sizeof(subject), SUBJECT "%s", channel);
	rc = ledger_each(s, &(struct ledger_query){ .kind_prefix = "release.", .subject = subject },
	    load_one, &l, f);
	if (rc == 0)
		rc = fold_known(&c, f);
	if (rc == 0)
		*ret_c = c;
	return rc;
}

/* --- which channels --- */

struct names {
	struct arena arena;
	const char **name;
	size_t n;
};

static int note_name(void *ctx, const struct ledger_entry *e)
{
	struct names *x = ctx;

	if ((x->n & (x->n - 1)) == 0) {
		const char **p = arena_array(&x->arena, x->n ? 2 * x->n : 1, sizeof(*p));
		if (!p)
			return -ENOMEM;
		if (x->n)
			memcpy(p, x->name, x->n * sizeof(*p));
		x->name = p;
	}
	x->name[x->n] = arena_str(&x->arena, span_from(span_str(e->subject), strlen(SUBJECT)));
	return x->name[x->n++] ? 0 : -ENOMEM;
}

int release_each_channel(struct store *s, int (*cb)(void *ctx, const char *name), void *ctx,
    struct fault *f)
{
	struct names x = { .arena = ARENA_INIT(LOAD_ARENA_MAX) };
	int rc = ledger_each(s, &(struct ledger_query){ .kind_prefix = "release.init",
	    .subject_prefix = SUBJECT }, note_name, &x, f);

	for (size_t i = 0; i < x.n && rc == 0; i++)
		rc = cb(ctx, x.name[i]);
	arena_free(&x.arena);
	return rc;
}

/* --- who ships this digest --- */

struct finding {
	struct store *s;
	const struct digest *d;
	struct arena *a;
	struct release_hit *hit;
	size_t n;
	struct fault *f;
};

static int add_hit(struct finding *x, const struct release_channel *c,
    const struct release_version *v, const struct release_artifact *art)
{
	if ((x->n & (x->n - 1)) == 0) {
		struct release_hit *p = arena_array(x->a, x->n ? 2 * x->n : 1, sizeof(*p));
		if (!p)
			return -ENOMEM;
		if (x->n)
			memcpy(p, x->hit, x->n * sizeof(*p));
		x->hit = p;
	}
	struct release_hit *h = &x->hit[x->n++];
	*h = (struct release_hit){ arena_str(x->a, span_str(c->name)),
		arena_str(x->a, span_str(v->version)), arena_str(x->a, span_str(art->name)),
		art->digest[DIGEST_SHA256], v->status, v->seq, v->at };
	return h->channel && h->version && h->artifact ? 0 : -ENOMEM;
}

static int find_in_channel(void *ctx, const char *name)
{
	struct finding *x = ctx;
	AUTO_ARENA struct arena tmp = ARENA_INIT(LOAD_ARENA_MAX);
	struct release_channel c;

	int rc = release_load(x->s, name, &tmp, &c, x->f);
	if (rc)
		return rc;
	for (size_t i = 0; i < c.nreleases; i++)
		for (size_t j = 0; j < c.release[i].nartifacts && rc == 0; j++) {
			const struct release_artifact *art = &c.release[i].artifact[j];
			if (digest_eq(&art->digest[x->d->alg], x->d) ||
			    digest_eq(&art->authenticode, x->d))
				rc = add_hit(x, &c, &c.release[i], art);
		}
	return rc;
}

int release_find_digest(struct store *s, const struct digest *d, struct arena *a,
    struct release_hit **ret_hits, size_t *ret_n, struct fault *f)
{
	struct finding x = { s, d, a, NULL, 0, f };
	int rc = release_each_channel(s, find_in_channel, &x, f);

	if (rc == 0) {
		*ret_hits = x.hit;
		*ret_n = x.n;
	}
	return rc;
}
