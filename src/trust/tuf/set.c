/* SPDX-License-Identifier: Apache-2.0 */

#include "trust/tuf/set.h"

#include <stdio.h>

void tuf_set_free(struct tuf_set *s)
{
	s->root = tuf_meta_free(s->root);
	s->timestamp = tuf_meta_free(s->timestamp);
	s->old_snapshot = tuf_meta_free(s->old_snapshot);
	s->snapshot = tuf_meta_free(s->snapshot);
	s->targets = tuf_meta_free(s->targets);
}

static void replace(struct tuf_meta **slot, struct tuf_meta **m)
{
	tuf_meta_free(*slot);
	*slot = TAKE_PTR(*m);
}

/* Reads a file and checks its signatures, which is the first thing to be said of it. */
static int read_signed(struct tuf_meta **ret_m, enum tuf_type type, struct span bytes,
    struct tuf_meta *delegator, const struct tuf_role *role, const char *step,
    struct tuf_report *w)
{
	AUTO_META struct tuf_meta *m = NULL;

	w->step = step;
	int rc = tuf_meta_read(&m, type, bytes, &w->f);
	if (rc == 0)
		rc = tuf_meta_signed_by(m, delegator ? delegator : m, delegator ? role : &m->role[type],
		    &w->f);
	if (rc)
		return rc;
	*ret_m = TAKE_PTR(m);
	return 0;
}

static int check_fresh(const struct tuf_set *s, const struct tuf_meta *m, const char *step,
    struct tuf_report *w)
{
	char until[TS_TEXT_MAX], now[TS_TEXT_MAX];

	if (m->expires > s->start)
		return 0;
	return tuf_say(w, TUF_EXPIRED, step, "version %lld expired at %s (it is %s)",
	    (long long)m->version, ts_format(m->expires, until), ts_format(s->start - s->start % TS_SECOND, now));
}

int tuf_set_trust(struct tuf_set *s, struct span bytes, struct tuf_report *w)
{
	AUTO_META struct tuf_meta *m = NULL;
	int rc = read_signed(&m, TUF_ROOT, bytes, NULL, NULL, "5.2", w);

	if (rc == 0)
		replace(&s->root, &m);
	return rc;
}

static int rotated(struct tuf_set *s, struct tuf_meta *next, bool *ret_rotated)
{
	bool timestamp, snapshot = false;
	int rc = tuf_meta_rotated(s->root, next, TUF_TIMESTAMP, &timestamp);

	if (rc == 0)
		rc = tuf_meta_rotated(s->root, next, TUF_SNAPSHOT, &snapshot);
	if (rc == 0)
		*ret_rotated = timestamp || snapshot;
	return rc;
}

int tuf_set_root(struct tuf_set *s, struct span bytes, bool *ret_rotated, struct tuf_report *w)
{
	AUTO_META struct tuf_meta *m = NULL;
	bool r = false;

	int rc = read_signed(&m, TUF_ROOT, bytes, s->root, &s->root->role[TUF_ROOT], "5.3.4", w);
	if (rc == 0)
		rc = tuf_meta_signed_by(m, m, &m->role[TUF_ROOT], &w->f);
	if (rc)
		return rc;
	if (m->version - 1 != s->root->version)
		return tuf_say(w, TUF_ROLLBACK, "5.3.5", "version %lld where %lld + 1 must follow",
		    (long long)m->version, (long long)s->root->version);
	rc = rotated(s, m, &r);
	if (rc < 0)
		return rc;
	replace(&s->root, &m);
	*ret_rotated = r;
	return 0;
}

int tuf_set_roots_end(struct tuf_set *s, struct tuf_report *w)
{
	return check_fresh(s, s->root, "5.3.10", w);
}

int tuf_set_old_timestamp(struct tuf_set *s, struct span bytes, struct tuf_report *w)
{
	AUTO_META struct tuf_meta *m = NULL;
	int rc = read_signed(
	    &m, TUF_TIMESTAMP, bytes, s->root, &s->root->role[TUF_TIMESTAMP], "5.4.2", w);

	if (rc == 0)
		replace(&s->timestamp, &m);
	return rc;
}

int tuf_set_old_snapshot(struct tuf_set *s, struct span bytes, struct tuf_report *w)
{
	AUTO_META struct tuf_meta *m = NULL;
	int rc = read_signed(
	    &m, TUF_SNAPSHOT, bytes, s->root, &s->root->role[TUF_SNAPSHOT], "5.5.3", w);

	if (rc == 0)
		replace(&s->old_snapshot, &m);
	return rc;
}

static int timestamp_forward(
    const struct tuf_meta *old, const struct tuf_meta *m, struct tuf_report *w)
{
	if (m->version < old->version)
		return tuf_say(w, TUF_ROLLBACK, "5.4.3.1", "version %lld is older than %lld, which "
		    "was seen before", (long long)m->version, (long long)old->version);
	if (m->snapshot.version < old->snapshot.version)
		return tuf_say(w, TUF_ROLLBACK, "5.4.3.2", "it lists snapshot %lld, older than %lld, "
		    "which was seen before", (long long)m->snapshot.version,
		    (long long)old->snapshot.version);
	return 0;
}

int tuf_set_timestamp(struct tuf_set *s, struct span bytes, struct tuf_report *w)
{
	AUTO_META struct tuf_meta *m = NULL;
	const struct tuf_meta *old = s->timestamp;

	int rc = read_signed(
	    &m, TUF_TIMESTAMP, bytes, s->root, &s->root->role[TUF_TIMESTAMP], "5.4.2", w);
	if (rc)
		return rc;
	bool same = old && m->version == old->version;
	if (old && !same)
		rc = timestamp_forward(old, m, w);
	if (rc == 0)
		rc = check_fresh(s, same ? old : m, "5.4.4", w);
	if (rc)
		return rc;
	if (same)
		return TUF_SAME;
	replace(&s->timestamp, &m);
	return 0;
}

/* Every file that was listed still is, and in no older version. */
static int snapshot_forward(
    const struct tuf_meta *old, const struct tuf_meta *m, struct tuf_report *w)
{
	for (size_t i = 0; i < old->files.n; i++) {
		const struct map_entry *e = &old->files.e[i];
		const struct tuf_file *was = e->val, *is = map_get(&m->files, e->key);
		if (!is)
			return tuf_say(w, TUF_ROLLBACK, "5.5.5", "%s is not listed any more",
			    QUOTE(e->key));
		if (is->version < was->version)
			return tuf_say(w, TUF_ROLLBACK, "5.5.5", "it lists %s %lld, older than "
			    "%lld, which was seen before", QUOTE(e->key), (long long)is->version,
			    (long long)was->version);
	}
	return 0;
}

static int check_listed(const struct tuf_file *want, struct span bytes, const char *step,
    struct tuf_report *w)
{
	w->step = step;
	return tuf_file_check(want, bytes, &w->f);
}

static int check_version(const struct tuf_file *want, const struct tuf_meta *m, const char *step,
    struct tuf_report *w)
{
	if (m->version == want->version)
		return 0;
	return tuf_say(w, TUF_MISMATCH, step, "version %lld, listed as %lld", (long long)m->version,
	    (long long)want->version);
}

int tuf_set_snapshot(struct tuf_set *s, struct span bytes, struct tuf_report *w)
{
	AUTO_META struct tuf_meta *m = NULL;
	const struct tuf_file *want = &s->timestamp->snapshot;

	int rc = check_listed(want, bytes, "5.5.2", w);
	if (rc == 0)
		rc = read_signed(
		    &m, TUF_SNAPSHOT, bytes, s->root, &s->root->role[TUF_SNAPSHOT], "5.5.3", w);
	if (rc == 0)
		rc = check_version(want, m, "5.5.4", w);
	if (rc == 0 && s->old_snapshot)
		rc = snapshot_forward(s->old_snapshot, m, w);
	if (rc == 0)
		rc = check_fresh(s, m, "5.5.6", w);
	if (rc == 0)
		replace(&s->snapshot, &m);
	return rc;
}

int tuf_set_listed(const struct tuf_set *s, const struct tuf_role *role,
    const struct tuf_file **ret_file, struct tuf_report *w)
{
	char name[TUF_NAME_MAX + sizeof("-ffffffff.json")];
	int n = snprintf(name, sizeof(name), "%.*s.json", SPAN_ARG(role->name));
	const struct tuf_file *file = map_get(&s->snapshot->files, span_of(name, (size_t)n));

	if (!file)
		return tuf_say(w, TUF_UNLISTED, "5.6.1", "the snapshot does not list it");
	*ret_file = file;
	return 0;
}

int tuf_set_role(struct tuf_set *s, struct tuf_meta *delegator, const struct tuf_role *role,
    struct span bytes, struct tuf_meta **ret_m, struct tuf_report *w)
{
	AUTO_META struct tuf_meta *m = NULL;
	const struct tuf_file *want;

	int rc = tuf_set_listed(s, role, &want, w);
	if (rc == 0)
		rc = check_listed(want, bytes, "5.6.2", w);
	if (rc == 0)
		rc = read_signed(&m, TUF_TARGETS, bytes, delegator, role, "5.6.3", w);
	if (rc == 0)
		rc = check_version(want, m, "5.6.4", w);
	if (rc == 0)
		rc = check_fresh(s, m, "5.6.5", w);
	if (rc == 0)
		*ret_m = TAKE_PTR(m);
	return rc;
}
