/* SPDX-License-Identifier: Apache-2.0 */

/*
 * quic_session: finds the hellos in QUIC's Initial packets.
 *
 * A connection's Initial keys come from the destination that its client chose first (RFC 9001
 * section 5.2); later the client names the server by the ID that the server chose, under the same
 * keys. So a client's Initial is tried with the keys at hand, then with those of its own
 * destination: what opens so begins a connection, or goes on with one after a Retry (section 8.1 of
 * RFC 9000), or says that the flow was taken the wrong way round. The version may change on the way
 * (RFC 9368): only the salt and labels change with it.
 *
 * Addresses that change (RFC 9000 section 9) make another flow: nothing is left to learn there,
 * since that is possible only after the handshake.
 */

#include "sense/net/quic_table.h"

#define SHORTS_MAX 8 /* short headers, until a hello that is not complete is given up */
#define HANDSHAKE_HEAD 4

/* The datagram at hand. */
struct visit {
	struct net_worker *w;
	struct quic_table *q;
	const struct net_event *at;
	struct quic_conn *c; /* NULL: the flow has none yet */
};

static bool id_is(const struct quic_id *id, struct span s)
{
	return id->n == s.n && memcmp(id->b, s.p, s.n) == 0;
}

/* s: of a version that is known, so it is no longer. */
static void id_set(struct quic_id *id, struct span s)
{
	id->n = (uint8_t)s.n;
	if (s.n)
		memcpy(id->b, s.p, s.n);
}

static struct quic_conn *conn_of(struct visit *v)
{
	if (!v->c)
		v->c = quic_table_add(v->w, v->q, v->at->flow);
	return v->c;
}

static bool from_server(const struct visit *v)
{
	return v->at->from_server != (v->c && v->c->turned);
}

static void no_more(struct visit *v)
{
	v->c->done = true;
	quic_conn_settle(v->w, v->q, v->c, NET_LOSS_GAP);
}

/* --- does it look like QUIC? --- */

/* A version negotiation names a version that someone may speak. */
static bool names_version(const struct quic_long *h)
{
	struct cur c = cur_of(span_from(h->packet, 7 + h->dcid.n + h->scid.n));

	while (cur_left(&c)) {
		uint32_t version = cur_be32(&c);
		if (quic_family_of(version) || quic_version_reserved(version))
			return true;
	}
	return false;
}

/* "Q046", "T051": Google's own, whose headers are not all those of RFC 8999. */
static bool is_google(uint32_t version)
{
	return version >> 16 == ('Q' << 8 | '0') || version >> 16 == ('T' << 8 | '0');
}

static bool may_be_id(const struct quic_long *h)
{
	return h->dcid.n <= QUIC_CID_MAX && h->scid.n <= QUIC_CID_MAX;
}

bool quic_starts(struct span datagram)
{
	struct quic_long h;

	if (datagram.n < 7 || !(datagram.p[0] & 0x80))
		return false;
	if (quic_long_parse(datagram, &h) != QUIC_OK) {
		/* Of a known version, and damaged: what it would have said is lost. */
		struct cur c = cur_of(span_from(datagram, 1));
		return quic_family_of(cur_be32(&c)) && (datagram.p[0] & 0x40) &&
		       cur_u8(&c) <= QUIC_CID_MAX;
	}
	if (h.type == QUIC_NEGOTIATION)
		return may_be_id(&h) && names_version(&h);
	/* The first datagram of any version that wants an answer is full (section 14.1). */
	if (h.type == QUIC_UNKNOWN && is_google(h.version))
		return h.fixed && datagram.n >= QUIC_DATAGRAM;
	if (h.type == QUIC_UNKNOWN)
		return h.fixed && datagram.n >= QUIC_DATAGRAM && may_be_id(&h) &&
		       h.dcid.n >= QUIC_CID_FIRST;
	return true;
}

bool quic_starts_late(struct span datagram)
{
	struct cur c = cur_of(span_from(datagram, 1));

	return datagram.n >= 7 && datagram.p[0] >= 0xc0 && quic_family_of(cur_be32(&c)) &&
	       quic_starts(datagram);
}

/* --- hellos --- */

enum handshake { CLIENT_HELLO = 1, SERVER_HELLO = 2 };

/* RFC 8446 section 4.1.3: the random of a HelloRetryRequest. */
static bool asks_again(struct span hello)
{
	static const uint8_t random[32] = { 0xcf, 0x21, 0xad, 0x74, 0xe5, 0x9a, 0x61, 0x11, 0xbe,
		0x1d, 0x8c, 0x02, 0x1e, 0x65, 0xb8, 0x91, 0xc2, 0xa2, 0x11, 0x16, 0x7a, 0xbb, 0x8c,
		0x5e, 0x07, 0x9e, 0x09, 0xe2, 0xc8, 0xa8, 0x33, 0x9c };

	return span_starts(span_from(hello, HANDSHAKE_HEAD + 2), span_of(random, sizeof(random)));
}

static void give(struct visit *v, enum quic_side side, struct span hello, uint32_t version)
{
	struct quic_conn *c = v->c;
	struct net_event at = *v->at;

	at.transport = NET_QUIC;
	at.from_server = side == QUIC_SERVER;
	if (c->turned) {
		at.client = v->at->server;
		at.server = v->at->client;
	}
	if (side == QUIC_CLIENT) {
		c->given = true;
		tls_give_client(v->w, hello, &at, version, span_of(c->dcid.b, c->dcid.n));
	} else {
		tls_give_server(v->w, hello, &at);
		c->answered = !asks_again(hello);
		c->given = c->given && c->answered;
	}
	if (c->given && c->answered)
		no_more(v);
}

/* The message that bytes begin with, empty when it is not all there. False: it cannot be. */
static bool whole_message(struct span bytes, enum quic_side side, struct span *ret, bool *ret_long)
{
	size_t n;

	*ret = SPAN_NONE;
	*ret_long = false;
	if (!bytes.n)
		return true;
	if (bytes.p[0] != (side == QUIC_CLIENT ? CLIENT_HELLO : SERVER_HELLO))
		return false;
	if (bytes.n < HANDSHAKE_HEAD)
		return true;
	n = HANDSHAKE_HEAD + ((size_t)bytes.p[1] << 16 | (size_t)bytes.p[2] << 8 | bytes.p[3]);
	*ret_long = n > QUIC_HELLO_MAX;
	if (n <= bytes.n)
		*ret = span_of(bytes.p, n);
	return true;
}

static void lose(struct visit *v, enum net_stat loss)
{
	v->w->stat[loss]++;
	v->c->settled = true;
	no_more(v);
}

/* Gives what is complete. */
static void look(struct visit *v, enum quic_side side, struct span bytes, uint32_t version)
{
	struct quic_stream *s = &v->c->in[side];
	struct span hello;
	bool too_long;

	if (!whole_message(bytes, side, &hello, &too_long))
		lose(v, NET_LOSS_BAD_QUIC);
	else if (too_long)
		lose(v, NET_LOSS_LONG);
	if (!hello.n || v->c->done)
		return;
	s->from += (uint32_t)hello.n;
	s->have = s->from; /* what is behind it is dropped with its slabs */
	give(v, side, hello, version);
	if (!v->c->done)
		quic_stream_drop(v->q, v->c, side);
}

/* --- frames --- */

static int next_frame(struct cur *c, uint32_t version, struct quic_frame *f)
{
	return quic_family_is_google(quic_family_of(version)) ? quic_frame_google(c, f)
							      : quic_frame_next(c, f);
}

static bool frames_good(struct span payload, uint32_t version)
{
	struct cur c = cur_of(payload);
	struct quic_frame f;

	while (cur_left(&c))
		if (next_frame(&c, version, &f) != QUIC_OK)
			return false;
	return payload.n > 0; /* RFC 9000 section 12.4 */
}

/* CRYPTO bytes that are not wanted: they were given, or belong to no message at hand. */
static bool wanted(const struct visit *v, enum quic_side side, const struct quic_frame *f)
{
	const struct quic_conn *c = v->c;

	if (side == QUIC_CLIENT ? c->given : c->answered)
		return false;
	return f->data.n && f->offset + f->data.n > c->in[side].from;
}

static void crypto_frame(
    struct visit *v, enum quic_side side, const struct quic_frame *f, uint32_t version)
{
	struct quic_stream *s = &v->c->in[side];
	enum net_stat loss;

	if (!wanted(v, side, f))
		return;
	/* The usual case: the whole hello in one frame, which is not copied. */
	if (!v->c->slabs && f->offset == s->from) {
		look(v, side, f->data, version);
		if (s->from > f->offset || v->c->done)
			return;
	}
	loss = quic_stream_put(v->w, v->q, v->c, side, f->offset, f->data);
	if (loss)
		lose(v, loss);
	else
		look(v, side, quic_stream_bytes(v->q, v->c, side), version);
}

static void frames(struct visit *v, enum quic_side side, struct span payload, uint32_t version)
{
	struct cur c = cur_of(payload);
	struct quic_frame f;

	if (!frames_good(payload, version)) {
		v->w->stat[NET_LOSS_BAD_QUIC]++;
		return;
	}
	while (cur_left(&c) && !v->c->done && next_frame(&c, version, &f) == QUIC_OK) {
		if (f.type == QUIC_CRYPTO)
			crypto_frame(v, side, &f, version);
		else if (f.type == QUIC_CLOSE)
			no_more(v);
	}
}

/* --- Initials --- */

static bool opens(struct visit *v, const struct quic_keys *k, const struct quic_long *h,
    uint64_t *number, struct span *ret_payload)
{
	return quic_open(v->q->crypto, k, h, number, v->q->plain, ret_payload) == QUIC_OPENED;
}

/* With the keys of the connection, those of the packet's version. */
static bool opens_known(
    struct visit *v, enum quic_side side, const struct quic_long *h, struct span *ret_payload)
{
	struct quic_conn *c = v->c;
	struct quic_keys k = c->keys;
	enum quic_family family = quic_family_of(h->version);
	uint8_t secret[QUIC_SECRET];

	if (family != quic_family_of(c->version)) {
		quic_initial_secret(v->q->crypto, family, span_of(c->dcid.b, c->dcid.n), secret);
		quic_initial_keys(family, side, secret, &k);
	} else if (side == QUIC_SERVER) {
		quic_initial_keys(family, side, c->secret, &k);
	}
	return opens(v, &k, h, &c->number[side], ret_payload);
}

/* A client's Initial whose keys come from its own destination: begins a connection, or goes on
 * with one that was sent back by a Retry: that one's client says the same hello under new keys. */
static bool opens_first(struct visit *v, const struct quic_long *h, struct span *ret_payload)
{
	enum quic_family family = quic_family_of(h->version);
	uint8_t secret[QUIC_SECRET];
	struct quic_keys k;
	struct quic_conn *c;
	uint64_t number = 0;

	quic_initial_secret(v->q->crypto, family, h->dcid, secret);
	quic_initial_keys(family, QUIC_CLIENT, secret, &k);
	if (!opens(v, &k, h, &number, ret_payload))
		return false;
	c = conn_of(v);
	if (c->done || (c->opened && (!h->token.n || !id_is(&c->client, h->scid))))
		quic_conn_renew(v->w, v->q, c);
	if (!c->opened)
		v->w->stat[NET_STAT_QUIC_INITIALS]++;
	c->opened = true;
	c->version = h->version;
	id_set(&c->dcid, h->dcid);
	id_set(&c->client, h->scid);
	c->server.n = 0;
	memcpy(c->secret, secret, sizeof(secret));
	c->keys = k;
	c->number[QUIC_CLIENT] = number;
	c->number[QUIC_SERVER] = 0;
	return true;
}

/* Nothing opens it. It may be a late one of a connection that has made room since. */
static void sealed(struct visit *v)
{
	if (!v->c && quic_table_knew(v->q, v->at->flow))
		return;
	if (!conn_of(v)->opened)
		v->c->bad++;
	else if (!v->c->done)
		v->w->stat[NET_LOSS_BAD_QUIC]++;
}

static void client_initial(struct visit *v, const struct quic_long *h)
{
	struct quic_conn *c = v->c;
	struct span payload;

	/* Sent again, or an acknowledgement: nothing new. */
	if (c && c->given &&
	    (id_is(&c->dcid, h->dcid) || (c->server.n && id_is(&c->server, h->dcid))))
		return;
	if (c && c->opened && opens_known(v, QUIC_CLIENT, h, &payload)) {
		frames(v, QUIC_CLIENT, payload, h->version);
		return;
	}
	if (!(c && c->opened && id_is(&c->dcid, h->dcid)) && opens_first(v, h, &payload)) {
		frames(v, QUIC_CLIENT, payload, h->version);
		return;
	}
	sealed(v);
}

static void server_initial(struct visit *v, const struct quic_long *h)
{
	struct span payload;

	if (v->c && v->c->opened) {
		if (v->c->done)
			return;
		if (!opens_known(v, QUIC_SERVER, h, &payload)) {
			sealed(v);
			return;
		}
		id_set(&v->c->server, h->scid);
		frames(v, QUIC_SERVER, payload, h->version);
		return;
	}
	/* Its keys are not known. It may be the client's after all: who was seen first was taken
	 * for the client. */
	if (opens_first(v, h, &payload)) {
		v->c->turned = !v->c->turned;
		frames(v, QUIC_CLIENT, payload, h->version);
		return;
	}
	sealed(v);
}

/* --- packets --- */

/* The server sends the client back: new keys, from the ID that it gives. */
static void retry(struct visit *v, const struct quic_long *h)
{
	struct quic_conn *c = v->c;

	if (!c || !c->opened || c->given ||
	    !quic_retry_genuine(
		v->q->crypto, quic_family_of(h->version), span_of(c->dcid.b, c->dcid.n), h))
		return;
	/* The hello begins anew. */
	quic_stream_drop(v->q, c, QUIC_CLIENT);
	c->in[QUIC_CLIENT] = (struct quic_stream){ 0 };
}

static void long_header(struct visit *v, const struct quic_long *h)
{
	switch (h->type) {
	case QUIC_INITIAL:
		if (from_server(v))
			server_initial(v, h);
		else
			client_initial(v, h);
		break;
	case QUIC_RETRY:
		if (from_server(v))
			retry(v, h);
		break;
	case QUIC_UNKNOWN:
		/* A reserved version gets refused, and then comes another Initial. */
		if (v->c || quic_version_reserved(h->version))
			break;
		conn_of(v);
		lose(v, NET_LOSS_QUIC_VERSION);
		break;
	case QUIC_ZERO_RTT:
	case QUIC_HANDSHAKE:
	case QUIC_NEGOTIATION:
		break;
	}
}

/* Keys that come after the Initial's are in use: the hello was said. */
static enum quic_said short_header(struct visit *v)
{
	struct quic_conn *c = v->c;

	if (!c || c->done)
		return QUIC_SAID_NOTHING;
	if (!c->given && c->opened && ++c->shorts < SHORTS_MAX)
		return QUIC_SAID_MORE;
	no_more(v);
	return QUIC_SAID_NOTHING;
}

enum quic_said quic_datagram(
    struct net_worker *w, struct quic_table *q, struct span datagram, const struct net_event *at)
{
	struct visit v = { w, q, at, quic_table_find(q, at->flow) };
	struct span rest = datagram;
	struct quic_long h;

	if (v.c)
		quic_table_touch(q, v.c);
	if (!datagram.n || !(datagram.p[0] & 0x80))
		return short_header(&v);
	if (!v.c && !quic_starts(datagram))
		return QUIC_SAID_NOT;
	if (quic_long_parse(rest, &h) != QUIC_OK)
		sealed(&v);
	/* Coalesced packets (RFC 9000 section 12.2); what comes behind them may be a short header.
	 */
	while (h.packet.n) {
		long_header(&v, &h);
		rest = span_from(rest, h.packet.n);
		if (quic_long_parse(rest, &h) != QUIC_OK)
			break;
	}
	return v.c && v.c->done ? QUIC_SAID_NOTHING : QUIC_SAID_MORE;
}
