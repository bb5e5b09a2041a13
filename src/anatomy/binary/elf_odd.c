/* SPDX-License-Identifier: Apache-2.0 */

#include "anatomy/binary/elf.h"

#include <inttypes.h>

#define PAGE 4096

static void segments(struct make *m, const struct elf *e)
{
	uint64_t end = 0;
	uint32_t interpreters = 0;

	for (uint32_t i = 0; i < e->nsegments; i++) {
		struct elf_segment p = elf_segment_at(e, i);
		interpreters += p.type == ELF_PT_INTERP;
		if (p.filesz && (p.off > m->file.n || p.filesz > m->file.n - p.off))
			make_odd(m, "segment %" PRIu32 " runs past the end of the file", i);
		if (p.type != ELF_PT_LOAD)
			continue;
		if ((p.flags & (ELF_W | ELF_X)) == (ELF_W | ELF_X))
			make_odd(m, "segment %" PRIu32 " is writable and executable", i);
		if (p.filesz > p.memsz)
			make_odd(m, "segment %" PRIu32 " is larger in the file than in memory", i);
		if ((p.off ^ p.vaddr) % PAGE && p.filesz)
			make_odd(m, "segment %" PRIu32 " does not lie on its page", i);
		if (p.vaddr < end)
			make_odd(m, "segment %" PRIu32 " overlaps in memory what is in front of it", i);
		if (p.vaddr + p.memsz < p.vaddr)
			make_odd(m, "segment %" PRIu32 " runs past the end of memory", i);
		end = p.vaddr + p.memsz;
	}
	if (interpreters > 1)
		make_odd(m, "more than one interpreter");
}

/* A section that is loaded must be what the segments load. */
static void loaded_section(struct make *m, const struct elf *e, const struct elf_section *s)
{
	struct span mapped = elf_at(e, s->addr);
	uint32_t flags = elf_flags_at(e, s->addr);

	if (s->type == ELF_SHT_NOBITS || !s->size || !e->nloads)
		return;
	if (!mapped.p)
		make_odd(m, "section %s is loaded, says its header, but no segment loads it", QUOTE(s->name));
	else if (mapped.p != m->file.p + s->off)
		make_odd(m, "section %s and the segment that loads it are different bytes", QUOTE(s->name));
	else if (mapped.n < s->size)
		make_odd(m, "section %s runs out of the segment that loads it", QUOTE(s->name));
	else if (s->flags & ELF_SHF_EXEC && !(flags & ELF_X))
		make_odd(m, "section %s is code in a segment that is not executable", QUOTE(s->name));
}

static void sections(struct make *m, const struct elf *e)
{
	for (uint32_t i = 1; i < e->nsections; i++) {
		struct elf_section s = elf_section_at(e, i);
		if (!s.type)
			continue;
		if (!s.name.n)
			make_odd(m, "section %" PRIu32 " has no name", i);
		if (s.type != ELF_SHT_NOBITS && s.size && !elf_section_bytes(e, &s).p)
			make_odd(m, "section %s runs past the end of the file", QUOTE(s.name));
		else if (s.flags & ELF_SHF_ALLOC)
			loaded_section(m, e, &s);
	}
}

void binary_elf_odd(struct make *m, const struct elf *e)
{
	for (uint32_t i = 0; i < e->nbad; i++)
		make_odd(m, "%s", e->bad[i]);
	segments(m, e);
	sections(m, e);
	if (e->entry && e->nloads && !(elf_flags_at(e, e->entry) & ELF_X))
		make_odd(m, "the entry point 0x%" PRIx64 " lies outside of the executable segments",
		    e->entry);
}
