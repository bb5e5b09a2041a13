/* SPDX-License-Identifier: Apache-2.0 */

/* TLS streams and DTLS datagrams into events, however they are cut. */

#include "crypto/hash.h"
#include "sense/net/handler.h"
#include "tap.h"
#include "tls_make.h"

#include <stdlib.h>

/* --- what came out, as text: "C a|S 1301|X 0|…" --- */

static char told[65536];
static uint64_t counts[NET_STATS];
static unsigned wrong_digests;

static int give(struct net_worker *w, const struct net_event *e)
{
	size_t n = strlen(told);
	char *p = told + n;
	size_t room = sizeof(told) - n;

	if (e->kind == NET_TLS_CLIENT)
		snprintf(p, room, "C%s %s|", e->transport == NET_DTLS ? "d" : "",
		    e->client_hello->tls.sni);
	else if (e->kind == NET_TLS_SERVER)
		snprintf(p, room, "%s %04x|", e->server_hello->tls.retry ? "R" : "S",
		    e->server_hello->tls.cipher);
	else
		snprintf(p, room, "X%u%s %zu|", e->certificate->index,
		    e->certificate->from_client ? "c" : "", e->certificate->cert.der.n);
	if (e->kind == NET_CERTIFICATE) {
		struct digest d1, d2;
		struct span der = e->certificate->cert.der;
		wrong_digests += hash_span(DIGEST_SHA256, der, &d1) ||
				 hash_span(DIGEST_SHA1, der, &d2) ||
				 memcmp(d1.b, e->certificate->sha256, 32) != 0 ||
				 memcmp(d2.b, e->certificate->sha1, 20) != 0 ||
				 e->certificate->cert.serial.p[0] != e->certificate->index + 1;
	}
	return 0;
}

static struct net_worker worker = { .stat = counts, .give = give };

static uint64_t losses(void)
{
	uint64_t n = 0;

	for (size_t i = NET_LOSS_FIRST; i < NET_STATS; i++)
		n += counts[i];
	return n;
}

/* --- a connection: both sides' bytes, given `step` at a time --- */

struct way {
	struct span all;
	size_t taken, have, want;
	enum net_need said;
	bool begun;
	unsigned calls;
};

/* As flow.c asks: with what is there, again when `want` more than was taken is there. */
static void feed(struct tls_session *t, struct way *y, size_t have, bool from_server, bool over)
{
	y->have = have < y->all.n ? have : y->all.n;
	while (
	    y->said == NET_MORE && y->taken <= y->have && (y->have - y->taken >= y->want || over)) {
		struct net_step step;
		struct net_stream s = { .bytes = span_cut(y->all, y->taken, y->have - y->taken),
			.from_server = from_server,
			.begun = y->begun,
			.over = over,
			.at = { .transport = NET_TCP, .from_server = from_server, .packet = 1 } };
		uint8_t *copy = exact_copy(s.bytes);
		s.bytes.p = copy;
		y->said = tls_session_stream(&worker, t, &s, &step);
		free(copy);
		y->calls++;
		if (y->said == NET_MORE && step.took + step.want <= s.bytes.n) {
			y->said = NET_NOT; /* it would be asked for ever */
			strcat(told, "STUCK|");
		}
		y->taken += step.took;
		y->want = step.want;
		y->begun |= step.took > 0;
		if (over)
			return;
	}
}

static unsigned calls;

static const char *run(struct span client, struct span server, size_t step, bool cut)
{
	struct tls_session t = { 0 };
	struct way y[2] = { { .all = client, .said = NET_MORE, .want = 1 },
		{ .all = server, .said = NET_MORE, .want = 1 } };

	told[0] = 0;
	memset(counts, 0, sizeof(counts));
	for (size_t n = step; n < client.n + server.n + 2 * step; n += step)
		for (int i = 0; i < 2; i++)
			feed(&t, &y[i], n, i, false);
	for (int i = 0; cut && i < 2; i++)
		feed(&t, &y[i], y[i].all.n, i, true);
	calls = y[0].calls + y[1].calls;
	return told;
}

#define SNI_A "0000 0006 0004 00 0001 61"
#define VERSION_13 "002b 0003 02 0304"

static void client_message(struct buf *b, const char *extensions)
{
	AUTO_BUF struct buf body = BUF_INIT(1 << 17);

	tls_put_client(&body, "0303", "1301 c02f", extensions);
	tls_put_message(b, 1, buf_span(&body));
}

static void server_message(struct buf *b, const char *random, const char *cipher, const char *ext)
{
	AUTO_BUF struct buf body = BUF_INIT(4096);

	tls_put_server(&body, "0303", random, cipher, ext);
	tls_put_message(b, 2, buf_span(&body));
}

static void put_be24(struct buf *b, size_t n)
{
	buf_putc(b, (char)(n >> 16));
	buf_put_be16(b, (uint16_t)n);
}

/* n certificates of `size` bytes, which are hardly any: a serial number, empty names, padding. */
static void certificate_message(struct buf *b, unsigned n, size_t size)
{
	AUTO_BUF struct buf body = BUF_INIT(1 << 21);

	put_be24(&body, n * (size + 3));
	for (unsigned i = 0; i < n; i++) {
		put_be24(&body, size);
		put_hex(&body, "3083");
		put_be24(&body, size - 5);
		put_hex(&body, "3083");
		put_be24(&body, size - 10);
		put_hex(&body, "0201");
		buf_putc(&body, (char)(i + 1));
		put_hex(&body, "3000 3000 3000 3000 0483");
		put_be24(&body, size - 26);
		for (size_t k = 26; k < size; k++)
			buf_putc(&body, (char)i);
	}
	tls_put_message(b, 11, buf_span(&body));
}

static void test_12(void)
{
	AUTO_BUF struct buf c = BUF_INIT(1 << 20), m = BUF_INIT(1 << 20), s = BUF_INIT(1 << 20);
	int bad = 0;

	client_message(&m, SNI_A);
	tls_put_records(&c, buf_span(&m), 16384);
	buf_reset(&m);
	certificate_message(&m, 1, 50); /* the client's own */
	put_hex(&m, "10 000002 aaaa");	/* ClientKeyExchange */
	tls_put_records(&c, buf_span(&m), 16384);
	put_hex(&c, "14 0303 0001 01 | 16 0303 0004 deadbeef");
	buf_reset(&m);
	server_message(&m, TLS_RANDOM, "c02f", NULL);
	certificate_message(&m, 3, 100);
	put_hex(&m, "0e 000000"); /* ServerHelloDone */
	tls_put_records(&s, buf_span(&m), 16384);
	put_hex(&s, "14 0303 0001 01 | 16 0303 0004 deadbeef");

	for (size_t step = 1; step < 700; step++) {
		const char *got = run(buf_span(&c), buf_span(&s), step, false);
		/* which side comes first depends on the step */
		if (strlen(got) != strlen("C a|S c02f|X0 100|X1 100|X2 100|X0c 50|") ||
		    !strstr(got, "C a|") || !strstr(got, "S c02f|") || !strstr(got, "X0c 50|") ||
		    !strstr(got, "X0 100|X1 100|X2 100|") || losses())
			bad++, diag("step %zu: %s", step, got);
	}
	is_int(bad, 0, "TLS 1.2 in steps of 1 to 699 bytes");
	is_int(counts[NET_STAT_TLS_CERTIFICATES], 4, "certificates are counted");
	for (size_t size = 1; size < 500; size++) {
		buf_reset(&s);
		tls_put_records(&s, buf_span(&m), size);
		run(buf_span(&c), buf_span(&s), 1460, false);
		if (counts[NET_STAT_TLS_CERTIFICATES] != 4 || losses())
			bad++, diag("records of %zu: %s", size, told);
	}
	is_int(bad, 0, "in records of 1 to 499 bytes");
	for (size_t n = 0; n < s.n; n += 7) {
		run(buf_span(&c), span_of(s.p, n), 300, true);
		if (counts[NET_LOSS_GAP] > 2 || losses() != counts[NET_LOSS_GAP])
			bad++, diag("cut at %zu: %s", n, told);
	}
	is_int(bad, 0, "cut anywhere it is a gap, never anything else");
}

static void test_13(void)
{
	AUTO_BUF struct buf c = BUF_INIT(1 << 17), m = BUF_INIT(1 << 17), s = BUF_INIT(1 << 17);

	client_message(&m, SNI_A VERSION_13);
	tls_put_records(&c, buf_span(&m), 100);
	put_hex(&c, "14 0303 0001 01 | 17 0303 0004 deadbeef");
	buf_reset(&m);
	server_message(&m, TLS_RANDOM, "1301", "002b 0002 0304");
	tls_put_records(&s, buf_span(&m), 16384);
	put_hex(&s, "14 0303 0001 01 | 17 0303 0004 deadbeef");
	is_str(run(buf_span(&c), buf_span(&s), 5000, true), "C a|S 1301|", "TLS 1.3");
	is_int(losses(), 0, "no loss");
	is_int(calls, 2, "asked once a side");

	buf_reset(&c);
	buf_reset(&s);
	buf_reset(&m);
	client_message(&m, SNI_A VERSION_13);
	tls_put_records(&c, buf_span(&m), 16384);
	put_hex(&c, "14 0303 0001 01");
	tls_put_records(&c, buf_span(&m), 16384);
	put_hex(&c, "17 0303 0004 deadbeef");
	buf_reset(&m);
	server_message(&m, TLS_RETRY_RANDOM, "1301", "002b 0002 0304");
	tls_put_records(&s, buf_span(&m), 16384);
	put_hex(&s, "14 0303 0001 01");
	buf_reset(&m);
	server_message(&m, TLS_RANDOM, "1301", "002b 0002 0304");
	tls_put_records(&s, buf_span(&m), 16384);
	is_str(run(buf_span(&c), buf_span(&s), 5000, true), "C a|C a|R 1301|S 1301|",
	    "HelloRetryRequest: two hellos each, whatever comes first");
	is_str(run(buf_span(&c), SPAN_NONE, 50, true), "C a|C a|", "of the client's side alone");
	is_str(run(SPAN_NONE, buf_span(&s), 50, true), "R 1301|S 1301|", "of the server's alone");
	is_int(losses(), 0, "no loss");

	buf_reset(&c);
	buf_reset(&m);
	client_message(&m, SNI_A VERSION_13 "002a 0000");
	tls_put_records(&c, buf_span(&m), 16384);
	put_hex(&c, "14 0303 0001 01 | 17 0303 0004 deadbeef");
	tls_put_records(&c, buf_span(&m), 16384);
	is_str(
	    run(buf_span(&c), SPAN_NONE, 5, true), "C a|C a|", "early data before a second hello");
}

/* A certificate of 31 bytes. */
#define FAKE "30 83 00001a 30 83 000015 0201 01 3000 3000 3000 3000 04 83 000005 0000000000"

static void test_other(void)
{
	static const struct {
		const char *what, *client, *server, *want;
		uint64_t bad;
	} t[] = {
		{ "plain text", "474554202f20", "", "", 0 },
		{ "an alert as the answer", NULL, "15 0303 0002 0228", "C a|", 0 },
		{ "plain text as the answer", NULL, "485454502f312e31", "C a|", 0 },
		{ "resumption: no certificate", NULL,
		    "16 0303 002a 02 000026 0303" TLS_RANDOM
		    "00 c02f 00 | 14 0303 0001 01 | 16 0303 0002 9999",
		    "C a|S c02f|", 0 },
		{ "an alert before the certificate", NULL,
		    "16 0303 002a 02 000026 0303" TLS_RANDOM
		    "00 c02f 00 | 15 0303 0002 0170 | 16 0303 0029 0b 000025 000022 00001f " FAKE,
		    "C a|S c02f|X0 31|", 0 },
		{ "a certificate longer than its list", NULL,
		    "16 0303 002a 02 000026 0303" TLS_RANDOM
		    "00 c02f 00 | 16 0303 000d 0b 000009 000006 000004 3001aa00",
		    "C a|S c02f|", 1 },
		{ "raw public keys", NULL,
		    "16 0303 0031 02 00002d 0303" TLS_RANDOM
		    "00 c02f 00 0005 0014 0001 02 | 16 0303 000d 0b 000009 000006 000003 3001aa",
		    "C a|S c02f|", 0 },
		{ "something else after the hello", NULL,
		    "16 0303 002a 02 000026 0303" TLS_RANDOM "00 c02f 00 | 485454502f312e31",
		    "C a|S c02f|", 1 },
		{ "a hello that contradicts itself",
		    "16 0301 002d 01 000029 0303" TLS_RANDOM "00 0003 1301 0100", "", "", 1 },
	};

	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		AUTO_BUF struct buf c = BUF_INIT(4096), m = BUF_INIT(4096), s = BUF_INIT(4096);
		client_message(&m, SNI_A);
		if (t[i].client)
			put_hex(&c, t[i].client);
		else
			tls_put_records(&c, buf_span(&m), 16384);
		put_hex(&s, t[i].server);
		run(buf_span(&c), buf_span(&s), 2000, false);
		is_str(told, t[i].want, "%s", t[i].what);
		is_int(losses(), t[i].bad, "%s: losses", t[i].what);
	}
}

static void test_sslv2(void)
{
	AUTO_BUF struct buf c = BUF_INIT(4096), m = BUF_INIT(4096), s = BUF_INIT(4096);

	put_hex(&c, "801f 01 0301 0006 0000 0010 000004 010080 00112233445566778899aabbccddeeff");
	server_message(&m, TLS_RANDOM, "0004", NULL);
	certificate_message(&m, 1, 30);
	tls_put_records(&s, buf_span(&m), 16384);
	run(buf_span(&c), buf_span(&s), 1, false);
	is_str(told, "C |S 0004|X0 30|", "a version 2 hello, answered by TLS");
	buf_reset(&s);
	put_hex(&s, "802e 04 00 01 0002 001f 0003 0001" FAKE "010080 77");
	run(buf_span(&c), buf_span(&s), 5000, false);
	is_str(told, "C |S 0000|X0 31|", "answered by SSL 2");
}

static void test_starts(void)
{
	static const struct {
		const char *hex;
		bool want;
	} t[] = {
		{ "16", true },
		{ "1603", true },
		{ "160301", true },
		{ "16 0301 0100 01", true },
		{ "16 0303 0050 02 00004c 0303", true },
		{ "16 0301 0001 01 16 0301", true },
		{ "17", false },
		{ "1602", false },
		{ "160305", true },
		{ "16 0301 0000", true },
		{ "16 0301 0000 16 0301 0100 01", true },
		{ "16 0301 0000 17", false },
		{ "14", true },
		{ "14 0303 0001 01 16 03ff 0100 01", true },
		{ "14 0303 0001 02", false },
		{ "14 0303 0002", false },
		{ "14 0303 0001 01 17", false },
		{ "16 0301 5001", false },
		{ "16 0301 0004 00", false },
		{ "16 0301 0100 01 02", false },
		{ "16 0301 0100 01 0000fc 0203", false },
		{ "80", true },
		{ "801f 01 0301 0006 0000 0010", true },
		{ "801f 01 0301 0007 0000 0010", false },
		{ "801f 01 0401", false },
		{ "801f 02", false },
		{ "474554", false },
	};

	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		AUTO_BUF struct buf b = BUF_INIT(64);
		put_hex(&b, t[i].hex);
		ok(tls_session_starts(buf_span(&b)) == t[i].want, "%s %s", t[i].hex,
		    t[i].want ? "may be one" : "is none");
	}
}

static void test_large(void)
{
	AUTO_BUF struct buf c = BUF_INIT(1 << 21), m = BUF_INIT(1 << 21), s = BUF_INIT(1 << 21);

	client_message(&m, SNI_A);
	tls_put_records(&c, buf_span(&m), 16384);
	buf_reset(&m);
	server_message(&m, TLS_RANDOM, "c02f", NULL);
	certificate_message(&m, 20, 60000);
	tls_put_records(&s, buf_span(&m), 16384);
	run(buf_span(&c), buf_span(&s), 1460, false);
	is_int(counts[NET_STAT_TLS_CERTIFICATES], 20, "a chain of 1.2 MB");
	buf_reset(&m);
	buf_reset(&s);
	server_message(&m, TLS_RANDOM, "c02f", NULL);
	certificate_message(&m, 1, 70000);
	tls_put_records(&s, buf_span(&m), 16384);
	run(buf_span(&c), buf_span(&s), 1460, false);
	ok(counts[NET_LOSS_LONG] == 1 && losses() == 1, "a certificate of 70 kB is too long");
	/* One byte a record, one byte a segment: asked a few times only. */
	buf_reset(&c);
	buf_reset(&m);
	AUTO_BUF struct buf e = BUF_INIT(1 << 17);
	buf_puts(&e, SNI_A "0015 1f40");
	for (int i = 0; i < 8000; i++)
		buf_puts(&e, "00");
	buf_putc(&e, 0);
	client_message(&m, (const char *)e.p);
	tls_put_records(&c, buf_span(&m), 1);
	is_str(run(buf_span(&c), SPAN_NONE, 1, false), "C a|", "a hello in records of one byte");
	ok(calls < 300, "in %u calls", calls);
	/* Nothing kept without a room: whole records still work. */
	struct tls_room *room = worker.tls;
	worker.tls = NULL;
	run(buf_span(&c), SPAN_NONE, 5000, false);
	is_int(counts[NET_LOSS_MEMORY], 1, "without a room it is a loss");
	worker.tls = room;
}

/* --- DTLS --- */

/* A datagram with one piece of a message. */
static void dtls_piece(struct buf *b, struct span message, unsigned sequence, size_t off, size_t n)
{
	struct span body = span_from(message, 4), part = span_cut(body, off, n);

	put_hex(b, "16 fefd 0000 000000000001");
	buf_put_be16(b, (uint16_t)(12 + part.n));
	buf_put_span(b, span_of(message.p, 4));
	buf_put_be16(b, (uint16_t)sequence);
	buf_putc(b, (char)(off >> 16));
	buf_put_be16(b, (uint16_t)off);
	buf_putc(b, (char)(part.n >> 16));
	buf_put_be16(b, (uint16_t)part.n);
	buf_put_span(b, part);
}

static enum net_need datagram(struct tls_session *t, struct span d, bool from_server, uint64_t flow)
{
	static uint64_t packet;
	struct net_event at = {
		.transport = NET_UDP, .from_server = from_server, .flow = flow, .packet = ++packet
	};
	uint8_t *copy = exact_copy(d);
	enum net_need need = dtls_datagram(&worker, t, span_of(copy, d.n), &at);

	free(copy);
	return need;
}

static void dtls_client(struct buf *m, const char *version)
{
	AUTO_BUF struct buf body = BUF_INIT(4096);

	tls_put_client(&body, version, "c02f", SNI_A);
	tls_put_message(m, 1, buf_span(&body));
}

static void test_dtls(void)
{
	AUTO_BUF struct buf c = BUF_INIT(4096), s = BUF_INIT(4096), x = BUF_INIT(1 << 17),
			    d = BUF_INIT(1 << 17), body = BUF_INIT(4096);
	struct tls_session t = { 0 };

	told[0] = 0;
	memset(counts, 0, sizeof(counts));
	dtls_client(&c, "fefd");
	tls_put_server(&body, "fefd", TLS_RANDOM, "c02f", NULL);
	tls_put_message(&s, 2, buf_span(&body));
	certificate_message(&x, 1, 2000);
	dtls_piece(&d, buf_span(&c), 0, 0, SIZE_MAX);
	is_int(datagram(&t, buf_span(&d), false, 1), NET_MORE, "a hello");
	is_int(datagram(&t, buf_span(&d), false, 1), NET_MORE, "sent again");
	is_str(told, "Cd a|", "is told once");
	buf_reset(&d);
	put_hex(&d, "16 fefd 0000 000000000000 000f 03 000003 0000 000000 000003 feff 00");
	is_int(datagram(&t, buf_span(&d), true, 1), NET_MORE, "HelloVerifyRequest");
	buf_reset(&d);
	dtls_piece(&d, buf_span(&c), 1, 0, SIZE_MAX);
	is_int(datagram(&t, buf_span(&d), false, 1), NET_MORE, "the hello with its cookie");
	is_str(told, "Cd a|Cd a|", "is another");
	/* The certificate's pieces backwards, then the server's hello that was overtaken. */
	for (int off = 2003; off >= 0; off -= 500) {
		buf_reset(&d);
		dtls_piece(&d, buf_span(&x), 2, (size_t)(off - 500 > 0 ? off - 500 : 0), 600);
		is_int(datagram(&t, buf_span(&d), true, 1), NET_MORE, "a piece");
	}
	buf_reset(&d);
	dtls_piece(&d, buf_span(&s), 1, 0, SIZE_MAX);
	is_int(datagram(&t, buf_span(&d), true, 1), NET_MORE, "the server's hello");
	is_str(told, "Cd a|Cd a|X0 2000|S c02f|", "the certificate overtook it");
	buf_reset(&d);
	put_hex(&d, "16 fefd 0001 000000000000 0002 9999");
	is_int(datagram(&t, buf_span(&d), false, 1), NET_ENOUGH, "the next epoch");
	is_int(losses(), 0, "nothing is lost");
}

static void test_dtls_pieces(void)
{
	AUTO_BUF struct buf c = BUF_INIT(4096), d = BUF_INIT(4096);
	struct tls_session t[100];
	int bad = 0;

	dtls_client(&c, "feff");
	size_t n = c.n - 4;
	for (size_t cut = 1; cut < n; cut++) {
		memset(t, 0, sizeof(t));
		told[0] = 0;
		for (int half = 1; half >= 0; half--) {
			buf_reset(&d);
			dtls_piece(&d, buf_span(&c), 0, half ? cut : 0, half ? SIZE_MAX : cut + 5);
			bad += datagram(&t[0], buf_span(&d), false, cut) != NET_MORE;
		}
		bad += strcmp(told, "Cd a|") != 0;
	}
	is_int(bad, 0, "a hello in two pieces that overlap, the second first, cut anywhere");
	memset(counts, 0, sizeof(counts));
	memset(t, 0, sizeof(t));
	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		buf_reset(&d);
		dtls_piece(&d, buf_span(&c), 0, 0, 20);
		bad += datagram(&t[i], buf_span(&d), false, 1000 + i) != NET_MORE;
	}
	tls_room_finish(&worker);
	is_int(losses(), ARRAY_LEN(t), "100 hellos that never end are 100 losses");
	buf_reset(&d);
	dtls_piece(&d, buf_span(&c), 0, 0, SIZE_MAX);
	for (size_t k = 0; k < d.n; k++) {
		memset(t, 0, sizeof(t[0]));
		(void)datagram(&t[0], span_of(d.p, k), false, 1);
		for (unsigned v = 1; v < 256; v += 3) {
			memset(t, 0, sizeof(t[0]));
			d.p[k] ^= (uint8_t)v;
			(void)datagram(&t[0], buf_span(&d), false, 1);
			d.p[k] ^= (uint8_t)v;
		}
	}
	ok(true, "every prefix and changed byte of a datagram");
	buf_reset(&d);
	put_hex(&d, "17 fefd 0001 000000000001 0002 9999");
	memset(t, 0, sizeof(t[0]));
	is_int(
	    datagram(&t[0], buf_span(&d), false, 1), NET_NOT, "data without a handshake is none");
}

/* --- certificates seen before --- */

static void wrap(struct buf *b, const char *before, uint8_t tag)
{
	AUTO_BUF struct buf body = BUF_INIT(1 << 16);

	put_hex(&body, before);
	buf_put_span(&body, buf_span(b));
	buf_reset(b);
	buf_putc(b, (char)tag);
	put_hex(b, "83");
	put_be24(b, body.n);
	buf_put_span(b, buf_span(&body));
}

/* A name beyond those that a certificate may have here is compared with nothing: that is no clean.
 */
static void test_many_names(void)
{
	for (unsigned n = CERTIFICATE_SANS_MAX; n <= CERTIFICATE_SANS_MAX + 1; n++) {
		AUTO_BUF struct buf c = BUF_INIT(4096), m = BUF_INIT(1 << 16);
		AUTO_BUF struct buf s = BUF_INIT(1 << 16), x = BUF_INIT(1 << 16);
		for (unsigned i = 0; i < n; i++)
			put_hex(&x, "8201 61");
		wrap(&x, "", 0x30);
		wrap(&x, "", 0x04);
		wrap(&x, "0603 551d11", 0x30);
		wrap(&x, "", 0x30);
		wrap(&x, "", 0xa3);
		wrap(&x, "a003 020102 0201 01 3000 3000 3000 3000 3000", 0x30);
		wrap(&x, "", 0x30);
		size_t size = x.n;
		AUTO_BUF struct buf list = BUF_INIT(1 << 16);
		put_be24(&list, size + 3);
		put_be24(&list, size);
		buf_put_span(&list, buf_span(&x));
		client_message(&m, SNI_A);
		tls_put_records(&c, buf_span(&m), 16384);
		buf_reset(&m);
		server_message(&m, TLS_RANDOM, "c02f", NULL);
		tls_put_message(&m, 11, buf_span(&list));
		tls_put_records(&s, buf_span(&m), 16384);
		run(buf_span(&c), buf_span(&s), 1 << 20, false);
		is_int(counts[NET_LOSS_LONG], n > CERTIFICATE_SANS_MAX, "%u names", n);
	}
}

static void test_known(void)
{
	AUTO_BUF struct buf c = BUF_INIT(4096), m = BUF_INIT(1 << 20), s = BUF_INIT(1 << 20);
	static char first[65536];

	client_message(&m, SNI_A);
	tls_put_records(&c, buf_span(&m), 16384);
	buf_reset(&m);
	server_message(&m, TLS_RANDOM, "c02f", NULL);
	certificate_message(&m, 50, 300);
	tls_put_records(&s, buf_span(&m), 16384);
	strcpy(first, run(buf_span(&c), buf_span(&s), 5000, false));
	for (int i = 0; i < 3; i++)
		run(buf_span(&c), buf_span(&s), 5000, false);
	is_str(told, first, "50 that repeat give the same");
	struct tls_room *room = worker.tls;
	worker.tls = NULL;
	is_str(run(buf_span(&c), buf_span(&s), 1 << 20, false), first, "as without remembering");
	worker.tls = room;
	is_int(wrong_digests, 0, "each with its own digests and serial number, here and above");
}

int main(void)
{
	if (tls_room_new(&worker.tls) < 0)
		return 1;
	test_12();
	test_13();
	test_other();
	test_sslv2();
	test_starts();
	test_large();
	test_dtls();
	test_dtls_pieces();
	test_many_names();
	test_known();
	worker.tls = tls_room_free(worker.tls);
	return tap_done();
}
