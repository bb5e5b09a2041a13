/* SPDX-License-Identifier: Apache-2.0 */

#include "intel/db/build.h"

#include "intel/db/merge.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#define MEMORY_DEFAULT (512u << 20)
#define SELF_TEST_ENTRIES 20000

int intel_build_new(struct intel_build **ret_b, const struct intel_build_opts *o, struct fault *f)
{
	struct intel_build *b = calloc(1, sizeof(*b));

	if (!b)
		return -ENOMEM;
	b->o = *o;
	b->arena = ARENA_INIT(2 * (size_t)POOL_BYTES);
	b->packed = BUF_INIT(EXTSORT_PART_MAX);
	map_init(&b->known, POOL_CLAIMS);
	int rc = extsort_new(&b->sort, o->tmp_dir, o->memory ? o->memory : MEMORY_DEFAULT, f);
	if (rc < 0) {
		intel_build_free(b);
		return rc;
	}
	*ret_b = b;
	return 0;
}

struct intel_build *intel_build_free(struct intel_build *b)
{
	if (b) {
		extsort_free(b->sort);
		map_free(&b->known);
		arena_free(&b->arena);
		buf_free(&b->packed);
		free(b->pool);
		free(b);
	}
	return NULL;
}

void intel_build_free_p(struct intel_build **b)
{
	*b = intel_build_free(*b);
}

static int grow_pool(struct intel_build *b)
{
	uint32_t cap = b->pool_cap ? b->pool_cap * 2 : 64;

	if (b->pool_n < b->pool_cap)
		return 0;
	struct pooled *p = reallocarray(b->pool, cap, sizeof(*p));
	if (!p)
		return -ENOMEM;
	b->pool = p;
	b->pool_cap = cap;
	return 0;
}

/* The number of the packed claim; UINT32_MAX when the pool is full. */
static int pool_claim(struct intel_build *b, uint32_t *ret_number)
{
	struct span packed = buf_span(&b->packed);

	if (b->last.n && span_eq(packed, b->last)) {
		*ret_number = b->last_number;
		return 0;
	}
	const void *known = map_get(&b->known, packed);
	if (known) {
		*ret_number = (uint32_t)((uintptr_t)known - 1);
	} else if (b->pool_n == POOL_CLAIMS || b->arena.used > POOL_BYTES) {
		*ret_number = UINT32_MAX;
		return 0;
	} else {
		char *copy = arena_str(&b->arena, packed);
		if (!copy || grow_pool(b) < 0 ||
		    map_add(&b->known, span_of(copy, packed.n),
			(void *)((uintptr_t)b->pool_n + 1), NULL) < 0)
			return -ENOMEM;
		b->pool[b->pool_n] = (struct pooled){ span_of(copy, packed.n), UINT32_MAX };
		*ret_number = b->pool_n++;
	}
	b->last = b->pool[*ret_number].packed;
	b->last_number = *ret_number;
	return 0;
}

int intel_build_add(struct intel_build *b, const struct indicator *i, struct fault *f)
{
	uint8_t key[1 + KEY_MAX];
	uint32_t number;
	size_t n;

	if (i->side >= DB_SIDES ||
	    key_encode(i->type, span_str(i->value), key + 1, &n) < 0)
		return fault_set(f, -EINVAL, "%s is not a normalised %s", QUOTE(span_str(i->value)),
		    indicator_type_name(i->type));
	key[0] = merge_class(i->side, i->type);
	buf_reset(&b->packed);
	if (claim_pack(&b->packed, i) < 0)
		return fault_set(f, -EMSGSIZE, "the texts of %s are too long",
		    QUOTE(span_str(i->value)));
	int rc = pool_claim(b, &number);
	if (rc < 0)
		return rc;
	struct span claim = number == UINT32_MAX ? buf_span(&b->packed) : span_of(&number, 4);
	return extsort_put(b->sort, span_of(key, 1 + n), claim, f);
}

/* --- the test of what was written --- */

/* Does a lookup find the entry? */
static bool finds(const struct intel_db *db, uint32_t entry)
{
	char text[INTEL_TEXT_MAX];
	struct intel_found out[INTEL_FOUND_MAX];
	struct intel_entry e;

	if (intel_db_entry(db, entry, text, &e) < 0)
		return false;
	size_t n = intel_db_text(db, e.side, e.type, span_str(e.value), out);
	return n > 0 && out[0].entry == entry && out[0].how == INTEL_SAME;
}

/*
 * The check proves that every value is in filter and table under its hash; lookups of some, from
 * all over the file, prove that this is what is asked.
 */
static int self_test(int fd, const struct intel_build_stats *st, struct fault *f)
{
	AUTO_INTEL_DB struct intel_db *db = NULL;
	int again = dup(fd);

	if (again < 0)
		return -errno;
	int rc = intel_db_open_fd(&db, again, "the new database", f);
	if (rc == 0)
		rc = intel_db_check(db, f);
	if (rc < 0)
		return rc;
	if (db->entries != st->entries || db->h.claims != st->claims)
		return fault_set(f, -EIO, "the new database has %llu claims, not %llu",
		    (unsigned long long)db->h.claims, (unsigned long long)st->claims);
	uint32_t stride = db->entries / SELF_TEST_ENTRIES + 1;
	for (uint64_t e = 0; e < db->entries; e += stride)
		if (!finds(db, (uint32_t)e))
			return fault_set(f, -EIO, "the new database does not find its entry %llu",
			    (unsigned long long)e);
	return 0;
}

int intel_build_finish(struct intel_build *b, int fd, struct intel_build_stats *ret_st,
    struct fault *f)
{
	AUTO_COLD struct cold c;
	int rc = cold_init(&c, fd, b->o.tmp_dir);

	if (rc < 0)
		return fault_set(f, rc, "the database cannot be written: %s", strerror(-rc));
	c.h.generation = b->o.generation;
	c.h.built = b->o.now;
	rc = extsort_sort(b->sort, f);
	if (rc == 0)
		rc = merge_run(b, &c, f);
	if (rc == 0)
		rc = cold_end(&c, f);
	b->st.runs = extsort_runs(b->sort);
	b->sort = extsort_free(b->sort); /* its memory is for the hashes now */
	b->st.entries = c.entries;
	b->st.claims = c.h.claims;
	if (rc == 0)
		rc = hot_write(fd, &c.h, f);
	if (rc == 0)
		rc = self_test(fd, &b->st, f);
	if (rc == 0)
		*ret_st = b->st;
	return rc;
}
