/* SPDX-License-Identifier: Apache-2.0 */

#include "trust/envelope.h"

#include "attest.h"
#include "base/hex.h"
#include "tap.h"
#include "trust/evidence.h"

#include <errno.h>

/* RFC 8032 section 7.1, TEST 1 and TEST 2: the public keys A and B of the DSSE test vectors. */
static const char key_a[] = "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a";
static const char key_b[] = "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c";

static void add_raw(struct keyring *r, const char *hex)
{
	struct key *key;
	uint8_t raw[32];
	if (hex_decode(raw, span_str(hex)) < 0 || key_from_raw_ed25519(&key, raw) < 0 ||
	    keyring_add(r, key, hex, true) < 0)
		abort();
}

static int read_text(struct envelope *e, const char *text, struct arena *a, struct fault *f)
{
	static struct json_doc doc;
	*f = FAULT_INIT;
	if (json_parse(&doc, span_str(text), a, f) < 0)
		return -EBADMSG;
	return envelope_read(e, json_root(&doc), a, f);
}

/* secure-systems-lab/dsse testvectors/vectors.json (deterministic Ed25519 signatures). */
static void test_vectors(void)
{
#define IN_TOTO "\"payloadType\":\"application/vnd.in-toto+json\","
#define STATEMENT "\"payload\":\"eyJfdHlwZSI6Imh0dHBzOi8vaW4tdG90by5pby9TdGF0ZW1lbnQvdjEifQ==\","
#define SIG_A                                                                                      \
	"{\"sig\":\"2WAfaHm5jluo0w+0rk8uVkluELJYWjSmU9x7EUzx+AyteDGJ4/nqyJXfmAUVFIAoQafWm7AxBZNw5"   \
	"M9ixNHiCA==\",\"keyid\":\"A\"}"
#define SIG_B                                                                                      \
	"{\"sig\":\"c1+67/aT0yqEpwx8PsVY3MLHsj9D0CZ014/Fv/QlG59P+9CobUZ7xECJ/V3USG0Ob9CiE5LjReEZU"   \
	"zNF2l7eBw==\"}"
	static const struct {
		const char *name, *text;
		int read, verify;
		uint32_t good;
	} t[] = {
		{ "single-signature", "{" STATEMENT IN_TOTO "\"signatures\":[" SIG_A "]}", 0,
		    ENVELOPE_GOOD, 1 },
		{ "url-safe-base64", "{\"payload\":\"-_-_Pj8=\"," IN_TOTO "\"signatures\":[{\"sig\":"
		  "\"P-_KHICeR7tI6S_YyejJTRtrXhcQyQ2LYPaL8h90KjC9qN8HU_svOQ6TuDOT1HIrsGW886DbWNWcCmX5tw"
		  "LrAw==\",\"keyid\":\"A\"}]}", 0, ENVELOPE_GOOD, 1 },
		{ "payload-type-swapped", "{" STATEMENT "\"payloadType\":"
		  "\"application/vnd.example.other+json\",\"signatures\":[" SIG_A "]}", 0,
		    ENVELOPE_STRANGER, 0 },
		{ "non-ascii-payload-type", "{" STATEMENT "\"payloadType\":\"application/vnd.ex\xc3\xa4"
		  "mple+json\",\"signatures\":[{\"sig\":\"xmSk/ug66ysT7ayhkCIjhAq42zgZXSsEWuzUaNL7w2eGA"
		  "dF/NU6/fRXPtmfN+5DNSAs5/i2lUnHjbbjPsu0tAw==\"}]}", 0, ENVELOPE_GOOD, 1 },
		{ "empty-payload", "{\"payload\":\"\"," IN_TOTO "\"signatures\":[{\"sig\":\"gSggCAaTLTY"
		  "yRH6FIDBem6meyIynsYy8RTHVzwx9tnTb7Bg/1jMWnuVgI/gffqmbsC2VX5/jHfkkDqsj7CDbDg==\"}]}", 0,
		    ENVELOPE_GOOD, 1 },
		{ "empty-payload-type", "{" STATEMENT "\"payloadType\":\"\",\"signatures\":[" SIG_A "]}",
		    -EBADMSG, 0, 0 },
		{ "two signers", "{" STATEMENT IN_TOTO "\"signatures\":[" SIG_A "," SIG_B "]}", 0,
		    ENVELOPE_GOOD, 3 },
		{ "one signer twice counts once", "{" STATEMENT IN_TOTO "\"signatures\":[" SIG_A ","
		  SIG_A "]}", 0, ENVELOPE_GOOD, 1 },
	};
	struct keyring keys = { 0 };
	AUTO_ARENA struct arena a = ARENA_INIT(1u << 20);

	add_raw(&keys, key_a);
	add_raw(&keys, key_b);
	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		struct envelope_check c;
		struct envelope e;
		struct fault f;
		int rc = read_text(&e, t[i].text, &a, &f);
		is_int(rc, t[i].read, "vector %s reads as it should", t[i].name);
		if (rc < 0)
			continue;
		is_int(envelope_verify(&c, &e, &keys), t[i].verify, "vector %s", t[i].name);
		is_int(c.good, t[i].good, "by the right keys");
	}
	keyring_free(&keys);
}

static void test_malformed(void)
{
	static const struct {
		const char *text, *says;
	} t[] = {
		{ "[]", "must be an object" },
		{ "{}", "payloadType" },
		{ "{\"payloadType\":1}", "payloadType" },
		{ "{\"payloadType\":\"t\",\"signatures\":[{\"sig\":\"\"}]}", "\"payload\" must be" },
		{ "{\"payloadType\":\"t\",\"payload\":\"A\",\"signatures\":[{\"sig\":\"\"}]}", "base64" },
		{ "{\"payloadType\":\"t\",\"payload\":\"QQ==\\n\",\"signatures\":[{\"sig\":\"\"}]}",
		    "base64" },
		{ "{\"payloadType\":\"t\",\"payload\":\"QR==\",\"signatures\":[{\"sig\":\"\"}]}", "base64" },
		{ "{\"payloadType\":\"t\",\"payload\":\"+_+_\",\"signatures\":[{\"sig\":\"\"}]}", "base64" },
		{ "{\"payloadType\":\"t\",\"payload\":\"\"}", "signatures" },
		{ "{\"payloadType\":\"t\",\"payload\":\"\",\"signatures\":{}}", "signatures" },
		{ "{\"payloadType\":\"t\",\"payload\":\"\",\"signatures\":[]}", "0 signatures" },
		{ "{\"payloadType\":\"t\",\"payload\":\"\",\"signatures\":[1]}", "must be an object" },
		{ "{\"payloadType\":\"t\",\"payload\":\"\",\"signatures\":[{}]}", "\"sig\"" },
		{ "{\"payloadType\":\"t\",\"payload\":\"\",\"signatures\":[{\"sig\":\"!\"}]}", "\"sig\"" },
		{ "{\"payloadType\":\"t\",\"payload\":\"\",\"signatures\":[{\"sig\":\"\",\"keyid\":1}]}",
		    "keyid" },
	};
	AUTO_ARENA struct arena a = ARENA_INIT(1u << 20);
	static const struct envelope zero;
	struct envelope e;
	struct fault f;

	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		int rc = read_text(&e, t[i].text, &a, &f);
		if (!ok(rc == -EBADMSG && strstr(f.text, t[i].says) &&
			memcmp(&e, &zero, sizeof(e)) == 0, "refused: %s", t[i].text))
			diag("%d %s", rc, f.text);
	}
	is_int(read_text(&e, "{\"payloadType\":\"t\",\"payload\":\"\",\"signatures\":[{\"sig\":\"QQ\","
	    "\"keyid\":null,\"cert\":\"x\"}],\"more\":{}}", &a, &f), 0,
	    "unknown fields are ignored, as the specification demands; null is unset");
	char many[4096] = "{\"payloadType\":\"t\",\"payload\":\"\",\"signatures\":[{\"sig\":\"\"}";
	for (int i = 0; i < ENVELOPE_SIGS_MAX; i++)
		strcat(many, ",{\"sig\":\"\"}");
	strcat(many, "]}");
	ok(read_text(&e, many, &a, &f) == -EBADMSG && strstr(f.text, "33 signatures"),
	    "more signatures than the cap");
}

static void add_spki(struct keyring *r, const char *b64)
{
	AUTO_BUF struct buf der = BUF_INIT(1u << 16);
	struct key *key;
	if (b64_decode(&der, span_str(b64), B64_STD) < 0 ||
	    key_public(&key, buf_span(&der), NULL) < 0 || keyring_add(r, key, "spki", true) < 0)
		abort();
}

static void test_names(void)
{
	AUTO_BUF struct buf b64 = BUF_INIT(256);
	char text[256];
	/* npm's registry key of 2022, and the name that npm gives it */
	struct keyring keys = { 0 };
	const struct trust_key *npm = &keys.key[0], *other = &keys.key[1], *rsa = &keys.key[2];
	add_spki(&keys, "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE1Olb3zMAFFxXKHiIkQO5cJ3Yhl5i"
			"6UPp+IhuteBJbuHcA5UogKo0EWtlWwW6KSaKoTNEYL7JlCQiVnkhBktUgg==");

	ok(keyring_names("SHA256:jl3bwswu80PjjokCgh0o2w5c2U4LhQAE57gj9cz1kzA", npm),
	    "the OpenSSH fingerprint, as npm names its key");
	ok(keyring_names(DIGEST_HEX(&npm->id), npm), "hex");
	ok(keyring_names(DIGEST_TEXT(&npm->id), npm), "sha256:hex");
	b64_encode(&b64, span_of(npm->id.b, npm->id.len), B64_STD);
	snprintf(text, sizeof(text), "SHA256:%.*s", (int)b64.n - 1, buf_str(&b64));
	ok(keyring_names(text, npm), "SHA256:base64 without padding");
	ok(!keyring_names("", npm) && !keyring_names("SHA256:", npm) &&
	    !keyring_names("builder-1", npm) && !keyring_names("SHA256:AAAA", npm),
	    "other names are nobody's");
	add_raw(&keys, key_a);
	ok(!keyring_names(text, other), "another key's name is not this key's");
	if (keyring_add(&keys, attest_key(KEY_RSA), "rsa", true) < 0)
		abort();
	ok(digest_is_set(&rsa->ssh), "RSA has one, too");
	add_raw(&keys, key_a);
	is_int(keys.n, 3, "the same key again is not another key");
	for (int i = 3; i < KEYRING_MAX; i++)
		if (keyring_add(&keys, attest_key(KEY_ED25519), "k", true) < 0)
			abort();
	is_int(keyring_add(&keys, attest_key(KEY_ED25519), "k", true), -ENOSPC, "one too many");
	keyring_free(&keys);
}

/* protocol.md, "Test Vectors": ECDSA P-256 whose signature is r || s, not DER. */
static void test_raw_ecdsa(void)
{
	static const char env[] =
	    "{\"payload\":\"aGVsbG8gd29ybGQ=\",\"payloadType\":\"http://example.com/HelloWorld\","
	    "\"signatures\":[{\"sig\":\"A3JqsQGtVsJ2O2xqrI5IcnXip5GToJ3F+FnZ+O88SjtR6rDAajabZKciJTfUiH"
	    "qJPcIAriEGAHTVeCUjW2JIZA==\"}]}";
	AUTO_ARENA struct arena a = ARENA_INIT(1u << 20);
	struct keyring keys = { 0 };
	add_spki(&keys, "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEZ805D3eqNZywjCI19lInBJOp7YMrC"
			"rzAH3CVTAOQ0jgMeCvVTiaRJaRPRDOv8UMs6U4SvKc6pnrIDOoSYI3fdA==");
	struct envelope_check c;
	struct envelope e;
	struct fault f;
	size_t bad = 0;

	is_int(read_text(&e, env, &a, &f), 0, "the specification's own envelope");
	is_int(envelope_verify(&c, &e, &keys), ENVELOPE_GOOD, "an ECDSA signature as r || s");
	uint8_t sig[64];
	memcpy(sig, e.sig[0].sig.p, 64);
	e.sig[0].sig = span_of(sig, 64);
	for (size_t i = 0; i < 512; i++) {
		sig[i / 8] ^= (uint8_t)(1u << i % 8);
		bad += envelope_verify(&c, &e, &keys) != ENVELOPE_STRANGER;
		sig[i / 8] ^= (uint8_t)(1u << i % 8);
	}
	memset(sig, 0, 64);
	bad += envelope_verify(&c, &e, &keys) != ENVELOPE_STRANGER;
	memset(sig, 0xff, 64);
	bad += envelope_verify(&c, &e, &keys) != ENVELOPE_STRANGER;
	is_int(bad, 0, "no other r || s, zeros and ones among them");
	keyring_free(&keys);
}

static enum attestation_state state_of(struct span text, const struct keyring *keys)
{
	AUTO_ARENA struct arena a = ARENA_INIT(1u << 20);
	struct evidence e = { .keep = &a };
	const struct accept accept = { .keys = keys };
	const struct evidence_trust trust = { .keys = keys, .accept = &accept };
	if (evidence_add(&e, text, "t", &trust) < 0 || e.n != 1)
		abort();
	return e.item[0].state;
}

#define SUBJECT "{\"name\":\"a\",\"digest\":{\"sha256\":"                                          \
	"\"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855\"}}"

static void test_flips(enum key_kind kind)
{
	AUTO_BUF struct buf env = BUF_INIT(1u << 20);
	struct key *k = attest_key(kind);
	struct keyring keys = { 0 };
	size_t bad = 0, hint = 0, n;

	attest_sign(&env, ATTEST_V1(SUBJECT, "b", "https://h/o/r", "refs/tags/v1"), k);
	if (keyring_add(&keys, k, "k", true) < 0)
		abort();
	is_int(state_of(buf_span(&env), &keys), ATTESTATION_GOOD, "%s: the envelope is good",
	    key_kind_name(kind));
	/* keyid is a hint and not signed: its member may change without harm, nothing else may. */
	size_t from = (size_t)(strstr(buf_str(&env), "\"keyid\"") - buf_str(&env));
	size_t to = (size_t)(strstr(buf_str(&env), "\"sig\"") - buf_str(&env)) - 1;
	for (size_t i = 0; i < env.n; i++)
		for (int bit = 0; bit < 8; bit++) {
			env.p[i] ^= (uint8_t)(1u << bit);
			bool good = state_of(buf_span(&env), &keys) == ATTESTATION_GOOD;
			env.p[i] ^= (uint8_t)(1u << bit);
			hint += good && i >= from && i < to;
			bad += good && (i < from || i >= to);
		}
	is_int(bad, 0, "%zu bit flips, none accepted outside of the unsigned keyid (%zu there)",
	    env.n * 8, hint);
	for (n = 0; n < env.n; n++)
		bad += state_of(span_cut(buf_span(&env), 0, n), &keys) != ATTESTATION_BROKEN;
	is_int(bad, 0, "every truncation is broken");
	keyring_free(&keys);
}

static void test_keyid(void)
{
	struct key *ka = attest_key(KEY_ED25519), *kb = attest_key(KEY_P256);
	struct digest ida = key_id(ka), idb = key_id(kb);
	AUTO_BUF struct buf env = BUF_INIT(1u << 20);
	struct keyring keys = { 0 };
	struct key *other;

	attest_sign(&env, ATTEST_V1(SUBJECT, "b", "https://h/o/r", "refs/tags/v1"), ka);
	AUTO_BUF struct buf pub = BUF_INIT(1u << 16);
	if (key_write_public(kb, &pub) < 0 || key_public(&other, buf_span(&pub), NULL) < 0 ||
	    keyring_add(&keys, other, "b", true) < 0)
		abort();
	is_int(state_of(buf_span(&env), &keys), ATTESTATION_STRANGER, "another key: a stranger");
	char *at = strstr((char *)env.p, DIGEST_HEX(&ida));
	memcpy(at, DIGEST_HEX(&idb), 64);
	is_int(state_of(buf_span(&env), &keys), ATTESTATION_FORGED,
	    "naming a given key that did not sign: forged");
	if (keyring_add(&keys, ka, "a", true) < 0)
		abort();
	is_int(state_of(buf_span(&env), &keys), ATTESTATION_FORGED,
	    "also when the real signer is known");
	memset(at, 'x', 64);
	is_int(state_of(buf_span(&env), &keys), ATTESTATION_GOOD, "an unknown keyid is only a hint");
	keys.key[1].may_sign = false;
	is_int(state_of(buf_span(&env), &keys), ATTESTATION_REFUSED,
	    "signed by a known key that may not sign");
	keyring_free(&keys);
	key_free(kb);
	is_int(state_of(buf_span(&env), &keys), ATTESTATION_STRANGER, "no keys: everybody is a stranger");
}

int main(void)
{
	test_vectors();
	test_malformed();
	test_names();
	test_raw_ecdsa();
	test_flips(KEY_ED25519);
	test_flips(KEY_P256);
	test_keyid();
	return tap_done();
}
