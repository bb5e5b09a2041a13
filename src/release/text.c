/* SPDX-License-Identifier: Apache-2.0 */

#include "release/text.h"

#include <errno.h>

static bool alnum(uint8_t c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool only(struct span s, size_t max, const char *punct, bool upper)
{
	if (!s.n || s.n > max || !alnum(s.p[0]))
		return false;
	for (size_t i = 0; i < s.n; i++) {
		uint8_t c = s.p[i];
		if ((c >= 'A' && c <= 'Z' && !upper) || !(alnum(c) || (c && strchr(punct, c))))
			return false;
	}
	return true;
}

int text_channel(struct span s, struct fault *f)
{
	if (only(s, RELEASE_NAME_MAX, "._-", false))
		return 0;
	return fault_set(f, -EINVAL, "channel %s: a name is 1 to %d of a-z 0-9 . _ - and starts with "
	    "a letter or digit", QUOTE(s), RELEASE_NAME_MAX);
}

int text_version(struct span s, const char *what, struct fault *f)
{
	if (only(s, RELEASE_VERSION_MAX, "._+~-", true))
		return 0;
	return fault_set(f, -EINVAL, "%s %s: a version is 1 to %d of A-Z a-z 0-9 . _ + ~ - and starts "
	    "with a letter or digit", what, QUOTE(s), RELEASE_VERSION_MAX);
}

int text_line(struct span s, size_t max, const char *what, struct fault *f)
{
	if (!s.n || s.n > max)
		return fault_set(f, -EINVAL, "%s: needs 1 to %zu bytes of text", what, max);
	if (!quote_plain(s))
		return fault_set(f, -EINVAL, "%s: control characters and bytes that are not UTF-8 are "
		    "not allowed: %s", what, QUOTE(s));
	return 0;
}

int text_risk(struct span s, struct fault *f)
{
	if (span_eq_str(s, "low") || span_eq_str(s, "normal") || span_eq_str(s, "high"))
		return 0;
	return fault_set(f, -EINVAL, "risk class %s: low, normal or high", QUOTE(s));
}

int text_allow(struct span s, struct fault *f)
{
	struct digest d;

	if (span_find(s, ':') == SIZE_MAX)
		return text_version(s, "allowed", f);
	if (digest_parse(s, &d) < 0 || d.alg < DIGEST_SHA256)
		return fault_set(f, -EINVAL, "allowed %s: neither a version nor a digest such as "
		    "sha256:HEX (md5 and sha1 are too weak to allow by)", QUOTE(s));
	return 0;
}

static int condition_arg(const struct condition *c, struct fault *f)
{
	if (c->kind == CONDITION_VERIFIED)
		return text_version(c->arg, "condition: verified", f);
	if (c->kind == CONDITION_STATEMENT)
		return text_line(c->arg, RELEASE_TEXT_MAX, "condition: statement", f);
	if (only(c->arg, 64, "._-", true))
		return 0;
	return fault_set(f, -EINVAL, "condition: %s is not a case id", QUOTE(c->arg));
}

int condition_parse(struct span s, struct condition *ret_c, struct fault *f)
{
	static const struct {
		struct span head;
		enum condition_kind kind;
	} kinds[] = {
		{ SPAN_LIT("case-closed:"), CONDITION_CASE_CLOSED },
		{ SPAN_LIT("verified:"), CONDITION_VERIFIED },
		{ SPAN_LIT("statement:"), CONDITION_STATEMENT },
	};

	for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
		if (!span_starts(s, kinds[i].head))
			continue;
		struct condition c = { kinds[i].kind, span_from(s, kinds[i].head.n) };
		int rc = condition_arg(&c, f);
		if (rc == 0)
			*ret_c = c;
		return rc;
	}
	return fault_set(f, -EINVAL, "condition %s: one of case-closed:ID, verified:VERSION, "
	    "statement:TEXT", QUOTE(s));
}
