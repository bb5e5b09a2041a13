/* SPDX-License-Identifier: Apache-2.0 */

#include "sense/net/event_wire_priv.h"

enum {
	C_DTLS = 1 << 0,
	C_SSLV2 = 1 << 1,
	C_ECH = 1 << 2,
	C_INNER = 1 << 3,
	C_GREASE = 1 << 4,
	C_ODD = 1 << 5,
	C_EARLY = 1 << 6,
	C_HAS_SNI = 1 << 7,
	C_SNI_IP = 1 << 8,
	C_HAS_CID = 1 << 9,
	C_HAS_JA3 = 1 << 10,
	C_ALL = (1 << 11) - 1,
};

struct wire_client {
	uint32_t quic_version;
	uint16_t legacy_version, version, flags;
	uint8_t ja3[16];
	char ja4[NET_JA4_MAX];
} __attribute__((packed));

static const size_t client_spans[] = {
	offsetof(struct net_client_hello, tls.alpn),
	offsetof(struct net_client_hello, tls.ciphers),
	offsetof(struct net_client_hello, tls.versions),
	offsetof(struct net_client_hello, tls.groups),
	offsetof(struct net_client_hello, tls.point_formats),
	offsetof(struct net_client_hello, tls.sigalgs),
	offsetof(struct net_client_hello, tls.random),
	offsetof(struct net_client_hello, tls.session_id),
	offsetof(struct net_client_hello, tls.cookie),
	offsetof(struct net_client_hello, tls.cid),
	offsetof(struct net_client_hello, quic_dcid),
};

static const size_t server_spans[] = {
	offsetof(struct net_server_hello, tls.alpn),
	offsetof(struct net_server_hello, tls.random),
	offsetof(struct net_server_hello, tls.session_id),
	offsetof(struct net_server_hello, tls.certificate),
};

void event_put_client(struct event_put *w, const struct net_client_hello *h)
{
	const struct tls_client *t = &h->tls;
	struct wire_client x = {
		.quic_version = h->quic_version,
		.legacy_version = t->legacy_version,
		.version = t->version,
		.flags = (uint16_t)((t->dtls ? C_DTLS : 0) | (t->sslv2 ? C_SSLV2 : 0) |
				    (t->ech ? C_ECH : 0) | (t->ech_inner ? C_INNER : 0) |
				    (t->grease ? C_GREASE : 0) | (t->odd ? C_ODD : 0) |
				    (t->early_data ? C_EARLY : 0) | (t->has_sni ? C_HAS_SNI : 0) |
				    (t->sni_ip ? C_SNI_IP : 0) | (t->has_cid ? C_HAS_CID : 0) |
				    (h->has_ja3 ? C_HAS_JA3 : 0)),
	};

	memcpy(x.ja3, h->ja3, sizeof(x.ja3));
	memcpy(x.ja4, h->ja4, strnlen(h->ja4, sizeof(x.ja4) - 1));
	event_put(w, &x, sizeof(x));
	event_put_span(w, span_of(t->sni, strnlen(t->sni, sizeof(t->sni) - 1)));
	event_put_spans(w, h, client_spans, ARRAY_LEN(client_spans));
}

static void client_flags(uint16_t f, struct net_client_hello *h)
{
	h->tls.dtls = f & C_DTLS;
	h->tls.sslv2 = f & C_SSLV2;
	h->tls.ech = f & C_ECH;
	h->tls.ech_inner = f & C_INNER;
	h->tls.grease = f & C_GREASE;
	h->tls.odd = f & C_ODD;
	h->tls.early_data = f & C_EARLY;
	h->tls.has_sni = f & C_HAS_SNI;
	h->tls.sni_ip = f & C_SNI_IP;
	h->tls.has_cid = f & C_HAS_CID;
	h->has_ja3 = f & C_HAS_JA3;
}

/* Letters of a JA4 as tls_ja.c makes them: printable without quotes, up to the first NUL. */
static bool is_ja4(const char s[static NET_JA4_MAX])
{
	size_t n = strnlen(s, NET_JA4_MAX);

	for (size_t i = 0; i < n; i++)
		if (s[i] <= 0x20 || s[i] >= 0x7f || s[i] == '"' || s[i] == '\\')
			return false;
	return n < NET_JA4_MAX;
}

void event_get_client(struct cur *c, struct net_client_hello *h)
{
	struct wire_client x;

	event_get(c, &x, sizeof(x));
	if (x.flags > C_ALL || !is_ja4(x.ja4)) {
		event_bad(c);
		x.ja4[0] = 0;
	}
	h->quic_version = x.quic_version;
	h->tls.legacy_version = x.legacy_version;
	h->tls.version = x.version;
	client_flags(x.flags, h);
	memcpy(h->ja3, x.ja3, sizeof(h->ja3));
	memcpy(h->ja4, x.ja4, sizeof(h->ja4));
	event_get_text(c, h->tls.sni, sizeof(h->tls.sni));
	if (!event_is_name(span_str(h->tls.sni)))
		event_bad(c);
	h->tls.extensions = SPAN_NONE;
	event_get_spans(c, h, client_spans, ARRAY_LEN(client_spans));
}

struct wire_server {
	uint16_t legacy_version, version, cipher;
	uint8_t dtls, sslv2, retry, raw_keys, has_ja3s, ja3s[16];
} __attribute__((packed));

void event_put_server(struct event_put *w, const struct net_server_hello *h)
{
	struct wire_server x = {
		.legacy_version = h->tls.legacy_version,
		.version = h->tls.version,
		.cipher = h->tls.cipher,
		.dtls = h->tls.dtls,
		.sslv2 = h->tls.sslv2,
		.retry = h->tls.retry,
		.raw_keys = h->tls.raw_keys,
		.has_ja3s = h->has_ja3s,
	};

	memcpy(x.ja3s, h->ja3s, sizeof(x.ja3s));
	event_put(w, &x, sizeof(x));
	event_put_spans(w, h, server_spans, ARRAY_LEN(server_spans));
}

void event_get_server(struct cur *c, struct net_server_hello *h)
{
	struct wire_server x;

	event_get(c, &x, sizeof(x));
	h->tls = (struct tls_server){
		.legacy_version = x.legacy_version,
		.version = x.version,
		.cipher = x.cipher,
		.dtls = event_truth(c, x.dtls),
		.sslv2 = event_truth(c, x.sslv2),
		.retry = event_truth(c, x.retry),
		.raw_keys = event_truth(c, x.raw_keys),
	};
	h->has_ja3s = event_truth(c, x.has_ja3s);
	memcpy(h->ja3s, x.ja3s, sizeof(h->ja3s));
	event_get_spans(c, h, server_spans, ARRAY_LEN(server_spans));
}

struct wire_certificate {
	ts not_before, not_after;
	uint16_t index, nsan, nsan_ip, more_sans;
	uint8_t from_client, self_issued, bad, version;
	uint8_t sha1[20], sha256[32];
} __attribute__((packed));

void event_put_certificate(struct event_put *w, const struct net_certificate *e)
{
	const struct certificate *t = &e->cert;
	struct wire_certificate x = {
		.not_before = t->not_before,
		.not_after = t->not_after,
		.index = e->index,
		.nsan = t->nsan,
		.nsan_ip = t->nsan_ip,
		.more_sans = t->more_sans,
		.from_client = e->from_client,
		.self_issued = t->self_issued,
		.bad = t->bad,
		.version = t->version,
	};

	memcpy(x.sha1, e->sha1, sizeof(x.sha1));
	memcpy(x.sha256, e->sha256, sizeof(x.sha256));
	event_put(w, &x, sizeof(x));
	event_put_span(w, t->serial);
	event_put_span(w, t->common_name);
	event_put_span(w, span_of(t->subject, strnlen(t->subject, sizeof(t->subject) - 1)));
	event_put_span(w, span_of(t->issuer, strnlen(t->issuer, sizeof(t->issuer) - 1)));
	for (size_t i = 0; i < t->nsan; i++)
		event_put_span(w, t->san_dns[i]);
	for (size_t i = 0; i < t->nsan_ip; i++)
		event_put_span(w, t->san_ip[i]);
}

void event_get_certificate(struct cur *c, struct net_certificate *e)
{
	struct certificate *t = &e->cert;
	struct wire_certificate x;

	event_get(c, &x, sizeof(x));
	if (x.nsan > CERTIFICATE_SANS_MAX || x.nsan_ip > CERTIFICATE_SAN_IPS_MAX) {
		event_bad(c);
		x.nsan = x.nsan_ip = 0;
	}
	e->index = x.index;
	e->from_client = event_truth(c, x.from_client);
	memcpy(e->sha1, x.sha1, sizeof(e->sha1));
	memcpy(e->sha256, x.sha256, sizeof(e->sha256));
	t->not_before = x.not_before;
	t->not_after = x.not_after;
	t->nsan = x.nsan;
	t->nsan_ip = x.nsan_ip;
	t->more_sans = x.more_sans;
	t->self_issued = event_truth(c, x.self_issued);
	t->bad = event_truth(c, x.bad);
	t->version = x.version;
	t->der = SPAN_NONE;
	t->serial = event_get_span(c);
	if (t->serial.n > CERTIFICATE_SERIAL_MAX)
		event_bad(c);
	t->common_name = event_get_span(c);
	event_get_text(c, t->subject, sizeof(t->subject));
	event_get_text(c, t->issuer, sizeof(t->issuer));
	for (size_t i = 0; i < t->nsan; i++)
		t->san_dns[i] = event_get_span(c);
	for (size_t i = 0; i < t->nsan_ip; i++) {
		t->san_ip[i] = event_get_span(c);
		if (t->san_ip[i].n != 4 && t->san_ip[i].n != 16)
			event_bad(c);
	}
}
