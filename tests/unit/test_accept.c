/* SPDX-License-Identifier: Apache-2.0 */

/* Who may sign: expressions, rules, and what options make of themselves. */

#include "trust/accept.h"

#include "crypto/hash.h"
#include "trust/options.h"
#include "tap.h"

#include <errno.h>

#define GITHUB "https://token.actions.githubusercontent.com"

static void expressions(void)
{
	static const struct {
		const char *pattern, *text;
		bool want;
	} t[] = {
		{ "a", "a", true }, { "a", "ab", false }, { "a", "ba", false }, { "a|b", "b", true },
		{ "a|b", "ab", false }, { "^a$", "a", true }, { ".*@example\\.org", "x@example.org", true },
		{ ".*@example\\.org", "x@exampleXorg", false }, { ".*", "", true },
		{ "a.*", "a\nb", false }, { "[0-9]+", "12", true }, { "[^/]+", "a/b", false },
		{ "[]x]", "]", true }, { "[[:digit:]]+", "12", true }, { "(ab)+", "abab", true },
		{ "a*", NULL, false },
	};
	static const char *const bad[] = { "", "[", "(", "a)|(.*", ")", "\\d", "[\\d]", "(?i)a", "a*?",
		"a++", "\\", "*a{", "[[:digit:]", "(a" };
	struct regexp *r;
	struct fault f;

	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		f = FAULT_INIT;
		if (!ok(regexp_new(&r, t[i].pattern, &f) == 0, "%s", t[i].pattern)) {
			diag("%s", f.text);
			continue;
		}
		ok(regexp_match(r, t[i].text) == t[i].want, "%s %s", t[i].want ? "is" : "is not",
		    t[i].text ? t[i].text : "NULL");
		regexp_free(r);
	}
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		f = FAULT_INIT;
		ok(regexp_new(&r, bad[i], &f) == -EINVAL && f.text[0], "refused: \"%s\"", bad[i]);
	}
}

static void rules(void)
{
	static struct accept a;
	struct keyring none = { 0 };
	struct policy_claim claim = { CLAIM_BUILD_TRIGGER,
		{ (const char *[]){ "push" }, 1 } };
	struct policy_signer exact = { .kind = POLICY_SIGNER_IDENTITY, .identity = "a@b",
		.issuer = "https://i" };
	struct policy_signer claims = { .kind = POLICY_SIGNER_IDENTITY, .identity_regexp = "w.*",
		.issuer = GITHUB, .claim = &claim, .nclaims = 1 };
	struct policy_signer pgp = { .kind = POLICY_SIGNER_OPENPGP, .fingerprint = "ABCD" };
	struct signer s = SIGNER_INIT;

	a.keys = &none;
	s.kind = SIGNER_IDENTITY;
	s.identity = "a@b";
	s.issuer = "https://i";
	s.may_sign = true;
	ok(!accept_signer(&a, &s) && !s.may_sign, "without a rule nobody may sign");
	if (accept_add(&a, &exact, 1, NULL) < 0 || accept_add(&a, &claims, 1, NULL) < 0 ||
	    accept_add(&a, &pgp, 1, NULL) < 0)
		abort();
	ok(accept_signer(&a, &s) && s.may_sign, "the identity that a rule names");
	s.issuer = "https://j";
	ok(!accept_signer(&a, &s), "not from another issuer");
	s.issuer = NULL;
	ok(!accept_signer(&a, &s), "nor from none");
	s.issuer = "https://i";
	s.identity = "A@b";
	ok(!accept_signer(&a, &s), "nor another identity");
	s.identity = "a@b";
	s.kind = SIGNER_KEY;
	ok(!accept_signer(&a, &s), "nor a key that says so");
	s = SIGNER_INIT;
	s.kind = SIGNER_IDENTITY;
	s.identity = "workflow";
	s.issuer = GITHUB;
	ok(!accept_signer(&a, &s), "a claim that is not made");
	s.claim[CLAIM_BUILD_TRIGGER] = "pull_request";
	ok(!accept_signer(&a, &s), "a claim that says something else");
	s.claim[CLAIM_BUILD_TRIGGER] = "push";
	ok(accept_signer(&a, &s), "a claim that holds");
	s = SIGNER_INIT;
	s.kind = SIGNER_OPENPGP;
	s.fingerprint = "ABCD";
	ok(accept_signer(&a, &s), "an OpenPGP fingerprint");
	s.fingerprint = "ABC";
	ok(!accept_signer(&a, &s), "and no other");
	accept_free(&a);
}

/* One demand, and what the options' policy says then. */
static int demand(struct policy *p, bool *any, const struct demands *d, struct arena *a)
{
	struct fault f = FAULT_INIT;
	int rc = options_policy(p, any, d, a, &f);

	if (rc < 0 && (rc != -EINVAL || !f.text[0]))
		abort();
	return rc;
}

#define LIST(x) ((struct demand){ (const char *const[]){ (x) }, 1 })
#define GEN "https://github.com/slsa-framework/slsa-github-generator/.github/workflows/"

static void options(void)
{
	AUTO_ARENA struct arena a = ARENA_INIT(1u << 20);
	struct policy p;
	bool any;

	ok(demand(&p, &any, &(struct demands){ 0 }, &a) == 0 && !any, "no options, no policy");
	ok(demand(&p, &any, &(struct demands){ .require = "signature, vsa" }, &a) == -EINVAL,
	    "a summary needs a verifier");
	ok(demand(&p, &any, &(struct demands){ .require = "signature,anatomy" }, &a) == 0 && any &&
		p.require == (POLICY_SIGNATURE | POLICY_ANATOMY),
	    "--require");
	const struct demands bad[] = {
		{ .require = "" }, { .require = "signature," }, { .identity = "a" }, { .issuer = "a" },
		{ .identity = "a", .identity_regexp = "b", .issuer = "c" },
		{ .identity = "a", .issuer = "b", .issuer_regexp = "c" },
		{ .package_version = "1" }, { .levels = LIST("L") }, { .source_uri = "a/*" },
		{ .source_uri = "git+https://h/o/r@refs/heads/main" }, { .tags = LIST("") },
		{ .versioned_tags = LIST("1.2") }, { .inputs = LIST("x") }, { .inputs = LIST("=x") },
		{ .builders = LIST("https://*/x") }, { .builders = LIST(GEN "x.yml@>=v1") },
		{ .builders = LIST("https://github.com/actions/runner/github-hosted") },
	};
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		ok(demand(&p, &any, &bad[i], &a) == -EINVAL, "refused: %zu", i);
	ok(demand(&p, &any, &(struct demands){ .source_uri = "github.com/o/r" }, &a) == 0 &&
		strcmp(p.sources.item[0], "https://github.com/o/r") == 0 &&
		p.require == POLICY_PROVENANCE && !p.nsigners,
	    "--source-uri demands a provenance");
	ok(demand(&p, &any, &(struct demands){ .verifier_id = "v", .resource_uri = "r" }, &a) == 0 &&
		p.require == POLICY_VSA && p.vsa.resources.n == 1,
	    "--verifier-id demands a summary, and only that");
	ok(demand(&p, &any, &(struct demands){ .builders = LIST(GEN "b.yml") }, &a) == 0 &&
		strcmp(p.builders.item[0], GEN "b.yml@*") == 0 && p.nsigners == 2 &&
		strcmp(p.signer[0].issuer, GITHUB) == 0,
	    "a workflow names itself and the delegators, certified by GitHub");
	ok(demand(&p, &any, &(struct demands){ .builders = LIST(GEN "b.yml"), .has_keys = true },
	       &a) == 0 && p.nsigners == 0,
	    "unless somebody else is named");
	ok(demand(&p, &any, &(struct demands){ .builders = LIST("https://ci.example/b@v1") }, &a) ==
		    0 && p.nsigners == 0,
	    "a builder that is no workflow names nobody");
	static struct accept acc;
	struct keyring none = { 0 };
	struct signer s = SIGNER_INIT;
	acc.keys = &none;
	if (demand(&p, &any, &(struct demands){ .builders = LIST(GEN "b.yml@v1.2.3") }, &a) < 0 ||
	    accept_add(&acc, p.signer, p.nsigners, NULL) < 0)
		abort();
	s.kind = SIGNER_IDENTITY;
	s.issuer = GITHUB;
	s.identity = GEN "b.yml@refs/tags/v1.2.3";
	ok(accept_signer(&acc, &s), "the workflow itself");
	s.identity = GEN "bXyml@refs/tags/v1.2.3";
	ok(!accept_signer(&acc, &s), "its dots are dots");
	s.identity = GEN "delegator_generic_slsa3.yml@refs/tags/v1.2.3";
	ok(accept_signer(&acc, &s), "a delegator");
	s.identity = GEN "delegator_generic_slsa3.yml@refs/heads/main";
	ok(!accept_signer(&acc, &s), "but not from a branch");
	accept_free(&acc);
}

int main(void)
{
	expressions();
	rules();
	options();
	return tap_done();
}
