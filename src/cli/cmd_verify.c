/* SPDX-License-Identifier: Apache-2.0 */

#include "cli/commands.h"
#include "cli/known_use.h"
#include "cli/trusted_root.h"
#include "cli/verify.h"
#include "crypto/hash.h"
#include "trust/options.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

static const struct cli_opt opts[] = {
	CLI_HEADING("Evidence, and whose counts"),
	{ "evidence", "FILE", "attestations, bundles or signatures, of any kind", true },
	{ "beside", NULL, "also take the evidence beside each artifact (ARTIFACT.sigstore.json, .sig …)",
	    false },
	{ "key", "FILE", "public key or certificate that you trust, in any form", true },
	{ "keyring", "FILE", "OpenPGP certificates that you trust (gpg --export, armored or not)", true },
	{ "ca", "FILE", "roots of the certificates of CMS signatures (PEM)", false },
	{ "tsa", "FILE", "roots of the time stamps in them (PEM)", false },
	{ "ssh-namespace", "NS", "what ssh signatures must be for (default: file)", false },
	{ "ssh-principal", "NAME", "who must have made them, as allowed_signers names people", false },
	{ "allow-expired", NULL, "accept a Debian Release after its Valid-Until, with a warning", false },
	CLI_HEADING("Sigstore: whose certificates count"),
	{ "certificate-identity", "ID", "whose certificate you trust: a mail address or URI", false },
	{ "certificate-identity-regexp", "RE", "the same as an expression that must match all of it",
	    false },
	{ "certificate-oidc-issuer", "URL", "who must vouch for that identity", false },
	{ "certificate-oidc-issuer-regexp", "RE", "the same as an expression", false },
	{ "trusted-root", "FILE", "Sigstore trusted root (default: the updated or built-in one)", false },
	{ "insecure-ignore-tlog", NULL,
	    "do without a transparency log in bundles that a --key signed, with a warning", false },
	CLI_HEADING("What is inside the files"),
	{ "anatomy", "DEPTH", "deep (default): look inside archives, too; shallow: do not", false },
	{ "authenticode-roots", "FILE",
	    "CAs or signers that count inside files (PEM or DER)", true },
	{ "timestamp-roots", "FILE", "roots of the time stamps in them (default: the same)", true },
	{ "allow-sha1", NULL, "signatures inside files count with SHA-1, too, as before 2016", false },
	KNOWN_USE_OPTIONS,
	{ "previous", "FILE", "the release before: what in the changes looks like tampering (firebreak diff)",
	    false },
	{ "sbom", "FILE", "compare with this SBOM, too: unsigned, it can contradict and never proves", false },
	CLI_HEADING("What there must be"),
	{ "policy", "FILE", "what an artifact must bring along (YAML, see docs/policy.md)", false },
	{ "require", "LIST", "the same in short: " POLICY_NEEDS_WORDS, false },
	{ "expect", "DIGEST", "the digest it must have: sha256:… or sha512:…", false },
	CLI_HEADING("What a provenance must say"),
	{ "builder-id", "ID", "who must have built it: …@refs/tags/v1.2.3, …@v1.*, …@>=v1.9.0", true },
	{ "source-uri", "URI", "the repository it must be built from", false },
	{ "source-tag", "TAG", "the tag it must be built from (* matches all but /)", true },
	{ "source-branch", "NAME", "the branch it must be built from", true },
	{ "source-versioned-tag", "VERSION", "a tag of this version: v1, v1.2 or v1.2.3", true },
	{ "build-workflow-input", "NAME=VALUE", "an input that a manual start must have had", true },
	{ "package-name", "NAME", "the package it must be: @scope/name, pkg:npm/…", false },
	{ "package-version", "VERSION", "the package's version", false },
	CLI_HEADING("What a verification summary must say"),
	{ "verifier-id", "URI", "whose verification summary counts", false },
	{ "resource-uri", "URI", "what the summary must be about", false },
	{ "verified-level", "LEVEL", "a level that it must say, such as SLSA_BUILD_LEVEL_3", true },
	CLI_HEADING("The verdict, signed for others"),
	{ "vsa-out", "FILE", "write the verdicts as signed SLSA verification summaries", false },
	{ "svr-out", "FILE", "write them as signed in-toto simple verification results", false },
	{ "sign-key", "FILE", "private key (PEM) that signs what is written", false },
	{ "report-as", "URI", "who the verifier is, in what is written", false },
	{ "policy-uri", "URI", "what the policy is called in what is written (default: file:NAME)", false },
	CLI_HEADING("What is judged and shown"),
	{ "recursive", NULL, "go into folders", false },
	{ "jobs", "N", "judge with so many processes (default: one a core)", false },
	{ "digests", "LIST", "also compute and show these: sha1,sha384,sha512,blake2b", false },
	{ NULL, NULL, NULL, false },
};

/* A line on the terminal while a large file, or many files, are read. */
struct progress {
	const char *name;
	bool shown;
};

static void show_progress(void *ctx, uint64_t done, uint64_t total)
{
	struct progress *p = ctx;

	fprintf(stderr, "\r%s%" PRIu64 " of %" PRIu64 " MiB\x1b[K", p->name, done >> 20, total >> 20);
	p->shown = true;
}

static void clear_progress(struct progress *p)
{
	if (p->shown)
		fprintf(stderr, "\r\x1b[K");
	p->shown = false;
}

/* FAIL over UNKNOWN over PASS. */
static enum verdict_status worse(enum verdict_status a, enum verdict_status b)
{
	return a < b ? a : b;
}

static int exit_of(enum verdict_status s)
{
	return s == VERDICT_PASS ? CLI_OK : s == VERDICT_FAIL ? CLI_NEGATIVE : CLI_UNKNOWN;
}

struct tally {
	enum verdict_status worst;
	size_t count[3];
	int error; /* exit code of the last artifact that could not be read; 0 if none */
	struct jw *w, *errors;
	struct progress progress;
	struct verify_report report;
	const struct trusted_root *root;
};

/* An artifact that cannot be read does not keep the others from being judged. */
static void not_read(struct tally *t, const char *path, const struct verify_outcome *o)
{
	bool input = o->rc == -ENOENT || o->rc == -ENOTDIR || o->rc == -EISDIR || o->rc == -EINVAL;

	t->worst = worse(t->worst, VERDICT_UNKNOWN);
	t->error = input ? CLI_INPUT : CLI_INTERNAL;
	fprintf(stderr, "firebreak verify: %.*s\n", SPAN_ARG(buf_span(&o->text)));
	jw_obj(t->errors);
	jw_kcstr(t->errors, "artifact", path);
	jw_kstr(t->errors, "message", buf_span(&o->text));
	jw_end(t->errors);
}

static void emit(struct verify_run *r, size_t i, const struct verify_outcome *o)
{
	struct tally *t = r->ctx;

	clear_progress(&t->progress);
	if (o->rc < 0) {
		not_read(t, r->args->item[i], o);
		return;
	}
	t->worst = worse(t->worst, o->status);
	t->count[o->status]++;
	if (r->c->json)
		jw_raw(t->w, buf_span(&o->text));
	else
		fwrite(o->text.p, 1, o->text.n, stdout);
	for (size_t k = 0; k < VERIFY_REPORTS; k++)
		buf_put_span(&t->report.text[k], buf_span(&o->report[k]));
}

static void show_count(struct verify_run *r, size_t done)
{
	struct tally *t = r->ctx;

	fprintf(stderr, "\r%zu of %zu artifacts\x1b[K", done, r->args->n);
	t->progress.shown = true;
}

static void finish_json(struct jw *w, const struct verify_session *v, const struct buf *errors,
    const struct tally *t, const struct trusted_root *root)
{
	struct digest policy;
	const char *name = verify_policy(v, &policy);

	jw_end(w);
	jw_key(w, "errors");
	jw_raw(w, buf_span(errors));
	if (name) {
		jw_key(w, "policy");
		jw_obj(w);
		jw_kcstr(w, "digest", DIGEST_TEXT(&policy));
		jw_kcstr(w, "name", name);
		jw_end(w);
	}
	jw_key(w, "trusted_root");
	trusted_root_json(w, root);
	jw_kcstr(w, "verdict", verdict_name(t->worst));
	jw_end(w);
}

static int run_all(struct verify_run *r, struct tally *t)
{
	AUTO_BUF struct buf errors = BUF_INIT(16u << 20);
	struct cli *c = r->c;
	struct jw w = jw_of(&c->out), ew = jw_of(&errors);

	t->w = &w;
	t->errors = &ew;
	jw_arr(&ew);
	if (c->json) {
		jw_obj(&w);
		jw_key(&w, "artifacts");
		jw_arr(&w);
	}
	int rc = verify_run(r);
	clear_progress(&t->progress);
	if (rc < 0)
		return cli_errno(c, rc, NULL);
	jw_end(&ew);
	if (c->json)
		finish_json(&w, r->session, &errors, t, t->root);
	else if (r->args->n > 1)
		printf("%zu PASS, %zu FAIL, %zu UNKNOWN%s\n", t->count[VERDICT_PASS],
		    t->count[VERDICT_FAIL], t->count[VERDICT_UNKNOWN],
		    t->error ? "; some could not be read" : "");
	return t->error && t->worst != VERDICT_FAIL ? t->error : exit_of(t->worst);
}

/* ---- the request */

static size_t files_of(struct cli *c, const char *opt, struct verify_file *out, size_t max)
{
	const char *path[CLI_OPT_VALUES_MAX];
	size_t n = cli_opts(c, opt, path, CLI_OPT_VALUES_MAX);

	for (size_t i = 0; i < n && i < max; i++)
		out[i] = (struct verify_file){ path[i], path[i] };
	return n;
}

/* -1, or an exit code. */
static int read_expect(struct cli *c, const struct verify_args *args, struct digest *ret_d)
{
	const char *expect = cli_opt(c, "expect");

	if (!expect)
		return -1;
	if (args->n > 1)
		return cli_failf(
		    c, CLI_USAGE, "--expect is about one artifact, %zu are given", args->n);
	if (digest_parse(span_str(expect), ret_d) < 0)
		return cli_failf(c, CLI_USAGE, "--expect %s: not a digest such as sha256:<64 hex "
		    "digits>", QUOTE(span_str(expect)));
	if (ret_d->alg != DIGEST_SHA256 && ret_d->alg != DIGEST_SHA512)
		return cli_failf(c, CLI_USAGE, "--expect: %s does not prove which file this is; "
		    "give the sha256 or sha512", digest_name(ret_d->alg));
	return -1;
}

static int read_anatomy(struct cli *c, bool *ret_shallow)
{
	const char *s = cli_opt(c, "anatomy");

	*ret_shallow = s && strcmp(s, "shallow") == 0;
	if (s && !*ret_shallow && strcmp(s, "deep") != 0)
		return cli_failf(c, CLI_USAGE, "--anatomy: deep or shallow");
	return -1;
}

static int read_digests(struct cli *c, unsigned *ret_set)
{
	struct span rest = span_str(cli_opt(c, "digests"));

	while (rest.n) {
		size_t comma = span_find(rest, ',');
		enum digest_alg alg = digest_alg_of(span_trim(span_cut(rest, 0, comma)));
		if (!alg || alg == DIGEST_MD5)
			return cli_failf(c, CLI_USAGE,
			    "--digests: knows sha1, sha256, sha384, sha512, blake2b");
		*ret_set |= HASH_SET(alg);
		rest = comma == SIZE_MAX ? SPAN_NONE : span_from(rest, comma + 1);
	}
	return -1;
}

static int read_jobs(struct cli *c, unsigned *ret_jobs)
{
	const char *text = cli_opt(c, "jobs");
	long cores = sysconf(_SC_NPROCESSORS_ONLN);
	uint64_t n = cores > 0 ? (uint64_t)cores : 1;

	if (text && (!cli_count(text, &n) || n < 1 || n > VERIFY_JOBS_MAX))
		return cli_failf(
		    c, CLI_USAGE, "--jobs: a number from 1 to %d", VERIFY_JOBS_MAX);
	*ret_jobs = n > VERIFY_JOBS_MAX ? VERIFY_JOBS_MAX : (unsigned)n;
	return -1;
}

static struct demand demand_of(struct cli *c, const char *opt)
{
	const char **item = arena_array(&c->arena, CLI_OPT_VALUES_MAX, sizeof(*item));

	return (struct demand){ item, item ? cli_opts(c, opt, item, CLI_OPT_VALUES_MAX) : 0 };
}

/* What the options demand, as a policy; NULL when they demand nothing. -1, or an exit code. */
static int read_demands(struct cli *c, const struct verify_request *r, const struct policy **ret_p)
{
	const struct demands d = {
		.require = cli_opt(c, "require"),
		.identity = cli_opt(c, "certificate-identity"),
		.identity_regexp = cli_opt(c, "certificate-identity-regexp"),
		.issuer = cli_opt(c, "certificate-oidc-issuer"),
		.issuer_regexp = cli_opt(c, "certificate-oidc-issuer-regexp"),
		.has_keys = r->nkeys || r->policy_path,
		.builders = demand_of(c, "builder-id"),
		.tags = demand_of(c, "source-tag"),
		.branches = demand_of(c, "source-branch"),
		.versioned_tags = demand_of(c, "source-versioned-tag"),
		.inputs = demand_of(c, "build-workflow-input"),
		.source_uri = cli_opt(c, "source-uri"),
		.package_name = cli_opt(c, "package-name"),
		.package_version = cli_opt(c, "package-version"),
		.verifier_id = cli_opt(c, "verifier-id"),
		.resource_uri = cli_opt(c, "resource-uri"),
		.levels = demand_of(c, "verified-level"),
	};
	struct policy *p = ARENA_NEW(&c->arena, struct policy);
	struct fault f = FAULT_INIT;
	bool any = false;

	if (d.resource_uri && !d.verifier_id && !cli_has(c, "vsa-out"))
		return cli_failf(c, CLI_USAGE, "--resource-uri is about a verification summary: one that is "
		    "given (--verifier-id) or written (--vsa-out)");
	int rc = p ? options_policy(p, &any, &d, &c->arena, &f) : -ENOMEM;
	if (rc < 0)
		return rc == -EINVAL ? cli_fail(c, CLI_USAGE, &f) : cli_errno(c, rc, &f);
	*ret_p = any ? p : NULL;
	return -1;
}

static int read_root(struct cli *c, struct verify_request *r, struct trusted_root *root)
{
	const char *file = cli_opt(c, "trusted-root");
	struct fault f = FAULT_INIT;

	int rc = cli_trusted_root(c, file, root, &f);
	if (rc < 0)
		return rc == -EPERM ? cli_fail(c, CLI_REFUSED, &f) : cli_errno(c, rc, &f);
	r->trusted_root = root->bytes;
	r->trusted_root_name = file;
	return -1;
}

static int read_request(struct cli *c, const struct verify_args *args, struct verify_request *r,
    struct verify_file *evidence, struct verify_file *key, struct verify_file *keyring,
    struct verify_file *root, struct verify_file *stamp_root)
{
	r->roots = root;
	r->nroots = files_of(c, "authenticode-roots", root, VERIFY_KEYS_MAX);
	r->stamp_roots = stamp_root;
	r->nstamp_roots = files_of(c, "timestamp-roots", stamp_root, VERIFY_KEYS_MAX);
	r->allow_sha1 = cli_has(c, "allow-sha1");
	if (!r->nroots && r->nstamp_roots)
		return cli_failf(c, CLI_USAGE, "--timestamp-roots says nothing without --authenticode-roots");
	if (r->nroots > VERIFY_KEYS_MAX || r->nstamp_roots > VERIFY_KEYS_MAX)
		return cli_failf(c, CLI_USAGE, "at most %d files of roots", VERIFY_KEYS_MAX);
	r->nkeyrings = files_of(c, "keyring", keyring, VERIFY_KEYS_MAX);
	r->keyrings = keyring;
	r->allow_expired = cli_has(c, "allow-expired");
	r->ignore_log = cli_has(c, "insecure-ignore-tlog");
	r->nevidence = files_of(c, "evidence", evidence, VERIFY_EVIDENCE_FILES_MAX);
	r->nkeys = files_of(c, "key", key, VERIFY_KEYS_MAX);
	if (r->nevidence > VERIFY_EVIDENCE_FILES_MAX || r->nkeys > VERIFY_KEYS_MAX ||
	    r->nkeyrings > VERIFY_KEYS_MAX)
		return cli_failf(c, CLI_USAGE, "at most %d files of evidence and %d keys",
		    VERIFY_EVIDENCE_FILES_MAX, VERIFY_KEYS_MAX);
	r->evidence = evidence;
	r->keys = key;
	r->policy_path = cli_opt(c, "policy");
	r->now = clock_now(&c->clock);
	r->beside = cli_has(c, "beside");
	r->previous = cli_opt(c, "previous");
	if (r->previous && args->n > 1)
		return cli_failf(
		    c, CLI_USAGE, "--previous is about one artifact, %zu are given", args->n);
	r->sbom_path = cli_opt(c, "sbom");
	r->ssh_namespace = cli_opt(c, "ssh-namespace");
	r->ssh_principal = cli_opt(c, "ssh-principal");
	r->ca_path = cli_opt(c, "ca");
	r->tsa_path = cli_opt(c, "tsa");
	if (r->tsa_path && !r->ca_path)
		return cli_failf(c, CLI_USAGE, "--tsa says nothing without --ca");
	r->nartifacts = args->n;
	int code = read_expect(c, args, &r->expect);
	if (code < 0)
		code = read_anatomy(c, &r->shallow);
	if (code < 0)
		code = read_digests(c, &r->digests);
	if (code < 0)
		code = read_demands(c, r, &r->options);
	return code;
}

static int run(struct cli *c)
{
	struct verify_file evidence[VERIFY_EVIDENCE_FILES_MAX], key[VERIFY_KEYS_MAX],
	    keyring[VERIFY_KEYS_MAX], anchor[VERIFY_KEYS_MAX], stamp_anchor[VERIFY_KEYS_MAX];
	AUTO_KNOWN_USE struct known_use *known = NULL;
	struct verify_request q = { 0 };
	struct verify_args args;
	struct trusted_root root;
	struct tally t = { .worst = VERDICT_PASS, .root = &root };
	struct verify_run r = { .c = c, .args = &args, .emit = emit, .ctx = &t };
	struct fault f = FAULT_INIT;

	int code = verify_expand(c, cli_has(c, "recursive"), &args);
	if (code < 0)
		code = read_request(c, &args, &q, evidence, key, keyring, anchor, stamp_anchor);
	if (code < 0)
		code = read_root(c, &q, &root);
	if (code < 0)
		code = read_jobs(c, &r.jobs);
	if (code < 0)
		code = known_use_open(&known, c);
	if (code < 0)
		code = verify_report_begin(c, q.policy_path, &t.report);
	if (code >= 0)
		return code;
	if (!c->quiet && isatty(2)) {
		t.progress.name = args.n == 1
		    ? arena_printf(&c->arena, "%s: ", cli_safe(c, args.item[0])) : "";
		if (args.n == 1 || r.jobs == 1) {
			q.progress = show_progress;
			q.progress_ctx = &t.progress;
		} else {
			r.progress = show_count;
		}
	}
	r.root = trusted_root_words(c, &root);
	q.known = known_use_judge_opts(known);
	q.known_always = true;
	int rc = known_use_detach(known, &f); /* judging may be done by forked processes */
	if (rc == 0)
		rc = verify_begin(&r.session, &q, &f);
	if (rc < 0) {
		t.report.key = key_free(t.report.key);
		return cli_errno(c, rc, &f);
	}
	if (t.report.key) {
		verify_report_policy(&t.report, r.session);
		r.report = &t.report;
	}
	code = run_all(&r, &t);
	int wrong = verify_report_end(c, &t.report);
	verify_end(r.session);
	return wrong >= 0 ? wrong : code;
}

const struct cli_cmd cmd_verify = {
	.name = "verify",
	.args = "ARTIFACT…",
	.summary = "Judge files by what is inside them and by the evidence for them",
	.help =
	    "Computes the digests of each ARTIFACT, takes apart what its own signature covers, weighs the\n"
	    "evidence that is given, and says PASS, FAIL or UNKNOWN with every reason. Works offline.\n"
	    "An ARTIFACT is a file, a pattern in quotes, or a digest (sha256:…, sha512:…) instead of one.\n"
	    "\n"
	    "Evidence, told apart by its content: DSSE envelopes and Sigstore bundles with SLSA\n"
	    "provenance, verification summaries or SBOMs; Sigstore bundles over a file; signatures by\n"
	    "minisign, signify, ssh-keygen, openssl, CMS and OpenPGP; a Debian archive's InRelease and\n"
	    "Packages. Signers are named by --key, --keyring, --certificate-identity with its issuer, or\n"
	    "by the policy; nobody else counts.\n"
	    "\n"
	    "Without a policy and --require, PASS needs a provenance or a signature over the file by a\n"
	    "signer who was named, or a matching --expect; with them, everything that they ask for. What\n"
	    "is missing is listed; missing is never PASS. A PE file's anatomy is always checked.\n"
	    "\n"
	    "  firebreak verify setup.exe --evidence setup.intoto.jsonl --key builder.pem\n"
	    "  firebreak verify setup.exe --require anatomy --authenticode-roots vendor-ca.pem\n"
	    "  firebreak verify app.tgz --beside --certificate-identity release@example.org \\\n"
	    "      --certificate-oidc-issuer https://accounts.google.com\n"
	    "  firebreak verify app --evidence app.intoto.jsonl --source-uri github.com/o/app \\\n"
	    "      --source-tag v1.2.3 --builder-id https://github.com/slsa-framework/\\\n"
	    "slsa-github-generator/.github/workflows/generator_generic_slsa3.yml@v2.*\n"
	    "  firebreak verify pkg.deb --evidence InRelease --evidence Packages.xz \\\n"
	    "      --keyring /usr/share/keyrings/debian-archive-keyring.gpg\n"
	    "  firebreak verify app.tgz --beside --key vendor.pub --sbom app.cdx.json\n"
	    "  firebreak verify *.dll --policy share/policies/anatomy.yaml\n"
	    "\n"
	    "Exit codes: 0 PASS, 1 FAIL, 2 UNKNOWN (evidence is missing), 3 usage, 4 a file could not be\n"
	    "read to its end, 5 a policy, key or --sbom is malformed or a file is not there,\n"
	    "6 --known-good without lists. With several artifacts: FAIL before a file that could not be\n"
	    "read before UNKNOWN before PASS.\n",
	.opts = opts,
	.min_args = 1,
	.max_args = -1,
	.run = run,
};
