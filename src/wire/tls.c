/* SPDX-License-Identifier: Apache-2.0 */

#include "wire/tls.h"

#include "base/cur.h"
#include "wire/host_text.h"

#define RECORD_HEADER 5
#define RECORD_MAX (1u << 14)
#define HANDSHAKE 22
#define CLIENT_HELLO 1

enum {
	EXT_SERVER_NAME = 0,
	EXT_ECH = 0xfe0d,
	EXT_ESNI = 0xffce,
};

bool tls_starts(struct span s)
{
	/* Record: type, version 3.0 to 3.4, length 1 to 2^14; then the message's type. */
	if (s.n > 0 && s.p[0] != HANDSHAKE)
		return false;
	if (s.n > 1 && s.p[1] != 3)
		return false;
	if (s.n > 2 && s.p[2] > 4)
		return false;
	if (s.n > 4) {
		unsigned len = (unsigned)s.p[3] << 8 | s.p[4];
		if (len == 0 || len > RECORD_MAX)
			return false;
	}
	return s.n <= 5 || s.p[5] == CLIENT_HELLO;
}

/* RFC 6066 section 3: one list, at most one name of type 0. Other types have no defined form, so
 * they are skipped by the length that all so far carry. */
static int server_name(struct span body, struct tls_hello *h)
{
	struct cur c = cur_of(body);
	struct cur list = cur_sub(&c, cur_be16(&c));
	bool seen = false;

	if (c.err || cur_left(&c) || !cur_left(&list))
		return TLS_BAD;
	while (cur_left(&list)) {
		uint8_t type = cur_u8(&list);
		struct span name = cur_take(&list, cur_be16(&list));
		if (list.err)
			return TLS_BAD;
		if (type != 0)
			continue;
		if (seen || name.n == 0 || name.n > TLS_SNI_MAX)
			return TLS_BAD;
		seen = true;
		if (name.p[name.n - 1] == '.') /* not allowed, sent nevertheless, the same host */
			name.n--;
		size_t n = 0;
		for (size_t i = 0; i < name.n; i++)
			n += host_text_octet(h->sni + n, name.p[i]);
		h->sni[n] = 0;
	}
	return list.err ? TLS_BAD : TLS_OK;
}

static int extensions(struct cur *c, struct tls_hello *h)
{
	bool named = false;

	while (cur_left(c)) {
		uint16_t type = cur_be16(c);
		struct span body = cur_take(c, cur_be16(c));
		if (c->err)
			return TLS_BAD;
		if (type == EXT_SERVER_NAME) {
			int rc = named ? TLS_BAD : server_name(body, h);
			if (rc)
				return rc;
			named = true;
		} else if ((type == EXT_ECH && body.n && body.p[0] == 0) || type == EXT_ESNI) {
			h->ech = true;
		}
	}
	return TLS_OK;
}

/* A length-prefixed vector that is not looked at; min and step are what its elements need. */
static void skip_vector(struct cur *c, size_t len, size_t min, size_t step)
{
	cur_skip(c, len);
	if (len < min || len % step)
		cur_fail(c, TLS_BAD);
}

/* The body of the message, complete. */
static int hello_body(struct span body, struct tls_hello *h)
{
	struct cur c = cur_of(body);

	uint16_t version = cur_be16(&c);
	cur_skip(&c, 32);
	uint8_t session = cur_u8(&c);
	skip_vector(&c, session, 0, 1);
	skip_vector(&c, cur_be16(&c), 2, 2); /* cipher suites */
	skip_vector(&c, cur_u8(&c), 1, 1);   /* compression methods */
	if (c.err || version >> 8 != 3 || session > 32)
		return TLS_BAD;
	if (!cur_left(&c)) /* extensions came with TLS 1.0's RFC 3546: old clients have none */
		return TLS_OK;
	struct cur ext = cur_sub(&c, cur_be16(&c));
	if (c.err || cur_left(&c))
		return TLS_BAD;
	return extensions(&ext, h);
}

/* The next record's fragment. When it is not complete: how long the stream must be for that. */
static int next_record(struct cur *c, struct span *ret_fragment, size_t *need)
{
	*need = c->off + RECORD_HEADER;
	if (cur_left(c) < RECORD_HEADER)
		return TLS_MORE;
	uint8_t type = cur_u8(c), major = cur_u8(c), minor = cur_u8(c);
	size_t len = cur_be16(c);
	if (type != HANDSHAKE || major != 3 || minor > 4 || len == 0 || len > RECORD_MAX)
		return TLS_BAD;
	*need += len;
	if (cur_left(c) < len)
		return TLS_MORE;
	*ret_fragment = cur_take(c, len);
	return TLS_OK;
}

static size_t message_size(const uint8_t *p)
{
	return 4 + ((size_t)p[1] << 16 | (size_t)p[2] << 8 | p[3]);
}

/* Gathers the whole message: in place when the first record holds it, else in scratch. */
static int gather(struct cur *c, uint8_t *scratch, struct span *ret_message, size_t *need)
{
	struct span frag;
	size_t have = 0;

	for (;;) {
		int rc = next_record(c, &frag, need);
		if (rc)
			return rc;
		if (have == 0 && frag.n >= 4 && frag.n >= message_size(frag.p)) {
			*ret_message = span_of(frag.p, message_size(frag.p));
			return TLS_OK;
		}
		frag = span_cut(frag, 0, TLS_HELLO_MAX - have);
		memcpy(scratch + have, frag.p, frag.n);
		have += frag.n;
		if (have < 4)
			continue;
		if (message_size(scratch) > TLS_HELLO_MAX)
			return TLS_LARGE;
		if (have >= message_size(scratch)) {
			*ret_message = span_of(scratch, message_size(scratch));
			return TLS_OK;
		}
	}
}

int tls_client_hello(struct span stream, uint8_t scratch[static TLS_HELLO_MAX],
    struct tls_hello *ret_h, size_t *ret_need)
{
	struct cur c = cur_of(stream);
	struct span message;

	ret_h->sni[0] = 0;
	ret_h->ech = false;
	*ret_need = 0;
	int rc = tls_starts(stream) ? gather(&c, scratch, &message, ret_need) : TLS_NOT;
	if (rc == TLS_OK)
		rc = hello_body(span_from(message, 4), ret_h);
	if (rc)
		*ret_h = (struct tls_hello){ 0 };
	if (rc != TLS_MORE)
		*ret_need = 0;
	return rc;
}
