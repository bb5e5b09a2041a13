/* SPDX-License-Identifier: Apache-2.0 */

#include "trust/openpgp/openpgp.h"

#include "base/cur.h"
#include "base/hex.h"
#include "crypto/hash.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>

#define ALGO_RSA_FIRST 1
#define ALGO_RSA_LAST 3
#define ALGO_DSA 17

/* SHA-1 over 0x99, length, body (RFC 4880 12.2). */
static int fingerprint(char out[static PGP_FPR_MAX], struct span body)
{
	struct digest d[DIGEST_ALGS];
	uint8_t head[3] = { 0x99, (uint8_t)(body.n >> 8), (uint8_t)body.n };

	AUTO_HASHER struct hasher *h = NULL;
	int rc = hasher_new(&h, HASH_SET(DIGEST_SHA1));
	if (rc == 0)
		rc = hasher_update(h, head, sizeof(head));
	if (rc == 0)
		rc = hasher_update(h, body.p, body.n);
	if (rc == 0)
		rc = hasher_final(h, d);
	if (rc < 0)
		return rc;
	hex_encode(out, span_of(d[DIGEST_SHA1].b, d[DIGEST_SHA1].len));
	for (char *p = out; *p; p++)
		*p = (char)toupper((unsigned char)*p);
	return 0;
}

/* A key packet of version 4: version, time, algorithm, and the modulus' or prime's bits. Others
 * (gpgv ignores them, too) get no entry, so nothing by them is ever good. */
static int add_key(struct pgp_keys *k, struct span body)
{
	struct cur c = cur_of(body);
	struct pgp_key key = { 0 };

	uint8_t version = cur_u8(&c);
	cur_skip(&c, 4);
	key.algo = cur_u8(&c);
	unsigned bits = cur_be16(&c);
	if (c.err || version != 4 || body.n > UINT16_MAX)
		return 0;
	if ((key.algo >= ALGO_RSA_FIRST && key.algo <= ALGO_RSA_LAST) || key.algo == ALGO_DSA)
		key.bits = bits;
	int rc = fingerprint(key.fingerprint, body);
	if (rc < 0)
		return rc;
	if (k->n == PGP_KEYS_MAX)
		return -EMSGSIZE;
	if (k->n == k->cap) {
		size_t cap = k->cap ? 2 * k->cap : 32;
		struct pgp_key *p = reallocarray(k->key, cap, sizeof(*p));
		if (!p)
			return -ENOMEM;
		k->key = p;
		k->cap = cap;
	}
	k->key[k->n++] = key;
	return 0;
}

static int walk(struct pgp_keys *k, struct span bytes, const char *name, struct fault *f)
{
	struct pgp_packet p;
	size_t before = k->n;
	int rc;

	while ((rc = pgp_packet_next(&bytes, &p)) > 0) {
		if (p.tag == PGP_TAG_SECRET_KEY || p.tag == PGP_TAG_SECRET_SUBKEY)
			return fault_set(f, -EBADMSG, "%s: holds a private key; give the "
			    "certificate (gpg --export)", QUOTE(span_str(name)));
		if (p.tag == PGP_TAG_KEY || p.tag == PGP_TAG_SUBKEY) {
			rc = add_key(k, p.body);
			if (rc < 0)
				return fault_set(f, rc, "%s: too many keys, or no memory for them",
				    QUOTE(span_str(name)));
		}
	}
	if (rc < 0)
		return fault_set(f, -EBADMSG, "%s: damaged OpenPGP packets, %zu bytes before the end",
		    QUOTE(span_str(name)), bytes.n);
	if (k->n == before)
		return fault_set(f, -EBADMSG, "%s: no OpenPGP certificate that is read here",
		    QUOTE(span_str(name)));
	return 0;
}

int pgp_keys_add(struct pgp_keys *k, struct span text, const char *name, struct fault *f)
{
	size_t from = k->packets.n;
	int rc = 0;

	switch (pgp_form_of(text)) {
	case PGP_FORM_KEYS:
		if (text.p[0] & 0x80)
			buf_put_span(&k->packets, text);
		else
			rc = pgp_armor_read(&k->packets, text, "PUBLIC KEY BLOCK", true, f);
		break;
	case PGP_FORM_KEYBOX:
		return fault_set(f, -EBADMSG, "%s: a GnuPG keybox; export the certificates from it "
		    "(gpg --export)", QUOTE(span_str(name)));
	default:
		return fault_set(f, -EBADMSG, "%s: no OpenPGP certificates (armored or binary)",
		    QUOTE(span_str(name)));
	}
	if (rc == -EBADMSG)
		return fault_wrap(f, rc, "%s", QUOTE(span_str(name)));
	if (rc == 0)
		rc = buf_err(&k->packets);
	if (rc < 0)
		return fault_set(f, rc, "%s: more certificates than are accepted",
		    QUOTE(span_str(name)));
	fd_close_p(&k->fd);
	k->fd = -1;
	return walk(k, span_from(buf_span(&k->packets), from), name, f);
}

void pgp_keys_free(struct pgp_keys *k)
{
	buf_free(&k->packets);
	free(k->key);
	fd_close_p(&k->fd);
	*k = PGP_KEYS_INIT;
}
