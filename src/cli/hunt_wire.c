/* SPDX-License-Identifier: Apache-2.0 */

/* hunt_wire: captures: read by the network sensor, each event is looked at (hunt_events.c). */

#include "base/file.h"
#include "cli/hunt_wire.h"
#include "crypto/hash.h"

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

/* --- hits --- */

/* What makes a hit different: the same thing seen again counts its packets. */
static const char *key_of(struct hunt_look *l, const struct hunt_hit *x, const char *observed,
    const char *asked, const char *from, const char *to, struct buf *b)
{
	buf_printf(b, "%zu %d %llu %s %s %s %s", l->h->ncapture, x->kind,
	    (unsigned long long)hunt_match_id(&x->m), from, to, observed, asked ? asked : "");
	return buf_str(b);
}

static int one_hit(
    struct hunt_look *l, const struct hunt_hit *x, const char *observed, const char *asked)
{
	struct hunt *h = l->h;
	char from[SENSE_ADDR_TEXT_MAX], to[SENSE_ADDR_TEXT_MAX];
	AUTO_BUF struct buf b = BUF_INIT(16u << 10);
	struct hunt_hit *kept;

	sense_addr_text(&l->e->client, from);
	sense_addr_text(&l->e->server, to);
	const char *key = key_of(l, x, observed, asked, from, to, &b);
	if (buf_err(&b))
		return buf_err(&b);
	const void *old = map_get(&h->seen, span_str(key));
	if (old) {
		struct hunt_hit *have = &h->hit[(uintptr_t)old - 1];
		have->count += x->packet != have->last_packet; /* once a packet */
		have->last = x->time;
		have->last_packet = x->packet;
		return 0;
	}
	int rc = hunt_add_hit(h, x, &kept);
	if (rc < 0 || !kept)
		return rc;
	kept->path = l->path;
	kept->observed = hunt_text(h, observed);
	kept->asked = asked ? hunt_text(h, asked) : NULL;
	kept->client = hunt_text(h, from);
	kept->server = hunt_text(h, to);
	const char *own = hunt_text(h, key);
	if (!kept->observed || (asked && !kept->asked) || !kept->client || !kept->server || !own)
		return -ENOMEM;
	return map_add(&h->seen, span_str(own), (void *)(uintptr_t)h->nhit, NULL);
}

/* False: longer than any indicator, or than what has one above it. */
static bool text_of(struct span s, char out[static INTEL_TEXT_MAX])
{
	if (s.n >= INTEL_TEXT_MAX)
		return false;
	memcpy(out, s.p, s.n);
	out[s.n] = 0;
	return true;
}

/* Apart: its rooms are cleared at each call. */
__attribute__((noinline)) static int hits(
    struct hunt_look *l, enum hunt_kind kind, const char *how, struct span value, size_t n)
{
	const struct net_event *e = l->e;
	struct hunt_hit x = { .kind = kind,
		.place = HUNT_IN_CAPTURE,
		.how = how,
		.packet = e->packet,
		.last_packet = e->packet,
		.time = e->time,
		.last = e->time,
		.count = 1 };
	char observed[INTEL_TEXT_MAX], asked[INTEL_TEXT_MAX];
	bool led = l->query.n && !span_eq(l->query, value);
	int rc = 0;

	if (!text_of(value, observed) || (led && !text_of(l->query, asked)))
		return 0;
	for (size_t i = 0; i < n && rc == 0; i++) {
		x.m = l->h->match[i];
		x.expired = hunt_match_expired(&x.m);
		rc = one_hit(l, &x, observed, led ? asked : NULL);
	}
	return rc;
}

int hunt_wire_hits(
    struct hunt_look *l, enum hunt_kind kind, const char *how, struct span value, size_t n)
{
	return n ? hits(l, kind, how, value, n) : 0;
}

/* --- reading --- */

static int on_event(void *ctx, const struct net_event *e)
{
	struct hunt_look *l = ctx;

	l->e = e;
	l->query = SPAN_NONE;
	l->packets = e->packet;
	return hunt_wire_event(l);
}

static int on_batch(void *ctx, ts at)
{
	struct hunt_look *l = ctx;

	(void)at;
	hunt_progress(l->h, l->packets);
	if (hunt_stop)
		net_stop(l->net);
	return 0;
}

static int losses(struct hunt *h, const struct hunt_capture *x)
{
	for (int i = NET_LOSS_FIRST; i < NET_STATS; i++) {
		if (!x->stats.n[i])
			continue;
		const char *why = arena_printf(&h->c->arena, "%s: %llu; each may hide a name",
		    net_stat_name(i), (unsigned long long)x->stats.n[i]);
		int rc = why ? hunt_problem(h, x->path, why) : -ENOMEM;
		if (rc < 0)
			return rc;
	}
	return 0;
}

/* What a signal gives as its evidence. */
static int digest_capture(struct hunt_capture *x, int fd)
{
	AUTO_HASHER struct hasher *hs = NULL;
	struct digest out[DIGEST_ALGS] = { { 0 } };
	int rc = hasher_new(&hs, HASH_SET(DIGEST_SHA256));

	if (rc == 0)
		rc = hash_fd(hs, fd, out, NULL);
	if (rc == 0 && lseek(fd, 0, SEEK_SET) < 0)
		rc = -errno;
	x->sha256 = out[DIGEST_SHA256];
	return rc;
}

static int read_capture(struct hunt_look *l, int fd, struct net_stats *ret_s, struct fault *f)
{
	struct net_opts o = { .no_sandbox = cli_has(l->h->c, "no-sandbox"), .workers = l->h->jobs };
	struct net_source src = { .name = "the capture", .fd = fd };
	struct net_sink sink = { .on_event = on_event, .on_batch = on_batch, .ctx = l };
	AUTO_NET struct net *n = NULL;
	int rc = net_files(&n, &src, 1, &o, f);

	if (rc)
		return rc;
	l->net = n;
	rc = net_run(n, &sink, f);
	net_stats(n, ret_s);
	return rc;
}

int hunt_capture(struct hunt *h, const char *path)
{
	struct hunt_capture *x = &h->capture[h->ncapture];
	struct fault f = FAULT_INIT;
	AUTO_FD int fd = file_open_user(path, &f);
	int rc = fd < 0 ? fd : 0;

	*x = (struct hunt_capture){ .path = hunt_text(h, path),
		.stats = { .first = TS_NONE, .last = TS_NONE } };
	struct hunt_look l = { .h = h, .path = x->path };
	if (!x->path)
		return -ENOMEM;
	if (rc == 0 && cli_has(h->c, "signal"))
		rc = digest_capture(x, fd);
	if (rc == 0)
		rc = read_capture(&l, fd, &x->stats, &f);
	h->ncapture++;
	if (rc == -ENOMEM)
		return rc;
	if (rc) {
		rc = hunt_problem(h, path, f.text[0] ? f.text : strerror(rc < 0 ? -rc : EIO));
		if (rc < 0)
			return rc;
	}
	return losses(h, x);
}
