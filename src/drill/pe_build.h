/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * pe_build: makes the benign stand-in components of a drill: small, valid PE32+ DLLs that do
 * nothing, with a certificate table that our own Authenticode signer fills.
 *
 * Guarantees: the same name, version and salt give the same unsigned bytes. No I/O.
 * Layout: Microsoft "PE Format"; hashing and table: "Windows Authenticode Portable Executable
 * Signature Format".
 */

#include "base/buf.h"
#include "crypto/key.h"

/* Appends an unsigned PE: .text with one "ret", .rdata with the name, version and salt. */
FB_MUST int pe_build(struct buf *out, const char *name, const char *version, const char *salt);

/* The Authenticode SHA-256 digest of an unsigned image made by pe_build. */
struct digest pe_build_digest(struct span image);

/* Signs image in place: appends the certificate table and points the header at it. */
FB_MUST int pe_build_sign(struct buf *image, const struct key *k, struct span cert_der);

/*
 * The 3CX shape: n bytes appended *inside* the certificate table, with dwLength and the directory
 * size grown to cover them, so that digest and signature stay what they were.
 */
FB_MUST int pe_build_stuff(struct buf *image, size_t n);
