/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * board: the memory that the workers of a run and their collector share, private to this room: a ring
 * and counters a worker, and a bell for the collector. Mapped before the workers are forked.
 *
 * The collector believes nothing in it: a worker that was taken over can write all of it, those of the
 * other workers too. What it can reach is wrong events and wrong counters.
 */

#include "sense/net/net.h"
#include "sense/net/ring.h"

struct board_lane { /* of one worker */
	struct ring_head ring;
	_Alignas(64) struct net_stats stats;
	char fault[FAULT_MAX]; /* why the worker gave up */
};

struct board {
	_Alignas(64) _Atomic uint32_t bell; /* futex: the collector waits here */
	_Atomic uint32_t listening;	    /* … and says so */
	_Alignas(64) struct board_lane lane[NET_WORKERS_MAX];
};

/* What stands before each record's own bytes in a ring. Records of one worker go by key. */
enum record_type {
	RECORD_EVENT = 1, /* event_wire.h */
	RECORD_MARK,	  /* everything up to key was sent; a ts: time of the capture */
	RECORD_NOTICE,	  /* a line for people */
	RECORD_OVER,	  /* nothing more comes */
};

struct record {
	uint64_t key;
	uint64_t flow; /* of events of one tick, which have the same key */
	uint8_t type;  /* enum record_type */
	uint8_t tick;  /* 1: given when time passed, after the packets with this key */
	uint8_t zero[6];
};

#define NOTICE_MAX 200

/* The collector has been told to look, if it waits. */
static inline void board_ring_bell(struct board *b)
{
	atomic_thread_fence(memory_order_seq_cst);
	if (atomic_load_explicit(&b->listening, memory_order_relaxed)) {
		atomic_fetch_add(&b->bell, 1);
		futex_wake_shared(&b->bell);
	}
}
