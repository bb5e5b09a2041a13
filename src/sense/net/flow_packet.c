/* SPDX-License-Identifier: Apache-2.0 */

/* What a packet means to its flow. */

#include "sense/net/flow_priv.h"

/* --- TCP: beginnings and ends ---------------------------------------------------------------- */

/* Is this SYN not of the connection that flow i is? */
static bool begins_anew(struct flows *f, uint32_t i, unsigned dir, const struct packet *p)
{
	const struct flow *w = &f->flow[i];

	if (w->bits & FLOW_OF(FLOW_ISN, dir))
		return !(p->flags & PACKET_ACK) && f->cold[i].isn[dir] != p->seq;
	if (p->flags & PACKET_ACK)
		return false;
	if (w->bits & FLOW_OF(FLOW_ISN, !dir)) /* the answer was captured before the question */
		return w->packets[dir] > 0 && !tcp_late_syn(f, i, dir, p->seq);
	return !tcp_late_syn(f, i, dir, p->seq);
}

static void note_syn(struct flows *f, uint32_t i, unsigned dir, const struct packet *p)
{
	struct flow *w = &f->flow[i];

	if (p->flags & PACKET_ACK && w->bits & FLOW_OF(FLOW_ISN, !dir) &&
	    p->ack == f->cold[i].isn[!dir] + 1)
		f->cold[i].agreed = 1;
	if (w->bits & FLOW_OF(FLOW_ISN, dir))
		return;
	w->bits |= FLOW_OF(FLOW_ISN, dir);
	f->cold[i].isn[dir] = p->seq;
	if (!(p->flags & PACKET_ACK))
		w->bits &= (uint16_t)~FLOW_MIDSTREAM;
	flow_client(f, i, p->flags & PACKET_ACK ? !dir : dir, true);
}

/* RST, or FIN of both: only a matter of how long the flow is remembered. */
static void note_end(struct flow *w, const struct packet *p)
{
	bool fins = w->flags[0] & w->flags[1] & PACKET_FIN;

	if (p->flags & PACKET_RST || fins)
		w->bits |= FLOW_CLOSED;
	else if (p->payload.n)
		w->bits &= (uint16_t)~FLOW_CLOSED; /* that RST was not the end */
}

static void tcp_packet(struct flows *f, uint32_t i, unsigned dir, const struct packet *p)
{
	struct flow *w = &f->flow[i];

	if (p->flags & PACKET_ACK && w->bits & FLOW_OF(FLOW_HOLE, !dir))
		tcp_acked(f, i, !dir, p->ack);
	if (p->payload.n && !(w->bits & FLOW_OF(FLOW_DONE, dir)))
		tcp_segment(f, i, dir, p);
}

/* --- UDP ------------------------------------------------------------------------------------- */

static bool udp_dns(struct flows *f, const struct packet *p)
{
	enum net_dns_flavour flavour;
	bool sure;

	if (!p->payload.n || !sniff_dns(p, &flavour, &sure))
		return false;
	struct net_event at = {
		.transport = NET_UDP,
		.tunnels = p->tunnels,
		.vlan = p->vlan,
		.time = f->time,
		.packet = f->number,
		.flow = flow_id_of(p),
		.client = { .family = p->family, .port = p->sport },
		.server = { .family = p->family, .port = p->dport },
	};
	memcpy(at.client.b, p->src, 16);
	memcpy(at.server.b, p->dst, 16);
	f->w->packet_flow = at.flow;
	f->w->packet_matters = true;
	return dns_datagram(f->w, p->payload, flavour, sure, &at);
}

static void quic_packet(struct flows *f, uint32_t i, unsigned dir, const struct packet *p)
{
	struct flow *w = &f->flow[i];

	if (w->bits & FLOW_QUIC_OVER && !(p->payload.p[0] & 0x80))
		return;
	struct net_event at = flow_event(f, i, dir);
	switch (quic_datagram(f->w, f->quic, p->payload, &at)) {
	case QUIC_SAID_NOTHING:
		w->bits |= FLOW_QUIC_OVER;
		break;
	case QUIC_SAID_MORE:
		w->bits &= (uint16_t)~FLOW_QUIC_OVER;
		break;
	case QUIC_SAID_NOT:
		if (!(w->bits & FLOW_QUIC_OVER))
			w->bits &= (uint16_t)~FLOW_QUIC;
		break;
	}
}

static void dtls_packet(struct flows *f, uint32_t i, unsigned dir, const struct packet *p)
{
	struct flow *w = &f->flow[i];

	if (!sniff_dtls(p->payload))
		return;
	if (!w->tcp && !(w->bits & FLOW_DTLS))
		tcp_new(f, i);
	if (!w->tcp)
		return;
	f->tcp[w->tcp].touched = 1;
	struct net_event at = flow_event(f, i, dir);
	at.transport = NET_DTLS;
	enum net_need need = dtls_datagram(f->w, &f->tcp[w->tcp].tls, p->payload, &at);
	if (need != NET_NOT)
		w->bits |= FLOW_DTLS;
	if (need != NET_MORE)
		tcp_free(f, i);
}

/* DNS on any port: the first datagram of each side has to be a message to its last byte. */
static void odd_dns(struct flows *f, uint32_t i, unsigned dir, const struct packet *p)
{
	struct flow *w = &f->flow[i];

	if (w->bits & FLOW_DTLS || p->payload.n < 17 || p->cut)
		return;
	struct net_event at = flow_event(f, i, dir);
	if (dns_datagram(f->w, p->payload, NET_DNS_PLAIN, false, &at))
		w->bits |= FLOW_DNS;
}

static void udp_packet(struct flows *f, uint32_t i, unsigned dir, const struct packet *p)
{
	struct flow *w = &f->flow[i];
	bool early = w->packets[0] + w->packets[1] <= FLOW_UDP_LOOKS;

	if (!p->payload.n)
		return;
	if (!(w->bits & FLOW_QUIC) && p->payload.p[0] & 0x80 &&
	    (early ? quic_starts(p->payload) : quic_starts_late(p->payload)))
		w->bits |= FLOW_QUIC;
	if (w->bits & FLOW_DTLS && p->payload.p[0] < 0x80) { /* RFC 9443 */
		dtls_packet(f, i, dir, p);
		return;
	}
	if (early && sniff_dtls(p->payload))
		dtls_packet(f, i, dir, p);
	if (w->bits & FLOW_QUIC)
		quic_packet(f, i, dir, p);
	else if (w->bits & FLOW_DNS || w->packets[dir] == 1)
		odd_dns(f, i, dir, p);
}

/* --- packets --------------------------------------------------------------------------------- */

static void count(struct flows *f, uint32_t i, unsigned dir, const struct packet *p)
{
	struct flow *w = &f->flow[i];

	w->bytes[dir] += p->length;
	w->flags[dir] |= p->flags;
	if (!++w->packets[dir]) {
		w->packets[dir] = 0;
		if (dir)
			f->cold[i].carry_1++;
		else
			f->cold[i].carry_0++;
	}
	/* A little back is another queue's packet; more is a clock that was set. */
	if (f->time > w->last || w->last - f->time > TS_MINUTE)
		w->last = f->time;
}

/* Is anything of the flow still looked at? */
static bool matters(const struct flow *w)
{
	if (w->bits & FLOW_TCP)
		return (w->bits & FLOW_BOTH(FLOW_DONE)) != FLOW_BOTH(FLOW_DONE);
	return !(w->bits & FLOW_QUIC_OVER) && w->packets[0] + w->packets[1] <= FLOW_UDP_LOOKS;
}

void flows_packet(
    struct flows *f, const struct packet *p, const struct flow_id *soon, ts time, uint64_t number)
{
	bool tcp = p->proto == PACKET_TCP;

	f->time = time;
	f->number = number;
	if (!tcp && udp_dns(f, p))
		return;
	struct flow_id id = soon && soon->dir != FLOW_NO_ID ? *soon : flow_key(f, p);
	uint32_t i = flow_find(f, id.key);
	if (i && flow_is_idle(&f->flow[i], time)) {
		flow_end(f, i, flow_ending(&f->flow[i], NET_END_IDLE));
		i = 0;
	}
	bool syn = tcp && p->flags & PACKET_SYN;
	if (i && syn && begins_anew(f, i, id.dir, p)) {
		flow_end(f, i, flow_ending(&f->flow[i], NET_END_CAPTURE));
		i = 0;
	}
	bool begins = !i;
	if (begins)
		i = flow_begin(f, &id, p);
	struct flow *w = &f->flow[i];
	count(f, i, id.dir, p);
	if (syn)
		note_syn(f, i, id.dir, p);
	if (begins)
		flow_give(f, i, NET_FLOW_BEGIN, 0);
	f->w->packet_matters = matters(w);
	if (f->w->packet_matters && f->w->keeps_packets)
		f->w->packet_flow = f->cold[i].id;
	if (!tcp) {
		udp_packet(f, i, id.dir, p);
		return;
	}
	if (p->flags & (PACKET_FIN | PACKET_RST) || w->bits & FLOW_CLOSED)
		note_end(w, p);
	tcp_packet(f, i, id.dir, p);
}

/* Two steps, since the bucket says which entry it is: that of an earlier call is read here. */
struct flow_id flows_soon(struct flows *f, const struct packet *p)
{
	if (p->proto != PACKET_TCP && sniff_dns_port(p))
		return (struct flow_id){ .dir = FLOW_NO_ID };
	struct flow_id id = flow_key(f, p);
	uint32_t b = (uint32_t)(id.key[0] & f->mask), *slot = &f->soon[f->nsoon++ % FLOW_SOON];

	__builtin_prefetch(&f->flow[f->bucket[*slot]], 1);
	__builtin_prefetch(&f->bucket[b]);
	*slot = b;
	return id;
}
