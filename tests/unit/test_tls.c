/* SPDX-License-Identifier: Apache-2.0 */

#include "bytes.h"
#include "tap.h"
#include "wire/pcap_write.h"
#include "wire/tls.h"

static struct tls_hello h;
static uint8_t scratch[TLS_HELLO_MAX];
static size_t need;

static int hello(struct span s)
{
	uint8_t *copy = exact_copy(s);
	int rc;

	memset(&h, 0xff, sizeof(h));
	rc = tls_client_hello(span_of(copy, s.n), scratch, &h, &need);
	free(copy);
	return rc;
}

static bool is_zero(void)
{
	static const struct tls_hello none;
	return memcmp(&h, &none, sizeof(h)) == 0;
}

#define RANDOM "0000000000000000000000000000000000000000000000000000000000000000"

/* A ClientHello around these extensions (hex, NULL for no extensions field), in one record. */
static void wrap(struct buf *b, const char *extensions)
{
	AUTO_BUF struct buf ext = BUF_INIT(1 << 16), body = BUF_INIT(1 << 17);

	put_hex(&body, "0303" RANDOM "00 0002 1301 0100");
	if (extensions) {
		put_hex(&ext, extensions);
		buf_put_be16(&body, (uint16_t)ext.n);
		buf_put_span(&body, buf_span(&ext));
	}
	put_hex(b, "16 0301");
	buf_put_be16(b, (uint16_t)(body.n + 4));
	buf_put_be16(b, 0x0100);
	buf_put_be16(b, (uint16_t)body.n);
	buf_put_span(b, buf_span(&body));
}

#define SNI_A "0000 0006 0004 00 0001 61" /* server_name "a" */

static void test_good(void)
{
	static const struct {
		const char *what, *ext, *sni;
		bool ech;
	} t[] = {
		{ "a name", SNI_A, "a", false },
		{ "upper case", "0000 0006 0004 00 0001 41", "a", false },
		{ "a final dot", "0000 0007 0005 00 0002 612e", "a", false },
		{ "octets that no host name has", "0000 000a 0008 00 0005 61005c20ff",
		    "a\\000\\092\\032\\255", false },
		{ "no extensions field", NULL, "", false },
		{ "an empty extensions field", "", "", false },
		{ "other extensions around it", "002b 0003 020304" SNI_A "ff01 0001 00", "a",
		    false },
		{ "another name type before it", "0000 000a 0008 07 0001 62 00 0001 61", "a",
		    false },
		{ "only another name type", "0000 0006 0004 07 0001 62", "", false },
		{ "encrypted hello outside", SNI_A "fe0d 0001 00", "a", true },
		{ "encrypted hello inside", SNI_A "fe0d 0001 01", "a", false },
		{ "the older encrypted name", "ffce 0001 00" SNI_A, "a", true },
	};

	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		AUTO_BUF struct buf b = BUF_INIT(1 << 17);
		wrap(&b, t[i].ext);
		is_int(hello(buf_span(&b)), TLS_OK, "%s", t[i].what);
		ok(strcmp(h.sni, t[i].sni) == 0 && h.ech == t[i].ech, "%s: \"%s\"", t[i].what,
		    h.sni);
		put_hex(&b, "1403030001 01");
		is_int(hello(buf_span(&b)), TLS_OK, "%s, and the stream goes on", t[i].what);
	}
}

static void test_bad(void)
{
	static const struct {
		const char *what, *ext;
	} t[] = {
		{ "a list without a name", "0000 0002 0000" },
		{ "an empty server_name", "0000 0000" },
		{ "an empty name", "0000 0005 0003 00 0000" },
		{ "two names", "0000 000a 0008 00 0001 61 00 0001 62" },
		{ "two server_name extensions", SNI_A SNI_A },
		{ "a list shorter than its extension", "0000 0007 0004 00 0001 61 00" },
		{ "a list longer than its extension", "0000 0006 0005 00 0001 61" },
		{ "a name longer than its list", "0000 0006 0004 00 0002 61" },
		{ "an extension beyond the hello", "0000 0007 0004 00 0001 61" },
		{ "half an extension header", SNI_A "00 2b" },
	};

	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		AUTO_BUF struct buf b = BUF_INIT(1 << 17);
		wrap(&b, t[i].ext);
		ok(hello(buf_span(&b)) == TLS_BAD && is_zero() && need == 0, "%s", t[i].what);
	}
}

static void test_body(void)
{
	static const struct {
		const char *what, *hex;
		int want;
	} t[] = {
		{ "the smallest hello", "16 0301 002d 01 000029 0303" RANDOM "00 0002 1301 0100",
		    TLS_OK },
		{ "a session id of 33 octets",
		    "16 0301 004e 01 00004a 0303" RANDOM "21" RANDOM "00 0002 1301 0100", TLS_BAD },
		{ "no cipher suite", "16 0301 002b 01 000027 0303" RANDOM "00 0000 0100", TLS_BAD },
		{ "half a cipher suite", "16 0301 002e 01 00002a 0303" RANDOM "00 0003 130113 0100",
		    TLS_BAD },
		{ "no compression method", "16 0301 002c 01 000028 0303" RANDOM "00 0002 1301 00",
		    TLS_BAD },
		{ "version 2", "16 0301 002d 01 000029 0203" RANDOM "00 0002 1301 0100", TLS_BAD },
		{ "bytes after the extensions",
		    "16 0301 0030 01 00002c 0303" RANDOM "00 0002 1301 0100 0000 00", TLS_BAD },
		{ "an empty message", "16 0301 0004 01 000000", TLS_BAD },
		{ "an alert inside the hello", "16 0301 0004 01 000029 | 15 0301 0002 0228",
		    TLS_BAD },
		{ "an empty record inside the hello", "16 0301 0004 01 000029 | 16 0301 0000",
		    TLS_BAD },
		{ "another version inside the hello", "16 0301 0004 01 000029 | 16 0501 0001 00",
		    TLS_BAD },
		{ "a hello of 16 MiB", "16 0301 0004 01 ffffff", TLS_LARGE },
	};

	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		AUTO_BUF struct buf b = BUF_INIT(4096);
		put_hex(&b, t[i].hex);
		is_int(hello(buf_span(&b)), t[i].want, "%s", t[i].what);
	}
}

static void test_not(void)
{
	static const char *const t[] = {
		"17",
		"16 02",
		"16 0305",
		"16 0301 0000",
		"16 0301 4001",
		"16 0301 0004 02",
		"474554202f",
		"16 0301 0004 00",
	};

	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		AUTO_BUF struct buf b = BUF_INIT(64);
		put_hex(&b, t[i]);
		ok(hello(buf_span(&b)) == TLS_NOT && is_zero(), "not a hello: %s", t[i]);
	}
	is_int(hello(SPAN_NONE), TLS_MORE, "nothing yet");
}

/* The same hello cut into records of every size; asked again only when need says so. */
static void test_split(void)
{
	AUTO_BUF struct buf whole = BUF_INIT(8192), b = BUF_INIT(1 << 16);
	int bad = 0;

	if (pcap_put_client_hello(&whole, 1, "split.example.com") < 0)
		abort();
	struct span message = span_from(buf_span(&whole), 5);
	for (size_t size = 1; size <= message.n; size++) {
		buf_reset(&b);
		for (size_t off = 0; off < message.n; off += size) {
			struct span frag = span_cut(message, off, size);
			put_hex(&b, "16 0303");
			buf_put_be16(&b, (uint16_t)frag.n);
			buf_put_span(&b, frag);
		}
		if (hello(buf_span(&b)) != TLS_OK || strcmp(h.sni, "split.example.com") != 0)
			bad++;
		size_t have = 0, asked = 0;
		for (int rc = TLS_MORE; rc == TLS_MORE && have < b.n; asked++) {
			rc = hello(span_of(b.p, have));
			if (rc == TLS_MORE && need <= have)
				bad++;
			have = need;
		}
		if (hello(buf_span(&b)) != TLS_OK || asked > 2 * (message.n / size + 2))
			bad++;
	}
	is_int(bad, 0, "a hello split into records of 1 to %zu octets", message.n);
}

static void test_prefixes_and_flips(void)
{
	AUTO_BUF struct buf b = BUF_INIT(8192);
	int bad = 0;

	if (pcap_put_client_hello(&b, 1, "www.example.com") < 0)
		abort();
	for (size_t n = 0; n < b.n; n++) {
		if (hello(span_of(b.p, n)) != TLS_MORE || !is_zero() || need <= n || need > b.n) {
			bad++;
			diag("%zu octets: need %zu", n, need);
		}
	}
	is_int(bad, 0, "every proper prefix asks for more");
	/* A flipped length or type is noticed, or changes nothing but the name itself. */
	for (size_t i = 0; i < b.n; i++) {
		b.p[i] ^= 0x80;
		int rc = hello(buf_span(&b));
		if (rc != TLS_OK && !is_zero())
			bad++;
		b.p[i] ^= 0x80;
	}
	is_int(bad, 0, "no flipped bit leaves half a result");
}

static void test_large(void)
{
	AUTO_BUF struct buf b = BUF_INIT(1 << 18), m = BUF_INIT(1 << 17);

	/* Padding as large as fits, in records of the largest size. */
	buf_put_be16(&m, 0x0100);
	buf_put_be16(&m, TLS_HELLO_MAX - 4);
	put_hex(&m, "0303" RANDOM "00 0002 1301 0100");
	size_t left = TLS_HELLO_MAX - m.n - 2;
	buf_put_be16(&m, (uint16_t)left);
	put_hex(&m, SNI_A);
	buf_put_be16(&m, 0x0015);
	buf_put_be16(&m, (uint16_t)(left - 14));
	while (m.n < TLS_HELLO_MAX)
		buf_putc(&m, 0);
	for (size_t off = 0; off < m.n; off += 1u << 14) {
		struct span frag = span_cut(buf_span(&m), off, 1u << 14);
		put_hex(&b, "16 0303");
		buf_put_be16(&b, (uint16_t)frag.n);
		buf_put_span(&b, frag);
	}
	is_int(hello(buf_span(&b)), TLS_OK, "a hello of %d octets", TLS_HELLO_MAX);
	is_str(h.sni, "a", "and its name");
	b.p[6] = 1; /* one more than that */
	b.p[7] = 0;
	is_int(hello(buf_span(&b)), TLS_LARGE, "a longer one");
}

int main(void)
{
	test_good();
	test_bad();
	test_body();
	test_not();
	test_split();
	test_prefixes_and_flips();
	test_large();
	return tap_done();
}
