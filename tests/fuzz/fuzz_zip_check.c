/* SPDX-License-Identifier: Apache-2.0 */

/*
 * zip_check: the bytes as a zip. It says the same twice, and why when it refuses; no more than one
 * number of entries is ever the right one; and what it accepts ends with an end record.
 */

#include "unpack/zip_check.h"

#include "base/file.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#define COUNTS 5 /* numbers of entries that are tried */

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

static int run(size_t size, uint64_t entries)
{
	work = (struct unpack_work){ .file_size = size };
	int rc = unpack_zip_check(&work, entries);
	check(rc == 0 || rc == UNPACK_REFUSED || rc == UNPACK_DAMAGED);
	check(!rc == !work.why[0]);
	return rc;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	int right = 0;

	if (size > 1u << 20)
		return 0;
	put_file(data, size);
	for (uint64_t n = 0; n < COUNTS; n++) {
		int rc = run(size, n);
		check(rc == run(size, n));
		right += rc == 0;
	}
	check(right <= 1);
	check(!right || (size >= 22 && memmem(data, size, "PK\5\6", 4)));
	return 0;
}
