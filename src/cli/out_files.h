/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * out_files: files that a command writes as it goes, and that appear whole or not at all: each is a
 * temporary beside its place until out_files_commit, which syncs and renames them all. An old file
 * stays until then.
 */

#include "cli/cli.h"

#include <stdio.h>

#define OUT_FILES_MAX 16

struct out_files {
	const char *path; /* a file; a folder (made when it is not there); NULL: stdout */
	bool folder;
	int dirfd;
	struct out_file {
		FILE *f;
		char name[256], temp[64];
	} file[OUT_FILES_MAX];
	size_t n;
};

FB_MUST int out_files_open(struct out_files *o, const char *path, bool folder, struct fault *f);
/* In a folder: a file of this name. NULL with fault. */
FILE *out_files_new(struct out_files *o, const char *name, struct fault *f);
FB_MUST int out_files_commit(struct out_files *o, struct fault *f);
/* What was not committed is gone. */
void out_files_close(struct out_files *o);
