/* SPDX-License-Identifier: Apache-2.0 */

#include "store/proof.h"

#include "base/hex.h"
#include "store/priv.h"

#include <errno.h>

static void put(struct buf *out, struct span body, struct span note, const struct checkpoint *c,
    uint64_t index, const struct mhash *proof, size_t n)
{
	struct jw w = jw_canonical(out);

	jw_obj(&w);
	jw_kstr(&w, "checkpoint", note);
	jw_key(&w, "entry");
	jw_raw(&w, body);
	jw_kint(&w, "index", (int64_t)index);
	jw_key(&w, "proof");
	jw_arr(&w);
	for (size_t i = 0; i < n; i++) {
		AUTO_BUF struct buf b64 = BUF_INIT(64);
		b64_encode(&b64, span_of(proof[i].b, MERKLE_LEN), B64_STD);
		jw_str(&w, buf_span(&b64));
	}
	jw_end(&w);
	jw_kint(&w, "size", (int64_t)c->size);
	jw_kcstr(&w, "type", LEDGER_PROOF_TYPE);
	jw_end(&w);
}

int ledger_proof_write(struct store *s, uint64_t seq, uint64_t size, struct buf *out,
    struct fault *f)
{
	AUTO_BUF struct buf body = BUF_INIT(LEDGER_ENTRY_MAX), note = BUF_INIT(NOTE_TEXT_MAX);
	struct mhash proof[MERKLE_PROOF_MAX];
	struct checkpoint c;
	size_t n;

	int rc = size ? ledger_note_at(s, size, &note, &c, f) : ledger_note_newest(s, &note, &c, f);
	if (rc == 0)
		rc = ledger_prove_inclusion(s, seq, c.size, proof, &n, f);
	if (rc == 0)
		rc = ledger_get(s, seq, &body, f);
	if (rc < 0)
		return rc;
	struct mhash leaf = merkle_leaf(buf_span(&body));
	if (merkle_verify_inclusion(seq, c.size, &leaf, proof, n, &c.root) != MERKLE_GOOD)
		return fault_set(f, -EUCLEAN, "%s: the ledger was altered: entry %llu is not what was "
		    "signed; see firebreak ledger verify", QUOTE(span_str(s->dbpath)),
		    (unsigned long long)seq);
	put(out, buf_span(&body), buf_span(&note), &c, seq, proof, n);
	return buf_err(out);
}

static bool get_count(struct json_val v, uint64_t *ret)
{
	int64_t i;

	if (json_int(v, &i) < 0 || i < 0)
		return false;
	*ret = (uint64_t)i;
	return true;
}

static int read_hashes(struct ledger_proof *p, struct json_val v, struct arena *a,
    struct fault *f)
{
	if (json_type_of(v) != JSON_ARR || json_count(v) > MERKLE_PROOF_MAX)
		return fault_set(f, -EBADMSG, "\"proof\" is not a list of at most %d hashes",
		    MERKLE_PROOF_MAX);
	JSON_EACH (x, v) {
		AUTO_BUF struct buf raw = BUF_INIT(64);
		int rc = b64_decode(&raw, json_str(x, a), B64_STD);
		if (rc == -ENOMEM)
			return rc;
		if (rc < 0 || raw.n != MERKLE_LEN)
			return fault_set(f, -EBADMSG, "\"proof\" number %zu is not a base64 SHA-256 hash",
			    p->nproof + 1);
		memcpy(p->proof[p->nproof++].b, raw.p, MERKLE_LEN);
	}
	return 0;
}

/* The entry's canonical bytes, which are what is hashed, whatever it looked like here. */
static int read_body(struct ledger_proof *p, struct json_val v, struct arena *a, struct fault *f)
{
	AUTO_BUF struct buf canonical = BUF_INIT(LEDGER_ENTRY_MAX);
	int rc = json_canonical(&canonical, v, a, f);

	if (rc == -EMSGSIZE)
		return fault_set(f, -EBADMSG, "\"entry\" is larger than %u bytes", LEDGER_ENTRY_MAX);
	struct span body = rc < 0 ? SPAN_NONE : arena_dup(a, buf_span(&canonical), &rc);
	if (rc == 0)
		rc = entry_read(&p->entry, body, a, f);
	return rc == -EBADMSG ? fault_wrap(f, rc, "\"entry\"") : rc;
}

static int read_members(struct ledger_proof *p, struct json_val o, struct arena *a,
    struct fault *f)
{
	static const char *const names[] = { "checkpoint", "entry", "index", "proof", "size", "type",
		NULL };
	int rc = json_only(o, names, f);

	if (rc < 0)
		return rc;
	if (!json_is(json_get(o, "type"), LEDGER_PROOF_TYPE))
		return fault_set(f, -EBADMSG, "\"type\" is not " LEDGER_PROOF_TYPE);
	p->checkpoint = json_str(json_get(o, "checkpoint"), a);
	if (!p->checkpoint.n)
		return fault_set(f, -EBADMSG, "\"checkpoint\" is not a signed note");
	if (!get_count(json_get(o, "index"), &p->index) || !get_count(json_get(o, "size"), &p->size) ||
	    p->index >= p->size)
		return fault_set(f, -EBADMSG, "\"index\" and \"size\" are not a place in a tree");
	rc = read_hashes(p, json_get(o, "proof"), a, f);
	if (rc == 0)
		rc = read_body(p, json_get(o, "entry"), a, f);
	if (rc == 0 && p->entry.seq != p->index)
		return fault_set(f, -EBADMSG, "\"index\" is %llu, but the entry's own number %llu",
		    (unsigned long long)p->index, (unsigned long long)p->entry.seq);
	return rc;
}

int ledger_proof_read(struct ledger_proof *ret_p, struct span text, struct arena *a,
    struct fault *f)
{
	struct ledger_proof p = { 0 };
	struct json_doc *d = ARENA_NEW(a, struct json_doc);

	*ret_p = p;
	if (text.n > LEDGER_PROOF_TEXT_MAX)
		return fault_set(f, -EBADMSG, "larger than %u bytes", LEDGER_PROOF_TEXT_MAX);
	int rc = d ? json_parse(d, text, a, f) : -ENOMEM;
	if (rc == 0)
		rc = read_members(&p, json_root(d), a, f);
	if (rc == 0)
		*ret_p = p;
	return rc;
}

int ledger_proof_check(const struct ledger_proof *p, const char *name, const struct key *k,
    struct fault *f)
{
	struct checkpoint c;
	int rc = checkpoint_open(&c, p->checkpoint, k, f);

	if (rc == -EBADMSG || rc == KEY_BAD_SIGNATURE)
		return fault_wrap(f, LEDGER_PROOF_BAD, "the checkpoint");
	if (rc)
		return rc < 0 ? rc : LEDGER_PROOF_BAD;
	if (strcmp(c.origin, name) != 0)
		return fault_set(f, LEDGER_PROOF_BAD, "the checkpoint is of the log %s, the key of %s",
		    QUOTE(span_str(c.origin)), QUOTE(span_str(name)));
	if (c.size != p->size)
		return fault_set(f, LEDGER_PROOF_BAD, "the proof is for size %llu, the checkpoint for %llu",
		    (unsigned long long)p->size, (unsigned long long)c.size);
	struct mhash leaf = merkle_leaf(p->entry.body);
	if (merkle_verify_inclusion(p->index, p->size, &leaf, p->proof, p->nproof, &c.root) !=
	    MERKLE_GOOD)
		return fault_set(f, LEDGER_PROOF_BAD, "entry %llu is not in the signed tree",
		    (unsigned long long)p->index);
	return LEDGER_PROOF_GOOD;
}
