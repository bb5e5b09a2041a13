/* SPDX-License-Identifier: Apache-2.0 */

/* sense/net/event_wire: what is written is read back; every prefix is refused; no flipped bit gives
 * an event that could not be. */

#include "sense/net/event_wire.h"
#include "tap.h"

#include <errno.h>
#include <stdlib.h>

static uint8_t out[EVENT_WIRE_MAX], again[EVENT_WIRE_MAX];
static struct event_room room;

static struct net_event head(enum net_kind kind)
{
	return (struct net_event){
		.kind = kind,
		.transport = NET_TCP,
		.from_server = true,
		.tunnels = 2,
		.vlan = 4000,
		.time = 1700000000123456789,
		.packet = 5149681,
		.flow = 1ull << 63 | 77,
		.client = { .family = 4, .b = { 192, 0, 2, 1 }, .port = 50000 },
		.server = { .family = 4, .b = { 198, 51, 100, 9 }, .port = 443 },
	};
}

static bool same_head(const struct net_event *a, const struct net_event *b)
{
	return a->kind == b->kind && a->transport == b->transport && a->flavour == b->flavour &&
	       a->from_server == b->from_server && a->tunnels == b->tunnels && a->vlan == b->vlan &&
	       a->time == b->time && a->packet == b->packet && a->flow == b->flow &&
	       memcmp(a->client.b, b->client.b, 16) == 0 && a->client.port == b->client.port &&
	       memcmp(a->server.b, b->server.b, 16) == 0 && a->server.port == b->server.port;
}

/* A name as event.h has it? */
static bool fine(struct span s)
{
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] <= 0x20 || s.p[i] >= 0x7f || (s.p[i] >= 'A' && s.p[i] <= 'Z'))
			return false;
	return true;
}

static bool names_fine(const struct net_event *e)
{
	if (e->kind == NET_TLS_CLIENT)
		return fine(span_str(e->client_hello->tls.sni));
	for (uint32_t i = 0; e->kind == NET_DNS && i < e->dns->n; i++)
		if (!fine(e->dns->rr[i].name) || !fine(e->dns->rr[i].target))
			return false;
	return true;
}

/* Writes e, reads it, and tries what a hostile worker may make of it. The decoded event in *ret. */
static void check(const struct net_event *e, const char *what, struct net_event *ret)
{
	static uint8_t copy[EVENT_WIRE_MAX];
	size_t n = event_encode(e, out, sizeof(out)), bad = 0;

	ok(n > 0 && event_decode(span_of(out, n), &room, ret) == 0 && same_head(e, ret),
	    "%s: there and back, %zu bytes", what, n);
	ok(event_encode(ret, again, sizeof(again)) == n && memcmp(out, again, n) == 0,
	    "%s: and the same again", what);
	memcpy(copy, out, n);
	for (size_t k = 0; k < n; k++)
		bad += event_decode(span_of(copy, k), &room, ret) != -EBADMSG || ret->kind;
	bad += event_decode(span_of(copy, n + 1), &room, ret) != -EBADMSG;
	is_int(bad, 0, "%s: every prefix is refused, and more", what);
	for (size_t k = 0; k < n * 8; k++) {
		copy[k / 8] ^= (uint8_t)(1 << k % 8);
		if (event_decode(span_of(copy, n), &room, ret) == 0)
			bad += !names_fine(ret) || event_encode(ret, again, sizeof(again)) == 0;
		copy[k / 8] ^= (uint8_t)(1 << k % 8);
	}
	is_int(bad, 0, "%s: no flipped bit gives what cannot be", what);
	bad = 0;
	for (size_t k = 0; k < n; k++)
		bad += event_encode(e, again, k) != 0;
	is_int(bad, 0, "%s: not written where it does not fit", what);
	(void)!event_decode(span_of(out, n), &room, ret);
}

static void test_flow(void)
{
	struct net_event e = head(NET_FLOW_END), d;

	e.facts = (struct net_flow_facts){ .ending = NET_END_IDLE,
		.midstream = true,
		.tcp_flags = { 0x1b, 0x12 },
		.first = 5,
		.last = 9,
		.packets = { 1, 2 },
		.bytes = { 3, 4 } };
	check(&e, "a flow's end", &d);
	ok(d.facts.ending == NET_END_IDLE && d.facts.midstream && d.facts.bytes[1] == 4 &&
		d.facts.tcp_flags[0] == 0x1b && d.facts.last == 9,
	    "its facts");
	e.kind = NET_FLOW_BEGIN;
	ok(event_decode(span_of(out, event_encode(&e, out, sizeof(out))), &room, &d) == -EBADMSG,
	    "a beginning that has an end is refused");
}

static void test_dns(void)
{
	static const char text[] = "www.example.comalias.test";
	struct span www = span_of(text, 15), base = span_of(text + 4, 11),
		    alias = span_of(text + 15, 10);
	struct dns_rr rr[] = {
		{ .section = DNS_QUESTION, .type = DNS_A, .class = 1, .name = www },
		{ .section = DNS_ANSWER,
		    .type = DNS_CNAME,
		    .class = 1,
		    .ttl = 60,
		    .name = www,
		    .target = alias },
		{ .section = DNS_ANSWER,
		    .type = DNS_A,
		    .class = 1,
		    .name = alias,
		    .family = 4,
		    .addr = { 1, 2, 3, 4 },
		    .hint = true,
		    .extra = true },
		{ .section = DNS_AUTHORITY,
		    .type = DNS_TXT,
		    .class = 1,
		    .name = base,
		    .data = SPAN_LIT("\x05hello"),
		    .bad = true },
	};
	struct dns_message m = { .id = 7,
		.response = true,
		.rd = true,
		.rcode = 3,
		.count = { 1, 2, 1 },
		.edns = true,
		.edns_size = 1232,
		.ede = 15,
		.ede_text = SPAN_LIT("blocked"),
		.ecs_family = 4,
		.ecs_prefix = 24,
		.ecs_addr = { 9 },
		.more = true,
		.part = 1,
		.n = ARRAY_LEN(rr),
		.rr = rr };
	struct net_event e = head(NET_DNS), d;

	e.dns = &m;
	check(&e, "a message", &d);
	const struct dns_message *g = d.dns;
	ok(g->n == 4 && span_eq(g->rr[3].name, base) && span_eq(g->rr[1].target, alias) &&
		g->rr[0].name.p == g->rr[1].name.p && g->rr[2].hint && g->rr[2].addr[3] == 4 &&
		span_eq(g->rr[3].data, rr[3].data) && g->rr[3].bad,
	    "its records");
	ok(g->response && g->rd && !g->ra && g->more && g->part == 1 && g->rcode == 3 &&
		g->ede == 15 && span_eq_str(g->ede_text, "blocked") && g->ecs_addr[0] == 9,
	    "its head");
}

static void test_hellos(void)
{
	static struct net_client_hello c;
	static struct net_server_hello s;
	struct net_event e = head(NET_TLS_CLIENT), d;

	c.tls.version = 0x304;
	c.tls.has_sni = c.tls.ech = true;
	strcpy(c.tls.sni, "www.example.com");
	c.tls.alpn = SPAN_LIT("\x02h2");
	c.tls.ciphers = SPAN_LIT("\x13\x01\x13\x02");
	c.tls.extensions = SPAN_LIT("not carried");
	c.has_ja3 = true;
	memset(c.ja3, 0xab, 16);
	strcpy(c.ja4, "t13d1516h2_8daaf6152771_e5627efa2ab1");
	c.quic_version = 1;
	c.quic_dcid = SPAN_LIT("12345678");
	e.client_hello = &c;
	check(&e, "a client hello", &d);
	ok(strcmp(d.client_hello->tls.sni, c.tls.sni) == 0 && d.client_hello->tls.ech &&
		span_eq(d.client_hello->tls.ciphers, c.tls.ciphers) &&
		strcmp(d.client_hello->ja4, c.ja4) == 0 && d.client_hello->ja3[15] == 0xab &&
		span_eq(d.client_hello->quic_dcid, c.quic_dcid) &&
		d.client_hello->tls.extensions.n == 0,
	    "what was in it");
	e = head(NET_TLS_SERVER);
	s.tls.cipher = 0x1302;
	s.tls.retry = s.has_ja3s = true;
	s.tls.alpn = SPAN_LIT("h2");
	e.server_hello = &s;
	check(&e, "a server hello", &d);
	ok(d.server_hello->tls.cipher == 0x1302 && d.server_hello->tls.retry &&
		span_eq_str(d.server_hello->tls.alpn, "h2"),
	    "what was in it");
}

static void test_others(void)
{
	static struct net_certificate t;
	struct http_request r = { .method = SPAN_LIT("GET"),
		.target = SPAN_LIT("/a?b"),
		.minor = 1,
		.host = SPAN_LIT("example.com"),
		.port = 8080,
		.hosts = 1,
		.head = 99 };
	struct net_event e = head(NET_CERTIFICATE), d;

	t.cert.not_before = TS_NONE;
	t.cert.serial = SPAN_LIT("\x01\x02");
	strcpy(t.cert.subject, "CN=example.com");
	t.cert.nsan = 2;
	t.cert.san_dns[0] = SPAN_LIT("example.com");
	t.cert.san_dns[1] = SPAN_LIT("*.example.com");
	t.cert.nsan_ip = 1;
	t.cert.san_ip[0] = SPAN_LIT("\xc0\x00\x02\x01");
	t.cert.self_issued = true;
	memset(t.sha256, 0x5a, 32);
	e.certificate = &t;
	check(&e, "a certificate", &d);
	ok(d.certificate->cert.nsan == 2 &&
		span_eq_str(d.certificate->cert.san_dns[1], "*.example.com") &&
		span_eq(d.certificate->cert.san_ip[0], SPAN_LIT("\xc0\x00\x02\x01")) &&
		strcmp(d.certificate->cert.subject, "CN=example.com") == 0 &&
		d.certificate->sha256[31] == 0x5a && d.certificate->cert.not_before == TS_NONE,
	    "what was in it");
	e = head(NET_HTTP);
	e.client.family = e.server.family = 6;
	e.client.b[15] = 1;
	e.http = &r;
	check(&e, "a request", &d);
	ok(span_eq_str(d.http->host, "example.com") && d.http->port == 8080 && d.http->head == 99 &&
		d.client.family == 6,
	    "what was in it");
}

int main(void)
{
	test_flow();
	test_dns();
	test_hellos();
	test_others();
	return tap_done();
}
