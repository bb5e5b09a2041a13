/* SPDX-License-Identifier: Apache-2.0 */

#include "flow_make.h"

#include "tap.h"


#define MIB (1u << 20)

static struct bench b;

static struct conn shaken(uint16_t port)
{
	struct conn c = conn_of(CLIENT, 40000, SERVER, port);

	bench_open(&b, 4 * MIB, false);
	tcp_shake(&b, &c);
	return c;
}

static void says(const char *want, const char *what)
{
	is_str(bench_end(&b), want, "%s", what);
	bench_close(&b);
}

/* As says, with the one loss that there has to be. */
static void says_lost(const char *want, enum net_stat loss, uint64_t n, const char *what)
{
	is_str(bench_end(&b), want, "%s", what);
	is_int(b.stat[loss], n, "… and the loss is counted");
	bench_close(&b);
}

#define ONE "GET /1 HTTP/1.1\r\nHost: one.test\r\n\r\n"
#define TWO "GET /2 HTTP/1.1\r\nHost: two.test\r\n\r\n"
#define GOT_ONE "http GET one.test /1\n"
#define GOT_TWO "http GET two.test /2\n"

/* --- in pieces ------------------------------------------------------------------------------- */

static void test_cut_anywhere(void)
{
	struct span s = SPAN_LIT(ONE TWO);
	unsigned bad = 0;

	for (size_t cut = 1; cut < s.n; cut++) {
		struct conn c = shaken(80);
		tcp_send(&b, &c, 0, span_cut(s, 0, cut));
		tcp_send(&b, &c, 0, span_from(s, cut));
		bad += strcmp(bench_end(&b), GOT_ONE GOT_TWO) != 0;
		bench_close(&b);
	}
	is_int(bad, 0, "two requests cut at each of %zu places", s.n - 1);
	for (size_t cut = 1; cut < s.n; cut++) {
		struct conn c = shaken(80);
		tcp_at(&b, &c, 0, PACKET_ACK, c.seq[0] + (uint32_t)cut, span_from(s, cut));
		tcp_send(&b, &c, 0, span_cut(s, 0, cut));
		bad += strcmp(bench_end(&b), GOT_ONE GOT_TWO) != 0;
		bench_close(&b);
	}
	is_int(bad, 0, "… and the second piece first");
}

static void test_byte_by_byte(void)
{
	struct conn c = shaken(80);
	struct span s = SPAN_LIT(ONE TWO);

	for (size_t i = 0; i < s.n; i++)
		tcp_send(&b, &c, 0, span_cut(s, i, 1));
	says(GOT_ONE GOT_TWO, "byte by byte");
	c = shaken(80);
	for (size_t i = s.n; i--;)
		tcp_at(&b, &c, 0, PACKET_ACK, c.seq[0] + (uint32_t)i, span_cut(s, i, 1));
	says(GOT_ONE GOT_TWO, "byte by byte, the last one first");
}

static void test_wrap(void)
{
	struct conn c = conn_of(CLIENT, 40000, SERVER, 80);

	bench_open(&b, 4 * MIB, false);
	c.seq[0] = 0xfffffff0;
	tcp_shake(&b, &c);
	tcp_at(&b, &c, 0, PACKET_ACK, c.seq[0] + 20, span_from(SPAN_LIT(ONE TWO), 20));
	tcp_text(&b, &c, 0, "GET /1 HTTP/1.1\r\nHost");
	says(GOT_ONE GOT_TWO, "sequence numbers wrap inside a request");
}

/* --- more than once -------------------------------------------------------------------------- */

static void test_overlap(void)
{
	struct conn c = shaken(80);

	tcp_text(&b, &c, 0, "GET /1 HTTP/1.1\r\nHost: one");
	tcp_at(&b, &c, 0, PACKET_ACK, c.seq[0] - 3, SPAN_LIT("BAD.test\r\n\r\n"));
	says("http GET one.test /1\n", "bytes that came in order stay, whatever comes again");

	c = shaken(80);
	tcp_at(&b, &c, 0, PACKET_ACK, c.seq[0] + 23, SPAN_LIT("one.test"));
	tcp_at(&b, &c, 0, PACKET_ACK, c.seq[0] + 23, SPAN_LIT("EVIL.tes"));
	tcp_at(&b, &c, 0, PACKET_ACK, c.seq[0] + 31, SPAN_LIT("\r\n\r\n"));
	tcp_text(&b, &c, 0, "GET /1 HTTP/1.1\r\nHost: ");
	says("http GET one.test /1\n", "bytes that wait stay, when the same come again");

	c = shaken(80);
	tcp_text(&b, &c, 0, ONE);
	tcp_at(&b, &c, 0, PACKET_ACK, c.seq[0] - (uint32_t)strlen(ONE), SPAN_LIT(ONE TWO));
	says(GOT_ONE GOT_TWO, "sent again with more: the first is not told twice");
}

/* Segments that contradict each other, in the order of arrival: where they begin, what they say. */
struct contradiction {
	const char *what;
	struct {
		uint32_t at;
		const char *said;
	} part[5];
	const char *host;
};

/* What a server on Linux 6.18 read, told the same through a TUN device. */
static void test_contradictions(void)
{
	static const struct contradiction t[] = {
		{ "in order over what waits",
		    { { 10, "ZZZZZ" }, { 0, "abcdefghijklmnopqrstuvwxyz" } },
		    "abcdefghijklmnopqrstuvwxyz" },
		{ "in order over a part",
		    { { 10, "ZZZZZZZZ" }, { 0, "abcdefghijklmn" }, { 18, "stuvwxyz" } },
		    "abcdefghijklmnzzzzstuvwxyz" },
		{ "begins before, and covers",
		    { { 10, "ZZZZZ" }, { 5, "fghijklmnopqrst" }, { 0, "abcde" }, { 20, "uvwxyz" } },
		    "abcdefghijklmnopqrstuvwxyz" },
		{ "begins before",
		    { { 10, "ZZZZZZZZ" }, { 5, "fghijklmn" }, { 0, "abcde" }, { 18, "stuvwxyz" } },
		    "abcdefghijklmnzzzzstuvwxyz" },
		{ "begins there, and is longer",
		    { { 10, "ZZZZZ" }, { 10, "klmnopqrst" }, { 0, "abcdefghij" },
			{ 20, "uvwxyz" } },
		    "abcdefghijklmnopqrstuvwxyz" },
		{ "begins there, and is shorter",
		    { { 10, "ZZZZZZZZ" }, { 10, "klmno" }, { 0, "abcdefghij" },
			{ 18, "stuvwxyz" } },
		    "abcdefghijzzzzzzzzstuvwxyz" },
		{ "begins later",
		    { { 10, "ZZZZZZZZ" }, { 12, "mnopqrstuv" }, { 0, "abcdefghij" },
			{ 22, "wxyz" } },
		    "abcdefghijzzzzzzzzstuvwxyz" },
		{ "after it was in order",
		    { { 0, "abcdefghijklmn" }, { 5, "ZZZZZZZZZZZZZZZZZZZZZ" },
			{ 14, "opqrstuvwxyz" } },
		    "abcdefghijklmnzzzzzzzzzzzz" },
	};
	char want[96];

	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		struct conn c = shaken(80);
		tcp_text(&b, &c, 0, "GET /1 HTTP/1.1\r\nHost: ");
		for (size_t k = 0; k < ARRAY_LEN(t[i].part) && t[i].part[k].said; k++)
			tcp_at(&b, &c, 0, PACKET_ACK, c.seq[0] + t[i].part[k].at,
			    span_str(t[i].part[k].said));
		c.seq[0] += 26;
		tcp_text(&b, &c, 0, "\r\n\r\n");
		snprintf(want, sizeof(want), "http GET %s /1\n", t[i].host);
		says(want, t[i].what);
	}
}

static void test_probes(void)
{
	struct conn c = shaken(80);

	tcp_text(&b, &c, 0, ONE);
	tcp_at(&b, &c, 0, PACKET_ACK, c.seq[0] - 1, SPAN_LIT("\0"));
	tcp_at(&b, &c, 0, PACKET_ACK, c.seq[0] - 1, SPAN_NONE);
	tcp_text(&b, &c, 0, TWO);
	says(GOT_ONE GOT_TWO, "keep-alives with and without a byte");

	c = shaken(80);
	tcp_at(&b, &c, 0, PACKET_ACK, c.seq[0], SPAN_LIT("G"));
	tcp_at(&b, &c, 0, PACKET_ACK, c.seq[0], SPAN_LIT("G"));
	tcp_text(&b, &c, 0, ONE);
	says(GOT_ONE, "a probe of a closed window");
}

/* --- beginnings ------------------------------------------------------------------------------ */

static void test_begin(void)
{
	struct conn c = conn_of(CLIENT, 40000, SERVER, 80);

	bench_open(&b, 4 * MIB, false);
	tcp_at(&b, &c, 0, PACKET_SYN, c.seq[0] - 1, SPAN_LIT(ONE));
	tcp_at(&b, &c, 1, PACKET_SYN | PACKET_ACK, c.seq[1] - 1, SPAN_NONE);
	tcp_text(&b, &c, 0, ONE TWO);
	says(GOT_ONE GOT_TWO, "a SYN with data, which is sent again");

	bench_open(&b, 4 * MIB, false);
	tcp_at(&b, &c, 1, PACKET_SYN | PACKET_ACK, c.seq[1] - 1, SPAN_NONE);
	c.seq[0] = 1000;
	tcp_text(&b, &c, 0, ONE);
	tcp_at(&b, &c, 0, PACKET_SYN, 999, SPAN_NONE);
	tcp_text(&b, &c, 0, TWO);
	is_int(b.stat[NET_STAT_FLOWS], 1, "a SYN that was captured late begins nothing");
	says(GOT_ONE GOT_TWO, "… and both requests are seen");

	bench_open(&b, 4 * MIB, false);
	c.seq[0] = 77;
	tcp_text(&b, &c, 0, "half of something\r\n");
	tcp_text(&b, &c, 0, ONE);
	says(GOT_ONE, "midstream: a request at the start of a segment");

	bench_open(&b, 4 * MIB, false);
	tcp_text(&b, &c, 0, ONE);
	tcp_text(&b, &c, 0, TWO);
	says(GOT_ONE GOT_TWO, "one side only, from the middle");

	bench_open(&b, 4 * MIB, false);
	tcp_at(&b, &c, 0, PACKET_ACK, c.seq[0] + 20, span_from(SPAN_LIT(ONE TWO), 20));
	tcp_at(&b, &c, 0, PACKET_ACK, c.seq[0], span_cut(SPAN_LIT(ONE TWO), 0, 20));
	is_str(bench_said(&b), GOT_ONE GOT_TWO, "midstream, the second segment first");
	says_lost(GOT_ONE GOT_TWO, NET_LOSS_GAP, 0, "… and nothing twice");

	bench_open(&b, 4 * MIB, false);
	for (unsigned i = 0; i < 4; i++)
		tcp_text(&b, &c, 0, "the middle\r\n");
	tcp_text(&b, &c, 0, ONE);
	is_str(bench_said(&b), GOT_ONE, "midstream: what comes before is not waited for long");
	says_lost(GOT_ONE, NET_LOSS_GAP, 0, "… and no loss");
}

/* --- what is not the end --------------------------------------------------------------------- */

static void test_forged_ends(void)
{
	static const uint8_t flags[] = { PACKET_RST, PACKET_RST | PACKET_ACK,
		PACKET_FIN | PACKET_ACK };

	for (size_t i = 0; i < 3; i++) {
		for (int32_t off = -70000; off <= 70000; off += 35000) {
			struct conn c = shaken(80);
			tcp_text(&b, &c, 0, "GET /1 HTTP/1.1\r\nHo");
			tcp_at(&b, &c, 0, flags[i], c.seq[0] + (uint32_t)off, SPAN_NONE);
			tcp_at(&b, &c, 1, flags[i], c.seq[1] + (uint32_t)off, SPAN_NONE);
			tcp_text(&b, &c, 0, "st: one.test\r\n\r\n");
			if (strcmp(bench_end(&b), GOT_ONE) != 0)
				ok(false, "flags %02x at %d", flags[i], off);
			bench_close(&b);
		}
	}
	ok(true, "RST and FIN of any number end no stream");
}

static void test_forged_syn(void)
{
	struct conn c = shaken(80);

	tcp_at(&b, &c, 0, PACKET_SYN, 0x70000000, SPAN_NONE);
	tcp_text(&b, &c, 0, ONE);
	tcp_text(&b, &c, 0, TWO);
	says(GOT_ONE GOT_TWO, "a SYN with another number, and the stream goes on");
	c = shaken(80);
	tcp_at(&b, &c, 0, PACKET_SYN, c.seq[0] + 5000, SPAN_NONE);
	tcp_text(&b, &c, 0, ONE);
	tcp_text(&b, &c, 0, TWO);
	says(GOT_ONE GOT_TWO, "a SYN with a number a little ahead");
	c = shaken(80);
	tcp_at(&b, &c, 0, PACKET_SYN, c.seq[0] - 5000, SPAN_NONE);
	tcp_text(&b, &c, 0, ONE);
	tcp_text(&b, &c, 0, TWO);
	says(GOT_ONE GOT_TWO, "a SYN with a number a little behind");
}

/* Before the first byte that a server reads: what begins there it never sees. */
static void test_before_all(void)
{
	struct conn c = shaken(80);

	tcp_at(&b, &c, 0, PACKET_ACK, c.seq[0] - 1, SPAN_LIT("G"));
	tcp_text(&b, &c, 0, ONE);
	says(GOT_ONE, "a keep-alive with a letter before the first request");
	c = shaken(80);
	tcp_at(&b, &c, 0, PACKET_ACK, c.seq[0] - 39,
	    SPAN_LIT("GET /bad HTTP/1.1\r\nHost: bad.test\r\nX: "));
	tcp_text(&b, &c, 0, ONE);
	says(GOT_ONE, "a head that would swallow the true one");
}

static void test_far_ahead(void)
{
	struct conn c = shaken(80);

	tcp_text(&b, &c, 0, "GET /1 HTTP/1.1\r\nHo");
	tcp_at(&b, &c, 0, PACKET_ACK, c.seq[0] + 0x20000000, SPAN_LIT("GET /bad HTTP/1.1\r\n\r\n"));
	tcp_at(&b, &c, 0, PACKET_ACK, c.seq[0] - 0x20000000, SPAN_LIT("GET /bad HTTP/1.1\r\n\r\n"));
	tcp_at(&b, &c, 0, PACKET_ACK, c.seq[0] + 100000, SPAN_LIT("GET /bad HTTP/1.1\r\n\r\n"));
	tcp_text(&b, &c, 0, "st: one.test\r\n\r\n");
	says(GOT_ONE, "segments far ahead and far behind change nothing");

	c = shaken(80);
	tcp_text(&b, &c, 0, ONE);
	c.seq[0] += 3000000;
	for (unsigned i = 0; i < 4; i++)
		tcp_text(&b, &c, 0, "something in the middle");
	tcp_text(&b, &c, 0, TWO);
	says(GOT_ONE GOT_TWO, "several that follow each other are the stream");
}

/* --- holes ----------------------------------------------------------------------------------- */

static void test_hole(void)
{
	struct conn c = shaken(80);

	tcp_text(&b, &c, 0, "GET /1 HTTP/1.1\r\nHost: one.test\r\n");
	c.seq[0] += 10;
	tcp_text(&b, &c, 0, TWO);
	for (unsigned i = 0; i < 40; i++)
		tcp_text(&b, &c, 1, "x");
	is_str(bench_said(&b), GOT_ONE GOT_TWO, "acknowledged: the hole will not be filled");
	says_lost(GOT_ONE GOT_TWO, NET_LOSS_GAP, 1, "what was there of a request is told");

	c = shaken(80);
	tcp_text(&b, &c, 0, ONE);
	c.seq[0] += 10;
	tcp_text(&b, &c, 0, TWO);
	is_str(bench_said(&b), GOT_ONE, "not acknowledged: it is waited for");
	says(GOT_ONE GOT_TWO, "… until the flow ends");

	c = shaken(80);
	tcp_text(&b, &c, 0, "220 hi\r\n");
	c.seq[0] += 10;
	tcp_text(&b, &c, 0, "more");
	says_lost("", NET_LOSS_GAP, 1, "a hole in what nobody knows");

	c = shaken(80);
	tcp_text(&b, &c, 0, "EHLO me\r\n");
	c.seq[0] += 300;
	for (unsigned i = 0; i < 20; i++)
		tcp_text(&b, &c, 1, "220 hi\r\n");
	says_lost("", NET_LOSS_GAP, 1, "acknowledged, and never captured");
}

static void test_truncated(void)
{
	struct conn c = shaken(80);
	struct packet p = tcp_of(
	    &c, 0, PACKET_ACK, c.seq[0], SPAN_LIT("GET /1 HTTP/1.1\r\nHost: one.test\r\nX: "));

	p.cut = true;
	bench_packet(&b, &p);
	is_str(bench_said(&b), GOT_ONE, "captured short: what is there is told at once");
	c.seq[0] += 900;
	p = tcp_of(&c, 0, PACKET_ACK, c.seq[0], SPAN_LIT(TWO));
	p.cut = true;
	bench_packet(&b, &p);
	says_lost(GOT_ONE GOT_TWO, NET_LOSS_GAP, 1, "the next segment begins anew");
}

/* --- protocols ------------------------------------------------------------------------------- */

static void test_http_bodies(void)
{
	struct conn c = shaken(8000);

	tcp_text(&b, &c, 0, "POST /a HTTP/1.1\r\nHost: h\r\nContent-Length: 51\r\n\r\n0123456789");
	tcp_text(&b, &c, 0,
	    "GET /not HTTP/1.1\r\nHost: it\r\n\r\n0123456789"
	    "GET /b HTTP/1.1\r\nHost: h\r\n\r\n");
	says("http POST h /a\nhttp GET h /b\n", "what looks like a request in a body is none");

	c = shaken(8000);
	tcp_text(&b, &c, 0,
	    "POST /a HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n1f;x=y\r\n");
	tcp_text(&b, &c, 0, "GET /not HTTP/1.1\r\nHost: it\r\n\r\n");
	tcp_text(&b, &c, 0, "\r\n0\r\nTrailer: x\r\n\r\nGET /b HTTP/1.1\r\nHost: h\r\n\r\n");
	says("http POST h /a\nhttp GET h /b\n", "… in a chunk");

	c = shaken(8000);
	tcp_text(&b, &c, 0, "PUT /a HTTP/1.1\r\nHost: h\r\nContent-Length: 5000000000\r\n\r\n");
	for (uint64_t n = 0; n < 5000000000; n += 4000000) {
		struct span s = SPAN_LIT("GET /not HTTP/1.1\r\nHost: it\r\n\r\n");
		c.seq[0] += 4000000 - (uint32_t)s.n;
		tcp_send(&b, &c, 0, s);
	}
	tcp_text(&b, &c, 0, "GET /b HTTP/1.1\r\nHost: h\r\n\r\n");
	says("http PUT h /a\nhttp GET h /b\n", "a body of 5 GB with holes");

	c = shaken(8000);
	tcp_text(&b, &c, 0, "POST /a HTTP/1.0\r\nHost: h\r\n\r\nno length at all");
	tcp_text(&b, &c, 0, "still the body");
	tcp_text(&b, &c, 0, "GET /b HTTP/1.1\r\nHost: h\r\n\r\n");
	says("http POST h /a\nhttp GET h /b\n", "a body without a length");
}

/* What comes in small segments is not read again with each of them. */
static void test_small_segments(void)
{
	struct conn c = shaken(80);

	/* 120,000 segments: seconds when each of them makes the head be read again. */
	for (unsigned i = 0; i < 8; i++) {
		tcp_text(&b, &c, 0, i % 2 ? "GET  HTTP/1.1\r\nHost: one.test\r\n"
					  : "GET /1 HTTP/1.1\r\nHost: one.test\r\n");
		for (unsigned k = 0; k < 15000; k++)
			tcp_send(&b, &c, 0, span_of(&"a:\r\n"[k % 4], 1));
		tcp_text(&b, &c, 0, "\r\n");
	}
#define NO_TARGET "http GET one.test \n"
	says(GOT_ONE NO_TARGET GOT_ONE NO_TARGET GOT_ONE NO_TARGET GOT_ONE NO_TARGET, "15000 bytes of a head, one in a segment: all is told");
}

static void test_http2(void)
{
	struct conn c = shaken(80);

	tcp_text(&b, &c, 0, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
	tcp_text(&b, &c, 0, ONE);
	says("", "HTTP/2 is left alone");
}

static void test_not_http(void)
{
	struct conn c = shaken(25);

	tcp_text(&b, &c, 0, "EHLO me\r\n");
	tcp_text(&b, &c, 0, "DATA\r\n");
	tcp_text(&b, &c, 0, ONE);
	says("", "a request in a mail is none");
	c = shaken(5060);
	tcp_text(&b, &c, 0, "INVITE sip:a@b SIP/2.0\r\nHost: x\r\n\r\n");
	says_lost("", NET_LOSS_BAD_HTTP, 0, "SIP is not HTTP");
	c = shaken(80);
	tcp_text(&b, &c, 1, ONE);
	says("", "servers do not ask");
}

static void test_dns_stream(void)
{
	uint8_t q[128], m[300];
	struct span s = query_of("www", q);
	struct conn c = shaken(53);

	m[0] = 0;
	m[1] = (uint8_t)s.n;
	memcpy(m + 2, s.p, s.n);
	memcpy(m + 2 + s.n, m, 2 + s.n);
	tcp_send(&b, &c, 0, span_of(m, 1));
	tcp_send(&b, &c, 0, span_of(m + 1, 1));
	tcp_send(&b, &c, 0, span_of(m + 2, s.n + 9));
	tcp_send(&b, &c, 0, span_of(m + 2 + s.n + 9, s.n + 2 - 9));
	says("dns query www.test\ndns query www.test\n", "DNS over TCP, in pieces");
}

static void test_proxies(void)
{
	struct conn c = shaken(1080);

	tcp_text(&b, &c, 0, "\5\1");
	tcp_at(&b, &c, 1, PACKET_ACK, c.seq[1], span_of("\5\0", 2));
	c.seq[1] += 2;
	says("", "half a SOCKS greeting");
	c = shaken(1080);
	tcp_send(&b, &c, 0, span_of("\5\1\0", 3));
	tcp_send(&b, &c, 1, span_of("\5\0", 2));
	tcp_send(&b, &c, 0, span_of("\5\1\0\1\xc0\0\2\1\0\x50", 10));
	tcp_send(&b, &c, 1, span_of("\5\0\0\1\0\0\0\0\0\0", 10));
	tcp_text(&b, &c, 0, ONE);
	says(GOT_ONE, "HTTP through SOCKS 5");
	c = shaken(80);
	tcp_text(&b, &c, 0, "PROXY TCP4 10.0.0.1 192.0.2.1 1 2\r\n" ONE);
	says(GOT_ONE, "behind a PROXY line");
	c = shaken(80);
	tcp_send(&b, &c, 0,
	    SPAN_LIT("\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c"
		     "aaaabbbbccdd" ONE));
	says(GOT_ONE, "behind a PROXY header");
	c = shaken(80);
	tcp_send(&b, &c, 0,
	    SPAN_LIT("\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c"
		     "aaaabbbbccdd"));
	tcp_text(&b, &c, 0, ONE);
	says(GOT_ONE, "… in a segment of its own");
	c = shaken(3128);
	tcp_text(&b, &c, 0, "CONNECT one.test:80 HTTP/1.1\r\nHost: x\r\n\r\n");
	tcp_text(&b, &c, 1, "HTTP/1.1 200 OK\r\n\r\n");
	tcp_text(&b, &c, 0, TWO);
	says("http CONNECT one.test one.test:80\n" GOT_TWO, "HTTP through CONNECT");
}

/* --- TLS, wherever it begins ----------------------------------------------------------------- */

static struct span hello(void)
{
	static uint8_t room[4096];
	return hello_of("tls.test", 1700, room);
}

static void tls_both(struct conn *c)
{
	uint8_t room[64];
	struct span s = hello();

	tcp_at(&b, c, 0, PACKET_ACK, c->seq[0] + 1400, span_from(s, 1400)); /* out of order */
	tcp_send(&b, c, 0, span_cut(s, 0, 1400));
	c->seq[0] += (uint32_t)s.n - 1400;
	tcp_send(&b, c, 1, server_hello_of(room));
}
#define GOT_TLS "hello tls.test\nserver 0303\n"
#define EMPTY2 "\x16\3\1\0\0\x16\3\1\0\0"
#define EMPTY8 EMPTY2 EMPTY2 EMPTY2 EMPTY2

struct talk {
	const char *what;
	uint16_t port;
	const char *said[10]; /* "C: …", "S: …" */
};

static void test_starttls(void)
{
	static const struct talk talks[] = {
		{ "TLS", 443, { NULL } },
		{ "TLS on another port", 12345, { NULL } },
		{ "SMTP", 25,
		    { "S:220 x ESMTP\r\n", "C:EHLO me\r\n", "S:250 STARTTLS\r\n", "C:STARTTLS\r\n",
			"S:220 go\r\n" } },
		{ "IMAP", 143, { "S:* OK\r\n", "C:a1 STARTTLS\r\n", "S:a1 OK\r\n" } },
		{ "POP3", 110, { "S:+OK\r\n", "C:STLS\r\n", "S:+OK\r\n" } },
		{ "XMPP", 5222,
		    { "C:<stream:stream>", "S:<stream:features/>", "C:<starttls/>",
			"S:<proceed/>" } },
		{ "IRC", 6667, { "C:STARTTLS\r\n", "S:670 go\r\n" } },
		{ "FTP", 21, { "S:220 x\r\n", "C:AUTH TLS\r\n", "S:234 go\r\n" } },
		{ "LDAP", 389,
		    { "C:0\x1d\x02\x01\x01w\x18\x80\x16"
		      "1.3.6.1.4.1.1466.20037",
			"S:0\x0c\x02" } },
		{ "MySQL", 3306, { "S:J....8.0.1", "C: ....................................." } },
		{ "PostgreSQL", 5432, { "C:....\x04\xd2\x16\x2f", "S:S" } },
		{ "RDP", 3389, { "C:\x03....", "S:\x03...." } },
		{ "CONNECT", 3128,
		    { "C:\r\n\r\nCONNECT tls.test:443 HTTP/1.1\r\n\r\n",
			"S:HTTP/1.1 200 OK\r\n\r\n" } },
	};

	for (size_t i = 0; i < ARRAY_LEN(talks); i++) {
		const struct talk *t = &talks[i];
		struct conn c = shaken(t->port);
		for (size_t k = 0; k < ARRAY_LEN(t->said) && t->said[k]; k++)
			tcp_text(&b, &c, t->said[k][0] == 'S', t->said[k] + 2);
		tls_both(&c);
		const char *end = bench_end(&b);
		size_t n = strlen(end), m = strlen(GOT_TLS);
		is_str(n < m ? end : end + n - m, GOT_TLS, "%s", t->what);
		bench_close(&b);
	}
}

/* What real servers put up with before a hello, and a sensor may not. */
static void test_hidden_hello(void)
{
	static const struct {
		const char *what;
		struct span before;
		uint8_t minor;
	} t[] = {
		{ "an empty record first (OpenSSL takes it)", SPAN_LIT("\x16\3\1\0\0"), 1 },
		{ "32 of them", SPAN_LIT(EMPTY8 EMPTY8 EMPTY8 EMPTY8), 1 },
		{ "a change of ciphers first (GnuTLS takes it)", SPAN_LIT("\x14\3\3\0\1\1"), 1 },
		{ "a version that is none (all take it)", SPAN_NONE, 9 },
		{ "CONNECT and hello in one segment", SPAN_LIT("CONNECT x:443 HTTP/1.1\r\n\r\n"),
		    1 },
		{ "a change of ciphers behind CONNECT",
		    SPAN_LIT("CONNECT x:443 HTTP/1.1\r\n\r\n\x14\3\3\0\1\1"), 1 },
	};

	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		uint8_t room[4096 + 256];
		struct span s = hello();
		size_t n = t[i].before.n;

		if (n)
			memcpy(room, t[i].before.p, n);
		memcpy(room + n, s.p, s.n);
		room[n + 2] = t[i].minor;
		for (size_t step = 1; step < 5000; step += 4900) { /* byte by byte, and at once */
			struct conn c = shaken(443);
			bool connect = n && room[0] == 'C';
			for (size_t at = 0; at < n + s.n && !(connect && step == 1); at += step)
				tcp_send(&b, &c, 0, span_cut(span_of(room, n + s.n), at, step));
			const char *said = bench_end(&b);
			is_str(said,
			    !connect	? "hello tls.test\n"
			    : step == 1 ? ""
					: "http CONNECT x x:443\nhello tls.test\n",
			    "%s, by %zu", t[i].what, step);
			bench_close(&b);
		}
	}
}

static void test_empty_lines(void)
{
	struct conn c = shaken(80);

	tcp_text(&b, &c, 0, "\r\n\n\r\n" ONE);
	says(GOT_ONE, "empty lines before the first request");
	c = shaken(80);
	tcp_text(&b, &c, 0, "\r\n");
	tcp_text(&b, &c, 0, ONE);
	says(GOT_ONE, "… in a segment of their own");
	c = shaken(443);
	tcp_text(&b, &c, 0, "\r\n");
	tcp_send(&b, &c, 0, hello());
	says("hello tls.test\n", "… and then a hello");
}

/* The server's side was written off long before the hello comes. */
static void test_connect_late(void)
{
	static char bulk[1400];
	struct conn c = shaken(3128);

	memset(bulk, '.', sizeof(bulk));
	tcp_text(&b, &c, 0, ONE);
	for (unsigned i = 0; i < 100; i++)
		tcp_send(&b, &c, 1, span_of(bulk, sizeof(bulk)));
	tcp_text(&b, &c, 0, "CONNECT tls.test:443 HTTP/1.1\r\n\r\n");
	tcp_text(&b, &c, 1, "HTTP/1.1 200 OK\r\n\r\n");
	tls_both(&c);
	says(
	    GOT_ONE "http CONNECT tls.test tls.test:443\n" GOT_TLS, "CONNECT behind a long answer");
}

static void test_mysql_at_once(void)
{
	uint8_t room[4096 + 36] = { 0x20, 0, 0, 1, 0, 0x08 };
	struct conn c = shaken(3306);
	struct span s = hello();

	memcpy(room + 36, s.p, s.n);
	tcp_text(&b, &c, 1, "J....8.0.1");
	tcp_send(&b, &c, 0, span_of(room, 36 + s.n));
	says("hello tls.test\n", "MySQL: hello and request in one segment");
}

static void test_tds(void)
{
	uint8_t room[4096 + 8] = { 0x12, 1 };
	struct conn c = shaken(1433);
	struct span s = hello();

	memcpy(room + 8, s.p, s.n);
	room[2] = (uint8_t)((s.n + 8) >> 8);
	room[3] = (uint8_t)(s.n + 8);
	tcp_text(&b, &c, 1, "an answer");
	tcp_send(&b, &c, 0, span_of(room, 8 + s.n));
	says("hello tls.test\n", "SQL Server: a hello in a packet of TDS");
}

/* Servers of QUIC drop what is none. */
static void test_late_quic(void)
{
	static uint8_t initial[1200] = { 0xc3, 0, 0, 0, 1, 8, 1, 2, 3, 4, 5, 6, 7, 8, 0, 0, 0x44,
		0x9e };
	struct conn c = shaken(443);

	for (unsigned i = 0; i < 100; i++)
		udp_at(&b, &c, 0, SPAN_LIT("something else"));
	udp_at(&b, &c, 0, span_of(initial, sizeof(initial)));
	says_lost("", NET_LOSS_BAD_QUIC, 1, "an Initial behind 100 other datagrams is looked at");
}

/* After so many bytes of something else nothing is looked at. */
static void test_given_up(void)
{
	static char bulk[1400];
	struct conn c = shaken(9999);

	memset(bulk, '.', sizeof(bulk));
	for (unsigned i = 0; i < 60; i++)
		tcp_send(&b, &c, 0, span_of(bulk, sizeof(bulk)));
	tcp_send(&b, &c, 0, hello());
	says("", "after 64 KiB of something unknown a stream is only counted");
}

/* --- any order ------------------------------------------------------------------------------- */

static uint64_t seed;
static uint32_t any(uint32_t n)
{
	seed = seed * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)((seed >> 33) * n >> 31);
}

#define PIECES 64
struct piece {
	uint32_t off, n;
};

/* Cuts n bytes into pieces, some of them overlapping, some twice, and mixes them. */
static size_t shuffle(uint32_t n, struct piece out[static PIECES])
{
	size_t k = 0;
	uint32_t most = 1 + any(n / 6);

	for (uint32_t at = 0; at < n && k < PIECES - 12;) {
		uint32_t len = k == PIECES - 13 ? n - at : 1 + any(most);
		len = len < n - at ? len : n - at;
		uint32_t back = any(3) == 0 && at ? any(at < 40 ? at : 40) : 0;
		out[k++] = (struct piece){ at - back, len + back };
		at += len;
	}
	for (size_t twice = any(6); twice--; k++)
		out[k] = out[any((uint32_t)k)];
	for (size_t i = k; i > 1; i--) {
		size_t j = any((uint32_t)i);
		struct piece p = out[i - 1];
		out[i - 1] = out[j];
		out[j] = p;
	}
	return k;
}

static void feed_shuffled(struct conn *c, struct span s)
{
	struct piece piece[PIECES];
	size_t n = shuffle((uint32_t)s.n, piece);

	for (size_t i = 0; i < n; i++) {
		tcp_at(&b, c, 0, PACKET_ACK, c->seq[0] + piece[i].off,
		    span_cut(s, piece[i].off, piece[i].n));
		if (any(5) == 0) /* the other side acknowledges what is behind the hole or not */
			tcp_at(&b, c, 1, PACKET_ACK, c->seq[1], SPAN_NONE);
	}
}

static void test_any_order(void)
{
	static const struct {
		const char *name, *bytes, *want;
	} streams[] = {
		{ "requests with bodies",
		    "POST /a HTTP/1.1\r\nHost: h\r\nContent-Length: 30\r\n\r\nGET /x "
		    "HTTP/1.1\r\nHost: bad\r\n\r\n"
		    "\r\nGET /b?c HTTP/1.1\r\nhost:\r\n b.test:81\r\nUser-Agent: x\r\n\r\n"
		    "PUT /c HTTP/1.1\r\nTransfer-Encoding: chunked\r\nHost: c\r\n\r\n5\r\nGET "
		    "/\r\n10;a\r\n"
		    "0123456789abcdef\r\n0\r\n\r\nOPTIONS * HTTP/1.1\r\nHost: "
		    "[2001:db8::1]:80\r\n\r\n",
		    "http POST h /a\nhttp GET b.test /b?c\nhttp PUT c /c\nhttp OPTIONS 2001:db8::1 "
		    "*\n" },
		{ "one request", ONE, GOT_ONE },
	};
	unsigned bad = 0;

	for (unsigned i = 0; i < 4000; i++) {
		size_t k = i % ARRAY_LEN(streams);
		seed = i + 1;
		struct conn c = shaken(80);
		if (any(2)) {
			bench_close(&b);
			bench_open(&b, 2 * MIB, false);
			c.seq[0] = 0u - any(300);
			tcp_shake(&b, &c);
		}
		feed_shuffled(&c, span_str(streams[k].bytes));
		if (strcmp(bench_end(&b), streams[k].want) != 0 && bad++ < 3)
			diag("seed %u, %s: %s", i + 1, streams[k].name, bench_said(&b));
		for (int l = NET_LOSS_FIRST; l < NET_STATS; l++)
			bad += b.stat[l] != 0;
		bench_close(&b);
	}
	is_int(bad, 0, "4000 streams in any order say what they say in order, without a loss");
	for (unsigned i = 0; i < 1000; i++) {
		seed = i + 77777;
		struct conn c = shaken(443);
		feed_shuffled(&c, hello());
		bad += strcmp(bench_end(&b), "hello tls.test\n") != 0;
		bench_close(&b);
	}
	is_int(bad, 0, "1000 hellos too");
}

int main(void)
{
	test_cut_anywhere();
	test_byte_by_byte();
	test_wrap();
	test_overlap();
	test_contradictions();
	test_probes();
	test_begin();
	test_forged_ends();
	test_forged_syn();
	test_before_all();
	test_far_ahead();
	test_hole();
	test_truncated();
	test_http_bodies();
	test_small_segments();
	test_http2();
	test_not_http();
	test_dns_stream();
	test_proxies();
	test_starttls();
	test_hidden_hello();
	test_empty_lines();
	test_connect_late();
	test_mysql_at_once();
	test_tds();
	test_late_quic();
	test_given_up();
	test_any_order();
	return tap_done();
}
