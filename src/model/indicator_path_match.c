/* SPDX-License-Identifier: Apache-2.0 */

#include "model/indicator_text.h"
#include "model/indicator.h"

#include <stdio.h>

/* One segment of pattern against one of the path, both up to a slash or the end. */
static bool segment_matches(const char *p, const char *p_end, const uint8_t *s, const uint8_t *s_end)
{
	const char *star = NULL;
	const uint8_t *from = NULL;

	while (s < s_end) {
		char c = (char)*s;
		if (c >= 'A' && c <= 'Z')
			c |= 0x20;
		if (p < p_end && *p == '*') {
			star = ++p;
			from = s;
		} else if (p < p_end && (*p == '?' || *p == c)) {
			p++;
			s++;
		} else if (star) {
			p = star;
			s = ++from;
		} else {
			return false;
		}
	}
	while (p < p_end && *p == '*')
		p++;
	return p == p_end;
}

static size_t path_segment(const uint8_t *s, const uint8_t *end)
{
	size_t n = 0;

	while (s + n < end && s[n] != '/' && s[n] != '\\')
		n++;
	return n;
}

/* Segment by segment; "**" stands for any number of them and is tried again one further on. */
static bool segments_match(const char *p, const uint8_t *s, const uint8_t *end)
{
	const char *again = NULL;
	const uint8_t *from = NULL;

	for (;;) {
		size_t n = strcspn(p, "/"), k = path_segment(s, end);
		if (n == 2 && memcmp(p, "**", 2) == 0) {
			if (!p[2])
				return s < end;
			again = p += 3;
			from = s;
			continue;
		}
		bool p_last = !p[n], s_last = s + k == end;
		if (p_last == s_last && segment_matches(p, p + n, s, s + k)) {
			if (p_last)
				return true;
			p += n + 1;
			s += k + 1;
			continue;
		}
		if (!again)
			return false;
		k = path_segment(from, end);
		if (from + k == end)
			return false;
		from += k + 1;
		p = again;
		s = from;
	}
}

static bool is_drive(struct span s)
{
	return s.n >= 2 && is_ascii_letter((char)s.p[0]) && s.p[1] == ':';
}

bool indicator_path_match(const char *pattern, struct span path)
{
	const uint8_t *s = path.p, *end = path.p + path.n;
	bool drive = path.n >= 3 && is_drive(path) && (s[2] == '/' || s[2] == '\\');
	char whole[INDICATOR_VALUE_MAX + 4];

	if (!path.n || strlen(pattern) > INDICATOR_VALUE_MAX)
		return false;
	if (is_drive(span_str(pattern))) {
		if (drive)
			return (s[0] | 0x20) == pattern[0] && segments_match(pattern + 3, s + 3, end);
		stpcpy(stpcpy(whole, "**/"), pattern + 3);
		pattern = whole;
	} else if (drive) {
		s += 2;
	}
	if (pattern[0] == '/')
		return (*s == '/' || *s == '\\') && segments_match(pattern + 1, s + 1, end);
	if (s < end && (*s == '/' || *s == '\\'))
		s++;
	return segments_match(pattern, s, end);
}
