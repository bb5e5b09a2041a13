/* SPDX-License-Identifier: Apache-2.0 */

/* pe: the anatomy of PE images (wire/pe.h): layout, certificate table, what the signatures cover. */

#include "anatomy/anatomy_format.h"
#include "anatomy/pe_pages.h"
#include "anatomy/signed_judge.h"

#include "base/buf.h"
#include "crypto/hash.h"
#include "wire/pe.h"

#include <errno.h>
#include <inttypes.h>

#define PADDING_MAX 7

struct pe_state {
	struct pe pe;
	struct signed_judge sigs;
	struct hasher *hasher;
	struct pe_pages *pages; /* sigs.npages of them */
	struct pe_range range[PE_COVERED_MAX];
	size_t nranges;
	struct pe_sum sum;
	uint64_t at;
};

static struct pe *pe_of(struct anatomy *a)
{
	return &((struct pe_state *)a->state)->pe;
}

/* "pe." and a parser's stable word. */
static const char *code(struct anatomy *a, const char *word)
{
	const char *c = arena_printf(a->arena, "pe.%s", word);
	return c ? c : "pe.layout";
}

/* What each oddity of the layout means for a signed and for an unsigned file. */
static const struct {
	enum reason_kind with, without;
	const char *text;
} meaning[PE_A_KINDS] = {
	[PE_A_SECTION_OVERLAP] = { REASON_FAIL, REASON_WARN,
	    "section data overlaps the headers or another section: two readers can see two "
	    "programs" },
	[PE_A_SECTION_GAP] = { REASON_NOTE, REASON_NOTE,
	    "bytes in front of a section that belong to no section" },
	[PE_A_SECTION_BEYOND] = { REASON_FAIL, REASON_WARN,
	    "section data runs past the end of the file" },
	[PE_A_SECTION_IN_TABLE] = { REASON_FAIL, REASON_FAIL,
	    "section data lies inside the certificate table, where no signature covers it" },
	[PE_A_OVERLAY] = { REASON_NOTE, REASON_NOTE, "bytes behind the last section" },
	[PE_A_TABLE_HALF] = { REASON_FAIL, REASON_FAIL,
	    "the certificate table has an address or a size, but not both" },
	[PE_A_TABLE_BEYOND] = { REASON_FAIL, REASON_FAIL,
	    "the certificate table runs past the end of the file" },
	[PE_A_TABLE_IN_HEADERS] = { REASON_FAIL, REASON_FAIL,
	    "the certificate table lies inside the headers" },
	[PE_A_TABLE_ALIGN] = { REASON_FAIL, REASON_FAIL,
	    "the certificate table does not start at a multiple of 8" },
	[PE_A_TABLE_TOO_BIG] = { REASON_FAIL, REASON_FAIL,
	    "the certificate table is larger than 16 MiB" },
	[PE_A_AFTER_TABLE] = { REASON_FAIL, REASON_FAIL,
	    "bytes behind the certificate table, where no signature covers them" },
	[PE_A_ENTRY_SHORT] = { REASON_FAIL, REASON_FAIL,
	    "bytes inside the certificate table that form no entry" },
	[PE_A_ENTRY_BEYOND] = { REASON_FAIL, REASON_FAIL,
	    "a certificate entry is longer than its table" },
	[PE_A_ENTRY_REVISION] = { REASON_FAIL, REASON_FAIL,
	    "a certificate entry of unknown revision" },
	[PE_A_ENTRY_TYPE] = { REASON_FAIL, REASON_FAIL,
	    "a certificate entry that is no Authenticode signature" },
	[PE_A_ENTRY_COUNT] = { REASON_FAIL, REASON_FAIL, "more than 16 certificate entries" },
	[PE_A_ENTRY_UNPADDED] = { REASON_WARN, REASON_WARN,
	    "the last certificate entry is not padded to a multiple of 8" },
};

static void judge_layout(struct anatomy *a, const struct pe_anomalies *odd)
{
	bool is_signed = pe_of(a)->table.len != 0;

	for (uint32_t i = 0; i < odd->n; i++) {
		const struct pe_anomaly *o = &odd->a[i];
		enum reason_kind kind =
		    is_signed ? meaning[o->kind].with : meaning[o->kind].without;
		bool covered = o->kind == PE_A_OVERLAY || o->kind == PE_A_SECTION_GAP;
		reason_at(verdict_add(a->verdict, kind, code(a, pe_anomaly_name(o->kind)),
		       "%s: %" PRIu64 " bytes at offset %" PRIu64 "%s", meaning[o->kind].text,
		       o->len, o->off, covered && is_signed ? " (covered by the signature)" : ""),
		    o->off, o->len);
	}
	if (odd->more)
		verdict_add(a->verdict, is_signed ? REASON_FAIL : REASON_WARN, "pe.layout",
		    "%u more oddities of layout than are listed", odd->more);
}

/* At most 7 bytes, all zero, may follow the DER of a signature. */
static void judge_slack(struct anatomy *a, const struct pe_cert *c, size_t der_len)
{
	struct span slack = span_from(c->body, der_len);
	uint64_t off = c->off + 8 + der_len;
	size_t used = 0;

	if (der_len > c->length - 8)
		reason_at(verdict_add(a->verdict, REASON_FAIL, "pe.entry-length",
		       "the entry says that it is %" PRIu32 " bytes long, its signature is longer",
		       c->length),
		    c->off, c->length);
	for (size_t i = 0; i < slack.n; i++)
		if (slack.p[i])
			used = i + 1;
	if (slack.n > PADDING_MAX)
		reason_at(verdict_add(a->verdict, REASON_FAIL, "pe.slack",
		       "%zu bytes at offset %" PRIu64
		       " follow the signature inside its entry, where no signature covers them "
		       "(alignment explains at most 7)",
		       slack.n, off),
		    off, slack.n);
	else if (used)
		reason_at(verdict_add(a->verdict, REASON_FAIL, "pe.padding",
		       "the %zu alignment bytes behind the signature at offset %" PRIu64
		       " are not zero",
		       slack.n, off),
		    off, slack.n);
}

static int read_table(struct anatomy *a)
{
	AUTO_BUF struct buf table = BUF_INIT(PE_TABLE_MAX + 1);
	struct pe_state *s = a->state;
	struct pe_certs certs;

	int rc = anatomy_pread(a, &table, s->pe.table.off, s->pe.table.len);
	if (rc < 0)
		return rc;
	pe_certs(&certs, buf_span(&table), s->pe.table.off);
	judge_layout(a, &certs.odd);
	for (uint32_t i = 0; i < certs.n; i++) {
		const struct pe_cert *c = &certs.cert[i];
		size_t der_len;
		if (c->type != PE_CERT_PKCS7)
			continue; /* judged as PE_A_ENTRY_TYPE */
		rc = signed_add(&s->sigs, c->body, c->off + 8, &der_len);
		if (rc < 0)
			return rc;
		if (der_len)
			judge_slack(a, c, der_len);
	}
	return 0;
}

static int begin_pages(struct anatomy *a)
{
	struct pe_state *s = a->state;

	if (!s->sigs.npages)
		return 0;
	s->pages = arena_array(a->arena, s->sigs.npages, sizeof(*s->pages));
	if (!s->pages)
		return -ENOMEM;
	for (uint32_t i = 0; i < s->sigs.npages; i++) {
		const struct signed_pages *p = &s->sigs.pages[i];
		int rc = pe_pages_begin(&s->pages[i], &s->pe, p->alg, p->table, a->arena);
		if (rc == -EBADMSG)
			reason_at(verdict_add(a->verdict, REASON_FAIL, "pe.page-hash",
				      "the page hashes in the signature are not those of an image "
				      "with these sections"),
			    p->off, p->len);
		else if (rc < 0)
			return rc;
	}
	return 0;
}

static int read_signatures(struct anatomy *a)
{
	struct pe_state *s = a->state;

	if (!s->pe.table.len) {
		if (!verdict_has(a->verdict, REASON_FAIL))
			verdict_add(a->verdict, REASON_NOTE, "pe.unsigned",
			    "a PE file without a signature: nothing inside it vouches for it");
		return 0;
	}
	int rc = read_table(a);
	if (rc < 0)
		return rc;
	s->nranges = pe_covered(&s->pe, s->range);
	rc = signed_algs(&s->sigs) ? hasher_new(&s->hasher, signed_algs(&s->sigs)) : 0;
	return rc < 0 ? rc : begin_pages(a);
}

static int begin(struct anatomy *a, struct span head)
{
	struct pe_state *s = ARENA_NEW(&a->own, struct pe_state);

	if (!s)
		return -ENOMEM;
	a->state = s;
	int rc = pe_parse(&s->pe, head, a->size);
	if (rc == PE_NOT)
		return ANATOMY_OTHER;
	if (rc != PE_OK) {
		verdict_add(a->verdict, REASON_FAIL, "pe.malformed", "%s", pe_strerror(rc));
		return 0;
	}
	s->sum = pe_sum_of(&s->pe);
	judge_layout(a, &s->pe.odd);
	rc = signed_begin(&s->sigs, "pe", AC_SUBJECT_PE, a->trust, a->verdict, a->arena, &a->own);
	return rc < 0 ? rc : read_signatures(a);
}

static int hash_covered(struct pe_state *s, const uint8_t *p, uint64_t from, uint64_t to)
{
	for (size_t i = 0; i < s->nranges; i++) {
		uint64_t lo = s->range[i].off, hi = lo + s->range[i].len;
		if (lo < from)
			lo = from;
		if (hi > to)
			hi = to;
		if (lo >= hi)
			continue;
		int rc = hasher_update(s->hasher, p + (lo - from), hi - lo);
		if (rc < 0)
			return rc;
	}
	return 0;
}

static int update(struct anatomy *a, const uint8_t *p, size_t n)
{
	struct pe_state *s = a->state;
	uint64_t from = s->at;

	s->at += n;
	if (!s->pe.file_size)
		return 0; /* malformed */
	pe_sum_update(&s->sum, p, n);
	int rc = s->hasher ? hash_covered(s, p, from, s->at) : 0;
	for (uint32_t i = 0; s->pages && i < s->sigs.npages && rc == 0; i++)
		rc = s->pages[i].hasher ? pe_pages_update(&s->pages[i], from, p, n) : 0;
	return rc;
}

static void judge_pages(struct anatomy *a)
{
	struct pe_state *s = a->state;

	for (uint32_t i = 0; s->pages && i < s->sigs.npages; i++) {
		const struct pe_pages *p = &s->pages[i];
		uint32_t missing = p->n - p->at;
		if (!p->hasher)
			continue; /* has failed already */
		if (p->wrong || missing)
			reason_at(verdict_add(a->verdict, REASON_FAIL, "pe.page-hash",
				      "%" PRIu32 " of %" PRIu32
				      " pages are not those whose hashes the signature holds",
				      p->wrong + missing, p->n),
			    p->wrong ? p->wrong_off : a->size, p->page_size);
		else
			reason_at(verdict_add(a->verdict, REASON_NOTE, "pe.page-hash",
				      "the signature holds hashes of %" PRIu32
				      " pages; all of them match",
				      p->n),
			    s->sigs.pages[i].off, s->sigs.pages[i].len);
	}
}

static int finish(struct anatomy *a)
{
	struct pe_state *s = a->state;
	int rc = s->hasher ? anatomy_signed(a, &s->sigs, s->hasher) : 0;

	if (rc < 0)
		return rc;
	judge_pages(a);
	if (s->pe.file_size && s->pe.checksum && pe_sum_final(&s->sum) != s->pe.checksum)
		reason_at(verdict_add(a->verdict, REASON_WARN, "pe.checksum",
			      "header checksum %08x, computed %08x: no signature covers this field",
			      s->pe.checksum, pe_sum_final(&s->sum)),
		    s->pe.checksum_off, 4);
	return 0;
}

static void done(struct anatomy *a)
{
	struct pe_state *s = a->state;

	if (!s)
		return;
	s->hasher = hasher_free(s->hasher);
	for (uint32_t i = 0; s->pages && i < s->sigs.npages; i++)
		pe_pages_free(&s->pages[i]);
}

const struct anatomy_format anatomy_pe = {
	.name = "pe",
	.begin = begin,
	.update = update,
	.finish = finish,
	.done = done,
};
