/* SPDX-License-Identifier: Apache-2.0 */

#include "trust/sigstore/log.h"

#include "base/hex.h"

#include <errno.h>
#include <inttypes.h>

static int refuse(enum sigstore_reason why, struct fault *f, const char *words)
{
	fault_set(f, 0, "%s", words);
	return why;
}

static bool has_id(const struct root_log *log, struct span id)
{
	return span_eq(log->id, id) || (log->checkpoint_id.n && span_eq(log->checkpoint_id, id));
}

static int unknown(const struct sigstore_entry *e, struct fault *f)
{
	char hex[2 * SIGSTORE_LOG_ID_MAX + 1];

	hex_encode(hex, e->log_id);
	fault_set(f, 0, "the trusted root has no log with the id %s: it is older than "
	    "the log, or the bundle is of another Sigstore (--trusted-root FILE)", hex);
	return SIGSTORE_R_LOG_UNKNOWN;
}

static int unsupported_key(const struct root_log *log, struct fault *f)
{
	fault_set(f, 0, "the key of log \"%s\" is of an algorithm that is not supported",
	    QUOTE(span_str(log->url)));
	return SIGSTORE_R_KEY;
}

static int outside(const struct root_log *log, ts t, struct fault *f)
{
	char at[TS_TEXT_MAX];

	fault_set(f, 0, "log \"%s\" was not valid at %s by the trusted root",
	    QUOTE(span_str(log->url)), ts_format(t, at));
	return SIGSTORE_R_LOG_WINDOW;
}

/* What a promise signs: the canonical JSON (RFC 8785) of these four. */
static void put_promised(struct buf *out, const struct sigstore_entry *e)
{
	char hex[2 * SIGSTORE_LOG_ID_MAX + 1];

	hex_encode(hex, e->log_id);
	buf_puts(out, "{\"body\":\"");
	buf_put_span(out, e->body_text);
	buf_printf(out,
	    "\",\"integratedTime\":%" PRId64 ",\"logID\":\"%s\",\"logIndex\":%" PRId64 "}",
	    e->integrated, hex, e->index);
}

static int check_promise_of(
    const struct root_log *log, const struct sigstore_entry *e, struct fault *f)
{
	AUTO_BUF struct buf signed_text = BUF_INIT(SIGSTORE_BUNDLE_MAX);
	ts t = e->integrated * TS_SECOND;

	if (!root_within(&log->window, t))
		return outside(log, t, f);
	if (!log->key)
		return unsupported_key(log, f);
	put_promised(&signed_text, e);
	int rc = buf_err(&signed_text);
	if (rc == 0)
		rc = key_verify_as(log->key, log->details.scheme, log->details.hash,
		    buf_span(&signed_text), e->promise);
	if (rc == KEY_BAD_SIGNATURE)
		return refuse(SIGSTORE_R_PROMISE, f,
		    "the log entry's signed timestamp is not by its log, or of another entry");
	return rc;
}

int log_check_promise(const struct root_log **ret_log, const struct sigstore_entry *e,
    const struct sigstore_root *r, struct fault *f)
{
	int worst = unknown(e, f);

	for (size_t i = 0; i < r->ntlogs; i++) {
		const struct root_log *log = &r->tlog[i];
		if (!has_id(log, e->log_id))
			continue;
		int rc = check_promise_of(log, e, f);
		if (rc <= 0) {
			*ret_log = log;
			return rc;
		}
		worst = rc;
	}
	return worst;
}

/* Is this the origin of a log that signs as name? Rekor v1 puts its tree's id behind the name. */
static bool origin_is(const char *origin, const char *name)
{
	struct span o = span_str(origin), n = span_str(name);

	if (!span_starts(o, n))
		return false;
	struct span rest = span_from(o, n.n);
	if (!rest.n)
		return true;
	if (!span_starts(rest, SPAN_LIT(" - ")) || rest.n == 3)
		return false;
	for (size_t i = 3; i < rest.n; i++)
		if (rest.p[i] < '0' || rest.p[i] > '9')
			return false;
	return true;
}

/* The checkpoint as signed by this log. */
static int open_checkpoint(
    struct checkpoint *ret_c, const struct root_log *log, struct span text, struct fault *f)
{
	struct note_sigs sigs;

	if (!log->key)
		return unsupported_key(log, f);
	if (!log->nsigners)
		return refuse(SIGSTORE_R_CHECKPOINT, f,
		    "the log's baseUrl is no name that a checkpoint could be signed under");
	int rc = note_verify(&sigs, text, log->signer, log->nsigners, f);
	if (rc == -EBADMSG)
		return SIGSTORE_R_CHECKPOINT_FORM;
	if (rc == KEY_BAD_SIGNATURE)
		return SIGSTORE_R_CHECKPOINT;
	if (rc == 0)
		rc = checkpoint_read(ret_c, sigs.text, f);
	if (rc == -EBADMSG)
		return SIGSTORE_R_CHECKPOINT_FORM;
	if (rc)
		return rc;
	if (!origin_is(ret_c->origin, log->signer[sigs.sig[0].signer].name))
		return refuse(SIGSTORE_R_CHECKPOINT_FORM, f,
		    "the checkpoint's origin is not the log that signed it");
	return 0;
}

int log_check_path(const struct sigstore_entry *e, struct fault *f)
{
	struct mhash leaf = merkle_leaf(e->body);
	if (merkle_verify_inclusion(e->proof_index, e->proof_size, &leaf, e->proof, e->nproof,
		&e->proof_root) != MERKLE_GOOD)
		return refuse(SIGSTORE_R_PROOF, f,
		    "the inclusion proof does not lead from the entry to the tree's root");
	return 0;
}

static int check_proof_of(const struct root_log *log, const struct sigstore_entry *e, const ts *time,
    size_t ntimes, struct fault *f)
{
	struct checkpoint c;

	for (size_t i = 0; i < ntimes; i++)
		if (!root_within(&log->window, time[i]))
			return outside(log, time[i], f);
	int rc = open_checkpoint(&c, log, e->checkpoint, f);
	if (rc)
		return rc;
	if (c.size != e->proof_size || !mhash_eq(&c.root, &e->proof_root))
		return refuse(SIGSTORE_R_CHECKPOINT_TREE, f,
		    "the checkpoint is of another tree than the inclusion proof");
	return log_check_path(e, f);
}

int log_check_proof(const struct root_log **ret_log, const struct sigstore_entry *e,
    const struct sigstore_root *r, const struct root_log *promised, const ts *time, size_t ntimes,
    struct fault *f)
{
	int worst = unknown(e, f);

	for (size_t i = 0; i < r->ntlogs; i++) {
		const struct root_log *log = &r->tlog[i];
		if (!has_id(log, e->log_id) || (promised && promised != log))
			continue;
		int rc = check_proof_of(log, e, time, ntimes, f);
		if (rc <= 0) {
			*ret_log = log;
			return rc;
		}
		worst = rc;
	}
	return worst;
}
