/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * intel: files of threat intelligence become indicators: CSV tables, plain lists, STIX 2.1 bundles.
 *
 * Every value goes through indicator_normalise. What cannot be taken is given to the sink's reject
 * with its place and reason: nothing is dropped silently. A file that is not what its format says
 * (broken quotes, not UTF-8, duplicate keys, cut off) is refused as a whole; what the sink was given
 * before that must be thrown away (the store does that by rolling back).
 *
 *   CSV   RFC 4180 (wire/csv.h); the first record names the columns: type, value, source or sources
 *         ("a|b": one claim each), confidence, category, campaign, note or notes, valid_from,
 *         valid_until (RFC 3339, or a date), exact (true, false). value is required; a missing or
 *         empty type is guessed. Other columns are ignored, and named in the result. A map gives
 *         columns other names, or numbers.
 *   list  one value a line; # starts a comment at the start of a line or behind white space; lines
 *         as /etc/hosts has them with a null or loopback address name domains.
 *   STIX  2.1 bundles, or one indicator object (2.0 objects as far as they have the same members).
 *         Of each indicator's pattern every alternative that is one equality, IN, or (for
 *         addresses) ISSUBSET on a value that is hunted becomes an indicator. File digests joined
 *         by AND name one file: the strongest is taken. Everything else is rejected with its reason:
 *         AND of different things, NOT, LIKE, MATCHES, orders, FOLLOWEDBY, qualifiers, other
 *         objects. A revoked indicator is imported as expired when it was modified.
 *
 * Guarantees: no I/O; memory: one record, or one STIX object (INTEL_OBJECT_MAX), at a time.
 *
 * Result codes: 0, -EBADMSG with "NAME:LINE: …" or "NAME: offset N: …", -ENOMEM, or what the sink
 * returned.
 */

#include "model/indicator.h"

#define INTEL_FILE_MAX (256u << 20)
#define INTEL_LINE_MAX (64u << 10)
#define INTEL_OBJECT_MAX (64u << 20) /* memory for one STIX object */
#define INTEL_COLUMNS_MAX 256
#define INTEL_SOURCE_MAX 128 /* bytes of a source, category or campaign */
#define INTEL_NOTE_MAX 1024  /* longer notes are cut, with an ellipsis */
#define INTEL_CONFIDENCE_DEFAULT 50

enum intel_format { INTEL_AUTO = 0, INTEL_CSV, INTEL_LIST, INTEL_STIX, INTEL_FORMATS };

const char *intel_format_name(enum intel_format f); /* "auto" "csv" "list" "stix" */
/* INTEL_FORMATS when unknown. */
enum intel_format intel_format_of(struct span s);

enum intel_field {
	INTEL_TYPE = 0,
	INTEL_VALUE,
	INTEL_SOURCE,
	INTEL_CONFIDENCE,
	INTEL_CATEGORY,
	INTEL_CAMPAIGN,
	INTEL_NOTE,
	INTEL_VALID_FROM,
	INTEL_VALID_UNTIL,
	INTEL_EXACT,
	INTEL_FIELDS,
};

/* "type" "value" "source" …; INTEL_FIELDS when unknown. */
enum intel_field intel_field_of(struct span name);

struct intel_opts {
	enum intel_format format;
	/* For what a row does not say itself. */
	enum indicator_type type; /* NONE: guess */
	const char *source;       /* NULL: the bundle's id, else the file's base name */
	const char *category, *campaign;
	int confidence; /* -1: INTEL_CONFIDENCE_DEFAULT */
	bool exact;
	ts valid_until; /* TS_FOREVER: open */
	/* CSV */
	char delim;                        /* 0: comma */
	bool no_header;                    /* columns go by number: map is required */
	const char *map[INTEL_FIELDS];     /* column name, or number from 1; NULL: its usual name */
};

#define INTEL_OPTS_DEFAULT                                                                         \
	((struct intel_opts){ .confidence = -1, .valid_until = TS_FOREVER })

struct intel_reject {
	uint64_t line;      /* from 1 */
	uint64_t off;       /* STIX: of the object; else 0 */
	const char *id;     /* STIX: of the object; else NULL */
	struct span value;  /* what could not be taken; raw bytes: QUOTE before printing */
	const char *reason; /* the kind of reason: few different ones, for counting */
	const char *detail; /* more about this one; NULL if none */
};

struct intel_sink {
	void *ctx;
	/* 0 to go on; the indicator's texts are valid during the call. */
	int (*indicator)(void *ctx, const struct indicator *i, uint64_t line);
	int (*reject)(void *ctx, const struct intel_reject *r);
};

#define INTEL_IGNORED_MAX 160

struct intel_result {
	enum intel_format format;
	uint64_t records;    /* rows, lines or STIX indicators */
	uint64_t indicators; /* given to the sink */
	uint64_t rejects;
	uint64_t others;     /* STIX objects that are no indicators */
	char ignored[INTEL_IGNORED_MAX]; /* CSV columns that were not read: "a, b", quoted; "" if none */
};

/* name is the file's name, for messages. *ret_r is filled in every case. */
FB_MUST int intel_read(struct span text, const char *name, const struct intel_opts *o,
    const struct intel_sink *sink, struct intel_result *ret_r, struct fault *f);
