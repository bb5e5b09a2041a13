/* SPDX-License-Identifier: Apache-2.0 */

#include "wire/dns.h"

#include "wire/host_text.h"

#define HEADER 12
#define NAME_OCTETS 255
#define CLASS_IN 1

/* Follows the pointer at c (its first byte is b). at is where this run of labels began. */
static int follow(struct cur *c, uint8_t b, size_t *at, int *hops)
{
	size_t to = (size_t)(b & 0x3f) << 8 | cur_u8(c);

	if (c->err)
		return DNS_SHORT;
	if (to >= *at || to < HEADER || ++*hops > DNS_HOPS_MAX)
		return DNS_POINTER;
	c->off = *at = to;
	return DNS_OK;
}

/*
 * Reads the name at c as text. Moves c behind it, that is behind its first pointer. c may be a
 * cursor that ends with the record; labels that a pointer leads to are before it anyway.
 */
static int read_name(struct cur *c, char out[static DNS_TEXT_MAX])
{
	struct cur in = *c;
	size_t at = in.off, octets = 1, n = 0;
	int hops = 0;

	for (;;) {
		uint8_t b = cur_u8(&in);
		if (in.err)
			return DNS_SHORT;
		if (b >= 0xc0) {
			if (!hops)
				c->off = in.off + 1;
			int rc = follow(&in, b, &at, &hops);
			if (rc)
				return rc;
			continue;
		}
		if (b > 63)
			return DNS_LABEL;
		if (b == 0)
			break;
		struct span label = cur_take(&in, b);
		octets += 1 + (size_t)b;
		if (in.err)
			return DNS_SHORT;
		if (octets > NAME_OCTETS)
			return DNS_LONG;
		if (n)
			out[n++] = '.';
		n += host_text_label(out + n, label);
	}
	if (!hops)
		c->off = in.off;
	if (!n)
		out[n++] = '.';
	out[n] = 0;
	return DNS_OK;
}

/* RFC 9460 section 2.2: keys strictly ascending. */
static int read_params(struct cur *c, struct dns_record *r)
{
	int last = -1;

	while (cur_left(c)) {
		int key = cur_be16(c);
		struct span val = cur_take(c, cur_be16(c));
		if (c->err || key <= last)
			return DNS_RDATA;
		last = key;
		size_t size = key == 4 ? 4 : key == 6 ? 16 : 0; /* address hints */
		if (size && (val.n == 0 || val.n % size))
			return DNS_RDATA;
		if (size)
			*(key == 4 ? &r->hint4 : &r->hint6) = val;
	}
	return DNS_OK;
}

/* The bytes before the name in the data of a type that has one; -1 for types without. */
static int before_target(uint16_t type)
{
	switch (type) {
	case DNS_NS:
	case DNS_CNAME:
	case DNS_PTR:
	case DNS_DNAME:
		return 0;
	case DNS_MX:
	case DNS_SVCB:
	case DNS_HTTPS:
		return 2;
	case DNS_SRV:
		return 6;
	default:
		return -1;
	}
}

static int read_address(struct cur *c, uint8_t family, size_t len, struct dns_record *r)
{
	const uint8_t *p = cur_left(c) == len ? cur_need(c, len) : NULL;

	if (!p)
		return DNS_RDATA;
	r->family = family;
	memcpy(r->addr, p, len);
	return DNS_OK;
}

/* c ends with the record's data. */
static int read_data(struct cur *c, struct dns_record *r)
{
	int skip = before_target(r->type);

	if (r->type == DNS_A)
		return read_address(c, 4, 4, r);
	if (r->type == DNS_AAAA)
		return read_address(c, 6, 16, r);
	if (skip < 0)
		return DNS_OK;
	cur_skip(c, (size_t)skip);
	int rc = c->err ? DNS_RDATA : read_name(c, r->target);
	if (rc)
		return rc == DNS_SHORT ? DNS_RDATA : rc;
	if (r->type == DNS_SVCB || r->type == DNS_HTTPS)
		return read_params(c, r);
	return cur_left(c) ? DNS_RDATA : DNS_OK;
}

static int read_record(struct dns *d, struct dns_record *r)
{
	int rc = read_name(&d->c, r->name);
	if (rc)
		return rc;
	r->section = (enum dns_section)d->section;
	r->type = cur_be16(&d->c);
	r->class = cur_be16(&d->c);
	if (r->section == DNS_QUESTION)
		return d->c.err ? DNS_SHORT : DNS_OK;
	r->ttl = cur_be32(&d->c);
	size_t len = cur_be16(&d->c);
	struct cur data = d->c;
	cur_skip(&d->c, len);
	if (d->c.err)
		return DNS_SHORT;
	data.n = d->c.off;
	return (r->class & 0x7fff) == CLASS_IN && r->type != DNS_OPT ? read_data(&data, r) : DNS_OK;
}

int dns_open(struct dns *d, struct span message)
{
	*d = (struct dns){ .c = cur_of(message) };
	d->id = cur_be16(&d->c);
	uint16_t flags = cur_be16(&d->c);
	for (int i = 0; i < DNS_SECTIONS; i++)
		d->count[i] = cur_be16(&d->c);
	if (d->c.err) {
		*d = (struct dns){ .err = DNS_SHORT };
		return DNS_SHORT;
	}
	d->response = flags >> 15;
	d->opcode = flags >> 11 & 15;
	d->rcode = flags & 15;
	d->left = d->count[0];
	unsigned total = 0;
	for (int i = 0; i < DNS_SECTIONS; i++)
		total += d->count[i];
	if (total > DNS_RECORDS_MAX)
		*d = (struct dns){ .err = DNS_COUNT };
	return d->err;
}

/* All but the bytes behind the NUL of the texts: clearing 2 KiB a record would cost more than
 * parsing it. */
static void clear(struct dns_record *r)
{
	r->section = DNS_QUESTION;
	r->type = r->class = 0;
	r->ttl = 0;
	r->name[0] = r->target[0] = 0;
	r->family = 0;
	memset(r->addr, 0, sizeof(r->addr));
	r->hint4 = r->hint6 = SPAN_NONE;
}

bool dns_next(struct dns *d, struct dns_record *r)
{
	clear(r);
	while (!d->err && d->left == 0 && d->section < DNS_ADDITIONAL)
		d->left = d->count[++d->section];
	if (!d->err && d->left) {
		d->left--;
		d->err = read_record(d, r);
		if (!d->err)
			return true;
	}
	if (!d->err)
		d->trailing = cur_left(&d->c);
	memset(r, 0, sizeof(*r));
	return false;
}
