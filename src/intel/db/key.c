/* SPDX-License-Identifier: Apache-2.0 */

#include "intel/db/key.h"

#include "base/hex.h"
#include "intel/db/format.h"

#include <arpa/inet.h>
#include <endian.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

static const uint8_t mapped[12] = { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff };

/* --- text to bytes --- */

static bool is_bytes(enum indicator_type t)
{
	switch (t) {
	case INDICATOR_MD5:
	case INDICATOR_SHA1:
	case INDICATOR_SHA256:
	case INDICATOR_SHA512:
	case INDICATOR_IMPHASH:
	case INDICATOR_JA3:
	case INDICATOR_AUTHENTIHASH:
	case INDICATOR_CERT:
		return true;
	default:
		return false;
	}
}

static int encode_hex(enum indicator_type t, struct span text, uint8_t *out, size_t *ret_n)
{
	size_t width = db_width(t);

	for (size_t i = 0; i < text.n; i++)
		if (text.p[i] >= 'A' && text.p[i] <= 'F')
			return -EINVAL;
	if (text.n == 0 || text.n > 128 || (width && text.n != 2 * width) ||
	    hex_decode(out, text) < 0)
		return -EINVAL;
	*ret_n = text.n / 2;
	return 0;
}

/* A decimal number of up to max, without a leading zero; -1. */
static long number(struct span s, long max)
{
	long v = 0;

	if (s.n == 0 || s.n > 5 || (s.n > 1 && s.p[0] == '0'))
		return -1;
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] < '0' || s.p[i] > '9')
			return -1;
		v = 10 * v + (s.p[i] - '0');
	}
	return v <= max ? v : -1;
}

static int parse_ip4(struct span s, uint8_t b[static 4])
{
	for (int i = 0; i < 4; i++) {
		size_t dot = i < 3 ? span_find(s, '.') : s.n;
		long v = dot <= s.n ? number(span_cut(s, 0, dot), 255) : -1;
		if (v < 0)
			return -EINVAL;
		b[i] = (uint8_t)v;
		s = span_from(s, dot + (i < 3));
	}
	return 0;
}

static int parse_ip(int family, struct span s, uint8_t b[static 16])
{
	char text[INET6_ADDRSTRLEN];

	if (family == 4)
		return parse_ip4(s, b);
	if (s.n >= sizeof(text) || memchr(s.p, 0, s.n))
		return -EINVAL;
	memcpy(text, s.p, s.n);
	text[s.n] = 0;
	return inet_pton(AF_INET6, text, b) == 1 ? 0 : -EINVAL;
}

/* Are all bits behind the prefix zero? */
static bool is_net(const uint8_t *b, size_t n, size_t prefix)
{
	for (size_t i = prefix / 8; i < n; i++)
		if (b[i] & (i == prefix / 8 ? 0xff >> prefix % 8 : 0xff))
			return false;
	return true;
}

static int encode_net(int family, struct span text, uint8_t *out, size_t *ret_n)
{
	size_t slash = span_find(text, '/'), n = family == 4 ? 4 : 16;
	long prefix = (long)(8 * n);
	uint8_t b[16];

	if (slash != SIZE_MAX)
		prefix = number(span_from(text, slash + 1), prefix);
	if (prefix < 0 || parse_ip(family, span_cut(text, 0, slash), b) < 0 ||
	    !is_net(b, n, (size_t)prefix))
		return -EINVAL;
	*ret_n = key_net(family, b, (unsigned)prefix, out);
	return 0;
}

void key_ip_port(int family, const uint8_t *b, uint16_t port, uint8_t out[static 18])
{
	memcpy(out, mapped, sizeof(mapped));
	memcpy(out + (family == 4 ? 12 : 0), b, family == 4 ? 4 : 16);
	out[16] = (uint8_t)(port >> 8);
	out[17] = (uint8_t)port;
}

static int encode_ip_port(struct span text, uint8_t *out, size_t *ret_n)
{
	int family = text.n && text.p[0] == '[' ? 6 : 4;
	size_t end = span_find(text, family == 6 ? ']' : ':'), skip = family == 6;
	uint8_t b[16];

	if (end == SIZE_MAX || (family == 6 && (end + 1 >= text.n || text.p[end + 1] != ':')))
		return -EINVAL;
	long port = number(span_from(text, end + 1 + skip), 65535);
	if (port < 1 || parse_ip(family, span_cut(text, skip, end - skip), b) < 0)
		return -EINVAL;
	key_ip_port(family, b, (uint16_t)port, out);
	*ret_n = 18;
	return 0;
}

int key_encode(enum indicator_type t, struct span text, uint8_t out[static KEY_MAX], size_t *ret_n)
{
	if (t <= INDICATOR_NONE || t >= INDICATOR_TYPES || text.n == 0 || text.n > KEY_MAX)
		return -EINVAL;
	if (is_bytes(t))
		return encode_hex(t, text, out, ret_n);
	if (t == INDICATOR_IPV4 || t == INDICATOR_IPV6)
		return encode_net(t == INDICATOR_IPV4 ? 4 : 6, text, out, ret_n);
	if (t == INDICATOR_IP_PORT)
		return encode_ip_port(text, out, ret_n);
	if (memchr(text.p, 0, text.n) || (t == INDICATOR_DOMAIN && text.n > NAME_MAX_BYTES))
		return -EINVAL;
	memcpy(out, text.p, text.n);
	*ret_n = text.n;
	return 0;
}

/* --- bytes to text --- */

static const char *ip_text(int family, const uint8_t *b, char out[static INET6_ADDRSTRLEN])
{
	return inet_ntop(family == 4 ? AF_INET : AF_INET6, b, out, INET6_ADDRSTRLEN);
}

static void decode_net(int family, const uint8_t *b, char *out)
{
	unsigned bits = family == 4 ? 32 : 128, prefix = b[bits / 8];
	char ip[INET6_ADDRSTRLEN];

	ip_text(family, b, ip);
	if (prefix < bits)
		sprintf(out, "%s/%u", ip, prefix);
	else
		strcpy(out, ip);
}

static void decode_ip_port(const uint8_t *b, char *out)
{
	bool four = memcmp(b, mapped, sizeof(mapped)) == 0;
	char ip[INET6_ADDRSTRLEN];

	ip_text(four ? 4 : 6, four ? b + 12 : b, ip);
	sprintf(out, four ? "%s:%u" : "[%s]:%u", ip, (unsigned)(b[16] << 8 | b[17]));
}

int key_decode(enum indicator_type t, struct span stored, char out[static KEY_MAX + 64])
{
	size_t width = db_width(t);

	if (stored.n == 0 || stored.n > KEY_MAX || (width && stored.n != width))
		return -EBADMSG;
	if (is_bytes(t)) {
		if (stored.n > 64)
			return -EBADMSG;
		hex_encode(out, stored);
	} else if (t == INDICATOR_IPV4 || t == INDICATOR_IPV6) {
		if (stored.p[width - 1] > 8 * (width - 1))
			return -EBADMSG;
		decode_net(t == INDICATOR_IPV4 ? 4 : 6, stored.p, out);
	} else if (t == INDICATOR_IP_PORT) {
		decode_ip_port(stored.p, out);
	} else {
		if (memchr(stored.p, 0, stored.n))
			return -EBADMSG;
		memcpy(out, stored.p, stored.n);
		out[stored.n] = 0;
	}
	return 0;
}

/* --- hashes --- */

static uint64_t load64(const uint8_t *p)
{
	uint64_t v;

	memcpy(&v, p, 8);
	return le64toh(v);
}

struct sip sip_start(const uint8_t salt[static 16], enum indicator_type t)
{
	uint64_t k0 = load64(salt), k1 = load64(salt + 8);
	struct sip s = { { k0 ^ 0x736f6d6570736575u, k1 ^ 0x646f72616e646f6du,
	    k0 ^ 0x6c7967656e657261u, k1 ^ 0x7465646279746573u } };

	sip_word(&s, (uint64_t)t);
	return s;
}

uint64_t sip_bytes(struct sip s, struct span b)
{
	uint64_t tail = (uint64_t)b.n << 56;

	for (; b.n >= 8; b.p += 8, b.n -= 8)
		sip_word(&s, load64(b.p));
	for (size_t i = 0; i < b.n; i++)
		tail |= (uint64_t)b.p[i] << (8 * i);
	sip_word(&s, tail);
	return sip_end(s);
}

#define EACH_BYTE 0x0101010101010101u

/* ASCII letters to lower case, eight at a time. */
static inline uint64_t lower8(uint64_t w)
{
	uint64_t low = w & 0x7f * EACH_BYTE;
	uint64_t from_a = low + (0x80 - 'A') * EACH_BYTE, past_z = low + (0x7f - 'Z') * EACH_BYTE;
	uint64_t upper = (from_a ^ past_z) & ~w & 0x80 * EACH_BYTE;

	return w | upper >> 2;
}

/* The high bit of each byte that is a dot. */
static inline uint64_t dots8(uint64_t w)
{
	uint64_t x = w ^ '.' * EACH_BYTE;

	return ~(((x & 0x7f * EACH_BYTE) + 0x7f * EACH_BYTE) | x) & 0x80 * EACH_BYTE;
}

/* Up to seven bytes, zeros behind them. */
static inline uint64_t load_few(const uint8_t *p, size_t n)
{
	uint32_t lo, hi;

	if (n >= 4) {
		memcpy(&lo, p, 4);
		memcpy(&hi, p + n - 4, 4);
		return le32toh(lo) | (uint64_t)le32toh(hi) << 8 * (n - 4);
	}
	return n ? p[0] | (uint64_t)p[n / 2] << 8 * (n / 2) | (uint64_t)p[n - 1] << 8 * (n - 1) : 0;
}

static inline void put_name(struct names *o, const struct sip *s, uint64_t last, size_t at,
    uint32_t asked)
{
	size_t i = o->n++;

	for (int k = 0; k < 4; k++)
		o->v[k][i] = s->v[k];
	o->last[i] = last;
	o->at[i] = (uint8_t)at;
	o->asked[i] = asked;
}

/* The high bits of bytes 0 to 7, as bits 0 to 7. */
static inline uint64_t gather8(uint64_t high)
{
	return (high >> 7) * 0x0102040810204080u >> 56;
}

/* The bytes from p that are left before whole words begin, behind which n - 8 bytes follow, moved
 * to the word's end. */
static inline uint64_t load_rest(const uint8_t *p, size_t n)
{
	size_t rest = n % 8;

	if (!rest)
		return 0;
	return (n >= 8 ? load64(p) : load_few(p, rest)) << (64 - 8 * rest);
}

/*
 * Eight words at a time, from the right: first their states and dots, then for each dot what is
 * behind it, so that there are few branches to guess.
 */
void names_add(struct names *o, struct sip s, struct span name, size_t skip, uint32_t asked)
{
	DB_NOT_CLEARED struct sip before[8];
	DB_NOT_CLEARED uint64_t word[8];
	size_t left = name.n;

	for (;; left -= 64) {
		size_t words = left / 8 < 8 ? left / 8 : 8, right = name.n - left;
		uint64_t dots = 0; /* the highest bit is the last byte */
		for (size_t i = 0; i < words; i++) {
			before[i] = s;
			word[i] = lower8(load64(name.p + left - 8 * (i + 1)));
			dots |= gather8(dots8(word[i])) << (56 - 8 * i);
			sip_word(&s, word[i]);
		}
		if (words < 8) {
			before[words] = s;
			word[words] = lower8(load_rest(name.p, left));
			dots |= gather8(dots8(word[words])) << (56 - 8 * words);
		}
		for (; dots && skip; skip--)
			dots ^= (uint64_t)1 << (63 - __builtin_clzll(dots));
		while (dots) {
			size_t behind = (size_t)__builtin_clzll(dots), len = right + behind;
			uint64_t part = word[behind / 8] >> 1 >> (63 - 8 * (behind % 8));
			dots ^= (uint64_t)1 << (63 - behind);
			put_name(o, &before[behind / 8], part | (uint64_t)len << 56, name.n - len,
			    asked);
		}
		if (words < 8) {
			size_t rest = left % 8;
			uint64_t part = rest ? word[words] >> (64 - 8 * rest) : 0;
			if (!skip)
				put_name(o, &s, part | (uint64_t)name.n << 56, 0, asked);
			return;
		}
	}
}

/* The same as names_end_one, eight at a time; on x86-64 with what vectors the processor has. */
#if defined(__x86_64__) && !defined(__clang__) && !defined(__SANITIZE_ADDRESS__)
#define WIDE __attribute__((target_clones("avx512f", "avx2", "default")))
#else
#define WIDE
#endif

typedef uint64_t lanes __attribute__((vector_size(64)));

#define LANES_ROTL(x, b) ((x) << (b) | (x) >> (64 - (b)))
#define LANES_ROUND(a, b, c, d)                                                                    \
	do {                                                                                       \
		a += b;                                                                            \
		b = LANES_ROTL(b, 13) ^ a;                                                         \
		a = LANES_ROTL(a, 32);                                                             \
		c += d;                                                                            \
		d = LANES_ROTL(d, 16) ^ c;                                                         \
		a += d;                                                                            \
		d = LANES_ROTL(d, 21) ^ a;                                                         \
		c += b;                                                                            \
		b = LANES_ROTL(b, 17) ^ c;                                                         \
		c = LANES_ROTL(c, 32);                                                             \
	} while (0)

WIDE void names_end(struct names *o)
{
	for (size_t i = 0; i < o->n; i += 8) {
		lanes a, b, c, d, m;
		memcpy(&a, &o->v[0][i], sizeof(a));
		memcpy(&b, &o->v[1][i], sizeof(b));
		memcpy(&c, &o->v[2][i], sizeof(c));
		memcpy(&d, &o->v[3][i], sizeof(d));
		memcpy(&m, &o->last[i], sizeof(m));
		d ^= m;
		LANES_ROUND(a, b, c, d);
		a ^= m;
		c ^= 0xff;
		LANES_ROUND(a, b, c, d);
		LANES_ROUND(a, b, c, d);
		LANES_ROUND(a, b, c, d);
		a ^= b ^ c ^ d;
		memcpy(&o->v[0][i], &a, sizeof(a));
	}
}

bool name_ok(struct span name)
{
	size_t label = 0;

	for (size_t i = 0; i < name.n; i++) {
		bool dot = name.p[i] == '.';
		if (dot ? label == 0 : ++label > 63)
			return false;
		label = dot ? 0 : label;
	}
	return label > 0;
}

uint64_t name_hash(struct sip s, struct span name)
{
	uint64_t length = (uint64_t)name.n << 56;

	for (; name.n >= 8; name.n -= 8)
		sip_word(&s, load64(name.p + name.n - 8));
	sip_word(&s, load_few(name.p, name.n) | length);
	return sip_end(s);
}
