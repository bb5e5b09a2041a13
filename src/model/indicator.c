/* SPDX-License-Identifier: Apache-2.0 */

#include "model/indicator.h"

#include "base/utf8.h"
#include "model/indicator_hash.h"
#include "model/indicator_net.h"
#include "model/indicator_path.h"
#include "model/indicator_text.h"

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
	[INDICATOR_URL_PATH] = "url-path",
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
	{ "email-addr:value", INDICATOR_EMAIL },
	{ "ip-address", INDICATOR_IPV4 },
	{ "ip_address", INDICATOR_IPV4 },
	{ "network", INDICATOR_IPV4 },
	{ "ipv4-cidr", INDICATOR_IPV4 },
	{ "ipv6-cidr", INDICATOR_IPV6 },
	{ "domain_name", INDICATOR_DOMAIN },
	{ "authenticode", INDICATOR_AUTHENTIHASH },
	{ "authentihash-sha256", INDICATOR_AUTHENTIHASH },
	{ "authentihash-sha1", INDICATOR_AUTHENTIHASH },
	{ "imphash-md5", INDICATOR_IMPHASH },
	{ "ja3-fingerprint-md5", INDICATOR_JA3 },
	{ "ja4-fingerprint", INDICATOR_JA4 },
	{ "x509-fingerprint-sha1", INDICATOR_CERT },
	{ "x509-fingerprint-sha256", INDICATOR_CERT },
	{ "certificate", INDICATOR_CERT },
	{ "cert-fingerprint", INDICATOR_CERT },
	{ "cert_fingerprint", INDICATOR_CERT },
	{ "thumbprint", INDICATOR_CERT },
	{ "serial", INDICATOR_CERT_SERIAL },
	{ "cert_serial", INDICATOR_CERT_SERIAL },
	{ "serial-number", INDICATOR_CERT_SERIAL },
	{ "serial_number", INDICATOR_CERT_SERIAL },
	{ "file-path", INDICATOR_PATH },
	{ "file_path", INDICATOR_PATH },
	{ "filepath", INDICATOR_PATH },
	{ "path-pattern", INDICATOR_PATH },
	{ "filename-pattern", INDICATOR_PATH },
	{ "mutant", INDICATOR_MUTEX },
	{ "regkey", INDICATOR_REGISTRY },
	{ "registry-key", INDICATOR_REGISTRY },
	{ "registry_key", INDICATOR_REGISTRY },
	{ "windows-registry-key", INDICATOR_REGISTRY },
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

static bool is_hex(const char *s)
{
	return s[0] && strspn(s, "0123456789abcdefABCDEF") == strlen(s);
}

/* File name extensions that are no top-level domain, so that "x.dll" in a plain list is a file. */
static bool is_extension(struct span s)
{
	static const char ext[][8] = { "apk", "asar", "asp", "aspx", "bat", "bin", "bz2", "cmd",
		"conf", "cpl", "csv", "dat", "deb", "dll", "dmg", "dmp", "doc", "docm", "docx", "dylib",
		"elf", "exe", "gz", "hta", "htm", "html", "ico", "img", "ini", "iso", "jar", "js", "jse",
		"json", "jsp", "lnk", "log", "msi", "msix", "ocx", "pdf", "php", "pif", "plist", "ps1",
		"psm1", "rar", "reg", "rpm", "rtf", "scr", "sys", "tar", "tgz", "tmp", "txt", "url", "vbe",
		"vbs", "whl", "wsf", "xls", "xlsm", "xlsx", "xml", "xz" };

	uint64_t key = 0, e;
	bool is = false;

	if (!s.n || s.n > 5)
		return false;
	for (size_t i = 0; i < s.n; i++)
		((uint8_t *)&key)[i] = s.p[i] | 0x20;
	for (size_t i = 0; i < ARRAY_LEN(ext); i++) {
		memcpy(&e, ext[i], sizeof(e));
		is |= e == key;
	}
	return is;
}

static bool has_file_extension(const char *s)
{
	const char *dot = strrchr(s, '.');

	return dot && dot != s && is_extension(span_str(dot + 1));
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

/* Before anything is undone: brackets and backslashes are part of these. */
static enum indicator_type guess_raw(const char *s)
{
	if (path_is_registry(s))
		return INDICATOR_REGISTRY;
	return path_is_one(s) ? INDICATOR_PATH : INDICATOR_NONE;
}

/* NONE when it can be none of them. s is refanged. */
static enum indicator_type guess(const char *s)
{
	size_t colon = span_find(span_str(s), ':');

	if (colon != SIZE_MAX && digest_alg_of(span_of(s, colon)) != DIGEST_NONE)
		return indicator_of_digest(digest_alg_of(span_of(s, colon)));
	if (is_hex(s) && !strchr(s, '.'))
		return guess_digest(s);
	if (hash_is_ja4(s))
		return INDICATOR_JA4;
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

static bool is_blank(uint8_t c)
{
	return c == '\t' || c == '\n' || c == '\r';
}

static const char *value(char *s, enum indicator_type *type, bool benign)
{
	switch (*type) {
	case INDICATOR_MD5:
	case INDICATOR_SHA1:
	case INDICATOR_SHA256:
	case INDICATOR_SHA512:
	case INDICATOR_AUTHENTIHASH:
	case INDICATOR_IMPHASH:
	case INDICATOR_JA3:
		return hash_digest(s, *type, benign);
	case INDICATOR_JA4:
		return hash_ja4(s);
	case INDICATOR_CERT:
		return hash_cert(s);
	case INDICATOR_CERT_SERIAL:
		return hash_serial(s);
	case INDICATOR_DOMAIN:
		return net_domain(s, benign);
	case INDICATOR_IPV4:
	case INDICATOR_IPV6:
	case INDICATOR_IP_PORT:
		return net_address(s, type, benign);
	case INDICATOR_URL:
		return net_url(s);
	case INDICATOR_URL_PATH:
		return net_url_path(s, benign);
	case INDICATOR_FILE_NAME:
		return path_file_name(s, type);
	case INDICATOR_PATH:
		return path_pattern(s);
	case INDICATOR_EMAIL:
		return net_email(s);
	case INDICATOR_MUTEX:
		return NULL;
	case INDICATOR_PATTERN:
		for (; *s; s++)
			*s = is_blank((uint8_t)*s) ? ' ' : *s;
		return NULL;
	case INDICATOR_REGISTRY:
		return path_registry(s);
	default:
		return "hex digits of a length that no digest hunted here has";
	}
}

static bool is_control(uint8_t c)
{
	return c < 0x20 || c == 0x7f;
}

static const char *check_text(struct span s, enum indicator_type t)
{
	if (!s.n)
		return "an empty value";
	if (s.n > INDICATOR_VALUE_MAX)
		return "a value is longer than 2048 bytes";
	for (size_t i = 0; i < s.n; i++)
		if (is_control(s.p[i]) && !(t == INDICATOR_PATTERN && is_blank(s.p[i])))
			return "a control character in a value";
	return utf8_check(s) < s.n ? "a value that is not UTF-8" : NULL;
}

/* Names of files, keys and mutexes may hold what elsewhere defangs: "a[.]dll" may be its name. */
static bool is_literal(enum indicator_type t)
{
	return t == INDICATOR_FILE_NAME || t == INDICATOR_PATH || t == INDICATOR_MUTEX ||
	    t == INDICATOR_REGISTRY || t == INDICATOR_PATTERN;
}

static const char *normal(char text[static NET_TEXT_MAX], struct span s, enum indicator_type *t,
    bool benign)
{
	const char *why = check_text(s, *t);

	if (why)
		return why;
	memcpy(text, s.p, s.n);
	text[s.n] = 0;
	if (*t == INDICATOR_NONE)
		*t = guess_raw(text);
	if (!is_literal(*t)) {
		text_fold(text);
		text_refang(text);
		struct span inner = text_trim(span_str(text));
		memmove(text, inner.p, inner.n);
		text[inner.n] = 0;
		if (!inner.n)
			return "an empty value";
	}
	if (*t == INDICATOR_NONE && (*t = guess(text)) == INDICATOR_FILE_NAME) {
		memcpy(text, s.p, s.n);
		text[s.n] = 0;
	}
	why = value(text, t, benign);
	return !why && strlen(text) > INDICATOR_VALUE_MAX ? "a value is longer than 2048 bytes" : why;
}

/* Most values of a feed are plain: lower-case names and addresses without a mark. */
static enum indicator_type plain(enum indicator_type t, struct span s)
{
	size_t last;

	if (t != INDICATOR_NONE && t != INDICATOR_DOMAIN && t != INDICATOR_IPV4 &&
	    t != INDICATOR_IP_PORT)
		return INDICATOR_NONE;
	if (t != INDICATOR_DOMAIN && s.n && s.p[0] <= '9') {
		enum indicator_type is = net_plain_ipv4(s);
		if (is != INDICATOR_NONE && (t != INDICATOR_IP_PORT || is == t))
			return is;
	}
	if (t == INDICATOR_IPV4 || t == INDICATOR_IP_PORT || !net_is_plain_domain(s, &last))
		return INDICATOR_NONE;
	return t == INDICATOR_NONE && is_extension(span_from(s, last)) ? INDICATOR_NONE :
									 INDICATOR_DOMAIN;
}

static int give(enum indicator_type t, struct span s, struct arena *a, enum indicator_type *type,
    const char **ret_value)
{
	char *copy = arena_str(a, s);

	if (!copy)
		return -ENOMEM;
	*type = t;
	*ret_value = copy;
	return 0;
}

/* Apart, since its room would have to be cleared for plain values, too. */
static __attribute__((noinline)) int normalise_any(enum indicator_type *type, struct span raw,
    bool benign, struct arena *a, const char **ret_value, struct fault *f)
{
	char text[NET_TEXT_MAX];
	enum indicator_type t = *type;
	const char *why = normal(text, text_trim(raw), &t, benign);

	if (why)
		return fault_set(f, -EINVAL, "%s", why);
	return give(t, span_str(text), a, type, ret_value);
}

static int normalise(enum indicator_type *type, struct span raw, bool benign, struct arena *a,
    const char **ret_value, struct fault *f)
{
	enum indicator_type t = plain(*type, raw);

	return t != INDICATOR_NONE ? give(t, raw, a, type, ret_value) :
				     normalise_any(type, raw, benign, a, ret_value, f);
}

int indicator_normalise(enum indicator_type *type, struct span raw, struct arena *a,
    const char **ret_value, struct fault *f)
{
	return normalise(type, raw, false, a, ret_value, f);
}

int indicator_normalise_benign(enum indicator_type *type, struct span raw, struct arena *a,
    const char **ret_value, struct fault *f)
{
	return normalise(type, raw, true, a, ret_value, f);
}

/* 0: a struct that nobody filled in. */
static bool is_seen(ts t)
{
	return t != TS_NONE && t != TS_FOREVER && t != 0;
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
	if (is_seen(i->first_seen))
		jw_kcstr(w, "first_seen", ts_format(i->first_seen, text));
	if (is_seen(i->last_seen))
		jw_kcstr(w, "last_seen", ts_format(i->last_seen, text));
	jw_kcstr(w, "licence", i->licence);
	jw_kcstr(w, "note", i->note);
	if (i->side == INDICATOR_BENIGN)
		jw_kcstr(w, "side", "benign");
	jw_kcstr(w, "source", i->source);
	if (i->tlp != TLP_NONE)
		jw_kcstr(w, "tlp", tlp_name(i->tlp));
	jw_kcstr(w, "type", indicator_type_name(i->type));
	if (i->valid_from != TS_NONE)
		jw_kcstr(w, "valid_from", ts_format(i->valid_from, text));
	if (i->valid_until != TS_FOREVER)
		jw_kcstr(w, "valid_until", ts_format(i->valid_until, text));
	jw_kcstr(w, "value", i->value);
	jw_end(w);
}
