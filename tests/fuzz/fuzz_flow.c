/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The first byte chooses. 'H': wire/http: what is no request is zeroed, spans lie in the input,
 * twice is the same. Else: packets from a compact form through sense/net's flows: twice is the
 * same, every flow ends, nothing that was held stays.
 */

#include "sense/net/flow_priv.h"
#include "base/cur.h"
#include "wire/http.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define CHECK(x) ((x) ? (void)0 : abort())

/* --- http ------------------------------------------------------------------------------------ */

static bool inside(struct span a, struct span s)
{
	return !a.n || (a.p >= s.p && a.n <= s.n && a.p - s.p <= (ptrdiff_t)(s.n - a.n));
}

static void http(struct span s)
{
	static const struct http_request zero;
	struct http_request a, b;
	int rc = http_request_parse(s, &a), again = http_request_parse(s, &b);
	size_t line = 0;
	uint64_t size = 0;

	CHECK(rc == again && memcmp(&a, &b, sizeof(a)) == 0);
	CHECK(rc != HTTP_NOT || memcmp(&a, &zero, sizeof(a)) == 0);
	CHECK(rc != HTTP_OK || (a.method.n && a.head <= s.n && a.head <= HTTP_HEAD_MAX));
	CHECK(inside(a.method, s) && inside(a.target, s) && inside(a.host, s));
	CHECK(inside(a.user_agent, s) && inside(a.referer, s));
	if (http_chunk_line(s, &line, &size) == HTTP_OK)
		CHECK(line && line <= s.n && s.p[line - 1] == '\n');
	/* What is whole in a prefix is the same in more. */
	if (rc == HTTP_OK && a.head < s.n) {
		CHECK(http_request_parse(span_cut(s, 0, a.head), &b) == HTTP_OK);
		CHECK(memcmp(&a, &b, sizeof(a)) == 0);
	}
}

/* --- flows ----------------------------------------------------------------------------------- */

/* Packets are numbered on from run to run: handlers may remember flows, which are called by them.
 */
static uint64_t sum, begun, ended, before;

static int give(struct net_worker *w, const struct net_event *e)
{
	const uint64_t facts[] = { e->kind, e->transport, e->from_server, (uint64_t)e->time,
		e->packet - before, e->flow >> 63 ? e->flow : e->flow - before, e->client.port,
		e->server.port };

	(void)w;
	for (size_t i = 0; i < ARRAY_LEN(facts); i++)
		sum = (sum ^ facts[i]) * 0x100000001b3;
	begun += e->kind == NET_FLOW_BEGIN;
	ended += e->kind == NET_FLOW_END;
	if (e->kind == NET_HTTP)
		for (size_t i = 0; i < e->http->host.n; i++)
			CHECK(e->http->host.p[i] > 0x20 && e->http->host.p[i] < 0x7f);
	return 0;
}

struct player {
	struct flows *f;
	struct cur c;
	uint32_t seq[8][2];
	ts time;
	uint64_t number;
};

static void send_packet(struct player *y, unsigned conn, unsigned dir, struct packet *p)
{
	static const uint16_t ports[8] = { 80, 443, 53, 25, 1080, 5353, 9999, 3306 };

	p->family = conn & 4 ? 6 : 4;
	p->sport = dir ? ports[conn] : (uint16_t)(40000 + conn);
	p->dport = dir ? (uint16_t)(40000 + conn) : ports[conn];
	p->src[0] = (uint8_t)(10 + dir);
	p->dst[0] = (uint8_t)(11 - dir);
	p->length = (uint32_t)(40 + p->payload.n);
	y->time += 1000000;
	struct flow_id id = flows_soon(y->f, p);
	y->number++;
	flows_packet(y->f, p, y->number & 1 ? &id : NULL, y->time, y->number);
}

static void tcp(struct player *y, unsigned kind, unsigned conn, unsigned dir)
{
	uint32_t *seq = &y->seq[conn][dir];
	struct packet p = {
		.proto = PACKET_TCP, .flags = PACKET_ACK, .seq = *seq, .ack = y->seq[conn][!dir]
	};

	if (kind == 0) { /* SYN, with or without ACK and data */
		uint8_t how = cur_u8(&y->c);
		p.flags = (uint8_t)(PACKET_SYN | (how & 1 ? PACKET_ACK : 0));
		p.seq = *seq = how & 2 ? 0xfffffff0u + how : (uint32_t)how << 24;
		++*seq;
		p.payload = how & 4 ? cur_take(&y->c, cur_u8(&y->c)) : SPAN_NONE;
	} else if (kind == 1 || kind == 2) { /* the next bytes; 2: with a flag or cut short */
		p.payload = cur_take(&y->c, cur_u8(&y->c));
		uint8_t how = kind == 2 ? cur_u8(&y->c) : 0;
		p.flags |= how & (PACKET_FIN | PACKET_RST);
		p.cut = how & 0x80;
		*seq += (uint32_t)p.payload.n;
	} else { /* bytes somewhere else */
		uint16_t off = cur_be16(&y->c);
		p.seq += (uint32_t)(kind == 3 ? (int16_t)off : off * 4096);
		p.payload = cur_take(&y->c, cur_u8(&y->c));
	}
	send_packet(y, conn, dir, &p);
}

static void step(struct player *y)
{
	uint8_t op = cur_u8(&y->c);
	unsigned kind = op >> 5, dir = op >> 4 & 1, conn = op & 7;

	if (kind < 5) {
		tcp(y, kind, conn, dir);
	} else if (kind == 5) {
		struct packet p = { .proto = PACKET_UDP,
			.payload = cur_take(&y->c, cur_u8(&y->c)) };
		send_packet(y, conn, dir, &p);
	} else if (kind == 6) { /* bytes that are there, again: op & 8: much of them */
		y->seq[conn][dir] += op & 8 ? 3000 : 1;
	} else {
		y->time += (int8_t)cur_u8(&y->c) * 7 * TS_SECOND;
		flows_tick(y->f, y->time, y->number);
	}
}

static uint64_t play(struct flows *f, struct span s)
{
	struct player y = {
		.f = f, .c = cur_of(s), .time = 1700000000 * TS_SECOND, .number = before
	};

	sum = begun = ended = 0;
	memset(f->w->stat, 0, NET_STATS * sizeof(*f->w->stat));
	f->scanned = INT64_MIN;
	while (cur_left(&y.c))
		step(&y);
	flows_finish(f, y.number);
	before = y.number;
	CHECK(begun == ended && begun == f->w->stat[NET_STAT_FLOWS]);
	CHECK(f->chunks_left == f->chunks.max - 1);
	for (int i = 0; i < NET_STATS; i++)
		sum = sum * 31 + f->w->stat[i];
	return sum;
}

static void flows(struct span s)
{
	static uint64_t stat[NET_STATS];
	static struct net_worker w = { .stat = stat, .give = give };
	static struct flows *f;

	if (!f && (tls_room_new(&w.tls) || flows_new(&f, &w, FLOW_MEMORY_MIN, false)))
		abort();
	uint64_t first = play(f, s);
	CHECK(play(f, s) == first);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size && data[0] == 'H')
		http(span_of(data + 1, size - 1));
	else if (size)
		flows(span_of(data + 1, size - 1));
	return 0;
}
