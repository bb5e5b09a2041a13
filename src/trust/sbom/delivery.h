/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * delivery: what is shipped: the files of a folder or archive with their digests, or a single file.
 *
 * Guarantees: each path once (-EEXIST). Memory: each path, and one digest of each algorithm of the set
 * for each file, up to the arena's cap.
 */

#include "base/arena.h"
#include "base/map.h"
#include "crypto/hash.h"
#include "unpack/unpack.h"

enum delivery_form {
	DELIVERY_FILE = 1, /* one file, by its base name */
	DELIVERY_TREE,
	DELIVERY_ARCHIVE,
};

struct delivered_file {
	const char *path; /* below the top: "usr/bin/x" */
	uint64_t size;
	uint32_t content; /* files with the same are hard links of each other */
};

struct delivered_link {
	const char *path, *target;
	bool leads_out;
};

struct delivery {
	enum delivery_form form;
	const char *name; /* for people */
	unsigned set;     /* HASH_SET(…) | … */
	struct digest own[DIGEST_ALGS]; /* FILE and ARCHIVE: of the file itself; unset for a tree */
	struct delivered_file *file;
	size_t n;
	struct delivered_link *link; /* symbolic links */
	size_t nlinks;
	const char **special; /* devices, FIFOs, sockets */
	size_t nspecial;
	/* private */
	struct arena *arena;
	struct map paths;      /* path -> 1 + index of file */
	struct digest *digest; /* [content][algorithm of the set] */
	size_t cap, links_cap, special_cap, contents, contents_cap;
};

/* set: at least what the SBOM uses (struct sbom); SHA-256 is added. */
void delivery_init(struct delivery *s, enum delivery_form form, const char *name, unsigned set,
    struct arena *a);
void delivery_free(struct delivery *s);

/* Each copies its strings. digest has DIGEST_ALGS elements. 0, -EEXIST, -ENOMEM, -EINVAL (a digest of
 * the set is not there). */
FB_MUST int delivery_add(struct delivery *s, const char *path, uint64_t size,
    const struct digest *digest);
FB_MUST int delivery_add_link(struct delivery *s, const char *path, const char *target,
    bool leads_out);
FB_MUST int delivery_add_special(struct delivery *s, const char *path);

const struct delivered_file *delivery_find(const struct delivery *d, struct span path);
/* The digest of a file; NULL when alg is not in the set. */
const struct digest *delivery_digest(const struct delivery *d, const struct delivered_file *f,
    enum digest_alg alg);

/*
 * Adds everything in the archive open at fd: hard links as files; of a deb the entries of its data.tar
 * by their path, and those of its control.tar below "DEBIAN/", as dpkg-deb -R unpacks them. Result as
 * unpack_archive's (-EEXIST: a deb with a DEBIAN folder in its data); own is not set by it.
 */
FB_MUST int delivery_add_archive(struct delivery *s, int fd, const struct unpack_opts *opts,
    struct fault *f);
