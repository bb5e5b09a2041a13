/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* quic_make: QUIC packets as test input, sealed with OpenSSL's own calls. */

#include "base/buf.h"
#include "crypto/quic.h"

#include <openssl/evp.h>
#include <stdlib.h>

struct quic_made {
	uint32_t version;
	unsigned type; /* the two bits as they are on the wire */
	bool not_fixed;
	struct span dcid, scid, token;
	uint64_t number;
	unsigned number_bytes; /* 0: 4 */
	size_t pad;	       /* the payload is filled up to so many bytes with PADDING */
};

static inline void quic_put_varint(struct buf *b, uint64_t v)
{
	if (v < 1u << 6)
		buf_putc(b, (char)v);
	else if (v < 1u << 14)
		buf_put_be16(b, (uint16_t)(0x4000 | v));
	else if (v < 1u << 30)
		buf_put_be32(b, 0x80000000u | (uint32_t)v);
	else
		buf_put_be64(b, 0xc000000000000000u | v);
}

static inline void quic_put_id(struct buf *b, struct span id)
{
	buf_putc(b, (char)id.n);
	buf_put_span(b, id);
}

static inline void quic_put_crypto(struct buf *b, uint64_t offset, struct span data)
{
	buf_putc(b, 0x06);
	quic_put_varint(b, offset);
	quic_put_varint(b, data.n);
	buf_put_span(b, data);
}

static inline void quic_make_must(bool good)
{
	if (!good)
		abort();
}

static inline void quic_make_gcm(const uint8_t key[16], const uint8_t nonce[12], struct span aad,
    struct span plain, uint8_t *out)
{
	EVP_CIPHER_CTX *c = EVP_CIPHER_CTX_new();
	int n;

	quic_make_must(c && EVP_EncryptInit_ex(c, EVP_aes_128_gcm(), NULL, key, nonce) &&
		       EVP_EncryptUpdate(c, NULL, &n, aad.p, (int)aad.n) &&
		       EVP_EncryptUpdate(c, out, &n, plain.p, (int)plain.n) &&
		       EVP_EncryptFinal_ex(c, out + plain.n, &n) &&
		       EVP_CIPHER_CTX_ctrl(c, EVP_CTRL_AEAD_GET_TAG, QUIC_TAG, out + plain.n));
	EVP_CIPHER_CTX_free(c);
}

static inline void quic_make_mask(const uint8_t hp[16], const uint8_t *sample, uint8_t mask[16])
{
	EVP_CIPHER_CTX *c = EVP_CIPHER_CTX_new();
	int n;

	quic_make_must(c && EVP_EncryptInit_ex(c, EVP_aes_128_ecb(), NULL, hp, NULL) &&
		       EVP_CIPHER_CTX_set_padding(c, 0) &&
		       EVP_EncryptUpdate(c, mask, &n, sample, 16));
	EVP_CIPHER_CTX_free(c);
}

/* Appends the packet to b; token is there in an Initial only. */
static inline void quic_make(
    struct buf *b, const struct quic_keys *k, const struct quic_made *m, struct span frames)
{
	unsigned numbers = m->number_bytes ? m->number_bytes : 4;
	bool initial = m->type == (m->version == QUIC_V2 || m->version == QUIC_V2_DRAFT ? 1 : 0);
	struct buf plain = BUF_INIT(1 << 20), head = BUF_INIT(1 << 20);
	uint8_t nonce[12], mask[16], *sealed;
	size_t pn;

	buf_put_span(&plain, frames);
	while (plain.n < m->pad)
		buf_putc(&plain, 0);
	buf_putc(&head, (char)(0x80 | (m->not_fixed ? 0 : 0x40) | m->type << 4 | (numbers - 1)));
	buf_put_be32(&head, m->version);
	quic_put_id(&head, m->dcid);
	quic_put_id(&head, m->scid);
	if (initial) {
		quic_put_varint(&head, m->token.n);
		buf_put_span(&head, m->token);
	}
	/* Two bytes at least, as everybody writes it. */
	size_t length = numbers + plain.n + QUIC_TAG;
	if (length < 1 << 14)
		buf_put_be16(&head, (uint16_t)(0x4000 | length));
	else
		quic_put_varint(&head, length);
	pn = head.n;
	for (unsigned i = numbers; i-- > 0;)
		buf_putc(&head, (char)(m->number >> (8 * i)));
	memcpy(nonce, k->iv, 12);
	for (unsigned i = 0; i < 8; i++)
		nonce[11 - i] ^= (uint8_t)(m->number >> (8 * i));
	sealed = malloc(plain.n + QUIC_TAG + 32);
	quic_make_must(sealed && !buf_err(&head) && !buf_err(&plain));
	memset(sealed, 0, plain.n + QUIC_TAG + 32);
	quic_make_gcm(k->key, nonce, buf_span(&head), buf_span(&plain), sealed);
	quic_make_mask(k->hp, sealed + 4 - numbers, mask);
	head.p[0] ^= mask[0] & 0x0f;
	for (unsigned i = 0; i < numbers; i++)
		head.p[pn + i] ^= mask[1 + i];
	buf_put_span(b, buf_span(&head));
	buf_put(b, sealed, plain.n + QUIC_TAG);
	quic_make_must(!buf_err(b));
	free(sealed);
	buf_free(&plain);
	buf_free(&head);
}

/* A Retry that answers an Initial to original: key and nonce as RFC 9001 section 5.8 has them. */
static inline void quic_make_retry(struct buf *b, uint32_t version, const uint8_t key[16],
    const uint8_t nonce[12], struct span dcid, struct span scid, struct span token,
    struct span original)
{
	struct buf pseudo = BUF_INIT(1 << 16);
	uint8_t tag[QUIC_TAG];
	size_t from = b->n;

	buf_putc(b, (char)(version == QUIC_V2 ? 0xc0 : 0xf0));
	buf_put_be32(b, version);
	quic_put_id(b, dcid);
	quic_put_id(b, scid);
	buf_put_span(b, token);
	quic_put_id(&pseudo, original);
	buf_put(&pseudo, b->p + from, b->n - from);
	quic_make_gcm(key, nonce, buf_span(&pseudo), SPAN_NONE, tag);
	buf_put(b, tag, sizeof(tag));
	buf_free(&pseudo);
}
