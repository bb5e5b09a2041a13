/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* autostart_priv: the parts of autostart.h. Private to autostart*.c. */

#include "base/arena.h"
#include "base/buf.h"
#include "base/map.h"
#include "sense/host/autostart.h"

struct hasher;

struct autostart {
	const struct autostart_opts *o;
	struct autostart_stats *st;
	struct arena arena;
	int root;
	struct map read;    /* dev, ino of files that were taken apart already */
	struct map digests; /* dev, ino -> struct digest[DIGEST_ALGS] */
	struct map wanted;  /* unit -> the target that wants it */
	struct hasher *hasher;
	const char **home; /* relative to the root */
	const char **owner; /* of each */
	size_t nhomes;
};

/* What an entry is made of before its program is looked at. Texts of the arena, or constant. */
struct autostart_draft {
	const char *kind, *source, *name, *trigger, *user, *command;
	uint32_t line;
	unsigned flags; /* OFF */
};

/* The file itself starts: program is its path. */
FB_MUST int autostart_put(struct autostart *a, const struct autostart_draft *d, const char *program);
/* Words of a shell, or of systemd and others that split words and start no shell: one entry for each
 * program found, one that is UNRESOLVED if there is none. */
FB_MUST int autostart_command(struct autostart *a, const struct autostart_draft *d, bool shell);
FB_MUST int autostart_problem(struct autostart *a, const char *path, int err);

/* A file below the root: 0, -ENOENT, -errno. Files beyond AUTOSTART_FILE_MAX are cut and told. */
FB_MUST int autostart_read_file(struct autostart *a, const char *path, struct buf *out);
/* The same; 1 when it was read before under another path. */
FB_MUST int autostart_read_once(struct autostart *a, const char *path, struct buf *out);

struct autostart_name {
	const char *name;
	unsigned char type; /* DT_* */
};
/* The names in a directory, sorted, files before links; none if it is not there. */
FB_MUST int autostart_list(
    struct autostart *a, const char *path, struct autostart_name **ret_v, size_t *ret_n);
const char *autostart_join(struct autostart *a, const char *dir, const char *name);

FB_MUST int autostart_linux(struct autostart *a);
FB_MUST int autostart_windows(struct autostart *a);

/* --- words, pure --- */

#define AUTOSTART_PROGRAMS_MAX 32
#define AUTOSTART_NEST_MAX 3 /* sh -c "sh -c …" */

struct autostart_words {
	const char *program[AUTOSTART_PROGRAMS_MAX];
	bool script[AUTOSTART_PROGRAMS_MAX]; /* an argument of an interpreter */
	size_t n;
};
/* The programs that a command starts, as they are named there. 0 or -ENOMEM. */
FB_MUST int autostart_words(struct autostart_words *ret_w, struct span command, bool shell, struct arena *a);
