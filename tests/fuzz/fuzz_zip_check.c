/* SPDX-License-Identifier: Apache-2.0 */

/*
 * zip_check: the bytes as a zip. It says the same twice, and why when it refuses; and what it accepts
 * ends with an end record and has room for its entries.
 */

#include "unpack/zip_check.h"

#include "base/file.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct unpack_work work;

static void check(int good)
{
	if (!good)
		abort();
}

/* The check reads the descriptor that a worker has its file on. */
static void put_file(const uint8_t *data, size_t size)
{
	static bool there;

	if (!there) {
		int fd = memfd_create("zip", 0);
		check(fd >= 0 && dup2(fd, SANDBOX_IN) == SANDBOX_IN);
		if (fd != SANDBOX_IN)
			close(fd);
		there = true;
	}
	check(ftruncate(SANDBOX_IN, 0) == 0);
	check(size == 0 || pwrite(SANDBOX_IN, data, size, 0) == (ssize_t)size);
}

static int run(size_t size, uint64_t *ret_entries)
{
	*ret_entries = 0;
	work = (struct unpack_work){ .file_size = size, .out = BUF_INIT(1u << 16),
		.opts = { .entries = UNPACK_ENTRIES_MAX } };
	int rc = unpack_zip_check(&work, ret_entries);
	check(rc == 0 || rc == UNPACK_REFUSED || rc == UNPACK_DAMAGED);
	check(!rc == !work.why[0]);
	buf_free(&work.out);
	return rc;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint64_t n, again;

	if (size > 1u << 20)
		return 0;
	put_file(data, size);
	int rc = run(size, &n);
	check(rc == run(size, &again) && n == again);
	check(rc || (size >= 22 && n <= size / 46 && memmem(data, size, "PK\5\6", 4)));
	return 0;
}
