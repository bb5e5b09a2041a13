/* SPDX-License-Identifier: Apache-2.0 */

/* The table: finding, beginning, ending and forgetting flows, and what is said of them. */

#include "sense/net/flow_priv.h"

/* --- events ---------------------------------------------------------------------------------- */

void flow_client(struct flows *f, uint32_t i, unsigned dir, bool sure)
{
	uint16_t bits = f->flow[i].bits & (uint16_t)~FLOW_CLIENT_1;

	f->flow[i].bits = (uint16_t)(bits | (dir ? FLOW_CLIENT_1 : 0) | (sure ? FLOW_SURE : 0));
}

static struct sense_addr end_of(const struct flow_cold *c, unsigned dir)
{
	struct sense_addr a = { .family = c->family, .port = c->port[dir] };

	memcpy(a.b, c->addr[dir], sizeof(a.b));
	return a;
}

static enum net_transport transport(uint16_t bits)
{
	if (bits & FLOW_TCP)
		return NET_TCP;
	return bits & FLOW_QUIC ? NET_QUIC : bits & FLOW_DTLS ? NET_DTLS : NET_UDP;
}

struct net_event flow_event(const struct flows *f, uint32_t i, unsigned dir)
{
	const struct flow *w = &f->flow[i];
	const struct flow_cold *c = &f->cold[i];
	unsigned client = flow_client_dir(w);

	return (struct net_event){
		.transport = transport(w->bits),
		.from_server = dir != client,
		.tunnels = c->tunnels,
		.vlan = c->vlan,
		.time = f->time,
		.packet = f->number,
		.flow = c->id,
		.client = end_of(c, client),
		.server = end_of(c, !client),
	};
}

void flow_give(struct flows *f, uint32_t i, enum net_kind kind, enum net_ending ending)
{
	const struct flow *w = &f->flow[i];
	const struct flow_cold *c = &f->cold[i];
	unsigned client = flow_client_dir(w);

	if (f->quiet || f->w->failed)
		return;
	struct net_event e = flow_event(f, i, client);
	e.kind = kind;
	e.facts = (struct net_flow_facts){
		.ending = ending,
		.midstream = w->bits & FLOW_MIDSTREAM,
		.tcp_flags = { w->flags[client], w->flags[!client] },
		.first = c->first,
		.last = w->last,
		.bytes = { w->bytes[client], w->bytes[!client] },
	};
	uint64_t packets[2] = { w->packets[0] | (uint64_t)c->carry_0 << 32,
		w->packets[1] | (uint64_t)c->carry_1 << 32 };
	e.facts.packets[0] = packets[client];
	e.facts.packets[1] = packets[!client];
	int rc = f->w->give(f->w, &e);
	if (rc < 0)
		f->w->failed = rc;
}

/* --- the table ------------------------------------------------------------------------------- */

static uint32_t *bucket_of(struct flows *f, const uint64_t key[2])
{
	return &f->bucket[key[0] & f->mask];
}

uint32_t flow_find(const struct flows *f, const uint64_t key[2])
{
	uint32_t i = f->bucket[key[0] & f->mask];

	while (i && (f->flow[i].key[0] != key[0] || f->flow[i].key[1] != key[1]))
		i = f->flow[i].chain;
	return i;
}

static void unlink_flow(struct flows *f, uint32_t i)
{
	uint32_t *at = bucket_of(f, f->flow[i].key);

	while (*at != i)
		at = &f->flow[*at].chain;
	*at = f->flow[i].chain;
	f->flow[i].bits = 0;
	f->flow[i].chain = f->flows.free;
	f->flows.free = i;
}

static ts idle_time(const struct flow *w)
{
	if (w->bits & FLOW_CLOSED)
		return FLOW_IDLE_CLOSED * TS_SECOND;
	bool both = w->packets[0] && w->packets[1];
	if (w->bits & FLOW_TCP) /* nothing but SYNs of one side */
		return (!both && !((w->flags[0] | w->flags[1]) & PACKET_ACK) ? FLOW_IDLE_OPENING
									     : FLOW_IDLE_TCP) *
		       TS_SECOND;
	return (both ? FLOW_IDLE_UDP : FLOW_IDLE_UDP_ONE) * TS_SECOND;
}

/* Clocks may go back: what was last seen in the future is not idle. */
bool flow_is_idle(const struct flow *w, ts now)
{
	return w->last < now && now - w->last > FLOW_IDLE_CLOSED * TS_SECOND &&
	       now - w->last > idle_time(w);
}

enum net_ending flow_ending(const struct flow *w, enum net_ending other)
{
	return w->bits & FLOW_CLOSED ? NET_END_CLOSED : other;
}

void flow_end(struct flows *f, uint32_t i, enum net_ending ending)
{
	if (ending == NET_END_EVICTED) {
		f->w->stat[tcp_is_open(f, i) ? NET_LOSS_OPEN_EVICTED : NET_LOSS_FLOWS_EVICTED]++;
		tcp_free(f, i);
	} else {
		tcp_over(f, i);
	}
	flow_give(f, i, NET_FLOW_END, ending);
	unlink_flow(f, i);
}

/* The lower, the sooner it goes; of equals who was quiet for longer. */
static unsigned worth(const struct flows *f, uint32_t i)
{
	const struct flow *w = &f->flow[i];

	if (flow_is_idle(w, f->time) || w->bits & FLOW_CLOSED)
		return 0;
	if (!(w->packets[0] && w->packets[1]))
		return tcp_is_open(f, i) ? 4 : 1;
	if (!w->tcp)
		return 2;
	return tcp_is_open(f, i) ? 4 : 3;
}

static void make_room(struct flows *f)
{
	uint32_t best = 0;
	unsigned least = UINT32_MAX;

	for (unsigned n = 0; n < FLOW_CANDIDATES; n++) {
		f->flow_hand = f->flow_hand + 1 < f->flows.top ? f->flow_hand + 1 : 1;
		uint32_t i = f->flow_hand;
		unsigned v = worth(f, i);
		if (v < least || (v == least && f->flow[i].last < f->flow[best].last)) {
			best = i;
			least = v;
		}
	}
	const struct flow *w = &f->flow[best];
	flow_end(
	    f, best, flow_ending(w, flow_is_idle(w, f->time) ? NET_END_IDLE : NET_END_EVICTED));
}

/* --- beginning ------------------------------------------------------------------------------- */

/* Who is the client, from the first packet: dir sent it. */
static void guess_roles(struct flows *f, uint32_t i, unsigned dir, const struct packet *p)
{
	bool syn = p->proto == PACKET_TCP && p->flags & PACKET_SYN;
	unsigned s = sniff_port(p->sport), d = sniff_port(p->dport);

	if (syn) {
		flow_client(f, i, p->flags & PACKET_ACK ? !dir : dir, true);
		return;
	}
	bool from_server = s > d || (s == d && p->proto == PACKET_TCP && p->sport < p->dport);
	flow_client(f, i, from_server ? !dir : dir, false);
	if (p->proto == PACKET_TCP || from_server)
		f->flow[i].bits |= FLOW_MIDSTREAM;
}

static void fill_cold(
    struct flow_cold *c, const struct packet *p, unsigned dir, ts time, uint64_t number)
{
	*c = (struct flow_cold){
		.vlan = p->vlan,
		.family = p->family,
		.tunnels = p->tunnels,
		.first = time,
		.id = number & 0xffffffffffff,
	};
	memcpy(c->addr[dir], p->src, 16);
	memcpy(c->addr[!dir], p->dst, 16);
	c->port[dir] = p->sport;
	c->port[!dir] = p->dport;
}

uint32_t flow_begin(struct flows *f, const struct flow_id *id, const struct packet *p)
{
	if (!f->flows.free && f->flows.top == f->flows.max)
		make_room(f);
	uint32_t i = f->flows.free;
	if (i)
		f->flows.free = f->flow[i].chain;
	else
		i = f->flows.top++;
	uint32_t *b = bucket_of(f, id->key);
	struct flow *w = &f->flow[i];
	*w = (struct flow){
		.key = { id->key[0], id->key[1] },
		.last = f->time,
		.chain = *b,
		.bits = p->proto == PACKET_TCP ? FLOW_TCP : FLOW_UDP,
	};
	*b = i;
	fill_cold(&f->cold[i], p, id->dir, f->time, f->number);
	guess_roles(f, i, id->dir, p);
	if (p->proto != PACKET_TCP && p->payload.n && quic_starts(p->payload))
		w->bits |= FLOW_QUIC;
	f->w->stat[NET_STAT_FLOWS]++;
	return i;
}
