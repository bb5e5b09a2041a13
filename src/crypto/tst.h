/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* tst: TSTInfo (RFC 3161 2.4.2), what a time-stamping authority signs. Private to crypto/. */

#include "base/clock.h"
#include "base/span.h"
#include "model/digest.h"

struct tst {
	ts time;	       /* an instant: never TS_NONE or TS_FOREVER */
	struct span policy;    /* OID content */
	struct span serial;    /* INTEGER content */
	struct digest imprint; /* unset: of an algorithm that is not known */
};

/* Exactly one TSTInfo without unknown critical extensions; false if it is not. */
bool tst_read(struct tst *ret_t, struct span der);
