/* SPDX-License-Identifier: Apache-2.0 */

#include "bytes.h"
#include "sense/stream.h"
#include "tap.h"
#include "wire/dns.h"
#include "wire/pcap_write.h"

/* What the streams showed, as "name name"; DNS messages by their id in hex. */
static char seen[4096];
static struct sense_capture_stats stats;
static struct streams *streams;

static void note(const char *fmt, ...) FB_PRINTF(1, 2);
static void note(const char *fmt, ...)
{
	size_t n = strlen(seen);
	va_list ap;

	if (n && n + 1 < sizeof(seen))
		seen[n++] = ' ';
	va_start(ap, fmt);
	vsnprintf(seen + n, sizeof(seen) - n, fmt, ap);
	va_end(ap);
}

static void on_hello(void *ctx, const struct packet *p, const struct tls_hello *h)
{
	(void)ctx;
	(void)p;
	note("%s", h->sni);
}

static bool on_dns(void *ctx, const struct packet *p, struct span message)
{
	struct dns d;
	(void)ctx;
	(void)p;
	if (dns_open(&d, message))
		return false;
	note("%x", d.id);
	return true;
}

static const struct stream_sink sink = { on_hello, on_dns, NULL, &stats };

static void begin(uint32_t max)
{
	streams_free(streams);
	seen[0] = 0;
	memset(&stats, 0, sizeof(stats));
	if (streams_new(max, &sink, &streams) < 0)
		abort();
}

/* One segment from 10.0.0.1:port to 10.0.0.2:to. */
static void send_to(uint16_t port, uint16_t to, uint8_t flags, uint32_t seq, struct span payload)
{
	uint8_t *copy = exact_copy(payload);
	struct packet p = {
		.family = 4,
		.proto = PACKET_TCP,
		.flags = flags,
		.sport = port,
		.dport = to,
		.seq = seq,
		.src = { 10, 0, 0, 1 },
		.dst = { 10, 0, 0, 2 },
		.payload = span_of(copy, payload.n),
	};

	if (streams_segment(streams, &p) < 0)
		abort();
	free(copy);
}

static void tls(uint8_t flags, uint32_t seq, struct span payload)
{
	send_to(40000, 443, flags, seq, payload);
}

static struct span hello_of(struct buf *b, const char *sni)
{
	buf_reset(b);
	if (pcap_put_client_hello(b, 1, sni) < 0)
		abort();
	return buf_span(b);
}

/* What is left undecided is counted. */
static uint64_t losses(void)
{
	streams_finish(streams);
	return sense_stat_losses(&stats);
}

static void test_simple(void)
{
	AUTO_BUF struct buf b = BUF_INIT(8192);
	struct span h = hello_of(&b, "a.example");

	begin(16);
	tls(PACKET_SYN, 99, SPAN_NONE);
	tls(PACKET_ACK, 100, SPAN_NONE);
	tls(PACKET_ACK, 100, h);
	tls(PACKET_ACK, 100, h);
	tls(PACKET_ACK, 100 + (uint32_t)h.n, h);
	is_str(seen, "a.example", "a hello is seen once");
	is_int(losses(), 0, "nothing is lost");
	is_int(stats.n[SENSE_STAT_TCP_STREAMS], 1, "one direction");

	begin(16);
	tls(PACKET_ACK, 100, h);
	is_str(seen, "a.example", "without a captured start");
	begin(16);
	tls(PACKET_SYN, 99, h);
	is_str(seen, "a.example", "on the SYN itself");
	begin(16);
	tls(PACKET_SYN, UINT32_MAX - 20, SPAN_NONE);
	tls(PACKET_ACK, UINT32_MAX - 19, span_cut(h, 0, 60));
	tls(PACKET_ACK, 40, span_from(h, 60));
	is_str(seen, "a.example", "across the end of the sequence space");
	begin(16);
	tls(PACKET_SYN | PACKET_ACK, 99, SPAN_NONE);
	tls(PACKET_ACK, 100, h);
	is_str(seen, "", "not from the side that accepted");
	begin(16);
	tls(PACKET_SYN, 99, SPAN_NONE);
	tls(PACKET_RST, 100, SPAN_NONE);
	tls(PACKET_ACK, 100, h);
	is_str(seen, "a.example", "a reset that nobody obeyed hides nothing");
}

static void test_sizes(void)
{
	AUTO_BUF struct buf b = BUF_INIT(8192);
	struct span h = hello_of(&b, "pieces.example");
	int bad = 0;

	for (size_t size = 1; size <= h.n; size++) {
		begin(16);
		tls(PACKET_SYN, 0, SPAN_NONE);
		for (size_t off = 0; off < h.n; off += size)
			tls(PACKET_ACK, 1 + (uint32_t)off, span_cut(h, off, size));
		bad += strcmp(seen, "pieces.example") != 0 || losses() != 0;
	}
	is_int(bad, 0, "segments of 1 to %zu octets", h.n);
}

static uint32_t random_below(uint32_t *state, uint32_t n)
{
	*state = *state * 1664525 + 1013904223;
	return (*state >> 8) % n;
}

/* Pieces with overlaps, shuffled, some twice. */
static void test_shuffled(void)
{
	AUTO_BUF struct buf b = BUF_INIT(8192);
	struct span h = hello_of(&b, "shuffled.example");
	uint32_t rnd = 1;
	int bad = 0;

	for (int round = 0; round < 2000; round++) {
		struct span piece[STREAM_AHEAD_MAX];
		size_t n = 0;
		for (size_t off = 0; off < h.n && n < ARRAY_LEN(piece); n++) {
			size_t len = 13 + random_below(&rnd, 40);
			size_t back =
			    random_below(&rnd, 3) == 0 && off ? random_below(&rnd, 10) : 0;
			back = back < off ? back : off;
			piece[n] =
			    span_cut(h, off - back, n == ARRAY_LEN(piece) - 1 ? h.n : len + back);
			off += len;
		}
		for (size_t i = n - 1; i > 0; i--) {
			size_t k = random_below(&rnd, (uint32_t)i + 1);
			struct span swap = piece[i];
			piece[i] = piece[k];
			piece[k] = swap;
		}
		begin(16);
		tls(PACKET_SYN, 0, SPAN_NONE);
		for (size_t i = 0; i < n; i++) {
			tls(PACKET_ACK, 1 + (uint32_t)(piece[i].p - h.p), piece[i]);
			if (random_below(&rnd, 5) == 0 && n < 8)
				tls(PACKET_ACK, 1 + (uint32_t)(piece[i].p - h.p), piece[i]);
		}
		bad += strcmp(seen, "shuffled.example") != 0 || losses() != 0;
	}
	is_int(bad, 0, "2000 shufflings with overlaps and repeats");
}

static void test_first_copy_counts(void)
{
	AUTO_BUF struct buf b = BUF_INIT(8192), c = BUF_INIT(8192);
	struct span one = hello_of(&b, "first.example"), two = hello_of(&c, "other.example");

	begin(16);
	tls(PACKET_SYN, 0, SPAN_NONE);
	tls(PACKET_ACK, 1, span_cut(one, 0, 150));
	tls(PACKET_ACK, 1, two);
	is_str(seen, "first.example", "bytes sent again do not replace what came first");
}

static void test_gap(void)
{
	AUTO_BUF struct buf b = BUF_INIT(8192);
	struct span h = hello_of(&b, "gap.example");

	begin(16);
	tls(PACKET_SYN, 0, SPAN_NONE);
	tls(PACKET_ACK, 1, span_cut(h, 0, 50));
	tls(PACKET_ACK, 101, span_from(h, 100));
	is_str(seen, "", "a hole");
	ok(losses() == 1 && stats.n[SENSE_LOSS_GAP] == 1, "is counted at the end");
	begin(16);
	tls(PACKET_SYN, 0, SPAN_NONE);
	for (uint32_t i = 0; i <= STREAM_AHEAD_MAX; i++)
		tls(PACKET_ACK, 10 + 2 * i, SPAN_LIT("x"));
	ok(losses() == 1 && stats.n[SENSE_LOSS_GAP] == 1, "too many early segments");
	begin(16);
	tls(PACKET_SYN, 0, SPAN_NONE);
	tls(PACKET_ACK, 10 + SENSE_STREAM_MAX, SPAN_LIT("x"));
	ok(losses() == 1 && stats.n[SENSE_LOSS_GAP] == 1, "a segment too far ahead");
	begin(16);
	tls(PACKET_ACK, 1, span_from(h, 60));
	tls(PACKET_ACK, 1 - 60u, span_cut(h, 0, 60));
	is_str(seen, "", "a start that comes second, without SYN");
	is_int(losses(), 1, "is counted");
}

static void test_broken(void)
{
	AUTO_BUF struct buf b = BUF_INIT(8192);
	struct span h = hello_of(&b, "broken.example");

	b.p[43] = 33; /* the session id's length */
	begin(16);
	tls(PACKET_ACK, 1, h);
	ok(!seen[0] && losses() == 1 && stats.n[SENSE_LOSS_BAD_TLS] == 1, "a hello that is none");
	begin(16);
	tls(PACKET_ACK, 1, SPAN_LIT("\x16\x03\x01\x00\x04\x01\xff\xff\xff"));
	ok(!seen[0] && losses() == 1 && stats.n[SENSE_LOSS_LONG] == 1, "a hello of 16 MiB");
}

static void test_later(void)
{
	AUTO_BUF struct buf b = BUF_INIT(8192);
	struct span h = hello_of(&b, "later.example"), ehlo = SPAN_LIT("EHLO me\r\nSTARTTLS\r\n");

	begin(16);
	tls(PACKET_SYN, 0, SPAN_NONE);
	tls(PACKET_ACK, 1, ehlo);
	tls(PACKET_ACK, 1 + (uint32_t)ehlo.n, span_cut(h, 0, 100));
	tls(PACKET_ACK, 101 + (uint32_t)ehlo.n, span_from(h, 100));
	is_str(seen, "later.example", "after STARTTLS");
	begin(16);
	tls(PACKET_SYN, 0, SPAN_NONE);
	tls(PACKET_ACK, 1 + (uint32_t)ehlo.n, span_cut(h, 0, 100));
	tls(PACKET_ACK, 101 + (uint32_t)ehlo.n, span_from(h, 100));
	tls(PACKET_ACK, 1, ehlo);
	is_str(seen, "later.example", "also when the segments before it come last");
	begin(16);
	tls(PACKET_ACK, 1, SPAN_LIT("\x16\x03"));
	tls(PACKET_ACK, 3, SPAN_LIT("plain"));
	ok(!seen[0] && losses() == 0, "something that only began like TLS");
	begin(16);
	static uint8_t bulk[1400];
	for (uint32_t i = 0; i <= SENSE_STREAM_MAX / sizeof(bulk); i++)
		tls(PACKET_ACK, 1 + i * (uint32_t)sizeof(bulk), span_of(bulk, sizeof(bulk)));
	tls(PACKET_ACK, 1000000, h);
	ok(!seen[0] && losses() == 0, "not behind the first %u octets", SENSE_STREAM_MAX);
}

static void test_again(void)
{
	AUTO_BUF struct buf b = BUF_INIT(8192), c = BUF_INIT(8192);
	struct span one = hello_of(&b, "one.example"), two = hello_of(&c, "two.example");

	begin(16);
	tls(PACKET_SYN, 0, SPAN_NONE);
	tls(PACKET_ACK, 1, one);
	tls(PACKET_SYN, 5000, SPAN_NONE);
	tls(PACKET_ACK, 5001, two);
	is_str(seen, "one.example two.example", "a new connection on the same ports");
	begin(16);
	tls(PACKET_SYN, 0, SPAN_NONE);
	tls(PACKET_ACK, 1, span_cut(one, 0, 50));
	tls(PACKET_SYN, 0, SPAN_NONE);
	tls(PACKET_ACK, 51, span_from(one, 50));
	is_str(seen, "one.example", "a SYN that is sent again changes nothing");
}

static struct span dns_over_tcp(struct buf *b, unsigned n)
{
	for (unsigned i = 1; i <= n; i++) {
		AUTO_BUF struct buf q = BUF_INIT(1024);
		if (pcap_put_dns_query(&q, (uint16_t)i, "www.example.com", DNS_A) < 0)
			abort();
		buf_put_be16(b, (uint16_t)q.n);
		buf_put_span(b, buf_span(&q));
	}
	return buf_span(b);
}

static void test_dns(void)
{
	AUTO_BUF struct buf b = BUF_INIT(8192);
	struct span m = dns_over_tcp(&b, 5);
	int bad = 0;

	for (size_t size = 1; size <= m.n; size++) {
		begin(16);
		send_to(40000, 53, PACKET_SYN, 0, SPAN_NONE);
		for (size_t off = 0; off < m.n; off += size)
			send_to(40000, 53, PACKET_ACK, 1 + (uint32_t)off, span_cut(m, off, size));
		bad += strcmp(seen, "1 2 3 4 5") != 0 || losses() != 0;
	}
	is_int(bad, 0, "five messages in segments of 1 to %zu octets", m.n);
	begin(16);
	send_to(53, 40000, PACKET_SYN | PACKET_ACK, 0, SPAN_NONE);
	send_to(53, 40000, PACKET_ACK, 1, m);
	is_str(seen, "1 2 3 4 5", "from the server");
	begin(16);
	send_to(40000, 53, PACKET_ACK, 1, m);
	is_str(seen, "1 2 3 4 5", "without a captured start, at the start of a message");
	begin(16);
	send_to(40000, 53, PACKET_SYN, 0, SPAN_NONE);
	send_to(40000, 53, PACKET_ACK, 1, SPAN_LIT("\0\3abc"));
	send_to(40000, 53, PACKET_ACK, 6, m);
	is_str(seen, "1 2 3 4 5", "a broken message does not hide the next");
	begin(16);
	send_to(40000, 53, PACKET_SYN, 0, SPAN_NONE);
	send_to(40000, 53, PACKET_ACK, 1, span_cut(m, 0, m.n - 1));
	ok(strcmp(seen, "1 2 3 4") == 0 && losses() == 1 && stats.n[SENSE_LOSS_GAP] == 1,
	    "a message that does not end is counted");
}

static void test_bounds(void)
{
	AUTO_BUF struct buf b = BUF_INIT(8192);
	struct span h = hello_of(&b, "room.example");
	static uint8_t big[40000] = { 0xff, 0xff };

	begin(4);
	for (uint16_t port = 1; port <= 6; port++)
		send_to(port, 443, PACKET_ACK, 1, span_cut(h, 0, 50));
	is_int(stats.n[SENSE_LOSS_EVICTED], 2, "the oldest make room");
	send_to(6, 443, PACKET_ACK, 51, span_from(h, 50));
	send_to(1, 443, PACKET_ACK, 51, span_from(h, 50));
	is_str(seen, "room.example", "and the others go on");
	begin(4);
	for (uint16_t port = 1; port <= 4; port++)
		send_to(port, 443, PACKET_ACK, 1, span_cut(h, 0, 50));
	send_to(1, 443, PACKET_ACK, 51, span_cut(h, 50, 10));
	send_to(5, 443, PACKET_ACK, 1, span_cut(h, 0, 50));
	send_to(1, 443, PACKET_ACK, 61, span_from(h, 60));
	is_str(seen, "room.example", "oldest means not touched for longest");

	/* 65,535-octet messages that never end, more than SENSE_HELD_MAX of them. */
	begin(4096);
	for (uint16_t port = 1; port <= 1500; port++)
		send_to(port, 53, PACKET_ACK, 1, span_of(big, sizeof(big)));
	ok(stats.n[SENSE_LOSS_EVICTED] > 300 && stats.n[SENSE_LOSS_EVICTED] < 700,
	    "held bytes are bounded (%d given up)", (int)stats.n[SENSE_LOSS_EVICTED]);
}

int main(void)
{
	test_simple();
	test_sizes();
	test_shuffled();
	test_first_copy_counts();
	test_gap();
	test_broken();
	test_later();
	test_again();
	test_dns();
	test_bounds();
	streams_free(streams);
	return tap_done();
}
