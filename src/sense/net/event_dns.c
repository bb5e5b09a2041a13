/* SPDX-License-Identifier: Apache-2.0 */

#include "sense/net/event_wire_priv.h"

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
	uint32_t ttl, data; /* data: bytes, after all records */
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

static void put_rr(struct event_put *w, const struct dns_rr *r, struct span text)
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
		.bits =
		    (uint8_t)((r->extra ? R_EXTRA : 0) | (r->hint ? R_HINT : 0) |
			      (r->ech ? R_ECH : 0) | (r->top ? R_TOP : 0) | (r->bad ? R_BAD : 0)),
	};

	memcpy(x.addr, r->addr, r->family == 4 ? 4 : r->family == 6 ? 16 : 0);
	event_put(w, &x, sizeof(x));
}

static uint16_t dns_flags(const struct dns_message *m)
{
	return (uint16_t)((m->response ? D_RESPONSE : 0) | (m->aa ? D_AA : 0) | (m->tc ? D_TC : 0) |
			  (m->rd ? D_RD : 0) | (m->ra ? D_RA : 0) | (m->ad ? D_AD : 0) |
			  (m->cd ? D_CD : 0) | (m->conflict ? D_CONFLICT : 0) |
			  (m->tentative ? D_TENTATIVE : 0) | (m->broadcast ? D_BROADCAST : 0) |
			  (m->edns ? D_EDNS : 0) | (m->edns_do ? D_EDNS_DO : 0) |
			  (m->more ? D_MORE : 0));
}

void event_put_dns(struct event_put *w, const struct dns_message *m)
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
	event_put(w, &x, sizeof(x));
	event_put(w, text.p, text.n);
	for (uint32_t i = 0; i < m->n; i++)
		put_rr(w, &m->rr[i], text);
	for (uint32_t i = 0; i < m->n; i++)
		event_put(w, m->rr[i].data.p, m->rr[i].data.n);
	event_put_span(w, m->ede_text);
}

static struct span name_in(struct cur *c, struct span text, uint16_t off, uint16_t n)
{
	if ((size_t)off + n > text.n) {
		event_bad(c);
		return SPAN_NONE;
	}
	return n ? span_of(text.p + off, n) : SPAN_NONE;
}

static void get_rr(struct cur *c, struct span text, struct dns_rr *r)
{
	struct wire_rr x;

	event_get(c, &x, sizeof(x));
	if (x.section >= DNS_SECTIONS || (x.family != 0 && x.family != 4 && x.family != 6) ||
	    x.bits > R_ALL)
		event_bad(c);
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

	if ((!same && !event_is_name(rr[i].name)) || !event_is_name(rr[i].target))
		event_bad(c);
}

void event_get_dns(struct cur *c, struct event_room *room, struct dns_message *m)
{
	struct wire_dns x;

	event_get(c, &x, sizeof(x));
	if (x.n > DNS_RR_MAX || x.flags > D_ALL || x.err < 0 || x.err > DNS_RDATA || x.ede < -1 ||
	    x.ede > UINT16_MAX || (x.ecs_family != 0 && x.ecs_family != 4 && x.ecs_family != 6)) {
		event_bad(c);
		x.n = 0;
	}
	struct span text = cur_take(c, x.text);
	get_dns_head(&x, m);
	for (uint32_t i = 0; i < x.n && !c->err; i++)
		get_rr(c, text, &room->rr[i]);
	for (uint32_t i = 0; i < x.n && !c->err; i++)
		room->rr[i].data = cur_take(c, room->rr[i].data.n);
	m->ede_text = event_get_span(c);
	m->rr = room->rr;
	for (uint32_t i = 0; i < x.n && !c->err; i++)
		check_names(c, room->rr, i);
}
