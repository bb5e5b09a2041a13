/* SPDX-License-Identifier: Apache-2.0 */

/* advisory_html: facts as one page: no script, nothing loaded from elsewhere, prints well. */

#include "incident/advisory.h"
#include "incident/prose.h"

static const char style[] =
    ":root{--ink:#1c2126;--soft:#5b6670;--line:#d5dade;--bad:#a3161b;--ok:#17683a;--wait:#8a5a00}"
    "*{box-sizing:border-box}body{margin:0;color:var(--ink);background:#fff;"
    "font:16px/1.55 system-ui,-apple-system,'Segoe UI',Roboto,sans-serif}"
    "main{max-width:60rem;margin:0 auto;padding:1.5rem 1.25rem 4rem}"
    ".tlp{display:inline-block;font:600 .8rem/1 ui-monospace,monospace;background:#000;color:#fff;"
    "padding:.35rem .5rem}.tlp.CLEAR{color:#fff}.tlp.GREEN{color:#33ff00}.tlp.AMBER{color:#ffc000}"
    ".tlp.RED{color:#ff2b2b}h1{font-size:1.75rem;line-height:1.25;margin:.8rem 0 .6rem}"
    "h2{font-size:1.15rem;margin:2rem 0 .5rem;border-bottom:1px solid var(--line);"
    "padding-bottom:.25rem}p{margin:.5rem 0;white-space:pre-line}"
    "dl{display:grid;grid-template-columns:max-content 1fr;gap:.15rem 1.25rem;margin:0}"
    "dt{color:var(--soft)}dd{margin:0;white-space:pre-line}"
    ".do{border-left:4px solid var(--bad);background:#faf5f5;padding:.6rem 1rem;margin:1.2rem 0}"
    ".do.ok{border-color:var(--ok);background:#f3f8f5}.do b{display:block}.do{white-space:pre-line}"
    "table{border-collapse:collapse;width:100%;margin:.5rem 0;font-size:.92rem}"
    "th{text-align:left;color:var(--soft);font-weight:600}"
    "th,td{padding:.35rem .75rem .35rem 0;border-bottom:1px solid var(--line);vertical-align:top;"
    "overflow-wrap:anywhere}code{font:.86em/1.45 ui-monospace,'DejaVu Sans Mono',monospace;"
    "overflow-wrap:anywhere}.affected{color:var(--bad);font-weight:600}"
    ".fixed,.clean{color:var(--ok);font-weight:600}.open{color:var(--wait);font-weight:600}"
    ".soft{color:var(--soft)}td.t{white-space:nowrap}td.v{overflow-wrap:break-word}td.f{width:62%}"
    "td>div+div{margin-top:.4rem}ul{margin:.25rem 0;padding-left:1.2rem}"
    "@media(max-width:40rem){td.t{white-space:normal}}"
    "@media print{main{max-width:none;padding:0}body{font-size:10.5pt}h2{break-after:avoid}"
    "tr{break-inside:avoid}a{color:inherit;text-decoration:none}}";

static void text(struct buf *out, const char *before, const char *s, const char *after)
{
	buf_puts(out, before);
	prose_html(out, s);
	buf_puts(out, after);
}

static void term(struct buf *out, const char *name, const char *value)
{
	if (!value)
		return;
	buf_printf(out, "<dt>%s</dt>", name);
	text(out, "<dd>", value, "</dd>\n");
}

static void head(struct buf *out, struct facts *x)
{
	char when[TS_TEXT_MAX];

	text(out, "<!DOCTYPE html>\n<html lang=\"", x->pub->language,
	    "\">\n<head>\n"
	    "<meta charset=\"utf-8\">\n"
	    "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
	    "<meta http-equiv=\"Content-Security-Policy\" "
	    "content=\"default-src 'none'; style-src 'unsafe-inline'\">\n");
	text(out, "<title>", x->tracking, ": ");
	text(out, "", x->title, "</title>\n");
	buf_printf(out, "<style>%s</style>\n</head>\n<body>\n<main>\n", style);
	buf_printf(out, "<span class=\"tlp %s\">TLP:%s</span>\n", x->tlp, x->tlp);
	text(out, "<h1>", x->title, "</h1>\n<dl>\n");
	term(out, "Advisory", x->tracking);
	term(out, "Version",
	    arena_printf(x->a, "%lld (%s), %s", (long long)x->number, x->status,
		ts_format(x->current, when)));
	term(out, "Severity", severity_name(x->severity));
	term(out, "CVE", x->cve);
	term(out, "From", x->pub->name);
	term(out, "Contact", x->pub->contact);
	buf_puts(out, "</dl>\n");
}

static void todo(struct buf *out, const struct facts *x)
{
	buf_printf(out, "<div class=\"do%s\"><b>What to do now</b>", x->bad ? "" : " ok");
	text(out, "", x->move, "</div>\n");
	text(out, "<h2>What happened</h2>\n<p>", x->overview, "</p>\n");
}

static const char *status_class(enum facts_status s)
{
	static const char *const names[] = { "clean", "fixed", "open", "affected" };
	return names[s];
}

static void files(struct buf *out, const struct facts_version *v)
{
	for (size_t i = 0; i < v->nfile; i++) {
		const struct facts_file *f = &v->file[i];
		text(out, "<div>", f->name,
		    f->reported ? " <span class=\"affected\">(the file that was reported)</span>"
				: "");
		for (enum digest_alg k = DIGEST_NONE; k < DIGEST_ALGS; k++)
			if (facts_shows(f, k))
				buf_printf(out, "<br><code>%s %s</code>",
				    digest_name(f->digest[k].alg), DIGEST_HEX(&f->digest[k]));
		buf_puts(out, "</div>");
	}
}

static void products(struct buf *out, const struct facts *x)
{
	buf_puts(out, "<h2>Versions</h2>\n");
	if (!x->nproduct) {
		buf_puts(out, "<p>Not known yet.</p>\n");
		return;
	}
	buf_puts(out, "<table>\n<tr><th>Product</th><th>Version</th><th>Status</th>"
		      "<th>Files</th></tr>\n");
	for (size_t i = 0; i < x->nproduct; i++) {
		const struct facts_product *p = &x->product[i];
		for (size_t j = 0; j < p->nversion; j++) {
			const struct facts_version *v = &p->version[j];
			text(out, "<tr><td>", p->name, "");
			text(out, "<div class=\"soft\">", p->vendor, "</div></td>");
			text(out, "<td class=\"v\">", v->version, "</td>");
			buf_printf(out, "<td><span class=\"%s\">%s</span>%s</td><td class=\"f\">",
			    status_class(v->status), facts_status_text(v->status),
			    v->recommended ? "<br>move to this one" : "");
			files(out, v);
			buf_puts(out, "</td></tr>\n");
		}
	}
	buf_puts(out, "</table>\n");
}

static void removal(struct buf *out, const struct facts *x)
{
	if (!x->uninstall)
		return;
	buf_puts(out, "<h2>How to remove it</h2>\n");
	for (size_t i = 0; i < x->nproduct; i++) {
		if (!x->product[i].uninstall)
			continue;
		text(out, "<p><b>", x->product[i].name, "</b>\n");
		text(out, "", x->product[i].uninstall, "</p>\n");
	}
	text(out, "<p>", x->uninstall, "</p>\n");
}

static void indicators(struct buf *out, struct facts *x)
{
	text(out, "<h2>What to hunt</h2>\n<p>", x->hunt, "</p>\n");
	if (!x->nindicator)
		return;
	buf_puts(out, "<table>\n<tr><th>Type</th><th>Value</th><th>Note</th></tr>\n");
	for (size_t i = 0; i < x->nindicator; i++) {
		const struct facts_indicator *n = &x->indicator[i];
		text(out, "<tr><td>", n->type, "</td>");
		text(out, "<td><code>", facts_defang(x, n), "</code></td><td>");
		prose_html(out, n->note);
		if (n->source)
			text(out, "<div class=\"soft\">", n->source, "</div>");
		buf_puts(out, "</td></tr>\n");
	}
	buf_puts(out, "</table>\n");
}

static void timeline(struct buf *out, struct facts *x)
{
	char when[TS_TEXT_MAX];

	if (!x->nevent)
		return;
	buf_puts(out,
	    "<h2>Timeline</h2>\n<table>\n<tr><th>Happened</th><th>Learned</th><th></th></tr>\n");
	for (size_t i = 0; i < x->nevent; i++) {
		const struct facts_event *e = &x->event[i];
		text(out, "<tr><td class=\"t\">", ts_format(e->seen, when), "</td>");
		text(out, "<td class=\"t\">",
		    e->learned == e->seen ? "" : ts_format(e->learned, when), "</td>");
		text(out, "<td>", e->text, "");
		if (e->source)
			text(out, "<div class=\"soft\">", e->source, "</div>");
		buf_puts(out, "</td></tr>\n");
	}
	buf_puts(out, "</table>\n");
}

static void tail(struct buf *out, const struct facts *x)
{
	char when[TS_TEXT_MAX];

	buf_puts(out, "<h2>References</h2>\n<ul>\n");
	for (size_t i = 0; i < x->nreference; i++) {
		text(out, "<li><a rel=\"noreferrer noopener\" href=\"", x->reference[i].url, "\">");
		text(out, "", x->reference[i].title, "</a></li>\n");
	}
	buf_puts(out, "</ul>\n<h2>Revisions</h2>\n<table>\n");
	for (size_t i = 0; i < x->nrevision; i++) {
		buf_printf(out, "<tr><td>%lld</td><td class=\"t\">%s</td>",
		    (long long)x->revision[i].number, ts_format(x->revision[i].date, when));
		text(out, "<td>", x->revision[i].summary, "</td></tr>\n");
	}
	buf_puts(out, "</table>\n");
	if (x->pub->legal)
		text(out, "<h2>Terms</h2>\n<p>", x->pub->legal, "</p>\n");
	buf_puts(out, "</main>\n</body>\n</html>\n");
}

void advisory_html(struct buf *out, struct facts *x)
{
	head(out, x);
	todo(out, x);
	products(out, x);
	removal(out, x);
	indicators(out, x);
	timeline(out, x);
	tail(out, x);
}
