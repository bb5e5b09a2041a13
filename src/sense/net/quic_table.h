/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * quic_table: the QUIC connections that a worker follows, private to this room: their Initial keys,
 * and the CRYPTO bytes of hellos that are not complete yet.
 *
 * Guarantees: memory as given to quic_table_new (256 KiB at least), whatever comes. Bytes may come
 * in any order, more than once and overlapping; the first copy of a byte counts. A connection that
 * waits for bytes makes room only when there is no other; the one not touched for longest goes
 * first.
 */

#include "crypto/quic.h"
#include "sense/net/handler.h"

#define QUIC_HELLO_MAX (32u << 10) /* of a side's CRYPTO bytes in Initials */
#define QUIC_SLAB 4096
#define QUIC_SLABS (QUIC_HELLO_MAX / QUIC_SLAB)
#define QUIC_TABLE_MIN (256u << 10)

/* One side's CRYPTO bytes. */
struct quic_stream {
	uint32_t from;		   /* where the message at hand begins */
	uint32_t have;		   /* so many bytes without a hole */
	uint16_t slab[QUIC_SLABS]; /* 0: none */
};

struct quic_id {
	uint8_t n, b[QUIC_CID_MAX];
};

struct quic_conn {
	uint64_t flow;
	uint32_t link, older, newer; /* of the hash chain, of the list: 0 is none */
	uint32_t version;	     /* of the Initial that made the keys */
	uint32_t bad;		     /* Initials that did not open while none had */
	uint16_t slabs;
	uint8_t shorts;		       /* short headers while the hello is not complete */
	bool opened;		       /* keys are there: a client's Initial opened with them */
	bool given;		       /* the client's hello, and it was not asked for another */
	bool answered;		       /* the server's hello was given */
	bool done;		       /* nothing more is of interest */
	bool settled;		       /* its losses are counted */
	bool turned;		       /* the flow's client is the server */
	struct quic_id dcid;	       /* the keys are made from it */
	struct quic_id client, server; /* what each calls itself */
	uint8_t secret[QUIC_SECRET];
	struct quic_keys keys;	  /* of the client, in its version */
	uint64_t number[2];	  /* [side] quic_open */
	struct quic_stream in[2]; /* [side] */
};

struct quic_table {
	struct quic_crypto *crypto;
	struct quic_conn *conn; /* from 1 */
	uint32_t conns, used, free_conn;
	uint32_t *hash, hash_mask;
	uint64_t *over; /* flows of connections that gave their hello and then made room */
	uint32_t over_mask;
	struct {
		uint32_t oldest, newest;
	} list[2];		  /* [has slabs] */
	struct quic_piece *piece; /* from 1 */
	uint16_t pieces, pieces_used, free_piece;
	uint8_t plain[QUIC_PACKET_MAX]; /* the packet at hand */
	uint8_t whole[QUIC_HELLO_MAX];	/* a message out of several slabs */
};

struct quic_conn *quic_table_find(struct quic_table *q, uint64_t flow);
/* A zeroed one for a flow that has none; what makes room for it is settled as evicted. */
struct quic_conn *quic_table_add(struct net_worker *w, struct quic_table *q, uint64_t flow);
/* Did a connection of this flow give its hello, and make room since? (A late one may be forgotten.)
 */
bool quic_table_knew(const struct quic_table *q, uint64_t flow);
/* It was used. */
void quic_table_touch(struct quic_table *q, struct quic_conn *c);
/* Counts what it leaves incomplete, once, and gives up its slabs. loss: for an incomplete hello. */
void quic_conn_settle(
    struct net_worker *w, struct quic_table *q, struct quic_conn *c, enum net_stat loss);
/* Another connection of the same flow: all but what tells the flow is zero again. */
void quic_conn_renew(struct net_worker *w, struct quic_table *q, struct quic_conn *c);

/* Puts CRYPTO bytes where they belong. 0, or the loss that it is. */
enum net_stat quic_stream_put(struct net_worker *w, struct quic_table *q, struct quic_conn *c,
    enum quic_side side, uint64_t offset, struct span data);
/* What is there without a hole of the message at hand, valid until the next call here. */
struct span quic_stream_bytes(struct quic_table *q, const struct quic_conn *c, enum quic_side side);
void quic_stream_drop(struct quic_table *q, struct quic_conn *c, enum quic_side side);
