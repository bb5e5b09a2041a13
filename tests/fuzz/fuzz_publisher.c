/* SPDX-License-Identifier: Apache-2.0 */

/* publisher: an error has words; a good one has what CSAF requires, with URLs and words it takes. */

#include "incident/publisher.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(int good)
{
	if (!good)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	AUTO_ARENA struct arena a = ARENA_INIT(64u << 20);
	struct fault f = FAULT_INIT;
	struct publisher p, again;

	int rc = publisher_parse(&p, "p", span_of(data, size), &a, &f);
	check(publisher_parse(&again, "p", span_of(data, size), &a, &f) == rc);
	if (rc < 0) {
		check(rc == -12 || f.text[0]);
		return 0;
	}
	check(p.name[0] && p.contact[0] && p.category[0] && p.id_prefix[0] && p.language[0]);
	check(publisher_is_url(p.namespace) && publisher_is_url(p.security_page));
	check(!p.advisory_url || publisher_is_url(p.advisory_url));
	check(publisher_tlp(span_str(p.tlp)) != NULL);
	check(p.nproduct == again.nproduct && p.nproduct <= PUBLISHER_PRODUCTS_MAX);
	for (size_t i = 0; i < p.nproduct; i++)
		check(publisher_product_of(&p, p.product[i].channel) == &p.product[i]);
	return 0;
}
