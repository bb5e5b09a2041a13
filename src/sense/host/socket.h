/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * socket: which process of this host opened a connection, noted by the kernel at the moment it did
 * (Linux 5.8, BPF). Three small programs stand at the entry of tcp_connect, udp_sendmsg and
 * udpv6_sendmsg; they write addresses, ports and the process into a table that is asked later. So a
 * process that has ended since is still named, and one that got its number or its port is not
 * taken for it.
 *
 * The programs are put together here, instruction by instruction, with the places of the kernel's
 * own structures as the running kernel tells them (btf.h): neither a compiler nor a library is
 * needed. They change nothing, and are gone when the process ends.
 *
 * What it is not: for connections that others opened to this host; for what kernel threads send
 * (no program behind it). UDP is noted once a second for each pair of addresses and ports. A
 * process that has its names resolved by another one (systemd-resolved, nscd, dnsmasq) does not
 * ask for them itself: the query that leaves the host is the resolver's. Containers of this host
 * are seen like any process; two that use the same addresses and ports at the same time cannot be
 * told apart.
 */

#include "base/clock.h"
#include "base/fault.h"
#include "sense/addr.h"

#include <stdbool.h>

#define SOCKET_TABLE 65536  /* connections; those longest not used make room */
#define SOCKET_EXE_MAX 1024 /* a longer path is cut at its beginning */

struct socket_owner {
	uint32_t pid, uid;	      /* as the host's first namespaces count */
	ts start;		      /* of the process */
	ts at;			      /* of the connection, or of sending */
	char comm[16];		      /* of its main thread; outside bytes */
	uint64_t dev, ino;	      /* of the program; 0: a kernel thread */
	char exe[SOCKET_EXE_MAX + 8]; /* "…/bin/x" when cut; "" if not known; outside bytes */
};

struct socket_watch;

/* table: connections to remember; 0: SOCKET_TABLE. -EPERM and -ENOTSUP, with what to do. */
FB_MUST int socket_watch_open(struct socket_watch **ret_w, uint32_t table, struct fault *f);
struct socket_watch *socket_watch_free(struct socket_watch *w);

enum socket_found {
	SOCKET_FOUND = 0,
	SOCKET_UNKNOWN, /* not of this host, older than the watch, or no longer in the table */
};
/* Who sent the first packet. proto: 6 or 17; time: of a packet of the connection. enum
 * socket_found or -errno. */
FB_MUST int socket_watch_find(struct socket_watch *w, uint8_t proto,
    const struct sense_addr *client, const struct sense_addr *server, ts time,
    struct socket_owner *ret_o);

struct socket_counts {
	uint64_t noted;	  /* connections written into the table */
	uint64_t evicted; /* of them, that had to make room */
	uint64_t missed;  /* that could not be noted */
};
FB_MUST int socket_watch_counts(struct socket_watch *w, struct socket_counts *ret_c);
