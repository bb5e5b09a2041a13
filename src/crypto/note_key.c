/* SPDX-License-Identifier: Apache-2.0 */

/* note_key: who signs notes: key hints, and the text form of keys. */

#include "base/hex.h"
#include "crypto/hash.h"
#include "crypto/note.h"

#include <errno.h>

/* SHA-256(name || 0x0a || type || public key)[:4] */
static int named_hint(struct note_signer *s)
{
	uint8_t pub[1 + 32] = { (uint8_t)s->type }, h[32];
	struct span name = span_str(s->name);

	if (!note_name_ok(name) || key_raw_ed25519(s->key, pub + 1) < 0)
		return -EINVAL;
	sha256_parts((struct span[]){ name, SPAN_LIT("\n"), span_of(pub, sizeof(pub)) }, 3, h);
	memcpy(s->hint, h, NOTE_HINT_LEN);
	return 0;
}

int note_signer_init(
    struct note_signer *ret_s, enum note_type type, const char *name, const struct key *key)
{
	struct note_signer s = { .type = type, .name = name, .key = key };
	struct digest id = key_id(key);
	int rc = 0;

	if (type == NOTE_ED25519 || type == NOTE_COSIGNATURE)
		rc = named_hint(&s);
	else if (type == NOTE_ECDSA && (!name || note_name_ok(span_str(name))))
		memcpy(s.hint, id.b, NOTE_HINT_LEN);
	else
		rc = -EINVAL;
	if (rc == 0)
		*ret_s = s;
	return rc;
}

static int put_vkey(enum note_type type, const char *name, const struct key *k, struct buf *out)
{
	uint8_t pub[1 + 32] = { (uint8_t)type };
	struct note_signer s;
	int rc = note_signer_init(&s, type, name, k);

	if (rc == 0)
		rc = key_raw_ed25519(k, pub + 1);
	if (rc < 0)
		return rc;
	buf_printf(out, "%s+%02x%02x%02x%02x+", name, s.hint[0], s.hint[1], s.hint[2], s.hint[3]);
	b64_encode(out, span_of(pub, sizeof(pub)), B64_STD);
	return buf_err(out);
}

int note_vkey(const char *name, const struct key *k, struct buf *out)
{
	return put_vkey(NOTE_ED25519, name, k, out);
}

static int parse_vkey(struct span vkey, unsigned type, char name[static NOTE_NAME_MAX + 1],
    struct key **ret_k, struct fault *f)
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
	struct span b64 = span_from(vkey, plus + 1 + 2 * NOTE_HINT_LEN + 1);
	int rc = b64_decode(&pub, b64, B64_STD);
	if (rc == -ENOMEM)
		return rc;
	if (rc < 0 || pub.n != 33 || pub.p[0] != type)
		return fault_set(f, -EBADMSG, "verifier key %s is not an Ed25519 key%s",
		    QUOTE(span_str(n)), type == NOTE_COSIGNATURE ? " of a witness" : "");
	rc = key_from_raw_ed25519(&k, pub.p + 1);
	if (rc == 0)
		rc = put_vkey(type, n, k, &again);
	if (rc < 0)
		return rc;
	if (!span_eq(buf_span(&again), vkey))
		return fault_set(f, -EBADMSG, "verifier key %s: name, hash and key do not agree",
		    QUOTE(span_str(n)));
	memcpy(name, n, sizeof(n));
	*ret_k = TAKE_PTR(k);
	return 0;
}

int note_vkey_parse(
    struct span vkey, char name[static NOTE_NAME_MAX + 1], struct key **ret_k, struct fault *f)
{
	return parse_vkey(vkey, NOTE_ED25519, name, ret_k, f);
}

int note_vkey_parse_witness(
    struct span vkey, char name[static NOTE_NAME_MAX + 1], struct key **ret_k, struct fault *f)
{
	return parse_vkey(vkey, NOTE_COSIGNATURE, name, ret_k, f);
}

int note_vkey_witness(const char *name, const struct key *k, struct buf *out)
{
	return put_vkey(NOTE_COSIGNATURE, name, k, out);
}
