/* SPDX-License-Identifier: Apache-2.0 */

/* wire/dns: names are safe text; the end zeroes the record; twice is the same. */

#include "wire/dns.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static uint64_t text(const char *s)
{
	uint64_t sum = 5381;
	size_t n = strnlen(s, DNS_TEXT_MAX);

	if (n == DNS_TEXT_MAX)
		abort();
	for (; *s; s++) {
		if (*s <= 0x20 || *s >= 0x7f || (*s >= 'A' && *s <= 'Z'))
			abort();
		sum = sum * 33 + (uint8_t)*s;
	}
	return sum;
}

static uint64_t walk(struct span message)
{
	static const struct dns_record none;
	static struct dns_record r;
	struct dns d;
	uint64_t sum = 0;
	size_t n = 0;

	memset(&r, 0xff, sizeof(r));
	int rc = dns_open(&d, message);
	if (rc != d.err)
		abort();
	while (dns_next(&d, &r)) {
		sum = sum * 31 + text(r.name) + text(r.target) + r.type + r.ttl + r.family;
		if (!r.name[0] || ++n > DNS_RECORDS_MAX)
			abort();
		if (r.hint4.n % 4 || r.hint6.n % 16)
			abort();
		for (size_t i = 0; i < r.hint4.n; i++)
			sum += r.hint4.p[i];
		for (size_t i = 0; i < r.hint6.n; i++)
			sum += r.hint6.p[i];
	}
	if (memcmp(&r, &none, sizeof(r)) != 0 || dns_next(&d, &r))
		abort();
	size_t total = 0;
	for (int i = 0; i < DNS_SECTIONS; i++)
		total += d.count[i];
	if (!d.err && n != total)
		abort();
	return sum * 31 + (uint64_t)d.err + d.trailing;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span s = span_of(data, size);

	if (walk(s) != walk(s))
		abort();
	return 0;
}
