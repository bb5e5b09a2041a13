/* SPDX-License-Identifier: Apache-2.0 */

#include "bytes.h"
#include "sense/net/handler.h"
#include "tap.h"

#include <errno.h>
#include <stdio.h>

#define Q_NAME "01 61 07 6578616d706c65 00"
#define QUERY "1234 0100 0001 0000 0000 0000" Q_NAME "0001 0001" /* 27 bytes */
#define ANSWER                                                                                     \
	"1234 8180 0001 0001 0000 0000" Q_NAME "0001 0001" /* 43 */                                \
	"c00c 0001 0001 0000003c 0004 c0000201"

static uint64_t stat[NET_STATS];
static struct buf told = BUF_INIT(1u << 20);

static int give(struct net_worker *w, const struct net_event *e)
{
	const struct dns_message *m = e->dns;

	(void)w;
	buf_printf(&told, "%s%u>%u%s%s:%u%s", told.n ? " " : "", e->client.b[3], e->server.b[3],
	    e->from_server ? "<" : "", m->response ? "r" : "q", m->n, m->more ? "+" : "");
	if (e->kind != NET_DNS)
		buf_puts(&told, " KIND");
	return 0;
}

static struct net_worker worker = { .stat = stat, .give = give };

static void reset(void)
{
	memset(stat, 0, sizeof(stat));
	buf_reset(&told);
}

static uint16_t server_port = 53;

/* Host 1 to host 2. */
static struct net_event event(bool from_server)
{
	return (struct net_event){ .transport = NET_UDP,
		.from_server = from_server,
		.client = { 4, { 10, 0, 0, 1 }, 1000 },
		.server = { 4, { 10, 0, 0, 2 }, server_port } };
}

static bool datagram(const char *hex, enum net_dns_flavour flavour, bool sure, bool from_server)
{
	AUTO_BUF struct buf b = BUF_INIT(1 << 17);
	struct net_event e = event(from_server);

	reset();
	put_hex(&b, hex);
	uint8_t *copy = exact_copy(buf_span(&b));
	bool mine = dns_datagram(&worker, span_of(copy, b.n), flavour, sure, &e);
	free(copy);
	return mine;
}

static bool counted(uint64_t queries, uint64_t responses, uint64_t answers, uint64_t bad)
{
	return stat[NET_STAT_DNS_QUERIES] == queries && stat[NET_STAT_DNS_RESPONSES] == responses &&
	       stat[NET_STAT_DNS_ANSWERS] == answers && stat[NET_LOSS_BAD_DNS] == bad;
}

static void test_datagrams(void)
{
	ok(datagram(QUERY, NET_DNS_PLAIN, true, false) && counted(1, 0, 0, 0), "a query");
	is_str(buf_str(&told), "1>2q:1", "goes from client to server");
	ok(datagram(ANSWER, NET_DNS_PLAIN, true, true) && counted(0, 1, 1, 0), "a response");
	is_str(buf_str(&told), "1>2<r:2", "comes back to the client");
	datagram(ANSWER, NET_DNS_PLAIN, true, false);
	is_str(
	    buf_str(&told), "2>1<r:2", "who sent a response is the server, whatever the ports say");
	datagram(QUERY, NET_DNS_PLAIN, true, true);
	is_str(buf_str(&told), "2>1q:1", "and of a query, the client");
	ok(datagram("0000 8400 0000 0001 0000 0000 | 01 61 00 0001 8001 00000078 0004 c0000201",
	       NET_DNS_MDNS, true, false) &&
		counted(0, 1, 1, 0),
	    "mDNS: a response that nobody asked for");
	is_str(buf_str(&told), "2>1<r:1", "is from its sender to the group");
	ok(datagram("1234 8180 0001 0002 0000 0000" Q_NAME "0001 0001"
		    "c00c 0001 0001 0000003c 0004 c0000201 | c00c 0001",
	       NET_DNS_PLAIN, true, true) &&
		counted(0, 1, 1, 1),
	    "a response that breaks off: what is there, and a loss");
	is_str(buf_str(&told), "1>2<r:2", "is told");
	ok(datagram("00", NET_DNS_PLAIN, true, false) && counted(0, 0, 0, 1) && !told.n,
	    "one byte is a loss, and no message");
	ok(datagram("4745 5420 2f20 4854 5450 2f31 2e31 0d0a", NET_DNS_PLAIN, true, false) &&
		counted(0, 0, 0, 1) && !told.n,
	    "nor is something else");
	ok(datagram("1234 8180 0000 0001 0000 0000 | 01 61 00 0041 0001 0000003c 000f 0001 00"
		    "0004 0008 c0000201 c0000202",
	       NET_DNS_PLAIN, true, true) &&
		counted(0, 1, 1, 0),
	    "hints are not answers");
	worker.failed = -EPIPE;
	ok(datagram(QUERY, NET_DNS_PLAIN, true, false) && !told.n,
	    "after a failure nothing is given");
	worker.failed = 0;
}

/* Ports that a client may have by chance. */
static void test_chance(void)
{
	static const char *const not_dns[] = { "", "1234", "1234 0100 0001 0000 0000 00",
		QUERY "00",					      /* a byte behind */
		"1234 0140 0001 0000 0000 0000" Q_NAME "0001 0001",   /* the bit that is zero */
		"1234 0103 0001 0000 0000 0000" Q_NAME "0001 0001",   /* a query's rcode */
		"1234 7900 0001 0000 0000 0000" Q_NAME "0001 0001",   /* opcode 15 */
		"1234 0100 0002 0000 0000 0000" Q_NAME "0001 0001",   /* one question is missing */
		"1234 0100 0001 0000 0000 0000 | 41 61 00 0001 0001", /* a label that is none */
		"1234 0100 0000 0000 0000 0000",		      /* nothing in it */
		"c300 0000 0108 0001 0203 0405 0607 0000 44d0 1234 5678" }; /* QUIC */
	int bad = 0;

	server_port = 9953;
	for (size_t i = 0; i < ARRAY_LEN(not_dns); i++) {
		if (datagram(not_dns[i], NET_DNS_PLAIN, false, false) || told.n ||
		    !counted(0, 0, 0, 0)) {
			bad++;
			diag("%s", not_dns[i]);
		}
	}
	is_int(bad, 0, "what does not parse to its end is something else, and no loss");
	ok(datagram(QUERY, NET_DNS_PLAIN, false, false) && counted(1, 0, 0, 0),
	    "what does is taken");
	ok(datagram(ANSWER, NET_DNS_PLAIN, false, true) && counted(0, 1, 1, 0), "a response, too");
	server_port = 53;
}

/* From the port of another service to that of DNS: servers answer all of these (tried: Unbound). */
static void test_odd_ports(void)
{
	static const char *const dns[] = { QUERY "00", "1234 0140 0001 0000 0000 0000" Q_NAME "0001 0001",
		"1234 0103 0001 0000 0000 0000" Q_NAME "0001 0001" };
	static const char *const not_dns[] = { "", "1234 0100 0000 0000 0000 0000",
		"1234 0100 0001 0000 0000 0000" Q_NAME "0001 1234", "1234 0100 0001 0000 0000 0000 | 41 61 00 0001 0001",
		ANSWER /* to a server */ };

	for (size_t i = 0; i < ARRAY_LEN(dns); i++)
		ok(datagram(dns[i], NET_DNS_PLAIN, false, false) && counted(1, 0, 0, 0),
		    "to port 53 from the port of a service: query %zu", i);
	for (size_t i = 0; i < ARRAY_LEN(not_dns) - 1; i++)
		ok(!datagram(not_dns[i], NET_DNS_PLAIN, false, false) && counted(0, 0, 0, 0),
		    "… is none: %zu", i);
	ok(!datagram(ANSWER "00", NET_DNS_PLAIN, false, false), "… nor is an answer");
}

/* The stream in pieces of so many bytes, as flow.c gives it: what was taken is gone, and it asks
 * when as much is there as was wanted. */
static enum net_need stream(struct span s, size_t piece)
{
	size_t took = 0, want = 1;
	bool begun = false;
	enum net_need need = NET_MORE;

	reset();
	for (size_t have = piece < s.n ? piece : s.n;;
	    have = have + piece < s.n ? have + piece : s.n) {
		bool over = have == s.n;
		struct net_step step;
		if (have - took < want && !over)
			continue;
		uint8_t *copy = exact_copy(span_of(s.p + took, have - took));
		struct net_stream st = { .bytes = span_of(copy, have - took),
			.begun = begun,
			.over = over,
			.at = event(false) };
		st.at.transport = NET_TCP;
		need = dns_stream(&worker, &st, &step);
		free(copy);
		if (step.took > have - took ||
		    (need == NET_MORE && step.want <= have - took - step.took))
			return NET_NOT; /* would be asked for ever */
		took += step.took;
		begun |= step.took > 0;
		want = step.want;
		if (need != NET_MORE || over)
			return need;
	}
}

static void put_message(struct buf *b, const char *hex)
{
	AUTO_BUF struct buf m = BUF_INIT(1 << 17);

	put_hex(&m, hex);
	buf_put_be16(b, (uint16_t)m.n);
	buf_put_span(b, buf_span(&m));
}

/* Messages that a server answers with an error, or not even that, and then the next (Unbound). */
static void test_odd_first(void)
{
	static const char *const first[] = {
		"1234 0100 0002 0000 0000 0000" Q_NAME "0001 0001" Q_NAME "0001 0001",
		"1234 7900 0001 0000 0000 0000" Q_NAME "0001 0001",
		"1234 0140 0001 0000 0000 0000" Q_NAME "0001 0001",
		"1234 010f 0001 0000 0000 0000" Q_NAME "0001 0001",
	};

	for (size_t i = 0; i < ARRAY_LEN(first); i++) {
		AUTO_BUF struct buf b = BUF_INIT(1 << 10);
		put_message(&b, first[i]);
		put_message(&b, QUERY);
		for (size_t piece = 1; piece <= b.n; piece += b.n - 1)
			ok(stream(buf_span(&b), piece) == NET_ENOUGH && counted(2, 0, 0, 0),
			    "an odd first message hides nothing: %zu, by %zu", i, piece);
	}
}

static void test_streams(void)
{
	AUTO_BUF struct buf b = BUF_INIT(1 << 18);
	int bad = 0;

	put_message(&b, QUERY);
	put_message(&b, ANSWER);
	put_message(&b, QUERY);
	for (size_t piece = 1; piece <= b.n; piece++) {
		enum net_need need = stream(buf_span(&b), piece);
		if (need != NET_ENOUGH || !counted(2, 1, 1, 0) || stat[NET_LOSS_GAP] ||
		    strcmp(buf_str(&told), "1>2q:1 1>2r:2 1>2q:1") != 0) {
			bad++;
			diag("pieces of %zu: %d %s", piece, (int)need, buf_str(&told));
		}
	}
	is_int(bad, 0, "three messages in pieces of 1 to %zu bytes", b.n);
	for (size_t n = 1; n < b.n; n++) {
		bool whole = n == 29 || n == 29 + 45, begun = n >= 2 + 12;
		enum net_need need = stream(span_of(b.p, n), 7);
		if (stat[NET_LOSS_GAP] != (begun && !whole) ||
		    need != (begun ? NET_ENOUGH : NET_NOT)) {
			bad++;
			diag("%zu bytes: %d, %llu", n, (int)need,
			    (unsigned long long)stat[NET_LOSS_GAP]);
		}
	}
	is_int(bad, 0, "a stream that ends inside a message is a gap");
	stream(span_of(b.p, 29 + 2 + 30), 100);
	is_str(buf_str(&told), "1>2q:1 1>2r:1", "and what is there of it is told");

	put_hex(&b, "0005 0000000000 0000000000000000");
	ok(stream(buf_span(&b), 50) == NET_ENOUGH && counted(2, 1, 1, 1),
	    "a length that cannot be, in the midst: lost from there on");
	buf_reset(&b);
	put_hex(&b, "1603 0100 c801 0000 c403 0300 0000 0000 0000");
	ok(stream(buf_span(&b), 50) == NET_NOT && counted(0, 0, 0, 0), "TLS on port 53 is not DNS");
	buf_reset(&b);
	put_hex(&b, "0000 0000 0000 0000 0000 0000 0000");
	ok(stream(buf_span(&b), 50) == NET_NOT, "nor are zeros");

	buf_reset(&b);
	put_message(&b, QUERY);
	put_message(
	    &b, "1234 8180 0001 0001 0000 0000" Q_NAME "0001 0001 80 0001 0001 00000000 0000");
	put_message(&b, ANSWER);
	ok(stream(buf_span(&b), 1000) == NET_ENOUGH && counted(1, 2, 1, 1),
	    "a bad message: the next one is found by its length");
}

static void test_long(void)
{
	AUTO_BUF struct buf b = BUF_INIT(1 << 18);
	int n = (65535 - 27) / 16;

	buf_put_be16(&b, (uint16_t)(27 + 16 * n));
	put_hex(&b, "1234 8180 0001");
	buf_put_be16(&b, (uint16_t)n);
	put_hex(&b, "0000 0000" Q_NAME "0001 0001");
	for (int i = 0; i < n; i++) {
		put_hex(&b, "c00c 0001 0001 00000000 0004");
		buf_put_be32(&b, (uint32_t)i);
	}
	ok(stream(buf_span(&b), 1460) == NET_ENOUGH && counted(0, 1, (uint64_t)n, 0),
	    "a message of 64 KiB: %d answers, counted once", n);
}

int main(void)
{
	test_datagrams();
	test_chance();
	test_odd_ports();
	test_odd_first();
	test_streams();
	test_long();
	buf_free(&told);
	return tap_done();
}
