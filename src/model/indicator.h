/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * indicator: one normalised value that speaks for badness, with where it comes from.
 *
 * Guarantees: what indicator_normalise gives is the one spelling of that value: equal indicators
 * are equal bytes, and normalising it again gives the same. No I/O; memory only from the arena.
 *
 * What normalising does, for every type: trims; refuses control characters, bytes that are not
 * UTF-8, and more than INDICATOR_VALUE_MAX bytes.
 *
 *   digests    hex of the type's length, lower case, an "md5:" … prefix taken off
 *   domain     refanged, lower case, without the final dot and without a leading "." or "*.".
 *              Labels of letters, digits, hyphen and underscore, 1 to 63 bytes; 253 in all; at
 *              least two labels; the last one not all digits. Internationalised names become
 *              A-labels by UTS 46, non-transitional (libidn2.so.0, loaded when first needed); a
 *              given A-label must be Punycode and encode back to itself
 *   ipv4, ipv6 as inet_ntop writes them, or CIDR; the type follows the value's family; an IPv4
 *              address mapped into IPv6 becomes IPv4. Refused: host bits set in a CIDR (it is
 *              unclear what was meant), leading zeros, zone ids
 *   ip-port    "192.0.2.1:443" or "[2001:db8::1]:443"; matches this port only; no networks
 *   url        scheme and host refanged and in lower case, path as it is (paths have case) with
 *              bytes beyond ASCII percent-encoded, the default port taken off, "/" for no path; or
 *              "host/path" when there is no scheme
 *   url-path   begins with "/"; bytes beyond ASCII percent-encoded; without fragment, and without
 *              slashes and question marks at its end
 *   file-name  base name; ASCII letters in lower case; with a folder or wildcard it becomes a path
 *   path       pattern of a whole path (indicator_path_match): ASCII letters in lower case, slashes
 *              forward; *, ? within a segment, ** over any number of them; brackets are letters. A
 *              variable at the start becomes where it points to (%APPDATA%: "**" and
 *              "/appdata/roaming"), or "**"; a relative path may be anywhere
 *   email      RFC 5321 dot-string, "@", domain; lower case
 *   ja4        a_b_c in FoxIO's form; the ALPN characters keep their case
 *   cert       fingerprint; colons, blanks taken off; SHA-1 or SHA-256 by length
 *   cert-serial hex, whole bytes without leading zero bytes; 0x, colons taken off; "decimal:N"
 *   mutex      as it is
 *   registry   hive as hklm, hkcu, hku, hkcr, hkcc; lower case, one backslash between parts
 *
 * Poison, refused on the bad side because it would match what everybody has: digests of no bytes and
 * of other trivial contents; networks of less than /8 or /16 (IPv6); unspecified, loopback and
 * broadcast addresses, which sinkholes answer; single labels ("com"); patterns of nearly every file;
 * paths that nearly every web site has.
 *
 * Refanging (model/indicator_text.h) undoes hxxp, meow, fxp, [.] (.) {.} [dot] (dot) " dot " \. [:]
 * [://] [at] (at) [@], full-width characters, ideographic dots and zero-width characters.
 */

#include "base/arena.h"
#include "base/clock.h"
#include "base/fault.h"
#include "model/digest.h"
#include "wire/json.h"

enum indicator_type {
	INDICATOR_NONE = 0,
	INDICATOR_MD5,
	INDICATOR_SHA1,
	INDICATOR_SHA256,
	INDICATOR_SHA512,
	INDICATOR_DOMAIN,    /* matches sub-domains too unless exact */
	INDICATOR_IPV4,      /* address or CIDR */
	INDICATOR_IPV6,
	INDICATOR_IP_PORT,   /* one port of one address */
	INDICATOR_URL,
	INDICATOR_FILE_NAME, /* base name, compared without case */
	INDICATOR_EMAIL,
	INDICATOR_AUTHENTIHASH, /* Authenticode digest, SHA-1 or SHA-256 by length */
	INDICATOR_IMPHASH,
	INDICATOR_JA3,
	INDICATOR_JA4,
	INDICATOR_CERT,	       /* fingerprint of a certificate, SHA-1 or SHA-256 by length */
	INDICATOR_CERT_SERIAL, /* serial number, hex without leading zero bytes */
	INDICATOR_PATH,	       /* pattern of a whole path: * ? and ** over folders */
	INDICATOR_MUTEX,       /* stored, shown, exported; what is observed here has none */
	INDICATOR_REGISTRY,    /* the same */
	INDICATOR_PATTERN,     /* a STIX pattern that is no single value: stored, shown, exported */
	INDICATOR_URL_PATH,    /* path of a URL on any host */
	INDICATOR_TYPES,
};

/* What a claim says of a value. Benign claims (warninglists) never silence bad ones: they lower
 * confidence and forbid blocking (intel/weigh.h). */
enum indicator_side { INDICATOR_BAD = 0, INDICATOR_BENIGN, INDICATOR_SIDES };

/* Traffic Light Protocol 2.0. */
enum tlp { TLP_NONE = 0, TLP_CLEAR, TLP_GREEN, TLP_AMBER, TLP_AMBER_STRICT, TLP_RED, TLPS };
const char *tlp_name(enum tlp t); /* "clear" "green" "amber" "amber+strict" "red"; "" for NONE */
enum tlp tlp_of(struct span s);   /* those, "white", "TLP:AMBER" …; TLPS when unknown */

#define INDICATOR_VALUE_MAX 2048
#define INDICATOR_FILE_NAME_MAX 255
#define INDICATOR_IPV4_PREFIX_MIN 8
#define INDICATOR_IPV6_PREFIX_MIN 16

struct indicator {
	enum indicator_type type;
	const char *value;    /* normalised */
	bool exact;           /* DOMAIN: sub-domains do not match */
	const char *source;   /* "volexity", or the bundle's id */
	const char *category; /* "c2", "malware", …; NULL if none */
	const char *campaign; /* "3cx-2023"; NULL if none */
	const char *note;     /* NULL if none */
	int confidence;       /* 0..100 */
	ts valid_from, valid_until; /* TS_NONE, TS_FOREVER: open */
	enum indicator_side side;
	enum tlp tlp;
	const char *licence; /* of the feed, SPDX where it has one; NULL if not known */
	ts first_seen, last_seen; /* as the source says, else when it was imported; TS_NONE unset */
	/* 1 + the ledger entry of the import that brought it first, and last; 0: none */
	uint32_t first_import, last_import;
};

/* "md5" "sha1" "sha256" "sha512" "domain" "ipv4" "ipv6" "ip-port" "url" "file-name" "email"
 * "authentihash" "imphash" "ja3" "ja4" "cert" "cert-serial" "path" "mutex" "registry"; stable
 * (stored). "" for NONE. */
const char *indicator_type_name(enum indicator_type t);
/* Those, and what other tools call them, in either case: "SHA-256", "hostname", "fqdn",
 * "domain-name", "ip", "ipv4-addr", "ip:port", "uri", "filename", "email-addr" …; NONE if unknown. */
enum indicator_type indicator_type_of(struct span s);
/* The digest algorithm of a digest type; DIGEST_NONE for the others. */
enum digest_alg indicator_digest_alg(enum indicator_type t);
enum indicator_type indicator_of_digest(enum digest_alg alg);

/*
 * Normalises a raw value and checks it for *type; INDICATOR_NONE guesses (digest by length, URL,
 * e-mail, address, file name by an extension that is no top-level domain, else domain). *type may
 * change within its kind: the family of an address, and an address with a port.
 * 0 with *ret_value in the arena and *type set; -EINVAL with a reason that holds no outside bytes,
 * so that reasons can be counted; -ENOMEM.
 */
FB_MUST int indicator_normalise(enum indicator_type *type, struct span raw, struct arena *a,
    const char **ret_value, struct fault *f);

/* The same for benign claims: poison is taken, since lists of what is ordinary hold it. */
FB_MUST int indicator_normalise_benign(enum indicator_type *type, struct span raw, struct arena *a,
    const char **ret_value, struct fault *f);

/* What content has this digest that every computer holds ("no bytes", "a line feed"); NULL: none. */
const char *indicator_trivial(enum indicator_type t, const char *hex);

/*
 * Does a path match a normalised pattern? ASCII case does not count, either slash does. "c:/x"
 * matches on drive C, and where a path has no drive, below any folder: nobody says where a mounted
 * Windows tree begins. Time: length of the path times length of the pattern, for each "**" folder.
 */
bool indicator_path_match(const char *pattern, struct span path);

/* A whole object, members in canonical order; open validity and absent texts are left out. */
void indicator_json(struct jw *w, const struct indicator *i);
