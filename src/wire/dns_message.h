/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * dns_message: one DNS message taken apart into a flat list of records, for the line: no copy of a
 * name is made twice, nothing is cleared that is not used.
 *
 * Guarantees: pure; linear in the message: a compression pointer goes strictly backwards, at most
 * DNS_HOPS_MAX of them a name; labels of at most 63 octets, names of at most 255 (RFC 1035 section
 * 2.3.4). What was read before an error stands and is given (err says what went wrong).
 *
 * Sources: RFC 1035, 3596 (AAAA), 2782 (SRV), 6672 (DNAME), 6891 (EDNS), 7871 (client subnet), 8914
 * (extended errors), 9460 (SVCB, HTTPS), 6762 (mDNS), 4795 (LLMNR), 1002 (NBNS), 7766 (TCP).
 */

#include "base/span.h"
#include "base/util.h"
#include "wire/dns.h"

#define DNS_RR_MAX 1024		   /* records kept of a message; more are counted in `more` */
#define DNS_ROOM (128u << 10)	   /* bytes of names kept of a message */

struct dns_rr {
	uint8_t section;	/* enum dns_section; DNS_QUESTION: type and class only */
	uint8_t family;		/* 4 or 6: A, AAAA, NB: addr */
	bool hint;		/* an address hint of SVCB or HTTPS, as a record of its own */
	uint16_t type, class;
	uint32_t ttl;
	struct span name;	/* the owner, as text (event.h) */
	struct span target;	/* CNAME, DNAME, NS, PTR, MX, SRV, SVCB, HTTPS, SOA's first; else empty */
	struct span data;	/* TXT and others: RDATA as it is; SVCB: its parameters */
	uint16_t number;	/* MX preference, SRV port, SVCB priority */
	uint8_t addr[16];
	bool ech;		/* SVCB, HTTPS: has an ech parameter */
};

struct dns_message {
	uint16_t id;
	bool response, aa, tc, rd, ra, ad, cd;
	uint8_t opcode;
	uint16_t rcode;		/* with EDNS' upper bits */
	uint16_t count[DNS_SECTIONS];
	bool edns;
	uint16_t edns_size;
	bool edns_do;
	int32_t ede;		/* extended error (RFC 8914); -1: none */
	uint8_t ecs_family, ecs_prefix, ecs_addr[16]; /* client subnet; 0: none */
	int err;		/* enum dns_err */
	uint32_t trailing;	/* bytes after the last record */
	uint32_t more;		/* records that were there and had no room */
	uint32_t n;
	struct dns_rr *rr;	/* the caller's, DNS_RR_MAX of them */
};

/* Borrowed by the message that is parsed into it. */
struct dns_room {
	struct dns_rr rr[DNS_RR_MAX];
	char text[DNS_ROOM];
};

/* enum dns_err (also in ret_m->err); DNS_SHORT with n 0 when not even the header is there. nbns: names are RFC 1001 encoded; given decoded. */
FB_MUST int dns_parse(struct span message, bool nbns, struct dns_room *room,
    struct dns_message *ret_m);
