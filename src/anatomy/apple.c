/* SPDX-License-Identifier: Apache-2.0 */

/* apple: what an embedded code signature covers, and whether it is still that. */

#include "anatomy/apple.h"

#include "crypto/hash.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

#define TEXT_MAX 1024
#define TICKET_MAX (256u << 10) /* a chain and some 24 bytes for each program: 10,000 of them */
#define PADDING_MAX 7 /* lld aligns blobs to 8 bytes */

/* ---- reasons ---- */

const char *apple_code(const struct apple *j, const char *word)
{
	const char *c = arena_printf(j->a->arena, "%s.%s", j->format, word);
	return c ? c : j->format;
}

FB_PRINTF(6, 0)
static void say(struct apple_work *w, enum reason_kind kind, const char *word, size_t off,
    size_t len, const char *fmt, va_list ap)
{
	char text[TEXT_MAX];

	vsnprintf(text, sizeof(text), fmt, ap);
	reason_at(verdict_add(w->j->a->verdict, kind, apple_code(w->j, word), "%s%s", w->p->what,
		      text),
	    w->p->room_off + off, len);
}

void apple_say(struct apple_work *w, enum reason_kind kind, const char *word, size_t off, size_t len,
    const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	say(w, kind, word, off, len, fmt, ap);
	va_end(ap);
}

void apple_fail(
    struct apple_work *w, const char *word, size_t off, size_t len, const char *fmt, ...)
{
	va_list ap;

	w->failed = true;
	va_start(ap, fmt);
	say(w, REASON_FAIL, word, off, len, fmt, ap);
	va_end(ap);
}

bool apple_zero(struct span s)
{
	return !s.n || (s.p[0] == 0 && memcmp(s.p, s.p + 1, s.n - 1) == 0);
}

/* ---- the room ---- */

static void judge_room(struct apple_work *w)
{
	const struct codesign *s = &w->blobs;

	for (uint32_t i = 0; i < s->ngaps; i++) {
		struct span gap = span_cut(s->bytes, s->gap[i].off, s->gap[i].len);
		if (gap.n > PADDING_MAX || !apple_zero(gap))
			apple_fail(w, "signature.gap", s->gap[i].off, gap.n,
			    "%zu bytes inside the code signature belong to none of its parts: no "
			    "signature covers them (alignment explains at most %d zeros)",
			    gap.n, PADDING_MAX);
	}
	if (!apple_zero(s->rest))
		apple_fail(w, "signature.slack", s->bytes.n, s->rest.n,
		    "data in the %zu bytes behind the code signature in its own room: no signature "
		    "covers them",
		    s->rest.n);
	else if (s->rest.n)
		apple_say(w, REASON_NOTE, "signature.room", s->bytes.n, s->rest.n,
		    "%zu zero bytes of room behind the code signature", s->rest.n);
}

/* ---- CodeDirectories ---- */

enum digest_alg apple_alg(const struct codesign_directory *d)
{
	static const enum digest_alg alg[] = { DIGEST_NONE, DIGEST_SHA1, DIGEST_SHA256,
		DIGEST_SHA256, DIGEST_SHA384, DIGEST_SHA512 };
	return d->hash < ARRAY_LEN(alg) ? alg[d->hash] : DIGEST_NONE;
}

static int read_directory(struct apple_work *w, const struct codesign_blob *b)
{
	struct apple_directory *x = &w->dir[w->ndirs];

	int rc = codesign_directory_read(&x->d, b->bytes);
	if (rc) {
		apple_fail(w, "signature.directory", b->off, b->bytes.n, "%s", codesign_strerror(rc));
		return 0;
	}
	x->alternate = b->slot != CODESIGN_DIRECTORY;
	rc = hash_span(apple_alg(&x->d), b->bytes, &x->full);
	if (rc == 0)
		w->ndirs++;
	return rc;
}

static int read_directories(struct apple_work *w)
{
	int rc = 0;

	for (uint32_t slot = CODESIGN_DIRECTORY; rc == 0 && slot <= CODESIGN_ALTERNATE_LAST;
	     slot = slot ? slot + 1 : CODESIGN_ALTERNATE) {
		const struct codesign_blob *b = codesign_find(&w->blobs, slot);
		if (b)
			rc = read_directory(w, b);
		else if (slot == CODESIGN_DIRECTORY)
			apple_fail(w, "signature.directory", 0, w->blobs.bytes.n,
			    "a code signature without CodeDirectory");
	}
	return rc;
}

/* Loaders choose one CodeDirectory by its digest: all must say the same. */
static void judge_agreement(struct apple_work *w)
{
	const struct codesign_directory *a = &w->dir[0].d;

	for (uint32_t i = 0; i < w->ndirs; i++) {
		const struct codesign_directory *d = &w->dir[i].d;
		size_t off = (size_t)(d->bytes.p - w->blobs.bytes.p);
		if (d->limit != w->p->covered)
			apple_fail(w, "signature.limit", off, d->bytes.n,
			    "the signature covers the first %" PRIu64 " bytes, its room begins at %" PRIu64,
			    d->limit, w->p->covered);
		if (i && (!span_eq(a->ident, d->ident) || !span_eq(a->team, d->team) ||
			     a->flags != d->flags || a->platform != d->platform ||
			     a->exec_base != d->exec_base || a->exec_limit != d->exec_limit ||
			     a->exec_flags != d->exec_flags || a->runtime != d->runtime))
			apple_fail(w, "signature.directories", off, d->bytes.n,
			    "two CodeDirectories of one signature contradict each other");
	}
}

static bool same(const struct codesign_directory *d, const struct digest *have, struct span want)
{
	return span_eq(span_of(have->b, d->hash_len), want);
}

/* All pages, each against its slot. */
static int judge_pages(struct apple_work *w, const struct codesign_directory *d)
{
	struct span covered = span_cut(w->j->file, (size_t)w->p->off, (size_t)d->limit);
	uint64_t page = d->page ? d->page : d->limit;
	uint32_t bad = 0, first = 0;
	struct digest have;

	if (d->limit > w->p->covered || covered.n != d->limit)
		return 0; /* judged by its limit */
	for (uint32_t i = 0; i < d->ncode; i++) {
		int rc = hash_span(
		    apple_alg(d), span_cut(covered, (size_t)(i * page), (size_t)page), &have);
		if (rc < 0)
			return rc;
		if (same(d, &have, span_cut(d->code, (size_t)i * d->hash_len, d->hash_len)))
			continue;
		first = bad++ ? first : i;
	}
	if (!bad)
		return 0;
	w->failed = true;
	reason_at(verdict_add(w->j->a->verdict, REASON_FAIL, apple_code(w->j, "digest"),
		      "%schanged after signing: %" PRIu32 " of %" PRIu32
		      " pages, the first at offset %" PRIu64,
		      w->p->what, bad, d->ncode, w->p->off + first * page),
	    w->p->off + first * page, page);
	return 0;
}

/* ---- special slots ---- */

/* Slots whose content lies outside of the signature. */
static bool lies_outside(uint32_t slot)
{
	return slot == CODESIGN_INFO || slot == CODESIGN_RESOURCES || slot == CODESIGN_APPLICATION;
}

static int judge_slot(struct apple_work *w, const struct codesign_directory *d, uint32_t slot)
{
	const struct codesign_blob *b = codesign_find(&w->blobs, slot);
	struct span want = codesign_special(d, slot);
	struct span have = b ? b->bytes : slot == CODESIGN_SPECIFIC ? w->p->specific : SPAN_NONE;
	size_t off = b ? b->off : (size_t)(d->bytes.p - w->blobs.bytes.p);
	char name[24];
	struct digest got;

	if (apple_zero(want)) { /* the directory has no such slot */
		if (b)
			apple_fail(w, "signature.uncovered", off, b->bytes.n,
			    "the %s in the signature: no digest covers them",
			    codesign_slot_name(slot, name));
		else if (have.n)
			apple_fail(w, "signature.trailer", off, d->bytes.n,
			    "the signature does not cover the trailer of the image");
		return 0;
	}
	if (!have.n) {
		if (!lies_outside(slot))
			apple_fail(w, "signature.slot", off, d->bytes.n,
			    "the signature lists a digest of %s, which are not there",
			    codesign_slot_name(slot, name));
		return 0;
	}
	int rc = hash_span(apple_alg(d), have, &got);
	if (rc == 0 && !same(d, &got, want))
		apple_fail(w, "signature.slot", off, have.n,
		    "changed after signing: %s", codesign_slot_name(slot, name));
	return rc;
}

static int judge_slots(struct apple_work *w, const struct codesign_directory *d)
{
	uint32_t last = d->nspecial > CODESIGN_SPECIAL_LAST ? d->nspecial : CODESIGN_SPECIAL_LAST;
	int rc = 0;

	for (uint32_t slot = 1; rc == 0 && slot <= last; slot++)
		rc = judge_slot(w, d, slot);
	return rc;
}

/* Blobs that are neither directories, nor special slots, nor the CMS signature. */
static void judge_others(struct apple_work *w)
{
	for (uint32_t i = 0; i < w->blobs.n; i++) {
		const struct codesign_blob *b = &w->blobs.blob[i];
		char name[24];
		if (codesign_is_directory(b->slot) || b->slot <= CODESIGN_SPECIAL_LAST ||
		    b->slot == CODESIGN_CMS)
			continue;
		if (b->slot == CODESIGN_TICKET && b->bytes.n > TICKET_MAX)
			apple_fail(w, "ticket", b->off, b->bytes.n,
			    "a notarization ticket of %zu bytes: no signature of this file covers it, and "
			    "tickets need less",
			    b->bytes.n);
		else if (b->slot == CODESIGN_TICKET)
			apple_say(w, REASON_NOTE, "ticket", b->off, b->bytes.n,
			    "a notarization ticket of %zu bytes is stapled to it (not verified; no "
			    "signature of this file covers it)",
			    b->bytes.n);
		else
			apple_fail(w, "signature.uncovered", b->off, b->bytes.n,
			    "%s in the signature: %zu bytes that no digest covers",
			    codesign_slot_name(b->slot, name), b->bytes.n);
	}
}

/* ---- the signature as a whole ---- */

/* The directory with the strongest digest: whose cdhash names the code. */
static const struct apple_directory *best(const struct apple_work *w)
{
	const struct apple_directory *b = &w->dir[0];

	for (uint32_t i = 1; i < w->ndirs; i++)
		if (w->dir[i].d.hash_len > b->d.hash_len || w->dir[i].d.hash > b->d.hash)
			b = &w->dir[i];
	return b;
}

static struct digest slot_digest(const struct codesign_directory *d, uint32_t slot)
{
	struct span s = codesign_special(d, slot);

	if (apple_zero(s) || s.n != digest_len(apple_alg(d)))
		return (struct digest){ 0 };
	return digest_of(apple_alg(d), s.p);
}

static int keep(struct apple_work *w)
{
	const struct apple_directory *b = best(w);
	struct component_signature *s = w->sig;

	*s = (struct component_signature){
		.kind = SIGNED_APPLE,
		.chain = CHAIN_STATE_NONE,
		.identifier = arena_str(w->j->a->arena, b->d.ident),
		.team = b->d.team.n ? arena_str(w->j->a->arena, b->d.team) : NULL,
		.time = TS_NONE,
		.digest = b->full,
		.off = w->p->room_off,
		.len = w->p->room_len,
		.info = slot_digest(&b->d, CODESIGN_INFO),
		.resources = slot_digest(&b->d, CODESIGN_RESOURCES),
	};
	return s->identifier && (s->team || !b->d.team.n) ? 0 : -ENOMEM;
}

static void judge_strength(struct apple_work *w)
{
	const struct signed_trust *t = w->j->a->trust;

	if (apple_alg(&best(w)->d) != DIGEST_SHA1)
		return;
	if (t && !t->allow_sha1)
		apple_fail(w, "sha1", 0, w->blobs.bytes.n,
		    "signed with SHA-1 only, for which collisions are known");
	else
		apple_say(w, REASON_WARN, "sha1", 0, w->blobs.bytes.n,
		    "signed with SHA-1 only, for which collisions are known");
}

static void judge_adhoc(struct apple_work *w)
{
	const struct codesign_directory *d = &best(w)->d;
	char hash[2 * 20 + 1];

	w->sig->chain = w->j->a->trust && w->j->a->trust->code ? CHAIN_STATE_FAILED : CHAIN_STATE_NONE;
	w->sig->chain_result = CHAIN_NO_ISSUER;
	if (!(d->flags & CODESIGN_F_ADHOC)) {
		apple_fail(w, "signature.stripped", 0, w->blobs.bytes.n,
		    "the signature was not made ad hoc, and yet nobody's signature is in it");
		return;
	}
	if (w->failed)
		return;
	snprintf(hash, sizeof(hash), "%.40s", DIGEST_HEX(&w->sig->digest));
	apple_say(w, REASON_NOTE, "adhoc", 0, w->blobs.bytes.n,
	    "signed ad hoc%s, that is by nobody: anyone can make such a signature (identifier %s, "
	    "cdhash %s)",
	    d->flags & CODESIGN_F_LINKER ? " by the linker" : "", QUOTE(d->ident), hash);
}

static int judge_signer(struct apple_work *w)
{
	const struct codesign_blob *b = codesign_find(&w->blobs, CODESIGN_CMS);

	if (b && b->magic != CODESIGN_M_WRAPPER) {
		apple_fail(w, "signature.malformed", b->off, b->bytes.n,
		    "the CMS signature has not the form of one");
		return 0;
	}
	if (b && b->bytes.n > 8)
		return apple_judge_cms(w, span_from(b->bytes, 8), b->off + 8);
	judge_adhoc(w);
	return 0;
}

static int judge_directories(struct apple_work *w)
{
	int rc = 0;

	for (uint32_t i = 0; rc == 0 && i < w->ndirs; i++) {
		rc = judge_pages(w, &w->dir[i].d);
		if (rc == 0)
			rc = judge_slots(w, &w->dir[i].d);
	}
	return rc;
}

static int judge_blobs(struct apple_work *w)
{
	judge_room(w);
	judge_others(w);
	int rc = read_directories(w);
	if (rc < 0 || !w->ndirs || w->dir[0].alternate)
		return rc;
	judge_agreement(w);
	rc = keep(w);
	if (rc == 0)
		rc = judge_directories(w);
	if (rc < 0)
		return rc;
	w->j->n++;
	judge_strength(w);
	rc = judge_signer(w);
	w->sig->result = rc == 0 && !w->failed ? SIGNED_VERIFIES : SIGNED_BROKEN;
	return rc;
}

int apple_begin(struct apple *j, struct anatomy *a, const char *format, struct span file)
{
	*j = (struct apple){ .a = a, .format = format, .file = file };
	j->sig = arena_array(&a->own, SIGNED_MAX, sizeof(*j->sig));
	return j->sig ? 0 : -ENOMEM;
}

int apple_judge(struct apple *j, const struct apple_part *p)
{
	struct apple_work w = { .j = j, .p = p };
	struct span room = span_cut(j->file, (size_t)p->room_off, (size_t)p->room_len);

	if (j->n == SIGNED_MAX)
		return 0; /* there are fewer slices */
	w.sig = &j->sig[j->n];
	int rc = codesign_read(&w.blobs, room);
	if (rc) {
		apple_fail(&w, "signature.malformed", 0, room.n, "%s", codesign_strerror(rc));
		return 0;
	}
	return judge_blobs(&w);
}
