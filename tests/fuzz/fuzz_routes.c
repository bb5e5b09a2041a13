/* SPDX-License-Identifier: Apache-2.0 */

/* routes: an error has words; routes that are good answer every kind of signal, and a route written
 * into a case and read back is the same. */

#include "incident/route.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(int good)
{
	if (!good)
		abort();
}

static void check_again(const struct route *r, struct arena *a)
{
	AUTO_BUF struct buf first = BUF_INIT(16u << 20), second = BUF_INIT(16u << 20);
	struct fault f = FAULT_INIT;
	struct json_doc d;
	struct route again;

	struct jw w = jw_canonical(&first);
	route_json(&w, r);
	check(json_parse(&d, buf_span(&first), a, &f) == 0);
	check(route_decode(&again, json_root(&d), a, &f) == 0);
	w = jw_canonical(&second);
	route_json(&w, &again);
	check(span_eq(buf_span(&first), buf_span(&second)));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	AUTO_ARENA struct arena a = ARENA_INIT(64u << 20);
	struct fault f = FAULT_INIT;
	struct routes r, again;

	int rc = routes_parse(&r, "r", span_of(data, size), &a, &f);
	check(routes_parse(&again, "r", span_of(data, size), &a, &f) == rc);
	if (rc < 0) {
		check(rc == -12 || f.text[0]);
		return 0;
	}
	check(r.n && r.n <= ROUTES_MAX && r.n == again.n);
	check(r.independent_reports >= 1 && r.dismissal_max > 0 && r.freeze_for > 0);
	for (enum signal_kind k = SIGNAL_NONE + 1; k <= SIGNAL_DOWNSTREAM_IMPACT; k++)
		check(routes_match(&r, &(struct signal){ .kind = k }) != NULL);
	for (size_t i = 0; i < r.n; i++)
		check_again(&r.route[i], &a);
	return 0;
}
