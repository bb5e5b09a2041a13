/* SPDX-License-Identifier: Apache-2.0 */

#include "trust/signer.h"

#include "crypto/hash.h"
#include "trust/artifact.h"
#include "tap.h"

#include <errno.h>

static const char *json_of(const struct signer *s, struct buf *b)
{
	struct jw w = jw_canonical(b);

	buf_reset(b);
	signer_json(&w, s);
	return buf_str(b);
}

static void kinds(void)
{
	AUTO_ARENA struct arena a = ARENA_INIT(1 << 20);
	AUTO_BUF struct buf b = BUF_INIT(1 << 20);
	struct signer s = SIGNER_INIT;

	is_str(signer_text(&s, &a), "nobody", "no signer has no name");
	s.kind = SIGNER_KEY;
	s.name = "k\n.pem";
	s.key = sha256_of(SPAN_LIT("k"));
	ok(strstr(signer_text(&s, &a), "k\\x0a.pem"),
	    "a key's file is escaped");
	ok(strstr(json_of(&s, &b), "\"kind\":\"key\""), "a key's JSON");
	s = SIGNER_INIT;
	s.kind = SIGNER_IDENTITY;
	s.identity = "a@example.org";
	s.issuer = "https://issuer.example";
	s.claim[CLAIM_SOURCE_URI] = "https://github.com/o/r";
	s.claim[CLAIM_BUILD_TRIGGER] = "push";
	s.time = 0;
	s.time_by = s.log = "https://log.example";
	s.log_index = 7;
	ok(strstr(signer_text(&s, &a), "a@example.org") &&
		strstr(signer_text(&s, &a), "https://issuer.example"),
	    "an identity is named with its issuer");
	is_str(json_of(&s, &b),
	    "{\"claims\":{\"build-trigger\":\"push\","
	    "\"source-repository-uri\":\"https://github.com/o/r\"},\"identity\":\"a@example.org\","
	    "\"issuer\":\"https://issuer.example\",\"kind\":\"identity\","
	    "\"log\":\"https://log.example\",\"log_index\":7,"
	    "\"time\":\"1970-01-01T00:00:00Z\",\"time_by\":\"https://log.example\"}",
	    "an identity's JSON is canonical");
}

static void claims(void)
{
	size_t bad = 0;

	for (enum signer_claim c = 0; c < SIGNER_CLAIMS; c++) {
		const char *name = signer_claim_name(c);
		if (name && signer_claim_of(span_str(name)) != c)
			bad++;
	}
	is_int(bad, 0, "every claim is found by its name");
	ok(!signer_claim_name(7) && !signer_claim_name(SIGNER_CLAIMS), "holes have no name");
	is_int(signer_claim_of(SPAN_LIT("")), 0, "no claim without a name");
}

static void bytes(void)
{
	struct artifact a;
	struct span s;

	is_int(artifact_of_span(&a, "x", SPAN_LIT("abc"),
		   HASH_SET(DIGEST_SHA256) | HASH_SET(DIGEST_BLAKE2B)),
	    0, "an artifact in memory");
	ok(artifact_digest(&a, DIGEST_SHA256) && !artifact_digest(&a, DIGEST_SHA1),
	    "it has the digests that were asked for");
	is_str(DIGEST_HEX(&a.digest[DIGEST_BLAKE2B]),
	    "ba80a53f981c4d0d6a2797b69f12f6e94c212f14685ac4b74b12bb6fdbffa2d1"
	    "7d87c5392aab792dc252d5de4533cc9518d38aa8dbf1925ab92386edd4009923",
	    "BLAKE2b-512 of abc (RFC 7693, appendix A)");
	ok(artifact_bytes(&a, &s) == 0 && span_eq(s, SPAN_LIT("abc")), "and its bytes");
	artifact_done(&a);
	a = ARTIFACT_INIT;
	is_int(artifact_bytes(&a, &s), -ENODATA, "a digest alone has no bytes");
	artifact_done(&a);
}

int main(void)
{
	kinds();
	claims();
	bytes();
	return tap_done();
}
