/* SPDX-License-Identifier: Apache-2.0 */

#include "anatomy/binary/pe.h"

#include <inttypes.h>

#define EXEC 0x20000000u
#define WRITE 0x80000000u
#define SECTOR 512

bool binary_pe_runs(const struct pe_image *im, uint32_t rva)
{
	int i = pe_section_at(im, rva);
	return i >= 0 && im->pe.section[i].flags & EXEC;
}

static const char *layout_words(enum pe_anomaly_kind k)
{
	switch (k) {
	case PE_A_SECTION_OVERLAP:
		return "section data overlaps the headers or another section";
	case PE_A_SECTION_BEYOND:
		return "section data runs past the end of the file";
	case PE_A_SECTION_IN_TABLE:
		return "section data lies inside the certificate table";
	case PE_A_TABLE_HALF:
		return "the certificate table has an address or a size, but not both";
	case PE_A_TABLE_BEYOND:
		return "the certificate table runs past the end of the file";
	case PE_A_TABLE_IN_HEADERS:
		return "the certificate table lies inside the headers";
	case PE_A_TABLE_ALIGN:
		return "the certificate table does not start at a multiple of 8";
	case PE_A_TABLE_TOO_BIG:
		return "the certificate table is larger than 16 MiB";
	case PE_A_AFTER_TABLE:
		return "bytes behind the certificate table";
	default:
		return NULL; /* gaps and overlays: honest files have them */
	}
}

static void layout(struct make *m, const struct pe_anomalies *o)
{
	for (uint32_t i = 0; i < o->n; i++)
		if (layout_words(o->a[i].kind))
			make_odd(m, "%s: %" PRIu64 " bytes at offset %" PRIu64,
			    layout_words(o->a[i].kind), o->a[i].len, o->a[i].off);
	if (o->more)
		make_odd(m, "%" PRIu32 " more oddities of layout than are listed", o->more);
}

/* UEFI copies sections one by one: they may leave gaps, and need not fill pages. */
static bool is_efi(const struct pe_image *im)
{
	return im->subsystem >= 10 && im->subsystem <= 13;
}

static uint64_t align_up(uint64_t x, uint64_t to)
{
	return to ? (x + to - 1) / to * to : x;
}

/* Sections as the loader maps them: in rising order, on SectionAlignment, without overlap. */
static void memory(struct make *m, const struct pe_image *im)
{
	uint32_t align = is_efi(im) ? 1 : im->section_align;
	uint64_t end = align_up(im->pe.headers_len, align);

	for (uint32_t i = 0; i < im->pe.nsections; i++) {
		const struct pe_section *s = &im->pe.section[i];
		const char *name = QUOTE(span_str(s->name));
		if (!s->name[0])
			make_odd(m, "section %" PRIu32 " has no name", i + 1);
		if ((s->flags & (EXEC | WRITE)) == (EXEC | WRITE))
			make_odd(m, "section %s is writable and executable", name);
		if (s->raw_len && s->raw_off % SECTOR && !im->flat)
			make_odd(m,
			    "section %s is at offset %" PRIu32
			    ", which is no multiple of 512: the loader rounds it down",
			    name, s->raw_off);
		if (s->vaddr < end)
			make_odd(m, "section %s overlaps in memory what is in front of it", name);
		else if (s->vaddr > end && !is_efi(im))
			make_odd(m, "a gap in memory in front of section %s", name);
		end = align_up((uint64_t)s->vaddr + (s->vsize ? s->vsize : s->raw_len),
		    align);
	}
	end = align_up(end, im->section_align);
	if (im->image_len != end)
		make_odd(m, "SizeOfImage is 0x%" PRIx32 ", the sections end at 0x%" PRIx64,
		    im->image_len, end);
}

static void entry(struct make *m, const struct pe_image *im)
{
	if (im->entry && pe_section_at(im, im->entry) < 0)
		make_odd(m, "the entry point 0x%" PRIx64 " lies outside of the sections",
		    im->base + im->entry);
	else if (im->entry && !binary_pe_runs(im, im->entry))
		make_odd(m, "the entry point 0x%" PRIx64 " lies in a section that is not executable",
		    im->base + im->entry);
}

void binary_pe_odd(struct make *m, const struct pe_image *im)
{
	layout(m, &im->pe.odd);
	memory(m, im);
	entry(m, im);
	if (im->pe.nt_off % 4)
		make_odd(m, "the PE header is at offset %" PRIu32 ", which is no multiple of 4",
		    im->pe.nt_off);
}
