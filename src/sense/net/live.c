/* SPDX-License-Identifier: Apache-2.0 */

#include "sense/net/live_priv.h"

#include <arpa/inet.h>
#include <errno.h>
#include <net/ethernet.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

struct live {
	unsigned workers;
	int fd[NET_WORKERS_MAX];
	size_t blocks; /* of each ring */
	struct live_interface iface[LIVE_INTERFACES_MAX];
	size_t n;
	int link, query; /* tells of changes; asks */
	enum live_state told_state[LIVE_INTERFACES_MAX];
	bool any, promiscuous, started;
	bool told, more;       /* that it started; there may be news that was not told */
	struct live_ring ring; /* of the worker that we are */
	int own;
};

/* --- the filter --- */

static int set_filter(int fd, struct sock_filter *code, size_t n, int option)
{
	struct sock_fprog prog = { .len = (unsigned short)n, .filter = code };
	int level = option == SO_ATTACH_FILTER ? SOL_SOCKET : SOL_PACKET;

	return setsockopt(fd, level, option, &prog, sizeof(prog)) < 0 ? -errno : 0;
}

/* All sockets let through what is watched now; nothing before the start and after the end. */
static int refilter(struct live *l)
{
	struct live_device d[LIVE_INTERFACES_MAX];
	struct sock_filter code[LIVE_FILTER_MAX];
	size_t n = 0;

	for (size_t i = 0; l->started && i < l->n; i++)
		if (l->iface[i].index)
			d[n++] = (struct live_device){ l->iface[i].index, l->iface[i].loopback };
	size_t len = l->any && l->started ? live_filter_any(code) : live_filter(code, d, n);
	for (unsigned w = 0; w < l->workers; w++) {
		int rc = set_filter(l->fd[w], code, len, SO_ATTACH_FILTER);
		if (rc < 0)
			return rc;
	}
	return 0;
}

/* Holds as long as the socket and the interface; the kernel forgets it with either. */
static void be_promiscuous(const struct live *l, const struct live_interface *i)
{
	struct packet_mreq m = { .mr_ifindex = (int)i->index, .mr_type = PACKET_MR_PROMISC };

	if (l->promiscuous && i->index)
		(void)setsockopt(l->fd[0], SOL_PACKET, PACKET_ADD_MEMBERSHIP, &m, sizeof(m));
}

/* --- opening --- */

static int no_right(struct fault *f, int rc)
{
	char exe[256];
	ssize_t n = readlink("/proc/self/exe", exe, sizeof(exe));

	if (rc != -EPERM && rc != -EACCES)
		return fault_set(f, rc, "cannot open a packet socket: %s", strerror(-rc));
	return fault_set(f, -EPERM,
	    "watching an interface takes the capability CAP_NET_RAW: run this as root, or once "
	    "\"setcap cap_net_raw=ep %s\" as root and then as anybody",
	    n > 0 ? QUOTE(span_of(exe, (size_t)n)) : "firebreak");
}

static int option(int fd, int name, int value)
{
	return setsockopt(fd, SOL_PACKET, name, &value, sizeof(value)) < 0 ? -errno : 0;
}

static int make_ring(const struct live *l, int fd, struct fault *f)
{
	struct tpacket_req3 req = {
		.tp_block_size = LIVE_BLOCK,
		.tp_block_nr = (unsigned)l->blocks,
		.tp_frame_size = 2048, /* means nothing but that it must fit the blocks */
		.tp_frame_nr = (unsigned)(l->blocks * (LIVE_BLOCK / 2048)),
		.tp_retire_blk_tov = LIVE_HOLD_MS,
	};
	int rc = option(fd, PACKET_VERSION, TPACKET_V3);

	if (rc == 0)
		rc = option(fd, PACKET_RESERVE, LIVE_RESERVE);
	if (rc == 0 && setsockopt(fd, SOL_PACKET, PACKET_RX_RING, &req, sizeof(req)) < 0)
		rc = -errno;
	return rc == 0 ? 0
		       : fault_set(f, rc, "cannot make a packet ring of %zu KiB: %s%s",
			     l->blocks * (LIVE_BLOCK >> 10), strerror(-rc),
			     rc == -ENOMEM ? " (a smaller --memory takes less)" : "");
}

/* The first socket asks for a number that nobody has, the others join it. */
static int join_fanout(const struct live *l, unsigned w)
{
	int group = 0;
	socklen_t size = sizeof(group);

	if (w == 0)
		group = (PACKET_FANOUT_CBPF | PACKET_FANOUT_FLAG_UNIQUEID) << 16;
	else if (getsockopt(l->fd[0], SOL_PACKET, PACKET_FANOUT, &group, &size) < 0)
		return -errno;
	else
		group = (group & 0xffff) | PACKET_FANOUT_CBPF << 16;
	int rc = option(l->fd[w], PACKET_FANOUT, group);
	if (rc < 0 || w > 0)
		return rc;
	return set_filter(l->fd[0], (struct sock_filter *)(uintptr_t)live_spread, live_spread_n,
	    PACKET_FANOUT_DATA);
}

static int open_socket(struct live *l, unsigned w, struct fault *f)
{
	/* Protocol 0: deaf until it is bound, which is after it has its filter. */
	l->fd[w] = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
	if (l->fd[w] < 0)
		return no_right(f, -errno);
	l->workers = w + 1;
	return make_ring(l, l->fd[w], f);
}

static int bind_all(const struct live *l)
{
	struct sockaddr_ll a = { .sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ALL) };

	for (unsigned w = 0; w < l->workers; w++) {
		if (bind(l->fd[w], (const struct sockaddr *)&a, sizeof(a)) < 0)
			return -errno;
		int rc = l->workers > 1 ? join_fanout(l, w) : 0;
		if (rc < 0)
			return rc;
	}
	return 0;
}

static int name_interface(struct live *l, const char *name, struct fault *f)
{
	struct live_interface *i = &l->iface[l->n];
	char all[256];

	if (strcmp(name, "any") == 0) {
		l->any = true;
		return 0;
	}
	for (size_t k = 0; k < l->n; k++)
		if (strcmp(l->iface[k].name, name) == 0)
			return 0; /* named twice */
	if (l->n == LIVE_INTERFACES_MAX)
		return fault_set(f, -E2BIG, "more than %d interfaces", LIVE_INTERFACES_MAX);
	if (strlen(name) < sizeof(i->name)) {
		memcpy(i->name, name, strlen(name) + 1);
		live_interface_read(i, l->query);
	}
	if (i->index == 0) {
		live_interface_list(all, sizeof(all));
		return fault_set(f, -ENODEV, "there is no interface \"%s\"; this host has: %s",
		    QUOTE(span_str(name)), all);
	}
	l->told_state[l->n++] = LIVE_UP; /* if it is not, that is news */
	return 0;
}

static int open_all(struct live *l, const struct net_source *src, size_t n,
    const struct live_opts *o, struct fault *f)
{
	int rc = 0;

	l->query = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	l->link = live_link_open();
	if (l->query < 0 || l->link < 0)
		return fault_set(f, l->query < 0 ? -errno : l->link, "cannot ask for interfaces");
	for (size_t i = 0; rc == 0 && i < n; i++)
		rc = name_interface(l, src[i].name, f);
	for (unsigned w = 0; rc == 0 && w < o->workers; w++)
		rc = open_socket(l, w, f);
	if (rc < 0)
		return rc;
	rc = refilter(l);
	if (rc == 0)
		rc = bind_all(l);
	if (rc < 0)
		return fault_set(f, rc, "cannot set up the packet sockets: %s", strerror(-rc));
	for (size_t i = 0; i < l->n; i++)
		be_promiscuous(l, &l->iface[i]);
	return 0;
}

int live_open(struct live **ret_l, const struct net_source *src, size_t n,
    const struct live_opts *o, struct fault *f)
{
	FB_ASSERT(o->workers >= 1 && o->workers <= NET_WORKERS_MAX);
	struct live *l = calloc(1, sizeof(*l));

	if (!l)
		return -ENOMEM;
	l->link = l->query = l->own = -1;
	l->promiscuous = o->promiscuous;
	uint64_t ring = o->ring ? o->ring : LIVE_RING_DEFAULT;
	l->blocks = (size_t)(ring < LIVE_RING_MIN ? LIVE_RING_MIN : ring) / LIVE_BLOCK;
	int rc = open_all(l, src, n, o, f);
	if (rc < 0) {
		live_free(l);
		return rc;
	}
	*ret_l = l;
	return 0;
}

static void close_fd(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

struct live *live_free(struct live *l)
{
	if (!l)
		return NULL;
	if (l->ring.map)
		munmap(l->ring.map, l->blocks * LIVE_BLOCK);
	for (unsigned w = 0; w < l->workers; w++)
		close_fd(&l->fd[w]);
	close_fd(&l->link);
	close_fd(&l->query);
	free(l);
	return NULL;
}

int live_fd(const struct live *l, unsigned w)
{
	return l->fd[w];
}

/* --- running --- */

int live_start(struct live *l, struct fault *f)
{
	l->started = l->more = true;
	int rc = refilter(l);
	return rc < 0 ? fault_set(f, rc, "cannot set the packet filter: %s", strerror(-rc)) : 0;
}

void live_stop(struct live *l)
{
	l->started = false;
	(void)refilter(l);
}

struct live_counts live_counts(struct live *l)
{
	struct live_counts c = { 0 };

	for (unsigned w = 0; w < l->workers; w++) {
		struct tpacket_stats_v3 s = { 0 };
		socklen_t size = sizeof(s);

		if (l->fd[w] < 0 ||
		    getsockopt(l->fd[w], SOL_PACKET, PACKET_STATISTICS, &s, &size) < 0)
			continue;
		c.seen += s.tp_packets;
		c.dropped += s.tp_drops;
	}
	return c;
}

static const char *news_of(enum live_state was, enum live_state now)
{
	if (now == LIVE_GONE)
		return "is gone; it is watched again when it comes back";
	if (now == LIVE_DOWN)
		return was == LIVE_GONE ? "is back, and down" : "is down";
	return was == LIVE_GONE ? "is back" : "is up again";
}

/* "watching eth0, eth1": how a program that waits for it knows that no packet is missed from here
 * on. */
static void first_news(const struct live *l, struct fault *ret_line)
{
	char names[FAULT_MAX] = "";
	size_t n = 0;

	for (size_t i = 0; i < l->n && n < sizeof(names); i++)
		n += (size_t)snprintf(
		    names + n, sizeof(names) - n, "%s%s", i ? ", " : "", l->iface[i].name);
	fault_set(ret_line, 0, "watching %s", l->any ? "all interfaces" : names);
}

bool live_news(struct live *l, struct fault *ret_line)
{
	if (l->started && !l->told) {
		l->told = true;
		first_news(l, ret_line);
		return true;
	}
	/* One piece of news a call: what it does not come to is found by the next. */
	if (!live_link_changed(l->link) && !l->more)
		return false;
	l->more = true;
	for (size_t i = 0; i < l->n; i++) {
		struct live_interface *at = &l->iface[i], was = *at;

		live_interface_read(at, l->query);
		if (at->index != was.index) {
			be_promiscuous(l, at);
			(void)refilter(l);
		}
		if (at->state == l->told_state[i] && at->index == was.index)
			continue;
		fault_set(
		    ret_line, 0, "interface %s %s", at->name, news_of(l->told_state[i], at->state));
		l->told_state[i] = at->state;
		return true;
	}
	l->more = false;
	return false;
}

int live_worker(struct live *l, unsigned w, struct fault *f)
{
	for (unsigned i = 0; i < l->workers; i++)
		if (i != w)
			close_fd(&l->fd[i]);
	close_fd(&l->link);
	close_fd(&l->query);
	void *map =
	    mmap(NULL, l->blocks * LIVE_BLOCK, PROT_READ | PROT_WRITE, MAP_SHARED, l->fd[w], 0);
	if (map == MAP_FAILED)
		return fault_set(f, -errno, "cannot map the packet ring: %s", strerror(errno));
	l->ring = (struct live_ring){ .map = map, .blocks = l->blocks };
	l->own = l->fd[w];
	return 0;
}

int live_wait(struct live *l, int milliseconds)
{
	struct pollfd p = { .fd = l->own, .events = POLLIN };
	int n = poll(&p, 1, milliseconds);

	if (n < 0)
		return errno == EINTR ? 0 : -errno;
	return n;
}

size_t live_take(struct live *l, struct live_packet *ret_p, size_t max)
{
	return live_ring_take(&l->ring, ret_p, max);
}

bool live_pending(const struct live *l)
{
	return live_ring_pending(&l->ring);
}
