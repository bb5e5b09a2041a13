/* SPDX-License-Identifier: Apache-2.0 */

#include "trust/sbom/glob.h"

#include <string.h>

/* Where to go on when the rest does not fit: the star swallows one byte more. */
struct star {
	const char *pattern, *path; /* behind the star; NULL: none yet */
};

static bool step_back(struct star *s, const char **p, const char **t, bool over_slash)
{
	if (!s->pattern || !*s->path || (*s->path == '/' && !over_slash))
		return false;
	*p = s->pattern;
	*t = ++s->path;
	return true;
}

/*
 * The last "*" gives way first, then the last "**"; what a "*" in front of a "**" took is never
 * reconsidered, nor is a "*" behind one when the "**" moves on: each starts anew. Linear in memory,
 * quadratic in time at worst.
 */
bool sbom_glob(const char *p, const char *t)
{
	struct star one = { 0 }, any = { 0 };

	while (*t || *p) {
		if (p[0] == '*' && p[1] == '*') {
			p += 2;
			any = (struct star){ p, t };
			one = (struct star){ 0 };
		} else if (*p == '*') {
			one = (struct star){ ++p, t };
		} else if (*t && (*p == *t || (*p == '?' && *t != '/'))) {
			p++;
			t++;
		} else if (!step_back(&one, &p, &t, false)) {
			one = (struct star){ 0 };
			if (!step_back(&any, &p, &t, true))
				return false;
		}
	}
	return true;
}

bool sbom_glob_any(const char *const *pattern, size_t n, const char *path)
{
	for (size_t i = 0; i < n; i++)
		if (sbom_glob(pattern[i], path))
			return true;
	return false;
}
