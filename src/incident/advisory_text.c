/* SPDX-License-Identifier: Apache-2.0 */

/* advisory_text: facts as plain text for a mail; advisory_csv: the indicators as a table. */

#include "incident/advisory.h"
#include "incident/prose.h"

#include <ctype.h>
#include <stdio.h>

#define WIDTH 78

static void heading(struct buf *out, const char *text)
{
	buf_putc(out, '\n');
	for (const char *p = text; *p; p++)
		buf_putc(out, (char)toupper((unsigned char)*p));
	buf_putc(out, '\n');
}

static void pair(struct buf *out, const char *name, const char *value)
{
	char head[32];

	snprintf(head, sizeof(head), "%-12s", name);
	prose_wrap(out, head, value, WIDTH);
}

static void head(struct buf *out, struct facts *x)
{
	char when[TS_TEXT_MAX];

	buf_printf(out, "TLP:%s\n\n", x->tlp);
	prose_wrap(out, "", x->title, WIDTH);
	buf_putc(out, '\n');
	pair(out, "Advisory", x->tracking);
	buf_printf(out, "%-12s%lld (%s) of %s\n", "Version", (long long)x->number, x->status,
	    ts_format(x->current, when));
	pair(out, "Severity", severity_name(x->severity));
	if (x->cve)
		pair(out, "CVE", x->cve);
	pair(out, "From", x->pub->name);
	pair(out, "Contact", x->pub->contact);
}

static void files(struct buf *out, const struct facts_version *v)
{
	for (size_t i = 0; i < v->nfile; i++) {
		const struct facts_file *f = &v->file[i];
		buf_printf(out, "      %s%s\n", f->name,
		    f->reported ? " (the file that was reported)" : "");
		for (enum digest_alg k = DIGEST_NONE; k < DIGEST_ALGS; k++)
			if (facts_shows(f, k))
				buf_printf(out, "        %s %s\n", digest_name(f->digest[k].alg),
				    DIGEST_HEX(&f->digest[k]));
	}
}

static void products(struct buf *out, const struct facts *x)
{
	heading(out, "Versions");
	if (!x->nproduct)
		buf_puts(out, "  Not known yet.\n");
	for (size_t i = 0; i < x->nproduct; i++) {
		const struct facts_product *p = &x->product[i];
		buf_printf(out, "  %s, %s\n", p->name, p->vendor);
		for (size_t j = 0; j < p->nversion; j++) {
			const struct facts_version *v = &p->version[j];
			buf_printf(out, "    %s: %s%s\n", v->version, facts_status_text(v->status),
			    v->recommended ? ", move to this one" : "");
			files(out, v);
		}
	}
}

static void removal(struct buf *out, const struct facts *x)
{
	if (!x->uninstall)
		return;
	heading(out, "How to remove it");
	for (size_t i = 0; i < x->nproduct; i++) {
		if (!x->product[i].uninstall)
			continue;
		buf_printf(out, "  %s:\n", x->product[i].name);
		prose_wrap(out, "    ", x->product[i].uninstall, WIDTH);
	}
	prose_wrap(out, "  ", x->uninstall, WIDTH);
}

static void indicators(struct buf *out, struct facts *x)
{
	heading(out, "What to hunt");
	prose_wrap(out, "  ", x->hunt, WIDTH);
	for (size_t i = 0; i < x->nindicator; i++) {
		const struct facts_indicator *n = &x->indicator[i];
		buf_printf(out, "  %-10s %s\n", n->type, facts_defang(x, n));
		if (n->note)
			prose_wrap(out, "             ", n->note, WIDTH);
		if (n->source)
			prose_wrap(out, "             source: ", n->source, WIDTH);
	}
}

static void timeline(struct buf *out, struct facts *x)
{
	if (x->nevent)
		heading(out, "Timeline");
	for (size_t i = 0; i < x->nevent; i++) {
		buf_printf(out, "  %s\n", facts_when(x, &x->event[i]));
		prose_wrap(out, "    ", x->event[i].text, WIDTH);
		if (x->event[i].source)
			prose_wrap(out, "    source: ", x->event[i].source, WIDTH);
	}
}

static void tail(struct buf *out, const struct facts *x)
{
	char when[TS_TEXT_MAX];

	heading(out, "References");
	for (size_t i = 0; i < x->nreference; i++) {
		prose_wrap(out, "  ", x->reference[i].title, WIDTH);
		buf_printf(out, "    %s\n", x->reference[i].url);
	}
	heading(out, "Revisions");
	for (size_t i = 0; i < x->nrevision; i++) {
		buf_printf(out, "  %lld, %s\n", (long long)x->revision[i].number,
		    ts_format(x->revision[i].date, when));
		prose_wrap(out, "    ", x->revision[i].summary, WIDTH);
	}
	if (x->pub->legal) {
		heading(out, "Terms");
		prose_wrap(out, "  ", x->pub->legal, WIDTH);
	}
}

void advisory_text(struct buf *out, struct facts *x)
{
	head(out, x);
	heading(out, "What happened");
	prose_wrap(out, "  ", x->overview, WIDTH);
	heading(out, "What to do now");
	prose_wrap(out, "  ", x->move, WIDTH);
	products(out, x);
	removal(out, x);
	indicators(out, x);
	timeline(out, x);
	tail(out, x);
}

static void cell(struct buf *out, const char *s, char after)
{
	buf_putc(out, '"');
	for (; s && *s; s++) {
		if (*s == '"')
			buf_putc(out, '"');
		buf_putc(out, *s == '\n' ? ' ' : *s);
	}
	buf_putc(out, '"');
	buf_putc(out, after);
}

/* A note that begins like a formula is kept from being one in a spreadsheet; values stay exact. */
static void note_cell(struct buf *out, const char *s, char after)
{
	AUTO_BUF struct buf b = BUF_INIT(1u << 20);

	if (s && s[0] && strchr("=+-@", s[0]))
		buf_putc(&b, ' ');
	buf_puts(&b, s ? s : "");
	cell(out, buf_str(&b), after);
}

/* RFC 4180, with LF. */
void advisory_csv(struct buf *out, struct facts *x)
{
	buf_puts(out, "type,value,source,note\n");
	for (size_t i = 0; i < x->nindicator; i++) {
		const struct facts_indicator *n = &x->indicator[i];
		cell(out, n->type, ',');
		cell(out, n->value, ',');
		note_cell(out, n->source ? n->source : x->tracking, ',');
		note_cell(out, n->note, '\n');
	}
}
