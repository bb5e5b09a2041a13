/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Between the files of cab. */

#include "wire/cab.h"

void cab_odd(struct cab *c, enum cab_odd_kind k, uint64_t off, uint64_t len, uint32_t item);
/* CAB_TRUNCATED beyond the end of the file. */
FB_MUST int cab_fetch(struct cab *c, uint64_t off, void *p, size_t n);
bool cab_zero(struct span s);
