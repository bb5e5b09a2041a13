/* SPDX-License-Identifier: Apache-2.0 */

/*
 * minisign: signatures of minisign (jedisct1.github.io/minisign, "Signature format") and
 * signify(1), which share their first two lines.
 */

#include "trust/detached/priv.h"

#include "base/cur.h"
#include "base/hex.h"

#include <errno.h>
#include <inttypes.h>

#define TRUSTED SPAN_LIT("trusted comment: ")

/* A line with exactly n bytes of base64. */
static int read_b64(struct span line, uint8_t *out, size_t n, const char *what, struct fault *f)
{
	AUTO_BUF struct buf b = BUF_INIT(256);

	if (line.n > 200 || b64_decode(&b, line, B64_STD) < 0)
		return fault_set(f, -EBADMSG, "%s: not base64", what);
	if (b.n != n)
		return fault_set(f, -EBADMSG, "%s: %zu bytes, must be %zu", what, b.n, n);
	memcpy(out, b.p, n);
	return 0;
}

/* Line 2. */
static int read_signature(struct detached *d, struct span line, struct fault *f)
{
	uint8_t b[74] = { 0 };
	int rc = read_b64(line, b, sizeof(b), "line 2", f);

	if (rc < 0)
		return rc;
	bool ed = b[0] == 'E' && b[1] == 'd', hashed = b[0] == 'E' && b[1] == 'D';
	if (!ed && !(hashed && d->kind == DETACHED_MINISIGN))
		return fault_set(f, -EBADMSG, "line 2: signature algorithm %s is not known",
		    QUOTE(span_of(b, 2)));
	d->num.prehashed = hashed;
	memcpy(d->num.number, b + 2, sizeof(d->num.number));
	memcpy(d->num.sig, b + 10, sizeof(d->num.sig));
	return 0;
}

/* Lines 3 and 4 of minisign. */
static int read_trusted(struct detached *d, struct span rest, struct fault *f)
{
	struct span line;

	if (!span_next_line(&rest, &line) || !span_starts(line, TRUSTED))
		return fault_set(f, -EBADMSG, "line 3: no trusted comment");
	d->comment = span_from(line, TRUSTED.n);
	if (d->comment.n > MINISIGN_COMMENT_MAX || span_find(d->comment, 0) != SIZE_MAX)
		return fault_set(
		    f, -EBADMSG, "line 3: a trusted comment that is too long or binary");
	if (!span_next_line(&rest, &line))
		return fault_set(f, -EBADMSG, "line 4: the trusted comment is not signed");
	if (rest.n)
		return fault_set(f, -EBADMSG, "line 5: text behind the signature");
	return read_b64(line, d->global, sizeof(d->global), "line 4", f);
}

int minisign_read(struct detached *d, struct span text, struct arena *a, struct fault *f)
{
	struct span rest = text, line;

	if (!span_next_line(&rest, &line) || !span_next_line(&rest, &line))
		return fault_set(f, -EBADMSG, "ends after the comment");
	/* As signify has it; minisign's line 4 is checked by its length alone. */
	if (d->kind != DETACHED_MINISIGN && !rest.n && text.p[text.n - 1] != '\n')
		return fault_set(f, -EBADMSG, "line 2: no end of line");
	int rc = read_signature(d, line, f);
	if (rc < 0)
		return rc;
	d->needs = d->num.prehashed ? HASH_SET(DIGEST_BLAKE2B) : ARTIFACT_NEEDS_BYTES;
	if (d->kind == DETACHED_MINISIGN)
		return read_trusted(d, rest, f);
	return d->kind == DETACHED_SIGNIFY_LIST ? signify_list_read(d, rest, a, f) : 0;
}

/* What the first signature is over. */
static int message_of(struct checking *c, struct span *ret_s)
{
	const struct digest *hash;

	if (c->d->kind == DETACHED_SIGNIFY_LIST) {
		*ret_s = c->d->message;
		return 0;
	}
	if (!c->d->num.prehashed)
		return checking_bytes(c, ret_s);
	int rc = checking_digest(c, DIGEST_BLAKE2B, &hash);
	if (rc == 0)
		*ret_s = span_of(hash->b, hash->len);
	return rc;
}

/* KEY_GOOD only if both signatures hold; *ret_comment when it is only the second that does not. */
static int verify_both(
    const struct detached *d, const struct key *k, struct span message, bool *ret_comment)
{
	AUTO_BUF struct buf b = BUF_INIT(sizeof(d->num.sig) + MINISIGN_COMMENT_MAX);

	*ret_comment = false;
	int rc = key_verify(k, message, span_of(d->num.sig, sizeof(d->num.sig)));
	if (rc != KEY_GOOD || d->kind != DETACHED_MINISIGN)
		return rc;
	buf_put(&b, d->num.sig, sizeof(d->num.sig));
	buf_put_span(&b, d->comment);
	if (buf_err(&b) < 0)
		return -ENOMEM;
	rc = key_verify(k, buf_span(&b), span_of(d->global, sizeof(d->global)));
	*ret_comment = rc != KEY_GOOD;
	return rc;
}

static uint64_t number_of(const uint8_t n[8])
{
	struct cur c = cur_of(span_of(n, 8));

	return cur_le64(&c);
}

static int bad(struct checking *c, const struct trust_key *k, const char *what)
{
	c->out.named = k;
	return checking_say(c, DETACHED_BAD, "names key %016" PRIX64 " (%s), %s",
	    number_of(c->d->num.number), QUOTE(span_str(k->name)), what);
}

/* DETACHED_GOOD, _STRANGER (not this key's), _BAD, -errno. */
static int check_key(struct checking *c, size_t i, struct span message)
{
	const struct detached *d = c->d;
	const struct trust_key *k = &c->t->keys->key[i];
	bool comment;

	if (!k->general || key_kind_of(k->key) != KEY_ED25519)
		return DETACHED_STRANGER;
	if (k->has_number && memcmp(k->number, d->num.number, sizeof(k->number)) != 0)
		return DETACHED_STRANGER;
	int rc = verify_both(d, k->key, message, &comment);
	if (rc < 0)
		return rc;
	if (comment)
		return bad(c, k, "which did not sign the trusted comment");
	if (rc != KEY_GOOD)
		return k->has_number ? bad(c, k, "which did not sign this") : DETACHED_STRANGER;
	if (d->kind != DETACHED_MINISIGN && k->minisign)
		return bad(
		    c, k, "a minisign key, but the signature's trusted comment was taken off");
	checking_good(c, i);
	return DETACHED_GOOD;
}

static int good_comment(struct checking *c)
{
	if (c->d->kind != DETACHED_MINISIGN)
		return DETACHED_GOOD;
	c->out.comment = arena_str(c->a, c->d->comment);
	return c->out.comment ? DETACHED_GOOD : -ENOMEM;
}

int minisign_check(struct checking *c)
{
	struct span message;
	int rc = message_of(c, &message), worst = DETACHED_STRANGER;

	if (rc != 0)
		return rc;
	for (size_t i = 0; i < c->t->keys->n; i++) {
		rc = check_key(c, i, message);
		if (rc < 0)
			return rc;
		if (rc == DETACHED_BAD)
			worst = rc;
	}
	if (c->out.good)
		return good_comment(c);
	if (worst == DETACHED_BAD)
		return worst;
	return checking_say(c, DETACHED_STRANGER,
	    "signed by key number %016" PRIX64 ", none that was given",
	    number_of(c->d->num.number));
}
