/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * indicator_hash: digests, fingerprints and serial numbers of indicator_normalise. Private to
 * model/indicator*.c. In place on NUL-terminated text; NULL, or the reason why not (static).
 */

#include "model/indicator.h"

/* MD5 to SHA512, AUTHENTIHASH, IMPHASH, JA3. Digests of trivial contents are refused unless benign. */
const char *hash_digest(char *s, enum indicator_type type, bool benign);
/* t13d1516h2_8daaf6152771_e5627efa2ab1 (FoxIO, technical_details/JA4.md). */
const char *hash_ja4(char *s);
/* Is s in the shape of a JA4? */
bool hash_is_ja4(const char *s);
const char *hash_cert(char *s);
/*
 * A serial number is hex: two digits a byte, no leading zero bytes, at most 20 bytes (RFC 5280
 * section 4.1.2.2). Colons, blanks and 0x go away. Decimal only where nothing else can be meant:
 * "decimal:N", openssl's "N (0xHEX)", or more digits than 20 bytes of hex have.
 */
const char *hash_serial(char *s);
