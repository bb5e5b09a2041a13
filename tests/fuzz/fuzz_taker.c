/* SPDX-License-Identifier: Apache-2.0 */

/*
 * taker: what is done with outside bytes while an artifact is taken apart, outside of workers. The
 * first byte chooses: formats by magic; what a program or property list says of its asar; names.
 * Twice means the same, and whatever it is, a verdict comes out that does not pass.
 */

#include "anatomy/taker.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(int good)
{
	if (!good)
		abort();
}

static void try_format(struct span s)
{
	struct span tail = s.n > FORMAT_TAIL ? span_from(s, s.n - FORMAT_TAIL) : s;
	enum format f = format_of(span_cut(s, 0, FORMAT_HEAD), tail, s.n);

	check((unsigned)f < FORMATS && format_name(f)[0]);
	check(f == format_of(span_cut(s, 0, FORMAT_HEAD), tail, s.n));
}

/* Each NUL-terminated text is a component: the first bits of its length say what of. */
static void add_names(struct component_tree *t, struct span s)
{
	uint32_t root = COMPONENT_NONE, last = COMPONENT_NONE, i;

	if (component_add(t, COMPONENT_NONE, &root, SPAN_LIT("art"), SPAN_NONE, &i) < 0)
		return;
	while (s.n) {
		size_t n = span_find(s, 0);
		struct span name = span_cut(s, 0, n);
		if (component_add(t, 0, &last, name, name, &i) < 0)
			return;
		t->c[i].type = COMPONENT_FILE;
		t->c[i].format = name.n % FORMATS;
		t->c[i].leads_out = name.n % 3 == 0;
		s = n == SIZE_MAX ? SPAN_NONE : span_from(s, n + 1);
	}
}

static size_t reasons_of(const struct component_tree *t)
{
	size_t n = 0;

	for (uint32_t i = 0; i < t->n; i++) {
		n += t->c[i].verdict ? t->c[i].verdict->n : 0;
		check(!t->c[i].verdict || t->c[i].verdict->status != VERDICT_PASS);
	}
	return n;
}

static size_t try_tree(uint8_t what, struct span s)
{
	struct component_tree t;
	struct fault f = FAULT_INIT;
	struct taker k = { .t = &t, .f = &f };

	component_tree_init(&t);
	add_names(&t, what == 3 ? s : SPAN_LIT("a/Contents/Info.plist\0a/Contents/Resources/app.asar"));
	int rc = what == 1 ? taker_claims_of_pe(&k, 1, s) :
	    what == 2      ? taker_claims_of_plist(&k, 1, s) :
			     taker_judge_names(&k);
	if (rc == 0)
		rc = taker_judge_claims(&k);
	check(rc == 0 || rc == -12);
	size_t n = reasons_of(&t) * 1000 + k.nclaims;
	component_tree_free(&t);
	return n;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span s = span_of(data, size);

	if (!size)
		return 0;
	uint8_t what = data[0] % 4;
	s = span_from(s, 1);
	if (what == 0)
		try_format(s);
	else
		check(try_tree(what, s) == try_tree(what, s));
	return 0;
}
