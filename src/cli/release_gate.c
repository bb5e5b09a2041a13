/* SPDX-License-Identifier: Apache-2.0 */

/* release_gate: running the gate over what is stored. */

#include "cli/known_use.h"
#include "cli/release.h"
#include "cli/trusted_root.h"
#include "crypto/hash.h"

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#define BLOB_PATH_MAX 256

static const char *blob_path(struct cli *c, struct store *s, const struct digest *d)
{
	char path[BLOB_PATH_MAX];

	if (store_blob_path(s, d, path, sizeof(path)) < 0)
		return NULL;
	return arena_printf(&c->arena, "%s/%s", store_dir(s), path);
}

/* Is the blob there and what its name says? 0, 1 (it is not), -errno. */
static int blob_intact(struct store *s, const struct digest *d, struct fault *f)
{
	AUTO_FD int fd = store_blob_open(s, d, f);
	AUTO_HASHER struct hasher *h = NULL;
	struct digest got[DIGEST_ALGS];

	if (fd < 0)
		return fd == -ENOENT ? 1 : fd;
	int rc = hasher_new(&h, HASH_SET(DIGEST_SHA256));
	if (rc == 0)
		rc = hash_fd(h, fd, got, NULL);
	return rc < 0 ? rc : !digest_eq(&got[DIGEST_SHA256], d);
}

struct runner {
	struct cli *c;
	struct store *s;
	const struct release_channel *ch;
	struct verify_file evidence[RELEASE_EVIDENCE_MAX];
	size_t nevidence;
	struct verify_file key[RELEASE_KEYS_MAX], signer[RELEASE_KEYS_MAX];
	struct verdict lost; /* reasons about evidence that is not what it was */
	struct verify_session *v;
	struct known_use *known; /* lists of known files, for policies that demand them */
};

/* What the channel itself rests on must be whole; nothing can be judged without. */
static int own_file(struct runner *r, const struct release_file *file, struct verify_file *out)
{
	struct fault f = FAULT_INIT;
	int rc = blob_intact(r->s, &file->sha256, &f);

	out->name = file->name;
	out->path = blob_path(r->c, r->s, &file->sha256);
	if (rc == 0 && out->path)
		return -1;
	return rc < 0 ? cli_errno(r->c, rc, &f) :
			cli_failf(r->c, CLI_INTERNAL, "%s of channel %s (%s) is missing from the state "
			    "directory or was changed there; give it again with firebreak release policy",
			    QUOTE(span_str(file->name)), r->ch->name, DIGEST_TEXT(&file->sha256));
}

static int take_evidence(struct runner *r, const struct release_file *file, size_t n)
{
	struct fault f = FAULT_INIT;

	for (size_t i = 0; i < n; i++) {
		int rc = blob_intact(r->s, &file[i].sha256, &f);
		if (rc < 0)
			return cli_errno(r->c, rc, &f);
		const char *path = blob_path(r->c, r->s, &file[i].sha256);
		if (rc == 0 && path) {
			r->evidence[r->nevidence++] = (struct verify_file){ file[i].name, path };
			continue;
		}
		struct reason *x = verdict_add(&r->lost, REASON_FAIL, "evidence.stored", "the stored "
		    "evidence %s is missing or was changed on disk", QUOTE(span_str(file[i].name)));
		x->file = file[i].name;
		x->evidence = file[i].sha256;
	}
	return -1;
}

static int begin(struct runner *r, const struct release_file *evidence, size_t nevidence)
{
	struct fault f = FAULT_INIT;
	struct trusted_root root;
	struct verify_file policy;

	verdict_init(&r->lost, &r->c->arena);
	int code = own_file(r, &r->ch->policy, &policy);
	for (size_t i = 0; i < r->ch->nkeys && code < 0; i++)
		code = own_file(r, &r->ch->key[i], &r->key[i]);
	for (size_t i = 0; i < r->ch->nsigners && code < 0; i++)
		code = own_file(r, &r->ch->signer[i], &r->signer[i]);
	if (code < 0)
		code = take_evidence(r, evidence, nevidence);
	if (code >= 0)
		return code;
	int rc = cli_trusted_root(r->c, NULL, &root, &f);
	if (rc < 0)
		return rc == -EPERM ? cli_fail(r->c, CLI_REFUSED, &f) : cli_errno(r->c, rc, &f);
	struct verify_request q = { .evidence = r->evidence, .nevidence = r->nevidence, .keys = r->key,
		.nkeys = r->ch->nkeys, .policy_path = policy.path, .policy_name = policy.name,
		.signers = r->signer, .nsigners = r->ch->nsigners, .now = clock_now(&r->c->clock),
		.trusted_root = root.bytes };
	rc = known_use_of_store(&r->known, r->c, r->s, &f);
	q.known = known_use_judge_opts(r->known);
	if (rc == 0)
		rc = verify_begin(&r->v, &q, &f);
	return rc < 0 ? cli_errno(r->c, rc, &f) : -1;
}

/* One artifact; out is in c->arena, and so is all it points to. */
static int judge(struct runner *r, struct release_artifact *art, struct verdict *out,
    struct verify_artifact *found)
{
	const struct digest *want = &art->digest[DIGEST_SHA256];
	const char *path = blob_path(r->c, r->s, want);
	struct fault f = FAULT_INIT;

	*found = (struct verify_artifact){ 0 };
	verdict_init(out, &r->c->arena);
	int rc = path ? verify_named(r->v, path, art->name, found, &f) : -ENOMEM;
	if (rc < 0 && rc != -ENOENT)
		return cli_errno(r->c, rc, &f);
	/* What was concluded about other bytes than those that were published says nothing. */
	if (rc == 0 && digest_eq(&found->digest[DIGEST_SHA256], want))
		verdict_append(out, &found->verdict);
	else
		verdict_add(out, REASON_FAIL, "artifact.stored", "the stored copy is missing or was "
		    "changed on disk: it is not %s", DIGEST_TEXT(want));
	verdict_append(out, &r->lost);
	verdict_conclude(out);
	if (rc == 0 && !art->format) {
		art->format = arena_str(&r->c->arena, span_str(found->format));
		if (found->has_authenticode)
			art->authenticode = found->authenticode;
	}
	found->name = art->name;
	found->verdict = *out;
	return -1;
}

static int keep_report(struct runner *r, const char *version, const struct verify_artifact *found,
    size_t n, struct digest *ret_d)
{
	AUTO_BUF struct buf text = BUF_INIT(256u << 20);
	struct jw w = jw_of(&text);
	struct fault f = FAULT_INIT;
	char at[TS_TEXT_MAX];

	jw_obj(&w);
	jw_key(&w, "artifacts");
	jw_arr(&w);
	for (size_t i = 0; i < n; i++)
		verify_json(&w, &found[i]);
	jw_end(&w);
	jw_kcstr(&w, "at", ts_format(clock_now(&r->c->clock), at));
	jw_kcstr(&w, "channel", r->ch->name);
	jw_kcstr(&w, "policy", DIGEST_TEXT(&r->ch->policy.sha256));
	jw_kcstr(&w, "version", version);
	jw_end(&w);
	int rc = buf_err(&text);
	if (rc == 0)
		rc = store_blob_put(r->s, buf_span(&text), ret_d, &f);
	return rc < 0 ? cli_errno(r->c, rc, &f) : -1;
}

/* Texts of the session's reasons outlive it. */
static int keep_texts(struct cli *c, struct verdict *v)
{
	for (size_t i = 0; i < v->n; i++) {
		struct reason *r = &v->reason[i];
		r->code = arena_str(&c->arena, span_str(r->code));
		r->text = arena_str(&c->arena, span_str(r->text));
		r->file = r->file ? arena_str(&c->arena, span_str(r->file)) : NULL;
		if (!r->code || !r->text)
			return cli_errno(c, -ENOMEM, NULL);
	}
	return -1;
}

static int run_all(struct runner *r, const char *version, struct gate_run *run)
{
	struct verdict *v = arena_array(&r->c->arena, run->n, sizeof(*v));
	struct verify_artifact *found = arena_array(&r->c->arena, run->n, sizeof(*found));
	int code = -1;

	run->judged = arena_array(&r->c->arena, run->n, sizeof(*run->judged));
	if (!v || !found || !run->judged)
		return cli_errno(r->c, -ENOMEM, NULL);
	for (size_t i = 0; i < run->n && code < 0; i++) {
		code = judge(r, &run->artifact[i], &v[i], &found[i]);
		run->judged[i] = (struct release_judged){ run->artifact[i].name, &v[i] };
	}
	if (code < 0)
		code = keep_report(r, version, found, run->n, &run->gate.report);
	for (size_t i = 0; i < run->n && code < 0; i++)
		code = keep_texts(r->c, &v[i]);
	return code;
}

int gate_run(struct cli *c, struct store *s, const struct release_channel *ch, const char *version,
    const struct release_file *evidence, size_t nevidence, struct gate_run *run)
{
	struct runner *r = ARENA_NEW(&c->arena, struct runner);

	if (!r)
		return cli_errno(c, -ENOMEM, NULL);
	*r = (struct runner){ .c = c, .s = s, .ch = ch };
	run->gate = (struct release_gate){ .policy = ch->policy.sha256, .evidence = evidence,
		.nevidence = nevidence };
	int code = begin(r, evidence, nevidence);
	if (code < 0)
		code = run_all(r, version, run);
	verify_end(r->v);
	known_use_close(r->known);
	run->gate.judged = run->judged;
	run->gate.njudged = run->n;
	return code;
}

int gate_run_stored(struct cli *c, struct store *s, const struct release_channel *ch,
    const struct release_version *r, struct gate_run *run)
{
	*run = (struct gate_run){ .artifact = r->artifact, .n = r->nartifacts };
	return gate_run(c, s, ch, r->version, r->evidence, r->nevidence, run);
}

static bool speaks_against(const struct reason *r)
{
	return r->kind == REASON_FAIL || r->kind == REASON_MISSING;
}

const char *gate_first_reason(struct cli *c, const struct release_channel *ch,
    const struct gate_run *run)
{
	for (enum reason_kind k = REASON_FAIL; k <= REASON_MISSING; k++)
		for (size_t i = 0; i < run->n; i++)
			for (size_t j = 0; j < run->judged[i].verdict->n; j++) {
				const struct reason *r = &run->judged[i].verdict->reason[j];
				if (r->kind != k)
					continue;
				const char *s = arena_printf(&c->arena, "%s: %s%s",
				    cli_safe(c, run->artifact[i].name),
				    k == REASON_MISSING ? "missing: " : "", r->text);
				return s ? s : r->text;
			}
	return arena_printf(&c->arena, "risk class %s requires more than was proven", ch->risk);
}

void gate_print(struct cli *c, const struct gate_run *run, bool all)
{
	for (size_t i = 0; i < run->n; i++)
		for (size_t j = 0; j < run->judged[i].verdict->n; j++) {
			const struct reason *r = &run->judged[i].verdict->reason[j];
			if (!all && !speaks_against(r))
				continue;
			printf("  %s%-7s%s %s: %s\n", speaks_against(r) ? cli_red(c) : "",
			    reason_name(r->kind), cli_reset(c), cli_safe(c, run->artifact[i].name),
			    cli_safe(c, r->text));
		}
}
