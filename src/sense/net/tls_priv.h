/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * tls_priv: what tls_session.c (records), dtls_session.c (datagrams) and tls_give.c (events) share.
 * Private to these three.
 */

#include "sense/net/handler.h"

/* The longest hello, and the longest certificate of a chain; the chain has no limit but CHAIN_MAX.
 */
#define TLS_MESSAGE_MAX 65536
#define TLS_CHAIN_MAX 64

#define TLS_KNOWN_SETS 32 /* certificates seen before: sets of two */
#define TLS_KNOWN_DER 4096

/* One certificate seen before: its facts, and all of its bytes to tell it by. */
struct tls_known {
	size_t n;		      /* 0: free */
	struct net_certificate facts; /* spans into der */
	uint8_t der[TLS_KNOWN_DER];
};

#define DTLS_PIECES_MAX 12
#define DTLS_MESSAGE_MAX TLS_MESSAGE_MAX

/* One handshake message of DTLS in pieces. */
struct dtls_pieces {
	uint64_t flow, used; /* used: when last, by packet number; 0: free */
	struct net_event at;
	bool from_server;
	uint8_t type;
	uint16_t sequence;
	uint32_t length, have;
	uint8_t got[DTLS_MESSAGE_MAX / 8]; /* a bit for each byte */
	uint8_t bytes[DTLS_MESSAGE_MAX];
};

struct tls_room {
	uint8_t message[4 + TLS_MESSAGE_MAX];
	struct tls_known known[TLS_KNOWN_SETS][2];
	uint8_t used_last[TLS_KNOWN_SETS]; /* which of the two */
	struct dtls_pieces pieces[DTLS_PIECES_MAX];
};

enum { /* tls_session.seen */
	SEEN_CLIENT = 1,
	SEEN_SERVER = 2, /* a ServerHello that is no HelloRetryRequest */
	SEEN_RETRY = 4,
	SEEN_EARLY = 8,	   /* the client may send data before the ServerHello */
	SEEN_NO_X509 = 16, /* what the Certificate message holds are keys */
	SEEN_SSLV2 = 32,
	SEEN_SWAPPED = 64, /* the TLS client is the server of the flow (FTPS in active mode) */
};

enum { TLS_CLIENT_HELLO = 1, TLS_SERVER_HELLO = 2, TLS_CERTIFICATE = 11 };

/* body: without the message's header. False: it does not parse (counted by the caller). */
bool tls_client_hello_body(struct net_worker *w, struct tls_session *t, struct span body,
    const struct net_event *at, bool dtls);
bool tls_server_hello_body(struct net_worker *w, struct tls_session *t, struct span body,
    const struct net_event *at, bool dtls);
bool tls_client_hello_sslv2(
    struct net_worker *w, struct tls_session *t, struct span record, const struct net_event *at);
bool tls_server_hello_sslv2(
    struct net_worker *w, struct tls_session *t, struct span record, const struct net_event *at);
/* The index-th of a chain. */
void tls_certificate(struct net_worker *w, const struct tls_session *t, struct span der,
    unsigned index, const struct net_event *at);
/* Nothing more of the handshake can be read: TLS 1.3 was chosen. */
bool tls_encrypted_from_here(const struct tls_session *t);
