/* SPDX-License-Identifier: Apache-2.0 */

/* ac_chain: whose certificate is it? First as chains are judged today, then with SHA-1. */

#include "crypto/ac_priv.h"

#include "crypto/ossl.h"

#include <errno.h>

static int attempt(struct chain_path *ret_p, const struct ac_question *q, bool sha1, struct fault *f)
{
	const struct cert *extra[AC_CERTS_MAX];
	const struct chain_rules rules = { .t = sha1 ? q->t_sha1 : q->t,
		.purpose = q->purpose,
		.sha1 = sha1 };
	size_t n = 0;

	if (q->weak && !sha1)
		return fault_set(f, CHAIN_ALGORITHM, "signed with SHA-1, which no longer counts");
	for (size_t i = 0; i < q->set->n; i++)
		if (&q->set->cert[i] != q->leaf)
			extra[n++] = &q->set->cert[i];
	return chain_verify_by(ret_p, q->roots, q->leaf, extra, n, &rules, f);
}

int ac_chain(struct ac_chain *ret_c, const struct ac_question *q, struct ac_reading *r)
{
	struct ac_chain c = { .state = AC_CHAIN_NONE, .at = TS_NONE };
	struct fault strict = FAULT_INIT, loose = FAULT_INIT, *why = &strict;
	struct chain_path path;

	if (!q->roots) {
		*ret_c = c;
		return 0;
	}
	c.at = q->t;
	int rc = attempt(&path, q, false, &strict);
	c.result = rc > 0 ? (enum chain_result)rc : CHAIN_OK;
	c.state = rc == CHAIN_OK ? AC_CHAIN_ANCHORED : AC_CHAIN_FAILED;
	if (rc > 0) {
		rc = attempt(&path, q, true, &loose);
		if (rc == CHAIN_OK) {
			c.state = r->trust->allow_sha1 ? AC_CHAIN_ANCHORED : AC_CHAIN_SHA1;
			c.at = q->t_sha1;
		} else if (rc > 0) {
			c.result = (enum chain_result)rc;
			why = &loose;
		}
	}
	if (rc < 0)
		return rc;
	if (c.state == AC_CHAIN_ANCHORED) {
		c.result = CHAIN_OK;
	} else {
		c.at = TS_NONE;
		c.why = arena_str(r->arena, span_str(why->text));
		if (!c.why)
			return -ENOMEM;
	}
	*ret_c = c;
	return 0;
}
