/* SPDX-License-Identifier: Apache-2.0 */

/*
 * wire/dns_message, sense/net/dns_session and names. The first byte chooses: 0 to 3, the rest is a
 * message of that flavour; 4, a stream, in pieces as large as the second byte says.
 *
 * Names are safe text, and where they may point; a part is never empty; twice is the same; a stream
 * says the same in pieces as in one; an address that was learned is found, and nothing else is.
 */

#include "sense/net/handler.h"
#include "sense/net/names.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct dns_room room;
static struct names *names;

static void check(bool good)
{
	if (!good)
		abort();
}

static uint64_t sum_of(uint64_t sum, struct span s)
{
	for (size_t i = 0; i < s.n; i++)
		sum = sum * 33 + s.p[i];
	return sum * 33 + s.n;
}

static uint64_t name(uint64_t sum, struct span s)
{
	check(s.n < DNS_TEXT_MAX);
	for (size_t i = 0; i < s.n; i++)
		check(s.p[i] > 0x20 && s.p[i] < 0x7f && !(s.p[i] >= 'A' && s.p[i] <= 'Z'));
	return sum_of(sum, s);
}

static void inside(struct span s, struct span message)
{
	check(!s.n || (s.p >= message.p && s.p + s.n <= message.p + message.n));
}

static uint64_t record(uint64_t sum, const struct dns_rr *r, struct span message)
{
	check(r->name.n && r->section < DNS_SECTIONS);
	check(r->section != DNS_QUESTION || (!r->family && !r->target.n && !r->data.n && !r->bad));
	check(!r->bad || (!r->family && !r->target.n));
	check(!r->hint || (r->extra && r->family));
	check(r->family == 0 || r->family == 4 || r->family == 6);
	inside(r->data, message);
	sum = name(name(sum, r->name), r->target);
	sum = sum_of(sum_of(sum, r->data), span_of(r->addr, sizeof(r->addr)));
	return sum * 31 + r->type + r->class + r->ttl + r->number + r->suffix + r->top + r->ech;
}

/* Everything of a message; *ret_own: records that are its own. */
static uint64_t parse(struct span message, enum dns_flavour flavour)
{
	struct dns_message m;
	uint32_t own = 0, expected = 0;
	uint64_t sum = 5381;

	int rc = dns_parse(message, flavour, &room, &m);
	check(rc == m.err);
	for (;;) {
		check(m.n <= DNS_RR_MAX);
		for (uint32_t i = 0; i < m.n; i++) {
			sum = record(sum, &m.rr[i], message);
			own += !m.rr[i].extra;
		}
		inside(m.ede_text, message);
		if (!m.more)
			break;
		check(m.n > (m.part && m.count[DNS_QUESTION]));
		dns_parse_rest(message, &room, &m);
	}
	for (int i = 0; i < DNS_SECTIONS; i++)
		expected += m.count[i];
	check(own <= expected && (m.err || own + m.edns == expected));
	return sum * 31 + (uint64_t)m.err + m.rcode + m.trailing + m.edns_size + (uint64_t)m.ede;
}

/* --- streams --- */

static uint64_t told, stat[NET_STATS];

static int give(struct net_worker *w, const struct net_event *e)
{
	(void)w;
	for (uint32_t i = 0; i < e->dns->n; i++)
		told = name(name(told, e->dns->rr[i].name), e->dns->rr[i].target);
	told = told * 31 + e->dns->id + e->dns->n;
	return 0;
}

static uint64_t stream(struct span s, size_t piece)
{
	struct net_worker w = { .stat = stat, .give = give };
	size_t took = 0, want = 1, have = piece < s.n ? piece : s.n;
	bool begun = false;

	told = 5381;
	memset(stat, 0, sizeof(stat));
	for (;; have = have + piece < s.n ? have + piece : s.n) {
		struct net_stream st = { .bytes = span_of(s.p + took, have - took),
			.begun = begun,
			.over = have == s.n };
		struct net_step step;
		if (have - took < want && !st.over)
			continue;
		enum net_need need = dns_stream(&w, &st, &step);
		check(step.took <= have - took);
		check(need != NET_MORE || (!st.over && step.want > have - took - step.took));
		took += step.took;
		begun |= step.took > 0;
		want = step.want;
		if (need != NET_MORE)
			return told * 31 + stat[NET_LOSS_GAP] * 7 + stat[NET_LOSS_BAD_DNS] * 3 +
			       (need == NET_NOT) + stat[NET_STAT_DNS_ANSWERS];
	}
}

/* --- names --- */

/* The same port as the server's: then every flavour is sure. */
static const struct sense_addr client = { 4, { 10, 0, 0, 1 }, 53 };

static int learn(struct net_worker *w, const struct net_event *e)
{
	struct names_stats before, after;
	struct names_found f;
	int found = 0;

	(void)w;
	names_stats(names, &before);
	names_learn(names, e);
	names_stats(names, &after);
	for (uint32_t i = 0; i < e->dns->n; i++) {
		const struct dns_rr *r = &e->dns->rr[i];
		struct sense_addr a = { .family = r->family };
		memcpy(a.b, r->addr, sizeof(a.b));
		if (!r->family || !names_find(names, &client, &a, e->time, e->time, &f))
			continue;
		found++;
		for (size_t k = 0; k < f.n; k++)
			(void)name(name(0, f.one[k].name), f.one[k].last);
		check(f.n <= NAMES_FOUND_MAX && (!f.ambiguous || f.n > 1));
	}
	check((after.learned > before.learned) <= (found > 0));
	return 0;
}

static void names_of(struct span message, enum net_dns_flavour flavour)
{
	static ts now;
	struct net_worker w = { .stat = stat, .give = learn };
	struct net_event e = { .kind = NET_DNS,
		.from_server = true,
		.time = now += TS_SECOND,
		.client = client,
		.server = { 4, { 10, 0, 0, 53 }, 53 } };

	if (!names && names_new(&names, NAMES_MEMORY_MIN) < 0)
		abort();
	bool sure = dns_datagram(&w, message, flavour, true, &e);
	check(sure);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span s = span_of(data, size);

	if (size < 2 || data[0] > 4 || size > 1 + DNS_MESSAGE_MAX)
		return 0;
	if (data[0] == 4) {
		s = span_from(s, 2);
		check(stream(s, data[1] + 1u) == stream(s, s.n + 1));
		return 0;
	}
	s = span_from(s, 1);
	enum dns_flavour flavour = (enum dns_flavour)data[0];
	check(parse(s, flavour) == parse(s, flavour));
	names_of(s, (enum net_dns_flavour)flavour);
	return 0;
}
