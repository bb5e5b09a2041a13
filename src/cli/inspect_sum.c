/* SPDX-License-Identifier: Apache-2.0 */

/* What a tree comes to: how many of what, and who signed how much of it. */

#include "cli/inspect.h"

#include <stdlib.h>

bool inspect_signable(const struct component *c)
{
	return c->type == COMPONENT_FILE &&
	    (c->format == FORMAT_PE || c->format == FORMAT_MACHO || c->format == FORMAT_CFB ||
	        c->format == FORMAT_CAB);
}

const char *inspect_signer_name(const struct component_signature *s)
{
	if (s->signer.common_name)
		return s->signer.common_name;
	if (s->signer.subject)
		return s->signer.subject;
	return s->kind == SIGNED_APPLE ? "ad hoc" : "somebody without a certificate";
}

const char *inspect_worth(const struct component_signature *s)
{
	if (s->result != SIGNED_VERIFIES)
		return "does not verify";
	if (!digest_is_set(&s->signer.id))
		return "verifies, and anybody could have made it";
	switch (s->chain) {
	case CHAIN_STATE_ANCHORED:
		return "verifies, its chain leads to a given root";
	case CHAIN_STATE_NONE:
		return "verifies, its chain was held against no root";
	default:
		return "verifies, but its chain leads to no given root";
	}
}

static bool same_signer(const struct component_signature *a, const struct component_signature *b)
{
	if (!a || !b)
		return a == b;
	return a->kind == b->kind && a->result == b->result && a->chain == b->chain &&
	    digest_eq(&a->signer.id, &b->signer.id) &&
	    strcmp(inspect_signer_name(a), inspect_signer_name(b)) == 0;
}

static void count_signer(struct inspection *x, uint32_t i, const struct component_signature *by)
{
	size_t n = 0;

	while (n < x->nsigners && !same_signer(x->signer[n].as, by))
		n++;
	if (n == INSPECT_SIGNERS_MAX) {
		x->more_signers = true;
		return;
	}
	if (n == x->nsigners)
		x->signer[x->nsigners++] = (struct inspect_signer){ .as = by };
	struct inspect_signer *s = &x->signer[n];
	if (s->count && s->count <= ARRAY_LEN(s->first) && s->first[s->count - 1] == i)
		return; /* it signed this one twice */
	if (s->count < ARRAY_LEN(s->first))
		s->first[s->count] = i;
	s->count++;
}

static void count(struct inspection *x, uint32_t i)
{
	const struct component *c = &x->tree.c[i];
	struct inspect_counts *n = &x->counts;

	n->files += c->type == COMPONENT_FILE;
	n->dirs += c->type == COMPONENT_DIR;
	n->links += c->type == COMPONENT_SYMLINK || c->type == COMPONENT_HARDLINK;
	n->specials += c->type == COMPONENT_SPECIAL;
	n->containers += c->type == COMPONENT_FILE && c->state != COMPONENT_WHOLE;
	n->programs += format_is_binary(c->format);
	n->bytes += c->first == COMPONENT_NONE ? c->size : 0;
	for (uint32_t s = 0; s < c->nsignatures; s++)
		count_signer(x, i, &c->signature[s]);
	n->signed_files += c->nsignatures > 0;
	if (c->nsignatures || !inspect_signable(c))
		return;
	n->unsigned_files++;
	count_signer(x, i, NULL);
}

static int by_count(const void *pa, const void *pb)
{
	const struct inspect_signer *a = pa, *b = pb;

	if (!a->as != !b->as)
		return a->as ? -1 : 1;
	if (a->count != b->count)
		return a->count > b->count ? -1 : 1;
	return a->first[0] < b->first[0] ? -1 : 1;
}

void inspect_sum_up(struct inspection *x)
{
	for (uint32_t i = 0; i < x->tree.n; i++)
		count(x, i);
	qsort(x->signer, x->nsigners, sizeof(x->signer[0]), by_count);
}
