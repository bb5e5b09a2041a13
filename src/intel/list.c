/* SPDX-License-Identifier: Apache-2.0 */

/* list: one value a line. */

#include "intel/priv.h"

#include "base/utf8.h"

static bool is_blank(uint8_t c)
{
	return c == ' ' || c == '\t';
}

/* Without a comment: # at the start, or behind white space (a URL may hold one). */
static struct span without_comment(struct span line)
{
	for (size_t i = 0; i < line.n; i++)
		if (line.p[i] == '#' && (i == 0 || is_blank(line.p[i - 1])))
			return span_cut(line, 0, i);
	return line;
}

static struct span next_word(struct span *rest)
{
	struct span s = span_trim(*rest);
	size_t n = 0;

	while (n < s.n && !is_blank(s.p[n]))
		n++;
	*rest = span_from(s, n);
	return span_cut(s, 0, n);
}

/* The address that /etc/hosts files give to names that must not resolve. */
static bool is_sink(struct span word)
{
	static const char *const sinks[] = { "0.0.0.0", "127.0.0.1", "::", "::1" };

	for (size_t i = 0; i < ARRAY_LEN(sinks); i++)
		if (span_eq_str(word, sinks[i]))
			return true;
	return false;
}

static int value(struct reader *r, struct span raw, enum indicator_type type)
{
	struct indicator i = reader_default(r);

	if (type != INDICATOR_NONE)
		i.type = type;
	return reader_emit(r, &i, raw);
}

static int line(struct reader *r, struct span s)
{
	struct span rest = s, first = next_word(&rest);
	int rc = 0;

	if (!span_trim(rest).n || r->o->type == INDICATOR_FILE_NAME)
		return value(r, s, INDICATOR_NONE);
	if (!is_sink(first))
		return reader_reject(r, s, "several words on a line (a table? see --format csv)", NULL);
	while (rc == 0 && (first = next_word(&rest)).n)
		rc = value(r, first, INDICATOR_DOMAIN);
	return rc;
}

static const char *check_text(struct span s)
{
	if (s.n > INTEL_LINE_MAX)
		return "a line is longer than 65536 bytes: not a list of values";
	if (span_find(s, 0) != SIZE_MAX)
		return "NUL in a line: not a list of values";
	return utf8_check(s) < s.n ? "not UTF-8" : NULL;
}

int read_list(struct reader *r)
{
	struct span rest = r->text, s;
	uint64_t n = 0;
	int rc = 0;

	if (span_starts(rest, SPAN_LIT("\xef\xbb\xbf")))
		rest = span_from(rest, 3);
	while (rc == 0 && span_next_line(&rest, &s)) {
		const char *bad = check_text(s);
		n++;
		if (bad)
			return reader_malformed(r, n, bad);
		s = span_trim(without_comment(s));
		if (!s.n)
			continue;
		reader_next(r, n);
		rc = line(r, s);
	}
	return rc;
}
