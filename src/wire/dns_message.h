/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * dns_message: one DNS message taken apart into a flat list of records, for the line: a name is
 * decoded once, and nothing is cleared that is not used.
 *
 * Guarantees
 * - Pure. Linear in the message and its parts: a compression pointer goes strictly backwards, at
 *   most DNS_HOPS_MAX of them a name; labels of at most 63 octets, names of at most 255 (RFC 1035
 *   section 2.3.4).
 * - Names are text: lower case, without the final dot ("." for the root), any octet that is not
 *   printable ASCII, and every dot or backslash inside a label, as \DDD. NBNS names are decoded from
 *   their first-level encoding (RFC 1001 section 14.1): "server" and its suffix byte, with
 *   ".scope" when there is one.
 * - What was read before an error stands and is given; err says what went wrong first. Data that
 *   does not fit its type spoils its record only (bad): the length says where the next one begins.
 * - Nothing is left out: what does not fit the room comes in further parts (dns_parse_rest).
 *
 * Sources: RFC 1035, 1183 (RP, AFSDB, RT), 2136 (UPDATE), 2230 (KX), 2782 (SRV), 3403 (NAPTR), 3596
 * (AAAA), 6672 (DNAME), 6891 (EDNS), 7871 (client subnet), 8914 (extended errors), 9460 (SVCB,
 * HTTPS), 6762 (mDNS), 4795 (LLMNR), 1001 and 1002 (NBNS).
 */

#include "base/span.h"
#include "base/util.h"

#define DNS_MESSAGE_MAX 65535
#define DNS_HEADER 12
#define DNS_HOPS_MAX 64
#define DNS_TEXT_MAX 1024 /* 255 octets, each as \DDD, and a NUL */

enum dns_err {
	DNS_OK = 0,
	DNS_SHORT,   /* ends inside a field */
	DNS_LABEL,   /* a label type that does not exist */
	DNS_POINTER, /* a pointer that does not go backwards, or one too many */
	DNS_LONG,    /* a name of more than 255 octets */
	DNS_RDATA,   /* data that does not fit its type */
};

const char *dns_strerror(int err);

enum dns_type {
	DNS_A = 1,
	DNS_NS = 2,
	DNS_MD = 3,
	DNS_MF = 4,
	DNS_CNAME = 5,
	DNS_SOA = 6,
	DNS_MB = 7,
	DNS_MG = 8,
	DNS_MR = 9,
	DNS_PTR = 12,
	DNS_MINFO = 14,
	DNS_MX = 15,
	DNS_TXT = 16,
	DNS_RP = 17,
	DNS_AFSDB = 18,
	DNS_RT = 21,
	DNS_AAAA = 28,
	DNS_NB = 32, /* NBNS */
	DNS_SRV = 33,
	DNS_NBSTAT = 33, /* NBNS */
	DNS_NAPTR = 35,
	DNS_KX = 36,
	DNS_DNAME = 39,
	DNS_OPT = 41,
	DNS_SVCB = 64,
	DNS_HTTPS = 65,
	DNS_TSIG = 250,
	DNS_ANY = 255,
};

enum dns_class { DNS_CLASS_IN = 1, DNS_CLASS_NONE = 254, DNS_CLASS_ANY = 255 };

enum dns_opcode {
	DNS_OP_QUERY = 0,
	DNS_OP_STATUS = 2,
	DNS_OP_NOTIFY = 4,
	DNS_OP_UPDATE = 5, /* sections: zone, prerequisites, updates, additional */
	DNS_OP_DSO = 6,	   /* RFC 8490: no sections, TLVs behind the header */
};

/* What the message came as: the port says. */
enum dns_flavour { DNS_PLAIN = 0, DNS_MDNS, DNS_LLMNR, DNS_NBNS };

enum dns_section { DNS_QUESTION, DNS_ANSWER, DNS_AUTHORITY, DNS_ADDITIONAL, DNS_SECTIONS };

#define DNS_RR_MAX 256 /* records in one part of a message … */
#define DNS_ROOM (16u << 10) /* … and bytes of names */

struct dns_rr {
	struct span name;   /* the owner */
	struct span target; /* CNAME, DNAME, NS, PTR, MX, SRV, SVCB, HTTPS, NAPTR's replacement, SOA's
			     * first …; else empty */
	struct span data;   /* types that have neither address nor target: RDATA as it is; SVCB, HTTPS:
			     * the parameters; NAPTR: order to regexp; SOA: its numbers */
	uint32_t ttl;
	uint16_t type, class;
	uint16_t number; /* MX preference, SRV port, SVCB priority, NAPTR order; NB: flags */
	uint8_t section; /* enum dns_section; DNS_QUESTION: name, type, class only */
	uint8_t family;	 /* 4 or 6: addr is set (A, AAAA, NB, hints) */
	uint8_t suffix;	 /* NBNS: the name's sixteenth octet (0x00 workstation, 0x20 file server …) */
	bool extra : 1;	 /* one more address or name of the record before it, not a record of the
			  * message; or the question once more, in a further part */
	bool hint : 1;	 /* extra, and an address hint of SVCB or HTTPS: its type is theirs */
	bool ech : 1;	 /* SVCB, HTTPS: has an ech parameter */
	bool top : 1;	 /* mDNS: unicast response wanted (question), flush the cache (record) */
	bool bad : 1;	 /* its data does not fit its type: data is all of it */
	uint8_t addr[16];
};

struct dns_message {
	uint16_t id;
	bool response, aa, tc, rd, ra, ad, cd;
	bool conflict, tentative; /* LLMNR: in the places of aa and rd */
	bool broadcast;		  /* NBNS */
	uint8_t opcode;
	uint16_t rcode;		/* with EDNS' upper bits */
	uint16_t count[DNS_SECTIONS];
	bool edns;		/* an OPT record where it belongs; it is not in rr */
	uint8_t edns_version;
	bool edns_do;
	uint16_t edns_size;
	uint16_t edns_flags;	/* with DO */
	int32_t ede;		/* the first extended error (RFC 8914); -1: none */
	struct span ede_text;	/* UTF-8, as sent */
	uint8_t ecs_family, ecs_prefix, ecs_scope; /* client subnet; family 0: none */
	uint8_t ecs_addr[16];
	int err;		/* enum dns_err: of this part and those before it */
	uint32_t trailing;	/* bytes after the last record */
	uint16_t part;		/* 0, 1 … */
	bool more;		/* the message goes on in another part */
	uint32_t n;
	const struct dns_rr *rr; /* in the room */
};

/* A name that was decoded, by the place of each of its labels in the message. */
struct dns_named {
	uint32_t parse; /* of dns_room: what is older does not count */
	uint16_t at, text, len;
	uint8_t octets, hops, suffix;
};
#define DNS_NAMED 64
#define DNS_LABELS_MAX 128 /* of one octet each */

/* Zeroed once; borrowed by the message that is parsed into it. */
struct dns_room {
	uint32_t parse;
	/* where the next part begins */
	uint32_t off, left, skip;
	uint8_t section, flavour;
	uint32_t used; /* of text */
	struct dns_named named[DNS_NAMED];
	struct dns_named label[DNS_LABELS_MAX]; /* of the name that is being read */
	struct dns_rr rr[DNS_RR_MAX];
	char text[DNS_ROOM];
};

/* enum dns_err (also in ret_m->err). Not even a header: DNS_SHORT, and *ret_m is zeroed. */
FB_MUST int dns_parse(struct span message, enum dns_flavour flavour, struct dns_room *room,
    struct dns_message *ret_m);
/* Only when m->more: the next part takes the place of the one before. Its first record is the
 * message's first question once more (extra). EDNS may come with any part. */
void dns_parse_rest(struct span message, struct dns_room *room, struct dns_message *m);
