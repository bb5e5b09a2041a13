/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * identity: patterns for a signer's identity and issuer.
 *
 * A pattern is a POSIX extended regular expression (regcomp in the "C" locale: bytes, no
 * back-references) that must match the whole value: it is compiled as ^(PATTERN)$, so an
 * alternation in it cannot get out, and a value with a line feed matches no pattern. Patterns come
 * from the user or a policy, never from evidence; glibc's matcher does not backtrack
 * exponentially without back-references, and both sides are capped.
 */

#include "base/fault.h"
#include "base/span.h"
#include "base/util.h"

#define IDENTITY_PATTERN_MAX 1024 /* bytes */
#define IDENTITY_VALUE_MAX 4096   /* longer values match nothing */

struct identity_pattern;
/* 0; -EINVAL with fault: empty, too long, back-references, not a regular expression; -ENOMEM. */
FB_MUST int identity_pattern_new(struct identity_pattern **ret_p, const char *text,
    struct fault *f);
struct identity_pattern *identity_pattern_free(struct identity_pattern *p);
void identity_pattern_free_p(struct identity_pattern **p);
#define AUTO_IDENTITY_PATTERN FB_CLEANUP(identity_pattern_free_p)
/* NULL matches no pattern. */
bool identity_pattern_match(const struct identity_pattern *p, const char *value);
