/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* flow_make: packets made by hand through a flow table, and what it says of them as lines of text.
 */

#include "sense/net/flow.h"

#include "base/buf.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

struct bench {
	struct flows *f;
	struct net_worker w;
	uint64_t stat[NET_STATS];
	struct buf said; /* a line an event */
	uint64_t events[NET_KINDS], ends[NET_END_CAPTURE + 1];
	bool flows;  /* FLOW_ events are wanted as lines */
	bool silent; /* counted only */
	uint64_t number, last_id, last_packet;
	bool unordered; /* an event came with a lower packet, or in one packet with a lower flow */
	ts time;
};

static const char *const bench_endings[] = { "?", "closed", "idle", "evicted", "capture" };

static inline void bench_addr(struct bench *b, const char *before, const struct sense_addr *a)
{
	char text[SENSE_ADDR_TEXT_MAX];

	buf_printf(&b->said, "%s%s:%u", before, sense_addr_text(a, text), a->port);
}

static inline void bench_flow(struct bench *b, const struct net_event *e)
{
	const struct net_flow_facts *x = &e->facts;

	buf_printf(&b->said, "%s", e->kind == NET_FLOW_BEGIN ? "begin" : "end ");
	if (e->kind == NET_FLOW_END)
		buf_printf(&b->said, "%s", bench_endings[x->ending]);
	bench_addr(b, " ", &e->client);
	bench_addr(b, " > ", &e->server);
	if (e->kind == NET_FLOW_END)
		buf_printf(&b->said, " %llu+%llu", (unsigned long long)x->packets[0],
		    (unsigned long long)x->packets[1]);
	buf_printf(&b->said, "%s\n", x->midstream ? " midstream" : "");
}

static inline int bench_give(struct net_worker *w, const struct net_event *e)
{
	struct bench *b = w->give_ctx;

	b->events[e->kind]++;
	if (e->kind == NET_FLOW_END)
		b->ends[e->facts.ending]++;
	b->unordered |= e->packet < b->last_packet;
	b->last_packet = e->packet;
	if (b->silent)
		return 0;
	switch (e->kind) {
	case NET_FLOW_BEGIN:
	case NET_FLOW_END:
		if (b->flows)
			bench_flow(b, e);
		break;
	case NET_HTTP:
		buf_printf(&b->said, "http %.*s %.*s %.*s%s\n", SPAN_ARG(e->http->method),
		    SPAN_ARG(e->http->host), SPAN_ARG(e->http->target),
		    e->from_server ? " back" : "");
		break;
	case NET_DNS:
		buf_printf(&b->said, "dns %s %.*s\n", e->dns->response ? "answer" : "query",
		    e->dns->n ? (int)e->dns->rr[0].name.n : 0,
		    e->dns->n ? (const char *)e->dns->rr[0].name.p : "");
		break;
	case NET_TLS_CLIENT:
		buf_printf(&b->said, "hello %s%s%s\n", e->client_hello->tls.sni,
		    e->transport == NET_DTLS   ? " dtls"
		    : e->transport == NET_QUIC ? " quic"
					       : "",
		    e->from_server ? " back" : "");
		break;
	case NET_TLS_SERVER:
		buf_printf(&b->said, "server %04x\n", e->server_hello->tls.version);
		break;
	default:
		buf_printf(&b->said, "kind %d\n", e->kind);
	}
	return 0;
}

static inline void bench_open(struct bench *b, size_t bytes, bool flows)
{
	*b = (struct bench){
		.said = BUF_INIT(BUF_MAX_DEFAULT), .flows = flows, .time = 1700000000 * TS_SECOND
	};
	b->w = (struct net_worker){ .stat = b->stat, .give = bench_give, .give_ctx = b };
	if (tls_room_new(&b->w.tls) != 0 || flows_new(&b->f, &b->w, bytes, false) != 0)
		abort();
}

static inline void bench_close(struct bench *b)
{
	flows_free(b->f);
	tls_room_free(b->w.tls);
	buf_free(&b->said);
}

/* All lines so far. */
static inline const char *bench_said(struct bench *b)
{
	return buf_str(&b->said);
}

/* The end of the capture; then all lines. */
static inline const char *bench_end(struct bench *b)
{
	flows_finish(b->f, b->number);
	return bench_said(b);
}

/* --- packets --- */

/* A connection between two addresses; of each side the sequence number of its next byte. */
struct conn {
	uint8_t family;
	uint8_t addr[2][16];
	uint16_t port[2];
	uint32_t seq[2];
};

static inline struct conn conn_of(uint32_t client, uint16_t cport, uint32_t server, uint16_t sport)
{
	struct conn c = { .family = 4, .port = { cport, sport }, .seq = { 1000, 5000 } };

	for (unsigned i = 0; i < 4; i++) {
		c.addr[0][i] = (uint8_t)(client >> (24 - 8 * i));
		c.addr[1][i] = (uint8_t)(server >> (24 - 8 * i));
	}
	return c;
}

#define CLIENT 0x0a000001
#define SERVER 0xc0000201

static inline struct packet packet_of(const struct conn *c, unsigned from, uint8_t proto)
{
	struct packet p = { .family = c->family,
		.proto = proto,
		.sport = c->port[from],
		.dport = c->port[!from],
		.seq = c->seq[from],
		.ack = c->seq[!from] };

	memcpy(p.src, c->addr[from], 16);
	memcpy(p.dst, c->addr[!from], 16);
	return p;
}

static inline struct packet tcp_of(
    const struct conn *c, unsigned from, uint8_t flags, uint32_t seq, struct span payload)
{
	struct packet p = packet_of(c, from, PACKET_TCP);

	p.flags = flags;
	p.seq = seq;
	p.payload = payload;
	p.length = (uint32_t)(40 + payload.n);
	return p;
}

static inline void bench_packet(struct bench *b, const struct packet *p)
{
	b->time += 1000000;
	struct flow_id id = flows_soon(b->f, p);
	flows_packet(b->f, p, &id, b->time, ++b->number);
}

static inline void tcp_at(struct bench *b, const struct conn *c, unsigned from, uint8_t flags,
    uint32_t seq, struct span payload)
{
	struct packet p = tcp_of(c, from, flags, seq, payload);
	bench_packet(b, &p);
}

static inline void tcp_shake(struct bench *b, struct conn *c)
{
	struct packet p = tcp_of(c, 0, PACKET_SYN, c->seq[0] - 1, SPAN_NONE);

	p.ack = 0;
	bench_packet(b, &p);
	tcp_at(b, c, 1, PACKET_SYN | PACKET_ACK, c->seq[1] - 1, SPAN_NONE);
	tcp_at(b, c, 0, PACKET_ACK, c->seq[0], SPAN_NONE);
}

/* The next bytes of one side. */
static inline void tcp_send(struct bench *b, struct conn *c, unsigned from, struct span d)
{
	tcp_at(b, c, from, PACKET_ACK, c->seq[from], d);
	c->seq[from] += (uint32_t)d.n;
}

static inline void tcp_text(struct bench *b, struct conn *c, unsigned from, const char *text)
{
	tcp_send(b, c, from, span_str(text));
}

static inline void tcp_bye(struct bench *b, struct conn *c)
{
	for (unsigned i = 0; i < 2; i++) {
		tcp_at(b, c, i, PACKET_ACK | PACKET_FIN, c->seq[i], SPAN_NONE);
		c->seq[i]++;
	}
	tcp_at(b, c, 0, PACKET_ACK, c->seq[0], SPAN_NONE);
}

static inline void udp_at(struct bench *b, const struct conn *c, unsigned from, struct span payload)
{
	struct packet p = packet_of(c, from, PACKET_UDP);

	p.payload = payload;
	p.length = (uint32_t)(28 + payload.n);
	bench_packet(b, &p);
}

/* A ClientHello record for a name, with pad bytes of an unknown extension. */
static inline struct span hello_of(const char *name, size_t pad, uint8_t out[static 4096])
{
	size_t n = strlen(name), at = 0;
	size_t exts = 9 + n + (pad ? 4 + pad : 0), body = 2 + 32 + 1 + 4 + 2 + 2 + exts;

	memset(out, 0, 4096);
	memcpy(out, "\x16\x03\x01", 3);
	out[3] = (uint8_t)((body + 4) >> 8);
	out[4] = (uint8_t)(body + 4);
	memcpy(out + 5, "\x01\x00", 2);
	out[7] = (uint8_t)(body >> 8);
	out[8] = (uint8_t)body;
	memcpy(out + 9, "\x03\x03", 2);
	at = 11 + 32 + 1;
	memcpy(out + at, "\x00\x02\x13\x01\x01\x00", 6);
	at += 6;
	out[at++] = (uint8_t)(exts >> 8);
	out[at++] = (uint8_t)exts;
	uint8_t sni[9] = { 0, 0, 0, (uint8_t)(n + 5), 0, (uint8_t)(n + 3), 0, 0, (uint8_t)n };
	memcpy(out + at, sni, 9);
	memcpy(out + at + 9, name, n);
	at += 9 + n;
	if (pad) {
		out[at + 1] = 21;
		out[at + 2] = (uint8_t)(pad >> 8);
		out[at + 3] = (uint8_t)pad;
		at += 4 + pad;
	}
	return span_of(out, at);
}

/* A ServerHello record of TLS 1.2. */
static inline struct span server_hello_of(uint8_t out[static 64])
{
	static const uint8_t head[] = { 0x16, 3, 3, 0, 42, 2, 0, 0, 38, 3, 3 };

	memset(out, 0, 64);
	memcpy(out, head, sizeof(head));
	out[44] = 0xc0;
	out[45] = 0x2f;
	return span_of(out, 47);
}

/* A query for NAME.test, A, IN. */
static inline struct span query_of(const char *name, uint8_t out[static 128])
{
	size_t n = strlen(name);

	memcpy(out, "\x12\x34\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00", 12);
	out[12] = (uint8_t)n;
	memcpy(out + 13, name, n);
	memcpy(out + 13 + n, "\4test\0\0\1\0\1", 10);
	return span_of(out, 23 + n);
}
