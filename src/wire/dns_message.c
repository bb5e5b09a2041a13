/* SPDX-License-Identifier: Apache-2.0 */

#include "wire/dns_priv.h"

#define NAMES_A_RECORD 3

const char *dns_strerror(int err)
{
	static const char *const text[] = {
		[DNS_OK] = "no error",
		[DNS_SHORT] = "ends inside a field",
		[DNS_LABEL] = "unknown label type",
		[DNS_POINTER] = "compression pointer that does not go backwards",
		[DNS_LONG] = "name longer than 255 octets",
		[DNS_RDATA] = "record data that does not fit its type",
	};
	return err >= 0 && (size_t)err < ARRAY_LEN(text) ? text[err] : "unknown error";
}

/* --- into the list --- */

/* One more, unless the part before gave it. False: there is no room. */
static bool give(struct dns_parse *ps, const struct dns_rr *rr)
{
	struct dns_message *m = ps->m;

	if (ps->skip) {
		ps->skip--;
	} else if (m->n < DNS_RR_MAX) {
		ps->room->rr[m->n++] = *rr;
	} else {
		ps->full = true;
		return false;
	}
	ps->gave++;
	return true;
}

static bool give_address(struct dns_parse *ps, struct dns_rr *rr, size_t size, const uint8_t *p)
{
	rr->family = size == 4 ? 4 : 6;
	memset(rr->addr, 0, sizeof(rr->addr));
	memcpy(rr->addr, p, size);
	return give(ps, rr);
}

/* The addresses in the parameters (RFC 9460 section 7.3). */
static void give_hints(struct dns_parse *ps, const struct dns_rr *rr)
{
	struct dns_rr h = *rr;

	h.target = h.data = SPAN_NONE;
	h.extra = h.hint = true;
	for (struct span s = rr->data; s.n;) {
		unsigned key = dns_be16(s.p);
		size_t len = dns_be16(s.p + 2), size = key == 4 ? 4 : key == 6 ? 16 : 0;
		for (size_t i = 0; size && i < len; i += size)
			if (!give_address(ps, &h, size, s.p + 4 + i))
				return;
		s = span_from(s, 4 + len);
	}
}

static void give_nb(struct dns_parse *ps, struct dns_rr *rr)
{
	struct span others = rr->data;

	rr->data = SPAN_NONE;
	bool going = give(ps, rr);
	rr->extra = true;
	for (size_t i = 0; going && i < others.n; i += 6) {
		rr->number = dns_be16(others.p + i);
		going = give_address(ps, rr, 4, others.p + i + 2);
	}
}

static void give_second(struct dns_parse *ps, struct dns_rr *rr, struct span name)
{
	rr->target = name;
	rr->data = SPAN_NONE;
	rr->extra = true;
	(void)give(ps, rr);
}

/* --- messages --- */

static void read_option(struct dns_message *m, unsigned code, struct span v)
{
	if (code == 15 && v.n >= 2 && m->ede < 0) {
		m->ede = dns_be16(v.p);
		m->ede_text = span_from(v, 2);
	}
	if (code != 8 || v.n < 4 || m->ecs_family)
		return;
	unsigned family = dns_be16(v.p);
	size_t most = family == 1 ? 4 : family == 2 ? 16 : 0;
	struct span addr = span_from(v, 4);
	if (!most || addr.n > most || v.p[2] > most * 8 || v.p[3] > most * 8 ||
	    addr.n != (v.p[2] + 7u) / 8)
		return;
	m->ecs_family = family == 1 ? 4 : 6;
	m->ecs_prefix = v.p[2];
	m->ecs_scope = v.p[3];
	if (addr.n)
		memcpy(m->ecs_addr, addr.p, addr.n);
}

/* RFC 6891 section 6.1. */
static void read_edns(struct dns_parse *ps, const struct dns_rr *rr, struct span options)
{
	struct dns_message *m = ps->m;

	m->edns = true;
	m->edns_size = rr->class;
	m->rcode |= (uint16_t)(rr->ttl >> 24 << 4);
	m->edns_version = (uint8_t)(rr->ttl >> 16);
	m->edns_flags = (uint16_t)rr->ttl;
	m->edns_do = rr->ttl >> 15 & 1;
	while (options.n) {
		size_t len = options.n < 4 ? 0 : dns_be16(options.p + 2);
		if (options.n < 4 || len > options.n - 4) {
			dns_wrong(ps, DNS_RDATA);
			return;
		}
		read_option(m, dns_be16(options.p), span_cut(options, 4, len));
		options = span_from(options, 4 + len);
	}
}

static void set_class(const struct dns_parse *ps, struct dns_rr *rr, uint16_t class)
{
	rr->class = class;
	if (ps->room->flavour == DNS_MDNS && rr->type != DNS_OPT) {
		rr->top = class >> 15;
		rr->class = class & 0x7fff;
	}
}

static int read_question(struct dns_parse *ps, struct dns_rr *rr)
{
	int rc = dns_read_name(ps, ps->n, &rr->name, &rr->suffix);

	if (rc)
		return rc;
	const uint8_t *p = ps->p + ps->off;
	if (ps->n - ps->off < 4)
		return DNS_SHORT;
	ps->off += 4;
	rr->type = dns_be16(p);
	set_class(ps, rr, dns_be16(p + 2));
	(void)give(ps, rr);
	return DNS_OK;
}

static int read_record(struct dns_parse *ps, struct dns_rr *rr)
{
	int rc = dns_read_name(ps, ps->n, &rr->name, &rr->suffix);

	if (rc)
		return rc;
	const uint8_t *p = ps->p + ps->off;
	if (ps->n - ps->off < 10 || dns_be16(p + 8) > ps->n - ps->off - 10)
		return DNS_SHORT;
	size_t end = ps->off + 10 + dns_be16(p + 8);
	ps->off += 10;
	rr->type = dns_be16(p);
	set_class(ps, rr, dns_be16(p + 2));
	rr->ttl = dns_be32(p + 4);
	if (rr->type == DNS_OPT && rr->section == DNS_ADDITIONAL && !ps->m->edns &&
	    span_eq_str(rr->name, ".")) {
		read_edns(ps, rr, span_of(p + 10, end - ps->off));
		ps->off = end;
		return DNS_OK;
	}
	struct span second = SPAN_NONE;
	dns_read_data(ps, end, rr, &second);
	if (ps->room->flavour == DNS_NBNS && rr->type == DNS_NB && rr->family) {
		give_nb(ps, rr);
	} else if (give(ps, rr)) {
		if (second.n)
			give_second(ps, rr, second);
		else if (rr->target.n && (rr->type == DNS_SVCB || rr->type == DNS_HTTPS))
			give_hints(ps, rr);
	}
	return DNS_OK;
}

/* Sections, from where the room says on, until the end, an error or a full room. */
static void read_records(struct dns_parse *ps)
{
	struct dns_room *room = ps->room;
	struct dns_message *m = ps->m;

	while (room->left || room->section < DNS_ADDITIONAL) {
		if (!room->left) {
			room->left = m->count[++room->section];
			continue;
		}
		room->off = (uint32_t)ps->off;
		ps->gave = 0;
		m->more = m->n == DNS_RR_MAX ||
			  room->used + NAMES_A_RECORD * DNS_TEXT_MAX > sizeof(room->text);
		if (m->more)
			return;
		struct dns_rr rr = { .section = room->section };
		int rc = room->section ? read_record(ps, &rr) : read_question(ps, &rr);
		if (rc) {
			dns_wrong(ps, rc);
			return;
		}
		m->more = ps->full;
		if (m->more) {
			room->skip = ps->gave;
			return;
		}
		room->left--;
	}
	m->trailing = (uint32_t)(ps->n - ps->off);
}

static void read_flags(struct dns_message *m, enum dns_flavour flavour, uint16_t f)
{
	bool dns = flavour == DNS_PLAIN || flavour == DNS_MDNS, nbns = flavour == DNS_NBNS;

	m->response = f >> 15;
	m->opcode = f >> 11 & 15;
	m->aa = f >> 10 & 1 && flavour != DNS_LLMNR;
	m->conflict = f >> 10 & 1 && flavour == DNS_LLMNR;
	m->tc = f >> 9 & 1;
	m->rd = f >> 8 & 1 && flavour != DNS_LLMNR;
	m->tentative = f >> 8 & 1 && flavour == DNS_LLMNR;
	m->ra = f >> 7 & 1 && (dns || nbns);
	m->ad = f >> 5 & 1 && dns;
	m->cd = f >> 4 & 1 && dns;
	m->broadcast = f >> 4 & 1 && nbns;
	m->rcode = f & 15;
}

static struct dns_parse parse_of(struct span message, struct dns_room *room, struct dns_message *m)
{
	if (++room->parse == 0) { /* after 4 billion: what is old must not look new */
		memset(room->named, 0, sizeof(room->named));
		room->parse = 1;
	}
	room->used = 0;
	m->n = 0;
	size_t n = message.n < DNS_MESSAGE_MAX ? message.n : DNS_MESSAGE_MAX;
	return (struct dns_parse){ .p = message.p, .n = n, .off = room->off, .room = room, .m = m };
}

int dns_parse(
    struct span message, enum dns_flavour flavour, struct dns_room *room, struct dns_message *ret_m)
{
	*ret_m = (struct dns_message){ 0 };
	if (message.n < DNS_HEADER) {
		ret_m->err = DNS_SHORT;
		return DNS_SHORT;
	}
	ret_m->id = dns_be16(message.p);
	read_flags(ret_m, flavour, dns_be16(message.p + 2));
	for (int i = 0; i < DNS_SECTIONS; i++)
		ret_m->count[i] = dns_be16(message.p + 4 + 2 * i);
	ret_m->ede = -1;
	ret_m->rr = room->rr;
	room->flavour = (uint8_t)flavour;
	room->section = DNS_QUESTION;
	room->left = ret_m->count[DNS_QUESTION];
	room->off = DNS_HEADER;
	room->skip = 0;
	struct dns_parse ps = parse_of(message, room, ret_m);
	read_records(&ps);
	return ret_m->err;
}

void dns_parse_rest(struct span message, struct dns_room *room, struct dns_message *m)
{
	struct dns_parse ps = parse_of(message, room, m);
	size_t at = ps.off;

	m->part++;
	m->more = false;
	if (m->count[DNS_QUESTION]) {
		struct dns_rr rr = { .section = DNS_QUESTION, .extra = true };
		ps.off = DNS_HEADER;
		if (read_question(&ps, &rr))
			m->n = 0; /* cannot be: it was read before */
		ps.off = at;
	}
	ps.skip = room->skip;
	room->skip = 0;
	read_records(&ps);
}
