/* SPDX-License-Identifier: Apache-2.0 */

#include "sense/net/community.h"

#include "base/buf.h"
#include "base/hex.h"

static struct span bytes_of(const struct sense_addr *a)
{
	return span_of(a->b, a->family == 4 ? 4 : 16);
}

static void put_be16(uint8_t *p, uint16_t v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

/* What is hashed; its length. */
static size_t input(const struct sense_addr *a, const struct sense_addr *b, uint8_t proto,
    uint16_t seed, uint8_t out[static 40])
{
	struct span x = bytes_of(a), y = bytes_of(b);
	size_t n = 2;

	put_be16(out, seed);
	memcpy(out + n, x.p, x.n);
	n += x.n;
	memcpy(out + n, y.p, y.n);
	n += y.n;
	out[n++] = proto;
	out[n++] = 0;
	put_be16(out + n, a->port);
	put_be16(out + n + 2, b->port);
	return n + 4;
}

char *community_id(struct hasher *sha1, const struct sense_addr *a, const struct sense_addr *b,
    uint8_t proto, uint16_t seed, char out[static COMMUNITY_ID_MAX])
{
	struct digest d[DIGEST_ALGS];
	uint8_t in[40];

	out[0] = 0;
	if (!a->family || a->family != b->family)
		return out;
	int order = span_cmp(bytes_of(a), bytes_of(b));
	bool swap = order ? order > 0 : a->port > b->port;
	size_t n = swap ? input(b, a, proto, seed, in) : input(a, b, proto, seed, in);
	if (hasher_update(sha1, in, n) < 0 || hasher_final(sha1, d) < 0)
		return out;
	AUTO_BUF struct buf text = BUF_INIT(COMMUNITY_ID_MAX);
	buf_puts(&text, "1:");
	b64_encode(&text, span_of(d[DIGEST_SHA1].b, 20), B64_STD);
	if (!buf_err(&text) && text.n < COMMUNITY_ID_MAX) {
		memcpy(out, text.p, text.n);
		out[text.n] = 0;
	}
	return out;
}
