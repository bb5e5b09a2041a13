/* SPDX-License-Identifier: Apache-2.0 */

#include "base/hex.h"
#include "tap.h"

#include <errno.h>

static void test_hex(void)
{
	uint8_t all[256], back[256], keep[4] = { 9, 9, 9, 9 };
	char text[513];
	int bad = 0;

	for (int i = 0; i < 256; i++)
		all[i] = (uint8_t)i;
	hex_encode(text, span_of(all, 256));
	ok(strlen(text) == 512 && strncmp(text, "000102", 6) == 0 && strcmp(text + 508, "feff") == 0,
	    "encode");
	ok(hex_decode(back, span_str(text)) == 0 && memcmp(all, back, 256) == 0, "decode");
	ok(hex_decode(back, SPAN_LIT("aAfF09")) == 0 && memcmp(back, "\xaa\xff\x09", 3) == 0, "either case");
	ok(hex_decode(back, SPAN_NONE) == 0, "nothing");
	is_int(hex_decode(keep, SPAN_LIT("abc")), -EINVAL, "odd length");
	for (int c = 0; c < 256; c++) {
		char s[4] = { 'a', 'b', (char)c, '0' };
		bool digit = c && strchr("0123456789abcdefABCDEF", c);
		bad += (hex_decode(digit ? back : keep, span_of(s, 4)) == 0) != digit;
	}
	ok(!bad && keep[0] == 9 && keep[1] == 9, "all other bytes refused, output untouched");
}

/* RFC 4648 section 10, and its URL form. */
static const struct {
	const char *plain, *std, *url;
} b64[] = {
	{ "", "", "" },
	{ "f", "Zg==", "Zg" },
	{ "fo", "Zm8=", "Zm8" },
	{ "foo", "Zm9v", "Zm9v" },
	{ "foob", "Zm9vYg==", "Zm9vYg" },
	{ "fooba", "Zm9vYmE=", "Zm9vYmE" },
	{ "foobar", "Zm9vYmFy", "Zm9vYmFy" },
	{ "\xfb\xef\xbe\xff", "++++/w==", "----_w" },
};

static bool decodes(const char *text, enum b64_kind kind, const char *want)
{
	AUTO_BUF struct buf b = BUF_INIT(64);

	buf_puts(&b, ">");
	int rc = b64_decode(&b, span_str(text), kind);
	if (!want)
		return rc == -EINVAL && strcmp(buf_str(&b), ">") == 0 && !buf_err(&b);
	return rc == 0 && strcmp(buf_str(&b) + 1, want) == 0;
}

static void test_b64(void)
{
	for (size_t i = 0; i < ARRAY_LEN(b64); i++) {
		AUTO_BUF struct buf s = BUF_INIT(64), u = BUF_INIT(64);
		bool padded = strchr(b64[i].std, '=');
		bool other = strpbrk(b64[i].std, "+/") != NULL;
		b64_encode(&s, span_str(b64[i].plain), B64_STD);
		b64_encode(&u, span_str(b64[i].plain), B64_URL);
		is_str(buf_str(&s), b64[i].std, "encode %zu", i);
		is_str(buf_str(&u), b64[i].url, "encode url %zu", i);
		ok(decodes(b64[i].std, B64_STD, b64[i].plain), "decode %zu", i);
		ok(decodes(b64[i].url, B64_URL, b64[i].plain), "decode url %zu", i);
		ok(decodes(b64[i].std, B64_ANY_PAD, b64[i].plain) &&
		    decodes(b64[i].url, B64_ANY_PAD, b64[i].plain), "decode either %zu", i);
		ok(!padded || (decodes(b64[i].url, B64_STD, NULL) && decodes(b64[i].std, B64_URL, NULL)),
		    "padding is as the kind says %zu", i);
		ok(!other || (decodes(b64[i].url, B64_STD, NULL) && decodes(b64[i].std, B64_URL, NULL)),
		    "alphabet is as the kind says %zu", i);
	}
}

static void test_b64_bad(void)
{
	static const char *const bad[] = { "A", "AAAAA", "=", "==", "===", "====", "A=", "A==", "A===",
		"AA=", "AA===", "AAA==", "AAAA=", "AAAA==", "AAAA====", "AB==", "AAB=", "A A=", "AAAA\n",
		"AA==AA==", "A=AA", "AAA\x80", "AA*=", "+-AA", "_/AA", " AAAA", "AAAA AAAA" };
	AUTO_BUF struct buf tight = BUF_INIT(4), small = BUF_INIT(3);

	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		ok(decodes(bad[i], B64_STD, NULL) && decodes(bad[i], B64_ANY_PAD, NULL) &&
		    (strcmp(bad[i], "AA") == 0 || decodes(bad[i], B64_URL, NULL)), "bad %zu", i);
	ok(decodes("AB", B64_URL, NULL) && decodes("AAB", B64_URL, NULL), "trailing bits without padding");
	is_int(b64_decode(&tight, SPAN_LIT("AAAAAA=="), B64_STD), 0, "into a buffer that just fits");
	is_int(b64_decode(&small, SPAN_LIT("AAAAAA=="), B64_STD), -EMSGSIZE, "into one that does not");
}

int main(void)
{
	test_hex();
	test_b64();
	test_b64_bad();
	return tap_done();
}
