/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * msi_paths: where an MSI's files go: File, Component and Directory put together. Private to this
 * room, runs in the worker.
 *
 * Paths are as msiextract (msitools) has them: the long names, without SourceDir and ".", and
 * "Program Files" for ProgramFilesFolder.
 */

#include "base/map.h"
#include "unpack/backend.h"
#include "wire/msi_base.h"

#define MSI_DIRS_DEEP 64

struct msi_file {
	const char *path; /* in the arena */
	int64_t size;
	bool given; /* a cabinet had it */
};

struct msi_paths {
	const struct msi_base *base;
	struct msi_table dirs, components, files;
	struct map dir, component, file; /* key → row + 1; file: struct msi_file */
};

/* 0; UNPACK_DAMAGED or UNPACK_REFUSED, said by unpack_stop; -ENOMEM, -errno. */
FB_MUST int msi_paths_read(struct msi_paths *p, const struct msi_base *b, struct unpack_work *w);
/* The file of this key, NULL if there is none. */
struct msi_file *msi_paths_find(const struct msi_paths *p, const char *key);
