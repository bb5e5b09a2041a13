/* SPDX-License-Identifier: Apache-2.0 */

/* elf.h: symbols, their GNU versions, and relocations. */

#include "wire/elf.h"

#define VERSION_STEPS_MAX 65536

static size_t symbol_len(const struct elf *e)
{
	return e->wide ? 24 : 16;
}

/* Symbols behind symoffset are in the chains: the last one of the last chain ends the table. */
static uint64_t gnu_hash_count(const struct elf *e)
{
	struct span h = e->dyn.gnu_hash.is ? elf_at(e, e->dyn.gnu_hash.addr) : SPAN_NONE;
	uint64_t nbuckets = elf_u32(e, h, 0), first = elf_u32(e, h, 4), bloom = elf_u32(e, h, 8);
	uint64_t buckets = 16 + bloom * elf_width(e), chains = buckets + 4 * nbuckets, last = 0;

	if (h.n < 16 || chains > h.n)
		return 0;
	for (uint64_t i = 0; i < nbuckets; i++) {
		uint32_t x = elf_u32(e, h, buckets + 4 * i);
		if (x > last)
			last = x;
	}
	if (last < first)
		return first;
	while (chains + 4 * (last - first) + 4 <= h.n &&
	       !(elf_u32(e, h, chains + 4 * (last - first)) & 1))
		last++;
	return last + 1;
}

static uint64_t hash_count(const struct elf *e)
{
	struct span h = e->dyn.hash.is ? elf_at(e, e->dyn.hash.addr) : SPAN_NONE;
	/* s390x and Alpha have 64-bit entries */
	if (e->wide && (e->machine == 22 || e->machine == 0x9026))
		return elf_word(e, h, 8);
	return elf_u32(e, h, 4);
}

/* One more than the highest symbol that a relocation names. */
static uint64_t reloc_count(const struct elf *e)
{
	struct elf_relocs it = elf_relocs_of(e);
	struct elf_reloc r;
	uint64_t n = 0;

	while (elf_relocs_next(&it, &r))
		if (r.symbol >= n)
			n = r.symbol + 1ull;
	return n;
}

static uint64_t section_count(const struct elf *e)
{
	for (uint32_t i = 0; i < e->nsections; i++) {
		struct elf_section s = elf_section_at(e, i);
		if (s.type == ELF_SHT_DYNSYM && s.addr == e->dyn.symbols.addr)
			return s.size / symbol_len(e);
	}
	return 0;
}

static uint64_t max_u64(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

struct elf_symbols elf_dynamic_symbols(const struct elf *e)
{
	struct elf_symbols t = { .dynamic = true };

	if (!e->dyn.symbols.is)
		return t;
	t.bytes = elf_at(e, e->dyn.symbols.addr);
	t.strings = elf_table_bytes(e, e->dyn.strings);
	uint64_t n = max_u64(max_u64(gnu_hash_count(e), hash_count(e)),
	    max_u64(reloc_count(e), section_count(e)));
	uint64_t fit = t.bytes.n / symbol_len(e);
	n = n < fit ? n : fit;
	t.n = n < ELF_SYMBOLS_MAX ? (uint32_t)n : ELF_SYMBOLS_MAX;
	return t;
}

struct elf_symbols elf_static_symbols(const struct elf *e)
{
	struct elf_symbols t = { 0 };

	for (uint32_t i = 0; i < e->nsections; i++) {
		struct elf_section s = elf_section_at(e, i);
		if (s.type != ELF_SHT_SYMTAB)
			continue;
		struct elf_section strings = elf_section_at(e, s.link);
		t.bytes = elf_section_bytes(e, &s);
		if (s.link < e->nsections)
			t.strings = elf_section_bytes(e, &strings);
		uint64_t n = t.bytes.n / symbol_len(e);
		t.n = n < ELF_SYMBOLS_MAX ? (uint32_t)n : ELF_SYMBOLS_MAX;
		break;
	}
	return t;
}

struct elf_symbol elf_symbol_at(const struct elf *e, const struct elf_symbols *t, uint32_t i)
{
	struct span s = span_cut(t->bytes, (size_t)i * symbol_len(e), symbol_len(e));
	uint64_t name = elf_u32(e, s, 0);
	struct elf_symbol y = { 0 };

	if (s.n < symbol_len(e))
		return y;
	uint8_t info = s.p[e->wide ? 4 : 12];
	y.bind = info >> 4;
	y.type = info & 15;
	y.visibility = s.p[e->wide ? 5 : 13] & 3;
	y.section = elf_u16(e, s, e->wide ? 6 : 14);
	y.value = elf_word(e, s, e->wide ? 8 : 4);
	y.size = elf_word(e, s, e->wide ? 16 : 8);
	struct span text = name < t->strings.n ? span_cut(t->strings, name, ELF_NAME_MAX) : SPAN_NONE;
	size_t n = span_find(text, 0);
	if (n != SIZE_MAX)
		y.name = span_of(text.p, n);
	return y;
}

/* ---- versions: Linux Standard Base, symbol versioning ---- */

static void name_version(struct elf_versions *v, const struct elf *e, uint16_t index, uint64_t name,
    bool needed)
{
	index &= 0x7fff;
	if (index >= ELF_VERSIONS_MAX) {
		v->bad = "more than 4096 symbol versions";
		return;
	}
	v->name[index] = elf_dynamic_text(e, name);
	v->needed[index] = needed;
}

static void read_needed(struct elf_versions *v, const struct elf *e)
{
	struct span s = e->dyn.verneed.is ? elf_at(e, e->dyn.verneed.addr) : SPAN_NONE;
	uint64_t at = 0, steps = 0;

	for (uint64_t i = 0; i < e->dyn.verneed.size; i++) {
		uint64_t aux = at + elf_u32(e, s, at + 8), next = elf_u32(e, s, at + 12);
		for (unsigned k = elf_u16(e, s, at + 2); k; k--) {
			if (aux + 16 > s.n || ++steps > VERSION_STEPS_MAX) {
				v->bad = "needed symbol versions run out of the file";
				return;
			}
			name_version(v, e, elf_u16(e, s, aux + 6), elf_u32(e, s, aux + 8), true);
			if (!elf_u32(e, s, aux + 12))
				break;
			aux += elf_u32(e, s, aux + 12);
		}
		if (!next)
			break;
		at += next;
		if (at + 16 > s.n || ++steps > VERSION_STEPS_MAX) {
			v->bad = "needed symbol versions run out of the file";
			return;
		}
	}
}

static void read_defined(struct elf_versions *v, const struct elf *e)
{
	struct span s = e->dyn.verdef.is ? elf_at(e, e->dyn.verdef.addr) : SPAN_NONE;
	uint64_t at = 0;

	for (uint64_t i = 0; i < e->dyn.verdef.size; i++) {
		if (at + 20 > s.n || i == VERSION_STEPS_MAX) {
			v->bad = "defined symbol versions run out of the file";
			return;
		}
		uint64_t aux = at + elf_u32(e, s, at + 12), next = elf_u32(e, s, at + 16);
		if (elf_u16(e, s, at + 6)) /* has names */
			name_version(v, e, elf_u16(e, s, at + 4), elf_u32(e, s, aux), false);
		if (!next)
			break;
		at += next;
	}
}

void elf_versions(struct elf_versions *ret_v, const struct elf *e)
{
	*ret_v = (struct elf_versions){ 0 };
	if (!e->dyn.versym.is)
		return;
	ret_v->versym = elf_at(e, e->dyn.versym.addr);
	read_defined(ret_v, e);
	read_needed(ret_v, e);
}

struct elf_version elf_version_of(const struct elf *e, const struct elf_versions *v, uint32_t i)
{
	uint16_t x = elf_u16(e, v->versym, 2ull * i), index = x & 0x7fff;

	if (index < 2 || index >= ELF_VERSIONS_MAX) /* 0 local, 1 global */
		return (struct elf_version){ .hidden = x & 0x8000 };
	return (struct elf_version){ v->name[index], x & 0x8000, v->needed[index] };
}

/* ---- relocations ---- */

/* Types by machine: the addend alone, symbol + addend, and the result of calling the addend. */
static const struct {
	uint16_t machine;
	uint16_t relative, absolute, ifunc;
} reloc_types[] = {
	{ 62, 8, 1, 37 },	   /* x86-64 */
	{ 3, 8, 1, 42 },	   /* i386 */
	{ 183, 1027, 257, 1032 }, /* AArch64 */
	{ 40, 23, 2, 160 },	   /* ARM */
	{ 243, 3, 2, 58 },	   /* RISC-V */
	{ 21, 22, 38, 248 },	   /* PowerPC 64 */
	{ 20, 22, 1, 248 },	   /* PowerPC */
	{ 22, 12, 22, 61 },	   /* S/390 */
	{ 258, 3, 2, 12 },	   /* LoongArch */
	{ 43, 22, 32, 249 },	   /* SPARC V9 */
};

static enum elf_reloc_kind kind_of(const struct elf *e, uint32_t type)
{
	for (size_t i = 0; i < ARRAY_LEN(reloc_types); i++) {
		if (reloc_types[i].machine != e->machine)
			continue;
		if (type == reloc_types[i].relative)
			return ELF_RELOC_RELATIVE;
		if (type == reloc_types[i].absolute)
			return ELF_RELOC_ABSOLUTE;
		if (type == reloc_types[i].ifunc)
			return ELF_RELOC_IFUNC;
	}
	return ELF_RELOC_OTHER;
}

struct elf_relocs elf_relocs_of(const struct elf *e)
{
	return (struct elf_relocs){ .e = e };
}

#define RELR 3 /* the table that is packed */

/* The next table's bytes; false behind the last. */
static bool enter(struct elf_relocs *it)
{
	const struct elf_dynamic *d = &it->e->dyn;
	const struct elf_table t[] = { d->rela, d->rel, d->plt, d->relr };

	if (it->entered)
		it->table++;
	it->entered = true;
	if (it->table >= ARRAY_LEN(t))
		return false;
	it->bytes = elf_table_bytes(it->e, t[it->table]);
	it->off = 0;
	it->rela = it->table == 0 || (it->table == 2 && d->plt_rela);
	return true;
}

static uint64_t in_place(const struct elf *e, uint64_t at)
{
	return elf_word(e, elf_at(e, at), 0);
}

/*
 * RELR (gABI proposal "SHT_RELR"): an even word is an address to relocate; an odd one is a bitmap
 * over the words behind the last.
 */
static bool next_relr(struct elf_relocs *it, struct elf_reloc *r)
{
	size_t w = elf_width(it->e);

	for (;;) {
		while (it->bits) {
			uint64_t at = it->where;
			bool here = it->bits & 1;
			it->bits >>= 1;
			it->where += w;
			if (!here)
				continue;
			*r = (struct elf_reloc){ at, in_place(it->e, at), 0, ELF_RELOC_RELATIVE };
			return true;
		}
		if (it->off + w > it->bytes.n)
			return false;
		uint64_t x = elf_word(it->e, it->bytes, it->off);
		it->off += w;
		if (x & 1) {
			it->bits = x >> 1;
			it->where = it->base;
			it->base += (8 * w - 1) * w;
			continue;
		}
		it->base = x + w;
		*r = (struct elf_reloc){ x, in_place(it->e, x), 0, ELF_RELOC_RELATIVE };
		return true;
	}
}

static bool next_rel(struct elf_relocs *it, struct elf_reloc *r)
{
	const struct elf *e = it->e;
	size_t w = elf_width(e), len = it->rela ? 3 * w : 2 * w;

	if (it->off + len > it->bytes.n)
		return false;
	uint64_t info = elf_word(e, it->bytes, it->off + w);
	*r = (struct elf_reloc){
		.at = elf_word(e, it->bytes, it->off),
		.symbol = (uint32_t)(e->wide ? info >> 32 : info >> 8),
		.kind = kind_of(e, (uint32_t)(e->wide ? info & 0xffffffff : info & 0xff)),
	};
	r->addend = it->rela ? elf_word(e, it->bytes, it->off + 2 * w) : 0;
	it->off += len;
	return true;
}

bool elf_relocs_next(struct elf_relocs *it, struct elf_reloc *ret_r)
{
	while (it->n < ELF_RELOCS_MAX) {
		it->n++;
		if (it->entered && (it->table == RELR ? next_relr(it, ret_r) : next_rel(it, ret_r)))
			return true;
		if (!enter(it))
			return false;
	}
	return false;
}
