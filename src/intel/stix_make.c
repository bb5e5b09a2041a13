/* SPDX-License-Identifier: Apache-2.0 */

#include "intel/stix_make.h"

#include "crypto/hash.h"

#include <stdio.h>

#define ID_NAME_MAX (64u << 10)

static const uint8_t space[16] = { 0xf1, 0x2e, 0xb2, 0xea, 0x5b, 0x1d, 0x4f, 0x0c, 0x8e, 0x0d, 0x69,
	0x6e, 0x74, 0x65, 0x6c, 0x01 };

char *stix_id(const char *type, struct span name, char out[static STIX_ID_MAX])
{
	AUTO_BUF struct buf b = BUF_INIT(ID_NAME_MAX);
	struct digest d = { 0 };

	buf_put(&b, space, sizeof(space));
	buf_puts(&b, type);
	buf_putc(&b, 0);
	buf_put_span(&b, name);
	FB_ASSERT(hash_span(DIGEST_SHA1, buf_span(&b), &d) == 0);
	d.b[6] = (uint8_t)((d.b[6] & 0x0f) | 0x50);
	d.b[8] = (uint8_t)((d.b[8] & 0x3f) | 0x80);
	size_t n = (size_t)snprintf(out, STIX_ID_MAX, "%s--", type);
	for (size_t i = 0; i < 16; i++)
		n += (size_t)snprintf(out + n, STIX_ID_MAX - n, "%s%02x",
		    i == 4 || i == 6 || i == 8 || i == 10 ? "-" : "", d.b[i]);
	return out;
}

char *stix_time(ts t, char out[static TS_TEXT_MAX])
{
	char whole[TS_TEXT_MAX];

	if (t < 0 || t == TS_FOREVER)
		t = 0;
	ts_format(t - t % TS_SECOND, whole);
	whole[strlen(whole) - 1] = 0; /* the Z */
	snprintf(out, TS_TEXT_MAX, "%.30s.%03dZ", whole, (int)(t % TS_SECOND / (TS_SECOND / 1000)));
	return out;
}

const char *stix_tlp_id(enum tlp t)
{
	static const char *const id[TLPS] = {
		[TLP_CLEAR] = "marking-definition--94868c89-83c2-464b-929b-a1a8aa3c8487",
		[TLP_GREEN] = "marking-definition--bab4a63c-aed9-4cf5-a766-dfca5abac2bb",
		[TLP_AMBER] = "marking-definition--55d920b0-5e8b-4f79-9ee9-91f868d9b421",
		[TLP_AMBER_STRICT] = "marking-definition--939a9414-2ddd-4d32-a0cd-375ea402b003",
		[TLP_RED] = "marking-definition--e828b379-4e03-4974-9ac4-e53a884c97c1",
	};
	return t < TLPS ? id[t] : NULL;
}

/* --- patterns --- */

/* In quotes, \ and ' escaped (section 9.2). */
static void put_text(struct buf *b, struct span s)
{
	buf_putc(b, '\'');
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] == '\'' || s.p[i] == '\\')
			buf_putc(b, '\\');
		buf_putc(b, (char)s.p[i]);
	}
	buf_putc(b, '\'');
}

static void put_test(struct buf *b, const char *path, const char *op, struct span value)
{
	buf_printf(b, "%s %s ", path, op);
	put_text(b, value);
}

static const char *path_of(enum indicator_type t, const char *value)
{
	bool sha1 = strlen(value) == 40;

	switch (t) {
	case INDICATOR_MD5:
		return "file:hashes.MD5";
	case INDICATOR_SHA1:
		return "file:hashes.'SHA-1'";
	case INDICATOR_SHA256:
		return "file:hashes.'SHA-256'";
	case INDICATOR_SHA512:
		return "file:hashes.'SHA-512'";
	case INDICATOR_AUTHENTIHASH:
		return "file:hashes.AUTHENTIHASH";
	case INDICATOR_IMPHASH:
		return "file:extensions.'windows-pebinary-ext'.imphash";
	case INDICATOR_DOMAIN:
		return "domain-name:value";
	case INDICATOR_IPV4:
		return "ipv4-addr:value";
	case INDICATOR_IPV6:
		return "ipv6-addr:value";
	case INDICATOR_URL:
		return "url:value";
	case INDICATOR_URL_PATH:
		return "network-traffic:extensions.'http-request-ext'.request_value";
	case INDICATOR_FILE_NAME:
		return "file:name";
	case INDICATOR_EMAIL:
		return "email-addr:value";
	case INDICATOR_CERT:
		return sha1 ? "x509-certificate:hashes.'SHA-1'"
			    : "x509-certificate:hashes.'SHA-256'";
	case INDICATOR_CERT_SERIAL:
		return "x509-certificate:serial_number";
	case INDICATOR_MUTEX:
		return "mutex:name";
	default:
		return NULL;
	}
}

/* Hives in full (section 6.17). */
static bool put_registry(struct buf *b, const char *value)
{
	static const struct {
		const char *own, *full;
	} hive[] = { { "hklm\\", "HKEY_LOCAL_MACHINE\\" }, { "hkcu\\", "HKEY_CURRENT_USER\\" },
		{ "hku\\", "HKEY_USERS\\" }, { "hkcr\\", "HKEY_CLASSES_ROOT\\" },
		{ "hkcc\\", "HKEY_CURRENT_CONFIG\\" } };
	AUTO_BUF struct buf full = BUF_INIT(2 * INDICATOR_VALUE_MAX);
	const char *rest = value;

	for (size_t i = 0; i < ARRAY_LEN(hive); i++)
		if (strncmp(value, hive[i].own, strlen(hive[i].own)) == 0) {
			buf_puts(&full, hive[i].full);
			rest = value + strlen(hive[i].own);
		}
	buf_puts(&full, rest);
	put_test(b, "windows-registry-key:key", "=", buf_span(&full));
	return true;
}

static bool put_ip_port(struct buf *b, const char *value)
{
	const char *colon = strrchr(value, ':');
	bool six = value[0] == '[';

	if (!colon)
		return false;
	struct span host = span_of(value, (size_t)(colon - value));
	put_test(
	    b, "network-traffic:dst_ref.value", "=", six ? span_cut(host, 1, host.n - 2) : host);
	buf_printf(b, " AND network-traffic:dst_port = %s", colon + 1);
	return true;
}

/* A folder and a name; wildcards are no values. */
static bool put_path(struct buf *b, const char *value)
{
	const char *slash = strrchr(value, '/');

	if (!slash || slash == value || !slash[1] || strpbrk(value, "*?"))
		return false;
	put_test(b, "file:name", "=", span_str(slash + 1));
	buf_puts(b, " AND ");
	put_test(b, "file:parent_directory_ref.path", "=", span_of(value, (size_t)(slash - value)));
	return true;
}

static bool put_inner(struct buf *b, enum indicator_type t, const char *value)
{
	const char *path = path_of(t, value);

	if (t == INDICATOR_REGISTRY)
		return put_registry(b, value);
	if (t == INDICATOR_IP_PORT)
		return put_ip_port(b, value);
	if (t == INDICATOR_PATH)
		return put_path(b, value);
	if (!path)
		return false;
	bool net = (t == INDICATOR_IPV4 || t == INDICATOR_IPV6) && strchr(value, '/');
	put_test(b, path, net ? "ISSUBSET" : "=", span_str(value));
	return true;
}

bool stix_pattern_put(struct buf *b, enum indicator_type t, const char *value)
{
	size_t start = b->n;

	if (t == INDICATOR_PATTERN) {
		buf_puts(b, value);
		return true;
	}
	buf_putc(b, '[');
	if (!put_inner(b, t, value)) {
		b->n = start;
		if (b->p)
			b->p[start] = 0;
		return false;
	}
	buf_putc(b, ']');
	return true;
}
