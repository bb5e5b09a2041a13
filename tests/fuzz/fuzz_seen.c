/* SPDX-License-Identifier: Apache-2.0 */

/*
 * seen: the bytes as a run of observations. The first byte says whether checksums are put right
 * first, so that what lies behind them is reached. Whatever the bytes are: nothing outside the file
 * is read, the same question has the same answer, and a file that is as it was made has all answers.
 */

#include "seen/run.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define ASKED 512u

static void check(int good)
{
	if (!good)
		abort();
}

static int file_of(const uint8_t *data, size_t size)
{
	int fd = memfd_create("run", MFD_CLOEXEC);
	check(fd >= 0 && (size == 0 || write(fd, data, size) == (ssize_t)size));
	return fd;
}

/* Sums everything that can be asked, so that two rounds can be compared. */
static uint64_t ask(struct seen_run *r)
{
	struct seen_item x;
	uint64_t sum = 0, key = 0, last = 0, found;
	uint32_t rec;

	for (uint32_t i = 0; i < r->n && i < ASKED && seen_run_item(r, i, &x); i++) {
		sum = sum * 31 + seen_key_path(x.path) + x.r.count;
		sum += seen_sum(x.blob, seen_blob_len(&x.r)) + seen_blob_value(&x.r, x.blob).n;
		sum += seen_blob_found(&x.r, x.blob, &found).n + seen_blob_own(&x.r, x.blob).n;
	}
	for (unsigned ix = 0; ix < SEEN_IXS; ix++)
		for (uint32_t at = 0; at < r->nix[ix] && at < ASKED && seen_run_ix(r, ix, at, &key, &rec); at++) {
			sum = sum * 31 + key + rec;
			uint32_t low = seen_run_lower(r, ix, key, 0);
			check(low <= r->nix[ix] && seen_run_lower(r, ix, last, at) <= r->nix[ix]);
			sum += low;
			last = key;
		}
	return sum + r->file.bad;
}

static uint64_t round_of(const uint8_t *data, size_t size, bool *ret_bad)
{
	struct seen_run r;
	uint64_t sum = 0;

	*ret_bad = true;
	if (seen_run_open(&r, file_of(data, size), "0123456789abcdef.run", NULL) < 0) {
		check(!r.file.p && !r.file.h);
		return 0;
	}
	sum = ask(&r);
	*ret_bad = r.file.bad;
	if (!r.file.bad)
		check(seen_file_check(&r.file) == 0 || r.file.bad);
	seen_run_close(&r);
	return sum;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	bool bad, again;

	if (size < 1)
		return 0;
	uint8_t *p = malloc(size);
	check(p != NULL);
	memcpy(p, data + 1, size - 1);
	if (data[0] & 1)
		seen_seal(p, size - 1);
	uint64_t sum = round_of(p, size - 1, &bad);
	check(sum == round_of(p, size - 1, &again) && bad == again);
	free(p);
	return 0;
}
