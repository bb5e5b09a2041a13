/* SPDX-License-Identifier: Apache-2.0 */

/* cmd_release_status: what a channel is now, for people and for clients. */

#include "base/file.h"
#include "cli/commands.h"
#include "cli/release.h"
#include "crypto/hash.h"
#include "crypto/note.h"
#include "release/state.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#define WHEN(t) ts_format((t), (char[TS_TEXT_MAX]){ 0 })
/* To the second, for people. */
#define SECOND(t) WHEN((t) - (t) % TS_SECOND)

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

/* --- state --- */

static int state_out(struct cli *c, struct store *s)
{
	AUTO_BUF struct buf doc = BUF_INIT(2 * STATE_TEXT_MAX);
	struct fault f = FAULT_INIT;
	const char *out = cli_opt(c, "out");

	int rc = state_issue(s, c->arg[0], clock_now(&c->clock), &doc, &f);
	if (rc)
		return release_failed(c, rc, &f);
	if (out) {
		rc = file_replace_path(out, buf_span(&doc), 0644, &f);
		return rc < 0 ? cli_fail(c, CLI_INTERNAL, &f) : CLI_OK;
	}
	/* The document is JSON already, with or without --json. */
	buf_put(&c->out, doc.p, doc.n - 1);
	return CLI_OK;
}

static int run_state(struct cli *c)
{
	AUTO_STORE struct store *s = NULL;
	int code;

	if (cli_store(c, STORE_EXISTING, &s, &code) < 0)
		return code;
	return state_out(c, s);
}

static const struct cli_opt state_opts[] = {
	{ "out", "FILE", "replace this file instead of writing to stdout", false },
	{ NULL, NULL, NULL, false },
};

const struct cli_cmd cmd_release_state = {
	.name = "release state", .args = "CHANNEL", .summary = "The channel's signed state document",
	.help =
	"Issues a document that clients check offline with firebreak release check: what the current\n"
	"release is, byte for byte, whether the channel is frozen, what was withdrawn; signed with the\n"
	"ledger key, versioned, and valid as long as the channel was made with (--valid). Issue a new one\n"
	"well before the old one expires. Every command that changes a channel also leaves a new one at\n"
	"DIR/channels/CHANNEL.state.json. The key that clients need is DIR/keys/ledger.vkey.\n\n"
	"Example:\n"
	"  firebreak release state stable --out /srv/www/stable.state.json\n\n"
	"Exit codes: 0 done, 3 usage, 4 could not, 6 no such channel.\n",
	.opts = state_opts, .min_args = 1, .max_args = 1, .run = run_state,
};

/* --- check --- */

static int load_key(struct cli *c, struct key **ret_k)
{
	const char *vkey = cli_opt(c, "vkey"), *path = vkey ? vkey : cli_opt(c, "key");
	AUTO_BUF struct buf text = BUF_INIT(KEY_TEXT_MAX + 1);
	struct fault f = FAULT_INIT;
	char name[NOTE_NAME_MAX + 1];

	if (!path || (vkey && cli_opt(c, "key")))
		return cli_failf(c, CLI_USAGE, "give one of --vkey FILE and --key FILE: whose signature is "
		    "to be believed");
	int rc = file_read(path, &text, KEY_TEXT_MAX, &f);
	if (rc < 0)
		return cli_errno(c, rc, &f);
	rc = vkey ? note_vkey_parse(buf_span(&text), name, ret_k, &f) :
		    key_public(ret_k, buf_span(&text), &f);
	if (rc < 0) {
		fault_wrap(&f, rc, "%s", QUOTE(span_str(path)));
		return cli_errno(c, rc, &f);
	}
	return -1;
}

static int parse_question(struct cli *c, struct state_question *q)
{
	static const char *path[CLI_OPT_VALUES_MAX];
	const char *min = cli_opt(c, "min-version");

	*q = (struct state_question){ .now = clock_now(&c->clock), .channel = cli_opt(c, "channel") };
	if (min) {
		char *end;
		q->min_version = strtoull(min, &end, 10);
		if (min[0] < '0' || min[0] > '9' || *end || strlen(min) > 18)
			return cli_failf(c, CLI_USAGE, "--min-version %s: not a number",
			    QUOTE(span_str(min)));
	}
	size_t n = cli_opts(c, "artifact", path, ARRAY_LEN(path));
	struct release_artifact *art = arena_array(&c->arena, n + 1, sizeof(*art));
	if (!art)
		return cli_errno(c, -ENOMEM, NULL);
	for (size_t i = 0; i < n; i++) {
		struct fault f = FAULT_INIT;
		AUTO_FD int fd = file_open_user(path[i], &f);
		AUTO_HASHER struct hasher *h = NULL;
		if (fd < 0)
			return cli_errno(c, fd, &f);
		int rc = hasher_new(&h, HASH_SET(DIGEST_SHA256));
		if (rc == 0)
			rc = hash_fd(h, fd, art[i].digest, &art[i].size);
		if (rc < 0)
			return cli_failf(c, CLI_INTERNAL, "%s: %s", QUOTE(span_str(path[i])), strerror(-rc));
		art[i].name = cli_safe(c, path[i]);
	}
	q->artifact = art;
	q->nartifacts = n;
	return -1;
}

static void check_output(struct cli *c, const struct state_doc *d, const struct verdict *v)
{
	struct jw w = jw_of(&c->out);

	if (c->json) {
		jw_obj(&w);
		if (d) {
			jw_kcstr(&w, "channel", d->channel);
			release_current_json(&w, d->current);
			jw_kcstr(&w, "expires", WHEN(d->expires));
			jw_kcstr(&w, "state", release_state_name(d->state));
			jw_kint(&w, "version", (int64_t)d->version);
		}
		verdict_json(&w, v);
		jw_end(&w);
		return;
	}
	bool pass = v->status == VERDICT_PASS;
	printf("%s%s%s", pass ? cli_green(c) : cli_red(c), verdict_name(v->status), cli_reset(c));
	if (d)
		printf("  %s is %s, current release %s (document version %llu, valid until %s)",
		    cli_safe(c, d->channel), release_state_name(d->state),
		    d->current ? cli_safe(c, d->current) : "none", (unsigned long long)d->version,
		    SECOND(d->expires));
	printf("\n");
	for (size_t i = 0; i < v->n; i++)
		if (!c->quiet || v->reason[i].kind == REASON_FAIL)
			printf("  %-7s %s\n", reason_name(v->reason[i].kind), cli_safe(c, v->reason[i].text));
}

static int run_check(struct cli *c)
{
	AUTO_BUF struct buf text = BUF_INIT(2 * STATE_TEXT_MAX + 1);
	AUTO_KEY struct key *k = NULL;
	struct state_question q;
	struct state_doc d;
	struct verdict v;
	struct fault f = FAULT_INIT;

	int code = load_key(c, &k);
	if (code < 0)
		code = parse_question(c, &q);
	if (code >= 0)
		return code;
	int rc = file_read(c->arg[0], &text, 2 * STATE_TEXT_MAX, &f);
	if (rc < 0)
		return cli_errno(c, rc, &f);
	verdict_init(&v, &c->arena);
	rc = state_open(buf_span(&text), k, &c->arena, &d, &f);
	if (rc == KEY_BAD_SIGNATURE) {
		verdict_add(&v, REASON_FAIL, "state.signature", "%s", f.text);
		verdict_conclude(&v);
	} else if (rc) {
		fault_wrap(&f, rc, "%s", QUOTE(span_str(c->arg[0])));
		return cli_errno(c, rc, &f);
	} else {
		state_judge(&d, &q, &v);
	}
	check_output(c, rc == 0 ? &d : NULL, &v);
	return v.status == VERDICT_PASS ? CLI_OK : CLI_NEGATIVE;
}

static const struct cli_opt check_opts[] = {
	{ "vkey", "FILE", "the ledger's key as it stands in DIR/keys/ledger.vkey", false },
	{ "key", "FILE", "the same key in PEM or DER", false },
	{ "channel", "NAME", "the channel that it must speak of", false },
	{ "min-version", "N", "the newest document version seen before", false },
	{ "artifact", "FILE", "what is about to be installed: must belong to the current release", true },
	{ NULL, NULL, NULL, false },
};

const struct cli_cmd cmd_release_check = {
	.name = "release check", .args = "STATEFILE",
	.summary = "Check a state document offline, as a client does",
	.help =
	"Needs no state directory and no network: the document, the key, and the clock. FAIL when the\n"
	"signature is not by that key, the document has expired or comes from the future, is older than\n"
	"--min-version, speaks of another channel, the channel is frozen, or an artifact is not part of\n"
	"the current release. A client should always give --channel and the version it saw last: then\n"
	"nobody can show it an old state or that of another channel.\n\n"
	"Example:\n"
	"  firebreak release check stable.state.json --vkey vendor.vkey --channel stable \\\n"
	"      --min-version 41 --artifact app.msi\n\n"
	"Exit codes: 0 PASS, 1 FAIL (each reason is named), 3 usage, 4 could not read, 5 malformed.\n",
	.opts = check_opts, .min_args = 1, .max_args = 1, .run = run_check,
};
