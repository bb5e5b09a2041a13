/* SPDX-License-Identifier: Apache-2.0 */

#include "trust/sigstore/stamps.h"

#include <errno.h>

static int reason_of(int tsp)
{
	switch (tsp) {
	case TSP_OTHER_BYTES:
		return SIGSTORE_R_TIMESTAMP_IMPRINT;
	case TSP_NO_CERTIFICATE:
	case TSP_OTHER_TSA:
	case TSP_UNTRUSTED:
		return SIGSTORE_R_TIMESTAMP_UNTRUSTED;
	default:
		return SIGSTORE_R_TIMESTAMP;
	}
}

static int outside(const struct root_tsa *tsa, ts t, struct fault *f)
{
	char at[TS_TEXT_MAX];

	fault_set(f, 0, "timestamping authority \"%s\" was not valid at %s by the trusted root",
	    QUOTE(span_str(tsa->uri)), ts_format(t, at));
	return SIGSTORE_R_TIMESTAMP_WINDOW;
}

/* The authority that stamped it. An authority that knows the signer says more about what is wrong
 * than one that does not. */
static int find_authority(const struct root_tsa **ret_tsa, const struct tsp *stamp,
    struct span message, const struct sigstore_root *root, struct fault *f)
{
	int worst = SIGSTORE_R_TIMESTAMP_UNTRUSTED;
	struct fault why = FAULT_INIT;

	fault_set(f, 0, "the trusted root has no timestamping authority that made this timestamp");
	for (size_t i = 0; i < root->ntsas; i++) {
		const struct root_tsa *tsa = &root->tsa[i];
		const struct tsp_authority *authority = NULL;
		int rc = root_tsa_authority(&authority, tsa, &why);
		if (rc == 0)
			rc = tsp_verify(stamp, message, authority, &why);
		else if (rc != -ENOMEM)
			rc = TSP_UNTRUSTED;
		if (rc < 0)
			return rc;
		if (rc == TSP_OK && root_within(&tsa->window, stamp->time)) {
			*ret_tsa = tsa;
			return 0;
		}
		if (rc == TSP_OK) {
			worst = outside(tsa, stamp->time, f);
		} else if (worst == SIGSTORE_R_TIMESTAMP_UNTRUSTED) {
			worst = reason_of(rc);
			fault_set(f, 0, "timestamp: %s", why.text);
		}
	}
	return worst;
}

static int check_one(struct sigstore_result *r, struct span der, const struct sigstore_root *root)
{
	const struct root_tsa *tsa = NULL;
	struct tsp stamp;

	int rc = tsp_read(&stamp, der, &r->words);
	if (rc > 0) {
		fault_wrap(&r->words, rc, "timestamp");
		return SIGSTORE_R_TIMESTAMP;
	}
	if (rc == 0)
		rc = find_authority(&tsa, &stamp, r->bundle->signature, root, &r->words);
	if (rc)
		return rc;
	r->time[r->ntimes++] = (struct sigstore_time){ SIGSTORE_TIME_TSA, stamp.time, tsa->uri };
	return 0;
}

int stamps_check(struct sigstore_result *r, const struct sigstore_root *root)
{
	const struct sigstore_bundle *b = r->bundle;

	for (size_t i = 0; i < b->ntimestamps; i++) {
		for (size_t k = 0; k < i; k++) {
			if (!span_eq(b->timestamp[i], b->timestamp[k]))
				continue;
			fault_set(&r->words, 0, "the same timestamp twice");
			return SIGSTORE_R_TIMESTAMP;
		}
		int rc = check_one(r, b->timestamp[i], root);
		if (rc)
			return rc;
	}
	return 0;
}
