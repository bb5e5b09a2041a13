/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* scratch: a temporary directory for one test program, removed when it exits normally. */

#include <ftw.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static char scratch_dir[256];
static const char *scratch_top = "/tmp";

/* Makes the directory below top; before the first scratch(). */
static inline void scratch_in(const char *top)
{
	scratch_top = top;
}

static inline int scratch_rm_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	return remove(path);
}

static inline void scratch_rm(void)
{
	nftw(scratch_dir, scratch_rm_one, 16, FTW_DEPTH | FTW_PHYS);
}

/* The path of a name in it; makes the directory on the first call. Valid for 63 more calls. */
__attribute__((format(printf, 1, 2))) static inline const char *scratch(const char *fmt, ...)
{
	static char path[64][512];
	static unsigned turn;
	char name[256];
	va_list ap;

	if (!scratch_dir[0]) {
		snprintf(scratch_dir, sizeof(scratch_dir), "%s/firebreak-test-XXXXXX", scratch_top);
		if (!mkdtemp(scratch_dir)) {
			perror("mkdtemp");
			exit(2);
		}
		atexit(scratch_rm);
	}
	va_start(ap, fmt);
	vsnprintf(name, sizeof(name), fmt, ap);
	va_end(ap);
	char *out = path[turn++ % 64];
	snprintf(out, sizeof(path[0]), "%s/%s", scratch_dir, name);
	return out;
}
