/* SPDX-License-Identifier: Apache-2.0 */

/* pe: an error means zeroed output; twice means the same; every range given lies in the file. */

#include "wire/pe.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(int good)
{
	if (!good)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct pe zero;
	static struct pe a, b;
	static struct pe_certs c;
	struct pe_range r[PE_COVERED_MAX];
	struct span file = span_of(data, size);
	struct span head = span_cut(file, 0, PE_HEAD_MAX);

	int rc = pe_parse(&a, head, size);
	check(pe_parse(&b, head, size) == rc && memcmp(&a, &b, sizeof(a)) == 0);
	if (rc) {
		check(rc > 0 && memcmp(&a, &zero, sizeof(a)) == 0);
		return 0;
	}
	check(a.table.off + a.table.len <= size && a.content_end <= size);
	size_t n = pe_covered(&a, r);
	for (size_t i = 0; i < n; i++) {
		check(r[i].off + r[i].len <= size);
		check(!i || r[i].off >= r[i - 1].off + r[i - 1].len);
	}
	pe_certs(&c, span_cut(file, a.table.off, a.table.len), a.table.off);
	uint64_t end = a.table.off;
	for (uint32_t i = 0; i < c.n; i++) {
		check(c.cert[i].off == end && c.cert[i].length >= 8);
		end += 8 + c.cert[i].body.n;
		check(end <= a.table.off + a.table.len);
	}
	check(c.odd.n || end == a.table.off + a.table.len);
	struct pe_sum s = pe_sum_of(&a);
	pe_sum_update(&s, data, size);
	(void)pe_sum_final(&s);
	return 0;
}
