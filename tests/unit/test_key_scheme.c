/* SPDX-License-Identifier: Apache-2.0 */

#include "crypto/key_scheme.h"
#include "tap.h"

#include <errno.h>

static const enum key_kind kinds[] = { KEY_P256, KEY_P384, KEY_ED25519, KEY_RSA, KEY_P521 };

static void flip_all(const struct key *k, enum key_method s, struct span msg, struct buf *sig)
{
	size_t bad = 0;

	for (size_t i = 0; i < sig->n * 8; i++) {
		sig->p[i / 8] ^= (uint8_t)(1 << i % 8);
		bad += key_scheme_verify(k, s, msg, buf_span(sig)) != KEY_BAD_SIGNATURE;
		sig->p[i / 8] ^= (uint8_t)(1 << i % 8);
	}
	for (size_t n = 0; n < sig->n; n++)
		bad += key_scheme_verify(k, s, msg, span_of(sig->p, n)) != KEY_BAD_SIGNATURE;
	is_int(bad, 0, "%s: every flipped bit and every prefix is refused", key_scheme_name(s));
}

static void test_kind(enum key_kind kind)
{
	AUTO_KEY struct key *k = NULL;
	struct span msg = SPAN_LIT("a message");

	is_int(key_generate(&k, kind), 0, "%s: a key", key_kind_name(kind));
	for (enum key_method s = KEY_SCHEME_NONE; s < KEY_SCHEMES; s++) {
		AUTO_BUF struct buf sig = BUF_INIT(4096);
		int rc = key_scheme_sign(k, s, msg, &sig);
		if (!key_scheme_fits(s, kind)) {
			is_int(rc, -EINVAL, "%s does not sign as %s", key_kind_name(kind),
			    key_scheme_name(s));
			is_int(key_scheme_verify(k, s, msg, SPAN_LIT("x")), KEY_BAD_SIGNATURE,
			    "nor verifies");
			continue;
		}
		is_int(rc, 0, "%s signs as %s", key_kind_name(kind), key_scheme_name(s));
		for (enum key_method t = KEY_SCHEME_NONE; t < KEY_SCHEMES; t++)
			is_int(key_scheme_verify(k, t, msg, buf_span(&sig)),
			    s == t ? KEY_GOOD : KEY_BAD_SIGNATURE, "read as %s",
			    key_scheme_name(t));
		is_int(key_verify(k, msg, buf_span(&sig)), KEY_GOOD, "key_verify takes it");
		if (kind == KEY_P256 || kind == KEY_ED25519)
			flip_all(k, s, msg, &sig);
	}
}

static void test_numbers(void)
{
	struct fault f = FAULT_INIT;
	AUTO_KEY struct key *k = NULL;
	uint8_t n[257] = { 0, 0x80, [256] = 1 };

	is_int(key_rsa_from_numbers(&k, span_of(n, 257), SPAN_LIT("\x01\x00\x01"), &f), 0,
	    "a modulus with a leading zero");
	is_int(key_kind_of(k), KEY_RSA, "is an RSA key");
	k = key_free(k);
	is_int(key_rsa_from_numbers(&k, span_of(n, 200), SPAN_LIT("\x03"), &f), -EBADMSG,
	    "too short: %s", f.text);
	is_int(key_rsa_from_numbers(&k, span_of(n, 257), SPAN_LIT("\x02"), &f), -EBADMSG,
	    "an even exponent: %s", f.text);
	is_int(key_rsa_from_numbers(&k, SPAN_NONE, SPAN_NONE, &f), -EBADMSG, "nothing");
}

int main(void)
{
	for (size_t i = 0; i < ARRAY_LEN(kinds); i++)
		test_kind(kinds[i]);
	is_int(key_scheme_of(SPAN_LIT("rsassa-pss-sha256")), KEY_SCHEME_RSA_PSS, "a name");
	is_int(key_scheme_of(SPAN_LIT("rsassa-pss-sha1")), KEY_SCHEME_NONE, "not a weak one");
	is_int(key_scheme_default(KEY_RSA), KEY_SCHEME_RSA_PSS, "RSA signs as PSS by default");
	test_numbers();
	return tap_done();
}
