/* SPDX-License-Identifier: Apache-2.0 */

/* Walks any bytes as DER: every reader on every value; spans stay inside, errors give nothing. */

#include "wire/der.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define CHECK(x) ((x) ? (void)0 : abort())

static void inside(struct span outer, struct span s)
{
	CHECK(s.n == 0 ||
	      (s.p >= outer.p && s.n <= outer.n && (size_t)(s.p - outer.p) <= outer.n - s.n));
}

/* Each reader on a copy of the cursor: after an error its output is empty and nothing moves back.
 */
static void readers(const struct cur *c, struct span all)
{
	char text[DER_OID_TEXT_MAX];
	struct cur r[7] = { *c, *c, *c, *c, *c, *c, *c };
	struct span params = SPAN_NONE;
	struct span got[5] = { der_integer(&r[0]), der_oid(&r[1]), der_octets(&r[2]),
		der_bits(&r[3]), der_algorithm(&r[4], &params) };

	for (int i = 0; i < 5; i++) {
		inside(all, got[i]);
		CHECK(!r[i].err || got[i].n == 0);
		CHECK(r[i].off >= c->off && r[i].off <= c->n);
	}
	CHECK(!r[4].err || params.n == 0);
	inside(all, params);
	ts t = der_time(&r[5]);
	CHECK(!r[5].err || t == TS_NONE);
	uint64_t u = der_uint(&r[6], 1000);
	CHECK(u <= 1000 && (!r[6].err || u == 0));
	if (!r[1].err)
		CHECK(strlen(der_oid_text(got[1], text)) < DER_OID_TEXT_MAX);
}

static void walk(struct cur *c, struct span all, int depth)
{
	while (cur_left(c)) {
		readers(c, all);
		bool nested = c->p[c->off] & 0x20 && depth < 16;
		if (!nested) {
			struct der v = der_any(c);
			inside(all, v.all);
			CHECK(!c->err || (v.all.n == 0 && v.body.n == 0));
			continue;
		}
		struct cur sub = der_enter(c, c->p[c->off]);
		walk(&sub, all, depth + 1);
		der_leave(c, &sub);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span all = span_of(data, size);
	struct cur c = cur_of(all);

	walk(&c, all, 0);
	CHECK(c.off <= size);
	CHECK(der_done(&c) == (c.err == 0));
	return 0;
}
