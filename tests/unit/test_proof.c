/* SPDX-License-Identifier: Apache-2.0 */

/* Proof bundles: written from a ledger, checked without it; every cut and every flipped bit. */

#include "scratch.h"
#include "store/priv.h"
#include "store/proof.h"
#include "tap.h"

#include <errno.h>

static char name[NOTE_NAME_MAX + 1];
static struct key *key;

/* LEDGER_PROOF_GOOD, LEDGER_PROOF_BAD or -errno of reading and checking. */
static int check(struct span text, struct fault *f)
{
	AUTO_ARENA struct arena a = ARENA_INIT(ENTRY_ARENA_MAX);
	struct ledger_proof p;
	int rc = ledger_proof_read(&p, text, &a, f);

	if (rc == 0)
		return ledger_proof_check(&p, name, key, f);
	static const struct ledger_proof zero;
	return memcmp(&p, &zero, sizeof(p)) == 0 ? rc : -ENOTRECOVERABLE;
}

static void make(struct buf *out)
{
	AUTO_STORE struct store *s = NULL;
	AUTO_BUF struct buf vkey = BUF_INIT(1024);
	struct fault f = FAULT_INIT;
	uint64_t seq;

	if (store_open(&s, scratch("s"), STORE_RDWR, &f) < 0)
		printf("Bail out! %s\n", f.text), exit(2);
	for (int i = 0; i < 11; i++)
		is_int(ledger_append(s, &(struct ledger_new){ .kind = "case.open", .subject = "case:\"\xc3\xa9",
		    .actor = "bob", .at = 1700000000 * TS_SECOND,
		    .data = SPAN_LIT("{\"b\":[true,null,-5],\"a\":{\"\\u00e9\":\"\\n\"}}") }, &seq, &f), 0,
		    "append");
	is_int(ledger_proof_write(s, 5, 0, out, &f), 0, "write");
	is_int(ledger_proof_write(s, 11, 0, out, &f), -ERANGE, "of an entry that is not there");
	is_int(ledger_proof_write(s, 5, 5, out, &f), -ERANGE, "of an entry that was not there then");
	is_int(ledger_proof_write(s, 5, 99, out, &f), -ENOENT, "in a size without checkpoint");
	if (ledger_vkey(s, &vkey) < 0 || note_vkey_parse(buf_span(&vkey), name, &key, &f) < 0)
		printf("Bail out! %s\n", f.text), exit(2);
}

static void test_cut_and_flip(struct span good)
{
	AUTO_BUF struct buf b = BUF_INIT(1 << 16);
	struct fault f = FAULT_INIT;
	unsigned passed = 0, odd = 0;

	for (size_t i = 0; i < good.n; i++) {
		int rc = check(span_cut(good, 0, i), &f);
		odd += rc != -EBADMSG;
	}
	is_int(odd, 0, "each of %zu proper prefixes is malformed", good.n);
	buf_put_span(&b, good);
	odd = 0;
	for (size_t i = 0; i < good.n * 8; i++) {
		b.p[i / 8] ^= (uint8_t)(1u << (i % 8));
		int rc = check(buf_span(&b), &f);
		if (rc == 0)
			diag("bit %zu flipped, and still good: %.60s", i, b.p + (i / 8 > 20 ? i / 8 - 20 : 0));
		passed += rc == 0;
		odd += rc != LEDGER_PROOF_BAD && rc != -EBADMSG;
		b.p[i / 8] ^= (uint8_t)(1u << (i % 8));
	}
	is_int(passed, 0, "none of %zu single flipped bits is good", good.n * 8);
	is_int(odd, 0, "each is bad or malformed, nothing else");
}

/* The bundle with the first occurrence of from replaced. */
static void edited(struct span good, const char *from, const char *to, int want,
    const char *words, const char *what)
{
	AUTO_BUF struct buf b = BUF_INIT(1 << 16);
	struct fault f = FAULT_INIT;
	const uint8_t *at = memmem(good.p, good.n, from, strlen(from));

	if (!at) {
		ok(false, "%s: \"%s\" is not in the bundle", what, from);
		return;
	}
	buf_put(&b, good.p, (size_t)(at - good.p));
	buf_puts(&b, to);
	buf_put_span(&b, span_from(good, (size_t)(at - good.p) + strlen(from)));
	int rc = check(buf_span(&b), &f);
	if (!ok(rc == want && strstr(f.text, words), "%s", what))
		diag("rc %d: %s", rc, f.text);
}

static void test_edited(struct span good)
{
	edited(good, "{\"checkpoint\"", "{ \"checkpoint\"", 0, "", "white space does not matter");
	edited(good, "\"entry\":{\"actor\":\"bob\",", "\"entry\":{", -EBADMSG, "actor", "no actor");
	edited(good, "\"actor\":\"bob\",\"at\":\"2023-11-14T22:13:20Z\"",
	    "\"at\":\"2023-11-14T22:13:20Z\",\"actor\":\"\\u0062ob\"", 0, "",
	    "nor does the order of members, or how a character is escaped");
	edited(good, "\"bob\"", "\"eve\"", LEDGER_PROOF_BAD, "not in the signed tree", "another actor");
	edited(good, "\"seq\":5", "\"seq\":6", -EBADMSG, "own number 6", "another number in the entry");
	edited(good, "\"index\":5", "\"index\":6", -EBADMSG, "\"index\" is 6", "another index");
	edited(good, "\"index\":5", "\"index\":11", -EBADMSG, "place in a tree", "index beyond size");
	edited(good, "\"index\":5", "\"index\":-1", -EBADMSG, "place in a tree", "negative index");
	edited(good, "\"index\":5", "\"index\":5.0", -EBADMSG, "place in a tree", "index as a fraction");
	edited(good, "\"size\":11", "\"size\":12", LEDGER_PROOF_BAD, "size 12", "another size");
	edited(good, "\"proof\":[", "\"proof\":[\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\",",
	    LEDGER_PROOF_BAD, "not in the signed tree", "one more hash");
	edited(good, "\"proof\":[", "\"proof\":[\"AAAA\",", -EBADMSG, "number 1 is not", "a short hash");
	edited(good, "\"proof\":[", "\"proof\":[7,", -EBADMSG, "number 1 is not", "a number as hash");
	edited(good, "\"proof\":[", "\"proof\":[[],", -EBADMSG, "number 1 is not", "a list as hash");
	edited(good, "\"proof\":[", "\"x\":[", -EBADMSG, "unknown member", "unknown member");
	edited(good, "firebreak.ledger-proof/1", "firebreak.ledger-proof/2", -EBADMSG, "type", "other type");
	edited(good, "\"checkpoint\":\"", "\"checkpoint\":\"x", LEDGER_PROOF_BAD, "checkpoint",
	    "another log's name");
	edited(good, "\"checkpoint\":\"firebreak", "\"checkpoint\":7,\"type\":\"", -EBADMSG, "", "no note");
	edited(good, "}", "}}", -EBADMSG, "", "a brace too many");
}

static void test_other_key(struct span good)
{
	AUTO_KEY struct key *other = NULL;
	struct fault f = FAULT_INIT;
	struct key *mine = key;

	is_int(key_generate(&other, KEY_ED25519), 0, "another key");
	key = other;
	is_int(check(good, &f), LEDGER_PROOF_BAD, "does not make it good");
	key = mine;
	name[strlen(name) - 1] ^= 1;
	is_int(check(good, &f), LEDGER_PROOF_BAD, "nor does its key under another name");
	name[strlen(name) - 1] ^= 1;
	is_int(check(good, &f), 0, "its own key and name do");
}

static void test_large(void)
{
	AUTO_BUF struct buf b = BUF_INIT(8 << 20);
	struct fault f = FAULT_INIT;

	for (int i = 0; i < 5 << 20; i++)
		buf_putc(&b, ' ');
	is_int(check(buf_span(&b), &f), -EBADMSG, "a text that is too large");
	buf_reset(&b);
	buf_puts(&b, "{\"type\":\"firebreak.ledger-proof/1\",\"checkpoint\":\"x\",\"index\":0,\"size\":1,"
	    "\"entry\":{},\"proof\":[");
	for (int i = 0; i < 65; i++)
		buf_printf(&b, "%s\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\"", i ? "," : "");
	buf_puts(&b, "]}");
	is_int(check(buf_span(&b), &f), -EBADMSG, "65 hashes");
	ok(strstr(f.text, "at most 64") != NULL, "%s", f.text);
	buf_reset(&b);
	for (int i = 0; i < 100; i++)
		buf_puts(&b, "{\"entry\":");
	is_int(check(buf_span(&b), &f), -EBADMSG, "nested too deep");
}

int main(void)
{
	AUTO_BUF struct buf good = BUF_INIT(1 << 16);
	struct fault f = FAULT_INIT;

	make(&good);
	is_int(check(buf_span(&good), &f), LEDGER_PROOF_GOOD, "a good bundle is good: %s", f.text);
	test_cut_and_flip(buf_span(&good));
	test_edited(buf_span(&good));
	test_other_key(buf_span(&good));
	test_large();
	key_free(key);
	return tap_done();
}
