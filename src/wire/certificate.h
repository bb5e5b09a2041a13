/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * certificate: the facts of an X.509 certificate that a sensor tells: read, not verified.
 *
 * Guarantees: pure; linear; no allocation; bounded depth. Reads real-world encodings as long as the
 * structure holds (BER lengths, odd string types); what it cannot read is left empty, and said.
 *
 * Sources: RFC 5280, X.690.
 */

#include "base/clock.h"
#include "base/span.h"
#include "base/util.h"

#define CERTIFICATE_DN_MAX 1024
#define CERTIFICATE_SANS_MAX 256
#define CERTIFICATE_SAN_IPS_MAX 32
#define CERTIFICATE_SERIAL_MAX 64

struct certificate {
	struct span der;
	struct span serial;		  /* content octets, big endian */
	char subject[CERTIFICATE_DN_MAX]; /* RFC 4514, most specific first; cut ones end in "…" */
	char issuer[CERTIFICATE_DN_MAX];
	struct span common_name;  /* raw bytes of the subject's last CN */
	ts not_before, not_after; /* TS_NONE when it cannot be read */
	uint8_t version;	  /* 1 to 3, as it says: 0 when that makes no sense */
	uint16_t nsan, nsan_ip;
	uint16_t more_sans;			     /* names and addresses beyond the limits */
	struct span san_dns[CERTIFICATE_SANS_MAX];   /* raw bytes of each dNSName */
	struct span san_ip[CERTIFICATE_SAN_IPS_MAX]; /* 4 or 16 bytes each */
	bool self_issued;			     /* subject and issuer are the same bytes */
	bool bad;				     /* something in it could not be read */
};

/* 0, or -EBADMSG and zeroed when not even serial, issuer and subject are where they belong. */
FB_MUST int certificate_parse(struct span der, struct certificate *ret_c);
