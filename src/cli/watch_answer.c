/* SPDX-License-Identifier: Apache-2.0 */

/* What a DNS record says, as text in the forms of Zeek's dns.log where it has one. */

#include "cli/watch_answer.h"

#include "base/cur.h"
#include "cli/watch_names.h"

#include <stdio.h>

enum {
	LOC = 29,
	DS = 43,
	SSHFP = 44,
	RRSIG = 46,
	NSEC = 47,
	DNSKEY = 48,
	NSEC3 = 50,
	NSEC3PARAM = 51,
	SPF = 99,
	BIND_SIGNING = 65534,
};

#define NAME_ROOM 1024 /* 255 octets, each as \DDD */

/* "TXT 5 hello TXT 2 yo" */
static bool texts(struct line *l, const char *type, struct span data)
{
	struct cur c = cur_of(data);

	while (cur_left(&c))
		cur_skip(&c, cur_u8(&c));
	if (c.err)
		return false;
	c = cur_of(data);
	for (bool first = true; cur_left(&c); first = false) {
		uint8_t n = cur_u8(&c);
		if (!first)
			LINE_LIT(l, " ");
		line_text(l, span_str(type));
		LINE_LIT(l, " ");
		line_uint(l, n);
		LINE_LIT(l, " ");
		line_text(l, cur_take(&c, n));
	}
	return true;
}

/* A name without compression (RFC 4034 sections 3.1.7 and 4.1.1), in the form of all names here. */
static struct span name_in(struct cur *c, char room[static NAME_ROOM])
{
	size_t n = 0, octets = 0;

	for (uint8_t left; (left = cur_u8(c)) != 0;) {
		octets += left + 1U;
		if (left > 63 || octets > 254 || c->err) {
			cur_fail(c, CUR_SHORT);
			break;
		}
		if (n)
			room[n++] = '.';
		for (; left; left--) {
			uint8_t o = cur_u8(c);
			if (o >= 'A' && o <= 'Z')
				o |= 0x20;
			if (o > 0x20 && o < 0x7f && o != '.' && o != '\\')
				room[n++] = (char)o;
			else
				n += (size_t)snprintf(room + n, 5, "\\%03u", o);
		}
	}
	return span_of(room, n);
}

static bool signature(struct line *l, struct span data)
{
	char room[NAME_ROOM];
	struct cur c = cur_of(data);
	uint16_t covered = cur_be16(&c);
	cur_skip(&c, 16);
	struct span signer = name_in(&c, room);

	if (c.err)
		return false;
	LINE_LIT(l, "RRSIG ");
	line_uint(l, covered);
	LINE_LIT(l, " ");
	line_text(l, signer.n ? signer : SPAN_LIT("<Root>"));
	return true;
}

static bool next(struct line *l, const struct dns_rr *rr)
{
	char room[NAME_ROOM];
	struct cur c = cur_of(rr->data);
	struct span n = name_in(&c, room);

	if (c.err)
		return false;
	LINE_LIT(l, "NSEC ");
	line_text(l, rr->name);
	LINE_LIT(l, " ");
	line_text(l, n);
	return true;
}

static void numbers(struct line *l, const char *what, const uint8_t *p, size_t n)
{
	line_text(l, span_str(what));
	for (size_t i = 0; i < n; i++) {
		LINE_LIT(l, " ");
		line_uint(l, p[i]);
	}
}

static void fingerprint(struct line *l, struct span s)
{
	static const char digit[] = "0123456789abcdef";

	LINE_LIT(l, "SSHFP: ");
	for (size_t i = 0; i < s.n; i++)
		line_text(l, span_of((char[]){ digit[s.p[i] >> 4], digit[s.p[i] & 15] }, 2));
}

/* False: a type without a form of its own, or its data does not fit. */
static bool data_text(struct line *l, const struct dns_rr *rr)
{
	struct span d = rr->data;

	switch (rr->type) {
	case DNS_TXT:
		return texts(l, "TXT", d);
	case SPF:
		return texts(l, "SPF", d);
	case RRSIG:
		return signature(l, d);
	case NSEC:
		return next(l, rr);
	case NSEC3:
	case NSEC3PARAM:
		line_text(l, span_str(rr->type == NSEC3 ? "NSEC3" : "NSEC3PARAM"));
		return true;
	case DNSKEY:
		if (d.n >= 4)
			numbers(l, "DNSKEY", d.p + 3, 1);
		return d.n >= 4;
	case DS:
		if (d.n >= 4)
			numbers(l, "DS", d.p + 2, 2);
		return d.n >= 4;
	case SSHFP:
		if (d.n >= 2)
			fingerprint(l, span_from(d, 2));
		return d.n >= 2;
	case LOC:
		if (d.n == 16)
			numbers(l, "LOC: ", d.p + 1, 3);
		return d.n == 16;
	case BIND_SIGNING:
		if (d.n == 5)
			line_text(l, SPAN_LIT("BIND9 signing signal"));
		return d.n == 5;
	default:
		return false;
	}
}

void watch_answer(struct line *l, const struct dns_rr *rr)
{
	char room[WATCH_NAME_MAX];

	if (rr->family) {
		struct sense_addr a = { .family = rr->family };
		memcpy(a.b, rr->addr, rr->family == 4 ? 4 : 16);
		line_addr(l, &a);
		return;
	}
	LINE_LIT(l, "\"");
	if (rr->type == DNS_SVCB || rr->type == DNS_HTTPS) {
		line_uint(l, rr->number);
		LINE_LIT(l, " ");
	}
	if (rr->target.n) {
		line_text(l, rr->target);
	} else if (rr->bad || !data_text(l, rr)) {
		line_text(l, span_str(watch_dns_type(rr->type, room)));
		LINE_LIT(l, " ");
		line_uint(l, rr->data.n);
		LINE_LIT(l, " bytes");
	}
	LINE_LIT(l, "\"");
}
