/* SPDX-License-Identifier: Apache-2.0 */

#include "sense/net/live_priv.h"

#include <errno.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

void live_interface_read(struct live_interface *i, int sock)
{
	struct ifreq r = { 0 };

	memcpy(r.ifr_name, i->name, sizeof(r.ifr_name));
	i->state = LIVE_GONE;
	i->index = 0;
	if (ioctl(sock, SIOCGIFINDEX, &r) < 0)
		return;
	i->index = (uint32_t)r.ifr_ifindex;
	if (ioctl(sock, SIOCGIFFLAGS, &r) < 0) {
		i->index = 0;
		return;
	}
	i->state = r.ifr_flags & IFF_UP ? LIVE_UP : LIVE_DOWN;
	i->loopback = r.ifr_flags & IFF_LOOPBACK;
}

void live_interface_list(char *out, size_t size)
{
	struct if_nameindex *all = if_nameindex();
	size_t n = 0;

	out[0] = '\0';
	for (struct if_nameindex *i = all; i && i->if_name && n < size; i++)
		n += (size_t)snprintf(out + n, size - n, "%s%s", n ? ", " : "", i->if_name);
	if (all)
		if_freenameindex(all);
}

int live_link_open(void)
{
	struct sockaddr_nl a = { .nl_family = AF_NETLINK, .nl_groups = RTMGRP_LINK };
	AUTO_FD int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_ROUTE);

	if (fd < 0 || bind(fd, (const struct sockaddr *)&a, sizeof(a)) < 0)
		return -errno;
	return TAKE_FD(fd);
}

bool live_link_changed(int sock)
{
	char b[4096];
	bool any = false;

	/* ENOBUFS: more than fits was told, so something changed. */
	while (recv(sock, b, sizeof(b), 0) >= 0 || errno == ENOBUFS || errno == EINTR)
		any = true;
	return any;
}
