/* SPDX-License-Identifier: Apache-2.0 */

/* Property: a signal that is decoded encodes to a form that decodes to the same form. */

#include "model/signal.h"

#include <errno.h>
#include <stdlib.h>

#define MUST(x) ((x) ? (void)0 : abort())

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int decode(struct span text, struct signal *s, struct arena *a)
{
	struct fault f = FAULT_INIT;
	struct json_doc d;

	if (json_parse(&d, text, a, &f) < 0)
		return -EBADMSG;
	int rc = signal_decode(s, json_root(&d), a, &f);
	MUST(rc == 0 || (rc == -EBADMSG && f.text[0]));
	return rc;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	AUTO_ARENA struct arena a = ARENA_INIT(16u << 20);
	AUTO_BUF struct buf one = BUF_INIT(1u << 20), two = BUF_INIT(1u << 20);
	struct signal s, again;

	if (decode(span_of(data, size), &s, &a) < 0)
		return 0;
	struct jw w = jw_canonical(&one);
	signal_json(&w, &s);
	MUST(decode(buf_span(&one), &again, &a) == 0);
	w = jw_canonical(&two);
	signal_json(&w, &again);
	MUST(span_eq(buf_span(&one), buf_span(&two)));
	return 0;
}
