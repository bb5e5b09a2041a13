/* SPDX-License-Identifier: Apache-2.0 */

/* watch_evidence: --pcap-hits: the packets of a hit's flow, as far as they are still kept. A hit
 * whose packets cannot be written is a hit. */

#include "base/file.h"
#include "cli/watch.h"
#include "crypto/hash.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#define FILES_MAX 10000
#define FILE_BYTES_MAX ((1u << 20) + (8u << 10)) /* of packets, and their heads */
#define ALL_BYTES_MAX (1ull << 30)
#define MAGIC_NANOSECONDS 0xa1b23c4d
#define SAME_NAME_MAX 99
#define LEFT_OUT 1

struct watch_evidence {
	int dir;
	const char *path;
	uint64_t files, bytes, left_out;
	uint64_t flow, packet; /* of the last one: several hits of one packet share it */
	bool asked, has;       /* there is a last one; it was written */
	bool told;	       /* that some cannot be written */
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

static int write_file(const struct watch_evidence *x, const char *name, struct span s)
{
	AUTO_FD int fd =
	    openat(x->dir, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	int rc = fd < 0 ? -errno : file_write_all(fd, s);

	if (fd >= 0 && rc < 0)
		unlinkat(x->dir, name, 0);
	return rc;
}

static bool holds(const struct watch_evidence *x, const char *name, struct span s)
{
	AUTO_BUF struct buf b = BUF_INIT(FILE_BYTES_MAX);
	AUTO_FD int fd =
	    openat(x->dir, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	struct stat st;

	return fd >= 0 && fstat(fd, &st) == 0 && S_ISREG(st.st_mode) &&
	       file_read_fd(fd, &b, FILE_BYTES_MAX) == 0 && span_eq(buf_span(&b), s);
}

/* What is there stays: signals name it by its digest. The same capture, watched again, gives the same
 * file; another one may give others of its name. */
static int put(struct watch_evidence *x, const char *head, struct span s)
{
	int rc = -EEXIST;

	for (unsigned i = 1; i <= SAME_NAME_MAX && rc == -EEXIST; i++) {
		if (i == 1)
			snprintf(x->name, sizeof(x->name), "%s.pcap", head);
		else
			snprintf(x->name, sizeof(x->name), "%s-%u.pcap", head, i);
		rc = write_file(x, x->name, s);
		if (rc == -EEXIST && holds(x, x->name, s))
			rc = 0;
	}
	if (rc == 0)
		rc = hash_span(DIGEST_SHA256, s, &x->sha256);
	return rc;
}

static int take(struct watch *w, const struct net_event *e)
{
	struct watch_evidence *x = w->evidence;
	AUTO_BUF struct buf b = BUF_INIT(FILE_BYTES_MAX);
	struct capture c = { .b = &b };
	char uid[WATCH_UID_MAX], head[48];

	if (x->files >= FILES_MAX || x->bytes >= ALL_BYTES_MAX)
		return LEFT_OUT;
	int rc = net_evidence(w->net, e, packet, &c);
	if (rc < 0 || buf_err(&b) || !b.n)
		return rc < 0 ? rc : LEFT_OUT;
	snprintf(head, sizeof(head), "hit-%llu-%s", (unsigned long long)e->packet,
	    watch_uid(w, e->flow, uid));
	rc = put(x, head, buf_span(&b));
	x->files += rc == 0;
	x->bytes += rc == 0 ? b.n : 0;
	return rc;
}

void watch_evidence(struct watch *w, struct watch_sight *s)
{
	struct watch_evidence *x = w->evidence;
	const struct net_event *e = s->e;

	if (!x)
		return;
	if (!x->asked || x->flow != e->flow || x->packet != e->packet) {
		int rc = take(w, e);
		if (rc < 0 && !x->told)
			fprintf(stderr, "firebreak watch: evidence is left out: %s/%s: %s\n",
			    QUOTE(span_str(x->path)), x->name, strerror(-rc));
		x->told |= rc < 0;
		x->left_out += rc != 0;
		x->has = rc == 0;
		x->asked = true;
		x->flow = e->flow;
		x->packet = e->packet;
	}
	if (x->has) {
		snprintf(s->file, sizeof(s->file), "%s", x->name);
		s->evidence = x->sha256;
	}
}
