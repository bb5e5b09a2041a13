/* SPDX-License-Identifier: Apache-2.0 */

/* SHA256_Transform, one block, is the quickest way to SHA-256 that OpenSSL has (45 ns; EVP takes
 * six times that for so little); the AES contexts are kept and given new keys. */
#define OPENSSL_SUPPRESS_DEPRECATED

#include "crypto/quic.h"

#include "crypto/ossl.h"

#include <errno.h>
#include <openssl/sha.h>
#include <stdlib.h>

#define BLOCK 64
#define HASH 32
#define MESSAGE_MAX (BLOCK - 9) /* with its padding it is one block */

/* HMAC-SHA-256 (RFC 2104) whose key is already in. */
struct hmac {
	uint32_t inner[8], outer[8];
};

struct quic_crypto {
	struct hmac salt[QUIC_FAMILIES];
	EVP_CIPHER *gcm_cipher, *ecb_cipher;
	EVP_CIPHER_CTX *gcm, *ecb;
	uint8_t head[QUIC_PACKET_MAX]; /* of the packet at hand, without its protection */
};

static const uint8_t salts[QUIC_FAMILIES][20] = {
	[QUIC_FAMILY_V1] = { 0x38, 0x76, 0x2c, 0xf7, 0xf5, 0x59, 0x34, 0xb3, 0x4d, 0x17, 0x9a, 0xe6,
	    0xa4, 0xc8, 0x0c, 0xad, 0xcc, 0xbb, 0x7f, 0x0a },
	[QUIC_FAMILY_V2] = { 0x0d, 0xed, 0xe3, 0xde, 0xf7, 0x00, 0xa6, 0xdb, 0x81, 0x93, 0x81, 0xbe,
	    0x6e, 0x26, 0x9d, 0xcb, 0xf9, 0xbd, 0x2e, 0xd9 },
	[QUIC_FAMILY_V2_DRAFT] = { 0xa7, 0x07, 0xc2, 0x03, 0xa5, 0x9b, 0x47, 0x18, 0x4a, 0x1d, 0x62,
	    0xca, 0x57, 0x04, 0x06, 0xea, 0x7a, 0xe3, 0xe5, 0xd3 },
	[QUIC_FAMILY_DRAFT_29] = { 0xaf, 0xbf, 0xec, 0x28, 0x99, 0x93, 0xd2, 0x4c, 0x9e, 0x97, 0x86,
	    0xf1, 0x9c, 0x61, 0x11, 0xe0, 0x43, 0x90, 0xa8, 0x99 },
	[QUIC_FAMILY_DRAFT_23] = { 0xc3, 0xee, 0xf7, 0x12, 0xc7, 0x2e, 0xbb, 0x5a, 0x11, 0xa7, 0xd2,
	    0x43, 0x2b, 0xb4, 0x63, 0x65, 0xbe, 0xf9, 0xf5, 0x02 },
	[QUIC_FAMILY_DRAFT_22] = { 0x7f, 0xbc, 0xdb, 0x0e, 0x7c, 0x66, 0xbb, 0xe9, 0x19, 0x3a, 0x96,
	    0xcd, 0x21, 0x51, 0x9e, 0xbd, 0x7a, 0x02, 0x64, 0x4a },
	[QUIC_FAMILY_T050] = { 0x7f, 0xf5, 0x79, 0xe5, 0xac, 0xd0, 0x72, 0x91, 0x55, 0x80, 0x30,
	    0x4c, 0x43, 0xa2, 0x36, 0x7c, 0x60, 0x48, 0x83, 0x10 },
	[QUIC_FAMILY_T051] = { 0x7a, 0x4e, 0xde, 0xf4, 0xe7, 0xcc, 0xee, 0x5f, 0xa4, 0x50, 0x6c,
	    0x19, 0x12, 0x4f, 0xc8, 0xcc, 0xda, 0x6e, 0x03, 0x3d },
};

static const struct {
	uint8_t key[16], nonce[12];
} retry_keys[QUIC_FAMILIES] = {
	[QUIC_FAMILY_V1] = { { 0xbe, 0x0c, 0x69, 0x0b, 0x9f, 0x66, 0x57, 0x5a, 0x1d, 0x76, 0x6b,
				 0x54, 0xe3, 0x68, 0xc8, 0x4e },
	    { 0x46, 0x15, 0x99, 0xd3, 0x5d, 0x63, 0x2b, 0xf2, 0x23, 0x98, 0x25, 0xbb } },
	[QUIC_FAMILY_V2] = { { 0x8f, 0xb4, 0xb0, 0x1b, 0x56, 0xac, 0x48, 0xe2, 0x60, 0xfb, 0xcb,
				 0xce, 0xad, 0x7c, 0xcc, 0x92 },
	    { 0xd8, 0x69, 0x69, 0xbc, 0x2d, 0x7c, 0x6d, 0x99, 0x90, 0xef, 0xb0, 0x4a } },
	[QUIC_FAMILY_V2_DRAFT] = { { 0xba, 0x85, 0x8d, 0xc7, 0xb4, 0x3d, 0xe5, 0xdb, 0xf8, 0x76,
				       0x17, 0xff, 0x4a, 0xb2, 0x53, 0xdb },
	    { 0x14, 0x1b, 0x99, 0xc2, 0x39, 0xb0, 0x3e, 0x78, 0x5d, 0x6a, 0x2e, 0x9f } },
	[QUIC_FAMILY_DRAFT_29] = { { 0xcc, 0xce, 0x18, 0x7e, 0xd0, 0x9a, 0x09, 0xd0, 0x57, 0x28,
				       0x15, 0x5a, 0x6c, 0xb9, 0x6b, 0xe1 },
	    { 0xe5, 0x49, 0x30, 0xf9, 0x7f, 0x21, 0x36, 0xf0, 0x53, 0x0a, 0x8c, 0x1c } },
	[QUIC_FAMILY_DRAFT_23] = { { 0x4d, 0x32, 0xec, 0xdb, 0x2a, 0x21, 0x33, 0xc8, 0x41, 0xe4,
				       0x04, 0x3d, 0xf2, 0x7d, 0x44, 0x30 },
	    { 0x4d, 0x16, 0x11, 0xd0, 0x55, 0x13, 0xa5, 0x52, 0xc5, 0x87, 0xd5, 0x75 } },
};

/* --- HKDF --- */

static void put_be32(uint8_t *p, uint32_t v)
{
	p[0] = (uint8_t)(v >> 24);
	p[1] = (uint8_t)(v >> 16);
	p[2] = (uint8_t)(v >> 8);
	p[3] = (uint8_t)v;
}

/* The state after one block that is key ^ pad. */
static void key_block(uint32_t state[8], const uint8_t *key, size_t n, uint8_t pad)
{
	uint8_t block[BLOCK];
	SHA256_CTX c;

	memset(block, pad, sizeof(block));
	for (size_t i = 0; i < n; i++)
		block[i] ^= key[i];
	SHA256_Init(&c);
	SHA256_Transform(&c, block);
	memcpy(state, c.h, sizeof(c.h));
}

/* key: at most a block. */
static void hmac_key(struct hmac *h, const uint8_t *key, size_t n)
{
	key_block(h->inner, key, n, 0x36);
	key_block(h->outer, key, n, 0x5c);
}

/* The rest of a message whose first block made the state: at most MESSAGE_MAX bytes. */
static void last_block(const uint32_t state[8], struct span message, uint8_t out[HASH])
{
	uint8_t block[BLOCK] = { 0 };
	SHA256_CTX c;

	memcpy(c.h, state, sizeof(c.h));
	memcpy(block, message.p, message.n);
	block[message.n] = 0x80;
	put_be32(block + BLOCK - 4, (uint32_t)(8 * (BLOCK + message.n)));
	SHA256_Transform(&c, block);
	for (int i = 0; i < 8; i++)
		put_be32(out + 4 * i, c.h[i]);
}

static void hmac(const struct hmac *h, struct span message, uint8_t out[HASH])
{
	uint8_t inner[HASH];

	last_block(h->inner, message, inner);
	last_block(h->outer, span_of(inner, HASH), out);
}

/* HKDF-Expand-Label without a context, of at most one hash: one round of HKDF-Expand. */
static void expand(const struct hmac *secret, const char *label, uint8_t *out, size_t n)
{
	uint8_t info[MESSAGE_MAX] = { 0, (uint8_t)n }, hash[HASH];
	size_t labels = strlen(label);

	info[2] = (uint8_t)(6 + labels);
	memcpy(info + 3, "tls13 ", 6);
	memcpy(info + 9, label, labels);
	info[9 + labels] = 0;
	info[10 + labels] = 1;
	hmac(secret, span_of(info, 11 + labels), hash);
	memcpy(out, hash, n);
}

void quic_initial_secret(const struct quic_crypto *q, enum quic_family family, struct span dcid,
    uint8_t ret_secret[static QUIC_SECRET])
{
	FB_ASSERT(family > QUIC_FAMILY_NONE && family < QUIC_FAMILIES && dcid.n <= QUIC_CID_MAX);
	hmac(&q->salt[family], dcid, ret_secret);
}

void quic_initial_keys(enum quic_family family, enum quic_side side,
    const uint8_t secret[static QUIC_SECRET], struct quic_keys *ret_k)
{
	bool v2 = quic_family_is_v2(family);
	uint8_t side_secret[HASH];
	struct hmac h;

	hmac_key(&h, secret, QUIC_SECRET);
	expand(&h, side == QUIC_CLIENT ? "client in" : "server in", side_secret, HASH);
	hmac_key(&h, side_secret, HASH);
	expand(&h, v2 ? "quicv2 key" : "quic key", ret_k->key, sizeof(ret_k->key));
	expand(&h, v2 ? "quicv2 iv" : "quic iv", ret_k->iv, sizeof(ret_k->iv));
	expand(&h, v2 ? "quicv2 hp" : "quic hp", ret_k->hp, sizeof(ret_k->hp));
}

/* --- packets --- */

int quic_crypto_new(struct quic_crypto **ret_q)
{
	static const uint8_t zero[16];
	OSSL_SCOPE;
	AUTO_QUIC_CRYPTO struct quic_crypto *q = calloc(1, sizeof(*q));

	if (!q)
		return -ENOMEM;
	for (unsigned i = QUIC_FAMILY_NONE + 1; i < QUIC_FAMILIES; i++)
		hmac_key(&q->salt[i], salts[i], sizeof(salts[i]));
	q->gcm_cipher = EVP_CIPHER_fetch(NULL, "AES-128-GCM", NULL);
	q->ecb_cipher = EVP_CIPHER_fetch(NULL, "AES-128-ECB", NULL);
	q->gcm = EVP_CIPHER_CTX_new();
	q->ecb = EVP_CIPHER_CTX_new();
	if (!q->gcm || !q->ecb)
		return -ENOMEM;
	if (!q->gcm_cipher || !q->ecb_cipher ||
	    !EVP_DecryptInit_ex2(q->gcm, q->gcm_cipher, zero, zero, NULL) ||
	    !EVP_EncryptInit_ex2(q->ecb, q->ecb_cipher, zero, NULL, NULL) ||
	    !EVP_CIPHER_CTX_set_padding(q->ecb, 0))
		return -ENOTSUP;
	*ret_q = TAKE_PTR(q);
	return 0;
}

struct quic_crypto *quic_crypto_free(struct quic_crypto *q)
{
	if (!q)
		return NULL;
	EVP_CIPHER_CTX_free(q->gcm);
	EVP_CIPHER_CTX_free(q->ecb);
	EVP_CIPHER_free(q->gcm_cipher);
	EVP_CIPHER_free(q->ecb_cipher);
	free(q);
	return NULL;
}

void quic_crypto_free_p(struct quic_crypto **q)
{
	*q = quic_crypto_free(*q);
}

/* AES-128-GCM; sealed ends with its tag. out has room for sealed.n bytes. */
static bool gcm_open(struct quic_crypto *q, const uint8_t key[16], const uint8_t nonce[12],
    struct span aad, struct span sealed, uint8_t *out)
{
	size_t n = sealed.n - QUIC_TAG;
	uint8_t tag[QUIC_TAG];
	int got;
	OSSL_SCOPE;

	memcpy(tag, sealed.p + n, QUIC_TAG);
	if (EVP_DecryptInit_ex2(q->gcm, NULL, key, nonce, NULL) == 1 &&
	    EVP_DecryptUpdate(q->gcm, NULL, &got, aad.p, (int)aad.n) == 1 &&
	    (n == 0 || EVP_DecryptUpdate(q->gcm, out, &got, sealed.p, (int)n) == 1) &&
	    EVP_CIPHER_CTX_ctrl(q->gcm, EVP_CTRL_AEAD_SET_TAG, QUIC_TAG, tag) == 1 &&
	    EVP_DecryptFinal_ex(q->gcm, out + n, &got) == 1)
		return true;
	memset(out, 0, n);
	return false;
}

/* Section 5.4: five bytes that hide the packet number and its length. */
static bool header_mask(
    struct quic_crypto *q, const uint8_t hp[16], const uint8_t sample[16], uint8_t ret_mask[16])
{
	int got;
	OSSL_SCOPE;

	return EVP_EncryptInit_ex2(q->ecb, NULL, hp, NULL, NULL) == 1 &&
	       EVP_EncryptUpdate(q->ecb, ret_mask, &got, sample, 16) == 1;
}

/* RFC 9000 appendix A.3: the number nearest to what is expected that ends with these bits. */
static uint64_t full_number(uint64_t expected, uint64_t low, unsigned bytes)
{
	uint64_t window = 1ull << (8 * bytes), number = (expected & ~(window - 1)) | low;

	if (number + window / 2 <= expected && number < (1ull << 62) - window)
		return number + window;
	if (number > expected + window / 2 && number >= window)
		return number - window;
	return number;
}

static void nonce_of(const struct quic_keys *k, uint64_t number, uint8_t nonce[12])
{
	memcpy(nonce, k->iv, 12);
	for (unsigned i = 0; i < 8; i++)
		nonce[11 - i] ^= (uint8_t)(number >> (8 * i));
}

int quic_open(struct quic_crypto *q, const struct quic_keys *k, const struct quic_long *h,
    uint64_t *number, uint8_t *out, struct span *ret_payload)
{
	struct span p = h->packet;
	uint8_t mask[16], nonce[12], first;
	uint64_t low = 0, full;

	*ret_payload = SPAN_NONE;
	/* The sample is where it would be if the number had four bytes. */
	if (!h->pn_at || p.n > QUIC_PACKET_MAX || p.n - h->pn_at < 4 + 16)
		return QUIC_CUT;
	if (!header_mask(q, k->hp, p.p + h->pn_at + 4, mask))
		return QUIC_SEALED;
	first = p.p[0] ^ (mask[0] & 0x0f);
	unsigned bytes = (first & 3) + 1u;
	size_t head = h->pn_at + bytes;
	memcpy(q->head, p.p, head);
	q->head[0] = first;
	for (unsigned i = 0; i < bytes; i++) {
		q->head[h->pn_at + i] ^= mask[1 + i];
		low = low << 8 | q->head[h->pn_at + i];
	}
	full = full_number(*number, low, bytes);
	nonce_of(k, full, nonce);
	if (!gcm_open(q, k->key, nonce, span_of(q->head, head), span_from(p, head), out))
		return QUIC_SEALED;
	if (full >= *number)
		*number = full + 1;
	*ret_payload = span_of(out, p.n - head - QUIC_TAG);
	return QUIC_OPENED;
}

bool quic_retry_genuine(
    struct quic_crypto *q, enum quic_family family, struct span dcid, const struct quic_long *h)
{
	size_t n = h->packet.n - QUIC_TAG;
	uint8_t none[1];

	if (h->type != QUIC_RETRY || family >= QUIC_FAMILY_DRAFT_22 || dcid.n > QUIC_CID_MAX ||
	    1 + dcid.n + n > sizeof(q->head))
		return false;
	q->head[0] = (uint8_t)dcid.n;
	memcpy(q->head + 1, dcid.p, dcid.n);
	memcpy(q->head + 1 + dcid.n, h->packet.p, n);
	return gcm_open(q, retry_keys[family].key, retry_keys[family].nonce,
	    span_of(q->head, 1 + dcid.n + n), span_from(h->packet, n), none);
}
