/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * dns: one DNS message, record by record: every name that it shows, and the addresses.
 *
 * Guarantees: pure; linear in the message (a compression pointer goes strictly backwards, at most
 * DNS_HOPS_MAX of them a name); labels of at most 63 octets, names of at most 255 (RFC 1035
 * section 2.3.4). Names come as text: lower case, without the final dot ("." for the root), any
 * octet that is not printable ASCII and every dot or backslash inside a label as \DDD. Bytes after
 * the last record are not an error and are counted.
 *
 * Sources: RFC 1035 (messages), 3596 (AAAA), 2782 (SRV), 6672 (DNAME), 9460 (SVCB, HTTPS), 6762
 * (the top bit of the class in mDNS).
 */

#include "base/cur.h"
#include "base/span.h"
#include "base/util.h"
#include "wire/dns_message.h"

#define DNS_RECORDS_MAX 8192

struct dns {
	uint16_t id;
	bool response;
	uint8_t opcode, rcode;
	uint16_t count[DNS_SECTIONS];
	int err;         /* enum dns_err, latched */
	size_t trailing; /* bytes after the last record, once it was read */
	/* private */
	struct cur c;
	int section;
	uint16_t left;
};

struct dns_record {
	enum dns_section section;
	uint16_t type, class;
	uint32_t ttl;
	char name[DNS_TEXT_MAX];
	char target[DNS_TEXT_MAX]; /* CNAME, DNAME, NS, PTR, MX, SRV, SVCB, HTTPS; else "" */
	uint8_t family;            /* 4 for A, 6 for AAAA; else 0 */
	uint8_t addr[16];
	struct span hint4, hint6; /* SVCB, HTTPS: address hints, 4 or 16 bytes each; borrowed */
};

/* Reads the header. 0 or enum dns_err. */
FB_MUST int dns_open(struct dns *d, struct span message);
/*
 * The next question or record: true, and *r is filled; false at the end or at an error (d->err),
 * and *r is zeroed. What was given before an error stands.
 */
FB_MUST bool dns_next(struct dns *d, struct dns_record *r);
