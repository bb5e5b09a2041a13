/* SPDX-License-Identifier: Apache-2.0 */

#include "sense/net/decoder.h"

#include "sense/net/defrag.h"
#include "sense/net/flow.h"

#include <errno.h>
#include <stdlib.h>

struct decoder {
	struct net_worker *w;
	struct defrag *defrag;
	struct flows *flows;
	struct packet p[DECODER_BATCH];
	int err[DECODER_BATCH];
	struct packet whole; /* put together from fragments */
};

int decoder_new(struct decoder **ret_d, struct net_worker *w, size_t bytes, bool no_flows)
{
	struct decoder *d = calloc(1, sizeof(*d));

	if (!d)
		return -ENOMEM;
	d->w = w;
	int rc = tls_room_new(&w->tls);
	if (rc == 0)
		rc = defrag_new(&d->defrag, bytes / 8, w->stat);
	if (rc == 0)
		rc = flows_new(&d->flows, w, bytes - bytes / 8, no_flows);
	if (rc < 0) {
		decoder_free(d);
		return rc;
	}
	*ret_d = d;
	return 0;
}

struct decoder *decoder_free(struct decoder *d)
{
	if (d) {
		flows_free(d->flows);
		defrag_free(d->defrag);
		d->w->tls = tls_room_free(d->w->tls);
		free(d);
	}
	return NULL;
}

static enum net_stat count_of(int packet_err)
{
	switch (packet_err) {
	case PACKET_NOT_IP:
		return NET_STAT_NOT_IP;
	case PACKET_OTHER:
		return NET_STAT_OTHER_IP;
	case PACKET_TUNNEL:
		return NET_LOSS_TUNNEL;
	case PACKET_LINK:
		return NET_LOSS_LINK_TYPE;
	default:
		return NET_LOSS_BAD_PACKET;
	}
}

static void one(struct decoder *d, const struct in_packet *in, struct packet *p, int err)
{
	uint64_t *stat = d->w->stat;
	bool cut = in->frame.n < in->sent;

	stat[NET_STAT_PACKETS]++;
	stat[NET_STAT_BYTES] += in->frame.n;
	stat[NET_LOSS_TRUNCATED] += cut;
	if (err == PACKET_FRAGMENT) {
		stat[NET_STAT_FRAGMENTS]++;
		if (!defrag_packet(d->defrag, p, in->time, &d->whole, &err))
			return;
		p = &d->whole;
	}
	if (err) {
		if (!(cut && err == PACKET_SHORT)) /* else it is counted as truncated */
			stat[count_of(err)]++;
		return;
	}
	stat[NET_STAT_TUNNELLED] += p->tunnels > 0;
	if (!p->vlan)
		p->vlan = in->vlan;
	flows_packet(d->flows, p, in->time, in->number);
}

void decoder_packets(struct decoder *d, const struct in_packet *in, size_t n)
{
	FB_ASSERT(n <= DECODER_BATCH);
	for (size_t i = 0; i < n; i++) {
		d->err[i] = packet_decode(in[i].frame, in[i].link, &d->p[i]);
		if (!d->err[i])
			flows_soon(d->flows, &d->p[i]);
	}
	for (size_t i = 0; i < n; i++)
		one(d, &in[i], &d->p[i], d->err[i]);
}

void decoder_tick(struct decoder *d, ts now)
{
	flows_tick(d->flows, now);
}

void decoder_finish(struct decoder *d)
{
	flows_finish(d->flows);
	defrag_finish(d->defrag);
}
