/* SPDX-License-Identifier: Apache-2.0 */

#include "wire/elf.h"

#include <endian.h>
#include <stddef.h>

#define EXTENDED 0xffff /* counts that do not fit stand in section 0 */

const char *elf_strerror(int result)
{
	static const char *const text[] = {
		[ELF_OK] = "ok",
		[ELF_NOT] = "not an ELF file",
		[ELF_TRUNCATED] = "ELF headers run past the end of the file",
		[ELF_CLASS] = "unknown ELF class, byte order or version",
		[ELF_SIZES] = "ELF header tells entry sizes that are too short",
		[ELF_SEGMENTS] = "more than 4096 program headers",
	};
	return result >= 0 && (size_t)result < ARRAY_LEN(text) ? text[result] : "unknown error";
}

uint16_t elf_u16(const struct elf *e, struct span s, size_t off)
{
	uint16_t x = 0;

	if (off <= s.n && s.n - off >= sizeof(x))
		memcpy(&x, s.p + off, sizeof(x));
	return e->big ? be16toh(x) : le16toh(x);
}

uint32_t elf_u32(const struct elf *e, struct span s, size_t off)
{
	uint32_t x = 0;

	if (off <= s.n && s.n - off >= sizeof(x))
		memcpy(&x, s.p + off, sizeof(x));
	return e->big ? be32toh(x) : le32toh(x);
}

static uint64_t u64(const struct elf *e, struct span s, size_t off)
{
	uint64_t x = 0;

	if (off <= s.n && s.n - off >= sizeof(x))
		memcpy(&x, s.p + off, sizeof(x));
	return e->big ? be64toh(x) : le64toh(x);
}

uint64_t elf_word(const struct elf *e, struct span s, size_t off)
{
	return e->wide ? u64(e, s, off) : elf_u32(e, s, off);
}

static void bad(struct elf *e, const char *words)
{
	if (e->nbad < ELF_BAD_MAX)
		e->bad[e->nbad++] = words;
}

/* Bytes of the file that must all be there. */
static struct span range(const struct elf *e, uint64_t off, uint64_t n)
{
	return off > e->file.n || n > e->file.n - off ? SPAN_NONE : span_of(e->file.p + off, n);
}

struct elf_segment elf_segment_at(const struct elf *e, uint32_t i)
{
	size_t w = elf_width(e);
	struct span s = range(e, e->phoff + (uint64_t)i * e->phsize, e->wide ? 56 : 32);
	size_t at = e->wide ? 8 : 4;
	struct elf_segment p = { .type = elf_u32(e, s, 0) };

	p.flags = elf_u32(e, s, e->wide ? 4 : 24);
	p.off = elf_word(e, s, at);
	p.vaddr = elf_word(e, s, at + w);
	p.filesz = elf_word(e, s, at + 3 * w);
	p.memsz = elf_word(e, s, at + 4 * w);
	p.align = elf_word(e, s, e->wide ? 48 : 28);
	return p;
}

/* Without its name. */
static struct elf_section section_at(const struct elf *e, uint32_t i)
{
	size_t w = elf_width(e);
	struct span s = range(e, e->shoff + (uint64_t)i * e->shsize, e->wide ? 64 : 40);

	return (struct elf_section){
		.type = elf_u32(e, s, 4),
		.flags = elf_word(e, s, 8),
		.addr = elf_word(e, s, 8 + w),
		.off = elf_word(e, s, 8 + 2 * w),
		.size = elf_word(e, s, 8 + 3 * w),
		.link = elf_u32(e, s, 8 + 4 * w),
		.entsize = elf_word(e, s, 16 + 5 * w),
	};
}

static struct span text_at(struct span strings, uint64_t off)
{
	struct span s = off < strings.n ? span_cut(strings, off, ELF_NAME_MAX) : SPAN_NONE;
	size_t n = span_find(s, 0);
	return n == SIZE_MAX ? SPAN_NONE : span_of(s.p, n);
}

struct elf_section elf_section_at(const struct elf *e, uint32_t i)
{
	struct elf_section s = section_at(e, i);
	struct span head = range(e, e->shoff + (uint64_t)i * e->shsize, 4);

	if (e->names && e->names < e->nsections) {
		struct elf_section names = section_at(e, e->names);
		s.name = text_at(elf_section_bytes(e, &names), elf_u32(e, head, 0));
	}
	return s;
}

struct span elf_section_bytes(const struct elf *e, const struct elf_section *s)
{
	return s->type == ELF_SHT_NOBITS || !s->type ? SPAN_NONE : range(e, s->off, s->size);
}

static const struct elf_segment *load_at(const struct elf *e, uint64_t addr)
{
	for (uint32_t i = 0; i < e->nloads; i++)
		if (addr >= e->load[i].vaddr && addr - e->load[i].vaddr < e->load[i].memsz)
			return &e->load[i];
	return NULL;
}

struct span elf_at(const struct elf *e, uint64_t addr)
{
	const struct elf_segment *l = load_at(e, addr);
	if (!l || l->off > e->file.n)
		return SPAN_NONE;
	return span_from(span_cut(e->file, l->off, l->filesz), addr - l->vaddr);
}

struct span elf_table_bytes(const struct elf *e, struct elf_table t)
{
	return t.is ? span_cut(elf_at(e, t.addr), 0, t.size) : SPAN_NONE;
}

uint32_t elf_flags_at(const struct elf *e, uint64_t addr)
{
	const struct elf_segment *l = load_at(e, addr);
	return l ? l->flags : 0;
}

/* The ELF header; what counts cannot hold stands in section 0. */
static int read_header(struct elf *e)
{
	struct span f = e->file;

	if (!span_starts(f, SPAN_LIT("\x7f" "ELF")))
		return ELF_NOT;
	if (f.n < 16)
		return ELF_TRUNCATED;
	if (f.p[4] < 1 || f.p[4] > 2 || f.p[5] < 1 || f.p[5] > 2 || f.p[6] != 1)
		return ELF_CLASS;
	e->wide = f.p[4] == 2;
	e->big = f.p[5] == 2;
	e->osabi = f.p[7];
	size_t w = elf_width(e), at = 24 + 3 * w;
	if (f.n < at + 16)
		return ELF_TRUNCATED;
	e->type = elf_u16(e, f, 16);
	e->machine = elf_u16(e, f, 18);
	e->entry = elf_word(e, f, 24);
	e->phoff = elf_word(e, f, 24 + w);
	e->shoff = elf_word(e, f, 24 + 2 * w);
	e->flags = elf_u32(e, f, at);
	e->phsize = elf_u16(e, f, at + 6);
	e->nsegments = elf_u16(e, f, at + 8);
	e->shsize = elf_u16(e, f, at + 10);
	e->nsections = elf_u16(e, f, at + 12);
	e->names = elf_u16(e, f, at + 14);
	return ELF_OK;
}

static int read_counts(struct elf *e)
{
	uint64_t n = e->nsections;

	if (e->nsegments && e->phsize < (e->wide ? 56 : 32))
		return ELF_SIZES;
	if (e->shoff && e->shsize >= (e->wide ? 64 : 40)) {
		struct elf_section first = section_at(e, 0);
		struct span head = range(e, e->shoff, e->shsize);
		n = n ? n : first.size;
		if (e->names == EXTENDED)
			e->names = first.link;
		if (e->nsegments == EXTENDED)
			e->nsegments = elf_u32(e, head, e->wide ? 44 : 28);
	} else if (n) {
		bad(e, "section headers are shorter than their fields");
		n = 0;
	}
	if (e->nsegments > ELF_SEGMENTS_MAX)
		return ELF_SEGMENTS;
	if (e->nsegments && !range(e, e->phoff, (uint64_t)e->nsegments * e->phsize).p)
		return ELF_TRUNCATED;
	if (n > ELF_SECTIONS_MAX || (n && !range(e, e->shoff, n * e->shsize).p)) {
		bad(e, "section headers run past the end of the file");
		n = 0;
	}
	e->nsections = (uint32_t)n;
	if (n && e->names >= n)
		bad(e, "the section of section names does not exist");
	return ELF_OK;
}

static void read_loads(struct elf *e)
{
	for (uint32_t i = 0; i < e->nsegments; i++) {
		struct elf_segment p = elf_segment_at(e, i);
		if (p.type != ELF_PT_LOAD)
			continue;
		if (e->nloads == ELF_LOADS_MAX) {
			bad(e, "more than 128 loaded segments");
			return;
		}
		e->load[e->nloads++] = p;
	}
}

static struct elf_section find_section(const struct elf *e, uint32_t type)
{
	for (uint32_t i = 0; i < e->nsections; i++) {
		struct elf_section s = section_at(e, i);
		if (s.type == type)
			return s;
	}
	return (struct elf_section){ 0 };
}

static struct span dynamic_bytes(struct elf *e)
{
	struct elf_section s = find_section(e, ELF_SHT_DYNAMIC);
	uint32_t n = 0;
	struct elf_segment p = { 0 };

	for (uint32_t i = 0; i < e->nsegments; i++) {
		struct elf_segment q = elf_segment_at(e, i);
		if (q.type == ELF_PT_DYNAMIC && n++ == 0)
			p = q;
	}
	if (n > 1)
		bad(e, "more than one dynamic segment");
	if (!n)
		return elf_section_bytes(e, &s);
	if (s.type && s.size && (s.addr != p.vaddr || (s.off != p.off && s.off)))
		bad(e, "the dynamic section is not where the dynamic segment is");
	/* glibc reads it at its address in memory; the kernel does not read it. */
	struct span b = e->nloads ? elf_at(e, p.vaddr) : range(e, p.off, p.filesz);
	if (!b.p && p.filesz)
		bad(e, "the dynamic segment lies outside of the loaded ones");
	else if (b.p && p.off < e->file.n && b.p != e->file.p + p.off)
		bad(e, "the dynamic segment's offset and address are different bytes");
	return b;
}

struct elf_tag_value elf_tag_at(const struct elf *e, uint32_t i)
{
	size_t w = elf_width(e);
	return (struct elf_tag_value){ elf_word(e, e->dyn.bytes, 2 * w * i),
		elf_word(e, e->dyn.bytes, 2 * w * i + w) };
}

/* Tags that give a table's address, and those that give its size (of versions: how many). */
#define TABLE(name) offsetof(struct elf_dynamic, name)
static const struct {
	uint32_t tag;
	uint16_t table;
	bool size;
} table_tags[] = {
	{ 2, TABLE(plt), true },	       /* DT_PLTRELSZ */
	{ 4, TABLE(hash), false },	       /* DT_HASH */
	{ 5, TABLE(strings), false },	       /* DT_STRTAB */
	{ 6, TABLE(symbols), false },	       /* DT_SYMTAB */
	{ 7, TABLE(rela), false },	       /* DT_RELA */
	{ 8, TABLE(rela), true },	       /* DT_RELASZ */
	{ 10, TABLE(strings), true },	       /* DT_STRSZ */
	{ 12, TABLE(init), false },	       /* DT_INIT */
	{ 13, TABLE(fini), false },	       /* DT_FINI */
	{ 17, TABLE(rel), false },	       /* DT_REL */
	{ 18, TABLE(rel), true },	       /* DT_RELSZ */
	{ 23, TABLE(plt), false },	       /* DT_JMPREL */
	{ 25, TABLE(init_array), false },      /* DT_INIT_ARRAY */
	{ 26, TABLE(fini_array), false },      /* DT_FINI_ARRAY */
	{ 27, TABLE(init_array), true },       /* DT_INIT_ARRAYSZ */
	{ 28, TABLE(fini_array), true },       /* DT_FINI_ARRAYSZ */
	{ 32, TABLE(preinit_array), false },   /* DT_PREINIT_ARRAY */
	{ 33, TABLE(preinit_array), true },    /* DT_PREINIT_ARRAYSZ */
	{ 35, TABLE(relr), true },	       /* DT_RELRSZ */
	{ 36, TABLE(relr), false },	       /* DT_RELR */
	{ 0x6ffffef5, TABLE(gnu_hash), false }, /* DT_GNU_HASH */
	{ 0x6ffffff0, TABLE(versym), false },  /* DT_VERSYM */
	{ 0x6ffffffc, TABLE(verdef), false },  /* DT_VERDEF */
	{ 0x6ffffffd, TABLE(verdef), true },   /* DT_VERDEFNUM */
	{ 0x6ffffffe, TABLE(verneed), false }, /* DT_VERNEED */
	{ 0x6fffffff, TABLE(verneed), true },  /* DT_VERNEEDNUM */
};

enum { PLTREL = 20, TEXTREL = 22, BIND_NOW = 24, FLAGS = 30, FLAGS_1 = 0x6ffffffb };

static void read_table(struct elf_dynamic *d, struct elf_tag_value v)
{
	for (size_t i = 0; i < ARRAY_LEN(table_tags); i++) {
		struct elf_table *t = (void *)((char *)d + table_tags[i].table);
		if (table_tags[i].tag != v.tag)
			continue;
		if (table_tags[i].size) {
			t->size = v.value;
		} else {
			d->twice |= t->is;
			t->is = true;
			t->addr = v.value;
		}
	}
}

static void read_tag(struct elf_dynamic *d, struct elf_tag_value v)
{
	read_table(d, v);
	d->textrel |= v.tag == TEXTREL;
	d->bind_now |= v.tag == BIND_NOW;
	if (v.tag == PLTREL)
		d->plt_rela = v.value == 7; /* DT_RELA */
	if (v.tag == FLAGS)
		d->flags = v.value;
	if (v.tag == FLAGS_1)
		d->flags_1 = v.value;
}

static void read_dynamic(struct elf *e)
{
	struct elf_dynamic *d = &e->dyn;
	uint32_t max;

	d->bytes = dynamic_bytes(e);
	max = d->bytes.n / (2 * elf_width(e)) < ELF_DYNAMIC_MAX ?
		  (uint32_t)(d->bytes.n / (2 * elf_width(e))) : ELF_DYNAMIC_MAX;
	d->is = max > 0;
	for (d->n = 0; d->n < max; d->n++) {
		struct elf_tag_value v = elf_tag_at(e, d->n);
		if (!v.tag)
			break;
		read_tag(d, v);
	}
	d->bind_now |= d->flags & 8 || d->flags_1 & 1; /* DF_BIND_NOW, DF_1_NOW */
	d->textrel |= (d->flags & 4) != 0;		/* DF_TEXTREL */
	if (d->is && d->n == max)
		bad(e, "the dynamic section has no end");
	if (d->twice)
		bad(e, "the dynamic section gives one thing twice");
	if (e->type != ELF_REL && d->strings.is && !elf_table_bytes(e, d->strings).p)
		bad(e, "the dynamic strings lie outside of the file");
}

/* A static program has no dynamic section: its own start code calls what is in these. */
static void read_static_arrays(struct elf *e)
{
	const struct {
		uint32_t type;
		struct elf_table *to;
	} arrays[] = {
		{ ELF_SHT_INIT_ARRAY, &e->dyn.init_array },
		{ ELF_SHT_FINI_ARRAY, &e->dyn.fini_array },
		{ ELF_SHT_PREINIT_ARRAY, &e->dyn.preinit_array },
	};
	for (size_t i = 0; i < ARRAY_LEN(arrays); i++) {
		struct elf_section s = find_section(e, arrays[i].type);
		if (s.type)
			*arrays[i].to = (struct elf_table){ s.addr, s.size, true };
	}
}

int elf_open(struct elf *ret_e, struct span file)
{
	*ret_e = (struct elf){ .file = file };
	int rc = read_header(ret_e);
	if (!rc)
		rc = read_counts(ret_e);
	if (rc) {
		*ret_e = (struct elf){ 0 };
		return rc;
	}
	read_loads(ret_e);
	read_dynamic(ret_e);
	if (!ret_e->dyn.is && ret_e->nloads)
		read_static_arrays(ret_e);
	return ELF_OK;
}

struct span elf_dynamic_text(const struct elf *e, uint64_t off)
{
	return text_at(elf_table_bytes(e, e->dyn.strings), off);
}

/* Notes: namesz, descsz, type, name and desc, each padded to 4 (to 8 in segments aligned so). */
bool elf_note_next(const struct elf *e, struct span *rest, uint64_t align, struct elf_note *ret_n)
{
	struct span s = *rest;
	size_t to = align == 8 ? 8 : 4;

	if (s.n < 12)
		return false;
	size_t namesz = elf_u32(e, s, 0), descsz = elf_u32(e, s, 4);
	size_t desc = (12 + namesz + to - 1) & ~(to - 1);
	if (namesz > s.n || desc > s.n || descsz > s.n - desc)
		return false;
	struct span owner = span_cut(s, 12, namesz);
	size_t nul = span_find(owner, 0);
	*ret_n = (struct elf_note){
		.owner = nul == SIZE_MAX ? owner : span_of(owner.p, nul),
		.type = elf_u32(e, s, 8),
		.desc = span_cut(s, desc, descsz),
	};
	*rest = span_from(s, (desc + descsz + to - 1) & ~(to - 1));
	return true;
}
