/* SPDX-License-Identifier: Apache-2.0 */

/* shelf_edit: the next database or overlay: made beside the one in force, put in its place. */

#include "intel/shelf_edit.h"

#include "base/file.h"
#include "base/map.h"
#include "intel/shelf_priv.h"
#include "store/moving.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <unistd.h>

#define DROPS_MAX (4u * SHELF_OVERLAY_MAX)

struct shelf_edit {
	struct store *s;
	struct shelf_edit_opts o;
	char *path; /* DIR/intel */
	int dirfd;
	struct shelf *before;
	struct intel_build *build;
	bool overlay;
	uint64_t generation;
	struct map drop; /* claims that do not stay: keys as in key() */
	struct arena keys;
	uint64_t claims; /* overlay: so far, at most */
	bool staged;
	bool made; /* the folder */
};

static const char *staged_name(const struct shelf_edit *e)
{
	return e->overlay ? SHELF_NEXT_OVERLAY : SHELF_NEXT;
}

/* --- which claims do not stay --- */

static const char *key(struct arena *a, const struct indicator *i)
{
	return arena_printf(a, "%d %d %s\n%s", (int)i->side, (int)i->type, i->value, i->source);
}

static int drop(struct shelf_edit *e, const struct indicator *i)
{
	const char *k = key(&e->keys, i);
	int rc = k ? map_add(&e->drop, span_str(k), e, NULL) : -ENOMEM;

	return rc < 0 ? rc : 0;
}

static bool is_dropped(struct shelf_edit *e, const struct indicator *i)
{
	AUTO_ARENA struct arena a = ARENA_INIT(64u << 10);
	const char *k = key(&a, i);

	return k && map_get(&e->drop, span_str(k));
}

static bool keep(void *ctx, const struct indicator *i)
{
	struct shelf_edit *e = ctx;

	if (e->drop.n && is_dropped(e, i))
		return false;
	return !e->o.keep || e->o.keep(e->o.ctx, i);
}

static int outcome(void *ctx, enum intel_outcome what, const struct indicator *i)
{
	struct shelf_edit *e = ctx;
	return e->o.outcome ? e->o.outcome(e->o.ctx, what, i) : 0;
}

/* --- folding the overlay into the next database --- */

struct fold {
	struct shelf_edit *e;
	struct fault *f;
};

/* The claims of the database that one tomb covers: gone, or with their end. */
static int fold_tomb(struct fold *x, const struct indicator *tomb, const char *value)
{
	struct shelf_edit *e = x->e;
	struct indicator i;
	uint32_t entry, pos = 0;
	int rc = 0;
	ts end;

	if (!intel_db_find(e->before->db, tomb->side, tomb->type, span_str(value), &entry))
		return 0;
	while (rc == 0 && intel_db_claim(e->before->db, entry, &pos, &i)) {
		if (!shelf_tomb_covers(tomb, i.source, &end) ||
		    (end != TS_NONE && end >= i.valid_until))
			continue;
		i.side = tomb->side;
		i.type = tomb->type;
		i.value = value;
		i.valid_until = end;
		rc = end == TS_NONE ? drop(e, &i) : intel_build_add(e->build, &i, x->f);
	}
	return rc;
}

static int fold_entry(void *ctx, uint32_t entry, const struct intel_entry *en)
{
	struct fold *x = ctx;
	struct indicator i;
	uint32_t pos = 0;
	int rc = 0;

	while (rc == 0 && intel_db_claim(x->e->before->over, entry, &pos, &i)) {
		i.side = en->side;
		i.type = en->type;
		i.value = en->value;
		rc = shelf_is_tomb(&i) ? fold_tomb(x, &i, en->value) :
					 intel_build_add(x->e->build, &i, x->f);
	}
	return rc;
}

static int fold(struct shelf_edit *e, struct fault *f)
{
	struct fold x = { .e = e, .f = f };
	int rc = 0;

	if (!e->before || !e->before->over)
		return 0;
	for (int side = 0; side < INDICATOR_SIDES && rc == 0; side++)
		rc = intel_db_each(e->before->over, (enum indicator_side)side, INDICATOR_NONE,
		    fold_entry, &x);
	return rc;
}

/* --- an edit --- */

/*
 * The folder is locked until the edit ends. The store's transaction is not enough: it is over when
 * the file is put in its place, or taken away, and the next writer makes one of the same name.
 * Whoever holds this lock and no transaction wants none.
 */
static int lock_place(struct shelf_edit *e, struct fault *f)
{
	int rc;

	do {
		rc = flock(e->dirfd, LOCK_EX);
	} while (rc < 0 && errno == EINTR);
	return rc < 0 ? fault_set(f, -errno, "%s: cannot be locked: %s", QUOTE(span_str(e->path)),
			    strerror(errno)) : 0;
}

static int open_place(struct shelf_edit *e, struct fault *f)
{
	AUTO_FREE char *path = NULL;

	if (asprintf(&path, "%s/" SHELF_DIR, store_dir(e->s)) < 0) {
		path = NULL;
		return -ENOMEM;
	}
	e->made = access(path, F_OK) < 0;
	int rc = file_mkdirs(path, 0700);
	if (rc < 0)
		return fault_set(f, rc, "%s: cannot make it: %s", QUOTE(span_str(path)), strerror(-rc));
	e->dirfd = shelf_open_dir(store_dir(e->s), &e->path, f);
	return e->dirfd < 0 ? e->dirfd : lock_place(e, f);
}

static int prepare(struct shelf_edit *e, struct shelf_newest *ret_n, struct fault *f)
{
	uint64_t waiting = 0;
	int rc = e->o.moving ? 0 : moving_count(e->s, &waiting, f);

	if (rc == 0 && waiting)
		rc = fault_set(f, -EBUSY, "%llu indicators of an older firebreak wait to be moved first",
		    (unsigned long long)waiting);
	if (rc == 0)
		rc = open_place(e, f);
	if (rc == 0)
		rc = shelf_recover(e->s, e->dirfd, e->path, ret_n, f);
	if (rc == 0)
		rc = shelf_open(&e->before, store_dir(e->s), f);
	return rc == -ENOENT ? 0 : rc;
}

static int start_build(struct shelf_edit *e, const struct intel_db *old, struct fault *f)
{
	struct intel_build_opts o = { .tmp_dir = e->dirfd, .memory = e->o.memory,
		.generation = e->generation, .now = e->o.now, .old = old, .keep = keep,
		.outcome = e->o.outcome ? outcome : NULL, .ctx = e };

	return intel_build_new(&e->build, &o, f);
}

static struct shelf_edit *edit_new(struct store *s, const struct shelf_edit_opts *o, bool overlay)
{
	struct shelf_edit *e = calloc(1, sizeof(*e));

	if (!e)
		return NULL;
	e->s = s;
	e->o = *o;
	e->dirfd = -1;
	e->overlay = overlay;
	e->keys = ARENA_INIT(SIZE_MAX);
	map_init(&e->drop, DROPS_MAX);
	return e;
}

static uint64_t generation_of(const struct shelf *s)
{
	struct intel_db_info info = { 0 };

	if (s)
		intel_db_info(s->db, &info);
	return info.generation;
}

int shelf_edit_begin(struct shelf_edit **ret_e, struct store *s, const struct shelf_edit_opts *o,
    struct fault *f)
{
	AUTO_SHELF_EDIT struct shelf_edit *e = edit_new(s, o, false);
	struct shelf_newest n;

	int rc = e ? prepare(e, &n, f) : -ENOMEM;
	if (rc < 0)
		return rc;
	/* Past what the ledger knows, also when that file is lost. */
	e->generation = generation_of(e->before);
	e->generation = (n.generation > e->generation ? n.generation : e->generation) + 1;
	rc = start_build(e, e->before ? e->before->db : NULL, f);
	if (rc == 0)
		rc = fold(e, f);
	if (rc < 0)
		return rc;
	*ret_e = TAKE_PTR(e);
	return 0;
}

int shelf_edit_begin_overlay(struct shelf_edit **ret_e, struct store *s, ts now, struct fault *f)
{
	struct shelf_edit_opts o = { .now = now };
	AUTO_SHELF_EDIT struct shelf_edit *e = edit_new(s, &o, true);
	struct shelf_newest n;
	struct shelf_info info;

	int rc = e ? prepare(e, &n, f) : -ENOMEM;
	if (rc < 0)
		return rc;
	if (!e->before)
		return -ENOENT;
	e->generation = n.generation;
	if (generation_of(e->before) > n.generation)
		e->generation = generation_of(e->before);
	shelf_info(e->before, &info);
	e->claims = info.overlay;
	rc = start_build(e, e->before->over, f);
	if (rc < 0)
		return rc;
	*ret_e = TAKE_PTR(e);
	return 0;
}

struct shelf_edit *shelf_edit_end(struct shelf_edit *e)
{
	if (!e)
		return NULL;
	if (e->staged)
		unlinkat(e->dirfd, staged_name(e), 0);
	if (e->made && e->path)
		(void)rmdir(e->path); /* unless something is in it */
	intel_build_free(e->build);
	shelf_close(e->before);
	if (e->dirfd >= 0)
		close(e->dirfd);
	map_free(&e->drop);
	arena_free(&e->keys);
	free(e->path);
	free(e);
	return NULL;
}

void shelf_edit_end_p(struct shelf_edit **e)
{
	*e = shelf_edit_end(*e);
}

const struct shelf *shelf_edit_before(const struct shelf_edit *e)
{
	return e->before;
}

static int add(struct shelf_edit *e, const struct indicator *i, struct fault *f)
{
	if (e->overlay && ++e->claims > SHELF_OVERLAY_MAX)
		return fault_set(f, -E2BIG, "the overlay holds %u claims; an import folds them into the "
		    "database", SHELF_OVERLAY_MAX);
	return intel_build_add(e->build, i, f);
}

int shelf_edit_add(struct shelf_edit *e, const struct indicator *i, struct fault *f)
{
	return add(e, i, f);
}

/* The overlay's own claim: dropped, or with its end. */
static int end_own(struct shelf_edit *e, struct indicator *i, ts until, struct fault *f)
{
	if (until == TS_NONE)
		return drop(e, i);
	i->valid_until = until;
	return add(e, i, f);
}

static int add_tomb(struct shelf_edit *e, const struct indicator *like, ts until, struct fault *f)
{
	AUTO_FREE char *source = NULL;
	struct indicator i = *like;

	if (asprintf(&source, "%c%s", SHELF_TOMB, like->source) < 0) {
		source = NULL;
		return -ENOMEM;
	}
	i.source = source;
	i.note = i.category = i.campaign = i.licence = NULL;
	i.exact = false;
	i.valid_until = until == TS_NONE ? TS_FOREVER : until;
	return add(e, &i, f);
}

int shelf_edit_end_claims(struct shelf_edit *e, enum indicator_side side, enum indicator_type t,
    const char *value, const char *source, ts until, size_t *ret_n, struct fault *f)
{
	const struct shelf *b = e->before;
	struct shelf_hit h = { .side = side, .type = t, .entry = SHELF_NO_ENTRY,
		.over = SHELF_NO_ENTRY };
	struct indicator i;
	uint32_t pos = 0;
	size_t n = 0;
	int rc = 0;

	FB_ASSERT(e->overlay);
	if (!intel_db_find(b->db, side, t, span_str(value), &h.entry))
		h.entry = SHELF_NO_ENTRY;
	if (!b->over || !intel_db_find(b->over, side, t, span_str(value), &h.over))
		h.over = SHELF_NO_ENTRY;
	while (rc == 0 && shelf_claim(b, &h, &pos, &i)) {
		bool own = pos > SHELF_POS_OVER;
		i.value = value;
		if ((source && strcmp(i.source, source) != 0) || i.valid_until <= until)
			continue;
		n++;
		if (own)
			rc = end_own(e, &i, until, f);
		if (rc == 0)
			rc = add_tomb(e, &i, until, f);
	}
	if (rc == 0)
		*ret_n = n;
	return rc;
}

/* --- finishing --- */

static int finish(struct shelf_edit *e, int fd, struct shelf_staged *ret_st, struct fault *f)
{
	AUTO_INTEL_DB struct intel_db *db = NULL;
	struct intel_db_info info;
	int rc = intel_build_finish(e->build, fd, &ret_st->stats, f);

	if (rc < 0)
		return rc;
	int again = fcntl(fd, F_DUPFD_CLOEXEC, 0);
	if (again < 0)
		return -errno;
	rc = intel_db_open_fd(&db, again, staged_name(e), f);
	if (rc < 0)
		return rc;
	intel_db_info(db, &info);
	ret_st->generation = info.generation;
	ret_st->content = info.content;
	struct timespec t[2] = { { .tv_nsec = UTIME_OMIT },
		{ .tv_sec = info.built / TS_SECOND, .tv_nsec = info.built % TS_SECOND } };
	return futimens(fd, t) < 0 || fsync(fd) < 0 ? -errno : 0;
}

static const char *what_to_do(int rc)
{
	return rc == -ENOSPC || rc == -EDQUOT || rc == -EFBIG ?
	    "; what was in force stays so; make room and repeat the command" :
	    "";
}

/* The file that was to be merged turned out to be damaged: the next writer starts from the one
 * before it. */
static int damaged(const struct shelf_edit *e, const struct fault *why, struct fault *f)
{
	const struct shelf *b = e->before;
	const char *over = b->previous_overlay ? SHELF_PREVIOUS_OVERLAY : SHELF_OVERLAY;
	const char *db = b->previous ? SHELF_PREVIOUS : SHELF_DB;

	shelf_distrust(e->dirfd, e->overlay ? over : db);
	return fault_set(f, -EIO, "%s; from now on the one before it is in service; repeat the command",
	    why->text);
}

int shelf_edit_build(struct shelf_edit *e, struct shelf_staged *ret_st, struct fault *f)
{
	const char *name = staged_name(e);
	struct shelf_staged st = { 0 };
	struct fault why = FAULT_INIT;

	AUTO_FD int fd = openat(e->dirfd, name, O_RDWR | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC,
	    0600);
	int rc = fd < 0 ? -errno : 0;
	if (rc == 0) {
		e->staged = true;
		rc = finish(e, fd, &st, &why);
	}
	if (rc == 0)
		rc = shelf_sync(e->dirfd, e->path, &why);
	if (rc == -EBADMSG && e->before)
		return damaged(e, &why, f);
	if (rc < 0)
		return fault_set(f, rc, "%s/%s: %s%s", QUOTE(span_str(e->path)), name,
		    why.text[0] ? why.text : strerror(-rc), what_to_do(rc));
	*ret_st = st;
	return 0;
}

int shelf_edit_install(struct shelf_edit *e, struct fault *f)
{
	FB_ASSERT(e->staged);
	e->staged = false; /* it is in the ledger: never taken away again */
	const struct shelf *b = e->before;
	bool good = b && (e->overlay ? b->over && !b->previous_overlay : !b->previous);
	return shelf_put_in_place(e->dirfd, e->path, e->overlay, good, f);
}
