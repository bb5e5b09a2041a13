/* SPDX-License-Identifier: Apache-2.0 */

#include "sense/capture.h"

#include "base/file.h"
#include "sense/capture_worker.h"
#include "sense/frame.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>

#define MEMORY_DEFAULT (512ull << 20)
/* A chunk from the pipe, and of the frame before it what had come. */
#define ACC_MAX (SANDBOX_CHUNK_MAX + 2 * FRAME_MAX)

/* The parent's side of one run. */
struct reader {
	sense_name_fn *on_name;
	void *ctx;
	struct sense_capture_stats *stats;
	struct buf acc; /* a frame that has not come whole yet */
	struct frame frame;
	struct frame_end end;
	bool ended, lied;
	uint64_t packet; /* of the last name */
};

const char *sense_name_kind_name(enum sense_name_kind k)
{
	switch (k) {
	case SENSE_DNS_QUERY:
		return "dns-query";
	case SENSE_DNS_ANSWER:
		return "dns-answer";
	case SENSE_TLS_SNI:
		return "tls-sni";
	}
	return "unknown";
}

const char *sense_stat_name(enum sense_stat s)
{
	static const char *const name[SENSE_STATS] = {
		[SENSE_STAT_PACKETS] = "packets",
		[SENSE_STAT_BYTES] = "bytes",
		[SENSE_STAT_DNS_QUERIES] = "dns-queries",
		[SENSE_STAT_DNS_RESPONSES] = "dns-responses",
		[SENSE_STAT_TLS_HELLOS] = "tls-hellos",
		[SENSE_STAT_TLS_NO_SNI] = "tls-without-sni",
		[SENSE_STAT_TLS_ECH] = "tls-ech",
		[SENSE_STAT_TCP_STREAMS] = "tcp-streams",
		[SENSE_STAT_NOT_IP] = "not-ip",
		[SENSE_STAT_OTHER_IP] = "other-ip",
		[SENSE_LOSS_CUT] = "cut-packets",
		[SENSE_LOSS_BAD_PACKET] = "bad-packets",
		[SENSE_LOSS_FRAGMENTS] = "fragments",
		[SENSE_LOSS_TUNNEL] = "tunnelled",
		[SENSE_LOSS_LINK_TYPE] = "unknown-link-type",
		[SENSE_LOSS_BAD_DNS] = "bad-dns",
		[SENSE_LOSS_BAD_TLS] = "bad-tls",
		[SENSE_LOSS_GAP] = "stream-gaps",
		[SENSE_LOSS_LONG] = "long-hellos",
		[SENSE_LOSS_EVICTED] = "evicted-streams",
	};
	return s < SENSE_STATS ? name[s] : "unknown";
}

uint64_t sense_stat_losses(const struct sense_capture_stats *s)
{
	uint64_t sum = 0;

	for (int i = SENSE_LOSS_FIRST; i < SENSE_STATS; i++)
		sum += s->n[i];
	return sum;
}

char *sense_addr_text(const struct sense_addr *a, char out[static SENSE_ADDR_TEXT_MAX])
{
	out[0] = 0;
	if (a->family)
		inet_ntop(a->family == 4 ? AF_INET : AF_INET6, a->b, out, SENSE_ADDR_TEXT_MAX);
	return out;
}

static int take_frame(struct reader *r, struct span body)
{
	struct frame *f = &r->frame;

	r->lied = r->ended || frame_decode(body, f) < 0;
	if (r->lied)
		return -EBADMSG;
	switch (f->type) {
	case FRAME_NAME:
		r->lied = f->name.packet < r->packet;
		if (r->lied)
			return -EBADMSG;
		r->packet = f->name.packet;
		return r->on_name(r->ctx, &f->name);
	case FRAME_STATS:
		*r->stats = f->stats;
		return 0;
	case FRAME_END:
		r->ended = true;
		r->end = f->end;
		return 0;
	}
	return 0;
}

/* Takes whole frames off the front of s; *ret_used is how much of it they were. */
static int take_frames(struct reader *r, struct span s, size_t *ret_used)
{
	size_t used = 0;
	int rc = 0;

	while (rc == 0 && s.n - used >= 2) {
		size_t len = (size_t)s.p[used] << 8 | s.p[used + 1];
		r->lied = len > FRAME_MAX;
		if (r->lied)
			return -EBADMSG;
		if (s.n - used - 2 < len)
			break;
		rc = take_frame(r, span_cut(s, used + 2, len));
		used += 2 + len;
	}
	*ret_used = used;
	return rc;
}

static int on_output(void *ctx, struct span bytes)
{
	struct reader *r = ctx;
	size_t used = 0;

	buf_put_span(&r->acc, bytes);
	int rc = buf_err(&r->acc);
	if (rc == 0)
		rc = take_frames(r, buf_span(&r->acc), &used);
	if (rc == 0 && used) {
		memmove(r->acc.p, r->acc.p + used, r->acc.n - used);
		r->acc.n -= used;
	}
	return rc;
}

/* The worker ended by itself: what it said about the file. */
static int judge_end(const struct reader *r, const char *label, struct fault *f)
{
	const struct frame_end *e = &r->end;
	struct span text = span_str(e->text);

	if (!r->ended || r->acc.n)
		return fault_set(f, -EBADMSG, "%s: the sandboxed worker stopped in mid-sentence",
		    QUOTE(span_str(label)));
	switch (e->how) {
	case FRAME_NOT_CAPTURE:
		return fault_set(f, -EBADMSG, "%s: not a packet capture that can be read: %s",
		    QUOTE(span_str(label)), QUOTE(text));
	case FRAME_DAMAGED:
		return fault_set(f, SENSE_INCOMPLETE,
		    "%s: damaged or cut off after packet %llu, near offset %llu: %s",
		    QUOTE(span_str(label)), (unsigned long long)e->packet,
		    (unsigned long long)e->offset, QUOTE(text));
	default:
		return SENSE_DONE;
	}
}

static int judge(const struct reader *r, int rc, const char *label, struct fault *f)
{
	switch (rc) {
	case SANDBOX_DONE:
		return judge_end(r, label, f);
	case SANDBOX_UNAVAILABLE:
		return fault_wrap(f, SENSE_NO_SANDBOX, "%s", QUOTE(span_str(label)));
	case SANDBOX_CALL:
		return fault_wrap(f, -EBADMSG, "%s", QUOTE(span_str(label)));
	}
	if (r->lied)
		return fault_set(f, -EBADMSG,
		    "%s: the sandboxed worker sent what no worker sends; the capture may be an "
		    "attack on the parser",
		    QUOTE(span_str(label)));
	/* Limits and crashes: what came before stands. */
	return rc > 0 ? fault_wrap(f, SENSE_INCOMPLETE, "%s", QUOTE(span_str(label))) : rc;
}

int capture_run(sandbox_fn *worker, int fd, const char *label,
    const struct sense_capture_opts *opts, sense_name_fn *on_name, void *ctx,
    struct sense_capture_stats *ret_stats, struct fault *f)
{
	struct sense_capture_opts o = opts ? *opts : (struct sense_capture_opts){ 0 };
	struct sandbox_opts so = {
		.fds = &fd,
		.nfds = 1,
		.timeout = o.timeout ? o.timeout : TS_HOUR,
		.memory = o.memory ? o.memory : MEMORY_DEFAULT,
		.without = o.no_sandbox ? SANDBOX_WITHOUT_LANDLOCK | SANDBOX_WITHOUT_SECCOMP : 0,
	};
	struct sandbox_end end;

	*ret_stats = (struct sense_capture_stats){ .first = TS_NONE, .last = TS_NONE };
	int rc = capture_worker_load(f);
	if (rc < 0)
		return rc;
	struct reader *r = calloc(1, sizeof(*r));
	if (!r)
		return -ENOMEM;
	r->on_name = on_name;
	r->ctx = ctx;
	r->stats = ret_stats;
	r->acc = BUF_INIT(ACC_MAX);
	rc = sandbox_run(&so, worker, &o, on_output, r, &end, f);
	rc = judge(r, rc, label, f);
	buf_free(&r->acc);
	free(r);
	return rc;
}

int sense_capture(int fd, const char *label, const struct sense_capture_opts *opts,
    sense_name_fn *on_name, void *ctx, struct sense_capture_stats *ret_stats, struct fault *f)
{
	return capture_run(capture_worker, fd, label, opts, on_name, ctx, ret_stats, f);
}

int sense_capture_path(const char *path, const struct sense_capture_opts *opts,
    sense_name_fn *on_name, void *ctx, struct sense_capture_stats *ret_stats, struct fault *f)
{
	*ret_stats = (struct sense_capture_stats){ .first = TS_NONE, .last = TS_NONE };
	AUTO_FD int fd = file_open_user(path, f);
	return fd < 0 ? fd : sense_capture(fd, path, opts, on_name, ctx, ret_stats, f);
}
