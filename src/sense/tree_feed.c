/* SPDX-License-Identifier: Apache-2.0 */

#include "sense/tree_feed.h"

#include "crypto/hash.h"
#include "sense/tree_ids.h"
#include "sense/tree_pool.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define RING (2u * SENSE_BATCH) /* events that wait for those before them; a power of two */
#define OUTSIDE SIZE_MAX
#define TRIES_MAX 5

/* A file that was given, and has more names: its record, and those who wait for it. */
struct links {
	struct tree_record *record; /* NULL while it is read */
	struct item *waiting;
	uint64_t left; /* names that were not met yet */
};

enum kind { FILE_EVENT, PROBLEM_EVENT, OTHER_EVENT };

struct item {
	struct tree_want want; /* first: the pool gives it back */
	enum kind kind;
	struct item *next;	     /* in links.waiting or feed.again */
	struct item **pprev, *alive; /* the list of all */
	uint64_t seq;
	bool done, linked, again;
	unsigned tries; /* that ended with the death of a worker, nobody knows why */
	struct sense_id id;
	uint64_t note;
	struct tree_record *record; /* when done and not given yet */
	struct tree_record bare;    /* of one that was not opened */
	struct digest *known;	    /* [DIGEST_ALGS] or NULL */
	enum sense_why why;	    /* of a problem */
	int err;
	bool is_dir;
	char *target;
	char path[];
};

struct tree_feed {
	const struct sense_tree_opts *opts;
	struct tree_feed_sink sink;
	struct sense_tree_stats *stats;
	struct tree_pool *pool;
	struct tree_ids links;
	size_t nlinks;
	struct item *alive; /* all items that did not come out yet */
	struct item *again; /* to be read once more */
	int root;
	size_t root_len;
	/* ordered: events from head to tail, NULL where there is none */
	struct item **ring;
	uint64_t head, tail, batch, batch_n;
	size_t at;
};

static const char *why_text(enum sense_why why, int err)
{
	switch (why) {
	case SENSE_WHY_ERRNO:
		return strerror(err);
	case SENSE_WHY_CHANGED:
		return "changed while it was being read";
	case SENSE_WHY_LARGE:
		return "larger than the limit";
	case SENSE_WHY_DEPTH:
		return "too deep, or too many directories at once";
	case SENSE_WHY_MOVED:
		return "moved or replaced during the walk";
	case SENSE_WHY_PSEUDO:
		return "a kernel pseudo file system, nothing in it is stored";
	case SENSE_WHY_GONE:
		return "vanished during the walk";
	case SENSE_WHY_DIED:
		return "the process that read it died";
	case SENSE_WHY_HOLES:
		return "more than 64 GiB of it take no space on disk; not read";
	}
	return "unknown";
}

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');
	return slash && slash[1] ? slash + 1 : path;
}

static void item_free(struct item *x)
{
	if (!x)
		return;
	*x->pprev = x->alive;
	if (x->alive)
		x->alive->pprev = x->pprev;
	if (x->record != &x->bare)
		free(x->record);
	free(x->known);
	free(x->target);
	free(x);
}

static struct item *item_new(struct tree_feed *f, enum kind kind, const char *path)
{
	size_t n = strlen(path) + 1;
	struct item *x = calloc(1, sizeof(*x) + n);

	if (!x)
		return NULL;
	x->kind = kind;
	memcpy(x->path, path, n);
	x->alive = f->alive;
	x->pprev = &f->alive;
	if (x->alive)
		x->alive->pprev = &x->alive;
	f->alive = x;
	return x;
}

/* --- out --- */

static int give_problem(
    struct tree_feed *f, const struct item *x, enum sense_why why, int err, uint64_t offset)
{
	char text[128];
	struct sense_problem p = { .path = x->path,
		.name = base_name(x->path),
		.is_dir = x->is_dir,
		.why = why,
		.err = err,
		.offset = offset,
		.text = why_text(why, err) };

	if (offset)
		snprintf(text, sizeof(text), "%s at byte %llu", p.text, (unsigned long long)offset);
	else if (why == SENSE_WHY_DIED && err)
		snprintf(text, sizeof(text), "%s: %s", p.text, strsignal(err));
	if (offset || (why == SENSE_WHY_DIED && err))
		p.text = text;
	f->stats->problems++;
	return f->sink.on_problem(f->sink.ctx, &p);
}

/* In out, which is not touched when there are none. */
static const struct digest *digests_of(
    const struct item *x, const struct tree_record *r, struct digest out[static DIGEST_ALGS])
{
	static const struct digest none[DIGEST_ALGS];
	const uint8_t *p = (const uint8_t *)(r + 1);

	if (!x->known && !r->set)
		return none;
	if (x->known)
		memcpy(out, x->known, DIGEST_ALGS * sizeof(*out));
	else
		memset(out, 0, DIGEST_ALGS * sizeof(*out));
	for (unsigned a = DIGEST_MD5; a < DIGEST_ALGS; a++) {
		if (!(r->set & HASH_SET(a)))
			continue;
		out[a] = digest_of(a, p);
		p += digest_len(a);
	}
	return out;
}

static int give_file(struct tree_feed *f, const struct item *x, const struct tree_record *r)
{
	__attribute__((uninitialized)) struct digest digest[DIGEST_ALGS];

	if (!x->again)
		f->stats->read += r->read;
	if (r->why) {
		uint64_t offset = r->why == SENSE_WHY_ERRNO && r->opened ? r->offset : 0;
		return give_problem(f, x, (enum sense_why)r->why, r->err, offset);
	}
	struct sense_file file = {
		.path = x->path,
		.name = base_name(x->path),
		.id = r->id,
		.digest = digests_of(x, r, digest),
		.found =
		    span_of((const uint8_t *)(r + 1) + tree_record_tail(r) - r->found, r->found),
		.probe_rc = r->probe_rc,
		.probed = r->probed,
		.opened = r->opened && !x->again,
		.again = x->again,
		.note = x->again ? 0 : x->note,
	};
	f->stats->files++;
	f->stats->bytes += r->id.size;
	f->stats->opened += file.opened;
	f->stats->again += x->again;
	return f->sink.on_file(f->sink.ctx, &file);
}

static int give(struct tree_feed *f, const struct item *x, const struct tree_record *r)
{
	struct sense_other o = { x->path, x->target };

	switch (x->kind) {
	case FILE_EVENT:
		return give_file(f, x, r);
	case PROBLEM_EVENT:
		return give_problem(f, x, x->why, x->err, 0);
	case OTHER_EVENT:
		return f->opts->on_other(f->sink.ctx, &o);
	}
	return -EINVAL;
}

static int give_in_order(struct tree_feed *f)
{
	int rc = 0;

	for (; rc >= 0 && f->head < f->tail; f->head++) {
		struct item **place = &f->ring[f->head % RING];
		struct item *x = *place;
		if (x && !x->done)
			break;
		/* A place of the batch at hand may still be taken. */
		if (!x && f->head >= f->batch && f->head < f->batch + f->batch_n)
			break;
		*place = NULL;
		rc = x ? give(f, x, x->record) : 0;
		item_free(x);
	}
	return rc;
}

static struct tree_record *record_copy(const struct tree_record *r)
{
	size_t n = sizeof(*r) + tree_record_tail(r);
	struct tree_record *copy = malloc(n);

	return copy ? memcpy(copy, r, n) : NULL;
}

/* Takes x: it is given now, or when those before it have been. r may be NULL when it is no file. */
static int come_out(struct tree_feed *f, struct item *x, const struct tree_record *r)
{
	if (!f->ring) {
		int rc = give(f, x, r);
		item_free(x);
		return rc;
	}
	if (r == &x->bare)
		x->record = &x->bare;
	else if (r && !(x->record = record_copy(r)))
		return -ENOMEM;
	x->done = true;
	return give_in_order(f);
}

FB_MUST static int make_room(struct tree_feed *f, size_t n);

/* Takes its place in the order. The item belongs to the ring then, and to nobody else. */
static int take_place(struct tree_feed *f, struct item *x)
{
	if (!f->ring)
		return 0;
	if (f->at != OUTSIDE) {
		x->seq = f->batch + f->at;
	} else {
		int rc = make_room(f, 1);
		if (rc < 0)
			return rc;
		x->seq = f->tail++;
	}
	f->ring[x->seq % RING] = x;
	return 0;
}

/* --- hard links --- */

static struct links *links_of(const struct tree_feed *f, const struct sense_id *id)
{
	return tree_ids_get(&f->links, id->dev, id->ino);
}

/* The number of a file that was removed may come back as that of another one. */
static bool same_file(const struct sense_id *a, const struct sense_id *b)
{
	return a->dev == b->dev && a->ino == b->ino && a->size == b->size && a->mtime == b->mtime &&
	       a->ctime == b->ctime;
}

static void links_free(struct links *l)
{
	free(l->record);
	free(l);
}

static void links_drop(struct tree_feed *f, const struct sense_id *id, struct links *l)
{
	tree_ids_remove(&f->links, id->dev, id->ino);
	f->nlinks--;
	links_free(l);
}

/* All that wait for the same file: given what was found, or sent to read it themselves. */
static int links_serve(struct tree_feed *f, struct links *l)
{
	int rc = 0;

	while (l->waiting && rc >= 0) {
		struct item *x = l->waiting;
		l->waiting = x->next;
		x->next = NULL;
		if (l->record && same_file(&l->record->id, &x->id)) {
			x->again = true;
			rc = come_out(f, x, l->record);
		} else {
			x->next = f->again;
			f->again = x;
		}
	}
	return rc;
}

/* The first of several names, id as it was met, was read. What it gave is kept until all were met.
 */
static int links_done(struct tree_feed *f, const struct sense_id *id, struct tree_record *record)
{
	struct links *l = links_of(f, id);

	if (!l) {
		free(record);
		return 0;
	}
	l->record = record;
	int rc = links_serve(f, l);
	if (!record || !l->left)
		links_drop(f, id, l);
	return rc;
}

/* 1: x is another name, and comes out when the file is known; 0: x is the first. */
static int links_join(struct tree_feed *f, struct item *x)
{
	struct sense_id id = x->id;
	struct links *l = links_of(f, &id);

	if (!l && f->nlinks == SENSE_LINKS_MAX)
		return 0; /* read like a file with one name */
	if (!l) {
		l = calloc(1, sizeof(*l));
		if (!l)
			return -ENOMEM;
		l->left = id.nlink - 1;
		x->linked = true;
		int rc = tree_ids_put(&f->links, id.dev, id.ino, l);
		if (rc < 0)
			free(l);
		else
			f->nlinks++;
		return rc;
	}
	if (l->record && !same_file(&l->record->id, &id))
		return 0; /* changed since */
	l->left -= l->left > 0;
	if (!l->record) {
		x->next = l->waiting;
		l->waiting = x;
		return 1;
	}
	x->again = true;
	int rc = come_out(f, x, l->record);
	if (!l->left)
		links_drop(f, &id, l);
	return rc < 0 ? rc : 1;
}

/* --- files --- */

/* The record with what was known added to what was computed. */
static struct tree_record *record_for_links(const struct item *x, const struct tree_record *r)
{
	struct digest room[DIGEST_ALGS];
	size_t n = sizeof(*r) + DIGEST_ALGS * DIGEST_LEN_MAX + r->found;
	struct tree_record *copy = malloc(n);

	if (!copy)
		return NULL;
	*copy = *r;
	uint8_t *p = (uint8_t *)(copy + 1);
	const struct digest *d = digests_of(x, r, room);
	for (unsigned a = DIGEST_MD5; a < DIGEST_ALGS; a++) {
		if (!digest_is_set(&d[a]))
			continue;
		copy->set |= HASH_SET(a);
		memcpy(p, d[a].b, d[a].len);
		p += d[a].len;
	}
	memcpy(p, (const uint8_t *)(r + 1) + tree_record_tail(r) - r->found, r->found);
	n = sizeof(*copy) + tree_record_tail(copy);
	return realloc(copy, n);
}

static int file_done(struct tree_feed *f, struct item *x, const struct tree_record *r)
{
	static const struct tree_record changed = { .why = SENSE_WHY_CHANGED, .opened = true };
	struct sense_id id = x->id;
	bool linked = x->linked, same = !r->why && same_file(&r->id, &id);

	/* What was known, and therefore not computed, was known of another content. */
	if (x->known && !r->why && !same)
		r = &changed;
	struct tree_record *record = linked && same ? record_for_links(x, r) : NULL;

	if (linked && same && !record)
		return -ENOMEM;
	int rc = come_out(f, x, r);
	if (rc < 0 || !linked) {
		free(record);
		return rc;
	}
	return links_done(f, &id, record);
}

static int pool_done(void *ctx, struct tree_want *w, const struct tree_record *r)
{
	return file_done(ctx, (struct item *)w, r);
}

/* The worker died, but not over this file if another is to blame. */
static int pool_lost(void *ctx, struct tree_want *w, bool other_to_blame)
{
	struct tree_record died = { .why = SENSE_WHY_DIED, .opened = true };
	struct tree_feed *f = ctx;
	struct item *x = (struct item *)w;

	x->tries += !other_to_blame;
	if (x->tries == TRIES_MAX || f->root < 0)
		return file_done(f, x, &died);
	x->next = f->again;
	f->again = x;
	return 0;
}

/* Nothing is to be read of it. What is known goes out. */
static int not_opened(struct tree_feed *f, struct item *x)
{
	x->bare.id = x->id;
	return file_done(f, x, &x->bare);
}

static int plan(struct tree_feed *f, struct item *x)
{
	struct sense_plan p = { .set = f->opts->set, .probe = f->opts->probe != NULL };
	int rc = f->opts->plan ? f->opts->plan(f->sink.ctx, x->path, &x->id, &p) : 0;

	if (rc < 0)
		return rc;
	x->want.set = p.set & f->opts->set;
	x->want.probe = p.probe && f->opts->probe;
	x->want.size = x->id.size;
	x->note = p.note;
	if (!p.known)
		return 0;
	x->known = malloc(DIGEST_ALGS * sizeof(*x->known));
	if (!x->known)
		return -ENOMEM;
	memcpy(x->known, p.known, DIGEST_ALGS * sizeof(*x->known));
	return 0;
}

/* Reads x, or finds that it need not. It comes out sooner or later. */
static int read_item(
    struct tree_feed *f, struct item *x, int dirfd, size_t dir_len, const char *name)
{
	int rc = x->id.nlink > 1 && !x->linked ? links_join(f, x) : 0;

	if (rc != 0)
		return rc < 0 ? rc : 0;
	rc = plan(f, x);
	if (rc < 0)
		return rc;
	if (!x->want.set && !x->want.probe)
		return not_opened(f, x);
	return tree_pool_read(f->pool, &x->want, dirfd, x->path, dir_len, name);
}

/* What was lost, or waited in vain, is opened from the root. */
static int read_again(struct tree_feed *f)
{
	static const struct tree_record too_long = { .why = SENSE_WHY_ERRNO, .err = ENAMETOOLONG };
	int rc = 0;

	while (f->again && rc >= 0) {
		struct item *x = f->again;
		f->again = x->next;
		x->next = NULL;
		const char *name = x->path + f->root_len;
		name += strspn(name, "/");
		free(x->known);
		x->known = NULL;
		if (strlen(name) >= PATH_MAX) {
			rc = file_done(f, x, &too_long);
			continue;
		}
		tree_pool_leave(f->pool);
		rc = read_item(f, x, f->root, f->root_len, name);
		tree_pool_leave(f->pool);
	}
	return rc;
}

/* --- in --- */

int tree_feed_file(
    struct tree_feed *f, int dirfd, const char *path, const char *name, const struct stat *st)
{
	struct sense_id id;

	sense_id_of(st, &id);
	if (f->opts->max_size && id.size > f->opts->max_size)
		return tree_feed_problem(f, path, false, SENSE_WHY_LARGE, 0);
	struct item *x = item_new(f, FILE_EVENT, path);
	if (!x)
		return -ENOMEM;
	x->id = id;
	int rc = take_place(f, x);
	size_t n = strlen(path), cut = name[0] ? strlen(name) + 1 : 0;
	if (rc >= 0)
		rc = read_item(f, x, dirfd, n > cut ? n - cut : n - cut + 1, name);
	return rc < 0 ? rc : read_again(f);
}

int tree_feed_problem(
    struct tree_feed *f, const char *path, bool is_dir, enum sense_why why, int err)
{
	struct item *x = item_new(f, PROBLEM_EVENT, path);

	if (!x)
		return -ENOMEM;
	x->is_dir = is_dir;
	x->why = why;
	x->err = err;
	int rc = take_place(f, x);
	return rc < 0 ? rc : come_out(f, x, NULL);
}

int tree_feed_other(struct tree_feed *f, const char *path, const char *target)
{
	f->stats->links += target != NULL;
	f->stats->special += target == NULL;
	if (!f->opts->on_other)
		return 0;
	struct item *x = item_new(f, OTHER_EVENT, path);
	if (!x || (target && !(x->target = strdup(target)))) {
		item_free(x);
		return -ENOMEM;
	}
	int rc = take_place(f, x);
	return rc < 0 ? rc : come_out(f, x, NULL);
}

/* --- order --- */

/* Until n events have room behind those that wait. */
static int make_room(struct tree_feed *f, size_t n)
{
	int rc = 0;

	while (rc >= 0 && RING - (f->tail - f->head) < n) {
		rc = read_again(f);
		if (rc >= 0)
			rc = tree_pool_wait(f->pool);
	}
	return rc < 0 ? rc : 0;
}

int tree_feed_batch(struct tree_feed *f, size_t n)
{
	if (!f->ring)
		return 0;
	/* One more: an event outside of a batch may come before the next one. */
	int rc = make_room(f, n + 1);
	f->batch = f->tail;
	f->batch_n = n;
	f->tail += n;
	return rc;
}

void tree_feed_at(struct tree_feed *f, size_t position)
{
	f->at = position;
}

int tree_feed_batch_end(struct tree_feed *f)
{
	f->at = OUTSIDE;
	f->batch_n = 0;
	tree_pool_leave(f->pool);
	return f->ring ? give_in_order(f) : 0;
}

int tree_feed_finish(struct tree_feed *f)
{
	int rc;

	do {
		rc = read_again(f);
		if (rc >= 0)
			rc = tree_pool_wait(f->pool);
	} while (rc > 0 || (rc == 0 && f->again));
	return rc < 0 || !f->ring ? rc : give_in_order(f);
}

int tree_feed_stop(struct tree_feed *f)
{
	int rc = tree_pool_take(f->pool);

	for (; rc >= 0 && f->ring && f->head < f->tail; f->head++) {
		struct item *x = f->ring[f->head % RING];
		if (x && x->done)
			rc = give(f, x, x->record);
	}
	return rc;
}

/* --- making --- */

int tree_feed_root(struct tree_feed *f, int fd, size_t len)
{
	f->root = fcntl(fd, F_DUPFD_CLOEXEC, 0);
	f->root_len = len;
	if (f->root < 0)
		return -errno;
	tree_pool_root(f->pool, f->root);
	return 0;
}

int tree_feed_new(struct tree_feed **ret_f, const struct sense_tree_opts *opts,
    const struct tree_feed_sink *sink, struct sense_tree_stats *stats)
{
	struct tree_feed *f = calloc(1, sizeof(*f));
	int rc = f ? 0 : -ENOMEM;

	if (!f)
		return rc;
	f->opts = opts;
	f->sink = *sink;
	f->stats = stats;
	f->root = -1;
	f->at = OUTSIDE;
	if (opts->ordered) {
		f->ring = calloc(RING, sizeof(struct item *));
		rc = f->ring ? 0 : -ENOMEM;
	}
	struct tree_pool_sink out = { f, pool_done, pool_lost };
	if (rc == 0)
		rc = tree_pool_new(&f->pool, opts, &out);
	if (rc < 0)
		tree_feed_free(f);
	else
		*ret_f = f;
	return rc;
}

struct tree_feed *tree_feed_free(struct tree_feed *f)
{
	if (!f)
		return NULL;
	tree_pool_free(f->pool);
	if (f->root >= 0)
		close(f->root);
	while (f->alive)
		item_free(f->alive);
	for (size_t i = 0; i < f->links.cap; i++)
		if (f->links.e[i].value && f->links.e[i].value != TREE_IDS_GONE)
			links_free(f->links.e[i].value);
	free(f->ring);
	tree_ids_free(&f->links);
	free(f);
	return NULL;
}
