/* SPDX-License-Identifier: Apache-2.0 */

#include "anatomy/pe_pages.h"

#include <errno.h>
#include <stdlib.h>

#define PAGE_COMMON 4096u
#define PAGE_MAX (1u << 20)

struct pe_page {
	uint32_t off, len; /* in the file */
	const uint8_t *want;
};

static int by_offset(const void *a, const void *b)
{
	const struct pe_page *x = a, *y = b;

	return x->off < y->off ? -1 : x->off > y->off;
}

static uint32_t get32(const uint8_t *p)
{
	return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

/* The pages that this image has for a page size; at most max of them. Returns how many there are. */
static uint64_t list(const struct pe *pe, uint32_t size, struct pe_page *out, uint64_t max)
{
	uint64_t n = 0, end = 0;

	if (n++ < max)
		out[0] = (struct pe_page){ 0, pe->headers_len, NULL };
	for (uint32_t i = 0; i < pe->nsections; i++) {
		const struct pe_section *s = &pe->section[i];
		for (uint64_t at = 0; at < s->raw_len; at += size, n++)
			if (n < max)
				out[n] = (struct pe_page){ (uint32_t)(s->raw_off + at),
					(uint32_t)(s->raw_len - at < size ? s->raw_len - at
									  : size),
					NULL };
		if (s->raw_len)
			end = (uint64_t)s->raw_off + s->raw_len;
	}
	if (n++ < max)
		out[n - 1] = (struct pe_page){ (uint32_t)end, 0, NULL };
	return n;
}

/* The table's digests, put to the pages of the same offset. False: another list of offsets. */
static bool match(struct pe_pages *p, struct span table)
{
	size_t entry = 4 + digest_len(p->alg);
	struct pe_page *page = p->page, *theirs = page + p->n;

	for (uint32_t i = 0; i < p->n; i++)
		theirs[i] = (struct pe_page){ get32(table.p + i * entry), 0,
			table.p + i * entry + 4 };
	qsort(page, p->n, sizeof(*page), by_offset);
	qsort(theirs, p->n, sizeof(*page), by_offset);
	for (uint32_t i = 0; i < p->n; i++) {
		if (page[i].off != theirs[i].off ||
		    (i && (uint64_t)page[i - 1].off + page[i - 1].len > page[i].off))
			return false;
		page[i].want = theirs[i].want;
	}
	return true;
}

static bool is_zero(const uint8_t *p, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (p[i])
			return false;
	return true;
}

int pe_pages_begin(struct pe_pages *p, const struct pe *pe, enum digest_alg alg, struct span table,
    struct arena *a)
{
	const uint32_t sizes[] = { PAGE_COMMON, pe->section_align };
	uint64_t n = table.n / (4 + digest_len(alg));

	*p = (struct pe_pages){ .pe = pe, .alg = alg, .n = (uint32_t)n };
	p->page = n > UINT32_MAX / 4 ? NULL : arena_array(a, 2 * n, sizeof(*p->page));
	if (!p->page)
		return -ENOMEM;
	for (size_t i = 0; i < ARRAY_LEN(sizes) && !p->page_size; i++)
		if (sizes[i] && sizes[i] <= PAGE_MAX && list(pe, sizes[i], p->page, n) == n &&
		    match(p, table))
			p->page_size = sizes[i];
	/* The last one has no bytes, and says so. */
	if (!p->page_size || p->page[n - 1].len ||
	    !is_zero(p->page[n - 1].want, digest_len(alg)))
		return -EBADMSG;
	p->n--;
	return hasher_new(&p->hasher, HASH_SET(alg));
}

/* Bytes of the page at hand, without what no signature covers. */
static int hash_bytes(struct pe_pages *p, uint64_t off, const uint8_t *bytes, uint64_t n)
{
	const struct pe_range hole[] = { { p->pe->checksum_off, 4 },
		{ p->pe->security_off, p->pe->security_off ? 8 : 0 } };
	uint64_t at = off;

	for (size_t i = 0; i < ARRAY_LEN(hole); i++) {
		uint64_t lo = hole[i].off, hi = lo + hole[i].len;
		if (hi <= at || lo >= off + n)
			continue;
		int rc = lo > at ? hasher_update(p->hasher, bytes + (at - off), lo - at) : 0;
		if (rc < 0)
			return rc;
		at = hi < off + n ? hi : off + n;
	}
	return at < off + n ? hasher_update(p->hasher, bytes + (at - off), off + n - at) : 0;
}

static int end_page(struct pe_pages *p)
{
	static const uint8_t zeros[PAGE_COMMON];
	const struct pe_page *page = &p->page[p->at];
	uint32_t fill = (p->page_size - page->len % p->page_size) % p->page_size;
	struct digest got[DIGEST_ALGS];
	int rc = 0;

	while (fill && rc == 0) {
		uint32_t n = fill < sizeof(zeros) ? fill : (uint32_t)sizeof(zeros);
		rc = hasher_update(p->hasher, zeros, n);
		fill -= n;
	}
	if (rc == 0)
		rc = hasher_final(p->hasher, got);
	if (rc < 0)
		return rc;
	if (memcmp(got[p->alg].b, page->want, digest_len(p->alg)) != 0 && !p->wrong++)
		p->wrong_off = page->off;
	p->at++;
	return 0;
}

int pe_pages_update(struct pe_pages *p, uint64_t off, const uint8_t *bytes, size_t n)
{
	uint64_t end = off + n;

	while (p->at < p->n) {
		const struct pe_page *page = &p->page[p->at];
		uint64_t lo = page->off > off ? page->off : off;
		uint64_t stop = (uint64_t)page->off + page->len, hi = stop < end ? stop : end;
		int rc = lo < hi ? hash_bytes(p, lo, bytes + (lo - off), hi - lo) : 0;
		if (rc == 0 && stop > end)
			return 0;
		if (rc == 0)
			rc = end_page(p);
		if (rc < 0)
			return rc;
	}
	return 0;
}

void pe_pages_free(struct pe_pages *p)
{
	p->hasher = hasher_free(p->hasher);
}
