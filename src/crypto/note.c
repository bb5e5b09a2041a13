/* SPDX-License-Identifier: Apache-2.0 */

#include "crypto/note.h"

#include "base/cur.h"
#include "base/hex.h"
#include "base/utf8.h"
#include "crypto/note_text.h"

#include <errno.h>

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

/* "— name base64(hint || bytes)", a line. */
static int put_line(struct buf *out, const struct note_signer *s, struct span bytes)
{
	AUTO_BUF struct buf sig = BUF_INIT(NOTE_HINT_LEN + KEY_TEXT_MAX);

	buf_put(&sig, s->hint, sizeof(s->hint));
	buf_put_span(&sig, bytes);
	int rc = buf_err(&sig);
	if (rc < 0)
		return rc;
	buf_put_span(out, DASH);
	buf_puts(out, s->name);
	buf_putc(out, ' ');
	b64_encode(out, buf_span(&sig), B64_STD);
	buf_putc(out, '\n');
	return buf_err(out);
}

/* May this text be signed under this name? */
static bool can_sign(struct span text, const char *name)
{
	return span_ends(text, SPAN_LIT("\n")) && check_text(text, NULL) == 0 &&
	       note_name_ok(span_str(name)) && text.n <= NOTE_TEXT_MAX / 2;
}

int note_sign(struct span text, const char *name, const struct key *k, struct buf *out)
{
	AUTO_BUF struct buf sig = BUF_INIT(SIG_LEN);
	struct note_signer s;

	if (!can_sign(text, name))
		return -EINVAL;
	int rc = note_signer_init(&s, NOTE_ED25519, name, k);
	if (rc == 0)
		rc = key_sign(k, text, &sig);
	if (rc < 0)
		return rc;
	buf_put_span(out, text);
	buf_putc(out, '\n');
	return put_line(out, &s, buf_span(&sig));
}

/* "cosignature/v1", the time, the text: what a witness signs. */
static void put_cosigned(struct buf *b, uint64_t seconds, struct span text)
{
	buf_printf(b, "cosignature/v1\ntime %llu\n", (unsigned long long)seconds);
	buf_put_span(b, text);
}

int note_cosign(struct span text, const char *name, const struct key *k, ts when, struct buf *out)
{
	AUTO_BUF struct buf msg = BUF_INIT(NOTE_TEXT_MAX), sig = BUF_INIT(8 + SIG_LEN);
	struct note_signer s;

	if (!can_sign(text, name) || when < 0 || when == TS_FOREVER || when % TS_SECOND)
		return -EINVAL;
	uint64_t seconds = (uint64_t)(when / TS_SECOND);
	int rc = note_signer_init(&s, NOTE_COSIGNATURE, name, k);
	put_cosigned(&msg, seconds, text);
	buf_put_be32(&sig, (uint32_t)(seconds >> 32));
	buf_put_be32(&sig, (uint32_t)seconds);
	if (rc == 0)
		rc = buf_err(&msg);
	if (rc == 0)
		rc = key_sign(k, buf_span(&msg), &sig);
	return rc < 0 ? rc : put_line(out, &s, buf_span(&sig));
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
	if (rc == -EINVAL || (rc == 0 && l->bytes.n <= NOTE_HINT_LEN))
		return fault_set(f, -EBADMSG,
		    "the signature by %s is not valid base64 of id and bytes", QUOTE(l->name));
	return rc;
}

struct expect {
	const struct note_signer *signer;
	size_t nsigners;
	struct note_sigs out;
};

/* timestamped_signature (tlog-cosignature): u64 seconds, Ed25519 signature. */
static int check_cosignature(
    const struct note_signer *s, struct span text, struct span sig, ts *ret_time)
{
	AUTO_BUF struct buf msg = BUF_INIT(2 * NOTE_TEXT_MAX);
	struct cur c = cur_of(sig);
	uint64_t seconds = cur_be64(&c);

	if (c.err || seconds > INT64_MAX)
		return KEY_BAD_SIGNATURE;
	put_cosigned(&msg, seconds, text);
	int rc = buf_err(&msg);
	if (rc == 0)
		rc = key_verify_as(s->key, KEY_EDDSA, DIGEST_NONE, buf_span(&msg), cur_rest(&c));
	if (rc == KEY_GOOD)
		*ret_time = seconds > (uint64_t)(TS_FOREVER / TS_SECOND) ? TS_FOREVER
									 : (ts)seconds * TS_SECOND;
	return rc;
}

/* One more line by this signer. */
static void count_line(struct note_sigs *out, size_t signer, ts time)
{
	size_t i = 0;

	while (i < out->n && out->sig[i].signer != signer)
		i++;
	if (i == out->n) {
		out->sig[out->n].signer = signer;
		out->sig[out->n].lines = 0;
		out->sig[out->n++].time = TS_NONE;
	}
	out->sig[i].lines++;
	if (time > out->sig[i].time)
		out->sig[i].time = time;
}

static bool is_by(const struct note_signer *s, const struct sig_line *l)
{
	return memcmp(l->bytes.p, s->hint, NOTE_HINT_LEN) == 0 &&
	       (!s->name || span_eq_str(l->name, s->name));
}

static int check_sig_line(struct expect *x, const struct sig_line *l, struct fault *f)
{
	struct span sig = span_from(buf_span(&l->bytes), NOTE_HINT_LEN);

	for (size_t i = 0; i < x->nsigners; i++) {
		const struct note_signer *s = &x->signer[i];
		ts time = TS_NONE;
		if (!is_by(s, l))
			continue;
		int rc = s->type == NOTE_COSIGNATURE ? check_cosignature(s, x->out.text, sig, &time)
						     : key_verify(s->key, x->out.text, sig);
		if (rc == KEY_BAD_SIGNATURE)
			return fault_set(
			    f, rc, "the signature by %s does not verify", QUOTE(l->name));
		if (rc != KEY_GOOD)
			return rc;
		count_line(&x->out, i, time);
	}
	return KEY_GOOD;
}

static int no_signature(const struct expect *x, struct fault *f)
{
	const struct note_signer *s = x->signer;

	if (x->nsigners > 1)
		return fault_set(
		    f, KEY_BAD_SIGNATURE, "no signature by any of %zu known keys", x->nsigners);
	return fault_set(f, KEY_BAD_SIGNATURE, "no signature by %s (key id %02x%02x%02x%02x)",
	    s->name ? QUOTE(span_str(s->name)) : "the known key", s->hint[0], s->hint[1],
	    s->hint[2], s->hint[3]);
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
	return x->out.n ? KEY_GOOD : no_signature(x, f);
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

int note_verify(struct note_sigs *ret_s, struct span note, const struct note_signer *signer,
    size_t nsigners, struct fault *f)
{
	struct expect x = { .signer = signer, .nsigners = nsigners };
	struct span sigs;

	if (!nsigners || nsigners > NOTE_SIGNERS_MAX)
		return -EINVAL;
	int rc = split(note, &x.out.text, &sigs, f);
	if (rc == 0)
		rc = check_signatures(&x, sigs, f);
	if (rc == 0)
		*ret_s = x.out;
	return rc;
}

int note_open(
    struct span *ret_text, struct span note, const char *name, const struct key *k, struct fault *f)
{
	struct note_signer s;
	struct note_sigs sigs;

	if (!note_name_ok(span_str(name)))
		return fault_set(f, -EBADMSG, "%s cannot be a key name", QUOTE(span_str(name)));
	if (note_signer_init(&s, NOTE_ED25519, name, k) < 0)
		return fault_set(f, -EBADMSG, "only Ed25519 keys sign notes");
	int rc = note_verify(&sigs, note, &s, 1, f);
	if (rc == 0 && sigs.sig[0].lines > 1)
		rc = fault_set(f, -EBADMSG, "two signatures by %s", QUOTE(span_str(name)));
	if (rc == 0)
		*ret_text = sigs.text;
	return rc;
}

int note_text(struct span *ret_text, struct span note, struct fault *f)
{
	struct span sigs;

	return split(note, ret_text, &sigs, f);
}
