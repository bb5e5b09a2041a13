/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * dn_text: a distinguished name (X.501, RFC 5280 section 4.1.2.4) as text after RFC 4514: most
 * specific part first ("CN=www.example.com,O=Example,C=US"), special characters with a backslash,
 * control characters and bytes that are no character as \XX, attributes without a known name as
 * OID=#hex of the value. Valid UTF-8, printable.
 *
 * Guarantees: pure; linear; no allocation.
 */

#include "base/span.h"
#include "base/util.h"

#define DN_RDNS_MAX 64

/*
 * name: the content of the Name. Writes at most size bytes (at least 16), NUL included; what does
 * not fit is cut and ends in "…". False: malformed, or more than DN_RDNS_MAX parts; what could be
 * read is there. ret_cn (may be NULL): content octets of the last commonName, if any.
 */
FB_MUST bool dn_text(struct span name, char *out, size_t size, struct span *ret_cn);
