/* SPDX-License-Identifier: Apache-2.0 */

#include "wire/tls_hello.h"

#include "base/cur.h"
#include "wire/host_text.h"

#include <arpa/inet.h>

enum {
	EXT_SERVER_NAME = 0,
	EXT_CERT_TYPE = 9,
	EXT_GROUPS = 10,
	EXT_POINT_FORMATS = 11,
	EXT_SIGALGS = 13,
	EXT_ALPN = 16,
	EXT_SERVER_CERT_TYPE = 20,
	EXT_PRE_SHARED_KEY = 41,
	EXT_EARLY_DATA = 42,
	EXT_VERSIONS = 43,
	EXT_CONNECTION_ID = 54,
	EXT_ECH = 0xfe0d,
	EXT_ESNI = 0xffce,
};

#define RANDOM 32
#define SESSION_ID_MAX 32

static int failed(const struct cur *c)
{
	return c->err == CUR_SHORT ? TLS_HELLO_SHORT : TLS_HELLO_BAD;
}

/* --- contents of extensions --- */

/* A list that fills the body but for its own length of `prefix` bytes, in steps; else empty, odd.
 */
static struct span whole_list(struct span body, size_t prefix, size_t step, bool *odd)
{
	struct cur c = cur_of(body);
	size_t n = prefix == 1 ? cur_u8(&c) : cur_be16(&c);
	struct span list = cur_take(&c, n);

	if (!c.err && !cur_left(&c) && list.n % step == 0)
		return list;
	*odd = true;
	return SPAN_NONE;
}

/* The names of the list that are whole. */
static struct span alpn_list(struct span body, bool *odd)
{
	struct span list = whole_list(body, 2, 1, odd);
	struct cur c = cur_of(list);
	size_t good = 0;

	while (cur_left(&c)) {
		cur_skip(&c, cur_u8(&c));
		if (c.err)
			break;
		good = c.off;
	}
	*odd |= good != list.n;
	return span_cut(list, 0, good);
}

static bool is_address(const char *name, size_t n)
{
	char plain[INET6_ADDRSTRLEN + 2];
	struct in6_addr a;

	if (n >= 2 && name[0] == '[' && name[n - 1] == ']') {
		name++;
		n -= 2;
	}
	if (n == 0 || n >= sizeof(plain))
		return false;
	memcpy(plain, name, n);
	plain[n] = 0;
	return inet_pton(AF_INET, plain, &a) == 1 ||
	       (memchr(plain, ':', n) && inet_pton(AF_INET6, plain, &a) == 1);
}

static void host_name(struct span name, struct tls_client *c)
{
	size_t n = 0;

	if (name.n && name.p[name.n - 1] == '.') /* not allowed, sent nevertheless, the same host */
		name.n--;
	for (size_t i = 0; i < name.n; i++)
		n += host_text_octet(c->sni + n, name.p[i]);
	c->sni[n] = 0;
	uint8_t last = n ? (uint8_t)c->sni[n - 1] : 0;
	if ((last >= '0' && last <= '9') || memchr(c->sni, ':', n))
		c->sni_ip = is_address(c->sni, n);
}

/* RFC 6066 section 3: one list, at most one name of type 0; the first one counts. Other types have
 * no defined form: they are skipped by the length that all so far carry. */
static void server_name(struct span body, struct tls_client *c)
{
	bool odd = false;
	struct span names = whole_list(body, 2, 1, &odd), host = SPAN_NONE;
	struct cur list = cur_of(names);

	c->has_sni = true;
	while (cur_left(&list)) {
		uint8_t type = cur_u8(&list);
		struct span name = cur_take(&list, cur_be16(&list));
		if (list.err)
			break;
		if (type == 0 && host.p)
			c->odd = true;
		else if (type == 0)
			host = name;
	}
	if (odd || list.err || host.n > TLS_SNI_MAX)
		c->bad_sni = body.n != 0; /* an empty one is a server's, or says nothing */
	else if (host.n)
		host_name(host, c);
	c->odd |= !c->sni[0];
}

static void client_extension(uint16_t type, struct span body, struct tls_client *c)
{
	switch (type) {
	case EXT_SERVER_NAME:
		server_name(body, c);
		break;
	case EXT_GROUPS:
		c->groups = whole_list(body, 2, 2, &c->odd);
		break;
	case EXT_POINT_FORMATS:
		c->point_formats = whole_list(body, 1, 1, &c->odd);
		break;
	case EXT_SIGALGS:
		c->sigalgs = whole_list(body, 2, 2, &c->odd);
		break;
	case EXT_ALPN:
		c->alpn = alpn_list(body, &c->odd);
		break;
	case EXT_VERSIONS:
		c->versions = whole_list(body, 1, 2, &c->odd);
		if (!c->versions.p)
			c->versions.p = body.p;
		break;
	case EXT_EARLY_DATA:
		c->early_data = true;
		break;
	case EXT_CONNECTION_ID:
		c->has_cid = true;
		c->cid = whole_list(body, 1, 1, &c->odd);
		break;
	case EXT_ECH:
		c->ech |= body.n == 0 || body.p[0] == 0;
		c->ech_inner |= body.n && body.p[0] == 1;
		break;
	case EXT_ESNI:
		c->ech = true;
		break;
	default:
		c->grease |= tls_grease(type);
	}
}

static int client_extensions(struct cur *x, struct tls_client *c)
{
	uint64_t seen = 0;
	bool last = false;

	while (cur_left(x)) {
		uint16_t type = cur_be16(x);
		struct span body = cur_take(x, cur_be16(x));
		if (x->err)
			return failed(x);
		uint64_t bit = type < 64 ? 1ull << type : 0;
		c->odd |= last || (seen & bit);
		last = type == EXT_PRE_SHARED_KEY;
		if (!(seen & bit))
			client_extension(type, body, c);
		seen |= bit;
	}
	return TLS_HELLO_OK;
}

/* --- versions --- */

/* Of DTLS lower numbers are higher versions (RFC 9147 section 5.3). */
static bool version_above(uint16_t a, uint16_t b, bool dtls)
{
	if (!dtls)
		return a > b;
	return a >> 8 == 0xfe && (b >> 8 != 0xfe || a < b);
}

static uint16_t highest_version(struct tls_client *c)
{
	uint16_t best = 0;

	for (size_t i = 0; i + 1 < c->versions.n; i += 2) {
		uint16_t v = (uint16_t)(c->versions.p[i] << 8 | c->versions.p[i + 1]);
		if (tls_grease(v))
			c->grease = true;
		else if (!best || version_above(v, best, c->dtls))
			best = v;
	}
	return best ? best : c->legacy_version;
}

static bool has_grease(struct span pairs)
{
	for (size_t i = 0; i + 1 < pairs.n; i += 2)
		if (tls_grease((uint16_t)(pairs.p[i] << 8 | pairs.p[i + 1])))
			return true;
	return false;
}

/* --- ClientHello --- */

static int client_body(struct cur *b, struct tls_client *c)
{
	c->legacy_version = cur_be16(b);
	c->random = cur_take(b, RANDOM);
	c->session_id = cur_take(b, cur_u8(b));
	if (c->dtls)
		c->cookie = cur_take(b, cur_u8(b));
	c->ciphers = cur_take(b, cur_be16(b));
	cur_skip(b, cur_u8(b)); /* compression methods */
	if (b->err)
		return failed(b);
	if (c->session_id.n > SESSION_ID_MAX || c->ciphers.n % 2)
		return TLS_HELLO_BAD;
	if (!cur_left(b)) /* extensions came with RFC 3546: old clients have none */
		return TLS_HELLO_OK;
	struct cur x = cur_sub(b, cur_be16(b));
	if (b->err)
		return failed(b);
	c->extensions = span_of(x.p, x.n);
	c->odd = cur_left(b) != 0;
	return client_extensions(&x, c);
}

/* All but the name's text, of which one byte is enough. */
static void client_clear(struct tls_client *c)
{
	memset(c, 0, offsetof(struct tls_client, sni));
	c->sni[0] = 0;
}

int tls_client_parse(struct span body, bool dtls, struct tls_client *ret_c)
{
	struct cur b = cur_of(body);

	client_clear(ret_c);
	ret_c->dtls = dtls;
	int rc = client_body(&b, ret_c);
	if (rc) {
		*ret_c = (struct tls_client){ 0 };
		return rc;
	}
	ret_c->version = highest_version(ret_c);
	ret_c->grease |= has_grease(ret_c->ciphers) || has_grease(ret_c->groups);
	return TLS_HELLO_OK;
}

/* RFC 6101 appendix E: 2 bytes of header with the top bit set, then the message to the end. */
static struct cur sslv2_record(struct span record, uint8_t type)
{
	struct cur r = cur_of(record);
	uint16_t head = cur_be16(&r);
	struct cur m = cur_sub(&r, head & 0x7fff);

	if (!r.err && (!(head & 0x8000) || cur_left(&r)))
		cur_fail(&m, TLS_HELLO_BAD);
	if (cur_u8(&m) != type)
		cur_fail(&m, TLS_HELLO_BAD);
	return m;
}

static bool sslv2_version(uint16_t v)
{
	return v == 0x0002 || (v >= 0x0300 && v <= 0x0304);
}

int tls_client_parse_sslv2(struct span record, struct tls_client *ret_c)
{
	struct cur m = sslv2_record(record, 1);

	client_clear(ret_c);
	ret_c->sslv2 = true;
	ret_c->version = ret_c->legacy_version = cur_be16(&m);
	size_t ciphers = cur_be16(&m), id = cur_be16(&m), challenge = cur_be16(&m);
	ret_c->ciphers = cur_take(&m, ciphers);
	ret_c->session_id = cur_take(&m, id);
	ret_c->random = cur_take(&m, challenge);
	if (!m.err &&
	    (!sslv2_version(ret_c->version) || ciphers == 0 || ciphers % 3 ||
		(id != 0 && id != 16) || challenge < 16 || challenge > 32 || cur_left(&m)))
		cur_fail(&m, TLS_HELLO_BAD);
	if (!m.err)
		return TLS_HELLO_OK;
	*ret_c = (struct tls_client){ 0 };
	return failed(&m);
}

/* --- ServerHello --- */

/* SHA-256 of "HelloRetryRequest". */
static const uint8_t retry_random[RANDOM] = { 0xcf, 0x21, 0xad, 0x74, 0xe5, 0x9a, 0x61, 0x11, 0xbe,
	0x1d, 0x8c, 0x02, 0x1e, 0x65, 0xb8, 0x91, 0xc2, 0xa2, 0x11, 0x16, 0x7a, 0xbb, 0x8c, 0x5e,
	0x07, 0x9e, 0x09, 0xe2, 0xc8, 0xa8, 0x33, 0x9c };

static void server_extension(uint16_t type, struct span body, struct tls_server *s)
{
	if (type == EXT_VERSIONS && body.n == 2) {
		s->version = (uint16_t)(body.p[0] << 8 | body.p[1]);
	} else if (type == EXT_ALPN) {
		struct span list = alpn_list(body, &s->odd);
		s->alpn = list.n ? span_cut(list, 1, list.p[0]) : SPAN_NONE;
	} else if (type == EXT_SERVER_CERT_TYPE || type == EXT_CERT_TYPE) {
		s->raw_keys = body.n == 1 && body.p[0] != 0;
	}
}

static int server_extensions(struct cur *x, struct tls_server *s)
{
	uint64_t seen = 0;

	while (cur_left(x)) {
		uint16_t type = cur_be16(x);
		struct span body = cur_take(x, cur_be16(x));
		if (x->err)
			return failed(x);
		uint64_t bit = type < 64 ? 1ull << type : 0;
		if (!(seen & bit))
			server_extension(type, body, s);
		s->odd |= (seen & bit) != 0;
		seen |= bit;
	}
	return TLS_HELLO_OK;
}

static int server_body(struct cur *b, struct tls_server *s)
{
	s->version = s->legacy_version = cur_be16(b);
	/* Up to draft 21 TLS 1.3 had neither session id nor compression method here. */
	bool draft = s->legacy_version >> 8 == 0x7f;
	s->random = cur_take(b, RANDOM);
	if (!draft)
		s->session_id = cur_take(b, cur_u8(b));
	s->cipher = cur_be16(b);
	if (!draft)
		cur_skip(b, 1);
	if (b->err)
		return failed(b);
	if (s->session_id.n > SESSION_ID_MAX)
		return TLS_HELLO_BAD;
	s->retry = memcmp(s->random.p, retry_random, RANDOM) == 0;
	if (!cur_left(b))
		return TLS_HELLO_OK;
	struct cur x = cur_sub(b, cur_be16(b));
	if (b->err)
		return failed(b);
	s->extensions = span_of(x.p, x.n);
	s->odd = cur_left(b) != 0;
	return server_extensions(&x, s);
}

int tls_server_parse(struct span body, bool dtls, struct tls_server *ret_s)
{
	struct cur b = cur_of(body);

	*ret_s = (struct tls_server){ .dtls = dtls };
	int rc = server_body(&b, ret_s);
	if (rc)
		*ret_s = (struct tls_server){ 0 };
	return rc;
}

int tls_server_parse_sslv2(struct span record, struct tls_server *ret_s)
{
	struct cur m = sslv2_record(record, 4);

	*ret_s = (struct tls_server){ .sslv2 = true };
	uint8_t hit = cur_u8(&m), type = cur_u8(&m);
	ret_s->version = ret_s->legacy_version = cur_be16(&m);
	size_t certificate = cur_be16(&m), ciphers = cur_be16(&m), id = cur_be16(&m);
	ret_s->certificate = cur_take(&m, certificate);
	cur_skip(&m, ciphers);
	ret_s->session_id = cur_take(&m, id);
	if (!m.err && (hit > 1 || type > 1 || ret_s->version != 0x0002 || ciphers % 3 || id > 32 ||
			  cur_left(&m)))
		cur_fail(&m, TLS_HELLO_BAD);
	if (!m.err)
		return TLS_HELLO_OK;
	*ret_s = (struct tls_server){ 0 };
	return failed(&m);
}
