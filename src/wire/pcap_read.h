/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * pcap_read: the headers of a classic capture file and of its records.
 *
 * Understood: both byte orders; microseconds (magic a1b2c3d4) and nanoseconds (a1b23c4d); Kuznetzov's
 * modified format (a1b2cd34: eight more bytes in each record header); versions before 2.3, which
 * store the two lengths the other way round.
 *
 * Guarantees: pure; no allocation; any time of a record fits (32 bits of seconds).
 *
 * Sources: draft-ietf-opsawg-pcap; libpcap's savefile formats (tcpdump.org).
 */

#include "base/clock.h"
#include "base/span.h"
#include "base/util.h"

#define PCAP_FILE_HEADER 24
/* A longer packet is damage: what tcpdump and Wireshark let pass. */
#define PCAP_PACKET_MAX (256u << 10)

enum pcap_err {
	PCAP_OK = 0,
	PCAP_SHORT, /* ends inside the header */
	PCAP_NOT,   /* not a capture of this format */
	PCAP_BAD,   /* a version or length that cannot be */
};

struct pcap_format {
	bool swapped;   /* numbers are in the other byte order than this machine's */
	bool nano;	/* fractions of a second are nanoseconds */
	bool old;	/* the two lengths are exchanged */
	uint8_t header; /* bytes of a record's header: 16 or 24 */
	uint32_t link;	/* LINKTYPE_ */
	uint32_t snaplen;
};

struct pcap_record {
	ts time;
	uint32_t captured; /* bytes that follow the header; at most PCAP_PACKET_MAX */
	uint32_t sent;
};

/* enum pcap_err; *ret_f is zeroed on error. */
FB_MUST int pcap_file_header(struct span s, struct pcap_format *ret_f);

static inline uint32_t pcap_u32(const uint8_t *p, bool swapped)
{
	uint32_t v;

	memcpy(&v, p, sizeof(v));
	return swapped ? __builtin_bswap32(v) : v;
}

/* The same for s, which begins with a record's header. In the line: it is read for each packet. */
FB_MUST static inline int pcap_record_header(const struct pcap_format *f, struct span s,
    struct pcap_record *ret_r)
{
	if (s.n < f->header) {
		*ret_r = (struct pcap_record){ 0 };
		return PCAP_SHORT;
	}
	uint32_t sec = pcap_u32(s.p, f->swapped), part = pcap_u32(s.p + 4, f->swapped);
	uint32_t first = pcap_u32(s.p + 8, f->swapped), second = pcap_u32(s.p + 12, f->swapped);
	/* 2^32 seconds and 2^32 microseconds are less than 2^63 nanoseconds. */
	ret_r->time = (ts)sec * TS_SECOND + (ts)part * (f->nano ? 1 : 1000);
	ret_r->captured = f->old ? second : first;
	ret_r->sent = f->old ? first : second;
	if (ret_r->captured > PCAP_PACKET_MAX) {
		*ret_r = (struct pcap_record){ 0 };
		return PCAP_BAD;
	}
	return PCAP_OK;
}
