/* SPDX-License-Identifier: Apache-2.0 */

/*
 * merge: several runs become one. Records are merged in the order of their paths, which gives each
 * its new number; then each index is merged by key with the numbers exchanged. Memory: 4 bytes a
 * record, in a file that has no name.
 */

#include "seen/priv.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#define GONE UINT32_MAX	     /* forgotten */
#define NOT_ITS_ID (1u << 31) /* another record's identity was kept */
#define RUNS_WANTED 8

struct input {
	struct seen_run *run;
	uint32_t *number; /* new numbers by old */
	uint32_t at;	  /* record, or place in an index */
	bool left;
	struct seen_item item;
	uint64_t key; /* of an index */
	uint32_t rec;
};

struct merge {
	struct input in[SEEN_MERGE_MAX];
	size_t n;
	struct seen_run_out out;
	uint32_t before;
	uint64_t gone; /* observations that were forgotten */
	uint32_t *numbers;
	size_t mapped;
	uint8_t *room;
};

/* --- records --- */

static int next_record(struct input *in)
{
	in->left = in->at < in->run->n;
	if (in->left && !seen_run_item(in->run, in->at, &in->item))
		return -EBADMSG;
	return 0;
}

static struct input *least(struct merge *m)
{
	struct input *best = NULL;

	for (size_t i = 0; i < m->n; i++)
		if (m->in[i].left && (!best || seen_item_cmp(&m->in[i].item, &best->item) < 0))
			best = &m->in[i];
	return best;
}

/* Is b the identity of what a became? */
static bool same_id(const struct seen_rec *a, const struct seen_rec *b)
{
	return a->flags & SEEN_HAS_ID && a->dev == b->dev && a->ino == b->ino;
}

/* Each record under its old number gets the new one. */
static int number(struct merge *m, const struct seen_item *whole, const bool *part)
{
	bool kept = whole->r.last >= m->before;
	int rc = 0;

	if (kept)
		seen_run_out_add(&m->out, whole);
	m->gone += !kept;
	for (size_t i = 0; i < m->n && rc == 0; i++) {
		struct input *in = &m->in[i];
		if (!part[i])
			continue;
		in->number[in->at] = !kept ? GONE :
					     (m->out.n - 1) |
			(same_id(&whole->r, &in->item.r) ? 0 : NOT_ITS_ID);
		in->at++;
		rc = next_record(in);
	}
	return rc;
}

/* The same observation in several runs: the rooms for the combined blob alternate. */
static int one_record(struct merge *m, struct input *first)
{
	bool part[SEEN_MERGE_MAX] = { false };
	struct seen_item whole = first->item;
	unsigned turn = 0;

	for (size_t i = 0; i < m->n; i++) {
		struct input *in = &m->in[i];
		part[i] = in == first ||
		    (in->left && seen_item_cmp(&in->item, &first->item) == 0);
		if (part[i] && in != first)
			seen_item_combine(&whole, &in->item, m->room + (turn++ & 1) * SEEN_BLOB_MAX);
	}
	return number(m, &whole, part);
}

static int records(struct merge *m)
{
	struct input *in;
	int rc = 0;

	for (size_t i = 0; i < m->n && rc == 0; i++)
		rc = next_record(&m->in[i]);
	while (rc == 0 && m->out.out.err == 0 && (in = least(m)))
		rc = one_record(m, in);
	return rc;
}

/* --- indexes --- */

static int next_key(struct input *in, enum seen_ix ix)
{
	for (in->left = false; in->at < in->run->nix[ix]; in->at++) {
		uint32_t rec;
		if (!seen_run_ix(in->run, ix, in->at, &in->key, &rec))
			return -EBADMSG;
		uint32_t now = in->number[rec];
		if (now == GONE || (ix == SEEN_IX_FILE && now & NOT_ITS_ID))
			continue;
		in->rec = now & ~NOT_ITS_ID;
		in->left = true;
		in->at++;
		return 0;
	}
	return 0;
}

static struct input *least_key(struct merge *m)
{
	struct input *best = NULL;

	for (size_t i = 0; i < m->n; i++) {
		struct input *in = &m->in[i];
		if (in->left && (!best || in->key < best->key ||
				    (in->key == best->key && in->rec < best->rec)))
			best = in;
	}
	return best;
}

static int one_index(struct merge *m, enum seen_ix ix)
{
	uint64_t key = 0;
	uint32_t rec = UINT32_MAX;
	struct input *in;
	int rc = 0;

	for (size_t i = 0; i < m->n && rc == 0; i++) {
		m->in[i].at = 0;
		rc = next_key(&m->in[i], ix);
	}
	while (rc == 0 && (in = least_key(m))) {
		if (in->key != key || in->rec != rec)
			seen_run_out_ix(&m->out, ix, in->key, in->rec);
		key = in->key;
		rec = in->rec;
		rc = next_key(in, ix);
	}
	return rc;
}

/* --- all of it --- */

static int make_room(struct merge *m, int dirfd, uint64_t n)
{
	m->room = malloc(2 * SEEN_BLOB_MAX);
	int fd = openat(dirfd, ".", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	if (fd < 0)
		return -errno;
	m->mapped = n * 4 + 4;
	int rc = ftruncate(fd, (off_t)m->mapped) < 0 ? -errno : posix_fallocate(fd, 0, (off_t)m->mapped);
	void *p = rc ? MAP_FAILED : mmap(NULL, m->mapped, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	close(fd);
	if (rc)
		return rc < 0 ? rc : -rc;
	if (p == MAP_FAILED || !m->room)
		return -ENOMEM;
	m->numbers = p;
	return 0;
}

static int start(struct merge *m, struct seen *s, const size_t *which, size_t n)
{
	struct seen_run_bound b = { 0 };

	m->n = n;
	for (size_t i = 0; i < n; i++) {
		struct seen_run *r = &s->run[which[i]];
		m->in[i].run = r;
		b.n += r->n;
		b.blob += seen_section_len(&r->file, SEEN_S_BLOB);
		for (unsigned ix = 0; ix < SEEN_IXS; ix++)
			b.nix[ix] += r->nix[ix];
	}
	if (b.n > SEEN_RUN_MAX)
		return -EFBIG;
	int rc = make_room(m, s->dirfd, b.n);
	uint32_t *at = m->numbers;
	for (size_t i = 0; i < n && rc == 0; i++) {
		m->in[i].number = at;
		at += m->in[i].run->n;
	}
	return rc < 0 ? rc : seen_run_out_new(&m->out, s->dirfd, &b);
}

static int write_run(struct merge *m, struct fault *f)
{
	struct clock clock = clock_system();
	struct seen_head *h = &m->out.out.h;
	int rc = records(m);

	for (enum seen_ix ix = 0; ix < SEEN_IXS && rc == 0; ix++)
		rc = one_index(m, ix);
	if (rc < 0)
		return rc;
	h->nreplaces = m->n;
	for (size_t i = 0; i < m->n; i++)
		h->replaces[i] = m->in[i].run->file.h->id;
	return seen_run_out_commit(&m->out, clock_now(&clock), f);
}

static void unlink_inputs(const struct merge *m, int dirfd)
{
	char times[32];

	for (size_t i = 0; i < m->n; i++) {
		unlinkat(dirfd, m->in[i].run->file.name, 0);
		snprintf(times, sizeof(times), "%016llx.times",
		    (unsigned long long)m->in[i].run->file.h->id);
		unlinkat(dirfd, times, 0);
	}
}

int seen_merge(struct seen *s, const size_t *which, size_t n, uint32_t before, uint64_t *ret_gone,
    struct fault *f)
{
	struct merge m = { .before = before, .out.out.fd = -1 };
	int rc = start(&m, s, which, n);

	if (rc == 0)
		rc = write_run(&m, f);
	seen_run_out_drop(&m.out);
	if (m.numbers)
		munmap(m.numbers, m.mapped);
	free(m.room);
	if (rc == 0) {
		*ret_gone = m.gone;
		unlink_inputs(&m, s->dirfd);
	}
	seen_dir_note_bad(s);
	return rc < 0 && f && !f->text[0] ?
		  fault_set(f, rc, "observations: cannot merge: %s", strerror(-rc)) :
		  rc;
}

/* --- which --- */

static int by_size(const void *a, const void *b, void *ctx)
{
	const struct seen_run *run = ctx;
	uint32_t x = run[*(const size_t *)a].n, y = run[*(const size_t *)b].n;

	return x < y ? -1 : x > y;
}

/*
 * How many of the smallest runs become one: as many as there are up to the last that is not much
 * larger than those before it together, so that a record is written again about log2 times; and so
 * many that few are left.
 */
static size_t how_many(const struct seen *s, const size_t *which, size_t n)
{
	uint64_t sum = s->run[which[0]].n;
	size_t best = n > RUNS_WANTED ? n - RUNS_WANTED + 1 : 1;

	for (size_t k = 1; k < n; k++) {
		if (s->run[which[k]].n <= 2 * sum && k + 1 > best)
			best = k + 1;
		sum += s->run[which[k]].n;
	}
	return best < SEEN_MERGE_MAX ? best : SEEN_MERGE_MAX;
}

int seen_tidy(struct seen *s, struct fault *f)
{
	size_t which[SEEN_RUNS_MAX], n = 0;
	uint64_t gone;

	for (size_t i = 0; i < s->nrun; i++)
		if (!s->run[i].file.bad)
			which[n++] = i;
	if (n < 2)
		return 0;
	qsort_r(which, n, sizeof(*which), by_size, s->run);
	size_t k = how_many(s, which, n);
	if (k < 2)
		return 0;
	int rc = seen_merge(s, which, k, 0, &gone, f);
	if (rc == -EBADMSG)
		return seen_dir_load(s, f); /* which sets it aside */
	if (rc == 0)
		rc = seen_dir_load(s, f);
	return rc < 0 ? rc : seen_tidy(s, f);
}
