/* SPDX-License-Identifier: Apache-2.0 */

/* The worked example is the one that the golang.org/x/mod/sumdb/note documentation prints. */

#include "crypto/note.h"
#include "tap.h"

#include <errno.h>
#include <openssl/err.h>

#define PETER "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
#define QUOTED                                                                                     \
	"If you think cryptography is the answer to your problem,\n"                               \
	"then you don't know what your problem is.\n"
#define PETER_SIG                                                                                  \
	"x08go/ZJkuBS9UG/"                                                                         \
	"SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM="

static void test_known(void)
{
	char name[NOTE_NAME_MAX + 1];
	AUTO_KEY struct key *k = NULL;
	AUTO_BUF struct buf again = BUF_INIT(4096);
	struct fault f = FAULT_INIT;
	struct span text = SPAN_NONE;

	int rc = note_vkey_parse(span_str(PETER "\n"), name, &k, &f);
	is_int(rc, 0, "a known verifier key is read %s", f.text);
	if (rc != 0)
		return;
	is_str(name, "PeterNeumann", "its name");
	ok(note_vkey(name, k, &again) == 0 && strcmp(buf_str(&again), PETER) == 0,
	    "and written the same");
	rc = note_open(
	    &text, SPAN_LIT(QUOTED "\n\xe2\x80\x94 PeterNeumann " PETER_SIG "\n"), name, k, &f);
	ok(rc == 0 && span_eq(text, SPAN_LIT(QUOTED)), "a known note opens %s", f.text);
	rc = note_open(&text, SPAN_LIT(QUOTED "\n\xe2\x80\x94 PeterNeumann " PETER_SIG "\n"),
	    "EnochRoot", k, &f);
	is_int(rc, KEY_BAD_SIGNATURE, "not under another name: %s", f.text);
}

static void test_vkey_refused(void)
{
	static const char *const bad[] = {
		"",
		"PeterNeumann",
		"PeterNeumann+c74f20a3",
		"PeterNeumann+c74f20a3+",
		"+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
		"PeterNeumann+C74F20A3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
		"PeterNeumann+c74f20a4+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
		"PeterNeumanm+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
		"Peter Neumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
		"PeterNeumann+c74f20a3+AhpC2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
		"PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10T",
		"PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW+",
		"PeterNeumann+c74f20a3 ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
	};
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		char name[NOTE_NAME_MAX + 1] = "";
		struct key *k = NULL;
		struct fault f = FAULT_INIT;
		int rc = note_vkey_parse(span_str(bad[i]), name, &k, &f);
		ok(rc == -EBADMSG && !k && !name[0] && f.text[0], "vkey %zu: %s", i, f.text);
	}
}

static void test_names(void)
{
	static const char *const good[] = { "a", "example.com/log", "\xc3\xa9" };
	static const char *const bad[] = { "", "a b", "a+b", "a\tb", "a\nb", "a\xc2\xa0\x62",
		"\xe2\x80\x83", "\xe3\x80\x80x", "\xff", "a\x1f" };
	for (size_t i = 0; i < ARRAY_LEN(good); i++)
		ok(note_name_ok(span_str(good[i])), "name %s", good[i]);
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		ok(!note_name_ok(span_str(bad[i])), "bad name %zu", i);
}

static struct checkpoint example(void)
{
	struct checkpoint c = { .origin = "firebreak.example/ledger", .size = 20852163 };
	for (int i = 0; i < MERKLE_LEN; i++)
		c.root.b[i] = (uint8_t)(i * 7);
	return c;
}

static bool same(const struct checkpoint *a, const struct checkpoint *b)
{
	return strcmp(a->origin, b->origin) == 0 && a->size == b->size &&
	       mhash_eq(&a->root, &b->root);
}

static void test_checkpoint(const struct key *k)
{
	AUTO_BUF struct buf note = BUF_INIT(NOTE_TEXT_MAX);
	struct checkpoint c = example(), got = { .size = 7 }, zero = got;
	struct fault f = FAULT_INIT;
	unsigned accepted = 0;

	ok(checkpoint_sign(&c, k, &note) == 0, "a checkpoint is signed");
	is_int(checkpoint_open(&got, buf_span(&note), k, &f), 0, "and opened %s", f.text);
	ok(same(&got, &c), "with the same content");
	got = zero;
	for (size_t i = 0; i < note.n * 8; i++) {
		note.p[i / 8] ^= (uint8_t)(1u << (i % 8));
		accepted += checkpoint_open(&got, buf_span(&note), k, NULL) == 0;
		note.p[i / 8] ^= (uint8_t)(1u << (i % 8));
	}
	is_int(accepted, 0, "each of %zu single-bit flips is refused", note.n * 8);
	for (size_t i = 0; i < note.n; i++)
		accepted += checkpoint_open(&got, span_of(note.p, i), k, NULL) == 0;
	is_int(accepted, 0, "each of %zu truncations is refused", note.n);
	buf_putc(&note, '\n');
	is_int(
	    checkpoint_open(&got, buf_span(&note), k, &f), -EBADMSG, "a newline more: %s", f.text);
	ok(memcmp(&got, &zero, sizeof(got)) == 0, "nothing was written");
	c.size = 0;
	buf_reset(&note);
	ok(checkpoint_sign(&c, k, &note) == 0 &&
		checkpoint_open(&got, buf_span(&note), k, &f) == 0 && same(&got, &c),
	    "an empty tree's checkpoint");
	c.size = MERKLE_SIZE_MAX + 1;
	is_int(checkpoint_sign(&c, k, &note), -EINVAL, "a size beyond the largest tree");
	c = example();
	c.origin[3] = '\n';
	is_int(checkpoint_sign(&c, k, &note), -EINVAL, "an origin with a newline");
}

/* Several signers: flips are refused unless they only touch another's line. */
static void test_cosigned(const struct key *k, const struct key *witness)
{
	AUTO_BUF struct buf note = BUF_INIT(NOTE_TEXT_MAX), text = BUF_INIT(NOTE_TEXT_MAX),
			    both = BUF_INIT(NOTE_TEXT_MAX);
	struct checkpoint c = example(), got;
	struct fault f = FAULT_INIT;
	unsigned wrong = 0;

	if (checkpoint_sign(&c, k, &note) < 0)
		return;
	struct span body = span_of(note.p, note.n);
	while (body.n > 1 && !(body.p[body.n - 1] == '\n' && body.p[body.n - 2] == '\n'))
		body.n--;
	body.n--;
	ok(note_sign(body, "witness.example/w1", witness, &text) == 0,
	    "a witness signs the same text");
	struct span wline = span_from(buf_span(&text), body.n + 1);
	struct span ours = span_from(buf_span(&note), body.n + 1);
	buf_put_span(&both, body);
	buf_putc(&both, '\n');
	buf_put_span(&both, wline);
	size_t start = both.n;
	buf_put_span(&both, ours);
	is_int(checkpoint_open(&got, buf_span(&both), k, &f), 0, "two signers: opened by ours %s",
	    f.text);
	struct span t;
	is_int(note_open(&t, buf_span(&both), "witness.example/w1", witness, &f), 0,
	    "and by the witness %s", f.text);
	for (size_t i = 0; i < both.n * 8; i++) {
		both.p[i / 8] ^= (uint8_t)(1u << (i % 8));
		bool good = checkpoint_open(&got, buf_span(&both), k, NULL) == 0;
		bool in_witness = i / 8 > body.n && i / 8 < start;
		wrong += good && (!in_witness || !same(&got, &c));
		both.p[i / 8] ^= (uint8_t)(1u << (i % 8));
	}
	is_int(wrong, 0, "a flip outside the witness's line is refused");
	buf_put_span(&both, ours);
	is_int(
	    checkpoint_open(&got, buf_span(&both), k, &f), -EBADMSG, "our line twice: %s", f.text);
}

static void test_refused(const struct key *k)
{
	static const struct {
		const char *text, *want;
	} v[] = {
		{ "o\n01\nAAAA\n", "line 2" },
		{ "o\n+1\nAAAA\n", "line 2" },
		{ "o\n-1\nAAAA\n", "line 2" },
		{ "o\n\nAAAA\n", "line 2" },
		{ "o\n1 \nAAAA\n", "line 2" },
		{ "o\n18446744073709551616\nAAAA\n", "line 2" },
		{ "o\n9223372036854775808\nAAAA\n", "line 2" },
		{ "o\n1\nAAAA\n", "line 3" },
		{ "o\n1\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFV=\n", "line 3" },
		{ "o\n1\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU\n", "line 3" },
		{ "o\n1\n", "line 3" },
		{ "o\n", "line 2" },
		{ "o p\n1\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n", "line 1" },
		{ "\n1\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n", "line 1" },
		{ "o\n1\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n\nx\n", "extension" },
	};
	for (size_t i = 0; i < ARRAY_LEN(v); i++) {
		AUTO_BUF struct buf note = BUF_INIT(NOTE_TEXT_MAX);
		struct checkpoint c;
		struct fault f = FAULT_INIT;
		bool signed_ = note_sign(span_str(v[i].text), "o", k, &note) == 0;
		int rc = checkpoint_open(&c, buf_span(&note), k, &f);
		ok(signed_ && rc == -EBADMSG && strstr(f.text, v[i].want),
		    "well signed, but %zu: %s", i, f.text);
	}
	AUTO_BUF struct buf note = BUF_INIT(NOTE_TEXT_MAX);
	struct checkpoint c;
	struct fault f = FAULT_INIT;
	int rc = note_sign(
	    SPAN_LIT("o\n1\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\next\n"), "o", k, &note);
	ok(rc == 0 && checkpoint_open(&c, buf_span(&note), k, &f) == 0 && c.size == 1,
	    "extension lines are allowed %s", f.text);
	is_int(note_sign(SPAN_LIT("no newline"), "o", k, &note), -EINVAL, "text without newline");
	is_int(note_sign(SPAN_LIT("tab\there\n"), "o", k, &note), -EINVAL, "control character");
	is_int(note_sign(SPAN_LIT("\xff\n"), "o", k, &note), -EINVAL, "not UTF-8");
	is_int(note_sign(SPAN_LIT("x\n"), "o+", k, &note), -EINVAL, "not a name");
	AUTO_KEY struct key *p256 = NULL;
	ok(key_generate(&p256, KEY_P256) == 0 &&
		note_sign(SPAN_LIT("x\n"), "o", p256, &note) == -EINVAL,
	    "only Ed25519 signs notes");
}

static void test_many(const struct key *k)
{
	AUTO_BUF struct buf note = BUF_INIT(NOTE_TEXT_MAX);
	struct fault f = FAULT_INIT;
	struct span text;

	int rc = note_sign(SPAN_LIT("x\n"), "o", k, &note);
	for (int i = 1; i < NOTE_SIGS_MAX; i++)
		buf_puts(&note, "\xe2\x80\x94 other AAAAAAA=\n");
	ok(rc == 0 && note_open(&text, buf_span(&note), "o", k, &f) == 0, "%d signatures %s",
	    NOTE_SIGS_MAX, f.text);
	buf_puts(&note, "\xe2\x80\x94 other AAAAAAA=\n");
	is_int(note_open(&text, buf_span(&note), "o", k, &f), -EBADMSG, "one more: %s", f.text);
	buf_reset(&note);
	rc = note_sign(SPAN_LIT("x\n"), "o", k, &note);
	buf_puts(&note, "\xe2\x80\x94 other AAAAAA==\n");
	ok(rc == 0 && note_open(&text, buf_span(&note), "o", k, &f) == -EBADMSG,
	    "another's line must be well formed too: %s", f.text);
}

int main(void)
{
	AUTO_KEY struct key *k = NULL, *witness = NULL;

	if (key_generate(&k, KEY_ED25519) < 0 || key_generate(&witness, KEY_ED25519) < 0)
		return 1;
	test_known();
	test_vkey_refused();
	test_names();
	test_checkpoint(k);
	test_cosigned(k, witness);
	test_refused(k);
	test_many(k);
	ok(ERR_peek_error() == 0, "nothing is left in OpenSSL's error queue");
	return tap_done();
}
