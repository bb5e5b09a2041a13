/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * net_text: what hosts write into hellos, certificates and requests, as indicators have it. Outside
 * bytes in; what comes out is lower case and printable.
 */

#include "intel/db/db.h"
#include "sense/net/event.h"

#define NET_HOST_MAX 256

/* A host of a hello or request: an address, in brackets or not (*ret_a, with port; name is ""), or
 * a name (ret_a->family is 0). False: neither. */
bool net_text_host(
    struct span host, uint16_t port, struct sense_addr *ret_a, char name[static NET_HOST_MAX]);
/* A name of a certificate, without "*." before it. False: it is no name of a host. */
bool net_text_certificate(struct span s, char name[static NET_HOST_MAX]);
/* "http://host:port/path" of a request. False: it has none. */
bool net_text_url(const struct http_request *r, char out[static INTEL_TEXT_MAX]);
/* The serial number without leading zero bytes, in hex. False: it is none. */
bool net_text_serial(const struct certificate *c, char out[static 2 * CERTIFICATE_SERIAL_MAX + 1]);
