/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * msi_digest: what the Authenticode signature of an MSI covers. Private to anatomy/.
 *
 * The content: of each storage, from the root on, its streams and storages in the order of their
 * names' bytes (UTF-16LE with the NUL), each stream's bytes, each storage's content, then the
 * storage's CLSID; without the two signature streams of the root. The metadata (only where there is a
 * stream MsiDigitalSignatureEx, which holds their digest and then goes in front of the content):
 * names, sizes, CLSIDs, state bits, times, in the same order. There is no specification; this is what
 * msisip.dll was found to do, and osslsigncode is the oracle in the tests.
 */

#include "base/fault.h"
#include "crypto/hash.h"
#include "wire/cfb.h"

#define MSI_SIGNATURE "\5DigitalSignature"
#define MSI_SIGNATURE_EX "\5MsiDigitalSignatureEx"

/* Hashes every stream (read with c's function) into h. 0, -ENOMEM, what reading gave. */
FB_MUST int msi_hash_content(const struct cfb *c, struct arena *a, struct hasher *h);
FB_MUST int msi_hash_metadata(const struct cfb *c, struct arena *a, struct hasher *h);
