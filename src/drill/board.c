/* SPDX-License-Identifier: Apache-2.0 */

#include "drill/report.h"

#include "base/clock.h"

#include <stdio.h>

static ts get_ns(struct json_val v, const char *key)
{
	int64_t ns;

	return json_int(json_get(v, key), &ns) < 0 ? TS_NONE : ns;
}

static const char *str(struct json_val v, const char *key, struct arena *a)
{
	const char *s = json_cstr(json_get(v, key), a);
	return s ? s : "";
}

ts report_milestone(
    struct json_val result, const char *milestone, struct arena *a, const char **ret_variant)
{
	ts best = TS_NONE;

	JSON_EACH(v, json_get(result, "variants")) {
		JSON_EACH(s, json_get(v, "steps")) {
			ts t = get_ns(s, "since_alert_ns");
			if (!json_is(json_get(s, "milestone"), milestone) ||
			    !json_is(json_get(s, "status"), "met"))
				continue;
			if (t != TS_NONE && (best == TS_NONE || t < best)) {
				best = t;
				*ret_variant = str(v, "id", a);
			}
		}
	}
	return best;
}

#define TITLE_MAX 84

/* Width of the longest step title of a variant, for its column. Titles are ASCII in practice. */
static int title_width(struct json_val v, struct arena *a)
{
	size_t width = 20;

	JSON_EACH(s, json_get(v, "steps")) {
		size_t n = strlen(str(s, "title", a));
		if (!json_is(json_get(s, "kind"), "inject") && n > width)
			width = n;
	}
	return width < TITLE_MAX ? (int)width : TITLE_MAX;
}

/* The step that failed, in full; a step that was met, in one line. */
static void step_line(
    struct buf *b, struct json_val s, int width, const struct report_ink *ink, struct arena *a)
{
	char took[TS_TEXT_MAX], since[TS_TEXT_MAX] = "";
	bool met = json_is(json_get(s, "status"), "met");
	ts alert = get_ns(s, "since_alert_ns");

	if (json_is(json_get(s, "kind"), "inject")) {
		buf_printf(b, "  %s  inject  %s%s\n", ink->dim, str(s, "title", a), ink->off);
		return;
	}
	if (alert != TS_NONE)
		ts_format_duration(alert, since);
	buf_printf(b, "  %s%s%s  %-9s %-*s %9s %12s\n", met ? ink->good : ink->bad,
	    met ? "met   " : "MISSED", ink->off, str(s, "phase", a), width, str(s, "title", a),
	    ts_format_duration(get_ns(s, "took_ns"), took), since);
	if (!met) {
		buf_printf(
		    b, "            expected  %s\n", QUOTE(json_str(json_get(s, "expected"), a)));
		buf_printf(
		    b, "            actual    %s\n", QUOTE(json_str(json_get(s, "actual"), a)));
		buf_printf(
		    b, "            command   %s\n", QUOTE(json_str(json_get(s, "command"), a)));
	}
}

static void variant_block(
    struct buf *b, struct json_val v, const struct report_ink *ink, struct arena *a)
{
	int64_t met = 0, missed = 0;
	int width = title_width(v, a);

	if (json_int(json_get(v, "met"), &met) < 0 || json_int(json_get(v, "missed"), &missed) < 0)
		return;
	buf_printf(b, "\n%s(%s) %s%s  %lld met, %s%lld missed%s\n", ink->bold, str(v, "id", a),
	    str(v, "title", a), ink->off, (long long)met, missed ? ink->bad : "", (long long)missed,
	    missed ? ink->off : "");
	buf_printf(b, "  %s%-6s  %-9s %-*s %9s %12s%s\n", ink->dim, "", "phase", width, "step",
	    "took", "since alert", ink->off);
	JSON_EACH(s, json_get(v, "steps"))
		step_line(b, s, width, ink, a);
}

static void yard_line(struct buf *b, struct json_val y, struct json_val result, struct arena *a)
{
	char pub[TS_TEXT_MAX], own[TS_TEXT_MAX] = "not reached";
	const char *variant = "";
	ts t = report_milestone(result, str(y, "id", a), a, &variant);

	if (t != TS_NONE)
		ts_format_duration(t, own);
	buf_printf(b, "  %-54s %12s %14s%s%s%s\n", str(y, "title", a),
	    ts_format_duration(get_ns(y, "published_ns"), pub), own, *variant ? "  (" : "", variant,
	    *variant ? ")" : "");
}

void report_board(
    struct buf *b, struct json_val result, const struct report_ink *ink, struct arena *a)
{
	int64_t met = 0, missed = 0;
	struct json_val yards = json_get(result, "milestones");

	if (json_int(json_get(result, "met"), &met) < 0 ||
	    json_int(json_get(result, "missed"), &missed) < 0)
		return;
	buf_printf(b, "%sDrill %s%s: %s\n", ink->bold, str(result, "scenario", a), ink->off,
	    str(result, "title", a));
	JSON_EACH(v, json_get(result, "variants"))
		variant_block(b, v, ink, a);
	if (json_count(yards)) {
		buf_printf(b, "\n%s%-56s %12s %14s%s\n", ink->bold, "Next to the real case",
		    "published", "this drill", ink->off);
		JSON_EACH(y, yards)
			yard_line(b, y, result, a);
		buf_printf(b,
		    "  %sMachine time with every person answering at once: what the tool costs, "
		    "not what\n"
		    "  people will need.%s\n",
		    ink->dim, ink->off);
	}
	buf_printf(b, "\n%s%lld steps met, %lld missed%s\n", missed ? ink->bad : ink->good,
	    (long long)met, (long long)missed, ink->off);
}
