/* SPDX-License-Identifier: Apache-2.0 */

/* freeze: making a freeze; lifting it, or letting something through it, as a second person. */

#include "release/change.h"
#include "release/draft.h"
#include "release/second.h"
#include "release/text.h"

#include <errno.h>
#include <stdio.h>

/* --- freezing --- */

static bool covers_all(const struct release_frozen *z, const struct release_freeze *x)
{
	if (!x->nscope)
		return z->order.nscope == 0;
	for (size_t i = 0; i < x->nscope; i++)
		if (!fold_covers(z, x->scope[i]))
			return false;
	return true;
}

/* Does z let through only what x would, and is it lifted by what x would be? */
static bool as_strict(const struct release_frozen *z, const struct release_freeze *x)
{
	for (size_t i = 0; i < z->order.nallow; i++) {
		bool also = false;
		for (size_t j = 0; j < x->nallow; j++)
			also |= strcmp(z->order.allow[i], x->allow[j]) == 0;
		if (!also)
			return false;
	}
	struct span condition = span_str(z->order.condition), head = SPAN_LIT("case-closed:");
	if (x->condition)
		return span_eq_str(condition, x->condition);
	return span_starts(condition, head) && span_eq_str(span_from(condition, head.n), x->case_id);
}

/* An open freeze that says already what x says. */
static const struct release_frozen *same_freeze(const struct release_channel *c,
    const struct release_freeze *x)
{
	for (size_t i = 0; i < c->nfreezes; i++) {
		const struct release_frozen *z = &c->freeze[i];
		if (!z->lifted && x->who.at < z->order.expires && x->case_id && z->order.case_id &&
		    strcmp(x->case_id, z->order.case_id) == 0 && covers_all(z, x) &&
		    as_strict(z, x))
			return z;
	}
	return NULL;
}

static const char *default_condition(struct draft *d, const struct release_freeze *x)
{
	if (x->condition)
		return x->condition;
	return x->case_id ? arena_printf(&d->arena, "case-closed:%s", x->case_id) :
			    "statement:the reason for the freeze no longer holds";
}

static void strings_json(struct jw *w, const char *key, const char *const *s, size_t n)
{
	jw_key(w, key);
	jw_arr(w);
	for (size_t i = 0; i < n; i++)
		jw_cstr(w, s[i]);
	jw_end(w);
}

/* What the writer would mend silently (bytes that are not UTF-8) is refused first. */
static int check_words(const struct release_freeze *x, struct fault *f)
{
	int rc = text_line(span_str(x->reason), RELEASE_TEXT_MAX, "reason", f);

	if (rc == 0)
		rc = text_line(span_str(x->owner), RELEASE_PERSON_MAX, "owner", f);
	if (rc == 0 && x->condition)
		rc = text_line(span_str(x->condition), RELEASE_TEXT_MAX, "condition", f);
	return rc;
}

int release_freeze(struct store *s, const struct release_freeze *x, uint64_t *ret_seq,
    struct fault *f)
{
	AUTO_DRAFT struct draft d;
	char expires[TS_TEXT_MAX];
	int rc = draft_open(&d, s, x->channel, f);

	if (rc == 0)
		rc = check_words(x, f);
	if (rc)
		return rc;
	const struct release_frozen *z = same_freeze(&d.c, x);
	if (z) {
		*ret_seq = z->id;
		return fault_set(f, RELEASE_ALREADY_FROZEN, "%s is frozen for case %s already (entry "
		    "%llu)", d.c.name, z->order.case_id, (unsigned long long)z->id);
	}
	const char *condition = default_condition(&d, x);
	if (!condition)
		return -ENOMEM;
	strings_json(&d.w, "allow", x->allow, x->nallow);
	jw_kcstr(&d.w, "case", x->case_id);
	jw_kcstr(&d.w, "condition", condition);
	jw_kcstr(&d.w, "expires", ts_format(x->expires, expires));
	jw_kcstr(&d.w, "owner", x->owner);
	jw_kcstr(&d.w, "reason", x->reason);
	strings_json(&d.w, "scope", x->scope, x->nscope);
	return draft_append(&d, s, "release.freeze", &x->who, ret_seq, f);
}

/* --- lifting --- */

static int last_case_step(void *ctx, const struct ledger_entry *e)
{
	int *state = ctx; /* 0 unknown, 1 open, 2 closed */

	if (strcmp(e->kind, "case.open") == 0 || strcmp(e->kind, "case.reopen") == 0)
		*state = 1;
	else if (strcmp(e->kind, "case.close") == 0)
		*state = 2;
	return 0;
}

static int check_case(struct store *s, struct span id, struct fault *f)
{
	char subject[128];
	int state = 0;

	snprintf(subject, sizeof(subject), "case:%.*s", SPAN_ARG(id));
	int rc = ledger_each(s, &(struct ledger_query){ .kind_prefix = "case.", .subject = subject },
	    last_case_step, &state, f);
	if (rc < 0 || state == 2)
		return rc;
	return fault_set(f, RELEASE_NOT_MET, state ?
		"the condition is case-closed:%.*s, and that case is open" :
		"the condition is case-closed:%.*s, and there is no such case here", SPAN_ARG(id));
}

/* Which way the condition counts as met now: it itself, or a statement. */
static int meet(struct store *s, const struct release_unfreeze *x, struct unfreeze_claim *u,
    struct fault *f)
{
	const struct release_freeze *z = &u->freeze->order;
	struct condition cond;
	int rc = condition_parse(span_str(z->condition), &cond, f);

	if (rc < 0)
		return rc;
	bool late = unfreeze_is_late(u) && x->nevidence;
	u->met = cond.kind == CONDITION_STATEMENT || late ? "statement" : "condition";
	if (cond.kind == CONDITION_CASE_CLOSED && !late)
		rc = check_case(s, cond.arg, f);
	return rc;
}

static int no_freeze(const struct release_channel *c, uint64_t id, struct fault *f)
{
	return fault_set(f, RELEASE_NO_SUCH, "%s has no open freeze %llu", c->name,
	    (unsigned long long)id);
}

int release_unfreeze(struct store *s, const struct release_unfreeze *x, uint64_t *ret_seq,
    struct fault *f)
{
	AUTO_DRAFT struct draft d;
	const struct release_person *p;
	int rc = draft_open(&d, s, x->channel, f);

	if (rc)
		return rc;
	struct unfreeze_claim u = { second_freeze(&d.c, x->freeze), NULL, x->person, x->evidence,
		x->nevidence, x->who.at, x->who.clock_injected };
	if (!u.freeze)
		return no_freeze(&d.c, x->freeze, f);
	rc = meet(s, x, &u, f);
	if (rc == 0)
		rc = unfreeze_may(&d.c, &u, &p, f);
	if (rc)
		return rc;
	AUTO_BUF struct buf payload = BUF_INIT(LEDGER_ENTRY_MAX);
	unfreeze_payload(&payload, &d.c, &u);
	jw_key(&d.w, "envelope");
	rc = buf_err(&payload);
	if (rc == 0)
		rc = second_sign(&d.w, p, x->key, UNFREEZE_TYPE, buf_span(&payload), &d.arena, f);
	if (rc)
		return rc;
	draft_files(&d.w, "evidence", x->evidence, x->nevidence);
	jw_kint(&d.w, "freeze", (int64_t)x->freeze);
	jw_kcstr(&d.w, "met", u.met);
	jw_kcstr(&d.w, "person", x->person);
	return draft_append(&d, s, "release.unfreeze", &x->who, ret_seq, f);
}

/* --- letting something through --- */

int release_allow(struct store *s, const struct release_allow *x, uint64_t *ret_seq,
    struct fault *f)
{
	AUTO_DRAFT struct draft d;
	AUTO_BUF struct buf payload = BUF_INIT(LEDGER_ENTRY_MAX);
	const struct release_person *p;
	char expires[TS_TEXT_MAX];
	int rc = draft_open(&d, s, x->channel, f);

	if (rc == 0)
		rc = text_line(span_str(x->reason), RELEASE_TEXT_MAX, "reason", f);
	if (rc)
		return rc;
	struct allow_claim u = { second_freeze(&d.c, x->freeze), x->person, x->reason, x->allow,
		x->nallow, x->expires, x->who.at };
	if (!u.freeze)
		return no_freeze(&d.c, x->freeze, f);
	rc = allow_may(&d.c, &u, &p, f);
	if (rc)
		return rc;
	strings_json(&d.w, "allow", x->allow, x->nallow);
	allow_payload(&payload, &d.c, &u);
	jw_key(&d.w, "envelope");
	rc = buf_err(&payload);
	if (rc == 0)
		rc = second_sign(&d.w, p, x->key, ALLOW_TYPE, buf_span(&payload), &d.arena, f);
	if (rc)
		return rc;
	jw_kcstr(&d.w, "expires", ts_format(x->expires, expires));
	jw_kint(&d.w, "freeze", (int64_t)x->freeze);
	jw_kcstr(&d.w, "person", x->person);
	jw_kcstr(&d.w, "reason", x->reason);
	return draft_append(&d, s, "release.allow", &x->who, ret_seq, f);
}
