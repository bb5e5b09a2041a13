/* SPDX-License-Identifier: Apache-2.0 */

/* macho: fat headers, and what architectures and oddities are called. */

#include "wire/macho_priv.h"

#include <inttypes.h>
#include <stdio.h>

#define FAT_HEAD 8
/* A Java class has its version here, 45 and more. */
#define FAT_COUNT_JAVA 45
#define JAVA_MAX 160 /* no version is above; so many slices fit into the head */
#define FAT_COUNT_MAX 1024 /* a page of 16 KiB holds 818 */

const char *macho_strerror(int result)
{
	static const char *const text[] = {
		[MACHO_OK] = "ok",
		[MACHO_NOT] = "not a Mach-O file",
		[MACHO_TRUNCATED] = "Mach-O headers run past the end of the file",
		[MACHO_COUNT] = "more slices, load commands or segments than are read",
		[MACHO_COMMAND] = "a load command is too short for its fields or not aligned",
		[MACHO_SLICE] = "a slice of the fat file is no Mach-O file",
	};
	return result >= 0 && (size_t)result < ARRAY_LEN(text) ? text[result] : "unknown error";
}

static const struct {
	const char *name, *text;
} odds[MACHO_ODD_KINDS] = {
	[MACHO_ODD_NONE] = { "none", "nothing" },
	[MACHO_ODD_SLICE_OVERLAP] = { "slice-overlap", "two slices share bytes" },
	[MACHO_ODD_SLICE_BEYOND] = { "slice-beyond", "a slice runs past the end of the file" },
	[MACHO_ODD_SLICE_ALIGN] = { "slice-align", "a slice does not start where its alignment says" },
	[MACHO_ODD_SLICE_HIDDEN] = { "slice-hidden",
	    "an arm64 slice that the fat header does not count" },
	[MACHO_ODD_SLICE_TWICE] = { "slice-twice", "two slices for one architecture" },
	[MACHO_ODD_SLICE_ARCH] = { "slice-arch",
	    "the fat header names another architecture than the slice itself" },
	[MACHO_ODD_SLICE_NONE] = { "slice-none", "a fat file without slices" },
	[MACHO_ODD_SEGMENT_BEYOND] = { "segment-beyond",
	    "a segment runs past the end of its slice" },
	[MACHO_ODD_SEGMENT_OVERLAP] = { "segment-overlap", "two segments share bytes" },
	[MACHO_ODD_SECTION_OUTSIDE] = { "section-outside", "a section lies outside its segment" },
	[MACHO_ODD_DATA_BEYOND] = { "data-beyond",
	    "a load command points past the end of the slice" },
	[MACHO_ODD_DATA_OUTSIDE] = { "data-outside",
	    "a load command points outside the __LINKEDIT segment" },
	[MACHO_ODD_COMMAND_TWICE] = { "command-twice",
	    "a load command of which there may be one is there twice" },
	[MACHO_ODD_COMMAND_UNKNOWN] = { "command-unknown", "a load command of unknown kind" },
	[MACHO_ODD_COMMAND_TEXT] = { "command-text",
	    "the name in a load command is not inside it, or has no end" },
	[MACHO_ODD_COMMANDS_REST] = { "commands-rest",
	    "bytes behind the last load command that are counted as load commands" },
	[MACHO_ODD_SIGNATURE_PLACE] = { "signature-place",
	    "the code signature is not the last thing in its slice" },
	[MACHO_ODD_TRIE] = { "trie", "the exports trie has a loop or is cut off" },
	[MACHO_ODD_FIXUPS] = { "fixups", "chained fixups or bind opcodes make no sense" },
};

const char *macho_odd_name(enum macho_odd_kind k)
{
	return k < MACHO_ODD_KINDS ? odds[k].name : "none";
}

const char *macho_odd_text(enum macho_odd_kind k)
{
	return k < MACHO_ODD_KINDS ? odds[k].text : "nothing";
}

const char *macho_arch_name(uint32_t cpu, uint32_t subcpu, char out[static MACHO_ARCH_MAX])
{
	uint32_t sub = subcpu & 0xffffff; /* without capability bits */

	switch (cpu) {
	case CPU_I386:
		return "i386";
	case CPU_I386 | CPU_64:
		return sub == 8 ? "x86_64h" : "x86_64";
	case CPU_ARM:
		return sub == 9 ? "armv7" : sub == 11 ? "armv7s" : sub == 12 ? "armv7k" : "arm";
	case CPU_ARM | CPU_64:
		return sub == 2 ? "arm64e" : "arm64";
	case CPU_ARM | CPU_64_32:
		return "arm64_32";
	case CPU_PPC:
		return "ppc";
	case CPU_PPC | CPU_64:
		return "ppc64";
	}
	snprintf(out, MACHO_ARCH_MAX, "cpu-%" PRIu32, cpu);
	return out;
}

static bool is_macho_magic(uint32_t magic)
{
	return magic == 0xfeedface || magic == 0xfeedfacf || magic == 0xcefaedfe ||
	       magic == 0xcffaedfe;
}

static int read_thin(struct macho_file *f, struct span head)
{
	struct cur c = cur_of(head);
	bool big = cur_be32(&c) >> 16 == 0xfeed;
	struct macho order = { .big = big };

	f->slice[0].cpu = macho_u32(&order, &c);
	f->slice[0].subcpu = macho_u32(&order, &c);
	f->slice[0].len = f->size;
	f->nslices = 1;
	return c.err ? MACHO_TRUNCATED : MACHO_OK;
}

/* fat_arch or fat_arch_64: always big endian. */
static struct macho_slice read_arch(struct cur *c, bool wide)
{
	struct macho_slice s = { .cpu = cur_be32(c), .subcpu = cur_be32(c) };

	s.off = wide ? cur_be64(c) : cur_be32(c);
	s.len = wide ? cur_be64(c) : cur_be32(c);
	s.align = cur_be32(c);
	if (wide)
		cur_skip(c, 4);
	return s;
}

static void take_slice(struct macho_file *f, struct macho_slice s)
{
	if (s.off > f->size || s.len > f->size - s.off) {
		macho_note(&f->odd, MACHO_ODD_SLICE_BEYOND, s.off, s.len);
		s.off = s.off > f->size ? f->size : s.off;
		s.len = f->size - s.off;
	}
	if (s.align > 31 || s.off & ((1ull << s.align) - 1))
		macho_note(&f->odd, MACHO_ODD_SLICE_ALIGN, s.off, s.len);
	for (uint32_t i = 0; i < f->nslices; i++)
		if (f->slice[i].cpu == s.cpu &&
		    (f->slice[i].subcpu & 0xffffff) == (s.subcpu & 0xffffff))
			macho_note(&f->odd, MACHO_ODD_SLICE_TWICE, s.off, s.len);
	f->slice[f->nslices++] = s;
}

/* lipo -hideARM64 leaves the last entry, an arm64 one, out of the count. */
static void take_hidden(struct macho_file *f, struct cur *c)
{
	struct cur at = *c;
	struct macho_slice s = read_arch(&at, f->wide);
	uint64_t first = f->size;

	for (uint32_t i = 0; i < f->nslices; i++)
		if (f->slice[i].off < first)
			first = f->slice[i].off;
	if (at.err || f->nslices == MACHO_SLICES_MAX || at.off > first || s.cpu != (CPU_ARM | CPU_64) || !s.len ||
	    s.off < at.off || s.off > f->size || s.len > f->size - s.off)
		return;
	*c = at;
	s.hidden = true;
	macho_note(&f->odd, MACHO_ODD_SLICE_HIDDEN, s.off, s.len);
	take_slice(f, s);
}

/* Of a processor that macOS runs on, in a place that it takes programs from. */
static bool could_run(struct cur *c, bool wide, uint64_t size)
{
	struct macho_slice s = read_arch(c, wide);
	uint32_t family = s.cpu & 0xffffff;

	return !c->err && (family == 7 || family == CPU_ARM || family == 18) && s.off &&
	    s.off % 4096 == 0 && s.off <= size && s.len >= 28 && s.len <= size - s.off;
}

bool macho_fat_is(struct span head, uint64_t size)
{
	struct cur c = cur_of(head);
	uint32_t magic = cur_be32(&c), n = cur_be32(&c);
	bool wide = magic == 0xcafebabf; /* no Java class has that */
	bool found = n < FAT_COUNT_JAVA || wide || n > JAVA_MAX;

	if (c.err || (magic != 0xcafebabe && !wide) || !n || n > FAT_COUNT_MAX)
		return false;
	for (uint32_t i = 0; !found && i < n && !c.err; i++)
		found = could_run(&c, wide, size);
	return found;
}

static int read_fat(struct macho_file *f, struct span head)
{
	struct cur c = cur_of(head);

	cur_skip(&c, 4);
	uint32_t n = cur_be32(&c);
	if (c.err)
		return MACHO_TRUNCATED;
	if (n && !macho_fat_is(head, f->size))
		return MACHO_NOT;
	if (n > MACHO_SLICES_MAX)
		return MACHO_COUNT;
	f->fat = true;
	for (uint32_t i = 0; i < n; i++) {
		struct macho_slice s = read_arch(&c, f->wide);
		if (c.err)
			return MACHO_TRUNCATED;
		take_slice(f, s);
	}
	take_hidden(f, &c);
	f->head_len = c.off;
	if (!f->nslices)
		macho_note(&f->odd, MACHO_ODD_SLICE_NONE, 0, FAT_HEAD);
	return MACHO_OK;
}

/* What lies between header and slices, between slices, and behind them. */
static void find_gaps(struct macho_file *f)
{
	const struct macho_slice *order[MACHO_SLICES_MAX];
	uint64_t end = f->head_len;

	for (uint32_t i = 0; i < f->nslices; i++) {
		uint32_t at = i;
		for (; at && order[at - 1]->off > f->slice[i].off; at--)
			order[at] = order[at - 1];
		order[at] = &f->slice[i];
	}
	for (uint32_t i = 0; i < f->nslices; i++) {
		const struct macho_slice *s = order[i];
		if (s->off > end)
			f->gap[f->ngaps++] = (struct macho_range){ end, s->off - end };
		else if (s->off < end && s->len)
			macho_note(&f->odd, MACHO_ODD_SLICE_OVERLAP, s->off,
			    (end < s->off + s->len ? end : s->off + s->len) - s->off);
		if (s->off + s->len > end)
			end = s->off + s->len;
	}
	if (end < f->size)
		f->gap[f->ngaps++] = (struct macho_range){ end, f->size - end };
}

int macho_file_read(struct macho_file *ret_m, struct span head, uint64_t size)
{
	struct macho_file f = { .size = size };
	struct cur c = cur_of(head);
	uint32_t magic = cur_be32(&c);
	int rc = MACHO_NOT;

	*ret_m = (struct macho_file){ 0 };
	f.wide = magic == 0xcafebabf;
	if (is_macho_magic(magic))
		rc = read_thin(&f, head);
	else if (magic == 0xcafebabe || magic == 0xcafebabf)
		rc = read_fat(&f, head);
	if (rc != MACHO_OK)
		return rc;
	find_gaps(&f);
	*ret_m = f;
	return MACHO_OK;
}
