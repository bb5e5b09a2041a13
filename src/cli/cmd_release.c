/* SPDX-License-Identifier: Apache-2.0 */

/* cmd_release: making a channel, its policy, and looking at it. */

#include "base/file.h"
#include "cli/commands.h"
#include "cli/release.h"
#include "release/state.h"
#include "release/timeline.h"

#include <errno.h>
#include <stdio.h>

/* --- init --- */

static int parse_person(struct cli *c, const char *arg, struct release_person *out)
{
	AUTO_BUF struct buf pem = BUF_INIT(KEY_TEXT_MAX + 1);
	struct fault f = FAULT_INIT;
	const char *eq = strchr(arg, '=');

	if (!eq || eq == arg || !eq[1])
		return cli_failf(c, CLI_USAGE, "--person %s: write NAME=PUBLIC-KEY-FILE",
		    QUOTE(span_str(arg)));
	int rc = file_read(eq + 1, &pem, KEY_TEXT_MAX, &f);
	if (rc < 0)
		return cli_errno(c, rc, &f);
	AUTO_KEY struct key *k = NULL;
	AUTO_BUF struct buf text = BUF_INIT(KEY_TEXT_MAX);
	rc = key_public(&k, buf_span(&pem), &f);
	if (rc < 0) {
		fault_wrap(&f, rc, "%s", QUOTE(span_str(eq + 1)));
		return cli_errno(c, rc, &f);
	}
	/* Whatever form the file has, the record has the one PEM of the key. */
	rc = key_write_public(k, &text);
	out->name = arena_str(&c->arena, span_of(arg, (size_t)(eq - arg)));
	out->key = rc == 0 ? arena_str(&c->arena, buf_span(&text)) : NULL;
	return out->name && out->key ? -1 : cli_errno(c, -ENOMEM, NULL);
}

static int parse_people(struct cli *c, struct release_person *p, size_t *ret_n)
{
	const char *arg[CLI_OPT_VALUES_MAX];
	size_t n = cli_opts(c, "person", arg, ARRAY_LEN(arg));

	if (n > RELEASE_PEOPLE_MAX)
		return cli_failf(c, CLI_USAGE, "--person: at most %d people", RELEASE_PEOPLE_MAX);
	for (size_t i = 0; i < n; i++) {
		int code = parse_person(c, arg[i], &p[i]);
		if (code >= 0)
			return code;
	}
	*ret_n = n;
	return -1;
}

static int parse_valid(struct cli *c, ts *ret_valid)
{
	const char *text = cli_opt(c, "valid");

	*ret_valid = 7 * TS_DAY;
	if (text && (ts_parse_duration(span_str(text), ret_valid) < 0 ||
			*ret_valid < RELEASE_VALID_MIN || *ret_valid > RELEASE_VALID_MAX))
		return cli_failf(c, CLI_USAGE, "--valid %s: a duration from 60s to 366d",
		    QUOTE(span_str(text)));
	return -1;
}

static int check_keys_usable(struct cli *c)
{
	const char *path[CLI_OPT_VALUES_MAX];
	size_t n = cli_opts(c, "key", path, ARRAY_LEN(path));

	int code = -1;

	for (size_t i = 0; i < n && code < 0; i++)
		code = release_check_key(c, path[i]);
	return code;
}

static void warn_people(struct cli *c, size_t n)
{
	if (n < 2 && !c->quiet)
		fprintf(stderr, "firebreak release init: warning: %zu %s enrolled with --person; lifting a "
		    "freeze takes a second person, so enrol at least two\n", n,
		    n == 1 ? "person is" : "people are");
}

static int init_in(struct cli *c, struct store *s, const struct release_policy_file *policy,
    struct release_init *x)
{
	struct release_file *key;
	struct fault f = FAULT_INIT;
	uint64_t seq = 0;

	int code = release_put_policy(c, s, policy, &x->rules);
	if (code < 0)
		code = release_put_files(c, s, "key", RELEASE_KEYS_MAX, &key, &x->rules.nkeys);
	if (code >= 0)
		return code;
	x->rules.key = key;
	int rc = store_begin(s, &f);
	if (rc < 0)
		return cli_fail(c, CLI_INTERNAL, &f);
	code = release_end(c, s, x->channel, release_init(s, x, &seq, &f), &f);
	if (code >= 0)
		return code;
	warn_people(c, x->npeople);
	if (c->json) {
		struct jw w = release_json(c, x->channel, "release.init", seq);
		jw_end(&w);
	} else {
		printf("Channel %s made: owner %s, risk class %s, policy %s, %zu people (entry %llu)\n",
		    x->channel, cli_safe(c, x->owner), x->risk, cli_safe(c, x->rules.policy.name), x->npeople,
		    (unsigned long long)seq);
	}
	return CLI_OK;
}

/* All that may be wrong is looked for before there is a state directory. */
static int check_init(struct cli *c, const struct release_policy_file *policy,
    const struct release_init *x)
{
	struct release_init y = *x;
	struct fault f = FAULT_INIT;

	y.rules.policy = (struct release_file){ policy->name, policy->policy.digest };
	int rc = release_init_check(&y, &f);
	return rc ? release_failed(c, rc, &f) : check_keys_usable(c);
}

static int run_init(struct cli *c)
{
	struct release_person person[RELEASE_PEOPLE_MAX];
	struct release_init x = { .channel = c->arg[0], .owner = cli_opt(c, "owner"),
		.risk = cli_opt(c, "risk") ? cli_opt(c, "risk") : "normal", .who = release_actor(c),
		.person = person };
	struct release_policy_file policy;
	AUTO_STORE struct store *s = NULL;

	if (!cli_opt(c, "policy") || !x.owner)
		return cli_failf(c, CLI_USAGE, "--policy FILE and --owner NAME are needed");
	int code = parse_people(c, person, &x.npeople);
	if (code < 0)
		code = parse_valid(c, &x.valid);
	if (code < 0)
		code = release_read_policy(c, cli_opt(c, "policy"), &policy);
	if (code < 0)
		code = check_init(c, &policy, &x);
	if (code >= 0 || cli_store(c, STORE_RDWR, &s, &code) < 0)
		return code;
	return init_in(c, s, &policy, &x);
}

static const struct cli_opt init_opts[] = {
	{ "policy", "FILE", "policy that each release must satisfy (docs/policy.md)", false },
	{ "owner", "NAME", "who decides for this channel", false },
	{ "key", "FILE", "public key that may sign evidence", true },
	{ "person", "NAME=FILE", "someone whose signature lifts a freeze, with the public key", true },
	{ "risk", "CLASS", "low, normal (default) or high: what is required beyond the policy", false },
	{ "valid", "DURATION", "how long a state document is valid (default 7d)", false },
	{ NULL, NULL, NULL, false },
};

const struct cli_cmd cmd_release_init = {
	.name = "release init", .args = "CHANNEL", .summary = "Make a release channel",
	.help =
	"A channel is a line of releases that users follow, such as stable. It has a policy that every\n"
	"release must satisfy, the public keys that may sign evidence, an owner, and people who can lift\n"
	"a freeze. All of it goes into the ledger; the policy and the keys are kept by digest.\n\n"
	"Risk class low asks for what the policy asks; normal also wants a proven provenance of every\n"
	"artifact; high also wants a proven SBOM.\n\n"
	"Nobody lifts a freeze that they made or own, so enrol at least two people. A person's key is a\n"
	"public key (PEM or DER: ECDSA P-256 or P-384, Ed25519, RSA); make one with\n"
	"  openssl genpkey -algorithm ed25519 -out bob.key && openssl pkey -in bob.key -pubout -out bob.pub\n\n"
	"Example:\n"
	"  firebreak release init stable --policy policy.yaml --key builder.pub --owner release-team \\\n"
	"      --person alice=alice.pub --person bob=bob.pub\n\n"
	"Exit codes: 0 made, 3 usage, 5 a policy or key is malformed, 6 the channel is there already.\n",
	.opts = init_opts, .min_args = 1, .max_args = 1, .run = run_init,
};

/* --- policy --- */

static int policy_in(struct cli *c, struct store *s, const struct release_policy_file *policy)
{
	struct release_channel ch;
	struct release_policy x = { .channel = c->arg[0], .who = release_actor(c) };
	struct release_file *key;
	struct fault f = FAULT_INIT;
	uint64_t seq = 0;

	int code = release_channel_arg(c, s, x.channel, &ch);
	if (code >= 0)
		return code;
	x.rules = (struct release_rules){ ch.policy, ch.signer, ch.nsigners, ch.key, ch.nkeys };
	if (policy)
		code = release_put_policy(c, s, policy, &x.rules);
	if (code < 0 && cli_has(c, "key")) {
		code = release_put_files(c, s, "key", RELEASE_KEYS_MAX, &key, &x.rules.nkeys);
		x.rules.key = key;
	}
	if (code >= 0)
		return code;
	int rc = store_begin(s, &f);
	if (rc < 0)
		return cli_fail(c, CLI_INTERNAL, &f);
	code = release_end(c, s, x.channel, release_policy(s, &x, &seq, &f), &f);
	if (code >= 0)
		return code;
	if (c->json) {
		struct jw w = release_json(c, x.channel, "release.policy", seq);
		jw_kcstr(&w, "policy", DIGEST_TEXT(&x.rules.policy.sha256));
		jw_end(&w);
	} else {
		printf("%s now has policy %s and %zu key%s (entry %llu)\n", x.channel,
		    cli_safe(c, x.rules.policy.name), x.rules.nkeys + x.rules.nsigners,
		    x.rules.nkeys + x.rules.nsigners == 1 ? "" : "s", (unsigned long long)seq);
		if (ch.current)
			printf("The current release was judged before that: firebreak release recheck %s\n",
			    x.channel);
	}
	return CLI_OK;
}

static int run_policy(struct cli *c)
{
	const char *path = cli_opt(c, "policy");
	struct release_policy_file policy;
	AUTO_STORE struct store *s = NULL;

	if (!path && !cli_has(c, "key"))
		return cli_failf(c, CLI_USAGE, "give --policy FILE, --key FILE or both");
	int code = check_keys_usable(c);
	if (code < 0 && path)
		code = release_read_policy(c, path, &policy);
	if (code >= 0 || cli_store(c, STORE_EXISTING, &s, &code) < 0)
		return code;
	return policy_in(c, s, path ? &policy : NULL);
}

static const struct cli_opt policy_opts[] = {
	{ "policy", "FILE", "the new policy (without: the policy stays)", false },
	{ "key", "FILE", "public keys that may sign evidence: these replace all (without: they stay)",
	  true },
	{ NULL, NULL, NULL, false },
};

const struct cli_cmd cmd_release_policy = {
	.name = "release policy", .args = "CHANNEL", .summary = "Replace a channel's policy or keys",
	.help =
	"Takes effect at once: the next publish, rollback and recheck are judged by it. This is how a\n"
	"signer that can no longer be trusted is removed, so it works while the channel is frozen too;\n"
	"whoever then lifts the freeze signs the digest of the policy in force.\n\n"
	"Example:\n"
	"  firebreak release policy stable --policy policy-2.yaml --key new-builder.pub\n\n"
	"Exit codes: 0 done, 3 usage, 5 a policy or key is malformed, 6 no such channel.\n",
	.opts = policy_opts, .min_args = 1, .max_args = 1, .run = run_policy,
};

/* --- log --- */

struct logging {
	struct cli *c;
	struct jw *w;
	const char *channel;
	size_t n;
};

static int log_entry(void *ctx, const struct ledger_entry *e)
{
	struct logging *l = ctx;
	AUTO_ARENA struct arena a = ARENA_INIT(LEDGER_ENTRY_MAX * 4);
	const char *line = timeline_line(e, &a);
	char at[TS_TEXT_MAX];

	if (!line)
		return -ENOMEM;
	l->n++;
	if (!l->w) {
		printf("%5llu  %s  %s  %s\n", (unsigned long long)e->seq, ts_format(e->at - e->at % TS_SECOND, at),
		    QUOTE(span_str(e->actor)), line);
		return 0;
	}
	jw_obj(l->w);
	jw_kcstr(l->w, "actor", e->actor);
	jw_kcstr(l->w, "at", ts_format(e->at, at));
	jw_key(l->w, "data");
	jw_raw(l->w, json_text(e->data));
	jw_kint(l->w, "entry", (int64_t)e->seq);
	jw_kcstr(l->w, "kind", e->kind);
	jw_kcstr(l->w, "text", line);
	jw_end(l->w);
	return buf_err(l->w->out);
}

static int run_log(struct cli *c)
{
	AUTO_STORE struct store *s = NULL;
	struct release_channel ch;
	struct fault f = FAULT_INIT;
	struct jw w = jw_of(&c->out);
	struct logging l = { c, c->json ? &w : NULL, c->arg[0], 0 };
	int code;

	if (cli_store(c, STORE_RDONLY, &s, &code) < 0)
		return code;
	code = release_channel_arg(c, s, l.channel, &ch);
	if (code >= 0)
		return code;
	const char *subject = arena_printf(&c->arena, "channel:%s", ch.name);
	if (c->json) {
		jw_obj(&w);
		jw_kcstr(&w, "channel", ch.name);
		jw_key(&w, "entries");
		jw_arr(&w);
	}
	int rc = subject ? ledger_each(s, &(struct ledger_query){ .kind_prefix = "release.",
	    .subject = subject }, log_entry, &l, &f) : -ENOMEM;
	if (rc < 0)
		return cli_fail(c, CLI_INTERNAL, &f);
	if (c->json) {
		jw_end(&w);
		jw_end(&w);
	}
	return CLI_OK;
}

const struct cli_cmd cmd_release_log = {
	.name = "release log", .args = "CHANNEL", .summary = "Everything that was decided about a channel",
	.help =
	"One line an entry, oldest first: number in the ledger, time, who, what. With --json each entry\n"
	"with all its data. firebreak ledger prove shows that an entry is in the signed log.\n\n"
	"  firebreak release log desktop\n\n"
	"Exit codes: 0 done, 3 usage, 4 the ledger makes no sense, 6 no such channel.\n",
	.min_args = 1, .max_args = 1, .run = run_log,
};
