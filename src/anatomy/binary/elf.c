/* SPDX-License-Identifier: Apache-2.0 */

#include "anatomy/binary/elf.h"

#include "base/hex.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#define PIE 0x08000000u /* DF_1_PIE */
#define NOTES_MAX 4096

static const char *machine_name(const struct elf *e)
{
	static const struct {
		uint16_t machine;
		const char *name;
	} known[] = {
		{ 2, "sparc" }, { 3, "i386" }, { 4, "m68k" }, { 8, "mips" }, { 15, "hppa" },
		{ 20, "powerpc" }, { 21, "powerpc64" }, { 22, "s390x" }, { 40, "arm" },
		{ 42, "sh" }, { 43, "sparcv9" }, { 50, "ia64" }, { 62, "x86_64" },
		{ 183, "aarch64" }, { 190, "cuda" }, { 224, "amdgpu" }, { 243, "riscv" },
		{ 247, "bpf" }, { 258, "loongarch" }, { 0x9026, "alpha" },
	};
	if (e->machine == 243)
		return e->wide ? "riscv64" : "riscv32";
	for (size_t i = 0; i < ARRAY_LEN(known); i++)
		if (known[i].machine == e->machine)
			return known[i].name;
	return NULL;
}

static uint32_t section_flags(const struct elf_section *s)
{
	return (s->flags & ELF_SHF_ALLOC ? SECTION_READ : 0) |
	       (s->flags & ELF_SHF_WRITE ? SECTION_WRITE : 0) |
	       (s->flags & ELF_SHF_EXEC ? SECTION_EXEC : 0) |
	       (s->type == ELF_SHT_NOBITS ? SECTION_BSS : 0);
}

static const char *or_empty(const char *s)
{
	return s ? s : "";
}

/* Stripped of its section table a file is told by its segments. */
static void read_segments(struct make *m, const struct elf *e, struct binary_section *out)
{
	for (uint32_t i = 0; i < e->nloads; i++) {
		const struct elf_segment *p = &e->load[i];
		out[i] = (struct binary_section){
			.name = or_empty(make_printf(m, "segment-%" PRIu32, i)),
			.off = p->off,
			.len = p->filesz,
			.addr = p->vaddr,
			.vsize = p->memsz,
			.flags = (p->flags & ELF_R ? SECTION_READ : 0) |
				 (p->flags & ELF_W ? SECTION_WRITE : 0) |
				 (p->flags & ELF_X ? SECTION_EXEC : 0) |
				 (p->filesz ? 0 : SECTION_BSS),
		};
		make_section(m, &out[i]);
	}
}

static void read_sections(struct make *m, const struct elf *e, struct binary_slice *s)
{
	uint32_t n = e->nsections > 1 ? e->nsections - 1 : e->nloads;

	if (n > BINARY_SECTIONS_MAX) {
		n = BINARY_SECTIONS_MAX;
		s->sections_cut = true;
	}
	struct binary_section *out = make_array(m, n, sizeof(*out));
	if (!out)
		return;
	s->section = out;
	s->nsections = n;
	if (e->nsections <= 1) {
		read_segments(m, e, out);
		return;
	}
	for (uint32_t i = 0; i < n; i++) {
		struct elf_section from = elf_section_at(e, i + 1);
		out[i] = (struct binary_section){
			.name = or_empty(make_text(m, from.name)),
			.off = from.off,
			.len = from.type == ELF_SHT_NOBITS ? 0 : from.size,
			.addr = from.addr,
			.vsize = from.flags & ELF_SHF_ALLOC ? from.size : 0,
			.flags = section_flags(&from),
		};
		make_section(m, &out[i]);
	}
}

/* Needed libraries, where they are searched, and what else the dynamic section names. */
static void read_dynamic(struct make *m, const struct elf *e, struct binary_slice *s,
    struct names *traits, struct names *search)
{
	AUTO_NAMES struct names needed = names_of(m, BINARY_LIST_MAX);
	static const struct {
		uint64_t tag;
		const char *prefix;
	} texts[] = {
		{ ELF_DT_NEEDED, "" }, { ELF_DT_RPATH, "rpath:" }, { ELF_DT_RUNPATH, "runpath:" },
		{ ELF_DT_SONAME, "soname:" }, { ELF_DT_AUXILIARY, "auxiliary:" },
		{ ELF_DT_FILTER, "filter:" },
	};

	for (uint32_t i = 0; i < e->dyn.n; i++) {
		struct elf_tag_value v = elf_tag_at(e, i);
		for (size_t k = 0; k < ARRAY_LEN(texts); k++) {
			if (v.tag != texts[k].tag)
				continue;
			struct span text = elf_dynamic_text(e, v.value);
			if (!text.p)
				make_odd(m, "a name in the dynamic section lies outside of its strings");
			else if (v.tag == ELF_DT_NEEDED)
				names_add(&needed, text);
			else
				names_add(v.tag == ELF_DT_RPATH || v.tag == ELF_DT_RUNPATH ? search :
											     traits,
				    span_str(texts[k].prefix), text);
		}
	}
	s->libraries = names_done(&needed);
}

/* An undefined symbol is an import, and so is the copy of a library's variable; a defined one that
 * others may bind to is an export. */
static void add_symbol(struct names *imports, struct names *exports, struct names *traits,
    const struct elf_symbol *y, const struct elf_version *v)
{
	bool import = !y->section || v->needed;
	struct span at = !v->name.n ? SPAN_NONE :
			 import || v->hidden ? SPAN_LIT("@") :
					       SPAN_LIT("@@");

	if (!y->name.n || y->bind == ELF_STB_LOCAL || y->type == ELF_STT_SECTION ||
	    y->type == ELF_STT_FILE)
		return;
	if (!import && (y->visibility == 1 || y->visibility == 2)) /* internal, hidden */
		return;
	names_add(import ? imports : exports, y->name, at, v->name);
	if (!import && y->type == ELF_STT_IFUNC)
		names_add(traits, SPAN_LIT("ifunc:"), y->name);
}

static int read_symbols(struct make *m, const struct elf *e, struct binary_slice *s,
    struct names *traits)
{
	AUTO_NAMES struct names imports = names_of(m, BINARY_NAMES_MAX);
	AUTO_NAMES struct names exports = names_of(m, BINARY_NAMES_MAX);
	AUTO_FREE struct elf_versions *v = malloc(sizeof(*v));
	struct elf_symbols t = e->type == ELF_REL ? elf_static_symbols(e) : elf_dynamic_symbols(e);

	if (!v)
		return -ENOMEM;
	elf_versions(v, e);
	if (v->bad)
		make_odd(m, "%s", v->bad);
	for (uint32_t i = 1; i < t.n; i++) {
		struct elf_symbol y = elf_symbol_at(e, &t, i);
		struct elf_version version = { 0 };
		if (t.dynamic)
			version = elf_version_of(e, v, i);
		/* the symbol that carries a version's name is not one to bind to */
		if (y.section == 0xfff1 && span_eq(y.name, version.name))
			continue;
		add_symbol(&imports, &exports, traits, &y, &version);
	}
	if (t.n == ELF_SYMBOLS_MAX)
		imports.cut = exports.cut = true;
	s->imports = names_done(&imports);
	s->exports = names_done(&exports);
	return 0;
}

static void read_notes_of(const struct elf *e, struct span bytes, uint64_t align,
    struct binary_slice *s, struct names *traits, unsigned *left)
{
	struct elf_note n;
	char hex[2 * 64 + 1];

	for (; *left && elf_note_next(e, &bytes, align, &n); --*left) {
		if (span_eq_str(n.owner, "GNU") && n.type == 3 && n.desc.n && n.desc.n <= 64 &&
		    !s->build_id) {
			hex_encode(hex, n.desc);
			s->build_id = make_text(traits->m, span_str(hex));
			continue;
		}
		if (span_eq_str(n.owner, "FDO")) /* package metadata in JSON */
			names_add(traits, SPAN_LIT("package:"), n.desc);
		char type[16];
		snprintf(type, sizeof(type), "/0x%" PRIx32, n.type);
		names_add(traits, SPAN_LIT("note:"), n.owner, span_str(type));
	}
}

static void read_notes(const struct elf *e, struct binary_slice *s, struct names *traits)
{
	unsigned left = NOTES_MAX;

	for (uint32_t i = 0; i < e->nsegments; i++) {
		struct elf_segment p = elf_segment_at(e, i);
		if (p.type == ELF_PT_NOTE)
			read_notes_of(e, span_cut(e->file, p.off, p.filesz), p.align, s, traits, &left);
	}
	for (uint32_t i = 1; i < e->nsections; i++) {
		struct elf_section x = elf_section_at(e, i);
		if (x.type == ELF_SHT_NOTE && !(x.flags & ELF_SHF_ALLOC && e->nsegments))
			read_notes_of(e, elf_section_bytes(e, &x), 4, s, traits, &left);
		if (span_eq_str(x.name, ".gnu_debuglink"))
			names_add(traits, SPAN_LIT("debuglink:"), elf_section_bytes(e, &x));
	}
}

static void read_protections(const struct elf *e, struct names *traits)
{
	bool relro = false, stack = false;

	for (uint32_t i = 0; i < e->nsegments; i++) {
		struct elf_segment p = elf_segment_at(e, i);
		relro |= p.type == ELF_PT_GNU_RELRO;
		if (p.type == ELF_PT_GNU_STACK) {
			stack = true;
			names_add(traits, p.flags & ELF_X ? SPAN_LIT("executable-stack") :
							    SPAN_LIT("nx-stack"));
		}
	}
	if (e->nsegments && !stack)
		names_add(traits, SPAN_LIT("no-stack-flags"));
	if (relro)
		names_add(traits, SPAN_LIT("relro"));
	if (e->dyn.bind_now)
		names_add(traits, SPAN_LIT("bind-now"));
	if (e->dyn.textrel)
		names_add(traits, SPAN_LIT("text-relocations"));
	if (e->dyn.flags_1 & PIE)
		names_add(traits, SPAN_LIT("pie"));
	if (elf_static_symbols(e).n && e->type != ELF_REL)
		names_add(traits, SPAN_LIT("not-stripped"));
}

/* True when there is an interpreter. */
static bool read_interpreter(const struct elf *e, struct names *search)
{
	bool found = false;

	for (uint32_t i = 0; i < e->nsegments; i++) {
		struct elf_segment p = elf_segment_at(e, i);
		if (p.type != ELF_PT_INTERP)
			continue;
		names_add(search, SPAN_LIT("interpreter:"), span_cut(e->file, p.off, p.filesz));
		found = true;
	}
	return found;
}

/* Behind headers, section data and segments. */
static void read_overlay(struct make *m, const struct elf *e)
{
	uint64_t end = e->wide ? 64 : 52, n = m->file.n;
	struct digest unused;
	const uint64_t tables[] = { e->phoff + (uint64_t)e->nsegments * e->phsize,
		e->shoff + (uint64_t)e->nsections * e->shsize };

	for (size_t i = 0; i < ARRAY_LEN(tables); i++)
		if (tables[i] > end)
			end = tables[i];
	for (uint32_t i = 0; i < e->nsegments; i++) {
		struct elf_segment p = elf_segment_at(e, i);
		if (p.off < n && p.filesz <= n - p.off && p.off + p.filesz > end)
			end = p.off + p.filesz;
	}
	for (uint32_t i = 1; i < e->nsections; i++) {
		struct elf_section s = elf_section_at(e, i);
		if (s.type != ELF_SHT_NOBITS && s.off < n && s.size <= n - s.off && s.off + s.size > end)
			end = s.off + s.size;
	}
	if (end >= n)
		return;
	m->b->overlay_off = end;
	m->b->overlay_len = n - end;
	make_digest(m, end, n - end, &unused, &m->b->overlay_entropy);
}

static int read_slice(struct make *m, const struct elf *e, struct binary_slice *s)
{
	AUTO_NAMES struct names traits = names_of(m, BINARY_LIST_MAX);
	AUTO_NAMES struct names search = names_of(m, BINARY_LIST_MAX);
	const char *arch = machine_name(e);
	bool interpreter = read_interpreter(e, &search);

	*s = (struct binary_slice){
		.arch = or_empty(arch ? arch : make_printf(m, "machine-%u", e->machine)),
		.len = m->file.n,
		.library = e->type == ELF_DYN && !interpreter && !(e->dyn.flags_1 & PIE),
		.entry = e->entry,
	};
	make_digest(m, 0, m->file.n, &s->digest, NULL);
	read_sections(m, e, s);
	read_dynamic(m, e, s, &traits, &search);
	int rc = read_symbols(m, e, s, &traits);
	if (rc == 0)
		rc = binary_elf_init(m, e, s, &traits);
	if (rc < 0)
		return rc;
	read_notes(e, s, &traits);
	read_protections(e, &traits);
	binary_elf_odd(m, e);
	s->search = names_done(&search);
	s->traits = names_done(&traits);
	return 0;
}

int binary_elf(struct make *m)
{
	struct elf e;

	int rc = elf_open(&e, m->file);
	if (rc)
		return fault_set(m->f, -EBADMSG, "ELF file: %s", elf_strerror(rc));
	m->b->format = FORMAT_ELF;
	struct binary_slice *s = make_array(m, 1, sizeof(*s));
	if (!s)
		return -ENOMEM;
	m->b->slice = s;
	m->b->nslices = 1;
	rc = read_slice(m, &e, s);
	if (rc < 0)
		return rc;
	read_overlay(m, &e);
	m->b->strings = binary_strings(m, 0, 0);
	return 0;
}
