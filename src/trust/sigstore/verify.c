/* SPDX-License-Identifier: Apache-2.0 */

#include "trust/sigstore/sigstore.h"

#include "crypto/hash.h"
#include "trust/sigstore/certificate.h"
#include "trust/sigstore/log.h"
#include "trust/sigstore/match.h"
#include "trust/sigstore/rekor.h"
#include "trust/sigstore/stamps.h"

#include <errno.h>

/* One verification on its way. */
struct run {
	struct sigstore_result *r;
	const struct sigstore_bundle *b;
	const struct sigstore_trust *t;
	struct arena *a;
	struct rekor_body body[SIGSTORE_ENTRIES_MAX];
};

static int refuse(struct run *run, enum sigstore_reason why, const char *words)
{
	fault_set(&run->r->words, 0, "%s", words);
	return why;
}

static int check_signer_kind(struct run *run)
{
	const struct sigstore_bundle *b = run->b;

	if (!b->ncerts != !!run->t->key)
		return refuse(run, SIGSTORE_R_SIGNER_KIND,
		    b->ncerts ? "signed under a certificate, not by the key that was given" :
				"signed by a key that was not given");
	if (b->ncerts && !run->t->root)
		return refuse(run, SIGSTORE_R_NO_ROOT,
		    "signed under a certificate: to judge it takes a trusted root");
	/* sigstore_bundle.proto: the hint in both places must be the same; a DSSE keyid is optional. */
	if (b->is_dsse && *b->keyid && *b->hint && strcmp(b->keyid, b->hint) != 0)
		return refuse(run, SIGSTORE_R_HINT,
		    "key hint of the bundle and key id of its envelope are different");
	return 0;
}

static void add_log_time(struct run *run, const struct root_log *log, ts t)
{
	struct sigstore_result *r = run->r;

	r->time[r->ntimes++] = (struct sigstore_time){ SIGSTORE_TIME_LOG, t, log->url };
}

/* One entry must not count as two. */
static int note_entry(struct run *run, size_t i)
{
	struct sigstore_result *r = run->r;
	const struct sigstore_entry *e = &run->b->entry[i];

	for (size_t k = 0; k < i; k++)
		if (run->b->entry[k].index == e->index &&
		    span_eq(run->b->entry[k].log_id, e->log_id))
			return refuse(run, SIGSTORE_R_ENTRY_REPEATED, "the same log entry twice");
	r->log[i] = (struct sigstore_log){ .log = "", .index = e->index, .integrated = TS_NONE };
	r->nlogs++;
	return 0;
}

static int read_body(struct run *run, size_t i)
{
	const struct sigstore_entry *e = &run->b->entry[i];
	struct sigstore_log *log = &run->r->log[i];
	struct rekor_body *body = &run->body[i];

	int rc = rekor_body_read(body, e, run->a, &run->r->words);
	if (rc)
		return rc;
	/* Rekor v2 has one index, that in the tree (rekor-v2-spec section 3). */
	if (body->v2 && e->has_proof && (uint64_t)e->index != e->proof_index)
		return refuse(run, SIGSTORE_R_PROOF,
		    "log index and index of the inclusion proof differ");
	log->kind = body->name;
	if (body->kind == REKOR_HASHEDREKORD)
		log->content = body->content;
	if (i == 0 && body->v2)
		run->r->scheme = body->details.scheme;
	return 0;
}

/* A log's signature over an entry and its time. */
static int check_promise(struct run *run, size_t i, const struct root_log **ret_log)
{
	const struct sigstore_entry *e = &run->b->entry[i];
	struct sigstore_result *r = run->r;

	*ret_log = NULL;
	if (!e->promise.n)
		return 0;
	int rc = log_check_promise(ret_log, e, run->t->root, &r->words);
	if (rc)
		return rc;
	r->log[i].log = (*ret_log)->url;
	r->log[i].integrated = e->integrated * TS_SECOND;
	add_log_time(run, *ret_log, r->log[i].integrated);
	return 0;
}

/*
 * An entry's time is the one that its log promised; without promise the log must have been valid at
 * every verified time, or for a managed key without any, now.
 */
static int check_proof(struct run *run, size_t i, const struct root_log *promised)
{
	const struct sigstore_entry *e = &run->b->entry[i];
	struct sigstore_result *r = run->r;
	const struct root_log *log = promised;
	ts time[SIGSTORE_TIMES_MAX] = { run->t->now };
	size_t n = r->ntimes ? r->ntimes : 1;
	int rc;

	if (!e->has_proof)
		return 0;
	for (size_t k = 0; k < r->ntimes; k++)
		time[k] = r->time[k].at;
	if (e->checkpoint.n)
		rc = log_check_proof(&log, e, run->t->root, promised, time, promised ? 0 : n,
		    &r->words);
	else
		rc = log_check_path(e, &r->words);
	if (rc)
		return rc;
	if (log)
		r->log[i].log = log->url;
	return 0;
}

static int check_entries(struct run *run)
{
	const struct root_log *promised[SIGSTORE_ENTRIES_MAX];
	size_t n = run->b->nentries;
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < n; i++)
		rc = check_promise(run, i, &promised[i]);
	if (rc == 0 && run->b->ncerts && run->r->ntimes < SIGSTORE_TIMES_MIN)
		return refuse(run, SIGSTORE_R_NO_TIME,
		    "nothing in the bundle proves when it was signed: no log's signed time, no"
		    " timestamp");
	for (size_t i = 0; rc == 0 && i < n; i++)
		rc = check_proof(run, i, promised[i]);
	return rc;
}

/* Everything that the trusted root decides about. */
static int check_root(struct run *run)
{
	if (run->b->nentries < SIGSTORE_ENTRIES_MIN)
		return refuse(run, SIGSTORE_R_NO_ENTRY,
		    "no entry of a transparency log in the bundle");
	int rc = stamps_check(run->r, run->t->root);
	if (rc == 0)
		rc = check_entries(run);
	if (rc == 0 && run->b->ncerts)
		rc = certificate_check(run->r, run->t->root, run->a);
	run->r->log_checked = true;
	return rc;
}

static void take_key(struct run *run)
{
	struct sigstore_result *r = run->r;

	r->key = run->t->key;
	r->signer.kind = SIGNER_KEY;
	r->signer.key = key_id(run->t->key);
	r->signer.name = run->t->key_name;
}

static int check_content(struct run *run)
{
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < run->b->nentries; i++)
		rc = read_body(run, i);
	if (rc == 0 && run->b->is_dsse)
		rc = match_envelope(run->r, run->b->nentries ? &run->body[0] : NULL);
	for (size_t i = 0; rc == 0 && i < run->b->nentries; i++)
		rc = match_body(run->r, &run->body[i]);
	return rc;
}

static int check_all(struct run *run)
{
	int rc = check_signer_kind(run);

	for (size_t i = 0; rc == 0 && i < run->b->nentries; i++)
		rc = note_entry(run, i);
	if (rc == 0 && run->t->key)
		take_key(run);
	if (rc == 0 && run->t->root)
		rc = check_root(run);
	return rc ? rc : check_content(run);
}

/* When, on whose word, and where that is on record. */
static void set_time(struct sigstore_result *r)
{
	struct signer *s = &r->signer;

	for (size_t i = 0; i < r->ntimes; i++) {
		if (s->time != TS_NONE && r->time[i].at >= s->time)
			continue;
		s->time = r->time[i].at;
		s->time_by = r->time[i].authority;
	}
	if (r->log_checked && r->nlogs) {
		s->log = r->log[0].log;
		s->log_index = r->log[0].index;
	}
}

/* A result that says nothing but what is wrong. */
static void fail(struct sigstore_result *r, enum sigstore_reason why)
{
	struct fault words = r->words;

	sigstore_result_free(r);
	*r = (struct sigstore_result){ .reason = why, .words = words, .signer = SIGNER_INIT };
	r->state = sigstore_is_missing(why) ? SIGSTORE_MISSING : SIGSTORE_BAD;
}

int sigstore_verify(struct sigstore_result *ret_r, const struct sigstore_bundle *b,
    const struct sigstore_trust *t, struct arena *a)
{
	*ret_r = (struct sigstore_result){ .bundle = b, .signer = SIGNER_INIT };
	struct run *run = ARENA_NEW(a, struct run);
	if (!run)
		return -ENOMEM;
	*run = (struct run){ .r = ret_r, .b = b, .t = t, .a = a };
	int rc = check_all(run);
	if (rc) {
		fail(ret_r, rc < 0 ? SIGSTORE_R_MALFORMED : (enum sigstore_reason)rc);
		return rc < 0 ? rc : 0;
	}
	set_time(ret_r);
	ret_r->words = FAULT_INIT;
	ret_r->is_dsse = b->is_dsse;
	ret_r->payload = b->payload;
	ret_r->payload_type = b->payload_type;
	ret_r->state = SIGSTORE_GOOD;
	return 0;
}

void sigstore_result_free(struct sigstore_result *r)
{
	r->own_key = key_free(r->own_key);
	r->key = NULL;
	r->state = SIGSTORE_BAD;
}
