/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The fold of cases: input is one entry a line, {"kind","at","data"}, all of one case. Property: an
 * entry that is refused is refused with words; what was taken can be shown, twice the same, at any
 * time; a dismissal never stands past its expiry, and nothing open is ever closed.
 */

#include "incident/case_json.h"

#include <errno.h>
#include <stdlib.h>

#define MUST(x) ((x) ? (void)0 : abort())
#define ENTRIES_MAX 64

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool entry(struct span line, struct arena *a, struct json_doc *d, struct ledger_entry *e)
{
	struct fault f = FAULT_INIT;

	if (json_parse(d, line, a, &f) < 0)
		return false;
	struct json_val v = json_root(d);
	const char *kind = json_cstr(json_get(v, "kind"), a);
	if (!kind || ts_parse(json_str(json_get(v, "at"), a), &e->at) < 0)
		return false;
	e->kind = kind;
	e->subject = "case:2023-0001";
	e->actor = "me";
	e->data = json_get(v, "data");
	return true;
}

static void fold(struct incidents *l, struct span text)
{
	struct span line;

	for (uint64_t seq = 0; seq < ENTRIES_MAX && span_next_line(&text, &line); seq++) {
		AUTO_ARENA struct arena tmp = ARENA_INIT(8u << 20);
		struct ledger_entry e = { .seq = seq };
		struct fault f = FAULT_INIT;
		struct json_doc d;
		if (!entry(line, &tmp, &d, &e))
			continue;
		int rc = incidents_apply(l, &e, &f);
		MUST(rc <= 0 && (rc == 0 || f.text[0]));
		if (rc < 0)
			break; /* as a reader of the ledger would */
	}
}

static void look(const struct incident *c, ts now, struct buf *out, struct arena *a)
{
	const struct incident_decision *d = incident_decision_at(c, now);
	struct jw w = jw_of(out);
	const char *const *open;
	size_t n;

	MUST(!d || d->expires == TS_NONE || d->expires > now);
	int rc = incident_open_items(c, now, a, &open, &n);
	MUST(rc == 0 || rc == -ENOMEM);
	if (rc == 0 && incident_state_at(c, now) == INCIDENT_CLOSED && now >= c->closed_at)
		MUST(n == 0);
	rc = incident_json(&w, c, now, INCIDENT_BY_SEEN, a);
	MUST(rc == 0 || rc == -ENOMEM);
}

static void run(struct span text, struct buf *out)
{
	AUTO_ARENA struct arena a = ARENA_INIT(64u << 20);
	AUTO_INCIDENTS struct incidents l;
	const ts day = 1677628800ll * TS_SECOND;

	incidents_init(&l, &a);
	fold(&l, text);
	for (size_t i = 0; i < l.n; i++)
		for (int k = 0; k < 4; k++)
			look(l.c[i], day + k * 9 * TS_DAY, out, &a);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	AUTO_BUF struct buf one = BUF_INIT(16u << 20), two = BUF_INIT(16u << 20);

	if (size > 64u << 10)
		return 0;
	run(span_of(data, size), &one);
	run(span_of(data, size), &two);
	MUST(span_eq(buf_span(&one), buf_span(&two)));
	return 0;
}
