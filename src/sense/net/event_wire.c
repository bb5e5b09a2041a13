/* SPDX-License-Identifier: Apache-2.0 */

#include "sense/net/event_wire.h"

#include "base/cur.h"

#include <errno.h>

/* --- writing ----------------------------------------------------------------------------------- */

struct put {
	uint8_t *p;
	size_t n, size;
	bool full;
};

static void put(struct put *w, const void *p, size_t n)
{
	if (w->full || n > w->size - w->n) {
		w->full = true;
		return;
	}
	if (n)
		memcpy(w->p + w->n, p, n);
	w->n += n;
}

static void put_span(struct put *w, struct span s)
{
	uint32_t n = (uint32_t)s.n;

	put(w, &n, sizeof(n));
	put(w, s.p, s.n);
}

/* --- reading ----------------------------------------------------------------------------------- */

static void bad(struct cur *c)
{
	cur_fail(c, -EBADMSG);
}

static void get(struct cur *c, void *out, size_t n)
{
	const uint8_t *p = cur_need(c, n);

	if (p)
		memcpy(out, p, n);
	else
		memset(out, 0, n);
}

static struct span get_span(struct cur *c)
{
	uint32_t n;

	get(c, &n, sizeof(n));
	return cur_take(c, n);
}

/* A truth value from outside: a bool that is neither 0 nor 1 would be undefined. */
static bool truth(struct cur *c, uint8_t v)
{
	if (v > 1)
		bad(c);
	return v == 1;
}

/* As event.h says of names. */
static bool is_name(struct span s)
{
	bool ok = true;

	for (size_t i = 0; i < s.n; i++)
		ok &= (s.p[i] > 0x20) & (s.p[i] < 0x7f) & ((uint8_t)(s.p[i] - 'A') > 25);
	return ok;
}

/* Text with its NUL into a field of size bytes. */
static void get_text(struct cur *c, char *out, size_t size)
{
	struct span s = get_span(c);

	if (s.n >= size || (s.n && memchr(s.p, 0, s.n))) {
		bad(c);
		s = SPAN_NONE;
	}
	if (s.n)
		memcpy(out, s.p, s.n);
	out[s.n] = 0;
}

/* --- the head ---------------------------------------------------------------------------------- */

struct head {
	ts time;
	uint64_t packet, flow;
	uint16_t vlan, cport, sport;
	uint8_t kind, transport, flavour, from_server, tunnels, cfamily, sfamily, zero;
	uint8_t client[16], server[16];
} __attribute__((packed));

static void put_head(struct put *w, const struct net_event *e)
{
	struct head h = {
		.time = e->time,
		.packet = e->packet,
		.flow = e->flow,
		.vlan = e->vlan,
		.cport = e->client.port,
		.sport = e->server.port,
		.kind = (uint8_t)e->kind,
		.transport = (uint8_t)e->transport,
		.flavour = (uint8_t)e->flavour,
		.from_server = e->from_server,
		.tunnels = e->tunnels,
		.cfamily = e->client.family,
		.sfamily = e->server.family,
	};

	memcpy(h.client, e->client.b, sizeof(h.client));
	memcpy(h.server, e->server.b, sizeof(h.server));
	put(w, &h, sizeof(h));
}

static void get_addr(struct cur *c, struct sense_addr *a, uint8_t family, uint16_t port,
    const uint8_t b[static 16])
{
	static const uint8_t zero[12];

	if ((family != 4 && family != 6) || (family == 4 && memcmp(b + 4, zero, 12) != 0))
		bad(c);
	*a = (struct sense_addr){ .family = family, .port = port };
	memcpy(a->b, b, 16);
}

static void get_head(struct cur *c, struct net_event *e)
{
	struct head h;

	get(c, &h, sizeof(h));
	if (h.kind < NET_FLOW_BEGIN || h.kind >= NET_KINDS || h.transport < NET_UDP ||
	    h.transport >= NET_TRANSPORTS || h.flavour > NET_DNS_NBNS || h.zero ||
	    h.cfamily != h.sfamily)
		bad(c);
	e->kind = (enum net_kind)h.kind;
	e->transport = (enum net_transport)h.transport;
	e->flavour = (enum net_dns_flavour)h.flavour;
	e->from_server = truth(c, h.from_server);
	e->tunnels = h.tunnels;
	e->vlan = h.vlan;
	e->time = h.time;
	e->packet = h.packet;
	e->flow = h.flow;
	get_addr(c, &e->client, h.cfamily, h.cport, h.client);
	get_addr(c, &e->server, h.sfamily, h.sport, h.server);
}

/* --- flows ------------------------------------------------------------------------------------- */

struct wire_facts {
	ts first, last;
	uint64_t packets[2], bytes[2];
	uint8_t ending, midstream, tcp_flags[2];
} __attribute__((packed));

static void put_facts(struct put *w, const struct net_flow_facts *f)
{
	struct wire_facts x = {
		.first = f->first,
		.last = f->last,
		.packets = { f->packets[0], f->packets[1] },
		.bytes = { f->bytes[0], f->bytes[1] },
		.ending = (uint8_t)f->ending,
		.midstream = f->midstream,
		.tcp_flags = { f->tcp_flags[0], f->tcp_flags[1] },
	};

	put(w, &x, sizeof(x));
}

static void get_facts(struct cur *c, const struct net_event *e, struct net_flow_facts *f)
{
	struct wire_facts x;

	get(c, &x, sizeof(x));
	if (x.ending > NET_END_CAPTURE || (x.ending == 0) != (e->kind == NET_FLOW_BEGIN))
		bad(c);
	*f = (struct net_flow_facts){
		.ending = (enum net_ending)x.ending,
		.midstream = truth(c, x.midstream),
		.tcp_flags = { x.tcp_flags[0], x.tcp_flags[1] },
		.first = x.first,
		.last = x.last,
		.packets = { x.packets[0], x.packets[1] },
		.bytes = { x.bytes[0], x.bytes[1] },
	};
}

/* --- DNS --------------------------------------------------------------------------------------- */

enum {
	D_RESPONSE = 1 << 0,
	D_AA = 1 << 1,
	D_TC = 1 << 2,
	D_RD = 1 << 3,
	D_RA = 1 << 4,
	D_AD = 1 << 5,
	D_CD = 1 << 6,
	D_CONFLICT = 1 << 7,
	D_TENTATIVE = 1 << 8,
	D_BROADCAST = 1 << 9,
	D_EDNS = 1 << 10,
	D_EDNS_DO = 1 << 11,
	D_MORE = 1 << 12,
	D_ALL = (1 << 13) - 1,
};

struct wire_dns {
	uint32_t trailing, n, text; /* text: bytes of names, which come next */
	int32_t ede, err;
	uint16_t id, flags, rcode, count[DNS_SECTIONS], edns_size, edns_flags, part;
	uint8_t opcode, edns_version, ecs_family, ecs_prefix, ecs_scope, ecs_addr[16];
} __attribute__((packed));

enum { R_EXTRA = 1, R_HINT = 2, R_ECH = 4, R_TOP = 8, R_BAD = 16, R_ALL = 31 };

struct wire_rr {
	uint32_t ttl, data;	    /* data: bytes, after all records */
	uint16_t type, class, number;
	uint16_t name, name_n, target, target_n; /* within text */
	uint8_t section, family, suffix, bits;
	uint8_t addr[16];
} __attribute__((packed));

/* The part of the room's text that names of this message use: they share it. */
static struct span text_of(const struct dns_message *m)
{
	const uint8_t *from = NULL, *to = NULL;

	for (uint32_t i = 0; i < m->n; i++) {
		const struct span s[2] = { m->rr[i].name, m->rr[i].target };
		for (int k = 0; k < 2; k++) {
			if (s[k].n == 0)
				continue;
			if (!from || s[k].p < from)
				from = s[k].p;
			if (!to || s[k].p + s[k].n > to)
				to = s[k].p + s[k].n;
		}
	}
	return from ? span_of(from, (size_t)(to - from)) : SPAN_NONE;
}

static void put_rr(struct put *w, const struct dns_rr *r, struct span text)
{
	struct wire_rr x = {
		.ttl = r->ttl,
		.data = (uint32_t)r->data.n,
		.type = r->type,
		.class = r->class,
		.number = r->number,
		.name = r->name.n ? (uint16_t)(r->name.p - text.p) : 0,
		.name_n = (uint16_t)r->name.n,
		.target = r->target.n ? (uint16_t)(r->target.p - text.p) : 0,
		.target_n = (uint16_t)r->target.n,
		.section = r->section,
		.family = r->family,
		.suffix = r->suffix,
		.bits = (uint8_t)((r->extra ? R_EXTRA : 0) | (r->hint ? R_HINT : 0) |
		    (r->ech ? R_ECH : 0) | (r->top ? R_TOP : 0) | (r->bad ? R_BAD : 0)),
	};

	memcpy(x.addr, r->addr, r->family == 4 ? 4 : r->family == 6 ? 16 : 0);
	put(w, &x, sizeof(x));
}

static uint16_t dns_flags(const struct dns_message *m)
{
	return (uint16_t)((m->response ? D_RESPONSE : 0) | (m->aa ? D_AA : 0) | (m->tc ? D_TC : 0) |
	    (m->rd ? D_RD : 0) | (m->ra ? D_RA : 0) | (m->ad ? D_AD : 0) | (m->cd ? D_CD : 0) |
	    (m->conflict ? D_CONFLICT : 0) | (m->tentative ? D_TENTATIVE : 0) |
	    (m->broadcast ? D_BROADCAST : 0) | (m->edns ? D_EDNS : 0) |
	    (m->edns_do ? D_EDNS_DO : 0) | (m->more ? D_MORE : 0));
}

static void put_dns(struct put *w, const struct dns_message *m)
{
	struct span text = text_of(m);
	struct wire_dns x = {
		.trailing = m->trailing,
		.n = m->n,
		.text = (uint32_t)text.n,
		.ede = m->ede,
		.err = m->err,
		.id = m->id,
		.flags = dns_flags(m),
		.rcode = m->rcode,
		.edns_size = m->edns_size,
		.edns_flags = m->edns_flags,
		.part = m->part,
		.opcode = m->opcode,
		.edns_version = m->edns_version,
		.ecs_family = m->ecs_family,
		.ecs_prefix = m->ecs_prefix,
		.ecs_scope = m->ecs_scope,
	};

	memcpy(x.count, m->count, sizeof(x.count));
	memcpy(x.ecs_addr, m->ecs_addr, sizeof(x.ecs_addr));
	if (text.n > UINT16_MAX)
		w->full = true;
	put(w, &x, sizeof(x));
	put(w, text.p, text.n);
	for (uint32_t i = 0; i < m->n; i++)
		put_rr(w, &m->rr[i], text);
	for (uint32_t i = 0; i < m->n; i++)
		put(w, m->rr[i].data.p, m->rr[i].data.n);
	put_span(w, m->ede_text);
}

static struct span name_in(struct cur *c, struct span text, uint16_t off, uint16_t n)
{
	if ((size_t)off + n > text.n) {
		bad(c);
		return SPAN_NONE;
	}
	return n ? span_of(text.p + off, n) : SPAN_NONE;
}

static void get_rr(struct cur *c, struct span text, struct dns_rr *r)
{
	struct wire_rr x;

	get(c, &x, sizeof(x));
	if (x.section >= DNS_SECTIONS || (x.family != 0 && x.family != 4 && x.family != 6) ||
	    x.bits > R_ALL)
		bad(c);
	*r = (struct dns_rr){
		.name = name_in(c, text, x.name, x.name_n),
		.target = name_in(c, text, x.target, x.target_n),
		.data = { NULL, x.data }, /* where it is comes later */
		.ttl = x.ttl,
		.type = x.type,
		.class = x.class,
		.number = x.number,
		.section = x.section,
		.family = x.family,
		.suffix = x.suffix,
		.extra = x.bits & R_EXTRA,
		.hint = x.bits & R_HINT,
		.ech = x.bits & R_ECH,
		.top = x.bits & R_TOP,
		.bad = x.bits & R_BAD,
	};
	memcpy(r->addr, x.addr, sizeof(r->addr));
}

static void dns_flags_of(uint16_t f, struct dns_message *m)
{
	m->response = f & D_RESPONSE;
	m->aa = f & D_AA;
	m->tc = f & D_TC;
	m->rd = f & D_RD;
	m->ra = f & D_RA;
	m->ad = f & D_AD;
	m->cd = f & D_CD;
	m->conflict = f & D_CONFLICT;
	m->tentative = f & D_TENTATIVE;
	m->broadcast = f & D_BROADCAST;
	m->edns = f & D_EDNS;
	m->edns_do = f & D_EDNS_DO;
	m->more = f & D_MORE;
}

static void get_dns_head(const struct wire_dns *x, struct dns_message *m)
{
	*m = (struct dns_message){
		.id = x->id,
		.opcode = x->opcode,
		.rcode = x->rcode,
		.edns_version = x->edns_version,
		.edns_size = x->edns_size,
		.edns_flags = x->edns_flags,
		.ede = x->ede,
		.ecs_family = x->ecs_family,
		.ecs_prefix = x->ecs_prefix,
		.ecs_scope = x->ecs_scope,
		.err = x->err,
		.trailing = x->trailing,
		.part = x->part,
		.n = x->n,
	};
	memcpy(m->count, x->count, sizeof(m->count));
	memcpy(m->ecs_addr, x->ecs_addr, sizeof(m->ecs_addr));
	dns_flags_of(x->flags, m);
}

/* Most records have the name of the one before. */
static void check_names(struct cur *c, const struct dns_rr *rr, uint32_t i)
{
	bool same = i > 0 && rr[i].name.p == rr[i - 1].name.p && rr[i].name.n == rr[i - 1].name.n;

	if ((!same && !is_name(rr[i].name)) || !is_name(rr[i].target))
		bad(c);
}

static void get_dns(struct cur *c, struct event_room *room, struct dns_message *m)
{
	struct wire_dns x;

	get(c, &x, sizeof(x));
	if (x.n > DNS_RR_MAX || x.flags > D_ALL || x.err < 0 || x.err > DNS_RDATA || x.ede < -1 ||
	    x.ede > UINT16_MAX || (x.ecs_family != 0 && x.ecs_family != 4 && x.ecs_family != 6)) {
		bad(c);
		x.n = 0;
	}
	struct span text = cur_take(c, x.text);
	get_dns_head(&x, m);
	for (uint32_t i = 0; i < x.n && !c->err; i++)
		get_rr(c, text, &room->rr[i]);
	for (uint32_t i = 0; i < x.n && !c->err; i++)
		room->rr[i].data = cur_take(c, room->rr[i].data.n);
	m->ede_text = get_span(c);
	m->rr = room->rr;
	for (uint32_t i = 0; i < x.n && !c->err; i++)
		check_names(c, room->rr, i);
}

/* --- hellos ------------------------------------------------------------------------------------ */

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

static void put_spans(struct put *w, const void *base, const size_t *at, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct span s;
		memcpy(&s, (const uint8_t *)base + at[i], sizeof(s));
		put_span(w, s);
	}
}

static void get_spans(struct cur *c, void *base, const size_t *at, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct span s = get_span(c);
		memcpy((uint8_t *)base + at[i], &s, sizeof(s));
	}
}

static void put_client(struct put *w, const struct net_client_hello *h)
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
	put(w, &x, sizeof(x));
	put_span(w, span_of(t->sni, strnlen(t->sni, sizeof(t->sni) - 1)));
	put_spans(w, h, client_spans, ARRAY_LEN(client_spans));
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

static void get_client(struct cur *c, struct net_client_hello *h)
{
	struct wire_client x;

	get(c, &x, sizeof(x));
	if (x.flags > C_ALL || !is_ja4(x.ja4)) {
		bad(c);
		x.ja4[0] = 0;
	}
	h->quic_version = x.quic_version;
	h->tls.legacy_version = x.legacy_version;
	h->tls.version = x.version;
	client_flags(x.flags, h);
	memcpy(h->ja3, x.ja3, sizeof(h->ja3));
	memcpy(h->ja4, x.ja4, sizeof(h->ja4));
	get_text(c, h->tls.sni, sizeof(h->tls.sni));
	if (!is_name(span_str(h->tls.sni)))
		bad(c);
	h->tls.extensions = SPAN_NONE;
	get_spans(c, h, client_spans, ARRAY_LEN(client_spans));
}

struct wire_server {
	uint16_t legacy_version, version, cipher;
	uint8_t dtls, sslv2, retry, raw_keys, has_ja3s, ja3s[16];
} __attribute__((packed));

static void put_server(struct put *w, const struct net_server_hello *h)
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
	put(w, &x, sizeof(x));
	put_spans(w, h, server_spans, ARRAY_LEN(server_spans));
}

static void get_server(struct cur *c, struct net_server_hello *h)
{
	struct wire_server x;

	get(c, &x, sizeof(x));
	h->tls = (struct tls_server){
		.legacy_version = x.legacy_version,
		.version = x.version,
		.cipher = x.cipher,
		.dtls = truth(c, x.dtls),
		.sslv2 = truth(c, x.sslv2),
		.retry = truth(c, x.retry),
		.raw_keys = truth(c, x.raw_keys),
	};
	h->has_ja3s = truth(c, x.has_ja3s);
	memcpy(h->ja3s, x.ja3s, sizeof(h->ja3s));
	get_spans(c, h, server_spans, ARRAY_LEN(server_spans));
}

/* --- certificates, requests -------------------------------------------------------------------- */

struct wire_certificate {
	ts not_before, not_after;
	uint16_t index, nsan, more_sans;
	uint8_t from_client, self_issued, bad, version;
	uint8_t sha1[20], sha256[32];
} __attribute__((packed));

static void put_certificate(struct put *w, const struct net_certificate *e)
{
	const struct certificate *t = &e->cert;
	struct wire_certificate x = {
		.not_before = t->not_before,
		.not_after = t->not_after,
		.index = e->index,
		.nsan = t->nsan,
		.more_sans = t->more_sans,
		.from_client = e->from_client,
		.self_issued = t->self_issued,
		.bad = t->bad,
		.version = t->version,
	};

	memcpy(x.sha1, e->sha1, sizeof(x.sha1));
	memcpy(x.sha256, e->sha256, sizeof(x.sha256));
	put(w, &x, sizeof(x));
	put_span(w, t->serial);
	put_span(w, t->common_name);
	put_span(w, span_of(t->subject, strnlen(t->subject, sizeof(t->subject) - 1)));
	put_span(w, span_of(t->issuer, strnlen(t->issuer, sizeof(t->issuer) - 1)));
	for (size_t i = 0; i < t->nsan; i++)
		put_span(w, t->san_dns[i]);
}

static void get_certificate(struct cur *c, struct net_certificate *e)
{
	struct certificate *t = &e->cert;
	struct wire_certificate x;

	get(c, &x, sizeof(x));
	if (x.nsan > CERTIFICATE_SANS_MAX) {
		bad(c);
		x.nsan = 0;
	}
	e->index = x.index;
	e->from_client = truth(c, x.from_client);
	memcpy(e->sha1, x.sha1, sizeof(e->sha1));
	memcpy(e->sha256, x.sha256, sizeof(e->sha256));
	t->not_before = x.not_before;
	t->not_after = x.not_after;
	t->nsan = x.nsan;
	t->more_sans = x.more_sans;
	t->self_issued = truth(c, x.self_issued);
	t->bad = truth(c, x.bad);
	t->version = x.version;
	t->der = SPAN_NONE;
	t->serial = get_span(c);
	if (t->serial.n > CERTIFICATE_SERIAL_MAX)
		bad(c);
	t->common_name = get_span(c);
	get_text(c, t->subject, sizeof(t->subject));
	get_text(c, t->issuer, sizeof(t->issuer));
	for (size_t i = 0; i < t->nsan; i++)
		t->san_dns[i] = get_span(c);
}

struct wire_http {
	uint32_t hosts, head;
	uint16_t port;
	uint8_t minor;
} __attribute__((packed));

static const size_t http_spans[] = {
	offsetof(struct http_request, method),
	offsetof(struct http_request, target),
	offsetof(struct http_request, host),
	offsetof(struct http_request, user_agent),
	offsetof(struct http_request, referer),
};

static void put_http(struct put *w, const struct http_request *r)
{
	struct wire_http x = { r->hosts, (uint32_t)r->head, r->port, r->minor };

	put(w, &x, sizeof(x));
	put_spans(w, r, http_spans, ARRAY_LEN(http_spans));
}

static void get_http(struct cur *c, struct http_request *r)
{
	struct wire_http x;

	get(c, &x, sizeof(x));
	*r = (struct http_request){
		.hosts = x.hosts,
		.head = x.head,
		.port = x.port,
		.minor = x.minor,
	};
	get_spans(c, r, http_spans, ARRAY_LEN(http_spans));
	if (r->method.n > HTTP_METHOD_MAX)
		bad(c);
}

/* --- all of it --------------------------------------------------------------------------------- */

size_t event_encode(const struct net_event *e, uint8_t *out, size_t size)
{
	struct put w = { .p = out, .size = size };

	put_head(&w, e);
	switch (e->kind) {
	case NET_FLOW_BEGIN:
	case NET_FLOW_END:
		put_facts(&w, &e->facts);
		break;
	case NET_DNS:
		put_dns(&w, e->dns);
		break;
	case NET_TLS_CLIENT:
		put_client(&w, e->client_hello);
		break;
	case NET_TLS_SERVER:
		put_server(&w, e->server_hello);
		break;
	case NET_CERTIFICATE:
		put_certificate(&w, e->certificate);
		break;
	case NET_HTTP:
		put_http(&w, e->http);
		break;
	case NET_KINDS:
		w.full = true;
		break;
	}
	return w.full ? 0 : w.n;
}

static void get_body(struct cur *c, struct event_room *room, struct net_event *e)
{
	switch (e->kind) {
	case NET_FLOW_BEGIN:
	case NET_FLOW_END:
		get_facts(c, e, &e->facts);
		return;
	case NET_DNS:
		get_dns(c, room, &room->dns);
		e->dns = &room->dns;
		return;
	case NET_TLS_CLIENT:
		get_client(c, &room->client_hello);
		e->client_hello = &room->client_hello;
		return;
	case NET_TLS_SERVER:
		get_server(c, &room->server_hello);
		e->server_hello = &room->server_hello;
		return;
	case NET_CERTIFICATE:
		get_certificate(c, &room->certificate);
		e->certificate = &room->certificate;
		return;
	case NET_HTTP:
		get_http(c, &room->http);
		e->http = &room->http;
		return;
	case NET_KINDS:
		break;
	}
	bad(c);
}

int event_decode(struct span s, struct event_room *room, struct net_event *ret_e)
{
	struct cur c = cur_of(s);

	*ret_e = (struct net_event){ 0 };
	get_head(&c, ret_e);
	if (!c.err)
		get_body(&c, room, ret_e);
	if (c.err || c.off != s.n) {
		*ret_e = (struct net_event){ 0 };
		return -EBADMSG;
	}
	return 0;
}
