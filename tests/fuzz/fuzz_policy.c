/* SPDX-License-Identifier: Apache-2.0 */

/* policy: an error means zeroed output and words; success means that something is required. */

#include "trust/policy.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(int good)
{
	if (!good)
		abort();
}

/* First line: pattern; second: text. What is named exactly is always matched. */
static void as_patterns(struct span text, struct arena *a)
{
	struct span p = SPAN_NONE, t = SPAN_NONE;

	if (text.n > 4096 || !span_next_line(&text, &p) || !span_next_line(&text, &t))
		return;
	const char *pattern = arena_str(a, p), *subject = arena_str(a, t);
	check(pattern && subject);
	(void)policy_glob(pattern, subject);
	(void)policy_level(pattern, subject);
	(void)policy_versioned_tag(pattern, subject);
	(void)policy_builder(pattern, subject);
	check(policy_level(subject, subject));
	if (!strchr(subject, '*')) {
		check(policy_glob(subject, subject) && policy_glob("**", subject));
		check(policy_builder(subject, subject) || strstr(subject, "@>="));
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct policy zero;
	AUTO_ARENA struct arena a = ARENA_INIT(64u << 20);
	struct fault f = FAULT_INIT;
	struct policy p, again;

	as_patterns(span_of(data, size), &a);
	int rc = policy_parse(&p, "p", span_of(data, size), &a, &f);
	check(policy_parse(&again, "p", span_of(data, size), &a, &f) == rc);
	if (rc < 0) {
		check(memcmp(&p, &zero, sizeof(p)) == 0 && (rc == -12 || f.text[0]));
		return 0;
	}
	check(p.require && p.name[0] && p.require == again.require);
	bool limits = p.builders.n || p.build_types.n || p.sources.n || p.refs.n ||
	    p.has_parameters || p.max_age || p.branches.n || p.tags.n || p.versioned_tags.n ||
	    p.inputs.n || p.ndependencies || p.only_from.n;
	check(!limits || p.require & POLICY_PROVENANCE);
	check(!(p.require & POLICY_VSA) == !p.vsa.verifiers.n);
	return 0;
}
