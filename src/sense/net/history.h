/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * history: the bytes of late packets, for the evidence of a hit; private to this room. Shared memory:
 * a worker writes over the oldest, the collector looks up those of a flow.
 *
 * Guarantees: the writer never waits. The reader takes a copy and gives it only if it was not
 * overwritten meanwhile; it follows at most HISTORY_CHAIN links, strictly backwards, and checks every
 * number, so that a worker gone bad can give wrong packets, not more.
 */

#include "base/clock.h"
#include "base/span.h"
#include "base/util.h"

#include <stdatomic.h>

#define HISTORY_MIN (256u << 10)
#define HISTORY_FLOWS 8192u /* chains of packets, by a flow's hash */
#define HISTORY_CHAIN 4096u /* packets looked at for one flow */

struct history_head {
	_Alignas(64) _Atomic uint64_t taken; /* everything before this, less size, is or will be gone */
	_Atomic uint64_t last[HISTORY_FLOWS]; /* where each chain's last packet is, plus 1; 0: none */
};

struct history {
	struct history_head *h;
	uint8_t *data;
	uint64_t size; /* a power of two */
	uint64_t put;  /* the writer's: bytes ever written */
};

struct history_packet {
	uint64_t flow, packet;
	ts time;
	uint32_t link, sent;
	struct span bytes;
};

void history_init(struct history *y, struct history_head *h, void *data, uint64_t size);
/* Packets longer than an eighth of it are not kept. */
void history_keep(struct history *y, const struct history_packet *p);
/* Packets of the flow, the latest first, at most max. Their bytes are copied to buf, one behind the
 * other; those that do not fit are left out. */
size_t history_find(const struct history *y, uint64_t flow, uint8_t *buf, size_t size,
    struct history_packet *ret_p, size_t max);
