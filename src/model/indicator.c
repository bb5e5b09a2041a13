/* SPDX-License-Identifier: Apache-2.0 */

#include "model/indicator.h"

#include "base/utf8.h"
#include "model/indicator_net.h"

#include <errno.h>
#include <stdio.h>

static const char *const type_names[INDICATOR_TYPES] = {
	[INDICATOR_NONE] = "",
	[INDICATOR_MD5] = "md5",
	[INDICATOR_SHA1] = "sha1",
	[INDICATOR_SHA256] = "sha256",
	[INDICATOR_SHA512] = "sha512",
	[INDICATOR_DOMAIN] = "domain",
	[INDICATOR_IPV4] = "ipv4",
	[INDICATOR_IPV6] = "ipv6",
	[INDICATOR_IP_PORT] = "ip-port",
	[INDICATOR_URL] = "url",
	[INDICATOR_FILE_NAME] = "file-name",
	[INDICATOR_EMAIL] = "email",
	[INDICATOR_AUTHENTIHASH] = "authentihash",
	[INDICATOR_IMPHASH] = "imphash",
	[INDICATOR_JA3] = "ja3",
	[INDICATOR_JA4] = "ja4",
	[INDICATOR_CERT] = "cert",
	[INDICATOR_CERT_SERIAL] = "cert-serial",
	[INDICATOR_PATH] = "path",
	[INDICATOR_MUTEX] = "mutex",
	[INDICATOR_REGISTRY] = "registry",
	[INDICATOR_PATTERN] = "pattern",
};

static const char *const tlp_names[TLPS] = { "", "clear", "green", "amber", "amber+strict", "red" };

const char *tlp_name(enum tlp t)
{
	return t < TLPS ? tlp_names[t] : "";
}

enum tlp tlp_of(struct span s)
{
	if (s.n > 4 && span_eq_nocase(span_cut(s, 0, 4), span_str("tlp:")))
		s = span_from(s, 4);
	if (span_eq_nocase(s, span_str("white")))
		return TLP_CLEAR;
	for (enum tlp t = TLP_CLEAR; t < TLPS; t++)
		if (span_eq_nocase(s, span_str(tlp_names[t])))
			return t;
	return TLPS;
}

/* Other tools' names: STIX object types, MISP attribute types, common CSV headers. */
static const struct {
	const char *name;
	enum indicator_type type;
} aliases[] = {
	{ "sha-1", INDICATOR_SHA1 },
	{ "sha-256", INDICATOR_SHA256 },
	{ "sha-512", INDICATOR_SHA512 },
	{ "hostname", INDICATOR_DOMAIN },
	{ "host", INDICATOR_DOMAIN },
	{ "fqdn", INDICATOR_DOMAIN },
	{ "domain-name", INDICATOR_DOMAIN },
	{ "ip", INDICATOR_IPV4 },
	{ "cidr", INDICATOR_IPV4 },
	{ "ip-dst", INDICATOR_IPV4 },
	{ "ip-src", INDICATOR_IPV4 },
	{ "ipv4-addr", INDICATOR_IPV4 },
	{ "ipv6-addr", INDICATOR_IPV6 },
	{ "ip:port", INDICATOR_IP_PORT },
	{ "ip-dst|port", INDICATOR_IP_PORT },
	{ "ip-src|port", INDICATOR_IP_PORT },
	{ "uri", INDICATOR_URL },
	{ "link", INDICATOR_URL },
	{ "filename", INDICATOR_FILE_NAME },
	{ "file_name", INDICATOR_FILE_NAME },
	{ "e-mail", INDICATOR_EMAIL },
	{ "email-addr", INDICATOR_EMAIL },
	{ "email-src", INDICATOR_EMAIL },
	{ "email-dst", INDICATOR_EMAIL },
};

const char *indicator_type_name(enum indicator_type t)
{
	return t < INDICATOR_TYPES ? type_names[t] : "";
}

enum indicator_type indicator_type_of(struct span s)
{
	for (enum indicator_type t = INDICATOR_MD5; t < INDICATOR_TYPES; t++)
		if (span_eq_nocase(s, span_str(type_names[t])))
			return t;
	for (size_t i = 0; i < ARRAY_LEN(aliases); i++)
		if (span_eq_nocase(s, span_str(aliases[i].name)))
			return aliases[i].type;
	return INDICATOR_NONE;
}

enum digest_alg indicator_digest_alg(enum indicator_type t)
{
	switch (t) {
	case INDICATOR_MD5:
		return DIGEST_MD5;
	case INDICATOR_SHA1:
		return DIGEST_SHA1;
	case INDICATOR_SHA256:
		return DIGEST_SHA256;
	case INDICATOR_SHA512:
		return DIGEST_SHA512;
	default:
		return DIGEST_NONE;
	}
}

enum indicator_type indicator_of_digest(enum digest_alg alg)
{
	for (enum indicator_type t = INDICATOR_MD5; t <= INDICATOR_SHA512; t++)
		if (alg != DIGEST_NONE && indicator_digest_alg(t) == alg)
			return t;
	return INDICATOR_NONE;
}

/* Marks that defang a value, and what they stand for. */
static const struct {
	const char *mark, *plain;
} fangs[] = {
	{ "[.]", "." },
	{ "(.)", "." },
	{ "{.}", "." },
	{ "[dot]", "." },
	{ "(dot)", "." },
	{ "[:]", ":" },
	{ "[://]", "://" },
	{ "[at]", "@" },
	{ "(at)", "@" },
	{ "[@]", "@" },
};

static bool starts_nocase(struct span s, const char *head)
{
	struct span h = span_str(head);
	return s.n >= h.n && span_eq_nocase(span_cut(s, 0, h.n), h);
}

/* One pass in place; returns whether a mark was undone, which may have made another one. */
static bool refang_once(char *out)
{
	struct span s = span_str(out);
	size_t n = 0, before = s.n;

	while (s.n) {
		size_t i = 0;
		while (i < ARRAY_LEN(fangs) && !starts_nocase(s, fangs[i].mark))
			i++;
		const char *plain = i < ARRAY_LEN(fangs) ? fangs[i].plain : NULL;
		if (plain) {
			memcpy(out + n, plain, strlen(plain));
			n += strlen(plain);
			s = span_from(s, strlen(fangs[i].mark));
		} else {
			out[n++] = (char)s.p[0];
			s = span_from(s, 1);
		}
	}
	out[n] = 0;
	return n < before;
}

/* out holds s.n + 1 bytes: no mark is shorter than what it stands for. */
static void refang(char *out, struct span s)
{
	memcpy(out, s.p, s.n);
	out[s.n] = 0;
	while (strpbrk(out, "[({") && refang_once(out)) /* every mark starts with one of these */
		;
	if (starts_nocase(span_str(out), "hxxp://") || starts_nocase(span_str(out), "hxxps://"))
		memcpy(out, "http", 4);
}

static bool is_hex(const char *s)
{
	return s[0] && strspn(s, "0123456789abcdefABCDEF") == strlen(s);
}

/* File name extensions that are no top-level domain, so that "x.dll" in a plain list is a file. */
static bool has_file_extension(const char *s)
{
	static const char *const ext[] = { "exe", "dll", "sys", "scr", "msi", "dmg", "dylib", "ocx",
		"bat", "cmd", "vbs", "ps1", "jar", "apk", "lnk", "hta", "doc", "docx", "xls", "xlsx",
		"docm", "xlsm", "rtf", "pdf", "rar", "7z", "iso", "img", "tmp", "dat", "elf", "ico" };
	const char *dot = strrchr(s, '.');

	for (size_t i = 0; dot && dot != s && i < ARRAY_LEN(ext); i++)
		if (span_eq_nocase(span_str(dot + 1), span_str(ext[i])))
			return true;
	return false;
}

static bool looks_like_address(const char *s)
{
	if (s[0] == '[' || strspn(s, "0123456789./:|") == strlen(s))
		return true;
	const char *colon = strchr(s, ':');
	return colon && strchr(colon + 1, ':') && !strstr(s, "://");
}

static enum indicator_type guess_digest(const char *s)
{
	for (enum indicator_type t = INDICATOR_MD5; t <= INDICATOR_SHA512; t++)
		if (strlen(s) == 2 * digest_len(indicator_digest_alg(t)))
			return t;
	return INDICATOR_NONE;
}

/* NONE when it can be none of them. s is refanged. */
static enum indicator_type guess(const char *s)
{
	size_t colon = span_find(span_str(s), ':');

	if (colon != SIZE_MAX && digest_alg_of(span_of(s, colon)) != DIGEST_NONE)
		return indicator_of_digest(digest_alg_of(span_of(s, colon)));
	if (is_hex(s) && !strchr(s, '.'))
		return guess_digest(s);
	if (s[0] == '/' || strstr(s, "://"))
		return INDICATOR_URL;
	if (looks_like_address(s))
		return INDICATOR_IPV4;
	if (strchr(s, '/'))
		return INDICATOR_URL;
	if (strchr(s, '@'))
		return INDICATOR_EMAIL;
	return has_file_extension(s) ? INDICATOR_FILE_NAME : INDICATOR_DOMAIN;
}

static const char *digest_value(char *s, enum indicator_type type)
{
	/* Digests of no bytes (RFC 1321 appendix A.5, FIPS 180-4 example values). */
	static const char *const empty[] = {
		[INDICATOR_MD5] = "d41d8cd98f00b204e9800998ecf8427e",
		[INDICATOR_SHA1] = "da39a3ee5e6b4b0d3255bfef95601890afd80709",
		[INDICATOR_SHA256] = "e3b0c44298fc1c149afbf4c8996fb924"
				     "27ae41e4649b934ca495991b7852b855",
		[INDICATOR_SHA512] = "cf83e1357eefb8bdf1542850d66d8007d620e4050b5715dc83f4a921d36ce9ce"
				     "47d0d13c5d85f2b0ff8318d2877eec2f63b931bd47417a81a538327af927da3e",
	};
	static const char *const wrong[] = {
		[INDICATOR_MD5] = "an MD5 digest is 32 hex digits",
		[INDICATOR_SHA1] = "a SHA-1 digest is 40 hex digits",
		[INDICATOR_SHA256] = "a SHA-256 digest is 64 hex digits",
		[INDICATOR_SHA512] = "a SHA-512 digest is 128 hex digits",
	};
	struct span hex = span_str(s);
	size_t colon = span_find(hex, ':');
	struct digest d;

	if (colon != SIZE_MAX) {
		if (digest_alg_of(span_cut(hex, 0, colon)) != indicator_digest_alg(type))
			return wrong[type];
		hex = span_from(hex, colon + 1);
	}
	if (digest_parse_hex(indicator_digest_alg(type), hex, &d) < 0)
		return wrong[type];
	strcpy(s, DIGEST_HEX(&d));
	return strcmp(s, empty[type]) == 0 ? "the digest of an empty file matches every empty file" :
					     NULL;
}

static const char *file_name(char *s)
{
	if (strlen(s) > INDICATOR_FILE_NAME_MAX)
		return "a file name is longer than 255 bytes";
	if (strpbrk(s, "/\\"))
		return "a path: file names are matched by their last part only, give that";
	if (strpbrk(s, "*?"))
		return "a wildcard: file names are matched as a whole";
	if (strcmp(s, ".") == 0 || strcmp(s, "..") == 0)
		return "not a file name";
	for (char *p = s; *p; p++)
		if (*p >= 'A' && *p <= 'Z')
			*p |= 0x20;
	return NULL;
}

static const char *value(char *s, enum indicator_type *type)
{
	switch (*type) {
	case INDICATOR_MD5:
	case INDICATOR_SHA1:
	case INDICATOR_SHA256:
	case INDICATOR_SHA512:
		return digest_value(s, *type);
	case INDICATOR_DOMAIN:
		return net_domain(s);
	case INDICATOR_IPV4:
	case INDICATOR_IPV6:
	case INDICATOR_IP_PORT:
		return net_address(s, type);
	case INDICATOR_URL:
		return net_url(s);
	case INDICATOR_FILE_NAME:
		return file_name(s);
	case INDICATOR_EMAIL:
		return net_email(s);
	default:
		return "hex digits of a length that no digest hunted here has";
	}
}

static const char *check_text(struct span s)
{
	if (!s.n)
		return "an empty value";
	if (s.n > INDICATOR_VALUE_MAX)
		return "a value is longer than 2048 bytes";
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] < 0x20 || s.p[i] == 0x7f)
			return "a control character in a value";
	return utf8_check(s) < s.n ? "a value that is not UTF-8" : NULL;
}

int indicator_normalise(enum indicator_type *type, struct span raw, struct arena *a,
    const char **ret_value, struct fault *f)
{
	char text[NET_TEXT_MAX];
	enum indicator_type t = *type;
	struct span s = span_trim(raw);
	const char *why = check_text(s);

	if (!why) {
		refang(text, s);
		if (t == INDICATOR_NONE)
			t = guess(text);
		if (t == INDICATOR_FILE_NAME) { /* "a[.]dll" may well be its name */
			memcpy(text, s.p, s.n);
			text[s.n] = 0;
		}
		why = value(text, &t);
	}
	if (!why && strlen(text) > INDICATOR_VALUE_MAX)
		why = "a value is longer than 2048 bytes";
	if (why)
		return fault_set(f, -EINVAL, "%s", why);
	char *copy = arena_str(a, span_str(text));
	if (!copy)
		return -ENOMEM;
	*type = t;
	*ret_value = copy;
	return 0;
}

void indicator_json(struct jw *w, const struct indicator *i)
{
	char text[TS_TEXT_MAX];

	jw_obj(w);
	jw_kcstr(w, "campaign", i->campaign);
	jw_kcstr(w, "category", i->category);
	jw_kint(w, "confidence", i->confidence);
	if (i->type == INDICATOR_DOMAIN)
		jw_kbool(w, "exact", i->exact);
	jw_kcstr(w, "note", i->note);
	jw_kcstr(w, "source", i->source);
	jw_kcstr(w, "type", indicator_type_name(i->type));
	if (i->valid_from != TS_NONE)
		jw_kcstr(w, "valid_from", ts_format(i->valid_from, text));
	if (i->valid_until != TS_FOREVER)
		jw_kcstr(w, "valid_until", ts_format(i->valid_until, text));
	jw_kcstr(w, "value", i->value);
	jw_end(w);
}
