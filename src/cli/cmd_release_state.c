/* SPDX-License-Identifier: Apache-2.0 */

/* cmd_release_state: the signed state document: issuing it, and checking it as a client does. */

#include "base/file.h"
#include "cli/commands.h"
#include "cli/release.h"
#include "crypto/hash.h"
#include "crypto/note.h"
#include "release/state.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

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
