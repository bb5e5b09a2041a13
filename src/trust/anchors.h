/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * anchors: the certificates by which the signatures inside files are judged (anatomy/signed.h), from
 * files and digests.
 *
 * A file holds certificates in PEM, or one in DER. A CA's is an anchor; a signer's own is trusted
 * itself. Time stamps are judged by anchors of their own, or by the same where none are given.
 */

#include "anatomy/signed.h"
#include "base/fault.h"

struct anchors {
	struct chain_roots *code, *stamp; /* owned; NULL: none */
	struct signed_trust trust;
};

enum anchors_for { ANCHORS_CODE = 0, ANCHORS_STAMP };

/* Errors of file_read; -EBADMSG with fault. */
FB_MUST int anchors_add_file(
    struct anchors *a, enum anchors_for what, const char *path, struct fault *f);
FB_MUST int anchors_add_digest(
    struct anchors *a, enum anchors_for what, const struct digest *sha256, struct fault *f);
/* What anatomy_begin and tree_read take: NULL when there are none. Valid until anchors_free. */
const struct signed_trust *anchors_trust(struct anchors *a, ts now, bool allow_sha1);
void anchors_free(struct anchors *a);
