/* SPDX-License-Identifier: Apache-2.0 */

/* trusted_root: the bytes as a trusted root. A root is whole or not there, and the second reading is
 * as the first. */

#include "trust/sigstore/root_priv.h"

#include <errno.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool yes)
{
	if (!yes)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	AUTO_SIGSTORE_ROOT struct sigstore_root *r = NULL;
	AUTO_SIGSTORE_ROOT struct sigstore_root *again = NULL;
	struct fault f = FAULT_INIT, g = FAULT_INIT;
	struct span text = span_of(data, size);

	int rc = sigstore_root_parse(&r, text, &f);
	check(sigstore_root_parse(&again, text, &g) == rc && strcmp(f.text, g.text) == 0);
	check((rc == 0) == (r != NULL) && (rc == 0) == (again != NULL));
	if (rc < 0) {
		check(rc == -EBADMSG && f.text[0]);
		return 0;
	}
	for (size_t i = 0; i < r->ntlogs; i++)
		check(r->tlog[i].window.start <= r->tlog[i].window.end && r->tlog[i].id.n);
	for (size_t i = 0; i < r->ncas; i++)
		check(r->ca[i].roots && chain_roots_count(r->ca[i].roots));
	for (size_t i = 0; i < r->ntsas; i++) {
		const struct tsp_authority *a = NULL;
		check((root_tsa_authority(&a, &r->tsa[i], NULL) == 0) == (a != NULL));
	}
	return 0;
}
