/* SPDX-License-Identifier: Apache-2.0 */

#include "wire/quic.h"

enum quic_family quic_family_of(uint32_t version)
{
	switch (version) {
	case QUIC_V1:
	case QUIC_DRAFT(33):
	case QUIC_DRAFT(34):
	case 0xfaceb003: /* mvfst */
	case 0xfaceb004:
		return QUIC_FAMILY_V1;
	case QUIC_V2:
		return QUIC_FAMILY_V2;
	case QUIC_V2_DRAFT:
		return QUIC_FAMILY_V2_DRAFT;
	case QUIC_DRAFT(29):
	case QUIC_DRAFT(30):
	case QUIC_DRAFT(31):
	case QUIC_DRAFT(32):
		return QUIC_FAMILY_DRAFT_29;
	case QUIC_DRAFT(23):
	case QUIC_DRAFT(24):
	case QUIC_DRAFT(25):
	case QUIC_DRAFT(26):
	case QUIC_DRAFT(27):
	case QUIC_DRAFT(28):
	case 0xfaceb002: /* mvfst, draft 27 */
	case 0xfaceb00e:
		return QUIC_FAMILY_DRAFT_23;
	case QUIC_DRAFT(22):
	case 0xfaceb001: /* mvfst, draft 22 */
		return QUIC_FAMILY_DRAFT_22;
	case QUIC_T050:
		return QUIC_FAMILY_T050;
	case QUIC_T051:
		return QUIC_FAMILY_T051;
	default:
		return QUIC_FAMILY_NONE;
	}
}

uint64_t quic_varint(struct cur *c)
{
	unsigned more = (1u << (cur_peek(c) >> 6)) - 1;
	uint64_t v = cur_u8(c) & 0x3f;
	const uint8_t *p = cur_need(c, more);

	for (unsigned i = 0; p && i < more; i++)
		v = v << 8 | p[i];
	return c->err ? 0 : v;
}

static struct span varint_span(struct cur *c)
{
	uint64_t n = quic_varint(c);

	if (n > cur_left(c))
		cur_fail(c, CUR_SHORT);
	return cur_take(c, (size_t)n);
}

/* RFC 9000 section 17.2; version 2 counts one further (RFC 9369 section 3.2). */
static enum quic_type type_of(uint8_t first, enum quic_family family)
{
	static const uint8_t type[4] = { QUIC_INITIAL, QUIC_ZERO_RTT, QUIC_HANDSHAKE, QUIC_RETRY };

	return type[((first >> 4) - (quic_family_is_v2(family))) & 3];
}

/* What is behind the connection IDs. */
static void parse_body(struct cur *c, struct quic_long *h)
{
	switch (h->type) {
	case QUIC_INITIAL:
		h->token = varint_span(c);
		__attribute__((fallthrough));
	case QUIC_ZERO_RTT:
	case QUIC_HANDSHAKE: {
		uint64_t n = quic_varint(c);
		h->pn_at = c->off;
		if (n > cur_left(c))
			cur_fail(c, CUR_SHORT);
		cur_skip(c, (size_t)n);
		break;
	}
	case QUIC_RETRY:
		if (cur_left(c) < QUIC_TAG)
			cur_fail(c, CUR_SHORT);
		else
			h->token = cur_take(c, cur_left(c) - QUIC_TAG);
		cur_skip(c, QUIC_TAG);
		break;
	case QUIC_NEGOTIATION:
		if (!cur_left(c) || cur_left(c) % 4)
			cur_fail(c, QUIC_BAD);
		__attribute__((fallthrough));
	case QUIC_UNKNOWN:
		(void)cur_rest(c);
		break;
	}
}

int quic_long_parse(struct span datagram, struct quic_long *ret_h)
{
	struct cur c = cur_of(datagram);
	uint8_t first = cur_u8(&c);
	enum quic_family family;
	struct quic_long h = { .version = cur_be32(&c), .fixed = first & 0x40 };

	memset(ret_h, 0, sizeof(*ret_h));
	if (!(first & 0x80))
		return datagram.n ? QUIC_NOT_LONG : QUIC_SHORT;
	h.dcid = cur_take(&c, cur_u8(&c));
	h.scid = cur_take(&c, cur_u8(&c));
	family = quic_family_of(h.version);
	if (family && (h.dcid.n > QUIC_CID_MAX || h.scid.n > QUIC_CID_MAX))
		cur_fail(&c, QUIC_BAD);
	h.type = family ? type_of(first, family) : h.version ? QUIC_UNKNOWN : QUIC_NEGOTIATION;
	if (!c.err)
		parse_body(&c, &h);
	if (c.err)
		return c.err == CUR_SHORT ? QUIC_SHORT : c.err;
	h.packet = span_cut(datagram, 0, c.off);
	*ret_h = h;
	return QUIC_OK;
}

static void skip_ack(struct cur *c, bool ecn)
{
	uint64_t ranges;

	(void)quic_varint(c); /* largest acknowledged */
	(void)quic_varint(c); /* delay */
	ranges = quic_varint(c);
	(void)quic_varint(c); /* first range */
	/* A gap and a length each: two bytes at least. */
	if (ranges > cur_left(c) / 2)
		cur_fail(c, CUR_SHORT);
	for (uint64_t i = 0; i < ranges && !c->err; i++) {
		(void)quic_varint(c);
		(void)quic_varint(c);
	}
	for (int i = 0; ecn && i < 3; i++)
		(void)quic_varint(c);
}

/* All padding in a run; most of a first Initial. */
static void skip_padding(struct cur *c)
{
	uint64_t word;

	while (c->n - c->off >= sizeof(word)) {
		memcpy(&word, c->p + c->off, sizeof(word));
		if (word)
			break;
		c->off += sizeof(word);
	}
	while (c->off < c->n && !c->p[c->off])
		c->off++;
}

static void parse_close(struct cur *c, struct quic_frame *f)
{
	f->error = quic_varint(c);
	(void)quic_varint(c); /* the type of the frame that was to blame */
	f->data = varint_span(c);
}

int quic_frame_next(struct cur *c, struct quic_frame *ret_f)
{
	/* Types are one byte here: longer forms of them are not allowed (section 12.4). */
	uint8_t type = cur_u8(c);
	struct quic_frame f = { .type = type == 0x03 ? QUIC_ACK : (enum quic_frame_type)type };

	memset(ret_f, 0, sizeof(*ret_f));
	switch (f.type) {
	case QUIC_PADDING:
		if (!c->err)
			skip_padding(c);
		break;
	case QUIC_PING:
		break;
	case QUIC_ACK:
		skip_ack(c, type == 0x03);
		break;
	case QUIC_CRYPTO:
		f.offset = quic_varint(c);
		f.data = varint_span(c);
		break;
	case QUIC_CLOSE:
		parse_close(c, &f);
		break;
	default:
		return QUIC_FORBIDDEN;
	}
	if (c->err)
		return QUIC_SHORT;
	*ret_f = f;
	return QUIC_OK;
}

int quic_frame_google(struct cur *c, struct quic_frame *ret_f)
{
	struct quic_frame f = { .type = QUIC_PADDING };

	memset(ret_f, 0, sizeof(*ret_f));
	switch (cur_u8(c)) {
	case 0x00:
		if (!c->err)
			skip_padding(c);
		break;
	case 0x07:
		f.type = QUIC_PING;
		break;
	case 0x08:
		f.type = QUIC_CRYPTO;
		f.offset = quic_varint(c);
		f.data = varint_span(c);
		break;
	case 0x40: /* largest, delay and one block of a byte each, no times */
		f.type = QUIC_ACK;
		cur_skip(c, 5);
		break;
	case 0x60: /* several blocks */
		f.type = QUIC_ACK;
		cur_skip(c, 8);
		break;
	default:
		return QUIC_FORBIDDEN;
	}
	if (c->err)
		return QUIC_SHORT;
	*ret_f = f;
	return QUIC_OK;
}
