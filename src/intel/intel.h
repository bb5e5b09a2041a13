/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * intel: files of threat intelligence become indicators. Formats, one by one: docs/intel-formats.md.
 *
 * Every value goes through indicator_normalise. What is not taken is given to the sink's reject with
 * its place and reason: nothing is dropped silently. There are three kinds of rejects: a value that
 * is none (BAD); a statement that is sound but that no database of single values can match, such as
 * AND of two observations, a regular expression, an ssdeep (UNMATCHED); and what its own source
 * says is not for detection (CONTEXT: MISP's to_ids false, deleted attributes, comments).
 *
 *   CSV         RFC 4180 (wire/csv.h); the first record names the columns (enum intel_field), or a
 *               map does. value is required; a missing or empty type is guessed
 *   list        one value a line; # starts a comment at the start of a line or behind white space;
 *               lines as /etc/hosts has them with a null or loopback address name domains
 *   hosts       the same, and nothing but those lines
 *   stix        STIX 2.1 and 2.0 bundles, TAXII envelopes {"objects":[…]}, single indicators
 *   misp        events {"Event":…}, {"response":…}, restSearch results, feed manifests' events
 *   openioc     OpenIOC 1.0 and 1.1
 *   maltrail    trails: domains, addresses, address:port, URLs, paths, regular expressions
 *   ipsum       address TAB number of lists
 *   rpz         DNS response policy zones in master file form
 *   warninglist MISP warninglists: their side is BENIGN
 *
 * A file that is not what its format says (broken quotes or JSON, duplicate keys, cut off, a document
 * type in XML, UTF-16 where the format is text) is refused as a whole; what the sink was given before
 * that must be thrown away (the store does that by rolling back). In the formats of lines a line that
 * is too long, holds NUL or is not UTF-8 is one reject.
 *
 * Guarantees: no I/O; memory: one record, or one object (INTEL_OBJECT_MAX), at a time, and for STIX
 * what objects refer to (INTEL_NAMES_MAX); nothing in proportion to the text, which may be a mapping.
 *
 * Result codes: 0, -EBADMSG with "NAME:LINE: …" or "NAME: offset N: …", -ENOMEM, or what the sink
 * returned.
 */

#include "model/indicator.h"

#define INTEL_FILE_MAX (64ull << 30)
#define INTEL_LINE_MAX (64u << 10)
#define INTEL_OBJECT_MAX (64u << 20) /* memory for one object */
#define INTEL_NAMES_MAX (512u << 20) /* memory for what STIX objects refer to */
#define INTEL_COLUMNS_MAX 256
#define INTEL_SOURCE_MAX 128 /* bytes of a source, category, campaign or licence */
#define INTEL_NOTE_MAX 1024  /* longer notes are cut, with an ellipsis */
#define INTEL_CONFIDENCE_DEFAULT 50

enum intel_format {
	INTEL_AUTO = 0,
	INTEL_CSV,
	INTEL_LIST,
	INTEL_STIX,
	INTEL_MISP,
	INTEL_OPENIOC,
	INTEL_HOSTS,
	INTEL_MALTRAIL,
	INTEL_IPSUM,
	INTEL_RPZ,
	INTEL_WARNINGLIST,
	INTEL_FORMATS,
};

const char *intel_format_name(enum intel_format f); /* "auto" "csv" "list" "stix" … */
/* INTEL_FORMATS when unknown. */
enum intel_format intel_format_of(struct span s);
/* "auto, csv, list, …" for help and errors. */
const char *intel_format_list(void);

enum intel_field {
	INTEL_TYPE = 0,
	INTEL_VALUE,
	INTEL_SOURCE, /* or "sources": "a|b", one claim each */
	INTEL_CONFIDENCE,
	INTEL_CATEGORY,
	INTEL_CAMPAIGN,
	INTEL_NOTE, /* or "notes" */
	INTEL_VALID_FROM, /* times: RFC 3339, or a date */
	INTEL_VALID_UNTIL,
	INTEL_EXACT, /* true, false */
	INTEL_SIDE,  /* bad, benign */
	INTEL_TLP,
	INTEL_LICENCE, /* or "license" */
	INTEL_FIRST_SEEN,
	INTEL_LAST_SEEN,
	INTEL_FIELDS,
};

/* "type" "value" "source" …; INTEL_FIELDS when unknown. */
enum intel_field intel_field_of(struct span name);

struct intel_opts {
	enum intel_format format;
	/* For what a record does not say itself. */
	enum indicator_type type; /* NONE: guess */
	const char *source;       /* NULL: what the file says of itself, else its base name */
	const char *category, *campaign, *licence;
	int confidence; /* -1: INTEL_CONFIDENCE_DEFAULT */
	bool exact;
	enum indicator_side side;
	enum tlp tlp;
	ts valid_until; /* TS_FOREVER: open */
	/* Takes what its source says is not for detection, too (MISP's to_ids false), at half the
	 * confidence. */
	bool context;
	bool bad_only; /* what a record says to be ordinary is context, and not taken */
	/* CSV */
	char delim;                        /* 0: comma */
	bool no_header;                    /* columns go by number: map is required */
	const char *map[INTEL_FIELDS];     /* column name, or number from 1; NULL: its usual name */
};

#define INTEL_OPTS_DEFAULT                                                                         \
	((struct intel_opts){ .confidence = -1, .valid_until = TS_FOREVER })

enum intel_reject_kind { INTEL_BAD = 0, INTEL_UNMATCHED, INTEL_CONTEXT };

struct intel_reject {
	enum intel_reject_kind kind;
	uint64_t line;      /* from 1 */
	uint64_t off;       /* of the object, where there are objects; else 0 */
	const char *id;     /* of the object; NULL if it has none */
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
	uint64_t records;    /* rows, lines, STIX indicators, MISP attributes, OpenIOC items */
	uint64_t indicators; /* given to the sink */
	uint64_t rejects;    /* all kinds of them; of these: */
	uint64_t unmatched, context;
	uint64_t others;     /* objects that are no indicators */
	char ignored[INTEL_IGNORED_MAX]; /* CSV columns that were not read: "a, b", quoted; "" if none */
};

/* name is the file's name, for messages. *ret_r is filled in every case. */
FB_MUST int intel_read(struct span text, const char *name, const struct intel_opts *o,
    const struct intel_sink *sink, struct intel_result *ret_r, struct fault *f);
