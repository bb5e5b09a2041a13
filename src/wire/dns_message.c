/* SPDX-License-Identifier: Apache-2.0 */

#include "wire/dns_message.h"

#define NAME_OCTETS 255
#define NAMES_A_RECORD 3
#define NB_LABEL 32

/* Where reading is. Everything that is wanted stays on the stack; offsets are of the message. */
struct parse {
	const uint8_t *p;
	size_t n, off;
	struct dns_room *room;
	struct dns_message *m;
	uint32_t skip; /* records of this one that the part before gave */
	uint32_t gave; /* records of this one so far */
	bool full;
};

const char *dns_strerror(int err)
{
	static const char *const text[] = {
		[DNS_OK] = "no error",
		[DNS_SHORT] = "ends inside a field",
		[DNS_LABEL] = "unknown label type",
		[DNS_POINTER] = "compression pointer that does not go backwards",
		[DNS_LONG] = "name longer than 255 octets",
		[DNS_RDATA] = "record data that does not fit its type",
		[DNS_COUNT] = "too many records",
	};
	return err >= 0 && (size_t)err < ARRAY_LEN(text) ? text[err] : "unknown error";
}

static uint16_t be16(const uint8_t *p)
{
	return (uint16_t)(p[0] << 8 | p[1]);
}

static uint32_t be32(const uint8_t *p)
{
	return (uint32_t)be16(p) << 16 | be16(p + 2);
}

static void wrong(struct parse *ps, int err)
{
	if (!ps->m->err)
		ps->m->err = err;
}

/* --- names --- */

/* Octets that stand for themselves, in lower case; 0: those written as \DDD. */
static const char plain[256] = {
	0,   0,	  0,   0,   0,	 0,   0,   0,	0,   0,	  0,   0,   0,	 0,   0,   0,
	0,   0,	  0,   0,   0,	 0,   0,   0,	0,   0,	  0,   0,   0,	 0,   0,   0,
	0,   '!', '"', '#', '$', '%', '&', '\'', '(', ')', '*', '+', ',', '-', 0,   '/',
	'0', '1', '2', '3', '4', '5', '6', '7', '8', '9', ':', ';', '<', '=', '>', '?',
	'@', 'a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i', 'j', 'k', 'l', 'm', 'n', 'o',
	'p', 'q', 'r', 's', 't', 'u', 'v', 'w', 'x', 'y', 'z', '[', 0,	 ']', '^', '_',
	'`', 'a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i', 'j', 'k', 'l', 'm', 'n', 'o',
	'p', 'q', 'r', 's', 't', 'u', 'v', 'w', 'x', 'y', 'z', '{', '|', '}', '~', 0,
};

static char *put_octets(char *out, const uint8_t *p, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		char c = plain[p[i]];
		*out++ = c ? c : '\\';
		if (c)
			continue;
		*out++ = (char)('0' + p[i] / 100);
		*out++ = (char)('0' + p[i] / 10 % 10);
		*out++ = (char)('0' + p[i] % 10);
	}
	return out;
}

/* First-level encoding (RFC 1001 section 14.1): sixteen octets, each as two letters from A on; the
 * last is the suffix, before it blanks (or zeros behind "*") fill the name. */
static char *put_netbios(char *out, const uint8_t *p, uint8_t *ret_suffix)
{
	uint8_t name[NB_LABEL / 2];

	for (size_t i = 0; i < NB_LABEL; i++) {
		if (p[i] < 'A' || p[i] > 'P')
			return put_octets(out, p, NB_LABEL);
		unsigned half = p[i] - (unsigned)'A';
		name[i / 2] = (uint8_t)(i % 2 ? name[i / 2] | half : half << 4);
	}
	size_t n = sizeof(name) - 1;
	*ret_suffix = name[n];
	while (n && (name[n - 1] == ' ' || name[n - 1] == 0))
		n--;
	return put_octets(out, name, n);
}

/* A name that is being read. Of its labels the room has: at, text (from begin), octets and hops
 * before it. */
struct name {
	size_t at;     /* where this run of labels began: a pointer must go before it */
	size_t octets; /* as on the wire, uncompressed, the root not counted yet */
	unsigned hops, labels;
	char *begin, *out;
	uint8_t suffix;
};

static const struct dns_named *find_named(const struct parse *ps, size_t at)
{
	const struct dns_named *d = &ps->room->named[at % DNS_NAMED];
	return d->parse == ps->room->parse && d->at == at ? d : NULL;
}

/* Remembers the name, and what is left of it from each of its labels on. */
static void keep_named(struct parse *ps, const struct name *nm)
{
	struct dns_room *room = ps->room;
	size_t len = (size_t)(nm->out - nm->begin), base = (size_t)(nm->begin - room->text);
	/* what is left of an encoded name is not one: it has no suffix of its own */
	unsigned labels = room->flavour == DNS_NBNS && nm->labels ? 1 : nm->labels;

	for (unsigned i = 0; i < labels; i++) {
		const struct dns_named *l = &room->label[i];
		room->named[l->at % DNS_NAMED] = (struct dns_named){
			.parse = room->parse,
			.at = l->at,
			.text = (uint16_t)(base + l->text),
			.len = (uint16_t)(len - l->text),
			.octets = (uint8_t)(nm->octets - l->octets),
			.hops = (uint8_t)(nm->hops - l->hops),
			.suffix = nm->suffix,
		};
	}
}

static int add_label(struct parse *ps, struct name *nm, const uint8_t *p, size_t n)
{
	if (nm->octets + 1 + n + 1 > NAME_OCTETS)
		return DNS_LONG;
	if (nm->labels)
		*nm->out++ = '.';
	struct dns_named *l = &ps->room->label[nm->labels];
	l->at = (uint16_t)(p - 1 - ps->p);
	l->text = (uint16_t)(nm->out - nm->begin);
	l->octets = (uint8_t)nm->octets;
	l->hops = (uint8_t)nm->hops;
	nm->octets += 1 + n;
	if (ps->room->flavour == DNS_NBNS && !nm->labels && n == NB_LABEL)
		nm->out = put_netbios(nm->out, p, &nm->suffix);
	else
		nm->out = put_octets(nm->out, p, n);
	nm->labels++;
	return DNS_OK;
}

/* The rest of the name is one that was decoded before. */
static int add_named(struct parse *ps, struct name *nm, const struct dns_named *d)
{
	if (nm->octets + d->octets + 1 > NAME_OCTETS)
		return DNS_LONG;
	if (nm->hops + d->hops > DNS_HOPS_MAX)
		return DNS_POINTER;
	nm->octets += d->octets;
	nm->hops += d->hops;
	if (nm->labels)
		*nm->out++ = '.';
	else
		nm->suffix = d->suffix;
	memcpy(nm->out, ps->room->text + d->text, d->len);
	nm->out += d->len;
	return DNS_OK;
}

/* The pointer at in: where it leads. */
static int follow(struct parse *ps, struct name *nm, size_t in, size_t end, size_t *ret_to)
{
	if (ps->p[in] < 0xc0)
		return DNS_LABEL;
	if (end - in < 2)
		return DNS_SHORT;
	size_t to = be16(ps->p + in) & 0x3fff;
	if (to >= nm->at || to < DNS_HEADER || ++nm->hops > DNS_HOPS_MAX)
		return DNS_POINTER;
	if (nm->hops == 1)
		ps->off = in + 2;
	nm->at = *ret_to = to;
	return DNS_OK;
}

static int read_labels(struct parse *ps, struct name *nm, size_t end)
{
	const struct dns_named *d;
	size_t in = ps->off;
	int rc = DNS_OK;

	while (!rc) {
		if (in >= end)
			return DNS_SHORT;
		size_t b = ps->p[in];
		if (b == 0)
			break;
		if (b < 64) {
			rc = b < end - in ? add_label(ps, nm, ps->p + in + 1, b) : DNS_SHORT;
			in += 1 + b;
			continue;
		}
		rc = follow(ps, nm, in, end, &in);
		end = ps->n;
		if (!rc && (d = find_named(ps, in)))
			return add_named(ps, nm, d);
	}
	if (!rc && !nm->hops)
		ps->off = in + 1;
	return rc;
}

/* The name is all of one that was decoded before. */
static bool read_again(struct parse *ps, size_t end, struct span *ret_name, uint8_t *ret_suffix)
{
	const uint8_t *p = ps->p + ps->off;

	if (end - ps->off < 2 || p[0] < 0xc0)
		return false;
	size_t to = be16(p) & 0x3fff;
	const struct dns_named *d = find_named(ps, to);
	if (!d || to >= ps->off || d->hops >= DNS_HOPS_MAX)
		return false;
	ps->off += 2;
	*ret_name = span_of(ps->room->text + d->text, d->len);
	*ret_suffix = d->suffix;
	return true;
}

/*
 * Reads the name at ps->off, which ends before end, and moves behind it, that is behind its first
 * pointer. There is room for it.
 */
static int read_name(struct parse *ps, size_t end, struct span *ret_name, uint8_t *ret_suffix)
{
	struct name nm;

	if (read_again(ps, end, ret_name, ret_suffix))
		return DNS_OK;
	nm.at = ps->off;
	nm.octets = nm.hops = nm.labels = 0;
	nm.begin = nm.out = ps->room->text + ps->room->used;
	nm.suffix = 0;
	int rc = read_labels(ps, &nm, end);
	if (rc)
		return rc;
	if (nm.out == nm.begin)
		*nm.out++ = '.';
	keep_named(ps, &nm);
	ps->room->used = (uint32_t)(nm.out - ps->room->text);
	*ret_name = span_of(nm.begin, (size_t)(nm.out - nm.begin));
	*ret_suffix = nm.suffix;
	return DNS_OK;
}

/* --- data of records --- */

static int read_target(struct parse *ps, size_t end, struct span *ret_name)
{
	uint8_t suffix;
	int rc = read_name(ps, end, ret_name, &suffix);
	return rc == DNS_SHORT ? DNS_RDATA : rc;
}

/* A name behind `before` bytes, of which two are its number, and nothing behind it. */
static int read_one_name(struct parse *ps, size_t end, size_t before, struct dns_rr *rr)
{
	if (end - ps->off < before)
		return DNS_RDATA;
	if (before)
		rr->number = be16(ps->p + ps->off + before - 2);
	ps->off += before;
	int rc = read_target(ps, end, &rr->target);
	return rc ? rc : ps->off == end ? DNS_OK : DNS_RDATA;
}

/* SOA, MINFO, RP: two names, and `behind` bytes. */
static int read_two_names(struct parse *ps, size_t end, size_t behind, struct dns_rr *rr,
    struct span *ret_second)
{
	int rc = read_target(ps, end, &rr->target);

	rc = rc ? rc : read_target(ps, end, ret_second);
	if (rc || end - ps->off != behind)
		return rc ? rc : DNS_RDATA;
	rr->data = span_of(ps->p + ps->off, behind);
	return DNS_OK;
}

/* Order, preference, three character strings, the replacement (RFC 3403 section 4.1). */
static int read_naptr(struct parse *ps, size_t end, struct dns_rr *rr)
{
	size_t at = ps->off, in = at + 4;

	for (int i = 0; i < 3; i++) {
		if (in >= end || ps->p[in] >= end - in)
			return DNS_RDATA;
		in += 1 + (size_t)ps->p[in];
	}
	rr->number = be16(ps->p + at);
	rr->data = span_of(ps->p + at, in - at);
	ps->off = in;
	return read_one_name(ps, end, 0, rr);
}

/* Keys in strictly ascending order (RFC 9460 section 2.2). */
static int check_params(struct dns_rr *rr)
{
	struct span s = rr->data;

	for (int last = -1; s.n;) {
		if (s.n < 4)
			return DNS_RDATA;
		int key = be16(s.p);
		size_t len = be16(s.p + 2), size = key == 4 ? 4 : key == 6 ? 16 : 0;
		if (len > s.n - 4 || key <= last || (size && (len == 0 || len % size)))
			return DNS_RDATA;
		rr->ech |= key == 5;
		last = key;
		s = span_from(s, 4 + len);
	}
	return DNS_OK;
}

static int read_svcb(struct parse *ps, size_t end, struct dns_rr *rr)
{
	if (end - ps->off < 2)
		return DNS_RDATA;
	rr->number = be16(ps->p + ps->off);
	ps->off += 2;
	int rc = read_target(ps, end, &rr->target);
	if (rc)
		return rc;
	rr->data = span_of(ps->p + ps->off, end - ps->off);
	return check_params(rr);
}

/* Flags and address, any number of times (RFC 1002 section 4.2.1.3); in a WACK flags only. data is
 * the addresses behind the first, for give_nb. */
static int read_nb(struct parse *ps, size_t end, struct dns_rr *rr)
{
	size_t n = end - ps->off;
	const uint8_t *p = ps->p + ps->off;

	if (n != 2 && (n == 0 || n % 6))
		return DNS_RDATA;
	rr->number = be16(p);
	if (n == 2)
		return DNS_OK;
	rr->family = 4;
	memcpy(rr->addr, p + 2, 4);
	rr->data = span_of(p + 6, n - 6);
	return DNS_OK;
}

static int read_address(struct parse *ps, size_t end, size_t size, struct dns_rr *rr)
{
	if (end - ps->off != size)
		return DNS_RDATA;
	rr->family = size == 4 ? 4 : 6;
	memcpy(rr->addr, ps->p + ps->off, size);
	return DNS_OK;
}

static int read_netbios(struct parse *ps, size_t end, struct dns_rr *rr)
{
	if (rr->type == DNS_NB)
		return read_nb(ps, end, rr);
	rr->data = span_of(ps->p + ps->off, end - ps->off);
	return DNS_OK;
}

static int read_typed(struct parse *ps, size_t end, struct dns_rr *rr, struct span *ret_second)
{
	bool nbns = ps->room->flavour == DNS_NBNS;

	switch (rr->type) {
	case DNS_A:
		return read_address(ps, end, 4, rr);
	case DNS_AAAA:
		return read_address(ps, end, 16, rr);
	case DNS_NS:
	case DNS_MD:
	case DNS_MF:
	case DNS_CNAME:
	case DNS_MB:
	case DNS_MG:
	case DNS_MR:
	case DNS_PTR:
	case DNS_DNAME:
		return read_one_name(ps, end, 0, rr);
	case DNS_MX:
	case DNS_AFSDB:
	case DNS_RT:
	case DNS_KX:
		return read_one_name(ps, end, 2, rr);
	case DNS_SRV:
		return nbns ? read_netbios(ps, end, rr) : read_one_name(ps, end, 6, rr);
	case DNS_SOA:
		return read_two_names(ps, end, 20, rr, ret_second);
	case DNS_MINFO:
	case DNS_RP:
		return read_two_names(ps, end, 0, rr, ret_second);
	case DNS_NAPTR:
		return read_naptr(ps, end, rr);
	case DNS_SVCB:
	case DNS_HTTPS:
		return read_svcb(ps, end, rr);
	default:
		if (nbns)
			return read_netbios(ps, end, rr);
		rr->data = span_of(ps->p + ps->off, end - ps->off);
		return DNS_OK;
	}
}

/* Other classes have types of their own; what an update requires or deletes may have no data (RFC
 * 2136 sections 2.4 and 2.5). */
static bool is_typed(const struct parse *ps, const struct dns_rr *rr, size_t len)
{
	bool update = ps->m->opcode == DNS_OP_UPDATE && ps->room->flavour != DNS_NBNS;

	if (update && len == 0)
		return false;
	return rr->class == DNS_CLASS_IN || (update && rr->class == DNS_CLASS_NONE);
}

static void read_data(struct parse *ps, size_t end, struct dns_rr *rr, struct span *ret_second)
{
	size_t at = ps->off;
	int rc = DNS_OK;

	if (is_typed(ps, rr, end - at))
		rc = read_typed(ps, end, rr, ret_second);
	else
		rr->data = span_of(ps->p + at, end - at);
	ps->off = end;
	if (!rc)
		return;
	wrong(ps, rc);
	rr->bad = true;
	rr->family = 0;
	rr->ech = false;
	rr->target = *ret_second = SPAN_NONE;
	rr->data = span_of(ps->p + at, end - at);
}

/* --- into the list --- */

/* One more, unless the part before gave it. False: there is no room. */
static bool give(struct parse *ps, const struct dns_rr *rr)
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

static bool give_address(struct parse *ps, struct dns_rr *rr, size_t size, const uint8_t *p)
{
	rr->family = size == 4 ? 4 : 6;
	memset(rr->addr, 0, sizeof(rr->addr));
	memcpy(rr->addr, p, size);
	return give(ps, rr);
}

/* The addresses in the parameters (RFC 9460 section 7.3). */
static void give_hints(struct parse *ps, const struct dns_rr *rr)
{
	struct dns_rr h = *rr;

	h.target = h.data = SPAN_NONE;
	h.extra = h.hint = true;
	for (struct span s = rr->data; s.n;) {
		unsigned key = be16(s.p);
		size_t len = be16(s.p + 2), size = key == 4 ? 4 : key == 6 ? 16 : 0;
		for (size_t i = 0; size && i < len; i += size)
			if (!give_address(ps, &h, size, s.p + 4 + i))
				return;
		s = span_from(s, 4 + len);
	}
}

static void give_nb(struct parse *ps, struct dns_rr *rr)
{
	struct span others = rr->data;

	rr->data = SPAN_NONE;
	bool going = give(ps, rr);
	rr->extra = true;
	for (size_t i = 0; going && i < others.n; i += 6) {
		rr->number = be16(others.p + i);
		going = give_address(ps, rr, 4, others.p + i + 2);
	}
}

static void give_second(struct parse *ps, struct dns_rr *rr, struct span name)
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
		m->ede = be16(v.p);
		m->ede_text = span_from(v, 2);
	}
	if (code != 8 || v.n < 4 || m->ecs_family)
		return;
	unsigned family = be16(v.p);
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
static void read_edns(struct parse *ps, const struct dns_rr *rr, struct span options)
{
	struct dns_message *m = ps->m;

	m->edns = true;
	m->edns_size = rr->class;
	m->rcode |= (uint16_t)(rr->ttl >> 24 << 4);
	m->edns_version = (uint8_t)(rr->ttl >> 16);
	m->edns_flags = (uint16_t)rr->ttl;
	m->edns_do = rr->ttl >> 15 & 1;
	while (options.n) {
		size_t len = options.n < 4 ? 0 : be16(options.p + 2);
		if (options.n < 4 || len > options.n - 4) {
			wrong(ps, DNS_RDATA);
			return;
		}
		read_option(m, be16(options.p), span_cut(options, 4, len));
		options = span_from(options, 4 + len);
	}
}

static void set_class(const struct parse *ps, struct dns_rr *rr, uint16_t class)
{
	rr->class = class;
	if (ps->room->flavour == DNS_MDNS && rr->type != DNS_OPT) {
		rr->top = class >> 15;
		rr->class = class & 0x7fff;
	}
}

static int read_question(struct parse *ps, struct dns_rr *rr)
{
	int rc = read_name(ps, ps->n, &rr->name, &rr->suffix);

	if (rc)
		return rc;
	const uint8_t *p = ps->p + ps->off;
	if (ps->n - ps->off < 4)
		return DNS_SHORT;
	ps->off += 4;
	rr->type = be16(p);
	set_class(ps, rr, be16(p + 2));
	(void)give(ps, rr);
	return DNS_OK;
}

static int read_record(struct parse *ps, struct dns_rr *rr)
{
	int rc = read_name(ps, ps->n, &rr->name, &rr->suffix);

	if (rc)
		return rc;
	const uint8_t *p = ps->p + ps->off;
	if (ps->n - ps->off < 10 || be16(p + 8) > ps->n - ps->off - 10)
		return DNS_SHORT;
	size_t end = ps->off + 10 + be16(p + 8);
	ps->off += 10;
	rr->type = be16(p);
	set_class(ps, rr, be16(p + 2));
	rr->ttl = be32(p + 4);
	if (rr->type == DNS_OPT && rr->section == DNS_ADDITIONAL && !ps->m->edns &&
	    span_eq_str(rr->name, ".")) {
		read_edns(ps, rr, span_of(p + 10, end - ps->off));
		ps->off = end;
		return DNS_OK;
	}
	struct span second = SPAN_NONE;
	read_data(ps, end, rr, &second);
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
static void read_records(struct parse *ps)
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
			wrong(ps, rc);
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

static struct parse parse_of(struct span message, struct dns_room *room, struct dns_message *m)
{
	if (++room->parse == 0) { /* after 4 billion: what is old must not look new */
		memset(room->named, 0, sizeof(room->named));
		room->parse = 1;
	}
	room->used = 0;
	m->n = 0;
	size_t n = message.n < DNS_MESSAGE_MAX ? message.n : DNS_MESSAGE_MAX;
	return (struct parse){ .p = message.p, .n = n, .off = room->off, .room = room, .m = m };
}

int dns_parse(struct span message, enum dns_flavour flavour, struct dns_room *room,
    struct dns_message *ret_m)
{
	*ret_m = (struct dns_message){ 0 };
	if (message.n < DNS_HEADER) {
		ret_m->err = DNS_SHORT;
		return DNS_SHORT;
	}
	ret_m->id = be16(message.p);
	read_flags(ret_m, flavour, be16(message.p + 2));
	for (int i = 0; i < DNS_SECTIONS; i++)
		ret_m->count[i] = be16(message.p + 4 + 2 * i);
	ret_m->ede = -1;
	ret_m->rr = room->rr;
	room->flavour = (uint8_t)flavour;
	room->section = DNS_QUESTION;
	room->left = ret_m->count[DNS_QUESTION];
	room->off = DNS_HEADER;
	room->skip = 0;
	struct parse ps = parse_of(message, room, ret_m);
	read_records(&ps);
	return ret_m->err;
}

void dns_parse_rest(struct span message, struct dns_room *room, struct dns_message *m)
{
	struct parse ps = parse_of(message, room, m);
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
