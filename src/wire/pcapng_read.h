/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * pcapng_read: the blocks of a pcapng capture, one after the other.
 *
 * Understood: sections in either byte order, any number of them; interfaces with their own link type,
 * time resolution (powers of ten and of two) and offset; Enhanced, Simple and (obsolete) Packet
 * Blocks; drop counters of Interface Statistics Blocks. All other blocks are passed over.
 *
 * Guarantees: pure; no allocation; of a block only what is used must be in view, so that one of any
 * length can be passed over. Times that do not fit are the first or the last that does.
 *
 * Source: draft-ietf-opsawg-pcapng.
 */

#include "base/clock.h"
#include "base/span.h"
#include "base/util.h"
#include "wire/pcap_read.h"

#define PCAPNG_INTERFACES_MAX 2048 /* in one section; packets of more have PCAPNG_LINK_NONE */
#define PCAPNG_LINK_NONE 0xffff
#define PCAPNG_OPTIONS_MAX (64u << 10) /* of an interface, looked at */
/* With so many bytes in view every block can be read. Longer ones are not looked at to their end. */
#define PCAPNG_VIEW_MAX (PCAP_PACKET_MAX + (64u << 10))

struct pcapng_interface {
	ts offset;	  /* added to each time */
	uint64_t dropped; /* as last told */
	uint32_t snaplen; /* 0: none */
	uint16_t link;
	uint8_t resolution; /* if_tsresol as it stands */
};

/* Zeroed by the caller before the first block. */
struct pcapng {
	bool begun, swapped;
	uint32_t n;
	uint64_t dropped; /* by the kernel or interface: the sum over all sections */
	ts last;	  /* time of the last packet: Simple Packet Blocks have none of their own */
	struct pcapng_interface interface[PCAPNG_INTERFACES_MAX];
};

enum pcapng_err {
	PCAPNG_PACKET = 0,
	PCAPNG_OTHER, /* no packet in it */
	PCAPNG_MORE,  /* not enough in view (at the end of a file: it ends in the middle) */
	PCAPNG_NOT,   /* not a capture of this format: the first block only */
	PCAPNG_BAD,   /* a length or version that cannot be */
};

struct pcapng_block {
	uint64_t length; /* of the block; may be more than is in view */
	uint32_t at;	 /* PCAPNG_PACKET: where the packet begins, from the block's start */
	struct pcap_record record;
	uint16_t link;
};

/* s begins with a block. enum pcapng_err; for PCAPNG_PACKET and PCAPNG_OTHER *ret_b is set. */
FB_MUST int pcapng_read(struct pcapng *g, struct span s, struct pcapng_block *ret_b);
