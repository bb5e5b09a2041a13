/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * bare: the digests that a signed file had before somebody signed it (struct component_bare).
 *
 * PE: without the certificate table at its end and the directory entry that names it. A signer pads
 * the file to a multiple of 8 with zeros, so that what ends in zeros may have been shorter; and
 * writes the header's checksum anew, so that before it was 0 or the right one (or, where the signer
 * left it, what it is). Each of these is a candidate. A table that is not last, or that sections
 * reach into, leaves no file that could have been signed: no candidate.
 *
 * Mach-O: each slice without its signature, its load command and the part of __LINKEDIT that held
 * it (bare_priv.h).
 *
 * It says nothing about the signature: it may be stuffed, or broken. Linear: each candidate is
 * digested once (SHA-256 and SHA-1); usually there are two.
 */

#include "anatomy/component.h"

/* ret_b->n is 0 for a file that is not signed, or of a format without candidates. 0, -ENOMEM. */
FB_MUST int component_bare_of(struct component_bare *ret_b, struct span file, enum format f);
