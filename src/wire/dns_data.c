/* SPDX-License-Identifier: Apache-2.0 */

/* The data of DNS records, type by type. */

#include "wire/dns_priv.h"

static int read_target(struct dns_parse *ps, size_t end, struct span *ret_name)
{
	uint8_t suffix;
	int rc = dns_read_name(ps, end, ret_name, &suffix);
	return rc == DNS_SHORT ? DNS_RDATA : rc;
}

/* A name behind `before` bytes, of which two are its number, and nothing behind it. */
static int read_one_name(struct dns_parse *ps, size_t end, size_t before, struct dns_rr *rr)
{
	if (end - ps->off < before)
		return DNS_RDATA;
	if (before)
		rr->number = dns_be16(ps->p + ps->off + before - 2);
	ps->off += before;
	int rc = read_target(ps, end, &rr->target);
	return rc ? rc : ps->off == end ? DNS_OK : DNS_RDATA;
}

/* SOA, MINFO, RP: two names, and `behind` bytes. */
static int read_two_names(
    struct dns_parse *ps, size_t end, size_t behind, struct dns_rr *rr, struct span *ret_second)
{
	int rc = read_target(ps, end, &rr->target);

	rc = rc ? rc : read_target(ps, end, ret_second);
	if (rc || end - ps->off != behind)
		return rc ? rc : DNS_RDATA;
	rr->data = span_of(ps->p + ps->off, behind);
	return DNS_OK;
}

/* Order, preference, three character strings, the replacement (RFC 3403 section 4.1). */
static int read_naptr(struct dns_parse *ps, size_t end, struct dns_rr *rr)
{
	size_t at = ps->off, in = at + 4;

	for (int i = 0; i < 3; i++) {
		if (in >= end || ps->p[in] >= end - in)
			return DNS_RDATA;
		in += 1 + (size_t)ps->p[in];
	}
	rr->number = dns_be16(ps->p + at);
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
		int key = dns_be16(s.p);
		size_t len = dns_be16(s.p + 2), size = key == 4 ? 4 : key == 6 ? 16 : 0;
		if (len > s.n - 4 || key <= last || (size && (len == 0 || len % size)))
			return DNS_RDATA;
		rr->ech |= key == 5;
		last = key;
		s = span_from(s, 4 + len);
	}
	return DNS_OK;
}

static int read_svcb(struct dns_parse *ps, size_t end, struct dns_rr *rr)
{
	if (end - ps->off < 2)
		return DNS_RDATA;
	rr->number = dns_be16(ps->p + ps->off);
	ps->off += 2;
	int rc = read_target(ps, end, &rr->target);
	if (rc)
		return rc;
	rr->data = span_of(ps->p + ps->off, end - ps->off);
	return check_params(rr);
}

/* Flags and address, any number of times (RFC 1002 section 4.2.1.3); in a WACK flags only. data is
 * the addresses behind the first, for give_nb. */
static int read_nb(struct dns_parse *ps, size_t end, struct dns_rr *rr)
{
	size_t n = end - ps->off;
	const uint8_t *p = ps->p + ps->off;

	if (n != 2 && (n == 0 || n % 6))
		return DNS_RDATA;
	rr->number = dns_be16(p);
	if (n == 2)
		return DNS_OK;
	rr->family = 4;
	memcpy(rr->addr, p + 2, 4);
	rr->data = span_of(p + 6, n - 6);
	return DNS_OK;
}

static int read_address(struct dns_parse *ps, size_t end, size_t size, struct dns_rr *rr)
{
	if (end - ps->off != size)
		return DNS_RDATA;
	rr->family = size == 4 ? 4 : 6;
	memcpy(rr->addr, ps->p + ps->off, size);
	return DNS_OK;
}

static int read_netbios(struct dns_parse *ps, size_t end, struct dns_rr *rr)
{
	if (rr->type == DNS_NB)
		return read_nb(ps, end, rr);
	rr->data = span_of(ps->p + ps->off, end - ps->off);
	return DNS_OK;
}

static int read_typed(struct dns_parse *ps, size_t end, struct dns_rr *rr, struct span *ret_second)
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
static bool is_typed(const struct dns_parse *ps, const struct dns_rr *rr, size_t len)
{
	bool update = ps->m->opcode == DNS_OP_UPDATE && ps->room->flavour != DNS_NBNS;

	if (update && len == 0)
		return false;
	return rr->class == DNS_CLASS_IN || (update && rr->class == DNS_CLASS_NONE);
}

void dns_read_data(struct dns_parse *ps, size_t end, struct dns_rr *rr, struct span *ret_second)
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
	dns_wrong(ps, rc);
	rr->bad = true;
	rr->family = 0;
	rr->ech = false;
	rr->target = *ret_second = SPAN_NONE;
	rr->data = span_of(ps->p + at, end - at);
}
