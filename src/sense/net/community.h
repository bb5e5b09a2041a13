/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * community: the Community ID of a flow, version 1, by which Zeek, Suricata and others name it,
 * too: "1:" and the base64 of SHA-1 over seed, the smaller end's address, the other's, protocol, 0,
 * and the ports in the same order; all in network order (github.com/corelight/community-id-spec).
 *
 * Guarantees: the same for both directions.
 */

#include "crypto/hash.h"
#include "sense/addr.h"

#define COMMUNITY_ID_MAX 32 /* "1:", 28 characters, NUL */

/* sha1: a hasher of SHA-1 alone, used over and over. proto: IANA's number (6, 17). out is "" when
 * the two are not of one family, or when hashing fails. Returns out. */
char *community_id(struct hasher *sha1, const struct sense_addr *a, const struct sense_addr *b,
    uint8_t proto, uint16_t seed, char out[static COMMUNITY_ID_MAX]);
