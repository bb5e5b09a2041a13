/* SPDX-License-Identifier: Apache-2.0 */

/* Names of a DNS message: each is decoded once. */

#include "wire/dns_priv.h"

#define NAME_OCTETS 255
#define NB_LABEL 32

/* Octets that stand for themselves, in lower case; 0: those written as \DDD. */
/* clang-format off */
static const char plain[256] = {
	0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
	'!', '"', '#', '$', '%', '&', '\'', '(', ')', '*', '+', ',', '-', 0, '/',
	'0', '1', '2', '3', '4', '5', '6', '7', '8', '9', ':', ';', '<', '=', '>', '?',
	'@', 'a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i', 'j', 'k', 'l', 'm', 'n', 'o',
	'p', 'q', 'r', 's', 't', 'u', 'v', 'w', 'x', 'y', 'z', '[', 0, ']', '^', '_',
	'`', 'a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i', 'j', 'k', 'l', 'm', 'n', 'o',
	'p', 'q', 'r', 's', 't', 'u', 'v', 'w', 'x', 'y', 'z', '{', '|', '}', '~',
};
/* clang-format on */

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

static const struct dns_named *find_named(const struct dns_parse *ps, size_t at)
{
	const struct dns_named *d = &ps->room->named[at % DNS_NAMED];
	return d->parse == ps->room->parse && d->at == at ? d : NULL;
}

/* Remembers the name, and what is left of it from each of its labels on. */
static void keep_named(struct dns_parse *ps, const struct name *nm)
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

static int add_label(struct dns_parse *ps, struct name *nm, const uint8_t *p, size_t n)
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
static int add_named(struct dns_parse *ps, struct name *nm, const struct dns_named *d)
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
static int follow(struct dns_parse *ps, struct name *nm, size_t in, size_t end, size_t *ret_to)
{
	if (ps->p[in] < 0xc0)
		return DNS_LABEL;
	if (end - in < 2)
		return DNS_SHORT;
	size_t to = dns_be16(ps->p + in) & 0x3fff;
	if (to >= nm->at || to < DNS_HEADER || ++nm->hops > DNS_HOPS_MAX)
		return DNS_POINTER;
	if (nm->hops == 1)
		ps->off = in + 2;
	nm->at = *ret_to = to;
	return DNS_OK;
}

static int read_labels(struct dns_parse *ps, struct name *nm, size_t end)
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
static bool read_again(struct dns_parse *ps, size_t end, struct span *ret_name, uint8_t *ret_suffix)
{
	const uint8_t *p = ps->p + ps->off;

	if (end - ps->off < 2 || p[0] < 0xc0)
		return false;
	size_t to = dns_be16(p) & 0x3fff;
	const struct dns_named *d = find_named(ps, to);
	if (!d || to >= ps->off || d->hops >= DNS_HOPS_MAX)
		return false;
	ps->off += 2;
	*ret_name = span_of(ps->room->text + d->text, d->len);
	*ret_suffix = d->suffix;
	return true;
}

int dns_read_name(struct dns_parse *ps, size_t end, struct span *ret_name, uint8_t *ret_suffix)
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
