/* SPDX-License-Identifier: Apache-2.0 */

/* signal report|list: reports from people and other tools, and what came of them. */

#include "base/file.h"
#include "cli/commands.h"
#include "cli/print.h"
#include "cli/proof.h"
#include "cli/wire.h"
#include "incident/case_json.h"
#include "model/indicator.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#define SIGNALS_MAX 10000
#define FUTURE_MAX (5 * TS_MINUTE) /* clocks differ */

/* --- one report from the options --- */

static int get_time(struct cli *c, const char *name, ts *out)
{
	const char *s = cli_opt(c, name);

	if (s && ts_parse(span_str(s), out) < 0)
		return cli_failf(c, CLI_USAGE,
		    "--%s %s: not an RFC 3339 time such as 2026-11-22T03:00:00Z",
		    name, QUOTE(span_str(s)));
	return -1;
}

static int get_subject(struct cli *c, struct signal *s)
{
	const char *v = cli_opt(c, "subject");

	if (v && digest_parse(span_str(v), &s->subject) < 0)
		return cli_failf(c, CLI_USAGE,
		    "--subject %s: not a digest such as sha256:<64 hex digits>",
		    QUOTE(span_str(v)));
	return -1;
}

/* Spelled as the indicators are, so that the same thing is the same text whoever reports it. */
static int normalise(struct cli *c, struct signal *s, struct fault *f)
{
	enum indicator_type type = indicator_type_of(span_str(s->obs_type));

	if (type == INDICATOR_NONE)
		return fault_set(
		    f, -EINVAL, "unknown type of observable %s", QUOTE(span_str(s->obs_type)));
	int rc = indicator_normalise(&type, span_str(s->obs_value), &c->arena, &s->obs_value, f);
	if (rc == 0)
		s->obs_type = indicator_type_name(type);
	return rc;
}

static int get_observable(struct cli *c, struct signal *s)
{
	const char *v = cli_opt(c, "observable");
	const char *eq = v ? strchr(v, '=') : NULL;
	struct fault f = FAULT_INIT;

	if (!v)
		return -1;
	if (!eq || eq == v || !eq[1])
		return cli_failf(c, CLI_USAGE,
		    "--observable %s: not TYPE=VALUE such as domain=example.com",
		    QUOTE(span_str(v)));
	s->obs_type = arena_str(&c->arena, span_of(v, (size_t)(eq - v)));
	s->obs_value = eq + 1;
	if (!s->obs_type)
		return cli_errno(c, -ENOMEM, NULL);
	if (normalise(c, s, &f) < 0)
		return cli_failf(c, CLI_USAGE, "--observable %s: %s", QUOTE(span_str(v)), f.text);
	return -1;
}

static int get_confidence(struct cli *c, struct signal *s)
{
	const char *v = cli_opt(c, "confidence");
	char *end = NULL;

	s->confidence = 50;
	if (!v)
		return -1;
	long n = strtol(v, &end, 10);
	if (!*v || *end || n < 0 || n > 100)
		return cli_failf(c, CLI_USAGE, "--confidence %s: not a number from 0 to 100",
		    QUOTE(span_str(v)));
	s->confidence = (int)n;
	return -1;
}

static int check_times(struct cli *c, const struct signal *s, const char *what)
{
	ts now = clock_now(&c->clock);
	char a[TS_TEXT_MAX], b[TS_TEXT_MAX];

	if (s->learned != TS_NONE && s->learned > now + FUTURE_MAX)
		return cli_failf(c, CLI_INPUT, "%slearned at %s lies in the future; it is %s", what,
		    ts_format(s->learned, a), ts_format(now, b));
	if (s->seen != TS_NONE && s->seen > (s->learned == TS_NONE ? now : s->learned) + FUTURE_MAX)
		return cli_failf(c, CLI_INPUT, "%sseen at %s is later than learned at %s", what,
		    ts_format(s->seen, a), ts_format(s->learned == TS_NONE ? now : s->learned, b));
	return -1;
}

static int from_options(struct cli *c, struct signal *s)
{
	const char *kind = cli_opt(c, "kind");
	int code;

	if (!kind)
		return cli_failf(c, CLI_USAGE,
		    "--kind is missing: release-integrity, provenance-gap or "
		    "downstream-impact (or give --file)");
	*s = (struct signal){ .seen = TS_NONE, .learned = TS_NONE, .source = "report" };
	s->kind = signal_kind_of(span_str(kind));
	if (s->kind == SIGNAL_NONE)
		return cli_failf(c, CLI_USAGE,
		    "--kind %s: not one of release-integrity, provenance-gap, downstream-impact",
		    QUOTE(span_str(kind)));
	s->channel = cli_opt(c, "channel");
	s->release = cli_opt(c, "release");
	s->reporter = cli_opt(c, "reporter");
	s->summary = cli_opt(c, "summary");
	if ((code = get_subject(c, s)) >= 0 || (code = get_observable(c, s)) >= 0 ||
	    (code = get_confidence(c, s)) >= 0 || (code = get_time(c, "seen", &s->seen)) >= 0 ||
	    (code = get_time(c, "learned", &s->learned)) >= 0)
		return code;
	if (!s->summary)
		return cli_failf(
		    c, CLI_USAGE, "--summary is missing: one sentence on what happened");
	if (!digest_is_set(&s->subject) && !s->obs_value)
		return cli_failf(c, CLI_USAGE,
		    "give --subject DIGEST or --observable TYPE=VALUE: what is it about?");
	return check_times(c, s, "");
}

/* --- many from a file --- */

struct batch {
	struct cli *c;
	struct signal *s;
	size_t n;
};

static int add(struct batch *b, struct json_val v, const char *where)
{
	struct cli *c = b->c;
	struct fault f = FAULT_INIT;
	struct signal *s = &b->s[b->n];

	if (b->n == SIGNALS_MAX)
		return cli_failf(c, CLI_INPUT, "%s: more than %d signals", where, SIGNALS_MAX);
	int rc = signal_decode(s, v, &c->arena, &f);
	if (rc == 0 && s->obs_value && !s->obs_type)
		rc = json_fault(json_get(v, "observable"), &f, "observable without \"type\"");
	if (rc == 0 && s->obs_value)
		rc = normalise(c, s, &f);
	if (rc == 0 && !s->reporter)
		rc = json_fault(v, &f, "\"reporter\" is missing");
	if (rc < 0) {
		fault_wrap(&f, rc, "%s", where);
		return cli_errno(c, rc, &f);
	}
	if (!s->source)
		s->source = "report";
	b->n++;
	const char *what = arena_printf(&c->arena, "%s: ", where);
	return check_times(c, s, what ? what : "");
}

static int one_text(struct batch *b, struct span text, const char *where)
{
	struct cli *c = b->c;
	struct fault f = FAULT_INIT;
	struct json_doc d;

	int rc = json_parse(&d, text, &c->arena, &f);
	if (rc < 0) {
		fault_wrap(&f, rc, "%s", where);
		return cli_errno(c, rc, &f);
	}
	if (json_type_of(json_root(&d)) != JSON_ARR)
		return add(b, json_root(&d), where);
	int code = -1;
	JSON_EACH(v, json_root(&d)) {
		code = add(b, v, where);
		if (code >= 0)
			break;
	}
	return code;
}

/* One JSON array, or one object a line. */
static int from_file(struct cli *c, const char *path, struct batch *b)
{
	AUTO_BUF struct buf text = BUF_INIT(FILE_SMALL_MAX + 1);
	struct fault f = FAULT_INIT;
	struct span rest, line;
	size_t n = 0;
	int code = -1;

	int rc = file_read(path, &text, FILE_SMALL_MAX, &f);
	if (rc < 0)
		return cli_errno(c, rc, &f);
	b->s = arena_array(&c->arena, SIGNALS_MAX, sizeof(*b->s));
	if (!b->s)
		return cli_errno(c, -ENOMEM, NULL);
	const char *name = cli_safe(c, path);
	rest = buf_span(&text);
	if (span_starts(span_trim(rest), SPAN_LIT("[")))
		code = one_text(b, rest, name);
	else
		while (code < 0 && span_next_line(&rest, &line)) {
			n++;
			const char *where = arena_printf(&c->arena, "%s:%zu", name, n);
			if (span_trim(line).n)
				code = one_text(b, line, where ? where : name);
		}
	if (code < 0 && !b->n)
		return cli_failf(c, CLI_INPUT, "%s: holds no signal", name);
	return code;
}

/* --- report --- */

/* path: the file they come from, for messages; NULL if none. */
static int report(
    struct cli *c, const struct signal *s, size_t n, struct proof *p, const char *path)
{
	AUTO_STORE struct store *st = NULL;
	struct fault f = FAULT_INIT;
	int code;

	struct wire_result *r = arena_array(&c->arena, n, sizeof(*r));
	if (!r)
		return cli_errno(c, -ENOMEM, NULL);
	if (cli_store(c, STORE_RDWR, &st, &code) < 0)
		return code;
	int rc = store_begin(st, &f);
	if (rc < 0)
		return cli_errno(c, rc, &f);
	rc = wire_signals_in(c, st, s, n, r, &f);
	if (rc && path)
		fault_wrap(&f, rc, "%s", QUOTE(span_str(path)));
	if (rc == 0)
		rc = proof_store(p, st, &f);
	if (rc)
		store_abort(st);
	else if ((rc = store_commit(st, &f)) == 0)
		rc = wire_renew(c, st, r, n, &f);
	if (rc == WIRE_REFUSED)
		return cli_fail(c, CLI_REFUSED, &f);
	if (rc)
		return cli_errno(c, rc, &f);
	struct jw w = jw_of(&c->out);
	if (c->json) {
		jw_obj(&w);
		jw_key(&w, "signals");
		jw_arr(&w);
	}
	for (size_t i = 0; i < n; i++) {
		if (!c->json) {
			wire_print(c, &r[i]);
			continue;
		}
		jw_obj(&w);
		wire_json(&w, &r[i]);
		jw_end(&w);
	}
	if (c->json) {
		jw_end(&w);
		jw_end(&w);
	}
	return CLI_OK;
}

static int run_report(struct cli *c)
{
	AUTO_PROOF struct proof p = PROOF_NONE;
	struct batch b = { .c = c };
	struct signal s;
	struct fault f = FAULT_INIT;
	const char *path = cli_opt(c, "file");
	int code;

	if (path) {
		static const char *const single[] = { "kind", "subject", "observable", "channel",
			"release", "reporter", "seen", "learned", "summary", "confidence",
			"evidence" };
		for (size_t i = 0; i < ARRAY_LEN(single); i++)
			if (cli_has(c, single[i]))
				return cli_failf(
				    c, CLI_USAGE, "--file and --%s do not go together", single[i]);
		code = from_file(c, path, &b);
		return code >= 0 ? code : report(c, b.s, b.n, &p, path);
	}
	code = from_options(c, &s);
	if (code >= 0)
		return code;
	int rc = proof_open(c, &p, &f);
	if (rc)
		return rc > 0 ? cli_fail(c, CLI_USAGE, &f) : cli_errno(c, rc, &f);
	for (size_t i = 0; i < p.p.n; i++)
		s.evidence[s.nevidence++] = p.p.e[i].digest;
	return report(c, &s, 1, &p, NULL);
}

static const struct cli_opt report_opts[] = {
	{ "kind", "KIND", "release-integrity, provenance-gap or downstream-impact", false },
	{ "subject", "DIGEST", "the artifact or component that it is about", false },
	{ "observable", "TYPE=VALUE", "what was seen: domain=…, ipv4=…, url=…, file-name=…",
	    false },
	{ "channel", "CHANNEL", "the release channel it came through, if known", false },
	{ "release", "VERSION", "the release, if known", false },
	{ "reporter", "NAME", "who reports it; independence is judged by this (default: --as)",
	    false },
	{ "seen", "TIME", "when it happened (default: when it was learned of)", false },
	{ "learned", "TIME", "when we learned of it (default: now)", false },
	{ "summary", "TEXT", "one sentence", false },
	{ "confidence", "0..100", "how sure the reporter is (default 50)", false },
	PROOF_OPTION,
	{ "file", "FILE", "signals from another tool: a JSON array, or one object a line", false },
	WIRE_OPTIONS,
	{ NULL, NULL, NULL, false },
};

const struct cli_cmd cmd_signal_report = {
	.name = "signal report",
	.args = "",
	.summary = "Report something that happened; it gets a route, a case, maybe a freeze",
	.help =
	    "A signal is answered by the first route that fits it (share/routes/default.yaml, or\n"
	    "--routes FILE). It joins the case that knows the same digest, the same observable on "
	    "the\n"
	    "same channel or the same release; else it opens one. A release-integrity signal "
	    "freezes\n"
	    "the channel that ships the digest at once. A second independent report (another\n"
	    "reporter, same digest) freezes it too, and opens a case again that had been called a\n"
	    "false positive. The same reporter twice does not.\n\n"
	    "Example:\n"
	    "  firebreak signal report --kind downstream-impact --subject sha256:7986… \\\n"
	    "      --reporter acme-soc --seen 2023-03-22T14:00:00Z --evidence edr.json \\\n"
	    "      --summary 'EDR stopped the desktop app from injecting code'\n"
	    "  firebreak signal report --file signals.jsonl\n\n"
	    "Exit codes: 0 recorded, 3 usage, 5 malformed file (with its line or offset), 6 the "
	    "case given\n"
	    "with --join is closed or not there. After an error nothing is recorded.\n",
	.opts = report_opts,
	.min_args = 0,
	.max_args = 0,
	.run = run_report,
};

/* --- list --- */

static void row(struct cli *c, const struct incident *i, const struct incident_signal *s)
{
	const char *what = digest_is_set(&s->s.subject)
			       ? arena_printf(&c->arena, "%s", DIGEST_TEXT(&s->s.subject))
			       : arena_printf(&c->arena, "%s %s", s->s.obs_type, s->s.obs_value);

	printf("%s  %-18s seen %s  learned %s\n", i->id, signal_kind_name(s->s.kind),
	    cli_when(c, s->s.seen), cli_when(c, s->s.learned));
	printf("           %s, by %s%s\n", cli_safe(c, what), cli_safe(c, s->s.reporter),
	    s->independent ? "" : " (again)");
	if (s->s.summary)
		cli_wrap(c, "           ", s->s.summary);
}

static void row_json(struct jw *w, const struct incident *i, const struct incident_signal *s)
{
	jw_obj(w);
	jw_kcstr(w, "case", i->id);
	jw_kint(w, "entry", (int64_t)s->seq);
	jw_kbool(w, "independent", s->independent);
	jw_key(w, "signal");
	signal_json(w, &s->s);
	jw_end(w);
}

static int run_list(struct cli *c)
{
	AUTO_STORE struct store *st = NULL;
	AUTO_INCIDENTS struct incidents l;
	struct fault f = FAULT_INIT;
	const char *kind = cli_opt(c, "kind");
	size_t n = 0;
	int code;

	incidents_init(&l, &c->arena);
	if (kind && signal_kind_of(span_str(kind)) == SIGNAL_NONE)
		return cli_failf(c, CLI_USAGE,
		    "--kind %s: not one of release-integrity, provenance-gap, downstream-impact",
		    QUOTE(span_str(kind)));
	if (cli_store(c, STORE_RDONLY, &st, &code) < 0)
		return code;
	int rc = incidents_load(&l, st, NULL, &f);
	if (rc)
		return cli_errno(c, rc, &f);
	struct jw w = jw_of(&c->out);
	if (c->json) {
		jw_obj(&w);
		jw_key(&w, "signals");
		jw_arr(&w);
	}
	for (size_t i = 0; i < l.n; i++) {
		for (size_t j = 0; j < l.c[i]->nsignal; j++) {
			const struct incident_signal *s = &l.c[i]->signal[j];
			if (kind && s->s.kind != signal_kind_of(span_str(kind)))
				continue;
			n++;
			if (c->json)
				row_json(&w, l.c[i], s);
			else
				row(c, l.c[i], s);
		}
	}
	if (c->json) {
		jw_end(&w);
		jw_end(&w);
	} else if (!n) {
		printf("No signals.\n");
	}
	return CLI_OK;
}

static const struct cli_opt list_opts[] = {
	{ "kind", "KIND", "only these", false },
	{ NULL, NULL, NULL, false },
};

const struct cli_cmd cmd_signal_list = {
	.name = "signal list",
	.args = "",
	.summary = "Every signal with its case, reporter, event time and learning time",
	.help = "Signals in the order of their cases.\n\n"
		"Example:\n"
		"  firebreak signal list --kind downstream-impact --json\n\n"
		"Exit codes: 0 listed, 3 usage, 4 the state cannot be read, 6 there is no state "
		"directory.\n",
	.opts = list_opts,
	.min_args = 0,
	.max_args = 0,
	.run = run_list,
};
