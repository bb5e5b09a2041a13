/* SPDX-License-Identifier: Apache-2.0 */

#include "trust/tuf/client.h"

#include "trust/tuf/client_priv.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

int client_name(struct tuf_report *w, int r, const char *name)
{
	/* what was said so far is about the file; SAME and -ENOMEM say nothing */
	return r > 0 && r != TUF_SAME ? fault_wrap(&w->f, r, "%s", name) : r;
}

/* What a callback said as a result. */
static int io_result(struct tuf_report *w, int rc, const char *step, const char *verb)
{
	if (rc == TUF_IO_DONE || rc == -ENOMEM)
		return rc;
	w->step = step;
	if (rc == TUF_IO_ABSENT)
		return fault_set(&w->f, TUF_MISSING, "the repository does not have it");
	if (rc == -EMSGSIZE)
		return fault_set(&w->f, TUF_OVERSIZE, "larger than it may be");
	w->err = rc;
	if (!w->f.text[0])
		fault_set(&w->f, rc, "%s", strerror(-rc));
	return fault_wrap(&w->f, TUF_IO, "cannot %s it", verb);
}

int client_fetch(struct tuf_client *c, enum tuf_base base, const char *name, size_t max,
    struct buf *out, const char *step, struct tuf_report *w)
{
	w->f = FAULT_INIT;
	return io_result(w, c->io.fetch(c->io.ctx, base, name, max, out, &w->f), step, "fetch");
}

int client_keep(
    struct tuf_client *c, const char *name, struct span bytes, const char *step, struct tuf_report *w)
{
	w->f = FAULT_INIT;
	return io_result(w, c->io.keep(c->io.ctx, name, bytes, &w->f), step, "store");
}

void client_fetched(struct tuf_client *c, const char *name, int64_t version)
{
	if (c->io.fetched)
		c->io.fetched(c->io.ctx, name, version);
}

/* --- 5.2 --- */

/* The root that an earlier update left, when it is newer than the initial one. A copy that was
 * damaged is passed over: the initial root leads there again. */
static int load_root(struct tuf_client *c, struct tuf_report *w)
{
	AUTO_BUF struct buf b = BUF_INIT(TUF_ROOT_MAX + 1);
	struct tuf_set stored = { .start = c->set.start };
	struct tuf_report ignored = TUF_REPORT_INIT;

	int rc = c->io.load(c->io.ctx, "root.json", TUF_ROOT_MAX, &b, &w->f);
	if (rc < 0 && rc != -EMSGSIZE)
		return io_result(w, rc, "5.2", "read");
	if (rc)
		return 0;
	rc = tuf_set_trust(&stored, buf_span(&b), &ignored);
	if (rc > 0)
		return 0;
	if (rc == 0 && stored.root->version >= c->set.root->version) {
		tuf_set_free(&c->set);
		c->set = stored;
		c->root_kept = true;
		return 0;
	}
	/* The initial root is newer: as if it had been fetched. */
	bool rotated[2] = { false, false };
	if (rc == 0)
		rc = tuf_meta_rotated(stored.root, c->set.root, TUF_TIMESTAMP, &rotated[0]);
	if (rc == 0)
		rc = tuf_meta_rotated(stored.root, c->set.root, TUF_SNAPSHOT, &rotated[1]);
	tuf_set_free(&stored);
	return rc == 0 && (rotated[0] || rotated[1]) ? client_forget(c, w) : rc;
}

int tuf_client_new(struct tuf_client **ret_c, const struct tuf_io *io, struct span initial,
    ts start, struct tuf_report *w)
{
	AUTO_TUF_CLIENT struct tuf_client *c = calloc(1, sizeof(*c));

	if (!c)
		return -ENOMEM;
	c->io = *io;
	c->set.start = start;
	c->names = ARENA_INIT(TUF_SNAPSHOT_MAX);
	map_init(&c->roles, TUF_ROLES_MAX);
	int rc = tuf_set_trust(&c->set, initial, w);
	if (rc == 0)
		rc = load_root(c, w);
	if (rc)
		return client_name(w, rc, "root.json");
	*ret_c = TAKE_PTR(c);
	return 0;
}

struct tuf_client *tuf_client_free(struct tuf_client *c)
{
	if (!c)
		return NULL;
	for (size_t i = 0; i < c->roles.n; i++)
		tuf_meta_free(c->roles.e[i].val);
	map_free(&c->roles);
	tuf_set_free(&c->set);
	arena_free(&c->names);
	free(c);
	return NULL;
}

void tuf_client_free_p(struct tuf_client **c)
{
	tuf_client_free(*c);
}

const struct tuf_set *tuf_client_set(const struct tuf_client *c)
{
	return &c->set;
}

/* --- 5.3 --- */

int client_forget(struct tuf_client *c, struct tuf_report *w)
{
	int rc = c->io.drop(c->io.ctx, "timestamp.json", &w->f);

	if (rc == 0)
		rc = c->io.drop(c->io.ctx, "snapshot.json", &w->f);
	return io_result(w, rc, "5.3.11", "delete");
}

/* One step of 5.3. TUF_MISSING: there is no newer root. */
static int next_root(struct tuf_client *c, struct tuf_report *w)
{
	AUTO_BUF struct buf b = BUF_INIT(TUF_ROOT_MAX + 1);
	char name[40];
	bool rotated;

	snprintf(name, sizeof(name), "%lld.root.json", (long long)c->set.root->version + 1);
	int rc = client_fetch(c, TUF_METADATA, name, TUF_ROOT_MAX, &b, "5.3.3", w);
	if (rc == TUF_MISSING)
		return rc;
	if (rc == 0)
		rc = tuf_set_root(&c->set, buf_span(&b), &rotated, w);
	/* Forgotten before the root is kept: if we stop in between, the next update does it again. */
	if (rc == 0 && rotated)
		rc = client_forget(c, w);
	if (rc == 0)
		rc = client_keep(c, "root.json", buf_span(&b), "5.3.8", w);
	if (rc)
		return client_name(w, rc, name);
	client_fetched(c, name, c->set.root->version);
	return 0;
}

static int update_root(struct tuf_client *c, struct tuf_report *w)
{
	int rc = 0;

	/* The initial root is kept, too: it may not be what the next version of the program ships. */
	if (!c->root_kept)
		rc = client_keep(c, "root.json", c->set.root->bytes, "5.3.8", w);
	for (int i = 0; rc == 0 && i < TUF_ROOTS_MAX; i++)
		rc = next_root(c, w);
	if (rc && rc != TUF_MISSING)
		return rc;
	return client_name(w, tuf_set_roots_end(&c->set, w), "root.json");
}

/* --- 5.4 --- */

/* What the store has of an earlier update, if it still verifies. */
static int load_old(struct tuf_client *c, enum tuf_type t,
    int (*set)(struct tuf_set *s, struct span bytes, struct tuf_report *w), struct buf *b,
    struct tuf_report *w)
{
	struct tuf_report ignored = TUF_REPORT_INIT;
	char name[40];

	snprintf(name, sizeof(name), "%s.json", tuf_type_name(t));
	int rc = c->io.load(c->io.ctx, name, tuf_type_max(t), b, &w->f);
	if (rc < 0 && rc != -EMSGSIZE)
		return client_name(w, io_result(w, rc, "5.2", "read"), name);
	if (rc)
		return 0;
	rc = set(&c->set, buf_span(b), &ignored);
	return rc < 0 ? rc : 0;
}

static int update_timestamp(struct tuf_client *c, struct tuf_report *w)
{
	AUTO_BUF struct buf old = BUF_INIT(TUF_TIMESTAMP_MAX + 1);
	AUTO_BUF struct buf b = BUF_INIT(TUF_TIMESTAMP_MAX + 1);

	int rc = load_old(c, TUF_TIMESTAMP, tuf_set_old_timestamp, &old, w);
	if (rc)
		return rc;
	rc = client_fetch(c, TUF_METADATA, "timestamp.json", TUF_TIMESTAMP_MAX, &b, "5.4.1", w);
	if (rc == 0)
		rc = tuf_set_timestamp(&c->set, buf_span(&b), w);
	if (rc == TUF_SAME)
		return 0;
	if (rc == 0)
		rc = client_keep(c, "timestamp.json", buf_span(&b), "5.4.5", w);
	if (rc)
		return client_name(w, rc, "timestamp.json");
	client_fetched(c, "timestamp.json", c->set.timestamp->version);
	return 0;
}

/* --- 5.5 --- */

/* A listed length is the limit, but never more than ours. */
size_t client_limit(const struct tuf_file *file, size_t max)
{
	return file->length >= 0 && (uint64_t)file->length < max ? (size_t)file->length : max;
}

static int fetch_snapshot(struct tuf_client *c, struct tuf_report *w)
{
	AUTO_BUF struct buf b = BUF_INIT(TUF_SNAPSHOT_MAX + 1);
	const struct tuf_file *want = &c->set.timestamp->snapshot;
	char name[48] = "snapshot.json";

	if (c->set.root->consistent)
		snprintf(name, sizeof(name), "%lld.snapshot.json", (long long)want->version);
	int rc = client_fetch(
	    c, TUF_METADATA, name, client_limit(want, TUF_SNAPSHOT_MAX), &b, "5.5.1", w);
	if (rc == 0)
		rc = tuf_set_snapshot(&c->set, buf_span(&b), w);
	if (rc == 0)
		rc = client_keep(c, "snapshot.json", buf_span(&b), "5.5.7", w);
	if (rc)
		return client_name(w, rc, name);
	client_fetched(c, name, c->set.snapshot->version);
	return 0;
}

static int update_snapshot(struct tuf_client *c, struct tuf_report *w)
{
	AUTO_BUF struct buf old = BUF_INIT(TUF_SNAPSHOT_MAX + 1);
	struct tuf_report ignored = TUF_REPORT_INIT;

	int rc = load_old(c, TUF_SNAPSHOT, tuf_set_old_snapshot, &old, w);
	if (rc)
		return rc;
	/* Perhaps it is the one that is wanted. */
	if (c->set.old_snapshot) {
		rc = tuf_set_snapshot(&c->set, buf_span(&old), &ignored);
		if (rc <= 0)
			return rc;
	}
	return fetch_snapshot(c, w);
}

int tuf_client_refresh(struct tuf_client *c, struct tuf_report *w)
{
	int rc = update_root(c, w);

	if (rc == 0)
		rc = update_timestamp(c, w);
	if (rc == 0)
		rc = update_snapshot(c, w);
	if (rc == 0)
		rc = client_role(c, c->set.root, &c->set.root->role[TUF_TARGETS], &c->set.targets, w);
	return rc;
}
