/* SPDX-License-Identifier: Apache-2.0 */

#include "sense/net/handler.h"

#include <errno.h>
#include <stdlib.h>

struct tls_room {
	int none;
};

int tls_room_new(struct tls_room **ret_r)
{
	struct tls_room *r = calloc(1, sizeof(*r));

	if (!r)
		return -ENOMEM;
	*ret_r = r;
	return 0;
}

struct tls_room *tls_room_free(struct tls_room *r)
{
	free(r);
	return NULL;
}

bool tls_session_starts(struct span s)
{
	(void)s;
	return false;
}

enum net_need tls_session_stream(struct net_worker *w, struct tls_session *t,
    const struct net_stream *s, struct net_step *ret_step)
{
	(void)w;
	(void)t;
	(void)s;
	*ret_step = (struct net_step){ 0 };
	return NET_NOT;
}

bool dtls_datagram(struct net_worker *w, struct tls_session *t, struct span datagram,
    const struct net_event *at)
{
	(void)w;
	(void)t;
	(void)datagram;
	(void)at;
	return false;
}

void tls_give_client(struct net_worker *w, struct span message, const struct net_event *at,
    uint32_t quic_version, struct span quic_dcid)
{
	(void)w;
	(void)message;
	(void)at;
	(void)quic_version;
	(void)quic_dcid;
}

void tls_give_server(struct net_worker *w, struct span message, const struct net_event *at)
{
	(void)w;
	(void)message;
	(void)at;
}
