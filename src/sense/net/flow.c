/* SPDX-License-Identifier: Apache-2.0 */

/* The table: finding, beginning, ending and forgetting flows; what a packet means to its flow. */

#include "sense/net/flow_priv.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/mman.h>

/* --- memory ---------------------------------------------------------------------------------- */

#define QUIC_PART 32  /* of the memory */
#define CHUNK_PART 6
#define TCP_FLOWS 2   /* flows for each that can be looked at at one time */

static size_t up(size_t n)
{
	return (n + 63) & ~(size_t)63;
}

struct sizes {
	uint32_t flows, tcps, chunks, buckets;
};

static size_t need(const struct sizes *z)
{
	return up(z->flows * sizeof(struct flow)) + up(z->flows * sizeof(struct flow_cold)) +
	       up(z->flows * sizeof(struct ended)) + up(z->tcps * sizeof(struct tcp)) +
	       up(z->chunks * sizeof(struct chunk)) + up(z->buckets * sizeof(uint32_t)) +
	       up(FLOW_HELD_MAX);
}

static struct sizes divide(size_t bytes)
{
	struct sizes z = { .chunks = (uint32_t)(bytes / CHUNK_PART / sizeof(struct chunk)) };
	size_t one = sizeof(struct flow) + sizeof(struct flow_cold) + sizeof(struct ended) +
		     sizeof(struct tcp) / TCP_FLOWS + 2 * sizeof(uint32_t);

	if (z.chunks > 1u << 20)
		z.chunks = 1u << 20;
	size_t left = bytes - z.chunks * sizeof(struct chunk) - FLOW_HELD_MAX - 1024;
	size_t flows = left / one;
	z.flows = flows < 1u << 26 ? (uint32_t)flows : 1u << 26;
	z.tcps = z.flows / TCP_FLOWS;
	/* The power of two below: two entries a bucket at most, on average. */
	for (z.buckets = 64; z.buckets <= z.flows; z.buckets *= 2)
		;
	while (need(&z) > bytes) {
		z.flows -= z.flows / 64 + 1;
		z.tcps = z.flows / TCP_FLOWS;
	}
	return z;
}

static void *carve(char **at, size_t bytes)
{
	void *p = *at;

	*at += up(bytes);
	return p;
}

static int lay_out(struct flows *f, size_t bytes)
{
	struct sizes z = divide(bytes);

	f->mapped = need(&z);
	void *m = mmap(NULL, f->mapped, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (m == MAP_FAILED)
		return -errno;
	f->map = m;
	char *at = m;
	f->flow = carve(&at, z.flows * sizeof(*f->flow));
	f->cold = carve(&at, z.flows * sizeof(*f->cold));
	f->ended = carve(&at, z.flows * sizeof(*f->ended));
	f->tcp = carve(&at, z.tcps * sizeof(*f->tcp));
	f->chunk = carve(&at, z.chunks * sizeof(*f->chunk));
	f->bucket = carve(&at, z.buckets * sizeof(*f->bucket));
	f->gather = carve(&at, FLOW_HELD_MAX);
	f->mask = z.buckets - 1;
	f->flows = (struct pool){ 0, 1, z.flows };
	f->tcps = (struct pool){ 0, 1, z.tcps };
	f->chunks = (struct pool){ 0, 1, z.chunks };
	f->chunks_left = z.chunks - 1;
	return 0;
}

int flows_new(struct flows **ret_f, struct net_worker *worker, size_t bytes, bool no_flow_events)
{
	size_t quic = bytes / QUIC_PART < 256u << 10 ? 256u << 10 : bytes / QUIC_PART;

	if (bytes < FLOW_MEMORY_MIN)
		return -EINVAL;
	struct flows *f = calloc(1, sizeof(*f));
	if (!f)
		return -ENOMEM;
	f->w = worker;
	f->quiet = no_flow_events;
	f->scanned = INT64_MIN;
	int rc = flow_key_init(f);
	if (!rc)
		rc = quic_table_new(&f->quic, quic);
	if (!rc)
		rc = lay_out(f, bytes - quic);
	if (rc) {
		flows_free(f);
		return rc;
	}
	*ret_f = f;
	return 0;
}

struct flows *flows_free(struct flows *f)
{
	if (!f)
		return NULL;
	quic_table_free(f->quic);
	if (f->map)
		munmap(f->map, f->mapped);
	free(f);
	return NULL;
}

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

static void give_flow(struct flows *f, uint32_t i, enum net_kind kind, enum net_ending ending)
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

static uint32_t find(const struct flows *f, const uint64_t key[2])
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
		return (!both && !((w->flags[0] | w->flags[1]) & PACKET_ACK) ? FLOW_IDLE_OPENING :
									       FLOW_IDLE_TCP) *
		       TS_SECOND;
	return (both ? FLOW_IDLE_UDP : FLOW_IDLE_UDP_ONE) * TS_SECOND;
}

/* Clocks may go back: what was last seen in the future is not idle. */
static bool is_idle(const struct flow *w, ts now)
{
	return w->last < now && now - w->last > FLOW_IDLE_CLOSED * TS_SECOND &&
	       now - w->last > idle_time(w);
}

static enum net_ending ending_of(const struct flow *w, enum net_ending other)
{
	return w->bits & FLOW_CLOSED ? NET_END_CLOSED : other;
}

static void end_flow(struct flows *f, uint32_t i, enum net_ending ending)
{
	if (ending == NET_END_EVICTED) {
		f->w->stat[NET_LOSS_FLOWS_EVICTED]++;
		f->w->stat[NET_LOSS_OPEN_EVICTED] += tcp_is_open(f, i);
		tcp_free(f, i);
	} else {
		tcp_over(f, i);
	}
	give_flow(f, i, NET_FLOW_END, ending);
	unlink_flow(f, i);
}

/* The lower, the sooner it goes; of equals who was quiet for longer. */
static unsigned worth(const struct flows *f, uint32_t i)
{
	const struct flow *w = &f->flow[i];

	if (is_idle(w, f->time) || w->bits & FLOW_CLOSED)
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
	end_flow(f, best,
	    ending_of(w, is_idle(w, f->time) ? NET_END_IDLE : NET_END_EVICTED));
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

static void fill_cold(struct flow_cold *c, const struct packet *p, unsigned dir, ts time,
    uint64_t number)
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

static uint32_t begin_flow(struct flows *f, const struct flow_id *id, const struct packet *p)
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
	if (dtls_datagram(f->w, &f->tcp[w->tcp].tls, p->payload, &at))
		w->bits |= FLOW_DTLS;
	else if (!(w->bits & FLOW_DTLS))
		tcp_free(f, i);
}

static void udp_packet(struct flows *f, uint32_t i, unsigned dir, const struct packet *p)
{
	struct flow *w = &f->flow[i];

	if (!p->payload.n)
		return;
	if (w->bits & FLOW_DTLS) {
		dtls_packet(f, i, dir, p);
		return;
	}
	if (w->packets[0] + w->packets[1] <= FLOW_UDP_LOOKS) {
		if (!(w->bits & FLOW_QUIC) && p->payload.p[0] & 0x80 && quic_starts(p->payload))
			w->bits |= FLOW_QUIC;
		else if (sniff_dtls(p->payload))
			dtls_packet(f, i, dir, p);
	}
	if (w->bits & FLOW_QUIC)
		quic_packet(f, i, dir, p);
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

void flows_packet(struct flows *f, const struct packet *p, const struct flow_id *soon, ts time,
    uint64_t number)
{
	bool tcp = p->proto == PACKET_TCP;

	f->time = time;
	f->number = number;
	if (!tcp && udp_dns(f, p))
		return;
	struct flow_id id = soon && soon->dir != FLOW_NO_ID ? *soon : flow_key(f, p);
	uint32_t i = find(f, id.key);
	if (i && is_idle(&f->flow[i], time)) {
		end_flow(f, i, ending_of(&f->flow[i], NET_END_IDLE));
		i = 0;
	}
	bool syn = tcp && p->flags & PACKET_SYN;
	if (i && syn && begins_anew(f, i, id.dir, p)) {
		end_flow(f, i, ending_of(&f->flow[i], NET_END_CAPTURE));
		i = 0;
	}
	bool begins = !i;
	if (begins)
		i = begin_flow(f, &id, p);
	struct flow *w = &f->flow[i];
	count(f, i, id.dir, p);
	if (syn)
		note_syn(f, i, id.dir, p);
	if (begins)
		give_flow(f, i, NET_FLOW_BEGIN, 0);
	f->w->packet_matters = matters(w);
	if (f->w->packet_matters)
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

/* --- time ------------------------------------------------------------------------------------ */

static int by_id(const void *a, const void *b)
{
	const struct ended *x = a, *y = b;
	return x->id < y->id ? -1 : x->id > y->id;
}

/* In the order in which they began, so that it is the same however flows are shared out. */
static void end_all(struct flows *f, bool idle_only)
{
	size_t n = 0;

	for (uint32_t i = 1; i < f->flows.top; i++)
		if (f->flow[i].bits && (!idle_only || is_idle(&f->flow[i], f->time)))
			f->ended[n++] = (struct ended){ f->cold[i].id, i };
	qsort(f->ended, n, sizeof(*f->ended), by_id);
	for (size_t k = 0; k < n; k++)
		end_flow(f, f->ended[k].flow,
		    ending_of(&f->flow[f->ended[k].flow], idle_only ? NET_END_IDLE : NET_END_CAPTURE));
}

void flows_tick(struct flows *f, ts now, uint64_t number)
{
	int64_t scan = now / (FLOW_SCAN_SECONDS * TS_SECOND);

	if (scan == f->scanned)
		return;
	f->scanned = scan;
	f->time = now;
	f->number = number;
	end_all(f, true);
}

void flows_finish(struct flows *f, uint64_t number)
{
	f->number = number;
	end_all(f, false);
	quic_table_finish(f->w, f->quic);
}
