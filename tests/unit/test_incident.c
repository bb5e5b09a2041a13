/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Cases as a fold: tables of ledger entries and what the case is then. Days are those of March
 * 2023; every entry is JSON as it stands in the ledger.
 */

#include "incident/case_json.h"
#include "tap.h"

#include <errno.h>

#define DAY(d) (1677628800ll * TS_SECOND + ((d)-1) * TS_DAY) /* 2023-03-01 and on */
#define HASH "sha256:7986bbaee8940da11ce089383521ab420c443ab7b15ed42aed91fd31ce833896"
#define PROOF "\"evidence\":[{\"digest\":\"" HASH "\",\"name\":\"e.txt\"}]"
#define ROUTE                                                                                      \
	"{\"deadlines\":["                                                                         \
	"{\"id\":\"triage\",\"text\":\"t\",\"until\":\"decision\",\"within\":\"4h\"},"             \
	"{\"id\":\"freeze\",\"text\":\"t\",\"until\":\"freeze\",\"within\":\"1h\"},"               \
	"{\"applies-to\":[\"confirmed\"],\"from\":\"confirmed\",\"id\":\"tell\",\"text\":\"t\","   \
	"\"until\":\"advisory\",\"within\":\"1d\"},"                                               \
	"{\"from\":\"known\",\"id\":\"after\",\"text\":\"t\",\"until\":\"close\",\"within\":"      \
	"\"2d\"}],"                                                                                \
	"\"exit\":[{\"id\":\"known\",\"text\":\"scope\"},"                                         \
	"{\"applies-to\":[\"confirmed\"],\"id\":\"told\",\"text\":\"told\"}],"                     \
	"\"id\":\"r\",\"min-confidence\":0,\"owner\":\"soc\",\"question\":\"q\",\"severity\":"     \
	"\"high\","                                                                                \
	"\"signal\":\"downstream-impact\",\"steps\":[\"scope\"],"                                  \
	"\"write-back\":[{\"applies-to\":[\"confirmed\"],\"id\":\"lesson\",\"text\":\"l\"}]}"
#define OPEN                                                                                       \
	"{\"id\":\"2023-0001\",\"route-digest\":\"" HASH "\",\"route-file\":\"f\",\"title\":"      \
							 "\"t\"}"
#define SIGNAL(n, who, more)                                                                       \
	"{\"independent\":true,\"reporters\":" #n "," more "\"route-id\":\"r\",\"signal\":"        \
	"{\"confidence\":50,\"kind\":\"downstream-impact\",\"learned\":\"2023-03-01T00:00:00Z\","  \
	"\"reporter\":\"" who "\",\"seen\":\"2023-02-01T00:00:00Z\",\"subject\":\"" HASH "\"}}"
#define FIRST SIGNAL(1, "a", "\"route\":" ROUTE ",")
#define FP                                                                                         \
	"{" PROOF ",\"expires\":\"2023-03-09T00:00:00Z\",\"owner\":\"o\",\"tripwire\":\"t\","      \
	"\"verdict\":\"false-positive\",\"why\":\"w\"}"
#define CONFIRMED "{\"evidence\":[],\"verdict\":\"confirmed\",\"why\":\"w\"}"
#define MEET(id) "{\"condition\":\"" id "\"," PROOF "}"
#define FILL                                                                                       \
	"{\"control\":\"c\",\"finding\":\"f\",\"item\":\"lesson\",\"owner\":\"o\",\"tripwire\":"   \
	"\"t\"}"
#define DONE "{" PROOF ",\"item\":\"lesson\"}"
#define REOPEN "{\"reporters\":2,\"why\":\"w\"}"
#define CLOSE "{\"why\":\"w\"}"
#define ADVISORY(status)                                                                           \
	"{\"csaf\":\"" HASH "\",\"date\":\"2023-03-03T00:00:00Z\",\"html\":\"" HASH                \
	"\",\"number\":1,"                                                                         \
	"\"status\":\"" status "\",\"summary\":\"s\",\"text\":\"" HASH "\",\"tracking\":\"T\"}"
#define FREEZE(outcome) "{\"channel\":\"c\",\"outcome\":\"" outcome "\",\"why\":\"w\"}"

struct row {
	int day;
	const char *kind, *data;
};

struct fold {
	struct arena a;
	struct incidents l;
	struct fault f;
	uint64_t seq;
};

static void start(struct fold *x)
{
	*x = (struct fold){ .a = ARENA_INIT(64u << 20) };
	incidents_init(&x->l, &x->a);
}

static void finish(struct fold *x)
{
	incidents_free(&x->l);
	arena_free(&x->a);
}

static int put(struct fold *x, int day, const char *kind, const char *data)
{
	struct json_doc d;

	if (json_parse(&d, span_str(data), &x->a, &x->f) < 0)
		printf("Bail out! %s: %s\n", kind, x->f.text), exit(2);
	struct ledger_entry e = { .seq = x->seq++,
		.at = DAY(day),
		.kind = kind,
		.subject = "case:2023-0001",
		.actor = "me",
		.data = json_root(&d) };
	x->f = FAULT_INIT;
	return incidents_apply(&x->l, &e, &x->f);
}

static struct incident *fold(struct fold *x, const struct row *r)
{
	start(x);
	for (; r->kind; r++)
		if (put(x, r->day, r->kind, r->data) != 0)
			diag("%s: %s", r->kind, x->f.text);
	return incidents_find(&x->l, "2023-0001");
}

/* --- states over time --- */

#define ROWS_MAX 14

static void test_states(void)
{
	static const struct {
		const char *name;
		struct row row[ROWS_MAX];
		struct {
			int day;
			enum incident_state want;
		} at[5];
	} rows[] = {
		{ "nobody decided", { { 1, "case.open", OPEN }, { 1, "case.signal", FIRST } },
		    { { 1, INCIDENT_OPEN }, { 30, INCIDENT_OPEN } } },
		{ "confirmed stays open",
		    { { 1, "case.open", OPEN }, { 1, "case.signal", FIRST },
			{ 2, "case.decide", CONFIRMED } },
		    { { 2, INCIDENT_OPEN }, { 30, INCIDENT_OPEN } } },
		{ "a false positive runs out",
		    { { 1, "case.open", OPEN }, { 1, "case.signal", FIRST },
			{ 2, "case.decide", FP } },
		    { { 2, INCIDENT_DISMISSED }, { 8, INCIDENT_DISMISSED }, { 9, INCIDENT_EXPIRED },
			{ 30, INCIDENT_EXPIRED } } },
		{ "re-opened before that",
		    { { 1, "case.open", OPEN }, { 1, "case.signal", FIRST },
			{ 2, "case.decide", FP }, { 3, "case.signal", SIGNAL(2, "b", "") },
			{ 3, "case.reopen", REOPEN } },
		    { { 3, INCIDENT_OPEN }, { 30, INCIDENT_OPEN } } },
		{ "closed as a false positive: runs out all the same",
		    { { 1, "case.open", OPEN }, { 1, "case.signal", FIRST },
			{ 2, "case.decide", FP }, { 2, "case.meet", MEET("known") },
			{ 3, "case.close", CLOSE } },
		    { { 3, INCIDENT_CLOSED }, { 8, INCIDENT_CLOSED }, { 9, INCIDENT_EXPIRED } } },
		{ "closed as confirmed: for good",
		    { { 1, "case.open", OPEN }, { 1, "case.signal", FIRST },
			{ 2, "case.decide", CONFIRMED }, { 2, "case.meet", MEET("known") },
			{ 2, "case.meet", MEET("told") }, { 2, "case.writeback", FILL },
			{ 2, "case.done", DONE }, { 3, "case.close", CLOSE } },
		    { { 3, INCIDENT_CLOSED }, { 30, INCIDENT_CLOSED } } },
		{ "decided again",
		    { { 1, "case.open", OPEN }, { 1, "case.signal", FIRST },
			{ 2, "case.decide", FP }, { 10, "case.decide", CONFIRMED } },
		    { { 10, INCIDENT_OPEN }, { 30, INCIDENT_OPEN } } },
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct fold x;
		struct incident *c = fold(&x, rows[i].row);
		for (size_t k = 0; k < ARRAY_LEN(rows[i].at) && rows[i].at[k].day; k++)
			is_str(incident_state_name(incident_state_at(c, DAY(rows[i].at[k].day))),
			    incident_state_name(rows[i].at[k].want), "%s, day %d", rows[i].name,
			    rows[i].at[k].day);
		finish(&x);
	}
}

/* --- what stands in the way of closing --- */

static void test_open_items(void)
{
	static const struct {
		const char *name;
		struct row row[ROWS_MAX];
		int day;
		const char *want; /* ids, joined */
	} rows[] = {
		{ "nobody decided: everything",
		    { { 1, "case.open", OPEN }, { 1, "case.signal", FIRST } }, 1,
		    "decision known told lesson" },
		{ "confirmed",
		    { { 1, "case.open", OPEN }, { 1, "case.signal", FIRST },
			{ 2, "case.decide", CONFIRMED } },
		    2, "known told lesson" },
		{ "a false positive needs less",
		    { { 1, "case.open", OPEN }, { 1, "case.signal", FIRST },
			{ 2, "case.decide", FP } },
		    2, "known" },
		{ "run out: everything again",
		    { { 1, "case.open", OPEN }, { 1, "case.signal", FIRST },
			{ 2, "case.decide", FP } },
		    9, "decision known told lesson" },
		{ "filled in is not done",
		    { { 1, "case.open", OPEN }, { 1, "case.signal", FIRST },
			{ 2, "case.decide", CONFIRMED }, { 2, "case.meet", MEET("known") },
			{ 2, "case.meet", MEET("told") }, { 2, "case.writeback", FILL } },
		    2, "lesson" },
		{ "a filled item counts for a false positive too",
		    { { 1, "case.open", OPEN }, { 1, "case.signal", FIRST },
			{ 2, "case.writeback", FILL }, { 2, "case.decide", FP },
			{ 2, "case.meet", MEET("known") } },
		    2, "lesson" },
		{ "done",
		    { { 1, "case.open", OPEN }, { 1, "case.signal", FIRST },
			{ 2, "case.decide", CONFIRMED }, { 2, "case.meet", MEET("known") },
			{ 2, "case.meet", MEET("told") }, { 2, "case.writeback", FILL },
			{ 2, "case.done", DONE } },
		    2, "" },
		{ "re-opened: what was met is open again, what was learned is not",
		    { { 1, "case.open", OPEN }, { 1, "case.signal", FIRST },
			{ 2, "case.decide", CONFIRMED }, { 2, "case.meet", MEET("known") },
			{ 2, "case.writeback", FILL }, { 2, "case.done", DONE },
			{ 3, "case.reopen", REOPEN } },
		    3, "decision known told" },
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct fold x;
		struct incident *c = fold(&x, rows[i].row);
		const char *const *s;
		char got[256] = "";
		size_t n;
		if (incident_open_items(c, DAY(rows[i].day), &x.a, &s, &n) < 0)
			exit(2);
		for (size_t k = 0; k < n; k++) {
			static const char *const ids[] = {
				"decision:", "known:", "told:", "lesson"
			};
			for (size_t j = 0; j < ARRAY_LEN(ids); j++)
				if (strstr(s[k], ids[j]))
					snprintf(got + strlen(got), sizeof(got) - strlen(got),
					    "%s%.*s", got[0] ? " " : "", (int)strcspn(ids[j], ":"),
					    ids[j]);
		}
		is_str(got, rows[i].want, "%s", rows[i].name);
		finish(&x);
	}
}

/* --- deadlines --- */

static void test_deadlines(void)
{
	static const struct {
		const char *name;
		struct row row[ROWS_MAX];
		ts now;
		enum deadline_state want[4]; /* triage, freeze, tell, after */
	} rows[] = {
		{ "at the beginning", { { 1, "case.open", OPEN }, { 1, "case.signal", FIRST } },
		    DAY(1),
		    { DEADLINE_RUNNING, DEADLINE_RUNNING, DEADLINE_WAITING, DEADLINE_WAITING } },
		{ "to the minute", { { 1, "case.open", OPEN }, { 1, "case.signal", FIRST } },
		    DAY(1) + 4 * TS_HOUR,
		    { DEADLINE_RUNNING, DEADLINE_OVERDUE, DEADLINE_WAITING, DEADLINE_WAITING } },
		{ "and past it", { { 1, "case.open", OPEN }, { 1, "case.signal", FIRST } },
		    DAY(1) + 4 * TS_HOUR + 1,
		    { DEADLINE_OVERDUE, DEADLINE_OVERDUE, DEADLINE_WAITING, DEADLINE_WAITING } },
		{ "decided late, frozen in time, told in time, known",
		    { { 1, "case.open", OPEN }, { 1, "case.signal", FIRST },
			{ 1, "case.freeze", FREEZE("done") }, { 2, "case.decide", CONFIRMED },
			{ 3, "case.advisory", ADVISORY("interim") },
			{ 3, "case.meet", MEET("known") } },
		    DAY(4), { DEADLINE_MISSED, DEADLINE_MET, DEADLINE_MET, DEADLINE_RUNNING } },
		{ "a draft tells nobody; a freeze that found no channel is none",
		    { { 1, "case.open", OPEN }, { 1, "case.signal", FIRST },
			{ 1, "case.freeze", FREEZE("no-channel") }, { 2, "case.decide", CONFIRMED },
			{ 3, "case.advisory", ADVISORY("draft") },
			{ 3, "case.meet", MEET("known") } },
		    DAY(6),
		    { DEADLINE_MISSED, DEADLINE_OVERDUE, DEADLINE_OVERDUE, DEADLINE_OVERDUE } },
		{ "a false positive has nobody to tell",
		    { { 1, "case.open", OPEN }, { 1, "case.signal", FIRST },
			{ 1, "case.decide", FP } },
		    DAY(5), { DEADLINE_MET, DEADLINE_OVERDUE, DEADLINE_MOOT, DEADLINE_WAITING } },
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct fold x;
		struct incident *c = fold(&x, rows[i].row);
		struct incident_deadline *d;
		size_t n;
		if (incident_deadlines(c, rows[i].now, &x.a, &d, &n) < 0)
			exit(2);
		is_int(n, 4, "%s: four deadlines", rows[i].name);
		for (size_t k = 0; k < n && k < 4; k++)
			is_str(deadline_state_name(d[k].state),
			    deadline_state_name(rows[i].want[k]), "%s: %s", rows[i].name,
			    d[k].d->id);
		finish(&x);
	}
}

/* --- entries that nobody should have written --- */

static void test_refused(void)
{
	static const struct {
		const char *name;
		struct row before[4];
		const char *kind, *data, *words;
	} rows[] = {
		{ "opened twice", { { 1, "case.open", OPEN } }, "case.open", OPEN,
		    "a second time" },
		{ "never opened", { { 0 } }, "case.signal", FIRST, "never opened" },
		{ "another id", { { 0 } }, "case.open",
		    "{\"id\":\"2023-0002\",\"route-digest\":\"" HASH
		    "\",\"route-file\":\"f\",\"title\":\"t\"}",
		    "not the id" },
		{ "unknown kind", { { 1, "case.open", OPEN } }, "case.sing", "{}", "unknown kind" },
		{ "unknown member", { { 1, "case.open", OPEN } }, "case.note",
		    "{\"colour\":1,\"evidence\":[],\"text\":\"t\"}", "colour" },
		{ "signal without a route", { { 1, "case.open", OPEN } }, "case.signal",
		    SIGNAL(1, "a", ""), "never given" },
		{ "the route a second time",
		    { { 1, "case.open", OPEN }, { 1, "case.signal", FIRST } }, "case.signal", FIRST,
		    "there already" },
		{ "false positive without evidence", { { 1, "case.open", OPEN } }, "case.decide",
		    "{\"evidence\":[],\"expires\":\"2023-03-09T00:00:00Z\",\"owner\":\"o\","
		    "\"tripwire\":\"t\","
		    "\"verdict\":\"false-positive\",\"why\":\"w\"}",
		    "without evidence" },
		{ "without owner", { { 1, "case.open", OPEN } }, "case.decide",
		    "{" PROOF ",\"expires\":\"2023-03-09T00:00:00Z\",\"tripwire\":\"t\","
		    "\"verdict\":\"false-positive\",\"why\":\"w\"}",
		    "owner" },
		{ "without expiry", { { 1, "case.open", OPEN } }, "case.decide",
		    "{" PROOF ",\"owner\":\"o\",\"tripwire\":\"t\",\"verdict\":\"false-positive\","
		    "\"why\":\"w\"}",
		    "expiry" },
		{ "accepted risk that had run out", { { 1, "case.open", OPEN } }, "case.decide",
		    "{" PROOF
		    ",\"expires\":\"2023-03-01T00:00:00Z\",\"owner\":\"o\",\"tripwire\":\"t\","
		    "\"verdict\":\"accepted-risk\",\"why\":\"w\"}",
		    "expiry" },
		{ "unknown verdict", { { 1, "case.open", OPEN } }, "case.decide",
		    "{\"evidence\":[],\"verdict\":\"fine\",\"why\":\"w\"}", "unknown verdict" },
		{ "re-opened what was open", { { 1, "case.open", OPEN } }, "case.reopen", REOPEN,
		    "nobody had decided" },
		{ "met without evidence", { { 1, "case.open", OPEN }, { 1, "case.signal", FIRST } },
		    "case.meet", "{\"condition\":\"known\",\"evidence\":[]}", "empty" },
		{ "met what is no condition",
		    { { 1, "case.open", OPEN }, { 1, "case.signal", FIRST } }, "case.meet",
		    MEET("nothing"), "no exit condition" },
		{ "done before it was filled in",
		    { { 1, "case.open", OPEN }, { 1, "case.signal", FIRST } }, "case.done", DONE,
		    "not filled in" },
		{ "closed with everything open",
		    { { 1, "case.open", OPEN }, { 1, "case.signal", FIRST } }, "case.close", CLOSE,
		    "something open" },
		{ "closed a false positive with a condition open",
		    { { 1, "case.open", OPEN }, { 1, "case.signal", FIRST },
			{ 1, "case.decide", FP } },
		    "case.close", CLOSE, "something open: exit condition known" },
		{ "write-back without a control", { { 1, "case.open", OPEN } }, "case.writeback",
		    "{\"finding\":\"f\",\"item\":\"i\",\"owner\":\"o\",\"tripwire\":\"t\"}",
		    "control" },
		{ "frozen how", { { 1, "case.open", OPEN } }, "case.freeze", FREEZE("maybe"),
		    "outcome" },
		{ "an empty reason", { { 1, "case.open", OPEN } }, "case.decide",
		    "{\"evidence\":[],\"verdict\":\"confirmed\",\"why\":\"\"}", "empty" },
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct fold x;
		start(&x);
		for (const struct row *r = rows[i].before; r->kind; r++)
			if (put(&x, r->day, r->kind, r->data) != 0)
				diag("%s: %s", r->kind, x.f.text);
		int rc = put(&x, 1, rows[i].kind, rows[i].data);
		if (!ok(rc == -EBADMSG && strstr(x.f.text, rows[i].words) &&
			    strstr(x.f.text, "ledger entry"),
			"refused: %s", rows[i].name))
			diag("rc %d: %s", rc, x.f.text);
		finish(&x);
	}
}

/* --- views --- */

static void test_views(void)
{
	static const struct row rows[] = { { 1, "case.open", OPEN }, { 1, "case.signal", FIRST },
		{ 2, "case.note", "{\"evidence\":[],\"text\":\"n\"}" }, { 0 } };
	AUTO_BUF struct buf b = BUF_INIT(1u << 20);
	struct jw w = jw_of(&b);
	struct json_doc d;
	struct fold x;
	struct incident *c = fold(&x, rows);

	is_int(incident_json(&w, c, DAY(3), INCIDENT_BY_LEARNED, &x.a), 0, "as JSON");
	is_int(json_parse(&d, buf_span(&b), &x.a, &x.f), 0, "which parses: %s", x.f.text);
	struct json_val first = json_first(json_get(json_root(&d), "timeline"));
	ok(json_is(json_get(first, "what"), "opened"), "by learning: opened first");
	const struct incident_event *e = incident_timeline(c, INCIDENT_BY_SEEN, &x.a);
	is_str(e[0].what, "signal", "by event: the signal first");
	is_int(e[0].learned - e[0].seen, 28 * TS_DAY, "with 28 days between the two times");
	is_int(incident_reporters(c), 1, "one reporter");
	finish(&x);
}

int main(void)
{
	test_states();
	test_open_items();
	test_deadlines();
	test_refused();
	test_views();
	return tap_done();
}
