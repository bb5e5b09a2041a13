/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * tls: the server name in the ClientHello at the start of a TCP stream.
 *
 * Reads records (TLS 1.0 to 1.3), puts a ClientHello that was split over several of them together,
 * and takes it apart to its end, so that a name is never believed from half a message.
 *
 * Guarantees: pure; linear; no allocation: the caller lends TLS_HELLO_MAX bytes for a hello that is
 * split over records, and asks again with more of the stream on TLS_MORE. The first bytes that
 * cannot begin a ClientHello give TLS_NOT at once.
 *
 * Sources: RFC 8446 sections 4.1.2, 5.1; RFC 6066 section 3 (server_name); RFC 9849 (ECH).
 */

#include "base/span.h"
#include "base/util.h"

#define TLS_HELLO_MAX 65536
#define TLS_SNI_MAX 255
#define TLS_SNI_TEXT_MAX 1024

enum tls_err {
	TLS_OK = 0,
	TLS_MORE,  /* a ClientHello so far; it goes on */
	TLS_NOT,   /* not a ClientHello */
	TLS_BAD,   /* begins like one, and contradicts itself */
	TLS_LARGE, /* longer than TLS_HELLO_MAX */
};

struct tls_hello {
	/* Lower case, other octets as \DDD, no final dot; "" when there is no name. */
	char sni[TLS_SNI_TEXT_MAX];
	/*
	 * The hello carries encrypted_client_hello (outer) or the older encrypted_server_name: sni
	 * may be the name of a front only. Browsers also send a meaningless one on purpose
	 * (RFC 9849 section 6.2), which cannot be told apart.
	 */
	bool ech;
};

/* Can these bytes (6 are enough) be the start of a ClientHello? Shorter: as far as they go. */
bool tls_starts(struct span s);
/*
 * enum tls_err. *ret_h is zeroed on anything but TLS_OK; *ret_need is, for TLS_MORE, how long the
 * stream must at least be before it is worth asking again (else 0).
 */
FB_MUST int tls_client_hello(struct span stream, uint8_t scratch[static TLS_HELLO_MAX],
    struct tls_hello *ret_h, size_t *ret_need);
