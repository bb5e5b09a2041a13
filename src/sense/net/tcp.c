/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The two directions of a TCP connection, as far as a protocol wants their bytes. Mostly a segment
 * is the next one, nothing waits, and the handler gets the packet's own bytes. FIN and RST change
 * nothing here: a forged one must not blind the sensor.
 */

#include "sense/net/flow_priv.h"

/* One direction of the flow at hand. */
struct way {
	struct flows *f;
	struct flow *w;
	struct tcp *t;
	struct tcp_half *h;
	uint32_t flow;
	unsigned dir;
};

static struct way way_of(struct flows *f, uint32_t flow, unsigned dir)
{
	struct flow *w = &f->flow[flow];
	struct tcp *t = &f->tcp[w->tcp];

	return (struct way){ f, w, t, &t->half[dir], flow, dir };
}

static bool is_open(const struct way *x)
{
	return !(x->w->bits & FLOW_OF(FLOW_DONE, x->dir));
}

static bool from_server(const struct way *x)
{
	return x->dir != flow_client_dir(x->w);
}

/* --- the handlers ---------------------------------------------------------------------------- */

/* Nothing more of this direction is of interest. */
static void finish(struct way *x)
{
	hold_drop(x->f, x->h);
	x->w->bits |= FLOW_OF(FLOW_DONE, x->dir);
	x->w->bits &= (uint16_t)~FLOW_OF(FLOW_HOLE, x->dir);
	if ((x->w->bits & FLOW_BOTH(FLOW_DONE)) == FLOW_BOTH(FLOW_DONE))
		tcp_free(x->f, x->flow);
}

/* Bytes that say nothing. */
static void pass(struct way *x, size_t n)
{
	x->h->tried = 0;
	x->h->want = 1;
	x->h->seen += n < FLOW_STREAM_MAX ? (uint32_t)n : FLOW_STREAM_MAX;
	if (x->h->seen >= FLOW_STREAM_MAX)
		finish(x);
}

static enum net_need ask(
    struct way *x, struct span b, bool start, bool over, struct net_step *ret_step)
{
	struct net_stream s = {
		.bytes = b,
		.from_server = from_server(x),
		.segment_start = start,
		.begun = x->h->bits & TCP_BEGUN,
		.over = over,
		.at = flow_event(x->f, x->flow, x->dir),
	};

	*ret_step = (struct net_step){ 0 };
	switch (x->h->proto) {
	case TCP_DNS:
		return dns_stream(x->f->w, &s, ret_step);
	case TCP_TLS:
		return tls_session_stream(x->f->w, &x->t->tls, &s, ret_step);
	case TCP_HTTP:
		return http_stream(x->f->w, &x->t->http, &s, ret_step);
	default:
		return NET_NOT;
	}
}

/* TLS begins inside another protocol (CONNECT): the other side may have been written off. */
static void reopen_other(struct way *x)
{
	struct tcp_half *o = &x->t->half[!x->dir];

	if (!(x->w->bits & FLOW_OF(FLOW_DONE, !x->dir)))
		return;
	x->w->bits &= (uint16_t)~FLOW_OF(FLOW_DONE, !x->dir);
	*o = (struct tcp_half){ .proto = TCP_SCAN, .want = 1, .bits = TCP_REOPENED };
}

static void begin_proto(struct way *x, enum tcp_proto proto, struct span d)
{
	bool inside = x->h->proto == TCP_SCAN;
	char role = sniff_role(proto, d);

	if (role && !(x->w->bits & FLOW_SURE))
		flow_client(x->f, x->flow, role == 'c' ? x->dir : !x->dir, true);
	x->h->proto = (uint8_t)proto;
	if (inside)
		x->h->bits |= TCP_INSIDE;
	if (proto == TCP_HTTP) {
		x->t->http = (struct http_session){ 0 };
		x->h->bits |= TCP_HTTP_LATER;
	}
	if (proto == TCP_TLS) {
		x->t->tls.way[from_server(x)] = (struct tls_way){ 0 };
		if (inside)
			reopen_other(x);
	}
}

/* Which protocol begins here? False: none that is known. */
static bool choose(struct way *x, struct span d)
{
	bool client = !from_server(x) || !(x->w->bits & FLOW_SURE);
	const uint16_t *port = x->f->cold[x->flow].port;
	enum tcp_proto proto = sniff_tcp(x->h, d, port, client);

	if (proto == TCP_SCAN) {
		if (x->h->proto == TCP_FRESH && sniff_socks(d))
			x->h->bits |= TCP_HTTP_LATER;
		x->h->proto = TCP_SCAN;
		return false;
	}
	begin_proto(x, proto, d);
	return true;
}

/* What had begun turned out to be something else. */
static void not_mine(struct way *x)
{
	bool began = x->h->bits & TCP_BEGUN;

	x->h->tried |= (uint8_t)(1 << x->h->proto);
	x->h->proto = began || x->h->bits & TCP_INSIDE ? TCP_SCAN : TCP_FRESH;
	x->h->bits &= (uint8_t)~TCP_BEGUN;
}

/*
 * b lies at base; start: a segment began there. How much of it is done with: less than all when the
 * protocol wants more, more than all when it does not care for what follows.
 */
static size_t deliver(struct way *x, struct span b, bool start)
{
	size_t used = 0;
	bool behind = false; /* behind a message: what CONNECT or Upgrade led to */

	while (used < b.n && is_open(x)) {
		struct span rest = span_from(b, used);
		struct net_step st;
		if (x->h->proto <= TCP_SCAN) {
			bool here = x->h->proto == TCP_FRESH || (start && !used) || behind;
			size_t prefix = here ? sniff_prefix(x->h, rest) : 0;
			if (prefix) {
				x->h->proto = TCP_FRESH;
				x->h->seen += (uint32_t)prefix;
				used += prefix;
				continue;
			}
			if (!here || !choose(x, rest)) {
				pass(x, rest.n);
				return b.n;
			}
		}
		switch (ask(x, rest, start && !used, false, &st)) {
		case NET_ENOUGH:
			finish(x);
			return b.n;
		case NET_NOT:
			if (st.took)
				x->h->bits |= TCP_BEGUN;
			behind = x->h->proto == TCP_HTTP && x->h->bits & TCP_BEGUN;
			not_mine(x);
			used += st.took;
			break;
		case NET_MORE:
			used += st.took;
			x->h->want =
			    st.want ? (uint32_t)(st.want < UINT32_MAX ? st.want : UINT32_MAX) : 1;
			if (st.took) {
				x->h->bits |= TCP_BEGUN;
				x->h->tried = 0;
			} else if (x->h->want <= rest.n) {
				x->h->want = (uint32_t)rest.n + 1;
			}
			if (used < b.n && x->h->want > b.n - used)
				return used;
			break;
		}
	}
	return used;
}

/* --- what waits ------------------------------------------------------------------------------ */

/* There will be no more of what the protocol waits for. hole: since bytes are missing. */
static void lose(struct way *x, bool hole)
{
	struct tcp_half *h = x->h;
	struct net_step st;
	bool start;

	if (h->proto > TCP_SCAN) {
		struct span b = h->avail ? hold_gather(x->f, h, &start) : SPAN_NONE;
		(void)!ask(x, b, false, true, &st); /* whatever it says, it is over */
	} else if (hole && !h->early && !(h->bits & TCP_COUNTED)) {
		x->f->w->stat[NET_LOSS_GAP]++;
	}
	h->bits |= h->early ? 0 : TCP_COUNTED;
	h->early = false;
	h->proto = TCP_SCAN;
	h->tried = 0;
	h->want = 1;
	h->skip = 0;
	h->bits = (uint8_t)((h->bits | TCP_HTTP_LATER) & ~TCP_BEGUN);
}

/* What of the held bytes the protocol does not care for. */
static void skip_held(struct way *x)
{
	struct tcp_half *h = x->h;

	while (h->skip && h->head) {
		const struct chunk *k = &x->f->chunk[h->head];
		uint32_t gap = k->seq - h->base;
		if (h->skip <= gap)
			return;
		uint64_t n = h->skip < (uint64_t)gap + k->n ? h->skip : (uint64_t)gap + k->n;
		h->skip -= n;
		hold_take(x->f, h, (uint32_t)n);
	}
}

/* As long as there is as much as is wanted. */
static void pump(struct way *x)
{
	struct tcp_half *h = x->h;

	for (;;) {
		skip_held(x);
		if (!h->avail || h->avail < h->want || h->skip)
			break;
		bool start;
		struct span b = hold_gather(x->f, h, &start);
		size_t used = deliver(x, b, start);
		if (!is_open(x))
			return;
		if (used) {
			h->skip = used > b.n ? used - b.n : 0;
			hold_take(x->f, h, (uint32_t)(used < b.n ? used : b.n));
		}
	}
	uint16_t hole = FLOW_OF(FLOW_HOLE, x->dir);
	x->w->bits = (uint16_t)(h->tail != h->edge ? x->w->bits | hole : x->w->bits & ~hole);
	if (h->tail == h->edge)
		h->patience = 0;
}

/* The hole will not be filled. */
static void jump(struct way *x)
{
	lose(x, true);
	x->h->patience = 0;
	if (hold_skip(x->f, x->h))
		pump(x);
}

/* Everything that is held is looked at, whatever is missing between. */
static void flush(struct way *x)
{
	while (is_open(x) && x->h->head)
		jump(x);
}

/* --- segments -------------------------------------------------------------------------------- */

/* d is the next of the stream, and nothing waits. */
static void advance(struct way *x, struct span d, bool start)
{
	struct tcp_half *h = x->h;
	size_t used = d.n;

	if (h->proto > TCP_SCAN && h->want > d.n)
		used = 0;
	else
		used = deliver(x, d, start);
	if (!is_open(x))
		return;
	if (used >= d.n) {
		h->base += (uint32_t)d.n;
		h->skip = used - d.n;
		return;
	}
	h->base += (uint32_t)used;
	d = span_cut(d, used, FLOW_HELD_MAX);
	tcp_chunks(x->f, x->flow, d.n);
	hold_bytes(x->f, h, h->base, d, start && !used);
	if (h->want > FLOW_HELD_MAX) {
		x->f->w->stat[NET_LOSS_LONG]++;
		lose(x, false);
		hold_take(x->f, h, (uint32_t)d.n);
	}
}

/* d is behind base, or something waits already. */
static void keep(struct way *x, uint32_t seq, struct span d, bool start)
{
	struct tcp_half *h = x->h;
	bool inside = h->proto > TCP_SCAN && h->avail && seq == h->base + h->avail;

	tcp_chunks(x->f, x->flow, d.n);
	hold_bytes(x->f, h, seq, d, start && !inside);
	pump(x);
	if (is_open(x) && h->want > FLOW_HELD_MAX) {
		x->f->w->stat[NET_LOSS_LONG]++;
		lose(x, false);
		pump(x);
	}
}

/* Could a stream begin with d? */
static bool is_beginning(const struct way *x, struct span d)
{
	return sniff_tcp(x->h, d, x->f->cold[x->flow].port, true) != TCP_SCAN ||
	       sniff_prefix(x->h, d);
}

/* Nothing of the stream was seen yet, and a forged SYN may have said where it begins. Not so of a
 * client's that was acknowledged: what lies before it no server reads. */
static bool may_begin(const struct way *x)
{
	bool agreed = x->f->cold[x->flow].agreed && !from_server(x);

	return x->h->proto == TCP_FRESH && !x->h->head && !agreed;
}

/* … and d could be its beginning. */
static bool begins(const struct way *x, struct span d)
{
	return may_begin(x) && is_beginning(x, d);
}

/*
 * Without a SYN: what nothing begins with may be the second of two segments that changed places. It
 * waits for a few packets, as behind a hole, for the first one.
 */
static void midstream(struct way *x, uint32_t seq, struct span d)
{
	struct tcp_half *h = x->h;
	bool first = !h->head || (int32_t)(seq - x->f->chunk[h->head].seq) < 0;

	if (first && is_beginning(x, d)) {
		h->base = seq;
		h->early = false;
	} else if (!h->head) {
		h->base = seq - FLOW_BACK;
		h->early = true;
	}
}

/*
 * A segment where none can be as far as is known. A forged one changes nothing; several in a row
 * that follow each other are the stream: base moves there.
 */
static bool far_off(struct way *x, uint32_t seq, struct span d)
{
	struct tcp_half *h = x->h;

	h->nfar = h->nfar && h->far == seq ? h->nfar + 1 : 1;
	h->far = seq + (uint32_t)d.n;
	if (h->nfar < FLOW_FAR_MAX && !begins(x, d))
		return false;
	flush(x);
	if (!is_open(x))
		return false;
	lose(x, true);
	hold_drop(x->f, h);
	h->nfar = 0;
	h->base = seq;
	h->bits |= TCP_JUMPED;
	return true;
}

/* Bytes of a body: true when all of d is. */
static bool skip(struct way *x, int64_t off, size_t n)
{
	struct tcp_half *h = x->h;
	uint64_t end = (uint64_t)(off + (int64_t)n);
	uint64_t past = end < h->skip ? end : h->skip;

	if (off > 0 && (uint64_t)off >= h->skip)
		return false; /* behind the body: waits for what comes before it */
	h->skip -= past;
	hold_take(x->f, h, (uint32_t)past);
	return past == end;
}

/* Is d, at off from base, worth looking at? */
static bool expected(struct way *x, uint32_t seq, int64_t off, struct span d)
{
	int64_t end = off + (int64_t)d.n;
	struct tcp_half *h = x->h;
	int64_t ahead = h->skip || h->bits & TCP_CUT ? FLOW_SKIP_AHEAD : FLOW_HELD_MAX;

	if (end <= 0 && off > -(int64_t)FLOW_SKIP_AHEAD && !(h->bits & TCP_JUMPED) && !may_begin(x))
		return false; /* seen before */
	if (end > 0 && (off <= 0 || end <= ahead)) {
		h->nfar = 0;
		return true;
	}
	return far_off(x, seq, d);
}

static void sync(struct way *x, uint32_t seq)
{
	bool syn = x->w->bits & FLOW_OF(FLOW_ISN, x->dir) && !(x->h->bits & TCP_REOPENED);

	x->h->base = syn ? x->f->cold[x->flow].isn[x->dir] + 1 : seq;
	x->h->want = 1;
	x->h->bits |= TCP_SYNCED | (syn ? 0 : TCP_HTTP_LATER);
}

static void segment(struct way *x, uint32_t seq, struct span d)
{
	struct tcp_half *h = x->h;
	bool start = true;
	int64_t off = (int32_t)(seq - h->base);

	if (!expected(x, seq, off, d))
		return;
	off = (int32_t)(seq - h->base);
	if (h->skip && skip(x, off, d.n)) {
		pump(x);
		return;
	}
	off = (int32_t)(seq - h->base);
	if (off > 0 && h->bits & TCP_CUT && !h->skip) {
		flush(x);
		if (!is_open(x))
			return;
		lose(x, true);
		h->base = seq;
		off = 0;
	}
	if (off < 0) {
		d = span_from(d, (size_t)-off);
		seq = h->base;
		start = false;
	}
	if (off <= 0 && !h->head)
		advance(x, d, start);
	else
		keep(x, seq, d, start);
}

/* The other side has bytes that never came by here, nor what follows them. */
static void unseen(struct way *o, uint32_t ack)
{
	struct tcp_half *h = o->h;
	int32_t beyond = (int32_t)(ack - h->base);
	bool fin = o->w->flags[o->dir] & PACKET_FIN && beyond == 1;

	if (!is_open(o) || !(h->bits & TCP_SYNCED) || h->head || h->skip || beyond <= 0 || fin)
		return;
	if (h->bits & TCP_COUNTED || h->proto > TCP_SCAN || ++h->patience < FLOW_PATIENCE)
		return;
	h->bits |= TCP_COUNTED;
	o->f->w->stat[NET_LOSS_GAP]++;
}

void tcp_segment(struct flows *f, uint32_t flow, unsigned dir, const struct packet *p)
{
	struct flow *w = &f->flow[flow];

	if (!w->tcp)
		w->tcp = tcp_new(f, flow);
	struct way x = way_of(f, flow, dir);
	uint32_t seq = p->seq + (p->flags & PACKET_SYN ? 1 : 0);
	x.t->touched = 1;
	bool syn = w->bits & FLOW_OF(FLOW_ISN, dir), fresh = !(x.h->bits & TCP_SYNCED);
	if (fresh)
		sync(&x, seq);
	if (x.h->early || (fresh && !syn))
		midstream(&x, seq, p->payload);
	if (p->flags & PACKET_ACK) {
		struct way other = way_of(f, flow, !dir);
		unseen(&other, p->ack);
	}
	segment(&x, seq, p->payload);
	if (is_open(&x) && x.h->early && (x.h->patience += 4) >= FLOW_PATIENCE)
		jump(&x);
	if (!p->cut || !is_open(&x))
		return;
	x.h->bits |= TCP_CUT;
	if (!x.h->skip && x.h->proto > TCP_SCAN)
		jump(&x);
}

void tcp_acked(struct flows *f, uint32_t flow, unsigned dir, uint32_t ack)
{
	struct way x = way_of(f, flow, dir);
	struct tcp_half *h = x.h;

	if (!x.w->tcp || !h->head || (int32_t)(ack - (h->base + h->avail)) <= 0)
		return;
	if (++h->patience >= FLOW_PATIENCE)
		jump(&x);
}

void tcp_over(struct flows *f, uint32_t flow)
{
	if (!f->flow[flow].tcp)
		return;
	for (unsigned dir = 0; dir < 2 && f->flow[flow].tcp; dir++) {
		struct way x = way_of(f, flow, dir);
		if (!is_open(&x))
			continue;
		flush(&x);
		if (is_open(&x) && x.h->proto > TCP_SCAN)
			lose(&x, false);
	}
	tcp_free(f, flow);
}

bool tcp_late_syn(const struct flows *f, uint32_t flow, unsigned dir, uint32_t seq)
{
	const struct flow *w = &f->flow[flow];

	if (!w->tcp)
		return false;
	const struct tcp_half *h = &f->tcp[w->tcp].half[dir];
	return !(h->bits & TCP_SYNCED) || h->base - (seq + 1) <= FLOW_HELD_MAX;
}
