/* SPDX-License-Identifier: Apache-2.0 */

#include "wire/dn_text.h"

#include "base/utf8.h"
#include "wire/ber_value.h"
#include "wire/der.h"

enum { TAG_SEQ = 0x30, TAG_SET = 0x31, TAG_OID = 0x06 };

/* --- out: whole characters, until the first that does not fit --- */

#define CUT "\xe2\x80\xa6"

struct out {
	char *p;
	size_t n, room; /* room: so that CUT and a NUL still fit */
	bool cut;
};

static void put(struct out *o, const char *s, size_t n)
{
	if (o->cut)
		return;
	if (n > o->room - o->n) {
		memcpy(o->p + o->n, CUT, 3);
		o->n += 3;
		o->cut = true;
		return;
	}
	memcpy(o->p + o->n, s, n);
	o->n += n;
}

static void put_str(struct out *o, const char *s)
{
	put(o, s, strlen(s));
}

static const char hex[16] = "0123456789ABCDEF";

static void put_octet(struct out *o, uint8_t b)
{
	put(o, (char[]){ '\\', hex[b >> 4], hex[b & 15] }, 3);
}

/* --- attribute types --- */

/* RFC 4514 section 3, and what certificates carry besides (X.520, RFC 2985, CA/Browser Forum). */
static const struct {
	struct span oid;
	const char *name;
} types[] = {
	{ SPAN_LIT("\x55\x04\x03"), "CN" },
	{ SPAN_LIT("\x55\x04\x0a"), "O" },
	{ SPAN_LIT("\x55\x04\x06"), "C" },
	{ SPAN_LIT("\x55\x04\x0b"), "OU" },
	{ SPAN_LIT("\x55\x04\x07"), "L" },
	{ SPAN_LIT("\x55\x04\x08"), "ST" },
	{ SPAN_LIT("\x55\x04\x09"), "STREET" },
	{ SPAN_LIT("\x09\x92\x26\x89\x93\xf2\x2c\x64\x01\x19"), "DC" },
	{ SPAN_LIT("\x09\x92\x26\x89\x93\xf2\x2c\x64\x01\x01"), "UID" },
	{ SPAN_LIT("\x2a\x86\x48\x86\xf7\x0d\x01\x09\x01"), "emailAddress" },
	{ SPAN_LIT("\x2a\x86\x48\x86\xf7\x0d\x01\x09\x02"), "unstructuredName" },
	{ SPAN_LIT("\x2a\x86\x48\x86\xf7\x0d\x01\x09\x08"), "unstructuredAddress" },
	{ SPAN_LIT("\x55\x04\x04"), "SN" },
	{ SPAN_LIT("\x55\x04\x05"), "serialNumber" },
	{ SPAN_LIT("\x55\x04\x0c"), "title" },
	{ SPAN_LIT("\x55\x04\x0d"), "description" },
	{ SPAN_LIT("\x55\x04\x0f"), "businessCategory" },
	{ SPAN_LIT("\x55\x04\x10"), "postalAddress" },
	{ SPAN_LIT("\x55\x04\x11"), "postalCode" },
	{ SPAN_LIT("\x55\x04\x14"), "telephoneNumber" },
	{ SPAN_LIT("\x55\x04\x29"), "name" },
	{ SPAN_LIT("\x55\x04\x2a"), "GN" },
	{ SPAN_LIT("\x55\x04\x2b"), "initials" },
	{ SPAN_LIT("\x55\x04\x2c"), "generationQualifier" },
	{ SPAN_LIT("\x55\x04\x2e"), "dnQualifier" },
	{ SPAN_LIT("\x55\x04\x41"), "pseudonym" },
	{ SPAN_LIT("\x55\x04\x61"), "organizationIdentifier" },
	{ SPAN_LIT("\x2b\x06\x01\x04\x01\x82\x37\x3c\x02\x01\x01"), "jurisdictionL" },
	{ SPAN_LIT("\x2b\x06\x01\x04\x01\x82\x37\x3c\x02\x01\x02"), "jurisdictionST" },
	{ SPAN_LIT("\x2b\x06\x01\x04\x01\x82\x37\x3c\x02\x01\x03"), "jurisdictionC" },
};
#define TYPE_CN 0

/* Its index, or ARRAY_LEN(types). */
static size_t type_of(struct span oid)
{
	size_t i = 0;

	while (i < ARRAY_LEN(types) && !span_eq(types[i].oid, oid))
		i++;
	return i;
}

/* --- values --- */

/* The next character of a string of this type, and its bytes; 0 when they are none. */
static size_t next_character(uint8_t tag, struct span s, uint32_t *ret_c)
{
	switch (tag) {
	case 0x1e: /* BMPString */
		*ret_c = s.n < 2 ? 0 : (uint32_t)(s.p[0] << 8 | s.p[1]);
		return s.n < 2 || (*ret_c >= 0xd800 && *ret_c < 0xe000) ? 0 : 2;
	case 0x1c: /* UniversalString */
		*ret_c = s.n < 4 ? 0
				 : (uint32_t)s.p[0] << 24 | (uint32_t)s.p[1] << 16 |
				       (uint32_t)s.p[2] << 8 | s.p[3];
		return s.n < 4 || *ret_c > 0x10ffff || (*ret_c >= 0xd800 && *ret_c < 0xe000) ? 0
											     : 4;
	}
	return utf8_next(s, ret_c);
}

static bool is_text(uint8_t tag)
{
	switch (tag) {
	case 0x0c: /* UTF8String */
	case 0x12: /* NumericString */
	case 0x13: /* PrintableString */
	case 0x14: /* TeletexString: UTF-8 in practice, or Latin-1, whose bytes are then escaped */
	case 0x16: /* IA5String */
	case 0x1a: /* VisibleString */
	case 0x1b: /* GeneralString */
	case 0x1c:
	case 0x1e:
		return true;
	}
	return false;
}

/* Not printable, or it changes how a line reads: C0, C1, the bidirectional and invisible ones. */
static bool hides(uint32_t c)
{
	return c < 0x20 || (c >= 0x7f && c < 0xa0) || c == 0xad || (c >= 0x200b && c <= 0x200f) ||
	       (c >= 0x2028 && c <= 0x202e) || (c >= 0x2060 && c <= 0x206f) || c == 0xfeff ||
	       (c >= 0xe0000 && c < 0xe0080);
}

static void put_character(struct out *o, uint32_t c, bool first, bool last)
{
	uint8_t b[4];
	size_t n = utf8_put(b, c);

	if (hides(c)) {
		for (size_t i = 0; i < n; i++)
			put_octet(o, b[i]);
	} else if ((c < 0x80 && strchr("\"+,;<>\\", (int)c)) || (c == ' ' && (first || last)) ||
		   (c == '#' && first)) {
		put(o, (char[]){ '\\', (char)c }, 2);
	} else {
		put(o, (char *)b, n);
	}
}

static void put_text(struct out *o, uint8_t tag, struct span s)
{
	bool first = true;

	for (size_t i = 0; i < s.n && !o->cut;) {
		uint32_t c;
		size_t n = next_character(tag, span_from(s, i), &c);
		if (n)
			put_character(o, c, first, i + n == s.n);
		else
			put_octet(o, s.p[i]);
		i += n ? n : 1;
		first = false;
	}
}

static void put_bytes(struct out *o, struct span all)
{
	put_str(o, "#");
	for (size_t i = 0; i < all.n && !o->cut; i++)
		put(o, (char[]){ hex[all.p[i] >> 4], hex[all.p[i] & 15] }, 2);
}

/* --- the name --- */

/* One RelativeDistinguishedName: attributes with + between them. */
static bool put_rdn(struct out *o, struct span rdn, struct span *cn)
{
	struct cur set = cur_of(rdn);
	bool first = true;

	while (cur_left(&set)) {
		struct cur attribute = ber_enter(&set, TAG_SEQ);
		struct ber_value oid = ber_next(&attribute), value = ber_next(&attribute);
		if (attribute.err || oid.tag != TAG_OID)
			return false;
		size_t type = type_of(oid.body);
		if (!first)
			put_str(o, "+");
		first = false;
		put_str(o, type < ARRAY_LEN(types)
			       ? types[type].name
			       : der_oid_text(oid.body, (char[DER_OID_TEXT_MAX]){ 0 }));
		put_str(o, "=");
		if (type < ARRAY_LEN(types) && is_text(value.tag))
			put_text(o, value.tag, value.body);
		else
			put_bytes(o, value.all);
		if (type == TYPE_CN && !cn->p)
			*cn = value.body;
	}
	return !set.err;
}

bool dn_text(struct span name, char *out, size_t size, struct span *ret_cn)
{
	struct out o = { .p = out, .room = size - sizeof(CUT) };
	struct cur c = cur_of(name);
	struct span rdn[DN_RDNS_MAX], cn = SPAN_NONE;
	size_t n = 0;
	bool good = true;

	while (cur_left(&c) && n < DN_RDNS_MAX) {
		struct ber_value v = ber_next(&c);
		if (c.err || v.tag != TAG_SET)
			good = false;
		else
			rdn[n++] = v.body;
	}
	good &= !cur_left(&c);
	for (size_t i = n; i-- > 0;) {
		if (!put_rdn(&o, rdn[i], &cn))
			good = false;
		if (i > 0)
			put_str(&o, ",");
	}
	o.p[o.n] = 0;
	if (ret_cn)
		*ret_cn = cn;
	return good;
}
