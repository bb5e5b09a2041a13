/* SPDX-License-Identifier: Apache-2.0 */

/* macho: the anatomy of Mach-O files (wire/macho.h): layout, and each slice's signature (apple.h). */

#include "anatomy/apple.h"

#include "wire/macho.h"

#include <errno.h>
#include <inttypes.h>

struct macho_state {
	struct macho_file f;
	struct apple apple;
	bool signature[MACHO_SLICES_MAX]; /* the slice has one, good or not */
	uint32_t nsigned, nread;
};

/* What each oddity of the layout means in a file with signatures, and in one without. */
static const struct {
	enum reason_kind with, without;
} meaning[MACHO_ODD_KINDS] = {
	[MACHO_ODD_NONE] = { REASON_FAIL, REASON_FAIL },
	[MACHO_ODD_SLICE_OVERLAP] = { REASON_FAIL, REASON_FAIL },
	[MACHO_ODD_SLICE_BEYOND] = { REASON_FAIL, REASON_FAIL },
	[MACHO_ODD_SLICE_ALIGN] = { REASON_WARN, REASON_WARN },
	[MACHO_ODD_SLICE_HIDDEN] = { REASON_WARN, REASON_WARN },
	[MACHO_ODD_SLICE_TWICE] = { REASON_FAIL, REASON_WARN },
	[MACHO_ODD_SLICE_ARCH] = { REASON_FAIL, REASON_FAIL },
	[MACHO_ODD_SLICE_NONE] = { REASON_WARN, REASON_WARN },
	[MACHO_ODD_SEGMENT_BEYOND] = { REASON_FAIL, REASON_FAIL },
	[MACHO_ODD_SEGMENT_OVERLAP] = { REASON_WARN, REASON_WARN },
	[MACHO_ODD_SECTION_OUTSIDE] = { REASON_WARN, REASON_WARN },
	[MACHO_ODD_DATA_BEYOND] = { REASON_FAIL, REASON_FAIL },
	[MACHO_ODD_DATA_OUTSIDE] = { REASON_WARN, REASON_WARN },
	[MACHO_ODD_COMMAND_TWICE] = { REASON_FAIL, REASON_WARN },
	[MACHO_ODD_COMMAND_UNKNOWN] = { REASON_WARN, REASON_WARN },
	[MACHO_ODD_COMMAND_TEXT] = { REASON_WARN, REASON_WARN },
	[MACHO_ODD_COMMANDS_REST] = { REASON_WARN, REASON_WARN },
	[MACHO_ODD_SIGNATURE_PLACE] = { REASON_FAIL, REASON_FAIL },
	[MACHO_ODD_TRIE] = { REASON_WARN, REASON_WARN },
	[MACHO_ODD_FIXUPS] = { REASON_WARN, REASON_WARN },
};

static void judge_odd(
    struct anatomy *a, const struct apple *j, const struct macho_odds *odd, bool is_signed, const char *what)
{
	for (uint32_t i = 0; i < odd->n; i++) {
		const struct macho_odd *o = &odd->a[i];
		enum reason_kind kind = is_signed ? meaning[o->kind].with : meaning[o->kind].without;
		reason_at(verdict_add(a->verdict, kind, apple_code(j, macho_odd_name(o->kind)),
			      "%s%s: %" PRIu64 " bytes at offset %" PRIu64, what,
			      macho_odd_text(o->kind), o->len, o->off),
		    o->off, o->len);
	}
	if (odd->more)
		verdict_add(a->verdict, is_signed ? REASON_FAIL : REASON_WARN, "macho.layout",
		    "%s%u more oddities of layout than are listed", what, odd->more);
}

/* "x86_64: " in a fat file. */
static const char *slice_text(struct anatomy *a, const struct macho_file *f, uint32_t i)
{
	char arch[MACHO_ARCH_MAX];
	const char *s = f->fat ? arena_printf(a->arena, "%s: ",
				     macho_arch_name(f->slice[i].cpu, f->slice[i].subcpu, arch)) :
				 "";
	return s ? s : "";
}

static int judge_slice(struct anatomy *a, struct span file, uint32_t i)
{
	struct macho_state *s = a->state;
	const char *what = slice_text(a, &s->f, i);
	struct macho m;

	int rc = macho_read(&m, file, &s->f, i);
	if (rc) {
		reason_at(verdict_add(a->verdict, REASON_FAIL, "macho.malformed", "%s%s", what,
			      macho_strerror(rc)),
		    s->f.slice[i].off, s->f.slice[i].len);
		return 0;
	}
	s->nread++;
	judge_odd(a, &s->apple, &m.odd, m.signature.len, what);
	if (m.encryption)
		verdict_add(a->verdict, REASON_NOTE, "macho.encrypted",
		    "%sits code is encrypted: nothing inside it can be looked at", what);
	if (!m.signature.len)
		return 0;
	struct apple_part p = {
		.what = what,
		.off = m.off,
		.covered = m.signature.off,
		.room_off = m.off + m.signature.off,
		.room_len = m.signature.len,
	};
	s->signature[i] = true;
	s->nsigned++;
	return apple_judge(&s->apple, &p);
}

/* Alignment is zeros; anything else between and behind slices is covered by no signature. */
static void judge_gaps(struct anatomy *a, struct span file)
{
	const struct macho_state *s = a->state;
	enum reason_kind kind = s->nsigned ? REASON_FAIL : REASON_WARN;

	for (uint32_t i = 0; s->f.fat && i < s->f.ngaps; i++) {
		const struct macho_range *g = &s->f.gap[i];
		bool last = g->off + g->len == s->f.size;
		if (!apple_zero(span_cut(file, (size_t)g->off, (size_t)g->len)))
			reason_at(verdict_add(a->verdict, kind, last ? "macho.after-slices" : "macho.gap",
				      "data in the %" PRIu64 " bytes at offset %" PRIu64
				      " %s: they belong to no slice, and no signature covers them",
				      g->len, g->off, last ? "behind the last slice" : "between slices"),
			    g->off, g->len);
		else if (last || g->len > (1u << 16))
			reason_at(verdict_add(a->verdict, REASON_NOTE, "macho.gap",
				      "%" PRIu64 " zero bytes at offset %" PRIu64 " belong to no slice",
				      g->len, g->off),
			    g->off, g->len);
	}
}

static bool same_text(const char *a, const char *b)
{
	return a && b ? strcmp(a, b) == 0 : a == b;
}

/* Each user runs one slice: all of them must come from the same hands. */
static void judge_slices(struct anatomy *a)
{
	const struct macho_state *s = a->state;
	const struct component_signature *first = s->apple.sig;

	bool by_someone = false; /* linkers sign arm64 ad hoc, and leave x86_64 alone */

	for (uint32_t i = 0; i < s->apple.n; i++)
		by_someone |= s->apple.sig[i].signer.subject != NULL;
	for (uint32_t i = 0; s->nsigned && i < s->f.nslices; i++)
		if (!s->signature[i])
			reason_at(verdict_add(a->verdict, by_someone ? REASON_FAIL : REASON_NOTE,
				      "macho.slices",
				      "%snot signed, while other slices of the file are",
				      slice_text(a, &s->f, i)),
			    s->f.slice[i].off, s->f.slice[i].len);
	for (uint32_t i = 1; i < s->apple.n; i++) {
		const struct component_signature *x = &s->apple.sig[i];
		if (!same_text(first->signer.subject, x->signer.subject) ||
		    !same_text(first->team, x->team))
			reason_at(verdict_add(a->verdict, REASON_FAIL, "macho.slices",
				      "two slices are signed by different hands: %s and %s",
				      first->signer.subject ? QUOTE(span_str(first->signer.subject)) : "nobody",
				      x->signer.subject ? QUOTE(span_str(x->signer.subject)) : "nobody"),
			    x->off, x->len);
		else if (!same_text(first->identifier, x->identifier))
			reason_at(verdict_add(a->verdict, REASON_WARN, "macho.slices",
				      "two slices are signed under different identifiers: %s and %s",
				      QUOTE(span_str(first->identifier)), QUOTE(span_str(x->identifier))),
			    x->off, x->len);
	}
}

static int judge_file(struct anatomy *a, struct span file)
{
	struct macho_state *s = a->state;
	int rc = apple_begin(&s->apple, a, "macho", file);

	for (uint32_t i = 0; rc == 0 && i < s->f.nslices; i++)
		rc = judge_slice(a, file, i);
	if (rc < 0)
		return rc;
	judge_odd(a, &s->apple, &s->f.odd, s->nsigned, "");
	judge_gaps(a, file);
	judge_slices(a);
	if (!s->nsigned && !verdict_has(a->verdict, REASON_FAIL))
		verdict_add(a->verdict, REASON_NOTE, "macho.unsigned",
		    "a Mach-O file without a signature: nothing inside it vouches for it");
	a->signature = s->apple.sig;
	a->nsignatures = s->apple.n;
	return 0;
}

static int begin(struct anatomy *a, struct span head)
{
	struct macho_state *s = ARENA_NEW(&a->own, struct macho_state);

	if (!s)
		return -ENOMEM;
	int rc = macho_file_read(&s->f, span_cut(head, 0, MACHO_FAT_HEAD), a->size);
	if (rc == MACHO_NOT)
		return ANATOMY_OTHER;
	a->state = s;
	if (rc != MACHO_OK)
		verdict_add(a->verdict, REASON_FAIL, "macho.malformed", "%s", macho_strerror(rc));
	return 0;
}

static int finish(struct anatomy *a)
{
	struct macho_state *s = a->state;

	return s->f.size ? anatomy_mapped(a, judge_file) : 0 /* malformed */;
}

const struct anatomy_format anatomy_macho = {
	.name = "macho",
	.begin = begin,
	.finish = finish,
};
