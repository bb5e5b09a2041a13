/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * regexp: anchored regular expressions that a user or a policy gives (never evidence).
 *
 * POSIX extended syntax (regcomp(3), "C" locale), matched against the whole text: as if in ^(…)$.
 * Perl's and Go's additions would mean something else here without an error, so they are refused:
 * "(?", a backslash in front of a letter or digit, and a backslash inside brackets. Write [0-9] for
 * \d and [^/] for "anything but a slash".
 */

#include "base/fault.h"

#define REGEXP_MAX 2048 /* bytes of a pattern, and of a text that can match */

struct regexp;

/* 0; -EINVAL with fault; -ENOMEM. */
FB_MUST int regexp_new(struct regexp **ret_r, const char *pattern, struct fault *f);
/* Accepts NULL; returns NULL. */
struct regexp *regexp_free(struct regexp *r);
/* NULL, longer and multi-line texts match nothing. */
bool regexp_match(const struct regexp *r, const char *text);
