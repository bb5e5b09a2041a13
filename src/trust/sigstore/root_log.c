/* SPDX-License-Identifier: Apache-2.0 */

/* root_log: transparency and certificate-transparency logs of a trusted root. */

#include "trust/sigstore/root_priv.h"

#include <errno.h>
#include <stdio.h>

int root_read_window(
    struct root_window *ret_w, struct json_val parent, const char *name, struct fault *f)
{
	static const char *const members[] = { "start", "end", NULL };
	struct json_val v;

	int rc = pj_obj(&v, parent, name, members, f);
	if (rc == 0)
		rc = pj_time(&ret_w->start, v, "start", f);
	if (rc == 0)
		rc = pj_time(&ret_w->end, v, "end", f);
	if (rc < 0)
		return rc;
	if (ret_w->start == TS_NONE)
		return json_fault(json_ok(v) ? v : parent, f, "\"%s\" without a start", name);
	if (ret_w->end == TS_NONE)
		ret_w->end = TS_FOREVER;
	if (ret_w->end < ret_w->start)
		return json_fault(v, f, "\"%s\" ends before it starts", name);
	return 0;
}

static int read_id(
    struct span *ret_id, struct json_val v, const char *name, struct arena *a, struct fault *f)
{
	static const char *const members[] = { "keyId", NULL };
	struct json_val id;

	int rc = pj_obj(&id, v, name, members, f);
	if (rc == 0)
		rc = pj_bytes(ret_id, id, "keyId", a, f);
	if (rc == 0 && json_ok(id) && ret_id->n < NOTE_HINT_LEN)
		rc = json_fault(id, f, "\"%s\" must have at least %d bytes", name, NOTE_HINT_LEN);
	return rc;
}

static int read_key(struct root_log *log, struct json_val v, struct arena *a, struct fault *f)
{
	static const char *const members[] = { "rawBytes", "keyDetails", "validFor", NULL };
	struct json_val key;
	struct span raw;

	int rc = pj_obj(&key, v, "publicKey", members, f);
	if (rc < 0)
		return rc;
	if (!json_ok(key))
		return json_fault(v, f, "a log without \"publicKey\"");
	rc = root_read_window(&log->window, key, "validFor", f);
	if (rc == 0)
		rc = keydetails_read(&log->details, key, f);
	if (rc == 0)
		rc = pj_bytes(&raw, key, "rawBytes", a, f);
	if (rc < 0)
		return rc;
	if (!raw.n)
		return json_fault(key, f, "a log without a key");
	if (log->details.kind == KEY_NONE)
		return 0;
	rc = keydetails_key(&log->key, &log->details, raw, f);
	return rc == -EBADMSG ? fault_wrap(f, rc, "the key of log \"%s\"",
				    QUOTE(span_str(log->url))) : rc;
}

/*
 * The names that a checkpoint of this log may be signed under: its baseUrl without the scheme (the
 * origin, by the protocol's comment on base_url), with or without path and port, because Rekor v1 and
 * v2 differ in what of an URL they take. Returns how many.
 */
static int make_names(const char *name[static ROOT_LOG_NAMES_MAX], const char *url, struct arena *a)
{
	const char *at = strstr(url, "://");
	struct span rest = span_str(at ? at + 3 : url);
	int n = 0;

	while (rest.n && rest.p[rest.n - 1] == '/')
		rest.n--;
	struct span cut[ROOT_LOG_NAMES_MAX] = { rest, span_cut(rest, 0, span_find(rest, '/')) };
	cut[2] = span_cut(cut[1], 0, span_find(cut[1], ':'));
	for (size_t i = 0; i < ROOT_LOG_NAMES_MAX; i++) {
		if (!note_name_ok(cut[i]) || (i > 0 && span_eq(cut[i], cut[i - 1])))
			continue;
		name[n] = arena_str(a, cut[i]);
		if (!name[n++])
			return -ENOMEM;
	}
	return n;
}

static void add_signer(struct root_log *log, const struct note_signer *s, const uint8_t *hint)
{
	struct note_signer one = *s;

	memcpy(one.hint, hint, NOTE_HINT_LEN);
	for (size_t i = 0; i < log->nsigners; i++)
		if (strcmp(log->signer[i].name, one.name) == 0 &&
		    memcmp(log->signer[i].hint, one.hint, NOTE_HINT_LEN) == 0)
			return;
	log->signer[log->nsigners++] = one;
}

/*
 * How signature lines of this log look: under one of its names, with the id that C2SP's signed-note
 * computes, the first bytes of SHA-256(SPKI) as Rekor v1 does for every key, or those of an id that
 * the trusted root states.
 */
static int make_signers(struct root_log *log, struct arena *a)
{
	const char *name[ROOT_LOG_NAMES_MAX];
	struct note_signer s;

	if (!log->key)
		return 0;
	enum note_type type = log->details.kind == KEY_ED25519 ? NOTE_ED25519 : NOTE_ECDSA;
	struct digest id = key_id(log->key);
	int n = make_names(name, log->url, a);
	for (int i = 0; i < n; i++) {
		int rc = note_signer_init(&s, type, name[i], log->key);
		if (rc == -EINVAL)
			continue;
		if (rc < 0)
			return rc;
		add_signer(log, &s, s.hint);
		add_signer(log, &s, id.b);
		if (log->id.n)
			add_signer(log, &s, log->id.p);
		if (log->checkpoint_id.n)
			add_signer(log, &s, log->checkpoint_id.p);
	}
	return n < 0 ? n : 0;
}

int root_read_log(struct root_log *log, struct json_val v, struct arena *a, struct fault *f)
{
	static const char *const members[] = { "baseUrl", "hashAlgorithm", "publicKey", "logId",
		"checkpointKeyId", "operator", NULL };
	enum digest_alg hash = DIGEST_NONE;

	int rc = pj_only(v, members, f);
	if (rc == 0)
		rc = pj_cstr(&log->url, v, "baseUrl", a, f);
	if (rc == 0)
		rc = hashalgorithm_read(&hash, v, "hashAlgorithm", f);
	if (rc == 0 && hash != DIGEST_SHA256)
		rc = json_fault(v, f, "a log whose tree is not of SHA-256");
	if (rc == 0)
		rc = read_id(&log->id, v, "logId", a, f);
	if (rc == 0)
		rc = read_id(&log->checkpoint_id, v, "checkpointKeyId", a, f);
	if (rc == 0 && !log->id.n)
		rc = json_fault(v, f, "a log without \"logId\"");
	if (rc == 0)
		rc = read_key(log, v, a, f);
	return rc < 0 ? rc : make_signers(log, a);
}
