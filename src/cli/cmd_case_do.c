/* SPDX-License-Identifier: Apache-2.0 */

/* case decide|meet|note|writeback|close: what people do to a case. */

#include "base/file.h"
#include "cli/case_session.h"
#include "cli/commands.h"
#include "cli/decision_sig.h"
#include "cli/print.h"
#include "cli/share.h"
#include "cli/wire.h"
#include "conf/yaml.h"

#include <errno.h>
#include <stdio.h>

#define KEY_FILE_MAX (64u << 10)

/* The case's id and state after a change, for --json. */
static void done_json(struct cli *c, const struct incident *i)
{
	struct jw w = jw_of(&c->out);

	jw_obj(&w);
	jw_kcstr(&w, "case", i->id);
	jw_kint(&w, "entry", (int64_t)i->last_seq);
	jw_kcstr(&w, "state", incident_state_name(incident_state_at(i, clock_now(&c->clock))));
	jw_end(&w);
}

/* Commits or undoes, and says what is now. */
static int finish(struct case_session *x, int rc, const char *what)
{
	struct cli *c = x->c;
	const struct incident *i = x->w.c;
	int code = case_end(x, rc);

	if (code != CLI_OK)
		return code;
	if (c->json)
		done_json(c, i);
	else
		printf("case %s: %s; the case is %s\n", i->id, cli_escape(c, what),
		    incident_state_name(incident_state_at(i, clock_now(&c->clock))));
	return CLI_OK;
}

/* --- decide --- */

static int get_verdict(struct cli *c, enum conclusion *out)
{
	const char *v = cli_opt(c, "verdict");

	*out = v ? conclusion_of(span_str(v)) : CONCLUSION_NONE;
	if (*out != CONCLUSION_NONE)
		return -1;
	return cli_failf(c, CLI_USAGE,
	    "--verdict %s: one of confirmed, contained, false-positive, accepted-risk",
	    v ? QUOTE(span_str(v)) : "is missing");
}

/* A time, or how long from now. */
static int get_expires(struct cli *c, ts now, ts *out)
{
	const char *v = cli_opt(c, "expires");
	ts d;

	*out = TS_NONE;
	if (!v)
		return -1;
	if (ts_parse(span_str(v), out) == 0)
		return -1;
	if (ts_parse_duration(span_str(v), &d) == 0 && !__builtin_add_overflow(now, d, out))
		return -1;
	return cli_failf(c, CLI_USAGE,
	    "--expires %s: neither an RFC 3339 time nor a duration such as 14d",
	    QUOTE(span_str(v)));
}

/* Only for dismissal-max; the rest of the routes is in the case. */
static int load_routes(struct cli *c, struct routes *r, struct fault *f)
{
	AUTO_BUF struct buf text = BUF_INIT(YAML_TEXT_MAX + 1);
	const char *path = cli_opt(c, "routes");

	if (!path)
		path = cli_share(c, "routes/default.yaml", f);
	if (!path)
		return -ENOENT;
	int rc = file_read(path, &text, YAML_TEXT_MAX, f);
	return rc < 0 ? rc : routes_parse(r, path, buf_span(&text), &c->arena, f);
}

static int load_key(const char *path, struct key **ret_k, struct fault *f)
{
	AUTO_BUF struct buf text = BUF_INIT(KEY_FILE_MAX + 1);
	int rc = file_read(path, &text, KEY_FILE_MAX, f);

	if (rc < 0)
		return rc;
	rc = key_private(ret_k, buf_span(&text), f);
	explicit_bzero(text.p, text.n);
	return rc < 0 ? fault_wrap(f, rc, "%s", QUOTE(span_str(path))) : rc;
}

static int decide(struct case_session *x, struct incident_decision *d, const struct routes *r,
    const struct key *k)
{
	d->evidence = x->proof.p;
	int rc = incident_decide_check(&x->w, d, r->dismissal_max, &x->f);
	if (rc == 0 && k)
		rc = decision_sign(&x->w, d, k, &x->f);
	return rc ? rc : incident_decide(&x->w, d, r->dismissal_max, &x->f);
}

static int run_decide(struct cli *c)
{
	AUTO_KEY struct key *k = NULL;
	struct case_session x;
	struct routes routes;
	struct fault f = FAULT_INIT;
	struct incident_decision d = { .why = cli_opt(c, "why"),
		.owner = cli_opt(c, "owner"),
		.tripwire = cli_opt(c, "tripwire") };
	const char *path = cli_opt(c, "sign-key");
	int code;

	if ((code = get_verdict(c, &d.verdict)) >= 0 ||
	    (code = get_expires(c, clock_now(&c->clock), &d.expires)) >= 0)
		return code;
	int rc = load_routes(c, &routes, &f);
	if (rc == 0 && path)
		rc = load_key(path, &k, &f);
	if (rc < 0)
		return cli_errno(c, rc, &f);
	code = case_begin(&x, c);
	if (code >= 0)
		return code;
	const char *what = arena_printf(&c->arena, "decided: %s", conclusion_name(d.verdict));
	return finish(&x, decide(&x, &d, &routes, k), what);
}

static const struct cli_opt decide_opts[] = {
	{ "verdict", "VERDICT", "confirmed, contained, false-positive or accepted-risk", false },
	{ "why", "TEXT", "the reason, in a sentence or two", false },
	PROOF_OPTION,
	{ "owner", "NAME", "who answers for the decision", false },
	{ "expires", "WHEN", "until when it stands: a time, or a duration such as 14d", false },
	{ "tripwire", "TEXT", "what undoes it (default: " INCIDENT_TRIPWIRE_DEFAULT ")", false },
	{ "sign-key", "FILE", "sign it with this private key (PEM, PKCS#8)", false },
	{ "routes", "FILE", "take dismissal-max from this route file", false },
	{ NULL, NULL, NULL, false },
};

const struct cli_cmd cmd_case_decide = {
	.name = "case decide",
	.args = "CASE",
	.summary = "Record a verdict with its reason, evidence, owner, expiry and tripwire",
	.help =
	    "confirmed keeps the case open for the work; contained says, with evidence, that it "
	    "can do\n"
	    "no more harm. false-positive and accepted-risk dismiss the case: they need evidence, "
	    "an\n"
	    "owner and an expiry, and they do not stand for ever: past the expiry the case needs "
	    "a\n"
	    "new decision, and a further independent report on the same digest opens it again and\n"
	    "freezes the channel that ships it, whatever the tripwire says besides.\n\n"
	    "Example:\n"
	    "  firebreak case decide 2026-0001 --verdict confirmed --why 'ffmpeg.dll was "
	    "replaced'\n"
	    "  firebreak case decide 2026-0002 --verdict false-positive --why 'our own test "
	    "signer' \\\n"
	    "      --evidence lab.txt --owner alice --expires 14d --sign-key alice.pem\n\n"
	    "Exit codes: 0 recorded, 3 something that the verdict needs is missing, 5 malformed "
	    "file, 6 the\n"
	    "case is closed. After an error nothing is recorded.\n",
	.opts = decide_opts,
	.min_args = 1,
	.max_args = 1,
	.run = run_decide,
};

/* --- meet --- */

static int run_meet(struct cli *c)
{
	struct case_session x;
	int code = case_begin(&x, c), rc = 0;

	if (code >= 0)
		return code;
	for (int i = 1; i < c->nargs && rc == 0; i++)
		rc = incident_meet(&x.w, c->arg[i], &x.proof.p, cli_opt(c, "note"), &x.f);
	return finish(&x, rc, c->nargs == 2 ? "exit condition met" : "exit conditions met");
}

static const struct cli_opt meet_opts[] = {
	PROOF_OPTION,
	{ "note", "TEXT", "what the evidence shows", false },
	{ NULL, NULL, NULL, false },
};

const struct cli_cmd cmd_case_meet = {
	.name = "case meet",
	.args = "CASE CONDITION…",
	.summary = "Show with evidence that exit conditions of the case are met",
	.help =
	    "The conditions come from the routes of the case; firebreak case show lists them.\n\n"
	    "Example:\n"
	    "  firebreak case meet 2026-0001 scope-known --evidence hunt.json\n\n"
	    "Exit codes: 0 recorded, 3 no such condition or no evidence, 6 met already or case "
	    "closed.\n",
	.opts = meet_opts,
	.min_args = 2,
	.max_args = ROUTE_ITEMS_MAX,
	.run = run_meet,
};

/* --- note --- */

static int run_note(struct cli *c)
{
	struct case_session x;
	int code = case_begin(&x, c);

	if (code >= 0)
		return code;
	return finish(&x, incident_note(&x.w, c->arg[1], &x.proof.p, &x.f), "noted");
}

static const struct cli_opt note_opts[] = {
	PROOF_OPTION,
	{ NULL, NULL, NULL, false },
};

const struct cli_cmd cmd_case_note = {
	.name = "case note",
	.args = "CASE TEXT",
	.summary = "Add a note to the timeline, with evidence if there is any",
	.help = "Example:\n"
		"  firebreak case note 2026-0001 'vendor called back, same digest' --evidence "
		"mail.eml\n\n"
		"Exit codes: 0 recorded, 3 usage, 4 the state cannot be written.\n",
	.opts = note_opts,
	.min_args = 2,
	.max_args = 2,
	.run = run_note,
};

/* --- writeback --- */

static int run_writeback_add(struct cli *c)
{
	struct case_session x;
	struct incident_writeback n = { .id = cli_opt(c, "item"),
		.finding = cli_opt(c, "finding"),
		.control = cli_opt(c, "control"),
		.runbook = cli_opt(c, "runbook"),
		.owner = cli_opt(c, "owner"),
		.tripwire = cli_opt(c, "tripwire") };
	const char *id = "?";
	int code = case_begin(&x, c);

	if (code >= 0)
		return code;
	int rc = incident_writeback_fill(&x.w, &n, &id, &x.f);
	const char *what = arena_printf(&c->arena, "write-back item %s filled in", id);
	return finish(&x, rc, what);
}

static const struct cli_opt writeback_add_opts[] = {
	{ "item", "ID", "fill this item of the route (default: a new item)", false },
	{ "finding", "TEXT", "what the case taught", false },
	{ "control", "TEXT", "the control that changes because of it", false },
	{ "runbook", "TEXT", "the runbook that changes because of it", false },
	{ "owner", "NAME", "who does it", false },
	{ "tripwire", "TEXT", "what will tell us if it comes undone", false },
	{ NULL, NULL, NULL, false },
};

const struct cli_cmd cmd_case_writeback_add = {
	.name = "case writeback add",
	.args = "CASE",
	.summary = "Fill in what the case taught: finding, what changes, owner, tripwire",
	.help = "A write-back item is a finding with what changes because of it (a control, a "
		"runbook, or\n"
		"both), who does it, and a tripwire that tells when it comes undone. The routes of "
		"the\n"
		"case ask for some; more can be added. A case does not close while one is open.\n\n"
		"Example:\n"
		"  firebreak case writeback add 2026-0001 --item gate-control \\\n"
		"      --finding 'bytes after the signature were not looked at' \\\n"
		"      --control 'the gate requires PE anatomy' --owner build-team \\\n"
		"      --tripwire 'drill 3cx-2023 variant a must be held'\n\n"
		"Exit codes: 0 recorded, 3 something is missing, 6 the item is done already, or "
		"case closed.\n",
	.opts = writeback_add_opts,
	.min_args = 1,
	.max_args = 1,
	.run = run_writeback_add,
};

static int run_writeback_done(struct cli *c)
{
	struct case_session x;
	int code = case_begin(&x, c);

	if (code >= 0)
		return code;
	int rc = incident_writeback_done(&x.w, c->arg[1], &x.proof.p, cli_opt(c, "note"), &x.f);
	return finish(&x, rc, "write-back item done");
}

static const struct cli_opt writeback_done_opts[] = {
	PROOF_OPTION,
	{ "note", "TEXT", "what the evidence shows", false },
	{ NULL, NULL, NULL, false },
};

const struct cli_cmd cmd_case_writeback_done = {
	.name = "case writeback done",
	.args = "CASE ITEM",
	.summary = "Show with evidence that a write-back item was done",
	.help = "Example:\n"
		"  firebreak case writeback done 2026-0001 gate-control --evidence policy.yaml\n\n"
		"Exit codes: 0 recorded, 3 no such item or no evidence, 6 done already, not filled "
		"in, or case\n"
		"closed.\n",
	.opts = writeback_done_opts,
	.min_args = 2,
	.max_args = 2,
	.run = run_writeback_done,
};

/* --- close --- */

static void list_open(struct case_session *x)
{
	struct cli *c = x->c;
	const char *const *open;
	size_t n;

	if (incident_open_items(x->w.c, x->w.who.at, &c->arena, &open, &n) < 0)
		return;
	for (size_t i = 0; i < n; i++)
		cli_wrap(c, "  open: ", open[i]);
}

static int run_close(struct cli *c)
{
	struct case_session x;
	int code = case_begin(&x, c);

	if (code >= 0)
		return code;
	int rc = incident_close(&x.w, cli_opt(c, "why"), &x.f);
	if (rc == INCIDENT_REFUSED && !c->json)
		list_open(&x);
	return finish(&x, rc, "closed");
}

static const struct cli_opt close_opts[] = {
	{ "why", "TEXT", "why it can be closed", false },
	{ NULL, NULL, NULL, false },
};

const struct cli_cmd cmd_case_close = {
	.name = "case close",
	.args = "CASE",
	.summary = "Close a case in which nothing is open any more",
	.help =
	    "Refused while there is no decision that stands, or an exit condition or a write-back\n"
	    "item is open; each is listed (with --json: firebreak case show, \"open_items\").\n\n"
	    "Example:\n"
	    "  firebreak case close 2026-0001 --why 'clean build out, controls written back'\n\n"
	    "Exit codes: 0 closed, 3 --why is missing, 6 refused.\n",
	.opts = close_opts,
	.min_args = 1,
	.max_args = 1,
	.run = run_close,
};
