/* SPDX-License-Identifier: Apache-2.0 */

/* pattern: lists of patterns as ssh_config(5) describes them under PATTERNS. */

#include "trust/detached/priv.h"

/* "*" any bytes, "?" any one. Linear in practice: only the last star is gone back to. */
static bool match(struct span s, struct span p)
{
	size_t i = 0, j = 0, star = SIZE_MAX, from = 0;

	while (i < s.n) {
		if (j < p.n && p.p[j] == '*') {
			star = j++;
			from = i;
		} else if (j < p.n && (p.p[j] == '?' || p.p[j] == s.p[i])) {
			i++;
			j++;
		} else if (star != SIZE_MAX) {
			j = star + 1;
			i = ++from;
		} else {
			return false;
		}
	}
	while (j < p.n && p.p[j] == '*')
		j++;
	return j == p.n;
}

bool ssh_pattern_match(const char *s, const char *list)
{
	struct span rest = span_str(list);
	bool found = false;

	while (rest.n) {
		size_t n = span_find(rest, ',');
		struct span p = span_cut(rest, 0, n);
		bool refuse = p.n && p.p[0] == '!';
		rest = n == SIZE_MAX ? SPAN_NONE : span_from(rest, n + 1);
		if (!match(span_str(s), refuse ? span_from(p, 1) : p))
			continue;
		if (refuse)
			return false;
		found = true;
	}
	return found;
}
