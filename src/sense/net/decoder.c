/* SPDX-License-Identifier: Apache-2.0 */

#include "sense/net/decoder.h"

#include "sense/net/defrag.h"
#include "sense/net/flow.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#define LINKS_SAID 8

struct decoder {
	struct net_worker *w;
	struct decoder_opts o;
	struct defrag *defrag;
	struct flows *flows;
	struct packet p[DECODER_BATCH];
	struct flow_id id[DECODER_BATCH];
	int err[DECODER_BATCH];
	struct packet whole;	     /* put together from fragments */
	uint64_t unheard[NET_STATS]; /* what is counted by another worker */
	uint32_t said[LINKS_SAID];   /* link types that were named */
	size_t nsaid;
};

int decoder_new(struct decoder **ret_d, struct net_worker *w, const struct decoder_opts *o)
{
	struct decoder *d = calloc(1, sizeof(*d));

	if (!d)
		return -ENOMEM;
	d->w = w;
	d->o = *o;
	w->keeps_packets = o->history;
	int rc = tls_room_new(&w->tls);
	if (rc == 0)
		rc = defrag_new(&d->defrag, o->fragments, o->shard == 0 ? w->stat : d->unheard);
	if (rc == 0)
		rc = flows_new(&d->flows, w, o->bytes - o->fragments, o->no_flows);
	if (rc < 0) {
		flows_free(d->flows);
		defrag_free(d->defrag);
		w->tls = tls_room_free(w->tls);
		free(d);
		return rc;
	}
	*ret_d = d;
	return 0;
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

/* Names a link type that is not understood, once. */
static void say_link(struct decoder *d, uint32_t link)
{
	char line[96];

	for (size_t i = 0; i < d->nsaid; i++)
		if (d->said[i] == link)
			return;
	if (d->nsaid == LINKS_SAID || !d->w->notice)
		return;
	d->said[d->nsaid++] = link;
	snprintf(line, sizeof(line),
	    "packets of link type %u are not understood: they are counted only", link);
	d->w->notice(d->w, line);
}

/* Losses and packets without a flow. cut: what is missing was counted as that already. */
static void count(struct decoder *d, const struct in_packet *in, int err, bool cut)
{
	if (cut && err == PACKET_SHORT)
		return;
	d->w->stat[count_of(err)]++;
	if (err == PACKET_LINK)
		say_link(d, in->link);
}

/* The packet of a flow; its bytes are kept as long as the flow is looked at. */
static void follow(
    struct decoder *d, const struct in_packet *in, struct packet *p, const struct flow_id *id)
{
	d->w->stat[NET_STAT_TUNNELLED] += p->tunnels > 0;
	if (!p->vlan)
		p->vlan = in->vlan;
	d->w->packet_matters = false;
	flows_packet(d->flows, p, id, in->time, in->number);
	if (!d->o.history || !d->w->packet_matters)
		return;
	struct history_packet k = {
		.flow = d->w->packet_flow,
		.packet = in->number,
		.time = in->time,
		.link = in->link,
		.sent = in->sent,
		.bytes = in->frame,
	};
	history_keep(d->o.history, &k);
}

/* A piece: every worker puts them all together, and the packet goes on in the one that has its
 * flow. */
static void fragment(struct decoder *d, const struct in_packet *in, const struct packet *p)
{
	bool first = !in->everyone || d->o.shard == 0;
	int err;

	if (!defrag_packet(d->defrag, p, in->time, &d->whole, &err))
		return;
	if (err) {
		if (first)
			count(d, in, err, false);
		return;
	}
	if (in->everyone && packet_hash(&d->whole, d->o.hash_key) % d->o.shards != d->o.shard)
		return;
	follow(d, in, &d->whole, NULL);
}

static void one(struct decoder *d, const struct in_packet *in, size_t i)
{
	struct packet *p = &d->p[i];
	int err = d->err[i];
	uint64_t *stat = d->w->stat;
	bool cut = in->frame.n < in->sent;

	d->w->key = in->key;
	if (!in->everyone || d->o.shard == 0) {
		stat[NET_STAT_PACKETS]++;
		stat[NET_STAT_BYTES] += in->frame.n;
		stat[NET_LOSS_TRUNCATED] += cut;
	}
	if (err == PACKET_FRAGMENT) {
		fragment(d, in, p);
	} else if (err) {
		count(d, in, err, cut);
	} else {
		follow(d, in, p, &d->id[i]);
	}
}

void decoder_packets(struct decoder *d, const struct in_packet *in, size_t n)
{
	FB_ASSERT(n <= DECODER_BATCH);
	for (size_t i = 0; i < n; i++) {
		d->err[i] = packet_decode(in[i].frame, in[i].link, &d->p[i]);
		if (!d->err[i])
			d->id[i] = flows_soon(d->flows, &d->p[i]);
	}
	for (size_t i = 0; i < n; i++)
		one(d, &in[i], i);
}

void decoder_tick(struct decoder *d, ts now, uint64_t number)
{
	flows_tick(d->flows, now, number);
}

void decoder_finish(struct decoder *d, uint64_t number)
{
	flows_finish(d->flows, number);
	defrag_finish(d->defrag);
}
