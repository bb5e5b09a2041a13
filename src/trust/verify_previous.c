/* SPDX-License-Identifier: Apache-2.0 */

/*
 * verify_previous: the artifact against the release before it. A signature says who made it, this
 * says what became of it since; in 3CX 2023 only the latter would have told.
 */

#include "anatomy/diff/release.h"
#include "base/file.h"
#include "trust/verify_session.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

static int open_previous(const char *path, struct fault *f)
{
	struct stat st;

	if (stat(path, &st) < 0 || !S_ISDIR(st.st_mode))
		return file_open_user(path, f);
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

static void tell(struct verify_session *v, struct verify_artifact *art, const struct diff *d,
    const struct component_tree *t)
{
	const struct policy_diff *p = &v->policy.diff;
	enum diff_level fail = v->has_policy ? p->fail_on : DIFF_HIGH;
	enum diff_level warn = v->has_policy ? p->warn_on : DIFF_MEDIUM;
	size_t before = art->anatomy.n;

	diff_reasons(d, t, fail, warn, &art->anatomy);
	if (art->anatomy.n == before)
		verdict_add(&art->anatomy, REASON_NOTE, "diff.quiet",
		    "compared with %s: %u of %u components are new or changed, and nothing of it looks "
		    "like tampering", QUOTE(span_str(v->previous)), d->count.changed + d->count.added,
		    d->count.new_);
	verdict_conclude(&art->anatomy);
}

static int compare(struct verify_session *v, int fd, struct verify_artifact *art,
    struct diff_release *old, struct diff_release *new_, struct fault *f)
{
	const struct tree_opts o = { .trust = v->signed_by, .entries = UNPACK_ENTRIES_MAX };
	struct diff d = { 0 };

	AUTO_FD int before = open_previous(v->previous, f);
	int rc = before < 0 ? before : diff_release_read(old, before, v->previous, &o, NULL, false, f);
	if (rc == 0)
		rc = diff_release_read(new_, fd, art->name, &o, old, false, f);
	if (rc < 0)
		return rc;
	struct diff_side so = diff_release_side(old), sn = diff_release_side(new_);
	rc = diff_trees(&d, &so, &sn, f);
	if (rc == 0)
		tell(v, art, &d, &new_->tree);
	diff_free(&d);
	return rc;
}

int verify_previous(
    struct verify_session *v, int fd, struct verify_artifact *art, struct fault *f)
{
	struct diff_release old = DIFF_RELEASE_INIT, new_ = DIFF_RELEASE_INIT;

	if (!v->previous)
		return 0;
	int rc = compare(v, fd, art, &old, &new_, f);
	diff_release_free(&new_);
	diff_release_free(&old);
	if (rc != -EPERM)
		return rc < 0 ? fault_wrap(f, rc, "--previous") : 0;
	/* Nothing runs without a sandbox unless the user says so. */
	verdict_add(&art->anatomy, REASON_MISSING, "diff.previous",
	    "not compared with the release before: %s", f->text);
	verdict_conclude(&art->anatomy);
	return 0;
}
