/* SPDX-License-Identifier: Apache-2.0 */

/* Route files: what they say, what is refused and where, which route answers a signal. */

#include "incident/route.h"
#include "tap.h"

#include <errno.h>

static const char good[] =
    "version: 1\n"
    "name: test\n"
    "independent-reports: 3\n"
    "dismissal-max: 10d\n"
    "freeze-for: 2h\n"
    "routes:\n"
    "  - id: sure\n"
    "    signal: downstream-impact\n"
    "    min-confidence: 80\n"
    "    question: Is it so?\n"
    "    severity: critical\n"
    "    owner: soc\n"
    "    steps: [freeze-channel, contain]\n"
    "    deadlines:\n"
    "      - {id: triage, text: t, within: 4h, until: decision}\n"
    "      - {id: law, text: t, within: 3d, from: told, until: told, source: Act 1,\n"
    "         applies-to: [confirmed]}\n"
    "    exit:\n"
    "      - {id: told, text: they know, applies-to: [confirmed, contained]}\n"
    "    write-back:\n"
    "      - {id: lesson, text: what we learned}\n"
    "  - {id: impact, signal: downstream-impact, question: q, severity: low, owner: o, steps: "
    "[scope]}\n"
    "  - {id: bytes, signal: release-integrity, question: q, severity: high, owner: o,\n"
    "     steps: [freeze-channel]}\n"
    "  - {id: gap, signal: provenance-gap, question: q, severity: medium, owner: o,\n"
    "     steps: [hold-release]}\n";

static int parse(struct routes *r, struct span text, struct arena *a, struct fault *f)
{
	*f = FAULT_INIT;
	return routes_parse(r, "r.yaml", text, a, f);
}

static void test_good(void)
{
	AUTO_ARENA struct arena a = ARENA_INIT(16u << 20);
	struct fault f;
	struct routes r;

	if (!ok(parse(&r, span_str(good), &a, &f) == 0, "a good file"))
		diag("%s", f.text);
	is_str(r.name, "test", "name");
	is_int(r.independent_reports, 3, "independent-reports");
	is_int(r.dismissal_max, 10 * TS_DAY, "dismissal-max");
	is_int(r.freeze_for, 2 * TS_HOUR, "freeze-for");
	is_int(r.n, 4, "routes");
	const struct route *s = &r.route[0];
	is_int(s->ndeadline, 2, "deadlines");
	is_str(s->deadline[0].from, "learned", "from is learned when it is not said");
	is_int(s->deadline[0].applies, CONCLUSIONS_ALL, "and applies to all");
	is_str(s->deadline[1].source, "Act 1", "source");
	is_int(s->deadline[1].applies, 1u << CONCLUSION_CONFIRMED, "applies-to one");
	is_int(s->exit[0].applies, 1u << CONCLUSION_CONFIRMED | 1u << CONCLUSION_CONTAINED,
	    "applies-to two");
	ok(route_has_step(s, STEP_FREEZE_CHANNEL) && !route_has_step(s, STEP_SCOPE), "steps");
}

static void test_match(void)
{
	AUTO_ARENA struct arena a = ARENA_INIT(16u << 20);
	static const struct {
		enum signal_kind kind;
		int confidence;
		const char *route;
	} rows[] = {
		{ SIGNAL_DOWNSTREAM_IMPACT, 100, "sure" },
		{ SIGNAL_DOWNSTREAM_IMPACT, 80, "sure" },
		{ SIGNAL_DOWNSTREAM_IMPACT, 79, "impact" },
		{ SIGNAL_DOWNSTREAM_IMPACT, 0, "impact" },
		{ SIGNAL_RELEASE_INTEGRITY, 0, "bytes" },
		{ SIGNAL_PROVENANCE_GAP, 100, "gap" },
	};
	struct fault f;
	struct routes r;

	if (parse(&r, span_str(good), &a, &f) < 0)
		exit(2);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct signal s = { .kind = rows[i].kind, .confidence = rows[i].confidence };
		is_str(routes_match(&r, &s)->id, rows[i].route, "%s at %d",
		    signal_kind_name(rows[i].kind), rows[i].confidence);
	}
	struct signal none = { 0 };
	ok(!routes_match(&r, &none), "a signal of no kind has no route");
}

/* A case keeps its route as JSON and reads it again. */
static void test_round_trip(void)
{
	AUTO_ARENA struct arena a = ARENA_INIT(16u << 20);
	struct fault f;
	struct routes r;

	if (parse(&r, span_str(good), &a, &f) < 0)
		exit(2);
	for (size_t i = 0; i < r.n; i++) {
		AUTO_BUF struct buf one = BUF_INIT(1u << 20), two = BUF_INIT(1u << 20);
		struct jw w = jw_canonical(&one);
		struct json_doc d;
		struct route again;
		route_json(&w, &r.route[i]);
		f = FAULT_INIT;
		int rc = json_parse(&d, buf_span(&one), &a, &f);
		if (rc == 0)
			rc = route_decode(&again, json_root(&d), &a, &f);
		ok(rc == 0, "route %s reads back: %s", r.route[i].id, f.text);
		w = jw_canonical(&two);
		if (rc == 0)
			route_json(&w, &again);
		is_str(buf_str(&two), buf_str(&one), "and is the same");
	}
}

/* Replaces the first occurrence of from. */
static const char *edit(struct arena *a, const char *from, const char *to)
{
	const char *at = strstr(good, from);

	if (!at)
		printf("Bail out! no \"%s\" in the good file\n", from), exit(2);
	return arena_printf(a, "%.*s%s%s", (int)(at - good), good, to, at + strlen(from));
}

static void test_bad(void)
{
	static const struct {
		const char *name, *from, *to, *words;
	} rows[] = {
		{ "unknown key at the top", "name: test", "name: test\ncolour: red",
		    "r.yaml:3:1: " },
		{ "unknown key in a route", "owner: soc", "owner: soc\n    colour: red", "colour" },
		{ "unknown key in a deadline", "{id: triage,", "{id: triage, colour: red,",
		    "colour" },
		{ "no version", "version: 1\n", "", "\"version\" is missing" },
		{ "version 2", "version: 1", "version: 2", "r.yaml:1:10: " },
		{ "no name", "name: test\n", "", "\"name\" is missing" },
		{ "name over two lines", "name: test", "name: \"a\\nb\"", "one line" },
		{ "k of nothing", "independent-reports: 3", "independent-reports: 0", "from 1 to" },
		{ "k in words", "independent-reports: 3", "independent-reports: three", "number" },
		{ "no duration", "dismissal-max: 10d", "dismissal-max: long", "duration" },
		{ "no routes", "routes:\n", "rootes:\n", "rootes" },
		{ "unknown signal", "signal: release-integrity", "signal: fire", "unknown signal" },
		{ "unknown severity", "severity: critical", "severity: bad", "unknown severity" },
		{ "unknown step", "steps: [freeze-channel, contain]", "steps: [panic]",
		    "unknown step" },
		{ "a step twice", "[freeze-channel, contain]", "[contain, contain]", "twice" },
		{ "no step", "[freeze-channel, contain]", "[]", "empty" },
		{ "no question", "    question: Is it so?\n", "", "\"question\" is missing" },
		{ "no owner", "    owner: soc\n", "", "\"owner\" is missing" },
		{ "route id twice", "id: impact", "id: sure", "used twice" },
		{ "route id with a blank", "id: sure", "id: not sure", "a-z, 0-9" },
		{ "confidence 101", "min-confidence: 80", "min-confidence: 101", "0 to 100" },
		{ "until what", "until: decision", "until: dinner", "neither an event" },
		{ "from what", "from: told", "from: dawn", "neither an event" },
		{ "no until", ", until: decision}", "}", "\"until\" is missing" },
		{ "no within", "within: 4h, ", "", "\"within\" is missing" },
		{ "unknown verdict", "applies-to: [confirmed]", "applies-to: [guilty]",
		    "unknown verdict" },
		{ "applies to nothing", "applies-to: [confirmed]", "applies-to: []", "empty" },
		{ "condition with the name of an event", "{id: told,", "{id: close,",
		    "word of its own" },
		{ "deadline id twice", "{id: law,", "{id: triage,", "used twice" },
		{ "no route for every gap", "signal: provenance-gap",
		    "signal: provenance-gap, min-confidence: 1",
		    "no route answers every provenance-gap" },
		{ "no route for impact of low confidence", "signal: downstream-impact, question",
		    "signal: provenance-gap, question",
		    "no route answers every downstream-impact" },
		{ "a list instead of a text", "question: Is it so?", "question: [a]",
		    "not a string" },
		{ "control character", "question: Is it so?", "question: \"a\\u0007\"",
		    "plain text" },
		{ "an anchor", "name: test", "name: &x test", "anchors" },
	};
	struct fault f;

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		AUTO_ARENA struct arena a = ARENA_INIT(16u << 20);
		struct routes r = { .n = 77 };
		int rc = parse(&r, span_str(edit(&a, rows[i].from, rows[i].to)), &a, &f);
		if (!ok(rc == -EBADMSG && strncmp(f.text, "r.yaml:", 7) == 0 &&
			    strstr(f.text, rows[i].words) && r.n == 77,
			"%s", rows[i].name))
			diag("rc %d: %s", rc, f.text);
	}
}

static void test_prefixes(void)
{
	struct fault f;
	int taken = 0, silent = 0;

	for (size_t n = 0; n + 1 < sizeof(good) - 1; n++) {
		AUTO_ARENA struct arena a = ARENA_INIT(16u << 20);
		struct routes r;
		int rc = parse(&r, span_of(good, n), &a, &f);
		taken += rc == 0;
		silent += rc < 0 && !f.text[0];
	}
	is_int(taken, 0, "no proper prefix is a route file");
	is_int(silent, 0, "and each is refused with words");
}

/* Memory runs out: no crash, nothing half done. */
static void test_small_arena(void)
{
	AUTO_ARENA struct arena a = ARENA_INIT(4096);
	struct fault f;
	struct routes r;

	is_int(parse(&r, span_str(good), &a, &f), -ENOMEM, "a full arena is an ordinary error");
}

int main(void)
{
	test_good();
	test_match();
	test_round_trip();
	test_bad();
	test_prefixes();
	test_small_arena();
	return tap_done();
}
