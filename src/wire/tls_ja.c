/* SPDX-License-Identifier: Apache-2.0 */

#include "base/cur.h"
#include "wire/tls_hello.h"

#include <stdlib.h>

/* --- lists of 16-bit values, GREASE left out --- */

#define VALUES_MAX (TLS_JA_MAX / 5)

/* Kilobytes that are written before they are read: clearing them would cost more than the rest. */
#define NOT_CLEARED __attribute__((uninitialized))

struct values {
	size_t n;
	bool full;
	uint16_t v[VALUES_MAX];
};

static void add_value(struct values *l, uint16_t v)
{
	if (tls_grease(v))
		return;
	if (l->n == VALUES_MAX)
		l->full = true;
	else
		l->v[l->n++] = v;
}

static void read_pairs(struct values *l, struct span pairs)
{
	l->n = 0;
	l->full = false;
	for (size_t i = 0; i + 1 < pairs.n; i += 2)
		add_value(l, (uint16_t)(pairs.p[i] << 8 | pairs.p[i + 1]));
}

static void read_extensions(struct values *l, struct span extensions)
{
	struct cur c = cur_of(extensions);

	l->n = 0;
	l->full = false;
	while (cur_left(&c)) {
		uint16_t type = cur_be16(&c);
		cur_skip(&c, cur_be16(&c));
		if (!c.err)
			add_value(l, type);
	}
}

static int compare(const void *a, const void *b)
{
	return (int)*(const uint16_t *)a - (int)*(const uint16_t *)b;
}

static void sort(struct values *l)
{
	if (l->n > 64) { /* nobody's real hello */
		qsort(l->v, l->n, sizeof(l->v[0]), compare);
		return;
	}
	for (size_t i = 1; i < l->n; i++) {
		uint16_t v = l->v[i];
		size_t k = i;
		for (; k > 0 && l->v[k - 1] > v; k--)
			l->v[k] = l->v[k - 1];
		l->v[k] = v;
	}
}

/* --- JA3: decimal --- */

struct text {
	char *p, *end;
	bool full;
};

static void put_char(struct text *t, char c)
{
	if (t->p == t->end)
		t->full = true;
	else
		*t->p++ = c;
}

static void put_decimal(struct text *t, unsigned v)
{
	size_t n = v < 10 ? 1 : v < 100 ? 2 : v < 1000 ? 3 : v < 10000 ? 4 : 5;

	if ((size_t)(t->end - t->p) < n) {
		t->full = true;
		return;
	}
	for (size_t i = n; i-- > 0; v /= 10)
		t->p[i] = (char)('0' + v % 10);
	t->p += n;
}

static void put_list(struct text *t, const struct values *l)
{
	put_char(t, ',');
	for (size_t i = 0; i < l->n; i++) {
		if (i)
			put_char(t, '-');
		put_decimal(t, l->v[i]);
	}
	t->full |= l->full;
}

static size_t text_size(const struct text *t, const char *start)
{
	return t->full ? 0 : (size_t)(t->p - start);
}

size_t tls_ja3_text(const struct tls_client *c, char out[static TLS_JA_MAX])
{
	struct text t = { out, out + TLS_JA_MAX, c->sslv2 };
	NOT_CLEARED struct values l;

	put_decimal(&t, c->legacy_version);
	read_pairs(&l, c->ciphers);
	put_list(&t, &l);
	read_extensions(&l, c->extensions);
	put_list(&t, &l);
	read_pairs(&l, c->groups);
	put_list(&t, &l);
	put_char(&t, ',');
	for (size_t i = 0; i < c->point_formats.n; i++) {
		if (i)
			put_char(&t, '-');
		put_decimal(&t, c->point_formats.p[i]);
	}
	return text_size(&t, out);
}

size_t tls_ja3s_text(const struct tls_server *s, char out[static TLS_JA_MAX])
{
	struct text t = { out, out + TLS_JA_MAX, s->sslv2 };
	NOT_CLEARED struct values l;

	put_decimal(&t, s->legacy_version);
	put_char(&t, ',');
	put_decimal(&t, s->cipher);
	read_extensions(&l, s->extensions);
	put_list(&t, &l);
	return text_size(&t, out);
}

/* --- JA4: hexadecimal, sorted --- */

static const char hex[16] = "0123456789abcdef";

/* A comma behind each. VALUES_MAX of them fit behind each other. */
static size_t put_hex(char *out, const struct values *l)
{
	char *p = out;

	for (size_t i = 0; i < l->n; i++) {
		uint16_t v = l->v[i];
		p[0] = hex[v >> 12];
		p[1] = hex[v >> 8 & 15];
		p[2] = hex[v >> 4 & 15];
		p[3] = hex[v & 15];
		p[4] = ',';
		p += 5;
	}
	return (size_t)(p - out);
}

static const char *version_text(uint16_t v)
{
	switch (v) {
	case 0x0304:
		return "13";
	case 0x0303:
		return "12";
	case 0x0302:
		return "11";
	case 0x0301:
		return "10";
	case 0x0300:
		return "s3";
	case 0x0002:
		return "s2";
	case 0xfeff:
		return "d1";
	case 0xfefd:
		return "d2";
	case 0xfefc:
		return "d3";
	}
	return "00";
}

static bool alphanumeric(uint8_t b)
{
	return (b >= '0' && b <= '9') || (b >= 'A' && b <= 'Z') || (b >= 'a' && b <= 'z');
}

/* First and last character of the first name; of its hexadecimal form when one is not alphanumeric.
 */
static void alpn_text(struct span alpn, char out[static 2])
{
	size_t n = alpn.n ? alpn.p[0] : 0;

	out[0] = out[1] = '0';
	if (n == 0 || n >= alpn.n)
		return;
	uint8_t first = alpn.p[1], last = alpn.p[n];
	bool plain = alphanumeric(first) && alphanumeric(last);
	out[0] = plain ? (char)first : hex[first >> 4];
	out[1] = plain ? (char)last : hex[last & 15];
}

static void put_count(char *out, size_t n)
{
	n = n < 99 ? n : 99;
	out[0] = (char)('0' + n / 10);
	out[1] = (char)('0' + n % 10);
}

enum { EXT_SERVER_NAME = 0, EXT_ALPN = 16 };

static void drop_named(struct values *l)
{
	size_t kept = 0;

	for (size_t i = 0; i < l->n; i++)
		if (l->v[i] != EXT_SERVER_NAME && l->v[i] != EXT_ALPN)
			l->v[kept++] = l->v[i];
	l->n = kept;
}

bool tls_ja4_text(const struct tls_client *c, char transport, struct tls_ja4 *ret_j)
{
	NOT_CLEARED struct values l, sigalgs;

	if (c->sslv2)
		return false;
	ret_j->a[0] = transport;
	memcpy(ret_j->a + 1, version_text(c->version), 2);
	ret_j->a[3] = c->has_sni ? 'd' : 'i';
	alpn_text(c->alpn, ret_j->a + 8);
	ret_j->a[10] = 0;

	read_pairs(&l, c->ciphers);
	put_count(ret_j->a + 4, l.n);
	sort(&l);
	ret_j->nb = put_hex(ret_j->b, &l);
	ret_j->nb -= ret_j->nb != 0; /* the last comma */
	bool full = l.full;

	read_extensions(&l, c->extensions);
	put_count(ret_j->a + 6, l.n);
	drop_named(&l);
	sort(&l);
	read_pairs(&sigalgs, c->sigalgs);
	if (full || l.full || sigalgs.full || l.n + sigalgs.n > VALUES_MAX)
		return false;
	ret_j->nc = put_hex(ret_j->c, &l);
	if (ret_j->nc && sigalgs.n) {
		ret_j->c[ret_j->nc - 1] = '_';
		ret_j->nc += put_hex(ret_j->c + ret_j->nc, &sigalgs);
	}
	ret_j->nc -= ret_j->nc != 0;
	return true;
}
