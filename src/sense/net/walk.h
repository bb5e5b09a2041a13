/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * walk: goes through a capture's records from header to header and lists the packets of one chunk,
 * with the worker that each is for; private to this room. Whichever worker has the baton does it
 * (chunk.h), so all state is in shared memory and holds no pointers.
 *
 * Guarantees: where chunks begin and end depends on the capture only. A record is looked at only as far
 * as its bytes are in view. Pure but for the struct walk.
 */

#include "base/fault.h"
#include "wire/pcap_read.h"
#include "wire/pcapng_read.h"

#define CHUNK_PACKETS 4096
#define CHUNK_BYTES (1u << 20) /* of the file; the last packet may end beyond */

struct chunk_packet {
	ts time;
	uint32_t at; /* from where the chunk begins */
	uint32_t captured, sent;
	uint16_t link;
	uint8_t shard; /* WALK_EVERYONE: each worker has it */
};
#define WALK_EVERYONE 255

enum walk_format { WALK_UNKNOWN = 0, WALK_PCAP, WALK_PCAPNG };

struct walk {
	unsigned shards;
	uint64_t hash_key[2];
	/* of the source at hand */
	enum walk_format format;
	uint64_t off;  /* of the next record */
	uint64_t skip; /* bytes of a block that is passed over, not yet in view */
	size_t used; /* bytes of the last chunk: a guess at those of the next */
	struct pcap_format pcap;
	struct pcapng pcapng;
	/* of all sources */
	uint64_t packets;
	ts now; /* the latest time of a packet */
};

/* Another source begins. */
void walk_begin(struct walk *w);

enum walk_said {
	WALK_FULL = 0, /* the chunk is full */
	WALK_MORE,     /* bytes ends inside a record, or is used up */
	WALK_NOT,      /* not a capture */
	WALK_BAD,      /* a header that cannot be */
};

/* What it makes of bytes, which begin at w->off: *ret_n packets (at most CHUNK_PACKETS; their `at` is
 * from bytes.p) and *ret_used bytes. */
FB_MUST enum walk_said walk_chunk(struct walk *w, struct span bytes, struct chunk_packet *p,
    size_t *ret_n, size_t *ret_used);

/* Has the record headers in the first `bytes` of s fetched into the cache (walk_ahead.c). s begins with
 * a record. */
void walk_ahead(const struct pcap_format *f, struct span s, size_t bytes);
