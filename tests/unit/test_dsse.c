/* SPDX-License-Identifier: Apache-2.0 */

/* The PAE example is the one of the DSSE protocol document (protocol.md, "Test Vectors"). */

#include "base/arena.h"
#include "base/hex.h"
#include "crypto/dsse.h"
#include "tap.h"
#include "wire/json.h"

#include <openssl/err.h>

static void test_pae(void)
{
	AUTO_BUF struct buf b = BUF_INIT(4096);

	dsse_pae(&b, SPAN_LIT("http://example.com/HelloWorld"), SPAN_LIT("hello world"));
	is_str(
	    buf_str(&b), "DSSEv1 29 http://example.com/HelloWorld 11 hello world", "the example");
	buf_reset(&b);
	dsse_pae(&b, SPAN_NONE, SPAN_NONE);
	is_str(buf_str(&b), "DSSEv1 0  0 ", "nothing in nothing");
}

static unsigned spoil(const struct key *k, struct buf *pae, struct span sig)
{
	unsigned accepted = 0;

	for (size_t i = 0; i < pae->n * 8; i++) {
		pae->p[i / 8] ^= (uint8_t)(1u << (i % 8));
		accepted += key_verify(k, buf_span(pae), sig) == KEY_GOOD;
		pae->p[i / 8] ^= (uint8_t)(1u << (i % 8));
	}
	for (size_t i = 0; i < pae->n; i++)
		accepted += key_verify(k, span_of(pae->p, i), sig) == KEY_GOOD;
	return accepted;
}

static void test_envelope(enum key_kind kind)
{
	AUTO_KEY struct key *k = NULL;
	AUTO_ARENA struct arena a = ARENA_INIT(1 << 20);
	AUTO_BUF struct buf out = BUF_INIT(1 << 16), body = BUF_INIT(1 << 16),
			    sig = BUF_INIT(1 << 16), pae = BUF_INIT(1 << 16);
	struct span type = SPAN_LIT("application/vnd.in-toto+json"),
		    payload = SPAN_LIT("{\"a\":1}");
	struct json_doc d;
	struct fault f = FAULT_INIT;

	ok(key_generate(&k, kind) == 0 && dsse_sign(&out, type, payload, k) == 0, "%s signs",
	    key_kind_name(kind));
	is_int(json_parse(&d, buf_span(&out), &a, &f), 0, "the envelope is JSON %s", f.text);
	struct json_val root = json_root(&d), s = json_first(json_get(root, "signatures"));
	is_int(json_count(json_get(root, "signatures")), 1, "one signature");
	ok(json_is(json_get(root, "payloadType"), "application/vnd.in-toto+json"), "payloadType");
	struct digest id = key_id(k);
	ok(json_is(json_get(s, "keyid"), DIGEST_HEX(&id)), "keyid");
	int rc = b64_decode(&body, json_str(json_get(root, "payload"), &a), B64_STD);
	ok(rc == 0 && span_eq(buf_span(&body), payload), "payload");
	rc = b64_decode(&sig, json_str(json_get(s, "sig"), &a), B64_STD);
	dsse_pae(&pae, type, buf_span(&body));
	ok(rc == 0 && key_verify(k, buf_span(&pae), buf_span(&sig)) == KEY_GOOD, "it verifies");
	is_int(spoil(k, &pae, buf_span(&sig)), 0, "no flip or cut of the signed bytes verifies");
}

int main(void)
{
	test_pae();
	test_envelope(KEY_ED25519);
	test_envelope(KEY_P256);
	ok(ERR_peek_error() == 0, "nothing is left in OpenSSL's error queue");
	return tap_done();
}
