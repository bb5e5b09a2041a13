/* SPDX-License-Identifier: Apache-2.0 */

#include "model/indicator_hash.h"

#include "model/indicator_text.h"

#include <stdio.h>
#include <stdlib.h>

#define SERIAL_BYTES_MAX 20 /* RFC 5280 section 4.1.2.2 */
#define MD5_OF_NOTHING "d41d8cd98f00b204e9800998ecf8427e"

static bool hex_only(const char *s)
{
	while (is_hex_digit(*s))
		s++;
	return !*s;
}

/* Takes "ALG:" off; false when it names another algorithm than these digits are of. */
static bool without_alg(char *s)
{
	char *colon = strchr(s, ':');

	if (!colon)
		return true;
	size_t want = digest_len(digest_alg_of(span_of(s, (size_t)(colon - s))));
	memmove(s, colon + 1, strlen(colon + 1) + 1);
	return want && strlen(s) == 2 * want;
}

/* Hex digits of n bytes, in lower case. */
static bool digits(char *s, size_t n)
{
	if (!without_alg(s) || strlen(s) != 2 * n || !hex_only(s))
		return false;
	text_lower(s, 2 * n);
	return true;
}

static const char *plain_digest(char *s, enum indicator_type type, bool benign)
{
	static const char *const wrong[] = {
		[INDICATOR_MD5] = "an MD5 digest is 32 hex digits",
		[INDICATOR_SHA1] = "a SHA-1 digest is 40 hex digits",
		[INDICATOR_SHA256] = "a SHA-256 digest is 64 hex digits",
		[INDICATOR_SHA512] = "a SHA-512 digest is 128 hex digits",
	};
	enum digest_alg alg = indicator_digest_alg(type);
	struct span hex = span_str(s);
	size_t colon = span_find(hex, ':');

	if (colon != SIZE_MAX && digest_alg_of(span_cut(hex, 0, colon)) != alg)
		return wrong[type];
	if (!digits(s, digest_len(alg)))
		return wrong[type];
	const char *what = benign ? NULL : indicator_trivial(type, s);
	if (!what)
		return NULL;
	return strcmp(what, "no bytes") == 0 ?
	    "the digest of an empty file matches every empty file" :
	    "the digest of a trivial content (a line break, zero bytes) matches many files";
}

const char *hash_digest(char *s, enum indicator_type type, bool benign)
{
	switch (type) {
	case INDICATOR_AUTHENTIHASH:
		return digits(s, 20) || digits(s, 32) ?
		    NULL : "an Authenticode digest is 40 (SHA-1) or 64 (SHA-256) hex digits";
	case INDICATOR_IMPHASH:
		if (!digits(s, 16))
			return "an import hash is 32 hex digits";
		return strcmp(s, MD5_OF_NOTHING) == 0 && !benign ?
		    "the import hash of no imports matches every program without imports" : NULL;
	case INDICATOR_JA3:
		text_drop(s, "ja3:");
		if (strchr(s, ','))
			return "the text that JA3 digests: give its MD5";
		return digits(s, 16) ? NULL : "a JA3 fingerprint is 32 hex digits";
	default:
		return plain_digest(s, type, benign);
	}
}

/* JA4: a "t13d1516h2", b and c twelve hex digits each. */
#define JA4_A 10
#define JA4_HASH 12
#define JA4_LEN (JA4_A + 2 * (1 + JA4_HASH))

static bool is_alnum(char c)
{
	return is_ascii_digit(c) || is_ascii_letter(c);
}

static bool ja4_version(const char *v)
{
	static const char known[][3] = { "13", "12", "11", "10", "s3", "s2", "d1", "d2", "d3", "00" };

	for (size_t i = 0; i < ARRAY_LEN(known); i++)
		if (span_eq_nocase(span_of(v, 2), span_of(known[i], 2)))
			return true;
	return false;
}

bool hash_is_ja4(const char *s)
{
	if (strlen(s) != JA4_LEN || !strchr("tqdTQD", s[0]) || !ja4_version(s + 1) ||
	    !strchr("diDI", s[3]))
		return false;
	for (size_t i = 4; i < 8; i++)
		if (!is_ascii_digit(s[i]))
			return false;
	if (!is_alnum(s[8]) || !is_alnum(s[9]) || s[JA4_A] != '_' ||
	    s[JA4_A + 1 + JA4_HASH] != '_')
		return false;
	for (size_t i = 0; i < JA4_HASH; i++)
		if (!is_hex_digit(s[JA4_A + 1 + i]) || !is_hex_digit(s[JA4_A + 2 + JA4_HASH + i]))
			return false;
	return true;
}

const char *hash_ja4(char *s)
{
	text_drop(s, "ja4:");
	if (!hash_is_ja4(s))
		return strchr(s, ',') ? "the lists that JA4 digests (JA4_r): give the JA4" :
					"a JA4 looks like t13d1516h2_8daaf6152771_e5627efa2ab1";
	/* The two characters of the ALPN value keep their case, unless all was shouted. */
	bool shouted = true;
	for (const char *p = s; *p; p++)
		shouted &= !(*p >= 'a' && *p <= 'z');
	char alpn[2] = { s[8], s[9] };
	text_lower(s, JA4_LEN);
	if (!shouted)
		memcpy(s + 8, alpn, 2);
	return NULL;
}

/* Colons, blanks and the mark that Windows copies in front of a thumbprint (U+200E) go away. */
static void without_separators(char *s)
{
	char *out = s;

	for (; *s; s++) {
		if (memcmp(s, "\xe2\x80\x8e", strnlen(s, 3)) == 0 && strnlen(s, 3) == 3)
			s += 2;
		else if (*s != ':' && *s != ' ' && *s != '-')
			*out++ = *s;
	}
	*out = 0;
}

const char *hash_cert(char *s)
{
	static const char *const heads[] = { "sha1:", "sha-1:", "sha256:", "sha-256:",
		"sha1 fingerprint=", "sha256 fingerprint=", "0x" };

	for (size_t i = 0; i < ARRAY_LEN(heads); i++)
		text_drop(s, heads[i]);
	without_separators(s);
	return digits(s, 20) || digits(s, 32) ?
	    NULL : "a certificate's fingerprint is 40 (SHA-1) or 64 (SHA-256) hex digits";
}

/* Decimal digits as hex, both NUL-terminated; false when the number has more than 20 bytes. */
static bool decimal_to_hex(const char *dec, char hex[static 2 * SERIAL_BYTES_MAX + 1])
{
	uint8_t b[SERIAL_BYTES_MAX] = { 0 };

	for (; *dec; dec++) {
		unsigned carry = (unsigned)(*dec - '0');
		for (size_t i = SERIAL_BYTES_MAX; i-- > 0; carry >>= 8) {
			carry += 10u * b[i];
			b[i] = (uint8_t)carry;
		}
		if (carry)
			return false;
	}
	for (size_t i = 0; i < SERIAL_BYTES_MAX; i++)
		snprintf(hex + 2 * i, 3, "%02x", b[i]);
	return true;
}

static bool all_decimal(const char *s)
{
	size_t n = strspn(s, "0123456789");
	return n && !s[n];
}

/* Whole bytes, without leading zero bytes. */
static const char *serial_hex(char *s)
{
	size_t n = strlen(s), zeros = strspn(s, "0");

	if (!n || !hex_only(s))
		return "a serial number is hex digits (or decimal:N)";
	memmove(s, s + zeros, n - zeros + 1);
	n -= zeros;
	if (!n)
		return "the serial number 0 names no certificate";
	if (n > 2 * SERIAL_BYTES_MAX)
		return "a serial number has at most 20 bytes";
	if (n & 1) {
		memmove(s + 1, s, n + 1);
		s[0] = '0';
	}
	text_lower(s, n);
	return NULL;
}

static const char *serial_decimal(char *s)
{
	char hex[2 * SERIAL_BYTES_MAX + 1];

	if (!all_decimal(s))
		return "a serial number is hex digits (or decimal:N)";
	if (!decimal_to_hex(s + strspn(s, "0"), hex))
		return "a serial number has at most 20 bytes";
	strcpy(s, hex);
	return serial_hex(s);
}

const char *hash_serial(char *s)
{
	char *hex = strstr(s, " (0x"), *end = hex ? strchr(hex, ')') : NULL;

	if (hex && end && !end[1]) { /* as openssl x509 -text writes short ones */
		*end = 0;
		memmove(s, hex + 4, strlen(hex + 4) + 1);
		return serial_hex(s);
	}
	if (text_drop(s, "decimal:") || text_drop(s, "dec:"))
		return serial_decimal(s);
	text_drop(s, "serial=");
	text_drop(s, "0x");
	if (all_decimal(s) && strlen(s + strspn(s, "0")) > 2 * SERIAL_BYTES_MAX)
		return serial_decimal(s);
	without_separators(s);
	return serial_hex(s);
}
