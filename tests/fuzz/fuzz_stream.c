/* SPDX-License-Identifier: Apache-2.0 */

/*
 * sense/stream: a script of segments. Each is: port, flags, sequence number (2 bytes), length,
 * payload. Nothing leaks, what is given is safe text, and the same script shows the same twice.
 */

#include "sense/stream.h"

#include "base/cur.h"
#include "wire/dns.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void on_hello(void *ctx, const struct packet *p, const struct tls_hello *h)
{
	uint64_t *sum = ctx;

	for (const char *s = h->sni; *s; s++) {
		if (*s <= 0x20 || *s >= 0x7f)
			abort();
		*sum = *sum * 31 + (uint8_t)*s;
	}
	*sum = *sum * 31 + p->sport + h->ech;
}

static bool on_dns(void *ctx, const struct packet *p, struct span message)
{
	uint64_t *sum = ctx;
	struct dns d;

	*sum = *sum * 31 + p->sport + message.n;
	for (size_t i = 0; i < message.n; i++)
		*sum = *sum * 31 + message.p[i];
	return dns_open(&d, message) == 0;
}

static uint64_t play(struct span script)
{
	uint64_t sum = 0;
	struct sense_capture_stats stats = { 0 };
	struct stream_sink sink = { on_hello, on_dns, &sum, &stats };
	struct streams *s;
	struct cur c = cur_of(script);

	if (streams_new(3, &sink, &s) < 0)
		abort();
	while (cur_left(&c)) {
		struct packet p = { .family = 4, .proto = PACKET_TCP, .dport = 443 };
		uint8_t port = cur_u8(&c);
		p.sport = port & 7;
		if (port & 8)
			p.dport = 53;
		p.flags = cur_u8(&c);
		p.seq = cur_be16(&c) - 1000u;
		size_t n = cur_u8(&c);
		p.payload = cur_take(&c, n < cur_left(&c) ? n : cur_left(&c));
		if (streams_segment(s, &p) < 0)
			abort();
	}
	streams_finish(s);
	streams_free(s);
	for (int i = 0; i < SENSE_STATS; i++)
		sum = sum * 31 + stats.n[i];
	return sum;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span s = span_of(data, size);

	if (play(s) != play(s))
		abort();
	return 0;
}
