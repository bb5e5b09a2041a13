/* SPDX-License-Identifier: Apache-2.0 */

#include "anatomy/binary_make.h"

#include <errno.h>

int binary_elf(struct make *m)
{
	return fault_set(m->f, -EBADMSG, "offset 0: ELF files are not read yet");
}
