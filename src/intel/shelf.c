/* SPDX-License-Identifier: Apache-2.0 */

/* shelf: opening a state's database and overlay, and going over to newer ones. */

#include "intel/shelf_priv.h"

#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

ts shelf_mtime(const struct stat *st)
{
	return st->st_mtim.tv_sec * TS_SECOND + st->st_mtim.tv_nsec;
}

int shelf_open_dir(const char *dir, char **ret_path, struct fault *f)
{
	char *path;

	if (asprintf(&path, "%s/" SHELF_DIR, dir) < 0)
		return -ENOMEM;
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0) {
		int rc = fault_set(f, -errno, "%s: %s", QUOTE(span_str(path)), strerror(errno));
		free(path);
		return rc;
	}
	*ret_path = path;
	return fd;
}

static struct shelf_file file_of(const struct stat *st)
{
	return (struct shelf_file){ st->st_dev, st->st_ino, st->st_size, shelf_mtime(st) };
}

static bool same_file(const struct shelf_file *a, const struct shelf_file *b)
{
	return a->dev == b->dev && a->ino == b->ino && a->size == b->size && a->mtime == b->mtime;
}

static struct shelf_file look(int dirfd, const char *name)
{
	struct stat st;

	if (fstatat(dirfd, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return (struct shelf_file){ 0 };
	return file_of(&st);
}

int shelf_open_file(int dirfd, const char *path, const char *name, struct intel_db **ret_db,
    struct shelf_file *ret_id, struct fault *f)
{
	AUTO_INTEL_DB struct intel_db *db = NULL;
	AUTO_FREE char *full = NULL;
	struct intel_db_info info;
	struct stat st;

	if (asprintf(&full, "%s/%s", path, name) < 0) {
		full = NULL;
		return -ENOMEM;
	}
	AUTO_FD int fd = file_open_beneath(dirfd, name, O_RDONLY | O_NONBLOCK | O_NOFOLLOW, 0);
	if (fd < 0)
		return fault_set(f, fd, "%s: %s", QUOTE(span_str(full)), strerror(-fd));
	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))
		return fault_set(f, -EBADMSG, "%s: not a regular file", QUOTE(span_str(full)));
	int rc = intel_db_open_fd(&db, TAKE_FD(fd), full, f);
	if (rc < 0)
		return rc;
	intel_db_info(db, &info);
	if (info.built != shelf_mtime(&st))
		rc = intel_db_check(db, f);
	if (rc < 0)
		return rc;
	*ret_id = file_of(&st);
	*ret_db = TAKE_PTR(db);
	return 0;
}

static uint64_t generation(const struct intel_db *db)
{
	struct intel_db_info info;

	intel_db_info(db, &info);
	return info.generation;
}

/*
 * The overlay first: whoever puts a newer database in place takes the overlay away after that, so
 * an overlay that is gone by now was folded into the database that is there by now.
 */
static int load_overlay(struct shelf *s, struct fault *f)
{
	int rc = shelf_open_file(s->dirfd, s->path, SHELF_OVERLAY, &s->over, &s->over_file,
	    &s->why);

	if (rc == -ENOENT)
		s->why = FAULT_INIT;
	if (rc != -EBADMSG)
		return rc == -ENOENT || rc == 0 ? 0 : fault_set(f, rc, "%s", s->why.text);
	struct shelf_file id;
	rc = shelf_open_file(s->dirfd, s->path, SHELF_PREVIOUS_OVERLAY, &s->over, &id, NULL);
	s->over_file = look(s->dirfd, SHELF_OVERLAY); /* that was looked at */
	s->previous_overlay = rc == 0;
	return rc == -ENOMEM ? rc : 0;
}

/* The database, or the one before it when that is damaged or gone. */
static int load_db(struct shelf *s, struct fault *f)
{
	struct fault first = FAULT_INIT;
	int rc = shelf_open_file(s->dirfd, s->path, SHELF_DB, &s->db, &s->db_file, &first);

	if (rc == 0)
		return 0;
	if (rc != -EBADMSG && rc != -ENOENT)
		return fault_set(f, rc, "%s", first.text);
	int rc2 = shelf_open_file(s->dirfd, s->path, SHELF_PREVIOUS, &s->db, &s->db_file, f);
	if (rc2 == 0) {
		s->previous = true;
		s->why = first;
		return 0;
	}
	if (rc2 == -ENOMEM || rc == -ENOENT)
		return rc2 == -ENOMEM ? rc2 : fault_set(f, rc, "%s", first.text);
	return fault_set(f, rc, "%s; and there is no good one before it: take %s away and import again what "
	    "firebreak ledger show --kind intel.import names", first.text, QUOTE(span_str(s->path)));
}

static bool any_benign(const struct shelf *s)
{
	for (int t = INDICATOR_NONE + 1; t < INDICATOR_TYPES; t++)
		if (shelf_has(s, INDICATOR_BENIGN, (enum indicator_type)t))
			return true;
	return false;
}

static int load(struct shelf *s, struct fault *f)
{
	int rc = load_overlay(s, f);

	if (rc == 0)
		rc = load_db(s, f);
	if (rc < 0)
		return rc;
	if (s->over && generation(s->over) < generation(s->db))
		s->over = intel_db_close(s->over);
	s->benign = any_benign(s);
	return 0;
}

static struct shelf *shelf_new(void)
{
	struct shelf *s = calloc(1, sizeof(*s));

	if (s) {
		s->dirfd = -1;
		s->now = TS_FOREVER;
	}
	return s;
}

int shelf_open(struct shelf **ret_s, const char *dir, struct fault *f)
{
	AUTO_SHELF struct shelf *s = shelf_new();

	if (!s)
		return -ENOMEM;
	s->dirfd = shelf_open_dir(dir, &s->path, f);
	if (s->dirfd < 0)
		return s->dirfd;
	int rc = load(s, f);
	if (rc < 0)
		return rc;
	*ret_s = TAKE_PTR(s);
	return 0;
}

int shelf_of(struct shelf **ret_s, struct intel_db *db)
{
	struct shelf *s = shelf_new();

	if (!s) {
		intel_db_close(db);
		return -ENOMEM;
	}
	s->db = db;
	s->benign = any_benign(s);
	s->deliberate = true;
	*ret_s = s;
	return 0;
}

struct shelf *shelf_close(struct shelf *s)
{
	if (!s)
		return NULL;
	intel_db_close(s->db);
	intel_db_close(s->over);
	if (s->dirfd >= 0)
		close(s->dirfd);
	free(s->path);
	free(s);
	return NULL;
}

void shelf_close_p(struct shelf **s)
{
	*s = shelf_close(*s);
}

/* Is what is in force on disk what s has? */
static bool is_current(const struct shelf *s)
{
	struct shelf_file db = look(s->dirfd, s->previous ? SHELF_PREVIOUS : SHELF_DB);
	struct shelf_file over = look(s->dirfd, SHELF_OVERLAY);

	return same_file(&db, &s->db_file) && same_file(&over, &s->over_file) &&
	    (!s->previous || !look(s->dirfd, SHELF_DB).size);
}

int shelf_refresh(struct shelf *s, struct fault *f)
{
	if (s->dirfd < 0 || is_current(s))
		return 0;
	AUTO_SHELF struct shelf *new = shelf_new();
	if (!new)
		return -ENOMEM;
	new->path = strdup(s->path);
	new->dirfd = fcntl(s->dirfd, F_DUPFD_CLOEXEC, 0);
	if (!new->path || new->dirfd < 0)
		return new->path ? -errno : -ENOMEM;
	int rc = load(new, f);
	if (rc < 0)
		return rc;
	if (new->previous && !s->previous)
		return fault_set(f, -EBADMSG, "%s", new->why.text); /* what is mapped is no older */
	if (same_file(&new->db_file, &s->db_file) &&
	    same_file(&new->over_file, &s->over_file))
		return 0;
	new->now = s->now;
	new->held = s->held;
	new->rules = s->rules;
	struct shelf old = *s;
	*s = *new;
	*new = old;
	return 1;
}

static uint64_t count(const struct intel_db *db)
{
	struct intel_db_info info;

	if (!db)
		return 0;
	intel_db_info(db, &info);
	return info.claims;
}

void shelf_info(const struct shelf *s, struct shelf_info *ret_i)
{
	*ret_i = (struct shelf_info){ .overlay = count(s->over), .previous = s->previous,
		.previous_overlay = s->previous_overlay,
		.why = s->why.text[0] ? s->why.text : NULL };
	intel_db_info(s->db, &ret_i->db);
	ret_i->staged = s->dirfd >= 0 &&
	    (look(s->dirfd, SHELF_NEXT).size || look(s->dirfd, SHELF_NEXT_OVERLAY).size);
}

const struct intel_db *shelf_db(const struct shelf *s)
{
	return s->db;
}

const struct intel_db *shelf_overlay(const struct shelf *s)
{
	return s->over;
}

void shelf_set_now(struct shelf *s, ts now)
{
	s->now = now;
}

void shelf_set_held(struct shelf *s, bool held)
{
	s->held = held;
}

void shelf_set_rules(struct shelf *s, const struct weigh_rules *rules)
{
	s->rules = rules;
}

bool shelf_has(const struct shelf *s, enum indicator_side side, enum indicator_type t)
{
	return intel_db_has(s->db, side, t) || (s->over && intel_db_has(s->over, side, t));
}
