/* SPDX-License-Identifier: Apache-2.0 */

#include "trust/sbom/build.h"

#include "base/hex.h"

#include <errno.h>

/* The names of the algorithms in each format, and the bytes of a digest. 0: any. */
static const struct alg_name {
	const char *name[3]; /* CycloneDX, SPDX 2, SPDX 3 */
	uint8_t len, alg;
} alg_names[] = {
	{ { "SHA-256", "SHA256", "sha256" }, 32, DIGEST_SHA256 },
	{ { "SHA-1", "SHA1", "sha1" }, 20, DIGEST_SHA1 },
	{ { "SHA-512", "SHA512", "sha512" }, 64, DIGEST_SHA512 },
	{ { "MD5", "MD5", "md5" }, 16, DIGEST_MD5 },
	{ { "SHA-384", "SHA384", "sha384" }, 48, DIGEST_SHA384 },
	{ { "", "SHA224", "sha224" }, 28, DIGEST_SHA224 },
	{ { "", "", "sha3_224" }, 28, DIGEST_SHA3_224 },
	{ { "SHA3-256", "SHA3-256", "sha3_256" }, 32, DIGEST_SHA3_256 },
	{ { "SHA3-384", "SHA3-384", "sha3_384" }, 48, DIGEST_SHA3_384 },
	{ { "SHA3-512", "SHA3-512", "sha3_512" }, 64, DIGEST_SHA3_512 },
	{ { "BLAKE2b-512", "BLAKE2b-512", "blake2b512" }, 64, DIGEST_BLAKE2B },
	/* not computed here */
	{ { "BLAKE2b-256", "BLAKE2b-256", "blake2b256" }, 32, DIGEST_NONE },
	{ { "BLAKE2b-384", "BLAKE2b-384", "blake2b384" }, 48, DIGEST_NONE },
	{ { "BLAKE3", "BLAKE3", "blake3" }, 0, DIGEST_NONE },
	{ { "Streebog-256", "", "" }, 32, DIGEST_NONE },
	{ { "Streebog-512", "", "" }, 64, DIGEST_NONE },
	{ { "", "MD2", "md2" }, 16, DIGEST_NONE },
	{ { "", "MD4", "md4" }, 16, DIGEST_NONE },
	{ { "", "MD6", "md6" }, 0, DIGEST_NONE },
	{ { "", "ADLER32", "adler32" }, 4, DIGEST_NONE },
};

int build_text(struct sbom_build *b, struct json_val obj, const char *key, bool must,
    const char **ret_s)
{
	struct json_val v = json_get(obj, key);

	*ret_s = NULL;
	if (!json_ok(v) && !must)
		return 0;
	if (json_type_of(v) != JSON_STR)
		return json_fault(json_ok(v) ? v : obj, b->f, "\"%s\" must be a string", key);
	*ret_s = json_cstr(v, b->a);
	if (!*ret_s)
		return -ENOMEM;
	return must && !(*ret_s)[0] ? json_fault(v, b->f, "\"%s\" must not be empty", key) : 0;
}

int build_array(struct sbom_build *b, struct json_val obj, const char *key, struct json_val *ret_v)
{
	struct json_val v = json_get(obj, key);

	*ret_v = JSON_ABSENT;
	if (json_ok(v) && json_type_of(v) != JSON_ARR)
		return json_fault(v, b->f, "\"%s\" must be an array", key);
	*ret_v = v;
	return 0;
}

/* in without empty and "." components, behind a "/" that is in front. */
static size_t clean(char *out, const char *in, char slash)
{
	size_t n = 0;

	while (*in) {
		const char *end = strchr(in, slash);
		size_t len = end ? (size_t)(end - in) : strlen(in);
		if (len && !(len == 1 && in[0] == '.')) {
			if (n)
				out[n++] = '/';
			memcpy(out + n, in, len);
			n += len;
		}
		in += len + (end != NULL);
	}
	out[n] = 0;
	return n;
}

const char *sbom_clean_path(char *out, const char *name)
{
	if (strlen(name) >= SBOM_PATH_MAX)
		return "it is too long";
	size_t n = clean(out, name, strchr(name, '/') || !strchr(name, '\\') ? '/' : '\\');
	if (!n)
		return "it names nothing";
	for (const char *c = out; c; c = strchr(c, '/'), c = c ? c + 1 : NULL)
		if (strncmp(c, "..", 2) == 0 && (c[2] == '/' || !c[2]))
			return "it leads out of the folder (\"..\")";
	return NULL;
}

static int take_path(struct sbom_build *b, struct json_val at, struct sbom_item *it)
{
	char path[SBOM_PATH_MAX];

	const char *why = sbom_clean_path(path, it->name);
	if (why)
		return json_fault(at, b->f, "the file name %s: %s", QUOTE(span_str(it->name)), why);
	it->path = strcmp(path, it->name) == 0 ? it->name : arena_str(b->a, span_str(path));
	return it->path ? 0 : -ENOMEM;
}

int build_item(struct sbom_build *b, struct json_val at, enum sbom_kind kind, const char *name,
    uint32_t *ret_i)
{
	struct sbom *s = b->s;

	if (s->n == SBOM_ITEMS_MAX)
		return json_fault(at, b->f, "more than %u files and components", SBOM_ITEMS_MAX);
	if (s->n == b->cap) {
		size_t cap = b->cap ? 2 * b->cap : 64;
		struct sbom_item *p = arena_grow(
		    b->a, s->item, b->cap * sizeof(*p), cap * sizeof(*p));
		if (!p)
			return -ENOMEM;
		s->item = p;
		b->cap = cap;
	}
	struct sbom_item *it = &s->item[s->n];
	*it = (struct sbom_item){ .kind = kind, .name = name,
		.off = json_ok(at) ? at.doc->node[at.at].off : 0 };
	int rc = kind == SBOM_FILE ? take_path(b, at, it) : 0;
	if (rc == 0)
		*ret_i = (uint32_t)s->n++;
	return rc;
}

int build_hashes(struct sbom_build *b, struct json_val at, uint32_t i, size_t n)
{
	struct sbom_item *it = &b->s->item[i];

	if (n > SBOM_HASHES_MAX)
		return json_fault(at, b->f, "more than %d digests of one thing", SBOM_HASHES_MAX);
	it->hash = n ? arena_array(b->a, n, sizeof(*it->hash)) : NULL;
	return n && !it->hash ? -ENOMEM : 0;
}

static const struct alg_name *alg_of(const struct sbom_build *b, struct span alg)
{
	for (size_t i = 0; i < ARRAY_LEN(alg_names); i++) {
		const char *name = alg_names[i].name[b->s->format - 1];
		if (name[0] && span_eq_str(alg, name))
			return &alg_names[i];
	}
	return NULL;
}

/* The bytes of a digest in hex. */
static int read_hex(struct sbom_build *b, const struct alg_name *n, struct json_val value,
    struct digest *ret_d)
{
	uint8_t bytes[DIGEST_LEN_MAX];
	struct span hex = json_str(value, b->a);

	if (hex.n != 2 * (size_t)n->len)
		return json_fault(value, b->f, "a %s digest has %u hex digits, not %zu",
		    n->name[b->s->format - 1], 2u * n->len, hex.n);
	if (hex_decode(bytes, hex) < 0)
		return json_fault(value, b->f, "not hex");
	for (size_t i = 0; i < hex.n; i++)
		if (hex.p[i] >= 'A' && hex.p[i] <= 'F') {
			b->s->nupper++;
			break;
		}
	if (n->alg != DIGEST_NONE)
		*ret_d = digest_of((enum digest_alg)n->alg, bytes);
	return 0;
}

int build_hash(struct sbom_build *b, uint32_t i, struct json_val at, struct span alg,
    struct json_val value)
{
	struct sbom_item *it = &b->s->item[i];
	struct sbom_hash h = { 0 };

	if (!alg.p || json_type_of(value) != JSON_STR)
		return json_fault(
		    at, b->f, "a digest must have an algorithm and a value, both strings");
	const struct alg_name *n = alg_of(b, alg);
	h.alg = n ? n->name[b->s->format - 1] : arena_str(b->a, alg);
	if (!h.alg)
		return -ENOMEM;
	int rc = n && n->len ? read_hex(b, n, value, &h.digest) : 0;
	if (rc < 0)
		return rc;
	for (uint32_t k = 0; k < it->nhash; k++)
		if (digest_is_set(&h.digest) && it->hash[k].digest.alg == h.digest.alg)
			return digest_eq(&it->hash[k].digest, &h.digest) ?
			    0 :
			    json_fault(value, b->f, "two different %s digests of one thing", h.alg);
	it->hash[it->nhash++] = h;
	if (digest_is_set(&h.digest))
		b->s->set |= HASH_SET(h.digest.alg);
	return 0;
}

int build_hash_list(struct sbom_build *b, uint32_t i, struct json_val obj, const char *key,
    const char *alg, const char *value)
{
	struct json_val list;

	int rc = build_array(b, obj, key, &list);
	if (rc == 0)
		rc = build_hashes(b, list, i, json_count(list));
	JSON_EACH (h, list) {
		if (rc == 0)
			rc = build_hash(b, i, h, json_str(json_get(h, alg), b->a),
			    json_get(h, value));
	}
	return rc;
}

/* Do they contradict each other in an algorithm that both have? */
static bool contradict(const struct sbom_item *x, const struct sbom_item *y)
{
	for (uint32_t i = 0; i < x->nhash; i++)
		for (uint32_t k = 0; k < y->nhash; k++) {
			const struct digest *d = &x->hash[i].digest, *e = &y->hash[k].digest;
			if (digest_is_set(d) && d->alg == e->alg && !digest_eq(d, e))
				return true;
		}
	return false;
}

/* The first file of a path keeps all digests of the path. */
static int merge(struct sbom_build *b, struct json_val at, struct sbom_item *to,
    const struct sbom_item *from)
{
	if (contradict(to, from))
		return json_fault(at, b->f, "the file %s is named before, with another digest",
		    QUOTE(span_str(from->path)));
	size_t n = to->nhash + from->nhash;
	struct sbom_hash *h = n ? arena_array(b->a, n, sizeof(*h)) : NULL;
	if (n && !h)
		return -ENOMEM;
	if (to->nhash)
		memcpy(h, to->hash, to->nhash * sizeof(*h));
	for (uint32_t i = 0; i < from->nhash; i++) {
		bool there = false;
		for (uint32_t k = 0; k < to->nhash; k++)
			there |= digest_is_set(&from->hash[i].digest) &&
			    to->hash[k].digest.alg == from->hash[i].digest.alg;
		if (!there && to->nhash < SBOM_HASHES_MAX)
			h[to->nhash++] = from->hash[i];
	}
	to->hash = h;
	return 0;
}

int build_done(struct sbom_build *b, struct json_val at, uint32_t i, uint32_t *ret_i)
{
	struct sbom *s = b->s;
	struct sbom_item *it = &s->item[i];
	void *old = NULL;

	*ret_i = i;
	if (it->kind != SBOM_FILE) {
		s->ncomponents++;
		s->nbare += it->nhash == 0;
		return 0;
	}
	int rc = map_add(&b->paths, span_str(it->path), (void *)(uintptr_t)(i + 1), &old);
	if (rc <= 0) {
		s->nfiles += rc == 0;
		return rc;
	}
	*ret_i = (uint32_t)(uintptr_t)old - 1;
	rc = merge(b, at, &s->item[*ret_i], it);
	s->n--; /* it is the last */
	return rc;
}

int build_id(struct sbom_build *b, struct json_val at, const char *id)
{
	int rc = map_add(&b->ids, span_str(id), (void *)((uintptr_t)at.at + 1), NULL);

	return rc > 0 ? json_fault(at, b->f, "the id %s is taken before", QUOTE(span_str(id))) : rc;
}

struct json_val build_node(const struct sbom_build *b, const struct json_doc *doc, struct span id)
{
	uintptr_t at = id.p ? (uintptr_t)map_get(&b->ids, id) : 0;

	return at ? (struct json_val){ doc, (uint32_t)(at - 1) } : JSON_ABSENT;
}

int build_item_id(struct sbom_build *b, const char *id, uint32_t i)
{
	int rc = map_add(&b->items, span_str(id), (void *)((uintptr_t)i + 1), NULL);

	return rc < 0 ? rc : 0;
}

bool build_item_of(const struct sbom_build *b, struct span id, uint32_t *ret_i)
{
	uintptr_t i = id.p ? (uintptr_t)map_get(&b->items, id) : 0;

	if (i)
		*ret_i = (uint32_t)(i - 1);
	return i != 0;
}

int build_member(struct sbom_build *b, uint32_t package, uint32_t file)
{
	if (b->nmembers == b->members_cap) {
		size_t cap = b->members_cap ? 2 * b->members_cap : 256;
		struct sbom_member *p = arena_grow(
		    b->a, b->member, b->nmembers * sizeof(*p), cap * sizeof(*p));
		if (!p)
			return -ENOMEM;
		b->member = p;
		b->members_cap = cap;
	}
	b->member[b->nmembers++] = (struct sbom_member){ package, file };
	return 0;
}
