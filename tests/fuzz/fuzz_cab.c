/* SPDX-License-Identifier: Apache-2.0 */

/* cab: an error means zeroed output; twice means the same; what is said of places lies in the file or
 * is said to be odd. */

#include "wire/cab.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define ARENA_MAX (32u << 20)

static void check(int good)
{
	if (!good)
		abort();
}

static int fetch(void *ctx, uint64_t off, void *p, size_t n)
{
	const struct span *file = ctx;

	check(off <= file->n && n <= file->n - off);
	if (n)
		memcpy(p, file->p + off, n);
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct cab zero;
	AUTO_ARENA struct arena a = ARENA_INIT(ARENA_MAX), b = ARENA_INIT(ARENA_MAX);
	struct span file = span_of(data, size);
	struct cab_range r[CAB_COVERED_MAX];
	struct cab c, d;

	int rc = cab_open(&c, fetch, &file, size, &a);
	check(cab_open(&d, fetch, &file, size, &b) == rc);
	if (rc) {
		check(memcmp(&c, &zero, sizeof(c)) == 0);
		return 0;
	}
	check(cab_account(&c) == 0 && cab_account(&d) == 0);
	check(memcmp(c.odd, d.odd, sizeof(c.odd)) == 0);
	for (uint32_t i = 0; i < c.nfiles; i++)
		check(c.file[i].folder < c.nfolders && strlen(c.file[i].name) < CAB_NAME_MAX);
	bool odd = c.odd[CAB_A_SIGNATURE].count || c.odd[CAB_A_TRUNCATED].count;
	for (size_t i = 0; i < cab_covered(&c, r); i++)
		check(odd || r[i].off + r[i].len <= size);
	return 0;
}
