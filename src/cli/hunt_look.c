/* SPDX-License-Identifier: Apache-2.0 */

/* hunt_look: observations of files and captures, joined with the set. */

#include "base/file.h"
#include "cli/hunt.h"
#include "crypto/hash.h"

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#define PROGRESS_EVERY (TS_SECOND / 10)
#define KEY_MAX (2 * SENSE_NAME_MAX + 2 * SENSE_ADDR_TEXT_MAX + 64)

const char *hunt_kind_name(enum hunt_kind k)
{
	static const char *const names[] = { "file-digest", "file-name", "dns", "tls", "address" };
	return k <= HUNT_ADDRESS ? names[k] : "";
}

/* --- progress --- */

static void progress(struct hunt *h, uint64_t packets)
{
	ts now = clock_mono();

	if (h->c->quiet || !isatty(2) || now - h->shown < PROGRESS_EVERY)
		return;
	h->shown = now;
	fprintf(stderr, "\r\x1b[K%llu files, %.1f GB, %llu packets, %llu hits",
	    (unsigned long long)h->tree.files, (double)h->tree.bytes / 1e9,
	    (unsigned long long)packets, (unsigned long long)h->nhits);
}

void hunt_progress_end(const struct hunt *h)
{
	if (h->shown)
		fprintf(stderr, "\r\x1b[K");
}

/* --- what was found, what could not be looked at --- */

/* Room for one more element; the arena cannot grow in place. NULL when it is full. */
static void *grown(struct arena *a, void *old, size_t n, size_t *cap, size_t size)
{
	if (n < *cap)
		return old;
	size_t more = *cap ? 2 * *cap : 64;
	void *p = arena_array(a, more, size);
	if (!p)
		return NULL;
	if (n)
		memcpy(p, old, n * size);
	*cap = more;
	return p;
}

static const char *text(struct hunt *h, const char *s)
{
	return arena_str(&h->c->arena, span_str(s));
}

/* The path stands in front already. */
static const char *without_path(const char *why, const char *path)
{
	struct span head = span_str(QUOTE(span_str(path)));
	return span_starts(span_str(why), head) && strncmp(why + head.n, ": ", 2) == 0 ?
		  why + head.n + 2 :
		  why;
}

static int add_problem(struct hunt *h, const char *path, const char *why)
{
	why = without_path(why, path);
	h->nproblems++;
	if (h->nproblem == HUNT_PROBLEMS_MAX)
		return 0;
	struct hunt_problem *p =
	    grown(&h->c->arena, h->problem, h->nproblem, &h->capproblem, sizeof(*p));
	if (!p)
		return -ENOMEM;
	h->problem = p;
	p[h->nproblem] = (struct hunt_problem){ text(h, path), text(h, why) };
	if (!p[h->nproblem].path || !p[h->nproblem].text)
		return -ENOMEM;
	h->nproblem++;
	return 0;
}

/* *ret_hit is NULL when it is only counted. Expired ones are kept, and counted apart. */
static int add_hit(struct hunt *h, const struct hunt_hit *x, struct hunt_hit **ret_hit)
{
	*ret_hit = NULL;
	if (x->m.expired)
		h->nexpired++;
	else
		h->nhits++;
	if (h->nhit == HUNT_HITS_MAX)
		return 0;
	struct hunt_hit *p = grown(&h->c->arena, h->hit, h->nhit, &h->caphit, sizeof(*p));
	if (!p)
		return -ENOMEM;
	h->hit = p;
	p[h->nhit] = *x;
	*ret_hit = &p[h->nhit++];
	return 0;
}

/* --- files --- */

static int file_matches(struct hunt *h, const struct hunt_hit *proto, const char *path,
    const struct detect_match *m, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct hunt_hit x = *proto, *kept;
		x.m = m[i];
		int rc = add_hit(h, &x, &kept);
		if (rc == 0 && kept) {
			kept->path = text(h, path);
			rc = kept->path ? 0 : -ENOMEM;
		}
		if (rc < 0)
			return rc;
	}
	return 0;
}

static int name_matches(struct hunt *h, struct hunt_hit *proto, const char *path, const char *name)
{
	struct detect_match m[DETECT_MATCHES_MAX];

	proto->kind = HUNT_FILE_NAME;
	return file_matches(h, proto, path, m, detect_file_name(h->d, span_str(name), h->now, m));
}

static int on_file(void *ctx, const struct sense_file *f)
{
	struct hunt *h = ctx;
	struct detect_match m[DETECT_MATCHES_MAX];
	struct hunt_hit proto = { .kind = HUNT_FILE_DIGEST, .size = f->id.size, .mtime = f->id.mtime,
		.sha256 = f->digest[DIGEST_SHA256] };
	int rc = 0;

	h->tree.files++;
	h->tree.bytes += f->id.size;
	progress(h, 0);
	for (enum digest_alg a = DIGEST_MD5; a < DIGEST_ALGS && rc == 0; a++)
		if (digest_is_set(&f->digest[a]))
			rc = file_matches(h, &proto, f->path, m,
			    detect_digest(h->d, &f->digest[a], h->now, m));
	return rc < 0 ? rc : name_matches(h, &proto, f->path, f->name);
}

/* What could not be read still has a name. */
static int on_problem(void *ctx, const struct sense_problem *p)
{
	struct hunt *h = ctx;
	struct hunt_hit proto = { .mtime = TS_NONE };
	int rc = p->is_dir ? 0 : name_matches(h, &proto, p->path, p->name);

	return rc < 0 ? rc : add_problem(h, p->path, p->text);
}

/* SHA-512 costs as much as the others together, so it is computed only when something names one. */
static unsigned digests_wanted(const struct hunt *h)
{
	return HASH_TRIO | (h->set.n[INDICATOR_SHA512] ? HASH_SET(DIGEST_SHA512) : 0);
}

int hunt_tree(struct hunt *h, const char *path)
{
	struct sense_tree_opts o = { .set = digests_wanted(h),
		.one_file_system = cli_has(h->c, "one-file-system"), .jobs = h->jobs };
	struct sense_tree_stats st = { 0 };
	struct fault f = FAULT_INIT;
	int rc = sense_tree(path, &o, on_file, on_problem, h, &st, &f);

	h->tree.dirs += st.dirs;
	h->tree.links += st.links;
	h->tree.special += st.special;
	h->tree.pseudo += st.pseudo;
	h->tree.other_fs += st.other_fs;
	if (rc == -ENOMEM)
		return rc;
	return rc < 0 ? add_problem(h, path, f.text[0] ? f.text : strerror(-rc)) : 0;
}

/* --- captures --- */

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
	snprintf(key, sizeof(key), "%zu %d %u %s %s %s %s", h->ncapture, x->kind, x->m.entry, from, to,
	    observed, asked ? asked : "");
	const void *old = map_get(&h->seen, span_str(key));
	if (old) {
		struct hunt_hit *have = &h->hit[(uintptr_t)old - 1];
		have->count += x->packet != have->last_packet; /* once a packet */
		have->last = x->time;
		have->last_packet = x->packet;
		return 0;
	}
	int rc = add_hit(h, x, &kept);
	if (rc < 0 || !kept)
		return rc;
	kept->path = l->path;
	kept->observed = text(h, observed);
	kept->asked = asked ? text(h, asked) : NULL;
	kept->client = text(h, from);
	kept->server = text(h, to);
	const char *own = text(h, key);
	if (!kept->observed || (asked && !kept->asked) || !kept->client || !kept->server || !own)
		return -ENOMEM;
	return map_add(&h->seen, span_str(own), (void *)(uintptr_t)h->nhit, NULL);
}

/* The client is who asked; an answer travels the other way. */
static int names(struct look *l, const struct sense_name *n, const char *observed, const char *how,
    bool answer)
{
	struct detect_match m[DETECT_MATCHES_MAX];
	struct hunt_hit x = { .kind = n->kind == SENSE_TLS_SNI ? HUNT_TLS : HUNT_DNS, .how = how,
		.packet = n->packet, .last_packet = n->packet, .time = n->time, .last = n->time,
		.count = 1 };
	const char *asked = answer && strcmp(n->qname, observed) != 0 ? n->qname : NULL;
	size_t k = observed[0] ? detect_name(l->h->d, span_str(observed), n->time, m) : 0;
	int rc = 0;

	for (size_t i = 0; i < k && rc == 0; i++) {
		x.m = m[i];
		rc = network_hit(l, &x, observed, asked, answer ? &n->dst : &n->src,
		    answer ? &n->src : &n->dst);
	}
	return rc;
}

static int addresses(struct look *l, const struct sense_name *n, const struct sense_addr *a,
    uint16_t port, const char *how, const char *asked, bool answer)
{
	struct detect_match m[DETECT_MATCHES_MAX];
	char observed[SENSE_ADDR_TEXT_MAX];
	struct hunt_hit x = { .kind = HUNT_ADDRESS, .how = how, .packet = n->packet,
		.last_packet = n->packet, .time = n->time, .last = n->time, .count = 1 };
	size_t k = detect_ip(l->h->d, a->family, a->b, port, n->time, m);
	int rc = 0;

	for (size_t i = 0; i < k && rc == 0; i++) {
		x.m = m[i];
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
	progress(l->h, n->packet);
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
		int rc = why ? add_problem(h, x->path, why) : -ENOMEM;
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

	*x = (struct hunt_capture){ .path = text(h, path), .stats = { .first = TS_NONE,
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
		rc = add_problem(h, path, f.text[0] ? f.text : strerror(rc < 0 ? -rc : EIO));
		if (rc < 0)
			return rc;
	}
	return losses(h, x);
}

bool hunt_incomplete(const struct hunt *h)
{
	return h->nproblems > 0;
}
