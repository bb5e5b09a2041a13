/* SPDX-License-Identifier: Apache-2.0 */

/* lines: what the formats of lines share. */

#include "intel/priv.h"

#include "base/utf8.h"

static bool is_blank(uint8_t c)
{
	return c == ' ' || c == '\t';
}

struct span line_without_comment(struct span line)
{
	const uint8_t *at = line.n ? memchr(line.p, '#', line.n) : NULL;

	while (at && at > line.p && !is_blank(at[-1]))
		at = memchr(at + 1, '#', (size_t)(line.p + line.n - at - 1));
	return at ? span_trim(span_cut(line, 0, (size_t)(at - line.p))) : line;
}

struct span line_word(struct span *rest)
{
	struct span s = span_trim(*rest);
	size_t n = 0;

	while (n < s.n && !is_blank(s.p[n]))
		n++;
	*rest = span_from(s, n);
	return span_cut(s, 0, n);
}

static const char *check_text(struct span s)
{
	if (s.n > INTEL_LINE_MAX)
		return "a line is longer than 65536 bytes";
	if (memchr(s.p, 0, s.n))
		return "NUL in a line";
	return utf8_check(s) < s.n ? "a line that is not UTF-8" : NULL;
}

static int one_line(struct reader *r, uint64_t n, struct span s,
    int (*fn)(struct reader *r, struct span line))
{
	s = span_trim(s);
	if (!s.n)
		return 0;
	const char *bad = check_text(s);
	if (!bad && !(s = line_without_comment(s)).n)
		return 0;
	reader_next(r, n);
	return bad ? reader_reject(r, span_cut(s, 0, INTEL_LINE_MAX), bad, NULL) : fn(r, s);
}

int reader_lines(struct reader *r, int (*fn)(struct reader *r, struct span line))
{
	struct span rest = r->text, s;
	uint64_t n = 0;
	int rc = 0;

	while (rc == 0 && span_next_line(&rest, &s)) {
		do { /* lines that a CR alone ends */
			size_t cr = span_find(s, '\r');
			rc = one_line(r, ++n, span_cut(s, 0, cr), fn);
			s = cr == SIZE_MAX ? SPAN_NONE : span_from(s, cr + 1);
		} while (rc == 0 && s.n);
	}
	return rc;
}
