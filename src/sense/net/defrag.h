/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * defrag: puts IP fragments together (RFC 791 section 3.2, RFC 8200 section 4.5), private to this
 * room. Memory as given to defrag_new; pieces time out after DEFRAG_SECONDS of capture time. The
 * overlap policy: IPv6, any overlap drops the packet (RFC 5722); IPv4, a piece that repeats the same
 * bytes is ignored, one that contradicts drops the packet. What is dropped is counted.
 */

#include "sense/net/net.h"
#include "wire/packet.h"

#define DEFRAG_SECONDS 30

struct defrag;

FB_MUST int defrag_new(struct defrag **ret_d, size_t bytes, uint64_t stat[static NET_STATS]);
struct defrag *defrag_free(struct defrag *d);
/* p: PACKET_FRAGMENT. True: *ret_p is the whole packet, valid until the next call (it may be a
 * tunnel: ret_p then is what packet_decode_ip said of it, in *ret_err). */
bool defrag_packet(struct defrag *d, const struct packet *p, ts time, struct packet *ret_p, int *ret_err);
void defrag_finish(struct defrag *d);
