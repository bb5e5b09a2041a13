/* SPDX-License-Identifier: Apache-2.0 */

#include "trust/shipped.h"

/* made from share/trust/ by tools/embed */
extern const uint8_t shipped_trusted_root[], shipped_tuf_root[];
extern const size_t shipped_trusted_root_size, shipped_tuf_root_size;

struct span trusted_root_shipped(void)
{
	return span_of(shipped_trusted_root, shipped_trusted_root_size);
}

ts trusted_root_shipped_date(void)
{
	return 1787945156 * TS_SECOND; /* 2026-08-28T19:25:56Z */
}

struct span tuf_root_shipped(void)
{
	return span_of(shipped_tuf_root, shipped_tuf_root_size);
}
