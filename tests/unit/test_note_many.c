/* SPDX-License-Identifier: Apache-2.0 */

/* Notes by several keys of several kinds, and witnesses' cosignatures. */

#include "base/hex.h"
#include "crypto/note.h"
#include "tap.h"

#include <errno.h>
#include <openssl/err.h>

/* An origin as Rekor v1 has it, which is no key name. */
#define TEXT                                                                                       \
	"rekor.example - 2605736670972794746\n75408393\n"                                          \
	"Fnnj13Uu1jdksPc4HZLapKX329dVlD5+MGNsiqBq1XM=\nTimestamp: 1\n"
#define WHEN (1679315147 * TS_SECOND)

static struct key *make(enum key_kind kind)
{
	struct key *k = NULL;

	if (key_generate(&k, kind) < 0)
		exit(1);
	return k;
}

static struct note_signer signer(enum note_type type, const char *name, const struct key *k)
{
	struct note_signer s;

	if (note_signer_init(&s, type, name, k) < 0)
		exit(1);
	return s;
}

/* A line as Rekor v1 writes it: any key over the text, its hint that of the SPKI. */
static void put_line(
    struct buf *out, const char *name, const struct note_signer *s, const char *text)
{
	AUTO_BUF struct buf sig = BUF_INIT(1 << 12);

	buf_put(&sig, s->hint, NOTE_HINT_LEN);
	if (key_sign(s->key, span_str(text), &sig) < 0)
		exit(1);
	buf_printf(out, "\xe2\x80\x94 %s ", name);
	b64_encode(out, buf_span(&sig), B64_STD);
	buf_putc(out, '\n');
}

static void put_cosign(struct buf *out, const char *name, const struct key *k, ts when)
{
	if (note_cosign(SPAN_LIT(TEXT), name, k, when, out) < 0)
		exit(1);
}

static int open_(struct note_sigs *s, const struct buf *note, const struct note_signer *who,
    size_t n, struct fault *f)
{
	*f = FAULT_INIT;
	return note_verify(s, buf_span(note), who, n, f);
}

static void test_kinds(void)
{
	static const enum key_kind kinds[] = { KEY_P256, KEY_P384, KEY_P521, KEY_RSA, KEY_ED25519 };

	for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
		AUTO_KEY struct key *k = make(kinds[i]);
		AUTO_BUF struct buf note = BUF_INIT(NOTE_TEXT_MAX);
		struct note_signer s = signer(NOTE_ECDSA, NULL, k);
		struct digest id = key_id(k);
		struct note_sigs sigs = { 0 };
		struct checkpoint c;
		struct fault f;

		ok(memcmp(id.b, s.hint, NOTE_HINT_LEN) == 0, "%s: the hint is the SPKI's",
		    key_kind_name(kinds[i]));
		buf_puts(&note, TEXT "\n");
		put_line(&note, "rekor.example", &s, TEXT);
		is_int(open_(&sigs, &note, &s, 1, &f), 0, "%s: opens %s", key_kind_name(kinds[i]),
		    f.text);
		ok(sigs.n == 1 && sigs.sig[0].signer == 0 && sigs.sig[0].lines == 1 &&
			sigs.sig[0].time == TS_NONE && span_eq(sigs.text, SPAN_LIT(TEXT)),
		    "who signed what");
		ok(checkpoint_read(&c, sigs.text, &f) == 0 && c.size == 75408393 &&
			strcmp(c.origin, "rekor.example - 2605736670972794746") == 0,
		    "the checkpoint in it %s", f.text);
		s.name = "other.example";
		is_int(
		    open_(&sigs, &note, &s, 1, &f), KEY_BAD_SIGNATURE, "another name: %s", f.text);
		s.name = "rekor.example";
		is_int(open_(&sigs, &note, &s, 1, &f), 0, "its name %s", f.text);
		s.hint[0] ^= 1;
		is_int(
		    open_(&sigs, &note, &s, 1, &f), KEY_BAD_SIGNATURE, "another hint: %s", f.text);
	}
}

static void test_order(void)
{
	AUTO_KEY struct key *log = make(KEY_P256), *v2 = make(KEY_ED25519), *w = make(KEY_ED25519),
			    *x = make(KEY_P256);
	const struct note_signer who[] = {
		signer(NOTE_ECDSA, NULL, log),
		signer(NOTE_ED25519, "log.example", v2),
		signer(NOTE_COSIGNATURE, "witness.example/w1", w),
	};
	const struct note_signer unknown = signer(NOTE_ECDSA, NULL, x);
	static const unsigned char orders[][4] = { { 0, 1, 2, 3 }, { 3, 2, 1, 0 }, { 2, 3, 0, 1 } };
	struct note_sigs sigs;
	struct fault f;

	for (size_t i = 0; i < ARRAY_LEN(orders); i++) {
		AUTO_BUF struct buf note = BUF_INIT(NOTE_TEXT_MAX);
		buf_puts(&note, TEXT "\n");
		for (size_t j = 0; j < 4; j++) {
			if (orders[i][j] == 0)
				put_line(&note, "rekor.example", &who[0], TEXT);
			else if (orders[i][j] == 1)
				put_line(&note, "log.example", &who[1], TEXT);
			else if (orders[i][j] == 2)
				put_cosign(&note, "witness.example/w1", w, WHEN);
			else
				put_line(&note, "rekor.example", &unknown, "another text\n");
		}
		is_int(open_(&sigs, &note, who, 3, &f), 0, "order %zu %s", i, f.text);
		unsigned seen = 0;
		for (size_t j = 0; j < sigs.n; j++) {
			seen |= 1u << sigs.sig[j].signer;
			seen |= (sigs.sig[j].time == WHEN) << 4;
		}
		is_int(seen, 7 | 1 << 4, "all three, the witness with its time");
	}
}

static void test_rules(void)
{
	AUTO_KEY struct key *log = make(KEY_ED25519), *w = make(KEY_ED25519),
			    *x = make(KEY_ED25519);
	struct note_signer l = signer(NOTE_ED25519, "log.example", log);
	struct note_signer c = signer(NOTE_COSIGNATURE, "w", w);
	const struct note_signer both[] = { l, c };
	struct note_sigs sigs = { .n = 77 };
	struct fault f;
	AUTO_BUF struct buf note = BUF_INIT(NOTE_TEXT_MAX);

	buf_puts(&note, TEXT "\n");
	size_t head = note.n;
	put_cosign(&note, "w", w, WHEN);
	is_int(open_(&sigs, &note, &l, 1, &f), KEY_BAD_SIGNATURE, "only a witness: %s", f.text);
	ok(sigs.n == 77, "nothing is written");
	is_int(open_(&sigs, &note, both, 2, &f), 0, "both expected %s", f.text);
	ok(sigs.n == 1 && sigs.sig[0].signer == 1, "the log has not signed");
	put_line(&note, "log.example", &l, TEXT);
	put_line(&note, "log.example", &l, TEXT);
	put_cosign(&note, "w", w, WHEN + 5 * TS_SECOND);
	put_cosign(&note, "w", w, WHEN - 5 * TS_SECOND);
	is_int(open_(&sigs, &note, both, 2, &f), 0, "lines again %s", f.text);
	ok(sigs.n == 2 && sigs.sig[0].lines == 3 && sigs.sig[1].lines == 2 &&
		sigs.sig[0].time == WHEN + 5 * TS_SECOND,
	    "are counted; the latest time");
	put_line(&note, "log.example", &l, "another text\n");
	is_int(open_(&sigs, &note, both, 2, &f), KEY_BAD_SIGNATURE, "one that does not verify: %s",
	    f.text);
	is_int(open_(&sigs, &note, &c, 1, &f), 0, "does not matter to who knows only the witness");

	/* an Ed25519 signature is no cosignature and the other way round */
	struct note_signer as_log = { NOTE_ED25519, "w", w, { 0 } };
	memcpy(as_log.hint, c.hint, NOTE_HINT_LEN);
	note.n = head;
	put_cosign(&note, "w", w, WHEN);
	is_int(
	    open_(&sigs, &note, &as_log, 1, &f), KEY_BAD_SIGNATURE, "not for the text: %s", f.text);
	struct note_signer plain = signer(NOTE_ED25519, "w", w), as_witness = c;
	memcpy(as_witness.hint, plain.hint, NOTE_HINT_LEN);
	note.n = head;
	put_line(&note, "w", &plain, TEXT);
	is_int(open_(&sigs, &note, &as_witness, 1, &f), KEY_BAD_SIGNATURE, "nor this: %s", f.text);
	note.n = head;
	AUTO_BUF struct buf tiny = BUF_INIT(16);
	buf_put(&tiny, c.hint, NOTE_HINT_LEN);
	buf_puts(&tiny, "1234567");
	buf_puts(&note, "\xe2\x80\x94 w ");
	b64_encode(&note, buf_span(&tiny), B64_STD);
	buf_putc(&note, '\n');
	is_int(open_(&sigs, &note, &c, 1, &f), KEY_BAD_SIGNATURE, "a cosignature of 7 bytes: %s",
	    f.text);
	is_int(open_(&sigs, &note, both, 0, &f), -EINVAL, "no signer");
	is_int(note_signer_init(&l, NOTE_ED25519, NULL, x), -EINVAL, "Ed25519 needs a name");
	is_int(note_signer_init(&l, NOTE_ED25519, "a b", x), -EINVAL, "a valid one");
	is_int(note_signer_init(&l, (enum note_type)3, "a", x), -EINVAL, "a known type");
	AUTO_KEY struct key *p256 = make(KEY_P256);
	is_int(note_signer_init(&l, NOTE_COSIGNATURE, "a", p256), -EINVAL, "an Ed25519 key");
	is_int(note_cosign(SPAN_LIT(TEXT), "w", w, WHEN + 1, &note), -EINVAL, "whole seconds");
	is_int(note_cosign(SPAN_LIT(TEXT), "w", w, TS_NONE, &note), -EINVAL, "an instant");
}

/* The worked example of c2sp.org/tlog-cosignature: what the key is, it does not say; the form is.
 */
static void test_vkeys(void)
{
	AUTO_KEY struct key *w = make(KEY_ED25519), *again = NULL;
	AUTO_BUF struct buf a = BUF_INIT(1 << 12), b = BUF_INIT(1 << 12);
	char name[NOTE_NAME_MAX + 1] = "";
	struct fault f = FAULT_INIT;

	ok(note_vkey_witness("witness.example/w1", w, &a) == 0 &&
		note_vkey("witness.example/w1", w, &b) == 0 && !span_eq(buf_span(&a), buf_span(&b)),
	    "a witness's key is written with its own type");
	ok(note_vkey_parse_witness(buf_span(&a), name, &again, &f) == 0 &&
		strcmp(name, "witness.example/w1") == 0,
	    "and read %s", f.text);
	struct key *no = NULL;
	is_int(
	    note_vkey_parse(buf_span(&a), name, &no, &f), -EBADMSG, "not as a log's: %s", f.text);
	is_int(note_vkey_parse_witness(buf_span(&b), name, &no, &f), -EBADMSG, "nor a log's: %s",
	    f.text);
}

static void test_flips(void)
{
	AUTO_KEY struct key *log = make(KEY_P256), *w = make(KEY_ED25519);
	const struct note_signer who[] = { signer(NOTE_ECDSA, "rekor.example", log),
		signer(NOTE_COSIGNATURE, "w", w) };
	AUTO_BUF struct buf note = BUF_INIT(NOTE_TEXT_MAX);
	struct note_sigs sigs;
	unsigned accepted = 0;
	size_t fell = 0;

	buf_puts(&note, TEXT "\n");
	put_line(&note, "rekor.example", &who[0], TEXT);
	put_cosign(&note, "w", w, WHEN);
	for (size_t i = 0; i < 8 * note.n; i++) {
		note.p[i / 8] ^= (uint8_t)(1u << (i % 8));
		if (note_verify(&sigs, buf_span(&note), who, 2, NULL) == 0) {
			/* a line whose name or hint changed is a stranger's: the other one remains
			 */
			accepted += sigs.n != 1 || !span_eq(sigs.text, SPAN_LIT(TEXT)) ||
				    (sigs.sig[0].signer == 1 && sigs.sig[0].time != WHEN);
			fell++;
		}
		note.p[i / 8] ^= (uint8_t)(1u << (i % 8));
	}
	is_int(accepted, 0, "each of %zu flips is refused, or takes one signer away (%zu)",
	    8 * note.n, fell);
	for (size_t i = 0; i < note.n; i++)
		accepted +=
		    note_verify(&sigs, span_of(note.p, i), who, 2, NULL) == 0 && sigs.n != 1;
	is_int(accepted, 0, "no prefix has both");
	for (size_t i = 0; i < note.n; i++)
		accepted += note_verify(&sigs, span_of(note.p, i), &who[1], 1, NULL) == 0;
	is_int(accepted, 0, "or the last");
}

static void test_texts(void)
{
	static const char *const bad[] = { "", "x", "x\n", "x\n1\n", "\n\n\n",
		"x\n1\nFnnj13Uu1jdksPc4HZLapKX329dVlD5+MGNsiqBq1XM=",
		"\n1\nFnnj13Uu1jdksPc4HZLapKX329dVlD5+MGNsiqBq1XM=\n",
		"x\n01\nFnnj13Uu1jdksPc4HZLapKX329dVlD5+MGNsiqBq1XM=\n",
		"x\n1\nFnnj13Uu1jdksPc4HZLapKX329dVlD5+MGNsiqBq1XM=\n\nx\n" };
	struct fault f;

	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		struct checkpoint c;
		f = FAULT_INIT;
		int rc = checkpoint_read(&c, span_str(bad[i]), &f);
		ok(rc == -EBADMSG && f.text[0], "no checkpoint %zu: %s", i, f.text);
	}
}

int main(void)
{
	test_kinds();
	test_order();
	test_rules();
	test_vkeys();
	test_flips();
	test_texts();
	ok(ERR_peek_error() == 0, "nothing is left in OpenSSL's error queue");
	return tap_done();
}
