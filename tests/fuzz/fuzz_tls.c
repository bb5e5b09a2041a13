/* SPDX-License-Identifier: Apache-2.0 */

/*
 * TLS, by the first byte: hellos (wire/tls_hello), certificates, streams of records, datagrams of
 * DTLS. An error is zeroed output; twice the same is the same; a stream given piece by piece tells
 * what it tells at once; whoever asks for more asks for more than there is.
 */

#include "sense/net/handler.h"
#include "wire/certificate.h"
#include "wire/tls_hello.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define MUST(x) ((x) ? (void)0 : abort())

/* --- hellos --- */

static void client(struct span s, bool dtls, bool sslv2)
{
	static const struct tls_client none;
	static struct tls_client c;
	static struct tls_ja4 j;
	static char text[TLS_JA_MAX];

	memset(&c, 0xff, sizeof(c));
	int rc = sslv2 ? tls_client_parse_sslv2(s, &c) : tls_client_parse(s, dtls, &c);
	MUST(rc == TLS_HELLO_OK || memcmp(&c, &none, sizeof(c)) == 0);
	for (const char *p = c.sni; *p; p++)
		MUST(*p > 0x20 && *p < 0x7f && !(*p >= 'A' && *p <= 'Z'));
	MUST(tls_ja3_text(&c, text) <= sizeof(text));
	if (tls_ja4_text(&c, 't', &j))
		MUST(strlen(j.a) == TLS_JA4_A_MAX - 1 && j.nb <= TLS_JA_MAX && j.nc <= TLS_JA_MAX);
}

static void server(struct span s, bool dtls, bool sslv2)
{
	static const struct tls_server none;
	static struct tls_server h;
	static char text[TLS_JA_MAX];

	memset(&h, 0xff, sizeof(h));
	int rc = sslv2 ? tls_server_parse_sslv2(s, &h) : tls_server_parse(s, dtls, &h);
	MUST(rc == TLS_HELLO_OK || memcmp(&h, &none, sizeof(h)) == 0);
	MUST(tls_ja3s_text(&h, text) <= sizeof(text));
}

static void certificate(struct span s)
{
	static const struct certificate none;
	static struct certificate c;

	memset(&c, 0xff, sizeof(c));
	if (certificate_parse(s, &c) != 0)
		MUST(memcmp(&c, &none, sizeof(c)) == 0);
	MUST(memchr(c.subject, 0, sizeof(c.subject)) && memchr(c.issuer, 0, sizeof(c.issuer)));
	MUST(c.nsan <= CERTIFICATE_SANS_MAX && c.serial.n <= CERTIFICATE_SERIAL_MAX);
}

/* --- streams: the first byte of the rest is the length of the client's side, in 16 bytes --- */

static uint64_t counts[NET_STATS];
static uint64_t told; /* a hash of the events of each side */

static int give(struct net_worker *w, const struct net_event *e)
{
	uint64_t v = e->kind * 2 + e->from_server;

	if (e->kind == NET_TLS_CLIENT)
		v = v * 31 + e->client_hello->ja3[0] + (uint8_t)e->client_hello->tls.sni[0];
	else if (e->kind == NET_TLS_SERVER)
		v = v * 31 + e->server_hello->tls.cipher;
	else
		v = v * 31 + e->certificate->sha256[0] + e->certificate->sha1[0];
	told += v * 0x9e3779b97f4a7c15;
	return 0;
}

static struct net_worker worker = { .stat = counts, .give = give };

static uint64_t stream(struct span s, bool from_server, size_t step)
{
	struct tls_session t = { 0 };
	size_t taken = 0, want = 1, have = 0;
	bool begun = false;

	told = 0;
	do {
		have = s.n - have > step ? have + step : s.n;
		while (taken <= have && have - taken >= want) {
			struct net_step next;
			struct net_stream in = { .bytes = span_cut(s, taken, have - taken),
				.from_server = from_server,
				.begun = begun,
				.at = { .transport = NET_TCP, .from_server = from_server } };
			if (tls_session_stream(&worker, &t, &in, &next) != NET_MORE)
				return told;
			MUST(next.want && next.took + next.want > in.bytes.n);
			taken += next.took;
			want = next.want;
			begun |= next.took > 0;
		}
	} while (have < s.n);
	return told;
}

static void datagrams(struct span s)
{
	struct tls_session t = { 0 };
	struct net_event at = { .transport = NET_UDP };

	while (s.n) { /* each with its length in a byte, in fours, and its side in the lowest bit */
		size_t n = (s.p[0] >> 1) * 4u;
		at.from_server = s.p[0] & 1;
		at.packet++;
		(void)!dtls_datagram(&worker, &t, span_cut(s, 1, n), &at);
		s = span_from(s, 1 + n);
	}
	tls_room_finish(&worker);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span s = span_from(span_of(data, size), 1);

	if (!worker.tls && tls_room_new(&worker.tls) < 0)
		abort();
	switch (size ? data[0] % 8 : 0) {
	case 0:
	case 1:
		client(s, data && size && data[0] % 8, false);
		break;
	case 2:
		client(s, false, true);
		server(s, false, true);
		break;
	case 3:
		server(s, false, false);
		server(s, true, false);
		break;
	case 4:
		certificate(s);
		break;
	case 5:
	case 6: {
		uint64_t all = stream(s, data[0] % 8 == 6, SIZE_MAX);
		MUST(stream(s, data[0] % 8 == 6, 1) == all);
		MUST(stream(s, data[0] % 8 == 6, 100) == all);
		break;
	}
	case 7:
		datagrams(s);
		break;
	}
	return 0;
}
