/* SPDX-License-Identifier: Apache-2.0 */

/*
 * DTLS (RFC 4347, 6347, 9147): datagrams into records into handshake messages into events. What is
 * whole in its datagram is read there; fragments wait in a few places that all flows share. Of
 * hellos that are sent again the first counts: told by their random and sequence number.
 */

#include "sense/net/tls_priv.h"

#include "base/cur.h"

#define DATAGRAMS_MAX 1000 /* of a flow, until its handshake must be over */

enum { CHANGE_CIPHER_SPEC = 20, HANDSHAKE = 22, APPLICATION_DATA = 23, ACK = 26 };
enum { HELLO_VERIFY_REQUEST = 3, CLIENT_KEY_EXCHANGE = 16 };

struct record {
	uint8_t type;
	uint16_t version, epoch;
	struct span body;
};

/* False: no record in the clear. */
static bool next_record(struct cur *c, struct record *ret_r)
{
	ret_r->type = cur_u8(c);
	ret_r->version = cur_be16(c);
	ret_r->epoch = cur_be16(c);
	cur_skip(c, 6);
	ret_r->body = cur_take(c, cur_be16(c));
	return !c->err && ret_r->type >= CHANGE_CIPHER_SPEC && ret_r->type <= ACK &&
	       (ret_r->version >> 8 == 0xfe || ret_r->version == 0x0100);
}

struct fragment {
	uint8_t type;
	uint16_t sequence;
	uint32_t length, off;
	struct span bytes;
};

static bool next_fragment(struct cur *c, struct fragment *ret_f)
{
	ret_f->type = cur_u8(c);
	ret_f->length = cur_be24(c);
	ret_f->sequence = cur_be16(c);
	ret_f->off = cur_be24(c);
	ret_f->bytes = cur_take(c, cur_be24(c));
	return !c->err && ret_f->off <= ret_f->length &&
	       ret_f->bytes.n <= ret_f->length - ret_f->off;
}

/* --- whole messages --- */

struct side {
	struct net_worker *w;
	struct tls_session *t;
	const struct net_event *at;
};

/* Tells a hello from the one before: never 0. */
static uint32_t hello_key(struct span body, uint16_t sequence)
{
	struct cur c = cur_of(body);

	cur_skip(&c, 2);
	return (cur_be32(&c) ^ (uint32_t)sequence << 8) | 1;
}

static bool certificates(const struct side *s, struct span body)
{
	struct cur c = cur_of(body);
	struct cur list = cur_sub(&c, cur_be24(&c));
	struct tls_way *way = &s->t->way[s->at->from_server];

	if (way->chain || (s->t->seen & SEEN_NO_X509)) /* sent again, or keys */
		return true;
	while (cur_left(&list) && way->chain < TLS_CHAIN_MAX) {
		struct span der = cur_take(&list, cur_be24(&list));
		if (list.err)
			return false;
		tls_certificate(s->w, s->t, der, way->chain++, s->at);
	}
	return !c.err && !cur_left(&c);
}

static void message(const struct side *s, uint8_t type, uint16_t sequence, struct span body)
{
	struct tls_way *way = &s->t->way[s->at->from_server];
	uint32_t key = hello_key(body, sequence);
	bool good;

	if (type == TLS_CERTIFICATE) {
		good = certificates(s, body);
	} else if (way->message == key) {
		good = true;
	} else {
		good = type == TLS_CLIENT_HELLO
			   ? tls_client_hello_body(s->w, s->t, body, s->at, true)
			   : tls_server_hello_body(s->w, s->t, body, s->at, true);
		way->message = key;
	}
	s->w->stat[NET_LOSS_BAD_TLS] += !good;
}

/* --- messages in pieces --- */

static bool same(const struct dtls_pieces *p, const struct side *s, const struct fragment *f)
{
	return p->used && p->flow == s->at->flow && p->from_server == s->at->from_server &&
	       p->type == f->type && p->sequence == f->sequence && p->length == f->length;
}

/* Its place, or the one of longest ago: what was in there is lost. */
static struct dtls_pieces *place(const struct side *s, const struct fragment *f)
{
	struct dtls_pieces *all = s->w->tls->pieces, *oldest = all;

	for (size_t i = 0; i < DTLS_PIECES_MAX; i++) {
		if (same(&all[i], s, f))
			return &all[i];
		if (all[i].used < oldest->used)
			oldest = &all[i];
	}
	s->w->stat[NET_LOSS_MEMORY] += oldest->used != 0;
	oldest->flow = s->at->flow;
	oldest->from_server = s->at->from_server;
	oldest->type = f->type;
	oldest->sequence = f->sequence;
	oldest->length = f->length;
	oldest->have = 0;
	memset(oldest->got, 0, (f->length + 7) / 8);
	return oldest;
}

/* It came whole after all. */
static void forget(const struct side *s, const struct fragment *f)
{
	for (size_t i = 0; s->w->tls && i < DTLS_PIECES_MAX; i++)
		if (same(&s->w->tls->pieces[i], s, f))
			s->w->tls->pieces[i].used = 0;
}

static void gather(const struct side *s, const struct fragment *f)
{
	if (!s->w->tls || f->length > DTLS_MESSAGE_MAX) {
		s->w->stat[s->w->tls ? NET_LOSS_LONG : NET_LOSS_MEMORY] += f->off == 0;
		return;
	}
	struct dtls_pieces *p = place(s, f);
	p->used = s->at->packet + 1;
	for (size_t i = 0; i < f->bytes.n; i++) {
		size_t k = f->off + i;
		uint8_t bit = (uint8_t)(1u << k % 8);
		if (p->got[k / 8] & bit) /* the first one counts */
			continue;
		p->got[k / 8] |= bit;
		p->bytes[k] = f->bytes.p[i];
		p->have++;
	}
	if (p->have < p->length)
		return;
	p->used = 0;
	message(s, p->type, p->sequence, span_of(p->bytes, p->length));
}

void tls_room_finish(struct net_worker *w)
{
	for (size_t i = 0; w->tls && i < DTLS_PIECES_MAX; i++) {
		w->stat[NET_LOSS_GAP] += w->tls->pieces[i].used != 0;
		w->tls->pieces[i].used = 0;
	}
}

/* --- datagrams --- */

/* False: the handshake goes on where it cannot be read, or not at all. */
static bool handshake(const struct side *s, struct span body)
{
	struct cur c = cur_of(body);
	struct fragment f;

	while (cur_left(&c)) {
		if (!next_fragment(&c, &f)) {
			s->w->stat[NET_LOSS_BAD_TLS]++;
			return false;
		}
		if (f.type == CLIENT_KEY_EXCHANGE)
			return false;
		if (f.type != TLS_CLIENT_HELLO && f.type != TLS_SERVER_HELLO &&
		    f.type != TLS_CERTIFICATE)
			continue;
		if (f.bytes.n < f.length) {
			gather(s, &f);
			continue;
		}
		forget(s, &f);
		message(s, f.type, f.sequence, f.bytes);
	}
	return true;
}

/* Does a flow begin with this: a record of the first epoch with a hello in it? */
static bool starts(struct span datagram)
{
	struct cur c = cur_of(datagram), body;
	struct record r;
	struct fragment f;

	if (!next_record(&c, &r) || r.type != HANDSHAKE || r.epoch != 0)
		return false;
	body = cur_of(r.body);
	return next_fragment(&body, &f) && f.type >= TLS_CLIENT_HELLO &&
	       f.type <= HELLO_VERIFY_REQUEST;
}

enum net_need dtls_datagram(
    struct net_worker *w, struct tls_session *t, struct span datagram, const struct net_event *at)
{
	struct net_event e = *at;
	struct side s = { w, t, &e };
	struct cur c = cur_of(datagram);
	struct record r;

	if (!t->datagrams && !starts(datagram))
		return NET_NOT;
	e.transport = NET_DTLS;
	if (t->datagrams++ == DATAGRAMS_MAX)
		return NET_ENOUGH;
	while (cur_left(&c)) {
		if (!next_record(&c, &r) || r.epoch != 0 || r.type == APPLICATION_DATA) {
			w->stat[NET_LOSS_BAD_TLS] += c.err && r.type == HANDSHAKE && r.epoch == 0;
			return t->seen & SEEN_SERVER ? NET_ENOUGH : NET_MORE;
		}
		if (r.type == HANDSHAKE && !handshake(&s, r.body))
			return NET_ENOUGH;
	}
	return tls_encrypted_from_here(t) ? NET_ENOUGH : NET_MORE;
}
