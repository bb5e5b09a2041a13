/* SPDX-License-Identifier: Apache-2.0 */

/* Properties: an error has words, its code, and leaves nothing; twice means the same; every node
 * of what is accepted has a place inside the text. */

#include "conf/yaml.h"

#include <errno.h>
#include <stdlib.h>

#define MUST(x) ((x) ? (void)0 : abort())

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	AUTO_ARENA struct arena a = ARENA_INIT(8u << 20);
	struct fault f = FAULT_INIT, again = FAULT_INIT;
	struct json_doc d, d2;
	int rc = yaml_parse(&d, "fuzz", span_of(data, size), &a, &f);

	MUST(rc == yaml_parse(&d2, "fuzz", span_of(data, size), &a, &again));
	MUST(strcmp(f.text, again.text) == 0);
	if (rc < 0) {
		MUST((rc == -EBADMSG || rc == -ENOMEM) && f.text[0] && !d.node && !d.n && !d.text.p);
		return 0;
	}
	MUST(rc == 0 && d.n && d.source && span_eq(d.text, d2.text));
	for (uint32_t i = 0; i < d.n; i++)
		MUST(d.source->place[i].line && d.source->place[i].line <= size + 1 &&
		    d.source->place[i].col && d.source->place[i].col <= size + 1);
	return 0;
}
