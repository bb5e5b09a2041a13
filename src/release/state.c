/* SPDX-License-Identifier: Apache-2.0 */

/* state: issuing the document. state_check.c reads and judges it. */

#include "release/state.h"

#include "base/file.h"
#include "crypto/note.h"

#include <errno.h>
#include <stdio.h>

#define STATE_ARENA_MAX (256u << 20)

static void put_time(struct jw *w, const char *key, ts t)
{
	char text[TS_TEXT_MAX];
	jw_kcstr(w, key, ts_format(t, text));
}

static void current_json(struct jw *w, const struct release_version *r)
{
	jw_key(w, "current");
	if (!r) {
		jw_null(w);
		return;
	}
	jw_obj(w);
	jw_key(w, "artifacts");
	jw_arr(w);
	for (size_t i = 0; i < r->nartifacts; i++) {
		jw_obj(w);
		jw_kcstr(w, "name", r->artifact[i].name);
		jw_kcstr(w, "sha256", DIGEST_TEXT(&r->artifact[i].digest[DIGEST_SHA256]));
		jw_kint(w, "size", (int64_t)r->artifact[i].size);
		jw_end(w);
	}
	jw_end(w);
	put_time(w, "published", r->at);
	jw_kcstr(w, "version", r->version);
	jw_end(w);
}

static void freezes_json(struct jw *w, const struct release_channel *c)
{
	jw_key(w, "freezes");
	jw_arr(w);
	for (size_t i = 0; i < c->nfreezes; i++) {
		const struct release_freeze *z = &c->freeze[i].order;
		if (c->freeze[i].lifted)
			continue;
		jw_obj(w);
		jw_kcstr(w, "case", z->case_id);
		jw_kcstr(w, "condition", z->condition);
		put_time(w, "expires", z->expires);
		jw_kint(w, "id", (int64_t)c->freeze[i].id);
		jw_kcstr(w, "owner", z->owner);
		jw_kcstr(w, "reason", z->reason);
		jw_key(w, "scope");
		jw_arr(w);
		for (size_t j = 0; j < z->nscope; j++)
			jw_cstr(w, z->scope[j]);
		jw_end(w);
		put_time(w, "since", z->who.at);
		jw_end(w);
	}
	jw_end(w);
}

static void withdrawn_json(struct jw *w, const struct release_channel *c)
{
	jw_key(w, "withdrawn");
	jw_arr(w);
	for (size_t i = 0; i < c->nreleases; i++) {
		const struct release_version *r = &c->release[i];
		if (r->status != RELEASE_WITHDRAWN)
			continue;
		jw_obj(w);
		jw_key(w, "artifacts");
		jw_arr(w);
		for (size_t j = 0; j < r->nartifacts; j++)
			jw_cstr(w, DIGEST_TEXT(&r->artifact[j].digest[DIGEST_SHA256]));
		jw_end(w);
		jw_kcstr(w, "version", r->version);
		jw_end(w);
	}
	jw_end(w);
}

static void payload_json(struct buf *out, const struct release_channel *c, struct span checkpoint,
    uint64_t version, ts now)
{
	struct jw w = jw_canonical(out);

	jw_obj(&w);
	jw_kcstr(&w, "channel", c->name);
	jw_kstr(&w, "checkpoint", checkpoint);
	current_json(&w, c->current);
	put_time(&w, "expires", now + c->valid);
	freezes_json(&w, c);
	put_time(&w, "issued", now);
	jw_kcstr(&w, "state", release_state_name(release_state_of(c)));
	jw_kint(&w, "v", 1);
	jw_kint(&w, "version", (int64_t)version);
	withdrawn_json(&w, c);
	jw_end(&w);
}

static int issue(struct store *s, const char *channel, ts now, struct buf *out, struct fault *f)
{
	AUTO_ARENA struct arena a = ARENA_INIT(STATE_ARENA_MAX);
	AUTO_BUF struct buf note = BUF_INIT(NOTE_TEXT_MAX), body = BUF_INIT(STATE_TEXT_MAX);
	AUTO_BUF struct buf env = BUF_INIT(2 * STATE_TEXT_MAX);
	struct release_channel c;
	struct json_doc doc;
	uint64_t size;

	now -= now % TS_SECOND;
	int rc = release_load(s, channel, &a, &c, f);
	if (rc == 0)
		rc = ledger_size(s, &size, f);
	if (rc == 0)
		rc = ledger_checkpoint(s, &note, f);
	if (rc)
		return rc;
	payload_json(&body, &c, buf_span(&note), size, now);
	if (buf_err(&body))
		return fault_set(f, buf_err(&body), "the state of %s is larger than %u bytes", c.name,
		    STATE_TEXT_MAX);
	rc = ledger_sign(s, SPAN_LIT(STATE_TYPE), buf_span(&body), &env, f);
	if (rc == 0)
		rc = json_parse(&doc, buf_span(&env), &a, f);
	if (rc == 0)
		rc = json_canonical(out, json_root(&doc), &a, f);
	buf_putc(out, '\n');
	return rc < 0 ? rc : buf_err(out);
}

int state_issue(struct store *s, const char *channel, ts now, struct buf *out, struct fault *f)
{
	int rc = store_begin(s, f);

	if (rc == 0) {
		rc = issue(s, channel, now, out, f);
		store_abort(s);
	}
	return rc;
}

int state_publish(struct store *s, const char *channel, ts now, struct fault *f)
{
	AUTO_BUF struct buf doc = BUF_INIT(2 * STATE_TEXT_MAX), path = BUF_INIT(8192);

	int rc = state_issue(s, channel, now, &doc, f);
	if (rc)
		return rc;
	buf_printf(&path, "%s/channels", store_dir(s));
	rc = buf_err(&path) ? buf_err(&path) : file_mkdirs(buf_str(&path), 0755);
	if (rc < 0)
		return fault_set(f, rc, "%s: %s", QUOTE(buf_span(&path)), strerror(-rc));
	buf_printf(&path, "/%s.state.json", channel);
	return buf_err(&path) ? buf_err(&path) :
				file_replace_path(buf_str(&path), buf_span(&doc), 0644, f);
}
