/* SPDX-License-Identifier: Apache-2.0 */

#include "wire/elf.h"

#include "elf_make.h"
#include "tap.h"

static void test_good(bool wide, bool big)
{
	struct elf_make m = elf_make(wide, big);
	struct elf e;
	const char *which = wide ? big ? "64 big" : "64 little" : big ? "32 big" : "32 little";

	is_int(elf_open(&e, span_of(m.p, sizeof(m.p))), ELF_OK, "%s: opens", which);
	ok(e.wide == wide && e.big == big && e.type == ELF_DYN && e.nsegments == 6 && e.nloads == 2 &&
	       e.entry == ELF_MAKE_ENTRY && e.nbad == 0,
	    "%s: header", which);
	ok(e.dyn.is && e.dyn.n == 14 && e.dyn.bind_now && !e.dyn.textrel, "%s: dynamic section", which);
	ok(span_eq_str(elf_dynamic_text(&e, elf_tag_at(&e, 0).value), "libx.so.1"), "%s: needed",
	    which);

	struct elf_symbols t = elf_dynamic_symbols(&e);
	struct elf_symbol y = elf_symbol_at(&e, &t, 1), z = elf_symbol_at(&e, &t, 2);
	ok(t.n == 3 && span_eq_str(y.name, "evil") && !y.section && y.bind == ELF_STB_GLOBAL,
	    "%s: an import", which);
	ok(span_eq_str(z.name, "good") && z.section == 1 && z.value == ELF_MAKE_ENTRY &&
	       z.size == 16 && z.type == 2,
	    "%s: an export", which);

	struct elf_relocs it = elf_relocs_of(&e);
	struct elf_reloc a, b;
	ok(elf_relocs_next(&it, &a) && a.at == ELF_MAKE_ARRAY && a.addend == ELF_MAKE_ENTRY &&
	       a.kind == ELF_RELOC_RELATIVE,
	    "%s: RELA", which);
	ok(elf_relocs_next(&it, &b) && b.at == ELF_MAKE_ARRAY + elf_width(&e) &&
	       b.addend == ELF_MAKE_INIT && b.kind == ELF_RELOC_RELATIVE,
	    "%s: RELR", which);
	ok(!elf_relocs_next(&it, &b), "%s: no more relocations", which);

	struct span notes = span_of(m.p + 0x3d0, 20);
	struct elf_note n;
	ok(elf_note_next(&e, &notes, 4, &n) && span_eq_str(n.owner, "GNU") && n.type == 3 &&
	       n.desc.n == 4 && !notes.n && !elf_note_next(&e, &notes, 4, &n),
	    "%s: a note", which);
}

/* RELR's maps: bit i + 1 is word i behind the last place. */
static void test_relr_map(void)
{
	struct elf_make m = elf_make(true, false);
	struct elf e;
	struct elf_reloc r;
	const uint64_t want[] = { ELF_MAKE_ARRAY + 8, ELF_MAKE_ARRAY + 16, ELF_MAKE_ARRAY + 8 * 64,
		ELF_MAKE_ARRAY + 8 * 65 };
	unsigned n = 0, good = 0;

	m.at = 0x3c8;
	elf_put_word(&m, 1 | 1ull << 1 | 1ull << 63);
	elf_put_word(&m, 1 | 1ull << 1);
	m.at = ELF_MAKE_DYNAMIC + 10 * 16;
	elf_put_tag(&m, 35, 24);
	ok(elf_open(&e, span_of(m.p, sizeof(m.p))) == ELF_OK, "opens");
	struct elf_relocs it = elf_relocs_of(&e);
	while (elf_relocs_next(&it, &r)) {
		if (n && n <= 4)
			good += r.at == want[n - 1];
		n++;
	}
	ok(n == 5 && good == 4, "maps of RELR, one behind the other");
}

/* A hash table that tells fewer symbols does not hide one that is relocated against. */
static void test_short_hash(void)
{
	struct elf_make m = elf_make(true, false);
	struct elf e;

	m.at = 0x344;
	elf_put(&m, 1, 4);
	m.at = 0x388;
	elf_put_word(&m, 1ull << 32 | 1); /* R_X86_64_64 against symbol 1 */
	ok(elf_open(&e, span_of(m.p, sizeof(m.p))) == ELF_OK, "opens");
	is_int(elf_dynamic_symbols(&e).n, 2, "symbols up to the one that is relocated against");
}

static void walk(const struct elf *e)
{
	struct elf_symbols t = elf_dynamic_symbols(e), s = elf_static_symbols(e);
	struct elf_relocs it = elf_relocs_of(e);
	static struct elf_versions v;
	struct elf_reloc r;

	elf_versions(&v, e);
	for (uint32_t i = 0; i < t.n; i++) {
		(void)elf_symbol_at(e, &t, i);
		(void)elf_version_of(e, &v, i);
	}
	for (uint32_t i = 0; i < s.n; i++)
		(void)elf_symbol_at(e, &s, i);
	for (uint32_t i = 0; i < e->nsections; i++)
		(void)elf_section_at(e, i);
	while (elf_relocs_next(&it, &r))
		(void)elf_flags_at(e, r.at);
}

static void test_hostile(bool wide, bool big)
{
	struct elf_make m = elf_make(wide, big);
	struct elf e;
	static const struct elf zero;
	size_t head = 0x40 + 6 * (wide ? 56 : 32), bad = 0;

	for (size_t n = 0; n < sizeof(m.p); n++) {
		uint8_t *copy = malloc(n ? n : 1);
		if (!copy)
			abort();
		memcpy(copy, m.p, n);
		int rc = elf_open(&e, span_of(copy, n));
		if (rc ? memcmp(&e, &zero, sizeof(e)) != 0 : n < head)
			bad++;
		if (!rc)
			walk(&e);
		free(copy);
	}
	ok(bad == 0, "every prefix: refused up to the program headers, then read as far as it goes");
	for (size_t i = 0; i < sizeof(m.p) * 8; i += i < 0x500 * 8 || i > 0x1000 * 8 ? 1 : 64) {
		m.p[i / 8] ^= (uint8_t)(1u << i % 8);
		int rc = elf_open(&e, span_of(m.p, sizeof(m.p)));
		if (rc ? memcmp(&e, &zero, sizeof(e)) != 0 : 0)
			bad++;
		if (!rc)
			walk(&e);
		m.p[i / 8] ^= (uint8_t)(1u << i % 8);
	}
	ok(bad == 0, "every flipped bit: zeroed on refusal");
}

static void test_refused(void)
{
	static const struct {
		size_t at;
		uint8_t to;
		int want;
	} cases[] = {
		{ 0, 0, ELF_NOT },	{ 4, 3, ELF_CLASS },   { 5, 0, ELF_CLASS },
		{ 6, 2, ELF_CLASS },	{ 54, 55, ELF_SIZES }, { 57, 0x20, ELF_SEGMENTS },
		{ 38, 1, ELF_TRUNCATED },
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct elf_make m = elf_make(true, false);
		struct elf e;
		m.p[cases[i].at] = cases[i].to;
		is_int(elf_open(&e, span_of(m.p, sizeof(m.p))), cases[i].want, "refused: %s",
		    elf_strerror(cases[i].want));
	}
}

int main(void)
{
	for (int i = 0; i < 4; i++)
		test_good(i & 1, i & 2);
	test_relr_map();
	test_short_hash();
	test_refused();
	for (int i = 0; i < 4; i++)
		test_hostile(i & 1, i & 2);
	return tap_done();
}
