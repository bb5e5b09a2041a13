/* SPDX-License-Identifier: Apache-2.0 */

/* watch_evidence: --pcap-hits: the packets of a hit's flow, as far as they are still kept. */

#include "base/file.h"
#include "cli/watch.h"
#include "crypto/hash.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#define FILES_MAX 10000
#define FILE_BYTES_MAX (1u << 20)
#define ALL_BYTES_MAX (1ull << 30)
#define MAGIC_NANOSECONDS 0xa1b23c4d

struct watch_evidence {
	int dir;
	const char *path;
	uint64_t files, bytes, left_out;
	uint64_t flow, packet; /* of the last one: several hits of one packet share it */
	char name[64];
	struct digest sha256;
};

struct capture {
	struct buf *b;
	uint32_t link;
};

int watch_evidence_open(struct watch *w)
{
	const char *path = cli_opt(w->c, "pcap-hits");

	if (!path)
		return 0;
	struct watch_evidence *x = ARENA_NEW(&w->c->arena, struct watch_evidence);
	int rc = x ? file_mkdirs(path, 0700) : -ENOMEM;
	if (rc < 0)
		return fault_set(&w->f, rc, "%s: %s", QUOTE(span_str(path)), strerror(-rc));
	*x = (struct watch_evidence){ .path = path };
	x->dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (x->dir < 0)
		return fault_set(&w->f, -errno, "%s: %s", QUOTE(span_str(path)), strerror(errno));
	w->evidence = x;
	return 0;
}

void watch_evidence_close(struct watch *w)
{
	if (w->evidence)
		close(w->evidence->dir);
}

uint64_t watch_evidence_left_out(const struct watch *w)
{
	return w->evidence ? w->evidence->left_out : 0;
}

static void file_head(struct buf *b, uint32_t link)
{
	buf_put_le32(b, MAGIC_NANOSECONDS);
	buf_put_le16(b, 2);
	buf_put_le16(b, 4);
	buf_put_le32(b, 0);
	buf_put_le32(b, 0);
	buf_put_le32(b, 262144);
	buf_put_le32(b, link);
}

/* A classic pcap has one link type: packets of another are left out. */
static int packet(void *ctx, const struct net_kept *k)
{
	struct capture *x = ctx;

	if (!x->b->n) {
		x->link = k->link;
		file_head(x->b, k->link);
	}
	if (k->link != x->link || k->time < 0)
		return 0;
	buf_put_le32(x->b, (uint32_t)(k->time / TS_SECOND));
	buf_put_le32(x->b, (uint32_t)(k->time % TS_SECOND));
	buf_put_le32(x->b, (uint32_t)k->bytes.n);
	buf_put_le32(x->b, k->sent > k->bytes.n ? k->sent : (uint32_t)k->bytes.n);
	buf_put_span(x->b, k->bytes);
	return 0;
}

static int write_file(struct watch *w, struct span s)
{
	struct watch_evidence *x = w->evidence;
	AUTO_FD int fd =
	    openat(x->dir, x->name, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);
	int rc = fd < 0 ? -errno : file_write_all(fd, s);

	if (rc == 0)
		rc = hash_span(DIGEST_SHA256, s, &x->sha256);
	if (rc < 0)
		return fault_set(
		    &w->f, rc, "%s/%s: %s", QUOTE(span_str(x->path)), x->name, strerror(-rc));
	x->files++;
	x->bytes += s.n;
	return 0;
}

int watch_evidence(struct watch *w, struct watch_sight *s)
{
	struct watch_evidence *x = w->evidence;
	const struct net_event *e = s->e;
	AUTO_BUF struct buf b = BUF_INIT(FILE_BYTES_MAX);
	struct capture c = { .b = &b };
	char uid[WATCH_UID_MAX];
	int rc = 0;

	if (!x)
		return 0;
	if (!x->files || x->flow != e->flow || x->packet != e->packet) {
		if (x->files >= FILES_MAX || x->bytes >= ALL_BYTES_MAX) {
			x->left_out++;
			return 0;
		}
		rc = net_evidence(w->net, e, packet, &c);
		if (rc < 0 || buf_err(&b) || !b.n) {
			x->left_out++;
			return rc;
		}
		snprintf(x->name, sizeof(x->name), "hit-%llu-%s.pcap",
		    (unsigned long long)e->packet, watch_uid(w, e->flow, uid));
		x->flow = e->flow;
		x->packet = e->packet;
		rc = write_file(w, buf_span(&b));
	}
	if (rc == 0) {
		snprintf(s->file, sizeof(s->file), "%s", x->name);
		s->evidence = x->sha256;
	}
	return rc;
}
