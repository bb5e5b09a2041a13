/* SPDX-License-Identifier: Apache-2.0 */

#include "drill/record.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#define SUBJECT_MAX (RECORD_ID_MAX + 8)
#define DOC_MAX (64u << 20)

static void subject_of(const char *id, char out[static SUBJECT_MAX])
{
	snprintf(out, SUBJECT_MAX, "drill:%s", id);
}

static int append(struct store *s, const struct record_who *who, const char *kind, const char *id,
    struct buf *data, struct fault *f)
{
	char subject[SUBJECT_MAX];
	uint64_t seq;

	int rc = buf_err(data);
	if (rc < 0)
		return fault_set(f, rc, "the drill's record is too large");
	subject_of(id, subject);
	struct ledger_new e = { .kind = kind,
		.subject = subject,
		.actor = who->actor,
		.at = who->at,
		.clock_injected = who->clock_injected,
		.data = buf_span(data) };
	return ledger_append(s, &e, &seq, f);
}

struct last {
	char id[RECORD_ID_MAX];
	unsigned n;
	int (*cb)(void *ctx, const char *id);
	void *ctx;
};

static int on_run(void *ctx, const struct ledger_entry *e)
{
	struct last *l = ctx;
	size_t n = strlen(e->subject);

	if (n < 6 || n - 6 >= sizeof(l->id))
		return -EBADMSG;
	memcpy(l->id, e->subject + 6, n - 5);
	l->n++;
	return l->cb ? l->cb(l->ctx, l->id) : 0;
}

static int each_run(struct store *s, struct last *l, struct fault *f)
{
	struct ledger_query q = { .kind_prefix = "drill.run", .subject_prefix = "drill:" };

	return ledger_each(s, &q, on_run, l, f);
}

int record_each(struct store *s, int (*cb)(void *, const char *), void *ctx, struct fault *f)
{
	struct last l = { .cb = cb, .ctx = ctx };

	return each_run(s, &l, f);
}

int record_newest(struct store *s, char id[static RECORD_ID_MAX], struct fault *f)
{
	struct last l = { 0 };

	int rc = each_run(s, &l, f);
	if (rc < 0)
		return rc;
	if (!l.n)
		return RECORD_NO_SUCH;
	memcpy(id, l.id, sizeof(l.id));
	return 0;
}

/* The canonical data of drill.run, from the result document. */
static int run_data(
    struct buf *out, struct json_val r, const struct digest *blob, struct arena *a, struct fault *f)
{
	struct jw w = jw_canonical(out);
	AUTO_BUF struct buf findings = BUF_INIT(LEDGER_ENTRY_MAX);

	int rc = json_canonical(&findings, json_get(r, "findings"), a, f);
	if (rc < 0)
		return rc;
	jw_obj(&w);
	jw_key(&w, "findings");
	jw_raw(&w, buf_span(&findings));
	jw_key(&w, "met");
	jw_raw(&w, json_text(json_get(r, "met")));
	jw_key(&w, "missed");
	jw_raw(&w, json_text(json_get(r, "missed")));
	jw_kcstr(&w, "result", DIGEST_TEXT(blob));
	jw_kstr(&w, "scenario", json_str(json_get(r, "scenario"), a));
	jw_end(&w);
	return 0;
}

int record_run(struct store *s, const struct record_who *who, struct span result,
    char id[static RECORD_ID_MAX], struct fault *f)
{
	AUTO_ARENA struct arena a = ARENA_INIT(DOC_MAX);
	AUTO_BUF struct buf data = BUF_INIT(LEDGER_ENTRY_MAX);
	struct json_doc doc;
	struct digest blob;
	struct last l = { 0 };
	char at[TS_TEXT_MAX];

	int rc = json_parse(&doc, result, &a, f);
	if (rc == 0)
		rc = store_blob_put(s, result, &blob, f);
	if (rc == 0)
		rc = run_data(&data, json_root(&doc), &blob, &a, f);
	if (rc == 0)
		rc = store_begin(s, f);
	if (rc < 0)
		return rc;
	rc = each_run(s, &l, f);
	if (rc == 0) {
		snprintf(id, RECORD_ID_MAX, "%.4s-%04u", ts_format(who->at, at), l.n + 1);
		rc = append(s, who, "drill.run", id, &data, f);
	}
	if (rc < 0) {
		store_abort(s);
		return rc;
	}
	return store_commit(s, f);
}

struct fold {
	struct record *r;
	struct arena *a;
	int rc;
};

static struct record_finding *find(struct record *r, struct json_val id)
{
	for (size_t i = 0; i < r->nfindings; i++)
		if (json_is(id, r->finding[i].id))
			return &r->finding[i];
	return NULL;
}

static int fold_run(struct fold *x, const struct ledger_entry *e)
{
	struct record *r = x->r;

	r->at = e->at;
	r->actor = arena_str(x->a, span_str(e->actor));
	r->scenario = json_cstr(json_get(e->data, "scenario"), x->a);
	if (!r->actor || !r->scenario || json_int(json_get(e->data, "met"), &r->met) < 0 ||
	    json_int(json_get(e->data, "missed"), &r->missed) < 0 ||
	    digest_parse(json_str(json_get(e->data, "result"), x->a), &r->result) < 0)
		return -EBADMSG;
	JSON_EACH(v, json_get(e->data, "findings")) {
		if (r->nfindings == RECORD_FINDINGS_MAX)
			return -EBADMSG;
		struct record_finding *n = &r->finding[r->nfindings];
		*n = (struct record_finding){
			.id = json_cstr(json_get(v, "id"), x->a),
			.finding = json_cstr(json_get(v, "finding"), x->a),
			.control = json_cstr(json_get(v, "control"), x->a),
			.runbook = json_cstr(json_get(v, "runbook"), x->a),
			.owner = json_cstr(json_get(v, "owner"), x->a),
			.tripwire = json_cstr(json_get(v, "tripwire"), x->a),
		};
		if (!n->id || !n->finding)
			return -EBADMSG;
		r->nfindings++;
		r->nopen++;
	}
	return 0;
}

static int fold_resolve(struct fold *x, const struct ledger_entry *e)
{
	struct record_finding *n = find(x->r, json_get(e->data, "finding"));

	if (!n || n->resolved)
		return -EBADMSG;
	n->resolved = true;
	n->resolved_by = arena_str(x->a, span_str(e->actor));
	n->why = json_cstr(json_get(e->data, "why"), x->a);
	x->r->nopen--;
	return digest_parse(json_str(json_get(e->data, "evidence"), x->a), &n->evidence) < 0
		   ? -EBADMSG
		   : 0;
}

static int fold_entry(void *ctx, const struct ledger_entry *e)
{
	struct fold *x = ctx;

	if (strcmp(e->kind, "drill.run") == 0)
		return x->r->id ? -EBADMSG : (x->r->id = "", fold_run(x, e));
	if (!x->r->id)
		return -EBADMSG;
	if (strcmp(e->kind, "drill.resolve") == 0)
		return fold_resolve(x, e);
	if (strcmp(e->kind, "drill.close") == 0) {
		x->r->closed = true;
		return 0;
	}
	return -EBADMSG;
}

int record_load(
    struct store *s, const char *id, struct arena *a, struct record *ret_r, struct fault *f)
{
	char subject[SUBJECT_MAX];

	if (strlen(id) >= RECORD_ID_MAX)
		return RECORD_NO_SUCH;
	*ret_r = (struct record){ 0 };
	struct fold x = { ret_r, a, 0 };
	subject_of(id, subject);
	struct ledger_query q = { .kind_prefix = "drill.", .subject = subject };
	int rc = ledger_each(s, &q, fold_entry, &x, f);
	if (rc == -EBADMSG && f && !f->text[0])
		fault_set(
		    f, rc, "the ledger's entries of drill %s make no sense", QUOTE(span_str(id)));
	if (rc < 0)
		return rc;
	if (!ret_r->id)
		return RECORD_NO_SUCH;
	ret_r->id = arena_str(a, span_str(id));
	return ret_r->id ? 0 : -ENOMEM;
}

/* Loads inside the transaction that will write; the caller aborts on anything but 0. */
static int begin(
    struct store *s, const char *id, struct arena *a, struct record *r, struct fault *f)
{
	int rc = store_begin(s, f);
	if (rc < 0)
		return rc;
	rc = record_load(s, id, a, r, f);
	if (rc == 0 && r->closed)
		rc = RECORD_DONE;
	if (rc)
		store_abort(s);
	return rc;
}

static int finish(struct store *s, int rc, struct fault *f)
{
	if (rc == 0)
		return store_commit(s, f);
	store_abort(s);
	return rc;
}

static int check_open(const struct record *r, const char *finding)
{
	for (size_t i = 0; i < r->nfindings; i++)
		if (strcmp(r->finding[i].id, finding) == 0)
			return r->finding[i].resolved ? RECORD_DONE : 0;
	return RECORD_NO_SUCH;
}

int record_resolve(struct store *s, const char *id, const struct record_who *who,
    const char *finding, const char *why, struct span evidence, struct fault *f)
{
	AUTO_ARENA struct arena a = ARENA_INIT(DOC_MAX);
	AUTO_BUF struct buf data = BUF_INIT(LEDGER_ENTRY_MAX);
	struct jw w = jw_canonical(&data);
	struct digest blob;

	struct record *r = ARENA_NEW(&a, struct record);
	if (!r)
		return -ENOMEM;
	int rc = begin(s, id, &a, r, f);
	if (rc)
		return rc;
	rc = check_open(r, finding);
	if (rc == 0)
		rc = store_blob_put(s, evidence, &blob, f);
	if (rc == 0) {
		jw_obj(&w);
		jw_kcstr(&w, "evidence", DIGEST_TEXT(&blob));
		jw_kcstr(&w, "finding", finding);
		jw_kcstr(&w, "why", why);
		jw_end(&w);
		rc = append(s, who, "drill.resolve", id, &data, f);
	}
	return finish(s, rc, f);
}

int record_close(
    struct store *s, const char *id, const struct record_who *who, const char *why, struct fault *f)
{
	AUTO_ARENA struct arena a = ARENA_INIT(DOC_MAX);
	AUTO_BUF struct buf data = BUF_INIT(LEDGER_ENTRY_MAX);
	struct jw w = jw_canonical(&data);

	struct record *r = ARENA_NEW(&a, struct record);
	if (!r)
		return -ENOMEM;
	int rc = begin(s, id, &a, r, f);
	if (rc)
		return rc;
	if (r->nopen) {
		fault_set(f, 0, "drill %s has %zu open finding%s", id, r->nopen,
		    r->nopen == 1 ? "" : "s");
		rc = RECORD_OPEN;
	}
	if (rc == 0) {
		jw_obj(&w);
		jw_kcstr(&w, "why", why);
		jw_end(&w);
		rc = append(s, who, "drill.close", id, &data, f);
	}
	return finish(s, rc, f);
}
