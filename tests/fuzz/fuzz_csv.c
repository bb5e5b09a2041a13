/* SPDX-License-Identifier: Apache-2.0 */

/* wire/csv: fields lie inside the text; reading twice gives the same; an error ends it. */

#include "wire/csv.h"

#include <stdlib.h>

#define MAX 8

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static uint64_t walk(struct span s, char delim)
{
	static uint8_t out[1 << 16];
	struct csv_field f[MAX];
	struct csv c;
	uint64_t sum = 0;
	size_t n, last = 0;

	csv_open(&c, s, delim, true);
	while (csv_next(&c, f, MAX, &n)) {
		if (n == 0 || n > MAX || c.off <= last || c.off > s.n || c.rec_line > c.line)
			abort();
		last = c.off;
		for (size_t i = 0; i < n; i++) {
			if (f[i].raw.p < s.p || f[i].raw.n > s.n)
				abort();
			if (f[i].raw.n <= sizeof(out) && csv_unescape(out, f[i]) > f[i].raw.n)
				abort();
			sum = sum * 31 + f[i].raw.n + (uint64_t)f[i].escaped;
		}
	}
	if (c.err && (c.err_off > s.n || csv_next(&c, f, MAX, &n)))
		abort();
	if (!c.err && c.off != s.n)
		abort();
	return sum * 31 + (uint64_t)c.err;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span s = span_of(data, size);

	if (walk(s, ',') != walk(s, ','))
		abort();
	(void)walk(s, '\t');
	return 0;
}
