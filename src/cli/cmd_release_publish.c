/* SPDX-License-Identifier: Apache-2.0 */

/* cmd_release_publish: publish, recheck and rollback: what the gate decides. */

#include "base/file.h"
#include "cli/commands.h"
#include "cli/release.h"
#include "cli/wire.h"
#include "crypto/hash.h"
#include "release/fold.h"

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#define HASH_ALL (HASH_TRIO | HASH_SET(DIGEST_SHA512))

/* --- publish --- */

static int hash_one(struct cli *c, const char *path, struct release_artifact *out)
{
	struct fault f = FAULT_INIT;
	AUTO_FD int fd = file_open_user(path, &f);
	AUTO_HASHER struct hasher *h = NULL;

	if (fd < 0)
		return cli_errno(c, fd, &f);
	int rc = hasher_new(&h, HASH_ALL);
	if (rc == 0)
		rc = hash_fd(h, fd, out->digest, &out->size);
	if (rc < 0)
		return cli_failf(c, CLI_INTERNAL, "%s: %s", QUOTE(span_str(path)), strerror(-rc));
	const char *slash = strrchr(path, '/');
	out->name = slash ? slash + 1 : path;
	return -1;
}

static int hash_artifacts(struct cli *c, struct gate_run *run)
{
	run->n = (size_t)c->nargs - 2;
	if (run->n > RELEASE_ARTIFACTS_MAX)
		return cli_failf(c, CLI_USAGE, "a release has at most %d artifacts", RELEASE_ARTIFACTS_MAX);
	run->artifact = arena_array(&c->arena, run->n, sizeof(*run->artifact));
	if (!run->artifact)
		return cli_errno(c, -ENOMEM, NULL);
	for (size_t i = 0; i < run->n; i++) {
		int code = hash_one(c, c->arg[2 + i], &run->artifact[i]);
		if (code >= 0)
			return code;
		for (size_t j = 0; j < i; j++)
			if (strcmp(run->artifact[i].name, run->artifact[j].name) == 0)
				return cli_failf(c, CLI_USAGE, "two artifacts are called %s",
				    QUOTE(span_str(run->artifact[i].name)));
	}
	return -1;
}

static int store_artifacts(struct cli *c, struct store *s, struct gate_run *run)
{
	for (size_t i = 0; i < run->n; i++) {
		struct release_file kept;
		int code = release_put_file(c, s, c->arg[2 + i], &kept);
		if (code >= 0)
			return code;
		if (!digest_eq(&kept.sha256, &run->artifact[i].digest[DIGEST_SHA256]))
			return cli_failf(c, CLI_INTERNAL, "%s changed while it was being read",
			    QUOTE(span_str(c->arg[2 + i])));
	}
	return -1;
}

static bool speaks_of(enum signal_kind kind, const struct verdict *v)
{
	for (size_t i = 0; i < v->n; i++)
		if (reason_signal(&v->reason[i]) == kind)
			return true;
	return kind == SIGNAL_RELEASE_INTEGRITY && v->overflow;
}

/* What a gate that said no is to the rest of the house. */
static struct signal gate_to_signal(struct cli *c, const struct release_channel *ch,
    const char *version, const struct gate_run *run)
{
	struct signal sig = { .kind = gate_signal(ch->risk, &run->gate), .channel = ch->name,
		.release = version, .source = "gate", .reporter = "release-gate", .confidence = 100,
		.seen = clock_now(&c->clock), .learned = clock_now(&c->clock),
		.subject = run->artifact[0].digest[DIGEST_SHA256] };

	for (size_t i = run->n; i-- > 0;)
		if (speaks_of(sig.kind, run->judged[i].verdict))
			sig.subject = run->artifact[i].digest[DIGEST_SHA256];
	sig.evidence[sig.nevidence++] = run->gate.report;
	for (size_t i = 0; i < run->gate.nevidence && sig.nevidence < SIGNAL_EVIDENCE_MAX; i++)
		sig.evidence[sig.nevidence++] = run->gate.evidence[i].sha256;
	const char *why = gate_first_reason(c, ch, run);
	sig.summary = arena_printf(&c->arena, "%s %s was held: %s", ch->name, version,
	    cli_safe(c, why));
	return sig;
}

static void publish_json(struct cli *c, const struct release_publish *x, const char *kind,
    uint64_t seq, enum verdict_status verdict, const struct release_channel *ch,
    const struct wire_result *routed)
{
	struct jw w = release_json(c, x->channel, kind, seq);

	jw_key(&w, "artifacts");
	jw_arr(&w);
	for (size_t i = 0; i < x->nartifacts; i++) {
		jw_obj(&w);
		jw_kcstr(&w, "name", x->artifact[i].name);
		jw_kcstr(&w, "sha256", DIGEST_TEXT(&x->artifact[i].digest[DIGEST_SHA256]));
		jw_end(&w);
	}
	jw_end(&w);
	jw_key(&w, "gate");
	AUTO_BUF struct buf gate = BUF_INIT(LEDGER_ENTRY_MAX);
	struct jw g = jw_canonical(&gate);
	struct fold_exception ex = release_exception_of(ch, x->version, x->artifact, x->nartifacts,
	    x->who.at);
	gate_json(&g, ch, &x->gate, &ex, x->who.at);
	jw_raw(&w, buf_span(&gate));
	if (routed) {
		jw_key(&w, "signal");
		jw_obj(&w);
		wire_json(&w, routed);
		jw_end(&w);
	}
	jw_kcstr(&w, "verdict", verdict_name(verdict));
	jw_kcstr(&w, "version", x->version);
	jw_end(&w);
}

/* Records what the gate said and, when it said no, routes the signal: all in one transaction. */
static int record(struct cli *c, struct store *s, const struct release_channel *ch,
    const struct release_publish *x, const struct gate_run *run)
{
	enum verdict_status verdict = gate_verdict(ch->risk, &x->gate);
	struct wire_result routed = { 0 };
	struct fault f = FAULT_INIT;
	uint64_t seq = 0;

	if (store_begin(s, &f) < 0)
		return cli_fail(c, CLI_INTERNAL, &f);
	int rc = release_publish(s, x, &seq, &f);
	bool held = rc == RELEASE_HELD;
	if (held) {
		struct signal sig = gate_to_signal(c, ch, x->version, run);
		rc = wire_signals_in(c, s, &sig, 1, &routed, &f);
	}
	int code = release_end(c, s, x->channel, rc, &f);
	if (code >= 0)
		return code;
	if (held && wire_renew(c, s, &routed, 1, &f) < 0)
		return cli_fail(c, CLI_INTERNAL, &f);
	if (c->json) {
		publish_json(c, x, held ? "release.hold" : "release.publish", seq, verdict, ch,
		    held ? &routed : NULL);
	} else {
		printf("%s%s%s %s %s: %s (entry %llu)\n", held ? cli_red(c) : cli_green(c),
		    verdict_name(verdict), cli_reset(c), x->channel, x->version,
		    held ? "held, not published" : "published", (unsigned long long)seq);
		gate_print(c, run, false);
		if (held)
			wire_print(c, &routed);
	}
	return verdict == VERDICT_PASS ? CLI_OK : verdict == VERDICT_FAIL ? CLI_NEGATIVE : CLI_UNKNOWN;
}

static int publish_in(struct cli *c, struct store *s)
{
	struct release_publish x = { .channel = c->arg[0], .version = c->arg[1],
		.who = release_actor(c) };
	struct release_file *evidence;
	struct gate_run run = { 0 };
	struct release_channel ch;
	struct fault f = FAULT_INIT;
	size_t nevidence;

	int code = release_channel_arg(c, s, x.channel, &ch);
	if (code < 0)
		code = hash_artifacts(c, &run);
	if (code >= 0)
		return code;
	/* Asked before any work is done, and again when it is recorded. */
	int rc = fold_may_publish(&ch, x.version, run.artifact, run.n, x.who.at, &f);
	if (rc == RELEASE_ALREADY) {
		if (c->json) {
			const struct release_version *r = release_find(&ch, x.version);
			struct jw w = release_json(c, ch.name, "release.publish", r->seq);
			jw_kbool(&w, "already", true);
			jw_kcstr(&w, "version", r->version);
			jw_end(&w);
		} else {
			printf("%s; nothing to do\n", f.text);
		}
		return CLI_OK;
	}
	if (rc)
		return release_failed(c, rc, &f);
	code = store_artifacts(c, s, &run);
	if (code < 0)
		code = release_put_files(c, s, "evidence", RELEASE_EVIDENCE_MAX, &evidence, &nevidence);
	if (code < 0)
		code = gate_run(c, s, &ch, x.version, evidence, nevidence, &run);
	if (code >= 0)
		return code;
	x.artifact = run.artifact;
	x.nartifacts = run.n;
	x.gate = run.gate;
	return record(c, s, &ch, &x, &run);
}

static int run_publish(struct cli *c)
{
	AUTO_STORE struct store *s = NULL;
	int code;

	if (cli_store(c, STORE_EXISTING, &s, &code) < 0)
		return code;
	return publish_in(c, s);
}

static const struct cli_opt publish_opts[] = {
	{ "evidence", "FILE", "provenance, SBOM or other signed evidence", true },
	WIRE_OPTIONS,
	{ NULL, NULL, NULL, false },
};

const struct cli_cmd cmd_release_publish = {
	.name = "release publish", .args = "CHANNEL VERSION ARTIFACT…",
	.summary = "Run the gate and publish a release, or hold it",
	.help =
	"Copies the artifacts and their evidence into the state directory by digest, verifies those\n"
	"copies under the channel's policy, and records the decision with its risk class, controls,\n"
	"evidence, exception window, owner and date of re-evaluation.\n\n"
	"PASS publishes. FAIL and UNKNOWN hold the release with every reason, and raise a signal: broken\n"
	"bytes are release-integrity (the channel freezes), missing or wrong evidence is a\n"
	"provenance-gap (a review opens). A frozen channel takes only what the freeze's allowlist names.\n"
	"A version is never used twice for other bytes; publishing the same again changes nothing.\n\n"
	"Example:\n"
	"  firebreak release publish stable 1.2.0 app.exe app.msi --evidence provenance.json\n\n"
	"Exit codes: 0 published, 1 FAIL: held, 2 UNKNOWN: held, 3 usage, 4 could not, 5 the policy or\n"
	"routes are malformed, 6 refused: frozen, or the version is taken.\n",
	.opts = publish_opts, .min_args = 3, .max_args = -1, .run = run_publish,
};

/* --- recheck --- */

static void recheck_output(struct cli *c, const struct release_channel *ch,
    const struct release_version *r, const struct gate_run *run, enum verdict_status verdict,
    uint64_t seq)
{
	if (c->json) {
		struct jw w = release_json(c, ch->name, "release.recheck", seq);
		AUTO_BUF struct buf gate = BUF_INIT(LEDGER_ENTRY_MAX);
		struct jw g = jw_canonical(&gate);
		gate_json(&g, ch, &run->gate, NULL, clock_now(&c->clock));
		jw_key(&w, "gate");
		jw_raw(&w, buf_span(&gate));
		jw_kcstr(&w, "verdict", verdict_name(verdict));
		jw_kcstr(&w, "version", r->version);
		jw_end(&w);
		return;
	}
	printf("%s%s%s %s %s, verified again now (entry %llu)\n",
	    verdict == VERDICT_PASS ? cli_green(c) : cli_red(c), verdict_name(verdict), cli_reset(c),
	    ch->name, r->version, (unsigned long long)seq);
	gate_print(c, run, false);
}

static int recheck_in(struct cli *c, struct store *s)
{
	struct release_channel ch;
	struct gate_run run;
	struct fault f = FAULT_INIT;
	uint64_t seq = 0;

	int code = release_channel_arg(c, s, c->arg[0], &ch);
	if (code >= 0)
		return code;
	const struct release_version *r = c->nargs > 1 ? release_find(&ch, c->arg[1]) : ch.current;
	if (!r)
		return cli_failf(c, CLI_REFUSED, "%s has no release %s", ch.name,
		    c->nargs > 1 ? QUOTE(span_str(c->arg[1])) : "yet");
	code = gate_run_stored(c, s, &ch, r, &run);
	if (code >= 0)
		return code;
	struct release_recheck x = { ch.name, r->version, release_actor(c), run.gate };
	enum verdict_status verdict = gate_verdict(ch.risk, &run.gate);
	if (store_begin(s, &f) < 0)
		return cli_fail(c, CLI_INTERNAL, &f);
	code = release_end(c, s, ch.name, release_recheck(s, &x, &seq, &f), &f);
	if (code >= 0)
		return code;
	recheck_output(c, &ch, r, &run, verdict, seq);
	return verdict == VERDICT_PASS ? CLI_OK : verdict == VERDICT_FAIL ? CLI_NEGATIVE : CLI_UNKNOWN;
}

static int run_recheck(struct cli *c)
{
	AUTO_STORE struct store *s = NULL;
	int code;

	if (cli_store(c, STORE_EXISTING, &s, &code) < 0)
		return code;
	return recheck_in(c, s);
}

const struct cli_cmd cmd_release_recheck = {
	.name = "release recheck", .args = "CHANNEL [VERSION]",
	.summary = "Verify a published release again, now",
	.help =
	"Hashes the stored artifacts and evidence again and verifies them under the policy and keys of\n"
	"now; without VERSION the current release. Run it when the policy changed or a digest was\n"
	"reported, and every night. What came out is recorded; nothing is withdrawn by it.\n\n"
	"Example:\n"
	"  firebreak release recheck stable || firebreak release freeze stable --owner release-team \\\n"
	"      --reason 'the current release no longer verifies' --expires 7d\n\n"
	"Exit codes: 0 PASS, 1 FAIL, 2 UNKNOWN, 3 usage, 4 could not, 6 no such channel or release.\n",
	.min_args = 1, .max_args = 2, .run = run_recheck,
};

/* --- rollback --- */

struct target {
	const struct release_version *release;
	struct gate_run run;
	size_t tried;
};

/* Verifies candidates, newest first, until one passes; says of each other one why not. */
static int find_target(struct cli *c, struct store *s, const struct release_channel *ch,
    struct target *t)
{
	const char *to = cli_opt(c, "to");
	struct fault f = FAULT_INIT;
	int rc = to ? fold_may_roll_back(ch, to, &f) : 0;

	if (rc)
		return release_failed(c, rc, &f);
	if (!ch->current)
		return cli_failf(c, CLI_REFUSED, "nothing was published in %s yet", ch->name);
	const struct release_version *r = to ? release_find(ch, to) : release_rollback_next(ch, NULL);
	while (r) {
		int code = gate_run_stored(c, s, ch, r, &t->run);
		if (code >= 0)
			return code;
		t->tried++;
		if (gate_verdict(ch->risk, &t->run.gate) == VERDICT_PASS) {
			t->release = r;
			return -1;
		}
		fault_set(&f, 0, "%s does not verify now: %s", r->version,
		    gate_first_reason(c, ch, &t->run));
		if (to)
			return cli_fail(c, CLI_REFUSED, &f);
		if (!c->quiet)
			fprintf(stderr, "firebreak release rollback: passed over: %s\n", f.text);
		r = release_rollback_next(ch, r);
	}
	if (!t->tried)
		return cli_failf(c, CLI_REFUSED, "%s has no release older than %s that is neither withdrawn "
		    "nor in the scope of a freeze", ch->name, ch->current->version);
	return cli_failf(c, CLI_REFUSED, "none of the %zu older releases of %s verifies now%s", t->tried,
	    ch->name, c->quiet ? "" : " (reasons above)");
}

static int rollback_in(struct cli *c, struct store *s)
{
	struct release_channel ch;
	struct target t = { 0 };
	struct fault f = FAULT_INIT;
	uint64_t seq = 0;

	int code = release_channel_arg(c, s, c->arg[0], &ch);
	if (code < 0)
		code = find_target(c, s, &ch, &t);
	if (code >= 0)
		return code;
	struct release_rollback x = { ch.name, t.release->version, cli_opt(c, "reason"),
		release_actor(c), t.run.gate };
	if (store_begin(s, &f) < 0)
		return cli_fail(c, CLI_INTERNAL, &f);
	code = release_end(c, s, ch.name, release_rollback(s, &x, &seq, &f), &f);
	if (code >= 0)
		return code;
	if (c->json) {
		struct jw w = release_json(c, ch.name, "release.rollback", seq);
		release_current_json(&w, x.to);
		jw_kcstr(&w, "from", ch.current->version);
		jw_kcstr(&w, "to", x.to);
		jw_end(&w);
	} else {
		printf("%s rolled back from %s to %s, which verifies now; %s is withdrawn (entry %llu)\n",
		    ch.name, ch.current->version, x.to, ch.current->version, (unsigned long long)seq);
	}
	return CLI_OK;
}

static int run_rollback(struct cli *c)
{
	AUTO_STORE struct store *s = NULL;
	int code;

	if (!cli_opt(c, "reason"))
		return cli_failf(c, CLI_USAGE, "--reason TEXT is needed");
	if (cli_store(c, STORE_EXISTING, &s, &code) < 0)
		return code;
	return rollback_in(c, s);
}

static const struct cli_opt rollback_opts[] = {
	{ "to", "VERSION", "the release to go back to (default: the newest that verifies)", false },
	{ "reason", "TEXT", "why", false },
	{ NULL, NULL, NULL, false },
};

const struct cli_cmd cmd_release_rollback = {
	.name = "release rollback", .args = "CHANNEL",
	.summary = "Go back to an older release that still verifies",
	.help =
	"The target's stored artifacts and evidence are hashed again and verified under the policy and\n"
	"keys of now; a release that was fine when it was published but is not now is no target. Nor is\n"
	"one that was withdrawn or lies in the scope of an open freeze. Without --to the newest older\n"
	"release that qualifies is taken, and for each that does not it says why. Allowed while the\n"
	"channel is frozen. The release gone back from is withdrawn for good.\n\n"
	"Example:\n"
	"  firebreak release rollback stable --reason 'case 2026-0001: d3dcompiler_47.dll was tampered with'\n\n"
	"Exit codes: 0 rolled back, 3 usage, 4 could not, 6 refused: no such release, or none verifies.\n",
	.opts = rollback_opts, .min_args = 1, .max_args = 1, .run = run_rollback,
};
