/* SPDX-License-Identifier: Apache-2.0 */

#include "trust/statement.h"

#include "crypto/hash.h"
#include "tap.h"

#include <errno.h>

#define V1 "\"_type\":\"https://in-toto.io/Statement/v1\","
#define PT "\"predicateType\":\"https://example.com/p\""
#define SHA256_EMPTY "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
#define SHA256_OTHER "5891b5b522d5df086d0ff0b110fbd9d21bb4fc7163af34d08286a2e846f6be03"
#define SHA1_EMPTY "da39a3ee5e6b4b0d3255bfef95601890afd80709"
#define SHA1_OTHER "f572d396fae9206628714fb2ce00f72e94f2258f"

static struct arena keep, scratch;

static int read_text(struct statement *s, const char *text, struct fault *f)
{
	*f = FAULT_INIT;
	return statement_read(s, span_str(text), &keep, &scratch, f);
}

static void test_good(void)
{
	struct statement s;
	struct fault f;

	is_int(read_text(&s, "{" V1 "\"subject\":[{\"name\":\"a\\u0062\",\"digest\":{\"sha256\":\""
	    SHA256_EMPTY "\",\"gitCommit\":\"zz\",\"gce_image_id\":\"1\"}},{\"digest\":{\"x\":\"y\"}}],"
	    PT ",\"predicate\":{\"k\":1},\"future\":[]}", &f), 0, "a v1 statement");
	ok(s.nsubjects == 2 && digest_is_set(&s.subject[0].sha256), "two subjects, a digest");
	is_str(s.subject[0].name, "ab", "names are unescaped");
	is_str(s.subject[1].name, "", "a name may be missing");
	is_str(s.predicate_type, "https://example.com/p", "predicate type");
	is_int(json_type_of(json_get(s.predicate, "k")), JSON_NUM, "predicate");
	is_int(read_text(&s, "{\"_type\":\"https://in-toto.io/Statement/v0.1\",\"subject\":[{\"digest\":"
	    "{\"sha512\":\"" SHA256_EMPTY SHA256_EMPTY "\"}}]," PT "}", &f), 0,
	    "a v0.1 statement without a predicate");
	ok(digest_is_set(&s.subject[0].sha512) && !json_ok(s.predicate), "sha512, no predicate");
}

static void test_bad(void)
{
#define SUB "\"subject\":[{\"digest\":{\"sha256\":\"" SHA256_EMPTY "\"}}],"
	static const struct {
		const char *text, *says;
	} t[] = {
		{ "", "offset 0" },
		{ "[]", "must be an object" },
		{ "{" SUB PT "}", "_type" },
		{ "{\"_type\":\"https://in-toto.io/Statement/v2\"," SUB PT "}", "Statement v1 or v0.1" },
		{ "{\"_type\":\"\"," SUB PT "}", "_type" },
		{ "{" V1 SUB "\"predicateType\":\"\"}", "predicateType" },
		{ "{" V1 SUB "\"x\":1}", "predicateType" },
		{ "{" V1 SUB PT ",\"predicate\":[]}", "predicate" },
		{ "{" V1 PT "}", "subject" },
		{ "{" V1 "\"subject\":{}," PT "}", "subject" },
		{ "{" V1 "\"subject\":[]," PT "}", "0 subjects" },
		{ "{" V1 "\"subject\":[1]," PT "}", "must be an object" },
		{ "{" V1 "\"subject\":[{}]," PT "}", "at least one value" },
		{ "{" V1 "\"subject\":[{\"digest\":{}}]," PT "}", "at least one value" },
		{ "{" V1 "\"subject\":[{\"digest\":{\"sha256\":1}}]," PT "}", "must be a string" },
		{ "{" V1 "\"subject\":[{\"digest\":{\"sha256\":\"\"}}]," PT "}", "sha256" },
		{ "{" V1 "\"subject\":[{\"digest\":{\"sha256\":\"" SHA1_EMPTY "\"}}]," PT "}", "sha256" },
		{ "{" V1 "\"subject\":[{\"digest\":{\"md5\":\"zz\"}}]," PT "}", "md5" },
		{ "{" V1 "\"subject\":[{\"name\":1,\"digest\":{\"a\":\"b\"}}]," PT "}", "name" },
		{ "{" V1 SUB PT ",\"_type\":\"https://in-toto.io/Statement/v1\"}", "duplicate" },
		{ "{" V1 SUB PT "} ", NULL },
		{ "{" V1 SUB PT "}x", "offset" },
	};
	static const struct statement zero;
	struct statement s;
	struct fault f;

	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		int rc = read_text(&s, t[i].text, &f);
		if (!t[i].says)
			is_int(rc, 0, "accepted: %s", t[i].text);
		else if (!ok(rc == -EBADMSG && strstr(f.text, t[i].says) &&
			     memcmp(&s, &zero, sizeof(s)) == 0, "refused: %s", t[i].text))
			diag("%d %s", rc, f.text);
	}
	static const char good[] = "{" V1 SUB PT ",\"predicate\":{\"a\":[1,\"b\"]}}";
	size_t bad = 0;
	for (size_t n = 0; n < sizeof(good) - 1; n++)
		bad += statement_read(&s, span_of(good, n), &keep, &scratch, &f) != -EBADMSG;
	is_int(bad, 0, "every proper prefix is refused");
}

static void test_match(void)
{
#define ONE(name, digests) "{\"name\":\"" name "\",\"digest\":{" digests "}}"
#define D256(h) "\"sha256\":\"" h "\""
#define D1(h) "\"sha1\":\"" h "\""
	static const struct {
		const char *what, *subjects;
		enum subject_match want;
	} t[] = {
		{ "sha256 agrees", ONE("x", D256(SHA256_EMPTY)), SUBJECT_MATCH },
		{ "upper-case hex", ONE("x", "\"sha256\":\"E3B0C44298FC1C149AFBF4C8996FB92427AE41E4649B93"
		  "4CA495991B7852B855\""), SUBJECT_MATCH },
		{ "sha1 alone", ONE("x", D1(SHA1_EMPTY)), SUBJECT_WEAK },
		{ "sha1 alone under its name", ONE("app.exe", D1(SHA1_EMPTY)), SUBJECT_WEAK },
		{ "sha256 and sha1", ONE("x", D256(SHA256_EMPTY) "," D1(SHA1_EMPTY)), SUBJECT_MATCH },
		{ "sha256 agrees, sha1 differs", ONE("x", D256(SHA256_EMPTY) "," D1(SHA1_OTHER)),
		    SUBJECT_CONFLICT },
		{ "sha1 agrees, sha256 differs", ONE("x", D256(SHA256_OTHER) "," D1(SHA1_EMPTY)),
		    SUBJECT_CONFLICT },
		{ "another file", ONE("x", D256(SHA256_OTHER)), SUBJECT_NONE },
		{ "the same name, other bytes", ONE("app.exe", D256(SHA256_OTHER)), SUBJECT_REPLACED },
		{ "the same name in a folder", ONE("dist/app.exe", D256(SHA256_OTHER)),
		    SUBJECT_REPLACED },
		{ "an unknown algorithm only", ONE("app.exe", "\"sha3_256\":\"00\""), SUBJECT_NONE },
		{ "no name", ONE("", D256(SHA256_OTHER)), SUBJECT_NONE },
		{ "the second subject", ONE("app.exe", D256(SHA256_OTHER)) "," ONE("y",
		  D256(SHA256_EMPTY)), SUBJECT_MATCH },
		{ "a conflict outweighs a match", ONE("y", D256(SHA256_EMPTY)) "," ONE("x",
		  D256(SHA256_EMPTY) "," D1(SHA1_OTHER)), SUBJECT_CONFLICT },
	};
	struct digest art[DIGEST_ALGS] = { 0 };
	const struct statement_target target = { "app.exe", art, NULL };
	const struct subject *hit;

	for (int alg = DIGEST_SHA1; alg < DIGEST_ALGS; alg++)
		if (hash_span((enum digest_alg)alg, SPAN_NONE, &art[alg]) < 0)
			abort();
	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		char text[2048];
		struct statement s;
		struct fault f;
		snprintf(text, sizeof(text), "{%s\"subject\":[%s],%s}", V1, t[i].subjects, PT);
		if (read_text(&s, text, &f) < 0)
			diag("%s", f.text);
		is_int(statement_match(&s, &target, &hit), t[i].want, "%s", t[i].what);
		ok((hit != NULL) == (t[i].want != SUBJECT_NONE), "and says which subject");
	}
}

int main(void)
{
	keep = ARENA_INIT(16u << 20);
	scratch = ARENA_INIT(64u << 20);
	test_good();
	test_bad();
	test_match();
	arena_free(&keep);
	arena_free(&scratch);
	return tap_done();
}
