/* SPDX-License-Identifier: Apache-2.0 */

/* QUIC connections: hellos out of Initials, however they come. What is behind the hellos is not
 * tested here: tls_give_client and tls_give_server are this file's own. */

#include "quic_make.h"
#include "sense/net/quic_table.h"
#include "tap.h"

#define V1_RETRY_KEY "\xbe\x0c\x69\x0b\x9f\x66\x57\x5a\x1d\x76\x6b\x54\xe3\x68\xc8\x4e"
#define V1_RETRY_NONCE "\x46\x15\x99\xd3\x5d\x63\x2b\xf2\x23\x98\x25\xbb"

/* --- what came out --- */

static struct {
	unsigned clients, servers;
	uint8_t client[QUIC_HELLO_MAX], server[QUIC_HELLO_MAX];
	size_t client_n, server_n;
	struct net_event at;
	uint32_t version;
	struct quic_id dcid;
} got;

void tls_give_client(struct net_worker *w, struct span message, const struct net_event *at,
    uint32_t quic_version, struct span quic_dcid)
{
	got.clients++;
	got.client_n = message.n;
	memcpy(got.client, message.p, message.n);
	got.at = *at;
	got.version = quic_version;
	got.dcid.n = (uint8_t)quic_dcid.n;
	memcpy(got.dcid.b, quic_dcid.p, quic_dcid.n);
}

void tls_give_server(struct net_worker *w, struct span message, const struct net_event *at)
{
	got.servers++;
	got.server_n = message.n;
	memcpy(got.server, message.p, message.n);
	got.at = *at;
}

static bool got_client(const struct buf *hello)
{
	return span_eq(span_of(got.client, got.client_n), buf_span(hello));
}

/* --- a connection --- */

static uint64_t stat[NET_STATS];
static struct net_worker worker = { .stat = stat };
static struct quic_table *table;
static struct quic_crypto *crypto;
static uint64_t flow_now;

struct peer {
	uint32_t version;
	struct span first; /* what the keys come from */
	struct span dcid, scid, token;
	enum quic_side side;
	uint64_t number;
	bool not_fixed, crossed; /* crossed: the flow takes it for the other side */
};

static void begin_with(size_t bytes)
{
	quic_table_free(table);
	memset(stat, 0, sizeof(stat));
	memset(&got, 0, sizeof(got));
	flow_now = 77;
	if (quic_table_new(&table, bytes) < 0)
		abort();
}

static void begin(void)
{
	begin_with(1 << 20);
}

static struct peer client(void)
{
	return (struct peer){ QUIC_V1, SPAN_LIT("first-id"), SPAN_LIT("first-id"), SPAN_LIT("me"),
		SPAN_NONE, QUIC_CLIENT, 0, false, false };
}

static struct peer server(void)
{
	return (struct peer){ QUIC_V1, SPAN_LIT("first-id"), SPAN_LIT("me"), SPAN_LIT("server-id"),
		SPAN_NONE, QUIC_SERVER, 0, false, false };
}

static unsigned type_bits(uint32_t version, unsigned v1)
{
	return version == QUIC_V2 || version == QUIC_V2_DRAFT ? (v1 + 1) & 3 : v1;
}

static void put_initial(struct buf *b, struct peer *p, struct span frames, size_t pad)
{
	uint8_t secret[QUIC_SECRET];
	struct quic_keys k;
	struct quic_made m = { .version = p->version,
		.type = type_bits(p->version, 0),
		.not_fixed = p->not_fixed,
		.dcid = p->dcid,
		.scid = p->scid,
		.token = p->token,
		.number = p->number++,
		.pad = pad };

	quic_initial_secret(crypto, quic_family_of(p->version), p->first, secret);
	quic_initial_keys(quic_family_of(p->version), p->side, secret, &k);
	quic_make(b, &k, &m, frames);
}

static enum quic_said send(const struct peer *p, struct span datagram)
{
	struct net_event at = { .flow = flow_now,
		.transport = NET_UDP,
		.packet = 5,
		.client = { .family = 4, .b = { 10, 0, 0, 1 }, .port = 4242 },
		.server = { .family = 4, .b = { 192, 0, 2, 1 }, .port = 443 },
		.from_server = (p->side == QUIC_SERVER) != p->crossed };
	uint8_t *copy = malloc(datagram.n ? datagram.n : 1);

	memcpy(copy, datagram.p, datagram.n);
	enum quic_said said = quic_datagram(&worker, table, span_of(copy, datagram.n), &at);
	free(copy);
	return said;
}

static enum quic_said send_frames(struct peer *p, struct span frames)
{
	AUTO_BUF struct buf d = BUF_INIT(1 << 17);

	put_initial(&d, p, frames, 1150);
	return send(p, buf_span(&d));
}

static enum quic_said send_crypto(struct peer *p, size_t offset, struct span data)
{
	AUTO_BUF struct buf f = BUF_INIT(1 << 17);

	bool google = quic_family_is_google(quic_family_of(p->version));

	if (google)
		buf_put(&f, "\x40\1\0\0\0\1\7", 7); /* an acknowledgement, a ping */
	size_t at = f.n;
	quic_put_crypto(&f, offset, data);
	if (google)
		f.p[at] = 8;
	return send_frames(p, buf_span(&f));
}

static enum quic_said send_short(const struct peer *p)
{
	return send(p, SPAN_LIT("\x40 nobody can read this"));
}

/* A handshake message of n bytes in all; what is in it does not matter here. */
static void put_hello(struct buf *b, uint8_t type, size_t n, unsigned salt)
{
	size_t from = b->n;

	buf_put_be32(b, (uint32_t)type << 24 | (uint32_t)(n - 4));
	for (unsigned i = 0; b->n - from < n; i++)
		buf_putc(b, (char)(i * 7 + i / 256 + salt));
}

static void finish(void)
{
	quic_table_finish(&worker, table);
}

/* initials and client hellos; the losses */
#define COUNTS(initials, hellos)                                                                   \
	(stat[NET_STAT_QUIC_INITIALS] == (initials) && got.clients == (hellos))
static uint64_t losses(void)
{
	uint64_t n = 0;

	for (int i = NET_LOSS_FIRST; i < NET_STATS; i++)
		n += stat[i];
	return n;
}

#define HELLO(name, n)                                                                             \
	AUTO_BUF struct buf name = BUF_INIT(1 << 17);                                              \
	put_hello(&name, 1, n, 0)

/* --- tests --- */

static void test_one(void)
{
	static const uint32_t versions[] = { QUIC_V1, QUIC_V2, QUIC_V2_DRAFT, QUIC_DRAFT(29),
		QUIC_DRAFT(32), QUIC_DRAFT(34), QUIC_DRAFT(27), QUIC_DRAFT(22), 0xfaceb001,
		0xfaceb002, QUIC_T050, QUIC_T051 };

	for (size_t i = 0; i < ARRAY_LEN(versions); i++) {
		HELLO(hello, 300);
		begin();
		struct peer c = client();
		c.version = versions[i];
		ok(send_crypto(&c, 0, buf_span(&hello)) == QUIC_SAID_MORE && COUNTS(1, 1) &&
			got_client(&hello) && got.version == versions[i] && got.dcid.n == 8 &&
			memcmp(got.dcid.b, "first-id", 8) == 0 && got.at.transport == NET_QUIC &&
			got.at.client.port == 4242 && !got.at.from_server && got.at.packet == 5,
		    "version %08x: a hello in one frame", versions[i]);
		ok(send_crypto(&c, 0, buf_span(&hello)) == QUIC_SAID_MORE && COUNTS(1, 1),
		    "version %08x: … sent again: once", versions[i]);
		struct peer s = server();
		ok(send_short(&s) == QUIC_SAID_NOTHING, "version %08x: … the rest is counted only",
		    versions[i]);
		finish();
		is_int(losses(), 0, "version %08x: nothing is lost", versions[i]);
	}
}

static void test_fixed_bit(void)
{
	HELLO(hello, 300);

	begin();
	struct peer c = client();
	c.not_fixed = true;
	send_crypto(&c, 0, buf_span(&hello));
	ok(COUNTS(1, 1) && got_client(&hello), "a greased fixed bit (RFC 9287)");
}

static void test_two_datagrams(void)
{
	HELLO(hello, 1700);

	for (int order = 0; order < 2; order++) {
		begin();
		struct peer c = client();
		for (int i = 0; i < 2; i++) {
			bool second = i != order;
			ok(!got.clients && send_crypto(&c, second ? 1000 : 0,
					       span_cut(buf_span(&hello), second ? 1000 : 0,
						   1000)) == QUIC_SAID_MORE,
			    "hello in two datagrams: the %s part", second ? "second" : "first");
		}
		ok(COUNTS(1, 1) && got_client(&hello), "… is put together");
		finish();
		is_int(losses(), 0, "… and nothing is lost");
	}
}

/* As Chrome does: many small frames, in no order, with padding and pings between them. */
static void test_shuffled(void)
{
	static const unsigned order[] = { 7, 2, 9, 0, 4, 1, 8, 3, 6, 5 };
	HELLO(hello, 1000);
	AUTO_BUF struct buf f = BUF_INIT(1 << 16);

	begin();
	struct peer c = client();
	for (size_t i = 0; i < ARRAY_LEN(order); i++) {
		quic_put_crypto(
		    &f, order[i] * 100, span_cut(buf_span(&hello), order[i] * 100, 100));
		buf_put(&f, "\0\0\1\0", i % 5);
	}
	send_frames(&c, buf_span(&f));
	ok(COUNTS(1, 1) && got_client(&hello) && !losses(), "frames in no order in one packet");
}

static void test_coalesced(void)
{
	HELLO(hello, 900);
	AUTO_BUF struct buf f = BUF_INIT(1 << 16), d = BUF_INIT(1 << 16);

	begin();
	struct peer c = client();
	for (size_t at = 600; at <= 600; at -= 300) {
		buf_reset(&f);
		quic_put_crypto(&f, at, span_cut(buf_span(&hello), at, 300));
		put_initial(&d, &c, buf_span(&f), 310);
	}
	buf_puts(&d, "\x40 a short header behind them");
	send(&c, buf_span(&d));
	ok(COUNTS(1, 1) && got_client(&hello) && !losses(), "several Initials in one datagram");
}

static void test_first_copy(void)
{
	HELLO(hello, 500);
	uint8_t other[200];

	begin();
	struct peer c = client();
	memset(other, 0xee, sizeof(other));
	send_crypto(&c, 100, span_cut(buf_span(&hello), 100, 100));
	send_crypto(&c, 300, span_cut(buf_span(&hello), 300, 200));
	send_crypto(&c, 100, span_of(other, 100));
	send_crypto(&c, 50, span_cut(buf_span(&hello), 50, 60));
	ok(!got.clients, "a hole is waited for");
	send_crypto(&c, 0, span_cut(buf_span(&hello), 0, 60));
	send_crypto(&c, 190, span_cut(buf_span(&hello), 190, 130));
	ok(COUNTS(1, 1) && got_client(&hello) && !losses(),
	    "pieces overlap: the first copy counts");
}

static uint32_t lcg;
static uint32_t rnd(uint32_t n)
{
	lcg = lcg * 1664525 + 1013904223;
	return (uint32_t)((uint64_t)(lcg >> 4) * n >> 28);
}

/* Any cut, any order, any repetition gives the hello once. */
static void test_any_pieces(void)
{
	unsigned bad = 0;

	for (unsigned round = 0; round < 150; round++) {
		size_t n = 40 + rnd(round % 3 ? 3000 : QUIC_HELLO_MAX - 40);
		HELLO(hello, n);
		begin();
		struct peer c = client();
		bool all[QUIC_HELLO_MAX / 16 + 2] = { false };
		/* Random pieces first, then what is still missing, from the end. */
		for (unsigned i = 0; i < 30; i++) {
			size_t at = rnd((uint32_t)n), len = 1 + rnd(900);
			send_crypto(&c, at, span_cut(buf_span(&hello), at, len));
			for (size_t x = (at + 15) / 16; 16 * (x + 1) <= at + len && 16 * x < n; x++)
				all[x] = true;
		}
		for (size_t x = n / 16 + 1; x-- > 0;)
			if (!all[x])
				send_crypto(&c, 16 * x, span_cut(buf_span(&hello), 16 * x, 16));
		finish();
		if (!COUNTS(1, 1) || !got_client(&hello) || losses()) {
			bad++;
			diag("round %u: %zu bytes: %u hellos", round, n, got.clients);
		}
	}
	is_int(bad, 0, "150 hellos in pieces of any kind");
}

static void test_server(void)
{
	HELLO(hello, 300);
	AUTO_BUF struct buf answer = BUF_INIT(1 << 16);

	put_hello(&answer, 2, 1500, 1);
	begin();
	struct peer c = client(), s = server();
	send_crypto(&c, 0, buf_span(&hello));
	ok(send_crypto(&s, 1000, span_from(buf_span(&answer), 1000)) == QUIC_SAID_MORE,
	    "half of the server's hello");
	ok(send_crypto(&s, 0, span_cut(buf_span(&answer), 0, 1000)) == QUIC_SAID_NOTHING &&
		got.servers == 1 && got.at.from_server && got.at.client.port == 4242 &&
		span_eq(span_of(got.server, got.server_n), buf_span(&answer)),
	    "… and the whole: nothing more is of interest");
	c.dcid = SPAN_LIT("server-id");
	ok(send_frames(&c, SPAN_LIT("\x02\0\0\0\0")) == QUIC_SAID_NOTHING && COUNTS(1, 1),
	    "the client's acknowledgement");
	finish();
	is_int(losses(), 0, "nothing is lost");
}

/* The server's hello overtakes the second half of the client's. */
static void test_overtaken(void)
{
	HELLO(hello, 1500);
	AUTO_BUF struct buf answer = BUF_INIT(1 << 16);

	put_hello(&answer, 2, 100, 1);
	begin();
	struct peer c = client(), s = server();
	send_crypto(&c, 0, span_cut(buf_span(&hello), 0, 1000));
	ok(send_crypto(&s, 0, buf_span(&answer)) == QUIC_SAID_MORE && got.servers == 1,
	    "the answer comes first");
	ok(send_crypto(&c, 1000, span_from(buf_span(&hello), 1000)) == QUIC_SAID_NOTHING &&
		COUNTS(1, 1) && got_client(&hello) && !losses(),
	    "… then the rest of the question");
}

static void put_retry_request(struct buf *b)
{
	static const uint8_t random[] = { 0xcf, 0x21, 0xad, 0x74, 0xe5, 0x9a, 0x61, 0x11, 0xbe,
		0x1d, 0x8c, 0x02, 0x1e, 0x65, 0xb8, 0x91, 0xc2, 0xa2, 0x11, 0x16, 0x7a, 0xbb, 0x8c,
		0x5e, 0x07, 0x9e, 0x09, 0xe2, 0xc8, 0xa8, 0x33, 0x9c };

	put_hello(b, 2, 88, 3);
	memcpy(b->p + 6, random, sizeof(random));
}

/* HelloRetryRequest (RFC 8446 section 4.1.4): two hellos of each side, in one stream of bytes. */
static void test_hello_retry(void)
{
	HELLO(hello, 300);
	AUTO_BUF struct buf second = BUF_INIT(1 << 16), answer = BUF_INIT(1 << 16);

	put_hello(&second, 1, 1600, 9);
	put_retry_request(&answer);
	put_hello(&answer, 2, 120, 4);
	begin();
	struct peer c = client(), s = server();
	send_crypto(&c, 0, buf_span(&hello));
	ok(send_crypto(&s, 0, span_cut(buf_span(&answer), 0, 88)) == QUIC_SAID_MORE &&
		got.servers == 1,
	    "HelloRetryRequest: there is more");
	c.dcid = SPAN_LIT("server-id");
	send_crypto(&c, 300, span_cut(buf_span(&second), 0, 1000));
	ok(send_crypto(&c, 1300, span_from(buf_span(&second), 1000)) == QUIC_SAID_MORE &&
		COUNTS(1, 2) && got_client(&second),
	    "… the second hello, in two datagrams to the server's ID");
	ok(send_crypto(&s, 88, span_from(buf_span(&answer), 88)) == QUIC_SAID_NOTHING &&
		got.servers == 2 && got.server_n == 120,
	    "… and the answer");
	is_int(losses(), 0, "… nothing is lost");

	/* Bytes behind the first hello, which nobody reads, are not the second one's. */
	begin();
	c = client();
	s = server();
	put_hello(&hello, 7, 100, 2);
	send_crypto(&c, 10, span_from(buf_span(&hello), 10));
	send_crypto(&c, 0, span_cut(buf_span(&hello), 0, 10));
	send_crypto(&s, 0, span_cut(buf_span(&answer), 0, 88));
	send_crypto(&c, 1000, span_from(buf_span(&second), 700));
	ok(COUNTS(1, 1) && !losses(), "bytes behind a hello");
	send_crypto(&c, 300, span_cut(buf_span(&second), 0, 700));
	ok(COUNTS(1, 2) && got_client(&second) && !losses(), "… are not the next one's");
}

static void test_wrong_way_round(void)
{
	HELLO(hello, 300);
	AUTO_BUF struct buf answer = BUF_INIT(1 << 16);

	put_hello(&answer, 2, 100, 1);
	begin();
	struct peer c = client(), s = server();
	c.crossed = s.crossed = true;
	ok(send_crypto(&s, 0, buf_span(&answer)) == QUIC_SAID_MORE && COUNTS(0, 0),
	    "the server was seen first: its keys are not known yet");
	send_crypto(&c, 0, buf_span(&hello));
	ok(COUNTS(1, 1) && got.at.client.port == 443 && !got.at.from_server,
	    "… the client's hello turns it round");
	ok(send_crypto(&s, 0, buf_span(&answer)) == QUIC_SAID_NOTHING && got.servers == 1 &&
		got.at.from_server && got.at.server.port == 4242,
	    "… and the answer is the server's");
	finish();
	is_int(losses(), 0, "… nothing is lost");
}

static void test_retry(void)
{
	for (int seen = 0; seen < 2; seen++) {
		for (int whole = 0; whole < 2; whole++) {
			HELLO(hello, 300);
			AUTO_BUF struct buf d = BUF_INIT(1 << 16);
			begin();
			struct peer c = client(), s = server();
			send_crypto(&c, 0, span_cut(buf_span(&hello), 0, whole ? 300 : 200));
			quic_make_retry(&d, QUIC_V1, (const uint8_t *)V1_RETRY_KEY,
			    (const uint8_t *)V1_RETRY_NONCE, c.scid, SPAN_LIT("other-id!"),
			    SPAN_LIT("token"), c.first);
			if (seen)
				ok(send(&s, buf_span(&d)) == QUIC_SAID_MORE, "Retry");
			c.first = c.dcid = SPAN_LIT("other-id!");
			c.token = SPAN_LIT("token");
			send_crypto(&c, 0, span_cut(buf_span(&hello), 0, 150));
			send_crypto(&c, 150, span_from(buf_span(&hello), 150));
			ok(COUNTS(1, 1) && got_client(&hello) && !losses(),
			    "after a Retry %s, %s hello before it: one connection",
			    seen ? "" : "unseen", whole ? "the" : "half the");
		}
	}
	HELLO(hello, 300);
	AUTO_BUF struct buf d = BUF_INIT(1 << 16);
	begin();
	struct peer c = client(), s = server();
	send_crypto(&c, 0, span_cut(buf_span(&hello), 0, 200));
	quic_make_retry(&d, QUIC_V1, (const uint8_t *)V1_RETRY_KEY, (const uint8_t *)V1_RETRY_NONCE,
	    c.scid, SPAN_LIT("other-id!"), SPAN_LIT("token"), SPAN_LIT("not-this"));
	send(&s, buf_span(&d));
	send_crypto(&c, 200, span_from(buf_span(&hello), 200));
	ok(COUNTS(1, 1) && got_client(&hello), "a forged Retry changes nothing");
}

static void test_versions(void)
{
	HELLO(hello, 1500);
	AUTO_BUF struct buf answer = BUF_INIT(1 << 16), d = BUF_INIT(1 << 16);

	/* Compatible negotiation (RFC 9368): the server answers in version 2 under the first ID. */
	put_hello(&answer, 2, 100, 1);
	begin();
	struct peer c = client(), s = server();
	send_crypto(&c, 0, span_cut(buf_span(&hello), 0, 1000));
	s.version = c.version = QUIC_V2;
	c.dcid = s.scid;
	ok(send_frames(&s, SPAN_LIT("\x02\0\0\0\0")) == QUIC_SAID_MORE,
	    "the server goes on in version 2");
	send_crypto(&c, 1000, span_from(buf_span(&hello), 1000));
	ok(COUNTS(1, 1) && got_client(&hello) &&
		send_crypto(&s, 0, buf_span(&answer)) == QUIC_SAID_NOTHING && got.servers == 1 &&
		!losses(),
	    "… and the client too");

	/* A reserved version, refused; then another connection. */
	begin();
	c = client();
	s = server();
	buf_puts(&d, "\xca\x1a\x2a\x3a\x4a\x08"
		     "any-idea"
		     "\x02"
		     "me");
	while (d.n < 1200)
		buf_putc(&d, 'x');
	ok(quic_starts(buf_span(&d)) && send(&c, buf_span(&d)) == QUIC_SAID_MORE,
	    "reserved version");
	ok(send(&s, SPAN_LIT("\x80\0\0\0\0\x02me\x08"
			     "any-idea\0\0\0\1\x6a\x5a\x4a\x3a")) == QUIC_SAID_MORE,
	    "… is refused");
	send_crypto(&c, 0, span_cut(buf_span(&hello), 0, 1000));
	send_crypto(&c, 1000, span_from(buf_span(&hello), 1000));
	ok(COUNTS(1, 1) && !losses(), "… and version 1 is read");

	begin();
	d.p[1] = 0x12;
	ok(quic_starts(buf_span(&d)) && send(&c, buf_span(&d)) == QUIC_SAID_NOTHING,
	    "unknown version");
	send(&c, buf_span(&d));
	finish();
	ok(stat[NET_LOSS_QUIC_VERSION] == 1 && losses() == 1, "… is a loss, once");
	struct peer again = client();
	send_crypto(&again, 0, span_cut(buf_span(&hello), 0, 1000));
	send_crypto(&again, 1000, span_from(buf_span(&hello), 1000));
	ok(COUNTS(1, 1), "… and version 1 after it is read");
}

static void test_next_connection(void)
{
	HELLO(hello, 300);
	AUTO_BUF struct buf other = BUF_INIT(1 << 16);

	put_hello(&other, 1, 400, 5);
	begin();
	struct peer c = client();
	send_crypto(&c, 0, buf_span(&hello));
	ok(send_short(&c) == QUIC_SAID_NOTHING, "a connection is over");
	c.first = c.dcid = SPAN_LIT("next-one");
	c.number = 0;
	send_crypto(&c, 0, buf_span(&other));
	ok(COUNTS(2, 2) && got_client(&other) && !losses(), "the next one on the same two ports");
	c = client();
	ok(send_crypto(&c, 0, span_cut(buf_span(&hello), 0, 100)) == QUIC_SAID_MORE && COUNTS(3, 2),
	    "… and a third");
}

static void test_losses(void)
{
	HELLO(hello, 1500);
	AUTO_BUF struct buf d = BUF_INIT(1 << 16), big = BUF_INIT(1 << 17);

	begin();
	struct peer c = client(), s = server();
	send_crypto(&c, 0, span_cut(buf_span(&hello), 0, 1000));
	finish();
	finish();
	ok(COUNTS(1, 0) && stat[NET_LOSS_GAP] == 1 && losses() == 1,
	    "half a hello: a loss at the end");

	begin();
	c = client();
	send_crypto(&c, 0, span_cut(buf_span(&hello), 0, 1000));
	unsigned more = 0;
	while (send_short(&s) == QUIC_SAID_MORE)
		more++;
	ok(more > 0 && more < 20 && stat[NET_LOSS_GAP] == 1,
	    "half a hello, then data: given up soon");

	begin();
	c = client();
	c.first = SPAN_LIT("a lie");
	send_crypto(&c, 0, span_cut(buf_span(&hello), 0, 1000));
	send_crypto(&c, 0, span_cut(buf_span(&hello), 0, 1000));
	ok(!losses(), "what does not open may be explained later");
	finish();
	ok(COUNTS(0, 0) && stat[NET_LOSS_BAD_QUIC] == 2 && losses() == 2,
	    "… and is a loss in the end");

	begin();
	c = client();
	send_frames(&c, SPAN_LIT("\x06\x00\x01\x01\x1f"));
	ok(COUNTS(1, 0) && stat[NET_LOSS_BAD_QUIC] == 1, "a frame that may not be there");

	begin();
	c = client();
	send_crypto(&c, 0, SPAN_LIT("\x02\0\0\x05hello"));
	ok(stat[NET_LOSS_BAD_QUIC] == 1 && !got.clients, "the client says what servers say");

	begin();
	c = client();
	ok(send_crypto(&c, 0, SPAN_LIT("\x01\x00\x80\x00")) == QUIC_SAID_NOTHING &&
		stat[NET_LOSS_LONG] == 1,
	    "a hello that is too long");
	begin();
	c = client();
	ok(send_crypto(&c, QUIC_HELLO_MAX - 1, SPAN_LIT("ab")) == QUIC_SAID_NOTHING &&
		stat[NET_LOSS_LONG] == 1,
	    "bytes too far on");

	begin();
	put_hello(&big, 1, QUIC_HELLO_MAX, 1);
	c = client();
	for (size_t at = 0; at < big.n; at += 1000)
		send_crypto(&c, at, span_cut(buf_span(&big), at, 1000));
	ok(COUNTS(1, 1) && got_client(&big) && !losses(), "the longest hello there may be");

	begin();
	c = client();
	send_crypto(&c, 0, span_cut(buf_span(&hello), 0, 1000));
	ok(send_frames(&s, SPAN_LIT("\x1c\x02\x00\x04nope")) == QUIC_SAID_NOTHING,
	    "the server hangs up");
	ok(stat[NET_LOSS_GAP] == 1, "… before the hello was there");

	begin();
	ok(!quic_starts(SPAN_LIT("\x80\x08\x12\x34\0\0\0\xa0\0\0\0\1 RTP")) &&
		!quic_starts(SPAN_LIT("\xff\xff\xff\xff\x01\0\0\0\0\0\0\0")) &&
		!quic_starts(SPAN_NONE) && !quic_starts(SPAN_LIT("\xc0\0\0\0")),
	    "what only looks like it");
	ok(quic_starts_late(SPAN_LIT("\xc3\0\0\0\1\4abcd\0\0\4.....")) &&
		!quic_starts_late(SPAN_LIT("\x83\0\0\0\1\4abcd\0\0\4.....")) &&
		!quic_starts_late(SPAN_LIT("\xc3\0\0\0\2\4abcd\0\0\4.....")) &&
		!quic_starts_late(SPAN_NONE) && !quic_starts_late(SPAN_LIT("\xc0\0\0\0\1")),
	    "behind other datagrams: of a version that is known");
	while (d.n < 1300)
		buf_puts(&d, "\xc3Q046\x50 an Initial of Google's");
	ok(quic_starts(buf_span(&d)) && send(&c, buf_span(&d)) == QUIC_SAID_NOTHING &&
		stat[NET_LOSS_QUIC_VERSION] == 1,
	    "gQUIC is a version that is not known");
	begin();
	buf_reset(&d);
	ok(send(&c, SPAN_LIT("\x80\x08\x12\x34\0\0\0\xa0\0\0\0\1 RTP")) == QUIC_SAID_NOT &&
		!losses(),
	    "… is no loss");
	put_initial(&d, &c, SPAN_LIT("\x01"), 1150);
	ok(quic_starts(span_cut(buf_span(&d), 0, 900)) &&
		send(&c, span_cut(buf_span(&d), 0, 900)) == QUIC_SAID_MORE,
	    "an Initial cut short");
	finish();
	ok(stat[NET_LOSS_BAD_QUIC] == 1 && losses() == 1, "… is one");
}

static bool balance(unsigned n)
{
	return stat[NET_STAT_QUIC_INITIALS] == n &&
	       got.clients + stat[NET_LOSS_OPEN_EVICTED] + stat[NET_LOSS_GAP] == n &&
	       got.clients + losses() == n;
}

/* More connections than the table holds: the oldest make room, each is accounted for. */
static void test_full(void)
{
	enum { MANY = 1500 };
	HELLO(hello, 1500);
	HELLO(whole, 200);

	begin_with(QUIC_TABLE_MIN);
	for (unsigned i = 0; i < MANY; i++) {
		struct peer c = client();
		flow_now = i;
		send_crypto(&c, 0, span_cut(buf_span(&hello), 0, 1000));
	}
	flow_now = MANY - 1;
	struct peer c = client();
	c.number = 1;
	send_crypto(&c, 1000, span_from(buf_span(&hello), 1000));
	ok(got.clients == 1 && got_client(&hello), "the newest of many is complete");
	finish();
	ok(stat[NET_LOSS_OPEN_EVICTED] > MANY / 2 && balance(MANY), "… the others are counted");

	begin_with(QUIC_TABLE_MIN);
	for (unsigned i = 0; i < MANY; i++) {
		c = client();
		flow_now = i;
		send_crypto(&c, 0, span_cut(buf_span(&hello), 0, 1000));
		flow_now = rnd(i + 1);
		c = client();
		c.number = 1;
		send_crypto(&c, 1000, span_from(buf_span(&hello), 1000));
	}
	finish();
	ok(got.clients > 0 && stat[NET_STAT_QUIC_INITIALS] >= MANY, "coming and going");

	/* Connections that said their hello make room, and are not taken for strangers later. */
	begin_with(QUIC_TABLE_MIN);
	for (unsigned i = 0; i < 300; i++) {
		c = client();
		flow_now = i;
		send_crypto(&c, 0, span_cut(buf_span(&whole), 0, whole.n));
	}
	for (unsigned i = 0; i < 300; i++) {
		struct peer s = server();
		c = client();
		c.dcid = SPAN_LIT("server-id");
		flow_now = i;
		send_frames(&s, SPAN_LIT("\x02\0\0\0\0"));
		send_frames(&c, SPAN_LIT("\x02\0\0\0\0"));
	}
	finish();
	ok(COUNTS(300, 300) && !losses(), "late packets of connections that made room are no loss");

	/* One connection that wants more than there is. */
	begin_with(QUIC_TABLE_MIN);
	c = client();
	for (size_t at = 0; at < QUIC_HELLO_MAX; at += QUIC_SLAB)
		send_crypto(&c, at + 1, SPAN_LIT("x"));
	finish();
	ok(losses() == 1, "a slab for each byte");
}

static uint32_t hash_of(const uint8_t *p, size_t n)
{
	uint32_t h = 2166136261u;

	for (size_t i = 0; i < n; i++)
		h = (h ^ p[i]) * 16777619u;
	return h;
}

/* Nothing but the hello itself ever comes out of a damaged datagram. */
static void test_damage(void)
{
	HELLO(hello, 300);
	AUTO_BUF struct buf f = BUF_INIT(1 << 16), d = BUF_INIT(1 << 16);
	unsigned bad = 0;

	begin();
	struct peer c = client();
	quic_put_crypto(&f, 0, buf_span(&hello));
	put_initial(&d, &c, buf_span(&f), 320);
	uint32_t want = hash_of(hello.p, hello.n);
	for (size_t i = 0; i < 8 * d.n; i++) {
		flow_now++;
		d.p[i / 8] ^= (uint8_t)(1u << i % 8);
		send(&c, buf_span(&d));
		d.p[i / 8] ^= (uint8_t)(1u << i % 8);
	}
	for (size_t n = 0; n < d.n; n++) {
		flow_now++;
		send(&c, span_cut(buf_span(&d), 0, n));
	}
	bad += got.clients;
	send(&c, buf_span(&d));
	bad += got.clients != 1 || hash_of(got.client, got.client_n) != want;
	is_int(bad, 0, "every bit flipped, every cut");
}

int main(void)
{
	if (quic_crypto_new(&crypto) < 0)
		return 1;
	test_one();
	test_fixed_bit();
	test_two_datagrams();
	test_shuffled();
	test_coalesced();
	test_first_copy();
	test_any_pieces();
	test_server();
	test_overtaken();
	test_hello_retry();
	test_wrong_way_round();
	test_retry();
	test_versions();
	test_next_connection();
	test_losses();
	test_full();
	test_damage();
	quic_table_free(table);
	quic_crypto_free(crypto);
	return tap_done();
}
