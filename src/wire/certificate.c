/* SPDX-License-Identifier: Apache-2.0 */

#include "wire/certificate.h"

#include "wire/ber_value.h"
#include "wire/dn_text.h"

#include <errno.h>
#include <stdio.h>

enum {
	TAG_BOOLEAN = 0x01,
	TAG_INTEGER = 0x02,
	TAG_OCTETS = 0x04,
	TAG_OID = 0x06,
	TAG_UTC_TIME = 0x17,
	TAG_TIME = 0x18,
	TAG_SEQ = 0x30,
	TAG_VERSION = 0xa0,
	TAG_EXTENSIONS = 0xa3,
	TAG_DNS_NAME = 0x82,
	TAG_IP_ADDRESS = 0x87,
};

static const uint8_t oid_alt_name[] = { 0x55, 0x1d, 0x11 };

/* --- time --- */

/* "YYMMDDHHMM[SS]" or "YYYYMMDDHHMM[SS][.f]", then Z or ±hhmm, as RFC 3339. */
static ts read_time(const struct ber_value *v)
{
	static const char digits[] = "0123456789";
	char in[32], out[TS_TEXT_MAX];
	size_t year = v->tag == TAG_UTC_TIME ? 2 : 4;
	ts t;

	if ((v->tag != TAG_UTC_TIME && v->tag != TAG_TIME) || v->body.n >= sizeof(in) ||
	    memchr(v->body.p, 0, v->body.n))
		return TS_NONE;
	memcpy(in, v->body.p, v->body.n);
	in[v->body.n] = 0;
	size_t n = strspn(in, digits);
	if (n != year + 8 && n != year + 10)
		return TS_NONE;
	const char *century = year == 4 ? "" : in[0] < '5' ? "20" : "19";
	const char *p = in + year, *seconds = n == year + 10 ? p + 8 : "00", *zone = in + n;
	if (*zone == '.' || *zone == ',')
		zone += 1 + strspn(zone + 1, digits);
	char offset[8] = "Z";
	if ((zone[0] == '+' || zone[0] == '-') && strspn(zone + 1, digits) == 4 && !zone[5])
		snprintf(offset, sizeof(offset), "%.3s:%.2s", zone, zone + 3);
	else if (strcmp(zone, "Z") != 0)
		return TS_NONE;
	snprintf(out, sizeof(out), "%s%.*s-%.2s-%.2sT%.2s:%.2s:%.2s%s", century, (int)year, in, p,
	    p + 2, p + 4, p + 6, seconds, offset);
	return ts_parse_bound(span_str(out), &t) == 0 ? t : TS_NONE;
}

static void validity(struct span body, struct certificate *c)
{
	struct cur v = cur_of(body);
	struct ber_value from = ber_next(&v), to = ber_next(&v);

	c->not_before = read_time(&from);
	c->not_after = read_time(&to);
	c->bad |= v.err || c->not_before == TS_NONE || c->not_after == TS_NONE;
}

/* --- extensions --- */

static void alt_name(const struct ber_value *name, struct certificate *c)
{
	bool dns = name->tag == TAG_DNS_NAME;

	if (!dns && (name->tag != TAG_IP_ADDRESS || (name->body.n != 4 && name->body.n != 16)))
		return;
	if (dns && c->nsan < CERTIFICATE_SANS_MAX)
		c->san_dns[c->nsan++] = name->body;
	else if (!dns && c->nsan_ip < CERTIFICATE_SAN_IPS_MAX)
		c->san_ip[c->nsan_ip++] = name->body;
	else if (c->more_sans < UINT16_MAX)
		c->more_sans++;
}

/* GeneralNames (RFC 5280 section 4.2.1.6). */
static void alt_names(struct span value, struct certificate *c)
{
	struct cur outer = cur_of(value);
	struct cur names = ber_enter(&outer, TAG_SEQ);

	while (cur_left(&names)) {
		struct ber_value name = ber_next(&names);
		if (!names.err)
			alt_name(&name, c);
	}
	c->bad |= outer.err || names.err;
}

static void extensions(struct span body, struct certificate *c)
{
	struct cur outer = cur_of(body);
	struct cur list = ber_enter(&outer, TAG_SEQ);

	while (cur_left(&list)) {
		struct cur x = ber_enter(&list, TAG_SEQ);
		struct ber_value oid = ber_next(&x), value = ber_next(&x);
		if (value.tag == TAG_BOOLEAN) /* critical */
			value = ber_next(&x);
		if (x.err || oid.tag != TAG_OID || value.tag != TAG_OCTETS)
			c->bad = true;
		else if (span_eq(oid.body, span_of(oid_alt_name, sizeof(oid_alt_name))))
			alt_names(value.body, c);
	}
	c->bad |= outer.err || list.err;
}

/* --- the whole --- */

static bool tbs_certificate(struct cur *t, struct certificate *c)
{
	struct ber_value serial = ber_next(t);

	c->version = 1;
	if (serial.tag == TAG_VERSION) {
		struct cur in = cur_of(serial.body);
		struct ber_value v = ber_next(&in);
		bool good = v.tag == TAG_INTEGER && v.body.n == 1 && v.body.p[0] < 3;
		c->version = good ? (uint8_t)(v.body.p[0] + 1) : 0;
		serial = ber_next(t);
	}
	struct ber_value algorithm = ber_next(t), issuer = ber_next(t), valid = ber_next(t),
			 subject = ber_next(t);
	if (t->err || serial.tag != TAG_INTEGER || algorithm.tag != TAG_SEQ ||
	    issuer.tag != TAG_SEQ || valid.tag != TAG_SEQ || subject.tag != TAG_SEQ)
		return false;
	c->bad = serial.body.n == 0 || serial.body.n > CERTIFICATE_SERIAL_MAX;
	c->serial = span_cut(serial.body, 0, CERTIFICATE_SERIAL_MAX);
	c->bad |= !dn_text(issuer.body, c->issuer, sizeof(c->issuer), NULL);
	c->bad |= !dn_text(subject.body, c->subject, sizeof(c->subject), &c->common_name);
	c->self_issued = span_eq(issuer.body, subject.body);
	validity(valid.body, c);
	(void)ber_next(t); /* the key */
	while (cur_left(t)) {
		struct ber_value v = ber_next(t);
		if (!t->err && v.tag == TAG_EXTENSIONS)
			extensions(v.body, c);
	}
	c->bad |= t->err != 0;
	return true;
}

/* All but what is counted: the texts and the list of names are large. */
static void clear(struct certificate *c, struct span der)
{
	c->der = der;
	c->serial = c->common_name = SPAN_NONE;
	c->subject[0] = c->issuer[0] = 0;
	c->not_before = c->not_after = TS_NONE;
	c->nsan = c->nsan_ip = c->more_sans = 0;
	c->self_issued = c->bad = false;
}

int certificate_parse(struct span der, struct certificate *ret_c)
{
	struct cur outer = cur_of(der);
	struct cur all = ber_enter(&outer, TAG_SEQ);
	struct cur tbs = ber_enter(&all, TAG_SEQ);

	clear(ret_c, der);
	if (!tbs_certificate(&tbs, ret_c)) {
		*ret_c = (struct certificate){ 0 };
		return -EBADMSG;
	}
	struct ber_value algorithm = ber_next(&all), signature = ber_next(&all);
	(void)signature;
	ret_c->bad |= algorithm.tag != TAG_SEQ || all.err || cur_left(&all) || cur_left(&outer);
	return 0;
}
