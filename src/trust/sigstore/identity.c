/* SPDX-License-Identifier: Apache-2.0 */

#include "trust/sigstore/identity.h"

#include <errno.h>
#include <regex.h>
#include <stdio.h>
#include <stdlib.h>

struct identity_pattern {
	regex_t re;
};

/* regcomp takes \1 to \9 as a GNU extension: the one thing that could make matching slow. */
static bool has_back_reference(const char *text)
{
	for (const char *p = text; *p; p++) {
		if (*p != '\\')
			continue;
		if (!*++p)
			return false;
		if (*p >= '1' && *p <= '9')
			return true;
	}
	return false;
}

int identity_pattern_new(struct identity_pattern **ret_p, const char *text, struct fault *f)
{
	char anchored[IDENTITY_PATTERN_MAX + 8], words[128];

	if (!*text || strlen(text) > IDENTITY_PATTERN_MAX)
		return fault_set(f, -EINVAL, "a pattern has 1 to %d bytes", IDENTITY_PATTERN_MAX);
	if (has_back_reference(text))
		return fault_set(f, -EINVAL, "a pattern with a back-reference: \"%s\"",
		    QUOTE(span_str(text)));
	struct identity_pattern *p = calloc(1, sizeof(*p));
	if (!p)
		return -ENOMEM;
	/* The pattern must be one by itself, or "a)|(b" would take the anchors apart. */
	int rc = regcomp(&p->re, text, REG_EXTENDED | REG_NOSUB);
	if (rc == 0) {
		regfree(&p->re);
		snprintf(anchored, sizeof(anchored), "^(%s)$", text);
		rc = regcomp(&p->re, anchored, REG_EXTENDED | REG_NOSUB);
	}
	if (rc) {
		regerror(rc, &p->re, words, sizeof(words));
		free(p);
		return fault_set(f, rc == REG_ESPACE ? -ENOMEM : -EINVAL,
		    "not a regular expression: \"%s\": %s", QUOTE(span_str(text)), words);
	}
	*ret_p = p;
	return 0;
}

struct identity_pattern *identity_pattern_free(struct identity_pattern *p)
{
	if (p)
		regfree(&p->re);
	free(p);
	return NULL;
}

void identity_pattern_free_p(struct identity_pattern **p)
{
	*p = identity_pattern_free(*p);
}

bool identity_pattern_match(const struct identity_pattern *p, const char *value)
{
	if (!value || strlen(value) > IDENTITY_VALUE_MAX || strchr(value, '\n'))
		return false;
	return regexec(&p->re, value, 0, NULL, 0) == 0;
}
