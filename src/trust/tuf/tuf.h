/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * tuf: outcomes, limits and words that the files of this folder share. The Update Framework
 * specification 1.0.37 (theupdateframework.github.io/specification); "5.4.2" and the like are its
 * sections.
 *
 *   meta.h      bytes -> one metadata file: signatures, keys, roles, versions (section 4)
 *   set.h       the trusted set: which file may follow which (sections 5.2 to 5.6)
 *   delegate.h  which delegations concern a path (4.5)
 *   client.h    the workflow over a repository and a local store (section 5)
 *
 * meta, set and delegate are pure: no file, no network, no clock; a client does I/O through the
 * functions that it was given.
 */

#include "base/fault.h"
#include "base/span.h"
#include "base/util.h"

/* Bytes of one file (5.3.3, 5.4.1, 5.5.1, 5.6.1), where no signed length says less. */
#define TUF_ROOT_MAX (512u << 10)
#define TUF_TIMESTAMP_MAX (16u << 10)
#define TUF_SNAPSHOT_MAX (2u << 20)
#define TUF_TARGETS_MAX (5u << 20)
#define TUF_TARGET_MAX (64u << 20) /* of a target file; the caller may ask for less */
#define TUF_ROOTS_MAX 1024         /* root rotations in one update (5.3.3) */
#define TUF_VISITS_MAX 32          /* delegated roles looked at to find one target (5.6.7.1) */
#define TUF_SIGNATURES_MAX 256     /* of one file */
#define TUF_KEYS_MAX 1024          /* of one file */
#define TUF_ROLES_MAX 16384        /* delegations of one file */
#define TUF_NAME_MAX 200           /* bytes of a role's name, as it is in a file name */
#define TUF_BITS_MAX 32            /* of succinct delegations (TAP 15) */
#define TUF_PATH_MAX 1024          /* bytes of a target path */

enum tuf_result {
	TUF_OK = 0,
	TUF_SAME,      /* the version that is trusted already: nothing new, no error (5.4.3.1) */
	TUF_MALFORMED, /* not metadata of this kind */
	TUF_UNSIGNED,  /* not signed by a threshold of the keys: arbitrary software */
	TUF_ROLLBACK,  /* older than what was seen before, or a root out of turn */
	TUF_EXPIRED,   /* freeze */
	TUF_MISMATCH,  /* not the length, hash or version that the file above it lists: mix-and-match */
	TUF_OVERSIZE,  /* more bytes than its limit: endless data */
	TUF_UNLISTED,  /* not in the snapshot or not delegated */
	TUF_MISSING,   /* the repository says that it has no such file */
	TUF_NO_TARGET, /* no role that may speak about it names this target */
	TUF_IO,        /* could not be fetched or stored; the -errno is in the report */
	TUF_RESULTS,
};

/* "unsigned", "rollback" … for machines. */
const char *tuf_result_name(int r);

/* Why not: filled by whoever returns a result that is not TUF_OK or TUF_SAME. */
struct tuf_report {
	const char *step; /* of section 5: "5.4.3.1"; static */
	int err;          /* TUF_IO: -errno */
	struct fault f;   /* one line without the step */
};

#define TUF_REPORT_INIT ((struct tuf_report){ 0 })

/* Writes the report and returns r. */
int tuf_say(struct tuf_report *w, int r, const char *step, const char *fmt, ...) FB_PRINTF(4, 5);
