/* SPDX-License-Identifier: Apache-2.0 */

/* Lookups: hash, filter, bucket, and then the stored value itself. */

#include "intel/db/file.h"
#include "intel/db/path.h"

#include <arpa/inet.h>

const char *intel_how_name(enum intel_how h)
{
	static const char *const names[] = { "same", "parent", "network", "port", "pattern" };

	return h < ARRAY_LEN(names) ? names[h] : "";
}

/* Is the entry this value of this column? */
static bool is_value(const struct column *c, uint32_t entry, struct span value)
{
	DB_NOT_CLEARED uint8_t room[KEY_MAX];
	struct span v;

	return entry >= c->first && entry - c->first < c->n &&
	    column_value(c, entry, room, &v) == 0 && span_eq(v, value);
}

/* The first in [lo, hi) whose rest is not less. */
static uint32_t lower_bound(const uint32_t *rest, uint32_t lo, uint32_t hi, uint32_t r)
{
	while (lo < hi) {
		uint32_t mid = lo + (hi - lo) / 2;
		if (rest[mid] < r)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

/* The entry of a hash that the filter let through. False: no such value. */
static bool find_hash(const struct table *t, const struct column *c, uint64_t hash,
    struct span value, uint32_t *ret_entry)
{
	unsigned bits = t->bucket_bits;
	uint64_t bucket = bits ? hash >> (64 - bits) : 0;
	uint32_t rest = (uint32_t)(hash << bits >> 32);
	uint32_t lo = t->index[bucket], hi = t->index[bucket + 1];

	if (lo > hi || hi > t->n)
		return false;
	/* a bucket that somebody filled on purpose costs time by its logarithm only */
	for (uint32_t i = lower_bound(t->rest, lo, hi, rest); i < hi && t->rest[i] == rest; i++)
		if (is_value(c, t->entry[i], value)) {
			*ret_entry = t->entry[i];
			return true;
		}
	return false;
}

static bool find(const struct intel_db *db, const struct column *c, struct span value,
    uint32_t *ret_entry)
{
	const struct table *t = &db->table[c->side];

	if (!c->n)
		return false;
	uint64_t hash = column_hash(db, c, value);
	return bloom_may_have(t->filter, t->blocks, hash) &&
	    find_hash(t, c, hash, value, ret_entry);
}

static size_t found(struct intel_found *out, size_t n, uint32_t entry, enum intel_how how)
{
	for (size_t i = 0; i < n; i++)
		if (out[i].entry == entry)
			return n;
	if (n < INTEL_FOUND_MAX)
		out[n++] = (struct intel_found){ entry, how };
	return n;
}

bool intel_db_has(const struct intel_db *db, enum indicator_side side, enum indicator_type t)
{
	return db->column[side][t].n > 0;
}

bool intel_db_find(const struct intel_db *db, enum indicator_side side, enum indicator_type t,
    struct span value, uint32_t *ret_entry)
{
	DB_NOT_CLEARED uint8_t room[KEY_MAX];
	size_t n;

	return key_encode(t, value, room, &n) == 0 &&
	    find(db, &db->column[side][t], span_of(room, n), ret_entry);
}

/* --- names --- */

/* How many labels a name has at least, less one: a bad top-level domain is not asked for. */
static size_t skipped(enum indicator_side side)
{
	return side == INDICATOR_BAD;
}

/* Does a claim on the domain speak for the names below it, too? */
static bool covers_below(const struct intel_db *db, uint32_t entry)
{
	const uint32_t *ids = NULL;
	uint32_t n = db_tuples(db, entry, &ids);
	struct indicator i;

	for (uint32_t k = 0; k < n; k++)
		if (db_tuple(db, ids[k], &i) && !i.exact)
			return true;
	return false;
}

/* What the filter let through: the part of the name from at on has this hash. */
static size_t find_name(const struct intel_db *db, const struct column *c, struct span name,
    size_t at, uint64_t hash, struct intel_found *out, size_t hits)
{
	DB_NOT_CLEARED uint8_t low[NAME_MAX_BYTES];
	uint32_t entry;

	for (size_t i = at; i < name.n; i++)
		low[i] = name.p[i] | (name.p[i] >= 'A' && name.p[i] <= 'Z' ? 0x20 : 0);
	if (!find_hash(&db->table[c->side], c, hash, span_of(low + at, name.n - at), &entry) ||
	    !name_ok(name) || (at && !covers_below(db, entry)))
		return hits;
	return found(out, hits, entry, at ? INTEL_PARENT : INTEL_SAME);
}

size_t intel_db_name(const struct intel_db *db, enum indicator_side side, struct span name,
    struct intel_found out[static INTEL_FOUND_MAX])
{
	const struct column *c = &db->column[side][INDICATOR_DOMAIN];
	const struct table *t = &db->table[side];
	DB_NOT_CLEARED struct names n;
	size_t hits = 0;
	bool maybe = false;

	if (!c->n || !name_trim(&name))
		return 0;
	n.n = 0;
	names_add(&n, db->start[INDICATOR_DOMAIN], name, skipped(side), 0);
	for (size_t i = 0; i < n.n; i++) {
		n.v[0][i] = names_end_one(&n, i);
		maybe |= bloom_may_have(t->filter, t->blocks, n.v[0][i]);
	}
	for (size_t i = n.n; maybe && i-- > 0;)
		if (bloom_may_have(t->filter, t->blocks, n.v[0][i]))
			hits = find_name(db, c, name, n.at[i], n.v[0][i], out, hits);
	return hits;
}

static void ask_names(const struct intel_db *db, enum indicator_side side, struct names *n,
    const struct span *name, uint64_t *hit)
{
	DB_NOT_CLEARED struct intel_found out[INTEL_FOUND_MAX];
	const struct table *t = &db->table[side];
	uint64_t touched = 0;

	names_end(n);
	for (size_t i = 0; i < n->n; i++)
		touched += bloom_touch(t->filter, t->blocks, n->v[0][i]);
	__asm__ volatile("" : : "r"(touched)); /* is used */
	for (size_t i = 0; i < n->n; i++) {
		uint32_t k = n->asked[i];
		if (bloom_may_have(t->filter, t->blocks, n->v[0][i]) &&
		    !(hit[k / 64] >> k % 64 & 1) && intel_db_name(db, side, name[k], out) > 0)
			hit[k / 64] |= (uint64_t)1 << k % 64;
	}
	n->n = 0;
}

void intel_db_names(const struct intel_db *db, enum indicator_side side, const struct span *name,
    size_t n, uint64_t *hit)
{
	DB_NOT_CLEARED struct names all;

	all.n = 0;
	memset(hit, 0, (n + 63) / 64 * 8);
	if (!db->column[side][INDICATOR_DOMAIN].n)
		return;
	for (size_t i = 0; i < n; i++) {
		struct span s = name[i];
		if (name_trim(&s))
			names_add(&all, db->start[INDICATOR_DOMAIN], s, skipped(side), (uint32_t)i);
		if (all.n > NAMES - NAME_MAX_LABELS)
			ask_names(db, side, &all, name, hit);
	}
	ask_names(db, side, &all, name, hit);
}

/* --- addresses --- */

/* The address with all bits behind the prefix cleared. */
static void mask_ip(const uint8_t *b, size_t n, unsigned prefix, uint8_t out[static 16])
{
	for (size_t i = 0; i < n; i++) {
		unsigned bits = prefix > 8 * i ? prefix - 8 * (unsigned)i : 0;
		out[i] = (uint8_t)(b[i] & (bits >= 8 ? 0xff : 0xff00 >> bits));
	}
}

/* Every prefix length that some entry has, the longest first. */
static size_t find_nets(const struct intel_db *db, enum indicator_side side, int family,
    const uint8_t *b, struct intel_found *out, size_t hits)
{
	const struct table *t = &db->table[side];
	enum indicator_type type = family == 4 ? INDICATOR_IPV4 : INDICATOR_IPV6;
	const uint64_t *nets = family == 4 ? t->nets4 : t->nets6;
	unsigned bits = family == 4 ? 32 : 128;
	uint8_t key[17], net[16];
	uint32_t entry;

	for (unsigned w = bits / 64 + 1; w-- > 0;)
		for (uint64_t left = nets[w]; left;) {
			unsigned bit = 63 - (unsigned)__builtin_clzll(left), prefix = 64 * w + bit;
			left ^= (uint64_t)1 << bit;
			if (prefix > bits)
				continue;
			mask_ip(b, bits / 8, prefix, net);
			size_t n = key_net(family, net, prefix, key);
			if (find(db, &db->column[side][type], span_of(key, n), &entry))
				hits = found(out, hits, entry,
				    prefix == bits ? INTEL_SAME : INTEL_NETWORK);
		}
	return hits;
}

size_t intel_db_ip(const struct intel_db *db, enum indicator_side side, int family,
    const uint8_t *b, uint16_t port, struct intel_found out[static INTEL_FOUND_MAX])
{
	static const uint8_t mapped[12] = { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff };
	uint8_t key[18];
	uint32_t entry;
	size_t hits = 0;

	if (family == 6 && memcmp(b, mapped, sizeof(mapped)) == 0) {
		family = 4;
		b += sizeof(mapped);
	}
	if (port) {
		key_ip_port(family, b, port, key);
		if (find(db, &db->column[side][INDICATOR_IP_PORT], span_of(key, sizeof(key)),
			&entry))
			hits = found(out, hits, entry, INTEL_ON_PORT);
	}
	return find_nets(db, side, family, b, out, hits);
}

/* --- everything else --- */

size_t intel_db_digest(const struct intel_db *db, enum indicator_side side, enum indicator_type t,
    struct span bytes, struct intel_found out[static INTEL_FOUND_MAX])
{
	uint32_t entry;

	return find(db, &db->column[side][t], bytes, &entry) ? found(out, 0, entry, INTEL_SAME) : 0;
}

void intel_db_digest_soon(const struct intel_db *db, enum indicator_side side,
    enum indicator_type t, struct span bytes)
{
	const struct column *c = &db->column[side][t];
	const struct table *table = &db->table[side];

	if (c->n)
		__builtin_prefetch(table->filter + bloom_at(table->blocks, column_hash(db, c, bytes)));
}

/* What a URL indicator says without its scheme, or of a path alone. */
static size_t find_url_parts(const struct intel_db *db, const struct column *c, struct span url,
    struct intel_found *out, size_t hits)
{
	const uint8_t *mark = memmem(url.p, url.n, "://", 3);
	uint32_t entry;

	if (mark)
		url = span_from(url, (size_t)(mark - url.p) + 3);
	if (mark && find(db, c, url, &entry))
		hits = found(out, hits, entry, INTEL_PATTERN);
	size_t slash = span_find(url, '/');
	struct span path = slash == SIZE_MAX ? SPAN_NONE : span_from(url, slash);
	if (slash > 0 && path.n > 1 && find(db, c, path, &entry))
		hits = found(out, hits, entry, INTEL_PATTERN);
	return hits;
}

#define URL_FOLDERS_MAX 16

/* An indicator that ends in a slash, but for a site's root, stands for what is below it: for
 * raw.githubusercontent.com/x/y/main/ every file there. The longest first. */
static size_t find_url_folders(const struct intel_db *db, const struct column *c, struct span url,
    struct intel_found *out, size_t hits)
{
	const uint8_t *mark = memmem(url.p, url.n, "://", 3);
	size_t host = mark ? (size_t)(mark - url.p) + 3 : 0, end = host, tries = 0;
	uint32_t entry;

	while (end < url.n && url.p[end] != '?' && url.p[end] != '#')
		end++;
	size_t root = host + span_find(span_cut(url, host, end - host), '/');
	if (root < host || root >= end)
		return hits;
	for (size_t at = end - 1; at > root && tries < URL_FOLDERS_MAX; at--) {
		if (url.p[at] != '/' || at + 1 == url.n)
			continue;
		tries++;
		if (find(db, c, span_cut(url, 0, at + 1), &entry))
			hits = found(out, hits, entry, INTEL_PATTERN);
		if (mark && find(db, c, span_cut(url, host, at + 1 - host), &entry))
			hits = found(out, hits, entry, INTEL_PATTERN);
	}
	return hits;
}

/* Feeds write whole URLs in lower case, though paths have case: that spelling is looked up, too. */
static size_t find_url(const struct intel_db *db, const struct column *c, struct span url,
    struct intel_found *out, size_t hits)
{
	DB_NOT_CLEARED uint8_t lower[INDICATOR_VALUE_MAX];
	bool other = false;
	uint32_t entry;

	hits = find_url_parts(db, c, url, out, hits);
	hits = find_url_folders(db, c, url, out, hits);
	if (url.n > sizeof(lower))
		return hits;
	for (size_t i = 0; i < url.n; i++) {
		bool upper = url.p[i] >= 'A' && url.p[i] <= 'Z';
		lower[i] = upper ? url.p[i] | 0x20 : url.p[i];
		other |= upper;
	}
	if (!other)
		return hits;
	url = span_of(lower, url.n);
	if (find(db, c, url, &entry))
		hits = found(out, hits, entry, INTEL_PATTERN);
	hits = find_url_parts(db, c, url, out, hits);
	return find_url_folders(db, c, url, out, hits);
}

size_t intel_db_text(const struct intel_db *db, enum indicator_side side, enum indicator_type t,
    struct span value, struct intel_found out[static INTEL_FOUND_MAX])
{
	const struct column *c = &db->column[side][t];
	DB_NOT_CLEARED uint8_t room[KEY_MAX];
	size_t n = 0, hits = 0;
	uint32_t entry;

	if (!c->n)
		return 0;
	if (key_encode(t, value, room, &n) == 0) {
		for (size_t i = 0; t == INDICATOR_FILE_NAME && i < n; i++)
			room[i] |= room[i] >= 'A' && room[i] <= 'Z' ? 0x20 : 0;
		if (find(db, c, span_of(room, n), &entry))
			hits = found(out, hits, entry, INTEL_SAME);
	}
	if (t == INDICATOR_URL && n)
		hits = find_url(db, c, value, out, hits);
	if (t == INDICATOR_PATH)
		hits = path_find(db, c, value, out, hits);
	return hits;
}
