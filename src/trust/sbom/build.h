/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* build: an SBOM taking shape, between the readers of the formats. Private to this folder. */

#include "base/map.h"
#include "trust/sbom/sbom.h"

struct sbom_build {
	struct sbom *s;
	struct arena *a;
	struct fault *f;
	size_t cap, codes_cap;
	struct map paths; /* of the files: 1 + index */
	struct map ids;   /* bom-ref, SPDXID, spdxId -> 1 + its node in the document */
	struct map items; /* SPDX: id -> 1 + index */
	/* which file is in which package */
	struct sbom_member {
		uint32_t package, file;
	} *member;
	size_t nmembers, members_cap;
	struct sbom_pending { /* one a code of s */
		struct digest want;
		struct json_val excluded;
	} *pending;
};

/* The readers: root is an object of their format. 0, -EBADMSG with fault, -ENOMEM. */
FB_MUST int sbom_read_cyclonedx(struct sbom_build *b, struct json_val root);
FB_MUST int sbom_read_spdx2(struct sbom_build *b, struct json_val root);
FB_MUST int sbom_read_spdx3(struct sbom_build *b, struct json_val root);

/* A string member: absent gives NULL; not a string, or empty when it must be there, is an error. */
FB_MUST int build_text(struct sbom_build *b, struct json_val obj, const char *key, bool must,
    const char **ret_s);
/* An array member, or absent; absent after an error, too, so that walking it is harmless. */
FB_MUST int build_array(struct sbom_build *b, struct json_val obj, const char *key,
    struct json_val *ret_v);

/* Begins an item; *ret_i is its index. A file's name becomes its path. */
FB_MUST int build_item(struct sbom_build *b, struct json_val at, enum sbom_kind kind,
    const char *name, uint32_t *ret_i);
/* Room for n digests. */
FB_MUST int build_hashes(struct sbom_build *b, struct json_val at, uint32_t i, size_t n);
/* One more of them. Two of one algorithm must be the same. */
FB_MUST int build_hash(struct sbom_build *b, uint32_t i, struct json_val at, struct span alg,
    struct json_val value);
/* All of obj's array key, whose objects have the members alg and value. */
FB_MUST int build_hash_list(struct sbom_build *b, uint32_t i, struct json_val obj, const char *key,
    const char *alg, const char *value);
/*
 * Ends an item: a file of a path that is there already must not contradict it; then the two become
 * one. *ret_i is the index to keep.
 */
FB_MUST int build_done(struct sbom_build *b, struct json_val at, uint32_t i, uint32_t *ret_i);

/* Takes an id for the node at: -EBADMSG when another has it. */
FB_MUST int build_id(struct sbom_build *b, struct json_val at, const char *id);
/* The node that has it, or absent. */
struct json_val build_node(const struct sbom_build *b, const struct json_doc *doc, struct span id);
/* The item that an id stands for. */
FB_MUST int build_item_id(struct sbom_build *b, const char *id, uint32_t i);
bool build_item_of(const struct sbom_build *b, struct span id, uint32_t *ret_i);
/* A package contains a file; said twice is said once. */
FB_MUST int build_member(struct sbom_build *b, uint32_t package, uint32_t file);
/*
 * A verification code of a package; recomputed once all members are known. excluded is an array of
 * file names, or absent.
 */
FB_MUST int build_code(struct sbom_build *b, uint32_t package, struct json_val at, struct span alg,
    struct json_val value, struct json_val excluded);
FB_MUST int build_codes_done(struct sbom_build *b);

/* "a/b" of "./a//b" and the like, into a buffer of SBOM_PATH_MAX. NULL, or what is wrong with it. */
const char *sbom_clean_path(char *out, const char *name);
