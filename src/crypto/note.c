/* SPDX-License-Identifier: Apache-2.0 */

#include "crypto/note.h"

#include "base/hex.h"
#include "base/utf8.h"
#include "crypto/hash.h"

#include <errno.h>
#include <stdio.h>

#define TYPE_ED25519 0x01
#define KEY_ID_LEN 4
#define SIG_LEN 64
#define DASH SPAN_LIT("\xe2\x80\x94 ") /* em dash, space */

/* Unicode White_Space. */
static bool is_space(uint32_t c)
{
	return (c >= 9 && c <= 13) || c == 0x20 || c == 0x85 || c == 0xa0 || c == 0x1680 ||
	       (c >= 0x2000 && c <= 0x200a) || c == 0x2028 || c == 0x2029 || c == 0x202f ||
	       c == 0x205f || c == 0x3000;
}

bool note_name_ok(struct span name)
{
	if (!name.n || name.n > NOTE_NAME_MAX)
		return false;
	while (name.n) {
		uint32_t c;
		size_t k = utf8_next(name, &c);
		if (!k || c < 0x20 || c == '+' || is_space(c))
			return false;
		name = span_from(name, k);
	}
	return true;
}

/* SHA-256(name || 0x0a || 0x01 || public key)[:4] */
static int key_hash(struct span name, const struct key *k, uint8_t out[static KEY_ID_LEN])
{
	uint8_t pub[1 + 32] = { TYPE_ED25519 }, h[32];
	int rc = key_raw_ed25519(k, pub + 1);

	if (rc < 0)
		return rc;
	sha256_parts((struct span[]){ name, SPAN_LIT("\n"), span_of(pub, sizeof(pub)) }, 3, h);
	memcpy(out, h, KEY_ID_LEN);
	return 0;
}

/* Only text that a signed note may hold: UTF-8, no control characters but newline. */
static int check_text(struct span s, struct fault *f)
{
	size_t bad = utf8_check(s);

	if (bad < s.n)
		return fault_set(f, -EBADMSG, "offset %zu: not UTF-8", bad);
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] < 0x20 && s.p[i] != '\n')
			return fault_set(f, -EBADMSG, "offset %zu: control character", i);
	return 0;
}

int note_sign(struct span text, const char *name, const struct key *k, struct buf *out)
{
	AUTO_BUF struct buf sig = BUF_INIT(KEY_ID_LEN + SIG_LEN);
	uint8_t id[KEY_ID_LEN];

	if (!span_ends(text, SPAN_LIT("\n")) || check_text(text, NULL) < 0 ||
	    !note_name_ok(span_str(name)) || text.n > NOTE_TEXT_MAX / 2)
		return -EINVAL;
	int rc = key_hash(span_str(name), k, id);
	if (rc < 0)
		return rc;
	buf_put(&sig, id, sizeof(id));
	rc = key_sign(k, text, &sig);
	if (rc < 0)
		return rc;
	buf_put_span(out, text);
	buf_puts(out, "\n\xe2\x80\x94 ");
	buf_puts(out, name);
	buf_putc(out, ' ');
	b64_encode(out, buf_span(&sig), B64_STD);
	buf_putc(out, '\n');
	return buf_err(out);
}

/* The last empty line separates text from signatures: offset of the first signature, 0 if none. */
static size_t find_signatures(struct span note)
{
	for (size_t i = note.n; i >= 2; i--)
		if (note.p[i - 1] == '\n' && note.p[i - 2] == '\n')
			return i;
	return 0;
}

struct sig_line {
	struct span name;
	struct buf bytes; /* key id and signature */
};

/* "— name base64" without the newline. */
static int read_sig_line(struct sig_line *l, struct span line, struct fault *f)
{
	if (!span_starts(line, DASH))
		return fault_set(f, -EBADMSG, "a signature line does not begin with an em dash");
	line = span_from(line, DASH.n);
	size_t sp = span_find(line, ' ');
	if (sp == SIZE_MAX || !note_name_ok(span_cut(line, 0, sp)))
		return fault_set(f, -EBADMSG, "a signature line has no valid key name");
	l->name = span_cut(line, 0, sp);
	buf_reset(&l->bytes);
	int rc = b64_decode(&l->bytes, span_from(line, sp + 1), B64_STD);
	if (rc == -EINVAL || (rc == 0 && l->bytes.n <= KEY_ID_LEN))
		return fault_set(f, -EBADMSG,
		    "the signature by %s is not valid base64 of id and bytes", QUOTE(l->name));
	return rc;
}

struct expect {
	struct span text;
	struct span name;
	uint8_t id[KEY_ID_LEN];
	const struct key *key;
	unsigned good;
};

static int check_sig_line(struct expect *x, const struct sig_line *l, struct fault *f)
{
	struct span sig = span_from(buf_span(&l->bytes), KEY_ID_LEN);

	if (!span_eq(l->name, x->name) || memcmp(l->bytes.p, x->id, KEY_ID_LEN) != 0)
		return 0;
	if (x->good)
		return fault_set(f, -EBADMSG, "two signatures by %s", QUOTE(x->name));
	int rc = key_verify(x->key, x->text, sig);
	if (rc == KEY_GOOD)
		x->good++;
	if (rc == KEY_BAD_SIGNATURE)
		fault_set(f, 0, "the signature by %s does not verify", QUOTE(x->name));
	return rc;
}

static int check_signatures(struct expect *x, struct span sigs, struct fault *f)
{
	struct sig_line l = { SPAN_NONE, BUF_INIT(NOTE_TEXT_MAX) };
	struct span bytes = sigs;
	unsigned count = 0;
	int rc = 0;

	while (rc == 0 && bytes.n) {
		size_t end = span_find(bytes, '\n');
		if (end == SIZE_MAX)
			rc = fault_set(f, -EBADMSG, "the last line has no newline");
		else if (++count > NOTE_SIGS_MAX)
			rc = fault_set(f, -EBADMSG, "more than %d signatures", NOTE_SIGS_MAX);
		else
			rc = read_sig_line(&l, span_cut(bytes, 0, end), f);
		if (rc == 0)
			rc = check_sig_line(x, &l, f);
		bytes = span_from(bytes, end + 1);
	}
	buf_free(&l.bytes);
	if (rc != 0)
		return rc;
	if (x->good == 1)
		return KEY_GOOD;
	return fault_set(f, KEY_BAD_SIGNATURE, "no signature by %s (key id %02x%02x%02x%02x)",
	    QUOTE(x->name), x->id[0], x->id[1], x->id[2], x->id[3]);
}

/* Splits and checks everything but the signatures. */
static int split(struct span note, struct span *ret_text, struct span *ret_sigs, struct fault *f)
{
	if (note.n > NOTE_TEXT_MAX)
		return fault_set(f, -EBADMSG, "a note larger than %u bytes", NOTE_TEXT_MAX);
	int rc = check_text(note, f);
	if (rc < 0)
		return rc;
	size_t at = find_signatures(note);
	if (at < 3 || at == note.n)
		return fault_set(f, -EBADMSG, "no text, empty line and signatures");
	*ret_text = span_cut(note, 0, at - 1);
	*ret_sigs = span_from(note, at);
	return 0;
}

static int open_as(
    struct span text, struct span sigs, struct span name, const struct key *k, struct fault *f)
{
	struct expect x = { .text = text, .name = name, .key = k };

	if (!note_name_ok(name))
		return fault_set(f, -EBADMSG, "%s cannot be a key name", QUOTE(name));
	int rc = key_hash(name, k, x.id);
	if (rc < 0)
		return fault_set(f, -EBADMSG, "only Ed25519 keys sign notes");
	return check_signatures(&x, sigs, f);
}

int note_open(
    struct span *ret_text, struct span note, const char *name, const struct key *k, struct fault *f)
{
	struct span text, sigs;
	int rc = split(note, &text, &sigs, f);

	if (rc == 0)
		rc = open_as(text, sigs, span_str(name), k, f);
	if (rc == 0)
		*ret_text = text;
	return rc;
}

int checkpoint_sign(const struct checkpoint *c, const struct key *k, struct buf *out)
{
	AUTO_BUF struct buf text = BUF_INIT(NOTE_TEXT_MAX);

	if (c->size > MERKLE_SIZE_MAX)
		return -EINVAL;
	buf_printf(&text, "%s\n%llu\n", c->origin, (unsigned long long)c->size);
	b64_encode(&text, span_of(c->root.b, MERKLE_LEN), B64_STD);
	buf_putc(&text, '\n');
	int rc = buf_err(&text);
	return rc < 0 ? rc : note_sign(buf_span(&text), c->origin, k, out);
}

/* ASCII decimal, no sign, no leading zero, at most MERKLE_SIZE_MAX. */
static bool read_size(struct span s, uint64_t *ret_n)
{
	uint64_t n = 0;

	if (!s.n || (s.n > 1 && s.p[0] == '0'))
		return false;
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] < '0' || s.p[i] > '9' || __builtin_mul_overflow(n, 10, &n) ||
		    __builtin_add_overflow(n, s.p[i] - '0', &n))
			return false;
	}
	*ret_n = n;
	return n <= MERKLE_SIZE_MAX;
}

static bool read_root(struct span s, struct mhash *ret_root)
{
	AUTO_BUF struct buf b = BUF_INIT(NOTE_TEXT_MAX);

	if (b64_decode(&b, s, B64_STD) < 0 || b.n != MERKLE_LEN)
		return false;
	memcpy(ret_root->b, b.p, MERKLE_LEN);
	return true;
}

/* The next line of text that ends in a newline, which is known to be there. */
static struct span take_line(struct span *rest)
{
	size_t end = span_find(*rest, '\n');
	struct span line = span_cut(*rest, 0, end);

	*rest = span_from(*rest, end + 1);
	return line;
}

static int read_checkpoint(struct checkpoint *ret_c, struct span text, struct fault *f)
{
	struct checkpoint c = { 0 };
	struct span origin = take_line(&text);

	if (!note_name_ok(origin))
		return fault_set(
		    f, -EBADMSG, "line 1: the origin %s cannot be a key name", QUOTE(origin));
	memcpy(c.origin, origin.p, origin.n);
	if (!read_size(take_line(&text), &c.size))
		return fault_set(f, -EBADMSG, "line 2: not a tree size in plain decimal");
	if (!read_root(take_line(&text), &c.root))
		return fault_set(f, -EBADMSG, "line 3: not the base64 of a 32-byte root hash");
	while (text.n)
		if (!take_line(&text).n)
			return fault_set(f, -EBADMSG, "an empty extension line");
	*ret_c = c;
	return 0;
}

int checkpoint_open(
    struct checkpoint *ret_c, struct span note, const struct key *k, struct fault *f)
{
	struct checkpoint c;
	struct span text, sigs;
	int rc = split(note, &text, &sigs, f);

	if (rc == 0)
		rc = read_checkpoint(&c, text, f);
	if (rc == 0)
		rc = open_as(text, sigs, span_str(c.origin), k, f);
	if (rc == 0)
		*ret_c = c;
	return rc;
}

int note_vkey(const char *name, const struct key *k, struct buf *out)
{
	uint8_t id[KEY_ID_LEN], pub[1 + 32] = { TYPE_ED25519 };

	if (!note_name_ok(span_str(name)))
		return -EINVAL;
	int rc = key_hash(span_str(name), k, id);
	if (rc == 0)
		rc = key_raw_ed25519(k, pub + 1);
	if (rc < 0)
		return rc;
	buf_printf(out, "%s+%02x%02x%02x%02x+", name, id[0], id[1], id[2], id[3]);
	b64_encode(out, span_of(pub, sizeof(pub)), B64_STD);
	return buf_err(out);
}

int note_vkey_parse(
    struct span vkey, char name[static NOTE_NAME_MAX + 1], struct key **ret_k, struct fault *f)
{
	AUTO_BUF struct buf pub = BUF_INIT(NOTE_TEXT_MAX);
	AUTO_BUF struct buf again = BUF_INIT(NOTE_TEXT_MAX);
	AUTO_KEY struct key *k = NULL;
	char n[NOTE_NAME_MAX + 1] = "";

	vkey = span_trim(vkey);
	size_t plus = span_find(vkey, '+');
	if (plus == SIZE_MAX || !note_name_ok(span_cut(vkey, 0, plus)))
		return fault_set(f, -EBADMSG, "not a verifier key: NAME+HASH+BASE64 expected");
	memcpy(n, vkey.p, plus);
	struct span b64 = span_from(vkey, plus + 1 + 2 * KEY_ID_LEN + 1);
	int rc = b64_decode(&pub, b64, B64_STD);
	if (rc == -ENOMEM)
		return rc;
	if (rc < 0 || pub.n != 33 || pub.p[0] != TYPE_ED25519)
		return fault_set(
		    f, -EBADMSG, "verifier key %s is not an Ed25519 key", QUOTE(span_str(n)));
	rc = key_from_raw_ed25519(&k, pub.p + 1);
	if (rc == 0)
		rc = note_vkey(n, k, &again);
	if (rc < 0)
		return rc;
	if (!span_eq(buf_span(&again), vkey))
		return fault_set(f, -EBADMSG, "verifier key %s: name, hash and key do not agree",
		    QUOTE(span_str(n)));
	memcpy(name, n, sizeof(n));
	*ret_k = TAKE_PTR(k);
	return 0;
}
