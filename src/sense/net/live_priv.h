/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* What the files of live share: the ring, the programs for the kernel, the interfaces. */

#include "sense/net/live.h"

#include <linux/filter.h>
#include <linux/if_packet.h>
#include <net/if.h>

/* --- live_ring.c: blocks and frames; pure but for the memory it is given --- */

#define LIVE_RESERVE 16 /* room before each frame: a VLAN tag (4) or a cooked header (16) */

struct live_ring {
	uint8_t *map;
	size_t blocks, block; /* how many; the one at hand */
	uint32_t left, at;    /* packets left in it; offset of the next */
	bool open;	      /* it is ours */
};

size_t live_ring_take(struct live_ring *r, struct live_packet *ret_p, size_t max);
bool live_ring_pending(const struct live_ring *r);

/* --- live_filter.c: classic BPF --- */

#define LIVE_FILTER_MAX (5 * LIVE_INTERFACES_MAX + 2)

struct live_device {
	uint32_t index;
	bool loopback;
};
/* Lets packets of these devices through, those of loopback devices on their way in only. n 0:
 * nothing. Returns how many instructions. */
size_t live_filter(
    struct sock_filter out[static LIVE_FILTER_MAX], const struct live_device *d, size_t n);
/* The same of every device. */
size_t live_filter_any(struct sock_filter out[static LIVE_FILTER_MAX]);
/* A number from the pair of addresses, the same in both directions; 0 where there are none. */
extern const struct sock_filter live_spread[];
extern const size_t live_spread_n;

/* --- live_link.c: interfaces by name --- */

enum live_state { LIVE_GONE = 1, LIVE_DOWN, LIVE_UP };

struct live_interface {
	char name[IFNAMSIZ];
	uint32_t index;
	enum live_state state;
	bool loopback;
};

/* Looks it up as it is now. sock: any socket. */
void live_interface_read(struct live_interface *i, int sock);
/* "lo, eth0": for the fault. */
void live_interface_list(char *out, size_t size);
/* A socket that tells when interfaces change; -errno. */
int live_link_open(void);
/* Did anything change? Takes all that it tells. */
bool live_link_changed(int sock);
