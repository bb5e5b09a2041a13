/* SPDX-License-Identifier: Apache-2.0 */

/*
 * SPDX package verification codes (SPDX 2.3, 7.9): the hex digests of the package's files, sorted, one
 * after the other without anything between, and the digest of that. Some files may be excluded by name
 * (the SPDX document itself, when it is in the package).
 */

#include "trust/sbom/build.h"

#include <errno.h>
#include <stdlib.h>

int build_code(struct sbom_build *b, uint32_t package, struct json_val at, struct span alg,
    struct json_val value, struct json_val excluded)
{
	struct sbom *s = b->s;
	uint32_t i;

	/* Read like any digest: as the one of an item that is taken back. */
	int rc = build_item(b, at, SBOM_COMPONENT, "", &i);
	if (rc == 0)
		rc = build_hashes(b, at, i, 1);
	if (rc == 0)
		rc = build_hash(b, i, at, alg, value);
	if (rc < 0)
		return rc;
	struct digest want = s->item[i].hash[0].digest;
	s->n--;
	if (!digest_is_set(&want))
		return 0;
	if (s->ncodes == b->codes_cap) {
		size_t cap = b->codes_cap ? 2 * b->codes_cap : 16;
		struct sbom_code *p = arena_grow(
		    b->a, s->code, s->ncodes * sizeof(*p), cap * sizeof(*p));
		struct sbom_pending *q = arena_grow(
		    b->a, b->pending, s->ncodes * sizeof(*q), cap * sizeof(*q));
		if (!p || !q)
			return -ENOMEM;
		s->code = p;
		b->pending = q;
		b->codes_cap = cap;
	}
	b->pending[s->ncodes] = (struct sbom_pending){ want, excluded };
	s->code[s->ncodes++] = (struct sbom_code){ .package = package,
		.off = s->item[i].off };
	return 0;
}

static int by_package(const void *x, const void *y)
{
	const struct sbom_member *a = x, *b = y;

	return a->package != b->package ? (a->package > b->package ? 1 : -1) :
	                                  (a->file > b->file) - (a->file < b->file);
}

static int by_digest(const void *x, const void *y)
{
	return memcmp(x, y, DIGEST_LEN_MAX);
}

static int read_excluded(struct sbom_build *b, struct json_val list, struct map *names)
{
	char name[SBOM_PATH_MAX];
	int rc = 0;

	JSON_EACH (x, list) {
		const char *text = json_cstr(x, b->a);
		if (!text)
			return json_fault(x, b->f, "an excluded file must be a string");
		if (sbom_clean_path(name, text))
			continue;
		const char *kept = arena_str(b->a, span_str(name));
		rc = kept ? map_add(names, span_str(kept), names, NULL) : -ENOMEM;
		if (rc < 0)
			return rc;
	}
	return 0;
}

static const struct digest *digest_in(const struct sbom_item *it, enum digest_alg alg)
{
	for (uint32_t i = 0; i < it->nhash; i++)
		if (it->hash[i].digest.alg == alg)
			return &it->hash[i].digest;
	return NULL;
}

/* The digest over sorted digests in hex. */
static int digest_over(uint8_t (*d)[DIGEST_LEN_MAX], size_t n, enum digest_alg alg,
    struct digest *ret_d)
{
	AUTO_HASHER struct hasher *h = NULL;
	struct digest all[DIGEST_ALGS];

	if (n)
		qsort(d, n, sizeof(*d), by_digest);
	int rc = hasher_new(&h, HASH_SET(alg));
	for (size_t i = 0; rc == 0 && i < n; i++) {
		struct digest one = digest_of(alg, d[i]);
		rc = hasher_update(h, DIGEST_HEX(&one), 2 * digest_len(alg));
	}
	if (rc == 0)
		rc = hasher_final(h, all);
	if (rc == 0)
		*ret_d = all[alg];
	return rc;
}

/* The digests of the members that count; *ret_all is false when one has none. */
static int collect(struct sbom_build *b, const struct sbom_pending *p, const struct sbom_member *m,
    size_t n, uint8_t (*d)[DIGEST_LEN_MAX], size_t *ret_used, bool *ret_all)
{
	struct map skip;
	size_t used = 0;
	bool all = true;

	map_init(&skip, SBOM_ITEMS_MAX);
	int rc = read_excluded(b, p->excluded, &skip);
	for (size_t i = 0; rc == 0 && i < n; i++) {
		const struct sbom_item *it = &b->s->item[m[i].file];
		const struct digest *one = digest_in(it, (enum digest_alg)p->want.alg);
		if ((i && m[i].file == m[i - 1].file) ||
		    (it->path && map_get(&skip, span_str(it->path))))
			continue;
		if (one)
			memcpy(d[used++], one->b, one->len);
		all = all && one;
	}
	map_free(&skip);
	*ret_used = used;
	*ret_all = all;
	return rc;
}

static int judge_code(struct sbom_build *b, size_t c, const struct sbom_member *m, size_t n)
{
	const struct sbom_pending *p = &b->pending[c];
	enum sbom_code_state *state = &b->s->code[c].state;
	struct digest got;
	size_t used;
	bool all;

	*state = SBOM_CODE_UNKNOWN;
	AUTO_FREE uint8_t(*d)[DIGEST_LEN_MAX] = calloc(n + 1, sizeof(*d));
	if (!d)
		return -ENOMEM;
	int rc = collect(b, p, m, n, d, &used, &all);
	if (rc < 0 || !all || !n)
		return rc;
	rc = digest_over(d, used, (enum digest_alg)p->want.alg, &got);
	if (rc == 0)
		*state = digest_eq(&got, &p->want) ? SBOM_CODE_RIGHT : SBOM_CODE_WRONG;
	return rc;
}

/* The first member of package, or of a later one. */
static size_t first_of(const struct sbom_build *b, uint32_t package)
{
	size_t lo = 0, hi = b->nmembers;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;
		if (b->member[mid].package < package)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

int build_codes_done(struct sbom_build *b)
{
	int rc = 0;

	if (b->nmembers)
		qsort(b->member, b->nmembers, sizeof(*b->member), by_package);
	for (size_t c = 0; rc == 0 && c < b->s->ncodes; c++) {
		size_t from = first_of(b, b->s->code[c].package);
		size_t to = first_of(b, b->s->code[c].package + 1);
		rc = judge_code(b, c, b->member + from, to - from);
	}
	return rc;
}
