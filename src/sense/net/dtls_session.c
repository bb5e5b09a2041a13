/* SPDX-License-Identifier: Apache-2.0 */

/*
 * DTLS (RFC 6347, 9147 up to where it is encrypted): datagrams into records, records into handshake
 * messages, those in pieces put together in the worker's room (the one begun first makes room).
 */

#include "sense/net/tls_priv.h"

#define RECORD_HEADER 13
#define MESSAGE_HEADER 12
#define DATAGRAMS_MAX 64 /* of a flow that are looked at */

enum { CHANGE_CIPHER_SPEC = 20, HANDSHAKE = 22, LAST_TYPE = 26 };

enum { HELLO_VERIFY = 3, CLIENT_KEY_EXCHANGE = 16 };

struct message {
	uint8_t type;
	uint16_t sequence;
	uint32_t length, offset;
	struct span bytes;
};

struct dtls {
	struct net_worker *w;
	struct tls_session *t;
	const struct net_event *at;
	bool over; /* nothing more of the flow is of interest */
};

static uint32_t be(const uint8_t *p, int n)
{
	uint32_t v = 0;

	for (int i = 0; i < n; i++)
		v = v << 8 | p[i];
	return v;
}

/* --- messages --- */

static void certificates(struct dtls *d, struct span body)
{
	unsigned index = 0;

	if ((d->t->seen & SEEN_NO_X509) || !(d->t->seen & (SEEN_CLIENT | SEEN_SERVER)) ||
	    tls_encrypted_from_here(d->t))
		return;
	struct span list = body.n >= 3 ? span_from(body, 3) : SPAN_NONE;
	bool bad = body.n < 3 || be(body.p, 3) != list.n;
	while (!bad && list.n && index < TLS_CHAIN_MAX) {
		size_t n = list.n >= 3 ? be(list.p, 3) : SIZE_MAX;
		bad = list.n < 3 || n > list.n - 3;
		if (bad)
			break;
		tls_certificate(d->w, d->t, span_cut(list, 3, n), index++, d->at);
		list = span_from(list, 3 + n);
	}
	d->w->stat[NET_LOSS_BAD_TLS] += bad;
}

static void whole(struct dtls *d, const struct message *m)
{
	bool good = true;

	switch (m->type) {
	case TLS_CLIENT_HELLO:
		good = tls_client_hello_body(d->w, d->t, m->bytes, d->at, true);
		break;
	case TLS_SERVER_HELLO:
		good = tls_server_hello_body(d->w, d->t, m->bytes, d->at, true);
		break;
	case TLS_CERTIFICATE:
		certificates(d, m->bytes);
		break;
	case CLIENT_KEY_EXCHANGE:
		d->over = true;
		break;
	}
	d->w->stat[NET_LOSS_BAD_TLS] += !good;
}

/* Does its content matter? */
static bool wanted(const struct message *m)
{
	return m->type == TLS_CLIENT_HELLO || m->type == TLS_SERVER_HELLO || m->type == TLS_CERTIFICATE ||
		m->type == CLIENT_KEY_EXCHANGE;
}

/* Sent again: a hello of the same number, and everything before the newest. */
static bool again(const struct dtls *d, const struct message *m)
{
	return m->sequence + 1u <= d->t->way[d->at->from_server].message;
}

static void deliver(struct dtls *d, const struct message *m)
{
	if (again(d, m))
		return;
	d->t->way[d->at->from_server].message = m->sequence + 1u;
	whole(d, m);
}

/* --- pieces --- */

static struct dtls_pieces *pieces_of(struct dtls *d, const struct message *m)
{
	struct dtls_pieces *all = d->w->tls->pieces, *oldest = all;

	for (size_t i = 0; i < DTLS_PIECES_MAX; i++) {
		struct dtls_pieces *p = &all[i];
		if (p->used && p->flow == d->at->flow && p->from_server == d->at->from_server &&
		    p->sequence == m->sequence && p->type == m->type && p->length == m->length)
			return p;
		if (p->used < oldest->used)
			oldest = p;
	}
	d->w->stat[NET_LOSS_GAP] += oldest->used != 0;
	oldest->flow = d->at->flow;
	oldest->from_server = d->at->from_server;
	oldest->type = m->type;
	oldest->sequence = m->sequence;
	oldest->length = m->length;
	oldest->have = 0;
	memset(oldest->got, 0, (m->length + 7) / 8);
	oldest->used = d->at->packet ? d->at->packet : 1;
	return oldest;
}

/* The first copy of a byte counts. */
static void put_piece(struct dtls_pieces *p, const struct message *m)
{
	for (uint32_t i = 0; i < m->bytes.n; i++) {
		uint32_t at = m->offset + i;
		uint8_t bit = (uint8_t)(1u << (at & 7));
		if (p->got[at / 8] & bit)
			continue;
		p->got[at / 8] |= bit;
		p->bytes[at] = m->bytes.p[i];
		p->have++;
	}
}

static void piece(struct dtls *d, const struct message *m)
{
	if (again(d, m))
		return;
	if (m->length > DTLS_MESSAGE_MAX) {
		d->w->stat[NET_LOSS_LONG]++;
		d->t->way[d->at->from_server].message = m->sequence + 1u;
		return;
	}
	if (!d->w->tls) {
		d->w->stat[NET_LOSS_MEMORY]++;
		return;
	}
	struct dtls_pieces *p = pieces_of(d, m);
	put_piece(p, m);
	if (p->have < p->length)
		return;
	struct message all = *m;
	all.bytes = span_of(p->bytes, p->length);
	deliver(d, &all);
	p->used = 0;
}

void tls_room_finish(struct net_worker *w)
{
	for (size_t i = 0; w->tls && i < DTLS_PIECES_MAX; i++) {
		w->stat[NET_LOSS_GAP] += w->tls->pieces[i].used != 0;
		w->tls->pieces[i].used = 0;
	}
}

/* --- records --- */

/* The handshake messages of one record; false: what is in it is none. */
static bool messages(struct dtls *d, struct span s)
{
	while (s.n) {
		if (s.n < MESSAGE_HEADER)
			return false;
		struct message m = { .type = s.p[0], .length = be(s.p + 1, 3),
			.sequence = (uint16_t)be(s.p + 4, 2), .offset = be(s.p + 6, 3) };
		size_t n = be(s.p + 9, 3);
		if (n > s.n - MESSAGE_HEADER || m.offset > m.length || n > m.length - m.offset)
			return false;
		m.bytes = span_cut(s, MESSAGE_HEADER, n);
		s = span_from(s, MESSAGE_HEADER + n);
		if (!wanted(&m))
			continue;
		if (n == m.length)
			deliver(d, &m);
		else
			piece(d, &m);
	}
	return true;
}

static bool is_record(struct span s)
{
	if (s.n < RECORD_HEADER || s.p[0] < CHANGE_CIPHER_SPEC || s.p[0] > LAST_TYPE)
		return false;
	uint32_t version = be(s.p + 1, 2); /* 0x0100: OpenSSL before it was a standard */
	return version == 0xfeff || version == 0xfefd || version == 0x0100;
}

/* Is the first record one that begins a handshake? */
static bool begins(struct span s)
{
	struct span m = span_from(s, RECORD_HEADER);

	return s.p[0] == HANDSHAKE && be(s.p + 3, 2) == 0 && m.n >= MESSAGE_HEADER &&
		(m.p[0] == TLS_CLIENT_HELLO || m.p[0] == TLS_SERVER_HELLO || m.p[0] == HELLO_VERIFY);
}

enum net_need dtls_datagram(struct net_worker *w, struct tls_session *t, struct span datagram,
    const struct net_event *at)
{
	struct dtls d = { .w = w, .t = t, .at = at };
	struct span s = datagram;

	if (!is_record(s) || (!t->datagrams && !begins(s)))
		return t->datagrams ? NET_MORE : NET_NOT; /* of 1.3, encrypted: the unified header */
	t->datagrams++;
	while (is_record(s) && !d.over) {
		size_t n = be(s.p + 11, 2);
		bool plain = be(s.p + 3, 2) == 0;
		struct span content = span_cut(s, RECORD_HEADER, n);
		if (content.n < n) {
			w->stat[NET_LOSS_BAD_TLS] += plain && s.p[0] == HANDSHAKE;
			break;
		}
		if (plain && s.p[0] == HANDSHAKE && !messages(&d, content))
			w->stat[NET_LOSS_BAD_TLS]++;
		d.over |= s.p[0] == CHANGE_CIPHER_SPEC && (t->seen & SEEN_SERVER);
		s = span_from(s, RECORD_HEADER + n);
	}
	return d.over || t->datagrams >= DATAGRAMS_MAX ? NET_ENOUGH : NET_MORE;
}
