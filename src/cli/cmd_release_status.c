/* SPDX-License-Identifier: Apache-2.0 */

/* cmd_release_status: what a channel is now, for people. */

#include "cli/commands.h"
#include "cli/release.h"

#include <stdio.h>

/* Why the current release should be verified again; NULL if nothing asks for it. */
static const char *reevaluation(const struct release_channel *ch, ts now)
{
	if (!ch->current)
		return NULL;
	if (ch->current->checked != VERDICT_PASS)
		return "it did not verify the last time";
	if (ch->current->checked_seq < ch->policy_seq)
		return "the policy changed after it was judged";
	return now >= ch->current->checked_at + ch->valid ? "its last verification is too old" : NULL;
}

/* --- for people --- */

static const char *state_colour(struct cli *c, enum release_state s)
{
	return s == RELEASE_STATE_ACTIVE ? cli_green(c) :
	    s == RELEASE_STATE_FROZEN	 ? cli_red(c) :
					   cli_yellow(c);
}

static void print_current(struct cli *c, const struct release_channel *ch, ts now)
{
	const struct release_version *r = ch->current;
	const char *due = reevaluation(ch, now);

	if (!r) {
		printf("  current   none yet\n");
		return;
	}
	printf("  current   %s, published %s by %s, %zu artifact%s\n", r->version, SECOND(r->at),
	    cli_safe(c, r->actor), r->nartifacts, r->nartifacts == 1 ? "" : "s");
	printf("  verified  %s at %s (entry %llu)%s%s%s\n", verdict_name(r->checked),
	    SECOND(r->checked_at), (unsigned long long)r->checked_seq, due ? "; due again: " : "",
	    due ? due : "", due ? " (firebreak release recheck)" : "");
}

static void print_allowed(const char *const *list, size_t n, ts until)
{
	printf("            until %s may still be published:", SECOND(until));
	for (size_t i = 0; i < n; i++)
		printf(" %s", list[i]);
	printf("\n");
}

static void print_freeze(struct cli *c, const struct release_frozen *z, ts now)
{
	const struct release_freeze *x = &z->order;

	printf("  %sfreeze %llu%s  %s\n", cli_red(c), (unsigned long long)z->id, cli_reset(c),
	    cli_safe(c, x->reason));
	printf("            since %s by %s, owner %s, due %s%s\n", SECOND(x->who.at),
	    cli_safe(c, x->who.actor), cli_safe(c, x->owner), SECOND(x->expires),
	    now >= x->expires ? " (OVERDUE: it holds; its allowlist does not)" : "");
	printf("            scope");
	for (size_t i = 0; i < x->nscope; i++)
		printf(" %s", x->scope[i]);
	printf("%s; lifted by %s%s%s\n", x->nscope ? "" : " every release", cli_safe(c, x->condition),
	    x->case_id ? "; case " : "", x->case_id ? cli_safe(c, x->case_id) : "");
	if (x->nallow)
		print_allowed(x->allow, x->nallow, x->expires);
	for (size_t i = 0; i < z->nexceptions; i++)
		if (now < z->exception[i].expires)
			print_allowed(z->exception[i].allow, z->exception[i].nallow,
			    z->exception[i].expires);
}

static void print_status(struct cli *c, const struct release_channel *ch)
{
	enum release_state state = release_state_of(ch);
	ts now = clock_now(&c->clock);

	printf("%s is %s%s%s (owner %s, risk class %s)\n", ch->name, state_colour(c, state),
	    release_state_name(state), cli_reset(c), cli_safe(c, ch->owner), ch->risk);
	print_current(c, ch, now);
	size_t nkeys = ch->nkeys + ch->nsigners;
	printf("  policy    %s (%s), %zu key%s, since entry %llu\n", cli_safe(c, ch->policy.name),
	    DIGEST_TEXT(&ch->policy.sha256), nkeys, nkeys == 1 ? "" : "s",
	    (unsigned long long)ch->policy_seq);
	printf("  people    ");
	for (size_t i = 0; i < ch->npeople; i++)
		printf("%s%s", i ? ", " : "", cli_safe(c, ch->person[i].name));
	printf("%s\n", ch->npeople ? "" : "none: nobody can lift a freeze");
	for (size_t i = 0; i < ch->nfreezes; i++)
		if (!ch->freeze[i].lifted)
			print_freeze(c, &ch->freeze[i], now);
	if (ch->nreleases)
		printf("  releases\n");
	for (size_t i = ch->nreleases; i-- > 0;)
		printf("    %-20s %-10s published %s, verified %s at entry %llu\n",
		    ch->release[i].version, release_status_name(ch->release[i].status),
		    SECOND(ch->release[i].at), verdict_name(ch->release[i].checked),
		    (unsigned long long)ch->release[i].checked_seq);
	for (size_t i = ch->nholds; i-- > 0;)
		printf("    %-20s held       %s, gate %s (entry %llu)\n", ch->hold[i].version,
		    SECOND(ch->hold[i].at), verdict_name(ch->hold[i].verdict),
		    (unsigned long long)ch->hold[i].seq);
}

/* --- for programs --- */

static void release_to_json(struct jw *w, const struct release_version *r)
{
	jw_obj(w);
	jw_key(w, "artifacts");
	jw_arr(w);
	for (size_t i = 0; i < r->nartifacts; i++) {
		jw_obj(w);
		jw_kcstr(w, "format", r->artifact[i].format);
		jw_kcstr(w, "name", r->artifact[i].name);
		for (enum digest_alg a = DIGEST_MD5; a < DIGEST_ALGS; a++)
			if (digest_is_set(&r->artifact[i].digest[a]))
				jw_kcstr(w, digest_name(a), DIGEST_HEX(&r->artifact[i].digest[a]));
		jw_kint(w, "size", (int64_t)r->artifact[i].size);
		jw_end(w);
	}
	jw_end(w);
	jw_kcstr(w, "by", r->actor);
	jw_key(w, "checked");
	jw_obj(w);
	jw_kcstr(w, "at", WHEN(r->checked_at));
	jw_kint(w, "entry", (int64_t)r->checked_seq);
	jw_kcstr(w, "verdict", verdict_name(r->checked));
	jw_end(w);
	jw_kint(w, "entry", (int64_t)r->seq);
	jw_key(w, "evidence");
	jw_arr(w);
	for (size_t i = 0; i < r->nevidence; i++) {
		jw_obj(w);
		jw_kcstr(w, "digest", DIGEST_TEXT(&r->evidence[i].sha256));
		jw_kcstr(w, "name", r->evidence[i].name);
		jw_end(w);
	}
	jw_end(w);
	jw_key(w, "gate");
	jw_raw(w, r->gate);
	jw_kcstr(w, "published", WHEN(r->at));
	jw_kcstr(w, "status", release_status_name(r->status));
	jw_kcstr(w, "version", r->version);
	jw_end(w);
}

static void strings_to_json(struct jw *w, const char *key, const char *const *s, size_t n)
{
	jw_key(w, key);
	jw_arr(w);
	for (size_t i = 0; i < n; i++)
		jw_cstr(w, s[i]);
	jw_end(w);
}

static void exception_to_json(struct jw *w, const struct release_exception *x)
{
	jw_obj(w);
	strings_to_json(w, "allow", x->allow, x->nallow);
	jw_kcstr(w, "by", x->person);
	jw_kint(w, "entry", (int64_t)x->id);
	jw_kcstr(w, "expires", WHEN(x->expires));
	jw_kcstr(w, "reason", x->reason);
	jw_end(w);
}

static void freeze_to_json(struct jw *w, const struct release_frozen *z, ts now)
{
	const struct release_freeze *x = &z->order;

	jw_obj(w);
	strings_to_json(w, "allow", x->allow, x->nallow);
	jw_kcstr(w, "by", x->who.actor);
	jw_kcstr(w, "case", x->case_id);
	jw_kcstr(w, "condition", x->condition);
	jw_key(w, "exceptions");
	jw_arr(w);
	for (size_t i = 0; i < z->nexceptions; i++)
		exception_to_json(w, &z->exception[i]);
	jw_end(w);
	jw_kcstr(w, "expires", WHEN(x->expires));
	jw_kint(w, "id", (int64_t)z->id);
	if (z->lifted) {
		jw_key(w, "lifted");
		jw_obj(w);
		jw_kcstr(w, "at", WHEN(z->lifted_at));
		jw_kcstr(w, "by", z->lifted_by);
		jw_kint(w, "entry", (int64_t)z->lifted_seq);
		jw_end(w);
	}
	jw_kbool(w, "overdue", !z->lifted && now >= x->expires);
	jw_kcstr(w, "owner", x->owner);
	jw_kcstr(w, "reason", x->reason);
	strings_to_json(w, "scope", x->scope, x->nscope);
	jw_kcstr(w, "since", WHEN(x->who.at));
	jw_end(w);
}

static void hold_to_json(struct jw *w, const struct release_hold *h)
{
	jw_obj(w);
	jw_kcstr(w, "at", WHEN(h->at));
	jw_kcstr(w, "by", h->actor);
	jw_kint(w, "entry", (int64_t)h->seq);
	jw_key(w, "gate");
	jw_raw(w, h->gate);
	jw_kcstr(w, "verdict", verdict_name(h->verdict));
	jw_kcstr(w, "version", h->version);
	jw_end(w);
}

static void channel_to_json(struct jw *w, const struct release_channel *ch, ts now)
{
	const char *due = reevaluation(ch, now);

	jw_obj(w);
	jw_kcstr(w, "channel", ch->name);
	release_current_json(w, ch->current ? ch->current->version : NULL);
	jw_key(w, "freezes");
	jw_arr(w);
	for (size_t i = 0; i < ch->nfreezes; i++)
		freeze_to_json(w, &ch->freeze[i], now);
	jw_end(w);
	jw_key(w, "holds");
	jw_arr(w);
	for (size_t i = 0; i < ch->nholds; i++)
		hold_to_json(w, &ch->hold[i]);
	jw_end(w);
	jw_kcstr(w, "owner", ch->owner);
	jw_key(w, "people");
	jw_arr(w);
	for (size_t i = 0; i < ch->npeople; i++) {
		jw_obj(w);
		jw_kcstr(w, "id", DIGEST_TEXT(&ch->person[i].id));
		jw_kcstr(w, "name", ch->person[i].name);
		jw_end(w);
	}
	jw_end(w);
	jw_key(w, "policy");
	jw_obj(w);
	jw_kcstr(w, "digest", DIGEST_TEXT(&ch->policy.sha256));
	jw_kint(w, "entry", (int64_t)ch->policy_seq);
	jw_kcstr(w, "name", ch->policy.name);
	jw_end(w);
	jw_kcstr(w, "reevaluate", due);
	jw_key(w, "releases");
	jw_arr(w);
	for (size_t i = 0; i < ch->nreleases; i++)
		release_to_json(w, &ch->release[i]);
	jw_end(w);
	jw_kcstr(w, "risk", ch->risk);
	jw_kcstr(w, "state", release_state_name(release_state_of(ch)));
	jw_end(w);
}

/* --- status --- */

struct listing {
	struct cli *c;
	struct store *s;
	struct jw *w;
	int code;
};

static int list_one(void *ctx, const char *name)
{
	struct listing *l = ctx;
	struct release_channel ch;

	l->code = release_channel_arg(l->c, l->s, name, &ch);
	if (l->code >= 0)
		return 1;
	if (l->w)
		channel_to_json(l->w, &ch, clock_now(&l->c->clock));
	else
		printf("%-24s %-12s %s\n", ch.name, release_state_name(release_state_of(&ch)),
		    ch.current ? ch.current->version : "(no release)");
	return 0;
}

static int list_all(struct cli *c, struct store *s)
{
	struct jw w = jw_of(&c->out);
	struct listing l = { c, s, c->json ? &w : NULL, -1 };
	struct fault f = FAULT_INIT;

	if (c->json) {
		jw_obj(&w);
		jw_key(&w, "channels");
		jw_arr(&w);
	}
	int rc = release_each_channel(s, list_one, &l, &f);
	if (rc < 0)
		return cli_fail(c, CLI_INTERNAL, &f);
	if (rc > 0)
		return l.code;
	if (c->json) {
		jw_end(&w);
		jw_end(&w);
	}
	return CLI_OK;
}

static int status_of(struct cli *c, struct store *s, const char *name)
{
	struct release_channel ch;
	struct jw w = jw_of(&c->out);

	int code = release_channel_arg(c, s, name, &ch);
	if (code >= 0)
		return code;
	if (c->json)
		channel_to_json(&w, &ch, clock_now(&c->clock));
	else
		print_status(c, &ch);
	return CLI_OK;
}

static int run_status(struct cli *c)
{
	AUTO_STORE struct store *s = NULL;
	int code;

	if (cli_store(c, STORE_RDONLY, &s, &code) < 0)
		return code;
	return c->nargs ? status_of(c, s, c->arg[0]) : list_all(c, s);
}

const struct cli_cmd cmd_release_status = {
	.name = "release status", .args = "[CHANNEL]", .summary = "What a channel ships now, and why",
	.help =
	"The current release and when it was last verified, every open freeze with its scope, owner,\n"
	"deadline and condition, all releases and holds. Without CHANNEL one line for each channel. With\n"
	"--json also every gate record and every artifact's digests.\n\n"
	"  firebreak release status desktop --json\n\n"
	"Exit codes: 0 done (whatever the state is), 3 usage, 4 the ledger makes no sense, 6 no such\n"
	"channel.\n",
	.min_args = 0, .max_args = 1, .run = run_status,
};
