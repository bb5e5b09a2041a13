/* SPDX-License-Identifier: Apache-2.0 */

#include "trust/regexp.h"

#include <ctype.h>
#include <errno.h>
#include <regex.h>
#include <stdio.h>
#include <stdlib.h>

struct regexp {
	regex_t re;
};

/* p stands at the "[" of a set: its last "]", or NULL. *ret_slash: there is a backslash in it. */
static const char *set_end(const char *p, bool *ret_slash)
{
	p += p[1] == '^' ? 2 : 1;
	for (const char *first = p; *p; p++) {
		*ret_slash |= *p == '\\';
		if (*p == '[' && p[1] && strchr(":.=", p[1])) {
			char end[] = { p[1], ']', 0 };
			p = strstr(p + 2, end);
			if (!p)
				return NULL;
			p++;
		} else if (*p == ']' && p != first) {
			return p;
		}
	}
	return NULL;
}

/* What POSIX would silently take for something else, or what would leave ^(…)$. NULL: nothing. */
static const char *foreign(const char *p)
{
	bool slash = false;
	size_t depth = 0;

	for (; *p; p++) {
		if (*p == '\\') {
			p++;
			if (!*p || isalnum((uint8_t)*p))
				return "a backslash in front of a letter, a digit or nothing";
		} else if (*p == '[') {
			p = set_end(p, &slash);
			if (!p)
				return "a \"[\" without its \"]\"";
			if (slash)
				return "a backslash inside brackets";
		} else if (*p == '(') {
			depth++;
			if (p[1] == '?')
				return "\"(?\"";
		} else if (*p == ')' && !depth--) {
			return "a \")\" without its \"(\"";
		} else if (strchr("*+?}", *p) && (p[1] == '?' || p[1] == '+')) {
			return "a repetition of a repetition";
		}
	}
	return NULL;
}

int regexp_new(struct regexp **ret_r, const char *pattern, struct fault *f)
{
	char text[REGEXP_MAX + 8], words[128];
	const char *alien = foreign(pattern);

	if (!*pattern || strlen(pattern) > REGEXP_MAX)
		return fault_set(f, -EINVAL, "a regular expression has 1 to %d bytes", REGEXP_MAX);
	if (alien)
		return fault_set(f, -EINVAL,
		    "%s: %s is not POSIX extended syntax; write [0-9] for \\d, [^/] for not a slash",
		    QUOTE(span_str(pattern)), alien);
	struct regexp *r = calloc(1, sizeof(*r));
	if (!r)
		return -ENOMEM;
	snprintf(text, sizeof(text), "^(%s)$", pattern);
	int rc = regcomp(&r->re, text, REG_EXTENDED | REG_NOSUB);
	if (rc) {
		regerror(rc, &r->re, words, sizeof(words));
		free(r);
		return fault_set(f, rc == REG_ESPACE ? -ENOMEM : -EINVAL, "%s: %s",
		    QUOTE(span_str(pattern)), words);
	}
	*ret_r = r;
	return 0;
}

struct regexp *regexp_free(struct regexp *r)
{
	if (r)
		regfree(&r->re);
	free(r);
	return NULL;
}

bool regexp_match(const struct regexp *r, const char *text)
{
	return text && strlen(text) <= REGEXP_MAX && !strpbrk(text, "\r\n") &&
	       regexec(&r->re, text, 0, NULL, 0) == 0;
}
