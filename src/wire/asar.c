/* SPDX-License-Identifier: Apache-2.0 */

#include "wire/asar.h"

#include "base/cur.h"
#include "base/hex.h"

const char *asar_strerror(int result)
{
	static const char *const words[] = {
		[ASAR_OK] = "fine",
		[ASAR_NOT] = "not an asar archive",
		[ASAR_HEAD_SIZES] = "the sizes in front of the header do not fit",
		[ASAR_JSON] = "the header is not JSON",
		[ASAR_NODE] = "an entry of the header is not a file, a folder or a link, or is two of them",
		[ASAR_NAME] = "a name that is empty, leads out or holds a slash",
		[ASAR_LINK] = "a link that leads out of the archive",
		[ASAR_NUMBER] = "a size or an offset that is no number",
		[ASAR_INTEGRITY] = "an integrity record that is not one",
		[ASAR_DEPTH] = "folders deeper inside each other than is followed",
		[ASAR_PATH] = "a path that is too long",
	};

	return result >= 0 && (size_t)result < ARRAY_LEN(words) ? words[result] : "unknown";
}

int asar_head(struct span head, uint64_t file_size, uint64_t *ret_data, uint32_t *ret_json)
{
	struct cur c = cur_of(head);
	uint32_t four = cur_le32(&c), size = cur_le32(&c), payload = cur_le32(&c);
	uint32_t json = cur_le32(&c);

	if (c.err || four != 4)
		return ASAR_NOT;
	if (json < 2 || json > ASAR_JSON_MAX || size != 8 + (json + 3) / 4 * 4 ||
	    payload != size - 4 || (uint64_t)size + 8 > file_size)
		return ASAR_HEAD_SIZES;
	*ret_data = 8 + (uint64_t)size;
	*ret_json = json;
	return ASAR_OK;
}

void asar_open(struct asar *a, struct span json, struct json_keys *keys)
{
	*a = (struct asar){ 0 };
	json_open(&a->j, json, keys);
}

int asar_json_error(const struct asar *a, size_t *ret_off)
{
	*ret_off = a->j.err ? a->j.err_off : a->j.off;
	return a->j.err;
}

/* --- pieces ---------------------------------------------------------------------------------- */

static int wrong(const struct asar *a, enum asar_result otherwise)
{
	return a->j.err ? ASAR_JSON : (int)otherwise;
}

/* The value that follows a key: of that type, or the code. */
static int value(struct asar *a, enum json_type type, enum asar_result otherwise,
    struct json_tok *ret_t)
{
	*ret_t = json_next(&a->j);
	return a->j.err || ret_t->type != type ? wrong(a, otherwise) : ASAR_OK;
}

static int flag(struct asar *a, bool *ret_is)
{
	struct json_tok t = json_next(&a->j);

	*ret_is = t.type == JSON_TRUE;
	return t.type == JSON_TRUE || t.type == JSON_FALSE ? ASAR_OK : wrong(a, ASAR_NODE);
}

static bool is_key(const struct json_tok *t, const char *s)
{
	return json_str_eq(t->raw, t->escaped, span_str(s));
}

static int size_of(struct asar *a, uint64_t *ret_v)
{
	struct json_tok t;

	int rc = value(a, JSON_NUM, ASAR_NUMBER, &t);
	if (rc == ASAR_OK && (!t.is_int || t.i < 0))
		rc = ASAR_NUMBER;
	*ret_v = rc ? 0 : (uint64_t)t.i;
	return rc;
}

/* Offsets are strings, because JavaScript has no such integers. */
static int offset_of(struct asar *a, uint64_t *ret_v)
{
	struct json_tok t;
	uint64_t v = 0;

	int rc = value(a, JSON_STR, ASAR_NUMBER, &t);
	if (rc)
		return rc;
	if (t.escaped || !t.raw.n || t.raw.n > 18 || (t.raw.p[0] == '0' && t.raw.n > 1))
		return ASAR_NUMBER;
	for (size_t i = 0; i < t.raw.n; i++) {
		if (t.raw.p[i] < '0' || t.raw.p[i] > '9')
			return ASAR_NUMBER;
		v = v * 10 + (t.raw.p[i] - (uint64_t)'0');
	}
	*ret_v = v;
	return ASAR_OK;
}

static bool take_hash(struct span raw, uint8_t out[static ASAR_HASH])
{
	return raw.n == 2 * ASAR_HASH && hex_decode(out, raw) == 0;
}

/* --- integrity ------------------------------------------------------------------------------- */

static int hashes(struct asar *a, struct asar_entry *e)
{
	uint8_t hash[ASAR_HASH];
	struct json_tok t;

	int rc = value(a, JSON_ARR, ASAR_INTEGRITY, &t);
	if (rc)
		return rc;
	size_t from = a->j.off;
	while ((t = json_next(&a->j)).type == JSON_STR) {
		if (!take_hash(t.raw, hash))
			return ASAR_INTEGRITY;
		e->nblocks++;
	}
	if (t.type != JSON_ARR_END)
		return wrong(a, ASAR_INTEGRITY);
	e->blocks = span_cut(a->j.text, from, a->j.off - from);
	return ASAR_OK;
}

bool asar_block(struct span *blocks, uint8_t ret_hash[static ASAR_HASH])
{
	size_t at = span_find(*blocks, '"');

	if (at == SIZE_MAX || !take_hash(span_cut(*blocks, at + 1, 2 * ASAR_HASH), ret_hash))
		return false;
	*blocks = span_from(*blocks, at + 2 + 2 * ASAR_HASH);
	return true;
}

enum { HAS_ALGORITHM = 1, HAS_HASH = 2, HAS_BLOCK_SIZE = 4, HAS_BLOCKS = 8, HAS_ALL = 15 };

static int integrity_member(struct asar *a, const struct json_tok *k, struct asar_entry *e,
    unsigned *has)
{
	struct json_tok t;
	int rc;

	if (is_key(k, "algorithm")) {
		*has |= HAS_ALGORITHM;
		rc = value(a, JSON_STR, ASAR_INTEGRITY, &t);
		return rc || is_key(&t, "SHA256") ? rc : ASAR_INTEGRITY;
	}
	if (is_key(k, "hash")) {
		*has |= HAS_HASH;
		rc = value(a, JSON_STR, ASAR_INTEGRITY, &t);
		return rc || take_hash(t.raw, e->hash) ? rc : ASAR_INTEGRITY;
	}
	if (is_key(k, "blockSize")) {
		*has |= HAS_BLOCK_SIZE;
		rc = size_of(a, &e->block_size);
		return rc || e->block_size ? rc : ASAR_INTEGRITY;
	}
	if (is_key(k, "blocks")) {
		*has |= HAS_BLOCKS;
		return hashes(a, e);
	}
	a->unknown++;
	json_skip(&a->j, k);
	return wrong(a, ASAR_OK);
}

static int integrity(struct asar *a, struct asar_entry *e)
{
	struct json_tok t;
	unsigned has = 0;

	int rc = value(a, JSON_OBJ, ASAR_INTEGRITY, &t);
	while (rc == ASAR_OK && (t = json_next(&a->j)).type == JSON_KEY)
		rc = integrity_member(a, &t, e, &has);
	if (rc)
		return rc;
	e->has_integrity = true;
	return t.type != JSON_OBJ_END || has != HAS_ALL ? wrong(a, ASAR_INTEGRITY) : ASAR_OK;
}

/* --- one node -------------------------------------------------------------------------------- */

enum { HAS_SIZE = 1, HAS_OFFSET = 2, HAS_LINK = 4, HAS_FILES = 8, HAS_INTEGRITY = 16 };

/* A link's target is told from the top of the archive. */
static int link_of(struct asar *a)
{
	struct json_tok t;

	int rc = value(a, JSON_STR, ASAR_LINK, &t);
	if (rc)
		return rc;
	if (!t.raw.n || t.raw.n >= ASAR_PATH_MAX)
		return ASAR_LINK;
	size_t n = json_unescape((uint8_t *)a->link, t.raw);
	a->link[n] = 0;
	if (a->link[0] == '/' || a->link[0] == '\\')
		return ASAR_LINK;
	for (size_t i = 0; i < n;) {
		size_t len = strcspn(a->link + i, "/\\");
		if (len == 2 && a->link[i] == '.' && a->link[i + 1] == '.')
			return ASAR_LINK;
		i += len + 1;
	}
	return ASAR_OK;
}

static int member(struct asar *a, const struct json_tok *k, struct asar_entry *e, unsigned *has)
{
	if (is_key(k, "size")) {
		*has |= HAS_SIZE;
		return size_of(a, &e->size);
	}
	if (is_key(k, "offset")) {
		*has |= HAS_OFFSET;
		return offset_of(a, &e->offset);
	}
	if (is_key(k, "link")) {
		*has |= HAS_LINK;
		return link_of(a);
	}
	if (is_key(k, "integrity")) {
		*has |= HAS_INTEGRITY;
		return integrity(a, e);
	}
	if (is_key(k, "unpacked"))
		return flag(a, &e->unpacked);
	if (is_key(k, "executable"))
		return flag(a, &e->executable);
	a->unknown++;
	json_skip(&a->j, k);
	return wrong(a, ASAR_OK);
}

/* One thing, and all that belongs to it. */
static int settle(struct asar *a, struct asar_entry *e, unsigned has)
{
	unsigned file = HAS_SIZE | HAS_OFFSET;

	if (has & HAS_LINK) {
		e->type = ASAR_SYMLINK;
		e->link = a->link;
		return has == HAS_LINK ? ASAR_OK : ASAR_NODE;
	}
	e->type = ASAR_FILE;
	has &= ~(unsigned)HAS_INTEGRITY;
	return has == (e->unpacked ? HAS_SIZE : file) ? ASAR_OK : ASAR_NODE;
}

/* "files" of a node: what follows is inside it. Whatever else it says comes behind. */
static int enter(struct asar *a, unsigned has)
{
	struct json_tok t;

	if (has)
		return ASAR_NODE;
	if (a->depth == ASAR_DEPTH_MAX)
		return ASAR_DEPTH;
	a->up[++a->depth] = a->npath;
	return value(a, JSON_OBJ, ASAR_NODE, &t);
}

static int node(struct asar *a, struct asar_entry *e)
{
	struct json_tok t;
	unsigned has = 0;

	int rc = value(a, JSON_OBJ, ASAR_NODE, &t);
	while (rc == ASAR_OK && (t = json_next(&a->j)).type == JSON_KEY) {
		if (is_key(&t, "files")) {
			e->type = ASAR_DIR;
			return enter(a, has);
		}
		rc = member(a, &t, e, &has);
	}
	if (rc == ASAR_OK && t.type != JSON_OBJ_END)
		rc = wrong(a, ASAR_NODE);
	return rc ? rc : settle(a, e, has);
}

/* --- the walk -------------------------------------------------------------------------------- */

static int push_name(struct asar *a, const struct json_tok *k)
{
	size_t at = a->up[a->depth], slash = at != 0;

	if (k->raw.n + slash >= ASAR_PATH_MAX - at)
		return ASAR_PATH;
	if (slash)
		a->path[at] = '/';
	char *name = a->path + at + slash;
	size_t n = json_unescape((uint8_t *)name, k->raw);
	name[n] = 0;
	if (!n || memchr(name, '/', n) || strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
		return ASAR_NAME;
	a->npath = at + slash + n;
	return ASAR_OK;
}

/* Behind a folder's "files": its other members, up to its end. */
static int leave(struct asar *a)
{
	struct asar_entry e = { 0 };
	struct json_tok t;
	unsigned has = 0;
	int rc = ASAR_OK;

	while (rc == ASAR_OK && (t = json_next(&a->j)).type == JSON_KEY)
		rc = member(a, &t, &e, &has);
	if (rc == ASAR_OK && (t.type != JSON_OBJ_END || has))
		rc = wrong(a, ASAR_NODE);
	a->depth--;
	return rc;
}

static int step(struct asar *a, struct asar_entry *e)
{
	struct json_tok t;
	int rc = ASAR_OK;

	if (!a->begun) {
		a->begun = true;
		rc = node(a, e);
		if (rc || e->type != ASAR_DIR)
			return rc ? rc : ASAR_NODE;
		*e = (struct asar_entry){ 0 };
	}
	while (a->depth && (t = json_next(&a->j)).type == JSON_OBJ_END) {
		rc = leave(a);
		if (rc)
			return rc;
	}
	if (!a->depth) {
		(void)json_next(&a->j); /* nothing may follow */
		return wrong(a, ASAR_OK);
	}
	if (t.type != JSON_KEY)
		return wrong(a, ASAR_NODE);
	rc = push_name(a, &t);
	e->path = a->path;
	e->link = "";
	return rc ? rc : node(a, e);
}

int asar_next(struct asar *a, struct asar_entry *ret_e)
{
	*ret_e = (struct asar_entry){ 0 };
	if (!a->err)
		a->err = step(a, ret_e);
	if (a->err)
		*ret_e = (struct asar_entry){ 0 };
	return a->err;
}
