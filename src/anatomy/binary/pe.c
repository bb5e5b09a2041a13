/* SPDX-License-Identifier: Apache-2.0 */

#include "anatomy/binary/pe.h"

#include "base/buf.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

#define DLL 0x2000u /* IMAGE_FILE_DLL */

static const char *machine_name(uint16_t machine)
{
	static const struct {
		uint16_t machine;
		const char *name;
	} known[] = {
		{ 0x14c, "i386" }, { 0x8664, "x86_64" }, { 0xaa64, "arm64" }, { 0x1c0, "arm" },
		{ 0x1c4, "armnt" }, { 0x200, "ia64" }, { 0xebc, "ebc" }, { 0x5032, "riscv32" },
		{ 0x5064, "riscv64" }, { 0x6232, "loongarch32" }, { 0x6264, "loongarch64" },
		{ 0xa641, "arm64ec" }, { 0xa64e, "arm64x" },
	};
	for (size_t i = 0; i < ARRAY_LEN(known); i++)
		if (known[i].machine == machine)
			return known[i].name;
	return NULL;
}

static uint32_t section_flags(const struct pe_section *s)
{
	return (s->flags & 0x40000000 ? SECTION_READ : 0) |
	       (s->flags & 0x80000000 ? SECTION_WRITE : 0) |
	       (s->flags & 0x20000000 ? SECTION_EXEC : 0) |
	       (s->raw_len && s->raw_off ? 0 : SECTION_BSS);
}

static void read_sections(struct make *m, const struct pe_image *im, struct binary_slice *s)
{
	struct binary_section *out = make_array(m, im->pe.nsections, sizeof(*out));

	if (!out)
		return;
	s->section = out;
	s->nsections = im->pe.nsections;
	for (uint32_t i = 0; i < s->nsections; i++) {
		const struct pe_section *from = &im->pe.section[i];
		out[i] = (struct binary_section){
			.name = make_text(m, span_str(from->name)),
			.off = from->raw_off,
			.len = from->raw_len,
			.addr = im->base + from->vaddr,
			.vsize = from->vsize,
			.flags = section_flags(from),
		};
		if (!out[i].name)
			out[i].name = "";
		make_section(m, &out[i]);
	}
}

/* "KERNEL32.dll!Sleep", also where it is imported by an ordinal whose name is known; else
 * "MFC42.dll!#1168". */
static void add_import(struct names *l, const struct pe_import *i)
{
	const char *known = i->name.p ? NULL : pe_ordinal_name(i->dll, i->ordinal);
	char ordinal[8];

	snprintf(ordinal, sizeof(ordinal), "#%u", i->ordinal);
	names_add(l, i->dll, SPAN_LIT("!"),
	    i->name.p ? i->name : span_str(known ? known : ordinal));
}

static void put_lower(struct buf *b, struct span s)
{
	for (size_t i = 0; i < s.n; i++)
		buf_putc(b, (char)(s.p[i] >= 'A' && s.p[i] <= 'Z' ? s.p[i] | 0x20 : s.p[i]));
}

/*
 * As pefile's get_imphash: "library.function" in lower case, joined by commas, in the directory's
 * order; the library without .dll, .ocx, .sys; ordinals by name where the table knows one, else
 * "ordN".
 */
static void add_to_imphash(struct buf *b, const struct pe_import *i)
{
	struct span dll = i->dll;
	const char *known = i->name.p ? NULL : pe_ordinal_name(i->dll, i->ordinal);

	if (dll.n > 4 && (span_eq_nocase(span_from(dll, dll.n - 4), SPAN_LIT(".dll")) ||
			     span_eq_nocase(span_from(dll, dll.n - 4), SPAN_LIT(".ocx")) ||
			     span_eq_nocase(span_from(dll, dll.n - 4), SPAN_LIT(".sys"))))
		dll.n -= 4;
	if (b->n)
		buf_putc(b, ',');
	put_lower(b, dll);
	buf_putc(b, '.');
	if (i->name.p)
		put_lower(b, i->name);
	else if (known)
		put_lower(b, span_str(known));
	else
		buf_printf(b, "ord%u", i->ordinal);
}

#define IMPHASH_MAX (16u << 20)

int binary_imphash(struct digest *ret_d, struct span file)
{
	AUTO_BUF struct buf text = BUF_INIT(IMPHASH_MAX);
	struct pe_image im;
	struct pe_import i;

	*ret_d = (struct digest){ 0 };
	if (pe_image_open(&im, file) != PE_OK)
		return 0;
	struct pe_imports it = pe_imports_of(&im, false);
	while (pe_imports_next(&it, &i) && !buf_err(&text))
		if (!i.none)
			add_to_imphash(&text, &i);
	if (buf_err(&text) == -ENOMEM)
		return -ENOMEM;
	return it.bad || !text.n || buf_err(&text) ? 0 : hash_span(DIGEST_MD5, buf_span(&text), ret_d);
}

/* 0 or -errno. An import table that is damaged has no imphash: it would be one of a part. */
static int read_imports(struct make *m, const struct pe_image *im, struct binary_slice *s)
{
	AUTO_NAMES struct names dlls = names_of(m, BINARY_LIST_MAX);
	AUTO_NAMES struct names functions = names_of(m, BINARY_NAMES_MAX);
	AUTO_BUF struct buf text = BUF_INIT(IMPHASH_MAX);
	int rc = 0;

	for (int delay = 0; delay < 2; delay++) {
		struct pe_imports it = pe_imports_of(im, delay);
		struct pe_import i;
		while (pe_imports_next(&it, &i)) {
			if (i.first)
				names_add(&dlls, delay ? SPAN_LIT("delay:") : SPAN_NONE, i.dll);
			if (i.none)
				continue;
			add_import(&functions, &i);
			if (!delay && !buf_err(&text))
				add_to_imphash(&text, &i);
		}
		if (it.bad)
			make_odd(m, "%s%s", delay ? "delay-loaded: " : "", it.bad);
		if (!delay && !it.bad && text.n && !buf_err(&text))
			rc = hash_span(DIGEST_MD5, buf_span(&text), &s->imphash);
		if (rc < 0)
			return rc;
	}
	for (uint32_t i = 0; pe_bound(im, i).p; i++)
		names_add(&dlls, SPAN_LIT("bound:"), pe_bound(im, i));
	s->libraries = names_done(&dlls);
	s->imports = names_done(&functions);
	return 0;
}

/* Those with names, "#12" for those without. What they forward to goes to the traits. */
static void read_exports(struct make *m, const struct pe_image *im, struct binary_slice *s,
    struct names *traits)
{
	AUTO_NAMES struct names l = names_of(m, BINARY_NAMES_MAX);
	struct pe_exports e;
	struct pe_export x;

	pe_exports_of(&e, im);
	while (pe_exports_next(&e, &x)) {
		char ordinal[16];
		snprintf(ordinal, sizeof(ordinal), "#%" PRIu32, x.ordinal);
		struct span name = x.name.p ? x.name : span_str(ordinal);
		names_add(&l, name);
		if (x.forward.p)
			names_add(traits, SPAN_LIT("forward:"), name, SPAN_LIT("="), x.forward);
	}
	if (e.bad)
		make_odd(m, "%s", e.bad);
	if (e.dll.p)
		names_add(traits, SPAN_LIT("name:"), e.dll);
	s->exports = names_done(&l);
}

static void read_init(struct make *m, const struct pe_image *im, struct binary_slice *s)
{
	AUTO_NAMES struct names l = names_of(m, PE_CALLBACKS_MAX);
	struct pe_tls tls;

	pe_tls(&tls, im);
	for (uint32_t i = 0; i < tls.n; i++) {
		names_addf(&l, "tls:0x%" PRIx64, im->base + tls.rva[i]);
		if (!binary_pe_runs(im, tls.rva[i]))
			make_odd(m,
			    "TLS callback at 0x%" PRIx64 " lies outside of the executable sections",
			    im->base + tls.rva[i]);
	}
	if (tls.bad)
		make_odd(m, "%s", tls.bad);
	s->init = names_done(&l);
}

/* What lies behind sections and symbols, in front of the certificate table; the zero bytes that
 * only align the table are not it. */
static void read_overlay(struct make *m, const struct pe_image *im)
{
	const struct pe *pe = &im->pe;
	uint64_t from = pe->content_end, to = pe->table.len ? pe->table.off : pe->file_size;
	struct digest unused;

	if (im->symbols.len && im->symbols.off <= from && im->symbols.off + im->symbols.len > from)
		from = im->symbols.off + im->symbols.len;
	if (from >= to)
		return;
	struct span s = span_cut(m->file, from, to - from);
	if (pe->table.len && s.n < 8 && span_eq(s, span_of("\0\0\0\0\0\0\0", s.n)))
		return;
	m->b->overlay_off = from;
	m->b->overlay_len = to - from;
	make_digest(m, from, to - from, &unused, &m->b->overlay_entropy);
}

static int read_slice(struct make *m, const struct pe_image *im, struct binary_slice *s)
{
	AUTO_NAMES struct names traits = names_of(m, BINARY_LIST_MAX);
	const char *arch = machine_name(im->pe.machine);

	*s = (struct binary_slice){
		.arch = arch ? arch : make_printf(m, "machine-0x%x", im->pe.machine),
		.len = m->file.n,
		.library = im->pe.characteristics & DLL,
		.entry = im->entry ? im->base + im->entry : 0,
		.nunwind = pe_exceptions(im),
	};
	make_digest(m, 0, m->file.n, &s->digest, NULL);
	read_sections(m, im, s);
	int rc = read_imports(m, im, s);
	if (rc < 0)
		return rc;
	read_exports(m, im, s, &traits);
	read_init(m, im, s);
	binary_pe_traits(m, im, s, &traits);
	binary_pe_odd(m, im);
	s->traits = names_done(&traits);
	return 0;
}

int binary_pe(struct make *m)
{
	struct pe_image im;

	int rc = pe_image_open(&im, m->file);
	if (rc)
		return fault_set(m->f, -EBADMSG, "PE file: %s", pe_strerror(rc));
	m->b->format = FORMAT_PE;
	m->b->table_len = im.pe.table.len;
	struct binary_slice *s = make_array(m, 1, sizeof(*s));
	if (!s)
		return -ENOMEM;
	m->b->slice = s;
	m->b->nslices = 1;
	rc = read_slice(m, &im, s);
	if (rc < 0)
		return rc;
	read_overlay(m, &im);
	m->b->strings = binary_strings(m, im.pe.table.off, im.pe.table.len);
	return 0;
}
