/* SPDX-License-Identifier: Apache-2.0 */

/* model/indicator: what is refused writes nothing; what is taken stays the same when taken again. */

#include "model/indicator.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size < 1)
		return 0;
	struct arena a = ARENA_INIT(64u << 10);
	enum indicator_type t = data[0] % INDICATOR_TYPES, was = t, again;
	const char *v = NULL, *v2 = NULL;
	struct fault f = FAULT_INIT;

	int rc = indicator_normalise(&t, span_of(data + 1, size - 1), &a, &v, &f);
	if (rc < 0 && (v || t != was || !f.text[0]))
		abort();
	if (rc == 0) {
		again = t;
		if (!v || !v[0] || strlen(v) > INDICATOR_VALUE_MAX || t == INDICATOR_NONE)
			abort();
		if (indicator_normalise(&again, span_str(v), &a, &v2, &f) < 0 || again != t ||
		    strcmp(v, v2) != 0)
			abort();
	}
	if (rc == 0 && t == INDICATOR_PATH && !strpbrk(v, "*?") && strncmp(v, "**/", 3) != 0 &&
	    !indicator_path_match(v, span_str(v)))
		abort();
	if (rc == 0 && t == INDICATOR_PATH)
		(void)indicator_path_match(v, span_of(data + 1, size - 1));
	/* Benign claims: everything that is taken as bad, and more. */
	t = was;
	int benign = indicator_normalise_benign(&t, span_of(data + 1, size - 1), &a, &v2, &f);
	if (rc == 0 && (benign < 0 || strcmp(v, v2) != 0))
		abort();
	arena_free(&a);
	return 0;
}
