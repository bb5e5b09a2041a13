/* SPDX-License-Identifier: Apache-2.0 */

#include "cli/commands.h"
#include "trust/verify.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

static const struct cli_opt opts[] = {
	{ "evidence", "FILE", "DSSE envelope or Sigstore bundle, or several, one a line", true },
	{ "key", "FILE", "public key or certificate (PEM or DER) that you trust", true },
	{ "policy", "FILE", "what an artifact must bring along (YAML, see docs/policy.md)", false },
	{ "expect", "DIGEST", "the digest it must have: sha256:… or sha512:…", false },
	{ NULL, NULL, NULL, false },
};

/* A line on the terminal while a large file is read. */
struct progress {
	const char *name;
	bool shown;
};

static void show_progress(void *ctx, uint64_t done, uint64_t total)
{
	struct progress *p = ctx;

	fprintf(stderr, "\r%s: %" PRIu64 " of %" PRIu64 " MiB\x1b[K", p->name, done >> 20,
	    total >> 20);
	p->shown = true;
}

static void clear_progress(struct progress *p)
{
	if (p->shown)
		fprintf(stderr, "\r\x1b[K");
	p->shown = false;
}

static const char *color_of(const struct cli *c, enum verdict_status s)
{
	return s == VERDICT_PASS ? cli_green(c) : s == VERDICT_FAIL ? cli_red(c) : cli_yellow(c);
}

static void print_reason(struct cli *c, const struct reason *r, const char *color)
{
	printf("  %s%-7s%s  %s: %s\n", color, reason_name(r->kind), cli_reset(c), r->code, r->text);
	if (r->file || digest_is_set(&r->evidence))
		printf("           evidence %s %s\n", cli_safe(c, r->file),
		    DIGEST_TEXT(&r->evidence));
}

static void print_reasons(struct cli *c, const struct verdict *v)
{
	static const enum reason_kind order[] = { REASON_FAIL, REASON_WARN, REASON_PROVEN,
		REASON_NOTE };
	const char *color[] = { cli_red(c), cli_yellow(c), cli_green(c), "" };

	for (size_t k = 0; k < ARRAY_LEN(order); k++)
		for (size_t i = 0; i < v->n; i++)
			if (v->reason[i].kind == order[k])
				print_reason(c, &v->reason[i], color[k]);
	if (!verdict_has(v, REASON_MISSING))
		return;
	printf("  %sMissing evidence:%s\n", cli_yellow(c), cli_reset(c));
	for (size_t i = 0; i < v->n; i++)
		if (v->reason[i].kind == REASON_MISSING)
			printf("    %s: %s\n", v->reason[i].code, v->reason[i].text);
}

static void print_fact(struct cli *c, const char *name, const char *value)
{
	if (value && *value)
		printf("  %-12s  %s\n", name, cli_safe(c, value));
}

static const char *anatomy_words(const struct verify_artifact *a)
{
	if (a->anatomy.status == VERDICT_PASS)
		return "every byte is accounted for by the signature inside the file";
	if (a->anatomy.status == VERDICT_FAIL)
		return "structure and signature do not account for the whole file";
	return strcmp(a->format, "pe") == 0 ? "not signed" : "no signature that is understood here";
}

static void print_result(struct cli *c, const struct verify_artifact *a)
{
	printf("%s%s%-7s%s  %s  (%" PRIu64 " bytes, %s)\n", cli_bold(c),
	    color_of(c, a->verdict.status), verdict_name(a->verdict.status), cli_reset(c),
	    cli_safe(c, a->name), a->size, a->format);
	print_fact(c, "sha256", DIGEST_HEX(&a->digest[DIGEST_SHA256]));
	print_fact(c, "sha1", DIGEST_HEX(&a->digest[DIGEST_SHA1]));
	if (a->has_authenticode)
		print_fact(c, "authenticode", DIGEST_TEXT(&a->authenticode));
	printf("  %-12s  %s%s%s: %s\n", "anatomy", color_of(c, a->anatomy.status),
	    verdict_name(a->anatomy.status), cli_reset(c), anatomy_words(a));
	print_fact(c, "builder", a->builder_id);
	print_fact(c, "source", a->source_uri);
	print_fact(c, "source ref", a->source_ref);
	print_fact(c, "commit", a->source_digest);
	print_reasons(c, &a->verdict);
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
};

/* An artifact that cannot be read does not keep the others from being judged. */
static void not_read(struct cli *c, struct jw *errors, const char *path, int rc,
    const struct fault *f, struct tally *t)
{
	t->worst = worse(t->worst, VERDICT_UNKNOWN);
	bool input = rc == -ENOENT || rc == -ENOTDIR || rc == -EISDIR || rc == -EINVAL;
	t->error = input ? CLI_INPUT : CLI_INTERNAL;
	fprintf(stderr, "firebreak verify: %s\n", f->text);
	jw_obj(errors);
	jw_kcstr(errors, "artifact", path);
	jw_kcstr(errors, "message", f->text);
	jw_end(errors);
}

static void finish_json(struct cli *c, struct jw *w, const struct verify_session *v,
    const struct buf *errors, const struct tally *t)
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
	jw_kcstr(w, "verdict", verdict_name(t->worst));
	jw_end(w);
}

static int run_all(struct cli *c, struct verify_session *v, struct progress *p)
{
	AUTO_BUF struct buf errors = BUF_INIT(16u << 20);
	struct jw w = jw_of(&c->out), ew = jw_of(&errors);
	struct tally t = { .worst = VERDICT_PASS };

	jw_arr(&ew);
	if (c->json) {
		jw_obj(&w);
		jw_key(&w, "artifacts");
		jw_arr(&w);
	}
	for (int i = 0; i < c->nargs; i++) {
		struct fault f = FAULT_INIT;
		struct verify_artifact a;
		p->name = cli_safe(c, c->arg[i]);
		int rc = verify_path(v, c->arg[i], &a, &f);
		clear_progress(p);
		if (rc < 0) {
			not_read(c, &ew, c->arg[i], rc, &f, &t);
			continue;
		}
		t.worst = worse(t.worst, a.verdict.status);
		t.count[a.verdict.status]++;
		if (c->json)
			verify_json(&w, &a);
		else
			print_result(c, &a);
	}
	jw_end(&ew);
	if (c->json)
		finish_json(c, &w, v, &errors, &t);
	else if (c->nargs > 1)
		printf("%zu PASS, %zu FAIL, %zu UNKNOWN%s\n", t.count[VERDICT_PASS],
		    t.count[VERDICT_FAIL], t.count[VERDICT_UNKNOWN],
		    t.error ? "; some could not be read" : "");
	return t.error && t.worst != VERDICT_FAIL ? t.error : exit_of(t.worst);
}

static size_t files_of(struct cli *c, const char *opt, struct verify_file *out, size_t max)
{
	const char *path[CLI_OPT_VALUES_MAX];
	size_t n = cli_opts(c, opt, path, CLI_OPT_VALUES_MAX);

	for (size_t i = 0; i < n && i < max; i++)
		out[i] = (struct verify_file){ path[i], path[i] };
	return n;
}

static int run(struct cli *c)
{
	struct verify_file evidence[VERIFY_EVIDENCE_FILES_MAX], key[VERIFY_KEYS_MAX];
	struct verify_request r = { .evidence = evidence, .keys = key,
		.policy_path = cli_opt(c, "policy"), .now = clock_now(&c->clock) };
	const char *expect = cli_opt(c, "expect");
	struct fault f = FAULT_INIT;
	struct progress p = { 0 };
	struct verify_session *v;

	r.nevidence = files_of(c, "evidence", evidence, ARRAY_LEN(evidence));
	r.nkeys = files_of(c, "key", key, ARRAY_LEN(key));
	if (expect && c->nargs > 1)
		return cli_failf(c, CLI_USAGE, "--expect is about one artifact, %d are given",
		    c->nargs);
	if (expect && digest_parse(span_str(expect), &r.expect) < 0)
		return cli_failf(c, CLI_USAGE, "--expect %s: not a digest such as sha256:<64 hex "
		    "digits>", QUOTE(span_str(expect)));
	if (expect && r.expect.alg != DIGEST_SHA256 && r.expect.alg != DIGEST_SHA512)
		return cli_failf(c, CLI_USAGE, "--expect: %s does not prove which file this is; "
		    "give the sha256 or sha512", digest_name(r.expect.alg));
	if (r.nevidence > ARRAY_LEN(evidence) || r.nkeys > ARRAY_LEN(key))
		return cli_failf(c, CLI_USAGE, "at most %zu files of evidence and %zu keys",
		    ARRAY_LEN(evidence), ARRAY_LEN(key));
	if (!c->quiet && isatty(2)) {
		r.progress = show_progress;
		r.progress_ctx = &p;
	}
	int rc = verify_begin(&v, &r, &f);
	if (rc < 0)
		return cli_errno(c, rc, &f);
	int code = run_all(c, v, &p);
	verify_end(v);
	return code;
}

const struct cli_cmd cmd_verify = {
	.name = "verify",
	.args = "ARTIFACT…",
	.summary = "Judge files by what is inside them and by the evidence for them",
	.help =
	    "Computes the digests of each ARTIFACT, takes apart what its own signature covers, weighs the\n"
	    "evidence that is given, and says PASS, FAIL or UNKNOWN with every reason.\n"
	    "\n"
	    "  anatomy     PE files: the Authenticode digest is recomputed, the certificate table walked\n"
	    "              entry by entry; bytes that hide beside a signature are a FAIL that names\n"
	    "              their place. Always checked; by itself it proves integrity, not origin.\n"
	    "  provenance  in-toto statements with SLSA provenance v1 or v0.2 in DSSE envelopes, signed\n"
	    "              by one of the keys that are given.\n"
	    "\n"
	    "Without a policy PASS needs a provenance by a trusted key, or a matching --expect; with a\n"
	    "policy, everything that it requires. What is missing is listed; missing is never PASS.\n"
	    "\n"
	    "  firebreak verify setup.exe --evidence setup.intoto.jsonl --key builder.pem\n"
	    "  firebreak verify *.dll --policy share/policies/anatomy.yaml\n"
	    "\n"
	    "Exit codes: 0 PASS, 1 FAIL, 2 UNKNOWN (evidence is missing), 3 usage, 4 a file could not be\n"
	    "read to its end, 5 a policy or key is malformed or a file is not there. With several\n"
	    "artifacts: FAIL before a file that could not be read before UNKNOWN before PASS.\n",
	.opts = opts,
	.min_args = 1,
	.max_args = -1,
	.run = run,
};
