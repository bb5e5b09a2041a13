/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* binary_pe: the parts of the PE reader of binary.h. Private to binary_pe*.c. */

#include "anatomy/binary/make.h"
#include "wire/pe_facts.h"

/* Would the processor run what is at rva? */
bool binary_pe_runs(const struct pe_image *im, uint32_t rva);
/* Mitigations, PDB, Rich header, CLR, resources and what they say; version texts and link time of
 * m->b, build id and resource counts of s. */
void binary_pe_traits(struct make *m, const struct pe_image *im, struct binary_slice *s,
    struct names *traits);
/* Headers and sections on which loaders disagree. */
void binary_pe_odd(struct make *m, const struct pe_image *im);
