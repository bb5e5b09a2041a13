/* SPDX-License-Identifier: Apache-2.0 */

#include "sense/capture_worker.h"

#include "base/dlib.h"
#include "base/file.h"
#include "sandbox/worker.h"
#include "sense/frame.h"
#include "sense/stream.h"
#include "wire/dns.h"

#include <errno.h>
#include <pcap/pcap.h>
#include <stdio.h>
#include <unistd.h>

#define FLUSH_AT (48u << 10)

/* What is called of libpcap, by its own types. */
static struct {
	__typeof__(&pcap_fopen_offline_with_tstamp_precision) fopen_offline;
	__typeof__(&pcap_next_ex) next_ex;
	__typeof__(&pcap_datalink) datalink;
	__typeof__(&pcap_file) file;
	__typeof__(&pcap_geterr) geterr;
	__typeof__(&pcap_close) close;
} lib;

struct work {
	struct buf out;
	struct sense_capture_stats stats;
	struct streams *streams;
	ts time; /* of the packet at hand */
	struct dns_record rec;
	char qname[DNS_TEXT_MAX];
};

static void set_addr(struct sense_addr *a, uint8_t family, const uint8_t *b, uint16_t port)
{
	*a = (struct sense_addr){ .family = family, .port = port };
	memcpy(a->b, b, family == 4 ? 4 : 16);
}

/* What every observation in this packet has in common. */
static struct sense_name seen_in(
    const struct work *w, const struct packet *p, enum sense_name_kind kind)
{
	struct sense_name n = {
		.kind = kind,
		.time = w->time,
		.packet = w->stats.n[SENSE_STAT_PACKETS],
		.tcp = p->proto == PACKET_TCP,
		.qname = "",
		.target = "",
	};

	set_addr(&n.src, p->family, p->src, p->sport);
	set_addr(&n.dst, p->family, p->dst, p->dport);
	return n;
}

static void give_hints(struct work *w, struct sense_name *n, struct span hints, uint8_t family)
{
	size_t size = family == 4 ? 4 : 16;

	for (; hints.n >= size; hints = span_from(hints, size)) {
		set_addr(&n->addr, family, hints.p, 0);
		frame_put_name(&w->out, n);
	}
}

static void give_record(struct work *w, struct sense_name *n)
{
	const struct dns_record *r = &w->rec;

	n->name = r->name;
	n->target = r->target;
	n->rtype = r->type;
	n->addr = (struct sense_addr){ 0 };
	if (r->family)
		set_addr(&n->addr, r->family, r->addr, 0);
	frame_put_name(&w->out, n);
	give_hints(w, n, r->hint4, 4);
	give_hints(w, n, r->hint6, 6);
}

/* One message; whether it parsed to its end. */
static bool on_dns(void *ctx, const struct packet *p, struct span message)
{
	struct work *w = ctx;
	struct dns d;

	if (dns_open(&d, message)) {
		w->stats.n[SENSE_LOSS_BAD_DNS]++;
		return false;
	}
	w->stats.n[d.response ? SENSE_STAT_DNS_RESPONSES : SENSE_STAT_DNS_QUERIES]++;
	struct sense_name n = seen_in(w, p, d.response ? SENSE_DNS_ANSWER : SENSE_DNS_QUERY);
	n.rcode = d.response ? d.rcode : 0;
	w->qname[0] = 0;
	while (dns_next(&d, &w->rec)) {
		bool question = w->rec.section == DNS_QUESTION;
		if (w->rec.type == DNS_OPT || (!d.response && !question))
			continue;
		if (d.response) {
			if (question)
				memcpy(w->qname, w->rec.name, strlen(w->rec.name) + 1);
			n.qname = w->qname;
		}
		give_record(w, &n);
	}
	if (d.err)
		w->stats.n[SENSE_LOSS_BAD_DNS]++;
	return !d.err;
}

static void on_hello(void *ctx, const struct packet *p, const struct tls_hello *h)
{
	struct work *w = ctx;

	w->stats.n[SENSE_STAT_TLS_HELLOS]++;
	w->stats.n[SENSE_STAT_TLS_ECH] += h->ech;
	if (!h->sni[0]) {
		w->stats.n[SENSE_STAT_TLS_NO_SNI]++;
		return;
	}
	struct sense_name n = seen_in(w, p, SENSE_TLS_SNI);
	n.name = h->sni;
	n.ech = h->ech;
	frame_put_name(&w->out, &n);
}

static bool parses(struct work *w, struct span message)
{
	struct dns d;

	if (dns_open(&d, message))
		return false;
	while (dns_next(&d, &w->rec))
		;
	return !d.err;
}

static void on_udp(struct work *w, const struct packet *p)
{
	if (!p->payload.n)
		return;
	if (p->sport == 53 || p->dport == 53) {
		(void)on_dns(w, p, p->payload);
		return;
	}
	/* mDNS and LLMNR. Clients of other protocols get these ports by chance too, so that what
	 * does not parse is no loss here. */
	bool local = p->sport == 5353 || p->dport == 5353 || p->sport == 5355 || p->dport == 5355;
	if (local && parses(w, p->payload))
		(void)on_dns(w, p, p->payload);
}

static enum sense_stat count_of(int packet_err)
{
	switch (packet_err) {
	case PACKET_NOT_IP:
		return SENSE_STAT_NOT_IP;
	case PACKET_OTHER:
		return SENSE_STAT_OTHER_IP;
	case PACKET_FRAGMENT:
		return SENSE_LOSS_FRAGMENTS;
	case PACKET_TUNNEL:
		return SENSE_LOSS_TUNNEL;
	case PACKET_LINK:
		return SENSE_LOSS_LINK_TYPE;
	default:
		return SENSE_LOSS_BAD_PACKET;
	}
}

static int on_packet(struct work *w, const struct pcap_pkthdr *h, const uint8_t *bytes, int link)
{
	struct sense_capture_stats *s = &w->stats;
	struct packet p;

	/* tv_usec holds nanoseconds. A time out of range says nothing. */
	if (__builtin_mul_overflow((ts)h->ts.tv_sec, TS_SECOND, &w->time) ||
	    __builtin_add_overflow(w->time, (ts)h->ts.tv_usec, &w->time))
		w->time = TS_NONE;
	if (s->n[SENSE_STAT_PACKETS]++ == 0)
		s->first = w->time;
	s->last = w->time;
	s->n[SENSE_STAT_BYTES] += h->caplen;
	bool cut = h->caplen < h->len;
	s->n[SENSE_LOSS_CUT] += cut;
	int rc = packet_decode(span_of(bytes, h->caplen), (uint32_t)link, &p);
	if (rc) {
		if (!(cut && rc == PACKET_SHORT)) /* else counted as cut */
			s->n[count_of(rc)]++;
		return 0;
	}
	if (p.proto == PACKET_TCP)
		return streams_segment(w->streams, &p);
	on_udp(w, &p);
	return 0;
}

static int flush(struct work *w)
{
	frame_put_stats(&w->out, &w->stats);
	int rc = buf_err(&w->out);
	if (rc == 0)
		rc = file_write_all(SANDBOX_OUT, buf_span(&w->out));
	buf_reset(&w->out);
	return rc;
}

static int read_packets(struct work *w, pcap_t *pcap, struct frame_end *end)
{
	struct pcap_pkthdr *h;
	const uint8_t *bytes;
	int rc = 0, got, link = lib.datalink(pcap);

	while (rc == 0 && (got = lib.next_ex(pcap, &h, &bytes)) == 1) {
		rc = on_packet(w, h, bytes, link);
		if (rc == 0 && w->out.n >= FLUSH_AT)
			rc = flush(w);
	}
	if (rc < 0)
		return rc;
	end->packet = w->stats.n[SENSE_STAT_PACKETS];
	if (got == PCAP_ERROR_BREAK)
		return 0;
	off_t off = ftello(lib.file(pcap));
	end->how = FRAME_DAMAGED;
	end->offset = off > 0 ? (uint64_t)off : 0;
	snprintf(end->text, sizeof(end->text), "%s", lib.geterr(pcap));
	return 0;
}

static int read_capture(struct work *w, FILE *file)
{
	char why[PCAP_ERRBUF_SIZE] = "";
	struct frame_end end = { .how = FRAME_COMPLETE };
	int rc = 0;

	pcap_t *pcap = lib.fopen_offline(file, PCAP_TSTAMP_PRECISION_NANO, why);
	if (!pcap) {
		fclose(file);
		end.how = FRAME_NOT_CAPTURE;
		snprintf(end.text, sizeof(end.text), "%s", why);
	} else {
		rc = read_packets(w, pcap, &end);
		streams_finish(w->streams);
		lib.close(pcap); /* closes file */
	}
	if (rc == 0)
		rc = flush(w);
	frame_put_end(&w->out, &end);
	return rc < 0 ? rc : file_write_all(SANDBOX_OUT, buf_span(&w->out));
}

int capture_worker_load(struct fault *f)
{
	const struct dlib_symbol want[] = {
		{ "pcap_fopen_offline_with_tstamp_precision", &lib.fopen_offline },
		{ "pcap_next_ex", &lib.next_ex },
		{ "pcap_datalink", &lib.datalink },
		{ "pcap_file", &lib.file },
		{ "pcap_geterr", &lib.geterr },
		{ "pcap_close", &lib.close },
	};

	return lib.close ? 0 : dlib_load("libpcap.so.0.8", "libpcap0.8", want, ARRAY_LEN(want), f);
}

int capture_worker(void *ctx)
{
	const struct sense_capture_opts *o = ctx;
	struct work w = {
		.out = BUF_INIT(BUF_MAX_DEFAULT),
		.stats = { .first = TS_NONE, .last = TS_NONE },
	};
	struct stream_sink sink = { on_hello, on_dns, &w, &w.stats };

	int rc = streams_new(o->flows ? o->flows : SENSE_FLOWS_DEFAULT, &sink, &w.streams);
	if (rc < 0)
		return rc;
	FILE *file = fdopen(SANDBOX_IN, "rb");
	rc = file ? read_capture(&w, file) : -errno;
	streams_free(w.streams);
	buf_free(&w.out);
	return rc;
}
