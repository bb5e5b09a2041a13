/* SPDX-License-Identifier: Apache-2.0 */

#include "unpack/ranges.h"

#include <errno.h>
#include <stdlib.h>

int ranges_add(struct ranges *r, uint64_t start, uint64_t end)
{
	if (start == end)
		return 0;
	if (r->n == r->cap) {
		size_t cap = r->cap ? r->cap * 2 : 256;
		struct range *v = reallocarray(r->v, cap, sizeof(*v));
		if (!v)
			return -ENOMEM;
		r->v = v;
		r->cap = cap;
	}
	r->v[r->n++] = (struct range){ start, end };
	return 0;
}

static int by_place(const void *a, const void *b)
{
	const struct range *x = a, *y = b;

	if (x->start != y->start)
		return x->start < y->start ? -1 : 1;
	return (x->end > y->end) - (x->end < y->end);
}

static int tell(struct unpack_work *w, enum unpack_note_kind kind, uint64_t from, uint64_t to)
{
	return from == to ? 0 :
			    unpack_note(w, &(struct unpack_note){ .kind = kind, .off = from,
			                       .len = to - from, .text = "" });
}

int ranges_judge(struct ranges *r, struct unpack_work *w, uint64_t from, uint64_t to)
{
	uint64_t at = from;
	int rc = 0;

	if (r->n)
		qsort(r->v, r->n, sizeof(*r->v), by_place);
	for (size_t i = 0; rc == 0 && i < r->n; i++) {
		const struct range *x = &r->v[i];
		if (i && x->start == x[-1].start && x->end == x[-1].end)
			continue;
		if (x->start < at)
			return unpack_stop(w, UNPACK_REFUSED,
			    "two entries share the bytes at offset %llu, but not all of them",
			    (unsigned long long)x->start);
		rc = tell(w, UNPACK_NOTE_GAP, at, x->start);
		at = x->end;
	}
	return rc ? rc : tell(w, UNPACK_NOTE_BEHIND, at, to);
}
