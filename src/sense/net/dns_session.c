/* SPDX-License-Identifier: Apache-2.0 */

/*
 * DNS on the line: datagrams, and messages in a stream, each behind its length (RFC 1035 section
 * 4.2.2, RFC 7766): several in a segment, and one over several.
 */

#include "sense/net/handler.h"

#define LENGTH 2
#define QUESTION_MIN 5
#define RECORD_MIN 11
#define FIRST_MAX 512 /* a first message in a stream that is odd is waited for up to here */
#define PORT_DNS 53
#define DNS_CLASS_CHAOS 3
#define DNS_CLASS_HESIOD 4

static struct dns_room room; /* one worker, one process */

static uint16_t be16(const uint8_t *p)
{
	return (uint16_t)(p[0] << 8 | p[1]);
}

/* Many hosts at once: nobody has such an address by chance. */
static bool is_group(const struct sense_addr *a)
{
	static const uint8_t all[4] = { 255, 255, 255, 255 };

	return a->family == 6 ? a->b[0] == 0xff : a->b[0] >> 4 == 14 || memcmp(a->b, all, 4) == 0;
}

/* The ports of mDNS, LLMNR and NBNS are among those that clients get for something else: both sides
 * have it, or it goes to a group. */
static bool is_sure(enum net_dns_flavour flavour, const struct net_event *at)
{
	return flavour == NET_DNS_PLAIN || at->client.port == at->server.port ||
	       is_group(&at->client) || is_group(&at->server);
}

/* Are n bytes enough for as many records as the head says? */
static bool fits(const uint8_t *p, size_t n)
{
	size_t records = (size_t)be16(p + 6) + be16(p + 8) + be16(p + 10);

	return n >= DNS_HEADER &&
	       QUESTION_MIN * (size_t)be16(p + 4) + RECORD_MIN * records <= n - DNS_HEADER;
}

/* Could this be the head of a message of n bytes? */
static bool plausible(const uint8_t *p, size_t n, enum net_dns_flavour flavour)
{
	unsigned flags = be16(p + 2), opcode = flags >> 11 & 15;
	bool response = flags >> 15;

	if (!fits(p, n))
		return false;
	if (flavour == NET_DNS_NBNS)
		return opcode == 0 || (opcode >= 5 && opcode <= 9) || opcode == 15;
	if (flags & 0x40 || (!response && flags & 0xf && flavour == NET_DNS_PLAIN))
		return false;
	return opcode == DNS_OP_QUERY || opcode == DNS_OP_STATUS || opcode == DNS_OP_NOTIFY ||
	       opcode == DNS_OP_UPDATE || opcode == DNS_OP_DSO;
}

static void count_answers(struct net_worker *w, const struct dns_message *m)
{
	for (uint32_t i = 0; i < m->n; i++)
		w->stat[NET_STAT_DNS_ANSWERS] += m->rr[i].section == DNS_ANSWER && !m->rr[i].extra;
}

/* … and the first one of a stream? One question, or none in the midst of a zone transfer. */
static bool plausible_first(const uint8_t *p, size_t n)
{
	bool query = !(p[2] >> 7), update = (p[2] >> 3 & 15) == DNS_OP_UPDATE;
	unsigned records = be16(p + 6) + be16(p + 8) + (unsigned)be16(p + 10);

	return plausible(p, n, NET_DNS_PLAIN) && be16(p + 4) <= 1 &&
	       (!query || update || records <= 4);
}

/* A message that was parsed into the room, its further parts too. */
static void give(
    struct net_worker *w, struct span message, struct dns_message *m, const struct net_event *at)
{
	struct net_event e = *at;

	e.kind = NET_DNS;
	e.dns = m;
	w->stat[m->response ? NET_STAT_DNS_RESPONSES : NET_STAT_DNS_QUERIES]++;
	for (;;) {
		if (m->response)
			count_answers(w, m);
		int rc = w->failed ? 0 : w->give(w, &e);
		if (rc < 0)
			w->failed = rc;
		if (!m->more)
			return;
		dns_parse_rest(message, &room, m);
	}
}

/* Who sent a datagram is who its QR bit says: ports tell little where both sides use the same one.
 */
static struct net_event sides(const struct net_event *at, bool response)
{
	struct net_event e = *at;

	e.from_server = response;
	if (response != at->from_server) {
		e.client = at->server;
		e.server = at->client;
	}
	return e;
}

/* A query to the port of DNS, or an answer from there. */
static bool has_port(struct span datagram, const struct net_event *at)
{
	bool response = datagram.p[2] >> 7;

	return (response ? at->client.port : at->server.port) == PORT_DNS;
}

/* Has a question that makes sense: what is odd about the rest servers put up with. */
static bool asks(const struct dns_message *m)
{
	unsigned class = m->n ? m->rr[0].class & 0x7fffu : 0;
	bool known = class == DNS_CLASS_IN || class == DNS_CLASS_CHAOS || class == DNS_CLASS_HESIOD ||
	    class == DNS_CLASS_NONE || class == DNS_CLASS_ANY;

	return known && m->rr[0].section == DNS_QUESTION && m->rr[0].type;
}

/* Of a port that anything may have: is it DNS? */
static bool is_message(struct span datagram, enum net_dns_flavour flavour,
    const struct net_event *at, struct dns_message *ret_m)
{
	if (datagram.n < DNS_HEADER)
		return false;
	bool port = has_port(datagram, at);
	if (!port && !plausible(datagram.p, datagram.n, flavour))
		return false;
	if (dns_parse(datagram, (enum dns_flavour)flavour, &room, ret_m) || !ret_m->n)
		return false;
	return port ? asks(ret_m) : !ret_m->more && !ret_m->trailing;
}

bool dns_datagram(struct net_worker *w, struct span datagram, enum net_dns_flavour flavour,
    bool sure, const struct net_event *at)
{
	struct dns_message m;
	int rc = 0;

	if (sure && is_sure(flavour, at))
		rc = dns_parse(datagram, (enum dns_flavour)flavour, &room, &m);
	else if (!is_message(datagram, flavour, at, &m))
		return false;
	bool empty = rc && !m.n;
	if (!empty) {
		struct net_event e = sides(at, m.response);
		e.flavour = flavour;
		give(w, datagram, &m, &e);
	}
	if (m.err)
		w->stat[NET_LOSS_BAD_DNS]++;
	return true;
}

/* Nothing more of this direction can be understood: where the next message begins is not known. */
static enum net_need lost(struct net_worker *w)
{
	w->stat[NET_LOSS_BAD_DNS]++;
	return NET_ENOUGH;
}

static void one(struct net_worker *w, const struct net_stream *s, struct span message)
{
	struct dns_message m;
	int rc = dns_parse(message, DNS_PLAIN, &room, &m);

	if (!rc || m.n)
		give(w, message, &m, &s->at);
	if (m.err)
		w->stat[NET_LOSS_BAD_DNS]++;
}

/* The stream is over inside a message: what is there of it stands. */
static enum net_need cut_short(struct net_worker *w, const struct net_stream *s, struct span rest)
{
	struct dns_message m;

	w->stat[NET_LOSS_GAP]++;
	if (rest.n > LENGTH && (!dns_parse(span_from(rest, LENGTH), DNS_PLAIN, &room, &m) || m.n))
		give(w, span_from(rest, LENGTH), &m, &s->at);
	return NET_ENOUGH;
}

/* A first message that is not what a client begins with: a server answers it with an error, or
 * does not mind, and goes on with the next. */
static enum net_need odd_first(struct span rest, size_t n, struct net_step *step)
{
	struct dns_message m;

	if (n > FIRST_MAX || !fits(rest.p + LENGTH, n))
		return NET_NOT;
	step->want = LENGTH + n;
	if (rest.n < LENGTH + n)
		return NET_MORE;
	if (dns_parse(span_cut(rest, LENGTH, n), DNS_PLAIN, &room, &m) || m.trailing)
		return NET_NOT;
	return asks(&m) ? NET_ENOUGH : NET_NOT;
}

enum net_need dns_stream(
    struct net_worker *w, const struct net_stream *s, struct net_step *ret_step)
{
	struct span rest = s->bytes;

	*ret_step = (struct net_step){ 0, LENGTH + DNS_HEADER };
	while (rest.n >= LENGTH + DNS_HEADER) {
		size_t n = be16(rest.p);
		bool first = !s->begun && !ret_step->took;
		bool good = first ? plausible_first(rest.p + LENGTH, n)
				  : plausible(rest.p + LENGTH, n, NET_DNS_PLAIN);
		if (!good && !first)
			return lost(w);
		enum net_need odd = good ? NET_ENOUGH : odd_first(rest, n, ret_step);
		if (odd == NET_NOT || (odd == NET_MORE && s->over))
			return NET_NOT;
		if (odd == NET_MORE)
			break;
		if (rest.n - LENGTH < n) {
			ret_step->want = LENGTH + n;
			break;
		}
		one(w, s, span_cut(rest, LENGTH, n));
		ret_step->took += LENGTH + n;
		rest = span_from(rest, LENGTH + n);
	}
	if (!s->over)
		return NET_MORE;
	if (!rest.n)
		return NET_ENOUGH;
	return s->begun || ret_step->took || rest.n >= LENGTH + DNS_HEADER ? cut_short(w, s, rest)
									   : NET_NOT;
}
