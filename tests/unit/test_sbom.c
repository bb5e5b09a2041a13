/* SPDX-License-Identifier: Apache-2.0 */

#include "tap.h"
#include "trust/sbom/compare.h"
#include "trust/sbom/glob.h"

#include <errno.h>

#define ARENA(name) AUTO_ARENA struct arena name = ARENA_INIT(32u << 20)

static struct fault fault;

/* SHA-256 of one letter; SHA-1 of "a" */
#define HEX_A "ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb"
#define HEX_B "3e23e8160039594a33894f6564e1b1348bbd7a0088d42c4acb73eeaed59c009d"
#define SHA1_A "86f7e437faa5a7fce15d1ddcb9eaeaea377667b8"
#define MD5_A "0cc175b9c0f1b6a831c399e269772661"

#define CDX(x) "{\"bomFormat\":\"CycloneDX\",\"specVersion\":\"1.6\",\"components\":[" x "]}"
#define HASH(alg, hex) "{\"alg\":\"" alg "\",\"content\":\"" hex "\"}"
#define CFILE(name, hashes) "{\"type\":\"file\",\"name\":\"" name "\",\"hashes\":[" hashes "]}"
#define S256(hex) HASH("SHA-256", hex)

#define SPDX2(x) \
	"{\"spdxVersion\":\"SPDX-2.3\",\"SPDXID\":\"SPDXRef-DOCUMENT\"," x "}"
#define SUM(alg, hex) "{\"algorithm\":\"" alg "\",\"checksumValue\":\"" hex "\"}"
#define SFILE(id, name, sums) \
	"{\"SPDXID\":\"" id "\",\"fileName\":\"" name "\",\"checksums\":[" sums "]}"

#define SPDX3(x) \
	"{\"@context\":\"https://spdx.org/rdf/3.0.1/spdx-context.jsonld\",\"@graph\":[" x "]}"
#define INFO "{\"type\":\"CreationInfo\",\"@id\":\"_:c\",\"specVersion\":\"3.0.1\"}"
#define V3(alg, hex) "{\"type\":\"Hash\",\"algorithm\":\"" alg "\",\"hashValue\":\"" hex "\"}"
#define FILE3(id, name, used) \
	"{\"type\":\"software_File\",\"spdxId\":\"" id "\",\"name\":\"" name \
	"\",\"verifiedUsing\":[" used "]}"

static int parse(struct sbom *s, const char *text, struct arena *a)
{
	fault = FAULT_INIT;
	return sbom_parse(s, span_str(text), a, &fault);
}

static void test_formats(void)
{
	static const char *const good[] = {
		CDX(CFILE("./d//a", S256(HEX_A) "," HASH("SHA-1", SHA1_A))),
		SPDX2("\"files\":[" SFILE("SPDXRef-a", "./d/a", SUM("SHA1", SHA1_A) "," SUM("SHA256", HEX_A)) "]"),
		SPDX3(INFO "," FILE3("urn:a", "/d/a", V3("sha256", HEX_A) "," V3("sha1", SHA1_A))),
	};

	for (size_t i = 0; i < ARRAY_LEN(good); i++) {
		ARENA(a);
		struct sbom s;
		bool all = true;
		is_int(parse(&s, good[i], &a), 0, "format %zu is read %s", i, fault.text);
		is_int(s.nfiles, 1, "one file");
		is_str(s.n ? s.item[0].path : NULL, "d/a", "its path");
		is_int(s.n ? s.item[0].nhash : 0, 2, "its digests");
		is_int(s.set, HASH_SET(DIGEST_SHA1) | HASH_SET(DIGEST_SHA256), "the algorithms");
		for (size_t n = 0; n < strlen(good[i]); n++) {
			ARENA(b);
			struct fault f = FAULT_INIT;
			all &= sbom_parse(&s, span_of(good[i], n), &b, &f) == -EBADMSG && !s.n && f.text[0];
		}
		ok(all, "no proper prefix is");
	}
}

static void test_bad(void)
{
	static const struct {
		const char *why, *text;
	} bad[] = {
		{ "JSON object", "[]" },
		{ "neither CycloneDX", "{}" },
		{ "offset 39", "{\"bomFormat\":\"CycloneDX\",\"specVersion\":\"1.8\"}" },
		{ "1.2 to 1.7", "{\"bomFormat\":\"CycloneDX\",\"specVersion\":\"1.1\"}" },
		{ "specVersion", "{\"bomFormat\":\"CycloneDX\"}" },
		{ "duplicate", "{\"bomFormat\":\"CycloneDX\",\"bomFormat\":\"CycloneDX\"}" },
		{ "64 hex digits, not 40", CDX(CFILE("a", S256(SHA1_A))) },
		{ "64 hex digits, not 65", CDX(CFILE("a", S256(HEX_A "0"))) },
		{ "not hex", CDX(CFILE("a", S256("g" "a978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb"))) },
		{ "two different", CDX(CFILE("a", S256(HEX_A) "," S256(HEX_B))) },
		{ "named before", CDX(CFILE("a", S256(HEX_A)) "," CFILE("./a", S256(HEX_B))) },
		{ "leads out", CDX(CFILE("../a", S256(HEX_A))) },
		{ "leads out", CDX(CFILE("a/../../b", S256(HEX_A))) },
		{ "leads out", CDX(CFILE("a\\\\..\\\\b", S256(HEX_A))) },
		{ "names nothing", CDX(CFILE("./", S256(HEX_A))) },
		{ "\"name\"", CDX("{\"type\":\"file\"}") },
		{ "\"type\"", CDX("{\"name\":\"a\"}") },
		{ "must be an object", CDX("1") },
		{ "must be an array", "{\"bomFormat\":\"CycloneDX\",\"specVersion\":\"1.6\",\"components\":{}}" },
		{ "both strings", CDX(CFILE("a", "{\"alg\":\"SHA-256\"}")) },
		{ "both strings", CDX(CFILE("a", "{\"alg\":1,\"content\":\"00\"}")) },
		{ "taken before", CDX("{\"type\":\"library\",\"name\":\"a\",\"bom-ref\":\"r\"},"
		                      "{\"type\":\"library\",\"name\":\"b\",\"bom-ref\":\"r\"}") },
		{ "SPDX-2.3", "{\"spdxVersion\":\"SPDX-2.1\"}" },
		{ "SPDXID", "{\"spdxVersion\":\"SPDX-2.3\"}" },
		{ "taken before", SPDX2("\"files\":[" SFILE("x", "a", "") "," SFILE("x", "b", "") "]") },
		{ "nothing in here", SPDX2("\"packages\":[{\"SPDXID\":\"p\",\"name\":\"n\",\"hasFiles\":[\"x\"]}]") },
		{ "nothing in here", SPDX2("\"relationships\":[{\"spdxElementId\":\"x\",\"relationshipType\":"
		                           "\"CONTAINS\",\"relatedSpdxElement\":\"y\"}]") },
		{ "fileName", SPDX2("\"files\":[{\"SPDXID\":\"x\"}]") },
		{ "40 hex digits", SPDX2("\"packages\":[{\"SPDXID\":\"p\",\"name\":\"n\",\"packageVerificationCode\":"
		                         "{\"packageVerificationCodeValue\":\"00\"}}]") },
		{ "context", "{\"@context\":\"https://spdx.org/rdf/3.9.9/spdx-context.jsonld\",\"@graph\":[]}" },
		{ "@graph", "{\"@context\":\"https://spdx.org/rdf/3.0.1/spdx-context.jsonld\"}" },
		{ "the context is that of", SPDX3("{\"type\":\"CreationInfo\",\"@id\":\"_:c\",\"specVersion\":\"3.0.0\"}") },
		{ "taken before", SPDX3(FILE3("u", "a", "") "," FILE3("u", "b", "")) },
		{ "ids of some in here", SPDX3(FILE3("u", "a", "\"_:h\"")) },
		{ "CycloneDX as XML", "<bom xmlns=\"http://cyclonedx.org/schema/bom/1.5\"/>" },
		{ "tag-value", "SPDXVersion: SPDX-2.3\nDataLicense: CC0-1.0\n" },
		{ "YAML", "spdxVersion: \"SPDX-2.3\"\n" },
		{ "XML or RDF", "<rdf:RDF/>" },
	};

	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		ARENA(a);
		struct sbom s;
		int rc = parse(&s, bad[i].text, &a);
		ok(rc == -EBADMSG && !s.n && strstr(fault.text, bad[i].why), "refused: %s", fault.text);
	}
}

static void test_details(void)
{
	ARENA(a);
	struct sbom s;

	is_int(parse(&s, CDX("{\"type\":\"library\",\"name\":\"l\",\"components\":[" CFILE("x", S256(HEX_A))
	           "]},{\"type\":\"file\",\"name\":\"y\",\"evidence\":{\"occurrences\":[{\"location\":\"o/1\"},"
	           "{\"location\":\"o/2\"}]}}"), &a), 0, "nested components, occurrences %s", fault.text);
	is_int(s.nfiles, 3, "each place is a file");
	is_int(s.nbare, 1, "the library has no digest");
	is_int(parse(&s, CDX(CFILE("win\\\\d\\\\a", S256(HEX_A))), &a), 0, "a Windows name");
	is_str(s.item[0].path, "win/d/a", "has its \\ read as /");
	is_int(parse(&s, CDX(CFILE("a", HASH("BLAKE3", "00") "," HASH("SHA-42", "zz"))), &a), 0,
	    "algorithms that are not computed here are read");
	is_int(s.set, 0, "and do not count");
	is_int(parse(&s, CDX(CFILE("a", S256("CA978112CA1BBDCAFAC231B39A23DC4DA786EFF8147C4E72B9807785AFEE48BB"))), &a),
	    0, "upper case is read");
	is_int(s.nupper, 1, "and counted");
	is_int(parse(&s, SPDX3(INFO "," FILE3("u", "a", "\"_:h\"") ",{\"@id\":\"_:h\",\"type\":\"Hash\","
	           "\"algorithm\":\"sha256\",\"hashValue\":\"" HEX_A "\"}"), &a), 0,
	    "a digest by its id, forward %s", fault.text);
	is_int(s.item[0].nhash, 1, "is found");
	ok(sbom_is_predicate("https://cyclonedx.org/bom") && sbom_is_predicate("https://spdx.dev/Document/v2.3") &&
	       !sbom_is_predicate("https://spdx.dev/Documents") && !sbom_is_predicate("https://slsa.dev/provenance/v1"),
	    "predicate types");
}

/* SHA-1 over the sorted SHA-1s of "a" and "b": sha1sum of the two lines without breaks. */
#define SHA1_B "e9d71f5ee7c92d6dc9e92ffdad17b8bd49418f98"

static enum sbom_code_state code_state(const char *value, const char *more)
{
	ARENA(a);
	struct sbom s;
	char text[2048];

	snprintf(text, sizeof(text),
	    SPDX2("\"files\":[" SFILE("A", "./a", SUM("SHA1", SHA1_A)) "," SFILE("B", "./b", SUM("SHA1", SHA1_B))
	          "],\"packages\":[{\"SPDXID\":\"P\",\"name\":\"p\",\"hasFiles\":[\"A\",\"B\",\"A\"],"
	          "\"packageVerificationCode\":{\"packageVerificationCodeValue\":\"%s\"%s}}]"),
	    value, more);
	return parse(&s, text, &a) == 0 && s.ncodes == 1 ? s.code[0].state : SBOM_CODE_UNKNOWN;
}

static void test_codes(void)
{
	struct digest both, one;

	if (hash_span(DIGEST_SHA1, SPAN_LIT(SHA1_A SHA1_B), &both) < 0 ||
	    hash_span(DIGEST_SHA1, SPAN_LIT(SHA1_B), &one) < 0)
		abort();
	is_int(code_state(DIGEST_HEX(&both), ""), SBOM_CODE_RIGHT, "a verification code is recomputed");
	is_int(code_state(DIGEST_HEX(&one), ""), SBOM_CODE_WRONG, "a wrong one is seen");
	is_int(code_state(DIGEST_HEX(&one), ",\"packageVerificationCodeExcludedFiles\":[\"./a\"]"),
	    SBOM_CODE_RIGHT, "excluded files do not count");
}

/* --- comparison ------------------------------------------------------------------------------ */

struct thing {
	const char *path, *content;
};

static int put(struct delivery *d, const char *path, const char *content)
{
	AUTO_HASHER struct hasher *h = NULL;
	struct digest digest[DIGEST_ALGS];

	return hasher_new(&h, d->set) < 0 || hasher_update(h, content, strlen(content)) < 0 ||
	        hasher_final(h, digest) < 0 ?
	    -EIO :
	    delivery_add(d, path, strlen(content), digest);
}

/* "PASS" and the like, then the codes that are no notes, in order. */
static const char *compare_as(const char *text, const struct thing *t, enum delivery_form form,
    const struct sbom_rules *rules, void (*more)(struct delivery *))
{
	static char out[1024];
	ARENA(a);
	ARENA(b);
	struct sbom s;
	struct delivery d;
	struct verdict v;

	verdict_init(&v, &a);
	if (parse(&s, text, &a) < 0)
		return fault.text;
	delivery_init(&d, form, "dir/pack.tgz", s.set, &b);
	for (; t->path; t++)
		if (put(&d, t->path, t->content) < 0)
			return "cannot";
	if (form == DELIVERY_ARCHIVE)
		d.own[DIGEST_SHA256] = sha256_of(SPAN_LIT("b"));
	if (more)
		more(&d);
	if (sbom_compare(&s, &d, rules, &v, NULL) < 0)
		return "cannot";
	snprintf(out, sizeof(out), "%s", verdict_name(verdict_conclude(&v)));
	for (size_t i = 0; i < v.n; i++)
		if (v.reason[i].kind != REASON_NOTE)
			snprintf(out + strlen(out), sizeof(out) - strlen(out), " %s", v.reason[i].code + 5);
	delivery_free(&d);
	return out;
}

static const char *compare(const char *text, const struct thing *t)
{
	return compare_as(text, t, DELIVERY_TREE, NULL, NULL);
}

#define THINGS(...) ((struct thing[]){ __VA_ARGS__, { NULL, NULL } })
#define AB CDX(CFILE("d/a", S256(HEX_A)) "," CFILE("d/b", S256(HEX_B)))

static void add_link_out(struct delivery *d)
{
	if (delivery_add_link(d, "l", "/etc", true) < 0 || delivery_add_link(d, "k", "d/a", false) < 0)
		abort();
}

static void add_device(struct delivery *d)
{
	if (delivery_add_special(d, "null") < 0)
		abort();
}

static void test_compare(void)
{
	struct thing *good = THINGS({ "d/a", "a" }, { "d/b", "b" });

	is_str(compare(AB, good), "PASS verified", "all there");
	is_str(compare(AB, THINGS({ "d/a", "a" }, { "d/b", "x" })), "FAIL mismatch verified", "one byte");
	is_str(compare(AB, THINGS({ "d/a", "b" }, { "d/b", "a" })), "FAIL mismatch mismatch", "swapped");
	is_str(compare(AB, THINGS({ "d/a", "a" })), "FAIL absent verified", "one removed");
	is_str(compare(AB, THINGS({ "d/a", "a" }, { "d/b", "b" }, { "d/c", "c" })),
	    "FAIL unlisted verified", "one added");
	is_str(compare(AB, THINGS({ "d/a", "a" }, { "d/b", "b" }, { "d/c", "b" })),
	    "FAIL unlisted verified", "a copy is one more, too");
	is_str(compare(AB, THINGS({ "d/a", "a" }, { "d/c", "b" })), "FAIL renamed verified", "renamed");
	is_str(compare(AB, THINGS({ "d/a", "a" }, { "d/B", "b" })), "FAIL renamed verified", "another case");
	is_str(compare(AB, THINGS({ "a", "a" }, { "b", "b" })), "PASS verified", "the SBOM's top folder");
	is_str(compare(AB, THINGS({ "p/d/a", "a" }, { "p/d/b", "b" })), "PASS verified", "the archive's");
	is_str(compare(AB, THINGS({ "p/a", "a" }, { "p/b", "b" })), "PASS verified", "both");
	is_str(compare(AB, THINGS({ "p/a", "b" }, { "p/b", "a" })), "FAIL mismatch mismatch",
	    "and still each by its name");
	is_str(compare_as(AB, good, DELIVERY_TREE, NULL, add_link_out), "UNKNOWN link verified",
	    "a link that leads out");
	is_str(compare_as(AB, good, DELIVERY_TREE, NULL, add_device), "FAIL unlisted verified", "a device");
	is_str(compare(CDX(""), good), "UNKNOWN no-files", "no files");
	is_str(compare(AB, (struct thing[]){ { NULL, NULL } }), "FAIL absent absent", "nothing shipped");
}

static void test_digests(void)
{
	struct thing *a = THINGS({ "a", "a" });

	is_str(compare(CDX(CFILE("a", HASH("SHA-1", SHA1_A) "," HASH("MD5", MD5_A))), a), "UNKNOWN weak",
	    "weak digests are not enough");
	is_str(compare(CDX(CFILE("a", HASH("SHA-1", SHA1_A) "," S256(HEX_B))), a), "FAIL mismatch",
	    "a weak one that agrees does not help");
	is_str(compare(CDX(CFILE("a", HASH("SHA-1", SHA1_B) "," S256(HEX_A))), a), "FAIL mismatch",
	    "a weak one that differs is a contradiction");
	is_str(compare(CDX(CFILE("a", HASH("BLAKE3", HEX_A))), a), "UNKNOWN algorithm", "not computed here");
	is_str(compare(CDX(CFILE("a", HASH("SHA3-256", HEX_A))), a), "FAIL mismatch",
	    "a digest under another algorithm's name");
	is_str(compare(CDX(CFILE("a", "")), a), "UNKNOWN unhashed", "no digest");
	is_str(compare(CDX(CFILE("a", HASH("SHA3-256",
	           "80084bf2fba02475726feb2cab2d8215eab14bc6bdd8bfb2c8151257032ecd8b"))), a),
	    "PASS verified", "SHA3-256");
	is_str(compare(CDX(CFILE("a", S256("CA978112CA1BBDCAFAC231B39A23DC4DA786EFF8147C4E72B9807785AFEE48BB"))), a),
	    "PASS verified", "upper case is the same digest");
}

#define LIB(name, more, hashes) "{\"type\":\"library\",\"name\":\"" name "\"" more ",\"hashes\":[" hashes "]}"

static void test_components(void)
{
	struct thing *a = THINGS({ "x/a.dll", "a" });

	is_str(compare(CDX(LIB("lib", "", S256(HEX_A))), a), "PASS verified", "a component's bytes, anywhere");
	is_str(compare(CDX(LIB("a.dll", "", S256(HEX_B))), a), "FAIL mismatch",
	    "a file of a component's name with other bytes");
	is_str(compare(CDX(LIB("a.dll", ",\"purl\":\"pkg:npm/a.dll@1\"", S256(HEX_B)) "," CFILE("x/a.dll", S256(HEX_A))), a),
	    "PASS component verified", "but not of a package's name");
	is_str(compare(CDX(LIB("a.dll", ",\"purl\":\"pkg:npm/a.dll@1\"", S256(HEX_B))), a),
	    "UNKNOWN component no-files", "a package alone says nothing about files");
	is_str(compare_as(CDX(LIB("z", "", S256(HEX_B))), a, DELIVERY_ARCHIVE, NULL, NULL),
	    "PASS verified", "the archive itself is a component");
	is_str(compare_as("{\"bomFormat\":\"CycloneDX\",\"specVersion\":\"1.6\",\"metadata\":{\"component\":"
	                  LIB("pack.tgz", "", S256(HEX_A)) "},\"components\":[" CFILE("x/q", S256(HEX_B)) "]}",
	           THINGS({ "x/q", "b" }), DELIVERY_ARCHIVE, NULL, NULL),
	    "FAIL subject verified", "the SBOM is about an archive of this name with other bytes");
}

static void test_rules(void)
{
	const char *unlisted[] = { "d/c", "doc/**" }, *absent[] = { "d/*" };
	struct sbom_rules r = { .unlisted = unlisted, .nunlisted = 2 };
	struct thing *more = THINGS({ "d/a", "a" }, { "d/b", "b" }, { "d/c", "c" }, { "doc/x/y", "c" });

	is_str(compare_as(AB, more, DELIVERY_TREE, &r, NULL), "PASS verified", "unlisted, but allowed");
	r.nunlisted = 1;
	is_str(compare_as(AB, more, DELIVERY_TREE, &r, NULL), "FAIL unlisted verified", "not allowed");
	r = (struct sbom_rules){ .absent = absent, .nabsent = 1 };
	is_str(compare_as(AB, THINGS({ "d/a", "a" }), DELIVERY_TREE, &r, NULL), "PASS verified",
	    "absent, but allowed");
	r = (struct sbom_rules){ .root = "./build/out/" };
	is_str(compare_as(CDX(CFILE("build/out/a", S256(HEX_A)) "," CFILE("src/b", S256(HEX_B))),
	           THINGS({ "a", "a" }), DELIVERY_TREE, &r, NULL),
	    "PASS verified", "a root");
	r = (struct sbom_rules){ .sbom_digest = sha256_of(SPAN_LIT("c")) };
	is_str(compare_as(AB, THINGS({ "d/a", "a" }, { "d/b", "b" }, { "d/sbom", "c" }), DELIVERY_TREE, &r, NULL),
	    "PASS verified", "the SBOM itself may be shipped");
}

static void test_single(void)
{
	is_str(compare_as(AB, THINGS({ "a", "a" }), DELIVERY_FILE, NULL, NULL), "PASS verified", "one file");
	is_str(compare_as(AB, THINGS({ "a", "x" }), DELIVERY_FILE, NULL, NULL), "FAIL mismatch", "other bytes");
	is_str(compare_as(AB, THINGS({ "a", "b" }), DELIVERY_FILE, NULL, NULL), "FAIL mismatch",
	    "the bytes of another one");
	is_str(compare_as(AB, THINGS({ "c", "b" }), DELIVERY_FILE, NULL, NULL), "PASS renamed verified",
	    "under another name: its place is not known");
	is_str(compare_as(AB, THINGS({ "c", "c" }), DELIVERY_FILE, NULL, NULL), "FAIL unlisted", "unknown");
	is_str(compare_as(CDX(CFILE("a", HASH("SHA-1", SHA1_A))), THINGS({ "a", "a" }), DELIVERY_FILE, NULL, NULL),
	    "UNKNOWN weak", "weak");
	is_str(compare_as(CDX(""), THINGS({ "a", "a" }), DELIVERY_FILE, NULL, NULL), "UNKNOWN no-files",
	    "nothing to compare with");
}

static void test_glob(void)
{
	static const struct {
		const char *pattern, *path;
		bool match;
	} t[] = { { "a", "a", true }, { "a", "b", false }, { "*", "a", true }, { "*", "a/b", false },
		{ "**", "a/b", true }, { "a/*", "a/b", true }, { "a/*", "a/b/c", false },
		{ "a/**", "a/b/c", true }, { "a/**", "a", false }, { "*.md", "x.md", true },
		{ "*.md", "d/x.md", false }, { "**.md", "d/x.md", true }, { "**/x", "a/b/x", true },
		{ "a*b*c", "axxbxxbyc", true }, { "a*b*c", "axxbxxb", false }, { "?", "/", false },
		{ "**/a*/c", "x/ab/ac/c", true }, { "", "", true }, { "", "a", false } };

	for (size_t i = 0; i < ARRAY_LEN(t); i++)
		is_int(sbom_glob(t[i].pattern, t[i].path), t[i].match, "%s %s", t[i].pattern, t[i].path);
}

int main(void)
{
	test_formats();
	test_bad();
	test_details();
	test_codes();
	test_compare();
	test_digests();
	test_components();
	test_rules();
	test_single();
	test_glob();
	return tap_done();
}
