/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The table is a log, in which the newest overwrites the oldest, and an index into it.
 *
 *   log     texts (name and end of its chain, once for all addresses of an answer) and places
 *           (client, address, when, which text, the place before of the same pair)
 *   index   sets of SLOTS places by the hash of (client, address): the newest place of each pair
 *
 * A position counts from the first byte ever written; it is in the log as long as it is not more
 * than the log's size behind its head.
 */

#include "sense/net/names.h"

#include "base/map.h"

#include <errno.h>
#include <stdlib.h>

#define SLOTS 8	     /* one cache line */
#define WALK_MAX 8   /* places of one pair that are looked at */
#define REACH_MAX 32 /* names that a question leads to */
#define TURNS_MAX 4  /* through records that are out of order */
#define LATE TS_SECOND /* clocks of interfaces differ */
#define TAG_BITS 24
#define UNIT 8
#define QTYPE_IXFR 251
#define QTYPE_AXFR 252

struct key {
	uint8_t client_family, family;
	uint8_t client[16], address[16];
};

enum kind { PAD = 0, TEXT, PLACE };

struct head {
	uint32_t len; /* of the whole record */
	uint8_t kind;
	bool dead, multicast;
};

struct text {
	struct head h;
	uint16_t name, last; /* lengths; last 0: the same */
	uint8_t bytes[];
};

struct place {
	struct head h;
	uint32_t ttl;
	struct key key;
	uint64_t text, before; /* positions; before 0: none */
	ts since, at; /* first and last answered */
};

struct names {
	uint8_t *log;
	uint64_t *index;
	size_t size, sets;
	uint64_t head, tail; /* positions; the first is UNIT, so that 0 is none */
	bool multicast;
	struct names_stats stats;
};

#define RECORD_MAX (sizeof(struct text) + 2 * DNS_TEXT_MAX)

int names_new(struct names **ret_t, size_t bytes)
{
	struct names *t = calloc(1, sizeof(*t));

	if (!t)
		return -ENOMEM;
	if (bytes < NAMES_MEMORY_MIN)
		bytes = NAMES_MEMORY_MIN;
	for (t->sets = 1; t->sets * 2 * SLOTS * sizeof(*t->index) <= bytes / 4;)
		t->sets *= 2;
	t->size = (bytes - t->sets * SLOTS * sizeof(*t->index)) / UNIT * UNIT;
	t->index = calloc(t->sets * SLOTS, sizeof(*t->index));
	t->log = calloc(1, t->size);
	t->head = t->tail = UNIT;
	t->stats.bytes = bytes;
	if (!t->index || !t->log) {
		names_free(t);
		return -ENOMEM;
	}
	*ret_t = t;
	return 0;
}

struct names *names_free(struct names *t)
{
	if (t) {
		free(t->index);
		free(t->log);
		free(t);
	}
	return NULL;
}

void names_stats(const struct names *t, struct names_stats *ret_s)
{
	*ret_s = t->stats;
}

/* --- the log --- */

static bool is_there(const struct names *t, uint64_t pos)
{
	return pos >= t->tail;
}

static void *at_pos(const struct names *t, uint64_t pos)
{
	return t->log + pos % t->size;
}

static ts holds_until(const struct place *p)
{
	ts ttl = (ts)p->ttl * TS_SECOND;

	ttl = ttl < NAMES_TTL_FLOOR	? NAMES_TTL_FLOOR
	      : ttl > NAMES_TTL_CEILING ? NAMES_TTL_CEILING
					: ttl;
	return p->at < TS_FOREVER - ttl - NAMES_KEEP ? p->at + ttl : TS_FOREVER - NAMES_KEEP;
}

/* Takes records off the end until there are n bytes. */
static void make_room(struct names *t, uint64_t n, ts now)
{
	while (t->tail < t->head && t->head + n - t->tail > t->size) {
		const struct head *h = at_pos(t, t->tail);
		if (h->kind == PLACE && !h->dead && holds_until((const struct place *)h) > now)
			t->stats.forgotten++;
		t->tail += h->len;
	}
}

/* Room for a record of len bytes, which does not wrap. */
static void *append(struct names *t, size_t len, enum kind kind, ts now, uint64_t *ret_pos)
{
	len = (len + UNIT - 1) / UNIT * UNIT;
	size_t to_end = t->size - t->head % t->size;
	if (len > to_end) {
		make_room(t, to_end, now);
		*(struct head *)at_pos(t, t->head) =
		    (struct head){ (uint32_t)to_end, PAD, true, false };
		t->head += to_end;
	}
	make_room(t, len, now);
	struct head *h = at_pos(t, t->head);
	*h = (struct head){ (uint32_t)len, (uint8_t)kind, false, false };
	*ret_pos = t->head;
	t->head += len;
	return h;
}

/* It will be gone soon: worth to be written again. */
static bool is_old(const struct names *t, uint64_t pos)
{
	return t->head - pos > t->size / 2;
}

static struct span text_name(const struct names *t, uint64_t pos)
{
	const struct text *x = at_pos(t, pos);
	return span_of(x->bytes, x->name);
}

static struct span text_last(const struct names *t, uint64_t pos)
{
	const struct text *x = at_pos(t, pos);
	return x->last ? span_of(x->bytes + x->name, x->last) : text_name(t, pos);
}

/* --- the index --- */

static uint64_t hash_key(const struct key *k)
{
	return siphash13(siphash_seed(), k, sizeof(*k));
}

static uint64_t slot_of(uint64_t pos, uint64_t hash)
{
	return pos / UNIT << TAG_BITS | (hash & ((1u << TAG_BITS) - 1));
}

static uint64_t *set_of(const struct names *t, uint64_t hash)
{
	return t->index + (hash >> TAG_BITS) % t->sets * SLOTS;
}

/* The slot of the pair, or the one to take for it: empty, gone, or the oldest. *ret_pos 0: not
 * there. */
static uint64_t *find_slot(
    const struct names *t, const struct key *k, uint64_t hash, uint64_t *ret_pos)
{
	uint64_t *set = set_of(t, hash), *take = set;

	for (int i = 0; i < SLOTS; i++) {
		uint64_t pos = set[i] >> TAG_BITS << 3;
		if ((set[i] ^ hash) << (64 - TAG_BITS) == 0 && is_there(t, pos) &&
		    memcmp(&((const struct place *)at_pos(t, pos))->key, k, sizeof(*k)) == 0) {
			*ret_pos = pos;
			return &set[i];
		}
		if (set[i] >> TAG_BITS < *take >> TAG_BITS)
			take = &set[i];
	}
	*ret_pos = 0;
	return take;
}

/* --- learning --- */

/* An answer at hand: what of it is in the log already. */
struct answer {
	struct key key;
	struct span name, last;
	ts since, at;
	uint32_t ttl;
	bool multicast;
	uint64_t text; /* of the name and last that were written last; 0: none */
};

static uint64_t put_text(struct names *t, struct answer *a)
{
	if (a->text && is_there(t, a->text) && !is_old(t, a->text) &&
	    span_eq(text_name(t, a->text), a->name) && span_eq(text_last(t, a->text), a->last))
		return a->text;
	bool chain = !span_eq(a->name, a->last);
	size_t n = a->name.n + (chain ? a->last.n : 0);
	struct text *x = append(t, sizeof(*x) + n, TEXT, a->at, &a->text);
	x->name = (uint16_t)a->name.n;
	x->last = (uint16_t)(chain ? a->last.n : 0);
	memcpy(x->bytes, a->name.p, a->name.n);
	if (chain)
		memcpy(x->bytes + a->name.n, a->last.p, a->last.n);
	return a->text;
}

/* The place of the pair that says the same already; one that says it of another chain ends. Since
 * when the pair has the name stays known. */
static struct place *find_same(struct names *t, struct answer *a, uint64_t pos)
{
	for (int i = 0; i < WALK_MAX && pos && is_there(t, pos); i++) {
		struct place *p = at_pos(t, pos);
		if (!p->h.dead && is_there(t, p->text) && span_eq(text_name(t, p->text), a->name)) {
			bool same = span_eq(text_last(t, p->text), a->last);
			if (same && !is_old(t, pos) && !is_old(t, p->text))
				return p;
			p->h.dead = true;
			a->since = p->since < a->since ? p->since : a->since;
			return NULL;
		}
		pos = p->before;
	}
	return NULL;
}

/* The slot of this place is taken over. */
static void give_up(struct names *t, uint64_t pos)
{
	if (!is_there(t, pos))
		return;
	struct place *p = at_pos(t, pos);
	t->stats.forgotten += !p->h.dead;
	p->h.dead = true;
}

static void learn(struct names *t, struct answer *a)
{
	uint64_t pos, hash = hash_key(&a->key), *slot = find_slot(t, &a->key, hash, &pos);
	struct place *p = find_same(t, a, pos);

	t->stats.learned++;
	if (!p) {
		uint64_t text = put_text(t, a), mine;
		if (!pos)
			give_up(t, *slot >> TAG_BITS << 3);
		p = append(t, sizeof(*p), PLACE, a->at, &mine);
		p->key = a->key;
		p->text = text;
		p->before = is_there(t, pos) ? pos : 0;
		p->since = a->since;
		*slot = slot_of(mine, hash);
	}
	p->h.multicast = a->multicast;
	p->at = a->at;
	p->ttl = a->ttl;
}

/* Where a question leads to. */
struct reached {
	struct span name[REACH_MAX];
	size_t n;
};

static bool has_name(const struct reached *r, struct span name)
{
	for (size_t i = 0; i < r->n; i++)
		if (r->name[i].p == name.p ? r->name[i].n == name.n : span_eq(r->name[i], name))
			return true;
	return false;
}

static bool leads_on(const struct dns_rr *rr)
{
	switch (rr->type) {
	case DNS_CNAME:
	case DNS_SRV:
	case DNS_MX:
	case DNS_SVCB:
	case DNS_HTTPS:
		return rr->section == DNS_ANSWER && rr->class == DNS_CLASS_IN && rr->target.n &&
		       !rr->extra;
	default:
		return false;
	}
}

/* Aliases mostly come in their order; each turn that finds one may open the way for another. */
static void follow(const struct dns_message *m, struct reached *r)
{
	size_t before = 0;

	for (int turn = 0; turn < TURNS_MAX && before != r->n; turn++) {
		before = r->n;
		for (uint32_t i = 0; i < m->n && r->n < REACH_MAX; i++)
			if (leads_on(&m->rr[i]) && has_name(r, m->rr[i].name) &&
			    !has_name(r, m->rr[i].target))
				r->name[r->n++] = m->rr[i].target;
	}
}

static bool is_address(const struct dns_rr *rr, enum net_dns_flavour flavour)
{
	static const uint8_t none[16];
	bool nb = flavour == NET_DNS_NBNS && rr->type == DNS_NB;

	return rr->family && (rr->class == DNS_CLASS_IN || nb) &&
	       (rr->section == DNS_ANSWER || rr->section == DNS_ADDITIONAL) &&
	       memcmp(rr->addr, none, sizeof(none)) != 0;
}

static bool is_everybody(const struct sense_addr *a)
{
	static const uint8_t all[4] = { 255, 255, 255, 255 };

	if (a->family == 6)
		return a->b[0] == 0xff;
	return a->family != 4 || a->b[0] >> 4 == 14 || memcmp(a->b, all, sizeof(all)) == 0;
}

static struct key key_of(const struct sense_addr *client, uint8_t family, const uint8_t address[16])
{
	struct key k = { .family = family };

	if (client) {
		k.client_family = client->family;
		memcpy(k.client, client->b, sizeof(k.client));
	}
	memcpy(k.address, address, sizeof(k.address));
	return k;
}

/* What is to be learned from: a good answer to a question for records. */
static bool is_answer(const struct net_event *e)
{
	const struct dns_message *m = e->dns;

	if (e->kind != NET_DNS || !m->response || m->opcode != DNS_OP_QUERY || m->rcode || !m->n)
		return false;
	const struct dns_rr *q = &m->rr[0];
	if (q->section == DNS_QUESTION)
		return q->class == DNS_CLASS_IN && q->type != QTYPE_AXFR && q->type != QTYPE_IXFR;
	return e->flavour == NET_DNS_MDNS || e->flavour == NET_DNS_NBNS;
}

void names_learn(struct names *t, const struct net_event *e)
{
	struct reached r;
	struct answer a;

	if (!is_answer(e))
		return;
	const struct dns_message *m = e->dns;
	bool asked = m->rr[0].section == DNS_QUESTION && e->flavour != NET_DNS_MDNS;
	r.n = 0;
	if (asked) {
		r.name[r.n++] = m->rr[0].name;
		follow(m, &r);
	}
	a.multicast = is_everybody(&e->client);
	a.at = e->time;
	a.text = 0;
	t->multicast |= a.multicast;
	for (uint32_t i = 0; i < m->n; i++) {
		const struct dns_rr *rr = &m->rr[i];
		bool later =
		    m->part && rr->section == DNS_ANSWER; /* its chain was in another part */
		if (!is_address(rr, e->flavour) || (asked && !later && !has_name(&r, rr->name)))
			continue;
		a.key = key_of(a.multicast ? NULL : &e->client, rr->family, rr->addr);
		a.name = asked ? r.name[0] : rr->name;
		a.last = rr->name;
		a.ttl = rr->ttl;
		a.since = a.at;
		learn(t, &a);
	}
}

/* --- finding --- */

static bool is_before(const struct names_one *a, const struct names_one *b)
{
	return a->expired != b->expired ? !a->expired : a->at > b->at;
}

static void keep(struct names_found *f, const struct names_one *x)
{
	size_t i = 0;

	for (size_t k = 0; k < f->n; k++)
		if (span_eq(f->one[k].name, x->name))
			return;
	if (f->n == NAMES_FOUND_MAX && !is_before(x, &f->one[f->n - 1]))
		return;
	while (i < f->n && !is_before(x, &f->one[i]))
		i++;
	f->n += f->n < NAMES_FOUND_MAX;
	memmove(&f->one[i + 1], &f->one[i], (f->n - 1 - i) * sizeof(*x));
	f->one[i] = *x;
}

static void collect(
    struct names *t, const struct key *k, ts at, ts now, struct names_found *f)
{
	uint64_t pos;

	find_slot(t, k, hash_key(k), &pos);
	for (int i = 0; i < WALK_MAX && pos && is_there(t, pos); i++) {
		const struct place *p = at_pos(t, pos);
		ts until = holds_until(p);
		if (!p->h.dead && is_there(t, p->text) && at <= until + NAMES_KEEP &&
		    (p->since <= at + LATE || p->since > now))
			keep(f, &(struct names_one){ text_name(t, p->text), text_last(t, p->text),
				    p->at, p->ttl, at > until, p->h.multicast });
		pos = p->before;
	}
}

size_t names_find(struct names *t, const struct sense_addr *client,
    const struct sense_addr *address, ts at, ts now, struct names_found *ret_f)
{
	struct key k = key_of(client, address->family, address->b);

	ret_f->n = 0;
	collect(t, &k, at, now, ret_f);
	if (t->multicast) {
		k = key_of(NULL, address->family, address->b);
		collect(t, &k, at, now, ret_f);
	}
	ret_f->ambiguous = ret_f->n > 1 && ret_f->one[1].expired == ret_f->one[0].expired;
	return ret_f->n;
}
