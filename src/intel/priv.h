/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* priv: what the readers of this room share. */

#include "intel/intel.h"

#include "wire/json.h"

struct reader {
	struct span text;
	const char *name;
	const struct intel_opts *o;
	const struct intel_sink *sink;
	struct intel_result *r;
	struct fault *f;
	struct arena arena; /* for one record; emptied by reader_next */
	const char *source; /* for rows that name none */
	bool own;	    /* who imports says that this is the organisation's own */
	uint64_t line, off; /* of the record */
	const char *id;     /* of the object */
	size_t skipped; /* a byte order mark in front of text */
	uint64_t counted_line;
	size_t counted_off; /* where lines were counted up to */
};

#define READER_KEYS 4096 /* members of JSON objects open at once */

/* Forgets the last record's memory (or keeps it, while it is little). */
void reader_forget(struct reader *r);
/* The same, and counts a new one. */
void reader_next(struct reader *r, uint64_t line);
/* The same for an object of JSON text that stands at off. */
void reader_next_at(struct reader *r, size_t off);
/* An indicator with the file's defaults in it. */
struct indicator reader_default(const struct reader *r);
/* Normalises raw into i->value (i->type in and out) and gives it to the sink, or rejects it. */
FB_MUST int reader_emit(struct reader *r, struct indicator *i, struct span raw);
/* What could not be taken, or not be matched, or is not for detection (enum intel_reject_kind). */
FB_MUST int reader_reject(struct reader *r, struct span value, const char *reason,
    const char *detail);
FB_MUST int reader_unmatched(struct reader *r, struct span value, const char *reason,
    const char *detail);
FB_MUST int reader_context(struct reader *r, struct span value, const char *reason,
    const char *detail);
/* A path on any host: half as sure as it would be with its host. */
FB_MUST int reader_emit_path(struct reader *r, struct indicator *i, struct span path);
/* "NAME:LINE: text", -EBADMSG. */
FB_MUST int reader_malformed(struct reader *r, uint64_t line, const char *text);

/* "NAME: offset N: text", -EBADMSG. */
FB_MUST int reader_malformed_at(struct reader *r, size_t off, const char *text);

/* objects.c: JSON texts, read object by object. From a value's first token to its end; SPAN_NONE
 * on an error of j. */
struct span reader_value(struct json *j, struct json_tok t);
/* A KEY's text; nothing when it is longer than the room. */
#define READER_KEY_ROOM 64
struct span reader_key(const struct json_tok *t, uint8_t room[static READER_KEY_ROOM]);
/* The value as a document in r->arena, which is emptied before; what is not allowed inside it is a
 * malformed file. */
FB_MUST int reader_doc(struct reader *r, struct span value, struct json_doc *ret_d);
/* Calls fn for each object of the array whose first token was read; anything else in it is
 * malformed. */
typedef int reader_object_fn(void *ctx, struct span value);
FB_MUST int reader_each(struct reader *r, struct json *j, reader_object_fn *fn, void *ctx);
/* The end of a walk: nothing may follow, and j's error, if any, is told. */
FB_MUST int reader_end(struct reader *r, struct json *j);
/* An optional time member, as reader_time: 0, or -EINVAL. */
FB_MUST int reader_time_of(struct reader *r, struct json_val o, const char *key, ts *ret);

/*
 * A short text (source, category, campaign) into the arena: trimmed, printable, no longer than
 * INTEL_SOURCE_MAX; *ret is NULL when it is empty. 0, -EINVAL when it is not such a text, -ENOMEM.
 */
FB_MUST int reader_label(struct reader *r, struct span s, const char **ret);
/* Is it text without control characters? */
bool text_is_label(struct span s);
/* A note into the arena: control characters become spaces, cut at INTEL_NOTE_MAX. NULL if empty. */
FB_MUST int reader_note(struct reader *r, struct span s, const char **ret);
/* RFC 3339, or a date alone, which means its first second; a blank for the T; UTC when it names no
 * zone, or "UTC". Feeds write the year 9999 for "never ends" and the year 1 for "not known": past
 * 2261 is TS_FOREVER, before 1970 TS_NONE. */
FB_MUST int reader_time(struct span s, ts *ret);

/* Seconds since the epoch in digits. */
FB_MUST int reader_epoch(struct span s, ts *ret);

FB_MUST int read_csv(struct reader *r);
FB_MUST int read_stix(struct reader *r);
FB_MUST int read_misp(struct reader *r);
FB_MUST int read_openioc(struct reader *r);
FB_MUST int read_rpz(struct reader *r);
FB_MUST int read_warninglist(struct reader *r);

/*
 * lines.c: the formats of lines. Lines end with LF, CRLF or CR. fn gets each line that is not empty,
 * trimmed, in UTF-8 and without NUL, after reader_next; a line that is not that is a reject.
 */
FB_MUST int reader_lines(struct reader *r, int (*fn)(struct reader *r, struct span line));
/* Without a comment: # at the start, or behind white space (a URL may hold one). */
struct span line_without_comment(struct span line);
struct span line_word(struct span *rest);

FB_MUST int line_list(struct reader *r, struct span line);
FB_MUST int line_hosts(struct reader *r, struct span line);
FB_MUST int line_maltrail(struct reader *r, struct span line);
FB_MUST int line_ipsum(struct reader *r, struct span line);
/* Is it a line of /etc/hosts: an address, and names? */
bool line_is_hosts(struct span line);

/* detect.c */
enum intel_format reader_detect(const struct reader *r);
/* Texts in no format that is read here, by their first bytes: NULL, or what it is. */
const char *reader_foreign(struct span text, bool xml);
/* Does the text start with a record that names a value column? */
bool csv_has_header(struct span text, char delim);

/* stix_pattern.c: the indicators that a pattern stands for; i has everything but type and value. */
FB_MUST int stix_pattern(struct reader *r, const struct indicator *i, struct span pattern);
