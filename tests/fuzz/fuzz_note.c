/* SPDX-License-Identifier: Apache-2.0 */

/*
 * note: only what the one key signed opens (the key of RFC 8032 7.1 test 1, under any name); an
 * error means nothing written; what opens is the same when signed again. The same bytes as a
 * verifier key: what parses writes itself. As a note by several keys of all types, whose hints the
 * input can have: what opens has the text that one of them signed.
 */

#include "crypto/note.h"

#include <errno.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool good)
{
	if (!good)
		abort();
}

static const struct key *the_key(void)
{
	static struct key *k;

	if (!k)
		check(key_private(&k,
			  SPAN_LIT(
			      "-----BEGIN PRIVATE KEY-----\n"
			      "MC4CAQAwBQYDK2VwBCIEIJ1hsZ3v/VpguoRK9JLsLMRESCVpezJpGXA7rAMcrn9g\n"
			      "-----END PRIVATE KEY-----\n"),
			  NULL) == 0);
	return k;
}

static void as_note(struct span s)
{
	static const struct checkpoint zero;
	struct checkpoint c = zero, d = zero;
	struct fault f = FAULT_INIT;
	struct span text = SPAN_NONE;
	int rc = checkpoint_open(&c, s, the_key(), &f);

	if (rc != 0) {
		check(memcmp(&c, &zero, sizeof(c)) == 0 &&
		      (rc == -EBADMSG || rc == KEY_BAD_SIGNATURE));
		check(f.text[0]);
		return;
	}
	AUTO_BUF struct buf again = BUF_INIT(NOTE_TEXT_MAX);
	check(note_open(&text, s, c.origin, the_key(), NULL) == 0 && span_starts(s, text));
	check(checkpoint_sign(&c, the_key(), &again) == 0);
	check(checkpoint_open(&d, buf_span(&again), the_key(), NULL) == 0);
	check(strcmp(c.origin, d.origin) == 0 && c.size == d.size);
	check(memcmp(&c.root, &d.root, sizeof(c.root)) == 0);
}

static void as_vkey(struct span s)
{
	char name[NOTE_NAME_MAX + 1] = "";
	AUTO_KEY struct key *k = NULL;
	AUTO_BUF struct buf again = BUF_INIT(NOTE_TEXT_MAX);

	if (note_vkey_parse(s, name, &k, NULL) != 0) {
		check(!k && !name[0]);
		return;
	}
	check(note_vkey(name, k, &again) == 0 && span_eq(buf_span(&again), span_trim(s)));
}

static void as_many(struct span s)
{
	static const struct note_sigs zero;
	struct note_signer who[3];
	struct note_sigs a = zero, b = zero;
	struct fault f = FAULT_INIT;
	struct checkpoint c;

	check(note_signer_init(&who[0], NOTE_ED25519, "o", the_key()) == 0);
	check(note_signer_init(&who[1], NOTE_COSIGNATURE, "w", the_key()) == 0);
	check(note_signer_init(&who[2], NOTE_ECDSA, NULL, the_key()) == 0);
	int rc = note_verify(&a, s, who, 3, &f);
	check(note_verify(&b, s, who, 3, NULL) == rc && memcmp(&a, &b, sizeof(a)) == 0);
	if (rc != 0) {
		check(rc == -EBADMSG || rc == KEY_BAD_SIGNATURE);
		check(f.text[0] && memcmp(&a, &zero, sizeof(a)) == 0);
		return;
	}
	check(a.n >= 1 && a.n <= 3 && span_starts(s, a.text) && a.text.n);
	for (size_t i = 0; i < a.n; i++)
		check(a.sig[i].signer < 3 && a.sig[i].lines >= 1 &&
		      (a.sig[i].signer == 1) == (a.sig[i].time != TS_NONE));
	(void)!checkpoint_read(&c, a.text, NULL);
}

/* The same bytes as a checkpoint nobody signed. */
static void as_text(struct span s)
{
	static const struct checkpoint zero;
	struct checkpoint c = zero;
	struct fault f = FAULT_INIT;

	if (checkpoint_read(&c, s, &f) != 0)
		check(f.text[0] && memcmp(&c, &zero, sizeof(c)) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	as_many(span_of(data, size));
	as_text(span_of(data, size));
	as_note(span_of(data, size));
	as_vkey(span_of(data, size));
	return 0;
}
