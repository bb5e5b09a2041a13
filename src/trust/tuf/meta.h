/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * meta: one TUF metadata file (section 4) read and held: who signed it, and what it says. That it is
 * read means nothing yet: meta_signed_by decides.
 *
 * Guarantees: pure; memory of its own, freed at once. The whole file is checked before anything of
 * it can be used; members that the specification does not name are ignored, but the signatures
 * cover them. The JSON is strict (wire/json.h: no duplicate names, no bytes after it). Signatures
 * are over the OLPC canonical form of "signed" (4.1).
 *
 * Where the specification leaves room:
 *   keyids are names: they are not computed from the key (as TAP 12 has it; Sigstore's root 11 lists
 *     one that does not fit), but a threshold counts keys by what they are, so that one key under
 *     two names counts once. A keyid that is twice in a role or among the signatures is malformed.
 *   keys of unknown types, values that are no keys, and signatures that are no hex or empty (as in
 *     Sigstore's roots 12 to 14) count for nothing and are no error.
 *   spec_version: the major version must be 1 (TAP 6).
 *   times: RFC 3339; more than the "Z" form of 4.2.3, because Sigstore's first roots have offsets
 *     and fractions.
 *   consistent_snapshot that is missing is false; a delegation with neither "paths" nor
 *     "path_hash_prefixes" delegates nothing, with both is malformed.
 *   succinct_roles (TAP 15, not in the specification, but in use) instead of "roles" are read.
 *   a file listed with hashes must have one of sha256, sha384, sha512; other algorithms are ignored.
 */

#include "base/arena.h"
#include "base/clock.h"
#include "base/map.h"
#include "model/digest.h"
#include "trust/tuf/tuf.h"
#include "wire/json.h"

#define TUF_HASHES_MAX 8

enum tuf_type { TUF_ROOT = 0, TUF_TIMESTAMP, TUF_SNAPSHOT, TUF_TARGETS, TUF_TYPES };

const char *tuf_type_name(enum tuf_type t); /* "root", as in "_type" and in file names */
size_t tuf_type_max(enum tuf_type t);       /* TUF_ROOT_MAX … */

/* What a file must be, as another one lists it: METAFILES and TARGETS (4.4, 4.5). */
struct tuf_file {
	int64_t version; /* 0 for a target */
	int64_t length;  /* -1: not listed */
	struct digest hash[TUF_HASHES_MAX]; /* sha256, sha384, sha512 */
	size_t nhashes;
};

/* Who may sign: the keys by name, how many of them, for which paths. */
struct tuf_role {
	struct span name;
	struct span *keyid;
	size_t nkeyids;
	int64_t threshold; /* at least 1 */
	/* of a delegation: */
	bool terminating;
	bool by_hash;         /* pattern holds path_hash_prefixes */
	struct span *pattern;
	size_t npatterns;
	unsigned bits; /* not 0: 2^bits roles called name-<hex>, by the path's hash (TAP 15) */
};

struct tuf_meta {
	enum tuf_type type;
	int64_t version; /* at least 1 */
	ts expires;
	struct span bytes; /* of the file, borrowed from arena */

	/* TUF_ROOT */
	bool consistent;
	struct tuf_role role[TUF_TYPES];
	/* TUF_TIMESTAMP */
	struct tuf_file snapshot;
	/* TUF_SNAPSHOT: name with ".json" -> struct tuf_file, in the file's order */
	struct map files;
	/* TUF_TARGETS */
	struct json_val targets;
	struct tuf_role *delegation;
	size_t ndelegations;

	/* private */
	struct arena arena;
	struct json_doc doc;
	struct map keys; /* keyid -> struct meta_key */
	struct map sigs; /* keyid -> struct span, decoded; empty: unusable */
	struct buf canonical;
};

/* Copies the bytes. 0, TUF_MALFORMED with fault (*ret_m is not written), -ENOMEM. */
FB_MUST int tuf_meta_read(struct tuf_meta **ret_m, enum tuf_type type, struct span bytes,
    struct fault *f);
struct tuf_meta *tuf_meta_free(struct tuf_meta *m);
void tuf_meta_free_p(struct tuf_meta **m);
#define AUTO_META FB_CLEANUP(tuf_meta_free_p)

/*
 * Did a threshold of role's keys, which delegator holds, sign m? 0, TUF_UNSIGNED with a fault that
 * counts, -ENOMEM. delegator may be m itself (a root).
 */
FB_MUST int tuf_meta_signed_by(const struct tuf_meta *m, struct tuf_meta *delegator,
    const struct tuf_role *role, struct fault *f);

/*
 * Was a key taken from the role between two roots (5.3.11)? By what the keys are: other names for
 * the same keys, or more keys, are no rotation. Keys that cannot be used do not count.
 */
FB_MUST int tuf_meta_rotated(struct tuf_meta *old_root, struct tuf_meta *new_root, enum tuf_type t,
    bool *ret_rotated);

/* What targets metadata says about a path: 0, TUF_NO_TARGET, -ENOMEM. */
FB_MUST int tuf_meta_target(const struct tuf_meta *m, const char *path,
    struct tuf_file *ret_file);

/* Are these the bytes that want lists? TUF_OK, TUF_MISMATCH with fault, -errno. */
FB_MUST int tuf_file_check(const struct tuf_file *want, struct span bytes, struct fault *f);
