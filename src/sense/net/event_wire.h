/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * event_wire: events as bytes, from a worker to the collector, private to this room. Both ends are
 * the same program on the same machine; still, what comes out of a worker that parsed hostile bytes
 * is hostile: event_decode checks every length, every enum and every name.
 *
 * Guarantees: pure; no allocation; linear. Not carried: the extensions of hellos as they stand and the
 * DER of certificates (their spans are empty in the collector).
 */

#include "base/buf.h"
#include "sense/net/event.h"

/* More than the longest event: a message of DNS with its records, names and data, or a hello. */
#define EVENT_WIRE_MAX (200u << 10)

/* What one decoded event points into. */
struct event_room {
	struct dns_message dns;
	struct net_client_hello client_hello;
	struct net_server_hello server_hello;
	struct net_certificate certificate;
	struct http_request http;
	struct dns_rr rr[DNS_RR_MAX];
};

/* Bytes written to out, 0 when they do not fit. */
size_t event_encode(const struct net_event *e, uint8_t *out, size_t size);
/* 0 or -EBADMSG. The spans of *ret_e point into s and room. */
FB_MUST int event_decode(struct span s, struct event_room *room, struct net_event *ret_e);
