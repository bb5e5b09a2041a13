/* SPDX-License-Identifier: Apache-2.0 */

#include "trust/ahead.h"

#include "tap.h"

#include <errno.h>
#include <sys/mman.h>
#include <unistd.h>

static uint8_t byte_at(uint64_t off)
{
	return (uint8_t)(off * 31 + off / 251);
}

/* How many bytes come before the end or an error; *ret_rc is that. Wrong bytes: SIZE_MAX. */
static size_t read_all(int fd, uint64_t size, size_t stop_after, int *ret_rc)
{
	struct ahead a;
	size_t have = 0, n = 0;
	const uint8_t *p = NULL;

	int rc = ahead_begin(&a, fd, size);
	for (size_t k = 0; rc == 0 && k < stop_after; k++) {
		rc = ahead_next(&a, &p, &n);
		if (rc < 0 || !n)
			break;
		for (size_t i = 0; i < n; i++)
			if (p[i] != byte_at(have + i)) {
				ahead_end(&a);
				return SIZE_MAX;
			}
		have += n;
	}
	ahead_end(&a);
	*ret_rc = rc;
	return have;
}

int main(void)
{
	static const uint64_t sizes[] = { 0, 1, AHEAD_BLOCK - 1, AHEAD_BLOCK, AHEAD_BLOCK + 1,
		AHEAD_MIN - 1, AHEAD_MIN, AHEAD_MIN + 1, 3 * AHEAD_MIN + 12345 };
	const uint64_t max = sizes[ARRAY_LEN(sizes) - 1];
	int rc, fd = memfd_create("ahead", MFD_CLOEXEC);

	if (fd < 0 || ftruncate(fd, (off_t)max) < 0)
		return 1;
	uint8_t *m = mmap(NULL, max, PROT_WRITE, MAP_SHARED, fd, 0);
	if (m == MAP_FAILED)
		return 1;
	for (uint64_t i = 0; i < max; i++)
		m[i] = byte_at(i);
	munmap(m, max);
	for (size_t i = 0; i < ARRAY_LEN(sizes); i++)
		ok(read_all(fd, sizes[i], SIZE_MAX, &rc) == sizes[i] && rc == 0,
		    "%" PRIu64 " bytes, in order", sizes[i]);
	for (size_t k = 0; k < 12; k++)
		ok(read_all(fd, max, k, &rc) == k * AHEAD_BLOCK && rc == 0, "left after %zu blocks", k);
	if (ftruncate(fd, 2 * AHEAD_MIN + 1) < 0)
		return 1;
	ok(read_all(fd, max, SIZE_MAX, &rc) == 2 * AHEAD_MIN && rc == -EAGAIN,
	    "a file that became shorter");
	ok(read_all(-1, max, SIZE_MAX, &rc) == 0 && rc == -EBADF, "one that cannot be read");
	close(fd);
	return tap_done();
}
