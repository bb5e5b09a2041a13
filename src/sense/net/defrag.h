/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * defrag: puts IP fragments together (RFC 791 section 3.2, RFC 8200 section 4.5), private to this
 * room.
 *
 * Guarantees: memory as given to defrag_new, whatever comes (the packet begun first makes room);
 * work for a piece is linear in its bytes, however many pieces a packet has. Pieces time out after
 * DEFRAG_SECONDS of capture time. Bytes are taken once: a copy of what is already there (the same
 * packet captured twice) is ignored; bytes that contradict what is there drop the whole packet, and
 * so does, of IPv6, any overlap that is not such a copy (RFC 5722), a piece beyond 64 KiB or beyond
 * the end, or another end. What is dropped is counted, in pieces, as NET_LOSS_FRAGMENTS; so are
 * pieces that were captured short.
 */

#include "sense/net/net.h"
#include "wire/packet.h"

#define DEFRAG_SECONDS 30
#define DEFRAG_BYTES_MIN (384u << 10) /* what it takes even when given less */

struct defrag;

FB_MUST int defrag_new(struct defrag **ret_d, size_t bytes, uint64_t stat[static NET_STATS]);
struct defrag *defrag_free(struct defrag *d);
/* p: PACKET_FRAGMENT. True: it completed a packet; *ret_err and *ret_p are what packet_decode_body
 * said of that one (never PACKET_FRAGMENT), valid until the next call. */
bool defrag_packet(
    struct defrag *d, const struct packet *p, ts time, struct packet *ret_p, int *ret_err);
/* The capture is over: what is not complete is a loss. */
void defrag_finish(struct defrag *d);
