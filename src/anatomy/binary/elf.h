/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* binary_elf: the parts of the ELF reader of binary.h. Private to binary_elf*.c. */

#include "anatomy/binary/make.h"
#include "wire/elf.h"

/* What runs before and after main: DT_INIT, the arrays (as the loader relocates them), DT_FINI;
 * functions that choose functions (IRELATIVE) go to the traits. 0 or -ENOMEM. */
FB_MUST int binary_elf_init(struct make *m, const struct elf *e, struct binary_slice *s,
    struct names *traits);
/* Where program headers, dynamic section and section table do not agree, or nothing sane maps. */
void binary_elf_odd(struct make *m, const struct elf *e);
