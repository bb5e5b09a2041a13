/* SPDX-License-Identifier: Apache-2.0 */

#include "incident/record.h"

#include "base/utf8.h"

#include <errno.h>
#include <stdio.h>

#define DATA_MAX LEDGER_ENTRY_MAX

int incident_check_text(const char *what, const char *s, size_t max, struct fault *f)
{
	struct span t = span_str(s);

	if (!t.n)
		return fault_set(f, INCIDENT_INCOMPLETE, "%s is missing", what);
	if (t.n > max)
		return fault_set(f, INCIDENT_INCOMPLETE, "%s is longer than %zu bytes", what, max);
	for (size_t i = 0; i < t.n; i++)
		if ((t.p[i] < 0x20 && t.p[i] != '\n' && t.p[i] != '\t') || t.p[i] == 0x7f)
			return fault_set(f, INCIDENT_INCOMPLETE,
			    "%s holds a control character at byte %zu", what, i);
	if (utf8_check(t) != t.n)
		return fault_set(
		    f, INCIDENT_INCOMPLETE, "%s is not UTF-8 at byte %zu", what, utf8_check(t));
	return 0;
}

int incident_check_name(const char *what, const char *s, struct fault *f)
{
	int rc = incident_check_text(what, s, INCIDENT_NAME_MAX, f);

	if (rc == 0 && strpbrk(s, "\n\t"))
		rc = fault_set(f, INCIDENT_INCOMPLETE, "%s is more than one line", what);
	if (rc == 0 && !quote_plain(span_str(s)))
		rc = fault_set(f, INCIDENT_INCOMPLETE, "%s holds characters that cannot be seen: %s",
		    what, QUOTE(span_str(s)));
	return rc;
}

static int check_optional(const char *what, const char *s, size_t max, struct fault *f)
{
	return s ? incident_check_text(what, s, max, f) : 0;
}

static int check_proof(const struct incident_proof *p, bool required, struct fault *f)
{
	if (required && !p->n)
		return fault_set(f, INCIDENT_INCOMPLETE, "--evidence FILE is missing");
	if (p->n > INCIDENT_EVIDENCE_MAX)
		return fault_set(
		    f, INCIDENT_INCOMPLETE, "more than %d evidence files", INCIDENT_EVIDENCE_MAX);
	for (size_t i = 0; i < p->n; i++) {
		int rc = incident_check_name("the name of an evidence file", p->e[i].name, f);
		if (rc)
			return rc;
	}
	return 0;
}

/* The entry just appended, as the fold will see it from now on. */
static int apply_own(
    struct incident_write *w, const struct ledger_new *e, uint64_t seq, struct fault *f)
{
	AUTO_ARENA struct arena tmp = ARENA_INIT(64u << 20);
	struct ledger_entry entry = {
		.seq = seq, .at = e->at, .kind = e->kind, .subject = e->subject, .actor = e->actor
	};
	struct json_doc doc;

	int rc = json_parse(&doc, e->data, &tmp, f);
	if (rc < 0)
		return rc;
	entry.data = json_root(&doc);
	return incidents_apply(w->l, &entry, f);
}

int incident_append(struct incident_write *w, const char *kind, const char *case_id,
    const struct buf *data, struct fault *f)
{
	char subject[INCIDENT_ID_MAX + 8];
	uint64_t seq;

	if (buf_err(data))
		return fault_set(f, buf_err(data), "the entry is larger than %u bytes", DATA_MAX);
	snprintf(subject, sizeof(subject), "case:%s", case_id);
	struct ledger_new e = { .kind = kind,
		.subject = subject,
		.actor = w->who.actor,
		.at = w->who.at,
		.clock_injected = w->who.clock_injected,
		.data = buf_span(data) };
	int rc = ledger_append(w->s, &e, &seq, f);
	return rc ? rc : apply_own(w, &e, seq, f);
}

static void put_proof(struct jw *w, const struct incident_proof *p)
{
	jw_key(w, "evidence");
	jw_arr(w);
	for (size_t i = 0; i < p->n; i++) {
		jw_obj(w);
		jw_kcstr(w, "digest", DIGEST_TEXT(&p->e[i].digest));
		jw_kcstr(w, "name", p->e[i].name);
		jw_end(w);
	}
	jw_end(w);
}

static void put_digest(struct jw *w, const char *key, const struct digest *d)
{
	if (digest_is_set(d))
		jw_kcstr(w, key, DIGEST_TEXT(d));
}

static void put_ts(struct jw *w, const char *key, ts t)
{
	char text[TS_TEXT_MAX];

	if (t != TS_NONE)
		jw_kcstr(w, key, ts_format(t, text));
}

static int check_dismissal(
    const struct incident_write *w, const struct incident_decision *d, ts max, struct fault *f)
{
	const char *what = conclusion_name(d->verdict);
	char days[TS_TEXT_MAX];

	if (!d->evidence.n)
		return fault_set(
		    f, INCIDENT_INCOMPLETE, "%s needs --evidence FILE: what shows it", what);
	if (!d->owner)
		return fault_set(
		    f, INCIDENT_INCOMPLETE, "%s needs --owner NAME: who answers for it", what);
	if (d->expires == TS_NONE)
		return fault_set(
		    f, INCIDENT_INCOMPLETE, "%s needs --expires WHEN: until when it stands", what);
	if (d->expires - w->who.at > max)
		return fault_set(f, INCIDENT_INCOMPLETE,
		    "--expires: %s may stand for %s at most (dismissal-max of the route file)",
		    what, ts_format_duration(max, days));
	return 0;
}

int incident_decide_check(const struct incident_write *w, const struct incident_decision *d,
    ts dismissal_max, struct fault *f)
{
	int rc;

	if (incident_state_at(w->c, w->who.at) == INCIDENT_CLOSED)
		return fault_set(f, INCIDENT_REFUSED,
		    "case %s is closed; a new report opens it again", w->c->id);
	if (d->verdict == CONCLUSION_NONE || d->verdict >= CONCLUSIONS)
		return fault_set(f, INCIDENT_INCOMPLETE, "--verdict is missing");
	if ((rc = incident_check_text("--why", d->why, INCIDENT_TEXT_MAX, f)) ||
	    (d->owner && (rc = incident_check_name("--owner", d->owner, f))) ||
	    (rc = check_optional("--tripwire", d->tripwire, INCIDENT_TEXT_MAX, f)) ||
	    (rc = check_proof(&d->evidence, false, f)))
		return rc;
	if (d->expires != TS_NONE && d->expires <= w->who.at)
		return fault_set(f, INCIDENT_INCOMPLETE, "--expires lies in the past");
	if (d->verdict == CONCLUSION_CONTAINED && !d->evidence.n)
		return fault_set(
		    f, INCIDENT_INCOMPLETE, "contained needs --evidence FILE: what shows it");
	return conclusion_dismisses(d->verdict) ? check_dismissal(w, d, dismissal_max, f) : 0;
}

static const char *tripwire_of(const struct incident_decision *d)
{
	if (d->tripwire || !conclusion_dismisses(d->verdict))
		return d->tripwire;
	return INCIDENT_TRIPWIRE_DEFAULT;
}

int incident_reopen(struct incident_write *w, int reporters, const char *why, struct fault *f)
{
	AUTO_BUF struct buf b = BUF_INIT(DATA_MAX);
	struct jw j = jw_canonical(&b);

	jw_obj(&j);
	jw_kint(&j, "reporters", reporters);
	jw_kcstr(&j, "why", why);
	jw_end(&j);
	return incident_append(w, "case.reopen", w->c->id, &b, f);
}

int incident_decide(
    struct incident_write *w, const struct incident_decision *d, ts dismissal_max, struct fault *f)
{
	AUTO_BUF struct buf b = BUF_INIT(DATA_MAX);
	struct jw j = jw_canonical(&b);

	int rc = incident_decide_check(w, d, dismissal_max, f);
	if (rc == 0 && w->c->closed)
		rc = incident_reopen(w, 0, "the dismissal under which it was closed ran out", f);
	if (rc)
		return rc;
	jw_obj(&j);
	put_digest(&j, "envelope", &d->envelope);
	put_proof(&j, &d->evidence);
	put_ts(&j, "expires", d->expires);
	put_digest(&j, "key", &d->key);
	jw_kcstr(&j, "owner", d->owner);
	jw_kcstr(&j, "tripwire", tripwire_of(d));
	jw_kcstr(&j, "verdict", conclusion_name(d->verdict));
	jw_kcstr(&j, "why", d->why);
	jw_end(&j);
	return incident_append(w, "case.decide", w->c->id, &b, f);
}

void incident_decision_payload(struct buf *out, const char *case_id, const char *actor, ts at,
    const struct incident_decision *d)
{
	struct jw j = jw_canonical(out);

	jw_obj(&j);
	put_ts(&j, "at", at);
	jw_kcstr(&j, "by", actor);
	jw_kcstr(&j, "case", case_id);
	put_proof(&j, &d->evidence);
	put_ts(&j, "expires", d->expires);
	jw_kcstr(&j, "owner", d->owner);
	jw_kcstr(&j, "tripwire", tripwire_of(d));
	jw_kint(&j, "v", 1);
	jw_kcstr(&j, "verdict", conclusion_name(d->verdict));
	jw_kcstr(&j, "why", d->why);
	jw_end(&j);
}

/* Most things are not done to a case that is closed. */
static int check_not_closed(const struct incident_write *w, struct fault *f)
{
	if (incident_state_at(w->c, w->who.at) == INCIDENT_CLOSED)
		return fault_set(f, INCIDENT_REFUSED, "case %s is closed", w->c->id);
	return 0;
}

static const struct incident_condition *find_condition(const struct incident *c, const char *id)
{
	for (size_t i = 0; i < c->ncondition; i++)
		if (strcmp(c->condition[i].item->id, id) == 0)
			return &c->condition[i];
	return NULL;
}

int incident_meet(struct incident_write *w, const char *condition,
    const struct incident_proof *proof, const char *note, struct fault *f)
{
	AUTO_BUF struct buf b = BUF_INIT(DATA_MAX);
	struct jw j = jw_canonical(&b);
	const struct incident_condition *n = find_condition(w->c, condition);
	int rc = check_not_closed(w, f);

	if (rc)
		return rc;
	if (!n)
		return fault_set(f, INCIDENT_INCOMPLETE,
		    "case %s has no exit condition %s; firebreak case show %s lists them", w->c->id,
		    QUOTE(span_str(condition)), w->c->id);
	if (n->met)
		return fault_set(f, INCIDENT_REFUSED, "exit condition %s is met already, by %s",
		    n->item->id, QUOTE(span_str(n->met_by)));
	if ((rc = check_proof(proof, true, f)) ||
	    (rc = check_optional("--note", note, INCIDENT_TEXT_MAX, f)))
		return rc;
	jw_obj(&j);
	jw_kcstr(&j, "condition", n->item->id);
	put_proof(&j, proof);
	jw_kcstr(&j, "note", note);
	jw_end(&j);
	return incident_append(w, "case.meet", w->c->id, &b, f);
}

int incident_note(
    struct incident_write *w, const char *text, const struct incident_proof *proof, struct fault *f)
{
	AUTO_BUF struct buf b = BUF_INIT(DATA_MAX);
	struct jw j = jw_canonical(&b);
	int rc;

	if ((rc = incident_check_text("the note", text, INCIDENT_TEXT_MAX, f)) ||
	    (rc = check_proof(proof, false, f)))
		return rc;
	jw_obj(&j);
	put_proof(&j, proof);
	jw_kcstr(&j, "text", text);
	jw_end(&j);
	return incident_append(w, "case.note", w->c->id, &b, f);
}

static const struct incident_writeback *find_writeback(const struct incident *c, const char *id)
{
	for (size_t i = 0; i < c->nwriteback; i++)
		if (strcmp(c->writeback[i].id, id) == 0)
			return &c->writeback[i];
	return NULL;
}

static bool is_item_id(const char *s)
{
	size_t n = strspn(s, "abcdefghijklmnopqrstuvwxyz0123456789-");
	return n && !s[n] && n <= 64 && s[0] >= 'a' && s[0] <= 'z';
}

static const char *free_item_id(struct incident_write *w)
{
	char id[32];
	size_t n = 1;

	do
		snprintf(id, sizeof(id), "item-%zu", n++);
	while (find_writeback(w->c, id));
	return arena_str(w->l->arena, span_str(id));
}

static int check_writeback(const struct incident_writeback *n, struct fault *f)
{
	int rc;

	if ((rc = incident_check_text("--finding", n->finding, INCIDENT_TEXT_MAX, f)) ||
	    (rc = check_optional("--control", n->control, INCIDENT_TEXT_MAX, f)) ||
	    (rc = check_optional("--runbook", n->runbook, INCIDENT_TEXT_MAX, f)) ||
	    (rc = incident_check_name("--owner", n->owner, f)) ||
	    (rc = incident_check_text("--tripwire", n->tripwire, INCIDENT_TEXT_MAX, f)))
		return rc;
	if (!n->control && !n->runbook)
		return fault_set(f, INCIDENT_INCOMPLETE,
		    "one of --control and --runbook is needed: "
		    "what changes because of the finding");
	return 0;
}

int incident_writeback_fill(struct incident_write *w, const struct incident_writeback *n,
    const char **ret_id, struct fault *f)
{
	AUTO_BUF struct buf b = BUF_INIT(DATA_MAX);
	struct jw j = jw_canonical(&b);
	int rc;

	if ((rc = check_not_closed(w, f)) || (rc = check_writeback(n, f)))
		return rc;
	if (n->id && !is_item_id(n->id))
		return fault_set(f, INCIDENT_INCOMPLETE,
		    "--item %s: not 1 to 64 of a-z, 0-9 and -, starting with a letter",
		    QUOTE(span_str(n->id)));
	const char *id = n->id ? n->id : free_item_id(w);
	if (!id)
		return -ENOMEM;
	const struct incident_writeback *old = find_writeback(w->c, id);
	if (old && old->done)
		return fault_set(f, INCIDENT_REFUSED, "write-back item %s is done already", id);
	jw_obj(&j);
	jw_kcstr(&j, "control", n->control);
	jw_kcstr(&j, "finding", n->finding);
	jw_kcstr(&j, "item", id);
	jw_kcstr(&j, "owner", n->owner);
	jw_kcstr(&j, "runbook", n->runbook);
	jw_kcstr(&j, "tripwire", n->tripwire);
	jw_end(&j);
	rc = incident_append(w, "case.writeback", w->c->id, &b, f);
	if (rc == 0)
		*ret_id = id;
	return rc;
}

int incident_writeback_done(struct incident_write *w, const char *item,
    const struct incident_proof *proof, const char *note, struct fault *f)
{
	AUTO_BUF struct buf b = BUF_INIT(DATA_MAX);
	struct jw j = jw_canonical(&b);
	const struct incident_writeback *n = find_writeback(w->c, item);
	int rc = check_not_closed(w, f);

	if (rc)
		return rc;
	if (!n)
		return fault_set(f, INCIDENT_INCOMPLETE,
		    "case %s has no write-back item %s; firebreak case show %s lists them",
		    w->c->id, QUOTE(span_str(item)), w->c->id);
	if (!n->filled || n->done)
		return fault_set(f, INCIDENT_REFUSED, "write-back item %s is %s", n->id,
		    n->done ? "done already"
			    : "not filled in; first: firebreak case writeback add");
	if ((rc = check_proof(proof, true, f)) ||
	    (rc = check_optional("--note", note, INCIDENT_TEXT_MAX, f)))
		return rc;
	jw_obj(&j);
	put_proof(&j, proof);
	jw_kcstr(&j, "item", n->id);
	jw_kcstr(&j, "note", note);
	jw_end(&j);
	return incident_append(w, "case.done", w->c->id, &b, f);
}

int incident_close(struct incident_write *w, const char *why, struct fault *f)
{
	AUTO_ARENA struct arena tmp = ARENA_INIT(1u << 20);
	AUTO_BUF struct buf b = BUF_INIT(DATA_MAX);
	struct jw j = jw_canonical(&b);
	const char *const *open;
	size_t n;
	int rc;

	if ((rc = check_not_closed(w, f)) ||
	    (rc = incident_check_text("--why", why, INCIDENT_TEXT_MAX, f)) ||
	    (rc = incident_open_items(w->c, w->who.at, &tmp, &open, &n)))
		return rc;
	if (n)
		return fault_set(f, INCIDENT_REFUSED, "case %s has %zu open item%s: %s%s", w->c->id,
		    n, n == 1 ? "" : "s", open[0], n == 1 ? "" : " …");
	jw_obj(&j);
	jw_kcstr(&j, "why", why);
	jw_end(&j);
	return incident_append(w, "case.close", w->c->id, &b, f);
}

int incident_advised(struct incident_write *w, const struct incident_advisory *v, struct fault *f)
{
	AUTO_BUF struct buf b = BUF_INIT(DATA_MAX);
	struct jw j = jw_canonical(&b);

	jw_obj(&j);
	put_digest(&j, "case-data", &v->case_data);
	put_digest(&j, "csaf", &v->csaf);
	put_ts(&j, "date", v->date);
	put_digest(&j, "html", &v->html);
	put_digest(&j, "indicators", &v->indicators);
	jw_kint(&j, "number", v->number);
	jw_kcstr(&j, "overview", v->overview);
	put_digest(&j, "publisher", &v->publisher);
	jw_kcstr(&j, "status", v->status);
	jw_kcstr(&j, "summary", v->summary);
	put_digest(&j, "text", &v->text);
	jw_kcstr(&j, "title", v->title);
	jw_kcstr(&j, "tlp", v->tlp);
	jw_kcstr(&j, "tracking", v->tracking);
	jw_end(&j);
	return incident_append(w, "case.advisory", w->c->id, &b, f);
}

int incident_froze(struct incident_write *w, const char *channel, enum incident_frozen outcome,
    const char *why, struct fault *f)
{
	AUTO_BUF struct buf b = BUF_INIT(DATA_MAX);
	struct jw j = jw_canonical(&b);

	jw_obj(&j);
	jw_kcstr(&j, "channel", channel);
	jw_kcstr(&j, "outcome", incident_freeze_name(outcome));
	jw_kcstr(&j, "why", why);
	jw_end(&j);
	return incident_append(w, "case.freeze", w->c->id, &b, f);
}
