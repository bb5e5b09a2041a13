/* SPDX-License-Identifier: Apache-2.0 */

/* seen: opening, putting, what is known of a file. */

#include "seen/seen.h"

#include "base/file.h"
#include "seen/priv.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <time.h>
#include <unistd.h>

#define BUSY_MS 5000
#define SAME_MAX 64

uint32_t seen_seconds(ts t)
{
	return t <= 0 ? 0 : t / TS_SECOND >= UINT32_MAX ? UINT32_MAX : (uint32_t)(t / TS_SECOND);
}

/* --- opening --- */

static int check_owner(const struct seen *s, struct fault *f)
{
	struct stat st;

	if (fstat(s->dirfd, &st) < 0)
		return fault_set(f, -errno, "%s: %s", QUOTE(span_str(s->dir)), strerror(errno));
	bool root_looks = geteuid() == 0 && s->mode == SEEN_READ;
	if (st.st_uid != geteuid() && !root_looks)
		return fault_set(f, -EPERM, "%s: belongs to user %u; run firebreak as that user",
		    QUOTE(span_str(s->dir)), (unsigned)st.st_uid);
	if (st.st_mode & (S_IWGRP | S_IWOTH))
		return fault_set(f, -EPERM, "%s: others may write to it, so it cannot be trusted",
		    QUOTE(span_str(s->dir)));
	return 0;
}

/* A writer makes the folder when it has something to put into it. */
static int open_dir(struct seen *s, bool make, struct fault *f)
{
	if (make && mkdir(s->dir, 0700) < 0 && errno != EEXIST)
		return fault_set(f, -errno, "%s: %s", QUOTE(span_str(s->dir)), strerror(errno));
	s->dirfd = open(s->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	if (s->dirfd < 0)
		return fault_set(f, -errno, "%s: %s", QUOTE(span_str(s->dir)),
		    errno == ENOENT ? "nothing was recorded yet; hunt first" : strerror(errno));
	return check_owner(s, f);
}

/* Waits for those who merge. */
static int lock_shared(struct seen *s, struct fault *f)
{
	s->lock = openat(s->dirfd, "lock", O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (s->lock < 0 || flock(s->lock, LOCK_SH) < 0)
		return fault_set(f, -errno, "%s: cannot lock: %s", QUOTE(span_str(s->dir)),
		    strerror(errno));
	return 0;
}

static int open_all(struct seen *s, const char *state_dir, struct fault *f)
{
	if (asprintf(&s->dir, "%s/seen", state_dir) < 0 || !(s->room = malloc(SEEN_BLOB_MAX)))
		return -ENOMEM;
	int rc = open_dir(s, false, f);
	if (rc == -ENOENT && s->mode == SEEN_WRITE)
		return 0;
	if (rc == 0 && s->mode == SEEN_WRITE)
		rc = lock_shared(s, f);
	return rc < 0 ? rc : seen_dir_load(s, f);
}

int seen_open(struct seen **ret_s, const char *state_dir, enum seen_mode mode, struct fault *f)
{
	struct seen *s = calloc(1, sizeof(*s));

	if (!s)
		return -ENOMEM;
	*s = (struct seen){ .dirfd = -1, .lock = -1, .mode = mode };
	int rc = open_all(s, state_dir, f);
	if (rc < 0) {
		seen_close(s);
		return rc;
	}
	*ret_s = s;
	return 0;
}

struct seen *seen_close(struct seen *s)
{
	if (!s)
		return NULL;
	seen_dir_unload(s);
	seen_batch_free(&s->batch);
	for (size_t i = 0; i < s->ndamaged; i++)
		free(s->damaged[i]);
	free(s->damaged);
	free(s->run);
	free(s->dir);
	free(s->room);
	if (s->lock >= 0)
		close(s->lock);
	if (s->dirfd >= 0)
		close(s->dirfd);
	free(s);
	return NULL;
}

void seen_close_p(struct seen **s)
{
	*s = seen_close(*s);
}

/* --- known files --- */

static bool narrow_dev(uint64_t dev, uint32_t *ret_dev)
{
	*ret_dev = (uint32_t)dev;
	return *ret_dev == dev;
}

static bool same_file(const struct seen_rec *r, const struct seen_id *id, uint32_t dev)
{
	return r->flags & SEEN_HAS_ID && r->ino == id->ino && r->dev == dev && r->size == id->size &&
	    r->ctime == id->ctime && r->mtime == id->mtime;
}

static void fill(struct seen_known *k, const struct seen_item *x)
{
	const uint8_t *at = x->blob; /* as key.h has them */

	for (enum digest_alg a = DIGEST_NONE; a < DIGEST_ALGS; a++) {
		k->digest[a].alg = k->digest[a].len = 0;
		if (!(x->r.set >> a & 1))
			continue;
		k->digest[a] = digest_of(a, at);
		at += digest_len(a);
	}
	k->found = seen_blob_found(&x->r, x->blob, &k->probe);
}

/* Looks in one run. A record of the same path is better than one of another name of the file. */
static bool known_in(struct seen *s, size_t run, const struct seen_id *id, uint32_t dev,
    uint64_t path_key, struct seen_known *k)
{
	struct seen_run *r = &s->run[run];
	uint64_t key = seen_key_file(dev, id->ino), have;
	bool any = false;
	uint32_t rec;

	uint32_t at = r->hint = seen_run_lower(r, SEEN_IX_FILE, key, 0);
	for (; seen_run_ix(r, SEEN_IX_FILE, at, &have, &rec) && have == key; at++) {
		struct seen_item x;
		const struct seen_rec *p = seen_run_rec(r, rec);
		bool path = p && p->path_key == path_key;
		if (!p || !same_file(p, id, dev) || (any && !path) || !seen_run_blob(r, rec, &x))
			continue;
		fill(k, &x);
		k->run = (uint32_t)run;
		k->rec = rec;
		k->same_path = path;
		any = true;
		if (path)
			break;
	}
	return any;
}

bool seen_file_known(struct seen *s, const struct seen_id *id, const char *path,
    struct seen_known *ret_k)
{
	uint64_t path_key = seen_key_path(span_str(path));
	bool any = false;
	uint32_t dev;

	ret_k->run = UINT32_MAX;
	ret_k->same_path = false;
	if (!narrow_dev(id->dev, &dev))
		return false;
	for (size_t i = s->nrun; i-- > 0 && !ret_k->same_path;)
		if (s->run[i].nix[SEEN_IX_FILE] && !s->run[i].file.bad)
			any |= known_in(s, i, id, dev, path_key, ret_k);
	return any;
}

bool seen_file_again(struct seen *s, struct seen_known *k)
{
	struct seen_item x;

	if (k->run >= s->nrun || !seen_run_blob(&s->run[k->run], k->rec, &x))
		return false;
	fill(k, &x);
	return true;
}

/* --- putting --- */

/* Is there nothing to say that the record does not say already? */
static bool nothing_new(const struct seen_put *p)
{
	const struct seen_known *k = p->known;

	if (!k || k->run == UINT32_MAX || !k->same_path || k->probe != p->probe)
		return false;
	for (enum digest_alg a = DIGEST_MD5; a < DIGEST_ALGS; a++)
		if (digest_is_set(&p->digest[a]) && !digest_eq(&p->digest[a], &k->digest[a]))
			return false;
	return true;
}

/* Later, would the same id mean the same bytes? */
static bool trusted(const struct seen_put *p)
{
	if (!p->id || p->id->ctime == TS_NONE || p->id->mtime == TS_NONE)
		return false;
	return p->id->ctime + (p->id->ctime % TS_SECOND ? SEEN_TICK : SEEN_COARSE) < p->began;
}

static int write_batch(struct seen *s, struct fault *f)
{
	int rc = 0;

	if (!s->batch.n)
		return 0;
	if (s->dirfd < 0 && (rc = open_dir(s, true, f)) == 0)
		rc = lock_shared(s, f);
	if (rc < 0)
		return rc;
	s->wrote = true;
	return seen_batch_write(&s->batch, s->dirfd, f);
}

static int add(struct seen *s, const struct seen_item *x, struct fault *f)
{
	int rc = seen_batch_add(&s->batch, x);

	if (rc < 0)
		return fault_set(f, rc, "observations: %s", strerror(-rc));
	return seen_batch_full(&s->batch) ? write_batch(s, f) : 0;
}

static struct seen_rec rec_at(ts at, struct span path)
{
	uint32_t now = seen_seconds(at);

	return (struct seen_rec){ .path_key = seen_key_path(path), .first = now, .last = now,
		.count = 1 };
}

static void set_id(struct seen_rec *r, const struct seen_put *p)
{
	if (!trusted(p) || !narrow_dev(p->id->dev, &r->dev))
		return;
	r->ino = p->id->ino;
	r->size = p->id->size;
	r->ctime = p->id->ctime;
	r->mtime = p->id->mtime;
	r->flags |= SEEN_HAS_ID;
}

/* Digests and report, as key.h has them. */
static void fill_blob(struct seen_item *x, const struct seen_put *p, uint8_t *at)
{
	for (enum digest_alg a = DIGEST_MD5; a < DIGEST_ALGS; a++) {
		if (seen_ix_of(a) == SEEN_IXS || !digest_is_set(&p->digest[a]))
			continue;
		x->r.set |= (uint16_t)(1u << a);
		at = (uint8_t *)memcpy(at, p->digest[a].b, digest_len(a)) + digest_len(a);
	}
	if (!p->probe)
		return;
	x->r.flags |= SEEN_PROBED;
	x->r.found_len = (uint16_t)p->found.n;
	memcpy(at, &p->probe, 8);
	if (p->found.n)
		memcpy(at + 8, p->found.p, p->found.n);
}

int seen_put_file(struct seen *s, const struct seen_put *p, bool *ret_kept, struct fault *f)
{
	struct span path = span_str(p->path);
	bool fits = path.n <= SEEN_PATH_MAX && p->found.n <= SEEN_FOUND_MAX &&
	    digest_is_set(&p->digest[DIGEST_SHA256]);

	if (ret_kept)
		*ret_kept = fits;
	if (!fits)
		return 0;
	if (nothing_new(p))
		return seen_times_touch(s, p->known->run, p->known->rec, p->at, 1);
	struct seen_item x = { .r = rec_at(p->at, path), .path = path, .blob = s->room };
	fill_blob(&x, p, s->room);
	set_id(&x.r, p);
	return add(s, &x, f);
}

int seen_put_same(struct seen *s, const struct seen_known *k, ts at)
{
	return seen_times_touch(s, k->run, k->rec, at, 1);
}

/* The same value at the same place, recorded before? A value that is at very many places is not
 * sought among all of them, but put again: merging joins them. */
static bool find_same(struct seen *s, const struct seen_item *x, struct seen_known *k)
{
	uint64_t have, key = seen_key_text(x->r.type, seen_blob_value(&x->r, x->blob));
	struct seen_item old;
	uint32_t rec;

	for (size_t i = s->nrun; i-- > 0;) {
		struct seen_run *r = &s->run[i];
		uint32_t at = r->nix[SEEN_IX_TEXT] ? seen_run_lower(r, SEEN_IX_TEXT, key, 0) : 0;
		for (int n = 0; n < SAME_MAX && seen_run_ix(r, SEEN_IX_TEXT, at, &have, &rec) &&
		     have == key; n++, at++) {
			const struct seen_rec *p = seen_run_rec(r, rec);
			if (!p || p->path_key != x->r.path_key || p->type != x->r.type ||
			    p->first > x->r.first || !seen_run_item(r, rec, &old) || seen_item_cmp(&old, x) != 0)
				continue;
			k->run = (uint32_t)i;
			k->rec = rec;
			return true;
		}
	}
	return false;
}

int seen_put_values(struct seen *s, enum indicator_type t, struct span value, const char *where,
    ts first, ts last, uint32_t count, struct fault *f)
{
	struct span path = span_str(where);

	if (t == INDICATOR_NONE || !value.n || value.n > SEEN_VALUE_MAX || path.n > SEEN_PATH_MAX || !count)
		return 0;
	struct seen_item x = { .r = rec_at(first, path), .path = path, .blob = value.p };
	x.r.type = (uint8_t)t;
	x.r.value_len = (uint16_t)value.n;
	x.r.last = seen_seconds(last);
	x.r.count = count;
	struct seen_known k;
	return find_same(s, &x, &k) ? seen_times_touch(s, k.run, k.rec, last, count) : add(s, &x, f);
}

int seen_put_value(struct seen *s, enum indicator_type t, struct span value, const char *where, ts at,
    struct fault *f)
{
	return seen_put_values(s, t, value, where, at, at, 1, f);
}

/* --- becoming durable --- */

/* Alone here, or not: 0, -EBUSY, -errno. Waits up to ms. */
static int lock_alone(struct seen *s, int ms)
{
	for (int waited = 0; flock(s->lock, LOCK_EX | LOCK_NB) < 0; waited += 10) {
		if (errno != EWOULDBLOCK && errno != EINTR)
			return -errno;
		if (waited >= ms)
			return -EBUSY;
		nanosleep(&(struct timespec){ 0, 10000000 }, NULL);
	}
	return 0;
}

static int tidy_alone(struct seen *s, struct fault *f)
{
	int rc = lock_alone(s, 0);

	if (rc == -EBUSY)
		return flock(s->lock, LOCK_SH) < 0 ? -errno : 0;
	if (rc < 0)
		return rc;
	file_sweep(s->dirfd);
	rc = seen_dir_load(s, f);
	if (rc == 0)
		rc = seen_tidy(s, f);
	return flock(s->lock, LOCK_SH) < 0 && rc == 0 ? -errno : rc;
}

int seen_flush(struct seen *s, bool done, struct fault *f)
{
	int rc = write_batch(s, f);

	if (rc < 0 || s->dirfd < 0)
		return rc;
	if (done)
		rc = seen_times_write(s, f);
	if (rc == 0 && done && (s->wrote || s->nrun > 1))
		rc = tidy_alone(s, f);
	return rc;
}

/* All runs, SEEN_MERGE_MAX at a time. *ret_n: how many observations were forgotten. */
static int forget(struct seen *s, uint32_t before, uint64_t *ret_n, struct fault *f)
{
	size_t which[SEEN_MERGE_MAX], n = 0;
	int rc = 0;

	for (size_t i = 0; i < s->nrun && rc == 0; i++) {
		uint64_t gone;
		which[n++] = i;
		if (n < SEEN_MERGE_MAX && i + 1 < s->nrun)
			continue;
		rc = seen_merge(s, which, n, before, &gone, f);
		*ret_n += rc == 0 ? gone : 0;
		n = 0;
	}
	return rc;
}

int seen_forget(struct seen *s, ts before, uint64_t *ret_n, struct fault *f)
{
	*ret_n = 0;
	if (s->dirfd < 0)
		return 0;
	int rc = lock_alone(s, BUSY_MS);
	if (rc < 0)
		return fault_set(f, rc, "%s: %s", QUOTE(span_str(s->dir)), rc == -EBUSY ?
			"a hunt is running; try again when it is done" : strerror(-rc));
	do {
		*ret_n = 0;
		rc = seen_dir_load(s, f); /* sets aside what turned out to be damaged */
		if (rc == 0)
			rc = forget(s, seen_seconds(before), ret_n, f);
	} while (rc == -EBADMSG);
	if (rc == 0)
		rc = seen_dir_load(s, f);
	return rc < 0 ? rc : seen_tidy(s, f);
}
