/* SPDX-License-Identifier: Apache-2.0 */

/* hunt_wire: names and addresses in captures. */

#include "base/file.h"
#include "cli/hunt.h"
#include "crypto/hash.h"

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#define KEY_MAX (2 * SENSE_NAME_MAX + 2 * SENSE_ADDR_TEXT_MAX + 64)

struct look {
	struct hunt *h;
	const char *path; /* of the capture, in the arena */
	uint64_t packets;
};

/* The same thing seen again is one hit that counts its packets. */
static int network_hit(struct look *l, const struct hunt_hit *x, const char *observed,
    const char *asked, const struct sense_addr *client, const struct sense_addr *server)
{
	struct hunt *h = l->h;
	char from[SENSE_ADDR_TEXT_MAX], to[SENSE_ADDR_TEXT_MAX], key[KEY_MAX];
	struct hunt_hit *kept;

	sense_addr_text(client, from);
	sense_addr_text(server, to);
	snprintf(key, sizeof(key), "%zu %d %llu %s %s %s %s", h->ncapture, x->kind,
	    (unsigned long long)hunt_match_id(&x->m), from, to,
	    observed, asked ? asked : "");
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

/* The client is who asked; an answer travels the other way. */
static int names(struct look *l, const struct sense_name *n, const char *observed, const char *how,
    bool answer)
{
	struct shelf_hit m[SHELF_HITS_MAX];
	struct hunt_hit x = { .kind = n->kind == SENSE_TLS_SNI ? HUNT_TLS : HUNT_DNS,
		.place = HUNT_IN_CAPTURE, .how = how,
		.packet = n->packet, .last_packet = n->packet, .time = n->time, .last = n->time,
		.count = 1 };
	const char *asked = answer && strcmp(n->qname, observed) != 0 ? n->qname : NULL;
	if (observed[0]) {
		int rc = hunt_record_value(l->h, INDICATOR_DOMAIN, span_str(observed), l->path, n->time);
		if (rc < 0)
			return rc;
	}
	size_t k = observed[0] ? hunt_match_name(l->h, span_str(observed), n->time, m) : 0;
	int rc = 0;

	for (size_t i = 0; i < k && rc == 0; i++) {
		x.m = m[i];
		x.expired = hunt_match_expired(&m[i]);
		rc = network_hit(l, &x, observed, asked, answer ? &n->dst : &n->src,
		    answer ? &n->src : &n->dst);
	}
	return rc;
}

static int addresses(struct look *l, const struct sense_name *n, const struct sense_addr *a,
    uint16_t port, const char *how, const char *asked, bool answer)
{
	struct shelf_hit m[SHELF_HITS_MAX];
	char observed[SENSE_ADDR_TEXT_MAX];
	struct hunt_hit x = { .kind = HUNT_ADDRESS, .place = HUNT_IN_CAPTURE, .how = how, .packet = n->packet,
		.last_packet = n->packet, .time = n->time, .last = n->time, .count = 1 };
	int rc = a->family ? hunt_record_value(l->h, a->family == 4 ? INDICATOR_IPV4 : INDICATOR_IPV6,
				 span_str(sense_addr_text(a, observed)), l->path, n->time) :
			     0;
	if (rc < 0)
		return rc;
	size_t k = hunt_match_ip(l->h, a, port, n->time, m);

	for (size_t i = 0; i < k && rc == 0; i++) {
		x.m = m[i];
		x.expired = hunt_match_expired(&m[i]);
		rc = network_hit(l, &x, sense_addr_text(a, observed), asked, answer ? &n->dst : &n->src,
		    answer ? &n->src : &n->dst);
	}
	return rc;
}

/* One record of a response; its question is given as one, too (also when there is no answer). */
static int on_answer(struct look *l, const struct sense_name *n)
{
	int rc = names(l, n, n->name, strcmp(n->name, n->qname) == 0 ? "answer" : "chain", true);

	if (rc == 0)
		rc = names(l, n, n->target, "target", true);
	if (rc == 0)
		rc = addresses(l, n, &n->addr, 0, "answered", n->qname, true);
	return rc < 0 ? rc : addresses(l, n, &n->src, n->src.port, "server", NULL, true);
}

static int on_name(void *ctx, const struct sense_name *n)
{
	struct look *l = ctx;
	int rc;

	l->packets = n->packet;
	hunt_progress(l->h, n->packet);
	if (n->kind == SENSE_DNS_ANSWER)
		return on_answer(l, n);
	rc = names(l, n, n->name, n->kind == SENSE_TLS_SNI ? "sni" : "query", false);
	return rc < 0 ? rc : addresses(l, n, &n->dst, n->dst.port, "server", NULL, false);
}

static int losses(struct hunt *h, const struct hunt_capture *x)
{
	for (int i = SENSE_LOSS_FIRST; i < SENSE_STATS; i++) {
		if (!x->stats.n[i])
			continue;
		const char *why = arena_printf(&h->c->arena, "%s: %llu; each may hide a name",
		    sense_stat_name(i), (unsigned long long)x->stats.n[i]);
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

int hunt_capture(struct hunt *h, const char *path)
{
	struct sense_capture_opts o = { .no_sandbox = cli_has(h->c, "no-sandbox") };
	struct hunt_capture *x = &h->capture[h->ncapture];
	struct fault f = FAULT_INIT;
	AUTO_FD int fd = file_open_user(path, &f);
	int rc = fd < 0 ? fd : 0;

	*x = (struct hunt_capture){ .path = hunt_text(h, path), .stats = { .first = TS_NONE,
							       .last = TS_NONE } };
	struct look l = { .h = h, .path = x->path };
	if (!x->path)
		return -ENOMEM;
	if (rc == 0 && cli_has(h->c, "signal"))
		rc = digest_capture(x, fd);
	if (rc == 0)
		rc = sense_capture(fd, path, &o, on_name, &l, &x->stats, &f);
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
