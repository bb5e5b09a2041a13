/* SPDX-License-Identifier: Apache-2.0 */

#include "trust/slsa.h"

#include "tap.h"

#include <errno.h>

static struct arena mem;

static int read_text(struct slsa *s, const char *type, const char *text, struct fault *f)
{
	static struct json_doc doc;
	*f = FAULT_INIT;
	if (json_parse(&doc, span_str(text), &mem, f) < 0)
		abort();
	return slsa_read(s, type, json_root(&doc), &mem, f);
}

static bool eq(const char *a, const char *b)
{
	return a == b || (a && b && strcmp(a, b) == 0);
}

#define RUN ",\"runDetails\":{\"builder\":{\"id\":\"B\"},\"metadata\":{\"finishedOn\":"            \
	"\"2026-11-01T00:00:00Z\"}}}"
#define DEF "{\"buildDefinition\":{\"buildType\":\"T\","
#define REPO "https://github.com/o/r"
#define SHA "\"gitCommit\":\"0011\""

static void test_sources(void)
{
	static const struct {
		const char *what, *type, *text, *uri, *ref, *digest;
	} t[] = {
		{ "GitHub workflow, digest from the dependency", SLSA_V1, DEF "\"externalParameters\":{"
		  "\"workflow\":{\"ref\":\"refs/heads/main\",\"repository\":\"" REPO "\",\"path\":\"p\"}},"
		  "\"resolvedDependencies\":[{\"uri\":\"git+" REPO "@refs/heads/main\",\"digest\":{" SHA
		  "}}]}" RUN, REPO, "refs/heads/main", "gitCommit:0011" },
		{ "another dependency does not lend its digest", SLSA_V1, DEF "\"externalParameters\":{"
		  "\"workflow\":{\"ref\":\"refs/heads/main\",\"repository\":\"" REPO "\"}},"
		  "\"resolvedDependencies\":[{\"uri\":\"git+" REPO "x@refs/heads/main\",\"digest\":{" SHA
		  "}},{\"uri\":\"git+" REPO "@refs/heads/dev\",\"digest\":{" SHA "}}]}" RUN, REPO,
		    "refs/heads/main", NULL },
		{ "container build: source with digest", SLSA_V1, DEF "\"externalParameters\":{\"source\":"
		  "{\"uri\":\"git+" REPO "@refs/tags/v14\",\"digest\":{\"sha1\":\"22\"}}}}" RUN, REPO,
		    "refs/tags/v14", "sha1:22" },
		{ "source as a string", SLSA_V1, DEF "\"externalParameters\":{\"source\":\"git+" REPO
		  "@refs/tags/v1\"}}" RUN, REPO, "refs/tags/v1", NULL },
		{ "Cloud Build", SLSA_V1, DEF "\"externalParameters\":{\"buildConfigSource\":{"
		  "\"repository\":\"" REPO "\",\"ref\":\"refs/tags/v2\",\"path\":\"p\"}}}" RUN, REPO,
		    "refs/tags/v2", NULL },
		{ "no source parameter, one git dependency", SLSA_V1, DEF "\"externalParameters\":{"
		  "\"inputs\":{}},\"resolvedDependencies\":[{\"uri\":\"oci://x\"},{\"uri\":\"git+" REPO
		  "@refs/tags/v14\",\"digest\":{\"sha1\":\"22\"}}]}" RUN, REPO, "refs/tags/v14", "sha1:22" },
		{ "no source parameter, two git dependencies: none", SLSA_V1, DEF
		  "\"externalParameters\":{},\"resolvedDependencies\":[{\"uri\":\"git+" REPO
		  "\"},{\"uri\":\"git+" REPO "2\"}]}" RUN, NULL, NULL, NULL },
		{ "v0.2 config source", SLSA_V02, "{\"builder\":{\"id\":\"B\"},\"buildType\":\"T\","
		  "\"invocation\":{\"configSource\":{\"uri\":\"git+" REPO "@refs/heads/main\",\"digest\":{"
		  "\"sha1\":\"33\"},\"entryPoint\":\"e\"}},\"metadata\":{\"buildFinishedOn\":"
		  "\"2026-11-01T00:00:00Z\"},\"materials\":[{\"uri\":\"git+" REPO "@refs/heads/main\","
		  "\"digest\":{\"sha1\":\"33\"}}]}", REPO, "refs/heads/main", "sha1:33" },
		{ "v0.2 materials only", SLSA_V02, "{\"builder\":{\"id\":\"B\"},\"buildType\":\"T\","
		  "\"metadata\":{\"buildFinishedOn\":\"2026-11-01T00:00:00Z\"},\"materials\":[{\"uri\":"
		  "\"git+" REPO "@refs/heads/main\",\"digest\":{\"sha1\":\"33\"}},{\"uri\":"
		  "\"pkg:docker/x\"}]}", REPO, "refs/heads/main", "sha1:33" },
	};
	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		struct slsa s;
		struct fault f;
		ts want;
		if (ts_parse(SPAN_LIT("2026-11-01T00:00:00Z"), &want) < 0)
			abort();
		if (!ok(read_text(&s, t[i].type, t[i].text, &f) == 0, "%s", t[i].what)) {
			diag("%s", f.text);
			continue;
		}
		if (!ok(eq(s.source_uri, t[i].uri) && eq(s.source_ref, t[i].ref) &&
			eq(s.source_digest, t[i].digest), "source, ref, digest"))
			diag("%s %s %s", s.source_uri, s.source_ref, s.source_digest);
		ok(eq(s.builder_id, "B") && eq(s.build_type, "T") && s.finished == want,
		    "builder, build type, time");
	}
}

static void test_bad(void)
{
	static const struct {
		const char *what, *type, *text, *says;
	} t[] = {
		{ "not an object", SLSA_V1, "[]", "without a predicate" },
		{ "empty v1", SLSA_V1, "{}", "buildDefinition" },
		{ "no run details", SLSA_V1, DEF "\"externalParameters\":{}}}", "runDetails" },
		{ "no external parameters", SLSA_V1, DEF "\"x\":1}" RUN, "externalParameters" },
		{ "external parameters are a list", SLSA_V1, DEF "\"externalParameters\":[]}" RUN,
		    "externalParameters" },
		{ "no builder", SLSA_V1, DEF "\"externalParameters\":{}},\"runDetails\":{}}", "builder" },
		{ "no builder id", SLSA_V1, DEF "\"externalParameters\":{}},\"runDetails\":{\"builder\":"
		  "{}}}", "\"id\"" },
		{ "empty builder id", SLSA_V1, DEF "\"externalParameters\":{}},\"runDetails\":{\"builder\":"
		  "{\"id\":\"\"}}}", "\"id\"" },
		{ "no build type", SLSA_V1, "{\"buildDefinition\":{\"externalParameters\":{}}" RUN,
		    "buildType" },
		{ "a time that is none", SLSA_V1, DEF "\"externalParameters\":{}},\"runDetails\":{"
		  "\"builder\":{\"id\":\"B\"},\"metadata\":{\"finishedOn\":\"yesterday\"}}}", "RFC 3339" },
		{ "a ref that is no text", SLSA_V1, DEF "\"externalParameters\":{\"workflow\":{"
		  "\"repository\":\"" REPO "\",\"ref\":1}}}" RUN, "\"ref\"" },
		{ "the source with two digests", SLSA_V1, DEF "\"externalParameters\":{\"source\":{\"uri\":"
		  "\"git+" REPO "@refs/tags/v1\",\"digest\":{\"sha1\":\"11\"}}},\"resolvedDependencies\":[{"
		  "\"uri\":\"git+" REPO "@refs/tags/v1\",\"digest\":{\"gitCommit\":\"22\"}}]}" RUN,
		    "two different digests" },
		{ "dependencies are an object", SLSA_V1, DEF "\"externalParameters\":{},"
		  "\"resolvedDependencies\":{}}" RUN, "resolvedDependencies" },
		{ "empty v0.2", SLSA_V02, "{}", "builder" },
		{ "v0.2 without build type", SLSA_V02, "{\"builder\":{\"id\":\"B\"}}", "buildType" },
		{ "v0.2 materials differ", SLSA_V02, "{\"builder\":{\"id\":\"B\"},\"buildType\":\"T\","
		  "\"invocation\":{\"configSource\":{\"uri\":\"git+" REPO "@r\",\"digest\":{\"sha1\":\"11\"}"
		  "}},\"materials\":[{\"uri\":\"git+" REPO "@r\",\"digest\":{\"sha1\":\"22\"}}]}",
		    "two different digests" },
	};
	static const struct slsa zero;

	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		struct slsa s;
		struct fault f;
		int rc = read_text(&s, t[i].type, t[i].text, &f);
		if (!ok(rc == -EBADMSG && strstr(f.text, t[i].says) && memcmp(&s, &zero, sizeof(s)) == 0,
			"refused: %s", t[i].what))
			diag("%d %s", rc, f.text);
	}
}

static void test_split(void)
{
	static const struct {
		const char *text, *uri, *ref;
	} t[] = {
		{ "git+https://h/o/r@refs/heads/main", "https://h/o/r", "refs/heads/main" },
		{ "https://h/o/r", "https://h/o/r", NULL },
		{ "git+https://h/o/r@v1.2", "https://h/o/r", "v1.2" },
		{ "git+ssh://git@h/o/r", "ssh://git@h/o/r", NULL },
		{ "git+ssh://git@h/o/r@refs/tags/a@b", "ssh://git@h/o/r", "refs/tags/a@b" },
		{ "git+https://h/o/r@", "https://h/o/r", "" },
		{ "git+", "", NULL },
		{ "", "", NULL },
	};
	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		const char *uri = NULL, *ref = NULL;
		int rc = slsa_split_uri(&uri, &ref, span_str(t[i].text), &mem);
		if (!ok(rc == 0 && eq(uri, t[i].uri) && eq(ref, t[i].ref), "split %s", t[i].text))
			diag("%s %s", uri, ref);
	}
}

static void test_parameters(void)
{
	struct slsa s;
	struct fault f;

	is_int(read_text(&s, SLSA_V1, DEF "\"externalParameters\":{\"workflow\":{},\"inp\\u0075ts\":1}}"
	    RUN, &f), 0, "two parameters");
	ok(s.parameters.n == 2 && eq(s.parameters.item[0].path, "/workflow") &&
		eq(s.parameters.item[0].value, "{}") && eq(s.parameters.item[1].path, "/inputs") &&
		eq(s.parameters.item[1].value, "1"),
	    "they are kept");
	ok(slsa_is(SLSA_V1) && slsa_is(SLSA_V02) && !slsa_is("https://slsa.dev/provenance/v0.1") &&
	    !slsa_is("https://slsa.dev/provenance/v1/"), "v1 and v0.2, and nothing else");
}

int main(void)
{
	mem = ARENA_INIT(16u << 20);
	test_sources();
	test_bad();
	test_split();
	test_parameters();
	arena_free(&mem);
	return tap_done();
}
