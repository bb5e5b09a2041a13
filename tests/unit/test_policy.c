/* SPDX-License-Identifier: Apache-2.0 */

#include "trust/policy.h"

#include "crypto/hash.h"
#include "tap.h"

#include <errno.h>

static struct arena mem;

static int parse(struct policy *p, const char *text, struct fault *f)
{
	*f = FAULT_INIT;
	return policy_parse(p, "dir/p.yaml", span_str(text), &mem, f);
}

#define SHA "0000000000000000000000000000000000000000000000000000000000000001"

static const char full[] = "# everything\n"
			   "version: 1\n"
			   "name: release builds\n"
			   "require: [anatomy, provenance, sbom, digest]\n"
			   "builders:\n"
			   "  - https://b.example/w.yml@refs/tags/v1.*\n"
			   "  - https://b.example/hosted\n"
			   "build-types: [https://b.example/type/v1]\n"
			   "sources: [git+https://github.com/o/r]\n"
			   "refs: [refs/tags/*, refs/heads/main]\n"
			   "parameters: []\n"
			   "max-age: 30d\n"
			   "signers: [keys/a.pem, /abs/b.pem, 'sha256:" SHA "']\n"
			   "digests: ['sha256:" SHA "']\n";

static void test_good(void)
{
	struct policy p;
	struct fault f;

	if (!ok(parse(&p, full, &f) == 0, "a policy with everything in it"))
		diag("%s", f.text);
	is_str(p.name, "release builds", "name");
	is_int(p.require, POLICY_ANATOMY | POLICY_PROVENANCE | POLICY_SBOM | POLICY_DIGEST, "require");
	ok(p.builders.n == 2 && p.build_types.n == 1 && p.refs.n == 2, "lists");
	is_str(p.sources.item[0], "https://github.com/o/r", "a source without git+");
	ok(p.has_parameters && p.parameters.n == 0, "no parameters allowed is not the same as any");
	is_int(p.max_age, 30 * TS_DAY, "max-age");
	is_int(p.nsigners, 3, "signers");
	is_str(p.signer[0].path, "dir/keys/a.pem", "a key file beside the policy");
	is_str(p.signer[1].path, "/abs/b.pem", "an absolute one");
	ok(!p.signer[2].path && digest_is_set(&p.signer[2].id), "a key id");
	is_int(p.ndigests, 1, "digests");
	struct digest d = sha256_of(span_str(full));
	ok(digest_eq(&p.digest, &d), "its own digest");
	is_int(parse(&p, "version: 1\nrequire: [anatomy]\n", &f), 0, "the smallest policy");
	is_str(p.name, "dir/p.yaml", "is named after its file");
	ok(!p.has_parameters && !p.max_age && !p.nsigners, "and limits nothing else");
}

static void test_authenticode(void)
{
	struct policy p;
	struct fault f;
	struct policy_file file[2];

	is_int(parse(&p,
		   "version: 1\nrequire: [anatomy]\nauthenticode:\n  roots: [ms.pem, 'sha256:" SHA
		   "', /abs/v.pem]\n  timestamp-roots: [tsa.pem, ms.pem]\n  allow-sha1: true\n",
		   &f),
	    0, "who may have signed inside %s", f.text);
	const struct policy_authenticode *ac = &p.authenticode;
	ok(ac->roots.n == 3 && ac->stamp_roots.n == 2 && ac->allow_sha1, "roots, stamps, SHA-1");
	is_str(ac->roots.item[0].path, "dir/ms.pem", "a file beside the policy");
	ok(!ac->roots.item[1].path && digest_is_set(&ac->roots.item[1].digest), "a digest");
	is_int(policy_needs_files(&p, file, 2), 3, "files, each once");
	is_str(file[0].text, "ms.pem", "as the policy names them");
	is_str(file[1].path, "/abs/v.pem", "and where they are");
	is_int(parse(&p, "version: 1\nrequire: [anatomy]\nauthenticode: {roots: [a]}\n", &f), 0,
	    "roots alone");
	ok(!p.authenticode.allow_sha1 && !p.authenticode.stamp_roots.n, "SHA-1 is not allowed then");
}

static void test_bad(void)
{
#define OK1 "version: 1\nrequire: [provenance]\n"
	static const struct {
		const char *text, *where, *says;
	} t[] = {
		{ "", "dir/p.yaml", "" },
		{ "[]", "p.yaml:1", "mapping" },
		{ "version: 1\n", "p.yaml:1", "\"require\" is missing" },
		{ "require: [anatomy]\n", "p.yaml:1", "\"version\" must be 1" },
		{ "version: 2\nrequire: [anatomy]\n", "p.yaml:1:10", "\"version\" must be 1" },
		{ "version: '1'\nrequire: [anatomy]\n", "p.yaml:1:10", "\"version\" must be 1" },
		{ OK1 "colour: red\n", "p.yaml:3", "colour" },
		{ OK1 "require: [anatomy]\n", "p.yaml:3", "" },
		{ "version: 1\nrequire: anatomy\n", "p.yaml:2:10", "must be a list" },
		{ "version: 1\nrequire: []\n", "p.yaml:2:10", "empty" },
		{ "version: 1\nrequire: [magic]\n", "p.yaml:2:11", "knows anatomy" },
		{ "version: 1\nrequire: [1]\n", "p.yaml:2:11", "knows anatomy" },
		{ "version: 1\nrequire: [anatomy, anatomy]\n", "p.yaml:2:20", "twice" },
		{ OK1 "name: ''\n", "p.yaml:3:7", "not empty" },
		{ OK1 "builders: x\n", "p.yaml:3:11", "must be a list" },
		{ OK1 "builders: []\n", "p.yaml:3:11", "empty" },
		{ OK1 "builders: [1]\n", "p.yaml:3:12", "must be a text" },
		{ OK1 "builders:\n  - https://b/*\n", "p.yaml:4:5", "behind the last \"@\"" },
		{ OK1 "builders:\n  - 'https://b/*@v1'\n", "p.yaml:4:5", "behind the last \"@\"" },
		{ OK1 "build-types: ['*']\n", "p.yaml:3", "not allowed" },
		{ OK1 "sources: [https://h/*/r]\n", "p.yaml:3", "not allowed" },
		{ OK1 "sources: [git+https://h/o/r@refs/tags/v1]\n", "p.yaml:3", "refs" },
		{ OK1 "sources: [git+https://h/o/r@v1]\n", "p.yaml:3", "refs" },
		{ OK1 "refs: [null]\n", "p.yaml:3:8", "must be a text" },
		{ OK1 "parameters: ['*']\n", "p.yaml:3", "not allowed" },
		{ OK1 "max-age: 30\n", "p.yaml:3:10", "max-age" },
		{ OK1 "max-age: 0d\n", "p.yaml:3:10", "max-age" },
		{ OK1 "max-age: soon\n", "p.yaml:3:10", "max-age" },
		{ OK1 "signers: []\n", "p.yaml:3:10", "empty" },
		{ OK1 "signers: ['sha256:00']\n", "p.yaml:3:11", "key id" },
		{ OK1 "digests: ['sha256:" SHA "']\n", "p.yaml:3:10", "no effect" },
		{ "version: 1\nrequire: [digest]\ndigests: ['md5:00']\n", "p.yaml:3:11", "digest" },
		{ "version: 1\nrequire: [digest]\ndigests: ['sha1:da39a3ee5e6b4b0d3255bfef95601890afd80709"
		  "']\n", "p.yaml:3:11", "digest" },
		{ "version: 1\nrequire: [anatomy]\nbuilders: [b]\n", "p.yaml:3:11", "no effect" },
		{ "version: 1\nrequire: [anatomy]\nmax-age: 3d\n", "p.yaml:3:10", "no effect" },
		{ "version: 1\nrequire: [anatomy]\nsigners: [a.pem]\n", "p.yaml:3:10", "no effect" },
#define AC "version: 1\nrequire: [anatomy]\nauthenticode: "
		{ AC "x\n", "p.yaml:3:15", "mapping" },
		{ AC "{}\n", "p.yaml:3:15", "roots" },
		{ AC "{allow-sha1: true}\n", "p.yaml:3:15", "roots" },
		{ AC "{roots: []}\n", "p.yaml:3", "empty" },
		{ AC "{roots: [1]}\n", "p.yaml:3", "must be a text" },
		{ AC "{roots: ['sha256:00']}\n", "p.yaml:3", "64 hex" },
		{ AC "{roots: [a], allow-sha1: 1}\n", "p.yaml:3", "true or false" },
		{ AC "{roots: [a], colour: red}\n", "p.yaml:3", "colour" },
		{ OK1 "authenticode: {roots: [a]}\n", "p.yaml:3:15", "no effect" },
		{ "version: &a 1\nrequire: [anatomy]\n", "p.yaml:1", "" },
	};
	static const struct policy zero;

	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		struct policy p;
		struct fault f;
		int rc = parse(&p, t[i].text, &f);
		if (!ok(rc == -EBADMSG && strstr(f.text, t[i].where) && strstr(f.text, t[i].says) &&
			memcmp(&p, &zero, sizeof(p)) == 0, "refused at %s: %s", t[i].where, t[i].says))
			diag("%d %s", rc, f.text);
	}
	size_t silent = 0;
	for (size_t n = 0; n < sizeof(full) - 1; n++) {
		struct policy p;
		struct fault f = FAULT_INIT;
		int rc = policy_parse(&p, "p", span_of(full, n), &mem, &f);
		/* A policy cut at a line's end may be a smaller policy, never one that requires less. */
		silent += rc == 0 ? p.require != (POLICY_ANATOMY | POLICY_PROVENANCE | POLICY_SBOM |
					     POLICY_DIGEST) : !f.text[0];
	}
	is_int(silent, 0, "a cut policy is an error in words, or requires all the same");
}

static void test_glob(void)
{
	static const struct {
		const char *pattern, *text;
		bool want;
	} t[] = {
		{ "a", "a", true }, { "a", "b", false }, { "a", "", false }, { "", "", true },
		{ "", "a", false }, { "*", "", true }, { "*", "abc", true }, { "*", "a/b", false },
		{ "refs/tags/*", "refs/tags/v1", true }, { "refs/tags/*", "refs/tags/", true },
		{ "refs/tags/*", "refs/tags/v1/x", false }, { "refs/tags/*", "refs/heads/v1", false },
		{ "v1.*", "v1.2", true }, { "v1.*", "v10", false }, { "*.*.*", "v1.2.3", true },
		{ "*.*.*", "v1.2", false }, { "*a/b", "aa/b", true }, { "a*b*c", "aXbYbZc", true },
		{ "a*b*c", "aXbY", false }, { "**", "x", true }, { "*/*", "a/b", true },
		{ "*/*", "a/b/c", false }, { "a*", "b", false }, { "*b", "ab/b", false },
	};
	for (size_t i = 0; i < ARRAY_LEN(t); i++)
		ok(policy_glob(t[i].pattern, t[i].text) == t[i].want, "\"%s\" %s \"%s\"", t[i].pattern,
		    t[i].want ? "matches" : "does not match", t[i].text);
	struct policy_list none = { 0 }, one = { (const char *[]){ "x" }, 1 };
	ok(policy_allows(&none, NULL) && policy_allows(&none, "y"), "no list allows everything");
	ok(policy_allows(&one, "x") && !policy_allows(&one, "y") && !policy_allows(&one, NULL),
	    "a list allows what is in it; nothing is not in it");
}

static void test_match(void)
{
	static const struct {
		const char *pattern, *text;
		bool want;
	} glob[] = {
		{ "**", "a/b/c", true }, { "a/**", "a/b/c", true }, { "a/**/d", "a/b/c/d", true },
		{ "a/**/d", "a/d", false }, { "**d", "a/b/c/d", true }, { "a/*/**", "a/b/c/d", true },
		{ "**x*y", "a/x/xby", true }, { "**x*y", "a/x/xb/y", false }, { "***", "a/b", true },
		{ "a**b**c", "a/b/b/c", true }, { "a**b", "a/c", false },
	};
	static const struct {
		const char *pattern, *id;
		bool want;
	} builder[] = {
		{ "https://b", "https://b", true }, { "https://b", "https://b@v1", false },
		{ "b@v1.*", "b@v1.2", true }, { "b@v1.*", "b@refs/tags/v1.2", true },
		{ "b@v1.*", "b@refs/heads/v1.2", false }, { "b@v1.*", "c@v1.2", false },
		{ "b@*", "b@refs/heads/main", false }, { "b@refs/heads/*", "b@refs/heads/main", true },
		{ "b@>=v1.9.0", "b@refs/tags/v1.10.0", true }, { "b@>=v1.9.0", "b@v1.9.0", true },
		{ "b@>=v1.9.0", "b@refs/tags/v1.8.9", false }, { "b@>=v1.9.0", "b@v1.9.0-rc.1", false },
		{ "b@>=v1.9.0", "b@v1.10", false }, { "b@>=v1.9.0", "b@refs/heads/v1.10.0", false },
		{ "b@>=v1.9.0-rc.2", "b@v1.9.0-rc.10", true }, { "b@>=v1.9.0", "b@>=v1.9.0", false },
		{ "b@>=v1.9.0", "b@v01.9.0", false },
	};
	static const struct {
		const char *want_version, *ref;
		bool want;
	} tag[] = {
		{ "v1", "refs/tags/v1.2.3", true }, { "v1.2", "refs/tags/v1.2.3", true },
		{ "v1.2.3", "refs/tags/v1.2.3", true }, { "v1.2.3", "refs/tags/v1.2.3+b1", true },
		{ "v1", "refs/tags/v10.2.3", false }, { "v1.2", "refs/tags/v1.20.3", false },
		{ "v1", "refs/tags/v1.2.3-rc1", false }, { "v1.2.3-rc1", "refs/tags/v1.2.3-rc1", true },
		{ "v1.2.3", "refs/tags/v1.2.3-rc1", false }, { "v1", "refs/heads/v1.2.3", false },
		{ "v1", "v1.2.3", false }, { "v1", "refs/tags/1.2.3", false }, { "v1", "refs/tags/v1", true },
		{ "v1.0", "refs/tags/v1", true }, { "v1.1", "refs/tags/v1", false }, { "v1", NULL, false },
		{ "1", "refs/tags/v1.0.0", false }, { "v1.2.3.4", "refs/tags/v1.2.3.4", false },
	};

	for (size_t i = 0; i < ARRAY_LEN(glob); i++)
		ok(policy_glob(glob[i].pattern, glob[i].text) == glob[i].want, "%s %s %s",
		    glob[i].pattern, glob[i].want ? "=" : "!=", glob[i].text);
	for (size_t i = 0; i < ARRAY_LEN(builder); i++)
		ok(policy_builder(builder[i].pattern, builder[i].id) == builder[i].want, "%s %s %s",
		    builder[i].pattern, builder[i].want ? "=" : "!=", builder[i].id);
	for (size_t i = 0; i < ARRAY_LEN(tag); i++)
		ok(policy_versioned_tag(tag[i].want_version, tag[i].ref) == tag[i].want, "%s %s %s",
		    tag[i].want_version, tag[i].want ? "=" : "!=", tag[i].ref ? tag[i].ref : "NULL");
	ok(policy_level("SLSA_BUILD_LEVEL_2", "SLSA_BUILD_LEVEL_3") &&
		!policy_level("SLSA_BUILD_LEVEL_3", "SLSA_BUILD_LEVEL_2") &&
		!policy_level("SLSA_BUILD_LEVEL_2", "SLSA_SOURCE_LEVEL_3") && policy_level("X", "X") &&
		!policy_level("X_LEVEL_1", "X_LEVEL_2") &&
		!policy_level("SLSA_BUILD_LEVEL_2", "SLSA_BUILD_LEVEL_30") &&
		!policy_level("FAILED", "SLSA_BUILD_LEVEL_3"),
	    "a higher level of the same SLSA track is enough");
}

static void test_new_members(void)
{
#define P "version: 1\nrequire: [provenance]\n"
	static const char *const good[] = {
		P "parameters: [a, /b/c, {name: d, value: 1}, {name: /e~1f, value: [x, true]}]\n",
		P "inputs: {a: b, c: [1, 2]}\n",
		P "dependencies: {contain: [x, {digest: 'sha1:da39a3ee5e6b4b0d3255bfef95601890afd80709'}]}\n",
		P "dependencies: {only-from: ['**']}\n", P "package: {name: '@a/b', version: '1'}\n",
		P "signers: [{identity: a, issuer: b}]\n",
		P "signers: [{identity-regexp: a, issuer-regexp: b, claims: {build-trigger: push}}]\n",
		P "signers: ['openpgp:0123 4567 89ab cdef 0123 4567 89AB CDEF 0123 4567']\n",
		"version: 1\nrequire: [vsa]\nvsa: {verifiers: [a], levels: [b], max-age: 1d}\n",
		P "branches: [main]\ntags: ['v*']\nversioned-tags: [v1]\nlevels: [L]\n",
	};
	static const char *const bad[] = {
		P "parameters: [{name: d}]\n", P "parameters: [{name: d, value: []}]\n",
		P "parameters: [{name: d, value: 1, x: 2}]\n", P "parameters: [{name: d, value: {}}]\n",
		P "inputs: {}\n", P "inputs: [a]\n", P "dependencies: {}\n",
		P "dependencies: {contain: []}\n", P "dependencies: {contain: [{}]}\n",
		P "dependencies: {contain: [{digest: x}]}\n",
		P "dependencies: {contain: [{digest: 'sha1:00'}]}\n", P "dependencies: {x: [a]}\n",
		P "package: {version: '1'}\n", P "package: {name: ''}\n", P "signers: [{identity: a}]\n",
		P "signers: [{issuer: a}]\n", P "signers: [{identity: a, identity-regexp: b, issuer: c}]\n",
		P "signers: [{identity: a, issuer: b, claims: {nonsense: c}}]\n",
		P "signers: [{identity: a, issuer: b, claims: {}}]\n", P "signers: ['openpgp:0123']\n",
		P "signers: ['openpgp:xyz']\n", "version: 1\nrequire: [vsa]\n",
		"version: 1\nrequire: [vsa]\nvsa: {levels: [a]}\n", P "vsa: {verifiers: [a]}\n",
		P "branches: [refs/heads/main]\n", P "versioned-tags: ['1.2']\n",
		P "builders: ['https://github.com/o/r/.github/workflows/w.yml']\n",
		P "builders: ['b@>=1.2.3']\n", "version: 1\nrequire: [digest]\nbranches: [a]\n",
	};
	struct policy p;
	struct fault f;

	for (size_t i = 0; i < ARRAY_LEN(good); i++)
		if (!ok(parse(&p, good[i], &f) == 0, "taken: %s", strchr(good[i] + 12, '\n') + 1))
			diag("%s", f.text);
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		if (!ok(parse(&p, bad[i], &f) == -EBADMSG && strstr(f.text, "p.yaml:"), "refused: %s",
			strchr(bad[i] + 12, '\n') + 1))
			diag("%s", f.text);
}

int main(void)
{
	mem = ARENA_INIT(64u << 20);
	test_good();
	test_authenticode();
	test_bad();
	test_glob();
	test_match();
	test_new_members();
	arena_free(&mem);
	return tap_done();
}
