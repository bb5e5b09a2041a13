/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * yard: the yardstick of a real case: the intervals from its first alert that
 * share/cases/NAME/case.yaml states, each with its source. Intervals that start elsewhere are left
 * out: a drill begins with the alert.
 */

#include "base/arena.h"
#include "base/clock.h"
#include "base/fault.h"

#define YARDS_MAX 16

/* An interval of the real case that a milestone is measured against. */
struct yard {
	const char *id;	   /* milestone: "acknowledgement", "advisory", "clean-build" */
	const char *title; /* "first alert to acknowledgement" */
	ts published;
	const char *source;
};

/* yards has YARDS_MAX elements; strings live in the arena. 0, -EBADMSG with fault, -errno. */
FB_MUST int yard_load(
    const char *path, struct arena *a, struct yard *yards, size_t *ret_n, struct fault *f);
