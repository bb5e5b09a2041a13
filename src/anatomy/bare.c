/* SPDX-License-Identifier: Apache-2.0 */

#include "anatomy/bare_priv.h"

#include "base/buf.h"
#include "crypto/hash.h"
#include "wire/pe.h"

#include <errno.h>

/* The file as it may have been: a head of its own, then the file's bytes up to n. */
struct before {
	struct span file;
	struct buf head;
	uint64_t n;
	uint32_t checksum_off;
};

static void set_checksum(struct before *x, uint32_t v)
{
	for (unsigned i = 0; i < 4; i++)
		x->head.p[x->checksum_off + i] = (uint8_t)(v >> (8 * i));
}

static struct span head_of(const struct before *x)
{
	return span_cut(buf_span(&x->head), 0, (size_t)x->n);
}

static struct span rest_of(const struct before *x)
{
	size_t head = head_of(x).n;

	return span_cut(x->file, head, (size_t)x->n - head);
}

static uint32_t checksum_of(const struct before *x, const struct pe *pe)
{
	struct pe_sum s = pe_sum_of(pe);
	struct span head = head_of(x), rest = rest_of(x);

	pe_sum_update(&s, head.p, head.n);
	if (rest.n) /* then the head is PE_HEAD_MAX long, a multiple of 4 */
		pe_sum_update(&s, rest.p, rest.n);
	return pe_sum_final(&s);
}

int bare_put(struct component_bare *b, struct span head, struct span rest)
{
	AUTO_HASHER struct hasher *h = NULL;
	struct digest d[DIGEST_ALGS];

	if (b->n == COMPONENT_BARE_MAX)
		return 0;
	int rc = hasher_new(&h, HASH_SET(DIGEST_SHA256) | HASH_SET(DIGEST_SHA1));
	if (rc == 0)
		rc = hasher_update(h, head.p, head.n);
	if (rc == 0 && rest.n)
		rc = hasher_update(h, rest.p, rest.n);
	if (rc == 0)
		rc = hasher_final(h, d);
	if (rc < 0)
		return rc;
	b->as[b->n].sha256 = d[DIGEST_SHA256];
	b->as[b->n++].sha1 = d[DIGEST_SHA1];
	return 0;
}

static int put(struct component_bare *b, const struct before *x)
{
	return bare_put(b, head_of(x), rest_of(x));
}

static int put_length(struct component_bare *b, struct before *x, const struct pe *pe)
{
	uint32_t right = checksum_of(x, pe);

	set_checksum(x, right);
	int rc = put(b, x);
	if (rc == 0 && right) {
		set_checksum(x, 0);
		rc = put(b, x);
	}
	if (rc == 0 && pe->checksum && pe->checksum != right && x->n == pe->table.off) {
		set_checksum(x, pe->checksum);
		rc = put(b, x);
	}
	return rc;
}

/* One table, at the very end, and nothing in it that is anything else's. */
static bool could_be_signed(const struct pe *pe)
{
	return pe->table.len && pe->table.off + pe->table.len == pe->file_size &&
	    pe->table.off >= pe->content_end && pe->table.off % 8 == 0 &&
	    pe->checksum_off + 4u <= pe->table.off && pe->security_off + 8u <= pe->table.off;
}

static int of_pe(struct component_bare *b, struct span file)
{
	struct before x = { .file = file, .head = BUF_INIT(PE_HEAD_MAX + 1) };
	struct span head = span_cut(file, 0, PE_HEAD_MAX);
	struct pe pe;
	int rc = 0;

	if (pe_parse(&pe, head, file.n) != PE_OK || !could_be_signed(&pe))
		return 0;
	buf_put_span(&x.head, span_cut(head, 0, (size_t)pe.table.off));
	rc = buf_err(&x.head);
	if (rc == 0)
		memset(x.head.p + pe.security_off, 0, 8);
	x.checksum_off = pe.checksum_off;
	x.n = pe.table.off;
	for (int pad = 0; pad < 8 && rc == 0; pad++) {
		rc = put_length(b, &x, &pe);
		if (x.n - 1 < pe.content_end || file.p[x.n - 1] != 0)
			break;
		x.n--;
	}
	buf_free(&x.head);
	return rc;
}

int component_bare_of(struct component_bare *ret_b, struct span file, enum format f)
{
	struct component_bare b = { .n = 0 };
	int rc = f == FORMAT_PE	   ? of_pe(&b, file) :
		 f == FORMAT_MACHO ? bare_macho(&b, file) :
				     0;

	if (rc == 0)
		*ret_b = b;
	return rc;
}
