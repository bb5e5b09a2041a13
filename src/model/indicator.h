/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * indicator: one normalised value that speaks for badness, with where it comes from.
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
	INDICATOR_URL,
	INDICATOR_FILE_NAME, /* base name, compared without case */
	INDICATOR_EMAIL,
	INDICATOR_TYPES,
};

#define INDICATOR_VALUE_MAX 2048

struct indicator {
	enum indicator_type type;
	const char *value;    /* normalised: lower case, refanged, no trailing dot */
	bool exact;           /* DOMAIN: sub-domains do not match */
	const char *source;   /* "volexity", or the bundle's id */
	const char *category; /* "c2", "malware", … */
	const char *campaign; /* "3cx-2023"; NULL if none */
	const char *note;
	int confidence;       /* 0..100 */
	ts valid_from, valid_until; /* TS_NONE, TS_FOREVER: open */
};

const char *indicator_type_name(enum indicator_type t); /* "md5" … "domain", "ipv4", "file-name" */
enum indicator_type indicator_type_of(struct span s);   /* also ip, hostname, filename, SHA-256 … */

/*
 * Normalises a raw value (trim, refang hxxp and [.], lower-case, strip the final dot) and checks
 * it for the type; INDICATOR_NONE guesses the type (digest by length, address, URL, domain).
 * 0 with *ret_value in the arena; -EINVAL with a reason.
 */
FB_MUST int indicator_normalise(enum indicator_type *type, struct span raw, struct arena *a,
    const char **ret_value, struct fault *f);

void indicator_json(struct jw *w, const struct indicator *i);
