/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * file: opening, reading whole small files, mapping, replacing atomically, walking trees.
 *
 * Guarantees: every descriptor is O_CLOEXEC; opens below a directory use openat2(2) with
 * RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS (and NO_SYMLINKS where said); reads have a cap.
 * A replaced file is either the old or the new content after a crash at any point.
 */

#include "base/buf.h"
#include "base/fault.h"
#include "base/span.h"

#include <sys/stat.h>

#define FILE_SMALL_MAX (16u << 20) /* default cap of file_read for documents */

/* openat2 beneath dirfd, no symlink anywhere. fd or -errno (-ELOOP: a symlink, -EXDEV: outside).
 * Where others may have put a FIFO, flags need O_NONBLOCK. */
FB_MUST int file_open_beneath(int dirfd, const char *path, int flags, unsigned mode);
/* openat2 with rootfd as the root: links and ".." stay below it, also absolute ones; magic links are
 * refused. For trees that are not this system's own. fd or -errno. */
FB_MUST int file_open_in_root(int rootfd, const char *path, int flags);
/* A regular file given by the user, for reading; "-" is not special. fd or -errno with fault. */
FB_MUST int file_open_user(const char *path, struct fault *f);

/* Appends all of fd to out: 0, -EMSGSIZE beyond max or the buffer's own cap, -errno. On an error out
 * holds what it held before. */
FB_MUST int file_read_fd(int fd, struct buf *out, size_t max);
/* Opens and reads a whole document; fault says the path. */
FB_MUST int file_read(const char *path, struct buf *out, size_t max, struct fault *f);
FB_MUST int file_write_all(int fd, struct span s);

/*
 * Atomic replace of dirfd/name: write a temporary beside it, fsync, rename, fsync the directory.
 * name has no slash; dirfd is a descriptor from open(2), not AT_FDCWD. mode is under the umask.
 * 0 or -errno; on an error the old file stands and no temporary is left. (Only if the last step,
 * the fsync of the directory, fails, the new content stands and may not survive a crash.)
 */
FB_MUST int file_replace(int dirfd, const char *name, struct span content, unsigned mode);
/* Takes away the temporaries of writers that were killed. The caller holds the lock that all writers
 * of this directory take; otherwise it would take them from those that are at work. */
void file_sweep(int dirfd);
/* The same as file_replace for a path. */
FB_MUST int file_replace_path(const char *path, struct span content, unsigned mode,
    struct fault *f);

/* A new empty file without a name, for reading and writing, in the directory (a descriptor from
 * open(2)), or in memory when it is -1. fd or -errno. */
FB_MUST int file_nameless(int dirfd);

/* mkdir -p with the mode for new directories. 0 or -errno (-ENOTDIR: a file is in the way). */
FB_MUST int file_mkdirs(const char *path, unsigned mode);

/* A read-only private mapping of a whole regular file. Empty files give an empty span. */
struct file_map {
	struct span s;
	int fd;
};
#define FILE_MAP_NONE ((struct file_map){ { NULL, 0 }, -1 })
FB_MUST int file_map_open(struct file_map *m, const char *path, struct fault *f);
FB_MUST int file_map_fd(struct file_map *m, int fd); /* takes fd, also on error */
void file_map_close(struct file_map *m);
