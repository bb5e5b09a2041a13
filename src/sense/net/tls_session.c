/* SPDX-License-Identifier: Apache-2.0 */

/*
 * TLS over TCP: records (RFC 8446 section 5.1) into handshake messages into events. Nothing is kept
 * but where each direction stands; bytes stay in the stream until a hello, or one certificate, is
 * whole. What lies in one record is read where it is.
 */

#include "sense/net/tls_priv.h"

#define RECORD_HEADER 5
#define RECORD_MAX ((1u << 14) + 2048)
#define IDLE_RECORDS_MAX 33 /* before a hello; OpenSSL takes 32 */

enum { CHANGE_CIPHER_SPEC = 20, ALERT, HANDSHAKE, APPLICATION_DATA, HEARTBEAT };

enum { HELLO_REQUEST = 0, OLD_RETRY = 6, CERTIFICATE_URL = 21, SUPPLEMENTAL_DATA = 23 };

enum { /* tls_way.at: what comes next */
	AT_START = 0,
	AT_HELLO,   /* records, the first message */
	AT_MESSAGE, /* another message */
	AT_BLIND,   /* the same, but it may be encrypted */
	AT_SKIP,    /* the rest of a message that is of no interest */
	AT_LIST,    /* the length of the list of certificates */
	AT_CHAIN,   /* a certificate */
	AT_DONE,
};

enum go { GO = 0, GO_MORE, GO_NOT, GO_BROKEN };

struct reader {
	struct net_worker *w;
	struct tls_session *t;
	struct tls_way *way;
	const struct net_stream *s;
	size_t off;  /* taken so far; may be beyond the end, when passing over */
	size_t want; /* behind that */
};

static size_t be16(const uint8_t *p)
{
	return (size_t)p[0] << 8 | p[1];
}

static size_t be24(const uint8_t *p)
{
	return (size_t)p[0] << 16 | be16(p + 1);
}

/* --- what begins --- */

#define START 5 /* bytes of a message that tell whether it is a hello */

/*
 * A record that a server puts up with before a hello: an empty one (OpenSSL), the change of ciphers
 * that TLS 1.3 ignores (GnuTLS). Its length, which may be more than is there; 0: it is another.
 */
static size_t idle_record(struct span s)
{
	static const uint8_t empty[] = { 0, 0 }, change[] = { 0, 1, 1 };
	bool ccs = s.p[0] == CHANGE_CIPHER_SPEC;
	struct span want = ccs ? span_of(change, sizeof(change)) : span_of(empty, sizeof(empty));
	struct span have = s.n > 3 ? span_cut(s, 3, want.n) : SPAN_NONE;

	if ((!ccs && s.p[0] != HANDSHAKE) || (s.n > 1 && s.p[1] != 3) || !span_starts(want, have))
		return 0;
	return 3 + want.n;
}

/* A record with the start of a hello in it. Its version is not looked at (RFC 8446 section 5.1):
 * servers do not, either. */
static bool record_starts(struct span s)
{
	if (s.p[0] != HANDSHAKE || (s.n > 1 && s.p[1] != 3))
		return false;
	if (s.n < RECORD_HEADER)
		return true;
	size_t len = be16(s.p + 3);
	if (len == 0 || len > RECORD_MAX)
		return false;
	/* The message as far as this record holds it: type, length below 2^17, version 3.x or a
	 * draft's. */
	struct span m = span_cut(s, RECORD_HEADER, len);
	if (m.n > 0 && m.p[0] != TLS_CLIENT_HELLO && m.p[0] != TLS_SERVER_HELLO)
		return false;
	if (m.n > 1 && m.p[1] > 1)
		return false;
	return m.n < START || m.p[4] == 3 || (m.p[4] == 0x7f && m.p[0] == TLS_SERVER_HELLO);
}

#define SSLV2_HEADER 11 /* with the lengths of a client's hello */

/* RFC 6101 appendix E.2: an SSLv2 hello is only believed when all its lengths agree. */
static bool sslv2_starts(struct span s)
{
	if (!(s.p[0] & 0x80) || (s.n > 2 && s.p[2] != TLS_CLIENT_HELLO))
		return false;
	if (s.n > 4 && !(be16(s.p + 3) == 2 || (s.p[3] == 3 && s.p[4] <= 4)))
		return false;
	if (s.n < SSLV2_HEADER)
		return true;
	size_t ciphers = be16(s.p + 5), id = be16(s.p + 7), challenge = be16(s.p + 9);
	return (be16(s.p) & 0x7fff) == 9 + ciphers + id + challenge && ciphers &&
	       ciphers % 3 == 0 && (id == 0 || id == 16) && challenge >= 16 && challenge <= 32;
}

/* Where what follows them begins: behind s when that is not there yet. */
static size_t idle_records(struct span s)
{
	size_t at = 0, n;

	for (unsigned i = 0; i < IDLE_RECORDS_MAX && at < s.n; i++) {
		n = idle_record(span_from(s, at));
		if (!n)
			break;
		at += n;
	}
	return at;
}

bool tls_session_starts(struct span s)
{
	size_t at = idle_records(s);

	return at >= s.n || record_starts(span_from(s, at)) || sslv2_starts(s);
}

/* --- reading --- */

static enum go need(struct reader *r, size_t until)
{
	r->want = until - r->off;
	return GO_MORE;
}

/* The header of the record at off, when it is there. */
static enum go record_header(struct reader *r, size_t off, uint8_t *ret_type, size_t *ret_len)
{
	struct span b = r->s->bytes;

	if (off > b.n || b.n - off < RECORD_HEADER)
		return need(r, off + RECORD_HEADER);
	const uint8_t *p = b.p + off;
	*ret_type = p[0];
	*ret_len = be16(p + 3);
	return p[1] == 3 && *ret_len <= RECORD_MAX ? GO : GO_BROKEN;
}

/* On to the next record's content, inside a message; alerts may stand in between. */
static enum go next_fragment(struct reader *r, size_t *off, size_t *left, size_t missing)
{
	uint8_t type;
	size_t len;

	while (*left == 0) {
		enum go g = record_header(r, *off, &type, &len);
		if (g == GO_MORE)
			return need(r, *off + RECORD_HEADER + missing);
		if (g != GO || (type != HANDSHAKE && type != ALERT))
			return GO_BROKEN;
		*off += RECORD_HEADER;
		if (type == HANDSHAKE)
			*left = len;
		else
			*off += len;
	}
	return GO;
}

/* The next n bytes of the handshake, in place or put together; not taken yet: take() does that. */
struct piece {
	struct span bytes;
	size_t off, left; /* behind it */
};

static enum go look(struct reader *r, size_t n, struct piece *ret_p)
{
	struct span b = r->s->bytes;
	size_t off = r->off, left = r->way->record, have = 0;
	uint8_t *room = r->w->tls ? r->w->tls->message : NULL;

	if (left >= n && off <= b.n && b.n - off >= n) {
		*ret_p = (struct piece){ span_of(b.p + off, n), off + n, left - n };
		return GO;
	}
	while (have < n) {
		enum go g = next_fragment(r, &off, &left, n - have);
		if (g != GO)
			return g;
		if (off >= b.n)
			return need(r, off + n - have);
		size_t k = left < n - have ? left : n - have;
		k = k < b.n - off ? k : b.n - off;
		if (!room) {
			r->w->stat[NET_LOSS_MEMORY]++;
			return GO_NOT;
		}
		memcpy(room + have, b.p + off, k);
		have += k;
		off += k;
		left -= k;
	}
	*ret_p = (struct piece){ span_of(room, n), off, left };
	return GO;
}

static void take(struct reader *r, const struct piece *p)
{
	r->off = p->off;
	r->way->record = (uint16_t)p->left;
}

static enum go done(struct reader *r)
{
	r->way->at = AT_DONE;
	return GO;
}

/* It was TLS, and is something else now. */
static enum go broken(struct reader *r)
{
	r->w->stat[NET_LOSS_BAD_TLS] += r->way->at != AT_BLIND;
	return done(r);
}

/* --- messages --- */

static enum go hello(struct reader *r, uint8_t type, size_t n)
{
	struct piece p;

	if (n > 4 + TLS_MESSAGE_MAX) {
		r->w->stat[NET_LOSS_LONG] += r->way->at != AT_BLIND;
		return done(r);
	}
	enum go g = look(r, n, &p);
	if (g != GO)
		return g;
	struct span body = span_from(p.bytes, 4);
	bool good = type == TLS_CLIENT_HELLO
			? tls_client_hello_body(r->w, r->t, body, &r->s->at, false)
			: tls_server_hello_body(r->w, r->t, body, &r->s->at, false);
	if (!good)
		return broken(r);
	take(r, &p);
	r->way->at = AT_MESSAGE;
	return GO;
}

static enum go skip_message(struct reader *r, const struct piece *header, size_t n)
{
	take(r, header);
	r->way->message = (uint32_t)n;
	r->way->at = AT_SKIP;
	return GO;
}

static enum go certificate_message(struct reader *r, const struct piece *header, size_t n)
{
	if (!(r->t->seen & (SEEN_CLIENT | SEEN_SERVER)) || (r->t->seen & SEEN_NO_X509))
		return done(r);
	take(r, header);
	r->way->message = (uint32_t)n;
	r->way->at = AT_LIST;
	return GO;
}

/* Between two messages, at the start of a record. */
static enum go boundary(struct reader *r)
{
	uint8_t seen = r->t->seen, type;
	bool retrying = (seen & SEEN_RETRY) && !(seen & SEEN_SERVER);
	size_t len;
	enum go g = record_header(r, r->off, &type, &len);

	if (g == GO_BROKEN && (len = sniff_tds(span_from(r->s->bytes, r->off))) > 0) {
		r->off += len;
		return GO;
	}
	if (g != GO)
		return g;
	switch (type) {
	case HANDSHAKE:
		r->off += RECORD_HEADER;
		r->way->record = (uint16_t)len;
		return GO;
	case ALERT:
	case HEARTBEAT:
		break;
	case CHANGE_CIPHER_SPEC:
		if (seen & SEEN_SERVER)
			return done(r);
		/* The other side was not seen: a retry, or encrypted from here on. Before anything
		 * was said it means nothing. */
		if (!retrying && (seen || r->way->at != AT_HELLO))
			r->way->at = AT_BLIND;
		break;
	case APPLICATION_DATA:
		if (!retrying && (!(seen & SEEN_EARLY) || (seen & SEEN_SERVER)))
			return done(r);
		break;
	default:
		return GO_BROKEN;
	}
	r->off += RECORD_HEADER + len;
	return GO;
}

static enum go message(struct reader *r)
{
	struct piece header;

	if (r->way->at != AT_HELLO && tls_encrypted_from_here(r->t))
		return done(r);
	if (r->way->record == 0)
		return boundary(r);
	enum go g = look(r, 4, &header);
	if (g != GO)
		return g;
	uint8_t type = header.bytes.p[0];
	size_t n = be24(header.bytes.p + 1);
	switch (type) {
	case TLS_CLIENT_HELLO:
	case TLS_SERVER_HELLO:
		return hello(r, type, 4 + n);
	case TLS_CERTIFICATE:
		return certificate_message(r, &header, n);
	case HELLO_REQUEST:
	case OLD_RETRY:
	case CERTIFICATE_URL:
	case SUPPLEMENTAL_DATA:
		return skip_message(r, &header, n);
	}
	return done(r);
}

static enum go skip(struct reader *r)
{
	struct tls_way *way = r->way;

	while (way->message) {
		size_t left = way->record;
		enum go g = next_fragment(r, &r->off, &left, 1);
		way->record = (uint16_t)left;
		if (g != GO)
			return g;
		size_t k = left < way->message ? left : way->message;
		r->off += k;
		way->record -= (uint16_t)k;
		way->message -= (uint32_t)k;
	}
	way->at = AT_MESSAGE;
	return GO;
}

/* RFC 5246 section 7.4.2: the list's length, then each certificate with its own, all of 3 bytes. */
static enum go certificate_list(struct reader *r)
{
	struct piece p;

	if (r->way->message < 3)
		return GO_BROKEN;
	enum go g = look(r, 3, &p);
	if (g != GO)
		return g;
	r->way->message -= 3;
	if (be24(p.bytes.p) != r->way->message)
		return GO_BROKEN;
	take(r, &p);
	r->way->at = AT_CHAIN;
	return GO;
}

static enum go certificate(struct reader *r)
{
	struct tls_way *way = r->way;
	struct piece p;

	if (way->message == 0 || way->chain == TLS_CHAIN_MAX)
		return done(r);
	if (way->message < 3)
		return GO_BROKEN;
	enum go g = look(r, 3, &p);
	if (g != GO)
		return g;
	size_t n = 3 + be24(p.bytes.p);
	if (n > way->message)
		return GO_BROKEN;
	if (n > TLS_MESSAGE_MAX) {
		r->w->stat[NET_LOSS_LONG]++;
		return done(r);
	}
	g = look(r, n, &p);
	if (g != GO)
		return g;
	take(r, &p);
	way->message -= (uint32_t)n;
	tls_certificate(r->w, r->t, span_from(p.bytes, 3), way->chain++, &r->s->at);
	return GO;
}

/* --- the stream --- */

static enum go sslv2_client(struct reader *r)
{
	struct span b = r->s->bytes;

	if (b.n < SSLV2_HEADER)
		return need(r, SSLV2_HEADER);
	size_t n = 2 + (be16(b.p) & 0x7fff);
	if (b.n < n)
		return need(r, n);
	if (!tls_client_hello_sslv2(r->w, r->t, span_cut(b, 0, n), &r->s->at))
		return GO_NOT;
	r->off += n;
	r->way->at = AT_MESSAGE; /* what follows are records */
	return GO;
}

static enum go sslv2_server(struct reader *r)
{
	struct span b = r->s->bytes;

	if (b.n < 3)
		return need(r, 3);
	size_t n = 2 + (be16(b.p) & 0x7fff);
	if (b.p[2] != 4)
		return GO_NOT;
	if (b.n < n)
		return need(r, n);
	if (!tls_server_hello_sslv2(r->w, r->t, span_cut(b, 0, n), &r->s->at))
		return broken(r);
	r->off += n;
	return done(r);
}

static enum go start(struct reader *r)
{
	struct span b = r->s->bytes;

	if (b.n == 0)
		return need(r, 1);
	if ((r->t->seen & SEEN_SSLV2) && (b.p[0] & 0x80))
		return sslv2_server(r);
	/* Of the other side of TLS, an alert is an answer. */
	bool answer = (r->t->seen & (SEEN_CLIENT | SEEN_SERVER)) && b.p[0] >= CHANGE_CIPHER_SPEC &&
		      b.p[0] <= HEARTBEAT && (b.n < 2 || b.p[1] == 3);
	if (!answer && !tls_session_starts(b))
		return GO_NOT;
	if (b.p[0] & 0x80)
		return sslv2_client(r);
	/* All that record_starts looks at, so that it says the same however the stream is cut. */
	size_t at = answer ? 0 : idle_records(b);
	size_t len = b.n < at + RECORD_HEADER ? 1 : be16(b.p + at + 3);
	size_t until = at + RECORD_HEADER + (answer ? 0 : len < START ? len : START);
	if (b.n < until)
		return need(r, until);
	r->way->at = AT_HELLO;
	return GO;
}

static enum go step(struct reader *r)
{
	switch (r->way->at) {
	case AT_START:
		return start(r);
	case AT_SKIP:
		return skip(r);
	case AT_LIST:
		return certificate_list(r);
	case AT_CHAIN:
		return certificate(r);
	}
	return message(r);
}

/* Does the stream, should it end here, end inside something? */
static bool inside(const struct reader *r)
{
	switch (r->way->at) {
	case AT_HELLO:
	case AT_MESSAGE:
		return r->way->record || r->s->bytes.n > r->off;
	case AT_LIST:
	case AT_CHAIN:
		return true;
	}
	return false;
}

enum net_need tls_session_stream(struct net_worker *w, struct tls_session *t,
    const struct net_stream *s, struct net_step *ret_step)
{
	struct tls_way *way = &t->way[s->from_server];
	struct reader r = { .w = w, .t = t, .way = way, .s = s };
	enum go g = GO;

	if (!s->begun)
		*way = (struct tls_way){ 0 };
	while (way->at != AT_DONE && g == GO)
		g = step(&r);
	*ret_step = (struct net_step){ r.off, r.want };
	if (g == GO_BROKEN)
		(void)broken(&r);
	if (g == GO_NOT) {
		ret_step->took = 0;
		return NET_NOT;
	}
	if (g != GO_MORE)
		return NET_ENOUGH;
	w->stat[NET_LOSS_GAP] += s->over && inside(&r);
	return NET_MORE;
}
