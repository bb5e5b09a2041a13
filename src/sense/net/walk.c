/* SPDX-License-Identifier: Apache-2.0 */

#include "sense/net/walk.h"

#include "wire/packet.h"

void walk_begin(struct walk *w)
{
	w->format = WALK_UNKNOWN;
	w->off = 0;
	w->skip = 0;
	w->pcap = (struct pcap_format){ 0 };
	w->pcapng.begun = false;
	w->pcapng.n = 0;
}

static uint8_t shard_of(const struct walk *w, struct span frame, uint32_t link)
{
	if (w->shards == 1)
		return 0;
	uint64_t h = packet_pair_hash(frame, link, w->hash_key);
	return h == PACKET_EVERYONE ? WALK_EVERYONE : (uint8_t)(h % w->shards);
}

static void add(struct walk *w, struct chunk_packet *p, struct span frame, size_t at,
    const struct pcap_record *r, uint16_t link)
{
	*p = (struct chunk_packet){
		.time = r->time,
		.at = (uint32_t)at,
		.captured = (uint32_t)frame.n,
		.sent = r->sent,
		.link = link,
		.shard = shard_of(w, frame, link),
	};
	if (r->time > w->now)
		w->now = r->time;
}

static enum walk_said walk_pcap(
    struct walk *w, struct span s, struct chunk_packet *p, size_t *n, size_t *used)
{
	const struct pcap_format *f = &w->pcap;
	struct pcap_record r;

	walk_ahead(f, span_from(s, *used), w->used);
	while (*n < CHUNK_PACKETS && *used < CHUNK_BYTES) {
		struct span rest = span_from(s, *used);
		int err = pcap_record_header(f, rest, &r);
		if (err == PCAP_BAD)
			return WALK_BAD;
		if (err || r.captured > rest.n - f->header)
			return WALK_MORE;
		struct span frame = span_of(rest.p + f->header, r.captured);
		add(w, &p[*n], frame, *used + f->header, &r, (uint16_t)f->link);
		++*n;
		*used += f->header + (size_t)r.captured;
	}
	return WALK_FULL;
}

/* A block's bytes are used; those that are not in view are to be passed over later. */
static void pass(struct walk *w, struct span s, size_t *used, uint64_t length)
{
	uint64_t here = s.n - *used;

	if (length > here) {
		w->skip = length - here;
		length = here;
	}
	*used += (size_t)length;
}

static enum walk_said walk_pcapng(
    struct walk *w, struct span s, struct chunk_packet *p, size_t *n, size_t *used)
{
	struct pcapng_block b;

	while (*n < CHUNK_PACKETS && *used < CHUNK_BYTES) {
		struct span rest = span_from(s, *used);
		switch ((enum pcapng_err)pcapng_read(&w->pcapng, rest, &b)) {
		case PCAPNG_PACKET:
			add(w, &p[*n], span_of(rest.p + b.at, b.record.captured), *used + b.at,
			    &b.record, b.link);
			++*n;
			break;
		case PCAPNG_OTHER:
			break;
		case PCAPNG_MORE:
			return WALK_MORE;
		case PCAPNG_NOT:
			return WALK_NOT;
		case PCAPNG_BAD:
			return WALK_BAD;
		}
		pass(w, s, used, b.length);
		if (w->skip)
			return WALK_MORE;
	}
	return WALK_FULL;
}

/* The first bytes of a source say what it is. */
static enum walk_said begin(struct walk *w, struct span s, size_t *used)
{
	switch ((enum pcap_err)pcap_file_header(s, &w->pcap)) {
	case PCAP_OK:
		w->format = WALK_PCAP;
		*used = PCAP_FILE_HEADER;
		return WALK_FULL;
	case PCAP_SHORT:
		return WALK_MORE;
	case PCAP_BAD:
		return WALK_BAD;
	case PCAP_NOT:
		break;
	}
	struct pcapng_block b;
	int err = pcapng_read(&w->pcapng, s, &b);
	w->pcapng.begun = false; /* this was a look only */
	w->format = WALK_PCAPNG;
	return err == PCAPNG_NOT    ? WALK_NOT
	       : err == PCAPNG_MORE ? WALK_MORE
	       : err == PCAPNG_BAD  ? WALK_BAD
				    : WALK_FULL;
}

enum walk_said walk_chunk(
    struct walk *w, struct span bytes, struct chunk_packet *p, size_t *ret_n, size_t *ret_used)
{
	enum walk_said said = WALK_FULL;
	size_t used = 0, n = 0;

	if (w->format == WALK_UNKNOWN)
		said = begin(w, bytes, &used);
	if (said != WALK_FULL)
		w->format = WALK_UNKNOWN;
	if (w->skip) {
		used = w->skip < bytes.n ? (size_t)w->skip : bytes.n;
		w->skip -= used;
		said = w->skip ? WALK_MORE : WALK_FULL;
	}
	if (said == WALK_FULL)
		said = w->format == WALK_PCAP ? walk_pcap(w, bytes, p, &n, &used)
					      : walk_pcapng(w, bytes, p, &n, &used);
	w->off += used;
	w->used = used;
	w->packets += n;
	*ret_n = n;
	*ret_used = used;
	return said;
}
