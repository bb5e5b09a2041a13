/* SPDX-License-Identifier: Apache-2.0 */

#include "intel/db/cold.h"
#include "intel/db/path.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

struct pair {
	uint64_t hash;
	uint64_t entry;
};

static bool before(struct pair a, struct pair b)
{
	return a.hash != b.hash ? a.hash < b.hash : a.entry < b.entry;
}

static void sort_small(struct pair *a, size_t n)
{
	for (size_t i = 1; i < n; i++) {
		struct pair x = a[i];
		size_t j = i;
		for (; j > 0 && before(x, a[j - 1]); j--)
			a[j] = a[j - 1];
		a[j] = x;
	}
}

static int compare(const void *a, const void *b)
{
	return before(*(const struct pair *)a, *(const struct pair *)b) ? -1 : 1;
}

/* In place, by the byte at shift and the bytes below it: hashes spread evenly. */
static void sort_pairs(struct pair *a, size_t n, int shift)
{
	size_t from[257] = { 0 }, at[256];

	if (n <= 32) {
		sort_small(a, n);
		return;
	}
	if (shift < 0) { /* many equal hashes */
		qsort(a, n, sizeof(*a), compare);
		return;
	}
	for (size_t i = 0; i < n; i++)
		from[(a[i].hash >> shift & 0xff) + 1]++;
	for (size_t v = 0; v < 256; v++) {
		from[v + 1] += from[v];
		at[v] = from[v];
	}
	for (size_t v = 0; v < 256; v++)
		while (at[v] < from[v + 1]) {
			struct pair x = a[at[v]];
			size_t to = x.hash >> shift & 0xff;
			if (to == v) {
				at[v]++;
				continue;
			}
			do { /* along the chain of those that are in each other's place */
				struct pair y = a[at[to]];
				a[at[to]++] = x;
				x = y;
				to = x.hash >> shift & 0xff;
			} while (to != v);
			a[at[v]++] = x;
		}
	for (size_t v = 0; v < 256; v++)
		sort_pairs(a + from[v], from[v + 1] - from[v], shift - 8);
}

struct hot {
	int fd;
	struct db_header *h;
	const struct intel_db *db; /* the cold half */
	enum indicator_side side;
	struct pair *pair;
	uint64_t n;
};

/* Hashes of all values of a column; and which networks there are. */
static int hash_column(struct hot *x, const struct column *c)
{
	struct db_side *d = &x->h->side[x->side];
	DB_NOT_CLEARED struct walk w;
	struct span v;
	int rc;

	walk_start(&w, c);
	while ((rc = walk_next(&w, &v)) == 1) {
		x->pair[x->n++] = (struct pair){ column_hash(x->db, c, v), c->first + w.i - 1 };
		if (c->type == INDICATOR_IPV4)
			d->nets4[0] |= (uint64_t)1 << v.p[4];
		if (c->type == INDICATOR_IPV6)
			d->nets6[v.p[16] / 64] |= (uint64_t)1 << v.p[16] % 64;
	}
	return rc;
}

static int write_section(struct hot *x, enum db_section s, const void *p, size_t n, struct fault *f)
{
	AUTO_SECTION struct section out = { .fd = -1 };

	db_place_next(x->h, s);
	int rc = section_to(&out, x->fd, x->h->place[s].off);
	if (rc < 0)
		return rc;
	section_put(&out, p, n);
	return section_end(&out, &x->h->place[s], f);
}

static int write_filter(struct hot *x, struct fault *f)
{
	uint64_t blocks = bloom_blocks(x->n);
	AUTO_FREE uint64_t *filter = aligned_alloc(BLOOM_BLOCK, (blocks + 1) * BLOOM_BLOCK);

	if (!filter)
		return fault_set(f, -ENOMEM, "not enough memory for the filter");
	memset(filter, 0, blocks * BLOOM_BLOCK);
	for (uint64_t i = 0; i < x->n; i++)
		bloom_put(filter, blocks, x->pair[i].hash);
	return write_section(x, db_hot(DB_FILTER, x->side), filter, blocks * BLOOM_BLOCK, f);
}

/* Where each bucket starts; and where the last one ends. */
static void put_index(const struct hot *x, unsigned bits, struct section *out)
{
	uint64_t next = 0, buckets = (uint64_t)1 << bits;

	for (uint64_t i = 0; i < x->n; i++)
		for (uint64_t b = bits ? x->pair[i].hash >> (64 - bits) : 0; next <= b; next++)
			section_u32(out, (uint32_t)i);
	for (; next <= buckets; next++)
		section_u32(out, (uint32_t)x->n);
}

static int write_table(struct hot *x, struct fault *f)
{
	AUTO_SECTION struct section index = { .fd = -1 }, rest = { .fd = -1 }, entry = { .fd = -1 };
	enum db_section s = db_hot(DB_INDEX, x->side);
	struct db_place *place = &x->h->place[s];
	unsigned bits = 0;

	while (bits < DB_BUCKET_BITS && x->n >> bits > DB_BUCKET)
		bits++;
	x->h->side[x->side].bucket_bits = bits;
	db_place_next(x->h, s);
	place[0].len = x->n ? 4 * (((uint64_t)1 << bits) + 1) : 0;
	db_place_next(x->h, s + 1);
	place[1].len = 4 * x->n;
	db_place_next(x->h, s + 2);
	int rc = section_to(&index, x->fd, place[0].off);
	if (rc == 0)
		rc = section_to(&rest, x->fd, place[1].off);
	if (rc == 0)
		rc = section_to(&entry, x->fd, place[2].off);
	if (rc < 0)
		return rc;
	if (x->n)
		put_index(x, bits, &index);
	for (uint64_t i = 0; i < x->n; i++) {
		section_u32(&rest, (uint32_t)(x->pair[i].hash << bits >> 32));
		section_u32(&entry, (uint32_t)x->pair[i].entry);
	}
	rc = section_end(&index, &place[0], f);
	if (rc == 0)
		rc = section_end(&rest, &place[1], f);
	return rc == 0 ? section_end(&entry, &place[2], f) : rc;
}

static int write_patterns(struct hot *x, struct fault *f)
{
	AUTO_BUF struct buf out = BUF_INIT((size_t)UINT32_MAX * 9);
	int rc = path_index(x->db, &x->db->column[x->side][INDICATOR_PATH], &out);

	return rc < 0 ? rc : write_section(x, db_hot(DB_PATTERN, x->side), out.p, out.n, f);
}

static int write_side(struct hot *x, struct fault *f)
{
	size_t room = db_entries(x->h, x->side) * sizeof(*x->pair) + 1;
	int rc = 0;

	x->n = 0;
	x->pair = mmap(NULL, room, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (x->pair == MAP_FAILED)
		return fault_set(f, -ENOMEM, "not enough memory for the hashes");
	(void)madvise(x->pair, room, MADV_HUGEPAGE);
	for (unsigned t = 0; t < DB_TYPES && rc == 0; t++)
		rc = hash_column(x, &x->db->column[x->side][t]);
	if (rc == 0) {
		sort_pairs(x->pair, x->n, 56);
		rc = write_filter(x, f);
	}
	if (rc == 0)
		rc = write_table(x, f);
	munmap(x->pair, room);
	return rc == 0 ? write_patterns(x, f) : rc;
}

static int write_header(int fd, const struct db_header *h, struct fault *f)
{
	const struct db_place *last = &h->place[DB_SECTIONS - 1];
	uint8_t bytes[DB_HEADER];

	db_header_put(h, bytes);
	if (ftruncate(fd, (off_t)(last->off + last->len)) < 0 ||
	    pwrite(fd, bytes, sizeof(bytes), 0) != (ssize_t)sizeof(bytes)) {
		int e = errno ? errno : EIO;
		return fault_set(f, -e, "the database cannot be written: %s", strerror(e));
	}
	return 0;
}

int hot_write(int fd, struct db_header *h, struct fault *f)
{
	struct intel_db db = { .map = FILE_MAP_NONE, .h = *h };
	struct hot x = { .fd = fd, .h = h, .db = &db };
	int again = dup(fd), rc = again < 0 ? -errno : file_map_fd(&db.map, again);

	if (rc < 0)
		return fault_set(f, rc, "the database cannot be mapped: %s", strerror(-rc));
	db_attach(&db);
	for (unsigned s = 0; s < DB_SIDES && rc == 0; s++) {
		x.side = (enum indicator_side)s;
		rc = write_side(&x, f);
	}
	file_map_close(&db.map);
	return rc == 0 ? write_header(fd, h, f) : rc;
}
