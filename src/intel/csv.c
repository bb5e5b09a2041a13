/* SPDX-License-Identifier: Apache-2.0 */

/* csv: a table whose columns are named, or mapped. */

#include "intel/priv.h"

#include "base/utf8.h"
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
	c.bytes = true;
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

/* A column whose cell is a short text, or a time. */
static const char **label_of(enum intel_field f, struct indicator *i)
{
	return f == INTEL_CATEGORY ? &i->category : f == INTEL_CAMPAIGN ? &i->campaign : &i->licence;
}

static ts *time_of(enum intel_field f, struct indicator *i)
{
	return f == INTEL_VALID_FROM ? &i->valid_from : f == INTEL_VALID_UNTIL ? &i->valid_until :
	    f == INTEL_FIRST_SEEN						? &i->first_seen :
										  &i->last_seen;
}

static const char *const wrong[INTEL_FIELDS] = {
	[INTEL_TYPE] = "a type that is not hunted",
	[INTEL_CONFIDENCE] = "confidence is not a number from 0 to 100",
	[INTEL_CATEGORY] = "a category that is no short text",
	[INTEL_CAMPAIGN] = "a campaign that is no short text",
	[INTEL_NOTE] = "a note that is no text",
	[INTEL_VALID_FROM] = "valid_from is not an RFC 3339 time or a date",
	[INTEL_VALID_UNTIL] = "valid_until is not an RFC 3339 time or a date",
	[INTEL_EXACT] = "exact is not true or false",
	[INTEL_SIDE] = "side is not bad or benign",
	[INTEL_TLP] = "tlp is not clear, green, amber, amber+strict or red",
	[INTEL_LICENCE] = "a licence that is no short text",
	[INTEL_FIRST_SEEN] = "first_seen is not an RFC 3339 time or a date",
	[INTEL_LAST_SEEN] = "last_seen is not an RFC 3339 time or a date",
};

/* Reads one optional cell into the indicator: 0, -EINVAL (wrong[f]), -ENOMEM. */
static int fill(struct table *t, enum intel_field f, struct indicator *i)
{
	struct span s;
	int rc = cell(t, f, &s);

	s = span_trim(s);
	if (rc < 0 || !s.n)
		return rc;
	switch (f) {
	case INTEL_TYPE:
		i->type = indicator_type_of(s);
		return i->type == INDICATOR_NONE ? -EINVAL : 0;
	case INTEL_CONFIDENCE:
		return percent(s, &i->confidence);
	case INTEL_CATEGORY:
	case INTEL_CAMPAIGN:
	case INTEL_LICENCE:
		return reader_label(t->r, s, label_of(f, i));
	case INTEL_NOTE:
		return reader_note(t->r, s, &i->note);
	case INTEL_VALID_FROM:
	case INTEL_VALID_UNTIL:
	case INTEL_FIRST_SEEN:
	case INTEL_LAST_SEEN:
		return reader_time(s, time_of(f, i));
	case INTEL_EXACT:
		i->exact = span_eq_nocase(s, SPAN_LIT("true"));
		return i->exact || span_eq_nocase(s, SPAN_LIT("false")) ? 0 : -EINVAL;
	case INTEL_SIDE:
		i->side = span_eq_nocase(s, SPAN_LIT("benign")) ? INDICATOR_BENIGN : INDICATOR_BAD;
		return i->side || span_eq_nocase(s, SPAN_LIT("bad")) ? 0 : -EINVAL;
	case INTEL_TLP:
		i->tlp = tlp_of(s);
		return i->tlp == TLPS ? -EINVAL : 0;
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

/* What no record may hold in a column that is read; NULL if all is well. */
static const char *check(const struct table *t)
{
	for (int f = 0; f < INTEL_FIELDS; f++) {
		if (t->column[f] == NO_COLUMN)
			continue;
		struct span s = t->field[t->column[f]].raw;
		if (s.n > INTEL_LINE_MAX)
			return "a field longer than 65536 bytes";
		if (s.n && memchr(s.p, 0, s.n))
			return "NUL in a field";
		if (utf8_check(s) < s.n)
			return "a field that is not UTF-8";
	}
	return NULL;
}

static int record(struct table *t)
{
	struct indicator i = reader_default(t->r);
	struct span value = t->field[t->column[INTEL_VALUE]].raw;
	enum intel_field f = 0;
	int rc = 0;

	reader_next(t->r, t->c.rec_line);
	const char *why = check(t);
	if (why)
		return reader_reject(t->r, span_cut(value, 0, INTEL_LINE_MAX), why, NULL);
	rc = cell(t, INTEL_VALUE, &value);
	for (; f < INTEL_FIELDS && rc == 0; f++)
		if (f != INTEL_VALUE && f != INTEL_SOURCE)
			rc = fill(t, f, &i);
	if (rc == -EINVAL)
		return reader_reject(t->r, value, wrong[f - 1], NULL);
	return rc < 0 ? rc : each_source(t, &i, value);
}

/* What is wrong with the table from here on. A quote that never ends is told by where it began. */
static int broken(struct table *t)
{
	if (t->c.err != CSV_E_EOF)
		return reader_malformed(t->r, t->c.err_line, csv_strerror(t->c.err));
	return reader_malformed(t->r, t->c.rec_line, "quotes that do not end before the text does");
}

int read_csv(struct reader *r)
{
	struct table t = { .r = r };
	int rc = 0;
	char text[96];

	csv_open(&t.c, r->text, r->o->delim ? r->o->delim : ',', true);
	t.c.bytes = true;
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
	return rc == 0 && t.c.err ? broken(&t) : rc;
}
