/* SPDX-License-Identifier: Apache-2.0 */

/*
 * QUIC: headers, frames, and connections whose keys are known.
 *
 * First byte 0: a datagram. An error is zeroed output, frames go forward, and nothing opens.
 * Else a play: steps of a byte of flags, a byte of flow, two of length, and that many bytes: the
 * frames of an Initial that is sealed with the right keys, or a datagram as it stands. Whatever is
 * played, messages come out whole, sums agree, and playing it again gives the same.
 */

#include "quic_make.h"
#include "sense/net/quic_table.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define CHECK(x) ((x) ? (void)0 : abort())

enum { SERVER = 1, RAW = 2, RETRIED = 4, VERSION_2 = 8, RENAMED = 16, OTHER_WAY = 32 };

static struct quic_crypto *crypto;
static uint64_t stat[NET_STATS];
static struct net_worker worker = { .stat = stat };
static uint64_t seen; /* digest of what was given */
static unsigned clients;

static void remember(struct span message, uint8_t type)
{
	CHECK(message.n >= 4 && message.p[0] == type && message.n <= QUIC_HELLO_MAX);
	CHECK(message.n ==
	      4 + ((size_t)message.p[1] << 16 | (size_t)message.p[2] << 8 | message.p[3]));
	for (size_t i = 0; i < message.n; i++)
		seen = (seen ^ message.p[i]) * 0x100000001b3u;
}

void tls_give_client(struct net_worker *w, struct span message, const struct net_event *at,
    uint32_t quic_version, struct span quic_dcid)
{
	CHECK(quic_family_of(quic_version) && quic_dcid.n <= QUIC_CID_MAX && !at->from_server);
	remember(message, 1);
	clients++;
}

void tls_give_server(struct net_worker *w, struct span message, const struct net_event *at)
{
	CHECK(at->from_server);
	remember(message, 2);
}

static void all_frames(struct span s, int (*next)(struct cur *, struct quic_frame *))
{
	static const struct quic_frame no_frame;
	struct quic_frame f;
	struct cur c = cur_of(s);

	while (cur_left(&c)) {
		size_t before = c.off;
		memset(&f, 0xff, sizeof(f));
		if (next(&c, &f) != QUIC_OK) {
			CHECK(memcmp(&f, &no_frame, sizeof(f)) == 0);
			break;
		}
		CHECK(c.off > before);
	}
}

static void one_datagram(struct span s)
{
	static const struct quic_long no_header;
	struct quic_long h;

	memset(&h, 0xff, sizeof(h));
	if (quic_long_parse(s, &h) == QUIC_OK)
		CHECK(h.type && h.packet.n && h.packet.n <= s.n && h.pn_at <= h.packet.n);
	else
		CHECK(memcmp(&h, &no_header, sizeof(h)) == 0);
	all_frames(s, quic_frame_next);
	all_frames(s, quic_frame_google);
}

static void put_step(struct buf *b, unsigned flags, uint64_t number, struct span frames)
{
	struct span first = flags & RETRIED ? SPAN_LIT("other-id") : SPAN_LIT("first-id");
	struct quic_made m = { .version = flags & VERSION_2 ? QUIC_V2 : QUIC_V1,
		.type = !!(flags & VERSION_2),
		.dcid = flags & SERVER	  ? SPAN_LIT("me")
			: flags & RENAMED ? SPAN_LIT("server")
					  : first,
		.scid = flags & SERVER ? SPAN_LIT("server") : SPAN_LIT("me"),
		.token = flags & RETRIED && !(flags & SERVER) ? SPAN_LIT("token") : SPAN_NONE,
		.number = number };
	enum quic_family family = quic_family_of(m.version);
	uint8_t secret[QUIC_SECRET];
	struct quic_keys k;

	m.pad = frames.n < 4 ? 4 : 0;
	quic_initial_secret(crypto, family, first, secret);
	quic_initial_keys(family, flags & SERVER ? QUIC_SERVER : QUIC_CLIENT, secret, &k);
	quic_make(b, &k, &m, frames);
}

static uint64_t play(struct span s)
{
	/* One table for all plays, each with flows of its own: what others left is settled. */
	static struct quic_table *q;
	static uint64_t flows;
	struct cur c = cur_of(s);
	uint64_t lost = 0;

	memset(stat, 0, sizeof(stat));
	seen = clients = 0;
	flows += 4;
	CHECK(q || quic_table_new(&q, 0) == 0);
	for (unsigned step = 0; cur_left(&c) >= 4 && step < 64; step++) {
		AUTO_BUF struct buf d = BUF_INIT(1 << 18);
		unsigned flags = cur_u8(&c);
		struct net_event at = { .flow = flows + cur_u8(&c) % 4,
			.from_server = !!(flags & SERVER) != !!(flags & OTHER_WAY) };
		size_t n = cur_be16(&c);
		struct span bytes = cur_take(&c, n < cur_left(&c) ? n : cur_left(&c));
		if (flags & RAW)
			buf_put_span(&d, bytes);
		else
			put_step(&d, flags, step, bytes);
		uint8_t *exact = malloc(d.n ? d.n : 1);
		CHECK(exact != NULL);
		if (d.n)
			memcpy(exact, d.p, d.n);
		(void)quic_datagram(&worker, q, span_of(exact, d.n), &at);
		free(exact);
	}
	quic_table_finish(&worker, q);
	for (int i = NET_LOSS_FIRST; i < NET_STATS; i++)
		lost += stat[i];
	/* A hello needs a connection; one without a hello is a loss. */
	CHECK(!clients || stat[NET_STAT_QUIC_INITIALS]);
	CHECK(clients + lost >= stat[NET_STAT_QUIC_INITIALS]);
	return seen + 31 * lost + clients;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (!crypto && quic_crypto_new(&crypto) < 0)
		abort();
	if (!size)
		return 0;
	if (!data[0]) {
		one_datagram(span_of(data + 1, size - 1));
		return 0;
	}
	uint64_t once = play(span_of(data + 1, size - 1));
	CHECK(play(span_of(data + 1, size - 1)) == once);
	return 0;
}
