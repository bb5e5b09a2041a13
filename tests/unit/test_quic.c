/* SPDX-License-Identifier: Apache-2.0 */

/* QUIC packets, and the protection of Initials: RFC 9001 appendix A, RFC 9369 appendix A. */

#include "base/hex.h"
#include "bytes.h"
#include "quic_make.h"
#include "tap.h"

static struct quic_crypto *crypto;

#define DCID "8394c8f03e515708"
#define SERVER_ID "f067a5502a4262b5"
#define CLIENT_FRAME                                                                               \
	"060040f1010000ed0303ebf8fa56f12939b9584a3896472ec40bb863cfd3e868"                         \
	"04fe3a47f06a2b69484c00000413011302010000c000000010000e00000b6578"                         \
	"616d706c652e636f6dff01000100000a00080006001d00170018001000070005"                         \
	"04616c706e000500050100000000003300260024001d00209370b2c9caa47fba"                         \
	"baf4559fedba753de171fa71f50f1ce15d43e994ec74d748002b000302030400"                         \
	"0d0010000e0403050306030203080408050806002d00020101001c0002400100"                         \
	"3900320408ffffffffffffffff05048000ffff07048000ffff08011001048000"                         \
	"75300901100f088394c8f03e51570806048000ffff"
#define SERVER_FRAMES                                                                              \
	"02000000000600405a020000560303eefce7f7b37ba1d1632e96677825ddf739"                         \
	"88cfc79825df566dc5430b9a045a1200130100002e00330024001d00209d3c94"                         \
	"0d89690b84d08a60993c144eca684d1081287c834d5311bcf32bb9da1a002b00"                         \
	"020304"

/* What the appendices print. Of the client's packet its head and its tag: with the right keys the
 * tag says that the rest is right too. */
static const struct vectors {
	const char *name;
	uint32_t version;
	enum quic_family family;
	const char *key[2], *iv[2], *hp[2]; /* [side] */
	const char *client_head, *client_tag, *server_packet, *retry;
} rfc[] = {
	{ "version 1", QUIC_V1, QUIC_FAMILY_V1,
	    { "1f369613dd76d5467730efcbe3b1a22d", "cf3a5331653c364c88f0f379b6067e37" },
	    { "fa044b2f42a3fd3b46fb255c", "0ac1493ca1905853b0bba03e" },
	    { "9f50449e04a0e810283a1e9933adedd2", "c206b8d9b9f0f37644430b490eeaa314" },
	    "c000000001088394c8f03e5157080000449e7b9aec34", "e221af44860018ab0856972e194cd934",
	    "cf000000010008f067a5502a4262b5004075c0d95a482cd0991cd25b0aac406a"
	    "5816b6394100f37a1c69797554780bb38cc5a99f5ede4cf73c3ec2493a1839b3"
	    "dbcba3f6ea46c5b7684df3548e7ddeb9c3bf9c73cc3f3bded74b562bfb19fb84"
	    "022f8ef4cdd93795d77d06edbb7aaf2f58891850abbdca3d20398c276456cbc4"
	    "2158407dd074ee",
	    "ff000000010008f067a5502a4262b5746f6b656e04a265ba2eff4d829058fb3f0f2496ba" },
	{ "version 2", QUIC_V2, QUIC_FAMILY_V2,
	    { "8b1a0bc121284290a29e0971b5cd045d", "82db637861d55e1d011f19ea71d5d2a7" },
	    { "91f73e2351d8fa91660e909f", "dd13c276499c0249d3310652" },
	    { "45b95e15235d6f45a6b19cbcb0294ba9", "edf6d05c83121201b436e16877593c3a" },
	    "d76b3343cf088394c8f03e5157080000449ea0c95e82", "a18b2faa745b6fe189cf772a9f84cbfc",
	    "dc6b3343cf0008f067a5502a4262b5004075d92faaf16f05d8a4398c47089698"
	    "baeea26b91eb761d9b89237bbf87263017915358230035f7fd3945d88965cf17"
	    "f9af6e16886c61bfc703106fbaf3cb4cfa52382dd16a393e42757507698075b2"
	    "c984c707f0a0812d8cd5a6881eaf21ceda98f4bd23f6fe1a3e2c43edd9ce7ca8"
	    "4bed8521e2e140",
	    "cf6b3343cf0008f067a5502a4262b5746f6b656ec8646ce8bfe33952d955543665dcc7b6" },
};

static bool bytes_are(const void *p, size_t n, const char *hex)
{
	AUTO_BUF struct buf b = BUF_INIT(1 << 16);

	put_hex(&b, hex);
	return span_eq(buf_span(&b), span_of(p, n));
}

static struct quic_keys keys_of(uint32_t version, const char *dcid, enum quic_side side)
{
	AUTO_BUF struct buf id = BUF_INIT(64);
	uint8_t secret[QUIC_SECRET];
	struct quic_keys k;

	put_hex(&id, dcid);
	quic_initial_secret(crypto, quic_family_of(version), buf_span(&id), secret);
	quic_initial_keys(quic_family_of(version), side, secret, &k);
	return k;
}

static void test_keys(const struct vectors *v)
{
	for (int side = 0; side < 2; side++) {
		struct quic_keys k = keys_of(v->version, DCID, side);
		ok(bytes_are(k.key, 16, v->key[side]) && bytes_are(k.iv, 12, v->iv[side]) &&
			bytes_are(k.hp, 16, v->hp[side]),
		    "%s: keys of the %s (A.1)", v->name, side ? "server" : "client");
	}
}

/* Every bit counts, and every byte at the end. */
static bool tamper_proof(const struct quic_keys *k, struct span packet)
{
	uint8_t *copy = exact_copy(packet), out[2048];
	struct span payload;
	struct quic_long h;
	bool good = true;

	for (size_t i = 0; i < 8 * packet.n; i++) {
		uint64_t number = 0;
		copy[i / 8] ^= (uint8_t)(1u << i % 8);
		if (quic_long_parse(span_of(copy, packet.n), &h) == QUIC_OK && h.pn_at &&
		    (quic_open(crypto, k, &h, &number, out, &payload) == QUIC_OPENED || number ||
			payload.n))
			good = false;
		copy[i / 8] ^= (uint8_t)(1u << i % 8);
	}
	free(copy);
	for (size_t n = 0; n < packet.n; n++) {
		copy = exact_copy(span_of(packet.p, n));
		good = good && quic_long_parse(span_of(copy, n), &h) != QUIC_OK && !h.packet.n;
		free(copy);
	}
	return good;
}

static void test_client_packet(const struct vectors *v)
{
	AUTO_BUF struct buf frame = BUF_INIT(2048), id = BUF_INIT(64), packet = BUF_INIT(2048);
	struct quic_keys k = keys_of(v->version, DCID, QUIC_CLIENT);
	uint8_t out[2048];
	uint64_t number = 0;
	struct span payload;
	struct quic_long h;

	put_hex(&frame, CLIENT_FRAME);
	put_hex(&id, DCID);
	struct quic_made m = { .version = v->version,
		.dcid = buf_span(&id),
		.number = 2,
		.pad = 1162,
		.type = v->version == QUIC_V2 };
	quic_make(&packet, &k, &m, buf_span(&frame));
	ok(packet.n == 1200 && bytes_are(packet.p, 22, v->client_head) &&
		bytes_are(packet.p + 1184, 16, v->client_tag),
	    "%s: the client's Initial as printed (A.2)", v->name);
	is_int(quic_long_parse(buf_span(&packet), &h), QUIC_OK, "%s: it is a long header", v->name);
	ok(h.type == QUIC_INITIAL && h.version == v->version && h.fixed && h.pn_at == 18 &&
		span_eq(h.dcid, buf_span(&id)) && !h.scid.n && !h.token.n && h.packet.n == 1200,
	    "%s: … of an Initial", v->name);
	is_int(quic_open(crypto, &k, &h, &number, out, &payload), QUIC_OPENED, "%s: it opens",
	    v->name);
	ok(number == 3 && payload.n == 1162 && span_starts(payload, buf_span(&frame)),
	    "%s: … to what was sealed, with its number", v->name);
	ok(tamper_proof(&k, buf_span(&packet)), "%s: no other bytes open", v->name);
}

static void test_server_packet(const struct vectors *v)
{
	AUTO_BUF struct buf frames = BUF_INIT(2048), packet = BUF_INIT(2048);
	struct quic_keys k = keys_of(v->version, DCID, QUIC_SERVER);
	uint8_t out[2048];
	uint64_t number = 0;
	struct span payload;
	struct quic_long h;

	put_hex(&frames, SERVER_FRAMES);
	put_hex(&packet, v->server_packet);
	ok(quic_long_parse(buf_span(&packet), &h) == QUIC_OK && h.type == QUIC_INITIAL &&
		bytes_are(h.scid.p, h.scid.n, SERVER_ID),
	    "%s: the server's Initial (A.3)", v->name);
	ok(quic_open(crypto, &k, &h, &number, out, &payload) == QUIC_OPENED && number == 2 &&
		span_eq(payload, buf_span(&frames)),
	    "%s: … opens", v->name);
	ok(tamper_proof(&k, buf_span(&packet)), "%s: no other bytes open", v->name);
	k = keys_of(v->version, DCID, QUIC_CLIENT);
	number = 7;
	ok(quic_open(crypto, &k, &h, &number, out, &payload) == QUIC_SEALED && !payload.n &&
		number == 7,
	    "%s: … but not with the client's keys", v->name);
}

static void test_retry(const struct vectors *v)
{
	AUTO_BUF struct buf id = BUF_INIT(64), packet = BUF_INIT(2048);
	struct quic_long h;
	bool good = true;

	put_hex(&id, DCID);
	put_hex(&packet, v->retry);
	ok(quic_long_parse(buf_span(&packet), &h) == QUIC_OK && h.type == QUIC_RETRY &&
		span_eq_str(h.token, "token"),
	    "%s: Retry (A.4)", v->name);
	ok(quic_retry_genuine(crypto, v->family, buf_span(&id), &h), "%s: … is genuine", v->name);
	for (size_t i = 0; i < 8 * packet.n; i++) {
		packet.p[i / 8] ^= (uint8_t)(1u << i % 8);
		if (quic_long_parse(buf_span(&packet), &h) == QUIC_OK && h.type == QUIC_RETRY &&
		    quic_retry_genuine(crypto, v->family, buf_span(&id), &h))
			good = false;
		packet.p[i / 8] ^= (uint8_t)(1u << i % 8);
	}
	ok(good, "%s: … and with no bit changed", v->name);
	id.p[0] ^= 1;
	ok(quic_long_parse(buf_span(&packet), &h) == QUIC_OK &&
		!quic_retry_genuine(crypto, v->family, buf_span(&id), &h),
	    "%s: … nor for another connection", v->name);
}

/* Section 17.1 and appendix A.3 of RFC 9000. */
static void test_numbers(void)
{
	static const struct {
		uint64_t before, number;
		unsigned bytes;
	} t[] = { { 0, 0, 1 }, { 0, 255, 1 }, { 0, 256, 2 }, { 201, 300, 1 }, { 300, 255, 1 },
		{ 0xa82f30eb, 0xa82f9b32, 2 }, { 0xffffff, 0x1000000, 3 }, { 5, 0xfffffff0, 4 } };
	struct quic_keys k = keys_of(QUIC_V1, DCID, QUIC_CLIENT);

	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		AUTO_BUF struct buf packet = BUF_INIT(2048);
		struct quic_made m = { .version = QUIC_V1,
			.dcid = SPAN_LIT("abcdefgh"),
			.number = t[i].number,
			.number_bytes = t[i].bytes,
			.pad = 40 };
		uint64_t number = t[i].before,
			 most = t[i].number + 1 > number ? t[i].number + 1 : number;
		uint8_t out[256];
		struct span payload;
		struct quic_long h;
		quic_make(&packet, &k, &m, SPAN_LIT("\x01"));
		ok(quic_long_parse(buf_span(&packet), &h) == QUIC_OK &&
			quic_open(crypto, &k, &h, &number, out, &payload) == QUIC_OPENED &&
			number == most && payload.n == 40,
		    "number %llu in %u bytes after %llu", (unsigned long long)t[i].number,
		    t[i].bytes, (unsigned long long)t[i].before);
	}
}

static void test_headers(void)
{
	static const struct {
		const char *what, *hex;
		int rc;
		enum quic_type type;
		size_t size;
	} t[] = {
		{ "nothing", "", QUIC_SHORT, 0, 0 },
		{ "short header", "40 0000000100000000", QUIC_NOT_LONG, 0, 0 },
		{ "Initial", "c0 00000001 00 00 00 01 55", QUIC_OK, QUIC_INITIAL, 10 },
		{ "fixed bit clear (RFC 9287)", "80 00000001 00 00 00 01 55", QUIC_OK, QUIC_INITIAL,
		    10 },
		{ "0-RTT", "d0 00000001 00 00 01 55", QUIC_OK, QUIC_ZERO_RTT, 9 },
		{ "Handshake", "e0 00000001 00 00 01 55 ff", QUIC_OK, QUIC_HANDSHAKE, 9 },
		{ "Retry", "f0 00000001 00 00 aa 00112233445566778899aabbccddeeff", QUIC_OK,
		    QUIC_RETRY, 24 },
		{ "Retry without a whole tag", "f0 00000001 00 00 00112233445566778899aabbccddee",
		    QUIC_SHORT, 0, 0 },
		{ "version 2: Initial", "d0 6b3343cf 00 00 00 01 55", QUIC_OK, QUIC_INITIAL, 10 },
		{ "version 2: 0-RTT", "e0 6b3343cf 00 00 01 55", QUIC_OK, QUIC_ZERO_RTT, 9 },
		{ "version 2: Handshake", "f0 6b3343cf 00 00 01 55", QUIC_OK, QUIC_HANDSHAKE, 9 },
		{ "version 2: Retry", "c0 6b3343cf 00 00 00112233445566778899aabbccddeeff", QUIC_OK,
		    QUIC_RETRY, 23 },
		{ "draft 29", "c0 ff00001d 00 00 00 01 55", QUIC_OK, QUIC_INITIAL, 10 },
		{ "draft 34", "c0 ff000022 00 00 00 01 55", QUIC_OK, QUIC_INITIAL, 10 },
		{ "draft 21 is not known", "c0 ff000015 00 00 00 01 55", QUIC_OK, QUIC_UNKNOWN,
		    10 },
		{ "reserved version", "c0 1a2a3a4a 00 00 00 01 55", QUIC_OK, QUIC_UNKNOWN, 10 },
		{ "negotiation", "80 00000000 00 00 00000001", QUIC_OK, QUIC_NEGOTIATION, 11 },
		{ "negotiation without a version", "80 00000000 00 00", QUIC_BAD, 0, 0 },
		{ "negotiation with half a version", "80 00000000 00 00 0000000100", QUIC_BAD, 0,
		    0 },
		{ "length beyond the datagram", "c0 00000001 00 00 00 02 55", QUIC_SHORT, 0, 0 },
		{ "longest length", "c0 00000001 00 00 00 ffffffffffffffff 55", QUIC_SHORT, 0, 0 },
		{ "token", "c0 00000001 00 00 03 aabbcc 01 55", QUIC_OK, QUIC_INITIAL, 13 },
		{ "token beyond the datagram", "c0 00000001 00 00 44aa aabbcc", QUIC_SHORT, 0, 0 },
		{ "longest token", "c0 00000001 00 00 ffffffffffffffff aabbcc", QUIC_SHORT, 0, 0 },
		{ "ID of 20 bytes",
		    "c0 00000001 14 0000000000000000000000000000000000000000 00 00 01 55", QUIC_OK,
		    QUIC_INITIAL, 30 },
		{ "ID of 21 bytes",
		    "c0 00000001 15 000000000000000000000000000000000000000000 00 00 01 55",
		    QUIC_BAD, 0, 0 },
		{ "ID of 21 bytes of an unknown version",
		    "c0 00000005 15 000000000000000000000000000000000000000000 00 00 01 55",
		    QUIC_OK, QUIC_UNKNOWN, 31 },
	};
	static const struct quic_long none;

	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		AUTO_BUF struct buf b = BUF_INIT(256);
		struct quic_long h;
		memset(&h, 0xff, sizeof(h));
		put_hex(&b, t[i].hex);
		uint8_t *copy = exact_copy(buf_span(&b));
		int rc = quic_long_parse(span_of(copy, b.n), &h);
		ok(rc == t[i].rc && h.type == t[i].type && h.packet.n == t[i].size &&
			(rc == QUIC_OK || memcmp(&h, &none, sizeof(h)) == 0),
		    "header: %s", t[i].what);
		free(copy);
	}
}

/* One letter a frame: P, p(ing), A, C, X (close), F (forbidden), S (short). */
static void frame_words(struct span payload, char *out)
{
	struct cur c = cur_of(payload);
	struct quic_frame f;
	int rc = QUIC_OK;

	while (rc == QUIC_OK && cur_left(&c)) {
		rc = quic_frame_next(&c, &f);
		*out++ = rc == QUIC_FORBIDDEN	  ? 'F'
			 : rc == QUIC_SHORT	  ? 'S'
			 : f.type == QUIC_PADDING ? 'P'
			 : f.type == QUIC_PING	  ? 'p'
			 : f.type == QUIC_ACK	  ? 'A'
			 : f.type == QUIC_CRYPTO  ? 'C'
						  : 'X';
	}
	*out = '\0';
}

static void test_frames(void)
{
	static const struct {
		const char *hex, *words;
	} t[] = {
		{ "00", "P" },
		{ "0000000000000000000000000001", "Pp" },
		{ "0101", "pp" },
		{ "02 00 00 00 00", "A" },
		{ "02 05 00 02 00 01 01 02 02 01", "Ap" },
		{ "03 05 00 00 00 01 02 03 01", "Ap" },
		{ "02 05 00 ffffffffffffffff 00 01", "S" },
		{ "02 05 00 02 00 01", "S" },
		{ "03 05 00 00 00 01 02", "S" },
		{ "06 00 02 aabb 00", "CP" },
		{ "06 7fff 02 aabb", "C" },
		{ "06 00 03 aabb", "S" },
		{ "06 00 ffffffffffffffff aabb", "S" },
		{ "06 00 00", "C" },
		{ "1c 02 06 03 616263 00", "XP" },
		{ "1c 02 06 04 616263", "S" },
		{ "1d 02 00", "F" },
		{ "08 00", "F" },
		{ "4006 00 00", "F" },
		{ "1e", "F" },
	};
	char words[32];

	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		AUTO_BUF struct buf b = BUF_INIT(256);
		put_hex(&b, t[i].hex);
		uint8_t *copy = exact_copy(buf_span(&b));
		frame_words(span_of(copy, b.n), words);
		is_str(words, t[i].words, "frames: %s", t[i].hex);
		free(copy);
	}
}

/* RFC 9000 appendix A.1. */
static void test_varints(void)
{
	static const struct {
		const char *hex;
		uint64_t v;
	} t[] = { { "c2197c5eff14e88c", 151288809941952652 }, { "9d7f3e7d", 494878333 },
		{ "7bbd", 15293 }, { "25", 37 }, { "4025", 37 }, { "c0", 0 }, { "9d7f3e", 0 } };

	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		AUTO_BUF struct buf b = BUF_INIT(64);
		put_hex(&b, t[i].hex);
		struct cur c = cur_of(buf_span(&b));
		ok(quic_varint(&c) == t[i].v && (c.err != 0) == (t[i].v == 0), "varint %s",
		    t[i].hex);
	}
}

int main(void)
{
	if (quic_crypto_new(&crypto) < 0)
		return 1;
	test_varints();
	test_headers();
	test_frames();
	for (size_t i = 0; i < ARRAY_LEN(rfc); i++) {
		test_keys(&rfc[i]);
		test_client_packet(&rfc[i]);
		test_server_packet(&rfc[i]);
		test_retry(&rfc[i]);
	}
	test_numbers();
	quic_crypto_free(crypto);
	return tap_done();
}
