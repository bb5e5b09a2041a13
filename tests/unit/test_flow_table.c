/* SPDX-License-Identifier: Apache-2.0 */

#include "flow_make.h"

#include "tap.h"

#include <unistd.h>

#ifdef __SANITIZE_ADDRESS__
#define SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define SANITIZED 1
#endif
#endif
#ifndef SANITIZED
#define SANITIZED 0
#endif

#define MIB (1u << 20)
/* What 16 MiB of table may add to the process; sanitizers keep books of their own. */
#define GROWN_MAX ((SANITIZED ? 64u : 18u) * MIB)

/* --- life of a connection --- */

static void test_life(void)
{
	struct bench b;
	struct conn c = conn_of(CLIENT, 40000, SERVER, 80);

	bench_open(&b, 4 * MIB, true);
	tcp_shake(&b, &c);
	tcp_text(&b, &c, 0, "GET /a HTTP/1.1\r\nHost: one.test\r\n\r\n");
	tcp_text(&b, &c, 1, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
	tcp_bye(&b, &c);
	is_str(bench_end(&b),
	    "begin 10.0.0.1:40000 > 192.0.2.1:80\n"
	    "http GET one.test /a\n"
	    "end closed 10.0.0.1:40000 > 192.0.2.1:80 5+3\n",
	    "a connection begins, asks, and is closed");
	is_int(b.stat[NET_STAT_FLOWS], 1, "one flow");
	is_int(b.stat[NET_STAT_HTTP_REQUESTS], 1, "one request");
	bench_close(&b);
}

static struct net_flow_facts last_facts;
static struct net_event last_event;

static int keep_facts(struct net_worker *w, const struct net_event *e)
{
	last_event = *e;
	if (e->kind == NET_FLOW_END)
		last_facts = e->facts;
	return bench_give(w, e);
}

static void test_facts(void)
{
	struct bench b;
	struct conn c =
	    conn_of(SERVER, 40000, CLIENT, 443); /* the client's address is the greater */

	bench_open(&b, 4 * MIB, true);
	b.w.give = keep_facts;
	ts begin = b.time;
	tcp_shake(&b, &c);
	tcp_text(&b, &c, 1, "0123456789");
	tcp_at(&b, &c, 0, PACKET_RST, c.seq[0], SPAN_NONE);
	(void)bench_end(&b);
	is_int(last_facts.packets[0], 3, "packets of the client");
	is_int(last_facts.packets[1], 2, "packets of the server");
	is_int(last_facts.bytes[0], 120, "bytes of the client's IP packets");
	is_int(last_facts.bytes[1], 90, "bytes of the server's IP packets");
	is_int(last_facts.tcp_flags[0], PACKET_SYN | PACKET_ACK | PACKET_RST, "the client's flags");
	is_int(last_facts.tcp_flags[1], PACKET_SYN | PACKET_ACK, "the server's flags");
	is_int(last_facts.first - begin, 1000000, "first packet");
	is_int(last_facts.last - begin, 5000000, "last packet");
	is_int(last_facts.ending, NET_END_CLOSED, "RST closes");
	is_int(last_event.flow, 1, "the flow is called after its first packet");
	bench_close(&b);
}

/* --- who is the client --- */

static void one_packet(
    const char *want, const struct conn *c, unsigned from, uint8_t flags, const char *what)
{
	struct bench b;

	bench_open(&b, 4 * MIB, true);
	tcp_at(&b, c, from, flags, 77, SPAN_NONE);
	is_str(bench_said(&b), want, "%s", what);
	bench_close(&b);
}

static void test_roles(void)
{
	struct conn c = conn_of(CLIENT, 40000, SERVER, 443),
		    d = conn_of(CLIENT, 40000, SERVER, 50000),
		    k = conn_of(CLIENT, 8080, SERVER, 2000), e = conn_of(CLIENT, 22, SERVER, 443);

	one_packet("begin 10.0.0.1:40000 > 192.0.2.1:443\n", &c, 0, PACKET_SYN, "SYN");
	one_packet(
	    "begin 192.0.2.1:443 > 10.0.0.1:40000\n", &c, 1, PACKET_SYN, "SYN from port 443");
	one_packet("begin 10.0.0.1:40000 > 192.0.2.1:443\n", &c, 1, PACKET_SYN | PACKET_ACK,
	    "the answer to a SYN");
	one_packet("begin 10.0.0.1:40000 > 192.0.2.1:443 midstream\n", &c, 0, PACKET_ACK,
	    "midstream: the lower port serves");
	one_packet("begin 10.0.0.1:40000 > 192.0.2.1:443 midstream\n", &c, 1, PACKET_ACK,
	    "midstream: from the server");
	one_packet("begin 192.0.2.1:50000 > 10.0.0.1:40000 midstream\n", &d, 0, PACKET_ACK,
	    "midstream: both ports are high");
	one_packet("begin 192.0.2.1:2000 > 10.0.0.1:8080 midstream\n", &k, 1, PACKET_ACK,
	    "midstream: a port that is known goes before a lower one");
	one_packet("begin 192.0.2.1:443 > 10.0.0.1:22 midstream\n", &e, 1, PACKET_ACK,
	    "midstream: two ports of services");
}

static void test_role_by_content(void)
{
	struct bench b;
	struct conn c = conn_of(CLIENT, 2000, SERVER, 50000);

	bench_open(&b, 4 * MIB, true);
	tcp_text(&b, &c, 0, "GET / HTTP/1.1\r\nHost: two.test\r\n\r\n");
	is_str(bench_end(&b),
	    "begin 192.0.2.1:50000 > 10.0.0.1:2000 midstream\n"
	    "http GET two.test /\n"
	    "end capture 10.0.0.1:2000 > 192.0.2.1:50000 1+0 midstream\n",
	    "a request says who is the client");
	bench_close(&b);
}

/* --- time --- */

static void tick(struct bench *b, ts after)
{
	b->time += after;
	flows_tick(b->f, b->time, b->number);
}

static void test_idle(void)
{
	struct bench b;
	struct conn half = conn_of(CLIENT, 1, SERVER, 80), open = conn_of(CLIENT, 2, SERVER, 80),
		    closed = conn_of(CLIENT, 3, SERVER, 80), one = conn_of(CLIENT, 4000, SERVER, 5),
		    both = conn_of(CLIENT, 6000, SERVER, 7);

	bench_open(&b, 4 * MIB, true);
	tcp_at(&b, &half, 0, PACKET_SYN, 1, SPAN_NONE);
	tcp_shake(&b, &open);
	tcp_shake(&b, &closed);
	tcp_bye(&b, &closed);
	udp_at(&b, &one, 0, SPAN_LIT("x"));
	udp_at(&b, &both, 0, SPAN_LIT("x"));
	udp_at(&b, &both, 1, SPAN_LIT("x"));
	(void)bench_said(&b);
	buf_reset(&b.said);
	tick(&b, 9 * TS_SECOND);
	is_str(bench_said(&b), "", "nothing after 9 seconds");
	tick(&b, 6 * TS_SECOND);
	is_str(bench_said(&b), "end closed 10.0.0.1:3 > 192.0.2.1:80 4+2\n", "closed: 10 seconds");
	buf_reset(&b.said);
	tick(&b, 20 * TS_SECOND);
	is_str(bench_said(&b), "end idle 10.0.0.1:1 > 192.0.2.1:80 1+0\n", "no answer: 30 seconds");
	buf_reset(&b.said);
	tick(&b, 30 * TS_SECOND);
	is_str(bench_said(&b), "end idle 10.0.0.1:4000 > 192.0.2.1:5 1+0\n",
	    "UDP, one side: 60 seconds");
	buf_reset(&b.said);
	tick(&b, 120 * TS_SECOND);
	is_str(bench_said(&b), "end idle 10.0.0.1:6000 > 192.0.2.1:7 1+1\n", "UDP: 180 seconds");
	buf_reset(&b.said);
	tick(&b, 3400 * TS_SECOND);
	is_str(bench_said(&b), "", "a connection stays for an hour");
	tick(&b, 200 * TS_SECOND);
	is_str(bench_said(&b), "end idle 10.0.0.1:2 > 192.0.2.1:80 2+1\n", "… and no longer");
	is_int(b.stat[NET_LOSS_FLOWS_EVICTED], 0, "none of this is a loss");
	bench_close(&b);
}

/* Without ticks a packet finds out itself that its flow is long over. */
static void test_idle_lazy(void)
{
	struct bench b;
	struct conn c = conn_of(CLIENT, 4000, SERVER, 5);

	bench_open(&b, 4 * MIB, true);
	udp_at(&b, &c, 0, SPAN_LIT("x"));
	b.time += 59 * TS_SECOND;
	udp_at(&b, &c, 0, SPAN_LIT("x"));
	b.time += 61 * TS_SECOND;
	udp_at(&b, &c, 0, SPAN_LIT("x"));
	is_str(bench_end(&b),
	    "begin 10.0.0.1:4000 > 192.0.2.1:5\n"
	    "end idle 10.0.0.1:4000 > 192.0.2.1:5 2+0\n"
	    "begin 10.0.0.1:4000 > 192.0.2.1:5\n"
	    "end capture 10.0.0.1:4000 > 192.0.2.1:5 1+0\n",
	    "a packet after the time-out begins another flow");
	bench_close(&b);
}

static void test_clock_back(void)
{
	struct bench b;
	struct conn c = conn_of(CLIENT, 40000, SERVER, 80);

	bench_open(&b, 4 * MIB, true);
	tcp_shake(&b, &c);
	tcp_text(&b, &c, 0, "GET /a HTTP/1.1\r\nHo");
	b.time -= 7 * TS_DAY;
	flows_tick(b.f, b.time, b.number);
	tcp_text(&b, &c, 0, "st: back.test\r\n\r\n");
	flows_tick(b.f, b.time + 60 * TS_SECOND, b.number);
	b.time -= 2000000;
	tcp_text(&b, &c, 0, "GET /b HTTP/1.1\r\nHost: back.test\r\n\r\n");
	is_str(bench_end(&b),
	    "begin 10.0.0.1:40000 > 192.0.2.1:80\n"
	    "http GET back.test /a\nhttp GET back.test /b\n"
	    "end capture 10.0.0.1:40000 > 192.0.2.1:80 5+1\n",
	    "a clock that goes back ends nothing");
	bench_close(&b);
}

static void test_order(void)
{
	struct bench b;

	bench_open(&b, 4 * MIB, true);
	for (unsigned i = 0; i < 500; i++) {
		struct conn c = conn_of(CLIENT + i * 77 % 500, 40000, SERVER, 80);
		tcp_at(&b, &c, 0, PACKET_SYN, 1, SPAN_NONE);
		if (i % 3 == 0)
			tick(&b, 31 * TS_SECOND);
	}
	tick(&b, TS_HOUR);
	ok(!b.unordered, "events never go back in packets");
	is_int(b.ends[NET_END_IDLE], 500, "all ended");
	uint64_t before = 0, wrong = 0;
	struct span s = buf_span(&b.said), l;
	while (span_next_line(&s, &l))
		before++;
	is_int(before, 1000, "each began and ended once");
	is_int(wrong, 0, "in order");
	bench_close(&b);
}

/* --- the same addresses again --- */

static void test_reuse(void)
{
	struct bench b;
	struct conn c = conn_of(CLIENT, 40000, SERVER, 80);

	bench_open(&b, 4 * MIB, true);
	tcp_shake(&b, &c);
	tcp_at(&b, &c, 0, PACKET_SYN, c.seq[0] - 1, SPAN_NONE); /* sent again */
	tcp_text(&b, &c, 0, "GET /a HTTP/1.1\r\nHost: one.test\r\n\r\n");
	tcp_bye(&b, &c);
	c.seq[0] = 900000;
	c.seq[1] = 30;
	tcp_shake(&b, &c);
	tcp_text(&b, &c, 0, "GET /b HTTP/1.1\r\nHost: one.test\r\n\r\n");
	c.seq[0] = 1900000;
	tcp_shake(&b, &c);
	tcp_text(&b, &c, 0, "GET /c HTTP/1.1\r\nHost: one.test\r\n\r\n");
	is_str(bench_end(&b),
	    "begin 10.0.0.1:40000 > 192.0.2.1:80\n"
	    "http GET one.test /a\n"
	    "end closed 10.0.0.1:40000 > 192.0.2.1:80 6+2\n"
	    "begin 10.0.0.1:40000 > 192.0.2.1:80\n"
	    "http GET one.test /b\n"
	    "end capture 10.0.0.1:40000 > 192.0.2.1:80 3+1\n"
	    "begin 10.0.0.1:40000 > 192.0.2.1:80\n"
	    "http GET one.test /c\n"
	    "end capture 10.0.0.1:40000 > 192.0.2.1:80 3+1\n",
	    "a SYN with another number is another connection");
	is_int(b.stat[NET_STAT_FLOWS], 3, "three of them");
	bench_close(&b);
}

/* --- DNS over UDP --- */

static void test_dns(void)
{
	struct bench b;
	uint8_t q[128];
	struct conn c = conn_of(CLIENT, 40000, SERVER, 53),
		    m = conn_of(CLIENT, 5353, 0xe00000fb, 5353),
		    l = conn_of(CLIENT, 50000, 0xe00000fc, 5355);
	struct span s = query_of("www", q);

	bench_open(&b, 4 * MIB, true);
	b.w.give = keep_facts;
	udp_at(&b, &c, 0, s);
	uint64_t flow = last_event.flow;
	q[2] |= 0x80;
	udp_at(&b, &c, 1, s);
	is_int(last_event.flow, flow, "query and answer have the same flow");
	ok(last_event.from_server && last_event.server.port == 53, "an answer is from the server");
	q[2] &= 0x7f;
	udp_at(&b, &m, 0, s);
	ok(last_event.flavour == NET_DNS_MDNS, "mDNS");
	udp_at(&b, &l, 0, s);
	ok(last_event.flavour == NET_DNS_LLMNR, "LLMNR");
	is_str(bench_end(&b),
	    "dns query www.test\ndns answer www.test\ndns query www.test\n"
	    "dns query www.test\n",
	    "DNS in datagrams makes no flows");
	is_int(b.stat[NET_STAT_FLOWS], 0, "none");
	ok(flow >> 63, "ids of such are apart from those of flows");
	bench_close(&b);

	c.port[1] = 8053;
	bench_open(&b, 4 * MIB, false);
	udp_at(&b, &c, 0, s);
	q[2] |= 0x80;
	udp_at(&b, &c, 1, s);
	is_str(bench_end(&b), "dns query www.test\ndns answer www.test\n", "DNS on another port");
	is_int(b.stat[NET_STAT_FLOWS], 1, "… is a flow");
	bench_close(&b);
}

/* --- floods --- */

static size_t resident(void)
{
	FILE *f = fopen("/proc/self/statm", "re");
	size_t all = 0, now = 0;

	if (f && fscanf(f, "%zu %zu", &all, &now) != 2)
		now = 0;
	if (f)
		fclose(f);
	return now * (size_t)sysconf(_SC_PAGESIZE);
}

static struct conn nth(uint64_t i)
{
	return conn_of(0x0b000000 + (uint32_t)(i * 2654435761u >> 8), (uint16_t)(1024 + i % 60000),
	    SERVER, 443);
}

static void test_half_open(void)
{
	struct bench b;
	uint64_t n = SANITIZED ? 300000 : 10000000;
	struct conn good = conn_of(CLIENT, 40000, SERVER, 80);

	bench_open(&b, 16 * MIB, false);
	b.silent = true;
	size_t before = resident();
	tcp_shake(&b, &good);
	tcp_text(&b, &good, 0, "GET /a HTTP/1.1\r\nHost: goo");
	for (uint64_t i = 0; i < n; i++) {
		struct conn c = nth(i);
		struct packet p = tcp_of(&c, 0, PACKET_SYN, (uint32_t)i, SPAN_NONE);
		flows_packet(b.f, &p, NULL, b.time + (ts)i * 100, ++b.number);
		if (i == n / 2)
			tcp_text(&b, &good, 0, "d.test\r\n\r\n");
	}
	size_t grown = resident() - before;
	ok(grown <= GROWN_MAX, "%llu half open connections take at most 18 MiB: %zu KiB",
	    (unsigned long long)n, grown >> 10);
	is_int(b.events[NET_HTTP], 1, "who was inside a request was spared");
	flows_finish(b.f, b.number);
	is_int(b.stat[NET_STAT_FLOWS], n + 1, "each is counted");
	is_int(b.events[NET_FLOW_END], n + 1, "each ends");
	is_int(b.ends[NET_END_EVICTED], b.stat[NET_LOSS_FLOWS_EVICTED], "evictions are counted");
	ok(b.ends[NET_END_EVICTED] > n / 2, "most were evicted: %llu",
	    (unsigned long long)b.ends[NET_END_EVICTED]);
	is_int(b.stat[NET_LOSS_OPEN_EVICTED], 0, "none of them inside a hello");
	bench_close(&b);
}

/* Each with a byte that waits for others. */
static void test_early_bytes(void)
{
	struct bench b;
	uint64_t n = SANITIZED ? 50000 : 1000000;
	struct conn good = conn_of(CLIENT, 40000, SERVER, 80);

	bench_open(&b, 16 * MIB, false);
	b.silent = true;
	size_t before = resident();
	tcp_shake(&b, &good);
	for (uint64_t i = 0; i < n; i++) {
		struct conn c = nth(i);
		struct packet p = tcp_of(&c, 0, PACKET_SYN, 1, SPAN_NONE);
		flows_packet(b.f, &p, NULL, b.time + (ts)i * 100, ++b.number);
		p = tcp_of(&c, 0, PACKET_ACK, 100, SPAN_LIT("x"));
		flows_packet(b.f, &p, NULL, b.time + (ts)i * 100, ++b.number);
		if (i % 1000 == 0) /* a request, slowly */
			tcp_send(&b, &good, 0,
			    span_cut(SPAN_LIT("GET /a HTTP/1.1\r\nHost: good.test\r\n\r\n"),
				i / 1000 % 38, 1));
	}
	size_t grown = resident() - before;
	ok(grown <= GROWN_MAX, "%llu early bytes take at most 18 MiB: %zu KiB",
	    (unsigned long long)n, grown >> 10);
	ok(b.stat[NET_LOSS_MEMORY] > 0, "what was not kept is counted: %llu",
	    (unsigned long long)b.stat[NET_LOSS_MEMORY]);
	ok(b.events[NET_HTTP] > 0, "who was inside a request was spared");
	flows_finish(b.f, b.number);
	is_int(b.events[NET_FLOW_END], n + 1, "each ends");
	ok(b.stat[NET_LOSS_GAP] + b.stat[NET_LOSS_MEMORY] + b.stat[NET_LOSS_OPEN_EVICTED] >= n,
	    "each is a loss: %llu %llu %llu", (unsigned long long)b.stat[NET_LOSS_GAP],
	    (unsigned long long)b.stat[NET_LOSS_MEMORY],
	    (unsigned long long)b.stat[NET_LOSS_OPEN_EVICTED]);
	bench_close(&b);
}

/* UDP from everywhere. */
static void test_datagrams(void)
{
	struct bench b;

	bench_open(&b, 2 * MIB, false);
	b.silent = true;
	for (uint64_t i = 0; i < 200000; i++) {
		struct conn c = nth(i);
		struct packet p = packet_of(&c, 0, PACKET_UDP);
		p.payload = SPAN_LIT("\x40hello");
		flows_packet(b.f, &p, NULL, b.time, ++b.number);
	}
	flows_finish(b.f, b.number);
	is_int(b.stat[NET_STAT_FLOWS], 200000, "each datagram of others begins a flow");
	is_int(b.events[NET_FLOW_END], 200000, "… that ends");
	is_int(
	    b.ends[NET_END_EVICTED] + b.ends[NET_END_CAPTURE], 200000, "… evicted, or at the end");
	bench_close(&b);
}

/* Each inside a request: whoever goes is one loss, not two. */
static void test_open_evicted(void)
{
	struct bench b;

	bench_open(&b, 16 * MIB, false);
	b.silent = true;
	for (uint64_t i = 0; i < 200000; i++) {
		struct conn c = nth(i);
		struct packet p = tcp_of(&c, 0, PACKET_SYN, 1, SPAN_NONE);
		flows_packet(b.f, &p, NULL, b.time, ++b.number);
		p = tcp_of(&c, 0, PACKET_ACK, 2, SPAN_LIT("GET /a HTTP/1.1\r\nHo"));
		flows_packet(b.f, &p, NULL, b.time, ++b.number);
	}
	flows_finish(b.f, b.number);
	ok(b.stat[NET_LOSS_OPEN_EVICTED] > 0, "evicted inside a request: %llu",
	    (unsigned long long)b.stat[NET_LOSS_OPEN_EVICTED]);
	is_int(b.stat[NET_LOSS_FLOWS_EVICTED] + b.stat[NET_LOSS_OPEN_EVICTED],
	    b.ends[NET_END_EVICTED], "each eviction is one loss");
	bench_close(&b);
}

static void test_small(void)
{
	struct flows *f = NULL;
	uint64_t stat[NET_STATS] = { 0 };
	struct net_worker w = { .stat = stat };

	is_int(flows_new(&f, &w, FLOW_MEMORY_MIN - 1, true), -22, "less than the least is refused");
	for (size_t bytes = FLOW_MEMORY_MIN; bytes < 300 * (size_t)MIB; bytes = bytes * 5 / 3) {
		int rc = flows_new(&f, &w, bytes, true);
		if (rc)
			ok(false, "%zu bytes: %d", bytes, rc);
		f = flows_free(f);
	}
	ok(true, "any size above it is taken");
}

int main(void)
{
	test_life();
	test_facts();
	test_roles();
	test_role_by_content();
	test_idle();
	test_idle_lazy();
	test_clock_back();
	test_order();
	test_reuse();
	test_dns();
	test_small();
	test_datagrams();
	test_half_open();
	test_early_bytes();
	test_open_evicted();
	return tap_done();
}
