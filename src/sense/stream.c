/* SPDX-License-Identifier: Apache-2.0 */

#include "sense/stream.h"

#include "base/map.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/random.h>

#define NONE UINT32_MAX
#define KEY_SIZE (2 * 16 + 2 * 2)

enum state {
	FRESH,   /* nothing decided: TLS if the next bytes look like it */
	PASSIVE, /* something else: segment starts are looked at */
	HELLO,   /* inside a ClientHello */
	DNS,
	DONE,    /* nothing more to see */
};

/* A segment that came too early. */
struct ahead {
	struct ahead *next; /* by sequence number */
	uint32_t seq, n;
	uint8_t p[];
};

struct stream {
	uint8_t key[KEY_SIZE];
	uint8_t state;
	bool synced;  /* next is known */
	bool started; /* its SYN was seen */
	uint8_t naheads;
	uint32_t first; /* sequence number behind its SYN */
	uint32_t next;  /* sequence number of the first byte not yet seen */
	uint32_t looked; /* bytes before a hello began */
	uint32_t n, cap, need; /* of buf; need: how much before it is worth parsing */
	uint8_t *buf;
	struct ahead *ahead;
	uint32_t chain; /* next in the bucket */
	uint32_t older, newer;
};

struct streams {
	const struct stream_sink *sink;
	uint32_t max, used, mask;
	uint32_t *bucket;
	struct stream *stream;
	uint32_t oldest, newest;
	size_t held;
	uint64_t seed[2];
	struct tls_hello hello;
	uint8_t scratch[TLS_HELLO_MAX];
};

/* --- the table ------------------------------------------------------------------------------- */

int streams_new(uint32_t max, const struct stream_sink *sink, struct streams **ret_s)
{
	uint32_t buckets = 2;

	while (buckets < max && buckets < 1u << 30)
		buckets *= 2;
	struct streams *s = calloc(1, sizeof(*s));
	if (!s)
		return -ENOMEM;
	s->bucket = reallocarray(NULL, buckets, sizeof(*s->bucket));
	s->stream = calloc(max, sizeof(*s->stream));
	if (!s->bucket || !s->stream || getrandom(s->seed, sizeof(s->seed), 0) != sizeof(s->seed)) {
		streams_free(s);
		return -ENOMEM;
	}
	memset(s->bucket, 0xff, buckets * sizeof(*s->bucket));
	s->sink = sink;
	s->max = max;
	s->mask = buckets - 1;
	s->oldest = s->newest = NONE;
	*ret_s = s;
	return 0;
}

static void drop_ahead(struct streams *s, struct stream *t)
{
	while (t->ahead) {
		struct ahead *a = t->ahead;
		t->ahead = a->next;
		s->held -= a->n;
		free(a);
	}
	t->naheads = 0;
}

static void drop_buf(struct streams *s, struct stream *t)
{
	s->held -= t->cap;
	free(t->buf);
	t->buf = NULL;
	t->n = t->cap = t->need = 0;
}

static void drop_bytes(struct streams *s, struct stream *t)
{
	drop_ahead(s, t);
	drop_buf(s, t);
}

struct streams *streams_free(struct streams *s)
{
	if (!s)
		return NULL;
	for (uint32_t i = 0; i < s->used; i++)
		drop_bytes(s, &s->stream[i]);
	free(s->stream);
	free(s->bucket);
	free(s);
	return NULL;
}

/* A name may be in what this stream has not got together. */
static bool is_undecided(const struct stream *t)
{
	return t->n || t->ahead;
}

/* Gives up on what it has of a hello or message. */
static void lose(struct streams *s, struct stream *t, enum sense_stat why, enum state then)
{
	s->sink->stats->n[why]++;
	drop_bytes(s, t);
	t->state = then;
}

static void lru_unlink(struct streams *s, uint32_t i)
{
	struct stream *t = &s->stream[i];

	*(t->older == NONE ? &s->oldest : &s->stream[t->older].newer) = t->newer;
	*(t->newer == NONE ? &s->newest : &s->stream[t->newer].older) = t->older;
}

static void lru_append(struct streams *s, uint32_t i)
{
	struct stream *t = &s->stream[i];

	t->older = s->newest;
	t->newer = NONE;
	*(s->newest == NONE ? &s->oldest : &s->stream[s->newest].newer) = i;
	s->newest = i;
}

static uint32_t *bucket_of(struct streams *s, const uint8_t *key)
{
	return &s->bucket[siphash13(s->seed, key, KEY_SIZE) & s->mask];
}

/* Takes the oldest stream out of the table; its slot is free then. */
static uint32_t evict(struct streams *s)
{
	uint32_t i = s->oldest;
	struct stream *t = &s->stream[i];
	uint32_t *at = bucket_of(s, t->key);

	while (*at != i)
		at = &s->stream[*at].chain;
	*at = t->chain;
	lru_unlink(s, i);
	if (is_undecided(t))
		s->sink->stats->n[SENSE_LOSS_EVICTED]++;
	drop_bytes(s, t);
	return i;
}

static enum state first_state(const struct packet *p)
{
	return p->sport == 53 || p->dport == 53 ? DNS : FRESH;
}

static void make_key(uint8_t key[KEY_SIZE], const struct packet *p)
{
	memcpy(key, p->src, 16);
	memcpy(key + 16, p->dst, 16);
	memcpy(key + 32, &p->sport, 2);
	memcpy(key + 34, &p->dport, 2);
}

/* The stream of this segment, made if need be; it becomes the newest. */
static struct stream *lookup(struct streams *s, const struct packet *p)
{
	uint8_t key[KEY_SIZE];

	make_key(key, p);
	uint32_t *b = bucket_of(s, key), i = *b;
	while (i != NONE && memcmp(s->stream[i].key, key, KEY_SIZE) != 0)
		i = s->stream[i].chain;
	if (i != NONE) {
		if (s->newest != i) {
			lru_unlink(s, i);
			lru_append(s, i);
		}
		return &s->stream[i];
	}
	i = s->used < s->max ? s->used++ : evict(s);
	struct stream *t = &s->stream[i];
	*t = (struct stream){ .chain = *b };
	memcpy(t->key, key, KEY_SIZE);
	*b = i;
	lru_append(s, i);
	s->sink->stats->n[SENSE_STAT_TCP_STREAMS]++;
	t->state = first_state(p);
	return t;
}

/* --- bytes in order -------------------------------------------------------------------------- */

/* Old streams go until what is held fits; t itself is the newest and stays. */
static void make_room(struct streams *s, const struct stream *t)
{
	for (uint32_t i = s->oldest; s->held > SENSE_HELD_MAX && &s->stream[i] != t;) {
		struct stream *old = &s->stream[i];
		i = old->newer;
		if (is_undecided(old))
			lose(s, old, SENSE_LOSS_EVICTED, DONE);
	}
}

static int keep(struct streams *s, struct stream *t, struct span d)
{
	if (t->n + d.n > t->cap) {
		size_t cap = t->cap ? t->cap : 2048;
		while (cap < t->n + d.n)
			cap *= 2;
		uint8_t *p = realloc(t->buf, cap);
		if (!p)
			return -ENOMEM;
		s->held += cap - t->cap;
		t->buf = p;
		t->cap = (uint32_t)cap;
		make_room(s, t);
	}
	memcpy(t->buf + t->n, d.p, d.n);
	t->n += (uint32_t)d.n;
	return 0;
}

static int feed_hello(struct streams *s, struct stream *t, const struct packet *p, struct span d)
{
	size_t need;

	/* Mostly the whole hello is in one segment, and nothing is copied. */
	bool direct = t->n == 0;
	int rc = direct ? 0 : keep(s, t, d);
	if (rc < 0 || t->n < t->need)
		return rc;
	struct span have = direct ? d : span_of(t->buf, t->n);
	switch (tls_client_hello(have, s->scratch, &s->hello, &need)) {
	case TLS_OK:
		s->sink->on_hello(s->sink->ctx, p, &s->hello);
		drop_bytes(s, t);
		t->state = DONE;
		return 0;
	case TLS_MORE:
		if (need > SENSE_STREAM_MAX) {
			lose(s, t, SENSE_LOSS_LONG, DONE);
			return 0;
		}
		t->need = (uint32_t)need;
		return direct ? keep(s, t, d) : 0;
	case TLS_NOT:
		drop_bytes(s, t);
		t->state = PASSIVE;
		return 0;
	case TLS_LARGE:
		lose(s, t, SENSE_LOSS_LONG, DONE);
		return 0;
	default:
		lose(s, t, SENSE_LOSS_BAD_TLS, DONE);
		return 0;
	}
}

/* RFC 1035 section 4.2.2: two bytes of length, then the message. Returns what is left over. */
static struct span dns_messages(
    struct streams *s, struct stream *t, const struct packet *p, struct span d)
{
	while (d.n >= 2) {
		size_t len = (size_t)d.p[0] << 8 | d.p[1];
		if (d.n - 2 < len)
			break;
		bool good = s->sink->on_dns(s->sink->ctx, p, span_cut(d, 2, len));
		/* Without its start nothing says that this was a length at all. */
		if (!good && !t->started) {
			t->state = DONE;
			return SPAN_NONE;
		}
		d = span_from(d, 2 + len);
	}
	return d;
}

static int feed_dns(struct streams *s, struct stream *t, const struct packet *p, struct span d)
{
	if (t->n == 0) {
		struct span rest = dns_messages(s, t, p, d);
		return rest.n ? keep(s, t, rest) : 0;
	}
	int rc = keep(s, t, d);
	if (rc < 0)
		return rc;
	struct span rest = dns_messages(s, t, p, span_of(t->buf, t->n));
	if (rest.n && rest.p != t->buf)
		memmove(t->buf, rest.p, rest.n);
	t->n = (uint32_t)rest.n;
	if (!t->n)
		drop_buf(s, t);
	return 0;
}

/* d comes at t->next. */
static int feed(struct streams *s, struct stream *t, const struct packet *p, struct span d)
{
	t->next += (uint32_t)d.n;
	if (t->state == FRESH)
		t->state = tls_starts(d) ? HELLO : PASSIVE;
	switch (t->state) {
	case HELLO:
		return feed_hello(s, t, p, d);
	case DNS:
		return feed_dns(s, t, p, d);
	default:
		t->looked += (uint32_t)d.n;
		return 0;
	}
}

/* --- segments -------------------------------------------------------------------------------- */

/* How far a is behind b in sequence space (RFC 9293 section 3.4). */
static int32_t behind(uint32_t a, uint32_t b)
{
	return (int32_t)(a - b);
}

/* Keeps a segment that came early. */
static int wait_for_gap(struct streams *s, struct stream *t, uint32_t seq, struct span d)
{
	struct ahead **at = &t->ahead;

	if (t->naheads == STREAM_AHEAD_MAX || seq - t->next > SENSE_STREAM_MAX) {
		lose(s, t, SENSE_LOSS_GAP, DONE);
		return 0;
	}
	while (*at && behind((*at)->seq, seq) <= 0)
		at = &(*at)->next;
	struct ahead *a = malloc(sizeof(*a) + d.n);
	if (!a)
		return -ENOMEM;
	a->next = *at;
	a->seq = seq;
	a->n = (uint32_t)d.n;
	memcpy(a->p, d.p, d.n);
	*at = a;
	t->naheads++;
	s->held += a->n;
	make_room(s, t);
	return 0;
}

/* Feeds what of d is new; d begins at or before t->next. */
static int feed_new(struct streams *s, struct stream *t, const struct packet *p, uint32_t seq,
    struct span d)
{
	struct span fresh = span_from(d, t->next - seq);

	return fresh.n ? feed(s, t, p, fresh) : 0;
}

static int look_at(struct streams *s, struct stream *t, const struct packet *p, uint32_t seq,
    struct span d);

static int in_order(struct streams *s, struct stream *t, const struct packet *p, uint32_t seq,
    struct span d)
{
	if (!t->synced) {
		t->next = seq;
		t->synced = true;
	}
	if (behind(seq, t->next) > 0)
		return wait_for_gap(s, t, seq, d);
	int rc = feed_new(s, t, p, seq, d);
	while (rc == 0 && t->ahead &&
	    (t->state == PASSIVE || behind(t->ahead->seq, t->next) <= 0)) {
		struct ahead *a = t->ahead;
		struct span early = span_of(a->p, a->n);
		t->ahead = a->next;
		t->naheads--;
		s->held -= a->n;
		rc = t->state == PASSIVE ? look_at(s, t, p, a->seq, early) :
					   feed_new(s, t, p, a->seq, early);
		free(a);
	}
	if (t->state == DONE)
		drop_bytes(s, t);
	return rc;
}

/*
 * A stream that did not begin with TLS: STARTTLS, CONNECT and SOCKS change over later, and then the
 * hello begins a segment. Order does not matter until one does.
 */
static int look_at(struct streams *s, struct stream *t, const struct packet *p, uint32_t seq,
    struct span d)
{
	if (d.n >= 6 && tls_starts(d)) {
		t->state = HELLO;
		t->next = seq;
		return in_order(s, t, p, seq, d);
	}
	t->looked += (uint32_t)d.n;
	if (t->looked > SENSE_STREAM_MAX)
		t->state = DONE;
	return 0;
}

/* A new connection, maybe with the addresses and ports of one before. */
static void on_syn(struct streams *s, struct stream *t, const struct packet *p)
{
	uint32_t first = p->seq + 1;

	if (t->started && t->first == first)
		return; /* sent again */
	if (is_undecided(t))
		s->sink->stats->n[SENSE_LOSS_GAP]++;
	drop_bytes(s, t);
	t->started = t->synced = true;
	t->first = t->next = first;
	t->looked = 0;
	t->state = first_state(p);
	if (t->state == FRESH && p->flags & PACKET_ACK)
		t->state = DONE; /* the side that accepts sends no ClientHello */
}

int streams_segment(struct streams *s, const struct packet *p)
{
	bool syn = p->flags & PACKET_SYN;

	if (!syn && !p->payload.n)
		return 0;
	struct stream *t = lookup(s, p);
	if (syn)
		on_syn(s, t, p);
	if (t->state == DONE || !p->payload.n)
		return 0;
	uint32_t seq = p->seq + syn;
	return t->state == PASSIVE ? look_at(s, t, p, seq, p->payload) :
				     in_order(s, t, p, seq, p->payload);
}

void streams_finish(struct streams *s)
{
	for (uint32_t i = 0; i < s->used; i++)
		if (is_undecided(&s->stream[i]))
			lose(s, &s->stream[i], SENSE_LOSS_GAP, DONE);
}
