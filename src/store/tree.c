/* SPDX-License-Identifier: Apache-2.0 */

/*
 * tree: the Merkle tree over the entries. Complete subtrees are kept: level 0 is entry.leaf, the
 * levels above are node (level, idx), which covers the entries [idx << level, (idx + 1) << level).
 */

#include "store/priv.h"

#include <errno.h>
#include <stdio.h>

#define ADVICE "see firebreak ledger verify"

static int altered(struct store *s, struct fault *f, const char *what, uint64_t size)
{
	return fault_set(f, -EUCLEAN, "%s: the ledger was altered: %s (at size %llu); " ADVICE,
	    QUOTE(span_str(s->dbpath)), what, (unsigned long long)size);
}

int tree_get(void *ctx, unsigned level, uint64_t idx, struct mhash *ret)
{
	struct tree_io *io = ctx;
	AUTO_Q struct db_q q = db_query(io->s, io->f, level ?
		  "SELECT hash FROM node WHERE level = ? AND idx = ?" :
		  "SELECT leaf FROM entry WHERE seq = ?");

	if (level)
		db_int(&q, level);
	db_int(&q, (int64_t)idx);
	int rc = db_row(&q);
	if (rc < 0)
		return rc;
	struct span h = rc ? db_col(&q, 0) : SPAN_NONE;
	if (h.n != MERKLE_LEN)
		return altered(io->s, io->f, "a hash is missing", (idx + 1) << level);
	memcpy(ret->b, h.p, MERKLE_LEN);
	return 0;
}

static int put_node(void *ctx, unsigned level, uint64_t idx, const struct mhash *h)
{
	struct tree_io *io = ctx;

	if (!level)
		return 0; /* entry.leaf */
	AUTO_Q struct db_q q = db_query(io->s, io->f,
	    "INSERT INTO node (level, idx, hash) VALUES (?, ?, ?)");
	db_int(&q, level);
	db_int(&q, (int64_t)idx);
	db_blob(&q, span_of(h->b, MERKLE_LEN));
	return db_run(&q);
}

int tree_add(struct store *s, const struct mhash *leaf, struct fault *f)
{
	return merkle_grow(&s->head.tree, leaf, put_node, &(struct tree_io){ s, f });
}

static int db_version(struct store *s, int64_t *ret, struct fault *f)
{
	AUTO_Q struct db_q q = db_query(s, f, "PRAGMA data_version");
	int rc = db_row(&q);

	if (rc > 0)
		*ret = db_col_int(&q, 0);
	return rc < 0 ? rc : 0;
}

/* The newest checkpoint must be ours and speak of exactly this tree: what is signed next vouches
 * for all of it again, so altered entries must not get in that way. */
static int check_signed(struct store *s, const struct ledger_head *h, struct fault *f)
{
	AUTO_Q struct db_q q = db_query(s, f,
	    "SELECT note FROM checkpoint ORDER BY size DESC LIMIT 1");
	struct checkpoint c;
	uint64_t size = h->tree.size;
	int rc = db_row(&q);

	if (rc <= 0)
		return rc < 0 ? rc : altered(s, f, "no signed checkpoint", size);
	if (ledger_checkpoint_open(s, db_col(&q, 0), &c, NULL) != 0)
		return altered(s, f, "the newest checkpoint is not signed by this ledger's key", size);
	struct mhash root = merkle_edge_root(&h->tree);
	if (c.size != h->tree.size || !mhash_eq(&root, &c.root))
		return altered(s, f, "the entries are not those of the newest signed checkpoint", size);
	return 0;
}

static int load(struct store *s, const struct checkpoint *seen, struct fault *f)
{
	struct ledger_head h = { .loaded = true };
	uint64_t size;
	int rc = db_version(s, &h.version, f);

	if (rc == 0)
		rc = ledger_size(s, &size, f);
	if (rc == 0)
		rc = head_check(s, seen, size, f);
	if (rc == 0)
		rc = merkle_edge_load(&h.tree, size, tree_get, &(struct tree_io){ s, f });
	if (rc == 0)
		rc = check_signed(s, &h, f);
	if (rc == 0) {
		s->head = h;
		s->whole = (struct merkle_edge){ 0 }; /* somebody else wrote */
	}
	return rc;
}

int tree_load(struct store *s, struct fault *f)
{
	struct checkpoint seen = { 0 };
	int64_t version;
	bool own;
	int rc = db_version(s, &version, f);

	if (rc < 0 || (s->head.loaded && (s->head.dirty || s->head.version == version)))
		return rc;
	rc = head_read(s, &seen);
	if (rc >= 0)
		rc = db_look(s, &own, f);
	if (rc < 0)
		return rc;
	rc = load(s, &seen, f);
	db_look_end(s, own);
	return rc;
}

/* Every pair of siblings on the way from seq up to `level` is under a signed root. */
static void know(struct store *s, uint64_t seq, unsigned level, const struct known_pair *pair)
{
	for (unsigned l = 0; l < level; l++) {
		s->known[l] = pair[l];
		s->known[l].set = true;
		s->known[l].parent = seq >> (l + 1);
	}
}

int tree_proves(struct store *s, uint64_t seq, const struct mhash *leaf, struct fault *f)
{
	struct known_pair pair[64];
	struct mhash up = *leaf, want;
	unsigned level = 0, top;

	if (!s->head.loaded || seq >= s->head.tree.size)
		return altered(s, f, "an entry is beyond its end", s->head.tree.size);
	/* The complete subtree along the edge that holds seq. */
	top = 63u - (unsigned)__builtin_clzll(seq ^ s->head.tree.size);
	want = s->head.tree.edge[top];
	for (; level < top; level++) {
		const struct known_pair *k = &s->known[level];
		uint64_t idx = seq >> level;
		if (k->set && k->parent == idx >> 1) {
			want = k->h[idx & 1];
			break;
		}
		int rc = tree_get(&(struct tree_io){ s, f }, level, idx ^ 1, &pair[level].h[~idx & 1]);
		if (rc < 0)
			return rc;
		pair[level].h[idx & 1] = up;
		up = merkle_node(&pair[level].h[0], &pair[level].h[1]);
	}
	if (!mhash_eq(&up, &want))
		return fault_set(f, -EBADMSG, "%s: ledger entry %llu is not what was signed; " ADVICE,
		    QUOTE(span_str(s->dbpath)), (unsigned long long)seq);
	know(s, seq, level, pair);
	return 0;
}

int tree_seal(struct store *s, struct fault *f)
{
	struct checkpoint c = { .size = s->head.tree.size, .root = merkle_edge_root(&s->head.tree) };

	snprintf(c.origin, sizeof(c.origin), "%s", s->origin);
	buf_reset(&s->note);
	int rc = checkpoint_sign(&c, s->key, &s->note);
	if (rc < 0)
		return fault_set(f, rc, "%s: cannot sign a checkpoint: %s", QUOTE(span_str(s->dbpath)),
		    strerror(-rc));
	AUTO_Q struct db_q q = db_query(s, f, "INSERT INTO checkpoint (size, note) VALUES (?, ?)");
	db_int(&q, (int64_t)c.size);
	db_blob(&q, buf_span(&s->note));
	rc = db_run(&q);
	if (rc == 0)
		s->head.dirty = false;
	return rc;
}

/* A tree of that size has been: what is added later does not change it. */
static int check_size(struct store *s, uint64_t size, struct fault *f)
{
	uint64_t now;
	int rc = ledger_size(s, &now, f);

	if (rc == 0 && size > now)
		return fault_set(f, -ERANGE, "the ledger has %llu entries, not %llu",
		    (unsigned long long)now, (unsigned long long)size);
	return rc;
}

int ledger_prove_inclusion(struct store *s, uint64_t seq, uint64_t size, struct mhash *proof,
    size_t *ret_n, struct fault *f)
{
	bool own;
	int rc;

	if (seq >= size)
		return fault_set(f, -ERANGE, "entry %llu is not among the first %llu",
		    (unsigned long long)seq, (unsigned long long)size);
	rc = db_look(s, &own, f);
	if (rc < 0)
		return rc;
	rc = check_size(s, size, f);
	if (rc == 0)
		rc = merkle_prove_inclusion(seq, size, tree_get, &(struct tree_io){ s, f }, proof, ret_n);
	db_look_end(s, own);
	return rc;
}

int ledger_prove_consistency(struct store *s, uint64_t size1, uint64_t size2,
    struct mhash *proof, size_t *ret_n, struct fault *f)
{
	bool own;
	int rc;

	if (!size1 || size1 > size2)
		return fault_set(f, -ERANGE, "consistency is between 0 < size1 <= size2, not %llu and "
		    "%llu", (unsigned long long)size1, (unsigned long long)size2);
	rc = db_look(s, &own, f);
	if (rc < 0)
		return rc;
	rc = check_size(s, size2, f);
	if (rc == 0)
		rc = merkle_prove_consistency(size1, size2, tree_get, &(struct tree_io){ s, f }, proof,
		    ret_n);
	db_look_end(s, own);
	return rc;
}
