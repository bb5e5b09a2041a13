/* SPDX-License-Identifier: Apache-2.0 */

/* csv: a table whose columns are named, or mapped. */

#include "intel/priv.h"

#include "wire/csv.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#define NO_COLUMN SIZE_MAX

struct table {
	struct reader *r;
	struct csv c;
	struct csv_field field[INTEL_COLUMNS_MAX];
	size_t n, width;
	size_t column[INTEL_FIELDS]; /* NO_COLUMN: not there */
};

bool csv_has_header(struct span text, char delim)
{
	struct csv_field f[INTEL_COLUMNS_MAX];
	struct csv c;
	size_t n;

	csv_open(&c, text, delim ? delim : ',', true);
	if (!csv_next(&c, f, INTEL_COLUMNS_MAX, &n))
		return false;
	for (size_t i = 0; i < n; i++)
		if (intel_field_of(span_trim(f[i].raw)) == INTEL_VALUE)
			return true;
	return false;
}

/* "3" -> 2; NO_COLUMN when it is no number from 1 to INTEL_COLUMNS_MAX. */
static size_t column_number(const char *s)
{
	char *end;
	unsigned long v = strtoul(s, &end, 10);
	return s[0] >= '0' && s[0] <= '9' && !*end && v >= 1 && v <= INTEL_COLUMNS_MAX ? v - 1 :
										     NO_COLUMN;
}

static size_t column_named(const struct table *t, struct span name)
{
	for (size_t i = 0; i < t->n; i++)
		if (span_eq_nocase(span_trim(t->field[i].raw), name))
			return i;
	return NO_COLUMN;
}

/* The columns that the user mapped; by name only where there is a header. */
static int mapped(struct table *t)
{
	for (int i = 0; i < INTEL_FIELDS; i++) {
		const char *to = t->r->o->map[i];
		t->column[i] = NO_COLUMN;
		if (!to)
			continue;
		size_t at = t->r->o->no_header ? NO_COLUMN : column_named(t, span_str(to));
		if (at == NO_COLUMN)
			at = column_number(to);
		if (at == NO_COLUMN || at >= t->n)
			return fault_set(t->r->f, -EBADMSG, "%s:%llu: there is no column \"%s\"",
			    QUOTE(span_str(t->r->name)), (unsigned long long)t->c.rec_line,
			    QUOTE(span_str(to)));
		t->column[i] = at;
	}
	return 0;
}

static bool is_mapped(const struct table *t, size_t column)
{
	for (int i = 0; i < INTEL_FIELDS; i++)
		if (t->column[i] == column)
			return true;
	return false;
}

static void ignore(struct table *t, struct span name)
{
	char *out = t->r->r->ignored;
	size_t n = strlen(out);

	snprintf(out + n, INTEL_IGNORED_MAX - n, "%s%s", n ? ", " : "", QUOTE(name));
}

/* The columns that have one of our names. */
static int named(struct table *t)
{
	for (size_t i = 0; i < t->n; i++) {
		struct span name = span_trim(t->field[i].raw);
		enum intel_field f = intel_field_of(name);
		if (is_mapped(t, i))
			continue;
		if (f == INTEL_FIELDS || t->r->o->map[f]) {
			ignore(t, name);
			continue;
		}
		if (t->column[f] != NO_COLUMN)
			return fault_set(t->r->f, -EBADMSG, "%s:%llu: two columns are named \"%s\"",
			    QUOTE(span_str(t->r->name)), (unsigned long long)t->c.rec_line,
			    QUOTE(name));
		t->column[f] = i;
	}
	return 0;
}

static int header(struct table *t)
{
	int rc = mapped(t);

	if (rc == 0 && !t->r->o->no_header)
		rc = named(t);
	if (rc < 0)
		return rc;
	if (t->column[INTEL_VALUE] == NO_COLUMN)
		return reader_malformed(t->r, t->c.rec_line, "no column is named \"value\"; say which "
		    "it is with --map value=COLUMN");
	t->width = t->n;
	return 0;
}

/* The field's text in this record, unescaped into the arena if needed; empty when not there. */
static int cell(struct table *t, enum intel_field f, struct span *ret)
{
	size_t at = t->column[f];

	*ret = SPAN_NONE;
	if (at == NO_COLUMN)
		return 0;
	struct csv_field x = t->field[at];
	*ret = x.raw;
	if (!x.escaped)
		return 0;
	uint8_t *out = arena_alloc(&t->r->arena, x.raw.n);
	if (!out)
		return -ENOMEM;
	*ret = span_of(out, csv_unescape(out, x));
	return 0;
}

static int percent(struct span s, int *ret)
{
	int v = 0;

	for (size_t k = 0; k < s.n; k++) {
		if (s.n > 3 || s.p[k] < '0' || s.p[k] > '9')
			return -EINVAL;
		v = v * 10 + (s.p[k] - '0');
	}
	if (v > 100)
		return -EINVAL;
	*ret = v;
	return 0;
}

/* Reads one optional cell into the indicator: 0, -EINVAL with *ret_why, -ENOMEM. */
static int fill(struct table *t, enum intel_field f, struct indicator *i, const char **ret_why)
{
	struct span s;
	int rc = cell(t, f, &s);

	s = span_trim(s);
	if (rc < 0 || !s.n)
		return rc;
	switch (f) {
	case INTEL_TYPE:
		i->type = indicator_type_of(s);
		*ret_why = "a type that is not hunted";
		return i->type == INDICATOR_NONE ? -EINVAL : 0;
	case INTEL_CONFIDENCE:
		*ret_why = "confidence is not a number from 0 to 100";
		return percent(s, &i->confidence);
	case INTEL_CATEGORY:
		*ret_why = "a category that is no short text";
		return reader_label(t->r, s, &i->category);
	case INTEL_CAMPAIGN:
		*ret_why = "a campaign that is no short text";
		return reader_label(t->r, s, &i->campaign);
	case INTEL_NOTE:
		*ret_why = "a note that is no text";
		return reader_note(t->r, s, &i->note);
	case INTEL_VALID_FROM:
		*ret_why = "valid_from is not an RFC 3339 time or a date";
		return reader_time(s, &i->valid_from);
	case INTEL_VALID_UNTIL:
		*ret_why = "valid_until is not an RFC 3339 time or a date";
		return reader_time(s, &i->valid_until);
	case INTEL_EXACT:
		*ret_why = "exact is not true or false";
		i->exact = span_eq_nocase(s, SPAN_LIT("true"));
		return i->exact || span_eq_nocase(s, SPAN_LIT("false")) ? 0 : -EINVAL;
	default:
		return 0;
	}
}

/* One claim for each of "a|b|c". */
static int each_source(struct table *t, struct indicator *i, struct span value)
{
	struct span rest;
	bool any = false;
	int rc = cell(t, INTEL_SOURCE, &rest);

	while (rc == 0 && rest.n) {
		size_t bar = span_find(rest, '|');
		struct indicator one = *i;
		const char *name = NULL;
		rc = reader_label(t->r, span_cut(rest, 0, bar), &name);
		if (rc == -EINVAL)
			return reader_reject(t->r, value, "a source that is no short text", NULL);
		rest = bar == SIZE_MAX ? SPAN_NONE : span_from(rest, bar + 1);
		if (rc < 0 || !name)
			continue;
		one.source = name;
		any = true;
		uint64_t before = t->r->r->rejects;
		rc = reader_emit(t->r, &one, value);
		if (t->r->r->rejects > before)
			return rc; /* said once, not once a source */
	}
	return rc == 0 && !any ? reader_emit(t->r, i, value) : rc;
}

static int record(struct table *t)
{
	struct indicator i = reader_default(t->r);
	struct span value;
	const char *why = NULL;

	reader_next(t->r, t->c.rec_line);
	int rc = cell(t, INTEL_VALUE, &value);
	for (enum intel_field f = 0; f < INTEL_FIELDS && rc == 0; f++)
		if (f != INTEL_VALUE && f != INTEL_SOURCE)
			rc = fill(t, f, &i, &why);
	if (rc == -EINVAL)
		return reader_reject(t->r, value, why, NULL);
	return rc < 0 ? rc : each_source(t, &i, value);
}

int read_csv(struct reader *r)
{
	struct table t = { .r = r };
	int rc = 0;
	char text[96];

	csv_open(&t.c, r->text, r->o->delim ? r->o->delim : ',', true);
	bool more = csv_next(&t.c, t.field, INTEL_COLUMNS_MAX, &t.n);
	if (!more && !t.c.err)
		return reader_malformed(r, 1, "empty: there is no header and no record");
	if (more) {
		rc = header(&t);
		if (rc == 0 && r->o->no_header)
			rc = record(&t);
	}
	while (rc == 0 && csv_next(&t.c, t.field, INTEL_COLUMNS_MAX, &t.n)) {
		if (t.n != t.width) {
			snprintf(text, sizeof(text), "%zu fields, where the first record has %zu", t.n,
			    t.width);
			return reader_malformed(r, t.c.rec_line, text);
		}
		rc = record(&t);
	}
	if (rc == 0 && t.c.err)
		rc = reader_malformed(r, t.c.err_line, csv_strerror(t.c.err));
	return rc;
}
