/* SPDX-License-Identifier: Apache-2.0 */

#include "trust/detached/secret.h"

#include "base/cur.h"
#include "base/hex.h"
#include "crypto/hash.h"
#include "crypto/key_secret.h"
#include "crypto/key_ssh.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>

#define UNTRUSTED SPAN_LIT("untrusted comment: ")
#define FILE_MAX KEY_TEXT_MAX

/* Offsets in the decoded second line. minisign: algorithm, KDF, checksum algorithm, salt, limits,
 * number, key, checksum. signify: algorithm, KDF, rounds, salt, checksum, number, key. */
enum {
	MINISIGN_LEN = 158,
	MINISIGN_NUMBER = 54,
	MINISIGN_KEY = 62,
	SIGNIFY_LEN = 104,
	SIGNIFY_ROUNDS = 4,
	SIGNIFY_CHECKSUM = 24,
	SIGNIFY_NUMBER = 32,
	SIGNIFY_KEY = 40,
};

static const char *const names[SECRET_FORMS] = { "pem", "minisign", "signify", "ssh" };

const char *secret_form_name(enum secret_form f)
{
	return f < SECRET_FORMS ? names[f] : "none";
}

int secret_form_of(struct span name, enum secret_form *ret_f)
{
	for (enum secret_form f = SECRET_PEM; f < SECRET_FORMS; f++) {
		if (span_eq_str(name, names[f])) {
			*ret_f = f;
			return 0;
		}
	}
	return -EINVAL;
}

static void wipe(struct buf *b)
{
	if (b->p)
		explicit_bzero(b->p, b->cap);
	buf_free(b);
}
#define AUTO_WIPE FB_CLEANUP(wipe)

void secret_free(struct secret *s)
{
	s->key = key_free(s->key);
}

void secret_number(const struct key *k, uint8_t out[static 8])
{
	struct digest id = key_id(k);

	memcpy(out, id.b, 8);
}

/* Seed and public key, as both tools keep them. */
static int from_pair(struct secret *s, const uint8_t *pair, const uint8_t *number, struct fault *f)
{
	uint8_t public[32];

	int rc = key_from_seed_ed25519(&s->key, pair);
	if (rc == 0)
		rc = key_raw_ed25519(s->key, public);
	if (rc == 0 && memcmp(public, pair + 32, sizeof(public)) != 0)
		rc = fault_set(f, -EBADMSG, "the key's public half is not its private half's");
	memcpy(s->number, number, sizeof(s->number));
	if (rc < 0)
		secret_free(s);
	return rc;
}

static int from_minisign(struct secret *s, const uint8_t *b, struct fault *f)
{
	s->form = SECRET_MINISIGN;
	if (memcmp(b + 2, "Sc", 2) == 0)
		return fault_set(f, -EBADMSG,
		    "the key is encrypted: decrypt a copy first (minisign -C -W -s COPY)");
	if (memcmp(b + 2, "\0\0", 2) != 0 || memcmp(b + 4, "B2", 2) != 0)
		return fault_set(f, -EBADMSG, "a minisign key of an unknown kind");
	return from_pair(s, b + MINISIGN_KEY, b + MINISIGN_NUMBER, f);
}

static int from_signify(struct secret *s, const uint8_t *b, struct fault *f)
{
	struct digest sum;

	s->form = SECRET_SIGNIFY;
	if (memcmp(b + 2, "BK", 2) != 0)
		return fault_set(f, -EBADMSG, "a signify key of an unknown kind");
	if (memcmp(b + SIGNIFY_ROUNDS, "\0\0\0\0", 4) != 0)
		return fault_set(f, -EBADMSG,
		    "the key is encrypted: only keys made with signify -G -n are read");
	int rc = hash_span(DIGEST_SHA512, span_of(b + SIGNIFY_KEY, 64), &sum);
	if (rc < 0)
		return rc;
	if (memcmp(sum.b, b + SIGNIFY_CHECKSUM, 8) != 0)
		return fault_set(f, -EBADMSG, "a damaged signify key (checksum)");
	return from_pair(s, b + SIGNIFY_KEY, b + SIGNIFY_NUMBER, f);
}

static int from_comment_file(struct secret *s, struct span text, struct fault *f)
{
	AUTO_WIPE struct buf b = BUF_INIT(FILE_MAX);
	struct span rest = text, line = SPAN_NONE;

	if (buf_reserve(&b, 256) < 0)
		return -ENOMEM;
	if (!span_next_line(&rest, &line) || !span_next_line(&rest, &line) || rest.n)
		return fault_set(f, -EBADMSG, "not a key file of two lines");
	if (line.n > 300 || b64_decode(&b, line, B64_STD) < 0)
		return fault_set(f, -EBADMSG, "line 2: not base64");
	if (b.n < 2 || memcmp(b.p, "Ed", 2) != 0)
		return fault_set(f, -EBADMSG, "line 2: not an Ed25519 key");
	if (b.n == MINISIGN_LEN)
		return from_minisign(s, b.p, f);
	if (b.n == SIGNIFY_LEN)
		return from_signify(s, b.p, f);
	return fault_set(f, -EBADMSG,
	    b.n == 42 ? "this is a public key: a private one belongs here"
		      : "line 2: not a private key of minisign or signify");
}

int secret_read(struct secret *ret_s, struct span text, struct fault *f)
{
	struct secret s = { .form = SECRET_PEM };
	int rc;

	if (span_starts(text, UNTRUSTED)) {
		rc = from_comment_file(&s, text, f);
	} else {
		s.form = key_openssh_is(text) ? SECRET_SSH : SECRET_PEM;
		rc = s.form == SECRET_SSH ? key_openssh(&s.key, text, f)
					  : key_private(&s.key, text, f);
		if (rc == 0)
			secret_number(s.key, s.number);
	}
	if (rc == 0)
		*ret_s = s;
	return rc;
}

static bool needs_ed25519(enum secret_form form)
{
	return form == SECRET_MINISIGN || form == SECRET_SIGNIFY;
}

int secret_generate(
    struct secret *ret_s, enum secret_form form, enum key_kind kind, struct fault *f)
{
	struct secret s = { .form = form };

	if (needs_ed25519(form) && kind != KEY_ED25519)
		return fault_set(f, -EINVAL, "%s has Ed25519 keys only", secret_form_name(form));
	int rc = key_generate(&s.key, kind);
	if (rc < 0)
		return rc;
	secret_number(s.key, s.number);
	if (needs_ed25519(form) && getrandom(s.number, sizeof(s.number), 0) != sizeof(s.number)) {
		secret_free(&s);
		return -EIO;
	}
	*ret_s = s;
	return 0;
}

static uint64_t number_of(const uint8_t number[static 8])
{
	struct cur c = cur_of(span_of(number, 8));

	return cur_le64(&c);
}

/* The comment line and the base64 of bytes. */
static void put_file(struct buf *out, const char *comment, struct span bytes)
{
	AUTO_WIPE struct buf b64 = BUF_INIT(512);

	if (buf_reserve(&b64, 400) == 0)
		b64_encode(&b64, bytes, B64_STD);
	if (b64.err && !out->err)
		out->err = b64.err;
	buf_put_span(out, UNTRUSTED);
	buf_printf(out, "%s\n", comment);
	buf_put_span(out, buf_span(&b64));
	buf_putc(out, '\n');
}

static int write_pair(const struct secret *s, enum secret_form form, const char *comment,
    struct buf *out, struct fault *f)
{
	uint8_t b[MINISIGN_LEN] = { 'E', 'd' };
	bool mini = form == SECRET_MINISIGN;
	uint8_t *pair = b + (mini ? MINISIGN_KEY : SIGNIFY_KEY);
	struct digest sum;
	char text[128];

	int rc = key_seed_ed25519(s->key, pair);
	if (rc == 0)
		rc = key_raw_ed25519(s->key, pair + 32);
	if (rc == 0)
		rc = hash_span(DIGEST_SHA512, span_of(pair, 64), &sum);
	memcpy(b + (mini ? MINISIGN_NUMBER : SIGNIFY_NUMBER), s->number, sizeof(s->number));
	memcpy(b + (mini ? 4 : 2), mini ? "B2" : "BK", 2);
	if (rc == 0 && !mini)
		memcpy(b + SIGNIFY_CHECKSUM, sum.b, 8);
	snprintf(
	    text, sizeof(text), "%.80s secret key", comment ? comment : secret_form_name(form));
	if (rc == 0)
		put_file(out, mini ? "minisign encrypted secret key" : text,
		    span_of(b, mini ? MINISIGN_LEN : SIGNIFY_LEN));
	explicit_bzero(b, sizeof(b));
	return rc < 0 ? fault_set(f, rc, "%s has Ed25519 keys only", secret_form_name(form))
		      : buf_err(out);
}

int secret_write(const struct secret *s, enum secret_form form, const char *comment,
    struct buf *out, struct fault *f)
{
	if (form == SECRET_SSH)
		return key_write_openssh(s->key, comment ? comment : "", out);
	if (form == SECRET_PEM)
		return key_write_private(s->key, out);
	return write_pair(s, form, comment, out, f);
}

static int write_numbered(const struct key *k, const uint8_t number[static 8],
    enum secret_form form, const char *comment, struct buf *out, struct fault *f)
{
	uint8_t b[42] = { 'E', 'd' };
	char text[128];

	memcpy(b + 2, number, 8);
	if (key_raw_ed25519(k, b + 10) < 0)
		return fault_set(f, -EINVAL, "%s has Ed25519 keys only", secret_form_name(form));
	if (form == SECRET_MINISIGN)
		snprintf(text, sizeof(text), "minisign public key %016" PRIX64, number_of(number));
	else
		snprintf(text, sizeof(text), "%.80s public key", comment ? comment : "signify");
	put_file(out, text, span_of(b, sizeof(b)));
	return buf_err(out);
}

static int write_ssh(const struct key *k, const char *comment, struct buf *out)
{
	AUTO_BUF struct buf blob = BUF_INIT(FILE_MAX);
	int rc = key_write_ssh(k, &blob);

	if (rc < 0)
		return rc;
	buf_printf(out, "%s ", key_ssh_type(key_kind_of(k)));
	b64_encode(out, buf_span(&blob), B64_STD);
	buf_printf(out, "%s%s\n", comment && *comment ? " " : "", comment ? comment : "");
	return buf_err(out);
}

int secret_write_public(const struct key *k, const uint8_t number[static 8], enum secret_form form,
    const char *comment, struct buf *out, struct fault *f)
{
	if (form == SECRET_SSH)
		return write_ssh(k, comment, out);
	if (form == SECRET_PEM)
		return key_write_public(k, out);
	return write_numbered(k, number, form, comment, out, f);
}
