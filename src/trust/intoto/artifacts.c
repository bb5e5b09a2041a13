/* SPDX-License-Identifier: Apache-2.0 */

/* artifacts: the lists of paths and digests that links carry. */

#include "base/hex.h"
#include "model/digest.h"
#include "trust/intoto/rule.h"
#include "wire/json_olpc.h"

#include <errno.h>
#include <stdlib.h>

#define PATH_MAX_BYTES 65536
#define DIGESTS_MAX 16

static int by_path(const void *a, const void *b)
{
	return span_cmp(((const struct artifact *)a)->path, ((const struct artifact *)b)->path);
}

const struct artifact *artifacts_find(const struct artifacts *l, struct span path)
{
	struct artifact want = { .path = path };

	return l->n ? bsearch(&want, l->item, l->n, sizeof(*l->item), by_path) : NULL;
}

bool artifacts_eq(const struct artifacts *l, const struct artifacts *m)
{
	if (l->n != m->n)
		return false;
	for (size_t i = 0; i < l->n; i++)
		if (!span_eq(l->item[i].path, m->item[i].path) ||
		    !span_eq(l->item[i].digests, m->item[i].digests))
			return false;
	return true;
}

/* Hash functions under which nobody finds a second file. */
static bool is_strong(struct span name)
{
	static const char *const names[] = { "sha256", "sha384", "sha512", "blake2s", "blake2b",
		"blake2b-256" };

	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (span_eq_str(name, names[i]))
			return true;
	return false;
}

static bool is_hex(struct span s)
{
	for (size_t i = 0; i < s.n; i++)
		if (!(s.p[i] >= '0' && s.p[i] <= '9') &&
		    !((s.p[i] | 32) >= 'a' && (s.p[i] | 32) <= 'f'))
			return false;
	return s.n > 0;
}

static int check_digests(struct json_val set, struct arena *a, struct fault *f)
{
	bool strong = false;

	if (json_type_of(set) != JSON_OBJ || json_count(set) > DIGESTS_MAX)
		return json_fault(set, f, "an artifact needs an object of digests");
	JSON_EACH(k, set) {
		struct span name = json_str(k, a), hex = json_str(json_member(k), a);
		enum digest_alg alg = name.p ? digest_alg_of(name) : DIGEST_NONE;
		if (!is_hex(hex) || (alg != DIGEST_NONE && hex.n != 2 * digest_len(alg)))
			return json_fault(k, f, "not a digest of its kind");
		strong |= is_strong(name);
	}
	if (!strong)
		return json_fault(set, f, "no digest of SHA-256 or better: it could be any file");
	return 0;
}

static int read_one(struct artifact *x, struct json_val key, struct arena *a, struct fault *f)
{
	AUTO_BUF struct buf b = BUF_INIT(1u << 20);

	x->path = json_str(key, a);
	if (!x->path.p)
		return -ENOMEM;
	if (x->path.n > PATH_MAX_BYTES)
		return json_fault(key, f, "a path of %zu bytes", x->path.n);
	int rc = check_digests(json_member(key), a, f);
	if (rc == 0)
		rc = json_olpc(&b, json_member(key), a, f);
	if (rc == 0)
		x->digests = arena_dup(a, buf_span(&b), &rc);
	return rc;
}

int artifacts_read(struct artifacts *ret_l, struct json_val v, struct arena *a, struct fault *f)
{
	struct artifacts l = { 0 };

	if (json_type_of(v) != JSON_OBJ)
		return json_fault(v, f, "\"materials\" and \"products\" must be objects");
	if (json_count(v) > ARTIFACTS_MAX)
		return json_fault(v, f, "more than %u artifacts", ARTIFACTS_MAX);
	l.item = arena_array(a, json_count(v), sizeof(*l.item));
	if (!l.item)
		return -ENOMEM;
	JSON_EACH(k, v) {
		int rc = read_one(&l.item[l.n], k, a, f);
		if (rc < 0)
			return rc;
		l.n++;
	}
	if (l.n)
		qsort(l.item, l.n, sizeof(*l.item), by_path);
	*ret_l = l;
	return 0;
}
