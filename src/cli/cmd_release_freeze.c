/* SPDX-License-Identifier: Apache-2.0 */

/* cmd_release_freeze: freeze, allow and unfreeze. */

#include "base/file.h"
#include "cli/commands.h"
#include "cli/release.h"
#include "cli/wire.h"
#include "release/text.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

/* --- freeze --- */

/* No --scope: the current release is what is under suspicion. "all": every release. */
static int parse_scope(struct cli *c, const struct release_channel *ch, const char **scope,
    size_t *ret_n)
{
	size_t n = cli_opts(c, "scope", scope, RELEASE_LIST_MAX);

	for (size_t i = 0; i < n; i++)
		if (strcmp(scope[i], "all") == 0 && n > 1)
			return cli_failf(c, CLI_USAGE, "--scope all stands alone");
	if (n == 1 && strcmp(scope[0], "all") == 0)
		n = 0;
	else if (n == 0 && ch->current)
		scope[n++] = ch->current->version;
	*ret_n = n;
	return -1;
}

static void freeze_output(struct cli *c, const struct release_freeze *z, uint64_t seq, bool already)
{
	char until[TS_TEXT_MAX];

	ts_format(z->expires, until);
	if (c->json) {
		struct jw w = release_json(c, z->channel, "release.freeze", seq);
		jw_kbool(&w, "already", already);
		jw_kcstr(&w, "expires", until);
		jw_kint(&w, "freeze", (int64_t)seq);
		jw_key(&w, "scope");
		jw_arr(&w);
		for (size_t i = 0; i < z->nscope; i++)
			jw_cstr(&w, z->scope[i]);
		jw_end(&w);
		jw_end(&w);
		return;
	}
	if (already) {
		printf("%s was frozen for this case before (entry %llu)\n", z->channel,
		    (unsigned long long)seq);
		return;
	}
	printf("%s%s is frozen%s (freeze %llu, due %s), scope ", cli_yellow(c), z->channel, cli_reset(c),
	    (unsigned long long)seq, until);
	for (size_t i = 0; i < z->nscope; i++)
		printf("%s%s", i ? ", " : "", z->scope[i]);
	printf("%s\nNext: firebreak release rollback %s --reason …, if users should go back\n",
	    z->nscope ? "" : "every release", z->channel);
}

/* A version mistyped here would leave the affected one a target of a rollback. */
static void note_unknown(struct cli *c, const struct release_channel *ch,
    const struct release_freeze *z)
{
	for (size_t i = 0; i < z->nscope && !c->quiet; i++) {
		bool known = release_find(ch, z->scope[i]) != NULL;
		for (size_t j = 0; j < ch->nholds; j++)
			known |= strcmp(ch->hold[j].version, z->scope[i]) == 0;
		if (!known)
			fprintf(stderr, "firebreak release freeze: note: %s has never seen a release %s\n",
			    ch->name, QUOTE(span_str(z->scope[i])));
	}
}

static int freeze_in(struct cli *c, struct store *s, struct release_freeze *z)
{
	static const char *scope[RELEASE_LIST_MAX], *allow[RELEASE_LIST_MAX];
	struct release_channel ch;
	struct fault f = FAULT_INIT;
	uint64_t seq = 0;

	int code = release_channel_arg(c, s, z->channel, &ch);
	if (code < 0)
		code = parse_scope(c, &ch, scope, &z->nscope);
	if (code >= 0)
		return code;
	z->scope = scope;
	z->allow = allow;
	z->nallow = cli_opts(c, "allow", allow, RELEASE_LIST_MAX);
	if (store_begin(s, &f) < 0)
		return cli_fail(c, CLI_INTERNAL, &f);
	int rc = release_freeze(s, z, &seq, &f);
	bool already = rc == RELEASE_ALREADY_FROZEN, known = true;
	if (rc == 0 && z->case_id)
		rc = wire_froze(c, s, z->case_id, z->channel, z->reason, &known, &f);
	code = release_end(c, s, z->channel, already ? 0 : rc, &f);
	if (code >= 0)
		return code;
	note_unknown(c, &ch, z);
	if (!known && !c->quiet)
		fprintf(stderr, "firebreak release freeze: note: there is no case %s here\n",
		    QUOTE(span_str(z->case_id)));
	freeze_output(c, z, seq, already);
	return CLI_OK;
}

static int run_freeze(struct cli *c)
{
	struct release_freeze z = { .channel = c->arg[0], .who = release_actor(c),
		.reason = cli_opt(c, "reason"), .owner = cli_opt(c, "owner"),
		.condition = cli_opt(c, "condition"), .case_id = cli_opt(c, "case") };
	AUTO_STORE struct store *s = NULL;
	int code;

	if (!z.reason || !z.owner)
		return cli_failf(c, CLI_USAGE, "--reason TEXT, --owner NAME and --expires TIME are needed");
	code = release_when(c, "expires", &z.expires);
	if (code >= 0 || cli_store(c, STORE_EXISTING, &s, &code) < 0)
		return code;
	return freeze_in(c, s, &z);
}

static const struct cli_opt freeze_opts[] = {
	{ "reason", "TEXT", "why", false },
	{ "owner", "NAME", "who answers for it; may not be who lifts it", false },
	{ "expires", "TIME", "when it must have been dealt with: 7d, or an RFC 3339 time", false },
	{ "scope", "VERSION", "affected release, no target of a rollback; all: every one (default: the "
			      "current release)", true },
	{ "allow", "VERSION|DIGEST", "may be published all the same, until the freeze expires", true },
	{ "condition", "CONDITION", "case-closed:ID, verified:VERSION or statement:TEXT", false },
	{ "case", "ID", "the case it belongs to; then the condition is that it is closed", false },
	{ NULL, NULL, NULL, false },
};

const struct cli_cmd cmd_release_freeze = {
	.name = "release freeze", .args = "CHANNEL", .summary = "Stop a channel",
	.help =
	"Nothing is published in a frozen channel but what the allowlist names, and clients that check\n"
	"the state document do not install. Anyone may freeze; lifting it takes its condition and the\n"
	"signature of a second person (firebreak release unfreeze).\n\n"
	"A freeze does not thaw by itself. Past --expires it is overdue: it still holds, its allowlist no\n"
	"longer counts, and a second person may lift it with a statement whatever the condition was.\n\n"
	"Conditions: case-closed:ID, that case is closed; verified:VERSION, that release verifies now;\n"
	"statement:TEXT, the second person attests it with --evidence. Freezing again for another case\n"
	"or reason adds a freeze of its own; the channel is free when the last one is lifted.\n\n"
	"Example:\n"
	"  firebreak release freeze stable --reason 'unexplained bytes in ffmpeg.dll' --owner alice \\\n"
	"      --expires 72h --scope 18.12.407 --scope 18.12.416 --condition verified:18.12.425 \\\n"
	"      --allow 18.12.425\n\n"
	"Exit codes: 0 frozen (or it was, for the same case), 3 usage, 4 could not, 6 no such channel.\n",
	.opts = freeze_opts, .min_args = 1, .max_args = 1, .run = run_freeze,
};

/* --- unfreeze --- */

static int read_private(struct cli *c, const char *path, struct key **ret_k)
{
	AUTO_BUF struct buf pem = BUF_INIT(KEY_TEXT_MAX + 1);
	struct fault f = FAULT_INIT;
	int rc = file_read(path, &pem, KEY_TEXT_MAX, &f);

	if (rc < 0)
		return cli_errno(c, rc, &f);
	rc = key_private(ret_k, buf_span(&pem), &f);
	if (pem.p)
		explicit_bzero(pem.p, pem.cap);
	if (rc < 0) {
		fault_wrap(&f, rc, "%s", QUOTE(span_str(path)));
		return cli_errno(c, rc, &f);
	}
	return -1;
}

static const struct release_frozen *find_open(const struct release_channel *ch, uint64_t id)
{
	for (size_t i = 0; i < ch->nfreezes; i++)
		if (!ch->freeze[i].lifted && (!id || ch->freeze[i].id == id))
			return &ch->freeze[i];
	return NULL;
}

static int pick_freeze(struct cli *c, const struct release_channel *ch,
    const struct release_frozen **ret_z)
{
	const char *arg = cli_opt(c, "freeze");
	uint64_t id = 0;

	if (!ch->nopen)
		return cli_failf(c, CLI_REFUSED, "%s is not frozen", ch->name);
	if (!arg && ch->nopen > 1)
		return cli_failf(c, CLI_REFUSED, "%s has %zu open freezes; name one with --freeze N "
		    "(firebreak release status %s lists them)", ch->name, ch->nopen, ch->name);
	if (arg) {
		char *end;
		id = strtoull(arg, &end, 10);
		if (!id || *end || strlen(arg) > 18)
			return cli_failf(c, CLI_USAGE, "--freeze %s: not a number", QUOTE(span_str(arg)));
	}
	*ret_z = find_open(ch, id);
	if (!*ret_z)
		return cli_failf(c, CLI_REFUSED, "%s has no open freeze %s", ch->name,
		    QUOTE(span_str(arg)));
	return -1;
}

/* "verified:V" is looked at now: V is verified, and what comes out is recorded with the rest. */
static int check_condition(struct cli *c, struct store *s, const struct release_channel *ch,
    const struct release_frozen *z, struct gate_run *run, const struct release_version **ret_v)
{
	struct condition cond;
	struct fault f = FAULT_INIT;

	*ret_v = NULL;
	int rc = condition_parse(span_str(z->order.condition), &cond, &f);
	if (rc < 0)
		return release_failed(c, rc, &f);
	if (cond.kind != CONDITION_VERIFIED)
		return -1;
	const char *version = arena_str(&c->arena, cond.arg);
	*ret_v = version ? release_find(ch, version) : NULL;
	return *ret_v ? gate_run_stored(c, s, ch, *ret_v, run) : -1;
}

static int lift(struct cli *c, struct store *s, const struct release_channel *ch,
    struct release_unfreeze *x, const struct gate_run *run, const struct release_version *verified)
{
	struct fault f = FAULT_INIT;
	uint64_t seq = 0;

	if (store_begin(s, &f) < 0)
		return cli_fail(c, CLI_INTERNAL, &f);
	int rc = 0;
	if (verified)
		rc = release_recheck(s, &(struct release_recheck){ ch->name, verified->version, x->who,
		    run->gate }, &seq, &f);
	if (rc == 0)
		rc = release_unfreeze(s, x, &seq, &f);
	if (rc == RELEASE_NOT_MET && verified && gate_verdict(ch->risk, &run->gate) != VERDICT_PASS)
		fault_set(&f, rc, "the condition is that %s verifies now: %s", verified->version,
		    gate_first_reason(c, ch, run));
	int code = release_end(c, s, ch->name, rc, &f);
	if (code >= 0)
		return code;
	if (c->json) {
		struct jw w = release_json(c, ch->name, "release.unfreeze", seq);
		jw_kint(&w, "freeze", (int64_t)x->freeze);
		jw_kint(&w, "open", (int64_t)ch->nopen - 1);
		jw_kcstr(&w, "person", x->person);
		jw_end(&w);
	} else {
		printf("Freeze %llu of %s lifted by %s (entry %llu); %zu still open\n",
		    (unsigned long long)x->freeze, ch->name, cli_safe(c, x->person),
		    (unsigned long long)seq, ch->nopen - 1);
	}
	return CLI_OK;
}

static int unfreeze_in(struct cli *c, struct store *s, const struct key *k)
{
	struct release_unfreeze x = { .channel = c->arg[0], .who = release_actor(c),
		.person = c->actor, .key = k };
	const struct release_version *verified;
	const struct release_frozen *z;
	struct release_file *evidence;
	struct release_channel ch;
	struct gate_run run;

	int code = release_channel_arg(c, s, x.channel, &ch);
	if (code < 0)
		code = pick_freeze(c, &ch, &z);
	if (code < 0)
		code = check_condition(c, s, &ch, z, &run, &verified);
	if (code < 0)
		code = release_put_files(c, s, "evidence", RELEASE_EVIDENCE_MAX, &evidence, &x.nevidence);
	if (code >= 0)
		return code;
	x.freeze = z->id;
	x.evidence = evidence;
	return lift(c, s, &ch, &x, &run, verified);
}

static int second_person(struct cli *c, struct key **ret_k)
{
	if (!cli_opt(c, "as") || !cli_opt(c, "sign-key"))
		return cli_failf(c, CLI_USAGE, "--as NAME and --sign-key FILE are needed: a second person "
		    "signs for it");
	return read_private(c, cli_opt(c, "sign-key"), ret_k);
}

static int run_unfreeze(struct cli *c)
{
	AUTO_STORE struct store *s = NULL;
	AUTO_KEY struct key *k = NULL;

	int code = second_person(c, &k);
	if (code >= 0 || cli_store(c, STORE_EXISTING, &s, &code) < 0)
		return code;
	return unfreeze_in(c, s, k);
}

static const struct cli_opt unfreeze_opts[] = {
	{ "sign-key", "FILE", "your private key (PEM), the one you are enrolled with", false },
	{ "freeze", "N", "which freeze, when several are open", false },
	{ "evidence", "FILE", "what a statement rests on; kept by digest", true },
	{ NULL, NULL, NULL, false },
};

const struct cli_cmd cmd_release_unfreeze = {
	.name = "release unfreeze", .args = "CHANNEL", .summary = "Lift a freeze, as a second person",
	.help =
	"Needs the freeze's condition met, as far as a machine can see it (the case is closed in the\n"
	"ledger; the release verifies now), and the signature of someone who was enrolled when the\n"
	"channel was made, and who neither owns this freeze nor made it. What is signed names the\n"
	"channel, the freeze's ledger entry, the condition, the evidence, the policy in force and the\n"
	"time; it is kept in the ledger and checked again whenever the channel is read.\n\n"
	"Example:\n"
	"  firebreak release unfreeze stable --as bob --sign-key bob.key\n"
	"  firebreak release unfreeze stable --as bob --sign-key bob.key --freeze 31 --evidence memo.pdf\n\n"
	"Exit codes: 0 lifted, 3 usage, 4 could not, 5 the key file is malformed, 6 refused: condition not\n"
	"met, not a second person, not your key, not frozen.\n",
	.opts = unfreeze_opts, .min_args = 1, .max_args = 1, .run = run_unfreeze,
};

/* --- allow --- */

static int allow_in(struct cli *c, struct store *s, struct release_allow *x)
{
	const struct release_frozen *z;
	struct release_channel ch;
	struct fault f = FAULT_INIT;
	uint64_t seq = 0;

	int code = release_channel_arg(c, s, x->channel, &ch);
	if (code < 0)
		code = pick_freeze(c, &ch, &z);
	if (code >= 0)
		return code;
	x->freeze = z->id;
	if (store_begin(s, &f) < 0)
		return cli_fail(c, CLI_INTERNAL, &f);
	code = release_end(c, s, ch.name, release_allow(s, x, &seq, &f), &f);
	if (code >= 0)
		return code;
	char until[TS_TEXT_MAX];
	ts_format(x->expires, until);
	if (c->json) {
		struct jw w = release_json(c, ch.name, "release.allow", seq);
		jw_kcstr(&w, "expires", until);
		jw_kint(&w, "freeze", (int64_t)x->freeze);
		jw_kcstr(&w, "person", x->person);
		jw_end(&w);
	} else {
		printf("%s lets %s%s through freeze %llu of %s until %s (entry %llu)\n",
		    cli_safe(c, x->person), x->allow[0], x->nallow > 1 ? " and others" : "",
		    (unsigned long long)x->freeze, ch.name, until, (unsigned long long)seq);
	}
	return CLI_OK;
}

static int run_allow(struct cli *c)
{
	struct release_allow x = { .channel = c->arg[0], .who = release_actor(c), .person = c->actor,
		.reason = cli_opt(c, "reason"), .allow = c->arg + 1, .nallow = (size_t)c->nargs - 1 };
	AUTO_STORE struct store *s = NULL;
	AUTO_KEY struct key *k = NULL;

	if (!x.reason)
		return cli_failf(c, CLI_USAGE, "--reason TEXT is needed");
	int code = release_when(c, "expires", &x.expires);
	if (code < 0)
		code = second_person(c, &k);
	if (code >= 0 || cli_store(c, STORE_EXISTING, &s, &code) < 0)
		return code;
	x.key = k;
	return allow_in(c, s, &x);
}

static const struct cli_opt allow_opts[] = {
	{ "reason", "TEXT", "why", false },
	{ "expires", "TIME", "how long: 24h, or an RFC 3339 time; not past the freeze's deadline", false },
	{ "sign-key", "FILE", "your private key (PEM), the one you are enrolled with", false },
	{ "freeze", "N", "which freeze, when several are open", false },
	{ NULL, NULL, NULL, false },
};

const struct cli_cmd cmd_release_allow = {
	.name = "release allow", .args = "CHANNEL VERSION|DIGEST…",
	.summary = "Let a release through a freeze, as a second person",
	.help =
	"An exception window: the named versions (or exactly the named bytes, as sha256:HEX) may be\n"
	"published although the channel is frozen, until the exception expires. They still have to pass\n"
	"the gate, whose record names the exception. This is how the clean build gets out while the case\n"
	"is open. Who may make an exception and what is signed is as for firebreak release unfreeze. A\n"
	"channel with several open freezes needs one for each.\n\n"
	"Example:\n"
	"  firebreak release allow stable 18.12.425 --reason 'rebuilt on a clean host' --expires 24h \\\n"
	"      --as bob --sign-key bob.key\n\n"
	"Exit codes: 0 done, 3 usage, 4 could not, 5 the key file is malformed, 6 refused: not a second\n"
	"person, not your key, not frozen, or it would outlive the freeze's deadline.\n",
	.opts = allow_opts, .min_args = 2, .max_args = RELEASE_LIST_MAX + 1, .run = run_allow,
};
