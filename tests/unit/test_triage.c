/* SPDX-License-Identifier: Apache-2.0 */

/* Triage: which case a signal joins, what counts as an independent report, what trips the wire. */

#include "crypto/hash.h"
#include "incident/triage.h"
#include "scratch.h"
#include "tap.h"

#include <errno.h>

#define T0 (1679443200ll * TS_SECOND) /* 2023-03-22 */

static const char routes_text[] =
    "version: 1\nname: t\nroutes:\n"
    "  - {id: bytes, signal: release-integrity, question: q, severity: critical, owner: rel,\n"
    "     steps: [freeze-channel]}\n"
    "  - {id: gap, signal: provenance-gap, question: q, severity: medium, owner: build,\n"
    "     steps: [hold-release]}\n"
    "  - {id: impact, signal: downstream-impact, question: q, severity: high, owner: soc,\n"
    "     steps: [scope]}\n";

enum act { SAY, DISMISS, CONFIRM };

struct row {
	enum act act;
	int day;
	/* SAY */
	enum signal_kind kind;
	const char *reporter;
	int digest; /* 0: none */
	const char *obs, *channel, *release, *belongs_to;
	/* expected; for DISMISS and CONFIRM the case */
	const char *id;
	enum triage_what what;
	bool freeze_now, tripped;
};

static struct arena arena;
static struct routes routes;

static struct signal signal_of(const struct row *r)
{
	struct signal s = { .kind = r->kind, .reporter = r->reporter, .obs_value = r->obs,
		.obs_type = r->obs ? "domain" : NULL, .channel = r->channel, .release = r->release,
		.seen = T0, .learned = T0 };

	if (r->digest)
		s.subject = sha256_of(span_of(&r->digest, sizeof(r->digest)));
	return s;
}

static int say(struct incident_write *w, const struct row *r, const char *name, struct fault *f)
{
	struct signal s = signal_of(r);
	struct triage_input in = { .routes = &routes, .route_file = "t", .signal = &s,
		.belongs_to = r->belongs_to, .route_digest = sha256_of(SPAN_LIT("t")) };
	struct triage_result t;

	int rc = triage_signal(w, &in, &t, f);
	if (rc)
		return rc;
	is_str(t.c->id, r->id, "%s: case", name);
	is_int(t.what, r->what, "%s: outcome", name);
	is_int(t.freeze_now, r->freeze_now, "%s: freeze at once", name);
	is_int(t.tripped, r->tripped, "%s: tripped", name);
	return 0;
}

static int decide(struct incident_write *w, const struct row *r, struct fault *f)
{
	struct incident_evidence e = { sha256_of(SPAN_LIT("e")), "e.txt" };
	struct incident_decision d = { .verdict = r->act == DISMISS ? CONCLUSION_FALSE_POSITIVE :
								      CONCLUSION_CONFIRMED,
		.why = "w", .owner = "o", .evidence = { &e, 1 },
		.expires = r->act == DISMISS ? w->who.at + 10 * TS_DAY : TS_NONE };

	w->c = incidents_find(w->l, r->id);
	return w->c ? incident_decide(w, &d, routes.dismissal_max, f) : -ENOENT;
}

static void play(const char *name, const struct row *rows, size_t n)
{
	static int turn;
	AUTO_STORE struct store *s = NULL;
	AUTO_INCIDENTS struct incidents l, again;
	struct fault f = FAULT_INIT;

	incidents_init(&l, &arena);
	incidents_init(&again, &arena);
	if (store_open(&s, scratch("state%d", turn++), STORE_RDWR, &f) < 0)
		printf("Bail out! %s\n", f.text), exit(2);
	for (size_t i = 0; i < n; i++) {
		struct incident_write w = { .s = s, .l = &l,
			.who = { "me", T0 + rows[i].day * TS_DAY, false } };
		char step[128];
		snprintf(step, sizeof(step), "%s, step %zu", name, i + 1);
		int rc = store_begin(s, &f);
		if (rc == 0)
			rc = rows[i].act == SAY ? say(&w, &rows[i], step, &f) :
						  decide(&w, &rows[i], &f);
		if (rc == 0)
			rc = store_commit(s, &f);
		if (!ok(rc == 0, "%s", step)) {
			diag("rc %d: %s", rc, f.text);
			return;
		}
	}
	/* What was applied step by step is what the ledger says. */
	if (incidents_load(&again, s, NULL, &f) < 0)
		diag("%s", f.text);
	is_int(again.n, l.n, "%s: the ledger has the same cases", name);
	for (size_t i = 0; i < l.n && i < again.n; i++)
		is_int(again.c[i]->nevent, l.c[i]->nevent, "%s: case %s is the same", name,
		    l.c[i]->id);
}
#define PLAY(name, ...)                                                                            \
	do {                                                                                       \
		static const struct row rows_[] = { __VA_ARGS__ };                                 \
		play(name, rows_, ARRAY_LEN(rows_));                                               \
	} while (0)

#define IMPACT SIGNAL_DOWNSTREAM_IMPACT
#define ONE "2023-0001"
#define TWO "2023-0002"

int main(void)
{
	struct fault f = FAULT_INIT;

	arena = ARENA_INIT(256u << 20);
	if (routes_parse(&routes, "t", span_str(routes_text), &arena, &f) < 0)
		printf("Bail out! %s\n", f.text), exit(2);

	PLAY("two reporters", { SAY, 0, IMPACT, "a", 1, .id = ONE, .what = TRIAGE_OPENED },
	    { SAY, 0, IMPACT, " A ", 1, .id = ONE, .what = TRIAGE_REPEATED },
	    { SAY, 1, IMPACT, "b", 1, .id = ONE, .what = TRIAGE_JOINED, .tripped = true },
	    { SAY, 1, IMPACT, "b", 1, .id = ONE, .what = TRIAGE_REPEATED },
	    { SAY, 1, IMPACT, "c", 1, .id = ONE, .what = TRIAGE_JOINED, .tripped = true });
	PLAY("two reporters on two things", { SAY, 0, IMPACT, "a", 1, .id = ONE },
	    { SAY, 0, IMPACT, "b", 2, .id = TWO, .what = TRIAGE_OPENED });
	PLAY("dismissed", { SAY, 0, IMPACT, "a", 1, .id = ONE }, { DISMISS, 1, .id = ONE },
	    { SAY, 2, IMPACT, "a", 1, .id = ONE, .what = TRIAGE_REPEATED },
	    { SAY, 3, IMPACT, "b", 1, .id = ONE, .what = TRIAGE_REOPENED, .tripped = true });
	PLAY("dismissed, with two reporters before",
	    { SAY, 0, IMPACT, "a", 1, .id = ONE },
	    { SAY, 0, IMPACT, "b", 1, .id = ONE, .what = TRIAGE_JOINED, .tripped = true },
	    { DISMISS, 1, .id = ONE },
	    { SAY, 2, IMPACT, "b", 1, .id = ONE, .what = TRIAGE_REPEATED },
	    { SAY, 3, IMPACT, "c", 1, .id = ONE, .what = TRIAGE_REOPENED, .tripped = true });
	PLAY("a dismissal that ran out is an open case", { SAY, 0, IMPACT, "a", 1, .id = ONE },
	    { DISMISS, 1, .id = ONE },
	    { SAY, 20, IMPACT, "b", 1, .id = ONE, .what = TRIAGE_JOINED, .tripped = true });
	PLAY("a dismissal does not cover another file of the same release",
	    { SAY, 0, IMPACT, "a", 1, NULL, "stable", "1.0", .id = ONE }, { DISMISS, 1, .id = ONE },
	    { SAY, 2, IMPACT, "a", 2, NULL, "stable", "1.0", .id = TWO, .what = TRIAGE_OPENED });
	PLAY("nor another file that meets the same name",
	    { SAY, 0, IMPACT, "a", 1, "c2.example", .id = ONE }, { DISMISS, 1, .id = ONE },
	    { SAY, 2, IMPACT, "a", 2, "c2.example", .id = TWO, .what = TRIAGE_OPENED });
	PLAY("tampered bytes open a dismissed case at once",
	    { SAY, 0, IMPACT, "a", 1, .id = ONE }, { DISMISS, 1, .id = ONE },
	    { SAY, 2, SIGNAL_RELEASE_INTEGRITY, "gate", 1, .id = ONE, .what = TRIAGE_REOPENED,
		.freeze_now = true, .tripped = true });
	PLAY("integrity freezes at once, and again while the case is open",
	    { SAY, 0, SIGNAL_RELEASE_INTEGRITY, "gate", 1, .id = ONE, .freeze_now = true },
	    { SAY, 1, SIGNAL_RELEASE_INTEGRITY, "gate", 1, .id = ONE, .what = TRIAGE_REPEATED,
		.freeze_now = true },
	    { DISMISS, 2, .id = ONE },
	    { SAY, 3, SIGNAL_RELEASE_INTEGRITY, "gate", 1, .id = ONE, .what = TRIAGE_REPEATED });
	PLAY("a name needs its channel to be the same",
	    { SAY, 0, IMPACT, "a", 0, "c2.example", "stable", .id = ONE },
	    { SAY, 0, IMPACT, "b", 0, "C2.example", "stable", .id = ONE, .what = TRIAGE_JOINED,
		.tripped = true },
	    { SAY, 0, IMPACT, "b", 0, "c2.example", "beta", .id = TWO, .what = TRIAGE_OPENED });
	PLAY("what belongs together", { SAY, 0, IMPACT, "a", 1, .id = ONE },
	    { SAY, 0, IMPACT, "a", 0, "c2.example", .belongs_to = ONE, .id = ONE,
		.what = TRIAGE_JOINED },
	    { DISMISS, 1, .id = ONE },
	    { SAY, 2, IMPACT, "a", 0, "c3.example", .belongs_to = ONE, .id = TWO,
		.what = TRIAGE_OPENED });
	PLAY("confirmed is open", { SAY, 0, IMPACT, "a", 1, .id = ONE }, { CONFIRM, 1, .id = ONE },
	    { SAY, 2, IMPACT, "b", 1, .id = ONE, .what = TRIAGE_JOINED, .tripped = true });
	arena_free(&arena);
	return tap_done();
}
