/* SPDX-License-Identifier: Apache-2.0 */

/* case list|show: reading. */

#include "base/file.h"
#include "cli/case_session.h"
#include "cli/commands.h"
#include "cli/decision_sig.h"
#include "cli/print.h"
#include "incident/case_json.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#define KEYS_MAX 16
#define KEY_FILE_MAX (64u << 10)

/* --- list --- */

static void row(struct cli *c, const struct incident *i, ts now)
{
	enum incident_state st = incident_state_at(i, now);
	const struct route *r = incident_route(i);
	size_t reports = incident_reporters(i), overdue;
	bool late =
	    incident_overdue(i, now, &c->arena, &overdue) == 0 && overdue && st != INCIDENT_CLOSED;
	const char *color = st == INCIDENT_CLOSED || st == INCIDENT_DISMISSED ? ""
			    : incident_severity(i) == SEVERITY_CRITICAL	      ? cli_red(c)
									      : cli_yellow(c);

	printf("%s%s%s  %-14s %-8s %s, %zu reporter%s", color, i->id, *color ? cli_reset(c) : "",
	    incident_state_name(st), severity_name(incident_severity(i)),
	    r ? cli_safe(c, r->owner) : "", reports, reports == 1 ? "" : "s");
	if (late)
		printf(", %s%zu overdue%s", cli_red(c), overdue, cli_reset(c));
	printf("\n");
	cli_wrap(c, "           ", i->title);
}

/* What needs somebody first comes first; then the graver; then the older. */
static int by_need(const void *a, const void *b, void *now)
{
	static const int ranks[] = { [INCIDENT_OPEN] = 1,
		[INCIDENT_EXPIRED] = 0,
		[INCIDENT_DISMISSED] = 2,
		[INCIDENT_CLOSED] = 3 };
	const struct incident *x = *(struct incident *const *)a, *y = *(struct incident *const *)b;
	int rx = ranks[incident_state_at(x, *(ts *)now)],
	    ry = ranks[incident_state_at(y, *(ts *)now)];

	if (rx != ry)
		return rx - ry;
	if (incident_severity(x) != incident_severity(y))
		return (int)incident_severity(y) - (int)incident_severity(x);
	return x->opened_at < y->opened_at ? -1 : x->opened_at > y->opened_at;
}

static bool needs_somebody(const struct incident *i, ts now)
{
	enum incident_state st = incident_state_at(i, now);
	return st == INCIDENT_OPEN || st == INCIDENT_EXPIRED;
}

static int each_row(struct cli *c, struct incidents *l, struct jw *w, size_t *ret_n)
{
	ts now = clock_now(&c->clock);
	size_t n = 0;

	if (l->n)
		qsort_r(l->c, l->n, sizeof(struct incident *), by_need, &now);
	for (size_t i = 0; i < l->n; i++) {
		if (cli_has(c, "open") && !needs_somebody(l->c[i], now))
			continue;
		n++;
		if (!c->json) {
			row(c, l->c[i], now);
			continue;
		}
		int rc = incident_row_json(w, l->c[i], now, &c->arena);
		if (rc < 0)
			return rc;
	}
	*ret_n = n;
	return 0;
}

static int run_list(struct cli *c)
{
	AUTO_STORE struct store *s = NULL;
	AUTO_INCIDENTS struct incidents l;
	struct jw w = jw_of(&c->out);
	size_t n = 0;
	int code = case_read(c, NULL, &l, &s);

	if (code >= 0)
		return code;
	if (c->json) {
		jw_obj(&w);
		jw_key(&w, "cases");
		jw_arr(&w);
	}
	int rc = each_row(c, &l, &w, &n);
	if (rc < 0)
		return cli_errno(c, rc, NULL);
	if (c->json) {
		jw_end(&w);
		jw_end(&w);
	} else if (!n) {
		printf("No %scases.\n", cli_has(c, "open") ? "open " : "");
	}
	return CLI_OK;
}

static const struct cli_opt list_opts[] = {
	{ "open", NULL, "only those that need somebody", false },
	{ NULL, NULL, NULL, false },
};

const struct cli_cmd cmd_case_list = {
	.name = "case list",
	.args = "",
	.summary = "The cases: those that need a decision first, then open, dismissed, closed",
	.help =
	    "A case whose false positive or accepted risk ran out shows as needs-decision by "
	    "itself.\n\n"
	    "Example:\n"
	    "  firebreak case list --open\n\n"
	    "Exit codes: 0 listed, 4 the state cannot be read, 6 there is no state directory.\n",
	.opts = list_opts,
	.min_args = 0,
	.max_args = 0,
	.run = run_list,
};

/* --- show --- */

struct show {
	struct cli *c;
	const struct incident *i;
	ts now;
	const enum decision_sig *sig; /* one a decision; NULL: not checked */
};

static void title(struct show *x, const char *text)
{
	printf("\n%s%s%s\n", cli_bold(x->c), text, cli_reset(x->c));
}

/* "  name  text" with the text wrapped. */
static void field(struct show *x, const char *name, const char *text)
{
	char head[32];

	if (!text)
		return;
	snprintf(head, sizeof(head), "  %-10s ", name);
	cli_wrap(x->c, head, text);
}

static void show_proof(struct show *x, const char *head, const struct incident_proof *p)
{
	for (size_t i = 0; i < p->n; i++)
		printf("%sevidence: %s  %s\n", head, cli_safe(x->c, p->e[i].name),
		    DIGEST_TEXT(&p->e[i].digest));
}

static void show_head(struct show *x)
{
	const struct incident *i = x->i;
	enum incident_state st = incident_state_at(i, x->now);
	const struct route *r = incident_route(i);
	struct cli *c = x->c;

	printf("%scase %s%s  %s%s%s, %s\n", cli_bold(c), i->id, cli_reset(c),
	    st == INCIDENT_OPEN || st == INCIDENT_EXPIRED ? cli_red(c) : cli_green(c),
	    incident_state_name(st), cli_reset(c), severity_name(incident_severity(i)));
	cli_wrap(c, "  ", i->title);
	printf("\n");
	field(x, "question", r ? r->question : NULL);
	field(x, "owner", r ? r->owner : NULL);
	for (size_t n = 0; n < i->nroute; n++)
		field(x, n ? "" : "route",
		    arena_printf(&c->arena, "%s (%s, %s)", i->route[n]->id, i->route_file,
			DIGEST_TEXT(&i->route_digest)));
	field(x, "opened", cli_when(x->c, i->opened_at));
	if (i->reopened)
		field(x, "re-opened",
		    arena_printf(
			&c->arena, "%zu time%s", i->reopened, i->reopened == 1 ? "" : "s"));
	field(x, "follows", i->related);
	if (!r)
		return;
	for (size_t n = 0; n < r->nstep; n++)
		field(x, n ? "" : "next",
		    arena_printf(
			&c->arena, "%s: %s", step_name(r->step[n]), step_advice(r->step[n])));
}

static int show_affected(struct show *x)
{
	struct incident_place *p;
	struct digest *d;
	size_t np, nd;

	int rc = incident_places(x->i, &x->c->arena, &p, &np);
	if (rc == 0)
		rc = incident_digests(x->i, &x->c->arena, &d, &nd);
	if (rc < 0 || (!np && !nd))
		return rc;
	title(x, "Affected");
	for (size_t i = 0; i < np; i++)
		printf("  %s %s\n",
		    p[i].channel ? cli_safe(x->c, p[i].channel) : "(channel unknown)",
		    p[i].version ? cli_safe(x->c, p[i].version) : "(release unknown)");
	for (size_t i = 0; i < nd; i++)
		printf("  %s\n", DIGEST_TEXT(&d[i]));
	return 0;
}

static void show_signals(struct show *x)
{
	size_t n = incident_reporters(x->i);

	title(x, arena_printf(&x->c->arena, "Signals (%zu, from %zu reporter%s)", x->i->nsignal, n,
		     n == 1 ? "" : "s"));
	for (size_t i = 0; i < x->i->nsignal; i++) {
		const struct incident_signal *s = &x->i->signal[i];
		printf("  seen %s  learned %s  %s%s\n", cli_when(x->c, s->s.seen),
		    cli_when(x->c, s->s.learned), cli_safe(x->c, s->s.reporter),
		    s->independent ? "" : " (again)");
		cli_wrap(x->c, "    ",
		    arena_printf(&x->c->arena, "%s, confidence %d: %s", signal_kind_name(s->s.kind),
			s->s.confidence, s->s.summary ? s->s.summary : "(no summary)"));
		if (s->s.obs_value)
			printf("    %s %s\n", cli_safe(x->c, s->s.obs_type),
			    cli_escape(x->c, s->s.obs_value));
		if (digest_is_set(&s->s.subject))
			printf("    %s\n", DIGEST_TEXT(&s->s.subject));
	}
}

static void show_freezes(struct show *x)
{
	if (x->i->nfreeze)
		title(x, "Freezes");
	for (size_t i = 0; i < x->i->nfreeze; i++) {
		const struct incident_freeze *z = &x->i->freeze[i];
		const char *what = z->outcome == INCIDENT_FREEZE_DONE	   ? "frozen"
				   : z->outcome == INCIDENT_FREEZE_ALREADY ? "was frozen"
									   : "not frozen, not ours";
		cli_wrap(x->c, "  ",
		    arena_printf(&x->c->arena, "%s  %s %s: %s", cli_when(x->c, z->at),
			z->channel ? z->channel : "(no channel)", what, z->why));
	}
}

static int show_deadlines(struct show *x)
{
	static const char *const marks[] = { "waiting", "running", "OVERDUE", "met", "MET LATE",
		"not needed" };
	struct incident_deadline *d;
	char left[TS_TEXT_MAX];
	size_t n;

	int rc = incident_deadlines(x->i, x->now, &x->c->arena, &d, &n);
	if (rc < 0 || !n)
		return rc;
	title(x, "Deadlines");
	for (size_t i = 0; i < n; i++) {
		bool bad = d[i].state == DEADLINE_OVERDUE || d[i].state == DEADLINE_MISSED;
		bool late = d[i].state == DEADLINE_OVERDUE;
		printf("  %s%-10s%s %s", bad ? cli_red(x->c) : "", marks[d[i].state],
		    bad ? cli_reset(x->c) : "", d[i].d->id);
		if (d[i].state == DEADLINE_RUNNING || late)
			printf(", due %s (%s %s)", cli_when(x->c, d[i].due),
			    ts_format_duration(late ? x->now - d[i].due : d[i].due - x->now, left),
			    late ? "late" : "left");
		else if (d[i].met != TS_NONE)
			printf(", %s", cli_when(x->c, d[i].met));
		printf("\n");
		cli_wrap(x->c, "             ",
		    arena_printf(&x->c->arena, "%s%s%s%s", d[i].d->text, d[i].d->source ? " [" : "",
			d[i].d->source ? d[i].d->source : "", d[i].d->source ? "]" : ""));
	}
	return 0;
}

static const char *sig_words(const struct show *x, size_t i)
{
	static const char *const words[] = { [DECISION_SIG_BAD] = "signature is BAD for these keys",
		[DECISION_SIG_NONE] = "not signed",
		[DECISION_SIG_GOOD] = "signature good" };

	if (x->sig)
		return words[x->sig[i]];
	return digest_is_set(&x->i->decision[i].envelope) ? "signed (check: --key FILE)"
							  : "not signed";
}

static void show_decisions(struct show *x)
{
	if (x->i->ndecision)
		title(x, "Decisions");
	for (size_t i = 0; i < x->i->ndecision; i++) {
		const struct incident_decision *d = &x->i->decision[i];
		bool stands = d == incident_decision_at(x->i, x->now);
		printf("  %s  %s%s by %s, %s\n", cli_when(x->c, d->at), conclusion_name(d->verdict),
		    stands ? "" : " (no longer stands)", cli_safe(x->c, d->actor), sig_words(x, i));
		cli_wrap(x->c, "    ", d->why);
		if (d->owner)
			printf("    owner: %s\n", cli_safe(x->c, d->owner));
		if (d->expires != TS_NONE)
			printf("    %s: %s\n", d->expires <= x->now ? "ran out" : "expires",
			    cli_when(x->c, d->expires));
		if (d->tripwire)
			cli_wrap(x->c, "    tripwire: ", d->tripwire);
		show_proof(x, "    ", &d->evidence);
	}
}

static void show_conditions(struct show *x)
{
	if (x->i->ncondition)
		title(x, "Exit conditions");
	for (size_t i = 0; i < x->i->ncondition; i++) {
		const struct incident_condition *n = &x->i->condition[i];
		const char *mark = n->met					      ? "met"
				   : incident_applies(x->i, n->item->applies, x->now) ? "open"
										      : "-";
		cli_wrap(x->c, arena_printf(&x->c->arena, "  %-5s%-18s ", mark, n->item->id),
		    n->item->text);
		if (!n->met)
			continue;
		printf("       %s by %s\n", cli_when(x->c, n->met_at), cli_safe(x->c, n->met_by));
		if (n->note)
			cli_wrap(x->c, "       ", n->note);
		show_proof(x, "       ", &n->evidence);
	}
}

static void show_writebacks(struct show *x)
{
	if (x->i->nwriteback)
		title(x, "Write-back");
	for (size_t i = 0; i < x->i->nwriteback; i++) {
		const struct incident_writeback *n = &x->i->writeback[i];
		bool needed =
		    n->filled || !n->item || incident_applies(x->i, n->item->applies, x->now);
		const char *mark = n->done ? "done" : needed ? "open" : "-";
		cli_wrap(x->c, arena_printf(&x->c->arena, "  %-5s%-18s ", mark, n->id),
		    n->filled ? n->finding : n->item->text);
		if (n->control)
			cli_wrap(x->c, "       control: ", n->control);
		if (n->runbook)
			cli_wrap(x->c, "       runbook: ", n->runbook);
		if (n->filled)
			printf("       owner: %s\n", cli_safe(x->c, n->owner));
		if (n->tripwire)
			cli_wrap(x->c, "       tripwire: ", n->tripwire);
		show_proof(x, "       ", &n->evidence);
	}
}

static void show_advisories(struct show *x)
{
	if (x->i->nadvisory)
		title(x, "Advisories");
	for (size_t i = 0; i < x->i->nadvisory; i++) {
		const struct incident_advisory *v = &x->i->advisory[i];
		cli_wrap(x->c, "  ",
		    arena_printf(&x->c->arena, "%s  %s version %lld, %s: %s",
			cli_when(x->c, v->date), v->tracking, (long long)v->number, v->status,
			v->summary));
	}
}

static int show_timeline(struct show *x, enum incident_order by)
{
	const struct incident_event *e = incident_timeline(x->i, by, &x->c->arena);

	if (!e)
		return -ENOMEM;
	title(x, by == INCIDENT_BY_SEEN ? "Timeline, in the order of happening"
					: "Timeline, in the order of learning");
	printf("  %-20s  %-20s\n", "happened", "learned");
	for (size_t i = 0; i < x->i->nevent; i++)
		cli_wrap(x->c,
		    arena_printf(&x->c->arena, "  %-20s  %-20s  ", cli_when(x->c, e[i].seen),
			e[i].learned == e[i].seen ? "same" : cli_when(x->c, e[i].learned)),
		    arena_printf(&x->c->arena, "%s, %s: %s", e[i].what, e[i].who, e[i].text));
	return 0;
}

/* The items themselves are marked "open" above. */
static int show_open(struct show *x)
{
	const char *const *open;
	size_t n;

	if (incident_state_at(x->i, x->now) == INCIDENT_CLOSED)
		return 0;
	int rc = incident_open_items(x->i, x->now, &x->c->arena, &open, &n);
	if (rc < 0)
		return rc;
	if (!n)
		title(x, "Nothing is open: the case can be closed");
	else if (!incident_decision_at(x->i, x->now))
		title(x, "A decision is needed; what else must be done hangs on it");
	else
		title(x, arena_printf(&x->c->arena, "%zu open item%s before it can be closed", n,
			     n == 1 ? "" : "s"));
	return 0;
}

static int show_text(struct show *x, enum incident_order by)
{
	int rc;

	show_head(x);
	rc = show_affected(x);
	show_signals(x);
	show_freezes(x);
	if (rc == 0)
		rc = show_deadlines(x);
	show_decisions(x);
	show_conditions(x);
	show_writebacks(x);
	show_advisories(x);
	if (rc == 0)
		rc = show_timeline(x, by);
	return rc ? rc : show_open(x);
}

static int load_keys(struct cli *c, struct key **keys, size_t *ret_n, struct fault *f)
{
	const char *path[KEYS_MAX];
	size_t n = cli_opts(c, "key", path, KEYS_MAX);
	int rc = 0;

	for (size_t i = 0; i < n && rc == 0; i++) {
		AUTO_BUF struct buf text = BUF_INIT(KEY_FILE_MAX + 1);
		rc = file_read(path[i], &text, KEY_FILE_MAX, f);
		if (rc == 0) {
			rc = key_public(&keys[i], buf_span(&text), f);
			if (rc < 0)
				fault_wrap(f, rc, "%s", QUOTE(span_str(path[i])));
		}
		*ret_n = i + (rc == 0);
	}
	return rc;
}

/* Checks every decision's signature when keys were given. *ret_bad counts those that are bad. */
static int check_sigs(struct cli *c, struct store *s, const struct incident *i,
    const enum decision_sig **ret_sig, size_t *ret_bad, struct fault *f)
{
	struct key *keys[KEYS_MAX] = { NULL };
	size_t n = 0;
	int rc = load_keys(c, keys, &n, f);
	enum decision_sig *sig =
	    arena_array(&c->arena, i->ndecision ? i->ndecision : 1, sizeof(*sig));

	if (rc == 0 && !sig)
		rc = -ENOMEM;
	*ret_bad = 0;
	for (size_t k = 0; rc == 0 && n && k < i->ndecision; k++) {
		rc = decision_check(
		    s, i, &i->decision[k], (const struct key *const *)keys, n, &sig[k], f);
		*ret_bad += rc == 0 && sig[k] == DECISION_SIG_BAD;
	}
	for (size_t k = 0; k < n; k++)
		key_free(keys[k]);
	*ret_sig = n ? sig : NULL;
	return rc;
}

static int show(struct cli *c, struct store *s, const struct incident *i, enum incident_order by)
{
	struct show x = { .c = c, .i = i, .now = clock_now(&c->clock) };
	struct fault f = FAULT_INIT;
	struct jw w = jw_of(&c->out);
	size_t bad;

	int rc = check_sigs(c, s, i, &x.sig, &bad, &f);
	if (rc < 0)
		return cli_errno(c, rc, &f);
	rc = c->json ? incident_json(&w, i, x.now, by, &c->arena) : show_text(&x, by);
	if (rc < 0)
		return cli_errno(c, rc, &f);
	if (bad)
		return cli_failf(c, CLI_NEGATIVE, "%zu decision%s not signed by the keys given",
		    bad, bad == 1 ? " is" : "s are");
	return CLI_OK;
}

static int run_show(struct cli *c)
{
	AUTO_STORE struct store *s = NULL;
	AUTO_INCIDENTS struct incidents l;
	const char *by = cli_opt(c, "by");
	enum incident_order order = INCIDENT_BY_LEARNED;

	incidents_init(&l, &c->arena);
	if (by && strcmp(by, "seen") == 0)
		order = INCIDENT_BY_SEEN;
	else if (by && strcmp(by, "learned") != 0)
		return cli_failf(
		    c, CLI_USAGE, "--by %s: \"seen\" or \"learned\"", QUOTE(span_str(by)));
	int code = case_read(c, c->arg[0], &l, &s);
	return code >= 0 ? code : show(c, s, incidents_find(&l, c->arg[0]), order);
}

static const struct cli_opt show_opts[] = {
	{ "by", "seen|learned", "order of the timeline (default: learned)", false },
	{ "key", "FILE", "check the signed decisions with this public key", true },
	{ NULL, NULL, NULL, false },
};

const struct cli_cmd cmd_case_show = {
	.name = "case show",
	.args = "CASE",
	.summary = "Everything about one case: what was asked, said, decided, and is still open",
	.help =
	    "The timeline has two times a line: when it happened, and when we learned of it. "
	    "Between\n"
	    "the two lies what a faster answer could have gained.\n\n"
	    "Example:\n"
	    "  firebreak case show 2026-0001 --by seen\n"
	    "  firebreak case show 2026-0001 --key alice.pub --json\n\n"
	    "Exit codes: 0 shown, 1 a decision is not signed by the keys given, 3 no such case.\n",
	.opts = show_opts,
	.min_args = 1,
	.max_args = 1,
	.run = run_show,
};
