/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* watch_names: numbers of protocols as Zeek and IANA write them. */

#include <stdint.h>

#define WATCH_NAME_MAX 32

/* "TLSv12", "DTLSv13", "SSLv2"; others "unknown-1234". Each returns a constant or room. */
const char *watch_tls_version(uint16_t v, char room[static WATCH_NAME_MAX]);
const char *watch_tls_cipher(uint16_t c, char room[static WATCH_NAME_MAX]);
const char *watch_dns_type(uint16_t t, char room[static WATCH_NAME_MAX]);  /* "AAAA", "query-123" */
const char *watch_dns_class(uint16_t c, char room[static WATCH_NAME_MAX]); /* "C_INTERNET" */
const char *watch_dns_rcode(uint16_t r, char room[static WATCH_NAME_MAX]); /* "NXDOMAIN" */
const char *watch_dns_opcode(uint8_t o, char room[static WATCH_NAME_MAX]); /* "query", "notify" */
/* of NBNS: "NB", "NBSTAT"; "netbios-registration" */
const char *watch_netbios_type(uint16_t t, char room[static WATCH_NAME_MAX]);
const char *watch_netbios_opcode(uint8_t o, char room[static WATCH_NAME_MAX]);
const char *watch_quic_version(uint32_t v, char room[static WATCH_NAME_MAX]); /* "1", "quicv2" */
