/* SPDX-License-Identifier: Apache-2.0 */

#include "base/util.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

void fd_close_p(int *fd)
{
	if (*fd >= 0) {
		int e = errno;
		close(*fd);
		errno = e;
	}
}

void free_p(void *pp)
{
	free(*(void **)pp);
}

void fb_assert_failed(const char *what, const char *file, int line)
{
	fprintf(stderr, "firebreak: bug: %s at %s:%d\n", what, file, line);
	abort();
}
