/* SPDX-License-Identifier: Apache-2.0 */

/*
 * wire/dns_message: the first byte is the flavour. Names are safe text, data lies in the message, no
 * more records than the header counts; what is in the room from before changes nothing.
 */

#include "wire/dns_message.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define MUST(x)                                                                                    \
	do {                                                                                       \
		if (!(x))                                                                          \
			abort();                                                                   \
	} while (0)

static uint64_t text(struct span s)
{
	uint64_t sum = 5381;

	MUST(s.n < DNS_TEXT_MAX);
	for (size_t i = 0; i < s.n; i++) {
		MUST(s.p[i] > 0x20 && s.p[i] < 0x7f && !(s.p[i] >= 'A' && s.p[i] <= 'Z'));
		sum = sum * 33 + s.p[i];
	}
	return sum;
}

static uint64_t bytes(struct span s, struct span message)
{
	uint64_t sum = s.n;

	MUST(!s.n || (s.p >= message.p && s.p + s.n <= message.p + message.n));
	for (size_t i = 0; i < s.n; i++)
		sum = sum * 31 + s.p[i];
	return sum;
}

static uint64_t record(const struct dns_rr *r, struct span message)
{
	uint64_t sum = r->type + r->class + r->ttl + r->number + r->suffix;

	MUST(r->section < DNS_SECTIONS && (r->family == 0 || r->family == 4 || r->family == 6));
	MUST(r->section != DNS_QUESTION || (!r->target.n && !r->data.n && !r->family));
	for (int i = 0; i < 16; i++)
		sum = sum * 31 + (r->family ? r->addr[i] : 0);
	return sum * 31 + text(r->name) + text(r->target) * 3 + bytes(r->data, message) * 5;
}

/* Every part; *ret_n: the records that are the message's own. */
static uint64_t walk(struct span message, enum dns_flavour flavour, struct dns_room *room)
{
	struct dns_message m;
	size_t n = 0, total = 0;
	int rc = dns_parse(message, flavour, room, &m);
	uint64_t sum = (uint64_t)rc;

	MUST(rc == m.err && rc >= 0);
	for (int i = 0; i < DNS_SECTIONS; i++)
		total += m.count[i];
	for (;;) {
		MUST(m.n <= DNS_RR_MAX);
		for (uint32_t i = 0; i < m.n; i++) {
			sum = sum * 31 + record(&m.rr[i], message);
			n += !m.rr[i].extra;
		}
		bytes(m.ede_text, message);
		if (!m.more)
			break;
		uint16_t part = m.part;
		dns_parse_rest(message, room, &m);
		MUST(m.part == part + 1);
	}
	MUST(n <= total);
	return sum * 31 + (uint64_t)m.err + m.trailing + m.rcode + m.edns_size;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct dns_room fresh, used;

	if (!size)
		return 0;
	struct span s = span_of(data + 1, size - 1);
	enum dns_flavour flavour = data[0] % (DNS_NBNS + 1);
	memset(&fresh, 0, sizeof(fresh));
	if (walk(s, flavour, &fresh) != walk(s, flavour, &used))
		abort();
	return 0;
}
