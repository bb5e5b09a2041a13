/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * rpm: what an RPM package's header says of its payload, compared with the payload. Private to this
 * room, runs in the worker; the payload itself is read by libarchive.
 *
 * Compared: the header's SHA-256 (in the signature header), the payload's, and each file's; the list
 * of files has to be the payload's. Older packages have MD5 there: told as a fact, not compared.
 * Told (UNPACK_NOTE_FACT): name, version, release, arch, vendor, which digests there were, and which
 * kinds of OpenPGP signature; those are not verified.
 */

#include "unpack/backend.h"

struct rpm_files;
struct rpm_header;

/* Reads the headers and compares their digests. 0 with the list, or how the run ends. */
FB_MUST int rpm_read(struct unpack_work *w, struct rpm_files **ret_f);
/* The entry at hand, with its bytes behind it: 0 with the digest that it has to have, or NULL where
 * none is known; UNPACK_REFUSED when the header does not list it. */
FB_MUST int rpm_expect(struct rpm_files *f, struct unpack_work *w, const struct parcel_begin *b,
    const struct digest **ret_want);
/* Scripts, owners and capabilities, as entries "!scripts/post", "!files". */
FB_MUST int rpm_tell_scripts(struct unpack_work *w, const struct rpm_header *h);
/* At the end: is everything that is listed there? */
FB_MUST int rpm_finish(struct rpm_files *f, struct unpack_work *w);
