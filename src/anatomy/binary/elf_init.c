/* SPDX-License-Identifier: Apache-2.0 */

#include "anatomy/binary/elf.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#define INIT_MAX 4096 /* initialisers of one file */

/* One function that the loader calls. */
struct call {
	const char *kind;
	uint64_t slot;	 /* address of the array's element; 0: not from an array */
	uint64_t target; /* address of the code */
	struct span name; /* of its symbol */
	bool far;	 /* bound to another object by name */
};

struct calls {
	struct call *v;
	uint32_t n;
	bool cut;
};

static void add_array(struct make *m, const struct elf *e, struct calls *c, const char *kind,
    struct elf_table t)
{
	size_t w = elf_width(e);
	struct span s = elf_table_bytes(e, t);

	if (t.is && t.size > s.n)
		make_odd(m, "%s runs out of the file", kind);
	for (size_t i = 0; i + w <= s.n; i += w) {
		if (c->n == INIT_MAX) {
			c->cut = true;
			return;
		}
		c->v[c->n++] = (struct call){ .kind = kind,
			.slot = t.addr + i,
			.target = elf_word(e, s, i) };
	}
}

static void add_one(struct calls *c, const char *kind, struct elf_table t)
{
	if (t.is && t.addr && c->n < INIT_MAX)
		c->v[c->n++] = (struct call){ .kind = kind, .target = t.addr };
}

static int by_slot(const void *a, const void *b)
{
	const struct call *x = a, *y = b;
	return x->slot < y->slot ? -1 : x->slot > y->slot;
}

/* The first of those at slot (arrays may lie over each other), or the end. */
static uint32_t find_slot(const struct calls *c, uint64_t slot)
{
	uint32_t lo = 0, n = c->n;

	while (n) {
		uint32_t half = n / 2;
		if (c->v[lo + half].slot < slot) {
			lo += half + 1;
			n -= half + 1;
		} else {
			n = half;
		}
	}
	return lo;
}

static void relocate_one(const struct elf *e, const struct elf_symbols *t, const struct elf_reloc *r,
    bool rela, struct call *to)
{
	uint64_t addend = rela ? r->addend : to->target;

	if (r->kind != ELF_RELOC_ABSOLUTE) {
		to->target = addend;
		return;
	}
	struct elf_symbol y = elf_symbol_at(e, t, r->symbol);
	to->target = y.value + addend;
	to->name = y.name;
	to->far = !y.section;
}

/* What the loader writes into the arrays before it calls through them. */
static void relocate(const struct elf *e, struct calls *c, struct names *traits)
{
	struct elf_symbols t = elf_dynamic_symbols(e);
	struct elf_relocs it = elf_relocs_of(e);
	struct elf_reloc r;
	bool ifunc = false;

	while (elf_relocs_next(&it, &r)) {
		if (r.kind == ELF_RELOC_IFUNC && !ifunc) {
			names_add(traits, SPAN_LIT("ifunc"));
			ifunc = true;
		}
		if (r.kind == ELF_RELOC_OTHER || !r.at)
			continue;
		for (uint32_t i = find_slot(c, r.at); i < c->n && c->v[i].slot == r.at; i++)
			relocate_one(e, &t, &r, it.rela, &c->v[i]);
	}
}

static int by_target(const void *a, const void *b)
{
	const struct call *x = a, *y = b;
	return x->target < y->target ? -1 : x->target > y->target;
}

/* Names of the targets, from every symbol that is a function there. Sorted by target. */
static void name_targets(const struct elf *e, struct calls *c, const struct elf_symbols *t)
{
	for (uint32_t i = 1; i < t->n && c->n; i++) {
		struct elf_symbol y = elf_symbol_at(e, t, i);
		if (!y.section || y.type > 2 || !y.name.n || y.name.p[0] == '$')
			continue;
		uint32_t lo = 0, n = c->n;
		while (n) {
			uint32_t half = n / 2;
			if (c->v[lo + half].target < y.value) {
				lo += half + 1;
				n -= half + 1;
			} else {
				n = half;
			}
		}
		for (; lo < c->n && c->v[lo].target == y.value; lo++)
			if (!c->v[lo].name.p)
				c->v[lo].name = y.name;
	}
}

static void tell(struct make *m, const struct elf *e, struct calls *c, struct binary_slice *s)
{
	AUTO_NAMES struct names l = names_of(m, INIT_MAX);

	for (uint32_t i = 0; i < c->n; i++) {
		const struct call *x = &c->v[i];
		char head[64];
		/* the loader skips 0 and -1 */
		if (!x->far && (!x->target || x->target == (e->wide ? UINT64_MAX : UINT32_MAX)))
			continue;
		snprintf(head, sizeof(head), "%s:0x%" PRIx64, x->kind, x->target);
		if (x->name.p)
			names_add(&l, span_str(head), SPAN_LIT(" ("), x->name, SPAN_LIT(")"));
		else
			names_add(&l, span_str(head));
		if (!x->far && !(elf_flags_at(e, x->target) & ELF_X))
			make_odd(m, "%s points to 0x%" PRIx64 ", outside of the executable segments",
			    x->kind, x->target);
	}
	l.cut |= c->cut;
	s->init = names_done(&l);
}

int binary_elf_init(struct make *m, const struct elf *e, struct binary_slice *s,
    struct names *traits)
{
	AUTO_FREE struct call *v = calloc(INIT_MAX, sizeof(*v));
	struct calls c = { .v = v };

	if (!v)
		return -ENOMEM;
	add_array(m, e, &c, "preinit_array", e->dyn.preinit_array);
	add_array(m, e, &c, "init_array", e->dyn.init_array);
	add_array(m, e, &c, "fini_array", e->dyn.fini_array);
	add_one(&c, "init", e->dyn.init);
	add_one(&c, "fini", e->dyn.fini);
	qsort(v, c.n, sizeof(*v), by_slot);
	relocate(e, &c, traits);
	qsort(v, c.n, sizeof(*v), by_target);
	struct elf_symbols t = elf_static_symbols(e);
	name_targets(e, &c, &t);
	t = elf_dynamic_symbols(e);
	name_targets(e, &c, &t);
	tell(m, e, &c, s);
	return 0;
}
