/* SPDX-License-Identifier: Apache-2.0 */

/* policy_match: patterns, versions and levels. */

#include "trust/policy.h"

#include <ctype.h>

/* pattern: "*" any bytes but "/"; "**" any bytes. Keeps the last star of each kind to fall back to;
 * the one that crosses "/" can undo the choices of the other, never the reverse. */
bool policy_glob(const char *pattern, const char *text)
{
	const char *star = NULL, *retry = NULL, *wide = NULL, *wide_retry = NULL;

	for (;;) {
		if (pattern[0] == '*' && pattern[1] == '*') {
			wide = pattern += 2;
			wide_retry = text;
			star = NULL;
		} else if (*pattern == '*') {
			star = ++pattern;
			retry = text;
		} else if (*pattern == *text) {
			if (!*text)
				return true;
			pattern++;
			text++;
		} else if (star && *retry && *retry != '/') {
			pattern = star;
			text = ++retry;
		} else if (wide && *wide_retry) {
			pattern = wide;
			text = ++wide_retry;
			star = NULL;
		} else {
			return false;
		}
	}
}

bool policy_allows(const struct policy_list *l, const char *text)
{
	for (size_t i = 0; text && i < l->n; i++)
		if (policy_glob(l->item[i], text))
			return true;
	return l->n == 0;
}

/* A semantic version with "v" in front; parts that are not there are counted by n. */
struct version {
	struct span part[3]; /* digits */
	size_t n;
	struct span pre; /* behind "-"; n == 0: none */
};

static bool is_ident(uint8_t c)
{
	return isalnum(c) || c == '-';
}

static bool all_digits(struct span s)
{
	for (size_t i = 0; i < s.n; i++)
		if (!isdigit(s.p[i]))
			return false;
	return s.n > 0;
}

/* Dot-separated identifiers (semver.org sections 9 and 10). */
static bool read_idents(struct span *ret_s, struct span *s, bool numbers_strict)
{
	size_t i = 0, start = 0;

	for (; i <= s->n; i++) {
		bool end = i == s->n || s->p[i] == '+';
		if (!end && s->p[i] != '.') {
			if (!is_ident(s->p[i]))
				return false;
			continue;
		}
		struct span id = span_cut(*s, start, i - start);
		if (!id.n || (numbers_strict && all_digits(id) && id.n > 1 && id.p[0] == '0'))
			return false;
		if (end)
			break;
		start = i + 1;
	}
	*ret_s = span_cut(*s, 0, i);
	*s = span_from(*s, i);
	return true;
}

static bool read_version(struct version *ret_v, struct span s)
{
	struct version v = { 0 };
	struct span build;

	if (!s.n || s.p[0] != 'v')
		return false;
	do {
		size_t i = 0;
		s = span_from(s, 1);
		while (i < s.n && isdigit(s.p[i]))
			i++;
		if (!i || v.n == 3 || (i > 1 && s.p[0] == '0'))
			return false;
		v.part[v.n++] = span_cut(s, 0, i);
		s = span_from(s, i);
	} while (s.n && s.p[0] == '.');
	if (s.n && s.p[0] == '-') {
		s = span_from(s, 1);
		if (v.n != 3 || !read_idents(&v.pre, &s, true))
			return false;
	}
	if (s.n && s.p[0] == '+') {
		s = span_from(s, 1);
		if (v.n != 3 || !read_idents(&build, &s, false))
			return false;
	}
	if (s.n)
		return false;
	*ret_v = v;
	return true;
}

/* Numbers of any length without leading zeros. */
static int cmp_number(struct span a, struct span b)
{
	if (a.n != b.n)
		return a.n < b.n ? -1 : 1;
	return span_cmp(a, b);
}

static struct span next_ident(struct span *s)
{
	size_t dot = span_find(*s, '.');
	struct span id = span_cut(*s, 0, dot);

	*s = dot == SIZE_MAX ? SPAN_NONE : span_from(*s, dot + 1);
	return id;
}

/* semver.org section 11: a pre-release is older than its release. */
static int cmp_pre(struct span a, struct span b)
{
	if (!a.n || !b.n)
		return a.n ? -1 : b.n ? 1 : 0;
	while (a.n && b.n) {
		struct span x = next_ident(&a), y = next_ident(&b);
		bool nx = all_digits(x), ny = all_digits(y);
		int c = nx && ny ? cmp_number(x, y) : nx != ny ? (nx ? -1 : 1) : span_cmp(x, y);
		if (c)
			return c;
	}
	return a.n ? 1 : b.n ? -1 : 0;
}

static int cmp_version(const struct version *a, const struct version *b)
{
	for (size_t i = 0; i < 3; i++) {
		int c = cmp_number(a->part[i], b->part[i]);
		if (c)
			return c;
	}
	return cmp_pre(a->pre, b->pre);
}

bool policy_version_ok(const char *want)
{
	struct version v;

	return read_version(&v, span_str(want));
}

#define TAGS "refs/tags/"

/* The version behind "refs/tags/", NULL if it is no tag. */
static const char *tag_of(const char *ref)
{
	return ref && strncmp(ref, TAGS, sizeof(TAGS) - 1) == 0 ? ref + sizeof(TAGS) - 1 : NULL;
}

bool policy_versioned_tag(const char *want, const char *ref)
{
	const char *tag = tag_of(ref);
	struct version w, v;

	if (!tag || !read_version(&w, span_str(want)) || !read_version(&v, span_str(tag)))
		return false;
	while (v.n < 3) /* "v14" is v14.0.0 */
		v.part[v.n++] = SPAN_LIT("0");
	for (size_t i = 0; i < w.n; i++)
		if (cmp_number(w.part[i], v.part[i]) != 0)
			return false;
	return span_eq(w.pre, v.pre);
}

const char *policy_builder_fault(const char *pattern)
{
	const char *star = strchr(pattern, '*'), *at = strrchr(pattern, '@');

	if (star && (!at || star < at))
		return "in a builder id \"*\" may only stand in the version behind the last \"@\"";
	if (at && strncmp(at, "@>=", 3) == 0) {
		struct version v;
		if (!read_version(&v, span_str(at + 3)) || v.n != 3)
			return "\"@>=\" needs a whole version such as v1.9.0 behind it";
	}
	if (!at && strstr(pattern, "/.github/workflows/"))
		return "the id of a workflow ends in its version: @refs/tags/v1.2.3, @v1.* or @>=v1.9.0";
	return NULL;
}

bool policy_builder(const char *pattern, const char *id)
{
	const char *p = strrchr(pattern, '@'), *i = strrchr(id, '@');
	struct version least, is;

	if (!p || !i)
		return strcmp(pattern, id) == 0;
	if (p - pattern != i - id || strncmp(pattern, id, (size_t)(p - pattern)) != 0)
		return false;
	const char *want = p + 1, *have = i + 1, *tag = tag_of(have);
	if (strncmp(want, ">=", 2) == 0)
		return read_version(&least, span_str(want + 2)) &&
		       read_version(&is, span_str(tag ? tag : have)) && is.n == 3 &&
		       cmp_version(&is, &least) >= 0;
	return policy_glob(want, have) || (tag && policy_glob(want, tag));
}

bool policy_level(const char *want, const char *level)
{
	static const char mark[] = "_LEVEL_";
	const char *w = strstr(want, mark), *l = strstr(level, mark);

	if (strcmp(want, level) == 0)
		return true;
	if (strncmp(want, "SLSA_", 5) != 0 || !w || !l || w - want != l - level ||
	    strncmp(want, level, (size_t)(w - want)) != 0)
		return false;
	w += sizeof(mark) - 1;
	l += sizeof(mark) - 1;
	return strlen(w) == 1 && strlen(l) == 1 && isdigit((uint8_t)*w) && isdigit((uint8_t)*l) &&
	       *l >= *w;
}
