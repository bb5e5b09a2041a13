/* SPDX-License-Identifier: Apache-2.0 */

/* hunt_record: what a hunt observes is recorded in the state, and what is recorded is not read
 * again. */

#include "cli/hunt.h"
#include "crypto/hash.h"

#include <errno.h>
#include <limits.h>
#include <linux/magic.h>
#include <linux/major.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>
#include <unistd.h>

#define CHECKPOINT_FIRST (5 * TS_SECOND)
#define CHECKPOINT_SHARE 8 /* of the time so far is lost at most when a hunt is killed */
#define WHERE_MAX (16u << 20)

struct hunt_record {
	struct seen *seen;
	ts began;      /* by the real clock, which stamps files */
	ts next, born; /* monotonic */
	uint64_t dev;  /* of the file asked for last: may its ids be trusted? */
	bool dev_known, dev_good;
	const char *given, *real; /* the way up to the tree, as given and as it is */
	char *cwd;
	struct buf where;
	size_t told; /* damaged runs */
	bool failed; /* told; nothing more is put */
	bool rehash;
};

static void warn(const struct hunt *h, const char *what)
{
	if (!h->c->quiet)
		fprintf(stderr, "firebreak hunt: not recorded: %s\n", what);
}

bool hunt_has_state(const struct cli *c)
{
	char path[PATH_MAX];
	struct stat st;

	return c->state && snprintf(path, sizeof(path), "%s/firebreak.db", c->state) < PATH_MAX &&
	    stat(path, &st) == 0;
}

/* Those that were not told before. */
static void tell_damage(struct hunt_record *r)
{
	for (; seen_damaged(r->seen, r->told); r->told++)
		fprintf(stderr, "firebreak hunt: record: %s\n", seen_damaged(r->seen, r->told));
}

void hunt_record_open(struct hunt *h)
{
	struct clock real = clock_system();
	struct fault f = FAULT_INIT;

	if (cli_has(h->c, "no-record") || !hunt_has_state(h->c))
		return;
	struct hunt_record *r = ARENA_NEW(&h->c->arena, struct hunt_record);
	if (!r)
		return;
	*r = (struct hunt_record){ .began = clock_now(&real), .born = clock_mono(),
		.where = BUF_INIT(WHERE_MAX), .cwd = getcwd(NULL, 0), .rehash = cli_has(h->c, "rehash") };
	r->next = r->born + CHECKPOINT_FIRST;
	int rc = seen_open(&r->seen, h->c->state, SEEN_WRITE, &f);
	if (rc < 0)
		warn(h, f.text[0] ? f.text : strerror(-rc));
	else
		h->record = r;
	if (rc == 0)
		tell_damage(r);
}

/* Whatever the record cannot do, the hunt goes on. */
static void failed(struct hunt *h, int rc, const struct fault *f)
{
	if (!h->record->failed)
		warn(h, f->text[0] ? f->text : strerror(-rc));
	h->record->failed = true;
}

void hunt_record_close(struct hunt *h)
{
	struct hunt_record *r = h->record;
	struct fault f = FAULT_INIT;

	if (!r)
		return;
	int rc = r->failed ? 0 : seen_flush(r->seen, true, &f);
	if (rc < 0)
		failed(h, rc, &f);
	tell_damage(r);
	r->seen = seen_close(r->seen);
	buf_free(&r->where);
	free(r->cwd);
	h->recorded = !r->failed;
	h->record = NULL;
}

/* --- paths --- */

/* Absolute, without what was a link on the way to the tree. */
static const char *where_of(struct hunt *h, const char *path)
{
	struct hunt_record *r = h->record;
	size_t n = r->given ? strlen(r->given) : 0;

	buf_reset(&r->where);
	if (n && strncmp(path, r->given, n) == 0 && (path[n] == '/' || !path[n])) {
		buf_puts(&r->where, r->real);
		if (r->real[1]) {
			buf_puts(&r->where, path + n);
			return buf_str(&r->where);
		}
		r->where.n = 0; /* the root itself */
		path += n;
	} else if (path[0] != '/' && r->cwd) {
		buf_puts(&r->where, r->cwd);
		buf_putc(&r->where, '/');
	}
	buf_puts(&r->where, path);
	return buf_str(&r->where);
}

void hunt_record_root(struct hunt *h, const char *path)
{
	struct hunt_record *r = h->record;
	size_t n = strlen(path);
	char *real = r ? realpath(path, NULL) : NULL;

	if (!r)
		return;
	while (n > 1 && path[n - 1] == '/')
		n--;
	r->given = real && n > 1 ? arena_str(&h->c->arena, span_of(path, n)) : NULL;
	r->real = real ? hunt_text(h, real) : NULL;
	if (!r->real)
		r->given = NULL;
	free(real);
}

/* --- what is known --- */

/*
 * Where only the kernel of this host sets the change time, by its clock, with every change. Not so:
 * servers (another clock), FAT and exFAT (the change time is the modification time, which the owner
 * sets), NTFS (Windows lets the owner set both), tmpfs (what is written through a mapping changes no
 * time at all), images that are made elsewhere with any times (ISO 9660, squashfs …), and what is
 * not listed.
 */
static bool stamps_changes(const char *path)
{
	static const uint32_t magic[] = { EXT4_SUPER_MAGIC, XFS_SUPER_MAGIC, BTRFS_SUPER_MAGIC,
		F2FS_SUPER_MAGIC, OVERLAYFS_SUPER_MAGIC,
		REISERFS_SUPER_MAGIC, NILFS_SUPER_MAGIC, 0x2fc12fc1, /* zfs */
		0xca451a4e,					     /* bcachefs */
		0x3153464a /* jfs */ };
	struct statfs fs;

	if (statfs(path, &fs) < 0)
		return false;
	for (size_t i = 0; i < ARRAY_LEN(magic); i++)
		if ((uint32_t)fs.f_type == magic[i])
			return true;
	return false;
}

/* Behind their numbers is whatever image was attached last. */
static bool is_image(uint64_t dev)
{
	return major(dev) == LOOP_MAJOR || major(dev) == NBD_MAJOR;
}

static bool trusted_dev(struct hunt_record *r, const char *path, uint64_t dev)
{
	if (!r->dev_known || r->dev != dev)
		r->dev_good = !is_image(dev) && stamps_changes(path);
	r->dev_known = true;
	r->dev = dev;
	return r->dev_good;
}

unsigned hunt_digests(const struct hunt *h)
{
	static const enum digest_alg algs[] = { DIGEST_MD5, DIGEST_SHA1, DIGEST_SHA256,
		DIGEST_SHA512 };
	unsigned set = cli_has(h->c, "all-digests") ? HASH_TRIO : 0;

	for (size_t i = 0; i < ARRAY_LEN(algs); i++)
		if (hunt_looks_for(h, indicator_of_digest(algs[i])))
			set |= HASH_SET(algs[i]);
	return set || h->record ? set | HASH_SET(DIGEST_SHA256) : 0;
}

bool hunt_known(struct hunt *h, const char *path, const struct sense_id *id,
    struct seen_known *ret_k)
{
	struct hunt_record *r = h->record;
	const struct seen_id who = { id->dev, id->ino, id->size, id->ctime, id->mtime };

	return r && !r->rehash && trusted_dev(r, path, id->dev) &&
	    seen_file_known(r->seen, &who, where_of(h, path), ret_k);
}

#define NOTED (1ull << 63)

uint64_t hunt_known_note(const struct seen_known *k)
{
	return NOTED | (uint64_t)k->run << 32 | k->rec << 1 | k->same_path;
}

bool hunt_known_again(struct hunt *h, uint64_t note, struct seen_known *ret_k)
{
	ret_k->run = (uint32_t)((note & ~NOTED) >> 32);
	ret_k->rec = (uint32_t)note >> 1;
	ret_k->same_path = note & 1;
	return seen_file_again(h->record->seen, ret_k);
}

/* --- what is recorded --- */

static void checkpoint(struct hunt *h)
{
	struct hunt_record *r = h->record;
	struct fault f = FAULT_INIT;
	ts now = clock_mono();

	if (now < r->next)
		return;
	int rc = seen_flush(r->seen, false, &f);
	if (rc < 0)
		failed(h, rc, &f);
	r->next = now + (now - r->born) / CHECKPOINT_SHARE + CHECKPOINT_FIRST;
}

int hunt_record_file(struct hunt *h, const struct hunt_obs *o)
{
	struct hunt_record *r = h->record;
	struct fault f = FAULT_INIT;

	if (!r || r->failed || !o->digest || !digest_is_set(&o->digest[DIGEST_SHA256]) ||
	    o->place == HUNT_IN_RECORD)
		return 0;
	const struct seen_known *k = o->known;
	ts at = o->at ? o->at : h->now;
	if (k && k->same_path && o->digest == k->digest && o->probe == k->probe) {
		int same = seen_put_same(r->seen, k, at);
		if (same < 0)
			failed(h, same, &f);
		return 0;
	}
	struct seen_id id;
	if (o->id)
		id = (struct seen_id){ o->id->dev, o->id->ino, o->id->size, o->id->ctime, o->id->mtime };
	bool good = o->id && trusted_dev(r, o->path, o->id->dev);
	struct seen_put p = { .path = where_of(h, o->path), .digest = o->digest,
		.id = good ? &id : NULL, .began = r->began, .probe = o->probe, .found = o->found,
		.at = at, .known = k };
	int rc = seen_put_file(r->seen, &p, NULL, &f);
	if (rc < 0)
		failed(h, rc, &f);
	checkpoint(h);
	return 0;
}

int hunt_record_value(struct hunt *h, enum indicator_type t, struct span value, const char *where,
    ts at)
{
	struct hunt_record *r = h->record;
	struct fault f = FAULT_INIT;

	if (!r || r->failed)
		return 0;
	int rc = seen_put_value(r->seen, t, value, where_of(h, where), at ? at : h->now, &f);
	if (rc < 0)
		failed(h, rc, &f);
	checkpoint(h);
	return 0;
}
