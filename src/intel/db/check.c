/* SPDX-License-Identifier: Apache-2.0 */

/* Reads all of a file: digests first, then whether what they vouch for fits together. */

#include "intel/db/file.h"
#include "intel/db/path.h"
#include "intel/db/tuple.h"

#include <errno.h>

static int damaged(const struct intel_db *db, struct fault *f, const char *what, uint64_t at)
{
	return fault_set(f, -EBADMSG, "%s: damaged: %s at %llu: import the feeds again, or go back "
	    "to the database before it", QUOTE(span_str(db->name)), what, (unsigned long long)at);
}

static int check_digests(const struct intel_db *db, struct fault *f)
{
	uint64_t at = DB_HEADER;
	struct span part[DB_HOT];
	uint8_t content[32], salt[16];

	for (unsigned s = 0; s < DB_SECTIONS; s++) {
		const struct db_place *p = &db->h.place[s];
		for (; at < p->off; at++)
			if (db->map.s.p[at])
				return damaged(db, f, "bytes between sections", at);
		struct digest d = sha256_of(db_section(db, (enum db_section)s));
		if (memcmp(d.b, p->sha256, 32) != 0)
			return damaged(db, f, db_section_name((enum db_section)s), p->off);
		at = p->off + p->len;
		if (s < DB_HOT)
			part[s] = span_of(p->sha256, 32);
	}
	sha256_parts(part, DB_HOT, content);
	db_salt(content, salt);
	if (memcmp(content, db->h.content, 32) != 0 || memcmp(salt, db->h.salt, 16) != 0)
		return damaged(db, f, "the digest of the content", 0);
	return 0;
}

/* --- claims --- */

static bool is_text(struct span strings, uint32_t at)
{
	return at < strings.n && (at == 0 || strings.p[at - 1] == 0);
}

static int check_tuples(const struct intel_db *db, struct fault *f)
{
	struct span strings = db_section(db, DB_STRINGS), tuples = db_section(db, DB_TUPLES);

	if (strings.p[0] || strings.p[strings.n - 1])
		return damaged(db, f, "the texts", 0);
	for (size_t i = 0; i < tuples.n / sizeof(struct db_tuple); i++) {
		struct db_tuple t;
		memcpy(&t, tuples.p + i * sizeof(t), sizeof(t));
		if (!is_text(strings, t.source) || !is_text(strings, t.category) ||
		    !is_text(strings, t.campaign) || !is_text(strings, t.note) ||
		    !is_text(strings, t.licence) || t.confidence > 100 || t.exact > 1 ||
		    t.tlp >= TLPS || t.zero)
			return damaged(db, f, "a claim", i);
	}
	return 0;
}

/* An entry's claims are by different sources, in order. */
static int check_claims(const struct intel_db *db, uint32_t entry, uint64_t *claims,
    struct fault *f)
{
	const uint32_t *ids = NULL;
	uint32_t n = db_tuples(db, entry, &ids);
	struct indicator i, last = { 0 };

	if (n == 1 ? ids[0] >= db_section(db, DB_TUPLES).n / sizeof(struct db_tuple) : n == 0)
		return damaged(db, f, "the claims of entry", entry);
	for (uint32_t k = 0; k < n && n > 1; k++) {
		if (!db_tuple(db, ids[k], &i) || (k && strcmp(last.source, i.source) >= 0))
			return damaged(db, f, "the claims of entry", entry);
		last = i;
	}
	*claims += n;
	return 0;
}

static int check_sources(const struct intel_db *db, struct fault *f)
{
	AUTO_BUF struct buf want = BUF_INIT(256u << 20);
	int rc = sources_make(db, &want, f);

	if (rc == -EBADMSG || (rc == 0 && !span_eq(buf_span(&want), db_section(db, DB_SOURCES))))
		return damaged(db, f, "the sources", 0);
	return rc;
}

/* --- values and tables --- */

struct sums {
	uint64_t pairs, nets4[1], nets6[3];
};

/* Adds up what a table says of an entry, in any order: its number and the bits of its hash. */
static void add_pair(struct sums *s, uint64_t bits, uint32_t entry)
{
	uint64_t x = (bits ^ (uint64_t)entry * 0xd6e8feb86659fd93u) * 0x9e3779b97f4a7c15u;

	x ^= x >> 31;
	s->pairs += x * 0xbf58476d1ce4e5b9u;
}

static int check_value(const struct intel_db *db, const struct column *c, struct span v,
    struct sums *s)
{
	const struct table *t = &db->table[c->side];
	uint64_t hash = column_hash(db, c, v);

	if (c->type == INDICATOR_IPV4 || c->type == INDICATOR_IPV6) {
		size_t bytes = c->width - 1;
		if (v.p[bytes] > 8 * bytes)
			return -EBADMSG;
		(c->type == INDICATOR_IPV4 ? s->nets4 : s->nets6)[v.p[bytes] / 64] |=
		    (uint64_t)1 << v.p[bytes] % 64;
	} else if (!c->width && memchr(v.p, 0, v.n) && c->type != INDICATOR_AUTHENTIHASH &&
	    c->type != INDICATOR_CERT) {
		return -EBADMSG;
	}
	return bloom_may_have(t->filter, t->blocks, hash) ? 0 : -EBADMSG;
}

static int check_column(const struct intel_db *db, const struct column *c, struct sums *s,
    uint64_t *claims, struct fault *f)
{
	unsigned bits = db->table[c->side].bucket_bits;
	DB_NOT_CLEARED uint8_t last[KEY_MAX];
	DB_NOT_CLEARED struct walk w;
	size_t last_n = 0;
	struct span v;
	int rc;

	walk_start(&w, c);
	while ((rc = walk_next(&w, &v)) == 1) {
		uint32_t entry = c->first + w.i - 1;
		if ((w.i > 1 && span_cmp(span_of(last, last_n), v) >= 0) ||
		    check_value(db, c, v, s) < 0)
			return damaged(db, f, "the value of entry", entry);
		memcpy(last, v.p, v.n);
		last_n = v.n;
		add_pair(s, column_hash(db, c, v) >> (32 - bits), entry);
		rc = check_claims(db, entry, claims, f);
		if (rc < 0)
			return rc;
	}
	return rc < 0 ? damaged(db, f, "the value of entry", c->first + w.i) : 0;
}

static int check_table(const struct intel_db *db, enum indicator_side side, const struct sums *want,
    struct fault *f)
{
	const struct table *t = &db->table[side];
	uint64_t buckets = t->n ? (uint64_t)1 << t->bucket_bits : 0;
	struct sums got = { 0 };

	if (memcmp(want->nets4, t->nets4, sizeof(t->nets4)) != 0 ||
	    memcmp(want->nets6, t->nets6, sizeof(t->nets6)) != 0)
		return damaged(db, f, "the networks' sizes", 0);
	if (t->n && (t->index[0] != 0 || t->index[buckets] != t->n))
		return damaged(db, f, "the index", 0);
	for (uint64_t b = 0; b < buckets; b++) {
		if (t->index[b] > t->index[b + 1] || t->index[b + 1] > t->n)
			return damaged(db, f, "the index", b);
		for (uint32_t i = t->index[b]; i < t->index[b + 1]; i++) {
			if (i > t->index[b] && t->rest[i] < t->rest[i - 1])
				return damaged(db, f, "the order of hashes", i);
			add_pair(&got, b << 32 | t->rest[i], t->entry[i]);
		}
	}
	return got.pairs == want->pairs ? 0 : damaged(db, f, "the hashes", 0);
}

static int check_side(const struct intel_db *db, enum indicator_side side, uint64_t *claims,
    struct fault *f)
{
	struct sums sums = { 0 };
	int rc = 0;

	for (unsigned t = 0; t < DB_TYPES && rc == 0; t++)
		rc = check_column(db, &db->column[side][t], &sums, claims, f);
	if (rc == 0)
		rc = check_table(db, side, &sums, f);
	if (rc == 0 && path_index_check(&db->column[side][INDICATOR_PATH],
			   db->table[side].pattern) < 0)
		return damaged(db, f, "the index of paths", 0);
	return rc;
}

int intel_db_check(const struct intel_db *db, struct fault *f)
{
	uint64_t claims = 0;
	int rc = check_digests(db, f);

	if (rc == 0)
		rc = check_tuples(db, f);
	if (rc == 0)
		rc = check_sources(db, f);
	for (unsigned s = 0; s < DB_SIDES && rc == 0; s++)
		rc = check_side(db, (enum indicator_side)s, &claims, f);
	if (rc == 0 && claims != db->h.claims)
		return damaged(db, f, "the number of claims", claims);
	return rc;
}
