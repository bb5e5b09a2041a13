/* SPDX-License-Identifier: Apache-2.0 */

#include "anatomy/pe_pages.h"
#include "base/buf.h"

#include "pe_make.h"
#include "tap.h"

#include <errno.h>

#define ENTRY (4 + 32)

static struct pe_make image;
static struct pe pe;
static struct arena mem = ARENA_INIT(1u << 20);

static void put_page(struct buf *b, uint32_t off, const uint8_t *p, size_t n, bool headers)
{
	AUTO_BUF struct buf page = BUF_INIT(1 << 16);
	static const uint8_t zero[4096];

	if (headers) { /* the headers, without CheckSum and the directory entry */
		buf_put(&page, p, image.checksum_off);
		buf_put(&page, p + image.checksum_off + 4,
		    image.security_off - image.checksum_off - 4);
		buf_put(&page, p + image.security_off + 8, n - image.security_off - 8);
	} else {
		buf_put(&page, p, n);
	}
	buf_put(&page, zero, 4096 - n);
	struct digest d = sha256_of(buf_span(&page));
	buf_put_le32(b, off);
	buf_put(b, d.b, 32);
}

/* The table of the image that pe_make makes: headers, .text, .data, the end. */
static void put_table(struct buf *b)
{
	static const uint8_t zero[32];
	uint32_t end = 0;

	put_page(b, 0, image.p, pe.headers_len, true);
	for (uint32_t i = 0; i < pe.nsections; i++) {
		const struct pe_section *s = &pe.section[i];
		put_page(b, s->raw_off, image.p + s->raw_off, s->raw_len, false);
		end = s->raw_off + s->raw_len;
	}
	buf_put_le32(b, end);
	buf_put(b, zero, 32);
}

/* Wrong pages (and those that did not come), or -errno. */
static int count(struct span table, size_t step, size_t n)
{
	struct pe_pages p;
	int rc = pe_pages_begin(&p, &pe, DIGEST_SHA256, table, &mem);

	for (size_t off = 0; rc == 0 && off < n; off += step)
		rc = pe_pages_update(&p, off, image.p + off, n - off < step ? n - off : step);
	if (rc == 0)
		rc = (int)(p.wrong + p.n - p.at);
	pe_pages_free(&p);
	return rc;
}

static void test_good(struct span table)
{
	for (size_t step = 1; step <= image.n; step = step * 3 + 1)
		is_int(count(table, step, image.n), 0, "all pages match, %zu bytes at a time", step);
	is_int(count(table, 512, pe.content_end - 1), 1, "the last page does not come");
	is_int(count(table, 512, 0), 3, "nothing comes");
}

static void test_changed(struct span table)
{
	size_t unseen = 0;

	for (size_t i = 0; i < image.n; i++) {
		bool hole = (i >= image.checksum_off && i < image.checksum_off + 4) ||
			    (i >= image.security_off && i < image.security_off + 8);
		image.p[i] ^= 0x40;
		int wrong = count(table, 4096, image.n);
		image.p[i] ^= 0x40;
		unseen += !hole && i < pe.content_end ? wrong != 1 : wrong != 0;
	}
	is_int(unseen, 0, "every byte of headers and sections is in one page, but for the holes");
}

static void test_tables(struct span table)
{
	AUTO_BUF struct buf t = BUF_INIT(1 << 12);
	size_t n = table.n / ENTRY, bad = 0;

	for (size_t i = 0; i < table.n; i++) {
		buf_reset(&t);
		buf_put_span(&t, table);
		t.p[i] ^= 1;
		int rc = count(buf_span(&t), 4096, image.n);
		bool digest = i % ENTRY >= 4, last = i / ENTRY == n - 1;
		bad += rc != (digest && !last ? 1 : -EBADMSG);
	}
	is_int(bad, 0, "a flipped digest is a wrong page, anything else no table of this image");
	for (size_t i = 0; i < n; i++)
		bad += count(span_cut(table, 0, i * ENTRY), 4096, image.n) != -EBADMSG;
	is_int(bad, 0, "an entry less");
	buf_reset(&t);
	buf_put_span(&t, table);
	buf_put_span(&t, span_cut(table, 0, ENTRY));
	is_int(count(buf_span(&t), 4096, image.n), -EBADMSG, "an entry more");
	buf_reset(&t);
	for (size_t i = n; i-- > 0;)
		buf_put_span(&t, span_cut(table, i * ENTRY, ENTRY));
	is_int(count(buf_span(&t), 4096, image.n), 0, "in another order");
	AUTO_ARENA struct arena tiny = ARENA_INIT(16);
	struct pe_pages p;
	is_int(pe_pages_begin(&p, &pe, DIGEST_SHA256, table, &tiny), -ENOMEM, "no memory");
	pe_pages_free(&p);
}

int main(void)
{
	AUTO_BUF struct buf table = BUF_INIT(1 << 12);

	image = pe_make(1, 64, NULL, 0, 0);
	if (pe_parse(&pe, span_of(image.p, image.n), image.n) != PE_OK)
		return 1;
	put_table(&table);
	test_good(buf_span(&table));
	test_changed(buf_span(&table));
	test_tables(buf_span(&table));
	free(image.p);
	arena_free(&mem);
	return tap_done();
}
