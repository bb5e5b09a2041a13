/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * index: what a Packages or Sources file, or a signed .dsc, .changes or .buildinfo, says about
 * files: SHA-256, size, and which package they are.
 *
 * Guarantees: stanza by stanza from parts (deb822.h). Memory: 48 bytes and the names for each file,
 * about 130 bytes a package (8 MB for Debian's main), DEB_ITEMS_MAX of them. A stanza without a
 * SHA-256 is counted as weak and vouches for nothing; one with a broken field is an error, and then
 * nothing of the index may be used.
 */

#include "trust/debian/deb822.h"

#define DEB_ITEMS_MAX (4u << 20)
#define DEB_TEXT_MAX (512u << 20)

struct deb_item {
	uint8_t sha256[32];
	uint64_t size;
	uint32_t text; /* in strings: package, version, architecture, path, one after the other */
};

struct deb_package {
	const char *name, *version, *arch; /* arch "source" for Sources, .dsc */
	const char *path;		   /* "pool/main/h/hello/hello_2.10-3_amd64.deb" */
	uint64_t size;
};

struct deb_index {
	struct deb_item *item; /* sorted by digest after deb_index_done */
	size_t n, cap;
	struct buf strings;
	uint64_t stanzas, weak;
	struct deb822_stream stream;
};

void deb_index_init(struct deb_index *x);
void deb_index_free(struct deb_index *x);
/* 0, -EBADMSG with fault, -ENOMEM. */
FB_MUST int deb_index_feed(struct deb_index *x, struct span part, struct fault *f);
FB_MUST int deb_index_done(struct deb_index *x, struct fault *f);
/* The files of one stanza with Checksums-Sha256. */
FB_MUST int deb_index_of_list(struct deb_index *x, const struct deb822 *d, struct fault *f);

/* The first item with this digest; there may be more, with it next to each other. NULL if none. */
const struct deb_item *deb_index_find(const struct deb_index *x, const uint8_t sha256[32]);
/* An item whose file has this name (without folders); NULL. */
const struct deb_item *deb_index_find_name(const struct deb_index *x, const char *name);
/* Strings live in the index. */
struct deb_package deb_index_package(const struct deb_index *x, const struct deb_item *i);
