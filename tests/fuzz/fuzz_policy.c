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

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct policy zero;
	AUTO_ARENA struct arena a = ARENA_INIT(64u << 20);
	struct fault f = FAULT_INIT;
	struct policy p, again;

	int rc = policy_parse(&p, "p", span_of(data, size), &a, &f);
	check(policy_parse(&again, "p", span_of(data, size), &a, &f) == rc);
	if (rc < 0) {
		check(memcmp(&p, &zero, sizeof(p)) == 0 && (rc == -12 || f.text[0]));
		return 0;
	}
	check(p.require && p.name[0] && p.require == again.require);
	bool limits = p.builders.n || p.build_types.n || p.sources.n || p.refs.n ||
	    p.has_parameters || p.max_age;
	check(!limits || p.require & POLICY_PROVENANCE);
	return 0;
}
