/* SPDX-License-Identifier: Apache-2.0 */

/* intel block|remove|expire, own add|remove: at once, without a build; the next import makes it part of the
 * database. */

#include "cli/commands.h"
#include "cli/intel_shelf.h"
#include "intel/intel.h"
#include "intel/poison.h"
#include "intel/shelf_edit.h"
#include "store/ledger.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#define BLOCK_CONFIDENCE 100
#define BLOCK_CATEGORY "blocked"
#define OWN "own" /* source and category of what is the organisation's own (weigh.h) */

enum verb { BLOCK = 0, REMOVE, EXPIRE, OWN_ADD, OWN_REMOVE };

static const char *const verb_name[] = { "block", "remove", "expire", "own", "disown" };

static bool adds(enum verb v)
{
	return v == BLOCK || v == OWN_ADD;
}

static enum indicator_side side_of(enum verb v)
{
	return v == OWN_ADD || v == OWN_REMOVE ? INDICATOR_BENIGN : INDICATOR_BAD;
}

struct value {
	enum indicator_type type;
	const char *text;
	size_t claims; /* that it concerned */
	uint64_t seq;
};

struct change {
	struct cli *c;
	struct store *s;
	enum verb verb;
	const char *source, *reason;
	struct indicator like; /* BLOCK */
	struct value *v;
	size_t n;
	ts now;
	struct shelf_edit *edit;
	struct shelf_staged staged;
	uint64_t first_seq;
};

/* --- options --- */

/*
 * What is one's own takes hits away: so no more of it than can be one's own. Taking it back is as free
 * as what an older firebreak took. 0 or -EINVAL with the reason.
 */
static int own_value(const struct change *x, struct value *v, struct span raw, struct fault *f)
{
	struct arena *a = &x->c->arena;

	if (x->verb == OWN_REMOVE)
		return indicator_normalise_benign(&v->type, raw, a, &v->text, f);
	int rc = indicator_normalise(&v->type, raw, a, &v->text, f);
	if (rc < 0)
		return rc;
	switch (v->type) {
	case INDICATOR_IPV4:
	case INDICATOR_IPV6:
		return 0;
	case INDICATOR_DOMAIN:
		if (!cli_has(x->c, "exact") &&
		    poison_hosting(span_str(v->text)).n == strlen(v->text))
			return fault_set(f, -EINVAL, "others have names below it, too: give your own "
			    "below it, or --exact for this name alone");
		return 0;
	default:
		return fault_set(f, -EINVAL, "%s: only names and networks are one's own; for other "
		    "values: intel import --benign", indicator_type_name(v->type));
	}
}

static int get_values(struct change *x)
{
	struct cli *c = x->c;
	enum indicator_type type;
	struct fault f = FAULT_INIT;
	int code = intel_type_opt(c, &type);

	if (code >= 0)
		return code;
	x->n = (size_t)c->nargs;
	x->v = arena_array(&c->arena, x->n, sizeof(*x->v));
	if (!x->v)
		return cli_errno(c, -ENOMEM, NULL);
	for (size_t i = 0; i < x->n; i++) {
		x->v[i].type = type;
		struct span raw = span_str(c->arg[i]);
		int rc = side_of(x->verb) == INDICATOR_BENIGN ?
			       own_value(x, &x->v[i], raw, &f) :
			       indicator_normalise(&x->v[i].type, raw, &c->arena, &x->v[i].text, &f);
		if (rc < 0)
			return cli_failf(c, CLI_USAGE, "%s: %s", QUOTE(span_str(c->arg[i])), f.text);
	}
	return -1;
}

static int get_text(struct cli *c, const char *name, size_t max, const char **ret)
{
	const char *v = cli_opt(c, name);

	if (!v)
		return -1;
	if (!v[0] || strlen(v) > max || !quote_plain(span_str(v)))
		return cli_failf(c, CLI_USAGE, "--%s %s: not a short printable text", name,
		    QUOTE(span_str(v)));
	*ret = v;
	return -1;
}

/* A time, or how long from now. */
static int get_until(struct change *x)
{
	const char *v = cli_opt(x->c, "until");
	ts d;

	if (!v)
		return -1;
	if (ts_parse_duration(span_str(v), &d) == 0)
		x->like.valid_until = x->now + d;
	else if (ts_parse_bound(span_str(v), &x->like.valid_until) < 0)
		return cli_failf(x->c, CLI_USAGE, "--until %s: neither a time such as "
		    "2026-11-22T03:00:00Z nor a duration such as 7d", QUOTE(span_str(v)));
	if (x->like.valid_until <= x->now)
		return cli_failf(x->c, CLI_USAGE, "--until %s: is over already", QUOTE(span_str(v)));
	return -1;
}

static int get_confidence(struct change *x)
{
	const char *v = cli_opt(x->c, "confidence");
	uint64_t n;

	if (!v)
		return -1;
	if (!cli_count(v, &n) || n > 100)
		return cli_failf(x->c, CLI_USAGE, "--confidence %s: not a number from 0 to 100",
		    QUOTE(span_str(v)));
	x->like.confidence = (int)n;
	return -1;
}

static int get_opts(struct change *x)
{
	struct cli *c = x->c;
	int code;

	x->like = (struct indicator){ .confidence = BLOCK_CONFIDENCE, .category = BLOCK_CATEGORY,
		.valid_from = TS_NONE, .valid_until = TS_FOREVER, .first_seen = x->now,
		.last_seen = x->now, .side = side_of(x->verb), .exact = cli_has(c, "exact") };
	if ((code = get_values(x)) >= 0 ||
	    (code = get_text(c, "source", INTEL_SOURCE_MAX, &x->source)) >= 0 ||
	    (code = get_text(c, "reason", INTEL_NOTE_MAX, &x->reason)) >= 0)
		return code;
	if (side_of(x->verb) == INDICATOR_BENIGN) {
		x->source = x->like.source = x->like.category = OWN;
		x->like.note = x->reason;
		return -1;
	}
	if (x->verb != BLOCK)
		return -1;
	x->like.source = x->source ? x->source : c->actor;
	x->like.note = x->reason;
	if ((code = get_text(c, "category", INTEL_SOURCE_MAX, &x->like.category)) >= 0 ||
	    (code = get_text(c, "campaign", INTEL_SOURCE_MAX, &x->like.campaign)) >= 0 ||
	    (code = get_confidence(x)) >= 0)
		return code;
	return get_until(x);
}

/* --- doing it --- */

static int record(struct change *x, struct value *v, struct fault *f)
{
	AUTO_BUF struct buf b = BUF_INIT(64u << 10);
	struct jw w = jw_of(&b);
	char until[TS_TEXT_MAX], kind[LEDGER_KIND_MAX + 1];
	bool ends = adds(x->verb) && x->like.valid_until != TS_FOREVER;

	jw_obj(&w);
	jw_kint(&w, "claims", (int64_t)v->claims);
	if (adds(x->verb))
		jw_kint(&w, "confidence", x->like.confidence);
	jw_kcstr(&w, "content", DIGEST_HEX(&x->staged.content));
	jw_kint(&w, "generation", (int64_t)x->staged.generation);
	jw_kcstr(&w, "reason", x->reason);
	jw_kcstr(&w, "source", adds(x->verb) ? x->like.source : x->source);
	jw_kcstr(&w, "type", indicator_type_name(v->type));
	jw_kcstr(&w, "until", ends ? ts_format(x->like.valid_until, until) : NULL);
	jw_kcstr(&w, "value", v->text);
	jw_end(&w);
	int rc = buf_err(&b);
	if (rc < 0)
		return rc;
	snprintf(kind, sizeof(kind), SHELF_KIND "%s", verb_name[x->verb]);
	struct ledger_new e = { .kind = kind, .subject = SHELF_SUBJECT, .actor = x->c->actor,
		.at = x->now, .clock_injected = x->c->clock_injected, .data = buf_span(&b) };
	return ledger_append(x->s, &e, &v->seq, f);
}

static int change_one(struct change *x, struct value *v, uint64_t seq, struct fault *f)
{
	if (adds(x->verb)) {
		struct indicator i = x->like;
		i.type = v->type;
		i.value = v->text;
		i.first_import = i.last_import = (uint32_t)seq + 1;
		v->claims = 1;
		return shelf_edit_add(x->edit, &i, f);
	}
	int rc = shelf_edit_end_claims(x->edit, side_of(x->verb), v->type, v->text, x->source,
	    x->verb == EXPIRE ? x->now : TS_NONE, &v->claims, f);
	if (rc == 0 && !v->claims)
		return fault_set(f, -ECANCELED, "%s %s: nobody says that%s%s", indicator_type_name(v->type),
		    QUOTE(span_str(v->text)), x->source ? ", or not that source" : "",
		    x->verb == EXPIRE ? ", or not any more" : "");
	return rc;
}

/* A state without a database has nothing to lay an overlay over: the first block makes one. */
static int begin(struct change *x, struct fault *f)
{
	struct shelf_edit_opts o = { .now = x->now };
	int rc = shelf_edit_begin_overlay(&x->edit, x->s, x->now, f);

	if (rc != -ENOENT)
		return rc;
	if (!adds(x->verb))
		return fault_set(f, -ECANCELED, "the state holds no intelligence");
	return shelf_edit_begin(&x->edit, x->s, &o, f);
}

static int change(struct change *x, struct fault *f)
{
	uint64_t seq;
	int rc = ledger_size(x->s, &seq, f);

	if (rc == 0)
		rc = begin(x, f);
	if (rc == 0 && shelf_edit_before(x->edit))
		intel_shelf_warn(x->c, shelf_edit_before(x->edit));
	for (size_t i = 0; i < x->n && rc == 0; i++)
		rc = change_one(x, &x->v[i], seq + i, f);
	if (rc == 0)
		rc = shelf_edit_build(x->edit, &x->staged, f);
	for (size_t i = 0; i < x->n && rc == 0; i++)
		rc = record(x, &x->v[i], f);
	return rc;
}

static int change_all(struct change *x, struct fault *f)
{
	int rc = store_begin(x->s, f);

	if (rc < 0)
		return rc;
	rc = change(x, f);
	if (rc == 0)
		rc = store_commit(x->s, f);
	else
		store_abort(x->s);
	return rc == 0 ? shelf_edit_install(x->edit, f) : rc;
}

/* Why what was just blocked is no hit, or not to be blocked elsewhere; NULL: there is nothing to add. */
static const char *but(const struct change *x, struct shelf *s, const struct value *v)
{
	struct shelf_hit hit[SHELF_HITS_MAX];
	struct weighing w;
	size_t n = x->verb == BLOCK && s ?
			   shelf_value(s, INDICATOR_BAD, v->type, v->text, x->now, hit) : 0;

	for (size_t i = 0; i < n; i++) {
		if (hit[i].how != INTEL_SAME)
			continue;
		shelf_weigh(s, &hit[i], v->type, v->text, &w);
		if (w.verdict == WEIGH_HELD || w.verdict == WEIGH_TENANT)
			return arena_printf(&x->c->arena, "no hit: %s", w.why);
		if (w.benign)
			return arena_printf(&x->c->arena, "a hit, but left out of block lists: on a list of "
			    "what is ordinary: %s (%s)", QUOTE(span_str(w.benign_list)),
			    benign_category_name(w.benign));
	}
	return NULL;
}

static void told(const struct change *x, struct shelf *s)
{
	static const char *const done[] = { "blocked", "removed", "expired", "own", "not own any more" };
	struct jw w = jw_of(&x->c->out);

	if (x->c->json) {
		jw_obj(&w);
		jw_kint(&w, "generation", (int64_t)x->staged.generation);
		jw_key(&w, "values");
		jw_arr(&w);
	}
	for (size_t i = 0; i < x->n; i++) {
		const struct value *v = &x->v[i];
		const char *why = but(x, s, v);
		if (x->c->json) {
			jw_obj(&w);
			jw_kcstr(&w, "but", why);
			jw_kint(&w, "claims", (int64_t)v->claims);
			jw_kint(&w, "ledger_entry", (int64_t)v->seq);
			jw_kcstr(&w, "type", indicator_type_name(v->type));
			jw_kcstr(&w, "value", v->text);
			jw_end(&w);
		} else {
			printf("%s %s: %s", indicator_type_name(v->type), intel_value(x->c, v->text),
			    done[x->verb]);
			if (!adds(x->verb))
				printf(" (%zu claim%s)", v->claims, v->claims == 1 ? "" : "s");
			printf(", ledger entry %llu\n", (unsigned long long)v->seq);
			if (why)
				printf("    %s\n", why);
		}
	}
	if (x->c->json) {
		jw_end(&w);
		jw_end(&w);
	}
}

static int run(struct cli *c, enum verb verb)
{
	AUTO_STORE struct store *s = NULL;
	struct change x = { .c = c, .verb = verb, .now = clock_now(&c->clock) };
	struct fault f = FAULT_INIT;
	int code = get_opts(&x);

	if (code >= 0)
		return code;
	if (cli_store(c, adds(verb) ? STORE_RDWR : STORE_EXISTING, &s, &code) < 0)
		return code;
	x.s = s;
	int rc = change_all(&x, &f);
	x.edit = shelf_edit_end(x.edit);
	if (rc == -ECANCELED || rc == -E2BIG)
		return cli_fail(c, CLI_REFUSED, &f);
	if (rc < 0)
		return cli_errno(c, rc, &f);
	AUTO_SHELF struct shelf *shelf = NULL;
	code = verb == BLOCK ? intel_shelf_of(c, s, &shelf) : -1;
	if (code >= 0)
		return code;
	if (shelf)
		shelf_set_held(shelf, true);
	told(&x, shelf);
	return CLI_OK;
}

static int run_block(struct cli *c)
{
	return run(c, BLOCK);
}

static int run_remove(struct cli *c)
{
	return run(c, REMOVE);
}

static int run_expire(struct cli *c)
{
	return run(c, EXPIRE);
}

static const struct cli_opt block_opts[] = {
	{ "type", "TYPE", "what the values are (default: guessed)", false },
	{ "source", "NAME", "who says so (default: you, as --as or the login name)", false },
	{ "reason", "TEXT", "why", false },
	{ "confidence", "0..100", "default 100", false },
	{ "category", "TEXT", "default blocked", false },
	{ "campaign", "TEXT", "of which it is part", false },
	{ "until", "TIME", "when it ends: a time, or 7d, 12h (default: never)", false },
	{ "exact", NULL, "domains do not match their sub-domains", false },
	{ NULL, NULL, NULL, false },
};

const struct cli_cmd cmd_intel_block = {
	.name = "intel block",
	.args = "VALUE…",
	.summary = "Say that values are bad, at once",
	.help =
	    "A claim that every reader sees without a restart and without a build of the database. It is\n"
	    "an entry in the ledger; the next import makes it part of the database. At most 65536\n"
	    "changes wait for that.\n\n"
	    "  firebreak intel block evil.example 192.0.2.7 --reason 'beacons, INC-7' --until 30d\n\n"
	    "What is held (one's own, private addresses) or on a list of what is ordinary is said so\n"
	    "(\"but\" with --json): it is taken, and is no hit, or in no block list.\n\n"
	    "Exit: 0 done, 3 usage or no value, 4 could not write, 6 too many changes wait.\n",
	.opts = block_opts,
	.min_args = 1,
	.max_args = -1,
	.run = run_block,
};

static const struct cli_opt end_opts[] = {
	{ "type", "TYPE", "what the values are (default: guessed)", false },
	{ "source", "NAME", "only what this source says (default: what anybody says)", false },
	{ "reason", "TEXT", "why", false },
	{ NULL, NULL, NULL, false },
};

const struct cli_cmd cmd_intel_remove = {
	.name = "intel remove",
	.args = "VALUE…",
	.summary = "Take back what is said of values, at once",
	.help =
	    "Takes effect at once, in every reader; the next import drops the claims for good. A feed\n"
	    "that says it again after that brings it back: what must never be acted on belongs on a\n"
	    "list of what is ordinary (intel import --benign), which says so without forgetting.\n\n"
	    "  firebreak intel remove www.3cx.com --source edr --reason 'victim, not attacker'\n\n"
	    "Exit: 0 done, 3 usage or no value, 4 could not write, 6 nobody says that, or no state.\n",
	.opts = end_opts,
	.min_args = 1,
	.max_args = -1,
	.run = run_remove,
};

const struct cli_cmd cmd_intel_expire = {
	.name = "intel expire",
	.args = "VALUE…",
	.summary = "End what is said of values, at once",
	.help =
	    "As intel remove, but the claims stay, as expired now: hunts over older observations still\n"
	    "show them as such. A feed that says it again after that brings it back, too.\n\n"
	    "  firebreak intel expire 192.0.2.7 --reason 'host was cleaned'\n\n"
	    "Exit: 0 done, 3 usage or no value, 4 could not write, 6 nobody says that, or no state.\n",
	.opts = end_opts,
	.min_args = 1,
	.max_args = -1,
	.run = run_expire,
};

static int run_own_add(struct cli *c)
{
	return run(c, OWN_ADD);
}

static int run_own_remove(struct cli *c)
{
	return run(c, OWN_REMOVE);
}

static const struct cli_opt own_opts[] = {
	{ "type", "TYPE", "what the values are (default: guessed)", false },
	{ "reason", "TEXT", "why", false },
	{ "exact", NULL, "this name alone, not those below it", false },
	{ NULL, NULL, NULL, false },
};

const struct cli_cmd cmd_intel_own_add = {
	.name = "intel own add",
	.args = "VALUE…",
	.summary = "Say that names and networks are the organisation's own",
	.help =
	    "What a feed says against one's own names, and those below them, and against addresses in\n"
	    "one's own networks, is held: kept, shown by intel list --quarantined, and no hit. So a feed\n"
	    "that lists the victim beside the attacker (splunk's 3CX list has www.3cx.com) does not make\n"
	    "every customer a finding. It counts at once, for what is imported already, too. Names that\n"
	    "everybody has names below (co.uk, github.io) are taken with --exact only.\n\n"
	    "  firebreak intel own add 3cx.com 192.0.2.0/24 --reason 'ours'\n\n"
	    "Exit: 0 done, 3 usage or no value, 4 could not write, 6 too many changes wait.\n",
	.opts = own_opts,
	.min_args = 1,
	.max_args = -1,
	.run = run_own_add,
};

const struct cli_cmd cmd_intel_own_remove = {
	.name = "intel own remove",
	.args = "VALUE…",
	.summary = "Take back what intel own add said",
	.help = "What feeds say of these values counts again, at once.\n\n"
		"  firebreak intel own remove 3cx.com\n\n"
		"Exit: 0 done, 3 usage or no value, 4 could not write, 6 it was not there.\n",
	.opts = own_opts,
	.min_args = 1,
	.max_args = -1,
	.run = run_own_remove,
};
