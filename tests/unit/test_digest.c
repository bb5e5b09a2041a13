/* SPDX-License-Identifier: Apache-2.0 */

#include "model/digest.h"
#include "tap.h"

#include <errno.h>

static const struct {
	enum digest_alg alg;
	const char *name, *alias;
	size_t len;
} algs[] = {
	{ DIGEST_MD5, "md5", "MD5", 16 }, { DIGEST_SHA1, "sha1", "SHA-1", 20 },
	{ DIGEST_SHA256, "sha256", "SHA-256", 32 }, { DIGEST_SHA384, "sha384", "sha-384", 48 },
	{ DIGEST_SHA512, "sha512", "SHA512", 64 },
};

static void test_algs(void)
{
	char hex[DIGEST_TEXT_MAX], text[DIGEST_TEXT_MAX + 16];

	for (size_t i = 0; i < ARRAY_LEN(algs); i++) {
		struct digest a, b, c;
		memset(hex, 'a', sizeof(hex));
		hex[2 * algs[i].len] = 0;
		is_int(digest_len(algs[i].alg), algs[i].len, "%s has its length", algs[i].name);
		is_str(digest_name(algs[i].alg), algs[i].name, "and name");
		ok(digest_alg_of(span_str(algs[i].name)) == algs[i].alg &&
		    digest_alg_of(span_str(algs[i].alias)) == algs[i].alg, "and is found by its names");
		is_int(digest_parse(span_str(hex), &a), 0, "bare hex");
		snprintf(text, sizeof(text), "%s:%s", algs[i].alias, hex);
		is_int(digest_parse(span_str(text), &b), 0, "%s", algs[i].alias);
		for (char *p = hex; *p; p++)
			*p = 'A';
		is_int(digest_parse_hex(algs[i].alg, span_str(hex), &c), 0, "upper case");
		ok(digest_eq(&a, &b) && digest_eq(&b, &c) && digest_is_set(&a), "are the same digest");
		snprintf(text, sizeof(text), "%s:", algs[i].name);
		ok(strncmp(DIGEST_TEXT(&a), text, strlen(text)) == 0 &&
		    strcmp(DIGEST_TEXT(&a) + strlen(text), DIGEST_HEX(&a)) == 0 &&
		    strlen(DIGEST_HEX(&a)) == 2 * algs[i].len, "text form");
		a.b[algs[i].len - 1] ^= 1;
		ok(!digest_eq(&a, &b), "another digest is not equal");
		/* The right digits under another name are refused. */
		snprintf(text, sizeof(text), "%s:%s", algs[(i + 1) % ARRAY_LEN(algs)].name, hex);
		is_int(digest_parse(span_str(text), &a), -EINVAL, "wrong length for its name");
	}
}

static void test_bad(void)
{
	static const char *const bad[] = { "", ":", "sha256:", "sha256", "sha257:00", "sha256:zz",
		"sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b85",
		"sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b8555",
		"sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b85g",
		"sha256: e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b85",
		"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b85g", "e3b0", ":d41d8cd98f00b204",
		"d41d8cd98f00b204e9800998ecf8427e ", "d41d8cd98f00b204e9800998ecf8427e\n", "none:" };
	struct digest d = { .alg = 77 }, none = { 0 }, none2 = { 0 };
	char hex[3] = "00";

	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		ok(digest_parse(span_str(bad[i]), &d) == -EINVAL && d.alg == 77, "refused: \"%s\"", bad[i]);
	ok(digest_parse_hex(DIGEST_NONE, SPAN_NONE, &d) == -EINVAL &&
	    digest_parse_hex((enum digest_alg)99, SPAN_NONE, &d) == -EINVAL &&
	    digest_parse_hex((enum digest_alg)99, span_str(hex), &d) == -EINVAL && d.alg == 77, "no such algorithm");
	ok(!digest_eq(&none, &none2), "two that are not set are not equal");
	ok(!digest_is_set(&none) && DIGEST_TEXT(&none)[0] == 0 && DIGEST_HEX(&none)[0] == 0, "not set");
	ok(digest_len((enum digest_alg)99) == 0 && digest_name((enum digest_alg)99)[0] == 0 &&
	    digest_alg_of(SPAN_NONE) == DIGEST_NONE && digest_alg_of(SPAN_LIT("sha")) == DIGEST_NONE, "unknown");
	struct digest sha = digest_of(DIGEST_SHA256, (const uint8_t[32]){ 1 });
	struct digest md5 = digest_of(DIGEST_MD5, (const uint8_t[32]){ 1 });
	ok(!digest_eq(&sha, &md5), "equal bytes of different algorithms");
}

int main(void)
{
	test_algs();
	test_bad();
	return tap_done();
}
