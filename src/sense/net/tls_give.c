/* SPDX-License-Identifier: Apache-2.0 */

/* Hellos and certificates into events. */

#include "crypto/hash.h"
#include "sense/net/tls_priv.h"

#include <errno.h>
#include <stdlib.h>

/* Kilobytes that are written before they are read: clearing them would cost more than the rest. */
#define NOT_CLEARED __attribute__((uninitialized))

int tls_room_new(struct tls_room **ret_r)
{
	uint8_t digest[32];
	struct tls_room *r = calloc(1, sizeof(*r));

	if (!r)
		return -ENOMEM;
	hash_quick(DIGEST_MD5, SPAN_NONE, digest);
	hash_quick(DIGEST_SHA1, SPAN_NONE, digest);
	hash_quick(DIGEST_SHA256, SPAN_NONE, digest);
	*ret_r = r;
	return 0;
}

struct tls_room *tls_room_free(struct tls_room *r)
{
	free(r);
	return NULL;
}

static void give(struct net_worker *w, const struct net_event *e)
{
	int rc = w->give(w, e);

	if (rc < 0 && !w->failed)
		w->failed = rc;
}

/* --- fingerprints --- */

static char *put_hex6(char *p, struct span text)
{
	static const char hex[16] = "0123456789abcdef";
	uint8_t d[32] = { 0 };

	if (text.n)
		hash_quick(DIGEST_SHA256, text, d);
	for (size_t i = 0; i < 6; i++) {
		*p++ = hex[d[i] >> 4];
		*p++ = hex[d[i] & 15];
	}
	return p;
}

static void ja4(const struct tls_client *c, char transport, char out[static NET_JA4_MAX])
{
	NOT_CLEARED struct tls_ja4 j;

	out[0] = 0;
	if (!tls_ja4_text(c, transport, &j))
		return;
	size_t n = strlen(j.a);
	memcpy(out, j.a, n);
	char *p = out + n;
	*p++ = '_';
	p = put_hex6(p, span_of(j.b, j.nb));
	*p++ = '_';
	p = put_hex6(p, span_of(j.c, j.nc));
	*p = 0;
}

static bool md5_text(const char *text, size_t n, uint8_t out[static 16])
{
	if (n)
		hash_quick(DIGEST_MD5, span_of(text, n), out);
	else
		memset(out, 0, 16);
	return n != 0;
}

/* --- hellos --- */

static char transport_letter(const struct net_event *at, bool dtls)
{
	return at->transport == NET_QUIC ? 'q' : dtls ? 'd' : 't';
}

static void client_hello(
    struct net_worker *w, struct net_client_hello *h, const struct net_event *at)
{
	NOT_CLEARED char text[TLS_JA_MAX];
	struct net_event e = *at;

	h->has_ja3 = md5_text(text, tls_ja3_text(&h->tls, text), h->ja3);
	ja4(&h->tls, transport_letter(at, h->tls.dtls), h->ja4);
	w->stat[at->transport == NET_QUIC ? NET_STAT_QUIC_CLIENT_HELLOS
					  : NET_STAT_TLS_CLIENT_HELLOS]++;
	w->stat[NET_STAT_TLS_ECH] += h->tls.ech;
	w->stat[NET_STAT_TLS_NO_SNI] += !h->tls.sni[0];
	w->stat[NET_LOSS_BAD_TLS] += h->tls.bad_sni;
	e.kind = NET_TLS_CLIENT;
	e.client_hello = h;
	give(w, &e);
}

static void server_hello(
    struct net_worker *w, const struct tls_server *tls, const struct net_event *at)
{
	NOT_CLEARED char text[TLS_JA_MAX];
	struct net_server_hello h = { .tls = *tls };
	struct net_event e = *at;

	h.has_ja3s = md5_text(text, tls_ja3s_text(tls, text), h.ja3s);
	w->stat[NET_STAT_TLS_SERVER_HELLOS]++;
	e.kind = NET_TLS_SERVER;
	e.server_hello = &h;
	give(w, &e);
}

static void saw_client(struct tls_session *t, const struct tls_client *c, bool from_server)
{
	t->seen |= SEEN_CLIENT | (c->early_data ? SEEN_EARLY : 0) | (c->sslv2 ? SEEN_SSLV2 : 0) |
		   (from_server ? SEEN_SWAPPED : 0);
}

bool tls_client_hello_body(struct net_worker *w, struct tls_session *t, struct span body,
    const struct net_event *at, bool dtls)
{
	NOT_CLEARED struct net_client_hello h;

	h.quic_version = 0;
	h.quic_dcid = SPAN_NONE;
	if (tls_client_parse(body, dtls, &h.tls) != TLS_HELLO_OK)
		return false;
	saw_client(t, &h.tls, at->from_server);
	client_hello(w, &h, at);
	return true;
}

bool tls_client_hello_sslv2(
    struct net_worker *w, struct tls_session *t, struct span record, const struct net_event *at)
{
	NOT_CLEARED struct net_client_hello h;

	h.quic_version = 0;
	h.quic_dcid = SPAN_NONE;
	if (tls_client_parse_sslv2(record, &h.tls) != TLS_HELLO_OK)
		return false;
	saw_client(t, &h.tls, at->from_server);
	client_hello(w, &h, at);
	return true;
}

static void saw_server(struct tls_session *t, const struct tls_server *s, bool from_server)
{
	t->version = s->version;
	t->seen |= (s->retry ? SEEN_RETRY : SEEN_SERVER) | (s->raw_keys ? SEEN_NO_X509 : 0) |
		   (from_server ? 0 : SEEN_SWAPPED);
}

bool tls_server_hello_body(struct net_worker *w, struct tls_session *t, struct span body,
    const struct net_event *at, bool dtls)
{
	struct tls_server s;

	if (tls_server_parse(body, dtls, &s) != TLS_HELLO_OK)
		return false;
	saw_server(t, &s, at->from_server);
	server_hello(w, &s, at);
	return true;
}

bool tls_server_hello_sslv2(
    struct net_worker *w, struct tls_session *t, struct span record, const struct net_event *at)
{
	struct tls_server s;

	if (tls_server_parse_sslv2(record, &s) != TLS_HELLO_OK)
		return false;
	saw_server(t, &s, at->from_server);
	server_hello(w, &s, at);
	if (s.certificate.n)
		tls_certificate(w, t, s.certificate, 0, at);
	return true;
}

bool tls_encrypted_from_here(const struct tls_session *t)
{
	if (!(t->seen & SEEN_SERVER))
		return false;
	return t->version >> 8 == 0xfe ? t->version < 0xfefd : t->version > 0x0303;
}

/* The body of one whole message of this type. */
static bool whole_message(struct span message, uint8_t type, struct span *ret_body)
{
	if (message.n < 4 || message.p[0] != type ||
	    message.n - 4 !=
		((size_t)message.p[1] << 16 | (size_t)message.p[2] << 8 | message.p[3]))
		return false;
	*ret_body = span_from(message, 4);
	return true;
}

void tls_give_client(struct net_worker *w, struct span message, const struct net_event *at,
    uint32_t quic_version, struct span quic_dcid)
{
	NOT_CLEARED struct net_client_hello h;
	struct span body;

	h.quic_version = quic_version;
	h.quic_dcid = quic_dcid;
	if (whole_message(message, TLS_CLIENT_HELLO, &body) &&
	    tls_client_parse(body, false, &h.tls) == TLS_HELLO_OK)
		client_hello(w, &h, at);
	else
		w->stat[NET_LOSS_BAD_TLS]++;
}

void tls_give_server(struct net_worker *w, struct span message, const struct net_event *at)
{
	struct tls_server s;
	struct span body;

	if (whole_message(message, TLS_SERVER_HELLO, &body) &&
	    tls_server_parse(body, false, &s) == TLS_HELLO_OK)
		server_hello(w, &s, at);
	else
		w->stat[NET_LOSS_BAD_TLS]++;
}

/* --- certificates: those of a busy line repeat --- */

static void read_certificate(struct span der, struct net_certificate *c)
{
	if (certificate_parse(der, &c->cert) != 0) {
		c->cert.der = der;
		c->cert.bad = true;
		c->cert.not_before = c->cert.not_after = TS_NONE;
	}
	hash_quick(DIGEST_SHA1, der, c->sha1);
	hash_quick(DIGEST_SHA256, der, c->sha256);
}

/* The end is signature: as good as random, but for those who want it otherwise, and lose speed. */
static size_t set_of(struct span der)
{
	return (der.n + der.p[der.n - 1] + der.p[der.n / 2]) % TLS_KNOWN_SETS;
}

/* Its entry; when it is not there, made from the one of its set that was used longest ago. */
static struct net_certificate *known(struct tls_room *r, struct span der)
{
	size_t at = set_of(der);
	struct tls_known *set = r->known[at];

	for (uint8_t i = 0; i < 2; i++) {
		if (set[i].n != der.n || memcmp(set[i].der, der.p, der.n) != 0)
			continue;
		r->used_last[at] = i;
		return &set[i].facts;
	}
	uint8_t i = !r->used_last[at];
	struct tls_known *k = &set[i];
	r->used_last[at] = i;
	k->n = der.n;
	memcpy(k->der, der.p, der.n);
	read_certificate(span_of(k->der, der.n), &k->facts);
	return &k->facts;
}

void tls_certificate(struct net_worker *w, const struct tls_session *t, struct span der,
    unsigned index, const struct net_event *at)
{
	NOT_CLEARED struct net_certificate own;
	struct net_certificate *c = &own;
	struct net_event e = *at;

	if (w->tls && der.n && der.n <= TLS_KNOWN_DER)
		c = known(w->tls, der);
	else
		read_certificate(der, &own);
	c->index = (uint16_t)index;
	c->from_client = at->from_server == ((t->seen & SEEN_SWAPPED) != 0);
	w->stat[NET_STAT_TLS_CERTIFICATES]++;
	w->stat[NET_LOSS_BAD_TLS] += !c->cert.subject[0] && c->cert.bad && !c->cert.serial.n;
	w->stat[NET_LOSS_LONG] += c->cert.more_sans > 0; /* names that are compared with nothing */
	e.kind = NET_CERTIFICATE;
	e.certificate = c;
	give(w, &e);
}
