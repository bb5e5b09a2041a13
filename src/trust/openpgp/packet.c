/* SPDX-License-Identifier: Apache-2.0 */

#include "trust/openpgp/packet.h"

#include "base/cur.h"
#include "base/hex.h"

#include <errno.h>
#include <stdio.h>

#define CLEAR_BEGIN "-----BEGIN PGP SIGNED MESSAGE-----"
#define SIG_BEGIN "-----BEGIN PGP SIGNATURE-----"
#define KEYS_BEGIN "-----BEGIN PGP PUBLIC KEY BLOCK-----"

static struct span trim_end(struct span s)
{
	while (s.n && (s.p[s.n - 1] == ' ' || s.p[s.n - 1] == '\t' || s.p[s.n - 1] == '\r'))
		s.n--;
	return s;
}

/* The tag of a packet header's first byte; 0 if it is none. */
static unsigned tag_of(uint8_t b)
{
	return !(b & 0x80) ? 0 : b & 0x40 ? b & 0x3fu : b >> 2 & 0xfu;
}

/*
 * Bytes of other kinds (a bare RSA signature) may begin like a signature packet: then its numbers
 * are out of range, or its length does not fit.
 */
static bool is_signature(struct span head, struct cur *c, uint8_t version)
{
	struct pgp_packet p;

	if (version >= 4) {
		uint8_t type = cur_u8(c), key = cur_u8(c), hash = cur_u8(c);
		if (c->err || type > 0x50 || key == 0 || key > 40 || hash == 0 || hash > 14)
			return false;
	}
	return head.n >= PGP_HEAD || pgp_packet_next(&head, &p) == 1;
}

enum pgp_form pgp_form_of(struct span head)
{
	struct cur c = cur_of(head);

	if (span_starts(head, SPAN_LIT(CLEAR_BEGIN)))
		return PGP_FORM_CLEAR;
	if (span_starts(head, SPAN_LIT(SIG_BEGIN)))
		return PGP_FORM_SIGNATURE;
	if (span_starts(head, SPAN_LIT(KEYS_BEGIN)))
		return PGP_FORM_KEYS;
	if (span_eq_str(span_cut(head, 8, 4), "KBXf"))
		return PGP_FORM_KEYBOX;
	/* Binary: a header of the right tag, then a version that there is. */
	uint8_t b = cur_u8(&c), len = cur_u8(&c);
	unsigned tag = tag_of(b), skip = 0;
	if (b & 0x40)
		skip = len < 192 ? 0 : len < 224 ? 1 : 4;
	else
		skip = (b & 3) == 0 ? 0 : (b & 3) == 1 ? 1 : 3;
	cur_skip(&c, skip);
	uint8_t version = cur_u8(&c);
	if (c.err || version < 2 || version > 6)
		return PGP_FORM_NONE;
	if (tag == PGP_TAG_SIGNATURE)
		return is_signature(head, &c, version) ? PGP_FORM_SIGNATURE : PGP_FORM_NONE;
	return tag == PGP_TAG_KEY || tag == PGP_TAG_SECRET_KEY ? PGP_FORM_KEYS : PGP_FORM_NONE;
}

/* CRC-24 of RFC 4880 6.1. */
static uint32_t crc24(struct span s)
{
	uint32_t crc = 0xb704ce;

	for (size_t i = 0; i < s.n; i++) {
		crc ^= (uint32_t)s.p[i] << 16;
		for (int k = 0; k < 8; k++)
			crc = crc << 1 ^ (crc & 0x800000 ? 0x1864cfb : 0);
	}
	return crc & 0xffffff;
}

/* The base64 lines and the checksum, up to the END line. */
static int armor_body(struct buf *out, struct span *rest, const char *end, struct fault *f)
{
	AUTO_BUF struct buf base64 = BUF_INIT(out->max);
	AUTO_BUF struct buf sum = BUF_INIT(16);
	size_t from = out->n;
	struct span line;
	bool ended = false;

	while (!ended && span_next_line(rest, &line)) {
		line = trim_end(line);
		if (span_eq_str(line, end))
			ended = true;
		else if (sum.n)
			return fault_set(f, -EBADMSG, "OpenPGP armor goes on behind its checksum");
		else if (line.n == 5 && line.p[0] == '=') {
			if (b64_decode(&sum, span_from(line, 1), B64_STD) < 0 || sum.n != 3)
				return fault_set(f, -EBADMSG, "OpenPGP armor: bad checksum line");
		} else {
			buf_put_span(&base64, line);
		}
	}
	int rc = buf_err(&base64);
	if (rc < 0)
		return rc;
	if (!ended)
		return fault_set(f, -EBADMSG, "OpenPGP armor has no line \"%s\"", end);
	rc = b64_decode(out, buf_span(&base64), B64_STD);
	if (rc == -EINVAL || out->n == from)
		return fault_set(f, -EBADMSG, "OpenPGP armor: not base64");
	if (rc < 0)
		return rc;
	uint32_t crc = crc24(span_of(out->p + from, out->n - from));
	uint8_t want[3] = { (uint8_t)(crc >> 16), (uint8_t)(crc >> 8), (uint8_t)crc };
	if (sum.n && memcmp(sum.p, want, 3) != 0)
		return fault_set(f, -EBADMSG, "OpenPGP armor: wrong checksum");
	return 0;
}

/* "Version: …", "Comment: …" up to the empty line; nobody signed them. */
static int armor_headers(struct span *rest, struct fault *f)
{
	struct span line;

	while (span_next_line(rest, &line)) {
		line = trim_end(line);
		if (!line.n)
			return 0;
		size_t colon = span_find(line, ':');
		if (colon == SIZE_MAX || colon == 0 || colon + 1 == line.n || line.p[colon + 1] != ' ')
			break;
	}
	return fault_set(f, -EBADMSG, "OpenPGP armor: no empty line behind the headers");
}

/* One block at the start of *rest. */
static int armor_block(struct buf *out, struct span *rest, const char *type, struct fault *f)
{
	char begin[64], end[64];
	struct span line;

	snprintf(begin, sizeof(begin), "-----BEGIN PGP %s-----", type);
	snprintf(end, sizeof(end), "-----END PGP %s-----", type);
	if (!span_next_line(rest, &line) || !span_eq_str(trim_end(line), begin))
		return fault_set(f, -EBADMSG, "no line \"%s\" where it should be", begin);
	int rc = armor_headers(rest, f);
	return rc < 0 ? rc : armor_body(out, rest, end, f);
}

int pgp_armor_read(struct buf *out, struct span text, const char *type, bool many, struct fault *f)
{
	int rc;

	do {
		rc = armor_block(out, &text, type, f);
		while (text.n && (*text.p == '\n' || *text.p == '\r' || *text.p == ' '))
			text = span_from(text, 1);
	} while (rc == 0 && many && text.n);
	if (rc == 0 && text.n)
		return fault_set(f, -EBADMSG, "more than one \"%s\", or bytes behind it", type);
	return rc;
}

/* Old format (RFC 4880 4.2.1), length type in the low two bits. */
static size_t old_length(struct cur *c, uint8_t head)
{
	switch (head & 3) {
	case 0:
		return cur_u8(c);
	case 1:
		return cur_be16(c);
	case 2:
		return cur_be32(c);
	default: /* indeterminate */
		cur_fail(c, -EBADMSG);
		return 0;
	}
}

/* New format (4.2.2); partial lengths are for data, not for what is read here. */
static size_t new_length(struct cur *c)
{
	uint8_t b = cur_u8(c);

	if (b < 192)
		return b;
	if (b < 224)
		return (size_t)(b - 192) * 256 + cur_u8(c) + 192;
	if (b == 255)
		return cur_be32(c);
	cur_fail(c, -EBADMSG);
	return 0;
}

int pgp_packet_next(struct span *rest, struct pgp_packet *ret_p)
{
	struct cur c = cur_of(*rest);
	struct pgp_packet p = { 0 };

	*ret_p = p;
	if (!rest->n)
		return 0;
	uint8_t head = cur_u8(&c);
	p.tag = tag_of(head);
	size_t n = head & 0x40 ? new_length(&c) : old_length(&c, head);
	p.body = cur_take(&c, n);
	if (c.err || !p.tag)
		return -EBADMSG;
	*rest = cur_rest(&c);
	*ret_p = p;
	return 1;
}

int pgp_count_signatures(struct span bytes, struct fault *f)
{
	struct pgp_packet p;
	int n = 0, rc;

	while ((rc = pgp_packet_next(&bytes, &p)) > 0) {
		if (p.tag != PGP_TAG_SIGNATURE)
			return fault_set(f, -EBADMSG,
			    "an OpenPGP packet of type %u where only signatures belong", p.tag);
		n++;
	}
	if (rc < 0 || n == 0)
		return fault_set(f, -EBADMSG, "OpenPGP signature packets that do not parse");
	return n;
}

/* The lines between the BEGIN line and the empty one: only "Hash:" may be there (RFC 9580 7). */
static int clear_headers(struct span *rest, struct fault *f)
{
	struct span line;

	while (span_next_line(rest, &line)) {
		line = trim_end(line);
		if (!line.n)
			return 0;
		if (!span_starts(line, SPAN_LIT("Hash: ")))
			return fault_set(f, -EBADMSG,
			    "clear-signed text: header %s, which is not \"Hash:\"", QUOTE(line));
	}
	return fault_set(f, -EBADMSG, "clear-signed text ends in its headers");
}

int pgp_clear_split(struct buf *signed_text, struct buf *sig, struct span text, struct fault *f)
{
	struct span line, rest = text, here;

	if (text.n && memchr(text.p, '\r', text.n))
		return fault_set(f, -EBADMSG, "clear-signed text with CR: lines must end in LF");
	if (!span_next_line(&rest, &line) || !span_eq_str(trim_end(line), CLEAR_BEGIN))
		return fault_set(f, -EBADMSG, "does not start with \"" CLEAR_BEGIN "\"");
	int rc = clear_headers(&rest, f);
	if (rc < 0)
		return rc;
	for (here = rest; span_next_line(&rest, &line); here = rest) {
		if (span_eq_str(trim_end(line), SIG_BEGIN)) {
			rc = buf_err(signed_text);
			return rc < 0 ? rc : pgp_armor_read(sig, here, "SIGNATURE", false, f);
		}
		if (span_starts(line, SPAN_LIT("- ")))
			line = span_from(line, 2);
		else if (span_starts(line, SPAN_LIT("-")))
			return fault_set(f, -EBADMSG,
			    "clear-signed text: a line with \"-\" that is not escaped: %s",
			    QUOTE(line));
		buf_put_span(signed_text, trim_end(line));
		buf_putc(signed_text, '\n');
	}
	return fault_set(f, -EBADMSG, "clear-signed text without a signature");
}
