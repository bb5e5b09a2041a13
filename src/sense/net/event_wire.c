/* SPDX-License-Identifier: Apache-2.0 */

#include "sense/net/event_wire_priv.h"

/* --- the head ----------------------------------------------------------------------------------
 */

struct head {
	ts time;
	uint64_t packet, flow;
	uint16_t vlan, cport, sport;
	uint8_t kind, transport, flavour, from_server, tunnels, cfamily, sfamily, zero;
	uint8_t client[16], server[16];
} __attribute__((packed));

static void put_head(struct event_put *w, const struct net_event *e)
{
	struct head h = {
		.time = e->time,
		.packet = e->packet,
		.flow = e->flow,
		.vlan = e->vlan,
		.cport = e->client.port,
		.sport = e->server.port,
		.kind = (uint8_t)e->kind,
		.transport = (uint8_t)e->transport,
		.flavour = (uint8_t)e->flavour,
		.from_server = e->from_server,
		.tunnels = e->tunnels,
		.cfamily = e->client.family,
		.sfamily = e->server.family,
	};

	memcpy(h.client, e->client.b, sizeof(h.client));
	memcpy(h.server, e->server.b, sizeof(h.server));
	event_put(w, &h, sizeof(h));
}

static void get_addr(
    struct cur *c, struct sense_addr *a, uint8_t family, uint16_t port, const uint8_t b[static 16])
{
	static const uint8_t zero[12];

	if ((family != 4 && family != 6) || (family == 4 && memcmp(b + 4, zero, 12) != 0))
		event_bad(c);
	*a = (struct sense_addr){ .family = family, .port = port };
	memcpy(a->b, b, 16);
}

static void get_head(struct cur *c, struct net_event *e)
{
	struct head h;

	event_get(c, &h, sizeof(h));
	if (h.kind < NET_FLOW_BEGIN || h.kind >= NET_KINDS || h.transport < NET_UDP ||
	    h.transport >= NET_TRANSPORTS || h.flavour > NET_DNS_NBNS || h.zero ||
	    h.cfamily != h.sfamily)
		event_bad(c);
	e->kind = (enum net_kind)h.kind;
	e->transport = (enum net_transport)h.transport;
	e->flavour = (enum net_dns_flavour)h.flavour;
	e->from_server = event_truth(c, h.from_server);
	e->tunnels = h.tunnels;
	e->vlan = h.vlan;
	e->time = h.time;
	e->packet = h.packet;
	e->flow = h.flow;
	get_addr(c, &e->client, h.cfamily, h.cport, h.client);
	get_addr(c, &e->server, h.sfamily, h.sport, h.server);
}

/* --- flows -------------------------------------------------------------------------------------
 */

struct wire_facts {
	ts first, last;
	uint64_t packets[2], bytes[2];
	uint8_t ending, midstream, tcp_flags[2];
} __attribute__((packed));

static void put_facts(struct event_put *w, const struct net_flow_facts *f)
{
	struct wire_facts x = {
		.first = f->first,
		.last = f->last,
		.packets = { f->packets[0], f->packets[1] },
		.bytes = { f->bytes[0], f->bytes[1] },
		.ending = (uint8_t)f->ending,
		.midstream = f->midstream,
		.tcp_flags = { f->tcp_flags[0], f->tcp_flags[1] },
	};

	event_put(w, &x, sizeof(x));
}

static void get_facts(struct cur *c, const struct net_event *e, struct net_flow_facts *f)
{
	struct wire_facts x;

	event_get(c, &x, sizeof(x));
	if (x.ending > NET_END_CAPTURE || (x.ending == 0) != (e->kind == NET_FLOW_BEGIN))
		event_bad(c);
	*f = (struct net_flow_facts){
		.ending = (enum net_ending)x.ending,
		.midstream = event_truth(c, x.midstream),
		.tcp_flags = { x.tcp_flags[0], x.tcp_flags[1] },
		.first = x.first,
		.last = x.last,
		.packets = { x.packets[0], x.packets[1] },
		.bytes = { x.bytes[0], x.bytes[1] },
	};
}

/* --- requests -----------------------------------------------------------------------------------
 */

struct wire_http {
	uint32_t hosts, head;
	uint16_t port;
	uint8_t major, minor;
} __attribute__((packed));

static const size_t http_spans[] = {
	offsetof(struct http_request, method),
	offsetof(struct http_request, target),
	offsetof(struct http_request, host),
	offsetof(struct http_request, user_agent),
	offsetof(struct http_request, referer),
};

static void put_http(struct event_put *w, const struct http_request *r)
{
	struct wire_http x = { r->hosts, (uint32_t)r->head, r->port, r->major, r->minor };

	event_put(w, &x, sizeof(x));
	event_put_spans(w, r, http_spans, ARRAY_LEN(http_spans));
}

static void get_http(struct cur *c, struct http_request *r)
{
	struct wire_http x;

	event_get(c, &x, sizeof(x));
	*r = (struct http_request){
		.hosts = x.hosts,
		.head = x.head,
		.port = x.port,
		.major = x.major,
		.minor = x.minor,
	};
	event_get_spans(c, r, http_spans, ARRAY_LEN(http_spans));
	if (r->method.n > HTTP_METHOD_MAX || r->major > 9 || r->minor > 9)
		event_bad(c);
}

/* --- all of it ---------------------------------------------------------------------------------
 */

size_t event_encode(const struct net_event *e, uint8_t *out, size_t size)
{
	struct event_put w = { .p = out, .size = size };

	put_head(&w, e);
	switch (e->kind) {
	case NET_FLOW_BEGIN:
	case NET_FLOW_END:
		put_facts(&w, &e->facts);
		break;
	case NET_DNS:
		event_put_dns(&w, e->dns);
		break;
	case NET_TLS_CLIENT:
		event_put_client(&w, e->client_hello);
		break;
	case NET_TLS_SERVER:
		event_put_server(&w, e->server_hello);
		break;
	case NET_CERTIFICATE:
		event_put_certificate(&w, e->certificate);
		break;
	case NET_HTTP:
		put_http(&w, e->http);
		break;
	case NET_KINDS:
		w.full = true;
		break;
	}
	return w.full ? 0 : w.n;
}

static void get_body(struct cur *c, struct event_room *room, struct net_event *e)
{
	switch (e->kind) {
	case NET_FLOW_BEGIN:
	case NET_FLOW_END:
		get_facts(c, e, &e->facts);
		return;
	case NET_DNS:
		event_get_dns(c, room, &room->dns);
		e->dns = &room->dns;
		return;
	case NET_TLS_CLIENT:
		event_get_client(c, &room->client_hello);
		e->client_hello = &room->client_hello;
		return;
	case NET_TLS_SERVER:
		event_get_server(c, &room->server_hello);
		e->server_hello = &room->server_hello;
		return;
	case NET_CERTIFICATE:
		event_get_certificate(c, &room->certificate);
		e->certificate = &room->certificate;
		return;
	case NET_HTTP:
		get_http(c, &room->http);
		e->http = &room->http;
		return;
	case NET_KINDS:
		break;
	}
	event_bad(c);
}

int event_decode(struct span s, struct event_room *room, struct net_event *ret_e)
{
	struct cur c = cur_of(s);

	*ret_e = (struct net_event){ 0 };
	get_head(&c, ret_e);
	if (!c.err)
		get_body(&c, room, ret_e);
	if (c.err || c.off != s.n) {
		*ret_e = (struct net_event){ 0 };
		return -EBADMSG;
	}
	return 0;
}
