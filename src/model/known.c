/* SPDX-License-Identifier: Apache-2.0 */

#include "model/known.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>

#define NO_VERSION UINT32_MAX

/* One line of a list: a digest in one version under one path. */
struct known_record {
	const uint8_t *key;
	const char *path;
	uint32_t version; /* as they came; NO_VERSION */
	uint8_t key_len;
};

struct span known_key(const struct digest *d, uint8_t out[static KNOWN_KEY_MAX])
{
	out[0] = d->alg;
	memcpy(out + 1, d->b, d->len);
	return span_of(out, 1u + d->len);
}

int known_key_digest(struct span key, struct digest *ret_d)
{
	if (!key.n || key.n != 1 + digest_len(key.p[0]) || key.n == 1)
		return -EINVAL;
	*ret_d = digest_of(key.p[0], key.p + 1);
	return 0;
}

bool known_is_empty_file(const struct digest *d)
{
	static const char *const empty[] = { "md5:d41d8cd98f00b204e9800998ecf8427e",
		"sha1:da39a3ee5e6b4b0d3255bfef95601890afd80709",
		"sha224:d14a028c2a3a2bc9476102bb288234c415a2b01f828ea62ac5b3e42f",
		"sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
		"sha384:38b060a751ac96384cd9327eb1b1e36a21fdb71114be07434c0cc7bf63f6e1da"
		"274edebfe76f65fbd51ad2f14898b95b",
		"sha512:cf83e1357eefb8bdf1542850d66d8007d620e4050b5715dc83f4a921d36ce9ce"
		"47d0d13c5d85f2b0ff8318d2877eec2f63b931bd47417a81a538327af927da3e" };
	char text[DIGEST_TEXT_MAX];

	digest_text(d, text);
	for (size_t i = 0; i < ARRAY_LEN(empty); i++)
		if (strcmp(text, empty[i]) == 0)
			return true;
	return false;
}

/* A run of digits without zeros in front. */
static struct span number(const char **s)
{
	while (**s == '0' && isdigit((uint8_t)(*s)[1]))
		(*s)++;
	const char *start = *s;
	while (isdigit((uint8_t)**s))
		(*s)++;
	return span_of(start, (size_t)(*s - start));
}

/* '-' opens a pre-release: before the end, which is before everything else. */
static int rank(char c)
{
	return c == '-' ? 0 : c ? 1 + (uint8_t)c : 1;
}

int known_version_cmp(const char *a, const char *b)
{
	const char *x = a, *y = b;

	while (*x || *y) {
		if (isdigit((uint8_t)*x) && isdigit((uint8_t)*y)) {
			struct span m = number(&x), n = number(&y);
			int c = m.n != n.n ? (m.n < n.n ? -1 : 1) : memcmp(m.p, n.p, m.n);
			if (c)
				return c;
		} else if (*x != *y) {
			return rank(*x) < rank(*y) ? -1 : 1;
		} else {
			x++;
			y++;
		}
	}
	return strcmp(a, b);
}

struct span known_base_name(const char *path, char out[static KNOWN_PATH_MAX + 1])
{
	const char *slash = strrchr(path, '/');
	size_t n = 0;

	for (const char *s = slash ? slash + 1 : path; *s && n < KNOWN_PATH_MAX; s++)
		out[n++] = (char)tolower((uint8_t)*s);
	out[n] = 0;
	return span_of(out, n);
}

/* --- building --- */

void known_list_init(struct known_list *l)
{
	*l = (struct known_list){ .arena = ARENA_INIT(KNOWN_ARENA_MAX), .last = NO_VERSION,
		.info.imported = TS_NONE };
	map_init(&l->versions, KNOWN_VERSIONS_MAX);
}

void known_list_free(struct known_list *l)
{
	if (!l)
		return;
	map_free(&l->versions);
	free(l->rec);
	free(l->version);
	arena_free(&l->arena);
	*l = (struct known_list){ 0 };
}

void known_list_free_p(struct known_list **l)
{
	known_list_free(*l);
	*l = NULL;
}

/* Room for one more of size bytes. */
static int grow(void *pp, uint32_t n, uint32_t *cap, size_t size)
{
	void **p = pp;

	if (n < *cap)
		return 0;
	uint32_t want = *cap ? *cap * 2 : 1024;
	void *q = reallocarray(*p, want, size);
	if (!q)
		return -ENOMEM;
	*p = q;
	*cap = want;
	return 0;
}

static int new_version(struct known_list *l, struct span text, uint32_t *ret)
{
	if (l->nversion == KNOWN_VERSIONS_MAX)
		return -ENOSPC;
	int rc = grow(&l->version, l->nversion, &l->version_cap, sizeof(*l->version));
	if (rc < 0)
		return rc;
	char *s = arena_str(&l->arena, text);
	if (!s)
		return -ENOMEM;
	/* the map's values are one more than the index, so that NULL is "not there" */
	rc = map_add(&l->versions, span_str(s), (void *)(uintptr_t)(l->nversion + 1), NULL);
	if (rc < 0)
		return rc;
	l->version[l->nversion] = s;
	*ret = l->nversion++;
	return 0;
}

/* Lists name the same version many times in a row. */
static int version_index(struct known_list *l, struct span text, uint32_t *ret)
{
	if (!text.p) {
		*ret = NO_VERSION;
		return 0;
	}
	if (l->last != NO_VERSION && span_eq_str(text, l->version[l->last])) {
		*ret = l->last;
		return 0;
	}
	uintptr_t at = (uintptr_t)map_get(&l->versions, text);
	int rc = 0;
	if (at)
		*ret = (uint32_t)(at - 1);
	else
		rc = new_version(l, text, ret);
	if (rc == 0)
		l->last = *ret;
	return rc;
}

static bool same_key(const struct known_record *r, struct span key)
{
	return r->key_len == key.n && memcmp(r->key, key.p, key.n) == 0;
}

int known_list_add(
    struct known_list *l, const struct digest *d, struct span version, struct span path)
{
	uint8_t buf[KNOWN_KEY_MAX];
	struct span key = known_key(d, buf);
	struct known_record r = { .key_len = (uint8_t)key.n };
	const struct known_record *prev = l->nrec ? &l->rec[l->nrec - 1] : NULL;

	if (known_is_empty_file(d))
		return 0;
	FB_ASSERT(!path.p || (path.n && path.n <= KNOWN_PATH_MAX && path.p[path.n - 1] != '/'));
	int rc = version_index(l, version, &r.version);
	if (rc < 0)
		return rc;
	bool again = prev && same_key(prev, key);
	if (again && !path.p && !prev->path && prev->version == r.version)
		return 0;
	if (l->nrec == KNOWN_RECORDS_MAX)
		return -ENOSPC;
	r.key = again ? prev->key : arena_dup(&l->arena, key, &rc).p;
	if (rc == 0 && path.p && !(r.path = arena_str(&l->arena, path)))
		rc = -ENOMEM;
	if (rc == 0)
		rc = grow(&l->rec, l->nrec, &l->cap, sizeof(*l->rec));
	if (rc == 0)
		l->rec[l->nrec++] = r;
	return rc;
}

/* --- sealing --- */

static int by_version(const void *a, const void *b)
{
	const char *const *x = a, *const *y = b;
	return known_version_cmp(*x, *y);
}

/* Versions into their order; records get the new numbers. */
static int sort_versions(struct known_list *l)
{
	const char **sorted = arena_array(&l->arena, l->nversion + 1u, sizeof(*sorted));
	uint32_t *to = arena_array(&l->arena, l->nversion + 1u, sizeof(*to));

	if (!sorted || !to)
		return -ENOMEM;
	if (l->nversion)
		memcpy(sorted, l->version, l->nversion * sizeof(*sorted));
	qsort(sorted, l->nversion, sizeof(*sorted), by_version);
	for (uint32_t i = 0; i < l->nversion; i++)
		to[(uintptr_t)map_get(&l->versions, span_str(sorted[i])) - 1] = i;
	for (uint32_t i = 0; i < l->nrec; i++)
		if (l->rec[i].version != NO_VERSION)
			l->rec[i].version = to[l->rec[i].version];
	l->info.version = sorted;
	l->info.nversions = l->nversion;
	return 0;
}

static int by_key(const void *a, const void *b)
{
	const struct known_record *x = a, *y = b;
	int c = span_cmp(span_of(x->key, x->key_len), span_of(y->key, y->key_len));

	if (c)
		return c;
	return x->version < y->version ? -1 : x->version > y->version;
}

static int by_base(const void *a, const void *b)
{
	const struct known_path *x = a, *y = b;
	int c = span_cmp(x->base, y->base);

	if (c == 0)
		c = strcmp(x->path, y->path);
	return c ? c : x->entry < y->entry ? -1 : x->entry > y->entry;
}

/* The records from i on that have one key; *ret_n of them. */
static int make_entry(struct known_list *l, uint32_t i, uint32_t *ret_n)
{
	const struct known_record *r = &l->rec[i];
	struct known_entry *e = &l->entry[l->nentries];
	uint32_t n = 1, nver = 0;

	while (i + n < l->nrec && same_key(&r[n], span_of(r->key, r->key_len)))
		n++;
	uint32_t *v = arena_array(&l->arena, n, sizeof(*v));
	if (!v)
		return -ENOMEM;
	for (uint32_t k = 0; k < n; k++) {
		if (r[k].version != NO_VERSION && (!nver || v[nver - 1] != r[k].version))
			v[nver++] = r[k].version;
		if (r[k].path)
			l->path[l->npaths++] = (struct known_path){ .path = r[k].path,
				.entry = l->nentries };
	}
	*e = (struct known_entry){ span_of(r->key, r->key_len), v, nver };
	l->info.algs |= 1u << r->key[0];
	l->nentries++;
	*ret_n = n;
	return 0;
}

static int sort_paths(struct known_list *l)
{
	uint32_t kept = 0;
	int rc = 0;

	for (uint32_t i = 0; i < l->npaths && rc == 0; i++) {
		char base[KNOWN_PATH_MAX + 1];
		l->path[i].base = arena_dup(&l->arena, known_base_name(l->path[i].path, base), &rc);
	}
	if (rc < 0)
		return rc;
	qsort(l->path, l->npaths, sizeof(*l->path), by_base);
	for (uint32_t i = 0; i < l->npaths; i++)
		if (!kept || by_base(&l->path[kept - 1], &l->path[i]) != 0)
			l->path[kept++] = l->path[i];
	l->npaths = kept;
	return 0;
}

int known_list_seal(struct known_list *l)
{
	uint32_t npaths = 0, n = 0;
	int rc = sort_versions(l);

	if (rc < 0)
		return rc;
	if (l->nrec)
		qsort(l->rec, l->nrec, sizeof(*l->rec), by_key);
	for (uint32_t i = 0; i < l->nrec; i++)
		npaths += l->rec[i].path != NULL;
	l->entry = arena_array(&l->arena, l->nrec + 1u, sizeof(*l->entry));
	l->path = arena_array(&l->arena, npaths + 1u, sizeof(*l->path));
	if (!l->entry || !l->path)
		return -ENOMEM;
	for (uint32_t i = 0; i < l->nrec && rc == 0; i += n)
		rc = make_entry(l, i, &n);
	if (rc == 0)
		rc = sort_paths(l);
	l->info.digests = l->nentries;
	l->info.paths = l->npaths;
	free(l->rec);
	l->rec = NULL;
	l->nrec = l->cap = 0;
	return rc;
}
