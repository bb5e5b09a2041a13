/* SPDX-License-Identifier: Apache-2.0 */

#include "sense/net/names.h"
#include "tap.h"

#include <stdio.h>

#define T0 (1700000000 * TS_SECOND)

static struct names *names;
static struct dns_rr rr[DNS_RR_MAX];
static struct dns_message msg;
static struct net_event event;

/* A response to 10.0.0.client at T0 + at seconds; records are added by the functions below. */
static void response(int client, int at)
{
	memset(rr, 0, sizeof(rr));
	msg = (struct dns_message){ .response = true, .rr = rr };
	event = (struct net_event){ .kind = NET_DNS,
		.from_server = true,
		.time = T0 + at * TS_SECOND,
		.client = { 4, { 10, 0, 0, (uint8_t)client }, 5000 },
		.server = { 4, { 10, 0, 0, 53 }, 53 },
		.dns = &msg };
}

static struct dns_rr *add(enum dns_section section, uint16_t type, const char *name)
{
	struct dns_rr *r = &rr[msg.n++];

	r->section = (uint8_t)section;
	r->type = type;
	r->class = DNS_CLASS_IN;
	r->name = span_str(name);
	r->ttl = 300;
	return r;
}

static void question(const char *name)
{
	add(DNS_QUESTION, DNS_A, name);
}

static void alias(uint16_t type, const char *name, const char *target)
{
	add(DNS_ANSWER, type, name)->target = span_str(target);
}

/* 192.0.2.host */
static struct dns_rr *address(enum dns_section section, const char *name, int host)
{
	struct dns_rr *r = add(section, DNS_A, name);

	r->family = 4;
	memcpy(r->addr, (uint8_t[4]){ 192, 0, 2, (uint8_t)host }, 4);
	return r;
}

static void learn(void)
{
	names_learn(names, &event);
}

/* One name and its address. */
static void resolved(int client, int at, const char *name, int host)
{
	response(client, at);
	question(name);
	address(DNS_ANSWER, name, host);
	learn();
}

/* "name>last! name…~" : ! expired, * for everybody, ~ ambiguous. */
static const char *find_begun(int client, int host, int at, int now)
{
	static char out[8192];
	struct names_found f;
	const struct sense_addr c = { 4, { 10, 0, 0, (uint8_t)client }, 40000 };
	const struct sense_addr a = { 4, { 192, 0, 2, (uint8_t)host }, 443 };
	size_t n = 0;

	out[0] = 0;
	names_find(names, &c, &a, T0 + at * TS_SECOND, T0 + now * TS_SECOND, &f);
	for (size_t i = 0; i < f.n; i++) {
		const struct names_one *x = &f.one[i];
		n += (size_t)snprintf(
		    out + n, sizeof(out) - n, "%s%.*s", i ? " " : "", SPAN_ARG(x->name));
		if (!span_eq(x->name, x->last))
			n += (size_t)snprintf(out + n, sizeof(out) - n, ">%.*s", SPAN_ARG(x->last));
		n += (size_t)snprintf(out + n, sizeof(out) - n, "%s%s", x->expired ? "!" : "",
		    x->multicast ? "*" : "");
	}
	if (f.ambiguous)
		snprintf(out + n, sizeof(out) - n, "~");
	return out;
}

static const char *find(int client, int host, int at)
{
	return find_begun(client, host, at, at);
}

static void fresh(size_t bytes)
{
	names_free(names);
	if (names_new(&names, bytes) < 0)
		abort();
}

static void test_chains(void)
{
	fresh(NAMES_MEMORY_MIN);
	resolved(1, 0, "a.example", 1);
	is_str(find(1, 1, 1), "a.example", "an address");
	is_str(find(2, 1, 1), "", "is not another client's");
	is_str(find(1, 2, 1), "", "nor another address'");

	response(1, 0);
	question("www.example");
	alias(DNS_CNAME, "www.example", "cdn.example.net");
	alias(DNS_CNAME, "cdn.example.net", "edge.example.org");
	address(DNS_ANSWER, "edge.example.org", 3);
	address(DNS_ANSWER, "edge.example.org", 4);
	learn();
	is_str(find(1, 3, 1), "www.example>edge.example.org",
	    "a chain: the name that was asked for, and its end");
	is_str(find(1, 4, 1), "www.example>edge.example.org", "for each address");

	response(1, 0);
	question("turned.example");
	address(DNS_ANSWER, "c.example", 5);
	alias(DNS_CNAME, "b.example", "c.example");
	alias(DNS_CNAME, "turned.example", "b.example");
	learn();
	is_str(find(1, 5, 1), "turned.example>c.example", "a chain whose records are turned round");

	response(1, 0);
	question("loop.example");
	alias(DNS_CNAME, "loop.example", "pool.example");
	alias(DNS_CNAME, "pool.example", "loop.example");
	address(DNS_ANSWER, "pool.example", 6);
	learn();
	is_str(find(1, 6, 1), "loop.example>pool.example", "a loop ends");

	response(1, 0);
	question("stranger.example");
	address(DNS_ANSWER, "bank.example", 7);
	address(DNS_ADDITIONAL, "ns.example", 7);
	address(DNS_AUTHORITY, "stranger.example", 7);
	learn();
	is_str(find(1, 7, 1), "", "an address of a name that was not asked for is not taken");

	response(1, 0);
	question("_sip._tcp.example");
	alias(DNS_SRV, "_sip._tcp.example", "sip.example");
	address(DNS_ADDITIONAL, "sip.example", 8);
	learn();
	is_str(find(1, 8, 1), "_sip._tcp.example>sip.example",
	    "a service's host, from the additional section");

	response(1, 0);
	add(DNS_QUESTION, DNS_HTTPS, "https.example");
	alias(DNS_HTTPS, "https.example", ".");
	struct dns_rr *h = address(DNS_ANSWER, "https.example", 9);
	h->type = DNS_HTTPS;
	h->extra = h->hint = true;
	learn();
	is_str(find(1, 9, 1), "https.example", "a hint");

	response(1, 0);
	question("nowhere.example");
	memset(address(DNS_ANSWER, "nowhere.example", 0)->addr, 0, 16);
	learn();
	struct names_found f;
	ok(!names_find(names, &event.client, &(struct sense_addr){ .family = 4 }, T0, T0, &f),
	    "0.0.0.0 is no address");
}

static void test_not_answers(void)
{
	static const char *const what[] = { "a query", "an error", "a notify", "a transfer",
		"another class", "no question" };

	fresh(NAMES_MEMORY_MIN);
	for (size_t i = 0; i < ARRAY_LEN(what); i++) {
		response(1, 0);
		if (i < 5)
			question("a.example");
		address(DNS_ANSWER, "a.example", 1);
		msg.response = i != 0;
		msg.rcode = i == 1 ? 3 : 0;
		msg.opcode = i == 2 ? DNS_OP_NOTIFY : 0;
		if (i == 3)
			rr[0].type = 252;
		if (i == 4)
			rr[0].class = 3;
		learn();
		is_str(find(1, 1, 1), "", "%s teaches nothing", what[i]);
	}
	event.kind = NET_HTTP;
	learn();
	response(1, 0);
	question("a.example");
	address(DNS_ANSWER, "a.example", 1);
	address(DNS_ANSWER, "b.example", 2);
	msg.part = 1;
	learn();
	is_str(find(1, 2, 1), "a.example>b.example",
	    "a further part: its chain was in the one before");
}

static void test_everybody(void)
{
	fresh(NAMES_MEMORY_MIN);
	response(1, 0);
	event.flavour = NET_DNS_MDNS;
	event.client = (struct sense_addr){ 4, { 224, 0, 0, 251 }, 5353 };
	address(DNS_ANSWER, "printer.local", 1);
	learn();
	is_str(find(7, 1, 1), "printer.local*", "mDNS: everybody heard it");
	resolved(7, 5, "printer.example", 1);
	is_str(find(7, 1, 6), "printer.example printer.local*~", "beside what one asked for");
	is_str(find(8, 1, 6), "printer.local*", "which the others did not");
	response(3, 0);
	event.flavour = NET_DNS_NBNS;
	struct dns_rr *r = address(DNS_ANSWER, "fileserver", 2);
	r->type = DNS_NB;
	learn();
	is_str(find(3, 2, 1), "fileserver", "NBNS: an answer without a question");
}

static void test_time(void)
{
	fresh(NAMES_MEMORY_MIN);
	resolved(1, 0, "a.example", 1);
	is_str(find(1, 1, 300), "a.example", "as long as it holds");
	is_str(find(1, 1, 301), "a.example!", "then it has expired");
	is_str(find(1, 1, 86400 + 300), "a.example!", "and is told for a day");
	is_str(find(1, 1, 86400 + 301), "", "not longer");
	is_str(find(1, 1, -1000), "a.example", "a clock that went back does not hide it");
	resolved(1, 1000, "a.example", 1);
	is_str(find(1, 1, 1300), "a.example", "answered again, it holds again");
	response(1, 0);
	question("short.example");
	address(DNS_ANSWER, "short.example", 2)->ttl = 0;
	question("x");
	learn();
	is_str(find(1, 2, 60), "short.example", "a minute at least");
	is_str(find(1, 2, 61), "short.example!", "and no longer");
	response(1, 0);
	question("long.example");
	address(DNS_ANSWER, "long.example", 3)->ttl = UINT32_MAX;
	learn();
	is_str(find(1, 3, 86400), "long.example", "a day at most");
	is_str(find(1, 3, 86401), "long.example!", "and no longer");
	event.time = TS_FOREVER - 1;
	rr[1].addr[3] = 4;
	learn();
	ok(find(1, 4, 0)[0], "at the end of time");
}

static void test_many_names(void)
{
	fresh(NAMES_MEMORY_MIN);
	resolved(1, 0, "a.example", 1);
	resolved(1, 10, "b.example", 1);
	is_str(find(1, 1, 20), "b.example a.example~",
	    "two names of one address: the newest first, and ambiguous");
	resolved(1, 30, "a.example", 1);
	is_str(find(1, 1, 40), "a.example b.example~", "asked again, it is the newest");
	is_str(find(1, 1, 320), "a.example b.example!", "one has expired: not ambiguous");
	is_str(find(1, 1, 9000), "a.example! b.example!~", "both have");
	resolved(1, 50, "c.example", 1);
	resolved(1, 60, "d.example", 1);
	resolved(1, 70, "e.example", 1);
	is_str(find(1, 1, 80), "e.example d.example c.example a.example~", "four are told");
	response(1, 90);
	question("a.example");
	alias(DNS_CNAME, "a.example", "other.example");
	address(DNS_ANSWER, "other.example", 1);
	learn();
	is_str(find(1, 1, 91), "a.example>other.example e.example d.example c.example~",
	    "over another chain: the newer one counts");
	for (int i = 0; i < 1000; i++) {
		char name[32];
		snprintf(name, sizeof(name), "n%d.example", i);
		resolved(1, 100 + i, name, 1);
	}
	is_str(find(1, 1, 1100), "n999.example n998.example n997.example n996.example~",
	    "a thousand names: the newest");
}

/* More than there is room for: the oldest goes, what is asked for now and then stays. */
/* A connection that is told at its end, as of its beginning. */
static void test_later(void)
{
	fresh(NAMES_MEMORY_MIN);
	resolved(1, 100, "later.example", 1);
	is_str(find_begun(1, 1, 50, 400), "", "an answer that came later is not where it was resolved from");
	is_str(find_begun(1, 1, 100, 400), "later.example", "… but at the time");
	resolved(1, 200, "later.example", 1);
	is_str(find_begun(1, 1, 150, 400), "later.example", "asked for again: it was known before");
	response(1, 300);
	question("later.example");
	alias(DNS_CNAME, "later.example", "other.example");
	address(DNS_ANSWER, "other.example", 1);
	learn();
	is_str(find_begun(1, 1, 250, 400), "later.example>other.example", "… of another chain, too");
	is_str(find_begun(1, 1, 50, 400), "", "but not before that");
}

static void test_memory(void)
{
	struct names_stats st;
	char name[64];
	int good = 0;

	fresh(NAMES_MEMORY_MIN);
	resolved(1, 0, "kept.example", 1);
	for (int i = 0; i < 200000; i++) {
		response(2, i / 1000);
		snprintf(name, sizeof(name), "random%d.flood.example", i);
		question(name);
		struct dns_rr *r = address(DNS_ANSWER, name, 0);
		memcpy(r->addr, &i, 3);
		r->addr[3] = 77;
		learn();
		if (i % 100 == 0)
			resolved(1, i / 1000, "kept.example", 1);
	}
	names_stats(names, &st);
	is_str(find(1, 1, 200), "kept.example", "a name that is used survives a flood");
	ok(st.forgotten > 190000 && st.forgotten <= st.learned && st.bytes == NAMES_MEMORY_MIN,
	    "what was given up is counted");
	for (int i = 199900; i < 200000; i++) {
		struct names_found f;
		struct sense_addr a = { .family = 4 };
		memcpy(a.b, &i, 3);
		a.b[3] = 77;
		snprintf(name, sizeof(name), "random%d.flood.example", i);
		good += names_find(names, &event.client, &a, event.time, event.time, &f) == 1 &&
			span_eq_str(f.one[0].name, name);
	}
	ok(good > 90, "the newest are there: %d of 100", good);
	for (int n = 1; n < DNS_TEXT_MAX; n += 7) {
		static char longest[DNS_TEXT_MAX];
		memset(longest, 'x', (size_t)n);
		longest[n] = 0;
		resolved(4, 0, longest, 4);
		good += strcmp(find(4, 4, 1), "") != 0;
	}
	ok(good > 90 + 100, "long names");
}

static void test_version6(void)
{
	fresh(NAMES_MEMORY_MIN);
	response(1, 0);
	event.client = (struct sense_addr){ 6, { 0x20, 1, 0xd, 0xb8, 1 }, 1 };
	question("six.example");
	struct dns_rr *r = address(DNS_ANSWER, "six.example", 1);
	r->type = DNS_AAAA;
	r->family = 6;
	learn();
	struct names_found f;
	struct sense_addr a = { 6, { 192, 0, 2, 1 }, 443 };
	ok(names_find(names, &event.client, &a, T0, T0, &f) == 1, "IPv6");
	a.family = 4;
	ok(names_find(names, &event.client, &a, T0, T0, &f) == 0, "is not IPv4 with the same bytes");
}

int main(void)
{
	test_chains();
	test_not_answers();
	test_everybody();
	test_time();
	test_many_names();
	test_later();
	test_memory();
	test_version6();
	names = names_free(names);
	return tap_done();
}
