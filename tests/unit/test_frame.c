/* SPDX-License-Identifier: Apache-2.0 */

#include "bytes.h"
#include "sense/frame.h"
#include "tap.h"

#include <errno.h>

static struct frame f;

/* The body of the one frame in b. */
static struct span body(const struct buf *b)
{
	if (b->n < 2 || (size_t)(b->p[0] << 8 | b->p[1]) != b->n - 2)
		abort();
	return span_from(buf_span(b), 2);
}

static int decode(struct span s)
{
	uint8_t *copy = exact_copy(s);

	memset(&f, 0xff, sizeof(f));
	int rc = frame_decode(span_of(copy, s.n), &f);
	free(copy);
	return rc;
}

static bool is_zero(void)
{
	static const struct frame none;
	return memcmp(&f, &none, sizeof(f)) == 0;
}

static bool same_addr(const struct sense_addr *a, const struct sense_addr *b)
{
	return a->family == b->family && memcmp(a->b, b->b, sizeof(a->b)) == 0 &&
	       a->port == b->port;
}

static struct sense_name example(void)
{
	return (struct sense_name){
		.kind = SENSE_DNS_ANSWER,
		.time = 1679443200 * TS_SECOND + 7,
		.packet = 123456789012,
		.src = { 4, { 10, 0, 0, 1 }, 53 },
		.dst = { 4, { 10, 0, 0, 2 }, 40000 },
		.tcp = true,
		.name = "cdn.example.net",
		.qname = "www.example.com",
		.target = "other.example",
		.rtype = 1,
		.rcode = 3,
		.addr = { 4, { 192, 0, 2, 1 }, 0 },
	};
}

static void test_name(void)
{
	AUTO_BUF struct buf b = BUF_INIT(FRAME_MAX + 2);
	struct sense_name n = example();

	frame_put_name(&b, &n);
	is_int(decode(body(&b)), 0, "a name comes back");
	const struct sense_name *g = &f.name;
	ok(f.type == FRAME_NAME && g->kind == n.kind && g->time == n.time &&
		g->packet == n.packet && same_addr(&g->src, &n.src) && same_addr(&g->dst, &n.dst) &&
		same_addr(&g->addr, &n.addr) && g->tcp && !g->ech && g->rtype == 1 && g->rcode == 3,
	    "with its fields");
	is_str(g->name, n.name, "its name");
	is_str(g->qname, n.qname, "its question");
	is_str(g->target, n.target, "its target");
}

static void test_stats_and_end(void)
{
	AUTO_BUF struct buf b = BUF_INIT(FRAME_MAX + 2);
	struct sense_capture_stats s = { .first = -1, .last = TS_NONE };
	struct frame_end e = { FRAME_DAMAGED, 7, 1234567890123, "what libpcap said" };

	for (int i = 0; i < SENSE_STATS; i++)
		s.n[i] = 1ull << (i * 3);
	frame_put_stats(&b, &s);
	ok(decode(body(&b)) == 0 && f.type == FRAME_STATS && memcmp(&f.stats, &s, sizeof(s)) == 0,
	    "statistics come back");
	buf_reset(&b);
	frame_put_end(&b, &e);
	ok(decode(body(&b)) == 0 && f.type == FRAME_END && f.end.how == FRAME_DAMAGED &&
		f.end.packet == 7 && f.end.offset == e.offset && strcmp(f.end.text, e.text) == 0,
	    "the end comes back");
	memset(e.text, 'x', sizeof(e.text));
	buf_reset(&b);
	frame_put_end(&b, &e);
	ok(decode(body(&b)) == 0 && strlen(f.end.text) == FRAME_TEXT_MAX - 1,
	    "a long reason is cut");
}

static void test_longest(void)
{
	AUTO_BUF struct buf b = BUF_INIT(FRAME_MAX + 2);
	struct sense_name n = example();
	char text[SENSE_NAME_MAX];

	memset(text, 'a', sizeof(text) - 1);
	text[sizeof(text) - 1] = 0;
	n.name = n.qname = n.target = text;
	frame_put_name(&b, &n);
	ok(decode(body(&b)) == 0 && b.n - 2 <= FRAME_MAX && strcmp(f.name.target, text) == 0,
	    "the longest names fit");
}

static void test_refused(void)
{
	struct sense_name t[] = { example(), example(), example(), example(), example(), example(),
		example(), example(), example(), example(), example(), example(), example(),
		example() };
	static const char *const what[] = { "kind 0", "kind 4", "no name", "a space in a name",
		"upper case in a name", "a control character", "an octet above ASCII",
		"packet number 0", "address family 5", "no sender", "two families at once",
		"response code 16", "a question's address", "bytes behind an IPv4 address" };

	t[0].kind = 0;
	t[1].kind = 4;
	t[2].name = "";
	t[3].name = "a b";
	t[4].qname = "WWW";
	t[5].target = "a\x1b[2J";
	t[6].name = "caf\xc3\xa9";
	t[7].packet = 0;
	t[8].src.family = 5;
	t[9].src = t[9].dst = (struct sense_addr){ 0 };
	t[10].src.family = 6;
	t[11].rcode = 16;
	t[12].kind = SENSE_DNS_QUERY;
	t[13].dst.b[4] = 1;
	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		AUTO_BUF struct buf b = BUF_INIT(FRAME_MAX + 2);
		frame_put_name(&b, &t[i]);
		ok(decode(body(&b)) == -EBADMSG && is_zero(), "refused: %s", what[i]);
	}
	ok(decode(SPAN_NONE) == -EBADMSG && is_zero(), "refused: nothing");
	ok(decode(SPAN_LIT("\x04")) == -EBADMSG && is_zero(), "refused: another type");
}

static void test_cut_and_flipped(void)
{
	AUTO_BUF struct buf b = BUF_INIT(FRAME_MAX + 2), again = BUF_INIT(FRAME_MAX + 2);
	struct sense_name n = example();
	int bad = 0;

	frame_put_name(&b, &n);
	struct span s = body(&b);
	for (size_t i = 0; i < s.n; i++)
		bad += decode(span_of(s.p, i)) != -EBADMSG || !is_zero();
	is_int(bad, 0, "every proper prefix is refused");
	/* A flipped bit is refused, or gives another frame that this code would have written. */
	for (size_t i = 0; i < 8 * s.n; i++) {
		b.p[2 + i / 8] ^= (uint8_t)(1u << (i % 8));
		buf_reset(&again);
		if (decode(s) == 0) {
			frame_put_name(&again, &f.name);
			bad += !span_eq(body(&again), s);
		} else {
			bad += !is_zero();
		}
		b.p[2 + i / 8] ^= (uint8_t)(1u << (i % 8));
	}
	is_int(bad, 0, "every flipped bit is refused or another good frame");
	buf_putc(&b, 0);
	ok(decode(span_from(buf_span(&b), 2)) == -EBADMSG && is_zero(),
	    "a byte too many is refused");
}

int main(void)
{
	test_name();
	test_stats_and_end();
	test_longest();
	test_refused();
	test_cut_and_flipped();
	return tap_done();
}
