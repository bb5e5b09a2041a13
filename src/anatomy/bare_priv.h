/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* bare_priv: the formats of bare.h. Private to bare*.c. */

#include "anatomy/bare.h"

/*
 * Mach-O: each slice as codesign --remove-signature leaves it: without the load command, __LINKEDIT
 * and file ending where the signature began (or up to 15 bytes of zeros earlier: it is aligned). Of a
 * fat file each slice besides as it is, which is what went into it.
 */
FB_MUST int bare_macho(struct component_bare *b, struct span file);

/* One more candidate, the two parts one after the other; beyond COMPONENT_BARE_MAX none. */
FB_MUST int bare_put(struct component_bare *b, struct span head, struct span rest);
