/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* taker: what the files of tree.h share while an artifact is taken apart. Private to this room. */

#include "anatomy/spool.h"
#include "anatomy/tree.h"
#include "unpack/unpack.h"

/* What a component says about another. */
enum claim_kind {
	CLAIM_ASAR = 1, /* path, a sibling, is an asar with this header */
	CLAIM_HEADER,	/* the header that the asar `from` has */
	CLAIM_BESIDE,	/* path, a sibling of the asar that holds `from`, has this digest */
};
#define TAKER_CLAIMS_MAX (1u << 14)

struct claim {
	enum claim_kind kind;
	uint32_t from;
	const char *path;
	struct digest digest;
};

/* Of an OCI image layout (oci.h): an index, a manifest, a configuration, or a layer. */
struct oci_text {
	struct oci_text *next;
	uint32_t component;
	struct span text;   /* JSON; none of a layer */
	struct digest diff; /* of a compressed layer without its compression */
};

struct taker {
	struct component_tree *t;
	struct tree_opts o; /* nothing left at 0 that is a limit */
	struct fault *f;
	ts deadline; /* monotonic */
	uint64_t entries, bytes, bytes_max;
	struct claim *claim; /* in the tree's arena */
	uint32_t nclaims, claims_cap;
	bool claims_more; /* … than TAKER_CLAIMS_MAX */
	struct taker_bundle *bundle; /* tree_bundle.c's, in the tree's arena */
	struct oci_text *oci;
	uint64_t oci_bytes;
	bool stopped; /* a limit over everything is reached: the reason is told */
};

/* The component's own verdict, to add to; made at first use. NULL: no memory. */
struct verdict *taker_verdict(struct taker *k, uint32_t i);
/* A reason of component i. 0 or -ENOMEM. */
FB_MUST int taker_say(struct taker *k, uint32_t i, enum reason_kind kind, const char *code,
    const char *fmt, ...) FB_PRINTF(5, 6);
/* The same, about a place in it. */
FB_MUST int taker_say_at(struct taker *k, uint32_t i, enum reason_kind kind, const char *code,
    uint64_t off, uint64_t len, const char *fmt, ...) FB_PRINTF(7, 8);
/* A limit over everything is reached in container i: says so, and -ECANCELED, which ends it all. */
FB_MUST int taker_stop(struct taker *k, uint32_t i, const char *code, const char *fmt, ...)
    FB_PRINTF(4, 5);

/*
 * Component i is a regular file of which fd holds these many bytes: structure, signatures, facts;
 * digests, too, if hash. Format, size and digests are noted; what is a container is opened, and the
 * bytes are given to whom tree_opts.on_bytes names. 0 or -errno with fault.
 */
FB_MUST int taker_file(struct taker *k, uint32_t i, int fd, uint64_t size, bool hash);
/* Does a file of this format have to be looked at again, when it comes out of an archive? */
bool taker_wants(const struct taker *k, enum format f);
/* The digests wanted, as HASH_SET. */
/* Keeps an MD5 that is set. 0 or -ENOMEM. */
FB_MUST int taker_md5(struct taker *k, uint32_t i, const struct digest *d);
unsigned taker_digests(const struct taker *k);

/* Opens the container i that fd holds: its components are added. 0, -errno with fault. */
FB_MUST int taker_open(struct taker *k, uint32_t i, int fd);
/* What is in the directory becomes the children of component 0. The same. */
FB_MUST int taker_walk(struct taker *k, int fd);

/* Notes a claim; texts are copied. Claims found in a program, and in a bundle's Info.plist. */
FB_MUST int taker_claim(struct taker *k, enum claim_kind kind, uint32_t from, const char *path,
    const struct digest *d);
FB_MUST int taker_claims_of_pe(struct taker *k, uint32_t from, struct span file);
FB_MUST int taker_claims_of_plist(struct taker *k, uint32_t from, struct span text);
bool taker_is_info_plist(const char *path);

/* A macOS bundle's list of files, kept for taker_judge_bundles (docs/macho.md). */
FB_MUST int taker_bundle_of_list(struct taker *k, uint32_t list, struct span text);
bool taker_is_code_resources(const char *path);

/* When all components are there: what they say about each other, and what their names are up to. */
FB_MUST int taker_judge_claims(struct taker *k);
FB_MUST int taker_judge_bundles(struct taker *k);
FB_MUST int taker_judge_names(struct taker *k);
