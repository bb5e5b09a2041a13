/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * oci: an OCI image layout (github.com/opencontainers/image-spec 1.1, image-layout.md, manifest.md,
 * config.md), as a folder or a tar: do its blobs, manifests and layers fit each other? Private to this
 * room.
 *
 * - "oci.digest" FAIL: a blob is not what its name says; "oci.algorithm" WARN: named by another
 *   digest than SHA-256, not compared.
 * - "oci.size" FAIL: a descriptor gives another size than the blob has.
 * - "oci.missing" MISSING: a descriptor's blob is not there (but for layers with URLs, which the
 *   specification lets be elsewhere); "oci.unreferenced" WARN: a blob that nothing leads to.
 * - "oci.diff-id" FAIL: a layer, decompressed, is not what the image's configuration says, or there is
 *   another number of them.
 * - "oci.malformed" FAIL: index, manifest or configuration is not what it should be.
 *
 * Whiteouts (".wh.NAME") are entries of their layers like any others: layers are not applied.
 */

#include "anatomy/taker.h"

#define OCI_TEXT_MAX (4u << 20)   /* of one manifest: the specification's own limit */
#define OCI_TEXTS_MAX (16u << 20) /* of all of them */
#define OCI_DEPTH_MAX 8           /* indexes in indexes */

/* Could the file at this path in a container be of a layout? Its bytes are needed then. */
bool oci_wants(const char *path);
/* Component i is one, fd and file are its bytes: keeps what is needed at the end. */
FB_MUST int oci_take(struct taker *k, uint32_t i, int fd, struct span file);
/* When all components are there. */
FB_MUST int oci_judge(struct taker *k);
