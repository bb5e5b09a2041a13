/* SPDX-License-Identifier: Apache-2.0 */

#include "anatomy/diff/priv.h"
#include "base/map.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>

#define SCRATCH_MAX (256u << 20) /* tables over the components: 1 Mi of them take 60 MiB */
#define GROW_FROM 256u

static struct diff_finding *dummy(struct diff_run *r)
{
	static _Thread_local struct diff_finding none;

	r->d->cut = true;
	none = (struct diff_finding){ 0 };
	return &none;
}

static struct diff_finding *slot(struct diff *d)
{
	if (d->n == DIFF_FINDINGS_MAX)
		return NULL;
	if (d->n == d->cap) {
		uint32_t cap = d->cap ? d->cap * 2 : GROW_FROM;
		struct diff_finding *f = arena_grow(&d->arena, d->f, d->cap * sizeof(*f),
		    cap * sizeof(*f));
		if (!f)
			return NULL;
		d->f = f;
		d->cap = cap;
	}
	return &d->f[d->n++];
}

struct diff_finding *diff_add(struct diff_run *r, enum diff_kind k, uint32_t old, uint32_t new_,
    const char *fmt, ...)
{
	AUTO_BUF struct buf text = BUF_INIT(4096);
	va_list ap;

	va_start(ap, fmt);
	buf_vprintf(&text, fmt, ap);
	va_end(ap);
	const char *what = text.err ? NULL : arena_str(&r->d->arena, buf_span(&text));
	struct diff_finding *x = what ? slot(r->d) : NULL;
	if (!x)
		return dummy(r);
	*x = (struct diff_finding){ .kind = k, .old = old, .new_ = new_, .what = what,
		.about = COMPONENT_NONE };
	x->score = (uint16_t)diff_kind_of(k)->weight;
	x->seq = r->d->n;
	diff_same(x, buf_span(&text));
	return x;
}

void diff_same(struct diff_finding *x, struct span words)
{
	x->same = siphash13(siphash_seed(), words.p, words.n) + x->kind;
}

int diff_bytes(struct diff_run *r, int side, uint32_t i, struct span *ret)
{
	const struct diff_side *s = &r->side[side];
	int rc = s->bytes ? s->bytes(s->ctx, i, ret) : -ENOENT;

	if (rc == -ENOENT) {
		r->d->count.unread++;
		return 1;
	}
	return rc;
}

static int prepare(struct diff_run *r)
{
	for (int s = 0; s < 2; s++) {
		uint32_t n = r->side[s].tree->n;
		if (!n)
			return fault_set(r->f, -EINVAL, "an empty tree cannot be compared");
		r->mate[s] = arena_array(&r->arena, n, sizeof(uint32_t));
		if (!r->mate[s])
			return -ENOMEM;
	}
	r->version = arena_array(&r->arena, r->side[1].tree->n, 1);
	return r->version ? 0 : -ENOMEM;
}

/* The last one gives way. */
static int tell_cut(struct diff *d)
{
	if (!d->n)
		return -ENOMEM;
	d->f[d->n - 1] = (struct diff_finding){ .kind = DIFF_CUT,
		.score = (uint16_t)diff_kind_of(DIFF_CUT)->weight,
		.what = "more differences than fit", .about = COMPONENT_NONE };
	return 0;
}

static int run(struct diff_run *r)
{
	int rc = prepare(r);

	if (rc == 0)
		rc = diff_match(r);
	if (rc == 0)
		rc = diff_names_read(r);
	if (rc == 0)
		rc = diff_compare_trees(r);
	if (rc == 0)
		rc = diff_packages(r);
	if (rc == 0 && r->d->cut)
		rc = tell_cut(r->d);
	return rc == 0 ? diff_rank(r) : rc;
}

int diff_trees(struct diff *ret_d, const struct diff_side *old, const struct diff_side *new_,
    struct fault *f)
{
	struct diff_run r = { .d = ret_d, .side = { *old, *new_ }, .arena = ARENA_INIT(SCRATCH_MAX),
		.facts = { ARENA_INIT(BINARY_ARENA_MAX), ARENA_INIT(BINARY_ARENA_MAX) }, .f = f };

	*ret_d = (struct diff){ .arena = ARENA_INIT(DIFF_ARENA_MAX) };
	int rc = run(&r);
	arena_free(&r.arena);
	arena_free(&r.facts[0]);
	arena_free(&r.facts[1]);
	return rc;
}

void diff_free(struct diff *d)
{
	arena_free(&d->arena);
	*d = (struct diff){ 0 };
}

enum diff_level diff_worst(const struct diff *d)
{
	return d->n ? diff_score_level(d->f[0].score) : DIFF_INFO;
}

bool diff_is_program(const struct component *c)
{
	return component_has_bytes(c) && format_is_binary(c->format);
}

bool diff_wants(const char *path, enum format f, uint64_t size)
{
	if (!size)
		return false;
	return format_is_binary(f) ||
	    (size <= DIFF_TEXT_MAX && f == FORMAT_DATA && diff_is_text_name(path));
}
