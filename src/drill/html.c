/* SPDX-License-Identifier: Apache-2.0 */

/* html: the drill report. One file, readable on screen and on paper. */

#include "drill/report.h"

#include "base/clock.h"

#include <math.h>
#include <stdio.h>

static const char style[] =
    ":root{--ink:#1b1f24;--dim:#5c6670;--line:#d9dee3;--card:#fff;--page:#f4f6f8;--good:#1a7f4b;"
    "--bad:#b3261e;--bar:#2f6fb2;--old:#b9662b}"
    "@media(prefers-color-scheme:dark){:root{--ink:#e6e9ec;--dim:#9aa4ae;--line:#333b43;"
    "--card:#1d2227;--page:#14181c;--good:#58c08b;--bad:#f2867d;--bar:#6aa7e8;--old:#e0a06a}}"
    "*{box-sizing:border-box}body{margin:0;background:var(--page);color:var(--ink);"
    "font:16px/1.55 system-ui,sans-serif}main{max-width:62rem;margin:0 auto;padding:2rem 1.2rem "
    "4rem}"
    "h1{font-size:1.9rem;line-height:1.2;margin:.2rem 0 .6rem}h2{font-size:1.25rem;margin:2.4rem 0 "
    ".6rem}"
    "h3{font-size:1.05rem;margin:0}p{margin:.5rem 0}.dim{color:var(--dim)}.small{font-size:.86rem}"
    ".good{color:var(--good)}.bad{color:var(--bad)}.tiles{display:flex;flex-wrap:wrap;gap:.8rem;"
    "margin:1.2rem 0}.tile{background:var(--card);border:1px solid var(--line);border-radius:.5rem;"
    "padding:.7rem 1rem;min-width:9rem}.tile b{display:block;font-size:1.5rem;line-height:1.2}"
    ".card{background:var(--card);border:1px solid var(--line);border-radius:.5rem;padding:1rem "
    "1.2rem;"
    "margin:1rem "
    "0;break-inside:avoid-page}.head{display:flex;justify-content:space-between;gap:1rem;"
    "align-items:baseline;flex-wrap:wrap}table{border-collapse:collapse;width:100%;margin:.6rem 0;"
    "font-size:.9rem}th{text-align:left;color:var(--dim);font-weight:600;font-size:.8rem}"
    "th,td{padding:.35rem .5rem .35rem 0;border-bottom:1px solid var(--line);vertical-align:top}"
    "td.n{text-align:right;white-space:nowrap;font-variant-numeric:tabular-nums}"
    "tr.inject td{color:var(--dim);font-style:italic}code,pre{font:.82rem/1.45 "
    "ui-monospace,monospace}"
    "pre{white-space:pre-wrap;overflow-wrap:anywhere;margin:.4rem 0;max-height:22rem;overflow:auto}"
    "details{margin:.2rem 0}summary{cursor:pointer;color:var(--dim);font-size:.84rem}"
    ".yard{display:grid;grid-template-columns:11rem 1fr;gap:.2rem .8rem;align-items:center;"
    "font-size:.9rem;margin:.6rem 0}.bar{display:flex;align-items:center;gap:.5rem;height:1.15rem}"
    ".bar "
    "i{display:block;height:.75rem;border-radius:.2rem;min-width:3px}.pub{background:var(--old)}"
    ".own{background:var(--bar)}dl{display:grid;grid-template-columns:max-content 1fr;gap:.2rem "
    "1rem}"
    "dt{color:var(--dim)}dd{margin:0;overflow-wrap:anywhere}"
    "@media print{body{background:#fff}pre{max-height:none}}";

static void esc(struct buf *b, struct span s)
{
	for (size_t i = 0; i < s.n; i++) {
		switch (s.p[i]) {
		case '&':
			buf_puts(b, "&amp;");
			break;
		case '<':
			buf_puts(b, "&lt;");
			break;
		case '>':
			buf_puts(b, "&gt;");
			break;
		case '"':
			buf_puts(b, "&quot;");
			break;
		default:
			buf_putc(b, (char)s.p[i]);
		}
	}
}

static void esc_key(struct buf *b, struct json_val v, const char *key, struct arena *a)
{
	esc(b, json_str(json_get(v, key), a));
}

static ts get_ns(struct json_val v, const char *key)
{
	int64_t ns;

	return json_int(json_get(v, key), &ns) < 0 ? TS_NONE : ns;
}

static void put_duration(struct buf *b, ts t)
{
	char text[TS_TEXT_MAX];

	if (t != TS_NONE)
		buf_puts(b, ts_format_duration(t, text));
}

static void tile(struct buf *b, const char *label, const char *cls, int64_t n)
{
	buf_printf(b, "<div class=tile><b class=%s>%lld</b>%s</div>\n", cls, (long long)n, label);
}

/* Length of a bar on a logarithmic scale from 1 ms to 30 days, in percent. */
static double bar_width(ts t)
{
	double low = 6, high = 15.5, x = t > 1000000 ? log10((double)t) : low;

	x = (x - low) / (high - low) * 62;
	return x < 0.5 ? 0.5 : x;
}

static void bar(struct buf *b, const char *cls, ts t, const char *who)
{
	buf_puts(b, "<div class=bar>");
	if (t == TS_NONE) {
		buf_printf(b, "<span class=bad>%s: not reached</span></div>", who);
		return;
	}
	buf_printf(b, "<i class=%s style=\"width:%.1f%%\"></i><span>", cls, bar_width(t));
	put_duration(b, t);
	buf_printf(b, " <span class=dim>%s</span></span></div>", who);
}

static void yardstick(struct buf *b, struct json_val result, struct arena *a)
{
	struct json_val yards = json_get(result, "milestones");

	if (!json_count(yards))
		return;
	buf_puts(b,
	    "<h2>Next to the real case</h2>\n<div class=card><p>Published intervals from the first "
	    "outside alert, and the same intervals in this drill. The scale is logarithmic.</p>\n");
	JSON_EACH(y, yards) {
		const char *variant = "", *id = json_cstr(json_get(y, "id"), a);
		ts own = report_milestone(result, id ? id : "", a, &variant);
		buf_puts(b, "<div class=yard><div>");
		esc_key(b, y, "title", a);
		buf_puts(b, "</div><div>");
		bar(b, "pub", get_ns(y, "published_ns"), "published");
		bar(b, "own", own, "this drill");
		buf_puts(b, "</div></div>\n");
	}
	buf_puts(b,
	    "<p class=\"small dim\">The drill's figures are machine time with every person "
	    "answering at "
	    "once: they say what the tool costs, not how long people will take. What the drill "
	    "shows "
	    "is that each step is there, is refused or forced where it must be, and leaves its "
	    "record.</p>\n<p class=\"small dim\">Sources of the published dates: ");
	bool first = true;
	JSON_EACH(y, yards) {
		if (!json_ok(json_get(y, "source")))
			continue;
		buf_puts(b, first ? "" : "; ");
		first = false;
		esc_key(b, y, "source", a);
	}
	buf_puts(b, ".</p></div>\n");
}

static void step_details(struct buf *b, struct json_val s, struct arena *a)
{
	bool inject = json_is(json_get(s, "kind"), "inject");

	buf_puts(b, "<details><summary>");
	buf_puts(b, inject ? "what was injected" : "command, expectation, output");
	buf_puts(b, "</summary><pre>");
	esc_key(b, s, "command", a);
	if (!inject) {
		buf_puts(b, "\n\nexpected: ");
		esc_key(b, s, "expected", a);
		buf_puts(b, "\nactual:   ");
		esc_key(b, s, "actual", a);
	}
	if (json_ok(json_get(s, "output"))) {
		buf_puts(b, "\n\n");
		esc_key(b, s, "output", a);
	}
	buf_puts(b, "</pre></details>");
}

static void step_row(struct buf *b, struct json_val s, struct arena *a)
{
	bool inject = json_is(json_get(s, "kind"), "inject"),
	     met = json_is(json_get(s, "status"), "met");

	buf_printf(b, "<tr%s><td>", inject ? " class=inject" : "");
	if (!inject)
		buf_printf(b, "<b class=%s>%s</b>", met ? "good" : "bad",
		    met					       ? "met"
		    : json_is(json_get(s, "status"), "missed") ? "missed"
							       : "not run");
	buf_puts(b, "</td><td>");
	esc_key(b, s, "phase", a);
	buf_puts(b, "</td><td>");
	esc_key(b, s, "title", a);
	buf_puts(b, " <span class=dim>· ");
	esc_key(b, s, "who", a);
	buf_puts(b, "</span>");
	if (!met) {
		buf_puts(b, "<br><span class=bad>");
		esc_key(b, s, "actual", a);
		buf_puts(b, "</span>");
	}
	step_details(b, s, a);
	buf_puts(b, "</td><td class=n>");
	put_duration(b, get_ns(s, "took_ns"));
	buf_puts(b, "</td><td class=n>");
	put_duration(b, get_ns(s, "since_alert_ns"));
	buf_puts(b, "</td></tr>\n");
}

static void variant_card(struct buf *b, struct json_val v, struct arena *a)
{
	int64_t met = 0, missed = 0;

	if (json_int(json_get(v, "met"), &met) < 0 || json_int(json_get(v, "missed"), &missed) < 0)
		return;
	buf_puts(b, "<div class=card><div class=head><h3>(");
	esc_key(b, v, "id", a);
	buf_puts(b, ") ");
	esc_key(b, v, "title", a);
	buf_printf(b, "</h3><span class=%s>%lld of %lld met</span></div>\n",
	    missed ? "bad" : "good", (long long)met, (long long)(met + missed));
	if (json_ok(json_get(v, "like"))) {
		buf_puts(b, "<p class=\"small dim\">");
		esc_key(b, v, "like", a);
		buf_puts(b, "</p>\n");
	}
	buf_puts(b,
	    "<table><thead><tr><th></th><th>Phase</th><th>Step</th><th>Took</th><th>Since alert"
	    "</th></tr></thead><tbody>\n");
	JSON_EACH(s, json_get(v, "steps"))
		step_row(b, s, a);
	buf_puts(b, "</tbody></table></div>\n");
}

static const struct record_finding *recorded(const struct record *r, struct json_val id)
{
	for (size_t i = 0; r && i < r->nfindings; i++)
		if (json_is(id, r->finding[i].id))
			return &r->finding[i];
	return NULL;
}

static void finding_card(
    struct buf *b, struct json_val f, const struct record *record, struct arena *a)
{
	static const char *const rows[][2] = { { "Control", "control" }, { "Runbook", "runbook" },
		{ "Owner", "owner" }, { "Tripwire", "tripwire" } };
	const struct record_finding *n = recorded(record, json_get(f, "id"));

	buf_puts(b, "<div class=card><div class=head><h3>");
	esc_key(b, f, "id", a);
	buf_printf(b, "</h3><span class=%s>%s</span></div><p>", n && n->resolved ? "good" : "bad",
	    n && n->resolved ? "resolved" : "open");
	esc_key(b, f, "finding", a);
	buf_puts(b, "</p><dl>");
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		buf_printf(b, "<dt>%s</dt><dd>", rows[i][0]);
		esc_key(b, f, rows[i][1], a);
		buf_puts(b, "</dd>");
	}
	if (n && n->resolved) {
		buf_puts(b, "<dt>Resolved</dt><dd>");
		esc(b, span_str(n->why));
		buf_puts(b, " (");
		esc(b, span_str(n->resolved_by));
		buf_printf(b, ", evidence %s)</dd>", DIGEST_TEXT(&n->evidence));
	}
	buf_puts(b, "</dl></div>\n");
}

static void findings(
    struct buf *b, struct json_val result, const struct record *record, struct arena *a)
{
	struct json_val list = json_get(result, "findings");

	buf_puts(b, "<h2>Findings</h2>\n");
	if (!json_count(list))
		buf_puts(b, "<p>None: every expected action happened. The drill proves these steps "
			    "for these "
			    "variants only.</p>\n");
	JSON_EACH(f, list)
		finding_card(b, f, record, a);
}

static void record_part(
    struct buf *b, struct json_val result, const struct record *record, struct arena *a)
{
	buf_puts(b, "<h2>The record</h2>\n<div class=card><dl>");
	if (record) {
		buf_puts(b, "<dt>Drill</dt><dd>");
		esc(b, span_str(record->id));
		buf_printf(b,
		    " (%s)</dd><dt>Result document</dt><dd><code>%s</code></dd><dt>Run by</dt><dd>",
		    record->closed  ? "closed"
		    : record->nopen ? "open: findings are not answered"
				    : "open",
		    DIGEST_TEXT(&record->result));
		esc(b, span_str(record->actor));
		buf_puts(b, "</dd>");
	}
	buf_puts(b, "<dt>Started</dt><dd>");
	esc_key(b, result, "started", a);
	buf_puts(b, "</dd><dt>Program</dt><dd>");
	esc_key(b, result, "program", a);
	buf_puts(b, "</dd>");
	JSON_EACH(f, json_get(result, "files")) {
		buf_puts(b, "<dt>");
		esc_key(b, f, "title", a);
		buf_puts(b, "</dt><dd><code>");
		esc_key(b, f, "path", a);
		buf_puts(b, "</code></dd>");
	}
	buf_puts(b, "</dl><p class=\"small dim\">Check the record with <code>firebreak ledger "
		    "verify</code>; answer "
		    "a finding with <code>firebreak drill resolve</code>; a drill with open "
		    "findings cannot be "
		    "closed.</p></div>\n");
}

void report_html(
    struct buf *b, struct json_val result, const struct record *record, struct arena *a)
{
	int64_t met = 0, missed = 0;

	if (json_int(json_get(result, "met"), &met) < 0 ||
	    json_int(json_get(result, "missed"), &missed) < 0)
		return;
	buf_puts(b,
	    "<!doctype html>\n<html lang=en><head><meta charset=utf-8>"
	    "<meta name=viewport content=\"width=device-width,initial-scale=1\"><title>Drill ");
	esc_key(b, result, "scenario", a);
	buf_printf(b,
	    "</title><style>%s</style></head><body><main>\n<p class=dim>Firebreak drill · ", style);
	esc_key(b, result, "scenario", a);
	buf_puts(b, "</p><h1>");
	esc_key(b, result, "title", a);
	buf_puts(b, "</h1>\n<p>");
	esc_key(b, result, "about", a);
	buf_puts(b, "</p>\n<div class=tiles>\n");
	tile(b, "variants played", "dim", json_count(json_get(result, "variants")));
	tile(b, "steps met", "good", met);
	tile(b, "steps missed", missed ? "bad" : "good", missed);
	tile(b, "open findings", record && record->nopen ? "bad" : "good",
	    record ? (int64_t)record->nopen : missed);
	buf_puts(b, "</div>\n");
	yardstick(b, result, a);
	buf_puts(b, "<h2>What happened</h2>\n");
	JSON_EACH(v, json_get(result, "variants"))
		variant_card(b, v, a);
	findings(b, result, record, a);
	record_part(b, result, record, a);
	buf_puts(b, "</main></body></html>\n");
}
