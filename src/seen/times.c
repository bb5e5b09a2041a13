/* SPDX-License-Identifier: Apache-2.0 */

/*
 * times: what was seen again, unchanged. A file beside each run with last and count (4 bytes each)
 * by record: a hunt that finds nothing new writes 8 bytes a file, and no new observations.
 */

#include "base/file.h"
#include "seen/priv.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <unistd.h>

static void name_of(const struct seen_run *r, char out[static 32])
{
	snprintf(out, 32, "%016llx.times", (unsigned long long)r->file.h->id);
}

void seen_times_load(struct seen *s, struct seen_run *r)
{
	struct fault f = FAULT_INIT;
	char name[32];

	name_of(r, name);
	seen_file_close(&r->times);
	int fd = file_open_beneath(s->dirfd, name, O_RDONLY | O_NONBLOCK, 0);
	if (fd < 0)
		return;
	int rc = seen_file_open(&r->times, fd, name, SEEN_TIMES_MAGIC, &f);
	if (rc == 0 && (r->times.h->of != r->file.h->id || seen_section_len(&r->times, 0) != sizeof(struct seen_again) * r->n)) {
		seen_file_close(&r->times);
		rc = fault_set(&f, -EBADMSG, "%s: does not belong to its run", name);
	}
	if (rc < 0)
		seen_dir_note(s, name, f.text);
}

int seen_times_touch(struct seen *s, uint32_t run, uint32_t rec, ts at, uint32_t count)
{
	struct seen_run *r = &s->run[run];
	struct seen_rec t = { 0 };

	if (!r->again && !(r->again = calloc(r->n, sizeof(*r->again))))
		return -ENOMEM;
	t.last = r->again[rec].last;
	t.count = r->again[rec].count;
	seen_rec_again(&t, &(struct seen_again){ seen_seconds(at), count });
	r->again[rec] = (struct seen_again){ t.last, t.count };
	return 0;
}

static void add_all(struct seen_run *r, struct seen_out *o)
{
	for (uint32_t i = 0; i < r->n; i++) {
		struct seen_rec t = { 0 };
		seen_run_times(r, i, &t);
		seen_rec_again(&t, &r->again[i]);
		struct seen_again v = { t.last, t.count };
		seen_out_put(o, 0, &v, sizeof(v));
	}
}

/* With what others wrote meanwhile. */
static int write_one(struct seen *s, struct seen_run *r, struct fault *f)
{
	uint64_t bound[SEEN_SECTIONS] = { sizeof(struct seen_again) * r->n };
	struct seen_out o;
	char name[32];

	name_of(r, name);
	seen_times_load(s, r);
	int rc = seen_out_new(&o, s->dirfd, SEEN_TIMES_MAGIC, bound);
	if (rc < 0) {
		seen_out_drop(&o);
		return fault_set(f, rc, "observations: %s", strerror(-rc));
	}
	o.h.n = r->n;
	o.h.of = r->file.h->id;
	add_all(r, &o);
	rc = seen_out_commit(&o, name, f);
	seen_times_load(s, r);
	free(r->again);
	r->again = NULL;
	return rc;
}

int seen_times_write(struct seen *s, struct fault *f)
{
	bool any = false;
	int rc = 0;

	for (size_t i = 0; i < s->nrun; i++)
		any |= s->run[i].again != NULL;
	if (!any)
		return 0;
	AUTO_FD int fd = openat(s->dirfd, "times.lock", O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0 || flock(fd, LOCK_EX) < 0)
		return fault_set(f, -errno, "observations: cannot lock: %s", strerror(errno));
	for (size_t i = 0; i < s->nrun && rc == 0; i++)
		if (s->run[i].again)
			rc = write_one(s, &s->run[i], f);
	return rc;
}
