/* SPDX-License-Identifier: Apache-2.0 */

#include "sense/frame.h"

#include "base/cur.h"

#include <errno.h>

#define FLAG_TCP 1
#define FLAG_ECH 2

static void put_text(struct buf *b, const char *s, size_t max)
{
	size_t n = strnlen(s, max - 1);

	buf_put_be16(b, (uint16_t)n);
	buf_put(b, s, n);
}

static void put_addr(struct buf *b, const struct sense_addr *a)
{
	buf_putc(b, (char)a->family);
	buf_put(b, a->b, sizeof(a->b));
	buf_put_be16(b, a->port);
}

/* Room for the length; close writes it. */
static size_t frame_begin(struct buf *b, enum frame_type type)
{
	size_t at = b->n;

	buf_put_be16(b, 0);
	buf_putc(b, (char)type);
	return at;
}

static void frame_close(struct buf *b, size_t at)
{
	if (buf_err(b))
		return;
	size_t n = b->n - at - 2;
	b->p[at] = (uint8_t)(n >> 8);
	b->p[at + 1] = (uint8_t)n;
}

void frame_put_name(struct buf *b, const struct sense_name *n)
{
	size_t at = frame_begin(b, FRAME_NAME);

	buf_putc(b, (char)n->kind);
	buf_putc(b, (char)((n->tcp ? FLAG_TCP : 0) | (n->ech ? FLAG_ECH : 0)));
	buf_put_be64(b, (uint64_t)n->time);
	buf_put_be64(b, n->packet);
	put_addr(b, &n->src);
	put_addr(b, &n->dst);
	put_addr(b, &n->addr);
	buf_put_be16(b, n->rtype);
	buf_putc(b, (char)n->rcode);
	put_text(b, n->name, SENSE_NAME_MAX);
	put_text(b, n->qname, SENSE_NAME_MAX);
	put_text(b, n->target, SENSE_NAME_MAX);
	frame_close(b, at);
}

void frame_put_stats(struct buf *b, const struct sense_capture_stats *s)
{
	size_t at = frame_begin(b, FRAME_STATS);

	for (int i = 0; i < SENSE_STATS; i++)
		buf_put_be64(b, s->n[i]);
	buf_put_be64(b, (uint64_t)s->first);
	buf_put_be64(b, (uint64_t)s->last);
	frame_close(b, at);
}

void frame_put_end(struct buf *b, const struct frame_end *e)
{
	size_t at = frame_begin(b, FRAME_END);

	buf_putc(b, (char)e->how);
	buf_put_be64(b, e->packet);
	buf_put_be64(b, e->offset);
	put_text(b, e->text, FRAME_TEXT_MAX);
	frame_close(b, at);
}

static size_t get_text(struct cur *c, char *out, size_t max)
{
	size_t n = cur_be16(c);
	const uint8_t *p = n < max ? cur_need(c, n) : NULL;

	if (!p) {
		cur_fail(c, -EBADMSG);
		return 0;
	}
	memcpy(out, p, n);
	out[n] = 0;
	return n;
}

/* A name as the parsers write it: printable, lower case, no space. */
static const char *get_name(struct cur *c, char out[static SENSE_NAME_MAX])
{
	size_t n = get_text(c, out, SENSE_NAME_MAX);

	for (size_t i = 0; i < n; i++)
		if (out[i] <= 0x20 || out[i] >= 0x7f || (out[i] >= 'A' && out[i] <= 'Z'))
			cur_fail(c, -EBADMSG);
	return out;
}

static void get_addr(struct cur *c, struct sense_addr *a)
{
	a->family = cur_u8(c);
	const uint8_t *p = cur_need(c, sizeof(a->b));
	if (p)
		memcpy(a->b, p, sizeof(a->b));
	a->port = cur_be16(c);
	size_t used = a->family == 0 ? 0 : a->family == 4 ? 4 : 16;
	bool family_ok = a->family == 0 || a->family == 4 || a->family == 6;
	for (size_t i = used; i < sizeof(a->b); i++)
		family_ok = family_ok && a->b[i] == 0;
	if (!family_ok)
		cur_fail(c, -EBADMSG);
}

static void get_frame_name(struct cur *c, struct frame *f)
{
	struct sense_name *n = &f->name;

	n->kind = (enum sense_name_kind)cur_u8(c);
	uint8_t flags = cur_u8(c);
	n->tcp = flags & FLAG_TCP;
	n->ech = flags & FLAG_ECH;
	n->time = (ts)cur_be64(c);
	n->packet = cur_be64(c);
	get_addr(c, &n->src);
	get_addr(c, &n->dst);
	get_addr(c, &n->addr);
	n->rtype = cur_be16(c);
	n->rcode = cur_u8(c);
	n->name = get_name(c, f->text[0]);
	n->qname = get_name(c, f->text[1]);
	n->target = get_name(c, f->text[2]);
	bool answer = n->kind == SENSE_DNS_ANSWER;
	if (n->kind < SENSE_DNS_QUERY || n->kind > SENSE_TLS_SNI || flags > (FLAG_TCP | FLAG_ECH) ||
	    !n->name[0] || !n->packet || !n->src.family || n->src.family != n->dst.family ||
	    n->rcode > 15 || (!answer && (n->qname[0] || n->target[0] || n->addr.family)) ||
	    (n->ech && n->kind != SENSE_TLS_SNI))
		cur_fail(c, -EBADMSG);
}

static void get_frame_stats(struct cur *c, struct frame *f)
{
	for (int i = 0; i < SENSE_STATS; i++)
		f->stats.n[i] = cur_be64(c);
	f->stats.first = (ts)cur_be64(c);
	f->stats.last = (ts)cur_be64(c);
}

static void get_frame_end(struct cur *c, struct frame *f)
{
	uint8_t how = cur_u8(c);

	if (how >= FRAME_HOWS)
		cur_fail(c, -EBADMSG);
	f->end.how = (enum frame_how)how;
	f->end.packet = cur_be64(c);
	f->end.offset = cur_be64(c);
	(void)get_text(c, f->end.text, sizeof(f->end.text));
}

int frame_decode(struct span body, struct frame *ret_f)
{
	struct cur c = cur_of(body);

	ret_f->type = (enum frame_type)cur_u8(&c);
	switch (ret_f->type) {
	case FRAME_NAME:
		get_frame_name(&c, ret_f);
		break;
	case FRAME_STATS:
		get_frame_stats(&c, ret_f);
		break;
	case FRAME_END:
		get_frame_end(&c, ret_f);
		break;
	default:
		cur_fail(&c, -EBADMSG);
	}
	if (c.err || c.off != body.n) {
		memset(ret_f, 0, sizeof(*ret_f));
		return -EBADMSG;
	}
	return 0;
}
