/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * entropy: Shannon's, of bytes: how evenly the 256 values occur. Pure.
 */

#include "base/span.h"

struct histogram {
	uint64_t n[256];
};

void histogram_add(struct histogram *h, struct span s);
/* Thousandths of a bit per byte, 0 … 8000; 0 for no bytes. */
uint16_t histogram_entropy(const struct histogram *h);
