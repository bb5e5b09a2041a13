/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * csv: a strict RFC 4180 pull parser.
 *
 * A record is a line of fields; a quoted field may hold the delimiter, quotes (doubled) and line
 * ends. Lines end with LF or CRLF, the last one may have none. Taken beyond the RFC: a delimiter
 * other than the comma; empty lines are skipped; with comments set, so are lines that start with #
 * (as threat feeds have them); a UTF-8 byte order mark at the very start is skipped.
 *
 * With bytes set, NUL and bytes that are not UTF-8 are content like any other: the caller checks the
 * fields it uses.
 *
 * Refused with line and offset: a quote inside a bare field, anything but a delimiter behind a
 * closing quote, a text that ends inside quotes, NUL, a CR that is no line end, bytes that are not
 * UTF-8, more fields than the caller has room for.
 *
 * Guarantees: no allocation, no I/O; linear time. After an error nothing more is given out.
 *
 * Result codes: enum csv_err in c->err, positive; csv_strerror gives words.
 */

#include "base/span.h"
#include "base/util.h"

enum csv_err {
	CSV_OK = 0,
	CSV_E_QUOTE = 1, /* a quote inside a bare field, or text behind a closing quote */
	CSV_E_EOF,       /* the text ends inside quotes */
	CSV_E_FIELDS,
	CSV_E_CONTROL,   /* NUL, or a CR that is no line end */
	CSV_E_UTF8,
};

const char *csv_strerror(int err);

struct csv_field {
	struct span raw; /* without the quotes around it */
	bool escaped;    /* holds doubled quotes: csv_unescape */
};

struct csv {
	struct span text;
	size_t off;
	uint64_t line;     /* of the next record, from 1 */
	uint64_t rec_line; /* where the record given last starts */
	char delim;
	bool comments;
	bool bytes; /* set behind csv_open */
	int err;           /* enum csv_err, latched */
	size_t err_off;
	uint64_t err_line;
};

void csv_open(struct csv *c, struct span text, char delim, bool comments);
/* The next record's fields into f[max]; false at the clean end and at an error (see c->err). */
bool csv_next(struct csv *c, struct csv_field *f, size_t max, size_t *ret_n);
/* The field's bytes with quotes undoubled; out holds f.raw.n bytes; returns the count. */
size_t csv_unescape(uint8_t *out, struct csv_field f);
