/* SPDX-License-Identifier: Apache-2.0 */

/* drill list, show, report, resolve, close: what was recorded. */

#include "base/file.h"
#include "cli/commands.h"
#include "cli/print.h"
#include "crypto/hash.h"
#include "drill/record.h"
#include "drill/report.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#define RESULT_MAX (64u << 20)
#define EVIDENCE_MAX_BYTES (16u << 20)

static struct record_who who(struct cli *c)
{
	return (struct record_who){ c->actor, clock_now(&c->clock), c->clock_injected };
}

/* The drill named as the first argument, or the newest. -1 to go on. */
static int load(struct cli *c, unsigned flags, struct store **s, struct record *r)
{
	char id[RECORD_ID_MAX];
	struct fault f = FAULT_INIT;
	int code, rc = 0;

	if (cli_store(c, flags, s, &code))
		return code;
	if (c->nargs == 0)
		rc = record_newest(*s, id, &f);
	if (rc == 0)
		rc = record_load(*s, c->nargs ? c->arg[0] : id, &c->arena, r, &f);
	if (rc == RECORD_NO_SUCH)
		return cli_failf(c, CLI_INPUT,
		    "no drill %s is recorded in %s; see firebreak drill list",
		    c->nargs ? QUOTE(span_str(c->arg[0])) : "yet", cli_safe(c, c->state));
	return rc < 0 ? cli_errno(c, rc, &f) : -1;
}

/* The result document, checked against the digest that the ledger holds. */
static int load_result(
    struct cli *c, struct store *s, const struct record *r, struct json_doc *doc, struct fault *f)
{
	AUTO_BUF struct buf b = BUF_INIT(RESULT_MAX);

	AUTO_FD int fd = store_blob_open(s, &r->result, f);
	if (fd < 0)
		return fd;
	int rc = file_read_fd(fd, &b, RESULT_MAX);
	if (rc < 0)
		return rc;
	struct digest d = sha256_of(buf_span(&b));
	if (!digest_eq(&d, &r->result))
		return fault_set(f, -EBADMSG,
		    "the result document of drill %s was changed: its digest is not "
		    "the recorded %s",
		    r->id, DIGEST_TEXT(&r->result));
	char *text = arena_str(&c->arena, buf_span(&b));
	return text ? json_parse(doc, span_str(text), &c->arena, f) : -ENOMEM;
}

static const char *state_of(const struct record *r)
{
	return r->closed ? "closed" : r->nopen ? "findings open" : "open";
}

static void finding_json(struct jw *w, const struct record_finding *n)
{
	jw_obj(w);
	jw_kcstr(w, "id", n->id);
	jw_kcstr(w, "finding", n->finding);
	jw_kcstr(w, "control", n->control);
	jw_kcstr(w, "runbook", n->runbook);
	jw_kcstr(w, "owner", n->owner);
	jw_kcstr(w, "tripwire", n->tripwire);
	jw_kbool(w, "resolved", n->resolved);
	jw_kcstr(w, "resolved_by", n->resolved_by);
	jw_kcstr(w, "why", n->why);
	jw_end(w);
}

static void record_json(struct jw *w, const struct record *r)
{
	char at[TS_TEXT_MAX];

	jw_obj(w);
	jw_kcstr(w, "drill", r->id);
	jw_kcstr(w, "scenario", r->scenario);
	jw_kcstr(w, "at", ts_format(r->at, at));
	jw_kcstr(w, "actor", r->actor);
	jw_kcstr(w, "state", r->closed ? "closed" : "open");
	jw_kint(w, "met", r->met);
	jw_kint(w, "missed", r->missed);
	jw_kint(w, "open_findings", (int64_t)r->nopen);
	jw_kcstr(w, "result", DIGEST_TEXT(&r->result));
	jw_key(w, "findings");
	jw_arr(w);
	for (size_t i = 0; i < r->nfindings; i++)
		finding_json(w, &r->finding[i]);
	jw_end(w);
	jw_end(w);
}

struct listing {
	struct cli *c;
	struct store *s;
	struct jw w;
	struct fault *f;
	unsigned n;
};

static int list_one(void *ctx, const char *id)
{
	struct listing *l = ctx;

	struct record *r = calloc(1, sizeof(*r));
	if (!r)
		return -ENOMEM;
	int rc = record_load(l->s, id, &l->c->arena, r, l->f);
	if (rc == 0 && l->c->json)
		record_json(&l->w, r);
	else if (rc == 0)
		printf("%-10s %-22s %-20s %3lld met %3lld missed  %s\n", r->id,
		    cli_when(l->c, r->at), cli_safe(l->c, r->scenario), (long long)r->met,
		    (long long)r->missed, state_of(r));
	l->n++;
	free(r);
	return rc;
}

static int run_list(struct cli *c)
{
	AUTO_STORE struct store *s = NULL;
	struct fault f = FAULT_INIT;
	int code;

	if (cli_store(c, STORE_RDONLY, &s, &code))
		return code;
	struct listing l = { c, s, jw_of(&c->out), &f, 0 };
	if (c->json) {
		jw_obj(&l.w);
		jw_key(&l.w, "drills");
		jw_arr(&l.w);
	}
	int rc = record_each(s, list_one, &l, &f);
	if (rc < 0)
		return cli_errno(c, rc, &f);
	if (c->json) {
		jw_end(&l.w);
		jw_end(&l.w);
	} else if (!l.n) {
		printf("No drill is recorded yet: firebreak drill run 3cx-2023\n");
	}
	return CLI_OK;
}

static void print_findings(struct cli *c, const struct record *r)
{
	for (size_t i = 0; i < r->nfindings; i++) {
		const struct record_finding *n = &r->finding[i];
		printf("\n%s%s%s  %s\n  %s\n", n->resolved ? cli_green(c) : cli_red(c),
		    n->resolved ? "resolved" : "open", cli_reset(c), cli_safe(c, n->id),
		    cli_safe(c, n->finding));
		printf("  control   %s\n  runbook   %s\n  owner     %s\n  tripwire  %s\n",
		    cli_safe(c, n->control), cli_safe(c, n->runbook), cli_safe(c, n->owner),
		    cli_safe(c, n->tripwire));
		if (n->resolved)
			printf("  answered  %s (%s)\n", cli_safe(c, n->why),
			    cli_safe(c, n->resolved_by));
	}
}

static int run_show(struct cli *c)
{
	static struct record r;
	AUTO_STORE struct store *s = NULL;
	AUTO_BUF struct buf b = BUF_INIT(RESULT_MAX);
	struct report_ink ink = { cli_green(c), cli_red(c), c->color ? "\x1b[2m" : "", cli_bold(c),
		cli_reset(c) };
	struct fault f = FAULT_INIT;
	struct json_doc doc;

	int code = load(c, STORE_RDONLY, &s, &r);
	if (code >= 0)
		return code;
	int rc = load_result(c, s, &r, &doc, &f);
	if (rc < 0)
		return cli_errno(c, rc, &f);
	if (c->json) {
		struct jw w = jw_of(&c->out);
		record_json(&w, &r);
		return CLI_OK;
	}
	report_board(&b, json_root(&doc), &ink, &c->arena);
	fputs(buf_str(&b), stdout);
	printf("Drill %s: %s\n", cli_safe(c, r.id), state_of(&r));
	print_findings(c, &r);
	return CLI_OK;
}

static int run_report(struct cli *c)
{
	static struct record r;
	AUTO_STORE struct store *s = NULL;
	AUTO_BUF struct buf b = BUF_INIT(RESULT_MAX);
	const char *out = cli_opt(c, "out");
	struct fault f = FAULT_INIT;
	struct json_doc doc;

	int code = load(c, STORE_RDONLY, &s, &r);
	if (code >= 0)
		return code;
	int rc = load_result(c, s, &r, &doc, &f);
	if (rc == 0) {
		report_html(&b, json_root(&doc), &r, &c->arena);
		rc = buf_err(&b);
	}
	if (rc == 0 && out)
		rc = file_replace_path(out, buf_span(&b), 0644, &f);
	if (rc < 0)
		return cli_errno(c, rc, &f);
	if (c->json) {
		struct jw w = jw_of(&c->out);
		jw_obj(&w);
		jw_kcstr(&w, "drill", r.id);
		jw_kcstr(&w, "file", out);
		if (!out)
			jw_kstr(&w, "html", buf_span(&b));
		jw_end(&w);
	} else if (out) {
		printf("%s\n", cli_safe(c, out));
	} else {
		fwrite(b.p, 1, b.n, stdout);
	}
	return CLI_OK;
}

static int done(struct cli *c, const char *what)
{
	if (c->json) {
		struct jw w = jw_of(&c->out);
		jw_obj(&w);
		jw_kcstr(&w, "drill", c->arg[0]);
		jw_kcstr(&w, "done", what);
		jw_end(&w);
	} else {
		printf("Drill %s: %s\n", cli_safe(c, c->arg[0]), what);
	}
	return CLI_OK;
}

static int outcome(struct cli *c, int rc, const struct fault *f, const char *what)
{
	switch (rc) {
	case 0:
		return done(c, what);
	case RECORD_NO_SUCH:
		return cli_failf(
		    c, CLI_INPUT, "no such drill or finding; see firebreak drill show");
	case RECORD_OPEN:
		return cli_failf(c, CLI_REFUSED, "%s; see firebreak drill show %s", f->text,
		    QUOTE(span_str(c->arg[0])));
	case RECORD_DONE:
		return cli_failf(c, CLI_REFUSED, "that is resolved or closed already");
	default:
		return cli_errno(c, rc, f);
	}
}

static int run_resolve(struct cli *c)
{
	AUTO_STORE struct store *s = NULL;
	AUTO_BUF struct buf ev = BUF_INIT(EVIDENCE_MAX_BYTES + 1);
	const char *why = cli_opt(c, "why"), *evidence = cli_opt(c, "evidence");
	struct record_who w = who(c);
	struct fault f = FAULT_INIT;
	int code;

	if (!why || !*why || !evidence)
		return cli_failf(c, CLI_USAGE,
		    "needs --why TEXT and --evidence FILE: a finding is answered by "
		    "what was changed, not by words alone");
	int rc = file_read(evidence, &ev, EVIDENCE_MAX_BYTES, &f);
	if (rc < 0)
		return cli_errno(c, rc, &f);
	if (cli_store(c, STORE_EXISTING, &s, &code))
		return code;
	rc = record_resolve(s, c->arg[0], &w, c->arg[1], why, buf_span(&ev), &f);
	return outcome(c, rc, &f, "finding resolved");
}

static int run_close(struct cli *c)
{
	AUTO_STORE struct store *s = NULL;
	const char *why = cli_opt(c, "why");
	struct record_who w = who(c);
	struct fault f = FAULT_INIT;
	int code;

	if (cli_store(c, STORE_EXISTING, &s, &code))
		return code;
	int rc = record_close(s, c->arg[0], &w, why ? why : "every finding is answered", &f);
	return outcome(c, rc, &f, "closed");
}

static const struct cli_opt no_opts[] = { { NULL, NULL, NULL, false } };

static const struct cli_opt report_opts[] = {
	{ "out", "FILE", "write here (default: standard output)", false },
	{ NULL, NULL, NULL, false },
};

static const struct cli_opt resolve_opts[] = {
	{ "why", "TEXT", "what was changed", false },
	{ "evidence", "FILE", "what shows it; kept by its digest", false },
	{ NULL, NULL, NULL, false },
};

static const struct cli_opt close_opts[] = {
	{ "why", "TEXT", "closing words", false },
	{ NULL, NULL, NULL, false },
};

const struct cli_cmd cmd_drill_list = {
	.name = "drill list",
	.args = "",
	.summary = "List the drills that were run",
	.help = "One line a drill: name, time, scenario, steps met and missed, open or closed.\n\n"
		"  firebreak drill list\n\n"
		"Exit codes: 0 done, 4 no or damaged state directory.\n",
	.opts = no_opts,
	.max_args = 0,
	.run = run_list,
};

const struct cli_cmd cmd_drill_show = {
	.name = "drill show",
	.args = "[DRILL]",
	.summary = "Show a drill's scoreboard and findings",
	.help = "Without a name: the newest. The result is checked against the digest in the "
		"ledger.\n\n"
		"  firebreak drill show\n"
		"  firebreak drill show 2026-0001 --json\n\n"
		"Exit codes: 0 done, 5 no such drill, or its result was changed.\n",
	.opts = no_opts,
	.max_args = 1,
	.run = run_show,
};

const struct cli_cmd cmd_drill_report = {
	.name = "drill report",
	.args = "[DRILL]",
	.summary = "Write a drill's report as one HTML file",
	.help = "Draws the report again from the record, with the findings as they stand now.\n\n"
		"  firebreak drill report 2026-0001 --out report.html\n\n"
		"Exit codes: 0 done, 4 cannot write, 5 no such drill, or its result was changed.\n",
	.opts = report_opts,
	.max_args = 1,
	.run = run_report,
};

const struct cli_cmd cmd_drill_resolve = {
	.name = "drill resolve",
	.args = "DRILL FINDING",
	.summary = "Answer one finding of a drill",
	.help = "Says what was changed in a control, a runbook or a detection, with a file that "
		"shows it.\n\n"
		"  firebreak drill resolve 2026-0001 a-publish --why \"gate runs anatomy\" "
		"--evidence gate.diff\n\n"
		"Exit codes: 0 done, 3 usage, 5 no such drill or finding, 6 resolved or closed "
		"already.\n",
	.opts = resolve_opts,
	.min_args = 2,
	.max_args = 2,
	.run = run_resolve,
};

const struct cli_cmd cmd_drill_close = {
	.name = "drill close",
	.args = "DRILL",
	.summary = "End a drill whose findings are all answered",
	.help = "Refused while a finding is open.\n\n"
		"  firebreak drill close 2026-0001\n\n"
		"Exit codes: 0 done, 5 no such drill, 6 findings are open, or closed already.\n",
	.opts = close_opts,
	.min_args = 1,
	.max_args = 1,
	.run = run_close,
};
