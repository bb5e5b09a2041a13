/* SPDX-License-Identifier: Apache-2.0 */

/* advise: collects the facts of a case and publishes them as CSAF, text, HTML and a table. */

#include "base/file.h"
#include "cli/advise_input.h"
#include "cli/case_session.h"
#include "cli/commands.h"
#include "cli/print.h"
#include "incident/advisory.h"
#include "incident/case_json.h"
#include "incident/casedata.h"
#include "release/release.h"

#include <errno.h>
#include <stdio.h>

#define DOC_MAX (32u << 20)

enum doc { DOC_CSAF, DOC_TEXT, DOC_HTML, DOC_CSV, DOCS };

struct advise {
	struct case_session s;
	struct cli *c;
	struct advise_input in;
	struct publisher pub;
	struct facts facts;
	struct buf doc[DOCS];
	struct digest digest[DOCS];
};

/* --- what our own channels ship --- */

static bool is_reported(const struct advise *a, const struct release_artifact *f)
{
	const struct incident *c = a->s.w.c;

	for (size_t i = 0; i < c->nsignal; i++)
		for (size_t k = 0; k < DIGEST_ALGS; k++)
			if (digest_is_set(&f->digest[k]) &&
			    digest_eq(&f->digest[k], &c->signal[i].s.subject))
				return true;
	return false;
}

static int add_release(struct advise *a, const char *product, const struct release_version *v,
    enum facts_status status, struct facts_version **ret_v)
{
	int rc = facts_add_version(&a->facts, a->pub.name, product, v->version, status, ret_v);

	for (size_t i = 0; i < v->nartifacts && rc == 0; i++)
		rc = facts_add_file(&a->facts, *ret_v, v->artifact[i].name, v->artifact[i].digest,
		    is_reported(a, &v->artifact[i]));
	return rc;
}

static bool is_place(
    const struct incident_place *p, size_t n, const char *channel, const char *version)
{
	for (size_t i = 0; i < n; i++)
		if (p[i].channel && p[i].version && strcmp(p[i].channel, channel) == 0 &&
		    strcmp(p[i].version, version) == 0)
			return true;
	return false;
}

/* What the channel ships now is what to move to: if it verified, and nobody says it is affected. */
static int add_current(struct advise *a, const char *product, const struct release_channel *ch,
    const struct incident_place *p, size_t n)
{
	const struct release_version *v = ch->current;
	enum facts_status status = FACTS_NOT_AFFECTED;
	struct facts_version *fv;

	if (!v || is_place(p, n, ch->name, v->version) || release_scope_of(ch, v->version) ||
	    v->checked != VERDICT_PASS)
		return 0;
	/* Newer than what is affected: made to fix it. Older: it never was affected. */
	for (size_t i = 0; i < ch->nreleases; i++)
		if (is_place(p, n, ch->name, ch->release[i].version))
			status = ch->release[i].seq < v->seq ? FACTS_FIXED : FACTS_NOT_AFFECTED;
	int rc = add_release(a, product, v, status, &fv);
	if (rc == 0)
		fv->recommended = true;
	return rc;
}

static int add_channel(
    struct advise *a, const char *channel, const struct incident_place *p, size_t n)
{
	const struct publisher_product *pp = publisher_product_of(&a->pub, channel);
	const char *product = pp ? pp->name : channel;
	struct release_channel ch;
	struct facts_version *fv;

	int rc = release_load(a->s.s, channel, &a->c->arena, &ch, &a->s.f);
	if (rc < 0)
		return rc;
	bool ours = rc == 0;
	rc = 0;
	for (size_t i = 0; i < n && rc == 0; i++) {
		if (!p[i].version || strcmp(p[i].channel ? p[i].channel : "", channel) != 0)
			continue;
		const struct release_version *v = ours ? release_find(&ch, p[i].version) : NULL;
		rc = v ? add_release(a, product, v, facts_status_of(&a->facts), &fv)
		       : facts_add_version(&a->facts, a->pub.name, product, p[i].version,
			     facts_status_of(&a->facts), NULL);
	}
	if (rc == 0 && ours)
		rc = add_current(a, product, &ch, p, n);
	if (rc == 0 && pp && pp->uninstall)
		rc = facts_set_uninstall(&a->facts, a->pub.name, product, pp->uninstall);
	return rc;
}

static int add_channels(struct advise *a)
{
	struct incident_place *p;
	size_t n;
	int rc = incident_places(a->s.w.c, &a->c->arena, &p, &n);

	for (size_t i = 0; i < n && rc == 0; i++) {
		bool done = !p[i].channel;
		for (size_t j = 0; j < i; j++)
			done |=
			    p[i].channel && p[j].channel && strcmp(p[i].channel, p[j].channel) == 0;
		if (!done)
			rc = add_channel(a, p[i].channel, p, n);
	}
	return rc;
}

/* --- the document --- */

static int collect(struct advise *a)
{
	struct case_session *s = &a->s;
	const struct facts_request r = { .status = a->in.status,
		.summary = a->in.summary,
		.title = a->in.title,
		.overview = a->in.overview,
		.tlp = a->in.tlp,
		.now = s->w.who.at };

	int rc = publisher_parse(
	    &a->pub, a->in.publisher.name, a->in.publisher.text, &a->c->arena, &s->f);
	if (rc == 0)
		rc = facts_begin(&a->facts, s->w.c, &a->pub, &r, &a->c->arena, &s->f);
	if (rc == 0)
		rc = add_channels(a);
	if (rc == 0 && a->in.case_data.text.p)
		rc = casedata_add(&a->facts, a->in.case_data.name, a->in.case_data.text, &s->f);
	if (rc == 0 && a->in.indicators.text.p)
		rc = advise_add_indicators(&a->facts, &a->in.indicators, &s->f);
	return rc == 0 ? facts_end(&a->facts) : rc;
}

static int render(struct advise *a)
{
	static void (*const draw[])(
	    struct buf * out, struct facts * x) = { [DOC_CSAF] = advisory_csaf,
		[DOC_TEXT] = advisory_text,
		[DOC_HTML] = advisory_html,
		[DOC_CSV] = advisory_csv };

	for (int i = 0; i < DOCS; i++) {
		draw[i](&a->doc[i], &a->facts);
		if (buf_err(&a->doc[i]))
			return fault_set(&a->s.f, buf_err(&a->doc[i]),
			    "the advisory is larger than %u bytes",
			    DOC_MAX);
		int rc = store_blob_put(a->s.s, buf_span(&a->doc[i]), &a->digest[i], &a->s.f);
		if (rc < 0)
			return rc;
	}
	return 0;
}

static int record(struct advise *a)
{
	const struct facts *x = &a->facts;
	struct incident_advisory v = { .tracking = x->tracking,
		.status = x->status,
		.summary = x->revision[x->nrevision - 1].summary,
		.number = x->number,
		.date = x->current,
		.csaf = a->digest[DOC_CSAF],
		.text = a->digest[DOC_TEXT],
		.html = a->digest[DOC_HTML],
		.title = a->in.title,
		.overview = a->in.overview,
		.tlp = a->in.tlp };

	int rc = advise_input_keep(&a->in, a->s.s, &v, &a->s.f);
	return rc == 0 ? incident_advised(&a->s.w, &v, &a->s.f) : rc;
}

/* --- output --- */

static const char *path_of(struct advise *a, enum doc d)
{
	static const char *const ends[] = { [DOC_CSAF] = ".json",
		[DOC_TEXT] = ".txt",
		[DOC_HTML] = ".html",
		[DOC_CSV] = "-indicators.csv" };

	const char *dir = cli_opt(a->c, "out");
	size_t n = strlen(dir);

	while (n > 1 && dir[n - 1] == '/')
		n--;
	return arena_printf(&a->c->arena, "%.*s/%s%s", (int)n, dir, a->facts.file_name, ends[d]);
}

static int write_files(struct advise *a)
{
	struct cli *c = a->c;
	struct fault f = FAULT_INIT;

	for (int i = 0; i < DOCS; i++) {
		const char *path = path_of(a, (enum doc)i);
		int rc = path ? file_replace_path(path, buf_span(&a->doc[i]), 0644, &f) : -ENOMEM;
		if (rc < 0)
			return cli_failf(c, CLI_INTERNAL,
			    "the advisory is recorded (%s version %lld), but not written: %s",
			    a->facts.tracking, (long long)a->facts.number, f.text);
	}
	return CLI_OK;
}

static void result_json(struct advise *a)
{
	static const char *const keys[] = { "csaf", "text", "html", "indicators" };
	const struct facts *x = &a->facts;
	struct jw w = jw_of(&a->c->out);

	jw_obj(&w);
	jw_kint(&w, "affected", (int64_t)facts_count(x, FACTS_AFFECTED));
	jw_kcstr(&w, "case", x->case_id);
	jw_key(&w, "documents");
	jw_obj(&w);
	for (int i = 0; i < DOCS; i++) {
		jw_key(&w, keys[i]);
		jw_obj(&w);
		jw_kcstr(&w, "digest", DIGEST_TEXT(&a->digest[i]));
		if (cli_has(a->c, "out"))
			jw_kcstr(&w, "path", path_of(a, (enum doc)i));
		jw_end(&w);
	}
	jw_end(&w);
	jw_kint(&w, "indicators", (int64_t)x->nindicator);
	jw_kcstr(&w, "status", x->status);
	jw_kcstr(&w, "tracking", x->tracking);
	jw_kint(&w, "under_investigation", (int64_t)facts_count(x, FACTS_INVESTIGATING));
	jw_kint(&w, "version", x->number);
	jw_end(&w);
}

static void print(struct advise *a)
{
	const struct facts *x = &a->facts;

	if (a->c->json) {
		result_json(a);
		return;
	}
	if (!cli_has(a->c, "out")) {
		fputs(buf_str(&a->doc[DOC_TEXT]), stdout);
		return;
	}
	printf("%s version %lld (%s): %zu affected, %zu being looked into, %zu indicator%s\n",
	    x->tracking, (long long)x->number, x->status, facts_count(x, FACTS_AFFECTED),
	    facts_count(x, FACTS_INVESTIGATING), x->nindicator, x->nindicator == 1 ? "" : "s");
	for (int i = 0; i < DOCS; i++)
		printf("  %s\n", cli_escape(a->c, path_of(a, (enum doc)i)));
}

/* --- command --- */

static int advise(struct advise *a)
{
	struct cli *c = a->c;
	const char *out = cli_opt(c, "out");
	int code = case_begin(&a->s, c);

	if (code >= 0)
		return code;
	const struct incident *i = a->s.w.c;
	const struct incident_advisory *last = i->nadvisory ? &i->advisory[i->nadvisory - 1] : NULL;
	code = advise_input_read(&a->in, c, a->s.s, last);
	if (code >= 0)
		return case_leave(&a->s, code);
	int rc = out ? file_mkdirs(out, 0755) : 0;
	if (rc < 0)
		fault_set(&a->s.f, rc, "--out %s: %s", QUOTE(span_str(out)), strerror(-rc));
	if (rc == 0)
		rc = collect(a);
	if (rc == 0)
		rc = render(a);
	if (rc == 0)
		rc = record(a);
	code = case_end(&a->s, rc);
	if (code == CLI_OK && out)
		code = write_files(a);
	if (code == CLI_OK)
		print(a);
	return code;
}

static int run(struct cli *c)
{
	struct advise a = { .c = c };

	for (int i = 0; i < DOCS; i++)
		a.doc[i] = BUF_INIT(DOC_MAX);
	int code = advise(&a);
	for (int i = 0; i < DOCS; i++)
		buf_free(&a.doc[i]);
	return code;
}

static const struct cli_opt opts[] = {
	{ "out", "DIR", "write the four files there (default: the text on stdout)", false },
	{ "status", "STATUS", "draft, interim or final (default: as last time, else draft)",
	    false },
	{ "publisher", "FILE", "who speaks: see share/publisher.example.yaml", false },
	{ "case-data", "FILE", "published facts of the attack: a case.yaml, or 3cx-2023", false },
	{ "indicators", "FILE", "more indicators: CSV, list or STIX, as intel import reads them",
	    false },
	{ "title", "TEXT", "the title of the advisory", false },
	{ "overview", "TEXT", "what happened, in your words, for customers", false },
	{ "summary", "TEXT", "what this revision changes", false },
	{ "tlp", "LABEL", "CLEAR, GREEN, AMBER or RED (default: the publisher's)", false },
	{ NULL, NULL, NULL, false },
};

const struct cli_cmd cmd_advise = {
	.name = "advise",
	.args = "CASE",
	.summary =
	    "Tell the customers: CSAF 2.0, text, HTML and the indicators, from one set of facts",
	.help = "Affected versions and digests come from the case and from the channels that ship "
		"them;\n"
		"the version to move to is what the channel ships now, if it verifies and is not "
		"affected.\n"
		"What reporters and analysts wrote in the case is not published: say it for "
		"customers with\n"
		"--overview. Advising again makes the next version with what the case knows by "
		"then; what\n"
		"was given the first time need not be given again. Each version is kept and "
		"recorded.\n\n"
		"Example:\n"
		"  firebreak advise 2026-0001 --publisher acme.yaml --out advisory/\n"
		"  firebreak advise 2026-0001 --status final --summary 'macOS list corrected' "
		"--out advisory/\n\n"
		"Exit codes: 0 recorded and written, 3 usage, 4 recorded but not written, 5 "
		"malformed file,\n"
		"6 refused (the clock is before the last advisory).\n",
	.opts = opts,
	.min_args = 1,
	.max_args = 1,
	.run = run,
};
