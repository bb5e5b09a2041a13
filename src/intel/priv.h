/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* priv: what the readers of this room share. */

#include "intel/intel.h"

struct reader {
	struct span text;
	const char *name;
	const struct intel_opts *o;
	const struct intel_sink *sink;
	struct intel_result *r;
	struct fault *f;
	struct arena arena; /* for one record; emptied by reader_next */
	const char *source; /* for rows that name none */
	uint64_t line, off; /* of the record */
	const char *id;     /* STIX */
};

/* Forgets the last record's memory and counts a new one. */
void reader_next(struct reader *r, uint64_t line);
/* An indicator with the file's defaults in it. */
struct indicator reader_default(const struct reader *r);
/* Normalises raw into i->value (i->type in and out) and gives it to the sink, or rejects it. */
FB_MUST int reader_emit(struct reader *r, struct indicator *i, struct span raw);
FB_MUST int reader_reject(struct reader *r, struct span value, const char *reason,
    const char *detail);
/* "NAME:LINE: text", -EBADMSG. */
FB_MUST int reader_malformed(struct reader *r, uint64_t line, const char *text);

/*
 * A short text (source, category, campaign) into the arena: trimmed, printable, no longer than
 * INTEL_SOURCE_MAX; *ret is NULL when it is empty. 0, -EINVAL when it is not such a text, -ENOMEM.
 */
FB_MUST int reader_label(struct reader *r, struct span s, const char **ret);
/* A note into the arena: control characters become spaces, cut at INTEL_NOTE_MAX. NULL if empty. */
FB_MUST int reader_note(struct reader *r, struct span s, const char **ret);
/* RFC 3339, or a date alone, which means its first second. */
FB_MUST int reader_time(struct span s, ts *ret);

FB_MUST int read_csv(struct reader *r);
FB_MUST int read_list(struct reader *r);
FB_MUST int read_stix(struct reader *r);
/* Does the text start with a record that names a value column? */
bool csv_has_header(struct span text, char delim);

/* stix_pattern.c: the indicators that a pattern stands for; i has everything but type and value. */
FB_MUST int stix_pattern(struct reader *r, const struct indicator *i, struct span pattern);
