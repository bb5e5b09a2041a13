/* SPDX-License-Identifier: Apache-2.0 */

#include "sense/net/net.h"

#include "base/file.h"
#include "sense/net/decoder.h"
#include "wire/pcap_read.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

struct net {
	struct net_opts o;
	const struct net_source *src;
	size_t n;
	struct net_stats stats;
	uint64_t packets;
	volatile sig_atomic_t stop;
};

int net_files(struct net **ret_n, const struct net_source *src, size_t n,
    const struct net_opts *o, struct fault *f)
{
	struct net *e = calloc(1, sizeof(*e));

	if (!e)
		return fault_set(f, -ENOMEM, "no memory");
	e->o = *o;
	e->src = src;
	e->n = n;
	e->stats.first = e->stats.last = TS_NONE;
	*ret_n = e;
	return 0;
}

struct net *net_free(struct net *n)
{
	free(n);
	return NULL;
}

void net_free_p(struct net **n)
{
	*n = net_free(*n);
}

struct run {
	struct net *n;
	const struct net_sink *sink;
	struct decoder *d;
	struct net_worker w;
	struct in_packet in[DECODER_BATCH];
	size_t nin;
};

static int give(struct net_worker *w, const struct net_event *e)
{
	struct run *r = w->give_ctx;

	if (w->failed == 0)
		w->failed = r->sink->on_event(r->sink->ctx, e);
	return w->failed;
}

static int flush(struct run *r)
{
	decoder_packets(r->d, r->in, r->nin);
	r->nin = 0;
	return r->w.failed < 0 ? r->w.failed : 0;
}

static int batch_end(struct run *r)
{
	int rc = flush(r);

	if (rc == 0) {
		decoder_tick(r->d, r->n->stats.last, r->n->packets);
		rc = r->sink->on_batch(r->sink->ctx, r->n->stats.last);
	}
	return rc;
}

static int packet(struct run *r, struct span frame, const struct pcap_record *rec, uint32_t link)
{
	struct net *n = r->n;
	int rc = 0;

	r->in[r->nin++] = (struct in_packet){
		.frame = frame,
		.time = rec->time,
		.number = ++n->packets,
		.link = link,
		.sent = rec->sent,
	};
	if (n->packets == 1)
		n->stats.first = rec->time;
	n->stats.last = rec->time;
	if (r->nin == DECODER_BATCH)
		rc = n->packets % 4096 == 0 ? batch_end(r) : flush(r);
	return rc;
}

static int read_file(struct run *r, struct span s, const char *name, struct fault *f)
{
	struct pcap_format fmt;
	size_t off = PCAP_FILE_HEADER;

	if (pcap_file_header(s, &fmt) != PCAP_OK)
		return fault_set(f, NET_NOT_CAPTURE, "%s: not a capture", name);
	while (off < s.n && !r->n->stop) {
		struct pcap_record rec;
		struct span rest = span_from(s, off);
		int err = pcap_record_header(&fmt, rest, &rec);
		if (err || rec.captured > rest.n - fmt.header)
			return fault_set(f, NET_INCOMPLETE,
			    "%s: packet %llu, offset %zu: %s; what came before stands", name,
			    (unsigned long long)r->n->packets + 1, off,
			    err == PCAP_BAD ? "damaged" : "ends here in the middle");
		int rc = packet(r, span_of(rest.p + fmt.header, rec.captured), &rec, fmt.link);
		if (rc < 0)
			return rc;
		off += fmt.header + (size_t)rec.captured;
	}
	return 0;
}

static int read_sources(struct run *r, struct fault *f)
{
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < r->n->n; i++) {
		struct file_map m = FILE_MAP_NONE;
		rc = file_map_fd(&m, dup(r->n->src[i].fd));
		if (rc < 0)
			return fault_set(f, rc, "%s: cannot be mapped", r->n->src[i].name);
		rc = read_file(r, m.s, r->n->src[i].name, f);
		if (r->nin) { /* before the bytes go */
			int rc2 = flush(r);
			rc = rc2 < 0 ? rc2 : rc;
		}
		file_map_close(&m);
	}
	return rc;
}

int net_run(struct net *n, const struct net_sink *sink, struct fault *f)
{
	struct run *r = calloc(1, sizeof(*r));

	if (!r)
		return fault_set(f, -ENOMEM, "no memory");
	r->n = n;
	r->sink = sink;
	r->w = (struct net_worker){ .stat = n->stats.n, .give = give, .give_ctx = r };
	struct decoder_opts o = {
		.bytes = n->o.memory ? n->o.memory : NET_MEMORY_DEFAULT,
		.no_flows = n->o.no_flows,
		.shards = 1,
	};
	int rc = decoder_new(&r->d, &r->w, &o);
	if (rc == 0) {
		rc = read_sources(r, f);
		decoder_finish(r->d);
		if (rc >= 0 && r->w.failed < 0)
			rc = r->w.failed;
		int rc2 = rc >= 0 ? sink->on_batch(sink->ctx, n->stats.last) : 0;
		if (rc2 < 0)
			rc = rc2;
	}
	decoder_free(r->d);
	free(r);
	return rc;
}

void net_stop(struct net *n)
{
	n->stop = 1;
}

void net_stats(const struct net *n, struct net_stats *ret_s)
{
	*ret_s = n->stats;
}

int net_evidence(struct net *n, const struct net_event *e,
    int (*cb)(void *ctx, const struct net_kept *k), void *ctx)
{
	(void)n;
	(void)e;
	(void)cb;
	(void)ctx;
	return 0;
}
