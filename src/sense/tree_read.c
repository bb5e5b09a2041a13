/* SPDX-License-Identifier: Apache-2.0 */

#include "sense/tree_read.h"

#include "base/file.h"
#include "crypto/hash.h"
#include "crypto/lanes.h"
#include "sense/tree_cache.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#define OPEN_FILE (O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)
#define BLOCK (64u << 10)     /* read at once; a multiple of LANES_STEP */
#define SEQUENTIAL (1u << 20) /* from this size on the kernel is told to read ahead far */
#define AHEAD (256u << 10)    /* asked for of a file that is not in the page cache */
#define NO_HOLE UINT64_MAX
#define LATELY 600 /* seconds */

/* Never written: the kernel maps its one page of zeros for it. */
static uint8_t zeros[256u << 10];

/* The file in a lane. */
struct reading {
	bool used, last; /* last: everything was read, the lane has the rest */
	bool sparse;
	int fd;
	uint32_t slot, set;
	struct stat before;
	uint64_t off, from_disk;
	size_t ready;	     /* bytes that are in the block already */
	uint64_t data, hole; /* sparse: the next data and the end of it; NO_HOLE: not known */
	bool probe, probed;
	int probe_rc;
	struct buf found;
	char *path; /* for the probe */
	struct tree_cache cache;
	uint8_t *block;
};

struct tree_reader {
	const struct sense_tree_opts *opts;
	struct lanes *lanes;
	unsigned count;
	uint32_t used;	  /* lanes with a file */
	uint32_t waiting; /* of these those whose file is on its way from the disk */
	bool started;	  /* the probe; a worker does that before it is locked down */
	struct reading in[LANES_MAX];
	uint8_t *blocks;
	tree_done_fn *done;
	void *ctx;
	volatile uint32_t *probing;
	struct buf record;
};

/* Whoever owns a file sets its time; one out of range says nothing. */
static ts ts_of(struct timespec t)
{
	ts v;

	return __builtin_mul_overflow((ts)t.tv_sec, TS_SECOND, &v) ||
		       __builtin_add_overflow(v, (ts)t.tv_nsec, &v)
		   ? TS_NONE
		   : v;
}

void sense_id_of(const struct stat *st, struct sense_id *ret_id)
{
	*ret_id = (struct sense_id){ st->st_dev, st->st_ino, (uint64_t)st->st_size, st->st_nlink,
		ts_of(st->st_ctim), ts_of(st->st_mtim) };
}

/* O_NOATIME is for the owner and root only; others open without it. */
int tree_open(int dirfd, const char *name, int flags)
{
	int fd = file_open_beneath(dirfd, name, flags | O_NOATIME, 0);
	return fd == -EPERM ? file_open_beneath(dirfd, name, flags, 0) : fd;
}

size_t tree_record_tail(const struct tree_record *r)
{
	size_t n = r->found;

	for (unsigned a = DIGEST_MD5; a < DIGEST_ALGS; a++)
		if (r->set & HASH_SET(a))
			n += digest_len(a);
	return n;
}

static bool same_time(struct timespec a, struct timespec b)
{
	return a.tv_sec == b.tv_sec && a.tv_nsec == b.tv_nsec;
}

static bool same_state(const struct stat *a, const struct stat *b)
{
	return a->st_size == b->st_size && same_time(a->st_mtim, b->st_mtim) &&
	       same_time(a->st_ctim, b->st_ctim);
}

/* --- results --- */

static int tell(struct tree_reader *r, struct reading *x, enum sense_why why, int err)
{
	struct digest d[DIGEST_ALGS] = { { 0 } };
	bool good = !why;
	struct tree_record rec = {
		.slot = x->slot,
		.set = good ? x->set : 0,
		.why = why,
		.err = err,
		.probe_rc = x->probe_rc,
		.found = good ? (uint32_t)x->found.n : 0,
		.offset = x->off,
		.read = x->from_disk,
		.opened = x->before.st_mode != 0,
		.probed = x->probed,
	};
	sense_id_of(&x->before, &rec.id);
	buf_reset(&r->record);
	buf_put(&r->record, &rec, sizeof(rec));
	if (good && x->set)
		lanes_final(r->lanes, (unsigned)(x - r->in), d);
	for (unsigned a = DIGEST_MD5; a < DIGEST_ALGS; a++)
		buf_put(&r->record, d[a].b, d[a].len);
	buf_put(&r->record, x->found.p, rec.found);
	int rc = buf_err(&r->record);
	return rc < 0 ? rc : r->done(r->ctx, (const struct tree_record *)(const void *)r->record.p);
}

/* The file is done with, why = 0: with its digests, which are there now. */
static int finish(struct tree_reader *r, struct reading *x, enum sense_why why, int err)
{
	int rc = tell(r, x, why, err);

	if (x->fd >= 0)
		close(x->fd);
	x->fd = -1;
	tree_cache_free(&x->cache);
	free(x->path);
	x->path = NULL;
	x->used = false;
	r->used &= ~(1u << (x - r->in));
	return rc;
}

/* --- the probe --- */

static int start_probe(struct tree_reader *r)
{
	const struct sense_probe *p = r->opts->probe;
	int rc = r->started || !p->start ? 0 : p->start(p->ctx);

	r->started = true;
	return rc;
}

static void look(struct tree_reader *r, struct reading *x, struct span bytes)
{
	const struct sense_probe *p = r->opts->probe;
	struct sense_id id;

	sense_id_of(&x->before, &id);
	if (r->probing)
		*r->probing = x->slot + 1;
	int rc = p->look(p->ctx, x->path, &id, bytes, &x->found);
	if (r->probing)
		*r->probing = 0;
	x->probe_rc = rc < 0 ? rc : buf_err(&x->found);
	if (buf_err(&x->found))
		buf_reset(&x->found);
	x->probed = true;
}

static void look_mapped(struct tree_reader *r, struct reading *x)
{
	size_t n = (size_t)x->before.st_size;
	void *p = mmap(NULL, n, PROT_READ, MAP_PRIVATE, x->fd, 0);

	if (p == MAP_FAILED) {
		x->probe_rc = -errno;
		return;
	}
	look(r, x, span_of(p, n));
	munmap(p, n);
}

/* --- reading --- */

/* Reads until the block is full or the file ends. *ret_n is what is in it, also on an error. */
static int read_block(struct reading *x, uint8_t *to, size_t want, size_t *ret_n)
{
	uint64_t size = (uint64_t)x->before.st_size;

	*ret_n = x->ready;
	x->ready = 0;
	while (*ret_n < want && (!*ret_n || x->off + *ret_n != size)) {
		ssize_t n = pread(x->fd, to + *ret_n, want - *ret_n, (off_t)(x->off + *ret_n));
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (n == 0)
			break;
		*ret_n += (size_t)n;
	}
	return 0;
}

/* Bytes of zeros that need no reading at x->off; 0: there is data. Their end is rounded down, as
 * lanes want it: what is over is read. */
static uint64_t hole_here(struct reading *x)
{
	uint64_t size = (uint64_t)x->before.st_size;

	if (x->hole == NO_HOLE || x->off >= x->hole) {
		off_t data = lseek(x->fd, (off_t)x->off, SEEK_DATA);
		off_t hole = data < 0 ? -1 : lseek(x->fd, data, SEEK_HOLE);
		x->data = data >= 0 ? (uint64_t)data : errno == ENXIO ? size : x->off;
		x->hole = hole >= 0 ? (uint64_t)hole : size;
		if (x->hole <= x->off)
			x->sparse = false; /* it does not tell */
	}
	return x->sparse && x->data > x->off ? (x->data - x->off) / LANES_STEP * LANES_STEP : 0;
}

static uint64_t min64(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

/* The file was read to its end: what else is to do with it open. Then the lane gets its rest. */
static int end_of_file(struct tree_reader *r, struct reading *x)
{
	struct stat after;

	if (x->probe && x->off <= BLOCK && x->off == x->from_disk)
		look(r, x, span_of(x->block, (size_t)x->off));
	else if (x->probe)
		look_mapped(r, x);
	if (fstat(x->fd, &after) < 0)
		return finish(r, x, SENSE_WHY_ERRNO, errno);
	if (!same_state(&x->before, &after) || x->off != (uint64_t)after.st_size)
		return finish(r, x, SENSE_WHY_CHANGED, 0);
	tree_cache_drop(&x->cache, x->fd, x->off, true);
	close(x->fd);
	x->fd = -1;
	x->last = true;
	return 1;
}

/* The next bytes of the file for its lane, which has none. */
static int fill(struct tree_reader *r, struct reading *x)
{
	uint64_t size = (uint64_t)x->before.st_size;
	uint64_t zero = x->sparse ? hole_here(x) : 0;
	const uint8_t *p = x->block;
	size_t n = (size_t)min64(zero, sizeof(zeros));

	if (n) {
		p = zeros;
	} else {
		uint64_t end = x->sparse ? min64(x->hole, size) : size;
		/* Where data ends within a step, the zeros up to the next come from read(2). */
		uint64_t want =
		    x->sparse ? (end - x->off + LANES_STEP - 1) / LANES_STEP * LANES_STEP : BLOCK;
		int rc = read_block(x, x->block, (size_t)min64(want, BLOCK), &n);
		x->from_disk += n;
		if (rc < 0) {
			x->off += n;
			return finish(r, x, SENSE_WHY_ERRNO, -rc);
		}
	}
	x->off += n;
	/* A file that is shorter or longer than it was shows in its state afterwards. */
	if (x->off >= size || n % LANES_STEP || n == 0) {
		int rc = end_of_file(r, x);
		if (rc <= 0)
			return rc;
	} else {
		tree_cache_drop(&x->cache, x->fd, x->off, false);
	}
	lanes_put(r->lanes, (unsigned)(x - r->in), p, n, x->last);
	return 0;
}

/* The first read, of what is in the page cache. If nothing is, the disk is told to bring it, and
 * other files are read meanwhile. */
static bool comes_later(struct reading *x)
{
	struct iovec v = { x->block, BLOCK };
	ssize_t n = x->sparse ? 0 : preadv2(x->fd, &v, 1, 0, RWF_NOWAIT);

	x->ready = n > 0 ? (size_t)n : 0;
	return n < 0 && errno == EAGAIN && posix_fadvise(x->fd, 0, AHEAD, POSIX_FADV_WILLNEED) == 0;
}

/* Nothing is left to compute: the files that were waited for are read, in the order of their lanes.
 */
static uint32_t those_that_wait(struct tree_reader *r)
{
	uint32_t those = r->waiting;

	r->waiting = 0;
	return those;
}

int tree_reader_step(struct tree_reader *r)
{
	uint32_t out = lanes_run(r->lanes);
	int rc = 0;

	if (!out)
		out = those_that_wait(r);

	for (; out && rc >= 0; out &= out - 1) {
		struct reading *x = &r->in[__builtin_ctz(out)];
		rc = x->last ? finish(r, x, 0, 0) : fill(r, x);
	}
	return rc < 0 ? rc : r->used != 0;
}

/* --- opening --- */

/* Where it was listed as a regular file there is something else, or nothing, now. */
static enum sense_why why_not_opened(int err)
{
	return err == ENOENT ? SENSE_WHY_GONE : err == ELOOP ? SENSE_WHY_MOVED : SENSE_WHY_ERRNO;
}

static int open_it(struct reading *x, int dirfd, const char *name, enum sense_why *why)
{
	x->fd = name[0] ? tree_open(dirfd, name, OPEN_FILE) : fcntl(dirfd, F_DUPFD_CLOEXEC, 0);
	if (x->fd < 0) {
		*why = why_not_opened(-x->fd);
		return *why == SENSE_WHY_ERRNO ? -x->fd : 0;
	}
	if (fstat(x->fd, &x->before) < 0) {
		*why = SENSE_WHY_ERRNO;
		return errno;
	}
	if (!S_ISREG(x->before.st_mode))
		*why = SENSE_WHY_MOVED;
	else if (hash_too_hollow(&x->before))
		*why = SENSE_WHY_HOLES;
	return 0;
}

static char *job_path(const struct tree_job *job)
{
	size_t n = strlen(job->name), d = job->dir_len;
	char *p = malloc(d + 1 + n + 1);

	if (!p)
		return NULL;
	memcpy(p, job->dir, d);
	if (n && (!d || p[d - 1] != '/'))
		p[d++] = '/';
	memcpy(p + d, job->name, n + 1);
	return p;
}

/* Pages that are dirty for longer were written back (30 s, if nobody changed that). */
static bool changed_lately(const struct stat *st)
{
	struct timespec now;

	return clock_gettime(CLOCK_REALTIME, &now) < 0 || st->st_ctim.tv_sec > now.tv_sec - LATELY;
}

static int prepare(struct tree_reader *r, struct reading *x, const struct tree_job *job)
{
	const struct sense_probe *p = r->opts->probe;
	uint64_t size = (uint64_t)x->before.st_size;

	x->sparse = size > BLOCK && (uint64_t)x->before.st_blocks * 512 < size;
	x->probe = job->probe && p;
	if (x->probe && p->max_size && size > p->max_size) {
		x->probe = false;
		x->probe_rc = -EFBIG;
	}
	x->path = x->probe ? job_path(job) : NULL;
	if (x->probe && !x->path)
		return -ENOMEM;
	if (r->opts->settle && changed_lately(&x->before))
		(void)sync_file_range(x->fd, 0, 0, SYNC_FILE_RANGE_WAIT_BEFORE |
			SYNC_FILE_RANGE_WRITE | SYNC_FILE_RANGE_WAIT_AFTER);
	if (size >= SEQUENTIAL)
		(void)posix_fadvise(x->fd, 0, 0, POSIX_FADV_SEQUENTIAL);
	return r->opts->no_cache ? tree_cache_note(&x->cache, x->fd, size) : 0;
}

static struct reading *free_lane(struct tree_reader *r)
{
	struct reading *x = &r->in[__builtin_ctz(~r->used)];

	r->used |= 1u << (x - r->in);
	return x;
}

int tree_reader_add(struct tree_reader *r, int dirfd, const struct tree_job *job)
{
	uint32_t all = (uint32_t)((UINT64_C(1) << r->count) - 1);
	enum sense_why why = 0;
	int rc = 0;

	while (rc >= 0 && r->used == all)
		rc = tree_reader_step(r);
	if (rc >= 0 && job->probe && r->opts->probe)
		rc = start_probe(r);
	if (rc < 0)
		return rc;
	struct reading *x = free_lane(r);
	uint8_t *block = x->block;
	struct buf found = x->found;
	buf_reset(&found);
	*x = (struct reading){ .used = true,
		.fd = -1,
		.slot = job->slot,
		.set = job->set,
		.hole = NO_HOLE,
		.block = block,
		.found = found };
	int err = open_it(x, dirfd, job->name, &why);
	if (why)
		return finish(r, x, why, err);
	rc = prepare(r, x, job);
	if (rc < 0)
		return finish(r, x, SENSE_WHY_ERRNO, -rc);
	lanes_begin(r->lanes, (unsigned)(x - r->in), x->set);
	if (x->set || (uint64_t)x->before.st_size <= BLOCK) {
		if (!comes_later(x))
			return fill(r, x);
		r->waiting |= 1u << (x - r->in);
		return 0;
	}
	/* The probe alone wants it. */
	x->off = (uint64_t)x->before.st_size;
	rc = end_of_file(r, x);
	return rc == 1 ? finish(r, x, 0, 0) : rc;
}

/* --- making --- */

int tree_reader_new(struct tree_reader **ret_r, const struct sense_tree_opts *opts,
    tree_done_fn *done, void *ctx, volatile uint32_t *probing)
{
	struct tree_reader *r = calloc(1, sizeof(*r));

	if (!r)
		return -ENOMEM;
	r->opts = opts;
	r->done = done;
	r->ctx = ctx;
	r->probing = probing;
	r->started = probing != NULL;
	r->record = BUF_INIT(TREE_RECORD_MAX);
	int rc = lanes_new(&r->lanes, opts->set, LANES_BEST);
	if (rc == 0) {
		r->count = lanes_count(r->lanes);
		r->blocks = mmap(NULL, r->count * (size_t)BLOCK, PROT_READ | PROT_WRITE,
		    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		if (r->blocks == MAP_FAILED) {
			r->blocks = NULL;
			rc = -ENOMEM;
		}
	}
	for (unsigned i = 0; rc == 0 && i < r->count; i++)
		r->in[i] = (struct reading){ .fd = -1,
			.block = r->blocks + i * (size_t)BLOCK,
			.found = BUF_INIT(SENSE_FOUND_MAX) };
	if (rc < 0)
		tree_reader_free(r);
	else
		*ret_r = r;
	return rc;
}

struct tree_reader *tree_reader_free(struct tree_reader *r)
{
	if (!r)
		return NULL;
	for (unsigned i = 0; i < r->count; i++) {
		struct reading *x = &r->in[i];
		if (x->used && x->fd >= 0)
			close(x->fd);
		tree_cache_free(&x->cache);
		free(x->path);
		buf_free(&x->found);
	}
	if (r->blocks)
		munmap(r->blocks, r->count * (size_t)BLOCK);
	lanes_free(r->lanes);
	buf_free(&r->record);
	free(r);
	return NULL;
}
