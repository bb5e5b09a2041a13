/* SPDX-License-Identifier: Apache-2.0 */

#include "trust/judge.h"

#include "attest.h"
#include "tap.h"

/* One artifact ("dist/app.exe", the empty file), evidence and a policy made of text. */
struct bench {
	struct arena mem;
	struct buf text; /* evidence, one envelope a line */
	struct keyring keys;
	struct evidence ev;
	struct policy policy;
	bool has_policy;
	struct digest expect;
	struct verify_artifact art;
};

static struct key *builder, *other;

#define EMPTY "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
#define OTHER "5891b5b522d5df086d0ff0b110fbd9d21bb4fc7163af34d08286a2e846f6be03"
#define EMPTY1 "da39a3ee5e6b4b0d3255bfef95601890afd80709"
#define SUB(name, sha) "{\"name\":\"" name "\",\"digest\":{\"sha256\":\"" sha "\"}}"
#define REPO "https://github.com/acme/app"
#define GOOD ATTEST_V1(SUB("app.exe", EMPTY), "https://b/hosted", REPO, "refs/tags/v1")
#define BUNDLE                                                                                     \
	"{\"mediaType\":\"application/vnd.dev.sigstore.bundle.v0.3+json\","                            \
	"\"verificationMaterial\":{\"publicKey\":{}},"
#define NOW "2026-11-22T00:00:00Z"

static struct key *public_of(const struct key *k)
{
	AUTO_BUF struct buf b = BUF_INIT(1u << 16);
	struct key *pub;
	if (key_write_public(k, &b) < 0 || key_public(&pub, buf_span(&b), NULL) < 0)
		abort();
	return pub;
}

static struct bench *bench_new(void)
{
	struct bench *b = calloc(1, sizeof(*b));
	b->mem = ARENA_INIT(64u << 20);
	b->text = BUF_INIT(16u << 20);
	b->ev.keep = &b->mem;
	b->art = (struct verify_artifact){ .name = "dist/app.exe", .format = "unknown" };
	verdict_init(&b->art.anatomy, &b->mem);
	for (int alg = DIGEST_SHA1; alg < DIGEST_ALGS; alg++)
		if (hash_span((enum digest_alg)alg, SPAN_NONE, &b->art.digest[alg]) < 0)
			abort();
	return b;
}

static void trust(struct bench *b, const struct key *k, bool may_sign)
{
	if (keyring_add(&b->keys, public_of(k), "builder.pem", may_sign) < 0)
		abort();
}

static void attest(struct bench *b, const char *payload, const struct key *k)
{
	attest_sign(&b->text, payload, k);
	buf_putc(&b->text, '\n');
}

static void set_policy(struct bench *b, const char *text)
{
	struct fault f = FAULT_INIT;
	if (policy_parse(&b->policy, "p.yaml", span_str(text), &b->mem, &f) < 0) {
		diag("%s", f.text);
		abort();
	}
	b->has_policy = true;
}

static const struct reason *find(const struct verdict *v, enum reason_kind kind, const char *code)
{
	for (size_t i = 0; i < v->n; i++)
		if (v->reason[i].kind == kind && strcmp(v->reason[i].code, code) == 0)
			return &v->reason[i];
	return NULL;
}

/* Judges, checks status and one reason, and frees the bench. code NULL: no reason looked for. */
static void judged(struct bench *b, enum verdict_status want, enum reason_kind kind,
    const char *code, const char *name)
{
	const struct accept accept = { .keys = &b->keys };
	const struct evidence_trust trust = { .keys = &b->keys, .accept = &accept };
	struct judge j = { .evidence = { &b->ev }, .trust = &trust,
		.policy = { b->has_policy ? &b->policy : NULL }, .expect = &b->expect,
		.arena = &b->mem, .only = true };
	if (ts_parse(SPAN_LIT(NOW), &j.now) < 0)
		abort();
	if (b->text.n && evidence_add(&b->ev, buf_span(&b->text), "ev.jsonl", &trust) < 0)
		abort();
	if (judge_artifact(&j, &b->art) < 0)
		abort();
	const struct verdict *v = &b->art.verdict;
	const struct reason *r = code ? find(v, kind, code) : NULL;
	if (!ok(v->status == want && (!code || r), "%s: %s%s%s", name, verdict_name(want),
		code ? ", " : "", code ? code : "")) {
		diag("is %s", verdict_name(v->status));
		for (size_t i = 0; i < v->n; i++)
			diag("%s %s: %s", reason_name(v->reason[i].kind), v->reason[i].code,
			    v->reason[i].text);
	}
	ok((b->art.builder_id != NULL) == (find(v, REASON_PROVEN, "provenance.accepted") != NULL),
	    "facts are given for an accepted provenance only");
	if (r && kind == REASON_FAIL && strncmp(code, "artifact.digest", 16) != 0)
		ok(digest_is_set(&r->evidence) && r->file, "the reason names its evidence");
	keyring_free(&b->keys);
	buf_free(&b->text);
	arena_free(&b->mem);
	free(b);
}

static void test_without_policy(void)
{
	struct bench *b = bench_new();
	judged(b, VERDICT_UNKNOWN, REASON_MISSING, "provenance.none", "nothing given");
	b = bench_new();
	judged(b, VERDICT_UNKNOWN, REASON_MISSING, "signer.none", "no key given");
	b = bench_new();
	b->expect = b->art.digest[DIGEST_SHA256];
	judged(b, VERDICT_PASS, REASON_PROVEN, "artifact.expected", "the expected digest");
	b = bench_new();
	b->expect = b->art.digest[DIGEST_SHA512];
	b->expect.b[63] ^= 1;
	judged(b, VERDICT_FAIL, REASON_FAIL, "artifact.digest", "another digest than expected");
	b = bench_new();
	b->expect = b->art.digest[DIGEST_SHA256];
	b->art.digest[DIGEST_SHA256] = (struct digest){ 0 };
	judged(b, VERDICT_UNKNOWN, REASON_MISSING, "artifact.digest-unknown",
	    "known by another digest than the expected one");
	b = bench_new();
	trust(b, builder, true);
	attest(b, GOOD, builder);
	judged(b, VERDICT_PASS, REASON_PROVEN, "provenance.accepted", "a signed provenance");
	b = bench_new();
	attest(b, GOOD, builder);
	judged(b, VERDICT_UNKNOWN, REASON_NOTE, "evidence.stranger", "the same without a key");
	b = bench_new();
	trust(b, other, true);
	attest(b, GOOD, builder);
	judged(b, VERDICT_UNKNOWN, REASON_MISSING, "provenance.none", "by somebody else");
	b = bench_new();
	trust(b, builder, true);
	attest(b, GOOD, builder);
	b->expect = b->art.digest[DIGEST_SHA256];
	b->expect.b[0] ^= 1;
	judged(b, VERDICT_FAIL, REASON_FAIL, "artifact.digest", "provenance does not outweigh --expect");
	b = bench_new();
	trust(b, builder, true);
	attest(b, GOOD, builder);
	verdict_add(&b->art.anatomy, REASON_FAIL, "pe.slack", "x");
	judged(b, VERDICT_FAIL, REASON_PROVEN, "provenance.accepted",
	    "nor a broken anatomy");
	b = bench_new();
	verdict_add(&b->art.anatomy, REASON_PROVEN, "pe.digest", "x");
	judged(b, VERDICT_UNKNOWN, REASON_MISSING, "provenance.none",
	    "a good anatomy proves no origin");
}

static void test_subjects(void)
{
	struct bench *b = bench_new();
	trust(b, builder, true);
	attest(b, ATTEST_V1(SUB("app.exe", OTHER), "b", REPO, "r"), builder);
	judged(b, VERDICT_FAIL, REASON_FAIL, "artifact.replaced", "the same name, other bytes");
	b = bench_new();
	trust(b, builder, true);
	attest(b, ATTEST_V1(SUB("app.exe", OTHER), "b", REPO, "r"), builder);
	b->expect = b->art.digest[DIGEST_SHA256];
	judged(b, VERDICT_FAIL, REASON_FAIL, "artifact.replaced", "also when --expect matches");
	b = bench_new();
	trust(b, builder, true);
	attest(b, ATTEST_V1(SUB("app.exe", OTHER), "b", REPO, "refs/tags/v0"), builder);
	attest(b, GOOD, builder);
	judged(b, VERDICT_PASS, REASON_PROVEN, "provenance.accepted",
	    "an older build's statement beside this one's");
	b = bench_new();
	trust(b, builder, true);
	attest(b, ATTEST_V1(SUB("lib.dll", OTHER), "b", REPO, "r"), builder);
	judged(b, VERDICT_UNKNOWN, REASON_MISSING, "provenance.none", "about another file");
	b = bench_new();
	trust(b, builder, true);
	attest(b, ATTEST_V1("{\"name\":\"app.exe\",\"digest\":{\"sha1\":\"" EMPTY1 "\"}}", "b", REPO,
	    "r"), builder);
	judged(b, VERDICT_UNKNOWN, REASON_NOTE, "evidence.weak-digest", "SHA-1 alone");
	b = bench_new();
	trust(b, builder, true);
	attest(b, ATTEST_V1("{\"name\":\"x\",\"digest\":{\"sha1\":\"" EMPTY1 "\",\"sha256\":\"" OTHER
	    "\"}}", "b", REPO, "r"), builder);
	judged(b, VERDICT_FAIL, REASON_FAIL, "artifact.digest-conflict", "digests that disagree");
}

static void test_bad_evidence(void)
{
	struct bench *b = bench_new();
	trust(b, builder, true);
	attest(b, GOOD, builder);
	buf_puts(&b->text, "{\"payload\":\n");
	judged(b, VERDICT_FAIL, REASON_FAIL, "evidence.malformed", "a broken line beside a good one");
	b = bench_new();
	trust(b, builder, true);
	attest(b, "{}", builder);
	judged(b, VERDICT_FAIL, REASON_FAIL, "evidence.malformed", "signed rubbish");
	b = bench_new();
	trust(b, builder, true);
	attest(b, ATTEST_V1(SUB("app.exe", EMPTY), "", REPO, "r"), builder);
	judged(b, VERDICT_FAIL, REASON_FAIL, "evidence.malformed", "signed provenance of nobody");
	b = bench_new();
	trust(b, builder, true);
	attest(b, GOOD, other);
	struct digest id = key_id(builder), wrong = key_id(other);
	memcpy(strstr((char *)b->text.p, DIGEST_HEX(&wrong)), DIGEST_HEX(&id), 64);
	judged(b, VERDICT_FAIL, REASON_FAIL, "evidence.signature", "a signature in another's name");
	b = bench_new();
	trust(b, builder, true);
	buf_puts(&b->text, BUNDLE "\"dsseEnvelope\":");
	attest_sign(&b->text, GOOD, other);
	buf_puts(&b->text, "}");
	judged(b, VERDICT_UNKNOWN, REASON_NOTE, "evidence.stranger", "a bundle by another key");
	b = bench_new();
	trust(b, builder, true);
	buf_puts(&b->text, "{\"mediaType\":\"application/vnd.dev.sigstore.bundle.v0.3+json\","
			   "\"verificationMaterial\":{},\"dsseEnvelope\":");
	attest_sign(&b->text, GOOD, builder);
	buf_puts(&b->text, "}");
	judged(b, VERDICT_FAIL, REASON_FAIL, "evidence.sigstore-material", "a bundle without signer");
	b = bench_new();
	trust(b, builder, true);
	buf_puts(&b->text, BUNDLE "\"dsseEnvelope\":");
	attest_sign(&b->text, GOOD, builder);
	buf_puts(&b->text, "}");
	judged(b, VERDICT_PASS, REASON_PROVEN, "provenance.accepted",
	    "a bundle whose envelope a given key signed");
	b = bench_new();
	for (int i = 0; i < 600; i++)
		attest(b, GOOD, other);
	trust(b, builder, true);
	attest(b, GOOD, builder);
	judged(b, VERDICT_PASS, REASON_NOTE, "evidence.more",
	    "600 strangers do not crowd out the one that counts");
	b = bench_new();
	trust(b, builder, true);
	for (int i = 0; i < EVIDENCE_ENVELOPES_MAX; i++)
		buf_puts(&b->text, "{\"payload\":\"\",\"payloadType\":\"t\","
				   "\"signatures\":[{\"sig\":\"\"}]}\n");
	attest(b, GOOD, builder);
	judged(b, VERDICT_FAIL, REASON_FAIL, "evidence.malformed", "more envelopes than the cap");
}

#define LIMITS "version: 1\nrequire: [provenance]\n"

static void test_policy(void)
{
	static const struct {
		const char *policy, *code; /* code NULL: PASS */
	} t[] = {
		{ LIMITS, NULL },
		{ LIMITS "builders: [https://b/hosted]\n", NULL },
		{ LIMITS "builders: [https://c/hosted, https://b/hosted]\n", NULL },
		{ LIMITS "builders: [https://b/host]\n", "provenance.builder-id" },
		{ LIMITS "builders: [https://b/hosted@v1]\n", "provenance.builder-id" },
		{ LIMITS "build-types: [https://example.com/build/v1]\n", NULL },
		{ LIMITS "build-types: [https://example.com/build/v2]\n", "provenance.build-type" },
		{ LIMITS "sources: [" REPO "]\n", NULL },
		{ LIMITS "sources: [git+" REPO "]\n", NULL },
		{ LIMITS "sources: [" REPO "2]\n", "provenance.source" },
		{ LIMITS "refs: [refs/tags/*]\n", NULL },
		{ LIMITS "refs: [refs/tags/v2, refs/heads/*]\n", "provenance.ref" },
		{ LIMITS "parameters: [workflow]\n", NULL },
		{ LIMITS "parameters: []\n", "provenance.parameter" },
		{ LIMITS "max-age: 22d\n", NULL },
		{ LIMITS "max-age: 20d\n", "provenance.stale" },
		{ LIMITS "builders: [https://b/hosted]\nbuild-types: [https://example.com/build/v1]\n"
		  "sources: [" REPO "]\nrefs: [refs/tags/v*]\nparameters: [workflow]\nmax-age: 90d\n",
		    NULL },
	};
	static const char elsewhere[] =
	    "{\"_type\":\"https://in-toto.io/Statement/v0.1\",\"subject\":[" SUB("app.exe", EMPTY)
	    "],\"predicateType\":\"https://slsa.dev/provenance/v0.2\",\"predicate\":{\"builder\":{"
	    "\"id\":\"b\"},\"buildType\":\"t\",\"invocation\":{\"configSource\":{\"uri\":\"git+" REPO
	    "\"}},\"materials\":[{\"uri\":\"git+https://git.example/other\"}]}}";

	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		struct bench *b = bench_new();
		char name[512];
		snprintf(name, sizeof(name), "policy %s", t[i].policy + strlen(LIMITS));
		for (char *p = name; *p; p++)
			*p = *p == '\n' ? ' ' : *p;
		trust(b, builder, true);
		attest(b, GOOD, builder);
		set_policy(b, t[i].policy);
		judged(b, t[i].code ? VERDICT_FAIL : VERDICT_PASS,
		    t[i].code ? REASON_FAIL : REASON_PROVEN,
		    t[i].code ? t[i].code : "provenance.accepted", name);
	}
	struct bench *b = bench_new();
	trust(b, builder, true);
	attest(b, ATTEST_V1(SUB("app.exe", EMPTY), "https://evil/b", REPO, "refs/tags/v1"), builder);
	attest(b, GOOD, builder);
	set_policy(b, LIMITS "builders: [https://b/hosted]\n");
	judged(b, VERDICT_PASS, REASON_WARN, "provenance.builder-id",
	    "one good provenance is enough, the other is a warning");
	b = bench_new();
	trust(b, builder, true);
	attest(b, ATTEST_V1(SUB("app.exe", EMPTY), "https://evil/b", REPO, "refs/tags/v1"), builder);
	attest(b, ATTEST_V1(SUB("app.exe", EMPTY), "https://b/hosted", "https://evil/r",
	    "refs/tags/v1"), builder);
	set_policy(b, LIMITS "builders: [https://b/hosted]\nsources: [" REPO "]\n");
	judged(b, VERDICT_FAIL, REASON_FAIL, "provenance.source",
	    "two bad ones do not make a good one together");
	b = bench_new();
	trust(b, builder, false);
	attest(b, GOOD, builder);
	set_policy(b, LIMITS);
	judged(b, VERDICT_FAIL, REASON_FAIL, "provenance.signer", "a signer that the policy does not list");
	b = bench_new();
	trust(b, builder, true);
	attest(b, ATTEST_V1(SUB("app.exe", EMPTY), "https://b/hosted", REPO, "refs/tags/v1"), builder);
	set_policy(b, LIMITS "max-age: 365d\n");
	judged(b, VERDICT_PASS, REASON_PROVEN, "provenance.accepted", "young enough");
	struct bench *e = bench_new();
	trust(e, builder, true);
	attest(e, elsewhere, builder);
	set_policy(e, LIMITS "sources: [" REPO "]\n");
	judged(e, VERDICT_FAIL, REASON_FAIL, "provenance.source",
	    "built from other repositories than the one that it was started from");
	e = bench_new();
	trust(e, builder, true);
	attest(e, elsewhere, builder);
	judged(e, VERDICT_PASS, REASON_PROVEN, "provenance.accepted", "the same where no source is asked for");
}

static void test_time(void)
{
#define AT(when)                                                                                   \
	"{\"_type\":\"https://in-toto.io/Statement/v1\",\"subject\":[" SUB("app.exe", EMPTY) "],"  \
	"\"predicateType\":\"https://slsa.dev/provenance/v0.2\",\"predicate\":{\"builder\":{"      \
	"\"id\":\"b\"},\"buildType\":\"t\",\"metadata\":{" when "}}}"
	struct bench *b = bench_new();
	trust(b, builder, true);
	attest(b, AT(""), builder);
	set_policy(b, LIMITS "max-age: 30d\n");
	judged(b, VERDICT_FAIL, REASON_FAIL, "provenance.time", "no time under max-age");
	b = bench_new();
	trust(b, builder, true);
	attest(b, AT("\"buildFinishedOn\":\"2026-11-23T00:00:00Z\""), builder);
	set_policy(b, LIMITS "max-age: 30d\n");
	judged(b, VERDICT_FAIL, REASON_FAIL, "provenance.time", "a build of tomorrow");
	b = bench_new();
	trust(b, builder, true);
	attest(b, AT("\"buildFinishedOn\":\"2026-11-22T00:04:00Z\""), builder);
	set_policy(b, LIMITS "max-age: 30d\n");
	judged(b, VERDICT_PASS, REASON_PROVEN, "provenance.accepted", "a clock 4 minutes ahead");
}

static void test_requirements(void)
{
#define SBOM                                                                                       \
	"{\"_type\":\"https://in-toto.io/Statement/v1\",\"subject\":[" SUB("a", EMPTY) "],"         \
	"\"predicateType\":\"https://spdx.dev/Document/v2.3\",\"predicate\":{}}"
	struct bench *b = bench_new();
	set_policy(b, "version: 1\nrequire: [anatomy]\n");
	judged(b, VERDICT_UNKNOWN, REASON_MISSING, "anatomy.none", "anatomy required, nothing to check");
	b = bench_new();
	set_policy(b, "version: 1\nrequire: [anatomy]\n");
	verdict_add(&b->art.anatomy, REASON_PROVEN, "pe.digest", "x");
	judged(b, VERDICT_UNKNOWN, REASON_MISSING, "anatomy.unanchored", "anatomy by anybody");
	static struct component_signature inside[2];
	static const struct {
		enum signed_chain chain[2];
		enum verdict_status want;
		const char *what;
	} signatures[] = {
		{ { CHAIN_STATE_ANCHORED, CHAIN_STATE_ANCHORED }, VERDICT_PASS, "both anchored" },
		{ { CHAIN_STATE_ANCHORED, CHAIN_STATE_NONE }, VERDICT_UNKNOWN, "one a claim" },
		{ { CHAIN_STATE_NONE, CHAIN_STATE_NONE }, VERDICT_UNKNOWN, "both claims" },
		{ { CHAIN_STATE_FAILED, CHAIN_STATE_FAILED }, VERDICT_UNKNOWN, "none anchored" },
	};
	for (size_t i = 0; i < ARRAY_LEN(signatures); i++) {
		b = bench_new();
		set_policy(b, "version: 1\nrequire: [anatomy]\n");
		verdict_add(&b->art.anatomy, REASON_PROVEN, "pe.digest", "x");
		inside[0].chain = signatures[i].chain[0];
		inside[1].chain = signatures[i].chain[1];
		b->art.signature = inside;
		b->art.nsignatures = 2;
		judged(b, signatures[i].want, REASON_PROVEN, "pe.digest", signatures[i].what);
	}
	b = bench_new();
	set_policy(b, "version: 1\nrequire: [sbom]\n");
	trust(b, builder, true);
	attest(b, GOOD, builder);
	judged(b, VERDICT_UNKNOWN, REASON_MISSING, "sbom.none", "sbom required, only provenance");
	b = bench_new();
	set_policy(b, "version: 1\nrequire: [sbom]\n");
	trust(b, builder, true);
	attest(b, SBOM, builder);
	judged(b, VERDICT_PASS, REASON_PROVEN, "evidence.sbom", "sbom required and signed");
	b = bench_new();
	trust(b, builder, true);
	attest(b, SBOM, builder);
	judged(b, VERDICT_UNKNOWN, REASON_MISSING, "provenance.none", "an sbom is no provenance");
	b = bench_new();
	set_policy(b, "version: 1\nrequire: [digest]\n");
	judged(b, VERDICT_UNKNOWN, REASON_MISSING, "artifact.unnamed", "digest required, none named");
	b = bench_new();
	set_policy(b, "version: 1\nrequire: [digest]\ndigests: ['sha256:" EMPTY "']\n");
	judged(b, VERDICT_PASS, REASON_PROVEN, "artifact.expected", "digest listed by the policy");
	b = bench_new();
	set_policy(b, "version: 1\nrequire: [digest]\ndigests: ['sha256:" OTHER "']\n");
	judged(b, VERDICT_FAIL, REASON_FAIL, "artifact.digest", "digest not among those listed");
	b = bench_new();
	set_policy(b, "version: 1\nrequire: [digest]\ndigests: ['sha256:" OTHER "']\n");
	b->art.digest[DIGEST_SHA256] = (struct digest){ 0 };
	judged(b, VERDICT_UNKNOWN, REASON_MISSING, "artifact.digest-unknown",
	    "known by another digest than the listed ones");
	b = bench_new();
	set_policy(b, "version: 1\nrequire: [digest]\ndigests: ['sha256:" OTHER "']\n");
	b->expect = b->art.digest[DIGEST_SHA256];
	judged(b, VERDICT_FAIL, REASON_FAIL, "artifact.digest", "--expect does not overrule the policy");
	b = bench_new();
	set_policy(b, LIMITS);
	b->expect = b->art.digest[DIGEST_SHA256];
	judged(b, VERDICT_UNKNOWN, REASON_MISSING, "provenance.none",
	    "--expect does not replace what the policy requires");
}

/* What the evidence comes to, text changed or not, under a policy that it satisfies. */
static enum verdict_status verdict_of(const struct bench *b, struct span text)
{
	AUTO_ARENA struct arena mem = ARENA_INIT(8u << 20);
	const struct accept accept = { .keys = &b->keys };
	const struct evidence_trust trust = { .keys = &b->keys, .accept = &accept };
	struct evidence ev = { .keep = &mem };
	struct verify_artifact art = b->art;
	struct judge j = { .evidence = { &ev }, .trust = &trust, .policy = { &b->policy },
		.expect = &b->expect, .arena = &mem, .only = true };
	if (ts_parse(SPAN_LIT(NOW), &j.now) < 0)
		abort();
	verdict_init(&art.anatomy, &mem);
	if (evidence_add(&ev, text, "e", &trust) < 0 || judge_artifact(&j, &art) < 0)
		abort();
	evidence_done(&ev);
	return art.verdict.status;
}

/* Every bit and every prefix: PASS only where the bytes are free (keyid, which is not signed). */
static void test_mutation(const char *payload, const char *policy, const char *name)
{
	struct bench *b = bench_new();
	size_t wrong = 0, free_bits = 0;

	trust(b, builder, true);
	set_policy(b, policy);
	attest_sign(&b->text, payload, builder);
	is_int(verdict_of(b, buf_span(&b->text)), VERDICT_PASS, "%s passes", name);
	size_t from = (size_t)(strstr(buf_str(&b->text), "\"keyid\"") - buf_str(&b->text));
	size_t to = (size_t)(strstr(buf_str(&b->text), "\"sig\"") - buf_str(&b->text)) - 1;
	for (size_t i = 0; i < 8 * b->text.n; i++) {
		b->text.p[i / 8] ^= (uint8_t)(1u << i % 8);
		bool pass = verdict_of(b, buf_span(&b->text)) == VERDICT_PASS;
		b->text.p[i / 8] ^= (uint8_t)(1u << i % 8);
		free_bits += pass && i / 8 >= from && i / 8 < to;
		wrong += pass && (i / 8 < from || i / 8 >= to);
	}
	for (size_t n = 0; n < b->text.n; n++)
		wrong += verdict_of(b, span_of(b->text.p, n)) == VERDICT_PASS;
	is_int(wrong, 0, "%s: %zu flips and %zu prefixes refused, but for %zu flips of the keyid", name,
	    8 * b->text.n - free_bits, b->text.n, free_bits);
	keyring_free(&b->keys);
	buf_free(&b->text);
	arena_free(&b->mem);
	free(b);
}

#define SUMMARY                                                                                    \
	"{\"_type\":\"https://in-toto.io/Statement/v1\",\"subject\":[" SUB("app.exe", EMPTY) "],"    \
	"\"predicateType\":\"https://slsa.dev/verification_summary/v1\",\"predicate\":{"             \
	"\"verifier\":{\"id\":\"https://v\"},\"timeVerified\":\"2026-11-21T00:00:00Z\","           \
	"\"resourceUri\":\"r\",\"policy\":{\"uri\":\"p\"},\"verificationResult\":\"PASSED\","      \
	"\"verifiedLevels\":[\"SLSA_BUILD_LEVEL_3\"]}}"

int main(void)
{
	builder = attest_key(KEY_P256);
	other = attest_key(KEY_ED25519);
	test_without_policy();
	test_subjects();
	test_bad_evidence();
	test_policy();
	test_time();
	test_requirements();
	test_mutation(GOOD,
	    "version: 1\nrequire: [provenance]\nbuilders: ['https://b/hosted']\nsources: ['" REPO
	    "']\ntags: [v1]\nparameters: [workflow]\nmax-age: 30d\n",
	    "a provenance");
	test_mutation(SUMMARY,
	    "version: 1\nrequire: [vsa]\nvsa: {verifiers: ['https://v'], levels: [SLSA_BUILD_LEVEL_2],"
	    " resources: [r], policies: [p], max-age: 7d}\n",
	    "a summary");
	key_free(builder);
	key_free(other);
	return tap_done();
}
