/* SPDX-License-Identifier: Apache-2.0 */

/* cfb, msi_db: an error means zeroed output; twice means the same; every range lies in the file, no
 * two streams share one; a database that opens gives every cell of every table. */

#include "wire/msi_base.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define ARENA_MAX (16u << 20)

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

static void check_streams(const struct cfb *c, struct span file)
{
	static uint8_t owned[1 << 16];
	size_t unit = CFB_MINI;

	memset(owned, 0, sizeof(owned));
	for (uint32_t i = 0; i < c->nlisted; i++) {
		struct cfb_walk w = cfb_walk(c, c->listed[i]);
		struct cfb_range r;
		while (cfb_next(c, &w, &r)) {
			check(r.off + r.len <= file.n && r.len);
			for (uint64_t at = r.off / unit; at < (r.off + r.len) / unit; at++) {
				if (at / 8 >= sizeof(owned))
					continue;
				check(!(owned[at / 8] >> at % 8 & 1));
				owned[at / 8] |= (uint8_t)(1u << at % 8);
			}
		}
	}
}

static size_t read_cells(const struct msi_table *t)
{
	char name[MSI_NAME_MAX];
	size_t sum = 0;

	for (uint32_t row = 0; row < t->nrows && row < 64; row++) {
		sum += strlen(msi_row_name(t, row, name));
		for (int i = 0; i < (int)t->ncolumns; i++) {
			struct span s = msi_long_name(msi_text(t, row, i));
			sum += (size_t)msi_int(t, row, i);
			for (size_t k = 0; k < s.n; k++)
				sum += s.p[k];
		}
	}
	return sum;
}

static void check_base(const struct cfb *c, struct arena *a)
{
	struct msi_base b;
	struct fault f = FAULT_INIT;

	if (msi_base_open(&b, c, a, &f) != 0)
		return;
	for (uint32_t i = 0; i < b.tables.nrows && i < 32; i++) {
		char *name = arena_str(a, msi_text(&b.tables, i, 0));
		struct msi_table t;
		if (name && msi_base_table(&b, name, &t, &f) == 0)
			(void)read_cells(&t);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct cfb zero;
	AUTO_ARENA struct arena a = ARENA_INIT(ARENA_MAX), b = ARENA_INIT(ARENA_MAX);
	struct span file = span_of(data, size);
	struct cfb c, d;

	int rc = cfb_open(&c, fetch, &file, size, &a);
	check(cfb_open(&d, fetch, &file, size, &b) == rc);
	check(memcmp(c.odd, d.odd, sizeof(c.odd)) == 0);
	if (rc) {
		check(memcmp(&c, &zero, sizeof(c)) == 0);
		return 0;
	}
	check(cfb_account(&c) == 0 && cfb_account(&d) == 0);
	check(memcmp(c.odd, d.odd, sizeof(c.odd)) == 0);
	check_streams(&c, file);
	check_base(&c, &a);
	return 0;
}
