/* SPDX-License-Identifier: Apache-2.0 */

/*
 * A record in memory and on disk: length of key and payload (16 bits each, in the machine's order:
 * runs do not outlive the process), key, payload. Records fill the room from its start; what their
 * sorting needs, two items a record, is kept free behind them.
 */

#include "base/extsort.h"

#include "base/file.h"

#include <endian.h>
#include <errno.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#define HEAD 4
#define RECORD_MAX (HEAD + 2 * (size_t)EXTSORT_PART_MAX)

/* A record as it is sorted: eight bytes of its key, from the depth of the sort on. */
struct item {
	uint64_t part;
	size_t off;
};

/* Where sorted records come from: a run, or (fd -1) the items in memory. */
struct source {
	int fd;
	uint8_t *buf;
	size_t at, end; /* what of buf is to be read */
	bool eof;
	const uint8_t *rec; /* the current record; NULL: none left */
	uint64_t part;	    /* the first bytes of its key */
};

struct extsort {
	int tmp_dir;
	uint8_t *room;
	size_t size, used, n; /* n records in the room */
	struct item *item;    /* sorted */
	size_t next;	      /* of item */
	int run[EXTSORT_RUNS];
	size_t runs;
	uint64_t count, written;
	struct source src[EXTSORT_RUNS + 1]; /* older records first */
	size_t sources;
	uint16_t heap[EXTSORT_RUNS + 1]; /* of sources; the smallest first */
	size_t heaped;
	bool started;
};

static size_t key_len(const uint8_t *rec)
{
	uint16_t n;

	memcpy(&n, rec, 2);
	return n;
}

static size_t payload_len(const uint8_t *rec)
{
	uint16_t n;

	memcpy(&n, rec + 2, 2);
	return n;
}

static size_t record_len(const uint8_t *rec)
{
	return HEAD + key_len(rec) + payload_len(rec);
}

static struct span record_key(const uint8_t *rec)
{
	return span_of(rec + HEAD, key_len(rec));
}

/* Eight bytes of the key from depth on as a number that sorts like them; zeros behind its end. */
static uint64_t key_part(const uint8_t *rec, size_t depth)
{
	size_t n = key_len(rec);
	uint64_t v = 0;

	if (depth < n)
		memcpy(&v, rec + HEAD + depth, n - depth < 8 ? n - depth : 8);
	return be64toh(v);
}

/* --- sorting in memory --- */

#define INSERTION_MAX 16
#define RADIX_MIN 768

static void sort_insertion(struct item *a, size_t n)
{
	for (size_t i = 1; i < n; i++) {
		struct item x = a[i];
		size_t j = i;
		for (; j > 0 && a[j - 1].part > x.part; j--)
			a[j] = a[j - 1];
		a[j] = x;
	}
}

static void sort_merge(struct item *a, size_t n, struct item *tmp)
{
	size_t half = n / 2, i = 0, j = half;

	if (n <= INSERTION_MAX) {
		sort_insertion(a, n);
		return;
	}
	sort_merge(a, half, tmp);
	sort_merge(a + half, n - half, tmp);
	memcpy(tmp, a, half * sizeof(*a));
	for (size_t k = 0; i < half; k++)
		a[k] = j < n && a[j].part < tmp[i].part ? a[j++] : tmp[i++];
}

/* Least significant byte first; bytes that all items share cost nothing. */
static void sort_radix(struct item *a, size_t n, struct item *tmp)
{
	static const size_t bytes = 8;
	size_t count[8][256] = { { 0 } };
	struct item *from = a, *to = tmp;

	for (size_t i = 0; i < n; i++)
		for (size_t b = 0; b < bytes; b++)
			count[b][a[i].part >> (8 * b) & 0xff]++;
	for (size_t b = 0; b < bytes; b++) {
		if (count[b][from[0].part >> (8 * b) & 0xff] == n)
			continue;
		size_t pos = 0;
		for (size_t v = 0; v < 256; v++) {
			size_t c = count[b][v];
			count[b][v] = pos;
			pos += c;
		}
		for (size_t i = 0; i < n; i++)
			to[count[b][from[i].part >> (8 * b) & 0xff]++] = from[i];
		struct item *was = from;
		from = to;
		to = was;
	}
	if (from != a)
		memcpy(a, from, n * sizeof(*a));
}

/*
 * Items that are equal up to depth, zeros behind a key's end counted: a key that ends before depth
 * goes first, by length. Moves those that go on behind the others and returns how many have ended.
 */
static size_t part_ended(const uint8_t *room, struct item *a, size_t n, struct item *tmp,
    size_t depth)
{
	size_t count[10] = { 0 }, pos = 0;

	for (size_t i = 0; i < n; i++) {
		size_t len = key_len(room + a[i].off);
		/* in part, until the items are sorted: the length within these eight bytes */
		a[i].part = len > depth ? 9 : len + 8 > depth ? len + 8 - depth : 0;
		count[a[i].part]++;
	}
	if (count[9] == n)
		return 0;
	for (size_t v = 0; v < 10; v++) {
		size_t c = count[v];
		count[v] = pos;
		pos += c;
	}
	size_t ended = count[9];
	for (size_t i = 0; i < n; i++)
		tmp[count[a[i].part]++] = a[i];
	memcpy(a, tmp, n * sizeof(*a));
	return ended;
}

static void sort_items(const uint8_t *room, struct item *a, size_t n, struct item *tmp, size_t depth)
{
again:
	for (size_t i = 0; i < n; i++)
		a[i].part = key_part(room + a[i].off, depth);
	if (n < RADIX_MIN)
		sort_merge(a, n, tmp);
	else
		sort_radix(a, n, tmp);
	for (size_t from = 0, to; from < n; from = to) {
		for (to = from + 1; to < n && a[to].part == a[from].part; to++)
			;
		if (to - from < 2)
			continue;
		size_t ended = part_ended(room, a + from, to - from, tmp, depth + 8);
		if (to - from - ended < 2)
			continue;
		if (to == n) { /* long common beginnings: no deeper stack */
			a += from + ended;
			n -= from + ended;
			depth += 8;
			goto again;
		}
		sort_items(room, a + from + ended, to - from - ended, tmp, depth + 8);
	}
}

/* Makes x->item, behind the records. */
static void sort_room(struct extsort *x)
{
	struct item *item = (struct item *)(void *)(x->room + (x->used + 15) / 16 * 16);
	size_t off = 0;

	for (size_t i = 0; i < x->n; i++) {
		item[i].off = off;
		off += record_len(x->room + off);
	}
	if (x->n > 1)
		sort_items(x->room, item, x->n, item + x->n, 0);
	x->item = item;
	x->next = 0;
}

/* --- merging --- */

static int source_fill(struct source *s, struct fault *f)
{
	memmove(s->buf, s->buf + s->at, s->end - s->at);
	s->end -= s->at;
	s->at = 0;
	while (!s->eof && s->end < EXTSORT_BUFFER) {
		ssize_t n = read(s->fd, s->buf + s->end, EXTSORT_BUFFER - s->end);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return fault_set(f, -errno, "a temporary file cannot be read: %s",
			    strerror(errno));
		s->eof = n == 0;
		s->end += (size_t)n;
	}
	return 0;
}

static int source_next(struct extsort *x, struct source *s, struct fault *f)
{
	if (s->fd < 0) {
		s->rec = x->next < x->n ? x->room + x->item[x->next++].off : NULL;
	} else {
		if (s->end - s->at < RECORD_MAX && !s->eof) {
			int rc = source_fill(s, f);
			if (rc < 0)
				return rc;
		}
		size_t left = s->end - s->at;
		if (left && (left < HEAD || left < record_len(s->buf + s->at)))
			return fault_set(f, -EIO, "a temporary file is shorter than it was");
		s->rec = left ? s->buf + s->at : NULL;
		s->at += left ? record_len(s->rec) : 0;
	}
	s->part = s->rec ? key_part(s->rec, 0) : UINT64_MAX;
	return 0;
}

/* Does the record of source a come before that of b? */
static bool before(const struct extsort *x, uint16_t a, uint16_t b)
{
	const struct source *s = &x->src[a], *t = &x->src[b];

	if (s->part != t->part)
		return s->part < t->part;
	int d = span_cmp(record_key(s->rec), record_key(t->rec));
	return d ? d < 0 : a < b;
}

static void sift_down(struct extsort *x, size_t i)
{
	uint16_t v = x->heap[i];

	for (size_t kid; (kid = 2 * i + 1) < x->heaped; i = kid) {
		if (kid + 1 < x->heaped && before(x, x->heap[kid + 1], x->heap[kid]))
			kid++;
		if (!before(x, x->heap[kid], v))
			break;
		x->heap[i] = x->heap[kid];
	}
	x->heap[i] = v;
}

static void sources_close(struct extsort *x)
{
	for (size_t i = 0; i < x->sources; i++)
		free(x->src[i].buf);
	x->sources = 0;
	for (size_t i = 0; i < x->runs; i++)
		close(x->run[i]);
	x->runs = 0;
}

/* All runs, and what is sorted in memory, become sources. */
static int merge_start(struct extsort *x, bool memory, struct fault *f)
{
	for (size_t i = 0; i < x->runs + memory; i++) {
		struct source *s = &x->src[i];
		*s = (struct source){ .fd = i < x->runs ? x->run[i] : -1 };
		x->sources = i + 1;
		if (s->fd >= 0 && (!(s->buf = malloc(EXTSORT_BUFFER)) || lseek(s->fd, 0, SEEK_SET)))
			return fault_set(f, -ENOMEM, "not enough memory to merge sorted runs");
		int rc = source_next(x, s, f);
		if (rc < 0)
			return rc;
		if (s->rec)
			x->heap[x->heaped++] = (uint16_t)i;
	}
	for (size_t i = x->heaped / 2; i-- > 0;)
		sift_down(x, i);
	x->started = false;
	return 0;
}

/* The next record of all sources; NULL at the end. */
static int merge_next(struct extsort *x, const uint8_t **ret_rec, struct fault *f)
{
	if (x->started && x->heaped) { /* only now the caller is done with the last one */
		int rc = source_next(x, &x->src[x->heap[0]], f);
		if (rc < 0)
			return rc;
		if (!x->src[x->heap[0]].rec)
			x->heap[0] = x->heap[--x->heaped];
		if (x->heaped)
			sift_down(x, 0);
	}
	x->started = true;
	*ret_rec = x->heaped ? x->src[x->heap[0]].rec : NULL;
	return 0;
}

/* --- runs --- */

struct writer {
	int fd;
	size_t n;
	uint8_t *buf;
};

static int writer_put(struct writer *w, const uint8_t *p, size_t n)
{
	if (w->n + n > EXTSORT_BUFFER) {
		int rc = file_write_all(w->fd, span_of(w->buf, w->n));
		if (rc < 0)
			return rc;
		w->n = 0;
	}
	memcpy(w->buf + w->n, p, n);
	w->n += n;
	return 0;
}

/* Writes what the sources (or, without any, the room) hold to a new file. */
static int write_run(struct extsort *x, int *ret_fd, struct fault *f)
{
	AUTO_FREE uint8_t *buf = malloc(EXTSORT_BUFFER);
	AUTO_FD int fd = file_nameless(x->tmp_dir);
	struct writer w = { .fd = fd, .buf = buf };
	int rc = fd < 0 ? fd : buf ? 0 : -ENOMEM;

	while (rc == 0) {
		const uint8_t *rec = NULL;
		if (x->sources)
			rc = merge_next(x, &rec, f);
		else if (x->next < x->n)
			rec = x->room + x->item[x->next++].off;
		if (rc < 0)
			return rc;
		if (!rec)
			break;
		rc = writer_put(&w, rec, record_len(rec));
	}
	if (rc == 0)
		rc = file_write_all(fd, span_of(buf, w.n));
	if (rc < 0)
		return fault_set(f, rc, "a temporary file of sorted records cannot be written: %s",
		    strerror(-rc));
	x->written++;
	*ret_fd = TAKE_FD(fd);
	return 0;
}

/* The room becomes a run; when there are too many, all become one. */
static int spill(struct extsort *x, struct fault *f)
{
	int fd = -1, rc;

	if (x->runs == EXTSORT_RUNS) {
		rc = merge_start(x, false, f);
		if (rc == 0)
			rc = write_run(x, &fd, f);
		sources_close(x);
		if (rc < 0)
			return rc;
		x->run[x->runs++] = fd;
	}
	sort_room(x);
	rc = write_run(x, &fd, f);
	if (rc < 0)
		return rc;
	x->run[x->runs++] = fd;
	x->used = x->n = 0;
	return 0;
}

/* --- */

int extsort_new(struct extsort **ret_x, int tmp_dir, uint64_t memory, struct fault *f)
{
	struct extsort *x = calloc(1, sizeof(*x));

	if (!x)
		return -ENOMEM;
	x->tmp_dir = tmp_dir;
	x->size = memory < EXTSORT_MEMORY_MIN ? EXTSORT_MEMORY_MIN : (size_t)memory;
	x->room = mmap(NULL, x->size, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (x->room == MAP_FAILED) {
		free(x);
		return fault_set(f, -ENOMEM, "not enough memory to sort");
	}
	(void)madvise(x->room, x->size, MADV_HUGEPAGE); /* fewer page faults, where there are any */
	*ret_x = x;
	return 0;
}

struct extsort *extsort_free(struct extsort *x)
{
	if (x) {
		sources_close(x);
		munmap(x->room, x->size);
		free(x);
	}
	return NULL;
}

void extsort_free_p(struct extsort **x)
{
	*x = extsort_free(*x);
}

int extsort_put(struct extsort *x, struct span key, struct span payload, struct fault *f)
{
	size_t len = HEAD + key.n + payload.n;

	if (key.n > EXTSORT_PART_MAX || payload.n > EXTSORT_PART_MAX)
		return fault_set(f, -EMSGSIZE, "a record is too long to be sorted");
	if (x->used + len + 16 + (x->n + 1) * 2 * sizeof(struct item) > x->size) {
		int rc = spill(x, f);
		if (rc < 0)
			return rc;
	}
	uint8_t *p = x->room + x->used;
	uint16_t head[2] = { (uint16_t)key.n, (uint16_t)payload.n };
	memcpy(p, head, HEAD);
	if (key.n)
		memcpy(p + HEAD, key.p, key.n);
	if (payload.n)
		memcpy(p + HEAD + key.n, payload.p, payload.n);
	x->used += len;
	x->n++;
	x->count++;
	return 0;
}

int extsort_sort(struct extsort *x, struct fault *f)
{
	sort_room(x);
	return x->runs ? merge_start(x, true, f) : 0;
}

int extsort_next(struct extsort *x, struct span *ret_key, struct span *ret_payload, struct fault *f)
{
	const uint8_t *rec = NULL;

	if (x->sources) {
		int rc = merge_next(x, &rec, f);
		if (rc < 0)
			return rc;
	} else if (x->next < x->n) {
		/* the records lie anywhere: have the one after the next few on its way */
		if (x->next + 8 < x->n)
			__builtin_prefetch(x->room + x->item[x->next + 8].off);
		rec = x->room + x->item[x->next++].off;
	}
	if (!rec)
		return 0;
	*ret_key = record_key(rec);
	*ret_payload = span_of(rec + HEAD + key_len(rec), payload_len(rec));
	return 1;
}

uint64_t extsort_count(const struct extsort *x)
{
	return x->count;
}

uint64_t extsort_runs(const struct extsort *x)
{
	return x->written;
}
