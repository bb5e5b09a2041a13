/* SPDX-License-Identifier: Apache-2.0 */

#include "trust/vsa.h"

#include "tap.h"

#include <errno.h>

static struct arena mem;

static int read_text(struct vsa *v, const char *type, struct span text)
{
	struct json_doc doc;
	struct fault f = FAULT_INIT;
	static const struct vsa zero;

	if (json_doc_parse(&doc, text, &mem) != 0)
		return 1;
	int rc = vsa_read(v, type, json_root(&doc), &mem, &f);
	if (rc < 0 && (memcmp(v, &zero, sizeof(zero)) != 0 || !f.text[0]))
		abort();
	return rc;
}

#define V1(time, result, levels, more)                                                             \
	"{\"verifier\":{\"id\":\"https://v\"},\"timeVerified\":" time ",\"resourceUri\":\"r\","    \
	"\"policy\":{\"uri\":\"p\"},\"verificationResult\":" result ",\"verifiedLevels\":" levels more "}"
#define T "\"2026-01-01T00:00:00Z\""

int main(void)
{
	static const char good[] = V1(T, "\"PASSED\"", "[\"SLSA_BUILD_LEVEL_3\",\"X\"]", "");
	static const char *const bad[] = {
		"[]", "{}", V1("\"yesterday\"", "\"PASSED\"", "[]", ""), V1("1", "\"PASSED\"", "[]", ""),
		V1(T, "\"passed\"", "[]", ""), V1(T, "\"\"", "[]", ""), V1(T, "true", "[]", ""),
		V1(T, "\"PASSED\"", "\"L\"", ""), V1(T, "\"PASSED\"", "[1]", ""),
		"{\"verifier\":{\"id\":\"\"},\"timeVerified\":" T ",\"resourceUri\":\"r\",\"policy\":{},"
		"\"verificationResult\":\"PASSED\",\"verifiedLevels\":[]}",
		"{\"verifier\":{\"id\":\"v\"},\"timeVerified\":" T ",\"policy\":{},"
		"\"verificationResult\":\"PASSED\",\"verifiedLevels\":[]}",
		"{\"verifier\":{\"id\":\"v\"},\"timeVerified\":" T ",\"resourceUri\":\"r\","
		"\"verificationResult\":\"PASSED\",\"verifiedLevels\":[]}",
		"{\"verifier\":{\"id\":\"v\"},\"timeVerified\":" T ",\"resourceUri\":\"r\",\"policy\":{},"
		"\"verificationResult\":\"PASSED\"}",
	};
	struct vsa v;
	size_t wrong = 0;

	mem = ARENA_INIT(64u << 20);
	ok(read_text(&v, VSA_V1, span_str(good)) == 0 && v.result == VSA_PASSED && v.nlevels == 2 &&
		strcmp(v.verifier, "https://v") == 0 && strcmp(v.policy, "p") == 0,
	    "a summary");
	ok(read_text(&v, VSA_V1, span_str(V1(T, "\"FAILED\"", "[\"FAILED\"]", ",\"x\":1"))) == 0 &&
		v.result == VSA_FAILED,
	    "one that FAILED, with a member that is not known");
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		ok(read_text(&v, VSA_V1, span_str(bad[i])) == -EBADMSG, "refused: %s", bad[i]);
	for (size_t n = 0; n < sizeof(good) - 1; n++)
		wrong += read_text(&v, VSA_V1, span_of(good, n)) == 0;
	is_int(wrong, 0, "no prefix of it");
	ok(read_text(&v, VSA_V02,
	       span_str("{\"verifier\":{\"id\":\"v\"},\"time_verified\":" T ",\"resource_uri\":\"r\","
			"\"policy\":{\"uri\":\"p\"},\"verification_result\":\"PASSED\","
			"\"policy_level\":\"SLSA_LEVEL_3\"}")) == 0 &&
		v.nlevels == 1 && strcmp(v.level[0], "SLSA_LEVEL_3") == 0,
	    "v0.2 with its names");
	is_int(read_text(&v, VSA_V02, span_str(good)), -EBADMSG, "v0.2 does not take the names of v1");
	ok(vsa_is(VSA_V1) && vsa_is(VSA_V02) && !vsa_is("https://slsa.dev/verification_summary/v2"),
	    "v1 and v0.2, and nothing else");
	arena_free(&mem);
	return tap_done();
}
